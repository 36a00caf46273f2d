//! The list of plan variants, of which one is shown.

use crate::model::Certainty;
use crate::panels::certainty_word;
use crate::text::{Language, tr, tr_args};
use crate::ui::widgets::{self, ButtonKind, ListRow};
use bevy_egui::egui::{Popup, Ui};
use egui_phosphor::regular;

/// One variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantRow {
    /// Its id in the scenario.
    pub id: String,
    /// Its title.
    pub title: String,
    /// A line about it, may be empty.
    pub summary: String,
    /// How sure it is.
    pub certainty: Certainty,
}

/// What the list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariantsState {
    /// The variants in the order of their keys, `1` first.
    pub rows: Vec<VariantRow>,
    /// Id of the variant that is shown.
    pub active: String,
    /// The phases in order; empty where there are none or the variant shown changes nothing.
    pub phases: Vec<PhaseRow>,
    /// Id of the phase that is shown; `None` is the final state.
    pub phase: Option<String>,
}

/// A step of building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseRow {
    /// Its id in the scenario.
    pub id: String,
    /// Its title.
    pub title: String,
    /// When it is ready, may be empty.
    pub year: String,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariantsAction {
    /// Show the variant with this id.
    Choose(String),
    /// Show the plan up to the phase with this id, or whole.
    ChoosePhase(Option<String>),
}

/// Shows the list.
pub fn show(ui: &mut Ui, state: &VariantsState, language: &Language) -> Vec<VariantsAction> {
    let mut actions = Vec::new();
    if state.rows.is_empty() {
        widgets::secondary(ui, &tr(language, "variants-none"));
    }
    for (index, row) in state.rows.iter().enumerate() {
        // Keys go from 1 to 9; what comes after is chosen by hand.
        let shortcut = if index < 9 {
            (index + 1).to_string()
        } else {
            String::new()
        };
        // First, so that a long summary never cuts it off.
        let certainty = (row.certainty != Certainty::Decided).then(|| certainty_word(row.certainty, language));
        let summary = Some(row.summary.clone()).filter(|summary| !summary.is_empty());
        let detail: Vec<String> = certainty.into_iter().chain(summary).collect();
        let detail = detail.join(" · ");
        let selected = row.id == state.active;
        let shown = ListRow {
            label: &row.title,
            detail: &detail,
            shortcut: &shortcut,
            selected,
        };
        if widgets::list_row(ui, &shown).clicked() && !selected {
            actions.push(VariantsAction::Choose(row.id.clone()));
        }
    }
    if !state.phases.is_empty() {
        widgets::separator(ui);
        actions.extend(choose_phase(ui, state, language));
    }
    actions
}

/// One button that says which phase is shown and opens the list: the final state unless chosen otherwise.
fn choose_phase(ui: &mut Ui, state: &VariantsState, language: &Language) -> Option<VariantsAction> {
    let shown = state
        .phases
        .iter()
        .find(|row| Some(&row.id) == state.phase.as_ref())
        .map_or_else(|| tr(language, "phase-final"), |row| row.title.clone());
    let label = tr_args(language, "phase-shown", &[("phase", &shown)]);
    let button = widgets::button(ui, regular::CARET_DOWN, &label, ButtonKind::Secondary);
    let mut chosen = None;
    Popup::menu(&button).width(ui.available_width()).show(|ui| {
        let whole = [(None, tr(language, "phase-final"), tr(language, "phase-final-about"))];
        let steps = state.phases.iter().map(|row| {
            let about = match row.year.as_str() {
                "" => String::new(),
                year => tr_args(language, "phase-ready", &[("year", year)]),
            };
            (Some(row.id.clone()), row.title.clone(), about)
        });
        for (id, title, about) in whole.into_iter().chain(steps) {
            let row = ListRow {
                label: &title,
                detail: &about,
                shortcut: "",
                selected: id == state.phase,
            };
            if widgets::list_row(ui, &row).clicked() && id != state.phase {
                chosen = Some(VariantsAction::ChoosePhase(id));
            }
        }
    });
    chosen
}
