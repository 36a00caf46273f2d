//! 3D Tiles on the table: trees read off the main thread, tiles selected every frame, decoded and made ready
//! to draw by workers and uploaded within a budget, one entity per tile and render class.

mod layer;
mod marks;
mod prepare;
mod replace;
mod stats;
mod upload;

pub(crate) use layer::id_text;
pub(in crate::view) use marks::MarkAssets;
pub use stats::TileStats;
pub(in crate::view) use upload::Uploader;

use super::{
    feature_material::{PaperMaterial, SharedPaper},
    feature_rows::FeatureRows,
    ground::{FootSamples, GroundHeights},
    prepared::SpawnBudget,
    ray_cast::PickOwner,
    scene::{ScenarioShown, ShownScenario, VariantShown, ViewProblems},
    site_view::SiteView,
};
use crate::geometry::FeatureTable;
use crate::georef::HeightReference;
use crate::model::{Layer, LayerKind, OpenScenario};
use crate::schedule::FrameSystems;
use crate::sources::{Problem, tiles3d::TileId};
use crate::streaming::{ContentState, LoadWish, LoadedTile, Residency, SelectionSettings, TileKey, TileLoader, select};
use bevy::{
    math::DVec3,
    prelude::*,
    tasks::{block_on, poll_once},
};
use layer::{Resident, ResidentContent, TileLayer, Tree, ellipsoid_above_nap_m};
use prepare::prepare;
pub(in crate::view) use prepare::{PreparedContent, prepare_whole};
use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::Arc,
};

/// How tiles are loaded.
#[derive(Resource, Debug, Clone, Copy, PartialEq)]
pub struct TileSettings {
    /// When to refine.
    pub selection: SelectionSettings,
    /// Soft limit of what loaded tiles hold, bytes.
    pub resident_bytes: u64,
}

impl Default for TileSettings {
    fn default() -> Self {
        Self {
            selection: SelectionSettings::default(),
            resident_bytes: 768 << 20,
        }
    }
}

/// All tile layers of the scenario, by number.
#[derive(Resource)]
pub(crate) struct TileLayers {
    layers: BTreeMap<u32, TileLayer>,
    next_number: u32,
    loader: TileLoader<PreparedContent>,
    residency: Residency,
    /// Decoded and waiting to be uploaded.
    waiting: VecDeque<LoadedTile<PreparedContent>>,
}

impl Default for TileLayers {
    fn default() -> Self {
        Self {
            layers: BTreeMap::new(),
            next_number: 0,
            loader: TileLoader::on_spare_cores(Arc::new(prepare)),
            residency: Residency::new(TileSettings::default().resident_bytes),
            waiting: VecDeque::new(),
        }
    }
}

/// A feature of a loaded tile.
pub(crate) struct FoundFeature<'a> {
    /// Layer id in the scenario.
    pub(crate) layer: &'a str,
    pub(crate) table: &'a FeatureTable,
    /// Value of the layer's id property.
    pub(crate) id: Option<String>,
}

impl TileLayers {
    /// Starts to read a layer of `open`; while it comes the layer with the number `successor_of` is drawn.
    fn open(&mut self, layer: &Layer, open: &OpenScenario, successor_of: Option<u32>) {
        let number = self.next_number;
        self.next_number = self.next_number.wrapping_add(1);
        self.layers
            .insert(number, TileLayer::reading(layer, open, successor_of));
    }

    /// The feature of a picked mesh.
    pub(crate) fn feature(&self, owner: &PickOwner, first_row: u32, feature: u32) -> Option<FoundFeature<'_>> {
        let PickOwner::Tile { layer, tile } = owner else {
            return None;
        };
        let layer = self.layers.get(layer)?;
        let content = layer
            .resident
            .get(tile)?
            .contents
            .iter()
            .find(|content| content.rows.first == first_row)?;
        Some(FoundFeature {
            layer: &layer.id,
            table: &content.features,
            id: layer
                .id_property
                .as_ref()
                .and_then(|name| content.features.value(feature, name))
                .and_then(|value| id_text(&value)),
        })
    }

    /// The meshes that show the feature with this id in a tile drawn now, and its number.
    pub(crate) fn find(&self, layer: &str, id: &str) -> Option<(Entity, u32)> {
        let layer = self.layers.values().find(|l| l.id == layer)?;
        let name = layer.id_property.as_ref()?;
        layer
            .shown
            .iter()
            .filter_map(|tile| layer.resident.get(tile))
            .find_map(|resident| {
                resident.contents.iter().find_map(|content| {
                    let row = (0..content.stateful()).find(|row| {
                        content
                            .features
                            .value(*row, name)
                            .and_then(|value| id_text(&value))
                            .is_some_and(|text| text == id)
                    })?;
                    content.meshes.first().map(|entity| (*entity, row))
                })
            })
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.add_plugins((marks::plugin, stream));
}

/// All of it that needs no graphics.
fn stream(app: &mut App) {
    app.init_resource::<TileLayers>()
        .init_resource::<TileStats>()
        .init_resource::<TileSettings>()
        .add_systems(
            Update,
            (
                (take_trees, upload_tiles).chain().in_set(FrameSystems::Ingest),
                (open_layers, replace::start_replacing, hide_removed)
                    .chain()
                    .in_set(FrameSystems::Derive),
                select_tiles.in_set(FrameSystems::Select),
                stats::count_tiles.in_set(FrameSystems::Present),
            ),
        );
}

fn open_layers(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    mut rows: ResMut<FeatureRows>,
    mut tiles: ResMut<TileLayers>,
    mut stats: ResMut<TileStats>,
) {
    let (Some(_), Some(scenario)) = (shown.read().last(), scenario) else {
        return;
    };
    // The entities went with the scenario before; here go the records.
    for (number, layer) in std::mem::take(&mut tiles.layers) {
        tiles.loader.forget_layer(number);
        tiles.residency.remove_layer(number);
        for content in layer.resident.into_values().flat_map(|resident| resident.contents) {
            rows.free(content.rows);
        }
    }
    tiles.waiting.clear();
    *stats = TileStats::default();
    for layer in &scenario.open.scenario.layers {
        if layer.kind != LayerKind::Tiles3d {
            continue;
        }
        tiles.open(layer, &scenario.open, None);
    }
}

fn take_trees(mut tiles: ResMut<TileLayers>, mut problems: ResMut<ViewProblems>, mut stats: ResMut<TileStats>) {
    for layer in tiles.bypass_change_detection().layers.values_mut() {
        let Tree::Opening(task) = &mut layer.tree else {
            continue;
        };
        match block_on(poll_once(task)) {
            None => {}
            Some(Ok((tree, found))) => {
                if tree.is_geocentric && layer.height_reference == HeightReference::Nap {
                    layer.height_offset_m = ellipsoid_above_nap_m(&layer.site);
                }
                problems.0.extend(found);
                layer.tree = Tree::Open(Box::new(tree));
            }
            Some(Err(problem)) => {
                stats.failed.push((problem.path.clone(), problem.message.clone()));
                problems.0.push(problem);
                layer.tree = Tree::Failed;
            }
        }
    }
}

fn upload_tiles(
    mut commands: Commands,
    paper: Option<Res<SharedPaper>>,
    scenario: Option<Res<ShownScenario>>,
    ground: Res<GroundHeights>,
    mut samples: ResMut<FootSamples>,
    mut rows: ResMut<FeatureRows>,
    mut budget: ResMut<SpawnBudget>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<PaperMaterial>>,
    mut marks: MarkAssets,
    mut problems: ResMut<ViewProblems>,
    mut stats: ResMut<TileStats>,
    mut tiles: ResMut<TileLayers>,
) {
    /// Problems listed; one broken data set must not fill the memory with sentences.
    const MOST_PROBLEMS: usize = 2000;
    let (Some(paper), Some(scenario)) = (paper, scenario) else {
        return;
    };
    let TileLayers {
        layers,
        loader,
        residency,
        waiting,
        ..
    } = tiles.bypass_change_detection();
    let removed = scenario.removed().clone();
    waiting.extend(loader.take_finished());
    while let Some(bytes) = waiting.front().map(bytes_drawn) {
        if !budget.admits(bytes) {
            break;
        }
        let Some(loaded) = waiting.pop_front() else {
            break;
        };
        let Some(layer) = layers.get_mut(&loaded.layer) else {
            continue;
        };
        let outcome = loaded.state();
        let bytes_resident = loaded.bytes_resident();
        let tile = loaded.tile;
        let mut resident = Resident::default();
        stats.tiles_loaded += 1;
        for result in loaded.results {
            match result {
                Ok(mut content) => {
                    stats.bytes_read += content.bytes_read;
                    if problems.0.len() < MOST_PROBLEMS {
                        problems.0.append(&mut content.problems);
                    }
                    let mut uploader = Uploader {
                        commands: &mut commands,
                        paper: &paper,
                        rows: &mut rows,
                        meshes: &mut meshes,
                        images: &mut images,
                        materials: &mut materials,
                        marks: &mut marks,
                        samples: (!ground.is_measured).then_some(&mut *samples),
                    };
                    match uploader.upload(
                        content,
                        &PickOwner::Tile {
                            layer: loaded.layer,
                            tile,
                        },
                    ) {
                        Some(content) => resident.add(content),
                        None => problems.0.push(Problem::error(
                            layer.id.clone(),
                            format!("tile {}", tile.0),
                            "there are more features in view than this program can hold; move closer",
                        )),
                    }
                }
                Err(problem) => {
                    if problems.0.len() < MOST_PROBLEMS {
                        stats.failed.push((problem.path.clone(), problem.message.clone()));
                        problems.0.push(problem);
                    }
                }
            }
        }
        layer.state.set_content(tile, outcome);
        if outcome != ContentState::Ready {
            continue;
        }
        if let Tree::Open(tree) = &layer.tree {
            residency.insert(
                TileKey {
                    layer: loaded.layer,
                    tile,
                },
                tree,
                bytes_resident,
            );
        }
        for content in &resident.contents {
            set_hidden(&mut rows, content, layer.id_property.as_deref(), &removed, |p| {
                layer.is_drawn_at(tile, p, &scenario)
            });
        }
        layer.resident.insert(tile, resident);
    }
}

/// Bytes of a tile that go to the graphics card.
fn bytes_drawn(loaded: &LoadedTile<PreparedContent>) -> u64 {
    let contents = loaded.results.iter().flatten();
    contents.map(|content| content.bytes_drawn).sum()
}

/// Hides what the variant removes by id and what is not drawn where it stands.
fn set_hidden(
    rows: &mut FeatureRows,
    content: &ResidentContent,
    id_property: Option<&str>,
    removed: &HashSet<String>,
    is_drawn_at: impl Fn(DVec3) -> bool,
) {
    let ids = id_property.filter(|_| !removed.is_empty());
    for row in 0..content.stateful() {
        let is_removed = ids
            .and_then(|name| content.features.value(row, name))
            .and_then(|value| id_text(&value))
            .is_some_and(|id| removed.contains(&id));
        let is_absent = content
            .centers
            .get(row as usize)
            .is_some_and(|center| !is_drawn_at(*center));
        rows.set_hidden(content.rows, row, is_removed || is_absent);
    }
}

fn hide_removed(
    mut switched: MessageReader<VariantShown>,
    scenario: Option<Res<ShownScenario>>,
    mut rows: ResMut<FeatureRows>,
    tiles: Res<TileLayers>,
) {
    let (Some(_), Some(scenario)) = (switched.read().last(), scenario) else {
        return;
    };
    let removed = scenario.removed().clone();
    for layer in tiles.layers.values() {
        for (tile, resident) in &layer.resident {
            for content in &resident.contents {
                set_hidden(&mut rows, content, layer.id_property.as_deref(), &removed, |p| {
                    layer.is_drawn_at(*tile, p, &scenario)
                });
            }
        }
    }
}

fn select_tiles(
    mut commands: Commands,
    view: Res<SiteView>,
    settings: Res<TileSettings>,
    scenario: Option<Res<ShownScenario>>,
    mut rows: ResMut<FeatureRows>,
    mut tiles: ResMut<TileLayers>,
    mut visibilities: Query<&mut Visibility>,
) {
    let Some(scenario) = scenario else {
        return;
    };
    let TileLayers {
        layers,
        loader,
        residency,
        waiting,
        ..
    } = tiles.bypass_change_detection();
    residency.set_budget_bytes(settings.resident_bytes);
    residency.begin_frame();
    let waiting: HashSet<(u32, TileId)> = waiting.iter().map(|loaded| (loaded.layer, loaded.tile)).collect();
    let mut wishes: Vec<LoadWish> = Vec::new();
    let admits_preload = residency.admits_preload();
    for (number, layer) in layers.iter_mut() {
        let Tree::Open(tree) = &layer.tree else {
            continue;
        };
        let views: Vec<_> = if scenario.is_layer_visible(&layer.id) {
            view.in_frame(|p| layer.root_from_site(tree.is_geocentric, p))
                .into_iter()
                .collect()
        } else {
            Vec::new()
        };
        let selection = select(tree, &views, &settings.selection, &mut layer.state);
        residency.touch(*number, &selection);
        let count = if admits_preload {
            selection.load.len()
        } else {
            selection.needed.min(selection.load.len())
        };
        let room = loader.queue_limit().saturating_sub(wishes.len());
        let wanted = selection.load[..count]
            .iter()
            .filter(|tile| !waiting.contains(&(*number, **tile)))
            .take(room);
        wishes.extend(wanted.map(|tile| layer.wish(*number, tree, *tile)));
        let is_new = layer.selection.as_ref() != Some(&selection);
        layer.selection = Some(selection);
        if is_new && layer.successor_of.is_none() {
            layer.follow_selection(&mut rows, &scenario, &mut visibilities, &mut commands);
        }
    }
    replace::finish_replacing(
        layers,
        &scenario,
        &mut visibilities,
        &mut commands,
        &mut rows,
        |number| {
            loader.forget_layer(number);
            residency.remove_layer(number);
        },
    );
    for key in loader.replace_queue(wishes) {
        if let Some(layer) = layers.get_mut(&key.layer)
            && layer.state.content(key.tile) == ContentState::Unloaded
        {
            layer.state.set_content(key.tile, ContentState::Loading);
        }
    }
    for key in residency.evict() {
        if let Some(layer) = layers.get_mut(&key.layer) {
            layer.evict(key.tile, &mut commands, &mut rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::feature_rows::RowRange;

    fn content(rows: &mut FeatureRows, centers: Vec<DVec3>) -> ResidentContent {
        let count = u32::try_from(centers.len()).unwrap();
        ResidentContent {
            features: FeatureTable {
                rows: count,
                ..FeatureTable::default()
            },
            rows: rows.allocate(count + 1).unwrap(),
            centers,
            meshes: Vec::new(),
            triangles: 0,
            points: 0,
            marks: Vec::new(),
        }
    }

    fn hidden(rows: &FeatureRows, range: RowRange) -> Vec<bool> {
        (0..range.count).map(|row| rows.is_hidden(range, row)).collect()
    }

    #[test]
    fn a_stand_in_shows_its_features_in_the_failed_area_and_all_that_has_no_feature() {
        let mut world = World::new();
        let mut rows = FeatureRows::from_world(&mut world);
        let nothing = HashSet::new();
        let in_area = |p: DVec3| p.x < 100.0;
        let houses = content(&mut rows, vec![DVec3::X * 50.0, DVec3::X * 150.0]);
        set_hidden(&mut rows, &houses, None, &nothing, in_area);
        assert_eq!(hidden(&rows, houses.rows), [false, true, false]);
        // The limit: a terrain in the same place cannot be cut, so no hole is left and the siblings show twice.
        let terrain = content(&mut rows, Vec::new());
        set_hidden(&mut rows, &terrain, None, &nothing, in_area);
        assert_eq!(hidden(&rows, terrain.rows), [false]);
    }
}
