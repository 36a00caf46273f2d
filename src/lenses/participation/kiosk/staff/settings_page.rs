//! Screen size, times, languages, hours, practice, and the day on which everything is deleted.

use crate::lenses::participation::kiosk::settings::{DIAGONAL_INCH, IDLE_S, MOST_MONTHS, QUESTION_S, Settings};
use crate::text::{Language, format_date, tr, tr_args};
use crate::ui::large::{Large, LargeButton, LargeRole, button, columns_that_fit, grid, paragraph, stepper};
use bevy_egui::egui::{Rect, Ui};
use egui_phosphor::regular;
use jiff::{ToSpan, Zoned, civil::Date};

/// Hours that the exhibition keeps when it first gets any.
const USUAL_HOURS: (u8, u8) = (9, 17);

/// Shows the settings and changes them. Returns whether another code is wished for.
pub(super) fn show(ui: &Ui, rest: Rect, settings: &mut Settings, language: &Language) -> bool {
    let large = Large::of(ui.ctx());
    let has_hours = settings.hours.is_some();
    let count = if has_hours { 10 } else { 8 };
    let columns = columns_that_fit(count, rest.width(), large.mm(170.0), large.gap() * 3.0);
    let rows = count.div_ceil(columns);
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let height = (rest.height() / rows as f32).min(large.target() + large.gap());
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let at = rest.with_max_y(rest.top() + height * rows as f32);
    let mut places = grid(at, count, columns, large.gap() * 3.0)
        .into_iter()
        .map(|place| Rect::from_center_size(place.center(), (place.width(), large.target().min(height)).into()));
    let mut next = || places.next().unwrap_or(at);
    step(
        ui,
        next(),
        &mut settings.diagonal_inch,
        DIAGONAL_INCH,
        1,
        (&tr(language, "staff-diagonal"), "″"),
        language,
    );
    step(
        ui,
        next(),
        &mut settings.idle_s,
        IDLE_S,
        15,
        (&tr(language, "staff-idle"), " s"),
        language,
    );
    step(
        ui,
        next(),
        &mut settings.question_s,
        QUESTION_S,
        5,
        (&tr(language, "staff-question"), " s"),
        language,
    );
    step_day(ui, next(), settings, language);
    let practice = tr(language, "staff-practice");
    if toggle(ui, next(), &practice, settings.practice) {
        settings.practice = !settings.practice;
    }
    show_languages(ui, next(), settings, language);
    if toggle(ui, next(), &tr(language, "staff-hours"), has_hours) {
        settings.hours = if has_hours { None } else { Some(USUAL_HOURS) };
    }
    if let (true, Some((from, until))) = (has_hours, settings.hours) {
        let (mut opens, mut closes) = (u32::from(from), u32::from(until));
        let last = u32::from(until) - 1;
        step(
            ui,
            next(),
            &mut opens,
            (0, last),
            1,
            (&tr(language, "staff-opens"), ":00"),
            language,
        );
        step(
            ui,
            next(),
            &mut closes,
            (opens + 1, 24),
            1,
            (&tr(language, "staff-closes"), ":00"),
            language,
        );
        let hour = |value: u32| u8::try_from(value).unwrap_or(24);
        settings.hours = settings.hours.map(|_| (hour(opens), hour(closes)));
    }
    let new_code = tr(language, "staff-change-code");
    button(ui, next(), &LargeButton::plain(regular::KEY, &new_code)).clicked()
}

/// A number between a button for less and one for more.
fn step(
    ui: &Ui,
    rect: Rect,
    value: &mut u32,
    (least, most): (u32, u32),
    by: u32,
    (name, unit): (&str, &str),
    language: &Language,
) {
    let names = less_and_more(name, language);
    let change = stepper(ui, rect, name, &format!("{value}{unit}"), [&names.0, &names.1]);
    let wanted = match change {
        -1 => value.saturating_sub(by),
        1 => value.saturating_add(by),
        _ => return,
    };
    *value = wanted.clamp(least, most);
}

fn less_and_more(name: &str, language: &Language) -> (String, String) {
    (
        tr_args(language, "staff-less", &[("name", name)]),
        tr_args(language, "staff-more", &[("name", name)]),
    )
}

/// The day of deletion, a month earlier or later.
fn step_day(ui: &Ui, rect: Rect, settings: &mut Settings, language: &Language) {
    let name = tr(language, "staff-delete-on");
    let shown = settings
        .delete_on
        .map_or_else(|| tr(language, "staff-delete-never"), |day| format_date(day, language));
    let names = less_and_more(&name, language);
    let today = Zoned::now().date();
    match stepper(ui, rect, &name, &shown, [&names.0, &names.1]) {
        0 => {}
        change => settings.delete_on = moved(settings.delete_on, change, today),
    }
}

/// A month earlier or later; before tomorrow there is no day, which is never.
fn moved(day: Option<Date>, months: i32, today: Date) -> Option<Date> {
    let from = day.map_or(today, |day| day.max(today));
    if day.is_none() && months < 0 {
        return None;
    }
    let moved = from.checked_add(months.months()).ok()?;
    let last = today.checked_add(MOST_MONTHS.months()).unwrap_or(moved);
    (moved > today).then_some(moved.min(last))
}

fn toggle(ui: &Ui, rect: Rect, name: &str, is_on: bool) -> bool {
    let icon = if is_on { regular::CHECK_SQUARE } else { regular::SQUARE };
    button(ui, rect, &LargeButton::plain(icon, name).chosen(is_on)).clicked()
}

fn show_languages(ui: &Ui, rect: Rect, settings: &mut Settings, language: &Language) {
    let large = Large::of(ui.ctx());
    let known = Language::at_kiosk();
    let left = rect.with_max_x(rect.left() + rect.width() * 0.3);
    paragraph(
        ui,
        left,
        &tr(language, "staff-languages"),
        LargeRole::Body,
        large.tokens.ink,
    );
    let places = grid(
        rect.with_min_x(left.right() + large.gap()),
        known.len(),
        known.len(),
        large.mm(2.0),
    );
    for (place, other) in places.into_iter().zip(known) {
        let code = other.code();
        let is_on = settings.languages.contains(&code);
        if button(ui, place, &LargeButton::plain("", &other.name()).chosen(is_on)).clicked() {
            settings.toggle_language(&code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_day_of_deletion_moves_by_months_and_never_into_the_past() {
        let today = date(2026, 11, 25);
        assert_eq!(moved(None, 1, today), Some(date(2026, 12, 25)));
        assert_eq!(moved(None, -1, today), None);
        assert_eq!(moved(Some(date(2026, 12, 25)), -1, today), None);
        assert_eq!(moved(Some(date(2025, 1, 5)), 1, today), Some(date(2026, 12, 25)));
        assert_eq!(moved(Some(date(2027, 1, 31)), 1, today), Some(date(2027, 2, 28)));
        assert_eq!(moved(Some(date(2029, 11, 20)), 1, today), Some(date(2029, 11, 25)));
    }
}
