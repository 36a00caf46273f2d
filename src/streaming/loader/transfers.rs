//! Fetching what comes over a network before it is decoded: which transfers run, which wait, and what came of them.
//!
//! Bounded in every way: threads, transfers to one host, contents that wait to be decoded, and the bytes of all of them
//! together. A thread never waits for a pause to pass: the tile goes back and the thread takes the next one.

use super::{DecodedContent, Job, LoadWish, Shared, at_hand::AtHand};
use crate::sources::http::{Room, Transfer, pause};
use crate::sources::resource::{FetchFailure, join, leads_into_archive};
use crate::sources::tiles3d::{DecodeRequest, MemoryNeed, references};
use crate::sources::{Cause, Problem};
use crate::streaming::{Ledger, residency::TileKey};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Threads that fetch.
pub(super) const THREADS: usize = 20;
/// Transfers from one host: a host that answers nothing leaves room for others.
const PER_HOST: usize = 12;
/// Wishes for what is fetched that are worth queueing, besides those of the decoders.
pub(super) const QUEUED: usize = 2 * THREADS;
/// Tiles that were fetched and wait to be decoded.
const MOST_FETCHED: usize = 32;
/// Memory of all that is under way or waits to be decoded, bytes.
const ROOM_BYTES: u64 = 256 << 20;
/// Largest content that is fetched, bytes.
const MAX_CONTENT_BYTES: u64 = 128 << 20;
/// Most other files (buffers, pictures) of one content that are fetched with it.
const MAX_REFERENCES: usize = 256;
/// A transfer goes on for this long though its tile is not wished for: wishes flicker while a camera turns.
const GRACE: Duration = Duration::from_millis(150);
/// So often is looked whether a pause has passed.
const LOOK: Duration = Duration::from_millis(100);
/// How often a damaged content is fetched anew.
const DAMAGED_AGAIN: u32 = 2;
/// Tiles with a pause of their own that are remembered.
const MOST_LATER: usize = 10_000;

/// How often and after what pauses a transfer is tried that fails in a way that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Tries before the tile is given up for a while.
    pub tries: u32,
    /// First pause; doubled every time.
    pub backoff: Duration,
    /// Longest pause.
    pub longest: Duration,
    /// How long a tile is given up for at first; doubled every time.
    pub given_up: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 4,
            backoff: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            given_up: Duration::from_secs(20),
        }
    }
}

struct Running {
    transfer: Arc<Transfer>,
    host: String,
    unwanted_since: Option<Instant>,
}

/// What is remembered of a tile between two tries.
#[derive(Clone, Copy)]
struct Later {
    at: Instant,
    tries: u32,
    given_up: u32,
    damaged: u32,
}

/// See the module.
pub(super) struct Transfers {
    patience: Patience,
    room: Arc<Room>,
    running: BTreeMap<TileKey, Running>,
    fetched: VecDeque<Job>,
    later: BTreeMap<TileKey, Later>,
}

/// Whether a content comes over a network.
pub(super) fn is_remote(request: &DecodeRequest) -> bool {
    // What lies in an archive is read out of it: only the archive can be fetched.
    let is_file = !request.path.starts_with("data:") && !leads_into_archive(&request.path);
    is_file && request.resources.remote().is_some()
}

/// What came for this content is damaged: it is not taken out of what is kept again.
pub(super) fn forget(request: &DecodeRequest) {
    request.resources.read_again(&request.path);
}

impl Transfers {
    pub(super) fn new() -> Self {
        Self {
            patience: Patience::default(),
            room: Room::new(ROOM_BYTES),
            running: BTreeMap::new(),
            fetched: VecDeque::new(),
            later: BTreeMap::new(),
        }
    }

    pub(super) fn set_patience(&mut self, patience: Patience) {
        self.patience = patience;
    }

    pub(super) fn room(&self) -> (u64, u64) {
        (self.room.used(), self.room.cap())
    }

    /// Bytes that are under way or wait to be decoded.
    pub(super) fn room_used(&self) -> u64 {
        self.room.used()
    }

    /// Transfers take no more than so many bytes together; false where they have more already.
    pub(super) fn limit_room(&self, bytes: u64) -> bool {
        self.room.resize(bytes.min(ROOM_BYTES))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty() && self.fetched.is_empty()
    }

    /// Tiles that are being fetched, or came and wait to be decoded.
    pub(super) fn keys(&self) -> impl Iterator<Item = TileKey> {
        let fetched = self.fetched.iter().map(|job| job.wish.key());
        self.running.keys().copied().chain(fetched)
    }

    /// Stops what nobody wishes for any more; the tiles that go on, or came and wait to be decoded.
    pub(super) fn keep_wished(&mut self, wished: &BTreeSet<TileKey>) -> Vec<TileKey> {
        let now = Instant::now();
        let mut going_on: Vec<TileKey> = self.fetched.iter().map(|job| job.wish.key()).collect();
        for (key, running) in &mut self.running {
            if running.transfer.cancel.is_cancelled() {
                continue;
            }
            if wished.contains(key) {
                running.unwanted_since = None;
            } else if now.duration_since(*running.unwanted_since.get_or_insert(now)) > GRACE {
                running.transfer.cancel.cancel();
                continue;
            }
            going_on.push(*key);
        }
        going_on
    }

    pub(super) fn forget_layer(&mut self, layer: u32) {
        for running in self
            .running
            .iter()
            .filter(|(key, _)| key.layer == layer)
            .map(|(_, it)| it)
        {
            running.transfer.cancel.cancel();
        }
        self.fetched.retain(|job| job.wish.layer != layer);
        self.later.retain(|key, _| key.layer != layer);
    }

    pub(super) fn stop(&mut self) {
        for running in self.running.values() {
            running.transfer.cancel.cancel();
        }
        self.fetched.clear();
    }

    /// What was fetched, the bytes to set aside for each of it besides those that came, and those of both together.
    pub(super) fn fetched_needs(&self) -> Vec<(TileKey, u64, u64)> {
        let fetched = self.fetched.iter();
        fetched
            .map(|job| (job.wish.key(), job.need.peak_bytes, job.bytes_in_all()))
            .collect()
    }

    pub(super) fn take_fetched(&mut self, at: usize) -> Option<Job> {
        self.fetched.remove(at)
    }

    /// Throws away what was fetched last; the tile, and what it needs all in all.
    pub(super) fn drop_last_fetched(&mut self) -> Option<(TileKey, u64)> {
        let job = self.fetched.pop_back()?;
        Some((job.wish.key(), job.bytes_in_all()))
    }

    /// A tile came out, one way or the other.
    pub(super) fn settled(&mut self, key: TileKey) {
        self.later.remove(&key);
    }

    pub(super) fn try_again(&mut self) {
        self.later.clear();
    }

    /// Whether a tile that came damaged is fetched once more.
    pub(super) fn tries_damaged_again(&mut self, key: TileKey) -> bool {
        let wait = pause(self.patience.backoff, 1, self.patience.longest);
        let later = self.later_of(key);
        later.damaged += 1;
        later.at = Instant::now() + wait;
        let tries = later.damaged <= DAMAGED_AGAIN;
        if !tries {
            self.later.remove(&key);
        }
        tries
    }

    fn later_of(&mut self, key: TileKey) -> &mut Later {
        if self.later.len() >= MOST_LATER && !self.later.contains_key(&key) {
            self.later.pop_first();
        }
        self.later.entry(key).or_insert(Later {
            at: Instant::now(),
            tries: 0,
            given_up: 0,
            damaged: 0,
        })
    }

    /// The most urgent wish that can be fetched now.
    fn next(&self, queue: &VecDeque<LoadWish>, ledger: &Ledger) -> Option<usize> {
        let is_full = self.fetched.len() >= MOST_FETCHED
            || self.running.len() >= THREADS
            || self.room.used() > self.room.cap() / 4 * 3;
        if is_full {
            return None;
        }
        let now = Instant::now();
        let mut per_host: BTreeMap<&str, usize> = BTreeMap::new();
        for running in self.running.values() {
            *per_host.entry(&running.host).or_default() += 1;
        }
        queue.iter().position(|wish| {
            let Some((request, remote)) = wish
                .requests
                .iter()
                .find_map(|request| Some((request, request.resources.remote().filter(|_| is_remote(request))?)))
            else {
                return false;
            };
            let key = wish.key();
            let is_due = self.later.get(&key).is_none_or(|later| later.at <= now);
            if !is_due || self.running.contains_key(&key) || !ledger.admits(key) {
                return false;
            }
            let host = remote.host(&request.path);
            let wait = remote.wait(&request.path);
            // A long pause is a failure: the picture does not wait for it.
            per_host.get(host.as_str()).copied().unwrap_or(0) < PER_HOST
                && (wait.is_zero() || wait > self.patience.longest)
        })
    }

    /// When a tile that failed is tried again, and whether it is given up until then.
    fn fails(&mut self, key: TileKey, failure: &Failure) -> (Duration, bool) {
        let patience = self.patience;
        let later = self.later_of(key);
        let asked = failure.wait.unwrap_or_default();
        if !failure.was_early {
            later.tries += 1;
        }
        let gives_up = later.tries >= patience.tries || asked > patience.longest;
        let wait = if gives_up {
            later.given_up += 1;
            later.tries = 0;
            let longest = patience.given_up.saturating_mul(16);
            pause(patience.given_up, later.given_up, longest).max(asked)
        } else if failure.was_early {
            asked
        } else {
            pause(patience.backoff, later.tries, patience.longest).max(asked)
        };
        later.at = Instant::now() + wait;
        (wait, gives_up)
    }
}

/// Why a transfer is to be tried again.
struct Failure {
    wait: Option<Duration>,
    was_early: bool,
    /// There was no memory for it.
    had_no_room: bool,
}

/// What came of fetching the contents of a tile.
struct Fetched {
    job: Job,
    /// The first failure that may pass.
    failure: Option<Failure>,
}

impl<C: DecodedContent> Shared<C> {
    /// The life of a thread that fetches.
    pub(super) fn fetch_wishes(&self) {
        while let Some((wish, transfer)) = self.next_to_fetch() {
            let key = wish.key();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let most = self.lock().ledger.ceiling_bytes().min(MAX_CONTENT_BYTES);
                let needs = |request: &DecodeRequest, payload: &[u8]| self.need(request, payload);
                fetch(wish, &transfer, most, &needs)
            }));
            self.end_transfer(key, &transfer, outcome.ok());
        }
    }

    fn next_to_fetch(&self) -> Option<(LoadWish, Arc<Transfer>)> {
        let mut state = self.lock();
        loop {
            if state.is_stopping {
                return None;
            }
            if let Some(at) = state.transfers.next(&state.queue, &state.ledger)
                && let Some(wish) = state.queue.remove(at)
            {
                let transfer = Arc::new(Transfer::within(&state.transfers.room));
                let host = wish
                    .requests
                    .iter()
                    .find(|request| is_remote(request))
                    .and_then(|request| {
                        let remote = request.resources.remote()?;
                        Some(remote.host(&request.path))
                    });
                let running = Running {
                    transfer: transfer.clone(),
                    host: host.unwrap_or_default(),
                    unwanted_since: None,
                };
                state.transfers.running.insert(wish.key(), running);
                return Some((wish, transfer));
            }
            let is_waiting = state.queue.iter().any(LoadWish::is_remote);
            state = if is_waiting {
                self.work
                    .wait_timeout(state, LOOK)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            } else {
                self.work.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    /// Hands over what came, or sees to it that it is tried again. Nothing at all came where the reader failed badly.
    fn end_transfer(&self, key: TileKey, transfer: &Arc<Transfer>, outcome: Option<Fetched>) {
        let mut state = self.lock();
        state.transfers.running.remove(&key);
        state.stats.bytes_received += transfer.received();
        if transfer.cancel.is_cancelled() {
            state.stats.transfers_cancelled += 1;
            state.stats.bytes_cancelled += transfer.received();
        } else if let Some(Fetched { mut job, failure }) = outcome {
            let mut is_over = true;
            if let Some(failure) = failure {
                if failure.had_no_room {
                    state.ledger.guess(key, transfer.received());
                }
                state.stats.transfers_failed += u64::from(!failure.was_early);
                let (wait, gives_up) = state.transfers.fails(key, &failure);
                is_over = gives_up;
                job.retry_after = gives_up.then_some(wait);
            }
            if is_over {
                job.held = Some(transfer.clone());
                state.transfers.fetched.push_back(job);
            }
        } else {
            let message = "the tile cannot be fetched: its reader stopped";
            let problem = Problem::error("", "", message).because(Cause::Damaged);
            state.push_finished(key, vec![Err(problem)], None, None);
        }
        drop(state);
        self.work.notify_all();
    }
}

/// What a payload needs.
type Needs<'a> = dyn Fn(&DecodeRequest, &[u8]) -> MemoryNeed + 'a;

/// Fetches the contents of a tile and the files that they name, of at most `most` bytes each.
fn fetch(wish: LoadWish, transfer: &Arc<Transfer>, most: u64, needs: &Needs<'_>) -> Fetched {
    let LoadWish { layer, tile, requests } = wish;
    let mut need = MemoryNeed::default();
    let mut ready = Vec::with_capacity(requests.len());
    let mut failed = Vec::with_capacity(requests.len());
    let mut first_failure = None;
    let mut refused_bytes = None;
    for request in requests {
        let (request, outcome) = fetch_content(request, transfer, most, needs);
        let outcome = outcome.map(|more| need = need.then(more));
        let problem = outcome.err().map(|failure| {
            if failure.error.cause() == Cause::TooLarge && most < MAX_CONTENT_BYTES {
                refused_bytes = Some(most + 1);
            }
            if failure.may_pass && first_failure.is_none() {
                first_failure = Some(Failure {
                    wait: failure.wait,
                    was_early: failure.was_early,
                    had_no_room: failure.error.cause() == Cause::Machine,
                });
            }
            failure.error.problem(request.path.clone(), "")
        });
        failed.push(problem);
        ready.push(request);
        if transfer.cancel.is_cancelled() {
            break;
        }
    }
    Fetched {
        job: Job {
            wish: LoadWish {
                layer,
                tile,
                requests: ready,
            },
            failed,
            is_fetched: true,
            retry_after: None,
            refused_bytes,
            need,
            payload_bytes: transfer.held(),
            held: None,
        },
        failure: first_failure,
    }
}

/// One content, with its bytes at hand where they came, and what it needs.
fn fetch_content(
    request: DecodeRequest,
    transfer: &Transfer,
    most: u64,
    needs: &Needs<'_>,
) -> (DecodeRequest, Result<MemoryNeed, FetchFailure>) {
    let inner = request.resources.clone();
    let Some(remote) = inner.remote().filter(|_| is_remote(&request)) else {
        return (request, Ok(MemoryNeed::default()));
    };
    let mut files = BTreeMap::new();
    let mut missing = BTreeSet::new();
    let bytes = match remote.fetch(&request.path, most, transfer) {
        Ok(bytes) => bytes,
        Err(failure) => return (request, Err(failure)),
    };
    for uri in references(&bytes).into_iter().take(MAX_REFERENCES) {
        let Ok(path) = join(&request.path, &uri) else { continue };
        if files.contains_key(&path) || missing.contains(&path) {
            continue;
        }
        match remote.fetch(&path, most, transfer) {
            Ok(bytes) => {
                files.insert(path, bytes);
            }
            Err(failure) if failure.may_pass => return (request, Err(failure)),
            Err(_) => {
                missing.insert(path);
            }
        }
    }
    let at_hand = Arc::new(AtHand::new(&request.path, files, missing, inner));
    let request = DecodeRequest {
        resources: at_hand.clone(),
        ..request
    };
    let need = needs(&request, &bytes);
    at_hand.add(bytes);
    (request, Ok(need))
}
