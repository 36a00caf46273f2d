//! Kills a writing program at random moments: everything that was acknowledged is there afterwards.

use super::*;
use crate::georef::SiteFrame;
use crate::model::note::{Note, tests::note};
use crate::model::reaction::{Reaction, tests::reaction};
use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    thread,
};

/// Names the database for the process that writes.
const WRITER_VARIABLE: &str = "STADSLENS_KILLED_WRITER";
/// How often to kill; six times where it is not set.
const KILLS_VARIABLE: &str = "STADSLENS_KILLS";
const TEST: &str = "model::store::kill_tests::nothing_acknowledged_is_lost_when_the_program_is_killed";
const REACTIONS_TEST: &str =
    "model::store::kill_tests::no_reaction_that_was_acknowledged_is_lost_when_the_kiosk_is_killed";
const SEED: u64 = 20_261_125;

/// The `step`th change: mostly a new note, now and then another text or a removal.
fn change(step: u32) -> (Vec<Note>, Vec<String>) {
    match step % 7 {
        3 => (vec![note(step - 1, &format!("changed in step {step}"))], Vec::new()),
        5 => (Vec::new(), vec![format!("note-{}", step - 1)]),
        _ => (vec![note(step, &format!("written in step {step}"))], Vec::new()),
    }
}

/// What is kept after the first `steps` changes.
fn kept(steps: u32) -> Vec<Note> {
    let mut notes = BTreeMap::new();
    for (put, removed) in (0..steps).map(change) {
        for note in put {
            notes.insert(note.number, note);
        }
        notes.retain(|_, note| !removed.contains(&note.id));
    }
    notes.into_values().collect()
}

/// Writes from step `first` on until it is killed, and says each step that was acknowledged.
fn write_until_killed(path: &Path) -> ! {
    let (handle, problem) = StoreHandle::open(path).unwrap();
    assert!(problem.is_none(), "{problem:?}");
    let first: u32 = env::var("STADSLENS_KILLED_WRITER_FIRST").unwrap().parse().unwrap();
    let mut said = io::stderr();
    for step in first.. {
        let (put, removed) = change(step);
        handle
            .submit(move |store| store.save_notes(&SiteFrame::Local, &put, &removed))
            .wait()
            .unwrap();
        writeln!(said, "acknowledged {step}").unwrap();
    }
    unreachable!("there are more steps than time");
}

/// Sends reactions from number `first` on until it is killed, and says each one that was acknowledged.
fn react_until_killed(path: &Path) -> ! {
    let (handle, problem) = StoreHandle::open(path).unwrap();
    assert!(problem.is_none(), "{problem:?}");
    let first: u32 = env::var("STADSLENS_KILLED_WRITER_FIRST").unwrap().parse().unwrap();
    let mut said = io::stderr();
    for number in first.. {
        let sent = reaction(number);
        handle.submit(move |store| store.add_reaction(&sent)).wait().unwrap();
        writeln!(said, "acknowledged {number}").unwrap();
    }
    unreachable!("there are more reactions than time");
}

/// Runs `test` as a writer that goes on from step `first`, kills it at a random moment, and returns how many steps were
/// acknowledged by then.
fn acknowledged_before_a_kill(test: &str, path: &Path, first: u32, random: u64) -> u32 {
    let mut writer = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(WRITER_VARIABLE, path)
        .env("STADSLENS_KILLED_WRITER_FIRST", first.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stderr.take().unwrap()).lines();
    // From the first acknowledgement on, so that even a slow start has something to lose.
    let mut said: Vec<String> = lines.next().into_iter().map(Result::unwrap).collect();
    thread::sleep(Duration::from_micros((random >> 33) % 60_000));
    // On Unix this is signal 9.
    writer.kill().unwrap();
    writer.wait().unwrap();
    said.extend(lines.map(Result::unwrap));
    let steps: Vec<u32> = said
        .iter()
        .filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok())
        .collect();
    assert!(!steps.is_empty(), "the writer said {said:?}");
    steps.iter().max().map_or(first, |last| last + 1)
}

fn kills() -> u32 {
    env::var(KILLS_VARIABLE).map_or(6, |kills| kills.parse().unwrap())
}

fn next_random(random: u64) -> u64 {
    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1)
}

#[test]
fn no_reaction_that_was_acknowledged_is_lost_when_the_kiosk_is_killed() {
    if let Some(path) = env::var_os(WRITER_VARIABLE) {
        react_until_killed(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let (mut random, mut done) = (SEED, 0);
    for kill in 0..kills() {
        random = next_random(random);
        let acknowledged = acknowledged_before_a_kill(REACTIONS_TEST, &path, done, random);
        let (store, problem) = Store::open(&path).unwrap();
        assert!(problem.is_none(), "kill {kill}: {problem:?}");
        let found = store.reactions().unwrap();
        assert_eq!(found.unreadable, 0);
        let kept = |count: u32| {
            let mut all: Vec<Reaction> = (0..count).map(reaction).collect();
            all.sort_by_key(|reaction| reaction.id);
            all
        };
        // The last one may be on the disk before it could be said.
        done = if found.reactions.len() == acknowledged as usize {
            acknowledged
        } else {
            acknowledged + 1
        };
        assert!(
            found.reactions == kept(done),
            "kill {kill}: {} reactions after {acknowledged} acknowledged",
            found.reactions.len()
        );
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_program_is_killed() {
    if let Some(path) = env::var_os(WRITER_VARIABLE) {
        write_until_killed(Path::new(&path));
    }
    let kills = kills();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let (mut random, mut done) = (SEED, 0);
    for kill in 0..kills {
        random = next_random(random);
        let acknowledged = acknowledged_before_a_kill(TEST, &path, done, random);
        let (store, problem) = Store::open(&path).unwrap();
        assert!(problem.is_none(), "kill {kill}: {problem:?}");
        let found = store.notes(&SiteFrame::Local).unwrap();
        assert_eq!(found.unreadable, 0);
        // The last change may be on the disk before it could be said.
        done = if found.notes == kept(acknowledged) {
            acknowledged
        } else {
            acknowledged + 1
        };
        assert!(
            found.notes == kept(done),
            "kill {kill}: {} notes after {acknowledged} acknowledged steps",
            found.notes.len()
        );
    }
    assert!(done >= kills, "every run wrote something");
}
