//! The keys and what they do.

use crate::text::{Language, tr};
use crate::ui::widgets::{self, ButtonKind};
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::Ui;
use egui_phosphor::regular;

/// Shows every key that works at the desk, and what mouse, trackpad and fingers do; returns whether the tour was asked for.
pub fn show(ui: &mut Ui, language: &Language) -> bool {
    let space = tr(language, "keys-space");
    let (page_up, page_down) = (tr(language, "keys-page-up"), tr(language, "keys-page-down"));
    let (drag, wheel) = (tr(language, "keys-drag"), tr(language, "keys-wheel"));
    let right_drag = tr(language, "keys-right-drag");
    let middle_drag = tr(language, "keys-middle-drag");
    let (one, two) = (tr(language, "keys-one-finger"), tr(language, "keys-two-fingers"));
    let pinch = tr(language, "keys-pinch");
    let click = tr(language, "keys-click");
    let groups: [(String, Vec<(Vec<&str>, String)>); 4] = [
        (
            tr(language, "keys-group-desk"),
            vec![
                (vec!["1", "…", "9"], tr(language, "keys-variants")),
                (vec!["F1", "F2", "F3"], tr(language, "keys-lenses")),
                (vec!["/"], tr(language, "search-key")),
                (vec!["S"], tr(language, "keys-sun")),
                (vec!["T"], tr(language, "notes-write")),
                (vec!["Ctrl", "Z"], tr(language, "notes-undo")),
                (vec!["Ctrl", "Y"], tr(language, "notes-redo")),
                (vec!["Tab"], tr(language, "keys-focus")),
                (vec!["Enter"], tr(language, "keys-press")),
                (vec!["Ctrl", "O"], tr(language, "keys-open")),
                (vec!["Ctrl", "E"], tr(language, "take-along-key")),
                (vec!["Ctrl", "P"], tr(language, "picture-key")),
                (vec!["Ctrl", "Q"], tr(language, "keys-quit")),
                (vec!["F12"], tr(language, "meters-key")),
                (vec!["Esc"], tr(language, "keys-back")),
                (vec!["?"], tr(language, "keys-help")),
            ],
        ),
        (
            tr(language, "keys-group-view"),
            vec![
                (vec!["←", "↑", "→", "↓"], tr(language, "keys-move")),
                (vec!["Shift", "←", "→"], tr(language, "keys-turn")),
                (vec!["Shift", "↑", "↓"], tr(language, "keys-tilt")),
                (vec!["+", "−"], tr(language, "keys-zoom")),
                (vec![&page_up, &page_down], tr(language, "keys-raise")),
                (vec![&space], tr(language, "keys-home")),
                (vec!["N"], tr(language, "keys-north")),
                (vec!["W"], tr(language, "keys-walk")),
            ],
        ),
        (
            tr(language, "keys-group-mouse"),
            vec![
                (vec![&click], tr(language, "keys-choose")),
                (vec![&drag], tr(language, "keys-move")),
                (vec![&right_drag], tr(language, "keys-turn-tilt")),
                (vec![&middle_drag], tr(language, "keys-turn-tilt")),
                (vec!["Ctrl", &drag], tr(language, "keys-turn-tilt")),
                (vec!["Shift", &drag], tr(language, "keys-look")),
                (vec![&wheel], tr(language, "keys-zoom")),
            ],
        ),
        (
            tr(language, "keys-group-touch"),
            vec![
                (vec![&one], tr(language, "keys-turn-tilt")),
                (vec![&two], tr(language, "keys-move")),
                (vec![&pinch], tr(language, "keys-zoom")),
            ],
        ),
    ];
    let tour = widgets::button(
        ui,
        regular::SIGNPOST,
        &tr(language, "tour-start"),
        ButtonKind::Secondary,
    );
    let theme = Theme::of(ui.ctx());
    let column = theme.size(TextRole::Small) * 11.0;
    let show_groups = |ui: &mut Ui, groups: &[(String, Vec<(Vec<&str>, String)>)]| {
        for (name, rows) in groups {
            ui.add_space(2.0 * Theme::STEP);
            widgets::strong(ui, name);
            for (keys, what) in rows {
                widgets::key_cap_row(ui, keys, what, column);
            }
        }
    };
    let (keyboard, hand) = groups.split_at(2);
    if ui.available_width() >= 2.0 * (column + theme.size(TextRole::Body) * 13.0) {
        ui.columns(2, |columns| {
            show_groups(&mut columns[0], keyboard);
            show_groups(&mut columns[1], hand);
        });
    } else {
        show_groups(ui, keyboard);
        show_groups(ui, hand);
    }
    tour.clicked()
}
