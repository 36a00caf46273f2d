//! A path as it is typed, for machines that show no dialog to choose a file.

use super::secondary;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Key, Label, Margin, RichText, TextEdit, Ui, WidgetInfo, WidgetType};
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
    PathTyped {
        is_changed: field.changed(),
        is_entered: field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)),
    }
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
