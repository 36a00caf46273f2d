//! Another level of detail of the city model on the table: it is tiled anew off the main thread, and what is drawn stays
//! until the new tiles are there. Camera, selection and visible layers are not touched.

use super::choices::Choices;
use super::desk::{Screen, failure};
use super::open::{PathOpened, Wanted};
use crate::model::edit::ReplaceCityModel;
use crate::model::scenario::{OpenWishes, open_city_model};
use crate::model::{ActiveScenario, OpenScenario};
use crate::schedule::FrameSystems;
use crate::sources::{Problem, cityjson::LodChoice};
use crate::ui::widgets::ToastKind;
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures_lite::future};
use std::{path::PathBuf, sync::Arc};

/// Request: show the city model that is open in this level of detail.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChangeDetail(pub(super) LodChoice);

/// The change under way; a newer one replaces it.
#[derive(Resource, Default)]
pub(super) struct ChangingDetail(Option<Change>);

struct Change {
    path: PathBuf,
    choice: LodChoice,
    task: Task<Result<OpenScenario, Vec<Problem>>>,
}

impl ChangingDetail {
    /// What was chosen and is not there yet.
    pub(super) fn wanted(&self) -> Option<LodChoice> {
        self.0.as_ref().map(|change| change.choice)
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<ChangingDetail>()
        .add_message::<ChangeDetail>()
        .add_systems(
            Update,
            (give_up, start_changing, finish_changing)
                .chain()
                .in_set(FrameSystems::Ingest),
        );
}

/// What was opened since leaves nothing to change.
fn give_up(mut opened: MessageReader<PathOpened>, mut changing: ResMut<ChangingDetail>) {
    if opened.read().any(|opened| opened.outcome.is_ok()) {
        changing.0 = None;
    }
}

fn start_changing(
    mut wishes: MessageReader<ChangeDetail>,
    mut changing: ResMut<ChangingDetail>,
    active: Option<Res<ActiveScenario>>,
) {
    let (Some(ChangeDetail(choice)), Some(active)) = (wishes.read().last().copied(), active) else {
        return;
    };
    let Some(detail) = &active.0.detail else { return };
    if changing.wanted().unwrap_or(detail.choice) == choice {
        return;
    }
    if detail.choice == choice {
        // Back to what is drawn, before the other was there.
        changing.0 = None;
        return;
    }
    let (path, site) = (detail.path.clone(), active.0.scenario.area.site);
    let crs = active.0.crs_question.as_ref().and_then(|question| question.answer);
    let wishes = OpenWishes { detail: choice, crs };
    let task_path = path.clone();
    let make = async move { open_city_model(&task_path, wishes, Some(site)) };
    changing.0 = Some(Change {
        path,
        choice,
        task: AsyncComputeTaskPool::get().spawn(make),
    });
}

fn finish_changing(
    mut changing: ResMut<ChangingDetail>,
    mut replace: MessageWriter<ReplaceCityModel>,
    mut wanted: ResMut<Wanted>,
    mut screen: ResMut<Screen>,
    choices: Res<Choices>,
) {
    let Some(change) = &mut changing.bypass_change_detection().0 else {
        return;
    };
    let Some(outcome) = future::block_on(future::poll_once(&mut change.task)) else {
        return;
    };
    let Some(Change { path, choice, .. }) = changing.0.take() else {
        return;
    };
    match outcome {
        Ok(open) => {
            // Opened once more, it is shown like this again.
            let before = wanted.of(&path);
            let wishes = OpenWishes {
                detail: choice,
                ..before
            };
            wanted.0 = Some((path, wishes));
            replace.write(ReplaceCityModel(Arc::new(open)));
        }
        Err(problems) => {
            let words = failure(&path, &problems, &choices.language);
            screen.0.toasts.add(ToastKind::Problem, words);
        }
    }
}
