//! Implicit tiling: a tree that is described by bits in subtree files and not tile by tile.
//!
//! The tree of a tileset starts with the root of each implicit tiling, whose subtree is not read. What wants to look
//! below it asks for [`TileTree::subtree_request`](super::TileTree::subtree_request), reads it on any thread
//! ([`SubtreeRequest::read`]) and hangs the outcome into the tree ([`TileTree::attach`](super::TileTree::attach)),
//! which brings the roots of the next subtrees. A subtree that is not looked at can be taken out again. So a tileset of
//! millions of tiles costs what has been looked at.
//!
//! Both spellings are read, that of 3D Tiles 1.1 and the older `3DTILES_implicit_tiling`. Contents that are external
//! tilesets come with the subtree. Not read: `TILE_TRANSFORM` in the metadata, and contents without an ending that turn
//! out to be tilesets.

mod availability;
mod division;
mod externals;
#[cfg(test)]
mod externals_tests;
mod forest;
#[cfg(test)]
mod fuzz_tests;
mod grow;
mod overrides;
mod subtree_file;
#[cfg(test)]
mod tests;
mod tiling;

pub(super) use forest::Stub;
pub use forest::{ImplicitCounts, Subtrees};
pub use grow::{Subtree, SubtreeRequest};
pub(super) use tiling::{ContentTemplate, Home, TileAt, Tiling};
