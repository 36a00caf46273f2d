//! What a content is said to take before it is decoded, against what it takes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a test stops at the first surprise, and says how near the estimates were"
)]

use crate::bad_input::glb;
use crate::corpus;
use crate::decode::request;
use serde_json::json;
use stadslens::geometry::TextureSupport;
use stadslens::sources::resource::folder as resource_folder;
use stadslens::sources::tiles3d::{content_need, decode_content_for};
use std::path::{Path, PathBuf};

const KINDS: [&str; 6] = ["b3dm", "i3dm", "pnts", "cmpt", "glb", "gltf"];

fn payloads(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|kind| KINDS.iter().any(|known| kind == *known))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// How many times the estimate is what each payload below `root` takes.
fn ratios(root: &Path) -> Vec<(f64, u64)> {
    let resources = resource_folder(root);
    let mut ratios = Vec::new();
    for file in payloads(root) {
        let path = file.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        let bytes = std::fs::read(&file).unwrap();
        for bc7 in [false, true] {
            let support = TextureSupport { bc7 };
            let request = request(&resources, &path);
            let need = content_need(&request, &bytes, support);
            assert!(need.peak_bytes >= need.held_bytes, "{path}");
            let Ok(content) = decode_content_for(&request, support) else {
                continue;
            };
            let took = content.bytes_resident;
            assert!(
                need.held_bytes >= took,
                "{path} takes {took} bytes and not {} at most",
                need.held_bytes
            );
            if took > 0 {
                ratios.push((need.held_bytes as f64 / took as f64, took));
            }
        }
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    ratios
}

/// Says how near the estimates are; how many times too much they are for half of the contents, and for nine of ten.
fn near(what: &str, ratios: &[(f64, u64)]) -> (f64, f64) {
    let at = |share: f64| {
        let place = (0..ratios.len()).find(|place| *place as f64 >= share * (ratios.len() - 1) as f64);
        ratios[place.unwrap_or(0)].0
    };
    eprintln!(
        "{what}: {} contents, estimated {:.2} times what they take at least, {:.2} in the middle, {:.2} for nine of ten, {:.2} at most",
        ratios.len(),
        at(0.0),
        at(0.5),
        at(0.9),
        at(1.0)
    );
    (at(0.5), at(0.9))
}

/// A strip of triangles between points of a wave, `rows` by `rows` of them, with corners shared or not.
fn wave(rows: u16, has_normals: bool) -> Vec<u8> {
    let point = |x: u16, y: u16| [f32::from(x), f32::from(x * y % 7), f32::from(y)];
    let corners = |x: u16, y: u16| [(x, y), (x + 1, y), (x, y + 1), (x, y + 1), (x + 1, y), (x + 1, y + 1)];
    glb(|json, bin| {
        let points = (0..=rows).flat_map(|x| (0..=rows).map(move |y| point(x, y)));
        let mut bytes: Vec<u8> = points.flatten().flat_map(f32::to_le_bytes).collect();
        let count = usize::from(rows + 1) * usize::from(rows + 1);
        let squares = (0..rows).flat_map(|x| (0..rows).map(move |y| (x, y)));
        let indices = squares
            .flat_map(|(x, y)| corners(x, y))
            .map(|(x, y)| x * (rows + 1) + y);
        let vertex_bytes = bytes.len();
        bytes.extend(indices.flat_map(u16::to_le_bytes));
        json["buffers"][0]["byteLength"] = bytes.len().into();
        json["bufferViews"][0]["byteLength"] = vertex_bytes.into();
        json["bufferViews"][1] =
            json!({"buffer": 0, "byteOffset": vertex_bytes, "byteLength": bytes.len() - vertex_bytes});
        json["accessors"][0]["count"] = count.into();
        json["accessors"][1]["count"] = (6 * usize::from(rows) * usize::from(rows)).into();
        if has_normals {
            json["meshes"][0]["primitives"][0]["attributes"]["NORMAL"] = 0.into();
        }
        *bin = bytes;
    })
}

#[test]
fn what_is_made_here_takes_no_more_than_it_is_said_to() {
    let folder = tempfile::tempdir().unwrap();
    for rows in [1, 5, 40, 150] {
        for has_normals in [false, true] {
            let path = folder.path().join(format!("{rows}-{has_normals}.glb"));
            std::fs::write(path, wave(rows, has_normals)).unwrap();
        }
    }
    let ratios = ratios(folder.path());
    assert_eq!(ratios.len(), 16, "each for two kinds of graphics cards");
    let large: Vec<_> = ratios.into_iter().filter(|(_, took)| *took > 100_000).collect();
    assert!(near("waves", &large).1 < 4.0);
}

/// A triangle with a table of `rows` rows: lists of bytes and of texts, texts, defaults, and numbers at its vertices.
fn tabled(rows: u32, has_table: bool) -> Vec<u8> {
    const ITEMS: u32 = 6;
    glb(|json, bin| {
        let texts: Vec<u8> = (0..rows).flat_map(|row| format!("{row:040}").into_bytes()).collect();
        let offsets = |each: u32, count: u32| (0..=count).flat_map(move |n| (n * each).to_le_bytes());
        let words = u32::try_from(texts.len()).unwrap() / 8;
        let more: [Vec<u8>; 6] = [
            (0..rows * ITEMS).map(|n| n.to_le_bytes()[0]).collect(),
            offsets(ITEMS, rows).collect(),
            offsets(40, rows).collect(),
            offsets(8, words).collect(),
            offsets(5, rows).collect(),
            [0.0_f32, 1.0, 2.0, 3.0, 4.0, 5.0]
                .iter()
                .flat_map(|n| n.to_le_bytes())
                .collect(),
        ];
        for data in more.iter().chain([&texts]) {
            bin.resize(bin.len().next_multiple_of(8), 0);
            let view = json!({"buffer": 0, "byteOffset": bin.len(), "byteLength": data.len()});
            json["bufferViews"].as_array_mut().unwrap().push(view);
            bin.extend(data);
        }
        json["buffers"][0]["byteLength"] = bin.len().into();
        let pair = json!({"bufferView": 7, "componentType": 5126, "count": 3, "type": "VEC2"});
        json["accessors"].as_array_mut().unwrap().push(pair);
        let primitive = &mut json["meshes"][0]["primitives"][0];
        primitive["attributes"]["_WAY"] = 2.into();
        let metadata = json!({"propertyAttributes": [0]});
        let mut set = json!({"featureCount": rows});
        if has_table {
            set["propertyTable"] = 0.into();
        }
        primitive["extensions"] =
            json!({"EXT_structural_metadata": metadata, "EXT_mesh_features": {"featureIds": [set]}});
        json["extensions"]["EXT_structural_metadata"] = json!({
            "schema": {"classes": {
                "row": {"properties": {
                    "bytes": {"type": "SCALAR", "componentType": "UINT8", "array": true},
                    "fixed": {"type": "VEC2", "componentType": "UINT8", "array": true, "count": ITEMS / 2},
                    "text": {"type": "STRING"},
                    "words": {"type": "STRING", "array": true},
                    "given": {"type": "STRING", "default": "a text that every row has"}}},
                "corner": {"properties": {"way": {"type": "VEC2", "componentType": "FLOAT32"}}}}},
            "propertyTables": [{"class": "row", "count": rows, "properties": {
                "bytes": {"values": 2, "arrayOffsets": 3},
                "fixed": {"values": 2},
                "text": {"values": 8, "stringOffsets": 4},
                "words": {"values": 8, "stringOffsets": 5, "arrayOffsets": 6}}}],
            "propertyAttributes": [{"class": "corner", "properties": {"way": {"attribute": "_WAY"}}}]});
    })
}

#[test]
fn lists_and_texts_of_tables_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    for rows in [3, 5_000] {
        for has_table in [false, true] {
            let path = folder.path().join(format!("{rows}-{has_table}.glb"));
            std::fs::write(path, tabled(rows, has_table)).unwrap();
        }
    }
    let (resources, path) = (resource_folder(folder.path()), "5000-true.glb");
    let content = decode_content_for(&request(&resources, path), TextureSupport::default()).unwrap();
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    assert_eq!(content.features.columns.len(), 6);
    // Six numbers, three pairs in a list, five words: each value has its place, and the texts their bytes.
    let least = 5_000 * ((6 + 9 + 5) * 24 + 40 + 40 + 25);
    assert!(content.bytes_resident > least, "{}", content.bytes_resident);
    let ratios = ratios(folder.path());
    assert_eq!(ratios.len(), 8, "each for two kinds of graphics cards");
    let large: Vec<_> = ratios.into_iter().filter(|(_, took)| *took > 1_000_000).collect();
    assert!(!large.is_empty() && near("tables", &large).1 < 4.0);
}

#[test]
fn no_payload_of_the_corpus_takes_more_than_it_is_said_to() {
    let Some(corpus) = corpus() else { return };
    let ratios = ratios(&corpus);
    near("all of the corpus", &ratios);
    let large: Vec<_> = ratios.into_iter().filter(|(_, took)| *took > 200_000).collect();
    // Of small ones it does not matter.
    let (half, most) = near("its large ones", &large);
    assert!(half < 4.0 && most < 8.0);
}
