//! Models that a plan places, drawn as they are: read when the scenario is opened, shown with their variant and phase.
//!
//! A model is one thing, whatever parts its file names: it is picked whole and hidden whole.

use super::{
    feature_material::{PaperMaterial, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    palette,
    prepared::{Making, SpawnBudget},
    ray_cast::PickOwner,
    scene::{ScenarioShown, ShownScenario, Unfinished, ViewProblems, just_shown},
    tiles::{PreparedContent, Uploader, prepare_whole},
};
use crate::model::scenario::model_request;
use crate::model::{Certainty, NewModel};
use crate::schedule::FrameSystems;
use crate::sources::Problem;
use bevy::{light::NotShadowCaster, prelude::*};
use std::sync::Arc;

/// Which model of which variant, by their places in the lists.
#[derive(Component, Clone, Copy)]
struct OfModel {
    variant: usize,
    model: usize,
    rows: RowRange,
}

/// A model, ready to enter the world, or why it cannot.
struct Made {
    variant: usize,
    model: usize,
    id: Arc<str>,
    /// Sketches cast none.
    casts_shadow: bool,
    content: Result<PreparedContent, Problem>,
}

impl Made {
    fn bytes(&self) -> u64 {
        self.content.as_ref().map_or(0, |content| content.bytes_drawn)
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Making<Made>>().add_systems(
        Update,
        (
            take_made.in_set(FrameSystems::Ingest),
            start_making.in_set(FrameSystems::Derive),
            show_models.in_set(FrameSystems::Present),
        ),
    );
}

fn start_making(
    mut shown: MessageReader<ScenarioShown>,
    scenario: Option<Res<ShownScenario>>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let Some(open) = just_shown(&mut shown, scenario) else {
        return;
    };
    unfinished.set("models", true);
    making.start(move || {
        let mut made = Vec::new();
        for (variant, plan) in open.scenario.variants.iter().enumerate() {
            for (model, placed) in plan.models.iter().enumerate() {
                // Missing ones were named when the scenario was opened.
                if open.resources.exists(&placed.path) {
                    made.push(Made {
                        variant,
                        model,
                        id: placed.id.as_str().into(),
                        casts_shadow: placed.certainty != Certainty::Sketch,
                        content: prepare_whole(
                            &model_request(&open, placed),
                            |color| vertex_color(placed, color),
                            placed.certainty == Certainty::Decided,
                        ),
                    });
                }
            }
        }
        made
    });
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
    paper: Option<Res<SharedPaper>>,
    mut rows: ResMut<FeatureRows>,
    mut budget: ResMut<SpawnBudget>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<PaperMaterial>>,
    mut problems: ResMut<ViewProblems>,
    mut making: ResMut<Making<Made>>,
    mut unfinished: ResMut<Unfinished>,
) {
    let Some(paper) = paper.filter(|_| !making.is_done()) else {
        return;
    };
    while let Some(made) = making.next(&mut budget, Made::bytes) {
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
            // What a plan places says nothing of the ground.
            samples: None,
        };
        let owner = PickOwner::NewModel { id: made.id.clone() };
        let Some(resident) = uploader.upload(content, &owner) else {
            let message = "there are more features in view than this program can hold; this model is not drawn";
            problems.0.push(Problem::error(made.id.as_ref(), "", message));
            continue;
        };
        for entity in resident.meshes {
            commands.entity(entity).insert(OfModel {
                variant: made.variant,
                model: made.model,
                rows: resident.rows,
            });
            if !made.casts_shadow {
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
        let variant = scenario.open.scenario.variants.get(of.variant);
        let model = variant.and_then(|variant| variant.models.get(of.model));
        let stands = model.is_some_and(|model| scenario.is_phase_shown(&model.phase));
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
