use super::*;
use crate::georef::{LonLatH, RdNap, SiteFrame, SitePos};
use crate::model::note::{
    Note,
    tests::{assert_same_notes, note},
};
use crate::model::own_list::OwnList;
use crate::model::scenario::Columns;
use bevy::math::DVec3;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn open(path: &Path) -> Store {
    let (store, problem) = Store::open(path).unwrap();
    assert!(problem.is_none(), "{problem:?}");
    store
}

#[test]
fn notes_are_kept_changed_and_removed() {
    let folder = folder();
    let path = folder.path().join("not/there/yet.sqlite");
    let all = [note(1, "Scheef\n\"é\" 😀"), note(2, ""), note(3, &"x".repeat(2000))];
    let mut store = open(&path);
    store.save_notes(&SiteFrame::Local, &all, &[]).unwrap();
    drop(store);
    let mut store = open(&path);
    assert_eq!(
        store.notes(&SiteFrame::Local).unwrap().notes,
        all,
        "every number to the last bit"
    );
    let changed = note(2, "recht");
    store
        .save_notes(
            &SiteFrame::Local,
            std::slice::from_ref(&changed),
            &["note-1".into(), "no such".into()],
        )
        .unwrap();
    drop(store);
    let stored = open(&path).notes(&SiteFrame::Local).unwrap();
    assert_eq!(stored.notes, [changed, note(3, &"x".repeat(2000))]);
    assert_eq!(stored.unreadable, 0);
}

#[test]
fn a_save_that_fails_changes_nothing() {
    let folder = folder();
    let mut store = open(&folder.path().join("a.sqlite"));
    store.save_notes(&SiteFrame::Local, &[note(1, "before")], &[]).unwrap();
    let mut wrong = note(2, "wrong");
    // The database keeps no number that is none.
    wrong.viewpoint.distance_m = f64::NAN;
    let result = store.save_notes(&SiteFrame::Local, &[note(1, "after"), wrong], &[]);
    assert!(matches!(result, Err(StoreError::Database { .. })), "{result:?}");
    assert_eq!(store.notes(&SiteFrame::Local).unwrap().notes, [note(1, "before")]);
}

#[test]
fn rows_that_cannot_be_read_are_counted_and_stay() {
    let folder = folder();
    let path = folder.path().join("a.sqlite");
    let mut store = open(&path);
    store
        .save_notes(&SiteFrame::Local, &[note(1, "a"), note(2, "b"), note(3, "c")], &[])
        .unwrap();
    store
        .connection
        .execute_batch(
            "UPDATE notes SET kind = 'from elsewhere' WHERE number = 1;
             UPDATE notes SET day = 'yesterday' WHERE number = 3;",
        )
        .unwrap();
    let stored = store.notes(&SiteFrame::Local).unwrap();
    assert_eq!((stored.notes, stored.unreadable), (vec![note(2, "b")], 2));
    store
        .save_notes(&SiteFrame::Local, &[note(4, "d")], &["note-2".into()])
        .unwrap();
    let rows: i64 = store
        .connection
        .query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 3);
}

#[test]
fn a_damaged_file_is_set_aside_and_a_new_one_begun() {
    let folder = folder();
    let other_database = {
        let path = folder.path().join("other");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE notes (a)").unwrap();
        drop(connection);
        fs::read(&path).unwrap()
    };
    let torn = {
        let path = folder.path().join("torn");
        let mut store = open(&path);
        let many: Vec<_> = (0..200).map(|i| note(i, &"y".repeat(300))).collect();
        store.save_notes(&SiteFrame::Local, &many, &[]).unwrap();
        drop(store);
        let mut bytes = fs::read(&path).unwrap();
        assert!(bytes.len() > 40_000, "{} bytes", bytes.len());
        bytes[4096..40_000].fill(0x5a);
        bytes
    };
    let path = folder.path().join("a.sqlite");
    for (number, bytes) in [b"no database at all".repeat(100), other_database, torn]
        .iter()
        .enumerate()
    {
        fs::write(&path, bytes).unwrap();
        let (mut store, problem) = Store::open(&path).unwrap();
        assert_eq!(problem.map(|problem| problem.cause), Some(Cause::SetAside), "{number}");
        assert_eq!(store.notes(&SiteFrame::Local).unwrap(), StoredNotes::default());
        store.save_notes(&SiteFrame::Local, &[note(1, "new")], &[]).unwrap();
        let aside = folder.path().join(format!("a.damaged-{}.sqlite", number + 1));
        let kept = fs::read(aside).unwrap();
        // The header may say by now that there is a log beside it; what was kept is untouched.
        assert!(kept.len() == bytes.len() && kept[100..] == bytes[100..], "{number}");
        drop(store);
        assert_eq!(
            open(&path).notes(&SiteFrame::Local).unwrap().notes,
            [note(1, "new")],
            "said once"
        );
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_file_of_a_newer_version_is_left_as_it_is() {
    let folder = folder();
    let path = folder.path().join("a.sqlite");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE notes (a); PRAGMA user_version = 99")
        .unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert_eq!(error.problem().cause, Cause::Newer);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_second_program_is_told_and_may_when_the_first_has_gone() {
    let folder = folder();
    let path = folder.path().join("a.sqlite");
    let mut first = open(&path);
    let error = Store::open(&path).unwrap_err();
    assert_eq!(error.problem().cause, Cause::InUse, "{error}");
    first
        .save_notes(&SiteFrame::Local, &[note(1, "still kept")], &[])
        .unwrap();
    drop(first);
    assert_eq!(
        open(&path).notes(&SiteFrame::Local).unwrap().notes,
        [note(1, "still kept")]
    );
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let folder = folder();
    fs::write(folder.path().join("file"), "x").unwrap();
    fs::create_dir(folder.path().join("folder.sqlite")).unwrap();
    for path in ["file/a.sqlite", "folder.sqlite"] {
        let error = Store::open(&folder.path().join(path)).unwrap_err();
        let problem = error.problem();
        assert_eq!(problem.cause, Cause::Unwritable, "{path}: {error}");
        assert!(problem.to_string().contains(path), "{problem}");
    }
}

#[test]
fn every_scenario_has_its_own_file_however_it_was_opened() {
    let folder = folder();
    let data = Path::new("/data");
    let scenario = folder.path().join("a/Plein & Straat");
    let twin = folder.path().join("b/Plein & Straat");
    for place in [&scenario, &twin] {
        fs::create_dir_all(place).unwrap();
        fs::write(place.join("scenario.json"), "{}").unwrap();
    }
    let path = store_path(data, &scenario);
    assert_eq!(path.parent(), Some(Path::new("/data/scenarios")));
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with("plein---straat-"), "{name}");
    assert_eq!(path, store_path(data, &scenario.join("scenario.json")));
    assert_eq!(path, store_path(data, &scenario.join("../Plein & Straat")));
    assert_ne!(path, store_path(data, &twin));
}

#[test]
fn the_thread_answers_in_order_and_an_answer_is_on_the_disk() {
    let folder = folder();
    let path = folder.path().join("a.sqlite");
    let (handle, _) = StoreHandle::open(&path).unwrap();
    let pending: Vec<_> = (1..=20)
        .map(|number| handle.submit(move |store| store.save_notes(&SiteFrame::Local, &[note(number, "x")], &[])))
        .collect();
    for answer in pending {
        answer.wait().unwrap();
    }
    let mut counted = handle.submit(|store| store.notes(&SiteFrame::Local).map(|stored| stored.notes.len()));
    let mut polled = || {
        loop {
            if let Some(answer) = counted.poll() {
                break answer;
            }
            std::thread::yield_now();
        }
    };
    assert_eq!(polled().unwrap(), 20);
    assert!(matches!(polled(), Err(StoreError::Closed { .. })), "given once");
    drop(handle);
    // The thread lets go by itself; opening waits for it.
    assert_eq!(open(&path).notes(&SiteFrame::Local).unwrap().notes.len(), 20);
}

#[test]
fn notes_of_the_file_are_taken_over_once_and_never_come_back() {
    let folder = folder();
    let path = folder.path().join("a.sqlite");
    let in_file = [note(1, "a"), note(2, "b"), note(3, "c")];
    let mut store = open(&path);
    store
        .save_notes(&SiteFrame::Local, &[note(4, "written here")], &[])
        .unwrap();
    let all: Vec<Note> = (1..=3)
        .map(|i| in_file[i - 1].clone())
        .chain([note(4, "written here")])
        .collect();
    assert_eq!(store.notes_with(&SiteFrame::Local, &in_file).unwrap().notes, all);
    assert_eq!(
        store.notes(&SiteFrame::Local).unwrap().notes.len(),
        1,
        "looking changes nothing"
    );
    store.take_over(&SiteFrame::Local, &in_file).unwrap();
    assert_eq!(store.notes(&SiteFrame::Local).unwrap().notes, all);

    store
        .save_notes(&SiteFrame::Local, &[note(2, "changed")], &["note-1".into()])
        .unwrap();
    drop(store);
    let mut store = open(&path);
    // The file has one more by now, under a number that is taken here.
    let mut late = note(5, "late");
    late.number = 4;
    let in_file = [&in_file[..], &[late.clone()]].concat();
    late.number = 5;
    let expected = [note(2, "changed"), note(3, "c"), note(4, "written here"), late];
    for _ in 0..2 {
        assert_eq!(store.notes_with(&SiteFrame::Local, &in_file).unwrap().notes, expected);
        store.take_over(&SiteFrame::Local, &in_file).unwrap();
        assert_eq!(store.notes(&SiteFrame::Local).unwrap().notes, expected);
    }
}

/// The database as the first `steps` steps made it, with one of everything that it could hold then.
fn old_database(path: &Path, steps: usize) {
    let connection = Connection::open(path).unwrap();
    for step in &MIGRATIONS[..steps] {
        connection.execute_batch(step).unwrap();
    }
    let places = if MIGRATIONS[..steps].contains(&places::FRAMES) {
        "x, y, z, target_x, target_y, target_z"
    } else {
        "x_m, y_m, z_m, target_x_m, target_y_m, target_z_m"
    };
    connection
        .execute_batch(&format!(
            "INSERT INTO notes (id, number, text, kind, role, day, variant, heading_deg, pitch_deg, distance_m, {places})
             VALUES ('note-1', 7, 'van vroeger', 'idea', 'resident', '2026-11-25', 'A', 90.0, -30.0, 100.0,
                     1.5, -2.5, 0.25, 1.0, 2.0, 3.0)"
        ))
        .unwrap();
    if steps >= 2 {
        connection
            .execute_batch(
                "INSERT INTO reactions VALUES (5, 0, 'A', 'glad', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-25',
                                               'morning');
                 INSERT INTO settings VALUES ('code', 'kept')",
            )
            .unwrap();
    }
    if steps >= 3 {
        connection
            .execute_batch(
                r#"INSERT INTO lists VALUES ('own-1', 'bomen.csv', x'00ff', '{"x": "X", "y": "Y"}', '2026-11-25')"#,
            )
            .unwrap();
    }
    connection.pragma_update(None, "user_version", steps).unwrap();
}

#[test]
fn a_database_of_an_earlier_version_is_brought_up_to_date_with_all_that_is_in_it() {
    let rd = |x_m, y_m, nap_m| SiteFrame::RdNap {
        anchor: RdNap { x_m, y_m, nap_m },
    };
    let before = rd(251_000.0, 476_250.0, 17.0);
    for steps in 1..MIGRATIONS.len() {
        let folder = folder();
        let path = folder.path().join("a.sqlite");
        old_database(&path, steps);
        let mut store = open(&path);
        assert_eq!(store.version().unwrap(), MIGRATIONS.len());
        let first = store.notes(&before).unwrap();
        assert_eq!((first.notes.len(), first.unreadable), (1, 0), "{steps}");
        assert_eq!(
            (first.notes[0].number, first.notes[0].text.as_str()),
            (7, "van vroeger")
        );
        assert_eq!(first.notes[0].anchor.position, SitePos(DVec3::new(1.5, -2.5, 0.25)));
        // Opened once where it was written, it has its place on the earth.
        store.take_over(&before, &[]).unwrap();
        assert_same_notes(&store.notes(&before).unwrap().notes, &first.notes);
        let moved = store.notes(&rd(251_010.0, 476_200.0, 7.0)).unwrap().notes;
        let off_m = moved[0].anchor.position.0.distance(DVec3::new(-8.5, 47.5, 10.25));
        assert!(off_m < 1e-6, "{moved:?}");

        let (reactions, lists) = (store.reactions().unwrap(), store.lists().unwrap());
        assert_eq!((reactions.unreadable, lists.unreadable), (0, 0), "{steps}");
        let ids: Vec<i64> = reactions.reactions.iter().map(|reaction| reaction.id).collect();
        assert_eq!(ids, if steps >= 2 { vec![5] } else { Vec::new() }, "{steps}");
        let code = store.setting("code").unwrap();
        assert_eq!(code.as_deref(), (steps >= 2).then_some("kept"), "{steps}");
        let kept: Vec<(&str, &[u8])> = lists.lists.iter().map(|list| (&*list.id, &*list.bytes)).collect();
        assert_eq!(
            kept,
            if steps >= 3 {
                vec![("own-1", &b"\0\xff"[..])]
            } else {
                Vec::new()
            },
            "{steps}"
        );
    }
}

#[test]
fn notes_keep_their_place_on_the_earth_when_the_anchor_moves() {
    let rd = |x_m, y_m, nap_m| SiteFrame::RdNap {
        anchor: RdNap { x_m, y_m, nap_m },
    };
    let enu = |lon_deg, lat_deg, h_m| SiteFrame::Enu {
        anchor: LonLatH { lon_deg, lat_deg, h_m },
    };
    for (before, after) in [
        (rd(251_000.0, 476_250.0, 17.0), rd(250_700.0, 476_900.0, 0.0)),
        (enu(-75.52, 39.16, 10.0), enu(-75.51, 39.165, 0.0)),
        (rd(251_000.0, 476_250.0, 17.0), enu(6.793, 52.265, 60.0)),
        (enu(6.793, 52.265, 60.0), rd(251_000.0, 476_250.0, 17.0)),
    ] {
        let folder = folder();
        let path = folder.path().join("a.sqlite");
        let mut store = open(&path);
        let written = [note(1, "a"), note(2, "b")];
        store.save_notes(&before, &written, &[]).unwrap();
        drop(store);
        let store = open(&path);
        assert_same_notes(&store.notes(&before).unwrap().notes, &written);
        let stored = store.notes(&after).unwrap();
        assert_eq!((stored.notes.len(), stored.unreadable), (2, 0), "{after:?}");
        for (was, is) in written.iter().zip(&stored.notes) {
            for (was, is) in [
                (was.anchor.position, is.anchor.position),
                (was.viewpoint.target, is.viewpoint.target),
            ] {
                let off_m = before
                    .ecef_from_site(was)
                    .unwrap()
                    .0
                    .distance(after.ecef_from_site(is).unwrap().0);
                assert!(off_m < 1e-4, "{before:?} {after:?}: {off_m} m");
            }
            let moved_m = was.anchor.position.0.distance(is.anchor.position.0);
            assert!(moved_m > 10.0, "the anchors lie apart: {moved_m} m");
        }
        // Without a place on the earth nobody knows where they stand; they stay.
        assert_eq!(store.notes(&SiteFrame::Local).unwrap().unreadable, 2);
    }
}

#[test]
fn lists_are_kept_with_their_file_and_columns_and_removed() {
    let folder = folder();
    let path = folder.path().join("a.sqlite");
    let list = |id: &str, bytes: &[u8]| {
        let columns = r#"{"x": "X", "y": "Y", "crs": "EPSG:28992", "types": {"linde": "tree"}}"#;
        OwnList {
            id: id.into(),
            name: "bomen.csv".into(),
            bytes: bytes.into(),
            columns: Columns::from_json(columns).unwrap(),
            day: jiff::civil::date(2026, 11, 25),
        }
    };
    let all = [list("own-b", b"X;Y\r\n1;\xe9\0\r\n"), list("own-a", b"")];
    let mut store = open(&path);
    for list in &all {
        store.add_list(list).unwrap();
    }
    assert!(store.add_list(&all[0]).is_err(), "an id is taken once");
    drop(store);
    let mut store = open(&path);
    assert_eq!(store.lists().unwrap().lists, all, "every byte, in the order of adding");
    store.remove_list("own-b").unwrap();
    store.remove_list("no such").unwrap();
    store
        .connection
        .execute_batch("INSERT INTO lists VALUES ('x', 'x', x'00', 'no json', '2026-11-25')")
        .unwrap();
    let stored = store.lists().unwrap();
    assert_eq!((stored.lists, stored.unreadable), (vec![all[1].clone()], 1));
}
