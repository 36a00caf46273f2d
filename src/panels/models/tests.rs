use super::*;
use crate::model::OwnPlace;
use crate::model::scenario::tests::model;
use crate::panels::page_harness::{self, pressed};
use bevy::math::{DVec2, DVec3};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

type Shown = page_harness::Shown<ModelsPage>;

/// A hall of 42 by 20 m, 9 m high, made in millimetres.
fn row() -> ModelRow {
    ModelRow {
        model: NewModel {
            position: DVec2::new(10.0, 20.0),
            ..model("hal")
        },
        facts: Some(ModelFacts {
            low: DVec3::ZERO,
            high: DVec3::new(42_000.0, 9_000.0, 20_000.0),
            up: Up::Y,
            own_place: OwnPlace::Nowhere,
        }),
        ground_m: 1.5,
    }
}

fn page() -> ModelsPage {
    let mut page = ModelsPage::default();
    page.set_state(ModelsState {
        variant: Some(("B".into(), "Hoog".into())),
        refusal: String::new(),
        site: Some(SiteFrame::RdNap {
            anchor: RdNap {
                x_m: 251_000.0,
                y_m: 476_250.0,
                nap_m: 16.0,
            },
        }),
        models: vec![row()],
    });
    page
}

fn opened() -> Harness<'static, Shown> {
    let mut page = page();
    page.finish(row());
    page_harness::harness(page, "nl", [360.0, 1400.0], 1.0)
}

/// The model as the one edit that was asked for leaves it.
fn changed(page: &mut ModelsPage) -> NewModel {
    match &page.take_wishes()[..] {
        [ModelsWish::Edit(EditScenario::Apply(Edit::ChangeModel { variant, model }))] => {
            assert_eq!(variant, "B");
            (**model).clone()
        }
        other => panic!("{other:?}"),
    }
}

fn typed(harness: &mut Harness<'_, Shown>, field: &str, text: &str) -> NewModel {
    use bevy_egui::egui::{Key, accesskit::Role};
    harness.get_by_role_and_label(Role::TextInput, field).focus();
    harness.run();
    harness.key_press_modifiers(bevy_egui::egui::Modifiers::COMMAND, Key::A);
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, field).type_text(text);
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    changed(&mut harness.state_mut().page)
}

#[test]
fn a_model_too_large_asks_for_its_unit_and_takes_it() {
    let mut harness = opened();
    harness.get_by_label_contains("42,0 km groot");
    let model = changed(pressed(&mut harness, "mm"));
    assert!((model.scale - 0.001).abs() < 1e-12);
    let turned = changed(pressed(&mut harness, "Z-as"));
    assert_eq!((turned.up, turned.origin), (Up::Z, DVec3::ZERO));
}

#[test]
fn place_and_heading_are_typed_in_rd_and_nap() {
    let mut harness = opened();
    let moved = typed(&mut harness, "RD x (m)", "251030,25");
    assert!(
        (moved.position - DVec2::new(30.25, 20.0)).length() < 1e-6,
        "{}",
        moved.position
    );
    assert_eq!(moved.foot_m, None, "it stays on the ground");
    let turned = typed(&mut harness, "Gedraaid, graden met de klok mee", "-30");
    assert!((turned.heading_deg - 330.0).abs() < 1e-9);
    let lifted = changed(pressed(&mut harness, "Op het maaiveld"));
    assert_eq!(lifted.foot_m, Some(1.5), "where the ground was");
}

#[test]
fn a_click_puts_it_down_only_while_the_page_points() {
    let mut harness = opened();
    assert!(harness.state_mut().page.pointed().is_none());
    let page = pressed(&mut harness, "Aanwijzen in beeld");
    let model = page.pointed().expect("the open model");
    page.put(model, SitePos(DVec3::new(5.0, 6.0, 2.0)));
    let put = changed(page);
    assert_eq!((put.position, put.foot_m), (DVec2::new(5.0, 6.0), None));
    assert!(page.pointed().is_none(), "the page was not shown since");
    harness.run();
    assert!(harness.state_mut().page.pointed().is_some());
    assert!(pressed(&mut harness, "Klaar").pointed().is_none());
}

#[test]
fn without_a_plan_the_page_says_what_to_do() {
    let mut page = page();
    page.set_state(ModelsState {
        refusal: "Kies eerst een variant.".into(),
        ..ModelsState::default()
    });
    let harness = page_harness::harness(page, "nl", [360.0, 700.0], 1.0);
    harness.get_by_label_contains("Kies eerst een variant");
    assert!(harness.query_by_label("Bestand kiezen").is_none());
}
