//! A sheet of 5 by 6.25 km at one metre, as the AHN has them: how fast it is read, made to a grid and cut in terrain
//! tiles, and how much memory that takes.
//!
//! Before that, squares of aerial photographs, as the ground is drawn with them.
//!
//! Aims: 200 pictures of 256 pixels a second on one core, 80 MB of heights a second on one core, 200 tiles a second, and no more memory for tiles than for one of them
//! and what the reader keeps (64 MB of unpacked tiles for each of the four sheets used last).

#[path = "../tests/data/geotiff_fixture.rs"]
mod geotiff_fixture;

use bevy::math::DVec2;
use geotiff_fixture::Fixture;
use stadslens::{
    georef::{HeightReference, RdNap, lon_lat_h_from_rd_nap},
    sources::{
        online::{RdArea, TileMatrixSet},
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

/// Squares of 256 pixels of an area of 1 by 1 km out of photographs of 25 cm: JPEG tiles in `MBTiles` (Web Mercator) and a
/// `GeoTIFF` (RD), as fine as they are and four times coarser.
#[expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench says what it found, and stops at a surprise"
)]
fn pictures() {
    let temporary = tempfile::tempdir().unwrap();
    photo_tiff(&temporary.path().join("photo.tif"));
    photo_tiles(&temporary.path().join("photo.mbtiles"));
    for name in ["photo.tif", "photo.mbtiles"] {
        let document = format!(
            r#"{{"version": 1, "title": {{"nl": "x"}}, "area": {{"anchor": {{"rd": [250500, 476500], "nap_m": 0}}}},
            "layers": [{{"id": "photo", "kind": "imagery", "path": "{name}"}}]}}"#
        );
        std::fs::write(temporary.path().join("scenario.json"), document).unwrap();
        for pixel_m in [0.25, 1.0] {
            let open = stadslens::model::scenario::open(temporary.path()).unwrap();
            let picture = open.imagery[0].clone();
            let side_m = 256.0 * pixel_m;
            let steps = |half: f64| {
                (0_u32..)
                    .map(move |i| f64::from(i) * side_m - half)
                    .take_while(move |x| *x < half)
            };
            let start = Instant::now();
            let mut count = 0.0;
            for (x, y) in steps(450.0).flat_map(|y| steps(450.0).map(move |x| (x, y))) {
                count += f64::from(u8::from(
                    picture.picture(DVec2::new(x, y), side_m, 256).unwrap().is_some(),
                ));
            }
            println!(
                "{name} at {pixel_m} m: {count} pictures of 256 pixels: {}",
                rate(count, "pictures", start)
            );
        }
    }
}

/// Colours of a street map of sorts: even, with edges.
fn color(x: u32, y: u32) -> [u8; 3] {
    let part = |n: u32| u8::try_from(n % 256).unwrap_or(0);
    [part(x / 9 + y / 31), part((x / 40) * 37 + y / 5), part((x ^ y) / 16)]
}

#[expect(clippy::unwrap_used, reason = "a bench stops at a surprise")]
fn photo_tiff(path: &std::path::Path) {
    let side = 4096_u32;
    let bits = |side: u32, times: u32| {
        let pixels = (0..side).flat_map(move |y| (0..side).map(move |x| (x * times, y * times)));
        pixels.flat_map(|(x, y)| color(x, y).map(u64::from)).collect()
    };
    let level = |side: u32, times: u32| Fixture {
        samples: geotiff_fixture::Samples {
            format: 1,
            size: 1,
            bits: bits(side, times),
        },
        bands: 3,
        photometric: 2,
        tile: Some(256),
        coding: 8,
        ..Fixture::rd(side, side, [250_000.0, 477_000.0], 0.25, Vec::new())
    };
    let fixture = Fixture {
        overviews: vec![level(2048, 2), level(1024, 4)],
        ..level(side, 1)
    };
    std::fs::write(path, fixture.bytes()).unwrap();
}

#[expect(clippy::unwrap_used, reason = "a bench stops at a surprise")]
fn photo_tiles(path: &std::path::Path) {
    let mut connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE metadata (name text, value text);
             CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob);
             CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row);
             INSERT INTO metadata VALUES ('format', 'jpg');",
        )
        .unwrap();
    let writing = connection.transaction().unwrap();
    let area = RdArea::new([250_000.0, 476_000.0, 251_000.0, 477_000.0]).unwrap();
    for zoom in [16, 17, 18] {
        for (column, row) in TileMatrixSet::WebMercatorQuad.tiles_over(&area, zoom).unwrap().tiles() {
            let picture = image::RgbImage::from_fn(256, 256, |x, y| image::Rgb(color(column * 256 + x, row * 256 + y)));
            let mut bytes = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
            let south = (1_u32 << zoom) - 1 - row;
            let values = (zoom, column, south, bytes.into_inner());
            writing
                .execute("INSERT INTO tiles VALUES (?1, ?2, ?3, ?4)", values)
                .unwrap();
        }
    }
    writing.commit().unwrap();
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
    pictures();
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
