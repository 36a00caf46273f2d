//! The strip along the bottom of the view: on which day and at what time the sun shines.

use crate::text::{Language, format_date, format_time, tr, tr_args};
use crate::ui::widgets::{self, ButtonKind, MINUTES_PER_DAY};
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Label, Popup, RichText, Ui};
use egui_phosphor::regular;
use jiff::ToSpan;
use jiff::civil::{Date, Time};

/// What the strip shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SunState {
    /// The day, in the area's own calendar.
    pub date: Date,
    /// Minute of that day by the area's clock, below 1440.
    pub minute: u16,
    /// Minute at which the sun rises and sets, if it does both.
    pub daylight: Option<(u16, u16)>,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SunAction {
    /// Another day.
    SetDate(Date),
    /// Another minute of the day.
    SetMinute(u16),
}

/// The days by which shadows are judged in Dutch plans: equinoxes and solstices.
const MARKED_DAYS: [(i8, i8); 4] = [(3, 21), (6, 21), (9, 21), (12, 21)];

/// Shows the strip over the width there is.
pub fn show(ui: &mut Ui, state: &SunState, language: &Language) -> Vec<SunAction> {
    let mut actions = Vec::new();
    let theme = Theme::of(ui.ctx());
    ui.add(Label::new(
        RichText::new(regular::SUN)
            .size(theme.icon_size())
            .color(theme.tokens.muted),
    ));
    let day = format_date(state.date, language);
    let day_button = widgets::button(ui, "", &day, ButtonKind::Quiet).on_hover_text(tr(language, "sun-day"));
    Popup::menu(&day_button)
        .width(240.0 * theme.text_scale)
        .show(|ui| show_days(ui, state.date, language, &mut actions));

    let time = format_time(time_of(state.minute));
    let time_room = theme.size(TextRole::Body) * 4.0;
    let width = (ui.available_width() - time_room - Theme::PADDING).max(60.0);
    let mut minute = state.minute.min(MINUTES_PER_DAY - 1);
    let slider = widgets::time_slider(ui, &mut minute, state.daylight, width, &tr(language, "sun-time"), &time);
    if slider.changed() {
        actions.push(SunAction::SetMinute(minute));
    }
    if let Some((rise, set)) = state.daylight {
        let (rise, set) = (format_time(time_of(rise)), format_time(time_of(set)));
        slider.on_hover_text(tr_args(language, "sun-rise-set", &[("rise", &rise), ("set", &set)]));
    }
    if let Some(minute) = widgets::time_field(ui, state.minute, &time, &tr(language, "sun-time-typed")) {
        actions.push(SunAction::SetMinute(minute));
    }
    actions
}

fn show_days(ui: &mut Ui, today: Date, language: &Language, actions: &mut Vec<SunAction>) {
    let steps = [
        (
            regular::CARET_DOUBLE_LEFT,
            tr(language, "sun-month-earlier"),
            -1.month(),
        ),
        (regular::CARET_LEFT, tr(language, "sun-day-earlier"), -1.day()),
        (regular::CARET_RIGHT, tr(language, "sun-day-later"), 1.day()),
        (regular::CARET_DOUBLE_RIGHT, tr(language, "sun-month-later"), 1.month()),
    ];
    for (month, day) in MARKED_DAYS {
        if let Ok(date) = Date::new(today.year(), month, day)
            && widgets::menu_item(ui, regular::CALENDAR_BLANK, &format_date(date, language), "").clicked()
        {
            actions.push(SunAction::SetDate(date));
        }
    }
    widgets::separator(ui);
    for (icon, label, step) in steps {
        if widgets::menu_item(ui, icon, &label, "").clicked()
            && let Ok(date) = today.checked_add(step)
        {
            actions.push(SunAction::SetDate(date));
        }
    }
}

/// The time of day for a minute; what lies beyond the day is its last minute.
fn time_of(minute: u16) -> Time {
    let minute = minute.min(MINUTES_PER_DAY - 1);
    let part = |value: u16| i8::try_from(value).unwrap_or_default();
    Time::constant(part(minute / 60), part(minute % 60), 0, 0)
}
