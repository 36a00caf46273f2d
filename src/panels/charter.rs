//! What a lens is for: its audience, its one question, the work it belongs to and the old step it replaces.

use crate::text::{Language, tr};
use crate::ui::{TextRole, Theme, widgets};
use bevy_egui::egui::Ui;

/// A charter in the language of the interface; what the scenario does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CharterState {
    /// For whom.
    pub audience: String,
    /// The one question it answers.
    pub question: String,
    /// Work process it belongs to.
    pub work_process: String,
    /// The old step it replaces.
    pub replaces: String,
}

/// Shows the charter.
pub fn show(ui: &mut Ui, state: &CharterState, language: &Language) {
    let parts = [
        (tr(language, "charter-question"), &state.question, TextRole::Heading),
        (tr(language, "charter-audience"), &state.audience, TextRole::Body),
        (tr(language, "charter-work"), &state.work_process, TextRole::Body),
        (tr(language, "charter-replaces"), &state.replaces, TextRole::Body),
    ];
    if parts.iter().all(|(_, words, _)| words.is_empty()) {
        widgets::paragraph(ui, &tr(language, "charter-none"));
    }
    for (name, words, role) in parts.iter().filter(|(_, words, _)| !words.is_empty()) {
        widgets::secondary(ui, name);
        widgets::text(ui, words, *role);
        ui.add_space(2.0 * Theme::STEP);
    }
}
