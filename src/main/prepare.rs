//! `stadslens prepare`: its arguments, its progress on standard error, its answer.

use super::{MACHINE, PROBLEMS, USAGE, complain, parse_lod, print_then, refuse};
use clap::Args;
use serde_json::json;
use stadslens::prepare::{Area, PrepareError, PrepareOptions, PrepareReport, PrepareStep, prepare};
use stadslens::sources::cityjson::{Lod, LodChoice};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often progress is told, on a screen and in a log.
const EVERY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];

#[derive(Args)]
#[command(group(clap::ArgGroup::new("land").required(true)))]
pub(super) struct PrepareArgs {
    /// Two corners in RD, metres: "250700,476000,251300,476600".
    #[arg(long, value_name = "X,Y,X,Y", group = "land")]
    area: Option<String>,
    /// A GeoJSON file with a polygon around the area.
    #[arg(long, value_name = "FILE", group = "land")]
    outline: Option<PathBuf>,
    /// Everything within a distance of a point: "6.7931,52.2653,400".
    #[arg(long, value_name = "LON,LAT,RADIUS_M", group = "land", allow_hyphen_values = true)]
    around: Option<String>,
    /// The folder to make.
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// What the scenario is called; without it the name of the folder.
    #[arg(long, default_value = "", hide_default_value = true)]
    title: String,
    /// A city model (CityJSON), more than once if wanted.
    #[arg(long, value_name = "FILE")]
    buildings: Vec<PathBuf>,
    /// Heights (GeoTIFF), more than once if wanted; where files overlap the first counts.
    #[arg(long, value_name = "FILE")]
    terrain: Vec<PathBuf>,
    /// Ground cover, addresses or objects (GeoPackage, GeoJSON, shapefile and others), more than once if wanted.
    #[arg(long, value_name = "FILE")]
    vector: Vec<PathBuf>,
    /// Fetch the open data of a country: nl.
    #[arg(long, value_name = "COUNTRY")]
    online: Option<String>,
    /// A list of services to use instead of the one that came with the program.
    #[arg(long, value_name = "FILE", requires = "online")]
    endpoints: Option<PathBuf>,
    /// Level of detail of the buildings, such as 1.2 or 2.2; without it the finest.
    #[arg(long, value_name = "LOD", value_parser = parse_lod)]
    lod: Option<Lod>,
    /// Make the folder anew where another area was prepared in it.
    #[arg(long)]
    replace: bool,
    /// One JSON object on standard output and nothing else.
    #[arg(long)]
    json: bool,
}

/// Prepares what the arguments ask for.
pub(super) fn run(args: PrepareArgs) -> ExitCode {
    let area = match (&args.area, &args.outline, &args.around) {
        (Some(text), ..) => Area::from_box(text),
        (_, Some(path), _) => match Area::from_outline(path) {
            Ok(area) => Ok(area),
            Err(problem) => {
                complain(&problem);
                return ExitCode::from(PROBLEMS);
            }
        },
        (_, _, Some(text)) => Area::from_around(text),
        _ => Err("give --area, --outline or --around".to_owned()),
    };
    let area = match area {
        Ok(area) => area,
        Err(message) => return refuse(USAGE, &message),
    };
    let options = PrepareOptions {
        area,
        folder: args.output,
        title: args.title,
        buildings: args.buildings,
        terrain: args.terrain,
        vector: args.vector,
        online: args.online,
        endpoints: args.endpoints,
        lod: args.lod.map_or(LodChoice::Highest, LodChoice::AtMost),
        replace: args.replace,
    };
    let teller = Teller::new();
    let made = prepare(&options, &|step| teller.tell(&step));
    teller.end();
    match made {
        Ok(report) => answer(&options, &report, args.json),
        Err(PrepareError::Usage(message)) => refuse(USAGE, &message),
        Err(PrepareError::Machine(message)) => refuse(MACHINE, &message),
        Err(PrepareError::Problems(problems)) => {
            problems.iter().for_each(complain);
            if args.json {
                return print_then(&json!({"problems": problems}).to_string(), PROBLEMS);
            }
            ExitCode::from(PROBLEMS)
        }
    }
}

fn answer(options: &PrepareOptions, report: &PrepareReport, json: bool) -> ExitCode {
    report.problems.iter().for_each(complain);
    let has_errors = report
        .problems
        .iter()
        .any(|problem| problem.severity == stadslens::sources::Severity::Error);
    let code = if has_errors { PROBLEMS } else { 0 };
    let folder = options.folder.display();
    if json {
        let facts = json!({
            "folder": folder.to_string(),
            "area_m2": options.area.area_m2().round(),
            "buildings": report.buildings,
            "city_objects": report.city_objects,
            "tiles": report.tiles,
            "terrain_nodes": report.terrain_nodes,
            "features": report.features,
            "layers": report.layers,
            "bytes": report.bytes,
            "steps_resumed": report.resumed,
            "problems": report.problems,
        });
        return print_then(&facts.to_string(), code);
    }
    let text = format!(
        "{folder}: {} buildings in {} tiles, {} heights, {} features, {} layers, {:.1} MB\nOpen it with: stadslens {folder}",
        report.buildings,
        report.tiles,
        report.terrain_nodes,
        report.features,
        report.layers,
        bytes_in_mb(report.bytes)
    );
    print_then(&text, code)
}

#[expect(clippy::cast_precision_loss, reason = "a size for the eye")]
fn bytes_in_mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Tells progress on standard error: one line that changes on a screen, now and then a line in a log.
struct Teller {
    is_screen: bool,
    state: Mutex<(String, Instant, Instant)>,
}

impl Teller {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            is_screen: std::io::stderr().is_terminal(),
            state: Mutex::new((String::new(), now, now)),
        }
    }

    fn tell(&self, step: &PrepareStep) {
        // Whoever panicked while telling left nothing half told.
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (what, begun, last) = &mut *state;
        let now = Instant::now();
        let is_new = *what != step.what;
        if !is_new && now.duration_since(*last) < EVERY[usize::from(!self.is_screen)] {
            return;
        }
        if is_new {
            step.what.clone_into(what);
            *begun = now;
        }
        *last = now;
        let line = line_of(step, now.duration_since(*begun));
        let mut screen = std::io::stderr().lock();
        let _closed = if self.is_screen {
            write!(screen, "\r\x1b[K{line}")
        } else {
            writeln!(screen, "{line}")
        };
    }

    fn end(&self) {
        if self.is_screen {
            let _closed = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// Progress in words, with the time that is left where it can be said.
fn line_of(step: &PrepareStep, taken: Duration) -> String {
    let mut line = step.what.clone();
    if step.of > 0 {
        line = format!("{line}: {} of {}", step.done, step.of);
        if step.done > 0 && step.done < step.of && taken > Duration::from_secs(2) {
            #[expect(clippy::cast_precision_loss, reason = "a time for the eye")]
            let left = taken.as_secs_f64() * (step.of - step.done) as f64 / step.done as f64;
            line = format!("{line}, about {left:.0} s left");
        }
    } else if step.done > 0 {
        line = format!("{line}: {}", step.done);
    }
    if step.received_bytes > 0 {
        line = format!("{line}, {:.1} MB", bytes_in_mb(step.received_bytes));
    }
    line
}
