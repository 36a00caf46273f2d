//! What the program itself costs, without any graphics backend: time of the main schedule per frame while the camera
//! turns over the shipped scenario, and the switch of a variant. Prints medians and the 99th percentile; run with
//! `cargo bench --bench program`.

use stadslens::app::Measured;
use stadslens::schedule::Lens;
use std::path::Path;
use std::time::Duration;

/// Frames per run.
const FRAMES: usize = 600;
/// Runs: the machines are noisy.
const RUNS: usize = 5;
/// Turn per frame, radians.
const TURN: f64 = 0.01;

fn main() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
    let mut program = Measured::start(&Lens::ALL);
    if let Err(stop) = program.open(&scenario) {
        print(&format!("cannot open the shipped scenario: {stop}"));
        return;
    }
    if !program.settle(Duration::from_mins(2)) {
        print("the shipped scenario did not settle");
        return;
    }
    let times = program.take_times();
    print(&format!(
        "until the scenario stands: {} frames of the main schedule, p50 {:.2} ms, p95 {:.2} ms, max {:.2} ms",
        times.ms.len(),
        times.quantile_ms(0.5),
        times.quantile_ms(0.95),
        times.quantile_ms(1.0),
    ));
    for run in 1..=RUNS {
        for _ in 0..FRAMES {
            program.turn(TURN);
            program.step();
        }
        let times = program.take_times();
        print(&format!(
            "run {run}: main schedule per frame, p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
            times.quantile_ms(0.5),
            times.quantile_ms(0.95),
            times.quantile_ms(0.99),
            times.quantile_ms(1.0),
        ));
    }
    let mut switches: Vec<f64> = Vec::new();
    for id in ["A", "0", "B", "C", "0"].iter().cycle().take(25) {
        switches.extend(program.switch_variant(id).map(|time| time.as_secs_f64() * 1e3));
        for _ in 0..5 {
            program.step();
        }
    }
    switches.sort_by(f64::total_cmp);
    if let (Some(middle), Some(worst)) = (switches.get(switches.len() / 2), switches.last()) {
        print(&format!(
            "variant switch: median {middle:.2} ms, worst {worst:.2} ms of {}",
            switches.len()
        ));
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark says its numbers")]
fn print(line: &str) {
    println!("{line}");
}
