//! The plan taken along from the window with real keys, and opened again by somebody else.

use super::desktop::{Desktop, PATIENCE};
use super::has_text;
use serde_json::{Value, json};
use stadslens::analysis::Survey;
use stadslens::model::scenario::open;
use stadslens::model::{NoteKind, OpenScenario};
use stadslens::sources::{Problem, Severity};
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

const PLACE: &str = "Waar moet het bestand komen?";
const SAVE: &str = "Bestand maken";
const WORDS: &str = "Hier kan een bankje.";
const LIST: &str = "Nr;Soort;X;Y\r\nB-1;Bank;251020,5;476270\r\n";

/// A small plan of two variants with one viewpoint and one note in its own file, in a folder of its own.
fn plan() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let hof = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hof");
    copy(&hof, &folder.path().join("hof"));
    let document = folder.path().join("hof/scenario.json");
    let mut scenario: Value = serde_json::from_slice(&fs::read(&document).expect("a scenario")).expect("JSON");
    let camera = json!({"target": [251_050, 476_300, 17], "heading_deg": 20, "pitch_deg": -35, "distance_m": 160});
    scenario["viewpoints"] = json!([{"id": "overview", "camera": camera}]);
    scenario["annotations"] = json!([{
        "id": "note-of-the-file", "number": 1, "text": "Stond er al.", "kind": "question", "role": "resident",
        "day": "2026-11-01", "position": [251_060, 476_300, 17], "viewpoint": {"camera": camera, "variant": "A"},
    }]);
    fs::write(&document, scenario.to_string()).expect("written");
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn start(plan: &Path) -> Desktop {
    let path = plan.to_str().expect("plain letters").to_owned();
    let mut desktop = Desktop::start(1280, 800, &[&path, "--language", "nl"]);
    desktop.wait_until_drawn();
    desktop
}

/// Asks for the package by key and names a place, as on a machine without a dialog for that.
fn take_along(desktop: &mut Desktop, package: &Path) {
    desktop.key("ctrl+e");
    desktop.wait_for("the field for a place", |state| has_text(state, PLACE));
    desktop.fill(PLACE, package.to_str().expect("plain letters"));
    desktop.click_control(SAVE);
    desktop.wait_for("the work to begin", |state| {
        has_text(state, "Het bestand wordt gemaakt")
    });
}

/// Adds a list of one bench in the lens of maintenance, and goes back to that of the design.
fn add_list(desktop: &mut Desktop, folder: &Path) {
    let path = folder.join("banken.csv");
    fs::write(&path, LIST).expect("a list");
    desktop.click_control("Beheer");
    desktop.wait_for("the maintenance lens", |state| state["lens"] == "maintenance");
    desktop.click_control("Eigen lijst toevoegen");
    desktop.wait_for("the page", |state| has_text(state, "Bestand kiezen"));
    desktop.fill("Of typ het pad van het bestand", path.to_str().expect("plain letters"));
    desktop.click_control("Lezen");
    desktop.wait_for("what comes of it", |state| {
        has_text(state, "1 van 1 rijen komen op de kaart")
    });
    desktop.click_control("Toevoegen");
    desktop.wait_for("the list among those that were added", |state| {
        has_text(state, "banken.csv weghalen") && state["notes"] == 2
    });
    fs::remove_file(path).expect("gone");
    desktop.click_control("Ontwerp");
    desktop.wait_for("the design lens", |state| state["lens"] == "design");
    desktop.wait_until_drawn();
}

fn opened(path: &Path) -> OpenScenario {
    let open = open(path).unwrap_or_else(|problems| panic!("{problems:?}"));
    let is_error = |problem: &&Problem| problem.severity == Severity::Error;
    assert_eq!(open.problems.iter().find(is_error), None);
    open
}

/// The numbers of every variant.
fn numbers(open: &OpenScenario) -> String {
    let survey = Survey::new(open).expect("a plan area");
    let variants = open.scenario.variants.iter();
    let numbers: Vec<_> = variants.map(|variant| survey.indicators(variant, None)).collect();
    format!("{numbers:?}")
}

fn names_in(package: &Path) -> Vec<String> {
    let zip = zip::ZipArchive::new(fs::File::open(package).expect("the package")).expect("a zip");
    zip.file_names()
        .map(|name| name.expect("a name").into_owned())
        .collect()
}

#[test]
fn a_planner_takes_the_plan_along_and_somebody_else_opens_it_with_nothing_lost() {
    let plan = plan();
    let scenario = plan.path().join("hof");
    let package = plan.path().join("mee.stadslens");
    let mut desktop = start(&scenario);
    desktop.wait_for("the note of the file", |state| state["notes"] == 1);
    desktop.key("t");
    desktop.wait_for("a new note", |state| state["notes"] == 2);
    desktop.fill("Tekst van notitie 2", WORDS);
    desktop.click_control("Idee");
    desktop.wait_for("an idea that is kept", |state| {
        has_text(state, "2 · Hier kan een bankje.") && has_text(state, "Idee 1") && state["kept"] == true
    });
    add_list(&mut desktop, plan.path());
    desktop.key("Escape");
    desktop.wait_for("keys for the city", |state| {
        let controls = state["controls"].as_array();
        controls.is_some_and(|all| all.iter().all(|control| control["focused"] == false))
    });

    take_along(&mut desktop, &package);
    // The window goes on while the package is made.
    desktop.key("2");
    let state = desktop.wait_for("the other variant", |state| state["variant"] == "A");
    assert!(
        !has_text(&state, "Het plan staat in"),
        "two pictures are not made that fast"
    );
    desktop.wait_for("the package", |state| has_text(state, "Het plan staat in"));
    let left: Vec<PathBuf> = fs::read_dir(plan.path())
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
    // A name that is taken is not overwritten.
    desktop.key("ctrl+e");
    desktop.wait_for("the field for a place", |state| has_text(state, PLACE));
    desktop.fill(PLACE, package.to_str().expect("plain letters"));
    desktop.click_control(SAVE);
    desktop.wait_for("that the name is taken", |state| {
        has_text(state, "Er is al een bestand met deze naam.")
    });

    let (before, after) = (opened(&scenario), opened(&package));
    assert_eq!(before.scenario.variants, after.scenario.variants);
    assert_eq!(before.scenario.viewpoints, after.scenario.viewpoints);
    assert_eq!(before.problems, after.problems);
    assert_eq!(numbers(&before), numbers(&after));
    let [first, second] = &after.scenario.notes[..] else {
        panic!("{:?}", after.scenario.notes);
    };
    assert_eq!(first, &before.scenario.notes[0]);
    assert_eq!(
        (second.number, second.text.as_str(), second.kind),
        (2, WORDS, NoteKind::Idea)
    );
    let bench = after.assets.last().expect("the list's bench");
    assert_eq!(
        (bench.id.as_str(), after.assets.len()),
        ("B-1", before.assets.len() + 1)
    );
    let names = names_in(&package);
    let pictures = names.iter().filter(|name| name.starts_with("pictures/")).count();
    assert_eq!(pictures, 2, "{names:?}");
    drop(desktop);

    // Somebody else, who has kept nothing about this plan.
    let mut other = start(&package);
    other.wait_for("both notes", |state| state["notes"] == 2);
    other.click_control("Notities");
    other.wait_for("what they say", |state| {
        has_text(state, "1 · Stond er al.") && has_text(state, "2 · Hier kan een bankje.")
    });
}

#[test]
fn a_window_that_goes_takes_its_unfinished_package_with_it() {
    let plan = plan();
    let package = plan.path().join("mee.stadslens");
    let mut desktop = start(&plan.path().join("hof"));
    take_along(&mut desktop, &package);
    let beside = || {
        let entries = fs::read_dir(plan.path()).expect("a folder");
        entries
            .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name() != "hof"))
            .count()
    };
    let wait_for = |what: &str, wanted: usize| {
        let start = Instant::now();
        while beside() != wanted {
            assert!(start.elapsed() < PATIENCE, "waited too long for {what}");
            thread::sleep(Duration::from_millis(50));
        }
    };
    wait_for("the file that is being written", 1);
    desktop.kill();
    wait_for("the file to go", 0);
    assert!(!package.exists());
}
