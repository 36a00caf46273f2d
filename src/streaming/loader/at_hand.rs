//! Bytes of a content that were read or fetched before its decoder asks for them.

use super::transfers::is_remote;
use crate::sources::resource::{RandomRead, ResourceError, Resources};
use crate::sources::tiles3d::DecodeRequest;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A content and the files that it names, fetched already.
pub(super) struct AtHand {
    content: String,
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Named and not to be had.
    missing: BTreeSet<String>,
    inner: Arc<dyn Resources>,
}

impl AtHand {
    /// Files that were fetched with the content at `path`, and those that are not to be had.
    pub(super) fn new(
        path: &str,
        files: BTreeMap<String, Vec<u8>>,
        missing: BTreeSet<String>,
        inner: Arc<dyn Resources>,
    ) -> Self {
        Self {
            content: path.to_owned(),
            files: Mutex::new(files),
            missing,
            inner,
        }
    }

    /// Adds the content itself.
    pub(super) fn add(&self, bytes: Vec<u8>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(self.content.clone(), bytes);
    }
}

impl Resources for AtHand {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        // The content is read once, and is by far the largest; what several parts name may be read again.
        let known = if path == self.content {
            files.remove(path)
        } else {
            files.get(path).cloned()
        };
        drop(files);
        if self.missing.contains(path) {
            return Err(ResourceError::Missing { uri: path.to_owned() });
        }
        known.map_or_else(|| self.inner.read(path), Ok)
    }

    fn exists(&self, path: &str) -> bool {
        !self.missing.contains(path) && self.inner.exists(path)
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn read_again(&self, path: &str) {
        self.inner.read_again(path);
    }
}

/// Hands the decoder the bytes that were read.
pub(super) fn give(request: &mut DecodeRequest, bytes: Vec<u8>) {
    if request.path.starts_with("data:") || is_remote(request) {
        return;
    }
    request.resources = Arc::new(Read {
        path: request.path.clone(),
        bytes: Mutex::new(Some(bytes)),
        inner: request.resources.clone(),
    });
}

/// A payload that was read, and all that lies beside it.
struct Read {
    path: String,
    /// Taken by the first who reads it.
    bytes: Mutex<Option<Vec<u8>>>,
    inner: Arc<dyn Resources>,
}

impl Read {
    fn take(&self, path: &str) -> Option<Vec<u8>> {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.take_if(|_| path == self.path)
    }
}

impl Resources for Read {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.take(path).map_or_else(|| self.inner.read(path), Ok)
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        match self.take(path).filter(|bytes| bytes.len() as u64 <= limit) {
            Some(bytes) => Ok(bytes),
            None => self.inner.read_at_most(path, limit),
        }
    }

    fn open(&self, path: &str, limit: u64) -> Result<Arc<dyn RandomRead>, ResourceError> {
        self.inner.open(path, limit)
    }

    fn real_path(&self, path: &str) -> Option<PathBuf> {
        self.inner.real_path(path)
    }

    fn exists(&self, path: &str) -> bool {
        self.inner.exists(path)
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn read_again(&self, path: &str) {
        self.inner.read_again(path);
    }
}
