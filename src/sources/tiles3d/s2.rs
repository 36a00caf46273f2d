//! Cells of the S2 grid, as `3DTILES_bounding_volume_S2` names them.
//!
//! A cell is kept as its place on one of the six faces of the cube, so that dividing it is counting. The curve that
//! numbers the cells is followed only when a token is read. Latitudes on the unit sphere are taken as geodetic ones on
//! the WGS 84 ellipsoid, as every reader of the extension does. Formulas: <http://s2geometry.io/devguide/s2cell_hierarchy>.

use super::volume::ecef_from_radians;
use bevy::math::DVec3;

/// Finest level of the grid.
pub(crate) const MAX_LEVEL: u32 = 30;
/// Samples along each side of a cell when the box around it is made.
const SAMPLES: u32 = 8;
/// Radius within which the surface is no flatter than a ball, metres: the semi-minor axis over the semi-major one, squared.
const FLATTEST_RADIUS_M: f64 = 6_335_000.0;

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct S2Cell {
    /// Face of the cube, 0 to 5.
    face: u8,
    /// Level, 0 (a whole face) to 30.
    level: u8,
    /// Column on the face.
    i: u32,
    /// Row on the face.
    j: u32,
}

impl S2Cell {
    /// The cell with this token: the number of the cell in hexadecimal, zeros at the end left off.
    pub fn from_token(token: &str) -> Option<Self> {
        let is_token = (1..=16).contains(&token.len()) && token.bytes().all(|digit| digit.is_ascii_hexdigit());
        let digits = is_token.then_some(token)?;
        Self::from_id(u64::from_str_radix(&format!("{digits:0<16}"), 16).ok()?)
    }

    /// The cell with this number: three bits of face, two for each level along the curve, a one, zeros.
    pub fn from_id(id: u64) -> Option<Self> {
        /// By the direction of the curve (bit 0: axes swapped, bit 1: turned round) and the place along it: column and
        /// row as two bits.
        const IJ: [[u32; 4]; 4] = [[0, 1, 3, 2], [0, 2, 3, 1], [3, 2, 0, 1], [3, 1, 0, 2]];
        const TURN: [usize; 4] = [1, 0, 0, 3];
        let face = u8::try_from(id >> 61).ok().filter(|face| *face < 6)?;
        let zeros = id.trailing_zeros();
        if id == 0 || !zeros.is_multiple_of(2) || zeros > 60 {
            return None;
        }
        let level = (60 - zeros) / 2;
        let mut direction = usize::from(face & 1);
        let (mut i, mut j) = (0, 0);
        for step in 0..level {
            let along = usize::try_from((id >> (59 - 2 * step)) & 3).ok()?;
            let ij = IJ[direction][along];
            i = i << 1 | ij >> 1;
            j = j << 1 | ij & 1;
            direction ^= TURN[along];
        }
        Some(Self {
            face,
            level: u8::try_from(level).ok()?,
            i,
            j,
        })
    }

    /// Level, 0 for a whole face of the cube.
    pub fn level(&self) -> u32 {
        u32::from(self.level)
    }

    /// The cell `levels` below this one, in column `x` and row `y` of it; `None` where there is none.
    pub(crate) fn descendant(&self, levels: u32, x: u32, y: u32) -> Option<Self> {
        let level = self.level().checked_add(levels).filter(|level| *level <= MAX_LEVEL)?;
        let is_inside = u64::from(x) < 1 << levels && u64::from(y) < 1 << levels;
        is_inside.then_some(Self {
            face: self.face,
            level: u8::try_from(level).ok()?,
            i: self.i << levels | x,
            j: self.j << levels | y,
        })
    }

    /// A place in the cell, `u` and `v` from 0 to 1 along its columns and rows, at a height above the ellipsoid.
    pub(crate) fn ecef(&self, u: f64, v: f64, height_m: f64) -> DVec3 {
        let cells = f64::from(1_u32 << self.level);
        let direction = self.direction((f64::from(self.i) + u) / cells, (f64::from(self.j) + v) / cells);
        let lat = direction.z.atan2(direction.x.hypot(direction.y));
        ecef_from_radians(direction.y.atan2(direction.x), lat, height_m)
    }

    /// The direction to a place of the face, `s` and `t` from 0 to 1.
    fn direction(&self, s: f64, t: f64) -> DVec3 {
        let onto_cube = |s: f64| {
            if s >= 0.5 {
                (4.0 * s * s - 1.0) / 3.0
            } else {
                (1.0 - 4.0 * (1.0 - s) * (1.0 - s)) / 3.0
            }
        };
        let (u, v) = (onto_cube(s), onto_cube(t));
        match self.face {
            0 => DVec3::new(1.0, u, v),
            1 => DVec3::new(-u, 1.0, v),
            2 => DVec3::new(-u, -v, 1.0),
            3 => DVec3::new(-1.0, -v, -u),
            4 => DVec3::new(v, -1.0, -u),
            _ => DVec3::new(v, u, -1.0),
        }
    }

    /// The box around the cell between two heights, with one axis up at its middle and one along its columns: centre
    /// and half axes, ECEF metres.
    pub(crate) fn box_around(&self, [lowest, highest]: [f64; 2]) -> (DVec3, [DVec3; 3]) {
        let middle = self.ecef(0.5, 0.5, f64::midpoint(lowest, highest));
        // Up is the normal of the ellipsoid: the way that heights go.
        let up = (self.ecef(0.5, 0.5, 1000.0) - self.ecef(0.5, 0.5, 0.0)).normalize_or(DVec3::Z);
        let along = self.ecef(1.0, 0.5, 0.0) - self.ecef(0.0, 0.5, 0.0);
        let along = (along - up * along.dot(up)).normalize_or(up.any_orthonormal_vector());
        let axes = [along, up.cross(along), up];
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        let mut longest_step_m: f64 = 0.0;
        for i in 0..=SAMPLES {
            for j in 0..=SAMPLES {
                let share = |n: u32| f64::from(n) / f64::from(SAMPLES);
                for height in [lowest, highest] {
                    let p = self.ecef(share(i), share(j), height);
                    if i > 0 && j > 0 {
                        let before = self.ecef(share(i - 1), share(j - 1), height);
                        longest_step_m = longest_step_m.max(p.distance(before));
                    }
                    let p = p - middle;
                    let p = DVec3::new(p.dot(axes[0]), p.dot(axes[1]), p.dot(axes[2]));
                    low = low.min(p);
                    high = high.max(p);
                }
            }
        }
        // Between two samples the surface can bulge by the sagitta of the arc between them.
        let bulge = longest_step_m * longest_step_m / (8.0 * FLATTEST_RADIUS_M) * 1.1;
        low -= DVec3::splat(bulge);
        high += DVec3::splat(bulge);
        let (offset, half) = ((low + high) / 2.0, (high - low) / 2.0);
        let center = middle + axes[0] * offset.x + axes[1] * offset.y + axes[2] * offset.z;
        (center, [axes[0] * half.x, axes[1] * half.y, axes[2] * half.z])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::tiles3d::BoundingVolume;

    fn lon_lat_deg(cell: &S2Cell) -> (f64, f64) {
        let d = cell.direction(
            (f64::from(cell.i) + 0.5) / f64::from(1_u32 << cell.level),
            (f64::from(cell.j) + 0.5) / f64::from(1_u32 << cell.level),
        );
        (d.y.atan2(d.x).to_degrees(), d.z.atan2(d.x.hypot(d.y)).to_degrees())
    }

    #[test]
    fn whole_faces_have_their_middles_on_the_axes() {
        for (token, lon, lat) in [
            ("1", 0.0, 0.0),
            ("3", 90.0, 0.0),
            ("5", f64::NAN, 90.0),
            ("7", 180.0, 0.0),
            ("9", -90.0, 0.0),
            ("b", f64::NAN, -90.0),
        ] {
            let cell = S2Cell::from_token(token).unwrap();
            let (found_lon, found_lat) = lon_lat_deg(&cell);
            assert_eq!(cell.level(), 0);
            assert!((found_lat - lat).abs() < 1e-9, "{token}: {found_lat}");
            assert!(
                lon.is_nan() || (found_lon.abs() - lon.abs()).abs() < 1e-9,
                "{token}: {found_lon}"
            );
        }
    }

    /// Published pairs: the cells of the S2 developer's guide and of the coverings that other programs draw.
    #[test]
    fn known_tokens_lie_where_they_are_known_to_lie() {
        for (token, level, lon, lat) in [
            // The Hilbert curve starts in the south west of face 0, and all children of it lie inside.
            ("04", 1, -22.5, -22.5),
            ("0c", 1, -22.5, 22.5),
            ("14", 1, 22.5, 22.5),
            ("1c", 1, 22.5, -22.5),
            // New York (Manhattan, level 12 and 30).
            ("89c259", 10, -73.97, 40.75),
            ("89c25", 8, -73.9, 40.7),
            // Amsterdam.
            ("47c609", 10, 4.9, 52.37),
        ] {
            let cell = S2Cell::from_token(token).unwrap();
            let (found_lon, found_lat) = lon_lat_deg(&cell);
            assert_eq!(cell.level(), level, "{token}");
            let tolerance = 90.0 / f64::from(1_u32 << level);
            assert!(
                (found_lon - lon).abs() < tolerance * 1.5 && (found_lat - lat).abs() < tolerance,
                "{token}: {found_lon} {found_lat}"
            );
        }
    }

    #[test]
    fn the_curve_fills_every_cell_of_a_level_once() {
        for level in 1..=4_u32 {
            let mut met = std::collections::BTreeSet::new();
            let mut last: Option<S2Cell> = None;
            for number in 0..1_u64 << (2 * level) {
                let id = 1 << 61 | number << (61 - 2 * level) | 1 << (60 - 2 * level);
                let cell = S2Cell::from_id(id).unwrap();
                assert_eq!(cell.level(), level);
                if let Some(last) = last {
                    let step = last.i.abs_diff(cell.i) + last.j.abs_diff(cell.j);
                    assert_eq!(step, 1, "the curve never jumps");
                }
                met.insert((cell.i, cell.j));
                last = Some(cell);
            }
            assert_eq!(met.len(), 1 << (2 * level));
        }
    }

    #[test]
    fn what_is_no_token_is_no_cell() {
        for token in ["", "0", "x", "+1", "c", "f", "2", "11111111111111111", "89c25 "] {
            assert!(S2Cell::from_token(token).is_none(), "{token}");
        }
    }

    #[test]
    fn the_box_around_a_cell_holds_it_and_is_little_larger() {
        for (token, heights) in [
            ("1", [0.0, 0.0]),
            ("5", [-100.0, 9000.0]),
            ("04", [0.0, 1000.0]),
            ("89c25", [0.0, 1000.0]),
            ("47c6094c4", [-5.0, 100.0]),
        ] {
            let cell = S2Cell::from_token(token).unwrap();
            let volume = BoundingVolume::from_s2(cell, heights);
            let share = |n: u32| f64::from(n) / 23.0;
            for i in 0..=23 {
                for j in 0..=23 {
                    for h in heights {
                        let p = cell.ecef(share(i), share(j), h);
                        assert!(
                            volume.distance_to(p) < 1e-6,
                            "{token} {i} {j} {h}: {}",
                            volume.distance_to(p)
                        );
                    }
                }
            }
            // A small cell fills most of its box: no more than the slant of its sides is wasted.
            if cell.level() > 7 {
                let (_, half) = cell.box_around(heights);
                let diagonal = |v: f64| cell.ecef(0.0, v, 0.0).distance(cell.ecef(1.0, 1.0 - v, 0.0));
                let across = diagonal(0.0).max(diagonal(1.0));
                assert!(half[0].length().hypot(half[1].length()) * 2.0 < across * 1.3, "{token}");
                assert!(
                    half[2].length() < (heights[1] - heights[0]) / 2.0 + across * across / 5.0e7 + 0.1,
                    "{token}"
                );
            }
        }
    }

    #[test]
    fn descendants_lie_in_their_ancestor_and_end_at_the_finest_level() {
        let cell = S2Cell::from_token("89c25").unwrap();
        let (parent, child) = (cell.box_around([0.0, 10.0]), cell.descendant(3, 5, 2).unwrap());
        assert_eq!(child.level(), cell.level() + 3);
        assert!(child.ecef(0.0, 0.0, 0.0).distance(cell.ecef(5.0 / 8.0, 2.0 / 8.0, 0.0)) < 1e-6);
        assert!(child.ecef(0.5, 0.5, 5.0).distance(parent.0) < parent.1[0].length() + parent.1[1].length());
        assert!(cell.descendant(3, 8, 0).is_none() && cell.descendant(23, 0, 0).is_none());
    }
}
