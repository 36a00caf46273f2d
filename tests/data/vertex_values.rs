//! Values at the vertices of what has no features.

use crate::feature_sets::measured;
use crate::feature_textures::{attributes, here, png, wall, with_attributes};
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
