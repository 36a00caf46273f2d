//! The time of day on a line on which the daylight is marked.

use super::focus;
use crate::ui::{TextRole, Theme};
use bevy_egui::egui::{
    CornerRadius, EventFilter, Key, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, remap,
    remap_clamp,
};

/// Minutes in a day.
pub const MINUTES_PER_DAY: u16 = 1440;

/// What the slider moves by, minutes.
const STEP: u16 = 5;

/// What an arrow key moves by, minutes.
const KEY_STEP: u16 = 15;

/// Shows a slider of `width` points for `minute` of the day, with the `daylight` between sunrise and sunset marked.
/// Dragging and the arrow keys change it; `label` is its name and `value` the time in words for screen readers.
pub fn time_slider(
    ui: &mut Ui,
    minute: &mut u16,
    daylight: Option<(u16, u16)>,
    width: f32,
    label: &str,
    value: &str,
) -> Response {
    let theme = Theme::of(ui.ctx());
    let tokens = &theme.tokens;
    let knob = theme.size(TextRole::Body) * 0.6;
    let (rect, mut response) =
        ui.allocate_exact_size(Vec2::new(width, theme.control_height()), Sense::click_and_drag());
    let line = rect.shrink2(Vec2::new(knob, 0.0));
    let last = f32::from(MINUTES_PER_DAY - 1);

    let before = *minute;
    if let Some(pointer) = response.interact_pointer_pos() {
        *minute = nearest_step(remap_clamp(pointer.x, line.x_range(), 0.0..=last));
    }
    if response.has_focus() {
        // Left and right move the time and not the focus.
        let filter = EventFilter {
            horizontal_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let (back, on) = ui.input(|input| (input.num_presses(Key::ArrowLeft), input.num_presses(Key::ArrowRight)));
        let presses = |count: usize| u16::try_from(count).unwrap_or(0).min(96) * KEY_STEP;
        *minute = minute
            .saturating_add(presses(on))
            .saturating_sub(presses(back))
            .min(MINUTES_PER_DAY - 1);
    }
    if *minute != before {
        response.mark_changed();
    }
    focus::follow(&response);
    response.widget_info(|| {
        let mut info = WidgetInfo::slider(ui.is_enabled(), f64::from(*minute), label);
        info.current_text_value = Some(value.to_owned());
        info
    });

    if ui.is_rect_visible(rect) {
        let x_of = |minute: u16| remap(f32::from(minute), 0.0..=last, line.x_range());
        let painter = ui.painter();
        let y = rect.center().y;
        let bar = |left: f32, right: f32| Rect::from_min_max(pos2(left, y - 2.0), pos2(right, y + 2.0));
        painter.rect_filled(bar(line.left(), line.right()), CornerRadius::same(2), tokens.hairline);
        if let Some((rise, set)) = daylight.filter(|(rise, set)| rise < set) {
            painter.rect_filled(bar(x_of(rise), x_of(set)), CornerRadius::same(2), tokens.line);
        }
        for hour in [6, 12, 18] {
            let x = x_of(hour * 60);
            painter.vline(x, (y + 5.0)..=(y + 8.0), Stroke::new(1.0, tokens.line));
        }
        let center = pos2(x_of((*minute).min(MINUTES_PER_DAY - 1)), y);
        let outline = if response.hovered() || response.dragged() {
            tokens.ink
        } else {
            theme.accent
        };
        let handle = Rect::from_center_size(center, Vec2::splat(2.0 * knob));
        painter.rect(
            handle,
            knob,
            tokens.field,
            Stroke::new(2.5, outline),
            StrokeKind::Inside,
        );
        focus::ring(ui, &theme, &response, rect);
    }
    response
}

/// The minute of the day nearest to `minute` on which the slider rests.
fn nearest_step(minute: f32) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a day first, and a float that is not a number becomes 0"
    )]
    let whole = minute.clamp(0.0, f32::from(MINUTES_PER_DAY - 1)).round() as u16;
    ((whole + STEP / 2) / STEP * STEP).min(MINUTES_PER_DAY - STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slider_rests_on_whole_steps_within_a_day() {
        for (minute, expected) in [
            (-10.0, 0),
            (0.0, 0),
            (902.4, 900),
            (903.0, 905),
            (1e9, 1435),
            (f32::NAN, 0),
        ] {
            assert_eq!(nearest_step(minute), expected, "{minute}");
        }
    }
}
