//! Tiles and trees of servers: asked for once they are to be seen, and again where they failed and may come later.

use super::{
    TileLayers,
    layer::{TileLayer, Tree},
    select::account,
};
use crate::model::Layer;
use crate::sources::remote::Network;
use crate::sources::resource::{is_url, plain_path};
use crate::sources::tiles3d::TileId;
use crate::sources::{Cause, Problem, Severity};
use crate::streaming::{ContentState, TileKey};
use crate::view::{
    feature_rows::FeatureRows,
    scene::{ShownScenario, ViewProblems},
    tiles::TileStats,
};
use bevy::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// Lines of one layer about contents that failed: a server that is down must not fill the list.
const MOST_LISTED: usize = 100;

/// Request: ask again for every tile and tileset that could not be had.
#[derive(Message, Debug, Clone, Copy)]
pub struct RetryTiles;

/// The tiles of a layer that failed, in whole or in part, and what is listed of them.
#[derive(Debug, Default)]
pub(super) struct Retries {
    failed: BTreeMap<TileId, Failed>,
    /// What is listed of tiles that are asked for again by themselves. It stays listed until they come or fail in another
    /// way, so that a list that somebody reads does not empty and fill by itself.
    again: BTreeMap<TileId, Vec<Problem>>,
    /// What is to be listed no more.
    gone: Vec<Problem>,
    /// It was said that nothing is asked at all: that is one thing to know, not one for each tile.
    is_offline_told: bool,
}

#[derive(Debug)]
struct Failed {
    /// What is listed of it.
    listed: Vec<Problem>,
    /// When it is asked for again; not by itself where waiting does not help.
    due: Option<Instant>,
    /// What it is asked for again with, whenever that is.
    wants: Option<Room>,
}

/// What a tile was refused for want of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Bytes that all tiles together may take.
    Bytes(u64),
    /// Free rows for features on the graphics card.
    Rows(u32),
}

impl Retries {
    /// Notes what came of a tile whose contents failed so; gives what is to be listed of that, at most `room` lines.
    pub(super) fn note(
        &mut self,
        tile: TileId,
        failures: Vec<Problem>,
        retry_after: Option<Duration>,
        room: usize,
    ) -> Vec<Problem> {
        let mut before = self.again.remove(&tile).unwrap_or_default();
        before.extend(self.failed.remove(&tile).into_iter().flat_map(|failed| failed.listed));
        let (mut listed, others): (Vec<_>, Vec<_>) = failures.into_iter().partition(|failure| before.contains(failure));
        before.retain(|old| !listed.contains(old));
        self.unlist(before);
        if listed.is_empty() && others.is_empty() {
            return others;
        }
        let mut new = Vec::new();
        for problem in others {
            if new.len() < room && self.may_list_beside(&problem, listed.len()) {
                listed.push(problem.clone());
                new.push(problem);
            }
        }
        let due = retry_after.and_then(|after| Instant::now().checked_add(after));
        let wants = None;
        self.failed.insert(tile, Failed { listed, due, wants });
        new
    }

    /// A tile that failed is asked for again once there is room. Not before, or it would be fetched for nothing.
    pub(super) fn await_room(&mut self, tile: TileId, room: Room) {
        if let Some(failed) = self.failed.get_mut(&tile) {
            failed.wants = Some(room);
        }
    }

    /// A tile is gone; its number may stand for another one soon.
    pub(super) fn forget(&mut self, tile: TileId) {
        let failed = self.failed.remove(&tile).map(|failed| failed.listed);
        let again = self.again.remove(&tile);
        self.unlist(failed.into_iter().chain(again).flatten());
    }

    /// Whether this failure of a part of the layer is listed.
    pub(super) fn may_list(&mut self, problem: &Problem) -> bool {
        self.may_list_beside(problem, 0)
    }

    /// Whether it is beside `more` lines that are not counted here yet.
    fn may_list_beside(&mut self, problem: &Problem, more: usize) -> bool {
        if problem.cause == Cause::Server {
            return !std::mem::replace(&mut self.is_offline_told, true);
        }
        self.listed().count() + more < MOST_LISTED
    }

    /// A line that [`Self::may_list`] allowed is listed no more: then the next tile may say the same.
    pub(super) fn line_goes(&mut self, problem: &Problem) {
        if problem.cause == Cause::Server {
            self.is_offline_told = false;
        }
    }

    /// What is listed now.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Problem> {
        let failed = self.failed.values().map(|failed| &failed.listed);
        failed.chain(self.again.values()).flatten()
    }

    /// All that was listed of the layer and is to be listed no more when the layer is gone.
    pub(super) fn into_lines(self) -> Vec<Problem> {
        let failed = self.failed.into_values().map(|failed| failed.listed);
        let listed = failed.chain(self.again.into_values()).flatten();
        listed.chain(self.gone).collect()
    }

    fn unlist(&mut self, lines: impl IntoIterator<Item = Problem>) {
        for line in lines {
            self.line_goes(&line);
            self.gone.push(line);
        }
    }

    /// Takes out what is due now or has room again, or everything, with what is listed of each tile. Where a person wants
    /// everything nothing of it stays listed, nor does of what has room; what is due by itself is to be given to
    /// [`Self::await_again`] once its tile is given up. By itself only a tile is taken that `may_go`.
    fn take(
        &mut self,
        everything: bool,
        has_room: impl Fn(Room) -> bool,
        mut may_go: impl FnMut(TileId) -> bool,
    ) -> Vec<(TileId, Vec<Problem>)> {
        if everything {
            self.is_offline_told = false;
            let again = std::mem::take(&mut self.again);
            self.unlist(again.into_values().flatten());
            let failed = std::mem::take(&mut self.failed);
            let tiles = failed.keys().map(|tile| (*tile, Vec::new())).collect();
            self.unlist(failed.into_values().flat_map(|failed| failed.listed));
            return tiles;
        }
        let now = Instant::now();
        let due = self.failed.extract_if(.., |tile, failed| {
            let is_due = failed.due.is_some_and(|due| due <= now) || failed.wants.is_some_and(&has_room);
            is_due && may_go(*tile)
        });
        let due: Vec<(TileId, Failed)> = due.collect();
        due.into_iter()
            .map(|(tile, failed)| {
                if failed.wants.is_some_and(&has_room) {
                    // That there is no room is true no more, whenever the tile comes.
                    self.unlist(failed.listed);
                    (tile, Vec::new())
                } else {
                    (tile, failed.listed)
                }
            })
            .collect()
    }

    /// Keeps these lines of a tile listed until it comes, or fails in another way.
    fn await_again(&mut self, tile: TileId, listed: Vec<Problem>) {
        if !listed.is_empty() {
            self.again.insert(tile, listed);
        }
    }
}

/// Takes lines of tiles away that are true no more. Two tiles may say the same: then it stays until neither does.
pub(super) fn take_lines_away(
    layers: &mut BTreeMap<u32, TileLayer>,
    problems: &mut ResMut<ViewProblems>,
    stats: &mut ResMut<TileStats>,
) {
    let mut gone: Vec<Problem> = Vec::new();
    for layer in layers.values_mut() {
        gone.append(&mut layer.retries.gone);
    }
    gone.retain(|line| {
        let mut listed = layers.values().flat_map(|layer| layer.retries.listed());
        !listed.any(|listed| listed == line)
    });
    remove_lines(&gone, problems, stats);
}

/// Removes these lines from what is listed; without any nothing counts as changed.
pub(super) fn remove_lines(gone: &[Problem], problems: &mut ResMut<ViewProblems>, stats: &mut ResMut<TileStats>) {
    if gone.is_empty() {
        return;
    }
    problems.0.retain(|problem| !gone.contains(problem));
    let is_it =
        |(path, message): &(String, String)| gone.iter().any(|line| (path, message) == (&line.path, &line.message));
    stats.failed.retain(|failed| !is_it(failed));
}

/// The layer of the scenario that is read for `layer`.
fn source_of<'a>(layer: &TileLayer, scenario: &'a ShownScenario) -> Option<&'a Layer> {
    let layers = &scenario.open.scenario.layers;
    layers.iter().find(|source| source.id == layer.id)
}

/// Reads the trees of visible layers that are on servers.
pub(super) fn ask_servers(scenario: Option<Res<ShownScenario>>, mut tiles: ResMut<TileLayers>) {
    let Some(scenario) = scenario else { return };
    for layer in tiles.bypass_change_detection().layers.values_mut() {
        if matches!(layer.tree, Tree::Unasked)
            && scenario.is_layer_visible(&layer.id)
            && let Some(source) = source_of(layer, &scenario)
        {
            layer.read(source, &scenario.open);
        }
    }
}

/// Gives up what failed, so that it is selected and asked for anew: what is due by itself or has room again, and all where a
/// person wants it.
pub(super) fn retry_failed(
    mut commands: Commands,
    mut wanted: MessageReader<RetryTiles>,
    scenario: Option<Res<ShownScenario>>,
    mut rows: ResMut<FeatureRows>,
    mut problems: ResMut<ViewProblems>,
    mut stats: ResMut<TileStats>,
    mut tiles: ResMut<TileLayers>,
) {
    let is_wanted = wanted.read().last().is_some();
    let Some(scenario) = scenario else { return };
    let TileLayers {
        layers,
        loader,
        residency,
        ceiling,
        subtrees,
        waiting,
        ..
    } = tiles.bypass_change_detection();
    if is_wanted {
        Network::of_program().try_again();
        loader.try_again();
    }
    let mut taken_bytes = account(loader, ceiling, residency, waiting);
    let mut trees: HashSet<String> = HashSet::new();
    for (number, layer) in layers.iter_mut() {
        let has_room = |room| match room {
            Room::Bytes(bytes) => bytes <= ceiling.bytes(),
            Room::Rows(count) => rows.has_room(count),
        };
        // What is there in part goes only where all of it can come: else something else would take its place.
        let may_go = |tile| {
            if !layer.resident.contains_key(&tile) {
                return true;
            }
            let key = TileKey { layer: *number, tile };
            let need_bytes: u64 = loader.needs([key]).into_iter().flatten().sum();
            let held_bytes = residency.tile_bytes(key);
            let may_go = ceiling.has_room_instead(need_bytes, held_bytes, taken_bytes);
            if may_go {
                taken_bytes = taken_bytes.saturating_sub(held_bytes).saturating_add(need_bytes);
            }
            may_go
        };
        for (tile, listed) in layer.retries.take(is_wanted, has_room, may_go) {
            if layer.resident.contains_key(&tile) {
                // Some of its contents came: the others come with all of them.
                let key = TileKey { layer: *number, tile };
                residency.remove(key);
                layer.evict(tile, &mut commands, &mut rows);
            } else {
                layer.state.set_content(tile, ContentState::Unloaded);
            }
            // Not before: a tile that is given up takes its lines with it.
            layer.retries.await_again(tile, listed);
        }
        if is_wanted {
            subtrees.retry(*number, layer);
        }
        let is_on_server = source_of(layer, &scenario).is_some_and(|source| is_url(&source.path));
        if is_wanted && is_on_server && matches!(layer.tree, Tree::Failed) {
            layer.tree = Tree::Unasked;
            trees.extend(source_of(layer, &scenario).map(|source| plain_path(&source.path).to_owned()));
        }
    }
    take_lines_away(layers, &mut problems, &mut stats);
    if !trees.is_empty() {
        let is_gone = |problem: &Problem| problem.severity == Severity::Error && trees.contains(&problem.path);
        problems.0.retain(|problem| !is_gone(problem));
        stats.failed.retain(|(path, _)| !trees.contains(path));
    }
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
