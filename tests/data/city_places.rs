//! Real Dutch city models opened as the program opens them: each building comes back out of its tiles where its file
//! says, on its ground at NAP, and the register agrees.
//!
//! The corpus holds no building twice, as `CityJSON` and in a tileset of the 3DBAG, so those two are not compared here.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says how much it compared"
)]

use crate::corpus;
use crate::decode::request_for;
use bevy::math::{DVec2, DVec3};
use stadslens::{
    geometry::Value,
    georef::{RdNap, SiteFrame, SitePos, site_axes},
    model::{
        OpenScenario,
        scenario::{check, open_any},
    },
    sources::{
        CityFeature, Severity,
        cityjson::{CityJson, LodChoice},
        tiles3d::{decode_meshes, read_tileset},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

/// The real pieces of Delft, Rotterdam and the 3DBAG, all in RD and NAP, and how many features they have.
const DUTCH: [(&str, usize); 7] = [
    ("cjio/delft.json", 570),
    ("cjio/delft_1b.json", 1),
    ("cjio/rotterdam_one.json", 1),
    ("cjio/rotterdam_subset.json", 16),
    ("cjdb/tile_901_trimmed.jsonl", 52),
    ("flatcitybuf/small.city.jsonl", 3),
    ("bertt/3dbag_b2.city.jsonl", 2),
];
/// What a corner may move on its way through a tile: stored to a millimetre, and polynomials between PROJ's answers.
const MOVED_M: f64 = 0.02;
/// Triangles smaller than this may be gone, m².
const SLIVER_M2: f64 = 1e-3;

const DUTCH_ORIGIN: SiteFrame = SiteFrame::RdNap {
    anchor: RdNap {
        x_m: 0.0,
        y_m: 0.0,
        nap_m: 0.0,
    },
};

/// Corners by id, RD and NAP, of the leaves of what the program made of a file.
fn out_of_tiles(open: &OpenScenario) -> BTreeMap<String, Vec<DVec3>> {
    let (tree, problems) = read_tileset(open.resources.clone(), "tileset.json").unwrap();
    assert_eq!(problems, []);
    let mut found: BTreeMap<String, Vec<DVec3>> = BTreeMap::new();
    for tile in tree
        .tiles
        .iter()
        .filter(|tile| tile.children.is_empty() && !tile.contents.is_empty())
    {
        let content = decode_meshes(&request_for(&tree, tile, DUTCH_ORIGIN)).unwrap();
        for mesh in &content.meshes {
            for (position, row) in mesh.positions.iter().zip(&mesh.features) {
                let Some(Value::Text(id)) = content.features.value(*row, "id") else {
                    panic!("a feature without an id")
                };
                let at = mesh.origin.0 + site_axes(DVec3::from_array(position.map(f64::from)));
                found.entry(id).or_default().push(at);
            }
        }
    }
    found
}

/// Corners of a feature's triangles, each once.
fn corners(feature: &CityFeature) -> Vec<DVec3> {
    let mut found: HashMap<[u64; 3], DVec3> = HashMap::new();
    for part in &feature.parts {
        for triangle in &part.triangles {
            let [a, b, c] = triangle.map(|corner| part.positions[corner as usize]);
            if (b - a).cross(c - a).length() / 2.0 > SLIVER_M2 {
                found.extend([a, b, c].map(|p| (p.to_array().map(f64::to_bits), p)));
            }
        }
    }
    found.into_values().collect()
}

/// How far apart sideways and in height, of the farthest of `drawn` from its nearest among `filed`.
fn farthest(drawn: &[DVec3], filed: &[DVec3]) -> DVec2 {
    drawn.iter().fold(DVec2::ZERO, |most, p| {
        let nearest = filed
            .iter()
            .min_by(|a, b| a.distance_squared(*p).total_cmp(&b.distance_squared(*p)));
        nearest.map_or(DVec2::INFINITY, |near| {
            let away = *near - *p;
            most.max(DVec2::new(away.truncate().length(), away.z.abs()))
        })
    })
}

fn lowest(corners: &[DVec3]) -> f64 {
    corners.iter().map(|p| p.z).fold(f64::INFINITY, f64::min)
}

fn highest(corners: &[DVec3]) -> f64 {
    corners.iter().map(|p| p.z).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn real_buildings_come_back_from_our_tiles_at_their_place_and_height() {
    let Some(corpus) = corpus() else { return };
    for (name, count) in DUTCH {
        let path = corpus.join("cityjson").join(name);
        let open = open_any(&path).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let tiled = out_of_tiles(&open);
        let model = CityJson::open(&path).unwrap();
        let (mut compared, mut moved, mut foot_m) = (0, DVec2::ZERO, 0.0_f64);
        for feature in model.features(LodChoice::Highest) {
            let filed = corners(&feature);
            if filed.is_empty() {
                continue;
            }
            let ours = tiled
                .get(&feature.id)
                .unwrap_or_else(|| panic!("{name}: {} is gone", feature.id));
            moved = moved.max(farthest(&filed, ours));
            foot_m = foot_m.max((lowest(&filed) - lowest(ours)).abs());
            compared += 1;
        }
        eprintln!(
            "{name}: {compared} features, moved {:.4} m sideways, {:.4} m in height, lowest corner {foot_m:.4} m",
            moved.x, moved.y
        );
        assert_eq!(compared, count, "{name}");
        assert!(
            moved.max_element() < MOVED_M && foot_m < MOVED_M,
            "{name}: {moved} {foot_m}"
        );
    }
}

#[test]
fn the_register_has_the_ground_and_the_roofs_of_the_file_at_nap() {
    let Some(corpus) = corpus() else { return };
    for (name, _) in DUTCH {
        let path = corpus.join("cityjson").join(name);
        let open = open_any(&path).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let site = open.scenario.area.site;
        let nap = |z: f64| site.rd_nap_from_site(SitePos(DVec3::new(0.0, 0.0, z))).unwrap().nap_m;
        let model = CityJson::open(&path).unwrap();
        let (mut exact, mut told) = (0, 0);
        let mut apart_m = 0.0_f64;
        for feature in model
            .features(LodChoice::Highest)
            .filter(|feature| feature.class == "Building")
        {
            let filed: Vec<DVec3> = feature.parts.iter().flat_map(|part| part.positions.clone()).collect();
            let Some(ours) = open.register.get(&feature.id) else {
                panic!("{name}: {} is not registered", feature.id)
            };
            let number = |key: &str| feature.attributes.get(key).and_then(serde_json::Value::as_f64);
            let ground = number("b3_h_maaiveld");
            let roof = number("b3_h_dak_max");
            if let Some(ground) = ground {
                told += 1;
                // The 3DBAG's own number for the ground is the height of its floor.
                apart_m = apart_m.max((lowest(&filed) - ground).abs());
            } else {
                exact += 1;
            }
            let is_same = |ours: f64, file: f64| (nap(ours) - file).abs() < 0.001;
            assert!(
                is_same(ours.ground_m, ground.unwrap_or_else(|| lowest(&filed))),
                "{name}: {}",
                feature.id
            );
            assert!(
                is_same(ours.roof_m, roof.unwrap_or_else(|| highest(&filed))),
                "{name}: {}",
                feature.id
            );
        }
        eprintln!("{name}: {exact} buildings by their corners, {told} with heights of their own, {apart_m:.3} m apart");
        assert!(exact + told > 0, "{name}");
        assert!(
            apart_m < 0.10,
            "{name}: floors lie {apart_m} m from the ground that the file names"
        );
    }
}

/// What opening a file with these bytes says.
fn refused(folder: &Path, name: &str, text: &str) -> Vec<String> {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    match open_any(&path) {
        Ok(open) => open.problems.iter().map(ToString::to_string).collect(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn what_has_no_place_is_shown_by_itself_and_flat_rd_has_its_heights_in_nap() {
    let folder = tempfile::tempdir().unwrap();
    let model = |crs: &str, at: [f64; 3]| {
        let [x, y, z] = at;
        format!(
            r#"{{"type":"CityJSON","version":"2.0","metadata":{{"referenceSystem":"{crs}"}},
            "transform":{{"scale":[1,1,1],"translate":[{x},{y},{z}]}},
            "CityObjects":{{"a":{{"type":"Building","geometry":[{{"type":"MultiSurface","lod":"2","boundaries":[[[0,1,2,3]]]}}]}}}},
            "vertices":[[0,0,0],[10,0,0],[10,10,0],[0,10,0]]}}"#
        )
    };
    let said = |crs: &str, at| refused(folder.path(), "a.city.json", &model(crs, at));
    let rd = "https://www.opengis.net/def/crs/EPSG/0/28992";
    assert_eq!(said(rd, [85_000.0, 447_000.0, 1.0]), [""; 0]);
    let open = open_any(&folder.path().join("a.city.json")).unwrap();
    let building = open.register.get("a").unwrap();
    let foot = open
        .scenario
        .area
        .site
        .rd_nap_from_site(SitePos(DVec3::new(0.0, 0.0, building.ground_m)));
    assert!((foot.unwrap().nap_m - 1.0).abs() < 0.001);
    let nowhere = said(rd, [0.0, 0.0, 1.0]);
    assert!(
        nowhere.len() == 1 && nowhere[0].contains("lie outside the area"),
        "{nowhere:?}"
    );
    let unnamed = said("", [85_000.0, 447_000.0, 1.0]);
    assert!(
        unnamed.iter().any(|line| line.contains("are taken as RD and NAP")),
        "{unnamed:?}"
    );
    // Vienna's own numbers fall in the rectangle of RD, west of Limburg.
    let vienna = said("", [1_200.0, 340_700.0, 40.0]);
    assert!(vienna.iter().any(|line| line.contains("shown by itself")), "{vienna:?}");
}

const SOUND: &str = r#"{"type":"CityJSON","version":"2.0",
"metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/7415"},
"transform":{"scale":[0.001,0.001,0.001],"translate":[85000,447000,0]},
"CityObjects":{"a":{"type":"Building","geometry":[{"type":"MultiSurface","lod":"2","boundaries":[[[0,1,2,3]]]}]}},
"vertices":[[0,0,0],[10000,0,0],[10000,10000,0],[0,10000,0]]}"#;

#[test]
fn what_is_wrong_with_a_city_model_is_told_in_a_line_or_two() {
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound.city.json");
    fs::write(&sound, SOUND).unwrap();
    assert_eq!(check(&sound), []);
    let surface = "[[[0,1,2,3]]]";
    for (name, text, expected) in [
        ("broken", SOUND[..280].to_owned(), "the JSON is broken"),
        (
            "numbers",
            SOUND.replace(surface, "[[[0,1,98,99]]]"),
            "name a vertex that is not there",
        ),
        (
            "bare",
            SOUND.replace(surface, "[]"),
            "no surface in it that can be drawn",
        ),
        ("system", SOUND.replace("/0/7415", "/0/9999999"), "EPSG:9999999"),
        (
            "transform",
            SOUND.replace("\"transform\"", "\"gone\""),
            "the transform is missing",
        ),
        ("short", "{\"type\":\"C".to_owned(), "ends in the middle"),
    ] {
        let lines = refused(folder.path(), &format!("{name}.city.json"), &text);
        assert!(lines.iter().any(|line| line.contains(expected)), "{name}: {lines:#?}");
        assert!(lines.len() <= 2, "{name}: {lines:#?}");
        assert!(
            lines.iter().all(|line| line.contains(&format!("{name}.city.json"))),
            "{name}: {lines:#?}"
        );
        let checked = check(&folder.path().join(format!("{name}.city.json")));
        assert!(
            checked.iter().any(|problem| problem.severity == Severity::Error),
            "{name}: {checked:#?}"
        );
    }
}
