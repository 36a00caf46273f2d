//! What is shown: the open scenario, the variant and phase, and which layers are visible.
//!
//! Switching a variant touches neither camera, sun nor notes: everything of a variant is prepared when its
//! scenario is opened, and a switch only shows, hides and sets rows.

mod assets;
mod features;

pub use assets::AssetVisibility;
pub(super) use features::style_features;
pub use features::{FeatureChoice, StyleFeatures};

use crate::geometry::polygon::ring_contains;
use crate::georef::{RenderOrigin, SitePos};
use crate::model::edit::{EditSystems, ScenarioActivated, ScenarioEdited};
use crate::model::{ActiveScenario, FeatureStyle, Label, LayerKind, OpenScenario, Removal, Variant};
use crate::schedule::FrameSystems;
use crate::sources::Problem;
use crate::view::placement::SceneOrigin;
use bevy::{
    math::{DVec2, DVec3},
    prelude::*,
};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

/// What is shown of the scenario on the table. Absent while nothing is open.
#[derive(Resource, Clone)]
pub struct ShownScenario {
    /// The scenario and its data, as [`ActiveScenario`] holds them.
    pub open: Arc<OpenScenario>,
    /// The variant shown, as its place in the scenario's list; `None` when the scenario has none.
    pub variant: Option<usize>,
    /// Shown up to and including this phase; `None` shows the whole plan.
    pub phase: Option<String>,
    hidden_layers: BTreeSet<String>,
    /// How the vector layers look now, in their order.
    feature_styles: Vec<FeatureStyle>,
    /// Ids of the buildings that each removal of each variant takes away.
    removals: Vec<Vec<HashSet<String>>>,
    /// Ids of the buildings that are gone in the variant and phase shown.
    removed: Arc<HashSet<String>>,
    /// Rings in which buildings are gone in the variant and phase shown.
    cleared: Vec<Vec<DVec2>>,
    /// Names of what stands in the variant and phase shown.
    labels: Vec<Label>,
}

impl ShownScenario {
    /// Shows a scenario as its file asks.
    pub fn new(open: Arc<OpenScenario>) -> Self {
        let scenario = &open.scenario;
        let variant = scenario
            .start_variant
            .as_ref()
            .and_then(|id| scenario.variants.iter().position(|v| v.id == *id))
            .or(if scenario.variants.is_empty() { None } else { Some(0) });
        let hidden_layers = scenario
            .layers
            .iter()
            .filter(|layer| !layer.visible)
            .map(|layer| layer.id.clone())
            .collect();
        let ids_of = |variant: &Variant| {
            variant
                .removals
                .iter()
                .map(|removal| removed_ids(&open, removal))
                .collect()
        };
        let removals = scenario.variants.iter().map(ids_of).collect();
        let mut shown = Self {
            variant,
            phase: None,
            hidden_layers,
            feature_styles: open.features.iter().map(|layer| layer.style.clone()).collect(),
            removals,
            removed: Arc::default(),
            cleared: Vec::new(),
            labels: Vec::new(),
            open,
        };
        shown.follow_variant();
        shown
    }

    /// Brings what follows from variant and phase up to date.
    fn follow_variant(&mut self) {
        let phase = self.phase.as_deref();
        let gone: Option<HashSet<String>> = self.variant.and_then(|i| {
            let (variant, ids) = (self.open.scenario.variants.get(i)?, self.removals.get(i)?);
            let of_phase = variant.removals.iter().zip(ids);
            let scenario = &self.open.scenario;
            let now = of_phase.filter(|(removal, _)| scenario.stands_in(&removal.phase, phase));
            Some(now.flat_map(|(_, ids)| ids.iter().cloned()).collect())
        });
        self.removed = Arc::new(gone.unwrap_or_default());
        let variant = self.variant.and_then(|i| self.open.scenario.variants.get(i));
        let removals = variant
            .into_iter()
            .flat_map(|v| v.removals_in(&self.open.scenario, phase));
        self.cleared = removals.flat_map(|removal| removal.polygons.iter().cloned()).collect();
        let labels = self.open.labels.iter().filter(|label| self.is_named_thing_there(label));
        self.labels = labels.cloned().collect();
    }

    /// Whether what a name stands for is there: a landmark goes with its building, and where something new is built.
    fn is_named_thing_there(&self, label: &Label) -> bool {
        let at = label.position.0.truncate();
        let carrier = self
            .open
            .register
            .at(at)
            .and_then(|place| self.open.register.buildings.get(place));
        let scenario = &self.open.scenario;
        let is_built_over = || {
            let variant = self.active_variant();
            let new = variant
                .into_iter()
                .flat_map(|v| v.buildings_in(scenario, self.phase.as_deref()));
            new.into_iter().any(|building| ring_contains(&building.footprint, at))
        };
        !label.landmark || !(carrier.is_some_and(|carrier| self.removed.contains(&carrier.id)) || is_built_over())
    }

    /// Names of what stands in the variant and phase shown.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The variant shown.
    pub fn active_variant(&self) -> Option<&Variant> {
        self.variant.and_then(|i| self.open.scenario.variants.get(i))
    }

    /// Ids of the buildings that are gone in the variant and phase shown.
    pub fn removed(&self) -> &Arc<HashSet<String>> {
        &self.removed
    }

    /// Whether buildings with their footprint's centre here are gone in the variant and phase shown. Where a register
    /// tells which those are, [`ShownScenario::removed`] names them.
    pub fn is_cleared(&self, center: DVec2) -> bool {
        self.cleared.iter().any(|ring| ring_contains(ring, center))
    }

    /// Whether a layer is visible.
    pub fn is_layer_visible(&self, id: &str) -> bool {
        !self.hidden_layers.contains(id)
    }

    /// Whether any layer of a kind is there and visible.
    pub fn is_kind_visible(&self, kind: LayerKind) -> bool {
        self.open
            .scenario
            .layers
            .iter()
            .any(|layer| layer.kind == kind && self.is_layer_visible(&layer.id))
    }

    /// How what belongs to the variant at this place in the list is drawn: with its variant only.
    pub(crate) fn visibility_of(&self, variant: usize) -> Visibility {
        if self.variant == Some(variant) {
            Visibility::Inherited
        } else {
            Visibility::Hidden
        }
    }

    /// Whether something of phase `phase` (empty: of none) stands in the phase shown.
    pub fn is_phase_shown(&self, phase: &str) -> bool {
        self.open.scenario.stands_in(phase, self.phase.as_deref())
    }
}

/// The ids that a removal names, and those of registered buildings that it takes away by place.
fn removed_ids(open: &OpenScenario, removal: &Removal) -> HashSet<String> {
    let registered = open.register.removed_by(removal);
    let by_place = registered
        .iter()
        .filter_map(|i| open.register.buildings.get(*i))
        .map(|b| b.id.clone());
    removal.ids.iter().cloned().chain(by_place).collect()
}

/// Request: show the variant with this id.
#[derive(Message, Debug, Clone)]
pub struct ShowVariant(pub String);

/// Request: show the plan up to a phase, or whole.
#[derive(Message, Debug, Clone)]
pub struct ShowPhase(pub Option<String>);

/// Request: show or hide a layer.
#[derive(Message, Debug, Clone)]
pub struct ShowLayer {
    /// Layer id.
    pub id: String,
    /// Whether it shall be visible.
    pub visible: bool,
}

/// Fact: another scenario is shown.
#[derive(Message, Debug, Clone, Copy)]
pub struct ScenarioShown;

/// The scenario, where another one is shown since the last time: what is made for it has to be made anew.
pub(crate) fn just_shown(
    shown: &mut MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
) -> Option<Arc<OpenScenario>> {
    shown.read().last().and(scenario).map(|scenario| scenario.open.clone())
}

/// Fact: another variant or phase is shown.
#[derive(Message, Debug, Clone, Copy)]
pub struct VariantShown;

/// What drawing found wrong with the data, besides what reading found.
#[derive(Resource, Debug, Clone, Default)]
pub struct ViewProblems(pub Vec<Problem>);

/// What a variant switch cost the program, from the request to the last change of the scene.
#[derive(Resource, Debug, Clone, Copy, Default)]
pub struct SwitchTime {
    started: Option<Instant>,
    /// Time of the last switch; `None` before the first.
    pub last: Option<Duration>,
}

/// Whether everything that follows from the scenario, the variant and the camera is there to be drawn.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SceneReady(pub bool);

/// Entities that go when another scenario is shown.
#[derive(Component, Debug, Clone, Copy)]
pub(crate) struct SceneContent;

/// What of the scene is still being made; each module keeps its own entry.
#[derive(Resource, Debug, Default)]
pub(crate) struct Unfinished(BTreeSet<&'static str>);

impl Unfinished {
    /// Says whether the work called `name` is still going on.
    pub(crate) fn set(&mut self, name: &'static str, unfinished: bool) {
        if unfinished {
            self.0.insert(name);
        } else {
            self.0.remove(name);
        }
    }

    /// Whether the work called `name` is still going on.
    #[cfg(test)]
    pub(crate) fn is_waiting_for(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<ViewProblems>()
        .init_resource::<SwitchTime>()
        .init_resource::<SceneReady>()
        .init_resource::<Unfinished>()
        .add_message::<ShowVariant>()
        .add_message::<ShowPhase>()
        .add_message::<ShowLayer>()
        .add_message::<StyleFeatures>()
        .add_message::<ScenarioShown>()
        .add_message::<VariantShown>()
        .add_systems(
            Update,
            (
                (show_scenario, follow_edits, show_variant, show_layers, style_features)
                    .chain()
                    .after(EditSystems)
                    .in_set(FrameSystems::ApplyEdits),
                (stop_switch_clock, tell_ready).in_set(FrameSystems::Present),
            ),
        );
}

fn show_scenario(
    mut commands: Commands,
    mut activated: MessageReader<ScenarioActivated>,
    active: Option<Res<ActiveScenario>>,
    mut shown: MessageWriter<ScenarioShown>,
    mut origin: ResMut<SceneOrigin>,
    mut problems: ResMut<ViewProblems>,
    mut ready: ResMut<SceneReady>,
    old: Query<Entity, With<SceneContent>>,
) {
    let (Some(_), Some(active)) = (activated.read().last(), active) else {
        return;
    };
    for entity in &old {
        commands.entity(entity).despawn();
    }
    problems.0.clear();
    ready.0 = false;
    *origin = SceneOrigin(RenderOrigin(SitePos(DVec3::ZERO)));
    commands.insert_resource(ShownScenario::new(active.0.clone()));
    shown.write(ScenarioShown);
}

/// An edit changes what is told about the scenario, not which of it is shown.
fn follow_edits(
    mut edited: MessageReader<ScenarioEdited>,
    active: Option<Res<ActiveScenario>>,
    shown: Option<ResMut<ShownScenario>>,
) {
    if edited.read().last().is_some()
        && let (Some(active), Some(mut shown)) = (active, shown)
    {
        shown.open = active.0.clone();
    }
}

fn show_variant(
    mut variants: MessageReader<ShowVariant>,
    mut phases: MessageReader<ShowPhase>,
    mut changed: MessageWriter<VariantShown>,
    mut clock: ResMut<SwitchTime>,
    shown: Option<ResMut<ShownScenario>>,
) {
    let Some(mut shown) = shown else {
        variants.clear();
        phases.clear();
        return;
    };
    let wanted = variants
        .read()
        .filter_map(|ShowVariant(id)| shown.open.scenario.variants.iter().position(|v| v.id == *id))
        .last();
    let phase = phases.read().last().cloned();
    let mut is_new = false;
    if wanted.is_some() && wanted != shown.variant {
        shown.variant = wanted;
        is_new = true;
    }
    if let Some(ShowPhase(phase)) = phase
        && phase != shown.phase
    {
        shown.phase = phase;
        is_new = true;
    }
    if is_new {
        shown.follow_variant();
        clock.started = Some(Instant::now());
        changed.write(VariantShown);
    }
}

fn show_layers(mut requests: MessageReader<ShowLayer>, shown: Option<ResMut<ShownScenario>>) {
    let Some(mut shown) = shown else {
        requests.clear();
        return;
    };
    for request in requests.read() {
        if request.visible {
            shown.hidden_layers.remove(&request.id);
        } else {
            shown.hidden_layers.insert(request.id.clone());
        }
    }
}

fn stop_switch_clock(mut clock: ResMut<SwitchTime>) {
    if let Some(started) = clock.started {
        clock.started = None;
        clock.last = Some(started.elapsed());
    }
}

fn tell_ready(unfinished: Res<Unfinished>, shown: Option<Res<ShownScenario>>, mut ready: ResMut<SceneReady>) {
    ready.set_if_neq(SceneReady(shown.is_some() && unfinished.0.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit::tests::scenario;
    use crate::model::{BuildingRegister, NewBuilding, Phase, RegisteredBuilding, Use, mass};
    use crate::sources::resource;

    fn square(low: f64) -> Vec<DVec2> {
        [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]
            .map(|p| DVec2::from_array(p) + DVec2::splat(low))
            .into()
    }

    fn landmark(text: &str, at: f64) -> Label {
        Label {
            text: text.into(),
            position: SitePos(DVec3::new(at, at, 12.0)),
            line: Vec::new(),
            landmark: true,
        }
    }

    /// A hall at 0 that goes in the second phase, a field at 50 that is built on in the first, a church at 90 that stays.
    fn shown() -> ShownScenario {
        let mut plan = Variant::today("A");
        plan.removals = vec![Removal {
            phase: "2".into(),
            polygons: vec![square(0.0)],
            ..Removal::default()
        }];
        plan.buildings = vec![NewBuilding {
            phase: "1".into(),
            ..mass::tests::block(&[[50.0, 50.0], [60.0, 50.0], [60.0, 60.0], [50.0, 60.0]])
        }];
        let mut scenario = scenario();
        scenario.phases = ["1", "2"]
            .map(|id| Phase {
                id: id.into(),
                title: crate::model::LocalText::default(),
                year: None,
            })
            .into();
        scenario.variants = vec![Variant::today("0"), plan];
        let mut open = OpenScenario::without_data(scenario, resource::folder(std::path::Path::new(".")));
        let hall = RegisteredBuilding {
            id: "hall".into(),
            name: String::new(),
            footprint: square(0.0),
            holes: Vec::new(),
            ground_m: 0.0,
            roof_m: 12.0,
            storeys: Some(3),
            main_use: Use::Shops,
            is_use_known: true,
            year: None,
            dwellings: Some(0),
            parking_places: None,
            is_roof_known: true,
            gfa_m2: Vec::new(),
        };
        open.register = Arc::new(BuildingRegister::new(vec![hall]));
        open.labels = Arc::new(vec![
            landmark("Hal", 5.0),
            landmark("Veld", 55.0),
            landmark("Kerk", 95.0),
        ]);
        ShownScenario::new(Arc::new(open))
    }

    #[test]
    fn buildings_and_names_go_with_their_phase() {
        let mut shown = shown();
        let mut in_phase = |variant: usize, phase: Option<&str>| {
            shown.variant = Some(variant);
            shown.phase = phase.map(str::to_owned);
            shown.follow_variant();
            let names: Vec<String> = shown.labels().iter().map(|label| label.text.clone()).collect();
            (shown.removed().contains("hall"), names.join(" "))
        };
        assert_eq!(in_phase(0, None), (false, "Hal Veld Kerk".into()));
        assert_eq!(in_phase(1, Some("1")), (false, "Hal Kerk".into()));
        assert_eq!(in_phase(1, Some("2")), (true, "Kerk".into()));
        assert_eq!(in_phase(1, None), (true, "Kerk".into()));
    }

    #[test]
    fn a_place_is_cleared_in_its_phase_and_only_in_its_variant() {
        let mut shown = shown();
        let open = Arc::make_mut(&mut shown.open);
        open.scenario.variants[1].removals[0].polygons = vec![square(20.0)];
        let mut is_cleared = |variant: usize, phase: Option<&str>, at: f64| {
            shown.variant = Some(variant);
            shown.phase = phase.map(str::to_owned);
            shown.follow_variant();
            shown.is_cleared(DVec2::splat(at))
        };
        assert!(is_cleared(1, None, 25.0) && is_cleared(1, Some("2"), 25.0));
        assert!(!is_cleared(1, Some("1"), 25.0), "it goes in the second phase");
        assert!(!is_cleared(1, None, 35.0) && !is_cleared(0, None, 25.0));
    }
}
