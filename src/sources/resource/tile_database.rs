//! A tile database (`.3dtiles`): an `SQLite` file with one table, `media(key, content)`.
//!
//! Whoever made the file is not trusted: it is opened for reading alone, nothing in it is run but our own query, and that
//! not without an end.

use super::{ResourceError, Resources};
use crate::sources::sqlite::{bound_queries, connect_bytes, connect_file};
use rusqlite::{Connection, OptionalExtension, types::ValueRef};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Largest file that is not on the disk itself, bytes.
const MAX_PACKED_BYTES: u64 = 512 << 20;
/// Most looks of ten thousand steps at one query: about a second.
const MAX_LOOKS: u64 = 3000;

/// An open database.
pub(super) struct TileDatabase {
    connection: Mutex<Connection>,
    looks: Arc<AtomicU64>,
    name: String,
}

impl TileDatabase {
    /// Opens the file at `path` in `resources`.
    ///
    /// # Errors
    /// [`ResourceError::Archive`] when it is no such file or lacks the table.
    pub(super) fn open(resources: &dyn Resources, path: &str) -> Result<Self, ResourceError> {
        let damaged = |reason: String| ResourceError::Archive {
            reason,
            uri: path.to_owned(),
        };
        let unreadable = |error: rusqlite::Error| damaged(error.to_string());
        let connection = match resources.real_path(path) {
            Some(real) => connect_file(&real).unwrap_or_else(|| Err(rusqlite::Error::InvalidPath(real))),
            None => connect_bytes(resources.read_at_most(path, MAX_PACKED_BYTES)?),
        }
        .map_err(unreadable)?;
        connection
            .execute_batch("PRAGMA trusted_schema = OFF")
            .map_err(unreadable)?;
        let database = Self {
            looks: bound_queries(&connection, MAX_LOOKS),
            connection: Mutex::new(connection),
            name: path.to_owned(),
        };
        let columns = database.columns().map_err(unreadable)?;
        let wanted = ["key", "content"];
        if let Some(lacking) = wanted.iter().find(|name| !columns.iter().any(|column| column == *name)) {
            let reason = if columns.is_empty() {
                "it has no table `media`".to_owned()
            } else {
                format!("its table `media` has no column `{lacking}`")
            };
            return Err(damaged(reason));
        }
        Ok(database)
    }

    /// The columns of the table; none when there is no such table. A view would be a query of the file's own.
    fn columns(&self) -> rusqlite::Result<Vec<String>> {
        const MOST: usize = 64;
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let is_table = "SELECT count(*) FROM sqlite_master WHERE name = 'media' AND type = 'table' AND rootpage > 0";
        let tables: i64 = connection.query_row(is_table, [], |row| row.get(0))?;
        if tables != 1 {
            return Ok(Vec::new());
        }
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info('media')")?;
        let names = statement.query_map([], |row| row.get(0))?;
        names.take(MOST).collect()
    }

    fn with_content<T>(
        &self,
        path: &str,
        take: impl FnOnce(&[u8]) -> Result<T, ResourceError>,
    ) -> Result<T, ResourceError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        self.looks.store(0, Ordering::Relaxed);
        let found = connection
            .prepare_cached("SELECT content FROM media WHERE key = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([path], |row| {
                        Ok(match row.get_ref(0)? {
                            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => take(bytes),
                            _ => take(&[]),
                        })
                    })
                    .optional()
            })
            .map_err(|error| ResourceError::Archive {
                reason: error.to_string(),
                uri: path.to_owned(),
            })?;
        found.unwrap_or_else(|| Err(ResourceError::Missing { uri: path.to_owned() }))
    }
}

impl Resources for TileDatabase {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.read_at_most(path, super::MAX_FILE_BYTES)
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        self.with_content(path, |bytes| {
            if bytes.len() as u64 > limit {
                return Err(ResourceError::TooLarge {
                    bytes: bytes.len() as u64,
                    limit,
                    uri: path.to_owned(),
                });
            }
            Ok(bytes.to_vec())
        })
    }

    fn exists(&self, path: &str) -> bool {
        self.with_content(path, |_| Ok(())).is_ok()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
