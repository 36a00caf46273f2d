//! Keeping a part of a layer on this machine: everything of it around the middle of the view, in all its detail.

use super::{TileLayers, layer::Tree};
use crate::georef::SitePos;
use crate::sources::remote::{KeepProgress, Keeping, Network};
use crate::sources::resource::Remote;
use crate::sources::tiles3d::TileTree;
use crate::view::camera::OrbitCamera;
use bevy::math::DVec3;
use bevy::prelude::*;

/// Most bytes that one area may have.
const MOST_BYTES: u64 = 1 << 30;
/// Most tiles of one area.
const MOST_TILES: usize = 50_000;
/// Least and most radius of an area, metres.
const RADIUS_M: std::ops::RangeInclusive<f64> = 100.0..=5_000.0;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepLayer {
    /// Fetch what is around the middle of the view of the layer with this id.
    Start(String),
    /// Wait.
    Pause,
    /// Go on.
    Resume,
    /// End it; what is there stays.
    Stop,
}

/// Request: keep a part of a layer, or what becomes of that.
#[derive(Message, Debug, Clone)]
pub struct KeepOffline(pub KeepLayer);

/// What is being kept, or was last.
#[derive(Resource, Default)]
pub struct OfflineKeeping(Option<(String, Keeping)>);

impl OfflineKeeping {
    /// The layer that it is about and how far it is.
    pub fn progress(&self) -> Option<(&str, KeepProgress)> {
        let (layer, keeping) = self.0.as_ref()?;
        Some((layer, keeping.progress()))
    }
}

/// Follows what was asked for. The fetching is on threads of its own.
pub(super) fn keep_offline(
    mut asked: MessageReader<KeepOffline>,
    camera: Option<Res<OrbitCamera>>,
    tiles: Res<TileLayers>,
    mut keeping: ResMut<OfflineKeeping>,
) {
    for KeepOffline(what) in asked.read() {
        match what {
            KeepLayer::Start(id) => {
                let Some(camera) = &camera else { continue };
                let Some(layer) = tiles.layers.values().find(|layer| layer.id == *id) else {
                    continue;
                };
                let Tree::Open(tree) = &layer.tree else { continue };
                let orbit = camera.shown();
                let radius_m = orbit.distance_m.clamp(*RADIUS_M.start(), *RADIUS_M.end());
                if let Some(middle) = layer.root_from_site(tree.is_geocentric, SitePos(orbit.target.0)) {
                    let files = files_around(tree, middle, radius_m);
                    let network = Network::of_program();
                    keeping.0 = Some((id.clone(), Keeping::start(&network, files, MOST_BYTES)));
                }
            }
            KeepLayer::Pause => keeping.each(Keeping::pause),
            KeepLayer::Resume => keeping.each(Keeping::resume),
            KeepLayer::Stop => keeping.each(Keeping::stop),
        }
    }
}

impl OfflineKeeping {
    fn each(&self, what: impl Fn(&Keeping)) {
        if let Some((_, keeping)) = &self.0 {
            what(keeping);
        }
    }
}

/// Addresses of the tilesets, and of the contents whose sphere comes within `radius_m` of `middle`, coarse ones first: a
/// part of them is a picture of the whole.
fn files_around(tree: &TileTree, middle: DVec3, radius_m: f64) -> Vec<String> {
    let mut files = tree.resources.remote().map(Remote::documents).unwrap_or_default();
    // The root by itself, should it have come out of what is kept before anything was noted.
    files.insert(0, tree.path.clone());
    let mut near: Vec<_> = tree
        .tiles
        .iter()
        .filter(|tile| {
            let volume = &tile.bounding_volume;
            volume.center().distance(middle) - volume.radius() <= radius_m
        })
        .collect();
    near.sort_by_key(|tile| tile.depth);
    files.extend(
        near.into_iter()
            .take(MOST_TILES)
            .flat_map(|tile| tile.contents.iter().cloned()),
    );
    files
}
