//! Several feature id sets of one surface, of copies and of points.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::bad_input::decode_bytes;
use crate::decode::request_alone;
use crate::feature_textures::{decoded, floats, here, met, only, picture, png, red, wall};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use stadslens::{
    geometry::{SurfaceValues, TextureSupport, Value},
    sources::{
        Severity,
        tiles3d::{TileContent, content_need, decode_content},
    },
};
use std::collections::BTreeMap;

/// Places near the corners of the wall.
const CORNERS: [[f32; 2]; 4] = [[0.3, 0.3], [9.5, 0.3], [0.3, 9.5], [9.7, 9.7]];
/// Rows of the corners in the attribute and in the picture.
const IN_ATTRIBUTE: [u8; 4] = [3, 2, 1, 0];
const IN_PICTURE: [u8; 4] = [1, 0, 3, 2];

/// Where a set has its ids.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Attribute,
    Picture,
    Number,
}

#[derive(Debug, Clone)]
struct Set {
    kind: Kind,
    table: Option<u32>,
    has_label: bool,
    null: Option<u32>,
}

impl Set {
    fn json(&self, number: usize) -> Json {
        let mut json = match self.kind {
            Kind::Attribute => json!({"attribute": 0}),
            Kind::Picture => {
                let inner = json!({"KHR_texture_transform": {"scale": [0.5, 0.5], "offset": [0.25, 0.25]}});
                json!({"texture": {"index": 0, "extensions": inner}})
            }
            Kind::Number => json!({}),
        };
        json["featureCount"] = 4.into();
        if let Some(table) = self.table {
            json["propertyTable"] = table.into();
        }
        if let Some(null) = self.null {
            json["nullFeatureId"] = null.into();
        }
        if self.has_label {
            json["label"] = format!("set{number}").into();
        }
        json
    }

    /// The corner that says what feature a place at a corner is: a triangle has that of its first one.
    fn corner_of_feature(&self, corner: u8, are_points: bool) -> u8 {
        match self.kind {
            Kind::Attribute | Kind::Number if !are_points => [0, 0, 0, 2][usize::from(corner)],
            _ => corner,
        }
    }

    /// The row at a corner.
    fn row(&self, corner: u8) -> Option<u32> {
        let row = match self.kind {
            Kind::Attribute => IN_ATTRIBUTE[usize::from(corner)],
            Kind::Picture => IN_PICTURE[usize::from(corner)],
            Kind::Number => corner,
        };
        Some(u32::from(row)).filter(|row| Some(*row) != self.null)
    }
}

/// Three tables of four rows with a property `n` that is 10 times the number of the table, and the row; their values stand
/// in the views from `first` on.
fn with_tables(json: &mut Json, first: u32) {
    let table = |number: u32| {
        json!({"class": "part", "name": format!("table{number}"), "count": 4,
            "properties": {"n": {"values": first + number}}})
    };
    json["extensions"]["EXT_structural_metadata"] = json!({
        "schema": {"classes": {"part": {"properties": {"n": {"type": "SCALAR", "componentType": "UINT8"}}}}},
        "propertyTables": [table(0), table(1), table(2)]});
}

fn values_of_tables() -> [[u8; 4]; 3] {
    [0, 1, 2].map(|table| [0, 1, 2, 3].map(|row| 10 * table + row))
}

/// A wall, or points at its corners, with these sets.
fn with_sets(sets: &[Set], are_points: bool) -> Vec<u8> {
    let [a, b, c] = values_of_tables();
    // Four quarters of 16 texels: a surface is cut to about one.
    let quarters: Vec<u8> = (0..64).map(|n| IN_PICTURE[n % 8 / 4 + n / 32 * 2]).collect();
    wall(&png(8, &red(&quarters)), &[&a, &b, &c, &IN_ATTRIBUTE], |json| {
        with_tables(json, 4);
        let ids = json!({"bufferView": 7, "componentType": 5121, "count": 4, "type": "SCALAR"});
        json["accessors"].as_array_mut().unwrap().push(ids);
        let primitive = &mut json["meshes"][0]["primitives"][0];
        primitive["attributes"]["_FEATURE_ID_0"] = 3.into();
        let sets: Vec<Json> = sets.iter().enumerate().map(|(number, set)| set.json(number)).collect();
        primitive["extensions"]["EXT_mesh_features"] = json!({"featureIds": sets});
        if are_points {
            primitive["mode"] = 0.into();
            primitive.as_object_mut().unwrap().remove("indices");
        }
    })
}

/// The value of the features' own table at a corner, and what the other sets say there.
fn expected(sets: &[Set], corner: u8, are_points: bool) -> (Option<Value>, Vec<(String, Value)>) {
    let mut sets: Vec<(usize, &Set)> = sets.iter().take(8).enumerate().collect();
    let value = |table: u32, row: u32| Value::Int(i64::from(10 * table + row));
    let chosen = sets.iter().find_map(|(_, set)| set.table);
    let own = sets.iter().position(|(_, set)| set.table == chosen);
    let own = own.map(|own| sets.remove(own).1);
    let own = own.and_then(|set| Some(value(set.table?, set.row(set.corner_of_feature(corner, are_points))?)));
    let mut told: Vec<(String, Value)> = Vec::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (number, set) in sets {
        let name = match set.table {
            _ if set.has_label => format!("set{number}"),
            Some(table) => format!("table{table}"),
            None => continue,
        };
        let count = names.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count > 1 { format!("{name} {count}") } else { name };
        match (set.table, set.row(corner)) {
            (Some(table), Some(row)) => told.push((format!("{name}: n"), value(table, row))),
            (None, Some(row)) => told.push((name, Value::Int(row.into()))),
            (_, None) => {}
        }
    }
    (own, told)
}

/// Decodes a file, which takes no more than it was said to.
pub(crate) fn measured(bytes: &[u8]) -> TileContent {
    measured_with(bytes).0
}

/// The same, with the bytes that it was said to take.
pub(crate) fn measured_with(bytes: &[u8]) -> (TileContent, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wall.glb");
    std::fs::write(&path, bytes).unwrap();
    let request = request_alone(&path);
    let need = content_need(&request, bytes, TextureSupport::default());
    let content = decode_content(&request).unwrap_or_else(|problem| panic!("{problem}"));
    let took = content.bytes_resident;
    assert!(need.held_bytes >= took, "{took} of {}", need.held_bytes);
    (content, need.held_bytes)
}

fn assert_told(sets: &[Set], are_points: bool) {
    let content = measured(&with_sets(sets, are_points));
    let problems: Vec<String> = content.problems.iter().map(ToString::to_string).collect();
    if sets.len() > 8 {
        assert!(problems.len() == 1 && problems[0].contains("first 8"), "{problems:?}");
    } else {
        assert!(problems.is_empty(), "{problems:?}");
    }
    for (corner, [x, y]) in (0_u8..).zip(CORNERS) {
        let (feature, told) = if are_points {
            let points = &content.marks.points[0];
            let told = points.values.of_point(corner.into());
            (points.features[usize::from(corner)], told)
        } else {
            let hit = met(&content, x, y);
            (hit.feature, only(&content).0.values.at(hit.triangle, hit.weights))
        };
        let expected = expected(sets, corner, are_points);
        assert_eq!(content.features.value(feature, "n"), expected.0, "corner {corner}");
        assert_eq!(told, expected.1, "corner {corner}");
    }
}

fn any_set() -> impl Strategy<Value = Set> {
    let kind = prop_oneof![Just(Kind::Attribute), Just(Kind::Picture), Just(Kind::Number)];
    let table = prop_oneof![Just(None), (0_u32..3).prop_map(Some)];
    let null = prop_oneof![Just(None), (0_u32..5).prop_map(Some)];
    (kind, table, any::<bool>(), null).prop_map(|(kind, table, has_label, null)| Set {
        kind,
        table,
        has_label,
        null,
    })
}

proptest! {
    // As many cases as `PROPTEST_CASES` says, for a longer search than the suite's own.
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn one_set_makes_the_features_and_the_others_are_told_beside_it(
        sets in prop::collection::vec(any_set(), 1..10),
        are_points in any::<bool>(),
    ) {
        assert_told(&sets, are_points);
    }
}

#[test]
fn the_first_set_with_a_table_makes_the_features_wherever_it_stands() {
    let set = |kind, table, has_label| Set {
        kind,
        table,
        has_label,
        null: None,
    };
    let sets = [
        set(Kind::Number, None, true),
        set(Kind::Picture, Some(1), false),
        set(Kind::Attribute, Some(2), false),
        set(Kind::Attribute, Some(1), true),
    ];
    assert_told(&sets, false);
    assert_told(&sets, true);
    let content = decoded(&with_sets(&sets, false));
    assert_eq!(
        content.features.value(met(&content, 9.5, 0.3).feature, "n"),
        Some(Value::Int(10))
    );
    let told = here(&content, 9.5, 0.3);
    let names: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(names, ["set0", "set3: n", "table2: n"]);
    assert_eq!((&told["set0"], &told["table2: n"]), (&Value::Int(1), &Value::Int(22)));
}

#[test]
fn copies_are_told_by_their_own_other_sets_and_those_of_their_model() {
    for count in [3_u16, 12] {
        let places: Vec<f32> = (0..count).flat_map(|i| [f32::from(i) * 40.0, 0.0, 0.0]).collect();
        let ids: Vec<u8> = (0..count).map(|i| 3 - u8::try_from(i % 4).unwrap()).collect();
        let tables = values_of_tables();
        let views: [&[u8]; 5] = [&tables[0], &tables[1], &tables[2], &floats(&places), &ids];
        let bytes = wall(&png(1, &red(&[0])), &views, |json| {
            with_tables(json, 4);
            json["accessors"].as_array_mut().unwrap().extend([
                json!({"bufferView": 7, "componentType": 5126, "count": count, "type": "VEC3"}),
                json!({"bufferView": 8, "componentType": 5121, "count": count, "type": "SCALAR"}),
            ]);
            let of_vertices = json!([{"featureCount": 4, "propertyTable": 2}]);
            json["meshes"][0]["primitives"][0]["extensions"]["EXT_mesh_features"] = json!({"featureIds": of_vertices});
            let of_copies = json!([
                {"featureCount": 4, "attribute": 0, "propertyTable": 0},
                {"featureCount": count, "propertyTable": 1, "label": "kind"}]);
            json["nodes"][0]["extensions"] = json!({
                "EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": 3, "_FEATURE_ID_0": 4}},
                "EXT_instance_features": {"featureIds": of_copies}});
        });
        let content = measured(&bytes);
        assert!(content.problems.is_empty(), "{:?}", content.problems);
        for i in 0..count {
            for (corner, [x, y]) in (0_i64..).zip(CORNERS) {
                let x = f32::from(i) * 40.0 + x;
                let row = content.features.value(met(&content, x, y).feature, "n");
                assert_eq!(row, Some(Value::Int(i64::from(3 - i % 4))), "copy {i} of {count}");
                let told = here(&content, x, y);
                assert_eq!(told["table2: n"], Value::Int(20 + corner), "copy {i} of {count}");
                // The table has four rows.
                let kind = (i < 4).then(|| Value::Int(10 + i64::from(i)));
                assert_eq!(told.get("kind: n").cloned(), kind, "copy {i} of {count}");
            }
        }
    }
}

#[test]
fn a_set_that_cannot_be_read_is_one_clear_line_and_the_others_stay() {
    let own = json!({"featureCount": 4, "propertyTable": 0});
    let [a, b, c] = values_of_tables();
    let lossy = picture(2, &red(&IN_PICTURE), image::ImageFormat::Jpeg);
    let with = |other: &Json, label: &str, image: &[u8]| {
        let bytes = wall(image, &[&a, &b, &c], |json| {
            with_tables(json, 4);
            let last = json!({"featureCount": 4, "propertyTable": 2, "label": label});
            json["meshes"][0]["primitives"][0]["extensions"]["EXT_mesh_features"] =
                json!({"featureIds": [own, other, last]});
        });
        decode_bytes(&bytes).unwrap()
    };
    let exact = png(2, &red(&IN_PICTURE));
    for (other, words, place, severity) in [
        (
            json!({"attribute": 5}),
            "is not there",
            "featureIds[1]",
            Severity::Error,
        ),
        (
            json!({"attribute": "x"}),
            "whole number",
            "featureIds[1]",
            Severity::Error,
        ),
        (
            json!({"texture": {"index": 7}}),
            "no such texture",
            "textures[7]",
            Severity::Error,
        ),
        (
            json!({"texture": {"index": 0, "texCoord": 3}}),
            "TEXCOORD_3",
            "featureIds[1]",
            Severity::Error,
        ),
        (
            json!({"texture": {"index": 0}}),
            "PNG",
            "textures[0]",
            Severity::Warning,
        ),
        (
            json!({"propertyTable": 9}),
            "no such property table",
            "propertyTables[9]",
            Severity::Error,
        ),
    ] {
        let mut other = other;
        other["featureCount"] = 4.into();
        if other.get("propertyTable").is_none() {
            other["propertyTable"] = 1.into();
        }
        let image = if words == "PNG" { &lossy } else { &exact };
        let content = with(&other, "last", image);
        let [problem] = &content.problems[..] else {
            panic!("{other}: {:?}", content.problems)
        };
        let line = problem.to_string();
        assert!(line.contains(words) && line.contains(place), "{other}: {line}");
        assert_eq!(problem.severity, severity, "{line}");
        assert!(!line.contains("without features"), "{line}");
        assert_eq!(met(&content, 9.7, 9.7).feature, 2, "{other}");
        let told: Vec<(String, Value)> = here(&content, 9.5, 0.3).into_iter().collect();
        assert_eq!(told, [("last: n".to_owned(), Value::Int(21))], "{other}");
    }
    // Names of the wrong kind, without end or empty are none.
    for label in ["", &"x".repeat(1_000)] {
        let told = here(&with(&json!({"featureCount": 4}), label, &exact), 9.5, 0.3);
        assert_eq!(told.keys().collect::<Vec<_>>(), ["table2: n"]);
    }
}

#[test]
fn no_more_tables_are_read_than_eight_beside_the_first() {
    let values = [7_u8; 4];
    let bytes = wall(&png(1, &red(&[0])), &[&values], |json| {
        let table = json!({"class": "part", "count": 4, "properties": {"n": {"values": 4}}});
        json["extensions"]["EXT_structural_metadata"] = json!({
            "schema": {"classes": {"part": {"properties": {"n": {"type": "SCALAR", "componentType": "UINT8"}}}}},
            "propertyTables": vec![table; 12]});
        let sets = |tables: std::ops::Range<u32>| -> Vec<Json> {
            tables
                .map(|table| json!({"featureCount": 4, "propertyTable": table}))
                .collect()
        };
        let primitives = json["meshes"][0]["primitives"].as_array_mut().unwrap();
        primitives.push(primitives[0].clone());
        primitives[0]["extensions"]["EXT_mesh_features"] = json!({"featureIds": sets(0..6)});
        primitives[1]["extensions"]["EXT_mesh_features"] = json!({"featureIds": sets(6..12)});
    });
    let content = measured(&bytes);
    let [problem] = &content.problems[..] else {
        panic!("{:?}", content.problems)
    };
    assert!(problem.message.contains("name 11 property tables"), "{problem}");
    // They have no names of their own: those of their class, numbered.
    let told = here(&content, 1.0, 1.0);
    assert!(
        told.contains_key("part: n") && told.contains_key("part 2: n"),
        "{told:?}"
    );
}

/// A strip of 20,000 triangles, or its 10,000 points, drawn once or in 20 places, with three sets of 20,000 rows of texts
/// each.
fn long_strip(are_points: bool, is_copied: bool) -> Vec<u8> {
    const ROWS: u32 = 20_000;
    let texts: Vec<u8> = (0..ROWS).flat_map(|row| format!("{row:040}").into_bytes()).collect();
    let offsets: Vec<u8> = (0..=ROWS).flat_map(|row| (row * 40).to_le_bytes()).collect();
    let along = |n: u16| [f32::from(n / 2), f32::from(n % 2), 0.0];
    let corners: Vec<f32> = (0..10_000).flat_map(along).collect();
    let indices = (0..10_000_u16).flat_map(|n| [n.min(9_997), n.min(9_997) + 1, n.min(9_997) + 2]);
    let indices: Vec<u8> = indices
        .chain((0..30_000).map(|n| n % 10_000))
        .flat_map(u16::to_le_bytes)
        .collect();
    let places: Vec<f32> = (0..20_u16).flat_map(|n| [0.0, 0.0, f32::from(n)]).collect();
    let views: [&[u8]; 5] = [&texts, &offsets, &floats(&corners), &indices, &floats(&places)];
    wall(&png(1, &[[0; 4]]), &views, |json| {
        let table = json!({"class": "part", "count": ROWS,
            "properties": {"text": {"values": 4, "stringOffsets": 5}}});
        json["extensions"]["EXT_structural_metadata"] = json!({
            "schema": {"classes": {"part": {"properties": {
                "text": {"type": "STRING"}, "given": {"type": "STRING", "default": "in every row"}}}}},
            "propertyTables": vec![table; 3]});
        json["accessors"].as_array_mut().unwrap().extend([
            json!({"bufferView": 6, "componentType": 5126, "count": 10_000, "type": "VEC3"}),
            json!({"bufferView": 7, "componentType": 5123, "count": 60_000, "type": "SCALAR"}),
            json!({"bufferView": 8, "componentType": 5126, "count": 20, "type": "VEC3"}),
        ]);
        let sets = [0, 1, 2].map(|table| json!({"featureCount": ROWS, "propertyTable": table}));
        let mut primitive = json!({"attributes": {"POSITION": 3}, "indices": 4,
            "extensions": {"EXT_mesh_features": {"featureIds": sets}}});
        if are_points {
            primitive["mode"] = 0.into();
            primitive.as_object_mut().unwrap().remove("indices");
        }
        json["meshes"] = json!([{"primitives": [primitive]}]);
        if is_copied {
            json["nodes"][0]["extensions"] = json!({
                "EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": 5}},
                "EXT_instance_features": {"featureIds": sets}});
        }
    })
}

#[test]
fn rows_and_tables_of_other_sets_are_counted_before_they_are_read() {
    let tables = 2 * 20_000 * (24 + 40 + 24 + 12);
    for (are_points, is_copied) in [(false, false), (true, false), (false, true), (true, true)] {
        let (content, said) = measured_with(&long_strip(are_points, is_copied));
        // Copies that do not fit into a tile are drawn simpler, which is told.
        assert!(
            content.problems.len() <= usize::from(is_copied),
            "{:?}",
            content.problems
        );
        let values = content.meshes.iter().map(|(mesh, ..)| &mesh.values);
        let values: u64 = values.chain(content.marks.values()).map(SurfaceValues::bytes).sum();
        assert!(values > tables && content.bytes_resident > values, "{values}");
        let took = content.bytes_resident;
        assert!(said < 5 * took, "{took} of {said}, {are_points} {is_copied}");
    }
}
