//! Where a package should go, for machines that show no dialog to choose a place.

use crate::text::{Language, tr};
use crate::ui::Theme;
use crate::ui::widgets::{self, PathQuestion};
use bevy_egui::egui::Ui;
use egui_phosphor::regular;

/// What the dialog shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakeAlongState {
    /// What stands in the field for the path.
    pub path: String,
    /// Why that place will not do, in words; empty if nothing is wrong.
    pub complaint: String,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeAlongAction {
    /// Make the package at this path.
    Save(String),
}

/// Shows what goes along and the field for the path.
pub fn show(ui: &mut Ui, state: &mut TakeAlongState, language: &Language) -> Option<TakeAlongAction> {
    widgets::paragraph(ui, &tr(language, "take-along-about"));
    ui.add_space(2.0 * Theme::STEP);
    let question = PathQuestion {
        name: &tr(language, "take-along-path"),
        icon: regular::PACKAGE,
        button: &tr(language, "take-along-save"),
    };
    widgets::path_question(ui, &mut state.path, &mut state.complaint, question).map(TakeAlongAction::Save)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::page_harness;
    use bevy_egui::egui::accesskit::Role;
    use egui_kittest::{Harness, kittest::Queryable as _};

    type Shown = (TakeAlongState, Vec<TakeAlongAction>);

    fn harness(state: TakeAlongState, code: &str, text_scale: f32) -> Harness<'static, Shown> {
        page_harness::dialog(state, show, code, [480.0, 500.0], text_scale)
    }

    #[test]
    fn the_path_is_handed_out_by_the_button_and_an_empty_one_is_not() {
        let state = TakeAlongState {
            path: " /tmp/plan ".into(),
            complaint: "Er is al een bestand.".into(),
        };
        let mut harness = harness(state, "nl", 1.0);
        harness.get_by_label("Er is al een bestand.");
        harness.get_by_label("Bestand maken").click();
        harness.run();
        assert_eq!(harness.state().1, [TakeAlongAction::Save("/tmp/plan".into())]);
        harness.state_mut().0.path = "  ".into();
        harness.run();
        harness.get_by_label("Bestand maken").click();
        harness.run();
        assert_eq!(harness.state().1.len(), 1);
        let field = harness.get_by_role_and_label(Role::TextInput, "Waar moet het bestand komen?");
        field.focus();
        harness.run();
        let field = harness.get_by_role_and_label(Role::TextInput, "Waar moet het bestand komen?");
        field.type_text("a");
        harness.run();
        assert_eq!(harness.state().0.complaint, "", "another name, another answer");
    }

    #[test]
    fn it_fits_a_dialog_in_every_language_at_twice_the_size() {
        for language in Language::available() {
            let state = TakeAlongState {
                path: "/home/somebody/Documents/a-rather-long-name-of-a-plan.stadslens".into(),
                complaint: tr(&language, "take-along-taken"),
            };
            let harness = harness(state, &language.code(), 2.0);
            for name in [
                "take-along-path",
                "take-along-save",
                "take-along-taken",
                "take-along-about",
            ] {
                for node in harness.get_all_by_label(&tr(&language, name)) {
                    let rect = node.rect();
                    assert!(rect.left() >= 0.0 && rect.right() <= 480.0, "{name}: {rect}");
                }
            }
        }
    }
}
