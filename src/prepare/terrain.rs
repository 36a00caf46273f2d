//! Grids of heights to one grid over the area, with a margin, in RD and NAP.
//!
//! One grid of at most four million nodes: a metre apart for a town centre, a few metres for a municipality. Holes, as AHN
//! has them under buildings and water, are filled from their rims.

use super::buildings::joined;
use super::document::PreparedLayer;
use super::{Inputs, PrepareError, PrepareOptions, PrepareReport, PrepareStep};
use crate::georef::{Crs, Transformer, narrow};
use crate::sources::raster::{GeoTiff, HeightGrid, Sheet};
use crate::sources::resource::folder;
use crate::sources::{Cause, Problem};
use bevy::math::{DVec2, DVec3};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// The grid, as ESRI ASCII, which every GIS reads.
pub(super) const GRID: &str = "terrain.asc";
/// Ground around the area that comes along, metres.
const MARGIN_M: f64 = 100.0;
/// Most nodes of the grid, and of one sheet while it is read.
const MAX_NODES: f64 = 4.0e6;
/// Nodes are not closer than this, metres: AHN has its cells half a metre apart.
const FINEST_M: f64 = 0.5;
/// Fewer measured nodes than this are told.
const LEAST_PERCENT: usize = 60;
/// Written where there is no height.
const NO_DATA: f64 = -9999.0;

/// Writes the grid.
pub(super) fn prepare(
    options: &PrepareOptions,
    inputs: &Inputs,
    report: &mut PrepareReport,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<Vec<PreparedLayer>, PrepareError> {
    let (low, high) = options.area.bounds();
    let (low, high) = (low - MARGIN_M, high + MARGIN_M);
    let size = high - low;
    let step_m = ((size.x * size.y / MAX_NODES).sqrt().max(FINEST_M) * 2.0).ceil() / 2.0;
    let count = |length: f64| -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a few thousand nodes"
        )]
        let nodes = (length / step_m).ceil() as u32 + 1;
        nodes
    };
    let (columns, rows) = (count(size.x), count(size.y));
    let mut grid = HeightGrid {
        origin: low,
        step: DVec2::splat(step_m),
        columns,
        rows,
        heights_m: vec![f32::NAN; columns as usize * rows as usize],
    };
    for (number, input) in inputs.terrain.iter().enumerate() {
        told(PrepareStep {
            what: format!("reading heights of {}", input.path.display()),
            done: number as u64,
            of: inputs.terrain.len() as u64,
            received_bytes: 0,
        });
        if let Err(problem) = add(&input.path, &mut grid, &mut report.problems) {
            report.problems.push(problem);
        }
    }
    let known = grid.heights_m.len() - grid.holes();
    if known == 0 || !grid.fill_holes() {
        let names: Vec<String> = inputs
            .terrain
            .iter()
            .map(|input| input.path.display().to_string())
            .collect();
        let message = "there is no height of it in this area; check the area and the coordinates of the file";
        report
            .problems
            .push(Problem::error(names.join(", "), "", message).because(Cause::Place));
        return Ok(Vec::new());
    }
    // AHN has no ground under roofs and on water; more than that is ground of which no file was given.
    let percent = known * 100 / grid.heights_m.len();
    if percent < LEAST_PERCENT {
        let names: Vec<String> = inputs
            .terrain
            .iter()
            .map(|input| input.path.display().to_string())
            .collect();
        let message = format!(
            "there are heights for {percent} % of this area; the rest is filled from its rim and is not measured"
        );
        report
            .problems
            .push(Problem::warning(names.join(", "), "", message).because(Cause::Place));
    }
    let path = options.folder.join(GRID);
    write(&grid, &path).map_err(|error| PrepareError::cannot_write(&path, &error))?;
    report.terrain_nodes = u64::from(columns) * u64::from(rows);
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

/// Puts the heights of a file on the nodes that have none yet.
fn add(path: &Path, grid: &mut HeightGrid, problems: &mut Vec<Problem>) -> Result<(), Problem> {
    let shown = path.display().to_string();
    let bad = |message: String| Problem::error(&shown, "", message).because(Cause::Place);
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| bad("the name of this file is not plain text; rename it".into()))?;
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let source = folder(parent)
        .open(name, u64::MAX)
        .map_err(|error| error.problem(&shown, ""))?;
    let tiff = GeoTiff::open(source, &shown)?;
    problems.extend(tiff.problems().iter().cloned());
    let crs = tiff.crs().ok_or_else(|| {
        bad("it names no coordinate system: write it in, for example with gdal_edit.py -a_srs EPSG:28992".into())
    })?;
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
    let (low, high) = grid.bounds();
    let corners = [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)].map(in_file);
    let corners = corners.into_iter().flatten();
    let bounds = corners.fold(None, |bounds: Option<(DVec2, DVec2)>, p| {
        Some(bounds.map_or((p, p), |(low, high)| (low.min(p), high.max(p))))
    });
    let Some(window) = bounds.and_then(|(low, high)| tiff.window_of(low, high)) else {
        return Ok(());
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole constant"
    )]
    let sheet: Sheet = tiff.sheet(window, MAX_NODES as u64)?;
    problems.extend(sheet.problems.iter().cloned());
    let upright = sheet.upright();
    for row in 0..grid.rows {
        for column in 0..grid.columns {
            let at = row as usize * grid.columns as usize + column as usize;
            if !grid.heights_m[at].is_nan() {
                continue;
            }
            let p = grid.origin + grid.step * DVec2::new(f64::from(column), f64::from(row));
            let Some(p) = in_file(p) else { continue };
            let height = match &upright {
                Some(upright) => upright.known_at(p),
                None => Some(sheet.height_at(p)).filter(|height| height.is_finite()),
            };
            if let Some(height) = height {
                let [height, ..] = narrow(DVec3::new(height, 0.0, 0.0));
                grid.heights_m[at] = height;
            }
        }
    }
    Ok(())
}

/// Writes a grid as ESRI ASCII: whole, or not at all.
fn write(grid: &HeightGrid, path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::new(atomic_write_file::AtomicWriteFile::open(path)?);
    write!(
        file,
        "ncols {}\nnrows {}\nxllcenter {}\nyllcenter {}\ncellsize {}\nNODATA_value {NO_DATA}\n",
        grid.columns, grid.rows, grid.origin.x, grid.origin.y, grid.step.x
    )?;
    let mut line = String::new();
    for row in (0..grid.rows).rev() {
        line.clear();
        for column in 0..grid.columns {
            let height = grid.node_m(column, row);
            let height = if height.is_finite() { height } else { NO_DATA };
            // A string takes everything.
            let _always = write!(line, "{height:.2} ");
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        file.write_all(line.as_bytes())?;
    }
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.commit()
}

/// Height of the written grid at a point in RD, NAP metres; `None` without a grid there.
pub(super) fn height_in(folder: &Path, p: DVec2) -> Option<f64> {
    let mut lines = BufReader::new(fs::File::open(folder.join(GRID)).ok()?).lines();
    let mut head = || -> Option<f64> { lines.next()?.ok()?.split_whitespace().nth(1)?.parse().ok() };
    let (_columns, rows) = (head()?, head()?);
    let (x, y, step_m) = (head()?, head()?, head()?);
    head()?;
    let at = ((p - DVec2::new(x, y)) / step_m).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "negative and too large find nothing"
    )]
    let (column, row) = (at.x as usize, (rows - 1.0 - at.y) as usize);
    let height: f64 = lines.nth(row)?.ok()?.split_whitespace().nth(column)?.parse().ok()?;
    (height > NO_DATA).then_some(height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_written_as_it_is_read() {
        let grid = HeightGrid {
            origin: DVec2::new(250_700.0, 476_000.0),
            step: DVec2::splat(2.0),
            columns: 3,
            rows: 2,
            heights_m: vec![16.0, 16.5, 17.0, 18.0, 18.5, f32::NAN],
        };
        let folder = tempfile::tempdir().unwrap();
        write(&grid, &folder.path().join(GRID)).unwrap();
        for (at, height) in [
            ((250_700.0, 476_000.0), 16.0),
            ((250_702.0, 476_002.0), 18.5),
            ((250_704.0, 476_000.0), 17.0),
        ] {
            assert_eq!(height_in(folder.path(), DVec2::from(at)), Some(height));
        }
        assert_eq!(
            height_in(folder.path(), DVec2::new(250_704.0, 476_002.0)),
            None,
            "no data"
        );
        assert_eq!(
            height_in(folder.path(), DVec2::new(250_800.0, 476_002.0)),
            None,
            "outside"
        );
        assert_eq!(height_in(Path::new("nowhere"), DVec2::ZERO), None);
    }
}
