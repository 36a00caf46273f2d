//! Terrain tiles of an area from sheets of heights, of any size.
//!
//! # How
//! From the finest level up, the heights of every tile are sampled or made from the four below it, and kept in one
//! scratch file. Then from the top down holes are filled from the tile above, and tiles are written. What is in memory
//! is one tile for each level and what the sheets keep, however large the area.
//!
//! # No cracks
//! Every node on a side of a tile is a vertex, and neighbours get the same height there: it is sampled at the same
//! place, filled from the same nodes, and rounded to the same step ([`FINEST_STEP_M`]; a tile with more than 128 m
//! between its lowest and highest takes twice that, or four times). Tiles of different levels meet as they do in every
//! such terrain: skirts hang from the listed vertices of the sides, which `CesiumJS` and we make while drawing. The
//! files hold none.
//!
//! Beyond the sheets, where the area and the coarse tiles go on, the ground runs out at the mean of what is known.

use super::encode::{MeshVertex, write_terrain_mesh};
use super::layer::{Availability, TerrainLayer, write_terrain_layer};
use super::pyramid_grid::{NODES, TileGrid};
use super::sheets::{SheetSet, TerrainSheet, node_spacing_m};
use super::tile_id::TileId;
use super::triangulate::triangulate;
use crate::sources::Problem;
use crate::sources::raster::geo_tiff::single;
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};
use thiserror::Error;

/// Step of heights in tiles: 4 mm. A power of two, so that it is exact in every number.
const FINEST_STEP_M: f64 = 1.0 / 256.0;
/// Finest level that is made: nodes 15 cm apart.
const MAX_ZOOM: u32 = 21;
/// Most tiles.
const MAX_TILES: u64 = 2_000_000;
/// How far triangles may lie from the heights, as a part of the distance between nodes.
const FLATNESS: f64 = 0.02;

/// What to make.
#[derive(Debug, Clone)]
pub struct PyramidRequest<'a> {
    /// Heights; where sheets overlap the first counts.
    pub sheets: &'a [TerrainSheet],
    /// West, south, east, north of the area, degrees.
    pub bounds_deg: [f64; 4],
    /// Finest level; as fine as the sheets when absent.
    pub max_zoom: Option<u32>,
    /// Whom to name.
    pub attribution: &'a str,
    /// Folder to make. It must not be there yet, or be empty.
    pub folder: &'a Path,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PyramidProgress {
    /// Steps done: each tile is one to sample and one to write.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
}

/// What was made.
#[derive(Debug, Clone, PartialEq)]
pub struct PyramidSummary {
    /// Tiles.
    pub tiles: u64,
    /// Finest level.
    pub max_zoom: u32,
    /// Bytes of all tiles.
    pub bytes: u64,
    /// Triangles of all tiles.
    pub triangles: u64,
    /// What was wrong with the sheets.
    pub problems: Vec<Problem>,
}

/// Why nothing was made. What had been written is gone.
#[derive(Debug, Error)]
pub enum PyramidError {
    /// It was stopped.
    #[error("the work was stopped")]
    Cancelled,
    /// A sheet cannot be used.
    #[error("{}", .0)]
    Sheet(Problem),
    /// There is no height in the area.
    #[error("none of the sheets has a height in this area: check the area and the coordinate systems of the sheets")]
    Empty,
    /// The area is none, or has too many tiles.
    #[error(
        "{tiles} tiles at level {max_zoom} and above; at most {most} are made: choose a smaller area or a coarser level"
    )]
    Size {
        /// Tiles.
        tiles: u64,
        /// Finest level.
        max_zoom: u32,
        /// Cap.
        most: u64,
    },
    /// The folder is taken.
    #[error("there is something in the folder already: {}", folder.display())]
    Taken {
        /// Folder.
        folder: PathBuf,
    },
    /// The system refused.
    #[error("cannot write ({source}): {}", path.display())]
    Io {
        /// Reason.
        #[source]
        source: io::Error,
        /// File.
        path: PathBuf,
    },
}

/// Makes the tiles. `progress` is called after every tile; setting `cancel` stops within one tile.
///
/// The folder appears when all is done, at once.
///
/// # Errors
/// [`PyramidError`]; then the folder is as it was.
pub fn write_terrain_pyramid(
    request: &PyramidRequest<'_>,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(PyramidProgress),
) -> Result<PyramidSummary, PyramidError> {
    let max_zoom = request
        .max_zoom
        .unwrap_or_else(|| zoom_of(request.sheets))
        .min(MAX_ZOOM);
    let levels: Option<Vec<[u32; 4]>> = (0..=max_zoom)
        .map(|z| TileId::touching(z, request.bounds_deg))
        .collect();
    let mut levels = levels.unwrap_or_default();
    if let Some(first) = levels.first_mut() {
        // Renderers begin with both halves of the globe.
        *first = [0, 0, 1, 0];
    }
    let tiles: u64 = levels.iter().map(|level| rectangle(*level).count()).sum();
    if tiles == 0 || tiles > MAX_TILES {
        return Err(PyramidError::Size {
            tiles,
            max_zoom,
            most: MAX_TILES,
        });
    }
    let staging = Staging::new(request.folder)?;
    let mut work = Work {
        set: SheetSet::new(request.sheets, max_zoom).map_err(PyramidError::Sheet)?,
        scratch: Scratch::new(&staging.folder, &levels)?,
        levels,
        max_zoom,
        folder: &staging.folder,
        cancel,
        progress,
        at: PyramidProgress {
            done: 0,
            total: tiles * 2,
        },
        bytes: 0,
        triangles: 0,
    };
    let mut roots = Vec::new();
    for x in 0..2 {
        let id = TileId { z: 0, x, y: 0 };
        roots.push((id, work.collect(id)?.unwrap_or_else(TileGrid::empty)));
    }
    let sums = roots.iter().map(|(_, grid)| grid.sum());
    let (sum, count) = sums.fold((0.0, 0), |(sum, count), (s, c)| (sum + s, count + c));
    if count == 0 {
        return Err(PyramidError::Empty);
    }
    for (id, mut grid) in roots {
        grid.fill(single(sum / f64::from(count)));
        work.write(id, &grid)?;
    }
    let layer = TerrainLayer {
        format: "quantized-mesh-1.0".into(),
        version: "1.0.0".into(),
        tiles: vec!["{z}/{x}/{y}.terrain?v={version}".into()],
        max_zoom,
        available: work.levels.iter().map(|level| vec![rectangle(*level)]).collect(),
        bounds_deg: Some(request.bounds_deg),
        attribution: request.attribution.to_owned(),
        ..TerrainLayer::default()
    };
    let summary = PyramidSummary {
        tiles,
        max_zoom,
        bytes: work.bytes,
        triangles: work.triangles,
        problems: std::mem::take(&mut work.set.problems).into_values().collect(),
    };
    drop(work);
    write_file(
        &staging.folder.join("layer.json"),
        write_terrain_layer(&layer).as_bytes(),
    )?;
    staging.finish()?;
    Ok(summary)
}

/// The level whose nodes lie as close as the pixels of the finest sheet.
fn zoom_of(sheets: &[TerrainSheet]) -> u32 {
    let finest_m = sheets.iter().map(TerrainSheet::pixel_m).fold(f64::INFINITY, f64::min);
    (0..MAX_ZOOM)
        .find(|z| node_spacing_m(*z) <= finest_m * 1.25)
        .unwrap_or(MAX_ZOOM)
}

fn rectangle([start_x, start_y, end_x, end_y]: [u32; 4]) -> Availability {
    Availability {
        start_x,
        start_y,
        end_x,
        end_y,
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> PyramidError + '_ {
    move |source| PyramidError::Io {
        source,
        path: path.to_owned(),
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), PyramidError> {
    fs::write(path, bytes).map_err(failed(path))
}

struct Work<'w, 's> {
    set: SheetSet<'s>,
    scratch: Scratch,
    levels: Vec<[u32; 4]>,
    max_zoom: u32,
    folder: &'w Path,
    cancel: &'w AtomicBool,
    progress: &'w mut dyn FnMut(PyramidProgress),
    at: PyramidProgress,
    bytes: u64,
    triangles: u64,
}

impl Work<'_, '_> {
    fn step(&mut self) -> Result<(), PyramidError> {
        self.at.done += 1;
        (self.progress)(self.at);
        if self.cancel.load(Ordering::Relaxed) {
            return Err(PyramidError::Cancelled);
        }
        Ok(())
    }

    fn is_in(&self, id: TileId) -> bool {
        let level = self.levels.get(id.z as usize);
        level.is_some_and(|[x0, y0, x1, y1]| (*x0..=*x1).contains(&id.x) && (*y0..=*y1).contains(&id.y))
    }

    /// Heights of a tile, from the finest level up; kept in the scratch file.
    fn collect(&mut self, id: TileId) -> Result<Option<TileGrid>, PyramidError> {
        if !self.is_in(id) {
            return Ok(None);
        }
        let grid = if id.z == self.max_zoom {
            self.set.tile(id).map_err(PyramidError::Sheet)?
        } else {
            let mut below: [Option<TileGrid>; 4] = Default::default();
            for (grid, child) in below.iter_mut().zip(id.children()) {
                *grid = self.collect(child)?;
            }
            TileGrid::above(&below)
        };
        self.scratch.keep(id, &grid)?;
        self.step()?;
        Ok(Some(grid))
    }

    /// Writes a tile whose heights are all known, and those below it.
    fn write(&mut self, id: TileId, grid: &TileGrid) -> Result<(), PyramidError> {
        self.write_tile(id, grid)?;
        self.step()?;
        for child in id.children() {
            if self.is_in(child) {
                let mut below = self.scratch.get(child)?;
                below.fill_from(grid, child.x % 2 == 1, child.y % 2 == 1);
                self.write(child, &below)?;
            }
        }
        Ok(())
    }

    fn write_tile(&mut self, id: TileId, grid: &TileGrid) -> Result<(), PyramidError> {
        let (bounds, vertices) = quantized(grid);
        let triangles = triangulate(&grid.0, single(node_spacing_m(id.z) * FLATNESS));
        let column = self.folder.join(id.z.to_string()).join(id.x.to_string());
        let path = column.join(format!("{}.terrain", id.y));
        let bytes = write_terrain_mesh(id, bounds, &vertices, &triangles)
            .ok_or_else(|| failed(&path)(io::Error::other("the tile has no place")))?;
        fs::create_dir_all(&column).map_err(failed(&column))?;
        self.bytes += bytes.len() as u64;
        self.triangles += triangles.len() as u64;
        write_file(&path, &bytes)
    }
}

/// Heights in whole steps above the lowest.
fn quantized(grid: &TileGrid) -> ([f64; 2], Vec<MeshVertex>) {
    const FULL: f64 = 32767.0;
    let low = grid.0.iter().copied().fold(f32::INFINITY, f32::min);
    let high = grid.0.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut step = FINEST_STEP_M;
    while (f64::from(high) / step).round() - (f64::from(low) / step).round() > FULL {
        step *= 2.0;
    }
    let lowest = (f64::from(low) / step).round();
    let along = |n: usize| whole(f64::from(u32::try_from(n).unwrap_or(0)) * FULL / 64.0);
    let vertex = |(i, height): (usize, &f32)| MeshVertex {
        u: along(i % NODES),
        v: along(i / NODES),
        height: whole((f64::from(*height) / step).round() - lowest),
    };
    let vertices = grid.0.iter().enumerate().map(vertex).collect();
    ([lowest * step, (lowest + FULL) * step], vertices)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=32767 first and rounded"
)]
fn whole(n: f64) -> u16 {
    n.round().clamp(0.0, 32767.0) as u16
}

/// One file of heights of all tiles, each at a place that its number gives.
struct Scratch {
    file: File,
    path: PathBuf,
    /// First and last columns and rows of each level, and how many tiles come before it.
    levels: Vec<([u32; 4], u64)>,
}

impl Scratch {
    fn new(folder: &Path, levels: &[[u32; 4]]) -> Result<Self, PyramidError> {
        let path = folder.join("heights.scratch");
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(failed(&path))?;
        let mut before = 0;
        let mut placed = Vec::with_capacity(levels.len());
        for level in levels {
            placed.push((*level, before));
            before += rectangle(*level).count();
        }
        Ok(Self {
            file,
            path,
            levels: placed,
        })
    }

    fn seek(&mut self, id: TileId) -> Result<(), PyramidError> {
        let place = self.levels.get(id.z as usize).map(|([x0, y0, x1, _], before)| {
            let wide = u64::from(x1 - x0) + 1;
            before + u64::from(id.y - y0) * wide + u64::from(id.x - x0)
        });
        let at = place.unwrap_or(0) * TileGrid::BYTES as u64;
        self.file.seek(SeekFrom::Start(at)).map_err(failed(&self.path))?;
        Ok(())
    }

    fn keep(&mut self, id: TileId, grid: &TileGrid) -> Result<(), PyramidError> {
        self.seek(id)?;
        self.file.write_all(&grid.to_bytes()).map_err(failed(&self.path))
    }

    fn get(&mut self, id: TileId) -> Result<TileGrid, PyramidError> {
        self.seek(id)?;
        let mut bytes = vec![0; TileGrid::BYTES];
        self.file.read_exact(&mut bytes).map_err(failed(&self.path))?;
        Ok(TileGrid::from_bytes(&bytes))
    }
}

/// A folder beside the one to make, gone when it is not finished.
struct Staging {
    folder: PathBuf,
    target: PathBuf,
}

impl Staging {
    fn new(target: &Path) -> Result<Self, PyramidError> {
        let is_taken = fs::read_dir(target).map_or_else(
            |error| error.kind() != io::ErrorKind::NotFound,
            |mut entries| entries.next().is_some(),
        );
        let name = target.file_name().filter(|_| !is_taken);
        let Some(name) = name else {
            return Err(PyramidError::Taken {
                folder: target.to_owned(),
            });
        };
        let folder = target.with_file_name(format!(".{}.terrain-in-the-making", name.to_string_lossy()));
        if folder.is_dir() {
            // Left behind when the machine went down.
            fs::remove_dir_all(&folder).map_err(failed(&folder))?;
        }
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        Ok(Self {
            folder,
            target: target.to_owned(),
        })
    }

    fn finish(self) -> Result<(), PyramidError> {
        let scratch = self.folder.join("heights.scratch");
        fs::remove_file(&scratch).map_err(failed(&scratch))?;
        if self.target.is_dir() {
            fs::remove_dir(&self.target).map_err(failed(&self.target))?;
        }
        fs::rename(&self.folder, &self.target).map_err(failed(&self.target))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.folder.is_dir() {
            // Nothing can be done about a folder that stays behind; the next run removes it.
            fs::remove_dir_all(&self.folder).unwrap_or_default();
        }
    }
}
