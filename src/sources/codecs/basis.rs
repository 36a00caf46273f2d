//! Basis Universal in KTX2 (`KHR_texture_basisu`): ETC1S and UASTC to BC7 or plain texels, all levels.
//!
//! The crate believes the sizes in the header and reserves what they say, and a failed allocation ends the program. So
//! [`Header::check`] comes first: every range lies in the file, and every size is the one that the dimensions ask for.
//! `.basis` files, arrays, cube maps, video and HDR are no textures of glTF and are refused there.

use super::{CodecError, guarded};
use crate::geometry::{TexelFormat, Texture, TextureSupport, Wrap};
use basisu::{DecodeFlags, Error, SourceFormat, TargetFormat, Transcoder};

/// What every KTX2 file begins with.
const MAGIC: &[u8] = b"\xabKTX 20\xbb\r\n\x1a\n";
/// Largest side, texels.
const MAX_SIDE: u32 = 16_384;
/// Where the level index starts, bytes.
const LEVEL_INDEX: usize = 80;
/// Bytes of one entry in it.
const LEVEL_ENTRY: usize = 24;
/// Zstandard, among the kinds of supercompression.
const ZSTANDARD: u32 = 2;

/// Whether these are the first bytes of a KTX2 file.
pub(crate) fn is_ktx2(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Unpacks a picture to at most `budget` bytes: to BC7 where the graphics card takes it and the size allows, else to
/// plain texels. Colours count as sRGB.
///
/// # Errors
/// When the file is damaged, larger than that, or of a form that glTF does not use.
pub(crate) fn decode(bytes: &[u8], budget: u64, support: TextureSupport) -> Result<Texture, CodecError> {
    let header = Header::check(bytes)?;
    // A graphics card takes blocks only where they fill the first level.
    let is_whole_blocks = header.width.is_multiple_of(4) && header.height.is_multiple_of(4);
    let (format, target) = if support.bc7 && is_whole_blocks {
        (TexelFormat::Bc7, TargetFormat::Bc7Rgba)
    } else {
        (TexelFormat::Rgba8, TargetFormat::Rgba32)
    };
    let total = (0..header.levels).fold(0_u64, |sum, level| {
        let (width, height) = header.size_of(level);
        sum.saturating_add(format.level_bytes(width, height))
    });
    if total > budget {
        let message = format!(
            "the image of {} × {} pixels is more than fits into one tile",
            header.width, header.height
        );
        return Err(CodecError::too_large(message));
    }
    guarded("the KTX2 image", || {
        let transcoder = Transcoder::new(bytes).map_err(in_our_words)?;
        let is_read = matches!(transcoder.source_format(), SourceFormat::Etc1s | SourceFormat::UastcLdr);
        if !is_read || transcoder.is_video() {
            return Err(CodecError::not_read(
                "KTX2 images other than ETC1S and UASTC are not read",
            ));
        }
        let mut texels = Vec::with_capacity(usize::try_from(total).unwrap_or(0));
        for level in 0..header.levels {
            let unpacked = transcoder
                .transcode(level, target, DecodeFlags::NONE)
                .map_err(in_our_words)?;
            let (width, height) = header.size_of(level);
            if unpacked.len() as u64 != format.level_bytes(width, height) {
                return Err(CodecError::damaged(
                    "the KTX2 image is damaged: a level has another size",
                ));
            }
            texels.extend(unpacked);
        }
        Ok(Texture {
            width: header.width,
            height: header.height,
            format,
            levels: header.levels,
            texels,
            srgb: true,
            wrap: [Wrap::Repeat; 2],
            cutoff: None,
        })
    })
}

/// What the header says, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    width: u32,
    height: u32,
    levels: u32,
}

impl Header {
    /// Reads the header and believes nothing in it.
    fn check(bytes: &[u8]) -> Result<Self, CodecError> {
        let damaged = |message: &str| CodecError::damaged(format!("the KTX2 image is damaged: {message}"));
        let cut_off = || damaged("it is cut off inside its header");
        if !is_ktx2(bytes) {
            return Err(damaged("it does not begin as one"));
        }
        let word = |at: usize| word(bytes, at).ok_or_else(cut_off);
        let long = |at: usize| long(bytes, at).ok_or_else(cut_off);
        let is_inside =
            |offset: u64, length: u64| offset.checked_add(length).is_some_and(|end| end <= bytes.len() as u64);
        let (format, width, height, depth) = (word(12)?, word(20)?, word(24)?, word(28)?);
        let (layers, faces, levels, scheme) = (word(32)?, word(36)?, word(40)?, word(44)?);
        if format != 0 {
            let message = format!("KTX2 images in the format {format} are not read; those of Basis Universal are");
            return Err(CodecError::not_read(message));
        }
        if depth > 0 || layers > 1 || faces != 1 {
            return Err(CodecError::not_read(
                "KTX2 images that are arrays, cubes or volumes are not read",
            ));
        }
        if width == 0 || height == 0 {
            return Err(damaged("it has no size"));
        }
        if width > MAX_SIDE || height > MAX_SIDE {
            let message = format!("the image of {width} × {height} pixels is larger than {MAX_SIDE} on a side");
            return Err(CodecError::too_large(message));
        }
        if levels == 0 || levels > width.max(height).ilog2() + 1 {
            return Err(damaged("it has more or fewer levels than its size allows"));
        }
        if scheme > ZSTANDARD {
            return Err(CodecError::not_read(
                "KTX2 images of this supercompression are not read",
            ));
        }
        // Description, keys and global data; the first must be there.
        if word(52)? < 44 || !is_inside(word(48)?.into(), word(52)?.into()) {
            return Err(damaged("its description is not in the file"));
        }
        if !is_inside(word(56)?.into(), word(60)?.into()) || !is_inside(long(64)?, long(72)?) {
            return Err(damaged("its global data reach past the end of the file"));
        }
        let header = Self { width, height, levels };
        for (level, at) in (0..levels).zip((LEVEL_INDEX..).step_by(LEVEL_ENTRY)) {
            if !is_inside(long(at)?, long(at + 8)?) {
                return Err(damaged("a level reaches past the end of the file"));
            }
            // One block is 16 bytes in UASTC as in BC7.
            let (width, height) = header.size_of(level);
            let blocks = TexelFormat::Bc7.level_bytes(width, height);
            let is_honest = match scheme {
                0 => long(at + 8)? == blocks,
                ZSTANDARD => long(at + 16)? == blocks,
                _ => long(at + 16)? == 0,
            };
            if !is_honest {
                return Err(damaged("a level has another size than its dimensions ask for"));
            }
        }
        Ok(header)
    }

    fn size_of(self, level: u32) -> (u32, u32) {
        ((self.width >> level).max(1), (self.height >> level).max(1))
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}

/// What the crate calls unimplemented is mostly a file that it could not follow.
fn in_our_words(error: Error) -> CodecError {
    let reason = match error {
        Error::Truncated => "it is cut off",
        Error::Unsupported { .. } => "it cannot be unpacked to texels",
        _ => "its data cannot be followed",
    };
    CodecError::damaged(format!("the KTX2 image is damaged: {reason}"))
}

#[cfg(test)]
#[path = "basis_tests.rs"]
mod tests;
