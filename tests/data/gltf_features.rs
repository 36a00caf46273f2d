//! What a glTF may say of its numbers and its looks, each in a file of one triangle made here.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::bad_input::{decode_bytes, glb};
use bevy::math::DVec3;
use draco_core::{
    DataType, EncoderBuffer, EncoderOptions, GeometryAttributeType, Mesh, MeshEncoder, PointAttribute, PointIndex,
};
use serde_json::{Value, json};
use stadslens::geometry::FeatureMesh;
use stadslens::sources::{
    resource::folder,
    tiles3d::{TileContent, read_tiles},
};
use std::{fs, io::Cursor};

/// A file of one triangle with more data behind it: `edit` gets the JSON and the number of the first new view.
fn decoded(more: &[&[u8]], edit: impl FnOnce(&mut Value, usize)) -> TileContent {
    let bytes = glb(|json, bin| {
        for data in more {
            bin.resize(bin.len().next_multiple_of(4), 0);
            let view = json!({"buffer": 0, "byteOffset": bin.len(), "byteLength": data.len()});
            json["bufferViews"].as_array_mut().unwrap().push(view);
            bin.extend(*data);
        }
        json["buffers"][0]["byteLength"] = bin.len().into();
        edit(json, 2);
    });
    decode_bytes(&bytes).unwrap_or_else(|problem| panic!("{problem}"))
}

fn only(content: &TileContent) -> &FeatureMesh {
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    let [(mesh, ..)] = &content.meshes[..] else {
        panic!("{} meshes", content.meshes.len())
    };
    mesh
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn shorts(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Lengths of the sides of the triangle, shortest first.
fn sides(mesh: &FeatureMesh) -> [f32; 3] {
    let [a, b, c] = [0, 1, 2].map(|corner| mesh.positions[mesh.indices[corner] as usize]);
    let length = |p: [f32; 3], q: [f32; 3]| (0..3).map(|i| (p[i] - q[i]).powi(2)).sum::<f32>().sqrt();
    let mut sides = [length(a, b), length(b, c), length(c, a)];
    sides.sort_by(f32::total_cmp);
    sides
}

fn assert_sides(mesh: &FeatureMesh, expected: [f32; 3]) {
    let found = sides(mesh);
    for (side, wanted) in found.iter().zip(expected) {
        assert!((side - wanted).abs() < 1e-3, "{found:?} instead of {expected:?}");
    }
}

#[test]
fn sparse_accessors_move_single_corners_with_and_without_a_base() {
    let places = shorts(&[2]);
    let values = floats(&[0.0, 4.0, 0.0]);
    let content = decoded(&[&places, &values], |json, view| {
        json["accessors"][0]["sparse"] = json!({"count": 1, "indices": {"bufferView": view, "componentType": 5123},
            "values": {"bufferView": view + 1}});
    });
    assert_sides(only(&content), [1.0, 4.0, 17.0_f32.sqrt()]);
    let places = shorts(&[1, 2]);
    let values = floats(&[3.0, 0.0, 0.0, 0.0, 4.0, 0.0]);
    let content = decoded(&[&places, &values], |json, view| {
        json["accessors"][0] = json!({"componentType": 5126, "count": 3, "type": "VEC3",
            "sparse": {"count": 2, "indices": {"bufferView": view, "componentType": 5123}, "values": {"bufferView": view + 1}}});
    });
    assert_sides(only(&content), [3.0, 4.0, 5.0]);
}

#[test]
fn quantized_positions_are_scaled_by_their_type_or_their_node() {
    // Corners 0 0 0, 3 0 0 and 0 4 0 in whole steps, each padded to eight bytes.
    let steps = shorts(&[0, 0, 0, 9, 3, 0, 0, 9, 0, 4, 0, 9]);
    let content = decoded(&[&steps], |json, view| {
        json["bufferViews"][view]["byteStride"] = 8.into();
        json["accessors"][0] = json!({"bufferView": view, "componentType": 5123, "count": 3, "type": "VEC3"});
        json["nodes"][0]["scale"] = json!([10, 10, 10]);
        json["extensionsRequired"] = json!(["KHR_mesh_quantization"]);
    });
    assert_sides(only(&content), [30.0, 40.0, 50.0]);
    let unit = shorts(&[0, 0, 0, 0, 32_767, 0, 0, 0, 0, 0x8001, 0, 0]);
    let content = decoded(&[&unit], |json, view| {
        json["bufferViews"][view]["byteStride"] = 8.into();
        json["accessors"][0] =
            json!({"bufferView": view, "componentType": 5122, "normalized": true, "count": 3, "type": "VEC3"});
    });
    assert_sides(only(&content), [1.0, 1.0, 2.0_f32.sqrt()]);
}

#[test]
fn colors_of_vertices_come_in_every_form() {
    let bright = floats(&[1.0, 0.0, 0.0].repeat(3));
    let bytes = [255, 0, 0, 128].repeat(3);
    let wide = shorts(&[65_535, 0, 0, 32_896].repeat(3));
    for (data, kind, form, alpha) in [
        (&bright, 5126, "VEC3", 255),
        (&bytes, 5121, "VEC4", 128),
        (&wide, 5123, "VEC4", 128),
    ] {
        let content = decoded(&[data], |json, view| {
            json["accessors"].as_array_mut().unwrap().push(
                json!({"bufferView": view, "componentType": kind, "normalized": kind != 5126, "count": 3, "type": form}),
            );
            json["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"] = 2.into();
        });
        assert_eq!(only(&content).colors, [[255, 0, 0, alpha]; 3], "{form} of {kind}");
    }
}

/// A picture of one transparent and three solid pixels.
fn png() -> Vec<u8> {
    let picture = image::RgbaImage::from_fn(2, 2, |x, y| {
        image::Rgba([200, 100, 50, if x + y == 0 { 0 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// The triangle with a picture and this material.
fn painted(material: Value, extra: impl FnOnce(&mut Value)) -> TileContent {
    let uvs = floats(&[0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    decoded(&[&uvs, &png()], |json, view| {
        json["accessors"]
            .as_array_mut()
            .unwrap()
            .push(json!({"bufferView": view, "componentType": 5126, "count": 3, "type": "VEC2"}));
        json["images"] = json!([{"bufferView": view + 1, "mimeType": "image/png"}]);
        json["textures"] = json!([{"source": 0}]);
        json["materials"] = json!([material]);
        let primitive = &mut json["meshes"][0]["primitives"][0];
        primitive["attributes"]["TEXCOORD_0"] = 2.into();
        primitive["material"] = 0.into();
        extra(json);
    })
}

#[test]
fn alpha_modes_sides_and_light_are_kept_apart() {
    let picture = json!({"baseColorTexture": {"index": 0}});
    for (material, translucent, cutoff) in [
        (json!({"pbrMetallicRoughness": picture}), false, None),
        (
            json!({"pbrMetallicRoughness": picture, "alphaMode": "BLEND"}),
            true,
            None,
        ),
        (
            json!({"pbrMetallicRoughness": picture, "alphaMode": "MASK"}),
            false,
            Some(0.5),
        ),
        (
            json!({"pbrMetallicRoughness": picture, "alphaMode": "MASK", "alphaCutoff": 0.8}),
            false,
            Some(0.8),
        ),
    ] {
        let content = painted(material.clone(), |_| {});
        let mesh = only(&content);
        let texture = mesh.texture.as_ref().unwrap();
        assert_eq!(
            (mesh.translucent, texture.levels, texture.texels[3]),
            (translucent, 1, 0),
            "{material}"
        );
        assert_eq!(texture.cutoff.is_some(), cutoff.is_some(), "{material}");
        if let (Some(found), Some(wanted)) = (texture.cutoff, cutoff) {
            assert!((found - wanted).abs() < 0.003_f32, "{material}: {found}");
        }
    }
    let plain = decoded(&[], |json, _| {
        json["materials"] = json!([{"alphaMode": "MASK"}]);
        json["meshes"][0]["primitives"][0]["material"] = 0.into();
    });
    let mesh = only(&plain);
    assert!(mesh.texture.is_none() && !mesh.translucent && !mesh.double_sided && !mesh.unlit);
    let shown = painted(
        json!({"doubleSided": true, "extensions": {"KHR_materials_unlit": {}}, "pbrMetallicRoughness": picture}),
        |_| {},
    );
    assert!(only(&shown).double_sided && only(&shown).unlit);
}

#[test]
fn a_texture_may_be_moved_and_take_its_place_from_another_set() {
    let moved = json!({"pbrMetallicRoughness": {"baseColorTexture": {"index": 0, "texCoord": 5,
        "extensions": {"KHR_texture_transform": {"texCoord": 0, "offset": [0.25, 0.5], "scale": [0.5, 0.25]}}}}});
    let content = painted(moved, |_| {});
    assert_eq!(only(&content).uvs, [[0.25, 0.5], [0.75, 0.5], [0.25, 0.75]]);
}

#[test]
fn of_several_forms_of_a_picture_the_best_that_is_read_is_taken() {
    let picture = json!({"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}});
    let content = painted(picture.clone(), |json| {
        json["images"]
            .as_array_mut()
            .unwrap()
            .insert(0, json!({"uri": "none.png"}));
        json["textures"] = json!([{"source": 0, "extensions": {"EXT_texture_webp": {"source": 1}}}]);
    });
    assert!(only(&content).texture.is_some());
    let damaged = painted(picture, |json| {
        json["textures"] = json!([{"extensions": {"KHR_texture_basisu": {"source": 7}}}]);
    });
    assert_eq!(damaged.problems.len(), 1, "{:?}", damaged.problems);
    assert!(damaged.meshes[0].0.texture.is_none(), "the surface stays");
}

/// It opens as a scenario does a tileset: a tree of one tile around what is in it.
#[test]
fn a_lone_tile_is_a_tree_of_one() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a.glb"), glb(|_, _| {})).unwrap();
    let (tree, problems) = read_tiles(folder(root.path()), "a.glb", true).unwrap();
    let [tile] = &tree.tiles[..] else {
        panic!("{} tiles", tree.tiles.len())
    };
    assert!(problems.is_empty() && !tree.is_geocentric);
    assert_eq!(tile.contents, ["a.glb"]);
    // A triangle of sides 1 and 1, upright: y up became z up.
    let middle = tile.bounding_volume.center();
    assert!((middle - DVec3::new(0.5, 0.0, 0.5)).length() < 1e-6, "{middle}");
    assert!((tile.bounding_volume.radius() - 0.5_f64.sqrt()).abs() < 1e-6);
    // On earth, or in a place without one.
    let far = |json: &mut Value, _: &mut Vec<u8>| json["nodes"][0]["translation"] = json!([6.4e6, 0, 0]);
    fs::write(root.path().join("far.glb"), glb(far)).unwrap();
    for is_placed in [true, false] {
        let (tree, _) = read_tiles(folder(root.path()), "far.glb", is_placed).unwrap();
        assert_eq!(tree.is_geocentric, is_placed);
    }
    assert!(read_tiles(folder(root.path()), "none.glb", true).is_err());
    fs::write(root.path().join("text.glb"), b"text").unwrap();
    assert!(read_tiles(folder(root.path()), "text.glb", true).is_err());
}

fn attribute(kind: GeometryAttributeType, components: u8, data_type: DataType, data: &[u8]) -> PointAttribute {
    let mut attribute = PointAttribute::new();
    attribute.init(kind, components, data_type, false, 3);
    attribute.buffer_mut().write(0, data);
    attribute
}

/// A triangle of sides 3, 4 and 5 as a Draco stream: positions under id 0, colours under 1, feature ids under 2.
fn draco() -> Vec<u8> {
    let mut mesh = Mesh::new();
    let positions = floats(&[0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 4.0, 0.0]);
    mesh.add_attribute(attribute(
        GeometryAttributeType::Position,
        3,
        DataType::Float32,
        &positions,
    ));
    mesh.add_attribute(attribute(
        GeometryAttributeType::Color,
        3,
        DataType::Uint8,
        &[255, 0, 0].repeat(3),
    ));
    mesh.add_attribute(attribute(
        GeometryAttributeType::Generic,
        1,
        DataType::Uint16,
        &shorts(&[1, 1, 1]),
    ));
    mesh.add_face([0, 1, 2].map(PointIndex));
    let mut encoder = MeshEncoder::new();
    encoder.set_mesh(mesh);
    let mut options = EncoderOptions::new();
    options.set_global_int("encoding_method", 0);
    let mut buffer = EncoderBuffer::new();
    encoder.encode(&options, &mut buffer).unwrap();
    buffer.data().to_vec()
}

/// The triangle as that stream; `edit` may change the JSON again.
fn in_draco(stream: &[u8], edit: impl FnOnce(&mut Value)) -> Result<TileContent, stadslens::sources::Problem> {
    let bytes = glb(|json, bin| {
        bin.resize(44, 0);
        let view = json!({"buffer": 0, "byteOffset": 44, "byteLength": stream.len()});
        json["bufferViews"].as_array_mut().unwrap().push(view);
        bin.extend(stream);
        json["buffers"][0]["byteLength"] = bin.len().into();
        json["accessors"] = json!([
            {"componentType": 5126, "count": 3, "type": "VEC3"},
            {"componentType": 5123, "count": 3, "type": "SCALAR"},
            {"componentType": 5121, "normalized": true, "count": 3, "type": "VEC3"},
            {"componentType": 5123, "count": 3, "type": "SCALAR"}]);
        json["meshes"][0]["primitives"][0] = json!({
            "attributes": {"POSITION": 0, "COLOR_0": 2, "_FEATURE_ID_0": 3}, "indices": 1,
            "extensions": {
                "EXT_mesh_features": {"featureIds": [{"attribute": 0, "featureCount": 5}]},
                "KHR_draco_mesh_compression": {"bufferView": 2,
                    "attributes": {"POSITION": 0, "COLOR_0": 1, "_FEATURE_ID_0": 2}}}});
        edit(json);
    });
    decode_bytes(&bytes)
}

#[test]
fn a_draco_stream_gives_positions_colors_and_features() {
    let content = in_draco(&draco(), |_| {}).unwrap();
    let mesh = only(&content);
    assert_sides(mesh, [3.0, 4.0, 5.0]);
    assert_eq!(
        (mesh.colors.clone(), mesh.features.clone()),
        (vec![[255, 0, 0, 255]; 3], vec![1; 3])
    );
    assert_eq!(content.features.rows, 5);
    // What accessors promise is not believed: the stream has its own counts.
    let content = in_draco(&draco(), |json| json["accessors"][1]["count"] = 3000.into()).unwrap();
    assert_eq!(only(&content).indices.len(), 3);
}

#[test]
fn a_damaged_draco_stream_is_one_line_and_plain_data_beside_it_are_used() {
    let mut broken = draco();
    broken.truncate(20);
    let problem = in_draco(&broken, |_| {}).err().unwrap();
    assert!(problem.place.contains("KHR_draco_mesh_compression"), "{problem}");
    assert!(
        !problem.message.contains('\n') && problem.message.contains("Draco"),
        "{problem}"
    );
    let content = in_draco(&broken, |json| {
        json["accessors"][0]["bufferView"] = 0.into();
        json["accessors"][1]["bufferView"] = 1.into();
        let primitive = &mut json["meshes"][0]["primitives"][0];
        primitive["attributes"] = json!({"POSITION": 0});
        primitive["extensions"]
            .as_object_mut()
            .unwrap()
            .remove("EXT_mesh_features");
    })
    .unwrap();
    assert_eq!(content.problems.len(), 1, "{:?}", content.problems);
    assert_sides(&content.meshes[0].0, [1.0, 1.0, 2.0_f32.sqrt()]);
    for (place, value) in [
        ("bufferView", json!(99)),
        ("bufferView", json!("x")),
        ("attributes", json!({"POSITION": 77})),
        ("attributes", json!(4)),
    ] {
        let edit = |json: &mut Value| {
            json["meshes"][0]["primitives"][0]["extensions"]["KHR_draco_mesh_compression"][place] = value.clone();
        };
        let problem = in_draco(&draco(), edit).err().unwrap();
        assert!(!problem.message.contains('\n'), "{problem}");
    }
}

/// `featureCount` is how many ids there are and not the greatest.
#[test]
fn features_without_a_table_are_found_by_any_id_that_they_have() {
    let with = |set: Value, ids: [u16; 3]| {
        let ids = shorts(&ids);
        decoded(&[&ids], |json, view| {
            let accessor = json!({"bufferView": view, "componentType": 5123, "count": 3, "type": "SCALAR"});
            json["accessors"].as_array_mut().unwrap().push(accessor);
            let primitive = &mut json["meshes"][0]["primitives"][0];
            primitive["attributes"]["_FEATURE_ID_0"] = 2.into();
            primitive["extensions"]["EXT_mesh_features"] = json!({"featureIds": [set]});
        })
    };
    for (set, ids, rows) in [
        (
            json!({"featureCount": 1, "nullFeatureId": 0, "attribute": 0}),
            [4; 3],
            5,
        ),
        (json!({"featureCount": 9, "attribute": 0}), [4; 3], 9),
        // That means "no feature", however great it is.
        (
            json!({"featureCount": 1, "nullFeatureId": 65535, "attribute": 0}),
            [65535; 3],
            1,
        ),
    ] {
        let content = with(set.clone(), ids);
        let feature = if ids[0] == 65535 { rows } else { ids[0].into() };
        assert_eq!(
            (content.features.rows, only(&content).features[0]),
            (rows, feature),
            "{set}"
        );
    }
}
