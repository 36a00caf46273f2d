//! The vertices of one node in single precision, as offsets from a place amid them.
//!
//! A processor of the lowest common level calculates with four numbers of `f32` at once, which is a point and one to
//! spare, and of `f64` with two. So what is small, or falls into small patches, is mapped in `f32`: within a kilometre a
//! step of `f32` is at most 0.06 mm. The map is the same one, multiplied out for the node's own axes in `f64`; what
//! rounding adds is below 0.2 mm and a step of `f32` at the distance from where offsets start (a test tells it).

use super::{
    LocalBox,
    cells::{CELL_M, Cells, HALF_HEIGHT_M, number as cell_of},
    narrow, render_axes,
};
use bevy::math::{DMat3, DVec3, Vec3A};
use std::ops::Range;

/// How far heights stay away from where polynomials end, metres: the heights asked are those of a linear map.
const SLACK_M: f64 = 20.0;
/// Metres of the shortest unit along an axis of a node.
const LEAST_SCALE: f64 = 1e-12;
/// Vertices that are looked at together.
const BLOCK: usize = 16;
/// Largest half size of what one linear map in single precision is for, metres.
const NEAR_HALF_M: f64 = 1_000.0;

/// A map of the vertices within one [`LocalBox`] to render axes.
#[derive(Debug)]
pub(crate) enum NearMap {
    /// One linear map.
    Affine(Affine),
    /// One polynomial.
    Patch(Patch),
    /// A polynomial for each patch of a grid.
    Grid {
        /// Column and row, as fractions.
        place: Affine,
        columns: usize,
        rows: usize,
        /// In rows.
        patches: Vec<Patch>,
    },
}

/// A linear map of offsets from `middle`: the value there, and what is added per unit along each axis.
#[derive(Debug)]
pub(crate) struct Affine {
    middle: [f32; 3],
    columns: [Vec3A; 4],
}

/// A polynomial of offsets from `middle`: coefficients of 1, x, y, z, x², xy, xz, y², yz, z².
#[derive(Debug)]
pub(crate) struct Patch {
    middle: [f32; 3],
    coefficients: [Vec3A; 10],
}

impl NearMap {
    /// `linear * v + shift`, site axes. `None` where the box is too large for single precision.
    pub(crate) fn affine(linear: DMat3, shift: DVec3, within: &LocalBox) -> Option<Self> {
        // Comparisons with what is no number are false.
        let is_near = (absolute(linear) * within.half()).length() <= NEAR_HALF_M;
        if !is_near {
            return None;
        }
        let middle = within.middle();
        let columns = [linear * middle + shift, linear.x_axis, linear.y_axis, linear.z_axis];
        let map = Affine::new(middle, columns.map(render_axes));
        // A number may be too large for `f32` even where nothing is multiplied by it.
        let is_finite = map.columns.iter().all(|column| column.is_finite());
        is_finite.then_some(Self::Affine(map))
    }

    /// RD and NAP from a node's own axes, minus `zero`. `None` where the box reaches beyond the squares or one of them has
    /// no polynomials.
    pub(super) fn over_cells(
        cells: &Cells,
        ecef_from_local: (DMat3, DVec3),
        zero: DVec3,
        within: &LocalBox,
    ) -> Option<Self> {
        let (linear, translation) = ecef_from_local;
        let middle = within.middle();
        let to_rd_nap = cells.jacobian * linear;
        let at_middle = cells.center_rd_nap + cells.jacobian * (linear * middle + translation - cells.center);
        let reach = absolute(to_rd_nap) * within.half();
        let (low, high) = (at_middle - reach, at_middle + reach);
        // Comparisons with what is no number are false.
        let is_within_height = -HALF_HEIGHT_M + SLACK_M <= low.z && high.z <= HALF_HEIGHT_M - SLACK_M;
        // Beyond these, squares are too large or too small for `f32`.
        let is_usual = |column: DVec3| (LEAST_SCALE..=1.0 / LEAST_SCALE).contains(&column.length());
        let is_usual = [linear.x_axis, linear.y_axis, linear.z_axis].into_iter().all(is_usual);
        if !is_within_height || !is_usual || linear.determinant() == 0.0 {
            return None;
        }
        let columns = squares(low.x, high.x, cells.first[0], cells.columns)?;
        let rows = squares(low.y, high.y, cells.first[1], cells.rows)?;
        let mut fineness = 1;
        for (row, column) in pairs(rows.clone(), columns.clone()) {
            fineness = cells.patches(column, row)?.side.max(fineness);
        }
        let fine = usize::from(fineness);
        let mut patches = Vec::new();
        for row in rows.start * fine..rows.end * fine {
            for column in columns.start * fine..columns.end * fine {
                let patch = cells.patches(column / fine, row / fine)?;
                // Where its middle is in the square's own patches, which may be larger.
                let in_square = |number: usize| {
                    let fraction = (whole(number % fine) + 0.5) / f64::from(fineness);
                    (fraction * 2.0 - 1.0) * f64::from(patch.side)
                };
                let own = |number: usize| u16::try_from(number % fine * usize::from(patch.side) / fine).ok();
                let (coefficients, patch_middle) = patch.patch(own(column)?, own(row)?)?;
                let ecef_middle = patch.center_ecef
                    + patch.patch_from_ecef.inverse() * DVec3::new(in_square(column), in_square(row), 0.0);
                // In the node's box no vertex is farther from it than from the patch's middle itself.
                let middle = within.nearest(linear.inverse() * (ecef_middle - translation));
                let start = patch.patch_from_ecef * (linear * middle + translation - patch.center_ecef) - patch_middle;
                let mut composed = compose(coefficients, patch.patch_from_ecef * linear, start);
                composed[0] += patch.center_rd_nap - zero;
                let coefficients = composed.map(|v| single(render_axes(v)));
                if !coefficients.iter().all(|coefficient| coefficient.is_finite()) {
                    return None;
                }
                patches.push(Patch {
                    middle: narrow(middle),
                    coefficients,
                });
            }
        }
        if patches.len() == 1 {
            return patches.pop().map(Self::Patch);
        }
        let south_west = DVec3::new(
            f64::from(cells.first[0]) + whole(columns.start),
            f64::from(cells.first[1]) + whole(rows.start),
            0.0,
        );
        let per_m = f64::from(fineness) / CELL_M;
        let place = [
            (at_middle - south_west * CELL_M) * per_m,
            to_rd_nap.x_axis * per_m,
            to_rd_nap.y_axis * per_m,
            to_rd_nap.z_axis * per_m,
        ];
        Some(Self::Grid {
            place: Affine::new(middle, place),
            columns: columns.len() * fine,
            rows: rows.len() * fine,
            patches,
        })
    }

    /// Adds the render-axes offsets of `local` to `out`, one for one.
    pub(crate) fn map(&self, local: &[[f32; 3]], out: &mut Vec<[f32; 3]>) {
        match self {
            Self::Affine(map) => out.extend(local.iter().map(|v| map.at(v).to_array())),
            Self::Patch(patch) => out.extend(local.iter().map(|v| patch.at(v).to_array())),
            Self::Grid {
                place,
                columns,
                rows,
                patches,
            } => {
                // What rounding put over the edge belongs to the last.
                let number = |at: Vec3A| (cell_number(at.y).min(rows - 1), cell_number(at.x).min(columns - 1));
                let patch = |(row, column): (usize, usize)| patches.get(row * columns + column);
                // Neighbours in a list are mostly neighbours on the ground: then one patch does for all of them.
                for block in local.chunks(BLOCK) {
                    let only = LocalBox::of(block).and_then(|block| {
                        let [low, high] = place.reach(&block).map(number);
                        patch(low).filter(|_| low == high)
                    });
                    if let Some(patch) = only {
                        out.extend(block.iter().map(|v| patch.at(v).to_array()));
                    } else {
                        let patch_at = |v| patch(number(place.at(v)));
                        let each = block
                            .iter()
                            .map(|v| patch_at(v).map_or([f32::NAN; 3], |patch| patch.at(v).to_array()));
                        out.extend(each);
                    }
                }
            }
        }
    }
}

impl Affine {
    fn new(middle: DVec3, columns: [DVec3; 4]) -> Self {
        Self {
            middle: narrow(middle),
            columns: columns.map(single),
        }
    }

    #[inline]
    fn at(&self, place: &[f32; 3]) -> Vec3A {
        let [x, y, z]: [f32; 3] = std::array::from_fn(|axis| place[axis] - self.middle[axis]);
        let [start, along_x, along_y, along_z] = self.columns;
        start + (along_x * x + along_y * y + along_z * z)
    }
}

impl Affine {
    /// What the map makes of a box is between these.
    fn reach(&self, within: &LocalBox) -> [Vec3A; 2] {
        let middle: [f32; 3] = std::array::from_fn(|i| within.low[i] * 0.5 + within.high[i] * 0.5);
        let half: [f32; 3] = std::array::from_fn(|i| (within.high[i] - within.low[i]) * 0.5);
        let at = self.at(&middle);
        let [_, x, y, z] = self.columns.map(Vec3A::abs);
        let reach = x * half[0] + y * half[1] + z * half[2];
        [at - reach, at + reach]
    }
}

impl Patch {
    #[inline]
    fn at(&self, place: &[f32; 3]) -> Vec3A {
        let [x, y, z]: [f32; 3] = std::array::from_fn(|axis| place[axis] - self.middle[axis]);
        let c = &self.coefficients;
        let along_x = c[1] + (c[4] * x + c[5] * y + c[6] * z);
        let along_y = c[2] + (c[7] * y + c[8] * z);
        let along_z = c[3] + c[9] * z;
        c[0] + (along_x * x + along_y * y + along_z * z)
    }
}

/// The squares from `low` to `high` along one axis, counted from `first`; `None` where they are not all among `count`.
fn squares(low: f64, high: f64, first: i32, count: usize) -> Option<Range<usize>> {
    let number = |v: f64| usize::try_from(cell_of(v).checked_sub(first)?).ok();
    let (from, to) = (number(low)?, number(high)?);
    (to < count).then_some(from..to + 1)
}

fn pairs(rows: Range<usize>, columns: Range<usize>) -> impl Iterator<Item = (usize, usize)> {
    rows.flat_map(move |row| columns.clone().map(move |column| (row, column)))
}

/// A small number of squares.
#[expect(clippy::cast_precision_loss, reason = "a tile has some dozens of squares")]
fn whole(number: usize) -> f64 {
    number as f64
}

/// Adds unit normals in render axes: `normals` turns them to site axes, up to a factor. One without a direction points up.
pub(crate) fn turn_normals(normals: DMat3, local: &[[f32; 3]], out: &mut Vec<[f32; 3]>) {
    // So that squares neither overflow nor vanish.
    let largest = normals
        .to_cols_array()
        .into_iter()
        .fold(0.0, |a: f64, b| a.max(b.abs()));
    let scaled = if largest > 0.0 {
        normals * (1.0 / largest)
    } else {
        normals
    };
    let [x_axis, y_axis, z_axis] =
        [scaled.x_axis, scaled.y_axis, scaled.z_axis].map(|column| single(render_axes(column)));
    out.extend(local.iter().map(|[x, y, z]| {
        let turned = x_axis * *x + y_axis * *y + z_axis * *z;
        let over_length = 1.0 / turned.length_squared().sqrt();
        if over_length.is_finite() && over_length > 0.0 {
            (turned * over_length).to_array()
        } else {
            [0.0, 1.0, 0.0]
        }
    }));
}

/// The polynomial `coefficients` of `start + linear * offset`, as one of the offset.
fn compose(c: &[DVec3; 10], linear: DMat3, start: DVec3) -> [DVec3; 10] {
    let DVec3 { x, y, z } = start;
    let value =
        c[0] + (c[1] + c[4] * x + c[5] * y + c[6] * z) * x + (c[2] + c[7] * y + c[8] * z) * y + (c[3] + c[9] * z) * z;
    let gradient = DMat3::from_cols(
        c[1] + c[4] * (2.0 * x) + c[5] * y + c[6] * z,
        c[2] + c[5] * x + c[7] * (2.0 * y) + c[8] * z,
        c[3] + c[6] * x + c[8] * y + c[9] * (2.0 * z),
    );
    let slope = gradient * linear;
    // The form of degree 2, for two directions.
    let form = |a: DVec3, b: DVec3| {
        c[4] * (a.x * b.x)
            + c[7] * (a.y * b.y)
            + c[9] * (a.z * b.z)
            + c[5] * f64::midpoint(a.x * b.y, a.y * b.x)
            + c[6] * f64::midpoint(a.x * b.z, a.z * b.x)
            + c[8] * f64::midpoint(a.y * b.z, a.z * b.y)
    };
    let (a, b, d) = (linear.x_axis, linear.y_axis, linear.z_axis);
    [
        value,
        slope.x_axis,
        slope.y_axis,
        slope.z_axis,
        form(a, a),
        form(a, b) * 2.0,
        form(a, d) * 2.0,
        form(b, b),
        form(b, d) * 2.0,
        form(d, d),
    ]
}

/// The whole part of a row or column; what rounding put below zero is in the first.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a row count, and the cast saturates"
)]
fn cell_number(v: f32) -> usize {
    v as u16 as usize
}

fn absolute(m: DMat3) -> DMat3 {
    DMat3::from_cols(m.x_axis.abs(), m.y_axis.abs(), m.z_axis.abs())
}

fn single(v: DVec3) -> Vec3A {
    Vec3A::from_array(narrow(v))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "numbers that f32 holds exactly")]
mod tests {
    use super::*;
    use crate::georef::{Ecef, RdNap, SiteFrame, east_north_up, ecef_from_lon_lat_h, lon_lat_h_from_rd_nap};
    use bevy::math::DMat4;

    #[test]
    fn a_polynomial_of_a_linear_map_is_one_polynomial() {
        let coefficients: [DVec3; 10] = std::array::from_fn(|i| {
            let i = f64::from(u8::try_from(i).unwrap());
            DVec3::new(1.0 + i, 2.0 - 0.5 * i, 0.25 * i * i)
        });
        let linear = DMat3::from_cols(
            DVec3::new(1.0, 2.0, -1.0),
            DVec3::new(0.5, -1.5, 3.0),
            DVec3::new(-2.0, 0.25, 1.0),
        );
        let start = DVec3::new(0.5, -0.75, 2.0);
        let composed = compose(&coefficients, linear, start);
        let at = |c: &[DVec3; 10], DVec3 { x, y, z }: DVec3| {
            let powers = [1.0, x, y, z, x * x, x * y, x * z, y * y, y * z, z * z];
            c.iter().zip(powers).map(|(c, power)| *c * power).sum::<DVec3>()
        };
        for offset in [DVec3::ZERO, DVec3::X, DVec3::new(1.5, -2.0, 0.25), DVec3::splat(-3.0)] {
            let (got, want) = (at(&composed, offset), at(&coefficients, linear * offset + start));
            assert!((got - want).length() < 1e-10, "{offset}: {got} is not {want}");
        }
    }

    #[test]
    fn large_boxes_are_left_to_double_precision() {
        let within = |half: f32| LocalBox {
            low: [-half; 3],
            high: [half; 3],
        };
        assert!(NearMap::affine(DMat3::IDENTITY, DVec3::ZERO, &within(500.0)).is_some());
        assert!(NearMap::affine(DMat3::IDENTITY, DVec3::ZERO, &within(600.0)).is_none());
        assert!(NearMap::affine(DMat3::IDENTITY * 0.01, DVec3::ZERO, &within(50_000.0)).is_some());
        // Far from zero, where single precision has steps of half a metre, offsets from the middle are right still.
        let far = LocalBox {
            low: [6_000_000.0; 3],
            high: [6_000_064.0; 3],
        };
        let shift = DVec3::splat(-6_000_000.0);
        let map = NearMap::affine(DMat3::IDENTITY, shift, &far).unwrap();
        let mut out = Vec::new();
        map.map(&[[6_000_064.0, 6_000_000.5, 6_000_032.0]], &mut out);
        assert_eq!(out, [[64.0, 32.0, -0.5]]);
    }

    #[test]
    fn single_precision_adds_at_most_a_fifth_of_a_millimetre() {
        // The last two are where the grids are roughest.
        for [x_m, y_m] in [[251_000.0, 476_250.0], [191_839.0, 321_239.0], [59_842.0, 377_521.0]] {
            compare_at(RdNap { x_m, y_m, nap_m: 20.0 });
        }
    }

    fn compare_at(place: RdNap) {
        let place = lon_lat_h_from_rd_nap(place).unwrap();
        let (frame, center) = (SiteFrame::around(place), ecef_from_lon_lat_h(place).unwrap());
        let map = frame.tile_map(center, 4_900.0).unwrap();
        let origin = frame.site_from_ecef(center).unwrap();
        let axes = DMat4::from_mat3(east_north_up(place.lon_deg, place.lat_deg));
        for half_m in [3.0_f32, 400.0, 1_000.0, 4_500.0] {
            // In axes of the ground and in those of ECEF, in metres and in quantized units, upright and mirrored.
            let scale = DMat4::from_scale(DVec3::new(-0.5, 0.001, 2.0));
            for ecef_from_center in [axes, DMat4::IDENTITY, axes * scale] {
                let unit = DMat3::from_mat4(ecef_from_center);
                let local: Vec<[f32; 3]> = (0..400_u16)
                    .map(|i| {
                        let wave = |k: f32| (f32::from(i) * k).sin();
                        let up = if half_m > 400.0 { 80.0 } else { half_m };
                        let ground = [wave(0.7) * half_m, wave(1.3) * half_m, wave(2.9) * up];
                        let ecef = DMat3::from_mat4(axes) * DVec3::from_array(ground.map(f64::from));
                        narrow(unit.inverse() * ecef)
                    })
                    .collect();
                let ecef_from_local = DMat4::from_translation(center.0) * ecef_from_center;
                let mut out = Vec::new();
                map.map_local(ecef_from_local, origin, &local, &mut out).unwrap();
                for (got, from) in out.iter().zip(&local) {
                    let from = DVec3::from_array(from.map(f64::from));
                    let exact = map
                        .site_from_ecef(Ecef(ecef_from_local.transform_point3(from)))
                        .unwrap();
                    let want = render_axes(exact.0 - origin.0);
                    let error_m = (DVec3::from_array(got.map(f64::from)) - want).length();
                    // Half a step of f32 for the result, and as much for where its patch starts.
                    let allowed_m = 0.000_2 + 1.2e-7 * want.length();
                    assert!(error_m < allowed_m, "{half_m}: {got:?} is {error_m} m from {want}");
                    let by_proj = frame
                        .site_from_ecef(Ecef(ecef_from_local.transform_point3(from)))
                        .unwrap();
                    let off_m = (by_proj.0 - exact.0).length();
                    assert!(off_m < 0.000_6, "{half_m}: the map is {off_m} m from PROJ");
                }
            }
        }
    }

    #[test]
    fn numbers_beyond_single_precision_are_left_to_double() {
        let flat = LocalBox {
            low: [-1.0, -1.0, 0.0],
            high: [1.0, 1.0, 0.0],
        };
        for scale in [1e40, f64::INFINITY, f64::NAN] {
            let tall = DMat3::from_diagonal(DVec3::new(1.0, 1.0, scale));
            assert!(NearMap::affine(tall, DVec3::ZERO, &flat).is_none(), "{scale}");
        }
        assert!(NearMap::affine(DMat3::IDENTITY, DVec3::NAN, &flat).is_none());
    }

    #[test]
    fn normals_keep_their_direction_at_any_scale() {
        for scale in [1e-30, 1.0, 1e30] {
            let mut out = Vec::new();
            let turn = DMat3::from_diagonal(DVec3::new(scale, 2.0 * scale, scale));
            turn_normals(
                turn,
                &[[0.0, 0.0, 3.0], [1.0, 0.5, 0.0], [0.0; 3], [f32::NAN; 3]],
                &mut out,
            );
            assert_eq!(out[0], [0.0, 1.0, 0.0]);
            let half = std::f32::consts::FRAC_1_SQRT_2;
            assert!((Vec3A::from_array(out[1]) - Vec3A::new(half, 0.0, -half)).length() < 1e-6);
            assert_eq!(out[2..], [[0.0, 1.0, 0.0]; 2]);
        }
    }
}
