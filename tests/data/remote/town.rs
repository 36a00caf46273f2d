//! A town of tiles as files of a server: a quadtree of squares, each quarter in a tileset of its own.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Levels below the root.
const LEVELS: u32 = 3;
/// Half a side of the root, metres.
const HALF_M: f64 = 1000.0;

/// The files by their path. Every content says its own path, so that a mix-up is seen, and has `bytes` bytes.
pub(crate) fn files(bytes: usize) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut root = tile("0", 0, [0.0, 0.0], &mut files, bytes);
    let children: Vec<Value> = (0..4)
        .map(|quarter| {
            let (name, center) = child("0", 0, [0.0, 0.0], quarter);
            let inner = subtree(&name, 1, center, &mut files, bytes);
            let path = format!("/quarters/{quarter}.json");
            files.insert(path, tileset(&inner));
            let mut outer = tile_shape(1, center);
            outer["content"] = json!({"uri": format!("quarters/{quarter}.json")});
            outer
        })
        .collect();
    root["children"] = children.into();
    files.insert("/tileset.json".to_owned(), tileset(&root));
    files
}

/// What a content holds.
pub(crate) fn content(path: &str, bytes: usize) -> Vec<u8> {
    let mut content = path.as_bytes().to_vec();
    content.resize(bytes.max(path.len()), b'.');
    content
}

fn tileset(root: &Value) -> Vec<u8> {
    let tileset = json!({"asset": {"version": "1.1"}, "geometricError": 500.0, "root": root});
    tileset.to_string().into_bytes()
}

fn subtree(name: &str, level: u32, center: [f64; 2], files: &mut BTreeMap<String, Vec<u8>>, bytes: usize) -> Value {
    let mut this = tile(name, level, center, files, bytes);
    if level < LEVELS {
        let children: Vec<Value> = (0..4)
            .map(|quarter| {
                let (name, center) = child(name, level, center, quarter);
                subtree(&name, level + 1, center, files, bytes)
            })
            .collect();
        this["children"] = children.into();
    }
    this
}

fn child(name: &str, level: u32, center: [f64; 2], quarter: u32) -> (String, [f64; 2]) {
    let step = half_m(level + 1);
    let sign = |bit: u32| if quarter & bit == 0 { -step } else { step };
    (format!("{name}{quarter}"), [center[0] + sign(1), center[1] + sign(2)])
}

fn half_m(level: u32) -> f64 {
    HALF_M / f64::from(1 << level)
}

fn tile_shape(level: u32, center: [f64; 2]) -> Value {
    let half = half_m(level);
    let error_m = if level == LEVELS {
        0.0
    } else {
        80.0 / f64::from(1 << level)
    };
    json!({
        "boundingVolume": {"box": [center[0], center[1], 10.0, half, 0, 0, 0, half, 0, 0, 0, 10.0]},
        "geometricError": error_m, "refine": "REPLACE",
    })
}

fn tile(name: &str, level: u32, center: [f64; 2], files: &mut BTreeMap<String, Vec<u8>>, bytes: usize) -> Value {
    let path = format!("/tiles/{name}.bin");
    files.insert(path.clone(), content(&path, bytes));
    let mut tile = tile_shape(level, center);
    // As seen from the tileset that it stands in.
    let uri = if level == 0 {
        format!("tiles/{name}.bin")
    } else {
        format!("../tiles/{name}.bin")
    };
    tile["content"] = json!({"uri": uri});
    tile
}
