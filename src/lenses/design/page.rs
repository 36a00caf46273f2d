//! The page of numbers: today and the variants side by side, each number opening what stands behind it.
//!
//! It holds what the lens told it and what was chosen on it; what was asked for lies ready to be taken.

use super::details;
use super::numbers::{Numbers, State};
use crate::analysis::{AreaSource, Counted, Key, MissingData, SurveyError, WindCheck};
use crate::export::words;
use crate::model::OpenScenario;
use crate::panels::rooms::PageContent;
use crate::text::{Language, format_area, tr, tr_args};
use crate::ui::widgets::{self, ButtonKind, SwatchEdge, TableColumn, TableRows};
use crate::ui::{TextRole, Theme};
use crate::view::palette;
use bevy_egui::egui::{Align2, Color32, CornerRadius, Painter, Rect, Ui};
use egui_phosphor::regular;
use std::sync::Arc;

/// Room for the names of the indicators, in columns of numbers.
const NAME_SHARE: f32 = 2.3;
/// Width of a column of numbers, points of letters at 100 %.
const COLUMN: f32 = 84.0;
/// The least that a number of six digits needs, points of letters at 100 %.
const NARROWEST: f32 = 66.0;
/// Columns beyond this are reached by choosing their variant.
const MOST_COLUMNS: usize = 5;

/// A page that was not shown for more frames than this is not on the screen.
const FRAMES_SEEN: u8 = 2;

/// What was asked for on the page.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wish {
    /// Show the variant at this place of the scenario's list.
    ShowVariant(usize),
    /// Pick a counted object and bring the camera to it.
    ShowObject {
        /// Place of the variant it was counted in.
        variant: Option<usize>,
        /// The object.
        object: Counted,
    },
}

/// How far the numbers are.
#[derive(Default)]
enum Progress {
    /// Nothing is open.
    #[default]
    Nothing,
    /// They are being counted.
    Counting,
    /// There they are.
    Done(Box<Numbers>),
    /// They cannot be counted.
    Failed(SurveyError),
}

/// The page.
#[derive(Default)]
pub(super) struct NumbersPage {
    progress: Progress,
    /// Variant shown in the view.
    shown: Option<usize>,
    /// Number that is opened.
    opened: Option<Key>,
    hides_area: bool,
    /// Frames since the page was last on the screen.
    unseen: u8,
    wishes: Vec<Wish>,
}

impl NumbersPage {
    /// Other numbers are being counted. Those of the same scenario stay until then, so that nothing flickers.
    pub(super) fn start(&mut self, open: &Arc<OpenScenario>) {
        if !matches!(&self.progress, Progress::Done(numbers) if Arc::ptr_eq(&numbers.open, open)) {
            self.progress = Progress::Counting;
            self.opened = None;
        }
    }

    /// The numbers are there, or cannot be had.
    pub(super) fn finish(&mut self, numbers: Result<Numbers, SurveyError>) {
        self.progress = match numbers {
            Ok(numbers) => Progress::Done(Box::new(numbers)),
            Err(error) => Progress::Failed(error),
        };
    }

    /// Which variant the view shows.
    pub(super) fn set_shown(&mut self, variant: Option<usize>) {
        self.shown = variant;
    }

    /// Whether the edge of the land that is counted in is to be drawn: while its numbers are on the screen. Ask once a
    /// frame.
    pub(super) fn shows_area(&mut self) -> bool {
        self.unseen = self.unseen.saturating_add(1);
        self.unseen <= FRAMES_SEEN && !self.hides_area
    }

    /// What was asked for since this was last called.
    pub(super) fn take_wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// The states in the table: today, then as many variants as fit, the one shown always among them.
    fn columns<'n>(&self, numbers: &'n Numbers, most: usize) -> Vec<&'n State> {
        let mut columns: Vec<&State> = numbers.states.iter().take(most).collect();
        let mut beyond = numbers.states.iter().skip(most);
        if let Some(shown) = beyond.find(|state| state.variant == self.shown) {
            columns.pop();
            columns.push(shown);
        }
        columns
    }

    fn show_numbers(&mut self, ui: &mut Ui, numbers: &Numbers, language: &Language) {
        if let Some(key) = self.opened {
            let is_back = widgets::button(
                ui,
                regular::ARROW_LEFT,
                &tr(language, "design-back"),
                ButtonKind::Secondary,
            )
            .clicked();
            let columns = self.columns(numbers, MOST_COLUMNS);
            let wish = details::show(ui, key, numbers, &columns, self.shown, language);
            self.wishes.extend(wish);
            if is_back {
                self.opened = None;
            }
            return;
        }
        self.show_area_line(ui, numbers, language);
        self.show_table(ui, numbers, language);
        let is_incomplete = |state: &State| state.indicators.iter().any(|indicator| !indicator.is_complete);
        if numbers.states.iter().any(is_incomplete) {
            widgets::secondary(ui, &tr(language, "design-incomplete"));
        }
        for missing in &numbers.missing {
            let text = match missing {
                MissingData::Register => "design-missing-register",
                MissingData::Surfaces => "design-missing-surfaces",
                MissingData::Assets => "design-missing-assets",
            };
            widgets::secondary(ui, &tr(language, text));
        }
    }

    /// Which land is counted in, how large it is and of what scale.
    fn show_area_line(&mut self, ui: &mut Ui, numbers: &Numbers, language: &Language) {
        let area = &numbers.area;
        let size = format_area(area.area_m2, 0, language);
        match area.source {
            AreaSource::PlanArea => {
                let mut is_shown = !self.hides_area;
                if widgets::toggle(ui, &tr(language, "design-area"), &mut is_shown).changed() {
                    self.hides_area = !is_shown;
                }
                if is_shown {
                    let [r, g, b] = palette::PLAN_AREA;
                    let label = tr(language, "design-area-edge");
                    widgets::swatch(ui, Color32::from_rgb(r, g, b), SwatchEdge::Band, &label);
                }
                let scale = area
                    .scale
                    .map(|scale| words::scale(scale, language))
                    .unwrap_or_default();
                let args = [("size", size.as_str()), ("scale", scale.as_str())];
                widgets::secondary(ui, &tr_args(language, "design-area-line", &args));
                let title = area.title.get(&language.code());
                if !title.is_empty() {
                    widgets::secondary(ui, title);
                }
            }
            AreaSource::AreaOutline => {
                widgets::paragraph(ui, &tr_args(language, "design-area-outline", &[("size", &size)]));
            }
        }
        let state = match &numbers.phase {
            Some(phase) => tr_args(language, "design-phase", &[("phase", phase.get(&language.code()))]),
            None => tr(language, "design-final"),
        };
        widgets::secondary(ui, &state);
        ui.add_space(Theme::STEP);
    }

    fn show_table(&mut self, ui: &mut Ui, numbers: &Numbers, language: &Language) {
        let states = self.columns(
            numbers,
            columns_in(ui.available_width(), Theme::of(ui.ctx()).text_scale),
        );
        let titles: Vec<String> = states.iter().map(|state| title(state, language)).collect();
        let name = tr(language, "design-indicator");
        let columns: Vec<TableColumn<'_>> = std::iter::once(TableColumn {
            label: &name,
            share: NAME_SHARE,
            is_numeric: false,
        })
        .chain(titles.iter().map(|label| TableColumn {
            label,
            share: 1.0,
            is_numeric: true,
        }))
        .collect();
        let shown = states.iter().position(|state| state.variant == self.shown);
        if let Some(pressed) = widgets::table_head(ui, &columns, None)
            && let Some(variant) = pressed.checked_sub(1).and_then(|column| states.get(column)?.variant)
        {
            self.wishes.push(Wish::ShowVariant(variant));
        }
        let label = |row: usize| row_label(Key::ALL[row], &states, &titles, language);
        let paint = |ui: &Ui, painter: &Painter, cells: &[Rect], row: usize| {
            paint_row(ui, painter, cells, Key::ALL[row], &states, shown, language);
        };
        let rows = TableRows {
            name: "design-numbers",
            count: Key::ALL.len(),
            selected: None,
            scroll_to: None,
            height: f32::INFINITY,
            lines: 2,
            label: &label,
            paint: &paint,
        };
        if let Some(row) = widgets::table_rows(ui, &columns, &rows) {
            self.opened = Key::ALL.get(row).copied();
        }
        if states.len() < numbers.states.len() {
            widgets::secondary(ui, &tr(language, "design-more-variants"));
        }
    }
}

/// How many columns of numbers fit beside their names, today and one variant at least.
fn columns_in(width: f32, text_scale: f32) -> usize {
    let fitting = width / (NARROWEST * text_scale) - NAME_SHARE;
    (2..=MOST_COLUMNS)
        .rev()
        .find(|count| {
            #[expect(clippy::cast_precision_loss, reason = "a handful of columns")]
            let count = *count as f32;
            count <= fitting
        })
        .unwrap_or(2)
}

impl PageContent for NumbersPage {
    fn name(&self, language: &Language) -> String {
        tr(language, "design-numbers")
    }

    fn icon(&self) -> &'static str {
        regular::CHART_BAR
    }

    fn width(&self) -> f32 {
        let columns = match &self.progress {
            Progress::Done(numbers) => numbers.states.len().min(MOST_COLUMNS),
            _ => 1,
        };
        #[expect(clippy::cast_precision_loss, reason = "a handful of columns")]
        let columns = columns as f32;
        COLUMN * (columns + NAME_SHARE)
    }

    fn show(&mut self, ui: &mut Ui, language: &Language) {
        self.unseen = 0;
        match std::mem::take(&mut self.progress) {
            Progress::Nothing => {
                widgets::secondary(ui, &tr(language, "design-nothing"));
            }
            Progress::Counting => {
                widgets::secondary(ui, &tr(language, "design-counting"));
                self.progress = Progress::Counting;
            }
            Progress::Failed(error) => {
                widgets::paragraph(ui, &failure(&error, language));
                self.progress = Progress::Failed(error);
            }
            Progress::Done(numbers) => {
                self.show_numbers(ui, &numbers, language);
                self.progress = Progress::Done(numbers);
            }
        }
    }
}

/// What a state is called.
pub(super) fn title(state: &State, language: &Language) -> String {
    match state.title.get(&language.code()) {
        "" => tr(language, "design-today"),
        title => title.to_owned(),
    }
}

fn failure(error: &SurveyError, language: &Language) -> String {
    match error {
        SurveyError::NoArea => tr(language, "design-no-area"),
        SurveyError::TooTangled { .. } => tr(language, "design-too-complex"),
    }
}

/// Everything that a row shows, in words.
fn row_label(key: Key, states: &[&State], titles: &[String], language: &Language) -> String {
    let mut words = vec![words::name(key, language)];
    for (column, (state, title)) in states.iter().zip(titles).enumerate() {
        let indicator = state.indicators.get(key);
        let mut part = format!("{title}: {}", words::value(indicator, language));
        let unit = words::unit(key);
        if !unit.is_empty() {
            part = format!("{part} {unit}");
        }
        if let Some(difference) = words::difference(indicator, language).filter(|_| column > 0) {
            part = format!("{part} ({difference})");
        }
        if let Some(wind) = words::wind(indicator.wind, language) {
            part = format!("{part} {wind}");
        }
        words.push(part);
    }
    words.join(", ")
}

fn paint_row(
    ui: &Ui,
    painter: &Painter,
    cells: &[Rect],
    key: Key,
    states: &[&State],
    shown: Option<usize>,
    language: &Language,
) {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let Some((name_cell, values)) = cells.split_first() else {
        return;
    };
    let unit = words::unit(key);
    let mut name = words::name(key, language);
    if !unit.is_empty() {
        name = format!("{name}, {unit}");
    }
    let words = theme.galley(
        ui,
        &name,
        TextRole::Body,
        tokens.ink,
        name_cell.width() - Theme::STEP,
        2,
    );
    let at = Align2::LEFT_CENTER.align_size_within_rect(words.size(), name_cell.with_min_x(name_cell.left() + 4.0));
    painter.galley(at.min, words, tokens.ink);
    for (column, (state, cell)) in states.iter().zip(values).enumerate() {
        if shown == Some(column) {
            painter.rect_filled(*cell, CornerRadius::ZERO, tokens.tint(theme.accent));
        }
        let indicator = state.indicators.get(key);
        let value = words::value(indicator, language);
        let (sign, ink) = match indicator.wind {
            Some(WindCheck::Study) => (Some(regular::WARNING), tokens.error),
            Some(WindCheck::Expert) => (Some(regular::WIND), tokens.warning),
            _ => (None, tokens.ink),
        };
        let role = if shown == Some(column) {
            TextRole::Strong
        } else {
            TextRole::Body
        };
        let mut lines = vec![theme.galley(ui, &value, role, tokens.ink, cell.width(), 1)];
        if let Some(difference) = words::difference(indicator, language).filter(|_| column > 0) {
            lines.push(theme.galley(ui, &difference, TextRole::Small, tokens.muted, cell.width(), 1));
        }
        let height: f32 = lines.iter().map(|line| line.size().y).sum();
        let right = cell.right() - Theme::STEP;
        let mut y = cell.center().y - height / 2.0;
        for (index, line) in lines.into_iter().enumerate() {
            let left = right - line.size().x;
            if let Some(sign) = sign.filter(|_| index == 0) {
                let icon = theme.galley(ui, sign, TextRole::Body, ink, f32::INFINITY, 1);
                painter.galley([left - icon.size().x - 3.0, y].into(), icon, ink);
            }
            let below = y + line.size().y;
            painter.galley([left, y].into(), line, tokens.ink);
            y = below;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_letters_leave_room_for_fewer_columns_and_always_for_two() {
        assert_eq!(columns_in(NARROWEST * (4.2 + NAME_SHARE), 1.0), 4);
        assert_eq!(columns_in(NARROWEST * (4.2 + NAME_SHARE), 2.0), 2);
        assert_eq!(columns_in(10.0, 2.0), 2);
        assert_eq!(columns_in(10_000.0, 1.0), MOST_COLUMNS);
    }
}
