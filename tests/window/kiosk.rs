//! The kiosk with real touches: a child has a say and walks away, staff let a word through and take the counts along.
//!
//! The automation port is open only while practising, so these reactions are trials; they go the way of every other.

use super::desktop::Desktop;
use super::{has_control, has_text, named_from};
use serde_json::Value;
use std::fs;

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lange-wemen");
const CODE: &str = "2580";

fn is_at(state: &Value, step: &str) -> bool {
    state["kiosk"]["step"] == step
}

fn wait_at(desktop: &mut Desktop, step: &str) -> Value {
    desktop.wait_for(step, |state| is_at(state, step))
}

/// A new kiosk: staff choose a code first, then the visitors have it.
fn open_kiosk() -> Desktop {
    let mut desktop = Desktop::start_kiosk(800, 480, SCENARIO);
    desktop.wait_for("the choice of a code", |state| has_text(state, "Kies een code"));
    type_code(&mut desktop, CODE);
    desktop.wait_for("the code once more", |state| {
        has_text(state, "Typ de code nog een keer")
    });
    type_code(&mut desktop, CODE);
    desktop.wait_for("the settings", |state| has_text(state, "Schermdiagonaal"));
    desktop
}

fn type_code(desktop: &mut Desktop, code: &str) {
    for figure in code.chars() {
        desktop.click_control(&figure.to_string());
    }
    desktop.click_control("Goed");
}

fn leave_staff(desktop: &mut Desktop) {
    desktop.click_control("Naar de bezoekers");
    desktop.wait_for("the first screen", |state| {
        is_at(state, "Attract") && state["kiosk"]["ready"] == true
    });
}

/// From the first screen to a face for the plan `title`.
fn give_a_face(desktop: &mut Desktop, title: &str, face: &str) {
    desktop.click_control("Raak het scherm aan");
    let cards = desktop.wait_for("the cards", |state| is_at(state, "Choose") && has_text(state, title));
    desktop.click_control(&named_from(&cards, &format!("{title}, ")));
    wait_at(desktop, "Look");
    desktop.click_control(face);
    wait_at(desktop, "Say");
}

fn write(desktop: &mut Desktop, words: &str) {
    desktop.click_control("Schrijf een paar woorden");
    wait_at(desktop, "Words");
    let mut written = String::new();
    for letter in words.chars() {
        let key = if letter == ' ' {
            "Spatie".to_owned()
        } else {
            letter.to_string()
        };
        desktop.click_control(&key);
        written.push(letter);
        desktop.wait_for(&written, |state| {
            value_of(state, "Jouw woorden").as_deref() == Some(&written)
        });
    }
    desktop.click_control("Klaar");
    wait_at(desktop, "Say");
}

fn value_of(state: &Value, name: &str) -> Option<String> {
    let controls = state["controls"].as_array()?;
    let found = controls.iter().find(|control| control["name"] == name)?;
    found["value"].as_str().map(str::to_owned)
}

fn enter(desktop: &mut Desktop) {
    desktop.click_control("Medewerkers");
    desktop.wait_for("the code", |state| has_text(state, "Code voor medewerkers"));
    type_code(desktop, CODE);
    desktop.wait_for("the staff panel", |state| has_control(state, "Naar de bezoekers"));
}

#[test]
fn a_child_has_a_say_and_walks_away_and_the_vote_stays() {
    let mut desktop = open_kiosk();
    // So that nobody has to wait for a minute and a half, and a slow machine still has its time.
    for _ in 0..2 {
        desktop.click_control("Vragen of er iemand is, na: minder");
    }
    desktop.wait_for("a minute", |state| has_text(state, "60 s"));
    for _ in 0..3 {
        desktop.click_control("Tijd voor het antwoord: minder");
    }
    leave_staff(&mut desktop);

    give_a_face(&mut desktop, "Groener", "Fijn");
    desktop.click_control("Wijs een plek aan");
    // Not the flight to the plan, which moves by itself: what moves after it is the visitor's doing.
    let before = desktop.wait_for("a still city under the marker", |state| {
        is_at(state, "Spot") && state["camera"]["still"] == true
    });
    // The city slides under the marker.
    desktop.drag("1", (400.0, 90.0), (340.0, 130.0));
    desktop.wait_for("a city that slid", |state| {
        state["camera"]["target"] != before["camera"]["target"] && state["camera"]["still"] == true
    });
    desktop.click_control("Zet hier");
    wait_at(&mut desktop, "Say");
    desktop.click_control("Kies een onderwerp");
    wait_at(&mut desktop, "Theme");
    desktop.click_control("Groen");
    let said = desktop.wait_for("what was said", |state| {
        has_control(state, "Onderwerp: Groen") && has_control(state, "Je plek staat er")
    });
    assert_eq!(said["kiosk"]["pin"], true, "a pin stands on the spot");
    assert_eq!(said["kiosk"]["count"], 0, "nothing is kept before it is sent");
    desktop.click_control("Versturen");
    let thanks = desktop.wait_for("thanks", |state| is_at(state, "Thanks") && state["kiosk"]["count"] == 1);
    assert!(has_text(&thanks, "Bedankt! Je reactie is bewaard."));
    assert!(has_text(&thanks, "1 oefenreactie"));
    assert_eq!(thanks["kiosk"]["pin"], false);
    // Nobody touches anything: the thanks go by themselves.
    wait_at(&mut desktop, "Attract");

    // The next one leaves in the middle: asked after, forgotten, and nothing of it is kept.
    give_a_face(&mut desktop, "Dichter", "Niet fijn");
    write(&mut desktop, "Hoog");
    desktop.wait_for("the question", |state| {
        state["kiosk"]["asking"] == true && has_text(state, "Ben je er nog?")
    });
    desktop.click_control("Ja, verder");
    desktop.wait_for("the words still there", |state| {
        state["kiosk"]["asking"] == false && has_control(state, "“Hoog”")
    });
    let gone = wait_at(&mut desktop, "Attract");
    assert_eq!(gone["kiosk"]["count"], 1);
    give_a_face(&mut desktop, "Dichter", "Niet fijn");
    desktop.wait_for("no words of the one before", |state| {
        has_control(state, "Schrijf een paar woorden") && !has_text(state, "Hoog")
    });

    // After a power cut the vote is there, and nothing of the unsent one in any file.
    desktop.kill_and_start_again();
    let again = desktop.wait_for("the first screen", |state| {
        is_at(state, "Attract") && state["kiosk"]["ready"] == true
    });
    assert_eq!(again["kiosk"]["count"], 1);
    let folder = desktop.data().join("stadslens/scenarios");
    for entry in fs::read_dir(folder).expect("the kept files") {
        let bytes = fs::read(entry.expect("a file").path()).expect("its bytes");
        assert!(!bytes.windows(4).any(|window| window == b"Hoog"));
    }
}

#[test]
fn staff_let_a_word_through_and_take_the_counts_along() {
    let mut desktop = open_kiosk();
    leave_staff(&mut desktop);
    give_a_face(&mut desktop, "Groener", "Fijn");
    write(&mut desktop, "Meer bos");
    desktop.click_control("Versturen");
    wait_at(&mut desktop, "Thanks");
    desktop.click_control("Klaar");
    wait_at(&mut desktop, "Attract");

    // A wrong code leads nowhere.
    desktop.click_control("Medewerkers");
    desktop.wait_for("the code", |state| has_text(state, "Code voor medewerkers"));
    type_code(&mut desktop, "1111");
    desktop.wait_for("the refusal", |state| has_text(state, "Die code is het niet."));
    type_code(&mut desktop, CODE);
    desktop.wait_for("the table", |state| has_text(state, "Groener · 1 · < 5"));

    // Not read yet: not in the file.
    desktop.click_control("Opslaan als CSV");
    let before = saved(&mut desktop, "");
    assert!(!table(&before, "woorden").contains("Meer bos"));
    desktop.click_control("Woorden (1 nieuw)");
    desktop.wait_for("the words", |state| has_text(state, "“Meer bos”"));
    desktop.click_control("Mag worden getoond (1)");
    desktop.wait_for("a word let through", |state| has_text(state, "mag worden getoond"));
    desktop.click_control("Resultaten");
    desktop.click_control("Opslaan als CSV");
    let after = saved(&mut desktop, &before);
    assert!(table(&after, "woorden").contains("Meer bos"));
    let counts = table(&after, "aantallen");
    assert!(counts.contains("Groener;1;;;;;;;;;minder dan 5"), "{counts}");
    assert!(counts.contains("Alle plannen;1;"), "{counts}");

    // Leaving closes the door behind them; the program ends from inside alone.
    desktop.key("alt+F4");
    desktop.key("Escape");
    leave_staff(&mut desktop);
    enter(&mut desktop);
    desktop.click_control("Afsluiten");
    desktop.click_control("Kiosk afsluiten");
    assert!(desktop.wait_for_end().success());
}

/// The folder that the screen says the tables were saved in, another one than `before`.
fn saved(desktop: &mut Desktop, before: &str) -> String {
    let start = "Opgeslagen in ";
    let folder_of = |state: &Value| {
        let controls = state["controls"].as_array()?;
        let mut names = controls.iter().filter_map(|control| control["name"].as_str());
        names.find_map(|name| name.strip_prefix(start)).map(str::to_owned)
    };
    let state = desktop.wait_for("saved tables", |state| {
        folder_of(state).is_some_and(|folder| folder != before)
    });
    folder_of(&state).expect("just seen")
}

fn table(folder: &str, name: &str) -> String {
    fs::read_to_string(format!("{folder}/{name}.csv")).expect("a table")
}
