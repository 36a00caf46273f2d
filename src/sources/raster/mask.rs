//! Masks inside a `GeoTIFF`: images that tell of another one where it has anything (TIFF 6.0, `NewSubfileType` 4, as GDAL
//! writes them with `GDAL_TIFF_INTERNAL_MASK`). They hold for pictures and for heights alike.
//!
//! A pixel of a mask is a bit or a byte, zero where there is nothing; a tile that a sparse file leaves out is zero too. A
//! level without a mask of its own size takes the next finer one, in the middle of each of its pixels.

use super::geo_tiff::{GeoTiff, MAX_PIXELS, Window, usize_of};
use super::tiff::{Coding, Level, SampleKind};
use crate::sources::{Cause, Problem};

impl GeoTiff {
    /// Whether another image in the file tells where it has anything.
    pub fn has_mask(&self) -> bool {
        !self.masks.is_empty()
    }

    /// Whether each pixel of a window of a level has anything, rows from the top; `None` where no mask tells. What lies in
    /// a damaged tile of the mask has nothing, and the tile is named.
    pub(super) fn filled(&self, level: usize, window: Window, problems: &mut Vec<Problem>) -> Option<Vec<bool>> {
        let (number, mask) = self.mask_of(level)?;
        let of = &self.levels[level];
        if window.width == 0 || window.height == 0 {
            return None;
        }
        let columns = in_mask(window.x, window.width, of.width, mask.width);
        let rows = in_mask(window.y, window.height, of.height, mask.height);
        let asked = Window {
            x: columns[0],
            y: rows[0],
            width: columns[columns.len() - 1] - columns[0] + 1,
            height: rows[rows.len() - 1] - rows[0] + 1,
        };
        if u64::from(asked.width) * u64::from(asked.height) > MAX_PIXELS {
            let message = "its mask has no smaller copies and is left out here: add overviews to the file, for example with gdaladdo";
            problems.push(Problem::warning(self.path(), "", message).because(Cause::TooLarge));
            return None;
        }
        let mut filled = vec![false; usize_of(u64::from(window.width) * u64::from(window.height))];
        let (wide, asked_wide) = (mask.chunk[0] as usize, asked.width as usize);
        self.each_chunk(number, asked, 0, problems, |chunk, part| {
            let left = part.list.first().map_or(0, |row| row.in_window % asked_wide);
            let touched = between(&columns, asked.x, left, part.count);
            for row in part.list {
                let bits = |column: usize| is_set(chunk, mask, row.in_chunk * row_length(mask, wide), column);
                for to in between(&rows, asked.y, row.in_window / asked_wide, 1) {
                    for at in touched.clone() {
                        let column = part.first + (columns[at] - asked.x) as usize - left;
                        filled[to * columns.len() + at] = bits(column);
                    }
                }
            }
        });
        Some(filled)
    }

    /// The mask for a level and its number as [`Self::level`] counts: one of its size, else the next finer, else the finest.
    fn mask_of(&self, level: usize) -> Option<(usize, &Level)> {
        let of = self.levels.get(level)?;
        let masks = self.masks.iter().enumerate();
        let fine_enough = masks
            .clone()
            .filter(|(_, mask)| mask.width >= of.width && mask.height >= of.height)
            .min_by_key(|(_, mask)| mask.width);
        let (number, mask) = fine_enough.or_else(|| masks.max_by_key(|(_, mask)| mask.width))?;
        Some((self.levels.len() + number, mask))
    }
}

/// Why the pixels of a mask cannot be read, if so.
pub(super) fn unread_mask(mask: &Level) -> Option<String> {
    let is_picture = matches!(mask.coding, Coding::Jpeg | Coding::WebP);
    let reason = if !mask.coding.is_read() {
        format!("compression {}", mask.coding.name())
    } else if mask.samples != 1 {
        format!("{} samples in a pixel", mask.samples)
    } else if mask.sample == SampleKind::Unsigned(8) || mask.sample == SampleKind::Unsigned(1) && !is_picture {
        return None;
    } else {
        format!("samples {}", mask.sample.name())
    };
    Some(format!(
        "a mask in it is not read ({reason}) and is left out; write it with deflate, for example gdal_translate -co COMPRESS=DEFLATE"
    ))
}

/// For pixels of a level from `first` on the pixel of a mask in which the middle of each lies.
fn in_mask(first: u32, count: u32, level: u32, mask: u32) -> Vec<u32> {
    let middle = |at: u32| (2 * u64::from(at) + 1) * u64::from(mask) / (2 * u64::from(level.max(1)));
    (first..first + count)
        .map(|at| u32::try_from(middle(at)).unwrap_or(u32::MAX).min(mask - 1))
        .collect()
}

/// Which of the rising `places`, counted from `origin`, lie in the `count` places from `first` on.
fn between(places: &[u32], origin: u32, first: usize, count: usize) -> std::ops::Range<usize> {
    let below = |end: usize| places.partition_point(|place| ((place - origin) as usize) < end);
    below(first)..below(first + count)
}

/// Bytes of a row of a tile.
fn row_length(mask: &Level, wide: usize) -> usize {
    if mask.sample.bits() == 1 {
        wide.div_ceil(8)
    } else {
        wide
    }
}

fn is_set(chunk: &[u8], mask: &Level, row: usize, column: usize) -> bool {
    if mask.sample.bits() == 1 {
        let byte = chunk.get(row + column / 8).copied().unwrap_or(0);
        byte >> (7 - column % 8) & 1 == 1
    } else {
        chunk.get(row + column).is_some_and(|byte| *byte > 0)
    }
}
