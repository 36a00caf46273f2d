//! How a layer of measured points is coloured, and which of its classes are drawn: part of the layers page.

use crate::text::{Language, tr};
use crate::ui::Theme;
use crate::ui::widgets::{self, Chip, Mark, MarkShape};
use bevy_egui::egui::{Color32, Ui};

/// What the layers page shows of the points of a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coloring {
    /// Ways to colour them, in words.
    pub choices: Vec<String>,
    /// The way that holds, as its place in `choices`.
    pub active: usize,
    /// The classes that are there.
    pub classes: Vec<ClassRow>,
}

/// A class of measured points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRow {
    /// Its number.
    pub class: u8,
    /// What it is called.
    pub label: String,
    /// Its colour.
    pub fill: Color32,
    /// It is drawn.
    pub visible: bool,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColoringAction {
    /// Colour the points in the way at this place.
    Choose(usize),
    /// Draw a class or leave it out.
    SetClassVisible {
        /// Its number.
        class: u8,
        /// To be drawn.
        visible: bool,
    },
}

/// Shows the ways to colour and the classes, where there is something to choose.
pub fn show(ui: &mut Ui, state: &Coloring, language: &Language) -> Option<ColoringAction> {
    let mut asked = None;
    if state.choices.len() > 1 {
        widgets::secondary(ui, &tr(language, "points-color"));
        ui.horizontal_wrapped(|ui| {
            for (place, label) in state.choices.iter().enumerate() {
                let is_active = place == state.active;
                if widgets::chip(ui, &chip(label, None), is_active).clicked() && !is_active {
                    asked = Some(ColoringAction::Choose(place));
                }
            }
        });
        ui.add_space(Theme::STEP);
    }
    if state.classes.len() > 1 {
        widgets::secondary(ui, &tr(language, "points-classes"));
        ui.horizontal_wrapped(|ui| {
            for row in &state.classes {
                let mark = Mark {
                    sign: "",
                    shape: MarkShape::Square,
                    color: row.fill,
                };
                if widgets::chip(ui, &chip(&row.label, Some(mark)), row.visible).clicked() {
                    asked = Some(ColoringAction::SetClassVisible {
                        class: row.class,
                        visible: !row.visible,
                    });
                }
            }
        });
        ui.add_space(Theme::STEP);
    }
    asked
}

fn chip<'a>(label: &'a str, mark: Option<Mark<'a>>) -> Chip<'a> {
    Chip {
        icon: "",
        mark,
        label,
        count: "",
        is_narrow: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[derive(Default)]
    struct Shown {
        state: Coloring,
        asked: Vec<ColoringAction>,
    }

    fn harness(state: Coloring) -> Harness<'static, Shown> {
        let language = Language::from_code("nl").unwrap();
        let mut harness = Harness::builder().build_ui_state(
            move |ui, shown: &mut Shown| {
                Theme::new(false, 1.0).install(ui.ctx());
                shown.asked.extend(show(ui, &shown.state, &language));
            },
            Shown {
                state,
                asked: Vec::new(),
            },
        );
        harness.run();
        harness
    }

    #[test]
    fn what_is_pressed_is_asked_for_and_what_holds_already_is_not() {
        let row = |class, label: &str, visible| ClassRow {
            class,
            label: label.into(),
            fill: Color32::GRAY,
            visible,
        };
        let mut harness = harness(Coloring {
            choices: ["soort", "hoogte", "sterkte"].map(str::to_owned).into(),
            active: 0,
            classes: vec![row(2, "Maaiveld", true), row(6, "Gebouw", false)],
        });
        for label in ["soort", "hoogte", "Maaiveld", "Gebouw"] {
            harness.get_by_label(label).click();
            harness.run();
        }
        let expected = [
            ColoringAction::Choose(1),
            ColoringAction::SetClassVisible {
                class: 2,
                visible: false,
            },
            ColoringAction::SetClassVisible {
                class: 6,
                visible: true,
            },
        ];
        assert_eq!(harness.state().asked, expected);
    }

    #[test]
    fn where_there_is_nothing_to_choose_nothing_is_shown() {
        let harness = harness(Coloring {
            choices: vec!["hoogte".into()],
            ..Coloring::default()
        });
        assert!(harness.query_by_label("Kleur").is_none() && harness.query_by_label("hoogte").is_none());
    }
}
