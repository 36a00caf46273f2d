//! What is wrong with lines of a table.

use crate::model::scenario::findings::Findings;
use crate::sources::table::{MAX_LISTED, line_place};
use crate::sources::{Cause, Problem};
use std::collections::BTreeMap;

/// Problems of lines, of each kind only the first few.
pub(super) struct Lines<'f> {
    pub(super) findings: &'f mut Findings,
    counts: BTreeMap<&'static str, usize>,
}

impl<'f> Lines<'f> {
    /// None yet.
    pub(super) fn new(findings: &'f mut Findings) -> Self {
        Self {
            findings,
            counts: BTreeMap::new(),
        }
    }

    fn is_room(&mut self, kind: &'static str) -> bool {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        *count <= MAX_LISTED
    }

    /// Names one, where there is room.
    pub(super) fn error(&mut self, kind: &'static str, cause: Cause, line: u64, message: String) {
        if self.is_room(kind) {
            self.findings.error_because(cause, line_place(line), message);
        }
    }

    /// Counts those that were not listed.
    pub(super) fn finish(&mut self) {
        for (kind, count) in std::mem::take(&mut self.counts) {
            if count > MAX_LISTED {
                let message = format!(
                    "{} more lines with such a problem ({kind}) are not listed",
                    count - MAX_LISTED
                );
                let problem = Problem::error(String::new(), "", message).because(Cause::More);
                self.findings.found(problem);
            }
        }
    }
}
