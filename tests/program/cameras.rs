//! Several cameras look at one city: what each of them sees is there, and every tile comes once.

use bevy::math::{DVec2, DVec3};
use stadslens::{
    app::Measured,
    georef::SitePos,
    schedule::Lens,
    view::{camera::Orbit, site_view::SiteView},
};
use std::{f64::consts::FRAC_PI_2, path::Path, time::Duration};

/// Long enough for a busy machine; what is waited for takes far less.
const PATIENCE: Duration = Duration::from_mins(1);
/// Tiles of the shipped scenario: a coarse one over sixteen fine ones.
const TILES: u64 = 17;

/// From 60 m above a place straight down.
fn above(x: f64, y: f64) -> SiteView {
    let size_px = DVec2::new(3840.0, 2160.0);
    SiteView::looking(SitePos(DVec3::new(x, y, 60.0)), 0.0, -FRAC_PI_2 + 1e-3, size_px)
}

#[test]
fn a_second_camera_and_a_picture_get_their_tiles_from_the_same_workers_and_leave_nothing_behind() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
    let mut program = Measured::start(&[Lens::Design]);
    program.open(&scenario).unwrap();
    program.look(Orbit {
        target: SitePos(DVec3::new(-220.0, -160.0, 0.0)),
        heading_rad: 0.0,
        pitch_rad: -1.5,
        distance_m: 60.0,
    });
    program.step();
    assert!(program.settle(PATIENCE));
    let alone = program.tiles().clone();
    assert!((1..TILES - 1).contains(&alone.rendered), "{}", alone.rendered);

    let second = program.add_view(above(225.0, -30.0));
    let picture = program.add_view(above(228.0, 272.0));
    program.step();
    assert!(program.settle(PATIENCE));
    let together = program.tiles().clone();
    assert!(
        together.rendered >= alone.rendered + 2,
        "{} and {}",
        alone.rendered,
        together.rendered
    );
    assert!(
        together.tiles_loaded <= TILES,
        "each tile comes once: {}",
        together.tiles_loaded
    );

    program.remove_view(second);
    program.remove_view(picture);
    program.step();
    assert!(program.settle(PATIENCE));
    let after = program.tiles().clone();
    assert_eq!(after.rendered, alone.rendered);
    assert_eq!(after.triangles, alone.triangles);
    assert!(after.tiles_loaded <= TILES);
}
