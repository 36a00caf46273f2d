//! Polygons in the plane: triangulation, area, containment, difference (over `geo`).
//!
//! Rings are lists of corners without the repeated last point, in metres of any flat frame. Input may be
//! degenerate, wound either way or cross itself: the functions answer as well as they can and never panic;
//! corners that are not finite numbers are dropped.

use bevy::math::DVec2;
use geo::orient::{Direction, Orient};
use geo::{
    Area, BooleanOps, BoundingRect, Centroid, Coord, InteriorPoint, LineString, MultiPolygon, TriangulateEarcut,
};

/// An area with holes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Polygon {
    /// Outer ring.
    pub exterior: Vec<DVec2>,
    /// Inner rings.
    pub holes: Vec<Vec<DVec2>>,
}

impl Polygon {
    /// A polygon without holes.
    pub fn new(exterior: Vec<DVec2>) -> Self {
        Self {
            exterior,
            holes: Vec::new(),
        }
    }

    /// Area without the holes, square metres, never negative.
    pub fn area_m2(&self) -> f64 {
        self.to_geo().unsigned_area()
    }

    /// Whether `point` lies inside the outer ring and in no hole.
    pub fn contains(&self, point: DVec2) -> bool {
        ring_contains(&self.exterior, point) && !self.holes.iter().any(|hole| ring_contains(hole, point))
    }

    /// Centre of gravity; `None` for a polygon without finite corners.
    pub fn centroid(&self) -> Option<DVec2> {
        self.to_geo().centroid().map(|c| DVec2::new(c.x(), c.y()))
    }

    /// A point well inside: its centre of gravity where that is, else the middle of the widest stretch inside on one of
    /// some lines from west to east. `None` for a polygon without area.
    pub fn inside_point(&self) -> Option<DVec2> {
        const LINES: u8 = 9;
        if let Some(center) = self.centroid().filter(|center| self.contains(*center)) {
            return Some(center);
        }
        let corners = || self.exterior.iter().filter(|corner| corner.is_finite());
        let low = corners().map(|corner| corner.y).fold(f64::INFINITY, f64::min);
        let high = corners().map(|corner| corner.y).fold(f64::NEG_INFINITY, f64::max);
        let mut widest: Option<(f64, DVec2)> = None;
        for line in 1..=LINES {
            let y = low + (high - low) * f64::from(line) / f64::from(LINES + 1);
            let mut crossed: Vec<f64> = std::iter::once(&self.exterior)
                .chain(&self.holes)
                .flat_map(|ring| crossings(ring, y))
                .collect();
            crossed.sort_by(f64::total_cmp);
            for pair in crossed.chunks_exact(2) {
                let (width, middle) = (pair[1] - pair[0], DVec2::new(pair[0].midpoint(pair[1]), y));
                if width > widest.map_or(0.0, |(width, _)| width) && self.contains(middle) {
                    widest = Some((width, middle));
                }
            }
        }
        widest.map(|(_, middle)| middle)
    }

    /// Triangles that fill the polygon, counter-clockwise, as corners and indices into them. Empty for a
    /// polygon without area.
    pub fn triangulate(&self) -> (Vec<DVec2>, Vec<u32>) {
        let mut polygon = self.to_geo();
        if polygon.exterior().0.len() < 4 {
            return (Vec::new(), Vec::new());
        }
        drop_stray_holes(&mut polygon);
        let raw = polygon.earcut_triangles_raw();
        let corners: Vec<DVec2> = raw.vertices.iter().map(|v| DVec2::from_array(*v)).collect();
        let mut indices = Vec::with_capacity(raw.triangle_indices.len());
        for triangle in raw.triangle_indices.chunks_exact(3) {
            let (Ok(a), Ok(b), Ok(c)) = (
                u32::try_from(triangle[0]),
                u32::try_from(triangle[1]),
                u32::try_from(triangle[2]),
            ) else {
                continue;
            };
            let [pa, pb, pc] = [triangle[0], triangle[1], triangle[2]].map(|i| corners[i]);
            let doubled = (pb - pa).perp_dot(pc - pa);
            if doubled > 0.0 {
                indices.extend([a, b, c]);
            } else if doubled < 0.0 {
                indices.extend([a, c, b]);
            }
        }
        (corners, indices)
    }

    /// Rings with fewer than three finite corners vanish.
    fn to_geo(&self) -> geo::Polygon {
        let holes = self
            .holes
            .iter()
            .map(|hole| line_string(hole))
            .filter(|ring| ring.0.len() >= 4)
            .collect();
        geo::Polygon::new(line_string(&self.exterior), holes)
    }

    fn from_geo(polygon: &geo::Polygon) -> Self {
        Self {
            exterior: open_ring(polygon.exterior()),
            holes: polygon.interiors().iter().map(open_ring).collect(),
        }
    }
}

/// Drops holes that reach out of the box around the outer ring: with many corners cutting orders these by where they lie
/// in that box, in 32,767 steps, and cannot go on with one that lies a step before it or thousands of boxes behind it.
fn drop_stray_holes(polygon: &mut geo::Polygon) {
    /// The corners of smaller polygons are not ordered.
    const MOST_UNORDERED: usize = 80;
    let holes = polygon.interiors().iter().map(|hole| hole.0.len());
    if polygon.exterior().0.len() + holes.sum::<usize>() <= MOST_UNORDERED {
        return;
    }
    let Some(bounds) = polygon.exterior().bounding_rect() else {
        return;
    };
    let size = bounds.width().max(bounds.height());
    let low = bounds.min() - Coord::from((size, size)) / 40_000.0;
    let high = bounds.max() + Coord::from((size, size)) * 1000.0;
    let is_inside = |p: &Coord| p.x >= low.x && p.y >= low.y && p.x <= high.x && p.y <= high.y;
    if polygon.interiors().iter().all(|hole| hole.0.iter().all(is_inside)) {
        return;
    }
    let holes = polygon.interiors().iter().filter(|hole| hole.0.iter().all(is_inside));
    *polygon = geo::Polygon::new(polygon.exterior().clone(), holes.cloned().collect());
}

/// Area of a ring in square metres, positive when it runs counter-clockwise (x to the right, y up). The
/// shoelace formula around the first corner, which keeps the digits of large coordinates.
pub fn signed_area_m2(ring: &[DVec2]) -> f64 {
    let Some(first) = ring.first() else { return 0.0 };
    let mut doubled = 0.0;
    for pair in ring.windows(2) {
        doubled += (pair[0] - *first).perp_dot(pair[1] - *first);
    }
    doubled / 2.0
}

/// Where a ring crosses the line from west to east at `y`.
fn crossings(ring: &[DVec2], y: f64) -> impl Iterator<Item = f64> + '_ {
    let next = ring.iter().cycle().skip(1);
    let sides = ring.iter().zip(next).filter(move |(a, b)| (a.y > y) != (b.y > y));
    sides.map(move |(a, b)| a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
}

/// Whether `point` lies inside a ring by the even-odd rule; a ring that crosses itself is allowed.
pub fn ring_contains(ring: &[DVec2], point: DVec2) -> bool {
    let Some(mut previous) = ring.last().copied() else {
        return false;
    };
    let mut is_inside = false;
    for corner in ring.iter().copied() {
        is_inside ^= is_left_of_side(point, corner, previous);
        previous = corner;
    }
    is_inside
}

/// Whether the way from `point` towards greater x crosses the side from `a` to `b`. A point lies inside rings of which
/// it crosses an odd number of sides.
pub(super) fn is_left_of_side(point: DVec2, a: DVec2, b: DVec2) -> bool {
    (a.y > point.y) != (b.y > point.y) && point.x < a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x)
}

/// The part of `base` that no polygon of `cut` covers. Overlaps within either list do not cancel out.
pub fn difference(base: &[Polygon], cut: &[Polygon]) -> Vec<Polygon> {
    let base = union(base);
    if cut.is_empty() {
        return parts_of(&base);
    }
    parts_of(&base.difference(&union(cut)))
}

/// The area that both lists cover.
pub fn intersection(a: &[Polygon], b: &[Polygon]) -> Vec<Polygon> {
    parts_of(&union(a).intersection(&union(b)))
}

/// What an operation gave, part by part. `geo` may list a hole under another part than the one it lies in, where rings all
/// but touch: each hole goes to the smallest part around it.
pub(super) fn parts_of(result: &MultiPolygon) -> Vec<Polygon> {
    let mut parts: Vec<Polygon> = result.iter().map(Polygon::from_geo).collect();
    let is_around = |part: &Polygon, hole: &[DVec2]| {
        let hole = geo::Polygon::new(line_string(hole), Vec::new());
        let inside = hole.interior_point();
        inside.is_none_or(|point| ring_contains(&part.exterior, DVec2::new(point.x(), point.y())))
    };
    let mut strays: Vec<Vec<DVec2>> = Vec::new();
    for part in &mut parts {
        let holes = std::mem::take(&mut part.holes);
        let (own, others) = holes.into_iter().partition(|hole| is_around(part, hole));
        part.holes = own;
        strays.extend::<Vec<_>>(others);
    }
    for hole in strays {
        let area = |part: &Polygon| signed_area_m2(&part.exterior).abs();
        let around = parts.iter_mut().filter(|part| is_around(part, &hole));
        if let Some(part) = around.min_by(|a, b| area(a).total_cmp(&area(b))) {
            part.holes.push(hole);
        }
    }
    parts
}

/// All polygons as one area, which also repairs crossings and winding.
fn union(polygons: &[Polygon]) -> MultiPolygon {
    // A first pass by the even-odd rule gives each polygon valid rings, whichever way they were wound. `geo` winds a
    // hole that touches the outer ring in a point the wrong way, and the second pass, by winding, would fill it.
    let valid: Vec<MultiPolygon> = polygons
        .iter()
        .map(Polygon::to_geo)
        .filter(|polygon| polygon.exterior().0.len() >= 4)
        .map(|polygon| polygon.union(&MultiPolygon::new(Vec::new())).orient(Direction::Default))
        .collect();
    geo::unary_union(&valid)
}

fn line_string(ring: &[DVec2]) -> LineString {
    let mut corners: Vec<Coord> = Vec::with_capacity(ring.len() + 1);
    for corner in ring.iter().filter(|corner| corner.is_finite()) {
        let corner = Coord {
            x: corner.x,
            y: corner.y,
        };
        if corners.last() != Some(&corner) {
            corners.push(corner);
        }
    }
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    if corners.len() < 3 {
        return LineString::new(Vec::new());
    }
    corners.push(corners[0]);
    LineString::new(corners)
}

fn open_ring(ring: &LineString) -> Vec<DVec2> {
    let corners = &ring.0[..ring.0.len().saturating_sub(1)];
    corners.iter().map(|c| DVec2::new(c.x, c.y)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    fn square(x: f64, y: f64, size: f64) -> Vec<DVec2> {
        [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
            .map(|(u, v)| DVec2::new(x + u * size, y + v * size))
            .to_vec()
    }

    fn ring_with_hole() -> Polygon {
        Polygon {
            exterior: square(250_000.0, 476_000.0, 10.0),
            holes: vec![square(250_002.0, 476_002.0, 4.0)],
        }
    }

    fn total(polygons: &[Polygon]) -> f64 {
        polygons.iter().map(Polygon::area_m2).sum()
    }

    #[test]
    fn a_hole_that_cannot_be_cut_is_dropped() {
        let round = |middle: [f64; 2], radius: f64| -> Vec<DVec2> {
            let angles = (0..60).map(|n| DVec2::from_angle(f64::from(n) / 60.0 * std::f64::consts::TAU));
            angles.map(|p| DVec2::from_array(middle) + p * radius).collect()
        };
        let cut = |holes: Vec<Vec<DVec2>>| {
            let (corners, indices) = Polygon {
                exterior: round([0.0; 2], 100.0),
                holes,
            }
            .triangulate();
            let triangles = indices
                .chunks_exact(3)
                .map(|t| [t[0], t[1], t[2]].map(|i| corners[i as usize]));
            triangles.map(|[a, b, c]| (b - a).perp_dot(c - a) / 2.0).sum::<f64>()
        };
        let whole = cut(vec![round([5.0, 0.0], 10.0)]);
        assert!((whole - 31_358.5 + 313.6).abs() < 1.0, "{whole}");
        // The second is led to from inside, and its corners below the polygon stop the cutter.
        for stray in [[-300.0, 0.0], [0.0, -95.0], [500_000.0, 0.0]] {
            let rest = cut(vec![round(stray, 20.0), round([5.0, 0.0], 10.0)]);
            assert!((rest - whole).abs() < 1e-6, "at {stray:?}: {rest}");
        }
    }

    #[test]
    fn triangles_fill_the_polygon_and_leave_its_holes() {
        let (corners, indices) = ring_with_hole().triangulate();
        let mut area = 0.0;
        for t in indices.chunks_exact(3) {
            let [a, b, c] = [t[0], t[1], t[2]].map(|i| corners[i as usize]);
            let doubled = (b - a).perp_dot(c - a);
            assert!(doubled > 0.0, "clockwise triangle");
            area += doubled / 2.0;
            assert!(ring_with_hole().contains((a + b + c) / 3.0));
        }
        assert!((area - 84.0).abs() < 1e-6);
    }

    #[test]
    fn area_sign_containment_and_centroid() {
        let ring = square(250_000.0, 476_000.0, 10.0);
        assert!((signed_area_m2(&ring) - 100.0).abs() < 1e-9);
        let turned: Vec<DVec2> = ring.iter().rev().copied().collect();
        assert!((signed_area_m2(&turned) + 100.0).abs() < 1e-9);
        let polygon = ring_with_hole();
        assert!((polygon.area_m2() - 84.0).abs() < 1e-6);
        assert!(polygon.contains(DVec2::new(250_001.0, 476_001.0)));
        assert!(!polygon.contains(DVec2::new(250_003.0, 476_003.0)));
        assert!(!polygon.contains(DVec2::new(249_999.0, 476_001.0)));
        let center = Polygon::new(ring).centroid().unwrap();
        assert!((center - DVec2::new(250_005.0, 476_005.0)).length() < 1e-6);
    }

    #[test]
    fn difference_cuts_holes_and_ignores_overlaps_in_the_cut() {
        let base = [Polygon::new(square(0.0, 0.0, 10.0))];
        let cut = [Polygon::new(square(2.0, 2.0, 4.0)), Polygon::new(square(4.0, 4.0, 4.0))];
        let rest = difference(&base, &cut);
        assert!((total(&rest) - (100.0 - 28.0)).abs() < 1e-6);
        assert!(rest.iter().any(|p| !p.holes.is_empty()));
        assert!((total(&difference(&base, &[])) - 100.0).abs() < 1e-6);
        assert!(difference(&base, &[Polygon::new(square(-1.0, -1.0, 12.0))]).is_empty());
        assert!((total(&intersection(&base, &cut)) - 28.0).abs() < 1e-6);
        let clockwise = [Polygon::new(square(2.0, 2.0, 4.0).into_iter().rev().collect())];
        assert!((total(&difference(&base, &clockwise)) - 84.0).abs() < 1e-6);
    }

    #[test]
    fn a_hole_that_touches_the_outer_ring_in_a_corner_stays_open() {
        let mut exterior = square(0.0, 0.0, 10.0);
        exterior.splice(2..3, [(10.0, 8.0), (8.0, 8.0), (8.0, 10.0)].map(DVec2::from));
        let court = Polygon {
            exterior,
            holes: vec![square(5.0, 5.0, 3.0)],
        };
        let far = Polygon::new(square(20.0, 0.0, 1.0));
        assert!((total(&difference(from_ref(&court), from_ref(&far))) - 87.0).abs() < 1e-6);
        assert!((total(&difference(&[Polygon::new(square(0.0, 0.0, 10.0))], &[court, far])) - 13.0).abs() < 1e-6);
    }

    #[test]
    fn a_hole_listed_under_another_part_goes_to_the_part_it_lies_in() {
        let part = |exterior: Vec<DVec2>, hole: Vec<DVec2>| {
            let listed = Polygon {
                exterior,
                holes: vec![hole],
            };
            listed.to_geo()
        };
        let field = part(square(0.0, 0.0, 20.0), square(1.0, 1.0, 6.0));
        let island = part(square(2.0, 2.0, 2.0), square(10.0, 10.0, 3.0));
        let parts = parts_of(&MultiPolygon::new(vec![field, island]));
        assert_eq!(parts.iter().map(|part| part.holes.len()).collect::<Vec<_>>(), [2, 0]);
        assert!((total(&parts) - (400.0 - 36.0 - 9.0 + 4.0)).abs() < 1e-6);
    }

    #[test]
    fn bad_rings_give_nothing_and_never_panic() {
        let nan = DVec2::new(f64::NAN, 1.0);
        let bad: [Vec<DVec2>; 6] = [
            vec![],
            vec![DVec2::ZERO],
            vec![DVec2::ZERO, DVec2::X],
            vec![DVec2::ZERO, DVec2::X, DVec2::X * 2.0],
            vec![DVec2::ZERO, nan, DVec2::X],
            vec![DVec2::ONE; 9],
        ];
        for ring in bad {
            let polygon = Polygon::new(ring.clone());
            assert!(polygon.triangulate().1.is_empty(), "{ring:?}");
            assert!(polygon.area_m2() < 1e-12);
            assert!(signed_area_m2(&ring).is_nan() || signed_area_m2(&ring).abs() < 1e-12);
            assert!(!polygon.contains(DVec2::new(0.3, 0.1)));
            assert!(total(&difference(&[polygon], &[Polygon::new(square(0.0, 0.0, 1.0))])) < 1e-9);
        }
        let bow_tie = Polygon::new(vec![
            DVec2::ZERO,
            DVec2::new(2.0, 2.0),
            DVec2::new(2.0, 0.0),
            DVec2::new(0.0, 2.0),
        ]);
        assert!((total(&difference(from_ref(&bow_tie), &[])) - 2.0).abs() < 1e-6);
        let _ = bow_tie.triangulate();
    }
}
