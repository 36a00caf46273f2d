//! What of a run is done, so that the next run with the same wishes goes on from there.
//!
//! The journal lies in the folder (`.prepare/journal.json`) and names the wishes: the area, the inputs with their size and
//! day, the level of detail. Another wish is another run; nothing of the old one is used for it, and nothing of a folder
//! that is not ours is touched.

use super::document::PreparedLayer;
use super::{PrepareError, PrepareOptions, PrepareReport};
use crate::sources::Severity;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Folder of the journal and of what is fetched.
pub(super) const WORK: &str = ".prepare";
const JOURNAL: &str = "journal.json";
const SCENARIO: &str = "scenario.json";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    wishes: String,
    steps: BTreeMap<String, Vec<PreparedLayer>>,
}

/// The journal of one run.
pub(super) struct Journal {
    path: PathBuf,
    written: Written,
    had: usize,
}

impl Journal {
    /// Makes the folder, or goes on in it.
    pub(super) fn open(options: &PrepareOptions) -> Result<Self, PrepareError> {
        let folder = &options.folder;
        let work = folder.join(WORK);
        let path = work.join(JOURNAL);
        let wishes = digest(options);
        let old: Option<Written> = fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let goes_on = old.as_ref().is_some_and(|old| old.wishes == wishes);
        let is_empty = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
        let is_ours = old.is_some() || folder.join(SCENARIO).is_file();
        if !is_empty && !goes_on {
            if !is_ours {
                return Err(PrepareError::Usage(format!(
                    "{}: there is something else in this folder; choose another one",
                    folder.display()
                )));
            }
            if !options.replace {
                return Err(PrepareError::Usage(format!(
                    "{}: another area was prepared here; choose another folder, or add --replace",
                    folder.display()
                )));
            }
            clear(folder).map_err(|error| PrepareError::cannot_write(folder, &error))?;
        }
        fs::create_dir_all(&work).map_err(|error| PrepareError::cannot_write(&work, &error))?;
        let written = old.filter(|_| goes_on).unwrap_or(Written {
            wishes,
            steps: BTreeMap::new(),
        });
        let journal = Self {
            path,
            had: written.steps.len(),
            written,
        };
        journal.write()?;
        Ok(journal)
    }

    /// How many steps were done before this run.
    pub(super) fn done(&self) -> usize {
        self.had
    }

    /// Does a step unless it is done already; gives its layers. A step with errors is done again next time, so that what is
    /// wrong is told until it is mended.
    pub(super) fn step(
        &mut self,
        name: &str,
        report: &mut PrepareReport,
        work: impl FnOnce(&mut PrepareReport) -> Result<Vec<PreparedLayer>, PrepareError>,
    ) -> Result<Vec<PreparedLayer>, PrepareError> {
        if let Some(layers) = self.written.steps.get(name) {
            return Ok(layers.clone());
        }
        let before = report.problems.len();
        let layers = work(report)?;
        let told = report.problems.get(before..).unwrap_or_default();
        if told.iter().any(|problem| problem.severity == Severity::Error) {
            return Ok(layers);
        }
        self.written.steps.insert(name.to_owned(), layers.clone());
        self.write()?;
        Ok(layers)
    }

    /// All is done: the journal and what was fetched are not needed any more.
    pub(super) fn finish(self) {
        if let Some(work) = self.path.parent() {
            // What cannot be cleared away costs room and nothing else.
            let _left = fs::remove_dir_all(work);
        }
    }

    fn write(&self) -> Result<(), PrepareError> {
        let cannot = |error: &std::io::Error| PrepareError::cannot_write(&self.path, error);
        let mut file = atomic_write_file::AtomicWriteFile::open(&self.path).map_err(|error| cannot(&error))?;
        let bytes =
            serde_json::to_vec_pretty(&self.written).map_err(|error| PrepareError::Machine(error.to_string()))?;
        file.write_all(&bytes)
            .and_then(|()| file.commit())
            .map_err(|error| cannot(&error))
    }
}

/// Takes away what an earlier run made, and nothing else.
fn clear(folder: &Path) -> std::io::Result<()> {
    for name in [WORK, super::buildings::FOLDER, super::layers::FOLDER] {
        match fs::remove_dir_all(folder.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    for name in [SCENARIO, super::buildings::REGISTER, super::terrain::GRID] {
        match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// What was asked for, in one number: another input of the same name is another wish.
fn digest(options: &PrepareOptions) -> String {
    let mut hash = Sha256::new();
    let file = |path: &PathBuf| {
        let about = fs::metadata(path).ok();
        let day = about.as_ref().and_then(|about| about.modified().ok());
        format!("{}|{:?}|{day:?}", path.display(), about.map(|about| about.len()))
    };
    hash.update(format!(
        "{:?}|{:?}|{:?}",
        options.area.ring(),
        options.lod,
        options.online
    ));
    for (kind, paths) in [
        ("buildings", &options.buildings),
        ("terrain", &options.terrain),
        ("vector", &options.vector),
    ] {
        hash.update(kind);
        for path in paths {
            hash.update(file(path));
        }
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
