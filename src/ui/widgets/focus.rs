//! Where the keyboard is.

use crate::ui::Theme;
use bevy_egui::egui::{CornerRadius, Rect, Response, Stroke, StrokeKind, Ui};

/// A ring just outside `rect` while `response` has the keyboard.
pub(super) fn ring(ui: &Ui, theme: &Theme, response: &Response, rect: Rect) {
    if response.has_focus() {
        ui.painter().rect_stroke(
            rect.expand(2.0),
            CornerRadius::same(Theme::RADIUS + 2),
            Stroke::new(2.0, theme.tokens.ink),
            StrokeKind::Inside,
        );
    }
}

/// Scrolls to `response` when the keyboard comes to it, so that the focus is never out of sight.
pub(super) fn follow(response: &Response) {
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
}
