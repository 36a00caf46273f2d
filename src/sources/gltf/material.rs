//! Materials: base colour, its texture, sides, blending, light. What else a material says is passed over.

use super::{
    Fault,
    accessor::Views,
    file::{Material, Root},
};
use crate::{
    geometry::Texture,
    sources::resource::{Resources, read_uri},
};
use gltf::json::{extensions::texture::TextureTransform, material::AlphaMode, texture::Info, validation::Checked};
use image::{ImageError, ImageReader, Limits};
use serde::Deserialize;
use serde_json::Value;
use std::io::Cursor;

/// Largest side of a texture, pixels.
const MAX_SIDE: u32 = 16_384;

/// Largest image file that is read, bytes.
const MAX_IMAGE_BYTES: u64 = 256 << 20;

/// What sets one draw apart from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RenderClass {
    /// Image number of the base colour texture.
    pub(super) image: Option<usize>,
    pub(super) double_sided: bool,
    pub(super) translucent: bool,
    pub(super) unlit: bool,
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
    let has_mode = |wanted: AlphaMode| matches!(material.alpha_mode, Checked::Valid(mode) if mode == wanted);
    let transform = info
        .as_ref()
        .and_then(|info| info.extensions.as_ref()?.texture_transform.as_ref());
    let look = Look {
        class: RenderClass {
            image,
            double_sided: material.double_sided,
            // A mask without a texture hides nothing; with one, blending shows its holes.
            translucent: has_mode(AlphaMode::Blend) || (has_mode(AlphaMode::Mask) && image.is_some()),
            unlit: material.extensions.get("KHR_materials_unlit").is_some(),
            edges: EdgeSource::Angles,
        },
        factor,
        uv_set: transform
            .and_then(|transform| transform.tex_coord)
            .or(info.as_ref().map(|info| info.tex_coord))
            .unwrap_or(0),
        uv_transform: transform.map_or(UvTransform::IDENTITY, UvTransform::of),
    };
    (look, fault)
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

/// The image of a texture that this program can decode.
fn image_of(root: &Root, texture: usize) -> Result<usize, Fault> {
    let place = || format!("textures[{texture}]");
    let found = root
        .textures
        .get(texture)
        .ok_or_else(|| Fault::new(place(), "there is no such texture"))?;
    let webp = found
        .extensions
        .get("EXT_texture_webp")
        .and_then(|e| e.get("source")?.as_u64());
    if let Some(image) = webp.and_then(|image| usize::try_from(image).ok()).or(found.source) {
        return Ok(image);
    }
    Err(if found.extensions.get("KHR_texture_basisu").is_some() {
        Fault::not_read(
            place(),
            "KTX2 textures are not read yet; the surface is shown in its plain colour",
        )
    } else {
        Fault::new(place(), "the texture has no image")
    })
}

/// Decodes one image to straight RGBA of at most `budget` bytes. Returns the bytes read from another file,
/// too.
pub(super) fn decode_image(
    views: &Views<'_>,
    index: usize,
    resources: &dyn Resources,
    path: &str,
    budget: u64,
) -> Result<(Texture, u64), Fault> {
    let place = || format!("images[{index}]");
    let fault = |message: String| Fault::new(place(), message);
    let image = views
        .root
        .images
        .get(index)
        .ok_or_else(|| fault("there is no such image".to_owned()))?;
    let owned;
    let mut bytes_read = 0;
    let bytes = match (&image.uri, image.buffer_view) {
        (_, Some(view)) => views.view(view.value())?,
        (Some(uri), None) => {
            owned = read_uri(resources, path, uri, MAX_IMAGE_BYTES).map_err(|error| Fault::of(place(), &error))?;
            if !uri.starts_with("data:") {
                bytes_read = owned.len() as u64;
            }
            &owned
        }
        (None, None) => return Err(fault("the image has neither a uri nor a buffer view".to_owned())),
    };
    let texture = decode_picture(bytes, budget).map_err(|fault| fault.moved_to(place()))?;
    Ok((texture, bytes_read))
}

/// Decodes the bytes of a picture to straight RGBA of at most `budget` bytes.
pub(crate) fn decode_picture(bytes: &[u8], budget: u64) -> Result<Texture, Fault> {
    let fault = |message: String| Fault::new("", message);
    let damaged = |error: ImageError| {
        let message = format!("the image cannot be decoded: {error}");
        match error {
            ImageError::Limits(_) => Fault::too_large("", message),
            _ => fault(message),
        }
    };
    let open = || {
        ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|error| fault(format!("the image cannot be decoded: {error}")))
    };
    let (width, height) = open()?.into_dimensions().map_err(damaged)?;
    if u64::from(width) * u64::from(height) * 4 > budget {
        let message = format!("the image of {width} × {height} pixels is more than fits into one tile");
        return Err(Fault::too_large("", message));
    }
    let mut reader = open()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(budget);
    reader.limits(limits);
    let rgba = reader.decode().map_err(damaged)?.into_rgba8();
    Ok(Texture {
        width: rgba.width(),
        height: rgba.height(),
        rgba: rgba.into_raw(),
        srgb: true,
    })
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
