//! Notes with real keys: written, undone, redone, and there again after the program was killed.

use super::desktop::Desktop;
use super::{has_text, number};
use serde_json::Value;

const FIELD: &str = "Tekst van notitie 1";
const WORDS: &str = "Hier staat een lantaarn scheef.";
const ROW: &str = "1 · Hier staat een lantaarn scheef.";
/// Where the head of a pin is, open or not, pixels above its place.
const ABOVE_THE_FOOT: f64 = 40.0;
const EMPTY_ROW: &str = "1 · Nog zonder tekst";

fn has_keys(state: &Value) -> bool {
    let controls = state["controls"].as_array();
    controls.is_some_and(|all| all.iter().any(|c| c["name"] == FIELD && c["focused"] == true))
}

/// Presses a key again and again, each time when the last edit is on the disk, until the state answers `wanted`. Words
/// typed on a slow machine are several edits.
fn press_until(desktop: &mut Desktop, key: &str, wanted: impl Fn(&Value) -> bool) {
    for _ in 0..WORDS.len() {
        let before = desktop.wait_for("what is kept", |state| state["kept"] == true);
        if wanted(&before) {
            return;
        }
        desktop.key(key);
        desktop.wait_for(key, |state| state["controls"] != before["controls"] || wanted(state));
    }
    panic!("{key} does not lead there");
}

#[test]
fn a_note_is_written_undone_redone_and_found_by_a_worker_after_a_kill() {
    let mut desktop = Desktop::start(1280, 800, &["--language", "nl"]);
    let start = desktop.wait_until_drawn();
    assert_eq!(start["notes"], 0);
    desktop.key("t");
    desktop.wait_for("an empty note that has the keys", |state| {
        state["notes"] == 1 && has_text(state, EMPTY_ROW) && has_keys(state)
    });
    desktop.fill(FIELD, WORDS);
    desktop.wait_for("the words in the list", |state| has_text(state, ROW));
    desktop.key("Escape");
    desktop.wait_for("keys for the city", |state| !has_keys(state));

    press_until(&mut desktop, "ctrl+z", |state| has_text(state, EMPTY_ROW));
    press_until(&mut desktop, "ctrl+z", |state| state["notes"] == 0);
    press_until(&mut desktop, "ctrl+y", |state| has_text(state, ROW));
    desktop.click_control("Taak");
    desktop.wait_for("a task that is kept", |state| {
        has_text(state, "Taak 1") && state["kept"] == true
    });
    let written = desktop.wait_until_drawn();

    desktop.kill_and_start_again();
    let again = desktop.wait_until_drawn();
    assert_eq!(again["notes"], 1);
    // A worker looks from elsewhere, and the note leads back to where its author looked.
    desktop.key("F3");
    desktop.wait_for("the maintenance lens", |state| state["lens"] == "maintenance");
    desktop.key("plus");
    let away = number(&written, "/camera/distance_m");
    desktop.wait_for("another view", |state| {
        (number(state, "/camera/distance_m") - away).abs() > 1.0 && state["camera"]["still"] == true
    });
    desktop.click_control("Notities");
    desktop.wait_for("the note", |state| has_text(state, ROW) && has_text(state, "Taak 1"));
    desktop.click_control(ROW);
    desktop.wait_for("the author's view", |state| {
        let near = |path: &str| (number(state, path) - number(&written, path)).abs() < 0.5;
        near("/camera/distance_m") && near("/camera/target/0") && state["camera"]["still"] == true
    });

    // Its pin stands in the middle of that view, and leads back to it from another page.
    desktop.click_control("Lagen");
    desktop.wait_for("another page", |state| !has_text(state, ROW));
    desktop.click(640.0, 400.0 - ABOVE_THE_FOOT);
    let state = desktop.wait_for("the note of the pin", |state| {
        has_text(state, ROW) && has_text(state, FIELD)
    });
    assert!(!has_keys(&state), "the keys stay the city's");
    assert!(state["picked"].is_null(), "what stands behind the pin is not picked");
    assert_eq!(state["picked"], written["picked"],);
}
