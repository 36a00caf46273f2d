//! What is known of every host: how many requests are under way, until when it asked to be left alone, and whether it is
//! asked at all.

use super::{Cancel, HttpError};
use crate::sources::Cause;
use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Requests given up in a row after which a host is left alone.
const FAILURES_IN_A_ROW: u32 = 3;

#[derive(Default)]
struct Host {
    active: usize,
    not_before: Option<Instant>,
    given_up: u32,
    stumbled: u32,
    stopped: Option<(Cause, String)>,
}

/// See the module.
pub(super) struct Hosts {
    known: Mutex<BTreeMap<String, Host>>,
    freed: Condvar,
    per_host: usize,
    /// Whether a host that is left alone is an error instead of a wait.
    is_impatient: bool,
}

/// The right to one connection; given back when dropped.
pub(super) struct Slot<'a> {
    hosts: &'a Hosts,
    name: String,
}

impl Hosts {
    pub(super) fn new(per_host: usize) -> Self {
        Self {
            known: Mutex::default(),
            freed: Condvar::new(),
            per_host: per_host.max(1),
            is_impatient: false,
        }
    }

    /// The same, where nobody waits for a host that is left alone.
    pub(super) fn impatient(self) -> Self {
        Self {
            is_impatient: true,
            ..self
        }
    }

    /// Waits for a connection to `name` that may be used now.
    pub(super) fn enter(&self, name: &str, url: &str, cancel: &Cancel) -> Result<Slot<'_>, HttpError> {
        /// So often is looked whether the user stopped it.
        const LOOK: Duration = Duration::from_millis(50);
        let mut hosts = self.lock();
        loop {
            if cancel.is_cancelled() {
                return Err(HttpError::Cancelled { url: url.to_owned() });
            }
            let host = hosts.entry(name.to_owned()).or_default();
            if let Some((cause, reason)) = &host.stopped {
                return Err(HttpError::HostStopped {
                    cause: *cause,
                    reason: reason.clone(),
                    url: url.to_owned(),
                });
            }
            let left = host
                .not_before
                .map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
            if self.is_impatient && !left.is_zero() {
                return Err(HttpError::NotYet {
                    wait: left,
                    url: url.to_owned(),
                });
            }
            if left.is_zero() && host.active < self.per_host {
                host.active += 1;
                return Ok(Slot {
                    hosts: self,
                    name: name.to_owned(),
                });
            }
            let wait = if left.is_zero() { LOOK } else { left.min(LOOK) };
            hosts = self
                .freed
                .wait_timeout(hosts, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// How long nobody asks `name` anything yet.
    pub(super) fn left_alone(&self, name: &str) -> Duration {
        let hosts = self.lock();
        let until = hosts.get(name).and_then(|host| host.not_before);
        until.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()))
    }

    /// What stopped or delayed a host is forgotten: somebody wants it tried again.
    pub(super) fn try_again(&self) {
        for host in self.lock().values_mut() {
            host.stopped = None;
            host.not_before = None;
            (host.given_up, host.stumbled) = (0, 0);
        }
    }

    /// Nobody asks `name` anything for this long.
    pub(super) fn leave_alone(&self, name: &str, time: Duration) {
        let until = Instant::now() + time;
        let mut hosts = self.lock();
        let host = hosts.entry(name.to_owned()).or_default();
        host.not_before = Some(host.not_before.map_or(until, |before| before.max(until)));
    }

    /// Nobody asks `name` anything any more.
    pub(super) fn stop(&self, name: &str, cause: Cause, reason: String) {
        self.lock()
            .entry(name.to_owned())
            .or_default()
            .stopped
            .get_or_insert((cause, reason));
    }

    /// A request came through, whatever was answered.
    pub(super) fn answered(&self, name: &str) {
        let mut hosts = self.lock();
        let host = hosts.entry(name.to_owned()).or_default();
        (host.given_up, host.stumbled) = (0, 0);
    }

    /// A host could not be reached; how often in a row, where those that found out at the same time count as one.
    pub(super) fn stumbled(&self, name: &str) -> u32 {
        let mut hosts = self.lock();
        let host = hosts.entry(name.to_owned()).or_default();
        if host.not_before.is_none_or(|at| at <= Instant::now()) {
            host.stumbled = host.stumbled.saturating_add(1);
        }
        host.stumbled
    }

    /// A request was given up after all its tries. Without this a service that is down would be tried for every one of a
    /// thousand tiles.
    pub(super) fn given_up(&self, name: &str) {
        let mut hosts = self.lock();
        let host = hosts.entry(name.to_owned()).or_default();
        host.given_up += 1;
        if host.given_up >= FAILURES_IN_A_ROW {
            let reason = format!("{name} failed {FAILURES_IN_A_ROW} requests in a row; try again later");
            host.stopped.get_or_insert((Cause::Network, reason));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Host>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(host) = self.hosts.lock().get_mut(&self.name) {
            host.active = host.active.saturating_sub(1);
        }
        self.hosts.freed.notify_all();
    }
}
