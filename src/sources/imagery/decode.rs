//! One tile of a picture: PNG, JPEG or WebP, packed with gzip or not.

use image::{ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Largest tile as it lies there, bytes.
pub(super) const MAX_TILE_BYTES: usize = 16 << 20;
/// Largest side of a tile, pixels.
pub(super) const MAX_TILE_SIDE: u32 = 4096;

/// A tile, unpacked.
#[derive(Debug)]
pub(super) struct TilePicture {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Straight sRGB and alpha, rows from the top.
    pub(super) pixels: Vec<[u8; 4]>,
}

/// Unpacks a tile; the text says what is wrong with it.
pub(super) fn decode(bytes: &[u8]) -> Result<TilePicture, String> {
    let unzipped;
    let bytes = if bytes.starts_with(&[0x1F, 0x8B]) {
        unzipped = unzip(bytes)?;
        &unzipped
    } else {
        bytes
    };
    if bytes.len() > MAX_TILE_BYTES {
        return Err(format!("it has more than {} MiB", MAX_TILE_BYTES >> 20));
    }
    let format = match format_of(bytes) {
        Some(format) => format,
        None if looks_like_vector_tile(bytes) => {
            return Err("it is a vector tile; tiles of pictures (PNG, JPEG, WebP) are read".into());
        }
        None => return Err("it is no PNG, JPEG or WebP picture".into()),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_TILE_SIDE);
    limits.max_image_height = Some(MAX_TILE_SIDE);
    limits.max_alloc = Some(256 << 20);
    reader.limits(limits);
    let picture = reader
        .decode()
        .map_err(|error| format!("the picture is damaged ({error})"))?;
    let picture = picture.into_rgba8();
    Ok(TilePicture {
        width: picture.width(),
        height: picture.height(),
        pixels: picture.pixels().map(|pixel| pixel.0).collect(),
    })
}

/// The format that the first bytes tell.
pub(super) fn format_of(bytes: &[u8]) -> Option<ImageFormat> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some(ImageFormat::Png),
        [0xFF, 0xD8, 0xFF, ..] => Some(ImageFormat::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// A layer of version 2 begins with its field and, in it, a version or a name.
fn looks_like_vector_tile(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1A, ..])
}

fn unzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .take(MAX_TILE_BYTES as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|error| format!("its gzip data is damaged ({error})"))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn png() -> Vec<u8> {
        let mut bytes = Vec::new();
        image::RgbaImage::from_fn(3, 2, |x, y| image::Rgba([u8::try_from(x * 10 + y).unwrap(), 5, 6, 7]))
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .unwrap();
        bytes
    }

    #[test]
    fn tiles_packed_with_gzip_are_read_and_others_told() {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zip.write_all(&png()).unwrap();
        let tile = decode(&zip.finish().unwrap()).unwrap();
        assert_eq!((tile.width, tile.height), (3, 2));
        assert_eq!(tile.pixels[4], [11, 5, 6, 7]);
        assert!(decode(&[0x1A, 0x20, 0x78]).unwrap_err().contains("vector tile"));
        assert!(decode(b"<html>").unwrap_err().contains("no PNG"));
        let mut cut = png();
        cut.truncate(40);
        assert!(decode(&cut).unwrap_err().contains("damaged"));
    }

    #[test]
    fn a_tile_that_claims_to_be_huge_is_refused() {
        let mut huge = png();
        // Width in the header of a PNG; the checksum is not looked at before the size.
        huge[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        assert!(decode(&huge).is_err());
    }
}
