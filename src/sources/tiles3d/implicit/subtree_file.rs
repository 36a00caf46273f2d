//! A subtree file: JSON with its buffers, alone or in the binary container, gzipped or not.

use crate::sources::{
    Cause, Problem,
    gltf::Fault,
    resource::{Resources, read_uri},
};
use serde_json::Value;
use std::io::Read;

/// Largest subtree file or buffer of one, bytes.
pub(super) const MAX_BYTES: u64 = 64 << 20;
/// Most bytes of all buffers of one subtree.
const MAX_BYTES_TOGETHER: u64 = 128 << 20;
/// Most buffers of one subtree.
const MAX_BUFFERS: usize = 64;
/// Bytes before the JSON of a binary file.
const HEADER: usize = 24;

/// A parsed file and the bytes it names.
pub(super) struct SubtreeFile {
    pub(super) json: Value,
    /// One that cannot be had is a fault when it is asked for.
    buffers: Vec<Result<Vec<u8>, Fault>>,
}

impl SubtreeFile {
    /// Reads the file at `path` and its buffers.
    pub(super) fn read(resources: &dyn Resources, path: &str) -> Result<Self, Problem> {
        let bytes = resources
            .read_at_most(path, MAX_BYTES)
            .map_err(|error| error.problem(path, ""))?;
        let damaged = |message: String| Problem::error(path, "", message).because(Cause::Damaged);
        let bytes = unpacked(bytes).map_err(damaged)?;
        let (json, binary) = chunks(&bytes).map_err(damaged)?;
        let json: Value = serde_json::from_slice(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json))
            .map_err(|error| damaged(format!("the subtree is not valid JSON: {error}")))?;
        if !json.is_object() {
            return Err(damaged("the subtree is not a JSON object".to_owned()));
        }
        let mut left = MAX_BYTES_TOGETHER;
        let listed = json.get("buffers").and_then(Value::as_array).into_iter().flatten();
        let buffers = listed
            .take(MAX_BUFFERS)
            .enumerate()
            .map(|(number, buffer)| {
                let place = format!("buffers[{number}].uri");
                let Some(uri) = buffer.get("uri") else {
                    // Only the first can be the one inside the file.
                    return Ok(if number == 0 { binary.to_vec() } else { Vec::new() });
                };
                let uri = uri
                    .as_str()
                    .ok_or_else(|| Fault::new(place.clone(), "the address of a buffer is not a text"))?;
                let bytes = read_uri(resources, path, uri, MAX_BYTES.min(left)).map_err(|error| {
                    let problem = error.problem(path, place.clone());
                    Fault::new(place, problem.message)
                })?;
                left = left.saturating_sub(bytes.len() as u64);
                Ok(bytes)
            })
            .collect();
        Ok(Self { json, buffers })
    }

    /// The bytes of a buffer view.
    pub(super) fn view(&self, number: usize) -> Result<&[u8], Fault> {
        let fault = |message: &str| Fault::new(format!("bufferViews[{number}]"), message);
        let view = self
            .json
            .get("bufferViews")
            .and_then(|views| views.get(number))
            .ok_or_else(|| fault("there is no such buffer view"))?;
        let size = |key: &str| {
            view.get(key)
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok())
        };
        let buffer = size("buffer").ok_or_else(|| fault("the buffer view names no buffer"))?;
        let bytes = match self.buffers.get(buffer) {
            Some(Ok(bytes)) => bytes,
            Some(Err(fault)) => return Err(fault.clone()),
            None => return Err(fault("there is no such buffer")),
        };
        let start = size("byteOffset").unwrap_or(0);
        let length = size("byteLength").ok_or_else(|| fault("the buffer view has no length"))?;
        start
            .checked_add(length)
            .and_then(|end| bytes.get(start..end))
            .ok_or_else(|| fault("the buffer view reaches past the end of its buffer"))
    }
}

/// The JSON and the binary part of a file.
fn chunks(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    if !bytes.starts_with(b"subt") {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        return match first {
            Some(b'{') => Ok((bytes, &[])),
            _ => Err("this is not a subtree: its first bytes are unknown".to_owned()),
        };
    }
    let cut = || "the subtree is cut off".to_owned();
    let version = bytes.get(4..8).ok_or_else(cut)?;
    if version != 1_u32.to_le_bytes() {
        return Err("the version of the subtree is not 1".to_owned());
    }
    let length = |at: usize| -> Option<usize> {
        let raw = bytes.get(at..at + 8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(raw)).ok()
    };
    let (json, binary) = (length(8).ok_or_else(cut)?, length(16).ok_or_else(cut)?);
    let rest = bytes.get(HEADER..).ok_or_else(cut)?;
    let (json, rest) = rest.split_at_checked(json).ok_or_else(cut)?;
    let binary = rest.get(..binary).ok_or_else(cut)?;
    Ok((json, binary))
}

/// The bytes themselves, or what is packed in them.
fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let read = flate2::read::GzDecoder::new(bytes.as_slice())
        .take(MAX_BYTES + 1)
        .read_to_end(&mut unpacked);
    match read {
        Ok(_) if unpacked.len() as u64 > MAX_BYTES => Err(format!("unpacked it has more than {MAX_BYTES} bytes")),
        Ok(_) => Ok(unpacked),
        Err(error) => Err(format!("it cannot be unpacked: {error}")),
    }
}
