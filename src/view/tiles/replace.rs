//! Other tiles in the place of those that are drawn, as another level of detail of a city model: they load unseen, and
//! take over in one frame when all that is in view of them is there.

use super::{
    TileLayers,
    layer::{TileLayer, Tree},
};
use crate::model::LayerKind;
use crate::model::edit::CityModelReplaced;
use crate::view::{feature_rows::FeatureRows, scene::ShownScenario};
use bevy::prelude::*;
use std::collections::BTreeMap;

/// Starts to read the new tiles. Those that were still coming when others were asked for give way.
pub(super) fn start_replacing(
    mut commands: Commands,
    mut replaced: MessageReader<CityModelReplaced>,
    scenario: Option<Res<ShownScenario>>,
    mut rows: ResMut<FeatureRows>,
    mut tiles: ResMut<TileLayers>,
) {
    let (Some(_), Some(scenario)) = (replaced.read().last(), scenario) else {
        return;
    };
    let coming = numbers(&tiles.layers, |layer| layer.successor_of.is_some());
    for number in coming {
        tiles.loader.forget_layer(number);
        tiles.subtrees.forget_layer(number);
        tiles.residency.remove_layer(number);
        if let Some(layer) = tiles.layers.remove(&number) {
            layer.discard(&mut commands, &mut rows);
        }
    }
    let layers = &scenario.open.scenario.layers;
    for layer in layers.iter().filter(|layer| layer.kind == LayerKind::Tiles3d) {
        let drawn = numbers(&tiles.layers, |drawn| drawn.id == layer.id);
        tiles.open(layer, &scenario.open, drawn.first().copied());
    }
}

/// Lets those take over whose view is complete; one that cannot be read leaves what is drawn. `forget` is told the number
/// of each layer that is gone.
pub(super) fn finish_replacing(
    layers: &mut BTreeMap<u32, TileLayer>,
    scenario: &ShownScenario,
    visibilities: &mut Query<&mut Visibility>,
    commands: &mut Commands,
    rows: &mut FeatureRows,
    mut forget: impl FnMut(u32),
) {
    for number in numbers(layers, |layer| layer.successor_of.is_some()) {
        let Some(layer) = layers.get_mut(&number) else { continue };
        let gone = match layer.tree {
            Tree::Failed => number,
            Tree::Open(_) if layer.is_all_there() => {
                let Some(old) = layer.successor_of.take() else { continue };
                layer.follow_selection(rows, scenario, visibilities, commands);
                old
            }
            Tree::Open(_) | Tree::Opening(_) | Tree::Unasked => continue,
        };
        forget(gone);
        if let Some(layer) = layers.remove(&gone) {
            layer.discard(commands, rows);
        }
    }
}

fn numbers(layers: &BTreeMap<u32, TileLayer>, is_wanted: impl Fn(&TileLayer) -> bool) -> Vec<u32> {
    let wanted = layers.iter().filter(|(_, layer)| is_wanted(layer));
    wanted.map(|(number, _)| *number).collect()
}
