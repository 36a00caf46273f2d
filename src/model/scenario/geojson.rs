//! Features of a scenario's own layers: `GeoJSON` and whatever else the vector readers give, in the forms that layers use.
//!
//! A damaged feature is named and left out; where the text itself breaks off, the features before it are kept.
//! Heights in coordinates are ignored: every layer of a scenario stands on the terrain.

use super::findings::Findings;
use crate::sources::vector::geojson::Document;
use crate::sources::vector::{VectorFeature, VectorGeometry};
use crate::sources::{Cause, Problem, vector};
use serde_json::{Map, Value};

/// x (east or longitude) and y.
pub(super) type Position = [f64; 2];

/// An outer ring and its holes; the closing points are still there.
pub(super) type Rings = Vec<Vec<Position>>;

/// A geometry of a kind that scenario layers use.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Geometry {
    /// One point.
    Point(Position),
    /// One line.
    Line(Vec<Position>),
    /// Any number of areas.
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

/// Takes features from a reader, with the name of their CRS and where problems go. An error ends the reading.
pub(super) type Taker<'a> = dyn FnMut(Option<&str>, Vec<Feature>, &mut Findings) -> Result<(), Problem> + 'a;

/// Reads `bytes`, and gives the usable features away in parts of at most `at_once`, at least one part. Problems go to
/// `findings`.
pub(super) fn read(
    bytes: &[u8],
    path: &str,
    findings: &mut Findings,
    at_once: usize,
    take: &mut Taker<'_>,
) -> Result<(), Problem> {
    // Read feature by feature, so it may be larger than a document that is held as a whole.
    let text = vector::json_text_of(bytes, path)?;
    let mut document = Document::open(text, path)?;
    for problem in std::mem::take(&mut document.problems) {
        findings.found(problem);
    }
    let crs = document.crs.take();
    let mut features = Vec::new();
    let mut is_first = true;
    for found in document.features() {
        match found {
            Ok(found) => features.extend(usable(found, findings)),
            // Nothing comes after the place where the text breaks off.
            Err(problem) if problem.cause == Cause::Damaged && features.is_empty() && is_first => return Err(problem),
            Err(problem) => findings.found(problem),
        }
        if features.len() >= at_once {
            take(crs.as_deref(), std::mem::take(&mut features), findings)?;
            is_first = false;
        }
    }
    take(crs.as_deref(), features, findings)
}

/// A feature of any file in a form that layers use; what is not goes to `findings`.
pub(super) fn usable(found: VectorFeature, findings: &mut Findings) -> Option<Feature> {
    let index = found.index;
    let geometry = match found.geometry {
        None => Err((Cause::NoCoordinates, ".geometry", "the feature has no geometry")),
        Some(geometry) => form_of(&geometry).ok_or((
            Cause::NotRead,
            ".geometry.type",
            "several points or lines in one feature are not used: make a feature of each",
        )),
    };
    match geometry {
        Ok(geometry) => Some(Feature {
            index,
            id: found.id,
            geometry,
            properties: found.properties,
        }),
        Err((cause, place, message)) => {
            let message = format!("{message}; features[{index}] is left out");
            findings.error_because(cause, format!("features[{index}]{place}"), message);
            None
        }
    }
}

fn form_of(geometry: &VectorGeometry) -> Option<Geometry> {
    let flat = |points: &[vector::Position]| points.iter().map(|p| [p.x, p.y]).collect::<Vec<Position>>();
    let VectorGeometry {
        points,
        lines,
        polygons,
        ..
    } = geometry;
    match (points.as_slice(), lines.as_slice(), polygons.as_slice()) {
        ([point], [], []) => Some(Geometry::Point([point.x, point.y])),
        ([], [line], []) => Some(Geometry::Line(flat(line))),
        ([], [], [_, ..]) => {
            let rings = |rings: &vector::Rings| rings.iter().map(|ring| flat(ring)).collect();
            Some(Geometry::Polygons(polygons.iter().map(rings).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file holds.
    #[derive(Debug, Default)]
    struct Collection {
        crs: Option<String>,
        features: Vec<Feature>,
    }

    fn run(text: &str) -> (Option<Collection>, Vec<String>) {
        let mut findings = Findings::new("f.geojson");
        let mut collection = Collection::default();
        // One at a time is the same as all at once.
        let result = read(
            text.as_bytes(),
            "f.geojson",
            &mut findings,
            1,
            &mut |crs, features, _| {
                collection.crs = crs.map(ToOwned::to_owned);
                collection.features.extend(features);
                Ok(())
            },
        );
        let mut lines: Vec<String> = findings.into_problems().iter().map(ToString::to_string).collect();
        match result {
            Ok(()) => (Some(collection), lines),
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
                "f.geojson: features[0].geometry.type: unknown word `Circle`: use one of Point, LineString, Polygon, MultiPoint, MultiLineString, MultiPolygon, GeometryCollection; features[0] is left out",
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
