//! Lists that somebody adds in the lens of maintenance: the file is read and tried beside the picture, kept in the store,
//! and the scenario is opened anew with it, looked at from where it was looked at before.

use super::choices::Choices;
use super::desk::{Screen, cause, problem_rows, short_name};
use super::keep::{Keeping, why_unkept};
use super::open::OpenPath;
use crate::model::scenario::{Columns, ListFile, ListPreview};
use crate::model::store::Pending;
use crate::model::{OpenScenario, OwnList};
use crate::panels::desk::Page;
use crate::panels::own_list::{OpenListPage, OwnListPage, OwnListWish};
use crate::panels::rooms::{Rooms, SharedPage};
use crate::schedule::{FrameSystems, Lens};
use crate::sources::{Cause, Problem, resource, table};
use crate::text::{tr, tr_args};
use crate::ui::widgets::ToastKind;
use crate::view::camera::{FlyTo, Orbit, OrbitCamera};
use crate::view::scene::{ScenarioShown, ShowVariant, ShownScenario};
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, IoTaskPool, Task, block_on, poll_once};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, MutexGuard, PoisonError},
};

/// Key of the page in the rooms.
const PAGE: &str = "own-list";

/// A file that was read, and what comes of it.
type Tried = Result<(Arc<ListFile>, ListPreview), Problem>;

/// Where the camera was and what was shown.
struct LookedAt {
    orbit: Orbit,
    variant: Option<String>,
}

/// The page and what is under way for it.
#[derive(Resource, Default)]
struct OwnListDesk {
    page: SharedPage<OwnListPage>,
    asking: Option<Task<Option<PathBuf>>>,
    trying: Option<Task<Tried>>,
    file: Option<Arc<ListFile>>,
    /// What is on its way to the disk, and the words when it is there.
    saving: Option<(Pending<()>, String)>,
    looked_at: Option<LookedAt>,
}

impl OwnListDesk {
    fn page(&self) -> MutexGuard<'_, OwnListPage> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the page to the lens of maintenance, where this run has it.
pub(super) fn plugin(app: &mut App) {
    let desk = OwnListDesk::default();
    let mut rooms = app.world_mut().get_resource_or_init::<Rooms>();
    rooms.add_page(PAGE, &desk.page);
    rooms.add_to(Lens::Maintenance, Page::Own(PAGE));
    app.insert_resource(desk).add_message::<OpenListPage>().add_systems(
        Update,
        (
            open_page,
            follow_wishes,
            take_answer,
            take_tried,
            take_saved,
            tell_lists,
            look_again,
        )
            .chain()
            .in_set(FrameSystems::Derive),
    );
}

fn open_page(mut wishes: MessageReader<OpenListPage>, mut screen: ResMut<Screen>) {
    if wishes.read().last().is_some() {
        screen.0.open_page(Page::Own(PAGE));
    }
}

/// Does what was asked for on the page.
fn follow_wishes(
    shown: Option<Res<ShownScenario>>,
    keeping: Res<Keeping>,
    choices: Res<Choices>,
    mut desk: ResMut<OwnListDesk>,
) {
    let wishes = desk.page().take_wishes();
    let Some(shown) = shown else { return };
    let language = &choices.language;
    for wish in wishes {
        match wish {
            OwnListWish::Browse => {
                if desk.asking.is_none() {
                    let asked = rfd::AsyncFileDialog::new().add_filter("CSV", &["csv", "txt"]);
                    let answer = async move { asked.pick_file().await.map(|file| file.path().to_path_buf()) };
                    desk.asking = Some(IoTaskPool::get().spawn(answer));
                }
            }
            OwnListWish::Read(path) => desk.read(path, shown.open.clone()),
            OwnListWish::Try(columns) => desk.retry(columns, shown.open.clone()),
            OwnListWish::Forget => {
                desk.file = None;
                desk.trying = None;
                desk.page().forget();
            }
            OwnListWish::Add(columns) => {
                let Some(file) = desk.file.clone() else { continue };
                if shown.open.own_lists.len() >= OwnList::MOST {
                    let most = OwnList::MOST.to_string();
                    let words = tr_args(language, "owndata-too-many", &[("most", &most)]);
                    desk.page().complain(words);
                    continue;
                }
                let list = OwnList {
                    id: OwnList::new_id(),
                    name: file.name.clone(),
                    bytes: file.bytes.clone(),
                    columns,
                    day: jiff::Zoned::now().date(),
                };
                let words = tr_args(language, "owndata-added", &[("name", &file.name)]);
                let job = keeping
                    .store()
                    .map(|store| store.submit(move |store| store.add_list(&list)));
                desk.save(job, words, &shown.open, &choices);
            }
            OwnListWish::Remove(id) => {
                let words = tr(language, "owndata-removed");
                let job = keeping
                    .store()
                    .map(|store| store.submit(move |store| store.remove_list(&id)));
                desk.save(job, words, &shown.open, &choices);
            }
        }
    }
}

impl OwnListDesk {
    fn read(&mut self, path: PathBuf, open: Arc<OpenScenario>) {
        self.page().set_busy();
        self.trying = Some(AsyncComputeTaskPool::get().spawn(async move {
            let file = Arc::new(read_file(&path)?);
            let preview = file.preview(&open, None);
            Ok((file, preview))
        }));
    }

    fn retry(&mut self, columns: Columns, open: Arc<OpenScenario>) {
        let Some(file) = self.file.clone() else { return };
        self.trying = Some(AsyncComputeTaskPool::get().spawn(async move {
            let preview = file.preview(&open, Some(&columns));
            Ok((file, preview))
        }));
    }

    fn save(&mut self, job: Option<Pending<()>>, words: String, open: &OpenScenario, choices: &Choices) {
        if let Some(job) = job {
            self.saving = Some((job, words));
        } else {
            self.complain_unkept(&why_unkept(open), choices);
        }
    }

    fn complain_unkept(&self, problem: &Problem, choices: &Choices) {
        let reason = cause(problem, &choices.language);
        let words = tr_args(&choices.language, "owndata-unkept", &[("reason", &reason)]);
        self.page().complain(words);
    }
}

/// Reads a file that somebody named, no further than a table may be long.
fn read_file(path: &Path) -> Result<ListFile, Problem> {
    let name = short_name(path);
    let missing = || Problem::error(name.clone(), "", "this names no file").because(Cause::Missing);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = resource::folder(folder.unwrap_or(Path::new(".")));
    let file = path.file_name().and_then(|name| name.to_str()).ok_or_else(missing)?;
    let bytes = folder
        .read_at_most(file, table::MAX_BYTES as u64)
        .map_err(|error| error.problem(&name, ""))?;
    ListFile::read(&name, bytes)
}

/// A file was chosen in the dialog, or not.
fn take_answer(shown: Option<Res<ShownScenario>>, choices: Res<Choices>, mut desk: ResMut<OwnListDesk>) {
    let desk = desk.bypass_change_detection();
    let Some(answer) = desk.asking.as_mut().and_then(|task| block_on(poll_once(task))) else {
        return;
    };
    desk.asking = None;
    match (answer, shown) {
        (Some(path), Some(shown)) => desk.read(path, shown.open.clone()),
        _ => desk.page().complain(tr(&choices.language, "owndata-no-file")),
    }
}

/// A file was read, or tried with other columns.
fn take_tried(choices: Res<Choices>, mut desk: ResMut<OwnListDesk>) {
    let desk = desk.bypass_change_detection();
    let Some(tried) = desk.trying.as_mut().and_then(|task| block_on(poll_once(task))) else {
        return;
    };
    desk.trying = None;
    let language = &choices.language;
    match tried {
        Ok((file, preview)) => {
            let rows = problem_rows(preview.problems.iter(), language);
            desk.file = Some(file);
            desk.page().set_preview(preview, rows);
        }
        Err(problem) => {
            let finding = tr_args(language, "problem-finding", &[("finding", &problem.message)]);
            let reason = format!("{} {finding}", cause(&problem, language));
            let args = [("name", problem.path.as_str()), ("reason", reason.as_str())];
            desk.page().complain(tr_args(language, "owndata-unread", &args));
        }
    }
}

/// A change is on the disk: the scenario is opened anew with it.
fn take_saved(
    shown: Option<Res<ShownScenario>>,
    camera: Res<OrbitCamera>,
    choices: Res<Choices>,
    mut desk: ResMut<OwnListDesk>,
    mut screen: ResMut<Screen>,
    mut open: MessageWriter<OpenPath>,
) {
    let desk = desk.bypass_change_detection();
    let Some(saved) = desk.saving.as_mut().and_then(|(pending, _)| pending.poll()) else {
        return;
    };
    let Some((_, words)) = desk.saving.take() else { return };
    if let Err(error) = saved {
        desk.complain_unkept(&error.problem(), &choices);
        return;
    }
    screen.0.toasts.add(ToastKind::Done, words);
    desk.file = None;
    desk.page().forget();
    desk.looked_at = Some(LookedAt {
        orbit: camera.goal(),
        variant: shown.and_then(|shown| shown.active_variant().map(|variant| variant.id.clone())),
    });
    open.write_batch(choices.preferences.recent_files.first().cloned().map(OpenPath));
}

/// Tells the page which lists there are.
fn tell_lists(shown: Option<Res<ShownScenario>>, desk: Res<OwnListDesk>) {
    if let Some(shown) = shown.filter(DetectChanges::is_changed) {
        desk.page().set_lists(shown.open.own_lists.clone());
    }
}

/// What was opened anew is looked at as before.
fn look_again(
    mut shown: MessageReader<ScenarioShown>,
    mut desk: ResMut<OwnListDesk>,
    mut fly: MessageWriter<FlyTo>,
    mut variant: MessageWriter<ShowVariant>,
) {
    if shown.read().last().is_none() {
        return;
    }
    let Some(before) = desk.bypass_change_detection().looked_at.take() else {
        return;
    };
    fly.write(FlyTo {
        to: before.orbit,
        at_once: true,
    });
    variant.write_batch(before.variant.map(ShowVariant));
}
