//! The city model on the table from other data: another level of detail of it. That is no edit: nothing of what people
//! made changes, and nothing is there to undo.

use super::{ActiveScenario, ScenarioEdited};
use crate::model::scenario::OpenScenario;
use bevy::prelude::*;
use std::sync::Arc;

/// Request: show the city model that is open from this data, which stands in the same site frame.
#[derive(Message, Clone)]
pub struct ReplaceCityModel(pub Arc<OpenScenario>);

/// Fact: the tiles of the open scenario come from other data.
#[derive(Message, Debug, Clone, Copy)]
pub struct CityModelReplaced;

/// Takes tiles and register from the newest of the requests about the model that is open. Its ground stays: that of
/// another level would only differ by how it was guessed.
pub(super) fn replace_city_model(
    mut requests: MessageReader<ReplaceCityModel>,
    mut replaced: MessageWriter<CityModelReplaced>,
    mut edited: MessageWriter<ScenarioEdited>,
    active: Option<ResMut<ActiveScenario>>,
) {
    let (Some(ReplaceCityModel(new)), Some(mut active)) = (requests.read().last(), active) else {
        return;
    };
    if !is_same_model(&active.0, new) {
        return;
    }
    let open = Arc::make_mut(&mut active.0);
    open.resources = new.resources.clone();
    open.register = new.register.clone();
    open.detail.clone_from(&new.detail);
    replaced.write(CityModelReplaced);
    edited.write(ScenarioEdited);
}

/// Whether both are the same file in the same frame: another one may have been opened since the request was made.
fn is_same_model(open: &OpenScenario, new: &OpenScenario) -> bool {
    let path = |open: &OpenScenario| open.detail.as_ref().map(|detail| detail.path.clone());
    path(open).is_some() && path(open) == path(new) && open.scenario.area.site == new.scenario.area.site
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit::tests::scenario;
    use crate::model::{ActivateScenario, CityDetail, edit};
    use crate::sources::cityjson::LodChoice;
    use crate::sources::resource;
    use std::path::{Path, PathBuf};

    fn of_file(name: &str, choice: LodChoice) -> OpenScenario {
        let mut open = OpenScenario::without_data(scenario(), resource::folder(Path::new(name)));
        open.detail = Some(CityDetail {
            path: PathBuf::from(name),
            levels: Vec::new(),
            choice,
        });
        open
    }

    #[test]
    fn another_level_keeps_what_people_made_and_another_file_changes_nothing() {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, edit::plugin));
        let mut first = of_file("delft.json", LodChoice::Highest);
        first.scenario.viewpoints.clear();
        app.world_mut().write_message(ActivateScenario(Arc::new(first)));
        app.update();
        let choice = LodChoice::AtMost("1.2".parse().unwrap());
        let replaced = |app: &mut App, open: OpenScenario| {
            app.world_mut().write_message(ReplaceCityModel(Arc::new(open)));
            app.update();
            let open = app.world().resource::<ActiveScenario>().0.clone();
            let facts = app.world().resource::<Messages<CityModelReplaced>>();
            let count = facts.iter_current_update_messages().count();
            (
                open.detail.clone().unwrap().choice,
                open.scenario.viewpoints.len(),
                count,
            )
        };
        let other = of_file("ede.json", choice);
        assert_eq!(replaced(&mut app, other), (LodChoice::Highest, 0, 0));
        assert_eq!(replaced(&mut app, of_file("delft.json", choice)), (choice, 0, 1));
    }
}
