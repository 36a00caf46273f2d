//! Looking for a place: the names of the open scenario are put in order and looked through off the main thread; the one
//! that is chosen is flown to and marked.

mod angle;
mod mark;

use super::desk::Screen;
use super::names::paint_names;
use crate::georef::SitePos;
use crate::model::search::{FoundPlace, PlaceIndex, PlaceKind};
use crate::model::{AssetKind, OpenScenario};
use crate::panels::desk::Dialog;
use crate::panels::search::{FoundLine, FoundLines};
use crate::schedule::{FrameSystems, InterfaceSystems};
use crate::text::{Language, format_number, tr, tr_args};
use crate::view::GroundHeights;
use crate::view::camera::{Clicked, FlyTo, OrbitCamera, ReducedMotion};
use crate::view::picking::{Pick, Picked, PickedThing};
use crate::view::scene::ShownScenario;
use bevy::math::DVec2;
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, block_on, poll_once};
use bevy_egui::EguiPrimaryContextPass;
use egui_phosphor::regular;
use std::sync::Arc;

/// At most so many are listed.
const MOST: usize = 8;
/// Places this far outside the area's outline are told as outside, metres.
const OUTSIDE_M: f64 = 500.0;

pub(super) use mark::{MarkCover, MarkedPlace};

/// Request: fly to a place and mark it.
#[derive(Message, Debug, Clone)]
pub(super) struct GoToPlace(pub(super) FoundPlace);

/// Looking for places in the open scenario.
#[derive(Resource, Default)]
pub(super) struct Searching {
    of: Option<Arc<OpenScenario>>,
    preparing: Option<Task<PlaceIndex>>,
    index: Option<PlaceIndex>,
    looking: Option<Task<(String, Vec<FoundPlace>)>>,
    asked: Option<String>,
    found: FoundLines,
    places: Vec<FoundPlace>,
}

impl Searching {
    /// What was found, in words.
    pub(super) fn found(&self) -> &FoundLines {
        &self.found
    }

    /// The place behind a line of [`Self::found`].
    pub(super) fn place(&self, line: usize) -> Option<&FoundPlace> {
        self.places.get(line)
    }

    /// Whether another scenario has other names; a note or a switch of variant makes no new ones.
    fn has_other_names(&self, open: &Arc<OpenScenario>) -> bool {
        self.of.as_ref().is_none_or(|old| {
            !(Arc::ptr_eq(old, open)
                || Arc::ptr_eq(&old.register, &open.register)
                    && Arc::ptr_eq(&old.assets, &open.assets)
                    && Arc::ptr_eq(&old.labels, &open.labels)
                    && Arc::ptr_eq(&old.addresses, &open.addresses)
                    && old.scenario.area.site == open.scenario.area.site)
        })
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Searching>()
        .init_resource::<MarkedPlace>()
        .init_resource::<MarkCover>()
        .add_message::<GoToPlace>()
        .add_systems(
            Update,
            (prepare, look, forget_on_click, go_there)
                .chain()
                .in_set(FrameSystems::Derive),
        )
        .add_systems(
            EguiPrimaryContextPass,
            mark::paint_mark.after(paint_names).before(InterfaceSystems),
        );
}

/// Puts the names of a scenario in order when it is another.
fn prepare(shown: Option<Res<ShownScenario>>, mut searching: ResMut<Searching>, mut marked: ResMut<MarkedPlace>) {
    let Some(shown) = shown else { return };
    if shown.is_changed() && searching.has_other_names(&shown.open) {
        let open = shown.open.clone();
        *searching = Searching {
            of: Some(open.clone()),
            preparing: Some(AsyncComputeTaskPool::get().spawn(async move { PlaceIndex::of(&open) })),
            ..Searching::default()
        };
        marked.0 = None;
    }
    let done = searching.preparing.as_mut().and_then(|task| block_on(poll_once(task)));
    if let Some(index) = done {
        searching.preparing = None;
        searching.index = Some(index);
    }
}

/// Looks for what stands in the field; what was typed since is looked for next.
fn look(
    screen: Res<Screen>,
    choices: Res<super::choices::Choices>,
    shown: Option<Res<ShownScenario>>,
    mut searching: ResMut<Searching>,
) {
    let desk = &screen.0;
    if desk.dialog != Some(Dialog::Search) {
        return;
    }
    searching.found.is_preparing = searching.index.is_none();
    let done = searching.looking.as_mut().and_then(|task| block_on(poll_once(task)));
    if let (Some((typed, places)), Some(shown)) = (done, shown) {
        searching.looking = None;
        let lines = places
            .iter()
            .map(|place| line_of(place, &shown.open, &choices.language));
        searching.found.lines = lines.collect();
        searching.found.typed = typed;
        searching.places = places;
    }
    let typed = desk.search.typed.clone();
    if searching.looking.is_none()
        && searching.asked.as_ref() != Some(&typed)
        && let Some(index) = searching.index.clone()
    {
        searching.asked = Some(typed.clone());
        searching.looking = Some(AsyncComputeTaskPool::get().spawn(async move {
            let found = index.find(&typed, MOST);
            (typed, found)
        }));
    }
}

/// Who clicks on the city is done with what was found.
fn forget_on_click(mut clicks: MessageReader<Clicked>, mut marked: ResMut<MarkedPlace>) {
    if clicks.read().count() > 0 {
        marked.set_if_neq(MarkedPlace(None));
    }
}

/// A found place in words.
fn line_of(place: &FoundPlace, open: &OpenScenario, language: &Language) -> FoundLine {
    let (icon, key) = match place.kind {
        PlaceKind::Street => (regular::ROAD_HORIZON, "search-street"),
        PlaceKind::Landmark => (regular::FLAG, "search-landmark"),
        PlaceKind::Address => (regular::MAP_PIN, "search-address"),
        PlaceKind::Building(_) => (regular::BUILDINGS, "search-building"),
        PlaceKind::Coordinates => (regular::CROSSHAIR, "search-coordinates"),
        PlaceKind::Asset(_, kind) => asset_words(kind),
    };
    let what = tr(language, key);
    let away_m = outside_m(place.position, &open.scenario.area.outline);
    FoundLine {
        icon,
        name: place.name.clone(),
        detail: if away_m > OUTSIDE_M {
            let km = format_number(away_m / 1000.0, 1, language);
            tr_args(language, "search-outside", &[("what", &what), ("km", &km)])
        } else {
            what
        },
    }
}

fn asset_words(kind: AssetKind) -> (&'static str, &'static str) {
    match kind {
        AssetKind::Tree => (regular::TREE, "asset-tree"),
        AssetKind::Lamp => (regular::LAMP_PENDANT, "asset-lamp"),
        AssetKind::Bench => (regular::PARK, "asset-bench"),
        AssetKind::Bin => (regular::TRASH, "asset-bin"),
        AssetKind::Manhole => (regular::DISC, "asset-manhole"),
        AssetKind::Other => (regular::CUBE, "asset-other"),
    }
}

/// How far a point lies from the box around an outline, metres; 0 in it, and where there is no outline.
fn outside_m(point: DVec2, outline: &[DVec2]) -> f64 {
    let corners = outline.iter().copied();
    let bounds = corners.fold(None, |bounds: Option<(DVec2, DVec2)>, p| {
        Some(bounds.map_or((p, p), |(low, high)| (low.min(p), high.max(p))))
    });
    bounds.map_or(0.0, |(low, high)| point.distance(point.clamp(low, high)))
}

/// Flies to a place, marks it, and picks what is found there by its own number.
fn go_there(
    mut places: MessageReader<GoToPlace>,
    shown: Option<Res<ShownScenario>>,
    ground: Res<GroundHeights>,
    camera: Res<OrbitCamera>,
    motion: Option<Res<ReducedMotion>>,
    mut marked: ResMut<MarkedPlace>,
    mut fly: MessageWriter<FlyTo>,
    mut pick: MessageWriter<Pick>,
) {
    let (Some(GoToPlace(place)), Some(shown)) = (places.read().last(), shown) else {
        return;
    };
    let ground_m = ground.height_at(place.position);
    fly.write(FlyTo {
        to: angle::looking_at(place.position, ground_m, &camera.goal(), &shown.open.register),
        at_once: motion.is_some_and(|motion| motion.0),
    });
    let foot = SitePos(place.position.extend(ground_m));
    let thing = match place.kind {
        PlaceKind::Asset(index, _) => Some(PickedThing::Asset { index }),
        PlaceKind::Building(index) => building_at(index, &shown.open),
        _ => None,
    };
    if let Some(thing) = thing {
        pick.write(Pick(Some(Picked { thing, position: foot })));
    }
    let roof_m = shown.open.register.at(place.position).and_then(|at| {
        let building = shown.open.register.buildings.get(at)?;
        Some(building.roof_m)
    });
    marked.0 = Some(mark::Marked {
        at: SitePos(
            place
                .position
                .extend(roof_m.or(place.top_m).unwrap_or(ground_m).max(ground_m)),
        ),
        name: place.name.clone(),
    });
}

/// A building of the register as what a click picks.
fn building_at(index: usize, open: &OpenScenario) -> Option<PickedThing> {
    Some(PickedThing::Building {
        layer: open.layer_of_building(index)?.id.clone(),
        id: Some(open.register.buildings.get(index)?.id.clone()),
        attributes: Vec::new(),
        here: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_says_how_far() {
        let square = [[0.0, 0.0], [1000.0, 0.0], [1000.0, 1000.0], [0.0, 1000.0]].map(DVec2::from);
        assert!(outside_m(DVec2::new(500.0, 500.0), &square).abs() < 1e-9);
        assert!((outside_m(DVec2::new(4000.0, 5000.0), &square) - 5000.0).abs() < 1e-9);
        assert!(outside_m(DVec2::new(1e6, 0.0), &[]).abs() < 1e-9);
    }
}
