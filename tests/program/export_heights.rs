//! What was chosen of the heights of tiles goes along in a package, so that they stand there as they stood here.

use serde_json::Value;
use stadslens::georef::HeightReference;
use stadslens::model::scenario::open;
use stadslens::model::{LayerKind, OpenScenario, TileHeights};
use stadslens::ui::Preferences;
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::Command,
};

fn klein() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/klein")
}

/// Takes a scenario along to a package in `folder`, by somebody who chose `heights` of its tiles.
fn taken_along(scenario: &Path, folder: &Path, heights: Option<&str>) -> PathBuf {
    let mut preferences = Preferences::default();
    if let Some(heights) = heights {
        preferences.know_heights(scenario, "buildings", heights);
        // Of another file, or of a layer that is not there.
        preferences.know_heights(&folder.join("other"), "buildings", "moved 7.00");
        preferences.know_heights(scenario, "gone", "nap");
    }
    let config = folder.join("config");
    preferences.save(&config.join("stadslens")).expect("kept");
    let output = folder.join("plan.stadslens");
    let done = Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .arg("export")
        .arg(scenario)
        .arg("-o")
        .arg(&output)
        .args(["--no-pictures", "--replace", "--date", "2026-11-25"])
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_CONFIG_HOME", &config)
        .output()
        .expect("the program runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    output
}

fn opened(path: &Path) -> OpenScenario {
    open(path).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn tile_heights(open: &OpenScenario) -> TileHeights {
    let layer = open
        .scenario
        .layers
        .iter()
        .find(|layer| layer.kind == LayerKind::Tiles3d);
    layer.expect("tiles").tile_heights()
}

fn document(package: &Path) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(fs::File::open(package).expect("the package")).expect("a zip");
    let mut bytes = Vec::new();
    let mut entry = zip.by_name("scenario.json").expect("the document");
    entry.read_to_end(&mut bytes).expect("whole");
    bytes
}

#[test]
fn tiles_that_were_put_elsewhere_stand_there_in_the_package_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let ellipsoid = TileHeights::From(HeightReference::Ellipsoid);
    let before = opened(&klein());
    assert_eq!(tile_heights(&before), ellipsoid, "a file from before");
    for (chosen, heights) in [
        ("nap", TileHeights::From(HeightReference::Nap)),
        ("moved -43.40", TileHeights::Moved(-43.4)),
        ("ellipsoid", ellipsoid),
    ] {
        let package = taken_along(&klein(), folder.path(), Some(chosen));
        let after = opened(&package);
        assert_eq!(tile_heights(&after), heights, "{chosen}");
        assert_eq!(after.problems, before.problems, "{chosen}");
        // Handed on, it says the same, unless whoever hands it on chose otherwise.
        let again = folder.path().join("again");
        fs::create_dir_all(&again).expect("a folder");
        let handed_on = taken_along(&package, &again, None);
        assert!(document(&handed_on) == document(&package), "{chosen}");
        let changed = taken_along(&package, &again, Some("moved 1.50"));
        assert_eq!(tile_heights(&opened(&changed)), TileHeights::Moved(1.5), "{chosen}");
        let text: Value = serde_json::from_slice(&document(&changed)).expect("JSON");
        assert_eq!(text["layers"][0]["height_shift_m"], 1.5);
    }
}

#[test]
fn without_a_choice_and_with_the_choice_it_says_already_the_file_stays_to_the_letter() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = fs::read(klein().join("scenario.json")).expect("a scenario");
    for chosen in [None, Some("ellipsoid")] {
        let package = taken_along(&klein(), folder.path(), chosen);
        assert!(document(&package) == text, "{chosen:?}");
    }
}
