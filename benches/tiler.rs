//! How long a town takes from features to tiles on disk, how much memory, how many bytes.
//!
//! 40,000 made-up buildings in the form of 3DBAG, 60 to 100 triangles each, over 62 km². The aim is 90 s on two cores
//! (600 s at the very most) and 2 GB. `STADSLENS_BUILDINGS` sets another number, `STADSLENS_TILES` a folder to keep.

#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

#[path = "../tests/data/tiler/town.rs"]
mod town;

use stadslens::{
    georef::Crs,
    sources::tiles3d::tiler::{Progress, Stage, Tiler},
};
use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

/// 62 km² shared by 40,000.
const SPACING_M: f64 = 39.37;

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let buildings = std::env::var("STADSLENS_BUILDINGS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(40_000);
    let temporary = tempfile::tempdir().ok();
    let kept = std::env::var_os("STADSLENS_TILES").map(PathBuf::from);
    let Some(root) = kept.or_else(|| temporary.as_ref().map(|folder| folder.path().join("tiles"))) else {
        println!("no folder to write to");
        return;
    };
    let peak = AtomicUsize::new(0);
    let start = Instant::now();
    let reading_ends = std::sync::OnceLock::new();
    let progress = |progress: Progress| {
        if progress.stage == Stage::Tiling {
            reading_ends.get_or_init(|| start.elapsed());
        }
        let memory = memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem);
        peak.fetch_max(memory, Ordering::Relaxed);
    };
    let tiler = Tiler {
        progress: &progress,
        ..Tiler::new("town", Crs::RD_NAP)
    };
    match tiler.tile_into_folder(town::town(1, buildings, town::CENTER, SPACING_M), &root) {
        Ok(report) => {
            let seconds = start.elapsed().as_secs_f64();
            let reading = reading_ends.get().map_or(0.0, std::time::Duration::as_secs_f64);
            println!(
                "{} features, {} triangles: {seconds:.1} s (first leaf after {reading:.1} s), peak memory {} MB",
                report.features,
                report.triangles,
                peak.into_inner() >> 20
            );
            println!(
                "{} tiles, {} bytes, root error {:.2} m, {} problems",
                report.tiles,
                report.bytes,
                report.root_error_m,
                report.problems.len()
            );
        }
        Err(error) => println!("{error}"),
    }
}
