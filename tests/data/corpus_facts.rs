//! What `inspect` says of every tileset and payload of the corpus, against what independent readers found in it.
//!
//! The corpus lies beside the project and is not part of it: without it each test says so and passes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says how much it compared"
)]

use crate::corpus;
use serde_json::{Map, Value};
use stadslens::sources::inspect::inspect;
use std::{fs, path::Path};

pub(crate) fn facts(corpus: &Path, name: &str) -> Map<String, Value> {
    serde_json::from_slice(&fs::read(corpus.join(name)).unwrap()).unwrap()
}

pub(crate) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// Kinds of payloads that are not read yet; their facts cannot be held against us.
const LATER: [&str; 3] = ["vctr", "geom", "geojson"];

fn says_not_read_yet(report: &Value) -> bool {
    let problems = report["problems"].as_array().unwrap();
    problems
        .iter()
        .any(|p| p["message"].as_str().unwrap().contains("not read yet"))
}

/// What the tree of tiles has other than its facts.
fn tree_differences(found: &Value, expected: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, ours: &Value, theirs: &Value| {
        if ours != theirs {
            wrong.push(format!("{what}: {ours} instead of {theirs}"));
        }
    };
    check("version", &found["version"], &expected["version"]);
    check("tiles", &found["tiles"], &expected["explicit_tiles"]);
    check("max_depth", &found["max_depth"], &expected["max_depth"]);
    for (ours, theirs) in [("add", "ADD"), ("replace", "REPLACE")] {
        check(
            ours,
            &found["refine"][ours],
            &number(&expected["refine"], theirs).into(),
        );
    }
    if let Some([lon, lat, ..]) = expected["center_lonlat"].as_array().map(Vec::as_slice) {
        let ours = |i: usize| found["center_lon_lat"][i].as_f64().unwrap_or(f64::NAN);
        let is_near = |a: f64, b: &Value| (a - b.as_f64().unwrap()).abs() < 2e-6;
        if !(is_near(ours(0), lon) && is_near(ours(1), lat)) {
            wrong.push(format!("centre {} instead of {lon} {lat}", found["center_lon_lat"]));
        }
    }
    wrong
}

/// What is wrong with the contents by kind, and those that are missing.
fn content_differences(found: &Value, expected: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let kinds = expected["content_kinds"].as_object().unwrap();
    if number(expected, "data_uri") == 0 {
        let mut by_kind: Map<String, Value> = Map::new();
        for (kind, count) in kinds {
            // Packed with gzip or not, a payload is what it is.
            let kind = kind.strip_suffix("+gzip").unwrap_or(kind);
            let before = by_kind.get(kind).and_then(Value::as_u64).unwrap_or(0);
            by_kind.insert(kind.to_owned(), (before + count.as_u64().unwrap()).into());
        }
        let ours = found["contents"].as_object().unwrap();
        let is_equal = ours.len() == by_kind.len() && ours.iter().all(|(kind, n)| by_kind.get(kind) == Some(n));
        if !is_equal {
            wrong.push(format!("contents {} instead of {kinds:?}", found["contents"]));
        }
    }
    // Beside the contents of explicit tiles, the facts count those of each implicit tiling by itself.
    let implicit = expected["implicit"].as_array().unwrap();
    let lists = ["missing_contents", "missing_subtrees"];
    let of_implicit = implicit
        .iter()
        .flat_map(|tiling| lists.map(|list| tiling[list].as_array().map_or(0, Vec::len)));
    let missing = found["missing"].as_array().unwrap().len() as u64;
    if missing != number(expected, "missing_count") + of_implicit.sum::<usize>() as u64 {
        wrong.push(format!(
            "missing {} instead of {} and {:?}",
            found["missing"], expected["missing"], implicit
        ));
    }
    wrong
}

/// What is wrong with the implicit tilings.
fn implicit_differences(found: &Value, expected: &Value) -> Vec<String> {
    let tilings = expected["implicit"].as_array().unwrap();
    let keys = ["subtrees", "tiles", "contents"];
    let differs = |key: &&str| number(&found["implicit"], key) != tilings.iter().map(|t| number(t, key)).sum::<u64>();
    let wrong = keys.into_iter().filter(differs);
    wrong
        .map(|key| format!("implicit {key}: {} instead of {tilings:?}", found["implicit"][key]))
        .collect()
}

/// What is wrong with the totals.
fn total_differences(found: &Value, expected: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let totals = &expected["totals"];
    for key in ["triangles", "points", "instances", "instanced_triangles"] {
        if found["totals"][key].as_u64().unwrap() != number(totals, key) {
            wrong.push(format!("{key} {} instead of {}", found["totals"][key], totals[key]));
        }
    }
    let features = if totals.get("batch").is_some() {
        "batch"
    } else {
        "property_rows"
    };
    if found["totals"]["features"].as_u64().unwrap() != number(totals, features) {
        wrong.push(format!(
            "features {} instead of {}",
            found["totals"]["features"], totals[features]
        ));
    }
    wrong
}

#[test]
fn every_tileset_has_its_facts() {
    let Some(corpus) = corpus() else { return };
    let (mut compared, mut later, mut implicit) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (path, expected) in &facts(&corpus, "tilesets.json") {
        if expected["tileset_ext"].to_string().contains("MAXAR_content_3tz") {
            // The independent reader did not look into archives; `archives` compares them with their files unpacked.
            continue;
        }
        let found = match inspect(&corpus.join(path)) {
            Ok(found) => found,
            Err(problem) if problem.message.contains("not read yet") => {
                later += 1;
                continue;
            }
            Err(problem) => {
                wrong.push(format!("{path}: cannot be read: {problem}"));
                continue;
            }
        };
        if found["kind"] != "tileset" {
            assert!(says_not_read_yet(&found), "{path}: {found}");
            later += 1;
            continue;
        }
        let mut add = |found: Vec<String>| wrong.extend(found.into_iter().map(|line| format!("{path}: {line}")));
        add(tree_differences(&found, expected));
        implicit += expected["implicit"].as_array().unwrap().len();
        add(implicit_differences(&found, expected));
        add(content_differences(&found, expected));
        let kinds = expected["content_kinds"].as_object().unwrap();
        if kinds.keys().any(|kind| LATER.iter().any(|name| kind.starts_with(name))) {
            later += 1;
            assert!(says_not_read_yet(&found), "{path}");
            continue;
        }
        if number(expected, "data_uri") > 0 || path.contains("BatchedDeprecated1") {
            // The independent reader did not follow data URIs, and misread one header on purpose.
            continue;
        }
        add(total_differences(&found, expected));
        compared += 1;
    }
    eprintln!(
        "{compared} tilesets compared in full, {implicit} implicit tilings among them, and {later} with kinds that are not read yet"
    );
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= 50, "only {compared} tilesets compared");
}

#[test]
fn every_payload_has_its_facts() {
    let Some(corpus) = corpus() else { return };
    let (mut compared, mut later) = (0, 0);
    let mut wrong = Vec::new();
    for (path, expected) in &facts(&corpus, "facts.json") {
        let kind = expected.get("type").and_then(Value::as_str).unwrap_or_default();
        if path.starts_with("invalid/") || expected.get("error").is_some() {
            continue;
        }
        if kind == "geojson" {
            // A layer when it is opened by itself; only as a tile it is not read yet. `vector_facts` compares layers.
            assert_eq!(inspect(&corpus.join(path)).unwrap()["kind"], "geojson", "{path}");
            continue;
        }
        if LATER.contains(&kind) {
            let found = inspect(&corpus.join(path)).unwrap();
            assert_eq!(found["kind"], kind, "{path}");
            assert!(says_not_read_yet(&found), "{path}: {found}");
            later += 1;
            continue;
        }
        if !matches!(kind, "glb" | "gltf" | "b3dm" | "i3dm" | "pnts" | "cmpt") {
            continue;
        }
        let found = inspect(&corpus.join(path)).unwrap();
        if found["kind"] != kind {
            wrong.push(format!("{path}: kind {} instead of {kind}", found["kind"]));
            continue;
        }
        for key in ["triangles", "points", "instanced_triangles"] {
            if found["totals"][key].as_u64().unwrap() != number(expected, key) {
                wrong.push(format!(
                    "{path}: {key} {} instead of {}",
                    found["totals"][key], expected[key]
                ));
            }
        }
        let instances = number(expected, "gpu_instances") + number(expected, "instances");
        if found["totals"]["instances"].as_u64().unwrap() != instances {
            wrong.push(format!(
                "{path}: instances {} instead of {instances}",
                found["totals"]["instances"]
            ));
        }
        let rows = expected
            .get("property_tables")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let rows: u64 = rows.map(|table| number(table, "count")).sum();
        let features = match number(expected, "batch_length") {
            0 => rows,
            batch => batch,
        };
        let is_misread = expected.get("legacy_header").is_some() || path.contains("BatchedDeprecated1");
        if !is_misread && found["totals"]["features"].as_u64().unwrap() != features {
            wrong.push(format!(
                "{path}: features {} instead of {features}",
                found["totals"]["features"]
            ));
        }
        compared += 1;
    }
    eprintln!("{compared} payloads compared, {later} of kinds that are not read yet");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= 1000, "only {compared} payloads compared");
}
