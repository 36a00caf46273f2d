//! The languages to choose from, the same in the bar and in the settings.

use crate::text::Language;
use crate::ui::widgets::{self, ListRow};
use bevy_egui::egui::Ui;

/// Shows the languages; returns the one that was chosen, if it is another one.
pub(super) fn show(ui: &mut Ui, language: &Language) -> Option<Language> {
    let mut chosen = None;
    for choice in Language::available() {
        let name = choice.name();
        let row = ListRow {
            label: &name,
            detail: "",
            shortcut: "",
            selected: choice == *language,
        };
        if widgets::list_row(ui, &row).clicked() && !row.selected {
            chosen = Some(choice);
        }
    }
    chosen
}
