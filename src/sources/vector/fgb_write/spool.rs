//! Features on their way: a box, the coordinates and the properties, as they were added.
//!
//! What is here was written by this process and is read back once; it is no format for anybody else.

use super::super::cursor::Cursor;
use super::super::record::{Bounds, GeometryKind, Position, Rings, VectorGeometry};
use super::{read_into, read_u64};
use serde_json::{Map, Value};
use std::io::{self, Read};

const KINDS: [GeometryKind; 7] = [
    GeometryKind::Point,
    GeometryKind::MultiPoint,
    GeometryKind::LineString,
    GeometryKind::MultiLineString,
    GeometryKind::Polygon,
    GeometryKind::MultiPolygon,
    GeometryKind::GeometryCollection,
];

/// Appends a feature to `out`: its length, its box, its form, its properties.
pub(super) fn write(
    out: &mut Vec<u8>,
    kind: GeometryKind,
    bounds: Bounds,
    geometry: &VectorGeometry,
    properties: &Map<String, Value>,
) -> io::Result<()> {
    let start = out.len();
    out.extend([0; 8]);
    out.extend(bounds.iter().flat_map(|number| number.to_le_bytes()));
    let kind = KINDS.iter().position(|known| *known == kind).unwrap_or_default();
    out.push(u8::try_from(kind).unwrap_or_default());
    positions(out, &geometry.points, false)?;
    count(out, geometry.lines.len())?;
    for line in &geometry.lines {
        positions(out, line, false)?;
    }
    count(out, geometry.polygons.len())?;
    for rings in &geometry.polygons {
        count(out, rings.len())?;
        for ring in rings {
            positions(out, ring, true)?;
        }
    }
    serde_json::to_writer(&mut *out, properties)?;
    let length = (out.len() - start - 8) as u64;
    if let Some(place) = out.get_mut(start..start + 8) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}

fn count(out: &mut Vec<u8>, count: usize) -> io::Result<()> {
    let count =
        u32::try_from(count).map_err(|_error| io::Error::other("a feature has more parts than fit in a file"))?;
    out.extend(count.to_le_bytes());
    Ok(())
}

fn positions(out: &mut Vec<u8>, positions: &[Position], is_ring: bool) -> io::Result<()> {
    let closing = positions
        .first()
        .filter(|first| is_ring && positions.last().is_some_and(|last| last != *first));
    count(out, positions.len() + usize::from(closing.is_some()))?;
    for p in positions.iter().chain(closing) {
        for number in [p.x, p.y, p.z.unwrap_or(f64::NAN)] {
            out.extend(number.to_le_bytes());
        }
    }
    Ok(())
}

/// Reads the next feature into `record`, for [`read`]; gives its box, and `None` at the end.
pub(super) fn next(from: &mut impl Read, record: &mut Vec<u8>) -> io::Result<Option<Bounds>> {
    let Some(length) = read_u64(from)? else { return Ok(None) };
    read_into(from, record, usize::try_from(length).map_err(io::Error::other)?)?;
    bounds(&mut Cursor::new(record)).map(Some).map_err(io::Error::other)
}

fn bounds(cursor: &mut Cursor<'_>) -> Result<Bounds, String> {
    Ok([cursor.f64()?, cursor.f64()?, cursor.f64()?, cursor.f64()?])
}

/// A feature as it was added, and its box.
pub(super) fn read(record: &[u8]) -> Result<(Bounds, VectorGeometry, Map<String, Value>), String> {
    let mut cursor = Cursor::new(record);
    let bounds = bounds(&mut cursor)?;
    let kind = KINDS.get(usize::from(cursor.u8()?)).ok_or("there is no such kind")?;
    let mut geometry = VectorGeometry::new(*kind);
    geometry.points = read_positions(&mut cursor)?;
    for _ in 0..cursor.count(4)? {
        geometry.lines.push(read_positions(&mut cursor)?);
    }
    for _ in 0..cursor.count(4)? {
        let count = cursor.count(4)?;
        let rings: Result<Rings, String> = (0..count).map(|_| read_positions(&mut cursor)).collect();
        geometry.polygons.push(rings?);
    }
    let text = cursor.take(cursor.remaining())?;
    let properties = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    Ok((bounds, geometry, properties))
}

fn read_positions(cursor: &mut Cursor<'_>) -> Result<Vec<Position>, String> {
    let count = cursor.count(24)?;
    let position = |_| {
        let (x, y, z) = (cursor.f64()?, cursor.f64()?, cursor.f64()?);
        Ok(Position {
            x,
            y,
            z: (!z.is_nan()).then_some(z),
        })
    };
    (0..count).map(position).collect()
}
