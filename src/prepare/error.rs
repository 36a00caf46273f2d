//! Why there is no prepared area.

use crate::sources::Problem;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Why there is no prepared area.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The inputs cannot be used.
    #[error("the input has {} problems", .0.len())]
    Problems(Vec<Problem>),
    /// This machine cannot: no space, no rights.
    #[error("{message}")]
    Machine {
        /// One line with what to do, what the system says in it.
        message: String,
        /// What the system or a library says; `None` where that came as words.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl PrepareError {
    /// A file that cannot be written, with what to do.
    pub(super) fn cannot_write(path: &Path, error: io::Error) -> Self {
        let hint = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                "make room and run it again: it goes on where it stopped"
            }
            ErrorKind::PermissionDenied => "choose a folder that you may write in",
            _ => "run it again: it goes on where it stopped",
        };
        let message = format!("{}: cannot write ({error}); {hint}", path.display());
        Self::machine(message, error)
    }

    /// What this machine cannot, with what it says.
    pub(super) fn machine(message: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Machine {
            message: message.into(),
            source: Some(source.into()),
        }
    }

    /// The same where only words are known.
    pub(super) fn machine_says(message: impl Into<String>) -> Self {
        Self::Machine {
            message: message.into(),
            source: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_kept_beside_the_line() {
        let full = io::Error::from(ErrorKind::StorageFull);
        let said = full.to_string();
        let error = PrepareError::cannot_write(Path::new("out/a.tif"), full);
        assert_eq!(
            error.to_string(),
            format!("out/a.tif: cannot write ({said}); make room and run it again: it goes on where it stopped")
        );
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(source.map(io::Error::kind), Some(ErrorKind::StorageFull));
        assert!(PrepareError::machine_says("no").source().is_none());
    }
}
