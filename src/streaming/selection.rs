//! Selection by screen-space error: pure functions in f64, no Bevy app types, the method of cesium-native
//! (refine straight to the needed level, hold ancestors while zooming out, kick descendants while zooming in).

use crate::sources::tiles3d::{TileId, TileTree};
use bevy::math::DVec3;

/// One camera, in the tileset's root frame.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Eye.
    pub position: DVec3,
    /// Inward normals and distances of the frustum's planes (`n·p + d >= 0` is inside); near/far optional.
    pub planes: Vec<(DVec3, f64)>,
    /// View direction, unit length.
    pub direction: DVec3,
    /// Viewport height, pixels.
    pub viewport_height_px: f64,
    /// Full vertical field of view, radians.
    pub fov_y_rad: f64,
}

/// Thresholds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelectionSettings {
    /// Refine above this error, pixels.
    pub max_screen_space_error_px: f64,
    /// At most this many descendants may be waited for before the parent is loaded first.
    pub loading_descendant_limit: u32,
}

/// What one tile's content is doing, as far as selection needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContentState {
    /// Not asked for.
    #[default]
    Unloaded,
    /// Asked for.
    Loading,
    /// Can be drawn now.
    Ready,
    /// Cannot be had; the parent stands in.
    Failed,
}

/// Memory of selection between frames: content states and last frame's outcome per tile.
#[derive(Debug, Clone, Default)]
pub struct SelectionState {
    /// Per tile.
    pub content: Vec<ContentState>,
}

/// The outcome of one frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Tiles to draw now.
    pub render: Vec<TileId>,
    /// Tiles to load, most urgent first.
    pub load: Vec<TileId>,
    /// Whether everything in view at the wanted detail is drawn.
    pub complete: bool,
}

/// Selects for a slice of views; the finest wish wins.
pub fn select(tree: &TileTree, views: &[View], settings: &SelectionSettings, state: &mut SelectionState) -> Selection {
    let _ = (tree, views, settings, state);
    todo!()
}
