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
    /// What an earlier run made is being taken away.
    #[serde(default)]
    is_clearing: bool,
    steps: BTreeMap<String, Done>,
}

/// What a step made, with its numbers and what was odd: a run that goes on tells of them too.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Done {
    layers: Vec<PreparedLayer>,
    report: PrepareReport,
}

/// What is in the folder, and may be used by this run.
enum Found {
    /// Nothing but what was fetched, which every run may use.
    Nothing,
    /// A run with the same wishes that did not end.
    Begun(Written),
    /// Something of ours that is to be made anew, with what was fetched for it or without.
    Replaced { keeps_fetched: bool },
}

impl Found {
    fn look(options: &PrepareOptions, wishes: &str) -> Result<Self, PrepareError> {
        let folder = &options.folder;
        let refused = |why: &str| Err(PrepareError::Usage(format!("{}: {why}", folder.display())));
        if folder.is_file() {
            return refused("this is a file; name a folder to make");
        }
        // A run that made nothing, or ended before its first word, left nothing but its own folder.
        let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let is_bare = entries.all(|entry| entry.file_name() == WORK);
        let journal = fs::read(folder.join(WORK).join(JOURNAL)).ok();
        let journal: Option<Written> = journal.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Some(written) = journal.filter(|written| !is_bare || written.wishes == wishes) else {
            if is_bare {
                return Ok(Self::Nothing);
            }
            return refused("there is something else in this folder; choose another one");
        };
        let is_same = written.wishes == wishes;
        if is_same && !written.is_finished && !written.is_clearing {
            return Ok(Self::Begun(written));
        }
        // What ended before its first step was done made nothing that anybody could miss.
        let is_empty = !written.is_finished && written.steps.is_empty() && !folder.join(SCENARIO).exists();
        // One that was clearing had the word for it already.
        if options.replace || is_same && written.is_clearing || is_empty {
            let keeps_fetched = !options.replace && !written.is_clearing;
            return Ok(Self::Replaced { keeps_fetched });
        }
        refused(if is_same {
            "this area is prepared here already; add --replace to make it anew"
        } else {
            "another area was prepared here, or from other files or services; choose another folder, or add --replace"
        })
    }
}

/// The journal of one run.
pub(super) struct Journal {
    folder: PathBuf,
    written: Written,
    had: usize,
    is_partial: bool,
    /// Whether the folder was not there before.
    has_made_folder: bool,
    lock: File,
}

impl Journal {
    /// Makes the folder, or goes on in it. `services` is what is fetched from, in one word; nothing where nothing is fetched.
    pub(super) fn open(options: &PrepareOptions, services: &str) -> Result<Self, PrepareError> {
        let folder = &options.folder;
        let work = folder.join(WORK);
        let wishes = digest(options, services);
        // What is refused is refused before anything is written: the folder may be somebody else's.
        let _allowed = Found::look(options, &wishes)?;
        let has_made_folder = !folder.exists();
        let lock = lock(&work)?;
        // Only now nobody else writes here, and what was read before may be old.
        let found = Found::look(options, &wishes)?;
        let mut journal = Self {
            folder: folder.clone(),
            had: 0,
            written: Written {
                wishes,
                ..Written::default()
            },
            is_partial: false,
            has_made_folder,
            lock,
        };
        match found {
            Found::Nothing => {}
            Found::Begun(written) => {
                journal.had = written.steps.len();
                journal.written = written;
            }
            Found::Replaced { keeps_fetched } => {
                // Said first: a run that is killed while it clears is known as ours by the next one, which clears again.
                journal.written.is_clearing = true;
                journal.write()?;
                let kept = [LOCK, JOURNAL, CACHE];
                let kept = if keeps_fetched { &kept[..] } else { &kept[..2] };
                clear(folder, kept).map_err(|error| PrepareError::cannot_write(folder, error))?;
                journal.written.is_clearing = false;
            }
        }
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
        if let Some(done) = self.written.steps.get(name) {
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

    /// Some of what was to be fetched is missing: nothing of this run counts as done, and nothing done before is used, by
    /// the next run either.
    pub(super) fn mistrust(&mut self) -> Result<(), PrepareError> {
        self.is_partial = true;
        self.written.steps.clear();
        self.write()
    }

    /// Nothing came of the run: takes away what it made, so that the folder is free for another try. What was fetched stays,
    /// since every run may use it, and so do a folder that was there before and an area that an earlier run made in it.
    pub(super) fn give_up(self) {
        if self.folder.join(SCENARIO).exists() {
            return;
        }
        // What cannot be taken away stays known as ours, by the journal, which goes last.
        if clear(&self.folder, &[LOCK, JOURNAL, CACHE]).is_err() {
            return;
        }
        let work = self.folder.join(WORK);
        let _left = fs::remove_file(work.join(JOURNAL)).and_then(|()| fs::remove_file(work.join(LOCK)));
        drop(self.lock);
        remove_empty(&work, 0);
        if self.has_made_folder {
            let _others_are_in_it = fs::remove_dir(&self.folder);
        }
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
        let bytes = serde_json::to_vec_pretty(&self.written)
            .map_err(|error| PrepareError::machine(error.to_string(), error))?;
        let name = format!("{WORK}/{JOURNAL}");
        WholeFile::create(&self.folder, &name)?.fill(|to| to.write_all(&bytes))
    }
}

/// Takes the folder of the journal for this run.
fn lock(work: &Path) -> Result<File, PrepareError> {
    let path = work.join(LOCK);
    let opened = fs::create_dir_all(work).and_then(|()| File::create(&path));
    let file = opened.map_err(|error| PrepareError::cannot_write(&path, error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(PrepareError::Usage(format!(
            "{}: another run is preparing this folder; wait for it, or choose another folder",
            work.parent().unwrap_or(work).display()
        ))),
        // Some network shares know no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Takes away folders without a file in them, no deeper than what is fetched lies.
fn remove_empty(folder: &Path, depth: u8) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if depth < 8 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path(), depth + 1);
        }
    }
    let _has_files = fs::remove_dir(folder);
}

/// Takes away what an earlier run made, and nothing else: of the folder of the journal not what is called `kept`, as the lock,
/// which this run holds, and the journal, by which the folder is known as ours.
fn clear(folder: &Path, kept: &[&str]) -> std::io::Result<()> {
    let folders = [
        super::buildings::FOLDER,
        super::layers::FOLDER,
        super::terrain::TILES,
        super::imagery::FOLDER,
    ];
    let files = [
        SCENARIO,
        crate::model::search::KEPT,
        super::buildings::REGISTER,
        super::terrain::GRID,
    ];
    let mut paths: Vec<PathBuf> = folders.iter().chain(&files).map(|name| folder.join(name)).collect();
    for entry in fs::read_dir(folder.join(WORK))? {
        let entry = entry?;
        if !kept.iter().any(|kept| entry.file_name() == *kept) {
            paths.push(entry.path());
        }
    }
    for path in paths {
        let gone = if path.is_dir() {
            remove_folder(&path)
        } else {
            fs::remove_file(&path)
        };
        match gone {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// What was asked for, in one number: another input of the same name is another wish, and so is another list of services.
fn digest(options: &PrepareOptions, services: &str) -> String {
    let mut hash = Sha256::new();
    let file = |path: &PathBuf| {
        let about = fs::metadata(path).ok();
        let day = about.as_ref().and_then(|about| about.modified().ok());
        format!("{}|{:?}|{day:?}", path.display(), about.map(|about| about.len()))
    };
    hash.update(format!(
        "{FORM}|{:?}|{:?}|{:?}|{services}|{}|{}",
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
