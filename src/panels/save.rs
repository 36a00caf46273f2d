//! A file that somebody wants to keep. Who makes it says what is in it; the program asks where it goes and writes it:
//! in the system's dialog, and on machines that show none in a field for the path.

use crate::text::{Language, tr};
use crate::ui::widgets::{self, PathQuestion};
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
    let question = PathQuestion {
        name: &tr(language, "save-path"),
        icon: regular::DOWNLOAD_SIMPLE,
        button: &tr(language, "save-button"),
    };
    widgets::path_question(ui, &mut state.path, &mut state.complaint, question)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::page_harness;
    use crate::ui::Theme;
    use bevy_egui::egui::{Key, accesskit::Role, vec2};
    use egui_kittest::{Harness, kittest::Queryable as _};

    type Shown = (SavePlaceState, Vec<String>);

    fn harness(path: &str, code: &str, text_scale: f32) -> Harness<'static, Shown> {
        let language = Language::from_code(code).unwrap();
        let state = SavePlaceState {
            path: path.into(),
            complaint: tr(&language, "save-taken"),
        };
        page_harness::dialog(state, show, code, [480.0, 300.0], text_scale)
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

    /// The dialog as the window shows it, what it gave, and how often it was closed.
    #[derive(Default)]
    struct Asked {
        is_open: bool,
        state: SavePlaceState,
        paths: Vec<String>,
        closed: usize,
    }

    fn dialog(path: &str) -> Harness<'static, Asked> {
        let language = Language::from_code("nl").unwrap();
        let asked = Asked {
            is_open: true,
            state: SavePlaceState {
                path: path.into(),
                complaint: String::new(),
            },
            ..Asked::default()
        };
        let mut harness = Harness::builder().with_size(vec2(800.0, 600.0)).build_ui_state(
            move |ui, asked: &mut Asked| {
                Theme::new(false, 1.0).install(ui.ctx());
                if !asked.is_open {
                    return;
                }
                let mut given = None;
                let is_closed = widgets::dialog(ui.ctx(), "save place", "Opslaan", "Sluiten", 480.0, |ui| {
                    given = show(ui, &mut asked.state, &language);
                });
                asked.closed += usize::from(is_closed);
                asked.is_open = !is_closed && given.is_none();
                asked.paths.extend(given);
            },
            asked,
        );
        harness.run();
        harness
    }

    /// Brings the dialog up again, after a frame without it.
    fn reopen(harness: &mut Harness<'_, Asked>) {
        harness.step();
        harness.state_mut().is_open = true;
        harness.run();
    }

    fn has_keyboard(harness: &Harness<'_, Asked>) -> bool {
        harness
            .get_by_role_and_label(Role::TextInput, "Waar moet het bestand komen?")
            .is_focused()
    }

    #[test]
    fn the_field_has_the_keyboard_whenever_it_comes_up_and_enter_saves() {
        let mut harness = dialog("/tmp/werklijst");
        for expected in ["/tmp/werklijst.csv", "/tmp/werklijst.csv.csv"] {
            assert!(has_keyboard(&harness));
            harness.event(bevy_egui::egui::Event::Text(".csv".into()));
            harness.run();
            harness.key_press(Key::Enter);
            harness.run();
            assert!(!harness.state().is_open);
            assert_eq!(harness.state().paths.last().map(String::as_str), Some(expected));
            // The place would not do: it is asked for again.
            reopen(&mut harness);
        }
        assert_eq!((harness.state().paths.len(), harness.state().closed), (2, 0));
    }

    #[test]
    fn escape_closes_it_without_a_path_and_the_keyboard_may_go_elsewhere() {
        let mut harness = dialog("/tmp/werklijst.csv");
        harness.key_press(Key::Tab);
        harness.run();
        assert!(!has_keyboard(&harness), "it does not hold on to it");
        for is_in_field in [false, true] {
            assert_eq!(has_keyboard(&harness), is_in_field);
            harness.key_press(Key::Escape);
            harness.run();
            assert!(!harness.state().is_open);
            reopen(&mut harness);
        }
        assert_eq!((harness.state().paths.len(), harness.state().closed), (0, 2));
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
