//! Shapefiles ([ESRI, July 1998](https://www.esri.com/content/dam/esrisites/sitecore-archive/Files/Pdfs/library/whitepapers/pdfs/shapefile.pdf)):
//! the `.shp` record by record, with `.dbf`, `.prj` and `.cpg` beside it where they are there.
//!
//! The `shapefile` crate reads all of this too; here a record that is damaged costs that record only, its declared
//! counts are held against its bytes, and a missing `.shx` or `.dbf` costs nothing but what stood in it. The crate
//! writes what the tests read.

use super::MAX_POSITIONS;
use super::cursor::Cursor;
use super::dbf::Dbf;
use super::record::{
    Bounds, Features, GeometryKind, Position, Rings, Summary, VectorFeature, VectorGeometry, VectorLayer,
};
use crate::sources::{Cause, Problem};
use serde_json::Map;

/// What every `.shp` and `.shx` begins with: 9994, big-endian.
pub(super) const MAGIC: &[u8] = &[0, 0, 0x27, 0x0A];
const HEADER_BYTES: usize = 100;
/// What finding the holes of one record may cost, vertices looked at.
const HOLE_BUDGET: usize = 100_000_000;

/// A file in memory.
pub(super) struct Shapefile {
    bytes: Vec<u8>,
    dbf: Option<Dbf>,
    path: String,
}

impl Shapefile {
    /// Reads the header; the layer beside it has no CRS yet.
    pub(super) fn open(
        bytes: Vec<u8>,
        dbf: Option<Dbf>,
        path: &str,
        name: &str,
    ) -> Result<(Self, VectorLayer), Problem> {
        let damaged = |message: String| Problem::error(path, "", message).because(Cause::Damaged);
        let mut cursor = Cursor::new(&bytes);
        cursor.take(32).map_err(damaged)?;
        let kind = cursor.u32().map_err(damaged)?;
        let bounds: Bounds = [(); 4].map(|()| cursor.f64().unwrap_or(f64::NAN));
        cursor.take(HEADER_BYTES - 68).map_err(damaged)?;
        let file = Self {
            bytes,
            dbf,
            path: path.to_owned(),
        };
        let found = Summary::of(file.features());
        let is_box = bounds.iter().all(|n| n.is_finite()) && bounds[0] <= bounds[2] && bounds[1] <= bounds[3];
        let layer = VectorLayer {
            fields: file.dbf.as_ref().map(Dbf::fields).unwrap_or_default(),
            bounds: Some(bounds)
                .filter(|_| is_box && found.bounds.is_some())
                .or(found.bounds),
            has_z: found.has_z || matches!(kind, 11 | 13 | 15 | 18 | 31),
            kinds: found.kinds,
            count: found.count,
            name: name.to_owned(),
            crs: None,
            crs_name: None,
        };
        Ok((file, layer))
    }

    /// Features in file order.
    pub(super) fn features(&self) -> Features<'_> {
        let mut at = HEADER_BYTES;
        let mut index = 0;
        let records = std::iter::from_fn(move || {
            let mut cursor = Cursor::new(self.bytes.get(at..).unwrap_or_default());
            if cursor.remaining() == 0 {
                return None;
            }
            let broken = |message: &str, at: &mut usize| {
                *at = usize::MAX;
                let message = format!("{message}; the records from here on are left out");
                let place = format!("record {}", index + 1);
                Some(Err(Problem::error(&self.path, place, message).because(Cause::Damaged)))
            };
            cursor.big_endian = true;
            let (Ok(_number), Ok(words)) = (cursor.u32(), cursor.u32()) else {
                return broken("the file ends within a record", &mut at);
            };
            let length = (words as usize).saturating_mul(2);
            let Ok(content) = cursor.take(length) else {
                return broken("the file ends within a record", &mut at);
            };
            at += 8 + length;
            index += 1;
            Some(Ok((index - 1, content)))
        });
        let feature = |record: Result<(usize, &[u8]), Problem>| match record {
            Ok((index, content)) => self.feature(index, content),
            Err(problem) => Some(Err(problem)),
        };
        Box::new(records.filter_map(feature))
    }

    /// The feature of a record; `None` where the table says that it is deleted.
    fn feature(&self, index: usize, content: &[u8]) -> Option<Result<VectorFeature, Problem>> {
        let properties = match &self.dbf {
            Some(dbf) => dbf.row(index)?,
            None => Map::new(),
        };
        Some(match shape(content) {
            Ok(geometry) => Ok(VectorFeature {
                index,
                id: None,
                geometry,
                properties,
            }),
            Err(message) => {
                let message = format!("{message}; the record is left out");
                let place = format!("record {}", index + 1);
                Err(Problem::error(&self.path, place, message).because(Cause::Damaged))
            }
        })
    }
}

fn shape(content: &[u8]) -> Result<Option<VectorGeometry>, String> {
    let mut cursor = Cursor::new(content);
    let kind = cursor.u32()?;
    let geometry = match kind {
        0 => return Ok(None),
        1 | 11 | 21 => {
            let (x, y) = (cursor.f64()?, cursor.f64()?);
            let z = if kind == 11 { Some(cursor.f64()?) } else { None };
            VectorGeometry::of_point(Position { x, y, z })
        }
        8 | 18 | 28 => {
            cursor.take(32)?;
            let count = cursor.count(16)?;
            let points = positions(&mut cursor, count, kind == 18)?;
            VectorGeometry {
                points,
                ..VectorGeometry::new(GeometryKind::MultiPoint)
            }
        }
        3 | 5 | 13 | 15 | 23 | 25 | 31 => parts(&mut cursor, kind)?,
        other => return Err(format!("{other} is no type of shape")),
    };
    Ok(Some(geometry).filter(|geometry| !geometry.is_empty()))
}

fn positions(cursor: &mut Cursor<'_>, count: usize, has_z: bool) -> Result<Vec<Position>, String> {
    if count > MAX_POSITIONS {
        return Err(format!("the shape has more than {MAX_POSITIONS} points"));
    }
    let mut positions = Vec::with_capacity(count);
    for _ in 0..count {
        positions.push(Position::flat(cursor.f64()?, cursor.f64()?));
    }
    if has_z {
        cursor.take(16)?;
        for position in &mut positions {
            position.z = Some(cursor.f64()?);
        }
    }
    Ok(positions)
}

/// Lines, rings or patches.
fn parts(cursor: &mut Cursor<'_>, kind: u32) -> Result<VectorGeometry, String> {
    cursor.take(32)?;
    let part_count = cursor.count(4)?;
    let point_count = cursor.count(16)?;
    if part_count > cursor.remaining() / 4 {
        return Err(format!("{part_count} parts are declared and there is no room for them"));
    }
    let starts: Vec<usize> = (0..part_count)
        .map(|_| cursor.u32().map(|start| start as usize))
        .collect::<Result<_, _>>()?;
    let patches: Vec<u32> = if kind == 31 {
        (0..part_count).map(|_| cursor.u32()).collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    let all = positions(cursor, point_count, matches!(kind, 13 | 15 | 31))?;
    let mut lines = Vec::with_capacity(part_count);
    for (number, start) in starts.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(all.len());
        let line = all.get(*start..end).ok_or("the parts do not follow each other")?;
        lines.push(line.to_vec());
    }
    Ok(match kind {
        31 => multipatch(&lines, &patches),
        3 | 13 | 23 => {
            lines.retain(|line| !line.is_empty());
            let kind = if lines.len() == 1 {
                GeometryKind::LineString
            } else {
                GeometryKind::MultiLineString
            };
            VectorGeometry {
                lines,
                ..VectorGeometry::new(kind)
            }
        }
        _ => {
            lines.retain(|ring| !ring.is_empty());
            let polygons = grouped(lines, HOLE_BUDGET)?;
            let kind = if polygons.len() == 1 {
                GeometryKind::Polygon
            } else {
                GeometryKind::MultiPolygon
            };
            VectorGeometry {
                polygons,
                ..VectorGeometry::new(kind)
            }
        }
    })
}

/// Outer rings run clockwise and holes the other way; a hole belongs to the outer ring that it lies in. `budget` is what
/// finding that may cost.
fn grouped(rings: Vec<Vec<Position>>, mut budget: usize) -> Result<Vec<Rings>, String> {
    let any_outer = rings.iter().any(|ring| twice_area(ring) < 0.0);
    let (outers, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| !any_outer || twice_area(ring) < 0.0);
    let boxes: Vec<Option<Bounds>> = outers.iter().map(|ring| box_of(ring)).collect();
    let mut polygons: Vec<Rings> = outers.into_iter().map(|ring| vec![ring]).collect();
    for hole in holes {
        let home = home_of(&hole, &polygons, &boxes, &mut budget)?;
        match home.and_then(|at| polygons.get_mut(at)) {
            Some(polygon) => polygon.push(hole),
            // A ring that lies in none is an area of its own that was wound the wrong way.
            None if hole.len() > 3 => polygons.push(vec![hole]),
            None => {}
        }
    }
    Ok(polygons)
}

/// Number of the outer ring that a hole lies in, of those that have `boxes`; an error where nobody can tell any more.
fn home_of(
    hole: &[Position],
    polygons: &[Rings],
    boxes: &[Option<Bounds>],
    budget: &mut usize,
) -> Result<Option<usize>, String> {
    let Some(point) = hole.first() else { return Ok(None) };
    for (at, (polygon, bounds)) in polygons.iter().zip(boxes).enumerate() {
        let is_near = bounds.is_some_and(|[left, bottom, right, top]| {
            left <= point.x && point.x <= right && bottom <= point.y && point.y <= top
        });
        let outer = polygon.first().filter(|_| is_near);
        let cost = 1 + outer.map_or(0, Vec::len);
        match (budget.checked_sub(cost), outer) {
            (Some(left), _) => *budget = left,
            // Of a single outer ring the box tells as much as anybody needs.
            (None, outer) if boxes.len() == 1 => return Ok(outer.map(|_| at)),
            (None, _) => {
                return Err(format!(
                    "which of its holes lie in which of its {} areas takes too long to find out",
                    boxes.len()
                ));
            }
        }
        // The second vertex decides where the first one lies on the edge.
        if outer.is_some_and(|outer| hole.iter().take(2).any(|point| contains(outer, *point))) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn box_of(ring: &[Position]) -> Option<Bounds> {
    let points = VectorGeometry {
        lines: vec![ring.to_vec()],
        ..VectorGeometry::new(GeometryKind::LineString)
    };
    points.bounds()
}

/// Twice the area, positive when counter-clockwise, measured from the first vertex so that large coordinates keep it.
fn twice_area(ring: &[Position]) -> f64 {
    let Some(origin) = ring.first() else { return 0.0 };
    let cross = |pair: &[Position]| match pair {
        [a, b] => (a.x - origin.x) * (b.y - origin.y) - (b.x - origin.x) * (a.y - origin.y),
        _ => 0.0,
    };
    ring.windows(2).map(cross).sum()
}

fn contains(ring: &[Position], point: Position) -> bool {
    let crossings = ring.windows(2).filter(|pair| match pair {
        [a, b] => (a.y > point.y) != (b.y > point.y) && point.x < (b.x - a.x) * (point.y - a.y) / (b.y - a.y) + a.x,
        _ => false,
    });
    crossings.count() % 2 == 1
}

/// Triangles and rings of a multipatch as areas; 0 strip, 1 fan, 2 outer, 3 inner, 4 first, 5 ring.
fn multipatch(lines: &[Vec<Position>], patches: &[u32]) -> VectorGeometry {
    let mut out = VectorGeometry::new(GeometryKind::MultiPolygon);
    for (line, patch) in lines.iter().zip(patches) {
        let triangle = |a: Position, b: Position, c: Position| vec![vec![a, b, c, a]];
        match (patch, out.polygons.last_mut(), line.as_slice()) {
            (0, _, line) => {
                let strip = line
                    .windows(3)
                    .filter_map(|t| Some(triangle(*t.first()?, *t.get(1)?, *t.get(2)?)));
                out.polygons.extend(strip);
            }
            (1, _, [first, rest @ ..]) => {
                let fan = rest
                    .windows(2)
                    .filter_map(|pair| Some(triangle(*first, *pair.first()?, *pair.get(1)?)));
                out.polygons.extend(fan);
            }
            (3, Some(polygon), line) if !line.is_empty() => polygon.push(line.to_vec()),
            (_, _, line) if !line.is_empty() => out.polygons.push(vec![line.to_vec()]),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, size: f64, is_hole: bool) -> Vec<Position> {
        let corners = [(0.0, 0.0), (0.0, size), (size, size), (size, 0.0), (0.0, 0.0)];
        let mut ring: Vec<Position> = corners.iter().map(|(a, b)| Position::flat(x + a, *b)).collect();
        if is_hole {
            ring.reverse();
        }
        ring
    }

    #[test]
    fn holes_beyond_the_budget_are_no_areas() {
        let sizes = |polygons: Vec<Rings>| polygons.iter().map(Vec::len).collect::<Vec<_>>();
        let two = || {
            vec![
                square(0.0, 9.0, false),
                square(20.0, 9.0, false),
                square(21.0, 1.0, true),
            ]
        };
        assert_eq!(grouped(two(), 100).map(sizes), Ok(vec![1, 2]));
        assert!(grouped(two(), 3).is_err());
        // With one outer ring there is nothing to find out.
        let one = || vec![square(0.0, 9.0, false), square(1.0, 1.0, true), square(30.0, 1.0, true)];
        assert_eq!(grouped(one(), 100).map(sizes), Ok(vec![2, 1]));
        assert_eq!(grouped(one(), 0).map(sizes), Ok(vec![2, 1]));
    }
}
