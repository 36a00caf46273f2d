//! Copies of one model among the triangles of a mesh: picked through the model, which is held once, and not through the
//! triangles of every copy, which take several times as much memory as drawing them does.

use super::bvh::{FaceBvh, Ray, RayHit, weights_of};
use bevy::math::{Affine3A, Vec3, Vec3A};
use obvhs::{BvhBuildParams, aabb::Aabb, bvh2::Bvh2, bvh2::builder::build_bvh2, ray};
use std::time::Duration;

/// Triangles of a mesh that are copies of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCopies {
    /// Faces of the model, in axes of its own.
    pub faces: Vec<[Vec3; 3]>,
    /// Where the copies stand.
    pub places: Vec<CopyPlace>,
    /// Number of the first triangle of the first copy in the mesh. Those of all copies follow, in order.
    pub first_triangle: u32,
}

/// Where one copy stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CopyPlace {
    /// The mesh's render-axes offsets from the model's own axes.
    pub mesh_from_model: Affine3A,
    /// Feature row of the whole copy.
    pub feature: u32,
}

impl ModelCopies {
    /// Numbers of the mesh's triangles that are copies.
    pub(super) fn triangles(&self) -> std::ops::Range<u64> {
        let first = u64::from(self.first_triangle);
        first..first.saturating_add((self.faces.len() as u64).saturating_mul(self.places.len() as u64))
    }
}

/// The hierarchy over the copies of one model. Copies that are flattened to nothing are not in it.
pub(super) struct CopyBvh {
    model: FaceBvh,
    /// Over the boxes of the copies.
    bvh: Bvh2,
    /// In the order of the hierarchy's leaves, with the number of each copy.
    places: Vec<(u32, CopyPlace)>,
    first_triangle: u32,
    model_triangles: u32,
}

impl CopyBvh {
    pub(super) fn build(copies: &ModelCopies) -> Self {
        let model = FaceBvh::build(
            (0..)
                .zip(copies.faces.iter().copied())
                .map(|(number, face)| (number, face, 0)),
        );
        let corners: Vec<Vec3> = copies
            .faces
            .iter()
            .flatten()
            .copied()
            .filter(|p| p.is_finite())
            .collect();
        let own = Aabb::from_points(&corners.iter().map(|p| Vec3A::from(*p)).collect::<Vec<_>>());
        let mut places = Vec::with_capacity(copies.places.len());
        let mut boxes = Vec::with_capacity(copies.places.len());
        for (number, place) in (0_u32..).zip(&copies.places) {
            let is_solid = place.mesh_from_model.is_finite() && place.mesh_from_model.inverse().is_finite();
            if is_solid && !corners.is_empty() {
                places.push((number, *place));
                boxes.push(moved(own, place.mesh_from_model));
            }
        }
        let bvh = if boxes.is_empty() {
            Bvh2::default()
        } else {
            let params = BvhBuildParams {
                max_prims_per_leaf: 1,
                ..BvhBuildParams::very_fast_build()
            };
            build_bvh2(&boxes, params, &mut Duration::default())
        };
        let order = bvh.primitive_indices.iter();
        Self {
            places: order.filter_map(|i| places.get(*i as usize).copied()).collect(),
            model,
            bvh,
            first_triangle: copies.first_triangle,
            model_triangles: u32::try_from(copies.faces.len()).unwrap_or(u32::MAX),
        }
    }

    /// The nearest hit of a copy whose feature passes `visible`, from either side.
    pub(super) fn cast(&self, ray: Ray, visible: impl Fn(u32) -> bool) -> Option<RayHit> {
        if self.places.is_empty() {
            return None;
        }
        let mut nearest: Option<RayHit> = None;
        self.bvh.ray_traverse(
            ray::Ray::new_inf(ray.origin.into(), ray.direction.into()),
            &mut ray::RayHit::none(),
            |_, i| {
                let Some((number, place)) = self.places.get(i).filter(|(_, place)| visible(place.feature)) else {
                    return f32::INFINITY;
                };
                let Some(hit) = self.cast_at(ray, *number, place) else {
                    return f32::INFINITY;
                };
                if nearest.is_none_or(|nearest| hit.distance_m < nearest.distance_m) {
                    nearest = Some(hit);
                }
                hit.distance_m
            },
        );
        nearest
    }

    fn cast_at(&self, ray: Ray, number: u32, place: &CopyPlace) -> Option<RayHit> {
        let model_from_mesh = place.mesh_from_model.inverse();
        // Not made a unit again: so distances along it stay those in the mesh.
        let local = Ray {
            origin: model_from_mesh.transform_point3(ray.origin),
            direction: model_from_mesh.transform_vector3(ray.direction),
        };
        let (distance_m, face, triangle, _) = self.model.nearest(local, |_| true)?;
        let [of_a, of_b, of_c] = weights_of(&face, local.origin + local.direction * distance_m);
        let [a, b, c] = face.map(|corner| place.mesh_from_model.transform_point3(corner));
        // The mesh has the corners of mirrored copies in the other order.
        let is_mirrored = place.mesh_from_model.matrix3.determinant() < 0.0;
        let side = if is_mirrored { -1.0 } else { 1.0 };
        Some(RayHit {
            distance_m,
            feature: place.feature,
            triangle: number
                .saturating_mul(self.model_triangles)
                .saturating_add(triangle)
                .saturating_add(self.first_triangle),
            normal: ((b - a).cross(c - a) * side).normalize_or_zero(),
            weights: if is_mirrored {
                [of_a, of_c, of_b]
            } else {
                [of_a, of_b, of_c]
            },
        })
    }

    pub(super) fn holds(&self, feature: u32) -> bool {
        self.places.iter().any(|(_, place)| place.feature == feature)
    }

    /// The triangles of a feature, in the mesh's offsets and in no order.
    pub(super) fn triangles_of(&self, feature: u32) -> impl Iterator<Item = [Vec3; 3]> {
        let places = self.places.iter().filter(move |(_, place)| place.feature == feature);
        places.flat_map(|(_, place)| {
            let faces = self.model.faces();
            faces.map(|face| face.map(|corner| place.mesh_from_model.transform_point3(corner)))
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        let nodes = self.bvh.nodes.len() * size_of::<obvhs::bvh2::node::Bvh2Node>();
        let indices = self.bvh.primitive_indices.len() * size_of::<u32>();
        let places = self.places.len() * size_of::<(u32, CopyPlace)>();
        self.model.bytes() + (nodes + indices + places) as u64
    }
}

/// The box around a box that is turned and moved.
fn moved(own: Aabb, transform: Affine3A) -> Aabb {
    let pick = |bit: usize, i: usize, low: f32, high: f32| if i & bit == 0 { low } else { high };
    let corners: [Vec3A; 8] = std::array::from_fn(|i| {
        transform.transform_point3a(Vec3A::new(
            pick(1, i, own.min.x, own.max.x),
            pick(2, i, own.min.y, own.max.y),
            pick(4, i, own.min.z, own.max.z),
        ))
    });
    Aabb::from_points(&corners)
}

#[cfg(test)]
mod tests {
    use crate::geometry::{MeshBvh, mesh::tests::grid_mesh};

    use super::*;
    use bevy::math::Quat;

    /// A bumpy patch in many places: as triangles alone, and told to be copies.
    fn patches() -> (crate::geometry::FeatureMesh, crate::geometry::FeatureMesh) {
        let model = grid_mesh(4);
        let corner = |i: &u32| Vec3::from_array(model.positions[*i as usize]);
        let faces: Vec<[Vec3; 3]> = model
            .indices
            .as_chunks::<3>()
            .0
            .iter()
            .map(|face| face.each_ref().map(corner))
            .collect();
        let mut mesh = grid_mesh(3);
        let first_triangle = u32::try_from(mesh.indices.len() / 3).unwrap();
        let mut places = Vec::new();
        for number in 0..40_u16 {
            let n = f32::from(number);
            let scale = Vec3::new(0.5 + n * 0.05, 1.0, if number % 3 == 0 { -1.0 } else { 1.0 });
            let place = CopyPlace {
                mesh_from_model: Affine3A::from_scale_rotation_translation(
                    scale,
                    Quat::from_rotation_y(n) * Quat::from_rotation_x(n * 0.3),
                    Vec3::new(10.0 * n, n, -7.0 * n),
                ),
                feature: 100 + u32::from(number),
            };
            let is_mirrored = number % 3 == 0;
            for face in &faces {
                let [a, b, c] = face.map(|corner| place.mesh_from_model.transform_point3(corner));
                let base = u32::try_from(mesh.positions.len()).unwrap();
                mesh.positions.extend([a, b, c].map(|p| p.to_array()));
                mesh.indices
                    .extend(if is_mirrored { [0, 2, 1] } else { [0, 1, 2] }.map(|i| base + i));
                mesh.features.extend([place.feature; 3]);
            }
            places.push(place);
        }
        let plain = mesh.clone();
        mesh.copies.push(ModelCopies {
            faces,
            places,
            first_triangle,
        });
        (plain, mesh)
    }

    #[test]
    fn copies_are_hit_as_their_triangles_are() {
        let (plain, copied) = patches();
        let (plain, copied) = (MeshBvh::build(&plain), MeshBvh::build(&copied));
        let mut hits = 0;
        for i in 0..2_000_u16 {
            // Fifty rays at each of the places.
            let (place, ray) = (f32::from(i / 50), f32::from(i % 50));
            let x = 10.0 * place + (ray % 7.0) * 0.9 - 2.0;
            let z = -7.0 * place + (ray / 7.0) * 0.9 - 3.0;
            let ray = Ray {
                origin: Vec3::new(x + 18.0, 60.0 + place, z - 12.0),
                direction: Vec3::new(-0.3, -1.0, 0.2).normalize(),
            };
            let visible = |feature: u32| !feature.is_multiple_of(5);
            match (plain.cast(ray, visible), copied.cast(ray, visible)) {
                (Some(a), Some(b)) => {
                    hits += 1;
                    assert!((a.distance_m - b.distance_m).abs() < 1e-3, "{i}: {a:?} {b:?}");
                    assert_eq!(a.feature, b.feature, "{i}");
                    if a.triangle == b.triangle {
                        assert!(a.normal.distance(b.normal) < 1e-3, "{i}: {a:?} {b:?}");
                        let apart = Vec3::from(a.weights).distance(Vec3::from(b.weights));
                        assert!(apart < 0.01, "{i}: {a:?} {b:?}");
                    }
                }
                (None, None) => {}
                (a, b) => panic!("{i}: {a:?} {b:?}"),
            }
        }
        assert!(hits > 100, "only {hits} rays hit");
        assert!(
            copied.bytes() * 4 < plain.bytes(),
            "{} of {}",
            copied.bytes(),
            plain.bytes()
        );
    }

    #[test]
    fn the_triangles_of_a_copy_are_those_of_its_feature() {
        let (plain, copied) = patches();
        let (plain, copied) = (MeshBvh::build(&plain), MeshBvh::build(&copied));
        let sum = |bvh: &MeshBvh, feature| {
            let corners: Vec<Vec3> = bvh.triangles_of(feature).flatten().collect();
            (corners.len(), corners.into_iter().sum::<Vec3>())
        };
        for feature in [3, 100, 117, 139, 140] {
            let (a, b) = (sum(&plain, feature), sum(&copied, feature));
            assert_eq!(a.0, b.0, "{feature}");
            assert!(a.1.distance(b.1) < 0.1, "{feature}: {a:?} {b:?}");
            assert_eq!(plain.holds(feature), copied.holds(feature));
        }
    }

    #[test]
    fn flattened_and_endless_copies_are_never_hit() {
        let (_, mut mesh) = patches();
        mesh.copies[0].places[1].mesh_from_model = Affine3A::from_scale(Vec3::new(1.0, 0.0, 1.0));
        mesh.copies[0].places[2].mesh_from_model = Affine3A::from_translation(Vec3::NAN);
        let bvh = MeshBvh::build(&mesh);
        assert!(!bvh.holds(101) && !bvh.holds(102) && bvh.holds(103));
        let ray = Ray {
            origin: Vec3::new(0.0, 100.0, 0.0),
            direction: Vec3::NEG_Y,
        };
        assert!(bvh.cast(ray, |feature| feature == 101 || feature == 102).is_none());
    }
}
