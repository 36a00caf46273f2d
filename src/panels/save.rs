//! A file that somebody wants to keep. Who makes it says what is in it; the program asks where it goes and writes it:
//! in the system's dialog, and on machines that show none in a field for the path.

use crate::text::{Language, tr};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind};
use bevy::prelude::Message;
use bevy_egui::egui::Ui;
use egui_phosphor::regular;
use std::{fmt, sync::Arc};

/// Request: ask where a file should go, make it and write it there, all beside the picture, and say how that went.
#[derive(Message, Clone)]
pub struct SaveFile {
    /// Name that the dialog proposes, with its ending.
    pub name: String,
    /// Makes the bytes; run on a worker thread, and only once a place was chosen.
    pub content: Arc<dyn Fn() -> Vec<u8> + Send + Sync>,
}

impl fmt::Debug for SaveFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaveFile")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What the field for the path shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavePlaceState {
    /// What stands in it.
    pub path: String,
    /// Why that place will not do, in words; empty if nothing is wrong.
    pub complaint: String,
}

/// Shows the field; returns the path that was asked for.
pub fn show(ui: &mut Ui, state: &mut SavePlaceState, language: &Language) -> Option<String> {
    let typed = widgets::path_field(ui, &mut state.path, &tr(language, "save-path"));
    if typed.is_changed {
        state.complaint.clear();
    }
    widgets::complaint(ui, &state.complaint);
    ui.add_space(2.0 * Theme::STEP);
    let path = state.path.trim();
    let save = tr(language, "save-button");
    let pressed = ui.add_enabled_ui(!path.is_empty(), |ui| {
        widgets::button(ui, regular::DOWNLOAD_SIMPLE, &save, ButtonKind::Primary).clicked()
    });
    ((typed.is_entered || pressed.inner) && !path.is_empty()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui::vec2;
    use egui_kittest::{Harness, kittest::Queryable as _};

    type Shown = (SavePlaceState, Vec<String>);

    fn harness(path: &str, code: &str, text_scale: f32) -> Harness<'static, Shown> {
        let language = Language::from_code(code).unwrap();
        let state = SavePlaceState {
            path: path.into(),
            complaint: tr(&language, "save-taken"),
        };
        let mut harness = Harness::builder().with_size(vec2(480.0, 300.0)).build_ui_state(
            move |ui, (state, asked): &mut Shown| {
                Theme::new(false, text_scale).install(ui.ctx());
                asked.extend(show(ui, state, &language));
            },
            (state, Vec::new()),
        );
        harness.run();
        harness
    }

    #[test]
    fn the_path_is_handed_out_by_the_button_and_an_empty_one_is_not() {
        let mut harness = harness(" /tmp/werklijst.csv ", "nl", 1.0);
        harness.get_by_label("Opslaan").click();
        harness.run();
        assert_eq!(harness.state().1, ["/tmp/werklijst.csv"]);
        harness.state_mut().0.path = "  ".into();
        harness.run();
        harness.get_by_label("Opslaan").click();
        harness.run();
        assert_eq!(harness.state().1.len(), 1);
    }

    #[test]
    fn it_fits_a_dialog_in_every_language_at_twice_the_size() {
        for language in Language::available() {
            let path = "/home/somebody/Documents/a-rather-long-name-of-a-list-of-work-to-do-outside.csv";
            let harness = harness(path, &language.code(), 2.0);
            for name in ["save-path", "save-button", "save-taken"] {
                for node in harness.get_all_by_label(&tr(&language, name)) {
                    let rect = node.rect();
                    assert!(rect.left() >= 0.0 && rect.right() <= 480.0, "{name}: {rect}");
                }
            }
        }
    }
}
