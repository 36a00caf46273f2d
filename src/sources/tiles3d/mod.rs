//! 3D Tiles: tileset.json to a tree of tiles, payloads to meshes.

mod content;
mod tree;
mod volume;

pub use content::{DecodeRequest, TileContent, decode_content};
pub use tree::{Refine, Tile, TileId, TileTree, read_tileset};
pub use volume::BoundingVolume;
