//! The notice that what is shown is an example. It cannot be closed.

use crate::text::{Language, tr};
use crate::ui::{Theme, widgets};
use bevy_egui::egui::Ui;
use egui_phosphor::regular;

/// Shows the notice in at most the width there is.
pub fn show(ui: &mut Ui, language: &Language) {
    let warning = Theme::of(ui.ctx()).tokens.warning;
    let words = tr(language, "banner-synthetic");
    widgets::pill(ui, regular::INFO, &words, warning);
}
