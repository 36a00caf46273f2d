//! A path as it is typed, for machines that show no dialog to choose a file.

use super::{ButtonKind, button, secondary};
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Key, Label, Margin, Response, RichText, TextEdit, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular;

/// Longest path that can be typed.
const MOST_LETTERS: usize = 4096;

/// What happened in a [`path_field`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathTyped {
    /// Something was typed.
    pub is_changed: bool,
    /// It was left with Enter.
    pub is_entered: bool,
}

/// A field for a path under its `name`, which is its name for screen readers too.
pub fn path_field(ui: &mut Ui, path: &mut String, name: &str) -> PathTyped {
    let field = field(ui, path, name);
    PathTyped {
        is_changed: field.changed(),
        is_entered: is_entered(ui, &field),
    }
}

/// What a dialog says that only asks where a file should go.
#[derive(Debug, Clone, Copy)]
pub struct PathQuestion<'a> {
    /// The question; the name of the field.
    pub name: &'a str,
    /// Icon of the button that answers it.
    pub icon: &'a str,
    /// What stands on that button.
    pub button: &'a str,
}

/// Asks for a path; returns it once it is given, with the button or with Enter. The field has the keyboard as soon as it
/// comes up. A `complaint` about a path goes when another is typed.
pub fn path_question(
    ui: &mut Ui,
    path: &mut String,
    complaint: &mut String,
    question: PathQuestion<'_>,
) -> Option<String> {
    let field = field(ui, path, question.name);
    take_keyboard_once(ui, &field);
    if field.changed() {
        complaint.clear();
    }
    let is_entered = is_entered(ui, &field);
    self::complaint(ui, complaint);
    ui.add_space(2.0 * Theme::STEP);
    let path = path.trim();
    let pressed = ui.add_enabled_ui(!path.is_empty(), |ui| {
        button(ui, question.icon, question.button, ButtonKind::Primary).clicked()
    });
    ((is_entered || pressed.inner) && !path.is_empty()).then(|| path.to_owned())
}

/// Gives a field the keyboard when it was not there in the pass before: it is another question then.
fn take_keyboard_once(ui: &Ui, field: &Response) {
    let place = field.id.with("last seen");
    let now = ui.ctx().cumulative_pass_nr();
    let before = ui.data_mut(|data| {
        let before = data.get_temp::<u64>(place);
        data.insert_temp(place, now);
        before
    });
    if before.is_none_or(|before| before + 1 < now) {
        field.request_focus();
    }
}

/// Whether it was left with Enter.
fn is_entered(ui: &Ui, field: &Response) -> bool {
    field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

fn field(ui: &mut Ui, path: &mut String, name: &str) -> Response {
    secondary(ui, name);
    let field = ui.add(
        TextEdit::singleline(path)
            .desired_width(f32::INFINITY)
            .char_limit(MOST_LETTERS)
            .margin(Margin::symmetric(8, 6)),
    );
    field.widget_info(|| {
        let mut info = WidgetInfo::labeled(WidgetType::TextEdit, true, name);
        info.current_text_value = Some(path.clone());
        info
    });
    field
}

/// Why a path will not do; nothing where nothing is wrong.
pub fn complaint(ui: &mut Ui, words: &str) {
    if words.is_empty() {
        return;
    }
    let theme = Theme::of(ui.ctx());
    let color = theme.tokens.error;
    ui.horizontal(|ui| {
        ui.add(Label::new(
            RichText::new(regular::WARNING).size(theme.icon_size()).color(color),
        ));
        ui.add(Label::new(theme.rich(words, TextRole::Body)).wrap());
    });
}
