//! From what the heights of a tile layer are measured, in words and as choices.

use crate::app::heights::off_ground_words;
use crate::georef::{HeightReference, SiteFrame};
use crate::model::{Layer, LayerKind, TileHeights};
use crate::panels::layer_heights::HeightsRow;
use crate::text::{Language, format_number, tr, tr_args};
use crate::view::scene::ShownScenario;
use crate::view::tiles::HeightsOfTiles;

/// What can be chosen of a layer, and which of it is shown, by its place.
pub(super) fn choices(layer: &Layer, site: &SiteFrame, known: &HeightsOfTiles) -> (Vec<TileHeights>, usize) {
    let said = layer.tile_heights();
    let now = known.chosen(&layer.id).unwrap_or(said);
    let mut all = match site {
        SiteFrame::RdNap { .. } => vec![
            TileHeights::From(HeightReference::Nap),
            TileHeights::From(HeightReference::Ellipsoid),
        ],
        SiteFrame::Enu { .. } => vec![TileHeights::From(HeightReference::Ellipsoid)],
        SiteFrame::Local => Vec::new(),
    };
    let found = known.found(&layer.id).map(|off| off.mend);
    for heights in [Some(said), Some(now), found].into_iter().flatten() {
        if !all.contains(&heights) {
            all.push(heights);
        }
    }
    let at = all.iter().position(|heights| *heights == now).unwrap_or(0);
    (all, at)
}

/// The row below a layer; `None` where nothing can be chosen. A layer whose register is known stands right, unless the
/// ground says otherwise.
pub(super) fn row(
    layer: &Layer,
    shown: &ShownScenario,
    known: &HeightsOfTiles,
    language: &Language,
) -> Option<HeightsRow> {
    let is_of_concern =
        layer.register.is_none() || known.chosen(&layer.id).is_some() || known.found(&layer.id).is_some();
    // A city model is tiled by this program, from coordinates that say what they are.
    if layer.kind != LayerKind::Tiles3d || shown.open.detail.is_some() || !is_of_concern {
        return None;
    }
    let (all, chosen) = choices(layer, &shown.open.scenario.area.site, known);
    if all.len() < 2 {
        return None;
    }
    let off_ground = known.found(&layer.id).and_then(|off| {
        let mend = all.iter().position(|heights| *heights == off.mend)?;
        Some((off_ground_words(off, language), mend))
    });
    Some(HeightsRow {
        choices: all.into_iter().map(|heights| words_of(heights, language)).collect(),
        chosen,
        off_ground,
    })
}

fn words_of(heights: TileHeights, language: &Language) -> String {
    match heights {
        TileHeights::From(HeightReference::Nap) => tr(language, "heights-nap"),
        TileHeights::From(HeightReference::Ellipsoid) => tr(language, "heights-ellipsoid"),
        TileHeights::Moved(up_m) => {
            let metres = format_number(up_m.abs(), 1, language);
            let key = if up_m < 0.0 {
                "heights-moved-down"
            } else {
                "heights-moved-up"
            };
            tr_args(language, key, &[("m", &metres)])
        }
    }
}
