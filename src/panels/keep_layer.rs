//! Below a layer on a server: keeping the part of it around the view on this machine.

use super::network::bytes_in_words;
use crate::text::{Language, format_count, tr, tr_args};
use crate::ui::Theme;
use crate::ui::widgets::{self, ButtonKind};
use crate::view::tiles::{KeepLayer, KeepProgress, KeepState};
use bevy_egui::egui::Ui;
use egui_phosphor::regular;

/// What stands below a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeepRow {
    /// How far keeping a part of it is, where that was asked for.
    pub progress: Option<KeepProgress>,
    /// Nothing is asked of servers now, so nothing can be fetched to be kept.
    pub is_offline: bool,
}

/// Shows the button, or how far it is with what can be done about that. `id` is the layer's.
pub(super) fn show(ui: &mut Ui, id: &str, row: &KeepRow, language: &Language) -> Option<KeepLayer> {
    let mut asked = None;
    let mut button = |ui: &mut Ui, icon: &str, words: String, what: KeepLayer| {
        let needs_server = matches!(what, KeepLayer::Start(_) | KeepLayer::Resume);
        ui.add_enabled_ui(!(needs_server && row.is_offline), |ui| {
            if widgets::button(ui, icon, &words, ButtonKind::Secondary).clicked() {
                asked = Some(what);
            }
        });
    };
    let Some(progress) = &row.progress else {
        let words = tr(language, "keep-start");
        button(ui, regular::DOWNLOAD_SIMPLE, words, KeepLayer::Start(id.to_owned()));
        let about = if row.is_offline { "keep-offline" } else { "keep-about" };
        widgets::secondary(ui, &tr(language, about));
        ui.add_space(Theme::STEP);
        return asked;
    };
    let line = words_of(progress, language);
    widgets::paragraph(ui, &line);
    let is_ended = !matches!(progress.state, KeepState::Running | KeepState::Paused);
    if is_ended {
        let again = tr(language, "keep-again");
        button(ui, regular::DOWNLOAD_SIMPLE, again, KeepLayer::Start(id.to_owned()));
    } else {
        #[expect(clippy::cast_precision_loss, reason = "a share for the eye")]
        let share = (progress.kept + progress.failed) as f32 / progress.total.max(1) as f32;
        widgets::progress(ui, share, ui.available_width(), &line);
        ui.add_space(Theme::STEP);
        ui.horizontal_wrapped(|ui| {
            if progress.state == KeepState::Running {
                button(ui, regular::PAUSE, tr(language, "keep-pause"), KeepLayer::Pause);
            } else {
                button(ui, regular::PLAY, tr(language, "keep-resume"), KeepLayer::Resume);
            }
            button(ui, regular::STOP, tr(language, "keep-stop"), KeepLayer::Stop);
        });
    }
    if row.is_offline {
        widgets::secondary(ui, &tr(language, "keep-offline"));
    }
    if progress.failed > 0 {
        let failed = format_count(count(progress.failed), language);
        widgets::secondary(ui, &tr_args(language, "keep-failed", &[("count", &failed)]));
    }
    ui.add_space(Theme::STEP);
    asked
}

fn words_of(progress: &KeepProgress, language: &Language) -> String {
    let kept = format_count(count(progress.kept), language);
    let total = format_count(count(progress.total), language);
    let size = bytes_in_words(progress.bytes, language);
    let args = [
        ("kept", kept.as_str()),
        ("total", total.as_str()),
        ("size", size.as_str()),
    ];
    match progress.state {
        KeepState::Running => tr_args(language, "keep-running", &args),
        KeepState::Paused => tr_args(language, "keep-paused", &args),
        KeepState::Done => tr_args(language, "keep-done", &args),
        KeepState::Full => tr_args(language, "keep-full", &args),
        KeepState::TooMany => tr_args(language, "keep-too-many", &args),
        KeepState::Stopped => tr_args(language, "keep-stopped", &args),
    }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui::vec2;
    use egui_kittest::{Harness, kittest::Queryable as _};

    type Shown = (KeepRow, Vec<KeepLayer>);

    fn harness(row: KeepRow, code: &str) -> Harness<'static, Shown> {
        let language = Language::from_code(code).unwrap();
        let mut harness = Harness::builder().with_size(vec2(272.0, 500.0)).build_ui_state(
            move |ui, (row, asked): &mut Shown| {
                Theme::new(false, 1.0).install(ui.ctx());
                asked.extend(show(ui, "town", row, &language));
            },
            (row, Vec::new()),
        );
        harness.run();
        harness
    }

    fn at(state: KeepState) -> KeepRow {
        KeepRow {
            progress: Some(KeepProgress {
                state,
                kept: 120,
                failed: 2,
                total: 400,
                bytes: 12_000_000,
                first_failure: None,
            }),
            is_offline: false,
        }
    }

    #[test]
    fn each_state_offers_what_can_be_done_about_it() {
        for (row, label, asked) in [
            (
                KeepRow::default(),
                "Dit gebied bewaren",
                KeepLayer::Start("town".into()),
            ),
            (at(KeepState::Running), "Pauze", KeepLayer::Pause),
            (at(KeepState::Running), "Stoppen", KeepLayer::Stop),
            (at(KeepState::Paused), "Verder", KeepLayer::Resume),
            (
                at(KeepState::Done),
                "Nog een gebied bewaren",
                KeepLayer::Start("town".into()),
            ),
        ] {
            let mut harness = harness(row, "nl");
            harness.get_by_label(label).click();
            harness.run();
            assert_eq!(harness.state().1, [asked], "{label}");
        }
    }

    #[test]
    fn offline_nothing_can_be_fetched_and_that_is_said() {
        for (row, label) in [
            (KeepRow::default(), "Dit gebied bewaren"),
            (at(KeepState::Paused), "Verder"),
            (at(KeepState::Done), "Nog een gebied bewaren"),
        ] {
            let row = KeepRow {
                is_offline: true,
                ..row
            };
            let mut harness = harness(row, "nl");
            harness.get_by_label_contains("Er wordt nu niets van internet gehaald.");
            harness.get_by_label(label).click();
            harness.run();
            assert_eq!(harness.state().1, [], "{label}");
        }
    }

    #[test]
    fn every_state_has_words_in_every_language() {
        for language in Language::available() {
            for state in [
                KeepState::Running,
                KeepState::Paused,
                KeepState::Done,
                KeepState::Full,
                KeepState::TooMany,
                KeepState::Stopped,
            ] {
                let row = at(state);
                let words = words_of(row.progress.as_ref().unwrap(), &language);
                assert!(words.contains("12") && !words.contains("keep-"), "{words}");
            }
        }
    }
}
