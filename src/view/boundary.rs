//! The edge of an area on the ground: a dashed band. Which area that is, a lens says.

use super::{
    feature_material::{PaperMesh, SharedPaper},
    feature_rows::{FeatureRows, RowRange},
    ground::GroundHeights,
    palette::{self, Rgb},
    prepared::DrawnMesh,
};
use crate::georef::{SitePos, narrow, render_axes};
use crate::schedule::FrameSystems;
use bevy::{
    light::NotShadowCaster,
    math::{DVec2, DVec3},
    prelude::*,
};

/// Rings to draw, site frame; empty for none. Drawn anew whenever this or the ground changes.
#[derive(Resource, Debug, Clone, Default, PartialEq)]
pub struct ShownBoundary(pub Vec<Vec<DVec2>>);

/// Length of a dash, metres.
const DASH_M: f64 = 7.0;
/// Length of the gap after it, metres.
const GAP_M: f64 = 3.5;
/// Width of the band, metres.
const WIDTH_M: f64 = 1.2;
/// The band lies this far above the ground, over kerbs and grass, metres.
const ABOVE_M: f64 = 0.3;
/// A dash follows the ground in steps of at most this, metres.
const STEP_M: f64 = 3.5;
/// Pieces of dashes of one ring beyond this are not drawn: a mesh has its limits.
const MOST_PIECES: usize = 20_000;

#[derive(Resource, Default)]
struct Drawn {
    entity: Option<Entity>,
    row: Option<RowRange>,
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<ShownBoundary>()
        .init_resource::<Drawn>()
        .add_systems(Update, draw_boundary.in_set(FrameSystems::Derive));
}

fn draw_boundary(
    mut commands: Commands,
    shown: Res<ShownBoundary>,
    heights: Res<GroundHeights>,
    paper: Option<Res<SharedPaper>>,
    mut rows: ResMut<FeatureRows>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut drawn: ResMut<Drawn>,
    alive: Query<()>,
) {
    // Another scenario takes everything drawn out of the world.
    let is_gone = drawn.entity.is_some_and(|entity| !alive.contains(entity));
    if !(shown.is_changed() || heights.is_changed() || is_gone) {
        return;
    }
    if let Some(mut old) = drawn.entity.take().and_then(|entity| commands.get_entity(entity).ok()) {
        old.try_despawn();
    }
    let Some(paper) = paper else { return };
    let Some(row) = drawn.row.or_else(|| rows.allocate(1)) else {
        return;
    };
    drawn.row = Some(row);
    let zero = shown
        .0
        .first()
        .and_then(|ring| ring.first())
        .copied()
        .unwrap_or_default();
    let mut mesh = PaperMesh::default();
    for ring in &shown.0 {
        add_ring(&mut mesh, ring, zero, palette::PLAN_AREA, &|p| heights.height_at(p));
    }
    let Some(mesh) = DrawnMesh::triangles(mesh) else { return };
    let origin = SitePos(zero.extend(0.0));
    let bundle = mesh.bundle(
        &mut meshes,
        origin,
        row.first,
        paper.two_sided.clone(),
        Visibility::Inherited,
    );
    drawn.entity = Some(commands.spawn((bundle, NotShadowCaster)).id());
}

/// Adds the dashes along a closed ring, offsets from `zero`.
fn add_ring(mesh: &mut PaperMesh, ring: &[DVec2], zero: DVec2, color: Rgb, height_at: &dyn Fn(DVec2) -> f64) {
    let point = |p: DVec2, up_m: f64| {
        let offset = DVec3::new(p.x - zero.x, p.y - zero.y, height_at(p) + up_m);
        Vec3::from_array(narrow(render_axes(offset)))
    };
    for (a, b) in dashes(ring) {
        let across = (b - a).normalize_or_zero().perp() * (WIDTH_M / 2.0);
        let corners = [a - across, b - across, b + across, a + across];
        mesh.quad(corners.map(|p| point(p, ABOVE_M)), 0, color);
    }
}

/// The dashes along a closed ring, each short enough to lie on the ground. They run on round corners.
fn dashes(ring: &[DVec2]) -> Vec<(DVec2, DVec2)> {
    let mut found = Vec::new();
    // Metres since the last dash began.
    let mut since = 0.0;
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        let length = a.distance(b);
        let mut at = 0.0;
        while at < length && found.len() < MOST_PIECES {
            let is_dash = since < DASH_M;
            let left = if is_dash {
                DASH_M - since
            } else {
                DASH_M + GAP_M - since
            };
            let step = left.min(STEP_M).min(length - at).max(1e-3);
            if is_dash {
                let on = |along: f64| a.lerp(b, along / length);
                found.push((on(at), on((at + step).min(length))));
            }
            at += step;
            since += step;
            if since >= DASH_M + GAP_M - 1e-6 {
                since = 0.0;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_their_share_of_the_ring_and_lie_on_it() {
        let ring = [(0.0, 0.0), (100.0, 0.0), (100.0, 40.0), (0.0, 40.0)].map(|(x, y)| DVec2::new(x, y));
        let dashes = dashes(&ring);
        let drawn: f64 = dashes.iter().map(|(a, b)| a.distance(*b)).sum();
        let share = drawn / 280.0;
        assert!((share - DASH_M / (DASH_M + GAP_M)).abs() < 0.03, "{share}");
        assert!(dashes.iter().all(|(a, b)| a.distance(*b) <= STEP_M + 1e-9));
        let on_ring = |p: &DVec2| {
            let edge =
                p.x.abs()
                    .min((p.x - 100.0).abs())
                    .min(p.y.abs())
                    .min((p.y - 40.0).abs());
            edge < 1e-9
        };
        assert!(dashes.iter().all(|(a, b)| on_ring(a) && on_ring(b)));
    }

    #[test]
    fn a_ring_without_length_draws_nothing_and_ends() {
        assert!(dashes(&[]).is_empty());
        assert!(dashes(&[DVec2::ZERO; 5]).is_empty());
    }
}
