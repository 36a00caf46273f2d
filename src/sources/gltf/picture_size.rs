//! How large a picture is once it is unpacked, from its header.

use crate::geometry::{TexelFormat, TextureSupport};
use crate::sources::codecs::basis;
use image::{ImageDecoder as _, ImageReader};
use std::io::Cursor;

/// Bytes of an unpacked picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PictureSize {
    /// All levels, as they go to the graphics card.
    pub(super) texel_bytes: u64,
    /// What is needed besides while it is unpacked.
    pub(super) work_bytes: u64,
}

/// The size of the picture that begins with these bytes, for a graphics card that takes so much; `None` where they do not
/// tell.
pub(super) fn picture_size(bytes: &[u8], support: TextureSupport) -> Option<PictureSize> {
    if basis::is_ktx2(bytes) {
        return of_ktx2(bytes, support);
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let texels = u64::from(width) * u64::from(height);
    // As the file has it, and up to three numbers of two bytes for each texel of a JPEG that comes in several passes.
    let work_bytes = decoder.total_bytes().saturating_add(texels.saturating_mul(6));
    Some(PictureSize {
        texel_bytes: texels.saturating_mul(4),
        work_bytes,
    })
}

fn of_ktx2(bytes: &[u8], support: TextureSupport) -> Option<PictureSize> {
    let word = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes);
    let (width, height, levels) = (word(20)?, word(24)?, word(40)?.min(32));
    let is_blocks = support.bc7 && width.is_multiple_of(4) && height.is_multiple_of(4);
    let format = if is_blocks {
        TexelFormat::Bc7
    } else {
        TexelFormat::Rgba8
    };
    let level = |level: u32| {
        let side = |side: u32| side.checked_shr(level).unwrap_or(0).max(1);
        format.level_bytes(side(width), side(height))
    };
    Some(PictureSize {
        texel_bytes: (0..levels).map(level).fold(0, u64::saturating_add),
        // The largest level, and what the file holds of it unpacked once.
        work_bytes: level(0).saturating_mul(2).saturating_add(bytes.len() as u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, RgbImage};

    #[test]
    fn pictures_are_measured_by_their_headers_alone() {
        let picture = RgbImage::new(60, 20);
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let mut bytes = Cursor::new(Vec::new());
            picture.write_to(&mut bytes, format).unwrap();
            let bytes = bytes.into_inner();
            let size = picture_size(&bytes, TextureSupport::default()).unwrap();
            assert_eq!(size.texel_bytes, 60 * 20 * 4, "{format:?}");
            assert!(size.work_bytes >= 60 * 20 * 3, "{format:?}");
            assert_eq!(picture_size(&bytes[..8], TextureSupport::default()), None, "{format:?}");
        }
    }

    #[test]
    fn levels_count_and_blocks_are_smaller() {
        let mut bytes = b"\xabKTX 20\xbb\r\n\x1a\n".to_vec();
        for word in [0_u32, 1, 16, 8, 0, 0, 1, 5, 1] {
            bytes.extend(word.to_le_bytes());
        }
        let size = |bc7| picture_size(&bytes, TextureSupport { bc7 }).map(|size| size.texel_bytes);
        let texels = 16 * 8 + 8 * 4 + 4 * 2 + 2 + 1;
        assert_eq!(size(false), Some(texels * 4));
        assert_eq!(size(true), Some((4 * 2 + 2 + 1 + 1 + 1) * 16));
        assert_eq!(picture_size(&bytes[..30], TextureSupport::default()), None);
    }
}
