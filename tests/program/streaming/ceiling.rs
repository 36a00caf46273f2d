//! The hard ceiling: whatever a view needs, what is held and what is being decoded stay under it together, the picture
//! settles, and no tile is loaded twice.

use super::properties::{plans, stands, views};
use super::world::{Plan, World, empty, leaves, look, tile};
use proptest::prelude::*;
use stadslens::sources::tiles3d::TileId;
use stadslens::streaming::ceiling::{Frame, Memory, Wish};
use stadslens::streaming::{Ceiling, ContentState, Ledger, Residency, TileKey, View};

/// What one tile takes, bytes.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// As it is drawn.
    held: u64,
    /// While it is decoded, at most: what is set aside for it.
    need: u64,
}

impl Size {
    const fn of(held: u64) -> Self {
        Self { held, need: held }
    }
}

/// Decoders that tell what a tile needs when they look at it, and take so many frames.
struct Decoders {
    sizes: Vec<Size>,
    latencies: Vec<u64>,
    lanes: usize,
    running: Vec<(u64, TileId)>,
    asked: Vec<u32>,
    frame: u64,
}

/// A view, its tiles and their memory.
struct Station {
    world: World,
    decoders: Decoders,
    ledger: Ledger,
    residency: Residency,
    ceiling: Ceiling,
    wanted_px: f64,
    most_bytes: u64,
    last: Vec<View>,
}

fn key(tile: TileId) -> TileKey {
    TileKey { layer: 0, tile }
}

impl Station {
    /// Sizes and latencies repeat over the tiles.
    fn new(plan: &Plan, sizes: &[Size], latencies: &[u64], soft_bytes: u64, ceiling_bytes: u64) -> Self {
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
            wanted_px: world.settings.max_screen_space_error_px,
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
    fn frame(&mut self, views: &[View]) {
        self.residency.begin_frame();
        self.deliver();
        self.check();
        self.world.settings.max_screen_space_error_px = self.wanted_px * self.ceiling.error_factor();
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
        };
        self.ceiling.step(frame, admission.tiles.len() + given_up.len());
        self.last = views.to_vec();
        self.begin(&admission.tiles);
        for gone in given_up.into_iter().chain(self.residency.evict()) {
            self.world.state.set_content(gone.tile, ContentState::Unloaded);
        }
    }

    /// What all tiles need together that no other tile can stand for: no picture is whole with less.
    fn least_bytes(&self) -> u64 {
        let tiles = &self.world.tree.tiles;
        let has_content = |tile: TileId| !tiles[tile.0 as usize].contents.is_empty();
        let above =
            |tile: TileId| std::iter::successors(tiles[tile.0 as usize].parent, |tile| tiles[tile.0 as usize].parent);
        let all = (0..).map(TileId).take(tiles.len());
        all.filter(|tile| has_content(*tile) && !above(*tile).any(has_content))
            .map(|tile| self.size(tile).need)
            .sum()
    }

    /// Frames until nothing is in flight and the allowed error stands still.
    fn settle(&mut self, views: &[View]) {
        let mut calm = 0;
        for _ in 0..3000 {
            let before = (self.ceiling.error_factor(), self.residency.total_bytes());
            self.frame(views);
            let is_calm = self.decoders.running.is_empty()
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

#[test]
#[expect(clippy::float_cmp, reason = "down to what was wanted means to the last bit")]
fn a_view_that_needs_more_than_there_may_be_is_drawn_coarser_and_finer_again_later() {
    let branch = |name: &str| tile(name, 16.0, leaves(&["w", "x", "y", "z"]));
    let plan = tile("root", 64.0, ["a", "b", "c", "d"].map(branch).to_vec());
    let everything = [look(0.0, 1000.0, 100.0)];
    let corner = [look(0.0, 200.0, 100.0)];
    let mut station = Station::new(&plan, &[Size::of(10)], &[1], 80, 100);
    station.settle(&everything);
    assert!(
        station.ceiling.error_factor() > 1.0,
        "sixteen leaves do not fit into ten"
    );
    assert!(station.world.now.complete, "{:?}", station.world.now);
    assert!(!station.world.now.render.is_empty());
    assert!(station.most_bytes <= 100, "{}", station.most_bytes);
    station.settle(&corner);
    assert_eq!(station.ceiling.error_factor(), 1.0, "here all of it fits");
    assert!(station.world.now.complete);
}

#[test]
fn a_coarser_tile_without_room_beside_the_finer_ones_takes_their_place() {
    let mut plan = tile("root", 64.0, leaves(&["a", "b", "c", "d", "e"]));
    plan.children[4] = tile("e", 16.0, leaves(&["v", "w"]));
    // The root alone fills nearly all there is; its children are small, and the last too many of them.
    let sizes = [95, 20, 20, 20, 20, 15, 40, 40].map(Size::of);
    let mut station = Station::new(&plan, &sizes, &[1], 60, 100);
    // Fine tiles first: of the root nothing is needed yet.
    station.settle(&[look(0.0, 700.0, 100.0)]);
    let fine = station.world.drawn();
    assert!(!fine.contains("root"), "{fine}");
    station.settle(&[look(0.0, 1000.0, 100.0)]);
    assert!(
        station.world.now.complete && station.most_bytes <= 100,
        "{:?}",
        station.world.now
    );
}

#[test]
fn a_tile_that_fills_nearly_all_comes_once_the_one_before_it_has_gone() {
    // Not side by side: what lies beside a tile in view stays.
    let branch = |name: &str| empty("", 16.0, leaves(&[name]));
    let plan = empty("root", 64.0, ["a", "b"].map(branch).to_vec());
    // A quarter is kept free once the first leaf was there: the second has more than the rest.
    let mut station = Station::new(&plan, &[1, 1, 40, 1, 80].map(Size::of), &[1], 60, 100);
    for (from, to, drawn) in [(10.0, 490.0, "a"), (510.0, 990.0, "b"), (10.0, 490.0, "a")] {
        station.settle(&[look(from, to, 100.0)]);
        assert_eq!(station.world.drawn(), drawn);
        assert!(station.world.now.complete && station.most_bytes <= 100, "{drawn}");
    }
}

#[test]
fn a_tile_larger_than_the_ceiling_is_refused_and_its_parent_stands_in() {
    let plan = tile("root", 64.0, leaves(&["a", "b"]));
    let sizes = [Size::of(20), Size::of(101), Size::of(20)];
    let mut station = Station::new(&plan, &sizes, &[1], 60, 100);
    station.settle(&[look(0.0, 1000.0, 100.0)]);
    assert_eq!(
        (station.world.drawn().as_str(), station.world.stand_ins().as_str()),
        ("b", "root@a")
    );
    assert_eq!(station.decoders.asked, [1, 1, 1]);
}

fn sizes() -> impl Strategy<Value = Vec<Size>> {
    // Some tiles are a hundred times as large as others, and some take three times as much while they are decoded.
    let held = prop_oneof![3 => 1..20_u64, 1 => 20..400_u64];
    let one = (held, 0..200_u64).prop_map(|(held, more)| Size {
        held,
        need: held + held * more / 100,
    });
    prop::collection::vec(one, 40)
}

fn latencies() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(1..7_u64, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_any_ceiling_above_the_largest_tile_it_settles_and_loads_nothing_twice(
        plan in plans(),
        stops in prop::collection::vec(stands(), 1..4),
        (sizes, latencies) in (sizes(), latencies()),
        (above, soft) in (0..150_u64, 10..95_u64),
    ) {
        let mut station = Station::new(&plan, &sizes, &latencies, 0, 0);
        let largest = station.decoders.sizes.iter().map(|size| size.need).max().unwrap_or(1);
        let ceiling = largest + largest * above / 100;
        station = Station::new(&plan, &sizes, &latencies, ceiling * soft / 100, ceiling);
        for stop in &stops {
            station.decoders.asked.fill(0);
            let views = views(stop);
            station.settle(&views);
            let twice = station.decoders.asked.iter().any(|times| *times > 1);
            prop_assert!(!twice, "{:?} of {plan:?}", station.decoders.asked);
            let is_whole = station.world.now.complete || station.least_bytes() > ceiling;
            prop_assert!(is_whole, "{:?} of {plan:?}", station.world.now);
            prop_assert!(station.most_bytes <= ceiling, "{} > {ceiling}", station.most_bytes);
        }
    }

    #[test]
    fn memory_stays_under_any_ceiling_on_any_flight(
        plan in plans(),
        flight in prop::collection::vec((stands(), 1..8_usize), 1..8),
        (sizes, latencies) in (sizes(), latencies()),
        (ceiling, soft) in (1..1200_u64, 10..95_u64),
    ) {
        let mut station = Station::new(&plan, &sizes, &latencies, ceiling * soft / 100, ceiling);
        for (stand, frames) in &flight {
            let views = views(stand);
            for _ in 0..*frames {
                station.frame(&views);
            }
        }
        prop_assert!(station.most_bytes <= ceiling, "{} > {ceiling}", station.most_bytes);
        let (last, _) = flight.last().expect("a flight has a stop");
        station.settle(&views(last));
        prop_assert!(station.most_bytes <= ceiling, "{} > {ceiling}", station.most_bytes);
    }
}
