//! Pictures that are drawn into tiles: a file, or the tiles of a service.

use super::super::{PictureInput, PicturesFrom};
use super::mercator::{PLACES, Place, SIDE_PX, STRIDE};
use super::mosaic::Mosaic;
use super::picture::{Picture, behind, mixed};
use crate::georef::{Crs, Transformer, narrow};
use crate::sources::imagery::{MbTiles, PixelLevel, PixelSource, ServerOptions, TiledPixels, open_description};
use crate::sources::raster::whole;
use crate::sources::raster::{GeoTiff, GeoTransform, LevelSize, Reading, Window};
use crate::sources::resource::folder;
use crate::sources::{Cause, Problem};
use bevy::math::{DMat2, DVec2};
use std::path::Path;
use std::sync::Arc;

/// Most pixels that are read for one tile.
const MAX_PIXELS: u64 = 8 << 20;
/// Unpacked pixels that all files together keep, bytes.
const KEPT_BYTES: usize = 128 << 20;
/// Parts of the way between two places.
const SHARE: f64 = 1.0 / 16.0;
/// Web Mercator.
const MERCATOR: Crs = Crs(3857);

/// A picture.
pub(super) struct Source {
    pixels: Pixels,
    crs: Crs,
    /// Finest first.
    levels: Vec<PixelLevel>,
    /// South-west and north-east corner of all of it, in its own coordinates.
    extent: (DVec2, DVec2),
    shown: String,
}

enum Pixels {
    Tiff(Box<GeoTiff>),
    Tiles(Mosaic),
    Set(Arc<dyn PixelSource>),
}

/// From places to the coordinates of a source. For one thread: PROJ's transformations are.
pub(super) enum Way {
    Rd,
    Mercator,
    Other(Box<Transformer>),
}

impl Source {
    /// Opens a picture, one of so many, and adds what is odd with it.
    ///
    /// # Errors
    /// What makes it unusable.
    pub(super) fn open(input: &PictureInput, of: usize, problems: &mut Vec<Problem>) -> Result<Self, Problem> {
        match &input.from {
            PicturesFrom::File(path) => Self::of_file(path, of, problems),
            PicturesFrom::Tiles { set, zoom, tiles } => {
                let shown = input.source.owner.clone();
                let mosaic = Mosaic::new(*set, *zoom, tiles)
                    .ok_or_else(|| Problem::error(&shown, "", "there are no pictures").because(Cause::Missing))?;
                let levels = levels_of(mosaic.transform(), &[mosaic.size()]);
                Ok(Self {
                    crs: Crs(set.epsg()),
                    extent: extent_of(&levels),
                    levels,
                    pixels: Pixels::Tiles(mosaic),
                    shown,
                })
            }
        }
    }

    fn of_file(path: &Path, of: usize, problems: &mut Vec<Problem>) -> Result<Self, Problem> {
        let shown = path.display().to_string();
        let bad = |message: &str, cause: Cause| Problem::error(&shown, "", message).because(cause);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| bad("the name of this file is not plain text; rename it", Cause::Unreadable))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let resources = folder(parent.unwrap_or(Path::new(".")));
        let missing = "it names no coordinate system: write it in, for example with gdal_edit.py -a_srs EPSG:28992";
        let has_ending = |endings: &[&str]| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| endings.iter().any(|other| ending.eq_ignore_ascii_case(other)))
        };
        let named = |problem: Problem| Problem {
            path: shown.clone(),
            ..problem
        };
        let set: Option<Arc<dyn PixelSource>> = if has_ending(&["mbtiles"]) {
            let opened = MbTiles::open(&*resources, name).map_err(named)?;
            problems.extend(opened.problems.into_iter().map(named));
            Some(Arc::new(TiledPixels::new(opened.store, opened.grid)))
        } else if has_ending(&["xml", "json"]) {
            // Tiles of a server come by --online, politely and with whose they are.
            let offline = ServerOptions {
                cache: None,
                is_offline: true,
                cache_bytes: 0,
            };
            let described = open_description(&resources, name, &offline).map_err(named)?;
            if let Some(host) = described.host {
                let message = format!("its tiles lie at {host}; fetch them first, or use --online");
                return Err(bad(&message, Cause::NotRead));
            }
            Some(described.source)
        } else {
            None
        };
        if let Some(set) = set {
            return Ok(Self {
                crs: set.crs().ok_or_else(|| bad(missing, Cause::Place))?,
                levels: set.levels().to_vec(),
                extent: set.extent(),
                pixels: Pixels::Set(set),
                shown,
            });
        }
        let bytes = resources
            .open(name, u64::MAX)
            .map_err(|error| error.problem(&shown, ""))?;
        let tiff = GeoTiff::open(bytes, &shown)?.keeping(KEPT_BYTES / of.max(1));
        let crs = tiff.crs().ok_or_else(|| bad(missing, Cause::Place))?;
        let transform = tiff
            .transform()
            .ok_or_else(|| bad("the file does not say where it lies", Cause::Place))?;
        // Heights and packings that are not read say so here, once.
        tiff.check_colors()?;
        problems.extend(tiff.problems().iter().cloned());
        let levels = levels_of(transform, &tiff.sizes());
        Ok(Self {
            crs,
            extent: extent_of(&levels),
            levels,
            pixels: Pixels::Tiff(Box::new(tiff)),
            shown,
        })
    }

    /// What is white in it, where its colours have two bytes.
    pub(super) fn white(&self) -> Option<u16> {
        match &self.pixels {
            Pixels::Tiff(tiff) => tiff.white(),
            Pixels::Tiles(_) | Pixels::Set(_) => None,
        }
    }

    /// Takes `white` for what is white, where its colours have two bytes.
    pub(super) fn with_white(mut self, white: u16) -> Self {
        self.pixels = match self.pixels {
            Pixels::Tiff(tiff) => Pixels::Tiff(Box::new(tiff.with_white(white))),
            other => other,
        };
        self
    }

    /// From places to its coordinates.
    ///
    /// # Errors
    /// PROJ knows no way.
    pub(super) fn way(&self) -> Result<Way, Problem> {
        Ok(match self.crs {
            Crs::RD | Crs::RD_NAP => Way::Rd,
            MERCATOR => Way::Mercator,
            crs => Way::Other(Box::new(Transformer::new(Crs::RD, crs).map_err(|error| {
                let message = format!("its coordinates cannot be brought to RD ({error})");
                Problem::error(&self.shown, "", message).because(Cause::Place)
            })?)),
        })
    }

    /// The same places in its coordinates; `None` where there is none.
    fn in_file(way: &Way, places: &[Option<Place>]) -> Vec<Option<DVec2>> {
        let in_file = |place: &Place| match way {
            Way::Rd => Some(place.rd),
            Way::Mercator => Some(place.mercator),
            Way::Other(transformer) => transformer
                .convert_flat(place.rd.to_array())
                .ok()
                .map(DVec2::from_array),
        };
        let places = places
            .iter()
            .map(|place| in_file(place.as_ref()?).filter(|p| p.is_finite()));
        places.collect()
    }

    /// Pixels of its finest level along the side of one pixel of a tile, where the tile lies; `None` where it has no place.
    pub(super) fn pixels_per_pixel(&self, way: &Way, places: &[Option<Place>]) -> Option<f64> {
        let finest = self.levels.first()?.transform.pixel_size().min_element();
        Some(step(&Self::in_file(way, places))? / finest)
    }

    /// Whether the box around the places touches it.
    pub(super) fn touches(&self, way: &Way, places: &[Option<Place>]) -> bool {
        bounds(&Self::in_file(way, places)).is_some_and(|bounds| self.overlaps(bounds))
    }

    fn overlaps(&self, (low, high): (DVec2, DVec2)) -> bool {
        high.cmpgt(self.extent.0).all() && low.cmplt(self.extent.1).all()
    }

    /// Draws it behind what is in a tile already. What is damaged is told, and stays clear.
    ///
    /// # Errors
    /// It cannot be read there at all.
    pub(super) fn draw(
        &self,
        way: &Way,
        places: &[Option<Place>],
        picture: &mut Picture,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Problem> {
        let places = Self::in_file(way, places);
        let (Some(bounds), Some(step)) = (bounds(&places), step(&places)) else {
            return Ok(());
        };
        if !self.overlaps(bounds) {
            return Ok(());
        }
        let is_fine = |level: &PixelLevel| level.transform.pixel_size().max_element() <= step * 1.01;
        let chosen = self.levels.iter().rposition(is_fine).unwrap_or(0);
        self.draw_level(chosen, &places, step, picture, problems)?;
        let has_gaps = matches!(&self.pixels, Pixels::Set(set) if set.has_gaps());
        for level in (chosen + 1..self.levels.len()).filter(|_| has_gaps) {
            if picture.is_whole() {
                break;
            }
            self.draw_level(level, &places, step, picture, problems)?;
        }
        Ok(())
    }

    /// Draws one level; `step` is the size of a pixel of the tile in its coordinates.
    fn draw_level(
        &self,
        level: usize,
        places: &[Option<DVec2>],
        step: f64,
        picture: &mut Picture,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Problem> {
        let PixelLevel {
            width,
            height,
            transform,
        } = self.levels[level];
        let pixels: Vec<Option<DVec2>> = places
            .iter()
            .map(|place| place.map(|p| transform.pixel_from_file(p)))
            .collect();
        let full = DVec2::new(f64::from(width), f64::from(height));
        let Some((low, high)) = bounds(&pixels) else {
            return Ok(());
        };
        if !(high.cmpgt(DVec2::ZERO).all() && low.cmplt(full).all()) {
            return Ok(());
        }
        let block = whole((step * 1.01 / transform.pixel_size().max_element()).floor()).max(1);
        let (first, last) = (low.floor() - 2.0, high.ceil() + 2.0);
        // From whole blocks on, so that tiles beside each other see the same ones.
        let from = |first: f64| whole(first) / block * block;
        let to = |last: f64, most: u32| whole(last).div_ceil(block).saturating_mul(block).min(most);
        let (x, y) = (from(first.x), from(first.y));
        let window = Window {
            x,
            y,
            width: to(last.x, width).saturating_sub(x),
            height: to(last.y, height).saturating_sub(y),
        };
        if u64::from(window.width) * u64::from(window.height) > MAX_PIXELS {
            let message = "its pixels are much finer than those that are made: add overviews to the file, for example \
                           with gdaladdo";
            return Err(Problem::error(&self.shown, "", message).because(Cause::TooLarge));
        }
        let reading = self.read(level, window)?;
        problems.extend(reading.problems);
        let sheet = Sheet::new(reading.values, window, block);
        let origin = DVec2::new(f64::from(window.x), f64::from(window.y)) / f64::from(block);
        for row in 0..SIDE_PX {
            for column in 0..SIDE_PX {
                let to = &mut picture.0[row * SIDE_PX + column];
                if to[3] == 255 {
                    continue;
                }
                let Some(p) = between(&pixels, column, row) else {
                    continue;
                };
                if p.cmpge(DVec2::ZERO).all() && p.cmple(full).all() {
                    *to = behind(*to, sheet.at(p / f64::from(block) - origin));
                }
            }
        }
        Ok(())
    }

    fn read(&self, level: usize, window: Window) -> Result<Reading<[u8; 4]>, Problem> {
        Ok(match &self.pixels {
            Pixels::Tiff(tiff) => tiff.read_colors(level, window)?,
            Pixels::Tiles(mosaic) => mosaic.read(window),
            Pixels::Set(set) => {
                let read = set.read(level, window)?;
                Reading {
                    values: read.pixels,
                    problems: read.problem.into_iter().collect(),
                }
            }
        })
    }
}

/// Low and high corner of places.
fn bounds(pixels: &[Option<DVec2>]) -> Option<(DVec2, DVec2)> {
    pixels.iter().flatten().fold(None, |bounds: Option<(DVec2, DVec2)>, p| {
        Some(bounds.map_or((*p, *p), |(low, high)| (low.min(*p), high.max(*p))))
    })
}

/// Size of a pixel of a tile in the coordinates of a source: between the first two places of the lattice that are known.
fn step(places: &[Option<DVec2>]) -> Option<f64> {
    let steps = (0..PLACES).flat_map(|row| (0..PLACES - 1).map(move |column| row * PLACES + column));
    steps
        .filter_map(|at| Some((places[at]?, places[at + 1]?)))
        .map(|(a, b)| a.distance(b) * SHARE)
        .next()
}

/// The sizes of one picture that all cover the same land.
fn levels_of(transform: GeoTransform, sizes: &[LevelSize]) -> Vec<PixelLevel> {
    let size = |size: &LevelSize| DVec2::new(f64::from(size.width), f64::from(size.height));
    let full = sizes.first().map_or(DVec2::ONE, size);
    let level = |of: &LevelSize| PixelLevel {
        width: of.width,
        height: of.height,
        transform: GeoTransform {
            per_pixel: transform.per_pixel * DMat2::from_diagonal(full / size(of)),
            ..transform
        },
    };
    sizes.iter().map(level).collect()
}

fn extent_of(levels: &[PixelLevel]) -> (DVec2, DVec2) {
    levels.first().map_or((DVec2::ZERO, DVec2::ZERO), PixelLevel::bounds)
}

/// Where the middle of a pixel of a tile lies, between the places around it.
fn between(pixels: &[Option<DVec2>], column: usize, row: usize) -> Option<DVec2> {
    let part = |n: usize| (f64::from(u32::try_from(n % STRIDE).unwrap_or(0)) + 0.5) * SHARE;
    let at = row / STRIDE * PLACES + column / STRIDE;
    let along = |at: usize| Some(pixels[at]?.lerp(pixels[at + 1]?, part(column)));
    Some(along(at)?.lerp(along(at + PLACES)?, part(row)))
}

/// Pixels of a window, of which blocks were made one.
struct Sheet {
    pixels: Vec<[u8; 4]>,
    wide: usize,
    high: usize,
}

impl Sheet {
    fn new(pixels: Vec<[u8; 4]>, window: Window, block: u32) -> Self {
        if block == 1 {
            return Self {
                pixels,
                wide: window.width as usize,
                high: window.height as usize,
            };
        }
        let (width, side) = (window.width as usize, block as usize);
        let (wide, high) = (width.div_ceil(side), (window.height as usize).div_ceil(side));
        let mut means = Vec::with_capacity(wide * high);
        let mut one = Vec::with_capacity(side * side);
        for rows in pixels.chunks(width * side) {
            for left in (0..width).step_by(side) {
                one.clear();
                for row in rows.chunks(width) {
                    one.extend(row[left..(left + side).min(width)].iter().map(|pixel| (*pixel, 1.0)));
                }
                means.push(mixed(&one));
            }
        }
        Self {
            pixels: means,
            wide,
            high,
        }
    }

    /// Colour at a place in its pixels, whose middles are at halves: between the four around it.
    fn at(&self, place: DVec2) -> [u8; 4] {
        if self.pixels.is_empty() {
            return [0; 4];
        }
        let last = DVec2::new(number(self.wide - 1), number(self.high - 1));
        let place = (place - 0.5).clamp(DVec2::ZERO, last);
        let (first, part) = (place.floor(), place - place.floor());
        let (x, y) = (whole(first.x) as usize, whole(first.y) as usize);
        let (x1, y1) = ((x + 1).min(self.wide - 1), (y + 1).min(self.high - 1));
        let [u, v, _] = narrow(part.extend(0.0));
        let pixel = |x: usize, y: usize| self.pixels[y * self.wide + x];
        mixed(&[
            (pixel(x, y), (1.0 - u) * (1.0 - v)),
            (pixel(x1, y), u * (1.0 - v)),
            (pixel(x, y1), (1.0 - u) * v),
            (pixel(x1, y1), u * v),
        ])
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
