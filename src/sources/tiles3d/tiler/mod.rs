//! Features to a tree of tiles, out of core: however large the area, memory holds a bounded part of it.
//!
//! 1. **In** (`ingest`): each feature is checked and put down in a file for its square of about 4 km (`.work` in the
//!    output folder, gone at the end). At most 32 MB wait in memory; a hash of each id stays there,
//!    10 to 21 bytes, unless the caller knows that they are distinct.
//! 2. **Tree** (`tree`): a quadtree over the source's horizontal coordinates, built depth first. A file above 24 MB
//!    is dealt out to its four quarters on disk; a smaller one is read and split in memory, down to leaves of at most
//!    [`Tiler::leaf_triangles`] or one feature. Leaves hold full detail with error 0.
//! 3. **Parents** (`simplify`): what the children show, simplified to [`Tiler::coarse_triangles`] with the error that
//!    was measured; they are replaced by their children. A finished subtree of many tiles becomes an external tileset,
//!    so that the tree does not grow in memory either.
//!
//! On each thread that is one file of 24 MB, four times that unpacked, and what up to three finished brothers a level
//! show (some MB): below 400 MB for any area. The same input gives the same bytes, with any number of threads.
//!
//! Coordinates: the source's own (`f64`), each corner taken to ECEF by PROJ, from there metres around a feature's or a
//! tile's middle. Heights of a CRS without heights are taken as NAP for RD (EPSG:28992) and as ellipsoidal elsewhere.

mod assemble;
mod feature;
mod images;
mod ingest;
mod look;
mod record;
mod schema;
mod simplify;
mod spill;
mod split;
mod tree;

pub use images::{ImageBytes, images_beside};
pub use look::face_color;

use super::write::{FolderSink, MemorySink, SinkError, TileSink};
use crate::georef::{Crs, GeorefError, Transformer};
use crate::sources::{Cause, CityFeature, Problem, resource::Resources};
use std::{
    io,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};
use thiserror::Error;

/// Most problems kept of one run.
const MAX_PROBLEMS: usize = 1_000;
/// Most features of one tile: a row is a number of 16 bits, and a parent starts with those of four children.
const MAX_FEATURES: usize = 16_000;
/// Folder for temporary files in the output folder.
const WORK: &str = ".work";

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Features done in this stage.
    pub done: u64,
    /// Features in all; 0 while that is not known.
    pub total: u64,
}

/// Part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Features come in.
    Reading,
    /// Tiles are made.
    Tiling,
}

/// Why there is no tileset.
#[derive(Debug, Error)]
pub enum TilerError {
    /// Nothing came in that can be tiled; the problems say why.
    #[error("there is nothing to make tiles of")]
    Nothing {
        /** What is wrong with what came in. */
        problems: Vec<Problem>,
    },
    /// The cancel flag was set. What was written is no tileset yet.
    #[error("the work was cancelled")]
    Cancelled,
    /// The coordinate reference system cannot be taken to ECEF.
    #[error("the coordinates cannot be used ({source}): {crs}")]
    Crs {
        /** Reason. */
        #[source]
        source: GeorefError,
        /** As given. */
        crs: Crs,
    },
    /// A file could not be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// Temporary files could not be written or read.
    #[error("temporary files cannot be used ({source})")]
    Spill {
        /** Reason. */
        #[from]
        source: io::Error,
    },
    /// A fault of this program.
    #[error("a tile could not be made: {reason}")]
    Unexpected {
        /** What is known of it. */
        reason: String,
    },
}

/// What a run made.
#[derive(Debug, Clone, PartialEq)]
pub struct TilerReport {
    /// Features in the leaves.
    pub features: u64,
    /// Triangles in the leaves.
    pub triangles: u64,
    /// Tiles with content.
    pub tiles: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Geometric error of the root tile, metres.
    pub root_error_m: f64,
    /// What was wrong with the input, in its order; the rest of it is in the tiles.
    pub problems: Vec<Problem>,
}

/// Settings of a run.
#[derive(Clone)]
pub struct Tiler<'a> {
    /// What to call the input in problems.
    pub name: String,
    /// Coordinates of the input; RD without height (EPSG:28992) means heights in NAP.
    pub crs: Crs,
    /// Most triangles of a leaf with more than one feature.
    pub leaf_triangles: usize,
    /// Most triangles of a tile above the leaves.
    pub coarse_triangles: usize,
    /// The caller knows that no two features have the same id: then no ids are kept to tell them apart.
    pub has_distinct_ids: bool,
    /// Threads that make tiles.
    pub threads: usize,
    /// Finds pictures by their names. Called from several threads.
    pub images: ImageBytes<'a>,
    /// Told how far the run is. Called from several threads.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Set by whoever wants the run to end early.
    pub cancel: &'a AtomicBool,
}

impl std::fmt::Debug for Tiler<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tiler")
            .field("name", &self.name)
            .field("crs", &self.crs)
            .finish_non_exhaustive()
    }
}

impl Tiler<'_> {
    /// The usual settings: leaves of at most 8,000 triangles, two threads, no pictures.
    pub fn new(name: impl Into<String>, crs: Crs) -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self {
            name: name.into(),
            crs,
            leaf_triangles: 8_000,
            coarse_triangles: 12_000,
            has_distinct_ids: false,
            threads: 2,
            images: &no_image,
            progress: &unheard,
            cancel: &NEVER,
        }
    }

    /// Tiles `features` into a folder, with temporary files in a folder of their own inside it.
    ///
    /// # Errors
    /// [`TilerError`]; what is wrong with single features is told in the report.
    pub fn tile_into_folder(
        &self,
        features: impl Iterator<Item = CityFeature>,
        folder: &Path,
    ) -> Result<TilerReport, TilerError> {
        let sink = FolderSink::new(folder)?;
        let work = folder.join(WORK);
        // What an earlier run left behind would be mixed into this one.
        spill::clear(&work)?;
        let report = self.tile(features, &sink, Some(&work));
        let cleared = spill::clear(&work);
        let report = report?;
        cleared?;
        Ok(report)
    }

    /// Tiles `features` in memory, to be read as `tileset.json` like a folder.
    ///
    /// # Errors
    /// As [`Tiler::tile_into_folder`].
    pub fn tile_in_memory(
        &self,
        features: impl Iterator<Item = CityFeature>,
    ) -> Result<(Arc<dyn Resources>, TilerReport), TilerError> {
        let sink = MemorySink::default();
        let report = self.tile(features, &sink, None)?;
        Ok((sink.into_resources(&self.name), report))
    }

    /// Tiles `features` into `sink`; `work` is a folder for temporary files, without which all features stay in memory.
    ///
    /// # Errors
    /// As [`Tiler::tile_into_folder`].
    pub fn tile(
        &self,
        features: impl Iterator<Item = CityFeature>,
        sink: &dyn TileSink,
        work: Option<&Path>,
    ) -> Result<TilerReport, TilerError> {
        let ingested = ingest::ingest(self, features, work)?;
        tree::build(self, ingested, sink)
    }

    /// A transformation to ECEF for one thread.
    fn to_ecef(&self) -> Result<Transformer, TilerError> {
        let crs = if self.crs == Crs::RD { Crs::RD_NAP } else { self.crs };
        Transformer::new(crs, Crs::ECEF).map_err(|source| TilerError::Crs { source, crs: self.crs })
    }
}

/// Tiles `features`, whose coordinates are `crs`, in memory: a file of a city model opened as if it were a tileset.
///
/// # Errors
/// As [`Tiler::tile_into_folder`].
pub fn tile_in_memory(
    features: impl Iterator<Item = CityFeature>,
    crs: Crs,
    name: &str,
) -> Result<(Arc<dyn Resources>, TilerReport), TilerError> {
    Tiler::new(name, crs).tile_in_memory(features)
}

fn no_image(_name: &str) -> Result<Vec<u8>, String> {
    Err("pictures were not asked for".to_owned())
}

fn unheard(_progress: Progress) {}

/// Problems up to a number, then one line for the rest.
#[derive(Debug, Default)]
struct Problems {
    list: Vec<Problem>,
    more: u64,
}

impl Problems {
    fn push(&mut self, problem: Problem) {
        if self.list.len() < MAX_PROBLEMS {
            self.list.push(problem);
        } else {
            self.more += 1;
        }
    }

    fn append(&mut self, other: Self) {
        self.more += other.more;
        other.list.into_iter().for_each(|problem| self.push(problem));
    }

    fn into_list(mut self, path: &str) -> Vec<Problem> {
        if self.more > 0 {
            let message = format!("{} more problems are not listed", self.more);
            self.list.push(Problem::error(path, "", message).because(Cause::More));
        }
        self.list
    }
}
