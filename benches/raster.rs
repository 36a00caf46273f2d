//! A sheet of 5 by 6.25 km at one metre, as the AHN has them: how fast it is read, made to a grid and cut in terrain
//! tiles, and how much memory that takes.
//!
//! Aims: 80 MB of heights a second on one core, 200 tiles a second, and no more memory for tiles than for one of them
//! and what the reader keeps (64 MB of unpacked tiles for each of the four sheets used last).

#[path = "../tests/data/geotiff_fixture.rs"]
mod geotiff_fixture;

use geotiff_fixture::Fixture;
use stadslens::{
    georef::{HeightReference, RdNap, lon_lat_h_from_rd_nap},
    sources::{
        raster::{
            GeoTiff, HeightPyramid, Window,
            terrain::{PyramidRequest, TerrainSheet, write_terrain_pyramid},
        },
        resource::folder,
    },
};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

const WIDTH: u32 = 5000;
const HEIGHT: u32 = 6250;
const CORNER: [f64; 2] = [250_000.0, 481_250.0];

#[expect(clippy::cast_possible_truncation, reason = "heights of a bench")]
fn sheet() -> Fixture {
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    let height = |(x, y): (u32, u32)| {
        let (u, v) = (f64::from(x), f64::from(y));
        let is_water = (x / 40 + y / 70) % 29 == 0;
        let rough = f64::from((x * 7919 + y * 104_729) % 97) * 0.001;
        if is_water {
            -9999.0
        } else {
            (20.0 + 8.0 * (u / 400.0).sin() * (v / 300.0).cos() + rough) as f32
        }
    };
    Fixture {
        tile: Some(256),
        coding: 8,
        predictor: 3,
        no_data: Some("-9999".into()),
        ..Fixture::rd(WIDTH, HEIGHT, CORNER, 1.0, pixels.map(height).collect())
    }
}

fn resident_mb() -> f64 {
    let bytes = memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem);
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0
}

fn rate(amount: f64, unit: &str, since: Instant) -> String {
    let seconds = since.elapsed().as_secs_f64();
    format!("{seconds:.2} s, {:.0} {unit} a second", amount / seconds)
}

#[expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench says what it found, and stops at a surprise"
)]
fn main() {
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    {
        let fixture = sheet();
        std::fs::write(temporary.path().join("t.tif"), fixture.bytes()).unwrap();
    }
    let open = || {
        let source = folder(temporary.path()).open("t.tif", u64::MAX).unwrap();
        Arc::new(GeoTiff::open(source, "t.tif").unwrap())
    };
    let megabytes = f64::from(WIDTH) * f64::from(HEIGHT) * 4.0 / 1e6;
    let before = resident_mb();
    println!("resident before: {before:.0} MB");

    let tiff = open();
    let start = Instant::now();
    let mut heights = 0;
    for y in (0..HEIGHT).step_by(250) {
        let window = Window {
            x: 0,
            y,
            width: WIDTH,
            height: 250,
        };
        heights += tiff.read_heights(0, window).unwrap().values.len();
    }
    println!(
        "read {heights} heights, {megabytes:.0} MB: {}; resident {:.0} MB",
        rate(megabytes, "MB", start),
        resident_mb()
    );

    let start = Instant::now();
    let whole = Window {
        x: 0,
        y: 0,
        width: WIDTH,
        height: HEIGHT,
    };
    let mut grid = open().sheet(whole, 4_000_000).unwrap().upright().unwrap();
    println!(
        "grid of {} by {} nodes: {:.2} s",
        grid.columns,
        grid.rows,
        start.elapsed().as_secs_f64()
    );
    let start = Instant::now();
    let holes = grid.holes();
    grid.fill_holes();
    println!("{holes} holes filled: {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let levels = HeightPyramid::new(grid).levels.len();
    println!("{levels} levels: {:.2} s", start.elapsed().as_secs_f64());

    for (name, side_m, max_zoom) in [
        ("1 by 1 km", 1000.0, 17),
        ("2 by 2 km", 2000.0, 17),
        ("4 by 4 km", 4000.0, 17),
    ] {
        let sheets = [TerrainSheet::new(open(), HeightReference::Nap).unwrap()];
        let place = |x: f64, y: f64| {
            lon_lat_h_from_rd_nap(RdNap {
                x_m: x,
                y_m: y,
                nap_m: 0.0,
            })
            .unwrap()
        };
        let (low, high) = (
            place(250_500.0, 476_000.0),
            place(250_500.0 + side_m, 476_000.0 + side_m),
        );
        let target = temporary.path().join(name);
        let mut peak: f64 = 0.0;
        let start = Instant::now();
        let summary = write_terrain_pyramid(
            &PyramidRequest {
                sheets: &sheets,
                bounds_deg: [low.lon_deg, low.lat_deg, high.lon_deg, high.lat_deg],
                max_zoom: Some(max_zoom),
                attribution: "",
                folder: &target,
            },
            &AtomicBool::new(false),
            &mut |progress| {
                if progress.done % 16 == 0 {
                    peak = peak.max(resident_mb());
                }
            },
        )
        .unwrap();
        let tiles = f64::from(u32::try_from(summary.tiles).unwrap());
        println!(
            "{name}: {tiles} tiles to level {max_zoom}, {:.1} MB, {} triangles: {}; peak {peak:.0} MB",
            f64::from(u32::try_from(summary.bytes >> 10).unwrap()) / 1024.0,
            summary.triangles,
            rate(tiles, "tiles", start),
        );
    }
}
