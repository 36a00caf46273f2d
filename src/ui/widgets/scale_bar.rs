//! How long a line on the screen is on the ground.

use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{Response, Sense, Stroke, Ui, Vec2, WidgetInfo, WidgetType, pos2};

/// The longest round length (1, 2 or 5 times a power of ten, metres) that fits in `max_width` points, and its width in
/// points; `None` when a point is no length that a bar could show.
pub fn scale_bar_length(metres_per_point: f32, max_width: f32) -> Option<(f32, f32)> {
    let longest_m = metres_per_point * max_width;
    if !longest_m.is_normal() || longest_m <= 0.0 || !(1e-3..1e8).contains(&longest_m) {
        return None;
    }
    let power = 10.0_f32.powf(longest_m.log10().floor());
    let length_m = [5.0, 2.0, 1.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&length_m| length_m <= longest_m * 1.000_1)
        .unwrap_or(power);
    Some((length_m, length_m / metres_per_point))
}

/// Shows a bar of at most `max_width` points; `label` writes a length in metres.
pub fn scale_bar(
    ui: &mut Ui,
    metres_per_point: f32,
    max_width: f32,
    label: impl Fn(f64) -> String,
) -> Option<Response> {
    let (length_m, width) = scale_bar_length(metres_per_point, max_width)?;
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let words = label(f64::from(length_m));
    let text = theme.galley(ui, &words, TextRole::Small, tokens.muted, f32::INFINITY, 1);
    // The same room for every length, so that what stands beside it keeps still while zooming.
    let room = Vec2::new(
        max_width + Theme::STEP + theme.size(TextRole::Small) * 4.5,
        text.size().y.max(12.0),
    );
    let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &words));
    if ui.is_rect_visible(rect) {
        let stroke = Stroke::new(1.5, tokens.ink);
        let right = rect.right();
        let left = right - width;
        let (top, foot) = (rect.center().y - 4.0, rect.center().y + 4.0);
        ui.painter().line(
            vec![pos2(left, top), pos2(left, foot), pos2(right, foot), pos2(right, top)],
            stroke,
        );
        let at = pos2(
            left - 2.0 * Theme::STEP - text.size().x,
            rect.center().y - text.size().y / 2.0,
        );
        ui.painter().galley(at, text, tokens.muted);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_round_and_fit() {
        for (metres_per_point, expected_m) in [
            (0.5, 50.0),
            (0.99, 50.0),
            (1.0, 100.0),
            (2.3, 200.0),
            (7.0, 500.0),
            (0.011, 1.0),
        ] {
            let (length_m, width) = scale_bar_length(metres_per_point, 100.0).unwrap();
            assert!(
                (length_m / expected_m - 1.0).abs() < 1e-3,
                "{metres_per_point}: {length_m}"
            );
            assert!((39.0..=100.1).contains(&width), "{metres_per_point}: {width} points");
        }
    }

    #[test]
    fn no_bar_for_no_scale() {
        for metres_per_point in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e12, 1e-30] {
            assert_eq!(scale_bar_length(metres_per_point, 100.0), None, "{metres_per_point}");
        }
    }
}
