//! Feature ids in textures, and values in textures and at vertices, each in a file made here.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::bad_input::{decode_bytes, glb};
use bevy::math::Vec3;
use serde_json::{Value as Json, json};
use stadslens::{
    geometry::{FeatureMesh, MeshBvh, Ray, RayHit, Value},
    georef::{narrow, render_axes},
    sources::{Cause, Severity, tiles3d::TileContent},
};
use std::{collections::BTreeMap, io::Cursor, time::Duration, time::Instant};

/// A picture of these texels.
pub(crate) fn picture(width: u32, texels: &[[u8; 4]], format: image::ImageFormat) -> Vec<u8> {
    let height = u32::try_from(texels.len()).unwrap() / width;
    let picture = image::RgbaImage::from_raw(width, height, texels.concat()).unwrap();
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::DynamicImage::from(picture);
    if format == image::ImageFormat::Jpeg {
        picture.into_rgb8().write_to(&mut bytes, format).unwrap();
    } else {
        picture.write_to(&mut bytes, format).unwrap();
    }
    bytes.into_inner()
}

pub(crate) fn png(width: u32, texels: &[[u8; 4]]) -> Vec<u8> {
    picture(width, texels, image::ImageFormat::Png)
}

pub(crate) fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A wall of 10 by 10 metres that faces the viewer, with the image `pixels` over it: u to the right, v upwards. `edit` may
/// change the JSON; the views behind those of the wall have `more`, and view 3 the image.
pub(crate) fn wall(pixels: &[u8], more: &[&[u8]], edit: impl FnOnce(&mut Json)) -> Vec<u8> {
    glb(|json, bin| {
        let corners = floats(&[0.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 10.0, 0.0, 10.0, 10.0, 0.0]);
        let indices: Vec<u8> = [0_u16, 1, 2, 2, 1, 3].iter().flat_map(|i| i.to_le_bytes()).collect();
        let uvs = floats(&[0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        bin.clear();
        let mut views = Vec::new();
        for data in [&corners, &indices, &uvs, pixels]
            .into_iter()
            .chain(more.iter().copied())
        {
            bin.resize(bin.len().next_multiple_of(4), 0);
            views.push(json!({"buffer": 0, "byteOffset": bin.len(), "byteLength": data.len()}));
            bin.extend(data);
        }
        bin.resize(bin.len().next_multiple_of(4), 0);
        *json = json!({
            "asset": {"version": "2.0"}, "buffers": [{"byteLength": bin.len()}], "bufferViews": views,
            "accessors": [
                {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
                {"bufferView": 1, "componentType": 5123, "count": 6, "type": "SCALAR"},
                {"bufferView": 2, "componentType": 5126, "count": 4, "type": "VEC2"}],
            "images": [{"bufferView": 3}], "samplers": [{"wrapS": 10497, "wrapT": 10497}],
            "textures": [{"source": 0, "sampler": 0}],
            "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 2}, "indices": 1}]}],
            "nodes": [{"mesh": 0}], "scenes": [{"nodes": [0]}]});
        edit(json);
    })
}

/// Says that the picture has feature ids.
fn with_ids(json: &mut Json, set: Json) {
    json["meshes"][0]["primitives"][0]["extensions"]["EXT_mesh_features"] = json!({"featureIds": [set]});
}

pub(crate) fn decoded(bytes: &[u8]) -> TileContent {
    let content = decode_bytes(bytes).unwrap_or_else(|problem| panic!("{problem}"));
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    content
}

pub(crate) fn only(content: &TileContent) -> (&FeatureMesh, &MeshBvh) {
    let [(mesh, _, bvh)] = &content.meshes[..] else {
        panic!("{} meshes", content.meshes.len())
    };
    (mesh, bvh)
}

/// What a line of sight meets at `x` and `y` of the wall.
pub(crate) fn met(content: &TileContent, x: f32, y: f32) -> RayHit {
    let (mesh, bvh) = only(content);
    let origin = Vec3::from_array(narrow(render_axes(mesh.origin.0)));
    let ray = Ray {
        origin: Vec3::new(x, y, 5.0) - origin,
        direction: Vec3::NEG_Z,
    };
    bvh.cast(ray, |_| true).unwrap_or_else(|| panic!("nothing at {x} {y}"))
}

/// The values that lie on the wall at `x` and `y`, by name.
pub(crate) fn here(content: &TileContent, x: f32, y: f32) -> BTreeMap<String, Value> {
    let hit = met(content, x, y);
    only(content)
        .0
        .values
        .at(hit.triangle, hit.weights)
        .into_iter()
        .collect()
}

fn area_of(mesh: &FeatureMesh, row: u32) -> f32 {
    let faces = mesh.indices.as_chunks::<3>().0.iter();
    let of_row = faces.filter(|face| mesh.features[face[0] as usize] == row);
    let areas = of_row.map(|face| {
        let [a, b, c] = face.map(|corner| Vec3::from_array(mesh.positions[corner as usize]));
        (b - a).cross(c - a).length() / 2.0
    });
    areas.sum()
}

pub(crate) fn red(ids: &[u8]) -> Vec<[u8; 4]> {
    ids.iter().map(|id| [*id, 50, 0, 255]).collect()
}

#[test]
fn a_wall_is_made_of_the_features_that_its_texture_names() {
    let names = b"doorroofwindow";
    let offsets: Vec<u8> = [0_u32, 4, 8, 14].iter().flat_map(|o| o.to_le_bytes()).collect();
    let ids = [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 1, 2, 2, 2, 1];
    let bytes = wall(&png(4, &red(&ids)), &[names, &offsets], |json| {
        with_ids(
            json,
            json!({"featureCount": 4, "nullFeatureId": 3, "propertyTable": 0, "texture": {"index": 0}}),
        );
        json["extensions"]["EXT_structural_metadata"] = json!({
            "schema": {"classes": {"part": {"properties": {"name": {"type": "STRING"}}}}},
            "propertyTables": [{"class": "part", "count": 3, "properties": {"name": {"values": 4, "stringOffsets": 5}}}]});
    });
    let content = decoded(&bytes);
    let (mesh, _) = only(&content);
    assert_eq!(content.features.rows, 3);
    // 16 texels of 2.5 by 2.5 metres.
    for (row, texels) in [(0, 4.0), (1, 6.0), (2, 5.0), (3, 1.0)] {
        let area = area_of(mesh, row);
        assert!((area - texels * 6.25).abs() < 0.01, "row {row}: {area}");
    }
    let name_at = |x: f32, y: f32| content.features.value(met(&content, x, y).feature, "name");
    let text = |name: &str| Some(Value::Text(name.to_owned()));
    assert_eq!(name_at(0.1, 0.1), text("door"));
    assert_eq!(name_at(4.9, 4.9), text("door"));
    assert_eq!(name_at(5.1, 4.9), text("roof"));
    assert_eq!(name_at(9.9, 9.9), text("roof"));
    assert_eq!(name_at(7.4, 9.9), text("window"));
    assert_eq!(name_at(6.2, 6.2), None, "no feature");
    // The pieces between two of the same feature cost nothing more than they must.
    assert!(mesh.indices.len() / 3 <= 32, "{}", mesh.indices.len() / 3);
}

#[test]
fn ids_of_several_bytes_are_read_as_they_stand_and_the_texture_may_repeat() {
    let texels = [[44, 1, 128, 0], [200, 0, 3, 0]];
    let bytes = wall(&png(2, &texels), &[], |json| {
        let moved = json!({"KHR_texture_transform": {"scale": [2, 1], "offset": [0.5, 0]}});
        let texture = json!({"index": 0, "channels": [0, 1], "extensions": moved});
        with_ids(json, json!({"featureCount": 400, "texture": texture}));
    });
    let content = decoded(&bytes);
    // The texture starts in its second half, and comes twice.
    let rows = [1.0, 3.0, 6.0, 8.0].map(|x| met(&content, x, 5.0).feature);
    assert_eq!(rows, [200, 300, 200, 300], "200 and 44 + 256, whatever colour that is");
}

#[test]
fn points_take_the_id_of_their_texel() {
    let bytes = wall(&png(2, &red(&[0, 1, 2, 3])), &[], |json| {
        with_ids(json, json!({"featureCount": 4, "texture": {"index": 0}}));
        let primitive = &mut json["meshes"][0]["primitives"][0];
        primitive["mode"] = 0.into();
        primitive["extensions"]["EXT_mesh_features"]["featureIds"][0]["texture"]["extensions"] =
            json!({"KHR_texture_transform": {"scale": [0.5, 0.5], "offset": [0.25, 0.25]}});
        primitive.as_object_mut().unwrap().remove("indices");
    });
    let content = decoded(&bytes);
    assert_eq!(content.marks.points[0].features, [0, 1, 2, 3]);
}

#[test]
fn ids_that_may_have_changed_are_not_believed() {
    let lossy = picture(2, &red(&[0, 1, 2, 3]), image::ImageFormat::Jpeg);
    let set = json!({"featureCount": 4, "texture": {"index": 0}});
    let content = decode_bytes(&wall(&lossy, &[], |json| with_ids(json, set.clone()))).unwrap();
    let [problem] = &content.problems[..] else {
        panic!("{:?}", content.problems)
    };
    assert_eq!(problem.severity, Severity::Warning);
    assert!(problem.message.contains("PNG"), "{problem}");
    assert_eq!(met(&content, 1.0, 1.0).feature, 4, "none");
    // Where the same picture is there in two forms, the one that keeps every byte is taken.
    let exact = png(2, &red(&[0, 1, 2, 3]));
    let bytes = wall(&lossy, &[&exact], |json| {
        with_ids(json, set);
        json["images"].as_array_mut().unwrap().push(json!({"bufferView": 4}));
        json["textures"] = json!([{"source": 0, "extensions": {"EXT_texture_webp": {"source": 1}}}]);
    });
    let content = decoded(&bytes);
    assert_eq!(met(&content, 9.0, 9.0).feature, 3);
}

/// Every texel another feature than its neighbours: a million pieces would be needed.
#[test]
fn a_texture_of_noise_is_cut_coarser_and_told_once() {
    let ids: Vec<u8> = (0..1024_usize * 1024)
        .map(|i| u8::try_from((i / 1024 * 7 + i % 1024 * 3) % 11).unwrap())
        .collect();
    let bytes = wall(&png(1024, &red(&ids)), &[], |json| {
        with_ids(json, json!({"featureCount": 11, "texture": {"index": 0}}));
        json["nodes"] = json!([{"mesh": 0}, {"mesh": 0, "translation": [20, 0, 0]}]);
        json["scenes"] = json!([{"nodes": [0, 1]}]);
    });
    let started = Instant::now();
    let content = decode_bytes(&bytes).unwrap();
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
    let [problem] = &content.problems[..] else {
        panic!("{:?}", content.problems)
    };
    assert_eq!(problem.severity, Severity::Warning);
    assert!(problem.message.contains("coarser"), "{problem}");
    let (mesh, _) = only(&content);
    let triangles = mesh.indices.len() / 3;
    assert!((50_000..=200_004).contains(&triangles), "{triangles}");
    let area: f32 = (0..=11).map(|row| area_of(mesh, row)).sum();
    assert!((area - 200.0).abs() < 0.1, "{area}");
}

/// Adds a class of properties in the picture to the wall.
fn with_texture(json: &mut Json, definitions: &Json, properties: &Json) {
    json["meshes"][0]["primitives"][0]["extensions"]["EXT_structural_metadata"] = json!({"propertyTextures": [0]});
    json["extensions"]["EXT_structural_metadata"] = json!({
        "schema": {
            "classes": {"skin": {"properties": definitions}},
            "enums": {"wood": {"valueType": "UINT8", "values": [{"name": "oak", "value": 4}]}}},
        "propertyTextures": [{"class": "skin", "properties": properties}]});
}

#[test]
fn values_lie_on_the_wall_where_somebody_points() {
    let texels = [[10, 1, 255, 4], [20, 2, 0, 9], [30, 3, 51, 4], [0, 0, 1, 4]];
    let definitions = json!({
        "inside": {"type": "SCALAR", "componentType": "UINT8", "noData": 0},
        "insulation": {"type": "SCALAR", "componentType": "UINT8", "normalized": true, "scale": 2},
        "both": {"type": "SCALAR", "componentType": "INT16"},
        "pair": {"type": "VEC2", "componentType": "UINT8"},
        "wood": {"type": "ENUM", "enumType": "wood"}});
    let properties = json!({
        "inside": {"index": 0, "texCoord": 0, "channels": [0]},
        "insulation": {"index": 0, "channels": [2], "offset": 100},
        "both": {"index": 0, "channels": [1, 0]},
        "pair": {"index": 0, "channels": [0, 1]},
        "wood": {"index": 0, "channels": [3]}});
    // With features in the same picture too, so that the wall is cut.
    for has_features in [false, true] {
        let bytes = wall(&png(2, &texels), &[], |json| {
            with_texture(json, &definitions, &properties);
            if has_features {
                with_ids(
                    json,
                    json!({"featureCount": 9, "texture": {"index": 0, "channels": [1]}}),
                );
            }
        });
        let content = decoded(&bytes);
        let mesh = only(&content).0;
        assert_eq!(mesh.indices.len() / 3 > 2, has_features);
        let first = here(&content, 1.0, 2.0);
        assert_eq!(first.len(), 5);
        assert_eq!(first["inside"], Value::Int(10));
        assert_eq!(first["insulation"], Value::Float(102.0));
        assert_eq!(first["both"], Value::Int(1 + 10 * 256));
        assert_eq!(first["pair"], Value::List(vec![Value::Int(10), Value::Int(1)]));
        assert_eq!(first["wood"], Value::Text("oak".to_owned()));
        assert_eq!(here(&content, 9.0, 4.0)["inside"], Value::Int(20));
        assert_eq!(here(&content, 9.0, 4.0)["wood"], Value::Text("9".to_owned()));
        let third = here(&content, 4.9, 5.1);
        assert_eq!(
            (&third["inside"], &third["insulation"]),
            (&Value::Int(30), &Value::Float(100.4))
        );
        assert_eq!(here(&content, 6.0, 6.0)["inside"], Value::Null, "no data");
        let bare = decoded(&wall(&png(2, &texels), &[], |_| {}));
        assert!(here(&bare, 1.0, 1.0).is_empty());
        let more = content.bytes_resident - bare.bytes_resident;
        assert!(more >= mesh.values.bytes() && mesh.values.bytes() > 16, "{more}");
    }
}

#[test]
fn channels_of_16_bits_are_one_clear_line() {
    let wide = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(2, 1, vec![300_u16, 7]).unwrap();
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::DynamicImage::from(wide);
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let bytes = wall(&bytes.into_inner(), &[], |json| {
        let wide = json!({"type": "SCALAR", "componentType": "UINT16"});
        let narrow = json!({"type": "SCALAR", "componentType": "UINT8"});
        let properties = json!({"wide": {"index": 0, "channels": [0, 1]}, "narrow": {"index": 0}});
        with_texture(json, &json!({"wide": wide, "narrow": narrow}), &properties);
    });
    let content = decode_bytes(&bytes).unwrap();
    assert!(here(&content, 1.0, 1.0).is_empty());
    let [problem] = &content.problems[..] else {
        panic!("{:?}", content.problems)
    };
    assert!(problem.message.contains("more than 8 bits"), "{problem}");
    assert_eq!(problem.cause, Cause::NotRead);
}

/// Copies of a wall, some of them mirrored, are read as it is.
#[test]
fn values_lie_on_copies_too() {
    let texels = [[10, 0, 0, 255], [20, 0, 0, 255], [30, 0, 0, 255], [40, 0, 0, 255]];
    for count in [3_u16, 12] {
        let places: Vec<f32> = (0..count).flat_map(|i| [f32::from(i) * 40.0, 0.0, 0.0]).collect();
        let sizes: Vec<f32> = (0..count)
            .flat_map(|i| [if i % 2 == 1 { -2.0 } else { 2.0 }, 1.0, 1.0])
            .collect();
        let bytes = wall(&png(2, &texels), &[&floats(&places), &floats(&sizes)], |json| {
            let one = json!({"type": "SCALAR", "componentType": "UINT8"});
            with_texture(json, &json!({"n": one}), &json!({"n": {"index": 0}}));
            let list = |view: u32| json!({"bufferView": view, "componentType": 5126, "count": count, "type": "VEC3"});
            json["accessors"].as_array_mut().unwrap().extend([list(4), list(5)]);
            let attributes = json!({"TRANSLATION": 3, "SCALE": 4});
            json["nodes"][0]["extensions"] = json!({"EXT_mesh_gpu_instancing": {"attributes": attributes}});
        });
        let content = decoded(&bytes);
        for i in 0..count {
            let side = if i % 2 == 1 { -1.0 } else { 1.0 };
            let at = |x: f32, y: f32| here(&content, f32::from(i) * 40.0 + side * x, y)["n"].clone();
            let found = [at(3.0, 2.0), at(17.0, 3.0), at(9.0, 8.0), at(11.0, 6.0)];
            assert_eq!(found, [10, 20, 30, 40].map(Value::Int), "copy {i} of {count}");
        }
    }
}

pub(crate) fn with_attributes(json: &mut Json, primitive: &Json) {
    json["accessors"].as_array_mut().unwrap().extend([
        json!({"bufferView": 4, "componentType": 5126, "count": 4, "type": "SCALAR"}),
        json!({"bufferView": 5, "componentType": 5126, "count": 4, "type": "SCALAR"}),
        json!({"bufferView": 6, "componentType": 5126, "count": 4, "type": "VEC2"}),
    ]);
    let own = &mut json["meshes"][0]["primitives"][0];
    for (name, value) in primitive.as_object().unwrap() {
        own[name] = value.clone();
    }
    for (name, accessor) in [("_HEAT", 3), ("_WOOD", 4), ("_WAY", 5)] {
        own["attributes"][name] = accessor.into();
    }
    own["extensions"]["EXT_structural_metadata"] = json!({"propertyAttributes": [0]});
    json["extensions"]["EXT_structural_metadata"] = json!({
        "schema": {
            "classes": {"point": {"properties": {
                "heat": {"type": "SCALAR", "componentType": "FLOAT32", "offset": 273},
                "number": {"type": "SCALAR", "componentType": "UINT8", "noData": 3},
                "wood": {"type": "ENUM", "enumType": "wood"},
                "way": {"type": "VEC2", "componentType": "FLOAT32"}}}},
            "enums": {"wood": {"values": [{"name": "oak", "value": 4}, {"name": "ash", "value": 5}]}}},
        "propertyAttributes": [{"class": "point", "properties": {
            "heat": {"attribute": "_HEAT"}, "number": {"attribute": "_HEAT"},
            "wood": {"attribute": "_WOOD"}, "way": {"attribute": "_WAY"}}}]});
}

/// Heat, wood and way of the four corners.
pub(crate) fn attributes() -> [Vec<u8>; 3] {
    [
        floats(&[1.0, 2.0, 3.0, 4.0]),
        floats(&[4.0, 5.0, 4.0, 9.0]),
        floats(&[0.0, 1.0, 0.5, 2.0, 0.0, 3.0, 0.0, 4.0]),
    ]
}

#[test]
fn points_with_values_are_features_of_their_own() {
    let [heat, wood, way] = attributes();
    let bytes = wall(&png(1, &[[0; 4]]), &[&heat, &wood, &way], |json| {
        with_attributes(json, &json!({"mode": 0}));
        let primitive = json["meshes"][0]["primitives"][0].as_object_mut().unwrap();
        primitive.remove("indices");
    });
    let content = decoded(&bytes);
    let points = &content.marks.points[0];
    assert_eq!((content.features.rows, points.has_row_each), (4, true));
    assert_eq!(points.features, [0, 1, 2, 3]);
    let told = |row: u32, name: &str| content.features.value(row, name).unwrap();
    assert_eq!([told(0, "heat"), told(3, "heat")], [274.0, 277.0].map(Value::Float));
    assert_eq!([told(1, "number"), told(2, "number")], [Value::Int(2), Value::Null]);
    let text = |name: &str| Value::Text(name.to_owned());
    assert_eq!(
        [told(0, "wood"), told(1, "wood"), told(3, "wood")],
        [text("oak"), text("ash"), text("9")]
    );
    assert_eq!(told(1, "way"), Value::List(vec![Value::Float(0.5), Value::Float(2.0)]));
}

#[test]
fn a_feature_has_the_mean_of_its_corners() {
    let [heat, wood, way] = attributes();
    let decode = |set: Json, texels: &[[u8; 4]]| {
        decoded(&wall(&png(2, texels), &[&heat, &wood, &way], |json| {
            with_attributes(json, &json!({}));
            with_ids(json, set);
        }))
    };
    // By the number of the vertex: each corner is a feature.
    let content = decode(json!({"featureCount": 4}), &[[0; 4]; 2]);
    let told = |content: &TileContent, row: u32, name: &str| content.features.value(row, name).unwrap();
    assert_eq!(
        [told(&content, 0, "heat"), told(&content, 3, "heat")],
        [274.0, 277.0].map(Value::Float)
    );
    // By a texture: the left half has vertices with 1, 2 and 3 and those between them.
    let content = decode(json!({"featureCount": 2, "texture": {"index": 0}}), &red(&[0, 1]));
    let Value::Float(left) = told(&content, 0, "heat") else {
        panic!("no mean")
    };
    let Value::Float(right) = told(&content, 1, "heat") else {
        panic!("no mean")
    };
    assert!(left > 274.0 && left < right && right < 277.0, "{left} {right}");
    assert_eq!(told(&content, 0, "wood"), Value::Text("oak".to_owned()));
}

#[test]
fn what_cannot_be_read_is_one_clear_line_and_the_wall_stays() {
    let ids = png(2, &red(&[0, 1, 2, 3]));
    let lines = |edit: &dyn Fn(&mut Json)| -> Vec<String> {
        let content = decode_bytes(&wall(&ids, &[], |json| edit(json))).unwrap();
        assert!(!content.meshes.is_empty());
        content.problems.iter().map(ToString::to_string).collect()
    };
    let one = json!({"type": "SCALAR", "componentType": "UINT8"});
    for (texture, words) in [
        (json!({"index": 7}), "no such texture"),
        (json!({"index": "x"}), "no reference"),
        (json!({"index": 0, "texCoord": 3}), "TEXCOORD_3"),
        (json!({"index": 0, "channels": [0, 1, 2, 3, 0]}), "channels"),
    ] {
        let told = lines(&|json| with_ids(json, json!({"featureCount": 4, "texture": texture})));
        assert!(told.len() == 1 && told[0].contains(words), "{texture}: {told:?}");
        let told = lines(&|json| with_texture(json, &json!({"a": one}), &json!({"a": texture})));
        assert!(told.len() == 1 && told[0].contains(words), "{texture}: {told:?}");
    }
    for (definition, words) in [
        (json!({"type": "STRING"}), "cannot stand in a texture"),
        (json!({"type": "VEC2", "componentType": "UINT8"}), "2 bytes"),
        (json!({"type": "ENUM", "enumType": "none"}), "not defined"),
    ] {
        let told = lines(&|json| with_texture(json, &json!({"a": definition}), &json!({"a": {"index": 0}})));
        assert!(told.len() == 1 && told[0].contains(words), "{definition}: {told:?}");
    }
    let told = lines(&|json| {
        with_ids(json, json!({"featureCount": 4, "texture": {"index": 0}}));
        json["images"][0] = json!({"uri": "none.png"});
    });
    assert!(told.len() == 1 && told[0].contains("none.png"), "{told:?}");
    let told = lines(&|json| {
        with_texture(json, &json!({"a": one}), &json!({"a": {"index": 0}}));
        json["meshes"][0]["primitives"][0]["extensions"]["EXT_structural_metadata"]["propertyTextures"] = json!([8]);
    });
    assert!(told.len() == 1 && told[0].contains("propertyTextures[8]"), "{told:?}");
}
