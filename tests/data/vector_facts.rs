//! What `inspect` says of the corpus's vector files, against what independent readers found in them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says how much it compared"
)]

use crate::corpus;
use crate::corpus_facts::facts;
use serde_json::Value;
use stadslens::sources::inspect::inspect;
use stadslens::sources::vector::{Position, VectorFile};
use std::path::Path;

/// Files of these endings under `gis/` that are GIS layers; the others are grids, point clouds, OSM XML and lists.
fn is_vector(path: &str, corpus: &Path) -> bool {
    let has = |ending: &str| path.ends_with(ending);
    let is_collection = || {
        let text = std::fs::read_to_string(corpus.join(path)).unwrap();
        text.contains("FeatureCollection")
    };
    path.starts_with("gis/")
        && (has(".gpkg") || has(".sqlite") || has(".fgb") || has(".geojson") || (has(".json") && is_collection()))
}

/// What differs between a report and the facts of a file.
fn differences(found: &Value, expected: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let layers = found["layers"].as_array().unwrap();
    if let Some(features) = expected
        .get("features")
        .filter(|features| found["features"] != **features)
    {
        wrong.push(format!("{} features instead of {features}", found["features"]));
    }
    let kind = expected["type"].as_str().unwrap_or_default();
    if matches!(kind, "geojson" | "flatgeobuf") && found["kind"] != kind {
        wrong.push(format!("kind {} instead of {kind}", found["kind"]));
    }
    let expected_layers = expected.get("layers").and_then(Value::as_object);
    if let Some(expected_layers) = expected_layers {
        if layers.len() != expected_layers.len() {
            wrong.push(format!("{} layers instead of {}", layers.len(), expected_layers.len()));
        }
        for (name, expected) in expected_layers {
            let Some(layer) = layers.iter().find(|layer| layer["name"] == **name) else {
                wrong.push(format!("no layer {name}"));
                continue;
            };
            if layer["count"] != expected["count"] {
                wrong.push(format!(
                    "{name}: {} features instead of {}",
                    layer["count"], expected["count"]
                ));
            }
            let srs = expected["srs"].as_u64().unwrap_or(0);
            let crs = if srs == 0 {
                Value::Null
            } else {
                format!("EPSG:{srs}").into()
            };
            if layer["crs"] != crs {
                wrong.push(format!("{name}: {} instead of {crs}", layer["crs"]));
            }
            if expected.get("bbox").is_some_and(|bbox| layer["bbox"] != *bbox) {
                wrong.push(format!("{name}: box {} instead of {}", layer["bbox"], expected["bbox"]));
            }
        }
    }
    wrong
}

#[test]
fn every_vector_file_has_its_facts() {
    let Some(corpus) = corpus() else { return };
    let (mut compared, mut wrong) = (0, Vec::new());
    for (path, expected) in &facts(&corpus, "facts.json") {
        if !is_vector(path, &corpus) {
            continue;
        }
        match inspect(&corpus.join(path)) {
            Ok(found) => {
                wrong.extend(
                    differences(&found, expected)
                        .into_iter()
                        .map(|line| format!("{path}: {line}")),
                );
                if path.ends_with("json") {
                    let json: Value = serde_json::from_slice(&std::fs::read(corpus.join(path)).unwrap()).unwrap();
                    let features = json["features"].as_array().unwrap().len();
                    if found["features"] != features {
                        wrong.push(format!("{path}: {} features instead of {features}", found["features"]));
                    }
                }
                // A file that does not say its CRS is asked for it: a warning.
                let errors = found["problems"].as_array().unwrap().iter();
                for problem in errors.filter(|problem| problem["severity"] != "warning") {
                    wrong.push(format!("{path}: {}", problem["message"]));
                }
            }
            Err(problem) => wrong.push(format!("{path}: {problem}")),
        }
        compared += 1;
    }
    eprintln!("{compared} vector files compared");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= 12, "only {compared} vector files compared");
}

/// Numbers that were read from the bytes by hand.
#[test]
fn single_features_of_the_corpus_are_as_they_were_written() {
    let Some(corpus) = corpus() else { return };
    let open = |path: &str| VectorFile::open(&corpus.join("gis").join(path)).unwrap();
    let heights = open("pdok-gokoala/3d-geoms.gpkg");
    let foo = heights.layers.iter().position(|layer| layer.name == "foo").unwrap();
    let line = heights.features(foo).next().unwrap().unwrap().geometry.unwrap();
    let corner = |n: f64| Position { x: n, y: n, z: Some(n) };
    assert_eq!(line.lines, [vec![corner(0.0), corner(1.0)]]);
    let empty = open("pdok-gokoala/null-empty-geoms.gpkg");
    let places = empty
        .layers
        .iter()
        .position(|layer| layer.name == "ligplaatsen")
        .unwrap();
    assert!(
        empty
            .features(places)
            .all(|feature| feature.unwrap().geometry.is_none())
    );
    let houses = open("3dfier-bgt/bgt_pand.sqlite");
    let house = houses.features(0).next().unwrap().unwrap();
    assert_eq!(house.geometry.unwrap().polygons[0][0].len(), 8);
    let countries = open("flatgeobuf/countries.fgb");
    let dutch = countries
        .features(0)
        .map(Result::unwrap)
        .find(|f| f.properties["name"] == "Netherlands")
        .unwrap();
    assert_eq!(dutch.properties["id"], "NLD");
    let near = countries
        .features_in(0, [6.7, 52.2, 6.9, 52.3])
        .map(|f| f.unwrap().properties["id"].clone());
    assert!(near.into_iter().any(|id| id == "NLD"));
    let walk = countries.features(0).flatten().filter(|f| {
        let [left, bottom, right, top] = f.geometry.as_ref().unwrap().bounds().unwrap();
        left <= 6.9 && right >= 6.7 && bottom <= 52.3 && top >= 52.2
    });
    assert_eq!(walk.count(), countries.features_in(0, [6.7, 52.2, 6.9, 52.3]).count());
}
