//! Counts the bytes that loaded tiles hold and names those that can go.
//!
//! The budget is a soft target: what a view has a use for ([`Selection::used`]) is never evicted, drawn or
//! not, so a still view never loads a tile twice, however small the budget. When a view alone needs more,
//! [`Residency::admits_preload`] turns false and the caller loads only [`Selection::needed`]. What lies beside the
//! view ([`Selection::ahead`]) is not evicted for the budget either, but goes where a picture has no room without
//! ([`Residency::evict_to`]).
//! Not here: the hard ceiling, see [`super::Ceiling`].

use super::selection::Selection;
use crate::sources::tiles3d::{TileId, TileTree};
use std::collections::BTreeMap;

/// A tile of one of several tilesets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileKey {
    /// Number of the tileset, chosen by the caller.
    pub layer: u32,
    /// Tile in it.
    pub tile: TileId,
}

/// One loaded tile.
#[derive(Debug, Clone, Copy)]
struct Resident {
    bytes: u64,
    depth: u32,
    last_used: u64,
    /// Last frame in which it lay beside a view.
    last_ahead: u64,
}

/// What is held in memory, over all layers.
#[derive(Debug, Clone)]
pub struct Residency {
    budget_bytes: u64,
    total_bytes: u64,
    /// Bytes of what is drawn in this frame.
    drawn_bytes: u64,
    frame: u64,
    /// Per layer and tile number: looking a tile up costs the same for any number of them.
    layers: BTreeMap<u32, Vec<Option<Resident>>>,
}

impl Residency {
    /// Nothing held yet. `budget_bytes` counts what content says it holds, CPU and GPU together.
    pub fn new(budget_bytes: u64) -> Self {
        Self {
            budget_bytes,
            total_bytes: 0,
            drawn_bytes: 0,
            frame: 0,
            layers: BTreeMap::new(),
        }
    }

    /// Bytes held now.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Bytes of what is drawn in this frame.
    pub fn drawn_bytes(&self) -> u64 {
        self.drawn_bytes
    }

    /// The soft target, bytes.
    pub fn budget_bytes(&self) -> u64 {
        self.budget_bytes
    }

    /// Changes the soft target; takes effect at the next [`Residency::evict`].
    pub fn set_budget_bytes(&mut self, budget_bytes: u64) {
        self.budget_bytes = budget_bytes;
    }

    /// Whether tiles that no picture needs yet may be loaded.
    pub fn admits_preload(&self) -> bool {
        self.total_bytes < self.budget_bytes
    }

    /// Notes a loaded tile, as used now. A tile noted before is replaced.
    pub fn insert(&mut self, key: TileKey, tree: &TileTree, bytes: u64) {
        self.remove(key);
        let at = key.tile.0 as usize;
        let Some(tile) = tree.tiles.get(at) else { return };
        let slots = self.layers.entry(key.layer).or_default();
        if at >= slots.len() {
            slots.resize(at + 1, None);
        }
        slots[at] = Some(Resident {
            bytes,
            depth: tile.depth,
            last_used: self.frame,
            last_ahead: 0,
        });
        self.total_bytes = self.total_bytes.saturating_add(bytes);
    }

    /// Forgets a tile that is gone for another reason; its bytes.
    pub fn remove(&mut self, key: TileKey) -> u64 {
        let slot = (self.layers.get_mut(&key.layer)).and_then(|slots| slots.get_mut(key.tile.0 as usize));
        let bytes = slot.and_then(Option::take).map_or(0, |resident| resident.bytes);
        self.total_bytes = self.total_bytes.saturating_sub(bytes);
        bytes
    }

    /// Bytes that a tile holds.
    pub fn tile_bytes(&self, key: TileKey) -> u64 {
        let slot = (self.layers.get(&key.layer)).and_then(|slots| slots.get(key.tile.0 as usize));
        slot.copied().flatten().map_or(0, |resident| resident.bytes)
    }

    /// Bytes that all tiles of a layer hold.
    pub fn layer_bytes(&self, layer: u32) -> u64 {
        let slots = self.layers.get(&layer).into_iter().flatten();
        slots.flatten().map(|resident| resident.bytes).sum()
    }

    /// Forgets a layer.
    pub fn remove_layer(&mut self, layer: u32) {
        let slots = self.layers.remove(&layer).unwrap_or_default();
        let bytes: u64 = slots.iter().flatten().map(|resident| resident.bytes).sum();
        self.total_bytes = self.total_bytes.saturating_sub(bytes);
    }

    /// Starts a frame: from here on only what is touched counts as used.
    pub fn begin_frame(&mut self) {
        self.frame += 1;
        self.drawn_bytes = 0;
    }

    /// Notes what a layer's views have a use for in this frame.
    pub fn touch(&mut self, layer: u32, selection: &Selection) {
        let Some(slots) = self.layers.get_mut(&layer) else {
            return;
        };
        for tile in &selection.used {
            if let Some(Some(resident)) = slots.get_mut(tile.0 as usize) {
                resident.last_used = self.frame;
            }
        }
        for tile in &selection.ahead {
            if let Some(Some(resident)) = slots.get_mut(tile.0 as usize) {
                resident.last_ahead = self.frame;
            }
        }
        let drawn = selection
            .render
            .iter()
            .filter_map(|tile| slots.get(tile.0 as usize)?.as_ref());
        self.drawn_bytes += drawn.map(|resident| resident.bytes).sum::<u64>();
    }

    /// Takes out tiles until the rest fits the budget or all of the rest is in use or beside the view, and returns them:
    /// not used for longest first, of these the deepest.
    pub fn evict(&mut self) -> Vec<TileKey> {
        self.evict_unused(self.budget_bytes, false)
    }

    /// The same until at most `most_bytes` are held, for something that needs the room now: what lies beside the view goes
    /// too, after all that has no use.
    pub fn evict_to(&mut self, most_bytes: u64) -> Vec<TileKey> {
        self.evict_unused(most_bytes, true)
    }

    fn evict_unused(&mut self, most_bytes: u64, with_ahead: bool) -> Vec<TileKey> {
        if self.total_bytes <= most_bytes {
            return Vec::new();
        }
        let frame = self.frame;
        let may_go = |resident: &Resident| resident.last_used < frame && (with_ahead || resident.last_ahead < frame);
        let mut unused: Vec<_> = self
            .layers
            .iter()
            .flat_map(|(&layer, slots)| {
                (0..).zip(slots).filter_map(move |(number, slot)| {
                    let tile = TileId(number);
                    slot.filter(may_go).map(|resident| (resident, TileKey { layer, tile }))
                })
            })
            .collect();
        unused.sort_unstable_by(|(a, a_key), (b, b_key)| {
            let last = |resident: &Resident| resident.last_used.max(resident.last_ahead);
            (last(a).cmp(&last(b)))
                .then(b.depth.cmp(&a.depth))
                .then(a_key.cmp(b_key))
        });
        let mut evicted = Vec::new();
        for (_, key) in unused {
            if self.total_bytes <= most_bytes {
                break;
            }
            self.remove(key);
            evicted.push(key);
        }
        evicted
    }

    /// Takes out tiles below `above`, used or not, until `bytes` are free of them, the deepest first, and returns them:
    /// `above` takes their place and has no room beside them. Takes out none where all of them are not enough.
    pub fn give_up(&mut self, above: TileKey, tree: &TileTree, bytes: u64) -> Vec<TileKey> {
        let Some(slots) = self.layers.get(&above.layer) else {
            return Vec::new();
        };
        let parent = |tile: &TileId| tree.tiles.get(tile.0 as usize).and_then(|tile| tile.parent);
        let is_below = |tile: TileId| std::iter::successors(parent(&tile), parent).any(|tile| tile == above.tile);
        let residents = (0..)
            .map(TileId)
            .zip(slots)
            .filter_map(|(tile, slot)| Some((tile, (*slot)?)));
        let mut below: Vec<(TileId, Resident)> = residents.filter(|(tile, _)| is_below(*tile)).collect();
        let all: u64 = below.iter().map(|(_, resident)| resident.bytes).sum();
        if all < bytes {
            return Vec::new();
        }
        below.sort_unstable_by(|(a_tile, a), (b_tile, b)| b.depth.cmp(&a.depth).then(a_tile.cmp(b_tile)));
        let (mut freed, mut given_up) = (0, Vec::new());
        for (tile, _) in below {
            if freed >= bytes {
                break;
            }
            let key = TileKey {
                layer: above.layer,
                tile,
            };
            freed += self.remove(key);
            given_up.push(key);
        }
        given_up
    }
}
