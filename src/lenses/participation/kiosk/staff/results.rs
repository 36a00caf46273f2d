//! Counts per variant, face and theme, and what can be taken along of them.

use super::tables::{Order, Tables};
use crate::export::{count_heads, count_rows, counts_remark};
use crate::lenses::participation::kiosk::keeping::Keeping;
use crate::model::Scenario;
use crate::model::reaction::Tally;
use crate::model::store::StoredReactions;
use crate::sources::resource::slug;
use crate::text::{Language, format_count, tr, tr_args};
use crate::ui::large::{Large, LargeButton, LargeRole, button, cell, fitting_grid, grid, label, named, paragraph};
use bevy_egui::egui::{CornerRadius, Rect, Ui, pos2};
use egui_phosphor::regular;
use jiff::Zoned;

/// Letters of a scenario's name in the name of a file.
const MAX_NAME: usize = 40;

/// The page.
#[derive(Default)]
pub(super) struct Results {
    /// Whether it was shown before.
    has_looked: bool,
    /// Trials instead of what counts.
    trials: bool,
    /// Trials are about to be deleted: asked once more.
    asks_delete: bool,
}

impl Results {
    pub(super) fn show(
        &mut self,
        ui: &Ui,
        rest: Rect,
        (keeping, tables): (&mut Keeping, &mut Tables),
        scenario: Option<&Scenario>,
        language: &Language,
    ) {
        let large = Large::of(ui.ctx());
        // A scenario of trials alone is first looked at as such.
        if !std::mem::replace(&mut self.has_looked, true) {
            self.trials = keeping.count(false) == 0 && keeping.count(true) > 0;
        }
        let tally = keeping.listed().map(|listed| {
            let reactions = listed.reactions.iter().filter(|r| r.is_trial == self.trials);
            let variants = scenario
                .map(|scenario| scenario.variants.as_slice())
                .unwrap_or_default();
            Tally::of(reactions, variants.iter().map(|variant| variant.id.as_str()))
        });
        let about = (scenario, tally.as_ref());
        let buttons = self.show_commands(ui, rest, (keeping, tables), about, language);
        let (Some(listed), Some(tally)) = (keeping.listed(), tally) else {
            label(
                ui,
                buttons,
                &tr(language, "staff-loading"),
                LargeRole::Body,
                large.tokens.muted,
            );
            return;
        };
        show_table(ui, buttons, &tally, scenario, language);
        if listed.unreadable > 0 {
            let at = buttons.with_min_y(buttons.bottom() - large.mm(12.0));
            let count = format_count(listed.unreadable, language);
            let words = tr_args(language, "staff-unreadable", &[("count", &count)]);
            paragraph(ui, at, &words, LargeRole::Small, large.tokens.error);
        }
    }

    /// The buttons at the bottom; returns what is left above them.
    fn show_commands(
        &mut self,
        ui: &Ui,
        rest: Rect,
        (keeping, tables): (&mut Keeping, &mut Tables),
        (scenario, tally): (Option<&Scenario>, Option<&Tally>),
        language: &Language,
    ) -> Rect {
        let large = Large::of(ui.ctx());
        let (real, trials) = (keeping.count(false), keeping.count(true));
        let named = |key_words: String, count: usize| format!("{key_words} ({})", format_count(count, language));
        let delete = if self.asks_delete {
            tr(language, "staff-delete-sure")
        } else {
            tr(language, "staff-delete-trials")
        };
        let looks = [
            (
                regular::USERS,
                named(tr(language, "staff-real"), real),
                !self.trials,
                true,
            ),
            (
                regular::FLASK,
                named(tr(language, "staff-trials"), trials),
                self.trials,
                true,
            ),
            (
                regular::FLOPPY_DISK,
                tr(language, "staff-save-csv"),
                false,
                keeping.listed().is_some(),
            ),
            (regular::TRASH, delete, self.asks_delete, trials > 0),
        ];
        let (columns, height) = fitting_grid(&large, looks.len(), rest.width(), large.mm(84.0), large.target());
        let line = large.mm(16.0);
        let at = rest.with_min_y(rest.bottom() - height);
        for (number, (place, (icon, name, is_on, is_possible))) in grid(at, looks.len(), columns, large.gap())
            .into_iter()
            .zip(looks)
            .enumerate()
        {
            let look = LargeButton::plain(icon, &name).chosen(is_on).enabled(is_possible);
            if !button(ui, place, &look).clicked() {
                continue;
            }
            match number {
                0 | 1 => self.trials = number == 1,
                2 => {
                    if let (Some(listed), Some(tally)) = (keeping.listed(), tally) {
                        tables.write(self.order(listed, (scenario, tally), language));
                    }
                }
                _ if self.asks_delete => {
                    keeping.delete_trials();
                    self.asks_delete = false;
                    continue;
                }
                _ => {
                    self.asks_delete = true;
                    continue;
                }
            }
            self.asks_delete = false;
        }
        let said = at
            .with_min_y(at.top() - line - large.gap())
            .with_max_y(at.top() - large.gap());
        match tables.written() {
            Some(Ok(folder)) => {
                let words = tr_args(language, "staff-saved", &[("path", &folder.display().to_string())]);
                paragraph(ui, said, &words, LargeRole::Small, large.tokens.ink);
            }
            Some(Err(error)) => {
                let words = tr_args(language, "staff-unsaved", &[("reason", error)]);
                paragraph(ui, said, &words, LargeRole::Small, large.tokens.error);
            }
            None => {
                let words = tally.map(|tally| counts_remark(tally, language)).unwrap_or_default();
                paragraph(ui, said, &words, LargeRole::Small, large.tokens.muted);
            }
        }
        rest.with_max_y(said.top() - large.gap())
    }

    /// What is written when staff ask for the tables now.
    fn order(
        &self,
        listed: &StoredReactions,
        (scenario, tally): (Option<&Scenario>, &Tally),
        language: &Language,
    ) -> Order {
        let code = language.code();
        let reactions = listed.reactions.iter().filter(|r| r.is_trial == self.trials);
        let groups = tally.groups.iter();
        Order {
            reactions: reactions.cloned().collect(),
            titles: groups
                .map(|group| (group.variant.clone(), title_of(&group.variant, scenario, &code)))
                .collect(),
            name: scenario.map_or_else(String::new, |scenario| slug(scenario.title.get(&code), MAX_NAME)),
            are_trials: self.trials,
            is_example: scenario.is_some_and(|scenario| scenario.synthetic),
            language: language.clone(),
            day: Zoned::now().date(),
        }
    }
}

/// The table: a row per variant and one for all.
fn show_table(ui: &Ui, rest: Rect, tally: &Tally, scenario: Option<&Scenario>, language: &Language) {
    let large = Large::of(ui.ctx());
    let code = language.code();
    let title = |id: &str| title_of(id, scenario, &code);
    let mut rows = vec![count_heads(language)];
    rows.extend(count_rows(tally, title, language));
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let height = (rest.height() / rows.len() as f32).min(large.mm(17.0));
    for (number, row) in rows.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few rows")]
        let top = rest.top() + height * number as f32;
        let line = Rect::from_min_max(pos2(rest.left(), top), pos2(rest.right(), top + height));
        if number % 2 == 1 {
            ui.painter().rect_filled(line, CornerRadius::ZERO, large.tokens.hover);
        }
        show_row(ui, line, row, number == 0 || number + 1 == rows.len());
    }
}

/// What a variant is called; its id where the plan does not have it any more.
fn title_of(id: &str, scenario: Option<&Scenario>, code: &str) -> String {
    let found = scenario.and_then(|scenario| scenario.variant(id));
    found.map_or_else(|| id.to_owned(), |variant| variant.title.get(code).to_owned())
}

fn show_row(ui: &Ui, line: Rect, cells: &[String], is_strong: bool) {
    let large = Large::of(ui.ctx());
    let first = line.with_max_x(line.left() + line.width() * 0.2);
    let others = line.with_min_x(first.right());
    let role = if is_strong { LargeRole::Strong } else { LargeRole::Body };
    let pad = large.mm(1.5);
    let places = std::iter::once(first).chain(grid(others, cells.len() - 1, cells.len() - 1, 0.0));
    for (place, text) in places.zip(cells) {
        cell(ui, place.shrink(pad), text, role, large.tokens.ink);
    }
    // The row is told whole, so that it reads aloud in order.
    named(ui, line, &cells.join(" · "));
}
