//! A coarse copy of a picture that has none, made once when it is first asked for.
//!
//! Without it, a look at a whole town would read every pixel of an aerial photograph for every square of ground.

use super::pixels::{PixelLevel, PixelSource, PixelWindow, pixel_count};
use super::tiles::mean;
use crate::georef::Crs;
use crate::sources::Problem;
use crate::sources::raster::{GeoTransform, Window};
use bevy::math::{DMat2, DVec2};
use std::sync::{Arc, OnceLock};

/// A level with a longer side than this, pixels, is too fine to be the coarsest one.
const COARSE_ENOUGH: u32 = 4096;
/// Longer side of the copy, pixels, about.
const COPY_SIDE: u32 = 2048;
/// Most pixels that are read to make the copy.
const MAX_READ: u64 = 1 << 29;
/// Pixels that are read at once.
const BAND_PIXELS: u32 = 8 << 20;

/// The same picture with a coarse level that is small, where it can be made.
pub fn with_overview(source: Arc<dyn PixelSource>) -> Arc<dyn PixelSource> {
    Overviewed::of(source.clone()).map_or(source, |overviewed| Arc::new(overviewed))
}

#[derive(Debug)]
struct Overviewed {
    inner: Arc<dyn PixelSource>,
    /// Those of `inner` and the made one.
    levels: Vec<PixelLevel>,
    /// What the copy is made of, in pixels of the coarsest level of `inner`.
    window: Window,
    /// Pixels of that level along the side of one of the copy.
    times: u32,
    made: OnceLock<Result<PixelWindow, Problem>>,
}

impl Overviewed {
    /// `None` where it needs none, or one would cost too much.
    fn of(inner: Arc<dyn PixelSource>) -> Option<Self> {
        if inner.host().is_some() {
            return None;
        }
        let coarsest = *inner.levels().last()?;
        let window = window_of(&coarsest, inner.extent())?;
        let longer = window.width.max(window.height);
        if longer <= COARSE_ENOUGH || u64::from(window.width) * u64::from(window.height) > MAX_READ {
            return None;
        }
        let times = longer.div_ceil(COPY_SIDE);
        let transform = coarsest.transform;
        let copy = PixelLevel {
            width: window.width.div_ceil(times),
            height: window.height.div_ceil(times),
            transform: GeoTransform {
                corner: transform.file_from_pixel(DVec2::new(f64::from(window.x), f64::from(window.y))),
                per_pixel: transform.per_pixel * DMat2::from_diagonal(DVec2::splat(f64::from(times))),
            },
        };
        let mut levels = inner.levels().to_vec();
        levels.push(copy);
        Some(Self {
            inner,
            levels,
            window,
            times,
            made: OnceLock::new(),
        })
    }

    fn make(&self) -> Result<PixelWindow, Problem> {
        let Window { x, y, width, height } = self.window;
        let level = self.levels.len() - 2;
        let columns = width.div_ceil(self.times);
        let mut copy = Vec::with_capacity(columns as usize * height.div_ceil(self.times) as usize);
        let at_once = self.times * (BAND_PIXELS / width.max(1) / self.times).max(1);
        let (mut from, mut problem, mut any): (u32, Option<Problem>, bool) = (0, None, false);
        while from < height {
            let band = Window {
                x,
                y: y + from,
                width,
                height: at_once.min(height - from),
            };
            let pixels = match self.inner.read(level, band) {
                Ok(read) => {
                    any |= !read.is_empty;
                    problem = problem.or(read.problem);
                    read.pixels
                }
                Err(found) => {
                    problem = problem.or(Some(found));
                    PixelWindow::clear(band).pixels
                }
            };
            copy.extend(means(&pixels, width, self.times));
            from += band.height;
        }
        match problem {
            Some(problem) if !any => Err(problem),
            problem => Ok(PixelWindow {
                pixels: copy,
                is_empty: !any,
                problem,
            }),
        }
    }
}

/// Means of blocks of `times` by `times` pixels, in rows of `width` pixels.
pub(super) fn means(pixels: &[[u8; 4]], width: u32, times: u32) -> Vec<[u8; 4]> {
    let (wide, times) = (width as usize, times as usize);
    let mut out = Vec::new();
    for rows in pixels.chunks(wide * times) {
        for column in (0..wide).step_by(times) {
            let block = rows
                .chunks(wide)
                .flat_map(|row| &row[column.min(row.len())..(column + times).min(row.len())]);
            out.push(mean(block));
        }
    }
    out
}

/// The pixels of a level that a box in its coordinate system touches.
fn window_of(level: &PixelLevel, (low, high): (DVec2, DVec2)) -> Option<Window> {
    let corners = [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    let corners = corners.map(|p| level.transform.pixel_from_file(p));
    let full = DVec2::new(f64::from(level.width), f64::from(level.height));
    let first = corners.iter().fold(DVec2::INFINITY, |a, b| a.min(*b)).max(DVec2::ZERO);
    let last = corners.iter().fold(DVec2::NEG_INFINITY, |a, b| a.max(*b)).min(full);
    let [x, y] = (first + 1e-6).floor().to_array().map(crate::sources::raster::whole);
    let [right, bottom] = (last - 1e-6).ceil().to_array().map(crate::sources::raster::whole);
    (right > x && bottom > y).then(|| Window {
        x,
        y,
        width: right - x,
        height: bottom - y,
    })
}

impl PixelSource for Overviewed {
    fn crs(&self) -> Option<Crs> {
        self.inner.crs()
    }

    fn levels(&self) -> &[PixelLevel] {
        &self.levels
    }

    fn extent(&self) -> (DVec2, DVec2) {
        self.inner.extent()
    }

    fn focus(&self) -> (DVec2, DVec2) {
        self.inner.focus()
    }

    fn read(&self, level: usize, window: Window) -> Result<PixelWindow, Problem> {
        if level + 1 < self.levels.len() {
            return self.inner.read(level, window);
        }
        let copy = self.made.get_or_init(|| self.make()).as_ref().map_err(Clone::clone)?;
        let wide = self.levels.last().map_or(1, |level| level.width) as usize;
        let mut out = PixelWindow {
            pixels: Vec::with_capacity(pixel_count(window)),
            is_empty: true,
            problem: copy.problem.clone(),
        };
        for row in window.y..window.y.saturating_add(window.height) {
            let from = row as usize * wide + window.x as usize;
            out.pixels
                .extend_from_slice(copy.pixels.get(from..from + window.width as usize).unwrap_or_default());
        }
        // A window that lies outside gives clear pixels.
        out.pixels.resize(pixel_count(window), [0; 4]);
        out.is_empty = out.pixels.iter().all(|pixel| pixel[3] == 0);
        Ok(out)
    }

    fn has_gaps(&self) -> bool {
        self.inner.has_gaps()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 5000 pixels a side, red tells the column and green the row, in hundreds.
    #[derive(Debug)]
    struct Plain([PixelLevel; 1]);

    impl PixelSource for Plain {
        fn crs(&self) -> Option<Crs> {
            Some(Crs::RD)
        }
        fn levels(&self) -> &[PixelLevel] {
            &self.0
        }
        fn read(&self, _level: usize, window: Window) -> Result<PixelWindow, Problem> {
            let byte = |n: u32| u8::try_from(n / 100).unwrap();
            let rows = window.y..window.y + window.height;
            let pixels =
                rows.flat_map(|y| (window.x..window.x + window.width).map(move |x| [byte(x), byte(y), 0, 255]));
            Ok(PixelWindow {
                pixels: pixels.collect(),
                is_empty: false,
                problem: None,
            })
        }
    }

    #[test]
    fn the_copy_shows_the_same_in_the_same_place() {
        let level = PixelLevel {
            width: 5000,
            height: 4990,
            transform: GeoTransform {
                corner: DVec2::new(100.0, 900.0),
                per_pixel: DMat2::from_diagonal(DVec2::new(0.5, -0.5)),
            },
        };
        let source = with_overview(Arc::new(Plain([level])));
        let [fine, coarse] = source.levels() else {
            panic!("two levels");
        };
        assert_eq!((fine, coarse.width, coarse.height), (&level, 1667, 1664));
        let window = Window {
            x: 400,
            y: 1600,
            width: 2,
            height: 64,
        };
        let read = source.read(1, window).unwrap();
        assert_eq!(read.pixels[0], [12, 48, 0, 255]);
        let place = coarse.transform.file_from_pixel(DVec2::new(400.5, 1600.5));
        let pixel = fine.transform.pixel_from_file(place);
        assert!(pixel.distance(DVec2::new(1201.5, 4801.5)) < 1e-6, "{pixel}");
    }
}
