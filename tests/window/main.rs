//! The real program in a real window on a display of its own, driven by key presses and clicks.
//!
//! Every step waits for a state, never for a time. What is clicked is found by the name that a person reads on it.

mod desktop;
mod detail;
mod heights;
mod kiosk;
mod maintenance;
mod models;
mod notes;
mod own_list;
mod picture;
mod search;
mod system;
mod take_along;

use desktop::Desktop;
use serde_json::{Value, json};
use std::fs;

/// Zero of the shipped scenario's site frame in RD, metres.
const ANCHOR_RD: (f64, f64) = (251_000.0, 476_250.0);

/// The colour of the outline around what is picked.
const SELECTION: [u8; 3] = [0xA4, 0x00, 0x6D];

fn number(state: &Value, path: &str) -> f64 {
    state
        .pointer(path)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("no number at {path} in {state:#}"))
}

/// The middle of the part of the view that no panel covers.
fn middle(state: &Value) -> (f64, f64) {
    let view: Vec<f64> = state["view"]
        .as_array()
        .expect("zones")
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    (view[0].midpoint(view[2]), view[1].midpoint(view[3]))
}

#[test]
fn a_planner_opens_looks_around_switches_variant_and_lens_and_quits() {
    let mut desktop = Desktop::start(1024, 600, &["--language", "nl"]);
    let start = desktop.wait_until_drawn();
    assert_eq!(start["variant"], "0");
    assert_eq!(start["lens"], "design");
    assert_eq!(start["quality"], "Low", "a software adapter gets the low preset");

    // A drag with the right button turns the city, one with the left moves over the ground.
    let (x, y) = middle(&start);
    desktop.drag("3", (x - 60.0, y), (x + 60.0, y));
    let heading = number(&start, "/camera/heading_deg");
    let turned = desktop.wait_for("a turned view", |state| {
        (number(state, "/camera/heading_deg") - heading).abs() > 2.0 && state["complete"] == true
    });
    desktop.drag("1", (x, y), (x - 80.0, y + 30.0));
    let target = turned["camera"]["target"].clone();
    let moved = desktop.wait_for("a moved view", |state| {
        state["camera"]["target"] != target && state["complete"] == true
    });

    // One key per variant; camera and sun stay where they are.
    desktop.key("2");
    let switched = desktop.wait_for("variant A", |state| {
        state["variant"] == "A" && state["complete"] == true
    });
    assert_eq!(
        switched["camera"], moved["camera"],
        "a variant switch leaves the camera alone"
    );
    assert_eq!(switched["sun_time"], moved["sun_time"]);
    assert!(
        number(&switched, "/variant_switch_ms") < 100.0,
        "{}",
        switched["variant_switch_ms"]
    );

    desktop.key("F3");
    desktop.wait_for("the maintenance lens with its own page", |state| {
        state["lens"] == "maintenance" && state["page"] == "Own(\"maintenance-assets\")"
    });
    desktop.click_control("Participatie");
    desktop.wait_for("the participation lens", |state| state["lens"] == "participation");
    desktop.click_control("Ontwerp");
    desktop.wait_for("the design lens", |state| state["lens"] == "design");

    // The keys alone suffice too.
    desktop.key("space");
    desktop.wait_for("home", |state| {
        (number(state, "/camera/heading_deg") - heading).abs() < 0.1 && state["camera"]["still"] == true
    });
    desktop.key("shift+slash");
    desktop.wait_for("the keys", |state| state["dialog"] == "Keys");
    desktop.key("Escape");
    desktop.wait_for("no dialog", |state| state["dialog"].is_null());

    desktop.key("ctrl+q");
    assert!(desktop.wait_for_end().success());
}

#[test]
fn a_click_on_a_building_shows_its_card_and_escape_lets_it_go() {
    let mut desktop = Desktop::start(1280, 720, &["--language", "nl"]);
    desktop.wait_until_drawn();
    // From straight above, buildings lie under most points of the picture.
    desktop.click_control("Camerastandpunten");
    desktop.click_control("Recht van boven");
    let above = desktop.wait_for("the view from above", |state| {
        number(state, "/camera/pitch_deg") < -80.0 && state["complete"] == true
    });
    let (x, y) = middle(&above);
    let spots = [
        (0.0, 0.0),
        (70.0, 30.0),
        (-70.0, 40.0),
        (40.0, -80.0),
        (-90.0, -60.0),
        (120.0, -20.0),
        (0.0, 110.0),
    ];
    let mut before = Value::Null;
    let mut picked = None;
    for (dx, dy) in spots {
        desktop.click(x + dx, y + dy);
        let state = desktop.wait_for("another picked thing", |state| {
            !state["picked"].is_null() && state["picked"] != before && state["complete"] == true
        });
        before = state["picked"].clone();
        if before["kind"] == "building" {
            picked = Some(state);
            break;
        }
    }
    let picked = picked.expect("one of the spots is a building");
    let id = picked["picked"]["id"].as_str().expect("an id").to_owned();
    assert!(id.starts_with("NL.IMBAG.Pand.0164"), "{id}");
    desktop.wait_for_pixels("the outline", SELECTION, |pixels| pixels > 60);
    // It is the building that stands where the click was, and the card says what the register says of it.
    let building = registered(&id);
    let (east, north) = (
        number(&picked, "/picked/position/0"),
        number(&picked, "/picked/position/1"),
    );
    let from_footprint = distance_to_footprint(&building, (ANCHOR_RD.0 + east, ANCHOR_RD.1 + north));
    assert!(from_footprint < 0.5, "{id} stands {from_footprint} m from the click");
    let of = |key: &str| building["properties"][key].clone();
    let height_m = of("roof_nap_m").as_f64().expect("a roof") - of("ground_nap_m").as_f64().expect("a ground");
    for fact in [
        format!("Bouwlagen: {}", of("bouwlagen")),
        format!("Bouwjaar: {}", of("oorspronkelijkbouwjaar")),
        format!("Hoogte boven maaiveld: {height_m:.1}").replace('.', ","),
    ] {
        desktop.wait_for(&fact, |state| has_text(state, &fact));
    }
    desktop.click_control("Alle gegevens");
    desktop.wait_for("every attribute", |state| {
        let controls = state["controls"].as_array().expect("controls");
        controls
            .iter()
            .any(|control| control["name"].as_str().is_some_and(|name| name.contains(&id)))
    });
    desktop.key("Escape");
    desktop.wait_for("nothing picked", |state| state["picked"].is_null());
    desktop.wait_for_pixels("no outline", SELECTION, |pixels| pixels == 0);
}

/// What the register of the shipped scenario says of a building.
fn registered(id: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lange-wemen/register.geojson");
    let register: Value = serde_json::from_slice(&fs::read(path).expect("the register")).expect("JSON");
    let buildings = register["features"].as_array().expect("features");
    let found = buildings
        .iter()
        .find(|building| building["properties"]["identificatie"] == id);
    found.expect("the picked building stands in the register").clone()
}

/// How far a point in RD lies from the footprint of a registered building, metres; 0 inside.
fn distance_to_footprint(building: &Value, point: (f64, f64)) -> f64 {
    let ring: Vec<(f64, f64)> = building["geometry"]["coordinates"][0]
        .as_array()
        .expect("a ring")
        .iter()
        .map(|corner| (number(corner, "/0") - point.0, number(corner, "/1") - point.1))
        .collect();
    let mut is_inside = false;
    let mut nearest = f64::INFINITY;
    for ends in ring.windows(2) {
        let ((ax, ay), (bx, by)) = (ends[0], ends[1]);
        if (ay > 0.0) != (by > 0.0) && ax + (bx - ax) * ay / (ay - by) > 0.0 {
            is_inside = !is_inside;
        }
        let (dx, dy) = (bx - ax, by - ay);
        let along = (-(ax * dx + ay * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        nearest = nearest.min((ax + along * dx).hypot(ay + along * dy));
    }
    if is_inside { 0.0 } else { nearest }
}

#[test]
fn the_first_start_offers_the_tour_and_the_keyboard_walks_through_it_and_down_to_the_street() {
    let mut desktop = Desktop::start(1024, 600, &["--language", "nl"]);
    desktop.wait_until_drawn();
    desktop.click_control("Rondleiding");
    for stop in [
        "De stad bewegen",
        "Een variant kiezen",
        "Een lens kiezen",
        "Een gebouw kiezen",
    ] {
        desktop.wait_for(stop, |state| state["touring"] == true && has_text(state, stop));
        desktop.key("Return");
    }
    desktop.wait_for("the layers", |state| {
        state["page"] == "Layers" && has_text(state, "Lagen en legenda")
    });
    desktop.key("Escape");
    desktop.wait_for("no tour, and no offer of it", |state| {
        state["touring"] == false && !has_control(state, "Niet nu")
    });

    // With the tour gone the keys are the city's again.
    desktop.key("w");
    let street = desktop.wait_for("the street", |state| {
        state["walking"] == true && state["camera"]["still"] == true
    });
    assert!(
        number(&street, "/camera/pitch_deg").abs() < 5.0,
        "looking ahead: {}",
        street["camera"]
    );
    desktop.key("w");
    desktop.wait_for("the view from above", |state| {
        state["walking"] == false && number(state, "/camera/pitch_deg") < -20.0 && state["camera"]["still"] == true
    });
    // Escape leads back too: one step, as everywhere.
    desktop.key("w");
    desktop.wait_for("the street again", |state| state["walking"] == true);
    desktop.key("Escape");
    desktop.wait_for("up again", |state| {
        state["walking"] == false && number(state, "/camera/pitch_deg") < -20.0 && state["camera"]["still"] == true
    });
    let before = number(&desktop.wait_until_drawn(), "/camera/distance_m");
    desktop.key("plus");
    desktop.wait_for("nearer", |state| {
        number(state, "/camera/distance_m") < before && state["camera"]["still"] == true
    });
}

#[test]
fn another_file_opens_by_its_path_and_what_cannot_be_opened_is_said() {
    let mut desktop = Desktop::start(1024, 600, &["--language", "en"]);
    let first = desktop.wait_until_drawn();
    assert_eq!(first["language"], "en");
    // The title names the variant too.
    let title = format!("{} · Today", first["title"].as_str().expect("a title"));
    desktop.click_control(&title);
    desktop.click_control("Start screen");
    desktop.wait_for("the start screen", |state| state["start_screen"] == true);
    let field = "Path of a file or folder";
    desktop.fill(field, "/no/such/place");
    desktop.key("Return");
    desktop.wait_for("a clear sentence", |state| has_text(state, "place cannot be opened"));
    desktop.fill(field, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/klein"));
    desktop.key("Return");
    let opened = desktop.wait_for("the small scenario", |state| {
        state["start_screen"] == false && state["complete"] == true && state["title"] != first["title"]
    });
    assert!(opened["title"].as_str().is_some_and(|title| !title.is_empty()));
}

#[test]
fn the_automation_port_answers_nobody_without_the_token_and_has_one_method() {
    let mut desktop = Desktop::start(640, 480, &[]);
    desktop.wait_for("an answer", Value::is_object);
    let without = json!({"jsonrpc": "2.0", "id": 1, "method": "stadslens.state", "params": {"token": "guessed"}});
    let answer = desktop.post(&without.to_string()).expect("an answer");
    assert!(
        answer.get("result").is_none() && answer.get("error").is_some(),
        "{answer}"
    );
    for method in ["world.spawn_entity", "world.query", "rpc.discover", "registry.schema"] {
        let other = json!({"jsonrpc": "2.0", "id": 2, "method": method, "params": {"token": "window-tests"}});
        let answer = desktop.post(&other.to_string()).expect("an answer");
        assert!(answer.get("error").is_some(), "{method}: {answer}");
    }
}

fn has_control(state: &Value, name: &str) -> bool {
    state["controls"]
        .as_array()
        .is_some_and(|controls| controls.iter().any(|control| control["name"] == name))
}

fn has_text(state: &Value, part: &str) -> bool {
    let controls = state["controls"].as_array();
    controls.is_some_and(|controls| {
        controls
            .iter()
            .any(|control| control["name"].as_str().is_some_and(|name| name.contains(part)))
    })
}

#[test]
fn a_planner_compares_the_numbers_of_today_and_c_and_opens_a_formula() {
    let mut desktop = Desktop::start(1280, 1000, &["--language", "nl"]);
    desktop.wait_until_drawn();
    desktop.click_control("Cijfers");
    // The panel widens for the table: then every variant has its column.
    let counted = desktop.wait_for("the table of numbers", |state| {
        name_of(state, |name| {
            name.starts_with("FSI, dichtheid, Nu: ") && name.contains("Dichter: ")
        })
        .is_some()
    });
    // What the table says is what the command line says.
    let report = indicators();
    let of = |variant: &str, key: &str| {
        let states = report["variants"].as_array().expect("variants");
        let state = states.iter().find(|state| state["id"] == variant).expect("the variant");
        number(state, &format!("/values/{key}"))
    };
    for words in [
        format!("Nu: {:.2}", of("0", "fsi")),
        format!(
            "Dichter: {:.2} (+{:.2})",
            of("C", "fsi"),
            of("C", "fsi") - of("0", "fsi")
        ),
        format!(
            "Dichter: {:.2} (−{:.2})",
            of("C", "gsi"),
            of("0", "gsi") - of("C", "gsi")
        ),
    ] {
        let words = words.replace('.', ",");
        assert!(has_text(&counted, &words), "no `{words}` in {counted:#}");
    }
    // The head of a column shows its variant, a row opens what stands behind it.
    desktop.click_control("Dichter");
    desktop.wait_for("variant C", |state| {
        state["variant"] == "C" && state["complete"] == true
    });
    let row = named_from(&counted, "FSI, dichtheid, ");
    desktop.click_control(&row);
    desktop.wait_for("the formula", |state| has_text(state, "vloeroppervlak ÷ plangebied"));
    desktop.click_control("Terug naar de tabel");
    desktop.wait_for("the table again", |state| has_text(state, &row));
    desktop.click_control(&row);
    // A counted object is shown where it stands.
    let objects = desktop.wait_for("the counted objects", |state| has_text(state, ", nieuw, 100 %, "));
    let object = named_with(&objects, ", nieuw, 100 %, ");
    desktop.click_control(&object);
    desktop.wait_for("a new building that is picked", |state| {
        state["picked"]["kind"] == "new_building"
    });
    desktop.wait_for_pixels("its outline", SELECTION, |pixels| pixels > 60);
}

/// What `stadslens indicators` says of the shipped scenario.
fn indicators() -> Value {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .args([
            "indicators",
            concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lange-wemen"),
            "--json",
        ])
        .output()
        .expect("the program runs");
    serde_json::from_slice(&done.stdout).expect("one JSON object")
}

/// The whole name of the first control that answers `wanted`.
fn name_of(state: &Value, wanted: impl Fn(&str) -> bool) -> Option<String> {
    let controls = state["controls"].as_array()?;
    let names = controls.iter().filter_map(|control| control["name"].as_str());
    names.filter(|name| wanted(name)).map(str::to_owned).next()
}

fn named_from(state: &Value, start: &str) -> String {
    name_of(state, |name| name.starts_with(start)).unwrap_or_else(|| panic!("nothing starts with {start}"))
}

fn named_with(state: &Value, part: &str) -> String {
    name_of(state, |name| name.contains(part)).unwrap_or_else(|| panic!("nothing has {part}"))
}
