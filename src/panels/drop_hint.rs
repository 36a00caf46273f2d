//! What is shown while a file hangs over the window: that it can be let go here, and what would be done with it.

use crate::ui::{Theme, widgets};
use bevy_egui::egui::{Align2, Area, Context, CornerRadius, Frame, Id, LayerId, Margin, Order, Rect, Shape, Stroke};
use egui_phosphor::regular;

/// Shows dashes around `room` and in its middle `words` about what happens when it is let go.
pub(super) fn show(ctx: &Context, room: Rect, words: &str) {
    let theme = Theme::of(ctx);
    let edge = room.shrink(2.0 * Theme::STEP);
    let painter = ctx.layer_painter(LayerId::new(Order::Middle, Id::new("drop-edge")));
    let corners = [
        edge.left_top(),
        edge.right_top(),
        edge.right_bottom(),
        edge.left_bottom(),
        edge.left_top(),
    ];
    painter.rect_filled(room, 0.0, theme.tokens.ground.gamma_multiply(0.35));
    painter.extend(Shape::dashed_line(&corners, Stroke::new(3.0, theme.accent), 14.0, 8.0));
    Area::new(Id::new("drop-hint"))
        .order(Order::Foreground)
        .pivot(Align2::CENTER_CENTER)
        .fixed_pos(room.center())
        .movable(false)
        .interactable(false)
        .fade_in(false)
        .show(ctx, |ui| {
            Frame::new()
                .fill(theme.tokens.ground)
                .stroke(Stroke::new(1.0, theme.tokens.line))
                .corner_radius(CornerRadius::same(Theme::RADIUS))
                .shadow(theme.shadow())
                .inner_margin(Margin::same(16))
                .show(ui, |ui| {
                    ui.set_max_width((room.width() - 6.0 * Theme::PADDING).max(120.0));
                    ui.horizontal(|ui| {
                        let icon = theme.icon(ui, regular::DOWNLOAD_SIMPLE, theme.accent);
                        ui.label(bevy_egui::egui::WidgetText::Galley(icon));
                        widgets::strong(ui, words);
                    });
                });
        });
}
