//! Reads subtrees of implicit tilings and external tilesets on threads of its own: small files that everything below waits
//! for, so they do not queue behind contents, and several at a time, since most of the time of each is the way to where it
//! lies.
//!
//! Like [`TileLoader`](super::TileLoader): the queue is replaced each frame, results are polled. The threads start with
//! the first wish, so a scene whose tilesets are one file each has none.

use super::residency::TileKey;
use crate::sources::{
    Cause, Problem,
    tiles3d::{Subtree, SubtreeRequest, TileId},
};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Wishes per thread that are worth queueing.
const QUEUED_PER_WORKER: usize = 16;

/// A subtree or external tileset to read.
pub struct SubtreeWish {
    /// Layer number.
    pub layer: u32,
    /// Its root.
    pub root: TileId,
    /// What to read.
    pub request: SubtreeRequest,
}

/// A subtree or external tileset that was read, or cannot be.
pub struct LoadedSubtree {
    /// Layer number.
    pub layer: u32,
    /// Its root.
    pub root: TileId,
    /// What was read.
    pub result: Result<Subtree, Problem>,
}

/// Readers of subtrees and external tilesets for any number of layers. Dropping it stops it; nobody waits for what runs,
/// since a server may take its time.
pub struct SubtreeLoader {
    shared: Arc<Shared>,
    most_workers: usize,
    workers: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<SubtreeWish>,
    running: BTreeSet<TileKey>,
    /// Running ones whose layer is gone.
    unwanted: BTreeSet<TileKey>,
    finished: Vec<LoadedSubtree>,
    is_stopping: bool,
}

impl SubtreeLoader {
    /// Reads at most `workers` subtrees at a time, at least one.
    pub fn new(workers: usize) -> Self {
        Self {
            shared: Arc::default(),
            most_workers: workers.max(1),
            workers: 0,
        }
    }

    /// How many wishes are worth making per frame.
    pub fn queue_limit(&self) -> usize {
        self.most_workers * QUEUED_PER_WORKER
    }

    /// Replaces what waits; what runs goes on, and is not started again, nor is what has finished and was not taken yet.
    pub fn replace_queue(&mut self, wishes: Vec<SubtreeWish>) {
        if !wishes.is_empty() {
            self.start_workers(wishes.len());
        }
        let mut state = self.shared.lock();
        let mut taken = state.running.clone();
        taken.extend(state.finished.iter().map(|done| key(done.layer, done.root)));
        let fresh = wishes
            .into_iter()
            .filter(|wish| taken.insert(key(wish.layer, wish.root)));
        state.queue = fresh.collect();
        if self.workers == 0 {
            for SubtreeWish { layer, root, request } in std::mem::take(&mut state.queue) {
                let message = "it cannot be read: the system starts no more threads, close other programs";
                let path = request.path().unwrap_or_else(|problem| problem.path);
                let result = Err(Problem::error(path, "", message).because(Cause::Machine));
                state.finished.push(LoadedSubtree { layer, root, result });
            }
        }
        drop(state);
        self.shared.work.notify_all();
    }

    /// Drops everything of a layer that is closed or replaced.
    pub fn forget_layer(&self, layer: u32) {
        let mut state = self.shared.lock();
        state.queue.retain(|wish| wish.layer != layer);
        state.finished.retain(|done| done.layer != layer);
        let running: Vec<_> = state.running.iter().copied().filter(|key| key.layer == layer).collect();
        state.unwanted.extend(running);
    }

    /// Takes what has finished, in the order of finishing.
    pub fn take_finished(&self) -> Vec<LoadedSubtree> {
        std::mem::take(&mut self.shared.lock().finished)
    }

    /// Whether nothing waits, nothing runs and everything finished was taken.
    pub fn is_idle(&self) -> bool {
        let state = self.shared.lock();
        state.queue.is_empty() && state.running.is_empty() && state.finished.is_empty()
    }

    fn start_workers(&mut self, wanted: usize) {
        while self.workers < wanted.min(self.most_workers) {
            let shared = Arc::clone(&self.shared);
            let worker = thread::Builder::new()
                .name(format!("subtree-read-{}", self.workers))
                .spawn(move || shared.work());
            // Fewer readers are slower and no more than that.
            if worker.is_err() {
                break;
            }
            self.workers += 1;
        }
    }
}

impl Drop for SubtreeLoader {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_stopping = true;
        state.queue.clear();
        drop(state);
        self.shared.work.notify_all();
    }
}

impl Shared {
    /// The state; a poisoned lock is taken over, since every change under it is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One worker's life.
    fn work(&self) {
        while let Some(SubtreeWish { layer, root, request }) = self.next_wish() {
            let result = request.read();
            let mut state = self.lock();
            state.running.remove(&key(layer, root));
            if !state.unwanted.remove(&key(layer, root)) {
                state.finished.push(LoadedSubtree { layer, root, result });
            }
        }
    }

    fn next_wish(&self) -> Option<SubtreeWish> {
        let mut state = self.lock();
        loop {
            if state.is_stopping {
                return None;
            }
            if let Some(wish) = state.queue.pop_front() {
                state.running.insert(key(wish.layer, wish.root));
                return Some(wish);
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn key(layer: u32, tile: TileId) -> TileKey {
    TileKey { layer, tile }
}
