//! Which layer a record of an open scenario comes from.

use super::{Layer, LayerKind, OpenScenario};

impl OpenScenario {
    /// The layer in whose tiles the building at this place in the register stands.
    pub fn layer_of_building(&self, index: usize) -> Option<&Layer> {
        let layers = &self.scenario.layers;
        match self.building_layers.iter().find(|(_, end)| index < *end) {
            Some((id, _)) => layers.iter().find(|layer| layer.id == *id),
            // A city model that was opened by itself has one layer and no list of them.
            None => layers.iter().find(|layer| layer.kind == LayerKind::Tiles3d),
        }
    }

    /// The layer of the managed object at this place in the list.
    pub fn layer_of_asset(&self, index: usize) -> Option<&Layer> {
        let (id, _) = self.asset_layers.iter().find(|(_, end)| index < *end)?;
        self.scenario.layers.iter().find(|layer| layer.id == *id)
    }
}
