//! A tile archive (`.3tz`): a zip file with an index of its own, `@3dtilesIndex1@`, as its last file.
//!
//! The index is a sorted list of MD5 digests of names, each with the place of the file's header, so that one file of
//! millions is found with a few reads. It is believed only when it is whole: sorted, with the checksum that the zip file
//! says and an entry for each file. Even then the header that it leads to must have the name that was asked for. Without
//! a sound index the list of all files that every zip file has is read.
//!
//! Format: [`MAXAR_content_3tz`](https://github.com/Maxar-Public/3d-tiles/blob/maxar-content-3tz/extensions/MAXAR_content_3tz/README.md).

use super::{
    RandomRead, ResourceError, Resources,
    gzip::{MAX_RATIO, RATIO_FREE_BYTES, damaged_if_unreadable},
    md5::md5,
    read_capped,
    zip_directory::{LocalHeader, ZipEnd, ZipEntry, long, read},
};
use flate2::{Crc, read::DeflateDecoder};
use std::{
    collections::HashMap,
    io::{self, Read},
    sync::{Arc, OnceLock},
};

/// Name of the index.
const INDEX: &str = "@3dtilesIndex1@";
/// Bytes of an entry of the index: a digest and the place of a header.
const INDEX_ENTRY: u64 = 24;
/// Largest index that is read through before it is believed, bytes: 20 million files.
const MAX_INDEX_BYTES: u64 = 480 << 20;
/// Entries of the index that are looked at together.
const INDEX_STEP: u64 = 4096;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ZSTANDARD: u16 = 93;

/// An open archive.
pub(super) struct TileArchive {
    source: Arc<dyn RandomRead>,
    end: ZipEnd,
    index: Option<Index>,
    /// All files, made when it is needed.
    list: OnceLock<Result<HashMap<String, ZipEntry>, String>>,
    name: String,
}

/// A sound index.
#[derive(Debug, Clone, Copy)]
struct Index {
    at: u64,
    entries: u64,
}

impl TileArchive {
    /// Opens the archive in `source`, which messages call `name`.
    ///
    /// # Errors
    /// [`ResourceError::Archive`] when it is no zip archive or has neither a sound index nor a sound list.
    pub(super) fn open(source: Arc<dyn RandomRead>, name: &str) -> Result<Self, ResourceError> {
        let end = ZipEnd::find(&*source).map_err(|reason| damaged(name, reason))?;
        let mut archive = Self {
            index: None,
            end,
            list: OnceLock::new(),
            name: name.to_owned(),
            source,
        };
        archive.index = archive.sound_index();
        if archive.index.is_none() {
            archive.list().map_err(|reason| damaged(name, reason))?;
        }
        Ok(archive)
    }

    /// The index, if there is one and all of it is as it should be.
    fn sound_index(&self) -> Option<Index> {
        let entry = self.end.last(&*self.source, INDEX)?;
        let is_fitting = entry.method == STORED
            && entry.bytes == entry.packed_bytes
            && entry.bytes <= MAX_INDEX_BYTES
            && entry.bytes.is_multiple_of(INDEX_ENTRY)
            && entry.bytes / INDEX_ENTRY == self.end.entries.saturating_sub(1);
        if !is_fitting {
            return None;
        }
        let index = Index {
            at: LocalHeader::read(&*self.source, entry.header_at).ok()?.data_at,
            entries: entry.bytes / INDEX_ENTRY,
        };
        let (mut crc, mut last) = (Crc::new(), None);
        let mut first = 0;
        while first < index.entries {
            let count = INDEX_STEP.min(index.entries - first);
            let bytes = read(&*self.source, index.at + first * INDEX_ENTRY, count * INDEX_ENTRY).ok()?;
            crc.update(&bytes);
            for entry in bytes.chunks_exact(24) {
                let key = sort_key(entry)?;
                if last.is_some_and(|last| last >= key) {
                    return None;
                }
                last = Some(key);
            }
            first += count;
        }
        (crc.sum() == entry.crc).then_some(index)
    }

    /// All files by name.
    fn list(&self) -> Result<&HashMap<String, ZipEntry>, String> {
        self.list
            .get_or_init(|| self.end.list(&*self.source))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The file `path` and where its data start.
    fn find(&self, path: &str) -> Result<(ZipEntry, u64), ResourceError> {
        let missing = || ResourceError::Missing { uri: path.to_owned() };
        let damaged = |reason: String| damaged(path, reason);
        if let Some(index) = self.index {
            let Some(header_at) = self.look_up(index, path).map_err(damaged)? else {
                return Err(missing());
            };
            let header = LocalHeader::read(&*self.source, header_at).map_err(damaged)?;
            if header.name == path.as_bytes()
                && let Some(entry) = header.entry
            {
                return Ok((entry, header.data_at));
            }
        }
        let entry = *self.list().map_err(damaged)?.get(path).ok_or_else(missing)?;
        let header = LocalHeader::read(&*self.source, entry.header_at).map_err(damaged)?;
        if header.name == path.as_bytes() {
            Ok((entry, header.data_at))
        } else {
            Err(damaged("the list of files and a file disagree on its name".to_owned()))
        }
    }

    /// Where the header of a file is by the index.
    fn look_up(&self, index: Index, path: &str) -> Result<Option<u64>, String> {
        let wanted = sort_key(&md5(path.as_bytes()));
        let (mut low, mut high) = (0, index.entries);
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = read(&*self.source, index.at + middle * INDEX_ENTRY, INDEX_ENTRY)?;
            match sort_key(&entry).cmp(&wanted) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(long(&entry, 16)),
            }
        }
        Ok(None)
    }
}

/// Damage that costs the file at `path`.
fn damaged(path: &str, reason: impl Into<String>) -> ResourceError {
    ResourceError::Archive {
        reason: reason.into(),
        uri: path.to_owned(),
    }
}

/// What the index is sorted by: the digest as two numbers.
fn sort_key(digest: &[u8]) -> Option<(u64, u64)> {
    Some((long(digest, 0)?, long(digest, 8)?))
}

impl Resources for TileArchive {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.read_at_most(path, super::MAX_FILE_BYTES)
    }

    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        let (entry, data_at) = self.find(path)?;
        if entry.bytes > RATIO_FREE_BYTES && entry.bytes / entry.packed_bytes.max(1) > MAX_RATIO {
            let reason = format!(
                "a file of {} bytes claims to unpack to {}",
                entry.packed_bytes, entry.bytes
            );
            return Err(damaged(path, reason));
        }
        let packed = Section {
            source: &*self.source,
            at: data_at,
            left: entry.packed_bytes,
        };
        let bytes = match entry.method {
            STORED => read_capped(packed, entry.bytes, limit, path),
            DEFLATED => read_capped(DeflateDecoder::new(packed), entry.bytes, limit, path),
            ZSTANDARD => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(packed)
                    .map_err(|error| damaged(path, format!("its Zstandard data: {error}")))?;
                read_capped(decoder, entry.bytes, limit, path)
            }
            other => {
                let reason = format!("a file is packed by method {other}, which is not read");
                return Err(damaged(path, reason));
            }
        }
        .map_err(|error| damaged_if_unreadable(error, "its packed data"))?;
        let mut crc = Crc::new();
        crc.update(&bytes);
        if bytes.len() as u64 != entry.bytes || crc.sum() != entry.crc {
            return Err(damaged(
                path,
                "a file has another size or checksum than is said".to_owned(),
            ));
        }
        Ok(bytes)
    }

    fn open(&self, path: &str, limit: u64) -> Result<Arc<dyn RandomRead>, ResourceError> {
        let (entry, data_at) = self.find(path)?;
        if entry.method != STORED {
            return Ok(Arc::new(self.read_at_most(path, limit)?));
        }
        let is_inside = data_at
            .checked_add(entry.packed_bytes)
            .is_some_and(|end| end <= self.source.size_bytes());
        if !is_inside {
            return Err(damaged(path, "a file reaches past its end".to_owned()));
        }
        Ok(Arc::new(Window {
            source: self.source.clone(),
            at: data_at,
            size_bytes: entry.packed_bytes,
        }))
    }

    fn exists(&self, path: &str) -> bool {
        self.find(path).is_ok()
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn listed(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .list()
            .map_or_else(|_| Vec::new(), |list| list.keys().cloned().collect());
        names.retain(|name| name != INDEX);
        names.sort_unstable();
        names
    }
}

/// A part of a file, read once from its start.
struct Section<'a> {
    source: &'a dyn RandomRead,
    at: u64,
    left: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.source.read_at(self.at, &mut buffer[..most])?;
        self.at = self.at.saturating_add(count as u64);
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

/// A file that lies in an archive as it is.
struct Window {
    source: Arc<dyn RandomRead>,
    at: u64,
    size_bytes: u64,
}

impl RandomRead for Window {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.size_bytes.saturating_sub(offset);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        self.source.read_at(self.at.saturating_add(offset), &mut buffer[..most])
    }
}

#[cfg(test)]
#[path = "tile_archive_tests.rs"]
pub(super) mod tests;
