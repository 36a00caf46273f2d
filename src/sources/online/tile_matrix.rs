//! Which tiles of a picture service cover an area (OGC WMTS 1.0.0, section 6.1): columns to the east, rows to the south,
//! from the top left corner of the set.

use super::area::RdArea;
use crate::georef::{GeorefError, lon_lat_from_rd};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Pixels along a side of a tile.
const TILE_PX: f64 = 256.0;
/// Half the equator of the Web Mercator sphere, metres: the edge of its world.
const MERCATOR_EDGE_M: f64 = 20_037_508.342_789_244;
/// Radius of that sphere, metres.
const MERCATOR_RADIUS_M: f64 = 6_378_137.0;
/// Places along every side of an area at which its outline is looked at in another projection.
const LOOKS_PER_SIDE: u32 = 8;

/// How the tiles of a service lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TileMatrixSet {
    /// `NetherlandsRDNewQuad`: RD New, 3440.64 m per pixel at level 0.
    #[serde(rename = "EPSG:28992")]
    RdNewQuad,
    /// `WebMercatorQuad`: 156543.03 m per pixel at level 0.
    #[serde(rename = "EPSG:3857")]
    WebMercatorQuad,
}

/// Columns and rows, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileRange {
    /// First and last column.
    pub columns: [u32; 2],
    /// First and last row.
    pub rows: [u32; 2],
}

impl TileRange {
    /// How many tiles.
    pub fn count(&self) -> u64 {
        let along = |[first, last]: [u32; 2]| u64::from(last - first) + 1;
        along(self.columns) * along(self.rows)
    }

    /// Column and row of each, row by row.
    pub fn tiles(self) -> impl Iterator<Item = (u32, u32)> {
        (self.rows[0]..=self.rows[1])
            .flat_map(move |row| (self.columns[0]..=self.columns[1]).map(move |column| (column, row)))
    }
}

impl TileMatrixSet {
    /// Finest level that is counted with.
    pub const FINEST_ZOOM: u8 = 24;

    /// Code of its reference system.
    pub fn epsg(self) -> u32 {
        match self {
            Self::RdNewQuad => 28992,
            Self::WebMercatorQuad => 3857,
        }
    }

    /// Left and top edge of the set and metres per pixel at level 0, in its own metres.
    fn frame(self) -> (f64, f64, f64) {
        match self {
            // Geonovum, Nederlandse richtlijn tiling.
            Self::RdNewQuad => (-285_401.92, 903_401.92, 3440.64),
            Self::WebMercatorQuad => (-MERCATOR_EDGE_M, MERCATOR_EDGE_M, 2.0 * MERCATOR_EDGE_M / TILE_PX),
        }
    }

    /// Metres per pixel at a level, in the metres of the set.
    pub fn metres_per_pixel(self, zoom: u8) -> f64 {
        self.frame().2 / f64::from(1_u32 << zoom.min(Self::FINEST_ZOOM))
    }

    /// Left, bottom, right and top edge of a tile, in the metres of the set.
    pub fn tile_bounds(self, zoom: u8, column: u32, row: u32) -> [f64; 4] {
        let (left, top, _) = self.frame();
        let size = self.metres_per_pixel(zoom) * TILE_PX;
        let edge = |count: u32| f64::from(count) * size;
        [
            left + edge(column),
            top - edge(row) - size,
            left + edge(column) + size,
            top - edge(row),
        ]
    }

    /// The tiles that cover an area at a level.
    ///
    /// # Errors
    /// Where the area has no place in the set.
    pub fn tiles_over(self, area: &RdArea, zoom: u8) -> Result<TileRange, GeorefError> {
        let zoom = zoom.min(Self::FINEST_ZOOM);
        let [min_x, min_y, max_x, max_y] = self.bounds_of(area)?;
        let (left, top, _) = self.frame();
        let size = self.metres_per_pixel(zoom) * TILE_PX;
        let last = (1_u32 << zoom) - 1;
        // Whole numbers between zero and `last` after the clamp. An edge that lies on a tile's edge needs no more tiles.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to what a u32 holds"
        )]
        let number = |value: f64| value.clamp(0.0, f64::from(last)) as u32;
        let first_of = |metres: f64| number((metres / size + 1e-9).floor());
        let last_of = |metres: f64| number((metres / size - 1e-9).ceil() - 1.0);
        let ends = |from: f64, to: f64| {
            let first = first_of(from);
            [first, last_of(to).max(first)]
        };
        Ok(TileRange {
            columns: ends(min_x - left, max_x - left),
            rows: ends(top - max_y, top - min_y),
        })
    }

    /// The area in the metres of the set: the box around its outline, which is bent there.
    fn bounds_of(self, area: &RdArea) -> Result<[f64; 4], GeorefError> {
        let RdArea {
            west_m,
            south_m,
            east_m,
            north_m,
        } = *area;
        if self == Self::RdNewQuad {
            return Ok([west_m, south_m, east_m, north_m]);
        }
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for step in 0..=LOOKS_PER_SIDE {
            let share = f64::from(step) / f64::from(LOOKS_PER_SIDE);
            let (x, y) = (
                west_m + (east_m - west_m) * share,
                south_m + (north_m - south_m) * share,
            );
            for (x, y) in [(x, south_m), (x, north_m), (west_m, y), (east_m, y)] {
                let place = lon_lat_from_rd(x, y)?;
                let [east, north] = mercator(place.x, place.y);
                bounds = [
                    bounds[0].min(east),
                    bounds[1].min(north),
                    bounds[2].max(east),
                    bounds[3].max(north),
                ];
            }
        }
        Ok(bounds)
    }
}

/// Web Mercator (EPSG:3857), metres, of a longitude and latitude in degrees.
fn mercator(lon_deg: f64, lat_deg: f64) -> [f64; 2] {
    let north = (PI / 4.0 + lat_deg.to_radians() / 2.0).tan().ln();
    [MERCATOR_RADIUS_M * lon_deg.to_radians(), MERCATOR_RADIUS_M * north]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One metre around a place in Hengelo.
    fn around(x: f64, y: f64, half: f64) -> RdArea {
        RdArea::new([x - half, y - half, x + half, y + half]).unwrap()
    }

    fn only(set: TileMatrixSet, zoom: u8) -> (u32, u32) {
        let range = set.tiles_over(&around(250_961.0, 476_250.0, 0.01), zoom).unwrap();
        assert_eq!(range.count(), 1);
        range.tiles().next().unwrap()
    }

    /// Known numbers of the tiles over the middle of Hengelo.
    #[test]
    fn tiles_of_a_known_place_have_their_known_numbers() {
        for (zoom, column, row) in [
            (13, 4988, 3972),
            (14, 9976, 7945),
            (15, 19953, 15891),
            (16, 39907, 31782),
        ] {
            assert_eq!(only(TileMatrixSet::RdNewQuad, zoom), (column, row), "level {zoom}");
        }
        for (zoom, column, row) in [(18, 136_018, 86_274), (19, 272_037, 172_549)] {
            assert_eq!(
                only(TileMatrixSet::WebMercatorQuad, zoom),
                (column, row),
                "level {zoom}"
            );
        }
    }

    #[test]
    fn tiles_cover_an_area_and_no_more() {
        let area = RdArea::new([250_700.0, 476_000.0, 251_300.0, 476_600.0]).unwrap();
        let range = TileMatrixSet::RdNewQuad.tiles_over(&area, 14).unwrap();
        // 0.21 m per pixel: 53.76 m per tile.
        assert!((TileMatrixSet::RdNewQuad.metres_per_pixel(14) - 0.21).abs() < 1e-12);
        let (first, last) = (range.tiles().next().unwrap(), range.tiles().last().unwrap());
        let top_left = TileMatrixSet::RdNewQuad.tile_bounds(14, first.0, first.1);
        let bottom_right = TileMatrixSet::RdNewQuad.tile_bounds(14, last.0, last.1);
        assert!(
            top_left[0] <= 250_700.0 && top_left[2] > 250_700.0 && top_left[3] >= 476_600.0 && top_left[1] < 476_600.0
        );
        assert!(bottom_right[2] >= 251_300.0 && bottom_right[0] < 251_300.0);
        assert!(bottom_right[1] <= 476_000.0 && bottom_right[3] > 476_000.0);
        assert_eq!(range.tiles().count() as u64, range.count());
        // Exactly one tile asks for exactly one tile.
        let bounds = TileMatrixSet::RdNewQuad.tile_bounds(14, 9976, 7945);
        let exact = TileMatrixSet::RdNewQuad
            .tiles_over(&RdArea::new(bounds).unwrap(), 14)
            .unwrap();
        assert_eq!(
            exact,
            TileRange {
                columns: [9976, 9976],
                rows: [7945, 7945]
            }
        );
        // Beyond the finest level nothing overflows.
        assert!(TileMatrixSet::WebMercatorQuad.tiles_over(&area, 200).unwrap().count() > 1000);
    }
}
