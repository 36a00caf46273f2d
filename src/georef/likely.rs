//! Which CRS coordinates without one are likely in: those that put them in or near the Netherlands.

use super::{Crs, GeorefError, Transformer};
use bevy::math::DVec2;

/// Where RD is in use, metres, as EPSG bounds it, with a margin.
const RD_AREA: [DVec2; 2] = [DVec2::new(-7_000.0, 289_000.0), DVec2::new(300_000.0, 629_000.0)];
/// What counts as near the Netherlands: west, south, east, north, degrees. Belgium is whole in it, and the zero of its
/// systems, around which drawings without a system lie, is not.
const NEAR_DEG: [f64; 4] = [2.5, 49.45, 8.5, 54.0];
/// The systems that files of this country and its neighbours come in: RD, degrees, UTM 31 and 32, Web Mercator, Belgian
/// Lambert 72 and 2008, the European grid. Of systems that differ by less than a metre one stands for both.
const USUAL: [Crs; 8] = [
    Crs::RD,
    Crs(4326),
    Crs(25831),
    Crs(25832),
    Crs(3857),
    Crs(31370),
    Crs(3812),
    Crs(3035),
];

/// A CRS that coordinates may be in, and where they lie then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LikelyCrs {
    /// The CRS.
    pub crs: Crs,
    /// Where the middle of the coordinates lies then, degrees east.
    pub lon_deg: f64,
    /// The same, degrees north.
    pub lat_deg: f64,
}

impl Crs {
    /// Whether coordinates on a map can be in it: PROJ knows it, and it is no height and no system around the centre of the
    /// earth.
    pub fn is_on_map(self) -> bool {
        let flat = Transformer::new(self, Self(4326)).map(|to| to.convert_flat([0.0, 0.0]));
        matches!(flat, Ok(Ok(_) | Err(GeorefError::Outside { .. })))
    }
}

/// Whether a box of coordinates can be RD: its corners, metres.
pub fn fits_rd(low: DVec2, high: DVec2) -> bool {
    low.cmpge(RD_AREA[0]).all() && high.cmple(RD_AREA[1]).all()
}

/// Where the middle of a box of coordinates lies if they are in `crs`, with `x` first; `None` where that CRS has no such
/// place.
pub fn placed_in(crs: Crs, low: DVec2, high: DVec2) -> Option<LikelyCrs> {
    let to_lon_lat = Transformer::new(crs, Crs(4326)).ok()?;
    let [lon_deg, lat_deg] = to_lon_lat.convert_flat(low.midpoint(high).to_array()).ok()?;
    let is_place = lon_deg.abs() <= 180.0 && lat_deg.abs() <= 90.0;
    is_place.then_some(LikelyCrs { crs, lon_deg, lat_deg })
}

/// The usual systems in which a box of coordinates lies in or near the Netherlands, the commonest first. Empty for
/// coordinates that are none, and for drawings around a zero of their own.
pub fn likely_crs(low: DVec2, high: DVec2) -> Vec<LikelyCrs> {
    if !low.is_finite() || !high.is_finite() {
        return Vec::new();
    }
    let [west, south, east, north] = NEAR_DEG;
    let is_near =
        |place: &LikelyCrs| (west..=east).contains(&place.lon_deg) && (south..=north).contains(&place.lat_deg);
    let fits = |crs: &Crs| *crs != Crs::RD || fits_rd(low, high);
    USUAL
        .into_iter()
        .filter(fits)
        .filter_map(|crs| placed_in(crs, low, high))
        .filter(is_near)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likely(x: f64, y: f64) -> Vec<u32> {
        let p = DVec2::new(x, y);
        likely_crs(p, p + 1e-3).into_iter().map(|likely| likely.crs.0).collect()
    }

    #[test]
    fn the_same_place_is_known_by_its_numbers_in_each_system() {
        // Hengelo, Brink.
        let place = [6.7936, 52.2659];
        for crs in USUAL {
            let to = Transformer::new(Crs(4326), crs).unwrap();
            let [x, y] = to.convert_flat(place).unwrap();
            let found = likely_crs(DVec2::new(x, y), DVec2::new(x, y));
            let own = found.iter().find(|likely| likely.crs == crs);
            let own = own.unwrap_or_else(|| panic!("{crs}: {found:?}"));
            assert!(
                (own.lon_deg - place[0]).abs() < 1e-3 && (own.lat_deg - place[1]).abs() < 1e-3,
                "{own:?}"
            );
        }
    }

    #[test]
    fn numbers_of_nowhere_near_have_no_likely_system() {
        assert_eq!(likely(40.0, 30.0), [0_u32; 0], "a drawing");
        assert_eq!(likely(-73.6, 45.5), [0_u32; 0], "another continent");
        assert_eq!(likely(f64::NAN, 0.0), [0_u32; 0]);
        assert!(likely_crs(DVec2::splat(f64::INFINITY), DVec2::ZERO).is_empty());
        assert_eq!(likely(251_000.0, 476_250.0)[0], 28992);
        assert_eq!(likely(6.79, 52.27)[0], 4326);
        assert_eq!(likely(756_300.0, 6_843_500.0)[0], 3857);
    }
}
