//! Coarser and coarser versions of a grid of heights, each with how far it is off.

use super::height_grid::HeightGrid;
use bevy::math::DVec2;

/// Cells of a coarse level along the side of a block whose error is kept.
pub const BLOCK_CELLS: u32 = 32;
/// Most levels.
const MAX_LEVELS: usize = 12;

/// A version of the grid with every second node of the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct HeightLevel {
    /// Its heights.
    pub grid: HeightGrid,
    /// Blocks west to east.
    pub blocks_across: u32,
    /// Largest vertical distance from the finest level for each block of [`BLOCK_CELLS`] by [`BLOCK_CELLS`] cells,
    /// metres, rows south to north. Holes do not count.
    pub max_error_m: Vec<f32>,
}

/// A grid and its coarser versions.
#[derive(Debug, Clone, PartialEq)]
pub struct HeightPyramid {
    /// Finest first; its errors are 0.
    pub levels: Vec<HeightLevel>,
}

impl HeightPyramid {
    /// Makes the levels down to one block.
    pub fn new(grid: HeightGrid) -> Self {
        let blocks =
            |grid: &HeightGrid| [grid.columns, grid.rows].map(|n| n.saturating_sub(1).div_ceil(BLOCK_CELLS).max(1));
        let [across, down] = blocks(&grid);
        let mut levels = vec![HeightLevel {
            blocks_across: across,
            max_error_m: vec![0.0; across as usize * down as usize],
            grid,
        }];
        while levels.len() < MAX_LEVELS {
            let last = &levels[levels.len() - 1].grid;
            if last.columns.max(last.rows) <= BLOCK_CELLS + 1 || last.columns.min(last.rows) < 3 {
                break;
            }
            let grid = halved(last);
            let [across, down] = blocks(&grid);
            let mut max_error_m = vec![0.0; across as usize * down as usize];
            let finest = &levels[0].grid;
            // Nodes of the finest level in a cell of this one.
            let ratio = 1_u32 << levels.len();
            for row in 0..finest.rows {
                for column in 0..finest.columns {
                    let p = finest.origin + DVec2::new(f64::from(column), f64::from(row)) * finest.step;
                    let error = (finest.node_m(column, row) - grid.height_at(p)).abs();
                    let block = |node: u32, count: u32| (node / (ratio * BLOCK_CELLS)).min(count - 1) as usize;
                    let worst = &mut max_error_m[block(row, down) * across as usize + block(column, across)];
                    // Not a number in holes, which no comparison takes.
                    if error > f64::from(*worst) {
                        *worst = super::geo_tiff::single(error);
                    }
                }
            }
            levels.push(HeightLevel {
                grid,
                blocks_across: across,
                max_error_m,
            });
        }
        Self { levels }
    }

    /// The coarsest level whose error is nowhere more than `error_m`.
    pub fn level_within(&self, error_m: f32) -> usize {
        let is_within = |level: &HeightLevel| level.max_error_m.iter().all(|error| *error <= error_m);
        (0..self.levels.len())
            .rev()
            .find(|i| is_within(&self.levels[*i]))
            .unwrap_or(0)
    }
}

/// Every second node.
fn halved(grid: &HeightGrid) -> HeightGrid {
    let [columns, rows] = [grid.columns, grid.rows].map(|n| n.div_ceil(2));
    let mut heights_m = Vec::with_capacity(columns as usize * rows as usize);
    for row in grid.heights_m.chunks(grid.columns as usize).step_by(2) {
        heights_m.extend(row.iter().step_by(2));
    }
    HeightGrid {
        origin: grid.origin,
        step: grid.step * 2.0,
        columns,
        rows,
        heights_m,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_is_an_error_of_its_block_alone() {
        let columns = 129;
        let mut heights_m = vec![5.0; 129 * 129];
        heights_m[101 * 129 + 11] = 8.0;
        let grid = HeightGrid {
            origin: DVec2::ZERO,
            step: DVec2::ONE,
            columns,
            rows: 129,
            heights_m,
        };
        let pyramid = HeightPyramid::new(grid);
        let sizes: Vec<u32> = pyramid.levels.iter().map(|level| level.grid.columns).collect();
        assert_eq!(sizes, [129, 65, 33]);
        assert_eq!(pyramid.levels[1].max_error_m, [0.0, 0.0, 3.0, 0.0]);
        assert_eq!(pyramid.levels[2].max_error_m, [3.0]);
        assert_eq!((pyramid.level_within(2.9), pyramid.level_within(3.0)), (0, 2));
    }
}
