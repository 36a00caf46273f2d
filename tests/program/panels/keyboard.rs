//! The keyboard alone suffices: Tab reaches every control, and where it is can be seen.

use super::scene::{Scene, press};
use bevy_egui::egui::{Key, Rect, Shape, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;
use stadslens::panels::desk::{Dialog, Page};
use stadslens::panels::start::StartState;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Controls that are on the screen and can be operated, by their name and their node.
fn controls(harness: &Harness<'_, Scene>) -> BTreeMap<String, String> {
    harness
        .root()
        .children_recursive()
        .filter(|node| {
            let node = node.accesskit_node();
            !node.is_disabled()
                && matches!(
                    node.role(),
                    Role::Button | Role::RadioButton | Role::CheckBox | Role::Slider | Role::TextInput
                )
        })
        .map(|node| {
            let node = node.accesskit_node();
            let place = node.bounding_box();
            (format!("{:?}", node.id()), format!("{:?} {place:?}", node.label()))
        })
        .collect()
}

fn focused(harness: &Harness<'_, Scene>) -> Option<(String, Rect)> {
    harness
        .root()
        .children_recursive()
        .find(|node| node.accesskit_node().is_focused())
        .map(|node| (format!("{:?}", node.accesskit_node().id()), node.rect()))
}

/// Whether a frame of two points or more is drawn around `rect`, and lies within what is visible.
fn has_ring(harness: &Harness<'_, Scene>, rect: Rect) -> bool {
    let near = |a: f32, b: f32| (a - b).abs() <= 4.0;
    let around = |other: &Rect| {
        near(other.left(), rect.left())
            && near(other.right(), rect.right())
            && near(other.top(), rect.top())
            && near(other.bottom(), rect.bottom())
    };
    harness.output().shapes.iter().any(|clipped| {
        let is_ring = |shape: &Shape| match shape {
            Shape::Rect(drawn) => {
                drawn.stroke.width >= 1.0
                    && drawn.stroke.color.a() > 200
                    && around(&drawn.rect)
                    && clipped.clip_rect.expand(1.0).intersects(drawn.rect)
                    && clipped.clip_rect.expand(4.0).contains(drawn.rect.center())
            }
            _ => false,
        };
        match &clipped.shape {
            Shape::Vec(shapes) => shapes.iter().any(is_ring),
            shape => is_ring(shape),
        }
    })
}

/// Walks with Tab until it comes round, and checks that every control was reached and showed it.
fn walk(harness: &mut Harness<'_, Scene>, case: &str) {
    let mut left = controls(harness);
    assert!(left.len() >= 2, "{case}: {left:?}");
    let most = 2 * left.len() + 10;
    for _ in 0..most {
        harness.key_press(Key::Tab);
        harness.run();
        if let Some((id, rect)) = focused(harness) {
            assert!(
                has_ring(harness, rect),
                "{case}: nothing shows the focus at {rect:?}, {:?}",
                left.get(&id)
            );
            left.remove(&id);
        }
    }
    assert!(left.is_empty(), "{case}: never reached: {left:?}");
}

#[test]
fn tab_reaches_every_control_of_the_desk_and_shows_where_it_is() {
    for page in [Page::Variants, Page::Viewpoints, Page::Layers] {
        let mut scene = Scene::new("nl").with_card();
        scene.desk.sun_open = true;
        scene.desk.page = page;
        walk(&mut scene.harness((1920.0, 1080.0), 1.0), &format!("{page:?}"));
    }
}

#[test]
fn tab_reaches_every_control_of_a_small_window_with_large_letters() {
    for card in [false, true] {
        let mut scene = Scene::new("nl");
        if card {
            scene = scene.with_card();
        }
        scene.desk.page = Page::Layers;
        let row = scene.layers.rows[0].clone();
        for number in 0..6 {
            scene.layers.rows.push(stadslens::panels::layers::LayerRow {
                id: format!("more {number}"),
                title: format!("Laag {number}"),
                ..row.clone()
            });
        }
        walk(&mut scene.harness((1024.0, 600.0), 2.0), &format!("card {card}"));
    }
}

#[test]
fn tab_reaches_every_control_of_the_dialogs_and_of_the_start_screen() {
    for dialog in [Dialog::Keys, Dialog::Settings, Dialog::Problems] {
        let mut scene = Scene::new("nl");
        scene.desk.dialog = Some(dialog);
        let mut harness = scene.harness((1440.0, 900.0), 1.0);
        // What lies behind a dialog is out of reach until it is closed.
        let mut reached = BTreeMap::new();
        for _ in 0..40 {
            harness.key_press(Key::Tab);
            harness.run();
            if let Some((id, rect)) = focused(&harness) {
                assert!(has_ring(&harness, rect), "{dialog:?}: {rect:?}");
                reached.insert(id, rect);
            }
        }
        let least = match dialog {
            Dialog::Settings => 14,
            Dialog::Problems => 6,
            _ => 2,
        };
        assert!(reached.len() >= least, "{dialog:?}: {reached:?}");
    }
    let mut scene = Scene::new("nl");
    scene.desk.start = Some(StartState {
        recent: vec![PathBuf::from("/data/enschede.stadslens")],
        can_browse: true,
        path: "/data".to_owned(),
        ..StartState::default()
    });
    walk(&mut scene.harness((1440.0, 900.0), 1.0), "start screen");
}

#[test]
fn what_the_keyboard_reaches_in_a_long_list_comes_into_view() {
    let mut scene = Scene::new("nl");
    let row = scene.variants.rows[0].clone();
    for number in 0..30 {
        scene.variants.rows.push(stadslens::panels::variants::VariantRow {
            id: format!("v{number}"),
            title: format!("Plan {number}"),
            ..row.clone()
        });
    }
    let mut harness = scene.harness((1440.0, 900.0), 1.0);
    harness.key_press(Key::Tab);
    harness.run();
    for _ in 0..70 {
        harness.key_press(Key::Tab);
        harness.run();
        if let Some((_, rect)) = focused(&harness) {
            assert!(
                rect.top() >= 0.0 && rect.bottom() <= 900.0,
                "the focus is out of sight at {rect:?}"
            );
        }
    }
    press(&mut harness, "Inklappen");
}
