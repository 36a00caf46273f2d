//! Problems of one file, up to a number that a person can still read and a hostile file cannot exceed.

use crate::sources::{Cause, Problem, Severity};

/// Problems beyond this number are counted, not listed.
pub(super) const MAX_PROBLEMS: usize = 1000;

/// The problems of one file.
#[derive(Debug)]
pub(super) struct Findings {
    path: String,
    listed: Vec<Problem>,
    unlisted: usize,
}

impl Findings {
    /// An empty list for the file called `path`.
    pub(super) fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            listed: Vec::new(),
            unlisted: 0,
        }
    }

    /// Adds what costs some of the content. The texts are only made when there is room.
    pub(super) fn error(&mut self, place: impl ToString, message: impl ToString) {
        self.add(Severity::Error, Cause::Content, place, message);
    }

    /// The same with the cause told.
    pub(super) fn error_because(&mut self, cause: Cause, place: impl ToString, message: impl ToString) {
        self.add(Severity::Error, cause, place, message);
    }

    /// Adds what costs nothing.
    pub(super) fn warning(&mut self, place: impl ToString, message: impl ToString) {
        self.add(Severity::Warning, Cause::Content, place, message);
    }

    /// The same with the cause told.
    pub(super) fn warning_because(&mut self, cause: Cause, place: impl ToString, message: impl ToString) {
        self.add(Severity::Warning, cause, place, message);
    }

    /// Adds a key that nobody knows and that costs nothing.
    pub(super) fn unknown_key(&mut self, place: impl ToString, message: impl ToString) {
        self.add(Severity::Warning, Cause::UnknownKey, place, message);
    }

    fn add(&mut self, severity: Severity, cause: Cause, place: impl ToString, message: impl ToString) {
        if self.listed.len() >= MAX_PROBLEMS {
            self.unlisted += 1;
            return;
        }
        self.listed.push(Problem {
            severity,
            cause,
            path: self.path.clone(),
            place: place.to_string(),
            message: message.to_string(),
        });
    }

    /// The last error, unless it was one too many to list.
    pub(super) fn last_error_mut(&mut self) -> Option<&mut Problem> {
        if self.unlisted > 0 {
            return None;
        }
        self.listed
            .iter_mut()
            .rev()
            .find(|problem| problem.severity == Severity::Error)
    }

    /// Adds a problem that something else found in this file.
    pub(super) fn found(&mut self, problem: Problem) {
        self.add(problem.severity, problem.cause, problem.place, problem.message);
    }

    /// All problems, with a last line about those that were not listed.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        if self.unlisted > 0 {
            let message = format!("{} more problems of this kind are not listed", self.unlisted);
            self.listed
                .push(Problem::warning(self.path, "", message).because(Cause::More));
        }
        self.listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_past_the_cap_are_counted() {
        let mut findings = Findings::new("f.json");
        for i in 0..MAX_PROBLEMS + 7 {
            findings.error(i, "wrong");
        }
        let problems = findings.into_problems();
        assert_eq!(problems.len(), MAX_PROBLEMS + 1);
        assert_eq!(
            problems.last().map(ToString::to_string).as_deref(),
            Some("f.json: 7 more problems of this kind are not listed")
        );
    }
}
