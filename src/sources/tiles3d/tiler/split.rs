//! Which features stand in which tile: the quadtree over the source's horizontal coordinates.

use super::{
    MAX_FEATURES,
    record::Spilled,
    spill::{CellKey, Chunk},
};
use bevy::math::DVec2;
use std::io;

/// Bytes of a file of features that is read whole; a larger one is dealt out to its quarters.
const MAX_LOADED: u64 = 24 << 20;
/// Halvings of a square after which features that still lie together are dealt out by their order.
const MAX_HALVINGS: u32 = 48;

/// What is still to be made into a tile and the tiles below it.
pub(super) enum Work {
    /// Squares of the first grid, by place, and their side, units of the source.
    Cells(Vec<(CellKey, Chunk)>, f64),
    /// One file, whose features lie in a square.
    Chunk(Chunk, Square),
    /// Features in memory, in the order of the input.
    Features(Vec<Spilled>, Square),
}

impl Work {
    pub(super) fn triangles(&self) -> u64 {
        match self {
            Self::Cells(cells, _) => cells.iter().map(|(_, chunk)| chunk.triangles).sum(),
            Self::Chunk(chunk, _) => chunk.triangles,
            Self::Features(features, _) => features.iter().map(Spilled::triangles).sum(),
        }
    }
}

/// A square of the quadtree, units of the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Square {
    low: DVec2,
    size: f64,
    halvings: u32,
}

impl Square {
    /// 0 to 3: south-west, south-east, north-west, north-east.
    fn quarter(&self, at: DVec2) -> u32 {
        let middle = self.low + self.size / 2.0;
        u32::from(at.x >= middle.x) + 2 * u32::from(at.y >= middle.y)
    }

    fn within(&self, quarter: u32) -> Self {
        let half = self.size / 2.0;
        let offset = DVec2::new(f64::from(quarter & 1), f64::from(quarter >> 1)) * half;
        Self {
            low: self.low + offset,
            size: half,
            halvings: self.halvings + 1,
        }
    }
}

/// What becomes of work.
pub(super) enum Split {
    Leaf(Vec<Spilled>),
    Children(Vec<Work>),
}

/// Makes one leaf of the work, or two to four children. A leaf has at most `leaf_triangles`, or one feature.
pub(super) fn split(work: Work, leaf_triangles: u64) -> io::Result<Split> {
    match work {
        Work::Cells(mut cells, side) => {
            if cells.len() == 1 {
                let (key, chunk) = cells.remove(0);
                return split(Work::Chunk(chunk, square_of(key, side)), leaf_triangles);
            }
            let triangles: u64 = cells.iter().map(|(_, chunk)| chunk.triangles).sum();
            let features: u64 = cells.iter().map(|(_, chunk)| chunk.features).sum();
            let bytes: u64 = cells.iter().map(|(_, chunk)| chunk.bytes).sum();
            if triangles <= leaf_triangles && features <= MAX_FEATURES as u64 && bytes <= MAX_LOADED {
                let mut all = Vec::new();
                for (_, chunk) in cells {
                    all.extend(chunk.load()?);
                }
                all.sort_by_key(|feature| feature.order);
                return Ok(Split::Leaf(all));
            }
            Ok(Split::Children(
                quarters(cells)
                    .into_iter()
                    .map(|cells| Work::Cells(cells, side))
                    .collect(),
            ))
        }
        Work::Chunk(chunk, square) if chunk.bytes <= MAX_LOADED || chunk.features == 1 => {
            split(Work::Features(chunk.load()?, square), leaf_triangles)
        }
        Work::Chunk(chunk, square) => deal(chunk, square),
        Work::Features(features, square) => Ok(split_features(features, square, leaf_triangles)),
    }
}

fn square_of((x, y): CellKey, side: f64) -> Square {
    #[expect(clippy::cast_precision_loss, reason = "numbers of squares on earth")]
    let low = DVec2::new(x as f64, y as f64) * side;
    Square {
        low,
        size: side,
        halvings: 0,
    }
}

fn split_features(features: Vec<Spilled>, mut square: Square, leaf_triangles: u64) -> Split {
    let triangles: u64 = features.iter().map(Spilled::triangles).sum();
    let fits = triangles <= leaf_triangles && features.len() <= MAX_FEATURES;
    if fits || features.len() <= 1 {
        return Split::Leaf(features);
    }
    // Squares in which everything lies in one quarter make no tile.
    while square.halvings < MAX_HALVINGS {
        let first = square.quarter(features[0].middle);
        if features.iter().any(|feature| square.quarter(feature.middle) != first) {
            break;
        }
        square = square.within(first);
    }
    let is_apart = square.halvings < MAX_HALVINGS;
    let count = features.len();
    let mut quarters: [Vec<Spilled>; 4] = std::array::from_fn(|_| Vec::new());
    for (number, feature) in features.into_iter().enumerate() {
        let quarter = if is_apart {
            square.quarter(feature.middle) as usize
        } else {
            number * 4 / count
        };
        quarters[quarter.min(3)].push(feature);
    }
    let works = (0..).zip(quarters).filter(|(_, features)| !features.is_empty());
    Split::Children(
        works
            .map(|(quarter, features)| Work::Features(features, if is_apart { square.within(quarter) } else { square }))
            .collect(),
    )
}

/// Deals a file out to the quarters of the smallest square in which its features lie apart.
fn deal(mut chunk: Chunk, mut square: Square) -> io::Result<Split> {
    loop {
        let count = chunk.features;
        let is_apart = square.halvings < MAX_HALVINGS;
        let mut quarters = Vec::new();
        let mut chunks = chunk.deal(|middle, number| {
            // Features that lie at one point are dealt out by their order.
            let quarter = if is_apart {
                square.quarter(middle)
            } else {
                u32::try_from(number * 4 / count.max(1)).unwrap_or(3)
            };
            if !quarters.contains(&quarter) {
                quarters.push(quarter);
            }
            quarter
        })?;
        quarters.sort_unstable();
        let within = |quarter: u32| if is_apart { square.within(quarter) } else { square };
        if chunks.len() > 1 {
            let works = chunks
                .into_iter()
                .zip(quarters)
                .map(|(chunk, quarter)| Work::Chunk(chunk, within(quarter)));
            return Ok(Split::Children(works.collect()));
        }
        let Some(only) = chunks.pop() else {
            return Ok(Split::Leaf(Vec::new()));
        };
        square = within(quarters.first().copied().unwrap_or(0));
        chunk = only;
    }
}

/// Two to four groups of squares, by the quarters of the smallest square of the quadtree that holds them all.
fn quarters(cells: Vec<(CellKey, Chunk)>) -> Vec<Vec<(CellKey, Chunk)>> {
    let low = cells.iter().fold((i64::MAX, i64::MAX), |low, (key, _)| {
        (low.0.min(key.0), low.1.min(key.1))
    });
    let mut bits = 0;
    for (key, _) in &cells {
        bits |= key.0.abs_diff(low.0) | key.1.abs_diff(low.1);
    }
    // At least one bit: the squares differ.
    let shift = (bits | 1).ilog2();
    let mut groups: [Vec<(CellKey, Chunk)>; 4] = std::array::from_fn(|_| Vec::new());
    for (key, chunk) in cells {
        let side = |at: i64, low: i64| usize::try_from(at.abs_diff(low) >> shift & 1).unwrap_or(0);
        groups[side(key.0, low.0) + 2 * side(key.1, low.1)].push((key, chunk));
    }
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}
