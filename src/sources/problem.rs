//! One thing that is wrong with an input: which file, where in it, what, and what to do.

use super::resource::plain_path;
use serde::{Deserialize, Serialize};

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing is missing.
    Warning,
    /// Something in the file is not used.
    Error,
}

/// What kind of thing is wrong. The interface says it in the reader's language, with what to do about it; the message
/// beside it is the exact finding, for whoever made the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// There is no such file or folder.
    Missing,
    /// The system refuses to read it.
    Unreadable,
    /// A path that leads out of its folder or package.
    Outside,
    /// Bigger, deeper or more than is read.
    TooLarge,
    /// Sound data of a kind that this program does not read yet.
    NotRead,
    /// Written for a newer version of this program.
    Newer,
    /// Cut off, or not in the format that it should have.
    Damaged,
    /// Something else than what is opened here.
    WrongKind,
    /// A name that has no meaning where it stands.
    UnknownKey,
    /// Two things with one id, or a file that includes itself.
    Duplicate,
    /// An object number that several objects have; all of them are shown.
    SameNumber,
    /// No usable place on earth: coordinates, reference system or heights.
    Place,
    /// It does not say in which coordinate system it is, or names one that is not known.
    NoSystem,
    /// Farther from the rest than anything is shown.
    TooFar,
    /// It covers more of the earth than is shown at once.
    TooWide,
    /// It lies outside the area that it was given for.
    Elsewhere,
    /// Something of a list or file that has no coordinates, or none that can be read.
    NoCoordinates,
    /// A row of a list that does not fit its columns.
    Row,
    /// A column that is named and not there, or that is needed and not named.
    Column,
    /// Columns that were guessed.
    Guessed,
    /// Something without a number, with which nothing can be kept.
    NoNumber,
    /// There is nothing in it.
    Empty,
    /// Nothing of a list lies here: its columns or its reference system are wrong.
    Nowhere,
    /// Most of a list does not lie here: its columns or its reference system may be wrong.
    MostlyNowhere,
    /// What kind of object something is; it counts as any other.
    UnknownKind,
    /// A value that cannot be read or believed; it counts as unknown.
    Value,
    /// What was asked for was not ready in time.
    Unfinished,
    /// More of the same that is not listed.
    More,
    /// Another program has it open.
    InUse,
    /// The system refuses to write it.
    Unwritable,
    /// Damaged, kept under another name, and begun anew.
    SetAside,
    /// This machine has no room or power for it.
    Machine,
    /// A server does not answer, or refuses.
    Network,
    /// The certificate of a server is not to be trusted.
    NotTrusted,
    /// The proxy of the network lets nothing through.
    Proxy,
    /// It asks a server, each time it is shown.
    Server,
    /// A value that does not fit where it stands.
    Content,
}

/// One thing wrong with an input. Printed as `PATH: place: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// What kind of thing.
    pub cause: Cause,
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
            cause: Cause::Content,
            path: shown_path(path.into()),
            place: place.into(),
            message: message.into(),
        }
    }

    /// A problem that costs nothing.
    pub fn warning(path: impl Into<String>, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            cause: Cause::Content,
            path: shown_path(path.into()),
            place: place.into(),
            message: message.into(),
        }
    }

    /// The same with the cause told, where it is not [`Cause::Content`].
    #[must_use]
    pub fn because(self, cause: Cause) -> Self {
        Self { cause, ..self }
    }
}

/// A path as it may be shown: an address has no query, which may hold a key.
fn shown_path(path: String) -> String {
    match plain_path(&path).len() {
        length if length < path.len() => path[..length].to_owned(),
        _ => path,
    }
}

/// What a file says, as a message repeats it: one line of at most `longest` characters, then an ellipsis.
pub(crate) fn shortened(text: &str, longest: usize) -> String {
    let one_line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = one_line.take(longest).collect();
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_in_an_address_is_shown() {
        let problem = Problem::error("https://a.org/t.glb?key=K", "", "wrong");
        assert_eq!(problem.to_string(), "https://a.org/t.glb: wrong");
        assert_eq!(Problem::warning("odd?.json", "", "wrong").path, "odd?.json");
    }

    #[test]
    fn what_a_file_says_stays_one_short_line() {
        for (text, shown) in [
            ("abc", "abc"),
            ("abcd", "abcd"),
            ("abcde", "abcd…"),
            ("a\nb\u{1b}", "a b "),
            ("éééé", "éééé"),
            ("", ""),
        ] {
            assert_eq!(shortened(text, 4), shown);
        }
    }
}
