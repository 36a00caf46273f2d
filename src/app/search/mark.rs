//! The mark of a found place: a pin with its name, under the panels.

use crate::app::desk::ShownZones;
use crate::app::names::point;
use crate::georef::SitePos;
use crate::ui::{TextRole, Theme};
use crate::view::site_view::SiteView;
use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{
        Align2, LayerId, Rect, Shape, Stroke, StrokeKind,
        text::{LayoutJob, TextWrapping},
        vec2,
    },
};

/// A place with its name.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::app) struct Marked {
    /// Where the pin points, site frame.
    pub(in crate::app) at: SitePos,
    /// What it is called.
    pub(in crate::app) name: String,
}

/// What the mark covers, points, as it was painted last; names on the map keep clear of it.
#[derive(Resource, Debug, Default)]
pub(in crate::app) struct MarkCover(pub(in crate::app) Option<Rect>);

/// The place that was found last; gone with Esc, a click on the city, another scenario or another place.
#[derive(Resource, Debug, Default, PartialEq)]
pub(in crate::app) struct MarkedPlace(pub(in crate::app) Option<Marked>);

impl MarkedPlace {
    /// Where it is, site frame.
    pub(in crate::app) fn at(&self) -> Option<SitePos> {
        self.0.as_ref().map(|marked| marked.at)
    }
}

pub(super) fn paint_mark(
    mut contexts: EguiContexts,
    marked: Res<MarkedPlace>,
    view: Res<SiteView>,
    zones: Res<ShownZones>,
    mut cover: ResMut<MarkCover>,
) -> Result {
    cover.0 = None;
    let (Some(marked), Some(zones)) = (&marked.0, zones.0) else {
        return Ok(());
    };
    let Some((pixel, _)) = view.pixel(marked.at) else {
        return Ok(());
    };
    let tip = point(pixel / view.pixels_per_point);
    if !zones.view.contains(tip) {
        return Ok(());
    }
    let ctx = contexts.ctx_mut()?;
    let theme = Theme::of(ctx);
    let painter = ctx.layer_painter(LayerId::background()).with_clip_rect(zones.view);
    let side = theme.icon_size() * 1.3;
    let head = tip - vec2(0.0, 1.7 * side);
    let (paper, ink) = (theme.tokens.ground, theme.accent);
    // A drop: a round head that runs down to the point, with a light edge so that it reads on every roof.
    let drop = |grown: f32| {
        let half = side * 0.62 + grown;
        let shoulder = vec2(half * 0.86, half * 0.5);
        vec![
            head + shoulder,
            tip + vec2(0.0, grown * 1.5),
            head + vec2(-shoulder.x, shoulder.y),
        ]
    };
    for (grown, color) in [(2.0, paper), (0.0, ink)] {
        painter.add(Shape::convex_polygon(drop(grown), color, Stroke::NONE));
        painter.circle_filled(head, side * 0.62 + grown, color);
    }
    painter.circle_filled(head, side * 0.24, paper);
    let role = TextRole::Strong;
    let mut name = LayoutJob::single_section(
        marked.name.clone(),
        Theme::format(role, theme.size(role), theme.tokens.ink),
    );
    name.wrap = TextWrapping::truncate_at_width(320.0 * theme.text_scale);
    let words = painter.layout_job(name);
    let plate_size = words.size() + vec2(16.0, 8.0);
    let below = head - vec2(0.0, side * 0.62 + 8.0);
    let plate = Align2::CENTER_BOTTOM.anchor_size(below, plate_size);
    let room: Rect = zones.view.shrink(4.0);
    let plate = plate.translate(vec2(
        (room.left() - plate.left()).max(0.0) + (room.right() - plate.right()).min(0.0),
        (room.top() - plate.top()).max(0.0),
    ));
    cover.0 = Some(plate.union(Rect::from_two_pos(head, tip).expand(side * 0.7)));
    painter.rect_filled(plate, f32::from(Theme::RADIUS), paper);
    painter.rect_stroke(
        plate,
        f32::from(Theme::RADIUS),
        Stroke::new(1.0, theme.tokens.hairline),
        StrokeKind::Inside,
    );
    painter.galley(plate.center() - words.size() / 2.0, words, theme.tokens.ink);
    Ok(())
}
