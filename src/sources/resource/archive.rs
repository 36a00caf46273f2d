//! A zip archive as a place to read from; nothing in it is unpacked beyond its cap.

use super::{MAX_FILE_BYTES, ResourceError, Resources, encode_percent, join, manifest, read_capped};
use std::{
    collections::HashMap,
    fs::File,
    io::ErrorKind,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use zip::{ZipArchive, result::ZipError};

/// Largest number of entries of an archive.
const MAX_ENTRIES: usize = 200_000;
/// Refused entries that are named.
const MAX_REFUSED: usize = 100;
/// Entries above this size must not shrink by more than [`MAX_RATIO`]: tiles and JSON never do.
const RATIO_FREE_BYTES: u64 = 16 << 20;
/// Largest compression ratio of a big archive entry.
const MAX_RATIO: u64 = 200;

/// A zip archive (a scenario package) read from disk. Entries with hostile names, links and encrypted
/// entries are as if they were not there. A file that the package's manifest tells otherwise of is not given.
pub fn archive(path: &Path) -> Result<Arc<dyn Resources>, ResourceError> {
    let name = path.display().to_string();
    let io = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => ResourceError::Missing { uri: name.clone() },
        _ => ResourceError::Io {
            source,
            uri: name.clone(),
        },
    };
    let damaged = |error: ZipError| ResourceError::Archive {
        reason: error.to_string(),
        uri: name.clone(),
    };
    let file = File::open(path).map_err(io)?;
    let archive = ZipArchive::new(file).map_err(damaged)?;
    if archive.len() > MAX_ENTRIES {
        return Err(ResourceError::Archive {
            reason: format!("{} entries, more than the {MAX_ENTRIES} allowed", archive.len()),
            uri: name,
        });
    }
    let mut entries = HashMap::new();
    let mut refused = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(damaged)?;
        let Ok(entry_name) = entry.name() else { continue };
        let is_plain = entry.is_file() && !entry.is_symlink() && !entry.encrypted();
        if is_plain && join("", &encode_percent(&entry_name)).is_ok_and(|joined| joined == entry_name) {
            entries.insert(entry_name.into_owned(), index);
        } else if !entry.is_dir() && refused.len() < MAX_REFUSED {
            refused.push(entry_name.chars().take(200).collect());
        }
    }
    Ok(manifest::verified(Arc::new(Archive {
        zip: Mutex::new(archive),
        entries,
        refused,
        name,
    })))
}

/// See [`archive`].
struct Archive {
    zip: Mutex<ZipArchive<File>>,
    /// Checked names and their place in the archive.
    entries: HashMap<String, usize>,
    /// Names that are not given to anyone.
    refused: Vec<String>,
    name: String,
}

impl Resources for Archive {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.read_at_most(path, MAX_FILE_BYTES)
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        let index = *self
            .entries
            .get(path)
            .ok_or_else(|| ResourceError::Missing { uri: path.to_owned() })?;
        // A worker that panicked left nothing half-done here: each read starts with a seek.
        let mut archive = self.zip.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = archive.by_index(index).map_err(|error| ResourceError::Archive {
            reason: error.to_string(),
            uri: path.to_owned(),
        })?;
        let size = entry.size();
        if size > RATIO_FREE_BYTES && size / entry.compressed_size().max(1) > MAX_RATIO {
            return Err(ResourceError::Archive {
                reason: format!(
                    "an entry of {} bytes claims to unpack to {size}",
                    entry.compressed_size()
                ),
                uri: path.to_owned(),
            });
        }
        read_capped(entry, size, limit, path)
    }

    fn exists(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn listed(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.entries.keys().cloned().collect();
        paths.sort_unstable();
        paths
    }

    fn refused(&self) -> Vec<ResourceError> {
        let refuse = |uri: &String| ResourceError::Outside { uri: uri.clone() };
        self.refused.iter().map(refuse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn an_archive_entry_above_its_cap_is_refused() {
        let zip = zip_with(&[("a.json", &[b' '; 1000])]);
        let resources = archive(zip.path()).unwrap();
        assert!(matches!(
            resources.read_at_most("a.json", 999),
            Err(ResourceError::TooLarge {
                bytes: 1000,
                limit: 999,
                ..
            })
        ));
    }

    fn zip_with(entries: &[(&str, &[u8])]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, data) in entries {
            writer
                .start_file(*name, zip::write::SimpleFileOptions::default())
                .unwrap();
            writer.write_all(data).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        file.write_all(&bytes).unwrap();
        file
    }

    #[test]
    fn an_archive_gives_its_entries_and_hides_hostile_names() {
        let zip = zip_with(&[("a/b.txt", b"yes"), ("../out", b"no"), ("/abs", b"no"), ("c:/x", b"no")]);
        let resources = archive(zip.path()).unwrap();
        assert_eq!(resources.read("a/b.txt").unwrap(), b"yes");
        assert!(resources.exists("a/b.txt"));
        for name in ["../out", "/abs", "abs", "out", "c:/x", "a"] {
            assert!(!resources.exists(name), "{name}");
            assert!(
                matches!(resources.read(name), Err(ResourceError::Missing { .. })),
                "{name}"
            );
        }
    }

    #[test]
    fn a_zip_bomb_and_a_broken_archive_are_refused() {
        let zeros = vec![0_u8; 20 << 20];
        let zip = zip_with(&[("bomb", &zeros), ("small", &zeros[..1000])]);
        let resources = archive(zip.path()).unwrap();
        assert!(matches!(resources.read("bomb"), Err(ResourceError::Archive { .. })));
        assert_eq!(resources.read("small").unwrap().len(), 1000);
        let bytes = std::fs::read(zip.path()).unwrap();
        let mut cut = tempfile::NamedTempFile::new().unwrap();
        cut.write_all(&bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(archive(cut.path()), Err(ResourceError::Archive { .. })));
        assert!(matches!(
            archive(Path::new("/no/such.zip")),
            Err(ResourceError::Missing { .. })
        ));
    }
}
