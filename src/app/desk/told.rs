//! What the model says, in words, kept until it says something else.
//!
//! Hundreds of problems and a legend per layer are not put into words sixty times a second: each part is made anew
//! only when what it comes from has changed.

use super::feature_words::feature_card;
use super::{DeskMemory, Reading, cards, points, state};
use crate::model::LayerKind;
use crate::panels::card::CardState;
use crate::panels::charter::CharterState;
use crate::panels::layers::LayersState;
use crate::panels::problems::ProblemsState;
use crate::panels::variants::VariantsState;
use crate::panels::viewpoints::ViewpointsState;
use crate::schedule::Lens;
use crate::sources::Problem;
use crate::sources::http::offline;
use crate::text::Language;
use crate::view::picking::{CitySelection, PickedThing};
use crate::view::scene::ShownScenario;
use crate::view::tiles::KeepProgress;
use bevy::prelude::*;
use std::collections::HashSet;

/// The panels' states and what they were made from.
#[derive(Default)]
pub(in crate::app) struct Told {
    pub(super) variants: VariantsState,
    pub(super) viewpoints: ViewpointsState,
    pub(super) layers: LayersState,
    pub(super) charter: CharterState,
    pub(super) card: Option<CardState>,
    pub(super) problems: ProblemsState,
    /// The problems of [`Self::problems`] as text, in the same order.
    pub(super) listed: Vec<String>,
    made_for: Option<(Language, Lens)>,
    viewpoint: Option<String>,
    ignored: usize,
    keeping: Option<(String, KeepProgress)>,
    is_offline: bool,
}

impl Told {
    /// Makes anew what the world says differently now.
    pub(super) fn follow(&mut self, world: &Reading, memory: &DeskMemory, language: &Language) {
        let shown = world.shown.as_deref();
        let made_for = Some((language.clone(), *world.lens.get()));
        let are_points_new = world.points.is_changed();
        let is_new = made_for != self.made_for || world.shown.as_ref().is_some_and(DetectChanges::is_changed);
        if is_new {
            self.variants = shown.map(|shown| state::variants(shown, language)).unwrap_or_default();
            let charters = shown.map(|shown| &shown.open.scenario.charters);
            self.charter = state::charter(charters.and_then(|all| all.get(world.lens.get())), language);
        }
        let keeping = world
            .keeping
            .progress()
            .map(|(layer, progress)| (layer.to_owned(), progress));
        let are_heights_new = world.heights.is_changed();
        let is_keeping_new = keeping != self.keeping || offline::is_offline() != self.is_offline;
        if is_new || are_points_new || are_heights_new || world.changing.is_changed() || is_keeping_new {
            self.keeping = keeping;
            self.is_offline = offline::is_offline();
            let wanted = world.changing.wanted();
            let keeping = self.keeping.as_ref();
            let heights = &world.heights;
            let layers = shown.map(|shown| state::layers(shown, wanted, &world.points, keeping, heights, language));
            self.layers = layers.unwrap_or_default();
        }
        if is_new || self.viewpoint != memory.viewpoint {
            self.viewpoint.clone_from(&memory.viewpoint);
            let current = memory.viewpoint.as_deref();
            self.viewpoints = shown
                .map(|shown| state::viewpoints(&shown.open, current, language))
                .unwrap_or_default();
        }
        if is_new || world.selection.is_changed() {
            let card = shown.and_then(|shown| picked_card(shown, &world.selection, language));
            self.card = match world.lens.get() {
                Lens::Participation => card.map(|card| cards::for_residents(card, language)),
                Lens::Design | Lens::Maintenance => card,
            };
        }
        if is_new || world.view_problems.is_changed() || self.ignored != memory.ignored.len() {
            self.ignored = memory.ignored.len();
            self.list_problems(world, memory, language);
        }
        self.made_for = made_for;
    }

    fn list_problems(&mut self, world: &Reading, memory: &DeskMemory, language: &Language) {
        let all = memory.opened_with.iter().chain(&world.view_problems.0);
        // A tileset that is opened by itself is read to open it, and again to draw it: what is wrong with it is one thing.
        let mut told: HashSet<String> = HashSet::new();
        let (rows, listed): (Vec<&Problem>, Vec<String>) = all
            .map(|problem| (problem, problem.to_string()))
            .filter(|(_, text)| !memory.ignored.contains(text) && told.insert(text.clone()))
            .unzip();
        self.problems = state::problems(rows.into_iter(), language);
        self.listed = listed;
    }
}

/// The card of what is picked; a place on the ground has none.
fn picked_card(shown: &ShownScenario, selection: &CitySelection, language: &Language) -> Option<CardState> {
    let open = &shown.open;
    let layer_of = |id: &str| open.scenario.layers.iter().find(|layer| layer.id == id);
    let layer_for = |kind| open.scenario.layers.iter().find(|layer| layer.kind == kind);
    let picked = selection.picked.as_ref()?;
    match &picked.thing {
        PickedThing::Building {
            layer,
            id,
            attributes,
            here,
        } => {
            let registered = id.as_deref().and_then(|id| open.register.get(id));
            let attributes = &cards::with_values_here(attributes, here, language);
            Some(cards::building_card(
                open,
                registered,
                id.as_deref(),
                attributes,
                layer_of(layer),
                language,
            ))
        }
        PickedThing::NewBuilding { id } => {
            let variant = shown.active_variant()?;
            let building = variant.buildings.iter().find(|building| building.id == *id)?;
            Some(cards::new_building_card(open, variant, building, language))
        }
        PickedThing::NewModel { id } => {
            let variant = shown.active_variant()?;
            let model = variant.models.iter().find(|model| model.id == *id)?;
            Some(cards::new_model_card(open, variant, model, language))
        }
        PickedThing::NewTree { id } => {
            let variant = shown.active_variant()?;
            let tree = variant.trees.iter().find(|tree| tree.id == *id)?;
            Some(cards::new_tree_card(open, variant, tree, language))
        }
        PickedThing::Asset { index } => Some(cards::asset_card(
            open.assets.get(*index)?,
            open.layer_of_asset(*index),
            language,
        )),
        PickedThing::Report { index } => Some(cards::report_card(
            open.reports.get(*index)?,
            layer_for(LayerKind::Reports),
            language,
        )),
        PickedThing::Sensor { index } => Some(cards::sensor_card(
            open.sensors.get(*index)?,
            layer_for(LayerKind::Sensors),
            language,
        )),
        PickedThing::Point(point) => Some(points::point_card(
            point,
            picked.position,
            &open.scenario.area.site,
            layer_of(&point.layer),
            language,
        )),
        PickedThing::Feature { layer, index } => {
            let layer = open.features.get(*layer)?;
            Some(feature_card(layer, *index, layer_of(&layer.layer), language))
        }
        PickedThing::Ground => None,
    }
}
