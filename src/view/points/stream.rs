//! Clouds while they are shown: trees made, nodes chosen, read, let in and given up again.

use super::clouds::{Cloud, PointClouds, Resident, Tree, narrow_m, uniform};
use super::look::{PointLook, PointLooks, buffer};
use super::material::{CornerMeshes, PointMaterial};
use super::prepare::PreparedNode;
use super::sizes::{Widths, own_width, widths};
use crate::georef::SitePos;
use crate::model::points::HELD_POINTS;
use crate::schedule::FrameSystems;
use crate::sources::points::StopOnDrop;
use crate::sources::{Cause, Problem, remote::on_own_thread};
use crate::streaming::{CloudIndex, CloudKey, CloudNode, CloudSettings, NodeState, select_points};
use crate::view::{
    further_views::SiteViews,
    placement::SiteAnchor,
    prepared::SpawnBudget,
    quality::Quality,
    scene::{ScenarioShown, SceneContent, ShownScenario, Unfinished, ViewProblems, just_shown},
    tiles::{TileSettings, TileStats},
};
use bevy::{
    light::{NotShadowCaster, NotShadowReceiver},
    prelude::*,
    render::storage::ShaderBuffer,
    tasks::{AsyncComputeTaskPool, block_on, poll_once},
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Nodes that are read at the same time.
const READ_AT_ONCE: usize = 4;
/// Nodes that are drawn at most, each a call to the graphics card.
const MAX_NODES: usize = 3_000;
/// Bytes that a point holds, in memory and on the graphics card.
const POINT_BYTES: u64 = 42;
/// Least that points may hold, however full the tiles are, bytes.
const LEAST_BYTES: u64 = 64 << 20;
/// Problems of a cloud that are told.
const MOST_TOLD: usize = 20;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<PointClouds>().add_systems(
        Update,
        (
            (take_trees, take_nodes).chain().in_set(FrameSystems::Ingest),
            (open_clouds, wake_clouds).chain().in_set(FrameSystems::Derive),
            (select_nodes, read_nodes, draw_nodes)
                .chain()
                .in_set(FrameSystems::Select),
            count_points.in_set(FrameSystems::Present),
        ),
    );
}

fn open_clouds(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    mut points: ResMut<PointClouds>,
) {
    let Some(open) = just_shown(&mut shown, scenario) else {
        return;
    };
    // The entities went with the scenario before; trees that are still being made are stopped.
    *points = PointClouds {
        turn: points.turn,
        ..PointClouds::default()
    };
    for cloud in &open.points {
        points.clouds.push(Cloud {
            layer: cloud.layer.clone(),
            tree: Tree::Asleep(cloud.clone()),
            resident: BTreeMap::new(),
            failed: BTreeSet::new(),
            told: 0,
            hidden: BTreeSet::new(),
        });
    }
}

/// Starts to make the trees of clouds that are to be seen; a file that nobody looks at is not read, nor read on.
fn wake_clouds(scenario: Option<Res<ShownScenario>>, mut points: ResMut<PointClouds>) {
    let Some(scenario) = scenario else { return };
    let all = scenario.open.points.iter();
    let without_octree = all.filter(|cloud| !cloud.has_octree()).count().max(1);
    let held = HELD_POINTS / without_octree as u64;
    for cloud in &mut points.bypass_change_detection().clouds {
        let is_visible = scenario.is_layer_visible(&cloud.layer);
        match &cloud.tree {
            Tree::Asleep(asleep) if is_visible => {
                let (asleep, stop) = (asleep.clone(), StopOnDrop::default());
                let (of, told) = (asleep.clone(), stop.stop());
                // Not on a thread for tasks: a large file takes a minute, and what is opened meanwhile must not wait.
                let made = on_own_thread("points-tree", move || of.tree(held, &told));
                let task = AsyncComputeTaskPool::get().spawn(async move { made.await.flatten() });
                cloud.tree = Tree::Making {
                    cloud: asleep,
                    task,
                    _stop: stop,
                };
            }
            Tree::Making { cloud: asleep, .. } if !is_visible => cloud.tree = Tree::Asleep(asleep.clone()),
            Tree::Asleep(_) | Tree::Making { .. } | Tree::There { .. } | Tree::Failed => {}
        }
    }
}

fn take_trees(
    mut points: ResMut<PointClouds>,
    mut looks: ResMut<PointLooks>,
    mut problems: ResMut<ViewProblems>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
) {
    let PointClouds { clouds, is_stale, .. } = points.bypass_change_detection();
    for cloud in clouds {
        let Tree::Making { task, .. } = &mut cloud.tree else {
            continue;
        };
        let mut tree = match block_on(poll_once(task)) {
            None => continue,
            Some(Some(tree)) => tree,
            Some(None) => {
                let message = "its points could not be put in order; close other programs and open it again";
                problems
                    .0
                    .push(Problem::error(cloud.layer.clone(), "", message).because(Cause::Machine));
                cloud.tree = Tree::Failed;
                continue;
            }
        };
        problems.0.append(&mut tree.problems);
        let mut look = PointLook::of(tree.traits.clone());
        look.buffer = buffers.add(buffer(&look));
        looks.0.insert(cloud.layer.clone(), look);
        let nodes = tree.nodes.iter().map(|node| CloudNode {
            parent: node.parent,
            low: node.low,
            high: node.high,
            middle: node.middle,
            spacing_m: node.spacing_m,
            points: node.points,
        });
        cloud.tree = Tree::There {
            index: CloudIndex::new(nodes.collect()),
            tree: Arc::new(tree),
        };
        *is_stale = true;
    }
}

fn take_nodes(
    mut commands: Commands,
    mut points: ResMut<PointClouds>,
    looks: Res<PointLooks>,
    mut budget: ResMut<SpawnBudget>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut corners: ResMut<CornerMeshes>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut materials: ResMut<Assets<PointMaterial>>,
    mut problems: ResMut<ViewProblems>,
) {
    let PointClouds {
        clouds,
        reading,
        waiting,
        is_stale,
        turn,
        ..
    } = points.bypass_change_detection();
    reading.retain(|key, task| match block_on(poll_once(task)) {
        None => true,
        Some(node) => {
            waiting.push_back((*key, node));
            false
        }
    });
    while waiting
        .front()
        .is_some_and(|(_, node)| budget.admits(node.bytes_drawn()))
    {
        let Some((key, mut node)) = waiting.pop_front() else {
            break;
        };
        let Some(cloud) = clouds.get_mut(key.cloud as usize) else {
            continue;
        };
        *is_stale = true;
        if let Some(problem) = node.problem.take() {
            if cloud.told < MOST_TOLD {
                cloud.told += 1;
                problems.0.push(problem);
            }
            if node.points() == 0 {
                cloud.failed.insert(key.node);
                continue;
            }
        }
        let (Tree::There { index, .. }, Some(look)) = (&cloud.tree, looks.0.get(&cloud.layer)) else {
            continue;
        };
        let width_m = own_width(index, key.node, node.spacing_m);
        let count = u32::try_from(node.points()).unwrap_or(u32::MAX);
        let bytes = node.bytes_resident();
        let middle_m = node.origin.0.z;
        let mut bounds = node.bounds;
        bounds.half_extents += narrow_m(width_m);
        let material = materials.add(PointMaterial {
            points: buffers.add(node.buffer),
            look: look.buffer.clone(),
            node: uniform([width_m; 8], middle_m, count),
        });
        let entity = commands.spawn((
            SceneContent,
            SiteAnchor(SitePos(node.origin.0)),
            Visibility::Hidden,
            bounds,
            Mesh3d(corners.for_points(count, &mut meshes)),
            MeshMaterial3d(material.clone()),
            NotShadowCaster,
            NotShadowReceiver,
        ));
        let resident = Resident {
            entity: entity.id(),
            material,
            pick: node.pick,
            bytes,
            width_m,
            widths_m: [width_m; 8],
            middle_m,
            wanted_in: *turn,
            is_drawn: false,
        };
        if let Some(old) = cloud.resident.insert(key.node, resident) {
            commands.entity(old.entity).try_despawn();
        }
    }
}

fn select_nodes(
    mut seen_from: SiteViews,
    quality: Res<Quality>,
    scenario: Option<Res<ShownScenario>>,
    settings: Res<TileSettings>,
    stats: Res<TileStats>,
    mut points: ResMut<PointClouds>,
) {
    let Some(scenario) = scenario else { return };
    let points = points.bypass_change_detection();
    if points.clouds.is_empty() {
        return;
    }
    let is_same = !(seen_from.have_changed() || quality.is_changed() || scenario.is_changed() || stats.is_changed());
    if is_same && !points.is_stale {
        return;
    }
    points.is_stale = false;
    points.turn += 1;
    points.metres_per_pixel = seen_from.main().metres_per_pixel(1.0);
    let views = seen_from.in_frame(|p| Some(p.0));
    let preset = quality.preset().settings();
    let settings = CloudSettings {
        points: preset.points.min(budget_bytes(&settings, &stats) / POINT_BYTES),
        nodes: MAX_NODES,
        max_spacing_px: preset.point_spacing_px,
    };
    let PointClouds {
        clouds,
        selection,
        turn,
        ..
    } = points;
    let shown: Vec<Option<&CloudIndex>> = clouds
        .iter()
        .map(|cloud| match &cloud.tree {
            Tree::There { index, .. } if scenario.is_layer_visible(&cloud.layer) => Some(index),
            _ => None,
        })
        .collect();
    *selection = select_points(&shown, &views, &settings, |key| {
        clouds.get(key.cloud as usize).map_or(NodeState::Failed, |cloud| {
            if cloud.resident.contains_key(&key.node) {
                NodeState::Ready
            } else if cloud.failed.contains(&key.node) {
                NodeState::Failed
            } else {
                NodeState::Missing
            }
        })
    });
    for key in &selection.drawn {
        let resident = clouds
            .get_mut(key.cloud as usize)
            .and_then(|cloud| cloud.resident.get_mut(&key.node));
        if let Some(resident) = resident {
            resident.wanted_in = *turn;
        }
    }
}

/// What points may hold: what the tiles leave of the budget that both share.
fn budget_bytes(settings: &TileSettings, stats: &TileStats) -> u64 {
    let left = settings.resident_bytes.saturating_sub(stats.bytes_resident);
    left.max(LEAST_BYTES)
}

fn read_nodes(mut points: ResMut<PointClouds>) {
    let PointClouds {
        clouds,
        reading,
        waiting,
        selection,
        ..
    } = points.bypass_change_detection();
    if reading.is_empty() && selection.load.is_empty() {
        return;
    }
    // What is not wanted any more and was not begun is not begun.
    let wanted: BTreeSet<CloudKey> = selection.load.iter().copied().collect();
    reading.retain(|key, _| wanted.contains(key));
    let room = READ_AT_ONCE.saturating_sub(reading.len());
    let held: BTreeSet<CloudKey> = waiting.iter().map(|(key, _)| *key).collect();
    let next = selection.load.iter().copied();
    let next = next.filter(|key| !held.contains(key) && !reading.contains_key(key));
    for key in next.take(room).collect::<Vec<_>>() {
        let Some(Tree::There { tree, .. }) = clouds.get(key.cloud as usize).map(|cloud| &cloud.tree) else {
            continue;
        };
        let tree = tree.clone();
        let task = AsyncComputeTaskPool::get().spawn(async move { PreparedNode::of(tree.read(key.node)) });
        reading.insert(key, task);
    }
}

fn draw_nodes(
    mut commands: Commands,
    mut points: ResMut<PointClouds>,
    looks: Res<PointLooks>,
    settings: Res<TileSettings>,
    stats: Res<TileStats>,
    mut materials: ResMut<Assets<PointMaterial>>,
    mut drawn_for: Local<u64>,
) {
    let points = points.bypass_change_detection();
    if looks.is_changed() {
        for cloud in &mut points.clouds {
            cloud.hidden = looks
                .0
                .get(&cloud.layer)
                .map(|look| look.hidden.clone())
                .unwrap_or_default();
        }
    }
    if *drawn_for == points.turn {
        return;
    }
    *drawn_for = points.turn;
    for (number, cloud) in (0_u32..).zip(&mut points.clouds) {
        let keys = points.selection.drawn.iter().filter(|key| key.cloud == number);
        let drawn: BTreeMap<u32, f64> = keys
            .filter_map(|key| Some((key.node, cloud.resident.get(&key.node)?.width_m)))
            .collect();
        let Tree::There { index, .. } = &cloud.tree else {
            continue;
        };
        let widths = widths(index, &drawn);
        for (node, resident) in &mut cloud.resident {
            let found = widths.get(node);
            if resident.is_drawn != found.is_some() {
                resident.is_drawn = found.is_some();
                commands.entity(resident.entity).insert(if resident.is_drawn {
                    Visibility::Inherited
                } else {
                    Visibility::Hidden
                });
            }
            let is_new = |found: &Widths| found.map(f64::to_bits) != resident.widths_m.map(f64::to_bits);
            if let Some(found) = found.copied().filter(is_new) {
                resident.widths_m = found;
                if let Some(mut material) = materials.get_mut(&resident.material) {
                    let count = material.node.count.x;
                    material.node = uniform(found, resident.middle_m, count);
                }
            }
        }
    }
    for entity in points.give_up(budget_bytes(&settings, &stats)) {
        commands.entity(entity).try_despawn();
    }
}

fn count_points(points: Res<PointClouds>, mut stats: ResMut<TileStats>, mut unfinished: ResMut<Unfinished>) {
    let is_making = points
        .clouds
        .iter()
        .any(|cloud| matches!(cloud.tree, Tree::Making { .. }));
    let is_there = points.selection.is_complete() && points.waiting.is_empty() && !points.is_stale;
    unfinished.set("points", is_making || !is_there);
    let drawn = points.clouds.iter().flat_map(|cloud| cloud.resident.values());
    let count = drawn
        .filter(|node| node.is_drawn)
        .map(|node| node.pick.count() as u64)
        .sum();
    if stats.points != count {
        stats.points = count;
    }
}
