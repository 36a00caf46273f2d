//! Decodes tiles on worker threads: the queue is replaced each frame, results are polled.
//!
//! What a content becomes is the caller's: its decoder runs on the workers, so all that a frame would wait
//! for is made there. The threads are ordinary ones: the standard library cannot lower their priority, so
//! leave a core to the program itself ([`TileLoader::on_spare_cores`]). A decode that panics costs its one
//! content.

use crate::sources::{
    Cause, Problem,
    tiles3d::{DecodeRequest, TileContent, TileId},
};
use crate::streaming::{residency::TileKey, selection::ContentState};
use std::any::Any;
use std::collections::{BTreeSet, VecDeque};
use std::hint::black_box;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Wishes per worker that are worth queueing, see [`TileLoader::queue_limit`].
const QUEUED_PER_WORKER: usize = 16;

/// What a decoder makes of one payload.
pub trait DecodedContent: Send + 'static {
    /// Bytes read for it.
    fn bytes_read(&self) -> u64;
    /// Bytes it will hold in memory (CPU + GPU).
    fn bytes_resident(&self) -> u64;
}

impl DecodedContent for TileContent {
    fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    fn bytes_resident(&self) -> u64 {
        self.bytes_resident
    }
}

/// How content is made of a request. Called on worker threads; may panic.
pub type Decoder<C> = dyn Fn(&DecodeRequest) -> Result<C, Problem> + Send + Sync;
/// Called on a worker thread after each finished tile.
type Waker = Arc<dyn Fn() + Send + Sync>;

/// A bounded pool of decode workers for any number of tilesets (`layer` tells them apart).
///
/// Dropping it stops it: what waits is dropped, what runs is waited for.
pub struct TileLoader<C = TileContent> {
    shared: Arc<Shared<C>>,
    workers: Vec<JoinHandle<()>>,
}

/// A finished load.
pub struct LoadedTile<C = TileContent> {
    /// Layer number given to [`TileLoader::replace_queue`].
    pub layer: u32,
    /// Tile.
    pub tile: TileId,
    /// One per request, in order: content, or the one problem that stopped it.
    pub results: Vec<Result<C, Problem>>,
}

impl<C> LoadedTile<C> {
    /// What selection should hear: drawable when any content is, failed when there were only problems.
    pub fn state(&self) -> ContentState {
        if self.results.is_empty() || self.results.iter().any(Result::is_ok) {
            ContentState::Ready
        } else {
            ContentState::Failed
        }
    }

    fn key(&self) -> TileKey {
        TileKey {
            layer: self.layer,
            tile: self.tile,
        }
    }
}

impl<C: DecodedContent> LoadedTile<C> {
    /// Bytes that the contents hold in memory.
    pub fn bytes_resident(&self) -> u64 {
        self.results.iter().flatten().map(C::bytes_resident).sum()
    }
}

/// A tile to load. Only those within [`TileLoader::queue_limit`] are worth making.
pub struct LoadWish {
    /// Layer number.
    pub layer: u32,
    /// Tile.
    pub tile: TileId,
    /// What to decode, one per content of the tile.
    pub requests: Vec<DecodeRequest>,
}

/// What a loader has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoaderStats {
    /// Tiles handed to [`TileLoader::take_finished`], or waiting there.
    pub tiles_finished: u64,
    /// Contents that came out as problems.
    pub contents_failed: u64,
    /// Bytes read for the contents that came out well.
    pub bytes_read: u64,
}

struct Shared<C> {
    state: Mutex<State<C>>,
    work: Condvar,
    decoder: Arc<Decoder<C>>,
}

struct State<C> {
    queue: VecDeque<LoadWish>,
    running: BTreeSet<TileKey>,
    /// Running tiles whose layer is gone.
    unwanted: BTreeSet<TileKey>,
    finished: Vec<LoadedTile<C>>,
    stats: LoaderStats,
    waker: Option<Waker>,
    is_stopping: bool,
}

impl<C: DecodedContent> TileLoader<C> {
    /// Starts a thread for each core of this machine less one, at least one: the program's own work goes first.
    pub fn on_spare_cores(decoder: Arc<Decoder<C>>) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self::with_decoder(cores.saturating_sub(1), decoder)
    }

    /// Starts `workers` threads (at least one) that decode tile payloads.
    pub fn with_decoder(workers: usize, decoder: Arc<Decoder<C>>) -> Self {
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
        Self { shared, workers }
    }

    /// Called after every finished tile, on a worker: request a frame here, nothing more.
    pub fn set_waker(&self, waker: impl Fn() + Send + Sync + 'static) {
        self.shared.lock().waker = Some(Arc::new(waker));
    }

    /// How many wishes are worth making per frame. More would be replaced before a worker gets to them.
    pub fn queue_limit(&self) -> usize {
        self.workers.len().max(1) * QUEUED_PER_WORKER
    }

    /// Replaces what waits; what runs goes on, and is not started again when wished for once more, nor is
    /// what has finished and was not taken yet. Returns the tiles that are now running or waiting, ascending.
    pub fn replace_queue(&self, wishes: Vec<LoadWish>) -> Vec<TileKey> {
        let mut state = self.shared.lock();
        let mut taken: BTreeSet<_> = state.finished.iter().map(LoadedTile::key).collect();
        taken.extend(&state.running);
        state.queue = wishes.into_iter().filter(|wish| taken.insert(wish.key())).collect();
        for done in &state.finished {
            taken.remove(&done.key());
        }
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
        state.finished.retain(|done| done.layer != layer);
        let running: Vec<_> = state.running.iter().copied().filter(|key| key.layer == layer).collect();
        state.unwanted.extend(running);
    }

    /// Tiles that are being loaded, or are loaded and were not taken yet, ascending. What only waits is not among them.
    pub fn in_flight(&self) -> Vec<TileKey> {
        let state = self.shared.lock();
        let mut keys: BTreeSet<_> = state.finished.iter().map(LoadedTile::key).collect();
        keys.extend(&state.running);
        drop(state);
        keys.into_iter().collect()
    }

    /// Takes what has finished, in the order of finishing.
    pub fn take_finished(&self) -> Vec<LoadedTile<C>> {
        std::mem::take(&mut self.shared.lock().finished)
    }

    /// Whether nothing waits, nothing runs and everything finished was taken.
    pub fn is_idle(&self) -> bool {
        let state = self.shared.lock();
        state.queue.is_empty() && state.running.is_empty() && state.finished.is_empty()
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
        drop(state);
        self.shared.work.notify_all();
        for worker in self.workers.drain(..) {
            // A worker cannot panic: decoding and waking are caught. There is nothing to do if it did.
            let _ = worker.join();
        }
    }
}

impl LoadWish {
    fn key(&self) -> TileKey {
        TileKey {
            layer: self.layer,
            tile: self.tile,
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
        while let Some(wish) = self.next_wish() {
            let key = wish.key();
            let mut results = Vec::with_capacity(wish.requests.len());
            for request in &wish.requests {
                if self.lock().is_stopping {
                    return;
                }
                results.push(self.decode(request));
            }
            if let Some(waker) = self.finish(key, results) {
                // A waker that panics must not take the worker with it.
                let _ = catch_unwind(AssertUnwindSafe(|| waker()));
            }
        }
    }

    /// The most urgent wish, now running; waits for one. `None` when the loader stops.
    fn next_wish(&self) -> Option<LoadWish> {
        let mut state = self.lock();
        loop {
            if state.is_stopping {
                return None;
            }
            if let Some(wish) = state.queue.pop_front() {
                state.running.insert(wish.key());
                return Some(wish);
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn decode(&self, request: &DecodeRequest) -> Result<C, Problem> {
        catch_unwind(AssertUnwindSafe(|| (self.decoder)(request))).unwrap_or_else(|panic| {
            let message = format!(
                "the tile cannot be read: its decoder stopped ({})",
                panic_text(panic.as_ref())
            );
            Err(Problem::error(&request.path, "", message).because(Cause::Damaged))
        })
    }

    fn finish(&self, key: TileKey, results: Vec<Result<C, Problem>>) -> Option<Waker> {
        let mut state = self.lock();
        state.running.remove(&key);
        if !state.unwanted.remove(&key) {
            state.push_finished(key, results);
        }
        state.waker.clone()
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
            waker: None,
            is_stopping: false,
        }
    }

    fn push_finished(&mut self, key: TileKey, results: Vec<Result<C, Problem>>) {
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
        });
    }

    /// The system gave no thread at all: every wish gets an answer instead of none for ever.
    fn refuse_all(&mut self) {
        for wish in std::mem::take(&mut self.queue) {
            let refuse = |request: &DecodeRequest| {
                let message = "the tile cannot be read: the system starts no more threads, close other programs";
                Err(Problem::error(&request.path, "", message).because(Cause::Machine))
            };
            self.push_finished(wish.key(), wish.requests.iter().map(refuse).collect());
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
