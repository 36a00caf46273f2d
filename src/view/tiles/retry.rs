//! Tiles and trees of servers: asked for once they are to be seen, and again where they failed and may come later.

use super::{
    TileLayers,
    layer::{TileLayer, Tree},
};
use crate::model::Layer;
use crate::sources::remote::Network;
use crate::sources::resource::{is_url, plain_path};
use crate::sources::tiles3d::TileId;
use crate::sources::{Cause, Problem};
use crate::streaming::{ContentState, TileKey};
use crate::view::{
    feature_rows::FeatureRows,
    scene::{ShownScenario, ViewProblems},
    tiles::TileStats,
};
use bevy::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// Failed contents of one layer that are listed: a server that is down must not fill the list.
const MOST_LISTED: usize = 100;

/// Request: ask again for every tile and tileset that could not be had.
#[derive(Message, Debug, Clone, Copy)]
pub struct RetryTiles;

/// The tiles of a layer that failed, in whole or in part.
#[derive(Debug, Default)]
pub(super) struct Retries {
    failed: BTreeMap<TileId, Failed>,
    /// Paths of the contents of tiles that are asked for again by themselves. What is listed of them stays listed until
    /// they come, so that a list that somebody reads does not empty and fill by itself.
    again: BTreeMap<TileId, Vec<String>>,
    /// It was said that nothing is asked at all: that is one thing to know, not one for each tile.
    is_offline_told: bool,
}

#[derive(Debug)]
struct Failed {
    /// Paths of the contents, as the problems call them.
    paths: Vec<String>,
    /// When it is asked for again; never by itself where waiting does not help.
    due: Option<Instant>,
}

impl Retries {
    /// Notes what came of a tile; gives the paths of what failed before and came now.
    pub(super) fn note(
        &mut self,
        tile: TileId,
        failed_paths: Vec<String>,
        retry_after: Option<Duration>,
    ) -> Vec<String> {
        let mut mended = self.again.remove(&tile).unwrap_or_default();
        mended.retain(|path| !failed_paths.contains(path));
        if failed_paths.is_empty() {
            self.failed.remove(&tile);
            return mended;
        }
        let due = retry_after.and_then(|after| Instant::now().checked_add(after));
        let paths = failed_paths;
        self.failed.insert(tile, Failed { paths, due });
        mended
    }

    /// Whether this failure of a content of `tile` was listed before it was asked for again.
    pub(super) fn is_listed(&self, tile: TileId, path: &str) -> bool {
        let again = self.again.get(&tile);
        again.is_some_and(|paths| paths.iter().any(|known| known == path))
    }

    /// A tile is gone; its number may stand for another one soon.
    pub(super) fn forget(&mut self, tile: TileId) {
        self.failed.remove(&tile);
        self.again.remove(&tile);
    }

    /// Whether this failure of a content is listed.
    pub(super) fn may_list(&mut self, problem: &Problem) -> bool {
        if problem.cause == Cause::Server {
            return !std::mem::replace(&mut self.is_offline_told, true);
        }
        self.failed.len() < MOST_LISTED
    }

    /// Takes out what is due now, or everything; the paths are those that are not to be listed any more.
    fn take(&mut self, everything: bool) -> (Vec<TileId>, Vec<String>) {
        let now = Instant::now();
        let (mut tiles, mut paths) = (Vec::new(), Vec::new());
        if everything {
            self.is_offline_told = false;
            paths.extend(std::mem::take(&mut self.again).into_values().flatten());
        }
        let is_due = |failed: &Failed| everything || failed.due.is_some_and(|due| due <= now);
        let again = &mut self.again;
        self.failed.retain(|tile, failed| {
            if !is_due(failed) {
                return true;
            }
            tiles.push(*tile);
            if everything {
                paths.append(&mut failed.paths);
            } else {
                again.insert(*tile, std::mem::take(&mut failed.paths));
            }
            false
        });
        (tiles, paths)
    }
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

/// Gives up what failed, so that it is selected and asked for anew: what is due by itself, and all where a person wants it.
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
        subtrees,
        ..
    } = tiles.bypass_change_detection();
    if is_wanted {
        Network::of_program().try_again();
        loader.try_again();
    }
    let mut mended: HashSet<String> = HashSet::new();
    for (number, layer) in layers.iter_mut() {
        let (failed, paths) = layer.retries.take(is_wanted);
        mended.extend(paths);
        for tile in failed {
            if layer.resident.contains_key(&tile) {
                // Some of its contents came: the others come with all of them.
                let key = TileKey { layer: *number, tile };
                residency.remove(key);
                layer.evict(tile, &mut commands, &mut rows);
            } else {
                layer.state.set_content(tile, ContentState::Unloaded);
            }
        }
        if is_wanted {
            subtrees.retry(*number, layer);
        }
        let is_on_server = source_of(layer, &scenario).is_some_and(|source| is_url(&source.path));
        if is_wanted && is_on_server && matches!(layer.tree, Tree::Failed) {
            layer.tree = Tree::Unasked;
            mended.extend(source_of(layer, &scenario).map(|source| plain_path(&source.path).to_owned()));
        }
    }
    if !mended.is_empty() {
        problems.0.retain(|problem| !mended.contains(&problem.path));
        stats.failed.retain(|(path, _)| !mended.contains(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_taken_once_and_the_rest_when_a_person_wants_it() {
        let mut retries = Retries::default();
        retries.note(TileId(1), vec!["a".into()], Some(Duration::ZERO));
        retries.note(TileId(2), vec!["b".into()], Some(Duration::from_hours(1)));
        retries.note(TileId(3), vec!["c".into()], None);
        retries.note(TileId(4), vec!["d".into()], None);
        retries.note(TileId(4), Vec::new(), None);
        assert_eq!(retries.take(false), (vec![TileId(1)], Vec::new()));
        assert!(retries.is_listed(TileId(1), "a") && !retries.is_listed(TileId(1), "b"));
        assert_eq!(retries.take(false), (Vec::new(), Vec::new()));
        assert_eq!(retries.take(true).0, [TileId(2), TileId(3)]);
        assert_eq!(retries.take(true).0, []);
        assert!(
            !retries.is_listed(TileId(1), "a"),
            "a person asked: the list starts anew"
        );
    }

    #[test]
    fn what_is_asked_for_again_stays_listed_until_it_comes() {
        let mut retries = Retries::default();
        let (tile, both) = (TileId(1), vec!["a".to_owned(), "b".to_owned()]);
        retries.note(tile, both.clone(), Some(Duration::ZERO));
        assert_eq!(retries.take(false).0, [tile]);
        let mended = retries.note(tile, vec!["b".into()], Some(Duration::ZERO));
        assert_eq!(mended, ["a"]);
        assert_eq!(retries.take(false), (vec![tile], Vec::new()));
        assert_eq!(retries.note(tile, Vec::new(), None), ["b"]);
        assert_eq!(retries.note(tile, Vec::new(), None), [""; 0], "told once");
    }
}
