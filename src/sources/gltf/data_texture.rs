//! Textures that hold numbers and no colours: feature ids and the values of properties.
//!
//! Their bytes are taken as they stand in the file, whatever colours it says they are. A picture that does not keep every
//! byte (JPEG, Basis Universal, most WebP) holds no ids; the values of a property in one are only nearly those that were
//! meant.

use super::{
    Fault,
    accessor::Views,
    file::Root,
    material::{UvTransform, uv_of},
    picture::{decode_numbers, images_of, wrap_of},
};
use crate::{
    geometry::{Texels, Wrap},
    sources::resource::Resources,
};
use gltf::json::texture::Info;
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Which bytes of a texel make a number, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Channels {
    count: u8,
    of: [u8; 4],
}

impl Channels {
    /// The red one alone.
    const RED: Self = Self { count: 1, of: [0; 4] };

    /// Reads a list of channels; red where there is none.
    fn parse(json: Option<&Value>) -> Result<Self, &'static str> {
        const EXPECTED: &str = "`channels` is no list of one to four channels of a texture (0 to 3)";
        let Some(json) = json else {
            return Ok(Self::RED);
        };
        let items = json.as_array().ok_or(EXPECTED)?;
        let mut channels = Self { count: 0, of: [0; 4] };
        for item in items {
            let channel = item.as_u64().and_then(|channel| u8::try_from(channel).ok());
            let channel = channel.filter(|channel| *channel < 4).ok_or(EXPECTED)?;
            *channels.of.get_mut(usize::from(channels.count)).ok_or(EXPECTED)? = channel;
            channels.count += 1;
        }
        if channels.count == 0 {
            Err(EXPECTED)
        } else {
            Ok(channels)
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.of.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// The whole number in a texel, its least byte first.
    pub(super) fn id(self, texel: [u8; 4]) -> u32 {
        let channels = self.as_slice().iter().rev();
        channels.fold(0, |id, channel| id << 8 | u32::from(texel[usize::from(*channel & 3)]))
    }
}

/// A texture with the channels that are meant and the texture coordinates that find its texels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TexelSource {
    pub(super) texture: usize,
    pub(super) channels: Channels,
    pub(super) uv_set: u32,
    pub(super) transform: UvTransform,
}

impl TexelSource {
    /// Reads a texture reference that names channels.
    pub(super) fn parse(json: &Value) -> Result<Self, &'static str> {
        let info = Info::deserialize(json);
        let info =
            info.map_err(|_error| "it is no reference to a texture: `index` and `texCoord` are whole numbers")?;
        let (uv_set, transform) = uv_of(&info);
        Ok(Self {
            texture: info.index.value(),
            channels: Channels::parse(json.get("channels"))?,
            uv_set,
            transform,
        })
    }

    /// Whether both find their texels with the same texture coordinates.
    pub(super) fn has_same_uvs(&self, other: &Self) -> bool {
        self.uv_set == other.uv_set && self.transform == other.transform
    }
}

/// An unpacked picture.
#[derive(Debug, Clone)]
pub(super) struct DataTexture {
    pub(super) texels: Arc<Texels>,
    pub(super) wrap: [Wrap; 2],
    /// Whether its bytes are those that were written.
    pub(super) is_exact: bool,
}

/// The pictures of a file that hold numbers, by the numbers of their textures.
#[derive(Default)]
pub(super) struct DataTextures {
    found: BTreeMap<usize, Result<DataTexture, Fault>>,
    /// Bytes read from other files.
    pub(super) bytes_read: u64,
}

impl DataTextures {
    /// Unpacks the pictures of these textures to at most `budget` bytes, and takes from it what they need.
    pub(super) fn load(
        views: &Views<'_>,
        wanted: &BTreeSet<usize>,
        resources: &dyn Resources,
        path: &str,
        budget: &mut u64,
    ) -> Self {
        let mut textures = Self::default();
        let mut images: BTreeMap<usize, Result<(Arc<Texels>, bool), Fault>> = BTreeMap::new();
        for texture in wanted {
            let mut image = |number: usize| {
                let unpack = || {
                    let (texels, is_exact, read) = decode_numbers(views, number, resources, path, *budget)?;
                    *budget = budget.saturating_sub(texels.bytes());
                    textures.bytes_read += read;
                    Ok((Arc::new(texels), is_exact))
                };
                images.entry(number).or_insert_with(unpack).clone()
            };
            let found = choose(views.root, *texture, &mut image);
            let found = found.map(|(texels, is_exact)| DataTexture {
                texels,
                wrap: wrap_of(views.root, *texture),
                is_exact,
            });
            textures.found.insert(*texture, found);
        }
        textures
    }

    pub(super) fn get(&self, texture: usize) -> Result<&DataTexture, Fault> {
        match self.found.get(&texture) {
            Some(Ok(found)) => Ok(found),
            Some(Err(fault)) => Err(fault.clone()),
            None => Err(Fault::new(format!("textures[{texture}]"), "there is no such texture")),
        }
    }
}

/// Of the forms of a texture the first that keeps every byte, else the first that can be unpacked.
fn choose(
    root: &Root,
    texture: usize,
    image: &mut dyn FnMut(usize) -> Result<(Arc<Texels>, bool), Fault>,
) -> Result<(Arc<Texels>, bool), Fault> {
    let mut best: Option<Result<(Arc<Texels>, bool), Fault>> = None;
    for number in images_of(root, texture)? {
        let found = image(number);
        if matches!(found, Ok((_, true))) {
            return found;
        }
        if best.as_ref().is_none_or(|best| best.is_err() && found.is_ok()) {
            best = Some(found);
        }
    }
    best.unwrap_or_else(|| {
        let place = format!("textures[{texture}]");
        Err(Fault::new(place, "the texture has no image"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn channels_are_bytes_of_a_number_from_the_least() {
        let id = |channels: Value| Channels::parse(Some(&channels)).unwrap().id([1, 2, 3, 4]);
        assert_eq!(Channels::parse(None).unwrap().id([7, 2, 3, 4]), 7);
        assert_eq!(id(json!([0, 1])), 0x0201);
        assert_eq!(id(json!([1, 0, 2])), 0x0003_0102);
        assert_eq!(id(json!([3, 2, 1, 0])), 0x0102_0304);
        for wrong in [
            json!([]),
            json!([4]),
            json!([0, "x"]),
            json!("x"),
            json!([-1]),
            json!([0, 1, 2, 3, 0]),
        ] {
            assert!(Channels::parse(Some(&wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reference_says_where_its_texels_are() {
        let json = json!({"index": 3, "texCoord": 1, "channels": [2],
            "extensions": {"KHR_texture_transform": {"offset": [0.5, 0.0], "texCoord": 4}}});
        let source = TexelSource::parse(&json).unwrap();
        assert_eq!(
            (source.texture, source.uv_set, source.channels.as_slice()),
            (3, 4, &[2_u8][..])
        );
        let mut uv = [0.0, 0.25];
        source.transform.apply(&mut uv);
        assert!((uv[0] - 0.5).abs() < 1e-6 && (uv[1] - 0.25).abs() < 1e-6);
        for wrong in [
            json!({}),
            json!({"index": "x"}),
            json!({"index": 0, "texCoord": "x"}),
            json!(4),
        ] {
            assert!(TexelSource::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
