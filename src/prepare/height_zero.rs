//! What the heights of a grid are measured from, by the systems that its file names.

use crate::georef::{Crs, RdNap, lon_lat_h_from_rd_nap};
use bevy::math::DVec2;

/// EPSG code of NAP.
pub(super) const NAP: u32 = 5709;

/// What the heights of a file are measured from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Zero {
    Nap,
    Ellipsoid,
}

impl Zero {
    /// By the systems that a file names; why it cannot be used else. Heights of which nothing is said are NAP.
    pub(super) fn of(crs: Crs, vertical: Option<u32>) -> Result<Self, String> {
        match (vertical, crs.0) {
            // GRS 80 and WGS 84 as systems of heights of their own are how it was written before there were systems of
            // three numbers; some writers name such a one twice.
            (Some(5019 | 5030), _) | (None, 4937 | 4979) | (Some(4937 | 4979), 4258 | 4326 | 4937 | 4979) => {
                Ok(Self::Ellipsoid)
            }
            (None | Some(NAP), _) | (Some(7415), 28992 | 7415) => Ok(Self::Nap),
            (Some(other), _) => Err(format!(
                "its heights are neither above NAP nor above the ellipsoid but EPSG:{other}; bring them to NAP first, for \
                 example with gdalwarp -t_srs EPSG:7415"
            )),
        }
    }

    /// A height at a place in RD above NAP, metres; `None` where nobody knows how the two lie there.
    pub(super) fn nap(self, rd: DVec2, height_m: f64) -> Option<f64> {
        if self == Self::Nap {
            return Some(height_m);
        }
        let zero = RdNap {
            x_m: rd.x,
            y_m: rd.y,
            nap_m: 0.0,
        };
        Some(height_m - lon_lat_h_from_rd_nap(zero).ok()?.h_m)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_brought_to_nap_by_what_the_file_says_of_them() {
        for (crs, vertical, expected) in [
            (28992, None, Ok(Zero::Nap)),
            (28992, Some(NAP), Ok(Zero::Nap)),
            (7415, None, Ok(Zero::Nap)),
            (25831, None, Ok(Zero::Nap)),
            (4979, None, Ok(Zero::Ellipsoid)),
            (4937, None, Ok(Zero::Ellipsoid)),
            (28992, Some(5030), Ok(Zero::Ellipsoid)),
            (4979, Some(NAP), Ok(Zero::Nap)),
            (28992, Some(5710), Err(())),
            (25832, Some(7837), Err(())),
        ] {
            assert_eq!(
                Zero::of(Crs(crs), vertical).map_err(drop),
                expected,
                "{crs} {vertical:?}"
            );
        }
        let rd = DVec2::new(250_769.394_0, 475_590.051_4);
        let nap = Zero::Ellipsoid.nap(rd, 60.0).unwrap();
        assert!((nap - 16.568_7).abs() < 0.001, "{nap}");
        assert_eq!(Zero::Nap.nap(rd, 60.0), Some(60.0));
        assert_eq!(Zero::Ellipsoid.nap(DVec2::new(-229_867.0, 72_603.0), 60.0), None);
    }
}
