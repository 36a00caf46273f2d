//! Opening what the user names, off the main thread: a scenario, a package, a tileset or a single tile.

use super::keep::Keeping;
use crate::model::{OpenScenario, StoreHandle, scenario::open_any};
use crate::schedule::FrameSystems;
use crate::sources::Problem;
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures_lite::future};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Opens a path and shows what is in it.
#[derive(Message, Debug, Clone)]
pub struct OpenPath(pub PathBuf);

/// An opening has ended.
#[derive(Message, Clone)]
pub struct PathOpened {
    /// What was opened.
    pub path: PathBuf,
    /// The scenario, or why nothing can be shown.
    pub outcome: Result<Arc<OpenScenario>, Vec<Problem>>,
    /// Where what people add to it is kept; `None` when nothing is.
    pub store: Option<StoreHandle>,
}

/// The systems that open what is asked for.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OpenSystems;

/// The opening under way; a newer one replaces it.
#[derive(Resource, Default)]
pub(super) struct Opening(Option<(PathBuf, Task<Outcome>)>);

/// The scenario and its store.
type Outcome = Result<(OpenScenario, Option<StoreHandle>), Vec<Problem>>;

impl Opening {
    /// What is being opened now.
    pub(super) fn path(&self) -> Option<&Path> {
        self.0.as_ref().map(|(path, _)| path.as_path())
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Opening>()
        .add_message::<OpenPath>()
        .add_message::<PathOpened>()
        .add_systems(
            Update,
            (start_opening, finish_opening)
                .chain()
                .in_set(OpenSystems)
                .in_set(FrameSystems::Ingest),
        );
}

fn start_opening(mut wishes: MessageReader<OpenPath>, mut opening: ResMut<Opening>, keeping: Option<Res<Keeping>>) {
    let Some(OpenPath(path)) = wishes.read().last() else {
        return;
    };
    let path = path.clone();
    let task_path = path.clone();
    let keeper = keeping.map(|keeping| keeping.keeper());
    let task = AsyncComputeTaskPool::get().spawn(async move {
        let mut open = open_any(&task_path)?;
        let store = keeper.and_then(|keeper| keeper.read_back(&task_path, &mut open));
        Ok((open, store))
    });
    opening.0 = Some((path, task));
}

fn finish_opening(mut opening: ResMut<Opening>, mut opened: MessageWriter<PathOpened>) {
    let Some((path, task)) = opening.0.as_mut() else { return };
    if let Some(outcome) = future::block_on(future::poll_once(task)) {
        let (outcome, store) = match outcome {
            Ok((open, store)) => (Ok(Arc::new(open)), store),
            Err(problems) => (Err(problems), None),
        };
        opened.write(PathOpened {
            path: path.clone(),
            outcome,
            store,
        });
        opening.0 = None;
    }
}
