//! Heights on a regular grid, with the holes that maps of heights have: water, and the ground under buildings.

use bevy::math::DVec2;

/// Sweeps over the holes at most.
const MAX_SWEEPS: usize = 48;
/// Visits of nodes in holes that the sweeps may cost together.
const MAX_VISITS: usize = 200_000_000;
/// Farther from a node than this part of the step nothing is known of a grid's surroundings.
const REACH: f64 = 0.500_001;

/// Heights on nodes, in the coordinates of whoever made it. NaN where there is none.
///
/// # Invariant
/// There are `columns * rows` heights, at least one, and `step` is positive.
#[derive(Debug, Clone, PartialEq)]
pub struct HeightGrid {
    /// South-west node.
    pub origin: DVec2,
    /// Distance between nodes, east and north.
    pub step: DVec2,
    /// Nodes west to east.
    pub columns: u32,
    /// Nodes south to north.
    pub rows: u32,
    /// Heights, metres, rows south to north.
    pub heights_m: Vec<f32>,
}

impl HeightGrid {
    /// Height of a node; NaN in a hole. Numbers past the rim give the rim.
    pub fn node_m(&self, column: u32, row: u32) -> f64 {
        let column = column.min(self.columns.saturating_sub(1)) as usize;
        let row = row.min(self.rows.saturating_sub(1)) as usize;
        let at = row * self.columns as usize + column;
        self.heights_m.get(at).copied().map_or(f64::NAN, f64::from)
    }

    /// Height at a point, bilinear, clamped at the rim. Where corners of the cell are holes, the others count in their
    /// place; NaN where all are.
    pub fn height_at(&self, p: DVec2) -> f64 {
        let t = (p - self.origin) / self.step;
        let (column, u) = split(t.x, self.columns);
        let (row, v) = split(t.y, self.rows);
        let corners = [
            (self.node_m(column, row), (1.0 - u) * (1.0 - v)),
            (self.node_m(column + 1, row), u * (1.0 - v)),
            (self.node_m(column, row + 1), (1.0 - u) * v),
            (self.node_m(column + 1, row + 1), u * v),
        ];
        let (mut sum, mut weight) = (0.0, 0.0);
        for (height, part) in corners {
            if !height.is_nan() && part > 0.0 {
                sum += height * part;
                weight += part;
            }
        }
        if weight > 0.0 { sum / weight } else { f64::NAN }
    }

    /// Height at a point no more than half a step beyond the rim; `None` farther off and in holes.
    pub fn known_at(&self, p: DVec2) -> Option<f64> {
        let t = (p - self.origin) / self.step;
        let last = DVec2::new(f64::from(self.columns - 1), f64::from(self.rows - 1));
        let is_near = t.cmpge(DVec2::splat(-REACH)).all() && t.cmple(last + REACH).all();
        is_near.then(|| self.height_at(p)).filter(|height| !height.is_nan())
    }

    /// South-west and north-east nodes.
    pub fn bounds(&self) -> (DVec2, DVec2) {
        let last = DVec2::new(f64::from(self.columns - 1), f64::from(self.rows - 1));
        (self.origin, self.origin + last * self.step)
    }

    /// Number of nodes without a height.
    pub fn holes(&self) -> usize {
        self.heights_m.iter().filter(|height| height.is_nan()).count()
    }

    /// Gives every node without a height one, from the rims of its hole: first from ever coarser means, then smoothed,
    /// so that the ground runs on from the rim. `false` when there is no height at all.
    ///
    /// The cost is bounded by the size of the grid, and the result is the same on every machine.
    pub fn fill_holes(&mut self) -> bool {
        let (columns, rows) = (self.columns as usize, self.rows as usize);
        let holes: Vec<usize> = (0..self.heights_m.len())
            .filter(|i| self.heights_m[*i].is_nan())
            .collect();
        if holes.is_empty() {
            return true;
        }
        if holes.len() == self.heights_m.len() {
            return false;
        }
        fill_from_means(&mut self.heights_m, columns, rows);
        let heights = &mut self.heights_m;
        for sweep in 0..MAX_SWEEPS.min(MAX_VISITS / holes.len()) {
            // Alternating directions carry what the rim says equally far both ways.
            let count = holes.len();
            for n in 0..count {
                let i = holes[if sweep % 2 == 0 { n } else { count - 1 - n }];
                let (row, column) = (i / columns, i % columns);
                let west = heights[if column > 0 { i - 1 } else { i }];
                let east = heights[if column + 1 < columns { i + 1 } else { i }];
                let south = heights[if row > 0 { i - columns } else { i }];
                let north = heights[if row + 1 < rows { i + columns } else { i }];
                heights[i] = (west + east + south + north) * 0.25;
            }
        }
        true
    }
}

/// Fills holes with the means of ever larger blocks: bilinear from a grid of half the size that is filled itself.
fn fill_from_means(heights: &mut [f32], columns: usize, rows: usize) {
    let (wide, high) = (columns.div_ceil(2), rows.div_ceil(2));
    if wide == columns && high == rows {
        return;
    }
    let mut coarse = vec![f32::NAN; wide * high];
    for row in 0..high {
        for column in 0..wide {
            let (mut sum, mut count) = (0.0_f32, 0.0_f32);
            for (r, c) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let (r, c) = (2 * row + r, 2 * column + c);
                if r < rows && c < columns && !heights[r * columns + c].is_nan() {
                    sum += heights[r * columns + c];
                    count += 1.0;
                }
            }
            if count > 0.0 {
                coarse[row * wide + column] = sum / count;
            }
        }
    }
    if coarse.iter().any(|height| height.is_nan()) {
        fill_from_means(&mut coarse, wide, high);
    }
    // A node lies a quarter of a coarse step from the middle of its block: 3/4 of the near one, 1/4 of the next.
    let near_and_next = |i: usize, count: usize| {
        let near = i / 2;
        let next = if i.is_multiple_of(2) {
            near.saturating_sub(1)
        } else {
            (near + 1).min(count - 1)
        };
        (near, next)
    };
    for row in 0..rows {
        for column in 0..columns {
            let height = &mut heights[row * columns + column];
            if height.is_nan() {
                let (r, r2) = near_and_next(row, high);
                let (c, c2) = near_and_next(column, wide);
                let along = |row: usize| coarse[row * wide + c] * 0.75 + coarse[row * wide + c2] * 0.25;
                *height = along(r) * 0.75 + along(r2) * 0.25;
            }
        }
    }
}

/// The node at or before a grid coordinate and the part of the step after it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=u32 first; the fraction is meant to go"
)]
fn split(t: f64, nodes: u32) -> (u32, f64) {
    let last = f64::from(nodes.saturating_sub(1));
    let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, last) };
    let node = t as u32;
    (node, t - f64::from(node))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plane that rises 1 m per step east and 2 m per step north.
    fn plane(columns: u32, rows: u32) -> HeightGrid {
        let node = |i: u32| f64::from(i % columns) + 2.0 * f64::from(i / columns);
        HeightGrid {
            origin: DVec2::new(100.0, 200.0),
            step: DVec2::new(10.0, 5.0),
            columns,
            rows,
            heights_m: (0..columns * rows)
                .map(|i| super::super::geo_tiff::single(node(i)))
                .collect(),
        }
    }

    #[test]
    fn heights_between_nodes_and_beside_holes() {
        let mut grid = plane(3, 3);
        let at = |grid: &HeightGrid, x: f64, y: f64| grid.height_at(DVec2::new(x, y));
        assert!((at(&grid, 105.0, 202.5) - 1.5).abs() < 1e-6);
        assert!((at(&grid, 0.0, 0.0)).abs() < 1e-6 && (at(&grid, 999.0, 999.0) - 6.0).abs() < 1e-6);
        grid.heights_m[4] = f32::NAN;
        assert!((at(&grid, 100.0, 205.0) - 2.0).abs() < 1e-6);
        assert!((at(&grid, 105.0, 202.5) - 1.0).abs() < 1e-6, "the mean of 0, 1 and 2");
        assert!(at(&grid, 110.0, 205.0).is_nan());
        assert_eq!(grid.known_at(DVec2::new(110.0, 205.0)), None);
        assert!(grid.known_at(DVec2::new(95.1, 200.0)).is_some() && grid.known_at(DVec2::new(94.0, 200.0)).is_none());
        assert_eq!((grid.holes(), grid.bounds().1), (1, DVec2::new(120.0, 210.0)));
    }

    #[test]
    fn a_hole_in_a_slope_becomes_that_slope() {
        let whole = plane(64, 48);
        let mut grid = whole.clone();
        for row in 10..26 {
            for column in 20..36 {
                grid.heights_m[row * 64 + column] = f32::NAN;
            }
        }
        assert!(grid.fill_holes());
        let worst = grid
            .heights_m
            .iter()
            .zip(&whole.heights_m)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 0.5, "{worst} m off over a hole of 16 by 16 nodes");
        let mut again = whole.clone();
        again.heights_m[5] = f32::NAN;
        assert!(again.fill_holes() && again.holes() == 0);
    }

    #[test]
    fn one_height_fills_all_and_none_fills_nothing() {
        let mut grid = plane(9, 7);
        grid.heights_m.fill(f32::NAN);
        assert!(!grid.fill_holes());
        grid.heights_m[30] = 4.0;
        assert!(grid.fill_holes());
        assert!(grid.heights_m.iter().all(|height| (height - 4.0).abs() < 1e-6));
    }
}
