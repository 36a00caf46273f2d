//! The places to look from.

use crate::text::{Language, tr};
use crate::ui::widgets::{self, ListRow};
use bevy_egui::egui::Ui;

/// One viewpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewpointRow {
    /// Its id in the scenario.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What is to be seen there, may be empty.
    pub caption: String,
}

/// What the list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewpointsState {
    /// The viewpoints.
    pub rows: Vec<ViewpointRow>,
    /// Id of the viewpoint that the camera stands at, if at any.
    pub current: Option<String>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewpointsAction {
    /// Fly to the viewpoint with this id. Also asked for the current one, since the camera may have moved a little.
    FlyTo(String),
}

/// Shows the list.
pub fn show(ui: &mut Ui, state: &ViewpointsState, language: &Language) -> Vec<ViewpointsAction> {
    let mut actions = Vec::new();
    if state.rows.is_empty() {
        widgets::secondary(ui, &tr(language, "viewpoints-none"));
    }
    for row in &state.rows {
        let selected = state.current.as_ref() == Some(&row.id);
        let shown = ListRow {
            label: &row.title,
            detail: &row.caption,
            shortcut: "",
            selected,
        };
        if widgets::list_row(ui, &shown).clicked() {
            actions.push(ViewpointsAction::FlyTo(row.id.clone()));
        }
    }
    actions
}
