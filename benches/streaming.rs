//! Tiles from a server on this machine, over a line of 20 Mbit/s and 40 ms and without limits, into the program without a
//! graphics backend at sixty frames a second: time to the first cover and to the settled picture, bytes that came and
//! that were cancelled, memory, and the time of the main schedule per frame. A jump and a flight while tiles come follow.
//!
//! Two tilesets: `us-delaware-explicit-b3dm` of the corpus (`STADSLENS_CORPUS`, else `../shared/corpus`), which other
//! viewers were measured with, and a made-up city of 1,048,575 implicit tiles.

#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

#[path = "../tests/program/streaming/implicit_city.rs"]
mod implicit_city;
#[path = "streaming/link.rs"]
mod link;

use bevy::math::DVec3;
use implicit_city::ImplicitCity;
use link::{Files, Line, Link};
use stadslens::{app::Measured, georef::SitePos, schedule::Lens, sources::resource::Resources, view::camera::Orbit};
use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// Length of a frame.
const FRAME: Duration = Duration::from_nanos(16_666_667);
/// How long a picture may take to be complete.
const PATIENCE: Duration = Duration::from_mins(3);
/// Set in the run that measures.
const INNER: &str = "STADSLENS_BENCH_INNER";

/// Of the ball around the volume of its root, metres.
const DELAWARE_RADIUS_M: f64 = 10_209.0;

const SLOW: Line = Line {
    bits_per_s: Some(20e6),
    delay: Duration::from_millis(40),
};
const FREE: Line = Line {
    bits_per_s: None,
    delay: Duration::ZERO,
};

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return Ok(());
    }
    let corpus = std::env::var_os("STADSLENS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let delaware = corpus.join("tiles/us-delaware-explicit-b3dm");
    if let Some(which) = std::env::var_os(INNER) {
        return match which.to_str() {
            Some("delaware") => over_delaware("over the slow line", SLOW, &delaware, 16.0),
            Some("delaware-free") => over_delaware("without limits, error 1", FREE, &delaware, 1.0),
            _ => over_the_city(),
        };
    }
    let mut all = vec!["city"];
    if delaware.is_dir() {
        all = vec!["delaware", "delaware-free", "city"];
    } else {
        println!("{}: not there, so left out", delaware.display());
    }
    for which in all {
        // Each in a program of its own, with nothing kept from before: answers, memory, threads.
        let kept = tempfile::tempdir()?;
        let status = Command::new(std::env::current_exe()?)
            .env(INNER, which)
            .env("XDG_CACHE_HOME", kept.path())
            .env_remove("STADSLENS_OFFLINE")
            .status()?;
        if !status.success() {
            return Err(format!("{which}: {status}").into());
        }
    }
    Ok(())
}

fn over_delaware(what: &str, line: Line, folder: &Path, error_px: f64) -> Result<(), Box<dyn Error>> {
    let folder = folder.to_owned();
    let files: Box<Files> = Box::new(move |path| {
        let is_inside = !path.split('/').any(|part| part == "..");
        is_inside.then(|| std::fs::read(folder.join(path)).ok()).flatten()
    });
    let server = Link::serve(line, files)?;
    println!("== us-delaware-explicit-b3dm, {what}");
    let mut run = Run::start(&server, error_px)?;
    let home = run.program.camera();
    // Other viewers were measured at 0.3 of the radius.
    let near = Orbit {
        distance_m: 0.3 * DELAWARE_RADIUS_M,
        ..home
    };
    let home = Orbit {
        distance_m: 2.0 * DELAWARE_RADIUS_M,
        ..home
    };
    run.arrive("first view, at 0.3 of the radius", near)?;
    run.fly("flight out and aside", near, home);
    run.arrive("after the flight", home)?;
    run.end(&server);
    Ok(())
}

fn over_the_city() -> Result<(), Box<dyn Error>> {
    let city = ImplicitCity::default().files();
    let files: Box<Files> = Box::new(move |path| match path.strip_suffix(".glb") {
        Some(place) => houses(place),
        None => city.read(path).ok(),
    });
    let server = Link::serve(SLOW, files)?;
    println!("== 1,048,575 implicit tiles over the slow line");
    let mut run = Run::start(&server, 16.0)?;
    let at = |x: f64, y: f64, distance_m: f64, heading_rad: f64| Orbit {
        target: SitePos(DVec3::new(x, y, 0.0)),
        heading_rad,
        pitch_rad: -0.5,
        distance_m,
    };
    let street = at(500.0, 0.0, 300.0, 0.0);
    run.arrive("first view, a street", street)?;
    run.fly("flight of 2 km", street, at(2500.0, 200.0, 300.0, 1.0));
    run.arrive("after the flight", at(2500.0, 200.0, 300.0, 1.0))?;
    run.arrive("a jump", at(1500.0, -300.0, 120.0, 3.0))?;
    run.end(&server);
    Ok(())
}

/// One opened tileset.
struct Run {
    program: Measured,
    before_mb: usize,
    peak_mb: usize,
    most_resident: u64,
    received: u64,
}

impl Run {
    fn start(server: &Link, error_px: f64) -> Result<Self, Box<dyn Error>> {
        let mut program = Measured::start(&Lens::ALL);
        program.allow_error(error_px);
        for _ in 0..30 {
            program.step();
        }
        let before_mb = memory_mb();
        let start = Instant::now();
        program.open(Path::new(&server.url("tileset.json")))?;
        println!("opened in {:.2} s", start.elapsed().as_secs_f64());
        // The scenario is on the table before the camera is put anywhere.
        for _ in 0..3 {
            program.step();
        }
        program.take_times();
        Ok(Self {
            program,
            before_mb,
            peak_mb: before_mb,
            most_resident: 0,
            received: 0,
        })
    }

    fn frame(&mut self, number: u32) {
        let begun = Instant::now();
        self.program.step();
        self.most_resident = self.most_resident.max(self.program.tiles().bytes_resident);
        // Counting pages holds up every thread, so not in every frame.
        if number.is_multiple_of(30) {
            self.peak_mb = self.peak_mb.max(memory_mb());
        }
        std::thread::sleep(FRAME.saturating_sub(begun.elapsed()));
    }

    /// Stands somewhere until the picture is complete.
    fn arrive(&mut self, what: &str, to: Orbit) -> Result<(), Box<dyn Error>> {
        self.program.look(to);
        let start = Instant::now();
        let mut covered = None;
        let mut settled = 0;
        for number in 0.. {
            self.frame(number);
            let tiles = self.program.tiles();
            if tiles.rendered > 0 {
                covered.get_or_insert(start.elapsed());
            }
            // One frame may be complete before the tree has come.
            settled = if self.program.is_complete() && tiles.rendered > 0 {
                settled + 1
            } else {
                0
            };
            if settled == 2 {
                break;
            }
            if start.elapsed() > PATIENCE {
                return Err(format!("{what}: not settled").into());
            }
        }
        let cover_s = covered.map_or(f64::NAN, |covered| covered.as_secs_f64());
        println!(
            "{what}: first cover after {cover_s:.2} s, settled after {:.2} s",
            start.elapsed().as_secs_f64()
        );
        self.tell();
        Ok(())
    }

    /// Ten seconds of flight.
    fn fly(&mut self, what: &str, from: Orbit, to: Orbit) {
        println!("{what}:");
        for number in 0..600 {
            self.program.look(from.approach(&to, f64::from(number) / 600.0));
            self.frame(number);
        }
        self.tell();
    }

    fn tell(&mut self) {
        let frames = self.program.take_times();
        let tiles = self.program.tiles();
        println!(
            "  {} tiles, {} triangles drawn; {:.2} MB came, {:.2} MB cancelled in all; {} MB of tiles held",
            tiles.rendered,
            tiles.triangles,
            megabytes(tiles.bytes_received - self.received),
            megabytes(tiles.bytes_cancelled),
            tiles.bytes_resident >> 20,
        );
        self.received = tiles.bytes_received;
        println!(
            "  main schedule of {} frames: p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
            frames.ms.len(),
            frames.quantile_ms(0.5),
            frames.quantile_ms(0.95),
            frames.quantile_ms(0.99),
            frames.quantile_ms(1.0),
        );
    }

    fn end(&mut self, server: &Link) {
        self.peak_mb = self.peak_mb.max(memory_mb());
        println!(
            "in all {} requests, {:.2} MB; tiles at most {} MB of {} MB; memory {} MB before, {} MB at most",
            server.requests(),
            megabytes(self.program.tiles().bytes_received),
            self.most_resident >> 20,
            self.program.tiles().ceiling_bytes >> 20,
            self.before_mb,
            self.peak_mb,
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn memory_mb() -> usize {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem) >> 20
}

/// The content of a tile of the city, `district/level/x/y`: a floor and 8 by 8 houses on it, 642 triangles, about 25 kB.
fn houses(place: &str) -> Option<Vec<u8>> {
    let numbers: Vec<u32> = place.split('/').filter_map(|part| part.parse().ok()).collect();
    let [district, level, x, y] = numbers[..] else {
        return None;
    };
    let side = 1000.0 / 2_f64.powi(i32::try_from(level).ok()?);
    let west = f64::from(district) * 1000.0 + f64::from(x) * side;
    let south = f64::from(y) * side - 500.0;
    let (mut positions, mut indices): (Vec<[f64; 3]>, Vec<u32>) = (Vec::new(), Vec::new());
    let mut quad = |corners: [[f64; 3]; 4]| {
        let first = u32::try_from(positions.len()).unwrap_or(0);
        positions.extend(corners);
        indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
    };
    quad([
        [west, south, 0.0],
        [west + side, south, 0.0],
        [west + side, south + side, 0.0],
        [west, south + side, 0.0],
    ]);
    for house in 0..64_u32 {
        let cell = side / 8.0;
        let low = [
            west + f64::from(house % 8) * cell + cell * 0.2,
            south + f64::from(house / 8) * cell + cell * 0.2,
        ];
        let high = low.map(|at| at + cell * 0.6);
        let top = 4.0 + f64::from((house * 7 + x + y) % 9);
        let ring = [
            [low[0], low[1]],
            [high[0], low[1]],
            [high[0], high[1]],
            [low[0], high[1]],
        ];
        quad(ring.map(|[x, y]| [x, y, top]));
        for corner in 0..4 {
            let ([ax, ay], [bx, by]) = (ring[corner], ring[(corner + 1) % 4]);
            quad([[ax, ay, 0.0], [bx, by, 0.0], [bx, by, top], [ax, ay, top]]);
        }
    }
    Some(glb(&positions, &indices))
}

/// One mesh in the axes of glTF, y up.
fn glb(positions: &[[f64; 3]], indices: &[u32]) -> Vec<u8> {
    let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
    let mut bytes = Vec::new();
    for [x, y, z] in positions {
        #[expect(clippy::cast_possible_truncation, reason = "metres of a made-up city")]
        let turned = [*x as f32, *z as f32, -*y as f32];
        for (axis, value) in turned.into_iter().enumerate() {
            low[axis] = low[axis].min(value);
            high[axis] = high[axis].max(value);
            bytes.extend(value.to_le_bytes());
        }
    }
    let split = bytes.len();
    bytes.extend(indices.iter().flat_map(|index| index.to_le_bytes()));
    let document = serde_json::json!({
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": positions.len(), "type": "VEC3", "min": low, "max": high},
            {"bufferView": 1, "componentType": 5125, "count": indices.len(), "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": split},
            {"buffer": 0, "byteOffset": split, "byteLength": bytes.len() - split},
        ],
        "buffers": [{"byteLength": bytes.len()}],
    });
    let mut json = document.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(0).to_le_bytes();
    let mut file = b"glTF\x02\0\0\0".to_vec();
    file.extend(length(12 + 8 + json.len() + 8 + bytes.len()));
    file.extend(length(json.len()));
    file.extend(b"JSON");
    file.extend(json);
    file.extend(length(bytes.len()));
    file.extend(b"BIN\0");
    file.extend(bytes);
    file
}
