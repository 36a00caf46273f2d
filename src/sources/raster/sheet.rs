//! A part of a `GeoTIFF` as a grid of heights, as fine as it may be.

use super::geo_keys::GeoTransform;
use super::geo_tiff::{GeoTiff, MAX_PIXELS, Reading, Window, single};
use super::height_grid::HeightGrid;
use super::whole;
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;

/// Values that are read at once when several become one node.
const BAND_VALUES: u64 = 8 << 20;

/// Heights of a part of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Nodes in the middles of pixels, in pixels of the full image: x to the right, y up, so that y of the first row is
    /// -0.5. NaN where there is no height.
    pub grid: HeightGrid,
    /// Where they lie.
    pub transform: GeoTransform,
    /// Damaged tiles.
    pub problems: Vec<Problem>,
}

impl Sheet {
    /// Height at a place in the coordinate system of the file; NaN in holes, clamped at the rim.
    pub fn height_at(&self, p: DVec2) -> f64 {
        let pixel = self.transform.pixel_from_file(p);
        self.grid.height_at(DVec2::new(pixel.x, -pixel.y))
    }

    /// The same heights on nodes in the coordinate system of the file, where its rows run east.
    pub fn upright(&self) -> Option<HeightGrid> {
        let transform = &self.transform;
        transform.is_upright().then(|| {
            let pixel = DVec2::new(self.grid.origin.x, -self.grid.origin.y);
            HeightGrid {
                origin: transform.file_from_pixel(pixel),
                step: self.grid.step * transform.pixel_size(),
                ..self.grid.clone()
            }
        })
    }
}

impl GeoTiff {
    /// Pixels of the full image that a box in the coordinate system of the file touches, with one more around;
    /// `None` where it touches none.
    pub fn window_of(&self, low: DVec2, high: DVec2) -> Option<Window> {
        let transform = self.transform()?;
        let size = *self.sizes().first()?;
        let corners =
            [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)].map(|p| transform.pixel_from_file(p));
        let first = corners.iter().fold(DVec2::INFINITY, |a, b| a.min(*b)) - 1.0;
        let last = corners.iter().fold(DVec2::NEG_INFINITY, |a, b| a.max(*b)) + 1.0;
        let full = DVec2::new(f64::from(size.width), f64::from(size.height));
        // Not `<`: what is not a number touches nothing.
        if !(last.cmpgt(DVec2::ZERO).all() && first.cmplt(full).all()) {
            return None;
        }
        let (first, last) = (first.max(DVec2::ZERO).floor(), last.min(full).ceil());
        let window = Window {
            x: whole(first.x),
            y: whole(first.y),
            width: whole(last.x - first.x),
            height: whole(last.y - first.y),
        };
        (window.width > 0 && window.height > 0).then_some(window)
    }

    /// Heights of a window of the full image, on at most `max_nodes` nodes: from an overview that is fine enough, and
    /// where there is none as means of blocks of pixels.
    ///
    /// # Errors
    /// When nothing of the file can be read, or it does not say where it lies.
    pub fn sheet(&self, window: Window, max_nodes: u64) -> Result<Sheet, Problem> {
        let transform = self.placed()?;
        let pixels = |w: &Window| u64::from(w.width) * u64::from(w.height);
        let level = (0..self.sizes().len())
            .rev()
            .find(|level| *level == 0 || pixels(&self.level_window(*level, window)) >= max_nodes.min(pixels(&window)))
            .unwrap_or(0);
        let read = self.level_window(level, window);
        self.check_size(read)?;
        let mut block = 1_u32;
        while u64::from(read.width.div_ceil(block)) * u64::from(read.height.div_ceil(block)) > max_nodes.max(1) {
            block += 1;
        }
        self.sheet_of(transform, level, read, block)
    }

    /// Heights of a window of the full image and a little around it, on nodes at most `spacing` of its pixels apart and
    /// more than half of that. They lie the same whatever the window: sheets beside each other fit.
    ///
    /// # Errors
    /// As [`Self::sheet`].
    pub fn sheet_every(&self, window: Window, spacing: f64) -> Result<Sheet, Problem> {
        let transform = self.placed()?;
        let is_fine = |level: &usize| self.full_from_level(*level).max_element() <= spacing * 1.01;
        let level = (0..self.sizes().len()).rev().find(is_fine).unwrap_or(0);
        let block = whole((spacing * 1.01 / self.full_from_level(level).max_element()).floor()).max(1);
        let (touched, size) = (self.level_window(level, window), self.sizes()[level]);
        let before = |first: u32| first.saturating_sub(block) / block * block;
        let after = |end: u32, most: u32| {
            end.saturating_add(block)
                .div_ceil(block)
                .saturating_mul(block)
                .min(most)
        };
        let (x, y) = (before(touched.x), before(touched.y));
        let read = Window {
            x,
            y,
            width: after(touched.x + touched.width, size.width) - x,
            height: after(touched.y + touched.height, size.height) - y,
        };
        self.check_size(read)?;
        self.sheet_of(transform, level, read, block)
    }

    fn placed(&self) -> Result<GeoTransform, Problem> {
        let message = "the file does not say where it lies";
        let missing = || Problem::error(self.path(), "", message).because(Cause::Place);
        self.transform().ok_or_else(missing)
    }

    fn check_size(&self, read: Window) -> Result<(), Problem> {
        if u64::from(read.width) * u64::from(read.height) <= MAX_PIXELS {
            return Ok(());
        }
        let message = format!(
            "{} × {} pixels would have to be read: add overviews to the file, for example with gdaladdo",
            read.width, read.height
        );
        Err(Problem::error(self.path(), "", message).because(Cause::TooLarge))
    }

    /// A window of a level on nodes in the middles of blocks of `block` by `block` of its pixels.
    fn sheet_of(&self, transform: GeoTransform, level: usize, read: Window, block: u32) -> Result<Sheet, Problem> {
        let reading = self.blocks(level, read, block)?;
        let (columns, rows) = (read.width.div_ceil(block), read.height.div_ceil(block));
        let mut heights_m = reading.values;
        let wide = columns as usize;
        // The file has its rows from north to south.
        for row in 0..rows as usize / 2 {
            let (a, b) = heights_m.split_at_mut((rows as usize - 1 - row) * wide);
            a[row * wide..(row + 1) * wide].swap_with_slice(&mut b[..wide]);
        }
        let scale = self.full_from_level(level);
        let step = scale * f64::from(block);
        let north_west = DVec2::new(f64::from(read.x), f64::from(read.y)) * scale + step * 0.5;
        Ok(Sheet {
            grid: HeightGrid {
                origin: DVec2::new(north_west.x, -north_west.y - f64::from(rows - 1) * step.y),
                step,
                columns,
                rows,
                heights_m,
            },
            transform,
            problems: reading.problems,
        })
    }

    /// A window of the full image in pixels of a level.
    fn level_window(&self, level: usize, window: Window) -> Window {
        let scale = self.full_from_level(level);
        let size = self.sizes()[level];
        let first = |from: u32, scale: f64| whole((f64::from(from) / scale).floor());
        let end = |to: u32, scale: f64, most: u32| whole((f64::from(to) / scale).ceil()).min(most);
        let (x, y) = (
            first(window.x, scale.x).min(size.width - 1),
            first(window.y, scale.y).min(size.height - 1),
        );
        Window {
            x,
            y,
            width: (end(window.x + window.width, scale.x, size.width) - x).max(1),
            height: (end(window.y + window.height, scale.y, size.height) - y).max(1),
        }
    }

    /// A window of a level with the means of blocks of `block` by `block` pixels.
    fn blocks(&self, level: usize, window: Window, block: u32) -> Result<Reading<f32>, Problem> {
        if block == 1 && u64::from(window.width) * u64::from(window.height) <= BAND_VALUES {
            return self.read_heights(level, window);
        }
        let columns = window.width.div_ceil(block) as usize;
        let mut found = Reading {
            values: Vec::with_capacity(columns * window.height.div_ceil(block) as usize),
            problems: Vec::new(),
        };
        let at_once = u64::from(block) * (BAND_VALUES / (u64::from(window.width) * u64::from(block))).max(1);
        let at_once = u32::try_from(at_once).unwrap_or(u32::MAX).min(window.height);
        let mut from = 0;
        while from < window.height {
            let height = at_once.min(window.height - from);
            let band = Window {
                y: window.y + from,
                height,
                ..window
            };
            let reading = self.read_heights(level, band)?;
            found.problems.extend(
                reading
                    .problems
                    .into_iter()
                    .filter(|problem| !found.problems.contains(problem))
                    .collect::<Vec<_>>(),
            );
            let wide = window.width as usize;
            for rows in reading.values.chunks(wide * block as usize) {
                for column in 0..columns {
                    found
                        .values
                        .push(mean(rows, wide, column * block as usize, block as usize));
                }
            }
            from += height;
        }
        found.problems.truncate(20);
        Ok(found)
    }
}

/// Mean of the heights in a block of columns.
fn mean(rows: &[f32], wide: usize, first: usize, block: usize) -> f32 {
    let (mut sum, mut count) = (0.0_f64, 0_u32);
    for row in rows.chunks(wide) {
        for height in &row[first..(first + block).min(wide)] {
            if !height.is_nan() {
                sum += f64::from(*height);
                count += 1;
            }
        }
    }
    if count == 0 {
        f32::NAN
    } else {
        single(sum / f64::from(count))
    }
}
