//! 3D Tiles: tileset.json to a tree of tiles, payloads to meshes; and city models to 3D Tiles ([`tiler`]).

mod b3dm;
mod content;
mod pnts;
mod references;
mod tile_file;
pub mod tiler;
mod tree;
mod volume;
mod write;

pub use content::{DecodeRequest, DecodedMeshes, TileContent, decode_content, decode_meshes};
pub(crate) use content::{MAX_PAYLOAD_BYTES, PayloadCount, PayloadKind, count_payload};
pub use references::references;
pub(crate) use tree::{MAX_TILESET_BYTES, Reading, is_tileset_json, read_tree};
pub use tree::{Refine, Tile, TileId, TileTree, read_tileset};
pub use volume::BoundingVolume;
pub use write::{FolderSink, MemorySink, SinkError, TileSink};
