//! How far the camera may go.

use super::Orbit;
use bevy::math::DVec2;

/// Where the camera may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Middle of what may be looked at, site metres.
    pub center: DVec2,
    /// How far from it the point looked at may be, metres.
    pub reach_m: f64,
    /// How far from the point looked at the eye may be, metres.
    pub distance_m: f64,
}

impl Bounds {
    /// Brings a state back within them.
    pub(super) fn keep(&self, orbit: &mut Orbit) {
        let offset = orbit.target.0.truncate() - self.center;
        let kept = self.center + offset.clamp_length_max(self.reach_m);
        orbit.target.0 = kept.extend(orbit.target.0.z);
        orbit.distance_m = orbit.distance_m.min(self.distance_m);
    }
}
