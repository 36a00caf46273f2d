//! A name and a value on one line, as in a table without lines.

use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{
    CornerRadius, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetType, pos2,
};

/// Shows `name` left and `value` right; where both do not fit, the value goes below.
pub fn fact(ui: &mut Ui, name: &str, value: &str) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let width = ui.available_width();
    let name_text = theme.galley(ui, name, TextRole::Small, tokens.muted, width, 2);
    let one_line = theme.galley(ui, value, TextRole::Body, tokens.ink, f32::INFINITY, 1);
    let gap = Theme::PADDING;
    let beside = name_text.rows.len() == 1 && name_text.size().x + gap + one_line.size().x <= width;
    let value_text = if beside {
        one_line
    } else {
        theme.galley(ui, value, TextRole::Body, tokens.ink, width, 6)
    };
    let height = if beside {
        name_text.size().y.max(value_text.size().y)
    } else {
        name_text.size().y + value_text.size().y
    };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, height + Theme::STEP), Sense::hover());
    let spoken = format!("{name}: {value}");
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &spoken));
    if ui.is_rect_visible(rect) {
        let top = rect.top() + Theme::STEP / 2.0;
        if beside {
            // On one baseline: the smaller letters stand lower by the difference in ascent, about the difference in size.
            let drop = value_text.size().y - name_text.size().y;
            let value_left = rect.right() - value_text.size().x;
            ui.painter()
                .galley(pos2(rect.left(), top + drop * 0.8), name_text, tokens.muted);
            ui.painter().galley(pos2(value_left, top), value_text, tokens.ink);
        } else {
            let below = top + name_text.size().y;
            ui.painter().galley(pos2(rect.left(), top), name_text, tokens.muted);
            ui.painter().galley(pos2(rect.left(), below), value_text, tokens.ink);
        }
    }
    response
}

/// Shows the keys `keys` as caps in a column of `keys_width` points and what they do beside it.
pub fn key_cap_row(ui: &mut Ui, keys: &[&str], what: &str, keys_width: f32) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let width = ui.available_width();
    let what_text = theme.galley(
        ui,
        what,
        TextRole::Body,
        tokens.ink,
        width - keys_width - Theme::PADDING,
        3,
    );
    let line = theme.size(TextRole::Body) * 1.4 + 2.0 * Theme::STEP;
    let height = (what_text.size().y + 2.0 * Theme::STEP).max(line);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::hover());
    let spoken = format!("{}: {what}", keys.join(" "));
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &spoken));
    if ui.is_rect_visible(rect) {
        let mut left = rect.left();
        for key in keys {
            let text = theme.galley(ui, key, TextRole::Small, tokens.ink, f32::INFINITY, 1);
            let size = Vec2::new(
                (text.size().x + 2.0 * 1.5 * Theme::STEP).max(text.size().y + Theme::STEP),
                text.size().y + Theme::STEP,
            );
            let cap = Rect::from_min_size(pos2(left, rect.center().y - size.y / 2.0), size);
            let outline = Stroke::new(1.0, tokens.line);
            ui.painter()
                .rect(cap, CornerRadius::same(4), tokens.field, outline, StrokeKind::Inside);
            ui.painter().galley(cap.center() - text.size() / 2.0, text, tokens.ink);
            left = cap.right() + Theme::STEP;
        }
        let at = pos2(
            rect.left() + keys_width + Theme::PADDING,
            rect.center().y - what_text.size().y / 2.0,
        );
        ui.painter().galley(at, what_text, tokens.ink);
    }
    response
}
