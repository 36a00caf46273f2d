//! Areas that stand up as blocks: walls, a roof, and an underside where they do not stand on the ground.

use super::pieces::{COLOR, Ground};
use crate::geometry::{Polygon, polygon::signed_area_m2};
use crate::view::feature_material::PaperMesh;
use bevy::{math::DVec2, prelude::*};

/// An underside that is lower than this is not seen, metres.
const SEEN_FROM_BELOW_M: f64 = 0.3;

/// Adds a block from `base_m` to `top_m` above the lowest ground under it.
pub(super) fn raise(mesh: &mut PaperMesh, area: &Polygon, ground: &Ground, [base_m, top_m]: [f64; 2], number: u32) {
    let foot_m = ground.terrain.lowest_under(&area.exterior);
    let (low_m, high_m) = (foot_m + base_m, foot_m + top_m);
    let at = |p: DVec2, height_m: f64| ground.offset_at(p.extend(height_m));
    let (corners, indices) = area.triangulate();
    let mut level = |height_m: f64, normal: Vec3, order: [usize; 3]| {
        let first: Vec<u32> = corners
            .iter()
            .map(|p| mesh.vertex(at(*p, height_m), normal, number, COLOR))
            .collect();
        for triangle in indices.chunks_exact(3) {
            let corners = order.map(|i| first.get(triangle[i] as usize).copied());
            if let [Some(a), Some(b), Some(c)] = corners {
                mesh.indices.extend([a, b, c]);
            }
        }
    };
    level(high_m, Vec3::Y, [0, 1, 2]);
    if base_m > SEEN_FROM_BELOW_M {
        level(low_m, Vec3::NEG_Y, [0, 2, 1]);
    }
    let rings = std::iter::once((&area.exterior, true)).chain(area.holes.iter().map(|hole| (hole, false)));
    for (ring, is_outer) in rings {
        // Outer rings run counter-clockwise and holes clockwise, so that walls face outside.
        let is_turned = (signed_area_m2(&closed(ring)) > 0.0) != is_outer;
        for (i, a) in ring.iter().enumerate() {
            let b = &ring[(i + 1) % ring.len()];
            let (a, b) = if is_turned { (*b, *a) } else { (*a, *b) };
            mesh.quad(
                [at(a, low_m), at(b, low_m), at(b, high_m), at(a, high_m)],
                number,
                COLOR,
            );
        }
    }
}

fn closed(ring: &[DVec2]) -> Vec<DVec2> {
    ring.iter().chain(ring.first()).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Terrain;

    #[test]
    fn walls_face_outside_however_the_ring_is_wound() {
        let terrain = Terrain::flat();
        let mut ring: Vec<DVec2> = [[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0]]
            .map(DVec2::from_array)
            .into();
        for _ in 0..2 {
            ring.reverse();
            let mut mesh = PaperMesh::default();
            raise(
                &mut mesh,
                &Polygon::new(ring.clone()),
                &Ground::flat(&terrain),
                [1.0, 4.0],
                0,
            );
            for (position, normal) in mesh.positions.iter().zip(&mesh.normals) {
                let away = Vec3::from_array(*position) - Vec3::Y * 2.5;
                assert!(away.dot(Vec3::from_array(*normal)) > 0.0, "{position:?} {normal:?}");
            }
            let heights: Vec<f32> = mesh.positions.iter().map(|p| p[1]).collect();
            assert!(heights.iter().all(|height| [1.0, 4.0].contains(height)), "{heights:?}");
        }
    }
}
