//! Instanced and composite tiles, copies of glTF nodes and outlines that files name: at their place, each copy its own
//! feature.
//!
//! The corpus lies beside the project and is not part of it: without it each test that needs it says so and passes.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::bad_input::{decode_bytes, decode_file, glb};
use crate::corpus;
use crate::decode::request_for;
use bevy::math::{DVec3, Vec3};
use serde_json::json;
use stadslens::{
    geometry::{FeatureMesh, Ray, Value},
    georef::{LonLatH, SiteFrame, site_axes},
    sources::{
        Cause,
        resource::folder,
        tiles3d::{TileContent, decode_content, read_tileset},
    },
};
use std::path::Path;

/// The only content of a tileset of the corpus, in a frame around it with z upwards.
fn decode_tileset(corpus: &Path, name: &str) -> TileContent {
    let root = corpus.join("tiles/cesiumjs").join(name);
    let (tree, problems) = read_tileset(folder(&root), "tileset.json").unwrap();
    assert!(problems.is_empty() && tree.is_geocentric, "{name}: {problems:?}");
    let tile = tree.tiles.iter().find(|tile| !tile.contents.is_empty()).unwrap();
    let site = SiteFrame::Enu { anchor: PHILADELPHIA };
    let content = decode_content(&request_for(&tree, tile, site));
    let content = content.unwrap_or_else(|problem| panic!("{name}: {problem}"));
    assert!(content.problems.is_empty(), "{name}: {:?}", content.problems);
    content
}

/// Where the tilesets of this kind stand: the middle of their region.
const PHILADELPHIA: LonLatH = LonLatH {
    lon_deg: -75.612_094,
    lat_deg: 40.042_530,
    h_m: 0.0,
};

fn site_positions(mesh: &FeatureMesh) -> impl Iterator<Item = (u32, DVec3)> {
    let place = |p: &[f32; 3]| mesh.origin.0 + site_axes(DVec3::new(p[0].into(), p[1].into(), p[2].into()));
    mesh.features.iter().copied().zip(mesh.positions.iter().map(place))
}

/// Lowest and highest corner of each feature.
fn boxes(content: &TileContent) -> Vec<(DVec3, DVec3)> {
    let mut boxes = vec![(DVec3::INFINITY, DVec3::NEG_INFINITY); content.features.rows as usize];
    for (feature, position) in content.meshes.iter().flat_map(|(mesh, ..)| site_positions(mesh)) {
        let (low, high) = &mut boxes[feature as usize];
        *low = low.min(position);
        *high = high.max(position);
    }
    boxes
}

pub(crate) fn triangles(content: &TileContent) -> usize {
    content.meshes.iter().map(|(mesh, ..)| mesh.indices.len() / 3).sum()
}

fn assert_near(found: DVec3, expected: DVec3, slack_m: f64, what: &str) {
    assert!(
        found.distance(expected) < slack_m,
        "{what}: {found} instead of {expected}"
    );
}

/// The same 25 boxes of 20 m, told in five ways: places on the earth with upright instances, plain and quantized, with a
/// size, in a local frame with a transform, and with a model in a file of its own.
#[test]
fn five_ways_to_place_the_same_boxes_give_the_same_boxes() {
    let Some(corpus) = corpus() else { return };
    let local = decode_tileset(&corpus, "InstancedWithTransform");
    let expected = boxes(&local);
    assert_eq!((expected.len(), triangles(&local), local.instances), (25, 300, 25));
    for (low, high) in &expected {
        assert_near(*high - *low, DVec3::splat(20.0), 0.01, "size");
    }
    let grid = expected.iter().map(|(low, high)| (*low + *high) / 2.0);
    let step = grid.clone().nth(1).unwrap() - grid.clone().next().unwrap();
    assert_near(step, DVec3::new(40.0, 0.0, 0.0), 0.05, "step to the east");
    for (name, slack_m) in [
        ("InstancedWithBatchTable", 0.5),
        ("InstancedQuantized", 0.5),
        ("InstancedGltfExternal", 0.5),
    ] {
        let content = decode_tileset(&corpus, name);
        assert_eq!((triangles(&content), content.instances), (300, 25), "{name}");
        assert_eq!(content.features.value(24, "Height"), Some(Value::Int(20)), "{name}");
        for ((low, high), (expected_low, expected_high)) in boxes(&content).iter().zip(&expected) {
            assert_near(*high - *low, DVec3::splat(20.0), 0.01, name);
            assert_near(
                (*low + *high) / 2.0,
                (*expected_low + *expected_high) / 2.0,
                slack_m,
                name,
            );
        }
    }
    let scaled = decode_tileset(&corpus, "InstancedScale");
    let sizes: Vec<f64> = boxes(&scaled).iter().map(|(low, high)| (*high - *low).x).collect();
    let [least, most] = [
        sizes.iter().copied().fold(f64::INFINITY, f64::min),
        sizes.iter().copied().fold(0.0, f64::max),
    ];
    assert!(most > least + 1.0 && least > 1.0 && most < 60.0, "{least} to {most}");
    for ((low, high), expected) in boxes(&scaled).iter().zip(&expected) {
        let size = *high - *low;
        assert_near(size, DVec3::splat(size.x), 0.01, "one scale for all axes");
        assert_near(
            (*low + *high) / 2.0,
            (expected.0 + expected.1) / 2.0,
            0.5,
            "scaled about its own middle",
        );
    }
    let turned = decode_tileset(&corpus, "InstancedOrientation");
    for ((low, high), expected) in boxes(&turned).iter().zip(&expected) {
        assert_near(
            (*low + *high) / 2.0,
            (expected.0 + expected.1) / 2.0,
            0.5,
            "turned about its own middle",
        );
        let size = *high - *low;
        assert!(
            size.min_element() > 19.9 && size.max_element() < 34.7,
            "{size} of a turned cube"
        );
    }
}

#[test]
fn a_line_of_sight_meets_the_instance_that_stands_there() {
    let Some(corpus) = corpus() else { return };
    let content = decode_tileset(&corpus, "InstancedWithBatchTable");
    let [(mesh, edges, bvh)] = &content.meshes[..] else {
        panic!("{} meshes", content.meshes.len())
    };
    // Twelve edges to a box, no diagonals, each of its own feature.
    assert_eq!(edges.positions.len(), 25 * 24);
    for row in 0..25 {
        let mine = mesh.features.iter().zip(&mesh.positions).filter(|(f, _)| **f == row);
        let points: Vec<Vec3> = mine.map(|(_, p)| Vec3::from_array(*p)).collect();
        let middle = points.iter().sum::<Vec3>() / 24.0;
        let ray = Ray {
            origin: middle + Vec3::Y * 50.0,
            direction: Vec3::NEG_Y,
        };
        let hit = bvh.cast(ray, |_| true).unwrap();
        assert_eq!(hit.feature, row);
        assert!((hit.distance_m - 40.0).abs() < 0.1, "{}", hit.distance_m);
        assert_eq!(
            bvh.cast(ray, |feature| feature != row),
            None,
            "a hidden instance is not there"
        );
    }
}

#[test]
fn composites_hold_the_features_of_all_their_tiles() {
    let Some(corpus) = corpus() else { return };
    let both = decode_tileset(&corpus, "Composite");
    assert_eq!((triangles(&both), both.instances, both.features.rows), (420, 25, 35));
    let used: std::collections::BTreeSet<u32> = both
        .meshes
        .iter()
        .flat_map(|(mesh, ..)| mesh.features.iter().copied())
        .collect();
    assert_eq!(used.into_iter().collect::<Vec<_>>(), (0..35).collect::<Vec<_>>());
    assert_eq!(both.features.value(34, "Height"), Some(Value::Int(20)));
    let instanced = decode_tileset(&corpus, "CompositeOfInstanced");
    assert_eq!(
        (triangles(&instanced), instanced.instances, instanced.features.rows),
        (600, 50, 50)
    );
}

/// The model lies in a folder of its own, and its picture beside it.
#[test]
fn what_a_model_of_its_own_names_lies_beside_it() {
    let Some(corpus) = corpus() else { return };
    for tile in ["external.i3dm", "tileset2/external.i3dm"] {
        let content = decode_file(&corpus.join("tiles/cesiumjs/TilesetWithExternalResources").join(tile));
        let content = match content {
            Ok(content) => content,
            // A path out of the folder that is opened is never followed.
            Err(problem) if tile.contains('/') => {
                assert_eq!(problem.cause, Cause::Outside, "{problem}");
                continue;
            }
            Err(problem) => panic!("{tile}: {problem}"),
        };
        assert_eq!(
            (triangles(&content), content.problems.len()),
            (12, 0),
            "{:?}",
            content.problems
        );
        assert!(content.meshes[0].0.texture.is_some());
    }
}

#[test]
fn edges_that_a_file_names_are_drawn_instead_of_those_found() {
    let Some(corpus) = corpus() else { return };
    let sample = "tiles/samples-gltf/CESIUM_primitive_outline-BoxPrimitiveOutline/BoxPrimitiveOutline.gltf";
    let content = decode_file(&corpus.join(sample)).unwrap();
    let [(mesh, edges, _)] = &content.meshes[..] else {
        panic!("{} meshes", content.meshes.len())
    };
    let outline = mesh.outline.as_ref().unwrap();
    assert_eq!(edges.positions.len(), outline.len());
    assert!(!outline.is_empty());
    // The sides of a box, whose corners are all there is: no diagonal is among them.
    let lengths = edges.positions.as_chunks::<2>().0.iter().map(|[a, b]| {
        let along = Vec3::from_array(*b) - Vec3::from_array(*a);
        along.to_array().iter().filter(|part| part.abs() > 1e-4).count()
    });
    assert!(
        lengths.clone().all(|axes| axes == 1),
        "{:?}",
        lengths.collect::<Vec<_>>()
    );
    let dutch = decode_file(&corpus.join("tiles/nl-sibbe-3dbag-implicit-glb/content/1_1_0.glb")).unwrap();
    for (mesh, edges, _) in &dutch.meshes {
        assert_eq!(edges.positions.len(), mesh.outline.as_ref().unwrap().len());
    }
}

#[test]
fn an_outline_that_cannot_be_used_leaves_the_edges_to_be_found() {
    let with = |outline: serde_json::Value| {
        decode_bytes(&glb(|json, _| {
            json["meshes"][0]["primitives"][0]["extensions"]["CESIUM_primitive_outline"] = outline;
        }))
        .unwrap()
    };
    // The index list names the corners 0, 1 and 2: one edge, and half of another.
    let content = with(json!({"indices": 1}));
    assert_eq!((content.meshes[0].1.positions.len(), content.problems.len()), (2, 0));
    for broken in [
        json!({}),
        json!({"indices": 99}),
        json!({"indices": "x"}),
        json!({"indices": 0}),
    ] {
        let content = with(broken.clone());
        assert_eq!(content.meshes[0].1.positions.len(), 6, "{broken}");
        assert_eq!(content.problems.len(), 1, "{broken}: {:?}", content.problems);
    }
}

/// A triangle that a node draws three times: moved, turned and made larger.
pub(crate) fn copied_triangle(edit: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    glb(|json, bin| {
        bin.resize(bin.len().next_multiple_of(4), 0);
        let start = bin.len();
        for translation in [[0.0_f32, 0.0, 0.0], [10.0, 0.0, 0.0], [20.0, 0.0, 0.0]] {
            bin.extend(translation.iter().flat_map(|f| f.to_le_bytes()));
        }
        // A quarter around z as normalised 16-bit numbers, thrice.
        for _ in 0..3 {
            bin.extend([0_i16, 0, 23_170, 23_170].iter().flat_map(|i| i.to_le_bytes()));
        }
        for scale in [1.0_f32, 2.0, 3.0] {
            bin.extend([scale; 3].iter().flat_map(|f| f.to_le_bytes()));
        }
        bin.extend([2_u8, 9, 0, 0]);
        let views = json["bufferViews"].as_array_mut().unwrap();
        for (offset, length) in [(0, 36), (36, 24), (60, 36), (96, 4)] {
            views.push(json!({"buffer": 0, "byteOffset": start + offset, "byteLength": length}));
        }
        let accessors = json["accessors"].as_array_mut().unwrap();
        accessors.extend([
            json!({"bufferView": 2, "componentType": 5126, "count": 3, "type": "VEC3"}),
            json!({"bufferView": 3, "componentType": 5122, "normalized": true, "count": 3, "type": "VEC4"}),
            json!({"bufferView": 4, "componentType": 5126, "count": 3, "type": "VEC3"}),
            json!({"bufferView": 5, "componentType": 5121, "count": 3, "type": "SCALAR"}),
        ]);
        json["buffers"][0]["byteLength"] = json!(bin.len());
        json["extensionsRequired"] = json!(["EXT_mesh_gpu_instancing"]);
        json["nodes"][0]["translation"] = json!([0.0, 100.0, 0.0]);
        json["nodes"][0]["extensions"]["EXT_mesh_gpu_instancing"] = json!({"attributes":
            {"TRANSLATION": 2, "ROTATION": 3, "SCALE": 4, "_FEATURE_ID_0": 5}});
        edit(json);
    })
}

#[test]
fn copies_of_a_node_are_sized_turned_and_moved_in_its_own_axes() {
    let content = decode_bytes(&copied_triangle(|_| {})).unwrap();
    assert_eq!((triangles(&content), content.instances), (3, 3));
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    let mesh = &content.meshes[0].0;
    let positions: Vec<DVec3> = site_positions(mesh).map(|(_, position)| position).collect();
    // The corners (1,0,0) and (0,1,0) become (0,s,0) and (-s,0,0); y-up becomes z-up.
    for (i, (scale, x)) in [(1.0, 0.0), (2.0, 10.0), (3.0, 20.0)].into_iter().enumerate() {
        assert_near(positions[3 * i], DVec3::new(x, 0.0, 100.0), 1e-3, "first corner");
        assert_near(
            positions[3 * i + 1],
            DVec3::new(x, 0.0, 100.0 + scale),
            1e-3,
            "second corner",
        );
        assert_near(
            positions[3 * i + 2],
            DVec3::new(x - scale, 0.0, 100.0),
            1e-3,
            "third corner",
        );
    }
    assert_eq!(content.features.rows, 0, "nobody names features");
}

#[test]
fn instance_features_name_rows_by_attribute_or_by_number() {
    let rows = |set: serde_json::Value, count: u64| {
        let content = decode_bytes(&copied_triangle(|json| {
            json["nodes"][0]["extensions"]["EXT_instance_features"] = json!({"featureIds": [set]});
            json["extensions"]["EXT_structural_metadata"] = json!({
                "schema": {"classes": {"tree": {"properties": {"n": {"type": "SCALAR", "componentType": "UINT8"}}}}},
                "propertyTables": [{"class": "tree", "count": count, "properties": {"n": {"values": 5}}}]});
        }))
        .unwrap();
        let of_copies: Vec<u32> = content.meshes[0].0.features.iter().step_by(3).copied().collect();
        (
            of_copies,
            content.features.rows,
            content.features.value(1, "n"),
            content.problems,
        )
    };
    let (found, count, value, problems) = rows(json!({"featureCount": 3, "attribute": 0, "propertyTable": 0}), 3);
    // Nine is beyond the table: no feature.
    assert_eq!((&found[..], count, value), (&[2, 3, 0][..], 3, Some(Value::Int(9))));
    assert!(problems.is_empty(), "{problems:?}");
    let (found, count, ..) = rows(json!({"featureCount": 3, "propertyTable": 0}), 3);
    assert_eq!((&found[..], count), (&[0, 1, 2][..], 3));
    let (found, count, ..) = rows(json!({"featureCount": 12, "attribute": 0, "nullFeatureId": 2}), 3);
    assert_eq!(
        (&found[..], count),
        (&[12, 9, 0][..], 12),
        "no table, and an id for nothing"
    );
}

#[test]
fn copies_that_cannot_be_read_are_one_clear_line() {
    let broken = |attributes: serde_json::Value| {
        let decoded = decode_bytes(&copied_triangle(|json| {
            json["nodes"][0]["extensions"]["EXT_mesh_gpu_instancing"] = json!({"attributes": attributes});
            json["accessors"]
                .as_array_mut()
                .unwrap()
                .push(json!({"componentType": 5126, "count": 15_000_000, "type": "VEC3"}));
        }));
        decoded.err().map(|problem| problem.to_string())
    };
    for (attributes, expected) in [
        (json!({}), "no attributes"),
        (json!({"TRANSLATION": 77}), "no such accessor"),
        (json!({"TRANSLATION": "a"}), "names no accessor"),
        (json!({"TRANSLATION": 3}), "do not fit here"),
        (json!({"TRANSLATION": 6}), "15000000 instances are more"),
    ] {
        let line = broken(attributes.clone()).unwrap_or_else(|| panic!("{attributes} was read"));
        assert!(line.contains(expected), "{attributes}: {line}");
    }
}
