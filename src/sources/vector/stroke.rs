//! Arcs as chords: a chord stays within 0.02 units of its arc and turns by at most 5 degrees.
//!
//! For a file in metres that is 2 cm; in degrees only the angle counts.

use super::record::Position;
use std::f64::consts::{PI, TAU};

/// Farthest that an arc may lie from its chord, units of the file.
pub(super) const CHORD_ERROR: f64 = 0.02;
/// Most that the direction may change from chord to chord, radians.
const MAX_STEP_RAD: f64 = 5.0 * PI / 180.0;
/// Most chords of one arc: a whole circle of 4 km radius at full precision.
const MAX_CHORDS: f64 = 2048.0;

/// How many chords an arc of `sweep` radians takes.
pub(super) fn chords(radius: f64, sweep: f64) -> usize {
    let share = (1.0 - CHORD_ERROR / radius.abs().max(CHORD_ERROR)).clamp(-1.0, 1.0);
    let step = (2.0 * share.acos()).clamp(1e-6, MAX_STEP_RAD);
    let wanted = (sweep.abs() / step).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and MAX_CHORDS"
    )]
    let count = if wanted.is_finite() {
        wanted.clamp(1.0, MAX_CHORDS) as usize
    } else {
        1
    };
    count
}

/// Shares from 0 to 1, both included, for `count` chords.
pub(super) fn shares(count: usize) -> impl Iterator<Item = f64> {
    #[expect(clippy::cast_precision_loss, reason = "at most a few thousand")]
    (0..=count).map(move |i| i as f64 / count as f64)
}

/// Points of an ellipse arc from `start` over `sweep` radians, both ends included. `major` and `minor` are the half
/// axes as vectors.
pub(super) fn ellipse(center: Position, major: [f64; 2], minor: [f64; 2], start: f64, sweep: f64) -> Vec<Position> {
    let longest = major[0].hypot(major[1]).max(minor[0].hypot(minor[1]));
    shares(chords(longest, sweep))
        .map(|share| {
            let (sin, cos) = (start + share * sweep).sin_cos();
            Position {
                x: center.x + cos * major[0] + sin * minor[0],
                y: center.y + cos * major[1] + sin * minor[1],
                z: center.z,
            }
        })
        .collect()
}

/// Points of a circle arc from `start` over `sweep` radians (counter-clockwise when positive), both ends included.
pub(super) fn arc(center: Position, radius: f64, start: f64, sweep: f64) -> Vec<Position> {
    ellipse(center, [radius, 0.0], [0.0, radius], start, sweep)
}

/// Points from `from` to `to` along an arc whose bulge is the tangent of a quarter of its angle, positive to the left
/// ([DXF reference](https://help.autodesk.com/view/OARX/2023/ENU/?guid=GUID-748FC305-F3F2-4F74-825A-61F04D757A50)).
pub(super) fn bulge(from: Position, to: Position, bulge: f64) -> Vec<Position> {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let chord = dx.hypot(dy);
    if !bulge.is_finite() || bulge.abs() < 1e-9 || chord < 1e-12 {
        return vec![from, to];
    }
    let sweep = 4.0 * bulge.atan();
    let offset = (1.0 / bulge - bulge) / 4.0;
    let center = Position {
        x: f64::midpoint(from.x, to.x) - offset * dy,
        y: f64::midpoint(from.y, to.y) + offset * dx,
        z: from.z,
    };
    let radius = (from.x - center.x).hypot(from.y - center.y);
    let start = (from.y - center.y).atan2(from.x - center.x);
    fitted(arc(center, radius, start, sweep), from, to)
}

/// Points of the arc through three points; where the first is the last, the whole circle with the middle one opposite
/// (ISO 19125-3, OGC GML `Arc`).
pub(super) fn through(from: Position, middle: Position, to: Position) -> Vec<Position> {
    let is_circle = (from.x - to.x).abs() < 1e-9 && (from.y - to.y).abs() < 1e-9;
    let center = if is_circle {
        Some((f64::midpoint(from.x, middle.x), f64::midpoint(from.y, middle.y)))
    } else {
        circumcenter(from, middle, to)
    };
    let Some((x, y)) = center else {
        return vec![from, middle, to];
    };
    let center = Position { x, y, z: from.z };
    let angle = |p: Position| (p.y - y).atan2(p.x - x);
    let (start, end) = (angle(from), angle(to));
    let sweep = if is_circle {
        TAU
    } else {
        let total = (end - start).rem_euclid(TAU);
        // Counter-clockwise when the middle point comes first on that way.
        if (angle(middle) - start).rem_euclid(TAU) <= total {
            total
        } else {
            total - TAU
        }
    };
    fitted(arc(center, (from.x - x).hypot(from.y - y), start, sweep), from, to)
}

fn circumcenter(a: Position, b: Position, c: Position) -> Option<(f64, f64)> {
    let (bx, by) = (b.x - a.x, b.y - a.y);
    let (cx, cy) = (c.x - a.x, c.y - a.y);
    let d = 2.0 * (bx * cy - by * cx);
    // A radius beyond a thousand times the chord is a straight line.
    let size = bx.hypot(by).max(cx.hypot(cy));
    if d.abs() <= 1e-9 * size * size || !d.is_finite() {
        return None;
    }
    let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
    Some((a.x + (cy * b2 - by * c2) / d, a.y + (bx * c2 - cx * b2) / d))
}

/// The ends exactly as given, and heights in between.
fn fitted(mut points: Vec<Position>, from: Position, to: Position) -> Vec<Position> {
    let steps = points.len().saturating_sub(1);
    for (point, share) in points.iter_mut().zip(shares(steps.max(1))) {
        point.z = match (from.z, to.z) {
            (Some(a), Some(b)) => Some(a + share * (b - a)),
            _ => None,
        };
    }
    if let Some(first) = points.first_mut() {
        *first = from;
    }
    if let Some(last) = points.last_mut() {
        *last = to;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64) -> Position {
        Position::flat(x, y)
    }

    /// Every point on the circle, every chord near its arc.
    fn check(points: &[Position], center: (f64, f64), radius: f64) {
        for p in points {
            assert!(((p.x - center.0).hypot(p.y - center.1) - radius).abs() < 1e-9, "{p:?}");
        }
        for pair in points.windows(2) {
            let middle = (f64::midpoint(pair[0].x, pair[1].x), f64::midpoint(pair[0].y, pair[1].y));
            let error = radius - (middle.0 - center.0).hypot(middle.1 - center.1);
            assert!(error <= CHORD_ERROR + 1e-9, "{error}");
        }
    }

    #[test]
    fn arcs_stay_on_their_circle_within_two_centimetres() {
        for radius in [0.01, 1.0, 25.0, 400.0] {
            let points = arc(at(7.0, -3.0), radius, 0.3, TAU);
            assert!(points.len() >= 73, "{}", points.len());
            check(&points, (7.0, -3.0), radius);
        }
        assert!(arc(at(0.0, 0.0), 1e12, 0.0, TAU).len() <= 2049);
        assert!(arc(at(0.0, 0.0), f64::NAN, 0.0, f64::INFINITY).len() <= 2);
    }

    #[test]
    fn a_bulge_of_one_is_a_half_circle_to_the_right_of_the_way() {
        let points = bulge(at(0.0, 0.0), at(2.0, 0.0), 1.0);
        check(&points, (1.0, 0.0), 1.0);
        let lowest = points.iter().map(|p| p.y).fold(0.0, f64::min);
        assert!((lowest + 1.0).abs() < 0.01, "counter-clockwise goes below: {lowest}");
        assert_eq!(bulge(at(0.0, 0.0), at(2.0, 0.0), 0.0).len(), 2);
    }

    #[test]
    fn three_points_make_an_arc_either_way_round_a_circle_or_a_line() {
        for (middle, y) in [(at(1.0, 1.0), 1.0), (at(1.0, -1.0), -1.0)] {
            let points = through(at(0.0, 0.0), middle, at(2.0, 0.0));
            check(&points, (1.0, 0.0), 1.0);
            assert!(points.iter().any(|p| (p.y - y).abs() < 0.01));
            assert!(points.iter().all(|p| p.y * y > -1e-9));
        }
        let circle = through(at(0.0, 0.0), at(4.0, 0.0), at(0.0, 0.0));
        check(&circle, (2.0, 0.0), 2.0);
        assert_eq!(through(at(0.0, 0.0), at(1.0, 1.0), at(2.0, 2.0)).len(), 3);
    }
}
