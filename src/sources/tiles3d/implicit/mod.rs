//! Implicit tiling: a tree that is described by bits in subtree files and not tile by tile.
//!
//! The tree of a tileset starts with the root of each implicit tiling, whose subtree is not read. It comes when somebody
//! looks there, and brings the roots of the next subtrees: see [`forest`](super::forest).
//!
//! Both spellings are read, that of 3D Tiles 1.1 and the older `3DTILES_implicit_tiling`. Not read: `TILE_TRANSFORM` in the metadata, and contents without an ending that turn
//! out to be tilesets.

mod availability;
mod division;
mod externals;
#[cfg(test)]
mod externals_tests;
#[cfg(test)]
mod fuzz_tests;
mod grow;
mod overrides;
mod subtree_file;
#[cfg(test)]
mod tests;
mod tiling;

pub(super) use grow::read_subtree;
pub(super) use tiling::{ContentTemplate, Home, TileAt, Tiling};
