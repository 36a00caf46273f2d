//! `stadslens render`: its arguments and its answer.

use super::{complain, finish, look, parse_finite, parse_lod, parse_positive, parse_size, print_then, wishes};
use clap::Args;
use stadslens::app::{self, RenderOptions};
use stadslens::model::CrsAnswer;
use stadslens::sources::cityjson::Lod;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct RenderArgs {
    /// Scenario folder, package, tileset.json (or 3tz, 3dtiles), CityJSON, map file, raster, point cloud, glb, gltf, b3dm,
    /// i3dm, pnts or cmpt.
    path: PathBuf,
    /// Highest level of detail of a CityJSON file to show (1.2, 1.3, 2.2); without it the highest it has.
    #[arg(long, value_name = "LOD", value_parser = parse_lod)]
    lod: Option<Lod>,
    /// Coordinate system of a map file, raster, point cloud or CityJSON, whatever it says itself: EPSG:28992 (RD), EPSG:4326
    /// (degrees), another number, or none (metres without a place).
    #[arg(long, value_name = "EPSG:n")]
    crs: Option<CrsAnswer>,
    /// The PNG to write.
    #[arg(short, long, value_name = "F.png")]
    output: PathBuf,
    /// Picture size in pixels.
    #[arg(long, value_name = "WxH", default_value = "1920x1080", value_parser = parse_size)]
    size: (u32, u32),
    /// Variant to show.
    #[arg(long, value_name = "ID")]
    variant: Option<String>,
    /// Show the variant as it stands at the end of this phase; without it when all is built.
    #[arg(long, value_name = "ID")]
    phase: Option<String>,
    /// Lens to look through: design, participation or maintenance.
    #[arg(long, value_name = "NAME")]
    lens: Option<String>,
    /// Viewpoint to look from.
    #[arg(long, value_name = "ID", conflicts_with = "look_at")]
    viewpoint: Option<String>,
    /// Point to look at: longitude, latitude and metres above the site's zero.
    #[arg(long, value_name = "LON,LAT[,H]", allow_hyphen_values = true, value_parser = parse_look_at)]
    look_at: Option<[f64; 3]>,
    /// Direction of view, degrees clockwise from grid north.
    #[arg(long, value_name = "DEG", allow_hyphen_values = true, value_parser = parse_finite)]
    heading: Option<f64>,
    /// Angle of view above the horizon, degrees; looking down is negative.
    #[arg(long, value_name = "DEG", allow_hyphen_values = true, value_parser = parse_finite)]
    pitch: Option<f64>,
    /// Distance from the point looked at, metres.
    #[arg(long, value_name = "M", value_parser = parse_positive)]
    distance: Option<f64>,
    /// Date and time of the sun (2026-06-21T15:00:00+02:00).
    #[arg(long, value_name = "RFC3339")]
    time: Option<jiff::Timestamp>,
    /// Largest screen-space error of a tile, pixels.
    #[arg(long, value_name = "PX", default_value_t = 16.0, value_parser = parse_positive)]
    max_sse: f64,
    /// Give up waiting after this many seconds and draw what is there.
    #[arg(long, value_name = "S", default_value_t = 120.0, value_parser = parse_positive)]
    timeout: f64,
    /// Preset: low, middle or high.
    #[arg(long, value_name = "NAME")]
    quality: Option<String>,
    /// One JSON object on standard output and nothing else.
    #[arg(long)]
    json: bool,
}

fn parse_look_at(text: &str) -> Result<[f64; 3], String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([lon, lat]) if lon.abs() <= 180.0 && lat.abs() <= 90.0 => Ok([*lon, *lat, 0.0]),
        Some([lon, lat, h]) if lon.abs() <= 180.0 && lat.abs() <= 90.0 && h.is_finite() => Ok([*lon, *lat, *h]),
        _ => {
            Err("give longitude,latitude or longitude,latitude,height in degrees and metres, as 6.7936,52.2659".into())
        }
    }
}

/// Draws what the arguments ask for.
pub(super) fn run(args: RenderArgs) -> ExitCode {
    let json = args.json;
    let options = RenderOptions {
        path: args.path,
        wishes: wishes(args.lod, args.crs),
        output: args.output,
        size: args.size,
        variant: args.variant,
        phase: args.phase,
        lens: args.lens,
        viewpoint: args.viewpoint,
        look_at: args.look_at,
        heading_deg: args.heading,
        pitch_deg: args.pitch,
        distance_m: args.distance,
        time: args.time,
        max_screen_space_error_px: args.max_sse,
        timeout_s: args.timeout,
        quality: args.quality,
    };
    match app::render(&options) {
        Ok(mut report) => {
            look::name(&mut report.problems, &options.path);
            report.problems.iter().for_each(complain);
            if json {
                return print_then(&report.to_json().to_string(), report.exit_code());
            }
            ExitCode::from(report.exit_code())
        }
        Err(app::Stop::Problems { mut problems }) => {
            look::name(&mut problems, &options.path);
            finish(Err(app::Stop::Problems { problems }))
        }
        Err(stop) => finish(Err(stop)),
    }
}
