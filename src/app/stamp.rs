//! The words that a picture of an example carries wherever it goes.

use ab_glyph::{Font, FontVec, PxScale, ScaleFont, VariableFont, point};
use image::{DynamicImage, Rgb, RgbImage};

/// Letter height as a share of the picture's height, and at least this many pixels.
const LETTER_SHARE: f32 = 0.024;
const LEAST_LETTER_PX: f32 = 11.0;
const PAPER: [u8; 3] = [0xFB, 0xFA, 0xF7];
const INK: [u8; 3] = [0x1F, 0x27, 0x33];

/// Writes `words` on a strip of paper in the lower left corner.
pub(super) fn stamp(picture: DynamicImage, words: &str) -> DynamicImage {
    let mut picture = picture.into_rgb8();
    let Ok(mut font) = FontVec::try_from_vec(crate::ui::FONT.to_vec()) else {
        return picture.into();
    };
    font.set_variation(b"wght", 600.0);
    #[expect(clippy::cast_precision_loss, reason = "the height of a picture")]
    let letter = (picture.height() as f32 * LETTER_SHARE).max(LEAST_LETTER_PX);
    let scaled = font.as_scaled(PxScale::from(letter * 1.3));
    let advance = |c: char| scaled.h_advance(scaled.glyph_id(c));
    let width: f32 = words.chars().map(advance).sum();
    let (pad, height) = (letter * 0.7, scaled.height());
    let left = letter;
    #[expect(clippy::cast_precision_loss, reason = "the height of a picture")]
    let top = picture.height() as f32 - letter - height - pad;
    fill(&mut picture, [left, top, left + width + 2.0 * pad, top + height + pad]);
    let mut x = left + pad;
    let baseline = top + pad / 2.0 + scaled.ascent();
    for c in words.chars() {
        let glyph = scaled
            .glyph_id(c)
            .with_scale_and_position(letter * 1.3, point(x, baseline));
        x += advance(c);
        if let Some(outline) = font.outline_glyph(glyph) {
            let bounds = outline.px_bounds();
            outline.draw(|gx, gy, cover| {
                #[expect(clippy::cast_precision_loss, reason = "a pixel of a glyph")]
                let at = (bounds.min.x + gx as f32, bounds.min.y + gy as f32);
                mix(&mut picture, at, INK, cover);
            });
        }
    }
    picture.into()
}

fn fill(picture: &mut RgbImage, [left, top, right, bottom]: [f32; 4]) {
    let mut y = top;
    while y < bottom {
        let mut x = left;
        while x < right {
            mix(picture, (x, y), PAPER, 0.94);
            x += 1.0;
        }
        y += 1.0;
    }
}

/// Lays a colour over one pixel; outside the picture nothing happens.
fn mix(picture: &mut RgbImage, (x, y): (f32, f32), color: [u8; 3], cover: f32) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a pixel, checked right below"
    )]
    let (x, y) = (x.max(0.0) as u32, y.max(0.0) as u32);
    if let Some(Rgb(pixel)) = picture.get_pixel_mut_checked(x, y) {
        for (below, above) in pixel.iter_mut().zip(color) {
            let mixed = f32::from(*below) * (1.0 - cover) + f32::from(above) * cover;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between two bytes"
            )]
            {
                *below = mixed.round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::stamp;
    use image::{DynamicImage, RgbImage};

    #[test]
    fn words_are_written_in_ink_on_paper_and_the_rest_stays() {
        let plain = RgbImage::from_pixel(640, 360, image::Rgb([10, 200, 10]));
        let stamped = stamp(DynamicImage::from(plain), "Voorbeeld").into_rgb8();
        let dark = stamped.pixels().filter(|p| p.0.iter().all(|v| *v < 90)).count();
        let light = stamped.pixels().filter(|p| p.0.iter().all(|v| *v > 200)).count();
        assert!(dark > 50 && light > 500, "{dark} dark, {light} light");
        assert_eq!(stamped.get_pixel(600, 10).0, [10, 200, 10]);
    }

    #[test]
    fn a_picture_too_small_for_the_words_is_no_reason_to_stop() {
        let tiny = RgbImage::from_pixel(16, 16, image::Rgb([0, 0, 0]));
        assert_eq!(
            stamp(DynamicImage::from(tiny), "Voorbeeld: dit is niet de echte situatie").width(),
            16
        );
    }
}
