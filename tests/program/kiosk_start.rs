//! A kiosk that cannot keep reactions does not start, and says that: not what a desk says, which goes on without keeping.

use stadslens::model::store::{StoreHandle, store_path};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/hof");

fn start(data: &Path) -> Output {
    let run = Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .args(["kiosk", SCENARIO])
        .env("XDG_DATA_HOME", data)
        .output();
    run.expect("the program runs")
}

fn refused(data: &Path, why: &str) {
    let done = start(data);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success(), "{said}");
    assert!(said.contains(why), "{said}");
    let last = "the kiosk has no place to keep reactions, so it does not start";
    assert!(said.contains(last) && !said.contains("what you add"), "{said}");
}

#[test]
fn a_data_folder_that_cannot_be_written_to_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    fs::write(&data, "no folder").expect("a file");
    refused(&data, "cannot be written");
}

#[test]
fn another_program_that_holds_the_reactions_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = store_path(&folder.path().join("stadslens"), Path::new(SCENARIO));
    let (_held, _) = StoreHandle::open(&database).expect("a store");
    refused(folder.path(), "in use by another Stadslens");
}
