//! RDNAPTRANS2018 (variant 1) with NSGI's grids, both ways, after the official procedure.
//!
//! Always the explicit pipeline: PROJ's route between EPSG codes falls back in silence to a datum shift
//! that is up to 0.25 m off, and to unshifted heights (43 m at Hengelo). ETRS89 and WGS 84 are taken as one,
//! as PROJ and the makers of 3D Tiles do; they lie about 0.9 m apart and drift.
//!
//! Degrees (longitude first) and metres. Outside 2° to 8° east, 50° to 56° north there is no NAP: RD x and y
//! still exist there ([`rd_from_lon_lat`]), a height does not, and asking for one is an error.

use bevy::math::DVec2;

use super::proj_context::Pj;
use super::{Ecef, GeorefError, LonLatH, RdNap};

/// Longitude range of both grids, degrees.
const GRID_LON_DEG: [f64; 2] = [2.0, 8.0];
/// Latitude range of both grids, degrees.
const GRID_LAT_DEG: [f64; 2] = [50.0, 56.0];
/// How far a computed position may stand outside the grids and still count as on their edge. It is the
/// accuracy that the procedure itself asks for.
const EDGE_DEG: f64 = 1e-8;
/// Within this distance of the edge of the grids, and outside, the slower and exact way back is taken.
const EDGE_BAND_DEG: f64 = 0.01;

/// ETRS89 longitude, latitude (radians) to RD x, y; z passes through. `,null`: no correction outside the
/// grid, as the procedure says.
const XY_STEPS: &str = "+step +proj=push +v_3 \
    +step +proj=set +v_3=43 +omit_inv \
    +step +proj=cart +ellps=GRS80 \
    +step +proj=helmert +x=-565.7346 +y=-50.4058 +z=-465.2895 +rx=-0.395023 +ry=0.330776 +rz=-1.876073 \
    +s=-4.07242 +convention=coordinate_frame +exact \
    +step +inv +proj=cart +ellps=bessel \
    +step +inv +proj=hgridshift +grids=rdcorr2018.gsb,null \
    +step +proj=sterea +lat_0=52.156160556 +lon_0=5.387638889 +k=0.9999079 +x_0=155000 +y_0=463000 +ellps=bessel \
    +step +proj=set +v_3=0 +omit_fwd \
    +step +proj=pop +v_3";
const RADIANS: &str = "+step +proj=unitconvert +xy_in=deg +xy_out=rad";
const DEGREES: &str = "+step +proj=unitconvert +xy_in=rad +xy_out=deg";
/// Ellipsoidal height to NAP. Never with `,null`: outside the model that would pass off one as the other.
const QUASI_GEOID: &str = "+step +proj=vgridshift +grids=nlgeo2018.gtx";
const GEOGRAPHIC_FROM_ECEF: &str = "+step +inv +proj=cart +ellps=GRS80";

/// The transformations of one thread.
struct Procedure {
    /// Longitude, latitude, height to RD and NAP in one go; holds well inside the grids.
    rd_nap: Pj,
    /// Longitude, latitude to RD; holds anywhere.
    xy: Pj,
    /// Ellipsoidal height to NAP at a longitude and latitude.
    nap: Pj,
    /// ECEF to RD and NAP.
    from_ecef: Pj,
    /// Longitude, latitude, height to ECEF.
    ecef: Pj,
}

impl Procedure {
    fn new() -> Result<Self, GeorefError> {
        let pipeline = |steps: &[&str]| Pj::pipeline(&format!("+proj=pipeline {}", steps.join(" ")));
        Ok(Self {
            rd_nap: pipeline(&[RADIANS, QUASI_GEOID, XY_STEPS])?,
            xy: pipeline(&[RADIANS, XY_STEPS])?,
            nap: pipeline(&[RADIANS, QUASI_GEOID, DEGREES])?,
            from_ecef: pipeline(&[GEOGRAPHIC_FROM_ECEF, QUASI_GEOID, XY_STEPS])?,
            ecef: pipeline(&[RADIANS, "+step +proj=cart +ellps=GRS80"])?,
        })
    }

    fn lon_lat(&self, x: f64, y: f64) -> Result<[f64; 2], GeorefError> {
        let first = self.xy.inverse([x, y, 0.0])?;
        if well_inside(first[0], first[1]) {
            return Ok([first[0], first[1]]);
        }
        // Forward fixes 43 m above one ellipsoid, backward 0 m on the other, and far from the country these
        // are different surfaces. One correction by the round trip's own error brings that below 1e-8°.
        let there = self.xy.forward([first[0], first[1], 0.0])?;
        let back = self.xy.inverse([there[0], there[1], 0.0])?;
        Ok([2.0 * first[0] - back[0], 2.0 * first[1] - back[1]])
    }
}

thread_local! {
    // PROJ objects may not be shared between threads; making these takes about 1.5 ms, once per thread.
    static PROCEDURE: Result<Procedure, GeorefError> = Procedure::new();
}

fn with<T>(f: impl FnOnce(&Procedure) -> Result<T, GeorefError>) -> Result<T, GeorefError> {
    PROCEDURE.with(|p| p.as_ref().map_err(Clone::clone).and_then(f))
}

fn well_inside(lon_deg: f64, lat_deg: f64) -> bool {
    let inside = |v: f64, [low, high]: [f64; 2]| v > low + EDGE_BAND_DEG && v < high - EDGE_BAND_DEG;
    inside(lon_deg, GRID_LON_DEG) && inside(lat_deg, GRID_LAT_DEG)
}

/// A computed position back onto the edge of the grids when it stands a hair outside.
fn snapped(v: f64, [low, high]: [f64; 2]) -> f64 {
    if v > low - EDGE_DEG && v < high + EDGE_DEG {
        v.clamp(low, high)
    } else {
        v
    }
}

/// RD and NAP of a geographic position.
///
/// # Errors
/// [`GeorefError::Outside`] where the quasi-geoid model ends, see [`in_rdnap_grid`].
pub fn rd_nap_from_lon_lat_h(p: LonLatH) -> Result<RdNap, GeorefError> {
    with(|t| {
        let [x_m, y_m, nap_m] = t.rd_nap.forward([p.lon_deg, p.lat_deg, p.h_m])?;
        Ok(RdNap { x_m, y_m, nap_m })
    })
}

/// Geographic position of RD and NAP.
///
/// # Errors
/// [`GeorefError::Outside`] where the quasi-geoid model ends.
pub fn lon_lat_h_from_rd_nap(p: RdNap) -> Result<LonLatH, GeorefError> {
    with(|t| {
        if let Ok([lon_deg, lat_deg, h_m]) = t.rd_nap.inverse([p.x_m, p.y_m, p.nap_m])
            && well_inside(lon_deg, lat_deg)
        {
            return Ok(LonLatH { lon_deg, lat_deg, h_m });
        }
        let [lon_deg, lat_deg] = t.lon_lat(p.x_m, p.y_m)?;
        let on_grid = [snapped(lon_deg, GRID_LON_DEG), snapped(lat_deg, GRID_LAT_DEG), p.nap_m];
        let [.., h_m] = t.nap.inverse(on_grid).map_err(|e| at(e, [p.x_m, p.y_m, p.nap_m]))?;
        Ok(LonLatH { lon_deg, lat_deg, h_m })
    })
}

/// RD x and y of a longitude and latitude, metres; defined outside the grids too.
pub fn rd_from_lon_lat(lon_deg: f64, lat_deg: f64) -> Result<DVec2, GeorefError> {
    with(|t| t.xy.forward([lon_deg, lat_deg, 0.0]).map(|[x, y, _]| DVec2::new(x, y)))
}

/// Longitude and latitude, degrees, of RD x and y in metres; defined outside the grids too.
pub fn lon_lat_from_rd(x_m: f64, y_m: f64) -> Result<DVec2, GeorefError> {
    with(|t| t.lon_lat(x_m, y_m).map(DVec2::from))
}

/// RD and NAP of an ECEF position.
pub(super) fn rd_nap_from_ecef(p: Ecef) -> Result<RdNap, GeorefError> {
    with(|t| {
        let [x_m, y_m, nap_m] = t.from_ecef.forward(p.0.to_array())?;
        Ok(RdNap { x_m, y_m, nap_m })
    })
}

/// ECEF position of RD and NAP.
pub(super) fn ecef_from_rd_nap(p: RdNap) -> Result<Ecef, GeorefError> {
    ecef_from_lon_lat_h(lon_lat_h_from_rd_nap(p)?)
}

/// ECEF position of a geographic one.
pub fn ecef_from_lon_lat_h(p: LonLatH) -> Result<Ecef, GeorefError> {
    with(|t| t.ecef.forward([p.lon_deg, p.lat_deg, p.h_m]).map(|v| Ecef(v.into())))
}

/// Geographic position of an ECEF one.
pub fn lon_lat_h_from_ecef(p: Ecef) -> Result<LonLatH, GeorefError> {
    with(|t| {
        let [lon_deg, lat_deg, h_m] = t.ecef.inverse(p.0.to_array())?;
        Ok(LonLatH { lon_deg, lat_deg, h_m })
    })
}

/// Whether a point lies inside both grids, so that it has a NAP height.
pub fn in_rdnap_grid(lon_deg: f64, lat_deg: f64) -> bool {
    let inside = |v: f64, [low, high]: [f64; 2]| v >= low && v <= high;
    inside(lon_deg, GRID_LON_DEG) && inside(lat_deg, GRID_LAT_DEG)
}

/// The error with the coordinates that the caller gave instead of those in between.
fn at(error: GeorefError, [x, y, z]: [f64; 3]) -> GeorefError {
    match error {
        GeorefError::Outside { reason, .. } => GeorefError::Outside { x, y, z, reason },
        other => other,
    }
}

/// Transforms a known point both ways and compares: creating a transformation is no proof that it works.
///
/// # Errors
/// [`GeorefError::CheckPoint`] when it comes out more than a millimetre off.
pub fn check_known_point() -> Result<(), GeorefError> {
    let geographic = LonLatH {
        lon_deg: 6.79,
        lat_deg: 52.26,
        h_m: 60.0,
    };
    let rd_nap = RdNap {
        x_m: 250_769.394_0,
        y_m: 475_590.051_4,
        nap_m: 16.568_7,
    };
    let there = rd_nap_from_lon_lat_h(geographic)?;
    let back = lon_lat_h_from_rd_nap(rd_nap)?;
    let metres_per_degree = 111_000.0;
    let error_m = [
        there.x_m - rd_nap.x_m,
        there.y_m - rd_nap.y_m,
        there.nap_m - rd_nap.nap_m,
        (back.lon_deg - geographic.lon_deg) * metres_per_degree,
        (back.lat_deg - geographic.lat_deg) * metres_per_degree,
        back.h_m - geographic.h_m,
    ]
    .into_iter()
    .fold(0.0, |worst: f64, d| worst.max(d.abs()));
    if error_m < 0.001 {
        Ok(())
    } else {
        Err(GeorefError::CheckPoint { error_m })
    }
}
