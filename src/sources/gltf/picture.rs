//! Pictures of textures: which image a texture means, and its bytes unpacked.

use super::{Fault, accessor::Views, file::Root};
use crate::{
    geometry::{Texture, TextureSupport, Wrap},
    sources::{
        Cause,
        codecs::{CodecError, CodecErrorKind, basis},
        resource::{Resources, read_uri},
    },
};
use image::{ImageError, ImageReader, Limits};
use serde_json::Value;
use std::io::Cursor;

/// Largest side of a texture, pixels.
const MAX_SIDE: u32 = 16_384;

/// Largest image file that is read, bytes.
const MAX_IMAGE_BYTES: u64 = 256 << 20;

/// The image of a texture: of its extensions where they name one, else its own.
pub(super) fn image_of(root: &Root, texture: usize) -> Result<usize, Fault> {
    let place = || format!("textures[{texture}]");
    let found = root
        .textures
        .get(texture)
        .ok_or_else(|| Fault::new(place(), "there is no such texture"))?;
    let named = |extension: &str| {
        let source = found.extensions.get(extension)?.get("source").and_then(Value::as_u64)?;
        usize::try_from(source).ok()
    };
    // Basis first: it is the one that takes least memory on the card.
    named("KHR_texture_basisu")
        .or_else(|| named("EXT_texture_webp"))
        .or(found.source)
        .ok_or_else(|| Fault::new(place(), "the texture has no image"))
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
    let texture = if basis::is_ktx2(bytes) {
        basis::decode(bytes, budget, support).map_err(|error| Fault::from(error).moved_to(place()))?
    } else {
        decode_picture(bytes, budget).map_err(|fault| fault.moved_to(place()))?
    };
    Ok((texture, bytes_read))
}

/// Decodes the bytes of a picture (PNG, JPEG or WebP) to plain texels of at most `budget` bytes.
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
    Ok(Texture::plain(rgba.width(), rgba.height(), rgba.into_raw()))
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
