//! How the tiles of a set lie: columns to the east, rows to the south, from the upper left corner of each level.

use super::pixels::PixelLevel;
use crate::georef::Crs;
use crate::sources::online::TileMatrixSet;
use crate::sources::raster::GeoTransform;
use crate::sources::raster::whole;
use bevy::math::{DMat2, DVec2};

/// Finest level of a set whose levels are halved: more pixels than 2^31 across are not counted.
pub(super) const FINEST_ZOOM: u8 = 23;

/// Tiles of one size.
#[derive(Debug, Clone, PartialEq)]
pub struct TileLevel {
    /// What the set calls it: a number, or a text with one.
    pub name: String,
    /// Upper left corner of the tile in column 0 and row 0, in the coordinate system of the set.
    pub corner: DVec2,
    /// Width of a pixel, in units of the coordinate system.
    pub pixel: f64,
    /// Width and height of a tile, pixels.
    pub tile_px: [u32; 2],
    /// How many columns and rows the level has.
    pub size: [u32; 2],
    /// First column, first row, last column, last row that may be there.
    pub limits: [u32; 4],
}

impl TileLevel {
    /// Where its pixels lie.
    pub fn pixels(&self) -> PixelLevel {
        let along = |tiles: u32, px: u32| tiles.saturating_mul(px).max(1);
        PixelLevel {
            width: along(self.size[0], self.tile_px[0]),
            height: along(self.size[1], self.tile_px[1]),
            transform: GeoTransform {
                corner: self.corner,
                per_pixel: DMat2::from_diagonal(DVec2::new(self.pixel, -self.pixel)),
            },
        }
    }

    /// Whether there may be such a tile.
    pub fn has(&self, column: u32, row: u32) -> bool {
        let [left, top, right, bottom] = self.limits;
        (left..=right).contains(&column) && (top..=bottom).contains(&row)
    }

    /// South-west and north-east corner of the tiles that may be there.
    pub fn limit_bounds(&self) -> (DVec2, DVec2) {
        let [left, top, right, bottom] = self.limits.map(f64::from);
        let tile = DVec2::new(f64::from(self.tile_px[0]), f64::from(self.tile_px[1])) * self.pixel;
        let low = DVec2::new(left * tile.x, -(bottom + 1.0) * tile.y);
        let high = DVec2::new((right + 1.0) * tile.x, -top * tile.y);
        (self.corner + low, self.corner + high)
    }

    /// Cuts what may be there down to the tiles that touch a box. `false` where none does.
    pub fn keep_within(&mut self, low: DVec2, high: DVec2) -> bool {
        let tile = DVec2::new(f64::from(self.tile_px[0]), f64::from(self.tile_px[1])) * self.pixel;
        let first = (DVec2::new(low.x, -high.y) - DVec2::new(self.corner.x, -self.corner.y)) / tile;
        let last = (DVec2::new(high.x, -low.y) - DVec2::new(self.corner.x, -self.corner.y)) / tile;
        // What is not a number keeps nothing out.
        if !(first.is_finite() && last.is_finite()) {
            return true;
        }
        let [left, top, right, bottom] = self.limits;
        let (first, last) = ((first + 1e-6).floor(), (last - 1e-6).ceil() - 1.0);
        let inside = last.x >= f64::from(left)
            && last.y >= f64::from(top)
            && first.x <= f64::from(right)
            && first.y <= f64::from(bottom)
            && first.cmple(last).all();
        if inside {
            self.limits = [
                whole(first.x).clamp(left, right),
                whole(first.y).clamp(top, bottom),
                whole(last.x).clamp(left, right),
                whole(last.y).clamp(top, bottom),
            ];
        }
        inside
    }
}

/// A set of tiles: its coordinate system and its levels, finest first.
#[derive(Debug, Clone, PartialEq)]
pub struct TileGrid {
    /// Coordinate system.
    pub crs: Crs,
    /// Levels, finest first; at least one.
    pub levels: Vec<TileLevel>,
    /// South-west and north-east corner of what it covers, where that is told.
    pub extent: Option<(DVec2, DVec2)>,
}

impl TileGrid {
    /// South-west and north-east corner of its finest tiles.
    pub fn finest_bounds(&self) -> (DVec2, DVec2) {
        self.levels
            .first()
            .map_or((DVec2::ZERO, DVec2::ZERO), TileLevel::limit_bounds)
    }

    /// The levels `first` to `last` of a set that is known by name, tiles of 256 pixels.
    pub fn known(set: TileMatrixSet, first: u8, last: u8) -> Self {
        let last = last.min(FINEST_ZOOM);
        let levels = (first.min(last)..=last).rev().map(|zoom| {
            let [left, _, _, top] = set.tile_bounds(zoom, 0, 0);
            let count = 1_u32 << zoom;
            TileLevel {
                name: zoom.to_string(),
                corner: DVec2::new(left, top),
                pixel: set.metres_per_pixel(zoom),
                tile_px: [256, 256],
                size: [count, count],
                limits: [0, 0, count - 1, count - 1],
            }
        });
        Self {
            crs: Crs(set.epsg()),
            levels: levels.collect(),
            extent: None,
        }
    }

    /// Leaves what does not touch a box out of every level; levels without anything go. `false` where all would go.
    pub fn keep_within(&mut self, low: DVec2, high: DVec2) -> bool {
        let mut kept = self.levels.clone();
        kept.retain_mut(|level| level.keep_within(low, high));
        let any = !kept.is_empty();
        if any {
            self.levels = kept;
            self.extent = Some((low, high));
        }
        any
    }
}

/// The set with this name, as files write it.
pub(super) fn set_of_name(name: &str) -> Option<TileMatrixSet> {
    let upper = name.trim().to_ascii_uppercase();
    let code = upper.rsplit(':').next().unwrap_or_default();
    match (code, upper.as_str()) {
        ("28992", _) | (_, "NETHERLANDSRDNEWQUAD") => Some(TileMatrixSet::RdNewQuad),
        ("3857" | "900913" | "3785", _) | (_, "WEBMERCATORQUAD" | "GOOGLEMAPSCOMPATIBLE") => {
            Some(TileMatrixSet::WebMercatorQuad)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sets_lie_where_their_authors_say_and_keep_what_touches_a_box() {
        let mut grid = TileGrid::known(set_of_name("EPSG:28992").unwrap(), 13, 14);
        assert_eq!(grid.levels.len(), 2);
        let (low, high) = (DVec2::new(250_961.0, 476_249.9), DVec2::new(250_961.1, 476_250.0));
        assert!(grid.keep_within(low, high));
        assert_eq!(grid.levels[0].limits, [9976, 7945, 9976, 7945]);
        assert_eq!(grid.levels[1].limits, [4988, 3972, 4988, 3972]);
        let (west, north) = grid.levels[0].limit_bounds();
        assert!(west.cmple(low).all() && north.cmpge(high).all());
        assert!((north.x - west.x - 53.76).abs() < 1e-6);
        assert!(!grid.keep_within(DVec2::splat(1e7), DVec2::splat(2e7)));
        assert_eq!(
            set_of_name("urn:ogc:def:crs:EPSG::3857"),
            Some(TileMatrixSet::WebMercatorQuad)
        );
        assert_eq!(set_of_name("EPSG:31370"), None);
    }
}
