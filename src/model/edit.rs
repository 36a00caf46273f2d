//! Edits as commands with undo: the only way the open scenario changes.
//!
//! Panels write [`EditScenario`]; this module applies it in [`FrameSystems::ApplyEdits`] and keeps the inverse in
//! the [`History`]. The maths is the pure function [`apply`]. An edit that cannot be applied changes nothing.

mod city_model;
mod models;

pub use city_model::{CityModelReplaced, ReplaceCityModel};

use super::note::Note;
use super::scenario::{LocalText, NewModel, OpenScenario, Scenario, Viewpoint};
use crate::schedule::FrameSystems;
use bevy::prelude::*;
use std::{collections::VecDeque, sync::Arc};
use thiserror::Error;

/// Edits that can be undone; older ones are forgotten.
const MAX_HISTORY: usize = 1000;

/// Holds the open scenario and applies edits to it.
pub(crate) fn plugin(app: &mut App) {
    app.add_message::<ActivateScenario>()
        .add_message::<ScenarioActivated>()
        .add_message::<EditScenario>()
        .add_message::<ScenarioEdited>()
        .add_message::<ReplaceCityModel>()
        .add_message::<CityModelReplaced>()
        .init_resource::<History>()
        .add_systems(
            Update,
            (activate, city_model::replace_city_model, apply_edits)
                .chain()
                .in_set(EditSystems)
                .in_set(FrameSystems::ApplyEdits),
        );
}

/// The systems that change the open scenario; what follows from it runs after them.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EditSystems;

/// The scenario that is open; absent while nothing is. Whoever needs a state of it that stays keeps the [`Arc`].
#[derive(Resource, Clone)]
pub struct ActiveScenario(pub Arc<OpenScenario>);

/// Request: make this scenario the open one, with nothing to undo yet.
#[derive(Message, Clone)]
pub struct ActivateScenario(pub Arc<OpenScenario>);

/// Fact: another scenario is open.
#[derive(Message, Debug, Clone, Copy)]
pub struct ScenarioActivated;

/// Fact: the open scenario was changed.
#[derive(Message, Debug, Clone, Copy)]
pub struct ScenarioEdited;

/// A request to change the open scenario.
#[derive(Message, Debug, Clone, PartialEq)]
pub enum EditScenario {
    /// Makes a change.
    Apply(Edit),
    /// Takes the last change back.
    Undo,
    /// Makes the change last taken back again.
    Redo,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Adds a viewpoint.
    AddViewpoint {
        /// The viewpoint, its id new.
        viewpoint: Viewpoint,
        /// Position in the list; the end when `None` or past it.
        position: Option<usize>,
        /// Whether it becomes the one shown first.
        is_start: bool,
    },
    /// Removes a viewpoint; where it was the one shown first, none is.
    RemoveViewpoint {
        /// Viewpoint id.
        id: String,
    },
    /// Gives a viewpoint another title.
    RenameViewpoint {
        /// Viewpoint id.
        id: String,
        /// The title.
        title: LocalText,
    },
    /// Gives a variant another title and summary.
    SetVariantText {
        /// Variant id.
        variant: String,
        /// The title.
        title: LocalText,
        /// The summary.
        summary: LocalText,
    },
    /// Adds a model to a variant.
    AddModel {
        /// Variant id.
        variant: String,
        /// The model, its id new in the variant.
        model: Box<NewModel>,
        /// Position in the list; the end when `None` or past it.
        position: Option<usize>,
    },
    /// Puts a model of a variant over the one of the same id.
    ChangeModel {
        /// Variant id.
        variant: String,
        /// The model as it shall be.
        model: Box<NewModel>,
    },
    /// Removes a model from a variant; its file stays.
    RemoveModel {
        /// Variant id.
        variant: String,
        /// Model id.
        id: String,
    },
    /// Adds a note, at the place of its number.
    AddNote {
        /// The note, its id new.
        note: Box<Note>,
    },
    /// Puts a note over the one of the same id.
    ChangeNote {
        /// The note as it shall be.
        note: Box<Note>,
    },
    /// Removes a note.
    RemoveNote {
        /// Note id.
        id: String,
    },
}

/// Why an edit changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// What it speaks of is not there (any more).
    #[error("there is no {kind} `{id}`")]
    Missing {
        /// Viewpoint, variant, model or note.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// A new thing has an id that is taken.
    #[error("there is a {kind} `{id}` already")]
    Taken {
        /// Viewpoint, model or note.
        kind: &'static str,
        /// Its id.
        id: String,
    },
}

/// Changes `scenario`; hands out the edit that changes it back.
pub fn apply(scenario: &mut Scenario, edit: &Edit) -> Result<Edit, EditError> {
    match edit {
        Edit::AddViewpoint {
            viewpoint,
            position,
            is_start,
        } => {
            let id = viewpoint.id.clone();
            if scenario.viewpoint(&id).is_some() {
                return Err(EditError::Taken { kind: "viewpoint", id });
            }
            let end = scenario.viewpoints.len();
            scenario
                .viewpoints
                .insert(position.unwrap_or(end).min(end), viewpoint.clone());
            // Only where none is the first: taking it back then leaves none, as it was.
            if *is_start && scenario.start_viewpoint.is_none() {
                scenario.start_viewpoint = Some(id.clone());
            }
            Ok(Edit::RemoveViewpoint { id })
        }
        Edit::RemoveViewpoint { id } => {
            let position = scenario.viewpoints.iter().position(|v| v.id == *id);
            let position = position.ok_or_else(|| missing("viewpoint", id))?;
            let viewpoint = scenario.viewpoints.remove(position);
            let is_start = scenario.start_viewpoint.as_ref() == Some(id);
            if is_start {
                scenario.start_viewpoint = None;
            }
            Ok(Edit::AddViewpoint {
                viewpoint,
                position: Some(position),
                is_start,
            })
        }
        Edit::RenameViewpoint { id, title } => {
            let found = scenario.viewpoints.iter_mut().find(|v| v.id == *id);
            let found = found.ok_or_else(|| missing("viewpoint", id))?;
            Ok(Edit::RenameViewpoint {
                id: id.clone(),
                title: std::mem::replace(&mut found.title, title.clone()),
            })
        }
        Edit::SetVariantText {
            variant,
            title,
            summary,
        } => {
            let found = scenario.variants.iter_mut().find(|v| v.id == *variant);
            let found = found.ok_or_else(|| missing("variant", variant))?;
            Ok(Edit::SetVariantText {
                variant: variant.clone(),
                title: std::mem::replace(&mut found.title, title.clone()),
                summary: std::mem::replace(&mut found.summary, summary.clone()),
            })
        }
        Edit::AddModel {
            variant,
            model,
            position,
        } => models::add(scenario, variant, model, *position),
        Edit::ChangeModel { variant, model } => models::change(scenario, variant, model),
        Edit::RemoveModel { variant, id } => models::remove(scenario, variant, id),
        Edit::AddNote { note } => {
            let id = note.id.clone();
            if scenario.note(&id).is_some() {
                return Err(EditError::Taken { kind: "note", id });
            }
            insert_note(&mut scenario.notes, (**note).clone());
            Ok(Edit::RemoveNote { id })
        }
        Edit::ChangeNote { note } => {
            let old = take_note(&mut scenario.notes, &note.id).ok_or_else(|| missing("note", &note.id))?;
            insert_note(&mut scenario.notes, (**note).clone());
            Ok(Edit::ChangeNote { note: Box::new(old) })
        }
        Edit::RemoveNote { id } => {
            let note = take_note(&mut scenario.notes, id).ok_or_else(|| missing("note", id))?;
            Ok(Edit::AddNote { note: Box::new(note) })
        }
    }
}

fn missing(kind: &'static str, id: &str) -> EditError {
    EditError::Missing {
        kind,
        id: id.to_owned(),
    }
}

/// Puts a note where its number belongs; of two with one number the lower id goes first, as in the store.
fn insert_note(notes: &mut Vec<Note>, note: Note) {
    let place = notes.partition_point(|other| (other.number, &other.id) < (note.number, &note.id));
    notes.insert(place, note);
}

fn take_note(notes: &mut Vec<Note>, id: &str) -> Option<Note> {
    let place = notes.iter().position(|note| note.id == *id)?;
    Some(notes.remove(place))
}

/// What was changed, so that it can be changed back.
#[derive(Resource, Debug, Clone, Default)]
pub struct History {
    /// Inverses of what was done, the last one at the back.
    undo: VecDeque<Edit>,
    /// Inverses of what was undone, the last one at the back.
    redo: Vec<Edit>,
}

impl History {
    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether there is something to do again.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Changes `scenario` and remembers how to change it back. Undo and redo past the end do nothing.
    pub fn perform(&mut self, scenario: &mut Scenario, request: &EditScenario) -> Result<(), EditError> {
        match request {
            EditScenario::Apply(edit) => {
                let inverse = apply(scenario, edit)?;
                self.remember(inverse);
                self.redo.clear();
            }
            EditScenario::Undo => {
                if let Some(edit) = self.undo.pop_back() {
                    self.redo.push(apply(scenario, &edit)?);
                }
            }
            EditScenario::Redo => {
                if let Some(edit) = self.redo.pop() {
                    let inverse = apply(scenario, &edit)?;
                    self.remember(inverse);
                }
            }
        }
        Ok(())
    }

    fn remember(&mut self, inverse: Edit) {
        if self.undo.len() == MAX_HISTORY {
            self.undo.pop_front();
        }
        self.undo.push_back(inverse);
    }
}

fn activate(
    mut commands: Commands,
    mut requests: MessageReader<ActivateScenario>,
    mut activated: MessageWriter<ScenarioActivated>,
) {
    if let Some(ActivateScenario(open)) = requests.read().last() {
        commands.insert_resource(ActiveScenario(open.clone()));
        commands.insert_resource(History::default());
        activated.write(ScenarioActivated);
    }
}

/// Applies the frame's requests in order. Nothing is copied or marked as changed on frames without any.
fn apply_edits(
    mut requests: MessageReader<EditScenario>,
    mut edited: MessageWriter<ScenarioEdited>,
    mut history: ResMut<History>,
    active: Option<ResMut<ActiveScenario>>,
) -> Result {
    let Some(mut active) = active else {
        requests.clear();
        return Ok(());
    };
    let mut first_error = None;
    for request in requests.read() {
        // The data beside the scenario is shared, so a copy for those who still hold the old state is small.
        let open = Arc::make_mut(&mut active.0);
        match history.perform(&mut open.scenario, request) {
            Ok(()) => {
                edited.write(ScenarioEdited);
            }
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    first_error.map_or(Ok(()), |error| Err(error.into()))
}

#[cfg(test)]
pub(crate) mod tests;
