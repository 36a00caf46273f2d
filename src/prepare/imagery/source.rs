//! Pictures that are drawn into tiles: a file, or the tiles of a service.

use super::super::{PictureInput, PicturesFrom};
use super::mercator::{PLACES, Place, SIDE_PX, STRIDE};
use super::mosaic::Mosaic;
use super::picture::{Picture, behind, mixed};
use crate::georef::{Crs, Transformer, narrow};
use crate::sources::raster::{GeoTiff, GeoTransform, LevelSize, Reading, Window};
use crate::sources::resource::folder;
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use std::path::Path;

/// Most pixels that are read for one tile.
const MAX_PIXELS: u64 = 16 << 20;
/// Parts of the way between two places.
const SHARE: f64 = 1.0 / 16.0;
/// Web Mercator.
const MERCATOR: Crs = Crs(3857);

/// A picture.
pub(super) struct Source {
    pixels: Pixels,
    crs: Crs,
    transform: GeoTransform,
    levels: Vec<LevelSize>,
    /// Value of all bands that stands for nothing.
    nothing: Option<u8>,
    shown: String,
}

enum Pixels {
    Tiff(Box<GeoTiff>),
    Tiles(Mosaic),
}

/// From places to the coordinates of a source. For one thread: PROJ's transformations are.
pub(super) enum Way {
    Rd,
    Mercator,
    Other(Box<Transformer>),
}

impl Source {
    /// Opens a picture, and adds what is odd with it.
    ///
    /// # Errors
    /// What makes it unusable.
    pub(super) fn open(input: &PictureInput, problems: &mut Vec<Problem>) -> Result<Self, Problem> {
        match &input.from {
            PicturesFrom::File(path) => Self::of_file(path, problems),
            PicturesFrom::Tiles { set, zoom, tiles } => {
                let shown = input.source.owner.clone();
                let mosaic = Mosaic::new(*set, *zoom, tiles)
                    .ok_or_else(|| Problem::error(&shown, "", "there are no pictures").because(Cause::Missing))?;
                Ok(Self {
                    crs: Crs(set.epsg()),
                    transform: mosaic.transform(),
                    levels: vec![mosaic.size()],
                    pixels: Pixels::Tiles(mosaic),
                    nothing: None,
                    shown,
                })
            }
        }
    }

    fn of_file(path: &Path, problems: &mut Vec<Problem>) -> Result<Self, Problem> {
        let shown = path.display().to_string();
        let bad = |message: &str, cause: Cause| Problem::error(&shown, "", message).because(cause);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| bad("the name of this file is not plain text; rename it", Cause::Unreadable))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let bytes = folder(parent.unwrap_or(Path::new(".")))
            .open(name, u64::MAX)
            .map_err(|error| error.problem(&shown, ""))?;
        let tiff = GeoTiff::open(bytes, &shown)?;
        let crs = tiff.crs().ok_or_else(|| {
            let message = "it names no coordinate system: write it in, for example with gdal_edit.py -a_srs EPSG:28992";
            bad(message, Cause::Place)
        })?;
        let transform = tiff
            .transform()
            .ok_or_else(|| bad("the file does not say where it lies", Cause::Place))?;
        // Heights and packings that are not read say so here, once.
        let one = Window {
            x: 0,
            y: 0,
            width: 1,
            height: 1,
        };
        tiff.read_colors(0, one)?;
        problems.extend(tiff.problems().iter().cloned());
        let nothing = tiff.no_data().text().and_then(|text| text.trim().parse().ok());
        Ok(Self {
            crs,
            transform,
            levels: tiff.sizes(),
            pixels: Pixels::Tiff(Box::new(tiff)),
            nothing,
            shown,
        })
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

    /// The same places in its pixels; `None` where there is none.
    fn pixels_of(&self, way: &Way, places: &[Option<Place>]) -> Vec<Option<DVec2>> {
        let in_file = |place: &Place| match way {
            Way::Rd => Some(place.rd),
            Way::Mercator => Some(place.mercator),
            Way::Other(transformer) => transformer
                .convert_flat(place.rd.to_array())
                .ok()
                .map(DVec2::from_array),
        };
        let pixels = places.iter().map(|place| {
            let p = self.transform.pixel_from_file(in_file(place.as_ref()?)?);
            p.is_finite().then_some(p)
        });
        pixels.collect()
    }

    /// Pixels of it along the side of one pixel of a tile, where the tile lies; `None` where it has no place.
    pub(super) fn pixels_per_pixel(&self, way: &Way, places: &[Option<Place>]) -> Option<f64> {
        spacing(&self.pixels_of(way, places))
    }

    /// Whether any of the places lies in it, or the box around them does.
    pub(super) fn touches(&self, way: &Way, places: &[Option<Place>]) -> bool {
        bounds(&self.pixels_of(way, places)).is_some_and(|(low, high)| {
            let size = self.size();
            high.cmpgt(DVec2::ZERO).all() && low.cmplt(size).all()
        })
    }

    fn size(&self) -> DVec2 {
        let full = self.levels.first();
        full.map_or(DVec2::ZERO, |full| {
            DVec2::new(f64::from(full.width), f64::from(full.height))
        })
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
        let pixels = self.pixels_of(way, places);
        let (Some((low, high)), Some(spacing)) = (bounds(&pixels), spacing(&pixels)) else {
            return Ok(());
        };
        let full = self.size();
        if !(high.cmpgt(DVec2::ZERO).all() && low.cmplt(full).all()) {
            return Ok(());
        }
        let scale_of = |level: usize| {
            let size = self.levels[level];
            full / DVec2::new(f64::from(size.width), f64::from(size.height))
        };
        let level = (0..self.levels.len())
            .rev()
            .find(|level| scale_of(*level).max_element() <= spacing * 1.01)
            .unwrap_or(0);
        let (scale, size) = (scale_of(level), self.levels[level]);
        let block = whole((spacing * 1.01 / scale.max_element()).floor()).max(1);
        let (first, last) = ((low / scale).floor() - 2.0, (high / scale).ceil() + 2.0);
        // From whole blocks on, so that tiles beside each other see the same ones.
        let from = |first: f64| whole(first) / block * block;
        let to = |last: f64, most: u32| whole(last).div_ceil(block).saturating_mul(block).min(most);
        let (x, y) = (from(first.x), from(first.y));
        let window = Window {
            x,
            y,
            width: to(last.x, size.width).saturating_sub(x),
            height: to(last.y, size.height).saturating_sub(y),
        };
        if u64::from(window.width) * u64::from(window.height) > MAX_PIXELS {
            let message = "its pixels are much finer than those that are made: add overviews to the file, for example \
                           with gdaladdo";
            return Err(Problem::error(&self.shown, "", message).because(Cause::TooLarge));
        }
        let reading = self.read(level, window)?;
        problems.extend(reading.problems);
        let sheet = Sheet::new(reading.values, window, block);
        let in_sheet = scale * f64::from(block);
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
                    *to = behind(*to, sheet.at(p / in_sheet - origin));
                }
            }
        }
        Ok(())
    }

    fn read(&self, level: usize, window: Window) -> Result<Reading<[u8; 4]>, Problem> {
        let mut reading = match &self.pixels {
            Pixels::Tiff(tiff) => tiff.read_colors(level, window)?,
            Pixels::Tiles(mosaic) => mosaic.read(window),
        };
        if let Some(nothing) = self.nothing {
            for pixel in &mut reading.values {
                if pixel[..3] == [nothing; 3] {
                    *pixel = [0; 4];
                }
            }
        }
        Ok(reading)
    }
}

/// Low and high corner of places.
fn bounds(pixels: &[Option<DVec2>]) -> Option<(DVec2, DVec2)> {
    pixels.iter().flatten().fold(None, |bounds: Option<(DVec2, DVec2)>, p| {
        Some(bounds.map_or((*p, *p), |(low, high)| (low.min(*p), high.max(*p))))
    })
}

/// Pixels of a source along one pixel of a tile: between the first two places of the lattice that are known.
fn spacing(pixels: &[Option<DVec2>]) -> Option<f64> {
    let steps = (0..PLACES).flat_map(|row| (0..PLACES - 1).map(move |column| row * PLACES + column));
    steps
        .filter_map(|at| Some((pixels[at]?, pixels[at + 1]?)))
        .map(|(a, b)| a.distance(b) * SHARE)
        .next()
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
    fn at(&self, p: DVec2) -> [u8; 4] {
        if self.pixels.is_empty() {
            return [0; 4];
        }
        let last = DVec2::new(number(self.wide - 1), number(self.high - 1));
        let p = (p - 0.5).clamp(DVec2::ZERO, last);
        let (first, part) = (p.floor(), p - p.floor());
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

/// A whole number of pixels, not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=u32 first, and whole already"
)]
fn whole(pixels: f64) -> u32 {
    pixels.clamp(0.0, f64::from(u32::MAX)) as u32
}
