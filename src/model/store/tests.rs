use super::*;
use crate::model::note::tests::note;
use crate::model::own_list::OwnList;
use crate::model::scenario::Columns;

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
    store.save_notes(&all, &[]).unwrap();
    drop(store);
    let mut store = open(&path);
    assert_eq!(store.notes().unwrap().notes, all, "every number to the last bit");
    let changed = note(2, "recht");
    store
        .save_notes(std::slice::from_ref(&changed), &["note-1".into(), "no such".into()])
        .unwrap();
    drop(store);
    let stored = open(&path).notes().unwrap();
    assert_eq!(stored.notes, [changed, note(3, &"x".repeat(2000))]);
    assert_eq!(stored.unreadable, 0);
}

#[test]
fn a_save_that_fails_changes_nothing() {
    let folder = folder();
    let mut store = open(&folder.path().join("a.sqlite"));
    store.save_notes(&[note(1, "before")], &[]).unwrap();
    let mut wrong = note(2, "wrong");
    // The database keeps no number that is none.
    wrong.viewpoint.distance_m = f64::NAN;
    let result = store.save_notes(&[note(1, "after"), wrong], &[]);
    assert!(matches!(result, Err(StoreError::Database { .. })), "{result:?}");
    assert_eq!(store.notes().unwrap().notes, [note(1, "before")]);
}

#[test]
fn rows_that_cannot_be_read_are_counted_and_stay() {
    let folder = folder();
    let path = folder.path().join("a.sqlite");
    let mut store = open(&path);
    store
        .save_notes(&[note(1, "a"), note(2, "b"), note(3, "c")], &[])
        .unwrap();
    store
        .connection
        .execute_batch(
            "UPDATE notes SET kind = 'from elsewhere' WHERE number = 1;
             UPDATE notes SET day = 'yesterday' WHERE number = 3;",
        )
        .unwrap();
    let stored = store.notes().unwrap();
    assert_eq!((stored.notes, stored.unreadable), (vec![note(2, "b")], 2));
    store.save_notes(&[note(4, "d")], &["note-2".into()]).unwrap();
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
        store.save_notes(&many, &[]).unwrap();
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
        assert_eq!(store.notes().unwrap(), StoredNotes::default());
        store.save_notes(&[note(1, "new")], &[]).unwrap();
        let aside = folder.path().join(format!("a.damaged-{}.sqlite", number + 1));
        let kept = fs::read(aside).unwrap();
        // The header may say by now that there is a log beside it; what was kept is untouched.
        assert!(kept.len() == bytes.len() && kept[100..] == bytes[100..], "{number}");
        drop(store);
        assert_eq!(open(&path).notes().unwrap().notes, [note(1, "new")], "said once");
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
    first.save_notes(&[note(1, "still kept")], &[]).unwrap();
    drop(first);
    assert_eq!(open(&path).notes().unwrap().notes, [note(1, "still kept")]);
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
        .map(|number| handle.submit(move |store| store.save_notes(&[note(number, "x")], &[])))
        .collect();
    for answer in pending {
        answer.wait().unwrap();
    }
    let mut counted = handle.submit(|store| store.notes().map(|stored| stored.notes.len()));
    let count = loop {
        if let Some(answer) = counted.poll() {
            break answer.unwrap();
        }
        std::thread::yield_now();
    };
    assert_eq!(count, 20);
    assert!(
        matches!(counted.poll(), Some(Err(StoreError::Closed { .. }))),
        "given once"
    );
    drop(handle);
    // The thread lets go by itself; opening waits for it.
    assert_eq!(open(&path).notes().unwrap().notes.len(), 20);
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

/// What version 1 of the database kept is still there after the step to the next.
#[test]
fn a_database_without_lists_gets_room_for_them() {
    let folder = folder();
    let path = folder.path().join("a.sqlite");
    let mut store = open(&path);
    store.save_notes(&[note(1, "before")], &[]).unwrap();
    store
        .connection
        .execute_batch("DROP TABLE lists; PRAGMA user_version = 1")
        .unwrap();
    drop(store);
    let store = open(&path);
    assert_eq!(store.notes().unwrap().notes, [note(1, "before")]);
    assert_eq!(store.lists().unwrap().lists, []);
}
