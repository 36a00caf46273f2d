//! From what the heights of tiles are measured: what a person says of it, who sees them float or lie buried.

use crate::georef::HeightReference;
use std::fmt::{self, Display};
use std::str::FromStr;

/// Farthest that tiles are moved up or down, metres: what lies farther off is wrong in another way.
const FARTHEST_M: f64 = 10_000.0;
/// How [`TileHeights::Moved`] begins.
const MOVED: &str = "moved";

/// What the heights of a tile layer are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TileHeights {
    /// Measured from there. Tiles give them from the ellipsoid, unless whoever made them forgot to.
    From(HeightReference),
    /// From the ellipsoid, and so many metres too low.
    Moved(f64),
}

impl Display for TileHeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(HeightReference::Nap) => f.write_str("nap"),
            Self::From(HeightReference::Ellipsoid) => f.write_str("ellipsoid"),
            Self::Moved(up_m) => write!(f, "{MOVED} {up_m:.2}"),
        }
    }
}

impl FromStr for TileHeights {
    type Err = String;

    /// `nap`, `ellipsoid`, or `moved` and the metres upwards.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unreadable = || "give nap, ellipsoid, or moved and the metres upwards (moved -43.40)".to_owned();
        let Some(up) = text.strip_prefix(MOVED) else {
            return text.parse().map(Self::From).map_err(|_other| unreadable());
        };
        let up_m: f64 = up.trim().parse().map_err(|_no_number| unreadable())?;
        if up_m.is_finite() && up_m.abs() <= FARTHEST_M {
            Ok(Self::Moved(up_m))
        } else {
            Err(unreadable())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_heights_is_written_and_read_back() {
        let all = [
            TileHeights::From(HeightReference::Nap),
            TileHeights::From(HeightReference::Ellipsoid),
            TileHeights::Moved(-43.4),
        ];
        for heights in all {
            assert_eq!(heights.to_string().parse(), Ok(heights));
        }
        for wrong in ["", "msl", "moved", "moved x", "moved inf", "moved 1e9"] {
            assert!(TileHeights::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
