//! A view, its tiles and their memory under a ceiling: what a view does in each frame, with decoders that only say what they
//! take.

use super::properties::{Wanted, is_below, line_up};
use super::world::{Plan, World};
use stadslens::sources::tiles3d::TileId;
use stadslens::streaming::ceiling::{Frame, Memory, Wish};
use stadslens::streaming::{Ceiling, ContentState, Ledger, Residency, TileKey, View};

/// What one tile takes, bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// As it is drawn.
    pub(crate) held: u64,
    /// While it is decoded, at most: what is set aside for it.
    pub(crate) need: u64,
}

impl Size {
    pub(crate) const fn of(held: u64) -> Self {
        Self { held, need: held }
    }
}

/// Decoders that tell what a tile needs when they look at it, and take so many frames.
pub(crate) struct Decoders {
    pub(crate) sizes: Vec<Size>,
    latencies: Vec<u64>,
    lanes: usize,
    running: Vec<(u64, TileId)>,
    pub(crate) asked: Vec<u32>,
    frame: u64,
}

/// A view, its tiles and their memory.
pub(crate) struct Station {
    pub(crate) world: World,
    pub(crate) decoders: Decoders,
    ledger: Ledger,
    pub(crate) residency: Residency,
    pub(crate) ceiling: Ceiling,
    pub(crate) most_bytes: u64,
    last: Vec<View>,
}

fn key(tile: TileId) -> TileKey {
    TileKey { layer: 0, tile }
}

impl Station {
    /// Sizes and latencies repeat over the tiles.
    pub(crate) fn new(plan: &Plan, sizes: &[Size], latencies: &[u64], soft_bytes: u64, ceiling_bytes: u64) -> Self {
        let world = World::new(plan);
        let tiles = world.tree.tiles.len();
        Self {
            decoders: Decoders {
                sizes: sizes.iter().copied().cycle().take(tiles).collect(),
                latencies: latencies.to_vec(),
                lanes: 4,
                running: Vec::new(),
                asked: vec![0; tiles],
                frame: 0,
            },
            world,
            ledger: Ledger::new(ceiling_bytes),
            residency: Residency::new(soft_bytes),
            ceiling: Ceiling::new(ceiling_bytes, 10),
            most_bytes: 0,
            last: Vec::new(),
        }
    }

    fn size(&self, tile: TileId) -> Size {
        self.decoders.sizes[tile.0 as usize]
    }

    /// What tiles take at this moment, those in decoding with the most that they may.
    fn check(&mut self) {
        let decoding: u64 = self
            .decoders
            .running
            .iter()
            .map(|(_, tile)| self.size(*tile).need)
            .sum();
        let bytes = self.residency.total_bytes() + decoding;
        assert!(bytes <= self.ledger.total_bytes(), "{bytes} are not all accounted for");
        self.most_bytes = self.most_bytes.max(bytes);
    }

    /// Takes over what is due.
    fn deliver(&mut self) {
        self.decoders.frame += 1;
        let frame = self.decoders.frame;
        let (due, running) = self.decoders.running.drain(..).partition(|(at, _)| *at <= frame);
        self.decoders.running = running;
        let due: Vec<(u64, TileId)> = due;
        for (_, tile) in due {
            let held = self.size(tile).held;
            assert!(
                self.ledger.set_aside(key(tile), held),
                "it holds no more than it needed"
            );
            self.ledger.hand_over(key(tile));
            self.ceiling.loaded(held);
            self.residency.insert(key(tile), &self.world.tree, held);
            self.world.state.set_content(tile, ContentState::Ready);
        }
    }

    /// Looks at a tile as a loader does: sets its payload aside, then all that it needs. `None` where it never fits.
    fn look(&mut self, key: TileKey) -> Option<bool> {
        let Size { need, .. } = self.size(key.tile);
        let payload = need.div_ceil(4);
        let has_room = if self.ledger.set_aside(key, payload) {
            self.ledger.estimate(key, need);
            self.check();
            self.ledger.set_aside(key, need)
        } else {
            self.ledger.at_least(key, payload);
            false
        };
        if !has_room {
            self.ledger.give_back_to(key, 0);
        }
        let known = self.ledger.need_of(key).unwrap_or(0);
        (!self.ledger.exceeds_ceiling(known)).then_some(has_room)
    }

    /// Begins as much of what is asked for as has room; what has none goes back.
    fn begin(&mut self, tiles: &[TileKey]) {
        for key in tiles {
            let at = key.tile.0 as usize;
            if self.decoders.running.len() >= self.decoders.lanes {
                break;
            }
            match self.look(*key) {
                None => {
                    self.decoders.asked[at] += 1;
                    self.world.state.set_content(key.tile, ContentState::Failed);
                }
                Some(true) => {
                    self.decoders.asked[at] += 1;
                    let latency = self.decoders.latencies[at % self.decoders.latencies.len()];
                    self.decoders.running.push((self.decoders.frame + latency, key.tile));
                    self.world.state.set_content(key.tile, ContentState::Loading);
                }
                Some(false) => {}
            }
            self.check();
        }
    }

    fn wishes(&self) -> Vec<Wish<TileKey>> {
        let now = &self.world.now;
        let all = if self.residency.admits_preload() {
            now.load.len()
        } else {
            now.needed
        };
        let wished = now.load.iter().take(all).enumerate();
        wished
            .filter(|(_, tile)| self.world.state.content(**tile) == ContentState::Unloaded)
            .map(|(place, tile)| Wish {
                tile: key(*tile),
                need_bytes: self.ledger.need_of(key(*tile)),
                is_needed: place < now.needed,
                is_coarser: place < now.coarser().len(),
            })
            .collect()
    }

    /// One frame as the view runs it.
    pub(crate) fn frame(&mut self, views: &[View]) {
        self.deliver();
        self.check();
        self.residency.begin_frame();
        self.world.settings.error_factor = self.ceiling.error_factor();
        self.world.frame(views);
        self.residency.touch(0, &self.world.now);
        self.ledger.account(self.ceiling.bytes(), self.residency.total_bytes());
        let memory = Memory {
            taken_bytes: self.ledger.total_bytes(),
            soft_bytes: self.residency.budget_bytes(),
            in_flight: self.decoders.running.len(),
        };
        let wishes = self.wishes();
        let admission = self.ceiling.admitted(&wishes, memory);
        let coarser = wishes.iter().filter(|wish| wish.is_coarser).map(|wish| wish.tile);
        self.ledger.keep_free(self.ceiling.kept_free_bytes(), coarser.collect());
        let tree = &self.world.tree;
        let given_up = self
            .ceiling
            .make_room(&wishes, &admission, memory, &mut self.residency, |_| Some(tree));
        let frame = Frame {
            drawn_bytes: self.residency.drawn_bytes(),
            soft_bytes: self.residency.budget_bytes(),
            in_flight: self.decoders.running.len(),
            is_waiting: self.world.now.needed > 0,
            has_moved: self.last != views,
            is_coarsest: self.world.now.is_coarsest,
        };
        let before = self.ceiling.error_factor();
        self.ceiling.step(frame, admission.tiles.len() + given_up.len());
        if self.ceiling.error_factor() > before || self.ceiling.leaves_out() {
            let ahead = &self.world.now.ahead;
            assert!(ahead.is_empty(), "{ahead:?} are held and the picture gets coarser");
        }
        self.last = views.to_vec();
        self.begin(&admission.tiles);
        for gone in given_up.into_iter().chain(self.residency.evict()) {
            self.world.state.set_content(gone.tile, ContentState::Unloaded);
        }
    }

    /// What all tiles need together that no other tile can stand for: no picture is whole with less.
    pub(crate) fn least_bytes(&self) -> u64 {
        let tiles = &self.world.tree.tiles;
        let has_content = |tile: TileId| !tiles[tile.0 as usize].contents.is_empty();
        let above =
            |tile: TileId| std::iter::successors(tiles[tile.0 as usize].parent, |tile| tiles[tile.0 as usize].parent);
        let all = (0..).map(TileId).take(tiles.len());
        all.filter(|tile| has_content(*tile) && !above(*tile).any(has_content))
            .map(|tile| self.size(tile).need)
            .sum()
    }

    /// A region of the picture in which nothing is drawn, though something is wanted and to be had there.
    pub(crate) fn hole(&self, views: &[View]) -> Option<TileId> {
        let now = &self.world.now;
        let drawn: Vec<TileId> = (now.render.iter().copied())
            .chain(now.stand_ins.iter().map(|stand_in| stand_in.tile))
            .collect();
        let is_empty = |wanted: &TileId| {
            let line = line_up(&self.world, *wanted);
            let is_there = |tile: &TileId| line.contains(tile) || is_below(&self.world, *tile, *wanted);
            self.world.state.content(*wanted) != ContentState::Failed && !drawn.iter().any(is_there)
        };
        Wanted::of(&self.world, views).tiles.into_iter().find(is_empty)
    }

    /// A tile that the picture needs, does not have, and has room for.
    pub(crate) fn missed(&self) -> Option<TileId> {
        let now = &self.world.now;
        let free = self.ledger.free_bytes();
        let fits = |tile: &&TileId| {
            let is_to_come = self.world.state.content(**tile) == ContentState::Unloaded;
            is_to_come && self.size(**tile).need <= free
        };
        now.load[..now.needed].iter().find(fits).copied()
    }

    /// Frames until nothing is in flight and the allowed error stands still.
    pub(crate) fn settle(&mut self, views: &[View]) {
        let mut calm = 0;
        for _ in 0..3000 {
            let before = (self.ceiling.error_factor(), self.residency.total_bytes());
            self.frame(views);
            let is_all_that_comes = self.world.now.complete || self.ceiling.leaves_out();
            let is_calm = self.decoders.running.is_empty()
                && is_all_that_comes
                && before == (self.ceiling.error_factor(), self.residency.total_bytes());
            calm = if is_calm { calm + 1 } else { 0 };
            if calm > 5 {
                return;
            }
        }
        panic!(
            "does not settle: {:?} at {}",
            self.world.now,
            self.ceiling.error_factor()
        );
    }
}
