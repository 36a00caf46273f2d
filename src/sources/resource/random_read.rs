//! Reading parts of a file that is too large to hold whole.

use super::ResourceError;
use std::{
    fs::File,
    io::{Read, Result, Seek, SeekFrom},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Bytes of one file, any part of them, from any thread.
pub trait RandomRead: Send + Sync {
    /// How many bytes there are.
    fn size_bytes(&self) -> u64;

    /// Fills `buffer` with the bytes from `offset` on and says how many there were: fewer only at the end.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize>;
}

impl RandomRead for Vec<u8> {
    fn size_bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let count = buffer.len().min(self.len() - start);
        buffer[..count].copy_from_slice(&self[start..start + count]);
        Ok(count)
    }
}

/// A file on disk. A lock stands around its one position: reading at a position is named differently on every system.
pub(super) struct OpenFile {
    file: Mutex<File>,
    size_bytes: u64,
}

impl OpenFile {
    /// Opens the regular file at `real`, which messages call `path`.
    pub(super) fn open(real: &Path, path: &str) -> std::result::Result<Self, ResourceError> {
        let io = |source| ResourceError::Io {
            source,
            uri: path.to_owned(),
        };
        let file = File::open(real).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(ResourceError::Unusable {
                reason: "it is not a file",
                uri: path.to_owned(),
            });
        }
        Ok(Self {
            file: Mutex::new(file),
            size_bytes: metadata.len(),
        })
    }
}

impl RandomRead for OpenFile {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        let mut filled = 0;
        while filled < buffer.len() {
            match file.read(&mut buffer[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }
}
