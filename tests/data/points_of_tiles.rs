//! Points and lines of tiles where they meet the other kinds: in composite tiles, and copied with the model that they
//! belong to.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::bad_input::{decode_bytes, glb};
use crate::composite::{cmpt, i3dm};
use crate::instanced::{copied_triangle, triangles};
use serde_json::json;
use stadslens::sources::Cause;

/// A cloud that promises `count` points, each in a batch of its own, with as many places as `places` has.
fn pnts(count: u32, places: &[[f32; 3]]) -> Vec<u8> {
    let positions: Vec<u8> = places
        .iter()
        .flatten()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let ids_start = positions.len();
    let features = format!(
        r#"{{"POINTS_LENGTH":{count},"POSITION":{{"byteOffset":0}},"BATCH_LENGTH":{count},
            "BATCH_ID":{{"byteOffset":{ids_start},"componentType":"UNSIGNED_BYTE"}}}}"#
    );
    let mut binary = positions;
    binary.extend((0_u8..).take(places.len()));
    let size = |length: usize| u32::try_from(length).unwrap();
    let mut bytes = b"pnts\x01\0\0\0".to_vec();
    for field in [28 + features.len() + binary.len(), features.len(), binary.len(), 0, 0] {
        bytes.extend(size(field).to_le_bytes());
    }
    [bytes, features.into_bytes(), binary].concat()
}

#[test]
fn clouds_in_a_composite_tile_keep_their_features_beside_the_others() {
    let triangle = glb(|_, _| {});
    let two = pnts(2, &[[0.0; 3], [1.0; 3]]);
    let one = pnts(1, &[[5.0; 3]]);
    let whole = cmpt(&[&two, &i3dm(2, &triangle), &one]);
    let content = decode_bytes(&whole).unwrap();
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    assert_eq!((content.marks.point_count(), triangles(&content)), (3, 2));
    assert_eq!((content.instances, content.features.rows), (2, 5));
    let features: Vec<u32> = content.marks.places().map(|(_, feature)| feature).collect();
    assert_eq!(features, [0, 1, 4]);
    assert_eq!(content.bytes_read, whole.len() as u64);
}

#[test]
fn clouds_in_a_composite_tile_share_one_cap_and_a_broken_one_takes_nothing_of_it() {
    let sound = pnts(1, &[[1.0; 3]]);
    let lies = pnts(19_999_999, &[[1.0; 3]]);
    let content = decode_bytes(&cmpt(&[&lies, &lies, &sound])).unwrap();
    assert_eq!((content.marks.point_count(), content.problems.len()), (1, 2));
    let problem = decode_bytes(&pnts(20_000_001, &[[1.0; 3]])).err().unwrap();
    assert_eq!(problem.cause, Cause::TooLarge, "{problem}");
}

#[test]
fn points_and_lines_are_copied_with_their_model() {
    for (mode, points, lines) in [(0, 3, 0), (1, 0, 1), (2, 0, 3), (3, 0, 2)] {
        let copied = copied_triangle(|json| json["meshes"][0]["primitives"][0]["mode"] = json!(mode));
        let content = decode_bytes(&copied).unwrap();
        assert!(content.problems.is_empty(), "{mode}: {:?}", content.problems);
        let found = (content.marks.point_count(), content.marks.segment_count());
        assert_eq!((found, content.instances), ((3 * points, 3 * lines), 3), "mode {mode}");
        let content = decode_bytes(&i3dm(2, &copied)).unwrap();
        let found = (content.marks.point_count(), content.marks.segment_count());
        assert_eq!((found, content.instances), ((6 * points, 6 * lines), 6), "mode {mode}");
        let features: Vec<u32> = content.marks.places().map(|(_, feature)| feature).collect();
        let (first, second) = features.split_at(features.len() / 2);
        assert!(
            first.iter().all(|row| *row == 0) && second.iter().all(|row| *row == 1),
            "an instance of the file is the feature: {features:?}"
        );
    }
}

#[test]
fn a_mesh_of_faces_and_points_is_counted_once() {
    let both = copied_triangle(|json| {
        let primitives = json["meshes"][0]["primitives"].as_array_mut().unwrap();
        let mut points = primitives[0].clone();
        points["mode"] = json!(0);
        primitives.push(points);
    });
    let content = decode_bytes(&both).unwrap();
    assert_eq!((triangles(&content), content.marks.point_count()), (3, 9));
    assert_eq!(content.instances, 3);
    let content = decode_bytes(&i3dm(2, &both)).unwrap();
    assert_eq!((triangles(&content), content.marks.point_count()), (6, 18));
    assert_eq!(content.instances, 6);
}
