//! A model that is added to a plan, put down by a click, taken back, and there again after the program was killed.

use super::desktop::Desktop;
use super::{has_text, middle, number};
use serde_json::Value;
use std::{fs, path::Path};

/// A block of 12 by 8 m, 30 m high, y up.
const BLOCK: &str = "o Toren\nv -6 0 -4\nv 6 0 -4\nv 6 0 4\nv -6 0 4\nv -6 30 -4\nv 6 30 -4\nv 6 30 4\nv -6 30 4\n\
    f 1 2 3 4\nf 8 7 6 5\nf 5 6 2 1\nf 6 7 3 2\nf 7 8 4 3\nf 8 5 1 4\n";

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// The models of the plan as the scenario's own file has them.
fn saved(scenario: &Path) -> Vec<Value> {
    let bytes = fs::read(scenario.join("scenario.json")).expect("the scenario");
    let document: Value = serde_json::from_slice(&bytes).expect("JSON");
    document["variants"][1]["models"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

#[test]
fn a_planner_adds_a_model_points_where_it_stands_and_takes_that_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("klein");
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/klein"),
        &scenario,
    );
    let file = folder.path().join("toren.obj");
    fs::write(&file, BLOCK).expect("a model");
    let path = scenario.display().to_string();
    let mut desktop = Desktop::start(1280, 900, &["--language", "nl", &path]);
    desktop.wait_until_drawn();
    desktop.click_control("Modellen");
    desktop.wait_for("what to do first", |state| has_text(state, "Kies eerst een variant"));
    desktop.key("2");
    desktop.wait_for("the plan", |state| {
        state["variant"] == "A" && has_text(state, "Bestand kiezen")
    });
    let field = "Of typ het pad van het bestand, of sleep het op het beeld";
    desktop.fill(field, file.to_str().expect("a plain path"));
    desktop.click_control("Toevoegen");
    desktop.wait_for("the form", |state| {
        has_text(state, "Model plaatsen") && state["complete"] == true
    });
    desktop.wait_for("the size", |state| {
        has_text(state, "12,00 m breed, 8,00 m diep, 30,00 m hoog")
    });
    desktop.wait_for("the model in the file", |_| saved(&scenario).len() == 1);
    assert_eq!(saved(&scenario)[0]["path"], "models/toren/toren.obj");
    assert!(scenario.join("models/toren/toren.obj").is_file());
    let before = saved(&scenario);

    desktop.click_control("Aanwijzen in beeld");
    let pointing = desktop.wait_for("pointing", |state| {
        has_text(state, "Klik waar het moet staan") && state["camera"]["still"] == true
    });
    let (x, y) = middle(&pointing);
    desktop.click(x + 90.0, y + 60.0);
    desktop.wait_for("another place in the file", |_| saved(&scenario) != before);
    let state = desktop.wait_until_drawn();
    assert!(
        state["picked"].is_null(),
        "the click was the model's: {}",
        state["picked"]
    );
    let moved = saved(&scenario)[0]["position"].clone();
    desktop.key("ctrl+z");
    desktop.wait_for("the place before", |_| saved(&scenario) == before);
    desktop.key("ctrl+y");
    desktop.wait_for("the place again", |_| saved(&scenario)[0]["position"] == moved);
    desktop.click_control("Klaar");

    desktop.kill_and_start_again();
    desktop.wait_until_drawn();
    desktop.key("2");
    desktop.wait_for("the plan", |state| state["variant"] == "A" && state["complete"] == true);
    desktop.click_control("Modellen");
    desktop.click_control("toren");
    let there = desktop.wait_for("a look at the model", |state| {
        has_text(state, "Model plaatsen") && state["camera"]["still"] == true && state["complete"] == true
    });
    let target = [
        number(&there, "/camera/target_rd/0"),
        number(&there, "/camera/target_rd/1"),
    ];
    let away = (target[0] - number(&moved, "/0")).hypot(target[1] - number(&moved, "/1"));
    assert!(away < 0.5, "looking at {target:?}, and it stands at {moved}");
    // It stands 30 m high on the point that is looked at, in the middle of the window whatever panels lie over it.
    let (_, y) = middle(&there);
    desktop.click(640.0, y - 60.0);
    desktop.wait_for("the model picked", |state| {
        state["picked"]["kind"] == "new_model" && state["picked"]["id"] == "toren"
    });
}
