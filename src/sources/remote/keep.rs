//! Keeping a part of a tileset on this machine because a person asked for it: every file of it is fetched and stays until
//! it is cleared.
//!
//! The fetching runs on threads of its own and can be paused, gone on with and stopped at any time. What came is kept file
//! by file, so that stopping, a kill or a full disk costs nothing of what was there, and doing it again goes on where it
//! ended. Not here: which files those are.

use super::network::{MAX_ANSWER_BYTES, Network};
use crate::sources::http::{HttpError, Transfer};
use crate::sources::resource::{ResourceError, is_url, join, shown_url};
use crate::sources::tiles3d::references;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Files that are fetched at a time: the view may be streaming too.
const AT_ONCE: usize = 6;
/// Most other files that one tile may name.
const MAX_REFERENCES: usize = 256;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepState {
    /// Files are coming.
    Running,
    /// A person paused it, or the program went offline.
    Paused,
    /// Every file was fetched or cannot be had.
    Done,
    /// The room that was given is full; the rest was left.
    Full,
    /// A person stopped it.
    Stopped,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepProgress {
    /// How it stands.
    pub state: KeepState,
    /// Files that are there.
    pub kept: u64,
    /// Files that cannot be had.
    pub failed: u64,
    /// Files in all, as far as is known.
    pub total: u64,
    /// Bytes that are there.
    pub bytes: u64,
    /// Why the first one that cannot be had cannot.
    pub first_failure: Option<String>,
}

struct State {
    progress: KeepProgress,
    waiting: VecDeque<String>,
    /// What is waiting, running or done, so that nothing is fetched twice.
    known: BTreeSet<String>,
    running: usize,
    workers: usize,
    transfers: Vec<Arc<Transfer>>,
}

struct Shared {
    network: Arc<Network>,
    cap_bytes: u64,
    state: Mutex<State>,
    bell: Condvar,
}

/// See the module. Dropped, it stops.
pub struct Keeping(Arc<Shared>);

impl Keeping {
    /// Starts to keep `urls`, in this order, until they have `cap_bytes`. What tiles name (buffers, pictures) comes too.
    pub fn start(network: &Arc<Network>, urls: impl IntoIterator<Item = String>, cap_bytes: u64) -> Self {
        let mut known = BTreeSet::new();
        let waiting: VecDeque<String> = urls
            .into_iter()
            .filter(|url| is_url(url) && known.insert(url.clone()))
            .collect();
        let shared = Arc::new(Shared {
            network: network.clone(),
            cap_bytes,
            state: Mutex::new(State {
                progress: KeepProgress {
                    state: KeepState::Running,
                    kept: 0,
                    failed: 0,
                    total: waiting.len() as u64,
                    bytes: 0,
                    first_failure: None,
                },
                waiting,
                known,
                running: 0,
                workers: 0,
                transfers: Vec::new(),
            }),
            bell: Condvar::new(),
        });
        for number in 0..AT_ONCE {
            let worker = shared.clone();
            worker.lock().workers += 1;
            let started = thread::Builder::new()
                .name(format!("keep-offline-{number}"))
                .spawn(move || worker.work());
            if started.is_err() {
                shared.lock().workers -= 1;
            }
        }
        let mut state = shared.lock();
        if state.workers == 0 || (state.waiting.is_empty() && state.running == 0) {
            state.progress.state = if state.waiting.is_empty() {
                KeepState::Done
            } else {
                KeepState::Stopped
            };
        }
        drop(state);
        Self(shared)
    }

    /// How far it is.
    pub fn progress(&self) -> KeepProgress {
        self.0.lock().progress.clone()
    }

    /// Waits with the next files; those under way still come.
    pub fn pause(&self) {
        self.set(KeepState::Running, KeepState::Paused);
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.set(KeepState::Paused, KeepState::Running);
    }

    /// Ends it; what is there stays.
    pub fn stop(&self) {
        let mut state = self.0.lock();
        if matches!(state.progress.state, KeepState::Running | KeepState::Paused) {
            state.end(KeepState::Stopped);
        }
        drop(state);
        self.0.bell.notify_all();
    }

    fn set(&self, from: KeepState, to: KeepState) {
        let mut state = self.0.lock();
        if state.progress.state == from {
            state.progress.state = to;
        }
        drop(state);
        self.0.bell.notify_all();
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.stop();
    }
}

impl State {
    fn end(&mut self, how: KeepState) {
        self.progress.state = how;
        self.waiting.clear();
        for transfer in std::mem::take(&mut self.transfers) {
            transfer.cancel.cancel();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One worker's life.
    fn work(&self) {
        while let Some((url, transfer)) = self.next() {
            let fetched = self.network.fetch_patiently(&url, MAX_ANSWER_BYTES, true, &transfer);
            let is_kept = self.network.cache().is_some_and(|cache| cache.has_pinned(&url));
            self.take(url, &transfer, fetched, is_kept);
        }
    }

    /// The next file; waits for one. `None` when there is nothing left to come.
    fn next(&self) -> Option<(String, Arc<Transfer>)> {
        let mut state = self.lock();
        loop {
            match state.progress.state {
                KeepState::Running => {
                    if let Some(url) = state.waiting.pop_front() {
                        let transfer = Arc::new(Transfer::unbounded());
                        state.transfers.push(transfer.clone());
                        state.running += 1;
                        return Some((url, transfer));
                    }
                    if state.running == 0 {
                        state.progress.state = KeepState::Done;
                        self.bell.notify_all();
                        return None;
                    }
                }
                KeepState::Paused => {}
                KeepState::Done | KeepState::Full | KeepState::Stopped => return None,
            }
            state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take(&self, url: String, transfer: &Arc<Transfer>, fetched: Result<Vec<u8>, ResourceError>, is_kept: bool) {
        // Looked into before the lock: it takes time.
        let named: Vec<String> = fetched.iter().flat_map(|bytes| named_in(&url, bytes)).collect();
        let mut state = self.lock();
        state.running -= 1;
        state.transfers.retain(|other| !Arc::ptr_eq(other, transfer));
        match fetched {
            Ok(_) if !is_kept => {
                let shown = shown_url(&url);
                let reason = "the server does not allow keeping it, or this disk cannot be written";
                state.progress.failed += 1;
                state
                    .progress
                    .first_failure
                    .get_or_insert_with(|| format!("{reason}: {shown}"));
            }
            Ok(bytes) => {
                state.progress.kept += 1;
                state.progress.bytes += bytes.len() as u64;
                for url in named {
                    if state.known.insert(url.clone()) {
                        state.progress.total += 1;
                        state.waiting.push_back(url);
                    }
                }
                if state.progress.bytes > self.cap_bytes && !state.waiting.is_empty() {
                    state.end(KeepState::Full);
                }
            }
            Err(ResourceError::Fetch {
                source: HttpError::Offline { .. },
            }) => {
                if state.progress.state == KeepState::Running {
                    state.progress.state = KeepState::Paused;
                }
                state.waiting.push_front(url);
            }
            Err(ResourceError::Fetch {
                source: HttpError::Cancelled { .. },
            }) => {}
            Err(error) => {
                state.progress.failed += 1;
                state.progress.first_failure.get_or_insert_with(|| error.to_string());
            }
        }
        drop(state);
        self.bell.notify_all();
    }
}

/// The other files that a tile names.
fn named_in(url: &str, bytes: &[u8]) -> Vec<String> {
    let named = references(bytes).into_iter().take(MAX_REFERENCES);
    named
        .filter_map(|uri| join(url, &uri).ok())
        .filter(|path| is_url(path))
        .collect()
}
