//! Holes in the ground: water lies lower than its banks, so the ground above it is cut away.
//!
//! One list of holes per variant and phase, made beside its surfaces. What of it touches a node has a mark; nodes with the
//! same mark share a mesh, so that a switch between variants makes anew only what differs. Site frame, metres.

use crate::geometry::{
    BoxIndex,
    polygon::{Polygon, intersection},
};
use bevy::math::DVec2;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Corners of holes in one node, at most; beyond that its smallest holes stay closed.
const MOST_CORNERS: usize = 40_000;

/// Marks what of a list of holes touches a node; 0 where none does.
pub type HoleMark = u64;

/// Areas without ground.
#[derive(Debug, Default)]
pub struct Holes {
    polygons: Vec<(Polygon, u64)>,
    index: BoxIndex,
}

impl Holes {
    /// Holes of these shapes; they may overlap.
    pub fn new(polygons: Vec<Polygon>) -> Self {
        let index = BoxIndex::new(polygons.iter().map(|polygon| box_of(&polygon.exterior)));
        let marked = polygons.into_iter().map(|polygon| {
            let mark = mark_of(&polygon);
            (polygon, mark)
        });
        Self {
            polygons: marked.collect(),
            index,
        }
    }

    /// The mark of what touches a box.
    pub fn mark(&self, low: DVec2, high: DVec2) -> HoleMark {
        let touching = self.index.touching(low, high);
        if touching.is_empty() {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        for place in touching {
            self.polygons[place].1.hash(&mut hasher);
        }
        hasher.finish().max(1)
    }

    /// The holes in a box, cut to it and free of overlaps.
    pub fn within(&self, low: DVec2, high: DVec2) -> Vec<Polygon> {
        let touching = self.index.touching(low, high).into_iter();
        let mut clipped: Vec<Polygon> = touching
            .filter_map(|place| clip(&self.polygons[place].0, low, high))
            .collect();
        let mut corners = clipped.iter().map(corner_count).sum::<usize>();
        if corners > MOST_CORNERS {
            clipped.sort_by(|a, b| b.area_m2().total_cmp(&a.area_m2()));
            while let Some(last) = clipped.pop_if(|_| corners > MOST_CORNERS) {
                corners -= corner_count(&last);
            }
        }
        if clipped.is_empty() {
            return clipped;
        }
        intersection(&[rectangle(low, high)], &clipped)
    }
}

fn corner_count(polygon: &Polygon) -> usize {
    polygon.exterior.len() + polygon.holes.iter().map(Vec::len).sum::<usize>()
}

fn mark_of(polygon: &Polygon) -> u64 {
    let mut hasher = DefaultHasher::new();
    for ring in std::iter::once(&polygon.exterior).chain(&polygon.holes) {
        ring.len().hash(&mut hasher);
        for corner in ring {
            corner.to_array().map(f64::to_bits).hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn box_of(ring: &[DVec2]) -> Option<(DVec2, DVec2)> {
    let boxed = ring
        .iter()
        .fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(low, high), p| {
            (low.min(*p), high.max(*p))
        });
    (boxed.0.is_finite() && boxed.1.is_finite()).then_some(boxed)
}

/// A rectangle as a polygon, counter-clockwise.
pub(super) fn rectangle(low: DVec2, high: DVec2) -> Polygon {
    Polygon::new(vec![low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)])
}

/// The part of a polygon in a box; rings that leave it run along its sides, which counts as no area. `None` where there
/// is none.
pub(super) fn clip(polygon: &Polygon, low: DVec2, high: DVec2) -> Option<Polygon> {
    let exterior = clip_ring(&polygon.exterior, low, high);
    (exterior.len() >= 3).then(|| Polygon {
        exterior,
        holes: polygon
            .holes
            .iter()
            .map(|hole| clip_ring(hole, low, high))
            .filter(|hole| hole.len() >= 3)
            .collect(),
    })
}

/// The part of a ring in a box, after Sutherland and Hodgman.
pub(super) fn clip_ring(ring: &[DVec2], low: DVec2, high: DVec2) -> Vec<DVec2> {
    let mut ring = ring.to_vec();
    for (axis, at, keeps_above) in [
        (0, low.x, true),
        (0, high.x, false),
        (1, low.y, true),
        (1, high.y, false),
    ] {
        let is_in = |p: DVec2| if keeps_above { p[axis] >= at } else { p[axis] <= at };
        if ring.iter().all(|p| is_in(*p)) {
            continue;
        }
        let mut kept = Vec::with_capacity(ring.len() + 4);
        for (i, p) in ring.iter().enumerate() {
            let before = ring[(i + ring.len() - 1) % ring.len()];
            if is_in(*p) != is_in(before) {
                // From the same end whichever way the ring runs, so that neighbours find the same place.
                let (a, b) = if before[axis] < p[axis] {
                    (before, *p)
                } else {
                    (*p, before)
                };
                let mut crossing = a.lerp(b, (at - a[axis]) / (b[axis] - a[axis]));
                crossing[axis] = at;
                kept.push(crossing);
            }
            if is_in(*p) {
                kept.push(*p);
            }
        }
        ring = kept;
        if ring.is_empty() {
            break;
        }
    }
    ring
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(low: f64, high: f64) -> Polygon {
        rectangle(DVec2::splat(low), DVec2::splat(high))
    }

    #[test]
    fn marks_tell_apart_what_differs_in_a_box_and_nothing_else() {
        let pond = square(10.0, 20.0);
        let (a, b) = (
            Holes::new(vec![pond.clone()]),
            Holes::new(vec![pond, square(50.0, 60.0)]),
        );
        let mark = |holes: &Holes, low: f64, high: f64| holes.mark(DVec2::splat(low), DVec2::splat(high));
        assert_eq!(mark(&a, 0.0, 30.0), mark(&b, 0.0, 30.0));
        assert_ne!(mark(&a, 0.0, 30.0), 0);
        assert_ne!(mark(&a, 0.0, 55.0), mark(&b, 0.0, 55.0));
        assert_eq!(mark(&a, 30.0, 40.0), 0);
    }

    #[test]
    fn holes_are_cut_to_the_box_and_overlaps_count_once() {
        let holes = Holes::new(vec![square(0.0, 10.0), square(5.0, 30.0)]);
        let found = holes.within(DVec2::splat(2.0), DVec2::splat(12.0));
        let area: f64 = found.iter().map(Polygon::area_m2).sum();
        assert!((area - (64.0 + 49.0 - 25.0)).abs() < 1e-6, "{area}");
        assert!(holes.within(DVec2::splat(40.0), DVec2::splat(50.0)).is_empty());
    }

    #[test]
    fn a_ring_that_leaves_the_box_comes_back_along_its_side() {
        let ring = [[-5.0, 1.0], [5.0, 1.0], [5.0, 2.0], [-5.0, 2.0]].map(DVec2::from_array);
        let clipped = clip(&Polygon::new(ring.into()), DVec2::ZERO, DVec2::splat(3.0)).unwrap();
        assert!((clipped.area_m2() - 3.0).abs() < 1e-9);
        assert!(clip(&Polygon::new(ring.into()), DVec2::splat(8.0), DVec2::splat(9.0)).is_none());
    }
}
