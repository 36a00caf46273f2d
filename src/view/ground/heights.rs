//! How high the ground is, for everything that stands on it, walks over it or clicks it.

use crate::georef::SitePos;
use crate::model::Terrain;
use bevy::{
    math::{DVec2, DVec3},
    prelude::*,
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

/// Heights of the ground in the site frame.
#[derive(Resource, Debug, Clone)]
pub struct GroundHeights {
    terrain: Arc<Terrain>,
    /// Whether the heights were measured. Else they follow the feet of what stands there, for the eye only:
    /// nobody may read a height off them.
    pub is_measured: bool,
}

impl Default for GroundHeights {
    fn default() -> Self {
        Self {
            terrain: Arc::new(Terrain::flat()),
            is_measured: false,
        }
    }
}

impl GroundHeights {
    /// Heights of a terrain.
    pub(crate) fn new(terrain: Arc<Terrain>, is_measured: bool) -> Self {
        Self { terrain, is_measured }
    }

    /// The grid behind it.
    pub(crate) fn terrain(&self) -> &Arc<Terrain> {
        &self.terrain
    }

    /// Height at a point, site metres.
    pub fn height_at(&self, p: DVec2) -> f64 {
        self.terrain.height_at(p)
    }

    /// Distance along a line of sight (unit length) to the ground; `None` when it never gets there.
    pub fn cast(&self, eye: SitePos, direction: DVec3) -> Option<f64> {
        const FARTHEST_M: f64 = 40_000.0;
        let clearance = |along: f64| {
            let p = eye.0 + direction * along;
            p.z - self.height_at(p.truncate())
        };
        let mut near = 0.0;
        if clearance(near) <= 0.0 {
            return None;
        }
        // Ground rarely rises steeper than the line of sight falls to it, so steps may grow with the room left.
        for _ in 0..2000 {
            let room = clearance(near);
            let far = near + (room * 0.5).clamp(0.5, 500.0);
            if far > FARTHEST_M || (direction.z > 0.0 && room > 2000.0) {
                return None;
            }
            if clearance(far) <= 0.0 {
                return Some(bisect(near, far, clearance));
            }
            near = far;
        }
        None
    }
}

fn bisect(mut near: f64, mut far: f64, clearance: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..40 {
        let middle = (near + far) * 0.5;
        if clearance(middle) > 0.0 {
            near = middle;
        } else {
            far = middle;
        }
    }
    (near + far) * 0.5
}

/// The lowest points of what was loaded, by square of ground, for areas without a terrain.
///
/// Squares lie together in blocks that copies share until one of them changes: a worker gets a copy of a whole town in
/// microseconds, and the frame that goes on noting feet writes only the blocks that these lie in.
#[derive(Resource, Debug, Clone, Default)]
pub(crate) struct FootSamples {
    blocks: BTreeMap<(i32, i32), Arc<Block>>,
    is_changed: bool,
}

/// Height of the lowest point in each square of a block, row by row from the south-west, infinite where nothing was
/// noted, metres.
type Block = [f64; BLOCK * BLOCK];

/// Side of a square of [`FootSamples`], metres.
const SAMPLE_M: f64 = 20.0;
/// Squares along the side of a block.
const BLOCK: usize = 16;
const BLOCK_I32: i32 = 16;
/// No more blocks than this: an area of 41 × 41 km, 32 MB.
const MAX_BLOCKS: usize = 1 << 14;
/// Nodes of an estimated grid along one side, at most.
const MAX_NODES: u32 = 192;
/// Between samples the ground is not taken to be steeper than this.
const STEEPEST: f64 = 0.06;
/// What lies lower by no more than this tells nothing new, metres.
const TOLD_APART_M: f64 = 0.01;

impl FootSamples {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
        self.is_changed = false;
    }

    /// Takes a point of something that stands on the ground.
    pub(crate) fn take(&mut self, p: SitePos) {
        if !p.0.is_finite() || p.0.truncate().length() > 1e7 {
            return;
        }
        let (x, y) = (cell(p.0.x), cell(p.0.y));
        let Some(block) = self.block((x.div_euclid(BLOCK_I32), y.div_euclid(BLOCK_I32))) else {
            return;
        };
        let at = place(x.rem_euclid(BLOCK_I32), y.rem_euclid(BLOCK_I32));
        if p.0.z < block[at] - TOLD_APART_M {
            Arc::make_mut(block)[at] = p.0.z;
            self.is_changed = true;
        }
    }

    /// Takes all samples of something that was made apart.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (key, lower) in &other.blocks {
            let Some(block) = self.block(*key) else {
                continue;
            };
            let is_lower = |new: f64, old: f64| new < old - TOLD_APART_M;
            if !lower.iter().zip(block.iter()).any(|(new, old)| is_lower(*new, *old)) {
                continue;
            }
            for (new, old) in lower.iter().zip(Arc::make_mut(block)) {
                if is_lower(*new, *old) {
                    *old = *new;
                }
            }
            self.is_changed = true;
        }
    }

    /// The block at a place, made where there is none; `None` when there are too many.
    fn block(&mut self, key: (i32, i32)) -> Option<&mut Arc<Block>> {
        let is_full = self.blocks.len() >= MAX_BLOCKS;
        match self.blocks.entry(key) {
            Entry::Occupied(block) => Some(block.into_mut()),
            Entry::Vacant(_) if is_full => None,
            Entry::Vacant(free) => Some(free.insert(Arc::new([f64::INFINITY; BLOCK * BLOCK]))),
        }
    }

    /// Squares and their heights.
    fn cells(&self) -> impl Iterator<Item = ((i32, i32), f64)> + '_ {
        self.blocks.iter().flat_map(|((x, y), block)| {
            let rows = (0..).zip(block.chunks_exact(BLOCK));
            rows.flat_map(move |(row, heights_m)| {
                let noted = (0..).zip(heights_m).filter(|(_, z)| z.is_finite());
                noted.map(move |(column, z)| ((x * BLOCK_I32 + column, y * BLOCK_I32 + row), *z))
            })
        })
    }

    /// The lowest points, each in the middle of its square.
    pub(crate) fn feet(&self) -> impl Iterator<Item = SitePos> + '_ {
        self.cells().map(|((x, y), z)| {
            let middle = (DVec2::new(f64::from(x), f64::from(y)) + 0.5) * SAMPLE_M;
            SitePos(middle.extend(z))
        })
    }

    /// Whether there are samples that nobody has taken yet.
    pub(crate) fn has_changed(&self) -> bool {
        self.is_changed
    }

    /// The samples, once after each change.
    pub(crate) fn take_changed(&mut self) -> Option<Self> {
        std::mem::take(&mut self.is_changed).then(|| self.clone())
    }

    /// A ground below all samples that passes through most of them; `None` without samples.
    pub(crate) fn estimate(&self) -> Option<Terrain> {
        let (low, high) = self.cells().fold(
            ((i32::MAX, i32::MAX), (i32::MIN, i32::MIN)),
            |(low, high), ((x, y), _)| ((low.0.min(x), low.1.min(y)), (high.0.max(x), high.1.max(y))),
        );
        if low > high {
            return None;
        }
        let side = (high.0 - low.0).max(high.1 - low.1).unsigned_abs() + 1;
        let per_node = side.div_ceil(MAX_NODES).max(1);
        let columns = ((high.0 - low.0).unsigned_abs() / per_node + 1).max(2);
        let rows = ((high.1 - low.1).unsigned_abs() / per_node + 1).max(2);
        let mut grid = vec![f64::INFINITY; columns as usize * rows as usize];
        for ((x, y), z) in self.cells() {
            let column = (x - low.0).unsigned_abs() / per_node;
            let row = (y - low.1).unsigned_abs() / per_node;
            let node = &mut grid[(row * columns + column) as usize];
            *node = node.min(z);
        }
        // A grid has two nodes along each side: where what stands there fills but one, the other is like it.
        if low.0 == high.0 {
            for row in grid.as_chunks_mut::<2>().0 {
                row[1] = row[0];
            }
        }
        if low.1 == high.1 {
            let (first, second) = grid.split_at_mut(columns as usize);
            second.copy_from_slice(first);
        }
        let cell_m = SAMPLE_M * f64::from(per_node);
        drop_pits(&mut grid, columns as usize);
        spread(&mut grid, columns as usize, cell_m * STEEPEST);
        for _ in 0..3 {
            grid = blurred(&grid, columns as usize);
        }
        let middle = SAMPLE_M * 0.5 * f64::from(per_node);
        Some(Terrain {
            origin: DVec2::new(f64::from(low.0), f64::from(low.1)) * SAMPLE_M + DVec2::splat(middle),
            cell_m,
            columns,
            rows,
            heights_m: grid.into_iter().map(|z| single(z - 0.1)).collect(),
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a height of a grid, metres")]
fn single(z: f64) -> f32 {
    z as f32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the caller bounds coordinates to 10,000 km"
)]
fn cell(metres: f64) -> i32 {
    (metres / SAMPLE_M).floor() as i32
}

/// Where a square stands in its block.
fn place(column: i32, row: i32) -> usize {
    // Both are remainders, from 0 to 15.
    row.unsigned_abs() as usize * BLOCK + column.unsigned_abs() as usize
}

fn neighbours(i: usize, columns: usize, length: usize) -> impl Iterator<Item = usize> {
    let column = i % columns;
    let row = i / columns;
    let rows = length / columns;
    (row.saturating_sub(1)..=(row + 1).min(rows - 1))
        .flat_map(move |r| (column.saturating_sub(1)..=(column + 1).min(columns - 1)).map(move |c| r * columns + c))
        .filter(move |n| *n != i)
}

/// A single cellar or stray vertex far below its surroundings does not make a pit.
fn drop_pits(grid: &mut [f64], columns: usize) {
    const DEEPEST_M: f64 = 3.0;
    let old = grid.to_vec();
    for (i, node) in grid.iter_mut().enumerate() {
        let mut around: Vec<f64> = neighbours(i, columns, old.len())
            .map(|n| old[n])
            .filter(|z| z.is_finite())
            .collect();
        if around.len() < 3 || !node.is_finite() {
            continue;
        }
        around.sort_by(f64::total_cmp);
        *node = node.max(around[around.len() / 2] - DEEPEST_M);
    }
}

/// Fills gaps from their neighbours and takes down what only roofs reported, by a slope that streets have.
fn spread(grid: &mut [f64], columns: usize, rise: f64) {
    let diagonal = rise * std::f64::consts::SQRT_2;
    let length = grid.len();
    let relax = |grid: &mut [f64], i: usize| {
        let best = neighbours(i, columns, length)
            .map(|n| {
                grid[n]
                    + if n % columns == i % columns || n / columns == i / columns {
                        rise
                    } else {
                        diagonal
                    }
            })
            .fold(f64::INFINITY, f64::min);
        grid[i] = grid[i].min(best);
    };
    for _ in 0..3 {
        (0..length).for_each(|i| relax(grid, i));
        (0..length).rev().for_each(|i| relax(grid, i));
    }
}

fn blurred(grid: &[f64], columns: usize) -> Vec<f64> {
    (0..grid.len())
        .map(|i| {
            let (sum, count) = neighbours(i, columns, grid.len())
                .fold((grid[i] * 2.0, 2.0), |(sum, count), n| (sum + grid[n], count + 1.0));
            sum / count
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sloped() -> GroundHeights {
        let terrain = Terrain {
            origin: DVec2::new(-1000.0, -1000.0),
            cell_m: 1000.0,
            columns: 3,
            rows: 3,
            heights_m: vec![0.0, 0.0, 0.0, 10.0, 10.0, 10.0, 20.0, 20.0, 20.0],
        };
        GroundHeights::new(Arc::new(terrain), true)
    }

    #[test]
    fn a_line_of_sight_ends_on_the_slope() {
        let ground = sloped();
        let eye = SitePos(DVec3::new(0.0, -500.0, 105.0));
        let along = ground.cast(eye, DVec3::NEG_Z).unwrap();
        assert!((along - 100.0).abs() < 1e-6, "{along}");
        let direction = DVec3::new(0.0, 1.0, -0.5).normalize();
        let hit = eye.0 + direction * ground.cast(eye, direction).unwrap();
        assert!((hit.z - ground.height_at(hit.truncate())).abs() < 1e-6);
        assert!(ground.cast(eye, DVec3::Z).is_none());
        assert!(ground.cast(SitePos(DVec3::new(0.0, 0.0, -5.0)), DVec3::NEG_Z).is_none());
    }

    #[test]
    fn an_estimated_ground_lies_under_the_houses_and_not_on_their_roofs() {
        let mut samples = FootSamples::default();
        for x in 0..40 {
            for y in 0..40 {
                // Feet on a gentle slope; some squares saw only a roof, one a deep cellar.
                let (px, py) = (f64::from(x) * 20.0 + 10.0, f64::from(y) * 20.0 + 10.0);
                let foot = px * 0.01;
                let z = match (x, y) {
                    (20, 20) => foot - 15.0,
                    _ if (x + y) % 7 == 0 => foot + 9.0,
                    _ => foot,
                };
                samples.take(SitePos(DVec3::new(px, py, z)));
            }
        }
        let terrain = samples.take_changed().and_then(|s| s.estimate()).unwrap();
        assert!(samples.take_changed().is_none());
        for (x, y) in [(110.0, 110.0), (600.0, 500.0), (130.0, 10.0)] {
            let z = terrain.height_at(DVec2::new(x, y));
            assert!((z - x * 0.01).abs() < 2.6, "{z} at {x}");
        }
        let cellar = terrain.height_at(DVec2::new(410.0, 410.0));
        assert!(cellar > 4.1 - 3.5, "no pit: {cellar}");
    }

    #[test]
    fn hostile_samples_are_left_out() {
        let mut samples = FootSamples::default();
        samples.take(SitePos(DVec3::new(f64::NAN, 0.0, 0.0)));
        samples.take(SitePos(DVec3::new(1e300, 0.0, 0.0)));
        assert!(samples.estimate().is_none());
    }

    #[test]
    fn samples_made_apart_keep_the_lowest_of_each_square() {
        let at = |x: f64, z: f64| SitePos(DVec3::new(x, 0.0, z));
        let (mut all, mut tile) = (FootSamples::default(), FootSamples::default());
        all.take(at(5.0, 3.0));
        tile.take(at(5.0, 1.0));
        tile.take(at(25.0, 2.0));
        assert!(all.take_changed().is_some());
        all.merge(&tile);
        assert_eq!(all.cells().collect::<Vec<_>>(), [((0, 0), 1.0), ((1, 0), 2.0)]);
        assert!(all.take_changed().is_some());
        all.merge(&tile);
        assert!(all.take_changed().is_none(), "nothing new");
    }

    #[test]
    fn what_a_worker_holds_does_not_change_under_it() {
        let at = |x: f64, y: f64, z: f64| SitePos(DVec3::new(x, y, z));
        let mut samples = FootSamples::default();
        // On both sides of zero, in the last square of one block and the first of the next.
        samples.take(at(-1.0, -1.0, 4.0));
        samples.take(at(1.0, 319.0, 5.0));
        samples.take(at(1.0, 321.0, 6.0));
        let given = samples.take_changed().unwrap();
        samples.take(at(-1.0, -1.0, 2.0));
        samples.take(at(1.0, 319.0, 4.995));
        let before = [((-1, -1), 4.0), ((0, 15), 5.0), ((0, 16), 6.0)];
        assert_eq!(given.cells().collect::<Vec<_>>(), before);
        let now: Vec<_> = samples.cells().collect();
        assert_eq!(now, [((-1, -1), 2.0), ((0, 15), 5.0), ((0, 16), 6.0)]);
        let untouched = |key| Arc::ptr_eq(&given.blocks[&key], &samples.blocks[&key]);
        assert!(untouched((0, 0)) && untouched((0, 1)) && !untouched((-1, -1)));
    }

    #[test]
    fn points_strewn_over_a_continent_do_not_fill_the_memory() {
        let mut samples = FootSamples::default();
        for x in 0..200 {
            for y in 0..200 {
                let p = DVec3::new(f64::from(x), f64::from(y), 0.0) * 25_000.0;
                samples.take(SitePos(p));
            }
        }
        assert_eq!(samples.blocks.len(), MAX_BLOCKS);
        assert!(samples.estimate().is_some());
    }

    #[test]
    fn the_ground_under_a_thing_smaller_than_a_square_lies_below_it() {
        for (x, y) in [(5.0, 5.0), (-5.0, 25.0)] {
            let mut samples = FootSamples::default();
            samples.take(SitePos(DVec3::new(x, y, 2.0)));
            let ground = samples.estimate().unwrap().height_at(DVec2::new(x, y));
            assert!((1.85..2.0).contains(&ground), "{ground}");
            samples.take(SitePos(DVec3::new(x, y + 20.0, 2.05)));
            let ground = samples.estimate().unwrap().height_at(DVec2::new(x, y));
            assert!((1.85..2.0).contains(&ground), "{ground}");
        }
    }
}
