//! The quadtree, built depth first on a few threads.
//!
//! The order of children, the names of files and the order of problems follow from the input alone; threads only
//! decide who does what.

use super::{
    Problems, Progress, Stage, Tiler, TilerError, TilerReport,
    assemble::{TileFrame, payload},
    feature::TileFeature,
    images::Images,
    ingest::Ingested,
    record::Spilled,
    schema::Schema,
    simplify::level,
    split::{Split, Work, split},
};
use crate::georef::Transformer;
use crate::sources::{
    Cause, Problem,
    tiles3d::write::{ROOT, TileNode, TileSink, tileset_json},
};
use bevy::math::DVec3;
use meshoptimizer_rs::Workspace;
use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    thread,
};

/// A subtree with so many tiles becomes an external tileset.
const EXTERNAL_TILES: usize = 512;
/// How much larger the error of a parent is at least than that of its children.
const STRICTLY_MORE: f64 = 1.000_001;
/// Work with less triangles is not worth a thread.
const PARALLEL_FROM: u64 = 20_000;
/// Makes all tiles.
pub(super) fn build(tiler: &Tiler<'_>, ingested: Ingested, sink: &dyn TileSink) -> Result<TilerReport, TilerError> {
    let mut problems = ingested.problems;
    let builder = Builder {
        tiler,
        sink,
        schema: ingested.schema,
        images: Images::new(ingested.images, tiler.images, sink),
        total: ingested.features,
        done: AtomicU64::new(0),
        tiles: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        free_threads: AtomicUsize::new(tiler.threads.saturating_sub(1)),
        has_failed: AtomicBool::new(false),
    };
    let mut worker = builder.worker()?;
    let branch = builder.branch(Work::Cells(ingested.cells, ingested.cell_size), "r", &mut worker)?;
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
        bytes: builder.images.bytes() + builder.bytes.into_inner(),
        root_error_m,
        problems: problems.into_list(&tiler.name),
    })
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
        let branch = match split(work, self.tiler.leaf_triangles as u64)? {
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
        // A reader multiplies errors by the scale of its matrices, which is one but for rounding.
        let error_m = level.error_m.max(below_m * STRICTLY_MORE);
        let tile = self.tile(level.features, tiles, error_m, name, worker)?;
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
        let uri = path_of(name);
        let root = "../".repeat(uri.matches('/').count());
        let payload = payload(&features, &frame, geometric_error_m, &self.schema, &self.images, &root)?;
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
}

/// File of a tile; folders keep the number of files in each bearable.
fn path_of(name: &str) -> String {
    const FOLDER: usize = 5;
    match name.get(..FOLDER) {
        Some(folder) if name.len() > FOLDER => format!("tiles/{folder}/{name}.glb"),
        _ => format!("tiles/{name}.glb"),
    }
}
