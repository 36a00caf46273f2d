//! Notes that stand in `scenario.json`.

use super::{Copy, json, lines};
use bevy::math::DVec3;
use serde_json::{Value, json};
use stadslens::georef::SitePos;
use stadslens::model::scenario::{document_with_notes, notes_from_json, notes_json};
use stadslens::model::{AuthorRole, NoteKind, OpenScenario};
use std::fs;

/// Two notes, the second one first in the file, with keys of a later program at every level.
fn notes() -> Value {
    json!([
        {"id": "n-2", "number": 2, "text": "Een bankje", "kind": "idea", "role": "resident", "day": "2026-11-24",
         "position": [251_010.25, 476_240.5, 18.5], "object": "B-1", "mood": ["blij", null],
         "viewpoint": {"camera": {"target": [251_000, 476_250, 17], "heading_deg": 359.9, "pitch_deg": -35.1,
                                  "distance_m": 123.456, "lens_mm": 35}, "variant": "A", "sun": true}},
        {"id": "n-1", "number": 1, "text": "", "kind": "task", "role": "maintainer", "day": "2026-11-25",
         "position": [251_000, 476_250, 17],
         "viewpoint": {"camera": {"target": [251_000, 476_250, 17], "heading_deg": 0, "pitch_deg": -90, "distance_m": 2}}}
    ])
}

fn with(notes: &Value) -> Copy {
    let copy = Copy::new();
    copy.replace(
        "scenario.json",
        r#""annotations": []"#,
        &format!(r#""annotations": {notes}"#),
    );
    copy
}

fn unknown_keys() -> Vec<String> {
    let words = "this key is unknown here; it is kept but does nothing (is it spelled right?)";
    let keys = ["mood", "viewpoint.camera.lens_mm", "viewpoint.sun"];
    keys.map(|key| format!("scenario.json: annotations[0].{key}: {words}"))
        .to_vec()
}

/// The notes of the own file of `open` as it would be taken along.
fn written(open: &OpenScenario) -> Vec<Value> {
    let (bytes, problems) = document_with_notes(open).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    assert_eq!(lines(&problems), Vec::<String>::new());
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    document["annotations"].as_array().unwrap().clone()
}

#[test]
fn notes_of_the_file_are_read_in_the_order_of_their_numbers() {
    let found = with(&notes()).open();
    assert_eq!(lines(&found.problems), unknown_keys());
    let [first, second] = &found.scenario.notes[..] else {
        panic!("{:?}", found.scenario.notes);
    };
    assert_eq!(
        (first.id.as_str(), first.kind, first.role),
        ("n-1", NoteKind::Task, AuthorRole::Maintainer)
    );
    assert_eq!((first.variant(), first.anchor.object.as_deref()), (None, None));
    assert_eq!((second.number, second.text.as_str()), (2, "Een bankje"));
    assert_eq!(second.anchor.position, SitePos(DVec3::new(10.25, -9.5, 1.5)));
    assert_eq!(
        (second.variant(), second.anchor.object.as_deref()),
        (Some("A"), Some("B-1"))
    );
    assert_eq!(second.viewpoint.target, SitePos(DVec3::ZERO));
    assert_eq!(second.day, jiff::civil::date(2026, 11, 24));
}

#[test]
fn a_bad_note_costs_one_line_and_the_others_stay() {
    for (key, value, expected) in [
        (
            "number",
            json!(-1),
            "number: -1 is not between 0 and 4294967295; annotations[0] is left out",
        ),
        (
            "kind",
            json!("gripe"),
            "kind: unknown word `gripe`: use one of remark, question, idea, concern, task; annotations[0] is left out",
        ),
        (
            "role",
            json!(null),
            "role: unknown word null: use one of planner, resident, maintainer, other; annotations[0] is left out",
        ),
        (
            "day",
            json!("gisteren"),
            "day: `gisteren` is no day like `2026-11-25`; annotations[0] is left out",
        ),
        (
            "text",
            json!("x".repeat(2001)),
            "text: the text has 2001 characters and a note at most 2000; annotations[0] is left out",
        ),
        (
            "position",
            json!([251_000, 476_250]),
            "position: has 2 entries and needs exactly 3; annotations[0] is left out",
        ),
        (
            "position",
            json!([251_000, 476_250, 1e6]),
            "position: a height of 1000000 m is no place to look at; annotations[0] is left out",
        ),
        ("id", json!(" "), "id: the id is empty; annotations[0] is left out"),
    ] {
        let mut list = notes();
        list[0][key] = value;
        let copy = with(&list);
        let found = copy.open();
        let told: Vec<String> = lines(&found.problems)
            .into_iter()
            .filter(|line| !line.contains("spelled"))
            .collect();
        assert_eq!(told, [format!("scenario.json: annotations[0].{expected}")], "{key}");
        let ids: Vec<&str> = found.scenario.notes.iter().map(|note| note.id.as_str()).collect();
        assert_eq!(ids, ["n-1"], "{key}");
        // Nobody saw it, so nobody can have removed it.
        assert_eq!(written(&found).len(), 2, "{key}");
    }
    let mut twice = notes();
    twice[1]["id"] = json!("n-2");
    let found = with(&twice).open();
    assert_eq!(found.scenario.notes.len(), 1);
    let last = lines(&found.problems).pop();
    assert_eq!(
        last.as_deref(),
        Some("scenario.json: annotations[1].id: the id `n-2` is taken by annotations[0]; annotations[1] is left out")
    );
}

#[test]
fn an_unknown_variant_costs_a_note_no_more_than_that() {
    let mut list = notes();
    list[0]["viewpoint"]["variant"] = json!("Z");
    let found = with(&list).open();
    let told = lines(&found.problems).pop();
    assert_eq!(
        told.as_deref(),
        Some(
            "scenario.json: annotations[0].viewpoint.variant: there is no variant `Z` (there are 0, A); it is left out"
        )
    );
    assert_eq!(
        (found.scenario.notes.len(), found.scenario.notes[1].variant()),
        (2, None)
    );
}

#[test]
fn taken_along_a_file_keeps_every_letter_until_a_note_changes_and_then_what_nobody_knows() {
    let copy = with(&notes());
    let mut open = copy.open();
    let (bytes, _) = document_with_notes(&open).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    assert_eq!(bytes, fs::read(copy.path().join("scenario.json")).unwrap());

    let mut added = open.scenario.notes[0].clone();
    added.id = "n-3".into();
    added.number = 3;
    added.anchor.position = SitePos(DVec3::new(0.1, 0.2, 0.3));
    open.scenario.notes.push(added);
    open.scenario.notes[1].text = "Twee bankjes".into();
    open.scenario.notes[1].anchor.object = None;
    open.scenario.notes.remove(0);
    let list = written(&open);
    let mut changed = notes()[0].clone();
    changed["text"] = json!("Twee bankjes");
    changed.as_object_mut().unwrap().remove("object");
    assert_eq!(list.len(), 2, "the removed one is gone: {list:?}");
    assert_eq!(super::with_plain_numbers(&list[0]), super::with_plain_numbers(&changed));
    assert_eq!(list[1]["position"], json!([251_000.1, 476_250.2, 17.3]));

    // The rest of the file is as it was, and it opens with the same notes.
    let (bytes, _) = document_with_notes(&open).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    let mut before = json(&copy.path().join("scenario.json"));
    fs::write(copy.path().join("scenario.json"), &bytes).unwrap();
    let again = copy.open();
    let told = format!("{:?}", again.scenario.notes);
    assert_eq!(again.scenario.notes[0], open.scenario.notes[0], "{told}");
    let off_m = again.scenario.notes[1]
        .anchor
        .position
        .0
        .distance(DVec3::new(0.1, 0.2, 0.3));
    assert!(off_m < 1e-6, "{off_m} m: {told}");
    let mut after: Value = serde_json::from_slice(&bytes).unwrap();
    let keys = |document: &Value| document.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&before), keys(&after));
    for document in [&mut before, &mut after] {
        document["annotations"] = Value::Null;
    }
    assert_eq!(before, after);
}

#[test]
fn notes_of_a_place_outside_the_netherlands_are_written_in_the_files_coordinates() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = json!({
        "version": 1, "title": {"en": "Dover"}, "crs": "EPSG:4326",
        "area": {"anchor": {"lon_lat": [-75.52, 39.16], "height_m": 10.0}},
        "annotations": [{"id": "n", "number": 1, "text": "x", "kind": "task", "role": "other", "day": "2026-11-25",
            "position": [-75.519, 39.161, 12], "viewpoint": {"camera":
                {"target": [-75.52, 39.16, 10], "heading_deg": 1, "pitch_deg": -20, "distance_m": 90}}}]
    });
    fs::write(folder.path().join("scenario.json"), scenario.to_string()).unwrap();
    let open =
        || stadslens::model::scenario::open(folder.path()).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    let mut first = open();
    assert_eq!(lines(&first.problems), Vec::<String>::new());
    let at = first.scenario.notes[0].anchor.position.0;
    // 0.001° of longitude and of latitude at 39.16° on the ellipsoid.
    assert!((at - DVec3::new(86.44, 111.02, 2.0)).abs().max_element() < 0.1, "{at}");
    first.scenario.notes[0].anchor.position.0 += DVec3::new(3.0, 4.0, 5.0);
    let (bytes, _) = document_with_notes(&first).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    fs::write(folder.path().join("scenario.json"), &bytes).unwrap();
    let off_m = open().scenario.notes[0]
        .anchor
        .position
        .0
        .distance(at + DVec3::new(3.0, 4.0, 5.0));
    assert!(off_m < 0.001, "{off_m} m");
}

#[test]
fn another_run_gets_the_notes_of_this_one_in_one_line() {
    let copy = with(&notes());
    let mut open = copy.open();
    open.scenario.notes[0].text = "Twee\nregels en \"tekens\" \u{2028}".into();
    open.scenario.notes.remove(1);
    let line = notes_json(&open).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    assert!(!line.contains('\n'), "{line}");
    let other = copy.open();
    let (notes, problems) = notes_from_json(&other, &line).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    assert_eq!((notes, problems), (open.scenario.notes, Vec::new()));
    for wrong in ["", "[{}]", "{}", "[", r#"[{"id": 3}]"#] {
        assert_eq!(notes_from_json(&other, wrong).unwrap_err().len(), 1, "{wrong}");
    }
}
