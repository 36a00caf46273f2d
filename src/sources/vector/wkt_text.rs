//! Well-known text of a geometry, as a column of a table holds it: `POLYGON Z ((…), (…))`, with or without `SRID=…;`.

use super::record::{GeometryKind, Position, VectorGeometry};
use crate::georef::Crs;

/// Deepest nesting of collections.
const MAX_DEPTH: usize = 16;

/// Whether a text begins as a geometry does.
pub(super) fn looks_like_geometry(text: &str) -> bool {
    let text = text.trim_start();
    let after_srid = text
        .split_once(';')
        .filter(|_| text.starts_with("SRID="))
        .map_or(text, |(_, rest)| rest);
    let word: String = after_srid.chars().take_while(char::is_ascii_alphabetic).collect();
    GeometryKind::of_word(&word).is_some() && after_srid.contains(['(', 'E', 'e'])
}

/// The geometry (`None` when it is empty) and the CRS of an `SRID`.
pub(super) fn read(text: &str) -> Result<(Option<VectorGeometry>, Option<Crs>), String> {
    let text = text.trim();
    let (crs, text) = match text.split_once(';') {
        Some((srid, rest)) if srid.starts_with("SRID=") => (srid[5..].trim().parse().ok().map(Crs), rest),
        _ => (None, text),
    };
    let mut reader = Reader {
        rest: text,
        geometry: VectorGeometry::new(GeometryKind::GeometryCollection),
    };
    let kind = reader.part(0)?;
    if !reader.rest.trim().is_empty() {
        return Err("there is something after the geometry".into());
    }
    reader.geometry.kind = kind;
    Ok((Some(reader.geometry).filter(|g| !g.is_empty()), crs))
}

struct Reader<'a> {
    rest: &'a str,
    geometry: VectorGeometry,
}

impl Reader<'_> {
    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_ascii_uppercase()
    }

    fn take(&mut self, letter: char) -> bool {
        match self.rest.trim_start().strip_prefix(letter) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, letter: char) -> Result<(), String> {
        if self.take(letter) {
            return Ok(());
        }
        let found: String = self.rest.trim_start().chars().take(12).collect();
        Err(format!("expected `{letter}` in the geometry, found `{found}`"))
    }

    /// Whether the word for an empty geometry stands here; reads over `Z`, `M` and `ZM`.
    fn is_empty(&mut self) -> Result<bool, String> {
        loop {
            match self.word().as_str() {
                "Z" | "M" | "ZM" => {}
                "EMPTY" => return Ok(true),
                "" => return Ok(false),
                other => return Err(format!("`{other}` has no meaning in a geometry")),
            }
        }
    }

    fn part(&mut self, depth: usize) -> Result<GeometryKind, String> {
        if depth > MAX_DEPTH {
            return Err(format!("the geometry is nested deeper than {MAX_DEPTH}"));
        }
        let word = self.word();
        let kind = GeometryKind::of_word(&word).ok_or_else(|| format!("`{word}` is no kind of geometry"))?;
        if self.is_empty()? {
            return Ok(kind);
        }
        match kind {
            GeometryKind::Point => {
                let points = self.line()?;
                self.geometry.points.extend(points.into_iter().take(1));
            }
            GeometryKind::LineString => {
                let line = self.line()?;
                self.geometry.lines.push(line);
            }
            GeometryKind::Polygon => {
                let rings = self.list(Self::line)?;
                self.geometry.polygons.push(rings);
            }
            GeometryKind::MultiPoint => {
                // Both `(1 2, 3 4)` and `((1 2), (3 4))` are in use.
                let points = self.list(|reader| {
                    if reader.rest.trim_start().starts_with('(') {
                        reader.line().map(|line| line.first().copied())
                    } else {
                        reader.position().map(Some)
                    }
                })?;
                self.geometry.points.extend(points.into_iter().flatten());
            }
            GeometryKind::MultiLineString => {
                let lines = self.list(Self::line)?;
                self.geometry.lines.extend(lines);
            }
            GeometryKind::MultiPolygon => {
                let polygons = self.list(|reader| reader.list(Self::line))?;
                self.geometry.polygons.extend(polygons);
            }
            GeometryKind::GeometryCollection => {
                self.list(|reader| reader.part(depth + 1))?;
            }
        }
        Ok(kind)
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        self.expect('(')?;
        let mut list = vec![read(self)?];
        while self.take(',') {
            list.push(read(self)?);
        }
        self.expect(')')?;
        Ok(list)
    }

    fn line(&mut self) -> Result<Vec<Position>, String> {
        self.list(Self::position)
    }

    fn position(&mut self) -> Result<Position, String> {
        let (x, y) = (self.number()?, self.number()?);
        let mut more = [None; 2];
        for value in &mut more {
            let rest = self.rest.trim_start();
            if rest.starts_with([',', ')']) || rest.is_empty() {
                break;
            }
            *value = Some(self.number()?);
        }
        Ok(Position { x, y, z: more[0] })
    }

    fn number(&mut self) -> Result<f64, String> {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        let number = word.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("expected a number in the geometry, found `{word}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read() {
        for (text, parts) in [
            ("POINT (1 2)", (1, 0, 0)),
            ("SRID=28992;PointZ(1 2 3)", (1, 0, 0)),
            ("LINESTRING Z (1 2 3, 4 5 6)", (0, 1, 0)),
            ("polygon((0 0, 1 0, 1 1, 0 0), (0 0, 1 0, 1 1, 0 0))", (0, 0, 1)),
            ("MULTIPOINT (1 2, 3 4)", (2, 0, 0)),
            ("MULTIPOINT ((1 2), (3 4))", (2, 0, 0)),
            (
                "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
                (0, 0, 2),
            ),
            ("GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4))", (1, 1, 0)),
        ] {
            assert!(looks_like_geometry(text), "{text}");
            let (geometry, _) = read(text).unwrap();
            let geometry = geometry.unwrap();
            assert_eq!(
                (geometry.points.len(), geometry.lines.len(), geometry.polygons.len()),
                parts,
                "{text}"
            );
        }
        assert_eq!(read("POINT EMPTY"), Ok((None, None)));
        assert_eq!(read("SRID=28992;POINT EMPTY").unwrap().1, Some(Crs(28992)));
    }

    #[test]
    fn damage_is_an_error_at_every_cut() {
        let text = "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0), (0 0, 1 0, 1 1, 0 0)))";
        for cut in 0..text.len() {
            assert!(read(&text[..cut]).is_err(), "{cut}");
        }
        let deep = format!(
            "{}POINT (1 2){}",
            "GEOMETRYCOLLECTION (".repeat(50_000),
            ")".repeat(50_000)
        );
        assert!(read(&deep).unwrap_err().contains("deeper"));
        for text in ["", "CIRCLE (1 2)", "POINT (1 x)", "POINT (1 2) y", "POINT (NaN 2)"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(!looks_like_geometry("Pointe") && !looks_like_geometry("12.5"));
    }
}
