//! What is left of panels that are folded away: their icons, one below the other.

use super::icon_toggle;
use crate::ui::Theme;
use bevy_egui::egui::{CornerRadius, Frame, Margin, Stroke, Ui};

/// One icon.
#[derive(Debug, Clone, Copy)]
pub struct RailItem<'a> {
    /// Icon.
    pub icon: &'a str,
    /// Name of the panel, for the tooltip and screen readers.
    pub label: &'a str,
    /// Its panel is the one that is open.
    pub open: bool,
}

/// Shows the icons; returns the one that was pressed.
pub fn rail(ui: &mut Ui, items: &[RailItem<'_>]) -> Option<usize> {
    let theme = Theme::of(ui.ctx());
    let mut pressed = None;
    Frame::new()
        .fill(theme.tokens.ground)
        .stroke(Stroke::new(1.0, theme.tokens.hairline))
        .corner_radius(CornerRadius::same(Theme::RADIUS))
        .shadow(theme.shadow())
        .inner_margin(Margin::same(3))
        .show(ui, |ui| {
            ui.vertical(|ui| {
                for (index, item) in items.iter().enumerate() {
                    if icon_toggle(ui, item.icon, item.label, item.open).clicked() {
                        pressed = Some(index);
                    }
                }
            });
        });
    pressed
}
