//! How far something is.

use crate::ui::Theme;
use bevy_egui::egui::{CornerRadius, Rect, Response, Sense, Ui, Vec2, WidgetInfo, WidgetType, vec2};

/// Shows a thin bar of `width` points that is full to `share` (0 to 1), named `label` for screen readers.
pub fn progress(ui: &mut Ui, share: f32, width: f32, label: &str) -> Response {
    let theme = Theme::of(ui.ctx());
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, Theme::STEP), Sense::hover());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(WidgetType::ProgressIndicator, true, label);
        info.value = Some(f64::from(share));
        info
    });
    if ui.is_rect_visible(rect) {
        let radius = CornerRadius::same(2);
        let full = Rect::from_min_size(rect.min, vec2(rect.width() * share, rect.height()));
        ui.painter().rect_filled(rect, radius, theme.tokens.hairline);
        ui.painter().rect_filled(full, radius, theme.accent);
    }
    response
}
