//! The faces of one thing: what its outline is found from, made once when it is picked.
//!
//! Faces are taken as they come: wound either way, open, doubled, cutting through one another. So whether an
//! edge bounds the thing is never read off its winding but asked of the thing itself, by a line of sight.

use crate::geometry::{FeatureMesh, MeshBvh, Ray};
use crate::georef::{SitePos, narrow, render_axes, site_axes};
use bevy::math::{DVec3, Vec3};
use std::collections::HashMap;

/// Corners in the same cell of this size are the same corner, metres.
const WELD_CELL_M: f32 = 0.001;
/// Two faces that lie on opposite sides of their edge in one plane never bound anything: cos 179°.
const FLAT_COSINE: f64 = -0.999_848;
/// More faces than the most ornate church has; what lies beyond is not looked at.
const MOST_FACES: usize = 60_000;

/// An edge and, for each of its faces, the corner across from it; site frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edge {
    pub(super) ends: [DVec3; 2],
    first_across: u32,
    faces: u32,
}

/// One thing that can be outlined.
pub(super) struct Thing {
    origin: SitePos,
    edges: Vec<Edge>,
    across: Vec<DVec3>,
    corners: Vec<DVec3>,
    faces: Vec<[u32; 3]>,
    bvh: MeshBvh,
}

impl Thing {
    /// A thing of triangles, each with the place its corners are offsets from (render axes); `None` of nothing.
    pub(super) fn new(triangles: impl Iterator<Item = (SitePos, [Vec3; 3])>) -> Option<Self> {
        let mut triangles = triangles.take(MOST_FACES).peekable();
        let origin = triangles.peek()?.0;
        let mut welded: HashMap<[i32; 3], u32> = HashMap::new();
        let mut positions: Vec<[f32; 3]> = Vec::new();
        let mut indices: Vec<u32> = Vec::new();
        for (anchor, corners) in triangles {
            let shift = Vec3::from_array(narrow(render_axes(anchor.0 - origin.0)));
            let numbers = corners.map(|corner| {
                let p = (corner + shift).to_array();
                *welded.entry(p.map(weld_cell)).or_insert_with(|| {
                    positions.push(p);
                    u32::try_from(positions.len() - 1).unwrap_or(u32::MAX)
                })
            });
            let [a, b, c] = numbers.map(|i| Vec3::from_array(positions[i as usize]));
            if (b - a).cross(c - a).length_squared() > 0.0 {
                indices.extend(numbers);
            }
        }
        let corners: Vec<DVec3> = positions
            .iter()
            .map(|p| origin.0 + site_axes(Vec3::from_array(*p).as_dvec3()))
            .collect();
        let faces: Vec<[u32; 3]> = indices.as_chunks::<3>().0.to_vec();
        let (edges, across) = edges_of(&faces, &corners);
        let mesh = FeatureMesh {
            origin,
            normals: Vec::new(),
            features: vec![0; positions.len()],
            positions,
            colors: Vec::new(),
            uvs: Vec::new(),
            indices,
            texture: None,
            double_sided: true,
            translucent: false,
            unlit: false,
            outline: None,
            copies: Vec::new(),
            values: crate::geometry::SurfaceValues::default(),
        };
        let bvh = MeshBvh::build(&mesh);
        (!edges.is_empty()).then_some(Self {
            origin,
            edges,
            across,
            corners,
            faces,
            bvh,
        })
    }

    /// Every edge that bounds the thing from some side, with the corners across from it.
    pub(super) fn edges(&self) -> impl Iterator<Item = (&Edge, &[DVec3])> {
        self.edges.iter().filter_map(|edge| {
            let first = edge.first_across as usize;
            Some((edge, self.across.get(first..first + edge.faces as usize)?))
        })
    }

    /// All corners, site frame.
    pub(super) fn corners(&self) -> &[DVec3] {
        &self.corners
    }

    /// Faces, as places in [`Thing::corners`].
    pub(super) fn faces(&self) -> &[[u32; 3]] {
        &self.faces
    }

    /// Whether a line of sight (unit length, site frame) meets the thing.
    pub(super) fn is_met(&self, eye: SitePos, direction: DVec3) -> bool {
        let ray = Ray {
            origin: Vec3::from_array(narrow(render_axes(eye.0 - self.origin.0))),
            direction: Vec3::from_array(narrow(render_axes(direction))),
        };
        self.bvh.cast(ray, |_| true).is_some()
    }
}

fn edges_of(faces: &[[u32; 3]], corners: &[DVec3]) -> (Vec<Edge>, Vec<DVec3>) {
    let mut sides: Vec<[u32; 3]> = Vec::with_capacity(faces.len() * 3);
    for face in faces {
        for (a, b, c) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
            sides.push([face[a].min(face[b]), face[a].max(face[b]), face[c]]);
        }
    }
    sides.sort_unstable();
    sides.dedup();
    let (mut edges, mut across) = (Vec::new(), Vec::new());
    for group in sides.chunk_by(|a, b| a[..2] == b[..2]) {
        let ends = [group[0][0], group[0][1]].map(|i| corners[i as usize]);
        let opposite: Vec<DVec3> = group.iter().map(|side| corners[side[2] as usize]).collect();
        if let [c, d] = opposite[..]
            && is_flat(ends, c, d)
        {
            continue;
        }
        edges.push(Edge {
            ends,
            first_across: u32::try_from(across.len()).unwrap_or(u32::MAX),
            faces: u32::try_from(opposite.len()).unwrap_or(0),
        });
        across.extend(opposite);
    }
    (edges, across)
}

/// Whether the faces that end in `c` and `d` continue one another over their common edge.
fn is_flat([a, b]: [DVec3; 2], c: DVec3, d: DVec3) -> bool {
    let along = (b - a).normalize_or_zero();
    let off = |p: DVec3| ((p - a) - along * (p - a).dot(along)).normalize_or_zero();
    off(c).dot(off(d)) < FLAT_COSINE
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates far outside any tile, and NaN becomes 0"
)]
fn weld_cell(coordinate: f32) -> i32 {
    (coordinate / WELD_CELL_M).round() as i32
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Triangles of a block between two corners in site axes, as offsets from zero.
    pub(in crate::view::outline) fn block(low: DVec3, high: DVec3) -> Vec<(SitePos, [Vec3; 3])> {
        let corner = |i: u8| {
            let pick = |bit: u8, low: f64, high: f64| if i & bit == 0 { low } else { high };
            let site = DVec3::new(pick(1, low.x, high.x), pick(2, low.y, high.y), pick(4, low.z, high.z));
            Vec3::from_array(narrow(render_axes(site)))
        };
        let faces = [
            [0, 1, 3, 2],
            [4, 5, 7, 6],
            [0, 1, 5, 4],
            [2, 3, 7, 6],
            [0, 2, 6, 4],
            [1, 3, 7, 5],
        ];
        let triangles = faces.map(|[a, b, c, d]| [[a, b, c], [a, c, d]]);
        triangles
            .into_iter()
            .flatten()
            .map(|face| (SitePos(DVec3::ZERO), face.map(corner)))
            .collect()
    }

    #[test]
    fn a_block_has_twelve_edges_whatever_way_its_faces_are_wound() {
        let mut faces = block(DVec3::ZERO, DVec3::new(4.0, 5.0, 6.0));
        faces[3].1.swap(0, 1);
        faces.push(faces[0]);
        let thing = Thing::new(faces.into_iter()).unwrap();
        assert_eq!(thing.edges().count(), 12);
        assert!(thing.edges().all(|(_, across)| across.len() == 2));
        assert_eq!(thing.corners().len(), 8);
    }

    #[test]
    fn sight_lines_meet_it_or_pass() {
        let thing = Thing::new(block(DVec3::ZERO, DVec3::splat(4.0)).into_iter()).unwrap();
        let eye = SitePos(DVec3::new(2.0, -50.0, 2.0));
        assert!(thing.is_met(eye, DVec3::Y));
        assert!(!thing.is_met(eye, DVec3::new(0.2, 1.0, 0.0).normalize()));
    }

    #[test]
    fn nothing_and_slivers_are_no_thing() {
        assert!(Thing::new(std::iter::empty()).is_none());
        let sliver = [Vec3::ZERO, Vec3::X, Vec3::X * 2.0];
        assert!(Thing::new(std::iter::once((SitePos(DVec3::ZERO), sliver))).is_none());
    }
}
