//! Models in the lens of design: added from a file that is dropped or chosen, placed on the page, kept in the folder of the
//! scenario and in its own file.

mod add;
#[cfg(test)]
mod drop_tests;
mod save;

pub(super) use add::is_model;

use super::choices::Choices;
use super::desk::{Screen, cause, short_name};
use super::open::PathOpened;
use super::shipped;
use crate::georef::SitePos;
use crate::model::edit::EditSystems;
use crate::model::scenario::{ModelFacts, model_facts, proposed_model};
use crate::model::{Edit, EditScenario, NewModel, OpenScenario};
use crate::panels::desk::Page;
use crate::panels::models::{ModelRow, ModelsPage, ModelsState, ModelsWish};
use crate::panels::rooms::{Rooms, SharedPage};
use crate::schedule::{FrameSystems, Lens};
use crate::sources::Problem;
use crate::text::{Language, tr, tr_args, tr_count};
use crate::ui::widgets::ToastKind;
use crate::view::camera::{Clicked, FlyTo, InputSystems, OrbitCamera, ReducedMotion};
use crate::view::ray_cast::SceneRay;
use crate::view::scene::ShownScenario;
use crate::view::site_view::SiteView;
use add::{Added, add};
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, IoTaskPool, Task, block_on, poll_once};
use bevy::window::ExitSystems;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{MutexGuard, PoisonError},
};

/// Key of the page in the rooms.
const PAGE: &str = "design-models";
/// How far around a model a flight to it ends at most, times its size.
const AROUND: f64 = 3.0;

/// Request: add the model in this file to the variant shown.
#[derive(Message, Debug, Clone)]
pub(super) struct AddModel(pub(super) PathBuf);

/// Where the files of the open scenario are, as far as models can be put there.
#[derive(Debug, Default, PartialEq, Eq)]
enum Root {
    /// Nothing is open, or it is no scenario.
    #[default]
    None,
    /// One file.
    Package,
    /// The example, which stays as it is.
    Shipped,
    /// A folder.
    Folder(PathBuf),
}

/// The page and what is under way for it.
#[derive(Resource, Default)]
pub(super) struct ModelsDesk {
    page: SharedPage<ModelsPage>,
    root: Root,
    asking: Option<Task<Option<PathBuf>>>,
    adding: Option<(PathBuf, Task<Result<Added, Problem>>)>,
    /// What the files of models are like, by their paths; `None` while that is being found out.
    facts: BTreeMap<String, Option<ModelFacts>>,
    measuring: Option<Task<BTreeMap<String, Option<ModelFacts>>>>,
}

impl ModelsDesk {
    fn page(&self) -> MutexGuard<'_, ModelsPage> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a model can be added to what is shown.
    pub(super) fn can_add(&self, shown: Option<&ShownScenario>) -> bool {
        matches!(self.root, Root::Folder(_)) && shown.is_some_and(is_plan)
    }
}

/// Whether a plan is shown; today stays as it is.
fn is_plan(shown: &ShownScenario) -> bool {
    let is_first = shown.variant == Some(0);
    shown
        .active_variant()
        .is_some_and(|variant| !(is_first && variant.is_today()))
}

/// Adds the page to the lens of design, where this run has it.
pub(super) fn plugin(app: &mut App) {
    let desk = ModelsDesk::default();
    let mut rooms = app.world_mut().get_resource_or_init::<Rooms>();
    rooms.add_page(PAGE, &desk.page);
    rooms.add_to(Lens::Design, Page::Own(PAGE));
    app.insert_resource(desk)
        .init_resource::<save::SavingModels>()
        .add_message::<AddModel>()
        .add_systems(
            Update,
            (
                take_opened.in_set(FrameSystems::Ingest).after(super::open::OpenSystems),
                (follow_wishes, take_answer, start_adding, take_added)
                    .chain()
                    .after(super::keys::press_keys)
                    .before(EditSystems)
                    .before(FrameSystems::ApplyEdits),
                (tell_page, save::save_models, save::tell_saved).in_set(FrameSystems::Derive),
                // The city below is not picked with it.
                put_clicked.in_set(FrameSystems::Derive).after(InputSystems),
            ),
        )
        .add_systems(
            Last,
            save::finish_saving
                .after(ExitSystems)
                .after(super::keep::LastSavingSystems),
        );
}

fn take_opened(
    mut opened: MessageReader<PathOpened>,
    mut desk: ResMut<ModelsDesk>,
    mut saving: ResMut<save::SavingModels>,
) {
    for opened in opened.read() {
        if let Ok(open) = &opened.outcome {
            desk.root = root_of(&opened.path, open);
            desk.facts.clear();
            desk.measuring = None;
            desk.adding = None;
            saving.begin(open);
        }
    }
}

/// The folder of a scenario that was opened at `path`.
fn root_of(path: &Path, open: &OpenScenario) -> Root {
    if open.document.is_empty() {
        return Root::None;
    }
    let folder = if path.is_dir() {
        path
    } else if path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
    {
        path.parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
    } else {
        return Root::Package;
    };
    let real = |path: &Path| path.canonicalize().ok();
    let is_shipped =
        shipped::lange_wemen().is_some_and(|shipped| real(&shipped).is_some() && real(&shipped) == real(folder));
    if is_shipped {
        Root::Shipped
    } else {
        Root::Folder(folder.to_owned())
    }
}

/// Does what was asked for on the page.
fn follow_wishes(
    shown: Option<Res<ShownScenario>>,
    camera: Res<OrbitCamera>,
    motion: Res<ReducedMotion>,
    mut desk: ResMut<ModelsDesk>,
    mut edits: MessageWriter<EditScenario>,
    mut adds: MessageWriter<AddModel>,
    mut fly: MessageWriter<FlyTo>,
) {
    let wishes = desk.page().take_wishes();
    let Some(shown) = shown else { return };
    for wish in wishes {
        match wish {
            ModelsWish::Browse => {
                if desk.asking.is_none() {
                    let asked = rfd::AsyncFileDialog::new().add_filter("glTF, OBJ", &["glb", "gltf", "obj"]);
                    let answer = async move { asked.pick_file().await.map(|file| file.path().to_path_buf()) };
                    desk.asking = Some(IoTaskPool::get().spawn(answer));
                }
            }
            ModelsWish::Add(path) => {
                adds.write(AddModel(path));
            }
            ModelsWish::Edit(edit) => {
                edits.write(edit);
            }
            ModelsWish::LookAt(id) => {
                let variant = shown.active_variant();
                let model = variant.and_then(|variant| variant.models.iter().find(|model| model.id == id));
                if let Some(model) = model {
                    let facts = desk.facts.get(&model.path).copied().flatten();
                    fly.write(flight(model, facts.as_ref(), &shown.open, &camera, motion.0));
                }
            }
        }
    }
}

/// A flight to a model, near enough to see it and far enough to see it whole.
fn flight(
    model: &NewModel,
    facts: Option<&ModelFacts>,
    open: &OpenScenario,
    camera: &OrbitCamera,
    at_once: bool,
) -> FlyTo {
    let size_m = facts.map_or(30.0, |facts| facts.size(model.up).length() * model.scale);
    let ground_m = open.terrain.height_at(model.position);
    let target = SitePos(model.position.extend(model.foot_m.unwrap_or(ground_m)));
    let mut flight = FlyTo::close_up(camera, target, f64::INFINITY, at_once);
    flight.to.distance_m = (AROUND * size_m).clamp(30.0, 3_000.0);
    flight
}

/// A file was chosen in the dialog, or not.
fn take_answer(choices: Res<Choices>, mut desk: ResMut<ModelsDesk>, mut adds: MessageWriter<AddModel>) {
    let desk = desk.bypass_change_detection();
    let Some(answer) = desk.asking.as_mut().and_then(|task| block_on(poll_once(task))) else {
        return;
    };
    desk.asking = None;
    match answer {
        Some(path) => drop(adds.write(AddModel(path))),
        None => desk.page().complain(tr(&choices.language, "models-no-file")),
    }
}

fn start_adding(
    mut wishes: MessageReader<AddModel>,
    shown: Option<Res<ShownScenario>>,
    mut desk: ResMut<ModelsDesk>,
    mut screen: ResMut<Screen>,
) {
    let Some(AddModel(path)) = wishes.read().last().cloned() else {
        return;
    };
    screen.0.open_page(Page::Own(PAGE));
    // One at a time; what cannot be added the page says.
    if desk.adding.is_some() || !desk.can_add(shown.as_deref()) {
        return;
    }
    let Root::Folder(root) = &desk.root else { return };
    let (root, source) = (root.clone(), path.clone());
    desk.page().set_busy();
    desk.adding = Some((path, IoTaskPool::get().spawn(async move { add(&source, &root) })));
}

/// A model lies in the folder of the scenario now: it is added to the variant, and looked at.
fn take_added(
    shown: Option<Res<ShownScenario>>,
    choices: Res<Choices>,
    camera: Res<OrbitCamera>,
    motion: Res<ReducedMotion>,
    mut desk: ResMut<ModelsDesk>,
    mut screen: ResMut<Screen>,
    mut edits: MessageWriter<EditScenario>,
    mut fly: MessageWriter<FlyTo>,
) {
    let Some((_, task)) = &mut desk.bypass_change_detection().adding else {
        return;
    };
    let Some(outcome) = block_on(poll_once(task)) else {
        return;
    };
    let Some((source, _)) = desk.adding.take() else { return };
    let language = &choices.language;
    let name = short_name(&source);
    let added = match outcome {
        Ok(added) => added,
        Err(problem) => {
            let finding = tr_args(language, "problem-finding", &[("finding", &problem.message)]);
            let reason = format!("{} {finding}", cause(&problem, language));
            let args = [("name", name.as_str()), ("reason", reason.as_str())];
            desk.page().complain(tr_args(language, "models-unread", &args));
            return;
        }
    };
    let variant = shown
        .as_ref()
        .filter(|shown| is_plan(shown))
        .and_then(|shown| shown.active_variant());
    let (Some(shown), Some(variant)) = (&shown, variant) else {
        desk.page().complain(tr(language, "models-no-variant"));
        return;
    };
    let at = camera.goal().target;
    let facts = added.facts;
    let model = proposed_model(&shown.open, &variant.models, &added.path, &facts, at, variant.certainty);
    desk.facts.insert(added.path, Some(facts));
    fly.write(flight(&model, Some(&facts), &shown.open, &camera, motion.0));
    desk.page().finish(ModelRow {
        ground_m: shown.open.terrain.height_at(model.position),
        facts: Some(facts),
        model: model.clone(),
    });
    edits.write(EditScenario::Apply(Edit::AddModel {
        variant: variant.id.clone(),
        model: Box::new(model),
        position: None,
    }));
    let mut words = tr_args(language, "models-added", &[("name", &name)]);
    if added.missing > 0 {
        words = format!("{words} {}", tr_count(language, "models-left-out", added.missing));
    }
    screen.0.toasts.add(ToastKind::Done, words);
}

/// Tells the page what the scenario says, and finds out what the files of its models are like.
fn tell_page(
    shown: Option<Res<ShownScenario>>,
    choices: Res<Choices>,
    mut desk: ResMut<ModelsDesk>,
    mut told: Local<Option<Language>>,
) {
    let desk = desk.bypass_change_detection();
    let measured = desk.measuring.as_mut().and_then(|task| block_on(poll_once(task)));
    let is_measured = measured.is_some();
    if let Some(measured) = measured {
        desk.measuring = None;
        desk.facts.extend(measured);
    }
    let Some(shown) = shown else { return };
    if !is_measured && !shown.is_changed() && told.as_ref() == Some(&choices.language) {
        return;
    }
    *told = Some(choices.language.clone());
    let state = state(&shown, desk, &choices.language);
    let unknown = state.models.iter().map(|row| row.model.path.clone());
    let unknown: Vec<String> = unknown.filter(|path| !desk.facts.contains_key(path)).collect();
    if !unknown.is_empty() && desk.measuring.is_none() {
        let resources = shown.open.resources.clone();
        desk.measuring = Some(AsyncComputeTaskPool::get().spawn(async move {
            let facts = |path: &String| model_facts(&resources, path).ok().map(|(facts, _)| facts);
            unknown.into_iter().map(|path| (path.clone(), facts(&path))).collect()
        }));
    }
    desk.page().set_state(state);
}

fn state(shown: &ShownScenario, desk: &ModelsDesk, language: &Language) -> ModelsState {
    let open = &shown.open;
    let refusal = match desk.root {
        Root::None => tr(language, "models-no-scenario"),
        Root::Package => tr(language, "models-package"),
        Root::Shipped => tr(language, "models-shipped"),
        Root::Folder(_) if !is_plan(shown) => tr(language, "models-no-variant"),
        Root::Folder(_) => String::new(),
    };
    let variant = shown.active_variant();
    let models = variant.into_iter().flat_map(|variant| &variant.models);
    let rows = models.map(|model| ModelRow {
        facts: desk.facts.get(&model.path).copied().flatten(),
        ground_m: open.terrain.height_at(model.position),
        model: model.clone(),
    });
    let title = |title: &str, id: &str| {
        if title.is_empty() {
            id.to_owned()
        } else {
            title.to_owned()
        }
    };
    ModelsState {
        variant: variant.filter(|_| refusal.is_empty()).map(|variant| {
            (
                variant.id.clone(),
                title(variant.title.get(&language.code()), &variant.id),
            )
        }),
        refusal,
        site: Some(open.scenario.area.site),
        models: rows.collect(),
    }
}

/// Puts the open model down where the city was clicked, and keeps that click from the city.
fn put_clicked(mut clicks: ResMut<Messages<Clicked>>, view: Res<SiteView>, scene: SceneRay, desk: Res<ModelsDesk>) {
    // Asked every frame: a page that is not on the screen any more takes no click.
    let mut page = desk.page();
    let Some(model) = page.pointed() else { return };
    let Some(click) = clicks.iter_current_update_messages().last().copied() else {
        return;
    };
    clicks.clear();
    if let Some(hit) = scene.cast(view.eye, view.ray(click.pixel)) {
        page.put(model, hit.position);
    }
}
