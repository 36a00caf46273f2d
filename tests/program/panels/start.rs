//! The start screen.

use super::scene::{DESK, Scene, press};
use bevy_egui::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stadslens::panels::start::{StartAction, StartState};
use std::path::PathBuf;

fn start_scene(language: &str, can_browse: bool) -> Scene {
    let mut scene = Scene::new(language);
    scene.desk.start = Some(StartState {
        recent: vec![PathBuf::from("/data/enschede.stadslens")],
        can_browse,
        ..StartState::default()
    });
    scene
}

#[test]
fn the_start_screen_offers_what_works() {
    let mut harness = start_scene("nl", true).harness(DESK, 1.0);
    assert_eq!(
        press(&mut harness, "Lange Wemen bekijken")[0].start,
        [StartAction::OpenShipped]
    );
    assert_eq!(
        press(&mut harness, "Bestand kiezen")[0].start,
        [StartAction::BrowseFile]
    );
    assert_eq!(press(&mut harness, "Map kiezen")[0].start, [StartAction::BrowseFolder]);
    let recent = StartAction::Open(PathBuf::from("/data/enschede.stadslens"));
    assert_eq!(press(&mut harness, "data / enschede.stadslens")[0].start, [recent]);
    assert!(
        harness.query_by_label("Masterplan").is_none(),
        "no panels beside the start screen"
    );

    let harness = start_scene("nl", false).harness(DESK, 1.0);
    assert!(
        harness.query_by_label("Bestand kiezen").is_none(),
        "no button that would do nothing"
    );
}

#[test]
fn a_typed_path_opens() {
    let mut harness = start_scene("nl", false).harness(DESK, 1.0);
    assert!(harness.get_by_label("Openen").accesskit_node().is_disabled());
    let field = harness.get_by_role_and_label(Role::TextInput, "Pad van een bestand of map");
    field.click();
    harness.run();
    harness
        .get_by_role_and_label(Role::TextInput, "Pad van een bestand of map")
        .type_text(" /tmp/x.stadslens ");
    harness.run();
    let open = [StartAction::Open(PathBuf::from("/tmp/x.stadslens"))];
    assert_eq!(press(&mut harness, "Openen")[0].start, open);
}
