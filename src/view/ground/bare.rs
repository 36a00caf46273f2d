//! The table on which everything stands: the bare ground with holes for water, and around it level paper to the horizon.
//!
//! Large grids and ground with imagery on it are drawn by [`relief`](crate::view::relief) instead; the paper around it is
//! the same. Positions are offsets from the site's zero in render axes.

use super::{
    cover::{box_of, union_of},
    drape::{Drape, drape_polygon, point, steps_of},
};
use crate::geometry::polygon::{Polygon, difference};
use crate::model::{OpenScenario, Terrain};
use crate::view::{feature_material::PaperMesh, palette, relief::BELOW_M};
use bevy::{math::DVec2, prelude::*};

/// Edges of the bare ground are split until they are no longer than this, so that paper follows the terrain, metres.
const BARE_DRAPE_M: f64 = 20.0;
/// Both sides of the seam between bare ground and table hang down this far, metres.
const SEAM_M: f64 = 4.0;
/// Ground without anything on it reaches so far, metres.
const EMPTY_M: f64 = 500.0;
/// Imagery makes the ground reach at most so far beyond everything else, metres.
const BEYOND_M: f64 = 1000.0;
/// And so far where there is nothing else, metres.
const MOST_M: f64 = 10_000.0;

/// South-west and north-east corner of the ground of a scenario: its terrain and all surfaces, and imagery around them.
pub(in crate::view) fn bounds(open: &OpenScenario, terrain: &Terrain) -> (DVec2, DVec2) {
    let mut found = None;
    if terrain.columns > 1 && terrain.rows > 1 {
        found = Some(terrain.bounds());
    }
    let plans = open.scenario.variants.iter().flat_map(|variant| &variant.surfaces);
    let (least, most) = open.reach();
    for surface in open.surfaces.iter().chain(plans) {
        let (low, high) = box_of(&surface.outer);
        let (low, high) = (low.max(least), high.min(most));
        found = union_of(found, low.cmplt(high).all().then_some((low, high)));
    }
    if !open.imagery.is_empty() {
        let known = union_of(found, outline(open));
        let (low, high) = known.map_or((DVec2::splat(-MOST_M), DVec2::splat(MOST_M)), |(low, high)| {
            (low - BEYOND_M, high + BEYOND_M)
        });
        for picture in &open.imagery {
            let (from, to) = picture.bounds();
            let (from, to) = (from.max(low), to.min(high));
            if from.cmplt(to).all() {
                found = union_of(found, Some((from, to)));
            }
        }
    }
    found
        .filter(|(low, high)| low.is_finite() && high.is_finite())
        .unwrap_or((DVec2::splat(-EMPTY_M), DVec2::splat(EMPTY_M)))
}

fn outline(open: &OpenScenario) -> Option<(DVec2, DVec2)> {
    let outline = &open.scenario.area.outline;
    (!outline.is_empty()).then(|| box_of(outline))
}

/// The bare ground with holes, and its side of the seam.
pub(super) fn bare_ground(terrain: &Terrain, (low, high): (DVec2, DVec2), holes: &[Polygon]) -> PaperMesh {
    let mut mesh = PaperMesh::default();
    let rim = vec![low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    let bare = difference(&[Polygon::new(rim)], holes);
    for polygon in &bare {
        drape_polygon(
            &mut mesh,
            terrain,
            polygon,
            -BELOW_M,
            palette::TABLE,
            Drape::bare(terrain, bare_drape_m(terrain)),
        );
    }
    seam(&mut mesh, terrain, [low, high]);
    mesh
}

/// What lies around the ground.
pub(super) fn surroundings(terrain: &Terrain, (low, high): (DVec2, DVec2)) -> PaperMesh {
    let mut mesh = PaperMesh::default();
    table(&mut mesh, terrain, low, high);
    mesh
}

fn bare_drape_m(terrain: &Terrain) -> f64 {
    if terrain.columns > 1 {
        BARE_DRAPE_M.max(terrain.cell_m)
    } else {
        f64::INFINITY
    }
}

/// The bare ground's side of the seam hangs down too, lit like the ground, so that no sky shines through.
fn seam(mesh: &mut PaperMesh, terrain: &Terrain, [low, high]: [DVec2; 2]) {
    let corners = [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
    for (i, a) in corners.iter().enumerate() {
        let b = corners[(i + 1) % corners.len()];
        let steps = steps_of(a.distance(b), bare_drape_m(terrain));
        for step in 0..steps {
            let at = |n: u32| a.lerp(b, f64::from(n) / f64::from(steps));
            let ends = [at(step), at(step + 1)].map(|p| (p, terrain.height_at(p) - BELOW_M));
            let [(p, zp), (q, zq)] = ends;
            let hung = [(p, zp - SEAM_M), (q, zq - SEAM_M), (q, zq), (p, zp)];
            let n = hung.map(|(p, z)| mesh.vertex(point(p, z), Vec3::Y, 0, palette::TABLE));
            mesh.indices.extend([n[0], n[1], n[2], n[0], n[2], n[3]]);
        }
    }
}

/// Rings of quads from the rim of the ground outwards, levelling out to the mean height of the rim.
fn table(mesh: &mut PaperMesh, terrain: &Terrain, low: DVec2, high: DVec2) {
    /// A long rim is followed in steps of this, metres.
    const RIM_STEP_M: f64 = 60.0;
    const RINGS_M: [f64; 8] = [0.0, 15.0, 60.0, 180.0, 500.0, 1500.0, 6000.0, 30_000.0];
    // The first ring hangs down behind the seam, whose sides are not split alike.
    let per_side = steps_of((high - low).max_element(), RIM_STEP_M).clamp(32, 512);
    let rim = |out: f64, n: u32| {
        let (low, high) = (low - DVec2::splat(out), high + DVec2::splat(out));
        let corners = [low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)];
        let side = (n / per_side % 4) as usize;
        let share = f64::from(n % per_side) / f64::from(per_side);
        corners[side].lerp(corners[(side + 1) % 4], share)
    };
    let count = 4 * per_side;
    let level = (0..count).map(|n| terrain.height_at(rim(0.0, n))).sum::<f64>() / f64::from(count);
    let height = |out: f64, n: u32| {
        let share = (out / 500.0).min(1.0);
        let eased = share * share * (3.0 - 2.0 * share);
        let at_rim = terrain.height_at(rim(0.0, n));
        at_rim + (level - at_rim) * eased - BELOW_M
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
