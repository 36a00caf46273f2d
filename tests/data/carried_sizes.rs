//! What surfaces carry beside their look is counted before it is read, and bounded.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::feature_sets::measured_with;
use crate::feature_textures::{here, met, png, red, wall};
use serde_json::{Map, Value as Json, json};
use stadslens::{
    geometry::Value,
    sources::{Severity, tiles3d::TileContent},
};

/// Makes the wall one of 20,000 triangles on its first three corners; the indices stand in the view behind the picture.
fn many_triangles(json: &mut Json, has_normals: bool) {
    let accessors = json["accessors"].as_array_mut().unwrap();
    accessors.push(json!({"bufferView": 4, "componentType": 5121, "count": 60_000, "type": "SCALAR"}));
    let primitive = &mut json["meshes"][0]["primitives"][0];
    primitive["indices"] = 3.into();
    if has_normals {
        primitive["attributes"]["NORMAL"] = 0.into();
    }
}

fn indices() -> Vec<u8> {
    [0, 1, 2].repeat(20_000)
}

/// A class of so many properties that `definition` defines, each with what `property` says of its number.
fn properties(count: u16, definition: &Json, property: impl Fn(u16) -> Json) -> (Json, Json) {
    let name = |number: u16| format!("p{number:03}");
    let definitions: Map<String, Json> = (0..count).map(|number| (name(number), definition.clone())).collect();
    let properties: Map<String, Json> = (0..count).map(|number| (name(number), property(number))).collect();
    (
        json!({"classes": {"skin": {"properties": definitions}}}),
        json!([{"class": "skin", "properties": properties}]),
    )
}

/// What a tile was said to need is of the size of what it holds.
fn assert_not_much_more(said: u64, content: &TileContent) {
    let held = content.bytes_resident;
    assert!(said < 4 * held, "{held} of {said}");
}

#[test]
fn pictures_that_lie_on_a_surface_in_many_ways_are_counted_and_bounded() {
    let texel = json!({"type": "SCALAR", "componentType": "UINT8"});
    let (schema, textures) = properties(256, &texel, |number| {
        let moved = json!({"KHR_texture_transform": {"offset": [f32::from(number) / 512.0, 0.0]}});
        json!({"index": 0, "extensions": moved})
    });
    let bytes = wall(&png(2, &red(&[3, 7])), &[&indices()], |json| {
        many_triangles(json, true);
        json["meshes"][0]["primitives"][0]["extensions"]["EXT_structural_metadata"] = json!({"propertyTextures": [0]});
        json["extensions"]["EXT_structural_metadata"] = json!({"schema": schema, "propertyTextures": textures});
    });
    let (content, said) = measured_with(&bytes);
    let [problem] = &content.problems[..] else {
        panic!("{:?}", content.problems)
    };
    assert!(problem.message.contains("more than 8 ways"), "{problem}");
    assert_eq!(here(&content, 1.0, 1.0).len(), 8);
    assert_not_much_more(said, &content);
}

#[test]
fn attributes_that_many_properties_share_are_counted_for_each() {
    let pair = json!({"type": "VEC2", "componentType": "FLOAT32"});
    let (schema, attributes) = properties(256, &pair, |_| json!({"attribute": "_PAIR"}));
    let bytes = wall(&png(1, &red(&[0])), &[&indices()], |json| {
        // Without normals each triangle gets vertices of its own.
        many_triangles(json, false);
        json["accessors"][3]["count"] = 15_000.into();
        let primitive = &mut json["meshes"][0]["primitives"][0];
        primitive["attributes"]["_PAIR"] = 2.into();
        primitive["extensions"]["EXT_structural_metadata"] = json!({"propertyAttributes": [0]});
        json["extensions"]["EXT_structural_metadata"] = json!({"schema": schema, "propertyAttributes": attributes});
    });
    let (content, said) = measured_with(&bytes);
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    assert_eq!(here(&content, 1.0, 1.0).len(), 256);
    assert_not_much_more(said, &content);
}

#[test]
fn ids_of_features_are_not_counted_as_properties() {
    let texel = json!({"type": "SCALAR", "componentType": "UINT8"});
    let (schema, textures) = properties(1, &texel, |_| json!({"index": 0}));
    let bytes = wall(&png(1, &red(&[0])), &[&indices(), &[0, 1, 2, 3]], |json| {
        many_triangles(json, true);
        let ids = json!({"bufferView": 5, "componentType": 5121, "count": 4, "type": "SCALAR"});
        json["accessors"].as_array_mut().unwrap().push(ids);
        let primitive = &mut json["meshes"][0]["primitives"][0];
        primitive["attributes"]["_FEATURE_ID_0"] = 4.into();
        primitive["attributes"]["_FEATURE_ID_1"] = 4.into();
        let sets = json!([
            {"featureCount": 4, "attribute": 0}, {"featureCount": 4, "attribute": 1, "label": "other"}]);
        primitive["extensions"] = json!({
            "EXT_mesh_features": {"featureIds": sets}, "EXT_structural_metadata": {"propertyTextures": [0]}});
        json["extensions"]["EXT_structural_metadata"] = json!({"schema": schema, "propertyTextures": textures});
    });
    let (content, said) = measured_with(&bytes);
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    assert_eq!(here(&content, 1.0, 1.0).len(), 2);
    assert_not_much_more(said, &content);
}

/// A row is held for every number up to the greatest id.
#[test]
fn ids_far_beyond_the_features_there_can_be_are_one_clear_line() {
    let with = |ids: [u32; 4], texel: [u8; 4], set: Json| {
        let ids: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let bytes = wall(&png(1, &[texel]), &[&ids], |json| {
            let ids = json!({"bufferView": 4, "componentType": 5125, "count": 4, "type": "SCALAR"});
            json["accessors"].as_array_mut().unwrap().push(ids);
            let primitive = &mut json["meshes"][0]["primitives"][0];
            primitive["attributes"]["_FEATURE_ID_0"] = 3.into();
            primitive["extensions"]["EXT_mesh_features"] = json!({"featureIds": [set]});
        });
        measured_with(&bytes)
    };
    let in_texture = json!({"featureCount": 2, "texture": {"index": 0, "channels": [0, 1, 2]}});
    for (ids, texel, set) in [
        ([3_999_999, 0, 1, 1], [0; 4], json!({"featureCount": 2, "attribute": 0})),
        ([0; 4], [0xff, 0x08, 0x3d, 0xff], in_texture.clone()),
    ] {
        let (content, said) = with(ids, texel, set.clone());
        assert_eq!(content.features.rows, 2, "{set}");
        // A surface may be cut where the picture changes, whatever it is.
        assert!(said < 64 << 20, "{said} for {set}");
        let [problem] = &content.problems[..] else {
            panic!("{:?}", content.problems)
        };
        assert_eq!(problem.severity, Severity::Warning);
        assert!(problem.message.contains("`featureCount` is 2"), "{problem}");
        assert_eq!(met(&content, 1.0, 1.0).feature, 2, "none");
    }
    // Such as are no more than that are rows, and counted.
    for (ids, texel, set) in [
        ([900; 4], [0; 4], json!({"featureCount": 2, "attribute": 0})),
        ([0; 4], [0x84, 0x03, 0, 0xff], in_texture),
    ] {
        let (content, said) = with(ids, texel, set.clone());
        assert!(content.problems.is_empty(), "{:?}", content.problems);
        assert_eq!((content.features.rows, met(&content, 1.0, 1.0).feature), (901, 900));
        assert!(said > 901 * 64, "{said} for {set}");
    }
}

#[test]
fn tables_that_only_lines_name_are_not_read() {
    let bytes = wall(&png(1, &red(&[0])), &[&[5, 6, 7, 8]], |json| {
        let table = |name: &str| json!({"class": "part", "count": 4, "properties": {name: {"values": 4}}});
        json["extensions"]["EXT_structural_metadata"] = json!({
            "schema": {"classes": {"part": {"properties": {"n": {"type": "SCALAR", "componentType": "UINT8"}}}}},
            "propertyTables": [table("n"), table("none")]});
        let primitives = json["meshes"][0]["primitives"].as_array_mut().unwrap();
        let mut lines = primitives[0].clone();
        lines["mode"] = 1.into();
        let set = |table: u32| json!({"featureCount": 4, "propertyTable": table});
        primitives[0]["extensions"]["EXT_mesh_features"] = json!({"featureIds": [set(0)]});
        lines["extensions"]["EXT_mesh_features"] = json!({"featureIds": [set(0), set(1)]});
        primitives.push(lines);
    });
    let (content, _) = measured_with(&bytes);
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    assert_eq!(content.features.value(0, "n"), Some(Value::Int(5)));
    assert!(!content.marks.lines.is_empty());
}
