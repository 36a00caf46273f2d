//! What cannot be opened is told in the same words, whether it is described, checked or shown; what is sound is said to be.

#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

use crate::bad_input::glb;
use crate::geotiff_fixture::Fixture;
use serde_json::{Value, json};
use stadslens::model::scenario::{check, describe_any, open_any};
use stadslens::sources::{Cause, Problem, Severity};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The first error that each way of looking at a file tells: described, checked, shown.
fn errors(path: &Path) -> [Option<(Cause, String)>; 3] {
    let first = |problems: Vec<Problem>| {
        let error = problems.into_iter().find(|problem| problem.severity == Severity::Error);
        error.map(|problem| (problem.cause, problem.message))
    };
    let described = match describe_any(path) {
        Ok(facts) => serde_json::from_value(facts["problems"].clone()).unwrap(),
        Err(problems) => problems,
    };
    let shown = open_any(path).map_or_else(|problems| problems, |open| open.problems);
    [first(described), first(check(path)), first(shown)]
}

const DRAWING: &str =
    "0\nSECTION\n2\nENTITIES\n0\nLINE\n8\nA\n10\n251000\n20\n476000\n11\n251040\n21\n476030\n0\nENDSEC\n0\nEOF\n";
const POINT: &str =
    r#"{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [6.79, 52.26]}}"#;

fn city() -> Value {
    json!({"type": "CityJSON", "version": "2.0",
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"},
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": [251_000, 476_000, 0]},
        "CityObjects": {"a": {"type": "Building",
            "geometry": [{"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2, 3]]]}]}},
        "vertices": [[0, 0, 0], [10_000, 0, 0], [10_000, 10_000, 0], [0, 10_000, 0]]})
}

fn tileset(uri: &str) -> String {
    json!({"asset": {"version": "1.1"}, "geometricError": 9, "root": {
        "boundingVolume": {"sphere": [0, 0, 0, 9]}, "geometricError": 0, "content": {"uri": uri}}})
    .to_string()
}

/// Files of every kind that somebody may have, and one that is damaged of each.
fn files() -> Vec<(&'static str, Vec<u8>, Option<Vec<u8>>)> {
    let whole = glb(|_, _| {});
    let ground = Fixture::rd(20, 20, [251_000.0, 476_100.0], 5.0, vec![16.0; 400]).bytes();
    let geojson = format!(r#"{{"type": "FeatureCollection", "features": [{POINT}]}}"#);
    let half = |bytes: &[u8]| Some(bytes[..bytes.len() / 2].to_vec());
    vec![
        ("model.glb", whole.clone(), half(&whole)),
        // The bytes are there, and say what cannot be.
        (
            "odd.glb",
            whole.clone(),
            Some(glb(|json, _| json["accessors"][0]["count"] = json!(4))),
        ),
        ("ground.tif", ground.clone(), Some(ground[..40].to_vec())),
        (
            "map.geojson",
            geojson.clone().into_bytes(),
            Some(br#"{"type": "FeatureCollection", "featu"#.to_vec()),
        ),
        (
            "list.csv",
            b"naam;rd_x;rd_y\na;251010;476260\n".to_vec(),
            Some(b"naam\na\n".to_vec()),
        ),
        (
            "plan.dxf",
            DRAWING.as_bytes().to_vec(),
            Some(b"0\nSECTION\n2\nENTI".to_vec()),
        ),
        (
            "town.city.json",
            city().to_string().into_bytes(),
            half(city().to_string().as_bytes()),
        ),
        (
            "map.gpkg",
            Vec::new(),
            Some(b"SQLite format 3\0and nothing more".to_vec()),
        ),
        ("map.fgb", Vec::new(), Some(b"fgb\x03fgb\0and nothing more".to_vec())),
        ("cloud.laz", Vec::new(), Some(b"LASF and nothing more".to_vec())),
        ("tiles.3tz", Vec::new(), Some(b"PK\x03\x04 and nothing more".to_vec())),
        (
            "tiles.3dtiles",
            Vec::new(),
            Some(b"SQLite format 3\0and nothing more".to_vec()),
        ),
        ("plan.pdf", Vec::new(), Some(b"%PDF-1.7".to_vec())),
        ("page.glb", Vec::new(), Some(b"<html>404</html>".to_vec())),
        ("page.json", Vec::new(), Some(b"<html>404</html>".to_vec())),
        ("other.json", Vec::new(), Some(b"{\"a\": 1}".to_vec())),
        ("plan.kmz", Vec::new(), Some(b"PK\x03\x04 and more".to_vec())),
        ("plan.stadslens", Vec::new(), Some(b"no package".to_vec())),
    ]
}

#[test]
fn one_fault_has_one_sentence_whatever_is_done_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, _, damaged) in files() {
        fs::write(path(name), damaged.unwrap()).unwrap();
        let [described, checked, shown] = errors(&path(name));
        assert!(described.is_some(), "{name}: nothing is wrong with it?");
        assert_eq!(described, checked, "{name}: described, checked");
        assert_eq!(described, shown, "{name}: described, shown");
        fs::write(path(name), "").unwrap();
        for told in errors(&path(name)) {
            let (cause, message) = told.unwrap();
            assert!(
                cause == Cause::Damaged && message.starts_with("the file is empty"),
                "{name}: {message}"
            );
        }
        fs::remove_file(path(name)).unwrap();
        for told in errors(&path(name)) {
            assert_eq!(
                told,
                Some((Cause::Missing, "there is no such file or folder".to_owned())),
                "{name}"
            );
        }
    }
    let [described, checked, shown] = errors(folder.path());
    assert!(
        described
            .as_ref()
            .unwrap()
            .1
            .starts_with("there is no scenario.json in this folder")
    );
    assert!(described == checked && described == shown);
}

#[test]
fn a_sound_file_of_any_kind_is_said_to_be_sound() {
    let folder = tempfile::tempdir().unwrap();
    for (name, sound, _) in files() {
        if sound.is_empty() {
            continue;
        }
        let path = folder.path().join(name);
        fs::write(&path, sound).unwrap();
        let wrong: Vec<Problem> = check(&path)
            .into_iter()
            .filter(|problem| problem.severity == Severity::Error)
            .collect();
        assert_eq!(wrong, [], "{name}");
    }
    fs::write(folder.path().join("tileset.json"), tileset("model.glb")).unwrap();
    assert_eq!(check(folder.path()), []);
    assert_eq!(check(&folder.path().join("tileset.json")), []);
    fs::write(folder.path().join("tileset.json"), tileset("none.glb")).unwrap();
    let found = check(folder.path());
    assert!(found.len() == 1 && found[0].cause == Cause::Missing, "{found:?}");
}

/// A map that is whole and too large to be shown is told as that.
#[test]
fn what_only_showing_would_refuse_is_found_by_checking() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.geojson");
    fs::write(&path, r#"{"type": "LineString", "coordinates": [[0, 40], [10, 60]]}"#).unwrap();
    let found = check(&path);
    let told: Vec<(Severity, Cause)> = found.iter().map(|problem| (problem.severity, problem.cause)).collect();
    assert_eq!(told, [(Severity::Error, Cause::TooWide)], "{found:?}");
}

/// Exit code, standard output and standard error of a command.
fn run(arguments: &[&str], path: &Path) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .args(arguments)
        .arg(path)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn warnings_alone_end_with_0_and_errors_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("sound.glb"), glb(|_, _| {})).unwrap();
    fs::write(path("broken.glb"), b"glTF and nothing more").unwrap();
    // A list that does not say in which system it is.
    fs::write(path("unsure.csv"), "naam;x;y\na;251010;476260\n").unwrap();
    let (code, out, err) = run(&["check"], &path("sound.glb"));
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "no problems found", ""));
    let (code, out, err) = run(&["check"], &path("broken.glb"));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let shown = path("broken.glb").display().to_string();
    assert!(
        err.lines().count() == 1 && err.starts_with(&format!("{shown}: ")),
        "{err}"
    );
    assert_eq!(run(&["inspect"], &path("broken.glb")).2, err, "in the same words");
    assert_eq!(run(&["inspect"], &path("broken.glb")).0, Some(1));
    let named = run(&["inspect"], &path("unsure.csv"));
    assert_eq!(named.0, Some(0), "{named:?}");
    let (code, out, err) = run(&["check", "--json"], &path("unsure.csv"));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, report["errors"].as_u64()), (Some(0), Some(0)), "{err}");
    for (command, code) in [("check", 1), ("inspect", 1), ("indicators", 1)] {
        let (ended, _, err) = run(&[command], &path("none"));
        assert_eq!((ended, err.lines().count()), (Some(code), 1), "{command}: {err}");
        assert!(
            err.ends_with("none: there is no such file or folder"),
            "{command}: {err}"
        );
    }
    let help = run(&["check"], Path::new("--help")).1;
    assert!(help.contains("Exit codes") && help.contains("warnings"), "{help}");
}
