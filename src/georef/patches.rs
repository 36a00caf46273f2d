//! The map from ECEF to RD and NAP over one square of the country, as polynomials of degree 2 in square patches.
//!
//! See [`super::tile_map`] for why and how near. Metres; inside, positions in units of patches.

use bevy::math::{DMat3, DVec3};

use super::rdnap::rd_nap_from_ecef;
use super::{Ecef, GeorefError};

/// How many patches may stand side by side over a square: the first that holds [`RESIDUAL_M`] is taken.
const SIDES: [u16; 3] = [1, 2, 4];
/// Largest residual at the fitted points, metres. Between them the error may be two and a half times that.
const RESIDUAL_M: f64 = 0.000_2;

/// Monomials of degree 2 by exponents of east, north, up.
const MONOMIALS: [[usize; 3]; 10] = [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [2, 0, 0],
    [1, 1, 0],
    [1, 0, 1],
    [0, 2, 0],
    [0, 1, 1],
    [0, 0, 2],
];

/// Chebyshev polynomials of degree 0 to 2 as coefficients of 1, x, x².
const CHEBYSHEV: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 2.0]];

/// Offsets from the centre in RD and NAP as polynomials, `side` by `side` of them over a box.
///
/// Positions in the box are in patches: x and y run from `-side` to `side`, two to a patch, z from -1 to 1. The patches
/// reach a margin farther.
#[derive(Debug, Clone)]
pub(super) struct Patches {
    pub(super) center_ecef: DVec3,
    /// RD x and y, NAP.
    pub(super) center_rd_nap: DVec3,
    /// The box's own axes, scaled to patches.
    pub(super) patch_from_ecef: DMat3,
    /// How many patches stand side by side.
    pub(super) side: u16,
    /// How far from the middle x and y may be.
    reach: f64,
    /// Rows from south to north, inside a row west to east; in the order of [`MONOMIALS`].
    coefficients: Vec<[DVec3; 10]>,
}

impl Patches {
    /// Over a box around `center` whose sides lie along `axes` (orthonormal, in ECEF) and are twice `half_m` long; level,
    /// each patch reaches `margin_m` beyond its part of the box. `None` where no patch is small enough.
    pub(super) fn fit(center: Ecef, axes: DMat3, half_m: DVec3, margin_m: f64) -> Result<Option<Self>, GeorefError> {
        let rd_nap = |p: DVec3| {
            let found = rd_nap_from_ecef(Ecef(p))?;
            Ok::<_, GeorefError>(DVec3::new(found.x_m, found.y_m, found.nap_m))
        };
        let center_rd_nap = rd_nap(center.0)?;
        for side in SIDES {
            let scale = half_m / DVec3::new(f64::from(side), f64::from(side), 1.0);
            let margin = margin_m / scale.x.min(scale.y);
            let offset_at = |p: DVec3| Ok(rd_nap(center.0 + axes * (p * scale))? - center_rd_nap);
            if let Some(coefficients) = fit_patches(side, 1.0 + margin, offset_at)? {
                return Ok(Some(Self {
                    center_ecef: center.0,
                    center_rd_nap,
                    patch_from_ecef: DMat3::from_diagonal(scale.recip()) * axes.transpose(),
                    side,
                    reach: f64::from(side) + margin,
                    coefficients,
                }));
            }
        }
        Ok(None)
    }

    /// Offset from the centre; `None` outside the box (NaN included), where no polynomial says anything.
    #[inline]
    pub(super) fn offset(&self, p: DVec3) -> Option<DVec3> {
        // Comparisons with NaN are false.
        if !(p.x.abs() <= self.reach && p.y.abs() <= self.reach && p.z.abs() <= 1.0) {
            return None;
        }
        let (column, row) = (self.index(p.x), self.index(p.y));
        let (coefficients, middle) = self.patch(column, row)?;
        Some(evaluate(coefficients, p - middle))
    }

    /// The polynomial of the patch in a row and column, with the patch's middle.
    pub(super) fn patch(&self, column: u16, row: u16) -> Option<(&[DVec3; 10], DVec3)> {
        let coefficients = self
            .coefficients
            .get(usize::from(row) * usize::from(self.side) + usize::from(column))?;
        Some((
            coefficients,
            DVec3::new(middle(column, self.side), middle(row, self.side), 0.0),
        ))
    }

    /// Row or column of a coordinate in the box; the margin belongs to the first and the last.
    #[inline]
    fn index(&self, v: f64) -> u16 {
        whole((v + f64::from(self.side)) * 0.5).min(self.side - 1)
    }
}

/// Middle of a row or column.
#[inline]
fn middle(index: u16, side: u16) -> f64 {
    2.0 * f64::from(index) + 1.0 - f64::from(side)
}

/// The whole part of a small number, zero of a negative one.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a row count, and the cast saturates"
)]
fn whole(v: f64) -> u16 {
    v as u16
}

/// Fits `side` by `side` patches to offsets, each over a square `spread` times as wide as its own; `None` at the first that
/// does not hold [`RESIDUAL_M`].
fn fit_patches(
    side: u16,
    spread: f64,
    offset_at: impl Fn(DVec3) -> Result<DVec3, GeorefError>,
) -> Result<Option<Vec<[DVec3; 10]>>, GeorefError> {
    // The map is straight along the vertical to 0.1 µm a kilometre, so two heights do.
    let (across, up) = (nodes(6), nodes(2));
    let mut fitted = Vec::with_capacity(usize::from(side) * usize::from(side));
    let mut samples = Vec::with_capacity(across.len() * across.len() * up.len());
    for row in 0..side {
        for column in 0..side {
            let middle = DVec3::new(middle(column, side), middle(row, side), 0.0);
            samples.clear();
            for [u, v, w] in tensor(&across, &up) {
                let at = DVec3::new(u.x * spread, v.x * spread, w.x);
                samples.push((at, offset_at(middle + at)?));
            }
            let mut patch = fit_patch(
                tensor(&across, &up)
                    .zip(&samples)
                    .map(|(nodes, (_, value))| (nodes, *value)),
            );
            for (coefficient, [east, north, _]) in patch.iter_mut().zip(MONOMIALS) {
                for _ in 0..east + north {
                    *coefficient /= spread;
                }
            }
            if samples
                .iter()
                .any(|(at, value)| (evaluate(&patch, *at) - *value).length() > RESIDUAL_M)
            {
                return Ok(None);
            }
            fitted.push(patch);
        }
    }
    Ok(Some(fitted))
}

/// All combinations of nodes, east and north by `across`, up by `up`.
fn tensor<'a>(across: &'a [Node], up: &'a [Node]) -> impl Iterator<Item = [&'a Node; 3]> {
    across
        .iter()
        .flat_map(move |u| across.iter().flat_map(move |v| up.iter().map(move |w| [u, v, w])))
}

/// The polynomial of degree 2 nearest to values at nodes of the cube from -1 to 1, in the order of [`MONOMIALS`].
///
/// At Chebyshev nodes the Chebyshev polynomials are orthogonal, so that the least-squares fit is a weighted
/// sum and needs no equations solved.
fn fit_patch<'a>(samples: impl Iterator<Item = ([&'a Node; 3], DVec3)>) -> [DVec3; 10] {
    let mut weights = [DVec3::ZERO; 10];
    for ([u, v, w], value) in samples {
        for (weight, [i, j, k]) in weights.iter_mut().zip(MONOMIALS) {
            *weight += value * (u.shares[i] * v.shares[j] * w.shares[k]);
        }
    }
    let mut powers = [[[DVec3::ZERO; 3]; 3]; 3];
    for (weight, [i, j, k]) in weights.iter().zip(MONOMIALS) {
        for (a, ca) in CHEBYSHEV[i].iter().enumerate() {
            for (b, cb) in CHEBYSHEV[j].iter().enumerate() {
                for (c, cc) in CHEBYSHEV[k].iter().enumerate() {
                    powers[a][b][c] += *weight * (ca * cb * cc);
                }
            }
        }
    }
    MONOMIALS.map(|[a, b, c]| powers[a][b][c])
}

/// The polynomial at a place in the patch.
#[inline]
fn evaluate(c: &[DVec3; 10], DVec3 { x, y, z }: DVec3) -> DVec3 {
    c[0] + (c[1] + c[4] * x + c[5] * y + c[6] * z) * x + (c[2] + c[7] * y + c[8] * z) * y + (c[3] + c[9] * z) * z
}

/// A sample position on one axis and its share in each Chebyshev coefficient.
struct Node {
    x: f64,
    shares: [f64; 3],
}

fn nodes(count: u32) -> Vec<Node> {
    let n = f64::from(count);
    (0..count)
        .map(|k| {
            let x = (std::f64::consts::PI * (f64::from(k) + 0.5) / n).cos();
            let [one, first, second] = CHEBYSHEV.map(|c| c[0] + x * (c[1] + x * c[2]));
            Node {
                x,
                shares: [one / n, 2.0 * first / n, 2.0 * second / n],
            }
        })
        .collect()
}
