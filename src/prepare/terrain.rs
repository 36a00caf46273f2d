//! Grids of heights to one grid over the area, with a margin, in RD and NAP; and that grid as terrain tiles.
//!
//! One grid of at most sixteen million nodes: half a metre apart for a town centre, two metres for a municipality. It is a
//! `GeoTIFF` with overviews, which every GIS opens. Holes, as AHN has them under buildings and water, are filled from their
//! rims. Sources are read a window at a time, so that neither their size nor their number counts for memory.
//!
//! The tiles (`terrain/layer.json`, quantized mesh) hold the same heights, above the ellipsoid, for programs like `CesiumJS`.

use super::buildings::joined;
use super::document::PreparedLayer;
use super::height_zero::{NAP, Zero};
use super::journal::WORK;
use super::whole_file::WholeFile;
use super::{Input, Inputs, PrepareError, PrepareOptions, PrepareReport, PrepareStep};
use crate::georef::{Crs, HeightReference, Transformer, lon_lat_from_rd, narrow};
use crate::sources::raster::terrain::{PyramidError, PyramidRequest, TerrainSheet, write_terrain_pyramid};
use crate::sources::raster::{GeoTiff, HeightGrid, Window, write_height_tiff};
use crate::sources::resource::folder;
use crate::sources::{Cause, Problem};
use bevy::math::{DVec2, DVec3};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The grid.
pub(super) const GRID: &str = "terrain.tif";
/// Folder of the tiles.
pub(super) const TILES: &str = "terrain";
/// Ground around the area that comes along, metres.
const MARGIN_M: f64 = 50.0;
/// Most nodes of the grid: what a scenario shows.
const MAX_NODES: f64 = 1.6e7;
/// Nodes are not closer than this, metres: AHN has its cells half a metre apart.
const FINEST_M: f64 = 0.5;
/// Nodes along the side of the pieces that are read at once.
const PIECE: u32 = 1024;
/// Fewer measured nodes than this are told.
const LEAST_PERCENT: usize = 60;
/// Problems of one file that are told.
const MOST_TOLD: usize = 20;
/// Heights are whole multiples of this, metres: exact in every number, and finer than any of them was measured.
const ROUNDED_M: f32 = 1.0 / 256.0;

/// Writes the grid.
pub(super) fn prepare(
    options: &PrepareOptions,
    inputs: &Inputs,
    report: &mut PrepareReport,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<Vec<PreparedLayer>, PrepareError> {
    let mut grid = grid_over(options, finest_of(&inputs.terrain));
    let pieces = pieces(&grid);
    let mut read = 0;
    for (number, input) in inputs.terrain.iter().enumerate() {
        let told_piece = |piece: usize| {
            told(PrepareStep {
                what: "reading heights".to_owned(),
                done: (number * pieces.len() + piece) as u64,
                of: (inputs.terrain.len() * pieces.len()) as u64,
                received_bytes: 0,
            });
        };
        told_piece(0);
        match add(&input.path, &mut grid, &pieces, &mut report.problems, &told_piece) {
            Ok(()) => read += 1,
            Err(problem) => report.problems.push(problem),
        }
    }
    let names = || {
        let names: Vec<String> = inputs
            .terrain
            .iter()
            .map(|input| input.path.display().to_string())
            .collect();
        names.join(", ")
    };
    let known = grid.heights_m.len() - grid.holes();
    if known == 0 || !grid.fill_holes() {
        let message = "there is no height of it in this area; check the area and the coordinates of the file";
        // What could not be read lies nowhere.
        if read > 0 {
            report
                .problems
                .push(Problem::error(names(), "", message).because(Cause::Elsewhere));
        }
        return Ok(Vec::new());
    }
    // AHN has no ground under roofs and on water; more than that is ground of which no file was given.
    let percent = known * 100 / grid.heights_m.len();
    if percent < LEAST_PERCENT {
        let message = format!(
            "there are heights for {percent} % of this area; the rest is filled from its rim and is not measured"
        );
        report
            .problems
            .push(Problem::warning(names(), "", message).because(Cause::Place));
    }
    for height in &mut grid.heights_m {
        *height = (*height / ROUNDED_M).round() * ROUNDED_M;
    }
    told(PrepareStep {
        what: "writing heights".to_owned(),
        done: 0,
        of: 0,
        received_bytes: 0,
    });
    WholeFile::create(&options.folder, GRID)?.fill(|to| write_height_tiff(&grid, Crs::RD, Some(NAP), to))?;
    report.terrain_nodes = u64::from(grid.columns) * u64::from(grid.rows);
    Ok(vec![PreparedLayer {
        id: "terrain".to_owned(),
        kind: "terrain".to_owned(),
        path: GRID.to_owned(),
        title: ["Maaiveld".to_owned(), "Terrain".to_owned()],
        register: None,
        source: joined(&inputs.terrain),
        ground_nap_m: None,
    }])
}

/// A grid without heights over the area and its margin. Its nodes lie in the middles of the cells of AHN where it is as fine
/// as those.
fn grid_over(options: &PrepareOptions, finest_m: f64) -> HeightGrid {
    let (low, high) = options.area.bounds();
    let (low, high) = (low - MARGIN_M, high + MARGIN_M);
    let along = |length: f64, step_m: f64| (length / step_m).ceil() + 1.0;
    let mut step_m = (finest_m * 2.0).ceil() / 2.0;
    while along(high.x - low.x, step_m) * along(high.y - low.y, step_m) > MAX_NODES {
        step_m += 0.5;
    }
    let count = |length: f64| -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a few thousand nodes"
        )]
        let nodes = along(length, step_m) as u32;
        nodes
    };
    let (columns, rows) = (count(high.x - low.x), count(high.y - low.y));
    HeightGrid {
        origin: ((low / step_m).floor() + 0.5) * step_m,
        step: DVec2::splat(step_m),
        columns,
        rows,
        heights_m: vec![f32::NAN; columns as usize * rows as usize],
    }
}

/// The size of the finest pixels of all files, metres; those that cannot be opened are told later.
fn finest_of(inputs: &[Input]) -> f64 {
    let size = |input: &Input| {
        let source = Source::open(&input.path).ok()?;
        let transform = source.tiff.transform()?;
        let degrees = source.crs.is_some_and(|crs| matches!(crs.0, 4326 | 4258 | 4979 | 4937));
        // A degree is 111 km; the distance between nodes needs no more than that.
        let metres = if degrees { 111_000.0 } else { 1.0 };
        Some(transform.pixel_size().min_element() * metres)
    };
    let finest = inputs.iter().filter_map(size).fold(f64::INFINITY, f64::min);
    if finest.is_finite() {
        finest.clamp(FINEST_M, 100.0)
    } else {
        FINEST_M
    }
}

/// First column, first row, columns and rows of the pieces of a grid.
fn pieces(grid: &HeightGrid) -> Vec<[u32; 4]> {
    let along = |count: u32| {
        (0..count)
            .step_by(PIECE as usize)
            .map(move |at| (at, PIECE.min(count - at)))
    };
    along(grid.rows)
        .flat_map(|(row, rows)| along(grid.columns).map(move |(column, columns)| [column, row, columns, rows]))
        .collect()
}

/// A file of heights.
struct Source {
    tiff: GeoTiff,
    crs: Option<Crs>,
    shown: String,
}

impl Source {
    fn open(path: &Path) -> Result<Self, Problem> {
        let shown = path.display().to_string();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| {
            Problem::error(&shown, "", "the name of this file is not plain text; rename it").because(Cause::Place)
        })?;
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let source = folder(parent)
            .open(name, u64::MAX)
            .map_err(|error| error.problem(&shown, ""))?;
        let tiff = GeoTiff::open(source, &shown)?;
        if tiff.is_color_picture() {
            let message = "this is a picture, not heights: give it with --imagery";
            return Err(Problem::error(&shown, "", message).because(Cause::WrongKind));
        }
        Ok(Self {
            crs: tiff.crs(),
            tiff,
            shown,
        })
    }
}

/// Puts the heights of a file on the nodes that have none yet.
fn add(
    path: &Path,
    grid: &mut HeightGrid,
    pieces: &[[u32; 4]],
    problems: &mut Vec<Problem>,
    told_piece: &dyn Fn(usize),
) -> Result<(), Problem> {
    let Source { tiff, crs, shown } = Source::open(path)?;
    let bad = |message: String| Problem::error(&shown, "", message).because(Cause::Place);
    problems.extend(tiff.problems().iter().cloned());
    // Of no use wherever the area lies.
    let unfit = |message: String| bad(message).because(Cause::NotRead);
    let crs = crs.ok_or_else(|| {
        unfit("it names no coordinate system: write it in, for example with gdal_edit.py -a_srs EPSG:28992".into())
    })?;
    let transform = tiff
        .transform()
        .ok_or_else(|| bad("the file does not say where it lies".into()))?;
    let zero = Zero::of(crs, tiff.keys().vertical).map_err(unfit)?;
    let is_rd = crs == Crs::RD || crs == Crs::RD_NAP;
    let from_rd = if is_rd {
        None
    } else {
        let flat = Transformer::new(Crs::RD, crs);
        Some(flat.map_err(|error| bad(format!("its coordinates cannot be brought to RD ({error})")))?)
    };
    let in_file = |p: DVec2| match &from_rd {
        None => Some(p),
        Some(transformer) => transformer.convert_flat(p.to_array()).ok().map(DVec2::from_array),
    };
    // Pixels between two nodes, where the grid begins and all over it.
    let pixel = |p: DVec2| in_file(p).map(|p| transform.pixel_from_file(p));
    let step = |from: DVec2, to: DVec2| pixel(from).zip(pixel(to)).map(|(a, b)| a.distance(b));
    let middle = (grid.bounds().0 + grid.bounds().1) / 2.0;
    let across = step(middle, middle + DVec2::new(grid.step.x, 0.0));
    let along = step(middle, middle + DVec2::new(0.0, grid.step.y));
    let spacing = across.zip(along).map(|(across, along)| across.min(along));
    let spacing = spacing.ok_or_else(|| bad(format!("its coordinates ({crs}) do not reach this area")))?;
    let mut damage: Vec<Problem> = Vec::new();
    for (number, piece) in pieces.iter().enumerate() {
        let [first, bottom, columns, rows] = *piece;
        let node = |column: u32, row: u32| grid.origin + grid.step * DVec2::new(f64::from(column), f64::from(row));
        let (right, top) = (first + columns - 1, bottom + rows - 1);
        let corners = [
            node(first, bottom),
            node(right, bottom),
            node(right, top),
            node(first, top),
        ];
        let corners = corners.into_iter().filter_map(in_file);
        let bounds = corners.fold(None, |bounds: Option<(DVec2, DVec2)>, p| {
            Some(bounds.map_or((p, p), |(low, high)| (low.min(p), high.max(p))))
        });
        let Some(window) = bounds.and_then(|(low, high)| tiff.window_of(low, high)) else {
            continue;
        };
        told_piece(number);
        let sheet = tiff.sheet_every(window, spacing)?;
        for problem in &sheet.problems {
            if damage.len() < MOST_TOLD && !damage.contains(problem) {
                damage.push(problem.clone());
            }
        }
        let upright = sheet.upright();
        for row in bottom..=top {
            for column in first..=right {
                let at = row as usize * grid.columns as usize + column as usize;
                if !grid.heights_m[at].is_nan() {
                    continue;
                }
                let rd = grid.origin + grid.step * DVec2::new(f64::from(column), f64::from(row));
                let Some(p) = in_file(rd) else { continue };
                let height = match &upright {
                    Some(upright) => upright.known_at(p),
                    None => Some(sheet.height_at(p)).filter(|height| height.is_finite()),
                };
                if let Some(height) = height.and_then(|height| zero.nap(rd, height)) {
                    let [height, ..] = narrow(DVec3::new(height, 0.0, 0.0));
                    grid.heights_m[at] = height;
                }
            }
        }
    }
    problems.extend(damage);
    Ok(())
}

/// Makes terrain tiles of the written grid.
pub(super) fn prepare_tiles(
    options: &PrepareOptions,
    layers: &[PreparedLayer],
    report: &mut PrepareReport,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<Vec<PreparedLayer>, PrepareError> {
    let grid = options.folder.join(GRID);
    let sheet = Source::open(&grid).and_then(|source| TerrainSheet::new(Arc::new(source.tiff), HeightReference::Nap));
    let sheet = match sheet {
        Ok(sheet) => sheet,
        Err(problem) => {
            report.problems.push(problem);
            return Ok(Vec::new());
        }
    };
    // Made beside the journal, so that what a killed run leaves behind is in nobody's way.
    let staged = options.folder.join(WORK).join(TILES);
    let target = options.folder.join(TILES);
    for folder in [&staged, &target] {
        remove_folder(folder).map_err(|error| PrepareError::cannot_write(folder, error))?;
    }
    let owner = layers.iter().find(|layer| layer.kind == "terrain");
    let request = PyramidRequest {
        sheets: &[sheet],
        bounds_deg: bounds_deg(options),
        max_zoom: None,
        attribution: owner.map_or("", |layer| layer.source.owner.as_str()),
        folder: &staged,
    };
    let mut progress = |progress: crate::sources::raster::terrain::PyramidProgress| {
        told(PrepareStep {
            what: "making terrain tiles".to_owned(),
            done: progress.done,
            of: progress.total,
            received_bytes: 0,
        });
    };
    let made = write_terrain_pyramid(&request, &AtomicBool::new(false), &mut progress);
    match made {
        Ok(summary) => {
            report.problems.extend(summary.problems);
            report.terrain_tiles = summary.tiles;
        }
        Err(PyramidError::Io { source, path }) => return Err(PrepareError::cannot_write(&path, source)),
        // The grid is there and is enough to go on with.
        Err(error) => {
            report.problems.push(match error {
                PyramidError::Sheet(problem) => problem,
                other => Problem::error(grid.display().to_string(), "", other.to_string()),
            });
            return Ok(Vec::new());
        }
    }
    fs::rename(&staged, &target).map_err(|error| PrepareError::cannot_write(&target, error))?;
    Ok(Vec::new())
}

/// West, south, east and north of the area, degrees: the box around its box, which is bent there.
fn bounds_deg(options: &PrepareOptions) -> [f64; 4] {
    let (low, high) = options.area.bounds();
    let steps = || (0..=8).map(|step| f64::from(step) / 8.0);
    let places = steps().flat_map(|u| {
        let at = move |t: DVec2| low + (high - low) * t;
        [
            at(DVec2::new(u, 0.0)),
            at(DVec2::new(u, 1.0)),
            at(DVec2::new(0.0, u)),
            at(DVec2::new(1.0, u)),
        ]
    });
    let places = places.filter_map(|p| lon_lat_from_rd(p.x, p.y).ok());
    places.fold(
        [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
        |[west, south, east, north], p| [west.min(p.x), south.min(p.y), east.max(p.x), north.max(p.y)],
    )
}

/// Takes a folder away, where there is one.
pub(super) fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Height of the written grid at a point in RD, NAP metres; `None` without a grid there.
pub(super) fn height_in(folder: &Path, p: DVec2) -> Option<f64> {
    let source = Source::open(&folder.join(GRID)).ok()?;
    let window = source.tiff.window_of(p, p)?;
    source.tiff.sheet_every(window, 1.0).ok()?.upright()?.known_at(p)
}

/// The written grid with at most some thousand nodes along a side: enough to tell 8 m from none; `None` without a grid.
pub(super) fn coarse_heights(folder: &Path) -> Option<HeightGrid> {
    const NODES: u32 = 1024;
    let source = Source::open(&folder.join(GRID)).ok()?;
    let size = *source.tiff.sizes().first()?;
    let window = Window {
        x: 0,
        y: 0,
        width: size.width,
        height: size.height,
    };
    let spacing = (f64::from(size.width.max(size.height)) / f64::from(NODES)).max(1.0);
    source.tiff.sheet_every(window, spacing).ok()?.upright()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::Area;
    use crate::sources::cityjson::LodChoice;

    fn options(area: &str) -> PrepareOptions {
        PrepareOptions {
            area: Area::from_box(area).unwrap(),
            folder: "out".into(),
            title: String::new(),
            buildings: Vec::new(),
            terrain: Vec::new(),
            terrain_tiles: true,
            imagery: Vec::new(),
            vector: Vec::new(),
            online: None,
            online_imagery: true,
            endpoints: None,
            lod: LodChoice::Highest,
            replace: false,
        }
    }

    #[test]
    fn a_grid_is_written_as_it_is_read() {
        let grid = HeightGrid {
            origin: DVec2::new(250_701.0, 476_001.0),
            step: DVec2::splat(2.0),
            columns: 3,
            rows: 2,
            heights_m: vec![16.0, 16.5, 17.0, 18.0, 18.5, f32::NAN],
        };
        let folder = tempfile::tempdir().unwrap();
        let file = WholeFile::create(folder.path(), GRID).unwrap();
        file.fill(|to| write_height_tiff(&grid, Crs::RD, Some(NAP), to))
            .unwrap();
        for (at, height) in [
            ((250_701.0, 476_001.0), 16.0),
            ((250_703.0, 476_003.0), 18.5),
            ((250_705.0, 476_001.0), 17.0),
        ] {
            assert_eq!(height_in(folder.path(), DVec2::from(at)), Some(height));
        }
        let none = [(250_705.0, 476_003.0), (250_800.0, 476_002.0)];
        assert!(
            none.iter()
                .all(|at| height_in(folder.path(), DVec2::from(*at)).is_none())
        );
        assert_eq!(height_in(Path::new("nowhere"), DVec2::ZERO), None);
    }

    #[test]
    fn a_grid_that_cannot_be_tiled_costs_the_tiles_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let options = PrepareOptions {
            folder: folder.path().to_owned(),
            ..options("250700,476000,251300,476600")
        };
        fs::write(folder.path().join(GRID), "no grid").unwrap();
        let mut report = PrepareReport::default();
        let made = prepare_tiles(&options, &[], &mut report, &|_step| {}).unwrap();
        assert!(made.is_empty() && report.problems.len() == 1, "{:?}", report.problems);
    }

    #[test]
    fn a_municipality_has_nodes_two_metres_apart() {
        let side = 62.0e6_f64.sqrt();
        let text = format!("250000,470000,{},{}", 250_000.0 + side, 470_000.0 + side);
        let mut options = options(&text);
        let grid = grid_over(&options, 0.5);
        assert_eq!(grid.step, DVec2::splat(2.0));
        assert!(grid.heights_m.len() <= 16_000_000, "{}", grid.heights_m.len());
        let (low, high) = options.area.bounds();
        assert!(grid.bounds().0.cmple(low - 40.0).all() && grid.bounds().1.cmpge(high + 40.0).all());
        options.area = Area::from_box("250700,476000,251300,476600").unwrap();
        assert_eq!(grid_over(&options, 0.5).step, DVec2::splat(0.5));
        assert_eq!(grid_over(&options, 4.9).step, DVec2::splat(5.0));
        assert_eq!(grid_over(&options, 0.5).origin, DVec2::new(250_650.25, 475_950.25));
        let in_pieces: u32 = pieces(&grid).iter().map(|[_, _, columns, rows]| columns * rows).sum();
        assert_eq!(in_pieces as usize, grid.heights_m.len());
    }
}
