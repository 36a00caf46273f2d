//! One tile layer: its tree, what of it is loaded and what is drawn.

use super::{hidden::set_hidden, marks::ResidentMarks, part::Part, retry::Retries};
use crate::geometry::{FeatureTable, Value};
use crate::georef::{SiteFrame, SitePos};
use crate::model::{FootSurvey, Layer, OpenScenario, TileHeights};
use crate::sources::{
    Cause, Problem,
    remote::{on_own_thread, resources_for},
    tiles3d::{DecodeRequest, Metadata, TileId, TileTree, read_tiles},
};
use crate::streaming::{ContentState, LoadWish, Selection, SelectionState};
use crate::view::{
    feature_rows::{FeatureRows, RowRange},
    scene::ShownScenario,
};
use bevy::{
    math::DVec3,
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task},
};
use std::collections::{BTreeMap, BTreeSet};

/// Where the tree is.
pub(super) enum Tree {
    /// On a server that is not asked before somebody wants to see it.
    Unasked,
    /// Being read.
    Opening(Task<Result<(TileTree, Vec<Problem>), Problem>>),
    /// Read.
    Open(Box<TileTree>),
    /// Cannot be had; the problem is told.
    Failed,
}

/// One content of a loaded tile.
pub(in crate::view) struct ResidentContent {
    /// Which of the tile's contents it is.
    pub(super) number: usize,
    /// Attributes; a row is a feature.
    pub(super) features: FeatureTable,
    /// Rows of the features and of one more for what has none.
    pub(in crate::view) rows: RowRange,
    /// Middle of each feature, site frame.
    pub(super) centers: Vec<DVec3>,
    /// What of it is drawn.
    pub(super) part: Part,
    /// One per render class, edges are their children; and one per piece of points and lines.
    pub(in crate::view) meshes: Vec<Entity>,
    pub(super) triangles: u64,
    /// Copies of models in its meshes.
    pub(super) instances: u64,
    pub(super) points: u64,
    /// What sizing the points needs.
    pub(super) marks: Vec<ResidentMarks>,
}

impl ResidentContent {
    /// Features that have a row of state, which those that are points of their own do not have.
    pub(super) fn stateful(&self) -> u32 {
        self.features.rows.min(self.rows.count.saturating_sub(1))
    }
}

/// A loaded tile.
#[derive(Default)]
pub(super) struct Resident {
    pub(super) contents: Vec<ResidentContent>,
    pub(super) triangles: u64,
    pub(super) instances: u64,
    pub(super) points: u64,
    pub(super) features: u64,
}

impl Resident {
    pub(super) fn add(&mut self, content: ResidentContent) {
        self.triangles += content.triangles;
        self.instances += content.instances;
        self.points += content.points;
        self.features += u64::from(content.features.rows);
        self.contents.push(content);
    }
}

/// One tile layer of the scenario.
pub(super) struct TileLayer {
    pub(super) id: String,
    pub(super) id_property: Option<String>,
    /// No register names its buildings, so those that a plan removes by place are told by their own footprints.
    pub(super) is_unregistered: bool,
    pub(super) site: SiteFrame,
    /// Added to every height of the file, metres.
    pub(super) height_offset_m: f64,
    /// What the heights of its files are: as chosen, else as the scenario says.
    pub(super) heights: TileHeights,
    /// Whether they are as chosen.
    pub(super) are_heights_chosen: bool,
    /// Where its things stand.
    pub(super) survey: FootSurvey,
    pub(super) tree: Tree,
    pub(super) state: SelectionState,
    pub(super) selection: Option<Selection>,
    /// Whether all that further cameras see is there.
    pub(super) is_further_complete: bool,
    /// Tiles drawn now.
    pub(super) shown: BTreeSet<TileId>,
    /// Tiles drawn in part, with the tiles in whose volumes: feature by feature, by the middle of each. What belongs
    /// to no feature (a terrain, a photo mesh) has no row to hide and is drawn whole, so beside the children that
    /// did come it shows twice. That is the lesser evil: hiding it would leave a hole where the failed child is.
    pub(super) stand_ins: BTreeMap<TileId, BTreeSet<TileId>>,
    pub(super) resident: BTreeMap<TileId, Resident>,
    /// Number of the layer that is drawn until everything in view of this one is there; this one is not drawn before.
    pub(super) successor_of: Option<u32>,
    /// Tiles that may be had later.
    pub(super) retries: Retries,
}

impl TileLayer {
    /// A layer of `open` whose tree is not read yet, with the heights that a person `chose`.
    pub(super) fn new(
        layer: &Layer,
        open: &OpenScenario,
        chosen: Option<TileHeights>,
        successor_of: Option<u32>,
    ) -> Self {
        Self {
            id: layer.id.clone(),
            id_property: layer.id_property.clone(),
            is_unregistered: layer.register.is_none() || layer.id_property.is_none(),
            site: open.scenario.area.site,
            height_offset_m: 0.0,
            heights: chosen.unwrap_or_else(|| layer.tile_heights()),
            are_heights_chosen: chosen.is_some(),
            survey: FootSurvey::default(),
            tree: Tree::Unasked,
            state: SelectionState::default(),
            selection: None,
            is_further_complete: true,
            shown: BTreeSet::new(),
            stand_ins: BTreeMap::new(),
            resident: BTreeMap::new(),
            successor_of,
            retries: Retries::default(),
        }
    }

    /// Reads the tree, as the layer of `open` says, off the main thread.
    pub(super) fn read(&mut self, layer: &Layer, open: &OpenScenario) {
        let pool = AsyncComputeTaskPool::get();
        let path = layer.path.clone();
        let is_placed = !matches!(open.scenario.area.site, SiteFrame::Local);
        let task = match resources_for(&open.resources, &layer.path) {
            Err(error) => pool.spawn(async move { Err(error.problem(path, "")) }),
            Ok((resources, path)) if resources.remote().is_some() => pool.spawn(async move {
                let shown = path.clone();
                // Not on a thread for tasks: a slow server would hold up everything else that is made there.
                let read = on_own_thread("read-tileset", move || read_tiles(resources, &path, is_placed)).await;
                let ended = "reading it ended without a result; close other programs and try again";
                read.unwrap_or_else(|| Err(Problem::error(shown, "", ended).because(Cause::Machine)))
            }),
            Ok((resources, path)) => pool.spawn(async move { read_tiles(resources, &path, is_placed) }),
        };
        self.tree = Tree::Opening(task);
    }

    /// A site position in the tileset's root frame.
    pub(super) fn root_from_site(&self, is_geocentric: bool, p: SitePos) -> Option<DVec3> {
        root_from_site(&self.site, is_geocentric, self.height_offset_m, p)
    }

    /// What to decode for a tile.
    pub(super) fn wish(&self, number: u32, tree: &TileTree, id: TileId) -> LoadWish {
        let requests = tree.tiles.get(id.0 as usize).map_or_else(Vec::new, |tile| {
            tile.contents
                .iter()
                .map(|path| DecodeRequest {
                    resources: tree.resources.clone(),
                    path: path.clone(),
                    root_from_tile: tile.root_from_tile,
                    is_geocentric: tree.is_geocentric,
                    site: self.site,
                    volume: Some(tile.bounding_volume),
                    gltf_up_axis: tree.gltf_up_axis,
                    height_offset_m: self.height_offset_m,
                })
                .collect()
        });
        LoadWish {
            layer: number,
            tile: id,
            requests,
        }
    }

    /// What the tileset says of a content and its tile, but not of the features in it.
    pub(super) fn metadata(&self, tile: TileId, number: usize) -> Vec<(String, Value)> {
        let Tree::Open(tree) = &self.tree else {
            return Vec::new();
        };
        let said = tree.metadata.of_content(tile, number).flat_map(Metadata::attributes);
        said.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Whether a plan removes what stands here for its place.
    pub(super) fn is_cleared_at(&self, center: DVec3, scenario: &ShownScenario) -> bool {
        self.is_unregistered && scenario.is_cleared(center.truncate())
    }

    /// Shows and hides meshes as the selection says.
    pub(super) fn follow_selection(
        &mut self,
        rows: &mut FeatureRows,
        scenario: &ShownScenario,
        visibilities: &mut Query<&mut Visibility>,
        commands: &mut Commands,
    ) {
        let Some(selection) = &self.selection else {
            return;
        };
        let mut parts: BTreeMap<TileId, BTreeSet<TileId>> = BTreeMap::new();
        for stand_in in &selection.stand_ins {
            parts.entry(stand_in.tile).or_default().insert(stand_in.area);
        }
        let now: BTreeSet<TileId> = selection.render.iter().chain(parts.keys()).copied().collect();
        let mut show = |resident: &Resident, visibility: Visibility| {
            for entity in resident.contents.iter().flat_map(|content| &content.meshes) {
                // What was spawned in this very frame is not in the world yet: then the command does it.
                match visibilities.get_mut(*entity) {
                    Ok(mut old) => {
                        old.set_if_neq(visibility);
                    }
                    Err(_) => {
                        commands.entity(*entity).try_insert(visibility);
                    }
                }
            }
        };
        for tile in self.shown.difference(&now) {
            if let Some(resident) = self.resident.get(tile) {
                show(resident, Visibility::Hidden);
            }
        }
        for tile in &now {
            if let Some(resident) = self.resident.get(tile) {
                show(resident, Visibility::Inherited);
            }
        }
        let changed: BTreeSet<TileId> = parts
            .iter()
            .filter(|(tile, areas)| self.stand_ins.get(tile) != Some(areas))
            .map(|(tile, _)| *tile)
            .chain(self.stand_ins.keys().filter(|tile| !parts.contains_key(tile)).copied())
            .collect();
        self.shown = now;
        self.stand_ins = parts;
        for tile in changed {
            self.show_part(tile, rows, scenario);
        }
    }

    /// Hides and shows the features of a tile as it is drawn in part or in whole.
    fn show_part(&mut self, tile: TileId, rows: &mut FeatureRows, scenario: &ShownScenario) {
        let Tree::Open(tree) = &self.tree else { return };
        let volume = |area: TileId| tree.tiles.get(area.0 as usize).map(|tile| tile.bounding_volume);
        let removed = scenario.removed();
        let is_unregistered = self.is_unregistered;
        for content in self.resident.get_mut(&tile).into_iter().flat_map(|r| &mut r.contents) {
            match self.stand_ins.get(&tile) {
                Some(areas) => content.part.show(areas, volume),
                None => content.part.show_whole(),
            }
            set_hidden(rows, content, self.id_property.as_deref(), removed, |p| {
                is_unregistered && scenario.is_cleared(p.truncate())
            });
        }
    }

    /// There is no room on the graphics card for the features of a content.
    pub(super) fn too_many_features(&self, tile: TileId, number: usize) -> Problem {
        let path = match &self.tree {
            Tree::Open(tree) => (tree.tiles.get(tile.0 as usize)).and_then(|tile| tile.contents.get(number)),
            _ => None,
        };
        let message = "there are more features in view than this program can hold; move closer";
        Problem::error(path.unwrap_or(&self.id).clone(), "", message).because(Cause::Machine)
    }

    /// Whether nothing is missing in the view of a camera that sees it.
    pub(super) fn is_all_there(&self) -> bool {
        self.selection.as_ref().is_some_and(|selection| selection.complete)
    }

    /// Gives everything up. What is listed of it is to be taken from [`Self::retries`] before.
    pub(super) fn discard(self, commands: &mut Commands, rows: &mut FeatureRows) {
        for content in self.resident.into_values().flat_map(|resident| resident.contents) {
            rows.free(content.rows);
            for entity in content.meshes {
                commands.entity(entity).try_despawn();
            }
        }
    }

    /// Lets subtrees and external tilesets that could not be read be asked for anew.
    pub(super) fn await_failed_subtrees(&mut self) {
        let Tree::Open(tree) = &self.tree else { return };
        let tiles = (0..).map(TileId).take(tree.tiles.len());
        let awaited = tiles.filter(|tile| tree.is_subtree_awaited(*tile));
        let failed: Vec<TileId> = awaited
            .filter(|tile| self.state.content(*tile) == ContentState::Failed)
            .collect();
        for tile in failed {
            self.state.set_content(tile, ContentState::Unloaded);
        }
    }

    /// Gives a loaded tile up.
    pub(super) fn evict(&mut self, tile: TileId, commands: &mut Commands, rows: &mut FeatureRows) {
        self.state.set_content(tile, ContentState::Unloaded);
        self.retries.forget(tile);
        self.shown.remove(&tile);
        let Some(resident) = self.resident.remove(&tile) else {
            return;
        };
        for content in resident.contents {
            rows.free(content.rows);
            for entity in content.meshes {
                commands.entity(entity).try_despawn();
            }
        }
    }
}

/// A site position in the root frame of a tileset to whose heights `height_offset_m` is added.
pub(super) fn root_from_site(site: &SiteFrame, is_geocentric: bool, height_offset_m: f64, p: SitePos) -> Option<DVec3> {
    let p = SitePos(p.0 - DVec3::Z * height_offset_m);
    if is_geocentric {
        site.ecef_from_site(p).ok().map(|ecef| ecef.0)
    } else {
        Some(p.0)
    }
}

/// An id as text; numbers are ids too.
pub(crate) fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What must be added to heights that a file calls ellipsoidal and that are NAP; 0 outside the Netherlands.
pub(super) fn ellipsoid_above_nap_m(site: &SiteFrame) -> f64 {
    let zero = SitePos(DVec3::ZERO);
    match (site.lon_lat_h_from_site(zero), site.rd_nap_from_site(zero)) {
        (Ok(geographic), Some(rd)) => geographic.h_m - rd.nap_m,
        _ => 0.0,
    }
}
