//! Decodes tiles on worker threads: the queue is replaced each frame, results are polled.
//!
//! Contents that come over a network are fetched first, on threads of their own: a slow server keeps no decoder
//! waiting. A transfer whose tile is not wished for any more is stopped; one that failed in a way that may pass is tried
//! again after a pause, without a thread waiting for it, and after some tries the tile is given up for a while
//! ([`LoadedTile::retry_after`]).
//!
//! What a content becomes is the caller's: its decoder runs on the workers, so all that a frame would wait
//! for is made there. The threads are ordinary ones: the standard library cannot lower their priority, so
//! leave a core to the program itself ([`TileLoader::on_spare_cores`]). A decode that panics costs its one
//! content.
//!
//! Nothing is decoded without room for it under the ceiling ([`TileLoader::account`], [`Ledger`]): a tile that has none goes
//! back, and the caller, who still wishes for it, learns what it needs ([`TileLoader::needs`]).

mod at_hand;
mod look;
mod tile;
mod transfers;

use crate::sources::{
    Cause, Problem,
    tiles3d::{DecodeRequest, TileContent},
};
use crate::streaming::{Ledger, residency::TileKey};
use look::Looked;
use std::any::Any;
use std::collections::{BTreeSet, VecDeque};
use std::hint::black_box;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tile::Job;
pub use tile::{DecodedContent, LoadWish, LoadedTile, LoaderStats, TileDecoder};
pub use transfers::Patience;
use transfers::Transfers;

/// Wishes per worker that are worth queueing, see [`TileLoader::queue_limit`].
const QUEUED_PER_WORKER: usize = 16;

/// Called on a worker thread after each finished tile.
type Waker = Arc<dyn Fn() + Send + Sync>;

/// A bounded pool of decode workers for any number of tilesets (`layer` tells them apart).
///
/// Dropping it stops it: what waits is dropped, what runs is waited for.
pub struct TileLoader<C = TileContent> {
    shared: Arc<Shared<C>>,
    workers: Vec<JoinHandle<()>>,
    /// Threads that fetch, started when something is to be fetched.
    fetchers: std::sync::atomic::AtomicUsize,
}

struct Shared<C> {
    state: Mutex<State<C>>,
    work: Condvar,
    decoder: Arc<dyn TileDecoder<C>>,
}

struct State<C> {
    queue: VecDeque<LoadWish>,
    running: BTreeSet<TileKey>,
    /// Running tiles whose layer is gone.
    unwanted: BTreeSet<TileKey>,
    finished: Vec<LoadedTile<C>>,
    stats: LoaderStats,
    transfers: Transfers,
    ledger: Ledger,
    waker: Option<Waker>,
    is_stopping: bool,
}

impl<C: DecodedContent> TileLoader<C> {
    /// Starts a thread for each core of this machine less one, at least one: the program's own work goes first.
    pub fn on_spare_cores(decoder: Arc<dyn TileDecoder<C>>) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self::with_decoder(cores.saturating_sub(1), decoder)
    }

    /// Starts `workers` threads (at least one) that decode tile payloads.
    pub fn with_decoder(workers: usize, decoder: Arc<dyn TileDecoder<C>>) -> Self {
        keep_freed_memory();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new()),
            work: Condvar::new(),
            decoder,
        });
        let workers = (0..workers.max(1))
            .filter_map(|number| {
                let shared = Arc::clone(&shared);
                thread::Builder::new()
                    .name(format!("tile-decode-{number}"))
                    .spawn(move || shared.work())
                    .ok()
            })
            .collect();
        Self {
            shared,
            workers,
            fetchers: std::sync::atomic::AtomicUsize::new(0),
        }
    }

    /// How patient it is with what comes over a network.
    pub fn set_patience(&self, patience: Patience) {
        self.shared.lock().transfers.set_patience(patience);
    }

    /// Called after every finished tile, on a worker: request a frame here, nothing more.
    pub fn set_waker(&self, waker: impl Fn() + Send + Sync + 'static) {
        self.shared.lock().waker = Some(Arc::new(waker));
    }

    /// How many wishes are worth making per frame. More would be replaced before a worker gets to them.
    pub fn queue_limit(&self) -> usize {
        let fetching = if self.fetchers.load(std::sync::atomic::Ordering::Relaxed) > 0 {
            transfers::QUEUED
        } else {
            0
        };
        self.workers.len().max(1) * QUEUED_PER_WORKER + fetching
    }

    /// Bytes of fetched contents that are under way or wait to be decoded, and the most that there may be.
    pub fn transfer_room(&self) -> (u64, u64) {
        self.shared.lock().transfers.room()
    }

    /// Notes the ceiling and what the caller holds, all that it took included, bytes. Returns how many are held or set aside
    /// now, all in all.
    pub fn account(&self, ceiling_bytes: u64, held_bytes: u64) -> u64 {
        let mut state = self.shared.lock();
        state.ledger.account(ceiling_bytes, held_bytes);
        state.limit_transfers();
        state.ledger.total_bytes()
    }

    /// Keeps so many bytes free for these tiles alone, see [`Ledger::keep_free`].
    pub fn keep_free(&self, bytes: u64, tiles: BTreeSet<TileKey>) {
        self.shared.lock().ledger.keep_free(bytes, tiles);
    }

    /// What must be free before each of these tiles can be loaded, where that is known, bytes.
    pub fn needs(&self, tiles: impl IntoIterator<Item = TileKey>) -> Vec<Option<u64>> {
        let state = self.shared.lock();
        tiles.into_iter().map(|key| state.ledger.need_of(key)).collect()
    }

    /// Bytes that are set aside for tiles being decoded, or that those hold which were not taken yet.
    pub fn bytes_set_aside(&self) -> u64 {
        self.shared.lock().ledger.set_aside_bytes()
    }

    /// A tile is gone, and its number may stand for another one soon.
    pub fn forget(&self, key: TileKey) {
        let mut state = self.shared.lock();
        state.ledger.forget(key);
        state.transfers.settled(key);
    }

    /// Everything that failed may be tried at once: somebody wants it.
    pub fn try_again(&self) {
        self.shared.lock().transfers.try_again();
        self.shared.work.notify_all();
    }

    /// Replaces what waits; what is decoded goes on, and is not started again when wished for once more, nor is
    /// what has finished and was not taken yet. What is fetched goes on while it is wished for. Returns the tiles that are now
    /// running or waiting, ascending.
    pub fn replace_queue(&self, wishes: Vec<LoadWish>) -> Vec<TileKey> {
        let mut state = self.shared.lock();
        let mut taken: BTreeSet<_> = state.finished.iter().map(LoadedTile::key).collect();
        taken.extend(&state.running);
        let asked_for: BTreeSet<_> = wishes.iter().map(LoadWish::key).collect();
        taken.extend(state.transfers.keep_wished(&asked_for));
        state.queue = wishes.into_iter().filter(|wish| taken.insert(wish.key())).collect();
        for done in &state.finished {
            taken.remove(&done.key());
        }
        let to_fetch = state.queue.iter().filter(|wish| wish.is_remote()).count();
        self.start_fetchers(to_fetch);
        if self.workers.is_empty() {
            state.refuse_all();
        }
        drop(state);
        self.shared.work.notify_all();
        taken.into_iter().collect()
    }

    /// Drops everything of a layer that is closed or replaced: waiting, finished, and running once it is done.
    pub fn forget_layer(&self, layer: u32) {
        let mut state = self.shared.lock();
        state.queue.retain(|wish| wish.layer != layer);
        let (gone, finished) = std::mem::take(&mut state.finished)
            .into_iter()
            .partition(|done| done.layer == layer);
        state.finished = finished;
        let gone: Vec<LoadedTile<C>> = gone;
        for done in gone {
            state.give_back_to(done.key(), 0);
        }
        state.ledger.forget_layer(layer);
        let running: Vec<_> = state.running.iter().copied().filter(|key| key.layer == layer).collect();
        state.unwanted.extend(running);
        state.transfers.forget_layer(layer);
    }

    /// Starts threads that fetch, as many as can be of use. They end with the loader; nobody waits for them, since finding a
    /// host can take its time.
    fn start_fetchers(&self, wanted: usize) {
        use std::sync::atomic::Ordering;
        let wanted = wanted.min(transfers::THREADS);
        while self.fetchers.load(Ordering::Relaxed) < wanted {
            let shared = Arc::clone(&self.shared);
            let started = thread::Builder::new()
                .name("tile-fetch".to_owned())
                .spawn(move || shared.fetch_wishes());
            if started.is_err() {
                return;
            }
            self.fetchers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tiles that are being loaded, or are loaded and were not taken yet, ascending. What only waits is not among them.
    pub fn in_flight(&self) -> Vec<TileKey> {
        let state = self.shared.lock();
        let mut keys: BTreeSet<_> = state.finished.iter().map(LoadedTile::key).collect();
        keys.extend(&state.running);
        keys.extend(state.transfers.keys());
        drop(state);
        keys.into_iter().collect()
    }

    /// Takes what has finished, in the order of finishing.
    pub fn take_finished(&self) -> Vec<LoadedTile<C>> {
        let mut state = self.shared.lock();
        let finished = std::mem::take(&mut state.finished);
        for done in &finished {
            state.ledger.hand_over(done.key());
        }
        finished
    }

    /// Whether nothing waits, nothing runs and everything finished was taken.
    pub fn is_idle(&self) -> bool {
        let state = self.shared.lock();
        state.queue.is_empty() && state.running.is_empty() && state.finished.is_empty() && state.transfers.is_idle()
    }

    /// What was done so far.
    pub fn stats(&self) -> LoaderStats {
        self.shared.lock().stats
    }
}

impl<C> Drop for TileLoader<C> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_stopping = true;
        state.queue.clear();
        state.transfers.stop();
        drop(state);
        self.shared.work.notify_all();
        for worker in self.workers.drain(..) {
            // A worker cannot panic: decoding and waking are caught. There is nothing to do if it did.
            let _ = worker.join();
        }
    }
}

impl<C> Shared<C> {
    /// The state; a poisoned lock is taken over, since every change under it is whole.
    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: DecodedContent> Shared<C> {
    /// One worker's life.
    fn work(&self) {
        while let Some(job) = self.next_job() {
            let key = job.wish.key();
            let waker = match self.look(job) {
                Looked::Ready(mut job) => {
                    let Some(results) = self.decode_all(&mut job) else {
                        return;
                    };
                    self.finish(&job, results)
                }
                Looked::NoRoom => self.go_back(key),
                Looked::Refused(job, problems) => self.refuse(job, problems),
            };
            if let Some(waker) = waker {
                // A waker that panics must not take the worker with it.
                let _ = catch_unwind(AssertUnwindSafe(|| waker()));
            }
        }
    }

    /// Decodes the contents of a tile; `None` when the loader stops.
    fn decode_all(&self, job: &mut Job) -> Option<Vec<Result<C, Problem>>> {
        let mut results = Vec::with_capacity(job.wish.requests.len());
        for (request, failed) in job.wish.requests.iter().zip(std::mem::take(&mut job.failed)) {
            if self.lock().is_stopping {
                return None;
            }
            results.push(failed.map_or_else(|| self.decode(request), Err));
        }
        // What was fetched for it is not needed any more.
        job.held = None;
        Some(results)
    }

    /// There was no room for a tile.
    fn go_back(&self, key: TileKey) -> Option<Waker> {
        let mut state = self.lock();
        state.running.remove(&key);
        state.unwanted.remove(&key);
        state.give_back_to(key, 0);
        let waker = state.waker.clone();
        drop(state);
        self.work.notify_all();
        waker
    }

    /// A tile is larger than all may be.
    fn refuse(&self, job: Job, problems: Vec<Problem>) -> Option<Waker> {
        let (key, bytes) = (job.wish.key(), job.refused_bytes);
        drop(job);
        let mut state = self.lock();
        state.running.remove(&key);
        state.give_back_to(key, 0);
        if !state.unwanted.remove(&key) {
            state.transfers.settled(key);
            state.push_finished(key, problems.into_iter().map(Err).collect(), None, bytes);
        }
        state.waker.clone()
    }

    /// The most urgent thing to decode, now running; waits for one. What was fetched comes first: it was the most urgent
    /// when its transfer began, and takes memory. `None` when the loader stops.
    fn next_job(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.is_stopping {
                return None;
            }
            if let Some(job) = state.take_fetched() {
                state.running.insert(job.wish.key());
                // There is room for another transfer.
                self.work.notify_all();
                return Some(job);
            }
            let has_room = |wish: &LoadWish| !wish.is_remote() && state.ledger.admits(wish.key());
            if let Some(at) = state.queue.iter().position(has_room)
                && let Some(wish) = state.queue.remove(at)
            {
                state.running.insert(wish.key());
                return Some(Job::of(wish));
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn decode(&self, request: &DecodeRequest) -> Result<C, Problem> {
        catch_unwind(AssertUnwindSafe(|| self.decoder.decode(request))).unwrap_or_else(|panic| {
            let message = format!(
                "the tile cannot be read: its decoder stopped ({})",
                panic_text(panic.as_ref())
            );
            Err(Problem::error(&request.path, "", message).because(Cause::Damaged))
        })
    }

    fn finish(&self, job: &Job, results: Vec<Result<C, Problem>>) -> Option<Waker> {
        let key = job.wish.key();
        let damaged = |result: &Result<C, Problem>| matches!(result, Err(problem) if problem.cause == Cause::Damaged);
        let is_damaged = job.is_fetched && results.iter().any(damaged);
        if is_damaged {
            // Not under the lock: it looks at the disk.
            let contents = job.wish.requests.iter().zip(&results);
            for (request, _) in contents.filter(|(_, result)| damaged(result)) {
                transfers::forget(request);
            }
        }
        let held = results.iter().flatten().map(C::bytes_resident).sum();
        let is_whole = results.iter().all(Result::is_ok);
        let mut state = self.lock();
        state.running.remove(&key);
        // It may have been damaged on the way.
        let is_over = state.unwanted.remove(&key) || is_damaged && state.transfers.tries_damaged_again(key);
        if is_over || !state.settle(job, held, is_whole) {
            state.give_back_to(key, 0);
        } else {
            if job.retry_after.is_none() {
                state.transfers.settled(key);
            }
            state.push_finished(key, results, job.retry_after, job.refused_bytes);
        }
        let waker = state.waker.clone();
        drop(state);
        self.work.notify_all();
        waker
    }
}

impl<C: DecodedContent> State<C> {
    fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            running: BTreeSet::new(),
            unwanted: BTreeSet::new(),
            finished: Vec::new(),
            stats: LoaderStats::default(),
            transfers: Transfers::new(),
            ledger: Ledger::default(),
            waker: None,
            is_stopping: false,
        }
    }

    /// What was fetched and has room now. Where nothing runs that could leave some, what was wished for last goes back.
    fn take_fetched(&mut self) -> Option<Job> {
        loop {
            let fetched = self.transfers.fetched_needs();
            let first = fetched
                .into_iter()
                .position(|(key, besides, in_all)| self.ledger.exceeds_ceiling(in_all) || self.set_aside(key, besides));
            if let Some(at) = first {
                return self.transfers.take_fetched(at);
            }
            if !self.running.is_empty() {
                return None;
            }
            let (key, bytes) = self.transfers.drop_last_fetched()?;
            self.ledger.estimate(key, bytes);
            self.limit_transfers();
        }
    }

    fn push_finished(
        &mut self,
        key: TileKey,
        results: Vec<Result<C, Problem>>,
        retry_after: Option<Duration>,
        refused_bytes: Option<u64>,
    ) {
        self.stats.tiles_finished += 1;
        for result in &results {
            match result {
                Ok(content) => self.stats.bytes_read += content.bytes_read(),
                Err(_) => self.stats.contents_failed += 1,
            }
        }
        self.finished.push(LoadedTile {
            layer: key.layer,
            tile: key.tile,
            results,
            retry_after,
            refused_bytes,
        });
    }

    /// The system gave no thread at all: every wish gets an answer instead of none for ever.
    fn refuse_all(&mut self) {
        for wish in std::mem::take(&mut self.queue) {
            let refuse = |request: &DecodeRequest| {
                let message = "the tile cannot be read: the system starts no more threads, close other programs";
                Err(Problem::error(&request.path, "", message).because(Cause::Machine))
            };
            let results = wish.requests.iter().map(refuse).collect();
            self.push_finished(wish.key(), results, None, None);
        }
    }
}

/// Lets the C library of Linux keep the memory of one tile for the next one: it gives large blocks back to the
/// system, and having their pages anew takes a third of a decode. It stops doing so, up to twice this size for
/// each thread, once a block of that size was freed. Elsewhere this does nothing.
pub fn keep_freed_memory() {
    /// A little below the largest size (32 MiB) that the library learns from.
    const LEARNED_BYTES: usize = 31 << 20;
    // The pages are never touched, so this takes no time; the compiler must not leave it out.
    drop(black_box(vec![0_u8; LEARNED_BYTES]));
}

/// The message that a panic carries.
fn panic_text(panic: &(dyn Any + Send)) -> &str {
    (panic.downcast_ref::<&str>().copied())
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}
