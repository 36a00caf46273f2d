//! What a change of the filters costs over fifty thousand managed objects: the list in order again and the look of every
//! object; and the frame of the whole program, without any graphics backend, in which the list and the view are made
//! anew. A change of variant does all that a change of the filters does and more, so that frame is the most it can cost.
//! Prints medians and the 95th percentile; run with `cargo bench --bench maintenance`.

use serde_json::json;
use stadslens::{app::Measured, lenses::maintenance::Filtering, model::scenario, schedule::Lens};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Objects along one side of the square that they stand in.
const SIDE: u32 = 224;
/// Distance between objects, metres.
const APART_M: u32 = 5;
/// Changes that are measured.
const CHANGES: usize = 60;
/// Least place of the objects in RD, metres.
const CORNER_RD: (u32, u32) = (250_400, 475_700);

fn main() {
    match city() {
        Ok((_folder, path)) => {
            measure_filters(&path);
            measure_frames(&path);
        }
        Err(error) => print(&format!("cannot make the city: {error}")),
    }
}

/// A copy of the small scenario with very many objects. It is gone when the folder is dropped.
fn city() -> io::Result<(tempfile::TempDir, PathBuf)> {
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/klein");
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_owned();
    for entry in fs::read_dir(&small)?.chain(fs::read_dir(small.join("tiles"))?) {
        let from = entry?.path();
        let to = path.join(from.strip_prefix(&small).unwrap_or(&from));
        if from.is_dir() {
            fs::create_dir_all(to)?;
        } else {
            fs::copy(from, to)?;
        }
    }
    let kinds = ["tree", "lamp", "bench", "bin", "manhole", "other"];
    let features: Vec<_> = (0..SIDE * SIDE)
        .map(|number| {
            let at = (
                CORNER_RD.0 + number % SIDE * APART_M,
                CORNER_RD.1 + number / SIDE * APART_M,
            );
            // In no order by number, and every seventh without a score.
            let mixed = number.wrapping_mul(2_654_435_761) >> 8;
            let score = mixed % 7;
            json!({
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [at.0, at.1]},
                "properties": {
                    "id": format!("N-{mixed:08}-{number}"),
                    "type": kinds[(mixed / 7 % 6) as usize],
                    "conditie": (score > 0).then_some(score),
                    "volgende_inspectie": format!("{}-06-15", 2024 + mixed % 9),
                },
            })
        })
        .collect();
    let assets = json!({
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}},
        "features": features,
    });
    fs::write(path.join("assets.geojson"), assets.to_string())?;
    Ok((folder, path))
}

fn measure_filters(path: &Path) {
    let open = match scenario::open(path) {
        Ok(open) => open,
        Err(problems) => return print(&format!("cannot open the city: {problems:?}")),
    };
    let mut filtering = Filtering::new(&open);
    let choices: [&[u8]; 4] = [&[4, 5, 6], &[], &[1, 2], &[0]];
    let mut of_all: Vec<f64> = Vec::new();
    for (chosen, scores) in choices.into_iter().enumerate() {
        let mut times: Vec<f64> = Vec::new();
        let mut left = 0;
        for _ in 0..CHANGES / choices.len() {
            let start = Instant::now();
            left = std::hint::black_box(filtering.by_scores(scores)).0;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        say(
            &format!("filter {chosen}, {left} of {} objects left", open.assets.len()),
            &mut times,
        );
        of_all.extend(times);
    }
    say("change of the filters", &mut of_all);
}

fn measure_frames(path: &Path) {
    let mut program = Measured::start(&[Lens::Maintenance]);
    if let Err(stop) = program.open(path) {
        return print(&format!("cannot open the city: {stop}"));
    }
    if !program.settle(Duration::from_mins(2)) {
        return print("the city did not settle");
    }
    let ids: Vec<String> = match scenario::open(path) {
        Ok(open) => open.scenario.variants.into_iter().map(|variant| variant.id).collect(),
        Err(_) => Vec::new(),
    };
    let mut times: Vec<f64> = Vec::new();
    // The first is shown already.
    for id in ids.iter().cycle().skip(1).take(CHANGES) {
        program.take_times();
        program.switch_variant(id);
        times.extend(program.take_times().ms);
        for _ in 0..3 {
            program.step();
        }
    }
    say("frame of the program with list and view anew", &mut times);
}

fn say(what: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2);
    let high = times.get(times.len() * 95 / 100);
    if let (Some(middle), Some(high)) = (middle, high) {
        print(&format!(
            "{what}: median {middle:.2} ms, p95 {high:.2} ms of {}",
            times.len()
        ));
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark says its numbers")]
fn print(line: &str) {
    println!("{line}");
}
