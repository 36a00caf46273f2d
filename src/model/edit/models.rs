//! Edits of the models that variants place.

use super::{Edit, EditError, missing};
use crate::model::scenario::{NewModel, Scenario};

/// Adds a model to the variant with this id, at a place in its list.
pub(super) fn add(
    scenario: &mut Scenario,
    variant: &str,
    model: &NewModel,
    position: Option<usize>,
) -> Result<Edit, EditError> {
    let models = models_of(scenario, variant)?;
    if models.iter().any(|other| other.id == model.id) {
        return Err(EditError::Taken {
            kind: "model",
            id: model.id.clone(),
        });
    }
    let end = models.len();
    models.insert(position.unwrap_or(end).min(end), model.clone());
    Ok(Edit::RemoveModel {
        variant: variant.to_owned(),
        id: model.id.clone(),
    })
}

/// Puts a model over the one of the same id.
pub(super) fn change(scenario: &mut Scenario, variant: &str, model: &NewModel) -> Result<Edit, EditError> {
    let models = models_of(scenario, variant)?;
    let found = models.iter_mut().find(|other| other.id == model.id);
    let found = found.ok_or_else(|| missing("model", &model.id))?;
    Ok(Edit::ChangeModel {
        variant: variant.to_owned(),
        model: Box::new(std::mem::replace(found, model.clone())),
    })
}

/// Takes a model out.
pub(super) fn remove(scenario: &mut Scenario, variant: &str, id: &str) -> Result<Edit, EditError> {
    let models = models_of(scenario, variant)?;
    let position = models.iter().position(|model| model.id == id);
    let position = position.ok_or_else(|| missing("model", id))?;
    Ok(Edit::AddModel {
        variant: variant.to_owned(),
        model: Box::new(models.remove(position)),
        position: Some(position),
    })
}

fn models_of<'a>(scenario: &'a mut Scenario, variant: &str) -> Result<&'a mut Vec<NewModel>, EditError> {
    let found = scenario.variants.iter_mut().find(|v| v.id == variant);
    let found = found.ok_or_else(|| missing("variant", variant))?;
    Ok(&mut found.models)
}

#[cfg(test)]
mod tests {
    use crate::model::edit::tests::scenario;
    use crate::model::scenario::tests::model;
    use crate::model::{Edit, EditScenario, History, Variant};
    use bevy::math::DVec2;

    #[test]
    fn a_model_is_added_moved_and_removed_and_each_is_undone() {
        let mut scenario = scenario();
        scenario.variants = vec![Variant::today("A")];
        let before = scenario.clone();
        let mut history = History::default();
        let variant = || "A".to_owned();
        let moved = crate::model::NewModel {
            position: DVec2::new(7.0, 8.0),
            heading_deg: 30.0,
            ..model("hal")
        };
        let mut states = vec![before];
        for edit in [
            Edit::AddModel {
                variant: variant(),
                model: Box::new(model("hal")),
                position: None,
            },
            Edit::ChangeModel {
                variant: variant(),
                model: Box::new(moved.clone()),
            },
            Edit::RemoveModel {
                variant: variant(),
                id: "hal".into(),
            },
        ] {
            history.perform(&mut scenario, &EditScenario::Apply(edit)).unwrap();
            states.push(scenario.clone());
        }
        assert_eq!(states[2].variants[0].models, [moved]);
        for state in states.iter().rev().skip(1) {
            history.perform(&mut scenario, &EditScenario::Undo).unwrap();
            assert_eq!(scenario, *state);
        }
        for state in states.iter().skip(1) {
            history.perform(&mut scenario, &EditScenario::Redo).unwrap();
            assert_eq!(scenario, *state);
        }
    }

    #[test]
    fn what_is_not_there_or_taken_changes_nothing() {
        let mut scenario = scenario();
        scenario.variants = vec![Variant::today("A")];
        scenario.variants[0].models = vec![model("hal")];
        let before = scenario.clone();
        let mut history = History::default();
        for edit in [
            Edit::AddModel {
                variant: "A".into(),
                model: Box::new(model("hal")),
                position: None,
            },
            Edit::ChangeModel {
                variant: "A".into(),
                model: Box::new(model("toren")),
            },
            Edit::RemoveModel {
                variant: "B".into(),
                id: "hal".into(),
            },
        ] {
            assert!(history.perform(&mut scenario, &EditScenario::Apply(edit)).is_err());
        }
        assert_eq!(scenario, before);
    }
}
