//! Subtrees of implicit tilings and external tilesets: read as selection comes near to them, hung into the trees within a
//! budget per frame, and taken out again when the trees have grown large and nobody has looked at them for a while. What
//! cannot be had leaves its place to coarser tiles, and is asked for again later where waiting may help.

use super::layer::{TileLayer, Tree};
use super::retry::Retries;
use crate::sources::{
    Cause, Problem,
    tiles3d::{TileId, TileTree},
};
use crate::streaming::{ContentState, LoadedSubtree, Selection, SubtreeLoader, SubtreeWish, TileKey};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

/// Subtrees that are read at a time.
const READERS: usize = 6;
/// Tiles that come into the trees in one frame, at least one subtree.
const TILES_PER_FRAME: usize = 1_500;
/// With more tiles than this in a tree, subtrees out of view are taken out. A tile takes about 1 KB.
const SOFT_TILES: usize = 60_000;
/// With more tiles than this in a tree no subtree comes in, whatever is in view.
const HARD_TILES: usize = 240_000;
/// Frames that a subtree must have been out of view: turning round and back costs nothing.
const UNSEEN_FRAMES: u64 = 240;
/// Frames between two looks for what can go.
const FRAMES_BETWEEN: u64 = 60;
/// Tiles that go in one frame, at least one subtree; the rest goes in the frames after it.
const DROPPED_PER_FRAME: usize = 1_500;

/// Parts of one layer that cannot be had of which that is told: a server that is down must not fill the list.
const MOST_TOLD: usize = 100;
/// After this long a part is asked for again where waiting may help; each time in vain doubles it.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// It is doubled at most so often.
const MOST_DOUBLED: u32 = 4;

/// A part that could not be read.
struct Failure {
    /// What was told of it, if that was.
    problem: Option<Problem>,
    /// How often it was asked for in vain.
    times: u32,
    /// When it is asked for again; never by itself where waiting does not help.
    due: Option<Instant>,
}

impl Failure {
    /// It is none any more: what was told of it goes to `mended`. `retries` are those of its layer.
    fn end(&mut self, mended: &mut Vec<Problem>, retries: &mut Retries) {
        if let Some(problem) = self.problem.take() {
            retries.line_goes(&problem);
            mended.push(problem);
        }
    }
}

fn forget_failure(
    failed: &mut BTreeMap<TileKey, Failure>,
    mended: &mut Vec<Problem>,
    key: TileKey,
    retries: &mut Retries,
) {
    if let Some(mut failure) = failed.remove(&key) {
        failure.end(mended, retries);
    }
}

/// What is read and kept of the subtrees and external tilesets of all layers.
pub(super) struct SubtreeKeeper {
    loader: SubtreeLoader,
    /// Read, and waiting for a frame with room.
    waiting: VecDeque<LoadedSubtree>,
    wishes: Vec<SubtreeWish>,
    /// Frame in which each subtree was last in view.
    seen: BTreeMap<TileKey, u64>,
    /// Roots that were refused for want of room: they get another chance when there is some.
    refused: BTreeSet<TileKey>,
    /// Those that could not be read, while they are waited for.
    failed: BTreeMap<TileKey, Failure>,
    /// Problems that were told and are none any more.
    mended: Vec<Problem>,
    /// Tiles whose contents the loader had in hand in the frame before.
    in_hand: BTreeSet<TileKey>,
    frame: u64,
    next_look: u64,
    /// Layers of which only a part of what shall go is gone.
    dropping: BTreeSet<u32>,
    /// Usually [`SOFT_TILES`].
    soft_tiles: usize,
    /// Usually [`HARD_TILES`].
    hard_tiles: usize,
    /// Usually [`DROPPED_PER_FRAME`].
    dropped_per_frame: usize,
}

impl Default for SubtreeKeeper {
    fn default() -> Self {
        Self {
            loader: SubtreeLoader::new(READERS),
            waiting: VecDeque::new(),
            wishes: Vec::new(),
            seen: BTreeMap::new(),
            refused: BTreeSet::new(),
            failed: BTreeMap::new(),
            mended: Vec::new(),
            in_hand: BTreeSet::new(),
            frame: 0,
            next_look: 0,
            dropping: BTreeSet::new(),
            soft_tiles: SOFT_TILES,
            hard_tiles: HARD_TILES,
            dropped_per_frame: DROPPED_PER_FRAME,
        }
    }
}

impl SubtreeKeeper {
    /// Forgets a layer that is closed or replaced, of whose tiles these `lines` were told.
    pub(super) fn forget_layer(&mut self, layer: u32, lines: Vec<Problem>) {
        self.loader.forget_layer(layer);
        self.waiting.retain(|loaded| loaded.layer != layer);
        self.seen.retain(|key, _| key.layer != layer);
        self.refused.retain(|key| key.layer != layer);
        let failed = self.failed.extract_if(first_of(layer)..=last_of(layer), |_, _| true);
        self.mended.extend(failed.filter_map(|(_, failure)| failure.problem));
        self.mended.extend(lines);
        self.dropping.remove(&layer);
    }

    /// Whether none is being read or waits to be hung into its tree.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.loader.is_idle()
    }

    /// Lets what could not be read of a layer be asked for anew.
    pub(super) fn retry(&mut self, layer: u32, of: &mut TileLayer) {
        of.await_failed_subtrees();
        for (_, failure) in self.failed.iter_mut().filter(|(key, _)| key.layer == layer) {
            self.mended.extend(failure.problem.take());
            failure.due = None;
        }
    }

    /// Takes the problems that were told and are none any more: nothing else that failed is told in the same words, nor
    /// is a tile of these layers.
    pub(super) fn take_mended(&mut self, layers: &BTreeMap<u32, TileLayer>) -> Vec<Problem> {
        let mut mended = std::mem::take(&mut self.mended);
        mended.retain(|problem| {
            let mut parts = self.failed.values().filter_map(|failure| failure.problem.as_ref());
            let mut tiles = layers.values().flat_map(|layer| layer.retries.listed());
            !parts.any(|told| told == problem) && !tiles.any(|told| told == problem)
        });
        mended
    }

    /// Hangs into the trees what has come. Returns what cannot be had or is doubtful; the first of each pair is whether
    /// a whole subtree or external tileset is missing.
    pub(super) fn attach(&mut self, layers: &mut BTreeMap<u32, TileLayer>) -> Vec<(bool, Problem)> {
        let mut problems = Vec::new();
        self.waiting.extend(self.loader.take_finished());
        self.ask_again(layers);
        let mut room = TILES_PER_FRAME;
        while room > 0 {
            let Some(LoadedSubtree { layer, root, result }) = self.waiting.pop_front() else {
                break;
            };
            let Some(TileLayer {
                tree, state, retries, ..
            }) = layers.get_mut(&layer)
            else {
                continue;
            };
            let Tree::Open(tree) = tree else { continue };
            let key = TileKey { layer, tile: root };
            match result {
                Ok(mut subtree) => {
                    problems.extend(subtree.problems.drain(..).map(|problem| (false, problem)));
                    let held = tree.tiles_held();
                    if tree.attach(root, subtree) {
                        state.subtree_attached(tree, root);
                        self.seen.insert(key, self.frame);
                        forget_failure(&mut self.failed, &mut self.mended, key, retries);
                        room = room.saturating_sub(1 + tree.tiles_held() - held);
                    }
                }
                Err(problem) if tree.is_subtree_awaited(root) => {
                    state.set_content(root, ContentState::Failed);
                    let is_listed = retries.may_list(&problem);
                    problems.extend(self.note_failure(key, problem, is_listed).map(|told| (true, told)));
                }
                Err(_) => {}
            }
        }
        problems
    }

    /// Notes that a part cannot be had; gives what is to be told of that. `is_listed` is whether it may be.
    fn note_failure(&mut self, key: TileKey, problem: Problem, is_listed: bool) -> Option<Problem> {
        let told = self.failed.range(first_of(key.layer)..=last_of(key.layer));
        let told = told.filter(|(_, failure)| failure.problem.is_some()).count();
        let may_pass = matches!(
            problem.cause,
            Cause::Network | Cause::Unfinished | Cause::Server | Cause::InUse
        );
        let failure = self.failed.entry(key).or_insert(Failure {
            problem: None,
            times: 0,
            due: None,
        });
        let pause = ASKED_AGAIN_AFTER * (1 << failure.times.min(MOST_DOUBLED));
        failure.due = may_pass.then(|| Instant::now().checked_add(pause)).flatten();
        failure.times += 1;
        if failure.problem.is_some() || !is_listed || told >= MOST_TOLD {
            return None;
        }
        failure.problem = Some(problem);
        failure.problem.clone()
    }

    /// Lets those be wished for again whose time has come, and forgets those that are gone with what they stood in.
    fn ask_again(&mut self, layers: &mut BTreeMap<u32, TileLayer>) {
        let now = Instant::now();
        let mended = &mut self.mended;
        self.failed.retain(|key, failure| {
            let Some(TileLayer {
                tree, state, retries, ..
            }) = layers.get_mut(&key.layer)
            else {
                mended.extend(failure.problem.take());
                return false;
            };
            let Tree::Open(tree) = tree else { return true };
            if !tree.is_subtree_awaited(key.tile) {
                failure.end(mended, retries);
                return false;
            }
            if failure.due.is_some_and(|due| due <= now) {
                failure.due = None;
                state.set_content(key.tile, ContentState::Unloaded);
            }
            true
        });
    }

    /// Starts a frame.
    pub(super) fn begin_frame(&mut self) {
        self.frame += 1;
        self.wishes.clear();
    }

    /// Notes what a layer's selection sees, and the subtrees among the first `count` of what it wishes for.
    pub(super) fn wish(&mut self, layer: u32, tree: &TileTree, selection: &Selection, count: usize) {
        for root in &selection.subtrees {
            self.seen.insert(TileKey { layer, tile: *root }, self.frame);
        }
        for root in selection.load.iter().take(count) {
            if self.wishes.len() >= self.loader.queue_limit() {
                break;
            }
            let is_waiting = || self.waiting.iter().any(|w| w.layer == layer && w.root == *root);
            if let Some(request) = tree.subtree_request(*root)
                && !is_waiting()
            {
                let root = *root;
                self.wishes.push(SubtreeWish { layer, root, request });
            }
        }
    }

    /// Asks for what was wished for. `in_hand` are the tiles whose contents the loader has in hand.
    pub(super) fn ask(&mut self, layers: &mut BTreeMap<u32, TileLayer>, in_hand: &[TileKey]) -> Option<Problem> {
        let mut problem = None;
        let mut wishes = Vec::with_capacity(self.wishes.len());
        for wish in self.wishes.drain(..) {
            let Some(TileLayer { tree, state, .. }) = layers.get_mut(&wish.layer) else {
                continue;
            };
            let Tree::Open(tree) = tree else { continue };
            if tree.tiles_held() < self.hard_tiles {
                wishes.push(wish);
                continue;
            }
            // Coarser tiles stand in, as for any subtree that cannot be had.
            state.set_content(wish.root, ContentState::Failed);
            let is_first = self.refused.is_empty();
            let (layer, tile) = (wish.layer, wish.root);
            self.refused.insert(TileKey { layer, tile });
            if is_first {
                let message = format!(
                    "more than {} tiles are in view; some places are shown coarsely",
                    self.hard_tiles
                );
                problem = Some(Problem::warning(tree.path.clone(), "", message).because(Cause::TooLarge));
            }
        }
        self.loader.replace_queue(wishes);
        self.in_hand.clear();
        self.in_hand.extend(in_hand);
        problem
    }

    /// Takes subtrees out of trees that have grown large: those longest out of view, some in each frame, until a quarter is
    /// free. Call it when what the loader has finished was just taken: `is_busy` says which of that still waits. `evict`
    /// gives up what is loaded of a tile.
    pub(super) fn drop_unseen(
        &mut self,
        layers: &mut BTreeMap<u32, TileLayer>,
        is_busy: impl Fn(TileKey) -> bool,
        mut evict: impl FnMut(&mut TileLayer, TileKey),
    ) {
        let is_look = self.frame >= self.next_look;
        if is_look {
            self.next_look = self.frame + FRAMES_BETWEEN;
        }
        for (&number, layer) in layers.iter_mut() {
            let is_large = matches!(&layer.tree, Tree::Open(tree) if tree.tiles_held() > self.soft_tiles);
            if is_look && is_large || self.dropping.remove(&number) {
                self.drop_of_layer(number, layer, &is_busy, &mut evict);
            }
        }
    }

    fn drop_of_layer(
        &mut self,
        number: u32,
        layer: &mut TileLayer,
        is_busy: &impl Fn(TileKey) -> bool,
        evict: &mut impl FnMut(&mut TileLayer, TileKey),
    ) {
        let key = |tile: TileId| TileKey { layer: number, tile };
        let enough = self.soft_tiles / 4 * 3;
        let mut dropped = Vec::new();
        let mut room = self.dropped_per_frame;
        // Each round takes the outermost; then those above them are.
        'rounds: loop {
            let Tree::Open(tree) = &layer.tree else { return };
            let mut unseen: Vec<(u64, TileId)> = tree
                .last_subtrees()
                .map(|root| (self.seen.get(&key(root)).copied().unwrap_or(0), root))
                .filter(|(seen, _)| seen + UNSEEN_FRAMES < self.frame)
                .collect();
            unseen.sort_unstable();
            let before = dropped.len();
            for (_, root) in unseen {
                let Tree::Open(tree) = &mut layer.tree else { return };
                if tree.tiles_held() <= enough {
                    break 'rounds;
                }
                if room == 0 {
                    self.dropping.insert(number);
                    break 'rounds;
                }
                let tiles: Vec<TileId> = tree.subtree_tiles(root).iter().chain([&root]).copied().collect();
                let is_in_use = |tile: &TileId| {
                    layer.shown.contains(tile) || self.in_hand.contains(&key(*tile)) || is_busy(key(*tile))
                };
                if tiles.iter().any(is_in_use) {
                    continue;
                }
                if tree.detach(root) {
                    self.seen.remove(&key(root));
                    dropped.push(root);
                }
                room = room.saturating_sub(tiles.len());
                for tile in tiles {
                    forget_failure(&mut self.failed, &mut self.mended, key(tile), &mut layer.retries);
                    evict(layer, key(tile));
                }
            }
            if dropped.len() == before {
                break;
            }
        }
        if dropped.is_empty() {
            return;
        }
        let TileLayer { tree, state, .. } = layer;
        let Tree::Open(tree) = tree else { return };
        state.subtrees_detached(tree, &dropped);
        let refused = self.refused.iter().filter(|key| key.layer == number);
        for key in refused.filter(|key| tree.is_subtree_awaited(key.tile)) {
            state.set_content(key.tile, ContentState::Unloaded);
        }
        self.refused.retain(|key| key.layer != number);
    }
}

/// The least key of a layer.
fn first_of(layer: u32) -> TileKey {
    let tile = TileId(0);
    TileKey { layer, tile }
}

/// The greatest key of a layer.
fn last_of(layer: u32) -> TileKey {
    let tile = TileId(u32::MAX);
    TileKey { layer, tile }
}

#[cfg(test)]
#[path = "subtrees_tests.rs"]
pub(super) mod tests;
