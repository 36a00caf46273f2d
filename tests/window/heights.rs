//! Tiles whose heights were taken from the wrong zero: told, put on the ground, and remembered.

use super::desktop::Desktop;
use super::models::copy;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The shipped scenario, its tiles said to be above NAP although they are above the ellipsoid: all of them float.
fn floating(folder: &Path) -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
    copy(&shipped, folder);
    let document = folder.join("scenario.json");
    let mut scenario: Value = serde_json::from_slice(&fs::read(&document).expect("a scenario")).expect("JSON");
    let layer = &mut scenario["layers"][0];
    assert_eq!(layer["kind"], "tiles3d");
    layer["height_reference"] = "nap".into();
    fs::write(&document, scenario.to_string()).expect("a scenario");
    folder.display().to_string()
}

#[test]
fn tiles_that_float_are_told_put_on_the_ground_and_stay_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = floating(&folder.path().join("plan"));
    let mut desktop = Desktop::start(1280, 800, &["--language", "nl", &path]);
    let told = desktop.wait_for("tiles that float", |state| {
        state["off_ground"]["buildings"].is_number() && state["complete"] == true
    });
    let above_m = told["off_ground"]["buildings"].as_f64().unwrap();
    assert!((above_m - 43.4).abs() < 1.5, "{above_m} m above the ground");
    assert_eq!(told["problems"], 1, "{told:#}");
    desktop.click_control("Lagen");
    desktop.click_control("Zet ze op de grond");
    desktop.wait_for("tiles on the ground", |state| {
        state["off_ground"].as_object().is_some_and(serde_json::Map::is_empty)
            && state["problems"] == 0
            && state["complete"] == true
    });
    let choices = desktop.config().join("stadslens").join("preferences.json");
    desktop.wait_for("the choice on the disk", |_| {
        fs::read_to_string(&choices).is_ok_and(|text| text.contains("\"ellipsoid\""))
    });
    desktop.kill_and_start_again();
    let again = desktop.wait_for("the scenario once more", |state| {
        state["complete"] == true && state["tiles"]["rendered"].as_u64() > Some(0)
    });
    assert_eq!(again["problems"], 0, "{again:#}");
}
