//! A day at the desk of maintenance staff: from a filter on the list to the thing on the map.

use super::{SELECTION, has_text, name_of, number};
use crate::desktop::Desktop;
use serde_json::Value;
use std::fs;

/// The worst condition score of NEN 2767.
const WORST: u64 = 6;

#[test]
fn a_worker_filters_the_lamps_by_condition_and_one_of_the_list_lights_up_on_the_map() {
    let mut desktop = Desktop::start(1280, 900, &["--language", "nl"]);
    desktop.wait_until_drawn();
    desktop.click_control("Beheer");
    let listed = desktop.wait_for("the list of everything that is maintained", |state| {
        state["lens"] == "maintenance" && chip(state, "Lichtmast").is_some()
    });

    // Two chips: what it is, and in what state.
    for name in ["Lichtmast", "6 zeer slecht"] {
        let chip = chip(&listed, name).unwrap_or_else(|| panic!("no filter {name} in {listed:#}"));
        desktop.click_control(&chip);
    }
    let (all, worst) = lamps();
    assert!(!worst.is_empty() && worst.len() < 20, "{worst:?}");
    let count = format!("{} van {all} objecten", worst.len());
    let filtered = desktop.wait_for(&count, |state| has_text(state, &count));
    // The topmost: the lowest may lie under the edge of a panel that is only just growing.
    let row = topmost(&filtered, "Lichtmast LM-");
    assert!(row.contains("NEN 2767: 6 zeer slecht"), "{row}");
    let id = row
        .strip_prefix("Lichtmast ")
        .and_then(|rest| rest.split(',').next())
        .expect("a number")
        .to_owned();
    let (place, _) = worst
        .iter()
        .find(|(_, lamp)| *lamp == id)
        .unwrap_or_else(|| panic!("{id} is none of {worst:?}"));
    assert!(
        name_of(&filtered, |name| name.starts_with("Boom ") && name.contains("NEN 2767")).is_none(),
        "only lamps are left"
    );

    // The row leads to the thing: picked, in the middle of the picture, with an outline and its card.
    desktop.wait_for_pixels("no outline", SELECTION, |pixels| pixels == 0);
    desktop.click_control(&row);
    desktop.wait_for("the lamp of the row, picked and near", |state| {
        state["picked"]["kind"] == "asset"
            && state["picked"]["id"] == *place
            && state["camera"]["still"] == true
            && number(state, "/camera/distance_m") < 100.0
            && state["complete"] == true
    });
    desktop.wait_for_pixels("its outline", SELECTION, |pixels| pixels > 60);
    for fact in [id.clone(), format!("Conditiescore (NEN 2767): {WORST}")] {
        desktop.wait_for(&fact, |state| has_text(state, &fact));
    }
}

#[test]
fn a_worklist_is_saved_by_its_path_where_no_dialog_comes() {
    const PLACE: &str = "Waar moet het bestand komen?";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lijst.csv");
    let typed = folder.path().join("lijst").display().to_string();
    let mut desktop = Desktop::start(1280, 720, &["--language", "nl"]);
    desktop.wait_until_drawn();
    desktop.click_control("Beheer");
    desktop.click_control("Werklijst opslaan");
    desktop.wait_for("the field for a place, with a name", |state| {
        let fields = state["controls"].as_array().into_iter().flatten();
        let mut values = fields
            .filter(|c| c["name"] == PLACE)
            .filter_map(|c| c["value"].as_str());
        values.any(|value| value.contains("werklijst-") && value.contains(".csv"))
    });
    desktop.fill(PLACE, &typed);
    desktop.click_control("Opslaan");
    desktop.wait_for("that it is saved", |state| has_text(state, "Opgeslagen: "));
    let text = fs::read_to_string(&path).expect("the worklist");
    assert!(text.starts_with("\u{feff}Objectnummer;Soort;"), "{text:.80}");
    assert!(text.lines().count() > 1000, "all that is listed");

    // Nobody asked whether this one may go.
    fs::write(&path, "mine").expect("written");
    desktop.click_control("Werklijst opslaan");
    desktop.wait_for("the field again", |state| has_text(state, PLACE));
    desktop.fill(PLACE, &typed);
    desktop.key("Return");
    desktop.wait_for("that the name is taken", |state| {
        has_text(state, "Er is al een bestand met deze naam.")
    });
    assert_eq!(fs::read_to_string(&path).expect("still there"), "mine");
    // The field that came up again has the keyboard: Enter answers it without a click.
    fs::remove_file(&path).expect("taken away");
    desktop.key("Return");
    desktop.wait_for("that it is saved now", |state| {
        !has_text(state, PLACE) && path.is_file()
    });
}

/// The name of the uppermost control whose name begins so.
fn topmost(state: &Value, start: &str) -> String {
    let controls = state["controls"].as_array().expect("controls");
    let named = controls
        .iter()
        .filter(|control| control["name"].as_str().is_some_and(|name| name.starts_with(start)));
    let top = named.min_by(|a, b| number(a, "/rect/1").total_cmp(&number(b, "/rect/1")));
    let name = top.and_then(|control| control["name"].as_str());
    name.unwrap_or_else(|| panic!("nothing starts with {start}")).to_owned()
}

/// The whole name of a filter: its words and how many there are of it.
fn chip(state: &Value, words: &str) -> Option<String> {
    name_of(state, |name| {
        let count = name.strip_prefix(words).and_then(|rest| rest.strip_prefix(' '));
        count.is_some_and(|count| count.chars().all(|c| c.is_ascii_digit()) && !count.is_empty())
    })
}

/// How many things the shipped scenario maintains, and which of its lamps have the worst score, with their place
/// in the file.
fn lamps() -> (String, Vec<(usize, String)>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lange-wemen/assets.geojson");
    let assets: Value = serde_json::from_slice(&fs::read(path).expect("the assets")).expect("JSON");
    let all = assets["features"].as_array().expect("features");
    let worst = all
        .iter()
        .map(|asset| &asset["properties"])
        .enumerate()
        .filter(|(_, asset)| asset["type"] == "lamp" && asset["conditie"] == WORST)
        .filter_map(|(place, asset)| Some((place, asset["id"].as_str()?.to_owned())))
        .collect();
    // Written as Dutch readers do: a full stop between the thousands.
    let (thousands, rest) = (all.len() / 1000, all.len() % 1000);
    (format!("{thousands}.{rest:03}"), worst)
}
