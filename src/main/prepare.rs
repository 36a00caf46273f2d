//! `stadslens prepare`: its arguments, its progress on standard error, its answer.

use super::{MACHINE, PROBLEMS, USAGE, code_of, complain, parse_lod, print_then, refuse};
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

#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
#[expect(clippy::doc_markdown, reason = "the words of the help")]
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
    /// Leave out the terrain tiles for other programs.
    #[arg(long)]
    no_terrain_tiles: bool,
    /// Pictures of the ground (GeoTIFF in colour, MBTiles, tilemapresource.xml), more than once if wanted; where they overlap the first counts.
    #[arg(long, value_name = "FILE")]
    imagery: Vec<PathBuf>,
    /// Ground cover, addresses or objects (GeoPackage, GeoJSON, shapefile and others), more than once if wanted.
    #[arg(long, value_name = "FILE")]
    vector: Vec<PathBuf>,
    /// Fetch the open data of a country: nl.
    #[arg(long, value_name = "COUNTRY")]
    online: Option<String>,
    /// Leave out the aerial pictures of the open data.
    #[arg(long, requires = "online")]
    no_imagery: bool,
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
        terrain_tiles: !args.no_terrain_tiles,
        imagery: args.imagery,
        vector: args.vector,
        online: args.online,
        online_imagery: !args.no_imagery,
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
        Err(error @ PrepareError::Machine { .. }) => refuse(MACHINE, &error.to_string()),
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
    let code = code_of(&report.problems);
    let folder = options.folder.display();
    if json {
        let facts = json!({
            "folder": folder.to_string(),
            "area_m2": options.area.area_m2().round(),
            "buildings": report.buildings,
            "city_objects": report.city_objects,
            "tiles": report.tiles,
            "terrain_nodes": report.terrain_nodes,
            "terrain_tiles": report.terrain_tiles,
            "imagery_tiles": report.imagery_tiles,
            "features": report.features,
            "layers": report.layers,
            "bytes": report.bytes,
            "steps_resumed": report.resumed,
            "problems": report.problems,
        });
        return print_then(&facts.to_string(), code);
    }
    let text = format!(
        "{folder}: {} buildings in {} tiles, {} heights, {} tiles of pictures, {} features, {} layers, {:.1} MB\nOpen it with: stadslens {folder}",
        report.buildings,
        report.tiles,
        report.terrain_nodes,
        report.imagery_tiles,
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
    state: Mutex<Telling>,
}

/// What is being told.
struct Telling {
    what: String,
    /// When it began, and how much was done then: a run that goes on begins somewhere.
    begun: Instant,
    had: u64,
    /// When it was told last.
    last: Instant,
}

impl Teller {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            is_screen: std::io::stderr().is_terminal(),
            state: Mutex::new(Telling {
                what: String::new(),
                begun: now,
                had: 0,
                last: now,
            }),
        }
    }

    fn tell(&self, step: &PrepareStep) {
        // Whoever panicked while telling left nothing half told.
        let mut telling = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        let is_new = telling.what != step.what;
        if !is_new && now.duration_since(telling.last) < EVERY[usize::from(!self.is_screen)] {
            return;
        }
        if is_new {
            step.what.clone_into(&mut telling.what);
            telling.begun = now;
            telling.had = step.done;
        }
        telling.last = now;
        let line = line_of(step, telling.had, now.duration_since(telling.begun));
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

/// Progress in words, with the time that is left where it can be said: by what was done since `had`, in the time taken.
fn line_of(step: &PrepareStep, had: u64, taken: Duration) -> String {
    let mut line = step.what.clone();
    if step.of > 0 {
        line = format!("{line}: {} of {}", step.done, step.of);
    } else if step.done > 0 {
        line = format!("{line}: {}", step.done);
    }
    if step.received_bytes > 0 {
        line = format!("{line}, {:.1} MB", bytes_in_mb(step.received_bytes));
    }
    let new = step.done.saturating_sub(had);
    if taken < Duration::from_secs(2) || step.done >= step.of && step.of > 0 {
        return line;
    }
    if step.of == 0 {
        return format!("{line}, time left not known");
    }
    if new > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a time for the eye")]
        let left_s = taken.as_secs_f64() * (step.of - step.done) as f64 / new as f64;
        line = format!("{line}, about {} left", in_words(left_s));
    }
    line
}

/// A time for the eye.
fn in_words(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_that_of_what_this_run_does() {
        let line = |done: u64, of: u64, received_bytes: u64, had: u64, taken_s: u64| {
            let what = "fetching ahn".to_owned();
            let step = PrepareStep {
                what,
                done,
                of,
                received_bytes,
            };
            line_of(&step, had, Duration::from_secs(taken_s))
        };
        assert_eq!(line(0, 0, 0, 0, 0), "fetching ahn");
        assert_eq!(line(50, 100, 0, 0, 10), "fetching ahn: 50 of 100, about 10 s left");
        // Forty were there from a run before.
        assert_eq!(
            line(50, 100, 2_500_000, 40, 10),
            "fetching ahn: 50 of 100, 2.5 MB, about 50 s left"
        );
        assert_eq!(line(100, 100, 0, 0, 10), "fetching ahn: 100 of 100");
        assert_eq!(
            line(7, 0, 1_000_000, 0, 10),
            "fetching ahn: 7, 1.0 MB, time left not known"
        );
        assert_eq!(line(1, 101, 0, 0, 10), "fetching ahn: 1 of 101, about 17 min left");
        assert_eq!(line(1, 1001, 0, 0, 10), "fetching ahn: 1 of 1001, about 2.8 h left");
    }
}
