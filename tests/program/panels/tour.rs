//! The tour points at real controls, walks with the keyboard and is offered once.

use super::scene::{DESK, Scene, languages, press, say};
use bevy_egui::egui::{Key, Rect, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stadslens::panels::desk::Page;
use stadslens::panels::settings::SettingsAction;
use stadslens::panels::start::{StartAction, StartState};

const STOPS: [&str; 7] = [
    "tour-city",
    "tour-variants",
    "tour-lenses",
    "tour-building",
    "tour-layers",
    "tour-open",
    "tour-keys",
];

fn touring(language: &str, size: (f32, f32), text_scale: f32) -> Harness<'static, Scene> {
    let mut scene = Scene::new(language);
    scene.desk.start_tour();
    scene.harness(size, text_scale)
}

fn tap(harness: &mut Harness<'_, Scene>, key: Key) {
    harness.key_press(key);
    harness.run();
}

fn seen(harness: &Harness<'_, Scene>) -> bool {
    let asked = &harness.state().asked;
    asked
        .iter()
        .any(|asked| asked.settings.contains(&SettingsAction::TourSeen))
}

#[test]
fn enter_walks_through_every_stop_to_the_end() {
    for language in languages() {
        let mut harness = touring(language, DESK, 1.0);
        for (index, stop) in STOPS.into_iter().enumerate() {
            harness.get_by_label(&say(language, stop));
            let progress = match language {
                "nl" => format!("{} van 7", index + 1),
                _ => format!("{} of 7", index + 1),
            };
            harness.get_by_label(&progress);
            assert!(!seen(&harness));
            tap(&mut harness, Key::Enter);
        }
        assert!(!harness.state().desk.is_touring());
        assert!(seen(&harness), "{language}: remembered");
    }
}

#[test]
fn arrows_walk_and_escape_leaves() {
    let mut harness = touring("nl", DESK, 1.0);
    tap(&mut harness, Key::ArrowLeft);
    harness.get_by_label("De stad bewegen");
    tap(&mut harness, Key::ArrowRight);
    tap(&mut harness, Key::ArrowRight);
    harness.get_by_label("Een lens kiezen");
    tap(&mut harness, Key::ArrowLeft);
    harness.get_by_label("Een variant kiezen");
    tap(&mut harness, Key::Escape);
    assert!(!harness.state().desk.is_touring() && seen(&harness));
    assert!(harness.query_by_label("Een variant kiezen").is_none());

    let mut harness = touring("nl", DESK, 1.0);
    for _ in 0..20 {
        tap(&mut harness, Key::ArrowRight);
    }
    harness.get_by_label("Alle toetsen");
    assert!(!seen(&harness), "the arrows do not end it by accident");
}

#[test]
fn a_stop_opens_the_page_that_it_is_about() {
    let mut scene = Scene::new("nl");
    scene.desk.panels.left_open = false;
    scene.desk.page = Page::Viewpoints;
    scene.desk.start_tour();
    let mut harness = scene.harness(DESK, 1.0);
    press(&mut harness, "Volgende");
    assert_eq!(harness.state().desk.page, Page::Variants);
    assert!(harness.state().desk.panels.left_open);
    harness.get_by_label("Masterplan");
    for _ in 0..3 {
        press(&mut harness, "Volgende");
    }
    assert_eq!(harness.state().desk.page, Page::Layers);
    press(&mut harness, "Vorige");
    harness.get_by_label("Een gebouw kiezen");
    press(&mut harness, "Overslaan");
    assert!(!harness.state().desk.is_touring());
}

/// The card is wholly on the screen and never on the control that it is about, also at the largest letters.
#[test]
fn the_card_fits_every_window_and_leaves_its_control_free() {
    for language in languages() {
        for size in [(1024.0, 600.0), (1440.0, 900.0), (3840.0, 2160.0)] {
            for scale in [1.0, 1.5, 2.0] {
                for card in [false, true] {
                    let mut scene = Scene::new(language);
                    if card {
                        scene = scene.with_card();
                    }
                    scene.desk.start_tour();
                    let mut harness = scene.harness(size, scale);
                    for stop in STOPS {
                        let case = format!("{language} {size:?} at {scale}, card {card}: {stop}");
                        check_stop(&harness, language, stop, size, &case);
                        if stop != STOPS[6] {
                            press(&mut harness, &say(language, "tour-next"));
                        }
                    }
                }
            }
        }
    }
}

fn check_stop(harness: &Harness<'_, Scene>, language: &str, stop: &str, size: (f32, f32), case: &str) {
    let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(size.0, size.1));
    let last = stop == STOPS[6];
    let shown: Vec<Rect> = [
        stop,
        &format!("{stop}-about"),
        if last { "tour-done" } else { "tour-next" },
    ]
    .into_iter()
    .map(|key| {
        let words = say(language, key);
        let found = harness.query_all_by_label(&words).last();
        found.unwrap_or_else(|| panic!("{case}: {words} is not shown")).rect()
    })
    .collect();
    for rect in &shown {
        assert!(screen.contains_rect(*rect), "{case}: {rect:?}");
    }
    let card = shown.iter().fold(Rect::NOTHING, |all, rect| all.union(*rect));
    let control = match stop {
        "tour-lenses" => say(language, "lens-maintenance"),
        "tour-variants" => "Masterplan".to_owned(),
        "tour-open" => "Lange Wemen".to_owned(),
        "tour-keys" => say(language, "top-keys"),
        _ => return,
    };
    let control = harness.get_by_label(&control).rect();
    assert!(!card.intersects(control), "{case}: card {card:?} on {control:?}");
}

#[test]
fn the_tour_is_offered_once_and_does_not_take_the_keyboard() {
    let mut scene = Scene::new("nl");
    scene.preferences.tour_seen = false;
    let mut harness = scene.harness(DESK, 1.0);
    let focused = harness
        .root()
        .children_recursive()
        .any(|node| node.accesskit_node().is_focused());
    assert!(!focused, "keys go to the city");
    press(&mut harness, "Rondleiding");
    harness.get_by_label("De stad bewegen");

    let mut scene = Scene::new("nl");
    scene.preferences.tour_seen = false;
    let mut harness = scene.harness(DESK, 1.0);
    let asked = press(&mut harness, "Niet nu");
    assert_eq!(asked[0].settings, [SettingsAction::TourSeen]);
    harness.state_mut().preferences.tour_seen = true;
    harness.run();
    assert!(harness.query_by_label("Niet nu").is_none());
}

#[test]
fn the_tour_starts_again_from_the_keys_and_from_the_start_screen() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    press(&mut harness, "Toetsen");
    press(&mut harness, "Rondleiding");
    assert_eq!(harness.state().desk.dialog, None);
    harness.get_by_label("De stad bewegen");

    let mut scene = Scene::new("nl");
    scene.desk.start = Some(StartState::default());
    let mut harness = scene.harness(DESK, 1.0);
    let asked = press(&mut harness, "Rondleiding");
    assert_eq!(asked[0].start, [StartAction::Tour]);
    assert!(
        harness.query_by_label("De stad bewegen").is_none(),
        "not before there is a city"
    );
    harness.state_mut().desk.start = None;
    harness.run();
    harness.get_by_label("De stad bewegen");
}

#[test]
fn a_lens_without_layers_has_a_shorter_tour() {
    let mut scene = Scene::new("nl");
    scene.pages = vec![Page::Variants, Page::Viewpoints];
    scene.desk.start_tour();
    let mut harness = scene.harness(DESK, 1.0);
    harness.get_by_label("1 van 6");
    for _ in 0..4 {
        press(&mut harness, "Volgende");
    }
    harness.get_by_label("Iets anders openen");
}
