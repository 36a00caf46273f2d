//! Asking once: for those who plan their tries themselves, keep answers, and stop what is no longer wanted.
//!
//! Every transfer has connections of its own while it is under way, so that stopping one wakes its thread at once and
//! costs the others nothing; afterwards they serve the next one.

use super::agent::Agents;
use super::client::refusal;
use super::exchange::{Ask, Exchange, Line, body_failure, exchange};
use super::hosts::Hosts;
use super::{Address, HttpError, Limits, Transfer, Want, answer, backoff};
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::header;

/// Read at a time, bytes.
const PIECE_BYTES: usize = 64 << 10;
/// Longest pause that a service is believed, when it asks to be left alone.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// By what a service knows a version of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, weak ones too.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether a version can be asked about at all.
    pub fn is_some(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// What an answer says about how long it may be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnswerHeaders {
    /// Of which version it is.
    pub validators: Validators,
    /// `Cache-Control`, all of them in one line.
    pub cache_control: String,
    /// `Expires`.
    pub expires: Option<String>,
    /// `Date`.
    pub date: Option<String>,
    /// `Age`, seconds.
    pub age_s: Option<u64>,
}

/// What came of asking.
#[derive(Debug)]
pub enum Outcome {
    /// The file.
    New {
        /// Its bytes, unpacked.
        bytes: Vec<u8>,
        /// What was said about them.
        headers: AnswerHeaders,
    },
    /// What is there already is still right.
    Unchanged {
        /// What was said about it.
        headers: AnswerHeaders,
    },
}

/// Connections that serve the next transfer.
#[derive(Default)]
struct Idle {
    /// How often they were made anew.
    generation: u64,
    agents: Vec<Agents>,
}

/// See the module. One for the whole program: it remembers how every host behaves.
pub struct Asker {
    idle: Mutex<Idle>,
    hosts: Hosts,
    limits: Limits,
    plain_http_hosts: Mutex<BTreeSet<String>>,
}

impl Asker {
    /// One with these limits; those on tries are the caller's to keep.
    pub fn new(limits: Limits) -> Self {
        Self {
            idle: Mutex::default(),
            hosts: Hosts::new(limits.per_host).impatient(),
            limits,
            plain_http_hosts: Mutex::default(),
        }
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Allows `http` to this host, which a person named.
    pub fn allow_plain_http(&self, host: &str) {
        let mut hosts = self.plain_http_hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.insert(host.to_ascii_lowercase());
    }

    /// How long nothing is to be asked of the host of `url` yet, because it said so.
    pub fn left_alone(&self, url: &str) -> Duration {
        self.address(url)
            .map_or(Duration::ZERO, |address| self.hosts.left_alone(&address.authority()))
    }

    /// What stopped or delayed a host is forgotten. Connections are made anew, and with them what this machine trusts is
    /// read again: a root certificate may have been installed meanwhile.
    pub fn try_again(&self) {
        self.hosts.try_again();
        let mut idle = self.idle();
        idle.generation += 1;
        idle.agents.clear();
    }

    fn plain_hosts(&self) -> Vec<String> {
        let hosts = self.plain_http_hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.iter().cloned().collect()
    }

    fn address(&self, url: &str) -> Result<Address, HttpError> {
        Address::parse(url, &self.plain_hosts())
    }

    /// Asks once. A host that asked to be left alone is left alone by all from then on, and one that refuses (401, 403)
    /// is not asked again before [`Self::try_again`].
    ///
    /// # Errors
    /// What [`HttpError`] lists; [`HttpError::may_pass`] says whether another try may help.
    pub fn ask(
        &self,
        url: &str,
        want: &Want<'_>,
        known: Option<&Validators>,
        transfer: &Transfer,
    ) -> Result<Outcome, HttpError> {
        let plain = self.plain_hosts();
        let address = Address::parse(url, &plain)?;
        let (agents, generation) = self.take_agents();
        transfer.cancel.covers(&agents);
        let line = Line {
            agents: &agents,
            hosts: &self.hosts,
            limits: &self.limits,
            cancel: &transfer.cancel,
            plain_http_hosts: &plain,
        };
        let outcome = self.ask_over(&line, &address, want, known, transfer);
        if transfer.cancel.releases() {
            self.give_back(agents, generation);
        }
        match &outcome {
            Err(HttpError::Status {
                retry_after: Some(asked),
                ..
            }) => self
                .hosts
                .leave_alone(&address.authority(), (*asked).min(LONGEST_PAUSE)),
            // It has too much to do, and does not say for how long.
            Err(HttpError::Status { status: 429 | 503, .. }) => self.stumble(&address),
            // It is not there at all: nobody else has to find that out at the same time.
            Err(
                HttpError::Unreachable { .. } | HttpError::TimeOut { .. } | HttpError::Proxy { may_pass: true, .. },
            ) if !transfer.cancel.is_cancelled() => {
                self.stumble(&address);
            }
            Err(_) => {}
            Ok(_) => self.hosts.answered(&address.authority()),
        }
        outcome
    }

    /// Leaves a host alone for a while that grows until it answers.
    fn stumble(&self, address: &Address) {
        let host = address.authority();
        let failed = self.hosts.stumbled(&host);
        let pause = backoff::pause(self.limits.backoff, failed, self.limits.longest_wait);
        self.hosts.leave_alone(&host, pause);
    }

    /// Connections for one transfer, and of which generation they are.
    fn take_agents(&self) -> (Agents, u64) {
        let mut idle = self.idle();
        let (known, generation) = (idle.agents.pop(), idle.generation);
        drop(idle);
        (known.unwrap_or_else(|| Agents::new(&self.limits)), generation)
    }

    /// Keeps them for the next transfer. What was made before [`Self::try_again`] trusts what was trusted then, and goes.
    fn give_back(&self, agents: Agents, generation: u64) {
        let mut idle = self.idle();
        if idle.generation == generation {
            idle.agents.push(agents);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask_over(
        &self,
        line: &Line<'_>,
        address: &Address,
        want: &Want<'_>,
        known: Option<&Validators>,
        transfer: &Transfer,
    ) -> Result<Outcome, HttpError> {
        let ask = Ask {
            accept: want.accept,
            encodings: if want.may_be_packed { "gzip, br" } else { "identity" },
            from: None,
            known,
        };
        let exchange = exchange(line, address, &ask)?;
        let headers = headers_of(&exchange);
        match exchange.status {
            200 => {}
            204 => {
                return Ok(Outcome::New {
                    bytes: Vec::new(),
                    headers,
                });
            }
            304 if known.is_some() => return Ok(Outcome::Unchanged { headers }),
            206 | 304 => {
                return Err(HttpError::Garbled {
                    reason: format!("status {} where that was not asked for", exchange.status),
                    url: address.to_string(),
                });
            }
            _ => return Err(refusal(&self.hosts, exchange)),
        }
        let bytes = self.body(exchange, address, want, transfer)?;
        if let Some(found) = want
            .expected
            .found_instead(&bytes[..bytes.len().min(answer::LOOKED_AT)])
        {
            return Err(HttpError::WrongKind {
                expected: want.expected.name(),
                found,
                url: address.to_string(),
            });
        }
        Ok(Outcome::New { bytes, headers })
    }

    /// The body, never more than was allowed, whatever was promised.
    fn body(
        &self,
        mut exchange: Exchange<'_>,
        address: &Address,
        want: &Want<'_>,
        transfer: &Transfer,
    ) -> Result<Vec<u8>, HttpError> {
        let promised = exchange.body.content_length();
        let too_large = || HttpError::TooLarge {
            limit: want.limit_bytes,
            url: address.to_string(),
        };
        if promised.is_some_and(|promised| promised > want.limit_bytes) {
            return Err(too_large());
        }
        let answered = exchange.address.clone();
        let mut body = exchange.body.as_reader();
        let (mut bytes, mut piece) = (Vec::new(), vec![0; PIECE_BYTES]);
        let mut pace = Pace::new();
        loop {
            if transfer.cancel.is_cancelled() {
                return Err(HttpError::Cancelled {
                    url: address.to_string(),
                });
            }
            let received = bytes.len() as u64;
            let count = body
                .read(&mut piece)
                .map_err(|error| body_failure(error, received, promised, &answered, &transfer.cancel))?;
            if count == 0 {
                break;
            }
            transfer.grows(count as u64, address.as_str())?;
            bytes.extend_from_slice(&piece[..count]);
            if bytes.len() as u64 > want.limit_bytes {
                return Err(too_large());
            }
            if !pace.keeps_up(count as u64, &self.limits) {
                return Err(HttpError::TimeOut {
                    what: "it comes too slowly",
                    url: address.to_string(),
                });
            }
        }
        if transfer.cancel.is_cancelled() {
            // Closing a connection may look like the end of a body whose length nobody told.
            return Err(HttpError::Cancelled {
                url: address.to_string(),
            });
        }
        match promised {
            Some(promised) if promised != bytes.len() as u64 => Err(HttpError::CutOff {
                received: bytes.len() as u64,
                promised: Some(promised),
                url: address.to_string(),
            }),
            _ => Ok(bytes),
        }
    }
}

/// How fast a body comes.
struct Pace {
    since: Instant,
    bytes: u64,
}

impl Pace {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            bytes: 0,
        }
    }

    /// Whether it comes at least as fast as the limits ask.
    fn keeps_up(&mut self, bytes: u64, limits: &Limits) -> bool {
        self.bytes += bytes;
        let passed = self.since.elapsed();
        if passed < limits.slow_window {
            return true;
        }
        let least = u128::from(limits.slowest_bytes_per_s) * passed.as_millis() / 1000;
        let is_enough = u128::from(self.bytes) >= least;
        *self = Self::new();
        is_enough
    }
}

fn headers_of(exchange: &Exchange<'_>) -> AnswerHeaders {
    let text = |name: header::HeaderName| exchange.header(name).map(str::to_owned);
    let lines = exchange.headers.get_all(header::CACHE_CONTROL).iter();
    let cache_control: Vec<&str> = lines.filter_map(|value| value.to_str().ok()).collect();
    AnswerHeaders {
        validators: Validators {
            etag: text(header::ETAG),
            last_modified: text(header::LAST_MODIFIED),
        },
        cache_control: cache_control.join(","),
        expires: text(header::EXPIRES),
        date: text(header::DATE),
        age_s: text(header::AGE).and_then(|age| age.trim().parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_from_before_another_try_serve_nobody_after_it() {
        let asker = Asker::new(Limits::default());
        let (agents, generation) = asker.take_agents();
        asker.give_back(agents, generation);
        assert_eq!(asker.idle().agents.len(), 1);
        let (under_way, generation) = asker.take_agents();
        asker.try_again();
        asker.give_back(under_way, generation);
        assert_eq!(asker.idle().agents.len(), 0);
        let (fresh, generation) = asker.take_agents();
        asker.give_back(fresh, generation);
        assert_eq!(asker.idle().agents.len(), 1);
    }
}
