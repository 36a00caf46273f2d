//! The pixels of one tile: put together, halved, packed.

use super::mercator::SIDE_PX;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageReader, Limits};
use std::io::Cursor;

/// Of 100; finer is larger and looks the same on a screen.
const QUALITY: u8 = 85;
/// Pixels of a tile.
const COUNT: usize = SIDE_PX * SIDE_PX;

/// A tile of pixels: straight sRGB and opacity, rows from the north.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture(pub(super) Vec<[u8; 4]>);

impl Picture {
    /// Without anything.
    pub(super) fn clear() -> Self {
        Self(vec![[0; 4]; COUNT])
    }

    /// Whether nothing is in it.
    pub(super) fn is_clear(&self) -> bool {
        self.0.iter().all(|pixel| pixel[3] == 0)
    }

    /// Whether all of it is covered.
    pub(super) fn is_whole(&self) -> bool {
        self.0.iter().all(|pixel| pixel[3] == 255)
    }

    /// As a file: JPEG where all of it is covered, else PNG, which can be clear. Every program tells them apart by their
    /// first bytes.
    ///
    /// # Errors
    /// What the packer says, which it does only without memory.
    pub(super) fn packed(&self) -> Result<Vec<u8>, ImageError> {
        let side = u32::try_from(SIDE_PX).unwrap_or(0);
        let mut bytes = Vec::new();
        if self.is_whole() {
            let colors: Vec<u8> = self.0.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
            JpegEncoder::new_with_quality(&mut bytes, QUALITY).write_image(
                &colors,
                side,
                side,
                ExtendedColorType::Rgb8,
            )?;
        } else {
            PngEncoder::new(&mut bytes).write_image(self.0.as_flattened(), side, side, ExtendedColorType::Rgba8)?;
        }
        Ok(bytes)
    }

    /// From a file, which is told by its first bytes.
    ///
    /// # Errors
    /// Why it is no tile, in words.
    pub(super) fn unpacked(bytes: &[u8]) -> Result<Self, String> {
        let side = u32::try_from(SIDE_PX).unwrap_or(0);
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|error| error.to_string())?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(side);
        limits.max_image_height = Some(side);
        limits.max_alloc = Some(16 << 20);
        reader.limits(limits);
        let picture = reader
            .decode()
            .map_err(|error| format!("the picture is damaged ({error})"))?
            .into_rgba8();
        if picture.dimensions() != (side, side) {
            return Err(format!("it has not {side} by {side} pixels"));
        }
        Ok(Self(picture.pixels().map(|pixel| pixel.0).collect()))
    }

    /// The tile above four (north-west, north-east, south-west, south-east): means of four pixels.
    pub(super) fn above(below: &[Option<Self>; 4]) -> Self {
        let half = SIDE_PX / 2;
        let mut above = Self::clear();
        for (quarter, picture) in below.iter().enumerate() {
            let Some(picture) = picture else { continue };
            let (left, top) = (quarter % 2 * half, quarter / 2 * half);
            for row in 0..half {
                for column in 0..half {
                    let four = [(0, 0), (1, 0), (0, 1), (1, 1)]
                        .map(|(x, y)| (picture.0[(2 * row + y) * SIDE_PX + 2 * column + x], 1.0));
                    above.0[(top + row) * SIDE_PX + left + column] = mixed(&four);
                }
            }
        }
        above
    }
}

/// Pixels mixed by weight; clear ones give no colour.
pub(super) fn mixed(pixels: &[([u8; 4], f32)]) -> [u8; 4] {
    let (mut color, mut opacity, mut weights) = ([0.0_f32; 3], 0.0_f32, 0.0_f32);
    for ([r, g, b, a], weight) in pixels {
        let share = f32::from(*a) * weight;
        for (sum, part) in color.iter_mut().zip([r, g, b]) {
            *sum += f32::from(*part) * share;
        }
        opacity += share;
        weights += weight;
    }
    if opacity <= 0.0 || weights <= 0.0 {
        return [0; 4];
    }
    let [r, g, b] = color.map(|sum| byte(sum / opacity));
    [r, g, b, byte(opacity / weights)]
}

/// A pixel with another one behind it.
pub(super) fn behind(front: [u8; 4], back: [u8; 4]) -> [u8; 4] {
    match front[3] {
        255 => front,
        0 => back,
        _ => {
            let (opacity, rest) = (f32::from(front[3]) / 255.0, 1.0 - f32::from(front[3]) / 255.0);
            let whole = opacity + f32::from(back[3]) / 255.0 * rest;
            let part = |i: usize| {
                let sum = f32::from(front[i]) * opacity + f32::from(back[i]) * f32::from(back[3]) / 255.0 * rest;
                byte(sum / whole)
            };
            [part(0), part(1), part(2), byte(whole * 255.0)]
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded and clamped to what a byte holds"
)]
fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_picture_is_a_jpeg_and_one_with_a_hole_keeps_it() {
        let whole = Picture(vec![[200, 100, 50, 255]; COUNT]);
        let bytes = whole.packed().unwrap();
        assert!(bytes.starts_with(&[0xFF, 0xD8]));
        let back = Picture::unpacked(&bytes).unwrap();
        assert!(
            back.0
                .iter()
                .all(|p| p.iter().zip([200, 100, 50, 255]).all(|(a, b)| a.abs_diff(b) < 4))
        );
        let mut hole = whole;
        hole.0[77] = [0; 4];
        let bytes = hole.packed().unwrap();
        assert!(bytes.starts_with(b"\x89PNG"));
        assert_eq!(Picture::unpacked(&bytes).unwrap(), hole);
        assert!(Picture::unpacked(b"<html>").is_err() && Picture::unpacked(&bytes[..bytes.len() / 2]).is_err());
    }

    #[test]
    fn what_is_clear_gives_no_colour() {
        assert_eq!(
            mixed(&[([10, 20, 30, 255], 1.0), ([200, 200, 200, 0], 1.0)]),
            [10, 20, 30, 128]
        );
        assert_eq!(
            mixed(&[([10, 20, 30, 255], 1.0), ([30, 40, 50, 255], 3.0)]),
            [25, 35, 45, 255]
        );
        assert_eq!(mixed(&[([9, 9, 9, 0], 1.0)]), [0; 4]);
        assert_eq!(behind([1, 2, 3, 255], [9, 9, 9, 255]), [1, 2, 3, 255]);
        assert_eq!(behind([1, 2, 3, 0], [9, 9, 9, 255]), [9, 9, 9, 255]);
        assert_eq!(behind([0, 0, 0, 128], [255, 255, 255, 255]), [127, 127, 127, 255]);
    }

    #[test]
    fn four_tiles_become_the_quarters_of_one() {
        let of = |r: u8| Some(Picture(vec![[r, 0, 0, 255]; COUNT]));
        let above = Picture::above(&[of(10), of(20), None, of(40)]);
        let at = |x: usize, y: usize| above.0[y * SIDE_PX + x];
        assert_eq!([at(0, 0), at(255, 0), at(255, 255)].map(|p| p[0]), [10, 20, 40]);
        assert_eq!(at(0, 255), [0; 4]);
        assert!(!above.is_whole() && !above.is_clear());
    }
}
