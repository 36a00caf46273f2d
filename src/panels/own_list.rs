//! The page that adds a list of objects from somebody's own system: choose the file, say which column is what, see what
//! comes of it, add it. Below it the lists that were added.
//!
//! It holds what it was told and what was chosen; files are read and lists are kept elsewhere.

use super::problems::ProblemRow;
use super::rooms::PageContent;
use crate::model::scenario::{Columns, ListPreview, Meaning};
use crate::model::{AddedList, AssetKind};
use crate::text::{Language, format_count, format_date, tr, tr_args, tr_count};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind};
use bevy::prelude::Message;
use bevy_egui::egui::Ui;
use egui_phosphor::regular;
use std::path::PathBuf;

/// Problems that are shown; the rest is counted.
const SHOWN_PROBLEMS: usize = 6;

/// Request: show this page.
#[derive(Message, Debug, Clone, Copy)]
pub struct OpenListPage;

/// What was asked for on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnListWish {
    /// Ask for a file with the system's dialog.
    Browse,
    /// Read this file.
    Read(PathBuf),
    /// See what comes of these columns.
    Try(Columns),
    /// Add the file with these columns.
    Add(Columns),
    /// Take a list away.
    Remove(String),
    /// Forget the file.
    Forget,
}

/// The page.
#[derive(Debug, Default)]
pub struct OwnListPage {
    path: String,
    complaint: String,
    is_busy: bool,
    preview: Option<ListPreview>,
    /// Those of the preview in words, in their order.
    problems: Vec<ProblemRow>,
    /// The CRS as it was chosen; found out when `None`.
    crs: Option<String>,
    lists: Vec<AddedList>,
    wishes: Vec<OwnListWish>,
}

impl OwnListPage {
    /// Says which lists there are.
    pub fn set_lists(&mut self, lists: Vec<AddedList>) {
        self.lists = lists;
    }

    /// Says that something is under way.
    pub fn set_busy(&mut self) {
        self.is_busy = true;
        self.complaint.clear();
    }

    /// Says that what was under way could not be done, and why.
    pub fn complain(&mut self, complaint: String) {
        self.is_busy = false;
        self.complaint = complaint;
    }

    /// Shows what would come of a file, and what is wrong with it in words.
    pub fn set_preview(&mut self, preview: ListPreview, problems: Vec<ProblemRow>) {
        self.is_busy = false;
        self.problems = problems;
        self.preview = Some(preview);
    }

    /// Starts anew: the file was added, or is not wanted any more.
    pub fn forget(&mut self) {
        let lists = std::mem::take(&mut self.lists);
        *self = Self {
            lists,
            wishes: std::mem::take(&mut self.wishes),
            ..Self::default()
        };
    }

    /// What was asked for since this was last called.
    pub fn take_wishes(&mut self) -> Vec<OwnListWish> {
        std::mem::take(&mut self.wishes)
    }

    fn show_choice(&mut self, ui: &mut Ui, language: &Language) {
        widgets::paragraph(ui, &tr(language, "owndata-about"));
        ui.add_space(Theme::STEP);
        if widgets::button(
            ui,
            regular::FILE_CSV,
            &tr(language, "owndata-browse"),
            ButtonKind::Primary,
        )
        .clicked()
        {
            self.wishes.push(OwnListWish::Browse);
        }
        ui.add_space(Theme::STEP);
        let typed = widgets::path_field(ui, &mut self.path, &tr(language, "owndata-path"));
        let path = self.path.trim().to_owned();
        let pressed = ui.add_enabled_ui(!path.is_empty() && !self.is_busy, |ui| {
            let label = tr(language, "owndata-read");
            widgets::button(ui, regular::ARROW_RIGHT, &label, ButtonKind::Secondary).clicked()
        });
        if (typed.is_entered || pressed.inner) && !path.is_empty() {
            self.wishes.push(OwnListWish::Read(PathBuf::from(path)));
        }
    }

    fn show_mapping(&mut self, ui: &mut Ui, preview: &ListPreview, language: &Language) {
        widgets::heading(ui, &preview.name);
        let [objects, rows] = [preview.objects, preview.rows].map(|count| format_count(count, language));
        let count = tr_args(language, "owndata-count", &[("objects", &objects), ("rows", &rows)]);
        widgets::strong(ui, &count);
        self.show_problems(ui, preview, language);
        ui.add_space(Theme::STEP);
        self.show_end(ui, preview, language);
        ui.add_space(Theme::STEP);
        widgets::paragraph(ui, &tr(language, "owndata-columns"));
        let mut columns = Columns {
            crs: self.crs.clone(),
            ..preview.columns.clone()
        };
        let mut is_changed = false;
        for meaning in Meaning::ALL {
            is_changed |= show_meaning(ui, meaning, preview, &mut columns, language);
            match meaning {
                Meaning::Y => is_changed |= self.show_crs(ui, preview, &mut columns, language),
                Meaning::Kind => is_changed |= show_all_are(ui, &mut columns, language),
                _ => {}
            }
        }
        if is_changed {
            // The page shows the choice at once; what comes of it follows.
            self.preview = Some(ListPreview {
                columns: columns.clone(),
                ..preview.clone()
            });
            self.is_busy = true;
            self.wishes.push(OwnListWish::Try(columns));
        }
    }

    fn show_problems(&self, ui: &mut Ui, preview: &ListPreview, language: &Language) {
        let mut told = "";
        for (row, problem) in self.problems.iter().zip(&preview.problems).take(SHOWN_PROBLEMS) {
            // Many rows have one cause: it is told once.
            if row.what != told {
                widgets::paragraph(ui, &row.what);
                told = &row.what;
            }
            let place = if problem.place.is_empty() {
                String::new()
            } else {
                format!("{}: ", problem.place)
            };
            widgets::secondary(ui, &format!("{place}{}", problem.message));
        }
        let more = self.problems.len().saturating_sub(SHOWN_PROBLEMS);
        if more > 0 {
            widgets::secondary(ui, &tr_count(language, "problems-more", more));
        }
    }

    /// Add it or leave it.
    fn show_end(&mut self, ui: &mut Ui, preview: &ListPreview, language: &Language) {
        ui.horizontal_wrapped(|ui| {
            let can_add = preview.is_usable() && !self.is_busy;
            let label = tr(language, "owndata-confirm");
            let pressed = ui.add_enabled_ui(can_add, |ui| {
                widgets::button(ui, regular::PLUS, &label, ButtonKind::Primary).clicked()
            });
            if pressed.inner {
                self.is_busy = true;
                self.wishes.push(OwnListWish::Add(preview.columns.clone()));
            }
            let label = tr(language, "owndata-cancel");
            if widgets::button(ui, regular::X, &label, ButtonKind::Quiet).clicked() {
                self.wishes.push(OwnListWish::Forget);
            }
        });
        widgets::secondary(ui, &tr(language, "owndata-kept"));
    }

    fn show_crs(&mut self, ui: &mut Ui, preview: &ListPreview, columns: &mut Columns, language: &Language) -> bool {
        let found = preview.columns.crs.as_deref().filter(|_| self.crs.is_none());
        let by_itself = match found {
            Some(found) => tr_args(language, "owndata-crs-found", &[("crs", &crs_name(found, language))]),
            None => tr(language, "owndata-crs-auto"),
        };
        let choices = [
            (None, by_itself),
            (Some("EPSG:28992"), crs_name("EPSG:28992", language)),
            (Some("EPSG:4326"), crs_name("EPSG:4326", language)),
        ];
        let at = choices.iter().position(|(crs, _)| self.crs.as_deref() == *crs);
        let names: Vec<&str> = choices.iter().map(|(_, name)| name.as_str()).collect();
        let chosen = widgets::dropdown(
            ui,
            ("own-list", "crs"),
            &tr(language, "owndata-crs"),
            at.unwrap_or(0),
            &names,
        );
        let Some((crs, _)) = chosen.and_then(|chosen| choices.get(chosen)) else {
            return false;
        };
        self.crs = crs.map(str::to_owned);
        columns.crs.clone_from(&self.crs);
        true
    }

    fn show_lists(&mut self, ui: &mut Ui, language: &Language) {
        if self.lists.is_empty() {
            return;
        }
        ui.add_space(2.0 * Theme::STEP);
        widgets::separator(ui);
        widgets::strong(ui, &tr(language, "owndata-lists"));
        for AddedList { list, objects } in &self.lists {
            widgets::paragraph(ui, &list.name);
            let objects = format_count(*objects, language);
            let day = format_date(list.day, language);
            let args = [("objects", objects.as_str()), ("day", day.as_str())];
            widgets::secondary(ui, &tr_args(language, "owndata-list-detail", &args));
            let label = tr_args(language, "owndata-remove", &[("name", &list.name)]);
            let pressed = ui.add_enabled_ui(!self.is_busy, |ui| {
                widgets::button(ui, regular::TRASH, &label, ButtonKind::Quiet).clicked()
            });
            if pressed.inner {
                self.wishes.push(OwnListWish::Remove(list.id.clone()));
            }
        }
    }
}

impl PageContent for OwnListPage {
    fn name(&self, language: &Language) -> String {
        tr(language, "owndata-page")
    }

    fn icon(&self) -> &'static str {
        regular::FILE_CSV
    }

    fn width(&self) -> f32 {
        360.0
    }

    fn show(&mut self, ui: &mut Ui, language: &Language) {
        match self.preview.clone() {
            None => self.show_choice(ui, language),
            Some(preview) => self.show_mapping(ui, &preview, language),
        }
        if self.is_busy {
            widgets::secondary(ui, &tr(language, "owndata-busy"));
        }
        if !self.complaint.is_empty() {
            ui.add_space(Theme::STEP);
            widgets::strong(ui, &self.complaint);
        }
        self.show_lists(ui, language);
    }
}

/// The column of one meaning, with what its first fields hold. Whether another was chosen.
fn show_meaning(
    ui: &mut Ui,
    meaning: Meaning,
    preview: &ListPreview,
    columns: &mut Columns,
    language: &Language,
) -> bool {
    let none = tr(language, "owndata-none");
    let names: Vec<&str> = std::iter::once(none.as_str())
        .chain(preview.headers.iter().map(String::as_str))
        .collect();
    let taken = columns.named.get(&meaning);
    let column = taken.and_then(|taken| preview.headers.iter().position(|heading| heading == taken));
    let at = column.map_or(0, |column| column + 1);
    let chosen = widgets::dropdown(
        ui,
        ("own-list", meaning.key()),
        &meaning_name(meaning, language),
        at,
        &names,
    );
    if let Some(column) = column {
        let fields = preview.samples.iter().filter_map(|row| row.get(column));
        let fields: Vec<&str> = fields.map(String::as_str).filter(|field| !field.is_empty()).collect();
        widgets::secondary(ui, &fields.join(" · "));
    }
    match chosen {
        None => false,
        Some(0) => columns.named.remove(&meaning).is_some(),
        Some(chosen) => {
            let heading = preview.headers.get(chosen - 1).cloned().unwrap_or_default();
            columns.named.insert(meaning, heading);
            true
        }
    }
}

/// What all objects are that no column tells of. Whether something else was chosen.
fn show_all_are(ui: &mut Ui, columns: &mut Columns, language: &Language) -> bool {
    let kinds = [
        (None, tr(language, "owndata-none")),
        (Some(AssetKind::Tree), tr(language, "asset-tree")),
        (Some(AssetKind::Lamp), tr(language, "asset-lamp")),
        (Some(AssetKind::Bench), tr(language, "asset-bench")),
        (Some(AssetKind::Bin), tr(language, "asset-bin")),
        (Some(AssetKind::Manhole), tr(language, "asset-manhole")),
    ];
    let at = kinds.iter().position(|(kind, _)| *kind == columns.all_are);
    let names: Vec<&str> = kinds.iter().map(|(_, name)| name.as_str()).collect();
    let chosen = widgets::dropdown(
        ui,
        ("own-list", "all-are"),
        &tr(language, "owndata-all-are"),
        at.unwrap_or(0),
        &names,
    );
    let Some((kind, _)) = chosen.and_then(|chosen| kinds.get(chosen)) else {
        return false;
    };
    columns.all_are = *kind;
    true
}

fn crs_name(crs: &str, language: &Language) -> String {
    match crs {
        "EPSG:28992" => tr(language, "owndata-crs-rd"),
        "EPSG:4326" => tr(language, "owndata-crs-degrees"),
        other => other.to_owned(),
    }
}

fn meaning_name(meaning: Meaning, language: &Language) -> String {
    match meaning {
        Meaning::X => tr(language, "owndata-x"),
        Meaning::Y => tr(language, "owndata-y"),
        Meaning::Id => tr(language, "owndata-id"),
        Meaning::Kind => tr(language, "owndata-type"),
        Meaning::Condition => tr(language, "fact-condition"),
        Meaning::Upkeep => tr(language, "fact-upkeep"),
        Meaning::Inspected => tr(language, "fact-inspected"),
        Meaning::NextInspection => tr(language, "fact-next-inspection"),
        Meaning::Height => tr(language, "owndata-height"),
        Meaning::Crown => tr(language, "owndata-crown"),
        Meaning::Heading => tr(language, "owndata-heading"),
    }
}

#[cfg(test)]
mod tests;
