//! The list of plan variants, of which one is shown.

use crate::model::Certainty;
use crate::panels::certainty_word;
use crate::text::{Language, tr};
use crate::ui::widgets::{self, ListRow};
use bevy_egui::egui::Ui;

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
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariantsAction {
    /// Show the variant with this id.
    Choose(String),
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
    actions
}
