//! The program runs with any subset of lenses.

use stadslens::{app::Measured, schedule::Lens};
use std::{path::Path, time::Duration};

/// Long enough for a busy machine; what is waited for takes far less.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn the_program_runs_with_each_lens_alone() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/klein");
    for lens in Lens::ALL {
        let mut program = Measured::start(&[lens]);
        program.open(&scenario).unwrap();
        assert!(program.settle(PATIENCE), "{lens:?} settles");
        program.step();
        assert_eq!(program.lens(), lens, "the only lens is the active one");
    }
}

#[test]
fn a_variant_switch_is_followed_and_the_picture_settles_again() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
    let mut program = Measured::start(&Lens::ALL);
    program.open(&scenario).unwrap();
    assert!(program.settle(PATIENCE));
    assert!(program.switch_variant("A").is_some(), "the switch was seen");
    assert!(program.settle(PATIENCE));
}
