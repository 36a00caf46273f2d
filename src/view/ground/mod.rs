//! The ground: cover of the base with each variant's surfaces cut in, prepared for every variant when a
//! scenario is opened, so that a switch only shows and hides. What no variant comes near is made once. Without a terrain
//! the table follows the feet of what was loaded. The bare ground of a large terrain, and that under imagery, is
//! [`relief`]'s.

mod bare;
mod cover;
mod drape;
mod heights;

pub(in crate::view) use bare::bounds;
pub(in crate::view) use cover::GroundHoles;
pub(in crate::view) use drape::{split as split_to_drape, steps_of};
pub(crate) use heights::FootSamples;
pub use heights::GroundHeights;

use super::{
    feature_material::{PaperMesh, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    prepared::{DrawnMesh, SpawnBudget},
    relief::{self, ReliefShown},
    scene::{ScenarioShown, ShownScenario, Unfinished, VariantShown},
    tiles::TileStats,
};
use crate::georef::SitePos;
use crate::model::{NewSurface, OpenScenario, Terrain};
use crate::schedule::FrameSystems;
use bevy::{
    light::NotShadowCaster,
    math::DVec3,
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use cover::{Cover, Surfaces, lasting_cover, plan_ground, within};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// A part of the ground.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::view) enum Part {
    /// What is the same in every plan.
    Lasting,
    /// The rest in a variant and phase.
    Plan(Option<usize>, Option<String>),
}

impl Part {
    /// What is to be seen besides the lasting part.
    pub(in crate::view) fn shown(scenario: &ShownScenario) -> Self {
        Self::Plan(scenario.variant, scenario.phase.clone())
    }
}

/// What of a part is shown and hidden together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stratum {
    /// Surfaces of today: hidden where imagery shows them.
    Today,
    /// Surfaces of the plan.
    Plan,
    /// Bare ground: hidden where [`relief`] draws it.
    Bare,
    /// What lies around the ground.
    Around,
}

impl Stratum {
    fn is_shown(self, relief: ReliefShown) -> bool {
        match self {
            Self::Today => !relief.is_photographed,
            Self::Plan | Self::Around => true,
            Self::Bare => !relief.is_there,
        }
    }
}

/// A part as it is drawn.
#[derive(Default)]
struct Made {
    faces: Vec<(Stratum, DrawnMesh)>,
    lines: Vec<(Stratum, DrawnMesh)>,
    holes: GroundHoles,
}

impl Made {
    fn add(&mut self, stratum: Stratum, cover: Cover) {
        self.faces
            .extend(DrawnMesh::triangles(cover.faces).map(|mesh| (stratum, mesh)));
        self.lines
            .extend(DrawnMesh::lines(cover.lines).map(|mesh| (stratum, mesh)));
    }

    fn bytes(&self) -> u64 {
        let all = self.faces.iter().chain(&self.lines);
        all.map(|(_, mesh)| mesh.bytes()).sum()
    }
}

/// The grounds made and in the making.
#[derive(Resource, Default)]
pub(in crate::view) struct Grounds {
    ready: BTreeMap<Part, Vec<(Stratum, Entity)>>,
    holes: BTreeMap<Part, GroundHoles>,
    making: BTreeMap<Part, Task<Made>>,
    /// Made and waiting for their frame.
    made: VecDeque<(Part, Made)>,
    shown: Option<(Part, ReliefShown)>,
    rows: Option<RowRange>,
    estimating: Option<Task<Option<Terrain>>>,
    pace: Pace,
}

impl Grounds {
    /// Holes in the ground of every variant and phase that is made.
    pub(in crate::view) fn holes(&self) -> &BTreeMap<Part, GroundHoles> {
        &self.holes
    }

    fn is_in_the_making(&self, part: &Part) -> bool {
        self.making.contains_key(part) || self.made.iter().any(|(made, _)| made == part)
    }
}

/// How often the ground is guessed anew while tiles come. A guess of a wide area and the meshes made of it keep a
/// processor busy for long, which the tiles themselves need too.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Pace {
    /// When the last guess began, seconds.
    began_s: Option<f64>,
    /// How long it took until its meshes were made, seconds; `None` while they are not.
    took_s: Option<f64>,
}

impl Pace {
    /// Between two guesses passes at least this long, seconds, and so many times what the last one took.
    const LEAST_S: f64 = 0.7;
    const TIMES: f64 = 6.0;

    /// Notes that nothing is being made at `now_s`.
    fn rest(&mut self, now_s: f64) {
        if let (Some(began_s), None) = (self.began_s, self.took_s) {
            self.took_s = Some(now_s - began_s);
        }
    }

    /// Whether the next guess may begin. Once all tiles are there it is the last one and need not wait.
    fn is_due(&self, now_s: f64, are_tiles_there: bool) -> bool {
        let Some(began_s) = self.began_s else { return true };
        let pause_s = (Self::TIMES * self.took_s.unwrap_or(0.0)).max(Self::LEAST_S);
        are_tiles_there || now_s >= began_s + pause_s
    }

    fn begin(&mut self, now_s: f64) {
        *self = Self {
            began_s: Some(now_s),
            took_s: None,
        };
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<GroundHeights>()
        .init_resource::<FootSamples>()
        .init_resource::<Grounds>()
        .add_systems(
            Update,
            (
                (take_finished, take_estimate).in_set(FrameSystems::Ingest),
                // Heights must be known before anything is placed on them.
                (start_grounds, start_estimate).chain().in_set(FrameSystems::Derive),
                // In the frame in which tiles come or go, so that the ground is neither gone nor there twice.
                show_ground.after(relief::show_relief).in_set(FrameSystems::Select),
            ),
        );
}

/// Starts a part that is neither there nor in the making.
fn start_making(grounds: &mut Grounds, open: &Arc<OpenScenario>, heights: &GroundHeights, part: Part) {
    if !grounds.ready.contains_key(&part) && !grounds.is_in_the_making(&part) {
        make_anew(grounds, open, heights, part);
    }
}

/// Starts a part; the one that is there stays until the new one comes.
fn make_anew(grounds: &mut Grounds, open: &Arc<OpenScenario>, heights: &GroundHeights, part: Part) {
    grounds.made.retain(|(made, _)| *made != part);
    let open = open.clone();
    let (terrain, is_measured) = (heights.terrain().clone(), heights.is_measured);
    let wanted = part.clone();
    let task = AsyncComputeTaskPool::get().spawn(async move {
        let variants = &open.scenario.variants;
        let reach = open.reach();
        let base = within(&open.surfaces, reach);
        let surfaces = Surfaces {
            base: &base,
            plans: variants.iter().flat_map(|variant| &variant.surfaces).collect(),
        };
        let mut made = Made::default();
        match wanted {
            Part::Lasting => made.add(Stratum::Today, lasting_cover(&terrain, is_measured, &surfaces)),
            Part::Plan(variant, phase) => {
                let plan: Vec<&NewSurface> = variant
                    .and_then(|i| variants.get(i))
                    .into_iter()
                    .flat_map(|variant| variant.surfaces_in(&open.scenario, phase.as_deref()))
                    .collect();
                let plan: Vec<NewSurface> = plan.into_iter().cloned().collect();
                let plan = within(&plan, reach);
                let plan: Vec<&NewSurface> = plan.iter().collect();
                let (bounds, has_bare) = (bounds(&open, &terrain), !relief::is_large(&terrain));
                let ground = plan_ground(&terrain, is_measured, &surfaces, &plan, bounds, has_bare);
                made.holes = ground.holes;
                made.add(Stratum::Today, ground.today);
                made.add(Stratum::Plan, ground.plan);
                for (stratum, faces) in [(Stratum::Bare, ground.bare), (Stratum::Around, ground.around)] {
                    let lines = PaperMesh::default();
                    made.add(stratum, Cover { faces, lines });
                }
            }
        }
        made
    });
    grounds.making.insert(part, task);
}

pub(in crate::view) fn start_grounds(
    mut commands: Commands,
    mut shown: MessageReader<ScenarioShown>,
    mut switched: MessageReader<VariantShown>,
    scenario: Option<Res<ShownScenario>>,
    mut samples: ResMut<FootSamples>,
    mut heights: ResMut<GroundHeights>,
    mut grounds: ResMut<Grounds>,
) {
    let (is_new, is_switched) = (shown.read().last().is_some(), switched.read().last().is_some());
    let Some(scenario) = scenario.filter(|_| is_new || is_switched) else {
        return;
    };
    let open = scenario.open.clone();
    if is_new {
        samples.clear();
        *heights = GroundHeights::new(open.terrain.clone(), open.has_terrain);
        forget(&mut commands, &mut grounds);
    }
    // What is to be seen first, then the others, so that a switch finds them ready.
    start_making(&mut grounds, &open, &heights, Part::shown(&scenario));
    start_making(&mut grounds, &open, &heights, Part::Lasting);
    if is_new {
        for variant in 0..open.scenario.variants.len() {
            start_making(&mut grounds, &open, &heights, Part::Plan(Some(variant), None));
        }
    }
}

fn forget(commands: &mut Commands, grounds: &mut Grounds) {
    for entities in std::mem::take(&mut grounds.ready).into_values() {
        for (_, entity) in entities {
            if let Ok(mut entity) = commands.get_entity(entity) {
                entity.try_despawn();
            }
        }
    }
    grounds.holes.clear();
    grounds.making.clear();
    grounds.made.clear();
    grounds.shown = None;
    grounds.estimating = None;
    grounds.pace = Pace::default();
}

fn take_finished(
    mut commands: Commands,
    paper: Option<Res<SharedPaper>>,
    mut rows: ResMut<FeatureRows>,
    mut budget: ResMut<SpawnBudget>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut grounds: ResMut<Grounds>,
) {
    let is_idle = grounds.making.is_empty() && grounds.made.is_empty();
    let Some(paper) = paper.filter(|_| !is_idle) else {
        return;
    };
    let Grounds { making, made, .. } = &mut *grounds;
    making.retain(|part, task| match block_on(poll_once(task)) {
        Some(ground) => {
            made.push_back((part.clone(), ground));
            false
        }
        None => true,
    });
    // One blank row serves all ground: it is never hidden.
    let Some(range) = grounds.rows.or_else(|| rows.allocate(1)) else {
        return;
    };
    grounds.rows = Some(range);
    while grounds
        .made
        .front()
        .is_some_and(|(_, made)| budget.admits(made.bytes()))
    {
        let Some((part, made)) = grounds.made.pop_front() else {
            break;
        };
        let faces = made.faces.into_iter().map(|drawn| (drawn, &paper.two_sided));
        let lines = made.lines.into_iter().map(|drawn| (drawn, &paper.ink));
        let entities = faces
            .chain(lines)
            .map(|((stratum, mesh), material)| {
                let (zero, hidden) = (SitePos(DVec3::ZERO), Visibility::Hidden);
                let bundle = mesh.bundle(&mut meshes, zero, range.first, material.clone(), hidden);
                (stratum, commands.spawn((bundle, NotShadowCaster)).id())
            })
            .collect();
        if part != Part::Lasting {
            grounds.holes.insert(part.clone(), made.holes);
        }
        for (_, old) in grounds.ready.insert(part, entities).into_iter().flatten() {
            commands.entity(old).try_despawn();
        }
        grounds.shown = None;
    }
}

/// Shows the ground of the variant and phase; until it is made the old one stays.
fn show_ground(
    scenario: Option<Res<ShownScenario>>,
    relief: Res<ReliefShown>,
    samples: Res<FootSamples>,
    heights: Res<GroundHeights>,
    mut grounds: ResMut<Grounds>,
    mut unfinished: ResMut<Unfinished>,
    mut visibilities: Query<&mut Visibility>,
) {
    let Some(scenario) = scenario else {
        return;
    };
    let wanted = Part::shown(&scenario);
    let parts = [&Part::Lasting, &wanted];
    let is_ready = parts.iter().all(|part| grounds.ready.contains_key(part));
    let is_changing = parts.iter().any(|part| grounds.is_in_the_making(part));
    let is_guessing = grounds.estimating.is_some() || is_guess_wanted(&scenario, &heights) && samples.has_changed();
    unfinished.set("ground", !is_ready || is_changing || is_guessing);
    let shown = (wanted.clone(), *relief);
    if !is_ready || grounds.shown.as_ref() == Some(&shown) {
        return;
    }
    let mut all_there = true;
    for (part, entities) in &grounds.ready {
        for (stratum, entity) in entities {
            let visibility = if parts.contains(&part) && stratum.is_shown(*relief) {
                Visibility::Inherited
            } else {
                Visibility::Hidden
            };
            match visibilities.get_mut(*entity) {
                Ok(mut old) => {
                    old.set_if_neq(visibility);
                }
                Err(_) => all_there = false,
            }
        }
    }
    if all_there {
        grounds.shown = Some(shown);
    }
}

/// Whether the ground follows from where things stand.
fn is_guess_wanted(scenario: &ShownScenario, heights: &GroundHeights) -> bool {
    !scenario.open.has_terrain && !heights.is_measured
}

fn start_estimate(
    time: Res<Time>,
    heights: Res<GroundHeights>,
    scenario: Option<Res<ShownScenario>>,
    tiles: Res<TileStats>,
    mut samples: ResMut<FootSamples>,
    mut grounds: ResMut<Grounds>,
) {
    let is_wanted = scenario.is_some_and(|scenario| is_guess_wanted(&scenario, &heights));
    let is_busy = grounds.estimating.is_some() || !(grounds.making.is_empty() && grounds.made.is_empty());
    if !is_wanted || is_busy {
        return;
    }
    let now_s = time.elapsed_secs_f64();
    let pace = &mut grounds.bypass_change_detection().pace;
    pace.rest(now_s);
    if !pace.is_due(now_s, tiles.is_settled()) {
        return;
    }
    if let Some(samples) = samples.take_changed() {
        grounds.pace.begin(now_s);
        grounds.estimating = Some(AsyncComputeTaskPool::get().spawn(async move { samples.estimate() }));
    }
}

/// Whether two grids lie in the same place and nowhere as far apart as the eye could tell.
fn is_alike(a: &Terrain, b: &Terrain) -> bool {
    const TOLD_APART_M: f32 = 0.02;
    let grid = |terrain: &Terrain| {
        let place = [terrain.origin.x, terrain.origin.y, terrain.cell_m].map(f64::to_bits);
        (place, terrain.columns, terrain.rows, terrain.heights_m.len())
    };
    let mut pairs = a.heights_m.iter().zip(&b.heights_m);
    grid(a) == grid(b) && pairs.all(|(a, b)| (a - b).abs() < TOLD_APART_M)
}

fn take_estimate(
    scenario: Option<Res<ShownScenario>>,
    mut heights: ResMut<GroundHeights>,
    mut grounds: ResMut<Grounds>,
) {
    let Some(found) = grounds.estimating.as_mut().and_then(|task| block_on(poll_once(task))) else {
        return;
    };
    grounds.estimating = None;
    // What looks the same is not made anew: most of what comes in later says the same of the ground.
    let found = found.filter(|terrain| !is_alike(terrain, heights.terrain()));
    if let (Some(terrain), Some(scenario)) = (found, scenario) {
        *heights = GroundHeights::new(Arc::new(terrain), false);
        let Grounds {
            ready, making, made, ..
        } = &*grounds;
        let waiting = made.iter().map(|(part, _)| part);
        let all: BTreeSet<Part> = ready.keys().chain(making.keys()).chain(waiting).cloned().collect();
        for part in all {
            make_anew(&mut grounds, &scenario.open, &heights, part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec2;

    #[test]
    fn guesses_of_the_ground_leave_time_to_the_tiles_and_the_last_one_does_not_wait() {
        let mut pace = Pace::default();
        assert!(pace.is_due(0.0, false), "the first at once");
        pace.begin(10.0);
        pace.rest(10.02);
        assert!(!pace.is_due(10.6, false) && pace.is_due(10.7, false));
        pace.begin(20.0);
        pace.rest(20.5);
        pace.rest(22.0);
        assert!(
            !pace.is_due(22.9, false) && pace.is_due(23.0, false),
            "6 times what it took, counted once"
        );
        assert!(pace.is_due(20.5, true), "all tiles are there");
    }

    #[test]
    fn grounds_are_alike_in_the_same_place_with_the_same_heights() {
        let ground = |x: f64, heights_m: [f32; 4]| Terrain {
            origin: DVec2::new(x, 5.0),
            cell_m: 20.0,
            columns: 2,
            rows: 2,
            heights_m: heights_m.into(),
        };
        let first = ground(0.0, [1.0, 2.0, 3.0, 4.0]);
        assert!(is_alike(&first, &first));
        assert!(is_alike(&first, &ground(0.0, [1.01, 1.99, 3.0, 4.0])));
        assert!(!is_alike(&first, &ground(0.0, [1.0, 2.0, 3.0, 4.03])));
        assert!(!is_alike(&first, &ground(20.0, [1.0, 2.0, 3.0, 4.0])));
        assert!(!is_alike(&first, &ground(0.0, [1.0, 2.0, 3.0, f32::NAN])));
        let wider = Terrain {
            columns: 4,
            rows: 1,
            ..first.clone()
        };
        assert!(!is_alike(&first, &wider));
    }
}
