//! The one record that every vector format is read into.
//!
//! Coordinates are those of the file, in the units of its CRS, with east (or longitude) first whatever the CRS says.

use super::super::Problem;
use crate::georef::Crs;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Least x, least y, greatest x and greatest y.
pub type Bounds = [f64; 4];

/// A point of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// East or longitude.
    pub x: f64,
    /// North or latitude.
    pub y: f64,
    /// Height, where the file has one.
    pub z: Option<f64>,
}

impl Position {
    /// A point without a height.
    pub fn flat(x: f64, y: f64) -> Self {
        Self { x, y, z: None }
    }

    pub(super) fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }
}

/// An outer ring and its holes; where the file closes rings, the closing points are still there.
pub type Rings = Vec<Vec<Position>>;

/// What a geometry is in its file. Curves count as what they are stroked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum GeometryKind {
    /// One point.
    Point,
    /// Any number of points.
    MultiPoint,
    /// One line.
    LineString,
    /// Any number of lines.
    MultiLineString,
    /// One area with its holes.
    Polygon,
    /// Any number of areas.
    MultiPolygon,
    /// Parts of several kinds.
    GeometryCollection,
}

impl GeometryKind {
    /// The names of OGC's Simple Features.
    const NAMES: [(&str, Self); 7] = [
        ("Point", Self::Point),
        ("MultiPoint", Self::MultiPoint),
        ("LineString", Self::LineString),
        ("MultiLineString", Self::MultiLineString),
        ("Polygon", Self::Polygon),
        ("MultiPolygon", Self::MultiPolygon),
        ("GeometryCollection", Self::GeometryCollection),
    ];

    /// The kind with exactly this name, as `GeoJSON` writes it.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind)
    }

    /// The same in any case and with what it says of its dimensions behind it, as WKT and SQL write it: `POINT ZM`.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let word = word.trim().trim_end_matches([' ', 'Z', 'M', 'z', 'm']);
        let mut names = Self::NAMES.iter();
        names
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, kind)| *kind)
    }
}

/// A geometry: its parts by what they are, so that a collection needs no walk.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorGeometry {
    /// What it is in the file.
    pub kind: GeometryKind,
    /// Points.
    pub points: Vec<Position>,
    /// Lines; arcs and splines are stroked.
    pub lines: Vec<Vec<Position>>,
    /// Areas.
    pub polygons: Vec<Rings>,
}

impl VectorGeometry {
    pub(super) fn new(kind: GeometryKind) -> Self {
        Self {
            kind,
            points: Vec::new(),
            lines: Vec::new(),
            polygons: Vec::new(),
        }
    }

    pub(super) fn of_point(point: Position) -> Self {
        Self {
            points: vec![point],
            ..Self::new(GeometryKind::Point)
        }
    }

    pub(super) fn of_line(line: Vec<Position>) -> Self {
        Self {
            lines: vec![line],
            ..Self::new(GeometryKind::LineString)
        }
    }

    /// Every position of every part.
    pub fn positions(&self) -> impl Iterator<Item = Position> + '_ {
        let lines = self.lines.iter().flatten();
        let rings = self.polygons.iter().flatten().flatten();
        self.points.iter().chain(lines).chain(rings).copied()
    }

    /// Whether it has no part, as an empty `Point` has none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.lines.is_empty() && self.polygons.is_empty()
    }

    /// The box around it; `None` when it is empty.
    pub fn bounds(&self) -> Option<Bounds> {
        self.positions()
            .filter(|p| p.is_finite())
            .fold(None, |bounds, p| Some(widened(bounds, [p.x, p.y, p.x, p.y])))
    }
}

/// The box around both.
pub(super) fn widened(bounds: Option<Bounds>, more: Bounds) -> Bounds {
    bounds.map_or(more, |b| {
        [
            b[0].min(more[0]),
            b[1].min(more[1]),
            b[2].max(more[2]),
            b[3].max(more[3]),
        ]
    })
}

/// Whether two boxes share a point.
pub(super) fn overlaps(a: Bounds, b: Bounds) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

/// One feature.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorFeature {
    /// Number in its layer, from 0.
    pub index: usize,
    /// Its own id, where it has one.
    pub id: Option<String>,
    /// Where and what form; `None` where the file has no or an empty geometry for it.
    pub geometry: Option<VectorGeometry>,
    /// Attributes in file order.
    pub properties: Map<String, Value>,
}

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Yes or no.
    Boolean,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Text; dates are texts as well.
    Text,
    /// Lists, objects, bytes, or nothing but empty values.
    Other,
}

/// One field of the properties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Key in [`VectorFeature::properties`].
    pub name: String,
    /// What its values are.
    pub kind: FieldKind,
}

/// What a layer is.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorLayer {
    /// Its name in the file, else the name of the file without its ending.
    pub name: String,
    /// Where the coordinates are in; `None` where the file does not say, for the caller to ask.
    pub crs: Option<Crs>,
    /// What the file calls that CRS, whether it is known or not.
    pub crs_name: Option<String>,
    /// Kinds of geometry, as declared or as found.
    pub kinds: BTreeSet<GeometryKind>,
    /// Whether there are heights.
    pub has_z: bool,
    /// Features, those without a geometry too.
    pub count: u64,
    /// Fields in file order.
    pub fields: Vec<Field>,
    /// The box around all of it, as declared or as found.
    pub bounds: Option<Bounds>,
}

/// Features as they are read, in file order. A feature that is damaged is a [`Problem`]; what follows it still comes,
/// unless the file itself breaks off there.
pub type Features<'a> = Box<dyn Iterator<Item = Result<VectorFeature, Problem>> + 'a>;

/// What a walk over the features of a layer finds.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) count: u64,
    pub(super) kinds: BTreeSet<GeometryKind>,
    pub(super) has_z: bool,
    pub(super) bounds: Option<Bounds>,
    fields: Vec<(String, Option<FieldKind>)>,
    known: HashMap<String, usize>,
}

impl Summary {
    pub(super) fn of<'a>(features: impl Iterator<Item = Result<VectorFeature, Problem>> + 'a) -> Self {
        let mut summary = Self::default();
        features.flatten().for_each(|feature| summary.add(&feature));
        summary
    }

    pub(super) fn over<'a>(features: impl Iterator<Item = &'a VectorFeature>) -> Self {
        let mut summary = Self::default();
        features.for_each(|feature| summary.add(feature));
        summary
    }

    pub(super) fn add(&mut self, feature: &VectorFeature) {
        self.count += 1;
        if let Some(geometry) = &feature.geometry {
            self.kinds.insert(geometry.kind);
            self.has_z = self.has_z || geometry.positions().next().is_some_and(|p| p.z.is_some());
            if let Some(bounds) = geometry.bounds() {
                self.bounds = Some(widened(self.bounds, bounds));
            }
        }
        for (name, value) in &feature.properties {
            let at = match self.known.get(name) {
                Some(at) => *at,
                None if self.fields.len() >= super::MAX_FIELDS => continue,
                None => {
                    self.known.insert(name.clone(), self.fields.len());
                    self.fields.push((name.clone(), None));
                    self.fields.len() - 1
                }
            };
            let Some((_, kind)) = self.fields.get_mut(at) else {
                continue;
            };
            *kind = joined(*kind, kind_of(value));
        }
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let field = |(name, kind): &(String, Option<FieldKind>)| Field {
            name: name.clone(),
            kind: kind.unwrap_or(FieldKind::Other),
        };
        self.fields.iter().map(field).collect()
    }

    pub(super) fn into_layer(self, name: String, crs: Option<Crs>) -> VectorLayer {
        VectorLayer {
            name,
            crs,
            crs_name: crs.map(|crs| crs.to_string()),
            fields: self.fields(),
            kinds: self.kinds,
            has_z: self.has_z,
            count: self.count,
            bounds: self.bounds,
        }
    }
}

fn kind_of(value: &Value) -> Option<FieldKind> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(_) => FieldKind::Boolean,
        Value::Number(number) if number.is_f64() => FieldKind::Number,
        Value::Number(_) => FieldKind::Integer,
        Value::String(_) => FieldKind::Text,
        Value::Array(_) | Value::Object(_) => FieldKind::Other,
    })
}

fn joined(known: Option<FieldKind>, found: Option<FieldKind>) -> Option<FieldKind> {
    use FieldKind::{Integer, Number, Other, Text};
    match (known, found) {
        (None, kind) | (kind, None) => kind,
        (Some(a), Some(b)) if a == b => Some(a),
        (Some(Integer | Number), Some(Integer | Number)) => Some(Number),
        (Some(Other), _) | (_, Some(Other)) => Some(Other),
        _ => Some(Text),
    }
}
