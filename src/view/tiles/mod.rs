//! 3D Tiles on the table: trees read off the main thread, tiles selected every frame, decoded and made ready
//! to draw by workers and uploaded within a budget, one entity per tile and render class.

mod heights;
mod hidden;
mod keep;
mod layer;
mod marks;
mod part;
mod prepare;
mod replace;
mod retry;
mod select;
mod stats;
mod subtrees;
mod textures;
mod upload;

pub use crate::sources::remote::{KeepProgress, KeepState};
pub use heights::{HeightsOfTiles, PlaceTiles};
pub use keep::{KeepLayer, KeepOffline, OfflineKeeping};
pub(crate) use layer::id_text;
pub(in crate::view) use marks::MarkAssets;
pub use retry::RetryTiles;
use retry::Room;
pub use stats::TileStats;
pub(in crate::view) use upload::Uploader;

use super::{
    feature_material::{PaperMaterial, SharedPaper},
    feature_rows::FeatureRows,
    ground::{FootSamples, GroundHeights},
    prepared::SpawnBudget,
    ray_cast::PickOwner,
    scene::{ScenarioShown, ShownScenario, ViewProblems},
};
use crate::geometry::{FeatureTable, Value};
use crate::model::{Layer, LayerKind, OpenScenario, TileHeights};
use crate::schedule::FrameSystems;
use crate::sources::{Problem, resource::is_url};
use crate::streaming::{Ceiling, ContentState, LoadedTile, Residency, SelectionSettings, TileKey, TileLoader, View};
use bevy::{
    prelude::*,
    tasks::{block_on, poll_once},
};
use hidden::set_hidden;
use layer::{Resident, ResidentContent, TileLayer, Tree};
use prepare::Preparer;
pub(in crate::view) use prepare::{PreparedContent, prepare_whole};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use subtrees::SubtreeKeeper;
use textures::SharedTextureSupport;

/// Problems listed; one broken data set must not fill the memory with sentences.
const MOST_PROBLEMS: usize = 2000;

/// How tiles are loaded.
#[derive(Resource, Debug, Clone, Copy, PartialEq)]
pub struct TileSettings {
    /// When to refine.
    pub selection: SelectionSettings,
    /// Soft limit of what loaded tiles hold, bytes.
    pub resident_bytes: u64,
    /// What they never hold more than, bytes: where a view needs more it is drawn coarser.
    pub ceiling_bytes: u64,
}

impl Default for TileSettings {
    fn default() -> Self {
        Self {
            selection: SelectionSettings::default(),
            resident_bytes: 768 << 20,
            ceiling_bytes: 1 << 30,
        }
    }
}

/// A large tile, bytes in memory, until larger ones come.
const USUAL_TILE_BYTES: u64 = 16 << 20;
/// What the smallest tile takes of a frame's budget: 32 of them enter the world in one frame.
const LEAST_COST_BYTES: u64 = 128 << 10;

/// All tile layers of the scenario, by number.
#[derive(Resource)]
pub(crate) struct TileLayers {
    layers: BTreeMap<u32, TileLayer>,
    next_number: u32,
    loader: TileLoader<PreparedContent>,
    residency: Residency,
    ceiling: Ceiling,
    /// Where the views stood in the last frame, per layer: coarser pictures grow finer when they move on.
    last_views: Vec<(u32, Vec<View>)>,
    /// Decoded and waiting to be uploaded.
    waiting: VecDeque<LoadedTile<PreparedContent>>,
    subtrees: SubtreeKeeper,
}

impl FromWorld for TileLayers {
    fn from_world(world: &mut World) -> Self {
        let support = world.get_resource_or_init::<SharedTextureSupport>().clone();
        Self {
            layers: BTreeMap::new(),
            next_number: 0,
            loader: TileLoader::on_spare_cores(Arc::new(Preparer { support })),
            residency: Residency::new(TileSettings::default().resident_bytes),
            ceiling: Ceiling::new(TileSettings::default().ceiling_bytes, USUAL_TILE_BYTES),
            last_views: Vec::new(),
            waiting: VecDeque::new(),
            subtrees: SubtreeKeeper::default(),
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
    /// What the tileset says of its content and tile.
    pub(crate) metadata: Vec<(String, Value)>,
}

impl TileLayers {
    /// Starts to read a layer of `open`, with the heights that a person `chose`; while it comes the layer with the number
    /// `successor_of` is drawn.
    fn open(&mut self, layer: &Layer, open: &OpenScenario, chosen: Option<TileHeights>, successor_of: Option<u32>) {
        let number = self.next_number;
        self.next_number = self.next_number.wrapping_add(1);
        let mut new = TileLayer::new(layer, open, chosen, successor_of);
        // A server is asked once somebody wants to see it.
        if !is_url(&layer.path) {
            new.read(layer, open);
        }
        self.layers.insert(number, new);
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
            metadata: layer.metadata(*tile, content.number),
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
    app.add_plugins(textures::plugin)
        .init_resource::<TileLayers>()
        .init_resource::<TileStats>()
        .init_resource::<TileSettings>()
        .init_resource::<OfflineKeeping>()
        .init_resource::<HeightsOfTiles>()
        .add_message::<RetryTiles>()
        .add_message::<KeepOffline>()
        .add_message::<PlaceTiles>()
        .add_systems(
            Update,
            (
                (take_trees, upload_tiles).chain().in_set(FrameSystems::Ingest),
                (
                    open_layers,
                    replace::start_replacing,
                    heights::place_tiles,
                    retry::ask_servers,
                    retry::retry_failed,
                    keep::keep_offline,
                    hidden::hide_removed,
                )
                    .chain()
                    .in_set(FrameSystems::Derive),
                select::select_tiles.in_set(FrameSystems::Select),
                stats::count_tiles.in_set(FrameSystems::Present),
            ),
        );
}

fn open_layers(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    mut heights: ResMut<HeightsOfTiles>,
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
        tiles.subtrees.forget_layer(number, Vec::new());
        tiles.residency.remove_layer(number);
        for content in layer.resident.into_values().flat_map(|resident| resident.contents) {
            rows.free(content.rows);
        }
    }
    // The list starts anew, so none of their lines has to go from it.
    drop(tiles.subtrees.take_mended(&BTreeMap::new()));
    tiles.waiting.clear();
    heights.begin();
    *stats = TileStats::default();
    for layer in &scenario.open.scenario.layers {
        if layer.kind != LayerKind::Tiles3d {
            continue;
        }
        tiles.open(layer, &scenario.open, heights.chosen(&layer.id), None);
    }
}

fn take_trees(mut tiles: ResMut<TileLayers>, mut problems: ResMut<ViewProblems>, mut stats: ResMut<TileStats>) {
    let TileLayers { layers, subtrees, .. } = tiles.bypass_change_detection();
    for (is_missing, problem) in subtrees.attach(layers) {
        // What was taken out and comes again says the same once more.
        if problems.0.len() < MOST_PROBLEMS && !problems.0.contains(&problem) {
            if is_missing {
                stats.failed.push((problem.path.clone(), problem.message.clone()));
            }
            problems.0.push(problem);
        }
    }
    retry::remove_lines(&subtrees.take_mended(layers), &mut problems, &mut stats);
    for layer in layers.values_mut() {
        let Tree::Opening(task) = &mut layer.tree else {
            continue;
        };
        match block_on(poll_once(task)) {
            None => {}
            Some(Ok((tree, found))) => {
                layer.height_offset_m = heights::offset_m(layer.heights, tree.is_geocentric, &layer.site);
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

#[expect(
    clippy::too_many_lines,
    reason = "one tile after the other, each with all that the world has to hand it"
)]
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
    mut heights: ResMut<HeightsOfTiles>,
    mut tiles: ResMut<TileLayers>,
) {
    let (Some(paper), Some(scenario)) = (paper, scenario) else {
        return;
    };
    let TileLayers {
        layers,
        loader,
        residency,
        ceiling,
        waiting,
        subtrees,
        ..
    } = tiles.bypass_change_detection();
    let removed = scenario.removed();
    let leaving: Vec<u32> = layers.values().filter_map(|layer| layer.successor_of).collect();
    waiting.extend(loader.take_finished());
    subtrees.drop_unseen(
        layers,
        |key| {
            waiting
                .iter()
                .any(|loaded| (loaded.layer, loaded.tile) == (key.layer, key.tile))
        },
        |layer, key| {
            residency.remove(key);
            loader.forget(key);
            layer.evict(key.tile, &mut commands, &mut rows);
        },
    );
    while let Some(bytes) = waiting.front().map(cost_bytes) {
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
        let (mut failures, mut rows_wanted) = (Vec::new(), 0);
        for (number, result) in loaded.results.into_iter().enumerate() {
            match result {
                Ok(mut content) => {
                    stats.bytes_read += content.bytes_read;
                    if problems.0.len() < MOST_PROBLEMS {
                        problems.0.append(&mut content.problems);
                    }
                    layer.survey(tile, &content.samples, &ground);
                    let rows_of_content = content.stateful.saturating_add(1);
                    let mut uploader = Uploader {
                        commands: &mut commands,
                        paper: &paper,
                        rows: &mut rows,
                        meshes: &mut meshes,
                        images: &mut images,
                        materials: &mut materials,
                        marks: &mut marks,
                        // What is about to go must not hold the guessed ground down.
                        samples: (!ground.is_measured && !leaving.contains(&loaded.layer)).then_some(&mut *samples),
                    };
                    let owner = PickOwner::Tile {
                        layer: loaded.layer,
                        tile,
                    };
                    if let Some(content) = uploader.upload(content, &owner) {
                        resident.add(ResidentContent { number, ..content });
                    } else {
                        rows_wanted = rows_of_content.max(rows_wanted);
                        failures.push(layer.too_many_features(tile, number));
                    }
                }
                Err(problem) => failures.push(problem),
            }
        }
        // Where there were no rows for any of it, something else stands in.
        let is_nothing = rows_wanted > 0 && resident.contents.is_empty();
        let outcome = if is_nothing { ContentState::Failed } else { outcome };
        layer.state.set_content(tile, outcome);
        let room = MOST_PROBLEMS.saturating_sub(problems.0.len());
        for problem in layer.retries.note(tile, failures, loaded.retry_after, room) {
            list_failure(problem, &mut problems, &mut stats);
        }
        let rows_wanted = (rows_wanted > 0).then_some(Room::Rows(rows_wanted));
        if let Some(room) = rows_wanted.or(loaded.refused_bytes.map(Room::Bytes)) {
            layer.retries.await_room(tile, room);
        }
        if outcome != ContentState::Ready {
            continue;
        }
        if let Tree::Open(tree) = &layer.tree {
            ceiling.loaded(bytes_resident);
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
            set_hidden(&mut rows, content, layer.id_property.as_deref(), removed, |p| {
                layer.is_cleared_at(p, &scenario)
            });
        }
        layer.resident.insert(tile, resident);
        layer.judge_heights(&mut heights, &mut problems.0);
    }
    retry::take_lines_away(layers, &mut problems, &mut stats);
}

/// Lists that something cannot be had. What was taken out and comes again says the same once more, and is listed once.
fn list_failure(problem: Problem, problems: &mut ViewProblems, stats: &mut TileStats) {
    if !problems.0.contains(&problem) {
        stats.failed.push((problem.path.clone(), problem.message.clone()));
        problems.0.push(problem);
    }
}

/// What a tile takes of a frame: the bytes that go to the graphics card, of a small one what its entities cost.
fn cost_bytes(loaded: &LoadedTile<PreparedContent>) -> u64 {
    let contents = loaded.results.iter().flatten();
    let drawn: u64 = contents.map(|content| content.bytes_drawn).sum();
    drawn.max(LEAST_COST_BYTES)
}
