//! Files inside archives, and files packed with gzip, as if they lay there unpacked.
//!
//! A path leads into an archive through its name: `town.3tz/tileset.json` is the file `tileset.json` in `town.3tz`, as
//! 3D Tiles writes it. Archives may lie in archives. An archive that is named in another one and does not lie in it lies
//! beside it: so chains of archives are published. A folder that has such a name stays a folder.

use super::{
    RandomRead, Remote, ResourceError, Resources, gzip::unzipped, tile_archive::TileArchive,
    tile_database::TileDatabase,
};
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Archives in archives, at most.
const MAX_DEPTH: u32 = 4;
/// Archives that are kept open in one place, at most.
const MAX_OPEN: usize = 32;
/// Bytes of those that are not on the disk itself, at most, together and each.
const MAX_HELD_BYTES: u64 = 512 << 20;
/// The file that an archive is opened for.
const ROOT: &str = "tileset.json";

/// What is known to be an archive of tiles, by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ArchiveKind {
    /// `.3tz`
    Zip,
    /// `.3dtiles`
    Database,
}

impl ArchiveKind {
    fn of(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        if ending.eq_ignore_ascii_case("3tz") {
            Some(Self::Zip)
        } else if ending.eq_ignore_ascii_case("3dtiles") {
            Some(Self::Database)
        } else {
            None
        }
    }
}

/// Whether a path names an archive of tiles.
pub(crate) fn is_tile_archive(path: &str) -> bool {
    ArchiveKind::of(path.rsplit('/').next().unwrap_or(path)).is_some()
}

/// Whether a path leads to an archive of tiles or into one.
pub(crate) fn leads_into_archive(path: &str) -> bool {
    path.split('/').any(is_tile_archive)
}

/// The document that stands for a path: the tileset in it where it is an archive, else itself.
pub(crate) fn root_document(path: &str) -> String {
    if is_tile_archive(path) {
        format!("{path}/{ROOT}")
    } else {
        path.to_owned()
    }
}

/// `inner` with archives opened where a path leads into them, and gzip unpacked within the cap of each read.
pub(crate) fn unpacked(inner: Arc<dyn Resources>) -> Arc<dyn Resources> {
    Arc::new(Unpacked::at_depth(inner, 0))
}

/// See [`unpacked`].
struct Unpacked {
    inner: Arc<dyn Resources>,
    depth: u32,
    /// The last used first.
    open: Mutex<VecDeque<OpenArchive>>,
}

/// An archive that is kept open.
struct OpenArchive {
    path: String,
    files: Arc<dyn Resources>,
    held_bytes: u64,
}

/// A file in an archive.
struct Inside {
    archive: String,
    files: Arc<dyn Resources>,
    path: String,
}

impl Unpacked {
    fn at_depth(inner: Arc<dyn Resources>, depth: u32) -> Self {
        Self {
            inner,
            depth,
            open: Mutex::new(VecDeque::new()),
        }
    }

    /// The first archive that a path leads into; `None` where it leads into none.
    fn enter(&self, path: &str) -> Result<Option<Inside>, ResourceError> {
        let ends = path.match_indices('/').map(|(at, _)| at);
        for at in ends.filter(|at| is_tile_archive(&path[..*at])) {
            let (archive, rest) = (&path[..at], &path[at + 1..]);
            match self.archive(archive) {
                Ok(files) => {
                    return Ok(Some(Inside {
                        archive: archive.to_owned(),
                        files,
                        path: rest.to_owned(),
                    }));
                }
                // A folder of that name, or nothing: whoever reads the whole path says which.
                Err(ResourceError::Missing { .. } | ResourceError::Unusable { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The files of an archive, opened or still open.
    fn archive(&self, path: &str) -> Result<Arc<dyn Resources>, ResourceError> {
        if let Some(files) = self.still_open(path) {
            return Ok(files);
        }
        if self.depth >= MAX_DEPTH {
            return Err(ResourceError::Archive {
                reason: format!("more than {MAX_DEPTH} archives in one another"),
                uri: path.to_owned(),
            });
        }
        let is_on_disk = self.inner.real_path(path).is_some();
        let (files, bytes): (Arc<dyn Resources>, u64) = if ArchiveKind::of(path) == Some(ArchiveKind::Database) {
            (Arc::new(TileDatabase::open(&*self.inner, path)?), MAX_HELD_BYTES / 4)
        } else {
            let source = self.inner.open(path, MAX_HELD_BYTES)?;
            let bytes = source.size_bytes();
            (Arc::new(TileArchive::open(source, path)?), bytes)
        };
        let files: Arc<dyn Resources> = Arc::new(Self::at_depth(files, self.depth + 1));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push_front(OpenArchive {
            path: path.to_owned(),
            files: files.clone(),
            held_bytes: if is_on_disk { 0 } else { bytes },
        });
        while open.len() > MAX_OPEN
            || (open.len() > 1 && open.iter().map(|archive| archive.held_bytes).sum::<u64>() > MAX_HELD_BYTES)
        {
            open.pop_back();
        }
        Ok(files)
    }

    fn still_open(&self, path: &str) -> Option<Arc<dyn Resources>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.iter().position(|archive| archive.path == path)?;
        let found = open.remove(at)?;
        let files = found.files.clone();
        open.push_front(found);
        Some(files)
    }

    /// Does with the file at `path` what there is to do with it, wherever it lies.
    fn reach<T>(
        &self,
        path: &str,
        ask: impl Fn(&dyn Resources, &str) -> Result<T, ResourceError>,
    ) -> Result<T, ResourceError> {
        let mut path = path.to_owned();
        // Each round leaves an archive out of the path, so there is an end.
        loop {
            let Some(inside) = self.enter(&path)? else {
                return ask(&*self.inner, &path);
            };
            match ask(&*inside.files, &inside.path) {
                Err(ResourceError::Missing { .. }) if leads_into_archive(&inside.path) => {
                    let folder = inside.archive.rsplit_once('/').map_or("", |(folder, _)| folder);
                    path = if folder.is_empty() {
                        inside.path
                    } else {
                        format!("{folder}/{}", inside.path)
                    };
                }
                result => return result.map_err(|error| error.within(&inside.archive)),
            }
        }
    }
}

impl Resources for Unpacked {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.read_at_most(path, super::MAX_FILE_BYTES)
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        self.reach(path, |files, path| {
            unzipped(files.read_at_most(path, limit)?, limit, path)
        })
    }

    fn open(&self, path: &str, limit: u64) -> Result<Arc<dyn RandomRead>, ResourceError> {
        self.reach(path, |files, path| files.open(path, limit))
    }

    fn real_path(&self, path: &str) -> Option<PathBuf> {
        let missing = || ResourceError::Missing { uri: path.to_owned() };
        self.reach(path, |files, path| files.real_path(path).ok_or_else(missing))
            .ok()
    }

    fn exists(&self, path: &str) -> bool {
        let missing = || ResourceError::Missing { uri: path.to_owned() };
        self.reach(path, |files, path| files.exists(path).then_some(()).ok_or_else(missing))
            .is_ok()
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn listed(&self) -> Vec<String> {
        self.inner.listed()
    }

    fn files_under(&self, folder: &str, most: usize) -> Vec<String> {
        self.inner.files_under(folder, most)
    }

    fn remote(&self) -> Option<&dyn Remote> {
        self.inner.remote()
    }

    fn read_ahead(&self, paths: &[String], limit: u64) {
        let plain: Vec<String> = paths.iter().filter(|path| !leads_into_archive(path)).cloned().collect();
        self.inner.read_ahead(&plain, limit);
    }

    fn refused(&self) -> Vec<ResourceError> {
        self.inner.refused()
    }
}

#[cfg(test)]
#[path = "unpacked_tests.rs"]
mod tests;
