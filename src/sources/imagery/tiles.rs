//! A set of tiles as one picture: tiles are fetched, unpacked and kept for the next window.

use super::decode::{TilePicture, decode};
use super::grid::{TileGrid, TileLevel};
use super::pixels::{MAX_WINDOW, PixelLevel, PixelSource, PixelWindow, pixel_count};
use crate::georef::Crs;
use crate::sources::raster::Window;
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

/// Unpacked tiles that are kept for the next window, bytes.
const CACHE_BYTES: usize = 64 << 20;
/// Most tiles of one window.
const MAX_TILES: u64 = 1024;

/// Tiles as they lie in a file, a folder or on a server. Columns and rows count from the upper left corner.
pub trait TileStore: Debug + Send + Sync {
    /// The bytes of a tile; `None` where there is none.
    ///
    /// # Errors
    /// When it is there and cannot be had.
    fn bytes(&self, level: usize, column: u32, row: u32) -> Result<Option<Vec<u8>>, Problem>;

    /// Gets ready the tiles of a window that are far away, several at a time.
    fn fetch_ahead(&self, _level: usize, _tiles: &[(u32, u32)]) {}

    /// What problems call it.
    fn path(&self) -> &str;

    /// Host that is asked.
    fn host(&self) -> Option<&str> {
        None
    }
}

/// A set of tiles as one picture.
#[derive(Debug)]
pub struct TiledPixels<S> {
    store: S,
    grid: TileGrid,
    levels: Vec<PixelLevel>,
    kept: Mutex<Kept>,
}

/// A tile that was looked for; `None` where there is none.
type Found = Option<Arc<TilePicture>>;

/// Tiles that were used last.
#[derive(Debug, Default)]
struct Kept {
    tiles: BTreeMap<(usize, u32, u32), (Found, u64)>,
    bytes: usize,
    clock: u64,
}

impl<S: TileStore> TiledPixels<S> {
    /// Tiles of `store` that lie as `grid` says.
    pub fn new(store: S, grid: TileGrid) -> Self {
        Self {
            levels: grid.levels.iter().map(TileLevel::pixels).collect(),
            grid,
            store,
            kept: Mutex::default(),
        }
    }

    /// How its tiles lie.
    pub fn grid(&self) -> &TileGrid {
        &self.grid
    }

    /// Where they come from.
    pub fn store(&self) -> &S {
        &self.store
    }

    fn tile(&self, level: usize, column: u32, row: u32) -> Result<Option<Arc<TilePicture>>, Problem> {
        let key = (level, column, row);
        if let Some(known) = self.known(key) {
            return Ok(known);
        }
        let place = || format!("tile {}/{column}/{row}", self.grid.levels[level].name);
        let tile = match self.store.bytes(level, column, row)? {
            // Some servers answer with nothing where they have nothing.
            Some(bytes) if !bytes.is_empty() => {
                let tile = decode(&bytes)
                    .map_err(|message| Problem::error(self.store.path(), place(), message).because(Cause::Damaged))?;
                if [tile.width, tile.height] != self.grid.levels[level].tile_px
                    && !is_whole_multiple(&tile, self.grid.levels[level].tile_px)
                {
                    let [wide, high] = self.grid.levels[level].tile_px;
                    let message = format!(
                        "the tile has {} × {} pixels; those of this set have {wide} × {high}",
                        tile.width, tile.height
                    );
                    return Err(Problem::error(self.store.path(), place(), message).because(Cause::Content));
                }
                Some(Arc::new(tile))
            }
            _ => None,
        };
        self.keep(key, tile.clone());
        Ok(tile)
    }

    fn known(&self, key: (usize, u32, u32)) -> Option<Found> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let clock = kept.clock;
        let (tile, used) = kept.tiles.get_mut(&key)?;
        *used = clock;
        Some(tile.clone())
    }

    fn keep(&self, key: (usize, u32, u32), tile: Option<Arc<TilePicture>>) {
        // A note that there is none takes room too.
        let size = |tile: &Option<Arc<TilePicture>>| 128 + tile.as_ref().map_or(0, |tile| tile.pixels.len() * 4);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = kept.clock;
        kept.bytes += size(&tile);
        if let Some((before, _)) = kept.tiles.insert(key, (tile, clock)) {
            kept.bytes -= size(&before);
        }
        if kept.bytes <= CACHE_BYTES {
            return;
        }
        // Down to three quarters at once, so that not every new tile looks through all of them.
        let mut by_age: Vec<(u64, (usize, u32, u32))> =
            kept.tiles.iter().map(|(key, (_, used))| (*used, *key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            if kept.bytes <= CACHE_BYTES / 4 * 3 {
                break;
            }
            if let Some((gone, _)) = kept.tiles.remove(&key) {
                kept.bytes -= size(&gone);
            }
        }
    }
}

/// Whether a tile is two or more times as fine as its set says, as tiles for fine screens are.
fn is_whole_multiple(tile: &TilePicture, [wide, high]: [u32; 2]) -> bool {
    let times = tile.width / wide.max(1);
    times >= 2 && tile.width == wide * times && tile.height == high * times
}

impl<S: TileStore> PixelSource for TiledPixels<S> {
    fn crs(&self) -> Option<Crs> {
        Some(self.grid.crs)
    }

    fn levels(&self) -> &[PixelLevel] {
        &self.levels
    }

    fn extent(&self) -> (DVec2, DVec2) {
        self.grid.extent.unwrap_or_else(|| self.grid.finest_bounds())
    }

    fn focus(&self) -> (DVec2, DVec2) {
        // What a set says of itself is often the whole world.
        self.grid.finest_bounds()
    }

    fn read(&self, level: usize, window: Window) -> Result<PixelWindow, Problem> {
        let wrong = |message: String| Problem::error(self.store.path(), "", message).because(Cause::TooLarge);
        let Some(found) = self.grid.levels.get(level) else {
            return Err(wrong(format!("there is no level {level}")));
        };
        if window.width == 0 || window.height == 0 {
            return Ok(PixelWindow::clear(window));
        }
        let [wide, high] = found.tile_px;
        let (right, bottom) = (
            window.x.saturating_add(window.width),
            window.y.saturating_add(window.height),
        );
        let (columns, rows) = (
            window.x / wide..=(right - 1) / wide,
            window.y / high..=(bottom - 1) / high,
        );
        let count = u64::from(columns.end() - columns.start() + 1) * u64::from(rows.end() - rows.start() + 1);
        if count > MAX_TILES || u64::from(window.width) * u64::from(window.height) > MAX_WINDOW {
            return Err(wrong(format!(
                "{count} tiles would have to be read for one picture: add coarser levels to the set"
            )));
        }
        let wanted: Vec<(u32, u32)> = rows
            .flat_map(|row| columns.clone().map(move |column| (column, row)))
            .filter(|(column, row)| found.has(*column, *row))
            .collect();
        let new: Vec<(u32, u32)> = wanted
            .iter()
            .copied()
            .filter(|(column, row)| self.known((level, *column, *row)).is_none())
            .collect();
        if self.store.host().is_some() && !new.is_empty() {
            self.store.fetch_ahead(level, &new);
        }
        let mut out = PixelWindow {
            pixels: vec![[0; 4]; pixel_count(window)],
            is_empty: true,
            problem: None,
        };
        for (column, row) in wanted {
            match self.tile(level, column, row) {
                Ok(Some(tile)) => {
                    out.is_empty = false;
                    paste(
                        &mut out.pixels,
                        window,
                        &tile,
                        [column * wide, row * high],
                        found.tile_px,
                    );
                }
                Ok(None) => {}
                Err(found) => out.problem = out.problem.or(Some(found)),
            }
        }
        match out.problem {
            Some(problem) if out.is_empty => Err(problem),
            _ => Ok(out),
        }
    }

    fn has_gaps(&self) -> bool {
        true
    }

    fn host(&self) -> Option<&str> {
        self.store.host()
    }
}

/// Copies the part of a tile that lies in a window. A tile that is finer than its set is thinned to means.
fn paste(pixels: &mut [[u8; 4]], window: Window, tile: &TilePicture, [left, top]: [u32; 2], [wide, high]: [u32; 2]) {
    let (x0, x1) = (
        window.x.max(left),
        (window.x + window.width).min(left.saturating_add(wide)),
    );
    let (y0, y1) = (
        window.y.max(top),
        (window.y + window.height).min(top.saturating_add(high)),
    );
    let times = (tile.width / wide.max(1)).max(1);
    for y in y0..y1 {
        let to = (y - window.y) as usize * window.width as usize;
        let to = to + (x0 - window.x) as usize..to + x1.saturating_sub(window.x) as usize;
        if times == 1 {
            let from = (y - top) as usize * tile.width as usize;
            let from = from + (x0 - left) as usize..from + x1.saturating_sub(left) as usize;
            if let (Some(to), Some(from)) = (pixels.get_mut(to), tile.pixels.get(from)) {
                to.copy_from_slice(from);
            }
            continue;
        }
        for (x, pixel) in (x0..x1).zip(pixels.get_mut(to).into_iter().flatten()) {
            let block = (0..times).flat_map(|v| (0..times).map(move |u| (u, v)));
            let block = block.filter_map(|(u, v)| {
                let (column, row) = ((x - left) * times + u, (y - top) * times + v);
                tile.pixels.get(row as usize * tile.width as usize + column as usize)
            });
            *pixel = mean(block);
        }
    }
}

/// Mean colour, each as far as it is opaque, and mean opacity.
pub(super) fn mean<'a>(pixels: impl Iterator<Item = &'a [u8; 4]>) -> [u8; 4] {
    let (mut sum, mut opacity, mut count) = ([0_u32; 3], 0_u32, 0_u32);
    for [red, green, blue, alpha] in pixels {
        let alpha = u32::from(*alpha);
        for (sum, part) in sum.iter_mut().zip([red, green, blue]) {
            *sum += u32::from(*part) * alpha;
        }
        opacity += alpha;
        count += 1;
    }
    let byte = |n: u32| u8::try_from(n.min(255)).unwrap_or(255);
    if opacity == 0 {
        return [0; 4];
    }
    let [red, green, blue] = sum.map(|sum| byte((sum + opacity / 2) / opacity));
    [red, green, blue, byte((opacity + count / 2) / count)]
}
