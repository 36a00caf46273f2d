//! The hard ceiling: whatever a view needs, what is held stays under it, the picture settles, and no tile is loaded twice.

use super::properties::{plans, stands, views};
use super::world::{Plan, Source, World, leaves, look, tile};
use proptest::prelude::*;
use stadslens::streaming::ceiling::Frame;
use stadslens::streaming::{Ceiling, ContentState, Residency, TileKey, View};

/// Bytes of a tile: all alike, as far as the ceiling is strict.
const TILE: u64 = 10;

struct Memory {
    world: World,
    source: Source,
    residency: Residency,
    ceiling: Ceiling,
    wanted_px: f64,
    most_bytes: u64,
    last: Vec<View>,
}

impl Memory {
    fn new(plan: &Plan, soft_tiles: u64, ceiling_tiles: u64) -> Self {
        let world = World::new(plan);
        Self {
            source: Source::new(world.tree.tiles.len()),
            wanted_px: world.settings.max_screen_space_error_px,
            world,
            residency: Residency::new(soft_tiles * TILE),
            ceiling: Ceiling::new(ceiling_tiles * TILE, TILE),
            most_bytes: 0,
            last: Vec::new(),
        }
    }

    /// One frame as the view runs it.
    fn frame(&mut self, views: &[View]) {
        self.residency.begin_frame();
        for tile in self.source.deliver(&mut self.world.state) {
            if self.world.state.content(tile) == ContentState::Ready {
                self.ceiling.loaded(TILE);
                self.residency
                    .insert(TileKey { layer: 0, tile }, &self.world.tree, TILE);
            }
        }
        self.most_bytes = self.most_bytes.max(self.residency.total_bytes());
        self.world.settings.max_screen_space_error_px = self.wanted_px * self.ceiling.error_factor();
        self.world.frame(views);
        self.residency.touch(0, &self.world.now);
        for gone in self.residency.evict() {
            self.world.state.set_content(gone.tile, ContentState::Unloaded);
        }
        let held_bytes = self.residency.total_bytes();
        let in_flight = self.source.in_flight();
        let needed = &self.world.now.load[..self.world.now.needed];
        let wishes = if self.residency.admits_preload() {
            &self.world.now.load[..]
        } else {
            needed
        };
        let new: Vec<_> = wishes
            .iter()
            .copied()
            .filter(|tile| self.world.state.content(*tile) == ContentState::Unloaded)
            .collect();
        let coarser = self.world.now.coarser(&self.world.tree);
        let admitted = self
            .ceiling
            .admitted(&new, |tile| coarser.contains(&tile), held_bytes, in_flight);
        let frame = Frame {
            drawn_bytes: self.residency.drawn_bytes(),
            soft_bytes: self.residency.budget_bytes(),
            in_flight,
            is_waiting: !needed.is_empty(),
            has_moved: self.last != views,
        };
        self.ceiling.step(frame, admitted.len());
        self.last = views.to_vec();
        self.source.ask(&admitted, &mut self.world.state);
    }

    /// Frames until nothing is in flight and the allowed error stands still.
    fn settle(&mut self, views: &[View]) {
        let mut calm = 0;
        for _ in 0..3000 {
            let before = (self.ceiling.error_factor(), self.residency.total_bytes());
            self.frame(views);
            let is_calm =
                self.source.is_idle() && before == (self.ceiling.error_factor(), self.residency.total_bytes());
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

#[test]
#[expect(clippy::float_cmp, reason = "down to what was wanted means to the last bit")]
fn a_view_that_needs_more_than_there_may_be_is_drawn_coarser_and_finer_again_later() {
    let branch = |name: &str| tile(name, 16.0, leaves(&["w", "x", "y", "z"]));
    let plan = tile("root", 64.0, ["a", "b", "c", "d"].map(branch).to_vec());
    let everything = [look(0.0, 1000.0, 100.0)];
    let corner = [look(0.0, 200.0, 100.0)];
    let mut memory = Memory::new(&plan, 8, 10);
    memory.settle(&everything);
    assert!(
        memory.ceiling.error_factor() > 1.0,
        "sixteen leaves do not fit into ten"
    );
    assert!(memory.world.now.complete, "{:?}", memory.world.now);
    assert!(!memory.world.now.render.is_empty());
    assert!(memory.most_bytes <= 100, "{}", memory.most_bytes);
    memory.settle(&corner);
    assert_eq!(memory.ceiling.error_factor(), 1.0, "here all of it fits");
    assert!(memory.world.now.complete);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn at_any_ceiling_it_settles_and_loads_nothing_twice(
        plan in plans(),
        stops in prop::collection::vec(stands(), 1..4),
        soft in 1..12_u64,
        above in 1..8_u64,
    ) {
        let mut memory = Memory::new(&plan, soft, soft + above);
        for stop in &stops {
            memory.source.asked.fill(0);
            let views = views(stop);
            memory.settle(&views);
            let twice = memory.source.asked.iter().any(|times| *times > 1);
            prop_assert!(!twice, "{:?} of {plan:?}", memory.source.asked);
            prop_assert!(memory.most_bytes <= memory.ceiling.bytes(), "{} > {}", memory.most_bytes, memory.ceiling.bytes());
        }
    }
}
