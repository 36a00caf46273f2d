//! Every kind of damage is named in one line while the rest opens.

use super::{Copy, klein, lines};
use serde_json::{Value, json};
use stadslens::model::scenario::{check, open};
use stadslens::sources::{Cause, Severity};
use std::fs;

/// Replaces something in the small scenario, which then opens with one line to read.
fn holds_with_one_line(from: &str, to: &str, expected: &str) {
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
            "scenario.json: variants[1].buildings[0].footprint[0]: the point 476260, 250960 lies 319 km from the anchor, more than 100 km: x and y (longitude and latitude) seem to be swapped; variants[1].buildings[0] is left out",
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
        holds_with_one_line(from, to, expected);
    }
}

#[test]
fn heights_that_cannot_be_moved_cost_one_line() {
    for (from, to, expected) in [
        (
            r#""height_reference": "ellipsoid""#,
            r#""height_reference": "nap", "height_shift_m": 2"#,
            "scenario.json: layers[0].height_shift_m: tiles are moved from heights above the ellipsoid: say `ellipsoid` in `height_reference`; this does nothing",
        ),
        (
            r#""height_reference": "ellipsoid""#,
            r#""height_reference": "ellipsoid", "height_shift_m": 1e9"#,
            "scenario.json: layers[0].height_shift_m: 1000000000 is not between -10000 and 10000; it is left out",
        ),
        (
            r#""path": "terrain.asc""#,
            r#""path": "terrain.asc", "height_shift_m": 2"#,
            "scenario.json: layers[1].height_shift_m: only a layer of kind tiles3d is moved up or down; this does nothing",
        ),
    ] {
        holds_with_one_line(from, to, expected);
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
            "assets.geojson: features[1].geometry.coordinates: the point 25100500, 476248 lies 24850 km from the anchor, more than 100 km: check the coordinate, and that it is written in EPSG:28992; features[1] is left out",
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
        let severity = if expected.ends_with("it counts as unknown") {
            Severity::Warning
        } else {
            Severity::Error
        };
        assert_eq!(
            found.problems[0].severity, severity,
            "errors are what leaves something out: {expected}"
        );
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
        (
            empty.path().to_owned(),
            "there is no scenario.json in this folder, and no tileset.json, layer.json or tiles either",
        ),
        (empty.path().join("gone"), "there is no such file or folder"),
    ] {
        let found = open(&path).err().map(|problems| lines(&problems));
        assert_eq!(found, Some(vec![format!("{}: {expected}", path.display())]));
    }
    let text = empty.path().join("plan.pdf");
    fs::write(&text, "x").unwrap();
    assert!(open(&text).is_err_and(|p| p[0].message.contains("a scenario is a folder")));
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
fn check_reads_every_tile_to_its_end() {
    let copy = Copy::new();
    let tileset = r#"{"asset": {"version": "1.1"}, "geometricError": 9, "root": {"geometricError": 0, "refine": "ADD",
        "boundingVolume": {"box": [0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9]}, "content": {"uri": "a.glb"}}}"#;
    fs::write(copy.path().join("tiles/tileset.json"), tileset).unwrap();
    let problem = || {
        let found = lines(&check(copy.path()));
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    };
    assert!(problem().contains("a.glb: the file is missing"), "{}", problem());
    let mut cut = b"glTF".to_vec();
    cut.extend([2_u32, 5000].map(u32::to_le_bytes).concat());
    fs::write(copy.path().join("tiles/a.glb"), cut).unwrap();
    assert!(
        problem().contains("a.glb: byte 8: the file is cut off"),
        "{}",
        problem()
    );
}

#[test]
fn damage_in_a_layer_tells_its_cause() {
    let geojson = fs::read_to_string(klein().join("register.geojson")).unwrap();
    for (file, from, to, expected) in [
        (
            "register.geojson",
            "NL.IMBAG.Pand.0164100000000003",
            "NL.IMBAG.Pand.0164100000000002",
            Cause::Duplicate,
        ),
        (
            "assets.geojson",
            "[251005, 476248]",
            "[25100500, 476248]",
            Cause::TooFar,
        ),
        (
            "sensors.geojson",
            r#""name": "urn:ogc:def:crs:EPSG::28992""#,
            r#""naam": "RD""#,
            Cause::NoSystem,
        ),
        ("terrain.asc", "ncols 11", "ncols 999999999", Cause::TooLarge),
        ("terrain.asc", "nrows 11", "nrows 12", Cause::Damaged),
        (
            "labels.geojson",
            r#"{"text": "Oude hal""#,
            r#"{"text": """#,
            Cause::Content,
        ),
    ] {
        let copy = Copy::new();
        copy.replace(file, from, to);
        let problem = copy.open().problems.swap_remove(0);
        assert_eq!((problem.path.as_str(), problem.cause), (file, expected), "{problem}");
    }
    // What stands before the end of a file that was cut off is used, and the cause is told all the same.
    let copy = Copy::new();
    let path = copy.path().join("register.geojson");
    fs::write(&path, &geojson[..geojson.len() * 3 / 4]).unwrap();
    let problem = copy.open().problems.swap_remove(0);
    assert_eq!(problem.cause, Cause::Damaged, "{problem}");
    assert!(problem.message.contains("features before it are used"), "{problem}");
    // A point of a ring that lies nowhere.
    let copy = Copy::new();
    let mut register: Value = serde_json::from_str(&geojson).unwrap();
    register["features"][0]["geometry"]["coordinates"][0][1][0] = json!(25_100_500);
    fs::write(copy.path().join("register.geojson"), register.to_string()).unwrap();
    let problems = copy.open().problems;
    let misplaced = problems.iter().find(|problem| problem.path == "register.geojson");
    assert_eq!(misplaced.unwrap().cause, Cause::TooFar, "{problems:?}");
}
