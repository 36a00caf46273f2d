//! What is wrong with lines of a table.

use crate::model::scenario::findings::Findings;
use crate::sources::table::{MAX_LISTED, line_place};
use crate::sources::{Cause, Problem};
use std::collections::BTreeMap;

/// Lines that have the same thing wrong: the first few by their numbers, the others counted.
#[derive(Debug, Default)]
pub(super) struct LineList {
    named: Vec<u64>,
    count: usize,
}

impl LineList {
    /// Numbers that a list gives: enough to look them up, few enough to read.
    const NAMED: usize = 10;

    /// Adds a line, later than those before it.
    pub(super) fn add(&mut self, line: u64) {
        self.count += 1;
        if self.named.len() < Self::NAMED {
            self.named.push(line);
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The first one; 0 for none.
    pub(super) fn first(&self) -> u64 {
        self.named.first().copied().unwrap_or_default()
    }

    /// Where they are: `line 3`, `lines 3 and 7`, `lines 3, 7 and 12 more`; empty for none.
    pub(super) fn place(&self) -> String {
        let mut numbers: Vec<String> = self.named.iter().map(u64::to_string).collect();
        let more = self.count - self.named.len();
        let last = if more > 0 {
            Some(format!("{more} more"))
        } else {
            numbers.pop()
        };
        match (last, numbers.is_empty()) {
            (None, _) => String::new(),
            (Some(last), true) => format!("line {last}"),
            (Some(last), false) => format!("lines {} and {last}", numbers.join(", ")),
        }
    }
}

/// Warnings about lines, of each kind only the first few.
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

    /// Names what is wrong on one line, where there is room.
    pub(super) fn warning(&mut self, kind: &'static str, cause: Cause, line: u64, message: String) {
        self.warning_at(kind, cause, &line_place(line), message);
    }

    /// The same of several lines.
    pub(super) fn warning_at(&mut self, kind: &'static str, cause: Cause, place: &str, message: String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= MAX_LISTED {
            self.findings.warning_because(cause, place, message);
        }
    }

    /// Counts those that were not listed.
    pub(super) fn finish(self) {
        for (kind, count) in self.counts {
            if count > MAX_LISTED {
                let more = count - MAX_LISTED;
                let message = format!("{more} more problems of this kind ({kind}) are not listed");
                let problem = Problem::warning(String::new(), "", message).because(Cause::More);
                self.findings.found(problem);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_lines_names_the_first_few_and_counts_the_others() {
        let place = |count: u64| {
            let mut list = LineList::default();
            (1..=count).for_each(|line| list.add(line));
            assert_eq!(list.count() as u64, count);
            list.place()
        };
        assert_eq!(place(0), "");
        assert_eq!(place(1), "line 1");
        assert_eq!(place(2), "lines 1 and 2");
        assert_eq!(place(10), "lines 1, 2, 3, 4, 5, 6, 7, 8, 9 and 10");
        assert_eq!(place(22), "lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 12 more");
    }
}
