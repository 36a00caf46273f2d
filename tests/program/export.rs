//! A scenario taken along as a package and opened again.

use serde_json::Value;
use stadslens::analysis::Survey;
use stadslens::georef::SitePos;
use stadslens::model::scenario::{Columns, check, open};
use stadslens::model::store::{Origin, StoreHandle, store_path};
use stadslens::model::{
    AssetKind, AuthorRole, LocalText, Note, NoteAnchor, NoteKind, OpenScenario, OwnList, Viewpoint,
};
use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The user's data folder of a run that writes `output`.
fn data_beside(output: &Path) -> PathBuf {
    output.with_file_name("data")
}

/// Writes notes about a scenario as the window keeps them, for runs that write `output`; hands them out as they are kept.
fn write_notes(scenario: &Path, output: &Path) -> Vec<Note> {
    let database = store_path(&data_beside(output).join("stadslens"), scenario);
    let (handle, _) = StoreHandle::open(&database).expect("a store");
    let notes: Vec<Note> = (1..=3).map(note).collect();
    let written = notes.clone();
    let site = open(scenario)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .scenario
        .area
        .site;
    handle
        .submit(move |store| store.save_notes(&site, &written, &[]))
        .wait()
        .expect("kept");
    notes
}

/// Notes that differ in everything.
fn note(number: u32) -> Note {
    let at = bevy::math::DVec3::new(0.1 * f64::from(number), -20.5, 1.0 / 3.0);
    let id = format!("note-{number}");
    Note {
        number,
        text: format!("Een <b>bank</b> & een boom,\n\"{number}\" keer"),
        kind: NoteKind::ALL[number as usize % 5],
        role: AuthorRole::ALL[number as usize % 4],
        anchor: NoteAnchor {
            position: SitePos(at),
            object: (number == 2).then(|| "R6".to_owned()),
        },
        viewpoint: Viewpoint {
            id: id.clone(),
            title: LocalText::default(),
            caption: LocalText::default(),
            target: SitePos(at * 2.0),
            heading_deg: 359.9,
            pitch_deg: -35.123_456_789,
            distance_m: 123.456,
            variant: (number == 3).then(|| "A".to_owned()),
            lens: None,
            time: None,
        },
        day: jiff::civil::date(2026, 11, 20),
        id,
    }
}

/// Compares notes that went through a file: places to a thousandth of a millimetre, all else to the letter.
fn assert_same_notes(before: &[Note], after: &[Note]) {
    let apart = |note: &Note| {
        let mut note = note.clone();
        let places = [note.anchor.position.0, note.viewpoint.target.0];
        note.anchor.position.0 = bevy::math::DVec3::ZERO;
        note.viewpoint.target.0 = bevy::math::DVec3::ZERO;
        (note, places)
    };
    assert_eq!(before.len(), after.len(), "{after:?}");
    for (before, after) in before.iter().zip(after) {
        let ((before, was), (after, is)) = (apart(before), apart(after));
        assert_eq!(before, after);
        for (was, is) in was.iter().zip(is) {
            assert!(was.distance(is) < 1e-6, "{was} became {is}");
        }
    }
}

fn export(scenario: &Path, output: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .arg("export")
        .arg(scenario)
        .arg("-o")
        .arg(output)
        .args(["--no-pictures", "--date", "2026-11-25"])
        .args(more)
        .env("XDG_DATA_HOME", data_beside(output))
        .output()
        .expect("the program runs")
}

fn package_of(scenario: &str, folder: &Path) -> PathBuf {
    let output = folder.join("plan.stadslens");
    let done = export(&project(scenario), &output, &[]);
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{errors}");
    output
}

/// Everything that a scenario holds but its notes, without where its files are read from.
fn told(open: &OpenScenario) -> String {
    let mut scenario = open.scenario.clone();
    scenario.notes.clear();
    let heights: Vec<f64> = (-5..5)
        .map(|i| open.terrain.height_at(bevy::math::DVec2::splat(f64::from(i) * 40.0)))
        .collect();
    let numbers = Survey::new(open).map(|survey| {
        let variants = &scenario.variants;
        variants
            .iter()
            .map(|variant| survey.indicators(variant, None))
            .collect::<Vec<_>>()
    });
    format!(
        "{scenario:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{heights:?}\n{numbers:?}",
        open.surfaces, open.assets, open.reports, open.sensors, open.register.buildings
    )
}

#[test]
fn a_package_opens_again_with_nothing_lost() {
    for scenario in ["scenarios/lange-wemen", "tests/fixtures/hof"] {
        let folder = tempfile::tempdir().expect("a folder");
        let written = write_notes(&project(scenario), &folder.path().join("plan.stadslens"));
        let package = package_of(scenario, folder.path());
        let before = open(&project(scenario)).unwrap_or_else(|problems| panic!("{problems:?}"));
        let after = open(&package).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(told(&before), told(&after), "{scenario}");
        assert_same_notes(&written, &after.scenario.notes);
        assert_eq!(before.problems.len(), after.problems.len(), "{:?}", after.problems);
        for layer in &before.scenario.layers {
            let (old, new) = (before.resources.read(&layer.path), after.resources.read(&layer.path));
            assert_eq!(
                old.expect("the layer"),
                new.expect("the layer in the package"),
                "{}",
                layer.path
            );
        }
        assert_eq!(
            check(&project(scenario)).len(),
            check(&package).len(),
            "{:?}",
            check(&package)
        );
        // What was opened is not written to: exported again, without a store and with one that took the notes over, it
        // gives the same bytes.
        let again = folder.path().join("again.stadslens");
        for is_taken_over in [false, true] {
            if is_taken_over {
                let database = store_path(&data_beside(&again).join("stadslens"), &package);
                let (handle, _) = StoreHandle::open(&database).expect("a store");
                let (site, notes) = (after.scenario.area.site, after.scenario.notes.clone());
                handle
                    .submit(move |store| store.take_over(&site, &notes))
                    .wait()
                    .expect("taken over");
            }
            let done = export(&package, &again, &["--replace"]);
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            assert_eq!(
                fs::read(&package).expect("the package"),
                fs::read(&again).expect("the other"),
                "taken over: {is_taken_over}"
            );
        }
    }
}

#[test]
fn a_package_says_nothing_of_the_machine_and_names_every_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = package_of("scenarios/lange-wemen", folder.path());
    let mut zip = zip::ZipArchive::new(fs::File::open(&package).expect("the package")).expect("a zip");
    let mut names = Vec::new();
    let mut texts = String::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).expect("an entry");
        let name = entry.name().expect("a name").into_owned();
        let is_text = [".html", ".csv", "manifest.json", "scenario.json"];
        if is_text.iter().any(|ending| name.ends_with(ending)) {
            entry.read_to_string(&mut texts).expect("text");
        }
        names.push(name);
    }
    let here = env!("CARGO_MANIFEST_DIR");
    let home = std::env::var("HOME").unwrap_or_else(|_| "/root".into());
    for secret in [here, folder.path().to_str().expect("a path"), &format!("{home}/")] {
        assert!(!texts.contains(secret), "the package names {secret}");
    }
    let manifest: Value = {
        let entry = zip.by_name("manifest.json").expect("a manifest");
        serde_json::from_reader(entry).expect("JSON")
    };
    let listed: Vec<&String> = manifest["files"].as_object().expect("files").keys().collect();
    names.retain(|name| name != "manifest.json");
    names.sort();
    assert_eq!(names.iter().collect::<Vec<_>>(), listed);
    for wanted in [
        "index.html",
        "index.en.html",
        "tables/indicators.nl.csv",
        "tables/indicators.en.csv",
    ] {
        assert!(names.iter().any(|name| name == wanted), "no {wanted}");
    }
    assert!(texts.contains("Voorbeeld: dit is niet de echte situatie"));
}

#[test]
fn what_was_changed_on_the_way_is_said_and_the_rest_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = package_of("tests/fixtures/hof", folder.path());
    let original = open(&package).unwrap_or_else(|problems| panic!("{problems:?}"));
    let changed = &original
        .scenario
        .layers
        .iter()
        .find(|l| l.path.ends_with(".geojson"))
        .expect("a layer")
        .path;
    let bad = folder.path().join("bad.stadslens");
    rewrite(&package, &bad, |name, bytes| {
        if name == changed {
            bytes.extend(b" ");
        }
    });
    let found = check(&bad);
    assert!(
        found
            .iter()
            .any(|p| p.path == *changed && p.message.contains("SHA-256")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|p| p.message.contains("does not name this file")),
        "{found:?}"
    );
    let opened = open(&bad).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(opened.scenario.variants.len(), original.scenario.variants.len());
    assert!(
        opened
            .problems
            .iter()
            .any(|p| p.message.contains("leads out of its folder")),
        "{:?}",
        opened.problems
    );
}

#[test]
fn a_broken_or_newer_list_is_said_and_the_rest_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = package_of("tests/fixtures/hof", folder.path());
    for (what, words) in [
        ("no JSON", "this list cannot be read"),
        (
            r#"{"format":"stadslens-package","version":99,"program":"x","files":{}}"#,
            "newer Stadslens",
        ),
    ] {
        let bad = folder.path().join("bad.stadslens");
        rewrite(&package, &bad, |name, bytes| {
            if name == "manifest.json" {
                *bytes = what.as_bytes().to_vec();
            }
        });
        let opened = open(&bad).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert!(!opened.scenario.variants.is_empty());
        assert!(
            opened.problems.iter().any(|p| p.message.contains(words)),
            "{:?}",
            opened.problems
        );
    }
}

#[test]
fn notes_go_along_and_what_they_say_is_escaped() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("plan.stadslens");
    write_notes(&project("tests/fixtures/hof"), &output);
    package_of("tests/fixtures/hof", folder.path());
    let mut zip = zip::ZipArchive::new(fs::File::open(&output).expect("the package")).expect("a zip");
    let mut text = |name: &str| {
        let mut text = String::new();
        let mut entry = zip.by_name(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        entry.read_to_string(&mut text).expect("text");
        text
    };
    let notes: Value = serde_json::from_str(&text("notes/notes.geojson")).expect("JSON");
    let text_of_first = &notes["features"][0]["properties"]["text"];
    assert_eq!(text_of_first, "Een <b>bank</b> & een boom,\n\"1\" keer");
    assert_eq!(notes["features"][1]["properties"]["kind"], "idea");
    let rd: Value = serde_json::from_str(&text("notes/notes-rd.geojson")).expect("JSON");
    assert_eq!(rd["features"].as_array().map(Vec::len), Some(3));
    let page = text("index.html");
    assert!(
        page.contains("Een &lt;b&gt;bank&lt;") && !page.contains("<b>bank"),
        "{page}"
    );
}

#[test]
fn lists_and_notes_that_were_added_go_along_in_one_package() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = project("tests/fixtures/hof");
    let columns = r#"{"x": "X", "y": "Y", "crs": "EPSG:28992", "id": "Nr", "all_are": "bench"}"#;
    let list = OwnList {
        id: OwnList::new_id(),
        name: "banken.csv".into(),
        bytes: b"Nr;X;Y;Plek\r\nB-1;251000,5;476250;bij caf\xe9\r\n"[..].into(),
        columns: Columns::from_json(columns).expect("columns"),
        day: jiff::civil::date(2026, 11, 25),
    };
    // First the list alone, then notes beside it.
    for with_notes in [false, true] {
        let output = folder.path().join(format!("plan-{with_notes}.stadslens"));
        let database = store_path(&data_beside(&output).join("stadslens"), &scenario);
        if !with_notes {
            let (handle, _) = StoreHandle::open(&database).expect("a store");
            let kept = list.clone();
            let job = handle.submit(move |store| store.add_list(&kept));
            job.wait().expect("kept");
        }
        let written = if with_notes {
            write_notes(&scenario, &output)
        } else {
            Vec::new()
        };
        let done = export(&scenario, &output, &[]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let after = open(&output).unwrap_or_else(|problems| panic!("{problems:?}"));
        let before = open(&scenario).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(before.problems, after.problems);
        assert_same_notes(&written, &after.scenario.notes);
        assert_eq!(after.assets.len(), before.assets.len() + 1);
        assert_eq!(after.scenario.layers.len(), before.scenario.layers.len() + 1);
        let bench = after.assets.last().expect("the bench");
        assert_eq!((bench.id.as_str(), bench.kind), ("B-1", AssetKind::Bench));
        assert!(bench.attributes.contains(&("Plek".into(), "bij café".into())));
        let layer = after.layer_of_asset(after.assets.len() - 1).expect("its layer");
        assert_eq!(
            (layer.id.as_str(), layer.title.get("nl")),
            (list.id.as_str(), "banken.csv")
        );
        let table = after.resources.read(&layer.path).expect("the list's own file");
        assert_eq!(table, &*list.bytes);
        assert_eq!(check(&output).len(), check(&scenario).len(), "{:?}", check(&output));
    }
}

#[test]
fn notes_that_cannot_be_had_are_said_and_those_of_the_file_go_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = folder.path().join("first.stadslens");
    let scenario = project("tests/fixtures/hof");
    let written = write_notes(&scenario, &first);
    assert!(export(&scenario, &first, &[]).status.success());
    // Somebody has the package open: what is kept of it cannot be read now.
    let second = folder.path().join("second.stadslens");
    let database = store_path(&data_beside(&second).join("stadslens"), &first);
    let (handle, _) = StoreHandle::open(&database).expect("a store");
    let in_use = export(&first, &second, &[]);
    assert_eq!(in_use.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&in_use.stderr).contains("in use by another Stadslens"));
    let after = open(&second).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_same_notes(&written, &after.scenario.notes);
    drop(handle);
    // Where the package was moved, its notes are found.
    let moved = folder.path().join("moved.stadslens");
    let site = after.scenario.area.site;
    let (handle, _) = StoreHandle::open(&database).expect("a store");
    let origin = Origin::of(&first, &open(&first).expect("the package")).expect("a file of its own");
    let added = note(4);
    let settled = handle.submit(move |store| {
        store.settle_in(&site, &origin)?;
        store.save_notes(&site, &[added], &[])
    });
    settled.wait().expect("kept");
    drop(handle);
    fs::rename(&first, &moved).expect("moved");
    assert!(export(&moved, &second, &["--replace"]).status.success());
    let after = open(&second).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_same_notes(&[&written[..], &[note(4)]].concat(), &after.scenario.notes);
    fs::rename(&moved, &first).expect("moved back");
    // Rows that a later program wrote.
    let connection = rusqlite::Connection::open(store_path(&data_beside(&first).join("stadslens"), &scenario));
    let changed = connection.and_then(|c| c.execute("UPDATE notes SET kind = 'later' WHERE number < 3", []));
    assert_eq!(changed.expect("a database"), 2);
    let unread = export(&scenario, &first, &["--replace"]);
    assert_eq!(unread.status.code(), Some(1));
    let words = String::from_utf8_lossy(&unread.stderr);
    assert!(words.contains("2 notes cannot be read"), "{words}");
    let after = open(&first).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_same_notes(&written[2..], &after.scenario.notes);
}

/// Copies a package with changed files, one that nobody listed and one that climbs out.
fn rewrite(from: &Path, to: &Path, change: impl Fn(&str, &mut Vec<u8>)) {
    let mut zip = zip::ZipArchive::new(fs::File::open(from).expect("the package")).expect("a zip");
    let mut writer = zip::ZipWriter::new(fs::File::create(to).expect("a file"));
    let options = zip::write::SimpleFileOptions::default();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).expect("an entry");
        let (name, mut bytes) = (entry.name().expect("a name").into_owned(), Vec::new());
        entry.read_to_end(&mut bytes).expect("bytes");
        change(&name, &mut bytes);
        writer.start_file(&name, options).expect("an entry");
        writer.write_all(&bytes).expect("bytes");
    }
    for stranger in ["stranger.txt", "../climbs/out.txt"] {
        writer.start_file(stranger, options).expect("an entry");
        writer.write_all(b"x").expect("bytes");
    }
    writer.finish().expect("a zip");
}

#[test]
fn nothing_is_overwritten_unasked_and_a_lone_tileset_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = package_of("tests/fixtures/hof", folder.path());
    let before = fs::read(&package).expect("the package");
    let refused = export(&project("scenarios/lange-wemen"), &package, &[]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(fs::read(&package).expect("the package"), before);
    assert!(
        export(&project("tests/fixtures/hof"), &package, &["--replace"])
            .status
            .success()
    );
    let nowhere = folder.path().join("no such folder").join("a.stadslens");
    assert_eq!(
        export(&project("tests/fixtures/hof"), &nowhere, &[]).status.code(),
        Some(3)
    );
    assert!(!nowhere.exists());
}

#[test]
fn inspect_names_the_ids_that_other_commands_take() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stadslens"));
        command.args(arguments).output().expect("the program runs")
    };
    let scenario = project("scenarios/lange-wemen");
    let scenario = scenario.to_str().expect("a path");
    let facts: Value = serde_json::from_slice(&run(&["inspect", scenario, "--json"]).stdout).expect("JSON");
    assert_eq!(facts["kind"], "scenario");
    let ids = |list: &str| -> Vec<&str> {
        let entries = facts[list].as_array().expect("a list");
        entries.iter().filter_map(|entry| entry["id"].as_str()).collect()
    };
    assert_eq!(ids("variants"), ["0", "A", "B", "C"]);
    assert!(facts["totals"]["buildings"].as_u64() > Some(1000), "{facts}");
    assert_eq!(facts["totals"]["notes"], 0);
    let nowhere = std::env::temp_dir().join("stadslens-no-such-phase.png");
    let nowhere = nowhere.to_str().expect("a path");
    let refused = run(&["render", scenario, "-o", nowhere, "--phase", "9"]);
    assert_eq!(refused.status.code(), Some(2));
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(words.contains(&ids("phases").join(", ")), "{words}");
    let refused = run(&["render", scenario, "-o", "picture.jpg"]);
    assert_eq!(refused.status.code(), Some(2));
}
