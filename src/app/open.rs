//! Opening what the user names, off the main thread: a scenario, a package, a tileset or a single tile.

use super::{Stop, choices::Choices, keep::Keeping};
use crate::model::{
    OpenScenario, StoreHandle,
    scenario::{OpenWishes, open_with, takes_crs},
};
use crate::schedule::FrameSystems;
use crate::sources::{
    Cause, Problem,
    cityjson::{LodChoice, is_city_json},
    remote::{HttpResources, on_own_thread},
};
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

/// What the person wants of a file, for as long as the program runs.
#[derive(Resource, Default)]
pub(super) struct Wanted(pub(super) Option<(PathBuf, OpenWishes)>);

impl Wanted {
    /// What is wanted of the file at `path`.
    pub(super) fn of(&self, path: &Path) -> OpenWishes {
        let wanted = self.0.as_ref().filter(|(of, _)| of == path);
        wanted.map(|(_, wishes)| *wishes).unwrap_or_default()
    }
}

/// Refuses a level of detail for what is no city model, and a coordinate system for what has a place of its own.
pub(super) fn check_wishes(path: Option<&Path>, wishes: OpenWishes) -> Result<(), Stop> {
    let is_fit = |fits: fn(&Path) -> bool| path.is_some_and(|path| !path.exists() || fits(path));
    let what = path.map_or_else(|| "no file".to_owned(), |path| path.display().to_string());
    if let LodChoice::AtMost(lod) | LodChoice::Exact(lod) = wishes.detail
        && !is_fit(is_city_json)
    {
        let message =
            format!("--lod {lod} chooses a level of detail of a CityJSON file, and {what} is none: leave it out");
        return Err(Stop::Usage { message });
    }
    if let Some(crs) = wishes.crs
        && !is_fit(takes_crs)
    {
        let message = format!(
            "--crs {crs} says in which coordinate system a map file, raster, point cloud or CityJSON is, and {what} is \
             none of these: leave it out"
        );
        return Err(Stop::Usage { message });
    }
    Ok(())
}

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
        .init_resource::<Wanted>()
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

fn start_opening(
    mut wishes: MessageReader<OpenPath>,
    mut opening: ResMut<Opening>,
    wanted: Res<Wanted>,
    choices: Option<Res<Choices>>,
    keeping: Option<Res<Keeping>>,
) {
    let Some(OpenPath(path)) = wishes.read().last() else {
        return;
    };
    let path = path.clone();
    let task_path = path.clone();
    let wishes = wanted.of(&path);
    let known = choices
        .as_ref()
        .and_then(|choices| choices.preferences.known_system(&path))
        .filter(|_| wishes.crs.is_none())
        .map(str::to_owned);
    let keeper = keeping.map(|keeping| keeping.keeper());
    let work = move || {
        let remembered = known.and_then(|known| known.parse().ok()).map(|crs| OpenWishes {
            crs: Some(crs),
            ..wishes
        });
        // What was answered before may not fit the file any more: then it is asked anew.
        let as_before = remembered.and_then(|wishes| {
            let opened = open_with(&task_path, wishes);
            opened
                .inspect_err(|problems| warn!("not as it was opened before: {problems:?}"))
                .ok()
        });
        let mut open = as_before.map_or_else(|| open_with(&task_path, wishes), Ok)?;
        let store = keeper.and_then(|keeper| keeper.read_back(&task_path, &mut open));
        Ok((open, store))
    };
    let pool = AsyncComputeTaskPool::get();
    let task = if HttpResources::url_of(&path).is_some() {
        // Not on a thread for tasks: a slow server would hold up everything else that is made there.
        let shown = path.display().to_string();
        let ended = "opening it ended without a result; close other programs and try again";
        let failed = move || vec![Problem::error(shown, "", ended).because(Cause::Machine)];
        pool.spawn(async move { on_own_thread("open-url", work).await.unwrap_or_else(|| Err(failed())) })
    } else {
        pool.spawn(async move { work() })
    };
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
