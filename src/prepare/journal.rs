//! What of a run is done, so that the next run with the same wishes goes on from there.
//!
//! The journal lies in the folder (`.prepare/journal.json`) and names the wishes: the area, the inputs with their size and
//! day, the level of detail. Another wish is another run; nothing of the old one is used for it, and nothing of a folder
//! that is not ours is touched.

use super::document::PreparedLayer;
use super::terrain::remove_folder;
use super::whole_file::WholeFile;
use super::{PrepareError, PrepareOptions, PrepareReport};
use crate::sources::{Severity, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// Folder of the journal and of what is fetched.
pub(super) const WORK: &str = ".prepare";
const JOURNAL: &str = "journal.json";
/// Held while a run is under way.
const LOCK: &str = "lock";
/// Folder of what is fetched, in that of the journal.
pub(super) const CACHE: &str = "cache";
const SCENARIO: &str = "scenario.json";
/// Another number for another form of what is written: nothing made before is gone on with.
const FORM: u32 = 2;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    wishes: String,
    #[serde(default)]
    is_finished: bool,
    steps: BTreeMap<String, Done>,
}

/// What a step made, with its numbers and what was odd: a run that goes on tells of them too.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Done {
    layers: Vec<PreparedLayer>,
    report: PrepareReport,
}

/// The journal of one run.
pub(super) struct Journal {
    folder: PathBuf,
    written: Written,
    had: usize,
    is_partial: bool,
    _lock: File,
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
        // A run that ended before its first word left nothing but its own folder.
        let is_empty =
            fs::read_dir(folder).map_or(true, |entries| entries.flatten().all(|entry| entry.file_name() == WORK));
        let is_ours = old.is_some();
        let is_finished = goes_on && old.as_ref().is_some_and(|old| old.is_finished);
        if folder.is_file() {
            return Err(PrepareError::Usage(format!(
                "{}: this is a file; name a folder to make",
                folder.display()
            )));
        }
        if is_finished && !options.replace {
            return Err(PrepareError::Usage(format!(
                "{}: this area is prepared here already; add --replace to make it anew",
                folder.display()
            )));
        }
        let goes_on = goes_on && !is_finished;
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
        let lock = lock(&work)?;
        let written = old.filter(|_| goes_on).unwrap_or(Written {
            wishes,
            is_finished: false,
            steps: BTreeMap::new(),
        });
        let journal = Self {
            folder: folder.clone(),
            had: written.steps.len(),
            written,
            is_partial: false,
            _lock: lock,
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
        if let Some(done) = self.written.steps.get(name).filter(|_| !self.is_partial) {
            report.add(done.report.clone());
            return Ok(done.layers.clone());
        }
        // What was made of what is made anew now.
        let after = format!("{name}-");
        self.written.steps.retain(|other, _| !other.starts_with(&after));
        let mut own = PrepareReport::default();
        let made = work(&mut own);
        let is_whole = !own.problems.iter().any(|problem| problem.severity == Severity::Error);
        report.add(own.clone());
        let layers = made?;
        if is_whole && !self.is_partial {
            let done = Done {
                layers: layers.clone(),
                report: own,
            };
            self.written.steps.insert(name.to_owned(), done);
            self.write()?;
        }
        Ok(layers)
    }

    /// Some of what was to be fetched is missing: nothing of this run counts as done, and nothing done before is used.
    pub(super) fn mistrust(&mut self) {
        self.is_partial = true;
    }

    /// All is done: what was fetched is not needed any more. The journal stays, by which the folder is known as ours.
    pub(super) fn finish(mut self) -> Result<(), PrepareError> {
        if self.is_partial {
            return Ok(());
        }
        self.written.is_finished = true;
        self.write()?;
        // What cannot be cleared away costs room and nothing else.
        for entry in fs::read_dir(self.folder.join(WORK)).into_iter().flatten().flatten() {
            if entry.file_name() != JOURNAL {
                let path = entry.path();
                let _left = if path.is_dir() {
                    fs::remove_dir_all(path)
                } else {
                    fs::remove_file(path)
                };
            }
        }
        Ok(())
    }

    fn write(&self) -> Result<(), PrepareError> {
        let bytes =
            serde_json::to_vec_pretty(&self.written).map_err(|error| PrepareError::Machine(error.to_string()))?;
        let name = format!("{WORK}/{JOURNAL}");
        WholeFile::create(&self.folder, &name)?.fill(|to| to.write_all(&bytes))
    }
}

/// Takes the folder of the journal for this run.
fn lock(work: &Path) -> Result<File, PrepareError> {
    let path = work.join(LOCK);
    let opened = fs::create_dir_all(work).and_then(|()| File::create(&path));
    let file = opened.map_err(|error| PrepareError::cannot_write(&path, &error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(PrepareError::Usage(format!(
            "{}: another run is preparing this folder; wait for it, or choose another folder",
            work.parent().unwrap_or(work).display()
        ))),
        // Some network shares know no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Takes away what an earlier run made, and nothing else.
fn clear(folder: &Path) -> std::io::Result<()> {
    let folders = [
        WORK,
        super::buildings::FOLDER,
        super::layers::FOLDER,
        super::terrain::TILES,
        super::imagery::FOLDER,
    ];
    for name in folders {
        remove_folder(&folder.join(name))?;
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
        "{FORM}|{:?}|{:?}|{:?}|{}|{}",
        options.area.ring(),
        options.lod,
        options.online,
        options.online_imagery,
        options.terrain_tiles
    ));
    for (kind, paths) in [
        ("buildings", &options.buildings),
        ("terrain", &options.terrain),
        ("imagery", &options.imagery),
        ("vector", &options.vector),
    ] {
        hash.update(kind);
        for path in paths {
            hash.update(file(path));
        }
    }
    hex(&hash.finalize())
}
