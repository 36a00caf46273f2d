//! Where things are in the window.
//!
//! Bars lie along the top and the bottom; panels float over the view at its sides, and what is left between them is the
//! part of the view that nothing covers. It keeps at least 60 % of the width: when the window is too narrow for the
//! panels that are open, the one that was opened longest ago folds to its icons. Pure arithmetic in points; `areas` has
//! the functions that put something there.

use super::Theme;
use bevy_egui::egui::{Rect, pos2, vec2};

mod areas;

pub use areas::{bar, covered, float, hang, sheet, shown_rect};

/// The share of the width that the view keeps.
pub const VIEW_SHARE: f32 = 0.6;

/// Narrowest panel at 100 % letters, points.
const LEAST_PANEL_WIDTH: f32 = 232.0;

/// Least height of the card for the tools to stay below it, points at 100 % letters.
const LEAST_CARD_HEIGHT: f32 = 500.0;

/// Side of the small map, points at 100 % letters.
const MAP_SIDE: f32 = 208.0;

/// A window narrower than this gets smaller gaps, points.
const NARROW: f32 = 1200.0;

/// A side of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// Left: variants, viewpoints, layers.
    #[default]
    Left,
    /// Right: the card.
    Right,
}

/// What a side should show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wish {
    /// Nothing at all.
    Nothing,
    /// Icons.
    Rail,
    /// The panel, this wide if possible, points.
    Panel(f32),
}

/// What the shell is asked to fit into the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wishes {
    /// Left side.
    pub left: Wish,
    /// Right side.
    pub right: Wish,
    /// The side that was opened last; it stays when only one fits.
    pub opened_last: Side,
    /// The strip with the sun is shown.
    pub strip: bool,
    /// The small map is shown.
    pub map: bool,
}

/// What a side got.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SideZone {
    /// Nothing.
    Nothing,
    /// Room for icons.
    Rail(Rect),
    /// Room for a panel, which may be lower than this but not higher.
    Panel(Rect),
}

impl SideZone {
    /// Its room, if it has any.
    pub fn rect(&self) -> Option<Rect> {
        match *self {
            Self::Nothing => None,
            Self::Rail(rect) | Self::Panel(rect) => Some(rect),
        }
    }
}

/// Where everything is, points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zones {
    /// Name, lens switch, settings.
    pub top_bar: Rect,
    /// Left side.
    pub left: SideZone,
    /// Right side.
    pub right: SideZone,
    /// Notice that the situation is an example, at the top of the middle.
    pub banner: Rect,
    /// Date and time of the sun; without height when it was not wished for.
    pub strip: Rect,
    /// The small map, at the left below; without size when it was not wished for.
    pub map: Rect,
    /// North arrow and what stands above it, at the right below.
    pub tools: Rect,
    /// Place, scale, loading, problems.
    pub status_bar: Rect,
    /// Everything between the bars; the city may be drawn here, under the panels.
    pub view: Rect,
    /// The part of the view between the side panels, at least 60 % of the width: what matters should be in here.
    pub middle: Rect,
}

/// Fits `wishes` into a window of `screen` points.
pub fn zones(screen: Rect, theme: &Theme, wishes: &Wishes) -> Zones {
    let control = theme.control_height();
    let top_height = control + 4.0 * Theme::STEP;
    let status_height = status_height(theme);
    let top_bar = screen.with_max_y(screen.top() + top_height);
    let status_bar = screen.with_min_y(screen.bottom() - status_height);
    let view = Rect::from_min_max(top_bar.left_bottom(), status_bar.right_top());

    let gap = if screen.width() < NARROW { 2.0 } else { 3.0 } * Theme::STEP;
    let (left_width, right_width) = side_widths(screen.width(), gap, theme, wishes);
    let inner = view.shrink(gap);
    let left_rect = inner.with_max_x(inner.left() + left_width.points());
    let mut right_rect = inner.with_min_x(inner.right() - right_width.points());
    let tools_width = control + 2.0 * Theme::STEP;
    // Arrow, and four buttons above it.
    let tools_height = 5.0 * control + 7.0 * Theme::STEP;
    // The tools keep their corner whatever comes and goes, unless the card would then be too low to read.
    let above_tools = inner.height() - tools_height - gap;
    let tools_in_corner = right_width == Width::Nothing || above_tools >= LEAST_CARD_HEIGHT * theme.text_scale;
    if tools_in_corner {
        right_rect.set_bottom(inner.top() + above_tools);
    }
    let left = left_width.zone(left_rect);
    let right = right_width.zone(right_rect);
    let middle = Rect::from_min_max(
        pos2(left.rect().map_or(view.left(), |rect| rect.right() + gap), view.top()),
        pos2(
            right.rect().map_or(view.right(), |rect| rect.left() - gap),
            view.bottom(),
        ),
    );

    let free = middle.shrink(gap);
    let banner = free.with_max_y(free.top() + control);
    let corner = if tools_in_corner { inner.max } else { free.max };
    let tools = Rect::from_min_max(
        corner - vec2(tools_width, tools_height.min(free.height() * 0.75)),
        corner,
    );
    let strip_room = (free.width().min(tools.left() - gap - free.left())).max(0.0);
    let strip_width = strip_room.min(520.0 * theme.text_scale);
    let strip_height = if wishes.strip { control + 2.0 * Theme::STEP } else { 0.0 };
    let strip_left = free.left() + (strip_room - strip_width) / 2.0;
    let strip = Rect::from_min_size(
        pos2(strip_left, free.bottom() - strip_height),
        vec2(strip_width, strip_height),
    );
    let map_side = (MAP_SIDE * theme.text_scale)
        .min(0.4 * free.width())
        .min(0.4 * free.height());
    let map_side = if wishes.map { map_side } else { 0.0 };
    let map_bottom = if wishes.strip { strip.top() - gap } else { free.bottom() };
    let map = Rect::from_min_size(pos2(free.left(), map_bottom - map_side), vec2(map_side, map_side));
    Zones {
        top_bar,
        left,
        right,
        banner,
        strip,
        map,
        tools,
        status_bar,
        view,
        middle,
    }
}

/// Height of the status bar, points.
fn status_height(theme: &Theme) -> f32 {
    super::theme::on_grid(theme.size(super::TextRole::Small) * 1.5 + 2.0 * Theme::STEP).max(28.0)
}

/// Width of a side.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Width {
    Nothing,
    Rail(f32),
    Panel(f32),
}

impl Width {
    fn points(self) -> f32 {
        match self {
            Self::Nothing => 0.0,
            Self::Rail(width) | Self::Panel(width) => width,
        }
    }

    fn zone(self, rect: Rect) -> SideZone {
        match self {
            Self::Nothing => SideZone::Nothing,
            Self::Rail(_) => SideZone::Rail(rect),
            Self::Panel(_) => SideZone::Panel(rect),
        }
    }
}

/// Widths of both sides, so that with their gaps they take no more than their share of `screen_width`.
fn side_widths(screen_width: f32, gap: f32, theme: &Theme, wishes: &Wishes) -> (Width, Width) {
    let share = screen_width * (1.0 - VIEW_SHARE);
    // Text wraps and ends in dots, so a panel need not grow as fast as its letters.
    let least = LEAST_PANEL_WIDTH * (1.0 + 0.3 * (theme.text_scale - 1.0));
    let rail = theme.control_height() + 2.0 * Theme::STEP;
    let folded = |wish: Wish| {
        if wish == Wish::Nothing {
            Wish::Nothing
        } else {
            Wish::Rail
        }
    };
    let (left, right) = (wishes.left, wishes.right);
    let one_open = match wishes.opened_last {
        Side::Left => (left, folded(right)),
        Side::Right => (folded(left), right),
    };
    let other_open = match wishes.opened_last {
        Side::Left => (folded(left), right),
        Side::Right => (left, folded(right)),
    };
    for (left, right) in [(left, right), one_open, other_open] {
        let fixed: f32 = [left, right]
            .into_iter()
            .map(|wish| match wish {
                Wish::Nothing => 0.0,
                Wish::Rail => rail + 2.0 * gap,
                Wish::Panel(_) => 2.0 * gap,
            })
            .sum();
        let room = share - fixed;
        let wanted = |wish: Wish| {
            if let Wish::Panel(width) = wish {
                width.max(least)
            } else {
                0.0
            }
        };
        let (left_wanted, right_wanted) = (wanted(left), wanted(right));
        let needed = [left_wanted, right_wanted]
            .into_iter()
            .filter(|width| *width > 0.0)
            .count();
        let least_needed = [0.0, least, 2.0 * least][needed];
        // Sizes that fit to the point must not fail for a rounding.
        if least_needed > room + 0.5 {
            continue;
        }
        // What does not fit is taken from what both have above the least.
        let above = left_wanted + right_wanted - least_needed;
        let shrink = if above > 0.0 {
            ((room - least_needed) / above).clamp(0.0, 1.0)
        } else {
            1.0
        };
        let fitted = |wish: Wish, wanted: f32| match wish {
            Wish::Nothing => Width::Nothing,
            Wish::Rail => Width::Rail(rail),
            Wish::Panel(_) => Width::Panel((least + (wanted - least) * shrink).floor()),
        };
        return (fitted(left, left_wanted), fitted(right, right_wanted));
    }
    let rail_or_nothing = |wish: Wish| {
        if wish == Wish::Nothing {
            Width::Nothing
        } else {
            Width::Rail(rail)
        }
    };
    (rail_or_nothing(left), rail_or_nothing(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALES: [f32; 5] = [1.0, 1.25, 1.5, 1.75, 2.0];
    const SCREENS: [(f32, f32); 6] = [
        (1024.0, 600.0),
        (1024.0, 768.0),
        (1280.0, 720.0),
        (1366.0, 768.0),
        (1920.0, 1080.0),
        (3840.0, 2160.0),
    ];

    fn wishes() -> Vec<Wishes> {
        let wish = [
            Wish::Nothing,
            Wish::Rail,
            Wish::Panel(272.0),
            Wish::Panel(640.0),
            Wish::Panel(10.0),
        ];
        let mut all = Vec::new();
        for left in wish {
            for right in wish {
                for opened_last in [Side::Left, Side::Right] {
                    for (strip, map) in [(false, false), (true, false), (false, true), (true, true)] {
                        all.push(Wishes {
                            left,
                            right,
                            opened_last,
                            strip,
                            map,
                        });
                    }
                }
            }
        }
        all
    }

    #[test]
    fn zones_never_overlap_and_the_view_keeps_its_share() {
        for (width, height) in SCREENS {
            let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height));
            for scale in SCALES {
                let theme = Theme::new(false, scale);
                for wishes in wishes() {
                    let zones = zones(screen, &theme, &wishes);
                    let case = format!("{width}×{height} at {scale}: {wishes:?}");
                    let mut rects = vec![
                        ("top", zones.top_bar),
                        ("status", zones.status_bar),
                        ("banner", zones.banner),
                        ("tools", zones.tools),
                    ];
                    rects.extend(wishes.strip.then_some(("strip", zones.strip)));
                    rects.extend(wishes.map.then_some(("map", zones.map)));
                    rects.extend(zones.left.rect().map(|rect| ("left", rect)));
                    rects.extend(zones.right.rect().map(|rect| ("right", rect)));
                    for (index, (name, rect)) in rects.iter().enumerate() {
                        assert!(screen.contains_rect(*rect), "{case}: {name} {rect:?} is outside");
                        assert!(rect.is_positive(), "{case}: {name} {rect:?} has no room");
                        for (other, other_rect) in &rects[index + 1..] {
                            assert!(
                                !rect.shrink(0.01).intersects(other_rect.shrink(0.01)),
                                "{case}: {name} {rect:?} overlaps {other} {other_rect:?}"
                            );
                        }
                    }
                    assert!(
                        zones.middle.width() >= VIEW_SHARE * width - 0.5,
                        "{case}: middle {:?}",
                        zones.middle
                    );
                    assert!(zones.view.height() >= 0.6 * height, "{case}: view {:?}", zones.view);
                    assert!(zones.strip.width() >= 280.0, "{case}: strip {:?}", zones.strip);
                }
            }
        }
    }

    #[test]
    fn the_panel_opened_last_stays_when_only_one_fits() {
        let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(1024.0, 600.0));
        for scale in SCALES {
            let theme = Theme::new(false, scale);
            let open = |opened_last| {
                let panel = Wish::Panel(272.0);
                zones(
                    screen,
                    &theme,
                    &Wishes {
                        left: panel,
                        right: panel,
                        opened_last,
                        strip: true,
                        map: false,
                    },
                )
            };
            let zones = open(Side::Left);
            assert!(
                matches!((zones.left, zones.right), (SideZone::Panel(_), SideZone::Rail(_))),
                "{scale}: {zones:?}"
            );
            let zones = open(Side::Right);
            assert!(
                matches!((zones.left, zones.right), (SideZone::Rail(_), SideZone::Panel(_))),
                "{scale}: {zones:?}"
            );
        }
    }

    #[test]
    fn both_panels_are_open_as_wished_on_a_usual_screen() {
        let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(1920.0, 1080.0));
        let wishes = Wishes {
            left: Wish::Panel(272.0),
            right: Wish::Panel(300.0),
            opened_last: Side::Left,
            strip: true,
            map: false,
        };
        let zones = zones(screen, &Theme::new(false, 1.0), &wishes);
        let width = |zone: SideZone| zone.rect().map_or(0.0, |rect| rect.width());
        assert!(
            (width(zones.left) - 272.0).abs() < 0.5 && (width(zones.right) - 300.0).abs() < 0.5,
            "{zones:?}"
        );
    }
}
