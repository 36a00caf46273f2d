//! Where a thing ends in the picture: the pieces of its edges with nothing of itself beyond them, in pixels.
//!
//! An edge can bound the picture of a thing only where all its faces lie to one side of it; that is cheap to
//! tell. Whether it does is asked by lines of sight just beyond it, cell by cell, unless the [`Mask`] knows; where
//! the answer changes the place is narrowed down. Not taken: tracing a mask (stairs instead of straight edges), and hulls pushed
//! outwards on the graphics card (gaps at hard edges, and every dormer gets a line of its own).

use super::{mask::Mask, thing::Thing};
use crate::view::site_view::SiteView;
use bevy::math::{DVec2, DVec3};

/// Pixels are asked about in cells of this length along an edge.
const CELL_PX: f64 = 6.0;
/// Just beyond an edge a line of sight must miss the thing, pixels.
const BEYOND_PX: f64 = 0.5;
/// Nor may the thing begin again this soon beyond its edge, points: bands in a niche so narrow would run together.
const NICHE_PT: [f64; 2] = [2.5, 6.0];
/// How far inside its edge a thing must not be covered, pixels.
const INSIDE_PX: f64 = 1.0;
/// How often a change within a cell is halved: to less than a pixel.
const HALVINGS: u32 = 3;
/// Cells asked about per picture; longer contours are looked at more coarsely.
const MOST_CELLS: f64 = 3000.0;
/// Nearer than this to the eye nothing is drawn, metres.
const NEAR_M: f64 = 0.2;
/// Edges are followed this far beyond the picture's rim, pixels.
const RIM_PX: f64 = 24.0;

/// A straight piece of an outline. The thing lies to its right, so what is outside lies to its left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub(super) from: DVec2,
    pub(super) to: DVec2,
    /// Nothing stands before it.
    pub(super) is_seen: bool,
}

/// To the left of a direction in pixels, whose y points down.
pub(super) fn left_of(direction: DVec2) -> DVec2 {
    DVec2::new(direction.y, -direction.x)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// More of the thing lies beyond.
    Within,
    Seen,
    /// It bounds the thing behind something else.
    Covered,
}

/// The outline of `thing` in `view`. `is_covered` tells whether something else stands before a pixel of the
/// thing that is so many metres away.
pub(super) fn contour(thing: &Thing, view: &SiteView, is_covered: impl Fn(DVec2, f64) -> bool) -> Vec<Piece> {
    let candidates: Vec<Candidate> = thing
        .edges()
        .filter_map(|(edge, across)| Candidate::new(edge.ends, across, view))
        .collect();
    let mask = Mask::new(thing, view);
    let asked: f64 = candidates.iter().map(|c| c.asked(&mask)).sum();
    let cell_px = CELL_PX * (asked / MOST_CELLS).max(1.0);
    let [near, far] = NICHE_PT.map(|points| points * view.pixels_per_point);
    let beyond_px = [BEYOND_PX, near, far];
    let mut pieces = Vec::new();
    for candidate in &candidates {
        candidate.follow(cell_px, &mut pieces, |part| {
            let pixel = candidate.from.lerp(candidate.to, part);
            if mask.is_deep(pixel) {
                return Found::Within;
            }
            let is_within = |beyond_px: &f64| thing.is_met(view.eye, view.ray(pixel + candidate.outward * *beyond_px));
            if beyond_px.iter().any(is_within) {
                return Found::Within;
            }
            let depth = 1.0 / (candidate.near.0 + (candidate.near.1 - candidate.near.0) * part);
            let away_m = depth / view.ray(pixel).dot(view.forward);
            if is_covered(pixel - candidate.outward * INSIDE_PX, away_m) {
                Found::Covered
            } else {
                Found::Seen
            }
        });
    }
    pieces
}

/// An edge with all its faces to one side, in the picture.
struct Candidate {
    from: DVec2,
    to: DVec2,
    outward: DVec2,
    /// Nearness (one over depth) at both ends: unlike depth it changes evenly along a line in the picture.
    near: (f64, f64),
}

impl Candidate {
    fn new(ends: [DVec3; 2], across: &[DVec3], view: &SiteView) -> Option<Self> {
        let [a, b] = ends.map(|p| p - view.eye.0);
        let plane = a.cross(b);
        let (mut left, mut right) = (false, false);
        for corner in across {
            let to = *corner - view.eye.0;
            let side = plane.dot(to);
            // A face seen from its edge lies to no side.
            if side.abs() > 1e-7 * plane.length() * to.length() {
                left |= side > 0.0;
                right |= side < 0.0;
            }
        }
        if left == right {
            return None;
        }
        let (a, b) = before_eye(a, b, view.forward)?;
        let pixel = |to: DVec3| view.pixel(crate::georef::SitePos(view.eye.0 + to));
        let ((from, near), (to, far)) = (pixel(a)?, pixel(b)?);
        let (start, end) = in_picture(from, to, view.size_px)?;
        let near = (1.0 / near, 1.0 / far);
        let at = |part: f64| near.0 + (near.1 - near.0) * part;
        let outward = DVec2::new(plane.dot(view.right), -plane.dot(view.up)) * if left { -1.0 } else { 1.0 };
        let (from, to, near) = (from.lerp(to, start), from.lerp(to, end), (at(start), at(end)));
        let outward = outward.try_normalize()?;
        // Walked so that the outside lies to the left.
        Some(if left_of(to - from).dot(outward) >= 0.0 {
            Self {
                from,
                to,
                outward,
                near,
            }
        } else {
            Self {
                from: to,
                to: from,
                outward,
                near: (near.1, near.0),
            }
        })
    }

    /// How many cells cannot be answered by the mask.
    fn asked(&self, mask: &Mask) -> f64 {
        let cells = (self.from.distance(self.to) / CELL_PX).ceil().max(1.0);
        let (mut cell, mut asked) = (0.5, 0.0);
        while cell < cells {
            if !mask.is_deep(self.from.lerp(self.to, cell / cells)) {
                asked += 1.0;
            }
            cell += 1.0;
        }
        asked
    }

    /// Adds the parts of the edge that bound the thing.
    fn follow(&self, cell_px: f64, pieces: &mut Vec<Piece>, found: impl Fn(f64) -> Found) {
        let length = self.from.distance(self.to);
        if length < 0.25 {
            return;
        }
        let cells = (length / cell_px).ceil().max(1.0);
        let mut start = 0.0;
        let mut class = found(0.5 / cells);
        let mut add = |start: f64, end: f64, class: Found| {
            if class != Found::Within && end > start {
                pieces.push(Piece {
                    from: self.from.lerp(self.to, start),
                    to: self.from.lerp(self.to, end),
                    is_seen: class == Found::Seen,
                });
            }
        };
        let mut cell = 1.0;
        while cell < cells {
            let next = found((cell + 0.5) / cells);
            if next != class {
                let (mut before, mut after) = ((cell - 0.5) / cells, (cell + 0.5) / cells);
                for _ in 0..HALVINGS {
                    let middle = before.midpoint(after);
                    if found(middle) == class {
                        before = middle;
                    } else {
                        after = middle;
                    }
                }
                let end = before.midpoint(after);
                add(start, end, class);
                (start, class) = (end, next);
            }
            cell += 1.0;
        }
        add(start, 1.0, class);
    }
}

/// The part of a line that lies before the eye; ends as seen from it.
fn before_eye(a: DVec3, b: DVec3, forward: DVec3) -> Option<(DVec3, DVec3)> {
    let (depth_a, depth_b) = (a.dot(forward), b.dot(forward));
    if depth_a.max(depth_b) <= NEAR_M {
        return None;
    }
    let cut = |from: DVec3, to: DVec3, depth: f64, other: f64| {
        if depth >= NEAR_M {
            from
        } else {
            from.lerp(to, (NEAR_M - depth) / (other - depth))
        }
    };
    Some((cut(a, b, depth_a, depth_b), cut(b, a, depth_b, depth_a)))
}

/// Start and end of the part of a line that lies in the picture or just beyond its rim (Liang and Barsky).
fn in_picture(from: DVec2, to: DVec2, size_px: DVec2) -> Option<(f64, f64)> {
    let step = to - from;
    let (mut start, mut end) = (0.0_f64, 1.0_f64);
    for (origin, step, size) in [(from.x, step.x, size_px.x), (from.y, step.y, size_px.y)] {
        for (towards, room) in [(-step, origin + RIM_PX), (step, size + RIM_PX - origin)] {
            if towards.abs() < 1e-12 {
                if room < 0.0 {
                    return None;
                }
            } else if towards < 0.0 {
                start = start.max(room / towards);
            } else {
                end = end.min(room / towards);
            }
        }
    }
    (start < end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::SitePos;
    use crate::view::outline::thing::tests::block;

    fn view(eye: DVec3, pitch_deg: f64) -> SiteView {
        SiteView::looking(SitePos(eye), 0.0, pitch_deg.to_radians(), DVec2::new(800.0, 600.0))
    }

    fn thing(blocks: &[(DVec3, DVec3)]) -> Thing {
        Thing::new(blocks.iter().flat_map(|(low, high)| block(*low, *high))).unwrap()
    }

    fn length(pieces: &[Piece]) -> f64 {
        pieces.iter().map(|piece| piece.from.distance(piece.to)).sum()
    }

    /// The area that pieces enclose with the inside to their right, px² (shoelace; y points down).
    fn enclosed(pieces: &[Piece]) -> f64 {
        pieces.iter().map(|piece| piece.from.perp_dot(piece.to)).sum::<f64>() / 2.0
    }

    #[test]
    fn a_block_seen_from_the_front_has_the_outline_of_its_front() {
        let block = thing(&[(DVec3::new(-5.0, 100.0, -4.0), DVec3::new(5.0, 110.0, 4.0))]);
        let pieces = contour(&block, &view(DVec3::ZERO, 0.0), |_, _| false);
        let scale = 600.0 / (2.0 * 100.0 * (std::f64::consts::PI / 8.0).tan());
        assert!((length(&pieces) - 36.0 * scale).abs() < 2.0, "{}", length(&pieces));
        assert!((enclosed(&pieces).abs() - 80.0 * scale * scale).abs() < 40.0);
        assert!(pieces.iter().all(|piece| piece.is_seen));
    }

    #[test]
    fn what_stands_within_the_outline_adds_no_line() {
        let hall = (DVec3::new(-20.0, 100.0, 0.0), DVec3::new(20.0, 140.0, 10.0));
        let crates: Vec<_> = (0..30)
            .map(|i| {
                let low = DVec3::new(-15.0 + f64::from(i), 110.0 + f64::from(i % 5) * 5.0, 10.0);
                (low, low + DVec3::new(0.8, 3.0, 0.6))
            })
            .collect();
        let above = view(DVec3::new(0.0, 120.0, 150.0), -89.0);
        let plain = contour(&thing(&[hall]), &above, |_, _| false);
        let furnished: Vec<_> = std::iter::once(hall).chain(crates).collect();
        let with_crates = contour(&thing(&furnished), &above, |_, _| false);
        assert!((length(&plain) - length(&with_crates)).abs() < 1.0);
    }

    #[test]
    fn a_niche_too_narrow_for_two_bands_is_passed_over() {
        // At 100 m a pixel covers 0.138 m: gaps of 4 and of 22 pixels between two blocks.
        for (gap_m, has_inner_lines) in [(0.55, false), (3.0, true)] {
            let left = (DVec3::new(-20.0, 100.0, -4.0), DVec3::new(0.0, 101.0, 4.0));
            let right = (DVec3::new(gap_m, 100.0, -4.0), DVec3::new(20.0, 101.0, 4.0));
            let pieces = contour(&thing(&[left, right]), &view(DVec3::ZERO, 0.0), |_, _| false);
            let middle = |piece: &Piece| piece.from.midpoint(piece.to);
            let inner = pieces
                .iter()
                .filter(|p| (middle(p).x - 405.0).abs() < 30.0 && (middle(p).y - 300.0).abs() < 20.0);
            assert_eq!(inner.count() > 0, has_inner_lines, "{gap_m} m");
        }
    }

    #[test]
    fn the_inside_lies_to_the_right_of_every_piece() {
        let block = thing(&[(DVec3::new(-5.0, 60.0, -4.0), DVec3::new(9.0, 90.0, 14.0))]);
        for pitch in [-30.0, 0.0, 10.0] {
            let view = view(DVec3::new(20.0, 0.0, 20.0), pitch);
            let pieces = contour(&block, &view, |_, _| false);
            assert!(pieces.len() >= 4);
            for piece in &pieces {
                let middle = piece.from.midpoint(piece.to);
                let left = left_of(piece.to - piece.from).normalize();
                assert!(!block.is_met(view.eye, view.ray(middle + left * 2.0)));
                assert!(block.is_met(view.eye, view.ray(middle - left * 2.0)));
            }
        }
    }

    #[test]
    fn what_is_covered_is_told_apart_within_a_pixel() {
        let block = thing(&[(DVec3::new(-5.0, 100.0, -4.0), DVec3::new(5.0, 110.0, 4.0))]);
        // Something stands before the left half of the picture, nearer than the block.
        let pieces = contour(&block, &view(DVec3::ZERO, 0.0), |pixel, away_m| {
            pixel.x < 400.0 && away_m > 90.0
        });
        for piece in &pieces {
            let middle = piece.from.midpoint(piece.to);
            assert_eq!(piece.is_seen, middle.x > 400.0, "{piece:?}");
            assert!(piece.from.x.min(piece.to.x) > 399.0 || piece.from.x.max(piece.to.x) < 401.0);
        }
    }

    #[test]
    fn an_eye_inside_or_behind_draws_nothing_wild() {
        let block = thing(&[(DVec3::splat(-5.0), DVec3::splat(5.0))]);
        assert!(contour(&block, &view(DVec3::ZERO, 0.0), |_, _| false).is_empty());
        assert!(contour(&block, &view(DVec3::new(0.0, 50.0, 0.0), 0.0), |_, _| false).is_empty());
        let beside = contour(&block, &view(DVec3::new(6.0, -20.0, 0.0), 0.0), |_, _| false);
        for piece in beside {
            for p in [piece.from, piece.to] {
                assert!(p.x >= -25.0 && p.x <= 825.0 && p.y >= -25.0 && p.y <= 625.0, "{p}");
            }
        }
    }
}
