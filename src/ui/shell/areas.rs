//! Puts egui areas where the zones of the window are. Areas and not egui's own panels, because the pointer is then known to
//! be over the interface exactly where something is drawn.

use super::{SideZone, Zones};
use crate::ui::Theme;
use bevy_egui::egui::{
    Align, Align2, Area, Context, CornerRadius, Frame, Id, Layout, Order, Rect, Stroke, Ui, UiBuilder, Vec2, vec2,
};

/// Puts a bar of ground with a hairline at `rect` and shows `content` in it, from left to right and centred in height.
pub fn bar<R>(ctx: &Context, name: &str, rect: Rect, content: impl FnOnce(&mut Ui) -> R) -> R {
    float(ctx, name, rect, |ui| {
        let theme = Theme::of(ui.ctx());
        let hairline = Stroke::new(1.0, theme.tokens.hairline);
        let edge = if rect.top() <= ctx.content_rect().top() {
            rect.bottom() - 0.5
        } else {
            rect.top() + 0.5
        };
        ui.painter().rect_filled(rect, 0.0, theme.tokens.ground);
        ui.painter().hline(rect.x_range(), edge, hairline);
        row(ui, rect, vec2(Theme::PADDING, 0.0), content)
    })
}

/// Puts a sheet of paper at `rect` and shows `content` on it, from left to right and centred in height.
pub fn sheet<R>(ctx: &Context, name: &str, rect: Rect, content: impl FnOnce(&mut Ui) -> R) -> R {
    float(ctx, name, rect, |ui| {
        let theme = Theme::of(ui.ctx());
        let paper = Frame::new()
            .fill(theme.tokens.ground)
            .stroke(Stroke::new(1.0, theme.tokens.hairline))
            .corner_radius(CornerRadius::same(Theme::RADIUS))
            .shadow(theme.shadow());
        ui.painter().add(paper.paint(rect));
        row(ui, rect, vec2(Theme::PADDING, Theme::STEP), content)
    })
}

/// Shows `content` in a row within `rect` and takes all of `rect`, so that the pointer is over the interface everywhere
/// in it.
fn row<R>(ui: &mut Ui, rect: Rect, margin: Vec2, content: impl FnOnce(&mut Ui) -> R) -> R {
    ui.set_min_size(rect.size());
    let builder = UiBuilder::new()
        .max_rect(rect.shrink2(margin))
        .layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(builder, content).inner
}

/// Shows `content` from the upper left corner of `rect` on, with nothing under it: for what brings its own paper. The
/// pointer counts as over the interface only where `content` takes room.
pub fn float<R>(ctx: &Context, name: &str, rect: Rect, content: impl FnOnce(&mut Ui) -> R) -> R {
    hang(ctx, name, rect, Align2::LEFT_TOP, content)
}

/// Like [`float`], from the corner or the middle of the edge of `rect` that `align` says.
pub fn hang<R>(ctx: &Context, name: &str, rect: Rect, align: Align2, content: impl FnOnce(&mut Ui) -> R) -> R {
    Area::new(area_id(name))
        .order(Order::Middle)
        .pivot(align)
        .fixed_pos(align.pos_in_rect(&rect))
        .default_size(rect.size())
        .constrain(false)
        .movable(false)
        .fade_in(false)
        .show(ctx, |ui| {
            ui.set_max_size(rect.size());
            content(ui)
        })
        .inner
}

/// The room that what was shown under `name` took in the last frame.
pub fn shown_rect(ctx: &Context, name: &str) -> Option<Rect> {
    ctx.memory(|memory| memory.area_rect(area_id(name)))
}

/// What covers the view now: panels as high as they are, notices, tools.
pub fn covered(ctx: &Context, zones: &Zones) -> Vec<Rect> {
    let side = |zone: SideZone, panel: &str, rail: &str| match zone {
        SideZone::Nothing => None,
        SideZone::Rail(_) => shown_rect(ctx, rail),
        SideZone::Panel(_) => shown_rect(ctx, panel),
    };
    [
        side(zones.left, "left-panel", "left-rail"),
        side(zones.right, "right-panel", "right-rail"),
        shown_rect(ctx, "banner"),
        Some(zones.tools),
        Some(zones.strip).filter(Rect::is_positive),
        Some(zones.map).filter(Rect::is_positive),
        Some(zones.top_bar),
        Some(zones.status_bar),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn area_id(name: &str) -> Id {
    Id::new(("zone", name))
}
