//! A sheet in the middle of the window that wants an answer or a glance; Esc, the cross and a press beside it close it.

use super::{icon_button, label};
use crate::ui::Theme;
use bevy_egui::egui::{Align, Context, CornerRadius, Frame, Id, Layout, Margin, Modal, ScrollArea, Stroke, Ui};
use egui_phosphor::regular;

/// Shows `content` on a sheet at most `width` points wide; returns whether it should close.
pub fn dialog(
    ctx: &Context,
    name: &str,
    title: &str,
    close_label: &str,
    width: f32,
    content: impl FnOnce(&mut Ui),
) -> bool {
    let theme = Theme::of(ctx);
    let screen = ctx.content_rect();
    let width = width.min(screen.width() - 4.0 * Theme::PADDING);
    let sheet = Frame::new()
        .fill(theme.tokens.ground)
        .stroke(Stroke::new(1.0, theme.tokens.hairline))
        .corner_radius(CornerRadius::same(Theme::RADIUS))
        .shadow(theme.shadow())
        .inner_margin(Margin::same(16));
    let response = Modal::new(Id::new(("dialog", name)))
        .frame(sheet)
        .backdrop_color(theme.tokens.backdrop)
        .show(ctx, |ui| {
            ui.set_width(width);
            // Else egui gives a new area 400 points, whatever it holds.
            ui.set_max_height(screen.height() - 4.0 * Theme::PADDING);
            let mut pressed = false;
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    pressed = icon_button(ui, regular::X, close_label).clicked();
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        label::heading(ui, title);
                    });
                });
            });
            ui.add_space(Theme::STEP);
            ScrollArea::vertical()
                .max_height(screen.height() - theme.control_height() - 6.0 * Theme::PADDING)
                .auto_shrink([false, true])
                .show(ui, content);
            pressed
        });
    response.inner || response.should_close()
}
