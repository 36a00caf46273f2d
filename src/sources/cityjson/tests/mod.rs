//! Small documents written by hand, and how they are read.

mod damage;
mod reading;

use super::{CityJson, LodChoice};
use crate::sources::{CityFeature, CityPart};
use serde_json::{Value, json};

/// Corners of a cube from (0, 0, 0) to (2000, 2000, 2000), then one from 500 to 1500 in it.
fn cube_vertices() -> Vec<[i64; 3]> {
    let corner = |low: i64, high: i64, i: usize| [1, 2, 4].map(|bit| if i & bit == 0 { low } else { high });
    let outer = (0..8).map(|i| corner(0, 2000, i));
    outer.chain((0..8).map(|i| corner(500, 1500, i))).collect()
}

/// The shell of a cube whose corners begin at `base`: ground, roof, four walls, seen from outside.
fn cube_shell(base: u32) -> Value {
    let faces = [
        [0, 2, 3, 1],
        [4, 5, 7, 6],
        [0, 1, 5, 4],
        [1, 3, 7, 5],
        [3, 2, 6, 7],
        [2, 0, 4, 6],
    ];
    json!(faces.map(|face: [u32; 4]| [face.map(|corner| corner + base)]))
}

/// The same seen from inside.
fn cube_hollow(base: u32) -> Value {
    let mut shell = cube_shell(base);
    for face in shell.as_array_mut().unwrap() {
        face[0].as_array_mut().unwrap().reverse();
    }
    shell
}

fn document(version: &str, objects: Value) -> Value {
    json!({
        "type": "CityJSON",
        "version": version,
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": [250_000.0, 476_000.0, 10.0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415", "title": "Two cubes"},
        "CityObjects": objects,
        "vertices": cube_vertices(),
    })
}

fn building(geometry: Value) -> Value {
    json!({"b": {"type": "Building", "attributes": {"year": 1904}, "geometry": [geometry]}})
}

fn open(json: &Value) -> CityJson {
    CityJson::of_bytes("test.city.json", json.to_string().into_bytes()).unwrap()
}

fn read(city: &CityJson, choice: LodChoice) -> (Vec<CityFeature>, Vec<String>) {
    let mut features = city.features(choice);
    let all = features.by_ref().collect();
    let problems = city.problems().into_iter().chain(features.problems());
    (all, problems.map(|problem| problem.to_string()).collect())
}

/// The features of a document without problems.
fn sound(json: &Value) -> Vec<CityFeature> {
    let (features, problems) = read(&open(json), LodChoice::Highest);
    assert!(problems.is_empty(), "{problems:?}");
    features
}

/// The only line of what is wrong.
fn only_problem(json: &Value) -> String {
    let (_, problems) = read(&open(json), LodChoice::Highest);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].clone()
}

fn volume(parts: &[CityPart]) -> f64 {
    let first = parts[0].positions[0];
    let of_part = |part: &CityPart| -> f64 {
        let triangles = part.triangles.iter();
        triangles
            .map(|triangle| {
                let [a, b, c] = triangle.map(|i| part.positions[i as usize] - first);
                a.dot(b.cross(c)) / 6.0
            })
            .sum()
    };
    parts.iter().map(of_part).sum()
}

fn area(part: &CityPart) -> f64 {
    let triangles = part.triangles.iter();
    triangles
        .map(|triangle| {
            let [a, b, c] = triangle.map(|i| part.positions[i as usize]);
            (b - a).cross(c - a).length() / 2.0
        })
        .sum()
}

fn triangles(features: &[CityFeature]) -> usize {
    let parts = features.iter().flat_map(|feature| &feature.parts);
    parts.map(|part| part.triangles.len()).sum()
}

fn sequence() -> String {
    let mut first = document("2.0", json!({}));
    first["vertices"] = json!([]);
    let feature = |id: &str| {
        json!({
            "type": "CityJSONFeature", "id": id, "vertices": cube_vertices(),
            "CityObjects": {
                id: {"type": "Building", "children": [format!("{id}-0")]},
                format!("{id}-0"): {"type": "BuildingPart", "parents": [id], "geometry": [
                    {"type": "Solid", "lod": "2.2", "boundaries": [cube_shell(0)]},
                ]},
            },
        })
    };
    format!("{first}\n{}\n\n{}\r\n", feature("a"), feature("b"))
}

fn pretty(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap();
    format!("{value:#}")
}
