//! One frame of all layers: what is drawn of each, and what of all of them is asked for.

use super::{
    TileLayers, TileSettings,
    layer::{TileLayer, Tree},
    prepare::PreparedContent,
    replace::finish_replacing,
    subtrees::SubtreeKeeper,
};
use crate::sources::tiles3d::TileId;
use crate::streaming::ceiling::{Frame, Memory, Wish};
use crate::streaming::{
    Ceiling, ContentState, LoadWish, LoadedTile, Residency, Selection, SelectionSettings, TileKey, TileLoader, View,
    select,
};
use crate::view::{
    feature_rows::FeatureRows,
    further_views::SiteViews,
    scene::{ShownScenario, ViewProblems},
};
use bevy::prelude::*;
use std::collections::{HashSet, VecDeque};

/// What all layers want together in one frame.
struct Wanted {
    /// Decoded and waiting to be uploaded.
    waiting: HashSet<TileKey>,
    /// Tiles to ask for, the most urgent of each layer first.
    tiles: Vec<Wish<TileKey>>,
    /// Where the views stand, per layer.
    views: Vec<(u32, Vec<View>)>,
    /// A picture needs contents that are not there.
    is_waiting: bool,
    /// No picture would be coarser if a larger error were allowed.
    is_coarsest: bool,
    /// There is room for tiles that no picture needs yet.
    admits_preload: bool,
}

impl Wanted {
    /// Notes what a layer wants; `number` is its own.
    fn take(&mut self, number: u32, layer: &TileLayer, selection: &Selection, subtrees: &mut SubtreeKeeper) {
        let Tree::Open(tree) = &layer.tree else { return };
        let key = |tile: TileId| TileKey { layer: number, tile };
        let needed = selection.needed.min(selection.load.len());
        let count = if self.admits_preload {
            selection.load.len()
        } else {
            needed
        };
        // Where a subtree is awaited there is no content yet.
        let has_content = |tile: &&TileId| !tree.is_subtree_awaited(**tile);
        self.is_waiting |= selection.load[..needed].iter().any(|tile| has_content(&tile));
        self.is_coarsest &= selection.is_coarsest;
        let coarser = selection.coarser();
        let wanted = selection.load[..count].iter().enumerate();
        let wanted = wanted.filter(|(_, tile)| has_content(tile) && !self.waiting.contains(&key(**tile)));
        self.tiles.extend(wanted.map(|(place, tile)| Wish {
            tile: key(*tile),
            need_bytes: None,
            is_needed: place < needed,
            is_coarser: place < coarser.len(),
        }));
        subtrees.wish(number, tree, selection, count);
    }
}

pub(super) fn select_tiles(
    mut commands: Commands,
    seen_from: SiteViews,
    settings: Res<TileSettings>,
    scenario: Option<Res<ShownScenario>>,
    mut rows: ResMut<FeatureRows>,
    mut tiles: ResMut<TileLayers>,
    mut problems: ResMut<ViewProblems>,
    mut visibilities: Query<&mut Visibility>,
) {
    let Some(scenario) = scenario else {
        return;
    };
    let tiles = tiles.bypass_change_detection();
    tiles.subtrees.begin_frame();
    tiles.residency.set_budget_bytes(settings.resident_bytes);
    tiles.ceiling.set_bytes(settings.ceiling_bytes);
    tiles.residency.begin_frame();
    let selection_settings = SelectionSettings {
        error_factor: tiles.ceiling.error_factor(),
        ..settings.selection
    };
    let key = |loaded: &LoadedTile<_>| TileKey {
        layer: loaded.layer,
        tile: loaded.tile,
    };
    let mut wanted = Wanted {
        waiting: tiles.waiting.iter().map(key).collect(),
        tiles: Vec::new(),
        views: Vec::new(),
        is_waiting: false,
        is_coarsest: true,
        admits_preload: tiles.residency.admits_preload(),
    };
    for (number, layer) in &mut tiles.layers {
        let Tree::Open(tree) = &layer.tree else {
            continue;
        };
        let views: Vec<_> = if scenario.is_layer_visible(&layer.id) {
            seen_from.in_frame(|p| layer.root_from_site(tree.is_geocentric, p))
        } else {
            Vec::new()
        };
        let selection = select(tree, &views, &selection_settings, &mut layer.state);
        // Only while a picture is being made: what it needs apart from what the main camera waits for.
        let further = seen_from.further_in_frame(|p| layer.root_from_site(tree.is_geocentric, p));
        layer.is_further_complete = selection.complete
            || further.is_empty()
            || select(tree, &further, &selection_settings, &mut layer.state.clone()).complete;
        wanted.views.push((*number, views));
        tiles.residency.touch(*number, &selection);
        wanted.take(*number, layer, &selection, &mut tiles.subtrees);
        // What there is to load changes in every frame of a flight, what is drawn seldom.
        let is_new = layer
            .selection
            .as_ref()
            .is_none_or(|old| old.render != selection.render || old.stand_ins != selection.stand_ins);
        layer.selection = Some(selection);
        if is_new && layer.successor_of.is_none() {
            layer.follow_selection(&mut rows, &scenario, &mut visibilities, &mut commands);
        }
    }
    let is_still = tiles.last_views == wanted.views;
    finish_replacing(tiles, is_still, &scenario, &mut visibilities, &mut commands, &mut rows);
    let given_up = ask(tiles, wanted, &settings, &mut problems);
    for key in given_up.into_iter().chain(tiles.residency.evict()) {
        if let Some(layer) = tiles.layers.get_mut(&key.layer) {
            layer.evict(key.tile, &mut commands, &mut rows);
        }
    }
}

/// Notes what all layers hold and returns how many bytes are held or set aside now.
pub(super) fn account(
    loader: &TileLoader<PreparedContent>,
    ceiling: &Ceiling,
    residency: &Residency,
    waiting: &VecDeque<LoadedTile<PreparedContent>>,
) -> u64 {
    let waiting_bytes: u64 = waiting.iter().map(LoadedTile::bytes_resident).sum();
    loader.account(ceiling.bytes(), residency.total_bytes() + waiting_bytes)
}

/// Asks for as much of what is wanted as may be held. Returns what has to go so that the rest can come.
fn ask(
    tiles: &mut TileLayers,
    mut wanted: Wanted,
    settings: &TileSettings,
    problems: &mut ViewProblems,
) -> Vec<TileKey> {
    let TileLayers {
        layers,
        loader,
        residency,
        ceiling,
        last_views,
        waiting,
        subtrees,
        ..
    } = tiles;
    let in_flight: HashSet<TileKey> = loader.in_flight().into_iter().collect();
    wanted.tiles.sort_by_key(|wish| !wish.is_needed);
    if !ceiling.is_exhausted() {
        wanted.tiles.truncate(loader.queue_limit() + in_flight.len());
    }
    // What is on its way has its memory already.
    let (going_on, mut new): (Vec<_>, Vec<_>) =
        (wanted.tiles.into_iter()).partition(|wish| in_flight.contains(&wish.tile));
    let needs = loader.needs(new.iter().map(|wish| wish.tile));
    for (wish, need) in new.iter_mut().zip(needs) {
        wish.need_bytes = need;
    }
    let memory = Memory {
        taken_bytes: account(loader, ceiling, residency, waiting),
        soft_bytes: settings.resident_bytes,
        in_flight: in_flight.len() + waiting.len(),
    };
    let admission = ceiling.admitted(&new, memory);
    let tree = |layer: u32| match &layers.get(&layer)?.tree {
        Tree::Open(tree) => Some(&**tree),
        _ => None,
    };
    let given_up = ceiling.make_room(&new, &admission, memory, residency, tree);
    let frame = Frame {
        drawn_bytes: residency.drawn_bytes(),
        soft_bytes: settings.resident_bytes,
        in_flight: in_flight.len() + waiting.len(),
        is_waiting: wanted.is_waiting,
        has_moved: *last_views != wanted.views,
        is_coarsest: wanted.is_coarsest,
    };
    ceiling.step(frame, admission.tiles.len() + given_up.len());
    *last_views = wanted.views;
    // One on its way keeps its room until it has come: without, it would be thrown away and fetched anew, for ever.
    let coarser = (going_on.iter().chain(&new)).filter(|wish| wish.is_coarser);
    let coarser = coarser.map(|wish| wish.tile);
    loader.keep_free(ceiling.kept_free_bytes(), coarser.collect());
    let wishes: Vec<LoadWish> = (going_on.into_iter().map(|wish| wish.tile))
        .chain(admission.tiles)
        .filter_map(|key| {
            let layer = layers.get(&key.layer)?;
            let Tree::Open(tree) = &layer.tree else { return None };
            Some(layer.wish(key.layer, tree, key.tile))
        })
        .collect();
    let in_hand = loader.replace_queue(wishes);
    if let Some(problem) = subtrees.ask(layers, &in_hand) {
        problems.0.push(problem);
    }
    for key in in_hand {
        if let Some(layer) = layers.get_mut(&key.layer)
            && layer.state.content(key.tile) == ContentState::Unloaded
        {
            layer.state.set_content(key.tile, ContentState::Loading);
        }
    }
    given_up
}

#[cfg(test)]
#[path = "select_tests.rs"]
pub(super) mod tests;
