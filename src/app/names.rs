//! Names on the city: laid out by the view, painted here under the panels.

use super::choices::Choices;
use super::desk::ShownZones;
use crate::model::LayerKind;
use crate::ui::{TextRole, Theme, Tokens};
use crate::view::{
    labels::{LabelStyle, PlacedLabel, place_labels},
    scene::ShownScenario,
    site_view::SiteView,
};
use bevy::math::DVec2;
use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Color32, FontId, LayerId, Pos2, Stroke, epaint::TextShape, pos2, vec2},
};

/// Paints the names of streets and landmarks where their layer is visible.
pub(super) fn paint_names(
    mut contexts: EguiContexts,
    shown: Option<Res<ShownScenario>>,
    view: Res<SiteView>,
    zones: Res<ShownZones>,
    choices: Res<Choices>,
) -> Result {
    let (Some(shown), Some(zones)) = (shown, zones.0) else { return Ok(()) };
    if !shown.is_kind_visible(LayerKind::Labels) {
        return Ok(());
    }
    let ctx = contexts.ctx_mut()?;
    let theme = Theme::of(ctx);
    let painter = ctx.layer_painter(LayerId::background()).with_clip_rect(zones.view);
    let style = LabelStyle {
        size_pt: f64::from(theme.size(TextRole::Body)) * f64::from(choices.preferences.text_scale.min(1.5)),
        ..LabelStyle::default()
    };
    let font = |size_pt: f64| FontId::proportional(narrow(size_pt));
    let width_pt = |text: &str, size_pt: f64| {
        f64::from(painter.layout_no_wrap(text.to_owned(), font(size_pt), Color32::BLACK).size().x)
    };
    for label in place_labels(&shown.open.labels, &view, &style, width_pt, |_| true) {
        paint(&painter, &label, font(label.size_pt), &theme);
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "points on a screen")]
fn narrow(value: f64) -> f32 {
    value as f32
}

fn point(at: DVec2) -> Pos2 {
    pos2(narrow(at.x), narrow(at.y))
}

/// Ink with a soft paper edge, so that a name reads on roof, street and grass alike.
fn paint(painter: &egui::Painter, label: &PlacedLabel, font: FontId, theme: &Theme) {
    // The city is light in both themes, so are its names.
    let ink = Tokens::LIGHT.ink.gamma_multiply(narrow(label.strength));
    let paper = Tokens::LIGHT.ground.gamma_multiply(narrow(label.strength) * 0.8);
    if let Some([from, to]) = label.leader {
        painter.line_segment([point(from), point(to)], Stroke::new(2.5, paper));
        painter.line_segment([point(from), point(to)], Stroke::new(1.0, ink));
    }
    if label.is_landmark {
        let galley = painter.layout_no_wrap(label.text.clone(), font, ink);
        let plate = Align2::CENTER_CENTER.anchor_size(point(label.center), galley.size() + vec2(12.0, 6.0));
        painter.rect_filled(plate, f32::from(Theme::RADIUS), Tokens::LIGHT.ground.gamma_multiply(0.9));
        painter.galley(Align2::CENTER_CENTER.anchor_size(point(label.center), galley.size()).min, galley, ink);
        return;
    }
    let angle = narrow(label.angle_rad);
    let text = |color: Color32, offset: egui::Vec2| {
        let galley = painter.layout_no_wrap(label.text.clone(), font.clone(), color);
        let half = galley.size() / 2.0;
        let turned = egui::emath::Rot2::from_angle(angle) * half;
        TextShape::new(point(label.center) - turned + offset, galley, color).with_angle(angle)
    };
    for (x, y) in [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)] {
        painter.add(text(paper, vec2(x, y) * theme.text_scale));
    }
    painter.add(text(ink, egui::Vec2::ZERO));
}
