//! Values at the vertices of what has no features.

use crate::feature_sets::measured;
use crate::feature_textures::{attributes, floats, here, png, red, wall, with_attributes};
use serde_json::{Value as Json, json};
use stadslens::geometry::Value;
use std::collections::BTreeMap;

#[test]
fn values_of_vertices_are_told_between_the_corners_of_what_has_no_features() {
    let [heat, wood, way] = attributes();
    let with = |edit: &dyn Fn(&mut Json)| {
        measured(&wall(&png(1, &[[0; 4]]), &[&heat, &wood, &way], |json| {
            with_attributes(json, &json!({}));
            edit(json);
        }))
    };
    let content = with(&|_| {});
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    assert_eq!((content.features.rows, content.features.columns.len()), (0, 0));
    let at = |x: f32, y: f32| here(&content, x, y);
    let near = |value: &Value, expected: f64| {
        let Value::Float(found) = value else {
            panic!("{value:?}")
        };
        assert!((found - expected).abs() < 1e-3, "{found} and not {expected}");
    };
    // A half of the first corner, and quarters of the second and of the third.
    let told = at(2.5, 2.5);
    assert_eq!(told.len(), 4);
    near(&told["heat"], 273.0 + 1.75);
    let Value::List(parts) = &told["way"] else {
        panic!("{told:?}")
    };
    near(&parts[0], 0.125);
    near(&parts[1], 1.75);
    // Whole numbers and categories are those of a corner, and so is "no data".
    assert_eq!(
        (&told["number"], &told["wood"]),
        (&Value::Int(1), &Value::Text("oak".into()))
    );
    let told = at(9.0, 0.4);
    assert_eq!(
        (&told["number"], &told["wood"]),
        (&Value::Int(2), &Value::Text("ash".into()))
    );
    assert_eq!(at(0.4, 9.0)["number"], Value::Null);
    assert_eq!(at(9.5, 9.5)["wood"], Value::Text("9".into()));
    // With features they are columns.
    let set = json!({"featureIds": [{"featureCount": 4}]});
    let content = with(&|json| json["meshes"][0]["primitives"][0]["extensions"]["EXT_mesh_features"] = set.clone());
    assert_eq!(content.features.columns.len(), 4);
    assert!(here(&content, 2.5, 2.5).is_empty());
}

#[test]
fn points_beside_a_surface_keep_the_values_of_their_vertices() {
    let [heat, wood, way] = attributes();
    let content = measured(&wall(&png(1, &[[0; 4]]), &[&heat, &wood, &way], |json| {
        with_attributes(json, &json!({}));
        let primitives = json["meshes"][0]["primitives"].as_array_mut().unwrap();
        let mut points = primitives[0].clone();
        points["mode"] = 0.into();
        points.as_object_mut().unwrap().remove("indices");
        primitives.push(points);
    }));
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    let points = &content.marks.points[0];
    assert!(!points.has_row_each && content.features.rows == 0);
    let told: BTreeMap<String, Value> = points.values.of_point(1).into_iter().collect();
    assert_eq!(
        (&told["heat"], &told["wood"]),
        (&Value::Float(275.0), &Value::Text("ash".into()))
    );
    assert_eq!(here(&content, 9.0, 0.4)["wood"], Value::Text("ash".into()));
}

/// Whole numbers and rows of other sets where a surface is cut: those of the corner that is nearest.
#[test]
fn where_a_surface_is_cut_the_nearest_corner_tells_what_has_nothing_between() {
    // The last texel is that of another feature than the three around it.
    let ids: Vec<u8> = (0..256_u16).map(|n| u8::from(n % 2 == 1 && n / 16 % 2 == 1)).collect();
    // One of the two has features, so that one part has places with and without.
    let set = json!({"featureCount": 1, "nullFeatureId": 1, "texture": {"index": 0}});
    let values = floats(&[10.0, 20.0, 30.0, 40.0]);
    let content = measured(&wall(&png(16, &red(&ids)), &[&values], |json| {
        let accessor = json!({"bufferView": 4, "componentType": 5126, "count": 4, "type": "SCALAR"});
        json["accessors"].as_array_mut().unwrap().push(accessor);
        let primitive = &mut json["meshes"][0]["primitives"][0];
        primitive["attributes"]["_WHOLE"] = 3.into();
        primitive["extensions"] = json!({
            "EXT_mesh_features": {"featureIds": [set, {"featureCount": 4, "label": "corner"}]},
            "EXT_structural_metadata": {"propertyAttributes": [0]}});
        json["extensions"]["EXT_structural_metadata"] = json!({
            "schema": {"classes": {"skin": {"properties": {
                "whole": {"type": "SCALAR", "componentType": "UINT8"}}}}},
            "propertyAttributes": [{"class": "skin", "properties": {"whole": {"attribute": "_WHOLE"}}}]});
    }));
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    let mut seen = 0;
    for (u, v) in (0..40_u8).flat_map(|u| (0..40_u8).map(move |v| (u, v))) {
        let [u, v] = [u, v].map(|part| (f32::from(part) + 0.4) / 40.0);
        let mut shares = if u + v < 1.0 {
            [(0_u8, 1.0 - u - v), (1, u), (2, v)]
        } else {
            [(1, 1.0 - v), (2, 1.0 - u), (3, u + v - 1.0)]
        };
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        // Pieces are about one texel wide.
        if shares[0].1 - shares[1].1 < 0.25 {
            continue;
        }
        seen += 1;
        let corner = i64::from(shares[0].0);
        let told = here(&content, u * 10.0, v * 10.0);
        assert_eq!(told["corner"], Value::Int(corner), "{u} {v}");
        assert_eq!(told["whole"], Value::Int(10 * corner + 10), "{u} {v}");
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn no_data_at_a_corner_stays_out_of_the_mean_of_a_feature_that_is_cut() {
    let ids: Vec<u8> = (0..16).map(|n| n % 2).collect();
    let values = floats(&[-9999.0, 5.0, 5.0, 5.0]);
    let content = measured(&wall(&png(4, &red(&ids)), &[&values], |json| {
        let accessor = json!({"bufferView": 4, "componentType": 5126, "count": 4, "type": "SCALAR"});
        json["accessors"].as_array_mut().unwrap().push(accessor);
        let primitive = &mut json["meshes"][0]["primitives"][0];
        primitive["attributes"]["_HEAT"] = 3.into();
        primitive["extensions"] = json!({
            "EXT_mesh_features": {"featureIds": [{"featureCount": 2, "texture": {"index": 0}}]},
            "EXT_structural_metadata": {"propertyAttributes": [0]}});
        json["extensions"]["EXT_structural_metadata"] = json!({
            "schema": {"classes": {"skin": {"properties": {
                "heat": {"type": "SCALAR", "componentType": "FLOAT32", "noData": -9999}}}}},
            "propertyAttributes": [{"class": "skin", "properties": {"heat": {"attribute": "_HEAT"}}}]});
    }));
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    for row in 0..2 {
        assert_eq!(content.features.value(row, "heat"), Some(Value::Float(5.0)), "{row}");
    }
    // All of it is of a feature.
    assert!(here(&content, 1.0, 1.0).is_empty());
}
