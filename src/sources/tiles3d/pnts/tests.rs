//! Tiles written here by hand, in every form that the specification knows, and damaged.

use super::*;
use crate::geometry::{FeaturePoints, Value};
use crate::georef::{SiteFrame, site_axes};
use crate::sources::resource::folder;
use bevy::math::{DMat4, Vec3};
use draco_core::{
    draco_types::DataType,
    encoder_buffer::EncoderBuffer,
    encoder_options::EncoderOptions,
    geometry_attribute::{GeometryAttributeType, PointAttribute},
    point_cloud::PointCloud,
    point_cloud_encoder::PointCloudEncoder,
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;
use std::path::Path;

/// A tile of its four parts.
fn tile(features: &Json, feature_binary: &[u8], batch: &Json, batch_binary: &[u8]) -> Vec<u8> {
    let padded = |json: &Json| {
        let mut text = if json.is_null() {
            Vec::new()
        } else {
            json.to_string().into_bytes()
        };
        text.resize(text.len().next_multiple_of(8), b' ');
        text
    };
    let parts = [&padded(features)[..], feature_binary, &padded(batch), batch_binary].map(<[u8]>::to_vec);
    let length: usize = parts.iter().map(Vec::len).sum();
    let size = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    let mut bytes = b"pnts\x01\0\0\0".to_vec();
    bytes.extend(size(28 + length));
    bytes.extend(parts.iter().flat_map(|part| size(part.len())));
    bytes.extend(parts.concat());
    bytes
}

fn request() -> DecodeRequest {
    DecodeRequest {
        resources: folder(Path::new(".")),
        path: "tile.pnts".to_owned(),
        root_from_tile: DMat4::from_translation(DVec3::new(100.0, 200.0, 0.0)),
        is_geocentric: false,
        site: SiteFrame::Local,
        volume: None,
        gltf_up_axis: 'Y',
        height_offset_m: 0.0,
    }
}

fn decoded(bytes: &[u8]) -> Result<DecodedMeshes, Problem> {
    decode(&request(), bytes, "tile.pnts", &mut Budget::default())
}

fn only(decoded: &DecodedMeshes) -> &FeaturePoints {
    let [points] = &decoded.marks.points[..] else {
        panic!("{} clouds", decoded.marks.points.len())
    };
    points
}

/// Places of all points, whole metres of the site.
fn places(decoded: &DecodedMeshes) -> Vec<[f64; 3]> {
    decoded.places().map(|p| p.to_array().map(f64::round)).collect()
}

fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Two points, at (1, 2, 3) and (4, 5, 6), with what `more` adds to the table and behind the positions.
fn two(more: Json, behind: &[u8]) -> Vec<u8> {
    let mut features = json!({"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 0}});
    for (key, value) in more.as_object().unwrap() {
        features[key] = value.clone();
    }
    let mut binary = floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    binary.extend(behind);
    tile(&features, &binary, &Json::Null, &[])
}

#[test]
fn points_stand_upright_where_the_tile_says() {
    let found = decoded(&two(json!({"RTC_CENTER": [10.0, 0.0, 1000.0]}), &[])).unwrap();
    assert_eq!(places(&found), [[111.0, 202.0, 1003.0], [114.0, 205.0, 1006.0]]);
    assert!(found.problems.is_empty() && found.features.rows == 0);
    assert!(only(&found).colors.is_empty() && only(&found).normals.is_empty());
}

#[test]
fn quantized_positions_fill_their_volume() {
    let features = json!({"POINTS_LENGTH": 3, "POSITION_QUANTIZED": {"byteOffset": 0},
        "QUANTIZED_VOLUME_OFFSET": [4_000_000.5, 10.0, 20.0], "QUANTIZED_VOLUME_SCALE": [10.0, 20.0, 30.0]});
    let steps = [0_u16, 0, 0, 65_535, 65_535, 65_535, 32_768, 0, 65_535];
    let binary: Vec<u8> = steps.iter().flat_map(|step| step.to_le_bytes()).collect();
    let found = decoded(&tile(&features, &binary, &Json::Null, &[])).unwrap();
    let expected = [
        [4_000_100.5, 210.0, 20.0],
        [4_000_110.5, 230.0, 50.0],
        [4_000_105.5, 210.0, 50.0],
    ];
    for (place, expected) in found.places().zip(expected) {
        assert!(place.distance(DVec3::from_array(expected)) < 0.001, "{place}");
    }
    let without = json!({"POINTS_LENGTH": 3, "POSITION_QUANTIZED": {"byteOffset": 0}});
    let problem = decoded(&tile(&without, &binary, &Json::Null, &[])).err().unwrap();
    assert!(problem.place.contains("QUANTIZED_VOLUME"), "{problem}");
}

#[test]
fn every_form_of_colour_is_read_and_the_fullest_wins() {
    let colors = |more: Json, behind: &[u8]| {
        let found = decoded(&two(more, behind)).unwrap();
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        only(&found).colors.clone()
    };
    let rgb = json!({"RGB": {"byteOffset": 24}});
    assert_eq!(colors(rgb, &[1, 2, 3, 4, 5, 6]), [[1, 2, 3, 255], [4, 5, 6, 255]]);
    let both = json!({"RGB": {"byteOffset": 24}, "RGBA": {"byteOffset": 24}});
    assert_eq!(colors(both, &[1, 2, 3, 4, 5, 6, 7, 8]), [[1, 2, 3, 4], [5, 6, 7, 8]]);
    let packed = json!({"RGB565": {"byteOffset": 24}});
    assert_eq!(colors(packed, &[0xff, 0xff, 0, 0xf8]), [[255; 4], [255, 0, 0, 255]]);
    let constant = json!({"CONSTANT_RGBA": [1, 2, 3, 51]});
    assert_eq!(colors(constant, &[]), [[1, 2, 3, 51]; 2]);
    let in_binary = json!({"CONSTANT_RGBA": {"byteOffset": 24}});
    assert_eq!(colors(in_binary, &[9, 8, 7, 6]), [[9, 8, 7, 6]; 2]);
}

#[test]
fn normals_are_turned_with_the_points() {
    for (more, behind) in [
        (
            json!({"NORMAL": {"byteOffset": 24}}),
            floats(&[0.0, 0.0, 2.0, 1.0, 0.0, 0.0]),
        ),
        (json!({"NORMAL_OCT16P": {"byteOffset": 24}}), vec![128, 128, 255, 128]),
    ] {
        let found = decoded(&two(more, &behind)).unwrap();
        let normals: Vec<Vec3> = only(&found).normals.iter().copied().map(Vec3::from_array).collect();
        assert!(normals[0].distance(Vec3::Y) < 0.02, "up: {}", normals[0]);
        assert!(normals[1].distance(Vec3::X) < 0.02, "east: {}", normals[1]);
    }
}

#[test]
fn batches_have_rows_and_what_is_in_none_has_no_row() {
    let features = json!({"POINTS_LENGTH": 3, "POSITION": {"byteOffset": 0}, "BATCH_LENGTH": 2,
        "BATCH_ID": {"byteOffset": 36, "componentType": "UNSIGNED_BYTE"}});
    let mut binary = floats(&[0.0; 9]);
    binary.extend([1, 0, 9]);
    let batch =
        json!({"name": ["wall", "roof"], "height": {"byteOffset": 0, "componentType": "FLOAT", "type": "SCALAR"}});
    let found = decoded(&tile(&features, &binary, &batch, &floats(&[3.0, 7.5]))).unwrap();
    assert_eq!(only(&found).features, [1, 0, 2]);
    assert!(!only(&found).has_row_each);
    assert_eq!(found.features.rows, 2);
    assert_eq!(found.features.value(1, "name"), Some(Value::Text("roof".to_owned())));
    assert_eq!(found.features.value(1, "height"), Some(Value::Float(7.5)));
}

#[test]
fn properties_without_batches_belong_to_single_points() {
    let features = json!({"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 0}});
    let batch = json!({"id": {"byteOffset": 0, "componentType": "UNSIGNED_SHORT", "type": "SCALAR"}});
    let found = decoded(&tile(&features, &floats(&[0.0; 6]), &batch, &[7, 0, 8, 0])).unwrap();
    assert!(only(&found).has_row_each);
    assert_eq!((&only(&found).features[..], found.features.rows), (&[0, 1][..], 2));
    assert_eq!(found.features.value(1, "id"), Some(Value::Int(8)));
}

#[test]
fn a_broken_attribute_costs_itself_alone() {
    let found = decoded(&two(
        json!({"RGB": {"byteOffset": 999}, "NORMAL": {}, "BATCH_ID": {"byteOffset": 24}}),
        &[],
    ))
    .unwrap();
    assert_eq!(places(&found).len(), 2);
    let places: Vec<&str> = found.problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(
        places,
        ["feature table.RGB", "feature table.NORMAL", "feature table.BATCH_ID"]
    );
}

#[test]
fn points_that_stand_nowhere_are_left_out() {
    let features = json!({"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 0}});
    let binary = floats(&[f32::NAN, 0.0, 0.0, 1.0, 1.0, 1.0]);
    let found = decoded(&tile(&features, &binary, &Json::Null, &[])).unwrap();
    assert_eq!((places(&found).len(), found.problems.len()), (1, 1));
    let binary = floats(&[f32::INFINITY; 6]);
    assert!(decoded(&tile(&features, &binary, &Json::Null, &[])).is_err());
    let none = decoded(&tile(&json!({"POINTS_LENGTH": 0}), &[], &Json::Null, &[])).unwrap();
    assert!(none.marks.is_empty() && none.problems.is_empty());
}

#[test]
fn a_tile_cut_off_anywhere_is_one_clear_line() {
    let whole = two(json!({"RGB": {"byteOffset": 24}}), &[0; 6]);
    for end in 4..whole.len() {
        let problem = decoded(&whole[..end]).err().unwrap();
        assert!(problem.message.contains("cut off"), "{end}: {problem}");
    }
}

#[test]
fn hostile_counts_and_places_are_refused() {
    for (features, what) in [
        (
            json!({"POINTS_LENGTH": 4_294_967_295_u32, "POSITION": {"byteOffset": 0}}),
            "more than",
        ),
        (
            json!({"POINTS_LENGTH": 20_000_000, "POSITION": {"byteOffset": 0}}),
            "past the end",
        ),
        (
            json!({"POINTS_LENGTH": 2, "POSITION": {"byteOffset": u64::MAX}}),
            "past the end",
        ),
        (json!({"POINTS_LENGTH": -1, "POSITION": {"byteOffset": 0}}), "missing"),
        (json!({"POSITION": {"byteOffset": 0}}), "missing"),
        (json!({"POINTS_LENGTH": 2}), "no positions"),
        (
            json!({"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 0}, "RTC_CENTER": [1e308, 1e308, 1e308]}),
            "finite",
        ),
    ] {
        let problem = decoded(&tile(&features, &floats(&[0.0; 6]), &Json::Null, &[]))
            .err()
            .unwrap();
        assert!(problem.message.contains(what), "{features}: {problem}");
    }
    let mut later = two(json!({}), &[]);
    later[4] = 2;
    assert!(decoded(&later).err().unwrap().message.contains("version 2"));
}

/// A stream of `count` points along a line, with colours and a number for each.
fn draco(count: u16) -> Vec<u8> {
    let mut cloud = PointCloud::new();
    cloud.set_num_points(count.into());
    let mut add = |kind, components: u8, data_type, bytes: Vec<u8>| {
        let mut attribute = PointAttribute::new();
        attribute.init(kind, components, data_type, false, count.into());
        attribute.buffer_mut().write(0, &bytes);
        cloud.add_attribute(attribute);
    };
    let positions: Vec<f32> = (0..count).flat_map(|n| [f32::from(n), 2.0, 3.0]).collect();
    add(
        GeometryAttributeType::Position,
        3,
        DataType::Float32,
        floats(&positions),
    );
    let colors = (0..count).flat_map(|n| [n.to_le_bytes()[0], 20, 30]).collect();
    add(GeometryAttributeType::Color, 3, DataType::Uint8, colors);
    let numbers = (0..count).flat_map(|n| (1000 + n).to_le_bytes()).collect();
    add(GeometryAttributeType::Generic, 1, DataType::Uint16, numbers);
    let mut encoder = PointCloudEncoder::new();
    encoder.set_point_cloud(cloud);
    let mut buffer = EncoderBuffer::new();
    encoder.encode(&EncoderOptions::new(), &mut buffer).unwrap();
    buffer.data().to_vec()
}

fn draco_tile(points: u32, stream: &[u8]) -> Vec<u8> {
    let features = json!({"POINTS_LENGTH": points, "POSITION": {"byteOffset": 0}, "RGB": {"byteOffset": 0},
        "extensions": {"3DTILES_draco_point_compression":
            {"properties": {"POSITION": 0, "RGB": 1}, "byteOffset": 0, "byteLength": stream.len()}}});
    let batch = json!({"id": {"byteOffset": 0, "componentType": "UNSIGNED_SHORT", "type": "SCALAR"},
        "extensions": {"3DTILES_draco_point_compression": {"properties": {"id": 2}}}});
    tile(&features, stream, &batch, &[])
}

#[test]
fn compressed_points_keep_their_colours_and_properties() {
    let bytes = draco_tile(50, &draco(50));
    let found = decoded(&bytes).unwrap();
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let points = only(&found);
    assert_eq!((points.positions.len(), found.features.rows), (50, 50));
    for (at, position) in (0_u32..).zip(&points.positions) {
        let place = points.origin.0 + site_axes(Vec3::from_array(*position).as_dvec3());
        let number = place.x - 100.0;
        assert!(
            (f64::from(points.colors[at as usize][0]) - number).abs() < 0.1,
            "{place}"
        );
        let Some(Value::Int(id)) = found.features.value(at, "id") else {
            panic!("no id")
        };
        let id = f64::from(u16::try_from(id).unwrap());
        assert!((id - 1000.0 - number).abs() < 0.1, "{place}: {id}");
    }
    assert_eq!(Pnts::parse(&bytes).unwrap().extensions(), [DRACO]);
}

#[test]
fn a_stream_that_does_not_keep_what_the_table_promises_is_refused() {
    let stream = draco(50);
    let problem = decoded(&draco_tile(49, &stream)).err().unwrap();
    assert!(problem.message.contains("50 points"), "{problem}");
    let problem = decoded(&draco_tile(50, &stream[..stream.len() / 2])).err().unwrap();
    assert!(problem.message.contains("Draco"), "{problem}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Damage never panics, and never makes points out of nothing.
    #[test]
    fn damaged_tiles_give_points_or_one_problem(
        is_compressed in any::<bool>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        in_front in any::<bool>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = if is_compressed {
            draco_tile(50, &draco(50))
        } else {
            two(json!({"RGB": {"byteOffset": 24}, "BATCH_LENGTH": 2, "BATCH_ID": {"byteOffset": 30}}), &[0; 10])
        };
        for (place, value) in changes {
            let most = if in_front { 28 + 120 } else { bytes.len() };
            let place = place.index(most.min(bytes.len()));
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match decoded(&bytes) {
            Ok(found) => {
                prop_assert!(found.marks.point_count() <= 50);
                for points in &found.marks.points {
                    prop_assert!(points.positions.iter().flatten().all(|number| number.is_finite()));
                    prop_assert!(points.features.iter().all(|feature| *feature <= found.features.rows));
                }
            }
            Err(problem) => prop_assert!(!problem.message.is_empty() && !problem.message.contains('\n')),
        }
    }
}
