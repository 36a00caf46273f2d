//! Hostile and broken tiles: one clear line each, the rest keeps working, nothing panics or hangs.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says how much it compared"
)]

use crate::corpus;
use crate::decode::request_alone;
use serde_json::json;
use stadslens::sources::{
    Problem, Severity,
    inspect::inspect,
    resource::folder,
    tiles3d::{TileContent, decode_content, read_tileset},
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

pub(crate) fn decode_file(path: &Path) -> Result<TileContent, Problem> {
    decode_content(&request_alone(path))
}

pub(crate) fn decode_bytes(bytes: &[u8]) -> Result<TileContent, Problem> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tile.bin");
    fs::write(&path, bytes).unwrap();
    decode_file(&path)
}

/// A problem is one line, names the file, and does not tell the decoder's last net.
fn assert_is_clear(problem: &Problem) {
    let line = problem.to_string();
    assert!(
        !line.contains('\n') && !problem.path.is_empty() && !problem.message.is_empty(),
        "{line}"
    );
    assert!(!line.contains("did not expect"), "a decoder panicked: {line}");
}

/// A mesh of one triangle; `edit` may break the JSON and the bytes first.
pub(crate) fn glb(edit: impl FnOnce(&mut serde_json::Value, &mut Vec<u8>)) -> Vec<u8> {
    let mut bin: Vec<u8> = [0.0_f32, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        .iter()
        .flat_map(|f| f.to_le_bytes())
        .collect();
    bin.extend([0_u16, 1, 2, 0].iter().flat_map(|i| i.to_le_bytes()));
    let mut json = json!({
        "asset": {"version": "2.0"},
        "buffers": [{"byteLength": bin.len()}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}, {"buffer": 0, "byteOffset": 36, "byteLength": 6}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "nodes": [{"mesh": 0}],
        "scenes": [{"nodes": [0]}]
    });
    edit(&mut json, &mut bin);
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let size = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    let mut glb = b"glTF".to_vec();
    glb.extend(2_u32.to_le_bytes());
    glb.extend(size(28 + text.len() + bin.len()));
    glb.extend(size(text.len()));
    glb.extend(b"JSON");
    glb.extend(text);
    glb.extend(size(bin.len()));
    glb.extend(b"BIN\0");
    glb.extend(bin);
    glb
}

fn triangles(content: &TileContent) -> usize {
    content.meshes.iter().map(|(mesh, ..)| mesh.indices.len() / 3).sum()
}

#[test]
fn the_whole_triangle_decodes() {
    let content = decode_bytes(&glb(|_, _| {})).unwrap();
    assert_eq!((triangles(&content), content.problems.len()), (1, 0));
}

#[test]
fn a_truncated_b3dm_is_one_clear_line() {
    let mut b3dm = b"b3dm".to_vec();
    let inner = glb(|_, _| {});
    for field in [1, u32::try_from(28 + inner.len()).unwrap(), 0, 0, 0, 0] {
        b3dm.extend(field.to_le_bytes());
    }
    b3dm.extend(&inner);
    assert_eq!(triangles(&decode_bytes(&b3dm).unwrap()), 1);
    for end in [5, 12, 27, 28, 60, b3dm.len() - 1] {
        let problem = decode_bytes(&b3dm[..end]).err().unwrap();
        assert_is_clear(&problem);
        assert!(problem.message.contains("cut off"), "{end}: {problem}");
    }
    let empty = decode_bytes(&[]).unwrap();
    assert!(empty.meshes.is_empty() && empty.problems.len() == 1);
}

#[test]
fn an_accessor_outside_its_buffer_is_one_clear_line() {
    for (pointer, value) in [
        ("/accessors/0/count", json!(4)),
        ("/accessors/0/count", json!(u64::MAX)),
        ("/accessors/0/byteOffset", json!(1)),
        ("/accessors/0/byteOffset", json!(u64::MAX)),
        ("/accessors/0/bufferView", json!(9)),
        ("/bufferViews/0/byteLength", json!(4000)),
        ("/bufferViews/0/byteOffset", json!(u64::MAX)),
        ("/bufferViews/0/byteStride", json!(4)),
        ("/bufferViews/0/buffer", json!(7)),
        ("/meshes/0/primitives/0/attributes/POSITION", json!(5)),
        ("/meshes/0/primitives/0/indices", json!(5)),
        ("/accessors/0/componentType", json!(1)),
        ("/accessors/0/type", json!("VEC9")),
        ("/accessors/0/type", json!("SCALAR")),
    ] {
        let bytes = glb(|json, _| {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            json.pointer_mut(parent).unwrap()[key] = value.clone();
        });
        let problem = decode_bytes(&bytes)
            .err()
            .unwrap_or_else(|| panic!("{pointer} {value} was accepted"));
        assert_is_clear(&problem);
        assert!(problem.place.contains("primitives[0]"), "{problem}");
    }
}

#[test]
fn bad_indices_and_nan_coordinates_cost_only_their_triangles() {
    let two = |json: &mut serde_json::Value, bin: &mut Vec<u8>, second: [u16; 3]| {
        bin.truncate(42);
        bin.extend(second.iter().flat_map(|i| i.to_le_bytes()));
        json["buffers"][0]["byteLength"] = json!(bin.len());
        json["bufferViews"][1]["byteLength"] = json!(12);
        json["accessors"][1]["count"] = json!(6);
    };
    let content = decode_bytes(&glb(|json, bin| two(json, bin, [0, 1, 3]))).unwrap();
    assert_eq!((triangles(&content), content.problems.len()), (1, 1));
    assert_is_clear(&content.problems[0]);
    let content = decode_bytes(&glb(|json, bin| {
        two(json, bin, [0, 1, 1]);
        bin[24..28].copy_from_slice(&f32::NAN.to_le_bytes());
    }))
    .unwrap();
    assert_eq!((triangles(&content), content.problems.len()), (1, 1));
    assert!(
        content.problems[0].message.contains("not numbers"),
        "{:?}",
        content.problems
    );
    // Nothing left to draw is a failed tile.
    let problem = decode_bytes(&glb(|_, bin| bin[24..28].copy_from_slice(&f32::INFINITY.to_le_bytes())))
        .err()
        .unwrap();
    assert!(problem.message.contains("not numbers"), "{problem}");
}

#[test]
fn cycles_in_the_scene_graph_end() {
    let content = decode_bytes(&glb(|json, _| {
        json["nodes"] = json!([{"mesh": 0, "children": [1, 0]}, {"children": [0, 1, 77]}]);
    }))
    .unwrap();
    assert_eq!(triangles(&content), 1);
    assert!(
        content.problems.iter().any(|p| p.message.contains("own descendant")),
        "{:?}",
        content.problems
    );
    // Every node has the next as a child twice: 2^40 visits without a cap.
    let started = Instant::now();
    let doubling: Vec<_> = (0..40)
        .map(|i| json!({"children": [i + 1, i + 1]}))
        .chain([json!({})])
        .collect();
    let content = decode_bytes(&glb(|json, _| json["nodes"] = json!(doubling))).unwrap_err_or_content();
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(content.contains("too many"), "{content}");
}

trait UnwrapErrOrContent {
    fn unwrap_err_or_content(self) -> String;
}

impl UnwrapErrOrContent for Result<TileContent, Problem> {
    fn unwrap_err_or_content(self) -> String {
        match self {
            Ok(content) => format!("{:?}", content.problems),
            Err(problem) => problem.to_string(),
        }
    }
}

#[test]
fn other_versions_and_unknown_bytes_are_named() {
    let mut old = glb(|_, _| {});
    old[4] = 1;
    assert!(
        decode_bytes(&old)
            .err()
            .unwrap()
            .message
            .contains("glTF 1.0 is not supported")
    );
    for (bytes, expected) in [
        (&b"i3dm...."[..], "cut off"),
        (b"pnts....", "unknown"),
        (b"pnts\x01\0\0\0", "cut off"),
        (b"cmpt....", "cut off"),
        (b"PK\x03\x04", "ending .3tz"),
        (b"\x1f\x8b\x08", "damaged"),
        (b"hello", "unknown"),
        (b"{", "unknown"),
        (b"glTF", "cut off"),
    ] {
        let problem = decode_bytes(bytes).err().unwrap();
        assert_is_clear(&problem);
        assert!(problem.message.contains(expected), "{problem}");
    }
}

#[test]
fn a_tileset_that_includes_itself_leaves_its_folder_and_lacks_tiles_still_opens() {
    let outer = tempfile::tempdir().unwrap();
    fs::write(outer.path().join("secret.glb"), glb(|_, _| {})).unwrap();
    let root = outer.path().join("tiles");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("here.glb"), glb(|_, _| {})).unwrap();
    let child =
        |uri: &str| json!({"boundingVolume": {"sphere": [0, 0, 0, 1]}, "geometricError": 1, "content": {"uri": uri}});
    let tileset = json!({"asset": {"version": "1.1"}, "geometricError": 9, "root": {
        "boundingVolume": {"sphere": [0, 0, 0, 9]}, "geometricError": 5, "refine": "ADD",
        "children": [child("here.glb"), child("none.glb"), child("tileset.json"), child("../secret.glb"),
                     child("%2e%2e/secret.glb"), child("file:///etc/passwd"), child("C:\\x.glb")]}});
    let path = root.join("tileset.json");
    fs::write(&path, tileset.to_string()).unwrap();
    let (tree, problems) = read_tileset(folder(&root), "tileset.json").unwrap();
    assert_eq!(tree.tiles.len(), 8);
    let contents: Vec<&String> = tree.tiles.iter().flat_map(|tile| &tile.contents).collect();
    assert_eq!(contents, ["here.glb", "none.glb"]);
    for problem in &problems {
        assert_is_clear(problem);
    }
    let count = |words: &str| problems.iter().filter(|p| p.message.contains(words)).count();
    assert_eq!(
        (count("includes itself"), count("leads out"), count("not read yet")),
        (1, 2, 2),
        "{problems:#?}"
    );
    let report = inspect(&path).unwrap();
    assert_eq!(
        (&report["totals"]["triangles"], &report["missing"]),
        (&json!(1), &json!(["none.glb"]))
    );
    let missing = decode_file(&root.join("none.glb")).err().unwrap();
    assert!(missing.message.contains("missing"), "{missing}");
}

/// Every file of the validator's cases, whatever it is.
#[test]
fn no_invalid_file_of_the_corpus_panics() {
    let Some(corpus) = corpus() else { return };
    let mut waiting = vec![corpus.join("invalid")];
    let (mut files, mut opened, mut trees) = (0, 0, 0);
    let started = Instant::now();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        files += 1;
        match inspect(&path) {
            Ok(report) => {
                opened += 1;
                assert!(
                    !report.to_string().contains("did not expect"),
                    "{}: {report}",
                    path.display()
                );
            }
            Err(problem) => assert_is_clear(&problem),
        }
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap().to_str().unwrap();
            if let Ok((tree, problems)) = read_tileset(folder(path.parent().unwrap()), name) {
                trees += 1;
                assert!(!tree.tiles.is_empty());
                problems.iter().for_each(assert_is_clear);
                let is_valid = name.starts_with("valid");
                let is_later = problems.iter().any(|p| p.message.contains("not read yet"));
                // Some valid cases share payloads that lie in a neighbouring folder, which is not followed.
                let errors = problems
                    .iter()
                    .filter(|p| p.severity == Severity::Error && !p.message.contains("leads out of its folder"));
                assert!(
                    !is_valid || is_later || errors.count() == 0,
                    "{}: {problems:?}",
                    path.display()
                );
            } else {
                assert!(!name.starts_with("validTileset"), "{} must open", path.display());
            }
        }
        if let Err(problem) = decode_file(&path) {
            assert_is_clear(&problem);
        }
    }
    eprintln!(
        "{files} invalid files: {opened} inspected, {trees} opened as tilesets, in {:?}",
        started.elapsed()
    );
    assert!(files > 200, "only {files} files");
}

/// Real tiles cut short and with bytes turned, from a fixed sequence.
#[test]
fn damaged_copies_of_real_tiles_never_panic() {
    let Some(corpus) = corpus() else { return };
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let (mut tried, mut survived) = (0, 0);
    let started = Instant::now();
    for path in [
        "tiles/nl-3dbag-tyler-128/128.glb",
        "tiles/nl-amsterdam-b3dm/tiles/1.b3dm",
        "gltf/meshopt/Duck-vp-9-vt-9-vn-9.glb",
        "gltf/cubes/cubeSomeBadIndices.glb",
        "tiles/samples-gltf/EXT_structural_metadata-ComplexTypes/ComplexTypes.gltf",
        "tiles/cesiumjs/BatchTableHierarchy/tile.b3dm",
    ] {
        let Ok(good) = fs::read(corpus.join(path)) else {
            continue;
        };
        for round in 0..60 {
            let mut bytes = good.clone();
            match round % 3 {
                0 => bytes.truncate(next(good.len())),
                1 => {
                    for _ in 0..=next(8) {
                        bytes[next(good.len())] = u8::try_from(next(256)).unwrap();
                    }
                }
                _ => {
                    // Digits of the JSON: indices, counts and offsets that stay valid JSON.
                    for _ in 0..=next(6) {
                        let digits: Vec<usize> = (0..good.len().min(9000))
                            .filter(|i| good[*i].is_ascii_digit())
                            .collect();
                        if !digits.is_empty() {
                            bytes[digits[next(digits.len())]] = b'0' + u8::try_from(next(10)).unwrap();
                        }
                    }
                }
            }
            tried += 1;
            match decode_bytes(&bytes) {
                Ok(content) => {
                    survived += 1;
                    content.problems.iter().for_each(assert_is_clear);
                }
                Err(problem) => assert_is_clear(&problem),
            }
        }
    }
    eprintln!(
        "{tried} damaged tiles, {survived} still decode, in {:?}",
        started.elapsed()
    );
    assert!(tried >= 240, "only {tried} tried");
    assert!(started.elapsed() < Duration::from_mins(2));
}
