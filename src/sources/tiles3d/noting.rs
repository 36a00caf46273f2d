//! Remembers which files were read, for who keeps them.

use crate::sources::resource::{RandomRead, Remote, ResourceError, Resources, is_tile_archive};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Other resources, and what was read of them.
pub(super) struct NotingResources {
    inner: Arc<dyn Resources>,
    read: Mutex<BTreeSet<String>>,
}

impl NotingResources {
    pub(super) fn new(inner: Arc<dyn Resources>) -> Self {
        Self {
            inner,
            read: Mutex::default(),
        }
    }

    /// The files; of what lies in an archive, the archive.
    pub(super) fn files(&self) -> Vec<String> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.iter().cloned().collect()
    }

    fn note<T>(&self, path: &str, read: Result<T, ResourceError>) -> Result<T, ResourceError> {
        if read.is_ok() {
            let mut files = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            files.insert(outermost(path).to_owned());
        }
        read
    }
}

/// The outermost archive that a path leads into, else the path.
fn outermost(path: &str) -> &str {
    let mut ends = path.match_indices('/').map(|(at, _)| at);
    ends.find(|at| is_tile_archive(&path[..*at]))
        .map_or(path, |at| &path[..at])
}

impl Resources for NotingResources {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.note(path, self.inner.read(path))
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        self.note(path, self.inner.read_at_most(path, limit))
    }

    fn open(&self, path: &str, limit: u64) -> Result<Arc<dyn RandomRead>, ResourceError> {
        self.note(path, self.inner.open(path, limit))
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

    fn listed(&self) -> Vec<String> {
        self.inner.listed()
    }

    fn remote(&self) -> Option<&dyn Remote> {
        self.inner.remote()
    }

    fn read_ahead(&self, paths: &[String], limit: u64) {
        self.inner.read_ahead(paths, limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_an_archive_is_the_archive() {
        for (path, file) in [
            ("a/t.json", "a/t.json"),
            ("a/t.3tz/b/u.3tz/t.json", "a/t.3tz"),
            ("https://a.org/t.3tz/t.json", "https://a.org/t.3tz"),
            ("t.3tz", "t.3tz"),
        ] {
            assert_eq!(outermost(path), file);
        }
    }
}
