//! The corpus's tiles decoded: upright, at their place and height, with the triangles and properties of their facts.
//!
//! The corpus lies beside the project and is not part of it: without it each test says so and passes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says how much it compared"
)]

use crate::bad_input::decode_file;
use crate::corpus;
use crate::corpus_facts::{facts, number};
use bevy::math::{DMat4, DVec3};
use serde_json::Value;
use stadslens::{
    geometry::{Column, FeatureMesh, FeatureTable, Value as PropertyValue},
    georef::{LonLatH, RdNap, SiteFrame, rd_nap_from_lon_lat_h, site_axes},
    sources::{
        Severity,
        inspect::inspect,
        resource::{Resources, folder},
        tiles3d::{DecodeRequest, Tile, TileContent, TileTree, decode_content, decode_meshes, read_tileset},
    },
};
use std::path::Path;
use std::sync::Arc;

fn open(corpus: &Path, tileset: &str) -> TileTree {
    let path = corpus.join(tileset);
    let name = path.file_name().unwrap().to_str().unwrap();
    read_tileset(folder(path.parent().unwrap()), name).unwrap().0
}

/// A payload of a folder that needs no tileset.
pub(crate) fn request_alone(path: &Path) -> DecodeRequest {
    let name = path.file_name().unwrap().to_str().unwrap();
    request(&folder(path.parent().unwrap()), name)
}

/// A payload that needs no tileset, in a frame of its own.
pub(crate) fn request(resources: &Arc<dyn Resources>, path: &str) -> DecodeRequest {
    DecodeRequest {
        resources: resources.clone(),
        path: path.to_owned(),
        root_from_tile: DMat4::IDENTITY,
        is_geocentric: false,
        site: SiteFrame::Local,
        volume: None,
        gltf_up_axis: 'Y',
        height_offset_m: 0.0,
    }
}

/// The only content of a tile.
pub(crate) fn request_for(tree: &TileTree, tile: &Tile, site: SiteFrame) -> DecodeRequest {
    assert_eq!(tile.contents.len(), 1);
    DecodeRequest {
        resources: tree.resources.clone(),
        path: tile.contents[0].clone(),
        root_from_tile: tile.root_from_tile,
        is_geocentric: tree.is_geocentric,
        site,
        volume: Some(tile.bounding_volume),
        gltf_up_axis: tree.gltf_up_axis,
        height_offset_m: 0.0,
    }
}

/// Decodes every content of a tree.
fn decode_all(tree: &TileTree, site: SiteFrame) -> Vec<(usize, TileContent)> {
    let mut contents = Vec::new();
    for (number, tile) in tree.tiles.iter().enumerate() {
        if !tile.contents.is_empty() {
            let request = request_for(tree, &tree.tiles[number], site);
            contents.push((number, decode_content(&request).unwrap_or_else(|p| panic!("{p}"))));
        }
    }
    contents
}

fn site_positions(mesh: &FeatureMesh) -> impl Iterator<Item = DVec3> {
    mesh.positions
        .iter()
        .map(|p| mesh.origin.0 + site_axes(DVec3::new(p[0].into(), p[1].into(), p[2].into())))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Lowest vertex of every feature that has one, in site heights.
fn lowest_by_feature(content: &TileContent) -> Vec<Option<f64>> {
    let mut lowest = vec![None; content.features.rows as usize];
    for (mesh, ..) in &content.meshes {
        for (position, feature) in site_positions(mesh).zip(&mesh.features) {
            if let Some(low) = lowest.get_mut(*feature as usize) {
                *low = Some(low.map_or(position.z, |z: f64| z.min(position.z)));
            }
        }
    }
    lowest
}

fn assert_is_sound(mesh: &FeatureMesh, rows: u32) {
    let count = mesh.positions.len();
    assert_eq!((mesh.normals.len(), mesh.features.len()), (count, count));
    assert!(mesh.colors.is_empty() || mesh.colors.len() == count);
    assert!(mesh.uvs.is_empty() != mesh.texture.is_some() && (mesh.uvs.is_empty() || mesh.uvs.len() == count));
    assert!(mesh.indices.iter().all(|i| (*i as usize) < count));
    assert!(mesh.features.iter().all(|f| *f <= rows));
    assert!(mesh.positions.iter().flatten().all(|c| c.is_finite()));
    for n in &mesh.normals {
        let length = (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt();
        assert!((length - 1.0).abs() < 1e-3, "normal of length {length}");
    }
}

const DUTCH_ORIGIN: SiteFrame = SiteFrame::RdNap {
    anchor: RdNap {
        x_m: 0.0,
        y_m: 0.0,
        nap_m: 0.0,
    },
};

/// The file says `gltfUpAxis` Z, which is wrong, and the node matrix carries 4,000 km.
#[test]
fn the_3dbag_tile_stands_upright_at_its_place_and_height() {
    let Some(corpus) = corpus() else { return };
    let tree = open(&corpus, "tiles/nl-3dbag-tyler-128/tileset.json");
    assert!(tree.is_geocentric && tree.gltf_up_axis == 'Z');
    let decoded = decode_all(&tree, DUTCH_ORIGIN);
    let [(number, content)] = &decoded[..] else {
        panic!("{} contents", decoded.len())
    };
    let [(mesh, edges, bvh)] = &content.meshes[..] else {
        panic!("{} meshes", content.meshes.len())
    };
    assert_is_sound(mesh, content.features.rows);
    assert_eq!((mesh.indices.len() / 3, content.features.rows), (51_062, 1_028));
    assert_eq!(content.features.columns.len(), 33);
    // Six properties of one bit a row hold four bytes a row, the number for "no data": nothing is known of them.
    let unknown = content
        .features
        .columns
        .iter()
        .filter(|(_, c)| matches!(c, Column::Mixed(values) if values.iter().all(|value| *value == PropertyValue::Null)))
        .count();
    assert_eq!((unknown, content.features.class.as_deref()), (6, Some("building")));
    let doubts = content
        .problems
        .iter()
        .filter(|p| p.message.contains("not one bit for each of 1028 rows"));
    assert_eq!(doubts.map(|p| p.severity).collect::<Vec<_>>(), [Severity::Warning]);
    assert!(!edges.positions.is_empty() && bvh.bytes() > 0 && content.bytes_resident > 2_000_000);
    assert!(
        content
            .problems
            .iter()
            .any(|p| p.severity == Severity::Warning && p.message.contains("y-up"))
    );

    let volume = tree.tiles[*number].bounding_volume;
    let outside = site_positions(mesh)
        .map(|p| DUTCH_ORIGIN.ecef_from_site(stadslens::georef::SitePos(p)).unwrap())
        .map(|p| volume.distance_to(p.0))
        .fold(0.0, f64::max);
    // Buildings reach a little over the tile's edge; the wrong turn would put them 1,000 km away.
    assert!(outside < 10.0, "{outside} m outside the tile's volume");

    // Every number in this file is "no data", the ground height too; so the ground is judged by what the
    // land there is like: Zeeland, 0 to 3 m above NAP (ellipsoidal heights are 43 m more).
    let Some(Column::Float(heights)) = content.features.column("b3_h_maaiveld") else {
        panic!("no ground heights")
    };
    assert!(heights.iter().all(|height| height.is_nan()));
    let lowest: Vec<f64> = lowest_by_feature(content).into_iter().flatten().collect();
    assert_eq!(lowest.len(), 1_028, "buildings with a mesh");
    let ground = median(lowest);
    let started = std::time::Instant::now();
    let request = request_for(&tree, &tree.tiles[*number], DUTCH_ORIGIN);
    let meshes = decode_meshes(&request).unwrap().meshes.len();
    eprintln!(
        "3DBAG: median lowest corner {ground:.2} m NAP; {meshes} mesh decoded in {:?}",
        started.elapsed()
    );
    assert!((-2.0..4.0).contains(&ground), "ground at {ground} m NAP");
}

#[test]
fn the_amsterdam_tiles_stand_on_dutch_ground() {
    let Some(corpus) = corpus() else { return };
    let tree = open(&corpus, "tiles/nl-amsterdam-b3dm/tileset.json");
    let mut lowest = Vec::new();
    let (mut triangles, mut features) = (0, 0);
    let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
    for (_, content) in decode_all(&tree, DUTCH_ORIGIN) {
        assert!(content.problems.is_empty(), "{:?}", content.problems);
        features += content.features.rows;
        for (mesh, ..) in &content.meshes {
            assert_is_sound(mesh, content.features.rows);
            triangles += mesh.indices.len() / 3;
            for position in site_positions(mesh) {
                low = low.min(position);
                high = high.max(position);
            }
        }
        assert!(content.features.column("blockid").is_some());
        lowest.extend(lowest_by_feature(&content).into_iter().flatten());
    }
    assert_eq!((triangles, features), (35_102, 200));
    let center = rd_nap_from_lon_lat_h(LonLatH {
        lon_deg: 4.9243,
        lat_deg: 52.3878,
        h_m: 43.0,
    })
    .unwrap();
    let middle = (low + high) / 2.0;
    assert!(
        (middle.x - center.x_m).hypot(middle.y - center.y_m) < 500.0,
        "{middle} is not at {center:?}"
    );
    let ground = median(lowest);
    eprintln!("Amsterdam: median lowest corner {ground:.2} m NAP, box {low} to {high}");
    assert!((-1.0..4.0).contains(&ground), "ground at {ground} m NAP");
}

#[test]
fn the_delaware_tiles_all_decode_in_an_enu_frame() {
    let Some(corpus) = corpus() else { return };
    let tree = open(&corpus, "tiles/us-delaware-explicit-b3dm/tileset.json");
    let site = SiteFrame::around(LonLatH {
        lon_deg: -75.5249,
        lat_deg: 39.1545,
        h_m: 0.0,
    });
    assert!(matches!(site, SiteFrame::Enu { .. }));
    let (mut triangles, mut features, mut farthest) = (0, 0, 0.0_f64);
    let mut lowest = Vec::new();
    let contents = decode_all(&tree, site);
    assert_eq!(contents.len(), 923);
    for (number, content) in &contents {
        features += content.features.rows;
        let volume = tree.tiles[*number].bounding_volume;
        for (mesh, ..) in &content.meshes {
            assert_is_sound(mesh, content.features.rows);
            triangles += mesh.indices.len() / 3;
            let heights =
                site_positions(mesh).map(|p| site.lon_lat_h_from_site(stadslens::georef::SitePos(p)).unwrap().h_m);
            lowest.push(heights.step_by(10).fold(f64::INFINITY, f64::min));
            // One vertex in a hundred keeps this test short.
            for position in site_positions(mesh).step_by(100) {
                let ecef = site.ecef_from_site(stadslens::georef::SitePos(position)).unwrap();
                farthest = farthest.max(volume.distance_to(ecef.0));
            }
        }
    }
    eprintln!(
        "Delaware: {} contents, farthest vertex {farthest:.3} m outside its volume",
        contents.len()
    );
    assert_eq!((triangles, features), (441_032, 22_532));
    // By the file's own accessors its boxes are up to 100.5 m too small.
    assert!(farthest < 101.0, "{farthest} m outside");
    let ground = median(lowest);
    // These buildings were put on the ellipsoid itself.
    eprintln!("Delaware: median lowest corner {ground:.3} m above the ellipsoid");
    assert!(ground.abs() < 0.5, "ground at {ground} m");
}

/// Every payload that can be drawn gives as many triangles, points and lines as its accessors promise.
#[test]
fn every_payload_decodes_to_the_elements_of_its_facts() {
    let Some(corpus) = corpus() else { return };
    let (mut decoded, mut refused) = (0, Vec::new());
    let mut wrong = Vec::new();
    for (path, expected) in &facts(&corpus, "facts.json") {
        let kind = expected.get("type").and_then(Value::as_str).unwrap_or_default();
        let is_big_set = path.contains("delaware") || path.starts_with("invalid/");
        if !matches!(kind, "glb" | "gltf" | "b3dm" | "i3dm" | "pnts" | "cmpt") || is_big_set {
            continue;
        }
        // The independent reader did not follow the addresses of models: `instanced` looks at these.
        let follows_address = expected.get("external_gltf").is_some() || path.contains("CompositeOfInstanced");
        let key = if matches!(kind, "i3dm" | "cmpt") {
            "instanced_triangles"
        } else {
            "triangles"
        };
        let request = request_alone(&corpus.join(path));
        match decode_content(&request) {
            Ok(content) => {
                let triangles: usize = content.meshes.iter().map(|(mesh, ..)| mesh.indices.len() / 3).sum();
                for (mesh, ..) in &content.meshes {
                    assert_is_sound(mesh, content.features.rows);
                }
                let is_whole = content.problems.iter().all(|p| p.severity == Severity::Warning);
                let instances = number(expected, "gpu_instances") + number(expected, "instances");
                let mut found = vec![
                    ("points", content.marks.point_count(), number(expected, "points")),
                    ("lines", content.marks.segment_count(), number(expected, "lines")),
                    ("instances", content.instances, instances),
                ];
                if !follows_address {
                    found.push(("triangles", triangles as u64, number(expected, key)));
                }
                for (what, found, expected) in found {
                    if is_whole && found != expected {
                        wrong.push(format!("{path}: {found} {what} instead of {expected}"));
                    }
                }
                let differs = expected["bbox_local"]
                    .as_array()
                    .and_then(|sides| differs_in_size(&content, sides));
                wrong.extend(differs.map(|why| format!("{path}: {why}")));
                decoded += 1;
            }
            Err(problem) => refused.push(problem.to_string()),
        }
    }
    eprintln!("{decoded} payloads decoded, {} refused:", refused.len());
    for line in &refused {
        eprintln!("  {line}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(decoded >= 450, "only {decoded} decoded");
}

/// Why what is decoded is not as large as the box that an independent reader found (low x, y, z, high x, y, z).
fn differs_in_size(content: &TileContent, sides: &[Value]) -> Option<String> {
    let side = |i: usize| sides[i].as_f64().unwrap();
    let expected = DVec3::new(side(3) - side(0), side(4) - side(1), side(5) - side(2));
    let (low, high) = content
        .places()
        .fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), p| {
            (low.min(p), high.max(p))
        });
    let found = high - low;
    let is_same = (found - expected).abs().max_element() < 0.001;
    (!is_same).then(|| format!("{found} large instead of {expected}"))
}

/// The features of a payload that needs no tileset.
fn features_of(file: &Path) -> FeatureTable {
    decode_file(file).unwrap().features
}

/// Values read by hand from the file's own JSON.
#[test]
fn a_door_has_the_values_of_its_building() {
    let Some(corpus) = corpus() else { return };
    let table = features_of(&corpus.join("tiles/cesiumjs/BatchTableHierarchy/tile.b3dm"));
    let text = |row: u32, name: &str| match table.value(row, name) {
        Some(PropertyValue::Text(text)) => text,
        other => panic!("{name}: {other:?}"),
    };
    // The second knob, its door, its building, its zone.
    assert_eq!(text(1, "class"), "doorknob");
    assert_eq!(text(1, "doorknob_name"), "doorknob1");
    assert_eq!(text(1, "door_name"), "door1");
    assert_eq!(text(1, "building_name"), "building0");
    assert_eq!(table.value(29, "wall_windows"), Some(PropertyValue::Int(4)));
    assert_eq!(text(29, "building_name"), "building2");
    assert_eq!(table.value(29, "zone_buildings"), Some(PropertyValue::Int(3)));
    assert_eq!(table.value(29, "door_name"), Some(PropertyValue::Null));
    let alone = features_of(&corpus.join("tiles/cesiumjs/BatchTableHierarchyNoParents/tile.b3dm"));
    assert_eq!(
        alone.value(1, "door_name"),
        Some(PropertyValue::Null),
        "nobody above it"
    );
}

/// Values read by hand from the files' own bytes.
#[test]
fn property_tables_give_the_values_in_the_file() {
    let Some(corpus) = corpus() else { return };
    let decode = |path: &str| features_of(&corpus.join(path));
    let text = |text: &str| PropertyValue::Text(text.to_owned());
    let sibbe = decode("tiles/nl-sibbe-3dbag-implicit-glb/content/1_1_0.glb");
    assert_eq!(sibbe.rows, 23);
    assert_eq!(
        sibbe.value(1, "identificatie"),
        Some(text("NL.IMBAG.Pand.0936100000002318"))
    );
    let amsterdam = decode("tiles/nl-amsterdam-b3dm/tiles/1.b3dm");
    assert_eq!(amsterdam.value(2, "blockid"), Some(text("0363100012185842")));
    let complex = decode("tiles/samples-gltf/EXT_structural_metadata-ComplexTypes/ComplexTypes.gltf");
    let list = |row: u32, name: &str| match complex.value(row, name) {
        Some(PropertyValue::List(items)) => items,
        other => panic!("{name}: {other:?}"),
    };
    let enums = list(1, "example_fixed_length_ARRAY_ENUM");
    assert_eq!(enums, [text("ExampleEnumValueB"), text("ExampleEnumValueC")]);
    let strings = list(1, "example_variable_length_ARRAY_STRING");
    assert_eq!(strings, [text("One"), text("Two")]);
    // 0x55 0xcd: ten bits for row 0, least significant first, then those of row 1.
    let bits = list(1, "example_fixed_length_ARRAY_BOOLEAN");
    let expected = [true, true, false, false, true, true, false, false, true, true];
    assert_eq!(bits, expected.map(PropertyValue::Bool));
    let numbers = list(1, "example_variable_length_ARRAY_normalized_UINT8");
    assert_eq!(numbers, [0.0, 128.0 / 255.0, 1.0].map(PropertyValue::Float));
}

/// The volumes of the contents hold all their vertices, and the root of the 3DBAG tile, which is the whole
/// country, plays no part.
#[test]
fn bounds_in_rd_hold_every_vertex_and_little_more() {
    // A building belongs to one tile and may reach over its edge.
    const OVERHANG_M: f64 = 20.0;
    let Some(corpus) = corpus() else { return };
    // How far the bounds may reach beyond the vertices: the 3DBAG tile holds a strip of land along the border.
    for (name, slack_m) in [("nl-3dbag-tyler-128", 19_200.0), ("nl-amsterdam-b3dm", 150.0)] {
        let path = corpus.join("tiles").join(name);
        let report = inspect(&path).unwrap();
        let bound = |end: &str, axis: usize| {
            report["bounds_rd_nap"][end][axis]
                .as_f64()
                .unwrap_or_else(|| panic!("{report}"))
        };
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for (_, content) in decode_all(&open(&corpus, &format!("tiles/{name}/tileset.json")), DUTCH_ORIGIN) {
            for position in content.meshes.iter().flat_map(|(mesh, ..)| site_positions(mesh)) {
                low = low.min(position);
                high = high.max(position);
            }
        }
        eprintln!("{name}: vertices {low} to {high}, bounds {}", report["bounds_rd_nap"]);
        for axis in 0..2 {
            let (below, above) = (low[axis] - bound("min", axis), bound("max", axis) - high[axis]);
            assert!(
                (-OVERHANG_M..slack_m).contains(&below) && (-OVERHANG_M..slack_m).contains(&above),
                "{name}, axis {axis}: {below} m below and {above} m above"
            );
        }
    }
}
