//! Why a run ended before its work was done.

use crate::sources::Problem;
use thiserror::Error;

/// The end of a run that could not do its work; `main` turns it into an exit code.
#[derive(Debug, Error)]
pub enum Stop {
    /// The command was used wrongly.
    #[error("{message}")]
    Usage {
        /// One line.
        message: String,
    },
    /// This machine cannot, with what to do.
    #[error("{message}")]
    Machine {
        /// One line.
        message: String,
    },
    /// The input cannot be shown at all.
    #[error("the input has {} problems", problems.len())]
    Problems {
        /// One line each.
        problems: Vec<Problem>,
    },
}
