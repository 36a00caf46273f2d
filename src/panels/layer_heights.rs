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

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui::vec2;
    use egui_kittest::{Harness, kittest::Queryable as _};

    fn harness(row: HeightsRow) -> Harness<'static, (HeightsRow, Vec<usize>)> {
        let language = Language::from_code("nl").unwrap();
        let mut harness = Harness::builder().with_size(vec2(272.0, 400.0)).build_ui_state(
            move |ui, (row, asked): &mut (HeightsRow, Vec<usize>)| {
                Theme::new(false, 1.0).install(ui.ctx());
                asked.extend(show(ui, "tiles", row, &language));
            },
            (row, Vec::new()),
        );
        harness.run();
        harness
    }

    fn row() -> HeightsRow {
        HeightsRow {
            choices: vec!["NAP".into(), "Ellipsoïde".into()],
            chosen: 0,
            off_ground: None,
        }
    }

    #[test]
    fn what_floats_is_told_with_what_mends_it() {
        let mut harness = harness(HeightsRow {
            off_ground: Some(("Deze tegels zweven 43 m boven de grond.".into(), 1)),
            ..row()
        });
        harness.get_by_label_contains("zweven 43 m");
        harness.get_by_label("Zet ze op de grond").click();
        harness.run();
        assert_eq!(harness.state().1, [1]);
    }

    #[test]
    fn where_nothing_floats_there_is_the_choice_alone() {
        let harness = harness(row());
        assert!(harness.query_by_label("Zet ze op de grond").is_none());
        assert!(
            harness
                .query_all_by_label_contains("Hoogten gemeten vanaf")
                .next()
                .is_some()
        );
        assert!(harness.state().1.is_empty());
    }
}
