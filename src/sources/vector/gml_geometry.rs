//! Geometries of GML as records.

use super::record::{GeometryKind, Position, Rings, VectorGeometry};
use super::{MAX_POSITIONS, stroke};
use crate::sources::crs_name;
use crate::sources::xml::Element;

/// What a feature has of geometry.
pub(super) struct Found {
    /// The first `srsName`.
    pub(super) srs: Option<String>,
    collection_srs: Option<String>,
    geometry: Option<VectorGeometry>,
    positions: usize,
}

/// How coordinates are written.
#[derive(Clone, Copy)]
struct Writing {
    north_first: bool,
    dimension: Option<usize>,
}

/// Whether an element with this name is a geometry.
pub(super) fn is_geometry(name: &str) -> bool {
    kind_of(name).is_some()
}

fn kind_of(name: &str) -> Option<GeometryKind> {
    Some(match name {
        "Point" => GeometryKind::Point,
        "LineString" | "Curve" | "CompositeCurve" | "OrientableCurve" => GeometryKind::LineString,
        "Polygon" | "Rectangle" | "Triangle" => GeometryKind::Polygon,
        "MultiPoint" => GeometryKind::MultiPoint,
        "MultiCurve" | "MultiLineString" => GeometryKind::MultiLineString,
        "Surface"
        | "OrientableSurface"
        | "CompositeSurface"
        | "MultiSurface"
        | "MultiPolygon"
        | "Solid"
        | "MultiSolid"
        | "CompositeSolid"
        | "PolyhedralSurface"
        | "TriangulatedSurface"
        | "Tin" => GeometryKind::MultiPolygon,
        "MultiGeometry" | "GeometryCollection" => GeometryKind::GeometryCollection,
        _ => return None,
    })
}

impl Found {
    pub(super) fn new(collection_srs: Option<&str>) -> Self {
        Self {
            srs: None,
            collection_srs: collection_srs.map(ToOwned::to_owned),
            geometry: None,
            positions: 0,
        }
    }

    /// The geometry of all that was added, `None` when there is none or it is empty.
    pub(super) fn geometry(self) -> Option<VectorGeometry> {
        let mut geometry = self.geometry?;
        // A surface of one patch is a polygon, as its reader expects.
        geometry.kind = match (
            geometry.kind,
            geometry.polygons.len(),
            geometry.lines.len(),
            geometry.points.len(),
        ) {
            (GeometryKind::MultiPolygon, 1, 0, 0) => GeometryKind::Polygon,
            (GeometryKind::LineString, 0, 2.., 0) => GeometryKind::MultiLineString,
            (kind, ..) => kind,
        };
        Some(geometry).filter(|geometry| !geometry.is_empty())
    }

    /// Adds a geometry of the feature.
    pub(super) fn add(&mut self, element: &Element) -> Result<(), String> {
        let kind = kind_of(&element.name).unwrap_or(GeometryKind::GeometryCollection);
        let mut geometry = match self.geometry.take() {
            Some(mut geometry) => {
                geometry.kind = GeometryKind::GeometryCollection;
                geometry
            }
            None => VectorGeometry::new(kind),
        };
        let name = element
            .attribute("srsName")
            .or(self.collection_srs.as_deref())
            .or(self.srs.as_deref());
        let writing = Writing {
            north_first: name.is_some_and(crs_name::is_north_first),
            dimension: name
                .and_then(crs_name::of_name)
                .filter(|crs| matches!(crs.0, 7415 | 4979 | 4937))
                .map(|_| 3),
        };
        let result = self.part(element, writing, &mut geometry);
        self.geometry = Some(geometry);
        result
    }

    fn part(&mut self, element: &Element, writing: Writing, out: &mut VectorGeometry) -> Result<(), String> {
        let writing = self.writing(element, writing);
        match element.name.as_str() {
            "Point" => {
                let points = self.positions(element, writing)?;
                out.points.extend(points.into_iter().take(1));
            }
            "LineString" | "Curve" | "CompositeCurve" | "OrientableCurve" => {
                let line = self.curve(element, writing)?;
                out.lines.extend(Some(line).filter(|line| !line.is_empty()));
            }
            "Polygon" | "PolygonPatch" | "Rectangle" | "Triangle" => {
                let rings = self.rings(element, writing)?;
                out.polygons.extend(Some(rings).filter(|rings| !rings.is_empty()));
            }
            _ => {
                for child in &element.children {
                    self.part(child, writing, out)?;
                }
            }
        }
        Ok(())
    }

    fn writing(&mut self, element: &Element, outer: Writing) -> Writing {
        let mut writing = outer;
        if let Some(name) = element.attribute("srsName") {
            if self.srs.is_none() {
                self.srs = Some(name.to_owned());
            }
            writing.north_first = crs_name::is_north_first(name);
        }
        let dimension = element
            .attribute("srsDimension")
            .or_else(|| element.attribute("dimension"));
        if let Some(dimension) = dimension.and_then(|text| text.trim().parse().ok()) {
            writing.dimension = Some(dimension);
        }
        writing
    }

    /// The outer ring first, whatever their order in the file.
    fn rings(&mut self, element: &Element, writing: Writing) -> Result<Rings, String> {
        let (mut rings, mut holes) = (Vec::new(), Vec::new());
        for child in &element.children {
            let is_outer = matches!(child.name.as_str(), "exterior" | "outerBoundaryIs");
            if !is_outer && !matches!(child.name.as_str(), "interior" | "innerBoundaryIs") {
                continue;
            }
            for ring in &child.children {
                let ring = self.curve(ring, writing)?;
                let kind = if is_outer { &mut rings } else { &mut holes };
                kind.extend(Some(ring).filter(|ring| !ring.is_empty()));
            }
        }
        rings.append(&mut holes);
        Ok(rings)
    }

    /// The points along a line, ring, curve or segment, arcs stroked.
    fn curve(&mut self, element: &Element, writing: Writing) -> Result<Vec<Position>, String> {
        let writing = self.writing(element, writing);
        let line = match element.name.as_str() {
            "LineString" | "LinearRing" | "LineStringSegment" | "GeodesicString" => self.positions(element, writing)?,
            "Arc" | "ArcString" => {
                let points = self.positions(element, writing)?;
                let mut line: Vec<Position> = points.iter().take(1).copied().collect();
                for arc in points.windows(3).step_by(2) {
                    if let [from, middle, to] = *arc {
                        line.extend(stroke::through(from, middle, to).into_iter().skip(1));
                    }
                }
                line
            }
            "Circle" => match self.positions(element, writing)?[..] {
                [a, b, c] => {
                    let mut line = stroke::through(a, b, c);
                    line.extend(stroke::through(c, opposite(a, b, c), a).into_iter().skip(1));
                    line
                }
                _ => return Err("a Circle needs three points".into()),
            },
            "CircleByCenterPoint" | "ArcByCenterPoint" => self.by_center(element, writing)?,
            _ => {
                let mut whole: Vec<Position> = Vec::new();
                for child in &element.children {
                    let more = self.curve(child, writing)?;
                    let is_joined = !whole.is_empty() && whole.last() == more.first();
                    whole.extend(more.into_iter().skip(usize::from(is_joined)));
                }
                if element.attribute("orientation") == Some("-") {
                    whole.reverse();
                }
                whole
            }
        };
        self.positions += line.len();
        if self.positions > MAX_POSITIONS {
            return Err(format!("the geometry has more than {MAX_POSITIONS} points"));
        }
        Ok(line)
    }

    fn by_center(&mut self, element: &Element, writing: Writing) -> Result<Vec<Position>, String> {
        let center = self.positions(element, writing)?.first().copied();
        let number = |name: &str| {
            let child = element.children.iter().find(|child| child.name == name)?;
            child.text.trim().parse::<f64>().ok()
        };
        let (Some(center), Some(radius)) = (center, number("radius")) else {
            return Err(format!("{} needs a centre and a radius", element.name));
        };
        // Angles are bearings in GML's text and counter-clockwise from east in what writes them; the latter is met.
        let (start, end) = (number("startAngle").unwrap_or(0.0), number("endAngle").unwrap_or(360.0));
        Ok(stroke::arc(
            center,
            radius,
            start.to_radians(),
            (end - start).to_radians(),
        ))
    }

    /// Every position written in an element itself or in the `pos`, `posList`, `coordinates` and `pointProperty` in it.
    fn positions(&mut self, element: &Element, writing: Writing) -> Result<Vec<Position>, String> {
        let mut all = Vec::new();
        for child in &element.children {
            let writing = self.writing(child, writing);
            match child.name.as_str() {
                "pos" => {
                    let numbers = numbers(&child.text)?;
                    let dimension = numbers.len();
                    all.extend(in_groups(&numbers, dimension, writing)?);
                }
                "posList" => {
                    let numbers = numbers(&child.text)?;
                    all.extend(in_groups(&numbers, writing.dimension.unwrap_or(2), writing)?);
                }
                "coordinates" => {
                    let between = child
                        .attribute("cs")
                        .and_then(|text| text.chars().next())
                        .unwrap_or(',');
                    let after = child.attribute("ts").and_then(|text| text.chars().next());
                    for tuple in child.text.split(|c: char| Some(c) == after || c.is_whitespace()) {
                        if tuple.is_empty() {
                            continue;
                        }
                        let numbers = numbers(&tuple.replace(between, " "))?;
                        let dimension = numbers.len();
                        all.extend(in_groups(&numbers, dimension, writing)?);
                    }
                }
                "Point" | "pointProperty" | "pointRep" => all.extend(self.positions(child, writing)?),
                _ => {}
            }
            if all.len() > MAX_POSITIONS {
                return Err(format!("the geometry has more than {MAX_POSITIONS} points"));
            }
        }
        Ok(all)
    }
}

fn numbers(text: &str) -> Result<Vec<f64>, String> {
    text.split_ascii_whitespace()
        .map(|word| {
            let number = word.parse::<f64>().ok().filter(|number| number.is_finite());
            let short: String = word.chars().take(20).collect();
            number.ok_or_else(|| format!("expected a number among the coordinates, found `{short}`"))
        })
        .collect()
}

fn in_groups(numbers: &[f64], dimension: usize, writing: Writing) -> Result<Vec<Position>, String> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    if !(2..=4).contains(&dimension) || !numbers.len().is_multiple_of(dimension) {
        return Err(format!(
            "{} numbers do not make points of {dimension} each",
            numbers.len()
        ));
    }
    let position = |group: &[f64]| {
        let (a, b) = (
            group.first().copied().unwrap_or(0.0),
            group.get(1).copied().unwrap_or(0.0),
        );
        let (x, y) = if writing.north_first { (b, a) } else { (a, b) };
        Position {
            x,
            y,
            z: group.get(2).copied(),
        }
    };
    Ok(numbers.chunks_exact(dimension).map(position).collect())
}

/// The point of the circle through `a`, `b` and `c` that lies on the way from `c` back to `a`.
fn opposite(a: Position, b: Position, c: Position) -> Position {
    let arc = stroke::through(a, b, c);
    let middle = arc.get(arc.len() / 2).copied().unwrap_or(b);
    // The chords give the centre: it is as far from the middle of the arc as from its ends.
    let (mx, my) = (f64::midpoint(a.x, c.x), f64::midpoint(a.y, c.y));
    let (dx, dy) = (mx - middle.x, my - middle.y);
    let height = dx.hypot(dy).max(1e-12);
    let half = (c.x - a.x).hypot(c.y - a.y) / 2.0;
    let diameter = (half * half + height * height) / height;
    Position::flat(middle.x + dx / height * diameter, middle.y + dy / height * diameter)
}
