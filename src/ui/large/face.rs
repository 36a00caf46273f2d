//! Three faces that are told apart by their mouth, not only by their colour.

use super::button::{ground, paint_words};
use super::words::fitted;
use super::{Large, LargeKind, LargeRole};
use bevy_egui::egui::{Align, Color32, Painter, Pos2, Rect, Response, Shape, Stroke, Ui, pos2, vec2};
use std::f32::consts::PI;

/// What a face says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// The corners of the mouth down.
    Sad,
    /// A straight mouth.
    Neutral,
    /// The corners of the mouth up.
    Glad,
}

const SAD: Color32 = Color32::from_rgb(0xF0, 0xB2, 0xA0);
const NEUTRAL: Color32 = Color32::from_rgb(0xF6, 0xDD, 0x9A);
const GLAD: Color32 = Color32::from_rgb(0xB9, 0xDD, 0xA6);

/// A button with a face over its words, or before them where it is low.
pub fn face_button(ui: &Ui, rect: Rect, mood: Mood, words: &str, is_chosen: bool) -> Response {
    let large = Large::of(ui.ctx());
    let kind = if is_chosen { LargeKind::Chosen } else { LargeKind::Plain };
    let (response, ink) = ground(ui, rect, words, kind, true);
    let inner = rect.shrink(large.mm(2.0));
    let is_stacked = rect.height() > large.mm(36.0);
    if is_stacked {
        let room = (inner.height() * 0.62).min(inner.width());
        let center = pos2(inner.center().x, inner.top() + room / 2.0);
        paint_face(ui.painter(), center, room / 2.0, mood, large.tokens.ink);
        paint_words(ui, inner.with_min_y(inner.top() + room), words, ink, Align::Center);
    } else {
        // Face and words stand in the middle together.
        let side = inner.height().min(inner.width() * 0.3);
        let gap = large.mm(2.5);
        let room = (inner.width() - side - gap, inner.height());
        let galley = fitted(ui, words, LargeRole::Strong, ink, room, Align::LEFT);
        let left = inner.center().x - (side + gap + galley.size().x) / 2.0;
        let center = pos2(left + side / 2.0, inner.center().y);
        paint_face(ui.painter(), center, side / 2.0, mood, large.tokens.ink);
        let at = pos2(left + side + gap, inner.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, ink);
    }
    response
}

/// A face of `radius` points.
pub fn paint_face(painter: &Painter, center: Pos2, radius: f32, mood: Mood, ink: Color32) {
    let fill = match mood {
        Mood::Sad => SAD,
        Mood::Neutral => NEUTRAL,
        Mood::Glad => GLAD,
    };
    let line = Stroke::new((radius * 0.09).max(1.5), ink);
    painter.circle(center, radius * 0.94, fill, line);
    for side in [-1.0, 1.0] {
        let eye = center + vec2(side * radius * 0.34, -radius * 0.22);
        painter.circle_filled(eye, radius * 0.11, ink);
    }
    let (low, bend) = match mood {
        Mood::Sad => (0.52, -0.24),
        Mood::Neutral => (0.36, 0.0),
        Mood::Glad => (0.24, 0.28),
    };
    let mouth: Vec<Pos2> = (0..=12_u8)
        .map(|step| {
            let part = f32::from(step) / 12.0;
            let x = (part - 0.5) * radius * 0.92;
            center + vec2(x, radius * (low + bend * (part * PI).sin()))
        })
        .collect();
    painter.add(Shape::line(mouth, line));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Tokens, contrast_ratio};

    #[test]
    fn eyes_and_mouth_read_on_every_face() {
        for fill in [SAD, NEUTRAL, GLAD] {
            assert!(contrast_ratio(Tokens::LIGHT.ink, fill) > 4.5, "{fill:?}");
        }
    }
}
