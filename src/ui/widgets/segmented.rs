//! A few choices side by side of which one holds, such as the lens switch.

use super::focus;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{
    Align2, Color32, CornerRadius, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetType, epaint::Galley,
    vec2,
};
use std::sync::Arc;

/// One choice.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// Words.
    pub label: &'a str,
    /// Icon before the words, may be empty. Where room is short it stands alone.
    pub icon: &'a str,
    /// Key that does the same, shown in the tooltip; may be empty.
    pub shortcut: &'a str,
    /// Colour while it holds.
    pub accent: Color32,
}

/// How wide [`segmented`] makes `segments` when it may take `max_width` points.
pub fn segmented_width(ui: &Ui, segments: &[Segment<'_>], max_width: f32) -> f32 {
    let theme = Theme::of(ui.ctx());
    let icons_only = icons_only(ui, &theme, segments, max_width);
    let wide = total(ui, &theme, segments, icons_only);
    wide - 2.0 * (Theme::PADDING - padding(wide, segments.len(), max_width)) * count(segments.len())
}

/// Room on both sides of a segment, less where `wide` points with all of it are more than there are.
fn padding(wide: f32, segments: usize, max_width: f32) -> f32 {
    if wide <= max_width {
        return Theme::PADDING;
    }
    let too_much = (wide - max_width) / (2.0 * count(segments).max(1.0));
    // Widths are whole points: half a point on each side is what rounding up may add.
    (Theme::PADDING - too_much - 0.5).max(Theme::STEP / 2.0)
}

#[expect(clippy::cast_precision_loss, reason = "a few segments")]
fn count(segments: usize) -> f32 {
    segments as f32
}

fn total(ui: &Ui, theme: &Theme, segments: &[Segment<'_>], icons_only: bool) -> f32 {
    segments
        .iter()
        .map(|segment| width(&parts(ui, theme, segment, icons_only, true), Theme::PADDING))
        .sum()
}

/// Whether the words have to go for `segments` to fit.
fn icons_only(ui: &Ui, theme: &Theme, segments: &[Segment<'_>], max_width: f32) -> bool {
    segments.iter().all(|segment| !segment.icon.is_empty()) && total(ui, theme, segments, false) > max_width
}

/// Shows `segments` in at most `max_width` points; returns the one that was pressed and did not hold yet.
pub fn segmented(ui: &mut Ui, segments: &[Segment<'_>], selected: usize, max_width: f32) -> Option<usize> {
    let theme = Theme::of(ui.ctx());
    let icons_only = icons_only(ui, &theme, segments, max_width);
    let padding = padding(total(ui, &theme, segments, icons_only), segments.len(), max_width);
    let parts_of: Vec<_> = segments
        .iter()
        .enumerate()
        .map(|(index, segment)| parts(ui, &theme, segment, icons_only, index == selected))
        .collect();
    let total: f32 = parts_of.iter().map(|parts| width(parts, padding)).sum();

    let (track, _) = ui.allocate_exact_size(Vec2::new(total, theme.control_height()), Sense::hover());
    ui.painter().rect(
        track,
        CornerRadius::same(Theme::RADIUS),
        theme.tokens.ground,
        Stroke::new(1.0, theme.tokens.line),
        StrokeKind::Inside,
    );
    let mut pressed = None;
    let mut left = track.left();
    for (index, (segment, parts)) in segments.iter().zip(&parts_of).enumerate() {
        let rect = Rect::from_min_size(track.with_min_x(left).min, vec2(width(parts, padding), track.height()));
        left = rect.right();
        let response = ui.interact(rect, ui.id().with(("segment", segment.label)), Sense::click());
        let holds = index == selected;
        focus::follow(&response);
        response.widget_info(|| WidgetInfo::selected(WidgetType::RadioButton, ui.is_enabled(), holds, segment.label));
        paint(ui, &theme, rect.shrink(2.0), segment, parts, holds, response.hovered());
        focus::ring(ui, &theme, &response, rect);
        if response.clicked() && !holds {
            pressed = Some(index);
        }
        if icons_only || !segment.shortcut.is_empty() {
            let hint = [segment.label, segment.shortcut].join("  ");
            response.on_hover_text(hint.trim_end());
        }
    }
    pressed
}

/// Icon and words of a segment, laid out.
struct Parts {
    icon: Option<Arc<Galley>>,
    words: Option<Arc<Galley>>,
    ink: Color32,
}

fn parts(ui: &Ui, theme: &Theme, segment: &Segment<'_>, icon_only: bool, holds: bool) -> Parts {
    let ink = if holds {
        theme.tokens.on_accent
    } else {
        theme.tokens.ink
    };
    // The same weight for all, so that nothing moves when the choice does.
    let words = (!icon_only).then(|| theme.galley(ui, segment.label, TextRole::Strong, ink, f32::INFINITY, 1));
    let icon = (!segment.icon.is_empty()).then(|| theme.icon(ui, segment.icon, ink));
    Parts { icon, words, ink }
}

/// Width of a segment with `padding` on both sides.
fn width(parts: &Parts, padding: f32) -> f32 {
    let part = |galley: &Option<Arc<Galley>>| galley.as_ref().map_or(0.0, |galley| galley.size().x);
    let between = if parts.icon.is_some() && parts.words.is_some() {
        Theme::STEP * 1.5
    } else {
        0.0
    };
    (part(&parts.icon) + between + part(&parts.words) + 2.0 * padding).ceil()
}

fn paint(ui: &Ui, theme: &Theme, rect: Rect, segment: &Segment<'_>, parts: &Parts, holds: bool, hovered: bool) {
    let fill = if holds {
        segment.accent
    } else if hovered {
        theme.tokens.hover
    } else {
        Color32::TRANSPARENT
    };
    ui.painter()
        .rect_filled(rect, CornerRadius::same(Theme::RADIUS - 2), fill);
    let inner = width(parts, 0.0);
    let mut left = rect.center().x - inner / 2.0;
    for galley in [&parts.icon, &parts.words].into_iter().flatten() {
        let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect.with_min_x(left));
        ui.painter().galley(at.min, Arc::clone(galley), parts.ink);
        left += galley.size().x + Theme::STEP * 1.5;
    }
}
