//! Surfaces with holes to triangles.
//!
//! A surface is laid flat along the axis that its normal (Newell's) points to most, cut by ear clipping there, and its
//! triangles take the sense of its outer ring. Corners are not shared between surfaces: each has its own normal.

use crate::sources::{CityPart, CityTexture, SurfaceRole};
use bevy::math::{DVec2, DVec3, Vec2};
use earcut::Earcut;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Most corners of one surface: the time that cutting takes can grow with their square.
const MAX_CORNERS: usize = 50_000;
/// Surfaces of more corners than this are cut on the clock.
const MANY_CORNERS: usize = 2_000;
/// The cutter orders the corners of surfaces that have more than this.
const MOST_UNORDERED: usize = 80;
/// How long all of those in a document may take that are slow, before others like them are left out. Rings that
/// cross themselves thousands of times are no surfaces of a city; real ones take milliseconds.
const MAX_SLOW: Duration = Duration::from_secs(30);
/// A surface that takes longer is slow.
const SLOW: Duration = Duration::from_millis(100);
/// A surface whose area is below this share of the square of its size has none.
const LEAST_AREA: f64 = 1e-12;

/// How a surface looks and what it is: those that share it become one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Look {
    pub(super) role: SurfaceRole,
    pub(super) color: Option<[u8; 4]>,
    /// Number of the texture, and whether it is one of the templates'.
    pub(super) texture: Option<(u32, bool)>,
}

/// Parts that grow.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) all: Vec<CityPart>,
    /// Look of each part.
    pub(super) looks: Vec<Look>,
    /// Corners of all of them.
    pub(super) corners: usize,
    places: HashMap<Look, usize>,
    last: Option<(Look, usize)>,
}

impl Parts {
    /// The part of this look, with room for it when there is none.
    pub(super) fn part(&mut self, look: Look, image: impl FnOnce() -> Option<Arc<str>>) -> &mut CityPart {
        let place = match self.last {
            Some((last, place)) if last == look => place,
            _ => {
                let (parts, looks) = (&mut self.all, &mut self.looks);
                *self.places.entry(look).or_insert_with(|| {
                    looks.push(look);
                    parts.push(CityPart {
                        role: look.role,
                        color: look.color,
                        texture: image().map(|image| CityTexture { image, uvs: Vec::new() }),
                        positions: Vec::new(),
                        triangles: Vec::new(),
                    });
                    parts.len() - 1
                })
            }
        };
        self.last = Some((look, place));
        &mut self.all[place]
    }
}

/// Why a surface gives no triangles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sources) enum NoSurface {
    NoArea,
    TooManyCorners,
}

/// Corners of one surface, and what it takes to cut it. Kept between surfaces for its memory.
#[derive(Default)]
pub(in crate::sources) struct Cutter {
    corners: Vec<DVec3>,
    uvs: Vec<Vec2>,
    /// Where the rings begin that are holes.
    holes: Vec<u32>,
    ring_start: usize,
    has_outer: bool,
    flat: Vec<DVec2>,
    triangles: Vec<u32>,
    earcut: Earcut<f64>,
    /// What slow surfaces took so far.
    slow: Duration,
}

impl Cutter {
    /// Begins a surface.
    pub(in crate::sources) fn start(&mut self) {
        self.corners.clear();
        self.uvs.clear();
        self.holes.clear();
        self.ring_start = 0;
        self.has_outer = false;
    }

    /// Adds a corner to the ring that is open; one that repeats the corner before it does not count.
    #[inline]
    pub(in crate::sources) fn corner(&mut self, corner: DVec3, uv: Vec2) {
        if self.corners.len() > self.ring_start && self.corners.last() == Some(&corner) {
            return;
        }
        self.corners.push(corner);
        self.uvs.push(uv);
    }

    /// Ends a ring: the first is the outer one, the others are holes. One of fewer than three corners vanishes.
    pub(in crate::sources) fn end_ring(&mut self) {
        let start = self.ring_start;
        if self.corners.len() > start + 1 && self.corners.last() == self.corners.get(start) {
            self.corners.pop();
            self.uvs.pop();
        }
        let is_outer = !std::mem::replace(&mut self.has_outer, true);
        if self.corners.len() < start + 3 {
            self.corners.truncate(start);
            self.uvs.truncate(start);
        } else if !is_outer {
            // The first of an outer ring that is none begins at 0: the surface then has no area.
            self.holes.push(index(start));
        }
        self.ring_start = self.corners.len();
    }

    /// Cuts the surface and adds it to `part`.
    pub(in crate::sources) fn finish(&mut self, part: &mut CityPart) -> Result<(), NoSurface> {
        let outer = self.holes.first().map_or(self.corners.len(), |hole| *hole as usize);
        let is_timed = self.corners.len() > MANY_CORNERS;
        if self.corners.len() > MAX_CORNERS || (is_timed && self.slow > MAX_SLOW) {
            return Err(NoSurface::TooManyCorners);
        }
        if outer < 3 {
            return Err(NoSurface::NoArea);
        }
        let normal = newell(&self.corners[..outer]);
        let first = self.corners[0];
        let size = self.corners[..outer]
            .iter()
            .fold(DVec3::ZERO, |size, corner| size.max((*corner - first).abs()));
        let size = size.max_element();
        if !normal.is_finite() || normal.length() <= LEAST_AREA * size * size {
            return Err(NoSurface::NoArea);
        }
        self.triangles.clear();
        if self.corners.len() == 3 {
            self.triangles.extend([0, 1, 2]);
        } else {
            self.lay_flat(normal);
            self.drop_stray_holes(outer);
            if !self.cut_quad() {
                let started = is_timed.then(Instant::now);
                let flat = self.flat.iter().map(DVec2::to_array);
                self.earcut.earcut(flat, &self.holes, &mut self.triangles);
                let took = started.map_or(Duration::ZERO, |started| started.elapsed());
                if took > SLOW {
                    self.slow += took;
                }
            }
        }
        let base = index(part.positions.len());
        let before = part.triangles.len();
        for triangle in self.triangles.chunks_exact(3) {
            let [a, b, c] = [triangle[0], triangle[1], triangle[2]];
            if self.corners.len() == 3 {
                part.triangles.push([base, base + 1, base + 2]);
                break;
            }
            let [pa, pb, pc] = [a, b, c].map(|i| self.flat[i as usize]);
            let doubled = (pb - pa).perp_dot(pc - pa);
            if doubled > 0.0 {
                part.triangles.push([base + a, base + b, base + c]);
            } else if doubled < 0.0 {
                part.triangles.push([base + a, base + c, base + b]);
            }
        }
        if part.triangles.len() == before {
            return Err(NoSurface::NoArea);
        }
        part.positions.extend_from_slice(&self.corners);
        if let Some(texture) = &mut part.texture {
            texture.uvs.extend_from_slice(&self.uvs);
        }
        Ok(())
    }

    /// Corners in the plane of the two axes that the normal does not point to, turned so that the outer ring runs
    /// anticlockwise, around the first corner to keep their digits.
    fn lay_flat(&mut self, normal: DVec3) {
        let first = self.corners[0];
        let size = normal.abs();
        self.flat.clear();
        let corners = self.corners.iter().map(|corner| *corner - first);
        if size.z >= size.x && size.z >= size.y {
            let sign = normal.z.signum();
            self.flat.extend(corners.map(|c| DVec2::new(c.x * sign, c.y)));
        } else if size.x >= size.y {
            let sign = normal.x.signum();
            self.flat.extend(corners.map(|c| DVec2::new(c.y * sign, c.z)));
        } else {
            let sign = normal.y.signum();
            self.flat.extend(corners.map(|c| DVec2::new(c.z * sign, c.x)));
        }
    }

    /// Drops holes that reach out of the box around the outer ring, which has `outer` corners. The cutter orders the
    /// corners of a large surface by where they lie in that box, in 32,767 steps, and cannot go on with one that lies a
    /// step before it or thousands of boxes behind it.
    fn drop_stray_holes(&mut self, outer: usize) {
        if self.holes.is_empty() || self.corners.len() <= MOST_UNORDERED {
            return;
        }
        let around = |(low, high): (DVec2, DVec2), p: &DVec2| (low.min(*p), high.max(*p));
        let (low, high) = self.flat[..outer].iter().fold((self.flat[0], self.flat[0]), around);
        let size = (high - low).max_element();
        let (low, high) = (low - size / 40_000.0, high + size * 1000.0);
        let is_inside = |p: &DVec2| p.cmpge(low).all() && p.cmple(high).all();
        for number in (0..self.holes.len()).rev() {
            let start = self.holes[number] as usize;
            let end = self
                .holes
                .get(number + 1)
                .map_or(self.corners.len(), |next| *next as usize);
            if self.flat[start..end].iter().all(is_inside) {
                continue;
            }
            self.flat.drain(start..end);
            self.corners.drain(start..end);
            self.uvs.drain(start..end);
            self.holes.remove(number);
            for later in &mut self.holes[number..] {
                *later -= index(end - start);
            }
        }
    }

    /// Cuts a convex surface of four corners in two, as most walls are. `false` for others.
    fn cut_quad(&mut self) -> bool {
        let [a, b, c, d] = self.flat[..] else { return false };
        if !self.holes.is_empty() {
            return false;
        }
        let turns_left = |p: DVec2, q: DVec2, r: DVec2| (q - p).perp_dot(r - q) > 0.0;
        let is_convex = turns_left(a, b, c) && turns_left(b, c, d) && turns_left(c, d, a) && turns_left(d, a, b);
        if is_convex {
            self.triangles.extend([0, 1, 2, 0, 2, 3]);
        }
        is_convex
    }
}

/// Twice the area of a ring as a vector, by Newell's method, around the first corner.
fn newell(ring: &[DVec3]) -> DVec3 {
    let first = ring[0];
    let mut normal = DVec3::ZERO;
    for pair in ring.windows(2) {
        normal += (pair[0] - first).cross(pair[1] - first);
    }
    normal
}

fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part() -> CityPart {
        CityPart {
            role: SurfaceRole::Unknown,
            color: None,
            texture: None,
            positions: Vec::new(),
            triangles: Vec::new(),
        }
    }

    fn cut(rings: &[&[[f64; 3]]]) -> Result<CityPart, NoSurface> {
        let (mut cutter, mut part) = (Cutter::default(), part());
        cutter.start();
        for ring in rings {
            for corner in *ring {
                cutter.corner(
                    DVec3::from_array(*corner) + DVec3::new(250_000.0, 476_000.0, 0.0),
                    Vec2::ZERO,
                );
            }
            cutter.end_ring();
        }
        cutter.finish(&mut part).map(|()| part)
    }

    fn area(part: &CityPart) -> DVec3 {
        let triangles = part.triangles.iter();
        triangles
            .map(|t| {
                let [a, b, c] = t.map(|i| part.positions[i as usize]);
                (b - a).cross(c - a) / 2.0
            })
            .sum()
    }

    const OUTER: [[f64; 3]; 4] = [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [4.0, 4.0, 0.0], [0.0, 4.0, 0.0]];
    const HOLE: [[f64; 3]; 4] = [[1.0, 1.0, 0.0], [1.0, 2.0, 0.0], [2.0, 2.0, 0.0], [2.0, 1.0, 0.0]];

    #[test]
    fn triangles_keep_the_sense_of_the_ring_whichever_way_it_faces() {
        for axis in 0..3 {
            for is_turned in [false, true] {
                let place = |ring: [[f64; 3]; 4]| {
                    let mut ring = ring.map(|[x, y, z]| {
                        let mut corner = [x, y, z];
                        corner.rotate_right(axis);
                        corner
                    });
                    if is_turned {
                        ring.reverse();
                    }
                    ring
                };
                let mut normal = [0.0, 0.0, if is_turned { -1.0 } else { 1.0 }];
                normal.rotate_right(axis);
                let normal = DVec3::from_array(normal);
                let whole = area(&cut(&[&place(OUTER)]).unwrap());
                assert!((whole - normal * 16.0).length() < 1e-6, "{whole} {normal}");
                // The sense of a hole does not matter.
                for hole in [HOLE, {
                    let mut turned = HOLE;
                    turned.reverse();
                    turned
                }] {
                    let rest = area(&cut(&[&place(OUTER), &place(hole)]).unwrap());
                    assert!((rest - normal * 15.0).length() < 1e-6, "{rest} {normal}");
                }
            }
        }
    }

    #[test]
    fn corners_that_turn_inward_and_repeat_are_cut_right() {
        let arrow = [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 4.0, 0.0]];
        assert!((area(&cut(&[&arrow]).unwrap()).z - 4.0).abs() < 1e-6);
        let closed = [
            [0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0],
            [2.0, 0.0, 0.0],
            [0.0, 2.0, 0.0],
            [0.0, 0.0, 0.0],
        ];
        let part = cut(&[&closed]).unwrap();
        assert_eq!((part.positions.len(), part.triangles.len()), (3, 1));
    }

    #[test]
    fn a_hole_that_cannot_be_cut_is_dropped_and_the_others_stay() {
        let round = |[x, y]: [f64; 2], radius: f64, corners: u32| -> Vec<[f64; 3]> {
            let angles = (0..corners).map(|n| f64::from(n) / f64::from(corners) * std::f64::consts::TAU);
            angles
                .map(|angle| [x + radius * angle.cos(), y + radius * angle.sin(), 0.0])
                .collect()
        };
        let (outer, hole) = (round([0.0; 2], 100.0, 90), round([5.0, 5.0], 10.0, 20));
        let whole = area(&cut(&[&outer, &hole]).unwrap());
        assert!((whole.z - 31_390.0 + 309.0).abs() < 1.0, "{whole}");
        // The second is led to from inside, and its corners below the surface stop the cutter.
        for stray in [[-200.0, -200.0], [0.0, -95.0], [300_000.0, 0.0]] {
            let stray = round(stray, 20.0, 20);
            let rest = area(&cut(&[&outer, &stray, &hole, &stray]).unwrap());
            assert!((rest - whole).length() < 1e-6, "{rest}");
        }
    }

    #[test]
    fn what_has_no_area_is_no_surface() {
        let line = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]];
        let flat_quad = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [1.0, 0.0, 0.0]];
        for ring in [&[][..], &line[..1], &line[..2], &line, &[line[0]; 5], &flat_quad] {
            assert_eq!(cut(&[ring]), Err(NoSurface::NoArea), "{ring:?}");
        }
        assert_eq!(cut(&[&line[..2], &HOLE]), Err(NoSurface::NoArea));
        assert_eq!(cut(&[&OUTER, &line[..2]]).unwrap().triangles.len(), 2);
        let many = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]].repeat(MAX_CORNERS);
        assert_eq!(cut(&[&many]), Err(NoSurface::TooManyCorners));
    }
}
