//! Where a scenario stands, and the scratch scenario around data that has none.

use super::{Copy, json, klein, lines};
use crate::corpus;
use bevy::math::DVec3;
use serde_json::Value;
use stadslens::georef::{Crs, Ecef, lon_lat_h_from_ecef};
use stadslens::model::OpenScenario;
use stadslens::model::scenario::{open, open_any};
use stadslens::sources::vector::{FlatGeobufWriter, VectorFile};
use std::fs;
use std::path::{Path, PathBuf};

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

/// A second layer of tiles with a register of its own, in `FlatGeobuf` as `stadslens prepare` writes it.
#[test]
fn a_building_knows_its_layer_and_a_register_in_flatgeobuf_is_the_same() {
    let copy = Copy::new();
    let before = copy.open();
    let made = VectorFile::open(&copy.path().join("register.geojson")).unwrap();
    let fgb = copy.path().join("register.fgb");
    let mut writer = FlatGeobufWriter::create(&fgb, "register", Crs::RD, &copy.path().join("work")).unwrap();
    for feature in made.features(0).map(Result::unwrap) {
        assert!(writer.add(&feature.geometry.unwrap(), &feature.properties).unwrap());
    }
    writer.finish().unwrap();
    copy.replace(
        "scenario.json",
        r#""register": "register.geojson""#,
        r#""register": "register.fgb""#,
    );
    let open = copy.open();
    assert_eq!(lines(&open.problems), lines(&before.problems));
    let sorted = |open: &OpenScenario| {
        let mut buildings = open.register.buildings.clone();
        buildings.sort_by(|a, b| a.id.cmp(&b.id));
        buildings
    };
    assert_eq!(sorted(&open), sorted(&before));
    assert!(
        open.register.buildings.iter().any(|building| building.gfa_m2.len() > 1),
        "values of values"
    );

    let other = fs::read_to_string(copy.path().join("register.geojson")).unwrap();
    fs::write(
        copy.path().join("other.geojson"),
        other.replace("Pand.0164", "Pand.9999"),
    )
    .unwrap();
    let layer = r#"{"id": "other", "kind": "tiles3d", "path": "tiles/tileset.json", "id_property": "identificatie",
        "register": "other.geojson"},"#;
    let terrain = r#"{"id": "terrain", "kind": "terrain""#;
    copy.replace("scenario.json", terrain, &format!("{layer}\n{terrain}"));
    let open = copy.open();
    let layers: Vec<&str> = (0..open.register.buildings.len())
        .map(|index| open.layer_of_building(index).unwrap().id.as_str())
        .collect();
    let count = before.register.buildings.len();
    assert_eq!(layers, [vec!["buildings"; count], vec!["other"; count]].concat());
}
