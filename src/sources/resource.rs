//! Where bytes come from: a folder or an archive, behind one interface.

use std::{path::Path, sync::Arc};
use thiserror::Error;

/// Why bytes could not be had.
#[derive(Debug, Error)]
pub enum ResourceError {
    /// No such file.
    #[error("the file is missing: {uri}")]
    Missing {
        /** What was asked for. */
        uri: String,
    },
    /// The path leads out of the folder or archive.
    #[error("the path leads out of its folder and is not followed: {uri}")]
    Outside {
        /** What was asked for. */
        uri: String,
    },
    /// Bigger than a file of its kind may be.
    #[error("the file has {bytes} bytes, more than the {limit} allowed: {uri}")]
    TooLarge {
        /** Size. */
        bytes: u64,
        /** Cap. */
        limit: u64,
        /** What was asked for. */
        uri: String,
    },
    /// A scheme this program does not read yet.
    #[error("addresses of this kind are not read yet: {uri}")]
    Scheme {
        /** What was asked for. */
        uri: String,
    },
    /// The system refused.
    #[error("cannot read ({source}): {uri}")]
    Io {
        /** Reason. */
        #[source]
        source: std::io::Error,
        /** What was asked for. */
        uri: String,
    },
    /// The archive is damaged.
    #[error("the archive is damaged ({reason}): {uri}")]
    Archive {
        /** Reason. */
        reason: String,
        /** What was asked for. */
        uri: String,
    },
}

/// Something that answers relative paths with bytes. Usable from any thread.
pub trait Resources: Send + Sync {
    /// Reads `path` (relative, forward slashes, already joined and normalised) whole.
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError>;
    /// Whether `path` exists.
    fn exists(&self, path: &str) -> bool;
    /// What to call this in messages.
    fn name(&self) -> String;
}

/// A folder on disk.
pub fn folder(root: &Path) -> Arc<dyn Resources> {
    let _ = root;
    todo!()
}

/// A zip archive (a scenario package) read from disk, hostile entries refused.
pub fn archive(path: &Path) -> Result<Arc<dyn Resources>, ResourceError> {
    let _ = path;
    todo!()
}

/// Joins a relative URI to the path of the document it stands in, percent-decoded, `..` resolved;
/// `Outside` when it leaves the root, `Scheme` for absolute URLs and drive letters.
pub fn join(document: &str, uri: &str) -> Result<String, ResourceError> {
    let _ = (document, uri);
    todo!()
}
