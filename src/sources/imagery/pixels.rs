//! Levels of pixels with a place, and windows of them.

use crate::georef::Crs;
use crate::sources::Problem;
use crate::sources::raster::{GeoTransform, Window};
use bevy::math::DVec2;
use std::fmt::Debug;

/// Most pixels of one window.
pub(super) const MAX_WINDOW: u64 = 64 << 20;

/// One size of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelLevel {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Where its pixels lie, in the coordinate system of the source.
    pub transform: GeoTransform,
}

impl PixelLevel {
    /// South-west and north-east corner of the box around it, in the coordinate system of the source.
    pub fn bounds(&self) -> (DVec2, DVec2) {
        let far = DVec2::new(f64::from(self.width), f64::from(self.height));
        let corners = [DVec2::ZERO, DVec2::new(far.x, 0.0), far, DVec2::new(0.0, far.y)];
        let corners = corners.map(|pixel| self.transform.file_from_pixel(pixel));
        let low = corners.iter().fold(corners[0], |low, p| low.min(*p));
        (low, corners.iter().fold(corners[0], |high, p| high.max(*p)))
    }
}

/// Pixels of a window of a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelWindow {
    /// Straight sRGB and alpha, rows from the top; alpha 0 where there is no picture.
    pub pixels: Vec<[u8; 4]>,
    /// Whether all of it is clear.
    pub is_empty: bool,
    /// What is damaged or could not be had of it, the first of it; that stays clear.
    pub problem: Option<Problem>,
}

impl PixelWindow {
    /// A window without a picture.
    pub(super) fn clear(window: Window) -> Self {
        Self {
            pixels: vec![[0; 4]; pixel_count(window)],
            is_empty: true,
            problem: None,
        }
    }
}

/// A picture in one coordinate system and several sizes. Usable from any thread.
pub trait PixelSource: Debug + Send + Sync {
    /// Its coordinate system; `None` where it says none.
    fn crs(&self) -> Option<Crs>;

    /// Its sizes, finest first; at least one.
    fn levels(&self) -> &[PixelLevel];

    /// South-west and north-east corner of what it covers, in its coordinate system. There may be holes in it.
    fn extent(&self) -> (DVec2, DVec2) {
        self.levels()
            .first()
            .map_or((DVec2::ZERO, DVec2::ZERO), PixelLevel::bounds)
    }

    /// South-west and north-east corner of where its finest pixels lie.
    fn focus(&self) -> (DVec2, DVec2) {
        self.extent()
    }

    /// Pixels of a window that lies within a level. Parts that are damaged stay clear where others are whole.
    ///
    /// # Errors
    /// When the window is too large, lies outside, or nothing of it can be read.
    fn read(&self, level: usize, window: Window) -> Result<PixelWindow, Problem>;

    /// Whether a level may have holes where a coarser one has a picture.
    fn has_gaps(&self) -> bool {
        false
    }

    /// Host that is asked for pixels; `None` for what lies on this machine.
    fn host(&self) -> Option<&str> {
        None
    }
}

/// How many pixels a window has.
pub(super) fn pixel_count(window: Window) -> usize {
    usize::try_from(u64::from(window.width) * u64::from(window.height)).unwrap_or(usize::MAX)
}
