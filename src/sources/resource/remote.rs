//! What reading over a network can do that reading from a disk need not: one try that can be stopped and tells whether
//! another may help, so that whoever streams can plan its transfers.

use super::ResourceError;
use crate::sources::http::Transfer;
use std::time::Duration;

/// Why one try of a transfer gave nothing.
#[derive(Debug)]
pub struct FetchFailure {
    /// Why.
    pub error: ResourceError,
    /// Whether another try may help.
    pub may_pass: bool,
    /// The least pause that the service asked for.
    pub wait: Option<Duration>,
    /// Whether nothing was tried, because the host is left alone: that is no failed try.
    pub was_early: bool,
}

/// Paths that are read over a network.
pub trait Remote: Send + Sync {
    /// By what the connections of a path are counted: host and port.
    fn host(&self, path: &str) -> String;

    /// How long nothing is to be asked for a path yet.
    fn wait(&self, path: &str) -> Duration;

    /// One try, on a thread that may wait: out of what is kept on this machine while that is fresh, else from the server.
    /// At most `limit` bytes.
    ///
    /// # Errors
    /// Why not, and whether to come back.
    fn fetch(&self, path: &str, limit: u64, transfer: &Transfer) -> Result<Vec<u8>, FetchFailure>;

    /// What was read as a whole so far, before anything was streamed: the tilesets.
    fn documents(&self) -> Vec<String>;

    /// What came for this path turned out to be damaged: it is not given out of what is kept again.
    fn forget(&self, path: &str);
}
