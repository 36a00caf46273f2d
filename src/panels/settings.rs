//! What a person can choose for the program: language, letters, quality, motion, light or dark.

use super::languages;
use super::network::{self, NetworkAction, NetworkState};
use crate::text::{Language, tr};
use crate::ui::preferences::{QualityChoice, ThemeChoice};
use crate::ui::widgets::{self, ListRow, Segment};
use crate::ui::{Preferences, Theme};
use bevy_egui::egui::Ui;

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingsAction {
    /// Another language.
    SetLanguage(Language),
    /// Letters this many times as large as usual.
    SetTextScale(f32),
    /// More or less work for the picture.
    SetQuality(QualityChoice),
    /// Less movement, or the usual.
    SetReducedMotion(bool),
    /// Light or dark.
    SetTheme(ThemeChoice),
    /// About the network and what of it is kept.
    Network(NetworkAction),
    /// Do not offer the tour again.
    TourSeen,
}

/// Sizes of letters to choose from.
const TEXT_SCALES: [(f32, &str); 5] = [
    (1.0, "100%"),
    (1.25, "125%"),
    (1.5, "150%"),
    (1.75, "175%"),
    (2.0, "200%"),
];

/// Shows the choices as they are.
pub fn show(ui: &mut Ui, state: &Preferences, network: &NetworkState, language: &Language) -> Vec<SettingsAction> {
    let mut actions = Vec::new();
    widgets::strong(ui, &tr(language, "settings-language"));
    actions.extend(languages::show(ui, language).map(SettingsAction::SetLanguage));
    widgets::separator(ui);

    let scales: Vec<(String, f32)> = TEXT_SCALES
        .iter()
        .map(|&(scale, label)| (label.to_owned(), scale))
        .collect();
    let nearest = TEXT_SCALES
        .iter()
        .map(|(scale, _)| *scale)
        .min_by(|a, b| (a - state.text_scale).abs().total_cmp(&(b - state.text_scale).abs()))
        .unwrap_or(1.0);
    if let Some(scale) = choice(ui, &tr(language, "settings-text-size"), &scales, nearest) {
        actions.push(SettingsAction::SetTextScale(scale));
    }

    let qualities = [
        (tr(language, "settings-quality-automatic"), QualityChoice::Automatic),
        (tr(language, "settings-quality-low"), QualityChoice::Low),
        (tr(language, "settings-quality-middle"), QualityChoice::Middle),
        (tr(language, "settings-quality-high"), QualityChoice::High),
    ];
    if let Some(quality) = choice(ui, &tr(language, "settings-quality"), &qualities, state.quality) {
        actions.push(SettingsAction::SetQuality(quality));
    }

    let themes = [
        (tr(language, "settings-theme-light"), ThemeChoice::Light),
        (tr(language, "settings-theme-dark"), ThemeChoice::Dark),
    ];
    if let Some(theme) = choice(ui, &tr(language, "settings-theme"), &themes, state.theme) {
        actions.push(SettingsAction::SetTheme(theme));
    }

    widgets::separator(ui);
    let mut reduced = state.reduced_motion;
    if widgets::toggle(ui, &tr(language, "settings-reduced-motion"), &mut reduced).changed() {
        actions.push(SettingsAction::SetReducedMotion(reduced));
    }
    widgets::separator(ui);
    actions.extend(network::show(ui, network, language).map(SettingsAction::Network));
    actions
}

/// A name and below it a few values of which one holds: side by side, or below each other where that is too wide.
fn choice<T: Copy + PartialEq>(ui: &mut Ui, name: &str, choices: &[(String, T)], current: T) -> Option<T> {
    widgets::strong(ui, name);
    let theme = Theme::of(ui.ctx());
    let segments: Vec<Segment<'_>> = choices
        .iter()
        .map(|(label, _)| Segment {
            label,
            icon: "",
            shortcut: "",
            accent: theme.accent,
        })
        .collect();
    let selected = choices
        .iter()
        .position(|(_, value)| *value == current)
        .unwrap_or_default();
    let room = ui.available_width();
    let pressed = if widgets::segmented_width(ui, &segments, room) <= room {
        widgets::segmented(ui, &segments, selected, room)
    } else {
        let mut pressed = None;
        for (index, segment) in segments.iter().enumerate() {
            let holds = index == selected;
            let row = ListRow {
                label: segment.label,
                detail: "",
                shortcut: "",
                selected: holds,
            };
            if widgets::list_row(ui, &row).clicked() && !holds {
                pressed = Some(index);
            }
        }
        pressed
    };
    ui.add_space(2.0 * Theme::STEP);
    pressed.and_then(|index| choices.get(index)).map(|(_, value)| *value)
}
