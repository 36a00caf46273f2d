//! The ground with levels of detail, and imagery on it: one quadtree for both.
//!
//! It draws the bare ground of a large terrain, and any ground while a layer of imagery is shown. What a view wants and
//! what is drawn meanwhile are pure functions ([`select`], [`cover`]); nodes are made by workers, let in by the frame's
//! budget and kept while there is room. Around the ground lies the paper of the flat ground, whose surfaces lie
//! on it. Site frame, metres.

mod holes;
mod making;
mod mesh;
mod node_store;
mod picture;
mod select;
mod show;
mod tree;
mod work;

pub use holes::{HoleMark, Holes};
pub use mesh::{NodeMesh, node_mesh};
pub use select::{Detail, Photographed, Wanted, cover, select};
pub(in crate::view) use show::{ReliefShown, show_relief};
pub use tree::{BELOW_M, CELLS, NodeFacts, NodeId, Relief};

use crate::model::Terrain;
use bevy::prelude::*;

/// A grid with so many heights is drawn with levels of detail; a smaller one is drawn whole.
const LARGE_NODES: u64 = 100_000;

/// Whether a terrain is drawn with levels of detail without imagery too.
pub(in crate::view) fn is_large(terrain: &Terrain) -> bool {
    terrain.columns > 1 && terrain.rows > 1 && u64::from(terrain.columns) * u64::from(terrain.rows) >= LARGE_NODES
}

pub(crate) fn plugin(app: &mut App) {
    show::plugin(app);
}
