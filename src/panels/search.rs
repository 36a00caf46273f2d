//! Finding a place: one field, and what fits what stands in it.

use crate::text::{Language, tr};
use crate::ui::Theme;
use crate::ui::widgets::{self, FoundRow};
use bevy_egui::egui::{Key, Margin, Modifiers, TextEdit, Ui, WidgetInfo, WidgetType};

/// Longest text that can be looked for, characters.
const LONGEST: usize = 120;

/// What stands in the dialog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchState {
    /// What stands in the field.
    pub typed: String,
    /// Place in the list that Enter takes.
    chosen: usize,
    /// The field has been given the keyboard.
    has_begun: bool,
}

/// Something that was found, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLine {
    /// Icon of its kind.
    pub icon: &'static str,
    /// What it is called.
    pub name: String,
    /// What it is, and how far off when it is not in the area.
    pub detail: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundLines {
    /// What was looked for; what stands in the field may be newer.
    pub typed: String,
    /// What fits it, the best first.
    pub lines: Vec<FoundLine>,
    /// The names are still being put in order.
    pub is_preparing: bool,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchAction {
    /// Go to the one at this place of [`FoundLines::lines`].
    GoTo(usize),
}

/// Shows the field and what was found.
pub fn show(ui: &mut Ui, state: &mut SearchState, found: &FoundLines, language: &Language) -> Option<SearchAction> {
    let is_current = found.typed == state.typed && !found.lines.is_empty();
    let last = found.lines.len().saturating_sub(1);
    // Before the field gets them: there they would move the cursor.
    let (down, up) = ui.input_mut(|input| {
        let down = input.consume_key(Modifiers::NONE, Key::ArrowDown);
        (down, input.consume_key(Modifiers::NONE, Key::ArrowUp))
    });
    if down {
        state.chosen = (state.chosen + 1).min(last);
    }
    if up {
        state.chosen = state.chosen.saturating_sub(1);
    }
    let name = tr(language, "search-field");
    let field = ui.add(
        TextEdit::singleline(&mut state.typed)
            .hint_text(&name)
            .desired_width(f32::INFINITY)
            .char_limit(LONGEST)
            .margin(Margin::symmetric(8, 6)),
    );
    field.widget_info(|| {
        let mut info = WidgetInfo::labeled(WidgetType::TextEdit, true, &name);
        info.current_text_value = Some(state.typed.clone());
        info
    });
    if !state.has_begun {
        state.has_begun = true;
        field.request_focus();
    }
    if field.changed() {
        state.chosen = 0;
    }
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let mut asked = (entered && is_current).then(|| SearchAction::GoTo(state.chosen.min(last)));
    if entered && !is_current {
        // What was typed is still being looked for: Enter again, without a click.
        field.request_focus();
    }
    ui.add_space(Theme::STEP);
    if state.typed.trim().is_empty() {
        widgets::secondary(ui, &tr(language, "search-what"));
    } else if found.is_preparing {
        widgets::secondary(ui, &tr(language, "search-preparing"));
    } else if found.lines.is_empty() && found.typed == state.typed {
        widgets::paragraph(ui, &tr(language, "search-nothing"));
        widgets::secondary(ui, &tr(language, "search-what"));
    }
    if !state.typed.trim().is_empty() {
        for (place, line) in found.lines.iter().enumerate() {
            let row = FoundRow {
                icon: line.icon,
                label: &line.name,
                detail: &line.detail,
                selected: place == state.chosen.min(last),
            };
            if widgets::found_row(ui, &row).clicked() {
                asked = Some(SearchAction::GoTo(place));
            }
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui::{accesskit::Role, vec2};
    use egui_kittest::{Harness, kittest::Queryable as _};

    type Shown = (SearchState, FoundLines, Vec<SearchAction>);

    fn harness(code: &str, found: FoundLines) -> Harness<'static, Shown> {
        let language = Language::from_code(code).unwrap();
        let state = SearchState {
            typed: found.typed.clone(),
            ..SearchState::default()
        };
        Harness::builder().with_size(vec2(460.0, 420.0)).build_ui_state(
            move |ui, (state, found, asked): &mut Shown| {
                Theme::new(false, 1.0).install(ui.ctx());
                asked.extend(show(ui, state, found, &language));
            },
            (state, found, Vec::new()),
        )
    }

    fn found(typed: &str, names: &[&str]) -> FoundLines {
        FoundLines {
            typed: typed.into(),
            lines: names
                .iter()
                .map(|name| FoundLine {
                    icon: egui_phosphor::regular::MAP_PIN,
                    name: (*name).into(),
                    detail: "adres".into(),
                })
                .collect(),
            is_preparing: false,
        }
    }

    #[test]
    fn arrows_choose_and_enter_goes() {
        let mut harness = harness("nl", found("wemen", &["Wemenstraat 1", "Wemenstraat 2"]));
        harness.run();
        harness.key_press(Key::ArrowDown);
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(harness.state().2, [SearchAction::GoTo(1)]);
    }

    #[test]
    fn a_press_on_a_row_goes_there() {
        let mut harness = harness("en", found("wemen", &["Wemenstraat 1", "Wemenstraat 2"]));
        harness.run();
        harness.get_by_label("Wemenstraat 2, adres").click();
        harness.run();
        assert_eq!(harness.state().2, [SearchAction::GoTo(1)]);
    }

    #[test]
    fn nothing_found_says_what_can_be_looked_for() {
        let mut harness = harness("nl", found("xylofoon", &[]));
        harness.run();
        let language = Language::from_code("nl").unwrap();
        for key in ["search-nothing", "search-what"] {
            assert!(harness.query_by_label(&tr(&language, key)).is_some(), "{key}");
        }
        harness.get_by_role(Role::TextInput).focus();
        harness.key_press(Key::Enter);
        harness.run();
        assert!(harness.state().2.is_empty(), "nothing to go to");
    }

    #[test]
    fn what_was_found_for_an_older_text_is_not_gone_to_by_enter() {
        let mut harness = harness("nl", found("wem", &["Wemenstraat 1"]));
        harness.state_mut().0.typed = "langestraat".into();
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert!(harness.state().2.is_empty());
    }
}
