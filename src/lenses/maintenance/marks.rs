//! The marks of the list on the objects in the view, so that no state has to be told by colour alone. Painted under the
//! panels, near things first; far away the colours have to do.

use super::MaintenanceDesk;
use super::filters::{REMOVED_MARK, color32, grade_shape};
use crate::georef::SitePos;
use crate::model::{Asset, AssetKind, LayerKind};
use crate::schedule::{InterfaceSystems, Lens};
use crate::ui::Theme;
use crate::ui::widgets::Mark;
use crate::view::GroundHeights;
use crate::view::scene::ShownScenario;
use crate::view::site_view::SiteView;
use bevy::math::DVec2;
use bevy::prelude::*;
use bevy_egui::{
    EguiContexts, EguiPrimaryContextPass,
    egui::{LayerId, pos2},
};

/// Things farther from the eye than this carry no mark, metres.
const FARTHEST_M: f64 = 170.0;
/// More marks would hide what they mark.
const MOST_MARKS: usize = 80;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        EguiPrimaryContextPass,
        paint_marks.before(InterfaceSystems).run_if(in_state(Lens::Maintenance)),
    );
}

/// How far above its foot an object carries its mark, metres.
fn mark_height_m(asset: &Asset) -> f64 {
    match asset.kind {
        AssetKind::Tree if asset.height_m > 0.0 => asset.height_m + 1.0,
        AssetKind::Tree => 8.0,
        AssetKind::Lamp if asset.height_m > 0.0 => asset.height_m + 0.8,
        AssetKind::Lamp => 6.0,
        AssetKind::Manhole => 0.6,
        AssetKind::Bench | AssetKind::Bin | AssetKind::Other => 1.9,
    }
}

/// Which of `candidates` (distance, place on the screen, what) are marked: the nearest, none on top of another.
fn chosen<T>(mut candidates: Vec<(f64, DVec2, T)>, apart: f64) -> Vec<(DVec2, T)> {
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut marked: Vec<(DVec2, T)> = Vec::new();
    for (_, at, what) in candidates {
        if marked.len() >= MOST_MARKS {
            break;
        }
        if marked.iter().all(|(other, _)| other.distance(at) >= apart) {
            marked.push((at, what));
        }
    }
    marked
}

#[expect(clippy::cast_possible_truncation, reason = "points on a screen")]
fn narrow(value: f64) -> f32 {
    value as f32
}

fn paint_marks(
    mut contexts: EguiContexts,
    desk: Res<MaintenanceDesk>,
    shown: Option<Res<ShownScenario>>,
    view: Res<SiteView>,
    ground: Res<GroundHeights>,
) -> Result {
    let Some(shown) = shown.filter(|shown| shown.is_kind_visible(LayerKind::Assets)) else {
        return Ok(());
    };
    let ctx = contexts.ctx_mut()?;
    let side = Theme::of(ctx).icon_size() * 1.1;
    let page = desk.page();
    let scale = page.scale();
    let layers = shown.asset_visibility();
    let picture = view.size_px / view.pixels_per_point;
    let candidates: Vec<(f64, DVec2, usize)> = page
        .listed_assets()
        .iter()
        .filter_map(|place| {
            let asset = shown.open.assets.get(*place)?;
            let away = asset.position - view.eye.0.truncate();
            if away.abs().max_element() > FARTHEST_M || !layers.shows(*place) {
                return None;
            }
            let foot_m = ground.height_at(asset.position);
            let top = SitePos(asset.position.extend(foot_m + mark_height_m(asset)));
            let distance_m = top.0.distance(view.eye.0);
            let (pixel, _) = view.pixel(top).filter(|_| distance_m < FARTHEST_M)?;
            let at = pixel / view.pixels_per_point;
            let is_inside = at.cmpge(DVec2::ZERO).all() && at.cmple(picture).all();
            is_inside.then_some((distance_m, at, *place))
        })
        .collect();
    let painter = ctx.layer_painter(LayerId::background());
    // The farthest first, so that a near mark lies on a far one.
    for (at, place) in chosen(candidates, f64::from(side) * 1.1).into_iter().rev() {
        let Some(asset) = shown.open.assets.get(place) else {
            continue;
        };
        let at = pos2(narrow(at.x), narrow(at.y));
        if page.stock().removed.contains(&place) {
            REMOVED_MARK.paint(&painter, at, side);
            continue;
        }
        let grade = scale.grade(asset);
        Mark {
            sign: &scale.mark(grade),
            shape: grade_shape(scale),
            color: color32(scale.color(grade)),
        }
        .paint(&painter, at, side);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_marked_and_none_lies_on_another() {
        let at = |x: f64| DVec2::new(x, 0.0);
        let candidates = vec![(9.0, at(0.0), "far"), (1.0, at(5.0), "near"), (5.0, at(40.0), "beside")];
        let marked: Vec<&str> = chosen(candidates, 20.0).into_iter().map(|(_, what)| what).collect();
        assert_eq!(marked, ["near", "beside"]);
        let many = (0..1000).map(|i| (f64::from(i), at(f64::from(i) * 100.0), i)).collect();
        let marked = chosen(many, 20.0);
        assert_eq!(marked.len(), MOST_MARKS);
        assert!(marked.iter().all(|(_, i)| *i < 80));
    }
}
