//! What a line of sight meets first: tiles, masses, objects, the ground. Hidden features are not there.

use super::{
    feature_rows::{FeatureRows, RowRange},
    ground::GroundHeights,
    placement::SiteAnchor,
    points::{PickedPoint, PointClouds},
};
use crate::geometry::{MeshBvh, Ray};
use crate::georef::{SitePos, narrow, render_axes};
use crate::sources::tiles3d::TileId;
use bevy::{camera::primitives::Aabb, ecs::system::SystemParam, math::DVec3, prelude::*};
use std::sync::Arc;

/// Whose features a mesh shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PickOwner {
    /// A tile of the layer with this number; features are rows of its table.
    Tile { layer: u32, tile: TileId },
    /// The plan: features are places in `ids`.
    NewBuildings { ids: Arc<Vec<String>> },
    /// A model of the plan by its id, whole.
    NewModel { id: Arc<str> },
    /// Trees of a plan: features are places in `ids`.
    NewTrees { ids: Arc<Vec<String>> },
    /// Managed objects: features are places in `indices`, which are places in the scenario's list.
    Assets { indices: Arc<Vec<usize>> },
    /// Public-space reports: features are places in the scenario's list.
    Reports,
    /// Sensors: features are places in the scenario's list.
    Sensors,
    /// The vector layer at this place: features are places in `indices`, which are places in the layer.
    Features { layer: usize, indices: Arc<Vec<u32>> },
}

/// A mesh whose features can be picked.
#[derive(Component, Clone)]
pub(crate) struct Pickable {
    pub(crate) owner: PickOwner,
    pub(crate) rows: RowRange,
    pub(crate) bvh: Arc<MeshBvh>,
}

/// What was met.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SceneHit {
    pub(crate) position: SitePos,
    pub(crate) distance_m: f64,
    /// The mesh and its feature; `None` for the ground and for a measured point.
    pub(crate) feature: Option<(Entity, u32)>,
    /// The measured point, where one was met.
    pub(crate) point: Option<PickedPoint>,
}

/// Casts lines of sight into what is shown.
#[derive(SystemParam)]
pub(crate) struct SceneRay<'w, 's> {
    pickables: Query<
        'w,
        's,
        (
            Entity,
            &'static Pickable,
            &'static SiteAnchor,
            &'static Visibility,
            &'static Aabb,
        ),
    >,
    rows: Res<'w, FeatureRows>,
    ground: Res<'w, GroundHeights>,
    points: Option<Res<'w, PointClouds>>,
}

impl SceneRay<'_, '_> {
    /// The nearest thing along `direction` (unit length) from `eye`, site frame.
    pub(crate) fn cast(&self, eye: SitePos, direction: DVec3) -> Option<SceneHit> {
        let ground = self.ground.cast(eye, direction);
        let thing = self.cast_things(eye, direction);
        let surface = match (ground, thing) {
            (Some(ground_m), Some((thing_m, ..))) if ground_m < thing_m => Some((ground_m, None)),
            (_, Some((thing_m, entity, feature))) => Some((thing_m, Some((entity, feature)))),
            (Some(ground_m), None) => Some((ground_m, None)),
            (None, None) => None,
        };
        let before_m = surface.map(|(surface_m, _)| surface_m);
        let met = self
            .points
            .as_ref()
            .and_then(|points| points.cast(eye, direction, before_m));
        if let Some((hit, point)) = met {
            return Some(SceneHit {
                position: hit.position,
                distance_m: hit.distance_m,
                feature: None,
                point: Some(point),
            });
        }
        let (distance_m, feature) = surface?;
        Some(SceneHit {
            position: SitePos(eye.0 + direction * distance_m),
            distance_m,
            feature,
            point: None,
        })
    }

    /// The nearest thing that stands on the ground: its distance in metres, its mesh and its feature.
    pub(crate) fn cast_things(&self, eye: SitePos, direction: DVec3) -> Option<(f64, Entity, u32)> {
        self.cast_at(eye, direction, |_| true)
    }

    /// Whether a building stands between the eye and a point, more than a metre before it.
    pub(crate) fn is_behind_building(&self, eye: SitePos, point: SitePos) -> bool {
        let towards = point.0 - eye.0;
        let distance_m = towards.length();
        let is_building = |owner: &PickOwner| {
            matches!(
                owner,
                PickOwner::Tile { .. } | PickOwner::NewBuildings { .. } | PickOwner::NewModel { .. }
            )
        };
        towards
            .try_normalize()
            .and_then(|direction| self.cast_at(eye, direction, is_building))
            .is_some_and(|(hit_m, ..)| hit_m < distance_m - 1.0)
    }

    fn cast_at(
        &self,
        eye: SitePos,
        direction: DVec3,
        counts: impl Fn(&PickOwner) -> bool,
    ) -> Option<(f64, Entity, u32)> {
        let ray_direction = Vec3::from_array(narrow(render_axes(direction)));
        let mut nearest: Option<(f64, Entity, u32)> = None;
        for (entity, pickable, anchor, visibility, bounds) in &self.pickables {
            if *visibility == Visibility::Hidden || !counts(&pickable.owner) {
                continue;
            }
            let ray = Ray {
                origin: Vec3::from_array(narrow(render_axes(eye.0 - anchor.0.0))),
                direction: ray_direction,
            };
            let Some(entry) = enter_box(ray, bounds) else {
                continue;
            };
            if nearest.is_some_and(|(distance, ..)| f64::from(entry) > distance) {
                continue;
            }
            let hit = pickable
                .bvh
                .cast(ray, |feature| !self.rows.is_hidden(pickable.rows, feature));
            if let Some(hit) = hit
                && nearest.is_none_or(|(distance, ..)| f64::from(hit.distance_m) < distance)
            {
                nearest = Some((f64::from(hit.distance_m), entity, hit.feature));
            }
        }
        nearest
    }
}

/// Distance at which a ray enters a box (0 inside it); `None` when it misses.
fn enter_box(ray: Ray, bounds: &Aabb) -> Option<f32> {
    let origin = ray.origin - Vec3::from(bounds.center);
    // The slab method; a direction of zero gives infinities that fall out of the comparison.
    let half = Vec3::from(bounds.half_extents) + Vec3::splat(1e-3);
    let inverse = ray.direction.recip();
    let a = (-half - origin) * inverse;
    let b = (half - origin) * inverse;
    let enter = a.min(b).max_element().max(0.0);
    let leave = a.max(b).min_element();
    (enter <= leave).then_some(enter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_entered_missed_or_stood_in() {
        let bounds = Aabb::from_min_max(Vec3::new(10.0, -1.0, -1.0), Vec3::new(12.0, 1.0, 1.0));
        let ray = |origin, direction| Ray { origin, direction };
        let entry = enter_box(ray(Vec3::ZERO, Vec3::X), &bounds).unwrap();
        assert!((entry - 10.0).abs() < 0.01);
        assert!(enter_box(ray(Vec3::ZERO, Vec3::NEG_X), &bounds).is_none());
        assert!(enter_box(ray(Vec3::ZERO, Vec3::Y), &bounds).is_none());
        assert_eq!(enter_box(ray(Vec3::X * 11.0, Vec3::Y), &bounds), Some(0.0));
    }
}
