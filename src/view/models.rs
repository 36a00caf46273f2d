//! Models that a plan places, drawn as they are: read when the scenario is opened and when one is added or moved, shown
//! with their variant and phase.
//!
//! A model is one thing, whatever parts its file names: it is picked whole and hidden whole. One of which nobody says how
//! high it stands is on the ground, on a guessed one too, and made anew when that is guessed better.

use super::{
    feature_material::{PaperMaterial, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    ground::{self, GroundHeights},
    palette,
    prepared::{Making, SpawnBudget},
    ray_cast::PickOwner,
    scene::{ScenarioShown, ShownScenario, Unfinished, ViewProblems},
    tiles::{MarkAssets, PreparedContent, Uploader, prepare_whole},
};
use crate::model::scenario::model_request;
use crate::model::{Certainty, NewModel, Terrain};
use crate::schedule::FrameSystems;
use crate::sources::Problem;
use bevy::{light::NotShadowCaster, prelude::*};
use std::sync::Arc;

/// Which model of which variant, by its place in the list, and as it was when it was made.
#[derive(Component, Clone)]
struct OfModel {
    variant: usize,
    model: Arc<NewModel>,
    rows: RowRange,
}

/// A model, ready to enter the world, or why it cannot.
struct Made {
    variant: usize,
    model: Arc<NewModel>,
    content: Result<PreparedContent, Problem>,
}

impl Made {
    fn bytes(&self) -> u64 {
        self.content.as_ref().map_or(0, |content| content.bytes_drawn)
    }
}

/// The models that are made or in the making, and on what they stand.
#[derive(Resource, Default)]
struct Asked {
    models: Vec<(usize, Arc<NewModel>)>,
    on: Option<Arc<Terrain>>,
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Making<Made>>()
        .init_resource::<Asked>()
        .add_systems(
            Update,
            (
                take_made.in_set(FrameSystems::Ingest),
                // After the ground has learnt its heights.
                start_making.after(ground::start_grounds).in_set(FrameSystems::Derive),
                show_models.in_set(FrameSystems::Present),
            ),
        );
}

/// Makes what is new in the scenario, after another one is shown or an edit, and what stands on a ground that is guessed
/// otherwise. What was moved stays where it was until it is made anew.
fn start_making(
    mut commands: Commands,
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    heights: Res<GroundHeights>,
    drawn: Query<(Entity, &OfModel)>,
    mut rows: ResMut<FeatureRows>,
    mut asked: ResMut<Asked>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let is_another = shown.read().last().is_some();
    // Guesses of the ground follow each other: one is done before the next.
    let is_on_other = asked.on.as_ref().is_some_and(|on| !Arc::ptr_eq(on, heights.terrain())) && making.is_done();
    let Some(scenario) = scenario.filter(|scenario| is_another || is_on_other || scenario.is_changed()) else {
        return;
    };
    let open = scenario.open.clone();
    let wanted: Vec<(usize, NewModel)> = (0..)
        .zip(&open.scenario.variants)
        .flat_map(|(variant, plan)| plan.models.iter().map(move |model| (variant, model)))
        .map(|(variant, model)| (variant, standing(model, &heights)))
        .collect();
    asked.on = Some(heights.terrain().clone());
    let same = |(variant, model): &(usize, Arc<NewModel>)| wanted.iter().any(|(v, m)| v == variant && *m == **model);
    if !is_another && asked.models.len() == wanted.len() && asked.models.iter().all(same) {
        return;
    }
    if is_another {
        // The entities went with the scenario before.
        asked.models.clear();
    } else {
        let is_there = |of: &OfModel| {
            wanted
                .iter()
                .any(|(variant, model)| *variant == of.variant && model.id == of.model.id)
        };
        remove(&drawn, |of| !is_there(of), &mut commands, &mut rows);
    }
    let is_drawn = |variant: usize, model: &NewModel| {
        !is_another && drawn.iter().any(|(_, of)| of.variant == variant && *of.model == *model)
    };
    asked.models = wanted
        .into_iter()
        .map(|(variant, model)| (variant, Arc::new(model)))
        .collect();
    let missing: Vec<(usize, Arc<NewModel>)> = asked
        .models
        .iter()
        .filter(|(variant, model)| !is_drawn(*variant, model))
        .cloned()
        .collect();
    unfinished.set("models", true);
    making.start(move || {
        // Missing files were named when the scenario was opened.
        let there = missing
            .into_iter()
            .filter(|(_, placed)| open.resources.exists(&placed.path));
        let made = there.map(|(variant, placed)| Made {
            variant,
            content: prepare_whole(
                &model_request(&open, &placed),
                |color| vertex_color(&placed, color),
                placed.certainty == Certainty::Decided,
            ),
            model: placed,
        });
        made.collect()
    });
}

/// A model with the height at which it stands, where that is the ground's and the ground is guessed.
fn standing(model: &NewModel, heights: &GroundHeights) -> NewModel {
    /// A guess that is better by less moves nothing, metres.
    const STEP_M: f64 = 0.02;
    let mut model = model.clone();
    if !heights.is_measured && model.foot_m.is_none() {
        let ground_m = heights.height_at(model.position);
        model.foot_m = Some((ground_m / STEP_M).round() * STEP_M);
    }
    model
}

/// Takes models out of the world. The parts of one share its rows.
fn remove(
    drawn: &Query<(Entity, &OfModel)>,
    is_meant: impl Fn(&OfModel) -> bool,
    commands: &mut Commands,
    rows: &mut FeatureRows,
) {
    let mut freed: Vec<u32> = Vec::new();
    for (entity, of) in drawn.iter().filter(|(_, of)| is_meant(of)) {
        if !freed.contains(&of.rows.first) {
            freed.push(of.rows.first);
            rows.free(of.rows);
        }
        commands.entity(entity).try_despawn();
    }
}

/// Colour of a vertex by its file, by its use where that says none; less of it the less sure the model is, as of masses.
fn vertex_color(model: &NewModel, of_file: Option<[u8; 4]>) -> [u8; 4] {
    let own = palette::new_use(model.main_use);
    let [r, g, b, alpha] = of_file.unwrap_or([own[0], own[1], own[2], 255]);
    let [r, g, b] = palette::as_sure([r, g, b], model.certainty);
    [r, g, b, alpha]
}

fn take_made(
    mut commands: Commands,
    drawn: Query<(Entity, &OfModel)>,
    paper: Option<Res<SharedPaper>>,
    mut rows: ResMut<FeatureRows>,
    mut budget: ResMut<SpawnBudget>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<PaperMaterial>>,
    mut marks: MarkAssets,
    mut problems: ResMut<ViewProblems>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let Some(paper) = paper.filter(|_| !making.is_done()) else {
        return;
    };
    while let Some(made) = making.next(&mut budget, Made::bytes) {
        // What is made anew takes the place of what stood there.
        let is_old = |of: &OfModel| of.variant == made.variant && of.model.id == made.model.id;
        remove(&drawn, is_old, &mut commands, &mut rows);
        let mut content = match made.content {
            Ok(content) => content,
            Err(problem) => {
                tell(problem, &mut problems.0);
                continue;
            }
        };
        for problem in content.problems.drain(..) {
            tell(problem, &mut problems.0);
        }
        let mut uploader = Uploader {
            commands: &mut commands,
            paper: &paper,
            rows: &mut rows,
            meshes: &mut meshes,
            images: &mut images,
            materials: &mut materials,
            marks: &mut marks,
            // What a plan places says nothing of the ground.
            samples: None,
        };
        let id: Arc<str> = made.model.id.as_str().into();
        let owner = PickOwner::NewModel { id: id.clone() };
        let Some(resident) = uploader.upload(content, &owner) else {
            let message = "there are more features in view than this program can hold; this model is not drawn";
            problems.0.push(Problem::error(&*id, "", message));
            continue;
        };
        for entity in resident.meshes {
            commands.entity(entity).insert(OfModel {
                variant: made.variant,
                model: made.model.clone(),
                rows: resident.rows,
            });
            // Sketches cast none.
            if made.model.certainty == Certainty::Sketch {
                commands.entity(entity).insert(NotShadowCaster);
            }
        }
    }
    unfinished.set("models", !making.is_done());
}

/// Says it once, however often a model is made.
fn tell(problem: Problem, told: &mut Vec<Problem>) {
    if !told.contains(&problem) {
        told.push(problem);
    }
}

fn show_models(
    scenario: Option<Res<ShownScenario>>,
    added: Query<(), Added<OfModel>>,
    mut rows: ResMut<FeatureRows>,
    mut models: Query<(&OfModel, &mut Visibility)>,
) {
    let Some(scenario) = scenario else {
        return;
    };
    if !scenario.is_changed() && added.is_empty() {
        return;
    }
    for (of, mut visibility) in &mut models {
        let stands = scenario.is_phase_shown(&of.model.phase);
        rows.set_hidden(of.rows, 0, !stands);
        visibility.set_if_neq(scenario.visibility_of(of.variant));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Use;
    use crate::model::scenario::tests::model;
    use bevy::math::DVec2;

    #[test]
    fn how_sure_a_model_is_shows_in_its_colours() {
        let model = |certainty| NewModel {
            certainty,
            ..model("m")
        };
        let red = Some([200, 0, 0, 90]);
        assert_eq!(vertex_color(&model(Certainty::Decided), red), [200, 0, 0, 90]);
        let open = vertex_color(&model(Certainty::Open), red);
        assert!(open[0] > 200 && open[1] > 100 && open[3] == 90, "{open:?}");
        assert_eq!(vertex_color(&model(Certainty::Sketch), red)[..3], palette::PAPER);
        let own = palette::new_use(Use::Shops);
        assert_eq!(vertex_color(&model(Certainty::Decided), None)[..3], own);
    }

    #[test]
    fn a_model_without_a_height_stands_on_the_guessed_ground() {
        let ground = |height_m: f32, is_measured| {
            let terrain = Terrain {
                heights_m: vec![height_m],
                ..Terrain::flat()
            };
            GroundHeights::new(Arc::new(terrain), is_measured)
        };
        let on_ground = NewModel {
            foot_m: None,
            position: DVec2::new(3.0, 4.0),
            ..model("m")
        };
        let foot_m = standing(&on_ground, &ground(14.257, false)).foot_m.unwrap();
        assert!((foot_m - 14.26).abs() < 1e-9, "{foot_m}");
        assert_eq!(
            standing(&on_ground, &ground(14.2601, false)).foot_m,
            Some(foot_m),
            "nothing new"
        );
        // A measured ground is the scenario's own.
        assert_eq!(standing(&on_ground, &ground(14.25, true)), on_ground);
        let raised = NewModel {
            foot_m: Some(2.0),
            ..on_ground
        };
        assert_eq!(standing(&raised, &ground(14.25, false)), raised);
    }
}
