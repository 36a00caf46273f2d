//! A flight over a prepared area without any graphics backend, at sixty frames a second: time of the main schedule per
//! frame while tiles stream, memory, and how long the picture takes to be complete at its end. Where the system tells it
//! (Linux), also the processor time of each frame: other programs that load the machine lengthen the one, not the other.
//!
//! 40,000 made-up buildings in the form of 3DBAG over 62 km² are written as `CityJSONSeq` and prepared first.
//! `STADSLENS_BUILDINGS` sets another number; `STADSLENS_AREA` names a prepared folder to fly over instead, and
//! `STADSLENS_PREPARE_ONLY` ends before the flight.

#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

#[path = "../tests/data/tiler/town.rs"]
mod town;

use bevy::math::{DVec2, DVec3};
use serde_json::json;
use stadslens::{
    app::Measured,
    georef::SitePos,
    prepare::{Area, PrepareOptions, prepare},
    schedule::Lens,
    sources::{CityFeature, SurfaceRole, cityjson::LodChoice},
    view::camera::Orbit,
};
use std::{
    error::Error,
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// 62 km² shared by 40,000.
const SPACING_M: f64 = 39.37;
/// Length of a frame.
const FRAME: Duration = Duration::from_nanos(16_666_667);
/// Frames of one leg: ten seconds.
const LEG_FRAMES: u32 = 600;
/// How long the picture may take to be complete.
const PATIENCE: Duration = Duration::from_mins(3);

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    if let Err(error) = measure() {
        println!("{error}");
    }
}

fn measure() -> Result<(), Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let area = match std::env::var_os("STADSLENS_AREA") {
        Some(area) => PathBuf::from(area),
        None => prepared(temporary.path())?,
    };
    if std::env::var_os("STADSLENS_PREPARE_ONLY").is_some() {
        return Ok(());
    }
    let before = memory_mb();
    let mut program = Measured::start(&Lens::ALL);
    let start = Instant::now();
    program.open(&area)?;
    println!("read in {:.2} s", start.elapsed().as_secs_f64());
    if !program.settle(PATIENCE) {
        return Err("the area did not settle".into());
    }
    println!("complete after {:.2} s", start.elapsed().as_secs_f64());
    tell(&mut program, "until it stands");
    let mut peak = 0;
    let mut processor = Processor::of_frames();
    for (name, from, to) in legs() {
        for frame in 0..LEG_FRAMES {
            let begun = Instant::now();
            program.look(from.approach(&to, f64::from(frame) / f64::from(LEG_FRAMES)));
            processor.count(|| program.step());
            std::thread::sleep(FRAME.saturating_sub(begun.elapsed()));
            // Counting pages holds up every thread, so not in every frame.
            if frame % 120 == 0 {
                peak = peak.max(memory_mb());
            }
        }
        tell(&mut program, name);
        processor.tell();
    }
    let arrived = Instant::now();
    if !program.settle(PATIENCE) {
        return Err("the picture at the end of the flight did not settle".into());
    }
    println!(
        "complete {:.2} s after the end; {} tiles loaded, {} MB of tiles; memory {before} MB before, {peak} MB at most",
        arrived.elapsed().as_secs_f64(),
        program.tiles().tiles_loaded,
        program.tiles().bytes_resident >> 20,
    );
    Ok(())
}

/// The parts of the flight: down into the town, over the roofs from one side to the other, a jump away and back out.
fn legs() -> [(&'static str, Orbit, Orbit); 4] {
    let at = |x: f64, y: f64, distance_m: f64, heading_rad: f64| Orbit {
        target: SitePos(DVec3::new(x, y, 0.0)),
        heading_rad,
        pitch_rad: -0.5,
        distance_m,
    };
    let (high, low) = (at(0.0, 0.0, 4000.0, 0.0), at(-2000.0, -1500.0, 250.0, 0.6));
    let (far, away) = (at(2000.0, 1500.0, 250.0, 1.2), at(-2500.0, 2000.0, 120.0, 3.0));
    [
        ("down into the town", high, low),
        ("4 km over the roofs, 500 m/s", low, far),
        ("turning in the street", away, at(-2500.0, 2000.0, 120.0, 6.0)),
        ("back out", away, high),
    ]
}

fn tell(program: &mut Measured, what: &str) {
    let times = program.take_times();
    println!(
        "{what}: {} frames, main schedule p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, max {:.2} ms; {} triangles in {} tiles",
        times.ms.len(),
        times.quantile_ms(0.5),
        times.quantile_ms(0.95),
        times.quantile_ms(0.99),
        times.quantile_ms(1.0),
        program.tiles().triangles,
        program.tiles().rendered,
    );
}

/// Processor time that frames take: that of the main thread and of those that run systems beside it.
struct Processor {
    /// What the system tells of each thread: nanoseconds on a processor come first.
    threads: Vec<PathBuf>,
    ms: Vec<f64>,
}

impl Processor {
    fn of_frames() -> Self {
        let main = std::process::id().to_string();
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let runs_systems = |task: &Path| {
            let name = fs::read_to_string(task.join("comm")).unwrap_or_default();
            task.ends_with(&main) || name.starts_with("Compute Task")
        };
        let paths = tasks.map(|task| task.path()).filter(|task| runs_systems(task));
        Self {
            threads: paths.map(|task| task.join("schedstat")).collect(),
            ms: Vec::new(),
        }
    }

    fn now_ms(&self) -> f64 {
        let of = |thread: &PathBuf| -> Option<f64> {
            let text = fs::read_to_string(thread).ok()?;
            text.split(' ').next()?.parse().ok()
        };
        self.threads.iter().filter_map(of).sum::<f64>() / 1e6
    }

    /// Counts what a frame takes.
    fn count(&mut self, frame: impl FnOnce()) {
        let before = self.now_ms();
        frame();
        self.ms.push(self.now_ms() - before);
    }

    /// Says how much the frames since the last time took.
    fn tell(&mut self) {
        let mut ms = std::mem::take(&mut self.ms);
        ms.sort_by(f64::total_cmp);
        let at = |percent: usize| ms.get((ms.len() * percent / 100).min(ms.len().saturating_sub(1)));
        if let (Some(p50), Some(p99), Some(max)) = (at(50), at(99), at(100))
            && *max > 0.0
        {
            println!("  of processor time p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms a frame");
        }
    }
}

fn memory_mb() -> usize {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem) >> 20
}

/// Most memory that this program ever held, where the system tells it (Linux).
fn peak_mb() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kb.map_or_else(memory_mb, |kb| kb >> 10)
}

/// Makes the town and prepares it.
fn prepared(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let buildings = std::env::var("STADSLENS_BUILDINGS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(40_000_u32);
    let sheet = folder.join("town.city.jsonl");
    let mut file = BufWriter::new(File::create(&sheet)?);
    let origin = town::CENTER.extend(0.0);
    let head = json!({
        "type": "CityJSON", "version": "2.0", "CityObjects": {}, "vertices": [],
        "transform": { "scale": [0.001, 0.001, 0.001], "translate": origin.to_array() },
        "metadata": { "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415" },
    });
    writeln!(file, "{head}")?;
    for feature in town::town(1, buildings, town::CENTER, SPACING_M) {
        writeln!(file, "{}", sentence(&feature, origin))?;
    }
    file.into_inner()?.sync_all()?;
    let half = f64::from(buildings).sqrt() * SPACING_M / 2.0 + 100.0;
    let [low, high] = [town::CENTER - half, town::CENTER + half];
    let ring = vec![low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    let options = PrepareOptions {
        area: Area::new(ring)?,
        folder: folder.join("area"),
        title: "Town".to_owned(),
        buildings: vec![sheet],
        terrain: Vec::new(),
        imagery: Vec::new(),
        online_imagery: false,
        terrain_tiles: false,
        vector: Vec::new(),
        online: None,
        endpoints: None,
        lod: LodChoice::Highest,
        replace: false,
    };
    let start = Instant::now();
    let report = prepare(&options, &|_| {})?;
    println!(
        "{} buildings prepared in {:.1} s: {} tiles, {} MB; memory at most {} MB",
        report.buildings,
        start.elapsed().as_secs_f64(),
        report.tiles,
        report.bytes >> 20,
        peak_mb()
    );
    Ok(options.folder)
}

/// A line of the sheet.
fn sentence(feature: &CityFeature, origin: DVec3) -> serde_json::Value {
    let mut vertices: Vec<[i64; 3]> = Vec::new();
    let (mut boundaries, mut values) = (Vec::new(), Vec::new());
    for part in &feature.parts {
        let base = vertices.len();
        #[expect(clippy::cast_possible_truncation, reason = "millimetres of a town")]
        let whole = |p: &DVec3| ((*p - origin) * 1000.0).round().to_array().map(|value| value as i64);
        vertices.extend(part.positions.iter().map(whole));
        for triangle in &part.triangles {
            boundaries.push([triangle.map(|corner| base + corner as usize)]);
            values.push(match part.role {
                SurfaceRole::Roof => 0,
                SurfaceRole::Ground => 2,
                _ => 1,
            });
        }
    }
    json!({
        "type": "CityJSONFeature", "id": feature.id, "vertices": vertices,
        "CityObjects": { &feature.id: {
            "type": "Building", "attributes": feature.attributes,
            "geometry": [{
                "type": "MultiSurface", "lod": "2.2", "boundaries": boundaries,
                "semantics": { "surfaces": [{ "type": "RoofSurface" }, { "type": "WallSurface" }, { "type": "GroundSurface" }], "values": values },
            }],
        } },
    })
}
