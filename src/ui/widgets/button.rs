//! Buttons: with words, with an icon, with an icon that stays down.

use super::focus;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{
    Align2, Color32, CornerRadius, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetType,
};

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do here, in the lens colour.
    Primary,
    /// One of several things to do.
    Secondary,
    /// Beside the point; no outline until the pointer is on it.
    Quiet,
}

/// A button with words, and an icon before them where `icon` is not empty.
pub fn button(ui: &mut Ui, icon: &str, label: &str, kind: ButtonKind) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let ink = if !ui.is_enabled() {
        tokens.muted
    } else if kind == ButtonKind::Primary {
        tokens.on_accent
    } else {
        tokens.ink
    };
    let role = if kind == ButtonKind::Primary {
        TextRole::Strong
    } else {
        TextRole::Body
    };
    let glyph = (!icon.is_empty()).then(|| theme.icon(ui, icon, ink));
    let icon_width = glyph.as_ref().map_or(0.0, |glyph| glyph.size().x + 2.0 * Theme::STEP);
    let inset = if kind == ButtonKind::Quiet {
        2.0 * Theme::STEP
    } else {
        Theme::PADDING
    };
    let room = ui.available_width() - icon_width - 2.0 * inset;
    let words = theme.galley(ui, label, role, ink, room, 1);
    let size = Vec2::new(icon_width + words.size().x + 2.0 * inset, theme.control_height());
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    focus::follow(&response);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, ui.is_enabled(), label));
    if ui.is_rect_visible(rect) {
        let (fill, outline) = look(&theme, &response, kind, false);
        ui.painter().rect(
            rect,
            CornerRadius::same(Theme::RADIUS),
            fill,
            Stroke::new(1.0, outline),
            StrokeKind::Inside,
        );
        let mut left = rect.left() + inset;
        if let Some(glyph) = glyph {
            let at = Align2::LEFT_CENTER.align_size_within_rect(glyph.size(), rect.with_min_x(left));
            left += icon_width;
            ui.painter().galley(at.min, glyph, ink);
        }
        let at = Align2::LEFT_CENTER.align_size_within_rect(words.size(), rect.with_min_x(left));
        ui.painter().galley(at.min, words, ink);
        focus::ring(ui, &theme, &response, rect);
    }
    response
}

/// A square button with an icon; `label` is its tooltip and its name for screen readers.
pub fn icon_button(ui: &mut Ui, icon: &str, label: &str) -> Response {
    icon_control(ui, icon, label, None)
}

/// A square button that stays down while `on`.
pub fn icon_toggle(ui: &mut Ui, icon: &str, label: &str, on: bool) -> Response {
    icon_control(ui, icon, label, Some(on))
}

/// A row of a menu over the whole width, with the key that does the same at its end.
pub fn menu_item(ui: &mut Ui, icon: &str, label: &str, shortcut: &str) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let inset = 2.0 * Theme::STEP;
    let glyph = theme.icon(ui, icon, tokens.muted);
    let key = theme.galley(ui, shortcut, TextRole::Small, tokens.muted, f32::INFINITY, 1);
    let text_left = inset + theme.icon_size() + inset;
    let room = ui.available_width() - text_left - key.size().x - 2.0 * inset;
    let words = theme.galley(ui, label, TextRole::Body, tokens.ink, room, 1);
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), theme.control_height()), Sense::click());
    focus::follow(&response);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, ui.is_enabled(), label));
    if ui.is_rect_visible(rect) {
        let (fill, _) = look(&theme, &response, ButtonKind::Quiet, false);
        ui.painter().rect_filled(rect, CornerRadius::same(Theme::RADIUS), fill);
        let at = |size: Vec2, left: f32| {
            Align2::LEFT_CENTER
                .align_size_within_rect(size, rect.with_min_x(left))
                .min
        };
        ui.painter()
            .galley(at(glyph.size(), rect.left() + inset), glyph, tokens.muted);
        ui.painter()
            .galley(at(words.size(), rect.left() + text_left), words, tokens.ink);
        ui.painter()
            .galley(at(key.size(), rect.right() - inset - key.size().x), key, tokens.muted);
        focus::ring(ui, &theme, &response, rect);
    }
    response
}

/// Words that can be pressed, in the secondary size, for a bar that is low; `ink` colours icon and words.
pub fn text_button(ui: &mut Ui, icon: &str, label: &str, ink: Color32) -> Response {
    let theme = Theme::of(ui.ctx());
    let font = bevy_egui::egui::FontId::proportional(theme.size(TextRole::Body));
    let glyph = (!icon.is_empty()).then(|| ui.painter().layout_no_wrap(icon.to_owned(), font, ink));
    let words = theme.galley(ui, label, TextRole::Small, ink, ui.available_width(), 1);
    let icon_width = glyph.as_ref().map_or(0.0, |glyph| glyph.size().x + Theme::STEP);
    let size = Vec2::new(
        icon_width + words.size().x + 2.0 * Theme::STEP,
        words.size().y + Theme::STEP,
    );
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    focus::follow(&response);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, ui.is_enabled(), label));
    if ui.is_rect_visible(rect) {
        let (fill, _) = look(&theme, &response, ButtonKind::Quiet, false);
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
        let left = rect.left() + Theme::STEP;
        let at = |size: Vec2, left: f32| {
            Align2::LEFT_CENTER
                .align_size_within_rect(size, rect.with_min_x(left))
                .min
        };
        if let Some(glyph) = glyph {
            ui.painter().galley(at(glyph.size(), left), glyph, ink);
        }
        ui.painter().galley(at(words.size(), left + icon_width), words, ink);
        focus::ring(ui, &theme, &response, rect.shrink(1.0));
    }
    response
}

fn icon_control(ui: &mut Ui, icon: &str, label: &str, on: Option<bool>) -> Response {
    let theme = Theme::of(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(theme.control_height()), Sense::click());
    focus::follow(&response);
    response.widget_info(|| match on {
        Some(on) => WidgetInfo::selected(WidgetType::Button, ui.is_enabled(), on, label),
        None => WidgetInfo::labeled(WidgetType::Button, ui.is_enabled(), label),
    });
    if ui.is_rect_visible(rect) {
        let (fill, outline) = look(&theme, &response, ButtonKind::Quiet, on == Some(true));
        ui.painter().rect(
            rect,
            CornerRadius::same(Theme::RADIUS),
            fill,
            Stroke::new(1.0, outline),
            StrokeKind::Inside,
        );
        let ink = match on {
            Some(true) => theme.accent,
            _ if ui.is_enabled() => theme.tokens.ink,
            _ => theme.tokens.muted,
        };
        let glyph = theme.icon(ui, icon, ink);
        let at = Align2::CENTER_CENTER.align_size_within_rect(glyph.size(), rect);
        ui.painter().galley(at.min, glyph, ink);
        focus::ring(ui, &theme, &response, rect);
    }
    response.on_hover_text(label)
}

/// Fill and outline of a button.
fn look(theme: &Theme, response: &Response, kind: ButtonKind, on: bool) -> (Color32, Color32) {
    let tokens = &theme.tokens;
    let near = response.hovered() || response.is_pointer_button_down_on();
    match kind {
        ButtonKind::Primary if !response.enabled() => (tokens.hairline, tokens.hairline),
        ButtonKind::Primary if near => {
            let fill = crate::ui::blend(theme.accent, tokens.ink, 0.15);
            (fill, fill)
        }
        ButtonKind::Primary => (theme.accent, theme.accent),
        _ if on => (tokens.tint(theme.accent), theme.accent),
        ButtonKind::Secondary if near => (tokens.hover, tokens.ink),
        ButtonKind::Secondary => (tokens.ground, tokens.line),
        ButtonKind::Quiet if near => (tokens.hover, Color32::TRANSPARENT),
        ButtonKind::Quiet => (Color32::TRANSPARENT, Color32::TRANSPARENT),
    }
}
