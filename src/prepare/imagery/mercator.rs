//! The tiles that are made (`WebMercatorQuad`), and where their pixels lie in RD.

use crate::georef::{lon_lat_from_rd, rd_from_lon_lat};
use crate::sources::online::{TileMatrixSet, TileRange};
use bevy::math::DVec2;
use std::f64::consts::{FRAC_PI_4, PI};

/// Pixels along the side of a tile.
pub(super) const SIDE_PX: usize = 256;
/// Pixels between two places that are looked up; between them the way to RD is as good as straight.
pub(super) const STRIDE: usize = 16;
/// Places along the side of a tile.
pub(super) const PLACES: usize = SIDE_PX / STRIDE + 1;
/// Finest level that is made: 4 cm on Dutch ground.
pub(super) const FINEST_ZOOM: u8 = 21;
/// Radius of the sphere, metres.
const RADIUS_M: f64 = 6_378_137.0;
const SET: TileMatrixSet = TileMatrixSet::WebMercatorQuad;

/// A tile; rows are counted from the north.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PictureTile {
    pub(super) zoom: u8,
    pub(super) column: u32,
    pub(super) row: u32,
}

impl PictureTile {
    /// The four below it: north-west, north-east, south-west, south-east.
    pub(super) fn below(self) -> [Self; 4] {
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(east, south)| Self {
            zoom: self.zoom + 1,
            column: 2 * self.column + east,
            row: 2 * self.row + south,
        })
    }

    /// Its row counted from the south, as the Tile Map Service has it.
    pub(super) fn row_from_south(self) -> u32 {
        (1_u32 << self.zoom) - 1 - self.row
    }

    /// Places along its rows and columns, from the north-west, every [`STRIDE`] pixels: corners of pixels.
    pub(super) fn places(self) -> Vec<Option<Place>> {
        let [west, _, east, north] = SET.tile_bounds(self.zoom, self.column, self.row);
        let step = (east - west) / step_count();
        let along = || (0..PLACES).map(|place| f64::from(u32::try_from(place).unwrap_or(0)) * step);
        along()
            .flat_map(|south| along().map(move |east| DVec2::new(west + east, north - south)))
            .map(Place::at)
            .collect()
    }
}

/// Steps between the places along a side, as a number.
fn step_count() -> f64 {
    f64::from(u32::try_from(PLACES - 1).unwrap_or(1))
}

/// A place in Web Mercator and in RD, metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) mercator: DVec2,
    pub(super) rd: DVec2,
}

impl Place {
    /// `None` where RD does not reach.
    fn at(mercator: DVec2) -> Option<Self> {
        let angles = mercator / RADIUS_M;
        let lat_deg = (2.0 * angles.y.exp().atan() - 2.0 * FRAC_PI_4).to_degrees();
        let rd = rd_from_lon_lat(angles.x.to_degrees(), lat_deg).ok()?;
        Some(Self { mercator, rd })
    }
}

/// West, south, east and north in Web Mercator of a box in RD: around its outline, which is bent there.
pub(super) fn bounds_of(low: DVec2, high: DVec2) -> Option<[f64; 4]> {
    let steps = || (0..=8).map(|step| f64::from(step) / 8.0);
    let outline = steps().flat_map(|t| [[t, 0.0], [t, 1.0], [0.0, t], [1.0, t]]);
    let mut bounds: Option<[f64; 4]> = None;
    for share in outline {
        let p = low + (high - low) * DVec2::from_array(share);
        let degrees = lon_lat_from_rd(p.x, p.y).ok()?;
        let (lon, lat) = (degrees.x.to_radians(), degrees.y.to_radians());
        let p = DVec2::new(lon, (FRAC_PI_4 + lat / 2.0).tan().ln()) * RADIUS_M;
        let [west, south, east, north] = bounds.unwrap_or([p.x, p.y, p.x, p.y]);
        bounds = Some([west.min(p.x), south.min(p.y), east.max(p.x), north.max(p.y)]);
    }
    bounds
}

/// The tiles of a level over a box in Web Mercator.
pub(super) fn range_over([west, south, east, north]: [f64; 4], zoom: u8) -> TileRange {
    let edge = RADIUS_M * PI;
    let side = 2.0 * edge / f64::from(1_u32 << zoom);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the columns of a level, which a u32 holds"
    )]
    let number = |metres: f64| (metres / side).floor().clamp(0.0, f64::from((1_u32 << zoom) - 1)) as u32;
    TileRange {
        columns: [number(west + edge), number(east + edge)],
        rows: [number(edge - north), number(edge - south)],
    }
}

/// Metres on the ground that a pixel of a level covers at a latitude.
pub(super) fn ground_m(zoom: u8, lat_deg: f64) -> f64 {
    SET.metres_per_pixel(zoom) * lat_deg.to_radians().cos()
}

/// Level whose pixels come nearest to a size on the ground.
pub(super) fn zoom_for(pixel_m: f64, lat_deg: f64) -> u8 {
    let ratio = |zoom: &u8| (ground_m(*zoom, lat_deg) / pixel_m).ln().abs();
    let nearest = (0..=FINEST_ZOOM).min_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    nearest.unwrap_or(FINEST_ZOOM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_lie_where_others_have_them() {
        // The middle of Hengelo at level 18.
        let place = DVec2::new(250_961.0, 476_250.0);
        let bounds = bounds_of(place - 1.0, place + 1.0).unwrap();
        let range = range_over(bounds, 18);
        assert_eq!((range.columns[0], range.rows[0]), (136_018, 86_274));
        let tile = PictureTile {
            zoom: 18,
            column: 136_018,
            row: 86_274,
        };
        assert_eq!(tile.row_from_south(), 175_869);
        let places = tile.places();
        assert_eq!(places.len(), PLACES * PLACES);
        let (first, last) = (places[0].unwrap(), places[PLACES * PLACES - 1].unwrap());
        assert!(first.rd.x < place.x && first.rd.y > place.y, "{first:?}");
        assert!(last.rd.x > place.x && last.rd.y < place.y, "{last:?}");
        // 152.9 m in Mercator is 93.6 m on the ground there.
        assert!(
            (first.rd.distance(last.rd) - 93.6 * 2.0_f64.sqrt()).abs() < 0.5,
            "{first:?} {last:?}"
        );
        assert!((last.mercator.x - first.mercator.x - 152.874).abs() < 0.001);
    }

    #[test]
    fn the_level_follows_the_size_of_pixels() {
        for (pixel_m, zoom) in [
            (0.075, 20),
            (0.25, 19),
            (0.5, 18),
            (1.0, 17),
            (100.0, 10),
            (1e9, 0),
            (1e-9, 21),
        ] {
            assert_eq!(zoom_for(pixel_m, 52.27), zoom, "{pixel_m}");
        }
    }

    #[test]
    fn the_four_below_cover_a_tile() {
        let tile = PictureTile {
            zoom: 3,
            column: 4,
            row: 2,
        };
        let below = tile.below();
        assert_eq!(
            below[0].places()[0].map(|p| p.mercator),
            tile.places()[0].map(|p| p.mercator)
        );
        assert_eq!(
            below.map(|tile| (tile.column, tile.row)),
            [(8, 4), (9, 4), (8, 5), (9, 5)]
        );
    }
}
