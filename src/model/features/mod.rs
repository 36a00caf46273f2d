//! Vector layers of any kind as they are shown: geometry in the site frame, a table of attributes, and a style.
//!
//! `table` holds the attributes, `style` says how a feature looks by them, `anchor` where its name stands. Nothing here draws and nothing reads files.

mod anchor;
mod style;
mod table;

pub use style::{Coloring, FeatureStyle, LegendRange, LineWidth, Measure, Rgb, Scale};
pub use table::{AttributeTable, Column, TableBuilder};

use crate::geometry::Polygon;
use bevy::math::DVec2;

/// A vector layer.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureLayer {
    /// Id of its layer in the scenario.
    pub layer: String,
    /// Its features; their places are the rows of `table`.
    pub features: Vec<SiteFeature>,
    /// What is known of them.
    pub table: AttributeTable,
    /// How they look at first.
    pub style: FeatureStyle,
}

impl FeatureLayer {
    /// What the feature at this place is called: the value of the property that names it, else its own id, else its
    /// number in the file.
    pub fn name(&self, place: usize) -> String {
        let named = self.style.label.as_deref().and_then(|label| self.table.column(label));
        let named = named.and_then(|column| column.text(place));
        let id = || self.features.get(place).and_then(|feature| feature.id.clone());
        named
            .filter(|name| !name.trim().is_empty())
            .or_else(id)
            .unwrap_or_else(|| (place + 1).to_string())
    }

    /// South-west and north-east corner of everything, site metres; `None` of nothing.
    pub fn bounds(&self) -> Option<(DVec2, DVec2)> {
        let boxes = self.features.iter().filter_map(SiteFeature::bounds);
        boxes.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

/// One feature, site metres. It may have parts of several kinds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteFeature {
    /// Its own id, where the file has one.
    pub id: Option<String>,
    /// Points.
    pub points: Vec<DVec2>,
    /// Lines of at least two points.
    pub lines: Vec<Vec<DVec2>>,
    /// Areas; rings may be wound either way and cross themselves.
    pub areas: Vec<Polygon>,
}

impl SiteFeature {
    /// Whether nothing of it can be drawn.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.lines.is_empty() && self.areas.is_empty()
    }

    /// South-west and north-east corner; `None` of nothing.
    pub fn bounds(&self) -> Option<(DVec2, DVec2)> {
        let corners = self.areas.iter().flat_map(|area| &area.exterior);
        let all = self.points.iter().chain(self.lines.iter().flatten()).chain(corners);
        all.fold(None, |found: Option<(DVec2, DVec2)>, p| {
            Some(found.map_or((*p, *p), |(low, high)| (low.min(*p), high.max(*p))))
        })
    }
}
