//! Counts per variant, face and theme, and what can be taken along of them.

use crate::export::{counts_csv, smiley_word, spots_csv, theme_word, words_csv};
use crate::lenses::participation::kiosk::keeping::Keeping;
use crate::model::Scenario;
use crate::model::reaction::{Reaction, Smiley, Tally, Theme};
use crate::model::store::data_folder;
use crate::sources::resource::slug;
use crate::text::{Language, format_count, tr, tr_args};
use crate::ui::large::{Large, LargeButton, LargeRole, button, cell, fitting_grid, grid, label, named, paragraph};
use bevy::tasks::{IoTaskPool, Task, block_on, poll_once};
use bevy_egui::egui::{CornerRadius, Rect, Ui, pos2};
use egui_phosphor::regular;
use jiff::Zoned;
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

/// Letters of a scenario's name in the name of a file.
const MAX_NAME: usize = 40;
/// How many files of one name and day are made.
const MAX_FILES: u32 = 99;

/// The page.
#[derive(Default)]
pub(super) struct Results {
    /// Whether it was shown before.
    has_looked: bool,
    /// Trials instead of what counts.
    trials: bool,
    /// Trials are about to be deleted: asked once more.
    asks_delete: bool,
    saving: Option<Task<io::Result<PathBuf>>>,
    saved: Option<Result<PathBuf, String>>,
}

impl Results {
    pub(super) fn show(
        &mut self,
        ui: &Ui,
        rest: Rect,
        keeping: &mut Keeping,
        scenario: Option<&Scenario>,
        language: &Language,
    ) {
        let large = Large::of(ui.ctx());
        if let Some(done) = self.saving.as_mut().and_then(|task| block_on(poll_once(task))) {
            self.saving = None;
            self.saved = Some(done.map_err(|error| error.to_string()));
        }
        // A scenario of trials alone is first looked at as such.
        if !std::mem::replace(&mut self.has_looked, true) {
            self.trials = keeping.count(false) == 0 && keeping.count(true) > 0;
        }
        let buttons = self.show_commands(ui, rest, keeping, scenario, language);
        let Some(listed) = keeping.listed() else {
            label(
                ui,
                buttons,
                &tr(language, "staff-loading"),
                LargeRole::Body,
                large.tokens.muted,
            );
            return;
        };
        let reactions: Vec<&Reaction> = listed.reactions.iter().filter(|r| r.is_trial == self.trials).collect();
        let ids = scenario
            .map(|scenario| scenario.variants.as_slice())
            .unwrap_or_default();
        let tally = Tally::of(reactions.iter().copied(), ids.iter().map(|variant| variant.id.as_str()));
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
        keeping: &mut Keeping,
        scenario: Option<&Scenario>,
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
                2 => self.save(keeping, scenario, language),
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
        match &self.saved {
            Some(Ok(folder)) => {
                let words = tr_args(language, "staff-saved", &[("path", &folder.display().to_string())]);
                paragraph(ui, said, &words, LargeRole::Small, large.tokens.ink);
            }
            Some(Err(error)) => {
                let words = tr_args(language, "staff-unsaved", &[("reason", error)]);
                paragraph(ui, said, &words, LargeRole::Small, large.tokens.error);
            }
            None => paragraph(
                ui,
                said,
                &tr(language, "staff-small-groups"),
                LargeRole::Small,
                large.tokens.muted,
            ),
        }
        rest.with_max_y(said.top() - large.gap())
    }

    /// Writes the tables, off the thread that draws.
    fn save(&mut self, keeping: &Keeping, scenario: Option<&Scenario>, language: &Language) {
        let (Some(listed), None) = (keeping.listed(), &self.saving) else {
            return;
        };
        let reactions: Vec<Reaction> = listed
            .reactions
            .iter()
            .filter(|r| r.is_trial == self.trials)
            .cloned()
            .collect();
        let code = language.code();
        let variants = scenario
            .map(|scenario| scenario.variants.as_slice())
            .unwrap_or_default();
        let titles: Vec<(String, String)> = variants
            .iter()
            .map(|variant| (variant.id.clone(), variant.title.get(&code).to_owned()))
            .collect();
        let name = scenario.map_or_else(String::new, |scenario| slug(scenario.title.get(&code), MAX_NAME));
        let kind = if self.trials {
            tr(language, "staff-file-trials")
        } else {
            tr(language, "staff-file-real")
        };
        let (language, day) = (language.clone(), Zoned::now().date());
        self.saved = None;
        self.saving = Some(IoTaskPool::get().spawn(async move {
            let folder = data_folder()
                .map_err(io::Error::other)?
                .join(tr(&language, "staff-file-folder"));
            let tally = Tally::of(&reactions, titles.iter().map(|(id, _)| id.as_str()));
            let title = |id: &str| {
                let found = titles.iter().find(|(known, _)| known == id);
                found.map_or_else(|| id.to_owned(), |(_, title)| title.clone())
            };
            let files = [
                (tr(&language, "staff-file-counts"), counts_csv(&tally, title, &language)),
                (
                    tr(&language, "staff-file-words"),
                    words_csv(&reactions, &tally, title, &language),
                ),
                (
                    tr(&language, "staff-file-spots"),
                    spots_csv(&reactions, &tally, title, &language),
                ),
            ];
            write_all(&folder.join(format!("{kind}-{name}-{day}")), &files)
        }));
    }
}

/// Writes the files into a folder of their own, never over others; returns that folder.
fn write_all(wanted: &Path, files: &[(String, Vec<u8>)]) -> io::Result<PathBuf> {
    let numbered = |number: u32| match number {
        1 => wanted.to_owned(),
        _ => PathBuf::from(format!("{}-{number}", wanted.display())),
    };
    fs::create_dir_all(wanted.parent().unwrap_or(wanted))?;
    for number in 1..=MAX_FILES {
        let folder = numbered(number);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => {
                for (name, bytes) in files {
                    let mut file = atomic_write_file::AtomicWriteFile::open(folder.join(format!("{name}.csv")))?;
                    file.write_all(bytes)?;
                    file.commit()?;
                }
                return Ok(folder);
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The table: a row per variant and one for all.
fn show_table(ui: &Ui, rest: Rect, tally: &Tally, scenario: Option<&Scenario>, language: &Language) {
    let large = Large::of(ui.ctx());
    let code = language.code();
    let title = |id: &str| {
        let variants = scenario
            .map(|scenario| scenario.variants.as_slice())
            .unwrap_or_default();
        let found = variants.iter().find(|variant| variant.id == id);
        found.map_or_else(|| id.to_owned(), |variant| variant.title.get(&code).to_owned())
    };
    let head: Vec<String> = [tr(language, "reactions-variant"), tr(language, "reactions-total")]
        .into_iter()
        .chain(Smiley::ALL.map(|smiley| smiley_word(smiley, language)))
        .chain(Theme::ALL.map(|theme| theme_word(theme, language)))
        .chain([tr(language, "reactions-no-theme")])
        .collect();
    let mut rows = vec![head];
    for group in &tally.groups {
        let mut row = vec![title(&group.variant), format_count(group.total, language)];
        row.extend(match &group.split {
            Some(split) => cells(split, language),
            None if group.total == 0 => vec!["–".to_owned(); 8],
            None => vec!["< 5".to_owned(); 8],
        });
        rows.push(row);
    }
    let mut sums = vec![tr(language, "reactions-all"), format_count(tally.total, language)];
    // Where no group is split there are no sums either.
    sums.extend(if tally.total == tally.in_small_groups {
        vec!["–".to_owned(); 8]
    } else {
        cells(&tally.split, language)
    });
    rows.push(sums);
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

fn cells(split: &crate::model::reaction::Split, language: &Language) -> Vec<String> {
    let counts = split.smileys.iter().chain(&split.themes).chain([&split.without_theme]);
    counts.map(|count| format_count(*count, language)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_never_written_over_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let wanted = folder.path().join("uit").join("reacties-plein-2026-11-25");
        let files = [
            ("aantallen".to_owned(), b"a".to_vec()),
            ("woorden".to_owned(), b"w".to_vec()),
        ];
        let first = write_all(&wanted, &files).expect("written");
        let second = write_all(&wanted, &files).expect("written");
        assert_eq!(first, wanted);
        assert_ne!(first, second);
        assert_eq!(fs::read(second.join("woorden.csv")).expect("a file"), b"w");
    }
}
