//! What of the tiles is drawn and loaded, counted once per frame.

use super::{TileLayers, layer::Tree};
use crate::view::scene::{ShownScenario, Unfinished};
use bevy::prelude::*;

/// What of the tiles is drawn and loaded, for the status bar and `render --json`.
#[derive(Resource, Debug, Clone, Default, PartialEq)]
pub struct TileStats {
    /// Tiles with content that are drawn.
    pub rendered: u64,
    /// Triangles in them.
    pub triangles: u64,
    /// Measured points that are drawn of point clouds.
    pub points: u64,
    /// Points in the tiles.
    pub tile_points: u64,
    /// Instances in them.
    pub instances: u64,
    /// Features in them.
    pub features: u64,
    /// Bytes read so far.
    pub bytes_read: u64,
    /// Tiles loaded so far.
    pub tiles_loaded: u64,
    /// Contents that could not be had, with the reason.
    pub failed: Vec<(String, String)>,
    /// Tiles that the picture still waits for.
    pub loading: u64,
    /// Bytes that came over a network.
    pub bytes_received: u64,
    /// Bytes of transfers that were stopped because nobody wanted them any more.
    pub bytes_cancelled: u64,
    /// Whether everything in view at the wanted detail is drawn.
    pub complete: bool,
    /// Tiles that the picture needs and that have no room, however coarse it is: they come once there is some.
    pub left_out: u64,
    /// The same for what further cameras see, whatever the main one waits for.
    pub further_complete: bool,
    /// Bytes that loaded tiles hold.
    pub bytes_resident: u64,
    /// Bytes that are set aside for tiles being decoded.
    pub bytes_set_aside: u64,
    /// Bytes that they are held to where a view does not need more.
    pub target_bytes: u64,
    /// Bytes that they never hold more than.
    pub ceiling_bytes: u64,
    /// What the allowed screen-space error is multiplied by so that they do not; 1 where there is room.
    pub error_factor: f64,
    /// Bytes that tiles of ground hold: meshes, and pictures with their smaller versions.
    pub ground_bytes: u64,
}

impl TileStats {
    /// Whether nothing more comes while the view stays: all is there, or there is no room for the rest.
    pub fn is_settled(&self) -> bool {
        self.complete || self.left_out > 0
    }
}

/// Counts, and says whether the picture still waits for tiles.
pub(super) fn count_tiles(
    tiles: Res<TileLayers>,
    scenario: Option<Res<ShownScenario>>,
    mut unfinished: ResMut<Unfinished>,
    mut stats: ResMut<TileStats>,
) {
    let loaded = tiles.loader.stats();
    let mut new = TileStats {
        bytes_received: loaded.bytes_received,
        bytes_cancelled: loaded.bytes_cancelled,
        rendered: 0,
        triangles: 0,
        tile_points: 0,
        instances: 0,
        features: 0,
        loading: 0,
        left_out: 0,
        complete: scenario.is_some(),
        further_complete: scenario.is_some(),
        bytes_resident: tiles.residency.total_bytes(),
        bytes_set_aside: tiles.loader.bytes_set_aside(),
        target_bytes: tiles.residency.budget_bytes(),
        ceiling_bytes: tiles.ceiling.bytes(),
        error_factor: tiles.ceiling.error_factor(),
        ..stats.clone()
    };
    let mut is_opening = false;
    for layer in tiles.layers.values() {
        new.complete &= layer.successor_of.is_none();
        new.further_complete &= layer.successor_of.is_none();
        match (&layer.tree, &layer.selection) {
            (Tree::Failed | Tree::Unasked, _) => {}
            (Tree::Opening(_), _) | (Tree::Open(_), None) => {
                (new.complete, new.further_complete) = (false, false);
                is_opening = true;
            }
            (Tree::Open(_), Some(selection)) => {
                new.further_complete &= layer.is_further_complete;
                new.complete &= selection.complete;
                if !selection.complete {
                    new.loading += u64::try_from(selection.needed).unwrap_or(u64::MAX);
                }
            }
        }
        for resident in layer.shown.iter().filter_map(|tile| layer.resident.get(tile)) {
            new.rendered += 1;
            new.triangles += resident.triangles;
            new.tile_points += resident.points;
            new.instances += resident.instances;
            new.features += resident.features;
        }
    }
    // What is still read may bring tiles that have room.
    if tiles.ceiling.leaves_out() && !is_opening && tiles.subtrees.is_idle() {
        new.left_out = std::mem::take(&mut new.loading);
    }
    unfinished.set("tiles", !new.is_settled());
    stats.set_if_neq(new);
}
