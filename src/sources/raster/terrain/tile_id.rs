//! Tiles of the global geodetic profile.

/// Deepest level: a tile is then 15 cm wide.
pub(in crate::sources::raster) const MAX_LEVEL: u32 = 27;

/// A tile: at level `z` there are 2^(z+1) columns from longitude -180 and 2^z rows from latitude -90.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Level.
    pub z: u32,
    /// Column.
    pub x: u32,
    /// Row from the south.
    pub y: u32,
}

impl TileId {
    /// Width and height of a tile, degrees.
    pub fn side_deg(z: u32) -> f64 {
        180.0 / f64::from(1_u32 << z.min(31))
    }

    /// West, south, east, north, degrees.
    pub fn bounds_deg(self) -> [f64; 4] {
        let side = Self::side_deg(self.z);
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        [
            x * side - 180.0,
            y * side - 90.0,
            (x + 1.0) * side - 180.0,
            (y + 1.0) * side - 90.0,
        ]
    }

    /// The four tiles that it is divided in: south-west, south-east, north-west, north-east.
    pub fn children(self) -> [Self; 4] {
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| Self {
            z: self.z + 1,
            x: 2 * self.x + x,
            y: 2 * self.y + y,
        })
    }

    /// The columns and rows, first and last, of the tiles at `z` that touch a box of west, south, east and north
    /// degrees. `None` for a box that is empty or no box.
    pub fn touching(z: u32, [west, south, east, north]: [f64; 4]) -> Option<[u32; 4]> {
        let is_box = west <= east && south <= north;
        if !is_box || z > MAX_LEVEL {
            return None;
        }
        let side = Self::side_deg(z);
        let (columns, rows) = (f64::from(2_u32 << z), f64::from(1_u32 << z));
        let first = |from: f64, count: f64| floor((from / side).clamp(0.0, count - 1.0));
        // A box that ends on the border of a tile does not touch the next one.
        let last =
            |to: f64, first: u32, count: f64| floor(((to / side).ceil() - 1.0).clamp(f64::from(first), count - 1.0));
        let (x0, y0) = (first(west + 180.0, columns), first(south + 90.0, rows));
        Some([x0, y0, last(east + 180.0, x0, columns), last(north + 90.0, y0, rows)])
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the columns and rows of a level before"
)]
fn floor(n: f64) -> u32 {
    n as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_of_a_box() {
        assert_eq!(
            format!("{:?}", TileId { z: 0, x: 1, y: 0 }.bounds_deg()),
            "[0.0, -90.0, 180.0, 90.0]"
        );
        assert_eq!(TileId::touching(0, [-180.0, -90.0, 180.0, 90.0]), Some([0, 0, 1, 0]));
        assert_eq!(TileId::touching(1, [0.0, 0.0, 90.0, 90.0]), Some([2, 1, 2, 1]));
        assert_eq!(TileId::touching(9, [5.0, 52.0, 5.0, 52.0]), Some([526, 403, 526, 403]));
        assert_eq!(TileId::touching(3, [f64::NAN, 0.0, 1.0, 1.0]), None);
        let id = TileId { z: 3, x: 5, y: 2 };
        let [[west, south, ..], .., [_, _, east, north]] = id.children().map(TileId::bounds_deg);
        assert_eq!(
            format!("{:?}", [west, south, east, north]),
            format!("{:?}", id.bounds_deg())
        );
    }
}
