//! Rings of the file: projected, checked, turned the right way round.

use super::Converter;
use crate::model::ring::{self, RingFault};
use crate::model::scenario::{file, projection::Projection};
use crate::sources::Cause;
use bevy::math::DVec2;

impl Converter<'_> {
    pub(super) fn rings(&mut self, rings: &[file::Ring], list: &str, projection: &Projection) -> Vec<Vec<DVec2>> {
        let indices = self.left_out.file_indices(list, rings.len());
        let rings = rings.iter().zip(indices);
        rings
            .filter_map(|(ring, index)| self.ring(&ring.0, &format!("{list}[{index}]"), projection))
            .collect()
    }

    pub(super) fn holes(
        &mut self,
        holes: &[file::Ring],
        list: &str,
        first: usize,
        outer: &[DVec2],
        tolerance_m: f64,
        projection: &Projection,
    ) -> Vec<Vec<DVec2>> {
        let indices = self.left_out.file_indices(list, holes.len());
        let mut kept = Vec::new();
        for (hole, index) in holes.iter().zip(indices) {
            let place = format!("{list}[{}]", index + first);
            let Some(mut hole) = self.ring(&hole.0, &place, projection) else {
                continue;
            };
            if let Some(fault) = ring::hole_fault(outer, &hole, tolerance_m, &mut self.ring_budget) {
                self.findings
                    .error_because(fault.cause(), place, format!("{fault}; it is left out"));
            } else {
                hole.reverse();
                kept.push(hole);
            }
        }
        kept
    }

    /// A checked ring in the site frame, counter-clockwise; a fault is reported and the ring left out.
    pub(super) fn ring(&mut self, points: &[[f64; 2]], place: &str, projection: &Projection) -> Option<Vec<DVec2>> {
        match site_ring(points, projection, &mut self.ring_budget) {
            Ok(ring) => Some(ring),
            Err(BadRing { cause, point, message }) => {
                let whole = part_of(place);
                let place = point.map_or_else(|| place.to_owned(), |i| format!("{place}[{i}]"));
                self.findings
                    .error_because(cause, place, format!("{message}; {whole} is left out"));
                None
            }
        }
    }
}

/// What is lost with the ring at `place`: the building, surface or part that it outlines, else the ring itself.
fn part_of(place: &str) -> &str {
    place
        .strip_suffix(".footprint")
        .or_else(|| place.strip_suffix(".polygon[0]"))
        .or_else(|| {
            place
                .strip_suffix("[0]")
                .filter(|part| part.starts_with("plan_area.polygons["))
        })
        .unwrap_or(place)
}

/// What is wrong with the points of a ring.
pub(in crate::model::scenario) struct BadRing {
    /// What kind of problem.
    pub(in crate::model::scenario) cause: Cause,
    /// Number of the bad point, if it is one point.
    pub(in crate::model::scenario) point: Option<usize>,
    /// What is wrong, to go on after.
    pub(in crate::model::scenario) message: String,
}

impl From<RingFault> for BadRing {
    fn from(fault: RingFault) -> Self {
        Self {
            cause: fault.cause(),
            point: None,
            message: fault.to_string(),
        }
    }
}

/// Points of a file as a checked ring.
pub(in crate::model::scenario) fn site_ring(
    points: &[[f64; 2]],
    projection: &Projection,
    budget: &mut u64,
) -> Result<Vec<DVec2>, BadRing> {
    if points.len() > ring::MAX_RING_POINTS + 1 {
        return Err(RingFault::TooManyPoints(points.len()).into());
    }
    let mut site = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        site.push(projection.site_from_file(*point).map_err(|message| BadRing {
            cause: Cause::TooFar,
            point: Some(index),
            message,
        })?);
    }
    Ok(ring::checked(site, budget)?)
}
