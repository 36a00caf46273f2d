//! How the vector layers look, which can be chosen while they are shown.

use super::ShownScenario;
use crate::model::FeatureStyle;
use crate::model::features::{Coloring, Measure};
use bevy::prelude::*;

/// What a vector layer is to look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureChoice {
    /// Coloured by the values of this property, or as the file asks.
    ColorBy(Option<String>),
    /// Standing as high above the ground as this property says, or lying on it.
    HeightBy(Option<String>),
    /// With the value of this property at each feature on the map, or without names.
    LabelBy(Option<String>),
}

/// Request: show a vector layer otherwise.
#[derive(Message, Debug, Clone)]
pub struct StyleFeatures {
    /// Layer id.
    pub id: String,
    /// What is chosen.
    pub choice: FeatureChoice,
}

impl ShownScenario {
    /// How the vector layers look now, in the order of the open scenario's `features`.
    pub fn feature_styles(&self) -> &[FeatureStyle] {
        &self.feature_styles
    }
}

/// Follows what is chosen.
pub(in crate::view) fn style_features(
    mut requests: MessageReader<StyleFeatures>,
    shown: Option<ResMut<ShownScenario>>,
) {
    let Some(mut shown) = shown else {
        requests.clear();
        return;
    };
    for StyleFeatures { id, choice } in requests.read() {
        let open = shown.open.clone();
        let Some(place) = open.features.iter().position(|layer| layer.layer == *id) else {
            continue;
        };
        let (Some(layer), Some(style)) = (open.features.get(place), shown.feature_styles.get_mut(place)) else {
            continue;
        };
        match choice {
            FeatureChoice::ColorBy(None) => style.coloring = layer.style.coloring.clone(),
            FeatureChoice::ColorBy(Some(property)) => style.coloring = Coloring::by(&layer.table, property),
            FeatureChoice::LabelBy(property) => style.map_label.clone_from(property),
            FeatureChoice::HeightBy(property) => style.height = property.clone().map(Measure::Property),
        }
    }
}
