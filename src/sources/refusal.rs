//! Why a path that somebody names is not opened: in the same words, whether it is described, checked or shown.

use super::{Cause, Problem};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Looks whether there is something at `path` that can be read: a folder, or a file with at least one byte.
///
/// # Errors
/// There is nothing, the system refuses, or the file is empty.
pub fn can_be_read(path: &Path) -> Result<(), Problem> {
    let shown = || path.display().to_string();
    let refused = |error: io::Error| {
        if error.kind() == ErrorKind::NotFound {
            return Problem::error(shown(), "", "there is no such file or folder").because(Cause::Missing);
        }
        let message = format!("it cannot be read ({error}): check that you may open it");
        Problem::error(shown(), "", message).because(Cause::Unreadable)
    };
    let about = fs::metadata(path).map_err(refused)?;
    // Reading a pipe or a device could wait for ever.
    if !about.is_file() {
        return Ok(());
    }
    let read = File::open(path).and_then(|file| {
        let mut first = Vec::with_capacity(1);
        file.take(1).read_to_end(&mut first)
    });
    if read.map_err(refused)? == 0 {
        let message = "the file is empty (0 bytes): fetch it again, or look for another copy";
        return Err(Problem::error(shown(), "", message).because(Cause::Damaged));
    }
    Ok(())
}

/// Says that a file is of no kind that is opened, and which kinds are.
pub fn unknown_kind(path: &Path) -> Problem {
    let message = "files of this kind are not opened; a scenario is a folder with a scenario.json, that file, or a \
                   .stadslens package, and tilesets, models, city models, map files, rasters and point clouds open too";
    Problem::error(path.display().to_string(), "", message).because(Cause::WrongKind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_and_what_is_empty_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("empty.glb"), "").unwrap();
        fs::write(path("one.glb"), "x").unwrap();
        let cause = |name: &str| can_be_read(&path(name)).err().map(|problem| problem.cause);
        assert_eq!(cause("none.glb"), Some(Cause::Missing));
        assert_eq!(cause("empty.glb"), Some(Cause::Damaged));
        assert_eq!(cause("one.glb"), None);
        assert!(can_be_read(folder.path()).is_ok());
    }
}
