//! Services that cannot be asked: one line each, whatever was wanted of them.

use crate::sources::http::{Address, HttpError};
use crate::sources::{Cause, Problem};
use std::fmt::Write;

/// A host that could not be asked, and what is missing for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfReach {
    /// The host.
    pub host: String,
    /// What was met there first, without the address.
    pub why: String,
    cause: Cause,
    /// It was not asked any more, since what was met before: that says more of it.
    was_left_alone: bool,
    /// Sources that lie there, each with how many of its files are missing.
    pub sources: Vec<(String, usize)>,
}

impl OutOfReach {
    /// What a failure says of a whole service, met for one file of `source`; `None` where it is about that file alone.
    pub(super) fn of(error: &HttpError, source: &str) -> Option<Self> {
        let (HttpError::Refused { url, .. }
        | HttpError::HostStopped { url, .. }
        | HttpError::Busy { url, .. }
        | HttpError::TimeOut { url, .. }
        | HttpError::Unreachable { url, .. }
        | HttpError::NotTrusted { url, .. }
        | HttpError::NoEncryption { url, .. }
        | HttpError::Proxy { url, .. }
        | HttpError::Offline { url }
        | HttpError::NotYet { url, .. }) = error
        else {
            return None;
        };
        let host = Address::parse(url, &[]).map_or_else(|_| bare_host(url), |address| address.host().to_owned());
        let said = error.to_string();
        let why = said.strip_suffix(url.as_str()).unwrap_or(&said);
        Some(Self {
            host,
            why: why.trim_end_matches([':', ' ']).to_owned(),
            cause: error.cause(),
            was_left_alone: matches!(error, HttpError::HostStopped { .. } | HttpError::NotYet { .. }),
            sources: vec![(source.to_owned(), 1)],
        })
    }

    /// Adds to `all` what is missing for the same host, else the host.
    pub fn add_to(self, all: &mut Vec<Self>) {
        let Some(known) = all.iter_mut().find(|known| known.host == self.host) else {
            all.push(self);
            return;
        };
        if known.was_left_alone && !self.was_left_alone {
            (known.why, known.cause, known.was_left_alone) = (self.why, self.cause, false);
        }
        for (source, files) in self.sources {
            match known.sources.iter_mut().find(|(other, _)| *other == source) {
                Some((_, count)) => *count += files,
                None => known.sources.push((source, files)),
            }
        }
    }

    /// The line about it: what is wrong, what is missing, what to do.
    pub fn problem(&self) -> Problem {
        /// Sources that are named.
        const NAMED: usize = 4;
        let mut missing = String::new();
        for (number, (source, files)) in self.sources.iter().take(NAMED).enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            let files = if *files == 1 {
                String::new()
            } else {
                format!(" ({files} files)")
            };
            // Writing to a string cannot fail.
            let _never_fails = write!(missing, "{comma}{source}{files}");
        }
        if self.sources.len() > NAMED {
            let _never_fails = write!(missing, " and {} more", self.sources.len() - NAMED);
        }
        let message = format!(
            "{}; missing for it: {missing}; check the connection (and proxy or firewall) and run it again: it goes on where \
             it stopped",
            self.why
        );
        Problem::error(self.host.as_str(), "", message).because(self.cause)
    }
}

/// What stands between the slashes of an address that is no usual one.
fn bare_host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(reason: &str, path: &str, source: &str) -> OutOfReach {
        let error = HttpError::Unreachable {
            reason: reason.to_owned(),
            url: format!("https://service.example.nl/{path}"),
        };
        OutOfReach::of(&error, source).unwrap()
    }

    #[test]
    fn one_line_tells_all_that_is_missing_for_a_service() {
        let mut all = Vec::new();
        let stopped = HttpError::HostStopped {
            cause: Cause::Network,
            reason: "service.example.nl failed 3 requests in a row; try again later".to_owned(),
            url: "https://service.example.nl/d".to_owned(),
        };
        // Several threads ask: who comes late may be told first.
        OutOfReach::of(&stopped, "heights").unwrap().add_to(&mut all);
        for (path, source) in [("a", "heights"), ("b", "pictures")] {
            met("no such name", path, source).add_to(&mut all);
        }
        OutOfReach::of(&stopped, "pictures").unwrap().add_to(&mut all);
        assert_eq!(all.len(), 1);
        let problem = all[0].problem();
        assert_eq!(
            problem.to_string(),
            "service.example.nl: cannot be reached (no such name); missing for it: heights (2 files), pictures (2 files); \
             check the connection (and proxy or firewall) and run it again: it goes on where it stopped"
        );
        assert_eq!(problem.cause, Cause::Network);
        for number in 0..9 {
            met("no such name", "x", &format!("map {number}")).add_to(&mut all);
        }
        assert!(
            all[0].problem().message.contains("map 0, map 1 and 7 more"),
            "{}",
            all[0].problem()
        );
    }

    #[test]
    fn what_is_wrong_with_one_file_is_not_the_service() {
        let url = || "http://localhost:8080/a?key=K".to_owned();
        assert!(
            OutOfReach::of(
                &HttpError::NotFound {
                    status: 404,
                    url: url()
                },
                "a"
            )
            .is_none()
        );
        let offline = OutOfReach::of(&HttpError::Offline { url: url() }, "a").unwrap();
        assert_eq!(offline.host, "localhost");
        assert!(!offline.problem().to_string().contains('K'));
    }
}
