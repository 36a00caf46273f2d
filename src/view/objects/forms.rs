//! Trees and street furniture as low-poly paper, one call per thing, into a mesh that many share.

use crate::view::{
    feature_material::PaperMesh,
    palette::{self, Rgb},
};
use bevy::prelude::*;

/// Number that belongs to an id, the same on every machine (FNV-1a).
pub(super) fn seed_of(id: &str) -> u32 {
    id.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// A repeatable number from 0 to 1.
fn chance(seed: u32, place: u32) -> f32 {
    let mut x = seed ^ place.wrapping_mul(0x9e37_79b9);
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^= x >> 16;
    f32::from(u16::try_from(x >> 16).unwrap_or(0)) / f32::from(u16::MAX)
}

/// Where a form stands: foot, the way it faces, its feature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    pub(super) foot: Vec3,
    /// Compass bearing from grid north, radians.
    pub(super) bearing_rad: f32,
    pub(super) feature: u32,
}

impl Stand {
    /// Right, up and ahead of the thing to render axes (x east, y up, z south).
    fn at(&self, right: f32, up: f32, ahead: f32) -> Vec3 {
        let (sin, cos) = self.bearing_rad.sin_cos();
        self.foot + Vec3::new(right * cos + ahead * sin, up, right * sin - ahead * cos)
    }
}

fn facet(mesh: &mut PaperMesh, [a, b, c]: [Vec3; 3], feature: u32, color: Rgb) {
    let normal = (b - a).cross(c - a).normalize_or_zero();
    let numbers = [a, b, c].map(|p| mesh.vertex(p, normal, feature, color));
    mesh.indices.extend(numbers);
}

/// Rings of corners from below to above, faceted.
fn lathe(mesh: &mut PaperMesh, stand: Stand, profile: &[(f32, f32)], sides: u32, color: Rgb, wobble: Option<u32>) {
    let corner = |ring: usize, side: u32| {
        let (radius, up) = profile[ring];
        let number = u32::try_from(ring).unwrap_or(0) * sides + side % sides;
        let factor = wobble.map_or(1.0, |seed| 0.86 + 0.28 * chance(seed, number));
        let turn = wobble.map_or(0.0, |seed| chance(seed, 999));
        // Every second ring of a crown stands half a side further.
        let shift = if wobble.is_some() && ring % 2 == 1 { 0.5 } else { 0.0 };
        let share = (f32::from(u16::try_from(side % sides).unwrap_or(0)) + shift)
            / f32::from(u16::try_from(sides).unwrap_or(1));
        let (sin, cos) = ((share + turn) * std::f32::consts::TAU).sin_cos();
        stand.at(radius * factor * cos, up, radius * factor * sin)
    };
    for ring in 1..profile.len() {
        for side in 0..sides {
            // Wobbly rings are turned against one another: facets of a crown are triangles, as cut from paper.
            let [a, b, c, d] = [
                corner(ring - 1, side),
                corner(ring - 1, side + 1),
                corner(ring, side + 1),
                corner(ring, side),
            ];
            if wobble.is_none() {
                mesh.quad([a, b, c, d], stand.feature, color);
            } else if ring % 2 == 1 {
                facet(mesh, [a, b, d], stand.feature, color);
                facet(mesh, [b, c, d], stand.feature, color);
            } else {
                facet(mesh, [a, b, c], stand.feature, color);
                facet(mesh, [a, c, d], stand.feature, color);
            }
        }
    }
}

/// A block around a point of the thing, half sizes right, up and ahead.
fn block(mesh: &mut PaperMesh, stand: Stand, center: Vec3, half: Vec3, color: Rgb) {
    let c = |x: f32, y: f32, z: f32| stand.at(center.x + x * half.x, center.y + y * half.y, center.z + z * half.z);
    let faces = [
        [c(-1., 1., -1.), c(1., 1., -1.), c(1., 1., 1.), c(-1., 1., 1.)],
        [c(-1., -1., -1.), c(1., -1., -1.), c(1., 1., -1.), c(-1., 1., -1.)],
        [c(1., -1., 1.), c(-1., -1., 1.), c(-1., 1., 1.), c(1., 1., 1.)],
        [c(1., -1., -1.), c(1., -1., 1.), c(1., 1., 1.), c(1., 1., -1.)],
        [c(-1., -1., 1.), c(-1., -1., -1.), c(-1., 1., -1.), c(-1., 1., 1.)],
    ];
    for face in faces {
        mesh.quad(face, stand.feature, color);
    }
}

/// A tree: small ones are balls, middle ones eggs, large ones domes.
pub(super) fn tree(mesh: &mut PaperMesh, stand: Stand, height_m: f32, crown_m: f32, seed: u32) {
    let height = if height_m > 0.5 { height_m.min(60.0) } else { 8.0 };
    let crown = if crown_m > 0.3 {
        crown_m.min(40.0)
    } else {
        height * 0.55
    };
    let (radius, color) = (crown * 0.5, palette::crown(seed));
    let clear = (height * 0.28).clamp(0.6, 4.0);
    let rise = height - clear;
    let at = |share: f32| clear + rise * share;
    let profile: &[(f32, f32)] = if height < 7.0 {
        &[(0.02, -0.04), (0.55, 0.02), (0.98, 0.34), (0.86, 0.70), (0.02, 1.0)]
    } else if height < 13.0 {
        &[(0.02, -0.03), (0.58, 0.03), (1.0, 0.30), (0.80, 0.66), (0.02, 1.0)]
    } else {
        &[
            (0.02, -0.02),
            (0.62, 0.02),
            (1.0, 0.28),
            (0.96, 0.58),
            (0.60, 0.86),
            (0.02, 1.0),
        ]
    };
    let profile: Vec<(f32, f32)> = profile.iter().map(|(r, share)| (r * radius, at(*share))).collect();
    let trunk = (height * 0.018).clamp(0.06, 0.4);
    lathe(
        mesh,
        stand,
        &[(trunk * 1.25, -0.2), (trunk, clear + rise * 0.2)],
        5,
        palette::TRUNK,
        None,
    );
    lathe(mesh, stand, &profile, 7, color, Some(seed));
}

/// A lamp post.
pub(super) fn lamp(mesh: &mut PaperMesh, stand: Stand, height_m: f32) {
    let height = if height_m > 1.0 { height_m.min(20.0) } else { 5.0 };
    lathe(mesh, stand, &[(0.08, 0.0), (0.05, height)], 4, palette::METAL, None);
    block(
        mesh,
        stand,
        Vec3::new(0.0, height, 0.35),
        Vec3::new(0.12, 0.05, 0.4),
        palette::METAL,
    );
}

/// A bench: seat, back, two feet.
pub(super) fn bench(mesh: &mut PaperMesh, stand: Stand) {
    block(
        mesh,
        stand,
        Vec3::new(0.0, 0.44, 0.0),
        Vec3::new(0.9, 0.03, 0.22),
        palette::WOOD,
    );
    block(
        mesh,
        stand,
        Vec3::new(0.0, 0.68, -0.22),
        Vec3::new(0.9, 0.14, 0.02),
        palette::WOOD,
    );
    for side in [-0.7, 0.7] {
        block(
            mesh,
            stand,
            Vec3::new(side, 0.2, 0.0),
            Vec3::new(0.04, 0.21, 0.2),
            palette::METAL,
        );
    }
}

/// A litter bin.
pub(super) fn bin(mesh: &mut PaperMesh, stand: Stand) {
    let profile = [(0.22, 0.0), (0.26, 0.85), (0.02, 0.95)];
    lathe(mesh, stand, &profile, 6, palette::METAL, None);
}

/// A manhole cover, just above the carriageway so that neither hides the other.
pub(super) fn manhole(mesh: &mut PaperMesh, stand: Stand) {
    let profile = [(0.34, 0.03), (0.32, 0.045), (0.01, 0.046)];
    lathe(mesh, stand, &profile, 8, [0x7E, 0x80, 0x82], None);
}

/// Anything else: a small block.
pub(super) fn other(mesh: &mut PaperMesh, stand: Stand) {
    block(
        mesh,
        stand,
        Vec3::new(0.0, 0.5, 0.0),
        Vec3::new(0.3, 0.5, 0.3),
        palette::METAL,
    );
}

/// Head of a pin: the shape says what the colour says, for who sees no colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PinHead {
    /// A diamond high up.
    Diamond,
    /// A cube high up.
    Cube,
    /// A flat disc close to the ground.
    Disc,
}

/// A pin with a head above it.
pub(super) fn pin(mesh: &mut PaperMesh, stand: Stand, head: PinHead, color: Rgb) {
    const HEAD_M: f32 = 5.0;
    const DISC_M: f32 = 1.6;
    let up = if head == PinHead::Disc { DISC_M } else { HEAD_M };
    lathe(mesh, stand, &[(0.05, 0.0), (0.05, up)], 4, color, None);
    match head {
        PinHead::Diamond => {
            let profile = [(0.02, HEAD_M - 0.9), (0.75, HEAD_M), (0.02, HEAD_M + 0.9)];
            lathe(mesh, stand, &profile, 6, color, None);
        }
        PinHead::Cube => block(mesh, stand, Vec3::Y * HEAD_M, Vec3::splat(0.55), color),
        PinHead::Disc => {
            let profile = [(0.02, DISC_M - 0.12), (0.6, DISC_M), (0.02, DISC_M + 0.12)];
            lathe(mesh, stand, &profile, 8, color, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Stand = Stand {
        foot: Vec3::new(10.0, 2.0, -5.0),
        bearing_rad: 0.0,
        feature: 3,
    };

    fn box_of(mesh: &PaperMesh) -> (Vec3, Vec3) {
        let bounds = mesh.bounds();
        (bounds.min().into(), bounds.max().into())
    }

    #[test]
    fn a_tree_has_its_height_and_about_its_crown() {
        for (height, crown) in [(5.0, 3.0), (10.0, 6.0), (22.0, 14.0)] {
            let mut mesh = PaperMesh::default();
            tree(&mut mesh, HERE, height, crown, seed_of("tree-1"));
            let (low, high) = box_of(&mesh);
            assert!((high.y - 2.0 - height).abs() < 1e-3);
            assert!(
                (high.x - low.x - crown).abs() < crown * 0.3,
                "{} for {crown}",
                high.x - low.x
            );
            assert!(mesh.features.iter().all(|f| *f == 3));
        }
    }

    #[test]
    fn trees_differ_by_id_and_stay_the_same_from_run_to_run() {
        let made = |id: &str| {
            let mut mesh = PaperMesh::default();
            tree(&mut mesh, HERE, 9.0, 5.0, seed_of(id));
            mesh.positions
        };
        assert_eq!(made("a"), made("a"));
        assert_ne!(made("a"), made("b"));
        assert_eq!(seed_of("a"), 0xe40c_292c, "the published value of FNV-1a");
    }

    #[test]
    fn faces_look_outwards() {
        let mut mesh = PaperMesh::default();
        bin(&mut mesh, HERE);
        block(&mut mesh, HERE, Vec3::ZERO, Vec3::ONE, palette::METAL);
        for (p, n) in mesh.positions.iter().zip(&mesh.normals) {
            let out = (Vec3::from_array(*p) - HERE.foot) * Vec3::new(1.0, 0.0, 1.0);
            let normal = Vec3::from_array(*n);
            assert!(normal.y > 0.5 || out.dot(normal) > 0.0, "{p:?} {n:?}");
        }
    }

    #[test]
    fn a_bench_faces_where_its_bearing_points() {
        let mut mesh = PaperMesh::default();
        let east = Stand {
            bearing_rad: std::f32::consts::FRAC_PI_2,
            foot: Vec3::ZERO,
            feature: 0,
        };
        bench(&mut mesh, east);
        let (low, high) = box_of(&mesh);
        assert!(
            high.z - low.z > 1.7 && high.x - low.x < 0.6,
            "it lies along north and south"
        );
        assert!(low.x < -0.2, "its back is in the west");
    }
}
