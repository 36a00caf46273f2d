//! Other tiles in the place of those that are drawn, as another level of detail of a city model: they load unseen, and
//! take over in one frame when all that is in view of them is there.

use super::{
    TileLayers,
    heights::HeightsOfTiles,
    layer::{TileLayer, Tree},
    select::account,
};
use crate::model::edit::CityModelReplaced;
use crate::model::{Layer, LayerKind, OpenScenario, TileHeights};
use crate::streaming::TileKey;
use crate::view::{feature_rows::FeatureRows, scene::ShownScenario};
use bevy::prelude::*;
use std::collections::BTreeMap;

/// Starts to read the new tiles. Those that were still coming when others were asked for give way.
pub(super) fn start_replacing(
    mut commands: Commands,
    mut replaced: MessageReader<CityModelReplaced>,
    scenario: Option<Res<ShownScenario>>,
    mut rows: ResMut<FeatureRows>,
    heights: Res<HeightsOfTiles>,
    mut tiles: ResMut<TileLayers>,
) {
    let (Some(_), Some(scenario)) = (replaced.read().last(), scenario) else {
        return;
    };
    let layers = &scenario.open.scenario.layers;
    for layer in layers.iter().filter(|layer| layer.kind == LayerKind::Tiles3d) {
        let chosen = heights.chosen(&layer.id);
        tiles.reopen(layer, &scenario.open, chosen, &mut commands, &mut rows);
    }
}

impl TileLayers {
    /// Starts to read a layer of `open` once more, in the place of what is drawn of it. What was still coming gives way.
    pub(super) fn reopen(
        &mut self,
        layer: &Layer,
        open: &OpenScenario,
        chosen: Option<TileHeights>,
        commands: &mut Commands,
        rows: &mut FeatureRows,
    ) {
        for number in numbers(&self.layers, |of| of.id == layer.id && of.successor_of.is_some()) {
            self.close(number, commands, rows);
        }
        let drawn = numbers(&self.layers, |drawn| drawn.id == layer.id);
        self.open(layer, open, chosen, drawn.first().copied());
    }

    /// Gives a layer up with all that is loaded and listed of it.
    fn close(&mut self, number: u32, commands: &mut Commands, rows: &mut FeatureRows) {
        self.loader.forget_layer(number);
        self.residency.remove_layer(number);
        let Some(mut layer) = self.layers.remove(&number) else {
            return;
        };
        let retries = std::mem::take(&mut layer.retries);
        self.subtrees.forget_layer(number, retries.into_lines());
        layer.discard(commands, rows);
    }

    /// Whether nothing more comes of a layer, for want of room, while the one that it replaces is there: then it takes over
    /// as it is. One of which nothing is drawn does so only where it gets room by that, or the picture would be empty.
    fn comes_no_further(&self, number: u32) -> bool {
        let Some(layer) = self.layers.get(&number) else {
            return false;
        };
        let (Tree::Open(tree), Some(selection), Some(old)) = (&layer.tree, &layer.selection, layer.successor_of) else {
            return false;
        };
        let needed = selection.load.get(..selection.needed).unwrap_or_default();
        // What is still read, and what was not looked at yet, may have room: others may be the ones that have none.
        if !self.ceiling.leaves_out() || needed.iter().any(|tile| tree.is_subtree_awaited(*tile)) {
            return false;
        }
        let keys = needed.iter().map(|tile| TileKey {
            layer: number,
            tile: *tile,
        });
        let needs: Option<Vec<u64>> = self.loader.needs(keys).into_iter().collect();
        let Some(needs) = needs else { return false };
        let is_drawn = !selection.render.is_empty() || !selection.stand_ins.is_empty();
        let is_old_drawn = self.layers.get(&old).is_some_and(|old| !old.shown.is_empty());
        if is_drawn || !is_old_drawn {
            return true;
        }
        let held_bytes = self.residency.layer_bytes(old);
        let taken_bytes = account(&self.loader, &self.ceiling, &self.residency, &self.waiting);
        let gets_room = |need| self.ceiling.has_room_instead(need, held_bytes, taken_bytes);
        needs.into_iter().any(gets_room)
    }
}

/// Lets those take over whose view is complete, or as good as it gets where it `is_still`; one that cannot be read leaves
/// what is drawn.
pub(super) fn finish_replacing(
    tiles: &mut TileLayers,
    is_still: bool,
    scenario: &ShownScenario,
    visibilities: &mut Query<&mut Visibility>,
    commands: &mut Commands,
    rows: &mut FeatureRows,
) {
    for number in numbers(&tiles.layers, |layer| layer.successor_of.is_some()) {
        let is_all_that_comes = is_still && tiles.comes_no_further(number);
        let Some(layer) = tiles.layers.get_mut(&number) else {
            continue;
        };
        let gone = match layer.tree {
            Tree::Failed => number,
            Tree::Open(_) if layer.is_all_there() || is_all_that_comes => {
                let Some(old) = layer.successor_of.take() else { continue };
                layer.follow_selection(rows, scenario, visibilities, commands);
                old
            }
            Tree::Open(_) | Tree::Opening(_) | Tree::Unasked => continue,
        };
        tiles.close(gone, commands, rows);
    }
}

fn numbers(layers: &BTreeMap<u32, TileLayer>, is_wanted: impl Fn(&TileLayer) -> bool) -> Vec<u32> {
    let wanted = layers.iter().filter(|(_, layer)| is_wanted(layer));
    wanted.map(|(number, _)| *number).collect()
}

#[cfg(test)]
#[path = "replace_tests.rs"]
mod tests;
