//! Buffer views, accessors and the container of a binary glTF.
//!
//! Geometry is compressed (`EXT_meshopt_compression`): its views name a second buffer without bytes, the fallback
//! that the extension asks for, and say where in the first buffer the compressed bytes stand.

use meshoptimizer_rs::{
    Error, Workspace,
    codec::{IndexEncoding, VertexEncoding, encode_index_buffer, encode_vertex_buffer},
};
use serde_json::{Map, Value, json};

const COMPRESSION: &str = "EXT_meshopt_compression";
/// `ARRAY_BUFFER`
const VERTICES: u32 = 34_962;
/// `ELEMENT_ARRAY_BUFFER`
const INDICES: u32 = 34_963;

/// The parts of a file that refer to its bytes.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    bin: Vec<u8>,
    /// Length of the fallback buffer.
    fallback: usize,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Buffers {
    /// Adds bytes as they are, aligned to 8 as metadata wants it, and returns the number of the view.
    pub(super) fn plain(&mut self, bytes: &[u8]) -> usize {
        self.bin.resize(self.bin.len().next_multiple_of(8), 0);
        let offset = self.bin.len();
        self.bin.extend_from_slice(bytes);
        if bytes.is_empty() {
            // A view has at least one byte.
            self.bin.push(0);
        }
        self.views.push(json!({
            "buffer": 0, "byteOffset": offset, "byteLength": bytes.len().max(1),
        }));
        self.views.len() - 1
    }

    /// Adds an attribute of `count` vertices, `stride` bytes each.
    pub(super) fn vertices(
        &mut self,
        bytes: &[u8],
        count: usize,
        stride: usize,
        workspace: &mut Workspace,
    ) -> Result<usize, Error> {
        // Version 0 is what the extension knows.
        let packed = encode_vertex_buffer(bytes, count, stride, VertexEncoding::new(0, 0)?, workspace)?;
        Ok(self.compressed(&packed, "ATTRIBUTES", VERTICES, count, stride))
    }

    /// Adds corners of triangles, `size` bytes each once unpacked.
    pub(super) fn triangles(
        &mut self,
        indices: &[u32],
        size: usize,
        workspace: &mut Workspace,
    ) -> Result<usize, Error> {
        let packed = encode_index_buffer(indices, IndexEncoding::DEFAULT, workspace)?;
        Ok(self.compressed(&packed, "TRIANGLES", INDICES, indices.len(), size))
    }

    fn compressed(&mut self, packed: &[u8], mode: &str, target: u32, count: usize, stride: usize) -> usize {
        self.bin.resize(self.bin.len().next_multiple_of(4), 0);
        let offset = self.bin.len();
        self.bin.extend_from_slice(packed);
        let fallback = self.fallback.next_multiple_of(4);
        self.fallback = fallback + count * stride;
        let mut view = json!({
            "buffer": 1, "byteOffset": fallback, "byteLength": count * stride, "target": target,
            "extensions": {COMPRESSION: {
                "buffer": 0, "byteOffset": offset, "byteLength": packed.len(),
                "byteStride": stride, "count": count, "mode": mode,
            }},
        });
        if target == VERTICES {
            view["byteStride"] = stride.into();
        }
        self.views.push(view);
        self.views.len() - 1
    }

    /// Adds an accessor and returns its number.
    pub(super) fn accessor(&mut self, accessor: Value) -> usize {
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    /// The file: `root` with what refers to bytes added to it, then the bytes.
    pub(super) fn into_glb(mut self, mut root: Map<String, Value>) -> Vec<u8> {
        let mut buffers = vec![json!({"byteLength": self.bin.len()})];
        if self.fallback > 0 {
            buffers.push(json!({"byteLength": self.fallback, "extensions": {COMPRESSION: {"fallback": true}}}));
        }
        root.insert("accessors".to_owned(), self.accessors.into());
        root.insert("bufferViews".to_owned(), self.views.into());
        root.insert("buffers".to_owned(), buffers.into());
        let mut text = Value::Object(root).to_string().into_bytes();
        // The bytes begin behind 28 bytes of headers, at a multiple of 8.
        while text.len() % 8 != 4 {
            text.push(b' ');
        }
        self.bin.resize(self.bin.len().next_multiple_of(4), 0);
        let mut glb = Vec::with_capacity(28 + text.len() + self.bin.len());
        let word = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
        glb.extend_from_slice(b"glTF");
        glb.extend_from_slice(&word(2));
        glb.extend_from_slice(&word(28 + text.len() + self.bin.len()));
        for (kind, bytes) in [(b"JSON", &text), (b"BIN\0", &self.bin)] {
            glb.extend_from_slice(&word(bytes.len()));
            glb.extend_from_slice(kind);
            glb.extend_from_slice(bytes);
        }
        glb
    }
}
