//! The list behind the quiet counter: what is wrong, where, what it means for the picture, and what to do about it.

use crate::text::{Language, tr, tr_count};
use crate::ui::widgets::{self, ButtonKind};
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Label, RichText, Ui};
use egui_phosphor::regular;

/// One problem, in words for who uses the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemRow {
    /// Something is missing, rather than only worth knowing.
    pub serious: bool,
    /// What is wrong and what to do, in plain words.
    pub what: String,
    /// The exact finding, in English, for whoever made the file.
    pub finding: String,
    /// In which file and where in it.
    pub place: String,
    /// What it means for what is seen.
    pub meaning: String,
}

/// What the list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProblemsState {
    /// The problems, the newest last.
    pub rows: Vec<ProblemRow>,
    /// Something of a server could not be had, and can be asked for again.
    pub can_retry: bool,
}

/// What was asked for; numbers are places in [`ProblemsState::rows`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemsAction {
    /// Ask the servers again for what could not be had.
    Retry,
    /// Open the same file again, for who has mended it meanwhile.
    Reopen,
    /// Take it off the list.
    Ignore(usize),
    /// Take all off the list.
    IgnoreAll,
    /// The list was copied as text; say so.
    Copied,
}

/// More than this is not laid out; a data set with a million faults must not stop the program.
const MOST_SHOWN: usize = 200;

/// Shows the list.
pub fn show(ui: &mut Ui, state: &ProblemsState, language: &Language) -> Vec<ProblemsAction> {
    let mut actions = Vec::new();
    if state.rows.is_empty() {
        widgets::paragraph(ui, &tr(language, "problems-none"));
        return actions;
    }
    ui.horizontal_wrapped(|ui| {
        let retry = tr(language, "problems-retry");
        if state.can_retry && widgets::button(ui, regular::CLOUD_ARROW_DOWN, &retry, ButtonKind::Secondary).clicked() {
            actions.push(ProblemsAction::Retry);
        }
        let reopen = tr(language, "problems-reopen");
        if widgets::button(ui, regular::ARROW_CLOCKWISE, &reopen, ButtonKind::Secondary).clicked() {
            actions.push(ProblemsAction::Reopen);
        }
        if widgets::button(ui, regular::COPY, &tr(language, "problems-copy"), ButtonKind::Secondary).clicked() {
            ui.ctx().copy_text(as_text(state));
            actions.push(ProblemsAction::Copied);
        }
        if widgets::button(
            ui,
            regular::EYE_SLASH,
            &tr(language, "problems-ignore-all"),
            ButtonKind::Secondary,
        )
        .clicked()
        {
            actions.push(ProblemsAction::IgnoreAll);
        }
    });
    for (index, row) in state.rows.iter().take(MOST_SHOWN).enumerate() {
        widgets::separator(ui);
        ui.push_id(index, |ui| show_row(ui, index, row, language, &mut actions));
    }
    let more = state.rows.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        widgets::separator(ui);
        widgets::secondary(ui, &tr_count(language, "problems-more", more));
    }
    actions
}

fn show_row(ui: &mut Ui, index: usize, row: &ProblemRow, language: &Language, actions: &mut Vec<ProblemsAction>) {
    let theme = Theme::of(ui.ctx());
    let (icon, color, word) = if row.serious {
        (regular::WARNING, theme.tokens.error, tr(language, "problems-error"))
    } else {
        (regular::INFO, theme.tokens.warning, tr(language, "problems-warning"))
    };
    ui.horizontal(|ui| {
        ui.add(Label::new(RichText::new(icon).size(theme.icon_size()).color(color)));
        ui.add(Label::new(
            RichText::new(word).size(theme.size(TextRole::Small)).color(color),
        ));
    });
    widgets::strong(ui, &row.what);
    if !row.meaning.is_empty() {
        widgets::paragraph(ui, &row.meaning);
    }
    for line in [&row.place, &row.finding] {
        if !line.is_empty() {
            widgets::secondary(ui, line);
        }
    }
    ui.horizontal(|ui| {
        if widgets::button(
            ui,
            regular::EYE_SLASH,
            &tr(language, "problems-ignore"),
            ButtonKind::Quiet,
        )
        .clicked()
        {
            actions.push(ProblemsAction::Ignore(index));
        }
    });
}

/// The list as lines, for a mail to whoever made the data.
fn as_text(state: &ProblemsState) -> String {
    state
        .rows
        .iter()
        .map(|row| [row.place.as_str(), &row.finding, &row.what, &row.meaning].join("\t") + "\n")
        .collect()
}
