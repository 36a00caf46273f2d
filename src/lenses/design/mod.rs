//! Ontwerp, the lens of a planner at a workstation: which variant does the job, and what does each cost and bring?
//!
//! It replaces the folder of separate renders and the spreadsheet that go round before a council meeting. Its page of
//! numbers sets today and the variants side by side and opens, for each number, how it is reckoned and what was counted;
//! the plan area, where there is one, is drawn on the ground while its numbers are on the screen.

mod details;
mod numbers;
mod objects;
mod page;

use crate::panels::desk::Page;
use crate::panels::rooms::{Room, Rooms, SharedPage};
use crate::schedule::{AvailableLenses, FrameSystems, Lens};
use crate::view::camera::{FlyTo, OrbitCamera, ReducedMotion};
use crate::view::picking::Pick;
use crate::view::scene::{ShowVariant, ShownScenario};
use crate::view::{GroundHeights, ShownBoundary};
use bevy::prelude::*;
use numbers::Reckoning;
use page::{NumbersPage, Wish};
use std::sync::{MutexGuard, PoisonError};

/// Key of the page in the rooms.
const PAGE: &str = "design-numbers";
/// How near a flight to a counted object comes, metres.
const CLOSE_UP_M: f64 = 140.0;

/// What the lens keeps.
#[derive(Resource, Default)]
struct DesignDesk {
    page: SharedPage<NumbersPage>,
    reckoning: Reckoning,
}

impl DesignDesk {
    fn page(&self) -> MutexGuard<'_, NumbersPage> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.world_mut()
        .get_resource_or_init::<AvailableLenses>()
        .register(Lens::Design);
    let desk = DesignDesk::default();
    let mut rooms = app.world_mut().get_resource_or_init::<Rooms>();
    rooms.add_page(PAGE, &desk.page);
    rooms.furnish(
        Lens::Design,
        Room {
            pages: vec![Page::Variants, Page::Own(PAGE), Page::Viewpoints, Page::Layers],
        },
    );
    app.insert_resource(desk)
        .add_systems(OnExit(Lens::Design), hide_area)
        .add_systems(
            Update,
            (reckon, show_area, follow_wishes)
                .chain()
                .in_set(FrameSystems::Derive)
                .run_if(in_state(Lens::Design)),
        );
}

fn hide_area(mut boundary: ResMut<ShownBoundary>) {
    boundary.set_if_neq(ShownBoundary::default());
}

/// Asks for the numbers of what is shown and tells the page when they are there.
fn reckon(shown: Option<Res<ShownScenario>>, mut desk: ResMut<DesignDesk>) {
    let Some(shown) = shown else { return };
    let desk = &mut *desk;
    if desk.reckoning.want(&shown.open, shown.phase.as_deref()) {
        desk.page().start(&shown.open);
    }
    if let Some(numbers) = desk.reckoning.take() {
        desk.page().finish(numbers);
    }
    if shown.is_changed() {
        desk.page().set_shown(shown.variant);
    }
}

/// Draws the edge of the plan area, where there is one, while the numbers that are counted in it are on the screen.
fn show_area(shown: Option<Res<ShownScenario>>, desk: Res<DesignDesk>, mut boundary: ResMut<ShownBoundary>) {
    let wants = desk.page().shows_area();
    let plan = shown.as_ref().and_then(|shown| shown.open.scenario.plan_area.as_ref());
    let is_new = shown.as_ref().is_some_and(DetectChanges::is_changed);
    let Some(plan) = plan.filter(|_| wants) else {
        boundary.set_if_neq(ShownBoundary::default());
        return;
    };
    if is_new || boundary.0.is_empty() {
        let rings = plan
            .parts
            .iter()
            .flat_map(|part| std::iter::once(&part.exterior).chain(&part.holes));
        boundary.set_if_neq(ShownBoundary(rings.cloned().collect()));
    }
}

/// Does what was asked for on the page.
fn follow_wishes(
    shown: Option<Res<ShownScenario>>,
    desk: Res<DesignDesk>,
    ground: Res<GroundHeights>,
    camera: Res<OrbitCamera>,
    motion: Option<Res<ReducedMotion>>,
    mut variant: MessageWriter<ShowVariant>,
    mut pick: MessageWriter<Pick>,
    mut fly: MessageWriter<FlyTo>,
) {
    let Some(shown) = shown else { return };
    let variants = &shown.open.scenario.variants;
    for wish in desk.page().take_wishes() {
        match wish {
            Wish::ShowVariant(place) => {
                if let Some(wanted) = variants.get(place) {
                    variant.write(ShowVariant(wanted.id.clone()));
                }
            }
            Wish::ShowObject { variant: place, object } => {
                let of = place.and_then(|place| variants.get(place));
                if let Some(wanted) = of.filter(|_| place != shown.variant) {
                    variant.write(ShowVariant(wanted.id.clone()));
                }
                let Some(picked) = objects::picked_of(&shown.open, of, &object, &ground) else {
                    continue;
                };
                let at_once = motion.as_ref().is_some_and(|motion| motion.0);
                fly.write(FlyTo::close_up(&camera, picked.position, CLOSE_UP_M, at_once));
                pick.write(Pick(Some(picked)));
            }
        }
    }
}
