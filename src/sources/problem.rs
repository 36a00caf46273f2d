//! One thing that is wrong with an input: which file, where in it, what, and what to do.

use serde::Serialize;

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing is missing.
    Warning,
    /// Something in the file is not used.
    Error,
}

/// One thing wrong with an input. Printed as `PATH: place: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// File or URL, as the user gave it or relative to what was opened.
    pub path: String,
    /// Where in the file (`variants[2].buildings[0].footprint`, `byte 28`, `line 3`), may be empty.
    pub place: String,
    /// What is wrong and what to do, plain English, no trailing period.
    pub message: String,
}

impl Problem {
    /// A problem that costs some of the content.
    pub fn error(path: impl Into<String>, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            path: path.into(),
            place: place.into(),
            message: message.into(),
        }
    }

    /// A problem that costs nothing.
    pub fn warning(path: impl Into<String>, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            path: path.into(),
            place: place.into(),
            message: message.into(),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.place.is_empty() {
            write!(f, "{}: {}", self.path, self.message)
        } else {
            write!(f, "{}: {}: {}", self.path, self.place, self.message)
        }
    }
}
