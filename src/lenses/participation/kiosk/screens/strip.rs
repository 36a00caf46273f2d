//! The strip at the very bottom of every screen.

use super::Seen;
use crate::lenses::participation::kiosk::session::{Step, Touch};
use crate::text::{Language, tr};
use crate::ui::large::{Large, LargeButton, button, fitting_grid, grid};
use bevy_egui::egui::{Rect, Ui};
use egui_phosphor::regular;

/// What a button of the strip does.
enum Does {
    Touches(Touch),
    Staff,
}

struct Item {
    icon: &'static str,
    label: String,
    is_on: bool,
    does: Does,
}

fn items(seen: &Seen<'_>) -> Vec<Item> {
    let language = seen.language();
    let others = seen.languages.iter().filter(|other| *other != language);
    let mut items: Vec<Item> = others
        .map(|other| Item {
            icon: regular::GLOBE,
            label: other.name(),
            is_on: false,
            does: Does::Touches(Touch::Speak(Language::clone(other))),
        })
        .collect();
    items.push(Item {
        icon: regular::TEXT_AA,
        label: tr(language, "kiosk-enlarge"),
        is_on: seen.session.is_enlarged,
        does: Does::Touches(Touch::Enlarge),
    });
    items.push(Item {
        icon: regular::ARROW_LINE_DOWN,
        label: tr(language, "kiosk-lower"),
        is_on: seen.session.is_lowered,
        does: Does::Touches(Touch::Lower),
    });
    items.push(if seen.session.step == Step::Attract {
        Item {
            icon: regular::LOCK_KEY,
            label: tr(language, "kiosk-staff"),
            is_on: false,
            does: Does::Staff,
        }
    } else {
        Item {
            icon: regular::X,
            label: tr(language, "kiosk-stop"),
            is_on: false,
            does: Does::Touches(Touch::Leave),
        }
    });
    items
}

fn least_width(large: &Large) -> f32 {
    large.mm(52.0) * (1.0 + (large.text - 1.0) * 0.5)
}

pub(super) fn height(ui: &Ui, seen: &Seen<'_>, width: f32) -> f32 {
    let large = Large::of(ui.ctx());
    let count = items(seen).len();
    fitting_grid(&large, count, width, least_width(&large), large.target()).1
}

/// Shows the strip; whether staff want in.
pub(super) fn show(ui: &Ui, rect: Rect, seen: &Seen<'_>, touches: &mut Vec<Touch>) -> bool {
    let large = Large::of(ui.ctx());
    let items = items(seen);
    let (columns, _) = fitting_grid(&large, items.len(), rect.width(), least_width(&large), large.target());
    let mut wants_staff = false;
    let places = grid(rect, items.len(), columns, large.gap());
    for (item, place) in items.into_iter().zip(places) {
        let look = LargeButton::plain(item.icon, &item.label).chosen(item.is_on);
        if button(ui, place, &look).clicked() {
            match item.does {
                Does::Touches(touch) => touches.push(touch),
                Does::Staff => wants_staff = true,
            }
        }
    }
    wants_staff
}
