//! The question for the coordinate system of a file.

use super::scene::{DESK, Scene, press};
use bevy_egui::egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use stadslens::georef::Crs;
use stadslens::model::CrsAnswer;
use stadslens::panels::desk::Dialog;
use stadslens::panels::system::{SystemAction, TypedSystem};

#[test]
fn the_system_of_a_file_is_chosen_from_the_list_or_by_its_number() {
    let mut scene = Scene::new("nl");
    scene.desk.dialog = Some(Dialog::System);
    let mut harness = scene.harness(DESK, 1.0);
    let look = harness.get_by_role(Role::TextInput);
    look.focus();
    harness.run();
    harness.get_by_role(Role::TextInput).type_text("31370");
    harness.run();
    let asked = press(&mut harness, "Waar ligt het dan?");
    assert_eq!(asked[0].system, Some(SystemAction::Look("31370".into())));
    assert_eq!(harness.state().desk.dialog, Some(Dialog::System));
    harness.state_mut().system.as_mut().unwrap().typed = Some(TypedSystem {
        number: "31370".into(),
        answer: Some(CrsAnswer::In(Crs(31370))),
        words: "Dan ligt het bij Gent".into(),
    });
    harness.run();
    harness.get_by_label("Dan ligt het bij Gent");
    let asked = press(&mut harness, "Zo klopt het");
    assert_eq!(asked[0].system, Some(SystemAction::Answer(CrsAnswer::In(Crs(31370)))));
    assert_eq!(harness.state().desk.dialog, None, "an answer closes it");

    let mut scene = Scene::new("nl");
    scene.desk.dialog = Some(Dialog::System);
    let mut harness = scene.harness(DESK, 1.0);
    let row = "Zonder plaats op aarde, Alleen de maten kloppen";
    let asked = press(&mut harness, row);
    assert_eq!(asked[0].system, Some(SystemAction::Answer(CrsAnswer::Nowhere)));
}
