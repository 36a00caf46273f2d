//! The ground that a city model brings with it, as a terrain just below it: the table must not hide the roads and the
//! water of the file.
//!
//! Only the lowest height of each square is kept. Green counts where it is flat: in city models it is trees as often as
//! lawns. Coordinates: RD metres and NAP; the terrain stands in the site frame.

use crate::georef::{RdNap, SiteFrame};
use crate::model::Terrain;
use crate::sources::{CityFeature, CityPart, SurfaceRole};
use bevy::math::{DVec2, DVec3};
use std::collections::{BTreeMap, VecDeque};

/// Side of a square, metres.
const CELL_M: f64 = 5.0;
/// No more squares are kept than this.
const MOST_CELLS: usize = 1_000_000;
/// No more nodes than this along a side of the terrain.
const MOST_NODES: u32 = 512;
/// A triangle over more squares than this is no ground.
const MOST_OF_ONE: i64 = 10_000;
/// How far the table lies below the file's own ground, metres.
const BELOW_M: f64 = 0.3;
/// How far it lies below what stands on it, metres: nothing may seem to float.
const BELOW_FEET_M: f64 = 0.02;
/// A model of which less than this share is ground has none of its own.
const LEAST_SHARE: f64 = 0.25;
/// A model on no more squares than this stands on its own feet all the same: an estimate needs more of them.
const FEW_CELLS: usize = 400;

type Cell = (i32, i32);

/// Lowest heights of a model, by square.
#[derive(Debug, Default)]
pub(super) struct CityGround {
    /// Of land, roads, water and lawns.
    ground: BTreeMap<Cell, f64>,
    /// Of what stands on it.
    feet: BTreeMap<Cell, f64>,
}

impl CityGround {
    /// Takes a feature.
    pub(super) fn take(&mut self, feature: &CityFeature) {
        let mut foot_m = f64::INFINITY;
        let mut stands: Vec<DVec3> = Vec::new();
        for part in &feature.parts {
            if is_ground(part.role) || part.role == SurfaceRole::Green && is_flat(part) {
                self.take_ground(part);
            } else {
                stands.extend(part.positions.iter().filter(|p| p.is_finite()));
            }
        }
        for p in &stands {
            foot_m = foot_m.min(p.z);
        }
        for p in stands {
            lower(&mut self.feet, (cell(p.x), cell(p.y)), foot_m - BELOW_FEET_M);
        }
    }

    fn take_ground(&mut self, part: &CityPart) {
        for triangle in &part.triangles {
            let corner = |i: u32| part.positions.get(i as usize).copied().filter(|p| p.is_finite());
            let [Some(a), Some(b), Some(c)] = triangle.map(corner) else {
                continue;
            };
            let (low, high) = (a.min(b).min(c), a.max(b).max(c));
            let (from, to) = ((cell(low.x), cell(low.y)), (cell(high.x), cell(high.y)));
            let squares = (i64::from(to.0) - i64::from(from.0) + 1) * (i64::from(to.1) - i64::from(from.1) + 1);
            if squares > MOST_OF_ONE {
                continue;
            }
            for x in from.0..=to.0 {
                for y in from.1..=to.1 {
                    lower(&mut self.ground, (x, y), low.z - BELOW_M);
                }
            }
        }
    }

    /// The terrain; `None` where too little of the model is ground, or the site is not in RD.
    pub(super) fn terrain(mut self, site: &SiteFrame) -> Option<Terrain> {
        if !matches!(site, SiteFrame::RdNap { .. }) {
            return None;
        }
        let mut all = self.ground.len();
        self.feet.retain(|key, _| !self.ground.contains_key(key));
        all += self.feet.len();
        if all > FEW_CELLS && share(self.ground.len(), all) < LEAST_SHARE {
            return None;
        }
        self.ground.append(&mut self.feet);
        let xs = || self.ground.keys().map(|key| key.0);
        let ys = || self.ground.keys().map(|key| key.1);
        let (low, high) = ((xs().min()?, ys().min()?), (xs().max()?, ys().max()?));
        let (wide, deep) = (low.0.abs_diff(high.0) + 1, low.1.abs_diff(high.1) + 1);
        // Cells of one node, so that a town as large as a province does not make a grid of gigabytes.
        let per_node = wide.max(deep).div_ceil(MOST_NODES).max(1);
        let (columns, rows) = (wide / per_node + 2, deep / per_node + 2);
        let mut grid = vec![f64::INFINITY; columns as usize * rows as usize];
        for ((x, y), z) in &self.ground {
            let (column, row) = (x.abs_diff(low.0) / per_node, y.abs_diff(low.1) / per_node);
            // The four nodes around a square lie below it.
            for at in [
                (column, row),
                (column + 1, row),
                (column, row + 1),
                (column + 1, row + 1),
            ] {
                if let Some(node) = grid.get_mut((at.1 * columns + at.0) as usize) {
                    *node = node.min(*z);
                }
            }
        }
        fill(&mut grid, columns as usize);
        let corner = RdNap {
            x_m: f64::from(low.0) * CELL_M,
            y_m: f64::from(low.1) * CELL_M,
            nap_m: 0.0,
        };
        let zero = site.site_from_rd_nap(corner).ok()?.0;
        Some(Terrain {
            origin: DVec2::new(zero.x, zero.y),
            cell_m: CELL_M * f64::from(per_node),
            columns,
            rows,
            heights_m: grid.into_iter().map(|z| single(zero.z + z)).collect(),
        })
    }
}

/// Whether a part is a lawn and not a tree.
fn is_flat(part: &CityPart) -> bool {
    const MOST_M: f64 = 1.0;
    let heights = || part.positions.iter().map(|p| p.z);
    heights().fold(f64::NEG_INFINITY, f64::max) - heights().fold(f64::INFINITY, f64::min) < MOST_M
}

fn is_ground(role: SurfaceRole) -> bool {
    matches!(role, SurfaceRole::Land | SurfaceRole::Traffic | SurfaceRole::Water)
}

fn lower(cells: &mut BTreeMap<Cell, f64>, key: Cell, height_m: f64) {
    if cells.len() < MOST_CELLS || cells.contains_key(&key) {
        let lowest = cells.entry(key).or_insert(height_m);
        *lowest = lowest.min(height_m);
    }
}

/// Nodes without a height get that of the nearest one that has one.
fn fill(grid: &mut [f64], columns: usize) {
    let mut known: VecDeque<usize> = (0..grid.len()).filter(|i| grid[*i].is_finite()).collect();
    while let Some(i) = known.pop_front() {
        let column = i % columns;
        let beside = [
            (column > 0).then(|| i - 1),
            (column + 1 < columns).then(|| i + 1),
            i.checked_sub(columns),
            Some(i + columns),
        ];
        for next in beside.into_iter().flatten() {
            if grid.get(next).is_some_and(|z| z.is_infinite()) {
                grid[next] = grid[i];
                known.push_back(next);
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most two million")]
fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "casts saturate, and a model in RD lies within 700 km"
)]
fn cell(metres: f64) -> i32 {
    (metres / CELL_M).floor() as i32
}

#[expect(clippy::cast_possible_truncation, reason = "a height of a grid, metres")]
fn single(z: f64) -> f32 {
    z as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::LonLatH;
    use serde_json::Map;

    fn square(class: &str, role: SurfaceRole, at: DVec3, side_m: f64) -> CityFeature {
        CityFeature {
            id: class.into(),
            class: class.into(),
            attributes: Map::new(),
            parts: vec![CityPart {
                role,
                color: None,
                texture: None,
                positions: vec![
                    at,
                    at + side_m * DVec3::X,
                    at + side_m * (DVec3::X + DVec3::Y),
                    at + side_m * DVec3::Y,
                ],
                triangles: vec![[0, 1, 2], [0, 2, 3]],
            }],
        }
    }

    #[test]
    fn the_table_lies_below_the_water_and_the_roads_of_the_file() {
        let site = SiteFrame::around(LonLatH {
            lon_deg: 4.37,
            lat_deg: 52.0,
            h_m: 43.0,
        });
        let mut model = CityGround::default();
        let at = DVec3::new(84_900.0, 447_500.0, 0.0);
        model.take(&square("Road", SurfaceRole::Traffic, at + DVec3::Z, 100.0));
        model.take(&square(
            "WaterBody",
            SurfaceRole::Water,
            at + DVec3::new(120.0, 0.0, -2.0),
            50.0,
        ));
        model.take(&square(
            "Building",
            SurfaceRole::Unknown,
            at + DVec3::new(20.0, 20.0, 9.0),
            10.0,
        ));
        let terrain = model.terrain(&site).unwrap();
        let height = |x: f64, y: f64| {
            let place = RdNap {
                x_m: at.x + x,
                y_m: at.y + y,
                nap_m: 0.0,
            };
            let p = site.site_from_rd_nap(place).unwrap().0;
            terrain.height_at(p.truncate()) - p.z
        };
        assert!((height(50.0, 50.0) - 0.7).abs() < 0.01, "{}", height(50.0, 50.0));
        assert!((height(25.0, 25.0) - 0.7).abs() < 0.01, "a roof is no ground");
        assert!((height(150.0, 25.0) + 2.3).abs() < 0.01, "{}", height(150.0, 25.0));
        let mut hut = CityGround::default();
        hut.take(&square("Building", SurfaceRole::Unknown, at, 10.0));
        let below = hut.terrain(&site).unwrap();
        let zero = site
            .site_from_rd_nap(RdNap {
                x_m: at.x,
                y_m: at.y,
                nap_m: 0.0,
            })
            .unwrap()
            .0;
        assert!((below.height_at(zero.truncate()) - zero.z + 0.02).abs() < 0.001);
        let mut town = CityGround::default();
        for number in 0..200 {
            let next = at + 50.0 * f64::from(number) * DVec3::X;
            town.take(&square("Building", SurfaceRole::Unknown, next, 10.0));
        }
        assert!(
            town.terrain(&site).is_none(),
            "of many buildings alone the ground is estimated"
        );
        assert!(CityGround::default().terrain(&site).is_none());
    }
}
