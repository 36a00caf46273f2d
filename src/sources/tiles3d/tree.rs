//! A tileset as a flat tree.

use super::BoundingVolume;
use crate::sources::{Problem, resource::Resources};
use bevy::math::DMat4;
use std::sync::Arc;

/// Index of a tile in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId(pub u32);

/// How children join their parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refine {
    /// Children are drawn besides the parent.
    Add,
    /// Children replace the parent.
    Replace,
}

/// One tile.
#[derive(Debug, Clone)]
pub struct Tile {
    /// Parent, `None` for the root.
    pub parent: Option<TileId>,
    /// Children.
    pub children: Vec<TileId>,
    /// Depth, root 0.
    pub depth: u32,
    /// Volume in the root frame.
    pub bounding_volume: BoundingVolume,
    /// Volume of the content where the file gives a tighter one.
    pub content_volume: Option<BoundingVolume>,
    /// Volume that the viewer must be in before the tile is asked for, where the file gives one.
    pub viewer_request_volume: Option<BoundingVolume>,
    /// Geometric error, metres, scaled by the tile transform.
    pub geometric_error_m: f64,
    /// Refinement, inherited where the file is silent.
    pub refine: Refine,
    /// Paths of the contents within the tileset's [`Resources`], joined and checked; empty tiles have none.
    pub contents: Vec<String>,
    /// Root frame from tile frame.
    pub root_from_tile: DMat4,
}

/// A tileset with its external tilesets expanded, as far as they can be read.
pub struct TileTree {
    /// Where contents are read from.
    pub resources: Arc<dyn Resources>,
    /// Path of the root tileset.json within `resources`.
    pub path: String,
    /// `asset.version`.
    pub version: String,
    /// `asset.gltfUpAxis`, a non-standard hint: `Y` unless the file says otherwise.
    pub gltf_up_axis: char,
    /// All tiles; the root is number 0. Never empty.
    pub tiles: Vec<Tile>,
    /// Whether root coordinates are ECEF (else the data has no place).
    pub is_geocentric: bool,
    /// `extensionsUsed`.
    pub extensions: Vec<String>,
}

/// Reads `path` and every external tileset below it; cycles, missing files and bad tiles become problems.
/// `Err` only when the root itself cannot be read.
pub fn read_tileset(resources: Arc<dyn Resources>, path: &str) -> Result<(TileTree, Vec<Problem>), Problem> {
    let _ = (resources, path);
    todo!()
}
