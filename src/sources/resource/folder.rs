//! A folder on disk as a place to read from; no path leads out of it, not through a symbolic link either.

use super::{MAX_FILE_BYTES, RandomRead, ResourceError, Resources, encode_percent, join, random_read, read_capped};
use std::{
    fs::{self, DirEntry, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Deepest folder that is listed.
const MAX_DEPTH: usize = 16;

/// A folder on disk. Reading from one that does not exist gives [`ResourceError::Missing`].
pub fn folder(root: &Path) -> Arc<dyn Resources> {
    Arc::new(Folder {
        root: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
        name: root.display().to_string(),
    })
}

/// See [`folder`].
struct Folder {
    root: PathBuf,
    name: String,
}

impl Folder {
    /// The real file behind `path`, or why not.
    fn locate(&self, path: &str) -> Result<PathBuf, ResourceError> {
        let checked = join("", &encode_percent(path))?;
        let real = self
            .root
            .join(checked)
            .canonicalize()
            .map_err(|source| match source.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => ResourceError::Missing { uri: path.to_owned() },
                _ => ResourceError::Io {
                    source,
                    uri: path.to_owned(),
                },
            })?;
        if real.starts_with(&self.root) {
            Ok(real)
        } else {
            Err(ResourceError::Outside { uri: path.to_owned() })
        }
    }
}

impl Resources for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.read_at_most(path, MAX_FILE_BYTES)
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        let io = |source| ResourceError::Io {
            source,
            uri: path.to_owned(),
        };
        let real = self.locate(path)?;
        let metadata = real.metadata().map_err(io)?;
        if !metadata.is_file() {
            // Reading a pipe or a device could wait for ever.
            return Err(ResourceError::Unusable {
                reason: "it is not a file",
                uri: path.to_owned(),
            });
        }
        let file = File::open(&real).map_err(io)?;
        read_capped(file, metadata.len(), limit, path)
    }

    fn open(&self, path: &str, _limit: u64) -> Result<Arc<dyn RandomRead>, ResourceError> {
        let real = self.locate(path)?;
        // Opening a pipe could wait for ever.
        if !real.is_file() {
            return Err(ResourceError::Unusable {
                reason: "it is not a file",
                uri: path.to_owned(),
            });
        }
        Ok(Arc::new(random_read::OpenFile::open(&real, path)?))
    }

    fn real_path(&self, path: &str) -> Option<PathBuf> {
        self.locate(path).ok().filter(|real| real.is_file())
    }

    fn exists(&self, path: &str) -> bool {
        self.locate(path).is_ok_and(|real| real.is_file())
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn files_under(&self, folder: &str, most: usize) -> Vec<String> {
        let real = if folder.is_empty() {
            Ok(self.root.clone())
        } else {
            self.locate(folder)
        };
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        folders.extend(real.ok().map(|real| (real, folder.to_owned(), 0)));
        while let Some((real, path, depth)) = folders.pop() {
            let mut entries: Vec<_> = fs::read_dir(real).into_iter().flatten().flatten().take(most).collect();
            entries.sort_by_key(DirEntry::file_name);
            for entry in entries {
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                    continue;
                };
                let path = if path.is_empty() {
                    name
                } else {
                    format!("{path}/{name}")
                };
                // Of the entry itself: links are not followed.
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && depth < MAX_DEPTH => folders.push((entry.path(), path, depth + 1)),
                    Ok(kind) if kind.is_file() && files.len() < most => files.push(path),
                    _ => {}
                }
            }
            if files.len() >= most {
                break;
            }
        }
        files.sort_unstable();
        files
    }
}
