use super::*;
use crate::georef::{RdNap, SiteFrame, SitePos};
use crate::model::note::tests::note;
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

/// Two variants, two viewpoints of which the first is shown first, two notes, no layers.
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
        notes: vec![note(1, "first"), note(4, "fourth")],
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
        (Edit::RemoveNote { id: "x".into() }, "there is no note `x`"),
        (
            Edit::ChangeNote {
                note: Box::new(note(2, "not there")),
            },
            "there is no note `note-2`",
        ),
        (
            Edit::AddNote {
                note: Box::new(note(4, "again")),
            },
            "there is a note `note-4` already",
        ),
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
fn notes_stand_in_the_order_of_their_numbers() {
    let mut edited = scenario();
    let undo = apply(
        &mut edited,
        &Edit::AddNote {
            note: Box::new(note(2, "second")),
        },
    );
    let numbers: Vec<u32> = edited.notes.iter().map(|note| note.number).collect();
    assert_eq!(numbers, [1, 2, 4]);
    assert_eq!(undo, Ok(Edit::RemoveNote { id: "note-2".into() }));
    let change = Edit::ChangeNote {
        note: Box::new(note(4, "other")),
    };
    let undo = apply(&mut edited, &change).unwrap();
    assert_eq!(edited.notes[2].text, "other");
    assert_eq!(apply(&mut edited, &undo), Ok(change));
    assert_eq!(edited.notes[2].text, "fourth");
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
        (0..6_u32, "[a-z]{0,3}", 0..3).prop_map(|(number, words, what)| {
            let note = Box::new(note(number, &words));
            EditScenario::Apply(match what {
                0 => Edit::AddNote { note },
                1 => Edit::ChangeNote { note },
                _ => Edit::RemoveNote { id: note.id },
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
