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

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "errors carry the coordinates exactly as given")]
mod tests {
    use super::*;

    /// Rows of NSGI's self-validation set: latitude, longitude, h, RD x, RD y, NAP (`None`: outside).
    const POINTS: [(f64, f64, f64, f64, f64, Option<f64>); 10] = [
        (
            51.728_601_274,
            4.712_120_126,
            301.7981,
            108_360.879_0,
            415_757.274_5,
            Some(258.0057),
        ),
        (
            52.333_909_349,
            6.795_181_238,
            100.4911,
            250_963.341_7,
            483_819.185_7,
            Some(57.2626),
        ),
        (
            52.298_724_805,
            6.986_438_391,
            264.9653,
            264_083.775_3,
            480_175.610_1,
            Some(221.5400),
        ),
        (
            52.317_227_456,
            7.002_862_969,
            302.6639,
            265_158.061_1,
            482_258.754_0,
            Some(259.2750),
        ),
        (
            52.233_783_442,
            6.537_920_139,
            61.8576,
            233_607.277_7,
            472_370.256_5,
            Some(18.4350),
        ),
        (
            52.150_140_752,
            6.862_085_895,
            234.3992,
            255_938.820_9,
            463_466.424_9,
            Some(190.6873),
        ),
        (
            52.222_481_087,
            6.575_189_335,
            107.6592,
            236_173.636_1,
            471_153.911_1,
            Some(64.1957),
        ),
        (
            52.141_962_909,
            6.536_629_891,
            107.5444,
            233_681.048_8,
            462_153.700_7,
            Some(63.9071),
        ),
        (
            52.115_330_444,
            7.684_748_554,
            41.4160,
            312_352.600_4,
            461_058.581_2,
            Some(-2.5206),
        ),
        (
            48.525_215_534,
            0.178_718_781,
            320.1305,
            -229_867.071_8,
            72_603.528_6,
            None,
        ),
    ];

    fn assert_near(what: &str, got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() < tolerance, "{what}: {got} is not {want}");
    }

    #[test]
    fn self_validation_points_hold_both_ways() {
        for (lat_deg, lon_deg, h_m, x_m, y_m, nap) in POINTS {
            let rd = rd_from_lon_lat(lon_deg, lat_deg).unwrap();
            assert_near("x", rd.x, x_m, 0.001);
            assert_near("y", rd.y, y_m, 0.001);
            let back = lon_lat_from_rd(x_m, y_m).unwrap();
            assert_near("lon", back.x, lon_deg, 1e-8);
            assert_near("lat", back.y, lat_deg, 1e-8);
            let geographic = LonLatH { lon_deg, lat_deg, h_m };
            if let Some(nap_m) = nap {
                let there = rd_nap_from_lon_lat_h(geographic).unwrap();
                assert_near("x", there.x_m, x_m, 0.001);
                assert_near("y", there.y_m, y_m, 0.001);
                assert_near("NAP", there.nap_m, nap_m, 0.001);
                let back = lon_lat_h_from_rd_nap(RdNap { x_m, y_m, nap_m }).unwrap();
                assert_near("lon", back.lon_deg, lon_deg, 1e-8);
                assert_near("lat", back.lat_deg, lat_deg, 1e-8);
                assert_near("h", back.h_m, h_m, 0.001);
            } else {
                assert!(!in_rdnap_grid(lon_deg, lat_deg));
                let e = rd_nap_from_lon_lat_h(geographic).unwrap_err();
                assert!(matches!(e, GeorefError::Outside { x, .. } if x == lon_deg), "{e}");
                let e = lon_lat_h_from_rd_nap(RdNap { x_m, y_m, nap_m: 0.0 }).unwrap_err();
                assert!(matches!(e, GeorefError::Outside { x, .. } if x == x_m), "{e}");
            }
        }
    }

    #[test]
    fn the_known_point_holds() {
        check_known_point().unwrap();
    }

    #[test]
    fn the_edge_of_the_grids_belongs_to_them() {
        for (lon_deg, lat_deg) in [
            (8.0, 52.0),
            (2.0, 52.0),
            (5.0, 50.0),
            (5.0, 56.0),
            (8.0, 56.0),
            (2.0, 50.0),
        ] {
            let there = rd_nap_from_lon_lat_h(LonLatH {
                lon_deg,
                lat_deg,
                h_m: 50.0,
            })
            .unwrap();
            // RD as published has four decimals, which may put the way back a hair outside.
            let published = RdNap {
                x_m: (there.x_m * 1e4).round() / 1e4,
                y_m: (there.y_m * 1e4).round() / 1e4,
                ..there
            };
            let back = lon_lat_h_from_rd_nap(published).unwrap();
            assert_near("lon", back.lon_deg, lon_deg, 1e-8);
            assert_near("lat", back.lat_deg, lat_deg, 1e-8);
            assert_near("h", back.h_m, 50.0, 0.001);
        }
        for (lon_deg, lat_deg) in [(8.001, 52.0), (1.999, 52.0), (5.0, 49.999), (5.0, 56.001)] {
            assert!(
                rd_nap_from_lon_lat_h(LonLatH {
                    lon_deg,
                    lat_deg,
                    h_m: 50.0
                })
                .is_err(),
                "{lon_deg} {lat_deg}"
            );
        }
    }

    #[test]
    fn ecef_and_geographic_agree_with_the_closed_formula() {
        let (a, f) = (6_378_137.0, 1.0 / 298.257_222_101);
        let p = LonLatH {
            lon_deg: 6.79,
            lat_deg: 52.26,
            h_m: 60.0,
        };
        let (lon, lat) = (p.lon_deg.to_radians(), p.lat_deg.to_radians());
        let e2 = f * (2.0 - f);
        let n = a / (1.0 - e2 * lat.sin().powi(2)).sqrt();
        let want = [
            (n + p.h_m) * lat.cos() * lon.cos(),
            (n + p.h_m) * lat.cos() * lon.sin(),
            (n * (1.0 - e2) + p.h_m) * lat.sin(),
        ];
        let ecef = ecef_from_lon_lat_h(p).unwrap();
        for (got, want) in ecef.0.to_array().into_iter().zip(want) {
            assert_near("ECEF", got, want, 1e-6);
        }
        let back = lon_lat_h_from_ecef(ecef).unwrap();
        assert_near("lon", back.lon_deg, p.lon_deg, 1e-12);
        assert_near("lat", back.lat_deg, p.lat_deg, 1e-12);
        assert_near("h", back.h_m, p.h_m, 1e-6);
        assert_near("NAP", rd_nap_from_ecef(ecef).unwrap().nap_m, 16.5687, 0.0001);
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for bad in [f64::NAN, f64::INFINITY] {
            assert!(
                rd_nap_from_lon_lat_h(LonLatH {
                    lon_deg: bad,
                    lat_deg: 52.0,
                    h_m: 0.0
                })
                .is_err()
            );
            assert!(
                lon_lat_h_from_rd_nap(RdNap {
                    x_m: 251_000.0,
                    y_m: 476_250.0,
                    nap_m: bad
                })
                .is_err()
            );
            assert!(lon_lat_from_rd(bad, 0.0).is_err());
        }
        // An error leaves the thread's PROJ objects usable.
        check_known_point().unwrap();
    }
}
