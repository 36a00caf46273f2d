//! City models to tiles and a register: every building of the area once, streamed.

use super::document::{PreparedLayer, SourceWords};
use super::models;
use super::register::RegisterWriter;
use super::{Input, Inputs, PrepareError, PrepareOptions, PrepareReport, PrepareStep};
use crate::georef::Crs;
use crate::model::CityEntry;
use crate::sources::resource;
use crate::sources::tiles3d::SinkError;
use crate::sources::tiles3d::tiler::{Progress, Stage, Tiler, TilerError, images_beside};
use crate::sources::{Cause, Problem};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

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
            return Err(PrepareError::cannot_write(&folder, error));
        }
        _ => {}
    }
    let register_path = options.folder.join(REGISTER);
    let cannot = |error: io::Error| PrepareError::cannot_write(&register_path, error);
    let mut register = RegisterWriter::create(&options.folder, REGISTER).map_err(&cannot)?;
    let mut register_fault: Option<io::Error> = None;
    let mut grounds = Grounds::default();
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
    let is_in_vain = AtomicBool::new(false);
    let tiler = Tiler {
        images: &images,
        progress: &progress,
        has_distinct_ids: true,
        cancel: &is_in_vain,
        ..Tiler::new("buildings", Crs::RD_NAP)
    };
    let (written, read) = models::read_while(&inputs.buildings, options, |features| {
        let noted = features.inspect(|feature| {
            let entry = CityEntry::of(feature).filter(|_| feature.class.starts_with("Building"));
            if let Some(entry) = entry.filter(|_| register_fault.is_none()) {
                grounds.add(entry.ground_nap_m);
                register_fault = register.add(&entry).err();
                // A disk that is full now is so after an hour of tiling too.
                is_in_vain.fetch_or(register_fault.is_some(), Ordering::Relaxed);
            }
        });
        tiler.tile_into_folder(noted, &folder)
    });
    report.problems.extend(read.problems);
    if let Some(error) = register_fault {
        return Err(cannot(error));
    }
    let made = match written {
        Ok(made) => made,
        Err(TilerError::Nothing { problems }) => {
            let _left = fs::remove_dir_all(&folder);
            report.problems.extend(problems);
            // What could not be read lies nowhere.
            if read.models > 0 {
                report.problems.push(nothing_there(&inputs.buildings));
            }
            return Ok(Vec::new());
        }
        Err(TilerError::Sink(SinkError::Io { source, path })) => {
            return Err(PrepareError::cannot_write(Path::new(&path), source));
        }
        Err(TilerError::Spill { source }) => return Err(PrepareError::cannot_write(&folder, source)),
        Err(error) => return Err(PrepareError::machine(format!("{}: {error}", folder.display()), error)),
    };
    register.finish().map_err(&cannot)?;
    report.problems.extend(made.problems);
    report.buildings = grounds.count();
    report.city_objects = made.features;
    report.tiles = made.tiles;
    Ok(vec![PreparedLayer {
        id: "buildings".to_owned(),
        kind: "tiles3d".to_owned(),
        path: format!("{FOLDER}/tileset.json"),
        title: ["Gebouwen".to_owned(), "Buildings".to_owned()],
        register: Some(REGISTER.to_owned()),
        source: joined(&inputs.buildings),
        ground_nap_m: grounds.middle_m(),
    }])
}

/// How many buildings stand how high, by the centimetre: as many numbers as there are heights, not as there are buildings.
#[derive(Default)]
struct Grounds(BTreeMap<i32, u64>);

impl Grounds {
    fn add(&mut self, height_m: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "what is beyond what fits stays there")]
        let centimetres = (height_m * 100.0).round() as i32;
        *self.0.entry(centimetres).or_insert(0) += 1;
    }

    fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The height that half of them stand below, metres.
    fn middle_m(&self) -> Option<f64> {
        let half = self.count() / 2;
        let mut below = 0;
        let middle = self.0.iter().find(|(_, count)| {
            below += **count;
            below > half
        });
        middle.map(|(centimetres, _)| f64::from(*centimetres) / 100.0)
    }
}

/// What is said when no model has a building in the area.
fn nothing_there(inputs: &[Input]) -> Problem {
    let names: Vec<String> = inputs.iter().map(|input| input.path.display().to_string()).collect();
    let message = "no building of it lies in this area; check the area and the coordinates of the file";
    Problem::error(names.join(", "), "", message).because(Cause::Elsewhere)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ground_is_that_of_the_building_in_the_middle() {
        let mut grounds = Grounds::default();
        assert_eq!((grounds.middle_m(), grounds.count()), (None, 0));
        for height_m in [17.004, 16.0, 2.5, 17.0, -3.2] {
            grounds.add(height_m);
        }
        assert_eq!((grounds.middle_m(), grounds.count()), (Some(16.0), 5));
        grounds.add(100.0);
        assert_eq!(grounds.middle_m(), Some(17.0), "as high as the upper one of two");
        assert_eq!(grounds.0.len(), 5);
    }
}
