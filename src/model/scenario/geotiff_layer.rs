//! A terrain layer that is a `GeoTIFF`: the part around the area, brought onto the site's grid and zero.
//!
//! Only that part of the file is read, from an overview where the file has one that is fine enough. Holes (water, the
//! ground under buildings) are filled from their rims, so that the ground is whole.

use super::findings::Findings;
use super::projection::Projection;
use super::terrain_layer::{f64_of, to_site_heights};
use crate::georef::{HeightReference, SiteFrame, narrow};
use crate::model::Terrain;
use crate::model::ring;
use crate::sources::{
    Cause, Problem,
    raster::{GeoTiff, Sheet},
    resource::RandomRead,
};
use bevy::math::{DVec2, DVec3};
use std::sync::Arc;

/// Most nodes: 8 by 8 km at two metres.
pub(super) const MAX_NODES: u32 = 16_000_000;
/// How much ground around the outline comes along, as a part of the longer side of its box, and at least and at most,
/// metres.
const MARGIN: (f64, f64, f64) = (0.25, 200.0, 1000.0);
/// How far from the anchor ground is taken where a scenario has no outline, metres.
const REACH_M: f64 = 25_000.0;
/// Nodes between two places that PROJ is asked for; between them the way to the file is as good as straight.
const STRIDE: usize = 16;

/// Reads the heights of the file at `path` around `outline` (site metres; empty for the whole file).
pub(super) fn terrain(
    source: Arc<dyn RandomRead>,
    path: &str,
    reference: HeightReference,
    site: SiteFrame,
    outline: &[DVec2],
    findings: &mut Findings,
) -> Result<Terrain, Problem> {
    let misplaced =
        |message: String| Problem::error(path, "", format!("{message}; the ground stays flat")).because(Cause::Place);
    let tiff = GeoTiff::open(source, path)?;
    for problem in tiff.problems() {
        findings.error_because(problem.cause, &problem.place, &problem.message);
    }
    let crs = tiff.crs().ok_or_else(|| {
        let message =
            "the file names no coordinate system: write it in, for example with gdal_edit.py -a_srs EPSG:28992";
        misplaced(message.into()).because(Cause::NoSystem)
    })?;
    let projection = Projection::new(site, &crs.to_string()).map_err(misplaced)?;
    of_tiff(&tiff, reference, &projection, outline, findings)
}

/// The same of an open file whose coordinates `projection` brings to the site.
pub(super) fn of_tiff(
    tiff: &GeoTiff,
    reference: HeightReference,
    projection: &Projection,
    outline: &[DVec2],
    findings: &mut Findings,
) -> Result<Terrain, Problem> {
    let path = tiff.path();
    let misplaced =
        |message: String| Problem::error(path, "", format!("{message}; the ground stays flat")).because(Cause::Place);
    let asked = box_around(outline);
    let (low, high) = file_box(projection, asked).map_err(misplaced)?;
    let window = tiff
        .window_of(low, high)
        .filter(|_| tiff.transform().is_some())
        .ok_or_else(|| {
            let message = format!("the file ({}) has nothing in this area", projection.name());
            misplaced(message).because(Cause::Elsewhere)
        })?;
    let mut sheet = tiff.sheet(window, u64::from(MAX_NODES))?;
    for problem in &sheet.problems {
        findings.error_because(
            problem.cause,
            &problem.place,
            format!("{}; the ground is guessed there", problem.message),
        );
    }
    if !sheet.grid.fill_holes() {
        let message = "the file has no heights in this area, only no-data marks";
        return Err(misplaced(message.into()).because(Cause::Elsewhere));
    }
    let mut ground = match shifted(&sheet, projection) {
        Some(ground) => ground.map_err(misplaced)?,
        None => resampled(&sheet, projection, asked).map_err(misplaced)?,
    };
    to_site_heights(&mut ground, reference, projection).map_err(misplaced)?;
    Ok(ground)
}

/// The box of the outline with a margin; of [`REACH_M`] each way where there is none.
pub(super) fn box_around(outline: &[DVec2]) -> (DVec2, DVec2) {
    let Some((low, high)) = ring::bounds(outline) else {
        return (DVec2::splat(-REACH_M), DVec2::splat(REACH_M));
    };
    let (part, least, most) = MARGIN;
    let margin = ((high - low).max_element() * part).clamp(least, most);
    (low - margin, high + margin)
}

/// The box in the file's coordinates that holds a box of the site.
pub(super) fn file_box(projection: &Projection, (low, high): (DVec2, DVec2)) -> Result<(DVec2, DVec2), String> {
    const STEPS: u32 = 8;
    let mut found: Option<(DVec2, DVec2)> = None;
    let mut fault = String::new();
    for row in 0..=STEPS {
        for column in 0..=STEPS {
            let t = DVec2::new(f64::from(column), f64::from(row)) / f64::from(STEPS);
            match projection.file_from_site(low + (high - low) * t) {
                Ok(p) => {
                    let p = DVec2::from_array(p);
                    let (low, high) = found.unwrap_or((p, p));
                    found = Some((low.min(p), high.max(p)));
                }
                // A large box may reach beyond where the system holds.
                Err(error) => fault = error.to_string(),
            }
        }
    }
    found.ok_or(fault)
}

/// The same nodes in the site frame, where its axes run along those of the file and pixels are square.
fn shifted(sheet: &Sheet, projection: &Projection) -> Option<Result<Terrain, String>> {
    let grid = sheet.upright().filter(|_| projection.is_shift())?;
    if (grid.step.x - grid.step.y).abs() > 1e-6 * grid.step.x {
        return None;
    }
    let origin = projection
        .file_from_site(DVec2::ZERO)
        .map_err(|error| error.to_string());
    Some(origin.map(|zero| Terrain {
        origin: grid.origin - DVec2::from_array(zero),
        cell_m: grid.step.x,
        columns: grid.columns,
        rows: grid.rows,
        heights_m: grid.heights_m,
    }))
}

/// The sheet sampled on site axes, about as fine as it is.
fn resampled(sheet: &Sheet, projection: &Projection, asked: (DVec2, DVec2)) -> Result<Terrain, String> {
    let (low, high) = site_box(sheet, projection, asked)?;
    let extent = high - low;
    let nodes = DVec2::new(f64::from(sheet.grid.columns), f64::from(sheet.grid.rows));
    let mut cell_m = (extent / nodes).min_element().max(0.01);
    let count = |cell_m: f64| (extent / cell_m).floor() + 1.0;
    while count(cell_m).x * count(cell_m).y > f64::from(MAX_NODES) {
        cell_m *= 1.05;
    }
    let [columns, rows] = count(cell_m).to_array().map(whole);
    let at = |column: usize, row: usize| low + DVec2::new(f64_of(column), f64_of(row)) * cell_m;
    let places_across = columns.div_ceil(STRIDE) + 1;
    let mut places = Vec::with_capacity(places_across * (rows.div_ceil(STRIDE) + 1));
    for row in 0..=rows.div_ceil(STRIDE) {
        for column in 0..places_across {
            let p = projection.file_from_site(at(column * STRIDE, row * STRIDE));
            places.push(DVec2::from_array(p.map_err(|error| error.to_string())?));
        }
    }
    let mut heights_m = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let (south, v) = (row / STRIDE * places_across, f64_of(row % STRIDE) / f64_of(STRIDE));
        for column in 0..columns {
            let (west, u) = (column / STRIDE, f64_of(column % STRIDE) / f64_of(STRIDE));
            let along = |first: usize| places[first + west].lerp(places[first + west + 1], u);
            let p = along(south).lerp(along(south + places_across), v);
            heights_m.push(narrow(DVec3::splat(sheet.height_at(p)))[0]);
        }
    }
    Ok(Terrain {
        origin: low,
        cell_m,
        columns: u32::try_from(columns).unwrap_or(u32::MAX),
        rows: u32::try_from(rows).unwrap_or(u32::MAX),
        heights_m,
    })
}

/// The part of the asked box that the sheet fills.
fn site_box(sheet: &Sheet, projection: &Projection, asked: (DVec2, DVec2)) -> Result<(DVec2, DVec2), String> {
    let (low, high) = sheet.grid.bounds();
    let corners = [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    let mut found: Option<(DVec2, DVec2)> = None;
    for pixel in corners {
        let p = sheet.transform.file_from_pixel(DVec2::new(pixel.x, -pixel.y));
        let p = projection.site_from_file(p.to_array())?;
        let (low, high) = found.unwrap_or((p, p));
        found = Some((low.min(p), high.max(p)));
    }
    let (low, high) = found.unwrap_or(asked);
    Ok((low.max(asked.0), high.min(asked.1).max(low.max(asked.0))))
}

/// A number of nodes, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole already, and bounded by the most nodes"
)]
fn whole(count: f64) -> usize {
    count.clamp(1.0, f64::from(MAX_NODES)) as usize
}
