//! What stands behind one number: its values, formula, inputs, rule and source, what is not known, and what was counted.

use super::numbers::{Numbers, State};
use super::objects;
use super::page::{Wish, title};
use crate::analysis::{Indicator, Key, Unknown};
use crate::export::words;
use crate::text::{Language, format_area, format_number, tr, tr_args, tr_count};
use crate::ui::widgets::{self, TableColumn, TableRows};
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Align2, Painter, Rect, Ui};

/// The list of counted objects is at most so many rows high and scrolls beyond.
const ROWS_IN_SIGHT: f32 = 8.0;
/// Objects of which something is not known that are named; the rest are a number.
const MOST_NAMED: usize = 8;

/// Shows everything behind `key`; returns what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    key: Key,
    numbers: &Numbers,
    states: &[&State],
    shown: Option<usize>,
    language: &Language,
) -> Option<Wish> {
    widgets::title(ui, &words::name(key, language));
    for state in states {
        let line = value_line(state.indicators.get(key), state.variant != states[0].variant, language);
        widgets::fact(ui, &title(state, language), &line);
    }
    section(ui, &tr(language, "design-formula"));
    widgets::strong(ui, &words::formula(key, language));
    widgets::paragraph(ui, &words::rule(key, language));
    widgets::secondary(ui, &tr_args(language, "design-source", &[("source", key.source())]));

    let state = states.iter().find(|state| state.variant == shown).or(states.first())?;
    let indicator = state.indicators.get(key);
    section(
        ui,
        &tr_args(language, "design-behind", &[("state", &title(state, language))]),
    );
    for (name, value) in &indicator.inputs {
        let value = if name.ends_with("_m2") {
            format_area(*value, 0, language)
        } else {
            format_number(*value, 0, language)
        };
        widgets::fact(ui, &words::input(name, language), &value);
    }
    if let Some(wind) = words::wind(indicator.wind, language) {
        widgets::paragraph(ui, &wind);
    }
    show_unknown(ui, indicator, &state.indicators.unknown_behind(key), language);
    show_counted(ui, key, numbers, state, language)
}

fn section(ui: &mut Ui, words: &str) {
    ui.add_space(Theme::STEP);
    widgets::separator(ui);
    widgets::heading(ui, words);
}

fn value_line(indicator: &Indicator, is_compared: bool, language: &Language) -> String {
    let value = words::value(indicator, language);
    let value = match words::unit(indicator.key) {
        "" => value,
        unit => format!("{value} {unit}"),
    };
    match words::difference(indicator, language).filter(|_| is_compared) {
        Some(difference) => format!("{value} ({difference})"),
        None => value,
    }
}

fn show_unknown(ui: &mut Ui, indicator: &Indicator, unknown: &[&Unknown], language: &Language) {
    if unknown.is_empty() {
        return;
    }
    let named: Vec<&str> = unknown
        .iter()
        .take(MOST_NAMED)
        .map(|unknown| unknown.id.as_str())
        .collect();
    widgets::paragraph(ui, &tr_count(language, "design-unknown", unknown.len()));
    widgets::secondary(ui, &named.join(", "));
    if let Some(estimate) = indicator.estimate {
        let estimate = words::amount(estimate, indicator.key, language);
        widgets::secondary(ui, &tr_args(language, "design-estimate", &[("value", &estimate)]));
    }
}

fn show_counted(ui: &mut Ui, key: Key, numbers: &Numbers, state: &State, language: &Language) -> Option<Wish> {
    let mut counted = state.indicators.objects_behind(key);
    // What adds most comes first.
    counted.sort_by(|(_, a), (_, b)| b.amount.total_cmp(&a.amount));
    if counted.is_empty() {
        widgets::secondary(ui, &tr(language, "design-counted-none"));
        return None;
    }
    widgets::paragraph(ui, &tr_count(language, "design-counted", counted.len()));
    let variant = state
        .variant
        .and_then(|place| numbers.open.scenario.variants.get(place));
    let heads = [
        tr(language, "design-column-object"),
        tr(language, "design-column-role"),
        tr(language, "design-column-share"),
        tr(language, "design-column-amount"),
    ];
    let columns: Vec<TableColumn<'_>> = heads
        .iter()
        .zip([2.4, 1.1, 0.8, 1.2])
        .enumerate()
        .map(|(column, (label, share))| TableColumn {
            label,
            share,
            is_numeric: column >= 2,
        })
        .collect();
    let cells = |row: usize| -> [String; 4] {
        // An object of one part of a made-up number counts in that part's unit.
        let (part, object) = counted[row];
        [
            objects::name(&numbers.open, variant, object, language),
            objects::role(object.role, language),
            format!("{} %", format_number(object.share * 100.0, 0, language)),
            words::amount(object.amount, part, language),
        ]
    };
    let label = |row: usize| cells(row).join(", ");
    let paint = |ui: &Ui, painter: &Painter, rects: &[Rect], row: usize| {
        let theme = Theme::of(ui.ctx());
        for (column, (rect, text)) in rects.iter().zip(cells(row)).enumerate() {
            let ink = theme.tokens.ink;
            let words = theme.galley(ui, &text, TextRole::Body, ink, rect.width() - 6.0, 1);
            let align = if column < 2 {
                Align2::LEFT_CENTER
            } else {
                Align2::RIGHT_CENTER
            };
            let at = align.align_size_within_rect(
                words.size(),
                rect.shrink2([if column < 2 { 3.0 } else { Theme::STEP }, 0.0].into()),
            );
            painter.galley(at.min, words, ink);
        }
    };
    widgets::table_head(ui, &columns, None);
    let rows = TableRows {
        name: key.name(),
        count: counted.len(),
        selected: None,
        scroll_to: None,
        lines: 1,
        height: ROWS_IN_SIGHT * Theme::of(ui.ctx()).control_height(),
        label: &label,
        paint: &paint,
    };
    let pressed = widgets::table_rows(ui, &columns, &rows)?;
    Some(Wish::ShowObject {
        variant: state.variant,
        object: counted[pressed].1.clone(),
    })
}
