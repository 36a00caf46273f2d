//! The city: turn it, come nearer, move the sun, compare with today, and give a face. And the same city under a fixed
//! marker, to point out a spot.

use super::{Seen, headed, heading_height, mood_of};
use crate::export::smiley_word;
use crate::lenses::participation::kiosk::session::{SunPart, Touch};
use crate::model::reaction::Smiley;
use crate::text::{tr, tr_args};
use crate::ui::large::{Large, LargeButton, LargeKind, LargeRole, button, face_button, fitting_grid, grid};
use bevy_egui::egui::{Rect, Ui};
use egui_phosphor::regular;

struct Control {
    icon: &'static str,
    label: String,
    kind: LargeKind,
    touch: Option<Touch>,
}

/// One of several controls.
fn plain(icon: &'static str, label: String, touch: Touch) -> Control {
    Control {
        icon,
        label,
        kind: LargeKind::Plain,
        touch: Some(touch),
    }
}

/// Back, and what moves the city.
fn moving_controls(seen: &Seen<'_>) -> Vec<Control> {
    let language = seen.language();
    vec![
        plain(regular::CARET_LEFT, tr(language, "kiosk-back"), Touch::Back),
        plain(regular::ARROW_CLOCKWISE, tr(language, "kiosk-turn"), Touch::Turn(1)),
        plain(
            regular::MAGNIFYING_GLASS_PLUS,
            tr(language, "kiosk-nearer"),
            Touch::Zoom(-1),
        ),
        plain(
            regular::MAGNIFYING_GLASS_MINUS,
            tr(language, "kiosk-further"),
            Touch::Zoom(1),
        ),
    ]
}

fn view_controls(seen: &Seen<'_>) -> Vec<Control> {
    let language = seen.language();
    let (sun_icon, sun) = match seen.session.sun {
        SunPart::Morning => (regular::SUN_HORIZON, tr(language, "kiosk-sun-morning")),
        SunPart::Noon => (regular::SUN, tr(language, "kiosk-sun-noon")),
        SunPart::Evening => (regular::SUN_DIM, tr(language, "kiosk-sun-evening")),
    };
    let compare = if seen.session.shows_today {
        tr(language, "kiosk-show-plan")
    } else {
        tr(language, "kiosk-show-today")
    };
    let mut controls = moving_controls(seen);
    controls.push(plain(sun_icon, sun, Touch::Sun));
    // Only a plan can be held against today.
    let variants = &seen.scenario.variants;
    let is_plan = |id: &str| variants.iter().any(|variant| variant.id == id && !variant.is_today());
    if is_plan(&seen.session.draft.variant) && variants.iter().any(crate::model::Variant::is_today) {
        controls.push(plain(regular::ARROWS_LEFT_RIGHT, compare, Touch::Compare));
    }
    controls
}

fn row_height(seen: &Seen<'_>, large: &Large) -> f32 {
    if seen.is_low() { large.target() } else { large.mm(28.0) }
}

fn least_width(seen: &Seen<'_>, large: &Large) -> f32 {
    let usual = if seen.is_low() { 60.0 } else { 44.0 };
    large.mm(usual) * (1.0 + (large.text - 1.0) * 0.6)
}

/// The question over the faces. It names the plan: a face is for the plan, also while today is looked at.
fn question(seen: &Seen<'_>) -> String {
    let plan = seen.title_of(&seen.session.draft.variant);
    tr_args(seen.language(), "kiosk-what-do-you-think", &[("plan", &plan)])
}

/// How large the question is; what is lower leaves less room for it.
fn question_role(seen: &Seen<'_>) -> LargeRole {
    if seen.is_low() {
        LargeRole::Strong
    } else {
        LargeRole::Heading
    }
}

fn face_height(seen: &Seen<'_>, large: &Large) -> f32 {
    if seen.is_low() { large.mm(22.0) } else { large.mm(40.0) }
}

pub(super) fn height(ui: &Ui, seen: &Seen<'_>, width: f32) -> f32 {
    let large = Large::of(ui.ctx());
    let question = question(seen);
    let count = view_controls(seen).len();
    let (_, controls) = fitting_grid(
        &large,
        count,
        width,
        least_width(seen, &large),
        row_height(seen, &large),
    );
    let question = heading_height(ui, &question, question_role(seen), width);
    controls + large.gap() + question + face_height(seen, &large)
}

pub(super) fn show(ui: &Ui, block: Rect, seen: &Seen<'_>, touches: &mut Vec<Touch>) {
    let large = Large::of(ui.ctx());
    let controls = view_controls(seen);
    let rest = show_controls(ui, block, seen, controls, touches);
    let faces = headed(ui, rest, &question(seen), question_role(seen));
    for (place, smiley) in grid(faces, 3, 3, large.gap()).into_iter().zip(Smiley::ALL) {
        let name = smiley_word(smiley, seen.language());
        let is_chosen = seen.session.draft.smiley == Some(smiley);
        if face_button(ui, place, mood_of(smiley), &name, is_chosen).clicked() {
            touches.push(Touch::Face(smiley));
        }
    }
}

/// Shows controls in rows at the top of a block; returns what is left below them.
fn show_controls(ui: &Ui, block: Rect, seen: &Seen<'_>, controls: Vec<Control>, touches: &mut Vec<Touch>) -> Rect {
    let large = Large::of(ui.ctx());
    let count = controls.len();
    let (columns, height) = fitting_grid(
        &large,
        count,
        block.width(),
        least_width(seen, &large),
        row_height(seen, &large),
    );
    let at = block.with_max_y(block.top() + height);
    for (place, control) in grid(at, count, columns, large.gap()).into_iter().zip(controls) {
        let look = LargeButton {
            kind: control.kind,
            ..LargeButton::plain(control.icon, &control.label)
        };
        if button(ui, place, &look.enabled(control.touch.is_some())).clicked() {
            touches.extend(control.touch);
        }
    }
    block.with_min_y(at.bottom() + large.gap())
}

fn spot_controls(seen: &Seen<'_>) -> Vec<Control> {
    let language = seen.language();
    let mut controls = moving_controls(seen);
    if seen.session.draft.spot.is_some() {
        controls.push(plain(regular::TRASH, tr(language, "kiosk-no-spot"), Touch::DropSpot));
    }
    controls.push(Control {
        icon: regular::MAP_PIN,
        label: tr(language, "kiosk-put-spot"),
        kind: LargeKind::Primary,
        touch: seen.city.spot.map(Touch::PutSpot),
    });
    controls
}

pub(super) fn spot_height(ui: &Ui, seen: &Seen<'_>, width: f32) -> f32 {
    let large = Large::of(ui.ctx());
    let words = heading_height(ui, &tr(seen.language(), "kiosk-spot"), LargeRole::Heading, width);
    let count = spot_controls(seen).len();
    words
        + fitting_grid(
            &large,
            count,
            width,
            least_width(seen, &large),
            row_height(seen, &large),
        )
        .1
}

pub(super) fn show_spot(ui: &Ui, block: Rect, seen: &Seen<'_>, touches: &mut Vec<Touch>) {
    let rest = headed(ui, block, &tr(seen.language(), "kiosk-spot"), LargeRole::Heading);
    show_controls(ui, rest, seen, spot_controls(seen), touches);
}
