//! Every city model of the corpus drawn, and all pictures on one sheet to look at: `city-sheet.png` in the folder that
//! `STADSLENS_SHEET` names. Nothing is held against golden pictures; what must hold is that each real file gives a
//! picture with something on it. The others test readers with a triangle of a millimetre or the like.

use image::{RgbImage, imageops};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const SIZE: (u32, u32) = (480, 270);
const COLUMNS: u32 = 5;
/// Folders with files of real cities.
const REAL: [&str; 5] = ["bertt", "cjdb", "cjio/delft", "cjio/rotterdam", "flatcitybuf"];

fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("STADSLENS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let found = path.join("cityjson");
    if !found.is_dir() {
        eprintln!("skipped: no city models at {}", found.display());
        return None;
    }
    Some(found)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Whether more is to be seen than one colour with its noise.
fn shows_something(picture: &RgbImage) -> bool {
    let colors: BTreeSet<[u8; 3]> = picture.pixels().map(|pixel| pixel.0.map(|value| value / 8)).collect();
    colors.len() > 2
}

#[test]
fn every_city_model_of_the_corpus_can_be_looked_at() {
    let Some(corpus) = corpus() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut pictures = Vec::new();
    let mut empty = Vec::new();
    for path in files(&corpus) {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        let output = folder.path().join("picture.png");
        let done = Command::new(env!("CARGO_BIN_EXE_stadslens"))
            .args([
                "render",
                "--quality",
                "low",
                "--json",
                "--size",
                &format!("{}x{}", SIZE.0, SIZE.1),
                "-o",
            ])
            .args([&output, &path])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(!said.contains("panicked"), "{name}: {said}");
        let Ok(report) = serde_json::from_slice::<Value>(&done.stdout) else {
            assert_eq!(done.status.code(), Some(1), "{name}: {said}");
            assert!(said.contains(&name), "{name}: {said}");
            continue;
        };
        assert_eq!(report["failed_contents"], Value::Array(Vec::new()), "{name}");
        let picture = image::open(&output).unwrap().into_rgb8();
        let is_real = REAL.iter().any(|folder| name.starts_with(folder));
        if is_real && !shows_something(&picture) {
            empty.push(name.clone());
        }
        pictures.push((name, picture));
    }
    if let Some(sheets) = std::env::var_os("STADSLENS_SHEET") {
        let rows = u32::try_from(pictures.len()).unwrap().div_ceil(COLUMNS);
        let mut sheet = RgbImage::new(COLUMNS * SIZE.0, rows * SIZE.1);
        for (number, (name, picture)) in (0_u32..).zip(&pictures) {
            let (x, y) = (number % COLUMNS * SIZE.0, number / COLUMNS * SIZE.1);
            imageops::replace(&mut sheet, picture, x.into(), y.into());
            eprintln!("row {}, column {}: {name}", number / COLUMNS + 1, number % COLUMNS + 1);
        }
        sheet.save(Path::new(&sheets).join("city-sheet.png")).unwrap();
    }
    assert!(empty.is_empty(), "nothing to be seen of {empty:?}");
    assert!(pictures.len() > 30, "only {} pictures", pictures.len());
}
