//! Which memory of tiles is spoken for: what they hold, and what is set aside for those that are being decoded.
//!
//! A tile is decoded once what it needs at most fits under the ceiling beside all that is held and set aside. So
//! whatever is under way can come to its end, and no two of them wait for each other. One for which there is no room goes
//! back, and what it needs is remembered: it is not begun again before there is. What is set aside is corrected when the
//! tile has come out.
//!
//! Some room can be kept for certain tiles ([`Ledger::keep_free`]): those in whose place finer ones are drawn, which can
//! go only after they have come. Bytes are counted by whoever calls; nothing here reserves memory of the system.

use super::residency::TileKey;
use std::collections::{BTreeMap, BTreeSet};

/// Tiles whose need is remembered.
const MOST_KNOWN: usize = 200_000;

/// What a tile is guessed to need at least when its transfer had no room, bytes.
const LEAST_GUESS: u64 = 1 << 20;

/// Bytes that must be free before a tile is begun.
#[derive(Debug, Clone, Copy)]
struct Need {
    bytes: u64,
    basis: Basis,
}

/// How well a need is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// Not all of the tile was seen: whatever is found out later takes its place.
    Guessed,
    /// From what the tile says of itself.
    Estimated,
    /// It has come out once: no estimate makes it less.
    Measured,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Ledger {
    ceiling_bytes: u64,
    /// What the caller holds, as it said last.
    held_bytes: u64,
    /// What it took over since.
    handed_over_bytes: u64,
    /// What is being decoded, or is decoded and was not taken over yet.
    set_aside: BTreeMap<TileKey, u64>,
    set_aside_bytes: u64,
    /// What came over a network and was not decoded yet.
    fetched_bytes: u64,
    kept_free_bytes: u64,
    kept_for: BTreeSet<TileKey>,
    needs: BTreeMap<TileKey, Need>,
}

impl Default for Ledger {
    /// Without a ceiling.
    fn default() -> Self {
        Self::new(u64::MAX)
    }
}

impl Ledger {
    /// Nothing held yet under a ceiling of so many bytes.
    pub fn new(ceiling_bytes: u64) -> Self {
        Self {
            ceiling_bytes,
            held_bytes: 0,
            handed_over_bytes: 0,
            set_aside: BTreeMap::new(),
            set_aside_bytes: 0,
            fetched_bytes: 0,
            kept_free_bytes: 0,
            kept_for: BTreeSet::new(),
            needs: BTreeMap::new(),
        }
    }

    /// The ceiling, bytes.
    pub fn ceiling_bytes(&self) -> u64 {
        self.ceiling_bytes
    }

    /// Notes the ceiling and what the caller holds now, all that it took over included.
    pub fn account(&mut self, ceiling_bytes: u64, held_bytes: u64) {
        self.ceiling_bytes = ceiling_bytes;
        self.held_bytes = held_bytes;
        self.handed_over_bytes = 0;
    }

    /// Keeps so many bytes free for these tiles alone.
    pub fn keep_free(&mut self, bytes: u64, tiles: BTreeSet<TileKey>) {
        self.kept_free_bytes = bytes;
        self.kept_for = tiles;
    }

    /// Bytes that are held, set aside or fetched.
    pub fn total_bytes(&self) -> u64 {
        let held = self.held_bytes.saturating_add(self.handed_over_bytes);
        held.saturating_add(self.set_aside_bytes)
            .saturating_add(self.fetched_bytes)
    }

    /// Notes how much came over a network and was not decoded yet.
    pub fn note_fetched(&mut self, bytes: u64) {
        self.fetched_bytes = bytes;
    }

    /// Bytes set aside for what is being decoded and what was not taken over yet.
    pub fn set_aside_bytes(&self) -> u64 {
        self.set_aside_bytes
    }

    /// Bytes below the ceiling that nobody has.
    pub fn free_bytes(&self) -> u64 {
        self.ceiling_bytes.saturating_sub(self.total_bytes())
    }

    /// Bytes that are there for one tile, besides what is set aside for it.
    pub fn free_for(&self, key: TileKey) -> u64 {
        let kept = if self.kept_for.contains(&key) || self.is_alone(key) {
            0
        } else {
            self.kept_free_bytes
        };
        self.free_bytes().saturating_sub(kept)
    }

    /// Whether nothing is held and nothing is set aside but for this tile: then there is nothing that a coarser one could
    /// stand for. What was fetched does not matter: it is decoded or goes.
    fn is_alone(&self, key: TileKey) -> bool {
        let held = self.held_bytes.saturating_add(self.handed_over_bytes);
        held == 0 && self.set_aside_bytes == self.set_aside_for(key)
    }

    /// Whether a tile of which so much is known can be begun now. One that is larger than the ceiling can: it is refused.
    pub fn admits(&self, key: TileKey) -> bool {
        let need = self.need_of(key).unwrap_or(0);
        need > self.ceiling_bytes || need <= self.free_for(key)
    }

    /// Whether so many bytes never fit, whatever goes first.
    pub fn exceeds_ceiling(&self, bytes: u64) -> bool {
        bytes > self.ceiling_bytes
    }

    /// Sets bytes aside for a tile, all in all, or corrects that to what it holds as it came out; false and nothing changed
    /// where there is no room for more than it has.
    #[must_use]
    pub fn set_aside(&mut self, key: TileKey, bytes: u64) -> bool {
        let before = self.set_aside_for(key);
        if bytes.saturating_sub(before) > self.free_for(key) {
            return false;
        }
        self.note(key, bytes);
        true
    }

    /// Bytes set aside for a tile.
    pub fn set_aside_for(&self, key: TileKey) -> u64 {
        self.set_aside.get(&key).copied().unwrap_or(0)
    }

    /// Gives back what was set aside for a tile beyond `bytes`.
    pub fn give_back_to(&mut self, key: TileKey, bytes: u64) {
        let left = self.set_aside_for(key).min(bytes);
        if left > 0 {
            self.note(key, left);
        } else {
            let before = self.set_aside.remove(&key).unwrap_or(0);
            self.set_aside_bytes = self.set_aside_bytes.saturating_sub(before);
        }
    }

    /// The caller took the tile over: until it accounts for it, it counts here.
    pub fn hand_over(&mut self, key: TileKey) {
        let bytes = self.set_aside.remove(&key).unwrap_or(0);
        self.set_aside_bytes = self.set_aside_bytes.saturating_sub(bytes);
        self.handed_over_bytes = self.handed_over_bytes.saturating_add(bytes);
    }

    fn note(&mut self, key: TileKey, bytes: u64) {
        let before = self.set_aside.insert(key, bytes).unwrap_or(0);
        self.set_aside_bytes = self.set_aside_bytes.saturating_sub(before).saturating_add(bytes);
    }

    /// Bytes that must be free before the tile is begun, where that is known.
    pub fn need_of(&self, key: TileKey) -> Option<u64> {
        self.needs.get(&key).map(|need| need.bytes)
    }

    /// Notes what a tile is thought to need; says what to go by, which is no less than what it needed before.
    pub fn estimate(&mut self, key: TileKey, bytes: u64) -> u64 {
        match self.needs.get(&key) {
            Some(need) if need.basis == Basis::Measured => self.at_least(key, bytes),
            _ => self.note_need(key, bytes, Basis::Estimated),
        }
    }

    /// Notes that a tile needs so much or more; says what to go by. What is known already is never lowered, what was only
    /// guessed is forgotten.
    pub fn at_least(&mut self, key: TileKey, bytes: u64) -> u64 {
        match self.needs.get(&key).copied() {
            Some(known) if known.basis != Basis::Guessed => self.note_need(key, known.bytes.max(bytes), known.basis),
            _ => self.note_need(key, bytes, Basis::Estimated),
        }
    }

    /// Notes that there was no room for a tile after `received` bytes of it, of which nothing more is known: it is taken to
    /// need twice that. As long as that is a guess it is not taken to need more than there may be, or it would be asked
    /// for again and again only to be refused.
    pub fn guess(&mut self, key: TileKey, received: u64) {
        let known = self.needs.get(&key).copied();
        if known.is_some_and(|known| known.basis != Basis::Guessed && known.bytes > received) {
            return;
        }
        let half_way = received.saturating_add(self.ceiling_bytes.saturating_sub(received) / 2);
        let twice = received.saturating_mul(2).max(LEAST_GUESS);
        let bytes = twice
            .min(half_way.max(received.saturating_add(1)))
            .min(self.ceiling_bytes);
        self.note_need(key, bytes, Basis::Guessed);
    }

    /// Notes what a tile turned out to need.
    pub fn measure(&mut self, key: TileKey, bytes: u64) {
        self.note_need(key, bytes, Basis::Measured);
    }

    fn note_need(&mut self, key: TileKey, bytes: u64, basis: Basis) -> u64 {
        if self.needs.len() >= MOST_KNOWN && !self.needs.contains_key(&key) {
            self.needs.pop_first();
        }
        self.needs.insert(key, Need { bytes, basis });
        bytes
    }

    /// A tile is gone, and its number may stand for another one soon.
    pub fn forget(&mut self, key: TileKey) {
        self.needs.remove(&key);
    }

    /// A layer is gone.
    pub fn forget_layer(&mut self, layer: u32) {
        self.needs.retain(|key, _| key.layer != layer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::tiles3d::TileId;

    fn key(tile: u32) -> TileKey {
        TileKey {
            layer: 1,
            tile: TileId(tile),
        }
    }

    #[test]
    fn what_is_set_aside_is_corrected_taken_over_and_given_back() {
        let mut ledger = Ledger::new(100);
        assert!(ledger.set_aside(key(1), 60));
        assert!(!ledger.set_aside(key(2), 41), "there are 40 left");
        assert!(ledger.set_aside(key(2), 40) && ledger.free_bytes() == 0);
        assert!(ledger.set_aside(key(1), 25));
        assert_eq!((ledger.total_bytes(), ledger.free_bytes()), (65, 35));
        assert!(ledger.set_aside(key(2), 75), "its own 40 and 35 more");
        ledger.give_back_to(key(2), 10);
        assert_eq!(ledger.total_bytes(), 35);
        ledger.give_back_to(key(2), 0);
        ledger.hand_over(key(1));
        assert_eq!((ledger.total_bytes(), ledger.set_aside_bytes()), (25, 0));
        ledger.account(100, 25);
        assert_eq!(ledger.total_bytes(), 25, "it is not counted twice");
        ledger.note_fetched(70);
        assert_eq!(ledger.free_bytes(), 5);
        ledger.account(20, 25);
        assert_eq!(ledger.free_bytes(), 0);
    }

    #[test]
    fn a_tile_that_holds_more_than_was_set_aside_for_it_stays_where_there_is_room() {
        let mut ledger = Ledger::new(100);
        assert!(ledger.set_aside(key(1), 30) && ledger.set_aside(key(2), 30));
        assert!(ledger.set_aside(key(1), 70) && !ledger.set_aside(key(2), 31));
        assert_eq!(ledger.total_bytes(), 100);
    }

    #[test]
    fn what_is_kept_free_is_for_some_and_for_the_first() {
        let mut ledger = Ledger::new(100);
        ledger.keep_free(30, [key(5)].into());
        // The payload first, as the loader does, and then all of it.
        assert!(ledger.set_aside(key(1), 10) && ledger.admits(key(1)));
        assert!(ledger.set_aside(key(1), 100), "nothing is held that could go");
        assert!(ledger.set_aside(key(1), 50));
        assert_eq!((ledger.free_for(key(2)), ledger.free_for(key(5))), (20, 50));
        assert!(!ledger.set_aside(key(2), 21) && ledger.set_aside(key(5), 50));
        ledger.give_back_to(key(5), 0);
        ledger.hand_over(key(1));
        assert!(!ledger.set_aside(key(2), 21), "it was handed over");
        ledger.account(100, 50);
        assert!(!ledger.set_aside(key(2), 21), "and is held");
        ledger.account(100, 0);
        ledger.note_fetched(40);
        assert!(
            ledger.set_aside(key(2), 60),
            "what it was fetched as goes when it comes"
        );
    }

    #[test]
    fn needs_are_remembered_until_the_tile_is_gone() {
        let mut ledger = Ledger::new(100);
        ledger.account(100, 40);
        for (tile, need) in [(1, 60), (2, 61), (3, 101)] {
            assert_eq!(ledger.estimate(key(tile), need), need);
        }
        assert_eq!(
            [1, 2, 3, 4].map(|tile| ledger.admits(key(tile))),
            [true, false, true, true]
        );
        assert!(ledger.exceeds_ceiling(101) && !ledger.exceeds_ceiling(100));
        ledger.measure(key(2), 50);
        assert!(ledger.estimate(key(2), 40) == 50 && ledger.admits(key(2)));
        assert_eq!((ledger.at_least(key(2), 1), ledger.at_least(key(1), 1)), (50, 60));
        assert_eq!(ledger.at_least(key(4), 7), 7);
        assert_eq!((ledger.at_least(key(4), 9), ledger.estimate(key(4), 8)), (9, 8));
        assert_eq!((ledger.at_least(key(2), 55), ledger.estimate(key(2), 40)), (55, 55));
        ledger.forget(key(2));
        assert_eq!((ledger.need_of(key(2)), ledger.need_of(key(1))), (None, Some(60)));
        ledger.forget_layer(1);
        assert_eq!(ledger.need_of(key(1)), None);
    }

    #[test]
    fn a_guess_never_stands_in_the_way_of_what_is_known() {
        const CEILING: u64 = 100 << 20;
        let mut ledger = Ledger::new(CEILING);
        let guess = |ledger: &mut Ledger, received: u64| {
            ledger.guess(key(1), received);
            ledger.need_of(key(1))
        };
        assert_eq!(guess(&mut ledger, 10), Some(LEAST_GUESS));
        assert_eq!(guess(&mut ledger, 30 << 20), Some(60 << 20), "twice what came");
        assert_eq!(guess(&mut ledger, 60 << 20), Some(80 << 20), "half of what is left");
        // However often: it is never larger than all there may be, and always larger than what came, until that is all.
        let mut received = 60 << 20;
        while received < CEILING {
            let more = guess(&mut ledger, received).expect("it was guessed");
            assert!(more > received && more <= CEILING, "{more} after {received}");
            received = more;
        }
        assert_eq!(
            guess(&mut ledger, CEILING + 5),
            Some(CEILING),
            "failed tries count, too"
        );
        // What is found out takes its place: all of it, or a part of which the rest cannot be had.
        assert_eq!(ledger.estimate(key(1), 70), 70);
        assert_eq!(guess(&mut ledger, 69), Some(70), "known better");
        assert_eq!(guess(&mut ledger, 70), Some(LEAST_GUESS), "known wrongly");
        assert_eq!((ledger.at_least(key(1), 5), ledger.at_least(key(1), 3)), (5, 5));
        ledger.measure(key(1), 50);
        assert_eq!(guess(&mut ledger, 20), Some(50));
        assert_eq!(ledger.estimate(key(1), 40), 50, "and is still measured");
    }
}
