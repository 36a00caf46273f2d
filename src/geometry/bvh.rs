//! Ray casting on a mesh through a BVH.

use super::FeatureMesh;
use bevy::math::Vec3;

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
}

/// A bounding volume hierarchy over the triangles of one mesh, with what picking needs of it.
pub struct MeshBvh {}

impl MeshBvh {
    /// Builds the hierarchy; empty meshes give one that is never hit.
    pub fn build(mesh: &FeatureMesh) -> Self {
        let _ = mesh;
        todo!()
    }
    /// The nearest hit whose feature row passes `visible`.
    pub fn cast(&self, ray: Ray, visible: impl Fn(u32) -> bool) -> Option<RayHit> {
        let _ = (ray, &visible);
        todo!()
    }
}
