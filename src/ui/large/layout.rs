//! Rectangles in rows: how many fit beside each other, and where each one lies.

use super::Large;
use bevy_egui::egui::{Rect, Vec2, pos2};

/// How many columns of at least `least_width` points fit into `width`, so that `count` things fill their rows evenly.
pub fn columns_that_fit(count: usize, width: f32, least_width: f32, gap: f32) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small count, not negative"
    )]
    let most = ((width + gap) / (least_width + gap)).floor().max(1.0) as usize;
    let most = most.min(count).max(1);
    let rows = count.div_ceil(most);
    count.div_ceil(rows.max(1)).max(1)
}

/// `count` rectangles in rows of `columns`, filling `rect`.
pub fn grid(rect: Rect, count: usize, columns: usize, gap: f32) -> Vec<Rect> {
    let columns = columns.clamp(1, count.max(1));
    let rows = count.div_ceil(columns).max(1);
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let (across, down) = (columns as f32, rows as f32);
    let size = Vec2::new(
        (rect.width() - gap * (across - 1.0)) / across,
        (rect.height() - gap * (down - 1.0)) / down,
    );
    (0..count)
        .map(|i| {
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let (column, row) = ((i % columns) as f32, (i / columns) as f32);
            let min = pos2(rect.left() + column * (size.x + gap), rect.top() + row * (size.y + gap));
            Rect::from_min_size(min, size.max(Vec2::ZERO))
        })
        .collect()
}

/// The height of a grid of `count` controls of `height` points in `width`, with its columns.
pub fn fitting_grid(large: &Large, count: usize, width: f32, least_width: f32, height: f32) -> (usize, f32) {
    let columns = columns_that_fit(count, width, least_width, large.gap());
    let rows = count.div_ceil(columns).max(1);
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let rows = rows as f32;
    (columns, rows * height + (rows - 1.0) * large.gap())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_filled_evenly() {
        // Seven of which five would fit go four and three, not five and two.
        assert_eq!(columns_that_fit(7, 540.0, 100.0, 10.0), 4);
        assert_eq!(columns_that_fit(4, 1000.0, 100.0, 10.0), 4);
        assert_eq!(columns_that_fit(3, 50.0, 100.0, 10.0), 1);
        assert_eq!(columns_that_fit(0, 50.0, 100.0, 10.0), 1);
    }

    #[test]
    fn a_grid_fills_its_rectangle_and_nothing_overlaps() {
        let rect = Rect::from_min_size(pos2(10.0, 20.0), Vec2::new(430.0, 210.0));
        let cells = grid(rect, 7, 4, 10.0);
        assert_eq!(cells.len(), 7);
        for (i, a) in cells.iter().enumerate() {
            assert!(rect.expand(0.01).contains_rect(*a));
            assert!((a.width() - 100.0).abs() < 1e-3 && (a.height() - 100.0).abs() < 1e-3);
            assert!(cells[..i].iter().all(|b| !a.shrink(0.01).intersects(*b)));
        }
    }
}
