//! Plain texts in the sizes of the theme.

use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Label, Response, Sense, Stroke, Ui, Vec2};

/// `text` in `role`, wrapped to the width there is.
pub fn text(ui: &mut Ui, text: &str, role: TextRole) -> Response {
    let theme = Theme::of(ui.ctx());
    ui.add(Label::new(theme.rich(text, role)).wrap())
}

/// Running text.
pub fn paragraph(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, TextRole::Body)
}

/// Running text that stands out.
pub fn strong(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, TextRole::Strong)
}

/// Secondary text.
pub fn secondary(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, TextRole::Small)
}

/// Heading of a panel.
pub fn heading(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, TextRole::Heading)
}

/// Title of a screen.
pub fn title(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, TextRole::Title)
}

/// A hairline across, with room around it.
pub fn separator(ui: &mut Ui) {
    let theme = Theme::of(ui.ctx());
    let size = Vec2::new(ui.available_width(), 2.0 * Theme::STEP + 1.0);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter()
        .hline(rect.x_range(), rect.center().y, Stroke::new(1.0, theme.tokens.hairline));
}
