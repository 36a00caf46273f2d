//! Pictures of the real program, drawn without a window, held against golden ones.
//!
//! One shared threshold. `STADSLENS_BLESS=1` writes the golden pictures anew: look at them before committing.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops where its own set-up is wrong, and says what it leaves out"
)]

mod contact_sheet;
mod removed;
mod removed_in_3dbag;
mod served;
mod sheet;
mod textured;

use image::RgbImage;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// How alike a picture must be to its golden one (1 is equal); drivers differ in single pixels of edges.
const ALIKE: f64 = 0.985;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Draws and returns the picture with the report.
fn draw(scenario: &Path, name: &str, arguments: &[&str]) -> (RgbImage, Value) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join(format!("{name}.png"));
    let done = Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .arg("render")
        .arg(scenario)
        .arg("-o")
        .arg(&output)
        .args(["--size", "640x360", "--quality", "low", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{name}: {} {errors}", done.status);
    let report: Value = serde_json::from_slice(&done.stdout).expect("standard output is one JSON object");
    (image::open(&output).unwrap().into_rgb8(), report)
}

/// Compares with the golden picture, or writes it when asked to.
fn compare(name: &str, picture: &RgbImage) {
    let golden = project(&format!("tests/pictures/golden/{name}.png"));
    if std::env::var_os("STADSLENS_BLESS").is_some() {
        fs::create_dir_all(golden.parent().unwrap()).unwrap();
        picture.save(&golden).unwrap();
        return;
    }
    let expected = image::open(&golden).unwrap().into_rgb8();
    let result = image_compare::rgb_hybrid_compare(&expected, picture).unwrap();
    if result.score < ALIKE {
        let seen = std::env::temp_dir().join(format!("stadslens-{name}.png"));
        picture.save(&seen).unwrap();
        panic!(
            "{name} is {:.4} alike, less than {ALIKE}; what was drawn: {}",
            result.score,
            seen.display()
        );
    }
}

#[test]
fn the_centre_from_above_today() {
    let (picture, report) = draw(
        &project("scenarios/lange-wemen"),
        "today",
        &["--viewpoint", "overview", "--variant", "0"],
    );
    assert_eq!(report["failed_contents"], Value::Array(Vec::new()));
    assert!(report["features_rendered"].as_u64().unwrap() > 1000, "{report}");
    compare("today", &picture);
}

#[test]
fn the_dense_variant_from_above() {
    let (picture, _) = draw(
        &project("scenarios/lange-wemen"),
        "dense",
        &["--viewpoint", "overview", "--variant", "C"],
    );
    compare("dense", &picture);
    let (today, _) = draw(
        &project("scenarios/lange-wemen"),
        "dense",
        &["--viewpoint", "overview", "--variant", "0"],
    );
    assert_ne!(picture, today, "a variant changes the picture");
}

#[test]
fn the_street_at_eye_height() {
    let (picture, _) = draw(
        &project("scenarios/lange-wemen"),
        "street",
        &["--viewpoint", "langestraat"],
    );
    compare("street", &picture);
}
