//! An octree grown over points in memory, whose nodes add to one another.
//!
//! A node takes the first point it meets in each of its cells; the rest goes to the eighths of its cube. The points are
//! moved about in place until those of a node stand together, so nothing is held twice.

use super::header::PointHeader;
use super::point::Point;
use super::stop::Stop;
use super::tree::{CELLS, NodeData, PointNode};
use bevy::math::DVec3;

/// So many points or fewer are one node.
const LEAF_POINTS: usize = 20_000;
/// Deepest level; below it points stand on top of one another.
const MAX_LEVEL: u32 = 24;
/// Cells along the edge of a cube, as a power of two.
const CELL_BITS: u32 = 7;
/// Words of 64 cells.
const WORDS: usize = 1 << (3 * CELL_BITS - 6);

/// A point as it is held: 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Held {
    at: [i32; 3],
    rgb: [u16; 3],
    intensity: u16,
    class: u8,
    /// Number of the echo in the lower four bits, how many there were in the upper ones.
    echoes: u8,
}

impl Held {
    pub(super) fn of(point: &Point, header: &PointHeader) -> Self {
        let whole = ((point.position - header.offset) / header.scale).round();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "they were such whole numbers in the file"
        )]
        let at = whole.to_array().map(|value| value as i32);
        Self {
            at,
            rgb: point.rgb,
            intensity: point.intensity,
            class: point.class,
            echoes: (point.return_number & 0x0f) | (point.returns & 0x0f) << 4,
        }
    }

    fn position(&self, header: &PointHeader) -> DVec3 {
        DVec3::from_array(self.at.map(f64::from)) * header.scale + header.offset
    }

    pub(super) fn point(&self, header: &PointHeader) -> Point {
        Point {
            position: self.position(header),
            rgb: self.rgb,
            class: self.class,
            intensity: self.intensity,
            return_number: self.echoes & 0x0f,
            returns: self.echoes >> 4,
            is_withheld: false,
        }
    }
}

/// The nodes of `points`, which all lie between the two `bounds`, parents first. Their cubes are cubes in metres, of which
/// `units` go into a unit of the file, cut off at the bounds. Moves the points about. Told to stop, it gives some nodes.
pub(super) fn grow(
    points: &mut [Held],
    header: &PointHeader,
    units: DVec3,
    bounds: [DVec3; 2],
    stop: &Stop,
) -> Vec<PointNode> {
    let in_metres = PointHeader {
        scale: header.scale * units,
        offset: header.offset * units,
        ..header.clone()
    };
    let [low, high] = bounds.map(|corner| corner * units);
    // A little larger, so that the highest points lie inside and a single point has a cube too.
    let side = ((high - low).max_element() * 1.000_001).max(in_metres.scale.max_element() * CELLS);
    let mut growing = Growing {
        header: &in_metres,
        units,
        bounds,
        stop,
        taken: vec![0; WORDS],
        nodes: Vec::new(),
    };
    let root = Cube { low, side, level: 0 };
    if side.is_finite() {
        growing.node(points, 0, root, None);
    }
    growing.nodes
}

#[derive(Clone, Copy)]
struct Cube {
    low: DVec3,
    side: f64,
    level: u32,
}

struct Growing<'a> {
    /// With scale and offset in metres.
    header: &'a PointHeader,
    units: DVec3,
    bounds: [DVec3; 2],
    stop: &'a Stop,
    /// Which cells have a point; used by one node at a time.
    taken: Vec<u64>,
    nodes: Vec<PointNode>,
}

impl Growing<'_> {
    fn push(&mut self, cube: Cube, parent: Option<u32>, first: usize, points: usize) -> u32 {
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let [low, high] = self.bounds;
        self.nodes.push(PointNode {
            parent,
            low: (cube.low / self.units).clamp(low, high),
            high: ((cube.low + cube.side) / self.units).clamp(low, high),
            middle: (cube.low + cube.side * 0.5) / self.units,
            spacing: cube.side / CELLS / self.units.x,
            points: points as u64,
            data: NodeData::Held(first),
        });
        number
    }

    fn node(&mut self, points: &mut [Held], first: usize, cube: Cube, parent: Option<u32>) {
        if points.len() <= LEAF_POINTS || cube.level >= MAX_LEVEL {
            // As a rule one; many only where points stand on top of one another.
            for (number, part) in points.chunks(LEAF_POINTS).enumerate() {
                self.push(cube, parent, first + number * LEAF_POINTS, part.len());
            }
            return;
        }
        let kept = self.take_one_per_cell(points, cube);
        if self.stop.is_told() {
            return;
        }
        let number = self.push(cube, parent, first, kept);
        let (_, rest) = points.split_at_mut(kept);
        let middle = cube.low + cube.side * 0.5;
        let header = self.header;
        let eighth = |held: &Held| {
            let above = held.position(header).cmpge(middle);
            u8::from(above.x) | u8::from(above.y) << 1 | u8::from(above.z) << 2
        };
        rest.sort_unstable_by_key(eighth);
        let mut at = first + kept;
        for part in rest.chunk_by_mut(|a, b| eighth(a) == eighth(b)) {
            let place = part.first().map_or(0, eighth);
            let bit = |axis: u8| f64::from(place >> axis & 1);
            let half = cube.side * 0.5;
            let below = Cube {
                low: cube.low + DVec3::new(bit(0), bit(1), bit(2)) * half,
                side: half,
                level: cube.level + 1,
            };
            let count = part.len();
            self.node(part, at, below, Some(number));
            at += count;
        }
    }

    /// Brings one point of each cell to the front and says how many those are.
    fn take_one_per_cell(&mut self, points: &mut [Held], cube: Cube) -> usize {
        const LAST: f64 = CELLS - 1.0;
        self.taken.fill(0);
        let mut kept = 0;
        for at in 0..points.len() {
            if self.stop.is_told_at(at as u64) {
                break;
            }
            let cell = (points[at].position(self.header) - cube.low) * (CELLS / cube.side);
            let cell = cell.clamp(DVec3::ZERO, DVec3::splat(LAST));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to the cells of a cube"
            )]
            let [x, y, z] = cell.to_array().map(|value| value as usize);
            let number = (z << CELL_BITS | y) << CELL_BITS | x;
            let (word, bit) = (number >> 6, 1_u64 << (number & 63));
            if self.taken[word] & bit == 0 {
                self.taken[word] |= bit;
                points.swap(kept, at);
                kept += 1;
            }
        }
        kept
    }
}
