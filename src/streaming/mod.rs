//! Which tiles, in what order, within which budget.
//!
//! Three steps that know nothing of drawing and nothing of each other:
//!
//! 1. [`select`] says from bounding volumes, views and content states which tiles to draw now, which
//!    to load and in what order. Pure functions in f64, in the tileset's root frame.
//! 2. [`TileLoader`] decodes on its own threads what was asked for and hands back what has finished.
//! 3. [`Residency`] counts the bytes held and names the tiles that can go; [`Ceiling`] says how many more may come, and
//!    makes the picture coarser where a view alone needs more than there may be. [`Ledger`] keeps account of what is
//!    held and of what is set aside for what is being decoded, so that nothing is begun that has no room.
//!
//! [`SubtreeLoader`] reads the subtrees of implicit tilings and the external tilesets that the view comes near to.
//!
//! One frame of a caller: [`TileLoader::take_finished`] → [`SelectionState::set_content`] and
//! [`Residency::insert`] → [`select`] → draw [`Selection::render`] and [`Selection::stand_ins`] →
//! [`Residency::touch`] → [`TileLoader::replace_queue`] with the first [`TileLoader::queue_limit`] of
//! [`Selection::load`] → [`Residency::evict`].
//!
//! Point clouds, whose nodes add to one another, have a selection of their own: [`points`].

pub mod ceiling;
mod gathered;
mod history;
mod ledger;
pub mod loader;
pub mod points;
pub mod residency;
pub mod selection;
mod subtrees;
mod supply;
mod traversal;
mod tree_index;
mod view;

pub use ceiling::Ceiling;
pub use ledger::Ledger;
pub use loader::{
    DecodedContent, LoadWish, LoadedTile, LoaderStats, Patience, TileDecoder, TileLoader, keep_freed_memory,
};
pub use points::{CloudIndex, CloudKey, CloudNode, CloudSelection, CloudSettings, NodeState, select_points};
pub use residency::{Residency, TileKey};
pub use selection::{ContentState, Selection, SelectionSettings, SelectionState, StandIn, View, select};
pub use subtrees::{LoadedSubtree, SubtreeLoader, SubtreeWish};
