//! Materials: base colour, its texture, sides, blending, light. What else a material says is passed over.

use super::{
    Fault,
    file::{Material, Root},
    picture::{fallback_of, image_of, wrap_of},
};
use crate::geometry::Wrap;
use gltf::json::{extensions::texture::TextureTransform, material::AlphaMode, texture::Info, validation::Checked};
use serde::Deserialize;
use serde_json::Value;

/// Opacity below which a mask is a hole where the file says none.
const DEFAULT_CUTOFF: f32 = 0.5;

/// What sets one draw apart from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RenderClass {
    /// Image number of the base colour texture.
    pub(super) image: Option<usize>,
    /// The image that serves where that one cannot be unpacked.
    pub(super) fallback: Option<usize>,
    /// What lies beyond the edges of the texture.
    pub(super) wrap: [Wrap; 2],
    pub(super) double_sided: bool,
    pub(super) translucent: bool,
    pub(super) unlit: bool,
    /// Opacity of 255 below which the texture has holes.
    pub(super) cutoff: Option<u8>,
    pub(super) edges: EdgeSource,
}

/// Where the edges that are drawn on a surface come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EdgeSource {
    /// They are found by the angles of its faces.
    Angles,
    /// The file names them.
    File,
}

/// How a primitive looks.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) class: RenderClass,
    /// Linear base colour factor.
    pub(super) factor: [f32; 4],
    /// Which texture coordinates, and how they are moved.
    pub(super) uv_set: u32,
    pub(super) uv_transform: UvTransform,
}

/// `KHR_texture_transform`: rows of a 2 × 3 matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct UvTransform([[f32; 3]; 2]);

impl UvTransform {
    pub(super) const IDENTITY: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);

    fn of(transform: &TextureTransform) -> Self {
        let (offset, scale) = (transform.offset.0, transform.scale.0);
        let (sin, cos) = transform.rotation.0.sin_cos();
        Self([
            [cos * scale[0], sin * scale[1], offset[0]],
            [-sin * scale[0], cos * scale[1], offset[1]],
        ])
    }

    pub(super) fn apply(&self, uv: &mut [f32; 2]) {
        if *self != Self::IDENTITY {
            *uv = self.0.map(|[u, v, offset]| u * uv[0] + v * uv[1] + offset);
        }
    }
}

/// The look of material `index`, or of a primitive without one. A texture that cannot be used is a fault;
/// the colour remains.
pub(super) fn look(root: &Root, index: Option<usize>) -> (Look, Option<Fault>) {
    let blank = Material::default();
    let material = index.and_then(|index| root.materials.get(index)).unwrap_or(&blank);
    let (factor, info) = base_color(material);
    let (image, fault) = match &info {
        Some(info) => match image_of(root, info.index.value()) {
            Ok(image) => (Some(image), None),
            Err(fault) => (None, Some(fault)),
        },
        None => (None, None),
    };
    let texture = info.as_ref().filter(|_| image.is_some()).map(|info| info.index.value());
    let has_mode = |wanted: AlphaMode| matches!(material.alpha_mode, Checked::Valid(mode) if mode == wanted);
    let (uv_set, uv_transform) = info.as_ref().map_or((0, UvTransform::IDENTITY), uv_of);
    let look = Look {
        class: RenderClass {
            image,
            fallback: texture.and_then(|texture| fallback_of(root, texture)),
            wrap: texture.map_or([Wrap::Repeat; 2], |texture| wrap_of(root, texture)),
            double_sided: material.double_sided,
            translucent: has_mode(AlphaMode::Blend),
            unlit: material.extensions.get("KHR_materials_unlit").is_some(),
            // A mask without a texture hides nothing that anyone would model.
            cutoff: (has_mode(AlphaMode::Mask) && image.is_some())
                .then(|| byte(material.alpha_cutoff.map_or(DEFAULT_CUTOFF, small))),
            edges: EdgeSource::Angles,
        },
        factor,
        uv_set,
        uv_transform,
    };
    (look, fault)
}

/// Which texture coordinates a texture is read with, and how they are moved.
pub(super) fn uv_of(info: &Info) -> (u32, UvTransform) {
    let extensions = info.extensions.as_ref();
    let transform = extensions.and_then(|extensions| extensions.texture_transform.as_ref());
    let set = transform
        .and_then(|transform| transform.tex_coord)
        .unwrap_or(info.tex_coord);
    (set, transform.map_or(UvTransform::IDENTITY, UvTransform::of))
}

/// Base colour factor and texture, or the diffuse ones of the older specular-glossiness extension.
fn base_color(material: &Material) -> ([f32; 4], Option<Info>) {
    const WHITE: [f32; 4] = [1.0; 4];
    if let Some(pbr) = &material.pbr_metallic_roughness {
        let factor = pbr.base_color_factor.map_or(WHITE, |factor| factor.map(small));
        return (factor, pbr.base_color_texture.clone());
    }
    let Some(older) = material.extensions.get("KHR_materials_pbrSpecularGlossiness") else {
        return (WHITE, None);
    };
    let factor = older
        .get("diffuseFactor")
        .and_then(Value::as_array)
        .map_or(WHITE, |items| {
            std::array::from_fn(|i| items.get(i).and_then(Value::as_f64).map_or(1.0, small))
        });
    let texture = older
        .get("diffuseTexture")
        .and_then(|texture| Info::deserialize(texture).ok());
    (factor, texture)
}

/// A linear colour as sRGB bytes with straight alpha.
pub(super) fn srgb_bytes([red, green, blue, alpha]: [f32; 4]) -> [u8; 4] {
    let encode = |linear: f32| {
        let linear = linear.clamp(0.0, 1.0);
        byte(if linear <= 0.003_130_8 {
            linear * 12.92
        } else {
            1.055 * linear.powf(1.0 / 2.4) - 0.055
        })
    };
    [encode(red), encode(green), encode(blue), byte(alpha)]
}

/// The colour halfway between two in sRGB bytes, as light mixes.
pub(super) fn srgb_mean(a: [u8; 4], b: [u8; 4]) -> [u8; 4] {
    if a == b {
        return a;
    }
    let linear = |byte: u8| {
        let encoded = f32::from(byte) / 255.0;
        if encoded <= 0.040_45 {
            encoded / 12.92
        } else {
            ((encoded + 0.055) / 1.055).powf(2.4)
        }
    };
    let part = |i: usize| f32::midpoint(linear(a[i]), linear(b[i]));
    let alpha = f32::midpoint(f32::from(a[3]), f32::from(b[3])) / 255.0;
    srgb_bytes([part(0), part(1), part(2), alpha])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte, and NaN becomes 0"
)]
fn byte(unit: f32) -> u8 {
    (unit.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// Colours and texture coordinates of the file, whose numbers are small.
#[expect(
    clippy::cast_possible_truncation,
    reason = "not a position: colours and texture coordinates"
)]
fn small(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_encoded_as_srgb() {
        assert_eq!(srgb_bytes([0.0, 1.0, 0.5, 0.5]), [0, 255, 188, 128]);
        assert_eq!(srgb_bytes([f32::NAN, 9.0, -1.0, f32::NAN]), [0, 255, 0, 0]);
        assert_eq!(srgb_mean([0, 255, 7, 0], [255, 255, 7, 255]), [188, 255, 7, 128]);
    }

    #[test]
    fn texture_coordinates_are_scaled_turned_and_moved() {
        let info = serde_json::json!({"index": 0, "extensions": {"KHR_texture_transform":
            {"offset": [0.5, 0.0], "scale": [2.0, 3.0], "rotation": std::f64::consts::FRAC_PI_2}}});
        let info = Info::deserialize(info).unwrap();
        let transform = info.extensions.unwrap().texture_transform.unwrap();
        let mut uv = [0.25, 0.5];
        UvTransform::of(&transform).apply(&mut uv);
        // u' = cos·su·u + sin·sv·v + tu, v' = −sin·su·u + cos·sv·v + tv
        assert!((uv[0] - 2.0).abs() < 1e-6 && (uv[1] + 0.5).abs() < 1e-6, "{uv:?}");
    }
}
