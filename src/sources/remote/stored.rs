//! All that this program keeps of servers' answers, tiles and pictures together: how much it is and taking it away.

use super::cache::files_under;
use etcetera::BaseStrategy;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders of answers within the program's own.
const KINDS: [&str; 2] = ["tiles3d", "imagery"];

/// See the module.
#[derive(Debug, Clone)]
pub struct StoredAnswers {
    folder: PathBuf,
}

impl StoredAnswers {
    /// Those in the user's cache folder; `None` where there is no such folder.
    pub fn of_user() -> Option<Self> {
        let strategy = etcetera::choose_base_strategy().ok()?;
        Some(Self::in_folder(&strategy.cache_dir().join("stadslens")))
    }

    /// Those in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bytes of all of them. Looks at every file, so not on the main thread.
    pub fn bytes(&self) -> u64 {
        let files = KINDS.iter().flat_map(|kind| files_under(&self.folder.join(kind)));
        files.map(|file| file.bytes).sum()
    }

    /// Takes all of them away. Whoever writes one meanwhile finds it gone, never half.
    ///
    /// # Errors
    /// What the system says of the first file that stays.
    pub fn clear(&self) -> io::Result<()> {
        let mut first = Ok(());
        for file in KINDS.iter().flat_map(|kind| files_under(&self.folder.join(kind))) {
            match fs::remove_file(&file.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound && first.is_ok() => first = Err(error),
                _ => {}
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_are_counted_and_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let stored = StoredAnswers::in_folder(folder.path());
        assert_eq!(stored.bytes(), 0);
        for (path, bytes) in [("tiles3d/tiles/ab/x", 10), ("imagery/1/2/3", 20), ("other/file", 40)] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![0; bytes]).unwrap();
        }
        assert_eq!(stored.bytes(), 30);
        stored.clear().unwrap();
        assert_eq!(stored.bytes(), 0);
        assert!(folder.path().join("other/file").is_file());
    }
}
