//! Which managed objects stand in the scenario as it is shown, asked for all of them at once: there are tens of thousands.

use super::ShownScenario;
use std::collections::{BTreeSet, HashSet};

impl ShownScenario {
    /// Which managed objects are visible by their layers, to be asked for many of them.
    pub fn asset_visibility(&self) -> AssetVisibility {
        let layers = self.open.asset_layers.iter();
        AssetVisibility(layers.map(|(id, end)| (*end, self.is_layer_visible(id))).collect())
    }

    /// Places of the managed objects that the variant and phase shown take away.
    pub fn removed_assets(&self) -> BTreeSet<usize> {
        let removals = self
            .active_variant()
            .into_iter()
            .flat_map(|variant| variant.removals_in(&self.open.scenario, self.phase.as_deref()));
        let ids: HashSet<&str> = removals
            .flat_map(|removal| removal.assets.iter().map(String::as_str))
            .collect();
        if ids.is_empty() {
            return BTreeSet::new();
        }
        let assets = self.open.assets.iter().enumerate();
        assets
            .filter(|(_, asset)| ids.contains(asset.id.as_str()))
            .map(|(place, _)| place)
            .collect()
    }
}

/// Which managed objects their layers show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetVisibility(Vec<(usize, bool)>);

impl AssetVisibility {
    /// Whether the object at this place in the scenario's list is visible; one of no layer is.
    pub fn shows(&self, place: usize) -> bool {
        let layer = self.0.iter().find(|(end, _)| place < *end);
        layer.is_none_or(|(_, is_visible)| *is_visible)
    }
}
