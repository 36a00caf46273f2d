//! The tour of one minute: a few stops, each with a ring around a real control and a card beside it.
//!
//! It never takes the city away: what it points at works while it is pointed at. Enter and the arrows walk through it as
//! long as its card has the keyboard, Esc ends it. It says nothing of its own about the plan.

use super::desk::Page;
use crate::text::{Language, tr, tr_args};
use crate::ui::widgets::{self, ButtonKind};
use crate::ui::{Theme, blend};
use bevy_egui::egui::{
    Align, Align2, Area, Context, CornerRadius, EventFilter, Frame, Id, Key, LayerId, Layout, Margin, Order, Popup,
    Pos2, Rect, Response, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};
use egui_phosphor::regular;

/// Where the tour stops, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stop {
    /// Moving the city.
    #[default]
    City,
    /// The variants.
    Variants,
    /// The lens switch.
    Lenses,
    /// Choosing a building.
    Building,
    /// Layers and legend.
    Layers,
    /// Opening something else.
    Open,
    /// The keys, and the way back to this tour.
    Keys,
}

impl Stop {
    /// All stops.
    pub const ALL: [Self; 7] = [
        Self::City,
        Self::Variants,
        Self::Lenses,
        Self::Building,
        Self::Layers,
        Self::Open,
        Self::Keys,
    ];

    /// The page of the left panel that the stop points at, if at any.
    pub fn page(self) -> Option<Page> {
        match self {
            Self::Variants => Some(Page::Variants),
            Self::Layers => Some(Page::Layers),
            _ => None,
        }
    }

    /// The stops that this desk has: `pages` of the left panel, and a switch where there is more than one lens.
    pub fn on_desk(pages: &[Page], lenses: usize) -> Vec<Self> {
        let is_there = |stop: &Self| match stop.page() {
            Some(page) => pages.contains(&page),
            None => *stop != Self::Lenses || lenses > 1,
        };
        Self::ALL.into_iter().filter(is_there).collect()
    }

    fn words(self, language: &Language) -> (String, String) {
        match self {
            Self::City => (tr(language, "tour-city"), tr(language, "tour-city-about")),
            Self::Variants => (tr(language, "tour-variants"), tr(language, "tour-variants-about")),
            Self::Lenses => (tr(language, "tour-lenses"), tr(language, "tour-lenses-about")),
            Self::Building => (tr(language, "tour-building"), tr(language, "tour-building-about")),
            Self::Layers => (tr(language, "tour-layers"), tr(language, "tour-layers-about")),
            Self::Open => (tr(language, "tour-open"), tr(language, "tour-open-about")),
            Self::Keys => (tr(language, "tour-keys"), tr(language, "tour-keys-about")),
        }
    }
}

/// One stop as it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopView {
    /// The stop.
    pub stop: Stop,
    /// Its number, from 1.
    pub number: usize,
    /// How many there are.
    pub count: usize,
    /// What it points at, points.
    pub target: Rect,
    /// The stop is new, so its card takes the keyboard.
    pub is_new: bool,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TourAction {
    /// On to the next stop, or to the end after the last one.
    Next,
    /// Back to the one before.
    Back,
    /// Leave it.
    End,
}

/// Gap between the ring and the card; the pointer stands in it, points.
const GAP: f32 = 16.0;

/// Shows the ring around the target and the card beside it.
pub fn show(ctx: &Context, view: &StopView, language: &Language) -> Option<TourAction> {
    let theme = Theme::of(ctx);
    let room = ctx.content_rect().shrink(2.0 * Theme::STEP);
    let target = glide(
        ctx,
        &theme,
        view.target
            .expand(Theme::STEP)
            .intersect(ctx.content_rect().shrink(2.0)),
    );
    ring(ctx, &theme, target);

    let width = card_width(&theme, room);
    let area = Id::new("tour-card");
    let before = ctx.memory(|memory| memory.area_rect(area)).map(|rect| rect.height());
    let size = vec2(width, before.unwrap_or(200.0));
    // A card beside the whole view would hide a panel: it stands in it.
    let (corner, beside) = if view.stop == Stop::City {
        (over(view.target, size, room), Beside::Over)
    } else {
        place(view.target, size, room)
    };
    let shown = Area::new(area)
        .order(Order::Foreground)
        .fixed_pos(corner)
        .constrain_to(room)
        .movable(false)
        .fade_in(false)
        .show(ctx, |ui| {
            paper(&theme)
                .show(ui, |ui| {
                    ui.set_width(width - 2.0 * Theme::PADDING - 8.0);
                    content(ui, view, language)
                })
                .inner
        });
    point(ctx, &theme, shown.response.rect, target, beside);
    let escape = !Popup::is_any_open(ctx) && ctx.input(|input| input.key_pressed(Key::Escape));
    if escape { Some(TourAction::End) } else { shown.inner }
}

/// Offers the tour in a card that hangs below `top_center`; returns whether it was taken or refused.
pub fn offer(ctx: &Context, top_center: Pos2, language: &Language) -> Option<bool> {
    let theme = Theme::of(ctx);
    let room = ctx.content_rect().shrink(2.0 * Theme::STEP);
    let width = card_width(&theme, room);
    Area::new(Id::new("tour-offer"))
        .order(Order::Foreground)
        .pivot(Align2::CENTER_TOP)
        .fixed_pos(top_center)
        .constrain_to(room)
        .movable(false)
        .fade_in(false)
        .show(ctx, |ui| {
            paper(&theme)
                .show(ui, |ui| {
                    ui.set_width(width - 2.0 * Theme::PADDING - 8.0);
                    widgets::strong(ui, &tr(language, "tour-offer"));
                    ui.add_space(Theme::STEP);
                    let mut answer = None;
                    ui.horizontal_wrapped(|ui| {
                        if widgets::button(ui, regular::SIGNPOST, &tr(language, "tour-start"), ButtonKind::Primary)
                            .clicked()
                        {
                            answer = Some(true);
                        }
                        if widgets::button(ui, "", &tr(language, "tour-not-now"), ButtonKind::Quiet).clicked() {
                            answer = Some(false);
                        }
                    });
                    answer
                })
                .inner
        })
        .inner
}

fn card_width(theme: &Theme, room: Rect) -> f32 {
    (344.0 * theme.text_scale.sqrt()).min(room.width())
}

fn paper(theme: &Theme) -> Frame {
    Frame::new()
        .fill(theme.tokens.ground)
        .stroke(Stroke::new(1.0, theme.tokens.line))
        .corner_radius(CornerRadius::same(Theme::RADIUS))
        .shadow(theme.shadow())
        .inner_margin(Margin::same(16))
}

fn content(ui: &mut Ui, view: &StopView, language: &Language) -> Option<TourAction> {
    let (title, words) = view.stop.words(language);
    let (number, count) = (view.number.to_string(), view.count.to_string());
    let progress = tr_args(language, "tour-progress", &[("number", &number), ("count", &count)]);
    widgets::secondary(ui, &progress);
    widgets::heading(ui, &title);
    widgets::paragraph(ui, &words);
    ui.add_space(2.0 * Theme::STEP);
    let is_last = view.number >= view.count;
    let row = vec2(ui.available_width(), Theme::of(ui.ctx()).control_height());
    let mut buttons: Vec<(Response, TourAction)> = Vec::new();
    ui.allocate_ui_with_layout(row, Layout::left_to_right(Align::Center), |ui| {
        // The way on is shown last but comes first for the keyboard, which it takes at every new stop.
        if !is_last {
            let skip = widgets::button(ui, "", &tr(language, "tour-skip"), ButtonKind::Quiet);
            buttons.push((skip, TourAction::End));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let key = if is_last {
                tr(language, "tour-done")
            } else {
                tr(language, "tour-next")
            };
            let icon = if is_last { regular::CHECK } else { regular::ARROW_RIGHT };
            let next = widgets::button(ui, icon, &key, ButtonKind::Primary);
            if view.is_new {
                next.request_focus();
            }
            buttons.push((next, TourAction::Next));
            if view.number > 1 {
                let back = widgets::icon_button(ui, regular::ARROW_LEFT, &tr(language, "tour-back"));
                buttons.push((back, TourAction::Back));
            }
        });
    });
    let pressed = buttons
        .iter()
        .find(|(button, _)| button.clicked())
        .map(|(_, action)| *action);
    pressed.or_else(|| walked(ui, &buttons, view.number > 1, is_last))
}

/// What the arrows ask for while one of the card's buttons has the keyboard.
fn walked(ui: &Ui, buttons: &[(Response, TourAction)], has_before: bool, is_last: bool) -> Option<TourAction> {
    let (focused, _) = buttons.iter().find(|(button, _)| button.has_focus())?;
    // Left and right walk through the tour and do not move the focus.
    let filter = EventFilter {
        horizontal_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(focused.id, filter));
    let (back, on) = ui.input(|input| (input.key_pressed(Key::ArrowLeft), input.key_pressed(Key::ArrowRight)));
    if on && !is_last {
        Some(TourAction::Next)
    } else if back && has_before {
        Some(TourAction::Back)
    } else {
        None
    }
}

/// The target on its way from the stop before; at once where movement is not wanted.
fn glide(ctx: &Context, theme: &Theme, target: Rect) -> Rect {
    let seconds = if theme.reduced_motion { 0.0 } else { 0.2 };
    let to = |name: &str, value: f32| ctx.animate_value_with_time(Id::new(("tour-ring", name)), value, seconds);
    Rect::from_min_max(
        pos2(to("left", target.left()), to("top", target.top())),
        pos2(to("right", target.right()), to("bottom", target.bottom())),
    )
}

/// A line in the lens colour between two of paper, so that it stands out on city and panel alike.
fn ring(ctx: &Context, theme: &Theme, rect: Rect) {
    let painter = ctx.layer_painter(LayerId::new(Order::Middle, Id::new("tour-ring")));
    let radius = CornerRadius::same(Theme::RADIUS + 2);
    let line = |width: f32, color| Stroke::new(width, color);
    painter.rect_stroke(rect, radius, line(6.0, theme.tokens.ground), StrokeKind::Middle);
    painter.rect_stroke(rect, radius, line(3.0, theme.accent), StrokeKind::Middle);
}

/// The triangle between the card and what it is about.
fn point(ctx: &Context, theme: &Theme, card: Rect, target: Rect, side: Beside) {
    let half = 9.0;
    let along =
        |low: f32, high: f32, wanted: f32| wanted.clamp(low + 2.0 * half, (high - 2.0 * half).max(low + 2.0 * half));
    let y = along(card.top(), card.bottom(), target.center().y);
    let x = along(card.left(), card.right(), target.center().x);
    let (tip, base) = match side {
        Beside::Over => return,
        Beside::Right => (pos2(card.left() - half, y), pos2(card.left() + 1.0, y)),
        Beside::Left => (pos2(card.right() + half, y), pos2(card.right() - 1.0, y)),
        Beside::Below => (pos2(x, card.top() - half), pos2(x, card.top() + 1.0)),
        Beside::Above => (pos2(x, card.bottom() + half), pos2(x, card.bottom() - 1.0)),
    };
    let across = (tip - base).normalized().rot90() * half;
    let painter = ctx.layer_painter(LayerId::new(Order::Foreground, Id::new("tour-pointer")));
    painter.add(Shape::convex_polygon(
        vec![base - across, tip, base + across],
        theme.tokens.ground,
        Stroke::NONE,
    ));
    let edge = Stroke::new(1.0, blend(theme.tokens.ground, theme.tokens.line, 0.9));
    let inset = (tip - base).normalized();
    painter.line_segment([base - across + inset, tip], edge);
    painter.line_segment([tip, base + across + inset], edge);
}

/// On which side of its target a card stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Right,
    Left,
    Below,
    Above,
    Over,
}

/// Upper left corner for a card of `size` beside `target`, wholly within `room`; over the target where no side has room.
fn place(target: Rect, size: Vec2, room: Rect) -> (Pos2, Beside) {
    let within = |low: f32, high: f32, wanted: f32| wanted.clamp(low, high.max(low));
    let x = within(room.left(), room.right() - size.x, target.center().x - size.x / 2.0);
    let y = within(room.top(), room.bottom() - size.y, target.top());
    let right = (pos2(target.right() + GAP, y), Beside::Right);
    let left = (pos2(target.left() - GAP - size.x, y), Beside::Left);
    let below = (pos2(x, target.bottom() + GAP), Beside::Below);
    let above = (pos2(x, target.top() - GAP - size.y), Beside::Above);
    // Beside a panel, but below a bar, or the card would lie on the rest of the bar.
    let sides = if target.height() > target.width() {
        [right, left, below, above]
    } else {
        [below, above, right, left]
    };
    sides
        .into_iter()
        .find(|(at, _)| room.expand(0.5).contains_rect(Rect::from_min_size(*at, size)))
        .unwrap_or_else(|| (over(target, size, room), Beside::Over))
}

/// Upper left corner for a card of `size` at the foot of `target`, wholly within `room`.
fn over(target: Rect, size: Vec2, room: Rect) -> Pos2 {
    let within = |low: f32, high: f32, wanted: f32| wanted.clamp(low, high.max(low));
    pos2(
        within(room.left(), room.right() - size.x, target.center().x - size.x / 2.0),
        within(room.top(), room.bottom() - size.y, target.bottom() - size.y - 2.0 * GAP),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: f32, top: f32, width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(left, top), vec2(width, height))
    }

    #[test]
    fn the_card_stands_beside_its_target_and_never_on_it_where_there_is_room() {
        let room = rect(8.0, 8.0, 1008.0, 584.0);
        let size = vec2(344.0, 220.0);
        for (target, expected) in [
            (rect(10.0, 60.0, 270.0, 500.0), Beside::Right),
            (rect(740.0, 60.0, 270.0, 500.0), Beside::Left),
            (rect(300.0, 8.0, 400.0, 40.0), Beside::Below),
            (rect(300.0, 560.0, 400.0, 30.0), Beside::Above),
            (rect(8.0, 8.0, 1008.0, 584.0), Beside::Over),
        ] {
            let (corner, beside) = place(target, size, room);
            let card = Rect::from_min_size(corner, size);
            assert_eq!(beside, expected, "{target:?}");
            assert!(room.expand(0.5).contains_rect(card), "{target:?}: {card:?}");
            assert_eq!(
                card.intersect(target).is_positive(),
                expected == Beside::Over,
                "{target:?}: {card:?}"
            );
        }
    }

    #[test]
    fn a_card_larger_than_the_window_starts_at_its_corner() {
        let room = rect(8.0, 8.0, 300.0, 100.0);
        let (corner, beside) = place(rect(20.0, 20.0, 50.0, 50.0), vec2(400.0, 300.0), room);
        assert_eq!((corner, beside), (room.min, Beside::Over));
    }

    #[test]
    fn stops_that_the_desk_does_not_have_are_left_out() {
        assert_eq!(Stop::on_desk(&[Page::Variants, Page::Layers], 3), Stop::ALL);
        let short = Stop::on_desk(&[Page::Variants, Page::Viewpoints], 1);
        assert!(!short.contains(&Stop::Layers) && !short.contains(&Stop::Lenses));
        assert_eq!(short.len(), 5);
    }
}
