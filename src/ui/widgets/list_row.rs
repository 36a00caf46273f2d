//! A row of a list of which one is chosen: a round mark, a name, a line about it, the key that does the same.

use super::focus;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{
    CornerRadius, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetType, pos2,
};

/// What a row says.
#[derive(Debug, Clone, Copy)]
pub struct ListRow<'a> {
    /// Name.
    pub label: &'a str,
    /// A line about it, may be empty.
    pub detail: &'a str,
    /// Key that chooses it, may be empty.
    pub shortcut: &'a str,
    /// It is the chosen one.
    pub selected: bool,
}

/// Shows `row` over the whole width.
pub fn list_row(ui: &mut Ui, row: &ListRow<'_>) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let mark = theme.size(TextRole::Body);
    let inset = 2.0 * Theme::STEP;
    let key = (!row.shortcut.is_empty())
        .then(|| theme.galley(ui, row.shortcut, TextRole::Small, tokens.muted, f32::INFINITY, 1));
    let key_width = key
        .as_ref()
        .map_or(0.0, |key| key.size().x.max(key.size().y) + 3.0 * Theme::STEP);
    let text_left = inset + mark + inset;
    let room = ui.available_width() - text_left - key_width - inset;
    let role = if row.selected { TextRole::Strong } else { TextRole::Body };
    let name = theme.galley(ui, row.label, role, tokens.ink, room, 2);
    // Large letters would leave a few words a line beside the mark: they go below it, over the whole width. The chosen row
    // tells all, the others their beginning.
    let detail_left = if theme.text_scale > 1.4 { inset } else { text_left };
    let detail_room = ui.available_width() - detail_left - if theme.text_scale > 1.4 { 0.0 } else { key_width } - inset;
    let most_rows = if row.selected { 12 } else { 3 };
    let detail = (!row.detail.is_empty())
        .then(|| theme.galley(ui, row.detail, TextRole::Small, tokens.muted, detail_room, most_rows));
    let is_cut = detail.as_ref().is_some_and(|detail| detail.elided);
    let text_height = name.size().y + detail.as_ref().map_or(0.0, |detail| detail.size().y + 2.0);
    let height = (text_height + 2.0 * 1.25 * Theme::STEP).max(theme.control_height());

    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::click());
    focus::follow(&response);
    response.widget_info(|| WidgetInfo::selected(WidgetType::RadioButton, ui.is_enabled(), row.selected, row.label));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let radius = CornerRadius::same(Theme::RADIUS);
        if row.selected {
            painter.rect_filled(rect, radius, tokens.tint(theme.accent));
        } else if response.hovered() {
            painter.rect_filled(rect, radius, tokens.hover);
        }
        let name_top = if detail.is_some() {
            rect.center().y - text_height / 2.0
        } else {
            rect.center().y - name.size().y / 2.0
        };
        let first_line = name_top + theme.size(TextRole::Body) * 0.7;
        let center = pos2(rect.left() + inset + mark / 2.0, first_line);
        let outline = if row.selected { theme.accent } else { tokens.line };
        painter.circle_stroke(center, mark / 2.0 - 1.0, Stroke::new(1.5, outline));
        if row.selected {
            painter.circle_filled(center, mark / 2.0 - 4.0, theme.accent);
        }
        let name_height = name.size().y;
        painter.galley(pos2(rect.left() + text_left, name_top), name, tokens.ink);
        if let Some(detail) = detail {
            painter.galley(
                pos2(rect.left() + detail_left, name_top + name_height + 2.0),
                detail,
                tokens.muted,
            );
        }
        if let Some(key) = key {
            let size = Vec2::new(key.size().x.max(key.size().y) + Theme::STEP, key.size().y + 2.0);
            let cap = Rect::from_center_size(pos2(rect.right() - inset - size.x / 2.0, first_line), size);
            painter.rect_stroke(
                cap,
                CornerRadius::same(4),
                Stroke::new(1.0, tokens.hairline),
                StrokeKind::Inside,
            );
            painter.galley(cap.center() - key.size() / 2.0, key, tokens.muted);
        }
        focus::ring(ui, &theme, &response, rect);
    }
    if is_cut {
        response.on_hover_text(row.detail)
    } else {
        response
    }
}
