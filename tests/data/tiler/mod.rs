//! City models to tiles and back: our own reader, the rules of the specifications, bad input.

#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

mod bad;
mod rules;
mod town;

use crate::decode::request_for;
use bevy::math::DVec3;
use proptest::prelude::*;
use stadslens::{
    geometry::Value,
    georef::{Crs, LonLatH, RdNap, SiteFrame, SitePos, site_axes},
    sources::{
        CityFeature,
        resource::{Resources, folder},
        tiles3d::{
            DecodedMeshes, Tile, TileTree, decode_meshes, read_tileset,
            tiler::{Progress, Stage, Tiler, TilerError, tile_in_memory},
        },
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use town::{CENTER, town};

/// Small tiles, so that a small town has several levels.
fn small_tiles(name: &str) -> Tiler<'static> {
    Tiler {
        leaf_triangles: 1_000,
        coarse_triangles: 700,
        ..Tiler::new(name, Crs::RD_NAP)
    }
}

fn read(resources: &Arc<dyn Resources>) -> TileTree {
    let (tree, problems) = read_tileset(resources.clone(), "tileset.json").unwrap();
    assert_eq!(problems, []);
    assert!(tree.is_geocentric);
    assert_eq!(tree.version, "1.1");
    tree
}

fn decoded(tree: &TileTree, tile: &Tile, site: SiteFrame) -> DecodedMeshes {
    let decoded = decode_meshes(&request_for(tree, tile, site)).unwrap();
    assert_eq!(decoded.problems, []);
    decoded
}

fn rd_site() -> SiteFrame {
    SiteFrame::RdNap {
        anchor: RdNap {
            x_m: CENTER.x,
            y_m: CENTER.y,
            nap_m: 0.0,
        },
    }
}

fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::Text(text)) => text,
        other => panic!("no text: {other:?}"),
    }
}

fn has_ending(path: &str, ending: &str) -> bool {
    std::path::Path::new(path)
        .extension()
        .is_some_and(|found| found == ending)
}

/// Positions by feature id, and triangles.
fn surfaces(content: &DecodedMeshes) -> (BTreeMap<String, Vec<DVec3>>, u64) {
    let mut found: BTreeMap<String, Vec<DVec3>> = BTreeMap::new();
    let mut triangles = 0;
    for mesh in &content.meshes {
        triangles += mesh.indices.len() as u64 / 3;
        for (position, row) in mesh.positions.iter().zip(&mesh.features) {
            let id = text(content.features.value(*row, "id"));
            let at = mesh.origin.0 + site_axes(DVec3::from_array(position.map(f64::from)));
            found.entry(id).or_default().push(at);
        }
    }
    (found, triangles)
}

fn nearest(at: DVec3, among: &[DVec3]) -> f64 {
    among
        .iter()
        .map(|other| other.distance(at))
        .fold(f64::INFINITY, f64::min)
}

fn source_corners(feature: &CityFeature, from: DVec3) -> Vec<DVec3> {
    feature
        .parts
        .iter()
        .flat_map(|part| part.positions.iter().map(move |p| *p - from))
        .collect()
}

#[test]
fn a_town_comes_back_from_its_tiles() {
    let features: Vec<CityFeature> = town(1, 300, CENTER, 30.0).collect();
    let (resources, report) = small_tiles("town").tile_in_memory(features.iter().cloned()).unwrap();
    assert_eq!(report.problems, []);
    let tree = read(&resources);
    assert_eq!(tree.tiles.len() as u64, report.tiles);
    assert!(tree.tiles.iter().map(|tile| tile.depth).max().unwrap() >= 3);
    let mut found = BTreeMap::new();
    let mut triangles = 0;
    for tile in &tree.tiles {
        let content = decoded(&tree, tile, rd_site());
        let (surfaces, count) = surfaces(&content);
        assert_eq!(
            surfaces.len(),
            content.features.rows as usize,
            "every row is shown in its tile"
        );
        if tile.children.is_empty() {
            assert_eq!(content.features.class.as_deref(), Some("building"));
            assert!(count <= 1_000);
            triangles += count;
            found.extend(surfaces);
        } else {
            assert!(count <= 700, "{count} triangles");
            assert!(tile.geometric_error_m > 0.0);
        }
    }
    let expected: usize = features
        .iter()
        .flat_map(|f| &f.parts)
        .map(|part| part.triangles.len())
        .sum();
    assert_eq!((triangles, report.triangles), (expected as u64, expected as u64));
    assert_eq!((found.len(), report.features), (300, 300));
    let mut worst = 0.0_f64;
    for feature in &features {
        let corners = source_corners(feature, CENTER.extend(0.0));
        let surfaces = &found[&feature.id];
        let there = corners.iter().map(|corner| nearest(*corner, surfaces));
        let back = surfaces.iter().map(|corner| nearest(*corner, &corners));
        worst = there.chain(back).fold(worst, f64::max);
    }
    assert!(worst < 0.02, "{worst} m");
}

#[test]
fn attributes_and_colours_come_back() {
    let features: Vec<CityFeature> = town(5, 40, CENTER, 30.0).collect();
    let (resources, report) = tile_in_memory(features.iter().cloned(), Crs::RD_NAP, "town").unwrap();
    assert_eq!((report.tiles, report.root_error_m), (1, 0.0));
    let tree = read(&resources);
    let content = decoded(&tree, &tree.tiles[0], rd_site());
    let table = &content.features;
    for row in 0..table.rows {
        let id = text(table.value(row, "id"));
        let feature = features.iter().find(|feature| feature.id == id).unwrap();
        assert_eq!(text(table.value(row, "type")), "Building");
        for (name, expected) in &feature.attributes {
            let found = table.value(row, name).unwrap();
            let is_same = match (expected, &found) {
                (serde_json::Value::Null, Value::Null) => true,
                (serde_json::Value::Bool(wanted), Value::Text(found)) => wanted.to_string() == *found,
                (serde_json::Value::Number(wanted), Value::Int(found)) => wanted.as_i64() == Some(*found),
                (serde_json::Value::Number(wanted), Value::Float(found)) => wanted.as_f64() == Some(*found),
                (serde_json::Value::String(wanted), Value::Text(found)) => wanted == found,
                _ => false,
            };
            assert!(is_same, "{name}: {expected} became {found:?}");
        }
    }
    let colors: BTreeSet<[u8; 4]> = content
        .meshes
        .iter()
        .flat_map(|mesh| mesh.colors.iter().copied())
        .collect();
    assert_eq!(colors.len(), 4, "flat roofs, tiled roofs, walls and floors: {colors:?}");
    assert!(content.meshes.iter().all(|mesh| !mesh.double_sided), "closed solids");
}

#[test]
fn payloads_keep_the_rules() {
    let (resources, report) = small_tiles("town").tile_in_memory(town(2, 200, CENTER, 40.0)).unwrap();
    let paths: Vec<String> = resources.listed();
    let mut checked = 0;
    let mut bytes = 0;
    for path in &paths {
        let file = resources.read(path).unwrap();
        bytes += file.len() as u64;
        if has_ending(path, "glb") {
            rules::check(&file);
            checked += 1;
        }
    }
    assert_eq!((checked, bytes), (report.tiles, report.bytes));
}

/// Faces by feature id.
fn faces(content: &DecodedMeshes) -> BTreeMap<String, Vec<[DVec3; 3]>> {
    let mut found: BTreeMap<String, Vec<[DVec3; 3]>> = BTreeMap::new();
    for mesh in &content.meshes {
        for triangle in mesh.indices.chunks_exact(3) {
            let corner = |i: usize| {
                let position = mesh.positions[triangle[i] as usize].map(f64::from);
                mesh.origin.0 + site_axes(DVec3::from_array(position))
            };
            let id = text(content.features.value(mesh.features[triangle[0] as usize], "id"));
            found.entry(id).or_default().push([corner(0), corner(1), corner(2)]);
        }
    }
    found
}

fn distance_to_face(p: DVec3, [a, b, c]: [DVec3; 3]) -> f64 {
    let normal = (b - a).cross(c - a);
    let sides = [(a, b), (b, c), (c, a)];
    if normal.length() > 0.0
        && sides
            .iter()
            .all(|(from, to)| (*to - *from).cross(p - *from).dot(normal) >= 0.0)
    {
        return (p - a).dot(normal.normalize()).abs();
    }
    let to_side = |(from, to): &(DVec3, DVec3)| {
        let along = (p - *from).dot(*to - *from) / (*to - *from).length_squared().max(1e-12);
        p.distance(from.lerp(*to, along.clamp(0.0, 1.0)))
    };
    sides.iter().map(to_side).fold(f64::INFINITY, f64::min)
}

#[test]
fn errors_are_not_smaller_than_what_is_off() {
    let features: Vec<CityFeature> = town(11, 250, CENTER, 30.0).collect();
    let (resources, _) = small_tiles("town").tile_in_memory(features.iter().cloned()).unwrap();
    let tree = read(&resources);
    let mut simplified = 0;
    for tile in tree.tiles.iter().filter(|tile| !tile.children.is_empty()) {
        let shown = faces(&decoded(&tree, tile, rd_site()));
        for feature in &features {
            let Some(faces) = shown.get(&feature.id) else { continue };
            simplified += 1;
            for corner in source_corners(feature, CENTER.extend(0.0)) {
                let off_m = faces
                    .iter()
                    .map(|face| distance_to_face(corner, *face))
                    .fold(f64::INFINITY, f64::min);
                assert!(
                    off_m <= tile.geometric_error_m * 1.02 + 0.02,
                    "{off_m} m in {}",
                    tile.geometric_error_m
                );
            }
        }
    }
    assert!(simplified > 250, "{simplified}");
}

/// Errors grow towards the root, and every box holds all that lies below it.
fn check_tree(resources: &Arc<dyn Resources>) {
    let tree = read(resources);
    let site = SiteFrame::Enu {
        anchor: LonLatH {
            lon_deg: 6.79,
            lat_deg: 52.26,
            h_m: 60.0,
        },
    };
    for tile in &tree.tiles {
        if let Some(parent) = tile.parent {
            let parent = &tree.tiles[parent.0 as usize];
            assert!(parent.geometric_error_m >= tile.geometric_error_m);
        }
        if tile.children.is_empty() {
            assert!(tile.geometric_error_m.abs() < f64::EPSILON);
        }
        if tile.contents.is_empty() {
            continue;
        }
        let (surfaces, _) = surfaces(&decoded(&tree, tile, site));
        for at in surfaces.values().flatten() {
            let ecef = site.ecef_from_site(SitePos(*at)).unwrap().0;
            let mut above = Some(tile);
            while let Some(this) = above {
                let out_m = this.bounding_volume.distance_to(ecef);
                assert!(out_m < 0.002, "{out_m} m outside");
                above = this.parent.map(|parent| &tree.tiles[parent.0 as usize]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn trees_of_random_towns_are_sound(seed in any::<u64>(), count in 1..120_u32, spacing in 5.0..1_500.0_f64) {
        let tiler = small_tiles("town");
        let (resources, report) = tiler.tile_in_memory(town(seed, count, CENTER, spacing)).unwrap();
        prop_assert_eq!(report.features, u64::from(count));
        check_tree(&resources);
    }
}

/// The reader scales errors by matrices whose scale is one but for rounding: equal errors came out in the wrong order.
#[test]
fn a_parent_that_adds_no_error_has_more_than_its_child_all_the_same() {
    let features = town(1_612_426_425_583_566_329, 104, CENTER, 832.579_769_713_755_4);
    let (resources, _) = small_tiles("town").tile_in_memory(features).unwrap();
    check_tree(&resources);
}

/// All files with their bytes.
fn files(resources: &dyn Resources, paths: &[String]) -> BTreeMap<String, Vec<u8>> {
    paths
        .iter()
        .map(|path| (path.clone(), resources.read(path).unwrap()))
        .collect()
}

#[test]
fn the_same_input_gives_the_same_bytes_on_any_number_of_threads() {
    let tiler = Tiler {
        threads: 1,
        leaf_triangles: 4_000,
        ..small_tiles("town")
    };
    let input = || town(3, 1_500, CENTER, 60.0);
    let (one, report) = tiler.tile_in_memory(input()).unwrap();
    let on_disk = tempfile::tempdir().unwrap();
    let root = on_disk.path().join("tiles");
    let four = Tiler { threads: 4, ..tiler };
    assert_eq!(four.tile_into_folder(input(), &root).unwrap(), report);
    let paths = one.listed();
    assert_eq!(files(&*one, &paths), files(&*folder(&root), &paths));
    assert!(!root.join(".work").exists());
    assert!(matches!(
        four.tile_into_folder(input(), &root),
        Err(TilerError::Sink(_))
    ));
}

#[test]
fn a_large_tree_is_split_over_files() {
    let tiler = Tiler {
        leaf_triangles: 1,
        coarse_triangles: 100,
        ..Tiler::new("town", Crs::RD_NAP)
    };
    let (resources, report) = tiler.tile_in_memory(town(4, 2_200, CENTER, 30.0)).unwrap();
    let documents = resources
        .listed()
        .iter()
        .filter(|path| has_ending(path, "json"))
        .count();
    assert!(documents > 1);
    let tree = read(&resources);
    let with_content = tree.tiles.iter().filter(|tile| !tile.contents.is_empty()).count();
    assert_eq!(with_content as u64, report.tiles);
    assert_eq!(
        tree.tiles.len(),
        with_content + documents - 1,
        "the tiles that name a document have nothing else"
    );
    let leaves = tree.tiles.iter().filter(|tile| tile.children.is_empty()).count();
    assert_eq!(leaves, 2_200);
}

#[test]
fn heights_without_a_reference_are_nap_and_other_systems_work() {
    let one = || town(6, 3, CENTER, 30.0);
    let corner = |crs: Crs, features: Vec<CityFeature>| {
        let (resources, _) = tile_in_memory(features.into_iter(), crs, "town").unwrap();
        let tree = read(&resources);
        surfaces(&decoded(&tree, &tree.tiles[0], rd_site())).0
    };
    let nap = corner(Crs::RD_NAP, one().collect());
    assert_eq!(corner(Crs::RD, one().collect()), nap);
    // The same town in degrees and in ECEF.
    for crs in [Crs(4979), Crs::ECEF] {
        let to = stadslens::georef::Transformer::new(Crs::RD_NAP, crs).unwrap();
        let moved = one().map(|mut feature| {
            for position in feature.parts.iter_mut().flat_map(|part| &mut part.positions) {
                *position = DVec3::from(to.convert(position.to_array()).unwrap());
            }
            feature
        });
        for (id, corners) in corner(crs, moved.collect()) {
            let worst = corners.iter().map(|at| nearest(*at, &nap[&id])).fold(0.0, f64::max);
            assert!(worst < 0.02, "{crs}: {worst} m");
        }
    }
    let refused = tile_in_memory(one(), Crs(999_999), "town").err().unwrap();
    assert!(matches!(refused, TilerError::Crs { .. }), "{refused}");
}

#[test]
fn a_run_can_be_watched_and_ended() {
    let cancel = AtomicBool::new(false);
    let heard = Mutex::new(Vec::new());
    let progress = |progress: Progress| {
        heard.lock().unwrap().push(progress);
        if progress.stage == Stage::Tiling {
            cancel.store(true, Ordering::Relaxed);
        }
    };
    let tiler = Tiler {
        progress: &progress,
        cancel: &cancel,
        ..small_tiles("town")
    };
    let on_disk = tempfile::tempdir().unwrap();
    let root = on_disk.path().join("tiles");
    let ended = tiler.tile_into_folder(town(10, 400, CENTER, 30.0), &root);
    assert!(matches!(ended, Err(TilerError::Cancelled)), "{ended:?}");
    assert!(!root.join("tileset.json").exists() && !root.join(".work").exists());
    let heard = heard.lock().unwrap();
    assert!(heard.iter().any(|p| p.stage == Stage::Reading) && heard.iter().any(|p| p.total == 400));
}
