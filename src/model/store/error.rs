//! What can go wrong with keeping, told apart by what somebody can do about it.

use crate::sources::{Cause, Problem};
use rusqlite::ErrorCode;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why something is not kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no data folder for this user.
    #[error("this user has no data folder")]
    NoFolder {
        /// What the system said.
        #[source]
        source: etcetera::HomeDirError,
    },
    /// The system refuses to write.
    #[error("cannot be written ({source})")]
    Unwritable {
        /// What the system said.
        #[source]
        source: io::Error,
        /// The database.
        path: PathBuf,
    },
    /// It would lie on a network share, where a database can lose what was written.
    #[error("would lie on a network share: use a profile on this machine, or set XDG_DATA_HOME to a local folder")]
    OnShare {
        /// The database.
        path: PathBuf,
    },
    /// Another program has it open.
    #[error("is in use by another Stadslens: close that one and open this scenario again")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// Made by a newer version of this program.
    #[error("has version {version}, this program knows {known}")]
    Newer {
        /// Its version.
        version: usize,
        /// The newest version known.
        known: usize,
        /// The database.
        path: PathBuf,
    },
    /// Not a database of this program, or a broken one.
    #[error("is damaged")]
    Damaged {
        /// The database.
        path: PathBuf,
    },
    /// The disk is full or broken, or something that should not happen.
    #[error("cannot be used ({source})")]
    Database {
        /// What the database said.
        #[source]
        source: rusqlite::Error,
        /// The database.
        path: PathBuf,
    },
    /// The thread that keeps has ended.
    #[error("is closed")]
    Closed {
        /// The database.
        path: PathBuf,
    },
}

impl StoreError {
    /// The same as one line for the list of problems, for who goes on without keeping.
    pub fn problem(&self) -> Problem {
        self.problem_so("what you add is not kept")
    }

    /// The same with what comes of it, which is another thing where nobody goes on without keeping.
    pub fn problem_so(&self, consequence: &str) -> Problem {
        let (path, cause) = match self {
            Self::NoFolder { .. } => (None, Cause::Unwritable),
            Self::OnShare { path }
            | Self::Unwritable { path, .. }
            | Self::Database { path, .. }
            | Self::Closed { path } => (Some(path), Cause::Unwritable),
            Self::InUse { path } => (Some(path), Cause::InUse),
            Self::Newer { path, .. } => (Some(path), Cause::Newer),
            Self::Damaged { path } => (Some(path), Cause::Damaged),
        };
        let path = path.map(|path| path.display().to_string()).unwrap_or_default();
        Problem::error(path, "", format!("{self}; {consequence}")).because(cause)
    }
}

/// An error of the database, by what can be done about it.
pub(super) fn failed(source: rusqlite::Error, path: &Path) -> StoreError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            StoreError::InUse { path }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => StoreError::Unwritable {
            source: io::Error::other(source),
            path,
        },
        _ => StoreError::Database { source, path },
    }
}

/// The same where the database said that its tables are not those of its version.
pub(super) fn damaged_or(source: rusqlite::Error, path: &Path) -> StoreError {
    if matches!(source, rusqlite::Error::SqlInputError { .. }) {
        return StoreError::Damaged { path: path.to_owned() };
    }
    failed(source, path)
}
