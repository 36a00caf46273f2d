//! A preparation that stops wherever it pleases: killed, without room on the disk, twice at once. What is there afterwards
//! is whole, and the next run makes of it what an undisturbed one makes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops where its own set-up is wrong, and says what it could not try"
)]

use crate::geotiff_fixture::{Fixture, Samples};
use crate::online::{Server, list_of_services};
use crate::prepare::{Town, files_in, services};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// The town with heights and pictures that take a moment.
fn town() -> Town {
    let town = Town::new();
    let heights = (0..400 * 400_u32).map(|at| 16.0 + f32::from(u16::try_from(at % 977).unwrap()) * 0.01);
    let ground = Fixture::rd(400, 400, [250_900.0, 476_300.0], 1.0, heights.collect());
    fs::write(town.path("fine.tif"), ground.bytes()).unwrap();
    let bits = (0..500 * 500_u64).flat_map(|at| [at % 251, at % 241, at % 239]);
    let picture = Fixture {
        samples: Samples {
            format: 1,
            size: 1,
            bits: bits.collect(),
        },
        bands: 3,
        photometric: 2,
        ..Fixture::rd(500, 500, [250_980.0, 476_220.0], 0.5, Vec::new())
    };
    fs::write(town.path("picture.tif"), picture.bytes()).unwrap();
    town
}

/// What is asked for, into a folder of the town.
fn arguments(town: &Town, folder: &str) -> Vec<String> {
    let path = |name: &str| town.path(name).display().to_string();
    let pairs = [
        ("prepare", "--area=251000,476000,251200,476200".to_owned()),
        ("--title", "Proefstad".to_owned()),
        ("-o", path(folder)),
        ("--buildings", path("town.city.jsonl")),
        ("--terrain", path("fine.tif")),
        ("--imagery", path("picture.tif")),
        ("--vector", path("bgt.geojson")),
    ];
    pairs
        .into_iter()
        .flat_map(|(option, value)| [option.to_owned(), value])
        .collect()
}

fn program(town: &Town, folder: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stadslens"));
    command.args(arguments(town, folder));
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs it to its end.
fn finish(town: &Town, folder: &str) {
    let done = program(town, folder).arg("--json").output().unwrap();
    assert!(done.status.success(), "{}", said(&done));
    let answer: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    for (number, least) in [
        ("buildings", 25),
        ("terrain_nodes", 40_000),
        ("terrain_tiles", 10),
        ("imagery_tiles", 5),
        ("features", 3),
    ] {
        assert!(answer[number].as_u64().unwrap() >= least, "{number} in {answer}");
    }
    let left: Vec<_> = fs::read_dir(town.path(folder).join(".prepare"))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(left.len(), 1, "only the journal stays: {left:?}");
}

fn same(a: &Path, b: &Path) {
    let (a, b) = (files_in(a), files_in(b));
    let names = |files: &std::collections::BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{name} differs");
    }
}

#[test]
fn a_run_that_is_killed_anywhere_is_gone_on_with_and_ends_the_same() {
    let town = town();
    finish(&town, "undisturbed");
    // Killed when it says for the first time that it does this, or a moment later; then once more while it goes on.
    let moments = [
        ("reading heights", 0),
        ("writing heights", 3),
        ("making terrain tiles", 20),
        ("making tiles of pictures", 0),
        ("making tiles of pictures", 60),
        ("reading buildings", 0),
        ("reading buildings", 40),
        ("reading /", 0),
    ];
    for (number, (line, wait_ms)) in moments.into_iter().enumerate() {
        let folder = format!("killed-{number}");
        let mut was_seen = false;
        for _twice in 0..2 {
            let mut run = program(&town, &folder)
                .stderr(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let lines = BufReader::new(run.stderr.take().unwrap()).lines();
            let mut seen = lines.map_while(Result::ok).filter(|told| told.starts_with(line));
            if seen.next().is_some() {
                was_seen = true;
                thread::sleep(Duration::from_millis(wait_ms));
            }
            run.kill().unwrap();
            run.wait().unwrap();
            whatever_stands_in_its_place_is_whole(&town.path(&folder), &town.path("undisturbed"));
        }
        assert!(was_seen, "no run said {line:?}: nothing was killed there");
        // One that got as far as its end has nothing left to do.
        let is_done = fs::read_to_string(town.path(&folder).join(".prepare/journal.json"))
            .is_ok_and(|text| text.contains("\"is_finished\": true"));
        if !is_done {
            finish(&town, &folder);
        }
        same(&town.path(&folder), &town.path("undisturbed"));
    }
}

/// What a run that was killed left under a final name has all its bytes, but for what stands in a folder whose list
/// (`tileset.json`) is not there yet.
fn whatever_stands_in_its_place_is_whole(folder: &Path, undisturbed: &Path) {
    if !folder.exists() {
        return;
    }
    let whole = files_in(undisturbed);
    let has_tiles = folder.join("buildings/tileset.json").exists();
    for (name, bytes) in files_in(folder) {
        let is_beside = Path::new(&name).extension().is_some_and(|ending| ending == "part");
        if is_beside || name.starts_with("buildings/") && !has_tiles {
            continue;
        }
        assert!(whole.get(&name) == Some(&bytes), "{name} is not whole");
    }
}

/// One line of trouble, exit code 3, and after that it goes on where it stopped.
fn told_in_one_line(output: &Output) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    let trouble: Vec<&str> = said.lines().filter(|line| line.contains("cannot write")).collect();
    assert_eq!(trouble.len(), 1, "{said}");
    assert!(
        trouble[0].contains("make room and run it again: it goes on where it stopped"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_is_one_line_and_the_next_run_goes_on() {
    let town = town();
    finish(&town, "undisturbed");
    // Files of at most so many blocks of 512 bytes: the journal fits, and the grid, a tile or the register does not.
    for (number, blocks) in [8, 24, 60, 100].into_iter().enumerate() {
        let folder = format!("full-{number}");
        let mut limited = Command::new("sh");
        limited.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &blocks.to_string()]);
        limited
            .arg(env!("CARGO_BIN_EXE_stadslens"))
            .args(arguments(&town, &folder));
        let output = limited.output().unwrap();
        told_in_one_line(&output);
        whatever_stands_in_its_place_is_whole(&town.path(&folder), &town.path("undisturbed"));
        finish(&town, &folder);
        same(&town.path(&folder), &town.path("undisturbed"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_is_one_line_and_the_next_run_goes_on() {
    let town = town();
    finish(&town, "undisturbed");
    let disk = town.path("disk");
    fs::create_dir(&disk).unwrap();
    let alone = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        command
    };
    let tried = alone()
        .args(["mount -t tmpfs -o size=40k tmpfs \"$0\""])
        .arg(&disk)
        .output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        eprintln!("skipped: no disk of its own for a test on this machine");
        return;
    }
    // A small disk in memory that only this command sees; room is made in it for the second run.
    let script = "mount -t tmpfs -o size=\"$0\" tmpfs \"$1\" || exit 77; shift; \"$@\"; code=$?; \
                  mount -o remount,size=64m \"$DISK\" || exit 78; \"$@\" || exit 79; cp -a \"$DISK/out\" \"$COPY\" || exit 80; \
                  exit $code";
    for (number, size) in ["40k", "300k", "700k"].into_iter().enumerate() {
        let copy = town.path(&format!("copy-{number}"));
        let mut small = alone();
        small
            .args([script, size])
            .arg(&disk)
            .arg(env!("CARGO_BIN_EXE_stadslens"))
            .args(arguments(&town, "disk/out"));
        let output = small.env("DISK", &disk).env("COPY", &copy).output().unwrap();
        told_in_one_line(&output);
        same(&copy, &town.path("undisturbed"));
    }
}

/// A second run, whatever it asks for, finds the folder of a first one taken that waits for a service meanwhile.
/// `--replace` took the work of the first one away before it looked whether there was one.
#[test]
fn two_runs_at_once_do_not_meet() {
    let town = town();
    let (tell_asked, is_asked) = mpsc::channel();
    let (let_on, wait) = mpsc::channel::<()>();
    let (answer, wait) = (services(&town, false), Mutex::new(wait));
    let server = Server::new(move |seen| {
        if seen.path().ends_with("/tile_index.fgb") {
            let _nobody_listens = tell_asked.send(());
            // Goes on once the test has said so, or is over.
            let _over = wait.lock().unwrap().recv_timeout(Duration::from_mins(2));
        }
        answer(seen)
    });
    fs::write(town.path("services.json"), list_of_services(&server)).unwrap();
    let run = |extra: &[&str]| {
        let mut command = program(&town, "out");
        let services = town.path("services.json");
        command
            .args(["--online", "nl", "--no-imagery", "--endpoints"])
            .arg(services);
        command.args(extra);
        command
    };
    let first = run(&[]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    is_asked.recv_timeout(Duration::from_mins(2)).unwrap();
    let journal = || fs::read(town.path("out/.prepare/journal.json")).unwrap();
    let before = journal();
    for other in [&[][..], &["--replace"], &["--replace", "--lod", "1.2"]] {
        let second = run(other).output().unwrap();
        assert!(
            said(&second).contains("another run is preparing this folder"),
            "{other:?}: {}",
            said(&second)
        );
        assert!(journal() == before, "{other:?}");
    }
    drop(let_on);
    let first = first.wait_with_output().unwrap();
    assert!(first.status.success(), "{}", said(&first));
}

/// A run that is killed while it clears an older area away leaves a folder that is known, and no half of that area.
#[test]
fn what_was_not_cleared_away_to_its_end_is_cleared_by_the_next_run() {
    let town = town();
    finish(&town, "undisturbed");
    finish(&town, "out");
    let path = town.path("out/.prepare/journal.json");
    let mut journal: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    journal["is_clearing"] = true.into();
    journal["is_finished"] = false.into();
    fs::write(&path, journal.to_string()).unwrap();
    fs::write(town.path("out/buildings/left.glb"), "of another area").unwrap();
    finish(&town, "out");
    same(&town.path("out"), &town.path("undisturbed"));
}
