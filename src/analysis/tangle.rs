//! Whether outlines overlap so much that working out what is left of each would take minutes.
//!
//! Real towns are far below the limits; files made to hurt are not. What is too tangled has no value, and says so by
//! not being complete.

use super::study_area::StudyArea;
use crate::geometry::{BoxIndex, Region};

/// Corners that may be cut with in all, each counted for every outline it may cut: about half a minute.
const MAX_WORK: usize = 50_000_000;

/// Whether uniting these regions, or cutting each out of the others, is too much.
pub(super) fn is_tangled<'a>(regions: impl IntoIterator<Item = &'a Region>) -> bool {
    let (mut boxes, mut corners) = (Vec::new(), Vec::new());
    for region in regions {
        boxes.push(region.bounds());
        corners.push(region.sides().count());
    }
    let index = BoxIndex::new(boxes.iter().copied());
    let mut work = 0_usize;
    for (low, high) in boxes.into_iter().flatten() {
        let near = index.touching(low, high);
        work = near
            .into_iter()
            .fold(work, |work, other| work.saturating_add(corners[other]));
        if work > MAX_WORK {
            return true;
        }
    }
    false
}

/// Whether cutting this many outlines at the edge of the area is too much.
pub(super) fn is_too_much_at_the_edge(area: &StudyArea, outlines: usize) -> bool {
    area.region().sides().count().saturating_mul(outlines) > MAX_WORK
}
