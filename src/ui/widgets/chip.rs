//! A choice of which several may hold at once, such as a value to filter by.

use super::focus;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{
    Align2, Color32, CornerRadius, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetType,
    pos2,
};

/// Outline of a [`Mark`]: the shape says what the colour says, for who sees no colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkShape {
    /// A disc.
    Disc,
    /// A square.
    Square,
    /// A square on its point.
    Diamond,
}

/// A letter or digit in a coloured shape, the same in a list, a legend and on the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark<'a> {
    /// What stands in it, at most two letters.
    pub sign: &'a str,
    /// Shape.
    pub shape: MarkShape,
    /// Colour of the shape.
    pub color: Color32,
}

impl Mark<'_> {
    /// Paints the mark around `center`, `side` points high.
    pub fn paint(&self, ui: &bevy_egui::egui::Painter, center: Pos2, side: f32) {
        let half = side / 2.0;
        let edge = Stroke::new(1.5, Color32::WHITE);
        match self.shape {
            MarkShape::Disc => {
                ui.circle(center, half, self.color, edge);
            }
            MarkShape::Square => {
                let rect = Rect::from_center_size(center, Vec2::splat(side * 0.92));
                ui.rect(rect, CornerRadius::same(3), self.color, edge, StrokeKind::Inside);
            }
            MarkShape::Diamond => {
                let reach = half * 1.15;
                let corners = [(0.0, -reach), (reach, 0.0), (0.0, reach), (-reach, 0.0)];
                let corners = corners.map(|(x, y)| pos2(center.x + x, center.y + y)).to_vec();
                ui.add(bevy_egui::egui::Shape::convex_polygon(corners, self.color, edge));
            }
        }
        let ink = readable_on(self.color);
        let format = Theme::format(TextRole::Strong, side * 0.58, ink);
        let galley = ui.layout_job(bevy_egui::egui::epaint::text::LayoutJob::single_section(
            self.sign.to_owned(),
            format,
        ));
        ui.galley(center - galley.size() / 2.0, galley, ink);
    }
}

/// Black or white, whichever reads better on `color`.
fn readable_on(color: Color32) -> Color32 {
    let contrast = crate::ui::contrast_ratio;
    if contrast(Color32::WHITE, color) >= contrast(Color32::BLACK, color) {
        Color32::WHITE
    } else {
        Color32::BLACK
    }
}

/// What a chip says.
#[derive(Debug, Clone, Copy)]
pub struct Chip<'a> {
    /// Icon, may be empty.
    pub icon: &'a str,
    /// Mark in place of the icon.
    pub mark: Option<Mark<'a>>,
    /// Words; for a chip that is only a mark they are its tooltip and its name for screen readers.
    pub label: &'a str,
    /// How many there are, as it should be shown; may be empty.
    pub count: &'a str,
    /// Only the mark and the count are shown.
    pub is_narrow: bool,
}

/// Shows `chip`; pressing it is told by the response, what holds is the caller's.
pub fn chip(ui: &mut Ui, chip: &Chip<'_>, on: bool) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let ink = if on { tokens.on_accent } else { tokens.ink };
    let side = theme.icon_size() * 1.1;
    let gap = 1.5 * Theme::STEP;
    let inset = if chip.is_narrow { Theme::STEP } else { 2.0 * Theme::STEP };
    let sign_width = if chip.mark.is_some() || !chip.icon.is_empty() {
        side
    } else {
        0.0
    };
    let words = (!chip.is_narrow).then(|| theme.galley(ui, chip.label, TextRole::Body, ink, f32::INFINITY, 1));
    let muted = if on { tokens.on_accent } else { tokens.muted };
    let count =
        (!chip.count.is_empty()).then(|| theme.galley(ui, chip.count, TextRole::Small, muted, f32::INFINITY, 1));
    let parts: Vec<f32> = [
        Some(sign_width).filter(|width| *width > 0.0),
        words.as_ref().map(|galley| galley.size().x),
        count.as_ref().map(|galley| galley.size().x),
    ]
    .into_iter()
    .flatten()
    .collect();
    let (height, width) = if chip.is_narrow {
        let tall = theme.control_height() + theme.size(TextRole::Small) * 1.1;
        let widest = parts.iter().copied().fold(0.0, f32::max);
        (tall, (widest + 2.0 * inset).max(theme.control_height()))
    } else {
        #[expect(clippy::cast_precision_loss, reason = "a chip has three parts at most")]
        let gaps = gap * parts.len().saturating_sub(1) as f32;
        (theme.control_height(), parts.iter().sum::<f32>() + gaps + 2.0 * inset)
    };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::click());
    focus::follow(&response);
    response.widget_info(|| {
        let name = [chip.label, chip.count].join(" ");
        WidgetInfo::selected(WidgetType::Checkbox, ui.is_enabled(), on, name.trim_end())
    });
    if ui.is_rect_visible(rect) {
        let fill = if on {
            theme.accent
        } else if response.hovered() {
            tokens.hover
        } else {
            tokens.ground
        };
        let outline = if on { theme.accent } else { tokens.line };
        let painter = ui.painter();
        painter.rect(
            rect,
            CornerRadius::same(Theme::RADIUS),
            fill,
            Stroke::new(1.0, outline),
            StrokeKind::Inside,
        );
        if chip.is_narrow {
            let middle = rect.center().x;
            if let Some(mark) = chip.mark {
                mark.paint(painter, pos2(middle, rect.top() + theme.control_height() / 2.0), side);
            }
            if let Some(count) = count {
                let at = pos2(middle - count.size().x / 2.0, rect.bottom() - count.size().y - 3.0);
                painter.galley(at, count, muted);
            }
        } else {
            let mut left = rect.left() + inset;
            if let Some(mark) = chip.mark {
                mark.paint(painter, pos2(left + side / 2.0, rect.center().y), side);
            } else if !chip.icon.is_empty() {
                let glyph = theme.icon(ui, chip.icon, ink);
                let at = Align2::LEFT_CENTER.align_size_within_rect(glyph.size(), rect.with_min_x(left));
                painter.galley(at.min, glyph, ink);
            }
            left += if sign_width > 0.0 { sign_width + gap } else { 0.0 };
            for (galley, color) in [(words, ink), (count, muted)] {
                if let Some(galley) = galley {
                    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect.with_min_x(left));
                    left += galley.size().x + gap;
                    painter.galley(at.min, galley, color);
                }
            }
        }
        focus::ring(ui, &theme, &response, rect);
    }
    if chip.is_narrow {
        response.on_hover_text(chip.label)
    } else {
        response
    }
}
