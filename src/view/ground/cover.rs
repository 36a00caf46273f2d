//! Ground cover as paper: each surface draped on the terrain, raised with a kerb or lowered with a bank, and
//! the plan's surfaces cut out of the base, not laid over it. Pure geometry, run off the main thread.
//!
//! Positions are offsets from the site's zero in render axes.

use super::{
    bare::{bare_ground, surroundings},
    drape::{Drape, drape_polygon, edge_ring},
};
use crate::geometry::polygon::{Polygon, difference, intersection};
use crate::model::{NewSurface, SurfaceKind, Terrain};
use crate::view::{feature_material::PaperMesh, palette, relief::Holes};
use bevy::{math::DVec2, prelude::*};
use std::{borrow::Cow, sync::Arc};

/// Ground as triangles and hairlines.
#[derive(Debug, Default)]
pub(super) struct Cover {
    pub(super) faces: PaperMesh,
    pub(super) lines: PaperMesh,
}

/// Edges are split until they are no longer than this, so that paper follows the terrain, metres.
const DRAPE_M: f64 = 9.0;
/// A surface is split into no more squares than about this.
const MOST_CELLS: f64 = 1_000_000.0;
/// What lies lower than this below the ground needs a hole in it to be seen, metres.
const LOWERED_M: f64 = -0.02;

/// What a plan lays on the ground.
#[derive(Debug, Default)]
pub(super) struct PlanGround {
    /// Surfaces of today that some plan comes near, without those of this one.
    pub(super) today: Cover,
    /// Surfaces of the plan.
    pub(super) plan: Cover,
    /// The ground between all surfaces; empty where [`relief`](crate::view::relief) draws it.
    pub(super) bare: PaperMesh,
    /// What lies around the ground.
    pub(super) around: PaperMesh,
    /// Holes for all water, and those for the plan's alone.
    pub(super) holes: GroundHoles,
}

/// Holes in the ground of a plan.
#[derive(Debug, Default, Clone)]
pub(in crate::view) struct GroundHoles {
    /// For all water, where surfaces are drawn.
    pub(in crate::view) of_all: Arc<Holes>,
    /// For the plan's water, where imagery shows what is there today.
    pub(in crate::view) of_plan: Arc<Holes>,
}

/// One piece of cover after cutting.
pub(super) struct Piece {
    pub(super) polygon: Polygon,
    pub(super) kind: SurfaceKind,
    pub(super) raise_m: f64,
    pub(super) is_plan: bool,
}

/// What a ground is made of.
pub(super) struct Surfaces<'a> {
    /// Surfaces of today.
    pub(super) base: &'a [NewSurface],
    /// Surfaces of every plan of the scenario.
    pub(super) plans: Vec<&'a NewSurface>,
}

/// Surfaces as far as they lie within a box; most lie in it whole.
pub(super) fn within(surfaces: &[NewSurface], (low, high): (DVec2, DVec2)) -> Cow<'_, [NewSurface]> {
    let is_inside = |surface: &NewSurface| {
        let (from, to) = box_of(&surface.outer);
        from.cmpge(low).all() && to.cmple(high).all()
    };
    if surfaces.iter().all(is_inside) {
        return Cow::Borrowed(surfaces);
    }
    let frame = [Polygon::new(vec![
        low,
        DVec2::new(high.x, low.y),
        high,
        DVec2::new(low.x, high.y),
    ])];
    let clipped = surfaces.iter().flat_map(|surface| {
        if is_inside(surface) {
            return vec![surface.clone()];
        }
        let parts = intersection(&[polygon_of(surface)], &frame).into_iter();
        let part = |part: Polygon| NewSurface {
            outer: part.exterior,
            holes: part.holes,
            ..surface.clone()
        };
        parts.map(part).collect()
    });
    Cow::Owned(clipped.collect())
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
    finish(&mut cover.faces, is_measured);
    cover
}

/// The rest: the surfaces of one plan cut into those of today that any plan comes near, and the ground between `bounds`
/// around all surfaces (`has_bare`: also that between them).
pub(super) fn plan_ground(
    terrain: &Terrain,
    is_measured: bool,
    surfaces: &Surfaces,
    plan: &[&NewSurface],
    bounds: (DVec2, DVec2),
    has_bare: bool,
) -> PlanGround {
    let (lasting, others) = surfaces.split();
    let mut pieces = cut(&others, plan);
    let mut ground = PlanGround::default();
    let (of_plan, of_today): (Vec<&Piece>, Vec<&Piece>) = pieces.iter().partition(|piece| piece.is_plan);
    lay(&mut ground.today, terrain, of_today);
    lay(&mut ground.plan, terrain, of_plan);
    pieces.extend(cut(&lasting, &[]));
    let holes = |of: &dyn Fn(&Piece) -> bool| -> Vec<Polygon> {
        let lowered = pieces.iter().filter(|piece| piece.raise_m < LOWERED_M && of(piece));
        lowered.map(|piece| piece.polygon.clone()).collect()
    };
    let of_all = holes(&|_| true);
    if has_bare {
        ground.bare = bare_ground(terrain, bounds, &of_all);
    }
    ground.around = surroundings(terrain, bounds);
    ground.holes = GroundHoles {
        of_all: Arc::new(Holes::new(of_all)),
        of_plan: Arc::new(Holes::new(holes(&|piece| piece.is_plan))),
    };
    for mesh in [
        &mut ground.today.faces,
        &mut ground.plan.faces,
        &mut ground.bare,
        &mut ground.around,
    ] {
        finish(mesh, is_measured);
    }
    ground
}

fn lay<'a>(cover: &mut Cover, terrain: &Terrain, pieces: impl IntoIterator<Item = &'a Piece>) {
    for piece in pieces {
        // One that covers a whole region follows the ground more coarsely.
        let drape = Drape::new(terrain, DRAPE_M.max((piece.polygon.area_m2() / MOST_CELLS).sqrt()));
        let color = palette::surface(piece.kind);
        drape_polygon(&mut cover.faces, terrain, &piece.polygon, piece.raise_m, color, drape);
        for ring in std::iter::once(&piece.polygon.exterior).chain(&piece.polygon.holes) {
            edge_ring(cover, terrain, ring, piece, drape);
        }
    }
}

fn finish(mesh: &mut PaperMesh, is_measured: bool) {
    if !is_measured {
        // A guessed slope is not shaded: it would look like knowledge.
        mesh.normals.fill(Vec3::Y.to_array());
    }
}

fn polygon_of(surface: &NewSurface) -> Polygon {
    Polygon {
        exterior: surface.outer.clone(),
        holes: surface.holes.clone(),
    }
}

pub(super) fn box_of(ring: &[DVec2]) -> (DVec2, DVec2) {
    ring.iter()
        .fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(low, high), p| {
            (low.min(*p), high.max(*p))
        })
}

/// The box around two, where there are any.
pub(super) fn union_of(a: Option<(DVec2, DVec2)>, b: Option<(DVec2, DVec2)>) -> Option<(DVec2, DVec2)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (one, other) => one.or(other),
    }
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
            is_plan: false,
        }));
    }
    pieces.extend(plan.iter().map(|surface| Piece {
        polygon: polygon_of(surface),
        kind: surface.kind,
        raise_m: surface.raise_m,
        is_plan: true,
    }));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::palette::Rgb;

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
        let rest = plan_ground(terrain, is_measured, &surfaces, &plan, bounds(terrain), true);
        for part in [rest.today.faces, rest.plan.faces, rest.bare, rest.around] {
            let before = u32::try_from(whole.faces.positions.len()).unwrap();
            whole.faces.positions.extend(part.positions);
            whole.faces.normals.extend(part.normals);
            whole.faces.colors.extend(part.colors);
            whole.faces.indices.extend(part.indices.iter().map(|i| i + before));
        }
        whole
    }

    fn bounds(terrain: &Terrain) -> (DVec2, DVec2) {
        if terrain.columns > 1 {
            terrain.bounds()
        } else {
            (DVec2::ZERO, DVec2::splat(400.0))
        }
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
        let flat = Terrain::flat();
        let changing = plan_ground(&flat, true, &surfaces, &[], bounds(&flat), true)
            .today
            .faces;
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
    fn imagery_shows_today_so_only_the_water_of_the_plan_is_a_hole() {
        let base = [square(0.0, 10.0, SurfaceKind::Water, -0.8)];
        let plan = [
            square(20.0, 30.0, SurfaceKind::Water, -0.5),
            square(40.0, 50.0, SurfaceKind::Grass, 0.0),
        ];
        let plan: Vec<&NewSurface> = plan.iter().collect();
        let surfaces = Surfaces {
            base: &base,
            plans: plan.clone(),
        };
        let flat = Terrain::flat();
        let ground = plan_ground(&flat, true, &surfaces, &plan, bounds(&flat), false);
        let area = |holes: &Holes| -> f64 {
            let found = holes.within(DVec2::splat(-10.0), DVec2::splat(100.0));
            found.iter().map(Polygon::area_m2).sum()
        };
        assert!((area(&ground.holes.of_all) - 200.0).abs() < 1e-3);
        assert!((area(&ground.holes.of_plan) - 100.0).abs() < 1e-3);
        assert!(ground.bare.is_empty() && !ground.around.is_empty());
        assert!((area_of(&ground.plan.faces, palette::surface(SurfaceKind::Grass)) - 100.0).abs() < 0.5);
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
