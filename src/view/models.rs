//! Models that a plan places, drawn as they are: read when the scenario is opened and when one is added or moved, shown
//! with their variant and phase.
//!
//! A model is one thing, whatever parts its file names: it is picked whole and hidden whole.

use super::{
    feature_material::{PaperMaterial, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    palette,
    prepared::{Making, SpawnBudget},
    ray_cast::PickOwner,
    scene::{ScenarioShown, ShownScenario, Unfinished, ViewProblems},
    tiles::{MarkAssets, PreparedContent, Uploader, prepare_whole},
};
use crate::model::scenario::model_request;
use crate::model::{Certainty, NewModel};
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

/// The models that are made or in the making.
#[derive(Resource, Default)]
struct Asked(Vec<(usize, Arc<NewModel>)>);

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Making<Made>>()
        .init_resource::<Asked>()
        .add_systems(
            Update,
            (
                take_made.in_set(FrameSystems::Ingest),
                start_making.in_set(FrameSystems::Derive),
                show_models.in_set(FrameSystems::Present),
            ),
        );
}

/// Makes what is new in the scenario, after another one is shown or an edit. What was moved stays where it was until it
/// is made anew.
fn start_making(
    mut commands: Commands,
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    drawn: Query<(Entity, &OfModel)>,
    mut rows: ResMut<FeatureRows>,
    mut asked: ResMut<Asked>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let is_another = shown.read().last().is_some();
    let Some(scenario) = scenario.filter(|scenario| is_another || scenario.is_changed()) else {
        return;
    };
    let open = scenario.open.clone();
    let wanted: Vec<(usize, &NewModel)> = (0..)
        .zip(&open.scenario.variants)
        .flat_map(|(variant, plan)| plan.models.iter().map(move |model| (variant, model)))
        .collect();
    let same = |(variant, model): &(usize, Arc<NewModel>)| wanted.iter().any(|(v, m)| v == variant && **m == **model);
    if !is_another && asked.0.len() == wanted.len() && asked.0.iter().all(same) {
        return;
    }
    if is_another {
        // The entities went with the scenario before.
        asked.0.clear();
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
    asked.0 = wanted
        .iter()
        .map(|(variant, model)| (*variant, Arc::new((*model).clone())))
        .collect();
    let missing: Vec<(usize, Arc<NewModel>)> = asked
        .0
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
                problems.0.push(problem);
                continue;
            }
        };
        problems.0.append(&mut content.problems);
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
}
