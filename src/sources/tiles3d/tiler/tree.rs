//! The quadtree, built depth first on a few threads.
//!
//! The order of children, the names of files and the order of problems follow from the input alone; threads only
//! decide who does what.

use super::{
    MAX_FEATURES, Problems, Progress, Stage, Tiler, TilerError, TilerReport,
    assemble::{TileFrame, payload},
    feature::TileFeature,
    images::Images,
    ingest::Ingested,
    schema::Schema,
    simplify::level,
    spill::{CellKey, Chunk, Spilled},
};
use crate::georef::Transformer;
use crate::sources::{
    Cause, Problem,
    tiles3d::write::{ROOT, TileNode, TileSink, tileset_json},
};
use bevy::math::{DVec2, DVec3};
use meshoptimizer_rs::Workspace;
use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    thread,
};

/// Bytes of a file of features that is read whole; a larger one is dealt out to its quarters.
const MAX_LOADED: u64 = 24 << 20;
/// A subtree with so many tiles becomes an external tileset.
const EXTERNAL_TILES: usize = 512;
/// Work with less triangles is not worth a thread.
const PARALLEL_FROM: u64 = 20_000;
/// Halvings of a square after which features that still lie together are dealt out by their order.
const MAX_HALVINGS: u32 = 48;

/// Makes all tiles.
pub(super) fn build(tiler: &Tiler<'_>, ingested: Ingested, sink: &dyn TileSink) -> Result<TilerReport, TilerError> {
    let mut problems = ingested.problems;
    let builder = Builder {
        tiler,
        sink,
        schema: ingested.schema,
        images: Images::new(ingested.images, tiler.images),
        cell_size: ingested.cell_size,
        total: ingested.features,
        done: AtomicU64::new(0),
        tiles: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        free_threads: AtomicUsize::new(tiler.threads.saturating_sub(1)),
        has_failed: AtomicBool::new(false),
    };
    let mut worker = builder.worker()?;
    let branch = builder.branch(Work::Cells(ingested.cells), "r", &mut worker)?;
    problems.append(branch.problems);
    let Some(root) = branch.tile else {
        return Err(TilerError::Nothing {
            problems: problems.into_list(&tiler.name),
        });
    };
    for problem in builder.images.problems(&tiler.name) {
        problems.push(problem);
    }
    let root_error_m = root.node.geometric_error_m;
    builder.write(ROOT, tileset_json(&root.node, false))?;
    Ok(TilerReport {
        features: root.leaf_features,
        triangles: root.leaf_triangles,
        tiles: builder.tiles.into_inner(),
        bytes: builder.bytes.into_inner(),
        root_error_m,
        problems: problems.into_list(&tiler.name),
    })
}

/// What is still to be made into a tile and the tiles below it.
enum Work {
    /// Squares of the first grid, by place.
    Cells(Vec<(CellKey, Chunk)>),
    /// One file, whose features lie in a square.
    Chunk(Chunk, Square),
    /// Features in memory, in the order of the input.
    Features(Vec<Spilled>, Square),
}

impl Work {
    fn triangles(&self) -> u64 {
        match self {
            Self::Cells(cells) => cells.iter().map(|(_, chunk)| chunk.triangles).sum(),
            Self::Chunk(chunk, _) => chunk.triangles,
            Self::Features(features, _) => features.iter().map(Spilled::triangles).sum(),
        }
    }
}

/// A square of the quadtree, units of the source.
#[derive(Debug, Clone, Copy)]
struct Square {
    low: DVec2,
    size: f64,
    halvings: u32,
}

impl Square {
    /// 0 to 3: south-west, south-east, north-west, north-east.
    fn quarter(&self, at: DVec2) -> u32 {
        let middle = self.low + self.size / 2.0;
        u32::from(at.x >= middle.x) + 2 * u32::from(at.y >= middle.y)
    }

    fn within(&self, quarter: u32) -> Self {
        let half = self.size / 2.0;
        let offset = DVec2::new(f64::from(quarter & 1), f64::from(quarter >> 1)) * half;
        Self {
            low: self.low + offset,
            size: half,
            halvings: self.halvings + 1,
        }
    }
}

/// A tile that has been written.
struct Tile {
    node: TileNode,
    /// What it shows.
    features: Vec<TileFeature>,
    /// Box around everything below, ECEF.
    ecef: (DVec3, DVec3),
    leaf_features: u64,
    leaf_triangles: u64,
}

/// A tile, if anything was left to show, and what was wrong.
#[derive(Default)]
struct Branch {
    tile: Option<Tile>,
    problems: Problems,
}

/// What a thread needs for itself.
struct Worker {
    to_ecef: Transformer,
    workspace: Workspace,
}

struct Builder<'a> {
    tiler: &'a Tiler<'a>,
    sink: &'a dyn TileSink,
    schema: Schema,
    images: Images<'a>,
    cell_size: f64,
    total: u64,
    done: AtomicU64,
    tiles: AtomicU64,
    bytes: AtomicU64,
    free_threads: AtomicUsize,
    has_failed: AtomicBool,
}

impl Builder<'_> {
    fn worker(&self) -> Result<Worker, TilerError> {
        Ok(Worker {
            to_ecef: self.tiler.to_ecef()?,
            workspace: Workspace::default(),
        })
    }

    fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), TilerError> {
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(self.sink.write(path, bytes)?)
    }

    fn branch(&self, work: Work, name: &str, worker: &mut Worker) -> Result<Branch, TilerError> {
        if self.tiler.cancel.load(Ordering::Relaxed) || self.has_failed.load(Ordering::Relaxed) {
            return Err(TilerError::Cancelled);
        }
        let branch = match self.split(work)? {
            Split::Leaf(features) => self.leaf(features, name, worker),
            Split::Children(works) => {
                let children = self.children(works, name, worker)?;
                self.parent(children, name, worker)
            }
        };
        if branch.is_err() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        branch
    }

    /// Builds the children, on another thread where one is free.
    fn children(&self, works: Vec<Work>, name: &str, worker: &mut Worker) -> Result<Vec<Branch>, TilerError> {
        thread::scope(|scope| {
            let last = works.len().saturating_sub(1);
            let mut branches = Vec::new();
            for (number, work) in works.into_iter().enumerate() {
                let name = format!("{name}{number}");
                if number < last && work.triangles() >= PARALLEL_FROM && self.take_thread() {
                    branches.push(Err(scope.spawn(move || {
                        let branch = self
                            .worker()
                            .and_then(|mut worker| self.branch(work, &name, &mut worker));
                        self.free_threads.fetch_add(1, Ordering::Relaxed);
                        branch
                    })));
                } else {
                    branches.push(Ok(self.branch(work, &name, worker)));
                }
            }
            let results: Vec<Result<Branch, TilerError>> = branches
                .into_iter()
                .map(|branch| match branch {
                    Ok(done) => done,
                    Err(running) => running.join().unwrap_or_else(|_panic| {
                        self.has_failed.store(true, Ordering::Relaxed);
                        let reason = "a thread ended early".to_owned();
                        Err(TilerError::Unexpected { reason })
                    }),
                })
                .collect();
            // The first error that is the cause and not an answer to it.
            let mut cancelled = None;
            let mut children = Vec::new();
            for result in results {
                match result {
                    Ok(branch) => children.push(branch),
                    Err(TilerError::Cancelled) => cancelled = Some(TilerError::Cancelled),
                    Err(error) => return Err(error),
                }
            }
            cancelled.map_or(Ok(children), Err)
        })
    }

    fn take_thread(&self) -> bool {
        let free = &self.free_threads;
        free.try_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1))
            .is_ok()
    }

    fn leaf(&self, sources: Vec<Spilled>, name: &str, worker: &mut Worker) -> Result<Branch, TilerError> {
        let mut branch = Branch::default();
        let mut features = Vec::with_capacity(sources.len());
        let count = sources.len() as u64;
        for source in sources {
            let place = format!(
                "features[{}] ({})",
                source.order,
                source.id.chars().take(80).collect::<String>()
            );
            let problem = |message: String| Problem::error(&self.tiler.name, &place, message).because(Cause::Place);
            match TileFeature::new(source, &worker.to_ecef) {
                Ok(Some(feature)) => features.push(feature),
                Ok(None) => branch
                    .problems
                    .push(problem("its surfaces have no area; it is left out".to_owned())),
                Err(error) => {
                    let message = format!("it has no place on earth ({error}); it is left out");
                    branch.problems.push(problem(message));
                }
            }
        }
        if !features.is_empty() {
            let triangles = features.iter().map(|feature| feature.triangles() as u64).sum();
            let mut tile = self.tile(features, Vec::new(), 0.0, name, worker)?;
            tile.leaf_triangles = triangles;
            tile.leaf_features = tile.features.len() as u64;
            branch.tile = Some(tile);
        }
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        (self.tiler.progress)(Progress {
            stage: Stage::Tiling,
            done,
            total: self.total,
        });
        Ok(branch)
    }

    fn parent(&self, branches: Vec<Branch>, name: &str, worker: &mut Worker) -> Result<Branch, TilerError> {
        let mut branch = Branch::default();
        let mut tiles = Vec::new();
        for child in branches {
            branch.problems.append(child.problems);
            tiles.extend(child.tile);
        }
        if tiles.len() < 2 {
            // Nothing to join: the only child stands for both.
            branch.tile = tiles.pop();
            return Ok(branch);
        }
        let shown = tiles
            .iter_mut()
            .flat_map(|tile| std::mem::take(&mut tile.features))
            .collect();
        let level = level(shown, self.tiler.coarse_triangles, &mut worker.workspace);
        let below_m = tiles.iter().map(|tile| tile.node.geometric_error_m).fold(0.0, f64::max);
        let tile = self.tile(level.features, tiles, level.error_m.max(below_m), name, worker)?;
        branch.tile = Some(tile);
        Ok(branch)
    }

    /// Writes a tile with what it shows and what lies below it.
    fn tile(
        &self,
        features: Vec<TileFeature>,
        children: Vec<Tile>,
        geometric_error_m: f64,
        name: &str,
        worker: &mut Worker,
    ) -> Result<Tile, TilerError> {
        let unexpected = |reason: String| TilerError::Unexpected { reason };
        let mut ecef = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for feature in &features {
            for corner in 0..feature.positions.len() {
                let at = feature.ecef(corner);
                ecef = (ecef.0.min(at), ecef.1.max(at));
            }
        }
        for child in &children {
            ecef = (ecef.0.min(child.ecef.0), ecef.1.max(child.ecef.1));
        }
        let frame = TileFrame::around((ecef.0 + ecef.1) / 2.0).map_err(|error| unexpected(error.to_string()))?;
        let payload = payload(&features, &frame, geometric_error_m, &self.schema, &self.images);
        let written = payload
            .write(&mut worker.workspace)
            .map_err(|error| unexpected(error.to_string()))?;

        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for feature in &features {
            for corner in 0..feature.positions.len() {
                let at = frame.tile_from_ecef(feature.ecef(corner));
                (low, high) = (low.min(at), high.max(at));
            }
        }
        // Corners may be stored a little outside.
        low -= DVec3::splat(written.error_m);
        high += DVec3::splat(written.error_m);
        for child in &children {
            for corner in 0..8 {
                let pick = |axis: usize| {
                    let side = if corner >> axis & 1 == 0 {
                        child.node.low
                    } else {
                        child.node.high
                    };
                    side[axis]
                };
                let corner = DVec3::new(pick(0), pick(1), pick(2));
                let at = frame.tile_from_ecef(child.node.ecef_from_tile.transform_point3(corner));
                (low, high) = (low.min(at), high.max(at));
            }
        }
        let uri = path_of(name);
        self.tiles.fetch_add(1, Ordering::Relaxed);
        self.write(&uri, written.glb)?;
        let (mut leaf_features, mut leaf_triangles) = (0, 0);
        let mut nodes = Vec::with_capacity(children.len());
        for child in children {
            leaf_features += child.leaf_features;
            leaf_triangles += child.leaf_triangles;
            nodes.push(child.node);
        }
        let node = TileNode {
            ecef_from_tile: frame.ecef_from_tile(),
            low,
            high,
            geometric_error_m,
            uri,
            tiles: 1 + nodes.iter().map(|node| node.tiles).sum::<usize>(),
            children: nodes,
        };
        Ok(Tile {
            node: self.external(node, name)?,
            features,
            ecef,
            leaf_features,
            leaf_triangles,
        })
    }

    /// A large subtree moves into a file of its own, which its tile then names.
    fn external(&self, node: TileNode, name: &str) -> Result<TileNode, TilerError> {
        if node.tiles < EXTERNAL_TILES || name == "r" {
            return Ok(node);
        }
        let uri = format!("tiles-{name}.json");
        self.write(&uri, tileset_json(&node, true))?;
        Ok(TileNode {
            uri,
            tiles: 1,
            children: Vec::new(),
            ..node
        })
    }

    fn split(&self, work: Work) -> Result<Split, TilerError> {
        match work {
            Work::Cells(mut cells) => {
                if cells.len() == 1 {
                    let (key, chunk) = cells.remove(0);
                    return self.split(Work::Chunk(chunk, self.square(key)));
                }
                let triangles: u64 = cells.iter().map(|(_, chunk)| chunk.triangles).sum();
                let features: u64 = cells.iter().map(|(_, chunk)| chunk.features).sum();
                let bytes: u64 = cells.iter().map(|(_, chunk)| chunk.bytes).sum();
                if triangles <= self.tiler.leaf_triangles as u64
                    && features <= MAX_FEATURES as u64
                    && bytes <= MAX_LOADED
                {
                    let mut all = Vec::new();
                    for (_, chunk) in cells {
                        all.extend(chunk.load()?);
                    }
                    all.sort_by_key(|feature| feature.order);
                    return Ok(Split::Leaf(all));
                }
                Ok(Split::Children(quarters(cells).into_iter().map(Work::Cells).collect()))
            }
            Work::Chunk(chunk, square) if chunk.bytes <= MAX_LOADED || chunk.features == 1 => {
                self.split(Work::Features(chunk.load()?, square))
            }
            Work::Chunk(chunk, square) => deal(chunk, square),
            Work::Features(features, square) => Ok(self.split_features(features, square)),
        }
    }

    fn square(&self, (x, y): CellKey) -> Square {
        #[expect(clippy::cast_precision_loss, reason = "numbers of squares on earth")]
        let low = DVec2::new(x as f64, y as f64) * self.cell_size;
        Square {
            low,
            size: self.cell_size,
            halvings: 0,
        }
    }

    fn split_features(&self, features: Vec<Spilled>, mut square: Square) -> Split {
        let triangles: u64 = features.iter().map(Spilled::triangles).sum();
        let fits = triangles <= self.tiler.leaf_triangles as u64 && features.len() <= MAX_FEATURES;
        if fits || features.len() <= 1 {
            return Split::Leaf(features);
        }
        // Squares in which everything lies in one quarter make no tile.
        while square.halvings < MAX_HALVINGS {
            let first = square.quarter(features[0].middle);
            if features.iter().any(|feature| square.quarter(feature.middle) != first) {
                break;
            }
            square = square.within(first);
        }
        let is_apart = square.halvings < MAX_HALVINGS;
        let count = features.len();
        let mut quarters: [Vec<Spilled>; 4] = std::array::from_fn(|_| Vec::new());
        for (number, feature) in features.into_iter().enumerate() {
            let quarter = if is_apart {
                square.quarter(feature.middle) as usize
            } else {
                number * 4 / count
            };
            quarters[quarter.min(3)].push(feature);
        }
        let works = (0..).zip(quarters).filter(|(_, features)| !features.is_empty());
        Split::Children(
            works
                .map(|(quarter, features)| {
                    Work::Features(features, if is_apart { square.within(quarter) } else { square })
                })
                .collect(),
        )
    }
}

enum Split {
    Leaf(Vec<Spilled>),
    Children(Vec<Work>),
}

/// Deals a file out to the quarters of the smallest square in which its features lie apart.
fn deal(mut chunk: Chunk, mut square: Square) -> Result<Split, TilerError> {
    loop {
        let count = chunk.features;
        let is_apart = square.halvings < MAX_HALVINGS;
        let mut quarters = Vec::new();
        let mut chunks = chunk.deal(|middle, number| {
            // Features that lie at one point are dealt out by their order.
            let quarter = if is_apart {
                square.quarter(middle)
            } else {
                u32::try_from(number * 4 / count.max(1)).unwrap_or(3)
            };
            if !quarters.contains(&quarter) {
                quarters.push(quarter);
            }
            quarter
        })?;
        quarters.sort_unstable();
        let within = |quarter: u32| if is_apart { square.within(quarter) } else { square };
        if chunks.len() > 1 {
            let works = chunks
                .into_iter()
                .zip(quarters)
                .map(|(chunk, quarter)| Work::Chunk(chunk, within(quarter)));
            return Ok(Split::Children(works.collect()));
        }
        let Some(only) = chunks.pop() else {
            return Ok(Split::Leaf(Vec::new()));
        };
        square = within(quarters.first().copied().unwrap_or(0));
        chunk = only;
    }
}

/// Two to four groups of squares, by the quarters of the smallest square of the quadtree that holds them all.
fn quarters(cells: Vec<(CellKey, Chunk)>) -> Vec<Vec<(CellKey, Chunk)>> {
    let low = cells.iter().fold((i64::MAX, i64::MAX), |low, (key, _)| {
        (low.0.min(key.0), low.1.min(key.1))
    });
    let mut bits = 0;
    for (key, _) in &cells {
        bits |= key.0.abs_diff(low.0) | key.1.abs_diff(low.1);
    }
    // At least one bit: the squares differ.
    let shift = (bits | 1).ilog2();
    let mut groups: [Vec<(CellKey, Chunk)>; 4] = std::array::from_fn(|_| Vec::new());
    for (key, chunk) in cells {
        let side = |at: i64, low: i64| usize::try_from(at.abs_diff(low) >> shift & 1).unwrap_or(0);
        groups[side(key.0, low.0) + 2 * side(key.1, low.1)].push((key, chunk));
    }
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}

/// File of a tile; folders keep the number of files in each bearable.
fn path_of(name: &str) -> String {
    const FOLDER: usize = 5;
    match name.get(..FOLDER) {
        Some(folder) if name.len() > FOLDER => format!("tiles/{folder}/{name}.glb"),
        _ => format!("tiles/{name}.glb"),
    }
}
