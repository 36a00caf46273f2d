//! A list with columns: heads that sort by pressing, rows of which one is chosen. Only the rows in sight are laid out, so
//! that a list of a hundred thousand costs what one of ten does.

use super::focus;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{
    Align2, CornerRadius, Painter, Rect, Response, ScrollArea, Sense, Stroke, Ui, Vec2, WidgetInfo, WidgetType, vec2,
};
use egui_phosphor::regular;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableColumn<'a> {
    /// Words of its head.
    pub label: &'a str,
    /// Its share of the width, relative to the others.
    pub share: f32,
    /// It holds numbers, which stand at its right edge, the head over them.
    pub is_numeric: bool,
}

/// The rectangles of the columns in a row at `rect`.
fn cells(columns: &[TableColumn<'_>], rect: Rect) -> Vec<Rect> {
    let total: f32 = columns.iter().map(|column| column.share).sum();
    let mut left = rect.left();
    columns
        .iter()
        .map(|column| {
            let width = rect.width() * column.share / total.max(f32::EPSILON);
            let cell = Rect::from_min_size(rect.with_min_x(left).min, vec2(width, rect.height()));
            left += width;
            cell
        })
        .collect()
}

/// Height of a row with so many lines: easy to hit with cold fingers.
fn row_height(theme: &Theme, lines: u8) -> f32 {
    theme.control_height() + Theme::STEP + f32::from(lines.saturating_sub(1)) * theme.size(TextRole::Body)
}

/// Shows the heads of `columns`; `sorted` is the column that the rows are sorted by and whether the greatest is first.
/// Returns the head that was pressed.
pub fn table_head(ui: &mut Ui, columns: &[TableColumn<'_>], sorted: Option<(usize, bool)>) -> Option<usize> {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let size = vec2(ui.available_width(), theme.control_height());
    let (bar, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter()
        .hline(bar.x_range(), bar.bottom() - 0.5, Stroke::new(1.0, tokens.line));
    // The heads stand over their cells, which leave room for the scroll bar.
    let scroll_bar = ui.spacing().scroll.allocated_width();
    let over_cells = bar.with_max_x(bar.right() - scroll_bar);
    let mut pressed = None;
    for (index, (column, rect)) in columns.iter().zip(cells(columns, over_cells)).enumerate() {
        let response = ui.interact(rect, ui.id().with(("head", index)), Sense::click());
        focus::follow(&response);
        let sorts = sorted.filter(|(by, _)| *by == index);
        response
            .widget_info(|| WidgetInfo::selected(WidgetType::Button, ui.is_enabled(), sorts.is_some(), column.label));
        if response.hovered() {
            ui.painter()
                .rect_filled(rect, CornerRadius::same(Theme::RADIUS), tokens.hover);
        }
        let arrow = sorts.map(|(_, descending)| {
            let icon = if descending {
                regular::CARET_DOWN
            } else {
                regular::CARET_UP
            };
            theme.galley(ui, icon, TextRole::Small, theme.accent, f32::INFINITY, 1)
        });
        let arrow_width = arrow.as_ref().map_or(0.0, |arrow| arrow.size().x + 2.0);
        let ink = if sorts.is_some() { theme.accent } else { tokens.muted };
        let room = rect.width() - arrow_width - Theme::STEP;
        let words = theme.galley(ui, column.label, TextRole::Small, ink, room, 1);
        let is_cut = words.elided;
        // A letter and dots say less than nothing; what the column is called is told where the pointer rests.
        let is_worth_reading = !is_cut || room >= 2.5 * theme.size(TextRole::Small);
        let inner = rect.with_min_x(rect.left() + Theme::STEP / 2.0);
        let at = if column.is_numeric {
            let inner = rect.with_max_x(rect.right() - Theme::STEP - arrow_width);
            Align2::RIGHT_CENTER.align_size_within_rect(words.size(), inner)
        } else {
            Align2::LEFT_CENTER.align_size_within_rect(words.size(), inner)
        };
        if let Some(arrow) = arrow {
            let beside = inner.with_min_x(if is_worth_reading {
                at.right() + 2.0
            } else {
                inner.left()
            });
            let arrow_at = Align2::LEFT_CENTER.align_size_within_rect(arrow.size(), beside);
            ui.painter().galley(arrow_at.min, arrow, ink);
        }
        if is_worth_reading {
            ui.painter().galley(at.min, words, ink);
        }
        focus::ring(ui, &theme, &response, rect.shrink(2.0));
        if response.clicked() {
            pressed = Some(index);
        }
        if is_cut {
            response.on_hover_text(column.label);
        }
    }
    pressed
}

/// What a table shows of its rows.
pub struct TableRows<'a> {
    /// Tells this table from others, and the rows of one list from those of another.
    pub name: &'a str,
    /// How many there are.
    pub count: usize,
    /// Row that is chosen.
    pub selected: Option<usize>,
    /// Row to bring into sight now.
    pub scroll_to: Option<usize>,
    /// At most this high, points.
    pub height: f32,
    /// Lines of text that a row holds.
    pub lines: u8,
    /// What a row is called for screen readers.
    pub label: &'a dyn Fn(usize) -> String,
    /// Paints a row in its cells.
    pub paint: &'a dyn Fn(&Ui, &Painter, &[Rect], usize),
}

/// Shows the rows in sight; returns the one that was pressed.
pub fn table_rows(ui: &mut Ui, columns: &[TableColumn<'_>], rows: &TableRows<'_>) -> Option<usize> {
    let theme = Theme::of(ui.ctx());
    let height = row_height(&theme, rows.lines);
    let mut pressed = None;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut area = ScrollArea::vertical()
            .id_salt(rows.name)
            .max_height(rows.height)
            .auto_shrink([false, true]);
        if let Some(row) = rows.scroll_to {
            #[expect(clippy::cast_precision_loss, reason = "a place on a screen")]
            let top = row as f32 * height;
            area = area.vertical_scroll_offset((top - (rows.height - height) / 2.0).max(0.0));
        }
        area.show_rows(ui, height, rows.count, |ui, range| {
            for row in range {
                let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::click());
                show_row(ui, &theme, columns, rows, row, rect, &response);
                if response.clicked() {
                    pressed = Some(row);
                }
            }
        });
    });
    pressed
}

fn show_row(
    ui: &Ui,
    theme: &Theme,
    columns: &[TableColumn<'_>],
    rows: &TableRows<'_>,
    row: usize,
    rect: Rect,
    response: &Response,
) {
    let is_selected = rows.selected == Some(row);
    focus::follow(response);
    response.widget_info(|| {
        let name = (rows.label)(row);
        WidgetInfo::selected(WidgetType::RadioButton, ui.is_enabled(), is_selected, name)
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let tokens = &theme.tokens;
    let painter = ui.painter();
    if is_selected {
        let radius = CornerRadius::same(4);
        painter.rect_filled(rect, radius, tokens.tint(theme.accent));
        painter.rect_filled(
            Rect::from_min_size(rect.min, vec2(3.0, rect.height())),
            radius,
            theme.accent,
        );
    } else if response.hovered() {
        painter.rect_filled(rect, CornerRadius::same(4), tokens.hover);
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, tokens.hairline));
    (rows.paint)(ui, painter, &cells(columns, rect), row);
    focus::ring(ui, theme, response, rect.shrink(2.0));
}
