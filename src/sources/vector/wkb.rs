//! Well-known binary: ISO with Z and M, `PostGIS`'s extended form, `GeoPackage`'s header before it and `SpatiaLite`'s own
//! blobs ([OGC 06-103r4](https://www.ogc.org/standard/sfa/), [GeoPackage](https://www.geopackage.org/spec131/)).
//!
//! Counts are held against the bytes that are there; M is read over; arcs are stroked.

use super::MAX_POSITIONS;
use super::cursor::Cursor;
use super::record::{GeometryKind, Position, Rings, VectorGeometry};
use super::stroke;

/// Deepest nesting of collections.
const MAX_DEPTH: usize = 16;

/// The geometry of a `GeoPackage` blob; `None` when it is empty.
pub(super) fn geopackage(blob: &[u8]) -> Result<Option<VectorGeometry>, String> {
    let mut cursor = Cursor::new(blob);
    if cursor.take(2)? != b"GP" {
        return Err("this is no GeoPackage geometry".into());
    }
    let (_version, flags) = (cursor.u8()?, cursor.u8()?);
    let envelope = match (flags >> 1) & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return Err("the header of the geometry has an unknown kind of envelope".into()),
    };
    cursor.take(4 + envelope)?;
    if flags & 0b10_0000 != 0 {
        return Err("a geometry of an extension of GeoPackage is not read".into());
    }
    if flags & 0b1_0000 != 0 {
        return Ok(None);
    }
    read(cursor, Dialect::Wkb)
}

/// The geometry of plain (extended, ISO) WKB, or of a `SpatiaLite` blob, told apart by their first bytes.
pub(super) fn plain_or_spatialite(blob: &[u8]) -> Result<Option<VectorGeometry>, String> {
    /// Byte order, SRID and box stand before the mark.
    const MARK_AT: usize = 38;
    let is_spatialite = blob.first() == Some(&0) && blob.get(MARK_AT) == Some(&0x7C) && blob.last() == Some(&0xFE);
    let mut cursor = Cursor::new(blob);
    if !is_spatialite {
        return read(cursor, Dialect::Wkb);
    }
    cursor.take(1)?;
    cursor.big_endian = cursor.u8()? == 0;
    cursor.take(MARK_AT - 1)?;
    read(cursor, Dialect::SpatiaLite)
}

#[derive(Clone, Copy, PartialEq)]
enum Dialect {
    Wkb,
    /// Byte order once for all; parts begin with the mark 0x69.
    SpatiaLite,
}

fn read(cursor: Cursor<'_>, dialect: Dialect) -> Result<Option<VectorGeometry>, String> {
    let mut reader = Reader {
        cursor,
        dialect,
        positions: 0,
        geometry: VectorGeometry::new(GeometryKind::GeometryCollection),
    };
    let kind = reader.part(0)?;
    reader.geometry.kind = kind;
    Ok(Some(reader.geometry).filter(|geometry| !geometry.is_empty()))
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    dialect: Dialect,
    positions: usize,
    geometry: VectorGeometry,
}

/// Type of a part and how its coordinates are written.
#[derive(Clone, Copy)]
struct Head {
    kind: u32,
    has_z: bool,
    has_m: bool,
}

impl Head {
    fn bytes_per_position(self) -> usize {
        16 + 8 * (usize::from(self.has_z) + usize::from(self.has_m))
    }
}

impl Reader<'_> {
    fn head(&mut self, depth: usize) -> Result<Head, String> {
        match self.dialect {
            Dialect::Wkb => {
                self.cursor.big_endian = match self.cursor.u8()? {
                    0 => true,
                    1 => false,
                    other => return Err(format!("{other} is no byte order of WKB")),
                };
            }
            Dialect::SpatiaLite if depth > 0 => {
                if self.cursor.u8()? != 0x69 {
                    return Err("a part of the geometry does not begin with its mark".into());
                }
            }
            Dialect::SpatiaLite => {}
        }
        let raw = self.cursor.u32()?;
        if self.dialect == Dialect::Wkb && raw & 0x2000_0000 != 0 {
            self.cursor.u32()?;
        }
        let code = raw & 0x0FFF_FFFF;
        let thousands = code / 1000;
        if thousands > 3 {
            return Err(format!("{code} is no type of geometry that is read"));
        }
        Ok(Head {
            kind: code % 1000,
            has_z: raw & 0x8000_0000 != 0 || thousands & 1 == 1,
            has_m: raw & 0x4000_0000 != 0 || thousands >= 2,
        })
    }

    /// Reads one geometry with all in it; what it is.
    fn part(&mut self, depth: usize) -> Result<GeometryKind, String> {
        if depth > MAX_DEPTH {
            return Err(format!("the geometry is nested deeper than {MAX_DEPTH}"));
        }
        let head = self.head(depth)?;
        Ok(match head.kind {
            1 => {
                let point = self.position(head)?;
                // An empty point is written as NaN.
                if !point.x.is_nan() && !point.y.is_nan() {
                    self.geometry.points.push(point);
                }
                GeometryKind::Point
            }
            2 | 8 | 9 | 13 => {
                let line = self.curve(head, depth)?;
                if !line.is_empty() {
                    self.geometry.lines.push(line);
                }
                GeometryKind::LineString
            }
            3 | 10 | 17 => {
                let rings = self.polygon(head, depth)?;
                if !rings.is_empty() {
                    self.geometry.polygons.push(rings);
                }
                GeometryKind::Polygon
            }
            4 => self.parts(depth, GeometryKind::MultiPoint)?,
            5 | 11 => self.parts(depth, GeometryKind::MultiLineString)?,
            6 | 12 | 15 | 16 => self.parts(depth, GeometryKind::MultiPolygon)?,
            7 => self.parts(depth, GeometryKind::GeometryCollection)?,
            other => return Err(format!("{other} is no type of geometry that is read")),
        })
    }

    fn parts(&mut self, depth: usize, kind: GeometryKind) -> Result<GeometryKind, String> {
        for _ in 0..self.cursor.count(5)? {
            self.part(depth + 1)?;
        }
        Ok(kind)
    }

    fn polygon(&mut self, head: Head, depth: usize) -> Result<Rings, String> {
        let mut rings = Vec::new();
        for _ in 0..self.cursor.count(4)? {
            let ring = if head.kind == 10 {
                let part = self.inner_head(depth)?;
                self.curve(part, depth + 1)?
            } else {
                self.line(head)?
            };
            if !ring.is_empty() {
                rings.push(ring);
            }
        }
        Ok(rings)
    }

    fn inner_head(&mut self, depth: usize) -> Result<Head, String> {
        if depth >= MAX_DEPTH {
            return Err(format!("the geometry is nested deeper than {MAX_DEPTH}"));
        }
        self.head(depth + 1)
    }

    /// A line, an arc string or a chain of them.
    fn curve(&mut self, head: Head, depth: usize) -> Result<Vec<Position>, String> {
        match head.kind {
            2 => self.line(head),
            8 => {
                let line = self.line(head)?;
                self.stroked(&line)
            }
            9 => {
                let mut whole: Vec<Position> = Vec::new();
                for _ in 0..self.cursor.count(5)? {
                    let part = self.inner_head(depth)?;
                    let more = self.curve(part, depth + 1)?;
                    let is_joined = whole.last() == more.first();
                    whole.extend(more.into_iter().skip(usize::from(is_joined && !whole.is_empty())));
                }
                Ok(whole)
            }
            other => Err(format!("{other} is no type of curve that is read")),
        }
    }

    /// Three points per arc, the last of one the first of the next.
    fn stroked(&mut self, points: &[Position]) -> Result<Vec<Position>, String> {
        let mut line: Vec<Position> = points.iter().take(1).copied().collect();
        for arc in points.windows(3).step_by(2) {
            if let [from, middle, to] = *arc {
                line.extend(stroke::through(from, middle, to).into_iter().skip(1));
            }
            if self.positions + line.len() > MAX_POSITIONS {
                return Err(too_many());
            }
        }
        self.positions += line.len();
        Ok(line)
    }

    fn line(&mut self, head: Head) -> Result<Vec<Position>, String> {
        let count = self.cursor.count(head.bytes_per_position())?;
        if self.positions + count > MAX_POSITIONS {
            return Err(too_many());
        }
        (0..count).map(|_| self.position(head)).collect()
    }

    fn position(&mut self, head: Head) -> Result<Position, String> {
        self.positions += 1;
        let (x, y) = (self.cursor.f64()?, self.cursor.f64()?);
        let z = if head.has_z { Some(self.cursor.f64()?) } else { None };
        if head.has_m {
            self.cursor.f64()?;
        }
        Ok(Position { x, y, z })
    }
}

fn too_many() -> String {
    format!("the geometry has more than {MAX_POSITIONS} points")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Little-endian WKB of a type and what follows it.
    fn wkb(kind: u32, rest: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![1];
        bytes.extend(kind.to_le_bytes());
        bytes.extend(rest.concat());
        bytes
    }

    fn numbers(numbers: &[f64]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    fn count(n: u32) -> Vec<u8> {
        n.to_le_bytes().to_vec()
    }

    fn geometry(bytes: &[u8]) -> VectorGeometry {
        plain_or_spatialite(bytes).unwrap().unwrap()
    }

    #[test]
    fn heights_and_measures_are_read_in_iso_and_extended_form() {
        for (kind, values, z) in [
            (1, &[1.0, 2.0][..], None),
            (1001, &[1.0, 2.0, 3.0], Some(3.0)),
            (2001, &[1.0, 2.0, 9.0], None),
            (3001, &[1.0, 2.0, 3.0, 9.0], Some(3.0)),
            (0x8000_0001, &[1.0, 2.0, 3.0], Some(3.0)),
            (0xC000_0001, &[1.0, 2.0, 3.0, 9.0], Some(3.0)),
        ] {
            let found = geometry(&wkb(kind, &[&numbers(values)]));
            assert_eq!(found.points, [Position { x: 1.0, y: 2.0, z }], "{kind}");
        }
        let with_srid = wkb(0x2000_0001, &[&count(28992), &numbers(&[1.0, 2.0])]);
        assert_eq!(geometry(&with_srid).points.len(), 1);
        let mut big = vec![0, 0, 0, 0, 1];
        big.extend([1.0_f64, 2.0].iter().flat_map(|n| n.to_be_bytes()));
        assert_eq!(geometry(&big).points, [Position::flat(1.0, 2.0)]);
    }

    #[test]
    fn a_geopackage_point_of_nan_and_one_with_the_flag_are_empty() {
        let header = |flags: u8| [b"GP".as_slice(), &[0, flags], &count(28992)].concat();
        let nan = [header(1), wkb(1, &[&numbers(&[f64::NAN, f64::NAN])])].concat();
        assert_eq!(geopackage(&nan), Ok(None));
        assert_eq!(geopackage(&header(0b1_0001)), Ok(None));
        let point = [header(1), wkb(1, &[&numbers(&[1.0, 2.0])])].concat();
        assert_eq!(geopackage(&point).unwrap().unwrap().kind, GeometryKind::Point);
        assert!(geopackage(b"GP").is_err() && geopackage(b"no").is_err());
    }

    #[test]
    fn curves_are_stroked() {
        let arc = wkb(8, &[&count(3), &numbers(&[0.0, 0.0, 1.0, 1.0, 2.0, 0.0])]);
        let back = wkb(2, &[&count(2), &numbers(&[2.0, 0.0, 0.0, 0.0])]);
        let compound = wkb(9, &[&count(2), &arc, &back]);
        let found = geometry(&wkb(10, &[&count(1), &compound]));
        let ring = &found.polygons[0][0];
        assert_eq!(found.kind, GeometryKind::Polygon);
        assert!(ring.len() > 30 && ring.first() == ring.last());
    }

    #[test]
    fn a_spatialite_blob_is_read() {
        let mut blob = vec![0, 1];
        blob.extend(count(28992));
        blob.extend(numbers(&[0.0; 4]));
        blob.push(0x7C);
        blob.extend(count(4));
        blob.extend(count(1));
        blob.push(0x69);
        blob.extend(count(1));
        blob.extend(numbers(&[5.0, 6.0]));
        blob.push(0xFE);
        let found = geometry(&blob);
        assert_eq!(
            (found.kind, found.points[0]),
            (GeometryKind::MultiPoint, Position::flat(5.0, 6.0))
        );
    }

    #[test]
    fn huge_counts_and_deep_nests_are_refused() {
        for kind in [2, 3, 4, 5, 6, 7, 8, 9, 10, 15] {
            let bytes = wkb(kind, &[&count(u32::MAX), &numbers(&[0.0; 8])]);
            assert!(plain_or_spatialite(&bytes).is_err(), "{kind}");
        }
        let mut deep = Vec::new();
        for _ in 0..100_000 {
            deep.extend(wkb(7, &[&count(1)]));
        }
        assert!(plain_or_spatialite(&deep).unwrap_err().contains("deeper"));
        let mut curves = Vec::new();
        for _ in 0..100_000 {
            curves.extend(wkb(9, &[&count(1)]));
        }
        assert!(plain_or_spatialite(&curves).unwrap_err().contains("deeper"));
    }

    #[test]
    fn every_cut_is_an_error_and_no_panic() {
        let ring = [count(4), numbers(&[0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0])].concat();
        let polygon = wkb(3, &[&count(1), &ring]);
        let whole = wkb(7, &[&count(2), &polygon, &wkb(1, &[&numbers(&[1.0, 2.0])])]);
        assert!(geometry(&whole).polygons.len() == 1);
        for cut in 0..whole.len() {
            assert!(plain_or_spatialite(&whole[..cut]).is_err(), "{cut}");
        }
    }
}
