//! Screen size, times, languages, hours, practice, and the day on which everything is deleted.

use crate::lenses::participation::kiosk::settings::{
    DIAGONAL_INCH, ForcedPractice, IDLE_S, MOST_MONTHS, QUESTION_S, Settings,
};
use crate::text::{Language, format_date, tr, tr_args};
use crate::ui::large::{Large, LargeButton, LargeRole, button, columns_that_fit, grid, paragraph, stepper};
use bevy_egui::egui::{Rect, Ui};
use egui_phosphor::regular;
use jiff::{ToSpan, Zoned, civil::Date};

/// Hours that the exhibition keeps when it first gets any.
const USUAL_HOURS: (u8, u8) = (9, 17);

/// Shows the settings and changes them. Where practising is `forced`, its switch says why. Returns whether another code
/// is wished for.
pub(super) fn show(
    ui: &Ui,
    rest: Rect,
    settings: &mut Settings,
    forced: Option<ForcedPractice>,
    language: &Language,
) -> bool {
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
    show_practice(ui, next(), settings, forced, language);
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

/// The switch for practising. What the start or the area decides is on, and cannot be pressed.
fn show_practice(ui: &Ui, rect: Rect, settings: &mut Settings, forced: Option<ForcedPractice>, language: &Language) {
    let words = match forced {
        None => {
            if toggle(ui, rect, &tr(language, "staff-practice"), settings.practice) {
                settings.practice = !settings.practice;
            }
            return;
        }
        Some(ForcedPractice::Example) => tr(language, "staff-practice-example"),
        Some(ForcedPractice::Started) => tr(language, "staff-practice-started"),
    };
    let look = LargeButton::plain(regular::CHECK_SQUARE, &words);
    button(ui, rect, &look.chosen(true).enabled(false));
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
    use bevy_egui::egui::{
        Context, Pos2, RawInput,
        accesskit::{Role, Toggled},
        vec2,
    };
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

    /// The switches of the page: their names, whether they can be pressed and whether they are on.
    fn switches(settings: &mut Settings, forced: Option<ForcedPractice>) -> Vec<(String, bool, bool)> {
        let screen = Rect::from_min_size(Pos2::ZERO, vec2(1920.0, 1080.0));
        let ctx = Context::default();
        ctx.enable_accesskit();
        let accent = crate::ui::Tokens::LIGHT.participation;
        Large::new(screen.size(), 24.0, accent, 1.0).install(&ctx);
        let nl = Language::from_code("nl").expect("Dutch");
        let input = RawInput {
            screen_rect: Some(screen),
            ..RawInput::default()
        };
        let output = ctx.run_ui(input, |ui| {
            show(ui, screen, settings, forced, &nl);
        });
        let update = output.platform_output.accesskit_update.expect("names");
        let nodes = update.nodes.iter().filter(|(_, node)| node.role() == Role::Button);
        nodes
            .filter_map(|(_, node)| {
                let is_on = node.toggled() == Some(Toggled::True);
                Some((node.label()?.to_owned(), !node.is_disabled(), is_on))
            })
            .collect()
    }

    #[test]
    fn practising_that_staff_cannot_end_is_on_grey_and_says_why() {
        let mut settings = Settings::default();
        let of_practice = |settings: &mut Settings, forced: Option<ForcedPractice>| {
            let mut found = switches(settings, forced);
            found.retain(|(name, ..)| name.starts_with("Oefenen"));
            assert_eq!(found.len(), 1, "{found:?}");
            found.remove(0)
        };
        let usual = of_practice(&mut settings, None);
        assert_eq!(usual, ("Oefenen: reacties tellen niet mee".into(), true, false));
        for (forced, words) in [
            (ForcedPractice::Example, "Oefenen staat aan: dit is een voorbeeldgebied"),
            (ForcedPractice::Started, "Oefenen staat aan: zo is de kiosk gestart"),
        ] {
            let seen = of_practice(&mut settings, Some(forced));
            assert_eq!(seen, (words.to_owned(), false, true));
        }
        assert!(!settings.practice, "what staff set stays as it was");
    }
}
