//! A short notice that stays.

use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Color32, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetType, pos2};

/// Shows `icon` and `words` in `color` on a rounded ground; may be wider than tall by any measure but never wraps.
pub fn pill(ui: &mut Ui, icon: &str, words: &str, color: Color32) -> Response {
    let theme = Theme::of(ui.ctx());
    let glyph = theme.icon(ui, icon, color);
    let inset = Theme::PADDING;
    let gap = 1.5 * Theme::STEP;
    let room = ui.available_width() - glyph.size().x - gap - 2.0 * inset;
    let text = theme.galley(ui, words, TextRole::Strong, theme.tokens.ink, room, 1);
    let height = theme.control_height() - Theme::STEP;
    let size = Vec2::new(2.0 * inset + glyph.size().x + gap + text.size().x, height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, words));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        painter.rect(
            rect,
            height / 2.0,
            theme.tokens.ground,
            Stroke::new(1.0, color),
            StrokeKind::Inside,
        );
        let glyph_size = glyph.size();
        painter.galley(
            pos2(rect.left() + inset, rect.center().y - glyph_size.y / 2.0),
            glyph,
            color,
        );
        let at = pos2(
            rect.left() + inset + glyph_size.x + gap,
            rect.center().y - text.size().y / 2.0,
        );
        painter.galley(at, text, theme.tokens.ink);
    }
    response
}
