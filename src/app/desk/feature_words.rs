//! What is known of vector layers of any kind, put into cards and legends. Pure functions.

use super::cards::{format_value, unsure};
use super::state::fill;
use crate::model::Layer;
use crate::model::features::{Column, FeatureLayer, Measure, Rgb, Scale};
use crate::panels::card::{CardState, Fact};
use crate::panels::layers::{FeatureLook, LegendEntry};
use crate::text::{Language, format_number, tr, tr_args};
use crate::ui::widgets::SwatchEdge;
use crate::view::scene::ShownScenario;

/// Attributes that stand on the card at once; the others are asked for.
const MOST_FACTS: usize = 6;
/// Properties that can be chosen from: more do not fit a list.
const MOST_PROPERTIES: usize = 100;

/// A feature of a vector layer.
pub(super) fn feature_card(layer: &FeatureLayer, index: usize, of: Option<&Layer>, language: &Language) -> CardState {
    let attributes: Vec<Fact> = layer
        .table
        .row(index)
        .map(|(name, value)| Fact {
            name: name.to_owned(),
            value: format_value(&value, language),
        })
        .collect();
    let id = layer.features.get(index).and_then(|feature| feature.id.clone());
    let is_named = layer.style.label.is_some() || id.is_some();
    let name = if is_named {
        layer.name(index)
    } else {
        tr_args(language, "feature-number", &[("number", &layer.name(index))])
    };
    CardState {
        id: id.unwrap_or_default(),
        kind: of.map_or_else(
            || tr(language, "kind-feature"),
            |of| of.title.get(&language.code()).to_owned(),
        ),
        name,
        facts: attributes.iter().take(MOST_FACTS).cloned().collect(),
        certainty: unsure(of),
        source: of.map(|of| of.source.clone()).unwrap_or_default(),
        attributes,
        expanded: false,
    }
}

/// What can be chosen of how a vector layer looks; `None` for other layers.
pub(super) fn feature_look(id: &str, shown: &ShownScenario) -> Option<FeatureLook> {
    let mut layers = shown.open.features.iter().zip(shown.feature_styles());
    let (layer, style) = layers.find(|(layer, _)| layer.layer == id)?;
    let names = |columns: &mut dyn Iterator<Item = &Column>| -> Vec<String> {
        columns
            .map(|column| column.name.clone())
            .take(MOST_PROPERTIES)
            .collect()
    };
    let has_areas = layer.features.iter().any(|feature| !feature.areas.is_empty());
    let numbers = &mut layer.table.columns().iter().filter(|column| column.is_number());
    Some(FeatureLook {
        properties: names(&mut layer.table.columns().iter()),
        color_by: Some(&style.coloring)
            .filter(|coloring| **coloring != layer.style.coloring)
            .and_then(|coloring| coloring.property.clone()),
        heights: if has_areas { names(numbers) } else { Vec::new() },
        height_by: match &style.height {
            Some(Measure::Property(property)) => Some(property.clone()),
            _ => None,
        },
        label_by: style.map_label.clone(),
    })
}

/// What the colours of a vector layer mean.
pub(super) fn feature_legend(id: &str, shown: &ShownScenario, language: &Language) -> Vec<LegendEntry> {
    let mut layers = shown.open.features.iter().zip(shown.feature_styles());
    let Some((layer, style)) = layers.find(|(layer, _)| layer.layer == id) else {
        return Vec::new();
    };
    let coloring = &style.coloring;
    let entry = |label: String, color: Rgb| LegendEntry {
        label,
        fill: fill(color),
        edge: SwatchEdge::Solid,
    };
    if coloring.property.is_none() {
        return Vec::new();
    }
    let mut entries: Vec<LegendEntry> = match &coloring.scale {
        Scale::Categories(known) => known.iter().map(|(word, color)| entry(word.clone(), *color)).collect(),
        Scale::Classes(_) => {
            let ranges = coloring.ranges();
            let ends = ranges.iter().map(|((from, _), _)| *from);
            let decimals = decimals(&ends.collect::<Vec<_>>());
            let number = |number: f64| format_number(number, decimals, language);
            let range = |(from, to): (f64, Option<f64>)| match to {
                Some(to) => tr_args(
                    language,
                    "legend-from-to",
                    &[("from", &number(from)), ("to", &number(to))],
                ),
                None => tr_args(language, "legend-from", &[("from", &number(from))]),
            };
            ranges
                .into_iter()
                .map(|(ends, color)| entry(range(ends), color))
                .collect()
        }
    };
    if coloring.has_others(&layer.table, layer.features.len()) {
        entries.push(entry(tr(language, "legend-other"), coloring.other));
    }
    entries
}

/// Decimals that tell these numbers apart.
fn decimals(numbers: &[f64]) -> usize {
    let written = |decimals: usize| -> Vec<String> { numbers.iter().map(|n| format!("{n:.decimals$}")).collect() };
    let is_enough = |decimals: &usize| written(*decimals).windows(2).all(|pair| pair[0] != pair[1]);
    (0..4).find(is_enough).unwrap_or(4)
}
