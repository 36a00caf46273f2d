//! A file of points: opening it, and reading all or evenly spread ones of its points.

use super::chunks::{self, Chunk};
use super::header::{Head, PointHeader, read_head};
use super::laz_chunk::Packing;
use super::point::{Point, PointCloud};
use super::stop::Stop;
use super::{MAX_CHUNK_BYTES, copc, crs};
use crate::georef::Crs;
use crate::sources::resource::{RandomRead, Resources, folder};
use crate::sources::{Cause, Problem};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most threads that unpack.
const MAX_THREADS: usize = 4;
/// Most points that are looked at.
const MAX_POINTS: u64 = 4_000_000_000;
/// Most damaged pieces that are named.
const MAX_LISTED: usize = 5;
/// Pieces that a first look takes points of, and how many of each.
const PEEKED_CHUNKS: usize = 16;
const PEEKED_POINTS: u64 = 50_000;

/// How the points of a file are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointKind {
    /// As they are.
    Las,
    /// Packed.
    Laz,
    /// Packed, in an octree.
    Copc,
}

impl PointKind {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Las => "las",
            Self::Laz => "laz",
            Self::Copc => "copc",
        }
    }
}

/// An opened file of points.
pub struct PointFile {
    /// What it says of its points.
    pub header: PointHeader,
    /// How they are kept.
    pub kind: PointKind,
    /// Its CRS, where it says one that has an EPSG code.
    pub crs: Option<Crs>,
    /// What the file calls its CRS.
    pub crs_name: Option<String>,
    /// What is odd about it.
    pub problems: Vec<Problem>,
    pub(super) name: String,
    source: Arc<dyn RandomRead>,
    packing: Option<Packing>,
    pub(super) chunks: Vec<Chunk>,
    /// The cube that the chunks of an octree fill; `None` where there is none.
    pub(super) root: Option<copc::RootCube>,
}

impl PointFile {
    /// Opens a file: its header, and where its points stand.
    ///
    /// # Errors
    /// Where no point can be read.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let shown = path.display().to_string();
        let name = path.file_name().and_then(|name| name.to_str());
        let name =
            name.ok_or_else(|| Problem::error(&shown, "", "the path names no file").because(Cause::WrongKind))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let source = folder(parent.unwrap_or(Path::new("."))).open(name, u64::MAX);
        let source = source.map_err(|error| error.problem(&shown, ""))?;
        Self::guarded(source, name).map_err(|message| Problem::error(&shown, "", message).because(Cause::Damaged))
    }

    /// Opens a file of `resources`, which may be a package: there it has at most `limit` bytes.
    ///
    /// # Errors
    /// Where no point can be read.
    pub fn of_resources(resources: &dyn Resources, path: &str, limit: u64) -> Result<Self, Problem> {
        let source = resources.open(path, limit).map_err(|error| error.problem(path, ""))?;
        Self::guarded(source, path).map_err(|message| Problem::error(path, "", message).because(Cause::Damaged))
    }

    fn guarded(source: Arc<dyn RandomRead>, name: &str) -> Result<Self, String> {
        catch_unwind(AssertUnwindSafe(|| Self::of_source(source, name)))
            .unwrap_or_else(|_panic| Err("it is damaged in a way the reader did not expect".to_owned()))
    }

    fn of_source(source: Arc<dyn RandomRead>, name: &str) -> Result<Self, String> {
        let Head {
            header,
            records,
            oddities,
        } = read_head(&*source)?;
        let (crs, crs_name) = crs::of_records(&records);
        let mut file = Self {
            kind: match (header.is_compressed, copc::is_copc(&records)) {
                (false, _) => PointKind::Las,
                (true, false) => PointKind::Laz,
                (true, true) => PointKind::Copc,
            },
            header,
            crs,
            crs_name,
            problems: Vec::new(),
            name: name.to_owned(),
            source,
            packing: None,
            chunks: Vec::new(),
            root: None,
        };
        for oddity in oddities {
            file.warn(oddity);
        }
        if file.header.is_compressed {
            let packing = Packing::of(&records, &file.header)?;
            let octree = (file.kind == PointKind::Copc).then(|| {
                let root = copc::root_cube(&records)?;
                let chunks = copc::chunks(&*file.source, &records)?;
                match total(&chunks) {
                    there if there == file.header.points => Ok((root, chunks)),
                    there => Err(format!("its octree has {there} of {} points", file.header.points)),
                }
            });
            file.chunks = match octree {
                Some(Ok((root, chunks))) => {
                    file.root = Some(root);
                    chunks
                }
                octree => {
                    if let Some(Err(message)) = octree {
                        file.warn(format!("{message}; it is read without"));
                    }
                    chunks::of_table(&*file.source, &file.header, &packing, &records)?
                }
            };
            file.packing = Some(packing);
        } else {
            file.chunks = chunks::of_plain(&file.header, file.source.size_bytes());
        }
        let there = total(&file.chunks);
        if there != file.header.points {
            let message = format!("its header promises {} points, {there} are there", file.header.points);
            file.problems
                .push(Problem::error(&file.name, "", message).because(Cause::Damaged));
        }
        Ok(file)
    }

    fn warn(&mut self, message: String) {
        self.problems
            .push(Problem::warning(&self.name, "", message).because(Cause::Damaged));
    }

    /// At most `at_most` points, evenly spread over the order of the file: the same ones every time. Of an octree only
    /// the levels that hold so many are looked at.
    pub fn thinned(&self, at_most: usize) -> PointCloud {
        let wanted = at_most as u64;
        let chunks = copc::coarse(&self.chunks, wanted);
        let all = total(chunks);
        let is_kept = |index: u64| {
            let before = |index: u64| u128::from(index) * u128::from(wanted) / u128::from(all.max(1));
            all <= wanted || before(index + 1) > before(index)
        };
        let visited = self.visit(chunks, |kept: &mut Vec<Point>, index, point| {
            if is_kept(index) {
                kept.push(point);
            }
        });
        let points: Vec<Point> = visited.parts.into_iter().flatten().collect();
        PointCloud {
            has_colors: points.iter().any(|point| point.rgb != [0; 3]),
            looked_at: visited.looked_at,
            problems: visited.problems,
            points,
        }
    }

    /// Whether it brings an octree that can be used.
    pub fn has_octree(&self) -> bool {
        self.root.is_some()
    }

    /// A first look: some of the points, from pieces that are evenly spread over the file or from the root of its
    /// octree. What it costs does not grow with the file.
    pub fn peek(&self) -> PointCloud {
        let coarse = copc::coarse(&self.chunks, 1);
        let step = self.chunks.len().div_ceil(PEEKED_CHUNKS).max(1);
        let peeked = |chunk: &Chunk| {
            let points = chunk.points.min(PEEKED_POINTS);
            let bytes = if self.packing.is_some() {
                chunk.bytes
            } else {
                points * u64::from(self.header.record_bytes)
            };
            Chunk {
                bytes,
                points,
                ..*chunk
            }
        };
        let chunks: Vec<Chunk> = if self.root.is_some() {
            coarse.iter().take(PEEKED_CHUNKS).map(peeked).collect()
        } else {
            self.chunks.iter().step_by(step).map(peeked).collect()
        };
        let visited = self.visit(&chunks, |kept: &mut Vec<Point>, _, point| kept.push(point));
        let points: Vec<Point> = visited.parts.into_iter().flatten().collect();
        PointCloud {
            has_colors: points.iter().any(|point| point.rgb != [0; 3]),
            looked_at: visited.looked_at,
            problems: visited.problems,
            points,
        }
    }

    /// What `take` makes of all points in some of the pieces, evenly spread, that hold about `at_most` points.
    pub(super) fn sampled<T: Default + Send>(
        &self,
        at_most: u64,
        take: impl Fn(&mut T, u64, Point) + Sync,
    ) -> Visited<T> {
        let step = total(&self.chunks).div_ceil(at_most.max(1)).max(1);
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        let chosen: Vec<Chunk> = self.chunks.iter().step_by(step).copied().collect();
        self.visit(&chosen, take)
    }

    /// Hands every point of `chunks` to `take`, with its number among them. Pieces are read side by side; `take` has a
    /// value of its own for each.
    pub(super) fn visit<T: Default + Send>(
        &self,
        chunks: &[Chunk],
        take: impl Fn(&mut T, u64, Point) + Sync,
    ) -> Visited<T> {
        self.visit_until(chunks, &Stop::default(), take)
    }

    /// As [`Self::visit`] until it is told to stop: then some points were not handed over and nothing says which.
    pub(super) fn visit_until<T: Default + Send>(
        &self,
        chunks: &[Chunk],
        stop: &Stop,
        take: impl Fn(&mut T, u64, Point) + Sync,
    ) -> Visited<T> {
        let firsts: Vec<u64> = chunks
            .iter()
            .scan(0_u64, |next, chunk| {
                let first = *next;
                *next = next.saturating_add(chunk.points);
                Some(first)
            })
            .collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let (Some(chunk), Some(first)) = (chunks.get(place), firsts.get(place)) else {
                    return done;
                };
                if stop.is_told() {
                    return done;
                }
                let mut part = T::default();
                let mut index = *first;
                let result = if *first > MAX_POINTS {
                    Err(format!("more than {MAX_POINTS} points; it is left out"))
                } else {
                    let read = || {
                        self.read(chunk, |point| {
                            take(&mut part, index, point);
                            index += 1;
                            if stop.is_told_at(index) {
                                ControlFlow::Break(())
                            } else {
                                ControlFlow::Continue(())
                            }
                        })
                    };
                    catch_unwind(AssertUnwindSafe(read))
                        .unwrap_or_else(|_panic| Err("it is damaged in a way the reader did not expect".to_owned()))
                };
                done.push((place, part, index - first, result));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.min(MAX_THREADS).min(chunks.len());
        let mut done = std::thread::scope(|scope| {
            let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for worker in workers {
                done.extend(worker.join().unwrap_or_default());
            }
            done
        });
        done.sort_by_key(|(place, ..)| *place);
        let mut visited = Visited {
            parts: Vec::with_capacity(done.len()),
            looked_at: 0,
            problems: Vec::new(),
        };
        let mut damaged = 0;
        for (place, part, count, result) in done {
            visited.parts.push(part);
            visited.looked_at += count;
            if let Err(message) = result {
                damaged += 1;
                if damaged <= MAX_LISTED {
                    let at = format!("byte {}", chunks[place].at);
                    visited
                        .problems
                        .push(Problem::error(&self.name, at, message).because(Cause::Damaged));
                }
            }
        }
        if damaged > MAX_LISTED {
            let message = format!("{} more pieces are damaged", damaged - MAX_LISTED);
            visited
                .problems
                .push(Problem::error(&self.name, "", message).because(Cause::More));
        }
        visited
    }

    fn read(&self, chunk: &Chunk, mut take: impl FnMut(Point) -> ControlFlow<()>) -> Result<(), String> {
        if chunk.bytes > MAX_CHUNK_BYTES {
            return Err(format!("a piece of {} bytes is larger than is read", chunk.bytes));
        }
        let mut bytes = vec![0; usize::try_from(chunk.bytes).unwrap_or_default()];
        let filled = self
            .source
            .read_at(chunk.at, &mut bytes)
            .map_err(|error| error.to_string())?;
        bytes.truncate(filled);
        let record_bytes = usize::from(self.header.record_bytes);
        let mut take = |record: &[u8]| match Point::of_record(record, &self.header) {
            Some(point) => take(point),
            None => ControlFlow::Continue(()),
        };
        if let Some(packing) = &self.packing {
            packing.unpack(&bytes, chunk.points, record_bytes, take)
        } else {
            // Broken off only because it was told to stop.
            let _end = bytes.chunks_exact(record_bytes).try_for_each(&mut take);
            Ok(())
        }
    }
}

/// What was made of each piece, in the order of the file.
pub(super) struct Visited<T> {
    pub(super) parts: Vec<T>,
    pub(super) looked_at: u64,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn total(chunks: &[Chunk]) -> u64 {
    chunks.iter().fold(0, |sum, chunk| sum.saturating_add(chunk.points))
}

#[cfg(test)]
impl PointFile {
    /// Opens what is in memory.
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Result<Self, String> {
        catch_unwind(AssertUnwindSafe(|| Self::of_source(Arc::new(bytes), "a.laz")))
            .unwrap_or_else(|_panic| Err("it panicked".to_owned()))
    }

    /// Place and bytes of every piece.
    pub(super) fn chunk_places(&self) -> Vec<(u64, u64)> {
        self.chunks.iter().map(|chunk| (chunk.at, chunk.bytes)).collect()
    }
}
