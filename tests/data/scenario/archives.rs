//! Layers whose tiles lie in an archive.

use super::{Copy, lines};
use stadslens::model::scenario::{check, open, used_files};
use stadslens::sources::tiles3d::read_tileset;
use std::fs::{self, File};
use std::io::Write;
use zip::{ZipWriter, write::SimpleFileOptions};

#[test]
fn a_layer_may_be_an_archive_and_the_package_takes_it_whole() {
    let copy = Copy::new();
    let plain = open(copy.path()).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    let (tree, _) = read_tileset(plain.resources.clone(), "tiles/tileset.json").unwrap();
    let mut archive = ZipWriter::new(File::create(copy.path().join("tiles/town.3tz")).unwrap());
    archive
        .start_file("tileset.json", SimpleFileOptions::default())
        .unwrap();
    archive
        .write_all(&fs::read(copy.path().join("tiles/tileset.json")).unwrap())
        .unwrap();
    archive.finish().unwrap();
    fs::remove_file(copy.path().join("tiles/tileset.json")).unwrap();
    copy.replace("scenario.json", "tiles/tileset.json", "tiles/town.3tz");
    assert_eq!(lines(&check(copy.path())), Vec::<String>::new());
    let packed = open(copy.path()).unwrap();
    assert_eq!(lines(&packed.problems), Vec::<String>::new());
    let (same, problems) = read_tileset(packed.resources.clone(), "tiles/town.3tz").unwrap();
    assert_eq!((same.tiles.len(), lines(&problems)), (tree.tiles.len(), Vec::new()));
    let used = used_files(&packed);
    assert_eq!(lines(&used.problems), Vec::<String>::new());
    let tiles: Vec<&String> = used.paths.iter().filter(|path| path.starts_with("tiles/")).collect();
    assert_eq!(tiles, ["tiles/town.3tz"]);
    // A package holds it as an archive in an archive.
    let package = copy.path().join("town.stadslens");
    let mut writer = ZipWriter::new(File::create(&package).unwrap());
    for path in used.paths.iter().map(String::as_str).chain(["scenario.json"]) {
        writer.start_file(path, SimpleFileOptions::default()).unwrap();
        writer.write_all(&fs::read(copy.path().join(path)).unwrap()).unwrap();
    }
    writer.finish().unwrap();
    let packed = open(&package).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    let (same, problems) = read_tileset(packed.resources.clone(), "tiles/town.3tz").unwrap();
    assert_eq!((same.tiles.len(), lines(&problems)), (tree.tiles.len(), Vec::new()));
    // Damage costs this layer, in one line.
    fs::write(copy.path().join("tiles/town.3tz"), b"no archive").unwrap();
    let found = lines(&check(copy.path()));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("town.3tz") && found[0].contains("no zip archive"),
        "{found:?}"
    );
}
