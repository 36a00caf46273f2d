//! The whole program with little memory for tiles: what has no room is told, and comes by itself once there is some.
#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

use bevy::math::DVec3;
use stadslens::{app::Measured, georef::SitePos, schedule::Lens, view::camera::Orbit};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Long enough for a busy machine; what is waited for takes far less.
const PATIENCE: Duration = Duration::from_mins(1);
/// Memory that is no bound for a small city, bytes.
const PLENTY: u64 = 1 << 30;
/// Fine tiles of the shipped scenario, below a coarse one.
const FINE: u64 = 16;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen")
}

/// The shipped scenario in `folder`, with nothing to draw where the coarse tile was.
fn without_coarse(folder: &Path) -> PathBuf {
    let to = folder.join("city");
    fs::create_dir_all(to.join("tiles")).unwrap();
    for part in ["", "tiles"] {
        for entry in fs::read_dir(shipped().join(part)).unwrap() {
            let file = entry.unwrap().path();
            if file.is_file() {
                fs::copy(&file, to.join(part).join(file.file_name().unwrap())).unwrap();
            }
        }
    }
    let tileset = to.join("tiles/tileset.json");
    let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&tileset).unwrap()).unwrap();
    assert!(json["root"].as_object_mut().unwrap().remove("content").is_some());
    fs::write(&tileset, json.to_string()).unwrap();
    to
}

/// The program over all of a scenario, finely, with so many bytes for tiles.
fn started(scenario: &Path, bytes: u64) -> Measured {
    let mut program = Measured::start(&[Lens::Design]);
    program.allow_memory(bytes);
    program.allow_error(0.5);
    program.open(scenario).unwrap();
    program.look(Orbit {
        target: SitePos(DVec3::ZERO),
        heading_rad: 0.0,
        pitch_rad: -1.5,
        distance_m: 900.0,
    });
    program.step();
    program
}

fn step_until(program: &mut Measured, is_so: impl Fn(&Measured) -> bool) {
    let start = Instant::now();
    while !is_so(program) {
        assert!(start.elapsed() < PATIENCE, "{:?}", program.tiles());
        program.step();
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_tile_that_was_refused_comes_by_itself_once_there_may_be_more() {
    let mut program = started(&shipped(), 1000);
    step_until(&mut program, |program| !program.tiles().failed.is_empty());
    assert!(program.settle(PATIENCE));
    assert_eq!(program.tiles().rendered, 0);
    let refused = program.tiles().failed.len();
    for _ in 0..50 {
        program.step();
    }
    assert_eq!(program.tiles().failed.len(), refused, "nothing is tried in vain");
    program.allow_memory(PLENTY);
    step_until(&mut program, |program| program.tiles().rendered == FINE);
    assert!(program.settle(PATIENCE));
    assert_eq!(program.tiles().failed, []);
}

#[test]
fn what_has_no_room_below_an_empty_tile_is_left_out_told_and_comes_once_there_is_some() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = without_coarse(folder.path());
    let mut program = started(&scenario, PLENTY);
    step_until(&mut program, |program| program.tiles().rendered == FINE);
    assert!(program.settle(PATIENCE));
    let whole = program.tiles().clone();
    assert!(whole.is_settled() && whole.left_out == 0);
    drop(program);

    let bytes = whole.bytes_resident / 10 * 6;
    let mut program = started(&scenario, bytes);
    step_until(&mut program, |program| program.tiles().left_out > 0);
    let short = program.tiles().clone();
    assert!(short.is_settled() && !short.complete, "{short:?}");
    assert!(
        short.rendered > 0 && short.rendered + short.left_out == FINE,
        "{short:?}"
    );
    assert!(short.bytes_resident + short.bytes_set_aside <= bytes, "{short:?}");
    let loaded = short.tiles_loaded;
    for _ in 0..50 {
        program.step();
    }
    assert_eq!(program.tiles().tiles_loaded, loaded, "nothing comes and goes");
    program.allow_memory(PLENTY);
    step_until(&mut program, |program| program.tiles().rendered == FINE);
    assert!(program.settle(PATIENCE));
    assert_eq!(program.tiles().left_out, 0);
}
