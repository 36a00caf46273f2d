//! The command line, nothing else.

#[path = "main/look.rs"]
mod look;
#[path = "main/prepare.rs"]
mod prepare;
#[path = "main/render.rs"]
mod render;

use clap::{Args, Parser, Subcommand};
use stadslens::analysis::{Survey, VariantNumbers, numbers_json, numbers_table};
use stadslens::app::{self, WindowOptions};
use stadslens::georef::{Crs, check_known_point, transform_lines};
use stadslens::model::scenario::{self, OpenWishes};
use stadslens::model::{CrsAnswer, Variant};
use stadslens::sources::{
    Problem, Severity,
    cityjson::{Lod, LodChoice},
};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What every command ends with, as its help says.
const EXIT_CODES: &str = "Exit codes:
  0  done; warnings, each one line on standard error, change nothing
  1  the input has errors, each one line on standard error
  2  wrong usage
  3  this machine cannot: no graphics adapter, no display, no disk space";

/// The input has problems.
const PROBLEMS: u8 = 1;
/// The command was used wrongly.
const USAGE: u8 = 2;
/// This machine cannot: no graphics adapter, no display, no disk space.
const MACHINE: u8 = 3;

/// A desktop digital-twin planning viewer: 3D city tiles and plan variants through three lenses.
#[derive(Parser)]
#[command(name = "stadslens", version, about, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    window: WindowArgs,
}

#[derive(Args)]
struct WindowArgs {
    #[expect(clippy::doc_markdown, reason = "the words of the help")]
    /// Scenario folder, package (.stadslens), tileset.json (or 3tz, 3dtiles), CityJSON, glb, gltf, b3dm, map file, raster (GeoTIFF,
    /// MBTiles, tiles, layer.json) or point cloud, or the https address of a tileset.json; without it the shipped Lange Wemen.
    path: Option<PathBuf>,
    /// Highest level of detail of a CityJSON file to show (1.2, 1.3, 2.2); without it the highest it has.
    #[arg(long, value_name = "LOD", value_parser = parse_lod)]
    lod: Option<Lod>,
    /// Coordinate system of a map file, raster, point cloud or CityJSON, whatever it says itself: EPSG:28992 (RD), EPSG:4326
    /// (degrees), another number, or none (metres without a place).
    #[arg(long, value_name = "EPSG:n")]
    crs: Option<CrsAnswer>,
    /// Interface language (nl, en); the default is the saved choice, else the system's language.
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Window size in pixels.
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<(u32, u32)>,
    /// Serve the read-only state on this loopback port, for tests (needs `STADSLENS_AUTOMATION_TOKEN`).
    #[cfg(feature = "automation")]
    #[arg(long, value_name = "PORT")]
    automation: Option<u16>,
}

#[derive(Subcommand)]
enum Command {
    /// Let residents have their say: full screen, the participation lens alone; staff end it with their code.
    Kiosk {
        /// Scenario folder, scenario.json or package.
        path: PathBuf,
        /// Every reaction is a trial and is never counted with the others.
        #[arg(long)]
        practice: bool,
        /// Let staff choose a new code first.
        #[arg(long)]
        new_code: bool,
        /// A window of this size in pixels instead of the full screen, to try it out.
        #[arg(long, value_name = "WxH", value_parser = parse_size)]
        size: Option<(u32, u32)>,
        /// Serve the read-only state on this loopback port, for tests; only with --practice.
        #[cfg(feature = "automation")]
        #[arg(long, value_name = "PORT")]
        automation: Option<u16>,
    },
    /// Draw one picture without a window, after everything in view has loaded.
    #[command(after_help = EXIT_CODES)]
    Render(Box<render::RenderArgs>),
    /// Say what a file or tileset holds, independent of drawing.
    #[command(after_help = EXIT_CODES)]
    Inspect {
        /// Scenario (its ids and totals), tileset.json (also its https address, or 3tz, 3dtiles), a tile payload (glb, gltf, b3dm),
        /// city model, map file, raster, terrain or point cloud.
        path: PathBuf,
        /// Say where it lies if it is in this coordinate system, whatever it says itself.
        #[arg(long, value_name = "EPSG:n")]
        crs: Option<Crs>,
        /// One JSON object on standard output and nothing else.
        #[arg(long)]
        json: bool,
    },
    /// List every problem of a scenario, package or file; one without errors ends with 0.
    #[command(after_help = EXIT_CODES)]
    Check {
        /// Scenario folder, scenario.json or package, or any file that inspect describes.
        path: PathBuf,
        /// One JSON object on standard output and nothing else.
        #[arg(long)]
        json: bool,
    },
    /// Count what today and each variant bring, within the plan area.
    #[command(after_help = EXIT_CODES)]
    Indicators {
        /// Scenario folder, scenario.json or package.
        path: PathBuf,
        /// Variant to count, more than once if wanted; without it all of them.
        #[arg(long, value_name = "ID")]
        variant: Vec<String>,
        /// Count at the end of this phase; without it when all is built.
        #[arg(long, value_name = "ID")]
        phase: Option<String>,
        /// One JSON object on standard output and nothing else.
        #[arg(long)]
        json: bool,
    },
    /// Take a scenario along: one package that opens again, with pictures, tables and a page to read.
    #[command(after_help = EXIT_CODES)]
    Export {
        /// Scenario folder, scenario.json or package.
        path: PathBuf,
        /// The package to write (a name that ends in .stadslens).
        #[arg(short, long, value_name = "F.stadslens")]
        output: PathBuf,
        /// Write over a file of that name.
        #[arg(long)]
        replace: bool,
        /// Make no pictures.
        #[arg(long)]
        no_pictures: bool,
        /// Size of the pictures in pixels.
        #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = parse_size)]
        size: (u32, u32),
        /// Preset of the pictures: low, middle or high; without it what suits the graphics adapter.
        #[arg(long, value_name = "NAME")]
        quality: Option<String>,
        /// Give up waiting for one picture after this many seconds and take what is there.
        #[arg(long, value_name = "S", default_value_t = 120.0, value_parser = parse_positive)]
        timeout: f64,
        /// The day that the page says it was made on, instead of today (2026-11-25).
        #[arg(long, value_name = "DATE")]
        date: Option<jiff::civil::Date>,
        /// One JSON object on standard output and nothing else.
        #[arg(long)]
        json: bool,
        /// For the window, which waits for it: notes and lists from standard input, progress on standard output.
        #[arg(long, hide = true)]
        attended: bool,
    },
    /// Make an area that works offline from files or open data: buildings as tiles, ground, addresses and objects.
    #[command(after_help = EXIT_CODES)]
    Prepare(Box<prepare::PrepareArgs>),
    /// Transform lines "x y z" from standard input (x = east or longitude first; metres or degrees).
    #[command(after_help = EXIT_CODES)]
    Transform {
        /// CRS of the input.
        #[arg(long, value_name = "EPSG:n")]
        from: Crs,
        /// CRS of the output.
        #[arg(long, value_name = "EPSG:m")]
        to: Crs,
    },
    /// Print the JSON Schema of scenario.json.
    Schema,
}

fn parse_finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "give a number, as 12.5".into())
}

fn parse_lod(text: &str) -> Result<Lod, String> {
    let lod = text.parse();
    lod.map_err(|()| "give a level of detail, as 1.2 or 2".into())
}

/// How a file is wanted.
fn wishes(lod: Option<Lod>, crs: Option<CrsAnswer>) -> OpenWishes {
    OpenWishes {
        detail: lod.map_or(LodChoice::Highest, LodChoice::AtMost),
        crs,
    }
}

fn parse_positive(text: &str) -> Result<f64, String> {
    parse_finite(text)
        .ok()
        .filter(|number| *number > 0.0)
        .ok_or_else(|| "give a number above 0, as 12.5".into())
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text
        .split_once('x')
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    match parsed {
        Some((w, h)) if (16..=16_384).contains(&w) && (16..=16_384).contains(&h) => Ok((w, h)),
        _ => Err("give width x height in pixels, each from 16 to 16384, as 1920x1080".into()),
    }
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    if let Err(error) = check_known_point() {
        return refuse(MACHINE, &error.to_string());
    }
    match command_line.command {
        None => open_window(command_line.window),
        Some(Command::Kiosk {
            path,
            practice,
            new_code,
            size,
            #[cfg(feature = "automation")]
            automation,
        }) => finish(app::run_kiosk(app::KioskStart {
            path,
            practice,
            new_code,
            size,
            #[cfg(feature = "automation")]
            automation_port: automation,
            #[cfg(not(feature = "automation"))]
            automation_port: None,
        })),
        Some(Command::Render(args)) => render::run(*args),
        Some(Command::Prepare(args)) => prepare::run(*args),
        Some(Command::Inspect { path, crs, json }) => look::inspect(&path, crs, json),
        Some(Command::Check { path, json }) => look::check(&path, json),
        Some(Command::Indicators {
            path,
            variant,
            phase,
            json,
        }) => indicators(&path, &variant, phase.as_deref(), json),
        Some(Command::Export {
            path,
            output,
            replace,
            no_pictures,
            size,
            quality,
            timeout,
            date,
            json,
            attended,
        }) => {
            let attended = match attended.then(app::Attended::start).transpose() {
                Ok(attended) => attended,
                Err(stop) => return finish(Err(stop)),
            };
            let json = json || attended.is_some();
            let options = app::ExportOptions {
                path,
                output,
                replace,
                pictures: (!no_pictures).then_some(size),
                quality,
                timeout_s: timeout,
                made_on: date.unwrap_or_else(|| jiff::Zoned::now().date()),
                attended,
            };
            export(&options, json)
        }
        Some(Command::Transform { from, to }) => transform(from, to),
        Some(Command::Schema) => print(scenario::file::schema_json().trim_end()),
    }
}

fn open_window(args: WindowArgs) -> ExitCode {
    let options = WindowOptions {
        path: args.path,
        wishes: wishes(args.lod, args.crs),
        language: args.language,
        size: args.size,
        #[cfg(feature = "automation")]
        automation_port: args.automation,
        #[cfg(not(feature = "automation"))]
        automation_port: None,
    };
    finish(app::run_window(options))
}

fn indicators(path: &std::path::Path, wanted: &[String], phase: Option<&str>, json: bool) -> ExitCode {
    let open = match scenario::open(path) {
        Ok(open) => open,
        Err(problems) => return finish(Err(app::Stop::Problems { problems })),
    };
    open.problems.iter().for_each(complain);
    let scenario = &open.scenario;
    let ids = || scenario.variants.iter().map(|variant| variant.id.as_str());
    let bad_variant = wanted.iter().find_map(|id| scenario::unknown_id("variant", id, ids()));
    let phases = scenario.phases.iter().map(|phase| phase.id.as_str());
    let bad_phase = phase.and_then(|id| scenario::unknown_id("phase", id, phases));
    if let Some(message) = bad_variant.or(bad_phase) {
        return refuse(USAGE, &message);
    }
    let survey = match Survey::new(&open) {
        Ok(survey) => survey,
        Err(error) => {
            complain(&Problem::error(
                path.display().to_string(),
                "plan_area",
                error.to_string(),
            ));
            return ExitCode::from(PROBLEMS);
        }
    };
    let is_wanted = |variant: &&Variant| wanted.is_empty() || wanted.contains(&variant.id);
    let count = |variant| VariantNumbers {
        variant,
        indicators: survey.indicators(variant, phase),
    };
    let variants: Vec<VariantNumbers> = open.scenario.variants.iter().filter(is_wanted).map(count).collect();
    let text = if json {
        numbers_json(&survey, &variants, phase).to_string()
    } else {
        numbers_table(&survey, &variants, phase)
    };
    print_then(&text, code_of(&open.problems))
}

fn export(options: &app::ExportOptions, json: bool) -> ExitCode {
    match app::export(options) {
        Ok(report) => {
            report.problems.iter().for_each(complain);
            let code = code_of(&report.problems);
            if json {
                return print_then(&report.to_json().to_string(), code);
            }
            let line = format!(
                "{}: {} pictures, {} bytes",
                options.output.display(),
                report.pictures,
                report.bytes
            );
            print_then(&line, code)
        }
        Err(stop) => finish(Err(stop)),
    }
}

fn transform(from: Crs, to: Crs) -> ExitCode {
    let input = io::stdin().lock();
    let output = BufWriter::new(io::stdout().lock());
    match transform_lines(from, to, input, output, write_error) {
        Ok(failed) => ExitCode::from(if failed == 0 { 0 } else { PROBLEMS }),
        Err(error) => refuse(USAGE, &error.to_string()),
    }
}

/// Turns the end of a run into an exit code, its one line already written.
fn finish(outcome: Result<(), app::Stop>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(app::Stop::Usage { message }) => refuse(USAGE, &message),
        Err(app::Stop::Machine { message }) => refuse(MACHINE, &message),
        Err(app::Stop::Problems { problems }) => {
            problems.iter().for_each(complain);
            ExitCode::from(PROBLEMS)
        }
    }
}

/// The exit code of a run that did its work: what is only worth knowing is no failure.
fn code_of(problems: &[Problem]) -> u8 {
    let has_errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    if has_errors { PROBLEMS } else { 0 }
}

fn complain(problem: &Problem) {
    write_error(&problem.to_string());
}

fn refuse(code: u8, message: &str) -> ExitCode {
    write_error(message);
    ExitCode::from(code)
}

/// One line on standard error; a closed pipe is nobody's problem.
fn write_error(line: &str) {
    let _ = writeln!(io::stderr(), "{}", line.replace('\n', " "));
}

fn print(text: &str) -> ExitCode {
    print_then(text, 0)
}

fn print_then(text: &str, code: u8) -> ExitCode {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::from(code),
        // Who reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(code),
        Err(_) => ExitCode::from(MACHINE),
    }
}
