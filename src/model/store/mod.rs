//! What people add to a scenario, kept in one `SQLite` database per scenario in the user's own data folder.
//!
//! Never in the scenario's folder: that may be read-only, on a network share or a package. A change is acknowledged
//! when it is on the disk (write-ahead log, `synchronous=FULL`), so a killed program loses nothing that was finished.
//! One program holds a scenario's database at a time; a second one goes on without keeping, and says so. Not a place
//! for what stands in the scenario's own files.
//!
//! Positions are kept on the earth (RD and NAP in a Dutch site frame, else longitude, latitude and ellipsoidal height), so
//! that notes keep their place when the scenario's anchor moves; those of data without a place stay in the site frame, and
//! those of a file whose coordinate system was answered otherwise go with the file.
//! The heading of a note's view is kept as it is: it counts from the north of the frame in which it was written.

mod error;
mod file_moves;
mod lists;
mod moving;
mod notes;
mod origin;
mod places;
mod reactions;
mod share;
mod worker;

pub use error::StoreError;
pub use lists::StoredLists;
pub use notes::StoredNotes;
pub use origin::{Origin, kept_at};
pub use reactions::StoredReactions;
pub use worker::{Pending, StoreHandle};

use crate::sources::{
    Cause, Problem,
    resource::{is_url, plain_path, slug},
};
use error::failed;
use etcetera::BaseStrategy;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// One step per version of the database; what a step made is changed by a later step only.
const MIGRATIONS: [&str; 6] = [
    notes::TABLE,
    reactions::TABLES,
    lists::TABLE,
    notes::TAKEN_OVER,
    places::FRAMES,
    origin::ORIGIN,
];
/// How long opening waits for a program that is just letting go.
const OPENING_PATIENCE: Duration = Duration::from_millis(1500);
/// Longest part of a file's name that tells a person which scenario it belongs to, characters.
const MAX_NAME: usize = 40;
/// How many damaged files of one scenario are set aside before the program gives up on keeping.
const MAX_SET_ASIDE: u32 = 99;

/// The user's data folder for this program; it may not exist yet.
pub fn data_folder() -> Result<PathBuf, StoreError> {
    etcetera::choose_base_strategy()
        .map(|strategy| strategy.data_dir().join("stadslens"))
        .map_err(|source| StoreError::NoFolder { source })
}

/// Where what people add to the scenario that was opened at `opened` is kept, inside `data_folder`: a readable name and
/// a part of the hash of its whole path, so that two folders of one name stay apart.
pub fn store_path(data_folder: &Path, opened: &Path) -> PathBuf {
    let place = place_of(opened);
    let stem = place.file_stem().unwrap_or_default().to_string_lossy();
    let name = slug(&stem, MAX_NAME);
    let hash = Sha256::digest(place.as_os_str().as_encoded_bytes());
    let short = hash
        .iter()
        .take(6)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    data_folder
        .join("scenarios")
        .join(format!("{name}-{short:012x}.sqlite"))
}

/// The whole path of the scenario that was opened at `opened`: it is named by its folder or by the file in it.
fn place_of(opened: &Path) -> PathBuf {
    if let Some(url) = opened.to_str().filter(|text| is_url(text)) {
        // A key or a signature in it is another one tomorrow.
        return PathBuf::from(plain_path(url));
    }
    let whole = fs::canonicalize(opened).unwrap_or_else(|_| opened.to_owned());
    match whole.parent() {
        Some(folder) if whole.file_name().is_some_and(|name| name == "scenario.json") => folder.to_owned(),
        _ => whole,
    }
}

/// An open database of one scenario. Its calls wait for the disk: it lives on the thread of a [`StoreHandle`].
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the database at `path` or makes it. A damaged one is set aside, which the problem says, and a new one begun.
    pub fn open(path: &Path) -> Result<(Self, Option<Problem>), StoreError> {
        match Self::open_sound(path) {
            Err(StoreError::Damaged { .. }) => {
                let aside = set_aside(path)?;
                let message = format!(
                    "was damaged and is kept as {}: what people had added is not shown, a new file was begun",
                    aside.display()
                );
                let problem = Problem::error(path.display().to_string(), "", message).because(Cause::SetAside);
                Ok((Self::open_sound(path)?, Some(problem)))
            }
            opened => opened.map(|store| (store, None)),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open_sound(path: &Path) -> Result<Self, StoreError> {
        let unwritable = |source| StoreError::Unwritable {
            source,
            path: path.to_owned(),
        };
        if let Some(folder) = path.parent() {
            if share::is_share(folder) {
                return Err(StoreError::OnShare { path: path.to_owned() });
            }
            make_folder(folder).map_err(unwritable)?;
        }
        let connection = Connection::open(path).map_err(|source| failed(source, path))?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
        };
        if store
            .connection
            .is_readonly("main")
            .map_err(|source| failed(source, path))?
        {
            return Err(unwritable(io::ErrorKind::ReadOnlyFilesystem.into()));
        }
        store.take_hold()?;
        store.migrate()?;
        store.check()?;
        Ok(store)
    }

    /// Locks the database for this program alone. A newer version's file is not touched.
    fn take_hold(&self) -> Result<(), StoreError> {
        let failed = |source| failed(source, &self.path);
        let connection = &self.connection;
        connection.busy_timeout(OPENING_PATIENCE).map_err(failed)?;
        connection
            .pragma_update(None, "locking_mode", "EXCLUSIVE")
            .map_err(failed)?;
        let version = self.version()?;
        if version > MIGRATIONS.len() {
            return Err(StoreError::Newer {
                version,
                known: MIGRATIONS.len(),
                path: self.path.clone(),
            });
        }
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        connection.pragma_update(None, "secure_delete", "ON").map_err(failed)?;
        // Only a write takes the lock for good.
        connection.execute_batch("BEGIN IMMEDIATE; COMMIT").map_err(failed)
    }

    fn version(&self) -> Result<usize, StoreError> {
        self.connection
            .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
            .map(|version| usize::try_from(version).unwrap_or(usize::MAX))
            .map_err(|source| failed(source, &self.path))
    }

    /// Brings an older database up to date, one step at a time, each whole or not at all.
    fn migrate(&mut self) -> Result<(), StoreError> {
        let first = self.version()?;
        for (version, step) in MIGRATIONS.iter().enumerate().skip(first) {
            let done = self.connection.transaction().and_then(|transaction| {
                transaction.execute_batch(step)?;
                let next = i64::try_from(version + 1).unwrap_or(i64::MAX);
                transaction.pragma_update(None, "user_version", next)?;
                transaction.commit()
            });
            done.map_err(|source| error::damaged_or(source, &self.path))?;
        }
        Ok(())
    }

    /// Whether the file is sound and has the tables that its version says.
    fn check(&self) -> Result<(), StoreError> {
        let said: String = self
            .connection
            .pragma_query_value(None, "quick_check", |row| row.get(0))
            .map_err(|source| failed(source, &self.path))?;
        let damaged = || StoreError::Damaged {
            path: self.path.clone(),
        };
        if said != "ok" {
            return Err(damaged());
        }
        let needed = [
            notes::SELECT,
            notes::SELECT_TAKEN_OVER,
            reactions::SELECT,
            lists::SELECT,
            origin::SELECT,
        ];
        needed.iter().try_for_each(|select| {
            let prepared = self.connection.prepare(select).map(drop);
            prepared.map_err(|source| error::damaged_or(source, &self.path))
        })
    }
}

/// Makes a folder that only its user can look into.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Moves a damaged database and its log out of the way, under a name that is not taken; hands out that name.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let unwritable = |source| StoreError::Unwritable {
        source,
        path: path.to_owned(),
    };
    let aside = (1..=MAX_SET_ASIDE)
        .map(|number| path.with_extension(format!("damaged-{number}.sqlite")))
        .find(|aside| !aside.exists())
        .ok_or_else(|| unwritable(io::ErrorKind::AlreadyExists.into()))?;
    fs::rename(path, &aside).map_err(unwritable)?;
    for ending in ["-wal", "-shm"] {
        let beside = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        match fs::rename(beside(path), beside(&aside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritable(error)),
            _ => {}
        }
    }
    Ok(aside)
}

#[cfg(test)]
mod kill_tests;
#[cfg(test)]
mod tests;
