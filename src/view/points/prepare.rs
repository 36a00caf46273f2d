//! The points of a node made ready for the graphics card and for picking. Runs on worker threads.
//!
//! Neighbours in space are brought together, along a curve through the cube (Morton order). So a few of them in a row are
//! a small patch, through which a plane says how the surface faces, and some dozens of them fill a small ball, by which
//! picking passes most points over.

use super::pick::PickPoints;
use crate::georef::SitePos;
use crate::model::points::{NodePoints, PointFacts};
use crate::sources::Problem;
use bevy::{asset::RenderAssetUsages, camera::primitives::Aabb, math::Vec3, render::storage::ShaderBuffer};

/// Words of a point in the buffer.
const WORDS: usize = 5;
/// Points in a row that a plane is put through, and how many share it.
const PATCH: usize = 16;
const SHARED: usize = 4;
/// Part of the scatter that may lie off the plane for the patch to be one of a surface.
const OFF_PLANE: f32 = 0.02;

/// A node as it enters the world.
pub(super) struct PreparedNode {
    pub(super) origin: SitePos,
    pub(super) buffer: ShaderBuffer,
    pub(super) bounds: Aabb,
    pub(super) pick: PickPoints,
    /// How far its points lie apart on the ground that they cover, metres.
    pub(super) spacing_m: f64,
    pub(super) problem: Option<Problem>,
}

impl PreparedNode {
    pub(super) fn of(points: NodePoints) -> Self {
        let order = along_curve(&points.positions);
        let positions: Vec<[f32; 3]> = order.iter().filter_map(|i| points.positions.get(*i).copied()).collect();
        let facts: Vec<PointFacts> = order.iter().filter_map(|i| points.facts.get(*i).copied()).collect();
        let normals = normals(&positions);
        let mut words: Vec<u32> = Vec::with_capacity(positions.len() * WORDS);
        for (place, (position, facts)) in positions.iter().zip(&facts).enumerate() {
            let [r, g, b] = facts.rgb;
            let normal = normals.get(place / SHARED).copied().unwrap_or_default();
            words.extend(position.map(f32::to_bits));
            words.push(u32::from_le_bytes([r, g, b, facts.class]));
            words.push(u32::from(facts.intensity) | u32::from(normal) << 16);
        }
        Self {
            origin: points.origin,
            bounds: crate::view::feature_material::bounds(&positions),
            buffer: ShaderBuffer::new(bytemuck::cast_slice(&words), RenderAssetUsages::RENDER_WORLD),
            pick: PickPoints::new(points.origin, positions, facts),
            spacing_m: points.spacing_m,
            problem: points.problem,
        }
    }

    /// How many points.
    pub(super) fn points(&self) -> u64 {
        self.pick.count() as u64
    }

    /// Bytes that go to the graphics card.
    pub(super) fn bytes_drawn(&self) -> u64 {
        self.points() * (WORDS * size_of::<u32>()) as u64
    }

    /// Bytes that it holds there and in memory.
    pub(super) fn bytes_resident(&self) -> u64 {
        self.bytes_drawn() + self.pick.bytes()
    }
}

/// The places of points in the order of a curve that keeps neighbours together.
pub(in crate::view) fn along_curve(positions: &[[f32; 3]]) -> Vec<usize> {
    let all = || positions.iter().map(|p| Vec3::from_array(*p));
    let low = all().fold(Vec3::INFINITY, Vec3::min);
    let high = all().fold(Vec3::NEG_INFINITY, Vec3::max);
    // One scale along all axes: a patch shall be as wide as it is high.
    let scale = 1023.0 / (high - low).max_element().max(1e-6);
    let mut keyed: Vec<(u32, usize)> = all()
        .map(|p| {
            let cell = ((p - low) * scale).clamp(Vec3::ZERO, Vec3::splat(1023.0));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to ten bits"
            )]
            let [x, y, z] = cell.to_array().map(|value| spread(value as u32));
            x | y << 1 | z << 2
        })
        .zip(0..)
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// Ten bits with two empty ones behind each.
fn spread(value: u32) -> u32 {
    let mut v = value & 0x3ff;
    v = (v | v << 16) & 0x0300_00ff;
    v = (v | v << 8) & 0x0300_f00f;
    v = (v | v << 4) & 0x030c_30c3;
    (v | v << 2) & 0x0924_9249
}

/// How the surface faces at each of the points, which follow one another along a curve, packed; 0 where there is none.
pub(in crate::view) fn surface_normals(positions: &[[f32; 3]]) -> Vec<u16> {
    let few = normals(positions);
    (0..positions.len())
        .map(|place| few.get(place / SHARED).copied().unwrap_or_default())
        .collect()
}

/// How the surface faces at every few points, packed; 0 where there is none.
fn normals(positions: &[[f32; 3]]) -> Vec<u16> {
    (0..positions.len())
        .step_by(SHARED)
        .map(|at| {
            let from = at.saturating_sub((PATCH - SHARED) / 2);
            let to = (from + PATCH).min(positions.len());
            plane(positions.get(from..to).unwrap_or_default()).map_or(0, packed)
        })
        .collect()
}

/// The normal of the plane through points, upwards; `None` where they do not lie in one.
fn plane(points: &[[f32; 3]]) -> Option<Vec3> {
    if points.len() < PATCH / 2 {
        return None;
    }
    let all = || points.iter().map(|p| Vec3::from_array(*p));
    #[expect(clippy::cast_precision_loss, reason = "a patch has few points")]
    let middle = all().sum::<Vec3>() / points.len() as f32;
    // Sums of squares along the axes and of products between them.
    let (mut square, mut product) = (Vec3::ZERO, Vec3::ZERO);
    for p in all() {
        let d = p - middle;
        square += d * d;
        product += Vec3::new(d.y * d.z, d.x * d.z, d.x * d.y);
    }
    let Vec3 { x: xx, y: yy, z: zz } = square;
    let Vec3 { x: yz, y: xz, z: xy } = product;
    // The axis along which the plane is steepest gives the best solution.
    let (by_x, by_y, by_z) = (yy * zz - yz * yz, xx * zz - xz * xz, xx * yy - xy * xy);
    let normal = if by_y >= by_x && by_y >= by_z {
        Vec3::new(yz * xz - xy * zz, by_y, xy * xz - yz * xx)
    } else if by_x >= by_z {
        Vec3::new(by_x, xz * yz - xy * zz, xy * yz - xz * yy)
    } else {
        Vec3::new(xy * yz - xz * yy, xy * xz - yz * xx, by_z)
    };
    let normal = normal.try_normalize()?;
    let off = all().map(|p| (p - middle).dot(normal).powi(2)).sum::<f32>();
    let is_flat = off <= OFF_PLANE * (xx + yy + zz);
    is_flat.then_some(if normal.y < 0.0 { -normal } else { normal })
}

/// A direction upwards in two bytes: the upper half of an octahedron laid flat.
pub(in crate::view) fn packed(normal: Vec3) -> u16 {
    let flat = normal / (normal.x.abs() + normal.y.abs() + normal.z.abs()).max(1e-6);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 255")]
    let byte = |value: f32| (value.clamp(-1.0, 1.0) * 127.0 + 128.0).round() as u8;
    u16::from_le_bytes([byte(flat.x), byte(flat.z)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec3;

    fn grid(height: impl Fn(f32, f32) -> f32) -> NodePoints {
        let places = (0..400_u16).map(|n| (f32::from(n % 20), f32::from(n / 20)));
        let positions: Vec<[f32; 3]> = places.map(|(x, z)| [x, height(x, z), z]).collect();
        NodePoints {
            origin: SitePos(DVec3::new(10.0, 20.0, 30.0)),
            facts: (0..400_u16)
                .map(|n| PointFacts {
                    class: 2,
                    intensity: n,
                    ..PointFacts::default()
                })
                .collect(),
            positions,
            spacing_m: 1.0,
            problem: None,
        }
    }

    fn unpacked(normal: u16) -> Vec3 {
        let [x, z] = normal.to_le_bytes().map(|byte| (f32::from(byte) - 128.0) / 127.0);
        Vec3::new(x, 1.0 - x.abs() - z.abs(), z).normalize()
    }

    #[test]
    fn a_point_is_twenty_bytes_and_keeps_what_is_known_of_it() {
        let node = PreparedNode::of(grid(|_, _| 0.0));
        assert_eq!((node.points(), node.bytes_drawn()), (400, 8000));
        let data = node.buffer.data.as_ref().unwrap();
        let words: Vec<u32> = data.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
        let mut found: Vec<(u32, u32, u32)> = words
            .as_chunks::<WORDS>()
            .0
            .iter()
            .map(|p| (p[0], p[2], p[4] & 0xffff))
            .collect();
        found.sort_by_key(|point| point.2);
        for (number, (x, z, _)) in (0_u16..).zip(found) {
            let expected = [number % 20, number / 20].map(|metres| f32::from(metres).to_bits());
            assert_eq!([x, z], expected, "of point {number}");
        }
    }

    #[test]
    fn surfaces_face_as_they_lie_and_scatter_has_none() {
        let roof = PreparedNode::of(grid(|x, _| x));
        let positions: Vec<[f32; 3]> = roof.pick.positions().to_vec();
        let expected = Vec3::new(-1.0, 1.0, 0.0).normalize();
        for normal in normals(&positions) {
            assert!(unpacked(normal).dot(expected) > 0.999, "{}", unpacked(normal));
        }
        let wall: Vec<[f32; 3]> = (0..64_u8).map(|n| [5.0, f32::from(n / 8), f32::from(n % 8)]).collect();
        assert!(normals(&wall).iter().all(|n| unpacked(*n).x.abs() > 0.999));
        let tree = PreparedNode::of(grid(|x, z| (x * 12.9898 + z * 78.233).sin() * 437.0 % 8.0));
        let without = normals(tree.pick.positions()).iter().filter(|n| **n == 0).count();
        assert!(without > 80, "{without} of 100");
        assert!(plane(&[[1.0; 3]; 16]).is_none(), "all in one place");
    }

    #[test]
    fn a_node_without_points_is_empty() {
        let mut points = grid(|_, _| 0.0);
        points.positions.clear();
        points.facts.clear();
        let node = PreparedNode::of(points);
        assert_eq!((node.points(), node.bytes_resident()), (0, 0));
    }
}
