//! The ground as a height grid in the site frame.

use crate::geometry::polygon::ring_contains;
use bevy::math::{DVec2, DVec3};

/// Points that are looked at under one footprint at most, so that a huge one costs no time.
const MAX_SAMPLES: u32 = 10_000;

/// Heights on a regular grid; answers at any point, bilinear, clamped at the rim.
///
/// # Invariant
/// `columns` and `rows` are at least 1, `cell_m` is positive, and `heights_m` holds `columns * rows` finite
/// heights; on a grid that breaks this the missing heights count as 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Terrain {
    /// South-west node, site metres.
    pub origin: DVec2,
    /// Distance between nodes, metres.
    pub cell_m: f64,
    /// Nodes west to east.
    pub columns: u32,
    /// Nodes south to north.
    pub rows: u32,
    /// Site heights, metres, rows south to north.
    pub heights_m: Vec<f32>,
}

impl Terrain {
    /// Flat ground at height 0 of the site frame, for scenarios without terrain.
    pub fn flat() -> Self {
        Self {
            origin: DVec2::ZERO,
            cell_m: 1.0,
            columns: 1,
            rows: 1,
            heights_m: vec![0.0],
        }
    }

    /// Height of a node, metres; numbers past the rim give the rim.
    pub fn node_m(&self, column: u32, row: u32) -> f64 {
        let column = column.min(self.columns.saturating_sub(1)) as usize;
        let row = row.min(self.rows.saturating_sub(1)) as usize;
        let at = row * self.columns as usize + column;
        self.heights_m.get(at).copied().map_or(0.0, f64::from)
    }

    /// Height at a point, site metres.
    pub fn height_at(&self, p: DVec2) -> f64 {
        let (column, u) = split((p.x - self.origin.x) / self.cell_m, self.columns);
        let (row, v) = split((p.y - self.origin.y) / self.cell_m, self.rows);
        let south = mix(self.node_m(column, row), self.node_m(column + 1, row), u);
        let north = mix(self.node_m(column, row + 1), self.node_m(column + 1, row + 1), u);
        mix(south, north, v)
    }

    /// Unit normal at a point, site axes (x east, y north, z up), from the slope over one cell either way.
    pub fn normal_at(&self, p: DVec2) -> DVec3 {
        let step = self.cell_m;
        let rise = |d: DVec2| (self.height_at(p + d) - self.height_at(p - d)) / (2.0 * step);
        DVec3::new(-rise(DVec2::X * step), -rise(DVec2::Y * step), 1.0).normalize_or(DVec3::Z)
    }

    /// South-west and north-east nodes, site metres.
    pub fn bounds(&self) -> (DVec2, DVec2) {
        let steps = DVec2::new(
            f64::from(self.columns.saturating_sub(1)),
            f64::from(self.rows.saturating_sub(1)),
        );
        (self.origin, self.origin + steps * self.cell_m)
    }

    /// Lowest height under a ring: at its corners, along its sides and on the nodes inside, site metres.
    pub fn lowest_under(&self, ring: &[DVec2]) -> f64 {
        let Some((low, high)) = super::ring::bounds(ring) else {
            return 0.0;
        };
        let mut lowest = f64::INFINITY;
        let mut look = |p: DVec2| lowest = lowest.min(self.height_at(p));
        for (a, b) in super::ring::sides(ring) {
            let steps = up_to(a.distance(b) / self.cell_m, 1000);
            for i in 0..=steps {
                look(a.lerp(b, f64::from(i) / f64::from(steps.max(1))));
            }
        }
        let across = up_to((high.x - low.x) / self.cell_m, 1000);
        let along = up_to((high.y - low.y) / self.cell_m, MAX_SAMPLES / across.max(1));
        for row in 1..along {
            for column in 1..across {
                let t = DVec2::new(f64::from(column) / f64::from(across), f64::from(row) / f64::from(along));
                let p = low + (high - low) * t;
                if ring_contains(ring, p) {
                    look(p);
                }
            }
        }
        lowest
    }
}

/// The node at or before a grid coordinate and the part of the cell after it.
fn split(t: f64, nodes: u32) -> (u32, f64) {
    let last = f64::from(nodes.saturating_sub(1));
    let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, last) };
    let node = up_to(t, nodes.saturating_sub(1));
    (node, t - f64::from(node))
}

/// The whole part of a number of steps, at most `most`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=u32 first; the fraction is meant to go"
)]
fn up_to(steps: f64, most: u32) -> u32 {
    steps.clamp(0.0, f64::from(most)) as u32
}

fn mix(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rises 1 m per 10 m eastward, 2 m per 10 m northward.
    fn slope() -> Terrain {
        Terrain {
            origin: DVec2::new(-10.0, -10.0),
            cell_m: 10.0,
            columns: 3,
            rows: 3,
            heights_m: vec![0.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 6.0],
        }
    }

    #[test]
    fn heights_between_nodes_and_past_the_rim() {
        let terrain = slope();
        for (p, expected) in [
            ([-10.0, -10.0], 0.0),
            ([0.0, 0.0], 3.0),
            ([5.0, -2.5], 3.0),
            ([10.0, 10.0], 6.0),
            ([99.0, 99.0], 6.0),
            ([-99.0, 0.0], 2.0),
            ([f64::NAN, 0.0], 2.0),
        ] {
            let found = terrain.height_at(DVec2::from_array(p));
            assert!((found - expected).abs() < 1e-9, "{p:?}: {found}");
        }
        assert!(Terrain::flat().height_at(DVec2::splat(1e6)).abs() < 1e-9);
    }

    #[test]
    fn normals_lean_against_the_slope() {
        let normal = slope().normal_at(DVec2::ZERO);
        assert!(
            normal.distance(DVec3::new(-0.1, -0.2, 1.0).normalize()) < 1e-9,
            "{normal}"
        );
        assert_eq!(Terrain::flat().normal_at(DVec2::ZERO), DVec3::Z);
    }

    #[test]
    fn the_lowest_ground_may_lie_inside_the_ring() {
        let mut terrain = slope();
        terrain.heights_m = vec![5.0, 5.0, 5.0, 5.0, 1.0, 5.0, 5.0, 5.0, 5.0];
        let ring = [[-10.0, -10.0], [10.0, -10.0], [10.0, 10.0], [-10.0, 10.0]].map(DVec2::from_array);
        assert!((terrain.lowest_under(&ring) - 1.0).abs() < 1e-9);
        assert_eq!(terrain.bounds(), (DVec2::splat(-10.0), DVec2::splat(10.0)));
    }
}
