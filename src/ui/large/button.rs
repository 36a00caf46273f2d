//! Large buttons: an icon with words under or beside it.

use super::words::{LargeRole, fitted};
use super::{Large, label};
use crate::ui::blend;
use bevy_egui::egui::{
    Align, Align2, Color32, CornerRadius, FontId, Id, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    WidgetType, pos2, vec2,
};

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LargeKind {
    /// The one thing to do here.
    Primary,
    /// One of several.
    Plain,
    /// One of several, and the one that was chosen.
    Chosen,
}

/// What is on a button.
#[derive(Debug, Clone, Copy)]
pub struct LargeButton<'a> {
    /// Its icon, may be empty.
    pub icon: &'a str,
    /// Its words, which are its name too.
    pub label: &'a str,
    /// How much it asks for attention.
    pub kind: LargeKind,
    /// Whether it can be pressed.
    pub enabled: bool,
}

impl<'a> LargeButton<'a> {
    /// One of several.
    pub fn plain(icon: &'a str, label: &'a str) -> Self {
        Self {
            icon,
            label,
            kind: LargeKind::Plain,
            enabled: true,
        }
    }

    /// The one thing to do.
    pub fn primary(icon: &'a str, label: &'a str) -> Self {
        Self {
            kind: LargeKind::Primary,
            ..Self::plain(icon, label)
        }
    }

    /// The same, chosen or not.
    #[must_use]
    pub fn chosen(self, is_chosen: bool) -> Self {
        let kind = if is_chosen { LargeKind::Chosen } else { self.kind };
        Self { kind, ..self }
    }

    /// The same, to be pressed or not.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }
}

/// A button that fills `rect`; its icon stands over its words where it is high enough, else before them.
pub fn button(ui: &Ui, rect: Rect, look: &LargeButton<'_>) -> Response {
    let large = Large::of(ui.ctx());
    let (response, ink) = ground(ui, rect, look.label, look.kind, look.enabled);
    let inner = rect.shrink(large.mm(2.0));
    if look.icon.is_empty() {
        paint_words(ui, inner, look.label, ink, Align::Center);
        return response;
    }
    // Wide and low has its words beside the icon, where they can be larger.
    let is_stacked = rect.height() > large.mm(25.0) && rect.width() < rect.height() * 3.2;
    let icon_mm = if is_stacked { 11.0 } else { 9.0 };
    let icon_side = large.mm(icon_mm) * large.text.sqrt();
    let glyph = ui
        .painter()
        .layout_no_wrap(look.icon.to_owned(), FontId::proportional(icon_side), ink);
    if is_stacked {
        let at = pos2(inner.center().x, inner.top() + icon_side * 0.6);
        let place = Align2::CENTER_CENTER.anchor_size(at, glyph.size());
        ui.painter().galley(place.min, glyph, ink);
        let words = inner.with_min_y(inner.top() + icon_side * 1.2);
        paint_words(ui, words, look.label, ink, Align::Center);
    } else {
        // Icon and words stand in the middle together.
        let gap = large.mm(2.0);
        let room = inner.width() - glyph.size().x - gap;
        let words = fitted(
            ui,
            look.label,
            LargeRole::Strong,
            ink,
            (room, inner.height()),
            Align::LEFT,
        );
        let left = inner.center().x - (glyph.size().x + gap + words.size().x) / 2.0;
        let place = Align2::LEFT_CENTER.anchor_size(pos2(left, inner.center().y), glyph.size());
        ui.painter().galley(place.min, glyph, ink);
        let at = pos2(place.right() + gap, inner.center().y - words.size().y / 2.0);
        ui.painter().galley(at, words, ink);
    }
    response
}

/// A button without anything painted on it; its label is its name.
pub fn surface(ui: &Ui, rect: Rect, look: &LargeButton<'_>) -> Response {
    ground(ui, rect, look.label, look.kind, look.enabled).0
}

/// A value between a button for less and one for more. `name` says what it is, `shown` how much; returns −1 or 1 when
/// one of them was pressed.
pub fn stepper(ui: &Ui, rect: Rect, name: &str, shown: &str, [less, more]: [&str; 2]) -> i32 {
    let large = Large::of(ui.ctx());
    let side = large.target();
    let row = rect.with_min_x(rect.right() - side * 4.4);
    super::paragraph(
        ui,
        rect.with_max_x(row.left() - large.gap()),
        name,
        LargeRole::Body,
        large.tokens.ink,
    );
    let minus = Rect::from_min_size(pos2(row.left(), rect.center().y - side / 2.0), vec2(side, side));
    let plus = minus.translate(vec2(row.width() - side, 0.0));
    label(
        ui,
        Rect::from_min_max(minus.right_top(), plus.left_bottom()).shrink(large.mm(1.0)),
        shown,
        LargeRole::Strong,
        large.tokens.ink,
    );
    let mut step = 0;
    for (place, words, sign, by) in [(minus, less, "−", -1), (plus, more, "+", 1)] {
        let (response, ink) = ground(ui, place, words, LargeKind::Plain, true);
        let sign_size = LargeRole::Heading.size(&Large { text: 1.0, ..large });
        ui.painter().text(
            place.center(),
            Align2::CENTER_CENTER,
            sign,
            FontId::proportional(sign_size),
            ink,
        );
        if response.clicked() {
            step = by;
        }
    }
    step
}

/// The ground of a control, its outline and its name; returns the colour to write on it with.
pub(super) fn ground(ui: &Ui, rect: Rect, name: &str, kind: LargeKind, enabled: bool) -> (Response, Color32) {
    let large = Large::of(ui.ctx());
    let tokens = &large.tokens;
    let id = Id::new(("large-button", name, ui.layer_id()));
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, id, sense);
    response.widget_info(|| WidgetInfo::selected(WidgetType::Button, enabled, kind == LargeKind::Chosen, name));
    let is_down = response.is_pointer_button_down_on();
    let (mut fill, outline, ink) = match (kind, enabled) {
        (_, false) => (tokens.hover, tokens.hairline, tokens.muted),
        (LargeKind::Primary, true) => (large.accent, large.accent, tokens.on_accent),
        (LargeKind::Chosen, true) => (tokens.tint(large.accent), large.accent, tokens.ink),
        (LargeKind::Plain, true) => (tokens.field, tokens.line, tokens.ink),
    };
    if is_down {
        fill = blend(fill, tokens.ink, 0.18);
    }
    let width = if kind == LargeKind::Chosen { 1.0 } else { 0.4 };
    ui.painter().rect(
        rect,
        radius(&large),
        fill,
        Stroke::new(large.mm(width).max(1.0), outline),
        StrokeKind::Inside,
    );
    if response.has_focus() {
        ui.painter().rect_stroke(
            rect.expand(large.mm(1.0)),
            radius(&large),
            Stroke::new(large.mm(0.8).max(2.0), large.accent),
            StrokeKind::Outside,
        );
    }
    (response, ink)
}

fn radius(large: &Large) -> CornerRadius {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few points")]
    CornerRadius::same(large.mm(3.0).clamp(2.0, 60.0) as u8)
}

pub(super) fn paint_words(ui: &Ui, rect: Rect, words: &str, ink: Color32, align: Align) {
    let galley = fitted(ui, words, LargeRole::Strong, ink, (rect.width(), rect.height()), align);
    let at = pos2(rect.center().x, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, ink);
}
