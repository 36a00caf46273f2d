//! Composite and instanced tiles made by hand, broken and hostile ones: none takes its neighbours along, none grows
//! without end.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::bad_input::{decode_bytes, glb};
use crate::instanced::{copied_triangle, triangles};
use proptest::prelude::*;
use serde_json::json;
use stadslens::sources::{Cause, Problem};

/// An instanced tile with a triangle at `count` places along a line.
pub(crate) fn i3dm(count: u32, model: &[u8]) -> Vec<u8> {
    let features = format!(r#"{{"INSTANCES_LENGTH":{count},"POSITION":{{"byteOffset":0}}}}"#);
    let mut binary = Vec::new();
    for number in 0..count {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let place = [number as f32 * 2.0, 0.0, 0.0];
        binary.extend(place.iter().flat_map(|f| f.to_le_bytes()));
    }
    let batch = r#"{"kind":["tree"]}"#;
    let size = |n: usize| u32::try_from(n).unwrap();
    let length = 32 + features.len() + binary.len() + batch.len() + model.len();
    let fields = [
        1,
        size(length),
        size(features.len()),
        size(binary.len()),
        size(batch.len()),
        0,
        1,
    ];
    let mut bytes = b"i3dm".to_vec();
    bytes.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
    [
        bytes,
        features.into_bytes(),
        binary,
        batch.as_bytes().to_vec(),
        model.to_vec(),
    ]
    .concat()
}

fn b3dm(model: &[u8]) -> Vec<u8> {
    let size = |n: usize| u32::try_from(n).unwrap();
    let features = br#"{"BATCH_LENGTH":1}  "#;
    let mut bytes = b"b3dm".to_vec();
    for field in [
        1,
        size(28 + features.len() + model.len()),
        size(features.len()),
        0,
        0,
        0,
    ] {
        bytes.extend(field.to_le_bytes());
    }
    [&bytes[..], features, model].concat()
}

pub(crate) fn cmpt(inner: &[&[u8]]) -> Vec<u8> {
    let size = |n: usize| u32::try_from(n).unwrap();
    let body = inner.concat();
    let mut bytes = b"cmpt".to_vec();
    for field in [1, size(16 + body.len()), size(inner.len())] {
        bytes.extend(field.to_le_bytes());
    }
    [bytes, body].concat()
}

#[test]
fn a_broken_inner_tile_costs_itself_alone() {
    let triangle = glb(|_, _| {});
    let mut broken = b3dm(&triangle);
    broken[28 + 20..].fill(b'?');
    let nested = cmpt(&[&i3dm(2, &triangle), &broken]);
    let unknown = [&b"quux\x01\0\0\0\x10\0\0\0"[..], b"body"].concat();
    let whole = cmpt(&[&triangle, &broken, &nested, &unknown, &b3dm(&triangle)]);
    let content = decode_bytes(&whole).unwrap();
    assert_eq!(
        (triangles(&content), content.instances, content.features.rows),
        (4, 2, 3)
    );
    let places: Vec<&str> = content.problems.iter().map(|problem| problem.place.as_str()).collect();
    assert!(
        places.iter().any(|place| place.starts_with("tiles[1]"))
            && places.iter().any(|place| place.starts_with("tiles[2].tiles[1]")),
        "{places:?}"
    );
    assert_eq!(content.problems.len(), 3, "{:?}", content.problems);
    assert!(decode_bytes(&cmpt(&[&broken])).is_err(), "nothing of it can be drawn");
    assert_eq!(triangles(&decode_bytes(&cmpt(&[])).unwrap()), 0);
}

#[test]
fn composites_in_one_another_come_to_an_end() {
    let triangle = glb(|_, _| {});
    let nested = |depth: usize| (0..depth).fold(triangle.clone(), |inner, _| cmpt(&[&inner]));
    assert_eq!(triangles(&decode_bytes(&nested(8)).unwrap()), 1);
    let problem = decode_bytes(&nested(9)).err().unwrap();
    assert_eq!(problem.cause, Cause::TooLarge, "{problem}");
    assert!(decode_bytes(&nested(2_000)).is_err());
}

/// Instances of the file times copies in it, both allowed alone, would be 10¹⁰.
#[test]
fn copies_in_instances_do_not_multiply_without_end() {
    let copied = copied_triangle(|json| {
        let accessors = json["accessors"].as_array_mut().unwrap();
        accessors[2] = json!({"componentType": 5126, "count": 100_000, "type": "VEC3"});
        json["nodes"][0]["extensions"]["EXT_mesh_gpu_instancing"] = json!({"attributes": {"TRANSLATION": 2}});
    });
    let problem = decode_bytes(&i3dm(100_000, &copied)).err().unwrap();
    assert_eq!(problem.cause, Cause::TooLarge, "{problem}");
    let few = decode_bytes(&i3dm(2, &copied_triangle(|_| {}))).unwrap();
    assert_eq!((triangles(&few), few.instances, few.features.rows), (6, 6, 2));
    let rows: Vec<u32> = few.meshes[0].0.features.iter().step_by(3).copied().collect();
    assert_eq!(rows, [0, 0, 0, 1, 1, 1], "an instance of the file is the feature");
}

fn assert_is_clear(problem: &Problem) {
    let line = problem.to_string();
    assert!(!line.contains("did not expect"), "a decoder panicked: {line}");
}

fn assert_is_bounded(bytes: &[u8]) {
    match decode_bytes(bytes) {
        Ok(content) => {
            content.problems.iter().for_each(assert_is_clear);
            assert!(triangles(&content) < 10_000);
            for (mesh, ..) in &content.meshes {
                assert!(mesh.features.iter().all(|feature| *feature <= content.features.rows));
            }
        }
        Err(problem) => assert_is_clear(&problem),
    }
}

fn composite_of_all() -> Vec<u8> {
    let triangle = glb(|_, _| {});
    cmpt(&[
        &i3dm(3, &copied_triangle(|_| {})),
        &b3dm(&triangle),
        &cmpt(&[&i3dm(2, &triangle)]),
    ])
}

#[test]
fn a_composite_cut_off_anywhere_is_read_as_far_as_it_goes() {
    let whole = composite_of_all();
    assert_eq!(triangles(&decode_bytes(&whole).unwrap()), 12);
    for end in (4..whole.len()).step_by(7) {
        assert_is_bounded(&whole[..end]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bytes_that_differ_anywhere_break_nothing(
        flips in prop::collection::vec((0..composite_of_all().len(), any::<u8>()), 1..10),
    ) {
        let mut bytes = composite_of_all();
        for (at, byte) in flips {
            bytes[at] = byte;
        }
        assert_is_bounded(&bytes);
    }
}
