//! Scenarios as files: nothing lost between loading and saving, the published schema current, every kind of
//! damage named in one line while the rest opens.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests may unwrap, and a suite says how much it compared"
)]

use bevy::math::DVec3;
use jsonschema::Validator;
use serde_json::Value;
use stadslens::georef::{Ecef, lon_lat_h_from_ecef};
use stadslens::model::scenario::file::{ScenarioFile, schema_json, to_json};
use stadslens::model::scenario::{check, open, open_any};
use stadslens::model::{AssetKind, LayerKind, LensName, OpenScenario, Roof, Use};
use stadslens::sources::{Problem, Severity};
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

/// What is wrong with the small scenario after one replacement, in its own file.
#[test]
fn damage_in_the_scenario_costs_one_line_and_the_rest_opens() {
    for (from, to, expected) in [
        (
            r#""id": "A-01","#,
            r#""id": "A-01", "colour": "red","#,
            "scenario.json: variants[1].buildings[0].colour: this key is unknown here; it is kept but does nothing (is it spelled right?)",
        ),
        (
            r#"{"id": "0", "title": {"nl": "Nu", "en": "Today"}"#,
            r#"{"id": "A", "title": {"nl": "Nu", "en": "Today"}"#,
            "scenario.json: variants[1].id: the id `A` is taken by variants[0]; variants[1] is left out",
        ),
        (
            "[250960, 476260], [250990, 476260], [250990, 476290], [250960, 476290]",
            "[250960, 476260], [250990, 476290], [250990, 476260], [250960, 476290]",
            "scenario.json: variants[1].buildings[0].footprint: the ring crosses itself: the sides from point 0 and point 2 meet; variants[1].buildings[0] is left out",
        ),
        (
            "[250960, 476260], [250990, 476260], [250990, 476290], [250960, 476290]",
            "[476260, 250960], [250990, 476260], [250990, 476290], [250960, 476290]",
            "scenario.json: variants[1].buildings[0].footprint[0]: the point 476260, 250960 lies 319 km from the anchor, more than 50 km: x and y (longitude and latitude) seem to be swapped; variants[1].buildings[0] is left out",
        ),
        (
            "[250960, 476260], [250990, 476260], [250990, 476290], [250960, 476290]",
            "[250960, 476260], [NaN, 476260], [250990, 476290], [250960, 476290]",
            "scenario.json: variants[1].buildings[0].footprint[1][0]: expected a number, found `NaN`; variants[1].buildings[0] is left out",
        ),
        (
            "[250970, 476270], [250980, 476270]",
            "[250970, 476270], [250999, 476270]",
            "scenario.json: variants[1].buildings[0].holes[0]: the hole reaches outside its polygon; it is left out",
        ),
        (
            r#""phase": "2", "certainty""#,
            r#""phase": "9", "certainty""#,
            "scenario.json: variants[1].buildings[0].phase: there is no phase `9` (there are 1, 2); it stands in every phase",
        ),
        (
            r#""pitch_deg": -35"#,
            r#""pitch_deg": -100"#,
            "scenario.json: viewpoints[0].camera.pitch_deg: -100 is not between -90 and 90; viewpoints[0] is left out",
        ),
        (
            r#""lens": "design""#,
            r#""lens": "ontwerp""#,
            "scenario.json: viewpoints[0].lens: unknown word `ontwerp`: use one of design, participation, maintenance; it is left out",
        ),
        (
            r#""variant": "A", "lens""#,
            r#""variant": "Z", "lens""#,
            "scenario.json: viewpoints[0].variant: there is no variant `Z` (there are 0, A); it is left out",
        ),
        (
            r#"{"viewpoint": "overview""#,
            r#"{"viewpoint": "overzicht""#,
            "scenario.json: start.viewpoint: there is no viewpoint `overzicht` (there are overview); it is left out",
        ),
        (
            r#""variant": "0", "time": "2026-06-21T15:00:00+02:00""#,
            r#""variant": "0", "time": "21 juni""#,
            "scenario.json: start.time: `21 juni` is no date and time like `2026-06-21T15:00:00+02:00`; it is left out",
        ),
        (
            r#""path": "sensors.geojson""#,
            r#""path": "../sensors.geojson""#,
            "scenario.json: layers[5].path: the path leads out of its folder and is not followed: ../sensors.geojson; layers[5] is left out",
        ),
        (
            r#""path": "sensors.geojson""#,
            r#""path": "gone.geojson""#,
            "gone.geojson: the file is missing: gone.geojson",
        ),
        (
            r#""kind": "terrain", "path": "terrain.asc", "height_reference": "nap""#,
            r#""kind": "terrain", "path": "terrain.asc""#,
            "scenario.json: layers[1].height_reference: say whether the heights are `nap` or `ellipsoid`; layers[1] is left out",
        ),
        (
            "NL.IMBAG.Pand.0164100000000001",
            "NL.IMBAG.Pand.0164100000000009",
            "scenario.json: variants[1].removed.ids[0]: no register holds a building `NL.IMBAG.Pand.0164100000000009`; nothing is removed for it",
        ),
        (
            r#""assets": ["B-1"]"#,
            r#""assets": ["B-1", "B-2"]"#,
            "scenario.json: variants[1].removed.assets[1]: no layer holds an object `B-2`; nothing is removed for it",
        ),
    ] {
        let copy = Copy::new();
        copy.replace("scenario.json", from, to);
        let found = copy.open();
        assert_eq!(lines(&found.problems).first().map(String::as_str), Some(expected));
        // What refers to a part that was left out is named as well.
        let others = found
            .problems
            .iter()
            .skip(1)
            .filter(|problem| !problem.place.starts_with("start."));
        assert_eq!(others.count(), 0, "{:?}", lines(&found.problems));
        assert!(!found.scenario.variants.is_empty() && !found.register.buildings.is_empty());
    }
}

#[test]
fn places_still_count_as_the_file_does_after_something_was_left_out() {
    let copy = Copy::new();
    copy.replace(
        "scenario.json",
        r#"{"id": "terrain", "kind": "terrain","#,
        r#"{"id": "terrain", "kind": "ground","#,
    );
    copy.replace(
        "scenario.json",
        r#""path": "sensors.geojson""#,
        r#""path": "https://example.org/sensors.geojson""#,
    );
    let found = lines(&copy.open().problems);
    assert!(
        found[0].starts_with("scenario.json: layers[1].kind: unknown word `ground`: use one of tiles3d, "),
        "{found:?}"
    );
    assert!(found[1].starts_with("scenario.json: layers[5].path: "), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn damage_in_the_data_costs_one_line_and_the_rest_opens() {
    for (file, from, to, expected) in [
        (
            "register.geojson",
            "NL.IMBAG.Pand.0164100000000003",
            "NL.IMBAG.Pand.0164100000000002",
            "register.geojson: features[2].properties.identificatie: the id `NL.IMBAG.Pand.0164100000000002` is taken by an earlier feature; features[2] is left out",
        ),
        (
            "register.geojson",
            r#""roof_nap_m": 23.0"#,
            r#""roof_nap_m": "hoog""#,
            "register.geojson: features[2].properties.roof_nap_m: expected a number between -500 and 9500, found `hoog`; it counts as unknown",
        ),
        (
            "surfaces.geojson",
            r#""kind": "clinkers""#,
            r#""kind": "klinkers""#,
            "surfaces.geojson: features[0].properties.kind: expected one of asphalt, paving, clinkers, grass, planting, water, found `klinkers`; it counts as unknown",
        ),
        (
            "assets.geojson",
            r#""conditie": 2"#,
            r#""conditie": 7"#,
            "assets.geojson: features[0].properties.conditie: expected a whole number between 1 and 6, found 7; it counts as unknown",
        ),
        (
            "assets.geojson",
            "[251005, 476248]",
            "[25100500, 476248]",
            "assets.geojson: features[1].geometry.coordinates: the point 25100500, 476248 lies 24850 km from the anchor, more than 50 km: check the coordinate, and that it is written in EPSG:28992; features[1] is left out",
        ),
        (
            "reports.geojson",
            r#""created": "2026-05-02""#,
            r#""created": "2 mei""#,
            "reports.geojson: features[0].properties.created: expected a date like 2026-11-22, found `2 mei`; it counts as unknown",
        ),
        (
            "sensors.geojson",
            "EPSG::28992",
            "RD",
            "sensors.geojson: crs: the CRS `urn:ogc:def:crs:RD` is not known: write it as `EPSG:28992`",
        ),
        (
            "labels.geojson",
            r#"{"text": "Oude hal""#,
            r#"{"text": """#,
            "labels.geojson: features[1].properties.text: a name on the map needs a text; features[1] is left out",
        ),
        (
            "terrain.asc",
            "17.00",
            "zee",
            "terrain.asc: line 17: expected a height, found `zee`; it counts as no data",
        ),
        (
            "terrain.asc",
            "ncols 11",
            "ncols 999999999",
            "terrain.asc: 999999999 × 11 heights are more than the 16000000 allowed: use larger cells",
        ),
    ] {
        let copy = Copy::new();
        copy.replace(file, from, to);
        let found = copy.open();
        let found_lines = lines(&found.problems);
        assert_eq!(found_lines.first().map(String::as_str), Some(expected));
        assert!(
            found_lines
                .iter()
                .all(|line| line.starts_with(file) || line.starts_with("scenario.json")),
            "{found_lines:?}"
        );
        assert_eq!(found.scenario.layers.len(), 7);
        assert!(found.register.buildings.len() >= 2);
    }
}

#[test]
fn what_cannot_be_shown_at_all_is_refused_with_a_clear_line() {
    for (from, to, expected) in [
        (
            r#""version": 1"#,
            r#""version": 2"#,
            "scenario.json: version: this scenario has version 2 and this program reads versions up to 1: open it with a newer Stadslens, or ask its maker for an older version of it",
        ),
        (
            r#""version": 1,"#,
            "",
            "scenario.json: version: the key `version` is missing: this is no scenario",
        ),
        (
            r#""synthetic": true,"#,
            r#""synthetic": true"#,
            "scenario.json: line 6, column 3: this is not JSON: expected `,` or `}`",
        ),
        (
            r#""rd": [251000.0, 476250.0]"#,
            r#""rd": [476250.0, 251000.0]"#,
            "scenario.json: area.anchor.rd: 476250, 251000 is no place in RD: x and y seem to be swapped",
        ),
        (
            r#""anchor": {"rd""#,
            r#""anchor": {"lon_lat": [6.79, 52.26], "rd""#,
            "scenario.json: area.anchor: give either `rd` with `nap_m`, or `lon_lat` with `height_m`",
        ),
        (
            r#""crs": "EPSG:28992""#,
            r#""crs": "Amersfoort""#,
            "scenario.json: crs: the CRS `Amersfoort` is not known: write it as `EPSG:28992`",
        ),
    ] {
        let copy = Copy::new();
        copy.replace("scenario.json", from, to);
        let found = open(copy.path()).err().map(|problems| lines(&problems));
        assert_eq!(found, Some(vec![expected.to_owned()]));
        assert_eq!(lines(&check(copy.path())), [expected]);
    }
    let empty = tempfile::tempdir().unwrap();
    for (path, expected) in [
        (empty.path().to_owned(), "there is no scenario.json in this folder"),
        (empty.path().join("gone"), "there is no such file or folder"),
    ] {
        let found = open(&path).err().map(|problems| lines(&problems));
        assert_eq!(found, Some(vec![format!("{}: {expected}", path.display())]));
    }
    let text = empty.path().join("plan.pdf");
    fs::write(&text, "x").unwrap();
    assert!(open(&text).is_err_and(|p| p[0].message.starts_with("a scenario is a folder")));
    let package = empty.path().join("broken.stadslens");
    fs::write(&package, "no zip").unwrap();
    assert!(open(&package).is_err_and(|p| p.len() == 1 && p[0].severity == Severity::Error));
}

#[test]
fn a_package_opens_like_its_folder() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("klein.stadslens");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    for name in [
        "scenario.json",
        "register.geojson",
        "terrain.asc",
        "surfaces.geojson",
        "assets.geojson",
        "reports.geojson",
        "sensors.geojson",
        "labels.geojson",
        "tiles/tileset.json",
        "manifest.json",
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&fs::read(klein().join(name)).unwrap_or_default())
            .unwrap();
    }
    zip.finish().unwrap();
    let (packed, plain) = (open(&path).ok().unwrap(), open(&klein()).ok().unwrap());
    assert_eq!(lines(&packed.problems), Vec::<String>::new());
    assert_eq!(packed.scenario, plain.scenario);
    assert_eq!(
        (packed.register.buildings.len(), packed.terrain.clone()),
        (3, plain.terrain.clone())
    );
    assert_eq!(lines(&check(&path)), Vec::<String>::new());
}

#[test]
fn check_names_missing_and_broken_tilesets() {
    let copy = Copy::new();
    fs::remove_file(copy.path().join("tiles/tileset.json")).unwrap();
    let found = lines(&check(copy.path()));
    assert_eq!(
        found,
        ["tiles/tileset.json: the file is missing; this layer stays empty"]
    );
    fs::write(copy.path().join("tiles/tileset.json"), "{").unwrap();
    assert_eq!(lines(&open(copy.path()).ok().unwrap().problems), Vec::<String>::new());
    let found = check(copy.path());
    assert_eq!(found.len(), 1, "{:?}", lines(&found));
    assert_eq!(found[0].path, "tiles/tileset.json");
}

#[test]
fn a_file_in_another_crs_lands_on_the_same_spot() {
    let plain = open(&klein()).ok().unwrap();
    let copy = Copy::new();
    // RDNAPTRANS2018 of the sensor's 251000, 476262.
    let place = plain
        .scenario
        .area
        .site
        .lon_lat_h_from_site(stadslens::georef::SitePos(plain.sensors[0].position.extend(0.0)));
    let place = place.unwrap();
    copy.replace(
        "sensors.geojson",
        "[251000, 476262]",
        &format!("[{:.9}, {:.9}]", place.lon_deg, place.lat_deg),
    );
    let crs = r#""crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}},"#;
    copy.replace("sensors.geojson", crs, "");
    let found = copy.open();
    assert_eq!(lines(&found.problems), Vec::<String>::new());
    let off_m = found.sensors[0].position.distance(plain.sensors[0].position);
    assert!(off_m < 0.001, "{off_m} m");
}

#[test]
fn scenarios_outside_the_netherlands_stand_in_their_own_frame() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = serde_json::json!({
        "version": 1, "title": {"en": "Dover"}, "crs": "EPSG:4326",
        "area": {"anchor": {"lon_lat": [-75.52, 39.16], "height_m": 10.0}},
        "layers": [
            {"id": "t", "kind": "terrain", "path": "t.asc", "height_reference": "ellipsoid"},
            {"id": "n", "kind": "labels", "path": "n.geojson"}
        ],
        "variants": [{"id": "A", "buildings": [{"id": "1", "storeys": 2,
            "footprint": [[-75.52, 39.16], [-75.5195, 39.16], [-75.5195, 39.1604], [-75.52, 39.1604]]}]}],
        "viewpoints": [{"id": "v", "camera": {"target": [-75.52, 39.16, 12], "heading_deg": -30, "pitch_deg": -20, "distance_m": 90}}]
    });
    fs::write(folder.path().join("scenario.json"), scenario.to_string()).unwrap();
    let header = "ncols 31\nnrows 31\nxllcenter -75.535\nyllcenter 39.145\ncellsize 0.001\n";
    let grid = format!("{header}{}", "15 ".repeat(31 * 31));
    fs::write(folder.path().join("t.asc"), grid).unwrap();
    let label = r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"text": "Green"},
        "geometry": {"type": "Point", "coordinates": [-75.519, 39.16]}}]}"#;
    fs::write(folder.path().join("n.geojson"), label).unwrap();
    let found = open(folder.path()).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    assert_eq!(lines(&found.problems), Vec::<String>::new());
    let block = &found.scenario.variants[0].buildings[0];
    // 0.0005° of longitude at 39.16° and 0.0004° of latitude on the GRS80 ellipsoid.
    assert!(
        (block.footprint_m2() - 43.22 * 44.41).abs() < 2.0,
        "{}",
        block.footprint_m2()
    );
    assert!((found.terrain.height_at(bevy::math::DVec2::ZERO) - 5.0).abs() < 0.01);
    // The tangent plane rises above the ellipsoid: 12 cm at 1.1 km.
    let east = found.terrain.height_at(bevy::math::DVec2::new(1100.0, 0.0));
    assert!(east < 4.95 && east > 4.80, "{east}");
    assert!((found.labels[0].position.0.x - 86.4).abs() < 0.5 && found.labels[0].landmark);
    let home = found.scenario.home().unwrap();
    assert!((home.target.0.z - 2.0).abs() < 1e-3 && (home.heading_deg - 330.0).abs() < 1e-9);
}

#[test]
fn a_bare_tileset_gets_a_scratch_scenario_that_frames_it() {
    let found = open_any(&klein().join("tiles")).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    let home = found.scenario.home().unwrap();
    assert!(!found.has_terrain && found.scenario.variants.is_empty());
    assert_eq!(
        (found.scenario.layers.len(), found.scenario.layers[0].path.as_str()),
        (1, "tileset.json")
    );
    assert_eq!(found.scenario.title.get("nl"), "tiles");
    assert!((home.pitch_deg + 35.0).abs() < 1e-9 && home.heading_deg.abs() < 1e-9);
    // The region is about 63 by 57 by 35 m around 251000, 476250.
    assert!((60.0..200.0).contains(&home.distance_m), "{}", home.distance_m);
    let rd = found.scenario.area.site.rd_nap_from_site(home.target).unwrap();
    assert!(
        (rd.x_m - 251_000.0).abs() < 60.0 && (rd.y_m - 476_250.0).abs() < 60.0,
        "{rd:?}"
    );
    // A scenario is still opened as one.
    assert_eq!(open_any(&klein()).ok().unwrap().scenario.layers.len(), 7);
}

/// How far the view of a real tileset may stand from the middle of its volume, degrees: the contents lie unevenly in it.
const NEAR_DEG: f64 = 0.1;

/// Where the corpus of real city tiles lies, if it is there.
fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("STADSLENS_CORPUS").map_or_else(|| project("../shared/corpus"), PathBuf::from);
    path.is_dir().then_some(path)
}

#[test]
fn real_tilesets_get_scratch_scenarios_in_the_right_place() {
    let Some(corpus) = corpus() else {
        eprintln!("scratch: no corpus here, nothing compared");
        return;
    };
    let facts = json(&corpus.join("tilesets.json"));
    let mut compared = 0;
    for (folder, is_dutch) in [
        ("nl-3dbag-tyler-128", true),
        ("nl-amsterdam-b3dm", true),
        ("us-delaware-explicit-b3dm", false),
    ] {
        let Some(path) = tileset_in(&corpus.join("tiles").join(folder)) else {
            panic!("no tileset.json in {folder}");
        };
        let found = open_any(&path).unwrap_or_else(|problems| panic!("{folder}: {:?}", lines(&problems)));
        let home = found.scenario.home().unwrap();
        let site = &found.scenario.area.site;
        assert_eq!(site.rd_nap_from_site(home.target).is_some(), is_dutch, "{folder}");
        let place = site.lon_lat_h_from_site(home.target).unwrap();
        let key = path.strip_prefix(&corpus).unwrap().to_string_lossy().into_owned();
        // A root that spans a country says nothing of where its one tile with content lies.
        let expected = match folder {
            "nl-3dbag-tyler-128" => place_of_deepest_content(&json(&path)),
            _ => root_place(&facts, &key).unwrap_or_else(|| panic!("tilesets.json says nothing of {key}")),
        };
        assert!(
            (place.lon_deg - expected[0]).abs() < NEAR_DEG && (place.lat_deg - expected[1]).abs() < NEAR_DEG,
            "{folder}: {place:?}, not {expected:?}"
        );
        compared += 1;
    }
    eprintln!("scratch: {compared} corpus tilesets");
    assert_eq!(compared, 3);
}

/// Longitude and latitude of the centre of the box of the deepest tile with content, degrees.
fn place_of_deepest_content(tileset: &Value) -> [f64; 2] {
    let mut tile = &tileset["root"];
    while let Some(child) = tile["children"].get(0) {
        tile = child;
    }
    assert!(tile["content"].is_object());
    let number = |at: usize| tile["boundingVolume"]["box"][at].as_f64().unwrap();
    let place = lon_lat_h_from_ecef(Ecef(DVec3::new(number(0), number(1), number(2)))).unwrap();
    [place.lon_deg, place.lat_deg]
}

#[test]
fn a_single_model_gets_a_scratch_scenario_that_frames_it() {
    let Some(corpus) = corpus() else {
        eprintln!("models: no corpus here, nothing compared");
        return;
    };
    let facts = json(&corpus.join("facts.json"));
    let mut compared = 0;
    for key in ["gltf/cubes/cube.glb", "gltf/meshopt/Duck.glb"] {
        let found = open_any(&corpus.join(key)).unwrap_or_else(|problems| panic!("{key}: {:?}", lines(&problems)));
        let facts = &facts[key];
        let bounds = ["bbox_gltf", "bbox"]
            .iter()
            .find_map(|name| facts.get(*name)?.as_array());
        let bounds: Vec<f64> = bounds.unwrap().iter().filter_map(Value::as_f64).collect();
        let middle = |axis: usize| f64::midpoint(bounds[axis], bounds[axis + 3]);
        // glTF has y up and z towards the viewer; the site frame has z up and y away.
        let expected = DVec3::new(middle(0), -middle(2), middle(1));
        let home = found.scenario.home().unwrap();
        assert!(
            home.target.0.distance(expected) < 0.001,
            "{key}: {:?}, not {expected}",
            home.target
        );
        assert!((1.0..20.0).contains(&home.distance_m), "{key}: {}", home.distance_m);
        assert_eq!(found.scenario.area.site, stadslens::georef::SiteFrame::Local);
        compared += 1;
    }
    eprintln!("models: {compared} corpus files");
    assert_eq!(compared, 2);
}

fn tileset_in(folder: &Path) -> Option<PathBuf> {
    let direct = folder.join("tileset.json");
    if direct.is_file() {
        return Some(direct);
    }
    let mut inner: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    inner.sort();
    inner
        .iter()
        .filter(|path| path.is_dir())
        .find_map(|path| tileset_in(path))
}

/// Longitude and latitude of the root volume that the corpus gives for a tileset.
fn root_place(facts: &Value, key: &str) -> Option<[f64; 2]> {
    let entry = match facts {
        Value::Object(object) => object.get(key)?,
        Value::Array(list) => list
            .iter()
            .find(|entry| entry.get("path").and_then(Value::as_str) == Some(key))?,
        _ => return None,
    };
    let place = entry.as_object()?.iter().find(|(name, _)| name.contains("lon"))?.1;
    Some([place.get(0)?.as_f64()?, place.get(1)?.as_f64()?])
}
