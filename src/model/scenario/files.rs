//! Which files a scenario is made of: its own, those of its layers and variants, and all that their tilesets lead to. Nothing else that
//! happens to lie in its folder.

use super::read::has_extension;
use super::{LayerKind, OpenScenario};
use crate::model::search;
use crate::sources::imagery::description_files;
use crate::sources::resource::{RandomRead, ResourceError, Resources, is_url, join, leads_into_archive};
use crate::sources::tiles3d::{self, references};
use crate::sources::{Cause, Problem, obj, vector};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Most files that one scenario is made of.
const MAX_FILES: usize = 100_000;

/// The files of a scenario.
#[derive(Debug, Clone, Default)]
pub struct UsedFiles {
    /// Paths within the scenario's resources, its own file not among them.
    pub paths: BTreeSet<String>,
    /// Files that are named and cannot be had.
    pub problems: Vec<Problem>,
}

/// Finds the files that `open` is made of. Reads every tile once, so keep it off the main thread.
pub fn used_files(open: &OpenScenario) -> UsedFiles {
    let mut used = UsedFiles::default();
    for layer in &open.scenario.layers {
        // A list that was added in the program is in no folder of the scenario.
        if layer.path.is_empty() || is_url(&layer.path) {
            // What is on a server stays there.
            if let Some(register) = &layer.register {
                used.add(&*open.resources, register);
            }
            continue;
        }
        if layer.kind == LayerKind::Tiles3d {
            used.add_tiles(&open.resources, &layer.path);
        } else if used.add(&*open.resources, &layer.path) {
            if layer.kind == LayerKind::Imagery && has_extension(&layer.path, &["json", "xml"]) {
                for tile in description_files(&*open.resources, &layer.path) {
                    used.add(&*open.resources, &tile);
                }
            }
            if layer.kind == LayerKind::Terrain && has_extension(&layer.path, &["json"]) {
                for tile in terrain_files(&*open.resources, &layer.path) {
                    used.add(&*open.resources, &tile);
                }
            }
            for beside in vector::files_beside(&*open.resources, &layer.path) {
                used.add(&*open.resources, &beside);
            }
        }
        if let Some(register) = &layer.register {
            used.add(&*open.resources, register);
        }
    }
    if open.resources.exists(search::KEPT) {
        used.add(&*open.resources, search::KEPT);
    }
    for variant in &open.scenario.variants {
        for masses in &variant.masses {
            used.add(&*open.resources, &masses.path);
        }
        for model in &variant.models {
            used.add_content(&*open.resources, &model.path);
        }
    }
    used
}

/// Tiles of terrain beside a `layer.json`: all that lie in its folder under their own ending.
fn terrain_files(resources: &dyn Resources, path: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut files = resources.files_under(folder, MAX_FILES);
    files.retain(|file| has_extension(file, &["terrain"]));
    files
}

impl UsedFiles {
    /// Adds a file that is there; says so where it is not. Returns whether it is new.
    fn add(&mut self, resources: &dyn Resources, path: &str) -> bool {
        if self.paths.contains(path) {
            return false;
        }
        if self.paths.len() >= MAX_FILES {
            if self.problems.last().is_none_or(|last| last.cause != Cause::TooLarge) {
                let message = format!("more than {MAX_FILES} files; the rest is left out");
                self.problems
                    .push(Problem::error(path, "", message).because(Cause::TooLarge));
            }
            return false;
        }
        if !resources.exists(path) {
            self.problems
                .push(Problem::error(path, "", "the file is missing and is left out").because(Cause::Missing));
            return false;
        }
        self.paths.insert(path.to_owned())
    }

    fn add_tiles(&mut self, resources: &Arc<dyn Resources>, path: &str) {
        if !has_extension(path, &["json", "3tz", "3dtiles"]) {
            self.add_content(&**resources, path);
            return;
        }
        let recorder = Arc::new(Recorder {
            inner: resources.clone(),
            read: Mutex::default(),
        });
        match tiles3d::read_whole_tileset(recorder.clone(), path) {
            Ok((tree, _)) => {
                // Asking for a content in an archive opens the archive, which is the file that is needed.
                let is_packed = |content: &str| {
                    leads_into_archive(content) && tree.resources.exists(content) && !resources.exists(content)
                };
                let contents = tree.tiles.iter().flat_map(|tile| &tile.contents);
                let plain: Vec<&String> = contents.filter(|content| !is_packed(content)).collect();
                for file in recorder.taken() {
                    self.add(&**resources, &file);
                }
                for content in plain {
                    self.add_content(&**resources, content);
                }
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    /// Adds a tile and the files that it names.
    fn add_content(&mut self, resources: &dyn Resources, path: &str) {
        if path.starts_with("data:") || !self.add(resources, path) {
            return;
        }
        let bytes = match resources.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.problems.push(error.problem(path, ""));
                return;
            }
        };
        if obj::is_obj(path) {
            for beside in obj::references(&bytes, resources, path) {
                self.add(resources, &beside);
            }
            return;
        }
        for model in self.add_references(resources, path, &bytes) {
            // The model of an instanced tile, which names files of its own, and no further models.
            match resources.read(&model) {
                Ok(bytes) => {
                    self.add_references(resources, &model, &bytes);
                }
                Err(error) => self.problems.push(error.problem(model, "")),
            }
        }
    }

    /// Adds the files that a tile names, and returns those that are new and models themselves.
    fn add_references(&mut self, resources: &dyn Resources, path: &str, bytes: &[u8]) -> Vec<String> {
        let mut models = Vec::new();
        for uri in references(bytes) {
            match join(path, &uri) {
                Ok(joined) => {
                    if self.add(resources, &joined) && has_extension(&joined, &["glb", "gltf"]) {
                        models.push(joined);
                    }
                }
                Err(error) => self.problems.push(error.problem(path, "")),
            }
        }
        models
    }
}

/// Remembers what was read through it.
struct Recorder {
    inner: Arc<dyn Resources>,
    read: Mutex<BTreeSet<String>>,
}

impl Recorder {
    fn note(&self, path: &str) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(path.to_owned());
    }

    fn taken(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Resources for Recorder {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        let bytes = self.inner.read(path)?;
        self.note(path);
        Ok(bytes)
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        let bytes = self.inner.read_at_most(path, limit)?;
        self.note(path);
        Ok(bytes)
    }

    fn open(&self, path: &str, limit: u64) -> Result<Arc<dyn RandomRead>, ResourceError> {
        let file = self.inner.open(path, limit)?;
        self.note(path);
        Ok(file)
    }

    fn real_path(&self, path: &str) -> Option<PathBuf> {
        let real = self.inner.real_path(path)?;
        self.note(path);
        Some(real)
    }

    fn exists(&self, path: &str) -> bool {
        self.inner.exists(path)
    }

    fn name(&self) -> String {
        self.inner.name()
    }
}
