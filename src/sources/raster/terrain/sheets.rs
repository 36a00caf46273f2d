//! Sheets of heights as terrain tiles ask for them: by longitude and latitude, above the ellipsoid.

use super::pyramid_grid::{CELLS, NODES, TileGrid};
use super::tile_id::TileId;
use crate::georef::{Crs, GeorefError, HeightReference, RdNap, Transformer, lon_lat_h_from_rd_nap, rd_from_lon_lat};
use crate::sources::raster::geo_keys::GeoTransform;
use crate::sources::raster::geo_tiff::{GeoTiff, Window, single, usize_of};
use crate::sources::raster::whole;
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use std::{collections::BTreeMap, sync::Arc};

/// Nodes between two places that PROJ is asked for; between them the way to the file is as good as straight.
const STRIDE: usize = 8;
/// Places along the side of a tile.
const PLACES: usize = CELLS / STRIDE + 1;
/// Most pixels that are read for one tile.
const MAX_PIXELS: u64 = 16 << 20;
/// Sheets whose unpacked tiles are kept: where four meet, all four serve.
const MAX_KEPT: usize = 4;
/// A degree of latitude, metres.
const DEGREE_M: f64 = 111_195.0;

/// A sheet of heights.
#[derive(Debug, Clone)]
pub struct TerrainSheet {
    /// The file.
    pub tiff: Arc<GeoTiff>,
    /// System of its x and y.
    pub crs: Crs,
    /// What its heights are measured from.
    pub reference: HeightReference,
}

impl TerrainSheet {
    /// A sheet in the system that its file names.
    ///
    /// # Errors
    /// When the file names none, or cannot be used.
    pub fn new(tiff: Arc<GeoTiff>, reference: HeightReference) -> Result<Self, Problem> {
        let wrong = |message: &str| Problem::error(tiff.path(), "", message).because(Cause::Place);
        if let Some(problem) = tiff.unread() {
            return Err(problem);
        }
        if tiff.transform().is_none() {
            return Err(wrong("the file does not say where it lies"));
        }
        let crs = tiff.crs().ok_or_else(|| {
            wrong("the file names no coordinate system: write it in, for example with gdal_edit.py -a_srs EPSG:28992")
        })?;
        Ok(Self { tiff, crs, reference })
    }

    /// Width of a pixel, metres, about.
    pub(super) fn pixel_m(&self) -> f64 {
        let size = self
            .tiff
            .transform()
            .map_or(1.0, |transform| transform.pixel_size().min_element());
        if is_lon_lat(self.crs) { size * DEGREE_M } else { size }
    }
}

fn is_lon_lat(crs: Crs) -> bool {
    matches!(crs.0, 4326 | 4258 | 4979 | 4937)
}

/// From longitude and latitude to the x and y of files, and from their heights to those above the ellipsoid.
struct Frame {
    crs: Crs,
    reference: HeightReference,
    way: Way,
}

enum Way {
    Rd,
    LonLat,
    Other(Transformer),
}

/// A place in a file and what to add to its heights.
#[derive(Clone, Copy)]
struct Place {
    p: DVec2,
    add_m: f64,
}

impl Frame {
    fn new(crs: Crs, reference: HeightReference) -> Result<Self, GeorefError> {
        let way = match crs.0 {
            28992 | 7415 => Way::Rd,
            _ if is_lon_lat(crs) => Way::LonLat,
            _ => Way::Other(Transformer::new(Crs(4326), crs)?),
        };
        Ok(Self { crs, reference, way })
    }

    /// `None` where the systems do not reach.
    fn place(&self, lon_deg: f64, lat_deg: f64) -> Option<Place> {
        let p = match &self.way {
            Way::Rd => rd_from_lon_lat(lon_deg, lat_deg).ok()?,
            Way::LonLat => DVec2::new(lon_deg, lat_deg),
            Way::Other(transformer) => DVec2::from_array(transformer.convert_flat([lon_deg, lat_deg]).ok()?),
        };
        let add_m = match self.reference {
            HeightReference::Ellipsoid => 0.0,
            HeightReference::Nap => {
                let rd = if matches!(self.way, Way::Rd) {
                    p
                } else {
                    rd_from_lon_lat(lon_deg, lat_deg).ok()?
                };
                let zero = RdNap {
                    x_m: rd.x,
                    y_m: rd.y,
                    nap_m: 0.0,
                };
                lon_lat_h_from_rd_nap(zero).ok()?.h_m
            }
        };
        Some(Place { p, add_m })
    }
}

/// Sheets ready to be asked. Not for several threads: PROJ's transformations are not.
pub(super) struct SheetSet<'s> {
    frames: Vec<Frame>,
    /// Sheet, its frame, and the level of its file that is read.
    sheets: Vec<(&'s TerrainSheet, usize, usize)>,
    /// Sheets that were read last, the latest at the end.
    recent: Vec<usize>,
    /// Damage by file, each once.
    pub(super) problems: BTreeMap<String, Problem>,
}

impl<'s> SheetSet<'s> {
    /// For tiles at level `z`: of each sheet the coarsest level is read that is as fine as their nodes.
    pub(super) fn new(sheets: &'s [TerrainSheet], z: u32) -> Result<Self, Problem> {
        let mut set = Self {
            frames: Vec::new(),
            sheets: Vec::new(),
            recent: Vec::new(),
            problems: BTreeMap::new(),
        };
        let spacing_m = node_spacing_m(z);
        for sheet in sheets {
            let known = set
                .frames
                .iter()
                .position(|f| f.crs == sheet.crs && f.reference == sheet.reference);
            let frame = if let Some(known) = known {
                known
            } else {
                let frame = Frame::new(sheet.crs, sheet.reference)
                    .map_err(|error| Problem::error(sheet.tiff.path(), "", error.to_string()).because(Cause::Place))?;
                set.frames.push(frame);
                set.frames.len() - 1
            };
            let is_fine =
                |level: &usize| sheet.tiff.full_from_level(*level).max_element() * sheet.pixel_m() <= spacing_m * 1.01;
            let level = (0..sheet.tiff.sizes().len()).rev().find(is_fine).unwrap_or(0);
            set.sheets.push((sheet, frame, level));
        }
        Ok(set)
    }

    /// Keeps what a sheet has unpacked, and lets go of that of the one that was used longest ago.
    fn keep(&mut self, sheet: usize) {
        self.recent.retain(|other| *other != sheet);
        self.recent.push(sheet);
        if self.recent.len() > MAX_KEPT {
            let oldest = self.recent.remove(0);
            self.sheets[oldest].0.tiff.forget();
        }
    }

    /// Heights of the nodes of a tile. Where sheets overlap, the first with a height counts.
    pub(super) fn tile(&mut self, id: TileId) -> Result<TileGrid, Problem> {
        let mut grid = TileGrid::empty();
        let mut lattices: Vec<Option<Vec<Option<Place>>>> = self.frames.iter().map(|_| None).collect();
        let mut left = grid.0.len();
        for i in 0..self.sheets.len() {
            let (sheet, frame, level) = self.sheets[i];
            let lattice = lattices[frame].get_or_insert_with(|| lattice(&self.frames[frame], id));
            let Some(pixels) = Pixels::around(sheet, level, lattice, &mut self.problems)? else {
                continue;
            };
            self.keep(i);
            for node in 0..grid.0.len() {
                if grid.0[node].is_nan()
                    && let Some(place) = between(lattice, node % NODES, node / NODES)
                    && let Some(height) = pixels.height_at(place.p)
                {
                    grid.0[node] = single(height + place.add_m);
                    left -= 1;
                }
            }
            if left == 0 {
                break;
            }
        }
        Ok(grid)
    }
}

/// Distance between nodes of tiles at a level, metres north.
pub(super) fn node_spacing_m(z: u32) -> f64 {
    TileId::side_deg(z) / 64.0 * DEGREE_M
}

/// Places in a file of every eighth node of a tile. Longitudes and latitudes come from the number of the node on the
/// whole globe, so that tiles beside each other ask for the same ones.
fn lattice(frame: &Frame, id: TileId) -> Vec<Option<Place>> {
    let step_deg = TileId::side_deg(id.z) / 64.0;
    let degrees = |tile: u32, place: usize| {
        let node = u64::from(tile) * CELLS as u64 + (place * STRIDE) as u64;
        // Exact: fewer than 2^35 nodes, and the step has few digits.
        let (high, low) = (
            u32::try_from(node >> 16).unwrap_or(0),
            u32::try_from(node & 0xFFFF).unwrap_or(0),
        );
        (f64::from(high) * 65536.0 + f64::from(low)) * step_deg
    };
    let places = (0..PLACES).flat_map(|row| (0..PLACES).map(move |column| (column, row)));
    places
        .map(|(column, row)| frame.place(degrees(id.x, column) - 180.0, degrees(id.y, row) - 90.0))
        .collect()
}

/// Place of a node between those of the lattice. Those that count for nothing are not looked at, so that a node on a
/// side depends on that side alone.
fn between(lattice: &[Option<Place>], x: usize, y: usize) -> Option<Place> {
    const PARTS: [f64; STRIDE] = [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875];
    let split = |n: usize| (n / STRIDE, PARTS[n % STRIDE]);
    let ((column, u), (row, v)) = (split(x), split(y));
    let at = |column: usize, row: usize| lattice.get(row * PLACES + column).copied().flatten();
    let mix = |a: Place, b: Place, t: f64| Place {
        p: a.p * (1.0 - t) + b.p * t,
        add_m: a.add_m * (1.0 - t) + b.add_m * t,
    };
    let along = |row: usize| {
        let west = at(column, row)?;
        if u > 0.0 {
            Some(mix(west, at(column + 1, row)?, u))
        } else {
            Some(west)
        }
    };
    let south = along(row)?;
    if v > 0.0 {
        Some(mix(south, along(row + 1)?, v))
    } else {
        Some(south)
    }
}

/// Pixels of a level of a file around a tile.
struct Pixels {
    window: Window,
    transform: GeoTransform,
    /// Pixels of the full image in one of the level.
    scale: DVec2,
    /// Columns and rows of the level.
    size: [u32; 2],
    heights: Vec<f32>,
}

impl Pixels {
    fn around(
        sheet: &TerrainSheet,
        level: usize,
        lattice: &[Option<Place>],
        problems: &mut BTreeMap<String, Problem>,
    ) -> Result<Option<Self>, Problem> {
        let tiff = &sheet.tiff;
        let Some(transform) = tiff.transform() else {
            return Ok(None);
        };
        let (scale, size) = (tiff.full_from_level(level), tiff.sizes()[level]);
        // In pixels of the level, whose middles are at halves.
        let pixels = lattice
            .iter()
            .flatten()
            .map(|place| transform.pixel_from_file(place.p) / scale);
        let (low, high) = pixels.fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(low, high), p| {
            (low.min(p), high.max(p))
        });
        let full = DVec2::new(f64::from(size.width), f64::from(size.height));
        let (low, high) = ((low - 2.0).floor().max(DVec2::ZERO), (high + 2.0).ceil().min(full));
        // Not `>=`: where nothing has a place there are no numbers.
        if !(low.cmplt(high).all()) {
            return Ok(None);
        }
        let [x, y, right, bottom] = [low.x, low.y, high.x, high.y].map(whole);
        let window = Window {
            x,
            y,
            width: right - x,
            height: bottom - y,
        };
        if u64::from(window.width) * u64::from(window.height) > MAX_PIXELS {
            let message = "the pixels are much finer than the terrain: add overviews to the file, for example with gdaladdo, or ask for a finer level";
            return Err(Problem::error(tiff.path(), "", message).because(Cause::TooLarge));
        }
        let reading = tiff.read_heights(level, window)?;
        if let Some(problem) = reading.problems.into_iter().next() {
            problems.entry(tiff.path().to_owned()).or_insert(problem);
        }
        Ok(Some(Self {
            window,
            transform,
            scale,
            size: [size.width, size.height],
            heights: reading.values,
        }))
    }

    /// Height at a place, bilinear between the middles of pixels, up to half a pixel beyond the outer ones. Counted in
    /// pixels of the whole file, so that every window gives the same.
    fn height_at(&self, p: DVec2) -> Option<f64> {
        let t = self.transform.pixel_from_file(p) / self.scale - 0.5;
        let [width, height] = self.size;
        let last = DVec2::new(f64::from(width - 1), f64::from(height - 1));
        let is_near = t.cmpge(DVec2::splat(-0.500_001)).all() && t.cmple(last + 0.500_001).all();
        if !is_near {
            return None;
        }
        let t = t.clamp(DVec2::ZERO, last);
        let (first, part) = (t.floor(), t - t.floor());
        let (x, y) = (whole(first.x), whole(first.y));
        let (x1, y1) = ((x + 1).min(width - 1), (y + 1).min(height - 1));
        let corners = [
            (x, y, (1.0 - part.x) * (1.0 - part.y)),
            (x1, y, part.x * (1.0 - part.y)),
            (x, y1, (1.0 - part.x) * part.y),
            (x1, y1, part.x * part.y),
        ];
        let (mut sum, mut weight) = (0.0, 0.0);
        for (x, y, share) in corners {
            let height = f64::from(self.pixel(x, y));
            if share > 0.0 && !height.is_nan() {
                sum += height * share;
                weight += share;
            }
        }
        (weight > 0.0).then(|| sum / weight)
    }

    fn pixel(&self, x: u32, y: u32) -> f32 {
        let inside = |n: u32, first: u32, count: u32| n.checked_sub(first).filter(|n| *n < count);
        let place = inside(x, self.window.x, self.window.width).zip(inside(y, self.window.y, self.window.height));
        let index = place.map(|(x, y)| usize_of(u64::from(y) * u64::from(self.window.width) + u64::from(x)));
        index.and_then(|i| self.heights.get(i)).copied().unwrap_or(f32::NAN)
    }
}
