//! New buildings as masses: footprint, storeys and roof to a closed triangle mesh.
//!
//! Pure geometry in the site frame (x east, y north, z up, metres, `f64`). The mesh is watertight: every edge
//! has exactly two triangles, both seen from outside counter-clockwise. Corners are shared between walls and
//! roofs, so whoever draws it flat has to split them.
//!
//! A footprint of four corners gets a real gable or hip roof. Any other footprint gets its sloped roof as a
//! mansard: the walls lean inward around the whole outline and a flat part lies on top. A straight skeleton
//! would give ridges there too, but for a mass in a plan the outline and the height are what is judged.

use super::ring;
use super::scenario::{NewBuilding, Roof};
use crate::geometry::polygon::{Polygon, ring_contains, signed_area_m2};
use bevy::math::{DVec2, DVec3};

/// How far walls reach below the lowest ground, so that nothing floats on a slope, metres.
pub const FOUNDATION_M: f64 = 0.3;

/// Run of a mansard's slope for each metre that it rises.
const MANSARD_RUN: f64 = 0.6;
/// A mansard with less run than this is not worth its triangles, metres.
const LEAST_RUN_M: f64 = 0.2;
/// Footprints with more corners than this get flat roofs.
const MAX_MANSARD_CORNERS: usize = 500;

/// What a triangle of a mass is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MassSurface {
    /// Wall of the lowest storey.
    GroundWall,
    /// Wall of any other storey, and the triangle under a gable.
    Wall,
    /// Roof, flat or sloped.
    Roof,
    /// What is seen from below.
    Underside,
}

/// A closed mesh.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MassMesh {
    /// Corners, site metres.
    pub positions: Vec<DVec3>,
    /// Triangles, counter-clockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
    /// What each triangle is part of.
    pub surfaces: Vec<MassSurface>,
    /// Site heights of the floors between storeys, lowest first, metres.
    pub storey_lines_m: Vec<f64>,
    /// Site height where the walls end, metres.
    pub eaves_m: f64,
    /// Site height of the highest point, metres.
    pub top_m: f64,
}

/// The mass of a building that stands on `ground_m` (site height of the lowest ground under it,
/// [`super::Terrain::lowest_under`]). Empty without storeys above ground or with a footprint without area.
pub fn mass_mesh(building: &NewBuilding, ground_m: f64) -> MassMesh {
    let Some(rings) = outline(building) else {
        return MassMesh::default();
    };
    if building.storeys == 0 {
        return MassMesh::default();
    }
    let underside_m = ground_m + building.base_m;
    let ground_top_m = underside_m + building.ground_storey_height_m;
    let eaves_m = underside_m + building.wall_height_m();
    let mut mesh = MassMesh {
        storey_lines_m: (0..building.storeys - 1)
            .map(|floor| ground_top_m + f64::from(floor) * building.storey_height_m)
            .collect(),
        eaves_m,
        top_m: eaves_m,
        ..MassMesh::default()
    };
    let bottom_m = if building.base_m > 0.0 {
        underside_m
    } else {
        underside_m - FOUNDATION_M
    };
    let bottom = mesh.corners(&rings, bottom_m);
    mesh.cap(&rings, &bottom, MassSurface::Underside);
    let mut top = mesh.corners(&rings, ground_top_m);
    mesh.band(&bottom, &top, MassSurface::GroundWall);
    if building.storeys > 1 {
        let eaves = mesh.corners(&rings, eaves_m);
        mesh.band(&top, &eaves, MassSurface::Wall);
        top = eaves;
    }
    mesh.roof(&rings, &top, building.roof);
    mesh
}

/// Outer ring counter-clockwise, then the holes clockwise, without corners on straight sides.
fn outline(building: &NewBuilding) -> Option<Vec<Vec<DVec2>>> {
    let turned = |ring: &[DVec2], is_hole: bool| {
        let mut ring = straightened(ring);
        if (signed_area_m2(&ring) < 0.0) != is_hole {
            ring.reverse();
        }
        (ring.len() >= 3).then_some(ring)
    };
    let mut rings = vec![turned(&building.footprint, false)?];
    rings.extend(building.holes.iter().filter_map(|hole| turned(hole, true)));
    Some(rings)
}

/// Leaves out corners that do not turn: triangulation skips them, which would leave cracks beside the walls.
fn straightened(ring: &[DVec2]) -> Vec<DVec2> {
    let mut ring = ring.to_vec();
    loop {
        let count = ring.len();
        let is_straight = |i: usize| {
            let (a, b) = (ring[i] - ring[(i + count - 1) % count], ring[(i + 1) % count] - ring[i]);
            a.perp_dot(b).abs() <= 1e-6 * a.length() * b.length()
        };
        match (0..count).find(|i| is_straight(*i)) {
            Some(i) if count > 3 => {
                ring.remove(i);
            }
            Some(_) => return Vec::new(),
            None => return ring,
        }
    }
}

impl MassMesh {
    fn corner(&mut self, p: DVec2, z_m: f64) -> u32 {
        self.positions.push(p.extend(z_m));
        u32::try_from(self.positions.len() - 1).unwrap_or(u32::MAX)
    }

    /// The corners of all rings at one height.
    fn corners(&mut self, rings: &[Vec<DVec2>], z_m: f64) -> Vec<Vec<u32>> {
        rings
            .iter()
            .map(|ring| ring.iter().map(|p| self.corner(*p, z_m)).collect())
            .collect()
    }

    fn triangle(&mut self, corners: [u32; 3], surface: MassSurface) {
        self.triangles.push(corners);
        self.surfaces.push(surface);
    }

    fn quad(&mut self, [a, b, c, d]: [u32; 4], surface: MassSurface) {
        self.triangle([a, b, c], surface);
        self.triangle([a, c, d], surface);
    }

    /// Walls or slopes between the same rings at two heights.
    fn band(&mut self, lower: &[Vec<u32>], upper: &[Vec<u32>], surface: MassSurface) {
        for (lower, upper) in lower.iter().zip(upper) {
            for i in 0..lower.len() {
                let j = (i + 1) % lower.len();
                self.quad([lower[i], lower[j], upper[j], upper[i]], surface);
            }
        }
    }

    /// A flat face that fills the rings: seen from below when it is the underside, else from above.
    fn cap(&mut self, rings: &[Vec<DVec2>], corners: &[Vec<u32>], surface: MassSurface) {
        let polygon = Polygon {
            exterior: rings[0].clone(),
            holes: rings[1..].to_vec(),
        };
        let (_, indices) = polygon.triangulate();
        let corners: Vec<u32> = corners.iter().flatten().copied().collect();
        for triangle in indices.chunks_exact(3) {
            let [a, b, c] = [triangle[0], triangle[1], triangle[2]].map(|i| corners[i as usize]);
            let corners = if surface == MassSurface::Underside {
                [a, c, b]
            } else {
                [a, b, c]
            };
            self.triangle(corners, surface);
        }
    }

    fn roof(&mut self, rings: &[Vec<DVec2>], eaves: &[Vec<u32>], roof: Roof) {
        let (height_m, is_gable) = match roof {
            Roof::Gable(height_m) if height_m > 0.0 => (height_m, true),
            Roof::Hip(height_m) if height_m > 0.0 => (height_m, false),
            _ => return self.cap(rings, eaves, MassSurface::Roof),
        };
        if let ([ring], [eaves]) = (rings, eaves)
            && let (&[a, b, c, d], &[ia, ib, ic, id]) = (ring.as_slice(), eaves.as_slice())
            && is_convex(ring)
        {
            self.top_m = self.eaves_m + height_m;
            // The first side is one of the two long ones.
            if a.distance(b) + c.distance(d) >= b.distance(c) + d.distance(a) {
                return self.ridge([a, b, c, d], [ia, ib, ic, id], is_gable);
            }
            return self.ridge([b, c, d, a], [ib, ic, id, ia], is_gable);
        }
        self.mansard(rings, eaves, height_m);
    }

    /// A gable or hip roof over four corners of which the first two and the last two are the long sides.
    fn ridge(&mut self, [a, b, c, d]: [DVec2; 4], [ia, ib, ic, id]: [u32; 4], is_gable: bool) {
        let (west, east) = (d.midpoint(a), b.midpoint(c));
        let length = west.distance(east);
        // A hip's end rises as steeply as its sides.
        let (run_west, run_east) = (d.distance(a) / 2.0, b.distance(c) / 2.0);
        let top_m = self.top_m;
        if !is_gable && run_west + run_east > length * 0.98 {
            let apex = self.corner(west.lerp(east, run_west / (run_west + run_east)), top_m);
            for (i, j) in [(ia, ib), (ib, ic), (ic, id), (id, ia)] {
                self.triangle([i, j, apex], MassSurface::Roof);
            }
            return;
        }
        let (west_at, east_at) = if is_gable {
            (0.0, 1.0)
        } else {
            (run_west / length, 1.0 - run_east / length)
        };
        let west_end = self.corner(west.lerp(east, west_at), top_m);
        let east_end = self.corner(west.lerp(east, east_at), top_m);
        self.quad([ia, ib, east_end, west_end], MassSurface::Roof);
        self.quad([ic, id, west_end, east_end], MassSurface::Roof);
        let end = if is_gable { MassSurface::Wall } else { MassSurface::Roof };
        self.triangle([ib, ic, east_end], end);
        self.triangle([id, ia, west_end], end);
    }

    /// Slopes around the whole outline and a flat part on top, less high where the outline is narrow.
    fn mansard(&mut self, rings: &[Vec<DVec2>], eaves: &[Vec<u32>], height_m: f64) {
        let mut run_m = height_m * MANSARD_RUN;
        let corners: usize = rings.iter().map(Vec::len).sum();
        while run_m >= LEAST_RUN_M && corners <= MAX_MANSARD_CORNERS {
            if let Some(inner) = inset(rings, run_m) {
                self.top_m = self.eaves_m + run_m / MANSARD_RUN;
                let top = self.corners(&inner, self.top_m);
                self.band(eaves, &top, MassSurface::Roof);
                return self.cap(&inner, &top, MassSurface::Roof);
            }
            run_m *= 0.7;
        }
        self.cap(rings, eaves, MassSurface::Roof);
    }
}

fn is_convex(ring: &[DVec2]) -> bool {
    let next = ring.iter().cycle().skip(1);
    let after = ring.iter().cycle().skip(2);
    ring.iter()
        .zip(next)
        .zip(after)
        .all(|((a, b), c)| (*b - *a).perp_dot(*c - *b) > 0.0)
}

/// The rings moved inward by `run_m`, corner by corner; `None` when a side would vanish or sides would meet.
fn inset(rings: &[Vec<DVec2>], run_m: f64) -> Option<Vec<Vec<DVec2>>> {
    let mut moved: Vec<Vec<DVec2>> = Vec::with_capacity(rings.len());
    for ring in rings {
        let count = ring.len();
        let mut inner = Vec::with_capacity(count);
        for i in 0..count {
            let before = (ring[i] - ring[(i + count - 1) % count]).normalize_or_zero().perp();
            let after = (ring[(i + 1) % count] - ring[i]).normalize_or_zero().perp();
            let spread = 1.0 + before.dot(after);
            if spread < 0.1 {
                return None;
            }
            inner.push(ring[i] + (before + after) / spread * run_m);
        }
        let keeps_direction = |i: usize| {
            let j = (i + 1) % count;
            (inner[j] - inner[i]).dot((ring[j] - ring[i]).normalize_or_zero()) > 0.1
        };
        if !(0..count).all(keeps_direction) {
            return None;
        }
        moved.push(inner);
    }
    let all: Vec<(DVec2, DVec2)> = moved.iter().flat_map(|ring| ring::sides(ring)).collect();
    let touches = |i: usize| {
        let (a, b) = all[i];
        let neighbour = |c: DVec2, d: DVec2| a == d || b == c;
        all[i + 1..]
            .iter()
            .any(|(c, d)| !neighbour(*c, *d) && ring::meet(a, b, *c, *d))
    };
    if (0..all.len()).any(touches) {
        return None;
    }
    let (outer, holes) = moved.split_first()?;
    let fits = signed_area_m2(outer) > 0.0
        && holes.iter().all(|hole| hole.iter().all(|p| ring_contains(outer, *p)))
        && moved
            .iter()
            .zip(rings)
            .all(|(inner, ring)| ring_turns_alike(inner, ring));
    fits.then_some(moved)
}

fn ring_turns_alike(a: &[DVec2], b: &[DVec2]) -> bool {
    signed_area_m2(a) * signed_area_m2(b) > 0.0
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::scenario::{Certainty, LocalText, Use};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Three storeys of 3 m on a ground storey of 4 m, flat roof.
    pub(crate) fn block(footprint: &[[f64; 2]]) -> NewBuilding {
        NewBuilding {
            id: "A-01".into(),
            name: LocalText::default(),
            footprint: footprint.iter().map(|p| DVec2::from_array(*p)).collect(),
            holes: Vec::new(),
            base_m: 0.0,
            are_storeys_known: true,
            storeys: 4,
            storey_height_m: 3.0,
            ground_storey_height_m: 4.0,
            underground_storeys: 0,
            roof: Roof::Flat,
            main_use: Use::Housing,
            ground_use: None,
            dwellings: None,
            parking_places: None,
            phase: String::new(),
            certainty: Certainty::Open,
        }
    }

    const SQUARE: &[[f64; 2]] = &[[0.0, 0.0], [12.0, 0.0], [12.0, 12.0], [0.0, 12.0]];
    const LONG: &[[f64; 2]] = &[[0.0, 0.0], [8.0, 0.0], [8.0, 30.0], [0.0, 30.0]];
    const ELL: &[[f64; 2]] = &[
        [0.0, 0.0],
        [30.0, 0.0],
        [30.0, 10.0],
        [10.0, 10.0],
        [10.0, 30.0],
        [0.0, 30.0],
    ];

    /// Every edge is walked once each way.
    fn assert_watertight(mesh: &MassMesh) {
        let mut edges: BTreeMap<(u32, u32), i32> = BTreeMap::new();
        for [a, b, c] in &mesh.triangles {
            for (from, to) in [(a, b), (b, c), (c, a)] {
                *edges.entry((*from, *to)).or_default() += 1;
            }
        }
        for ((from, to), count) in &edges {
            assert_eq!(*count, 1, "edge {from}-{to} is walked twice");
            assert!(edges.contains_key(&(*to, *from)), "edge {from}-{to} has one triangle");
        }
        assert_eq!(mesh.triangles.len(), mesh.surfaces.len());
    }

    fn volume_m3(mesh: &MassMesh) -> f64 {
        let corner = |i: u32| mesh.positions[i as usize];
        mesh.triangles
            .iter()
            .map(|[a, b, c]| corner(*a).dot(corner(*b).cross(corner(*c))))
            .sum::<f64>()
            / 6.0
    }

    #[test]
    fn volumes_of_known_masses() {
        let walls = 4.0 + 3.0 * 3.0 + FOUNDATION_M;
        for (footprint, roof, expected, top) in [
            (SQUARE, Roof::Flat, 144.0 * walls, 13.0),
            (LONG, Roof::Flat, 240.0 * walls, 13.0),
            (LONG, Roof::Gable(3.0), 240.0 * walls + 240.0 * 3.0 / 2.0, 16.0),
            // A hip of 8 by 30: a prism 22 long and two ends that make one pyramid.
            (LONG, Roof::Hip(3.0), 240.0 * walls + 22.0 * 8.0 * 1.5 + 64.0, 16.0),
            (SQUARE, Roof::Hip(3.0), 144.0 * walls + 144.0, 16.0),
            (ELL, Roof::Flat, 500.0 * walls, 13.0),
            (ELL, Roof::Gable(0.0), 500.0 * walls, 13.0),
        ] {
            let mut building = block(footprint);
            building.roof = roof;
            let mesh = mass_mesh(&building, 100.0);
            assert_watertight(&mesh);
            let volume = volume_m3(&mesh);
            assert!(
                (volume - expected).abs() < 1e-6 * expected,
                "{roof:?}: {volume}, not {expected}"
            );
            assert!((mesh.top_m - 100.0 - top).abs() < 1e-9);
            assert_eq!(mesh.storey_lines_m, [104.0, 107.0, 110.0]);
            let lowest = mesh.positions.iter().fold(f64::INFINITY, |low, p| low.min(p.z));
            assert!((lowest - (100.0 - FOUNDATION_M)).abs() < 1e-9);
        }
    }

    #[test]
    fn the_ridge_runs_along_the_long_side() {
        let mut building = block(LONG);
        building.roof = Roof::Gable(3.0);
        let mesh = mass_mesh(&building, 0.0);
        let ridge: Vec<DVec3> = mesh.positions.iter().copied().filter(|p| p.z > 13.5).collect();
        assert_eq!(ridge, [DVec3::new(4.0, 0.0, 16.0), DVec3::new(4.0, 30.0, 16.0)]);
        let gables = mesh
            .triangles
            .iter()
            .zip(&mesh.surfaces)
            .filter(|([a, b, c], surface)| {
                **surface == MassSurface::Wall && [a, b, c].iter().any(|i| mesh.positions[**i as usize].z > 13.5)
            });
        assert_eq!(gables.count(), 2);
    }

    #[test]
    fn other_outlines_get_a_mansard_that_stays_inside() {
        let mut building = block(ELL);
        building.roof = Roof::Hip(3.0);
        building.holes = vec![
            [[2.0, 2.0], [2.0, 7.0], [7.0, 7.0], [7.0, 2.0]]
                .map(DVec2::from_array)
                .into(),
        ];
        let mesh = mass_mesh(&building, 0.0);
        assert_watertight(&mesh);
        // The strips beside the courtyard are 2 and 3 m wide, so the slopes take less run than 1.8 m each.
        assert!(mesh.top_m > 13.5 && mesh.top_m < 16.0, "{}", mesh.top_m);
        let flat = 475.0 * (13.0 + FOUNDATION_M);
        assert!(volume_m3(&mesh) > flat && volume_m3(&mesh) < flat + 475.0 * 3.0);
    }

    #[test]
    fn blocks_on_other_blocks_have_no_foundation() {
        let mut building = block(SQUARE);
        building.base_m = 8.0;
        building.storeys = 1;
        let mesh = mass_mesh(&building, 1.0);
        assert_watertight(&mesh);
        let (low, high) = mesh
            .positions
            .iter()
            .fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(p.z), h.max(p.z)));
        assert!((low - 9.0).abs() < 1e-9 && (high - 13.0).abs() < 1e-9, "{low} {high}");
        assert!(!mesh.surfaces.contains(&MassSurface::Wall));
    }

    #[test]
    fn nothing_above_ground_is_nothing_to_draw() {
        let mut building = block(SQUARE);
        building.storeys = 0;
        assert_eq!(mass_mesh(&building, 0.0), MassMesh::default());
        assert_eq!(
            mass_mesh(&block(&[[0.0, 0.0], [5.0, 0.0], [9.0, 0.0]]), 0.0),
            MassMesh::default()
        );
    }

    #[test]
    fn corners_on_straight_sides_leave_no_cracks() {
        let building = block(&[
            [0.0, 0.0],
            [6.0, 0.0],
            [12.0, 0.0],
            [12.0, 12.0],
            [0.0, 12.0],
            [0.0, 5.0],
        ]);
        let mesh = mass_mesh(&building, 0.0);
        assert_watertight(&mesh);
        assert_eq!(mesh.positions.len(), 12);
    }

    proptest! {
        /// Star-shaped footprints of any number of corners, any roof: closed, and never above the roof's height.
        #[test]
        fn masses_are_always_closed(
            radii in proptest::collection::vec(3.0..40.0_f64, 3..24),
            roof_m in 0.0..12.0_f64,
            kind in 0..3,
        ) {
            let count = f64::from(u32::try_from(radii.len()).unwrap());
            let footprint: Vec<[f64; 2]> = radii
                .iter()
                .zip(0_u32..)
                .map(|(r, i)| {
                    let angle = f64::from(i) / count * std::f64::consts::TAU;
                    [r * angle.cos(), r * angle.sin()]
                })
                .collect();
            let mut building = block(&footprint);
            building.roof = [Roof::Flat, Roof::Gable(roof_m), Roof::Hip(roof_m)][usize::try_from(kind).unwrap()];
            let mesh = mass_mesh(&building, 17.0);
            assert_watertight(&mesh);
            let body = signed_area_m2(&building.footprint) * (13.0 + FOUNDATION_M);
            prop_assert!(volume_m3(&mesh) >= body * 0.999_999);
            prop_assert!(mesh.top_m <= 17.0 + 13.0 + roof_m + 1e-9);
            prop_assert!(mesh.positions.iter().all(|p| p.z <= mesh.top_m + 1e-9));
        }
    }
}
