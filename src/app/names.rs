//! Names on the city and on features of its layers: laid out by the view, painted here under the panels.

use super::desk::ShownZones;
use super::search::MarkCover;
use crate::model::LayerKind;
use crate::ui::{TextRole, Theme, Tokens, shell};
use crate::view::{
    feature_names::FeatureNames,
    labels::{LabelStyle, PlacedLabel, place_labels},
    ray_cast::SceneRay,
    scene::ShownScenario,
    site_view::SiteView,
};
use bevy::math::DVec2;
use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{
        self, Align2, Color32, Galley, LayerId, Pos2, Stroke,
        epaint::{TextShape, text::LayoutJob},
        pos2, vec2,
    },
};
use std::sync::Arc;

/// Far names are paler, but never less readable than this share of ink.
const LEAST_STRENGTH: f32 = 0.9;
/// How much of the paper under a name hides the city.
const PLATE_STRENGTH: f32 = 0.94;
/// Where the paper around a letter is painted, points.
const HALO: [(f32, f32); 8] = [
    (-1.5, 0.0),
    (1.5, 0.0),
    (0.0, -1.5),
    (0.0, 1.5),
    (-1.1, -1.1),
    (1.1, -1.1),
    (-1.1, 1.1),
    (1.1, 1.1),
];

/// Paints the names of streets and landmarks where their layer is visible, and those of features whose layer has them.
pub(super) fn paint_names(
    mut contexts: EguiContexts,
    shown: Option<Res<ShownScenario>>,
    features: Res<FeatureNames>,
    view: Res<SiteView>,
    zones: Res<ShownZones>,
    mark: Option<Res<MarkCover>>,
    scene: SceneRay,
) -> Result {
    let (Some(shown), Some(zones)) = (shown, zones.0) else {
        return Ok(());
    };
    let named = if shown.is_kind_visible(LayerKind::Labels) {
        shown.labels()
    } else {
        &[]
    };
    if named.is_empty() && features.near().is_empty() {
        return Ok(());
    }
    let ctx = contexts.ctx_mut()?;
    let theme = Theme::of(ctx);
    let painter = ctx.layer_painter(LayerId::background()).with_clip_rect(zones.view);
    let style = LabelStyle {
        size_pt: f64::from(theme.size(TextRole::Body)),
        ..LabelStyle::default()
    };
    let width_pt = |text: &str, size_pt: f64| f64::from(laid_out(&painter, text, size_pt, Color32::BLACK).size().x);
    let covered: Vec<[DVec2; 2]> = shell::covered(ctx, &zones)
        .into_iter()
        .chain(mark.and_then(|mark| mark.0))
        .map(|rect| [site(rect.min), site(rect.max)])
        .collect();
    let is_seen = |point| !scene.is_behind_building(view.eye, point);
    let labels = place_labels(named, features.near(), &view, &style, width_pt, is_seen, &covered);
    // Lines first, so that none crosses a name.
    for label in &labels {
        paint_leader(&painter, label);
    }
    for label in &labels {
        paint_name(&painter, label, &theme);
    }
    Ok(())
}

fn laid_out(painter: &egui::Painter, text: &str, size_pt: f64, color: Color32) -> Arc<Galley> {
    let format = Theme::format(TextRole::Strong, narrow(size_pt), color);
    painter.layout_job(LayoutJob::single_section(text.to_owned(), format))
}

#[expect(clippy::cast_possible_truncation, reason = "points on a screen")]
fn narrow(value: f64) -> f32 {
    value as f32
}

pub(super) fn point(at: DVec2) -> Pos2 {
    pos2(narrow(at.x), narrow(at.y))
}

fn site(at: Pos2) -> DVec2 {
    DVec2::new(f64::from(at.x), f64::from(at.y))
}

/// The city is light in both themes, so are its names.
fn ink_of(label: &PlacedLabel) -> Color32 {
    let strength = narrow(label.strength).max(LEAST_STRENGTH);
    Tokens::LIGHT.ink.gamma_multiply(strength)
}

fn paint_leader(painter: &egui::Painter, label: &PlacedLabel) {
    let paper = Tokens::LIGHT.ground.gamma_multiply(PLATE_STRENGTH);
    if let Some([from, to]) = label.leader {
        painter.line_segment([point(from), point(to)], Stroke::new(3.0, paper));
        painter.line_segment([point(from), point(to)], Stroke::new(1.0, ink_of(label)));
    }
}

/// Ink on paper or with a paper edge, so that a name reads on roof, street and grass alike.
fn paint_name(painter: &egui::Painter, label: &PlacedLabel, theme: &Theme) {
    let ink = ink_of(label);
    let paper = Tokens::LIGHT.ground.gamma_multiply(PLATE_STRENGTH);
    if label.is_landmark {
        let galley = laid_out(painter, &label.text, label.size_pt, ink);
        let plate = Align2::CENTER_CENTER.anchor_size(point(label.center), galley.size() + vec2(12.0, 6.0));
        painter.rect_filled(plate, f32::from(Theme::RADIUS), paper);
        painter.galley(
            Align2::CENTER_CENTER
                .anchor_size(point(label.center), galley.size())
                .min,
            galley,
            ink,
        );
        return;
    }
    let angle = narrow(label.angle_rad);
    let text = |color: Color32, offset: egui::Vec2| {
        let galley = laid_out(painter, &label.text, label.size_pt, color);
        let half = galley.size() / 2.0;
        let turned = egui::emath::Rot2::from_angle(angle) * half;
        TextShape::new(point(label.center) - turned + offset, galley, color).with_angle(angle)
    };
    for (x, y) in HALO {
        painter.add(text(paper, vec2(x, y) * theme.text_scale));
    }
    painter.add(text(ink, egui::Vec2::ZERO));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{blend, contrast_ratio};
    use crate::view::palette;

    /// WCAG AA over the darkest and the strongest colours of the city.
    #[test]
    fn names_read_on_every_colour_of_the_city() {
        for [r, g, b] in [
            palette::INK,
            palette::TILED_ROOF,
            palette::SELECTION,
            palette::REMOVED,
            palette::TRUNK,
            palette::WALL,
        ] {
            let plate = blend(Color32::from_rgb(r, g, b), Tokens::LIGHT.ground, PLATE_STRENGTH);
            let ink = blend(plate, Tokens::LIGHT.ink, LEAST_STRENGTH);
            let ratio = contrast_ratio(ink, plate);
            assert!(ratio >= 7.0, "{r} {g} {b}: {ratio:.1}");
        }
    }
}
