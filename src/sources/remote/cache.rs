//! Answers kept on this machine, each in a file of its own: what is known of it in one line, then its bytes.
//!
//! There is no index that could be torn: a file is written beside its place and renamed, so it is there whole or not at all,
//! also when the program is killed or two of them write the same one. Its checksum tells what the disk did to it. The time
//! of last use is the file's own time; those not used for longest go when there is no more room. What a person asked to keep
//! lies apart and never goes by itself. The name of a file is a digest of the address, so no key in an address is on the disk.

use super::freshness::Freshness;
use crate::sources::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Room for answers that go by themselves, bytes.
pub const CACHE_BYTES: u64 = 2 << 30;
/// What a file begins with.
const MARK: &str = "stadslens kept 1 ";
/// Longest first line, bytes.
const MAX_LINE_BYTES: usize = 8 << 10;
/// Most files that are counted.
const MAX_COUNTED: usize = 2_000_000;
/// A use is noted when the one before is this old: not every look is a write.
const NOTED_EVERY: Duration = Duration::from_mins(10);
/// A file that was being written this long ago was left by a program that ended.
const ABANDONED: Duration = Duration::from_hours(1);
/// After this part of its room in bytes of its own the folder is counted again, since other programs write there too.
const COUNTED_EVERY: u64 = 16;

/// What stands in the first line.
#[derive(Serialize, Deserialize)]
struct Line {
    bytes: u64,
    crc32: u32,
    #[serde(flatten)]
    freshness: Freshness,
}

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How long it may be used.
    pub freshness: Freshness,
    /// Whether a person asked to keep it.
    pub is_pinned: bool,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheSize {
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes of those that a person asked to keep.
    pub pinned_bytes: u64,
    /// Number of files.
    pub files: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Cache {
    root: PathBuf,
    cap_bytes: u64,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    /// Bytes that go by themselves, once they were counted.
    total: Option<u64>,
    /// Bytes written since.
    written: u64,
}

impl Cache {
    /// The answers in the folder `root`, which is made when the first one is kept.
    pub fn new(root: &Path, cap_bytes: u64) -> Self {
        Self {
            root: root.to_owned(),
            cap_bytes,
            counted: Mutex::default(),
        }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, url: &str, is_pinned: bool) -> PathBuf {
        let name = hex(&Sha256::digest(url.as_bytes()));
        let (folder, name) = name.split_at(2);
        let kind = if is_pinned { "pinned" } else { "tiles" };
        self.root.join(kind).join(folder).join(name)
    }

    /// What is kept for an address, at most `limit` bytes of it. A damaged file is as if it were not there.
    pub fn get(&self, url: &str, limit: u64) -> Option<Kept> {
        [true, false].into_iter().find_map(|is_pinned| {
            let path = self.path(url, is_pinned);
            let (line, bytes) = read(&path, limit)?;
            if !is_pinned {
                note_use(&path);
            }
            Some(Kept {
                bytes,
                freshness: line.freshness,
                is_pinned,
            })
        })
    }

    /// Whether something is kept for an address, without reading it.
    pub fn has(&self, url: &str) -> bool {
        [true, false].iter().any(|pinned| self.path(url, *pinned).is_file())
    }

    /// Whether a person asked to keep it, and it is there.
    pub fn has_pinned(&self, url: &str) -> bool {
        self.path(url, true).is_file()
    }

    /// Keeps an answer. What a person asked to keep replaces what goes by itself.
    ///
    /// # Errors
    /// What the system says. That an answer cannot be kept only costs time later.
    pub fn put(&self, url: &str, bytes: &[u8], freshness: &Freshness, is_pinned: bool) -> io::Result<()> {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let line = Line {
            bytes: bytes.len() as u64,
            crc32: crc.sum(),
            freshness: freshness.clone(),
        };
        let line = format!("{MARK}{}\n", serde_json::to_string(&line)?);
        let size = (line.len() + bytes.len()) as u64;
        if line.len() > MAX_LINE_BYTES || (!is_pinned && size > self.cap_bytes / 4) {
            return Ok(());
        }
        if !is_pinned {
            self.make_room_for(size);
        }
        write_whole(&self.path(url, is_pinned), &[line.as_bytes(), bytes])?;
        let other = self.path(url, !is_pinned);
        if is_pinned && fs::remove_file(other).is_ok() {
            let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            counted.total = counted.total.map(|total| total.saturating_sub(size));
        }
        Ok(())
    }

    /// Takes away what is kept for an address.
    pub fn forget(&self, url: &str) {
        for is_pinned in [true, false] {
            // It may have gone already.
            let _ = fs::remove_file(self.path(url, is_pinned));
        }
    }

    /// Counts what is kept. Looks at every file, so not on the main thread.
    pub fn size(&self) -> CacheSize {
        let mut size = CacheSize::default();
        for (kind, is_pinned) in [("tiles", false), ("pinned", true)] {
            for file in files_under(&self.root.join(kind)) {
                size.bytes += file.bytes;
                size.pinned_bytes += if is_pinned { file.bytes } else { 0 };
                size.files += 1;
            }
        }
        size
    }

    /// Takes everything away, what a person asked to keep included.
    ///
    /// # Errors
    /// What the system says of the first file that stays.
    pub fn clear(&self) -> io::Result<()> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        *counted = Counted::default();
        let mut first = Ok(());
        for kind in ["tiles", "pinned"] {
            for file in files_under(&self.root.join(kind)) {
                match fs::remove_file(&file.path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound && first.is_ok() => first = Err(error),
                    _ => {}
                }
            }
        }
        first
    }

    fn make_room_for(&self, size: u64) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let root = self.root.join("tiles");
        if counted.written > self.cap_bytes / COUNTED_EVERY {
            *counted = Counted::default();
        }
        let count = || files_under(&root).iter().map(|file| file.bytes).sum();
        let mut total: u64 = counted.total.unwrap_or_else(count);
        if total.saturating_add(size) > self.cap_bytes {
            total = make_room(&root, (self.cap_bytes / 4 * 3).saturating_sub(size));
        }
        counted.total = Some(total.saturating_add(size));
        counted.written = counted.written.saturating_add(size);
    }
}

/// Reads a kept answer and holds it against its first line.
fn read(path: &Path, limit: u64) -> Option<(Line, Vec<u8>)> {
    let file = File::open(path).ok()?;
    let size = file.metadata().ok().filter(fs::Metadata::is_file)?.len();
    let most = limit.saturating_add(MAX_LINE_BYTES as u64);
    if size > most {
        return None;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).ok()?);
    file.take(most).read_to_end(&mut bytes).ok()?;
    let end = bytes.iter().take(MAX_LINE_BYTES).position(|byte| *byte == b'\n')?;
    let text = std::str::from_utf8(&bytes[..end]).ok()?.strip_prefix(MARK)?;
    let line: Line = serde_json::from_str(text).ok()?;
    bytes.drain(..=end);
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    let is_whole = line.bytes == bytes.len() as u64 && line.crc32 == crc.sum();
    (is_whole && line.bytes <= limit).then_some((line, bytes))
}

/// Notes that a file was used now.
fn note_use(path: &Path) {
    let now = SystemTime::now();
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    let is_noted = modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age < NOTED_EVERY));
    if !is_noted {
        // On a disk that cannot be written it only goes earlier than it would.
        let _ = OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|file| file.set_modified(now));
    }
}

/// Writes a file beside its place and puts it there. Not synced: what a power cut leaves of it has another checksum.
fn write_whole(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let part = folder.join(format!(".{}-{number}.part", std::process::id()));
    let write = || {
        let mut file = File::create(&part)?;
        parts.iter().try_for_each(|bytes| file.write_all(bytes))
    };
    let written = write().and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// A file of the folder.
pub(in crate::sources) struct KeptFile {
    used: SystemTime,
    pub(in crate::sources) bytes: u64,
    pub(super) path: PathBuf,
}

impl KeptFile {
    fn is_part(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending == "part")
    }
}

/// All files of a folder. Links are not followed.
pub(in crate::sources) fn files_under(root: &Path) -> Vec<KeptFile> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if metadata.is_file() && found.len() < MAX_COUNTED {
                found.push(KeptFile {
                    used: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                    bytes: metadata.len(),
                    path: entry.path(),
                });
            }
        }
    }
    found
}

/// Takes away what programs left that ended while writing, then what was not used for longest until the rest has at most
/// `most` bytes. Returns how many it has.
pub(in crate::sources) fn make_room(root: &Path, most: u64) -> u64 {
    let mut files = files_under(root);
    let now = SystemTime::now();
    let is_abandoned =
        |file: &KeptFile| file.is_part() && now.duration_since(file.used).is_ok_and(|age| age > ABANDONED);
    files.sort_by_key(|file| (!is_abandoned(file), file.used));
    let mut total: u64 = files.iter().map(|file| file.bytes).sum();
    for file in files {
        if total <= most && !is_abandoned(&file) {
            break;
        }
        if file.is_part() && !is_abandoned(&file) {
            continue;
        }
        // Another program may have taken it away first.
        let is_gone =
            fs::remove_file(&file.path).map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |()| true);
        if is_gone {
            total = total.saturating_sub(file.bytes);
        }
    }
    total
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
