//! Keeps what loaded tiles hold under a hard ceiling: how many may be asked for at once, and how much coarser than wanted
//! the picture is when a view alone needs more.
//!
//! Between the soft target of [`Residency`] and the ceiling nothing changes. At the ceiling the allowed
//! screen-space error rises step by step until what is drawn fits. It goes back when the view moves on, or when there is
//! room again before it was raised for this view: so a still view goes up and then settles, and never swings between
//! loading and letting go.
//!
//! Room for one tile is kept free until then: the coarser tile that takes over has to be loaded before the finer ones can
//! go, or there would be a hole. Where it needs more than that, the finer ones go first after all
//! ([`Residency::give_up`](super::Residency::give_up)).
//!
//! What a tile needs is known once somebody has looked at it ([`Ledger`](super::Ledger), which sees to it that no tile is
//! decoded without room). So here is only decided what is worth beginning: a tile that does not fit is not asked for, and
//! those behind it wait, so that small ones never keep a large one out for ever.
//!
//! Before the picture gets coarser all goes that no picture needs, and nothing is loaded ahead any more until the view
//! moves on: what went would come back and have to go again. Where nothing can get coarser and the picture still has no
//! room, the rest of it is left out ([`Ceiling::leaves_out`]): then small tiles come where a large one cannot, and what is
//! left out is asked for as soon as there is room.

use super::residency::{Residency, TileKey};
use crate::sources::tiles3d::TileTree;

/// Factor of one step.
const STEP: f64 = 1.05;
/// Farthest from what was wanted: beyond that everything is one tile.
const MOST: f64 = 1e6;
/// Largest share of the ceiling that is kept free for a coarser tile, and that a tile is thought to need of which nothing
/// is known: one part of so many.
const KEPT: u64 = 4;
const THOUGHT: u64 = 8;
/// Tiles that are looked at before the picture gets coarser.
const LOOKED_AT: usize = 8;

/// A tile that is wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish<T> {
    /// The tile.
    pub tile: T,
    /// Bytes that must be free before it can be loaded, where that is known.
    pub need_bytes: Option<u64>,
    /// The picture needs it; else it is loaded ahead.
    pub is_needed: bool,
    /// Finer tiles are drawn in its place and go when it comes: it may take the room that is kept free.
    pub is_coarser: bool,
}

/// What is held when tiles are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Bytes that tiles hold or that are set aside for those that are being loaded.
    pub taken_bytes: u64,
    /// The soft target, bytes: nothing is loaded ahead beyond it.
    pub soft_bytes: u64,
    /// Tiles that are being loaded.
    pub in_flight: usize,
}

/// What may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission<T> {
    /// The tiles, in the order of the wishes.
    pub tiles: Vec<T>,
    /// The first tile that the picture needs and that has no room.
    pub blocked: Option<Wish<T>>,
    /// Whether nothing goes on until something is given up for it.
    pub is_stuck: bool,
}

/// What the ceiling knows of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Bytes of the tiles that are drawn.
    pub drawn_bytes: u64,
    /// The soft target, bytes.
    pub soft_bytes: u64,
    /// Tiles that are being loaded and will be held.
    pub in_flight: usize,
    /// The picture needs tiles that are not there.
    pub is_waiting: bool,
    /// The view is another one than in the frame before.
    pub has_moved: bool,
    /// A larger allowed error would make nothing coarser.
    pub is_coarsest: bool,
}

/// Whether a view comes to an end under the ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All of it fits, or something can still go or get coarser.
    Open,
    /// Nothing can: what was kept free is used too, and small tiles may pass large ones.
    Exhausted,
    /// And nothing more comes by that.
    LeftOut,
}

/// The hard ceiling of what loaded tiles hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Ceiling {
    bytes: u64,
    largest_bytes: u64,
    factor: f64,
    has_risen: bool,
    /// Something went in this view so that something else could come.
    has_made_room: bool,
    end: End,
}

impl Ceiling {
    /// A ceiling of so many bytes. Until larger tiles come, one is taken to have `tile_bytes`.
    pub fn new(bytes: u64, tile_bytes: u64) -> Self {
        Self {
            bytes,
            largest_bytes: tile_bytes.max(1),
            factor: 1.0,
            has_risen: false,
            has_made_room: false,
            end: End::Open,
        }
    }

    /// The ceiling, bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Changes it. Where there may be more than before, a still view gets finer again, too.
    pub fn set_bytes(&mut self, bytes: u64) {
        if bytes > self.bytes {
            self.begin_view();
        }
        self.bytes = bytes;
    }

    /// What was settled for the view before does not hold for this one.
    fn begin_view(&mut self) {
        self.has_risen = false;
        self.has_made_room = false;
        self.end = End::Open;
    }

    /// What the allowed screen-space error is multiplied by, at least 1.
    pub fn error_factor(&self) -> f64 {
        self.factor
    }

    /// Whether tiles that the picture needs stay out of it for want of room, however coarse it is, until the view or what
    /// there may be changes.
    pub fn leaves_out(&self) -> bool {
        self.end == End::LeftOut
    }

    /// Whether all wishes are worth looking at, and not the most urgent alone: small ones may pass large ones.
    pub fn is_exhausted(&self) -> bool {
        self.end != End::Open
    }

    /// Notes how large a tile turned out to be: the next ones may be as large.
    pub fn loaded(&mut self, bytes: u64) {
        self.largest_bytes = self.largest_bytes.max(bytes);
    }

    /// Room that is kept for a coarser tile, bytes. There is none where nothing can get coarser any more.
    pub fn kept_free_bytes(&self) -> u64 {
        if self.is_exhausted() {
            return 0;
        }
        self.largest_bytes.min(self.bytes / KEPT)
    }

    /// Whether a tile that needs so much may be loaded in the place of something that holds `held_bytes` of all that are
    /// taken.
    #[must_use]
    pub fn has_room_instead(&self, need_bytes: u64, held_bytes: u64, taken_bytes: u64) -> bool {
        let others = taken_bytes.saturating_sub(held_bytes);
        // Where nothing else is held there is nothing that a coarser tile could stand for.
        let kept = if others == 0 { 0 } else { self.kept_free_bytes() };
        need_bytes <= self.bytes.saturating_sub(others).saturating_sub(kept)
    }

    /// Which of `wishes`, in their order, may be asked for besides what is in flight, so that all of it fits. One always may
    /// where nothing is held, and so may one that can never fit: whoever loads it will say so. Where nothing goes on any
    /// more, tiles of which nothing is known may be looked at.
    pub fn admitted<T: Copy>(&self, wishes: &[Wish<T>], memory: Memory) -> Admission<T> {
        let free_bytes = self.bytes.saturating_sub(memory.taken_bytes);
        let mut left = free_bytes.saturating_sub(self.kept_free_bytes());
        let thought = self.largest_bytes.min(self.bytes / THOUGHT);
        let need = |wish: &Wish<T>| wish.need_bytes.unwrap_or(thought);
        let mut admission = Admission {
            tiles: Vec::new(),
            blocked: None,
            is_stuck: false,
        };
        for wish in wishes.iter().filter(|wish| wish.is_needed) {
            let bytes = need(wish);
            let is_first = memory.taken_bytes == 0 && admission.tiles.is_empty();
            if bytes <= left || is_first || bytes > self.bytes {
                left = left.saturating_sub(bytes);
                admission.tiles.push(wish.tile);
            } else {
                admission.blocked.get_or_insert(*wish);
                if !self.is_exhausted() {
                    break;
                }
            }
        }
        if admission.blocked.is_none() {
            if self.has_made_room {
                return admission;
            }
            let below_soft = memory.soft_bytes.saturating_sub(memory.taken_bytes);
            let asked_for = free_bytes.saturating_sub(self.kept_free_bytes()).saturating_sub(left);
            let mut ahead = left.min(below_soft.saturating_sub(asked_for));
            for wish in wishes.iter().filter(|wish| !wish.is_needed) {
                if need(wish) <= ahead {
                    ahead -= need(wish);
                    admission.tiles.push(wish.tile);
                }
            }
        } else if admission.tiles.is_empty() && memory.in_flight == 0 {
            let needed = || wishes.iter().filter(|wish| wish.is_needed);
            let coarser =
                needed().find(|wish| wish.is_coarser && wish.need_bytes.is_none_or(|need| need <= free_bytes));
            let unknown = needed().filter(|wish| wish.need_bytes.is_none());
            admission.tiles = match coarser {
                Some(wish) => vec![wish.tile],
                None => unknown.take(LOOKED_AT).map(|wish| wish.tile).collect(),
            };
            admission.is_stuck = admission.tiles.is_empty();
        }
        admission
    }

    /// Takes out tiles where nothing goes on until something is given up: first what no view uses, then what lies beside
    /// one, then what lies below a tile that is to take its place. Returns them; none where the picture has to get coarser.
    /// `admission` is what came of `wishes`, and `tree` gives that of a layer.
    pub fn make_room<'a>(
        &mut self,
        wishes: &[Wish<TileKey>],
        admission: &Admission<TileKey>,
        memory: Memory,
        residency: &mut Residency,
        tree: impl Fn(u32) -> Option<&'a TileTree>,
    ) -> Vec<TileKey> {
        let Some(blocked) = admission.blocked.filter(|_| admission.is_stuck) else {
            return Vec::new();
        };
        let others = memory.taken_bytes.saturating_sub(residency.total_bytes());
        let room = |need: u64| self.bytes.saturating_sub(others).saturating_sub(need);
        let wanted = blocked.need_bytes.unwrap_or(0).saturating_add(self.kept_free_bytes());
        let unused = residency.evict_to(room(wanted));
        if !unused.is_empty() {
            self.has_made_room = true;
            return unused;
        }
        for wish in wishes.iter().filter(|wish| wish.is_needed && wish.is_coarser) {
            let short = residency
                .total_bytes()
                .saturating_sub(room(wish.need_bytes.unwrap_or(0)));
            let Some(tree) = tree(wish.tile.layer) else { continue };
            let given_up = residency.give_up(wish.tile, tree, short);
            if !given_up.is_empty() {
                return given_up;
            }
        }
        Vec::new()
    }

    /// Goes one frame on, after `changes`: tiles that were asked for, or given up to make room.
    pub fn step(&mut self, frame: Frame, changes: usize) {
        if frame.has_moved {
            self.begin_view();
        }
        let can_rise = !frame.is_coarsest && self.factor < MOST;
        if can_rise || !frame.is_waiting {
            self.end = End::Open;
        }
        if frame.in_flight + changes > 0 {
            // What is on its way may change the picture.
            if self.end == End::LeftOut {
                self.end = End::Exhausted;
            }
        } else if frame.is_waiting {
            self.has_risen = true;
            if can_rise {
                self.factor = (self.factor * STEP).min(MOST);
            } else {
                self.end = match self.end {
                    End::Open => End::Exhausted,
                    End::Exhausted | End::LeftOut => End::LeftOut,
                };
            }
        } else if !self.has_risen && frame.drawn_bytes < frame.soft_bytes {
            self.factor = (self.factor / STEP).max(1.0);
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what did not change is the same to the last bit")]
mod tests {
    use super::*;

    fn frame(drawn_bytes: u64) -> Frame {
        Frame {
            drawn_bytes,
            soft_bytes: 60,
            in_flight: 0,
            is_waiting: true,
            has_moved: false,
            is_coarsest: false,
        }
    }

    #[test]
    fn it_rises_when_full_holds_in_between_and_sinks_after_a_move() {
        let mut ceiling = Ceiling::new(100, 10);
        ceiling.step(frame(95), 1);
        assert_eq!(ceiling.error_factor(), 1.0, "one more is on its way");
        ceiling.step(frame(95), 0);
        ceiling.step(frame(95), 0);
        let raised = ceiling.error_factor();
        assert!((raised - STEP * STEP).abs() < 1e-12);
        let calm = Frame {
            is_waiting: false,
            ..frame(20)
        };
        ceiling.step(calm, 0);
        assert_eq!(ceiling.error_factor(), raised, "a still view never goes back down");
        let moved = Frame {
            drawn_bytes: 80,
            has_moved: true,
            ..calm
        };
        ceiling.step(moved, 0);
        assert_eq!(
            ceiling.error_factor(),
            raised,
            "between target and ceiling nothing changes"
        );
        ceiling.step(calm, 0);
        ceiling.step(calm, 0);
        assert_eq!(ceiling.error_factor(), 1.0);
    }

    fn wish(tile: u32, need_bytes: Option<u64>) -> Wish<u32> {
        Wish {
            tile,
            need_bytes,
            is_needed: true,
            is_coarser: false,
        }
    }

    fn taken(taken_bytes: u64, in_flight: usize) -> Memory {
        Memory {
            taken_bytes,
            soft_bytes: 60,
            in_flight,
        }
    }

    #[test]
    fn no_more_is_asked_for_than_fits_and_room_for_one_is_kept() {
        let ceiling = Ceiling::new(100, 12);
        let wishes = [1, 2, 3, 4, 5, 6].map(|tile| wish(tile, Some(u64::from(tile) * 10)));
        let admission = ceiling.admitted(&wishes, taken(0, 0));
        assert_eq!(admission.tiles, [1, 2, 3], "60 of the 88 bytes that are not kept");
        assert_eq!(admission.blocked, Some(wishes[3]));
        assert!(!admission.is_stuck);
        let unknown = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(|tile| wish(tile, None));
        assert_eq!(ceiling.admitted(&unknown, taken(0, 0)).tiles.len(), 7, "12 bytes each");
        assert_eq!(ceiling.admitted(&unknown, taken(30, 2)).tiles.len(), 4);
    }

    #[test]
    fn small_tiles_wait_behind_a_large_one_and_nothing_is_loaded_ahead_of_it() {
        let ceiling = Ceiling::new(100, 10);
        let ahead = Wish {
            is_needed: false,
            ..wish(9, Some(1))
        };
        let admission = ceiling.admitted(&[ahead, wish(1, Some(80)), wish(2, Some(1))], taken(50, 1));
        assert_eq!(
            (admission.tiles.len(), admission.is_stuck),
            (0, false),
            "something is on its way"
        );
        let admission = ceiling.admitted(&[ahead, wish(1, Some(80)), wish(2, Some(1))], taken(50, 0));
        assert!(admission.is_stuck && admission.blocked.is_some_and(|wish| wish.tile == 1));
        assert_eq!(ceiling.admitted(&[ahead, wish(2, Some(1))], taken(50, 1)).tiles, [2, 9]);
        assert_eq!(
            ceiling.admitted(&[ahead], taken(60, 0)).tiles,
            [0; 0],
            "nothing ahead above the target"
        );
    }

    #[test]
    fn what_can_be_done_is_done_before_it_is_stuck() {
        let ceiling = Ceiling::new(100, 30);
        let coarser = Wish {
            is_coarser: true,
            ..wish(5, Some(20))
        };
        let (known, unknown) = (wish(1, Some(40)), wish(2, None));
        let at = |wishes: &[Wish<u32>], bytes| ceiling.admitted(wishes, taken(bytes, 0)).tiles;
        assert_eq!(at(&[known, unknown, coarser], 80), [5], "in the room that was kept");
        assert_eq!(at(&[known, unknown, coarser], 81), [2], "looked at");
        assert_eq!(at(&[known, coarser], 81), [0; 0]);
        assert_eq!(at(&[wish(1, Some(100))], 0), [1], "the first");
        assert_eq!(at(&[wish(1, Some(101))], 99), [1], "it is refused");
    }

    #[test]
    fn where_nothing_gets_coarser_nothing_is_kept_free_and_what_fits_comes() {
        let stuck = frame(95);
        let coarsest = Frame {
            is_coarsest: true,
            ..stuck
        };
        // At the largest factor, and where a larger one would change nothing.
        for (last, times) in [(stuck, 300), (coarsest, 1)] {
            let mut ceiling = Ceiling::new(100, 40);
            assert_eq!(ceiling.kept_free_bytes(), 25);
            for _ in 0..times {
                ceiling.step(last, 0);
            }
            assert_eq!(ceiling.kept_free_bytes(), 0);
            assert!(times > 1 || ceiling.error_factor() == 1.0);
            assert_eq!(ceiling.admitted(&[wish(1, Some(20))], taken(80, 0)).tiles, [1]);
            let wishes = [wish(1, Some(70)), wish(2, Some(20)), wish(3, Some(10))];
            let admission = ceiling.admitted(&wishes, taken(75, 0));
            assert_eq!((admission.tiles, admission.blocked), (vec![2], Some(wishes[0])));
            ceiling.step(last, 1);
            assert!(!ceiling.leaves_out(), "something comes yet");
            ceiling.step(last, 0);
            assert!(ceiling.leaves_out());
            let moved = Frame {
                has_moved: true,
                ..last
            };
            ceiling.step(moved, 1);
            assert_eq!((ceiling.leaves_out(), ceiling.kept_free_bytes()), (false, 25));
            ceiling.step(last, 0);
            ceiling.step(last, 0);
            assert!(ceiling.leaves_out());
            ceiling.step(
                Frame {
                    is_waiting: false,
                    ..last
                },
                0,
            );
            assert!(!ceiling.leaves_out() && ceiling.kept_free_bytes() == 25);
        }
    }

    #[test]
    fn nothing_is_loaded_ahead_in_a_view_that_made_room() {
        let mut ceiling = Ceiling::new(100, 10);
        let ahead = Wish {
            is_needed: false,
            ..wish(9, Some(10))
        };
        assert_eq!(ceiling.admitted(&[ahead], taken(20, 0)).tiles, [9]);
        ceiling.has_made_room = true;
        assert_eq!(ceiling.admitted(&[ahead], taken(20, 0)).tiles, [0; 0]);
        let moved = Frame {
            is_waiting: false,
            has_moved: true,
            ..frame(20)
        };
        ceiling.step(moved, 0);
        assert_eq!(ceiling.admitted(&[ahead], taken(20, 0)).tiles, [9]);
    }
}
