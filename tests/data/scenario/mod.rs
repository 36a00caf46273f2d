//! Scenarios as files: nothing lost between loading and saving, the published schema current, every kind of
//! damage named in one line while the rest opens.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests may unwrap, and a suite says how much it compared"
)]

mod archives;
mod damage;
mod geotiff;
mod imagery;
mod imagery_server;
mod models;
mod notes;
mod own_data;
mod places;
mod points;
mod rasters;

use jsonschema::Validator;
use serde_json::Value;
use stadslens::model::scenario::file::{ScenarioFile, schema_json, to_json};
use stadslens::model::scenario::{check, open};
use stadslens::model::{AssetKind, LayerKind, LensName, OpenScenario, Roof, Use};
use stadslens::sources::Problem;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn klein() -> PathBuf {
    project("tests/fixtures/klein")
}

/// Every scenario.json that the project keeps.
fn kept_scenarios() -> Vec<PathBuf> {
    let mut found = vec![klein().join("scenario.json")];
    let shipped = fs::read_dir(project("scenarios")).into_iter().flatten().flatten();
    found.extend(
        shipped
            .map(|entry| entry.path().join("scenario.json"))
            .filter(|path| path.is_file()),
    );
    found.sort();
    found
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// A copy of the small scenario to damage.
struct Copy(tempfile::TempDir);

impl Copy {
    fn new() -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        fs::create_dir(copy.path().join("tiles")).unwrap();
        for name in [
            "scenario.json",
            "register.geojson",
            "surfaces.geojson",
            "assets.geojson",
            "reports.geojson",
            "sensors.geojson",
            "labels.geojson",
            "terrain.asc",
            "tiles/tileset.json",
        ] {
            fs::copy(klein().join(name), copy.path().join(name)).unwrap();
        }
        copy
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Puts `to` in the place of the one `from` in a file.
    fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn open(&self) -> OpenScenario {
        open(self.path()).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)))
    }
}

#[test]
fn what_goes_in_a_later_phase_stands_until_then() {
    let copy = Copy::new();
    copy.replace(
        "scenario.json",
        r#""assets": ["B-1"]},"#,
        r#""assets": ["B-1"], "phases": [{"phase": "2", "ids": ["NL.IMBAG.Pand.0164100000000003"]},
                                       {"phase": "9", "assets": ["B-1"]}]},"#,
    );
    let found = copy.open();
    assert_eq!(
        lines(&found.problems),
        [
            "scenario.json: variants[1].removed.phases[1].phase: there is no phase `9` (there are 1, 2); it goes in every phase"
        ]
    );
    let plan = found.scenario.variant("A").unwrap();
    let gone_in = |phase| {
        let removals = plan.removals_in(&found.scenario, phase);
        removals
            .map(|removal| (removal.ids.len(), removal.assets.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(gone_in(Some("1")), [(1, 1), (0, 1)]);
    assert_eq!(gone_in(Some("2")), [(1, 1), (1, 0), (0, 1)]);
    assert_eq!(gone_in(None), gone_in(Some("2")));
}

#[test]
fn the_small_scenario_opens_without_a_problem() {
    let found = open(&klein()).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    assert_eq!(lines(&found.problems), Vec::<String>::new());
    assert_eq!(lines(&check(&klein())), Vec::<String>::new());
    let scenario = &found.scenario;
    assert_eq!(scenario.title.get("en"), "Small example");
    assert_eq!(scenario.layers.len(), 7);
    assert_eq!(scenario.layers.iter().filter(|layer| !layer.visible).count(), 1);
    assert_eq!(scenario.layers[0].kind, LayerKind::Tiles3d);
    let plan = scenario.variant("A").unwrap();
    let block = &plan.buildings[0];
    assert_eq!(
        (block.roof, block.main_use, block.ground_use),
        (Roof::Gable(3.0), Use::Housing, Some(Use::Shops))
    );
    assert!((block.footprint_m2() - 800.0).abs() < 1e-9);
    // One by id, one because its centre lies in the polygon.
    assert_eq!(found.register.removed_by(&plan.removals[0]), BTreeSet::from([0, 1]));
    assert_eq!(plan.buildings_in(scenario, Some("1")).count(), 0);
    assert_eq!(plan.surfaces_in(scenario, Some("1")).count(), 1);
    let home = scenario.home().unwrap();
    assert_eq!(
        (home.lens, home.variant.as_deref()),
        (Some(LensName::Design), Some("A"))
    );
    assert!((home.target.0.z - 1.5).abs() < 1e-9);
    assert!(
        scenario.charters[&LensName::Design]
            .question
            .get("nl")
            .contains("Welke")
    );
    assert!((found.terrain.height_at(bevy::math::DVec2::ZERO) - 0.15).abs() < 1e-5);
    assert_eq!(
        found.register.buildings[1].gfa_m2,
        [(Use::Housing, 600.0), (Use::Shops, 300.0)]
    );
    assert!((found.register.buildings[0].roof_m - 8.6).abs() < 1e-9);
    assert_eq!(
        (found.assets[0].kind, found.assets[0].condition),
        (AssetKind::Tree, Some(2))
    );
    assert!(found.assets[1].attributes.contains(&("lampsoort".into(), "LED".into())));
    assert_eq!((found.surfaces.len(), found.surfaces[1].holes.len()), (2, 1));
    assert_eq!(
        (found.reports.len(), found.sensors.len(), found.labels.len()),
        (1, 1, 2)
    );
    assert!(found.labels[1].landmark && (found.labels[1].position.0.z - 8.6).abs() < 1e-9);
}

#[test]
fn loading_and_saving_loses_nothing() {
    let files = kept_scenarios();
    for path in &files {
        let mut before = json(path);
        // Keys of a later program, at every level.
        for place in [
            "",
            "/area",
            "/area/anchor",
            "/layers/0",
            "/variants/1",
            "/viewpoints/0/camera",
            "/start",
        ] {
            if let Some(object) = before.pointer_mut(place).and_then(Value::as_object_mut) {
                object.insert("key of later".into(), serde_json::json!({"deep": [1, null, "x"]}));
            }
        }
        let file: ScenarioFile = serde_json::from_value(before.clone()).unwrap();
        let saved = to_json(&file);
        let after: Value = serde_json::from_str(&saved).unwrap();
        assert_eq!(
            with_plain_numbers(&before),
            with_plain_numbers(&after),
            "{}",
            path.display()
        );
        let again: ScenarioFile = serde_json::from_str(&saved).unwrap();
        assert_eq!(file, again);
        assert_eq!(to_json(&again), saved);
    }
    eprintln!("round trip: {} scenario files", files.len());
}

/// `8` and `8.0` are the same number; the order of keys means nothing.
fn with_plain_numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().unwrap()),
        Value::Array(list) => list.iter().map(with_plain_numbers).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), with_plain_numbers(value)))
            .collect(),
        other => other.clone(),
    }
}

#[test]
fn the_published_schema_is_current() {
    let path = project("assets/schema/scenario-1.json");
    let current = schema_json();
    if std::env::var_os("STADSLENS_BLESS").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == current,
        "run this test with STADSLENS_BLESS=1, or `stadslens schema > {}`",
        path.display()
    );
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .arg("schema")
        .output()
        .unwrap();
    assert!(
        printed.stdout == current.as_bytes(),
        "the command prints the file as it is"
    );
}

fn validator() -> Validator {
    jsonschema::validator_for(&serde_json::from_str(&schema_json()).unwrap()).unwrap()
}

#[test]
fn an_independent_validator_accepts_what_we_ship_and_refuses_damage() {
    let validator = validator();
    let files = kept_scenarios();
    for path in &files {
        let errors: Vec<String> = validator
            .iter_errors(&json(path))
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
    }
    eprintln!("schema: {} scenario files", files.len());
    for (place, value) in [
        ("/version", Value::from("1")),
        ("/layers/0/kind", Value::from("tiles")),
        ("/variants/1/buildings/0/storeys", Value::from(201)),
        ("/viewpoints/0/camera/pitch_deg", Value::from(-91)),
        ("/variants/1/buildings/0/footprint", serde_json::json!([[0, 0], [1, 1]])),
        ("/area/anchor/rd", serde_json::json!([1])),
    ] {
        let mut damaged = json(&klein().join("scenario.json"));
        *damaged.pointer_mut(place).unwrap() = value;
        assert!(!validator.is_valid(&damaged), "{place}");
    }
}
