//! What is known about the picked thing: a name, a few facts, the source; everything for who wants it.

use crate::model::{Certainty, Source};
use crate::panels::{certainty_word, layers};
use crate::text::{Language, tr};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind};
use bevy_egui::egui::Ui;
use egui_phosphor::regular;
use std::fmt::Write;

/// A name and a value, both as they should be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Name.
    pub name: String,
    /// Value with its unit.
    pub value: String,
}

/// What the card shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardState {
    /// Tells one picked thing from another.
    pub id: String,
    /// What kind of thing it is (Gebouw, Boom).
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Three to six facts.
    pub facts: Vec<Fact>,
    /// How sure it is; nothing is said of what simply stands there.
    pub certainty: Option<Certainty>,
    /// Where the facts come from.
    pub source: Source,
    /// Every attribute as it stands in the data.
    pub attributes: Vec<Fact>,
    /// All attributes are shown.
    pub expanded: bool,
}

impl CardState {
    /// What stands above the card. A thing that nobody named is called what it is; its number stands below.
    pub fn title(&self) -> &str {
        if self.name == self.id { &self.kind } else { &self.name }
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardAction {
    /// Show all attributes, or stop doing so.
    SetExpanded(bool),
    /// Everything was copied as text; say so.
    Copied,
    /// Bring the camera to the thing.
    FlyTo,
    /// Write a note on the thing.
    WriteNote,
    /// Let go of the thing; asked by the panel's cross, not by [`show`].
    Close,
}

/// Shows the card's contents; its heading (the name) and its cross are the panel's.
pub fn show(ui: &mut Ui, state: &CardState, language: &Language) -> Vec<CardAction> {
    let mut actions = Vec::new();
    let below = if state.name == state.id { &state.id } else { &state.kind };
    // A thing without a name is called by its kind: once is enough.
    if below != state.title() {
        widgets::secondary(ui, below);
    }
    ui.add_space(Theme::STEP);
    for fact in &state.facts {
        widgets::fact(ui, &fact.name, &fact.value);
    }
    if let Some(certainty) = state.certainty {
        widgets::fact(
            ui,
            &tr(language, "card-certainty"),
            &certainty_word(certainty, language),
        );
    }
    widgets::separator(ui);
    widgets::secondary(ui, &tr(language, "card-source"));
    widgets::secondary(ui, &layers::source_line(&state.source, language));
    ui.add_space(Theme::STEP);
    ui.horizontal_wrapped(|ui| {
        if widgets::button(
            ui,
            regular::CROSSHAIR,
            &tr(language, "card-fly-to"),
            ButtonKind::Secondary,
        )
        .clicked()
        {
            actions.push(CardAction::FlyTo);
        }
        if widgets::button(
            ui,
            regular::NOTE_PENCIL,
            &tr(language, "card-note"),
            ButtonKind::Secondary,
        )
        .clicked()
        {
            actions.push(CardAction::WriteNote);
        }
        if widgets::icon_button(ui, regular::COPY, &tr(language, "card-copy")).clicked() {
            ui.ctx().copy_text(as_text(state, language));
            actions.push(CardAction::Copied);
        }
    });
    if state.attributes.is_empty() {
        return actions;
    }
    let (icon, key) = if state.expanded {
        (regular::CARET_DOWN, tr(language, "card-fewer"))
    } else {
        (regular::CARET_RIGHT, tr(language, "card-all"))
    };
    if widgets::button(ui, icon, &key, ButtonKind::Quiet).clicked() {
        actions.push(CardAction::SetExpanded(!state.expanded));
    }
    if state.expanded {
        for attribute in &state.attributes {
            widgets::fact(ui, &attribute.name, &attribute.value);
        }
    }
    actions
}

/// The card as lines of name and value with a tab between, as tables take them.
pub fn as_text(state: &CardState, language: &Language) -> String {
    let mut text = format!("{}\t{}\n", state.kind, state.name);
    let certainty = state.certainty.map(|certainty| Fact {
        name: tr(language, "card-certainty"),
        value: certainty_word(certainty, language),
    });
    let source = Fact {
        name: tr(language, "card-source"),
        value: layers::source_line(&state.source, language),
    };
    let facts = state.facts.iter().chain(&certainty).chain([&source]);
    for fact in facts.chain(&state.attributes) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}\t{}", one_line(&fact.name), one_line(&fact.value));
    }
    text
}

/// `text` without tabs and line ends, which would break a table.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
