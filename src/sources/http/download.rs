//! Fetching to a file: beside it while it comes (`….part`), under its name once it is whole.

use super::client::Sink;
use super::{Client, HttpError, Progress, Want};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Largest note beside a part, bytes.
const MAX_NOTE_BYTES: u64 = 64 << 10;

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Bytes of it that were there from a run before.
    pub resumed_from: u64,
}

/// What is known of a part, beside it (`….part.json`).
#[derive(Serialize, Deserialize)]
struct Note {
    url: String,
    /// `ETag` or date: what the service knows this version of the file by.
    version: String,
    total_bytes: Option<u64>,
}

impl Client {
    /// Fetches to `path`. The bytes gather in `path.part`; what is there under `path` is replaced only by a whole file.
    /// A part that a run before left goes on where it stopped, where the service knows the version of the file.
    ///
    /// # Errors
    /// What [`HttpError`] lists, after all tries. The part stays, for a later run.
    pub fn download_to(
        &self,
        url: &str,
        path: &Path,
        want: &Want,
        progress: &dyn Fn(Progress),
    ) -> Result<Downloaded, HttpError> {
        let mut part = Part::open(url, path)?;
        let resumed_from = part.resume().map_or(0, |(bytes, _)| bytes);
        if !part.is_whole()
            && let Err(error) = self.fetch(url, want, &mut part, progress)
        {
            part.leave();
            return Err(error);
        }
        let bytes = part.bytes;
        part.finish(path)?;
        Ok(Downloaded {
            path: path.to_owned(),
            bytes,
            resumed_from,
        })
    }
}

/// A file that is not whole yet, locked against another run.
struct Part {
    file: File,
    path: PathBuf,
    note_path: PathBuf,
    note: Option<Note>,
    url: String,
    bytes: u64,
}

impl Part {
    fn open(url: &str, path: &Path) -> Result<Self, HttpError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| HttpError::writing(source, folder))?;
        }
        let (part, note_path) = (with_ending(path, ".part"), with_ending(path, ".part.json"));
        let writing = |source| HttpError::writing(source, &part);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&part)
            .map_err(writing)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(HttpError::InUse { path: path.to_owned() }),
            // Some network shares know no locks; two runs at once are rare, and the worst is a part that begins anew.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let bytes = file.metadata().map_err(writing)?.len();
        let note = read_note(&note_path)
            .filter(|note| note.url == url && bytes > 0 && note.total_bytes.is_none_or(|total| bytes <= total));
        Ok(Self {
            bytes: if note.is_some() { bytes } else { 0 },
            file,
            path: part,
            note_path,
            note,
            url: url.to_owned(),
        })
    }

    /// All bytes came before, and the run ended before it could say so.
    fn is_whole(&self) -> bool {
        self.note
            .as_ref()
            .is_some_and(|note| note.total_bytes == Some(self.bytes))
    }

    /// Takes an empty part away; a part with something in it stays for a later run.
    fn leave(self) {
        if self.bytes == 0 || self.note.is_none() {
            drop(self.file);
            let _ = fs::remove_file(&self.path);
            let _ = fs::remove_file(&self.note_path);
        }
    }

    /// Under its name, once everything is on the disk.
    fn finish(self, path: &Path) -> Result<(), HttpError> {
        self.file
            .sync_all()
            .map_err(|source| HttpError::writing(source, &self.path))?;
        drop(self.file);
        fs::rename(&self.path, path).map_err(|source| HttpError::writing(source, path))?;
        let _ = fs::remove_file(&self.note_path);
        Ok(())
    }
}

impl Sink for Part {
    fn resume(&self) -> Option<(u64, String)> {
        let note = self.note.as_ref()?;
        (self.bytes > 0).then(|| (self.bytes, note.version.clone()))
    }

    fn received(&self) -> u64 {
        self.bytes
    }

    fn begin(&mut self, at: u64, version: Option<&str>, total: Option<u64>) -> Result<(), HttpError> {
        let writing = |source| HttpError::writing(source, &self.path);
        let length = self.file.metadata().map_err(writing)?.len();
        if length != at {
            self.file.set_len(at).map_err(writing)?;
        }
        self.file.seek(SeekFrom::Start(at)).map_err(writing)?;
        self.bytes = at;
        self.note = version.map(|version| Note {
            url: self.url.clone(),
            version: version.to_owned(),
            total_bytes: total,
        });
        match &self.note {
            Some(note) => {
                let text = serde_json::to_vec(note).unwrap_or_default();
                fs::write(&self.note_path, text).map_err(|source| HttpError::writing(source, &self.note_path))
            }
            None => match fs::remove_file(&self.note_path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(HttpError::writing(error, &self.note_path)),
                _ => Ok(()),
            },
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), HttpError> {
        self.file
            .write_all(bytes)
            .map_err(|source| HttpError::writing(source, &self.path))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn read_note(path: &Path) -> Option<Note> {
    let is_small = fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_NOTE_BYTES);
    if !is_small {
        return None;
    }
    let note: Note = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    // It goes into a header as it is.
    let is_plain = !note.version.is_empty() && note.version.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    is_plain.then_some(note)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_one_clear_line() {
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            let error = HttpError::writing(kind.into(), "a/b.tif.part");
            assert!(matches!(error, HttpError::DiskFull { .. }));
            assert!(
                error.to_string().starts_with("the disk is full") && error.ends_all(),
                "{error}"
            );
        }
        let other = HttpError::writing(ErrorKind::PermissionDenied.into(), "a/b.tif.part");
        assert!(matches!(other, HttpError::Write { .. }));
    }

    #[test]
    fn a_note_that_cannot_be_used_is_as_if_it_were_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.part.json");
        for odd in [
            "",
            "{",
            r#"{"url": "u", "version": "", "total_bytes": 1}"#,
            r#"{"url": "u", "version": "a\nb: c", "total_bytes": 1}"#,
        ] {
            fs::write(&path, odd).unwrap();
            assert!(read_note(&path).is_none(), "{odd}");
        }
        fs::write(&path, r#"{"url": "u", "version": "\"x\"", "total_bytes": null}"#).unwrap();
        assert!(read_note(&path).is_some());
        assert!(read_note(folder.path()).is_none());
    }
}
