//! The desk on the screen: panels are filled from the model, and what they ask for becomes messages.

use super::choices::Choices;
use super::desk_state as state;
use super::dialog::{AskForPath, Dialog};
use super::open::{OpenPath, Opening, PathOpened};
use super::shipped;
use super::sun_clock::SunClock;
use crate::georef::SitePos;
use crate::model::{LayerKind, Viewpoint};
use crate::panels::card::{CardAction, CardState};
use crate::panels::desk::{Desk, DeskActions, DeskView, Page};
use crate::panels::layers::LayersAction;
use crate::panels::problems::ProblemsAction;
use crate::panels::rooms::Rooms;
use crate::panels::settings::SettingsAction;
use crate::panels::start::{StartAction, StartState};
use crate::panels::status_bar::{Loading, StatusState};
use crate::panels::sun::SunAction;
use crate::panels::tools::ToolsAction;
use crate::panels::top_bar::{TopBarAction, TopBarState};
use crate::panels::variants::VariantsAction;
use crate::panels::viewpoints::ViewpointsAction;
use crate::schedule::{AvailableLenses, Lens, SwitchLens};
use crate::sources::Problem;
use crate::text::{Language, tr, tr_args};
use crate::ui::shell::Zones;
use crate::ui::widgets::ToastKind;
use crate::view::camera::{CameraCommand, FlyTo, Orbit, OrbitCamera, ReducedMotion, orbit_of};
use crate::view::picking::{CitySelection, CursorGround, Pick, PickedThing};
use crate::view::scene::{ScenarioShown, ShowLayer, ShowScenario, ShowVariant, ShownScenario, ViewProblems};
use crate::view::site_view::SiteView;
use crate::view::sun::SunTime;
use crate::view::tiles::TileStats;
use bevy::{ecs::system::SystemParam, prelude::*};
use bevy_egui::EguiContexts;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How near a flight to what is picked comes, metres.
const CLOSE_UP_M: f64 = 90.0;

/// What belongs to the screen alone.
#[derive(Resource, Default)]
pub(super) struct Screen(pub(super) Desk);

/// Where the desk put everything in the last frame, points; `None` before the first.
#[derive(Resource, Default)]
pub(super) struct ShownZones(pub(super) Option<Zones>);

/// Problems that the person does not want to see again, and the viewpoint flown to last.
#[derive(Resource, Default)]
pub(super) struct DeskMemory {
    ignored: BTreeSet<String>,
    viewpoint: Option<String>,
    opened_with: Vec<Problem>,
    lens_panels_of: Option<Lens>,
}

/// What the desk reads.
#[derive(SystemParam)]
pub(super) struct Reading<'w> {
    shown: Option<Res<'w, ShownScenario>>,
    view_problems: Res<'w, ViewProblems>,
    tiles: Res<'w, TileStats>,
    camera: Res<'w, OrbitCamera>,
    site_view: Res<'w, SiteView>,
    cursor: Res<'w, CursorGround>,
    selection: Res<'w, CitySelection>,
    sun: ResMut<'w, SunTime>,
    motion: Res<'w, ReducedMotion>,
    available: Res<'w, AvailableLenses>,
    rooms: Res<'w, Rooms>,
    lens: Res<'w, State<Lens>>,
    opening: Res<'w, Opening>,
}

/// What the desk asks for.
#[derive(SystemParam)]
pub(super) struct Wishes<'w> {
    lens: MessageWriter<'w, SwitchLens>,
    variant: MessageWriter<'w, ShowVariant>,
    layer: MessageWriter<'w, ShowLayer>,
    fly: MessageWriter<'w, FlyTo>,
    camera: MessageWriter<'w, CameraCommand>,
    open: MessageWriter<'w, OpenPath>,
    ask: MessageWriter<'w, AskForPath>,
    pick: MessageWriter<'w, Pick>,
}

/// Draws the desk and passes on what was asked for.
pub(super) fn show_desk(
    mut contexts: EguiContexts,
    mut world: Reading,
    mut wishes: Wishes,
    mut screen: ResMut<Screen>,
    mut memory: ResMut<DeskMemory>,
    mut choices: ResMut<Choices>,
    mut zones: ResMut<ShownZones>,
    mut clock: Local<SunClock>,
) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    let lens = *world.lens.get();
    choices.theme(lens).install(&ctx);
    let language = choices.language.clone();
    remember_panels(&mut screen.0, &mut memory, &choices, lens, world.rooms.pages(lens));

    let code = language.code();
    let title = world
        .shown
        .as_ref()
        .map(|shown| shown.open.scenario.title.get(&code).to_owned());
    let top = TopBarState {
        title: title.unwrap_or_else(|| tr(&language, "top-nothing-open")),
        lenses: world.available.all().to_vec(),
        active: lens,
        recent: choices.preferences.recent_files.clone(),
    };
    let shown = world.shown.as_deref();
    let variants = shown.map(|shown| state::variants(shown, &language)).unwrap_or_default();
    let viewpoints = shown
        .map(|shown| state::viewpoints(&shown.open, memory.viewpoint.as_deref(), &language))
        .unwrap_or_default();
    let layers = shown.map(|shown| state::layers(shown, &language)).unwrap_or_default();
    let charter = state::charter(
        shown.and_then(|shown| shown.open.scenario.charters.get(&lens)),
        &language,
    );
    let card = shown.and_then(|shown| picked_card(shown, &world.selection, &language));
    let all_problems: Vec<&Problem> = memory.opened_with.iter().chain(&world.view_problems.0).collect();
    let listed: Vec<&Problem> = all_problems
        .into_iter()
        .filter(|problem| !memory.ignored.contains(&problem.to_string()))
        .collect();
    let problems = state::problems(listed.iter().copied(), &language);
    let listed: Vec<String> = listed.into_iter().map(ToString::to_string).collect();
    let sun = clock.state(shown.map(|shown| &shown.open.scenario.area.site), world.sun.0);
    let (zones_now, actions) = screen.0.show(
        &ctx,
        &DeskView {
            top: &top,
            pages: world.rooms.pages(lens),
            variants: &variants,
            viewpoints: &viewpoints,
            layers: &layers,
            card: card.as_ref(),
            problems: &problems,
            status: status(&world),
            heading_rad: narrow_angle(world.camera.shown().heading_rad),
            walking: world.camera.is_walking(),
            sun,
            charter: &charter,
            preferences: &choices.preferences,
            synthetic: shown.is_some_and(|shown| shown.open.scenario.synthetic),
        },
        &language,
    );
    zones.0 = Some(zones_now);
    choices
        .bypass_change_detection()
        .preferences
        .panels
        .insert(lens.key().to_owned(), screen.0.panels);
    follow_actions(
        actions,
        &listed,
        &mut world,
        &mut wishes,
        &mut screen.0,
        &mut memory,
        &mut choices,
        &clock,
    );
    Ok(())
}

/// Each lens opens with its own first page, and remembers which panels were open and how wide.
fn remember_panels(desk: &mut Desk, memory: &mut DeskMemory, choices: &Choices, lens: Lens, pages: &[Page]) {
    if memory.lens_panels_of != Some(lens) {
        memory.lens_panels_of = Some(lens);
        desk.page = pages.first().copied().unwrap_or_default();
        desk.panels = choices.preferences.panels.get(lens.key()).copied().unwrap_or_default();
    }
}

#[expect(clippy::cast_possible_truncation, reason = "an angle for an arrow on the screen")]
fn narrow_angle(angle_rad: f64) -> f32 {
    angle_rad as f32
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn status(world: &Reading) -> StatusState {
    let mut status = StatusState {
        loading: if world.tiles.complete && world.opening.path().is_none() {
            Loading::Complete
        } else {
            Loading::Busy {
                done: count(world.tiles.tiles_loaded),
                total: count(world.tiles.tiles_loaded + world.tiles.loading.max(1)),
            }
        },
        ..StatusState::default()
    };
    let Some(shown) = world.shown.as_deref() else {
        return status;
    };
    let camera = world.camera.shown();
    let metres = world.site_view.metres_per_pixel(camera.distance_m) * world.site_view.pixels_per_point;
    status.metres_per_point = Some(narrow_angle(metres));
    let site = &shown.open.scenario.area.site;
    let at: SitePos = world.cursor.position.unwrap_or(camera.target);
    if let Some(place) = site.rd_nap_from_site(at) {
        status.rd_m = Some((place.x_m, place.y_m));
        // A height that is only a guess for the eye is not given as a number.
        status.nap_m = (world.cursor.position.is_none() || world.cursor.is_height_known).then_some(place.nap_m);
    }
    status.lat_lon_deg = site
        .lon_lat_h_from_site(at)
        .ok()
        .map(|place| (place.lat_deg, place.lon_deg));
    status
}

/// The card of what is picked; a place on the ground has none.
fn picked_card(shown: &ShownScenario, selection: &CitySelection, language: &Language) -> Option<CardState> {
    let open = &shown.open;
    let layer_of = |id: &str| open.scenario.layers.iter().find(|layer| layer.id == id);
    let layer_for = |kind| open.scenario.layers.iter().find(|layer| layer.kind == kind);
    match &selection.picked.as_ref()?.thing {
        PickedThing::Building { layer, id, attributes } => {
            let registered = id.as_deref().and_then(|id| open.register.get(id));
            Some(state::building_card(
                open,
                registered,
                id.as_deref(),
                attributes,
                layer_of(layer),
                language,
            ))
        }
        PickedThing::NewBuilding { id } => {
            let building = shown
                .active_variant()?
                .buildings
                .iter()
                .find(|building| building.id == *id)?;
            Some(state::new_building_card(open, building, language))
        }
        PickedThing::NewTree { id } => {
            let tree = shown.active_variant()?.trees.iter().find(|tree| tree.id == *id)?;
            Some(state::new_tree_card(open, tree, language))
        }
        PickedThing::Asset { index } => Some(state::asset_card(
            open.assets.get(*index)?,
            layer_for(LayerKind::Assets),
            language,
        )),
        PickedThing::Report { index } => Some(state::report_card(
            open.reports.get(*index)?,
            layer_for(LayerKind::Reports),
            language,
        )),
        PickedThing::Sensor { index } => Some(state::sensor_card(
            open.sensors.get(*index)?,
            layer_for(LayerKind::Sensors),
            language,
        )),
        PickedThing::Ground => None,
    }
}

/// Passes on everything that was asked for in this frame.
fn follow_actions(
    actions: DeskActions,
    listed: &[String],
    world: &mut Reading,
    wishes: &mut Wishes,
    desk: &mut Desk,
    memory: &mut DeskMemory,
    choices: &mut Choices,
    clock: &SunClock,
) {
    for action in actions.top {
        follow_top_bar(action, wishes, desk, choices);
    }
    for VariantsAction::Choose(id) in actions.variants {
        wishes.variant.write(ShowVariant(id));
    }
    for ViewpointsAction::FlyTo(id) in actions.viewpoints {
        let shown = world.shown.as_ref();
        if let Some(viewpoint) = shown.and_then(|shown| shown.open.scenario.viewpoint(&id)).cloned() {
            fly_to_viewpoint(&viewpoint, world, wishes);
            memory.viewpoint = Some(id);
        }
    }
    for LayersAction::SetVisible { id, visible } in actions.layers {
        wishes.layer.write(ShowLayer { id, visible });
    }
    for action in actions.card {
        follow_card(&action, world, wishes);
    }
    for action in actions.problems {
        match action {
            ProblemsAction::Ignore(index) => memory.ignored.extend(listed.get(index).cloned()),
            ProblemsAction::IgnoreAll => memory.ignored.extend(listed.iter().cloned()),
            ProblemsAction::Reopen => {
                wishes
                    .open
                    .write_batch(choices.preferences.recent_files.first().cloned().map(OpenPath));
            }
            ProblemsAction::Copied => {}
        }
    }
    for action in actions.sun {
        let time = match action {
            SunAction::SetDate(date) => clock.with_date(world.sun.0, date),
            SunAction::SetMinute(minute) => clock.with_minute(world.sun.0, minute),
        };
        if let Some(time) = time {
            world.sun.0 = time;
        }
    }
    for action in actions.tools {
        match action {
            ToolsAction::Home => wishes.camera.write(CameraCommand::Home),
            ToolsAction::North => wishes.camera.write(CameraCommand::NorthUp),
            ToolsAction::Walk => wishes.camera.write(CameraCommand::Walk),
            ToolsAction::SetSunOpen(_) => continue,
        };
    }
    for action in actions.settings {
        follow_settings(action, choices);
    }
    for action in actions.start {
        // A tour needs a city: what is open already will do.
        if action == StartAction::Tour && world.shown.is_some() {
            desk.start = None;
        } else {
            follow_start(action, wishes);
        }
    }
}

fn follow_top_bar(action: TopBarAction, wishes: &mut Wishes, desk: &mut Desk, choices: &mut Choices) {
    match action {
        TopBarAction::SwitchLens(lens) => {
            wishes.lens.write(SwitchLens(lens));
        }
        TopBarAction::Open => {
            wishes.ask.write(AskForPath::File);
        }
        TopBarAction::OpenRecent(path) => {
            wishes.open.write(OpenPath(path));
        }
        TopBarAction::ShowStart => desk.start = Some(start_state(choices)),
        TopBarAction::SetLanguage(language) => choices.choose_language(language),
        // These three the desk does itself.
        TopBarAction::ShowCharter | TopBarAction::ShowSettings | TopBarAction::ShowKeys => {}
    }
}

/// Flies to a viewpoint and shows what belongs to it: its variant, its lens, its time of the sun.
fn fly_to_viewpoint(viewpoint: &Viewpoint, world: &mut Reading, wishes: &mut Wishes) {
    let to = orbit_of(viewpoint);
    wishes.fly.write(FlyTo {
        to,
        at_once: world.motion.0,
    });
    if let Some(variant) = &viewpoint.variant {
        wishes.variant.write(ShowVariant(variant.clone()));
    }
    if let Some(lens) = viewpoint.lens {
        wishes.lens.write(SwitchLens(lens));
    }
    if let Some(time) = viewpoint.time {
        world.sun.0 = time;
    }
}

fn follow_card(action: &CardAction, world: &Reading, wishes: &mut Wishes) {
    match action {
        CardAction::Close => {
            wishes.pick.write(Pick(None));
        }
        CardAction::FlyTo => {
            if let Some(picked) = &world.selection.picked {
                let goal = world.camera.goal();
                let to = Orbit {
                    target: picked.position,
                    distance_m: goal.distance_m.min(CLOSE_UP_M),
                    ..goal
                };
                wishes.fly.write(FlyTo {
                    to,
                    at_once: world.motion.0,
                });
            }
        }
        CardAction::SetExpanded(_) | CardAction::Copied => {}
    }
}

fn follow_settings(action: SettingsAction, choices: &mut Choices) {
    match action {
        SettingsAction::SetLanguage(language) => choices.choose_language(language),
        SettingsAction::SetTextScale(scale) => choices.preferences.text_scale = scale,
        SettingsAction::SetQuality(quality) => choices.preferences.quality = quality,
        SettingsAction::SetReducedMotion(reduced) => choices.preferences.reduced_motion = reduced,
        SettingsAction::SetTheme(theme) => choices.preferences.theme = theme,
        SettingsAction::TourSeen => choices.preferences.tour_seen = true,
    }
}

fn follow_start(action: StartAction, wishes: &mut Wishes) {
    match action {
        StartAction::OpenShipped | StartAction::Tour => {
            // Not found: opening says so, with the place where it was looked for last.
            let path = shipped::lange_wemen().unwrap_or_else(|| "scenarios/lange-wemen".into());
            wishes.open.write(OpenPath(path));
        }
        StartAction::BrowseFile => {
            wishes.ask.write(AskForPath::File);
        }
        StartAction::BrowseFolder => {
            wishes.ask.write(AskForPath::Folder);
        }
        StartAction::Open(path) => {
            wishes.open.write(OpenPath(path));
        }
    }
}

/// The start screen with what was opened lately.
fn start_state(choices: &Choices) -> StartState {
    StartState {
        recent: choices.preferences.recent_files.clone(),
        can_browse: true,
        ..StartState::default()
    }
}

/// Puts what was opened on the table, or says why it cannot be.
pub(super) fn take_opened(
    mut opened: MessageReader<PathOpened>,
    mut show: MessageWriter<ShowScenario>,
    mut screen: ResMut<Screen>,
    mut memory: ResMut<DeskMemory>,
    mut choices: ResMut<Choices>,
    shown: Option<Res<ShownScenario>>,
) {
    for PathOpened { path, outcome } in opened.read() {
        match outcome {
            Ok(open) => {
                memory.opened_with.clone_from(&open.problems);
                memory.viewpoint.clone_from(&open.scenario.start_viewpoint);
                memory.ignored.clear();
                show.write(ShowScenario(Arc::new(open.clone())));
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

/// Says in words what the screen cannot show by itself: that something is being opened, that no dialog came.
pub(super) fn tell_news(
    opening: Res<Opening>,
    mut dialog: ResMut<Dialog>,
    mut screen: ResMut<Screen>,
    mut choices: ResMut<Choices>,
    something: Option<Res<ShownScenario>>,
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
    if std::mem::take(&mut dialog.ended_without_path) {
        let words = tr(&choices.language, "dialog-none");
        if let Some(start) = &mut screen.0.start {
            start.complaint = words;
        } else if something.is_some() {
            screen.0.toasts.add(ToastKind::Note, words);
        } else {
            screen.0.start = Some(StartState {
                complaint: words,
                ..start_state(&choices)
            });
        }
    }
}
