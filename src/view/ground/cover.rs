//! Ground cover as paper: each surface draped on the terrain, raised with a kerb or lowered with a bank, and
//! the plan's surfaces cut out of the base, not laid over it. Pure geometry, run off the main thread.
//!
//! Positions are offsets from the site's zero in render axes.

use crate::geometry::polygon::{Polygon, difference};
use crate::georef::{narrow, render_axes};
use crate::model::{NewSurface, SurfaceKind, Terrain};
use crate::view::{
    feature_material::PaperMesh,
    palette::{self, Rgb},
};
use bevy::{
    math::{DVec2, DVec3},
    platform::collections::HashMap,
    prelude::*,
};

/// Ground as triangles and hairlines.
#[derive(Debug, Default)]
pub(super) struct Cover {
    pub(super) faces: PaperMesh,
    pub(super) lines: PaperMesh,
}

/// Edges are split until they are no longer than this, so that paper follows the terrain, metres.
const DRAPE_M: f64 = 9.0;
/// The same for the bare ground under everything.
const BARE_DRAPE_M: f64 = 20.0;
/// Bare ground lies this far below the surfaces on it, metres.
const BARE_BELOW_M: f64 = 0.07;
/// Kerbs reach this far below the ground, so that no gap shows on a slope, metres.
const KERB_DEPTH_M: f64 = 0.1;
/// Both sides of the seam between bare ground and table hang down this far, metres.
const SEAM_M: f64 = 4.0;

/// One piece of cover after cutting.
struct Piece {
    polygon: Polygon,
    kind: SurfaceKind,
    raise_m: f64,
}

/// What a ground is made of.
pub(super) struct Surfaces<'a> {
    /// Surfaces of today.
    pub(super) base: &'a [NewSurface],
    /// Surfaces of every plan of the scenario.
    pub(super) plans: Vec<&'a NewSurface>,
}

impl Surfaces<'_> {
    /// Surfaces of today that no plan comes near (first), and the others.
    fn split(&self) -> (Vec<&NewSurface>, Vec<&NewSurface>) {
        let knives: Vec<_> = self.plans.iter().map(|s| box_of(&s.outer)).collect();
        self.base.iter().partition(|surface| {
            let extent = box_of(&surface.outer);
            !knives.iter().any(|knife| overlap(extent, *knife))
        })
    }
}

/// The part of the ground that is the same whatever is planned: most of an area, so it is made and held once.
pub(super) fn lasting_cover(terrain: &Terrain, is_measured: bool, surfaces: &Surfaces) -> Cover {
    let mut cover = Cover::default();
    lay(&mut cover, terrain, &cut(&surfaces.split().0, &[]));
    finish(cover, is_measured)
}

/// The rest: the surfaces of one plan cut into those of today that any plan comes near, and the bare ground.
pub(super) fn plan_cover(terrain: &Terrain, is_measured: bool, surfaces: &Surfaces, plan: &[&NewSurface]) -> Cover {
    let (lasting, others) = surfaces.split();
    let mut pieces = cut(&others, plan);
    let mut cover = Cover::default();
    lay(&mut cover, terrain, &pieces);
    pieces.extend(cut(&lasting, &[]));
    bare_ground(&mut cover.faces, terrain, &pieces);
    finish(cover, is_measured)
}

fn lay(cover: &mut Cover, terrain: &Terrain, pieces: &[Piece]) {
    let drape = if terrain.columns > 1 { DRAPE_M } else { f64::INFINITY };
    for piece in pieces {
        let color = palette::surface(piece.kind);
        drape_polygon(&mut cover.faces, terrain, &piece.polygon, piece.raise_m, color, drape);
        for ring in std::iter::once(&piece.polygon.exterior).chain(&piece.polygon.holes) {
            edge_ring(cover, terrain, ring, piece, drape);
        }
    }
}

fn finish(mut cover: Cover, is_measured: bool) -> Cover {
    if !is_measured {
        // A guessed slope is not shaded: it would look like knowledge.
        cover.faces.normals.fill(Vec3::Y.to_array());
    }
    cover
}

fn polygon_of(surface: &NewSurface) -> Polygon {
    Polygon {
        exterior: surface.outer.clone(),
        holes: surface.holes.clone(),
    }
}

fn box_of(ring: &[DVec2]) -> (DVec2, DVec2) {
    ring.iter()
        .fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(low, high), p| {
            (low.min(*p), high.max(*p))
        })
}

fn overlap(a: (DVec2, DVec2), b: (DVec2, DVec2)) -> bool {
    a.0.cmple(b.1).all() && b.0.cmple(a.1).all()
}

fn cut(base: &[&NewSurface], plan: &[&NewSurface]) -> Vec<Piece> {
    let knives: Vec<_> = plan.iter().map(|s| (box_of(&s.outer), polygon_of(s))).collect();
    let mut pieces = Vec::with_capacity(base.len() + plan.len());
    for surface in base {
        let extent = box_of(&surface.outer);
        let near: Vec<Polygon> = knives
            .iter()
            .filter(|(other, _)| overlap(extent, *other))
            .map(|(_, polygon)| polygon.clone())
            .collect();
        let whole = polygon_of(surface);
        let parts = if near.is_empty() {
            vec![whole]
        } else {
            difference(&[whole], &near)
        };
        pieces.extend(parts.into_iter().map(|polygon| Piece {
            polygon,
            kind: surface.kind,
            raise_m: surface.raise_m,
        }));
    }
    pieces.extend(plan.iter().map(|surface| Piece {
        polygon: polygon_of(surface),
        kind: surface.kind,
        raise_m: surface.raise_m,
    }));
    pieces
}

fn point(p: DVec2, height_m: f64) -> Vec3 {
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

fn drape_polygon(mesh: &mut PaperMesh, terrain: &Terrain, polygon: &Polygon, raise_m: f64, color: Rgb, drape_m: f64) {
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
            split(mesh, [a, b, c], drape_m, 0, &mut put);
        }
    }
}

/// Halves every edge that is too long; `put` makes a vertex of a corner, or finds the one it made before. Two triangles that share an edge split it alike, so no gap opens.
pub(in crate::view) fn split(
    mesh: &mut PaperMesh,
    [a, b, c]: [DVec2; 3],
    longest_m: f64,
    depth: u32,
    put: &mut impl FnMut(&mut PaperMesh, DVec2) -> u32,
) {
    /// Halving this often makes 9 m of 36 km.
    const DEEPEST: u32 = 12;
    let long = |p: DVec2, q: DVec2| depth < DEEPEST && p.distance(q) > longest_m;
    // The same midpoint from either side: the sum does not depend on the order.
    let middle = |p: DVec2, q: DVec2| (p + q) * 0.5;
    let mut go = |mesh: &mut PaperMesh, t: [DVec2; 3]| split(mesh, t, longest_m, depth + 1, put);
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
fn edge_ring(cover: &mut Cover, terrain: &Terrain, ring: &[DVec2], piece: &Piece, drape_m: f64) {
    const HAIRLINE: Rgb = [0xA9, 0xA2, 0x96];
    let raise = piece.raise_m;
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        let steps = steps_of(a.distance(b), drape_m);
        for step in 0..steps {
            let at = |n: u32| a.lerp(b, f64::from(n) / f64::from(steps));
            let (p, q) = (at(step), at(step + 1));
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

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a few thousand"
)]
pub(in crate::view) fn steps_of(length_m: f64, step_m: f64) -> u32 {
    (length_m / step_m).ceil().clamp(1.0, 4096.0) as u32
}

/// The table: bare ground below the cover with holes for water, and around it level paper to the horizon.
fn bare_ground(mesh: &mut PaperMesh, terrain: &Terrain, pieces: &[Piece]) {
    let (low, high) = extent(terrain, pieces);
    let rim = vec![low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    let water: Vec<Polygon> = pieces
        .iter()
        .filter(|piece| piece.raise_m < -0.02)
        .map(|piece| piece.polygon.clone())
        .collect();
    let bare = difference(&[Polygon::new(rim)], &water);
    let drape = if terrain.columns > 1 {
        BARE_DRAPE_M.max(terrain.cell_m)
    } else {
        f64::INFINITY
    };
    for polygon in &bare {
        drape_polygon(mesh, terrain, polygon, -BARE_BELOW_M, palette::TABLE, drape);
    }
    seam(mesh, terrain, [low, high], drape);
    table(mesh, terrain, low, high);
}

/// The bare ground's side of the seam hangs down too, lit like the ground, so that no sky shines through.
fn seam(mesh: &mut PaperMesh, terrain: &Terrain, [low, high]: [DVec2; 2], drape_m: f64) {
    let corners = [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    for (i, a) in corners.iter().enumerate() {
        let b = corners[(i + 1) % corners.len()];
        let steps = steps_of(a.distance(b), drape_m);
        for step in 0..steps {
            let at = |n: u32| a.lerp(b, f64::from(n) / f64::from(steps));
            let ends = [at(step), at(step + 1)].map(|p| (p, terrain.height_at(p) - BARE_BELOW_M));
            let [(p, zp), (q, zq)] = ends;
            let hung = [(p, zp - SEAM_M), (q, zq - SEAM_M), (q, zq), (p, zp)];
            let n = hung.map(|(p, z)| mesh.vertex(point(p, z), Vec3::Y, 0, palette::TABLE));
            mesh.indices.extend([n[0], n[1], n[2], n[0], n[2], n[3]]);
        }
    }
}

fn extent(terrain: &Terrain, pieces: &[Piece]) -> (DVec2, DVec2) {
    let mut found = (DVec2::INFINITY, DVec2::NEG_INFINITY);
    if terrain.columns > 1 && terrain.rows > 1 {
        let size = DVec2::new(f64::from(terrain.columns - 1), f64::from(terrain.rows - 1)) * terrain.cell_m;
        found = (terrain.origin, terrain.origin + size);
    }
    for piece in pieces {
        let (low, high) = box_of(&piece.polygon.exterior);
        found = (found.0.min(low), found.1.max(high));
    }
    if found.0.is_finite() && found.1.is_finite() {
        found
    } else {
        (DVec2::splat(-500.0), DVec2::splat(500.0))
    }
}

/// Rings of quads from the rim of the ground outwards, levelling out to the mean height of the rim.
fn table(mesh: &mut PaperMesh, terrain: &Terrain, low: DVec2, high: DVec2) {
    const RINGS_M: [f64; 8] = [0.0, 15.0, 60.0, 180.0, 500.0, 1500.0, 6000.0, 30_000.0];
    // The first ring hangs down behind the seam, whose sides are not split alike.
    const PER_SIDE: u32 = 32;
    let rim = |out: f64, n: u32| {
        let (low, high) = (low - DVec2::splat(out), high + DVec2::splat(out));
        let corners = [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
        let side = (n / PER_SIDE % 4) as usize;
        let share = f64::from(n % PER_SIDE) / f64::from(PER_SIDE);
        corners[side].lerp(corners[(side + 1) % 4], share)
    };
    let count = 4 * PER_SIDE;
    let level = (0..count).map(|n| terrain.height_at(rim(0.0, n))).sum::<f64>() / f64::from(count);
    let height = |out: f64, n: u32| {
        let share = (out / 500.0).min(1.0);
        let eased = share * share * (3.0 - 2.0 * share);
        let at_rim = terrain.height_at(rim(0.0, n));
        at_rim + (level - at_rim) * eased - BARE_BELOW_M
    };
    let mut before: Vec<u32> = Vec::new();
    for (out, lower_m) in std::iter::once((0.0, SEAM_M)).chain(RINGS_M.map(|out| (out, 0.0))) {
        let ring: Vec<u32> = (0..count)
            .map(|n| mesh.vertex(point(rim(out, n), height(out, n) - lower_m), Vec3::Y, 0, palette::TABLE))
            .collect();
        if !before.is_empty() {
            for n in 0..count as usize {
                let m = (n + 1) % count as usize;
                mesh.indices
                    .extend([before[n], ring[n], ring[m], before[n], ring[m], before[m]]);
            }
        }
        before = ring;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(low: f64, high: f64, kind: SurfaceKind, raise_m: f64) -> NewSurface {
        NewSurface {
            id: String::new(),
            kind,
            outer: vec![
                DVec2::new(low, low),
                DVec2::new(high, low),
                DVec2::new(high, high),
                DVec2::new(low, high),
            ],
            holes: Vec::new(),
            raise_m,
            parking_places: None,
            phase: String::new(),
        }
    }

    /// The whole ground, lasting part first.
    fn cover(terrain: &Terrain, is_measured: bool, base: &[NewSurface], plan: &[NewSurface]) -> Cover {
        let plan: Vec<&NewSurface> = plan.iter().collect();
        let surfaces = Surfaces {
            base,
            plans: plan.clone(),
        };
        let mut whole = lasting_cover(terrain, is_measured, &surfaces);
        let rest = plan_cover(terrain, is_measured, &surfaces, &plan);
        let before = u32::try_from(whole.faces.positions.len()).unwrap();
        whole.faces.positions.extend(rest.faces.positions);
        whole.faces.normals.extend(rest.faces.normals);
        whole.faces.colors.extend(rest.faces.colors);
        whole
            .faces
            .indices
            .extend(rest.faces.indices.iter().map(|i| i + before));
        whole
    }

    #[test]
    fn what_no_plan_comes_near_lasts_and_is_made_once() {
        let base = [
            square(0.0, 100.0, SurfaceKind::Asphalt, 0.0),
            square(200.0, 300.0, SurfaceKind::Paving, 0.0),
        ];
        let plan = square(40.0, 60.0, SurfaceKind::Grass, 0.0);
        let surfaces = Surfaces {
            base: &base,
            plans: vec![&plan],
        };
        let lasting = lasting_cover(&Terrain::flat(), true, &surfaces).faces;
        let changing = plan_cover(&Terrain::flat(), true, &surfaces, &[]).faces;
        for (kind, lasts, changes) in [
            (SurfaceKind::Asphalt, 0.0, 10_000.0),
            (SurfaceKind::Paving, 10_000.0, 0.0),
        ] {
            let color = palette::surface(kind);
            assert!((area_of(&lasting, color) - lasts).abs() < 0.5, "{kind:?}");
            assert!((area_of(&changing, color) - changes).abs() < 0.5, "{kind:?}");
        }
    }

    fn area_of(mesh: &PaperMesh, color: Rgb) -> f32 {
        mesh.indices
            .chunks_exact(3)
            .filter(|t| mesh.colors[t[0] as usize][..3] == color)
            .map(|t| {
                let [a, b, c] = [0, 1, 2].map(|i| Vec3::from_array(mesh.positions[t[i] as usize]));
                (b - a).cross(c - a).y * 0.5
            })
            .sum()
    }

    #[test]
    fn a_plan_is_cut_out_of_the_base_not_laid_over_it() {
        let base = [square(0.0, 100.0, SurfaceKind::Asphalt, 0.0)];
        let plan = [square(40.0, 60.0, SurfaceKind::Grass, 0.0)];
        let mesh = cover(&Terrain::flat(), true, &base, &plan).faces;
        assert!((area_of(&mesh, palette::surface(SurfaceKind::Asphalt)) - 9600.0).abs() < 0.5);
        assert!((area_of(&mesh, palette::surface(SurfaceKind::Grass)) - 400.0).abs() < 0.5);
    }

    #[test]
    fn water_lies_in_a_hole_of_the_bare_ground() {
        let base = [
            square(0.0, 100.0, SurfaceKind::Grass, 0.0),
            square(200.0, 210.0, SurfaceKind::Water, -0.8),
        ];
        let mesh = cover(&Terrain::flat(), true, &base, &[]).faces;
        let over_water = |p: [f32; 3]| p[0] > 201.0 && p[0] < 209.0 && p[2] < -201.0 && p[2] > -209.0;
        let covers = mesh.indices.chunks_exact(3).any(|t| {
            let center = (0..3)
                .map(|i| Vec3::from_array(mesh.positions[t[i] as usize]))
                .sum::<Vec3>()
                / 3.0;
            over_water(center.to_array()) && center.y > -0.5
        });
        assert!(!covers, "nothing hides the water");
        let water = palette::surface(SurfaceKind::Water);
        assert!((area_of(&mesh, water) - 100.0).abs() < 0.5);
    }

    #[test]
    fn paper_follows_a_hill_without_gaps() {
        let terrain = Terrain {
            origin: DVec2::ZERO,
            cell_m: 10.0,
            columns: 11,
            rows: 11,
            heights_m: (0..121_u8).map(|i| f32::from(i % 11).powi(2) * 0.1).collect(),
        };
        let base = [square(0.0, 100.0, SurfaceKind::Grass, 0.0)];
        let mesh = cover(&terrain, true, &base, &[]).faces;
        let grass = palette::surface(SurfaceKind::Grass);
        for (p, color) in mesh.positions.iter().zip(&mesh.colors) {
            if color[..3] == grass {
                let z = terrain.height_at(DVec2::new(f64::from(p[0]), f64::from(-p[2])));
                assert!((f64::from(p[1]) - z).abs() < 1e-3);
            }
        }
        assert!((area_of(&mesh, grass) - 10_000.0).abs() < 1.0, "the map area is whole");
    }

    #[test]
    fn raised_ground_has_kerbs() {
        let base = [square(0.0, 10.0, SurfaceKind::Paving, 0.12)];
        let faces = cover(&Terrain::flat(), true, &base, &[]).faces;
        let kerbs = faces.colors.iter().filter(|c| c[..3] == palette::KERB).count();
        assert_eq!(kerbs, 16, "four sides of four corners");
    }
}
