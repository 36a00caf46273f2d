//! 3D Tiles 1.1 out: payloads as binary glTF, trees as tileset.json, bytes into a folder or into memory.
//!
//! Nothing here decides what stands in which tile; that is [`super::tiler`]'s. Payloads come in as metres in the
//! tile's own east-north-up axes (z up, `f64`) and go out y-up, as glTF wants it, relative to the tile and mostly in
//! 16 bits.

mod buffer;
mod payload;
mod properties;
mod quantize;
mod sink;
mod tileset;

pub(super) use payload::{ImageFile, Payload, PayloadImage, PayloadMaterial, PayloadPart};
pub(super) use properties::{Property, PropertyValues};
pub(super) use quantize::{QUANTIZED_ERROR_M, normal_bytes};
pub(super) use sink::ROOT;
pub use sink::{FolderSink, MemorySink, SinkError, TileSink};
pub(super) use tileset::{TileNode, tileset_json};
