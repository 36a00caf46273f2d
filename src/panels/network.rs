//! The network in the settings: whether anything is asked of servers, and what of their answers is kept on this machine.

use crate::text::{Language, format_number, tr, tr_args};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind};
use bevy_egui::egui::{Id, Ui};
use egui_phosphor::regular;

/// How it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkState {
    /// Nothing is asked.
    pub is_offline: bool,
    /// That is not a choice: the environment says so.
    pub is_forced: bool,
    /// Folder of what is kept; empty where nothing is.
    pub location: String,
    /// Bytes that are kept; `None` while they are counted.
    pub kept_bytes: Option<u64>,
    /// It is being cleared.
    pub is_clearing: bool,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkAction {
    /// Ask nothing, or ask again.
    SetOffline(bool),
    /// Take away everything that is kept.
    Clear,
}

/// Shows the switch, and how much is kept where.
pub fn show(ui: &mut Ui, state: &NetworkState, language: &Language) -> Option<NetworkAction> {
    let mut action = None;
    widgets::strong(ui, &tr(language, "network"));
    let mut offline = state.is_offline;
    ui.add_enabled_ui(!state.is_forced, |ui| {
        if widgets::toggle(ui, &tr(language, "network-offline"), &mut offline).changed() {
            action = Some(NetworkAction::SetOffline(offline));
        }
    });
    let about = if state.is_forced {
        tr(language, "network-offline-forced")
    } else {
        tr(language, "network-offline-about")
    };
    widgets::secondary(ui, &about);
    if state.location.is_empty() {
        widgets::secondary(ui, &tr(language, "network-kept-nowhere"));
        return action;
    }
    let size = match state.kept_bytes {
        Some(bytes) => bytes_in_words(bytes, language),
        None => tr(language, "network-counting"),
    };
    let line = tr_args(language, "network-kept", &[("size", &size), ("place", &state.location)]);
    widgets::paragraph(ui, &line);
    let can_clear = state.kept_bytes != Some(0) && !state.is_clearing;
    if ui.add_enabled_ui(can_clear, |ui| show_clear(ui, language)).inner {
        action = Some(NetworkAction::Clear);
    }
    ui.add_space(Theme::STEP);
    action
}

/// The button that clears, which asks once more: areas that were kept for a day without a network go too. Whether that
/// was answered with yes.
fn show_clear(ui: &mut Ui, language: &Language) -> bool {
    // The pass in which the question stood there last: settings that are opened again do not begin with it.
    let asked_id = Id::new("network-clear");
    let now = ui.ctx().cumulative_pass_nr();
    let asked = ui.data(|data| data.get_temp::<u64>(asked_id));
    if asked.is_none_or(|pass| pass + 1 < now) {
        if widgets::button(
            ui,
            regular::TRASH,
            &tr(language, "network-clear"),
            ButtonKind::Secondary,
        )
        .clicked()
        {
            ui.data_mut(|data| data.insert_temp(asked_id, now));
        }
        return false;
    }
    ui.data_mut(|data| data.insert_temp(asked_id, now));
    widgets::paragraph(ui, &tr(language, "network-clear-sure"));
    ui.horizontal_wrapped(|ui| {
        let keep = widgets::button(
            ui,
            regular::ARROW_LEFT,
            &tr(language, "network-clear-no"),
            ButtonKind::Secondary,
        );
        let clear = widgets::button(
            ui,
            regular::TRASH,
            &tr(language, "network-clear-yes"),
            ButtonKind::Secondary,
        );
        if keep.clicked() || clear.clicked() {
            ui.data_mut(|data| data.remove::<u64>(asked_id));
        }
        clear.clicked()
    })
    .inner
}

/// A number of bytes as a person says it: `1,5 GB`, `12 MB`.
pub(super) fn bytes_in_words(bytes: u64, language: &Language) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a size for a person")]
    let megabytes = bytes as f64 / 1e6;
    if megabytes >= 1000.0 {
        format!("{} GB", format_number(megabytes / 1000.0, 1, language))
    } else if megabytes >= 10.0 || bytes == 0 {
        format!("{} MB", format_number(megabytes, 0, language))
    } else {
        format!("{} MB", format_number(megabytes.max(0.1), 1, language))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui::vec2;
    use egui_kittest::{Harness, kittest::Queryable as _};

    type Shown = (NetworkState, Vec<NetworkAction>);

    fn harness(state: NetworkState, code: &str) -> Harness<'static, Shown> {
        let language = Language::from_code(code).unwrap();
        let mut harness = Harness::builder().with_size(vec2(480.0, 500.0)).build_ui_state(
            move |ui, (state, asked): &mut Shown| {
                Theme::new(false, 1.0).install(ui.ctx());
                asked.extend(show(ui, state, &language));
            },
            (state, Vec::new()),
        );
        harness.run();
        harness
    }

    fn kept() -> NetworkState {
        NetworkState {
            location: "/home/a/.cache/stadslens".into(),
            kept_bytes: Some(1_500_000_000),
            ..NetworkState::default()
        }
    }

    #[test]
    fn size_and_place_are_told_and_the_buttons_ask() {
        let mut harness = harness(kept(), "nl");
        harness.get_by_label("Bewaard op deze computer: 1,5 GB in /home/a/.cache/stadslens");
        harness.get_by_label("Alles wissen").click();
        harness.run();
        harness.get_by_label("Toch niet").click();
        harness.run();
        assert_eq!(harness.state().1, [], "it asks once more");
        harness.get_by_label("Alles wissen").click();
        harness.run();
        harness.get_by_label("Ja, alles wissen").click();
        harness.run();
        harness.get_by_label("Alles wissen");
        harness.get_by_label("Niets van internet halen").click();
        harness.run();
        assert_eq!(
            harness.state().1,
            [NetworkAction::Clear, NetworkAction::SetOffline(true)]
        );
    }

    #[test]
    fn what_cannot_be_chosen_asks_for_nothing() {
        let state = NetworkState {
            is_offline: true,
            is_forced: true,
            kept_bytes: Some(0),
            ..kept()
        };
        let mut harness = harness(state, "en");
        for label in ["Fetch nothing from the internet", "Clear everything"] {
            harness.get_by_label(label).click();
            harness.run();
        }
        assert_eq!(harness.state().1, []);
    }

    #[test]
    fn sizes_are_said_in_few_digits() {
        let nl = Language::from_code("nl").unwrap();
        for (bytes, words) in [
            (0, "0 MB"),
            (1, "0,1 MB"),
            (2_340_000, "2,3 MB"),
            (12_600_000, "13 MB"),
            (2_147_483_648, "2,1 GB"),
        ] {
            assert_eq!(bytes_in_words(bytes, &nl), words);
        }
    }
}
