//! A row of what a search found: an icon, a name, and in smaller letters what it is.

use super::focus;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{CornerRadius, Response, Sense, Ui, Vec2, WidgetInfo, WidgetType, pos2};

/// What a row says.
#[derive(Debug, Clone, Copy)]
pub struct FoundRow<'a> {
    /// Icon.
    pub icon: &'a str,
    /// Name.
    pub label: &'a str,
    /// What it is.
    pub detail: &'a str,
    /// Enter takes this one.
    pub selected: bool,
}

/// Shows `row` over the whole width.
pub fn found_row(ui: &mut Ui, row: &FoundRow<'_>) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let inset = 2.0 * Theme::STEP;
    let glyph = theme.icon(ui, row.icon, tokens.muted);
    let text_left = inset + theme.icon_size() + inset;
    let room = ui.available_width() - text_left - inset;
    let role = if row.selected { TextRole::Strong } else { TextRole::Body };
    let name = theme.galley(ui, row.label, role, tokens.ink, room, 2);
    let detail = theme.galley(ui, row.detail, TextRole::Small, tokens.muted, room, 1);
    let text_height = name.size().y + detail.size().y;
    let height = (text_height + 1.5 * Theme::STEP).max(theme.control_height());
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::click());
    focus::follow(&response);
    let words = format!("{}, {}", row.label, row.detail);
    response.widget_info(|| WidgetInfo::selected(WidgetType::Button, ui.is_enabled(), row.selected, &words));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let radius = CornerRadius::same(Theme::RADIUS);
        if row.selected {
            painter.rect_filled(rect, radius, tokens.tint(theme.accent));
        } else if response.hovered() {
            painter.rect_filled(rect, radius, tokens.hover);
        }
        let top = rect.center().y - text_height / 2.0;
        let icon_at = pos2(rect.left() + inset, rect.center().y - glyph.size().y / 2.0);
        painter.galley(icon_at, glyph, tokens.muted);
        let below = top + name.size().y;
        painter.galley(pos2(rect.left() + text_left, top), name, tokens.ink);
        painter.galley(pos2(rect.left() + text_left, below), detail, tokens.muted);
        focus::ring(ui, &theme, &response, rect);
    }
    response
}
