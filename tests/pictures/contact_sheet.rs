//! Every city model, every other file of city data and every tileset of the corpus drawn, and all pictures on sheets to look at:
//! `city-sheet.png`, `gis-sheet.png` and `tiles-sheet.png` in the folder that `STADSLENS_SHEET` names. Nothing is held against golden pictures;
//! what must hold is that each real file gives a picture with something on it, or says why not.

use super::sheet::{corpus, draw, draw_what_there_is, files, save, seen};

/// Pixels of a picture of 480 by 270 that something to look at has at least.
const LEAST: usize = 200;
/// Folders with files of real cities; the others test readers with a triangle of a millimetre or the like.
const REAL: [&str; 5] = ["bertt", "cjdb", "cjio/delft", "cjio/rotterdam", "flatcitybuf"];

#[test]
fn every_city_model_of_the_corpus_can_be_looked_at() {
    let Some(corpus) = corpus("cityjson") else { return };
    let mut pictures = Vec::new();
    let mut empty = Vec::new();
    for path in files(&corpus) {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        let Some((picture, _)) = draw(&path).picture else {
            continue;
        };
        let is_real = REAL.iter().any(|folder| name.starts_with(folder));
        if is_real && seen(&picture) < LEAST {
            empty.push(name.clone());
        }
        pictures.push((name, picture));
    }
    save(&pictures, "city-sheet.png");
    assert!(empty.is_empty(), "nothing to be seen of {empty:?}");
    assert!(pictures.len() > 30, "only {} pictures", pictures.len());
}

/// What a file is said to be that no reader knows.
const UNKNOWN: &str = "files of this kind are not opened";
/// What is said of a file without a byte, of one without a feature, and of one that is too large.
const BARE: &str = "the file is empty (0 bytes)";
const EMPTY: &str = "no feature of this file has a place";
const WIDE: &str = "more than 100 km around its middle";

/// Files that hold nothing, too much, or no data to be opened by themselves, and what is said of them.
const NOT_SHOWN: [(&str, &str); 9] = [
    ("3dbag/bag_tiles_3k.geojson", WIDE),
    ("3dfier-bgt/bgt_ondersteunendwaterdeel.sqlite", EMPTY),
    ("3dfier-bgt/bgt_ondersteunendwegdeel.sqlite", EMPTY),
    ("bomen-leeuwarden/bomen.osm", UNKNOWN),
    ("bomen-leeuwarden/source_replacements.json", "this is no scenario"),
    ("flatgeobuf/countries.fgb", WIDE),
    ("pdok-gokoala/3d-geoms.gpkg-shm", UNKNOWN),
    ("pdok-gokoala/3d-geoms.gpkg-wal", BARE),
    ("pdok-gokoala/null-empty-geoms.gpkg", EMPTY),
];

#[test]
fn every_file_of_city_data_of_the_corpus_can_be_looked_at() {
    let Some(corpus) = corpus("gis") else { return };
    let mut pictures = Vec::new();
    let mut wrong = Vec::new();
    for path in files(&corpus) {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        let drawn = draw(&path);
        let reason = NOT_SHOWN
            .iter()
            .find(|(file, _)| *file == name)
            .map(|(_, reason)| *reason);
        match (drawn.picture, reason) {
            (Some((picture, _)), None) => {
                if seen(&picture) < LEAST {
                    wrong.push(format!("{name}: nothing to be seen; {}", drawn.said));
                }
                pictures.push((name, picture));
            }
            (None, None) => wrong.push(format!("{name}: {}", drawn.said)),
            (Some(_), Some(_)) => wrong.push(format!("{name}: drawn all the same")),
            (None, Some(reason)) if !drawn.said.contains(reason) => wrong.push(format!("{name}: {}", drawn.said)),
            (None, Some(_)) => {}
        }
    }
    save(&pictures, "gis-sheet.png");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pictures.len() > 12, "only {} pictures", pictures.len());
}

/// Tilesets of which nothing is drawn, by the beginning of their place, and why.
const NOTHING_DRAWN: [(&str, &str); 11] = [
    ("cesiumjs/GeometryTileBoxes", "geom"),
    ("cesiumjs/VectorTileCombined", "vctr"),
    (
        "cesiumjs/TilesetReplacementWithViewerRequestVolume",
        "asked for from near by only",
    ),
    (
        "cesiumjs/TilesetUniform/tileset2.json",
        "placed by the tileset that includes it",
    ),
    ("content/contentTypes/content.json", "no contents"),
    ("i3dm-export-docs-output", "hangs 508 km above the earth"),
    ("tools/upgrade-general-input/tilesetWithB3dmWithGltf1/", GLTF_1),
    (
        "tools/upgrade-general-input/tilesetWithB3dmWithGltf1WithWeb3dQuantizedAttributes",
        GLTF_1,
    ),
    ("tools/upgrade-general-input/tilesetWithContentUrls", GLTF_1),
    ("tools/upgrade-general-input/tilesetWithExternalTilesetWithUrls", GLTF_1),
    ("tools/upgrade-general-input/tilesetWithI3dmWithGltf1", GLTF_1),
];
const GLTF_1: &str = "glTF 1.0";

#[test]
fn every_tileset_of_the_corpus_can_be_looked_at() {
    let Some(corpus) = corpus("tiles") else { return };
    let list = corpus.join("../tilesets.json");
    let list: serde_json::Value = serde_json::from_slice(&std::fs::read(list).unwrap()).unwrap();
    let mut pictures = Vec::new();
    let mut wrong = Vec::new();
    for name in list
        .as_object()
        .unwrap()
        .keys()
        .filter_map(|name| name.strip_prefix("tiles/"))
    {
        let drawn = draw_what_there_is(&corpus.join(name));
        let expected = NOTHING_DRAWN.iter().find(|(start, _)| name.starts_with(start));
        let Some((picture, report)) = drawn.picture else {
            wrong.push(format!("{name}: {}", drawn.said));
            continue;
        };
        let is_seen = seen(&picture) >= LEAST;
        if is_seen == expected.is_some() {
            wrong.push(format!("{name}: {} seen; {report}; {}", seen(&picture), drawn.said));
        }
        pictures.push((name.to_owned(), picture));
    }
    save(&pictures, "tiles-sheet.png");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pictures.len() > 60, "only {} pictures", pictures.len());
}
