//! Data that a municipality brings along: lists of objects, masses and models beside the scenario.

use super::{Copy, lines};
use crate::bad_input::glb;
use bevy::math::{DVec2, DVec3, Vec3};
use stadslens::analysis::{Key, ObjectKind, Survey};
use stadslens::georef::site_axes;
use stadslens::model::scenario::{check, model_request, used_files};
use stadslens::model::{AssetKind, Certainty, OpenScenario, Use};
use stadslens::sources::Cause;
use stadslens::sources::tiles3d::decode_meshes;
use std::fs;

/// The small scenario with a list of objects beside those it has.
fn with_list(layer: &str, table: &[u8]) -> (Copy, OpenScenario) {
    let copy = Copy::new();
    fs::write(copy.path().join("lijst.csv"), table).unwrap();
    let objects = r#"{"id": "objects", "kind": "assets", "path": "assets.geojson"},"#;
    copy.replace("scenario.json", objects, &format!("{objects}\n{layer}"));
    let open = copy.open();
    (copy, open)
}

const LAYER: &str = r#"{"id": "list", "kind": "assets", "path": "lijst.csv", "source": {"owner": "Gemeente"},
    "columns": {"x": "X", "y": "Y", "crs": "EPSG:28992", "id": "Nr", "type": "Soort", "types": {"Hekje": "other"}}},"#;

#[test]
fn a_list_of_objects_is_a_layer_of_its_own() {
    let (_copy, open) = with_list(
        LAYER,
        b"Nr;Soort;X;Y;Straat\r\n0012;Bank;251000,5;476250;Langestraat\r\n13;hekje;251001;476250;\r\n",
    );
    assert_eq!(lines(&open.problems), Vec::<String>::new());
    assert_eq!(open.assets.len(), 4);
    let bench = &open.assets[2];
    assert_eq!((bench.id.as_str(), bench.kind), ("0012", AssetKind::Bench));
    assert!(bench.attributes.contains(&("Straat".into(), "Langestraat".into())));
    let layers: Vec<&str> = (0..5)
        .map(|index| open.layer_of_asset(index).map_or("none", |layer| layer.id.as_str()))
        .collect();
    assert_eq!(layers, ["objects", "objects", "list", "list", "none"]);
    assert_eq!(open.layer_of_asset(2).unwrap().source.owner, "Gemeente");
    assert!(used_files(&open).paths.contains("lijst.csv"));
}

#[test]
fn a_number_that_another_layer_has_is_named_once() {
    let (_copy, open) = with_list(
        LAYER,
        b"Nr;Soort;X;Y\nB-1;Bank;251000;476250\nLP-0012;Bank;251001;476250\n",
    );
    let found = lines(&open.problems);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("lijst.csv: 2 object numbers are also those of an earlier layer (the first is `B-1`)"),
        "{found:?}"
    );
}

#[test]
fn a_table_where_none_belongs_is_refused_with_what_to_do() {
    for (layer, expected, cause) in [
        (
            r#"{"id": "l", "kind": "surfaces", "path": "lijst.csv"},"#,
            "lijst.csv: a table can hold managed objects only",
            Cause::NotRead,
        ),
        (
            r#"{"id": "l", "kind": "assets", "path": "assets.geojson", "columns": {"x": "X", "y": "Y"}},"#,
            "scenario.json: layers[4].columns: only a layer of kind assets whose path ends in `.csv` has columns",
            Cause::Content,
        ),
        (
            r#"{"id": "l", "kind": "assets", "path": "lijst.csv", "columns": {"y": "Y"}},"#,
            "scenario.json: layers[4].columns: the key `x` is missing",
            Cause::Content,
        ),
        (
            r#"{"id": "l", "kind": "assets", "path": "../lijst.csv"},"#,
            "scenario.json: layers[4].path: the path leads out of its folder",
            Cause::Outside,
        ),
        (
            r#"{"id": "l", "kind": "assets", "path": "geen.csv"},"#,
            "geen.csv: the file is missing",
            Cause::Missing,
        ),
    ] {
        let (_copy, open) = with_list(layer, b"X;Y\n251000;476250\n");
        let found = open.problems.iter().find(|p| p.to_string().starts_with(expected));
        assert_eq!(found.map(|p| p.cause), Some(cause), "{:?}", lines(&open.problems));
    }
}

/// The small scenario with a file of footprints in its plan.
fn with_masses(masses: &str, geojson: &str) -> (Copy, OpenScenario) {
    let copy = Copy::new();
    fs::write(copy.path().join("blokken.geojson"), geojson).unwrap();
    copy.replace(
        "scenario.json",
        r#""trees": [{"id": "A-T01""#,
        &format!(r#""masses": [{masses}], "trees": [{{"id": "A-T01""#),
    );
    let open = copy.open();
    (copy, open)
}

const RD: &str = r#""crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}"#;

#[test]
fn masses_come_from_footprints_with_a_height_or_storeys() {
    let square = |x: f64, side: f64| {
        let y = 476_230.0;
        format!(
            "[[{x}, {y}], [{}, {y}], [{}, {}], [{x}, {}], [{x}, {y}]]",
            x + side,
            x + side,
            y + side,
            y + side
        )
    };
    let hole = "[[250964, 476234], [250966, 476234], [250966, 476236], [250964, 476236], [250964, 476234]]";
    let features = format!(
        r#"{{"type": "FeatureCollection", {RD}, "features": [
        {{"type": "Feature", "id": 7, "properties": {{"hoogte": "12,5", "lagen": 4, "naam": "Toren", "functie": "Winkels", "won": 9}},
          "geometry": {{"type": "Polygon", "coordinates": [{}, {hole}]}}}},
        {{"type": "Feature", "properties": {{"nr": "B", "hoogte": 9.4, "functie": "Hal"}},
          "geometry": {{"type": "MultiPolygon", "coordinates": [[{}], [{}]]}}}},
        {{"type": "Feature", "properties": {{"nr": "C", "lagen": 2}},
          "geometry": {{"type": "Polygon", "coordinates": [[[250960, 476230], [250970, 476240], [250970, 476230], [250960, 476240]]]}}}},
        {{"type": "Feature", "properties": {{"nr": "D"}}, "geometry": {{"type": "Polygon", "coordinates": [{}]}}}},
        {{"type": "Feature", "properties": {{"nr": "B", "lagen": 2}}, "geometry": {{"type": "Polygon", "coordinates": [{}]}}}}]}}"#,
        square(250_960.0, 10.0),
        square(250_980.0, 5.0),
        square(250_990.0, 6.0),
        square(251_000.0, 6.0),
        square(251_000.0, 6.0),
    );
    let (_copy, open) = with_masses(
        r#"{"path": "blokken.geojson", "id": "nr", "name": "naam", "height": "hoogte", "storeys": "lagen", "use": "functie",
            "uses": {"hal": "public"}, "dwellings": "won", "phase": "2", "certainty": "sketch"}"#,
        &features,
    );
    assert_eq!(
        lines(&open.problems),
        [
            "blokken.geojson: features[2].geometry.coordinates[0]: the ring crosses itself: the sides from point 0 and point 2 meet; features[2] is left out",
            "blokken.geojson: features[3].properties: a mass needs a height or storeys (`hoogte`, `lagen`); features[3] is left out",
            "blokken.geojson: features[4].properties.nr: the id `B` is taken by an earlier feature; features[4] is left out",
            "blokken.geojson: features: 1 buildings have no number of storeys; their floor areas are estimated from their heights",
        ]
    );
    let plan = open.scenario.variant("A").unwrap();
    let ids: Vec<&str> = plan.buildings.iter().map(|building| building.id.as_str()).collect();
    assert_eq!(ids, ["A-01", "7", "B", "B/2"]);
    let [_, tower, hall, part] = &plan.buildings[..] else {
        panic!()
    };
    assert_eq!(
        (tower.name.get("nl"), tower.main_use, tower.dwellings),
        ("Toren", Use::Shops, Some(9))
    );
    assert_eq!(
        (tower.storeys, tower.are_storeys_known, tower.phase.as_str()),
        (4, true, "2")
    );
    assert!((tower.wall_height_m() - 12.5).abs() < 1e-9 && (tower.footprint_m2() - 96.0).abs() < 1e-6);
    assert_eq!(
        (hall.storeys, hall.are_storeys_known, hall.main_use),
        (3, false, Use::Public)
    );
    assert!((part.wall_height_m() - 9.4).abs() < 1e-9 && (part.footprint_m2() - 36.0).abs() < 1e-6);
    assert_eq!(hall.certainty, Certainty::Sketch);
    assert!(used_files(&open).paths.contains("blokken.geojson"));

    // What is known counts; what is estimated stands beside it, named.
    let survey = Survey::new(&open).unwrap();
    let numbers = survey.indicators(plan, None);
    let gfa = numbers.get(Key::Gfa);
    assert!(
        gfa.objects
            .iter()
            .any(|object| object.id == "7" && (object.amount - 384.0).abs() < 1e-6)
    );
    let unknown: Vec<(&str, &str)> = gfa.unknown.iter().map(|u| (u.id.as_str(), u.missing)).collect();
    assert_eq!(unknown, [("B", "storeys"), ("B/2", "storeys")]);
    assert!((gfa.estimate.unwrap() - gfa.value.unwrap() - 3.0 * (25.0 + 36.0)).abs() < 1e-6);
    assert!(!gfa.is_complete);
}

#[test]
fn a_file_of_masses_that_cannot_be_used_is_named_with_what_to_do() {
    let block = r#"{"features": [{"properties": {"h": 9}, "geometry": {"type": "Polygon",
        "coordinates": [[[250960, 476230], [250970, 476230], [250970, 476240]]]}}]}"#;
    for (masses, expected, cause) in [
        (
            r#"{"path": "blokken.geojson"}"#,
            "scenario.json: variants[1].masses[0]: name the attribute with the `height` or the one with the `storeys`",
            Cause::Content,
        ),
        (
            r#"{"path": "../blokken.geojson", "height": "h"}"#,
            "scenario.json: variants[1].masses[0].path: the path leads out of its folder",
            Cause::Outside,
        ),
        (
            r#"{"path": "geen.geojson", "height": "h"}"#,
            "geen.geojson: the file is missing",
            Cause::Missing,
        ),
        (
            r#"{"path": "blokken.geojson", "height": "h"}"#,
            "blokken.geojson: features[0].geometry.coordinates[0]:",
            Cause::TooFar,
        ),
        (
            r#"{"path": "blokken.geojson", "height": "h", "crs": "EPSG:28992", "phase": "9"}"#,
            "scenario.json: variants[1].masses[0].phase: there is no phase `9`",
            Cause::Content,
        ),
    ] {
        let (_copy, open) = with_masses(masses, block);
        let found = open.problems.iter().find(|p| p.to_string().starts_with(expected));
        assert_eq!(found.map(|p| p.cause), Some(cause), "{:?}", lines(&open.problems));
    }
}

/// The small scenario with models in its plan.
fn with_models(models: &str, glb_bytes: &[u8]) -> (Copy, OpenScenario) {
    let copy = Copy::new();
    fs::write(copy.path().join("gebouw.glb"), glb_bytes).unwrap();
    copy.replace(
        "scenario.json",
        r#""trees": [{"id": "A-T01""#,
        &format!(r#""models": [{models}], "trees": [{{"id": "A-T01""#),
    );
    let open = copy.open();
    (copy, open)
}

/// A triangle from its zero one metre along x and one metre along y.
fn triangle() -> Vec<u8> {
    glb(|_, _| {})
}

#[test]
fn a_model_stands_upright_in_its_place() {
    let (copy, open) = with_models(
        r#"{"id": "M-1", "path": "gebouw.glb", "title": {"nl": "Toren"}, "position": [251010, 476240], "foot_m": 20,
            "heading_deg": 90, "scale": 10, "use": "housing", "gfa_m2": 500, "dwellings": 7, "phase": "2"},
           {"id": "M-2", "path": "gebouw.glb", "position": [251000, 476250]}"#,
        &triangle(),
    );
    assert_eq!(lines(&open.problems), Vec::<String>::new());
    let plan = open.scenario.variant("A").unwrap();
    assert_eq!(plan.models_in(&open.scenario, Some("1")).count(), 1);
    let corners = |model| {
        let decoded = decode_meshes(&model_request(&open, model)).unwrap();
        let mesh = &decoded.meshes[0];
        let site = |p: &[f32; 3]| mesh.origin.0 + site_axes(Vec3::from_array(*p).as_dvec3());
        mesh.positions.iter().map(site).collect::<Vec<_>>()
    };
    // Turned a quarter clockwise, east becomes south; y of the model is up.
    for (corner, expected) in corners(&plan.models[0]).iter().zip([
        DVec3::new(10.0, -10.0, 3.0),
        DVec3::new(10.0, -20.0, 3.0),
        DVec3::new(10.0, -10.0, 13.0),
    ]) {
        assert!(corner.distance(expected) < 1e-4, "{corner} {expected}");
    }
    let ground_m = open.terrain.height_at(DVec2::ZERO);
    assert!(corners(&plan.models[1])[1].distance(DVec3::new(1.0, 0.0, ground_m)) < 1e-4);
    assert!(used_files(&open).paths.contains("gebouw.glb"));
    assert_eq!(lines(&check(copy.path())), Vec::<String>::new());

    let survey = Survey::new(&open).unwrap();
    let numbers = survey.indicators(plan, None);
    let gfa = numbers.get(Key::Gfa);
    assert!(
        gfa.objects
            .iter()
            .any(|object| object.id == "M-1" && (object.amount - 500.0).abs() < 1e-9)
    );
    let unknown = |key| -> Vec<(String, &str)> {
        let unknown = numbers.get(key).unknown.iter();
        unknown
            .filter(|u| u.kind == ObjectKind::NewModel)
            .map(|u| (u.id.clone(), u.missing))
            .collect()
    };
    assert_eq!(unknown(Key::Gfa), [("M-2".to_owned(), "gfa_m2")]);
    assert_eq!(unknown(Key::Built).len(), 2);
    assert_eq!(unknown(Key::GreatestNewHeight).len(), 2);
    assert_eq!(unknown(Key::Dwellings), []);
    assert!(!numbers.get(Key::Gsi).is_complete);
}

#[test]
fn a_model_that_cannot_be_drawn_is_named_with_what_to_do() {
    let at = r#""position": [251010, 476240]"#;
    for (model, expected, cause) in [
        (
            format!(r#"{{"id": "M", "path": "../gebouw.glb", {at}}}"#),
            "scenario.json: variants[1].models[0].path: the path leads out of its folder",
            Cause::Outside,
        ),
        (
            format!(r#"{{"id": "M", "path": "geen.glb", {at}}}"#),
            "geen.glb: the file is missing; this model is not drawn",
            Cause::Missing,
        ),
        (
            r#"{"id": "M", "path": "gebouw.glb", "position": [1, 2]}"#.to_owned(),
            "scenario.json: variants[1].models[0].position: the point 1, 2 lies",
            Cause::Place,
        ),
        (
            format!(r#"{{"id": "M", "path": "gebouw.glb", {at}, "scale": 0}}"#),
            "scenario.json: variants[1].models[0].scale: 0 is not between 0.000001 and 1000000",
            Cause::Content,
        ),
        (
            format!(r#"{{"id": "M", "path": "gebouw.glb", {at}, "foot_m": "hoog"}}"#),
            "scenario.json: variants[1].models[0].foot_m: expected a number, found `hoog`",
            Cause::Content,
        ),
    ] {
        let (_copy, open) = with_models(&model, &triangle());
        let found = open.problems.iter().find(|p| p.to_string().starts_with(expected));
        assert_eq!(found.map(|p| p.cause), Some(cause), "{:?}", lines(&open.problems));
    }
    let (copy, open) = with_models(
        &format!(r#"{{"id": "M", "path": "gebouw.glb", {at}}}"#),
        b"glTF and no more",
    );
    assert_eq!(lines(&open.problems), Vec::<String>::new());
    let found = check(copy.path());
    assert_eq!(
        (found.len(), found[0].path.as_str()),
        (1, "gebouw.glb"),
        "{:?}",
        lines(&found)
    );
}

#[test]
fn the_example_with_own_data_opens_without_a_problem() {
    let folder = super::project("scenarios/voorbeeld");
    let open = stadslens::model::scenario::open(&folder).unwrap();
    assert_eq!(lines(&open.problems), Vec::<String>::new());
    assert_eq!(lines(&check(&folder)), Vec::<String>::new());
    assert!(open.scenario.synthetic);
    let rows = fs::read_to_string(folder.join("objecten.csv")).unwrap().lines().count() - 1;
    assert_eq!(open.assets.len(), rows, "every row of the list is an object");
    let known = open.assets.iter().filter(|asset| asset.kind != AssetKind::Other);
    assert_eq!(known.count(), rows - 1, "all but the fence");
    let outline = &open.scenario.area.outline;
    let is_inside = |p| stadslens::geometry::polygon::ring_contains(outline, p);
    assert!(open.assets.iter().all(|asset| is_inside(asset.position)));
    let plan = open.scenario.variant("plan").unwrap();
    assert_eq!(plan.buildings.len(), 5, "four blocks, one of them in two parts");
    let survey = Survey::new(&open).unwrap();
    let dwellings = survey.indicators(plan, None).get(Key::Dwellings).value;
    assert_eq!(dwellings, Some(44.0 + 36.0 + 12.0));
    // What the page that explains it shows as an example works as well.
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let models = readme.split('`').find(|code| code.starts_with("\"models\"")).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&format!("{{{models}}}")).is_ok());
}
