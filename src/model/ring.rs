//! Whether a ring of points may be used as an outline at all.
//!
//! Area, containment and triangulation are [`crate::geometry::polygon`]'s; this module only refuses what those
//! would answer nonsense for. A ring is a list of points in the site frame, metres, closed, its first point not repeated at the end.

use crate::geometry::polygon::{ring_contains, signed_area_m2};
use crate::sources::Cause;
use bevy::math::DVec2;
use std::fmt;

/// Points of one ring at most; more is damage or malice.
pub(crate) const MAX_RING_POINTS: usize = 20_000;

/// Points closer than this are one point, metres.
const SAME_POINT_M: f64 = 0.001;

/// Why a ring cannot be used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RingFault {
    /// Fewer than three different points.
    TooFewPoints(usize),
    /// More than [`MAX_RING_POINTS`].
    TooManyPoints(usize),
    /// All points on one line.
    NoArea,
    /// Two sides that cross or touch, by the number of their first points.
    Crosses(usize, usize),
    /// A hole that is not in its polygon.
    Outside,
    /// Too tangled to check in reasonable time.
    TooComplex,
}

impl RingFault {
    /// What kind of problem it is for the file that holds the ring.
    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::TooManyPoints(_) | Self::TooComplex => Cause::TooLarge,
            Self::TooFewPoints(_) | Self::NoArea | Self::Crosses(..) | Self::Outside => Cause::Content,
        }
    }
}

impl fmt::Display for RingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewPoints(count) => write!(f, "a ring needs at least 3 different points and this one has {count}"),
            Self::TooManyPoints(count) => write!(f, "the ring has {count} points, more than {MAX_RING_POINTS}"),
            Self::NoArea => f.write_str("the ring encloses no area: its points lie on one line"),
            Self::Crosses(a, b) => {
                write!(
                    f,
                    "the ring crosses itself: the sides from point {a} and point {b} meet"
                )
            }
            Self::Outside => f.write_str("the hole reaches outside its polygon"),
            Self::TooComplex => f.write_str("the ring is too tangled to check"),
        }
    }
}

/// Lowest and highest x and y.
pub(crate) fn bounds(ring: &[DVec2]) -> Option<(DVec2, DVec2)> {
    let (&first, rest) = ring.split_first()?;
    Some(
        rest.iter()
            .fold((first, first), |(low, high), p| (low.min(*p), high.max(*p))),
    )
}

/// Sides in order, the closing one last.
pub(crate) fn sides(ring: &[DVec2]) -> impl Iterator<Item = (DVec2, DVec2)> + '_ {
    ring.iter().copied().zip(ring.iter().copied().cycle().skip(1))
}

/// What is wrong with a hole in its polygon, give or take `tolerance_m`: files are rounded to centimetres, so a
/// hole that runs along the outline comes out now on this side of it and now on that. `budget` as in [`checked`].
pub(crate) fn hole_fault(outer: &[DVec2], hole: &[DVec2], tolerance_m: f64, budget: &mut u64) -> Option<RingFault> {
    let work = outer.len() as u64 * hole.len() as u64;
    if work > *budget {
        return Some(RingFault::TooComplex);
    }
    *budget -= work;
    let near = |p: DVec2| sides(outer).any(|(a, b)| distance_to_side_m(p, a, b) <= tolerance_m);
    let is_inside = hole.iter().all(|p| ring_contains(outer, *p) || near(*p));
    (!is_inside).then_some(RingFault::Outside)
}

fn distance_to_side_m(p: DVec2, a: DVec2, b: DVec2) -> f64 {
    let along = (p - a).dot(b - a) / (b - a).length_squared().max(f64::MIN_POSITIVE);
    p.distance(a.lerp(b, along.clamp(0.0, 1.0)))
}

/// The ring without repeated points, counter-clockwise, if it can be used. `budget` counts down with the work
/// done; at zero rings of more than a few points are refused.
pub(crate) fn checked(mut ring: Vec<DVec2>, budget: &mut u64) -> Result<Vec<DVec2>, RingFault> {
    if ring.len() > MAX_RING_POINTS {
        return Err(RingFault::TooManyPoints(ring.len()));
    }
    ring.dedup_by(|a, b| a.distance(*b) < SAME_POINT_M);
    while ring.len() > 1 && ring[0].distance(ring[ring.len() - 1]) < SAME_POINT_M {
        ring.pop();
    }
    if ring.len() < 3 {
        return Err(RingFault::TooFewPoints(ring.len()));
    }
    if let Some(fault) = crossing(&ring, budget) {
        return Err(fault);
    }
    let area = signed_area_m2(&ring);
    if area.abs() < 1e-4 {
        return Err(RingFault::NoArea);
    }
    if area < 0.0 {
        ring.reverse();
    }
    Ok(ring)
}

/// The first crossing found, by a sweep over x.
fn crossing(ring: &[DVec2], budget: &mut u64) -> Option<RingFault> {
    let count = ring.len();
    let side = |i: usize| (ring[i], ring[(i + 1) % count]);
    let span = |i: usize| {
        let (a, b) = side(i);
        (a.x.min(b.x), a.x.max(b.x))
    };
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| span(*a).0.total_cmp(&span(*b).0));
    let mut active: Vec<usize> = Vec::new();
    for &i in &order {
        let west = span(i).0;
        active.retain(|j| span(*j).1 >= west);
        let work = active.len() as u64;
        if work > *budget && count > 64 {
            return Some(RingFault::TooComplex);
        }
        *budget = budget.saturating_sub(work);
        for &j in &active {
            let adjacent = (i + 1) % count == j || (j + 1) % count == i;
            let (a, b) = side(i);
            let (c, d) = side(j);
            if if adjacent {
                folds_back(a, b, c, d)
            } else {
                meet(a, b, c, d)
            } {
                return Some(if count == 3 {
                    RingFault::NoArea
                } else {
                    RingFault::Crosses(i.min(j), i.max(j))
                });
            }
        }
        active.push(i);
    }
    None
}

/// Whether two sides that share a point lie on top of each other.
fn folds_back(a: DVec2, b: DVec2, c: DVec2, d: DVec2) -> bool {
    let (one, other) = if b == c { (a - b, d - b) } else { (b - a, c - a) };
    one.perp_dot(other).abs() <= 1e-9 * one.length() * other.length() && one.dot(other) > 0.0
}

/// Whether two sides have a point in common.
pub(crate) fn meet(a: DVec2, b: DVec2, c: DVec2, d: DVec2) -> bool {
    if a.max(b).cmplt(c.min(d)).any() || c.max(d).cmplt(a.min(b)).any() {
        return false;
    }
    let turn = |p: DVec2, q: DVec2, r: DVec2| (q - p).perp_dot(r - p);
    let (abc, abd, cda, cdb) = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b));
    abc * abd <= 0.0 && cda * cdb <= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(points: &[[f64; 2]]) -> Vec<DVec2> {
        points.iter().map(|p| DVec2::from_array(*p)).collect()
    }

    fn check(points: &[[f64; 2]]) -> Result<Vec<DVec2>, RingFault> {
        checked(ring(points), &mut 1_000_000)
    }

    #[test]
    fn repeated_points_go_and_the_ring_turns_left() {
        let made = check(&[[0.0, 0.0], [0.0, 4.0], [0.0, 4.0], [4.0, 4.0], [4.0, 0.0], [0.0, 0.0]]).unwrap();
        assert_eq!(made.len(), 4);
        assert!(signed_area_m2(&made) > 0.0);
    }

    #[test]
    fn holes_may_touch_the_outline_within_rounding() {
        let outer = ring(&[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]);
        let hole = |x: f64| ring(&[[x, 2.0], [5.0, 2.0], [5.0, 8.0]]);
        for (x, tolerance_m, expected) in [
            (1.0, 0.0, true),
            (-0.01, 0.0, false),
            (-0.01, 0.02, true),
            (-0.5, 0.02, false),
        ] {
            let fault = hole_fault(&outer, &hole(x), tolerance_m, &mut 100);
            assert_eq!(fault, (!expected).then_some(RingFault::Outside), "{x} {tolerance_m}");
        }
        assert_eq!(
            hole_fault(&outer, &hole(1.0), 0.0, &mut 11),
            Some(RingFault::TooComplex)
        );
    }

    #[test]
    fn faults_are_named() {
        for (points, expected) in [
            (&[[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]][..], RingFault::TooFewPoints(2)),
            (&[[0.0, 0.0], [5.0, 0.0], [9.0, 0.0]], RingFault::NoArea),
            (
                &[[0.0, 0.0], [4.0, 4.0], [4.0, 0.0], [0.0, 4.0]],
                RingFault::Crosses(0, 2),
            ),
            // A spike that runs back over itself.
            (
                &[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [4.0, 9.0], [4.0, 4.0], [0.0, 4.0]],
                RingFault::Crosses(1, 4),
            ),
        ] {
            let found = check(points);
            assert!(found.is_err(), "{points:?}");
            if matches!(expected, RingFault::Crosses(..)) {
                assert!(matches!(found, Err(RingFault::Crosses(..))), "{found:?}");
            } else {
                assert_eq!(found, Err(expected));
            }
        }
        let comb: Vec<[f64; 2]> = (0..MAX_RING_POINTS / 2)
            .flat_map(|i| {
                let y = f64::from(u32::try_from(i).unwrap());
                [[0.0, y], [1000.0, y + 0.5]]
            })
            .collect();
        assert_eq!(checked(ring(&comb), &mut 1000), Err(RingFault::TooComplex));
    }
}
