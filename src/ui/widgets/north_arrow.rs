//! The arrow that points north; pressing it turns the view north.

use super::focus;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Color32, Pos2, Response, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, WidgetType, vec2};

/// Shows the arrow for a view that looks `heading_rad` clockwise from grid north, with `letter` (N) at its tip.
pub fn north_arrow(ui: &mut Ui, heading_rad: f32, letter: &str, label: &str) -> Response {
    let theme = Theme::of(ui.ctx());
    let side = theme.control_height() + 2.0 * Theme::STEP;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    focus::follow(&response);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, ui.is_enabled(), label));
    if ui.is_rect_visible(rect) {
        let tokens = &theme.tokens;
        let fill = if response.hovered() {
            tokens.hover
        } else {
            tokens.ground
        };
        let painter = ui.painter();
        painter.circle(rect.center(), side / 2.0 - 1.0, fill, Stroke::new(1.0, tokens.line));
        // Turning the view clockwise turns north anticlockwise.
        let north = Vec2::angled(-std::f32::consts::FRAC_PI_2 - heading_rad);
        let east = vec2(-north.y, north.x);
        let center = rect.center();
        let at = |along: f32, across: f32| -> Pos2 { center + north * (along * side) + east * (across * side) };
        let half = |across: f32, color: Color32| {
            Shape::convex_polygon(
                vec![at(0.13, 0.0), at(-0.32, across), at(-0.22, 0.0)],
                color,
                Stroke::NONE,
            )
        };
        painter.add(half(-0.12, tokens.ink));
        painter.add(half(0.12, tokens.line));
        let galley = theme.galley(ui, letter, TextRole::Small, tokens.ink, side, 1);
        painter.galley(at(0.32, 0.0) - galley.size() / 2.0, galley, tokens.ink);
        focus::ring(ui, &theme, &response, rect);
    }
    response.on_hover_text(label)
}
