//! Trees, street furniture and pins. One mesh per square of ground, with a feature row per thing, so that
//! removing, recolouring and picking are the same as for buildings.
//! Without a terrain they stand on the guessed ground.

mod forms;

use super::{
    feature_material::{PaperMesh, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    ground::{self, GroundHeights},
    palette::{self, Rgb},
    prepared::{Making, PreparedMesh, SpawnBudget},
    ray_cast::PickOwner,
    scene::{ScenarioShown, ShownScenario, Unfinished},
    standing::{OfMaking, Standing},
};
use crate::georef::{SitePos, narrow, render_axes};
use crate::model::{Asset, AssetKind, LayerKind, NewTree, OpenScenario, Report, ReportStage, Terrain};
use crate::schedule::FrameSystems;
use bevy::{
    light::NotShadowCaster,
    math::{DVec2, DVec3},
    prelude::*,
};
use forms::{PinHead, Stand, seed_of};
use std::{collections::BTreeMap, sync::Arc};

/// Side of the squares by which things are merged, metres.
const SQUARE_M: f64 = 150.0;

/// Which pins are shown; a lens asks for them.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShownPins {
    /// Public-space reports.
    pub reports: bool,
    /// Sensors.
    pub sensors: bool,
}

/// How managed objects and reports look, for a lens that shows their state; empty: as they are.
#[derive(Resource, Debug, Clone, Default, PartialEq)]
pub struct ObjectLooks {
    /// Colours of managed objects by their place in the scenario's list; `None` and beyond the end: their own.
    pub assets: Vec<Option<Rgb>>,
    /// Colours of reports by their place in the scenario's list.
    pub reports: Vec<Option<Rgb>>,
    /// Managed objects that the variant takes away stay in sight.
    pub keeps_removed: bool,
}

/// Whose things a mesh holds.
#[derive(Component, Clone)]
enum ObjectMesh {
    Assets(Arc<Vec<usize>>),
    /// Trees of the variant at this place.
    NewTrees(usize),
    Reports,
    Sensors,
}

struct Made {
    mesh: PreparedMesh,
    what: ObjectMesh,
    owner: PickOwner,
}

/// The rows of an object mesh.
#[derive(Component, Clone, Copy)]
struct Rows(RowRange);

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<ShownPins>()
        .init_resource::<ObjectLooks>()
        .init_resource::<Making<Made>>()
        .init_resource::<Standing<Made>>()
        .add_systems(
            Update,
            (
                take_made.in_set(FrameSystems::Ingest),
                // After the ground has learnt its heights.
                start_making.after(ground::start_grounds).in_set(FrameSystems::Derive),
                (show_objects, color_objects).in_set(FrameSystems::Present),
            ),
        );
}

/// Makes all of it when another scenario is shown, and anew when its ground is guessed otherwise.
fn start_making(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    heights: Res<GroundHeights>,
    mut rows: ResMut<FeatureRows>,
    mut standing: ResMut<Standing<Made>>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let is_new = shown.read().last().is_some();
    // Guesses of the ground follow each other: one is done before the next.
    let is_wanted = is_new || standing.is_outdated(&heights) && making.is_done();
    let Some(scenario) = scenario.filter(|_| is_wanted) else {
        return;
    };
    let terrain = standing.begin(is_new, &heights, &mut rows);
    unfinished.set("objects", true);
    let open = scenario.open.clone();
    making.start(move || make(&open, &terrain));
}

/// All things of a scenario, on a terrain.
fn make(open: &OpenScenario, terrain: &Terrain) -> Vec<Made> {
    let mut made = assets(terrain, &open.assets);
    for (place, variant) in open.scenario.variants.iter().enumerate() {
        made.extend(new_trees(terrain, place, &variant.trees));
    }
    let reports: Vec<Pin> = open.reports.iter().map(report_pin).collect();
    made.extend(pins(terrain, &reports, ObjectMesh::Reports, PickOwner::Reports));
    let sensors: Vec<Pin> = open
        .sensors
        .iter()
        .map(|sensor| (sensor.position, PinHead::Diamond, palette::SENSOR))
        .collect();
    made.extend(pins(terrain, &sensors, ObjectMesh::Sensors, PickOwner::Sensors));
    made
}

fn square(p: DVec2) -> Option<(i32, i32)> {
    #[expect(clippy::cast_possible_truncation, reason = "bounded on the line above")]
    let place = |metres: f64| (metres / SQUARE_M).floor() as i32;
    (p.is_finite() && p.length() < 1e7).then(|| (place(p.x), place(p.y)))
}

/// Origin of a square: its middle at the height of its ground.
fn origin_of((x, y): (i32, i32), terrain: &Terrain) -> SitePos {
    let middle = (DVec2::new(f64::from(x), f64::from(y)) + DVec2::splat(0.5)) * SQUARE_M;
    SitePos(middle.extend(terrain.height_at(middle)))
}

fn stand(origin: SitePos, p: DVec2, terrain: &Terrain, heading_deg: f64, feature: usize) -> Stand {
    let at = p.extend(terrain.height_at(p)) - origin.0;
    let [bearing_rad, ..] = narrow(DVec3::new(heading_deg.to_radians(), 0.0, 0.0));
    Stand {
        foot: Vec3::from_array(narrow(render_axes(at))),
        bearing_rad: if bearing_rad.is_finite() { bearing_rad } else { 0.0 },
        feature: u32::try_from(feature).unwrap_or(u32::MAX),
    }
}

fn count_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn assets(terrain: &Terrain, all: &[Asset]) -> Vec<Made> {
    let mut squares: BTreeMap<(i32, i32), Vec<usize>> = BTreeMap::new();
    for (index, asset) in all.iter().enumerate() {
        if let Some(square) = square(asset.position) {
            squares.entry(square).or_default().push(index);
        }
    }
    squares
        .into_iter()
        .map(|(square, indices)| {
            let origin = origin_of(square, terrain);
            let mut mesh = PaperMesh::default();
            for (feature, index) in indices.iter().enumerate() {
                let asset = &all[*index];
                let stand = stand(origin, asset.position, terrain, asset.heading_deg, feature);
                let [height, crown, _] = narrow(DVec3::new(asset.height_m, asset.crown_m, 0.0));
                match asset.kind {
                    AssetKind::Tree => forms::tree(&mut mesh, stand, height, crown, seed_of(&asset.id)),
                    AssetKind::Lamp => forms::lamp(&mut mesh, stand, height),
                    AssetKind::Bench => forms::bench(&mut mesh, stand),
                    AssetKind::Bin => forms::bin(&mut mesh, stand),
                    AssetKind::Manhole => forms::manhole(&mut mesh, stand),
                    AssetKind::Other => forms::other(&mut mesh, stand),
                }
            }
            let features = count_of(indices.len());
            let indices = Arc::new(indices);
            Made {
                mesh: PreparedMesh::new(origin, features, mesh),
                owner: PickOwner::Assets {
                    indices: indices.clone(),
                },
                what: ObjectMesh::Assets(indices),
            }
        })
        .collect()
}

fn new_trees(terrain: &Terrain, variant: usize, trees: &[NewTree]) -> Option<Made> {
    let first = trees.iter().find_map(|tree| square(tree.position))?;
    let origin = origin_of(first, terrain);
    let mut mesh = PaperMesh::default();
    for (feature, tree) in trees.iter().enumerate() {
        if square(tree.position).is_none() {
            continue;
        }
        let stand = stand(origin, tree.position, terrain, 0.0, feature);
        let [height, crown, _] = narrow(DVec3::new(tree.height_m, tree.crown_m, 0.0));
        forms::tree(&mut mesh, stand, height, crown, seed_of(&tree.id));
    }
    Some(Made {
        mesh: PreparedMesh::new(origin, count_of(trees.len()), mesh),
        what: ObjectMesh::NewTrees(variant),
        owner: PickOwner::NewTrees {
            ids: Arc::new(trees.iter().map(|tree| tree.id.clone()).collect()),
        },
    })
}

/// Where a pin stands, its head and its colour.
type Pin = (DVec2, PinHead, Rgb);

fn report_pin(report: &Report) -> Pin {
    let stage = report.stage();
    let head = match stage {
        ReportStage::Open => PinHead::Diamond,
        ReportStage::InHand => PinHead::Cube,
        ReportStage::Done => PinHead::Disc,
    };
    (report.position, head, palette::report(stage))
}

fn pins(terrain: &Terrain, places: &[Pin], what: ObjectMesh, owner: PickOwner) -> Option<Made> {
    let first = places.iter().find_map(|(place, ..)| square(*place))?;
    let origin = origin_of(first, terrain);
    let mut mesh = PaperMesh::default();
    for (feature, (place, head, color)) in places.iter().enumerate() {
        if square(*place).is_some() {
            forms::pin(&mut mesh, stand(origin, *place, terrain, 0.0, feature), *head, *color);
        }
    }
    Some(Made {
        mesh: PreparedMesh::new(origin, count_of(places.len()), mesh),
        what,
        owner,
    })
}

fn take_made(
    mut commands: Commands,
    paper: Option<Res<SharedPaper>>,
    drawn: Query<(Entity, &OfMaking), With<ObjectMesh>>,
    mut rows: ResMut<FeatureRows>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut budget: ResMut<SpawnBudget>,
    mut standing: ResMut<Standing<Made>>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let Some(paper) = paper.filter(|_| !making.is_done()) else {
        return;
    };
    while let Some(Made { mesh, what, owner }) = making.next(&mut budget, |made| made.mesh.bytes()) {
        let is_pin = matches!(what, ObjectMesh::Reports | ObjectMesh::Sensors);
        let spawned = mesh.spawn(&mut commands, &mut meshes, &mut rows, paper.solid.clone(), owner);
        if let Some((entity, range)) = spawned {
            commands
                .entity(entity)
                .insert((what, Rows(range), standing.mark(range)));
            if is_pin {
                commands.entity(entity).insert(NotShadowCaster);
            }
        }
    }
    if making.is_done() && standing.awaits() {
        let drawn = drawn.iter().map(|(entity, of)| (entity, *of));
        standing.take_over(drawn, &mut commands, &mut rows);
    }
    unfinished.set("objects", !making.is_done());
}

/// Shows what the layers, the variant, the phase and the lens ask for.
fn show_objects(
    scenario: Option<Res<ShownScenario>>,
    pins: Res<ShownPins>,
    looks: Res<ObjectLooks>,
    standing: Res<Standing<Made>>,
    added: Query<(), Added<ObjectMesh>>,
    mut rows: ResMut<FeatureRows>,
    mut objects: Query<(&ObjectMesh, &Rows, &OfMaking, &mut Visibility)>,
) {
    let Some(scenario) = scenario else {
        return;
    };
    let is_asked = scenario.is_changed() || pins.is_changed() || looks.is_changed() || standing.is_changed();
    if !is_asked && added.is_empty() {
        return;
    }
    let (removed, layers) = (scenario.removed_assets(), scenario.asset_visibility());
    for (what, range, of, mut visibility) in &mut objects {
        let is_asked_for = match what {
            ObjectMesh::Assets(indices) => {
                let mut is_any_visible = false;
                for (feature, index) in (0..).zip(indices.iter()) {
                    let is_visible = layers.shows(*index);
                    is_any_visible |= is_visible;
                    let is_removed = removed.contains(index);
                    rows.set_hidden(range.0, feature, !is_visible || is_removed && !looks.keeps_removed);
                }
                is_any_visible
            }
            ObjectMesh::NewTrees(place) => {
                let trees = scenario.open.scenario.variants.get(*place).map(|v| &v.trees);
                for (feature, tree) in (0..).zip(trees.into_iter().flatten()) {
                    rows.set_hidden(range.0, feature, !scenario.is_phase_shown(&tree.phase));
                }
                scenario.variant == Some(*place)
            }
            ObjectMesh::Reports => pins.reports && scenario.is_kind_visible(LayerKind::Reports),
            ObjectMesh::Sensors => pins.sensors && scenario.is_kind_visible(LayerKind::Sensors),
        };
        visibility.set_if_neq(if is_asked_for && standing.shows(*of) {
            Visibility::Inherited
        } else {
            Visibility::Hidden
        });
    }
}

fn color_objects(
    looks: Res<ObjectLooks>,
    added: Query<(), Added<ObjectMesh>>,
    objects: Query<(&ObjectMesh, &Rows)>,
    mut rows: ResMut<FeatureRows>,
) {
    if !looks.is_changed() && added.is_empty() {
        return;
    }
    for (what, range) in &objects {
        match what {
            ObjectMesh::Assets(indices) => {
                for (feature, index) in (0..).zip(indices.iter()) {
                    rows.set_color(range.0, feature, looks.assets.get(*index).copied().flatten());
                }
            }
            ObjectMesh::Reports => {
                for feature in 0..range.0.count {
                    rows.set_color(range.0, feature, looks.reports.get(feature as usize).copied().flatten());
                }
            }
            ObjectMesh::NewTrees(_) | ObjectMesh::Sensors => {}
        }
    }
}

#[cfg(test)]
mod tests;
