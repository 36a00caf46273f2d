//! The client: tries, resumes, caps and checks.

use super::agent::Agents;
use super::exchange::{Ask, Exchange, Line, body_failure, exchange, failed_over, proxy_refusal};
use super::hosts::Hosts;
use super::{Address, Cancel, Expected, HttpError, answer, backoff};
use crate::sources::Cause;
use std::{
    io::Read,
    time::{Duration, Instant},
};
use ureq::http::header;

/// Most of an error page that is read, bytes.
const MAX_ERROR_BYTES: u64 = 16 << 10;
/// Read at a time, bytes.
const PIECE_BYTES: usize = 64 << 10;

/// How patient and how careful a client is.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests under way to one host.
    pub per_host: usize,
    /// For finding and connecting to a host.
    pub connect: Duration,
    /// Without a byte: before the answer, and in the midst of it.
    pub silence: Duration,
    /// One try in all.
    pub total: Duration,
    /// Below this many bytes per second over [`Self::slow_window`] a try is given up.
    pub slowest_bytes_per_s: u64,
    /// See [`Self::slowest_bytes_per_s`].
    pub slow_window: Duration,
    /// Tries without a new byte before it is given up.
    pub tries: u32,
    /// First pause between tries; doubled every time.
    pub backoff: Duration,
    /// Longest pause, also when a service asks for more.
    pub longest_wait: Duration,
    /// Redirects followed.
    pub redirects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_host: 2,
            connect: Duration::from_secs(15),
            // A raster service computes its answer before it sends the first byte.
            silence: Duration::from_secs(90),
            total: Duration::from_mins(30),
            slowest_bytes_per_s: 500,
            slow_window: Duration::from_mins(1),
            tries: 5,
            backoff: Duration::from_secs(1),
            longest_wait: Duration::from_mins(2),
            redirects: 5,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Want<'a> {
    /// Kind of answer.
    pub expected: Expected,
    /// Largest answer, bytes, unpacked.
    pub limit_bytes: u64,
    /// Media types, for services that offer several.
    pub accept: &'a str,
    /// Whether it may come packed with gzip: for text, which shrinks. Such an answer cannot be resumed.
    pub may_be_packed: bool,
}

impl Want<'_> {
    /// An answer of this kind, as it is.
    pub const fn of(expected: Expected, limit_bytes: u64) -> Self {
        Self {
            expected,
            limit_bytes,
            accept: "*/*",
            may_be_packed: false,
        }
    }
}

/// How far one file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are there.
    pub received_bytes: u64,
    /// Bytes in all, where that is known.
    pub total_bytes: Option<u64>,
}

/// A whole answer in memory.
#[derive(Debug)]
pub struct Answer {
    /// The body, unpacked.
    pub bytes: Vec<u8>,
    /// Who answered, after redirects.
    pub address: Address,
}

/// Where the bytes of one file go, over several tries.
pub(super) trait Sink {
    /// Bytes that are there, and the version of the file that they are of, where that is known.
    fn resume(&self) -> Option<(u64, String)>;
    /// Bytes that are there.
    fn received(&self) -> u64;
    /// From here on come the bytes from `at` on; what stands behind that is dropped.
    fn begin(&mut self, at: u64, version: Option<&str>, total: Option<u64>) -> Result<(), HttpError>;
    /// The next bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), HttpError>;
}

/// See the module. One for a whole run: it remembers how every host behaves.
pub struct Client {
    agents: Agents,
    hosts: Hosts,
    limits: Limits,
    cancel: Cancel,
    plain_http_hosts: Vec<String>,
}

impl Client {
    /// A client that `cancel` stops.
    pub fn new(limits: Limits, cancel: Cancel) -> Self {
        let agents = Agents::new(&limits);
        cancel.covers(&agents);
        Self {
            hosts: Hosts::new(limits.per_host),
            agents,
            limits,
            cancel,
            plain_http_hosts: Vec::new(),
        }
    }

    /// The same, with `http` allowed to these hosts.
    #[must_use]
    pub fn with_plain_http(mut self, hosts: impl IntoIterator<Item = String>) -> Self {
        self.plain_http_hosts
            .extend(hosts.into_iter().map(|host| host.to_ascii_lowercase()));
        self
    }

    /// What stops it.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Hosts to which `http` is allowed.
    pub fn plain_http_hosts(&self) -> &[String] {
        &self.plain_http_hosts
    }

    /// Fetches into memory.
    ///
    /// # Errors
    /// What [`HttpError`] lists, after all tries.
    pub fn get(&self, url: &str, want: &Want) -> Result<Answer, HttpError> {
        let mut memory = Memory::default();
        let address = self.fetch(url, want, &mut memory, &|_| {})?;
        Ok(Answer {
            bytes: memory.bytes,
            address,
        })
    }

    /// Fetches into `sink`, over as many tries as it takes.
    pub(super) fn fetch(
        &self,
        url: &str,
        want: &Want,
        sink: &mut dyn Sink,
        progress: &dyn Fn(Progress),
    ) -> Result<Address, HttpError> {
        let address = Address::parse(url, &self.plain_http_hosts)?;
        let host = address.authority();
        let (mut tries, mut failed) = (0, 0);
        loop {
            let before = sink.received();
            let error = match self.try_once(&address, want, sink, progress) {
                Ok(answered) => {
                    self.hosts.answered(&host);
                    return Ok(answered);
                }
                Err(_) if self.cancel.is_cancelled() => return Err(HttpError::Cancelled { url: url.to_owned() }),
                Err(error) if error.may_pass() => error,
                Err(error) => {
                    if matches!(error, HttpError::NotFound { .. } | HttpError::WrongKind { .. }) {
                        self.hosts.answered(&host);
                    }
                    return Err(error);
                }
            };
            tries += 1;
            // A long file over a poor line breaks off often and still gets there.
            failed = if sink.received() > before { 1 } else { failed + 1 };
            if failed >= self.limits.tries || tries >= self.limits.tries.saturating_mul(5) {
                self.hosts.given_up(&host);
                return Err(error);
            }
            let mut pause = backoff::pause(self.limits.backoff, failed, self.limits.longest_wait);
            if let HttpError::Status {
                retry_after: Some(asked),
                ..
            } = error
            {
                if asked > self.limits.longest_wait {
                    let wait_s = asked.as_secs();
                    let reason = format!("{host} asked to be left alone for {wait_s} s");
                    self.hosts.stop(&host, Cause::Network, reason);
                    return Err(HttpError::Busy {
                        wait_s,
                        url: address.to_string(),
                    });
                }
                self.hosts.leave_alone(&host, asked);
                pause = pause.max(asked);
            }
            if !self.cancel.wait(pause) {
                return Err(HttpError::Cancelled { url: url.to_owned() });
            }
        }
    }

    fn try_once(
        &self,
        address: &Address,
        want: &Want,
        sink: &mut dyn Sink,
        progress: &dyn Fn(Progress),
    ) -> Result<Address, HttpError> {
        let resume = sink.resume();
        let ask = Ask {
            accept: want.accept,
            encodings: if want.may_be_packed && resume.is_none() {
                "gzip"
            } else {
                "identity"
            },
            known: None,
            from: resume.as_ref().map(|(from, version)| (*from, version.as_str())),
        };
        let line = Line {
            agents: &self.agents,
            hosts: &self.hosts,
            limits: &self.limits,
            cancel: &self.cancel,
            plain_http_hosts: &self.plain_http_hosts,
        };
        let mut exchange = exchange(&line, address, &ask)?;
        let (at, total) = match (exchange.status, &resume) {
            (200, _) => (0, exchange.body.content_length()),
            (206, Some((from, _))) => match exchange.header(header::CONTENT_RANGE).and_then(content_range) {
                Some((start, total)) if start == *from => (start, total),
                _ => return Err(anew(sink, &exchange.address, "another part came than was asked for")),
            },
            (206, None) => return Err(anew(sink, &exchange.address, "a part came where all was asked for")),
            (416, Some(_)) => return Err(anew(sink, &exchange.address, "the file is another one by now")),
            _ => return Err(refusal(&self.hosts, exchange)),
        };
        let too_large = || HttpError::TooLarge {
            limit: want.limit_bytes,
            url: address.to_string(),
        };
        if total.is_some_and(|total| total > want.limit_bytes) {
            return Err(too_large());
        }
        // Without a length nobody can tell what is missing.
        let version = total.and_then(|_| version_of(&exchange));
        let answered = exchange.address.clone();
        let mut reader = Reader {
            body: exchange.body.as_reader(),
            received: at,
            total,
            address: &answered,
            client: self,
            window: Instant::now(),
            in_window: 0,
        };
        let mut piece = vec![0; PIECE_BYTES];
        if at == 0 {
            let mut first = 0;
            while first < answer::LOOKED_AT {
                match reader.read(&mut piece[first..answer::LOOKED_AT])? {
                    0 => break,
                    count => first += count,
                }
            }
            if let Some(found) = want.expected.found_instead(&piece[..first]) {
                return Err(HttpError::WrongKind {
                    expected: want.expected.name(),
                    found,
                    url: address.to_string(),
                });
            }
            sink.begin(0, version.as_deref(), total)?;
            sink.write(&piece[..first])?;
        } else {
            sink.begin(at, version.as_deref(), total)?;
        }
        loop {
            progress(Progress {
                received_bytes: reader.received,
                total_bytes: total,
            });
            if reader.received > want.limit_bytes {
                return Err(too_large());
            }
            match reader.read(&mut piece)? {
                0 => break,
                count => sink.write(&piece[..count])?,
            }
        }
        match total {
            Some(promised) if promised != reader.received => Err(HttpError::CutOff {
                received: reader.received,
                promised: total,
                url: address.to_string(),
            }),
            _ => Ok(answered),
        }
    }
}

/// What a status that is no answer means. A host that refuses is not asked again.
pub(super) fn refusal(hosts: &Hosts, mut exchange: Exchange) -> HttpError {
    let (status, url) = (exchange.status, exchange.address.to_string());
    match status {
        401 | 403 => {
            let host = exchange.address.authority();
            let reason = format!("{host} refused a request before (status {status})");
            hosts.stop(&host, Cause::Network, reason);
            HttpError::Refused { status, url }
        }
        // One that stands in between without having been named.
        407 => failed_over(
            hosts,
            &exchange.address,
            proxy_refusal("of this network", Some(status), url),
        ),
        404 | 410 => HttpError::NotFound { status, url },
        _ => {
            let retry_after = exchange
                .header(header::RETRY_AFTER)
                .and_then(|value| backoff::retry_after(value, jiff::Timestamp::now()));
            let mut body = Vec::new();
            // What the service says about it is a help; that it broke off while saying so is not told.
            let _ = exchange.body.as_reader().take(MAX_ERROR_BYTES).read_to_end(&mut body);
            HttpError::Status {
                status,
                detail: answer::detail(&body),
                retry_after,
                url,
            }
        }
    }
}

/// Forgets what was there, so that the next try begins anew.
fn anew(sink: &mut dyn Sink, address: &Address, reason: &str) -> HttpError {
    match sink.begin(0, None, None) {
        Err(error) => error,
        Ok(()) => HttpError::Garbled {
            reason: reason.to_owned(),
            url: address.to_string(),
        },
    }
}

/// `bytes 200-999/1000`: the first byte and the size of all, where that is told.
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

/// By what a later part is known to be of the same file: a strong `ETag`, else the date.
fn version_of(exchange: &Exchange) -> Option<String> {
    let tag = exchange.header(header::ETAG).filter(|tag| tag.starts_with('"'));
    tag.or_else(|| exchange.header(header::LAST_MODIFIED))
        .map(str::to_owned)
}

/// The body, watched.
struct Reader<'a, R> {
    body: R,
    received: u64,
    total: Option<u64>,
    address: &'a Address,
    client: &'a Client,
    window: Instant,
    in_window: u64,
}

impl<R: Read> Reader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError> {
        let cancel = &self.client.cancel;
        if cancel.is_cancelled() {
            return Err(HttpError::Cancelled {
                url: self.address.to_string(),
            });
        }
        let count = self
            .body
            .read(buffer)
            .map_err(|error| body_failure(error, self.received, self.total, self.address, cancel))?;
        self.received += count as u64;
        self.in_window += count as u64;
        let (limits, passed) = (&self.client.limits, self.window.elapsed());
        if passed >= limits.slow_window {
            let least = u128::from(limits.slowest_bytes_per_s) * passed.as_millis() / 1000;
            if u128::from(self.in_window) < least && count > 0 {
                return Err(HttpError::TimeOut {
                    what: "it comes too slowly",
                    url: self.address.to_string(),
                });
            }
            self.window = Instant::now();
            self.in_window = 0;
        }
        Ok(count)
    }
}

/// See [`Client::get`].
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    version: Option<String>,
}

impl Sink for Memory {
    fn resume(&self) -> Option<(u64, String)> {
        let version = self.version.clone()?;
        (!self.bytes.is_empty()).then(|| (self.received(), version))
    }

    fn received(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn begin(&mut self, at: u64, version: Option<&str>, _total: Option<u64>) -> Result<(), HttpError> {
        self.bytes.truncate(usize::try_from(at).unwrap_or(usize::MAX));
        self.version = version.map(str::to_owned);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), HttpError> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_tells_where_it_begins() {
        assert_eq!(content_range("bytes 200-999/1000"), Some((200, Some(1000))));
        assert_eq!(content_range("bytes 0-9/*"), Some((0, None)));
        for odd in [
            "",
            "bytes",
            "bytes */1000",
            "items 1-2/3",
            "bytes -5/10",
            "bytes 99999999999999999999-1/2",
        ] {
            assert_eq!(content_range(odd), None, "{odd}");
        }
    }
}
