//! City models to tiles and a register: every building of the area once, streamed.

use super::document::{PreparedLayer, SourceWords};
use super::register::RegisterWriter;
use super::{Input, Inputs, PrepareError, PrepareOptions, PrepareReport, PrepareStep};
use crate::georef::{Crs, Transformer};
use crate::model::CityEntry;
use crate::sources::cityjson::{CityJson, Features};
use crate::sources::resource;
use crate::sources::tiles3d::SinkError;
use crate::sources::tiles3d::tiler::{Progress, Stage, Tiler, TilerError, images_beside};
use crate::sources::{Cause, CityFeature, Problem};
use bevy::math::{DVec2, DVec3};
use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;

/// Owners that are named of one layer.
const MOST_NAMES: usize = 6;
/// Folder of the tiles.
pub(super) const FOLDER: &str = "buildings";
/// The register.
pub(super) const REGISTER: &str = "register.fgb";

/// Tiles the buildings of the area and writes their register.
pub(super) fn prepare(
    options: &PrepareOptions,
    inputs: &Inputs,
    report: &mut PrepareReport,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<Vec<PreparedLayer>, PrepareError> {
    let folder = options.folder.join(FOLDER);
    // Tiles of a run that was killed are no tileset.
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(PrepareError::cannot_write(&folder, &error));
        }
        _ => {}
    }
    let register_path = options.folder.join(REGISTER);
    let cannot = |error: &io::Error| PrepareError::cannot_write(&register_path, error);
    let mut register = RegisterWriter::create(&options.folder, REGISTER).map_err(|error| cannot(&error))?;
    let mut register_fault: Option<io::Error> = None;

    let mut problems: Vec<Problem> = Vec::new();
    let opened = inputs.buildings.iter().map(open);
    let models: Vec<(CityJson, Transformed)> = opened
        .filter_map(|opened| opened.map_err(|problem| problems.push(problem)).ok())
        .collect();
    // Numbers instead of the ids: a province has a million of them.
    let mut seen: HashSet<u64> = HashSet::new();
    let hashes = RandomState::new();
    let ends: RefCell<Vec<Problem>> = RefCell::default();
    let mut grounds: Vec<f64> = Vec::new();
    let images = |name: &str| image_of(name, &inputs.buildings);
    let progress = |progress: Progress| {
        told(PrepareStep {
            what: match progress.stage {
                Stage::Reading => "reading buildings".to_owned(),
                Stage::Tiling => "making tiles".to_owned(),
            },
            done: progress.done,
            of: progress.total,
            received_bytes: 0,
        });
    };
    let tiler = Tiler {
        images: &images,
        progress: &progress,
        ..Tiler::new("buildings", Crs::RD_NAP)
    };
    let written = {
        let features = models.iter().flat_map(|(model, transformed)| Placed {
            features: model.features(options.lod),
            transformed,
            ends: &ends,
        });
        let kept = features.filter(|feature| is_in(feature, options) && seen.insert(hashes.hash_one(&feature.id)));
        let noted = kept.inspect(|feature| {
            let entry = CityEntry::of(feature).filter(|_| feature.class.starts_with("Building"));
            if let Some(entry) = entry.filter(|_| register_fault.is_none()) {
                grounds.push(entry.ground_nap_m);
                register_fault = register.add(&entry).err();
            }
        });
        tiler.tile_into_folder(noted, &folder)
    };
    report.problems.append(&mut problems);
    for (model, _) in &models {
        report.problems.extend(model.problems());
    }
    report.problems.extend(ends.into_inner());
    if let Some(error) = register_fault {
        return Err(cannot(&error));
    }
    let made = match written {
        Ok(made) => made,
        Err(TilerError::Nothing { problems }) => {
            let _left = fs::remove_dir_all(&folder);
            report.problems.extend(problems);
            // What could not be read lies nowhere.
            if !models.is_empty() {
                report.problems.push(nothing_there(&inputs.buildings));
            }
            return Ok(Vec::new());
        }
        Err(TilerError::Sink(SinkError::Io { source, path })) => {
            return Err(PrepareError::cannot_write(Path::new(&path), &source));
        }
        Err(TilerError::Spill { source }) => return Err(PrepareError::cannot_write(&folder, &source)),
        Err(error) => return Err(PrepareError::Machine(format!("{}: {error}", folder.display()))),
    };
    register.finish().map_err(|error| cannot(&error))?;
    report.problems.extend(made.problems);
    grounds.sort_by(f64::total_cmp);
    report.buildings = grounds.len() as u64;
    report.city_objects = made.features;
    report.tiles = made.tiles;
    Ok(vec![PreparedLayer {
        id: "buildings".to_owned(),
        kind: "tiles3d".to_owned(),
        path: format!("{FOLDER}/tileset.json"),
        title: ["Gebouwen".to_owned(), "Buildings".to_owned()],
        register: Some(REGISTER.to_owned()),
        source: joined(&inputs.buildings),
        ground_nap_m: (!grounds.is_empty()).then(|| grounds[grounds.len() / 2]),
    }])
}

/// What is said when no model has a building in the area.
fn nothing_there(inputs: &[Input]) -> Problem {
    let names: Vec<String> = inputs.iter().map(|input| input.path.display().to_string()).collect();
    let message = "no building of it lies in this area; check the area and the coordinates of the file";
    Problem::error(names.join(", "), "", message).because(Cause::Place)
}

/// The words of several files as one: everything that any of them says, once.
pub(super) fn joined(inputs: &[Input]) -> SourceWords {
    let all = |word: fn(&SourceWords) -> &String| {
        let mut words: Vec<&str> = Vec::new();
        for word in inputs.iter().map(|input| word(&input.source).as_str()) {
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        let rest = words.len().saturating_sub(MOST_NAMES);
        words.truncate(MOST_NAMES);
        let words = words.join("; ");
        if rest > 0 { format!("{words}; + {rest}") } else { words }
    };
    let days = inputs.iter().map(|input| &input.source.date);
    SourceWords {
        owner: all(|words| &words.owner),
        // A layer has one day: the oldest of its files.
        date: days.filter(|day| !day.is_empty()).min().cloned().unwrap_or_default(),
        licence: all(|words| &words.licence),
        url: all(|words| &words.url),
    }
}

/// From the coordinates of a model to RD and NAP.
struct Transformed(Option<Transformer>);

impl Transformed {
    /// Brings a feature over; `false` where it has no place there.
    fn apply(&self, feature: &mut CityFeature) -> bool {
        let Some(transformer) = &self.0 else { return true };
        let mut corners = feature.parts.iter_mut().flat_map(|part| &mut part.positions);
        corners.all(|p| match transformer.convert(p.to_array()) {
            Ok(there) => {
                *p = DVec3::from_array(there);
                true
            }
            Err(_outside) => false,
        })
    }
}

fn open(input: &Input) -> Result<(CityJson, Transformed), Problem> {
    let model = CityJson::open(&input.path)?;
    let shown = input.path.display().to_string();
    let bad = |message: String| Problem::error(&shown, "metadata.referenceSystem", message).because(Cause::Place);
    let Some(code) = model.epsg() else {
        // Dutch models often leave it out; whether it is RD is seen by what of it lies in the area.
        return Ok((model, Transformed(None)));
    };
    let crs = Crs(code);
    if crs == Crs::RD || crs == Crs::RD_NAP {
        return Ok((model, Transformed(None)));
    }
    let transformer = Transformer::new(crs, Crs::RD_NAP)
        .map_err(|error| bad(format!("its coordinates cannot be brought to RD ({error})")))?;
    Ok((model, Transformed(Some(transformer))))
}

/// The features of a model in RD and NAP; what was wrong with them is told at their end.
struct Placed<'a> {
    features: Features<'a>,
    transformed: &'a Transformed,
    ends: &'a RefCell<Vec<Problem>>,
}

impl Iterator for Placed<'_> {
    type Item = CityFeature;

    fn next(&mut self) -> Option<CityFeature> {
        loop {
            let Some(mut feature) = self.features.next() else {
                self.ends.borrow_mut().extend(self.features.problems());
                return None;
            };
            if self.transformed.apply(&mut feature) {
                return Some(feature);
            }
        }
    }
}

/// Whether a feature belongs to the area: by the middle of its box.
fn is_in(feature: &CityFeature, options: &PrepareOptions) -> bool {
    let corners = feature
        .parts
        .iter()
        .flat_map(|part| &part.positions)
        .filter(|p| p.is_finite());
    let bounds = corners.fold(None, |bounds: Option<(DVec2, DVec2)>, p| {
        let p = p.truncate();
        Some(bounds.map_or((p, p), |(low, high)| (low.min(p), high.max(p))))
    });
    bounds.is_some_and(|(low, high)| options.area.contains((low + high) / 2.0))
}

/// A picture by its name, from beside the first model that has one of that name.
fn image_of(name: &str, inputs: &[Input]) -> Result<Vec<u8>, String> {
    let mut last = String::from("no model has a picture of this name");
    for input in inputs {
        let parent = input.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let document = input
            .path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        match images_beside(resource::folder(parent.unwrap_or(Path::new("."))), document)(name) {
            Ok(bytes) => return Ok(bytes),
            Err(error) => last = error,
        }
    }
    Err(last)
}
