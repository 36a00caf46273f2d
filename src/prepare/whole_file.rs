//! Files that are whole or not there: written in the folder of the journal, forced onto the disk, then put in their place.
//!
//! What a run that was killed leaves behind lies there and nowhere else, and is written over by the next one.

use super::PrepareError;
use super::journal::WORK;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file under way.
pub(super) struct WholeFile {
    to: BufWriter<File>,
    part: PathBuf,
    path: PathBuf,
}

impl WholeFile {
    /// Begins the file `name` of the prepared folder.
    ///
    /// # Errors
    /// What the system says, in one line.
    pub(super) fn create(folder: &Path, name: &str) -> Result<Self, PrepareError> {
        let work = folder.join(WORK);
        let part = work.join(format!("{}.part", name.replace('/', "-")));
        let made = fs::create_dir_all(&work).and_then(|()| File::create(&part));
        let file = made.map_err(|error| PrepareError::cannot_write(&part, error))?;
        Ok(Self {
            to: BufWriter::new(file),
            part,
            path: folder.join(name),
        })
    }

    /// Fills it with what `fill` writes, and puts it in its place.
    ///
    /// # Errors
    /// What the system says, in one line. What was in its place is still there then.
    pub(super) fn fill(mut self, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), PrepareError> {
        let done = fill(&mut self.to).and_then(|()| self.to.flush()).and_then(|()| {
            self.to.get_ref().sync_all()?;
            fs::rename(&self.part, &self.path)
        });
        done.map_err(|error| {
            // It costs room, which may be what there is none of.
            let _left = fs::remove_file(&self.part);
            PrepareError::cannot_write(&self.path, error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_not_finished_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &'static str, ends: io::Result<()>| {
            let file = WholeFile::create(folder.path(), "a.txt").unwrap();
            file.fill(|to| to.write_all(text.as_bytes()).and(ends))
        };
        let read = || fs::read_to_string(folder.path().join("a.txt"));
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let error = write("half", Err(full())).unwrap_err();
        assert!(error.to_string().contains("make room"), "{error}");
        assert!(read().is_err());
        write("whole", Ok(())).unwrap();
        write("other", Err(full())).unwrap_err();
        assert_eq!(read().unwrap(), "whole");
        let left = fs::read_dir(folder.path().join(WORK)).unwrap().count();
        assert_eq!(left, 0, "the half file is gone");
    }
}
