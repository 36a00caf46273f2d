//! What a line of sight meets first: tiles, masses, objects, the ground. Hidden features are not there.

use super::{
    feature_rows::{FeatureRows, RowRange},
    ground::GroundHeights,
    placement::SiteAnchor,
    points::{PickPoints, PickedPoint, PointClouds, PointHit, Sight, is_foremost},
    site_view::SiteView,
};
use crate::geometry::{MeshBvh, Ray, SurfaceValues, Value};
use crate::georef::{SitePos, narrow, render_axes, site_axes};
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

/// Points of a tile whose features can be picked, beside a [`Pickable`] that says whose they are.
#[derive(Component, Clone)]
pub(crate) struct PickablePoints {
    /// With the feature of each.
    pub(crate) points: Arc<PickPoints<u32>>,
    /// Width of a disc, metres.
    pub(crate) width_m: f32,
    /// Most width of a disc on the screen, pixels.
    pub(crate) most_px: f32,
    /// The number of each in the [`PickableValues`] beside it; empty where there are none.
    pub(crate) numbers: Arc<[u32]>,
}

/// What lies on the surface of a mesh or on points, beside a [`Pickable`].
#[derive(Component, Clone)]
pub(crate) struct PickableValues(pub(crate) Arc<SurfaceValues>);

/// The meshes with values on their surface, and the points with values.
#[derive(SystemParam)]
pub(crate) struct SurfaceRay<'w, 's> {
    meshes: Query<'w, 's, (&'static Pickable, &'static PickableValues, &'static SiteAnchor)>,
    points: Query<'w, 's, (&'static PickablePoints, &'static PickableValues)>,
}

impl SurfaceRay<'_, '_> {
    /// Names and values at the place where a line of sight from `eye` along `direction` (unit length, site frame) meets
    /// a mesh in a feature; nothing where none lie on it.
    pub(crate) fn values(&self, eye: SitePos, direction: DVec3, met: (Entity, u32)) -> Vec<(String, Value)> {
        let (entity, feature) = met;
        let Ok((pickable, values, anchor)) = self.meshes.get(entity) else {
            return Vec::new();
        };
        let ray = Ray {
            origin: Vec3::from_array(narrow(render_axes(eye.0 - anchor.0.0))),
            direction: Vec3::from_array(narrow(render_axes(direction))),
        };
        let hit = pickable.bvh.cast(ray, |other| other == feature);
        hit.map_or_else(Vec::new, |hit| values.0.at(hit.triangle, hit.weights))
    }

    /// Names and values of a point of a tile, by its number among those of its entity.
    pub(crate) fn of_point(&self, entity: Entity, number: usize) -> Vec<(String, Value)> {
        let values = self.points.get(entity).ok().and_then(|(points, values)| {
            let number = points.numbers.get(number)?;
            Some(values.0.of_point(*number))
        });
        values.unwrap_or_default()
    }
}

/// What was met.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SceneHit {
    pub(crate) position: SitePos,
    pub(crate) distance_m: f64,
    /// The mesh and its feature; `None` for the ground and for a measured point.
    pub(crate) feature: Option<(Entity, u32)>,
    /// Which of the points of that entity, where a point of a tile was met.
    pub(crate) number: Option<usize>,
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
    tile_points: Query<
        'w,
        's,
        (
            Entity,
            &'static Pickable,
            &'static PickablePoints,
            &'static SiteAnchor,
            &'static Visibility,
            &'static Aabb,
        ),
    >,
    view: Option<Res<'w, SiteView>>,
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
        let of_tile = self.cast_tile_points(eye, direction, before_m);
        if let Some((hit, entity)) = of_tile
            && met.as_ref().is_none_or(|(other, _)| hit.score < other.score)
        {
            return Some(SceneHit {
                position: hit.position,
                distance_m: hit.distance_m,
                feature: Some((entity, hit.facts)),
                number: Some(hit.number),
                point: None,
            });
        }
        if let Some((hit, point)) = met {
            return Some(SceneHit {
                position: hit.position,
                distance_m: hit.distance_m,
                feature: None,
                number: None,
                point: Some(point),
            });
        }
        let (distance_m, feature) = surface?;
        Some(SceneHit {
            position: SitePos(eye.0 + direction * distance_m),
            distance_m,
            feature,
            number: None,
            point: None,
        })
    }

    /// The point of a tile that a line of sight meets, where something else is met at `other_m`, if at all.
    fn cast_tile_points(
        &self,
        eye: SitePos,
        direction: DVec3,
        other_m: Option<f64>,
    ) -> Option<(PointHit<u32>, Entity)> {
        let view = self.view.as_ref()?;
        let sight = Sight {
            eye,
            direction,
            metres_per_pixel: view.metres_per_pixel(1.0),
        };
        let shown = self
            .tile_points
            .iter()
            .filter(|(.., visibility, _)| **visibility != Visibility::Hidden);
        let met = shown.filter_map(|(entity, pickable, of, anchor, _, bounds)| {
            let middle = SitePos(anchor.0.0 + site_axes(Vec3::from(bounds.center).as_dvec3()));
            let [widest_m, ..] = narrow(DVec3::splat(view.metres_per_pixel(middle.0.distance(eye.0))));
            let size_m = of.width_m.min(of.most_px * widest_m);
            let is_shown = |feature: &u32| !self.rows.is_hidden(pickable.rows, *feature);
            Some((of.points.cast(&sight, size_m, is_shown)?, entity))
        });
        let nearest = met.min_by(|(a, _), (b, _)| a.score.total_cmp(&b.score))?;
        is_foremost(nearest.0.distance_m, other_m).then_some(nearest)
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
    use crate::geometry::{
        FeatureMesh, OtherRows, ReadTexel, RowSource, Surface, SurfaceSpan, TexelProperty, Texels, Wrap,
    };
    use bevy::ecs::system::RunSystemOnce;

    /// The first byte of a texel.
    #[derive(Debug)]
    struct First;

    impl ReadTexel for First {
        fn value(&self, bytes: &[u8]) -> Value {
            Value::Int(i64::from(bytes[0]))
        }
    }

    #[test]
    fn values_on_a_surface_are_those_of_the_place_that_is_met() {
        let mut mesh = FeatureMesh {
            origin: SitePos(DVec3::new(1000.0, 2000.0, 0.0)),
            positions: vec![[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [0.0, 4.0, 0.0]],
            normals: vec![[0.0, 0.0, 1.0]; 3],
            features: vec![0; 3],
            colors: Vec::new(),
            uvs: Vec::new(),
            indices: vec![0, 1, 2],
            texture: None,
            double_sided: false,
            translucent: false,
            unlit: false,
            outline: None,
            copies: Vec::new(),
            values: SurfaceValues::default(),
        };
        mesh.values.push(SurfaceSpan {
            first: 0,
            is_mirrored: false,
            copy: None,
            surface: Arc::new(Surface {
                count: 1,
                uvs: vec![vec![[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]]],
                properties: vec![TexelProperty {
                    name: "damp".to_owned(),
                    texels: Arc::new(Texels::new(2, 1, vec![10, 0, 0, 0, 20, 0, 0, 0]).unwrap()),
                    wrap: [Wrap::Repeat; 2],
                    channels: vec![0],
                    reader: Arc::new(First),
                    uv_set: 0,
                }],
                ..Surface::default()
            }),
        });
        let mut world = World::new();
        let pickable = Pickable {
            owner: PickOwner::Reports,
            rows: RowRange { first: 0, count: 2 },
            bvh: Arc::new(MeshBvh::build(&mesh)),
        };
        let bare = world.spawn((pickable.clone(), SiteAnchor(mesh.origin))).id();
        let anchor = SiteAnchor(mesh.origin);
        let wall = world
            .spawn((pickable, anchor, PickableValues(Arc::new(mesh.values))))
            .id();
        // It faces south, so it is seen from there.
        for (entity, feature, x, expected) in [
            (wall, 0, 1.0, Some(10)),
            (wall, 0, 3.0, Some(20)),
            (wall, 0, 5.0, None),
            (wall, 1, 1.0, None),
            (bare, 0, 1.0, None),
        ] {
            let eye = SitePos(DVec3::new(1000.0 + x, 1990.0, 0.5));
            let values = move |ray: SurfaceRay| ray.values(eye, DVec3::Y, (entity, feature));
            let found = world.run_system_once(values).unwrap();
            let expected: Vec<(String, Value)> = expected
                .into_iter()
                .map(|number| ("damp".to_owned(), Value::Int(number)))
                .collect();
            assert_eq!(found, expected, "{x}");
        }
    }

    #[test]
    fn values_of_a_point_are_those_of_its_number() {
        let mut values = SurfaceValues::default();
        values.push(SurfaceSpan {
            first: 0,
            is_mirrored: false,
            copy: None,
            surface: Arc::new(Surface {
                count: 3,
                rows: vec![OtherRows {
                    name: "kind".to_owned(),
                    source: RowSource::Each(vec![7, 8, u32::MAX]),
                    table: None,
                }],
                ..Surface::default()
            }),
        });
        let points = PickablePoints {
            points: Arc::new(PickPoints::new(SitePos(DVec3::ZERO), Vec::new(), Vec::new())),
            width_m: 1.0,
            most_px: 1.0,
            numbers: [1, 2, 0].into(),
        };
        let mut world = World::new();
        let cloud = world.spawn((points.clone(), PickableValues(Arc::new(values)))).id();
        let bare = world.spawn(points).id();
        for (entity, number, expected) in [
            (cloud, 0, Some(8)),
            (cloud, 1, None),
            (cloud, 2, Some(7)),
            (cloud, 3, None),
            (bare, 0, None),
        ] {
            let of_point = move |ray: SurfaceRay| ray.of_point(entity, number);
            let found = world.run_system_once(of_point).unwrap();
            let expected: Vec<_> = expected
                .map(|row| ("kind".to_owned(), Value::Int(row)))
                .into_iter()
                .collect();
            assert_eq!(found, expected, "{number}");
        }
    }

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
