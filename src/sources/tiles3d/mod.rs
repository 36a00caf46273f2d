//! 3D Tiles: tileset.json to a tree of tiles, payloads to meshes; and city models to 3D Tiles ([`tiler`]).

mod ahead;
mod b3dm;
mod cmpt;
mod content;
mod external;
mod forest;
mod hierarchy;
mod i3dm;
mod implicit;
mod instanced;
mod memory_need;
mod metadata;
mod noting;
mod payload_count;
mod pnts;
mod reader;
mod references;
mod s2;
mod single;
mod subtree;
mod tile_file;
pub mod tiler;
mod tree;
mod volume;
mod write;

pub use content::{
    DecodeRequest, DecodedMeshes, TileContent, decode_content, decode_content_for, decode_meshes, decode_meshes_for,
};
pub(crate) use content::{MAX_PAYLOAD_BYTES, PayloadKind};
pub use forest::{ImplicitCounts, Subtrees, room_for_more};
pub use memory_need::{MemoryNeed, content_need};
pub use metadata::{ContentMetadata, Metadata, TilesetMetadata};
pub(crate) use payload_count::{PayloadCount, count_payload};
pub use references::references;
pub use s2::S2Cell;
pub(crate) use single::read_lone_tile;
pub use single::{is_payload, read_tiles};
pub use subtree::{Subtree, SubtreeRequest};
pub(crate) use tree::{MAX_TILESET_BYTES, Reading, is_tileset_json, read_tileset_coarsely, read_tree};
pub use tree::{Refine, Tile, TileId, TileTree, open_tileset, read_tileset, read_whole_tileset};
pub use volume::BoundingVolume;
pub use write::{FolderSink, MemorySink, SinkError, TileSink};
