//! What `inspect` says of every file of `CityJSON` in the corpus, against what an independent reader found in it.

#![expect(clippy::print_stderr, reason = "a suite says how much it compared")]

use crate::{
    corpus,
    corpus_facts::{facts, number},
};
use serde_json::{Map, Value, json};
use stadslens::sources::{
    cityjson::{CityJson, LodChoice},
    inspect::inspect,
};

/// The facts round to millimetres.
const ROUNDED_M: f64 = 0.000_501;

fn differences(found: &Value, expected: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for key in [
        "form",
        "version",
        "city_objects",
        "types",
        "geometries",
        "lods",
        "surfaces",
        "vertices",
        "crs",
        "features",
    ] {
        if found.get(key) != expected.get(key) {
            wrong.push(format!("{key} {:?} instead of {:?}", found.get(key), expected.get(key)));
        }
    }
    let extensions = expected.get("extensions").cloned().unwrap_or(json!([]));
    if found["extensions"] != extensions {
        wrong.push(format!("extensions {} instead of {extensions}", found["extensions"]));
    }
    if number(found, "templates") != number(expected, "templates") {
        wrong.push(format!(
            "templates {} instead of {}",
            found["templates"], expected["templates"]
        ));
    }
    let corners = |value: Option<&Value>| -> Vec<f64> {
        let numbers = value.and_then(Value::as_array).into_iter().flatten();
        numbers.filter_map(Value::as_f64).collect()
    };
    let (ours, theirs) = (corners(found.get("bbox")), corners(expected.get("bbox")));
    let is_near = ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < ROUNDED_M);
    if ours.len() != theirs.len() || !is_near {
        wrong.push(format!("bbox {ours:?} instead of {theirs:?}"));
    }
    wrong
}

#[test]
fn every_city_model_has_its_facts() {
    let Some(corpus) = corpus() else { return };
    let all: Map<String, Value> = facts(&corpus, "facts.json");
    let (mut compared, mut refused) = (0, 0);
    let mut wrong = Vec::new();
    for (path, expected) in all.iter().filter(|(path, _)| path.starts_with("cityjson/")) {
        let found = inspect(&corpus.join(path));
        let has_error = |found: &Value| {
            let problems = found["problems"].as_array().unwrap();
            problems.iter().any(|problem| problem["severity"] == "error")
        };
        if expected.get("error").is_some() || expected.get("form").is_none() {
            // Broken, or of another kind: told, as much as is read of it.
            match found {
                Ok(found) => assert!(has_error(&found), "{path}: {found}"),
                Err(problem) => assert!(!problem.message.is_empty()),
            }
            refused += 1;
            continue;
        }
        let found = found.unwrap_or_else(|problem| panic!("{path}: {problem}"));
        assert_eq!(found["kind"], "cityjson", "{path}");
        wrong.extend(
            differences(&found, expected)
                .into_iter()
                .map(|line| format!("{path}: {line}")),
        );
        compared += 1;
    }
    eprintln!("{compared} city models compared, {refused} broken or of another kind");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= 50, "only {compared} city models compared");
}

/// Corners lie where the facts say, whichever level is drawn, and a number that wrapped around is no corner.
#[test]
fn triangles_lie_in_the_bounds_of_their_file() {
    let Some(corpus) = corpus() else { return };
    for (name, low, high) in [
        (
            "cjio/delft.json",
            [84_616.468, 447_422.999, -0.452],
            [85_140.839, 447_750.636, 16.846],
        ),
        (
            "bertt/paris_tower.city.jsonl",
            [651_998.8, 6_860_865.4, 0.0],
            [652_032.1, 6_860_898.2, 145.162],
        ),
    ] {
        let city = CityJson::open(&corpus.join("cityjson").join(name)).unwrap();
        let choices = city
            .lods()
            .into_keys()
            .map(LodChoice::Exact)
            .chain([LodChoice::Highest]);
        for choice in choices {
            let mut corners = 0;
            for corner in city
                .features(choice)
                .flat_map(|f| f.parts)
                .flat_map(|part| part.positions)
            {
                let is_inside = (0..3).all(|i| corner[i] > low[i] - ROUNDED_M && corner[i] < high[i] + ROUNDED_M);
                assert!(is_inside, "{name}: {corner}");
                corners += 1;
            }
            assert!(corners > 30, "{name} {choice:?}");
        }
    }
}
