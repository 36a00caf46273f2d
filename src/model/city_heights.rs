//! What the heights of a city model are measured from. This is the one rule, for the viewer and for preparing alike.
//!
//! - A system of three numbers says it: RD and NAP (7415), above the ellipsoid (4979, 4978), or both in one code. RD alone is
//!   taken as RD and NAP, as everybody writes it.
//! - Any other flat system (UTM, Web Mercator, plain degrees) says nothing. Where NAP is known, in the Netherlands and close
//!   around them, heights beside it are taken as NAP: nobody there writes others without saying so. Elsewhere they are taken
//!   as heights above the ellipsoid, since no other zero is known there.
//! - Where the ground is known, the feet of the model are held against it as those of tiles are ([`FootSurvey`]). Heights that
//!   the ground shows to be of the other zero are.
//!
//! What was taken without being said is told in one line.

use super::{FootSurvey, OffGround, TileHeights};
use crate::georef::{
    Crs, GeorefError, HeightReference, RdNap, Transformer, in_rdnap_grid, lon_lat_from_rd, lon_lat_h_from_rd_nap,
};
use crate::sources::{Cause, CityFeature, Problem};
use bevy::math::{DVec2, DVec3};

/// So many features tell where a model lies; one alone may be the damaged one.
pub const FIRST_FEATURES: usize = 16;

/// What the heights of one model are measured from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CityHeights {
    crs: Crs,
    /// `None` where the system says it.
    taken: Option<HeightReference>,
    /// What the ground said, if it was asked and it objected.
    off: Option<OffGround>,
    /// Whether the ground decided.
    is_by_ground: bool,
}

impl CityHeights {
    /// Of a model in `crs`, by the places of some of its corners. RD alone comes out as RD and NAP.
    ///
    /// # Errors
    /// When nobody knows the system.
    pub fn of(crs: Crs, corners: impl IntoIterator<Item = DVec3>) -> Result<Self, GeorefError> {
        let crs = if crs == Crs::RD { Crs::RD_NAP } else { crs };
        let says_it = crs == Crs::RD_NAP || Transformer::new(crs, Crs::ECEF)?.knows_heights();
        let taken = (!says_it).then(|| {
            if is_where_nap_is(crs, corners) {
                HeightReference::Nap
            } else {
                HeightReference::Ellipsoid
            }
        });
        Ok(Self {
            crs,
            taken,
            off: None,
            is_by_ground: false,
        })
    }

    /// What they are taken for; `None` where the system says it.
    pub fn taken(&self) -> Option<HeightReference> {
        self.taken
    }

    /// The way from the coordinates of the file to RD and NAP; `None` where they are that.
    ///
    /// # Errors
    /// When there is no way.
    pub fn way_to_rd_nap(&self) -> Result<Option<Transformer>, GeorefError> {
        match self.taken {
            _ if self.crs == Crs::RD_NAP => Ok(None),
            // RD alone hands heights through as they are.
            Some(HeightReference::Nap) => Transformer::new(self.crs, Crs::RD).map(Some),
            Some(HeightReference::Ellipsoid) | None => Transformer::new(self.crs, Crs::RD_NAP).map(Some),
        }
    }

    /// The way from the coordinates of the file to a system of three numbers, `None` where they are in it, and that system.
    ///
    /// # Errors
    /// When there is no way.
    pub fn way_to_known_heights(&self) -> Result<(Option<Transformer>, Crs), GeorefError> {
        match self.taken {
            Some(HeightReference::Nap) => Ok((self.way_to_rd_nap()?, Crs::RD_NAP)),
            // Heights beside a flat system are above the ellipsoid to whatever places them.
            Some(HeightReference::Ellipsoid) | None => Ok((None, self.crs)),
        }
    }

    /// Holds places where the model stands, RD and NAP by [`Self::way_to_rd_nap`], against the ground: heights that the
    /// system says stay what they are, others become what the ground shows.
    #[must_use]
    pub fn held_against(self, feet: impl Iterator<Item = DVec3>, ground: impl Fn(DVec2) -> Option<f64>) -> Self {
        let Some(taken) = self.taken else { return self };
        let mut survey = FootSurvey::default();
        let mut apart_m = None;
        for foot in feet {
            let Some(ground_m) = ground(foot.truncate()) else {
                continue;
            };
            apart_m = apart_m.or_else(|| ellipsoid_below_nap_m(foot.truncate()));
            survey.note_above_ground(foot.z - ground_m);
            if survey.is_full() {
                break;
            }
        }
        let Some(apart_m) = apart_m else { return self };
        let offset_m = match taken {
            HeightReference::Nap => apart_m,
            HeightReference::Ellipsoid => 0.0,
        };
        survey.judge(offset_m, apart_m);
        match survey.verdict() {
            Some(OffGround {
                mend: TileHeights::From(reference),
                ..
            }) => Self {
                taken: Some(reference),
                is_by_ground: true,
                ..self
            },
            off => Self { off, ..self },
        }
    }

    /// What has to be said of it, of the model at `path`.
    pub fn note(&self, path: &str) -> Option<Problem> {
        let crs = self.crs;
        let zero = match self.taken? {
            HeightReference::Nap => "NAP",
            HeightReference::Ellipsoid => "heights above the ellipsoid",
        };
        let why = if self.is_by_ground { ", as the ground shows" } else { "" };
        let stand = match self.off {
            Some(off) if off.above_m > 0.0 => {
                format!(", though by that they float {:.0} m above the ground", off.above_m)
            }
            Some(off) => format!(", though by that they lie {:.0} m below the ground", -off.above_m),
            None => String::new(),
        };
        let message = format!(
            "{crs} says nothing of heights; they are taken as {zero}{why}{stand}; where that is wrong, bring the file to a \
             system that says it (EPSG:7415, EPSG:4979)"
        );
        Some(Problem::warning(path, "metadata.referenceSystem", message).because(Cause::Place))
    }
}

/// A corner of each of the first features, to tell where a model lies.
pub fn first_corners(features: impl Iterator<Item = CityFeature>) -> Vec<DVec3> {
    let corner = |feature: CityFeature| feature.parts.iter().flat_map(|part| &part.positions).next().copied();
    features.take(FIRST_FEATURES).filter_map(corner).collect()
}

/// Brings a feature over; `false` where it has no place there. Corners that have none are left without one.
pub fn bring_over(way: Option<&Transformer>, feature: &mut CityFeature) -> bool {
    let Some(way) = way else { return true };
    let mut is_placed = true;
    for p in feature.parts.iter_mut().flat_map(|part| &mut part.positions) {
        *p = way.convert(p.to_array()).map_or(DVec3::NAN, DVec3::from_array);
        is_placed &= p.is_finite();
    }
    is_placed
}

/// Whether most of the corners lie where NAP is known.
fn is_where_nap_is(crs: Crs, corners: impl IntoIterator<Item = DVec3>) -> bool {
    let Ok(to_rd) = Transformer::new(crs, Crs::RD) else {
        return false;
    };
    let is_inside = |corner: DVec3| {
        let rd = to_rd.convert_flat([corner.x, corner.y]);
        let degrees = rd.and_then(|[x_m, y_m]| lon_lat_from_rd(x_m, y_m));
        degrees.is_ok_and(|degrees| in_rdnap_grid(degrees.x, degrees.y))
    };
    let (inside, outside): (Vec<DVec3>, Vec<DVec3>) = corners.into_iter().partition(|corner| is_inside(*corner));
    inside.len() > outside.len()
}

/// How far the ellipsoid lies below NAP at a place in RD.
fn ellipsoid_below_nap_m(p: DVec2) -> Option<f64> {
    let zero = RdNap {
        x_m: p.x,
        y_m: p.y,
        nap_m: 0.0,
    };
    Some(lon_lat_h_from_rd_nap(zero).ok()?.h_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known point: RD and NAP, and the same in UTM.
    const RD_NAP: DVec3 = DVec3::new(250_769.394_0, 475_590.051_4, 16.568_7);
    const UTM_31: DVec2 = DVec2::new(758_628.260_3, 5_796_725.495_8);
    const LON_LAT: DVec2 = DVec2::new(6.79, 52.26);
    /// How far the ellipsoid lies below NAP there, metres.
    const APART_M: f64 = 60.0 - 16.568_7;

    fn of(crs: u32, at: DVec3) -> CityHeights {
        CityHeights::of(Crs(crs), [at]).unwrap()
    }

    fn placed(heights: &CityHeights, at: DVec3) -> DVec3 {
        match heights.way_to_rd_nap().unwrap() {
            Some(way) => DVec3::from(way.convert(at.to_array()).unwrap()),
            None => at,
        }
    }

    #[test]
    fn a_system_with_heights_says_what_they_are() {
        for (crs, at) in [
            (28992, RD_NAP),
            (7415, RD_NAP),
            (4979, LON_LAT.extend(60.0)),
            (4937, LON_LAT.extend(60.0)),
            (4978, DVec3::new(3_884_720.317_28, 462_537.214_96, 5_020_610.187_52)),
        ] {
            let heights = of(crs, at);
            assert_eq!((heights.taken(), heights.note("a")), (None, None), "EPSG:{crs}");
            assert!(placed(&heights, at).distance(RD_NAP) < 0.01, "EPSG:{crs}");
            // The ground has no say.
            let held = heights.held_against((0..99).map(|_| RD_NAP), |_| Some(-40.0));
            assert_eq!(held, heights, "EPSG:{crs}");
        }
        for refused in [5555, 5709, 1] {
            assert!(CityHeights::of(Crs(refused), [RD_NAP]).is_err(), "EPSG:{refused}");
        }
    }

    #[test]
    fn a_flat_system_has_the_heights_of_its_country_and_says_so() {
        for (crs, at) in [(25831, UTM_31), (32631, UTM_31), (4258, LON_LAT), (4326, LON_LAT)] {
            let at = at.extend(RD_NAP.z);
            let heights = of(crs, at);
            assert_eq!(heights.taken(), Some(HeightReference::Nap), "EPSG:{crs}");
            assert!(placed(&heights, at).distance(RD_NAP) < 0.01, "EPSG:{crs}");
            let (_, target) = heights.way_to_known_heights().unwrap();
            assert_eq!(target, Crs::RD_NAP);
            let told = heights.note("a.city.json").unwrap().to_string();
            assert!(
                told.contains(&format!("EPSG:{crs} says nothing")) && told.contains("taken as NAP;"),
                "{told}"
            );
        }
        // Munich, in the zone that reaches the Netherlands too.
        let munich = of(25832, DVec3::new(691_000.0, 5_335_000.0, 560.0));
        assert_eq!(munich.taken(), Some(HeightReference::Ellipsoid));
        let (way, target) = munich.way_to_known_heights().unwrap();
        assert!(way.is_none() && target == Crs(25832));
        assert!(munich.note("a").unwrap().message.contains("above the ellipsoid"));
    }

    #[test]
    fn one_damaged_corner_does_not_move_a_model_abroad() {
        let at = UTM_31.extend(10.0);
        let corners = [DVec3::ZERO, at, at, DVec3::NAN, at];
        let heights = CityHeights::of(Crs(25831), corners).unwrap();
        assert_eq!(heights.taken(), Some(HeightReference::Nap));
    }

    #[test]
    fn the_ground_decides_where_there_is_one() {
        let heights = of(25831, UTM_31.extend(60.0));
        let town = |above_m: f64| (0..60).map(move |_| RD_NAP + above_m * DVec3::Z);
        let ground = |_: DVec2| Some(RD_NAP.z);
        // On it, or nearly.
        for above_m in [-2.0, 0.0, 6.0] {
            assert_eq!(heights.held_against(town(above_m), ground), heights, "{above_m}");
        }
        let held = heights.held_against(town(APART_M), ground);
        assert_eq!(held.taken(), Some(HeightReference::Ellipsoid));
        assert!(held.note("a").unwrap().message.contains("as the ground shows"));
        assert!(placed(&held, UTM_31.extend(60.0)).distance(RD_NAP) < 0.01);
        // Nobody knows what that is.
        let odd = heights.held_against(town(-20.0), ground);
        assert_eq!(odd.taken(), Some(HeightReference::Nap));
        assert!(odd.note("a").unwrap().message.contains("lie 20 m below the ground"));
        // A handful of houses, or none on the ground, says nothing.
        for few in [
            heights.held_against(town(APART_M).take(10), ground),
            heights.held_against(town(APART_M), |_| None),
        ] {
            assert_eq!(few, heights);
        }
    }
}
