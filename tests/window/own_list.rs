//! A list of one's own with real keys: read, mapped, added, on the map, and there again after the program was killed.

use super::desktop::Desktop;
use super::{has_text, name_of};
use std::fs;

const PATH: &str = "Of typ het pad van het bestand";
/// Among the objects of the shipped scenario; decimal commas, Windows-1252, one row without a place.
const LIST: &[u8] = b"Kenmerk;Soort;X;Y;Toelichting\r\n\
    EIGEN-01;Bank;250950,5;476300,25;bij caf\xe9\r\n\
    EIGEN-02;Bank;250952,5;476300,25;\r\n\
    EIGEN-03;Bank;;;nog niet geplaatst\r\n";

#[test]
fn a_worker_adds_a_list_of_their_own_and_finds_it_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("banken.csv");
    fs::write(&path, LIST).expect("a list");
    let mut desktop = Desktop::start(1280, 900, &["--language", "nl"]);
    desktop.wait_until_drawn();
    desktop.click_control("Beheer");
    desktop.wait_for("the maintenance lens", |state| state["lens"] == "maintenance");
    let before = desktop.wait_for("its list", |state| objects(state).is_some());
    let before = objects(&before).expect("a count");
    desktop.click_control("Eigen lijst toevoegen");
    desktop.wait_for("the page", |state| has_text(state, "Bestand kiezen"));
    desktop.fill(PATH, path.to_str().expect("a plain path"));
    desktop.click_control("Lezen");
    desktop.wait_for("what comes of it", |state| {
        has_text(state, "2 van 3 rijen komen op de kaart") && has_text(state, "Soort: Soort")
    });
    // The heading is none that is guessed: the number is chosen by hand.
    desktop.click_control("Objectnummer: (geen)");
    desktop.wait_for("the columns", |state| has_text(state, "Kenmerk"));
    desktop.click_control("Kenmerk");
    desktop.wait_for("the chosen column", |state| has_text(state, "Objectnummer: Kenmerk"));
    desktop.wait_for("what comes of it now", |state| {
        has_text(state, "EIGEN-01 · EIGEN-02 · EIGEN-03")
    });
    desktop.click_control("Toevoegen");
    desktop.wait_for("the list among those that were added", |state| {
        has_text(state, "banken.csv weghalen")
    });

    for round in ["in this program", "in the next one"] {
        desktop.click_control("Beheerobjecten");
        let listed = desktop.wait_for(round, |state| {
            objects(state).is_some_and(|objects| objects == before + 2) && state["complete"] == true
        });
        assert_eq!(listed["lens"], "maintenance");
        if round == "in this program" {
            desktop.kill_and_start_again();
            desktop.wait_until_drawn();
            desktop.click_control("Beheer");
            desktop.wait_for("the maintenance lens", |state| state["lens"] == "maintenance");
        }
    }
    desktop.click_control("Eigen lijst");
    desktop.wait_for("the list", |state| has_text(state, "banken.csv weghalen"));
    desktop.click_control("banken.csv weghalen");
    desktop.wait_for("no list", |state| !has_text(state, "banken.csv weghalen"));
    desktop.click_control("Beheerobjecten");
    desktop.wait_for("as before", |state| objects(state) == Some(before));
}

/// How many objects the page counts in all: `1.214 van 1.214 objecten`.
fn objects(state: &serde_json::Value) -> Option<usize> {
    let words = name_of(state, |name| name.ends_with(" objecten") && name.contains(" van "))?;
    let all = words.strip_suffix(" objecten")?.rsplit(" van ").next()?;
    all.replace('.', "").parse().ok()
}
