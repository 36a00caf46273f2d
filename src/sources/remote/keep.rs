//! Keeping a part of a tileset on this machine because a person asked for it: every file of it is fetched and stays until
//! it is cleared.
//!
//! The fetching runs on threads of its own and can be paused, gone on with and stopped at any time. What came is kept file
//! by file, so that stopping, a kill or a full disk costs nothing of what was there, and doing it again goes on where it
//! ended. Not here: which files those are. What is known of that only when other files were read comes from [`Lead`]s, which
//! the same threads follow.

use super::network::{MAX_ANSWER_BYTES, Network};
use crate::sources::http::{HttpError, Transfer};
use crate::sources::resource::{ResourceError, is_url, join, shown_url};
use crate::sources::tiles3d::references;
use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Files that are fetched at a time: the view may be streaming too.
const AT_ONCE: usize = 6;
/// Leads that are followed at a time, so that files come meanwhile.
const LEADS_AT_ONCE: usize = 3;
/// Most leads of one area.
const MAX_LEADS: usize = 5_000;
/// Most files of one area.
const MAX_FILES: usize = 100_000;
/// Most other files that one tile may name.
const MAX_REFERENCES: usize = 256;

/// What leads to more files when it is followed, on a thread that may wait.
pub type Lead = Box<dyn FnOnce() -> Found + Send>;

/// What came of following a [`Lead`].
#[derive(Default)]
pub struct Found {
    /// Addresses of files.
    pub files: Vec<String>,
    /// What leads on.
    pub leads: Vec<Lead>,
    /// Why nothing was found, in words.
    pub failure: Option<String>,
    /// Nothing is asked of any server now: it goes on when a person says so.
    pub is_offline: bool,
}

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
    /// There are more files than are kept at a time; the rest was left.
    TooMany,
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
    leads: VecDeque<Lead>,
    /// Leads that were waiting so far.
    leads_seen: usize,
    leads_running: usize,
    /// Some files or leads were left out for being too many.
    is_cut: bool,
    /// Files and leads.
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
        Self::follow(network, urls, Vec::new(), cap_bytes)
    }

    /// The same with all files that these leads lead to.
    pub fn follow(
        network: &Arc<Network>,
        urls: impl IntoIterator<Item = String>,
        leads: Vec<Lead>,
        cap_bytes: u64,
    ) -> Self {
        let mut state = State {
            progress: KeepProgress {
                state: KeepState::Running,
                kept: 0,
                failed: 0,
                total: 0,
                bytes: 0,
                first_failure: None,
            },
            waiting: VecDeque::new(),
            known: BTreeSet::new(),
            leads_seen: leads.len(),
            leads: leads.into(),
            leads_running: 0,
            is_cut: false,
            running: 0,
            workers: 0,
            transfers: Vec::new(),
        };
        for url in urls {
            state.add(url);
        }
        let shared = Arc::new(Shared {
            network: network.clone(),
            cap_bytes,
            state: Mutex::new(state),
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
        let is_nothing = state.waiting.is_empty() && state.leads.is_empty();
        // Quick workers have ended it already, as what it is.
        let is_open = state.progress.state == KeepState::Running;
        if is_open && (state.workers == 0 || (is_nothing && state.running == 0)) {
            state.progress.state = if is_nothing {
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
        self.leads.clear();
        for transfer in std::mem::take(&mut self.transfers) {
            transfer.cancel.cancel();
        }
    }
}

/// What a worker does next.
enum Job {
    Fetch(String, Arc<Transfer>),
    Follow(Lead),
}

impl State {
    /// Notes a file that is wanted too.
    fn add(&mut self, url: String) {
        if self.known.len() >= MAX_FILES {
            self.is_cut |= !self.known.contains(&url);
        } else if is_url(&url) && self.known.insert(url.clone()) {
            self.progress.total += 1;
            self.waiting.push_back(url);
        }
    }

    fn next_job(&mut self) -> Option<Job> {
        let is_due = self.leads_running < LEADS_AT_ONCE;
        if let Some(lead) = self.leads.pop_front_if(|_| is_due) {
            self.leads_running += 1;
            self.running += 1;
            return Some(Job::Follow(lead));
        }
        let url = self.waiting.pop_front()?;
        let transfer = Arc::new(Transfer::unbounded());
        self.transfers.push(transfer.clone());
        self.running += 1;
        Some(Job::Fetch(url, transfer))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One worker's life.
    fn work(&self) {
        while let Some(job) = self.next() {
            match job {
                Job::Fetch(url, transfer) => {
                    let fetched = self.network.fetch_patiently(&url, MAX_ANSWER_BYTES, true, &transfer);
                    let is_kept = self.network.cache().is_some_and(|cache| cache.has_pinned(&url));
                    self.take(url, &transfer, fetched, is_kept);
                }
                Job::Follow(lead) => {
                    // A lead reads what strangers wrote; whatever becomes of it, the others go on.
                    let found = catch_unwind(AssertUnwindSafe(lead)).unwrap_or_default();
                    self.take_found(found);
                }
            }
        }
    }

    /// The next thing to do; waits for one. `None` when there is nothing left to come.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            match state.progress.state {
                KeepState::Running => {
                    if let Some(job) = state.next_job() {
                        return Some(job);
                    }
                    if state.running == 0 {
                        state.progress.state = if state.is_cut {
                            KeepState::TooMany
                        } else {
                            KeepState::Done
                        };
                        self.bell.notify_all();
                        return None;
                    }
                }
                KeepState::Paused => {}
                KeepState::Done | KeepState::Full | KeepState::TooMany | KeepState::Stopped => return None,
            }
            state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take_found(&self, found: Found) {
        let mut state = self.lock();
        state.running -= 1;
        state.leads_running -= 1;
        if matches!(state.progress.state, KeepState::Running | KeepState::Paused) {
            if let Some(failure) = found.failure {
                state.progress.failed += 1;
                state.progress.first_failure.get_or_insert(failure);
            }
            if found.is_offline {
                state.progress.state = KeepState::Paused;
            }
            for url in found.files {
                state.add(url);
            }
            for lead in found.leads {
                if state.leads_seen >= MAX_LEADS {
                    state.is_cut = true;
                    break;
                }
                state.leads_seen += 1;
                state.leads.push_back(lead);
            }
        }
        drop(state);
        self.bell.notify_all();
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
                    state.add(url);
                }
                let is_more = !state.waiting.is_empty() || !state.leads.is_empty();
                if state.progress.bytes > self.cap_bytes && is_more {
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
