//! Ray casting on a mesh through a BVH (`obvhs`), in the mesh's own render-axes offsets.

use super::{FeatureMesh, ModelCopies, copies::CopyBvh};
use bevy::math::{Vec3, Vec3A};
use obvhs::{BvhBuildParams, aabb::Aabb, bvh2::Bvh2, bvh2::builder::build_bvh2, ray};
use std::time::Duration;

/// A ray in a mesh's own render-axes offsets.
#[derive(Debug, Clone, Copy)]
pub struct Ray {
    /// Start.
    pub origin: Vec3,
    /// Direction, unit length.
    pub direction: Vec3,
}

/// Where a ray meets a mesh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RayHit {
    /// Distance along the ray, metres.
    pub distance_m: f32,
    /// Feature row of the triangle.
    pub feature: u32,
    /// Triangle number.
    pub triangle: u32,
    /// Geometric normal, unit length.
    pub normal: Vec3,
    /// Of the corners of the triangle, in the order of the mesh's indices: the hit is their mean with these weights.
    pub weights: [f32; 3],
}

/// Most triangles of a cluster. The hierarchy is built over clusters, since building takes time with every
/// box: neighbours in the file are neighbours on the ground, so they share one well.
const CLUSTER: u32 = 4;

/// One triangle; keeps the BVH usable after the mesh went to the GPU.
#[derive(Debug, Clone, Copy)]
struct PickTriangle {
    corners: [Vec3; 3],
    number: u32,
}

/// Triangles of one feature that follow each other in the mesh.
#[derive(Debug, Clone, Copy)]
struct Cluster {
    /// Place of the first in the list of triangles.
    start: u32,
    count: u32,
    feature: u32,
}

/// A bounding volume hierarchy over the triangles of one mesh, with what picking needs of it.
pub struct MeshBvh {
    /// All triangles that are not copies of a model.
    faces: FaceBvh,
    copies: Vec<CopyBvh>,
}

impl MeshBvh {
    /// Builds the hierarchy; empty meshes give one that is never hit. Triangles with a corner that is not a
    /// finite number or not there are left out.
    pub fn build(mesh: &FeatureMesh) -> Self {
        let mut ranges = mesh.copies.iter().map(ModelCopies::triangles).peekable();
        let mut is_copy = |number: u32| {
            let number = u64::from(number);
            while ranges.next_if(|range| range.end <= number).is_some() {}
            ranges.peek().is_some_and(|range| range.contains(&number))
        };
        let faces = (0_u32..).zip(mesh.indices.as_chunks::<3>().0);
        let faces = faces.filter_map(|(number, corners)| {
            if is_copy(number) {
                return None;
            }
            let corner = |i: u32| mesh.positions.get(i as usize).map(|p| Vec3::from_array(*p));
            let (Some(a), Some(b), Some(c)) = (corner(corners[0]), corner(corners[1]), corner(corners[2])) else {
                return None;
            };
            let feature = mesh.features.get(corners[0] as usize).copied().unwrap_or(u32::MAX);
            Some((number, [a, b, c], feature))
        });
        Self {
            faces: FaceBvh::build(faces),
            copies: mesh.copies.iter().map(CopyBvh::build).collect(),
        }
    }

    /// The nearest hit whose feature row passes `visible`, from either side of a triangle.
    pub fn cast(&self, ray: Ray, visible: impl Fn(u32) -> bool) -> Option<RayHit> {
        if !ray.origin.is_finite() || !ray.direction.is_finite() {
            return None;
        }
        let face = self.faces.nearest(ray, &visible);
        let face = face.map(|(distance_m, [a, b, c], triangle, feature)| RayHit {
            distance_m,
            feature,
            triangle,
            normal: (b - a).cross(c - a).normalize_or_zero(),
            weights: weights_of(&[a, b, c], ray.origin + ray.direction * distance_m),
        });
        let copies = self.copies.iter().filter_map(|copies| copies.cast(ray, &visible));
        copies.chain(face).min_by(|a, b| a.distance_m.total_cmp(&b.distance_m))
    }

    /// Whether any triangle belongs to a feature.
    pub fn holds(&self, feature: u32) -> bool {
        self.faces.holds(feature) || self.copies.iter().any(|copies| copies.holds(feature))
    }

    /// The triangles of a feature, in the mesh's offsets and in no order.
    pub fn triangles_of(&self, feature: u32) -> impl Iterator<Item = [Vec3; 3]> {
        let copies = self.copies.iter().flat_map(move |copies| copies.triangles_of(feature));
        self.faces.triangles_of(feature).chain(copies)
    }

    /// Bytes held in memory.
    pub fn bytes(&self) -> u64 {
        self.faces.bytes() + self.copies.iter().map(CopyBvh::bytes).sum::<u64>()
    }
}

/// The hierarchy over triangles that each stand for themselves.
pub(super) struct FaceBvh {
    bvh: Bvh2,
    /// In the order of the hierarchy's leaves.
    clusters: Vec<Cluster>,
    triangles: Vec<PickTriangle>,
}

impl FaceBvh {
    /// Of triangles with their numbers and features; those with a corner that is not finite are left out.
    pub(super) fn build(faces: impl Iterator<Item = (u32, [Vec3; 3], u32)>) -> Self {
        let expected = faces.size_hint().1.unwrap_or(0);
        let mut triangles = Vec::with_capacity(expected);
        let mut clusters: Vec<Cluster> = Vec::with_capacity(expected / 2);
        let mut boxes: Vec<Aabb> = Vec::with_capacity(expected / 2);
        for (number, [a, b, c], feature) in faces {
            if !(a + b + c).is_finite() {
                continue;
            }
            let bounds = Aabb::from_points(&[a, b, c].map(Vec3A::from));
            match (clusters.last_mut(), boxes.last_mut()) {
                (Some(cluster), Some(cluster_box)) if cluster.feature == feature && cluster.count < CLUSTER => {
                    cluster.count += 1;
                    *cluster_box = cluster_box.union(&bounds);
                }
                _ => {
                    clusters.push(Cluster {
                        start: u32::try_from(triangles.len()).unwrap_or(u32::MAX),
                        count: 1,
                        feature,
                    });
                    boxes.push(bounds);
                }
            }
            triangles.push(PickTriangle {
                corners: [a, b, c],
                number,
            });
        }
        if clusters.is_empty() {
            return Self {
                bvh: Bvh2::default(),
                clusters: Vec::new(),
                triangles: Vec::new(),
            };
        }
        // No reinsertion and no joining of leaves, which are clusters already: a tile is built once and cast
        // into now and then.
        let params = BvhBuildParams {
            reinsertion_batch_ratio: 0.0,
            max_prims_per_leaf: 1,
            ..BvhBuildParams::very_fast_build()
        };
        let bvh = build_bvh2(&boxes, params, &mut Duration::default());
        let clusters = bvh
            .primitive_indices
            .iter()
            .filter_map(|i| clusters.get(*i as usize).copied())
            .collect();
        Self {
            bvh,
            clusters,
            triangles,
        }
    }

    /// The nearest triangle whose feature passes `visible`, from either side: how many lengths of the ray's direction
    /// away, its corners, its number and its feature.
    pub(super) fn nearest(&self, ray: Ray, visible: impl Fn(u32) -> bool) -> Option<(f32, [Vec3; 3], u32, u32)> {
        if self.clusters.is_empty() || !ray.origin.is_finite() || !ray.direction.is_finite() {
            return None;
        }
        let mut hit = ray::RayHit::none();
        let found = self.bvh.ray_traverse(
            ray::Ray::new_inf(ray.origin.into(), ray.direction.into()),
            &mut hit,
            |_, i| {
                self.clusters
                    .get(i)
                    .filter(|cluster| visible(cluster.feature))
                    .and_then(|cluster| self.nearest_of(ray, cluster))
                    .map_or(f32::INFINITY, |(distance_m, _)| distance_m)
            },
        );
        let cluster = self
            .clusters
            .get(hit.primitive_id as usize)
            .filter(|_| found || hit.t.is_finite())?;
        let (distance_m, triangle) = self.nearest_of(ray, cluster)?;
        Some((distance_m, triangle.corners, triangle.number, cluster.feature))
    }

    /// The nearest triangle of a cluster that the ray hits, and how far away.
    fn nearest_of(&self, ray: Ray, cluster: &Cluster) -> Option<(f32, &PickTriangle)> {
        let start = cluster.start as usize;
        let triangles = self.triangles.get(start..start + cluster.count as usize)?;
        triangles
            .iter()
            .filter_map(|triangle| Some((distance_to_triangle(ray, &triangle.corners)?, triangle)))
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
    }

    fn holds(&self, feature: u32) -> bool {
        self.clusters.iter().any(|cluster| cluster.feature == feature)
    }

    fn triangles_of(&self, feature: u32) -> impl Iterator<Item = [Vec3; 3]> {
        let clusters = self.clusters.iter().filter(move |cluster| cluster.feature == feature);
        clusters.flat_map(|cluster| {
            let start = cluster.start as usize;
            let triangles = self.triangles.get(start..start + cluster.count as usize);
            triangles.unwrap_or_default().iter().map(|triangle| triangle.corners)
        })
    }

    /// All triangles.
    pub(super) fn faces(&self) -> impl Iterator<Item = [Vec3; 3]> {
        self.triangles.iter().map(|triangle| triangle.corners)
    }

    pub(super) fn bytes(&self) -> u64 {
        let nodes = self.bvh.nodes.len() * size_of::<obvhs::bvh2::node::Bvh2Node>();
        let indices = self.bvh.primitive_indices.len() * size_of::<u32>();
        let clusters = self.clusters.len() * size_of::<Cluster>();
        (nodes + indices + clusters + self.triangles.len() * size_of::<PickTriangle>()) as u64
    }
}

/// The weights of the corners of a triangle whose mean is a point in its plane; of a flat triangle those of its first
/// corner.
pub(super) fn weights_of([a, b, c]: &[Vec3; 3], point: Vec3) -> [f32; 3] {
    let (side_b, side_c, from_a) = (*b - *a, *c - *a, point - *a);
    let normal = side_b.cross(side_c);
    let square = normal.length_squared();
    if square < f32::MIN_POSITIVE {
        return [1.0, 0.0, 0.0];
    }
    let of_b = from_a.cross(side_c).dot(normal) / square;
    let of_c = side_b.cross(from_a).dot(normal) / square;
    [1.0 - of_b - of_c, of_b, of_c]
}

/// Distance along the ray to a triangle, after Möller and Trumbore (1997), doi:10.1080/10867651.1997.10487468.
/// Edges belong to both neighbours, so that no ray slips between two triangles.
fn distance_to_triangle(ray: Ray, [a, b, c]: &[Vec3; 3]) -> Option<f32> {
    const EDGE_SLACK: f32 = 1e-6;
    let (side_b, side_c) = (*b - *a, *c - *a);
    let across = ray.direction.cross(side_c);
    let determinant = side_b.dot(across);
    if determinant.abs() < f32::MIN_POSITIVE {
        return None;
    }
    let from_a = ray.origin - *a;
    let along_b = from_a.dot(across) / determinant;
    let turned = from_a.cross(side_b);
    let along_c = ray.direction.dot(turned) / determinant;
    let distance = side_c.dot(turned) / determinant;
    let is_inside = along_b >= -EDGE_SLACK && along_c >= -EDGE_SLACK && along_b + along_c <= 1.0 + EDGE_SLACK;
    (is_inside && distance >= 0.0 && distance.is_finite()).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::mesh::tests::{grid_mesh, two_walls};

    #[test]
    fn the_nearest_visible_feature_is_hit() {
        let mesh = two_walls();
        let bvh = MeshBvh::build(&mesh);
        let ray = Ray {
            origin: Vec3::new(0.25, 0.25, 10.0),
            direction: Vec3::NEG_Z,
        };
        let hit = bvh.cast(ray, |_| true).unwrap();
        assert_eq!((hit.feature, hit.triangle), (0, 0));
        assert!((hit.distance_m - 5.0).abs() < 1e-5);
        assert!((hit.normal - Vec3::Z).length() < 1e-6);
        for (weight, wanted) in hit.weights.iter().zip([0.5, 0.25, 0.25]) {
            assert!((weight - wanted).abs() < 1e-5, "{:?}", hit.weights);
        }
        let behind = bvh.cast(ray, |feature| feature != 0).unwrap();
        assert_eq!(behind.feature, 1);
        assert!((behind.distance_m - 10.0).abs() < 1e-5);
        assert_eq!(bvh.cast(ray, |_| false), None);
    }

    #[test]
    fn agrees_with_trying_every_triangle() {
        let mesh = grid_mesh(40);
        let bvh = MeshBvh::build(&mesh);
        let mut hits = 0;
        for i in 0..500_u16 {
            let (x, z) = (f32::from(i % 29) * 1.7 - 3.0, f32::from(i / 29) * 2.3 - 2.0);
            let ray = Ray {
                origin: Vec3::new(x, 30.0, z),
                direction: Vec3::new(f32::from(i % 7) * 0.1 - 0.3, -1.0, 0.2).normalize(),
            };
            let brute = mesh
                .indices
                .chunks_exact(3)
                .filter_map(|t| {
                    let corner = |i: u32| Vec3::from_array(mesh.positions[i as usize]);
                    distance_to_triangle(ray, &[corner(t[0]), corner(t[1]), corner(t[2])])
                })
                .fold(f32::INFINITY, f32::min);
            match bvh.cast(ray, |_| true) {
                Some(hit) => {
                    hits += 1;
                    assert!((hit.distance_m - brute).abs() < 1e-4, "{i}: {} {brute}", hit.distance_m);
                }
                None => assert!(brute.is_infinite(), "{i}: missed at {brute}"),
            }
        }
        assert!(hits > 100, "only {hits} rays hit");
    }

    #[test]
    fn a_cluster_never_spans_two_features() {
        // Two walls with one triangle each would fit into one cluster; hiding one must not hide the other.
        let mut mesh = grid_mesh(4);
        for (corner, feature) in mesh.features.iter_mut().enumerate() {
            *feature = u32::try_from(corner / 9).unwrap();
        }
        let bvh = MeshBvh::build(&mesh);
        assert!(bvh.faces.clusters.iter().all(|cluster| cluster.count <= 3));
        for (number, corners) in (0_u32..).zip(mesh.indices.chunks_exact(3)) {
            let corner = |i: usize| Vec3::from_array(mesh.positions[corners[i] as usize]);
            let ray = Ray {
                origin: (corner(0) + corner(1) + corner(2)) / 3.0 + Vec3::Y * 20.0,
                direction: Vec3::NEG_Y,
            };
            let feature = number / 3;
            let hit = bvh.cast(ray, |row| row == feature).unwrap();
            assert_eq!((hit.triangle, hit.feature), (number, feature));
            assert_eq!(bvh.cast(ray, |row| row != feature), None);
        }
    }

    #[test]
    fn the_triangles_of_a_feature_are_all_of_them_and_no_others() {
        let mut mesh = grid_mesh(4);
        for (corner, feature) in mesh.features.iter_mut().enumerate() {
            *feature = u32::try_from(corner / 9).unwrap();
        }
        let bvh = MeshBvh::build(&mesh);
        let sum = |triangles: &mut dyn Iterator<Item = [Vec3; 3]>| {
            triangles.fold((0, Vec3::ZERO), |(count, sum), [a, b, c]| (count + 1, sum + a + b + c))
        };
        let (count, found) = sum(&mut bvh.triangles_of(2));
        let of_mesh = mesh
            .indices
            .chunks_exact(3)
            .filter(|t| mesh.features[t[0] as usize] == 2);
        let (expected_count, expected) =
            sum(&mut of_mesh.map(|t| [0, 1, 2].map(|i| Vec3::from_array(mesh.positions[t[i] as usize]))));
        assert_eq!((count, expected_count), (3, 3));
        assert!(found.distance(expected) < 1e-4);
        assert!(bvh.holds(2) && !bvh.holds(9_999));
        assert_eq!(bvh.triangles_of(9_999).count(), 0);
    }

    #[test]
    fn broken_meshes_are_never_hit_and_never_panic() {
        let mut mesh = two_walls();
        mesh.indices.clear();
        let ray = Ray {
            origin: Vec3::ZERO,
            direction: Vec3::NEG_Z,
        };
        assert_eq!(MeshBvh::build(&mesh).cast(ray, |_| true), None);
        mesh.indices = vec![0, 0, 0, 1, 2, 99];
        mesh.positions[1] = [f32::NAN; 3];
        assert_eq!(MeshBvh::build(&mesh).cast(ray, |_| true), None);
        let nan = Ray {
            origin: Vec3::NAN,
            direction: Vec3::X,
        };
        assert_eq!(MeshBvh::build(&two_walls()).cast(nan, |_| true), None);
    }
}
