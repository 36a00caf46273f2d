//! What stands at the lower right of the view: the way home, the street, the sun, the small map, and the arrow to the north.

use crate::text::{Language, tr};
use crate::ui::{Theme, widgets};
use bevy_egui::egui::{CornerRadius, Frame, Margin, Stroke, Ui};
use egui_phosphor::regular;

/// What the tools show.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ToolsState {
    /// Where the view looks, clockwise from grid north, radians.
    pub heading_rad: f32,
    /// The view is at eye height on the street.
    pub walking: bool,
    /// The strip with the sun is open.
    pub sun_open: bool,
    /// The small map is open; `None` where there is nothing to show on it.
    pub map_open: Option<bool>,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolsAction {
    /// Fly to where the scenario starts.
    Home,
    /// Turn north.
    North,
    /// Down to the street, or back up.
    Walk,
    /// Open or close the strip with the sun.
    SetSunOpen(bool),
    /// Open or close the small map.
    SetMapOpen(bool),
}

/// Shows the tools, one below the other.
pub fn show(ui: &mut Ui, state: &ToolsState, language: &Language) -> Vec<ToolsAction> {
    let mut actions = Vec::new();
    let theme = Theme::of(ui.ctx());
    ui.vertical_centered(|ui| {
        Frame::new()
            .fill(theme.tokens.ground)
            .stroke(Stroke::new(1.0, theme.tokens.hairline))
            .corner_radius(CornerRadius::same(Theme::RADIUS))
            .shadow(theme.shadow())
            .inner_margin(Margin::same(3))
            .show(ui, |ui| {
                ui.set_width(theme.control_height());
                ui.spacing_mut().item_spacing.y = 2.0;
                if widgets::icon_button(ui, regular::HOUSE, &tr(language, "tools-home")).clicked() {
                    actions.push(ToolsAction::Home);
                }
                let walk = tr(language, "tools-walk");
                if widgets::icon_toggle(ui, regular::PERSON_SIMPLE_WALK, &walk, state.walking).clicked() {
                    actions.push(ToolsAction::Walk);
                }
                if widgets::icon_toggle(ui, regular::SUN, &tr(language, "tools-sun"), state.sun_open).clicked() {
                    actions.push(ToolsAction::SetSunOpen(!state.sun_open));
                }
                let open = state.map_open.unwrap_or_default();
                ui.add_enabled_ui(state.map_open.is_some(), |ui| {
                    if widgets::icon_toggle(ui, regular::MAP_TRIFOLD, &tr(language, "map-name"), open).clicked() {
                        actions.push(ToolsAction::SetMapOpen(!open));
                    }
                });
            });
        let letter = tr(language, "north-letter");
        if widgets::north_arrow(ui, state.heading_rad, &letter, &tr(language, "tools-north")).clicked() {
            actions.push(ToolsAction::North);
        }
    });
    actions
}
