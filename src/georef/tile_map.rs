//! ECEF to site for one tile: a polynomial fitted to PROJ where that holds, PROJ per vertex where not.
//!
//! RD is not a rigid move away from ECEF: over 1 km the earth curves 8 cm away and the map's scale changes.
//! PROJ maps a million points a second; a polynomial of degree 2 a hundred times as many. Fitted over the
//! box of the tile's ball it stays within 0.6 mm of PROJ up to a radius of 2 km; degree 3 serves to 5 km
//! (within 2 mm); what remains are the kinks at the borders of the grids' cells. Larger tiles, and vertices
//! that lie outside the ball they were promised in, go through PROJ one by one.
//!
//! An ENU frame is a rigid move, which holds everywhere.
//!
//! Rejected: one matrix per tile. It is 2.5 mm off at 125 m and 8 cm at 1 km.

use bevy::math::{DMat3, DMat4, DVec3};

use super::frame::east_north_up;
use super::rdnap::lon_lat_h_from_ecef;
use super::{Ecef, GeorefError, SiteFrame, SitePos, narrow, render_axes};

/// Largest ball radius for degree 2, metres.
const DEGREE_2_RADIUS_M: f64 = 2_000.0;
/// Largest ball radius for degree 3, metres.
const DEGREE_3_RADIUS_M: f64 = 5_000.0;
/// Half the distance of the central differences where no polynomial has a gradient to offer, metres.
const GRADIENT_STEP_M: f64 = 100.0;

/// A map from ECEF to the site frame, made for one ball. Points outside the ball are mapped rightly too,
/// only slower. Cheap to share between threads.
#[derive(Debug, Clone)]
pub struct TileMap {
    frame: SiteFrame,
    jacobian: DMat3,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// `rotation * (ecef - zero)`.
    Rigid {
        rotation: DMat3,
        zero: DVec3,
    },
    Polynomial(Box<Polynomial>),
    PerVertex,
}

impl TileMap {
    pub(super) fn new(frame: SiteFrame, center: Ecef, radius_m: f64) -> Result<Self, GeorefError> {
        if let Some((rotation, zero)) = frame.rigid_site_from_ecef()? {
            return Ok(Self {
                frame,
                jacobian: rotation,
                kind: Kind::Rigid { rotation, zero },
            });
        }
        let degree = match radius_m {
            r if (0.0..=DEGREE_2_RADIUS_M).contains(&r) => Some(2),
            r if (0.0..=DEGREE_3_RADIUS_M).contains(&r) => Some(3),
            _ => None,
        };
        // A ball that leaves the grids may still hold content that does not: then each vertex decides.
        let polynomial = degree.and_then(|degree| Polynomial::fit(&frame, center, radius_m, degree).ok());
        Ok(match polynomial {
            Some(p) => Self {
                frame,
                jacobian: p.gradient(),
                kind: Kind::Polynomial(Box::new(p)),
            },
            None => Self {
                frame,
                jacobian: difference_gradient(&frame, center)?,
                kind: Kind::PerVertex,
            },
        })
    }

    /// Maps one point.
    ///
    /// # Errors
    /// [`GeorefError::Outside`] where the site frame has no coordinates (outside the Dutch grids).
    pub fn site_from_ecef(&self, p: Ecef) -> Result<SitePos, GeorefError> {
        match &self.kind {
            Kind::Rigid { rotation, zero } => Ok(SitePos(*rotation * (p.0 - *zero))),
            Kind::Polynomial(polynomial) => {
                let unit = polynomial.unit_from_ecef * (p.0 - polynomial.center_ecef);
                match polynomial.offset(unit) {
                    Some(offset) => Ok(SitePos(polynomial.center_site + offset)),
                    None => self.frame.site_from_ecef(p),
                }
            }
            Kind::PerVertex => self.frame.site_from_ecef(p),
        }
    }

    /// The linear part of the map at the centre, site from ECEF: a rotation but for RD's scale of about
    /// 0.9999. For normals prefer [`TileMap::map_local_normals`].
    pub fn jacobian(&self) -> DMat3 {
        self.jacobian
    }

    /// Maps vertices in bulk: from a tile's own axes to render axes (x east, y up, z south) as `f32`
    /// offsets in metres from `origin`. Replaces the contents of `out`, one for one.
    ///
    /// `ecef_from_local` must be affine (bottom row 0 0 0 1), as tile and node transforms are. 50,000
    /// vertices take about a millisecond, of a tile above 5 km 50.
    ///
    /// # Errors
    /// [`GeorefError::Outside`] at the first vertex that has no site coordinates or is not finite; `out` is
    /// then empty.
    pub fn map_local(
        &self,
        ecef_from_local: DMat4,
        origin: SitePos,
        local: &[[f32; 3]],
        out: &mut Vec<[f32; 3]>,
    ) -> Result<(), GeorefError> {
        out.clear();
        out.reserve(local.len());
        let linear = DMat3::from_mat4(ecef_from_local);
        let translation = ecef_from_local.w_axis.truncate();
        let exact = |v: DVec3| {
            self.frame
                .site_from_ecef(Ecef(linear * v + translation))
                .map(|s| s.0 - origin.0)
        };
        let mapped = match &self.kind {
            Kind::Rigid { rotation, zero } => {
                // Large numbers meet once, here, and not at every vertex.
                let (linear, shift) = (*rotation * linear, *rotation * (translation - *zero) - origin.0);
                push_all(local, out, |v| finite(linear * v + shift, v))
            }
            Kind::Polynomial(polynomial) => {
                let scale = polynomial.unit_from_ecef;
                let (linear, shift) = (scale * linear, scale * (translation - polynomial.center_ecef));
                let center = polynomial.center_site - origin.0;
                push_all(local, out, |v| match polynomial.offset(linear * v + shift) {
                    Some(offset) => Ok(center + offset),
                    None => exact(v),
                })
            }
            Kind::PerVertex => push_all(local, out, exact),
        };
        if mapped.is_err() {
            out.clear();
        }
        mapped
    }

    /// Turns normals from a tile's own axes to unit normals in render axes, with the map's linear part at
    /// the centre (its turn over a tile of 2 km is below 0.02°). A normal without a direction points up.
    pub fn map_local_normals(&self, ecef_from_local: DMat4, local: &[[f32; 3]], out: &mut Vec<[f32; 3]>) {
        out.clear();
        // Normals follow the inverse transpose, which the cofactors give up to a factor; its sign is that of
        // the determinant, and unlike the inverse it exists for flattened nodes too.
        let linear = self.jacobian * DMat3::from_mat4(ecef_from_local);
        let sign = if linear.determinant() < 0.0 { -1.0 } else { 1.0 };
        let normals = DMat3::from_cols(
            linear.y_axis.cross(linear.z_axis) * sign,
            linear.z_axis.cross(linear.x_axis) * sign,
            linear.x_axis.cross(linear.y_axis) * sign,
        );
        out.extend(
            local
                .iter()
                .map(|v| narrow(render_axes((normals * wide(*v)).try_normalize().unwrap_or(DVec3::Z)))),
        );
    }
}

fn wide(v: [f32; 3]) -> DVec3 {
    DVec3::new(f64::from(v[0]), f64::from(v[1]), f64::from(v[2]))
}

fn finite(site: DVec3, v: DVec3) -> Result<DVec3, GeorefError> {
    if site.is_finite() {
        Ok(site)
    } else {
        Err(GeorefError::Outside {
            x: v.x,
            y: v.y,
            z: v.z,
            reason: "not a finite number".into(),
        })
    }
}

/// Narrows what `site_offset` makes of each vertex, until the first error.
fn push_all(
    local: &[[f32; 3]],
    out: &mut Vec<[f32; 3]>,
    site_offset: impl Fn(DVec3) -> Result<DVec3, GeorefError>,
) -> Result<(), GeorefError> {
    for v in local {
        out.push(narrow(render_axes(site_offset(wide(*v))?)));
    }
    Ok(())
}

/// The linear part of the frame's own map at a point, by central differences.
fn difference_gradient(frame: &SiteFrame, center: Ecef) -> Result<DMat3, GeorefError> {
    let column = |axis: DVec3| {
        let step = axis * GRADIENT_STEP_M;
        let (ahead, behind) = (
            frame.site_from_ecef(Ecef(center.0 + step))?,
            frame.site_from_ecef(Ecef(center.0 - step))?,
        );
        Ok::<_, GeorefError>((ahead.0 - behind.0) / (2.0 * GRADIENT_STEP_M))
    };
    Ok(DMat3::from_cols(
        column(DVec3::X)?,
        column(DVec3::Y)?,
        column(DVec3::Z)?,
    ))
}

/// Monomials by exponents of east, north, up; the first ten are those of degree 2.
const MONOMIALS: [[usize; 3]; 20] = [
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
    [3, 0, 0],
    [2, 1, 0],
    [2, 0, 1],
    [1, 2, 0],
    [1, 1, 1],
    [1, 0, 2],
    [0, 3, 0],
    [0, 2, 1],
    [0, 1, 2],
    [0, 0, 3],
];

/// Chebyshev polynomials of degree 0 to 3 as coefficients of 1, x, x², x³.
const CHEBYSHEV: [[f64; 4]; 4] = [
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [-1.0, 0.0, 2.0, 0.0],
    [0.0, -3.0, 0.0, 4.0],
];

/// Site offset from the centre as a polynomial of the position in the box, whose sides are at ±1.
#[derive(Debug, Clone)]
struct Polynomial {
    center_ecef: DVec3,
    center_site: DVec3,
    unit_from_ecef: DMat3,
    cubic: bool,
    coefficients: [DVec3; 20],
}

impl Polynomial {
    fn fit(frame: &SiteFrame, center: Ecef, radius_m: f64, degree: usize) -> Result<Self, GeorefError> {
        let place = lon_lat_h_from_ecef(center)?;
        let axes = east_north_up(place.lon_deg, place.lat_deg);
        // A little more than the ball, so that what rounding pushed over its edge is still inside.
        let half_m = radius_m * 1.01 + 1.0;
        let center_site = frame.site_from_ecef(center)?.0;

        // At Chebyshev nodes the Chebyshev polynomials are orthogonal, so that the least-squares fit is a
        // weighted sum and needs no equations solved.
        let (across, up) = if degree > 2 {
            (nodes(8), nodes(4))
        } else {
            (nodes(6), nodes(3))
        };
        let terms = &MONOMIALS[..if degree > 2 { 20 } else { 10 }];
        let mut weights = [DVec3::ZERO; 20];
        for u in &across {
            for v in &across {
                for w in &up {
                    let ecef = center.0 + axes * (DVec3::new(u.x, v.x, w.x) * half_m);
                    let offset = frame.site_from_ecef(Ecef(ecef))?.0 - center_site;
                    for (weight, [i, j, k]) in weights.iter_mut().zip(terms) {
                        *weight += offset * (u.weights[*i] * v.weights[*j] * w.weights[*k]);
                    }
                }
            }
        }
        let mut powers = [[[DVec3::ZERO; 4]; 4]; 4];
        for (weight, [i, j, k]) in weights.iter().zip(terms) {
            for (a, ca) in CHEBYSHEV[*i].iter().enumerate() {
                for (b, cb) in CHEBYSHEV[*j].iter().enumerate() {
                    for (c, cc) in CHEBYSHEV[*k].iter().enumerate() {
                        powers[a][b][c] += *weight * (ca * cb * cc);
                    }
                }
            }
        }
        let coefficients = MONOMIALS.map(|[a, b, c]| powers[a][b][c]);
        Ok(Self {
            center_ecef: center.0,
            center_site,
            unit_from_ecef: axes.transpose() * (1.0 / half_m),
            cubic: degree > 2,
            coefficients,
        })
    }

    /// Site from ECEF, linear part at the centre.
    fn gradient(&self) -> DMat3 {
        let [_, east, north, up, ..] = self.coefficients;
        DMat3::from_cols(east, north, up) * self.unit_from_ecef
    }

    /// Site offset from the centre; `None` outside the box (NaN included), where the polynomial says nothing.
    #[inline]
    fn offset(&self, p: DVec3) -> Option<DVec3> {
        // Comparisons with NaN are false.
        if !(p.x.abs() <= 1.0 && p.y.abs() <= 1.0 && p.z.abs() <= 1.0) {
            return None;
        }
        let DVec3 { x, y, z } = p;
        let c = &self.coefficients;
        let quadratic = c[0]
            + (c[1] + c[4] * x + c[5] * y + c[6] * z) * x
            + (c[2] + c[7] * y + c[8] * z) * y
            + (c[3] + c[9] * z) * z;
        if !self.cubic {
            return Some(quadratic);
        }
        let cubic = (c[10] * x + c[11] * y + c[12] * z) * (x * x)
            + (c[13] * x + c[16] * y + c[17] * z) * (y * y)
            + (c[15] * x + c[18] * y + c[19] * z) * (z * z)
            + c[14] * (x * y * z);
        Some(quadratic + cubic)
    }
}

/// A sample position on one axis and its share in each Chebyshev coefficient.
struct Node {
    x: f64,
    weights: [f64; 4],
}

fn nodes(count: u32) -> Vec<Node> {
    let n = f64::from(count);
    (0..count)
        .map(|k| {
            let x = (std::f64::consts::PI * (f64::from(k) + 0.5) / n).cos();
            let value = CHEBYSHEV.map(|c| c[0] + x * (c[1] + x * (c[2] + x * c[3])));
            Node {
                x,
                weights: [value[0] / n, 2.0 * value[1] / n, 2.0 * value[2] / n, 2.0 * value[3] / n],
            }
        })
        .collect()
}
