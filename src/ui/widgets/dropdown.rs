//! A list that folds out to choose one of several.

use super::strong;
use crate::ui::Theme;
use bevy_egui::egui::{ComboBox, Ui, WidgetInfo, WidgetType};
use std::{fmt::Debug, hash::Hash};

/// Shows `name` and below it the list, which `id` tells from others; returns the place in `names` that was chosen just now
/// and is another than `at`.
pub fn dropdown(ui: &mut Ui, id: impl Hash + Debug, name: &str, at: usize, names: &[&str]) -> Option<usize> {
    let mut chosen = at;
    ui.add_space(Theme::STEP / 2.0);
    strong(ui, name);
    let shown = names.get(at).copied().unwrap_or_default();
    let combo = ComboBox::from_id_salt(id)
        .selected_text(shown)
        .width(ui.available_width() - 2.0 * Theme::STEP)
        .truncate()
        .show_ui(ui, |ui| {
            for (place, option) in names.iter().enumerate() {
                ui.selectable_value(&mut chosen, place, *option);
            }
        });
    let label = format!("{name}: {shown}");
    combo
        .response
        .widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, true, &label));
    (chosen != at).then_some(chosen)
}
