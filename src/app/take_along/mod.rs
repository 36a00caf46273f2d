//! Taking the open plan along from the window: asked where to, made by a run of its own, told when it is there.
//!
//! The window holds the store, so notes, reactions and lists go to that run with the order and not through the disk. When the window
//! closes, the run ends too and leaves nothing behind.

mod attended;
mod heights;
mod lists;
mod reactions;
mod run;

pub use attended::Attended;

use super::choices::Choices;
use super::desk::{Screen, short_name};
use super::open::{OpenSystems, PathOpened};
use crate::model::{ActiveScenario, OpenScenario};
use crate::panels::desk::Dialog;
use crate::panels::take_along::TakeAlongState;
use crate::schedule::FrameSystems;
use crate::sources::resource::slug;
use crate::text::{Language, tr, tr_args, tr_count};
use crate::ui::widgets::ToastKind;
use crate::view::tiles::HeightsOfTiles;
use bevy::platform::cell::SyncCell;
use bevy::prelude::*;
use bevy::tasks::{IoTaskPool, Task, futures_lite::future};
use run::{Ending, Event, Order};
use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, TryRecvError},
    time::{Duration, Instant},
};

/// Ending of a package's name.
const ENDING: &str = "stadslens";
/// Longest name that is proposed, characters.
const MAX_NAME: usize = 60;
/// A dialog that ends without an answer within this time was never there. Who is that fast with "cancel" gets the field
/// too, which does no harm.
const NO_DIALOG: Duration = Duration::from_secs(2);
/// Name of the message that stays while a package is made.
const TOAST: &str = "take along";

/// Request: take the open plan along; ask where to.
#[derive(Message, Debug, Clone, Copy)]
pub(super) struct TakeAlong;

/// Request: take the open plan along to the place that was typed.
#[derive(Message, Debug, Clone)]
pub(super) struct TakeAlongTo(pub(super) String);

/// The package that is asked for or made.
#[derive(Resource, Default)]
struct TakingAlong {
    /// What the open scenario was opened from.
    opened: Option<PathBuf>,
    stage: Stage,
}

/// What came of the system's dialog.
enum Answer {
    /// A place was chosen.
    Place(PathBuf),
    /// None was chosen.
    NoPlace,
    /// There was no dialog at all.
    NoDialog,
}

#[derive(Default)]
enum Stage {
    #[default]
    Idle,
    /// The system's dialog is open.
    Asking(Task<Answer>),
    /// A package is being made.
    Making {
        told: SyncCell<Receiver<Event>>,
        output: PathBuf,
    },
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<TakingAlong>()
        .add_message::<TakeAlong>()
        .add_message::<TakeAlongTo>()
        .add_systems(
            Update,
            (remember_opened.after(OpenSystems), ask_where, take_answer, tell_how_far)
                .chain()
                .after(FrameSystems::Present),
        );
}

fn remember_opened(mut opened: MessageReader<PathOpened>, mut taking: ResMut<TakingAlong>) {
    for opened in opened.read() {
        if opened.outcome.is_ok() {
            taking.opened = Some(opened.path.clone());
        }
    }
}

/// Asks where the package should go, or says why there will be none.
fn ask_where(
    mut wishes: MessageReader<TakeAlong>,
    active: Option<Res<ActiveScenario>>,
    choices: Res<Choices>,
    mut screen: ResMut<Screen>,
    mut taking: ResMut<TakingAlong>,
) {
    if wishes.read().last().is_none() {
        return;
    }
    let language = &choices.language;
    match taking.stage {
        Stage::Idle => {}
        Stage::Asking(_) => return,
        Stage::Making { .. } => {
            screen.0.toasts.add(ToastKind::Note, tr(language, "take-along-busy"));
            return;
        }
    }
    let Some(active) = active.filter(|active| !active.0.document.is_empty()) else {
        screen.0.toasts.add(ToastKind::Problem, tr(language, "take-along-none"));
        return;
    };
    let name = file_name(&active.0, language);
    taking.stage = Stage::Asking(IoTaskPool::get().spawn(async move {
        let since = Instant::now();
        let asked = rfd::AsyncFileDialog::new()
            .set_file_name(&name)
            .add_filter("Stadslens", &[ENDING]);
        match asked.save_file().await {
            Some(handle) => Answer::Place(handle.path().to_path_buf()),
            // The dialog's library does not tell "cancelled" from "there is no dialog".
            None if since.elapsed() < NO_DIALOG => Answer::NoDialog,
            None => Answer::NoPlace,
        }
    }));
}

/// Starts making the package where the dialog or the field said; without a dialog the field comes up.
fn take_answer(
    mut typed: MessageReader<TakeAlongTo>,
    active: Option<Res<ActiveScenario>>,
    choices: Res<Choices>,
    heights: Res<HeightsOfTiles>,
    mut screen: ResMut<Screen>,
    mut taking: ResMut<TakingAlong>,
) {
    let mut chosen = typed.read().last().map(|TakeAlongTo(path)| (whole_path(path), false));
    let taking = taking.bypass_change_detection();
    if let Stage::Asking(task) = &mut taking.stage
        && let Some(answer) = future::block_on(future::poll_once(task))
    {
        taking.stage = Stage::Idle;
        match (answer, &active) {
            // The dialog asked whether a file of that name may go; one under a name that it did not see may not.
            (Answer::Place(path), _) => chosen = Some((with_ending(path.clone()), with_ending(path.clone()) == path)),
            (Answer::NoDialog, Some(active)) => {
                screen.0.take_along = TakeAlongState {
                    path: proposed_path(&active.0, &choices.language).display().to_string(),
                    complaint: String::new(),
                };
                screen.0.dialog = Some(Dialog::TakeAlong);
            }
            _ => {
                let words = tr(&choices.language, "save-no-place");
                screen.0.toasts.add(ToastKind::Note, words);
            }
        }
    }
    let (Some((output, may_replace)), Some(active), Some(path)) = (chosen, active, taking.opened.clone()) else {
        return;
    };
    if !matches!(taking.stage, Stage::Idle) {
        return;
    }
    let order = Order {
        open: active.0.clone(),
        heights: heights.all_chosen().clone(),
        path,
        output: output.clone(),
        may_replace,
    };
    let words = tr(&choices.language, "take-along-started");
    screen.0.toasts.show_lasting(TOAST, words);
    taking.stage = Stage::Making {
        told: SyncCell::new(run::start(order)),
        output,
    };
}

/// Says how far it is and how it ended.
fn tell_how_far(choices: Res<Choices>, mut screen: ResMut<Screen>, mut taking: ResMut<TakingAlong>) {
    let Stage::Making { told, output } = &mut taking.bypass_change_detection().stage else {
        return;
    };
    let language = &choices.language;
    let ending = loop {
        match told.get().try_recv() {
            Ok(Event::Progress { done, total }) => {
                let (shown_done, shown_total) = ((done + 1).min(total).to_string(), total.to_string());
                let args = [("done", shown_done.as_str()), ("total", shown_total.as_str())];
                let words = tr_args(language, "take-along-progress", &args);
                screen.0.toasts.change_lasting(TOAST, words);
            }
            Ok(Event::Ended(ending)) => break ending,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => {
                break Ending::Failed { reason: String::new() };
            }
        }
    };
    let output = std::mem::take(output);
    taking.stage = Stage::Idle;
    let screen = &mut screen.0;
    screen.toasts.end_lasting(TOAST);
    let path = output.display().to_string();
    match ending {
        Ending::Made { errors: 0 } => {
            let words = tr_args(language, "take-along-done", &[("path", &path)]);
            screen.toasts.add(ToastKind::Done, words);
        }
        Ending::Made { errors } => {
            let words = tr_args(language, "take-along-done", &[("path", &path)]);
            let gaps = tr_count(language, "take-along-gaps", errors);
            screen.toasts.add(ToastKind::Problem, format!("{words} {gaps}"));
        }
        Ending::Taken => {
            screen.take_along = TakeAlongState {
                path,
                complaint: tr(language, "take-along-taken"),
            };
            screen.dialog = Some(Dialog::TakeAlong);
        }
        Ending::Failed { reason } => {
            let name = short_name(&output);
            let args = [("name", name.as_str()), ("reason", reason.as_str())];
            screen
                .toasts
                .add(ToastKind::Problem, tr_args(language, "take-along-failed", &args));
        }
    }
}

/// The name that is proposed: the plan's own, in plain letters.
fn file_name(open: &OpenScenario, language: &Language) -> String {
    let name = slug(open.scenario.title.get(&language.code()), MAX_NAME);
    let parts: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return format!("plan.{ENDING}");
    }
    format!("{}.{ENDING}", parts.join("-"))
}

/// Where a typed name without a folder goes: where people keep their documents.
pub(in crate::app) fn documents() -> PathBuf {
    let home = etcetera::home_dir().unwrap_or_default();
    let documents = home.join("Documents");
    if documents.is_dir() { documents } else { home }
}

fn proposed_path(open: &OpenScenario, language: &Language) -> PathBuf {
    documents().join(file_name(open, language))
}

fn whole_path(typed: &str) -> PathBuf {
    with_ending(documents().join(typed.trim()))
}

/// The path with the ending of a package.
fn with_ending(path: PathBuf) -> PathBuf {
    super::save::with_ending(path, ENDING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LocalText;
    use crate::model::edit::tests::scenario;
    use crate::sources::resource;
    use std::collections::BTreeMap;
    use std::path::Path;

    #[test]
    fn a_plan_is_proposed_under_its_own_name_and_always_gets_the_ending() {
        let mut open = OpenScenario::without_data(scenario(), resource::folder(Path::new(".")));
        let language = Language::from_code("nl").unwrap();
        for (title, name) in [
            ("Lange Wemen", "lange-wemen.stadslens"),
            ("Plein / “Oost”: 2030!", "plein-oost-2030.stadslens"),
            ("?", "plan.stadslens"),
        ] {
            open.scenario.title = LocalText(BTreeMap::from([("nl".to_owned(), title.to_owned())]));
            assert_eq!(file_name(&open, &language), name);
        }
        assert_eq!(whole_path(" /a/b.zip "), PathBuf::from("/a/b.zip.stadslens"));
        assert_eq!(whole_path("/a/b.Stadslens"), PathBuf::from("/a/b.Stadslens"));
        assert_eq!(whole_path("plan"), documents().join("plan.stadslens"));
    }
}
