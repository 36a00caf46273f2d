//! What the specifications of glTF 2.0 and its extensions ask of a payload, checked on the bytes.

use serde_json::Value;
use std::collections::BTreeSet;

/// The JSON and the binary chunk of a GLB whose container is right.
pub(crate) fn open(glb: &[u8]) -> (Value, &[u8]) {
    let word = |at: usize| u32::from_le_bytes(glb[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(&glb[..4], b"glTF");
    assert_eq!((word(4), word(8)), (2, glb.len()));
    let json_bytes = word(12);
    assert_eq!(&glb[16..20], b"JSON");
    assert_eq!(json_bytes % 4, 0);
    let bin_at = 20 + json_bytes;
    assert_eq!(&glb[bin_at + 4..bin_at + 8], b"BIN\0");
    assert_eq!((bin_at + 8) % 8, 0, "metadata wants the bytes at a multiple of 8");
    assert_eq!(bin_at + 8 + word(bin_at), glb.len());
    (serde_json::from_slice(&glb[20..bin_at]).unwrap(), &glb[bin_at + 8..])
}

fn number(value: &Value, key: &str) -> usize {
    usize::try_from(value[key].as_u64().unwrap_or(0)).unwrap()
}

/// Panics at the first rule that is broken.
pub(crate) fn check(glb: &[u8]) {
    let (json, bin) = open(glb);
    let list = |key: &str| json[key].as_array().cloned().unwrap_or_default();
    let (buffers, views, accessors) = (list("buffers"), list("bufferViews"), list("accessors"));
    assert!(number(&buffers[0], "byteLength") <= bin.len() && bin.len() - number(&buffers[0], "byteLength") < 4);
    assert_eq!(buffers[1]["extensions"]["EXT_meshopt_compression"]["fallback"], true);
    assert!(buffers[1].get("uri").is_none());
    for view in &views {
        let (offset, length) = (number(view, "byteOffset"), number(view, "byteLength"));
        assert!(length > 0);
        assert!(offset + length <= number(&buffers[number(view, "buffer")], "byteLength"));
        let packed = &view["extensions"]["EXT_meshopt_compression"];
        if packed.is_null() {
            assert_eq!(number(view, "buffer"), 0);
            assert_eq!(offset % 8, 0);
            continue;
        }
        assert_eq!((number(view, "buffer"), number(packed, "buffer")), (1, 0));
        assert_eq!((offset % 4, number(packed, "byteOffset") % 4), (0, 0));
        assert!(number(packed, "byteOffset") + number(packed, "byteLength") <= bin.len());
        let (count, stride) = (number(packed, "count"), number(packed, "byteStride"));
        assert_eq!(count * stride, length);
        let first = bin[number(packed, "byteOffset")];
        match packed["mode"].as_str().unwrap() {
            "ATTRIBUTES" => {
                assert_eq!((first, stride % 4), (0xA0, 0));
                assert_eq!(number(view, "byteStride"), stride);
            }
            "TRIANGLES" => {
                assert_eq!((first, count % 3), (0xE1, 0));
                assert!(stride == 2 || stride == 4);
                assert!(view.get("byteStride").is_none());
            }
            other => panic!("{other}"),
        }
    }
    for accessor in &accessors {
        let view = &views[number(accessor, "bufferView")];
        let size = match number(accessor, "componentType") {
            5120 | 5121 => 1,
            5122 | 5123 => 2,
            5125 | 5126 => 4,
            other => panic!("component type {other}"),
        };
        let components = match accessor["type"].as_str().unwrap() {
            "SCALAR" => 1,
            "VEC2" => 2,
            "VEC3" => 3,
            other => panic!("{other}"),
        };
        let stride = if view["byteStride"].is_null() {
            size * components
        } else {
            number(view, "byteStride")
        };
        assert_eq!((number(accessor, "byteOffset") % size, stride % size), (0, 0));
        let count = number(accessor, "count");
        assert!(count > 0);
        assert!(
            number(accessor, "byteOffset") + (count - 1) * stride + size * components <= number(view, "byteLength")
        );
    }
    check_primitives(&json, &accessors);
    check_extensions(&json);
    check_tables(&json, &views);
}

fn check_primitives(json: &Value, accessors: &[Value]) {
    let rows = number(
        &json["extensions"]["EXT_structural_metadata"]["propertyTables"][0],
        "count",
    );
    for primitive in json["meshes"][0]["primitives"].as_array().unwrap() {
        let attributes = primitive["attributes"].as_object().unwrap();
        let counts: BTreeSet<usize> = attributes
            .values()
            .map(|a| number(&accessors[usize::try_from(a.as_u64().unwrap()).unwrap()], "count"))
            .collect();
        assert_eq!(counts.len(), 1);
        let position = &accessors[number(&primitive["attributes"], "POSITION")];
        for (low, high) in position["min"]
            .as_array()
            .unwrap()
            .iter()
            .zip(position["max"].as_array().unwrap())
        {
            assert!(low.as_f64().unwrap() <= high.as_f64().unwrap());
        }
        if number(position, "componentType") == 5123 {
            assert!(json["nodes"][0]["scale"].is_array() && json["nodes"][0]["translation"].is_array());
        }
        let ids = &primitive["extensions"]["EXT_mesh_features"]["featureIds"][0];
        assert_eq!((number(ids, "attribute"), number(ids, "propertyTable")), (0, 0));
        assert!((1..=rows).contains(&number(ids, "featureCount")));
        assert_eq!(number(&accessors[number(primitive, "indices")], "count") % 3, 0);
    }
}

fn check_extensions(json: &Value) {
    let names = |key: &str| -> BTreeSet<String> {
        let list = json[key].as_array().unwrap().iter();
        list.map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let (used, required) = (names("extensionsUsed"), names("extensionsRequired"));
    assert!(required.is_subset(&used));
    let text = json.to_string();
    for name in &used {
        assert!(
            name == "KHR_mesh_quantization" || text.contains(&format!("\"{name}\":")),
            "{name} is not used"
        );
    }
    assert!(required.contains("EXT_meshopt_compression") && required.contains("KHR_mesh_quantization"));
    for name in ["EXT_mesh_features", "EXT_structural_metadata"] {
        assert!(used.contains(name) && !required.contains(name));
    }
}

fn check_tables(json: &Value, views: &[Value]) {
    let metadata = &json["extensions"]["EXT_structural_metadata"];
    let table = &metadata["propertyTables"][0];
    assert_eq!(table["class"], "building");
    let definitions = metadata["schema"]["classes"]["building"]["properties"]
        .as_object()
        .unwrap();
    let columns = table["properties"].as_object().unwrap();
    assert_eq!(
        definitions.keys().collect::<Vec<_>>(),
        columns.keys().collect::<Vec<_>>()
    );
    let rows = number(table, "count");
    for (id, definition) in definitions {
        assert!(
            id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !id.starts_with(|c: char| c.is_ascii_digit())
        );
        let length = number(&views[number(&columns[id], "values")], "byteLength");
        let each = |size: usize| assert_eq!(length, rows * size, "{id}");
        match (
            definition["type"].as_str().unwrap(),
            definition["componentType"].as_str(),
        ) {
            ("STRING", None) => {
                assert_eq!(
                    number(&views[number(&columns[id], "stringOffsets")], "byteLength"),
                    4 * (rows + 1)
                );
            }
            ("BOOLEAN", None) => assert_eq!(length, rows.div_ceil(8)),
            ("ENUM", None) => each(1),
            ("SCALAR", Some("INT32" | "FLOAT32")) => each(4),
            ("SCALAR", Some("INT64" | "FLOAT64")) => each(8),
            other => panic!("{other:?}"),
        }
    }
    assert!(definitions["id"]["required"].as_bool().unwrap());
}
