//! The quadtree over the ground: where each node lies, how fine its grid is and how far it may be off.
//!
//! Everything counts in units: steps of the grid of heights from the south-west corner of the root. A node has at most
//! [`CELLS`] cells a side, so the root's are large and each depth halves them, down to a unit; from there on a node has
//! fewer cells, so that imagery finer than the heights has a tree too. Each cell is two triangles that share the
//! diagonal from south-west to north-east: those of a coarse cell are then wholly made up of those of the finer ones, and
//! a coarse surface is furthest from a finer one at a node of the finer one. Site frame, metres.
//!
//! Not taken: a triangle mesh by error (fewer triangles, but it has to be made from the whole grid at once).

use crate::model::Terrain;
use bevy::math::DVec2;
use std::sync::Arc;

/// Cells along the side of a node, at most.
pub const CELLS: u32 = 64;
const CELLS_LOG2: u32 = CELLS.ilog2();
/// Largest side of the root as a power of two of units.
const MAX_SIZE_LOG2: u32 = 24;
/// Parts of the longer side that flat ground is counted in, and the smallest of them, metres.
const FLAT_PARTS: f64 = 4096.0;
const FLAT_LEAST_M: f64 = 0.25;
/// Every part of the ground lies so far below the surfaces on it, metres.
pub const BELOW_M: f64 = 0.07;
/// Skirts hang this much further than they must, metres.
const SKIRT_SPARE_M: f64 = 0.3;

/// A node by its depth below the root and its place from the south-west.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Steps below the root.
    pub depth: u32,
    /// Nodes of this depth west of it.
    pub x: u32,
    /// Nodes of this depth south of it.
    pub y: u32,
}

impl NodeId {
    /// The node of all ground.
    pub const ROOT: Self = Self { depth: 0, x: 0, y: 0 };

    /// The quarters, south-west, south-east, north-west, north-east.
    pub fn children(self) -> [Self; 4] {
        let Self { depth, x, y } = self;
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(east, north)| Self {
            depth: depth + 1,
            x: 2 * x + east,
            y: 2 * y + north,
        })
    }

    /// The node it is a quarter of.
    pub fn parent(self) -> Option<Self> {
        (self.depth > 0).then(|| Self {
            depth: self.depth - 1,
            x: self.x / 2,
            y: self.y / 2,
        })
    }

    /// The node around it at a lesser depth; itself at its own and below.
    #[must_use]
    pub fn at_depth(self, depth: u32) -> Self {
        let up = self.depth.saturating_sub(depth);
        Self {
            depth: self.depth - up,
            x: self.x >> up,
            y: self.y >> up,
        }
    }
}

/// What is known of a node's heights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodeFacts {
    /// Largest vertical distance of its triangles from those of the full grid, metres; never less than that of a node in
    /// it.
    pub error_m: f64,
    /// Lowest height, metres.
    pub low_m: f64,
    /// Highest height, metres.
    pub high_m: f64,
}

/// Facts of all nodes of one depth, rows south to north.
#[derive(Debug, Clone)]
struct Level {
    across: u32,
    facts: Vec<NodeFacts>,
}

/// The ground as a quadtree over a grid of heights.
#[derive(Debug, Clone)]
pub struct Relief {
    terrain: Arc<Terrain>,
    low: DVec2,
    high: DVec2,
    origin: DVec2,
    unit_m: f64,
    /// Units before the first column and row of the grid; there the grid's rim goes on.
    offset: [u32; 2],
    /// Units that hold all of the ground.
    count: [u32; 2],
    size_log2: u32,
    is_flat: bool,
    /// By depth, down to the one with cells of one unit.
    levels: Vec<Level>,
}

impl Relief {
    /// The tree over the ground between `low` and `high`; where that reaches beyond the grid its rim goes on.
    pub fn new(terrain: Arc<Terrain>, low: DVec2, high: DVec2) -> Self {
        let is_flat = terrain.columns.max(terrain.rows) < 2;
        let size = (high - low).max(DVec2::ONE);
        let unit_m = if is_flat {
            (size.max_element() / FLAT_PARTS).max(FLAT_LEAST_M)
        } else {
            terrain.cell_m
        };
        let start = if is_flat { low } else { terrain.origin };
        let units = |length_m: f64| whole((length_m / unit_m - 1e-6).ceil(), 1 << MAX_SIZE_LOG2);
        let offset = [units(start.x - low.x), units(start.y - low.y)];
        let origin = start - DVec2::new(f64::from(offset[0]), f64::from(offset[1])) * unit_m;
        let count = [units(high.x - origin.x).max(1), units(high.y - origin.y).max(1)];
        let longest = count[0].max(count[1]).next_power_of_two().ilog2();
        let mut relief = Self {
            terrain,
            low,
            high,
            origin,
            unit_m,
            offset,
            count,
            size_log2: longest.max(CELLS_LOG2),
            is_flat,
            levels: Vec::new(),
        };
        if !is_flat {
            relief.measure();
        }
        relief
    }

    /// South-west and north-east corner of the ground, site metres.
    pub fn bounds(&self) -> (DVec2, DVec2) {
        (self.low, self.high)
    }

    /// Side of the root and its south-west corner, site metres.
    pub fn frame(&self) -> (DVec2, f64) {
        self.square(NodeId::ROOT)
    }

    /// Heights of the full grid.
    pub fn terrain(&self) -> &Terrain {
        &self.terrain
    }

    /// The greatest depth of a node.
    pub fn max_depth(&self) -> u32 {
        self.size_log2
    }

    /// Whether some of the ground lies in a node.
    pub fn holds(&self, node: NodeId) -> bool {
        let size = u64::from(self.units_of(node));
        node.depth <= self.size_log2
            && u64::from(node.x) * size < u64::from(self.count[0])
            && u64::from(node.y) * size < u64::from(self.count[1])
    }

    /// South-west corner and side of a node, site metres.
    pub fn square(&self, node: NodeId) -> (DVec2, f64) {
        let side = f64::from(self.units_of(node)) * self.unit_m;
        (
            self.origin + DVec2::new(f64::from(node.x), f64::from(node.y)) * side,
            side,
        )
    }

    /// Cells along the side of a node.
    pub fn cells(&self, node: NodeId) -> u32 {
        if self.is_flat {
            1
        } else {
            self.units_of(node).min(CELLS)
        }
    }

    /// Height at a corner of a node's cells, counted from its south-west, metres.
    pub fn corner_m(&self, node: NodeId, column: u32, row: u32) -> f64 {
        let size = self.units_of(node);
        let step = size / self.cells(node);
        self.unit_height(node.x * size + column * step, node.y * size + row * step)
    }

    /// What is known of a node.
    pub fn facts(&self, node: NodeId) -> NodeFacts {
        let flat_m = self.terrain.node_m(0, 0);
        let flat = NodeFacts {
            error_m: 0.0,
            low_m: flat_m,
            high_m: flat_m,
        };
        let last = u32::try_from(self.levels.len()).unwrap_or(0).saturating_sub(1);
        let around = node.at_depth(last);
        let level = self.levels.get(around.depth as usize);
        let place = |level: &Level| (around.y as usize) * level.across as usize + around.x as usize;
        level
            .and_then(|level| level.facts.get(place(level)))
            .copied()
            .unwrap_or(flat)
    }

    /// How far a node is drawn below the ground, metres: nowhere above it, and a little lower than the surfaces on it.
    pub fn sink_m(&self, node: NodeId) -> f64 {
        BELOW_M + self.facts(node).error_m
    }

    /// How far skirts hang down, metres. A node is drawn between the ground and twice its error below it, whatever its
    /// depth, so where any two of them meet the higher one's skirt reaches the lower one.
    pub fn skirt_m(&self) -> f64 {
        2.0 * self.facts(NodeId::ROOT).error_m + SKIRT_SPARE_M
    }

    /// Bytes that it holds besides the grid of heights.
    pub fn bytes(&self) -> u64 {
        let facts: usize = self.levels.iter().map(|level| size_of_val(&*level.facts)).sum();
        facts as u64
    }

    fn units_of(&self, node: NodeId) -> u32 {
        1 << self.size_log2.saturating_sub(node.depth)
    }

    fn unit_height(&self, x: u32, y: u32) -> f64 {
        let [west, south] = self.offset;
        self.terrain.node_m(x.saturating_sub(west), y.saturating_sub(south))
    }

    /// Finds the facts of all nodes, the finest first.
    fn measure(&mut self) {
        let finest = self.size_log2 - CELLS_LOG2;
        let mut below = self.finest_level();
        let mut levels = vec![below.clone()];
        for depth in (0..finest).rev() {
            below = self.level_above(&below, 1 << (finest - depth));
            levels.push(below.clone());
        }
        levels.reverse();
        self.levels = levels;
    }

    fn nodes_of(&self, size: u32) -> [u32; 2] {
        self.count.map(|count| count.div_ceil(size))
    }

    fn finest_level(&self) -> Level {
        let [across, up] = self.nodes_of(CELLS);
        let mut facts = Vec::with_capacity(across as usize * up as usize);
        for y in 0..up {
            for x in 0..across {
                let (mut low_m, mut high_m) = (f64::INFINITY, f64::NEG_INFINITY);
                for v in y * CELLS..=((y + 1) * CELLS).min(self.count[1]) {
                    for u in x * CELLS..=((x + 1) * CELLS).min(self.count[0]) {
                        let height = self.unit_height(u, v);
                        low_m = low_m.min(height);
                        high_m = high_m.max(height);
                    }
                }
                facts.push(NodeFacts {
                    error_m: 0.0,
                    low_m,
                    high_m,
                });
            }
        }
        Level { across, facts }
    }

    /// The level with cells of `step` units from the one with half of that. A node's error is the largest one of a node
    /// in it, and on top of that the largest distance between the two levels.
    fn level_above(&self, below: &Level, step: u32) -> Level {
        let (half, size) = (step / 2, step * CELLS);
        let [across, up] = self.nodes_of(size);
        let nothing = NodeFacts {
            error_m: 0.0,
            low_m: f64::INFINITY,
            high_m: f64::NEG_INFINITY,
        };
        let mut facts = vec![nothing; across as usize * up as usize];
        let mut under = facts.clone();
        for (place, fact) in below.facts.iter().enumerate() {
            let (x, y) = (place % below.across as usize, place / below.across as usize);
            if let Some(found) = under.get_mut(y / 2 * across as usize + x / 2) {
                found.error_m = found.error_m.max(fact.error_m);
                found.low_m = found.low_m.min(fact.low_m);
                found.high_m = found.high_m.max(fact.high_m);
            }
        }
        let last = self.count.map(|count| count.div_ceil(half) * half);
        for v in (0..=last[1]).step_by(half as usize) {
            let is_odd_row = v / half % 2 == 1;
            let first = if is_odd_row { 0 } else { half };
            let stride = if is_odd_row { half } else { step };
            for u in (first..=last[0]).step_by(stride as usize) {
                let dx = if u / half % 2 == 1 { half } else { 0 };
                let dy = if is_odd_row { half } else { 0 };
                let ends = self.unit_height(u - dx, v - dy) + self.unit_height(u + dx, v + dy);
                let error = (self.unit_height(u, v) - 0.5 * ends).abs();
                if error == 0.0 {
                    continue;
                }
                // A corner on the rim of a node belongs to its neighbour as well.
                let places = |n: u32, count: u32| {
                    let after = (n / size).min(count - 1);
                    let before = if n.is_multiple_of(size) {
                        after.saturating_sub(1)
                    } else {
                        after
                    };
                    before..=after
                };
                for y in places(v, up) {
                    for x in places(u, across) {
                        let worst = &mut facts[y as usize * across as usize + x as usize].error_m;
                        *worst = worst.max(error);
                    }
                }
            }
        }
        for (fact, under) in facts.iter_mut().zip(under) {
            *fact = NodeFacts {
                error_m: fact.error_m + under.error_m,
                ..under
            };
        }
        Level { across, facts }
    }
}

/// A whole number of units.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=most first"
)]
fn whole(count: f64, most: u32) -> u32 {
    count.clamp(0.0, f64::from(most)) as u32
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Hills of several sizes on `columns` by `rows` nodes of 2 m.
    pub(in crate::view::relief) fn hills(columns: u32, rows: u32) -> Arc<Terrain> {
        let height = |column: u32, row: u32| {
            let (x, y) = (f64::from(column), f64::from(row));
            20.0 * (x / 90.0).sin() * (y / 70.0).cos() + 3.0 * (x / 9.0 + y / 13.0).sin() + (x * 1.7).sin() * 0.2
        };
        let heights_m = (0..rows)
            .flat_map(|row| {
                (0..columns).map(move |column| crate::georef::narrow(bevy::math::DVec3::splat(height(column, row)))[0])
            })
            .collect();
        Arc::new(Terrain {
            origin: DVec2::new(-100.0, 40.0),
            cell_m: 2.0,
            columns,
            rows,
            heights_m,
        })
    }

    pub(in crate::view::relief) fn relief(columns: u32, rows: u32) -> Relief {
        let terrain = hills(columns, rows);
        let (low, high) = terrain.bounds();
        Relief::new(terrain, low, high)
    }

    /// Height of a node's triangles, not sunk, at a point in it.
    pub(in crate::view::relief) fn drawn_m(relief: &Relief, node: NodeId, p: DVec2) -> f64 {
        let (low, side) = relief.square(node);
        let cells = relief.cells(node);
        let at = (p - low) / side * f64::from(cells);
        let [column, row] = [at.x, at.y].map(|t| whole(t.floor(), cells - 1));
        let (s, t) = (at.x - f64::from(column), at.y - f64::from(row));
        let corner = |east: u32, north: u32| relief.corner_m(node, column + east, row + north);
        let (sw, ne) = (corner(0, 0), corner(1, 1));
        if s >= t {
            let se = corner(1, 0);
            sw + (se - sw) * s + (ne - se) * t
        } else {
            let nw = corner(0, 1);
            sw + (nw - sw) * t + (ne - nw) * s
        }
    }

    fn all_nodes(relief: &Relief, deepest: u32) -> Vec<NodeId> {
        let mut nodes = vec![NodeId::ROOT];
        let mut at = 0;
        while let Some(node) = nodes.get(at).copied() {
            at += 1;
            if node.depth < deepest {
                nodes.extend(node.children().into_iter().filter(|child| relief.holds(*child)));
            }
        }
        nodes
    }

    #[test]
    fn no_point_of_a_node_is_further_off_than_its_error() {
        let relief = relief(300, 201);
        let finest = relief.size_log2 - CELLS_LOG2;
        assert_eq!((relief.size_log2, finest), (9, 3));
        let (low, high) = relief.bounds();
        for node in all_nodes(&relief, finest) {
            let facts = relief.facts(node);
            let (corner, side) = relief.square(node);
            let mut worst: f64 = 0.0;
            for row in 0..=100 {
                for column in 0..=100 {
                    let p = corner + DVec2::new(f64::from(column), f64::from(row)) * 0.01 * side;
                    if p.cmpgt(high).any() || p.cmplt(low).any() {
                        continue;
                    }
                    let fine = NodeId {
                        depth: finest,
                        x: 0,
                        y: 0,
                    };
                    let fine_side = relief.square(fine).1;
                    let place = ((p - relief.origin) / fine_side).floor();
                    let fine = NodeId {
                        depth: finest,
                        x: whole(place.x, 7),
                        y: whole(place.y, 7),
                    };
                    let truth = drawn_m(&relief, fine, p);
                    worst = worst.max((drawn_m(&relief, node, p) - truth).abs());
                    assert!(facts.low_m <= truth + 1e-6 && truth <= facts.high_m + 1e-6, "{node:?}");
                }
            }
            assert!(
                worst <= facts.error_m + 1e-6,
                "{node:?}: {worst} above {}",
                facts.error_m
            );
            assert!(
                worst >= facts.error_m * 0.2,
                "{node:?}: {worst} is far less than the {} it is taken for",
                facts.error_m
            );
            for child in node.children().into_iter().filter(|child| relief.holds(*child)) {
                assert!(relief.facts(child).error_m <= facts.error_m, "{child:?}");
            }
        }
    }

    #[test]
    fn flat_ground_is_one_cell_at_every_depth() {
        let relief = Relief::new(
            Arc::new(Terrain::flat()),
            DVec2::splat(-500.0),
            DVec2::new(500.0, 100.0),
        );
        assert_eq!(relief.cells(NodeId::ROOT), 1);
        assert!(relief.skirt_m() < 1.0);
        assert!(relief.square(NodeId::ROOT).1 >= 1000.0);
        let finest = relief.square(NodeId::ROOT.children()[0].at_depth(1));
        assert!(relief.max_depth() >= 10 && finest.1 > 0.0);
    }

    #[test]
    fn ground_beyond_the_grid_goes_on_from_its_rim() {
        let terrain = hills(65, 65);
        let (low, high) = terrain.bounds();
        let relief = Relief::new(terrain.clone(), low - DVec2::splat(31.0), high + DVec2::splat(50.0));
        let (corner, side) = relief.square(NodeId::ROOT);
        assert_eq!(corner, low - DVec2::splat(32.0), "on the nodes of the grid");
        assert!(side >= 209.0);
        assert!((drawn_m(&relief, NodeId::ROOT, corner) - terrain.height_at(low)).abs() < 1e-6);
    }

    #[test]
    fn nodes_know_where_they_belong() {
        let node = NodeId { depth: 3, x: 5, y: 2 };
        assert_eq!(node.parent().unwrap().children()[1], node);
        assert_eq!(node.at_depth(1), NodeId { depth: 1, x: 1, y: 0 });
        assert_eq!(node.at_depth(7), node);
        assert_eq!(NodeId::ROOT.parent(), None);
    }
}
