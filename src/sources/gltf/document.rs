//! The container: GLB chunks (split by the `gltf` crate) or plain JSON, and which version it is.

use super::{Fault, file::Root};
use crate::geometry::TextureSupport;
use gltf::binary::Glb;
use serde_json::Value;
use std::borrow::Cow;

/// A parsed file with its binary chunk.
pub(crate) struct Document<'a> {
    pub(super) root: Root,
    pub(super) bin: Option<Cow<'a, [u8]>>,
    /// What compressed pictures are unpacked to.
    pub(super) support: TextureSupport,
}

/// Header of the file and of its JSON chunk.
const SMALLEST_GLB: usize = 20;

impl<'a> Document<'a> {
    /// Parses a GLB or a glTF JSON file. What stands behind the length that a GLB declares is padding.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        if !bytes.starts_with(b"glTF") {
            return Ok(Self {
                root: parse_json(bytes)?,
                bin: None,
                support: TextureSupport::default(),
            });
        }
        match little_endian_u32(bytes, 4) {
            Some(2) => {}
            Some(1) => {
                return Err(Fault::not_read(
                    "",
                    "glTF 1.0 is not supported; convert the file to glTF 2.0",
                ));
            }
            Some(version) => return Err(Fault::not_read("byte 4", format!("glTF version {version} is unknown"))),
            None => return Err(Fault::new("", "the file is cut off inside its header")),
        }
        // The crate trusts the length: it subtracts the header from it, and takes what is behind it for chunks.
        let length = little_endian_u32(bytes, 8).unwrap_or(0) as usize;
        if length < SMALLEST_GLB {
            return Err(Fault::new(
                "byte 8",
                format!("the length of {length} bytes is too small for a GLB"),
            ));
        }
        let glb = bytes.get(..length).ok_or_else(|| {
            let message = format!("the file is cut off: {length} bytes promised, {} there", bytes.len());
            Fault::new("byte 8", message)
        })?;
        let (json, bin) = match Glb::from_slice(glb) {
            Ok(glb) => (glb.json, glb.bin),
            Err(error) => match json_alone(glb) {
                Some(json) => (json.into(), None),
                None => return Err(Fault::new("", format!("the GLB is damaged: {}", reason(&error)))),
            },
        };
        Ok(Self {
            root: parse_json(&json)?,
            bin,
            support: TextureSupport::default(),
        })
    }

    /// The same for a graphics card that takes more than plain texels.
    pub(crate) fn for_card(self, support: TextureSupport) -> Self {
        Self { support, ..self }
    }
}

/// The JSON of a glTF or of the first chunk of a GLB, as it stands in the file.
pub(crate) fn json_of(bytes: &[u8]) -> Option<&[u8]> {
    if !bytes.starts_with(b"glTF") {
        return Some(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    }
    let length = little_endian_u32(bytes, 12)? as usize;
    bytes
        .get(20..)?
        .get(..length)
        .filter(|_| bytes.get(16..20) == Some(b"JSON"))
}

/// The JSON chunk of a GLB whose second chunk is not the binary one, or is padding too short for a chunk:
/// the specification says to pass over it, the crate refuses it.
fn json_alone(glb: &[u8]) -> Option<&[u8]> {
    let is_json = glb.get(16..20)? == b"JSON";
    let (json, rest) = glb
        .get(20..)?
        .split_at_checked(little_endian_u32(glb, 12)? as usize)
        .filter(|_| is_json)?;
    let is_known = matches!(rest.get(4..8), Some(b"JSON" | b"BIN\0"));
    (!is_known).then_some(json)
}

/// What the crate says of a container, without its own preface.
fn reason(error: &gltf::Error) -> String {
    match error {
        gltf::Error::Binary(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn parse_json(bytes: &[u8]) -> Result<Root, Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice::<Root>(bytes).map_err(|error| {
        // In version 1.0 the lists are objects, so the version tells more than the error does.
        let version = serde_json::from_slice::<Value>(bytes).ok();
        let version = version
            .as_ref()
            .and_then(|json| json.get("asset")?.get("version")?.as_str());
        if version.is_some_and(|version| version.starts_with('1')) {
            Fault::not_read("", "glTF 1.0 is not supported; convert the file to glTF 2.0")
        } else {
            let place = format!("line {} column {}", error.line(), error.column());
            Fault::new(place, format!("the JSON is not valid glTF: {error}"))
        }
    })
}

/// Four bytes at `offset`, if they are there.
pub(crate) fn little_endian_u32(bytes: &[u8], offset: usize) -> Option<u32> {
    let four = bytes.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &[u8] = br#"{"scene": 5} "#;

    /// A GLB of these chunks with a true header.
    fn glb(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = b"glTF\x02\0\0\0\0\0\0\0".to_vec();
        for (kind, data) in chunks {
            bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
            bytes.extend(*kind);
            bytes.extend(*data);
        }
        let length = u32::try_from(bytes.len()).unwrap();
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    #[test]
    fn chunks_of_extensions_and_padding_are_passed_over() {
        let padded = |mut bytes: Vec<u8>, by: usize| {
            bytes.resize(bytes.len() + by, 7);
            bytes
        };
        let mut inner_padding = padded(glb(&[(b"JSON", JSON)]), 3);
        let length = u32::try_from(inner_padding.len()).unwrap();
        inner_padding[8..12].copy_from_slice(&length.to_le_bytes());
        for (name, bytes, bin) in [
            ("JSON alone", glb(&[(b"JSON", JSON)]), None),
            ("both", glb(&[(b"JSON", JSON), (b"BIN\0", b"abc")]), Some(b"abc")),
            (
                "a third chunk",
                glb(&[(b"JSON", JSON), (b"BIN\0", b"abc"), (b"MORE", b"defg")]),
                Some(b"abc"),
            ),
            (
                "an unknown second chunk",
                glb(&[(b"JSON", JSON), (b"MORE", b"defg")]),
                None,
            ),
            (
                "padding behind the length",
                padded(glb(&[(b"JSON", JSON), (b"BIN\0", b"abc")]), 9),
                Some(b"abc"),
            ),
            ("padding before the length", inner_padding, None),
        ] {
            let document = Document::parse(&bytes).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            assert_eq!(document.root.scene, Some(5), "{name}");
            assert_eq!(document.bin.as_deref(), bin.map(|bin| &bin[..]), "{name}");
        }
    }

    #[test]
    fn lengths_that_lie_are_faults() {
        let good = glb(&[(b"JSON", JSON), (b"BIN\0", b"abc")]);
        let with = |offset: usize, value: u32| {
            let mut bytes = good.clone();
            bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
            bytes
        };
        for (bytes, expected) in [
            (with(8, 0), "too small"),
            (with(8, 11), "too small"),
            (with(8, 19), "too small"),
            (with(8, u32::MAX), "cut off"),
            (with(12, u32::MAX), "damaged: JSON chunk length"),
            (with(33, 4), "damaged: BIN"),
        ] {
            let message = Document::parse(&bytes)
                .err()
                .map_or_else(String::new, |fault| fault.message);
            assert!(message.contains(expected), "`{message}` instead of `{expected}`");
        }
        for end in 4..good.len() {
            assert!(Document::parse(&good[..end]).is_err(), "cut at {end}");
        }
        assert!(Document::parse(&glb(&[(b"BIN\0", b"abc"), (b"JSON", JSON)])).is_err());
        assert!(Document::parse(&glb(&[(b"JSON", JSON), (b"JSON", JSON)])).is_err());
    }
}
