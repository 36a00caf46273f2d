//! The ground on the screen: which nodes are made, which are seen, and with what on them.

use super::{
    holes::Holes,
    is_large,
    making::Ground,
    node_store::{Dress, Life, Picture, Shape},
    picture::INNER_PX,
    select::{Detail, Photographed},
    work::{Job, Made, PictureKey, ShapeKey, is_asked, start_relief},
};
use crate::model::GroundPicture;
use crate::schedule::FrameSystems;
use crate::view::{
    feature_material::{PaperKey, PaperMaterial, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    further_views::SiteViews,
    ground::{self, GroundHeights, GroundHoles, Grounds, Part},
    prepared::SpawnBudget,
    scene::{ScenarioShown, ShownScenario, Unfinished, ViewProblems},
    tiles::{RetryTiles, TileSettings, TileStats},
};
use bevy::{
    light::NotShadowCaster,
    mesh::MeshTag,
    prelude::*,
    tasks::{block_on, poll_once},
};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// Most nodes that are drawn.
const MOST_NODES: usize = 200;
/// Heights may be so far off and texels so large for each pixel of error that tiles are allowed.
const TOLERANCE: f64 = 1.25 / 16.0;
/// Problems of pictures that are listed; a broken data set must not fill the memory with sentences.
const MOST_PROBLEMS: usize = 200;

/// What of the ground is drawn here, so that other ground steps aside.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::view) struct ReliefShown {
    /// The bare ground is.
    pub(in crate::view) is_there: bool,
    /// Imagery lies on all of it.
    pub(in crate::view) is_photographed: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<ReliefShown>()
        .init_resource::<Ground>()
        .add_systems(
            Update,
            (
                take_made.in_set(FrameSystems::Ingest),
                ask_again.in_set(FrameSystems::Derive),
                // After the ground has learnt its heights.
                build.after(ground::start_grounds).in_set(FrameSystems::Derive),
                show_relief.in_set(FrameSystems::Select),
            ),
        );
}

/// Layers of imagery that are visible, the first one on top.
fn visible_layers(scenario: &ShownScenario) -> Vec<Arc<dyn GroundPicture>> {
    let all = scenario.open.imagery.iter();
    all.filter(|layer| scenario.is_layer_visible(layer.layer()))
        .cloned()
        .collect()
}

/// Starts anew with a scenario, and makes the quadtree where it is wanted or the heights have changed.
fn build(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    heights: Res<GroundHeights>,
    mut ground: ResMut<Ground>,
) {
    let Some(scenario) = scenario else {
        return;
    };
    if shown.read().last().is_some() {
        // The entities went with the scenario before.
        *ground = Ground {
            rows: ground.rows,
            now: ground.now,
            ..Ground::default()
        };
    }
    let is_wanted = is_large(heights.terrain()) || !visible_layers(&scenario).is_empty();
    let is_current = ground
        .built_of
        .as_ref()
        .is_some_and(|of| Arc::ptr_eq(of, heights.terrain()));
    if is_wanted && !is_current && ground.building.is_none() {
        ground.built_of = Some(heights.terrain().clone());
        ground.building = Some(start_relief(
            scenario.open.clone(),
            heights.terrain().clone(),
            heights.is_measured,
        ));
    }
}

/// Asks servers anew for all that is seen of their pictures; what is drawn stays until that is there.
fn ask_again(
    mut wanted: MessageReader<RetryTiles>,
    scenario: Option<Res<ShownScenario>>,
    mut ground: ResMut<Ground>,
    mut problems: ResMut<ViewProblems>,
) {
    let (Some(_), Some(scenario)) = (wanted.read().last(), scenario) else {
        return;
    };
    let pictures = visible_layers(&scenario);
    if !is_asked(&pictures) {
        return;
    }
    for layer in &pictures {
        layer.try_again();
    }
    ground.asked_again += 1;
    let told = std::mem::take(&mut ground.told);
    problems.0.retain(|problem| !told.contains(problem));
}

fn take_made(
    mut commands: Commands,
    paper: Option<Res<SharedPaper>>,
    mut rows: ResMut<FeatureRows>,
    mut budget: ResMut<SpawnBudget>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<PaperMaterial>>,
    mut problems: ResMut<ViewProblems>,
    mut ground: ResMut<Ground>,
) {
    let ground = ground.bypass_change_detection();
    if let Some(relief) = ground.building.as_mut().and_then(|task| block_on(poll_once(task))) {
        ground.building = None;
        ground.take_relief(relief, &mut commands);
    }
    ground.take_finished();
    let Some(paper) = paper.filter(|_| !ground.made.is_empty()) else {
        return;
    };
    let Some(range) = ground.rows.or_else(|| rows.allocate(2)) else {
        return;
    };
    ground.rows = Some(range);
    rows.set_color(range, 1, Some([255; 3]));
    while ground.made.front().is_some_and(|made| budget.admits(made.bytes())) {
        let Some(made) = ground.made.pop_front() else {
            break;
        };
        let life = Life::new(made.bytes(), ground.now);
        match made {
            Made::Shape(key, origin, mesh) => {
                let entity = mesh.map(|mesh| {
                    let (hidden, material) = (Visibility::Hidden, paper.solid.clone());
                    let bundle = mesh.bundle(&mut meshes, origin, range.first, material, hidden);
                    commands.spawn((bundle, NotShadowCaster)).id()
                });
                let dress = Dress::Paper;
                ground.store.shapes.insert(key, Shape { entity, dress, life });
                ground.underway.remove(&Job::Shape(key));
            }
            Made::Picture(key, image, found) => {
                for problem in found {
                    if problems.0.len() < MOST_PROBLEMS && !problems.0.contains(&problem) {
                        ground.told.push(problem.clone());
                        problems.0.push(problem);
                    }
                }
                let material = image.map(|image| {
                    materials.add(PaperMaterial {
                        texture: Some(images.add(image)),
                        ..PaperMaterial::new(rows.buffer(), PaperKey::default())
                    })
                });
                ground.store.pictures.insert(key, Picture { material, life });
                ground.underway.remove(&Job::Picture(key));
            }
        }
    }
}

pub(in crate::view) fn show_relief(
    mut commands: Commands,
    seen_from: SiteViews,
    settings: Res<TileSettings>,
    scenario: Option<Res<ShownScenario>>,
    heights: Res<GroundHeights>,
    grounds: Res<Grounds>,
    paper: Option<Res<SharedPaper>>,
    mut ground: ResMut<Ground>,
    mut shown: ResMut<ReliefShown>,
    mut unfinished: ResMut<Unfinished>,
    mut stats: ResMut<TileStats>,
    mut visibilities: Query<&mut Visibility>,
) {
    let (Some(scenario), Some(paper)) = (scenario, paper) else {
        return;
    };
    let ground = ground.bypass_change_detection();
    ground.now += 1;
    let pictures = visible_layers(&scenario);
    let layers = (!pictures.is_empty()).then(|| mark_of(&pictures, ground.asked_again));
    if layers.is_none() && !is_large(heights.terrain()) {
        for key in std::mem::take(&mut ground.drawn).into_values() {
            set_visible(ground, key, false, &mut visibilities);
        }
        despawn(&mut commands, &mut ground.leaving);
        ground.is_photographed = false;
        shown.set_if_neq(ReliefShown::default());
        unfinished.set("relief", false);
        return;
    }
    unfinished.set("relief", true);
    let chosen = |holes: &GroundHoles| {
        let of = if layers.is_some() {
            &holes.of_plan
        } else {
            &holes.of_all
        };
        of.clone()
    };
    let (Some(relief), Some(holes)) = (
        ground.relief.clone(),
        grounds.holes().get(&Part::shown(&scenario)).map(chosen),
    ) else {
        return;
    };
    let views = seen_from.in_frame(|p| Some(p.0));
    if views.is_empty() {
        return;
    }
    let detail = Detail {
        tolerance_px: settings.selection.max_screen_space_error_px * TOLERANCE,
        imagery: layers.map(|_| photographed(&pictures)),
        most: MOST_NODES,
    };
    ground.want(&relief, views, detail, &holes);
    if let Some(nodes) = ground.cover(&relief, layers) {
        let before = std::mem::replace(&mut ground.drawn, nodes);
        let after = ground.drawn.clone();
        for (node, key) in &before {
            if after.get(node) != Some(key) {
                set_visible(ground, *key, false, &mut visibilities);
            }
        }
        for key in after.values() {
            dress(ground, *key, layers, &paper, &mut commands);
            set_visible(ground, *key, true, &mut visibilities);
        }
        despawn(&mut commands, &mut ground.leaving);
    }
    let is_dressed = |key: &ShapeKey| {
        let shape = ground.store.shapes.get(key);
        shape.is_some_and(|shape| shape.entity.is_none() || shape.dress != Dress::Paper)
    };
    // Surfaces of today stay until all that is seen of the ground is a photograph, and then they stay away.
    ground.is_photographed = layers.is_some()
        && !ground.drawn.is_empty()
        && (ground.is_photographed || ground.drawn.values().all(is_dressed));
    ground.order(
        &relief,
        &holes,
        layers.map(|layers| (layers, &*pictures)),
        heights.is_measured,
    );
    let is_current = ground
        .built_of
        .as_ref()
        .is_some_and(|of| Arc::ptr_eq(of, heights.terrain()));
    let is_settled = is_current
        && ground.building.is_none()
        && ground.drawn.keys().eq(&ground.wanted.leaves)
        && ground
            .drawn
            .iter()
            .all(|(node, key)| ground.shapes.get(node) == Some(key))
        && ground.drawn.keys().all(|node| ground.is_good(*node, layers));
    if is_settled {
        let others: Vec<Arc<Holes>> = grounds.holes().values().map(chosen).collect();
        ground.order_ahead(&relief, &others, heights.is_measured);
    }
    drop_spare(ground, &paper, &mut commands);
    unfinished.set("relief", !is_settled);
    shown.set_if_neq(ReliefShown {
        is_there: !ground.drawn.is_empty() || !ground.leaving.is_empty(),
        is_photographed: ground.is_photographed,
    });
    let bytes = ground.store.bytes() + relief.bytes();
    if stats.ground_bytes != bytes {
        stats.ground_bytes = bytes;
    }
}

/// Stands for a choice of layers, and for how often servers were asked for them.
fn mark_of(layers: &[Arc<dyn GroundPicture>], asked_again: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    if is_asked(layers) {
        asked_again.hash(&mut hasher);
    }
    for layer in layers {
        layer.layer().hash(&mut hasher);
    }
    hasher.finish()
}

fn photographed(layers: &[Arc<dyn GroundPicture>]) -> Photographed {
    Photographed {
        boxes: layers.iter().map(|layer| layer.bounds()).collect(),
        finest_m: layers
            .iter()
            .map(|layer| layer.finest_m())
            .fold(f64::INFINITY, f64::min),
        side_px: INNER_PX,
    }
}

fn despawn(commands: &mut Commands, entities: &mut Vec<Entity>) {
    for entity in entities.drain(..) {
        commands.entity(entity).try_despawn();
    }
}

fn set_visible(ground: &Ground, key: ShapeKey, is_visible: bool, visibilities: &mut Query<&mut Visibility>) {
    let entity = ground.store.shapes.get(&key).and_then(|shape| shape.entity);
    if let Some(mut visibility) = entity.and_then(|entity| visibilities.get_mut(entity).ok()) {
        visibility.set_if_neq(if is_visible {
            Visibility::Inherited
        } else {
            Visibility::Hidden
        });
    }
}

/// Lays on a node what belongs there: paper, or its picture once it is there.
fn dress(ground: &mut Ground, key: ShapeKey, layers: Option<u64>, paper: &SharedPaper, commands: &mut Commands) {
    let picture = layers.and_then(|layers| {
        let node = key.node;
        let picture = ground.store.pictures.get(&PictureKey { node, layers })?;
        picture
            .life
            .is_ready(ground.now)
            .then(|| (layers, picture.material.clone()))
    });
    let (wanted, material) = match (layers, picture) {
        (None, _) => (Dress::Paper, None),
        (Some(_), Some((layers, material))) => (Dress::Picture(layers), material),
        (Some(_), None) => return,
    };
    let (Some(rows), Some(shape)) = (ground.rows, ground.store.shapes.get_mut(&key)) else {
        return;
    };
    if shape.dress != wanted {
        shape.dress = wanted;
        put_on(shape.entity, material, rows, paper, commands);
    }
}

/// A picture gives the colour itself, so the vertices under it are white.
fn put_on(
    entity: Option<Entity>,
    material: Option<Handle<PaperMaterial>>,
    rows: RowRange,
    paper: &SharedPaper,
    commands: &mut Commands,
) {
    let Some(mut entity) = entity.and_then(|entity| commands.get_entity(entity).ok()) else {
        return;
    };
    match material {
        Some(material) => entity.insert((MeshMaterial3d(material), MeshTag(rows.first + 1))),
        None => entity.insert((MeshMaterial3d(paper.solid.clone()), MeshTag(rows.first))),
    };
}

/// Gives up what there is no room for. A mesh that holds on to a picture that goes is paper again.
fn drop_spare(ground: &mut Ground, paper: &SharedPaper, commands: &mut Commands) {
    for entity in ground
        .store
        .spare_shapes(ground.now)
        .iter()
        .filter_map(|shape| shape.entity)
    {
        commands.entity(entity).try_despawn();
    }
    for gone in ground.store.spare_pictures(ground.now) {
        let of_node = ShapeKey {
            node: gone.node,
            mark: 0,
        }..=ShapeKey {
            node: gone.node,
            mark: u64::MAX,
        };
        for (_, shape) in ground.store.shapes.range_mut(of_node) {
            if let Some(rows) = ground.rows.filter(|_| shape.dress == Dress::Picture(gone.layers)) {
                shape.dress = Dress::Paper;
                put_on(shape.entity, None, rows, paper, commands);
            }
        }
    }
}
