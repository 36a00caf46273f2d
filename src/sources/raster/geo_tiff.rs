//! `GeoTIFF` and COG files: what they say of themselves, and windows of heights and of colours.
//!
//! Only the tiles that a window touches are read. A tile that is damaged leaves a hole and is named; the rest is used.

use super::geo_keys::{self, GeoKeys, GeoTransform};
use super::mask::unread_mask;
use super::no_data::NoData;
use super::tiff::{Level, Role, SampleKind, TiffFile, tag};
use crate::georef::{Crs, narrow};
use crate::sources::{Cause, Problem, resource::RandomRead};
use bevy::math::{DVec2, DVec3};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Unpacked tiles that are kept for the next window at most, bytes.
const CACHE_BYTES: usize = 64 << 20;
/// Most pixels of one window of one call, and of all that is read for one grid.
pub(super) const MAX_PIXELS: u64 = 1 << 29;
/// Most values that one window gives back.
const MAX_WINDOW: u64 = 64 << 20;
/// Damaged tiles that are named one by one.
const MAX_NAMED: usize = 5;

/// A rectangle of pixels, from the upper left one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Values of a window and what was wrong with the tiles it touches.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<T> {
    /// Rows from the top, `width * height` values.
    pub values: Vec<T>,
    /// Damaged tiles.
    pub problems: Vec<Problem>,
}

/// Size of the image or of one of its overviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelSize {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// An open `GeoTIFF`. Usable from any thread.
pub struct GeoTiff {
    file: TiffFile,
    pub(super) levels: Vec<Level>,
    /// Images that tell where another one has anything.
    pub(super) masks: Vec<Level>,
    /// What is white in samples of two bytes, once it was asked.
    pub(super) white: OnceLock<u16>,
    keys: GeoKeys,
    transform: Option<GeoTransform>,
    no_data: NoData,
    problems: Vec<Problem>,
    cache: Mutex<Cache>,
    cache_bytes: usize,
}

#[derive(Default)]
struct Cache {
    tiles: BTreeMap<(usize, u16, u64, u64), (Arc<Vec<u8>>, u64)>,
    bytes: usize,
    clock: u64,
}

impl std::fmt::Debug for GeoTiff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GeoTiff")
            .field("path", &self.file.path())
            .field("sizes", &self.sizes())
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl GeoTiff {
    /// Opens a file that problems call `path`.
    ///
    /// # Errors
    /// What makes it unusable.
    pub fn open(source: Arc<dyn RandomRead>, path: &str) -> Result<Self, Problem> {
        let (file, directories, mut problems) = TiffFile::open(source, path)?;
        let mut levels: Vec<Level> = Vec::new();
        let mut masks = Vec::new();
        for (i, directory) in directories.iter().enumerate() {
            match Level::read(&file, directory) {
                Ok(level) if i == 0 => levels.push(level),
                Ok(level) if level.role == Role::Mask => match unread_mask(&level) {
                    Some(message) => {
                        let problem = Problem::warning(file.path(), format!("image {i}"), message);
                        problems.push(problem.because(Cause::NotRead));
                    }
                    None => masks.push(level),
                },
                Ok(level) if level.role == Role::Reduced => levels.push(level),
                Ok(_) => {}
                Err(problem) if i == 0 => return Err(problem),
                Err(problem) => problems.push(Problem {
                    place: format!("image {i}"),
                    ..problem
                }),
            }
        }
        // Only smaller copies of the same kind serve as such.
        let (samples, sample) = (levels[0].samples, levels[0].sample);
        levels.retain(|level| level.samples == samples && level.sample == sample);
        levels[1..].sort_by_key(|level| std::cmp::Reverse(level.width));
        let directory = &directories[0];
        let keys = GeoKeys::read(&file, directory).unwrap_or_else(|problem| {
            problems.push(problem);
            GeoKeys::default()
        });
        let transform = geo_keys::transform(&file, directory, keys.is_point).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        let no_data = NoData::of(file.text(directory, tag::NO_DATA).unwrap_or(None).as_deref());
        Ok(Self {
            file,
            levels,
            masks,
            white: OnceLock::new(),
            keys,
            transform,
            no_data,
            problems,
            cache: Mutex::default(),
            cache_bytes: CACHE_BYTES,
        })
    }

    /// Keeps at most so many bytes of unpacked tiles for the next window: for whoever has many files open.
    #[must_use]
    pub fn keeping(self, bytes: usize) -> Self {
        Self {
            cache_bytes: bytes.min(CACHE_BYTES),
            ..self
        }
    }

    /// Sizes of the image and of its overviews, finest first.
    pub fn sizes(&self) -> Vec<LevelSize> {
        let size = |level: &Level| LevelSize {
            width: level.width,
            height: level.height,
        };
        self.levels.iter().map(size).collect()
    }

    /// Coordinate system that the file names.
    pub fn crs(&self) -> Option<Crs> {
        self.keys.crs
    }

    /// What the keys say.
    pub fn keys(&self) -> &GeoKeys {
        &self.keys
    }

    /// Where the image lies; `None` where the file does not say.
    pub fn transform(&self) -> Option<GeoTransform> {
        self.transform
    }

    /// What stands for no height.
    pub fn no_data(&self) -> &NoData {
        &self.no_data
    }

    /// What is wrong with the file and leaves it usable.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether the file is as long as it says of itself: no tile of its images ends behind it. What is in them is not
    /// looked at.
    pub fn is_whole(&self) -> bool {
        let bytes = self.file.size_bytes();
        let mut images = self.levels.iter().chain(&self.masks);
        images.all(|image| image.ends_within(bytes))
    }

    /// Name of the file in problems.
    pub fn path(&self) -> &str {
        self.file.path()
    }

    /// An image: the levels, then the masks.
    pub(super) fn level(&self, level: usize) -> Option<&Level> {
        self.levels
            .get(level)
            .or_else(|| self.masks.get(level.checked_sub(self.levels.len())?))
    }

    /// What problems of this file begin with.
    pub(super) fn wrong(&self, message: String) -> Problem {
        self.file.problem("", message)
    }

    /// Why its pixels cannot be read, if so.
    pub(super) fn unread(&self) -> Option<Problem> {
        let level = &self.levels[0];
        let problem = |message: String| Some(self.file.problem("", message).because(Cause::NotRead));
        if !level.coding.is_read() {
            let name = level.coding.name();
            return problem(format!(
                "its compression ({name}) is not read: write it with deflate, for example gdal_translate -co COMPRESS=DEFLATE"
            ));
        }
        if !level.sample.is_read() {
            return problem(format!("its samples ({}) are not read", level.sample.name()));
        }
        None
    }

    /// Heights of the first band in a window of a level, metres as the file has them, NaN where there is none.
    ///
    /// # Errors
    /// When no pixel of the file can be read, or the window is too large or outside of the image.
    pub fn read_heights(&self, level: usize, window: Window) -> Result<Reading<f32>, Problem> {
        let found = self.checked(level, window)?;
        let mut heights = Reading {
            values: vec![f32::NAN; usize_of(u64::from(window.width) * u64::from(window.height))],
            problems: Vec::new(),
        };
        let (size, together) = (usize::from(found.sample.bits() / 8), found.samples_together());
        self.each_chunk(level, window, 0, &mut heights.problems, |chunk, rows| {
            for row in rows.list {
                let from = (row.in_chunk * found.chunk[0] as usize + rows.first) * together * size;
                let pixels = chunk[from..].chunks(together * size);
                let to = &mut heights.values[row.in_window..row.in_window + rows.count];
                for (height, pixel) in to.iter_mut().zip(pixels) {
                    *height = self.no_data.height(number(found.sample, &pixel[..size]), found.sample);
                }
            }
        });
        if let Some(filled) = self.filled(level, window, &mut heights.problems) {
            for (height, _) in heights.values.iter_mut().zip(filled).filter(|(_, filled)| !filled) {
                *height = f32::NAN;
            }
        }
        Ok(heights)
    }

    /// South-west and north-east corner of the box around it, in its coordinate system; `None` where it does not say.
    pub fn bounds(&self) -> Option<(DVec2, DVec2)> {
        let (transform, full) = (self.transform?, self.levels.first()?);
        let far = DVec2::new(f64::from(full.width), f64::from(full.height));
        let corners = [DVec2::ZERO, DVec2::new(far.x, 0.0), far, DVec2::new(0.0, far.y)];
        let corners = corners.map(|pixel| transform.file_from_pixel(pixel));
        let low = corners.iter().fold(corners[0], |low, p| low.min(*p));
        Some((low, corners.iter().fold(corners[0], |high, p| high.max(*p))))
    }

    pub(super) fn checked(&self, level: usize, window: Window) -> Result<&Level, Problem> {
        if let Some(problem) = self.unread() {
            return Err(problem);
        }
        let pixels = u64::from(window.width) * u64::from(window.height);
        let found = self.levels.get(level).filter(|found| {
            u64::from(window.x) + u64::from(window.width) <= u64::from(found.width)
                && u64::from(window.y) + u64::from(window.height) <= u64::from(found.height)
        });
        let found = found.ok_or_else(|| self.file.problem("", format!("{window:?} lies outside of the image")))?;
        if pixels > MAX_WINDOW {
            let message = format!("{pixels} pixels at once; at most {MAX_WINDOW} are read");
            return Err(self.file.problem("", message).because(Cause::TooLarge));
        }
        Ok(found)
    }

    /// Calls `take` with each unpacked tile that a window touches and the rows of it that lie in the window.
    pub(super) fn each_chunk(
        &self,
        level: usize,
        window: Window,
        plane: u16,
        problems: &mut Vec<Problem>,
        mut take: impl FnMut(&[u8], Rows),
    ) {
        let Some(found) = self.level(level) else { return };
        let [wide, high] = found.chunk;
        let (right, bottom) = (window.x + window.width, window.y + window.height);
        if window.width == 0 || window.height == 0 {
            return;
        }
        let mut unnamed = 0;
        for row in window.y / high..=(bottom - 1) / high {
            for column in window.x / wide..=(right - 1) / wide {
                let chunk = match self.chunk(level, plane, u64::from(column), u64::from(row)) {
                    Ok(Some(chunk)) => chunk,
                    Ok(None) => continue,
                    Err(problem) => {
                        if problems.len() < MAX_NAMED {
                            problems.push(problem);
                        } else {
                            unnamed += 1;
                        }
                        continue;
                    }
                };
                let (left, top) = (column * wide, row * high);
                let (x0, x1) = (window.x.max(left), right.min(left.saturating_add(wide)));
                let (y0, y1) = (window.y.max(top), bottom.min(top.saturating_add(high)));
                let rows = (y0..y1).map(|y| Row {
                    in_chunk: (y - top) as usize,
                    in_window: (y - window.y) as usize * window.width as usize + (x0 - window.x) as usize,
                });
                take(
                    &chunk,
                    Rows {
                        first: (x0 - left) as usize,
                        count: (x1 - x0) as usize,
                        list: rows.collect(),
                    },
                );
            }
        }
        if unnamed > 0 {
            let message = format!("{unnamed} more tiles are damaged");
            problems.push(self.file.problem("", message).because(Cause::More));
        }
    }

    fn chunk(&self, level: usize, plane: u16, column: u64, row: u64) -> Result<Option<Arc<Vec<u8>>>, Problem> {
        let key = (level, plane, row, column);
        {
            let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.clock += 1;
            let clock = cache.clock;
            if let Some((chunk, used)) = cache.tiles.get_mut(&key) {
                *used = clock;
                return Ok(Some(chunk.clone()));
            }
        }
        let Some(found) = self.level(level) else {
            return Ok(None);
        };
        let Some(bytes) = found.unpack(&self.file, plane, column, row)? else {
            return Ok(None);
        };
        let chunk = Arc::new(bytes);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = cache.clock;
        cache.bytes += chunk.len();
        if let Some((before, _)) = cache.tiles.insert(key, (chunk.clone(), clock)) {
            cache.bytes -= before.len();
        }
        while cache.bytes > self.cache_bytes && cache.tiles.len() > 1 {
            let oldest = cache
                .tiles
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(key, _)| *key);
            let Some((gone, _)) = oldest.and_then(|key| cache.tiles.remove(&key)) else {
                break;
            };
            cache.bytes -= gone.len();
        }
        Ok(Some(chunk))
    }

    /// Lets go of the tiles that were kept.
    pub(super) fn forget(&self) {
        *self.cache.lock().unwrap_or_else(PoisonError::into_inner) = Cache::default();
    }

    /// Place of a place in a level's pixels in those of the full image.
    pub(super) fn full_from_level(&self, level: usize) -> DVec2 {
        let (full, small) = (&self.levels[0], &self.levels[level]);
        DVec2::new(
            f64::from(full.width) / f64::from(small.width),
            f64::from(full.height) / f64::from(small.height),
        )
    }
}

/// Rows of a tile that lie in a window.
pub(super) struct Rows {
    /// First column in the tile.
    pub(super) first: usize,
    /// Columns.
    pub(super) count: usize,
    pub(super) list: Vec<Row>,
}

pub(super) struct Row {
    pub(super) in_chunk: usize,
    /// Place of its first value in the window.
    pub(super) in_window: usize,
}

/// A sample as a number.
pub(super) fn number(kind: SampleKind, bytes: &[u8]) -> f64 {
    let whole = |bytes: &[u8]| {
        let mut padded = [0; 8];
        if cfg!(target_endian = "big") {
            padded[8 - bytes.len()..].copy_from_slice(bytes);
        } else {
            padded[..bytes.len()].copy_from_slice(bytes);
        }
        u64::from_ne_bytes(padded)
    };
    match (kind, bytes) {
        (SampleKind::Float(32), &[a, b, c, d]) => f64::from(f32::from_ne_bytes([a, b, c, d])),
        (SampleKind::Float(64), _) => f64::from_bits(whole(bytes)),
        (SampleKind::Unsigned(8), &[a]) => f64::from(a),
        (SampleKind::Signed(8), &[a]) => f64::from(i8::from_ne_bytes([a])),
        (SampleKind::Unsigned(16), &[a, b]) => f64::from(u16::from_ne_bytes([a, b])),
        (SampleKind::Signed(16), &[a, b]) => f64::from(i16::from_ne_bytes([a, b])),
        (SampleKind::Unsigned(32), &[a, b, c, d]) => f64::from(u32::from_ne_bytes([a, b, c, d])),
        (SampleKind::Signed(32), &[a, b, c, d]) => f64::from(i32::from_ne_bytes([a, b, c, d])),
        _ => f64::NAN,
    }
}

/// A height of a file in single precision: centimetres of kilometres.
pub(super) fn single(height_m: f64) -> f32 {
    narrow(DVec3::splat(height_m))[0]
}

pub(super) fn usize_of(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
