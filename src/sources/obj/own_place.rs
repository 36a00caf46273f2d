//! Where a model says itself that it stands, and which of its axes points up: both are guessed from its coordinates,
//! since the file has no words for them.

use super::parse::Up;
use bevy::math::DVec3;

/// Lowest and highest RD coordinates and NAP heights in the country, metres.
const RD: [DVec3; 2] = [
    DVec3::new(-7_000.0, 289_000.0, -100.0),
    DVec3::new(300_000.0, 629_000.0, 1_000.0),
];
/// Distances of the surface of the earth from its middle, metres.
const SURFACE_M: std::ops::Range<f64> = 6_330_000.0..6_420_000.0;
/// Larger than this no model is that has a place, metres.
const LARGEST_M: f64 = 100_000.0;

/// The place that a model's coordinates are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPlace {
    /// None: they start anywhere.
    Nowhere,
    /// RD and NAP, metres, with this axis up.
    Rd(Up),
    /// ECEF, metres, with this axis called up in the file.
    Ecef(Up),
}

impl OwnPlace {
    /// Of a model whose lowest and highest corners are these, in the axes of its file.
    pub fn of(low: DVec3, high: DVec3) -> Self {
        if !low.is_finite() || !high.is_finite() || (high - low).max_element() > LARGEST_M {
            return Self::Nowhere;
        }
        for up in [Up::Z, Up::Y] {
            let (a, b) = (up.z_up(low), up.z_up(high));
            let (low, high) = (a.min(b), a.max(b));
            if low.cmpge(RD[0]).all() && high.cmple(RD[1]).all() {
                return Self::Rd(up);
            }
        }
        // Up and down have no meaning there: a glTF is turned as the specification says.
        if SURFACE_M.contains(&((low + high) / 2.0).length()) {
            return Self::Ecef(Up::Y);
        }
        Self::Nowhere
    }
}

impl Up {
    /// Which axis points up in a model of this extent: flat things lie, and most programs that write OBJ call y up.
    pub fn guessed(low: DVec3, high: DVec3) -> Self {
        if let OwnPlace::Rd(up) = OwnPlace::of(low, high) {
            return up;
        }
        let size = high - low;
        if size.z * 2.0 < size.x.min(size.y) {
            Self::Z
        } else {
            Self::Y
        }
    }
}
