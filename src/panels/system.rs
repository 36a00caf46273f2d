//! In which coordinate system a file is that does not say so: the likely ones, each with where the file lies then.

use crate::model::CrsAnswer;
use crate::text::{Language, tr, tr_args};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind, FoundRow};
use bevy_egui::egui::{Key, Margin, TextEdit, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular;

/// Longest number that is typed.
const LONGEST: usize = 12;

/// An answer to choose.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemChoice {
    /// What is answered.
    pub answer: CrsAnswer,
    /// What the system is called.
    pub name: String,
    /// Where the file lies then.
    pub place: String,
}

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SystemState {
    /// Name of the file.
    pub file: String,
    /// What it says of its system.
    pub said: Option<String>,
    /// That would do, and a person said something else.
    pub is_overruled: bool,
    /// The answers to choose from, the likeliest first.
    pub choices: Vec<SystemChoice>,
    /// Place in the list of the one that is shown now.
    pub shown: Option<usize>,
    /// What to say of the number that was typed last.
    pub typed: Option<TypedSystem>,
}

/// A number that was typed, and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct TypedSystem {
    /// As typed.
    pub number: String,
    /// What it answers; `None` where it is no system.
    pub answer: Option<CrsAnswer>,
    /// Where the file lies then, or what is wrong.
    pub words: String,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum SystemAction {
    /// The file is in this system.
    Answer(CrsAnswer),
    /// Say what this number means.
    Look(String),
}

/// Shows the question; `number` is what stands in the field for another one.
pub fn show(ui: &mut Ui, state: &SystemState, number: &mut String, language: &Language) -> Option<SystemAction> {
    let mut asked = None;
    let args = [("name", state.file.as_str())];
    let question = match &state.said {
        Some(said) if state.is_overruled => tr_args(language, "system-overruled", &[args[0], ("said", said)]),
        Some(said) => tr_args(language, "system-unfit", &[args[0], ("said", said)]),
        None => tr_args(language, "system-question", &args),
    };
    widgets::paragraph(ui, &question);
    ui.add_space(Theme::STEP);
    for (place, choice) in state.choices.iter().enumerate() {
        let is_shown = state.shown == Some(place);
        let detail = if is_shown {
            tr_args(language, "system-shown-now", &[("place", &choice.place)])
        } else {
            choice.place.clone()
        };
        let row = FoundRow {
            icon: if choice.answer == CrsAnswer::Nowhere {
                regular::RULER
            } else {
                regular::MAP_PIN
            },
            label: &choice.name,
            detail: &detail,
            selected: is_shown,
        };
        if widgets::found_row(ui, &row).clicked() {
            asked = Some(SystemAction::Answer(choice.answer));
        }
    }
    ui.add_space(Theme::STEP);
    widgets::separator(ui);
    asked.or_else(|| other(ui, state, number, language))
}

/// The field for the number of another system.
fn other(ui: &mut Ui, state: &SystemState, number: &mut String, language: &Language) -> Option<SystemAction> {
    let name = tr(language, "system-other");
    widgets::secondary(ui, &name);
    let field = ui.add(
        TextEdit::singleline(number)
            .hint_text("EPSG:31370")
            .desired_width(160.0)
            .char_limit(LONGEST)
            .margin(Margin::symmetric(8, 6)),
    );
    field.widget_info(|| {
        let mut info = WidgetInfo::labeled(WidgetType::TextEdit, true, &name);
        info.current_text_value = Some(number.clone());
        info
    });
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.add_space(Theme::STEP);
    let Some(typed) = state.typed.as_ref().filter(|typed| typed.number == *number) else {
        let look = tr(language, "system-look");
        let is_typed = !number.trim().is_empty();
        let button = ui.add_enabled_ui(is_typed, |ui| {
            widgets::button(ui, regular::MAGNIFYING_GLASS, &look, ButtonKind::Secondary)
        });
        let is_asked = button.inner.clicked() || entered && is_typed;
        return is_asked.then(|| SystemAction::Look(number.clone()));
    };
    widgets::paragraph(ui, &typed.words);
    let answer = typed.answer?;
    let take = tr(language, "system-take");
    let is_taken = widgets::button(ui, regular::CHECK, &take, ButtonKind::Primary).clicked();
    (is_taken || entered).then_some(SystemAction::Answer(answer))
}
