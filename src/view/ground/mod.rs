//! The ground: cover of the base with each variant's surfaces cut in, prepared for every variant when a
//! scenario is opened, so that a switch only shows and hides. Without a terrain the table follows the feet of
//! what was loaded.

mod cover;
mod heights;

pub use heights::GroundHeights;
pub(crate) use heights::FootSamples;

use super::{
    feature_material::SharedPaper,
    feature_rows::{FeatureRows, RowRange},
    placement::SiteAnchor,
    scene::{SceneContent, ScenarioShown, ShownScenario, Unfinished, VariantShown},
};
use crate::georef::SitePos;
use crate::model::{LayerKind, NewSurface, OpenScenario, Terrain};
use crate::schedule::FrameSystems;
use bevy::{
    light::NotShadowCaster,
    math::DVec3,
    mesh::MeshTag,
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use cover::{Cover, cover};
use std::{collections::BTreeMap, sync::Arc};

/// Which ground: variant and phase.
type GroundKey = (Option<usize>, Option<String>);

/// The grounds made and in the making.
#[derive(Resource, Default)]
struct Grounds {
    ready: BTreeMap<GroundKey, [Entity; 2]>,
    making: BTreeMap<GroundKey, Task<Cover>>,
    shown: Option<GroundKey>,
    rows: Option<RowRange>,
    estimating: Option<Task<Option<Terrain>>>,
    estimated_at_s: f64,
}

/// Between two estimates of the ground passes this long, seconds.
const ESTIMATE_EVERY_S: f64 = 0.7;

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<GroundHeights>()
        .init_resource::<FootSamples>()
        .init_resource::<Grounds>()
        .add_systems(
            Update,
            (
                (take_finished, take_estimate).in_set(FrameSystems::Ingest),
                // Heights must be known before anything is placed on them.
                (start_grounds, start_estimate, show_ground)
                    .chain()
                    .in_set(FrameSystems::Derive),
            ),
        );
}

fn has_kind(open: &OpenScenario, kind: LayerKind) -> bool {
    open.scenario.layers.iter().any(|layer| layer.kind == kind)
}

fn start_making(grounds: &mut Grounds, open: &Arc<OpenScenario>, heights: &GroundHeights, key: GroundKey) {
    if grounds.ready.contains_key(&key) || grounds.making.contains_key(&key) {
        return;
    }
    let open = open.clone();
    let (terrain, is_measured) = (heights.terrain().clone(), heights.is_measured);
    let (variant, phase) = key.clone();
    let task = AsyncComputeTaskPool::get().spawn(async move {
        let plan: Vec<NewSurface> = variant
            .and_then(|i| open.scenario.variants.get(i))
            .into_iter()
            .flat_map(|variant| variant.surfaces_in(&open.scenario, phase.as_deref()))
            .cloned()
            .collect();
        cover(&terrain, is_measured, &open.surfaces, &plan)
    });
    grounds.making.insert(key, task);
}

fn start_grounds(
    mut commands: Commands,
    mut shown: MessageReader<ScenarioShown>,
    mut switched: MessageReader<VariantShown>,
    scenario: Option<Res<ShownScenario>>,
    mut samples: ResMut<FootSamples>,
    mut heights: ResMut<GroundHeights>,
    mut grounds: ResMut<Grounds>,
) {
    let (is_new, is_switched) = (shown.read().last().is_some(), switched.read().last().is_some());
    let Some(scenario) = scenario.filter(|_| is_new || is_switched) else {
        return;
    };
    let open = scenario.open.clone();
    if is_new {
        samples.clear();
        let is_measured = has_kind(&open, LayerKind::Terrain);
        *heights = GroundHeights::new(open.terrain.clone(), is_measured);
        forget(&mut commands, &mut grounds);
    }
    let current = (scenario.variant, scenario.phase.clone());
    // The one to be seen first, then the others, so that a switch finds them ready.
    start_making(&mut grounds, &open, &heights, current);
    if is_new {
        for variant in 0..open.scenario.variants.len() {
            start_making(&mut grounds, &open, &heights, (Some(variant), None));
        }
    }
}

fn forget(commands: &mut Commands, grounds: &mut Grounds) {
    for entities in std::mem::take(&mut grounds.ready).into_values() {
        for entity in entities {
            if let Ok(mut entity) = commands.get_entity(entity) {
                entity.try_despawn();
            }
        }
    }
    grounds.making.clear();
    grounds.shown = None;
    grounds.estimating = None;
    grounds.estimated_at_s = 0.0;
}

fn take_finished(
    mut commands: Commands,
    paper: Option<Res<SharedPaper>>,
    mut rows: ResMut<FeatureRows>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut grounds: ResMut<Grounds>,
) {
    let Some(paper) = paper.filter(|_| !grounds.making.is_empty()) else {
        return;
    };
    let mut finished = Vec::new();
    grounds.making.retain(|key, task| match block_on(poll_once(task)) {
        Some(cover) => {
            finished.push((key.clone(), cover));
            false
        }
        None => true,
    });
    if finished.is_empty() {
        return;
    }
    // One blank row serves all ground: it is never hidden.
    let Some(range) = grounds.rows.or_else(|| rows.allocate(1)) else {
        return;
    };
    grounds.rows = Some(range);
    for (key, cover) in finished {
        let common = || {
            (
                SceneContent,
                SiteAnchor(SitePos(DVec3::ZERO)),
                MeshTag(range.first),
                NotShadowCaster,
                Visibility::Hidden,
            )
        };
        let faces = commands
            .spawn((
                common(),
                cover.faces.bounds(),
                Mesh3d(meshes.add(cover.faces.into_triangles())),
                MeshMaterial3d(paper.two_sided.clone()),
            ))
            .id();
        let lines = commands
            .spawn((
                common(),
                cover.lines.bounds(),
                MeshMaterial3d(paper.ink.clone()),
            ))
            .id();
        if !cover.lines.is_empty() {
            commands
                .entity(lines)
                .insert(Mesh3d(meshes.add(cover.lines.into_lines())));
        }
        if grounds.shown.as_ref() == Some(&key) {
            grounds.shown = None;
        }
        for old in grounds.ready.insert(key, [faces, lines]).into_iter().flatten() {
            commands.entity(old).try_despawn();
        }
    }
}

/// Shows the ground of the variant and phase; until it is made the old one stays.
fn show_ground(
    scenario: Option<Res<ShownScenario>>,
    mut grounds: ResMut<Grounds>,
    mut unfinished: ResMut<Unfinished>,
    mut visibilities: Query<&mut Visibility>,
) {
    let Some(scenario) = scenario else {
        return;
    };
    let wanted = (scenario.variant, scenario.phase.clone());
    let is_ready = grounds.ready.contains_key(&wanted);
    unfinished.set(
        "ground",
        !is_ready || grounds.making.contains_key(&wanted) || grounds.estimating.is_some(),
    );
    if !is_ready || grounds.shown.as_ref() == Some(&wanted) {
        return;
    }
    let mut all_there = true;
    for (key, entities) in &grounds.ready {
        let visibility = if *key == wanted {
            Visibility::Inherited
        } else {
            Visibility::Hidden
        };
        for entity in entities {
            match visibilities.get_mut(*entity) {
                Ok(mut old) => {
                    old.set_if_neq(visibility);
                }
                Err(_) => all_there = false,
            }
        }
    }
    if all_there {
        grounds.shown = Some(wanted);
    }
}

fn start_estimate(
    time: Res<Time>,
    heights: Res<GroundHeights>,
    scenario: Option<Res<ShownScenario>>,
    mut samples: ResMut<FootSamples>,
    mut grounds: ResMut<Grounds>,
) {
    let is_wanted = scenario.is_some_and(|s| !has_kind(&s.open, LayerKind::Terrain));
    if !is_wanted || heights.is_measured || grounds.estimating.is_some() {
        return;
    }
    let now = time.elapsed_secs_f64();
    if grounds.estimated_at_s > 0.0 && now < grounds.estimated_at_s + ESTIMATE_EVERY_S {
        return;
    }
    if let Some(samples) = samples.take_changed() {
        grounds.estimated_at_s = now;
        grounds.estimating = Some(AsyncComputeTaskPool::get().spawn(async move { samples.estimate() }));
    }
}

fn take_estimate(
    scenario: Option<Res<ShownScenario>>,
    mut heights: ResMut<GroundHeights>,
    mut grounds: ResMut<Grounds>,
) {
    let Some(found) = grounds.estimating.as_mut().and_then(|task| block_on(poll_once(task))) else {
        return;
    };
    grounds.estimating = None;
    if let (Some(terrain), Some(scenario)) = (found, scenario) {
        *heights = GroundHeights::new(Arc::new(terrain), false);
        let key = (scenario.variant, scenario.phase.clone());
        let open = scenario.open.clone();
        // The old ground stays until the new one is there.
        let old = grounds.ready.remove_entry(&key);
        grounds.making.remove(&key);
        start_making(&mut grounds, &open, &heights, key);
        if let Some((key, entities)) = old {
            grounds.ready.insert(key, entities);
        }
    }
}
