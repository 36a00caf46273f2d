//! A row of a legend: a piece of the colour as it is drawn in the city, and what it means.

use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{
    Color32, CornerRadius, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetType, pos2,
};

/// How the edge of a thing is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwatchEdge {
    /// A full line.
    Solid,
    /// Dashes, for what is not decided.
    Dashed,
    /// Pencil on white, for a sketch.
    Pencil,
    /// A thick red line around nothing, for what goes.
    Removed,
    /// A broken band across, for an edge on the ground.
    Band,
}

/// Shows a swatch and its meaning.
pub fn swatch(ui: &mut Ui, fill: Color32, edge: SwatchEdge, label: &str) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let size = Vec2::new(1.5, 1.0) * theme.size(TextRole::Body);
    let room = ui.available_width() - size.x - 2.0 * Theme::STEP;
    let text = theme.galley(ui, label, TextRole::Small, tokens.ink, room, 2);
    let height = (size.y.max(text.size().y)) + Theme::STEP;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, label));
    if ui.is_rect_visible(rect) {
        let sample = Rect::from_min_size(pos2(rect.left(), rect.center().y - size.y / 2.0), size);
        paint_sample(ui, &theme, sample, fill, edge);
        let at = pos2(
            sample.right() + 2.0 * Theme::STEP,
            rect.center().y - text.size().y / 2.0,
        );
        ui.painter().galley(at, text, tokens.ink);
    }
    response
}

fn paint_sample(ui: &Ui, theme: &Theme, rect: Rect, fill: Color32, edge: SwatchEdge) {
    let painter = ui.painter();
    let radius = CornerRadius::same(2);
    let outline = match edge {
        SwatchEdge::Solid => Stroke::new(1.0, theme.tokens.line),
        SwatchEdge::Removed => Stroke::new(2.0, Color32::from_rgb(0xC8, 0x32, 0x2B)),
        SwatchEdge::Band => Stroke::new(3.0, fill),
        SwatchEdge::Dashed | SwatchEdge::Pencil => Stroke::new(1.0, theme.tokens.muted),
    };
    match edge {
        SwatchEdge::Solid => {
            painter.rect(rect, radius, fill, outline, StrokeKind::Inside);
        }
        SwatchEdge::Band => {
            let across = [rect.left_center(), rect.right_center()];
            painter.extend(Shape::dashed_line(&across, outline, 6.0, 3.0));
        }
        SwatchEdge::Removed => {
            painter.rect_stroke(rect, radius, outline, StrokeKind::Inside);
        }
        SwatchEdge::Pencil => {
            painter.rect(rect, radius, Color32::WHITE, outline, StrokeKind::Inside);
        }
        SwatchEdge::Dashed => {
            // Half strength, as in the city.
            painter.rect_filled(rect, radius, crate::ui::blend(theme.tokens.ground, fill, 0.5));
            let ring = [
                rect.left_top(),
                rect.right_top(),
                rect.right_bottom(),
                rect.left_bottom(),
                rect.left_top(),
            ];
            painter.extend(Shape::dashed_line(&ring, outline, 3.0, 2.0));
        }
    }
}
