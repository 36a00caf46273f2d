//! What must hold for the nodes of point clouds, whatever is loaded in what order, fails or is looked at.

use bevy::math::DVec3;
use proptest::prelude::*;
use stadslens::streaming::{
    CloudIndex, CloudKey, CloudNode, CloudSelection, CloudSettings, NodeState, View, select_points,
};
use std::collections::{BTreeMap, BTreeSet};
use std::slice;

/// A camera above x, y that looks straight down and sees a cone of 53 degrees.
fn above(x: f64, y: f64, z: f64) -> View {
    let position = DVec3::new(x, y, z);
    let half: f64 = 0.5_f64.atan();
    let aside = [DVec3::X, DVec3::NEG_X, DVec3::Y, DVec3::NEG_Y];
    let planes = aside.map(|aside| DVec3::NEG_Z * half.sin() + aside * half.cos());
    View {
        position,
        planes: planes.map(|normal| (normal, -normal.dot(position))).into(),
        direction: DVec3::NEG_Z,
        viewport_height_px: 1000.0,
        fov_y_rad: 2.0 * half,
    }
}

/// Quarters of a square of 1024 m down to `levels`, all of them with `points` points.
fn quarters(levels: u32, points: u64) -> CloudIndex {
    let mut nodes = vec![square(None, DVec3::ZERO, 1024.0, points)];
    let mut of_level = vec![0];
    for _ in 0..levels {
        let mut below = Vec::new();
        for parent in of_level {
            let CloudNode { low, high, .. } = nodes[parent as usize];
            let half = (high.x - low.x) / 2.0;
            for (x, y) in [(0.0, 0.0), (half, 0.0), (0.0, half), (half, half)] {
                below.push(u32::try_from(nodes.len()).unwrap());
                nodes.push(square(Some(parent), low + DVec3::new(x, y, 0.0), half, points));
            }
        }
        of_level = below;
    }
    CloudIndex::new(nodes)
}

fn square(parent: Option<u32>, low: DVec3, side: f64, points: u64) -> CloudNode {
    CloudNode {
        parent,
        low,
        high: low + DVec3::new(side, side, 10.0),
        middle: low + DVec3::new(side, side, 10.0) * 0.5,
        spacing_m: side / 128.0,
        points,
    }
}

const SETTINGS: CloudSettings = CloudSettings {
    points: 1_000_000,
    nodes: 1000,
    max_spacing_px: 2.0,
};

fn all_ready(_: CloudKey) -> NodeState {
    NodeState::Ready
}

#[test]
fn near_the_nodes_are_fine_and_far_they_are_coarse() {
    let index = quarters(5, 100);
    let clouds = [Some(&index)];
    // From 10 km up a pixel covers 10 m: the root's 8 m are less.
    let far = select_points(
        &clouds,
        slice::from_ref(&above(512.0, 512.0, 10_000.0)),
        &SETTINGS,
        all_ready,
    );
    assert_eq!(far.wanted.len(), 1);
    let near = select_points(
        &clouds,
        slice::from_ref(&above(100.0, 100.0, 60.0)),
        &SETTINGS,
        all_ready,
    );
    let finest = near.wanted.iter().map(|key| index.nodes()[key.node as usize].spacing_m);
    assert!((finest.fold(f64::INFINITY, f64::min) - 0.25).abs() < 1e-9);
    let is_under = |key: &CloudKey| index.nodes()[key.node as usize].low.x < 200.0;
    assert!(
        near.wanted.iter().all(is_under),
        "what is out of the picture is not wanted"
    );
    let both = [above(512.0, 512.0, 10_000.0), above(100.0, 100.0, 60.0)];
    let together = select_points(&clouds, &both, &SETTINGS, all_ready);
    assert_eq!(
        together, near,
        "a camera far away asks for nothing that the near one does not"
    );
    let elsewhere = [above(900.0, 900.0, 60.0), above(100.0, 100.0, 60.0)];
    let together = select_points(&clouds, &elsewhere, &SETTINGS, all_ready);
    for view in &elsewhere {
        let alone = select_points(&clouds, slice::from_ref(view), &SETTINGS, all_ready);
        assert!(alone.wanted.len() > 1 && alone.wanted.iter().all(|key| together.wanted.contains(key)));
    }
    let hidden = select_points(
        &[None],
        slice::from_ref(&above(100.0, 100.0, 60.0)),
        &SETTINGS,
        all_ready,
    );
    assert_eq!(hidden, CloudSelection::default());
}

#[test]
fn a_node_that_fails_costs_its_own_points_alone() {
    let index = quarters(3, 100);
    let view = above(512.0, 512.0, 400.0);
    let whole = select_points(&[Some(&index)], slice::from_ref(&view), &SETTINGS, all_ready);
    for failed in [0, 1, 2] {
        let state = |key: CloudKey| {
            if key.node == failed {
                NodeState::Failed
            } else {
                NodeState::Ready
            }
        };
        let without = select_points(&[Some(&index)], slice::from_ref(&view), &SETTINGS, state);
        assert_eq!(without.wanted, whole.wanted);
        assert_eq!(without.drawn.len(), whole.drawn.len() - 1);
        assert!(without.is_complete());
    }
}

#[test]
fn nodes_that_name_no_earlier_parent_are_roots_and_nothing_goes_round() {
    let node = |parent| square(parent, DVec3::ZERO, 64.0, 10);
    let index = CloudIndex::new(vec![node(Some(1)), node(Some(0)), node(Some(2)), node(Some(900))]);
    let found = select_points(
        &[Some(&index)],
        slice::from_ref(&above(32.0, 32.0, 50.0)),
        &SETTINGS,
        all_ready,
    );
    let mut nodes: Vec<u32> = found.wanted.iter().map(|key| key.node).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, [0, 1, 2, 3], "each once");
    assert_eq!(index.below(0), [1]);
    assert!(index.below(3).is_empty() && index.below(77).is_empty());
}

#[test]
fn numbers_that_are_none_hang_nothing() {
    let mut odd = square(None, DVec3::ZERO, 64.0, u64::MAX);
    odd.spacing_m = f64::NAN;
    let mut nowhere = square(Some(0), DVec3::splat(f64::NAN), 64.0, 5);
    nowhere.spacing_m = f64::INFINITY;
    let index = CloudIndex::new(vec![odd, nowhere]);
    let found = select_points(
        &[Some(&index)],
        slice::from_ref(&above(0.0, 0.0, 10.0)),
        &SETTINGS,
        all_ready,
    );
    assert_eq!(found.points, 0, "a node of too many points is left out");
}

/// A random cloud: nodes anywhere below earlier ones, of any size, some of them elsewhere than their parent.
fn clouds() -> impl Strategy<Value = CloudIndex> {
    let node = (
        any::<prop::sample::Index>(),
        0.0..1000.0,
        0.0..1000.0,
        1.0..500.0,
        0.01..20.0,
        0_u64..50_000,
    );
    prop::collection::vec(node, 1..60).prop_map(|nodes| {
        let nodes = nodes.into_iter().enumerate();
        let nodes = nodes.map(|(number, (parent, x, y, side, spacing_m, points)): (usize, _)| {
            let parent = (number > 0)
                .then(|| parent.index(number))
                .filter(|parent| parent % 7 != 3);
            CloudNode {
                spacing_m,
                ..square(
                    parent.map(|parent: usize| u32::try_from(parent).unwrap()),
                    DVec3::new(x, y, 0.0),
                    side,
                    points,
                )
            }
        });
        CloudIndex::new(nodes.collect())
    })
}

fn settings() -> impl Strategy<Value = CloudSettings> {
    (0_u64..400_000, 0_usize..40, 0.5..8.0).prop_map(|(points, nodes, max_spacing_px)| CloudSettings {
        points,
        nodes,
        max_spacing_px,
    })
}

fn check(selection: &CloudSelection, clouds: &[CloudIndex], settings: &CloudSettings, failed: &BTreeSet<CloudKey>) {
    let mut seen = BTreeSet::new();
    let mut points = 0;
    for key in &selection.wanted {
        let node = clouds[key.cloud as usize].nodes()[key.node as usize];
        assert!(seen.insert(*key), "{key:?} twice");
        if let Some(parent) = node.parent {
            let parent = CloudKey { node: parent, ..*key };
            assert!(seen.contains(&parent), "{key:?} before what lies above it");
        }
        points += if failed.contains(key) { 0 } else { node.points };
    }
    assert_eq!(points, selection.points);
    assert!(points <= settings.points && selection.wanted.len() <= settings.nodes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_budget_holds_parents_come_first_and_a_still_view_settles(
        clouds in prop::collection::vec(clouds(), 1..3),
        settings in settings(),
        (x, y, z) in (0.0..1000.0, 0.0..1000.0, 5.0..3000.0),
        fails in prop::collection::vec(0_u8..10, 120),
        at_once in 1_usize..6,
    ) {
        let view = above(x, y, z);
        let shown: Vec<Option<&CloudIndex>> = clouds.iter().map(Some).collect();
        let will_fail = |key: &CloudKey| fails[(key.cloud as usize * 60 + key.node as usize) % 120] == 0;
        let mut there: BTreeMap<CloudKey, NodeState> = BTreeMap::new();
        let state = |there: &BTreeMap<CloudKey, NodeState>, key: CloudKey| {
            there.get(&key).copied().unwrap_or(NodeState::Missing)
        };
        for _ in 0..200 {
            let selection = select_points(&shown, slice::from_ref(&view), &settings, |key| state(&there, key));
            let failed: BTreeSet<CloudKey> =
                there.iter().filter(|(_, state)| **state == NodeState::Failed).map(|(key, _)| *key).collect();
            check(&selection, &clouds, &settings, &failed);
            if selection.is_complete() {
                let again = select_points(&shown, slice::from_ref(&view), &settings, |key| state(&there, key));
                prop_assert_eq!(&again, &selection);
                let can_be_drawn = selection.wanted.iter().filter(|key| !failed.contains(key)).count();
                prop_assert_eq!(selection.drawn.len(), can_be_drawn);
                return Ok(());
            }
            for key in selection.load.iter().take(at_once) {
                let outcome = if will_fail(key) { NodeState::Failed } else { NodeState::Ready };
                prop_assert!(there.insert(*key, outcome).is_none(), "asked for again");
            }
        }
        prop_assert!(false, "a still view goes on loading");
    }
}
