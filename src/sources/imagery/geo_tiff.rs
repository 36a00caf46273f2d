//! A `GeoTIFF` in colour as a picture.

use super::pixels::{MAX_WINDOW, PixelLevel, PixelSource, PixelWindow};
use crate::georef::Crs;
use crate::sources::raster::{GeoTiff, GeoTransform, Window};
use crate::sources::{Cause, Problem};
use bevy::math::{DMat2, DVec2};
use std::sync::Arc;

/// A `GeoTIFF` in colour.
#[derive(Debug)]
pub struct GeoTiffPixels {
    tiff: Arc<GeoTiff>,
    levels: Vec<PixelLevel>,
}

impl GeoTiffPixels {
    /// A file as a picture.
    ///
    /// # Errors
    /// When it does not say where it lies, or holds no colours.
    pub fn new(tiff: Arc<GeoTiff>) -> Result<Self, Problem> {
        let transform = tiff.transform().ok_or_else(|| {
            Problem::error(tiff.path(), "", "the file does not say where it lies").because(Cause::Place)
        })?;
        tiff.check_colors()?;
        let sizes = tiff.sizes();
        let full = sizes.first().copied();
        let levels = sizes.iter().map(|size| {
            let full = full.unwrap_or(*size);
            let scale = DVec2::new(
                f64::from(full.width) / f64::from(size.width),
                f64::from(full.height) / f64::from(size.height),
            );
            PixelLevel {
                width: size.width,
                height: size.height,
                transform: GeoTransform {
                    corner: transform.corner,
                    per_pixel: transform.per_pixel * DMat2::from_diagonal(scale),
                },
            }
        });
        Ok(Self {
            levels: levels.collect(),
            tiff,
        })
    }

    /// The file.
    pub fn tiff(&self) -> &GeoTiff {
        &self.tiff
    }
}

impl PixelSource for GeoTiffPixels {
    fn crs(&self) -> Option<Crs> {
        self.tiff.crs()
    }

    fn levels(&self) -> &[PixelLevel] {
        &self.levels
    }

    fn read(&self, level: usize, window: Window) -> Result<PixelWindow, Problem> {
        if u64::from(window.width) * u64::from(window.height) > MAX_WINDOW {
            let message = format!(
                "{} × {} pixels would have to be read for one picture: add overviews to the file, for example with gdaladdo",
                window.width, window.height
            );
            return Err(Problem::error(self.tiff.path(), "", message).because(Cause::TooLarge));
        }
        let reading = self.tiff.read_colors(level, window)?;
        let is_empty = reading.values.iter().all(|pixel| pixel[3] == 0);
        match reading.problems.into_iter().next() {
            Some(problem) if is_empty => Err(problem),
            problem => Ok(PixelWindow {
                pixels: reading.values,
                is_empty,
                problem,
            }),
        }
    }
}
