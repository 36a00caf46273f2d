//! The octree of a COPC file (COPC 1.0): which chunk holds the points of which node.

use super::chunks::Chunk;
use super::fields::{f64_at, i32_at, u64_at};
use super::header::{SideRecord, record};
use crate::sources::resource::RandomRead;
use bevy::math::DVec3;
use std::collections::{BTreeSet, VecDeque};

/// Bytes of an entry.
const ENTRY_BYTES: usize = 32;
/// Most bytes of a page.
const MAX_PAGE_BYTES: u64 = 64 << 20;
/// Most pages.
const MAX_PAGES: usize = 100_000;
/// Most nodes.
const MAX_NODES: usize = 1_000_000;
/// Deepest level.
const MAX_LEVEL: u32 = 31;

/// Whether the file says that it has an octree.
pub(super) fn is_copc(records: &[SideRecord]) -> bool {
    record(records, "copc", 1).is_some()
}

/// The cube at the root of an octree, units of the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RootCube {
    /// Lowest corner.
    pub(super) low: DVec3,
    /// Length of an edge.
    pub(super) side: f64,
    /// How far points of the root lie apart; half of that on each level below.
    pub(super) spacing: f64,
}

/// The cube that the file names.
///
/// # Errors
/// What is wrong with it.
pub(super) fn root_cube(records: &[SideRecord]) -> Result<RootCube, String> {
    let info = record(records, "copc", 1).ok_or("there is no octree")?;
    let at = |place: usize| f64_at(info, 8 * place).ok_or("its octree is cut off");
    let center = DVec3::new(at(0)?, at(1)?, at(2)?);
    let (half, spacing) = (at(3)?, at(4)?);
    let is_usable = center.is_finite() && half.is_finite() && half > 0.0 && spacing.is_finite() && spacing > 0.0;
    if !is_usable {
        return Err("the cube of its octree is no usable number".into());
    }
    Ok(RootCube {
        low: center - half,
        side: 2.0 * half,
        spacing: spacing.min(half),
    })
}

/// The chunks of all nodes, coarse levels first.
///
/// # Errors
/// What is wrong with the octree; the file can still be read without.
pub(super) fn chunks(source: &dyn RandomRead, records: &[SideRecord]) -> Result<Vec<Chunk>, String> {
    let info = record(records, "copc", 1).ok_or("there is no octree")?;
    let root = u64_at(info, 40).zip(u64_at(info, 48)).ok_or("its octree is cut off")?;
    let mut pages = VecDeque::from([root]);
    let mut seen = BTreeSet::from([root.0]);
    let mut chunks = Vec::new();
    let mut read = 0_u64;
    while let Some((at, length)) = pages.pop_front() {
        let is_inside = at.checked_add(length).is_some_and(|end| end <= source.size_bytes());
        if !is_inside || length > MAX_PAGE_BYTES {
            return Err("a page of its octree reaches past its end".into());
        }
        read = read.saturating_add(length);
        // A small file could name a large part of itself as pages again and again, each a byte further on.
        if read > source.size_bytes() {
            return Err("pages of its octree lie over one another".into());
        }
        let mut page = vec![0; usize::try_from(length).unwrap_or_default()];
        source.read_at(at, &mut page).map_err(|error| error.to_string())?;
        for entry in page.as_chunks::<ENTRY_BYTES>().0 {
            match node(entry, source.size_bytes())? {
                Node::Empty => {}
                Node::Page { at, bytes } => {
                    if seen.insert(at) {
                        pages.push_back((at, bytes));
                    }
                }
                Node::Points(chunk) => chunks.push(chunk),
            }
        }
        if seen.len() > MAX_PAGES || chunks.len() > MAX_NODES {
            return Err("its octree has more nodes than are read".into());
        }
    }
    chunks.sort_by_key(|chunk| (chunk.level, chunk.at, chunk.cube));
    chunks.dedup();
    Ok(chunks)
}

enum Node {
    Empty,
    Page { at: u64, bytes: u64 },
    Points(Chunk),
}

fn node(entry: &[u8; ENTRY_BYTES], size_bytes: u64) -> Result<Node, String> {
    let damaged = || "a node of its octree is damaged".to_owned();
    let level = i32_at(entry, 0).and_then(|level| u32::try_from(level).ok());
    let level = level.filter(|level| *level <= MAX_LEVEL).ok_or_else(damaged)?;
    let at = u64_at(entry, 16).ok_or_else(damaged)?;
    let bytes = i32_at(entry, 24).and_then(|bytes| u64::try_from(bytes).ok());
    let points = i32_at(entry, 28).ok_or_else(damaged)?;
    if points == 0 {
        return Ok(Node::Empty);
    }
    let bytes = bytes.filter(|bytes| *bytes > 0).ok_or_else(damaged)?;
    let mut cube = [0; 3];
    for (axis, place) in cube.iter_mut().enumerate() {
        let read = i32_at(entry, 4 + 4 * axis).and_then(|place| u32::try_from(place).ok());
        *place = read
            .filter(|place| u64::from(*place) < 1 << level)
            .ok_or_else(damaged)?;
    }
    if at.checked_add(bytes).is_none_or(|end| end > size_bytes) {
        return Err(damaged());
    }
    match u64::try_from(points) {
        Ok(points) => Ok(Node::Points(Chunk {
            at,
            bytes,
            points,
            level,
            cube,
        })),
        Err(_negative) if points == -1 => Ok(Node::Page { at, bytes }),
        Err(_negative) => Err(damaged()),
    }
}

/// So many of the chunks, coarse levels first, that they hold `wanted` points or all: whole levels, which each lie evenly
/// over the whole.
pub(super) fn coarse(chunks: &[Chunk], wanted: u64) -> &[Chunk] {
    let mut points = 0_u64;
    for (place, chunk) in chunks.iter().enumerate() {
        let begins_level = place > 0 && chunks[place - 1].level != chunk.level;
        if begins_level && points >= wanted {
            return &chunks[..place];
        }
        points = points.saturating_add(chunk.points);
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_lie_over_one_another_are_not_read_again_and_again() {
        let size = 100_000;
        let mut bytes = Vec::new();
        // Each names nearly the whole file, which is empty nodes.
        for at in 0..100_u64 {
            bytes.extend([0; 16]);
            bytes.extend((3200 + at).to_le_bytes());
            bytes.extend(90_000_i32.to_le_bytes());
            bytes.extend((-1_i32).to_le_bytes());
        }
        bytes.resize(size, 0);
        let mut info = vec![0; 160];
        info[48..56].copy_from_slice(&3200_u64.to_le_bytes());
        let records = [SideRecord {
            owner: "copc".into(),
            number: 1,
            bytes: info,
        }];
        let told = chunks(&bytes, &records).err().unwrap();
        assert!(told.contains("over one another"), "{told}");
    }
}
