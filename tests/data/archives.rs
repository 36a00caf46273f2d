//! Archives of tiles and tiles packed with gzip: what they hold is what lies in them unpacked.
//!
//! The corpus lies beside the project and is not part of it: without it each test says so and passes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says how much it compared"
)]

use crate::bad_input::{decode_file, glb};
use crate::corpus;
use crate::corpus_facts::facts;
use crate::decode::request;
use serde_json::{Value, json};
use stadslens::{
    model::scenario::{open_any, used_files},
    sources::{
        inspect::inspect,
        resource::folder,
        tiles3d::{DecodeRequest, TileTree, decode_content, read_tileset},
    },
};
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Copies a folder, every archive in it as a folder with the same name.
fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.extension().is_some_and(|ending| ending == "3tz") {
            ZipArchive::new(File::open(&path).unwrap())
                .unwrap()
                .extract(&target)
                .unwrap();
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn triangles(tree: &TileTree) -> usize {
    let contents = tree.tiles.iter().flat_map(|tile| &tile.contents);
    let decoded = contents.map(|path| {
        decode_content(&DecodeRequest {
            is_geocentric: tree.is_geocentric,
            ..request(&tree.resources, path)
        })
        .unwrap_or_else(|problem| panic!("{problem}"))
    });
    decoded
        .flat_map(|content| content.meshes)
        .map(|(mesh, ..)| mesh.indices.len() / 3)
        .sum()
}

#[test]
fn a_tileset_of_archives_is_that_of_the_same_files_unpacked() {
    let Some(corpus) = corpus() else { return };
    for (name, tiles, contents) in [("3tz_basic", 9, 4), ("3tz_direct", 5, 4)] {
        let packed = corpus.join("tiles/archives/packageServer").join(name);
        let plain = tempfile::tempdir().unwrap();
        unpack(&packed, plain.path());
        let (ours, theirs) = (inspect(&packed).unwrap(), inspect(plain.path()).unwrap());
        assert_eq!(ours, theirs, "{name}");
        assert_eq!(
            (&ours["tiles"], &ours["contents"]),
            (&json!(tiles), &json!({"glb": contents}))
        );
        assert_eq!((&ours["missing"], &ours["problems"]), (&json!([]), &json!([])));
        let (tree, problems) = read_tileset(folder(&packed), "tileset.json").unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(triangles(&tree) as u64, ours["totals"]["triangles"].as_u64().unwrap());
        assert!(triangles(&tree) > 0, "{name}");
    }
}

/// The archives of the second level are named in those of the first and lie beside them.
#[test]
fn chained_archives_lead_to_the_same_tiles() {
    let Some(corpus) = corpus() else { return };
    let server = corpus.join("tiles/archives/packageServer");
    let chained = inspect(&server.join("3tz_chained")).unwrap();
    let basic = inspect(&server.join("3tz_basic")).unwrap();
    assert_eq!(chained["totals"], basic["totals"]);
    assert_eq!(chained["contents"], basic["contents"]);
    // Three of its own, three in each archive of the first level, one in each of the second.
    assert_eq!(chained["tiles"], json!(3 + 2 * 3 + 4));
    assert_eq!((&chained["missing"], &chained["problems"]), (&json!([]), &json!([])));
    // An archive of the first level by itself.
    let half = inspect(&server.join("3tz_chained/tilesetAB.3tz")).unwrap();
    assert_eq!(half["contents"], json!({"glb": 2}));
}

#[test]
fn every_archive_of_the_corpus_opens_or_says_why_not() {
    let Some(corpus) = corpus() else { return };
    let (mut opened, mut refused) = (0, 0);
    for (path, expected) in &facts(&corpus, "facts.json") {
        let kind = expected.get("type").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "3tz" | "3dtiles") {
            continue;
        }
        match inspect(&corpus.join(path)) {
            Ok(report) => {
                opened += 1;
                assert_eq!(
                    (&report["kind"], &report["missing"]),
                    (&json!("tileset"), &json!([])),
                    "{path}"
                );
            }
            Err(problem) => {
                refused += 1;
                let line = problem.to_string();
                eprintln!("{line}");
                assert!(!line.contains('\n'), "{line}");
                let is_named = ["invalid", "missingColumn"].iter().any(|bad| path.contains(bad));
                // These two are sound archives of one `empty.json`.
                let is_empty = line.contains("missing") && (path.contains("validSmall") || path.contains("64byte"));
                assert!(is_named || is_empty, "{line}");
            }
        }
    }
    assert!(opened >= 18 && refused >= 8, "{opened} opened, {refused} refused");
    let sample = inspect(&corpus.join("tiles/archives/test.3tz")).unwrap();
    let same = inspect(&corpus.join("tiles/cesiumjs/Tileset")).unwrap();
    for key in ["tiles", "totals", "contents", "max_depth", "refine", "center_lon_lat"] {
        assert_eq!(sample[key], same[key], "{key}");
    }
}

#[test]
fn what_is_packed_with_gzip_is_read_at_every_place() {
    let Some(corpus) = corpus() else { return };
    let packed = corpus.join("tiles/gzip/simpleTileset-gzip");
    let report = inspect(&packed).unwrap();
    assert_eq!((&report["version"], &report["tiles"]), (&json!("1.1"), &json!(3)));
    assert_eq!(report["contents"], json!({"b3dm": 2, "glb": 1, "i3dm": 1}));
    for name in ["tileA.glb", "tileB.b3dm", "sub/tileB.b3dm"] {
        let content = decode_file(&packed.join(name)).unwrap();
        let count: usize = content.meshes.iter().map(|(mesh, ..)| mesh.indices.len() / 3).sum();
        assert_eq!(count, 12, "{name}");
    }
}

/// A tileset of one triangle with its buffer beside it, all of it in one archive.
fn one_triangle(archive: &Path) {
    let tileset = json!({"asset": {"version": "1.1"}, "geometricError": 9, "root": {
        "boundingVolume": {"sphere": [0, 0, 0, 9]}, "geometricError": 5, "refine": "ADD",
        "content": {"uri": "tiles/a.glb"}}});
    let mut writer = ZipWriter::new(File::create(archive).unwrap());
    for (name, bytes) in [
        ("tileset.json", tileset.to_string().into_bytes()),
        (
            "tiles/a.glb",
            glb(|json, bin| {
                json["buffers"][0]["uri"] = "../data/a.bin".into();
                bin.clear();
            }),
        ),
        ("data/a.bin", {
            let mut data = Vec::new();
            glb(|_, bin| data.clone_from(bin));
            data
        }),
    ] {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn an_archive_opens_by_itself_and_as_a_layer() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("town.3tz");
    one_triangle(&archive);
    let report = inspect(&archive).unwrap();
    assert_eq!(
        (&report["totals"]["triangles"], &report["problems"]),
        (&json!(1), &json!([]))
    );
    let open = open_any(&archive).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert!(open.problems.is_empty(), "{:?}", open.problems);
    let layer = &open.scenario.layers[0];
    let (tree, _) = read_tileset(open.resources.clone(), &layer.path).unwrap();
    assert_eq!(triangles(&tree), 1);
    // The package of such a scenario holds the archive and nothing that lies in it.
    let used = used_files(&open);
    assert_eq!(used.paths.iter().collect::<Vec<_>>(), ["town.3tz"]);
    assert!(used.problems.is_empty(), "{:?}", used.problems);
}

#[test]
fn a_broken_archive_is_one_line_and_its_neighbours_are_unharmed() {
    let root = tempfile::tempdir().unwrap();
    one_triangle(&root.path().join("good.3tz"));
    let whole = fs::read(root.path().join("good.3tz")).unwrap();
    fs::write(root.path().join("cut.3tz"), &whole[..whole.len() / 2]).unwrap();
    fs::write(root.path().join("text.3dtiles"), b"no database").unwrap();
    let child =
        |uri: &str| json!({"boundingVolume": {"sphere": [0, 0, 0, 1]}, "geometricError": 1, "content": {"uri": uri}});
    let tileset = json!({"asset": {"version": "1.1"}, "geometricError": 9, "root": {
        "boundingVolume": {"sphere": [0, 0, 0, 9]}, "geometricError": 5, "refine": "ADD",
        "children": [child("cut.3tz"), child("good.3tz"), child("text.3dtiles"), child("none.3tz")]}});
    fs::write(root.path().join("tileset.json"), tileset.to_string()).unwrap();
    let (tree, problems) = read_tileset(folder(root.path()), "tileset.json").unwrap();
    assert_eq!(triangles(&tree), 1);
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for (line, expected) in lines.iter().zip(["cut.3tz", "text.3dtiles", "none.3tz"]) {
        assert!(line.contains(expected) && !line.contains('\n'), "{line}");
    }
    assert!(inspect(&root.path().join("cut.3tz")).is_err());
}
