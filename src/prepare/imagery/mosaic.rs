//! Tiles of one level, as a service has them, as one picture of which windows are read.

use super::picture::Picture;
use crate::sources::online::TileMatrixSet;
use crate::sources::raster::{GeoTransform, LevelSize, Reading, Window};
use crate::sources::{Cause, Problem};
use bevy::math::{DMat2, DVec2};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Pixels along the side of a tile.
const SIDE: u32 = 256;
/// Unpacked tiles that are kept: 16 MB.
const MAX_KEPT: usize = 64;
/// Largest tile, bytes.
const MAX_BYTES: u64 = 8 << 20;

/// Tiles by column and row.
pub(super) struct Mosaic {
    tiles: BTreeMap<(u32, u32), PathBuf>,
    /// First column and row.
    first: (u32, u32),
    /// Columns and rows.
    count: (u32, u32),
    set: TileMatrixSet,
    zoom: u8,
    kept: Mutex<Kept>,
}

/// Unpacked tiles, each with when it was used last.
#[derive(Default)]
struct Kept {
    tiles: BTreeMap<(u32, u32), (Arc<Picture>, u64)>,
    clock: u64,
}

impl Mosaic {
    /// `None` without tiles.
    pub(super) fn new(set: TileMatrixSet, zoom: u8, tiles: &[(u32, u32, PathBuf)]) -> Option<Self> {
        let columns = || tiles.iter().map(|(column, _, _)| *column);
        let rows = || tiles.iter().map(|(_, row, _)| *row);
        let (left, top) = (columns().min()?, rows().min()?);
        let (right, bottom) = (columns().max()?, rows().max()?);
        let tiles = tiles.iter().map(|(column, row, path)| ((*column, *row), path.clone()));
        Some(Self {
            tiles: tiles.collect(),
            first: (left, top),
            count: (right - left + 1, bottom - top + 1),
            set,
            zoom,
            kept: Mutex::default(),
        })
    }

    /// Pixels of all of it.
    pub(super) fn size(&self) -> LevelSize {
        LevelSize {
            width: self.count.0.saturating_mul(SIDE),
            height: self.count.1.saturating_mul(SIDE),
        }
    }

    /// Where it lies, in the metres of its tile matrix set.
    pub(super) fn transform(&self) -> GeoTransform {
        let [west, _, _, north] = self.set.tile_bounds(self.zoom, self.first.0, self.first.1);
        let pixel = self.set.metres_per_pixel(self.zoom);
        GeoTransform {
            corner: DVec2::new(west, north),
            per_pixel: DMat2::from_diagonal(DVec2::new(pixel, -pixel)),
        }
    }

    /// Colours of a window. Tiles that are missing are clear; those that are damaged too, and are told.
    pub(super) fn read(&self, window: Window) -> Reading<[u8; 4]> {
        let mut reading = Reading {
            values: vec![[0; 4]; window.width as usize * window.height as usize],
            problems: Vec::new(),
        };
        if window.width == 0 || window.height == 0 {
            return reading;
        }
        let (right, bottom) = (window.x + window.width, window.y + window.height);
        for row in window.y / SIDE..=(bottom - 1) / SIDE {
            for column in window.x / SIDE..=(right - 1) / SIDE {
                let picture = match self.tile((self.first.0 + column, self.first.1 + row)) {
                    Ok(Some(picture)) => picture,
                    Ok(None) => continue,
                    Err(problem) => {
                        reading.problems.push(problem);
                        continue;
                    }
                };
                let (left, top) = (column * SIDE, row * SIDE);
                let (x0, x1) = (window.x.max(left), right.min(left + SIDE));
                for y in window.y.max(top)..bottom.min(top + SIDE) {
                    let from = ((y - top) * SIDE + (x0 - left)) as usize;
                    let to = (y - window.y) as usize * window.width as usize + (x0 - window.x) as usize;
                    let count = (x1 - x0) as usize;
                    reading.values[to..to + count].copy_from_slice(&picture.0[from..from + count]);
                }
            }
        }
        reading
    }

    fn tile(&self, key: (u32, u32)) -> Result<Option<Arc<Picture>>, Problem> {
        let Some(path) = self.tiles.get(&key) else {
            return Ok(None);
        };
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.clock += 1;
            let clock = kept.clock;
            if let Some((picture, used)) = kept.tiles.get_mut(&key) {
                *used = clock;
                return Ok(Some(picture.clone()));
            }
        }
        let picture = Arc::new(open(path)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = kept.clock;
        kept.tiles.insert(key, (picture.clone(), clock));
        if kept.tiles.len() > MAX_KEPT {
            let oldest = kept.tiles.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                kept.tiles.remove(&oldest);
            }
        }
        Ok(Some(picture))
    }
}

fn open(path: &Path) -> Result<Picture, Problem> {
    let shown = path.display().to_string();
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(|error| {
            Problem::error(&shown, "", format!("it cannot be read ({error})")).because(Cause::Unreadable)
        })?;
    Picture::unpacked(&bytes).map_err(|message| {
        let message = format!("{message}; take it away and run it again: it is fetched anew");
        Problem::error(shown, "", message).because(Cause::Damaged)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_put_together_from_the_tiles_it_touches() {
        let folder = tempfile::tempdir().unwrap();
        let mut tiles = Vec::new();
        for (column, row) in [(10, 20), (11, 20), (11, 21), (12, 21)] {
            let path = folder.path().join(format!("{column}-{row}.jpeg"));
            let color = [
                u8::try_from(column).unwrap() * 10,
                u8::try_from(row).unwrap() * 5,
                90,
                255,
            ];
            fs::write(&path, Picture(vec![color; 65_536]).packed().unwrap()).unwrap();
            tiles.push((column, row, path));
        }
        fs::write(folder.path().join("12-21.jpeg"), "<html>").unwrap();
        let mosaic = Mosaic::new(TileMatrixSet::RdNewQuad, 14, &tiles).unwrap();
        assert_eq!((mosaic.size().width, mosaic.size().height), (768, 512));
        let reading = mosaic.read(Window {
            x: 250,
            y: 250,
            width: 300,
            height: 10,
        });
        let at = |x: usize, y: usize| reading.values[y * 300 + x];
        let near = |p: [u8; 4], color: [u8; 3]| p.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 4) && p[3] == 255;
        assert!(near(at(0, 0), [100, 100, 90]) && near(at(6, 0), [110, 100, 90]) && near(at(6, 6), [110, 105, 90]));
        assert_eq!(at(0, 6), [0; 4], "there is no such tile");
        assert_eq!(at(299, 9), [0; 4], "a damaged one");
        assert_eq!(reading.problems.len(), 1, "{:?}", reading.problems);
        assert!(reading.problems[0].path.ends_with("12-21.jpeg"));
        let bounds = TileMatrixSet::RdNewQuad.tile_bounds(14, 10, 20);
        assert_eq!(mosaic.transform().corner, DVec2::new(bounds[0], bounds[3]));
        assert!(Mosaic::new(TileMatrixSet::RdNewQuad, 14, &[]).is_none());
    }
}
