//! Which nodes of the ground are wanted for a view, and which of those that are there are drawn meanwhile.
//!
//! Pure functions of their arguments: the same view wants the same nodes whatever was wanted or loaded before, so that
//! pictures settle and compare. Site frame, metres.

use super::tree::{NodeId, Relief};
use crate::streaming::View;
use bevy::math::DVec2;
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

/// Nearer than this the eye does not come to the ground, metres.
const NEAREST_M: f64 = 1.0;

/// Imagery on the ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Photographed {
    /// South-west and north-east corners of what the pictures cover, site metres.
    pub boxes: Vec<(DVec2, DVec2)>,
    /// What their finest pixels cover, metres.
    pub finest_m: f64,
    /// Texels along the side of a node.
    pub side_px: f64,
}

/// How finely the ground is to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Heights may be so far off, and a texel may be so large, pixels.
    pub tolerance_px: f64,
    /// Imagery that is shown.
    pub imagery: Option<Photographed>,
    /// Most nodes that are drawn.
    pub most: usize,
}

/// What a view wants of the ground.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wanted {
    /// Nodes to be drawn: together they cover the ground once.
    pub leaves: BTreeSet<NodeId>,
    /// The same nodes and those above them in the order in which they are to be had: a node after those above it, and the
    /// more urgent ones first.
    pub order: Vec<NodeId>,
}

/// A node by what it lacks; where that is equal the lesser id goes first.
#[derive(PartialEq)]
struct Urgent {
    /// How far it is above the tolerance (1 is just there); 0 out of the view.
    excess: f64,
    node: Reverse<NodeId>,
}

impl Eq for Urgent {}

impl PartialOrd for Urgent {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Urgent {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.excess
            .total_cmp(&other.excess)
            .then_with(|| self.node.cmp(&other.node))
    }
}

/// The nodes that views together want. The node that lacks most is divided first, until none lacks anything or there would be
/// more than allowed. Nodes that no view sees are wanted too, as coarse as they come, so that a turn shows no hole.
pub fn select(relief: &Relief, views: &[View], detail: &Detail) -> Wanted {
    let urgent = |node| Urgent {
        excess: most_lacking(relief, views, detail, node),
        node: Reverse(node),
    };
    let mut open = BinaryHeap::from([urgent(NodeId::ROOT)]);
    let mut wanted = Wanted::default();
    let mut done = Vec::new();
    while let Some(next) = open.pop() {
        let Urgent {
            excess,
            node: Reverse(node),
        } = next;
        let is_dividable = excess > 1.0 && node.depth < relief.max_depth();
        if is_dividable && open.len() + done.len() + 4 <= detail.most {
            wanted.order.push(node);
            open.extend(
                node.children()
                    .into_iter()
                    .filter(|child| relief.holds(*child))
                    .map(urgent),
            );
        } else {
            done.push(node);
        }
    }
    wanted.order.extend(&done);
    wanted.leaves.extend(done);
    wanted
}

/// The same for the view that lacks most.
fn most_lacking(relief: &Relief, views: &[View], detail: &Detail, node: NodeId) -> f64 {
    let lacks = views.iter().map(|view| excess(relief, view, detail, node));
    lacks.fold(0.0, f64::max)
}

/// How far what a node lacks is above what is tolerated, as a ratio; 0 where nothing of it is seen.
fn excess(relief: &Relief, view: &View, detail: &Detail, node: NodeId) -> f64 {
    let facts = relief.facts(node);
    let (corner, side) = relief.square(node);
    let low = corner.extend(facts.low_m - 2.0 * facts.error_m);
    let high = (corner + DVec2::splat(side)).extend(facts.high_m);
    let is_out = view.planes.iter().any(|(normal, distance)| {
        let furthest = bevy::math::DVec3::select(normal.cmpge(bevy::math::DVec3::ZERO), high, low);
        normal.dot(furthest) + distance < 0.0
    });
    if is_out {
        return 0.0;
    }
    let nearest_m = view.position.distance(view.position.clamp(low, high)).max(NEAREST_M);
    let pixel_m = 2.0 * (view.fov_y_rad * 0.5).tan() * nearest_m / view.viewport_height_px.max(1.0);
    let of_heights = facts.error_m / pixel_m;
    let of_imagery = detail.imagery.as_ref().map_or(0.0, |imagery| {
        let texel_m = side / imagery.side_px;
        let is_there = |(a, b): &(DVec2, DVec2)| a.cmple(high.truncate()).all() && b.cmpge(corner).all();
        if texel_m > imagery.finest_m && imagery.boxes.iter().any(is_there) {
            texel_m / pixel_m
        } else {
            0.0
        }
    });
    of_heights.max(of_imagery) / detail.tolerance_px
}

/// The nodes to draw: the wanted ones where they are ready, and elsewhere what is ready above or below them, so that the
/// ground has no hole and nothing lies twice. `None` while that cannot be had.
pub fn cover(relief: &Relief, wanted: &Wanted, ready: &BTreeSet<NodeId>) -> Option<BTreeSet<NodeId>> {
    let mut above = BTreeSet::new();
    for node in ready {
        let mut next = node.parent();
        while let Some(parent) = next.filter(|parent| above.insert(*parent)) {
            next = parent.parent();
        }
    }
    let state = Cover {
        relief,
        wanted,
        ready,
        above,
    };
    let mut found = BTreeSet::new();
    state.take(NodeId::ROOT, true, &mut found).then_some(found)
}

struct Cover<'a> {
    relief: &'a Relief,
    wanted: &'a Wanted,
    ready: &'a BTreeSet<NodeId>,
    /// Nodes that have a ready one below them.
    above: BTreeSet<NodeId>,
}

impl Cover<'_> {
    /// Covers a node; if that cannot be done nothing is added. `is_over` while a wanted node may lie below.
    fn take(&self, node: NodeId, is_over: bool, found: &mut BTreeSet<NodeId>) -> bool {
        let is_wanted = self.wanted.leaves.contains(&node);
        let is_ready = self.ready.contains(&node);
        // A wanted node is best as itself, and what is below it as coarse as it comes.
        if is_ready && (is_wanted || !is_over) {
            return found.insert(node);
        }
        let mut parts = BTreeSet::new();
        let is_over = is_over && !is_wanted;
        let has_parts = self.above.contains(&node)
            && node
                .children()
                .into_iter()
                .filter(|child| self.relief.holds(*child))
                .all(|child| self.take(child, is_over, &mut parts));
        if has_parts {
            found.append(&mut parts);
        } else if is_ready {
            found.insert(node);
        }
        has_parts || is_ready
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::relief;
    use super::*;
    use crate::georef::SitePos;
    use crate::view::site_view::SiteView;
    use bevy::math::DVec3;
    use proptest::prelude::*;
    use std::slice;

    fn view(eye: DVec3, heading: f64, pitch: f64) -> View {
        let view = SiteView::looking(SitePos(eye), heading, pitch, DVec2::new(1600.0, 900.0));
        view.in_frame(|p| Some(p.0)).unwrap()
    }

    fn detail(relief: &Relief, most: usize) -> Detail {
        Detail {
            tolerance_px: 1.0,
            imagery: Some(Photographed {
                boxes: vec![relief.bounds()],
                finest_m: 0.1,
                side_px: 504.0,
            }),
            most,
        }
    }

    /// Whether the nodes cover the ground once: every finest place that is held lies in exactly one.
    fn covers_once(relief: &Relief, nodes: &BTreeSet<NodeId>) -> bool {
        let has_none_above = |node: &NodeId| {
            let mut parent = node.parent();
            while let Some(above) = parent {
                if nodes.contains(&above) {
                    return false;
                }
                parent = above.parent();
            }
            true
        };
        let ground: f64 = nodes.iter().map(|node| clipped_area(relief, *node)).sum();
        let whole = clipped_area(relief, NodeId::ROOT);
        nodes.iter().all(|node| has_none_above(node) && relief.holds(*node)) && (ground - whole).abs() < 1e-3 * whole
    }

    fn clipped_area(relief: &Relief, node: NodeId) -> f64 {
        let ((low, high), (corner, side)) = (relief.bounds(), relief.square(node));
        let extent = (corner + DVec2::splat(side)).min(high) - corner.max(low);
        extent.max(DVec2::ZERO).element_product()
    }

    #[test]
    fn two_views_want_what_each_of_them_wants() {
        let relief = relief(300, 201);
        let views = [(50.0, 50.0), (550.0, 350.0)].map(|(x, y)| view(DVec3::new(x, y, 60.0), 0.0, -1.4));
        let detail = detail(&relief, 10_000);
        let together = select(&relief, &views, &detail);
        assert!(covers_once(&relief, &together.leaves));
        for view in &views {
            let alone = select(&relief, slice::from_ref(view), &detail);
            let coarser = alone.order.iter().filter(|node| !together.order.contains(node));
            assert_eq!(coarser.count(), 0);
            assert!(alone.order.len() < together.order.len());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn any_view_wants_the_ground_once_and_no_more_than_allowed(
            x in -300.0..900.0_f64, y in -300.0..900.0_f64, up in 25.0..2000.0_f64,
            heading in 0.0..6.3_f64, pitch in -1.5..0.2_f64, most in 1_usize..200,
        ) {
            let relief = relief(300, 201);
            let view = view(DVec3::new(x, y, up), heading, pitch);
            let wanted = select(&relief, slice::from_ref(&view), &detail(&relief, most));
            prop_assert!(wanted.leaves.len() <= most.max(1));
            prop_assert!(covers_once(&relief, &wanted.leaves));
            for (place, node) in wanted.order.iter().enumerate() {
                let is_after = node.parent().is_none_or(|parent| wanted.order[..place].contains(&parent));
                prop_assert!(is_after, "{node:?} comes before the one above it");
            }
            prop_assert_eq!(select(&relief, slice::from_ref(&view), &detail(&relief, most)), wanted);
        }

        #[test]
        fn whatever_is_ready_is_drawn_without_holes_and_in_the_end_what_is_wanted(
            seed in any::<u64>(), up in 30.0..800.0_f64, heading in 0.0..6.3_f64,
        ) {
            let relief = relief(300, 201);
            let before = select(&relief, &[view(DVec3::new(100.0, -60.0, up), heading, -0.6)], &detail(&relief, 60));
            let wanted = select(&relief, &[view(DVec3::new(300.0, 200.0, up * 0.5), heading + 1.0, -0.9)], &detail(&relief, 90));
            let mut ready = before.leaves.clone();
            prop_assert_eq!(cover(&relief, &before, &ready), Some(before.leaves.clone()));
            // The rest arrives in an order of its own.
            let mut rest = wanted.order.clone();
            let mut state = seed;
            while !rest.is_empty() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let place = usize::try_from(state >> 33).unwrap() % rest.len();
                ready.insert(rest.swap_remove(place));
                let drawn = cover(&relief, &wanted, &ready).unwrap();
                prop_assert!(covers_once(&relief, &drawn));
                prop_assert!(drawn.is_subset(&ready));
            }
            prop_assert_eq!(cover(&relief, &wanted, &ready), Some(wanted.leaves));
        }
    }

    #[test]
    fn nothing_is_drawn_before_all_ground_can_be() {
        let relief = relief(300, 201);
        let wanted = select(
            &relief,
            &[view(DVec3::new(100.0, 0.0, 60.0), 0.3, -0.7)],
            &detail(&relief, 60),
        );
        assert!(wanted.leaves.len() > 10);
        let mut ready = wanted.leaves.clone();
        let missing = ready.pop_last().unwrap();
        assert_eq!(cover(&relief, &wanted, &ready), None);
        ready.extend(missing.children());
        let drawn = cover(&relief, &wanted, &ready).unwrap();
        assert!(
            covers_once(&relief, &drawn) && !drawn.contains(&missing),
            "its quarters stand in for it"
        );
    }

    #[test]
    fn what_is_near_is_finer_and_imagery_asks_for_no_more_than_it_has() {
        let relief = relief(300, 201);
        let eye = DVec3::new(-90.0, 50.0, 30.0);
        let mut detail = detail(&relief, 150);
        let depth_at = |detail: &Detail, p: DVec2| {
            let wanted = select(&relief, &[view(eye, 0.9, -0.3)], detail);
            let is_at = |node: &&NodeId| {
                let (corner, side) = relief.square(**node);
                p.cmpge(corner).all() && p.cmplt(corner + DVec2::splat(side)).all()
            };
            wanted.leaves.iter().find(is_at).unwrap().depth
        };
        let (near, far) = (DVec2::new(-60.0, 75.0), DVec2::new(420.0, 400.0));
        assert!(depth_at(&detail, near) > depth_at(&detail, far) + 1);
        let fine = depth_at(&detail, near);
        if let Some(imagery) = &mut detail.imagery {
            imagery.finest_m = 1.0;
        }
        assert!(depth_at(&detail, near) < fine);
        if let Some(imagery) = &mut detail.imagery {
            imagery.boxes = vec![(DVec2::splat(9000.0), DVec2::splat(9001.0))];
        }
        let elsewhere = depth_at(&detail, near);
        detail.imagery = None;
        assert_eq!(depth_at(&detail, near), elsewhere, "there are no pictures here");
    }
}
