//! What the screen cannot show by itself: that something is being opened, could not be, or went wrong.

use super::state;
use super::{DeskMemory, Screen};
use crate::app::choices::Choices;
use crate::app::dialog::Dialog;
use crate::app::engine;
use crate::app::open::{Opening, PathOpened};
use crate::model::ActivateScenario;
use crate::model::edit::ReplaceCityModel;
use crate::panels::start::StartState;
use crate::text::{tr, tr_args};
use crate::ui::widgets::ToastKind;
use crate::view::scene::{ScenarioShown, ShownScenario};
use bevy::prelude::*;

/// Puts what was opened on the table, or says why it cannot be.
pub(in crate::app) fn take_opened(
    mut opened: MessageReader<PathOpened>,
    mut show: MessageWriter<ActivateScenario>,
    mut screen: ResMut<Screen>,
    mut memory: ResMut<DeskMemory>,
    mut choices: ResMut<Choices>,
    shown: Option<Res<ShownScenario>>,
) {
    for PathOpened { path, outcome, .. } in opened.read() {
        match outcome {
            Ok(open) => {
                memory.opened_with.clone_from(&open.problems);
                memory.viewpoint.clone_from(&open.scenario.start_viewpoint);
                memory.ignored.clear();
                show.write(ActivateScenario(open.clone()));
                choices.preferences.opened(path);
                screen.0.start = None;
            }
            Err(problems) => {
                let words = state::failure(path, problems, &choices.language);
                if let Some(start) = &mut screen.0.start {
                    start.complaint = words;
                } else if shown.is_none() {
                    screen.0.start = Some(StartState {
                        path: path.display().to_string(),
                        complaint: words,
                        ..start_state(&choices)
                    });
                } else {
                    screen.0.toasts.add(ToastKind::Problem, words);
                }
            }
        }
    }
}

/// What is wrong with the city model in the level of detail that is shown now.
pub(in crate::app) fn take_replaced(mut replaced: MessageReader<ReplaceCityModel>, mut memory: ResMut<DeskMemory>) {
    if let Some(ReplaceCityModel(open)) = replaced.read().last() {
        memory.opened_with.clone_from(&open.problems);
        memory.ignored.clear();
    }
}

/// Says in words what the screen cannot show by itself: that something is being opened, that no dialog came.
pub(in crate::app) fn tell_news(
    opening: Res<Opening>,
    mut dialog: ResMut<Dialog>,
    mut screen: ResMut<Screen>,
    mut choices: ResMut<Choices>,
    mut shown: MessageReader<ScenarioShown>,
    mut told: Local<Option<std::path::PathBuf>>,
) {
    if opening.path() != told.as_deref() {
        *told = opening.path().map(std::path::Path::to_path_buf);
        if let Some(path) = &*told {
            let words = tr_args(&choices.language, "opening", &[("name", &state::short_name(path))]);
            screen.0.toasts.add(ToastKind::Note, words);
        }
    }
    let is_new = shown.read().last().is_some();
    if is_new && std::mem::take(&mut choices.bypass_change_detection().were_lost) {
        screen
            .0
            .toasts
            .add(ToastKind::Problem, tr(&choices.language, "preferences-lost"));
    }
    if std::mem::take(&mut dialog.did_not_come) {
        let words = tr(&choices.language, "dialog-none");
        let start = screen.0.start.get_or_insert_with(|| start_state(&choices));
        start.complaint = words;
    }
}

/// Says that something inside went wrong; the log has the details.
pub(in crate::app) fn say_reported(mut screen: ResMut<Screen>, choices: Res<Choices>) {
    for error in engine::take_reported() {
        let words = tr_args(&choices.language, "reported-error", &[("what", &error)]);
        screen.0.toasts.add(ToastKind::Problem, words);
    }
}

/// The start screen with what was opened lately.
pub(super) fn start_state(choices: &Choices) -> StartState {
    StartState {
        recent: choices.preferences.recent_files.clone(),
        can_browse: true,
        ..StartState::default()
    }
}
