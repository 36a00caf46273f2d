//! Lines as a band of triangles: the colour runs along the outside, a white line along the inside, whatever the corners
//! do.

use super::contour::left_of;
use super::lines::Line;
use crate::georef::narrow;
use bevy::math::DVec2;

/// Room beside a band for its soft rim, pixels.
const SOFT_PX: f64 = 0.75;
/// Corners that open are rounded in steps of this angle, radians.
const ROUND_STEP_RAD: f64 = 0.45;
/// A corner that closes reaches at most this many widths.
const LONGEST_MITRE: f64 = 2.5;

/// How wide the bands are, pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bands {
    /// The white line along the inside.
    pub(super) inner_px: f64,
    /// The colour along the outside.
    pub(super) outer_px: f64,
}

/// Triangles of a band.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ribbon {
    /// Clip space x and y; pixels off the outline, outside positive.
    pub(super) positions: Vec<[f32; 3]>,
    /// 1 where nothing stands before it, else 0; the second number is not used.
    pub(super) seen: Vec<[f32; 2]>,
    pub(super) indices: Vec<u32>,
}

/// One cut across a band.
#[derive(Debug, Clone, Copy)]
struct Rung {
    inner: DVec2,
    outer: DVec2,
}

impl Ribbon {
    /// Adds a line to a band in a picture of `size_px`.
    pub(super) fn add(&mut self, line: &Line, bands: Bands, size_px: DVec2) {
        let (inner, outer) = (bands.inner_px + SOFT_PX, bands.outer_px + SOFT_PX);
        let stretches: Vec<(DVec2, DVec2)> = line
            .points
            .windows(2)
            .map(|ends| (ends[0], (ends[1] - ends[0]).normalize_or_zero()))
            .collect();
        let count = stretches.len();
        if count == 0 {
            return;
        }
        let length = |i: usize| line.points[i].distance(line.points[i + 1]);
        // The cuts at every corner, from the one that ends a stretch to the one that starts the next.
        let corner = |i: usize| -> Vec<Rung> {
            let p = line.points[i];
            let before = if i > 0 {
                Some(i - 1)
            } else {
                line.is_closed.then(|| count - 1)
            };
            let after = if i < count {
                Some(i)
            } else {
                line.is_closed.then_some(0)
            };
            match (before, after) {
                (Some(before), Some(after)) => {
                    let room = length(before).min(length(after));
                    rungs(p, stretches[before].1, stretches[after].1, inner, outer, room)
                }
                (one, other) => {
                    let left = one.or(other).map_or(DVec2::ZERO, |i| left_of(stretches[i].1));
                    vec![Rung {
                        inner: p - left * inner,
                        outer: p + left * outer,
                    }]
                }
            }
        };
        let corners: Vec<Vec<Rung>> = (0..=count).map(corner).collect();
        for i in 0..count {
            let is_seen = line.seen.get(i).copied().unwrap_or(true);
            // A corner is drawn with the stretch that it ends; the first corner of a closed line is its last.
            let end = &corners[i + 1][..];
            let start = corners[i].last().into_iter();
            let end = if i + 1 == count && !line.is_closed {
                &end[..1]
            } else {
                end
            };
            self.strip(start.chain(end), inner, outer, is_seen, size_px);
        }
    }

    fn strip<'a>(
        &mut self,
        rungs: impl Iterator<Item = &'a Rung>,
        inner: f64,
        outer: f64,
        is_seen: bool,
        size_px: DVec2,
    ) {
        let mut last = None;
        for rung in rungs {
            let first = u32::try_from(self.positions.len()).unwrap_or(u32::MAX);
            for (p, across) in [(rung.inner, -inner), (rung.outer, outer)] {
                let clip = DVec2::new(p.x / size_px.x * 2.0 - 1.0, 1.0 - p.y / size_px.y * 2.0);
                self.positions.push(narrow(clip.extend(across)));
                self.seen.push([if is_seen { 1.0 } else { 0.0 }, 0.0]);
            }
            if let Some(last) = last {
                self.indices.extend([last, last + 1, first, first, last + 1, first + 1]);
            }
            last = Some(first);
        }
    }

    /// Whether there is nothing to draw.
    pub(super) fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

/// The cuts at a corner between two directions: the side that opens is rounded, the side that closes is cut
/// where both bands meet, at most `room` along either.
fn rungs(p: DVec2, before: DVec2, after: DVec2, inner: f64, outer: f64, room: f64) -> Vec<Rung> {
    let (n0, n1) = (left_of(before), left_of(after));
    let turn = before.perp_dot(after).atan2(before.dot(after));
    let sum = n0 + n1;
    let mitre = |width: f64| {
        let longest = (LONGEST_MITRE * width).min(room.hypot(width));
        let full = sum / (1.0 + n0.dot(n1)).max(1e-3) * width;
        full.clamp_length_max(longest)
    };
    let steps = (turn.abs() / ROUND_STEP_RAD).ceil().clamp(1.0, 8.0);
    let mut rungs = Vec::new();
    let mut step = 0.0;
    while step <= steps {
        let angle = turn * step / steps;
        let normal = DVec2::from_angle(angle).rotate(n0);
        // With y pointing down a positive turn is to the right, away from the outside.
        rungs.push(if turn >= 0.0 {
            Rung {
                inner: p - mitre(inner),
                outer: p + normal * outer,
            }
        } else {
            Rung {
                inner: p - normal * inner,
                outer: p + mitre(outer),
            }
        });
        step += 1.0;
    }
    rungs
}

/// The middle of pixels and half the side of the square around them; `None` of none.
pub(super) fn square_around(pixels: impl Iterator<Item = DVec2>) -> Option<(DVec2, f64)> {
    let (low, high) = pixels.fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(low, high), p| {
        (low.min(p), high.max(p))
    });
    let middle = low.midpoint(high);
    middle.is_finite().then(|| (middle, (high - low).max_element() / 2.0))
}

/// Points of a circle, pixels.
pub(super) fn circle(middle: DVec2, radius_px: f64) -> Vec<DVec2> {
    const SIDES: u32 = 48;
    (0..SIDES)
        .map(|i| middle + DVec2::from_angle(std::f64::consts::TAU * f64::from(i) / f64::from(SIDES)) * radius_px)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines::{lines, tests::square};
    use super::*;

    const BANDS: Bands = Bands {
        inner_px: 1.5,
        outer_px: 3.0,
    };

    #[test]
    fn the_band_lies_outside_with_its_white_line_inside() {
        let mut ribbon = Ribbon::default();
        let size = DVec2::splat(200.0);
        for line in lines(&square(), 1.0) {
            ribbon.add(&line, BANDS, size);
        }
        assert!(!ribbon.is_empty());
        for p in &ribbon.positions {
            let pixel = DVec2::new(f64::from(p[0]) + 1.0, 1.0 - f64::from(p[1])) * 100.0;
            let across = f64::from(p[2]);
            // Distance to the square, inside negative.
            let off = (pixel - DVec2::splat(50.0)).abs() - DVec2::splat(50.0);
            let distance = off.max(DVec2::ZERO).length() + off.max_element().min(0.0);
            assert!((distance - across).abs() < 0.05, "{pixel}: {distance} {across}");
        }
    }

    #[test]
    fn a_ring_turns_its_outside_outwards_whichever_way_it_was_given() {
        let around = circle(DVec2::splat(50.0), 20.0);
        let reversed: Vec<DVec2> = around.iter().rev().copied().collect();
        for points in [around, reversed] {
            let ring = Line::ring(points, |_| true).unwrap();
            let left = left_of(ring.points[1] - ring.points[0]).normalize();
            let middle = ring.points[0].midpoint(ring.points[1]);
            assert!((middle + left - DVec2::splat(50.0)).length() > 20.0);
        }
        assert!(Line::ring(Vec::new(), |_| true).is_none());
    }

    #[test]
    fn a_spire_has_a_round_tip_and_a_notch_no_spike() {
        for (before, after) in [
            (DVec2::new(0.1, -1.0), DVec2::new(0.1, 1.0)),
            (DVec2::new(0.1, 1.0), DVec2::new(0.1, -1.0)),
        ] {
            let cuts = rungs(DVec2::ZERO, before.normalize(), after.normalize(), 1.5, 3.0, 50.0);
            assert!(cuts.len() > 3);
            for cut in cuts {
                assert!(cut.outer.length() < 8.0 && cut.inner.length() < 4.0, "{cut:?}");
            }
        }
    }
}
