//! `GeoTIFF` and terrain that are broken, or something else.

use crate::geotiff_fixture::Fixture;
use crate::raster::{all, open, slope};
use stadslens::sources::{Cause, Problem, inspect::inspect, raster::Window};
use std::{
    fs,
    time::{Duration, Instant},
};

/// A problem is one line and names the file.
fn is_clear(problem: &Problem) -> bool {
    !problem.to_string().contains('\n') && problem.path == "t.tif" && !problem.message.is_empty()
}

#[test]
fn broken_files_are_one_line_and_cost_little() {
    let started = Instant::now();
    let fixture = Fixture {
        tile: Some(16),
        coding: 8,
        predictor: 3,
        no_data: Some("-9999".into()),
        ..Fixture::rd(40, 40, [1000.0, 2000.0], 1.0, slope(40, 40))
    };
    let whole = fixture.bytes();
    let use_it = |bytes: Vec<u8>| match open(bytes) {
        Ok(tiff) => {
            assert!(tiff.problems().iter().all(is_clear), "{:?}", tiff.problems());
            match tiff.read_heights(
                0,
                Window {
                    x: 0,
                    y: 0,
                    width: 1,
                    height: 1,
                },
            ) {
                Ok(reading) => assert!(reading.problems.iter().all(is_clear)),
                Err(problem) => assert!(is_clear(&problem), "{problem}"),
            }
            if let Ok(sheet) = tiff.sheet(
                Window {
                    x: 0,
                    y: 0,
                    width: 2,
                    height: 2,
                },
                4,
            ) {
                assert!(sheet.problems.iter().all(is_clear));
            }
        }
        Err(problem) => assert!(is_clear(&problem), "{problem}"),
    };
    for end in 0..whole.len() {
        use_it(whole[..end].to_vec());
    }
    // Every byte of the directory, and some of what it leads to.
    let directory = whole.len() - 400;
    for at in (0..8).chain(directory..whole.len()) {
        for value in [0, 1, 0x7F, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            use_it(bytes);
        }
    }
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
}

#[test]
fn a_damaged_tile_leaves_a_hole_and_its_name() {
    let fixture = Fixture {
        tile: Some(16),
        coding: 8,
        ..Fixture::rd(32, 16, [0.0, 0.0], 1.0, slope(32, 16))
    };
    let mut bytes = fixture.bytes();
    bytes[8..20].fill(0xFF);
    let tiff = open(bytes).unwrap();
    let reading = tiff.read_heights(0, all(&tiff, 0)).unwrap();
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(
        (reading.problems[0].place.as_str(), reading.problems[0].cause),
        ("tile 0", Cause::Damaged)
    );
    assert!(reading.values[..16].iter().all(|h| h.is_nan()) && reading.values[16..32].iter().all(|h| !h.is_nan()));
}

#[test]
fn what_is_no_raster_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let problem = match inspect(&path) {
            Err(problem) => problem,
            Ok(found) => panic!("{name}: {found}"),
        };
        assert!(problem.path.ends_with(name), "{problem}");
        problem.message
    };
    assert_eq!(refused("a.tif", b"ncols 4\nnrows 3\n"), "this is no TIFF file");
    assert!(refused("b.tif", b"").starts_with("the file is empty"));
    assert!(refused("c.tif", b"II*\0").contains("no image"));
    assert!(refused("d.terrain", b"<html>404</html>").contains("breaks off in the header"));
    assert!(refused("e.terrain", &[0xAB; 4000]).contains("not that of a tile"));
    assert!(refused("f.terrain", &[0x1F, 0x8B, 8, 0, 1, 2]).contains("gzip"));
    assert!(refused("layer.json", b"<!doctype html><title>404</title>").contains("web page"));
    let mut huge = Fixture::rd(4, 4, [0.0, 0.0], 1.0, slope(4, 4));
    huge.scale = vec![f64::NAN, 1.0, 0.0];
    let tiff = open(huge.bytes()).unwrap();
    assert_eq!((tiff.transform(), tiff.problems()[0].cause), (None, Cause::Place));
}
