//! Boxes in the plane, found by place without looking at each: a hash grid.
//!
//! Made once and never changed. Not for rays (that is [`MeshBvh`](super::MeshBvh)) nor for exact shapes: what it
//! finds are boxes, and the caller looks at what is in them.

use bevy::math::DVec2;
use std::collections::HashMap;

/// Size of a cell, metres: about a building.
const CELL_M: f64 = 50.0;

/// A box over more cells than this is looked at on every lookup instead.
const MAX_CELLS: i64 = 1000;

/// Boxes by the cells of a grid that they touch.
#[derive(Debug, Clone, Default)]
pub struct BoxIndex {
    boxes: Vec<Option<(DVec2, DVec2)>>,
    cells: HashMap<(i64, i64), Vec<usize>>,
    everywhere: Vec<usize>,
}

impl BoxIndex {
    /// Indexes boxes by their lowest and highest corner, in their order; `None` is never found.
    pub fn new(boxes: impl IntoIterator<Item = Option<(DVec2, DVec2)>>) -> Self {
        let mut index = Self::default();
        for (position, bounds) in boxes.into_iter().enumerate() {
            index.boxes.push(bounds);
            let Some((low, high)) = bounds else { continue };
            let ((west, south), (east, north)) = (cell(low), cell(high));
            if count(west, east).saturating_mul(count(south, north)) > MAX_CELLS {
                index.everywhere.push(position);
                continue;
            }
            for x in west..=east {
                for y in south..=north {
                    index.cells.entry((x, y)).or_default().push(position);
                }
            }
        }
        index
    }

    /// Positions of the boxes that hold a point, lowest first.
    pub fn at(&self, p: DVec2) -> Vec<usize> {
        self.touching(p, p)
    }

    /// Positions of the boxes that touch the box from `low` to `high`, lowest first.
    pub fn touching(&self, low: DVec2, high: DVec2) -> Vec<usize> {
        let ((west, south), (east, north)) = (cell(low), cell(high));
        let is_wide = usize::try_from(count(west, east).saturating_mul(count(south, north)))
            .map_or(true, |cells| cells > self.cells.len());
        if is_wide {
            return (0..self.boxes.len()).filter(|i| self.touches(*i, low, high)).collect();
        }
        let cells = (west..=east).flat_map(|x| (south..=north).map(move |y| (x, y)));
        let near = cells.filter_map(|cell| self.cells.get(&cell)).flatten();
        let mut found: Vec<usize> = near
            .chain(&self.everywhere)
            .copied()
            .filter(|i| self.touches(*i, low, high))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn touches(&self, position: usize, low: DVec2, high: DVec2) -> bool {
        let bounds = self.boxes.get(position).copied().flatten();
        bounds.is_some_and(|(from, to)| from.cmple(high).all() && to.cmpge(low).all())
    }
}

/// Cells from one number to another, both counted.
fn count(from: i64, to: i64) -> i64 {
    (to - from + 1).max(0)
}

/// The cell of a point.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, far points share a cell at the rim"
)]
fn cell(p: DVec2) -> (i64, i64) {
    // Saturating at 10^15 keeps differences of cells from overflowing.
    let number = |v: f64| (v / CELL_M).floor().clamp(-1e15, 1e15) as i64;
    (number(p.x), number(p.y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_box_that_reaches_far_is_found_everywhere_in_it() {
        let far = DVec2::splat(1e18);
        let index = BoxIndex::new([Some((-far, far)), None, Some((DVec2::ZERO, DVec2::ONE))]);
        assert_eq!(index.at(DVec2::new(0.5, 1.0)), [0, 2]);
        assert_eq!(index.at(DVec2::new(1e17, -3.0)), [0]);
        assert_eq!(index.touching(-far, far), [0, 2]);
        assert!(index.touching(DVec2::ONE, DVec2::splat(f64::NAN)).is_empty());
        assert!(BoxIndex::default().touching(-far, far).is_empty());
    }

    proptest! {
        #[test]
        fn it_finds_what_looking_at_each_box_finds(
            boxes in prop::collection::vec((-300.0..300.0_f64, -300.0..300.0_f64, 0.0..200.0_f64, 0.0..200.0_f64), 0..40),
            asked in (-400.0..400.0_f64, -400.0..400.0_f64, 0.0..300.0_f64, 0.0..300.0_f64),
        ) {
            let corners = |(x, y, w, h): (f64, f64, f64, f64)| (DVec2::new(x, y), DVec2::new(x + w, y + h));
            let (low, high) = corners(asked);
            let meets = |b: (DVec2, DVec2)| b.0.x <= high.x && b.0.y <= high.y && b.1.x >= low.x && b.1.y >= low.y;
            let expected: Vec<usize> = (0..boxes.len()).filter(|i| meets(corners(boxes[*i]))).collect();
            let index = BoxIndex::new(boxes.iter().map(|b| Some(corners(*b))));
            prop_assert_eq!(index.touching(low, high), expected);
        }
    }
}
