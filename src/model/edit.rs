//! Edits as commands with undo: the only way the open scenario changes.
//!
//! Panels write [`EditScenario`]; this module applies it in [`FrameSystems::ApplyEdits`] and keeps the inverse in
//! the [`History`]. The maths is the pure function [`apply`]. An edit that cannot be applied changes nothing.

use super::scenario::{LocalText, OpenScenario, Scenario, Viewpoint};
use crate::schedule::FrameSystems;
use bevy::prelude::*;
use std::{collections::VecDeque, sync::Arc};
use thiserror::Error;

/// Edits that can be undone; older ones are forgotten.
const MAX_HISTORY: usize = 1000;

/// Holds the open scenario and applies edits to it.
pub(crate) fn plugin(app: &mut App) {
    app.add_message::<ActivateScenario>()
        .add_message::<ScenarioActivated>()
        .add_message::<EditScenario>()
        .add_message::<ScenarioEdited>()
        .init_resource::<History>()
        .add_systems(
            Update,
            (activate, apply_edits)
                .chain()
                .in_set(EditSystems)
                .in_set(FrameSystems::ApplyEdits),
        );
}

/// The systems that change the open scenario; what follows from it runs after them.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EditSystems;

/// The scenario that is open; absent while nothing is. Whoever needs a state of it that stays keeps the [`Arc`].
#[derive(Resource, Clone)]
pub struct ActiveScenario(pub Arc<OpenScenario>);

/// Request: make this scenario the open one, with nothing to undo yet.
#[derive(Message, Clone)]
pub struct ActivateScenario(pub Arc<OpenScenario>);

/// Fact: another scenario is open.
#[derive(Message, Debug, Clone, Copy)]
pub struct ScenarioActivated;

/// Fact: the open scenario was changed.
#[derive(Message, Debug, Clone, Copy)]
pub struct ScenarioEdited;

/// A request to change the open scenario.
#[derive(Message, Debug, Clone, PartialEq)]
pub enum EditScenario {
    /// Makes a change.
    Apply(Edit),
    /// Takes the last change back.
    Undo,
    /// Makes the change last taken back again.
    Redo,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Adds a viewpoint.
    AddViewpoint {
        /// The viewpoint, its id new.
        viewpoint: Viewpoint,
        /// Position in the list; the end when `None` or past it.
        position: Option<usize>,
        /// Whether it becomes the one shown first.
        is_start: bool,
    },
    /// Removes a viewpoint; where it was the one shown first, none is.
    RemoveViewpoint {
        /// Viewpoint id.
        id: String,
    },
    /// Gives a viewpoint another title.
    RenameViewpoint {
        /// Viewpoint id.
        id: String,
        /// The title.
        title: LocalText,
    },
    /// Gives a variant another title and summary.
    SetVariantText {
        /// Variant id.
        variant: String,
        /// The title.
        title: LocalText,
        /// The summary.
        summary: LocalText,
    },
}

/// Why an edit changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// What it speaks of is not there (any more).
    #[error("there is no {kind} `{id}`")]
    Missing {
        /// Viewpoint or variant.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// A new thing has an id that is taken.
    #[error("there is a {kind} `{id}` already")]
    Taken {
        /// Viewpoint.
        kind: &'static str,
        /// Its id.
        id: String,
    },
}

/// Changes `scenario`; hands out the edit that changes it back.
pub fn apply(scenario: &mut Scenario, edit: &Edit) -> Result<Edit, EditError> {
    let missing = |kind, id: &str| EditError::Missing {
        kind,
        id: id.to_owned(),
    };
    match edit {
        Edit::AddViewpoint {
            viewpoint,
            position,
            is_start,
        } => {
            let id = viewpoint.id.clone();
            if scenario.viewpoint(&id).is_some() {
                return Err(EditError::Taken { kind: "viewpoint", id });
            }
            let end = scenario.viewpoints.len();
            scenario
                .viewpoints
                .insert(position.unwrap_or(end).min(end), viewpoint.clone());
            // Only where none is the first: taking it back then leaves none, as it was.
            if *is_start && scenario.start_viewpoint.is_none() {
                scenario.start_viewpoint = Some(id.clone());
            }
            Ok(Edit::RemoveViewpoint { id })
        }
        Edit::RemoveViewpoint { id } => {
            let position = scenario.viewpoints.iter().position(|v| v.id == *id);
            let position = position.ok_or_else(|| missing("viewpoint", id))?;
            let viewpoint = scenario.viewpoints.remove(position);
            let is_start = scenario.start_viewpoint.as_ref() == Some(id);
            if is_start {
                scenario.start_viewpoint = None;
            }
            Ok(Edit::AddViewpoint {
                viewpoint,
                position: Some(position),
                is_start,
            })
        }
        Edit::RenameViewpoint { id, title } => {
            let found = scenario.viewpoints.iter_mut().find(|v| v.id == *id);
            let found = found.ok_or_else(|| missing("viewpoint", id))?;
            Ok(Edit::RenameViewpoint {
                id: id.clone(),
                title: std::mem::replace(&mut found.title, title.clone()),
            })
        }
        Edit::SetVariantText {
            variant,
            title,
            summary,
        } => {
            let found = scenario.variants.iter_mut().find(|v| v.id == *variant);
            let found = found.ok_or_else(|| missing("variant", variant))?;
            Ok(Edit::SetVariantText {
                variant: variant.clone(),
                title: std::mem::replace(&mut found.title, title.clone()),
                summary: std::mem::replace(&mut found.summary, summary.clone()),
            })
        }
    }
}

/// What was changed, so that it can be changed back.
#[derive(Resource, Debug, Clone, Default)]
pub struct History {
    /// Inverses of what was done, the last one at the back.
    undo: VecDeque<Edit>,
    /// Inverses of what was undone, the last one at the back.
    redo: Vec<Edit>,
}

impl History {
    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether there is something to do again.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Changes `scenario` and remembers how to change it back. Undo and redo past the end do nothing.
    pub fn perform(&mut self, scenario: &mut Scenario, request: &EditScenario) -> Result<(), EditError> {
        match request {
            EditScenario::Apply(edit) => {
                let inverse = apply(scenario, edit)?;
                self.remember(inverse);
                self.redo.clear();
            }
            EditScenario::Undo => {
                if let Some(edit) = self.undo.pop_back() {
                    self.redo.push(apply(scenario, &edit)?);
                }
            }
            EditScenario::Redo => {
                if let Some(edit) = self.redo.pop() {
                    let inverse = apply(scenario, &edit)?;
                    self.remember(inverse);
                }
            }
        }
        Ok(())
    }

    fn remember(&mut self, inverse: Edit) {
        if self.undo.len() == MAX_HISTORY {
            self.undo.pop_front();
        }
        self.undo.push_back(inverse);
    }
}

fn activate(
    mut commands: Commands,
    mut requests: MessageReader<ActivateScenario>,
    mut activated: MessageWriter<ScenarioActivated>,
) {
    if let Some(ActivateScenario(open)) = requests.read().last() {
        commands.insert_resource(ActiveScenario(open.clone()));
        commands.insert_resource(History::default());
        activated.write(ScenarioActivated);
    }
}

/// Applies the frame's requests in order. Nothing is copied or marked as changed on frames without any.
fn apply_edits(
    mut requests: MessageReader<EditScenario>,
    mut edited: MessageWriter<ScenarioEdited>,
    mut history: ResMut<History>,
    active: Option<ResMut<ActiveScenario>>,
) -> Result {
    let Some(mut active) = active else {
        requests.clear();
        return Ok(());
    };
    let mut first_error = None;
    for request in requests.read() {
        // The data beside the scenario is shared, so a copy for those who still hold the old state is small.
        let open = Arc::make_mut(&mut active.0);
        match history.perform(&mut open.scenario, request) {
            Ok(()) => {
                edited.write(ScenarioEdited);
            }
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    first_error.map_or(Ok(()), |error| Err(error.into()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::georef::{RdNap, SiteFrame, SitePos};
    use crate::model::scenario::{Area, Variant};
    use crate::sources::resource;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn text(words: &str) -> LocalText {
        LocalText(BTreeMap::from([("nl".to_owned(), words.to_owned())]))
    }

    fn viewpoint(id: &str) -> Viewpoint {
        Viewpoint {
            id: id.into(),
            title: text(id),
            caption: LocalText::default(),
            target: SitePos(bevy::math::DVec3::ZERO),
            heading_deg: 0.0,
            pitch_deg: -35.0,
            distance_m: 400.0,
            variant: None,
            lens: None,
            time: None,
        }
    }

    /// Two variants, two viewpoints of which the first is shown first, no layers.
    pub(crate) fn scenario() -> Scenario {
        let anchor = RdNap {
            x_m: 251_000.0,
            y_m: 476_250.0,
            nap_m: 17.0,
        };
        Scenario {
            title: text("Klein"),
            synthetic: true,
            area: Area {
                name: text("Klein"),
                municipality: "Hengelo".into(),
                municipality_code: "GM0164".into(),
                site: SiteFrame::RdNap { anchor },
                outline: Vec::new(),
            },
            plan_area: None,
            layers: Vec::new(),
            phases: Vec::new(),
            variants: vec![Variant::today("0"), Variant::today("A")],
            viewpoints: vec![viewpoint("home"), viewpoint("street")],
            charters: BTreeMap::new(),
            start_viewpoint: Some("home".into()),
            start_variant: None,
            start_time: None,
        }
    }

    #[test]
    fn edits_of_missing_and_taken_things_change_nothing() {
        let mut edited = scenario();
        for (edit, expected) in [
            (Edit::RemoveViewpoint { id: "x".into() }, "there is no viewpoint `x`"),
            (
                Edit::AddViewpoint {
                    viewpoint: viewpoint("home"),
                    position: None,
                    is_start: false,
                },
                "there is a viewpoint `home` already",
            ),
        ] {
            let found = apply(&mut edited, &edit).map_err(|error| error.to_string());
            assert_eq!(found, Err(expected.to_owned()));
        }
        assert_eq!(edited, scenario());
    }

    #[test]
    fn the_plugin_applies_requests_and_marks_no_change_without_any() {
        #[derive(Resource, Default)]
        struct Changes(u32);
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, crate::schedule::plugin, plugin))
            .init_resource::<Changes>();
        app.add_systems(
            Update,
            (|mut changes: ResMut<Changes>| changes.0 += 1)
                .run_if(resource_changed::<ActiveScenario>)
                .in_set(FrameSystems::Derive),
        );
        let open = OpenScenario::without_data(scenario(), resource::folder(std::path::Path::new(".")));
        app.world_mut().write_message(ActivateScenario(Arc::new(open)));
        app.update();
        app.update();
        assert_eq!(app.world().resource::<Changes>().0, 1);
        let edit = Edit::RemoveViewpoint { id: "home".into() };
        app.world_mut().write_message(EditScenario::Apply(edit));
        app.update();
        let state = |app: &App| app.world().resource::<ActiveScenario>().0.scenario.viewpoints.len();
        assert_eq!((state(&app), app.world().resource::<Changes>().0), (1, 2));
        app.world_mut().write_message(EditScenario::Undo);
        app.update();
        assert_eq!(state(&app), 2);
        assert!(app.world().resource::<History>().can_redo());
        assert_eq!(app.world().resource::<ActiveScenario>().0.scenario, scenario());
    }

    fn any_edit() -> impl Strategy<Value = EditScenario> {
        let id = prop_oneof![Just("home"), Just("street"), Just("a"), Just("b")];
        let variant = prop_oneof![Just("0"), Just("A"), Just("B")];
        prop_oneof![
            (id.clone(), any::<Option<u8>>(), any::<bool>()).prop_map(|(id, position, is_start)| {
                EditScenario::Apply(Edit::AddViewpoint {
                    viewpoint: viewpoint(id),
                    position: position.map(usize::from),
                    is_start,
                })
            }),
            id.clone()
                .prop_map(|id| EditScenario::Apply(Edit::RemoveViewpoint { id: id.into() })),
            (id, "[a-z]{0,3}").prop_map(|(id, words)| {
                EditScenario::Apply(Edit::RenameViewpoint {
                    id: id.into(),
                    title: text(&words),
                })
            }),
            (variant, "[a-z]{0,3}").prop_map(|(id, words)| {
                EditScenario::Apply(Edit::SetVariantText {
                    variant: id.into(),
                    title: text(&words),
                    summary: LocalText::default(),
                })
            }),
            Just(EditScenario::Undo),
            Just(EditScenario::Redo),
        ]
    }

    proptest! {
        #[test]
        fn undoing_everything_gives_the_original_and_redoing_the_result(
            edits in proptest::collection::vec(any_edit(), 0..60)
        ) {
            let mut edited = scenario();
            let mut history = History::default();
            for edit in &edits {
                // Some speak of things that are not there: those must change nothing.
                let before = edited.clone();
                if history.perform(&mut edited, edit).is_err() {
                    prop_assert_eq!(&edited, &before);
                }
            }
            let result = edited.clone();
            let mut undone = 0;
            while history.can_undo() {
                prop_assert!(history.perform(&mut edited, &EditScenario::Undo).is_ok());
                undone += 1;
            }
            prop_assert_eq!(&edited, &scenario());
            for _ in 0..undone {
                prop_assert!(history.perform(&mut edited, &EditScenario::Redo).is_ok());
            }
            prop_assert_eq!(&edited, &result);
        }
    }
}
