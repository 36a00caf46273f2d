//! The picture on a node of the ground: the layers of imagery over one another, made a little paler, so that white
//! buildings and the colours of a plan stand out on it.

use super::mesh::{BORDER_PX, PICTURE_PX};
use crate::model::GroundPicture;
use crate::sources::Problem;
use crate::view::palette::{self, Rgb};
use bevy::{
    asset::RenderAssetUsages,
    image::{Image, ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor},
    math::DVec2,
    render::render_resource::{Extent3d, TextureDimension, TextureFormat},
};
use std::sync::Arc;

/// So much of a photograph's colour goes towards grey, of 256.
const GREYED: u32 = 56;
/// And so much of it towards white paper, of 256.
const PALED: u32 = 50;
/// Texels are looked at over so many to either side where the ground is seen at a slant.
const ANISOTROPY: u16 = 4;

/// Texels along the side of a node's picture that lie on the node.
pub(super) const INNER_PX: f64 = PICTURE_PX as f64 - 2.0 * BORDER_PX;

/// Bytes of a picture with its smaller copies.
pub(super) const PICTURE_BYTES: u64 = (4 * (PICTURE_PX as u64) * (PICTURE_PX as u64) - 1) * 4 / 3;

/// The picture of a square of ground with its border, rows north to south, and what was wrong with files. `None` where no
/// layer has one.
pub(super) fn compose(
    layers: &[Arc<dyn GroundPicture>],
    low: DVec2,
    side_m: f64,
) -> (Option<Vec<[u8; 4]>>, Vec<Problem>) {
    let border_m = side_m / INNER_PX * BORDER_PX;
    let (low, side_m) = (low - DVec2::splat(border_m), side_m + 2.0 * border_m);
    let high = low + DVec2::splat(side_m);
    let mut found: Option<Vec<[u8; 4]>> = None;
    let mut problems = Vec::new();
    for layer in layers {
        let (from, to) = layer.bounds();
        if from.cmpgt(high).any() || to.cmplt(low).any() {
            continue;
        }
        let picture = match layer.picture(low, side_m, PICTURE_PX) {
            Ok(Some(picture)) => picture,
            Ok(None) => continue,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        problems.extend(picture.problem);
        // A picture of another size than asked for cannot be laid on the others.
        if picture.side_px != PICTURE_PX || picture.pixels.len() != (PICTURE_PX * PICTURE_PX) as usize {
            continue;
        }
        match &mut found {
            None => found = Some(picture.pixels),
            Some(upper) => upper
                .iter_mut()
                .zip(picture.pixels)
                .for_each(|(upper, under)| *upper = over(*upper, under)),
        }
        if found.iter().flatten().all(|pixel| pixel[3] == 255) {
            break;
        }
    }
    if let Some(pixels) = &mut found {
        for pixel in pixels.iter_mut() {
            let [r, g, b, alpha] = *pixel;
            let [r, g, b] = paled([r, g, b]);
            *pixel = over([r, g, b, alpha], opaque(palette::TABLE));
        }
    }
    (found, problems)
}

fn opaque([r, g, b]: Rgb) -> [u8; 4] {
    [r, g, b, 255]
}

/// One straight colour over another.
fn over(upper: [u8; 4], under: [u8; 4]) -> [u8; 4] {
    let (a, b) = (u32::from(upper[3]), u32::from(under[3]));
    let shown = b * (255 - a) / 255;
    let alpha = a + shown;
    if alpha == 0 {
        return [0; 4];
    }
    let mixed = |i: usize| byte((u32::from(upper[i]) * a + u32::from(under[i]) * shown + alpha / 2) / alpha);
    [mixed(0), mixed(1), mixed(2), byte(alpha)]
}

/// A photograph's colour as it is shown.
fn paled(color: Rgb) -> Rgb {
    let [r, g, b] = color.map(u32::from);
    let grey = (r * 54 + g * 183 + b * 19) / 256;
    std::array::from_fn(|i| {
        let calm = (u32::from(color[i]) * (256 - GREYED) + grey * GREYED) / 256;
        byte((calm * (256 - PALED) + u32::from(palette::PAPER[i]) * PALED) / 256)
    })
}

fn byte(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

/// A picture with its smaller copies, each averaged as light, not as the numbers that stand for it.
pub(super) fn image(pixels: Vec<[u8; 4]>) -> Image {
    let light: Vec<f32> = (0..=255_u8)
        .map(|value| bevy::color::Srgba::gamma_function(f32::from(value) / 255.0))
        .collect();
    let mut data: Vec<u8> = Vec::with_capacity(pixels.len() * 4 * 4 / 3 + 4);
    data.extend(pixels.as_flattened());
    let mut copies = 1;
    let mut side = PICTURE_PX as usize;
    let mut last: Vec<[f32; 3]> = pixels
        .iter()
        .map(|pixel| [0, 1, 2].map(|i| light[usize::from(pixel[i])]))
        .collect();
    while side > 1 {
        side /= 2;
        copies += 1;
        let mut next = Vec::with_capacity(side * side);
        for row in 0..side {
            for column in 0..side {
                let at = |east: usize, south: usize| last[(2 * row + south) * 2 * side + 2 * column + east];
                let four = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
                let mean = [0, 1, 2].map(|i| four.iter().map(|pixel| pixel[i]).sum::<f32>() * 0.25);
                data.extend(mean.map(|value| level(bevy::color::Srgba::gamma_function_inverse(value))));
                data.push(255);
                next.push(mean);
            }
        }
        last = next;
    }
    let texels = Extent3d {
        width: PICTURE_PX,
        height: PICTURE_PX,
        depth_or_array_layers: 1,
    };
    let mut image = Image::new_uninit(
        texels,
        TextureDimension::D2,
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.mip_level_count = copies;
    image.data = Some(data);
    image.sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u: ImageAddressMode::ClampToEdge,
        address_mode_v: ImageAddressMode::ClampToEdge,
        mag_filter: ImageFilterMode::Linear,
        min_filter: ImageFilterMode::Linear,
        mipmap_filter: ImageFilterMode::Linear,
        anisotropy_clamp: ANISOTROPY,
        ..ImageSamplerDescriptor::default()
    });
    image
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of a byte"
)]
fn level(share: f32) -> u8 {
    (share * 255.0).round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::PictureTile;

    /// Squares of two colours over a part of the ground; elsewhere nothing.
    #[derive(Debug)]
    pub(in crate::view::relief) struct Checkers {
        pub(in crate::view::relief) layer: &'static str,
        pub(in crate::view::relief) bounds: (DVec2, DVec2),
        pub(in crate::view::relief) side_m: f64,
        pub(in crate::view::relief) colors: [[u8; 4]; 2],
        pub(in crate::view::relief) fault: Option<Problem>,
    }

    impl GroundPicture for Checkers {
        fn layer(&self) -> &str {
            self.layer
        }
        fn bounds(&self) -> (DVec2, DVec2) {
            self.bounds
        }
        fn finest_m(&self) -> f64 {
            0.25
        }
        fn picture(&self, low: DVec2, side_m: f64, side_px: u32) -> Result<Option<PictureTile>, Problem> {
            if let Some(fault) = &self.fault {
                return Err(fault.clone());
            }
            let pixel = |row: u32, column: u32| {
                let place = DVec2::new(f64::from(column) + 0.5, f64::from(side_px - row) - 0.5);
                let p = low + place / f64::from(side_px) * side_m;
                if p.cmplt(self.bounds.0).any() || p.cmpgt(self.bounds.1).any() {
                    return [0; 4];
                }
                let square = (p / self.side_m).floor();
                self.colors[usize::from((square.x + square.y).rem_euclid(2.0) > 0.5)]
            };
            let pixels = (0..side_px).flat_map(|row| (0..side_px).map(move |column| pixel(row, column)));
            Ok(Some(PictureTile {
                side_px,
                pixels: pixels.collect(),
                problem: None,
            }))
        }
    }

    fn one(color: [u8; 4], high: f64) -> Arc<dyn GroundPicture> {
        Arc::new(Checkers {
            layer: "one",
            bounds: (DVec2::splat(-1000.0), DVec2::new(1000.0, high)),
            side_m: 10.0,
            colors: [color; 2],
            fault: None,
        })
    }

    #[test]
    fn the_first_layer_lies_on_top_and_paper_under_all() {
        let (red, blue) = ([200, 0, 0, 255], [0, 0, 200, 255]);
        let layers = [one(red, 0.0), one(blue, 50.0)];
        let pixels = compose(&layers, DVec2::splat(-100.0), 200.0).0.unwrap();
        let at = |north_m: f64| {
            let rows = (100.0 - north_m) / 200.0 * INNER_PX + BORDER_PX;
            let row = (0..512_u32).find(|row| f64::from(*row) >= rows).unwrap();
            let [r, g, b, alpha] = pixels[row as usize * 512 + 256];
            assert_eq!(alpha, 255);
            [r, g, b]
        };
        assert_eq!(at(-50.0), paled([200, 0, 0]));
        assert_eq!(at(25.0), paled([0, 0, 200]));
        assert_eq!(at(75.0), palette::TABLE);
        let nowhere = compose(&layers, DVec2::splat(5000.0), 200.0);
        assert!(nowhere.0.is_none() && nowhere.1.is_empty());
    }

    #[test]
    fn a_photograph_is_paled_and_paper_stays_paper() {
        let [r, g, b] = paled([20, 80, 20]);
        assert!(r > 30 && g > 90 && b > 30 && g - r < 60, "{r} {g} {b}");
        assert!(paled([255; 3]).iter().all(|value| *value > 250));
        assert_eq!(over([1, 2, 3, 0], [9, 8, 7, 255]), [9, 8, 7, 255]);
        assert_eq!(over([100, 100, 100, 128], [200, 200, 200, 255])[0], 150);
    }

    #[test]
    fn what_is_damaged_is_told_and_the_next_layer_shows() {
        let fault = Problem::error("lucht.mbtiles", "12/3/4", "the picture is cut off");
        let broken: Arc<dyn GroundPicture> = Arc::new(Checkers {
            layer: "broken",
            bounds: (DVec2::splat(-1000.0), DVec2::splat(1000.0)),
            side_m: 1.0,
            colors: [[0; 4]; 2],
            fault: Some(fault.clone()),
        });
        let (pixels, problems) = compose(&[broken, one([9, 9, 9, 255], 1000.0)], DVec2::ZERO, 10.0);
        assert_eq!(problems, [fault]);
        assert_eq!(pixels.unwrap()[0][..3], paled([9; 3]));
    }

    #[test]
    fn smaller_copies_are_as_bright_as_the_picture() {
        let pixels: Vec<[u8; 4]> = (0..512 * 512)
            .map(|i| if i % 2 == 0 { [255; 4] } else { [0, 0, 0, 255] })
            .collect();
        let image = image(pixels);
        assert_eq!(image.texture_descriptor.mip_level_count, 10);
        let data = image.data.unwrap();
        assert_eq!(data.len() as u64, PICTURE_BYTES, "with all copies");
        let last = &data[data.len() - 4..];
        // Half the light is 188 of 255.
        assert!(
            last[..3].iter().all(|value| value.abs_diff(188) <= 1) && last[3] == 255,
            "{last:?}"
        );
    }
}
