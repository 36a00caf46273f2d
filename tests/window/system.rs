//! A drawing that does not say in which coordinate system it is: asked, answered, and remembered.

use super::desktop::Desktop;
use serde_json::Value;
use std::fs;

/// Two lines near the Brink of Hengelo in UTM zone 32, metres.
const DRAWING: &str = "0\nSECTION\n2\nENTITIES\n0\nLINE\n8\nA\n10\n349400\n20\n5793000\n11\n349440\n21\n5793000\n\
    0\nLINE\n8\nA\n10\n349440\n20\n5793000\n11\n349440\n21\n5793040\n0\nENDSEC\n0\nEOF\n";

/// Whether the view looks at Hengelo, RD metres.
fn is_there(state: &Value) -> bool {
    let place: Vec<f64> = state["camera"]["target_rd"]
        .as_array()
        .map(|numbers| numbers.iter().filter_map(Value::as_f64).collect())
        .unwrap_or_default();
    matches!(place[..], [x, y] if (x - 251_000.0).abs() < 3_000.0 && (y - 476_000.0).abs() < 3_000.0)
}

#[test]
fn the_system_of_a_drawing_is_asked_once_and_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.dxf");
    fs::write(&path, DRAWING).expect("a drawing");
    let path = path.display().to_string();
    let mut desktop = Desktop::start(1024, 700, &["--language", "nl", &path]);
    let asked = desktop.wait_for("the question", |state| state["dialog"] == "System");
    assert!(!is_there(&asked), "nothing is guessed: {}", asked["camera"]);
    desktop.click_control("UTM zone 32, Dan ligt het bij Hengelo");
    desktop.wait_for("the drawing at its place", |state| {
        is_there(state) && state["dialog"].is_null() && state["complete"] == true
    });
    let choices = desktop.config().join("stadslens").join("preferences.json");
    desktop.wait_for("the answer on the disk", |_| {
        fs::read_to_string(&choices).is_ok_and(|text| text.contains("EPSG:25832"))
    });
    desktop.kill_and_start_again();
    let again = desktop.wait_for("the drawing once more", |state| {
        state["complete"] == true && is_there(state)
    });
    assert_eq!(again["dialog"], Value::Null, "it is not asked twice");
}
