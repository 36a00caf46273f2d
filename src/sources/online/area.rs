//! The area that is asked for.

use crate::sources::{Cause, Problem};

/// Where RD New holds, metres, with some margin.
const VALID_X_M: [f64; 2] = [-20_000.0, 310_000.0];
const VALID_Y_M: [f64; 2] = [280_000.0, 650_000.0];
/// Longest side, metres: more is a download of days, and a mistake.
const MAX_SIDE_M: f64 = 30_000.0;

/// A rectangle in RD New (EPSG:28992), metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RdArea {
    /// West edge.
    pub west_m: f64,
    /// South edge.
    pub south_m: f64,
    /// East edge.
    pub east_m: f64,
    /// North edge.
    pub north_m: f64,
}

impl RdArea {
    /// Checks a rectangle given as west, south, east, north.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new([west_m, south_m, east_m, north_m]: [f64; 4]) -> Result<Self, Problem> {
        let wrong = |message: String| Problem::error("area", "", message).because(Cause::Place);
        let all = [west_m, south_m, east_m, north_m];
        if all.iter().any(|value| !value.is_finite()) || west_m >= east_m || south_m >= north_m {
            return Err(wrong(format!(
                "{all:?} is no rectangle; give west, south, east, north in metres of RD New"
            )));
        }
        let is_inside =
            west_m >= VALID_X_M[0] && east_m <= VALID_X_M[1] && south_m >= VALID_Y_M[0] && north_m <= VALID_Y_M[1];
        if !is_inside {
            return Err(wrong(format!(
                "{all:?} is not in the Netherlands; give west, south, east, north in metres of RD New"
            )));
        }
        if east_m - west_m > MAX_SIDE_M || north_m - south_m > MAX_SIDE_M {
            return Err(wrong(format!(
                "{all:?} is larger than {} km; ask for a smaller area",
                MAX_SIDE_M / 1000.0
            )));
        }
        Ok(Self {
            west_m,
            south_m,
            east_m,
            north_m,
        })
    }

    /// Whether another rectangle (west, south, east, north) shares more than an edge with it.
    pub(super) fn overlaps(&self, [min_x, min_y, max_x, max_y]: [f64; 4]) -> bool {
        min_x < self.east_m && max_x > self.west_m && min_y < self.north_m && max_y > self.south_m
    }

    /// What it fills in an address: whole millimetres are enough for every service.
    pub(super) fn fillings(&self) -> [(&'static str, String); 4] {
        [
            ("min_x", number(self.west_m)),
            ("min_y", number(self.south_m)),
            ("max_x", number(self.east_m)),
            ("max_y", number(self.north_m)),
        ]
    }

    /// As part of a file name.
    pub(super) fn key(&self) -> String {
        let [(_, a), (_, b), (_, c), (_, d)] = self.fillings();
        format!("{a}_{b}_{c}_{d}")
    }
}

/// A number without needless digits, never in exponents.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rectangle_in_the_netherlands_is_taken() {
        assert!(RdArea::new([250_700.0, 476_000.0, 251_300.0, 476_600.0]).is_ok());
        for odd in [
            [251_300.0, 476_000.0, 250_700.0, 476_600.0],
            [f64::NAN, 0.0, 1.0, 1.0],
            [6.78, 52.2, 6.8, 52.3],
            [100_000.0, 400_000.0, 200_000.0, 420_000.0],
            [0.0, 0.0, f64::INFINITY, 1.0],
        ] {
            assert_eq!(RdArea::new(odd).unwrap_err().cause, Cause::Place, "{odd:?}");
        }
    }

    #[test]
    fn numbers_are_short_and_plain() {
        assert_eq!(number(250_700.0), "250700");
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(-12.345_67), "-12.346");
        assert_eq!(number(1e9), "1000000000");
    }
}
