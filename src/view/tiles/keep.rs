//! Keeping a part of a layer on this machine: everything of it around the middle of the view, in all its detail. Subtrees
//! and external tilesets there that are not read are read while it goes on.

use super::{TileLayers, layer::Tree};
use crate::georef::SitePos;
use crate::sources::Cause;
use crate::sources::remote::{Found, KeepProgress, Keeping, Lead, Network};
use crate::sources::resource::{Remote, leads_into_archive};
use crate::sources::tiles3d::{SubtreeRequest, Tile, TileId, TileTree};
use crate::view::camera::OrbitCamera;
use bevy::math::DVec3;
use bevy::prelude::*;

/// Most bytes that one area may have.
const MOST_BYTES: u64 = 1 << 30;
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
                    let area = Area { middle, radius_m };
                    let (files, leads) = (area.files(tree), area.leads(tree));
                    let kept = Keeping::follow(&Network::of_program(), files, leads, MOST_BYTES);
                    keeping.0 = Some((id.clone(), kept));
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

/// What is kept of a layer.
#[derive(Debug, Clone, Copy)]
struct Area {
    /// In the tileset's root frame.
    middle: DVec3,
    radius_m: f64,
}

impl Area {
    /// Whether the sphere of a tile comes into it.
    fn touches(self, tile: &Tile) -> bool {
        let volume = &tile.bounding_volume;
        volume.center().distance(self.middle) - volume.radius() <= self.radius_m
    }

    /// Addresses of the tilesets that were read, and of the contents of tiles that come into it, coarse ones first: a part
    /// of them is a picture of the whole.
    fn files(self, tree: &TileTree) -> Vec<String> {
        let mut files = tree.resources.remote().map(Remote::documents).unwrap_or_default();
        // The root by itself, should it have come out of what is kept before anything was noted.
        files.insert(0, tree.path.clone());
        let mut near: Vec<&Tile> = tree.tiles.iter().filter(|tile| self.touches(tile)).collect();
        near.sort_by_key(|tile| tile.depth);
        files.extend(near.into_iter().flat_map(contents_of));
        files
    }

    /// What leads to the rest of them: parts of the tree that are not read.
    fn leads(self, tree: &TileTree) -> Vec<Lead> {
        let awaited = (0..).map(TileId).take(tree.tiles.len());
        let mut requests: Vec<SubtreeRequest> = awaited
            .filter_map(|tile| tree.subtree_request(tile))
            .filter(|request| self.touches(request.root()))
            .collect();
        requests.sort_by_key(|request| request.root().depth);
        requests.into_iter().map(|request| self.lead(request)).collect()
    }

    fn lead(self, request: SubtreeRequest) -> Lead {
        Box::new(move || self.follow(request))
    }

    /// Reads a part of the tree. Blocks.
    fn follow(self, request: SubtreeRequest) -> Found {
        let (read, mut files) = request.read_noting_files();
        match read {
            Ok(part) => {
                let near = part.tiles().filter(|tile| self.touches(tile));
                files.extend(near.flat_map(contents_of));
                let next = request.next(&part).filter(|next| self.touches(next.root()));
                Found {
                    files,
                    leads: next.map(|next| self.lead(next)).collect(),
                    ..Found::default()
                }
            }
            Err(problem) if problem.cause == Cause::Server => Found {
                files,
                leads: vec![self.lead(request)],
                is_offline: true,
                ..Found::default()
            },
            Err(problem) => Found {
                files,
                failure: Some(problem.to_string()),
                ..Found::default()
            },
        }
    }
}

/// The contents of a tile that are files of their own; an archive was read as a whole.
fn contents_of(tile: &Tile) -> impl Iterator<Item = String> {
    let contents = tile.contents.iter();
    contents.filter(|content| !leads_into_archive(content)).cloned()
}

#[cfg(test)]
#[path = "keep_tests.rs"]
mod tests;
