//! Below a layer of tiles: from what its heights are measured, and one sentence where the ground says otherwise.

use crate::text::{Language, tr};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind};
use bevy_egui::egui::Ui;
use egui_phosphor::regular;

/// What stands below a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeightsRow {
    /// From what they may be measured, in words.
    pub choices: Vec<String>,
    /// Which of them is shown, by its place.
    pub chosen: usize,
    /// How the layer stands off the ground, and the choice that mends it.
    pub off_ground: Option<(String, usize)>,
}

/// Shows the choice; gives the place of the one that was chosen just now. `id` is the layer's.
pub(super) fn show(ui: &mut Ui, id: &str, row: &HeightsRow, language: &Language) -> Option<usize> {
    let mut asked = None;
    if let Some((stand, mend)) = &row.off_ground {
        widgets::paragraph(ui, stand);
        let words = tr(language, "heights-mend");
        if widgets::button(ui, regular::ARROWS_VERTICAL, &words, ButtonKind::Primary).clicked() {
            asked = Some(*mend);
        }
    }
    let names: Vec<&str> = row.choices.iter().map(String::as_str).collect();
    let name = tr(language, "heights-from");
    let chosen = widgets::dropdown(ui, ("heights", id), &name, row.chosen, &names);
    ui.add_space(Theme::STEP);
    asked.or(chosen)
}
