//! A few words, by a keyboard on the screen or a real one.

use super::{Keys, Seen};
use crate::lenses::participation::kiosk::session::Touch;
use crate::model::Reaction;
use crate::text::{tr, tr_count};
use crate::ui::large::{Key, KeyNames, Large, LargeRole, keyboard, keyboard_height, label_height, paragraph};
use bevy_egui::egui::{
    self, CornerRadius, Event, Id, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2,
};

fn warning_height(ui: &Ui, seen: &Seen<'_>, width: f32) -> f32 {
    label_height(ui, &tr(seen.language(), "kiosk-words-warning"), LargeRole::Body, width)
}

pub(super) fn height(ui: &Ui, seen: &Seen<'_>, width: f32, room: f32) -> f32 {
    let large = Large::of(ui.ctx());
    let text = LargeRole::Body.size(&large) * 1.4 * 2.0 + large.mm(6.0);
    let wanted = warning_height(ui, seen, width) + text + keyboard_height(&large) + 2.0 * large.gap();
    // The keys keep their size; only what is read may stand higher than hands reach.
    wanted.max(room * 0.5)
}

pub(super) fn show(ui: &Ui, block: Rect, seen: &Seen<'_>, keys: &mut Keys, touches: &mut Vec<Touch>) {
    let large = Large::of(ui.ctx());
    let language = seen.language();
    let words = &seen.session.draft.words;
    let warning = block.with_max_y(block.top() + warning_height(ui, seen, block.width()));
    paragraph(
        ui,
        warning,
        &tr(language, "kiosk-words-warning"),
        LargeRole::Body,
        large.tokens.ink,
    );
    let board = block.with_min_y(block.bottom() - keyboard_height(&large));
    let field = Rect::from_min_max(
        pos2(block.left(), warning.bottom() + large.gap()),
        pos2(block.right(), board.top() - large.gap()),
    );
    show_field(ui, field, seen);
    let names = KeyNames {
        space: &tr(language, "kiosk-key-space"),
        back: &tr(language, "kiosk-key-back"),
        shift: &tr(language, "kiosk-key-shift"),
        more: &if keys.is_more {
            tr(language, "kiosk-key-letters")
        } else {
            tr(language, "kiosk-key-more")
        },
        done: &tr(language, "kiosk-key-done"),
    };
    // A sentence begins with a capital without anybody having to ask for one.
    let begins = words.trim_end().is_empty() || words.trim_end().ends_with(['.', '!', '?']);
    let is_capital = keys.is_capital != begins;
    let is_german = language.code() == "de";
    match keyboard(ui, board, &names, (is_german, is_capital, keys.is_more)) {
        Some(Key::Text(text)) => {
            keys.is_capital = false;
            touches.push(Touch::Type(text));
        }
        Some(Key::Back) => touches.push(Touch::Erase),
        Some(Key::Shift) => keys.is_capital = !keys.is_capital,
        Some(Key::More) => keys.is_more = !keys.is_more,
        Some(Key::Done) => touches.push(Touch::Back),
        None => {}
    }
    // A real keyboard works too, where there is one.
    ui.input(|input| {
        for event in &input.events {
            match event {
                Event::Text(text) => touches.push(Touch::Type(text.clone())),
                Event::Key {
                    key: egui::Key::Backspace,
                    pressed: true,
                    ..
                } => touches.push(Touch::Erase),
                _ => {}
            }
        }
    });
}

/// What was written so far, with a bar where the next letter comes.
fn show_field(ui: &Ui, field: Rect, seen: &Seen<'_>) {
    let large = Large::of(ui.ctx());
    let words = &seen.session.draft.words;
    ui.painter().rect(
        field,
        CornerRadius::same(6),
        large.tokens.field,
        Stroke::new(large.mm(0.5).max(1.0), large.tokens.line),
        StrokeKind::Inside,
    );
    let inner = field.shrink(large.mm(3.0));
    let left = Reaction::MAX_CHARS.saturating_sub(words.chars().count());
    let count = tr_count(seen.language(), "kiosk-words-left", left);
    let edge = inner.with_min_x(inner.right() - large.mm(46.0) * large.text.sqrt());
    paragraph(ui, edge, &count, LargeRole::Small, large.tokens.muted);
    let text = inner.with_max_x(edge.left() - large.gap());
    paragraph(ui, text, &format!("{words}|"), LargeRole::Body, large.tokens.ink);
    let response = ui.interact(field, Id::new("kiosk-words"), Sense::hover());
    response.widget_info(|| {
        let name = tr(seen.language(), "kiosk-words-field");
        let mut info = WidgetInfo::labeled(WidgetType::TextEdit, false, name);
        info.current_text_value = Some(words.clone());
        info
    });
}
