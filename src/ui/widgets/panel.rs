//! The frame of a panel: a sheet of paper with a heading, an edge in the lens colour and a way to fold it away.

use super::{icon_button, label};
use crate::ui::Theme;
use bevy_egui::egui::{Align, CornerRadius, Frame, Layout, Margin, Rect, ScrollArea, Stroke, Ui};

/// Heading of a panel.
#[derive(Debug, Clone, Copy)]
pub struct PanelHead<'a> {
    /// What it shows.
    pub title: &'a str,
    /// Icon of the button that folds or closes it, may be empty for none.
    pub close_icon: &'a str,
    /// What that button does, for its tooltip and screen readers.
    pub close_label: &'a str,
}

/// Shows a panel that fills the width and is as high as it needs to be, at most `max_height` points: what `fixed` makes
/// stays below the heading, what `content` makes scrolls. `fixed` gives what the content is made from, so that both may
/// change the same things. Returns whether the button in the heading was pressed.
pub fn panel<T>(
    ui: &mut Ui,
    head: &PanelHead<'_>,
    max_height: f32,
    fixed: impl FnOnce(&mut Ui) -> T,
    content: impl FnOnce(&mut Ui, T),
) -> bool {
    let theme = Theme::of(ui.ctx());
    let mut pressed = false;
    let sheet = Frame::new()
        .fill(theme.tokens.ground)
        .stroke(Stroke::new(1.0, theme.tokens.hairline))
        .corner_radius(CornerRadius::same(Theme::RADIUS))
        .shadow(theme.shadow())
        .inner_margin(Margin {
            left: 15,
            right: 12,
            top: 8,
            bottom: 12,
        });
    let top = ui.cursor().top();
    let inner = sheet.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.set_min_height(theme.control_height());
            // The button first, from the right, so that a long title ends before it.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if !head.close_icon.is_empty() {
                    pressed = icon_button(ui, head.close_icon, head.close_label).clicked();
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    label::heading(ui, head.title);
                });
            });
        });
        let made = fixed(ui);
        let used = ui.cursor().top() - top + 12.0;
        ScrollArea::vertical()
            .id_salt(("panel", head.title))
            .max_height((max_height - used).max(theme.control_height()))
            .auto_shrink([false, true])
            .show(ui, |ui| content(ui, made));
    });
    let sheet = inner.response.rect;
    let edge = Rect::from_min_max(sheet.min, sheet.left_bottom() + bevy_egui::egui::vec2(3.0, 0.0));
    let radius = CornerRadius {
        nw: Theme::RADIUS,
        sw: Theme::RADIUS,
        ne: 0,
        se: 0,
    };
    ui.painter().rect_filled(edge, radius, theme.accent);
    pressed
}
