//! From what a municipality can download to an area that works offline (`stadslens prepare`).
//!
//! Steps, each of which leaves a whole file or nothing: what is asked for online comes into a cache (`online`), city models
//! become tiles and a register (`buildings`), heights one grid and tiles of it (`terrain`), pictures tiles (`imagery`), vector
//! files layers of the scenario (`layers`), and last `scenario.json` says what is there (`document`) and `search.idx` keeps
//! the index of its names. A journal in the folder (`journal`) names the steps that are done, so that a run that was killed
//! goes on where it stopped. Whatever the area, features and pictures stream: memory holds some features, the tiler's share,
//! some tiles of pictures, the grid of heights, and a number for each building's id.

mod area;
mod buildings;
mod document;
mod error;
mod height_zero;
mod imagery;
mod journal;
mod layers;
mod meaning;
mod models;
mod online;
mod register;
mod terrain;
mod whole_file;

pub use area::Area;
pub use error::PrepareError;

use crate::model::OpenScenario;
use crate::model::scenario;
use crate::model::search::{self, PlaceIndex};
use crate::sources::cityjson::LodChoice;
use crate::sources::online::{Endpoints, TileMatrixSet};
use crate::sources::{Cause, Problem, Severity};
use document::PreparedLayer;
use journal::Journal;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use whole_file::WholeFile;

/// Most bytes of register and layers that are opened to be checked: they take three times that in memory, and preparing
/// must not take more for a province than for a town.
const MOST_CHECKED_BYTES: u64 = 160 << 20;

/// What to prepare.
#[derive(Debug, Clone)]
pub struct PrepareOptions {
    /// Which land.
    pub area: Area,
    /// Folder to make.
    pub folder: PathBuf,
    /// What the scenario is called; the name of the folder when empty.
    pub title: String,
    /// City models (`CityJSON`).
    pub buildings: Vec<PathBuf>,
    /// Grids of heights (`GeoTIFF`).
    pub terrain: Vec<PathBuf>,
    /// Whether terrain tiles for other programs are made of them too.
    pub terrain_tiles: bool,
    /// Pictures of the ground (`GeoTIFF`, `MBTiles`); where they overlap the first counts.
    pub imagery: Vec<PathBuf>,
    /// Vector files.
    pub vector: Vec<PathBuf>,
    /// Country whose open data are fetched.
    pub online: Option<String>,
    /// Whether aerial pictures are among them.
    pub online_imagery: bool,
    /// A list of services to use instead of the one that came with the program.
    pub endpoints: Option<PathBuf>,
    /// Level of detail of the buildings.
    pub lod: LodChoice,
    /// Make it anew where there is one already.
    pub replace: bool,
}

/// How far a run is. Told often, from several threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrepareStep {
    /// What is being done, in plain English.
    pub what: String,
    /// Things done.
    pub done: u64,
    /// Things in all; 0 while that is not known.
    pub of: u64,
    /// Bytes fetched or written in this step.
    pub received_bytes: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrepareReport {
    /// Buildings in the register.
    pub buildings: u64,
    /// Things in the tiles: buildings, and what else the city models have.
    pub city_objects: u64,
    /// Tiles.
    pub tiles: u64,
    /// Nodes of the grid of heights.
    pub terrain_nodes: u64,
    /// Tiles of terrain.
    pub terrain_tiles: u64,
    /// Tiles of pictures of the ground.
    pub imagery_tiles: u64,
    /// Features in vector layers, addresses among them.
    pub features: u64,
    /// Layers in the scenario.
    pub layers: usize,
    /// Bytes of the folder.
    pub bytes: u64,
    /// Steps that an earlier run had done.
    pub resumed: usize,
    /// What was wrong; the rest is in the folder.
    pub problems: Vec<Problem>,
}

impl PrepareReport {
    /// Adds what a step made and found.
    fn add(&mut self, step: Self) {
        self.buildings += step.buildings;
        self.city_objects += step.city_objects;
        self.tiles += step.tiles;
        self.terrain_nodes += step.terrain_nodes;
        self.terrain_tiles += step.terrain_tiles;
        self.imagery_tiles += step.imagery_tiles;
        self.features += step.features;
        self.problems.extend(step.problems);
    }
}

/// Prepares an area. `told` is called with every bit of progress.
///
/// # Errors
/// [`PrepareError`]. What was done by then is kept in the folder, and used when the same is asked for again; where nothing
/// came of it, only what was fetched stays.
pub fn prepare(options: &PrepareOptions, told: &(dyn Fn(PrepareStep) + Sync)) -> Result<PrepareReport, PrepareError> {
    let files = [&options.buildings, &options.terrain, &options.imagery, &options.vector];
    if files.iter().all(|files| files.is_empty()) && options.online.is_none() {
        let message = "nothing to prepare from: give --buildings, --terrain, --imagery or --vector, or --online nl";
        return Err(PrepareError::Usage(message.to_owned()));
    }
    let services = options
        .online
        .as_ref()
        .map(|country| online::services(options, country));
    let services = services.transpose()?;
    let mut journal = Journal::open(options, services.as_ref().map_or("", Endpoints::digest))?;
    match make(options, services.as_ref(), &mut journal, told) {
        Ok(mut report) => {
            let is_whole = !report
                .problems
                .iter()
                .any(|problem| problem.severity == Severity::Error);
            if is_whole {
                journal.finish()?;
            }
            report.bytes = bytes_in(&options.folder, 0);
            Ok(report)
        }
        // Nothing came of it: the folder is free for another try.
        Err(PrepareError::Problems(problems)) => {
            journal.give_up();
            Err(PrepareError::Problems(problems))
        }
        Err(error) => Err(error),
    }
}

/// Makes what is not made yet.
fn make(
    options: &PrepareOptions,
    services: Option<&Endpoints>,
    journal: &mut Journal,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<PrepareReport, PrepareError> {
    let mut report = PrepareReport {
        resumed: journal.done(),
        ..PrepareReport::default()
    };
    let mut layers: Vec<PreparedLayer> = Vec::new();
    let mut inputs = Inputs::of(options);
    if let Some(services) = services {
        online::fetch(options, services, &mut inputs, &mut report, told)?;
        // What is missing now may be there next time: then everything is made again.
        let is_missing = |problem: &Problem| problem.severity == Severity::Error || problem.cause == Cause::Unfinished;
        if report.problems.iter().any(is_missing) {
            journal.mistrust()?;
            report.resumed = 0;
        }
    }
    if !inputs.terrain.is_empty() {
        layers.extend(journal.step("terrain", &mut report, |report| {
            terrain::prepare(options, &inputs, report, told)
        })?);
        if options.terrain_tiles && !layers.is_empty() {
            let ground = layers.clone();
            journal.step("terrain-tiles", &mut report, |report| {
                terrain::prepare_tiles(options, &ground, report, told)
            })?;
        }
    }
    if !inputs.imagery.is_empty() {
        layers.extend(journal.step("imagery", &mut report, |report| {
            imagery::prepare(options, &inputs, report, told)
        })?);
    }
    if !inputs.buildings.is_empty() {
        layers.extend(journal.step("buildings", &mut report, |report| {
            buildings::prepare(options, &inputs, report, told)
        })?);
    }
    for input in &inputs.vector {
        let name = format!("vector-{}", input.key);
        layers.extend(journal.step(&name, &mut report, |report| {
            layers::prepare(options, input, report, told)
        })?);
    }
    if layers.is_empty() {
        // What cannot be read or is of no use lies nowhere: then the area is not to blame.
        let is_misplaced = |problem: &Problem| {
            matches!(
                problem.cause,
                Cause::Place | Cause::Elsewhere | Cause::NoSystem | Cause::TooFar
            )
        };
        let (message, cause) = if inputs == Inputs::default() {
            ("nothing of the open data could be fetched", Cause::Network)
        } else if report.problems.iter().any(is_misplaced) {
            let message = "nothing of what was given lies in this area; check the area and the files";
            (message, Cause::Place)
        } else {
            let message = "nothing of what was given can be used; what is wrong with each file follows";
            (message, Cause::NotRead)
        };
        report.problems.insert(
            0,
            Problem::error(options.folder.display().to_string(), "", message).because(cause),
        );
        return Err(PrepareError::Problems(report.problems));
    }
    document::write(options, &layers)?;
    report.layers = layers.len();
    // What is written must open: whatever is wrong with it is told now, not at the exhibition.
    match checked(options, &layers) {
        Ok(open) => {
            keep_names(options, &open)?;
            report.problems.extend(open.problems);
        }
        Err(problems) => report.problems.extend(problems),
    }
    Ok(report)
}

/// The scenario as the viewer opens it. Of a country the viewer needs more memory than preparing it may take: then it is
/// said that nobody looked.
fn checked(options: &PrepareOptions, layers: &[PreparedLayer]) -> Result<OpenScenario, Vec<Problem>> {
    let files = layers
        .iter()
        .flat_map(|layer| [Some(&layer.path), layer.register.as_ref()]);
    let bytes = files
        .flatten()
        .filter_map(|name| fs::metadata(options.folder.join(name)).ok());
    if bytes.map(|about| about.len()).sum::<u64>() > MOST_CHECKED_BYTES {
        let message = "the area is too large to be opened and looked through here, and has no index of its names: that is \
                       made whenever it is opened, which also tells what is wrong with it";
        let problem = Problem::warning(options.folder.display().to_string(), "", message);
        return Err(vec![problem.because(Cause::TooLarge)]);
    }
    scenario::open(&options.folder)
}

/// Keeps the index of names beside the scenario, so that looking for a place need not wait for it.
fn keep_names(options: &PrepareOptions, open: &OpenScenario) -> Result<(), PrepareError> {
    let names = PlaceIndex::made(open).kept();
    WholeFile::create(&options.folder, search::KEPT)?.fill(|to| to.write_all(&names))
}

/// A file to read and whose it is.
#[derive(Debug, Clone, PartialEq)]
struct Input {
    path: PathBuf,
    source: document::SourceWords,
}

/// All files to read.
#[derive(Debug, Clone, Default, PartialEq)]
struct Inputs {
    buildings: Vec<Input>,
    terrain: Vec<Input>,
    imagery: Vec<PictureInput>,
    vector: Vec<VectorInput>,
}

/// Pictures of the ground, and whose they are.
#[derive(Debug, Clone, PartialEq)]
struct PictureInput {
    from: PicturesFrom,
    source: document::SourceWords,
}

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq)]
enum PicturesFrom {
    /// A file.
    File(PathBuf),
    /// The tiles of one level of a tile matrix set: column, row and file.
    Tiles {
        set: TileMatrixSet,
        zoom: u8,
        tiles: Vec<(u32, u32, PathBuf)>,
    },
}

/// Vector files that become layers together.
#[derive(Debug, Clone, PartialEq)]
struct VectorInput {
    /// What to call it in progress and problems.
    name: String,
    /// What its steps and files are called; the same in every run.
    key: String,
    /// Name of the collection where the files do not tell it; else empty.
    collection: String,
    paths: Vec<PathBuf>,
    source: document::SourceWords,
}

impl Inputs {
    fn of(options: &PrepareOptions) -> Self {
        let of = |paths: &[PathBuf]| {
            let inputs = paths.iter().map(|path| Input {
                source: document::SourceWords::of_file(path),
                path: path.clone(),
            });
            inputs.collect()
        };
        Self {
            buildings: of(&options.buildings),
            terrain: of(&options.terrain),
            imagery: options
                .imagery
                .iter()
                .map(|path| PictureInput {
                    from: PicturesFrom::File(path.clone()),
                    source: document::SourceWords::of_file(path),
                })
                .collect(),
            vector: options
                .vector
                .iter()
                .enumerate()
                .map(|(number, path)| VectorInput {
                    name: path.display().to_string(),
                    key: number.to_string(),
                    collection: String::new(),
                    source: document::SourceWords::of_file(path),
                    paths: vec![path.clone()],
                })
                .collect(),
        }
    }
}

/// Bytes of the files in a folder, no deeper than what is made here.
fn bytes_in(folder: &Path, depth: u8) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() && depth < 8 => bytes_in(&entry.path(), depth + 1),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}
