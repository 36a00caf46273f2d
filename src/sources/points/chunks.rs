//! Where the points of a file stand, in pieces that can be read one by one.

use super::fields::{u16_at, u64_at};
use super::header::{PointHeader, SideRecord, record};
use super::laz_chunk::Packing;
use crate::sources::resource::RandomRead;
use laz::laszip::ChunkTable;
use std::io::Cursor;

/// Points that are read at once where they are not packed.
const POINTS_AT_ONCE: u64 = 1 << 16;
/// Most bytes of the table of chunks.
const MAX_TABLE_BYTES: u64 = 16 << 20;
/// Most chunks.
const MAX_CHUNKS: u64 = 1_000_000;
/// Points that a byte of a packed file can hold; real ones take two bytes each or more.
const POINTS_PER_BYTE: u64 = 64;

/// Points that stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// First byte.
    pub(super) at: u64,
    /// Bytes.
    pub(super) bytes: u64,
    /// Points.
    pub(super) points: u64,
    /// Level in the octree, 0 at its root; 0 everywhere where there is none.
    pub(super) level: u32,
    /// Which of the cubes of its level it fills, along x, y and z; 0 everywhere where there is no octree.
    pub(super) cube: [u32; 3],
}

/// The pieces of a file that is not packed; fewer than promised where it is cut off.
pub(super) fn of_plain(header: &PointHeader, size_bytes: u64) -> Vec<Chunk> {
    let record_bytes = u64::from(header.record_bytes);
    let there = size_bytes.saturating_sub(header.points_at) / record_bytes;
    let points = header.points.min(there);
    let count = points.div_ceil(POINTS_AT_ONCE);
    let chunk = |number: u64| {
        let first = number * POINTS_AT_ONCE;
        let points = POINTS_AT_ONCE.min(points - first);
        Chunk {
            at: header.points_at + first * record_bytes,
            bytes: points * record_bytes,
            points,
            level: 0,
            cube: [0; 3],
        }
    };
    (0..count).map(chunk).collect()
}

/// The chunks of a packed file by its table.
///
/// # Errors
/// What is wrong with the table.
pub(super) fn of_table(
    source: &dyn RandomRead,
    header: &PointHeader,
    packing: &Packing,
    records: &[SideRecord],
) -> Result<Vec<Chunk>, String> {
    let size = source.size_bytes();
    if header.points > size.saturating_mul(POINTS_PER_BYTE) {
        return Err(format!("{} points do not fit in its {size} bytes", header.points));
    }
    if header.points == 0 {
        return Ok(Vec::new());
    }
    let compressor = record(records, "laszip encoded", 22204).and_then(|bytes| u16_at(bytes, 0));
    if compressor == Some(1) {
        return Ok(vec![Chunk {
            at: header.points_at,
            bytes: size - header.points_at,
            points: header.points,
            level: 0,
            cube: [0; 3],
        }]);
    }
    let first_at = header.points_at.saturating_add(8);
    let table_at = [header.points_at, size.saturating_sub(8)]
        .into_iter()
        .find_map(|at| offset_at(source, at).filter(|table| *table >= first_at && *table < size))
        .ok_or("the table of its chunks is missing; write it again with a program that finishes it")?;
    let length = usize::try_from((size - table_at).min(MAX_TABLE_BYTES)).unwrap_or_default();
    let mut table = vec![0; length];
    let filled = source
        .read_at(table_at, &mut table)
        .map_err(|error| error.to_string())?;
    table.truncate(filled);
    let count = super::fields::u32_at(&table, 4).ok_or("the table of its chunks is cut off")?;
    // Every chunk holds at least its first point as it is.
    let most = (table_at - first_at) / u64::from(header.record_bytes);
    if u64::from(count) > most.min(MAX_CHUNKS) {
        return Err(format!("a table of {count} chunks does not fit in it"));
    }
    let is_variable = packing.vlr.uses_variable_size_chunks();
    let read = ChunkTable::read(&mut Cursor::new(table), is_variable)
        .map_err(|error| format!("the table of its chunks is damaged: {error}"))?;
    let mut chunks = Vec::with_capacity(read.len());
    let (mut at, mut left) = (first_at, header.points);
    for entry in &read {
        let points = if is_variable {
            entry.point_count
        } else {
            u64::from(packing.vlr.chunk_size())
        };
        let points = points.min(left);
        if points == 0 {
            continue;
        }
        let end = at.checked_add(entry.byte_count).filter(|end| *end <= table_at);
        let Some(end) = end else {
            return Err("the table of its chunks names places behind its points".into());
        };
        chunks.push(Chunk {
            at,
            bytes: entry.byte_count,
            points,
            level: 0,
            cube: [0; 3],
        });
        at = end;
        left -= points;
    }
    Ok(chunks)
}

fn offset_at(source: &dyn RandomRead, at: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    let filled = source.read_at(at, &mut bytes).ok()?;
    (filled == 8).then(|| u64_at(&bytes, 0))?
}
