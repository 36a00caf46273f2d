//! Terrain layers that are `GeoTIFF` files: in RD, in longitude and latitude, and broken.

use super::lines;
use crate::geotiff_fixture::Fixture;
use bevy::math::DVec2;
use stadslens::georef::{RdNap, lon_lat_h_from_rd_nap};
use stadslens::model::OpenScenario;
use stadslens::model::scenario::open;
use stadslens::sources::Cause;
use std::fs;
use std::path::Path;

/// A scenario around 251000, 476250 with an outline of 100 by 100 m and one terrain layer.
fn open_with(folder: &Path, tif: &[u8], height_reference: &str) -> OpenScenario {
    let scenario = serde_json::json!({
        "version": 1, "title": {"en": "Wemen"}, "crs": "EPSG:28992",
        "area": {"anchor": {"rd": [251_000.0, 476_250.0], "nap_m": 10.0},
            "outline": [[250_950, 476_200], [251_050, 476_200], [251_050, 476_300], [250_950, 476_300]]},
        "layers": [{"id": "t", "kind": "terrain", "path": "t.tif", "height_reference": height_reference}]
    });
    fs::write(folder.join("scenario.json"), scenario.to_string()).unwrap();
    fs::write(folder.join("t.tif"), tif).unwrap();
    open(folder).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)))
}

/// NAP height of a plane that falls 1 m in 100 m east and rises 2 m in 100 m north.
fn plane(x: f64, y: f64) -> f64 {
    14.0 - (x - 251_000.0) / 100.0 + (y - 476_250.0) / 50.0
}

#[expect(clippy::cast_possible_truncation, reason = "heights of a test")]
fn sheet(width: u32, height: u32, corner: [f64; 2], cell: f64) -> Fixture {
    let pixels = (0..height).flat_map(|row| (0..width).map(move |column| (column, row)));
    let place = |(column, row): (u32, u32)| {
        (
            corner[0] + (f64::from(column) + 0.5) * cell,
            corner[1] - (f64::from(row) + 0.5) * cell,
        )
    };
    let heights = pixels.map(place).map(|(x, y)| {
        // A pond of 10 m.
        if (x - 251_010.0).hypot(y - 476_240.0) < 5.0 {
            -9999.0
        } else {
            plane(x, y) as f32
        }
    });
    Fixture {
        tile: Some(32),
        coding: 8,
        predictor: 3,
        no_data: Some("-9999".into()),
        ..Fixture::rd(width, height, corner, cell, heights.collect())
    }
}

#[test]
fn heights_in_rd_are_cut_to_the_area_and_holes_are_filled() {
    let folder = tempfile::tempdir().unwrap();
    // 2 by 2 km at 2 m, much more than the area with its margin of 200 m.
    let found = open_with(
        folder.path(),
        &sheet(1000, 1000, [250_000.0, 477_250.0], 2.0).bytes(),
        "nap",
    );
    assert_eq!(lines(&found.problems), Vec::<String>::new());
    assert!(found.has_terrain);
    let terrain = &found.terrain;
    assert!(
        (240..260).contains(&terrain.columns) && (terrain.cell_m - 2.0).abs() < 1e-9,
        "{}",
        terrain.columns
    );
    for (x, y) in [(0.0, 0.0), (-240.0, 240.0), (99.0, 33.3), (10.0, -10.0), (12.0, -9.0)] {
        let expected = plane(251_000.0 + x, 476_250.0 + y) - 10.0;
        let height = terrain.height_at(DVec2::new(x, y));
        assert!(
            (height - expected).abs() < 0.02,
            "{x} {y}: {height} instead of {expected}"
        );
    }
}

#[test]
fn pixels_that_are_not_square_and_compound_systems_work_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = sheet(300, 300, [250_700.0, 476_550.0], 2.0);
    fixture.scale = vec![2.0, 1.9, 0.0];
    fixture.keys = vec![(3072, 7415)];
    let found = open_with(folder.path(), &fixture.bytes(), "nap");
    assert_eq!(lines(&found.problems), Vec::<String>::new());
    // The row of pixels at y was made for a cell of 2 m.
    let height = found.terrain.height_at(DVec2::new(50.0, 30.0));
    let row = (476_550.0 - 476_280.0) / 1.9;
    let expected = plane(251_050.0, 476_550.0 - row * 2.0) - 10.0;
    assert!((height - expected).abs() < 0.03, "{height} instead of {expected}");
}

#[test]
#[expect(clippy::cast_possible_truncation, reason = "heights of a test")]
fn heights_in_longitude_and_latitude_above_the_ellipsoid_land_on_nap() {
    let folder = tempfile::tempdir().unwrap();
    let corner = lon_lat_h_from_rd_nap(RdNap {
        x_m: 250_600.0,
        y_m: 476_700.0,
        nap_m: 0.0,
    })
    .unwrap();
    let (wide, high) = (1.5e-5, 1e-5);
    let (columns, rows) = (900_u32, 800_u32);
    let site = |column: f64, row: f64| {
        let place = stadslens::georef::LonLatH {
            lon_deg: corner.lon_deg + column * wide,
            lat_deg: corner.lat_deg - row * high,
            h_m: 0.0,
        };
        stadslens::georef::rd_nap_from_lon_lat_h(place).unwrap()
    };
    // RD is as good as straight over a kilometre for a test: three corners give the rest.
    let (first, right, below) = (site(0.5, 0.5), site(899.5, 0.5), site(0.5, 799.5));
    let pixels = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
    let heights = pixels.map(|(column, row)| {
        let (u, v) = (f64::from(column) / 899.0, f64::from(row) / 799.0);
        let x = first.x_m + (right.x_m - first.x_m) * u + (below.x_m - first.x_m) * v;
        let y = first.y_m + (right.y_m - first.y_m) * u + (below.y_m - first.y_m) * v;
        (plane(x, y) - first.nap_m) as f32
    });
    let fixture = Fixture {
        keys: vec![(1024, 2), (2048, 4258)],
        scale: vec![wide, high, 0.0],
        tie: vec![0.0, 0.0, 0.0, corner.lon_deg, corner.lat_deg, 0.0],
        ..Fixture::rd(columns, rows, [0.0, 0.0], 1.0, heights.collect())
    };
    let found = open_with(folder.path(), &fixture.bytes(), "ellipsoid");
    assert_eq!(lines(&found.problems), Vec::<String>::new());
    for (x, y) in [(0.0, 0.0), (-120.0, 130.0), (140.0, -150.0)] {
        let expected = plane(251_000.0 + x, 476_250.0 + y) - 10.0;
        let height = found.terrain.height_at(DVec2::new(x, y));
        assert!(
            (height - expected).abs() < 0.05,
            "{x} {y}: {height} instead of {expected}"
        );
    }
}

#[test]
fn what_cannot_be_used_is_said_and_the_ground_stays_flat() {
    let folder = tempfile::tempdir().unwrap();
    let sound = sheet(100, 100, [250_900.0, 476_350.0], 2.0);
    let mut no_crs = sound.clone();
    no_crs.keys.clear();
    let mut elsewhere = sound.clone();
    elsewhere.tie = vec![0.0, 0.0, 0.0, 100_000.0, 400_000.0, 0.0];
    let mut unknown = sound.clone();
    unknown.keys = vec![(3072, 2)];
    let mut odd = sound.clone();
    odd.coding = 34887;
    let mut empty = sound.clone();
    empty.no_data = Some("3".into());
    empty.samples = crate::geotiff_fixture::Samples {
        format: 3,
        size: 4,
        bits: vec![u64::from(3.0_f32.to_bits()); 10_000],
    };
    for (bytes, cause, expected) in [
        (no_crs.bytes(), Cause::NoSystem, "names no coordinate system"),
        (unknown.bytes(), Cause::NoSystem, "names no coordinate system"),
        (elsewhere.bytes(), Cause::Elsewhere, "has nothing in this area"),
        (odd.bytes(), Cause::NotRead, "its compression (lerc) is not read"),
        (empty.bytes(), Cause::Elsewhere, "no heights in this area"),
        (b"ncols 3".to_vec(), Cause::WrongKind, "this is no TIFF file"),
        (sound.bytes()[..40].to_vec(), Cause::Damaged, "breaks off"),
    ] {
        let found = open_with(folder.path(), &bytes, "nap");
        assert!(!found.has_terrain);
        let found = &found.problems;
        assert_eq!(found.len(), 1, "{expected}: {:?}", lines(found));
        assert_eq!(
            (found[0].path.as_str(), found[0].cause),
            ("t.tif", cause),
            "{:?}",
            lines(found)
        );
        assert!(found[0].message.contains(expected), "{:?}", lines(found));
    }
}
