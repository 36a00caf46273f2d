//! A scratch scenario around a raster: heights of a `GeoTIFF` or a `layer.json` as ground, pictures of any kind on flat
//! ground.

use super::findings::Findings;
use super::geotiff_layer;
use super::imagery_layer::{self, Placing, SitePicture};
use super::mesh_layer;
use super::projection::{MAX_DISTANCE_M, Projection};
use super::read::has_extension;
use super::scratch::{beside, home, no_file_name, scratch};
use super::{LayerKind, OpenScenario};
use crate::georef::{Crs, HeightReference, LonLatH, RdNap, SiteFrame, SitePos, Transformer, fits_rd};
use crate::model::{CrsAnswer, CrsQuestion, GroundPicture, Terrain};
use crate::sources::imagery::{self, PixelSource};
use crate::sources::raster::terrain::{MAX_LAYER_BYTES, TileId, read_terrain_layer};
use crate::sources::raster::{GeoTiff, is_terrain_layer, is_tiff};
use crate::sources::resource::{self, Resources};
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Cells along the longer side of flat ground under a picture.
const FLAT_CELLS: u32 = 32;
/// Part of the radius of a raster that is looked at.
const FILLED: f64 = 0.6;
/// Most folders and files that are looked at to find out what a folder of tiles holds.
const MAX_ENTRIES: usize = 100_000;
/// What kind of raster a path is.
enum Raster {
    Tiff(PathBuf),
    MbTiles(PathBuf),
    /// A file that describes tiles.
    Described(PathBuf),
    /// Tiles as `z/x/y.ending` without a description.
    Tiles(PathBuf),
    Terrain(PathBuf),
}

fn kind_of(path: &Path) -> Option<Raster> {
    let text = path.display().to_string();
    if path.is_dir() {
        if path.join("scenario.json").is_file() || path.join("tileset.json").is_file() {
            return None;
        }
        if is_terrain_layer(&path.join("layer.json")) {
            return Some(Raster::Terrain(path.join("layer.json")));
        }
        return imagery::description_in(path).map(Raster::Described).or_else(|| {
            numbered(path)
                .is_some_and(|found| !found.is_empty())
                .then(|| Raster::Tiles(path.to_owned()))
        });
    }
    if !path.is_file() {
        return None;
    }
    if has_extension(&text, &["mbtiles"]) {
        return Some(Raster::MbTiles(path.to_owned()));
    }
    if is_tiff(path) {
        return Some(Raster::Tiff(path.to_owned()));
    }
    if has_extension(&text, &["json"]) && is_terrain_layer(path) {
        return Some(Raster::Terrain(path.to_owned()));
    }
    (has_extension(&text, &["json", "xml"]) && imagery::describes_tiles(path))
        .then(|| Raster::Described(path.to_owned()))
}

/// Whether a path is a raster of any kind.
pub(super) fn is_raster(path: &Path) -> bool {
    kind_of(path).is_some()
}

/// Whether a path is a raster whose system can be said: terrain of quantized mesh is in degrees always.
pub(super) fn is_flat_raster(path: &Path) -> bool {
    kind_of(path).is_some_and(|kind| !matches!(kind, Raster::Terrain(_)))
}

/// Numbers that files or folders in a folder are called by, whatever their ending, with that ending.
fn numbered(folder: &Path) -> Option<Vec<(u32, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).ok()?.flatten().take(MAX_ENTRIES) {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let (number, ending) = name.split_once('.').unwrap_or((name, ""));
        let is_plain = !number.is_empty() && number.len() <= 9 && number.bytes().all(|byte| byte.is_ascii_digit());
        if is_plain && let Ok(number) = number.parse() {
            found.push((number, ending.to_owned()));
        }
    }
    found.sort_unstable();
    Some(found)
}

impl OpenScenario {
    /// A scratch scenario around a raster, in the system that it says or that `answer` does; `None` where the path is none.
    pub(super) fn scratch_for_raster(path: &Path, answer: Option<CrsAnswer>) -> Option<Result<Self, Vec<Problem>>> {
        let kind = kind_of(path)?;
        let one = |result: Result<Self, Problem>| result.map_err(|problem| vec![problem]);
        let in_folder = |path: &Path| beside(path).ok_or_else(|| no_file_name(path));
        Some(match kind {
            Raster::Tiff(path) => {
                let asked = Asked { path: &path, answer };
                in_folder(&path).and_then(|(resources, name)| one(of_tiff(resources, &name, asked)))
            }
            Raster::Terrain(path) => {
                in_folder(&path).and_then(|(resources, name)| one(of_mesh(resources, &name, &path)))
            }
            Raster::MbTiles(path) | Raster::Described(path) => {
                let asked = Asked { path: &path, answer };
                in_folder(&path).and_then(|(resources, name)| one(of_picture(resources, &name, asked)))
            }
            Raster::Tiles(path) => one(of_folder(&path, answer)),
        })
    }
}

fn place_problem(name: &str, message: impl Into<String>) -> Problem {
    Problem::error(name, "", message.into()).because(Cause::Place)
}

/// A file, and what a person says of its system.
#[derive(Clone, Copy)]
struct Asked<'a> {
    path: &'a Path,
    answer: Option<CrsAnswer>,
}

/// Where a raster stands.
struct Placed {
    site: SiteFrame,
    /// How to come from its coordinates to the site.
    placing: Placing,
    /// What is asked about its system.
    question: Option<CrsQuestion>,
}

/// The system of a raster within a box, and its site around the middle.
fn placed(
    known: Option<Crs>,
    (low, high): (DVec2, DVec2),
    name: &str,
    asked: Asked,
    problems: &mut Vec<Problem>,
) -> Result<Placed, Problem> {
    let middle = low.midpoint(high);
    let question = |taken: Option<Crs>| {
        let is_asked = known.is_none() || asked.answer.is_some();
        is_asked.then(|| {
            let said = known.map(|crs| crs.to_string());
            let question = CrsQuestion::new(asked.path, said, [low, high], taken);
            question.overruled(known.is_some()).answered(asked.answer)
        })
    };
    let nowhere = || Placed {
        site: SiteFrame::Local,
        placing: Placing::Plain(middle.to_array()),
        question: question(None),
    };
    let stated = match asked.answer {
        Some(CrsAnswer::In(crs)) => Some(crs),
        Some(CrsAnswer::Nowhere) => return Ok(nowhere()),
        None => known,
    };
    let crs = match stated {
        Some(crs) => crs,
        None if fits_rd(low, high) => {
            let message = "the file names no coordinate system; its coordinates are taken as RD (EPSG:28992)";
            problems.push(Problem::warning(name, "crs", message).because(Cause::NoSystem));
            Crs::RD
        }
        None => {
            let message = "the file names no coordinate system; it is shown as metres, without a place on earth";
            problems.push(Problem::warning(name, "crs", message).because(Cause::NoSystem));
            return Ok(nowhere());
        }
    };
    let to_lon_lat = Transformer::new(crs, Crs(4326)).map_err(|error| place_problem(name, error.to_string()))?;
    let [lon_deg, lat_deg] = to_lon_lat
        .convert_flat(middle.to_array())
        .map_err(|error| place_problem(name, error.to_string()))?;
    let site = match SiteFrame::around(LonLatH {
        lon_deg,
        lat_deg,
        h_m: 0.0,
    }) {
        // Heights stay those above NAP.
        SiteFrame::RdNap { anchor } => SiteFrame::RdNap {
            anchor: RdNap { nap_m: 0.0, ..anchor },
        },
        other => other,
    };
    Ok(Placed {
        site,
        placing: Placing::Crs(site, crs),
        question: question(Some(crs)),
    })
}

fn of_tiff(resources: Arc<dyn Resources>, name: &str, asked: Asked) -> Result<OpenScenario, Problem> {
    let file = resources
        .open(name, u64::MAX)
        .map_err(|error| error.problem(name, ""))?;
    let tiff = GeoTiff::open(file, name)?;
    if tiff.is_picture() {
        return of_picture(resources, name, asked);
    }
    let mut problems = tiff.problems().to_vec();
    let bounds = tiff
        .bounds()
        .ok_or_else(|| place_problem(name, "the file does not say where it lies"))?;
    let Placed {
        site,
        placing,
        question,
    } = placed(tiff.crs(), bounds, name, asked, &mut problems)?;
    let projection = placing.projection().map_err(|message| place_problem(name, message))?;
    let reference = match site {
        SiteFrame::Enu { .. } => HeightReference::Ellipsoid,
        _ => HeightReference::Nap,
    };
    let mut findings = Findings::new(name);
    let terrain = geotiff_layer::of_tiff(&tiff, reference, &projection, &[], &mut findings)?;
    problems.extend(findings.into_problems());
    let mut open = with_ground(resources, name, name, site, terrain, problems);
    open.crs_question = question;
    Ok(open)
}

fn of_mesh(resources: Arc<dyn Resources>, name: &str, path: &Path) -> Result<OpenScenario, Problem> {
    let bytes = resources
        .read_at_most(name, MAX_LAYER_BYTES)
        .map_err(|error| error.problem(name, ""))?;
    let (layer, _) = read_terrain_layer(&bytes, name)?;
    // The middle of the finest tiles: what a layer says of itself is often the whole world.
    let finest = layer.available.iter().enumerate().rev().find_map(|(z, level)| {
        let first = level.first()?;
        let z = u32::try_from(z).ok()?;
        let id = |x: u32, y: u32| TileId { z, x, y }.bounds_deg();
        let ([west, south, ..], [.., east, north]) = (id(first.start_x, first.start_y), id(first.end_x, first.end_y));
        Some([west, south, east, north])
    });
    let stated = layer
        .bounds_deg
        .filter(|[west, south, east, north]| east - west < 90.0 && north - south < 90.0);
    let [west, south, east, north] = stated
        .or(finest)
        .ok_or_else(|| place_problem(name, "the terrain does not say where it lies"))?;
    let mut problems = Vec::new();
    let bounds = (DVec2::new(west, south), DVec2::new(east, north));
    let asked = Asked { path, answer: None };
    let site = placed(Some(Crs(4326)), bounds, name, asked, &mut problems)?.site;
    let mut findings = Findings::new(name);
    let terrain = mesh_layer::terrain(&*resources, name, site, &[], &mut findings)?;
    problems.extend(findings.into_problems());
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    Ok(with_ground(
        resources,
        name,
        folder.unwrap_or(name),
        site,
        terrain,
        problems,
    ))
}

/// A scenario of ground alone, looked at from where all of it is seen.
fn with_ground(
    resources: Arc<dyn Resources>,
    name: &str,
    title: &str,
    site: SiteFrame,
    terrain: Terrain,
    problems: Vec<Problem>,
) -> OpenScenario {
    let (low, high) = terrain.bounds();
    let middle = low.midpoint(high);
    let view = home(
        SitePos(middle.extend(terrain.height_at(middle))),
        FILLED * low.distance(high).max(1.0) / 2.0,
    );
    let scenario = scratch(title, name, site, view, &[(LayerKind::Terrain, "ground")]);
    let mut open = OpenScenario::without_data(scenario, resources);
    open.terrain = Arc::new(terrain);
    open.has_terrain = true;
    open.problems = problems;
    open
}

fn of_picture(resources: Arc<dyn Resources>, name: &str, asked: Asked) -> Result<OpenScenario, Problem> {
    let mut problems = Vec::new();
    let source = imagery_layer::source(&resources, name, &mut problems)?;
    with_picture(resources, name, source, asked, problems)
}

fn of_folder(path: &Path, answer: Option<CrsAnswer>) -> Result<OpenScenario, Problem> {
    let shown = path.display().to_string();
    let wrong = |message: &str| Problem::error(shown.clone(), "", message).because(Cause::WrongKind);
    let zooms: Vec<u8> = numbered(path)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(zoom, ending)| u8::try_from(zoom).ok().filter(|_| ending.is_empty()))
        .collect();
    let no_tiles = || wrong("there are no tiles as `z/x/y.png` (or jpg, webp) in this folder");
    let (first, last) = zooms.first().copied().zip(zooms.last().copied()).ok_or_else(no_tiles)?;
    let finest = path.join(last.to_string());
    let columns = numbered(&finest).unwrap_or_default();
    let mut rows: Option<[u32; 2]> = None;
    let mut ending = String::new();
    for (column, _) in columns.iter().take(200) {
        for (row, of_file) in numbered(&finest.join(column.to_string())).unwrap_or_default() {
            let [low, high] = rows.unwrap_or([row, row]);
            rows = Some([low.min(row), high.max(row)]);
            ending = of_file;
        }
    }
    let ends = columns.first().zip(columns.last()).zip(rows);
    let ((from, to), [top, bottom]) = ends.ok_or_else(no_tiles)?;
    let resources = resource::folder(path);
    let title = path.file_name().and_then(|name| name.to_str()).unwrap_or("tiles");
    let described = imagery::open_plain_folder(&resources, title, &ending, [first, last], [from.0, top, to.0, bottom])?;
    let message = "nothing describes these tiles: they are taken for Web Mercator with rows from the north; a file \
                   imagery.json beside them says otherwise";
    let problems = vec![Problem::warning(title, "", message).because(Cause::NoSystem)];
    with_picture(
        resources,
        title,
        imagery::with_overview(described.source),
        Asked { path, answer },
        problems,
    )
}

fn with_picture(
    resources: Arc<dyn Resources>,
    name: &str,
    source: Arc<dyn PixelSource>,
    asked: Asked,
    mut problems: Vec<Problem>,
) -> Result<OpenScenario, Problem> {
    let Placed {
        site,
        placing,
        question,
    } = placed(source.crs(), source.focus(), name, asked, &mut problems)?;
    let focus = source.focus();
    let picture = SitePicture::new("picture", name, source, placing).map_err(|message| place_problem(name, message))?;
    let projection = placing.projection().map_err(|message| place_problem(name, message))?;
    let (low, high) = seen(&projection, focus).unwrap_or_else(|| picture.bounds());
    let radius_m = (low.distance(high) / 2.0).clamp(1.0, MAX_DISTANCE_M);
    let middle = low.midpoint(high);
    let view = home(SitePos(middle.extend(0.0)), FILLED * radius_m);
    let scenario = scratch(name, name, site, view, &[(LayerKind::Imagery, "picture")]);
    let mut open = OpenScenario::without_data(scenario, resources);
    open.terrain = Arc::new(flat(low, high));
    open.has_terrain = true;
    open.is_terrain_made_up = true;
    open.imagery = vec![Arc::new(picture)];
    open.problems = problems;
    open.crs_question = question;
    Ok(open)
}

/// The box in the site of one in the picture's coordinates.
fn seen(projection: &Projection, (low, high): (DVec2, DVec2)) -> Option<(DVec2, DVec2)> {
    let reach = DVec2::splat(MAX_DISTANCE_M);
    let corners = [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    let mut found: Option<(DVec2, DVec2)> = None;
    for corner in corners {
        let p = projection.anywhere(corner.to_array())?.clamp(-reach, reach);
        let (low, high) = found.unwrap_or((p, p));
        found = Some((low.min(p), high.max(p)));
    }
    found.filter(|(low, high)| low.cmplt(*high).all())
}

/// Flat ground under a box.
fn flat(low: DVec2, high: DVec2) -> Terrain {
    let extent = (high - low).max(DVec2::splat(1.0));
    let cell_m = extent.max_element() / f64::from(FLAT_CELLS);
    let nodes = |length: f64| {
        (1..=FLAT_CELLS + 1)
            .find(|nodes| f64::from(*nodes - 1) * cell_m >= length - 1e-6)
            .unwrap_or(FLAT_CELLS + 1)
    };
    let (columns, rows) = (nodes(extent.x), nodes(extent.y));
    Terrain {
        origin: low,
        cell_m,
        columns,
        rows,
        heights_m: vec![0.0; columns as usize * rows as usize],
    }
}
