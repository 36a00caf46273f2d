//! A switch with words.

use super::focus;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetType, pos2};

/// Shows `label` with a switch after it over the whole width; pressing anywhere on the row turns `on`.
pub fn toggle(ui: &mut Ui, label: &str, on: &mut bool) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let knob = theme.size(TextRole::Body);
    let track = Vec2::new(knob * 2.0 + 2.0, knob + 4.0);
    let width = ui.available_width();
    let words = theme.galley(
        ui,
        label,
        TextRole::Body,
        tokens.ink,
        width - track.x - Theme::PADDING,
        2,
    );
    let height = theme.control_height().max(words.size().y + Theme::STEP);
    let (rect, mut response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    focus::follow(&response);
    response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, ui.is_enabled(), *on, label));
    if ui.is_rect_visible(rect) {
        let at = pos2(rect.left(), rect.center().y - words.size().y / 2.0);
        ui.painter().galley(at, words, tokens.ink);
        let slot = bevy_egui::egui::Rect::from_center_size(pos2(rect.right() - track.x / 2.0, rect.center().y), track);
        let (fill, outline) = if *on {
            (theme.accent, theme.accent)
        } else {
            (tokens.field, tokens.line)
        };
        let painter = ui.painter();
        painter.rect(slot, track.y / 2.0, fill, Stroke::new(1.5, outline), StrokeKind::Inside);
        let how_far = ui.ctx().animate_bool(response.id, *on);
        let reach = slot.shrink(track.y / 2.0);
        let x = bevy_egui::egui::lerp(reach.left()..=reach.right(), how_far);
        let ink = if *on { tokens.on_accent } else { tokens.line };
        painter.circle_filled(pos2(x, slot.center().y), knob / 2.0 - 1.5, ink);
        focus::ring(ui, &theme, &response, rect);
    }
    response
}
