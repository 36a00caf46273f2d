//! What can go wrong while fetching, and what of it may pass by itself.

use crate::sources::{Cause, Problem};
use std::{io::ErrorKind, path::PathBuf, time::Duration};

/// Why something was not fetched. One line, the address last.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Not an address that is fetched.
    #[error("this address is not fetched ({reason}): {url}")]
    BadAddress {
        /** What is wrong with it. */
        reason: &'static str,
        /** The address. */
        url: String,
    },
    /// 401 or 403.
    #[error("the service refuses (status {status}); it may want a key, nothing more is asked there: {url}")]
    Refused {
        /** HTTP status. */
        status: u16,
        /** The address. */
        url: String,
    },
    /// The host refused or failed before; nothing was asked.
    #[error("not asked, since {reason}: {url}")]
    HostStopped {
        /** What kind of problem that was. */
        cause: Cause,
        /** What happened before. */
        reason: String,
        /** The address. */
        url: String,
    },
    /// 404 or 410.
    #[error("there is nothing at this address (status {status}): {url}")]
    NotFound {
        /** HTTP status. */
        status: u16,
        /** The address. */
        url: String,
    },
    /// Another status that tells of a failure.
    #[error("the service answers with status {status}{}: {url}", detail_of(detail))]
    Status {
        /** HTTP status. */
        status: u16,
        /** What the service said with it, shortened; may be empty. */
        detail: String,
        /** Wait that it asked for. */
        retry_after: Option<Duration>,
        /** The address. */
        url: String,
    },
    /// It asks for a longer wait than is waited.
    #[error("the service asks to wait {wait_s} s, longer than is waited; try again later: {url}")]
    Busy {
        /** Asked wait, seconds. */
        wait_s: u64,
        /** The address. */
        url: String,
    },
    /// Data was asked for and something else came.
    #[error("{expected} was expected and {found} came: {url}")]
    WrongKind {
        /** What was asked for. */
        expected: &'static str,
        /** What came. */
        found: String,
        /** The address. */
        url: String,
    },
    /// More than the cap.
    #[error("the answer has more than the {limit} bytes allowed: {url}")]
    TooLarge {
        /** Cap, bytes. */
        limit: u64,
        /** The address. */
        url: String,
    },
    /// The answer ended too early.
    #[error("the answer broke off after {received} bytes{}: {url}", promised_of(*promised))]
    CutOff {
        /** Bytes that came. */
        received: u64,
        /** Bytes that were promised, where that was said. */
        promised: Option<u64>,
        /** The address. */
        url: String,
    },
    /// Too many redirects, or in a circle.
    #[error("the address leads on and on ({count} redirects): {url}")]
    Redirects {
        /** How many were followed. */
        count: usize,
        /** The address that was asked for. */
        url: String,
    },
    /// No answer in time, or one that trickles.
    #[error("no answer in time ({what}): {url}")]
    TimeOut {
        /** Which limit. */
        what: &'static str,
        /** The address. */
        url: String,
    },
    /// No connection: name or network.
    #[error("cannot be reached ({reason}): {url}")]
    Unreachable {
        /** What the system says. */
        reason: String,
        /** The address. */
        url: String,
    },
    /// It cannot show that it is who it says it is.
    #[error("the certificate of this server is not to be trusted ({reason}); {advice}: {url}")]
    NotTrusted {
        /** What is wrong with it. */
        reason: String,
        /** What to do. */
        advice: &'static str,
        /** The address. */
        url: String,
    },
    /// It speaks no encryption that this program knows.
    #[error("no encrypted connection comes about ({reason}): {url}")]
    NoEncryption {
        /** What went wrong. */
        reason: String,
        /** The address. */
        url: String,
    },
    /// The proxy in between is not there, or lets nothing through.
    #[error("the proxy {proxy} {reason}: {url}")]
    Proxy {
        /** Host and port, or where it is set. */
        proxy: String,
        /** What it does, as the rest of the sentence. */
        reason: String,
        /** Whether trying again may help. */
        may_pass: bool,
        /** The address. */
        url: String,
    },
    /// An answer that is not HTTP.
    #[error("the answer cannot be read ({reason}): {url}")]
    Garbled {
        /** What is wrong with it. */
        reason: String,
        /** The address. */
        url: String,
    },
    /// No room on the disk.
    #[error("the disk is full; make room and start again, it goes on where it stopped: {}", path.display())]
    DiskFull {
        /** File that was being written. */
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("cannot write ({source}): {}", path.display())]
    Write {
        /** What the system says. */
        #[source]
        source: std::io::Error,
        /** File that was being written. */
        path: PathBuf,
    },
    /// Another run writes the same file.
    #[error("another run of this program fetches this file: {}", path.display())]
    InUse {
        /** The file. */
        path: PathBuf,
    },
    /// Nothing is asked over a network.
    #[error("not asked, since this program stays offline: {url}")]
    Offline {
        /** The address. */
        url: String,
    },
    /// The host asked to be left alone, or could not be reached a moment ago.
    #[error("the service is left alone for another {} s: {url}", wait.as_secs() + 1)]
    NotYet {
        /** How long still. */
        wait: Duration,
        /** The address. */
        url: String,
    },
    /// What is under way fills all the memory that transfers may take.
    #[error("there is no memory left for it at the moment: {url}")]
    NoRoom {
        /** The address. */
        url: String,
    },
    /// The user stopped it.
    #[error("stopped before it was done: {url}")]
    Cancelled {
        /** The address. */
        url: String,
    },
}

fn detail_of(detail: &str) -> String {
    if detail.is_empty() {
        String::new()
    } else {
        format!(" ({detail})")
    }
}

fn promised_of(promised: Option<u64>) -> String {
    promised.map(|promised| format!(" of {promised}")).unwrap_or_default()
}

impl HttpError {
    /// Whether trying again may help.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::CutOff { .. }
            | Self::TimeOut { .. }
            | Self::Unreachable { .. }
            | Self::Garbled { .. }
            | Self::NotYet { .. }
            | Self::NoRoom { .. } => true,
            Self::Proxy { may_pass, .. } => *may_pass,
            _ => false,
        }
    }

    /// The same with the address as it may be shown: without its query, which may hold a key, and without a
    /// password.
    #[must_use]
    pub fn without_query(mut self) -> Self {
        match &mut self {
            Self::BadAddress { url, .. }
            | Self::Refused { url, .. }
            | Self::HostStopped { url, .. }
            | Self::NotFound { url, .. }
            | Self::Status { url, .. }
            | Self::Busy { url, .. }
            | Self::WrongKind { url, .. }
            | Self::TooLarge { url, .. }
            | Self::CutOff { url, .. }
            | Self::Redirects { url, .. }
            | Self::TimeOut { url, .. }
            | Self::Unreachable { url, .. }
            | Self::NotTrusted { url, .. }
            | Self::NoEncryption { url, .. }
            | Self::Proxy { url, .. }
            | Self::Garbled { url, .. }
            | Self::Offline { url, .. }
            | Self::NotYet { url, .. }
            | Self::NoRoom { url, .. }
            | Self::Cancelled { url, .. } => {
                *url = crate::sources::resource::shown_url(url);
            }
            Self::DiskFull { .. } | Self::Write { .. } | Self::InUse { .. } => {}
        }
        self
    }

    /// Whether nothing else can succeed either.
    pub fn ends_all(&self) -> bool {
        matches!(
            self,
            Self::Cancelled { .. } | Self::DiskFull { .. } | Self::Write { .. }
        )
    }

    /// What kind of problem this is.
    pub fn cause(&self) -> Cause {
        match self {
            Self::BadAddress { .. } => Cause::Outside,
            Self::NotFound { .. } => Cause::Missing,
            Self::WrongKind { .. } => Cause::WrongKind,
            Self::TooLarge { .. } => Cause::TooLarge,
            Self::CutOff { .. } | Self::Garbled { .. } => Cause::Damaged,
            Self::TimeOut { .. } | Self::Busy { .. } | Self::NotYet { .. } | Self::Cancelled { .. } => {
                Cause::Unfinished
            }
            Self::DiskFull { .. } | Self::NoRoom { .. } => Cause::Machine,
            Self::Offline { .. } => Cause::Server,
            Self::Write { .. } => Cause::Unwritable,
            Self::InUse { .. } => Cause::InUse,
            Self::NotTrusted { .. } => Cause::NotTrusted,
            Self::Proxy { .. } => Cause::Proxy,
            Self::HostStopped { cause, .. } => *cause,
            Self::Refused { .. }
            | Self::Status { .. }
            | Self::Redirects { .. }
            | Self::NoEncryption { .. }
            | Self::Unreachable { .. } => Cause::Network,
        }
    }

    /// It as a problem of `path`, at `place` there.
    pub fn problem(&self, path: impl Into<String>, place: impl Into<String>) -> Problem {
        Problem::error(path, place, self.to_string()).because(self.cause())
    }

    /// A failure to write `path`.
    pub(crate) fn writing(source: std::io::Error, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Write { source, path },
        }
    }
}
