//! Finding a place: typed with a mistake, chosen with the keyboard, flown to and marked; and the small map.

use super::{name_of, number};
use crate::desktop::Desktop;
use serde_json::Value;

fn target(state: &Value) -> [f64; 2] {
    ["/camera/target_rd/0", "/camera/target_rd/1"].map(|path| number(state, path))
}

/// Where the shipped scenario has the landmark whose name begins so, RD metres.
fn landmark(name: &str) -> [f64; 2] {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lange-wemen/labels.geojson");
    let labels: Value = serde_json::from_slice(&std::fs::read(path).expect("the labels")).expect("JSON");
    let features = labels["features"].as_array().expect("features");
    let found = features.iter().find(|feature| {
        let is_point = feature["geometry"]["type"] == "Point";
        is_point
            && feature["properties"]["text"]
                .as_str()
                .is_some_and(|text| text.starts_with(name))
    });
    let found = found.unwrap_or_else(|| panic!("no {name} in {path}"));
    ["/geometry/coordinates/0", "/geometry/coordinates/1"].map(|path| number(found, path))
}

/// Middle of the outline of the shipped scenario, RD metres.
fn middle_of_the_area() -> [f64; 2] {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lange-wemen/scenario.json");
    let scenario: Value = serde_json::from_slice(&std::fs::read(path).expect("the scenario")).expect("JSON");
    let outline = scenario["area"]["outline"].as_array().expect("an outline");
    ["/0", "/1"].map(|axis| {
        let values = || outline.iter().map(|corner| number(corner, axis));
        values()
            .fold(f64::INFINITY, f64::min)
            .midpoint(values().fold(f64::NEG_INFINITY, f64::max))
    })
}

fn metres_between(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

#[test]
fn a_place_typed_with_a_mistake_is_found_and_flown_to() {
    let mut desktop = Desktop::start(1280, 720, &["--language", "nl"]);
    desktop.wait_until_drawn();
    desktop.key("slash");
    desktop.wait_for("the search", |state| state["dialog"] == "Search");
    desktop.fill("Zoek een straat, nummer of naam", "lambetrus");
    let found = desktop.wait_for("the basilica", |state| {
        name_of(state, |name| {
            name.starts_with("Lambertus") && name.ends_with("Naam op de kaart")
        })
        .is_some()
    });
    assert_eq!(found["dialog"], "Search");
    desktop.key("Return");
    let meant = landmark("Lambertus");
    let there = desktop.wait_for("the flight to it", |state| {
        state["dialog"].is_null() && state["complete"] == true && metres_between(target(state), meant) < 40.0
    });
    assert!(number(&there, "/camera/distance_m") < 400.0, "{there:#}");

    // The small map: a press on its middle looks at the middle of the area.
    desktop.click_control("Kaartje van het gebied");
    let open = desktop.wait_for("the small map", |state| {
        state["map_open"] == true && boxes_of(state, "Kaartje van het gebied").len() == 2
    });
    let middle = middle_of_the_area();
    assert!(metres_between(target(&open), middle) > 20.0, "there already: {open:#}");
    let maps: Vec<[f64; 4]> = boxes_of(&open, "Kaartje van het gebied");
    let map = maps
        .iter()
        .copied()
        .max_by(|a, b| (a[2] - a[0]).total_cmp(&(b[2] - b[0])))
        .expect("the map");
    assert!(map[2] - map[0] > 100.0, "{maps:?}");
    let (x, y) = (map[0].midpoint(map[2]), map[1].midpoint(map[3]));
    desktop.hover(x, y);
    desktop.wait_for("the map under the mouse", |state| {
        state["pointer_is_over_panel"] == true
    });
    desktop.click(x, y);
    desktop.wait_for("the flight to the middle of the map", |state| {
        state["camera"]["still"] == true && metres_between(target(state), middle) < 10.0
    });
}

/// The boxes of the controls with a name.
fn boxes_of(state: &Value, name: &str) -> Vec<[f64; 4]> {
    let controls = state["controls"].as_array().expect("controls");
    let named = controls.iter().filter(|control| control["name"] == name);
    named
        .filter_map(|control| {
            let corners: Vec<f64> = control["rect"].as_array()?.iter().filter_map(Value::as_f64).collect();
            corners.try_into().ok()
        })
        .collect()
}
