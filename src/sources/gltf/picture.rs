//! Pictures of textures: which image a texture means, and its bytes unpacked.

use super::{Fault, accessor::Views, file::Root};
use crate::{
    geometry::{Texels, Texture, TextureSupport, Wrap},
    sources::{
        Cause,
        codecs::{CodecError, CodecErrorKind, basis},
        resource::{Resources, read_uri},
    },
};
use image::{DynamicImage, ImageError, ImageReader, Limits};
use serde_json::Value;
use std::{borrow::Cow, io::Cursor};

/// Largest side of a texture, pixels.
const MAX_SIDE: u32 = 16_384;

/// Largest image file that is read, bytes.
pub(super) const MAX_IMAGE_BYTES: u64 = 256 << 20;

/// The image of a texture: of its extensions where they name one, else its own.
pub(super) fn image_of(root: &Root, texture: usize) -> Result<usize, Fault> {
    // The last of them first: it is the one that takes least memory on the card.
    images_of(root, texture)?
        .pop()
        .ok_or_else(|| Fault::new(format!("textures[{texture}]"), "the texture has no image"))
}

/// All images of a texture that say the same: its own, that of WebP and that of Basis Universal.
pub(super) fn images_of(root: &Root, texture: usize) -> Result<Vec<usize>, Fault> {
    let found = root.textures.get(texture);
    let found = found.ok_or_else(|| Fault::new(format!("textures[{texture}]"), "there is no such texture"))?;
    let named = |extension: &str| {
        let source = found.extensions.get(extension)?.get("source").and_then(Value::as_u64)?;
        usize::try_from(source).ok()
    };
    let all = [found.source, named("EXT_texture_webp"), named("KHR_texture_basisu")];
    Ok(all.into_iter().flatten().collect())
}

/// The image that serves where the one of the extension cannot be unpacked; `None` where there is no other.
pub(super) fn fallback_of(root: &Root, texture: usize) -> Option<usize> {
    let chosen = image_of(root, texture).ok()?;
    root.textures.get(texture)?.source.filter(|source| *source != chosen)
}

/// What lies beyond the edges of a texture.
pub(super) fn wrap_of(root: &Root, texture: usize) -> [Wrap; 2] {
    let sampler = root.textures.get(texture).and_then(|texture| texture.sampler);
    let Some(sampler) = sampler.and_then(|sampler| root.samplers.get(sampler)) else {
        return [Wrap::Repeat; 2];
    };
    // Numbers of OpenGL, as glTF has them.
    [sampler.wrap_s, sampler.wrap_t].map(|mode| match mode {
        Some(33071) => Wrap::Clamp,
        Some(33648) => Wrap::Mirror,
        _ => Wrap::Repeat,
    })
}

/// Decodes one image to at most `budget` bytes. Returns the bytes read from another file, too.
pub(super) fn decode_image(
    views: &Views<'_>,
    index: usize,
    resources: &dyn Resources,
    path: &str,
    budget: u64,
    support: TextureSupport,
) -> Result<(Texture, u64), Fault> {
    let place = || format!("images[{index}]");
    let (bytes, bytes_read) = image_bytes(views, index, resources, path)?;
    let texture = if basis::is_ktx2(&bytes) {
        basis::decode(&bytes, budget, support).map_err(|error| Fault::from(error).moved_to(place()))?
    } else {
        decode_picture(&bytes, budget).map_err(|fault| fault.moved_to(place()))?
    };
    Ok((texture, bytes_read))
}

/// The bytes of an image as they stand in the file, and how many of them were read from another one.
fn image_bytes<'v>(
    views: &'v Views<'_>,
    index: usize,
    resources: &dyn Resources,
    path: &str,
) -> Result<(Cow<'v, [u8]>, u64), Fault> {
    let place = || format!("images[{index}]");
    let image = views.root.images.get(index);
    let image = image.ok_or_else(|| Fault::new(place(), "there is no such image"))?;
    match (&image.uri, image.buffer_view) {
        (_, Some(view)) => Ok((Cow::Borrowed(views.view(view.value())?), 0)),
        (Some(uri), None) => {
            let bytes = read_uri(resources, path, uri, MAX_IMAGE_BYTES).map_err(|error| Fault::of(place(), &error))?;
            let is_inside = uri.starts_with("data:");
            let bytes_read = if is_inside { 0 } else { bytes.len() as u64 };
            Ok((Cow::Owned(bytes), bytes_read))
        }
        (None, None) => Err(Fault::new(place(), "the image has neither a uri nor a buffer view")),
    }
}

/// Decodes an image whose bytes are numbers to at most `budget` bytes. Returns also whether it keeps every byte that was
/// written, and the bytes read from another file.
pub(super) fn decode_numbers(
    views: &Views<'_>,
    index: usize,
    resources: &dyn Resources,
    path: &str,
    budget: u64,
) -> Result<(Texels, bool, u64), Fault> {
    let place = || format!("images[{index}]");
    let (bytes, bytes_read) = image_bytes(views, index, resources, path)?;
    let texture = if basis::is_ktx2(&bytes) {
        basis::decode(&bytes, budget, TextureSupport::default())
            .map_err(|error| Fault::from(error).moved_to(place()))?
    } else {
        let picture = decoded(&bytes, budget).map_err(|fault| fault.moved_to(place()))?;
        let color = picture.color();
        if color.bytes_per_pixel() > color.channel_count() {
            // The specification leaves wider channels to extensions that nobody has written.
            let message = "numbers in channels of more than 8 bits are not read; spread a wider number over several \
                           channels of 8 bits";
            return Err(Fault::not_read(place(), message));
        }
        let rgba = picture.into_rgba8();
        Texture::plain(rgba.width(), rgba.height(), rgba.into_raw())
    };
    let texels = Texels::new(texture.width, texture.height, texture.texels);
    let texels = texels.ok_or_else(|| Fault::new(place(), "the image has no texels"))?;
    Ok((texels, keeps_bytes(&bytes), bytes_read))
}

/// Whether a picture is of a form that keeps every byte: not JPEG, not Basis Universal, and WebP only where it says so.
fn keeps_bytes(bytes: &[u8]) -> bool {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    if is_webp {
        return webp_chunks(bytes).any(|name| name == *b"VP8L");
    }
    !(bytes.starts_with(&[0xff, 0xd8]) || basis::is_ktx2(bytes))
}

/// Names of the chunks of a WebP file.
fn webp_chunks(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    let mut at = 12_usize;
    std::iter::from_fn(move || {
        let head = bytes.get(at..at.checked_add(8)?)?;
        let (name, size) = head.split_first_chunk::<4>()?;
        let size = u32::from_le_bytes(size.try_into().ok()?) as usize;
        at = at.checked_add(8)?.checked_add(size)?.checked_next_multiple_of(2)?;
        Some(*name)
    })
}

/// Decodes the bytes of a picture (PNG, JPEG or WebP) to plain texels of at most `budget` bytes.
pub(crate) fn decode_picture(bytes: &[u8], budget: u64) -> Result<Texture, Fault> {
    let rgba = decoded(bytes, budget)?.into_rgba8();
    Ok(Texture::plain(rgba.width(), rgba.height(), rgba.into_raw()))
}

fn decoded(bytes: &[u8], budget: u64) -> Result<DynamicImage, Fault> {
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
    reader.decode().map_err(damaged)
}

/// A codec's error at a place that the caller knows and tells with [`Fault::moved_to`].
impl From<CodecError> for Fault {
    fn from(error: CodecError) -> Self {
        Self::new("", error.message).because(match error.kind {
            CodecErrorKind::Damaged => Cause::Damaged,
            CodecErrorKind::TooLarge => Cause::TooLarge,
            CodecErrorKind::NotRead => Cause::NotRead,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn root(json: Value) -> Root {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn edges_of_a_texture_are_as_its_sampler_says() {
        let root = root(json!({
            "samplers": [{"wrapS": 33071, "wrapT": 33648}, {"wrapS": 10497}, {"wrapT": 7}],
            "textures": [{"sampler": 0}, {"sampler": 1}, {"sampler": 2}, {}, {"sampler": 9}],
        }));
        assert_eq!(wrap_of(&root, 0), [Wrap::Clamp, Wrap::Mirror]);
        for other in 1..6 {
            assert_eq!(wrap_of(&root, other), [Wrap::Repeat; 2], "{other}");
        }
    }

    #[test]
    fn the_plain_picture_stands_in_for_that_of_an_extension() {
        let basis = json!({"KHR_texture_basisu": {"source": 1}});
        let root = root(json!({
            "textures": [{"source": 0, "extensions": basis}, {"source": 0}, {"extensions": basis}],
        }));
        assert_eq!((image_of(&root, 0).unwrap(), fallback_of(&root, 0)), (1, Some(0)));
        assert_eq!((image_of(&root, 1).unwrap(), fallback_of(&root, 1)), (0, None));
        assert_eq!((image_of(&root, 2).unwrap(), fallback_of(&root, 2)), (1, None));
    }
}
