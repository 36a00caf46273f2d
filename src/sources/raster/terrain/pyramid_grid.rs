//! Heights of one tile of a pyramid, and how they become those of the tile above and below it.
//!
//! A node on a side of a tile is only ever made from nodes on that side: both tiles that share it get the same.

use std::cmp::Ordering;

/// Cells along the side of a tile.
pub(super) const CELLS: usize = 64;
/// Nodes along the side.
pub(super) const NODES: usize = CELLS + 1;

/// Heights of the nodes of a tile, metres above the ellipsoid, rows south to north; NaN where there is none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TileGrid(pub(super) Vec<f32>);

impl TileGrid {
    /// Bytes in a file.
    pub(super) const BYTES: usize = NODES * NODES * 4;

    /// Without any height.
    pub(super) fn empty() -> Self {
        Self(vec![f32::NAN; NODES * NODES])
    }

    /// Its heights as bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|height| height.to_le_bytes()).collect()
    }

    /// From bytes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let height = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        let mut heights: Vec<f32> = bytes.chunks_exact(4).map(height).collect();
        heights.resize(NODES * NODES, f32::NAN);
        Self(heights)
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        self.0[y * NODES + x]
    }

    /// The tile above four (south-west, south-east, north-west, north-east): every second node; where there is no
    /// height, the mean of those around it.
    pub(super) fn above(children: &[Option<Self>; 4]) -> Self {
        // Nodes of the four tiles together, 0 to 128 each way.
        let get = |x: usize, y: usize| {
            let halves = |n: usize| match n.cmp(&CELLS) {
                Ordering::Less => 0..=0,
                Ordering::Equal => 0..=1,
                Ordering::Greater => 1..=1,
            };
            for (row, column) in halves(y).flat_map(|row| halves(x).map(move |column| (row, column))) {
                let child = children[row * 2 + column].as_ref();
                let height = child.map_or(f32::NAN, |child| child.at(x - column * CELLS, y - row * CELLS));
                if !height.is_nan() {
                    return height;
                }
            }
            f32::NAN
        };
        let reach = |n: usize| if n == 0 || n == 2 * CELLS { n..=n } else { n - 1..=n + 1 };
        let mut grid = Self::empty();
        for row in 0..NODES {
            for column in 0..NODES {
                let (x, y) = (2 * column, 2 * row);
                let mut height = get(x, y);
                if height.is_nan() {
                    let (mut sum, mut count) = (0.0_f32, 0.0_f32);
                    for other in reach(y).flat_map(|y| reach(x).map(move |x| get(x, y))) {
                        if !other.is_nan() {
                            sum += other;
                            count += 1.0;
                        }
                    }
                    height = sum / count;
                }
                grid.0[row * NODES + column] = height;
            }
        }
        grid
    }

    /// Fills what has no height from the tile above, which has all; `east` and `north` tell which quarter of it this is.
    pub(super) fn fill_from(&mut self, parent: &Self, east: bool, north: bool) {
        let (x0, y0) = (usize::from(east) * CELLS / 2, usize::from(north) * CELLS / 2);
        for row in 0..NODES {
            for column in 0..NODES {
                let height = &mut self.0[row * NODES + column];
                if height.is_nan() {
                    // At or half-way between nodes.
                    let (x, y) = (x0 + column / 2, y0 + row / 2);
                    let (x1, y1) = (x + column % 2, y + row % 2);
                    let south = parent.at(x, y).midpoint(parent.at(x1, y));
                    let there = parent.at(x, y1).midpoint(parent.at(x1, y1));
                    *height = south.midpoint(there);
                }
            }
        }
    }

    /// Sum and number of its heights.
    pub(super) fn sum(&self) -> (f64, u32) {
        let known = self.0.iter().filter(|height| !height.is_nan());
        known.fold((0.0, 0), |(sum, count), height| (sum + f64::from(*height), count + 1))
    }

    /// Gives every node without a height this one.
    pub(super) fn fill(&mut self, height_m: f32) {
        for height in self.0.iter_mut().filter(|height| height.is_nan()) {
            *height = height_m;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_with_holes_stays_the_same_on_both_sides() {
        // Two tiles side by side and the two above them; the side has holes.
        let height = |x: usize, y: usize| {
            let is_hole = (x + y).is_multiple_of(3) || (20..40).contains(&y);
            let rough = u16::try_from((x * 31 + y * 17) % 23).unwrap();
            if is_hole { f32::NAN } else { f32::from(rough) }
        };
        let tile = |x0: usize, y0: usize| {
            let nodes = (0..NODES).flat_map(|y| (0..NODES).map(move |x| (x, y)));
            TileGrid(nodes.map(|(x, y)| height(x0 + x, y0 + y)).collect())
        };
        let four = |x0: usize| [tile(x0, 0), tile(x0 + 64, 0), tile(x0, 64), tile(x0 + 64, 64)].map(Some);
        let (west_four, east_four) = (four(0), four(128));
        let (mut west, mut east) = (TileGrid::above(&west_four), TileGrid::above(&east_four));
        let side = |grid: &TileGrid, x: usize| (0..NODES).map(|y| grid.at(x, y).to_bits()).collect::<Vec<u32>>();
        assert_eq!(side(&west, 64), side(&east, 0));
        west.fill(7.0);
        east.fill(7.0);
        let (mut a, mut b) = (west_four[1].clone().unwrap(), east_four[0].clone().unwrap());
        a.fill_from(&west, true, false);
        b.fill_from(&east, false, false);
        assert_eq!(side(&a, 64), side(&b, 0));
        assert!(a.0.iter().chain(&b.0).all(|height| height.is_finite()));
        assert_eq!(TileGrid::from_bytes(&a.to_bytes()), a);
        assert_eq!(a.sum().1, 65 * 65);
    }
}
