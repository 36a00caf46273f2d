//! The pins of the notes on the city, with the numbers that stand in the list. Painted under the panels, the near ones
//! over the far ones and the open one over all; what the list leaves out has no pin.

use super::NotesDesk;
use crate::app::desk::ShownZones;
use crate::app::names::point;
use crate::ui::Theme;
use crate::ui::widgets::{Mark, MarkShape};
use crate::view::scene::ShownScenario;
use crate::view::site_view::SiteView;
use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{LayerId, Stroke, vec2},
};

/// More pins would hide the city.
const MOST_PINS: usize = 200;

pub(super) fn paint_pins(
    mut contexts: EguiContexts,
    desk: Res<NotesDesk>,
    shown: Option<Res<ShownScenario>>,
    view: Res<SiteView>,
    zones: Res<ShownZones>,
) -> Result {
    let (Some(_), Some(zones)) = (shown, zones.0) else {
        return Ok(());
    };
    let ctx = contexts.ctx_mut()?;
    let theme = Theme::of(ctx);
    let page = desk.page();
    let mut pins: Vec<_> = page
        .listed()
        .filter_map(|note| {
            let (pixel, depth_m) = view.pixel(note.anchor.position)?;
            let foot = point(pixel / view.pixels_per_point);
            let is_open = page.opened() == Some(note.id.as_str());
            let nearness = if is_open { 0.0 } else { depth_m };
            zones.view.contains(foot).then_some((nearness, foot, note, is_open))
        })
        .collect();
    pins.sort_by(|a, b| a.0.total_cmp(&b.0));
    pins.truncate(MOST_PINS);
    let painter = ctx.layer_painter(LayerId::background()).with_clip_rect(zones.view);
    for (_, foot, note, is_open) in pins.into_iter().rev() {
        let side = theme.icon_size() * if is_open { 1.6 } else { 1.2 };
        let head = foot - vec2(0.0, side * 1.5);
        painter.line_segment([foot, head], Stroke::new(4.0, theme.tokens.ground));
        painter.line_segment([foot, head], Stroke::new(2.0, theme.tokens.ink));
        painter.circle_filled(foot, 3.0, theme.tokens.ink);
        let color = if is_open { theme.accent } else { theme.tokens.ink };
        Mark {
            sign: &note.number.to_string(),
            shape: MarkShape::Square,
            color,
        }
        .paint(&painter, head, side);
    }
    Ok(())
}
