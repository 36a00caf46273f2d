//! Fewer triangles for the tiles above the leaves, with the error that this really makes.
//!
//! Each feature is simplified by itself, from what its child tile shows of it. The error of a feature is the sum over
//! the levels of the larger of two figures: the simplifier's own, and the measured distance between the two meshes
//! (every old corner from the new faces, every new face's middle from the old ones). A feature is left out where its
//! whole diameter is not more than what the others may be off. A hole is seen sooner than a shift: a feature that is left
//! out counts [`MISSING_WEIGHT`] times its diameter, so that it was at most 4 pixels wide where a viewer allows 16.

use super::{
    MAX_FEATURES,
    feature::{TileFeature, wide},
};
use bevy::math::DVec3;
use meshoptimizer_rs::{Positions, SimplifyOptions, SimplifySettings, Workspace, simplify};

/// How many times its diameter a missing feature counts as an error.
pub(super) const MISSING_WEIGHT: f64 = 4.0;
/// The finest step that is worth a level, metres.
const FIRST_STEP_M: f64 = 0.2;
/// Distances that are measured at most for one feature and direction; beyond, corners are sampled.
const MAX_MEASURED: usize = 1 << 21;
/// Attempts to meet the budget, each with a larger step; the last is a hundred kilometres and leaves one feature.
const MAX_ATTEMPTS: u32 = 72;
/// Attempts to come nearer to the budget from below, and the share of it that is near enough.
const MAX_REFINEMENTS: u32 = 6;
const WELL_FILLED: f64 = 0.8;

/// Features of a parent, and the largest error among them and those left out, metres.
pub(super) struct Level {
    pub(super) features: Vec<TileFeature>,
    pub(super) error_m: f64,
}

/// Simplifies what the children of a tile show to at most `budget` triangles, or to one feature: with nearly the
/// smallest step that does it, since just above it a whole street of houses of one size may go missing at once.
pub(super) fn level(children: Vec<TileFeature>, budget: usize, workspace: &mut Workspace) -> Level {
    let below_m = children.iter().map(|feature| feature.error_m).fold(0.0, f64::max);
    // Errors add up over the levels; a step as large as they are would leave out what is smaller.
    let mut step_m = FIRST_STEP_M.max(below_m / 8.0);
    let mut too_fine_m = None;
    let mut attempt = 0;
    let mut best = loop {
        attempt += 1;
        let reduced = reduce(&children, step_m, workspace);
        if fits(&reduced, budget) || attempt == MAX_ATTEMPTS {
            break reduced;
        }
        too_fine_m = Some(step_m);
        step_m *= ratio(triangles(&reduced), budget).clamp(1.2, 2.5);
    };
    if let Some(mut too_fine_m) = too_fine_m {
        for _ in 0..MAX_REFINEMENTS {
            if ratio(triangles(&best), budget) > WELL_FILLED || step_m < too_fine_m * 1.02 {
                break;
            }
            let between_m = (too_fine_m * step_m).sqrt();
            let reduced = reduce(&children, between_m, workspace);
            if fits(&reduced, budget) {
                (best, step_m) = (reduced, between_m);
            } else {
                too_fine_m = between_m;
            }
        }
    }
    finish(children, best)
}

fn fits(reduced: &[Reduced], budget: usize) -> bool {
    let kept = reduced.iter().filter(|one| !matches!(one, Reduced::Missing)).count();
    triangles(reduced) <= budget && kept <= MAX_FEATURES
}

fn triangles(reduced: &[Reduced]) -> usize {
    reduced.iter().map(Reduced::triangles).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts of triangles in one tile")]
fn ratio(a: usize, b: usize) -> f64 {
    a as f64 / b.max(1) as f64
}

/// What becomes of one feature.
enum Reduced {
    /// Nothing to be saved at this step; with its triangles.
    Kept(usize),
    /// New corners and the simplifier's error.
    Simpler(Vec<u32>, f64),
    Missing,
}

impl Reduced {
    fn triangles(&self) -> usize {
        match self {
            Self::Kept(triangles) => *triangles,
            Self::Simpler(corners, _) => corners.len() / 3,
            Self::Missing => 0,
        }
    }
}

fn reduce(features: &[TileFeature], step_m: f64, workspace: &mut Workspace) -> Vec<Reduced> {
    let reduced = features.iter().map(|feature| {
        if feature.size_m <= step_m {
            return Reduced::Missing;
        }
        let settings = SimplifySettings {
            target_index_count: 0,
            target_error: small((step_m - feature.error_m).max(step_m / 2.0)),
            options: SimplifyOptions::ERROR_ABSOLUTE | SimplifyOptions::PRUNE,
        };
        let positions = Positions::from_packed(&feature.positions);
        let mut simpler = simplify(&feature.corners, positions, settings, workspace);
        if simpler.as_ref().is_ok_and(|simpler| simpler.indices.is_empty()) {
            // Too large to be missing: its parts may not go one by one either.
            let options = SimplifyOptions::ERROR_ABSOLUTE;
            simpler = simplify(
                &feature.corners,
                positions,
                SimplifySettings { options, ..settings },
                workspace,
            );
        }
        match simpler {
            Ok(simpler) if !simpler.indices.is_empty() && simpler.indices.len() < feature.corners.len() => {
                Reduced::Simpler(simpler.indices, f64::from(simpler.error))
            }
            // What cannot be simplified is kept as it is: no reason to lose it.
            Ok(_) | Err(_) => Reduced::Kept(feature.triangles()),
        }
    });
    reduced.collect()
}

#[expect(clippy::cast_possible_truncation, reason = "an error limit, not a position")]
fn small(value: f64) -> f32 {
    value as f32
}

fn finish(children: Vec<TileFeature>, mut reduced: Vec<Reduced>) -> Level {
    if reduced.iter().all(|one| matches!(one, Reduced::Missing)) {
        // A tile with nothing in it would be a hole: the largest stays, as its child shows it.
        let sizes = children.iter().map(|feature| feature.size_m).enumerate();
        let largest = sizes.fold(
            (0, f64::NEG_INFINITY),
            |best, one| if one.1 > best.1 { one } else { best },
        );
        if let Some(one) = reduced.get_mut(largest.0) {
            *one = Reduced::Kept(0);
        }
    }
    let mut level = Level {
        features: Vec::new(),
        error_m: 0.0,
    };
    for (feature, reduced) in children.into_iter().zip(reduced) {
        let kept = match reduced {
            Reduced::Kept(_) => feature,
            Reduced::Missing => {
                level.error_m = level.error_m.max(feature.size_m * MISSING_WEIGHT);
                continue;
            }
            Reduced::Simpler(corners, told_m) => {
                let simpler = feature.with_corners(&corners, 0.0);
                let step_m = told_m.max(distance_m(&feature, &simpler));
                TileFeature {
                    // Corners are corners of the source, so that nothing is off by more than its size.
                    error_m: (feature.error_m + step_m).min(feature.size_m),
                    ..simpler
                }
            }
        };
        level.error_m = level.error_m.max(kept.error_m);
        level.features.push(kept);
    }
    level
}

/// How far two forms of one feature lie apart, metres: the corners of `old` from the faces of `new`, and the middles
/// of the faces of `new` from the faces of `old`.
fn distance_m(old: &TileFeature, new: &TileFeature) -> f64 {
    let (old_faces, new_faces) = (faces(old), faces(new));
    let corners = old.positions.iter().map(|p| wide(*p));
    let middles = new_faces.iter().map(|[a, b, c]| (*a + *b + *c) / 3.0);
    farthest(corners, old.positions.len(), &new_faces).max(farthest(middles, new_faces.len(), &old_faces))
}

fn faces(feature: &TileFeature) -> Vec<[DVec3; 3]> {
    let (triangles, _) = feature.corners.as_chunks::<3>();
    let corner = |corner: u32| wide(feature.positions[corner as usize]);
    triangles.iter().map(|triangle| triangle.map(corner)).collect()
}

/// The largest distance of a point from the nearest face.
fn farthest(points: impl Iterator<Item = DVec3>, count: usize, faces: &[[DVec3; 3]]) -> f64 {
    let stride = (count.saturating_mul(faces.len()) / MAX_MEASURED).max(1);
    let mut farthest = 0.0_f64;
    for point in points.step_by(stride) {
        let mut nearest = f64::INFINITY;
        for face in faces {
            nearest = nearest.min(distance_squared(point, face));
            if nearest <= farthest {
                break;
            }
        }
        farthest = farthest.max(nearest);
    }
    farthest.sqrt()
}

/// Distance from a point to a triangle, squared (Ericson, Real-Time Collision Detection, 5.1.5).
fn distance_squared(p: DVec3, [a, b, c]: &[DVec3; 3]) -> f64 {
    let (ab, ac, ap) = (*b - *a, *c - *a, p - *a);
    let (d1, d2) = (ab.dot(ap), ac.dot(ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return ap.length_squared();
    }
    let bp = p - *b;
    let (d3, d4) = (ab.dot(bp), ac.dot(bp));
    if d3 >= 0.0 && d4 <= d3 {
        return bp.length_squared();
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return (ap - ab * (d1 / (d1 - d3))).length_squared();
    }
    let cp = p - *c;
    let (d5, d6) = (ab.dot(cp), ac.dot(cp));
    if d6 >= 0.0 && d5 <= d6 {
        return cp.length_squared();
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return (ap - ac * (d2 / (d2 - d6))).length_squared();
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        let along = (d4 - d3) / ((d4 - d3) + (d5 - d6));
        return (bp - (*c - *b) * along).length_squared();
    }
    let normal = ab.cross(ac);
    let length_squared = normal.length_squared();
    if length_squared > 0.0 {
        ap.dot(normal).powi(2) / length_squared
    } else {
        ap.length_squared().min(bp.length_squared()).min(cp.length_squared())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_to_a_triangle_is_right_at_face_edge_and_corner() {
        let face = [DVec3::ZERO, DVec3::X * 2.0, DVec3::Y * 2.0];
        for (point, expected) in [
            (DVec3::new(0.5, 0.5, 3.0), 3.0),
            (DVec3::new(-1.0, -1.0, 0.0), 2.0_f64.sqrt()),
            (DVec3::new(1.0, -2.0, 0.0), 2.0),
            (DVec3::new(2.0, 2.0, 0.0), 2.0_f64.sqrt()),
            (DVec3::new(5.0, 0.0, 4.0), 5.0),
            (DVec3::new(0.0, 5.0, 0.0), 3.0),
            (DVec3::new(-3.0, 1.0, 0.0), 3.0),
        ] {
            let found = distance_squared(point, &face).sqrt();
            assert!((found - expected).abs() < 1e-9, "{point}: {found}");
        }
    }
}
