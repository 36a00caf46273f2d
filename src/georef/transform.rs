//! Any CRS to any CRS (`stadslens transform`).
//!
//! RD and NAP go through the explicit procedure of [`super::rdnap`] to geographic ETRS89, and from there on
//! by PROJ's choice between EPSG codes; other pairs by that choice alone. ETRS89 and WGS 84 are one. Input
//! and output have east or longitude first, degrees or the CRS's own length unit.
//!
//! Heights are transformed or refused, never passed off as something else:
//! - EPSG:28992 (RD alone) and other codes without a height hand the third number through when both sides
//!   are so; RD also when the other side is geographic.
//! - Where one side has a height, a code without one (4326, 3857, UTM) means ellipsoidal height.
//! - RD alone to a CRS that needs to know its height (7415, ECEF, compound codes) is an error.
//!
//! The `proj` crate serves for Web Mercator: a plain 2D formula, no grid, no database, so that what it reads
//! from the environment cannot matter.

use std::fmt;
use std::str::FromStr;

use proj::Proj;

use super::proj_context::{CrsKind, Pj};
use super::{
    Ecef, GeorefError, LonLatH, RdNap, ecef_from_lon_lat_h, lon_lat_from_rd, lon_lat_h_from_ecef,
    lon_lat_h_from_rd_nap, rd_from_lon_lat, rd_nap_from_lon_lat_h,
};

/// Geographic ETRS89 with and without height: where RD's own procedure meets PROJ's database.
const ETRS89_3D: u32 = 4937;
const ETRS89_2D: u32 = 4258;

/// A CRS by EPSG code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crs(pub u32);

impl Crs {
    /// RD New and NAP.
    pub const RD_NAP: Self = Self(7415);
    /// RD New without heights.
    pub const RD: Self = Self(28992);
    /// WGS 84 earth-centred, earth-fixed: what 3D Tiles use.
    pub const ECEF: Self = Self(4978);
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EPSG:{}", self.0)
    }
}

impl FromStr for Crs {
    type Err = GeorefError;

    /// `EPSG:n` in any case; `EPSG:28992+5709` is read as EPSG:7415.
    fn from_str(name: &str) -> Result<Self, GeorefError> {
        let unknown = || GeorefError::CrsName {
            name: name.chars().take(64).collect(),
        };
        let (authority, code) = name.trim().split_once(':').ok_or_else(unknown)?;
        if !authority.eq_ignore_ascii_case("epsg") {
            return Err(unknown());
        }
        if code == "28992+5709" {
            return Ok(Self::RD_NAP);
        }
        // `u32::from_str` would take a plus sign too.
        if !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(unknown());
        }
        code.parse().map(Self).map_err(|_too_long| unknown())
    }
}

/// The codes whose way to geographic ETRS89 is written out here instead of left to PROJ's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    RdNap,
    Rd,
    Geographic { has_height: bool },
    Ecef,
    WebMercator,
}

impl Known {
    fn of(crs: Crs) -> Option<Self> {
        Some(match crs.0 {
            7415 => Self::RdNap,
            28992 => Self::Rd,
            4937 | 4979 => Self::Geographic { has_height: true },
            4258 | 4326 => Self::Geographic { has_height: false },
            4936 | 4978 => Self::Ecef,
            3857 => Self::WebMercator,
            _ => return None,
        })
    }

    fn kind(self) -> CrsKind {
        CrsKind {
            angular: matches!(self, Self::Geographic { .. }),
            geocentric: self == Self::Ecef,
            has_height: matches!(self, Self::RdNap | Self::Ecef | Self::Geographic { has_height: true }),
        }
    }

    fn is_dutch(self) -> bool {
        matches!(self, Self::RdNap | Self::Rd)
    }

    fn step_to_geographic(self) -> Result<Step, GeorefError> {
        Ok(match self {
            Self::RdNap => Step::GeographicFromRdNap,
            Self::Rd => Step::GeographicFromRd,
            Self::Geographic { .. } => Step::Keep,
            Self::Ecef => Step::GeographicFromEcef,
            Self::WebMercator => Step::Flat(flat(
                "+proj=pipeline +step +inv +proj=webmerc +ellps=WGS84 +step +proj=unitconvert +xy_in=rad +xy_out=deg",
            )?),
        })
    }

    fn step_from_geographic(self) -> Result<Step, GeorefError> {
        Ok(match self {
            Self::RdNap => Step::RdNapFromGeographic,
            Self::Rd => Step::RdFromGeographic,
            Self::Geographic { .. } => Step::Keep,
            Self::Ecef => Step::EcefFromGeographic,
            Self::WebMercator => Step::Flat(flat(
                "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=webmerc +ellps=WGS84",
            )?),
        })
    }
}

fn flat(definition: &str) -> Result<Box<Proj>, GeorefError> {
    Proj::new(definition)
        .map(Box::new)
        .map_err(|e| GeorefError::Definition {
            reason: e.to_string(),
            definition: definition.to_owned(),
        })
}

enum Step {
    Keep,
    GeographicFromRdNap,
    GeographicFromRd,
    RdNapFromGeographic,
    RdFromGeographic,
    GeographicFromEcef,
    EcefFromGeographic,
    /// Third number untouched.
    Flat(Box<Proj>),
    Database(Pj),
}

impl Step {
    /// `with_height`: whether the third number means something. Without it RD and NAP need no quasi-geoid.
    fn run(&self, [x, y, z]: [f64; 3], with_height: bool) -> Result<[f64; 3], GeorefError> {
        let geographic = LonLatH {
            lon_deg: x,
            lat_deg: y,
            h_m: z,
        };
        Ok(match self {
            Self::Keep => [x, y, z],
            Self::GeographicFromRdNap if with_height => {
                let p = lon_lat_h_from_rd_nap(RdNap {
                    x_m: x,
                    y_m: y,
                    nap_m: z,
                })?;
                [p.lon_deg, p.lat_deg, p.h_m]
            }
            Self::GeographicFromRdNap | Self::GeographicFromRd => {
                let p = lon_lat_from_rd(x, y)?;
                [p.x, p.y, z]
            }
            Self::RdNapFromGeographic if with_height => {
                let p = rd_nap_from_lon_lat_h(geographic)?;
                [p.x_m, p.y_m, p.nap_m]
            }
            Self::RdNapFromGeographic | Self::RdFromGeographic => {
                let p = rd_from_lon_lat(x, y)?;
                [p.x, p.y, z]
            }
            Self::GeographicFromEcef => {
                let p = lon_lat_h_from_ecef(Ecef([x, y, z].into()))?;
                [p.lon_deg, p.lat_deg, p.h_m]
            }
            Self::EcefFromGeographic => ecef_from_lon_lat_h(geographic)?.0.to_array(),
            Self::Flat(proj) => {
                let outside = |reason| GeorefError::Outside { x, y, z, reason };
                let (east, north) = proj.convert((x, y)).map_err(|e| outside(e.to_string()))?;
                if !(east.is_finite() && north.is_finite()) {
                    return Err(outside("not a finite number".into()));
                }
                [east, north, z]
            }
            Self::Database(pj) => pj.forward([x, y, z])?,
        })
    }
}

/// A transformation between two CRSs for one thread.
pub struct Transformer {
    steps: [Step; 2],
    from: CrsKind,
    to: CrsKind,
}

impl fmt::Debug for Transformer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transformer")
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

impl Transformer {
    /// Makes it.
    ///
    /// # Errors
    /// [`GeorefError::Definition`] when PROJ knows no such code, when only a guess connects the two ("ballpark":
    /// a grid or datum shift is missing), or when a height is asked for that the first CRS does not have.
    pub fn new(from: Crs, to: Crs) -> Result<Self, GeorefError> {
        let refused = |reason: &str| GeorefError::Definition {
            reason: reason.to_owned(),
            definition: format!("{from} -> {to}"),
        };
        for crs in [from, to] {
            if matches!(crs.0, 4289 | 28991) {
                // PROJ would do with a datum shift that is good to a quarter of a metre.
                return Err(refused(
                    "Amersfoort coordinates other than RD New are not supported: use EPSG:28992",
                ));
            }
        }
        let (known_from, known_to) = (Known::of(from), Known::of(to));
        let kind = |crs: Crs, known: Option<Known>| known.map_or_else(|| Pj::crs_kind(crs.0), |k| Ok(k.kind()));
        let (from_kind, to_kind) = (kind(from, known_from)?, kind(to, known_to)?);

        if known_from == Some(Known::Rd) && to_kind.has_height && !matches!(known_to, Some(Known::Geographic { .. })) {
            return Err(refused("EPSG:28992 has no heights: use EPSG:7415 for RD with NAP"));
        }
        // Geographic ETRS89 as the database's side sees it: with a height unless neither side has one.
        let hub = if from_kind.has_height || to_kind.has_height {
            ETRS89_3D
        } else {
            ETRS89_2D
        };
        let steps = match (known_from, known_to) {
            _ if from == to => [Step::Keep, Step::Keep],
            // RD is RD: no way round by longitude, which would end where the quasi-geoid does.
            (Some(Known::RdNap), Some(Known::Rd)) => [Step::Keep, Step::Keep],
            (Some(a), Some(b)) => [a.step_to_geographic()?, b.step_from_geographic()?],
            (Some(a), None) if a.is_dutch() => [a.step_to_geographic()?, Step::Database(Pj::between(hub, to.0)?)],
            (None, Some(b)) if b.is_dutch() => [Step::Database(Pj::between(from.0, hub)?), b.step_from_geographic()?],
            _ => [Step::Database(Pj::between(from.0, to.0)?), Step::Keep],
        };
        Ok(Self {
            steps,
            from: from_kind,
            to: to_kind,
        })
    }

    /// Transforms x, y, z (x = east or longitude first; metres or degrees).
    ///
    /// # Errors
    /// [`GeorefError::Outside`] with the coordinates as given.
    pub fn convert(&self, p: [f64; 3]) -> Result<[f64; 3], GeorefError> {
        self.run(p, true)
    }

    /// Transforms x and y alone, whose height is not known. RD and NAP then need no quasi-geoid and work
    /// outside the grids too.
    ///
    /// # Errors
    /// As [`Transformer::convert`]; always for earth-centred coordinates, which mean nothing without z.
    pub fn convert_flat(&self, [x, y]: [f64; 2]) -> Result<[f64; 2], GeorefError> {
        if self.from.geocentric || self.to.geocentric {
            return Err(GeorefError::NeedsHeight);
        }
        self.run([x, y, 0.0], false).map(|[x, y, _]| [x, y])
    }

    /// Whether the CRS that it comes from says what heights are measured from. RD alone does not, nor do UTM, Web Mercator
    /// or plain longitude and latitude.
    pub fn knows_heights(&self) -> bool {
        self.from.has_height
    }

    /// Whether the results' first two numbers are angles.
    pub fn gives_angles(&self) -> bool {
        self.to.angular
    }

    /// Accuracy in metres that the authority states for the part of the last conversion which PROJ chose
    /// from its database; 0 when every part is a formula or the RDNAPTRANS2018 procedure, `None` when the
    /// authority states nothing.
    pub fn last_accuracy_m(&self) -> Option<f64> {
        self.steps.iter().try_fold(0.0, |sum, step| match step {
            Step::Database(pj) => pj.last_accuracy_m().map(|a| sum + a),
            _ => Some(sum),
        })
    }

    fn run(&self, p: [f64; 3], with_height: bool) -> Result<[f64; 3], GeorefError> {
        let [x, y, z] = p;
        let outside = |reason| GeorefError::Outside { x, y, z, reason };
        if !p.iter().all(|v| v.is_finite()) {
            return Err(outside("not a finite number".into()));
        }
        let done = self.steps.iter().try_fold(p, |p, step| step.run(p, with_height));
        // The caller knows its own coordinates, not those in between.
        done.map_err(|e| {
            if let GeorefError::Outside { reason, .. } = e {
                outside(reason)
            } else {
                e
            }
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what passes through must not change by a bit")]
mod tests {
    use super::*;

    /// The known point in several systems, x or longitude first. UTM and ECEF from PROJ by another road (pyproj).
    const LON_LAT_H: [f64; 3] = [6.79, 52.26, 60.0];
    const RD_NAP: [f64; 3] = [250_769.394_0, 475_590.051_4, 16.568_7];
    const ECEF: [f64; 3] = [3_884_720.317_28, 462_537.214_96, 5_020_610.187_52];
    const UTM_31: [f64; 2] = [758_628.260_3, 5_796_725.495_8];

    fn convert(from: u32, to: u32, p: [f64; 3]) -> Result<[f64; 3], GeorefError> {
        Transformer::new(Crs(from), Crs(to))?.convert(p)
    }

    fn assert_near(got: [f64; 3], want: [f64; 3], tolerances: [f64; 3]) {
        for ((g, w), t) in got.into_iter().zip(want).zip(tolerances) {
            assert!((g - w).abs() < t, "{got:?} is not {want:?}");
        }
    }

    const METRES: [f64; 3] = [0.001; 3];
    const DEGREES: [f64; 3] = [1e-8, 1e-8, 0.001];

    #[test]
    fn rd_and_nap_go_by_the_procedure_whatever_the_code_on_the_other_side() {
        for geographic in [4937, 4979, 4258, 4326] {
            assert_near(convert(geographic, 7415, LON_LAT_H).unwrap(), RD_NAP, METRES);
            assert_near(convert(7415, geographic, RD_NAP).unwrap(), LON_LAT_H, DEGREES);
        }
        assert_near(convert(7415, 4978, RD_NAP).unwrap(), ECEF, METRES);
        for (other, tolerances) in [
            (4978, METRES),
            (3857, METRES),
            (25831, METRES),
            (25832, METRES),
            (32631, METRES),
        ] {
            let there = convert(7415, other, RD_NAP).unwrap();
            assert_near(convert(other, 7415, there).unwrap(), RD_NAP, tolerances);
            let geographic = convert(other, 4979, there).unwrap();
            assert_near(geographic, LON_LAT_H, DEGREES);
        }
    }

    #[test]
    fn rd_alone_hands_its_third_number_through() {
        for geographic in [4258, 4326, 4937, 4979] {
            assert_near(
                convert(28992, geographic, [RD_NAP[0], RD_NAP[1], 5.5]).unwrap(),
                [6.79, 52.26, 5.5],
                DEGREES,
            );
            let back = convert(geographic, 28992, [6.79, 52.26, 5.5]).unwrap();
            assert_near(back, [RD_NAP[0], RD_NAP[1], 5.5], METRES);
        }
        let utm = convert(28992, 25831, [RD_NAP[0], RD_NAP[1], 5.5]).unwrap();
        assert_near(utm, [UTM_31[0], UTM_31[1], 5.5], METRES);
        assert_near(convert(25831, 28992, utm).unwrap(), [RD_NAP[0], RD_NAP[1], 5.5], METRES);
        assert_eq!(convert(28992, 28992, [1.0, 2.0, 3.0]).unwrap(), [1.0, 2.0, 3.0]);
        // Far outside the grids RD alone still has coordinates (a row of the self-validation set).
        let far = convert(4258, 28992, [0.178_718_781, 48.525_215_534, 0.0]).unwrap();
        assert_near(far, [-229_867.071_8, 72_603.528_6, 0.0], METRES);
    }

    #[test]
    fn a_height_is_transformed_or_refused_but_never_guessed() {
        // RD without heights to what needs one.
        for to in [7415, 4978, 5555] {
            let e = Transformer::new(Crs(28992), Crs(to)).unwrap_err().to_string();
            assert!(e.contains("7415"), "{e}");
        }
        // German heights need a geoid that is not here.
        for (from, to) in [(5555, 4937), (4937, 5555), (5555, 7415), (7415, 5555), (5555, 4326)] {
            let made = Transformer::new(Crs(from), Crs(to));
            assert!(
                matches!(made, Err(GeorefError::Definition { .. })),
                "{from} {to}: {made:?}"
            );
        }
        // A height system alone has no position.
        let e = Transformer::new(Crs(5709), Crs(4979)).unwrap_err().to_string();
        assert!(e.contains("7415"), "{e}");
        let e = convert(4979, 7415, [0.178_718_781, 48.525_215_534, 320.0]).unwrap_err();
        assert!(matches!(e, GeorefError::Outside { x, .. } if x == 0.178_718_781), "{e}");
        assert!(Transformer::new(Crs(4289), Crs(4258)).is_err());
    }

    #[test]
    fn two_numbers_need_no_geoid() {
        let there = Transformer::new(Crs(4979), Crs::RD_NAP).unwrap();
        let [x, y] = there.convert_flat([0.178_718_781, 48.525_215_534]).unwrap();
        assert_near([x, y, 0.0], [-229_867.071_8, 72_603.528_6, 0.0], METRES);
        assert!(
            Transformer::new(Crs::RD_NAP, Crs::ECEF)
                .unwrap()
                .convert_flat([x, y])
                .is_err()
        );
    }

    #[test]
    fn other_pairs_go_through_projs_database_with_longitude_first() {
        let [x, y, _] = convert(4326, 3857, [6.79, 52.26, 0.0]).unwrap();
        let want_x = 6.79_f64.to_radians() * 6_378_137.0;
        let want_y = (std::f64::consts::FRAC_PI_4 + 52.26_f64.to_radians() / 2.0).tan().ln() * 6_378_137.0;
        assert_near([x, y, 0.0], [want_x, want_y, 0.0], METRES);
        // UTM 18 north of Delaware; the central meridian is 75° west.
        let utm = convert(4326, 32618, [-75.0, 39.7, 12.0]).unwrap();
        assert!(
            (utm[0] - 500_000.0).abs() < 1e-6 && (utm[1] - 4_394_461.017).abs() < 0.001,
            "{utm:?}"
        );
        assert_near(convert(32618, 4979, utm).unwrap(), [-75.0, 39.7, 12.0], DEGREES);
        let through_database = Transformer::new(Crs(4326), Crs(32618)).unwrap();
        through_database.convert([-75.0, 39.7, 0.0]).unwrap();
        assert_eq!(through_database.last_accuracy_m(), Some(0.0));
        assert!(!through_database.gives_angles());
        assert!(Transformer::new(Crs(32618), Crs(4326)).unwrap().gives_angles());
    }

    #[test]
    fn unknown_codes_and_names_are_refused() {
        assert!(matches!(
            Transformer::new(Crs(999_999), Crs(4326)),
            Err(GeorefError::Definition { .. })
        ));
        for (name, code) in [
            ("EPSG:7415", 7415),
            ("epsg:28992", 28992),
            (" EPSG:4979 ", 4979),
            ("EPSG:28992+5709", 7415),
        ] {
            assert_eq!(name.parse::<Crs>().unwrap(), Crs(code));
        }
        for name in [
            "",
            "7415",
            "EPSG:",
            "EPSG:+7",
            "EPSG:rd",
            "ESRI:102100",
            "EPSG:99999999999",
            "EPSG:7415 ",
        ] {
            assert_eq!(name.parse::<Crs>().is_ok(), name == "EPSG:7415 ", "{name}");
        }
        assert_eq!(Crs(7415).to_string(), "EPSG:7415");
    }

    #[test]
    fn infinities_do_not_get_through() {
        for (from, to) in [(4326, 3857), (7415, 4979), (4326, 32618), (4979, 4326)] {
            assert!(convert(from, to, [f64::NAN, 52.0, 0.0]).is_err(), "{from} {to}");
        }
    }
}
