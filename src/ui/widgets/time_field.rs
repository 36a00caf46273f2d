//! The time of day as it is typed.

use super::MINUTES_PER_DAY;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Align, Key, Margin, TextEdit, Ui, WidgetInfo, WidgetType};

/// Shows the time `shown` of `minute` in a field that can be typed into. Returns the minute of the day that was entered,
/// with Enter or by leaving the field; what is no time is put back. `label` is its name for screen readers.
pub fn time_field(ui: &mut Ui, minute: u16, shown: &str, label: &str) -> Option<u16> {
    let theme = Theme::of(ui.ctx());
    let id = ui.next_auto_id().with("typed");
    let mut text = ui
        .data(|data| data.get_temp::<String>(id))
        .unwrap_or_else(|| shown.to_owned());
    let field = ui.add(
        TextEdit::singleline(&mut text)
            .horizontal_align(Align::Center)
            .char_limit(8)
            .margin(Margin::symmetric(4, 6))
            .desired_width(theme.size(TextRole::Body) * 3.2),
    );
    let field = field.on_hover_text(label);
    field.widget_info(|| {
        let mut info = WidgetInfo::labeled(WidgetType::TextEdit, true, label);
        info.current_text_value = Some(text.clone());
        info
    });
    // Escape gives up what was typed.
    let is_given_up = ui.input(|input| input.key_pressed(Key::Escape));
    let entered = (field.lost_focus() && !is_given_up).then(|| minute_of(&text)).flatten();
    // Only while it is typed does the text differ from the time that it stands for.
    let is_typed = field.has_focus();
    ui.data_mut(|data| {
        if is_typed {
            data.insert_temp(id, text);
        } else {
            data.remove_temp::<String>(id);
        }
    });
    entered.filter(|entered| *entered != minute)
}

/// The minute of the day for `9`, `9:30`, `9.30`, `930` or `15 u 30`; `None` for what is no time of day.
fn minute_of(text: &str) -> Option<u16> {
    if text
        .trim()
        .contains(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | 'u' | 'h' | ' ')))
    {
        return None;
    }
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let (hour, minute) = match parts[..] {
        [hour] if hour.len() <= 2 => (hour, "0"),
        [digits] if digits.len() <= 4 => digits.split_at(digits.len() - 2),
        [hour, minute] if hour.len() <= 2 && minute.len() <= 2 => (hour, minute),
        _ => return None,
    };
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60)
        .then_some(hour * 60 + minute)
        .filter(|minute| *minute < MINUTES_PER_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        for (text, expected) in [
            ("9", Some(540)),
            ("09:30", Some(570)),
            ("9.30", Some(570)),
            ("930", Some(570)),
            ("1530", Some(930)),
            ("15 u 30", Some(930)),
            ("23:59", Some(1439)),
            ("24:00", None),
            ("12:60", None),
            ("12345", None),
            ("1:2:3", None),
            ("noon", None),
            ("3 pm", None),
            ("-9", None),
            ("", None),
        ] {
            assert_eq!(minute_of(text), expected, "{text}");
        }
    }
}
