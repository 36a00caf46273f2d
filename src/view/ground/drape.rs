//! Polygons draped on the terrain: triangles fine enough to follow it, with a kerb or bank and a hairline along the edges.
//!
//! Positions are offsets from the site's zero in render axes.

use super::cover::{Cover, Piece};
use crate::geometry::polygon::Polygon;
use crate::georef::{narrow, render_axes};
use crate::model::Terrain;
use crate::view::{
    feature_material::PaperMesh,
    palette::{self, Rgb},
};
use bevy::{
    math::{DVec2, DVec3},
    platform::collections::HashMap,
    prelude::*,
};

/// Kerbs reach this far below the ground, so that no gap shows on a slope, metres.
const KERB_DEPTH_M: f64 = 0.1;
/// Grids with smaller cells than this have ditches and banks that fall between the corners of a drape, metres.
const DETAILED_M: f64 = 4.5;
/// There an edge may be so far from the ground between its ends, metres.
const FOLLOWED_M: f64 = 0.04;

/// When an edge is too long to follow the terrain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drape {
    longest_m: f64,
    /// Longer edges than this are held against the ground below them, metres.
    checked_m: f64,
}

impl Drape {
    /// Edges of at most `longest_m`; on a detailed grid shorter where the ground bends. On level ground any will do.
    pub(super) fn new(terrain: &Terrain, longest_m: f64) -> Self {
        let is_level = terrain.columns < 2;
        Self {
            longest_m: if is_level { f64::INFINITY } else { longest_m },
            checked_m: if !is_level && terrain.cell_m < DETAILED_M {
                terrain.cell_m * 1.5
            } else {
                f64::INFINITY
            },
        }
    }

    /// Edges of at most `longest_m`, whatever the ground does between their ends.
    pub(super) fn bare(terrain: &Terrain, longest_m: f64) -> Self {
        Self {
            checked_m: f64::INFINITY,
            ..Self::new(terrain, longest_m)
        }
    }

    /// The same answer for an edge in either direction.
    fn is_long(self, terrain: &Terrain, p: DVec2, q: DVec2) -> bool {
        let length = p.distance(q);
        length > self.longest_m || (length > self.checked_m && is_bent(terrain, p, q, length))
    }
}

/// Whether the ground along an edge is off the straight line between its ends.
fn is_bent(terrain: &Terrain, p: DVec2, q: DVec2, length_m: f64) -> bool {
    let (a, b) = if (p.x, p.y) < (q.x, q.y) { (p, q) } else { (q, p) };
    let (from, to) = (terrain.height_at(a), terrain.height_at(b));
    let parts = steps_of(length_m, terrain.cell_m * 0.5);
    (1..parts).any(|n| {
        let share = f64::from(n) / f64::from(parts);
        let straight = from + (to - from) * share;
        (terrain.height_at(a.lerp(b, share)) - straight).abs() > FOLLOWED_M
    })
}

pub(super) fn point(p: DVec2, height_m: f64) -> Vec3 {
    Vec3::from_array(narrow(render_axes(p.extend(height_m))))
}

/// Slope of the terrain as a normal, render axes.
fn normal_at(terrain: &Terrain, p: DVec2) -> Vec3 {
    if terrain.columns < 2 {
        return Vec3::Y;
    }
    let reach = terrain.cell_m * 0.5;
    let slope = |d: DVec2| (terrain.height_at(p + d * reach) - terrain.height_at(p - d * reach)) / (2.0 * reach);
    let up = DVec3::new(-slope(DVec2::X), -slope(DVec2::Y), 1.0);
    Vec3::from_array(narrow(render_axes(up.normalize())))
}

pub(super) fn drape_polygon(
    mesh: &mut PaperMesh,
    terrain: &Terrain,
    polygon: &Polygon,
    raise_m: f64,
    color: Rgb,
    drape: Drape,
) {
    let is_long = |p: DVec2, q: DVec2| drape.is_long(terrain, p, q);
    let (corners, indices) = polygon.triangulate();
    let mut known: HashMap<(u64, u64), u32> = HashMap::default();
    let mut put = |mesh: &mut PaperMesh, p: DVec2| {
        *known.entry((p.x.to_bits(), p.y.to_bits())).or_insert_with(|| {
            mesh.vertex(
                point(p, terrain.height_at(p) + raise_m),
                normal_at(terrain, p),
                0,
                color,
            )
        })
    };
    for triangle in indices.chunks_exact(3) {
        let corner = |i: usize| corners.get(triangle[i] as usize).copied();
        if let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) {
            split(mesh, [a, b, c], &is_long, 0, &mut put);
        }
    }
}

/// Halves every edge that is too long; `put` makes a vertex of a corner, or finds the one it made before. Two triangles that share an edge split it alike, so no gap opens.
pub(in crate::view) fn split(
    mesh: &mut PaperMesh,
    [a, b, c]: [DVec2; 3],
    is_long: &impl Fn(DVec2, DVec2) -> bool,
    depth: u32,
    put: &mut impl FnMut(&mut PaperMesh, DVec2) -> u32,
) {
    /// Halving this often makes 9 m of 36 km.
    const DEEPEST: u32 = 12;
    let long = |p: DVec2, q: DVec2| depth < DEEPEST && is_long(p, q);
    // The same midpoint from either side: the sum does not depend on the order.
    let middle = |p: DVec2, q: DVec2| (p + q) * 0.5;
    let mut go = |mesh: &mut PaperMesh, t: [DVec2; 3]| split(mesh, t, is_long, depth + 1, put);
    let (ab, bc, ca) = (middle(a, b), middle(b, c), middle(c, a));
    match (long(a, b), long(b, c), long(c, a)) {
        (false, false, false) => {
            let corners = [put(mesh, a), put(mesh, b), put(mesh, c)];
            mesh.indices.extend(corners);
        }
        (true, true, true) => {
            for t in [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]] {
                go(mesh, t);
            }
        }
        (true, false, false) => [[a, ab, c], [ab, b, c]].into_iter().for_each(|t| go(mesh, t)),
        (false, true, false) => [[b, bc, a], [bc, c, a]].into_iter().for_each(|t| go(mesh, t)),
        (false, false, true) => [[c, ca, b], [ca, a, b]].into_iter().for_each(|t| go(mesh, t)),
        (true, true, false) => [[ab, b, bc], [a, ab, bc], [a, bc, c]]
            .into_iter()
            .for_each(|t| go(mesh, t)),
        (false, true, true) => [[bc, c, ca], [b, bc, ca], [b, ca, a]]
            .into_iter()
            .for_each(|t| go(mesh, t)),
        (true, false, true) => [[ca, a, ab], [c, ca, ab], [c, ab, b]]
            .into_iter()
            .for_each(|t| go(mesh, t)),
    }
}

/// Kerb or bank and a hairline along a ring.
pub(super) fn edge_ring(cover: &mut Cover, terrain: &Terrain, ring: &[DVec2], piece: &Piece, drape: Drape) {
    const HAIRLINE: Rgb = [0xA9, 0xA2, 0x96];
    let raise = piece.raise_m;
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        for [p, q] in parts_of(terrain, *a, b, drape) {
            let (zp, zq) = (terrain.height_at(p), terrain.height_at(q));
            if raise.abs() > 0.02 {
                // A kerb shows its outside, a bank its inside; both are drawn from both sides.
                let (color, low) = if raise > 0.0 {
                    (palette::KERB, -KERB_DEPTH_M)
                } else {
                    (palette::BANK, 0.0)
                };
                cover.faces.quad(
                    [
                        point(p, zp + low),
                        point(q, zq + low),
                        point(q, zq + raise),
                        point(p, zp + raise),
                    ],
                    0,
                    color,
                );
            }
            let above = raise.max(0.0) + 0.01;
            cover
                .lines
                .line([point(p, zp + above), point(q, zq + above)], 0, HAIRLINE);
        }
    }
}

/// An edge in parts that follow the terrain: on a detailed grid those of the faces beside it.
fn parts_of(terrain: &Terrain, a: DVec2, b: DVec2, drape: Drape) -> Vec<[DVec2; 2]> {
    const DEEPEST: usize = 12;
    if drape.checked_m.is_infinite() {
        let steps = steps_of(a.distance(b), drape.longest_m);
        let at = |n: u32| a.lerp(b, f64::from(n) / f64::from(steps));
        return (0..steps).map(|step| [at(step), at(step + 1)]).collect();
    }
    let mut parts = vec![[a, b]];
    for _ in 0..DEEPEST {
        let before = parts.len();
        let halves = |[p, q]: [DVec2; 2]| {
            if drape.is_long(terrain, p, q) {
                let middle = (p + q) * 0.5;
                vec![[p, middle], [middle, q]]
            } else {
                vec![[p, q]]
            }
        };
        parts = parts.into_iter().flat_map(halves).collect();
        if parts.len() == before {
            break;
        }
    }
    parts
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a few thousand"
)]
pub(in crate::view) fn steps_of(length_m: f64, step_m: f64) -> u32 {
    (length_m / step_m).ceil().clamp(1.0, 4096.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SurfaceKind;

    /// A dike 4 m wide on a grid of 2 m, between the corners of a coarse drape.
    #[test]
    fn paper_follows_a_dike_that_lies_between_its_corners() {
        let terrain = Terrain {
            origin: DVec2::ZERO,
            cell_m: 2.0,
            columns: 41,
            rows: 41,
            heights_m: (0..41 * 41).map(|i| if i % 41 == 20 { 3.0 } else { 0.0 }).collect(),
        };
        let corners = [[1.0, 1.0], [79.0, 1.0], [79.0, 79.0], [1.0, 79.0]].map(DVec2::from_array);
        let piece = Piece {
            polygon: Polygon::new(corners.into()),
            kind: SurfaceKind::Grass,
            raise_m: 0.12,
            is_plan: false,
        };
        let mut cover = Cover::default();
        let drape = Drape::new(&terrain, 9.0);
        drape_polygon(&mut cover.faces, &terrain, &piece.polygon, 0.12, [1, 2, 3], drape);
        edge_ring(&mut cover, &terrain, &piece.polygon.exterior, &piece, drape);
        let top = cover.faces.positions.iter().map(|p| p[1]).fold(0.0_f32, f32::max);
        assert!(top > 3.05, "the paper lies on the dike: {top}");
        let worst = cover
            .faces
            .indices
            .chunks_exact(3)
            .filter(|t| cover.faces.colors[t[0] as usize][..3] == [1, 2, 3])
            .map(|t| {
                let [a, b, c] =
                    [0, 1, 2].map(|i| DVec3::from_array(cover.faces.positions[t[i] as usize].map(f64::from)));
                let center = (a + b + c) / 3.0;
                (terrain.height_at(DVec2::new(center.x, -center.z)) - (center.y - 0.12)).abs()
            })
            .fold(0.0, f64::max);
        assert!(worst < 0.6, "{worst}");
        let kerb_top = cover.lines.positions.iter().map(|p| p[1]).fold(0.0_f32, f32::max);
        assert!(kerb_top > 3.05, "{kerb_top}");
    }
}
