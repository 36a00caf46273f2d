//! The header of a LAS file and the records behind it (ASPRS LAS 1.4 R15, sections 2.4 to 2.7).

use super::fields::{bytes, f64_at, u16_at, u32_at, u64_at};
use crate::sources::resource::RandomRead;
use bevy::math::DVec3;

/// Bytes of the largest header that is known, version 1.4.
const HEADER_BYTES: usize = 375;
/// Bytes of the smallest, version 1.0.
const SMALLEST_HEADER_BYTES: u16 = 227;
/// Most records that are looked at, of each of the two kinds.
const MAX_RECORDS: u64 = 10_000;
/// Most bytes of a record that are kept.
const MAX_KEPT_BYTES: u64 = 4 << 20;
/// Bytes of a record by point format, without extra bytes.
const RECORD_BYTES: [u16; 11] = [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67];
/// Where red stands in a record by point format.
const COLOR_AT: [Option<usize>; 11] = [
    None,
    None,
    Some(20),
    Some(28),
    None,
    Some(28),
    None,
    Some(30),
    Some(30),
    None,
    Some(30),
];

/// What a file says of its points.
#[derive(Debug, Clone, PartialEq)]
pub struct PointHeader {
    /// Version, major and minor.
    pub version: [u8; 2],
    /// Point format, 0 to 10.
    pub point_format: u8,
    /// How many points.
    pub points: u64,
    /// Lowest and highest coordinates, units of the CRS.
    pub bounds: [DVec3; 2],
    /// Bytes of a point, unpacked.
    pub record_bytes: u16,
    /// Whether the points are packed.
    pub is_compressed: bool,
    /// Step of the whole numbers that stand for coordinates.
    pub(super) scale: DVec3,
    /// What they count from.
    pub(super) offset: DVec3,
    /// Where the points begin, bytes.
    pub(super) points_at: u64,
    /// Where the records behind the points begin, bytes; 0 where there are none.
    pub(super) records_behind_at: u64,
}

impl PointHeader {
    /// Where red stands in a record.
    pub(super) fn color_at(&self) -> Option<usize> {
        COLOR_AT.get(usize::from(self.point_format)).copied().flatten()
    }

    /// Whether points have colours.
    pub fn has_rgb(&self) -> bool {
        self.color_at().is_some()
    }
}

/// A record beside the points: who defined it, its number there, and its bytes.
#[derive(Debug, Clone)]
pub(super) struct SideRecord {
    pub(super) owner: String,
    pub(super) number: u16,
    pub(super) bytes: Vec<u8>,
}

/// Header and side records of a file, and what is odd about them.
pub(super) struct Head {
    pub(super) header: PointHeader,
    pub(super) records: Vec<SideRecord>,
    pub(super) oddities: Vec<String>,
}

/// Reads a header.
///
/// # Errors
/// What is wrong, where no point could be read.
pub(super) fn read_head(source: &dyn RandomRead) -> Result<Head, String> {
    let mut start = vec![0; HEADER_BYTES];
    let count = source.read_at(0, &mut start).map_err(|error| error.to_string())?;
    start.truncate(count);
    if !start.starts_with(b"LASF") {
        return Err("it does not begin as a LAS file does".into());
    }
    let header = parse(&start).ok_or("it is cut off inside its header")?;
    check(&header, &start, source.size_bytes())?;
    let mut head = Head {
        header,
        records: Vec::new(),
        oddities: Vec::new(),
    };
    let first_at = u64::from(u16_at(&start, 94).unwrap_or_default());
    let count = u64::from(u32_at(&start, 100).unwrap_or_default());
    let until = head.header.points_at;
    read_records(source, &mut head, RecordShape::Before, [first_at, until], count);
    if head.header.records_behind_at > 0 {
        let range = [head.header.records_behind_at, source.size_bytes()];
        let count = u64::from(u32_at(&start, 243).unwrap_or_default());
        read_records(source, &mut head, RecordShape::Behind, range, count);
    }
    Ok(head)
}

fn parse(start: &[u8]) -> Option<PointHeader> {
    let vector = |at: usize| {
        Some(DVec3::new(
            f64_at(start, at)?,
            f64_at(start, at + 8)?,
            f64_at(start, at + 16)?,
        ))
    };
    let version = bytes::<2>(start, 24)?;
    let format = *start.get(104)?;
    let is_14 = version == [1, 4] && u16_at(start, 94)? >= 375;
    let long_count = if is_14 { u64_at(start, 247)? } else { 0 };
    let [max_x, min_x, max_y, min_y, max_z, min_z] = [179, 187, 195, 203, 211, 219].map(|at| f64_at(start, at));
    Some(PointHeader {
        version,
        // The upper bits say that the points are packed.
        point_format: format & 0x3f,
        points: if long_count > 0 {
            long_count
        } else {
            u64::from(u32_at(start, 107)?)
        },
        bounds: [DVec3::new(min_x?, min_y?, min_z?), DVec3::new(max_x?, max_y?, max_z?)],
        record_bytes: u16_at(start, 105)?,
        is_compressed: format & 0xc0 != 0,
        scale: vector(131)?,
        offset: vector(155)?,
        points_at: u64::from(u32_at(start, 96)?),
        records_behind_at: if is_14 { u64_at(start, 235)? } else { 0 },
    })
}

fn check(header: &PointHeader, start: &[u8], size_bytes: u64) -> Result<(), String> {
    let [major, minor] = header.version;
    if major != 1 || minor > 4 {
        return Err(format!("LAS version {major}.{minor} is not read"));
    }
    if u16_at(start, 94).is_none_or(|bytes| bytes < SMALLEST_HEADER_BYTES) {
        return Err("its header is shorter than any header".into());
    }
    let Some(smallest) = RECORD_BYTES.get(usize::from(header.point_format)) else {
        return Err(format!("point format {} does not exist", header.point_format));
    };
    if header.record_bytes < *smallest {
        return Err(format!(
            "its points have {} bytes, those of format {} have {smallest}",
            header.record_bytes, header.point_format
        ));
    }
    if !(header.scale.is_finite() && header.offset.is_finite() && header.scale.cmpgt(DVec3::ZERO).all()) {
        return Err("its scale or offset is no usable number".into());
    }
    if header.points > 0 && header.points_at >= size_bytes {
        return Err("it is cut off before its first point".into());
    }
    Ok(())
}

/// How a side record begins.
#[derive(Clone, Copy)]
enum RecordShape {
    /// Before the points: a length of two bytes.
    Before,
    /// Behind them: one of eight.
    Behind,
}

fn read_records(source: &dyn RandomRead, head: &mut Head, shape: RecordShape, range: [u64; 2], count: u64) {
    let [mut at, until] = range;
    let until = until.min(source.size_bytes());
    let start_bytes = match shape {
        RecordShape::Before => 54,
        RecordShape::Behind => 60,
    };
    for _ in 0..count.min(MAX_RECORDS) {
        let mut start = [0; 60];
        let is_whole = source
            .read_at(at, &mut start[..start_bytes])
            .is_ok_and(|count| count == start_bytes);
        let length = match shape {
            RecordShape::Before => u16_at(&start, 20).map(u64::from),
            RecordShape::Behind => u64_at(&start, 20),
        };
        let body_at = at + start_bytes as u64;
        let end = length
            .and_then(|length| body_at.checked_add(length))
            .filter(|end| *end <= until);
        let (true, Some(end)) = (is_whole, end) else {
            head.oddities
                .push("a record beside the points reaches past its place; it and those behind it are left out".into());
            return;
        };
        let owner = start[2..18].split(|byte| *byte == 0).next().unwrap_or_default();
        let record = SideRecord {
            owner: String::from_utf8_lossy(owner).into_owned(),
            number: u16_at(&start, 18).unwrap_or_default(),
            bytes: Vec::new(),
        };
        if record.is_used() && end - body_at <= MAX_KEPT_BYTES {
            let mut bytes = vec![0; usize::try_from(end - body_at).unwrap_or_default()];
            if source
                .read_at(body_at, &mut bytes)
                .is_ok_and(|count| count == bytes.len())
            {
                head.records.push(SideRecord { bytes, ..record });
            }
        }
        at = end;
    }
}

impl SideRecord {
    /// Whether something here reads it.
    fn is_used(&self) -> bool {
        match self.owner.as_str() {
            "LASF_Projection" | "laszip encoded" => true,
            // The octree of COPC is read where it stands.
            "copc" => self.number == 1,
            _ => false,
        }
    }
}

/// The record of this owner and number.
pub(super) fn record<'a>(records: &'a [SideRecord], owner: &str, number: u16) -> Option<&'a [u8]> {
    let found = records.iter().find(|r| r.owner == owner && r.number == number);
    found.map(|record| record.bytes.as_slice())
}
