//! The tiles of all levels, from the finest up. What is in memory is a handful of tiles for each level and worker, however
//! large the area.
//!
//! The work is cut into the tiles of one middle level with all that is below each: one after the other, by several workers.
//! Each leaves a mark when it is done, so that a run that was killed goes on with the next one; what lies above is made of
//! the files of that level, so that it is the same whoever made them and when.

use super::mercator::PictureTile;
use super::picture::Picture;
use super::source::{Source, Way};
use crate::prepare::PrepareError;
use crate::sources::Problem;
use crate::sources::online::TileRange;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Most pieces that the work is cut into.
const MAX_PIECES: u64 = 256;
/// Most workers: more would wait for the disk.
const MAX_WORKERS: usize = 4;
/// Problems that are told.
const MOST_TOLD: usize = 20;
/// Ending of all tiles, whatever is in them: the address of a tile has one ending.
pub(super) const ENDING: &str = "jpg";
/// Folder of the marks.
const MARKS: &str = "done";

/// What is made.
pub(super) struct Pyramid<'a> {
    pub(super) sources: &'a [Source],
    /// Finest level and its tiles.
    pub(super) zoom: u8,
    pub(super) range: TileRange,
    /// Folder to fill; may hold what a run before left.
    pub(super) folder: &'a Path,
    /// Told the tiles done, all of them, and bytes written.
    pub(super) told: &'a (dyn Fn(u64, u64, u64) + Sync),
}

/// What was made.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) tiles: u64,
    /// Coarsest level.
    pub(super) coarsest: u8,
    pub(super) problems: Vec<Problem>,
}

impl Pyramid<'_> {
    /// Makes all tiles.
    ///
    /// # Errors
    /// The first one that ends all: no room, a source that is gone.
    pub(super) fn make(&self) -> Result<Made, PrepareError> {
        let coarsest = (0..=self.zoom).rev().find(|zoom| self.range_at(*zoom).count() == 1);
        let coarsest = coarsest.unwrap_or(0);
        let middle = (coarsest..=self.zoom)
            .rev()
            .find(|zoom| self.range_at(*zoom).count() <= MAX_PIECES);
        let middle = middle.unwrap_or(coarsest);
        let state = State {
            total: (coarsest..=self.zoom).map(|zoom| self.range_at(zoom).count()).sum(),
            ..State::default()
        };
        self.make_pieces(middle, &state)?;
        // What is above the pieces: few tiles, of files.
        for zoom in (coarsest..middle).rev() {
            for (column, row) in self.range_at(zoom).tiles() {
                let tile = PictureTile { zoom, column, row };
                let mut below = [const { None }; 4];
                for (place, tile) in below.iter_mut().zip(tile.below()) {
                    *place = self.written(tile)?;
                }
                if below.iter().any(Option::is_some) {
                    self.write(tile, &Picture::above(&below), &state)?;
                }
                self.step(&state);
            }
        }
        let marks = self.folder.join(MARKS);
        fs::remove_dir_all(&marks).map_err(|error| PrepareError::cannot_write(&marks, error))?;
        Ok(Made {
            tiles: state.tiles.into_inner(),
            coarsest,
            problems: state.problems.into_inner().unwrap_or_else(PoisonError::into_inner),
        })
    }

    fn range_at(&self, zoom: u8) -> TileRange {
        let up = self.zoom - zoom;
        TileRange {
            columns: self.range.columns.map(|column| column >> up),
            rows: self.range.rows.map(|row| row >> up),
        }
    }

    fn is_in(&self, tile: PictureTile) -> bool {
        let TileRange { columns, rows } = self.range_at(tile.zoom);
        (columns[0]..=columns[1]).contains(&tile.column) && (rows[0]..=rows[1]).contains(&tile.row)
    }

    fn make_pieces(&self, middle: u8, state: &State) -> Result<(), PrepareError> {
        let marks = self.folder.join(MARKS);
        fs::create_dir_all(&marks).map_err(|error| PrepareError::cannot_write(&marks, error))?;
        let pieces: Vec<PictureTile> = self
            .range_at(middle)
            .tiles()
            .map(|(column, row)| PictureTile {
                zoom: middle,
                column,
                row,
            })
            .collect();
        let next = AtomicUsize::new(0);
        let failed: Mutex<Option<PrepareError>> = Mutex::default();
        let is_stopped = AtomicBool::new(false);
        let work = || {
            let done = self.ways().and_then(|ways| {
                while !is_stopped.load(Ordering::Relaxed) {
                    let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        break;
                    };
                    self.make_piece(*piece, &ways, &marks, state)?;
                }
                Ok(())
            });
            if let Err(error) = done {
                is_stopped.store(true, Ordering::Relaxed);
                let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                failed.get_or_insert(error);
            }
        };
        let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        thread::scope(|scope| {
            for _ in 0..workers.min(MAX_WORKERS).min(pieces.len()) {
                scope.spawn(work);
            }
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn ways(&self) -> Result<Vec<Way>, PrepareError> {
        let ways: Result<Vec<Way>, Problem> = self.sources.iter().map(Source::way).collect();
        ways.map_err(|problem| PrepareError::Problems(vec![problem]))
    }

    fn make_piece(&self, piece: PictureTile, ways: &[Way], marks: &Path, state: &State) -> Result<(), PrepareError> {
        let mark = marks.join(format!("{}-{}", piece.column, piece.row));
        if let Some(tiles) = fs::read_to_string(&mark).ok().and_then(|text| text.parse().ok()) {
            state.tiles.fetch_add(tiles, Ordering::Relaxed);
            state.done.fetch_add(self.count_below(piece), Ordering::Relaxed);
            self.tell(state);
            return Ok(());
        }
        let mut own = Piece::default();
        self.make_tile(piece, ways, &mut own, state)?;
        if own.problems.is_empty() {
            // What is odd is to be told by the next run too: such a piece is made again.
            fs::write(&mark, own.tiles.to_string()).map_err(|error| PrepareError::cannot_write(&mark, error))?;
        }
        let mut problems = state.problems.lock().unwrap_or_else(PoisonError::into_inner);
        for problem in own.problems {
            if problems.len() < MOST_TOLD && !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        Ok(())
    }

    /// Tiles at and below one, empty ones too.
    fn count_below(&self, piece: PictureTile) -> u64 {
        if !self.is_in(piece) {
            return 0;
        }
        let below = if piece.zoom < self.zoom {
            piece.below().map(|tile| self.count_below(tile)).iter().sum()
        } else {
            0
        };
        below + 1
    }

    /// A tile and what is below it; `None` where there is nothing.
    fn make_tile(
        &self,
        tile: PictureTile,
        ways: &[Way],
        own: &mut Piece,
        state: &State,
    ) -> Result<Option<Picture>, PrepareError> {
        if !self.is_in(tile) {
            return Ok(None);
        }
        let picture = if tile.zoom == self.zoom {
            draw(self.sources, ways, tile, &mut own.problems)
        } else {
            let mut below = [const { None }; 4];
            for (place, tile) in below.iter_mut().zip(tile.below()) {
                *place = self.make_tile(tile, ways, own, state)?;
            }
            Picture::above(&below)
        };
        let picture = Some(picture).filter(|picture| !picture.is_clear());
        if let Some(picture) = &picture {
            self.write(tile, picture, state)?;
            own.tiles += 1;
        }
        self.step(state);
        Ok(picture)
    }

    fn step(&self, state: &State) {
        state.done.fetch_add(1, Ordering::Relaxed);
        self.tell(state);
    }

    fn tell(&self, state: &State) {
        let of = |number: &AtomicU64| number.load(Ordering::Relaxed);
        (self.told)(of(&state.done), state.total, of(&state.bytes));
    }

    fn path_of(&self, tile: PictureTile) -> PathBuf {
        let column = self.folder.join(tile.zoom.to_string()).join(tile.column.to_string());
        column.join(format!("{}.{ENDING}", tile.row_from_south()))
    }

    fn write(&self, tile: PictureTile, picture: &Picture, state: &State) -> Result<(), PrepareError> {
        let bytes = picture
            .packed()
            .map_err(|error| PrepareError::machine(format!("a picture cannot be packed ({error})"), error))?;
        let path = self.path_of(tile);
        let folder = path.parent().unwrap_or(self.folder);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, &bytes))
            .map_err(|error| PrepareError::cannot_write(&path, error))?;
        state.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        state.tiles.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// A tile from its file.
    fn written(&self, tile: PictureTile) -> Result<Option<Picture>, PrepareError> {
        if !self.is_in(tile) {
            return Ok(None);
        }
        let path = self.path_of(tile);
        let shown = path.display();
        match fs::read(&path) {
            Ok(bytes) => Picture::unpacked(&bytes).map(Some).map_err(|message| {
                PrepareError::machine_says(format!("{shown}: {message}; run it again with --replace"))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(PrepareError::machine(
                format!("{shown}: it cannot be read ({error})"),
                error,
            )),
        }
    }
}

/// A tile of the finest level. What cannot be read is told, and stays clear.
pub(super) fn draw(sources: &[Source], ways: &[Way], tile: PictureTile, problems: &mut Vec<Problem>) -> Picture {
    let places = tile.places();
    let mut picture = Picture::clear();
    for (source, way) in sources.iter().zip(ways) {
        if let Err(problem) = source.draw(way, &places, &mut picture, problems) {
            problems.push(problem);
        }
        if picture.is_whole() {
            break;
        }
    }
    picture
}

/// What one piece made.
#[derive(Default)]
struct Piece {
    tiles: u64,
    problems: Vec<Problem>,
}

/// What all workers have done together.
#[derive(Default)]
struct State {
    total: u64,
    done: AtomicU64,
    tiles: AtomicU64,
    bytes: AtomicU64,
    problems: Mutex<Vec<Problem>>,
}
