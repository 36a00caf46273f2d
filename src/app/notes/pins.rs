//! The pins of the notes on the city, with the numbers that stand in the list. Painted under the panels, the near ones
//! over the far ones and the open one over all; what the list leaves out has no pin. A click on one opens its note; keys
//! reach the notes through the list.

use super::{NotesDesk, PAGE};
use crate::app::desk::{Screen, ShownZones};
use crate::app::names::point;
use crate::panels::desk::Page;
use crate::ui::Theme;
use crate::ui::widgets::{Mark, MarkShape};
use crate::view::camera::Clicked;
use crate::view::scene::ShownScenario;
use crate::view::site_view::SiteView;
use bevy::{ecs::message::MessageCursor, prelude::*};
use bevy_egui::{
    EguiContexts,
    egui::{Context, CursorIcon, LayerId, Order, Pos2, Rect, Stroke, Vec2, vec2},
};

/// More pins would hide the city.
const MOST_PINS: usize = 200;
/// Side of what can be clicked at least, points (WCAG 2.5.8).
const LEAST_TARGET: f32 = 24.0;

/// The pins as they were painted last, the upper ones first: where each can be clicked, points, and the id of its note.
#[derive(Resource, Default)]
pub(super) struct ShownPins(Vec<(Rect, String)>);

impl ShownPins {
    /// Id of the note whose pin lies uppermost at a point.
    fn at(&self, at: Pos2) -> Option<&str> {
        let hit = self.0.iter().find(|(head, _)| head.contains(at));
        hit.map(|(_, id)| id.as_str())
    }
}

/// Opens the note whose pin was clicked, and keeps that click from the city behind it.
pub(super) fn open_clicked_pin(
    mut clicks: ResMut<Messages<Clicked>>,
    mut read: Local<MessageCursor<Clicked>>,
    pins: Res<ShownPins>,
    view: Res<SiteView>,
    desk: Res<NotesDesk>,
    mut screen: ResMut<Screen>,
) {
    let new: Vec<Clicked> = read.read(&clicks).copied().collect();
    let (on_pins, on_city): (Vec<Clicked>, Vec<Clicked>) = new
        .into_iter()
        .partition(|click| pins.at(point(click.pixel / view.pixels_per_point)).is_some());
    let last = on_pins
        .last()
        .and_then(|click| pins.at(point(click.pixel / view.pixels_per_point)));
    let Some(id) = last else { return };
    desk.page().look_up(id.to_owned());
    screen.0.open_page(Page::Own(PAGE));
    // Older clicks were read in their own frame: only the new ones on the city are still to be.
    clicks.clear();
    clicks.write_batch(on_city);
    read.clear(&clicks);
}

/// Says by the cursor that a pin can be clicked.
fn point_at_pin(ctx: &Context, pins: &ShownPins) {
    let hovered = ctx.pointer_hover_pos().filter(|at| {
        let is_free = ctx
            .layer_id_at(*at)
            .is_none_or(|layer| layer.order == Order::Background);
        is_free && pins.at(*at).is_some()
    });
    if hovered.is_some() {
        ctx.set_cursor_icon(CursorIcon::PointingHand);
    }
}

pub(super) fn paint_pins(
    mut contexts: EguiContexts,
    desk: Res<NotesDesk>,
    shown: Option<Res<ShownScenario>>,
    view: Res<SiteView>,
    zones: Res<ShownZones>,
    mut shown_pins: ResMut<ShownPins>,
) -> Result {
    shown_pins.0.clear();
    let (Some(_), Some(zones)) = (shown, zones.0) else {
        return Ok(());
    };
    let ctx = contexts.ctx_mut()?;
    let theme = Theme::of(ctx);
    let page = desk.page();
    let mut pins: Vec<_> = page
        .listed()
        .filter_map(|note| {
            let (pixel, depth_m) = view.pixel(note.anchor.position)?;
            let foot = point(pixel / view.pixels_per_point);
            let is_open = page.opened() == Some(note.id.as_str());
            let nearness = if is_open { 0.0 } else { depth_m };
            zones.view.contains(foot).then_some((nearness, foot, note, is_open))
        })
        .collect();
    pins.sort_by(|a, b| a.0.total_cmp(&b.0));
    pins.truncate(MOST_PINS);
    let painter = ctx.layer_painter(LayerId::background()).with_clip_rect(zones.view);
    for (_, foot, note, is_open) in pins.into_iter().rev() {
        let side = theme.icon_size() * if is_open { 1.6 } else { 1.2 };
        let head = foot - vec2(0.0, side * 1.5);
        // A finger or a tired hand needs more than what is painted.
        let reach = Vec2::splat(side.max(LEAST_TARGET));
        shown_pins
            .0
            .push((Rect::from_center_size(head, reach), note.id.clone()));
        painter.line_segment([foot, head], Stroke::new(4.0, theme.tokens.ground));
        painter.line_segment([foot, head], Stroke::new(2.0, theme.tokens.ink));
        painter.circle_filled(foot, 3.0, theme.tokens.ink);
        let color = if is_open { theme.accent } else { theme.tokens.ink };
        Mark {
            sign: &note.number.to_string(),
            shape: MarkShape::Square,
            color,
        }
        .paint(&painter, head, side);
    }
    shown_pins.0.reverse();
    point_at_pin(ctx, &shown_pins);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec2;
    use bevy_egui::egui::pos2;

    #[derive(Resource, Default)]
    struct OnCity(usize);

    fn count_on_city(mut clicks: MessageReader<Clicked>, mut count: ResMut<OnCity>) {
        count.0 += clicks.read().count();
    }

    /// Clicks at these points of a window with two pins, of which the first lies over the second; what is open then, and
    /// how many of them the city gets, whether or not each comes in a frame of its own.
    fn after_clicks(clicks: &[[f64; 2]], is_apart: bool) -> (Option<String>, usize) {
        let at = |x: f32| Rect::from_center_size(pos2(x, 50.0), Vec2::splat(24.0));
        let mut app = App::new();
        app.add_message::<Clicked>()
            .insert_resource(ShownPins(vec![(at(50.0), "near".into()), (at(60.0), "far".into())]))
            .insert_resource(SiteView {
                pixels_per_point: 2.0,
                ..SiteView::default()
            })
            .init_resource::<NotesDesk>()
            .init_resource::<Screen>()
            .init_resource::<OnCity>()
            .add_systems(Update, (open_clicked_pin, count_on_city).chain());
        for click in clicks {
            let pixel = DVec2::from_array(*click);
            app.world_mut().write_message(Clicked { pixel });
            if is_apart {
                app.update();
            }
        }
        app.update();
        app.update();
        let left = app.world().resource::<OnCity>().0;
        let desk = app.world().resource::<NotesDesk>();
        let open = desk.page().opened().map(str::to_owned);
        let page = app.world().resource::<Screen>().0.page;
        assert_eq!(open.is_some(), page == Page::Own(PAGE));
        (open, left)
    }

    #[test]
    fn a_click_on_a_pin_opens_the_upper_one_and_is_kept_from_the_city() {
        for is_apart in [true, false] {
            let after = |clicks: &[[f64; 2]]| after_clicks(clicks, is_apart);
            // Pixels are half a point.
            assert_eq!(after(&[[110.0, 100.0]]), (Some("near".into()), 0));
            assert_eq!(after(&[[140.0, 100.0]]), (Some("far".into()), 0));
            assert_eq!(after(&[[110.0, 140.0]]), (None, 1));
            assert_eq!(after(&[[110.0, 140.0], [140.0, 100.0]]), (Some("far".into()), 1));
            assert_eq!(after(&[[140.0, 100.0], [110.0, 140.0]]), (Some("far".into()), 1));
        }
    }
}
