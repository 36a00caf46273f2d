//! Which variant? One card each: a picture, a name, two plain facts.

use super::{Seen, headed};
use crate::lenses::participation::kiosk::portraits::Portraits;
use crate::lenses::participation::kiosk::session::Touch;
use crate::text::tr;
use crate::ui::large::{Large, LargeButton, LargeRole, cell, columns_that_fit, grid, surface};
use bevy_egui::egui::{Color32, CornerRadius, Rect, Ui, pos2, vec2};

/// Narrowest card, millimetres.
const LEAST_CARD_MM: f32 = 84.0;

pub(super) fn show(ui: &Ui, block: Rect, seen: &Seen<'_>, touches: &mut Vec<Touch>) {
    let large = Large::of(ui.ctx());
    let language = seen.language();
    let rest = headed(ui, block, &tr(language, "kiosk-choose"), LargeRole::Heading);
    let variants = &seen.scenario.variants;
    let columns = columns_that_fit(variants.len(), rest.width(), large.mm(LEAST_CARD_MM), large.gap());
    let places = grid(rest, variants.len(), columns, large.gap());
    for (place, (index, variant)) in places.into_iter().zip(variants.iter().enumerate()) {
        let title = variant.title.get(&language.code()).to_owned();
        let facts: Vec<String> = seen
            .facts
            .get(index)
            .into_iter()
            .flatten()
            .map(|fact| fact.words(language))
            .collect();
        let is_chosen = seen.session.draft.variant == variant.id;
        // The button is the whole card; its own words are painted where the picture leaves room.
        let name = std::iter::once(title.clone())
            .chain(facts.iter().cloned())
            .collect::<Vec<_>>()
            .join(", ");
        let pressed = card(ui, place, &name, is_chosen);
        paint_card(
            ui,
            place.shrink(large.mm(2.5)),
            &title,
            &facts,
            seen.portraits.of(&variant.id),
            &large,
        );
        if pressed {
            touches.push(Touch::Choose(variant.id.clone()));
        }
    }
}

fn card(ui: &Ui, place: Rect, name: &str, is_chosen: bool) -> bool {
    let look = LargeButton::plain("", name).chosen(is_chosen);
    surface(ui, place, &look).clicked()
}

fn paint_card(
    ui: &Ui,
    inner: Rect,
    title: &str,
    facts: &[String],
    picture: Option<bevy_egui::egui::TextureId>,
    large: &Large,
) {
    let line = LargeRole::Body.size(large) * 1.25;
    let heading = LargeRole::Strong.size(large) * 1.3;
    #[expect(clippy::cast_precision_loss, reason = "two facts")]
    let words = heading + facts.len() as f32 * line;
    // A low card has its words beside its picture.
    let is_beside = inner.height() < words + large.mm(24.0);
    let picture_room = if is_beside {
        inner.with_max_x(inner.left() + inner.width() * 0.42)
    } else {
        inner.with_max_y(inner.bottom() - words - large.mm(1.0))
    };
    if let Some(texture) = picture {
        let uv = covering(picture_room, Portraits::aspect());
        let radius = CornerRadius::same(4);
        ui.painter().add(
            bevy_egui::egui::epaint::RectShape::filled(picture_room, radius, Color32::WHITE).with_texture(texture, uv),
        );
    }
    let room = if is_beside {
        inner.with_min_x(picture_room.right() + large.mm(2.0))
    } else {
        inner.with_min_y(picture_room.bottom() + large.mm(1.0))
    };
    let head = room.with_max_y(room.top() + heading.min(room.height() * 0.4));
    cell(ui, head, title, LargeRole::Strong, large.tokens.ink);
    let below = room.with_min_y(head.bottom());
    for (place, fact) in grid(below, facts.len(), 1, 0.0).into_iter().zip(facts) {
        cell(ui, place, fact, LargeRole::Body, large.tokens.ink);
    }
}

/// The part of a picture of `aspect` that fills `rect` without being stretched.
fn covering(rect: Rect, aspect: f32) -> Rect {
    let wanted = rect.width() / rect.height().max(1.0);
    let share = if wanted > aspect {
        vec2(1.0, aspect / wanted)
    } else {
        vec2(wanted / aspect, 1.0)
    };
    Rect::from_center_size(pos2(0.5, 0.5), share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_cut_and_not_stretched() {
        for (width, height) in [(100.0, 100.0), (300.0, 80.0), (80.0, 300.0)] {
            let uv = covering(Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height)), 1.6);
            let shown = uv.width() * 1.6 / uv.height();
            assert!((shown - width / height).abs() < 1e-3);
            assert!(
                Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0))
                    .expand(1e-3)
                    .contains_rect(uv)
            );
        }
    }
}
