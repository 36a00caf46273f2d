//! The terrain layer: heights as the file has them, brought onto the site's grid and zero.

use super::ascii_grid::AsciiGrid;
use super::projection::{Projection, height_at_site_zero_m};
use crate::georef::{HeightReference, narrow};
use crate::model::Terrain;
use bevy::math::{DVec2, DVec3};

/// A height grid of a file as ground in the site frame. A grid that does not run along the site's axes is
/// sampled anew at its own spacing.
pub(super) fn terrain(
    grid: &AsciiGrid,
    reference: HeightReference,
    projection: &Projection,
) -> Result<Terrain, String> {
    let last = |nodes: u32| f64::from(nodes - 1);
    let node = |column: f64, row: f64| [grid.origin[0] + column * grid.cell, grid.origin[1] + row * grid.cell];
    let corner = |column: f64, row: f64| {
        let result = projection.site_from_file(node(column, row));
        result.map_err(|message| format!("a corner of the grid cannot be used: {message}"))
    };
    let (east, north) = (last(grid.columns), last(grid.rows));
    let corners = [
        corner(0.0, 0.0)?,
        corner(east, 0.0)?,
        corner(0.0, north)?,
        corner(east, north)?,
    ];
    let low = corners.iter().fold(corners[0], |low, p| low.min(*p));
    let high = corners.iter().fold(corners[0], |high, p| high.max(*p));
    let in_file = Terrain {
        origin: DVec2::from_array(grid.origin),
        cell_m: grid.cell,
        columns: grid.columns,
        rows: grid.rows,
        heights_m: grid.heights_m.clone(),
    };
    let mut ground = if projection.is_shift() {
        Terrain {
            origin: corners[0],
            ..in_file
        }
    } else {
        resampled(&in_file, low, high, projection)?
    };
    to_site_heights(&mut ground, reference, projection)?;
    Ok(ground)
}

/// The grid sampled on site axes, as fine as it was.
fn resampled(in_file: &Terrain, low: DVec2, high: DVec2, projection: &Projection) -> Result<Terrain, String> {
    let cells = f64::from(in_file.columns.max(in_file.rows) - 1).max(1.0);
    let cell_m = ((high - low).max_element() / cells).max(0.01);
    let nodes = |extent: f64| {
        // At most as many nodes as the file's longer side has, give or take one.
        (0..=in_file.columns.max(in_file.rows))
            .take_while(|i| f64::from(*i) * cell_m <= extent + cell_m / 2.0)
            .count()
    };
    let (columns, rows) = (nodes(high.x - low.x), nodes(high.y - low.y));
    let mut heights_m = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let steps = DVec2::new(f64_of(column), f64_of(row));
            let file = projection
                .file_from_site(low + steps * cell_m)
                .map_err(|error| error.to_string())?;
            heights_m.push(narrow(DVec3::splat(in_file.height_at(DVec2::from_array(file))))[0]);
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

/// A count as a number.
pub(super) fn f64_of(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Nodes along a side of the grid on which the difference between two datums is asked of PROJ; between them it
/// is as good as straight.
const DATUM_NODES: u32 = 17;

/// Takes the datum off every height.
pub(super) fn to_site_heights(
    ground: &mut Terrain,
    reference: HeightReference,
    projection: &Projection,
) -> Result<(), String> {
    let (low, high) = ground.bounds();
    let extent = high - low;
    let step = (extent.max_element() / f64::from(DATUM_NODES - 1)).max(1.0);
    let mut datum = Terrain {
        origin: low,
        cell_m: step,
        columns: DATUM_NODES,
        rows: DATUM_NODES,
        heights_m: Vec::new(),
    };
    let site = projection.site();
    let first = height_at_site_zero_m(site, low, reference)?;
    for row in 0..DATUM_NODES {
        for column in 0..DATUM_NODES {
            let p = low + DVec2::new(f64::from(column), f64::from(row)) * step;
            // Past the grid's own rim there may be no model of the geoid any more.
            let height = height_at_site_zero_m(site, p.min(high), reference).unwrap_or(first);
            datum.heights_m.push(narrow(DVec3::splat(height - first))[0]);
        }
    }
    let columns = ground.columns as usize;
    let (origin, cell_m) = (ground.origin, ground.cell_m);
    for (i, height) in ground.heights_m.iter_mut().enumerate() {
        let p = origin + DVec2::new(f64_of(i % columns), f64_of(i / columns)) * cell_m;
        let site_m = f64::from(*height) - first - datum.height_at(p);
        *height = narrow(DVec3::splat(site_m))[0];
    }
    Ok(())
}
