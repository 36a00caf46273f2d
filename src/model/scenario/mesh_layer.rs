//! A terrain layer that is a `layer.json` with tiles of quantized mesh: those around the area, drawn onto the site's grid.
//!
//! Of the levels the finest is taken that gives no more nodes than the ground may have. Where a tile of it is missing, the
//! one above it serves; what is missing there too is filled from the rim.

use super::findings::Findings;
use super::geotiff_layer::{MAX_NODES, box_around, file_box};
use super::projection::Projection;
use crate::georef::{LonLatH, SiteFrame, narrow};
use crate::model::Terrain;
use crate::sources::raster::HeightGrid;
use crate::sources::raster::terrain::{
    MAX_LAYER_BYTES, MAX_MESH_BYTES, TerrainLayer, TerrainMesh, TileId, read_terrain_layer, read_terrain_mesh,
};
use crate::sources::raster::whole;
use crate::sources::resource::{ResourceError, Resources, join};
use crate::sources::{Cause, Problem};
use bevy::math::{DVec2, DVec3};
use std::collections::BTreeSet;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};

/// Most tiles that are read.
const MAX_TILES: u64 = 4096;
/// Nodes along the side of a tile, one less.
const CELLS: f64 = 64.0;
/// Places along the side of a tile that PROJ is asked for, one less.
const LATTICE: u32 = 8;
/// The far side of a tile in its own numbers.
const FULL: f64 = 32767.0;
/// A degree of latitude, metres.
const DEGREE_M: f64 = 111_195.0;
/// Fewest nodes along the longer side.
const FEWEST: f64 = 32.0;

/// Reads the ground around `outline` (site metres; empty for all within reach) from the `layer.json` at `path`.
pub(super) fn terrain(
    resources: &dyn Resources,
    path: &str,
    site: SiteFrame,
    outline: &[DVec2],
    findings: &mut Findings,
) -> Result<Terrain, Problem> {
    let misplaced =
        |message: String| Problem::error(path, "", format!("{message}; the ground stays flat")).because(Cause::Place);
    let bytes = resources
        .read_at_most(path, MAX_LAYER_BYTES)
        .map_err(|error| error.problem(path, ""))?;
    let (layer, problems) = read_terrain_layer(&bytes, path)?;
    for problem in problems {
        if matches!(problem.cause, Cause::NotRead) {
            return Err(problem);
        }
        findings.found(problem);
    }
    let lon_lat = Projection::new(site, "EPSG:4326").map_err(misplaced)?;
    let asked = box_around(outline);
    let (mut low, mut high) = file_box(&lon_lat, asked).map_err(misplaced)?;
    if let Some([west, south, east, north]) = layer.bounds_deg {
        (low, high) = (low.max(DVec2::new(west, south)), high.min(DVec2::new(east, north)));
    }
    if !low.cmplt(high).all() {
        return Err(misplaced("the terrain has nothing in this area".into()).because(Cause::Elsewhere));
    }
    let none = || misplaced("the terrain has no tiles in this area".into()).because(Cause::Elsewhere);
    let tiles = tiles(&layer, low, high).ok_or_else(none)?;
    let mut grid = grid(&tiles, site, asked, (low, high)).map_err(misplaced)?;
    let source = TileFiles {
        resources,
        path,
        layer: &layer,
    };
    draw(&source, &tiles, site, &mut grid, findings);
    if !grid.fill_holes() {
        return Err(misplaced(
            "none of the tiles of the terrain in this area can be read".into(),
        ));
    }
    Ok(Terrain {
        origin: grid.origin,
        cell_m: grid.step.x,
        columns: grid.columns,
        rows: grid.rows,
        heights_m: grid.heights_m,
    })
}

/// Tiles of the finest level that is not too fine, and those above for where it has none; coarse ones first.
struct Tiles {
    level: u32,
    ids: BTreeSet<TileId>,
}

fn spacing_m(level: u32) -> f64 {
    TileId::side_deg(level) / CELLS * DEGREE_M
}

fn tiles(layer: &TerrainLayer, low: DVec2, high: DVec2) -> Option<Tiles> {
    let middle = low.midpoint(high).y.to_radians().cos();
    let extent_m = (high - low) * DVec2::new(DEGREE_M * middle, DEGREE_M);
    for level in (layer.min_zoom..=layer.max_zoom).rev() {
        let nodes = extent_m / spacing_m(level);
        let [x0, y0, x1, y1] = TileId::touching(level, [low.x, low.y, high.x, high.y])?;
        let count = u64::from(x1 - x0 + 1) * u64::from(y1 - y0 + 1);
        if nodes.x * nodes.y > f64::from(MAX_NODES) || count > MAX_TILES {
            continue;
        }
        let (mut ids, mut any) = (BTreeSet::new(), false);
        for (x, y) in (y0..=y1).flat_map(|y| (x0..=x1).map(move |x| (x, y))) {
            let id = TileId { z: level, x, y };
            any |= layer.has(id);
            ids.extend(first_there(layer, id));
        }
        if any {
            return Some(Tiles { level, ids });
        }
    }
    None
}

/// The tile, or the nearest one above it that is there.
fn first_there(layer: &TerrainLayer, mut id: TileId) -> Option<TileId> {
    loop {
        if layer.has(id) {
            return Some(id);
        }
        id = above(id).filter(|id| id.z >= layer.min_zoom)?;
    }
}

fn above(id: TileId) -> Option<TileId> {
    Some(TileId {
        z: id.z.checked_sub(1)?,
        x: id.x / 2,
        y: id.y / 2,
    })
}

/// The grid without heights: as fine as the tiles, in the part of the asked box that the terrain covers.
fn grid(
    tiles: &Tiles,
    site: SiteFrame,
    asked: (DVec2, DVec2),
    (low, high): (DVec2, DVec2),
) -> Result<HeightGrid, String> {
    let lon_lat = Projection::new(site, "EPSG:4326")?;
    let mut found: Option<(DVec2, DVec2)> = None;
    for i in 0..=LATTICE {
        for j in 0..=LATTICE {
            let t = DVec2::new(f64::from(i), f64::from(j)) / f64::from(LATTICE);
            if let Some(p) = lon_lat.anywhere((low + (high - low) * t).to_array()) {
                let (low, high) = found.unwrap_or((p, p));
                found = Some((low.min(p), high.max(p)));
            }
        }
    }
    let (low, high) = found.ok_or("the terrain has no place in this area")?;
    let (low, high) = (low.max(asked.0), high.min(asked.1));
    let extent = high - low;
    if extent.min_element() <= 0.0 {
        return Err("the terrain has nothing in this area".into());
    }
    let mut cell_m = spacing_m(tiles.level).min(extent.max_element() / FEWEST).max(0.05);
    let count = |cell_m: f64| (extent / cell_m).floor() + 1.0;
    while count(cell_m).x * count(cell_m).y > f64::from(MAX_NODES) {
        cell_m *= 1.05;
    }
    let [columns, rows] = count(cell_m).to_array().map(whole);
    Ok(HeightGrid {
        origin: low,
        step: DVec2::splat(cell_m),
        columns,
        rows,
        heights_m: vec![f32::NAN; columns as usize * rows as usize],
    })
}

/// Where tiles are read from.
struct TileFiles<'a> {
    resources: &'a dyn Resources,
    path: &'a str,
    layer: &'a TerrainLayer,
}

impl TileFiles<'_> {
    fn read(&self, id: TileId) -> Result<TerrainMesh, Problem> {
        let address = self.layer.address(id).unwrap_or_default();
        let path = join(self.path, &address).map_err(|error| error.problem(self.path, "tiles"))?;
        match self.resources.read_at_most(&path, MAX_MESH_BYTES) {
            Ok(bytes) => read_terrain_mesh(&bytes, &path),
            Err(ResourceError::Missing { .. }) => {
                let message = "the tile is missing; a coarser one serves there";
                Err(Problem::error(path, "", message).because(Cause::Missing))
            }
            Err(error) => Err(error.problem(path, "")),
        }
    }

    /// The tile, or the nearest one above it that can be read.
    fn read_or_above(&self, id: TileId, problems: &mut Vec<Problem>) -> Option<(TileId, TerrainMesh)> {
        let mut next = Some(id);
        while let Some(id) = next {
            match self.read(id) {
                Ok(mesh) => return Some((id, mesh)),
                Err(problem) => problems.push(problem),
            }
            next = above(id).and_then(|id| first_there(self.layer, id));
        }
        None
    }
}

/// Draws tiles onto the grid, on all cores; finer ones go over coarser ones.
fn draw(files: &TileFiles<'_>, tiles: &Tiles, site: SiteFrame, grid: &mut HeightGrid, findings: &mut Findings) {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(8);
    let wanted: Vec<TileId> = tiles.ids.iter().copied().collect();
    let next = Mutex::new(wanted.into_iter());
    let drawn = Mutex::new(Vec::new());
    let problems = Mutex::new(Vec::new());
    let frame = Frame {
        origin: grid.origin,
        cell_m: grid.step.x,
        columns: grid.columns,
        rows: grid.rows,
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let id = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(id) = id else { break };
                    let mut found = Vec::new();
                    if let Some((id, mesh)) = files.read_or_above(id, &mut found) {
                        let nodes = frame.draw(id, &mesh, site);
                        drawn.lock().unwrap_or_else(PoisonError::into_inner).push((id, nodes));
                    }
                    problems
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .append(&mut found);
                }
            });
        }
    });
    let mut drawn = drawn.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The same ground however the threads ran: neighbours share their sides.
    drawn.sort_by_key(|(id, _)| *id);
    for (node, height) in drawn.into_iter().flat_map(|(_, nodes)| nodes) {
        if let Some(to) = grid.heights_m.get_mut(node) {
            *to = height;
        }
    }
    let mut problems: Vec<Problem> = problems.into_inner().unwrap_or_else(PoisonError::into_inner);
    problems.sort_by(|a, b| a.path.cmp(&b.path));
    problems.dedup();
    for problem in problems {
        findings.found(problem);
    }
}

/// The grid that is drawn on.
struct Frame {
    origin: DVec2,
    cell_m: f64,
    columns: u32,
    rows: u32,
}

impl Frame {
    /// Heights that a tile gives to nodes.
    fn draw(&self, id: TileId, mesh: &TerrainMesh, site: SiteFrame) -> Vec<(usize, f32)> {
        let middle_m = f64::midpoint(f64::from(mesh.min_height_m), f64::from(mesh.max_height_m));
        let lattice = lattice(id, site, middle_m);
        let places: Vec<Option<DVec3>> = (0..mesh.u.len())
            .map(|i| {
                let at = |list: &[u16]| list.get(i).map(|n| f64::from(*n) / FULL);
                let p = between(&lattice, at(&mesh.u)?, at(&mesh.v)?)?;
                Some(p + DVec3::Z * (mesh.height_m(i) - middle_m))
            })
            .collect();
        let mut nodes = Vec::new();
        for triangle in &mesh.triangles {
            let [Some(a), Some(b), Some(c)] = triangle.map(|i| places.get(i as usize).copied().flatten()) else {
                continue;
            };
            self.triangle([a, b, c], &mut nodes);
        }
        nodes
    }

    fn triangle(&self, corners: [DVec3; 3], nodes: &mut Vec<(usize, f32)>) {
        let [a, b, c] = corners.map(|p| (p.truncate() - self.origin) / self.cell_m);
        let twice = (b - a).perp_dot(c - a);
        if twice.abs() < 1e-12 || !twice.is_finite() {
            return;
        }
        let last = DVec2::new(f64::from(self.columns - 1), f64::from(self.rows - 1));
        let first = (a.min(b).min(c) - 1e-6).ceil().max(DVec2::ZERO);
        let end = (a.max(b).max(c) + 1e-6).floor().min(last);
        if !first.cmple(end).all() {
            return;
        }
        let ([x0, y0], [x1, y1]) = (first.to_array().map(whole), end.to_array().map(whole));
        for y in y0..=y1 {
            for x in x0..=x1 {
                let p = DVec2::new(f64::from(x), f64::from(y));
                let parts = [
                    (c - b).perp_dot(p - b),
                    (a - c).perp_dot(p - c),
                    (b - a).perp_dot(p - a),
                ];
                let parts = parts.map(|part| part / twice);
                // A node on a side belongs to both; it gets the same height from either.
                if parts.iter().all(|part| *part >= -1e-7) {
                    let height: f64 = parts.iter().zip(&corners).map(|(part, corner)| part * corner.z).sum();
                    nodes.push((
                        y as usize * self.columns as usize + x as usize,
                        narrow(DVec3::splat(height))[0],
                    ));
                }
            }
        }
    }
}

/// Places in the site of a lattice over a tile, at one height.
fn lattice(id: TileId, site: SiteFrame, h_m: f64) -> Vec<Option<DVec3>> {
    let [west, south, east, north] = id.bounds_deg();
    let places = (0..=LATTICE).flat_map(|row| (0..=LATTICE).map(move |column| (column, row)));
    places
        .map(|(column, row)| {
            let t = |n: u32| f64::from(n) / f64::from(LATTICE);
            let place = LonLatH {
                lon_deg: west + (east - west) * t(column),
                lat_deg: south + (north - south) * t(row),
                h_m,
            };
            site.site_from_lon_lat_h(place)
                .ok()
                .map(|p| p.0)
                .filter(|p| p.is_finite())
        })
        .collect()
}

/// Between the places of a lattice, parts of a tile from the west and the south.
fn between(lattice: &[Option<DVec3>], u: f64, v: f64) -> Option<DVec3> {
    let split = |t: f64| {
        let t = t.clamp(0.0, 1.0) * f64::from(LATTICE);
        let first = t.floor().min(f64::from(LATTICE - 1));
        (whole(first), t - first)
    };
    let ((column, u), (row, v)) = (split(u), split(v));
    let at = |column: u32, row: u32| lattice.get((row * (LATTICE + 1) + column) as usize).copied().flatten();
    let along = |row: u32| Some(at(column, row)?.lerp(at(column + 1, row)?, u));
    Some(along(row)?.lerp(along(row + 1)?, v))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node on the side between two triangles gets one height, and every node in them one.
    #[test]
    fn triangles_leave_no_gap_between_them() {
        let frame = Frame {
            origin: DVec2::ZERO,
            cell_m: 1.0,
            columns: 11,
            rows: 11,
        };
        let corner = |x: f64, y: f64| DVec3::new(x, y, 2.0 * x + 3.0 * y);
        let mut nodes = Vec::new();
        frame.triangle([corner(0.0, 0.0), corner(10.0, 0.0), corner(10.0, 10.0)], &mut nodes);
        frame.triangle([corner(0.0, 0.0), corner(10.0, 10.0), corner(0.0, 10.0)], &mut nodes);
        let seen: BTreeSet<usize> = nodes.iter().map(|(node, _)| *node).collect();
        assert_eq!(seen.len(), 121);
        for (node, height) in nodes {
            let (x, y) = (node % 11, node / 11);
            let expected = f64::from(u32::try_from(2 * x + 3 * y).unwrap());
            assert!((f64::from(height) - expected).abs() < 1e-4, "{x} {y}: {height}");
        }
    }
}
