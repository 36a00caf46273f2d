//! Where tiles are written to.

use crate::sources::resource::{ResourceError, Resources};
use atomic_write_file::AtomicWriteFile;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use thiserror::Error;

/// Name of the root of every tileset that is written.
pub(crate) const ROOT: &str = "tileset.json";

/// Why a tile could not be written.
#[derive(Debug, Error)]
pub enum SinkError {
    /// The system refused.
    #[error("cannot write ({source}): {path}")]
    Io {
        /** Reason. */
        #[source]
        source: io::Error,
        /** File or folder. */
        path: String,
    },
    /// There is a tileset already, whose tiles would be mixed with the new ones.
    #[error("the folder already holds a tileset; choose an empty one: {path}")]
    Occupied {
        /** Folder. */
        path: String,
    },
}

/// Something that takes the files of a tileset. Called from several threads; the root tileset.json comes last.
pub trait TileSink: Send + Sync {
    /// Keeps `bytes` as `path` (relative, forward slashes). The file is there whole or not at all.
    fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), SinkError>;
}

/// A folder on disk. Each file is written beside its name and then renamed.
#[derive(Debug)]
pub struct FolderSink {
    root: PathBuf,
}

impl FolderSink {
    /// Makes the folder where it is not there.
    ///
    /// # Errors
    /// [`SinkError::Occupied`] when it holds a tileset.json.
    pub fn new(root: &Path) -> Result<Self, SinkError> {
        fs::create_dir_all(root).map_err(|source| io_error(source, root))?;
        if root.join(ROOT).exists() {
            return Err(SinkError::Occupied {
                path: root.display().to_string(),
            });
        }
        Ok(Self { root: root.to_owned() })
    }
}

pub(crate) fn io_error(source: io::Error, path: &Path) -> SinkError {
    SinkError::Io {
        source,
        path: path.display().to_string(),
    }
}

impl TileSink for FolderSink {
    fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), SinkError> {
        let to = self.root.join(path);
        let written = (|| {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            if path == ROOT {
                // The one file that says the set is complete is also forced onto the disk; to do so for each of some
                // thousand tiles would take longer than making them.
                let mut file = AtomicWriteFile::open(&to)?;
                file.write_all(&bytes)?;
                return file.commit();
            }
            let beside = to.with_extension("part");
            fs::write(&beside, &bytes)?;
            fs::rename(&beside, &to)
        })();
        written.map_err(|source| io_error(source, &to))
    }
}

/// Files in memory, to be read through [`Resources`].
#[derive(Debug, Default)]
pub struct MemorySink {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemorySink {
    /// What was written, to be read; `name` stands in messages.
    pub fn into_resources(self, name: &str) -> Arc<dyn Resources> {
        Arc::new(MemoryFiles {
            files: self.files.into_inner().unwrap_or_else(PoisonError::into_inner),
            name: name.to_owned(),
        })
    }
}

impl TileSink for MemorySink {
    fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), SinkError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(path.to_owned(), bytes);
        Ok(())
    }
}

struct MemoryFiles {
    files: BTreeMap<String, Vec<u8>>,
    name: String,
}

impl Resources for MemoryFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        let missing = || ResourceError::Missing { uri: path.to_owned() };
        self.files.get(path).cloned().ok_or_else(missing)
    }

    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn listed(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_tileset_is_not_written_into() {
        let folder = tempfile::tempdir().unwrap();
        let sink = FolderSink::new(folder.path()).unwrap();
        sink.write("tiles/r.glb", vec![1, 2]).unwrap();
        sink.write(ROOT, b"{}".to_vec()).unwrap();
        assert_eq!(fs::read(folder.path().join("tiles/r.glb")).unwrap(), [1, 2]);
        assert_eq!(fs::read_dir(folder.path().join("tiles")).unwrap().count(), 1);
        assert!(matches!(
            FolderSink::new(folder.path()),
            Err(SinkError::Occupied { .. })
        ));
    }

    #[test]
    fn memory_gives_back_what_it_took() {
        let sink = MemorySink::default();
        sink.write("a/b", vec![7]).unwrap();
        let files = sink.into_resources("made here");
        assert_eq!(files.read("a/b").unwrap(), [7]);
        assert!(files.exists("a/b") && !files.exists("a"));
        assert!(matches!(files.read("c"), Err(ResourceError::Missing { .. })));
        assert_eq!(
            (files.listed(), files.name()),
            (vec!["a/b".to_owned()], "made here".to_owned())
        );
    }
}
