//! The container: GLB chunks or plain JSON, and which version it is.

use super::{Fault, file::Root};
use serde_json::Value;

/// A parsed file with its binary chunk.
pub(crate) struct Document<'a> {
    pub(super) root: Root,
    pub(super) bin: Option<&'a [u8]>,
}

const JSON_CHUNK: &[u8] = b"JSON";
const BIN_CHUNK: &[u8] = b"BIN\0";

impl<'a> Document<'a> {
    /// Parses a GLB or a glTF JSON file. What stands behind the length that a GLB declares is padding.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        if !bytes.starts_with(b"glTF") {
            return Ok(Self {
                root: parse_json(bytes)?,
                bin: None,
            });
        }
        let field = |offset: usize| little_endian_u32(bytes, offset);
        match field(4) {
            Some(2) => {}
            Some(1) => {
                return Err(Fault::new(
                    "",
                    "glTF 1.0 is not supported; convert the file to glTF 2.0",
                ));
            }
            Some(version) => return Err(Fault::new("byte 4", format!("glTF version {version} is unknown"))),
            None => return Err(Fault::new("", "the file is cut off inside its header")),
        }
        let length = field(8).unwrap_or(0) as usize;
        if length < 20 {
            return Err(Fault::new(
                "byte 8",
                format!("the length of {length} bytes is too small for a GLB"),
            ));
        }
        let glb = bytes.get(..length).ok_or_else(|| {
            let message = format!("the file is cut off: {length} bytes promised, {} there", bytes.len());
            Fault::new("byte 8", message)
        })?;
        let mut offset = 12_usize;
        let (mut json, mut bin) = (None, None);
        while offset + 8 <= glb.len() {
            let size = little_endian_u32(glb, offset).unwrap_or(0) as usize;
            let kind = &glb[offset + 4..offset + 8];
            let end = (offset + 8)
                .checked_add(size)
                .filter(|end| *end <= glb.len())
                .ok_or_else(|| {
                    Fault::new(
                        format!("byte {offset}"),
                        format!("a chunk of {size} bytes reaches past the end"),
                    )
                })?;
            let chunk = &glb[offset + 8..end];
            match kind {
                JSON_CHUNK if json.is_none() => json = Some(chunk),
                BIN_CHUNK if bin.is_none() => bin = Some(chunk),
                // Other chunks belong to extensions and are passed over.
                _ => {}
            }
            offset = end;
        }
        let json = json.ok_or_else(|| Fault::new("byte 12", "the GLB has no JSON chunk"))?;
        Ok(Self {
            root: parse_json(json)?,
            bin,
        })
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
            Fault::new("", "glTF 1.0 is not supported; convert the file to glTF 2.0")
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
