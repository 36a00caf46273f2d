//! The keys and what they do.

use crate::text::{Language, tr};
use crate::ui::{TextRole, Theme, widgets};
use bevy_egui::egui::Ui;

/// Shows every key that works at the desk.
pub fn show(ui: &mut Ui, language: &Language) {
    let space = tr(language, "keys-space");
    let arrows = ["←", "↑", "→", "↓"];
    let rows: [(&[&str], String); 14] = [
        (&["1", "…", "9"], tr(language, "keys-variants")),
        (&["F1", "F2", "F3"], tr(language, "keys-lenses")),
        (&[&space], tr(language, "keys-home")),
        (&["N"], tr(language, "keys-north")),
        (&["S"], tr(language, "keys-sun")),
        (&arrows, tr(language, "keys-move")),
        (&["Shift", "←", "→"], tr(language, "keys-turn")),
        (&["Shift", "↑", "↓"], tr(language, "keys-tilt")),
        (&["+", "−"], tr(language, "keys-zoom")),
        (&["Tab"], tr(language, "keys-focus")),
        (&["Ctrl", "O"], tr(language, "keys-open")),
        (&["Ctrl", "Q"], tr(language, "keys-quit")),
        (&["Esc"], tr(language, "keys-back")),
        (&["?"], tr(language, "keys-help")),
    ];
    let column = Theme::of(ui.ctx()).size(TextRole::Small) * 9.0;
    for (keys, what) in &rows {
        widgets::key_cap_row(ui, keys, what, column);
    }
    widgets::separator(ui);
    widgets::secondary(ui, &tr(language, "keys-mouse"));
    widgets::secondary(ui, &tr(language, "keys-touch"));
}
