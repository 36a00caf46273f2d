//! Saves the models that were added, moved and removed in the scenario's own file, off the main thread, whole or not at all.

use super::{ModelsDesk, Root};
use crate::app::choices::Choices;
use crate::app::desk::{Screen, cause};
use crate::model::edit::ScenarioEdited;
use crate::model::scenario::document_with_models;
use crate::model::{ActiveScenario, NewModel, OpenScenario};
use crate::sources::{Cause, Problem};
use crate::text::tr_args;
use crate::ui::widgets::ToastKind;
use atomic_write_file::AtomicWriteFile;
use bevy::prelude::*;
use bevy::tasks::{IoTaskPool, Task, block_on, poll_once};
use std::{io::Write, path::Path, sync::Arc};

/// What is saved and what is on its way there.
#[derive(Resource, Default)]
pub(super) struct SavingModels {
    /// The models of each variant as they were saved last.
    saved: Vec<Vec<NewModel>>,
    task: Option<Task<Result<Vec<Problem>, Problem>>>,
}

impl SavingModels {
    /// What the file of the scenario says as it was opened.
    pub(super) fn begin(&mut self, open: &OpenScenario) {
        self.saved = models(open);
    }

    /// Whether all is on the disk.
    pub(super) fn is_done(&self) -> bool {
        self.task.is_none()
    }
}

fn models(open: &OpenScenario) -> Vec<Vec<NewModel>> {
    let variants = open.scenario.variants.iter();
    variants.map(|variant| variant.models.clone()).collect()
}

/// Saves what changed, one save at a time: what changes meanwhile is saved after it.
pub(super) fn save_models(
    mut edited: MessageReader<ScenarioEdited>,
    active: Option<Res<ActiveScenario>>,
    desk: Res<ModelsDesk>,
    mut saving: ResMut<SavingModels>,
    mut is_due: Local<bool>,
) {
    *is_due |= edited.read().last().is_some();
    let (true, Some(active), Root::Folder(root)) = (*is_due && saving.is_done(), active, &desk.root) else {
        return;
    };
    *is_due = false;
    let now = models(&active.0);
    if saving.saved == now {
        return;
    }
    saving.saved = now;
    let (open, path) = (active.0.clone(), root.join(&active.0.document));
    saving.task = Some(IoTaskPool::get().spawn(async move { write(&open, &path) }));
}

fn write(open: &Arc<OpenScenario>, path: &Path) -> Result<Vec<Problem>, Problem> {
    let shown = path.display().to_string();
    let (bytes, problems) = document_with_models(open).map_err(|problems| {
        let first = problems.into_iter().next();
        first.unwrap_or_else(|| {
            Problem::error(&shown, "", "the file cannot be read any more").because(Cause::Unreadable)
        })
    })?;
    let written = AtomicWriteFile::open(path).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.commit()
    });
    written.map_err(|error| {
        Problem::error(&shown, "", format!("the file cannot be written ({error})")).because(Cause::Unwritable)
    })?;
    Ok(problems)
}

/// Says what could not be saved.
pub(super) fn tell_saved(mut saving: ResMut<SavingModels>, mut screen: ResMut<Screen>, choices: Res<Choices>) {
    let saving = saving.bypass_change_detection();
    let Some(outcome) = saving.task.as_mut().and_then(|task| block_on(poll_once(task))) else {
        return;
    };
    saving.task = None;
    let problem = match outcome {
        Ok(problems) => problems.into_iter().next(),
        Err(problem) => {
            // The next edit tries again.
            saving.saved.clear();
            Some(problem)
        }
    };
    if let Some(problem) = problem {
        let reason = cause(&problem, &choices.language);
        let words = tr_args(&choices.language, "models-unsaved", &[("reason", &reason)]);
        screen.0.toasts.add(ToastKind::Problem, words);
    }
}

/// What was edited before the program ended is on the disk when it does.
pub(super) fn finish_saving(
    mut exits: MessageReader<AppExit>,
    active: Option<Res<ActiveScenario>>,
    desk: Res<ModelsDesk>,
    mut saving: ResMut<SavingModels>,
) -> Result {
    if exits.read().last().is_none() {
        return Ok(());
    }
    if let Some(task) = saving.task.take() {
        let _told_nowhere = block_on(task);
    }
    if let (Some(active), Root::Folder(root)) = (active, &desk.root)
        && saving.saved != models(&active.0)
    {
        write(&active.0, &root.join(&active.0.document)).map_err(|problem| problem.to_string())?;
    }
    Ok(())
}
