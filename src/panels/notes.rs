//! The page of notes, the same in every lens: all of them, filtered by kind, and the one that is open to be written.
//!
//! It holds what it was told and what is being typed. Typed words become an edit at the end of a sentence, after a
//! short rest, and when the page or the field is left; so each edit is one that somebody would want to take back.

use crate::model::{AuthorRole, Edit, EditScenario, Note, NoteKind};
use crate::panels::rooms::PageContent;
use crate::text::{Language, format_count, format_date, tr, tr_args};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind, Chip, ListRow};
use bevy_egui::egui::{Align, Margin, TextEdit, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// After this long without a key what was typed is finished.
const REST: Duration = Duration::from_millis(700);
/// Most characters of a note's words in its row.
const ROW_CHARS: usize = 80;

/// What was asked for on the page.
#[derive(Debug, Clone, PartialEq)]
pub enum NotesWish {
    /// Write a note on what is picked, or at the middle of the view.
    Write,
    /// Look at the note with this id from where its author looked.
    Show(String),
    /// Change the scenario.
    Edit(EditScenario),
}

/// What the page is told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NotesState {
    /// The notes in order.
    pub notes: Vec<Note>,
    /// Titles of the variants by id, as they should be shown.
    pub variants: BTreeMap<String, String>,
    /// Something can be undone.
    pub can_undo: bool,
    /// Something can be done again.
    pub can_redo: bool,
}

/// The words being typed.
#[derive(Debug, Clone, Default)]
struct Draft {
    id: String,
    text: String,
    /// Time of the last key that is not in an edit yet, seconds of the interface's clock.
    typed_at: Option<f64>,
}

/// The page.
#[derive(Debug, Default)]
pub struct NotesPage {
    state: NotesState,
    /// Kinds that are shown; empty for all.
    kinds: BTreeSet<NoteKind>,
    open: Option<String>,
    draft: Draft,
    wants_keys: bool,
    /// The row of the open note shall be scrolled to.
    wants_sight: bool,
    is_shown: bool,
    wishes: Vec<NotesWish>,
}

impl NotesPage {
    /// Takes over what the scenario says now.
    pub fn set_state(&mut self, state: NotesState) {
        self.state = state;
    }

    /// What it was told last.
    pub fn state(&self) -> &NotesState {
        &self.state
    }

    /// Opens a note and puts the keys into its words.
    pub fn open(&mut self, id: String) {
        self.finish_typing();
        self.kinds.clear();
        self.open = Some(id);
        self.wants_keys = true;
    }

    /// Opens a note where it stands in the list; the keys stay the city's.
    pub fn look_up(&mut self, id: String) {
        self.finish_typing();
        self.open = Some(id);
        self.wants_sight = true;
    }

    /// Id of the note that is open.
    pub fn opened(&self) -> Option<&str> {
        self.open.as_deref()
    }

    /// The notes that the filter lets through, in order.
    pub fn listed(&self) -> impl Iterator<Item = &Note> {
        let kinds = &self.kinds;
        let notes = self.state.notes.iter();
        notes.filter(move |note| kinds.is_empty() || kinds.contains(&note.kind))
    }

    /// What was asked for since this was last called. On a page that is not on the screen typing is finished.
    pub fn take_wishes(&mut self) -> Vec<NotesWish> {
        if !std::mem::take(&mut self.is_shown) {
            self.finish_typing();
        }
        std::mem::take(&mut self.wishes)
    }

    /// Makes an edit of what was typed, wherever in a sentence that is: for when the page or the scenario goes.
    pub fn finish_typing(&mut self) {
        if self.draft.typed_at.take().is_some()
            && let Some(note) = self.state.notes.iter().find(|note| note.id == self.draft.id)
            && note.text != self.draft.text
        {
            let text = self.draft.text.clone();
            self.change(Note { text, ..note.clone() });
        }
    }

    fn change(&mut self, note: Note) {
        let edit = Edit::ChangeNote { note: Box::new(note) };
        self.wishes.push(NotesWish::Edit(EditScenario::Apply(edit)));
    }

    fn show_commands(&mut self, ui: &mut Ui, language: &Language) {
        // Large letters leave no room for all in one line.
        if Theme::of(ui.ctx()).text_scale > 1.4 {
            self.show_write(ui, language);
            ui.horizontal(|ui| self.show_undo(ui, language));
        } else {
            ui.horizontal(|ui| {
                self.show_write(ui, language);
                self.show_undo(ui, language);
            });
        }
        ui.add_space(Theme::STEP);
    }

    fn show_write(&mut self, ui: &mut Ui, language: &Language) {
        let write = tr(language, "notes-write");
        if widgets::button(ui, regular::NOTE_PENCIL, &write, ButtonKind::Primary).clicked() {
            self.wishes.push(NotesWish::Write);
        }
    }

    fn show_undo(&mut self, ui: &mut Ui, language: &Language) {
        let (undo, redo) = (tr(language, "notes-undo"), tr(language, "notes-redo"));
        let (can_undo, can_redo) = (self.state.can_undo, self.state.can_redo);
        for (icon, name, request, is_possible) in [
            (regular::ARROW_U_UP_LEFT, undo, EditScenario::Undo, can_undo),
            (regular::ARROW_U_UP_RIGHT, redo, EditScenario::Redo, can_redo),
        ] {
            let pressed = ui.add_enabled_ui(is_possible, |ui| widgets::icon_button(ui, icon, &name).clicked());
            if pressed.inner {
                self.finish_typing();
                self.wishes.push(NotesWish::Edit(request));
            }
        }
    }

    fn show_filter(&mut self, ui: &mut Ui, language: &Language) {
        ui.horizontal_wrapped(|ui| {
            for kind in NoteKind::ALL {
                let count = self.state.notes.iter().filter(|note| note.kind == kind).count();
                if count == 0 && !self.kinds.contains(&kind) {
                    continue;
                }
                let chip = Chip {
                    icon: kind_icon(kind),
                    mark: None,
                    label: &kind_name(kind, language),
                    count: &format_count(count, language),
                    is_narrow: false,
                };
                if widgets::chip(ui, &chip, self.kinds.contains(&kind)).clicked() && !self.kinds.remove(&kind) {
                    self.kinds.insert(kind);
                }
            }
        });
        ui.add_space(Theme::STEP);
    }

    fn show_row(&mut self, ui: &mut Ui, note: &Note, language: &Language) {
        let is_open = self.open.as_ref() == Some(&note.id);
        let words: String = note.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = if words.is_empty() {
            tr(language, "notes-without-text")
        } else if words.chars().count() > ROW_CHARS {
            format!("{}…", words.chars().take(ROW_CHARS).collect::<String>().trim_end())
        } else {
            words
        };
        let mut detail = vec![
            kind_name(note.kind, language),
            role_name(note.role, language),
            format_date(note.day, language),
        ];
        detail.extend(note.variant().and_then(|id| self.state.variants.get(id)).cloned());
        let row = ListRow {
            label: &format!("{} · {words}", note.number),
            detail: &detail.join(" · "),
            shortcut: "",
            selected: is_open,
        };
        let shown = widgets::list_row(ui, &row);
        if is_open && std::mem::take(&mut self.wants_sight) {
            shown.scroll_to_me(Some(Align::TOP));
        }
        if shown.clicked() {
            self.finish_typing();
            self.wishes.push(NotesWish::Show(note.id.clone()));
            self.open = Some(note.id.clone());
        }
        if is_open {
            self.show_editor(ui, note, language);
        }
    }

    fn show_editor(&mut self, ui: &mut Ui, note: &Note, language: &Language) {
        if self.draft.id != note.id {
            self.draft = Draft {
                id: note.id.clone(),
                text: note.text.clone(),
                typed_at: None,
            };
        } else if self.draft.typed_at.is_none() && self.draft.text != note.text {
            // Undone, or changed elsewhere.
            self.draft.text.clone_from(&note.text);
        }
        ui.add_space(Theme::STEP);
        let name = tr_args(language, "notes-text", &[("number", &note.number.to_string())]);
        let field = ui.add(
            TextEdit::multiline(&mut self.draft.text)
                .desired_width(f32::INFINITY)
                .desired_rows(3)
                .char_limit(Note::MAX_CHARS)
                .hint_text(tr(language, "notes-hint"))
                .margin(Margin::symmetric(8, 6)),
        );
        field.widget_info(|| {
            let mut info = WidgetInfo::labeled(WidgetType::TextEdit, true, &name);
            info.current_text_value = Some(self.draft.text.clone());
            info
        });
        if std::mem::take(&mut self.wants_keys) {
            field.request_focus();
            field.scroll_to_me(None);
        }
        let now = ui.input(|input| input.time);
        if field.changed() {
            self.draft.typed_at = Some(now);
        }
        let is_sentence = field.changed() && self.draft.text.ends_with(['.', '!', '?', '\n']);
        if let Some(typed_at) = self.draft.typed_at {
            if is_sentence || !field.has_focus() || now - typed_at > REST.as_secs_f64() {
                self.finish_typing();
            } else {
                ui.ctx().request_repaint_after(REST);
            }
        }
        widgets::secondary(ui, &tr(language, "notes-kind"));
        let mut chosen = note.clone();
        ui.horizontal_wrapped(|ui| {
            for kind in NoteKind::ALL {
                let name = kind_name(kind, language);
                if widgets::chip(ui, &plain_chip(kind_icon(kind), &name), note.kind == kind).clicked() {
                    chosen.kind = kind;
                }
            }
        });
        widgets::secondary(ui, &tr(language, "notes-role"));
        ui.horizontal_wrapped(|ui| {
            for role in AuthorRole::ALL {
                let name = role_name(role, language);
                if widgets::chip(ui, &plain_chip("", &name), note.role == role).clicked() {
                    chosen.role = role;
                }
            }
        });
        if chosen != *note {
            if self.draft.typed_at.take().is_some() {
                chosen.text.clone_from(&self.draft.text);
            }
            self.change(chosen);
        }
        ui.add_space(Theme::STEP);
        if widgets::button(ui, regular::TRASH, &tr(language, "notes-remove"), ButtonKind::Secondary).clicked() {
            self.finish_typing();
            let edit = Edit::RemoveNote { id: note.id.clone() };
            self.wishes.push(NotesWish::Edit(EditScenario::Apply(edit)));
            self.open = None;
        }
        ui.add_space(2.0 * Theme::STEP);
    }
}

impl PageContent for NotesPage {
    fn name(&self, language: &Language) -> String {
        tr(language, "panel-notes")
    }

    fn icon(&self) -> &'static str {
        regular::NOTE_PENCIL
    }

    fn show(&mut self, ui: &mut Ui, language: &Language) {
        self.is_shown = true;
        self.show_commands(ui, language);
        if self.state.notes.is_empty() {
            widgets::secondary(ui, &tr(language, "notes-none"));
            return;
        }
        self.show_filter(ui, language);
        let listed: Vec<Note> = self.listed().cloned().collect();
        if listed.is_empty() {
            widgets::secondary(ui, &tr(language, "notes-none-of-kind"));
        }
        for note in &listed {
            self.show_row(ui, note, language);
        }
    }
}

fn plain_chip<'a>(icon: &'a str, label: &'a str) -> Chip<'a> {
    Chip {
        icon,
        mark: None,
        label,
        count: "",
        is_narrow: false,
    }
}

/// What a kind of note is called.
pub fn kind_name(kind: NoteKind, language: &Language) -> String {
    match kind {
        NoteKind::Remark => tr(language, "note-kind-remark"),
        NoteKind::Question => tr(language, "note-kind-question"),
        NoteKind::Idea => tr(language, "note-kind-idea"),
        NoteKind::Concern => tr(language, "note-kind-concern"),
        NoteKind::Task => tr(language, "note-kind-task"),
    }
}

/// What a role is called.
pub fn role_name(role: AuthorRole, language: &Language) -> String {
    match role {
        AuthorRole::Planner => tr(language, "note-role-planner"),
        AuthorRole::Resident => tr(language, "note-role-resident"),
        AuthorRole::Maintainer => tr(language, "note-role-maintainer"),
        AuthorRole::Other => tr(language, "note-role-other"),
    }
}

fn kind_icon(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Remark => regular::CHAT_TEXT,
        NoteKind::Question => regular::QUESTION,
        NoteKind::Idea => regular::LIGHTBULB,
        NoteKind::Concern => regular::WARNING,
        NoteKind::Task => regular::CHECK_SQUARE,
    }
}

#[cfg(test)]
mod tests;
