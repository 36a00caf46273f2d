//! Payloads that cannot be drawn, of every kind: each is named, and what stands beside it is drawn.

use crate::decode::request;
use serde_json::{Value, json};
use stadslens::sources::{
    inspect::inspect,
    resource::folder,
    tiles3d::{decode_meshes, read_tileset},
};
use std::fs;

/// A triangle as glTF with its three corners in a data URI.
fn triangle() -> Value {
    json!({"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3",
            "min": [0.0, 0.0, 0.0], "max": [1.0, 1.0, 0.0]}],
        "bufferViews": [{"buffer": 0, "byteOffset": 0, "byteLength": 36}],
        "buffers": [{"byteLength": 36,
            "uri": "data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}]})
}

/// A b3dm around a GLB of version 1.
fn b3dm_with_gltf_1() -> Vec<u8> {
    let mut glb = b"glTF\x01\0\0\0".to_vec();
    glb.extend(24_u32.to_le_bytes());
    glb.extend([4, 0, 0, 0, 0, 0, 0, 0]);
    glb.extend(b"{}  ");
    let table = br#"{"BATCH_LENGTH":0}  "#;
    let length = u32::try_from(28 + table.len() + glb.len()).expect("a small file");
    let mut file = b"b3dm\x01\0\0\0".to_vec();
    for number in [length, u32::try_from(table.len()).expect("a small table"), 0, 0, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend(table);
    file.extend(glb);
    file
}

#[test]
fn kinds_that_cannot_be_drawn_are_named_and_their_siblings_are_drawn() {
    let outer = tempfile::tempdir().expect("a folder");
    let kinds: [(&str, Vec<u8>, &str); 6] = [
        ("roads.vctr", b"vctr\x01\0\0\0".to_vec(), "vctr"),
        ("boxes.geom", b"geom\x01\0\0\0".to_vec(), "geom"),
        (
            "old.gltf",
            br#"{"asset": {"version": "1.0"}, "meshes": {"a": {}}}"#.to_vec(),
            "glTF 1.0",
        ),
        ("old.b3dm", b3dm_with_gltf_1(), "glTF 1.0"),
        ("notes.txt", b"hello".to_vec(), "first bytes are unknown"),
        ("sub.subtree", b"subt\x01\0\0\0".to_vec(), "subtree"),
    ];
    let mut children = Vec::new();
    for (name, bytes, _) in &kinds {
        fs::write(outer.path().join(name), bytes).expect("a file");
        children.push(*name);
    }
    fs::write(outer.path().join("sound.gltf"), triangle().to_string()).expect("a file");
    children.push("sound.gltf");
    let children: Vec<Value> = children
        .iter()
        .map(|uri| json!({"boundingVolume": {"sphere": [0, 0, 0, 1]}, "geometricError": 0, "content": {"uri": uri}}))
        .collect();
    let tileset = json!({"asset": {"version": "1.1"}, "geometricError": 9, "root": {
        "boundingVolume": {"sphere": [0, 0, 0, 9]}, "geometricError": 5, "refine": "ADD", "children": children}});
    fs::write(outer.path().join("tileset.json"), tileset.to_string()).expect("a file");

    let report = inspect(&outer.path().join("tileset.json")).expect("a report");
    assert_eq!(report["totals"]["triangles"], 1, "{report}");
    let told = report["problems"].to_string();
    for (_, _, words) in &kinds {
        assert!(told.contains(words), "`{words}` is not in {told}");
    }

    let (tree, problems) = read_tileset(folder(outer.path()), "tileset.json").expect("a tree");
    assert!(problems.is_empty(), "{problems:?}");
    let mut drawn = Vec::new();
    for path in tree.tiles.iter().flat_map(|tile| &tile.contents) {
        let request = request(&tree.resources, path);
        match (decode_meshes(&request), kinds.iter().find(|(name, ..)| name == path)) {
            (Ok(_), None) => drawn.push(path.as_str()),
            (Err(problem), Some((_, _, words))) => {
                assert!(problem.message.contains(words) && &problem.path == path, "{problem}");
            }
            (Ok(_), Some((name, ..))) => panic!("{name} is drawn"),
            (Err(problem), None) => panic!("{problem}"),
        }
    }
    assert_eq!(drawn, ["sound.gltf"]);
}
