//! Opening `SQLite` files that others wrote: read-only, immutable, nothing written beside them, and no query without an
//! end.

use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What every `SQLite` file begins with.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";
/// Steps between two looks at the budget of a query.
const STEPS: i32 = 10_000;

/// Opens the file at `path`; `None` where the path is not plain text. What a `-wal` file still holds is not seen.
pub(super) fn connect_file(path: &Path) -> Option<rusqlite::Result<Connection>> {
    let text = path.to_str()?.replace('\\', "/");
    let encoded = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let is_drive = encoded.as_bytes().get(1) == Some(&b':');
    let uri = format!("file:{}{encoded}?mode=ro&immutable=1", if is_drive { "/" } else { "" });
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Some(Connection::open_with_flags(uri, flags))
}

/// Opens a file that is in memory.
pub(super) fn connect_bytes(mut bytes: Vec<u8>) -> rusqlite::Result<Connection> {
    // In memory there is no write-ahead log: the two bytes that ask for one are set to "none".
    for at in [18, 19] {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = 1;
        }
    }
    let mut connection = Connection::open_in_memory()?;
    connection.deserialize_read_exact("main", bytes.as_slice(), bytes.len(), true)?;
    Ok(connection)
}

/// Stops queries of `connection` that take too long: each time the counter is past `most` looks of ten thousand steps.
/// Whoever asks sets it to zero first.
pub(super) fn bound_queries(connection: &Connection, most: u64) -> Arc<AtomicU64> {
    let looks = Arc::new(AtomicU64::new(0));
    let counter = looks.clone();
    connection.progress_handler(STEPS, Some(move || counter.fetch_add(1, Ordering::Relaxed) > most));
    looks
}
