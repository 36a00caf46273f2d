//! `GeoJSON` feature collections (RFC 7946, and the older `crs` member), feature by feature.
//!
//! A damaged feature is named and left out; where the text itself breaks off, the features before it are kept.
//! Heights in coordinates are ignored: every layer of a scenario stands on the terrain.

use super::findings::Findings;
use super::json_text;
use super::structure::display;
use crate::sources::{Cause, Problem};
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Most features of one file.
pub(super) const MAX_FEATURES: usize = 2_000_000;

/// x (east or longitude) and y.
pub(super) type Position = [f64; 2];

/// An outer ring and its holes; the closing points are still there.
pub(super) type Rings = Vec<Vec<Position>>;

/// A geometry of a kind that scenario layers use.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Geometry {
    /// `Point`.
    Point(Position),
    /// `LineString`.
    Line(Vec<Position>),
    /// `Polygon` or `MultiPolygon`.
    Polygons(Vec<Rings>),
}

/// One feature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feature {
    /// Number in the file, from 0.
    pub(super) index: usize,
    /// Its own id, where it has one.
    pub(super) id: Option<String>,
    /// Where and what form.
    pub(super) geometry: Geometry,
    /// Attributes in file order.
    pub(super) properties: Map<String, Value>,
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Collection {
    /// Name of the CRS, where the file gives one.
    pub(super) crs: Option<String>,
    /// Usable features.
    pub(super) features: Vec<Feature>,
}

/// Reads `bytes`; problems go to `findings`.
pub(super) fn read(bytes: &[u8], path: &str, findings: &mut Findings) -> Result<Collection, Problem> {
    let text = json_text::text(bytes, path)?;
    let mut reader = Reader {
        findings,
        collection: Collection {
            crs: None,
            features: Vec::new(),
        },
        seen_features: false,
    };
    let parsed = json_text::parse(Document(&mut reader), &text, path);
    let seen_features = reader.seen_features;
    let collection = reader.collection;
    match parsed {
        Ok(()) if !seen_features => {
            Err(
                Problem::error(path, "", "this is no GeoJSON FeatureCollection: it has no `features`")
                    .because(Cause::WrongKind),
            )
        }
        Ok(()) => Ok(collection),
        Err(problem) if collection.features.is_empty() => Err(problem),
        Err(problem) => {
            let message = format!(
                "{}; the {} features before it are used",
                problem.message,
                collection.features.len()
            );
            findings.error_because(problem.cause, problem.place, message);
            Ok(collection)
        }
    }
}

struct Reader<'a> {
    findings: &'a mut Findings,
    collection: Collection,
    seen_features: bool,
}

struct Document<'r, 'a>(&'r mut Reader<'a>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GeoJSON FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "features" => {
                    self.0.seen_features = true;
                    map.next_value_seed(Features(self.0))?;
                }
                "crs" => {
                    let value: Value = map.next_value()?;
                    match value.pointer("/properties/name").and_then(Value::as_str) {
                        Some(name) => self.0.collection.crs = Some(name.to_owned()),
                        None if value.is_null() => {}
                        None => self.0.findings.error_because(
                            Cause::Place,
                            "crs",
                            "this CRS has no name; longitude and latitude are assumed",
                        ),
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Features<'r, 'a>(&'r mut Reader<'a>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        while index < MAX_FEATURES {
            let Some(value) = list.next_element::<Value>()? else {
                return Ok(());
            };
            match feature(value, index) {
                Ok(feature) => self.0.collection.features.push(feature),
                Err((place, message)) => {
                    let message = format!("{message}; features[{index}] is left out");
                    self.0.findings.error(format!("features[{index}]{place}"), message);
                }
            }
            index += 1;
        }
        let mut more = 0_usize;
        while list.next_element::<IgnoredAny>()?.is_some() {
            more += 1;
        }
        if more > 0 {
            let message = format!("more than {MAX_FEATURES} features; the last {more} are left out");
            self.0.findings.error_because(Cause::TooLarge, "features", message);
        }
        Ok(())
    }
}

/// The place within the feature, and what is wrong there.
type Fault = (String, String);

fn feature(mut value: Value, index: usize) -> Result<Feature, Fault> {
    let Some(object) = value.as_object_mut() else {
        return Err((String::new(), format!("expected a feature, found {}", display(&value))));
    };
    let properties = match object.shift_remove("properties") {
        Some(Value::Object(properties)) => properties,
        None | Some(Value::Null) => Map::new(),
        Some(other) => {
            return Err((
                ".properties".into(),
                format!("expected an object {{…}}, found {}", display(&other)),
            ));
        }
    };
    let Some(geometry) = object.get("geometry").filter(|g| !g.is_null()) else {
        return Err((".geometry".into(), "the feature has no geometry".into()));
    };
    let id = match object.get("id") {
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    Ok(Feature {
        index,
        id,
        geometry: read_geometry(geometry).map_err(|(place, message)| (format!(".geometry{place}"), message))?,
        properties,
    })
}

fn read_geometry(value: &Value) -> Result<Geometry, Fault> {
    let missing = Value::Null;
    let kind = value.get("type").unwrap_or(&missing);
    let coordinates = value.get("coordinates").unwrap_or(&missing);
    let at = |(place, message): Fault| (format!(".coordinates{place}"), message);
    match kind.as_str() {
        Some("Point") => position(coordinates).map(Geometry::Point).map_err(at),
        Some("LineString") => entries(coordinates, position).map(Geometry::Line).map_err(at),
        Some("Polygon") => polygon(coordinates)
            .map(|rings| Geometry::Polygons(vec![rings]))
            .map_err(at),
        Some("MultiPolygon") => entries(coordinates, polygon).map(Geometry::Polygons).map_err(at),
        _ => Err((
            ".type".into(),
            format!(
                "unknown word {}: use one of Point, LineString, Polygon, MultiPolygon",
                display(kind)
            ),
        )),
    }
}

fn polygon(value: &Value) -> Result<Rings, Fault> {
    entries(value, |ring| entries(ring, position))
}

fn entries<T>(value: &Value, read: impl Fn(&Value) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    let Some(list) = value.as_array() else {
        return Err((String::new(), format!("expected a list […], found {}", display(value))));
    };
    let entry = |(index, entry)| read(entry).map_err(|(place, message)| (format!("[{index}]{place}"), message));
    list.iter().enumerate().map(entry).collect()
}

fn position(value: &Value) -> Result<Position, Fault> {
    let list = value.as_array().map(Vec::as_slice);
    let Some([x, y, ..]) = list else {
        return Err((
            String::new(),
            format!("expected a coordinate [x, y], found {}", display(value)),
        ));
    };
    let number = |value: &Value, index: usize| {
        let number = value.as_f64();
        number.ok_or_else(|| {
            (
                format!("[{index}]"),
                format!("expected a number, found {}", display(value)),
            )
        })
    };
    Ok([number(x, 0)?, number(y, 1)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> (Option<Collection>, Vec<String>) {
        let mut findings = Findings::new("f.geojson");
        let result = read(text.as_bytes(), "f.geojson", &mut findings);
        let mut lines: Vec<String> = findings.into_problems().iter().map(ToString::to_string).collect();
        match result {
            Ok(collection) => (Some(collection), lines),
            Err(problem) => {
                lines.push(problem.to_string());
                (None, lines)
            }
        }
    }

    #[test]
    fn features_of_every_kind_are_read_with_the_crs_after_them() {
        let (collection, lines) = run(r#"{"type": "FeatureCollection", "features": [
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2, 3]}, "properties": {"id": "a"}},
                {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, "properties": null},
                {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}},
                {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]}}],
               "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}}"#);
        let collection = collection.unwrap();
        assert_eq!(lines, Vec::<String>::new());
        assert_eq!(collection.crs.as_deref(), Some("urn:ogc:def:crs:EPSG::28992"));
        assert_eq!(collection.features[0].geometry, Geometry::Point([1.0, 2.0]));
        assert_eq!(collection.features[2].geometry, collection.features[3].geometry);
    }

    #[test]
    fn damage_costs_one_feature_and_one_line() {
        for (feature, expected) in [
            (
                "7",
                "f.geojson: features[0]: expected a feature, found 7; features[0] is left out",
            ),
            (
                r#"{"geometry": null}"#,
                "f.geojson: features[0].geometry: the feature has no geometry; features[0] is left out",
            ),
            (
                r#"{"geometry": {"type": "Point", "coordinates": [1, NaN]}}"#,
                "f.geojson: features[0].geometry.coordinates[1]: expected a number, found `NaN`; features[0] is left out",
            ),
            (
                r#"{"geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3]]]}}"#,
                "f.geojson: features[0].geometry.coordinates[0][1]: expected a coordinate [x, y], found a list […]; features[0] is left out",
            ),
            (
                r#"{"geometry": {"type": "Circle", "coordinates": []}}"#,
                "f.geojson: features[0].geometry.type: unknown word `Circle`: use one of Point, LineString, Polygon, MultiPolygon; features[0] is left out",
            ),
        ] {
            let good = r#"{"geometry": {"type": "Point", "coordinates": [1, 2]}}"#;
            let (collection, lines) = run(&format!(r#"{{"features": [{feature}, {good}]}}"#));
            assert_eq!(lines, [expected]);
            assert_eq!(collection.unwrap().features[0].index, 1);
        }
    }

    #[test]
    fn a_text_that_breaks_off_keeps_what_came_before() {
        let (collection, lines) = run(r#"{"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}, {"geo"#);
        assert_eq!(collection.unwrap().features.len(), 1);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("the 1 features before it are used"), "{lines:?}");
    }

    #[test]
    fn other_json_is_no_feature_collection() {
        assert_eq!(
            run("{}").1,
            ["f.geojson: this is no GeoJSON FeatureCollection: it has no `features`"]
        );
        assert!(run("[]").0.is_none());
    }
}
