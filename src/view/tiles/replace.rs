//! Other tiles in the place of those that are drawn, as another level of detail of a city model: they load unseen, and
//! take over in one frame when all that is in view of them is there.

use super::{
    TileLayers,
    heights::HeightsOfTiles,
    layer::{TileLayer, Tree},
    retry::Retries,
};
use crate::model::edit::CityModelReplaced;
use crate::model::{Layer, LayerKind, OpenScenario, TileHeights};
use crate::sources::Problem;
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
            self.loader.forget_layer(number);
            self.residency.remove_layer(number);
            let lines = lines_of(&mut self.layers, number);
            self.subtrees.forget_layer(number, lines);
            if let Some(layer) = self.layers.remove(&number) {
                layer.discard(commands, rows);
            }
        }
        let drawn = numbers(&self.layers, |drawn| drawn.id == layer.id);
        self.open(layer, open, chosen, drawn.first().copied());
    }
}

/// Lets those take over whose view is complete, or as good as it gets where `is_all_that_comes`; one that cannot be read leaves what is drawn. `forget` is told the number
/// of each layer that is gone, and what was listed of its tiles.
pub(super) fn finish_replacing(
    layers: &mut BTreeMap<u32, TileLayer>,
    is_all_that_comes: bool,
    scenario: &ShownScenario,
    visibilities: &mut Query<&mut Visibility>,
    commands: &mut Commands,
    rows: &mut FeatureRows,
    mut forget: impl FnMut(u32, Vec<Problem>),
) {
    for number in numbers(layers, |layer| layer.successor_of.is_some()) {
        let Some(layer) = layers.get_mut(&number) else { continue };
        let gone = match layer.tree {
            Tree::Failed => number,
            Tree::Open(_) if layer.is_all_there() || is_all_that_comes => {
                let Some(old) = layer.successor_of.take() else { continue };
                layer.follow_selection(rows, scenario, visibilities, commands);
                old
            }
            Tree::Open(_) | Tree::Opening(_) | Tree::Unasked => continue,
        };
        forget(gone, lines_of(layers, gone));
        if let Some(layer) = layers.remove(&gone) {
            layer.discard(commands, rows);
        }
    }
}

/// Takes what is listed of the tiles of a layer.
fn lines_of(layers: &mut BTreeMap<u32, TileLayer>, number: u32) -> Vec<Problem> {
    let retries = layers.get_mut(&number).map(|layer| std::mem::take(&mut layer.retries));
    retries.map(Retries::into_lines).unwrap_or_default()
}

fn numbers(layers: &BTreeMap<u32, TileLayer>, is_wanted: impl Fn(&TileLayer) -> bool) -> Vec<u32> {
    let wanted = layers.iter().filter(|(_, layer)| is_wanted(layer));
    wanted.map(|(number, _)| *number).collect()
}
