//! The desk on the screen: panels are filled from the model, and what they ask for becomes messages.
//!
//! `told` keeps what the model says in words until the model says something else, `state` and `cards` put it into words, `follow`
//! turns what was asked for into messages, `news` says what the screen cannot show by itself.

mod cards;
mod feature_words;
mod follow;
mod height_words;
mod known_attributes;
mod news;
mod points;
mod state;
mod told;

pub(super) use news::{say_reported, take_opened, take_replaced, tell_news};
pub(super) use state::{cause, failure, problem_rows, short_name};

use super::area_map::AreaMap;
use super::choices::Choices;
use super::detail::{ChangeDetail, ChangingDetail};
use super::dialog::AskForPath;
use super::network::{ClearAnswers, KeptAnswers};
use super::notes::WriteNote;
use super::open::{OpenPath, Opening};
use super::picture::TakePicture;
use super::save::SaveFileTo;
use super::search::{GoToPlace, MarkedPlace, Searching};
use super::sun_clock::SunClock;
use super::system::{AnswerSystem, AskedSystem, LookAtSystem};
use super::take_along::{TakeAlong, TakeAlongTo};
use crate::app::MainThreadTimes;
use crate::georef::SitePos;
use crate::panels::desk::{Desk, DeskView, Page};
use crate::panels::meters::MetersState;
use crate::panels::rooms::Rooms;
use crate::panels::status_bar::{Loading, StatusState};
use crate::panels::top_bar::TopBarState;
use crate::schedule::{AvailableLenses, Lens, SwitchLens};
use crate::sources::Problem;
use crate::text::tr;
use crate::ui::shell::Zones;
use crate::view::GroundHeights;
use crate::view::camera::{CameraCommand, ClearPart, FlyTo, OrbitCamera, ReducedMotion};
use crate::view::picking::{CitySelection, CursorGround, Pick};
use crate::view::points::{ColorPoints, PointLooks, ShowPointClass};
use crate::view::scene::{ShowLayer, ShowPhase, ShowVariant, ShownScenario, StyleFeatures, ViewProblems};
use crate::view::site_view::SiteView;
use crate::view::sun::{SetSunTime, SunTime};
use crate::view::tiles::{HeightsOfTiles, KeepOffline, OfflineKeeping, PlaceTiles, RetryTiles, TileStats};
use bevy::{ecs::system::SystemParam, math::DVec2, prelude::*};
use bevy_egui::{EguiContexts, egui::Pos2};
use std::collections::BTreeSet;
use told::Told;

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
    sun: Res<'w, SunTime>,
    motion: Res<'w, ReducedMotion>,
    available: Res<'w, AvailableLenses>,
    rooms: Res<'w, Rooms>,
    lens: Res<'w, State<Lens>>,
    opening: Res<'w, Opening>,
    changing: Res<'w, ChangingDetail>,
    searching: Res<'w, Searching>,
    map: Res<'w, AreaMap>,
    marked: Res<'w, MarkedPlace>,
    ground: Res<'w, GroundHeights>,
    points: Res<'w, PointLooks>,
    times: Res<'w, MainThreadTimes>,
    asked: Res<'w, AskedSystem>,
    keeping: Res<'w, OfflineKeeping>,
    heights: Res<'w, HeightsOfTiles>,
    network: Res<'w, KeptAnswers>,
}

/// What the desk asks for.
#[derive(SystemParam)]
pub(super) struct Wishes<'w> {
    lens: MessageWriter<'w, SwitchLens>,
    variant: MessageWriter<'w, ShowVariant>,
    layer: MessageWriter<'w, ShowLayer>,
    style: MessageWriter<'w, StyleFeatures>,
    detail: MessageWriter<'w, ChangeDetail>,
    fly: MessageWriter<'w, FlyTo>,
    camera: MessageWriter<'w, CameraCommand>,
    open: MessageWriter<'w, OpenPath>,
    ask: MessageWriter<'w, AskForPath>,
    pick: MessageWriter<'w, Pick>,
    phase: MessageWriter<'w, ShowPhase>,
    sun: MessageWriter<'w, SetSunTime>,
    note: MessageWriter<'w, WriteNote>,
    take_along: MessageWriter<'w, TakeAlong>,
    take_along_to: MessageWriter<'w, TakeAlongTo>,
    picture: MessageWriter<'w, TakePicture>,
    save_to: MessageWriter<'w, SaveFileTo>,
    go: MessageWriter<'w, GoToPlace>,
    color: MessageWriter<'w, ColorPoints>,
    class: MessageWriter<'w, ShowPointClass>,
    system: MessageWriter<'w, AnswerSystem>,
    number: MessageWriter<'w, LookAtSystem>,
    keep: MessageWriter<'w, KeepOffline>,
    place_tiles: MessageWriter<'w, PlaceTiles>,
    retry: MessageWriter<'w, RetryTiles>,
    clear: MessageWriter<'w, ClearAnswers>,
}

/// Draws the desk and passes on what was asked for.
pub(super) fn show_desk(
    mut contexts: EguiContexts,
    world: Reading,
    mut wishes: Wishes,
    mut screen: ResMut<Screen>,
    mut memory: ResMut<DeskMemory>,
    mut choices: ResMut<Choices>,
    mut zones: ResMut<ShownZones>,
    mut clear: ResMut<ClearPart>,
    mut clock: Local<SunClock>,
    mut told: Local<Told>,
) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    let lens = *world.lens.get();
    choices.theme(lens).install(&ctx);
    let language = choices.language.clone();
    remember_panels(&mut screen.0, &mut memory, &choices, lens, world.rooms.pages(lens));
    told.follow(&world, &memory, &language);

    let code = language.code();
    let shown = world.shown.as_deref();
    let title = shown.map(|shown| state::title(shown, &code));
    let top = TopBarState {
        title: title.unwrap_or_else(|| tr(&language, "top-nothing-open")),
        lenses: world.available.all().to_vec(),
        active: lens,
        recent: choices.preferences.recent_files.clone(),
        can_search: shown.is_some() && screen.0.start.is_none(),
    };
    let sun = clock.state(shown.map(|shown| &shown.open.scenario.area.site), world.sun.0);
    let map = world.map.state(&world.site_view, &world.camera, world.marked.at());
    let meters = screen.0.meters_open.then(|| meters(&world));
    let network = world.network.state(choices.preferences.offline);
    let (zones_now, actions) = screen.0.show(
        &ctx,
        &DeskView {
            top: &top,
            pages: world.rooms.pages(lens),
            own: world.rooms.own(),
            variants: &told.variants,
            viewpoints: &told.viewpoints,
            layers: &told.layers,
            card: told.card.as_ref(),
            problems: &told.problems,
            status: status(&world),
            heading_rad: narrow_angle(world.camera.shown().heading_rad),
            walking: world.camera.is_walking(),
            sun,
            charter: &told.charter,
            preferences: &choices.preferences,
            network: &network,
            synthetic: shown.is_some_and(|shown| shown.open.scenario.synthetic),
            found: world.searching.found(),
            system: world.asked.state(),
            meters: meters.as_ref(),
            map: map.as_ref(),
        },
        &language,
    );
    clear.set_if_neq(clear_part(&zones_now));
    zones.0 = Some(zones_now);
    choices
        .bypass_change_detection()
        .preferences
        .panels
        .insert(lens.key().to_owned(), screen.0.panels);
    let follower = follow::Follower {
        world: &world,
        told: &told,
        clock: &clock,
    };
    follower.follow(actions, &mut wishes, &mut screen.0, &mut memory, &mut choices);
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

/// The part of the window between the panels, as shares of it.
fn clear_part(zones: &Zones) -> ClearPart {
    let window = zones.top_bar.union(zones.status_bar);
    if !window.is_positive() {
        return ClearPart::default();
    }
    let share = |at: Pos2| {
        let share = (at - window.min) / window.size();
        DVec2::new(share.x.into(), share.y.into())
    };
    ClearPart(Some([share(zones.middle.min), share(zones.middle.max)]))
}

#[expect(clippy::cast_possible_truncation, reason = "an angle for an arrow on the screen")]
fn narrow_angle(angle_rad: f64) -> f32 {
    angle_rad as f32
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What the program is doing, in numbers.
fn meters(world: &Reading) -> MetersState {
    let tiles = &world.tiles;
    MetersState {
        frame_ms: world.times.recent_ms(),
        tiles_drawn: tiles.rendered,
        tiles_awaited: tiles.loading,
        tiles_loaded: tiles.tiles_loaded,
        contents_failed: u64::try_from(tiles.failed.len()).unwrap_or(u64::MAX),
        triangles: tiles.triangles,
        bytes_set_aside: tiles.bytes_set_aside,
        tile_bytes: [tiles.bytes_resident, tiles.target_bytes, tiles.ceiling_bytes],
        ground_bytes: tiles.ground_bytes,
        bytes_read: tiles.bytes_read,
        bytes_received: tiles.bytes_received,
        bytes_cancelled: tiles.bytes_cancelled,
        error_factor: tiles.error_factor,
    }
}

/// From here on a picture is told to be coarser than wanted.
const LEAST_COARSER: f64 = 1.02;

fn status(world: &Reading) -> StatusState {
    let is_reading = world.opening.path().is_some() || world.changing.wanted().is_some();
    let mut status = StatusState {
        loading: if (world.tiles.is_settled() || world.shown.is_none()) && !is_reading {
            if world.tiles.error_factor > LEAST_COARSER || world.tiles.left_out > 0 {
                Loading::Coarser
            } else if world.tiles.failed.is_empty() {
                Loading::Complete
            } else {
                Loading::WithGaps
            }
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
    // Residents point at a place; numbers for it are for those who draw.
    if *world.lens.get() == Lens::Participation {
        return status;
    }
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
