//! A number as it is typed, with a comma or a point.

use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Key, Margin, TextEdit, Ui, WidgetInfo, WidgetType};

/// Shows `shown`, which stands for a number, in a field that can be typed into. Returns the number that was entered, with
/// Enter or by leaving the field; what is no number is put back. `label` stands before it and is its name for screen readers.
pub fn number_field(ui: &mut Ui, shown: &str, label: &str) -> Option<f64> {
    let theme = Theme::of(ui.ctx());
    let id = ui.id().with(("number", label));
    let mut text = ui
        .data(|data| data.get_temp::<String>(id))
        .unwrap_or_else(|| shown.to_owned());
    let field = ui
        .horizontal(|ui| {
            let width = theme.size(TextRole::Body) * 7.0;
            let words = theme.rich(label, TextRole::Body);
            let room = (ui.available_width() - width - 2.0 * Theme::PADDING).max(40.0);
            let height = theme.control_height();
            ui.allocate_ui_with_layout(
                bevy_egui::egui::vec2(room, height),
                bevy_egui::egui::Layout::left_to_right(bevy_egui::egui::Align::Center),
                |ui| {
                    ui.set_min_width(room);
                    ui.add(bevy_egui::egui::Label::new(words).wrap());
                },
            );
            ui.add(
                TextEdit::singleline(&mut text)
                    .char_limit(24)
                    .margin(Margin::symmetric(8, 6))
                    .desired_width(width),
            )
        })
        .inner;
    field.widget_info(|| {
        let mut info = WidgetInfo::labeled(WidgetType::TextEdit, true, label);
        info.current_text_value = Some(text.clone());
        info
    });
    // Escape gives up what was typed.
    let is_given_up = ui.input(|input| input.key_pressed(Key::Escape));
    let entered = (field.lost_focus() && !is_given_up && text != shown)
        .then(|| number_of(&text))
        .flatten();
    let is_typed = field.has_focus();
    ui.data_mut(|data| {
        if is_typed {
            data.insert_temp(id, text);
        } else {
            data.remove_temp::<String>(id);
        }
    });
    entered
}

/// The number in a text: one comma or point before its fraction, a minus of either form, spaces between.
fn number_of(text: &str) -> Option<f64> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            ',' => '.',
            '−' => '-',
            other => other,
        })
        .collect();
    let is_number = plain
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    plain
        .parse::<f64>()
        .ok()
        .filter(|number| is_number && number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for (text, number) in [("12", 12.0), ("251 003,25", 251_003.25), ("−0.5", -0.5), (" 1,0 ", 1.0)] {
            let read = number_of(text).unwrap();
            assert!((read - number).abs() < 1e-12, "{text}");
        }
        for text in ["", "a", "1,2,3", "1e9", "inf", "nan", "--1"] {
            assert_eq!(number_of(text), None, "{text}");
        }
    }
}
