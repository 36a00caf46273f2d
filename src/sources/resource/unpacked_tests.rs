use super::super::{folder, tile_archive::tests::indexed};
use super::*;
use flate2::{Compression, write::GzEncoder};
use rusqlite::Connection;
use std::{fs, io::Write, path::Path};

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, bytes).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tile database with this table and these rows.
fn database(path: &Path, table: &str, rows: &[(&str, &[u8])]) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(table).unwrap();
    for (key, content) in rows {
        connection
            .execute("INSERT INTO media VALUES (?1, ?2)", (key, content))
            .unwrap();
    }
}

const MEDIA: &str = "CREATE TABLE media (key TEXT PRIMARY KEY, content BLOB)";

#[test]
fn endings_tell_what_an_archive_is() {
    for (path, is_archive, leads) in [
        ("a.3tz", true, true),
        ("b/A.3TZ", true, true),
        ("a.3dtiles", true, true),
        ("a.3tz/b.glb", false, true),
        ("a.zip", false, false),
        ("3tz", false, false),
        ("", false, false),
    ] {
        assert_eq!(
            (is_tile_archive(path), leads_into_archive(path)),
            (is_archive, leads),
            "{path}"
        );
    }
    assert_eq!(root_document("x/a.3tz"), "x/a.3tz/tileset.json");
    assert_eq!(root_document("x/a.json"), "x/a.json");
}

#[test]
fn paths_lead_into_archives_in_archives_and_beside_them() {
    let root = tempfile::tempdir().unwrap();
    let inner = indexed(&[("deep/x.bin", b"inner", true)]);
    let packed = gzip(b"{\"packed\": true}");
    let outer = indexed(&[
        ("in/stored.3tz", &inner, false),
        ("in/packed.3tz", &inner, true),
        ("t.json", &packed, false),
        ("plain.bin", b"outer", false),
    ]);
    write(root.path(), "tiles/outer.3tz", &outer);
    write(
        root.path(),
        "tiles/beside.3tz",
        &indexed(&[("y.bin", b"beside", false)]),
    );
    write(root.path(), "tiles/folder.3tz/z.bin", b"folder");
    write(root.path(), "tiles/broken.3tz", b"no archive");
    database(
        &root.path().join("tiles/base.3dtiles"),
        MEDIA,
        &[("t.json", &packed), ("a/b.glb", b"glTF"), ("in.3tz", &inner)],
    );
    let files = unpacked(folder(root.path()));
    for (path, expected) in [
        ("tiles/outer.3tz/plain.bin", &b"outer"[..]),
        ("tiles/outer.3tz/in/stored.3tz/deep/x.bin", b"inner"),
        ("tiles/outer.3tz/in/packed.3tz/deep/x.bin", b"inner"),
        ("tiles/outer.3tz/t.json", b"{\"packed\": true}"),
        ("tiles/outer.3tz/beside.3tz/y.bin", b"beside"),
        ("tiles/folder.3tz/z.bin", b"folder"),
        ("tiles/base.3dtiles/t.json", b"{\"packed\": true}"),
        ("tiles/base.3dtiles/a/b.glb", b"glTF"),
        ("tiles/base.3dtiles/in.3tz/deep/x.bin", b"inner"),
        ("tiles/base.3dtiles/beside.3tz/y.bin", b"beside"),
    ] {
        // Twice: opened, and still open.
        for _ in 0..2 {
            assert_eq!(files.read(path).unwrap_or_else(|e| panic!("{e}")), expected, "{path}");
        }
        assert!(files.exists(path), "{path}");
    }
    assert!(files.read("tiles/outer.3tz").is_ok(), "the archive itself");
    for path in [
        "tiles/outer.3tz/none.bin",
        "tiles/none.3tz/x.bin",
        "tiles/outer.3tz/none.3tz/x.bin",
        "tiles/folder.3tz/none.bin",
        "tiles/base.3dtiles/none.bin",
        "tiles/outer.3tz/../secret",
    ] {
        let error = files.read(path).unwrap_err();
        assert!(
            matches!(error, ResourceError::Missing { .. } | ResourceError::Outside { .. }),
            "{path}: {error}"
        );
        assert!(!files.exists(path), "{path}");
    }
    let error = files.read("tiles/outer.3tz/none.bin").unwrap_err();
    assert!(error.to_string().ends_with("tiles/outer.3tz/none.bin"), "{error}");
    let error = files.read("tiles/broken.3tz/tileset.json").unwrap_err().to_string();
    assert!(
        error.contains("no zip archive") && error.ends_with("tiles/broken.3tz"),
        "{error}"
    );
}

#[test]
fn archives_in_one_another_end_somewhere() {
    let mut bytes = indexed(&[("x", b"core", false)]);
    for _ in 0..6 {
        bytes = indexed(&[("a.3tz", &bytes, false)]);
    }
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "a.3tz", &bytes);
    let files = unpacked(folder(root.path()));
    assert!(files.read(&"a.3tz/".repeat(3)[..17]).is_ok());
    let error = files.read(&format!("{}x", "a.3tz/".repeat(7))).unwrap_err();
    assert!(error.to_string().contains("in one another"), "{error}");
    // Many that are asked for are not all kept open.
    for number in 0..2 * MAX_OPEN {
        let name = format!("b{number}.3tz");
        write(root.path(), &name, &indexed(&[("x", b"y", false)]));
        assert_eq!(files.read(&format!("{name}/x")).unwrap(), b"y");
    }
    assert_eq!(files.read("b0.3tz/x").unwrap(), b"y");
}

#[test]
fn databases_that_are_no_tiles_are_one_clear_line() {
    let root = tempfile::tempdir().unwrap();
    for (name, table, expected) in [
        (
            "a.3dtiles",
            "CREATE TABLE other (key TEXT, content BLOB)",
            "no table `media`",
        ),
        (
            "b.3dtiles",
            "CREATE TABLE media (key TEXT, data BLOB)",
            "no column `content`",
        ),
        (
            "c.3dtiles",
            "CREATE TABLE media (name TEXT, content BLOB)",
            "no column `key`",
        ),
        (
            "d.3dtiles",
            "CREATE VIEW media AS SELECT 'x' AS key, 'y' AS content",
            "no table `media`",
        ),
    ] {
        database(&root.path().join(name), table, &[]);
        let files = unpacked(folder(root.path()));
        let error = files.read(&format!("{name}/tileset.json")).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    write(root.path(), "e.3dtiles", b"SQLite format 3\0 and then nothing");
    write(root.path(), "f.3dtiles", b"text");
    let files = unpacked(folder(root.path()));
    for name in ["e.3dtiles", "f.3dtiles"] {
        let error = files.read(&format!("{name}/tileset.json")).unwrap_err();
        assert!(matches!(error, ResourceError::Archive { .. }), "{error}");
    }
    database(&root.path().join("g.3dtiles"), MEDIA, &[("t", &[0; 1000])]);
    assert!(matches!(
        files.read_at_most("g.3dtiles/t", 999),
        Err(ResourceError::TooLarge { .. })
    ));
}

/// Damage anywhere in a database costs at most the file that is asked for.
#[test]
fn damaged_databases_end_with_an_error_or_bytes() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.3dtiles");
    database(&path, MEDIA, &[("t", &[1; 9000]), ("u", b"small")]);
    let good = fs::read(&path).unwrap();
    let mut seed = 12_345_u64;
    let mut next = |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % most
    };
    for _ in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..4 {
            let at = next(bytes.len());
            bytes[at] = u8::try_from(next(256)).unwrap();
        }
        bytes.truncate(if next(4) == 0 { next(bytes.len()) } else { bytes.len() });
        fs::write(&path, bytes).unwrap();
        let files = unpacked(folder(root.path()));
        for key in ["t", "u", "v"] {
            if let Ok(read) = files.read_at_most(&format!("a.3dtiles/{key}"), 1 << 20) {
                assert!(read.len() <= 1 << 20);
            }
        }
    }
}
