//! The first thing somebody sees: look at the shipped plan, or open something.

use crate::text::{Language, tr};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind};
use bevy_egui::egui::{CornerRadius, Frame, Label, Margin, RichText, Stroke, Ui};
use egui_phosphor::regular;
use std::path::{Path, PathBuf};

/// What the start screen shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartState {
    /// Files opened lately, the last one first.
    pub recent: Vec<PathBuf>,
    /// The system can show a dialog to choose a file. Without, a path can be typed.
    pub can_browse: bool,
    /// What stands in the field for a path.
    pub path: String,
    /// Why the path could not be opened, in words; empty if nothing is wrong.
    pub complaint: String,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartAction {
    /// Open the shipped Lange Wemen.
    OpenShipped,
    /// Let the person choose a file.
    BrowseFile,
    /// Let the person choose a folder.
    BrowseFolder,
    /// Open this.
    Open(PathBuf),
    /// Take the tour; it needs a city, so the shipped one is opened where nothing is.
    Tour,
}

/// Shows the choices over the width there is.
pub fn show(ui: &mut Ui, state: &mut StartState, language: &Language) -> Vec<StartAction> {
    let mut actions = Vec::new();
    widgets::title(ui, "Stadslens");
    widgets::paragraph(ui, &tr(language, "start-about"));
    ui.add_space(2.0 * Theme::STEP);
    sheet(ui, |ui| {
        head(ui, regular::BUILDINGS, &tr(language, "start-shipped"));
        widgets::secondary(ui, &tr(language, "start-shipped-about"));
        ui.add_space(Theme::STEP);
        ui.horizontal_wrapped(|ui| {
            if widgets::button(
                ui,
                regular::ARROW_RIGHT,
                &tr(language, "start-shipped-open"),
                ButtonKind::Primary,
            )
            .clicked()
            {
                actions.push(StartAction::OpenShipped);
            }
            if widgets::button(
                ui,
                regular::SIGNPOST,
                &tr(language, "tour-start"),
                ButtonKind::Secondary,
            )
            .clicked()
            {
                actions.push(StartAction::Tour);
            }
        });
    });
    ui.add_space(2.0 * Theme::STEP);
    sheet(ui, |ui| show_open(ui, state, language, &mut actions));
    if !state.recent.is_empty() {
        ui.add_space(2.0 * Theme::STEP);
        widgets::strong(ui, &tr(language, "start-recent"));
        for path in &state.recent {
            let response = widgets::menu_item(ui, regular::CLOCK_COUNTER_CLOCKWISE, &short_name(path), "");
            if response.clicked() {
                actions.push(StartAction::Open(path.clone()));
            }
            response.on_hover_text(path.display().to_string());
        }
    }
    actions
}

fn show_open(ui: &mut Ui, state: &mut StartState, language: &Language, actions: &mut Vec<StartAction>) {
    head(ui, regular::FOLDER_OPEN, &tr(language, "start-open"));
    widgets::secondary(ui, &tr(language, "start-open-about"));
    ui.add_space(Theme::STEP);
    if state.can_browse {
        ui.horizontal_wrapped(|ui| {
            if widgets::button(
                ui,
                regular::FILE,
                &tr(language, "start-browse-file"),
                ButtonKind::Secondary,
            )
            .clicked()
            {
                actions.push(StartAction::BrowseFile);
            }
            if widgets::button(
                ui,
                regular::FOLDER,
                &tr(language, "start-browse-folder"),
                ButtonKind::Secondary,
            )
            .clicked()
            {
                actions.push(StartAction::BrowseFolder);
            }
        });
    }
    let typed = widgets::path_field(ui, &mut state.path, &tr(language, "start-path"));
    ui.add_space(Theme::STEP);
    let path = state.path.trim();
    let pressed = ui
        .add_enabled_ui(!path.is_empty(), |ui| {
            widgets::button(
                ui,
                regular::ARROW_RIGHT,
                &tr(language, "start-path-open"),
                ButtonKind::Secondary,
            )
            .clicked()
        })
        .inner;
    if (typed.is_entered || pressed) && !path.is_empty() {
        actions.push(StartAction::Open(PathBuf::from(path)));
    }
    widgets::complaint(ui, &state.complaint);
}

/// One choice on its own paper.
fn sheet(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui.ctx());
    Frame::new()
        .fill(theme.tokens.ground)
        .stroke(Stroke::new(1.0, theme.tokens.hairline))
        .corner_radius(CornerRadius::same(Theme::RADIUS))
        .inner_margin(Margin::same(16))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            content(ui);
        });
}

fn head(ui: &mut Ui, icon: &str, words: &str) {
    let theme = Theme::of(ui.ctx());
    ui.horizontal(|ui| {
        ui.add(Label::new(
            RichText::new(icon).size(theme.icon_size()).color(theme.accent),
        ));
        widgets::heading(ui, words);
    });
}

/// The last two parts of a path: many scenarios are a `scenario.json` in a folder that has the name.
pub(super) fn short_name(path: &Path) -> String {
    let part = |part: Option<&std::ffi::OsStr>| part.map(|name| name.to_string_lossy().into_owned());
    let folder = path.parent().and_then(|parent| part(parent.file_name()));
    match (folder, part(path.file_name())) {
        (Some(folder), Some(name)) => format!("{folder} / {name}"),
        (_, Some(name)) => name,
        _ => path.display().to_string(),
    }
}
