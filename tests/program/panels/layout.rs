//! Where things are, at every size of the window and of the letters.

use super::scene::{DESK, Scene, languages, press, say};
use bevy_egui::egui::{Rect, accesskit::Role, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use stadslens::panels::desk::Dialog;
use stadslens::ui::shell::{SideZone, VIEW_SHARE};

/// Every control of a zone lies within it and within the window, at every size and letter size.
#[test]
fn nothing_sticks_out_or_overlaps_at_any_size() {
    for language in languages() {
        for size in [(1024.0, 600.0), (1280.0, 720.0), (1920.0, 1080.0), (3840.0, 2160.0)] {
            for scale in [1.0, 1.5, 2.0] {
                for card in [false, true] {
                    let mut scene = Scene::new(language);
                    if card {
                        scene = scene.with_card();
                    }
                    scene.desk.sun_open = true;
                    let harness = scene.harness(size, scale);
                    check_layout(&harness, &format!("{language} {size:?} at {scale}, card {card}"), size);
                }
            }
        }
    }
}

fn check_layout(harness: &Harness<'_, Scene>, case: &str, size: (f32, f32)) {
    let zones = harness.state().zones.expect("shown");
    let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(size.0, size.1));
    assert!(
        zones.middle.width() >= VIEW_SHARE * size.0 - 0.5,
        "{case}: view {:?}",
        zones.middle
    );
    assert!(!matches!(zones.left, SideZone::Nothing), "{case}");
    let mut homes = vec![zones.top_bar, zones.status_bar, zones.banner, zones.strip, zones.tools];
    homes.extend(zones.left.rect());
    homes.extend(zones.right.rect());
    let controls: Vec<(String, Rect)> = harness
        .root()
        .children_recursive()
        .filter(|node| {
            matches!(
                node.accesskit_node().role(),
                Role::Button | Role::RadioButton | Role::CheckBox | Role::Slider
            )
        })
        .map(|node| (node.accesskit_node().label().unwrap_or_default(), node.rect()))
        .collect();
    // Rows of a scrolled list go on below its panel, where they are not drawn.
    let sides: Vec<Rect> = [zones.left, zones.right].iter().filter_map(SideZone::rect).collect();
    let scrolled_away = |rect: &Rect| {
        let below = |side: &Rect| side.x_range().contains(rect.center().x) && rect.bottom() > side.bottom() - 12.0;
        sides.iter().any(below)
    };
    let controls: Vec<_> = controls.into_iter().filter(|(_, rect)| !scrolled_away(rect)).collect();
    assert!(controls.len() >= 12, "{case}: only {} controls", controls.len());
    for (index, (name, rect)) in controls.iter().enumerate() {
        let home = homes.iter().position(|home| home.expand(1.0).contains(rect.center()));
        let home = home.unwrap_or_else(|| panic!("{case}: {name} at {rect:?} is in no zone"));
        assert!(
            homes[home].expand(1.0).x_range().contains(rect.left())
                && homes[home].expand(1.0).x_range().contains(rect.right()),
            "{case}: {name} at {rect:?} sticks out of {:?}",
            homes[home]
        );
        assert!(
            screen.expand(0.5).x_range().contains(rect.right()),
            "{case}: {name} at {rect:?}"
        );
        for (other, other_rect) in &controls[index + 1..] {
            let both = rect.shrink(1.0).intersect(other_rect.shrink(1.0));
            assert!(
                !both.is_positive(),
                "{case}: {name} {rect:?} overlaps {other} {other_rect:?}"
            );
        }
    }
}

/// At the smallest window and the largest letters every dialog can still be read and closed.
#[test]
fn dialogs_fit_the_smallest_window_at_the_largest_letters() {
    let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(1024.0, 600.0));
    for language in languages() {
        for dialog in [
            Dialog::Charter,
            Dialog::Keys,
            Dialog::Settings,
            Dialog::Problems,
            Dialog::System,
        ] {
            let mut scene = Scene::new(language);
            scene.desk.dialog = Some(dialog);
            let mut harness = scene.harness((1024.0, 600.0), 2.0);
            let close = say(language, "close");
            let rect = harness.get_by_label(&close).rect();
            assert!(screen.contains_rect(rect), "{language} {dialog:?}: {rect:?}");
            press(&mut harness, &close);
            assert_eq!(harness.state().desk.dialog, None, "{language} {dialog:?}");
        }
    }
}

/// What was picked comes forward, the panel that makes room comes back when asked, and so does the card.
#[test]
fn a_small_window_shows_what_was_asked_for_last() {
    let mut harness = Scene::new("nl").harness((1024.0, 600.0), 1.0);
    harness.get_by_label("Masterplan");
    let card = Scene::new("nl").with_card().card;
    harness.state_mut().card = card;
    harness.run();
    harness.get_by_label("Bouwjaar: 1890");
    assert!(
        harness.query_by_label("Masterplan").is_none(),
        "the left panel made room"
    );
    press(&mut harness, "Varianten");
    harness.get_by_label("Masterplan");
    assert!(
        harness.query_by_label("Bouwjaar: 1890").is_none(),
        "now the card made room"
    );
    press(&mut harness, "Gegevens");
    harness.get_by_label("Bouwjaar: 1890");
}

/// The city may be dragged and picked wherever nothing of the interface is drawn.
#[test]
fn the_pointer_is_over_the_interface_only_where_something_is_drawn() {
    let mut harness = Scene::new("nl").harness(DESK, 1.0);
    let zones = harness.state().zones.expect("shown");
    let left = zones.left.rect().expect("the left panel");
    for (place, over) in [
        (zones.top_bar.center() + vec2(300.0, 0.0), true),
        (zones.status_bar.center(), true),
        (left.left_top() + vec2(20.0, 20.0), true),
        (left.left_bottom() + vec2(20.0, -20.0), false),
        (zones.middle.center(), false),
        (zones.banner.left_center() + vec2(20.0, 0.0), false),
        (zones.banner.center(), true),
        (zones.tools.center(), true),
    ] {
        harness.hover_at(place);
        harness.run();
        assert_eq!(harness.ctx.is_pointer_over_egui(), over, "{place:?}");
    }
}
