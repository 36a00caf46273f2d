//! The camera's own maths: an eye on a sphere around a target, in the site frame, without any ECS.

use crate::georef::SitePos;
use crate::view::site_view::axes;
use bevy::math::{DQuat, DVec2, DVec3};
use std::f64::consts::{PI, TAU};

/// Lowest pitch, radians above the horizon: straight down but for half a degree, so that north stays known.
pub const MIN_PITCH_RAD: f64 = -89.5 * PI / 180.0;
/// Highest pitch: at street level one looks up at a façade.
pub const MAX_PITCH_RAD: f64 = 20.0 * PI / 180.0;
/// Nearest and farthest eye, metres from the target.
pub const DISTANCE_RANGE_M: (f64, f64) = (2.0, 20_000.0);
/// The eye stays this far above the ground, metres.
pub const CLEARANCE_M: f64 = 1.2;
/// Height of the eye of somebody who walks, metres above the ground.
pub const EYE_HEIGHT_M: f64 = 1.65;

/// Where the camera is: an eye at a distance from a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orbit {
    /// What is looked at, site frame.
    pub target: SitePos,
    /// Compass heading of the view from grid north, clockwise, radians.
    pub heading_rad: f64,
    /// Angle of the view above the horizon, radians; looking down is negative.
    pub pitch_rad: f64,
    /// From target to eye, metres.
    pub distance_m: f64,
}

impl Default for Orbit {
    fn default() -> Self {
        Self {
            target: SitePos(DVec3::ZERO),
            heading_rad: 0.0,
            pitch_rad: -PI / 5.0,
            distance_m: 600.0,
        }
    }
}

impl Orbit {
    /// The eye.
    pub fn eye(&self) -> SitePos {
        let (_, forward, _) = axes(self.heading_rad, self.pitch_rad);
        SitePos(self.target.0 - forward * self.distance_m)
    }

    /// Turns and tilts around a pivot, which keeps its place in the picture.
    pub fn turn_around(&mut self, pivot: SitePos, turn_rad: f64, tilt_rad: f64) {
        let tilt_rad = (self.pitch_rad + tilt_rad).clamp(MIN_PITCH_RAD, MAX_PITCH_RAD) - self.pitch_rad;
        let (right, ..) = axes(self.heading_rad, self.pitch_rad);
        // Compass headings run clockwise, rotations about z the other way.
        let rotation = DQuat::from_rotation_z(-turn_rad) * DQuat::from_axis_angle(right, tilt_rad);
        self.target = SitePos(pivot.0 + rotation * (self.target.0 - pivot.0));
        self.heading_rad = (self.heading_rad + turn_rad).rem_euclid(TAU);
        self.pitch_rad += tilt_rad;
    }

    /// Looks around without moving the eye.
    pub fn look_around(&mut self, turn_rad: f64, tilt_rad: f64) {
        self.turn_around(self.eye(), turn_rad, tilt_rad);
    }

    /// Brings the eye nearer to a point (`factor` below one) or farther, along the line between them.
    pub fn zoom_to(&mut self, point: SitePos, factor: f64) {
        let (near, far) = DISTANCE_RANGE_M;
        let factor = (self.distance_m * factor).clamp(near, far) / self.distance_m;
        self.target = SitePos(point.0 + (self.target.0 - point.0) * factor);
        self.distance_m *= factor;
    }

    /// Slides along the ground: metres to the right and ahead as seen on the map.
    pub fn slide(&mut self, right_m: f64, ahead_m: f64) {
        let (sin, cos) = self.heading_rad.sin_cos();
        let by = DVec2::new(right_m * cos + ahead_m * sin, ahead_m * cos - right_m * sin);
        self.target.0 += by.extend(0.0);
    }

    /// Keeps everything within its limits and the eye above the ground.
    pub fn keep_within(&mut self, ground_m: impl Fn(DVec2) -> f64) {
        let fallback = Self::default();
        if !self.target.0.is_finite() {
            self.target = fallback.target;
        }
        if !(self.heading_rad.is_finite() && self.pitch_rad.is_finite() && self.distance_m.is_finite()) {
            *self = Self {
                target: self.target,
                ..fallback
            };
        }
        self.heading_rad = self.heading_rad.rem_euclid(TAU);
        self.pitch_rad = self.pitch_rad.clamp(MIN_PITCH_RAD, MAX_PITCH_RAD);
        self.distance_m = self.distance_m.clamp(DISTANCE_RANGE_M.0, DISTANCE_RANGE_M.1);
        let eye = self.eye().0;
        let lowest = ground_m(eye.truncate()) + CLEARANCE_M;
        if eye.z < lowest {
            self.target.0.z += lowest - eye.z;
        }
    }

    /// Moves a share of the way to another state, each part in its own measure: distances by ratio.
    #[must_use]
    pub fn approach(&self, goal: &Self, share: f64) -> Self {
        Self {
            target: SitePos(self.target.0.lerp(goal.target.0, share)),
            heading_rad: (self.heading_rad + turn_between(self.heading_rad, goal.heading_rad) * share).rem_euclid(TAU),
            pitch_rad: self.pitch_rad + (goal.pitch_rad - self.pitch_rad) * share,
            distance_m: self.distance_m * (goal.distance_m / self.distance_m).powf(share),
        }
    }

    /// Whether two states give the same picture.
    pub fn is_close_to(&self, other: &Self) -> bool {
        let scale = self.distance_m.max(1.0);
        self.target.0.distance(other.target.0) < scale * 1e-4
            && turn_between(self.heading_rad, other.heading_rad).abs() < 1e-4
            && (self.pitch_rad - other.pitch_rad).abs() < 1e-4
            && (self.distance_m / other.distance_m).ln().abs() < 1e-4
    }
}

/// The shortest turn from one heading to another, radians, from −π to π.
pub fn turn_between(from_rad: f64, to_rad: f64) -> f64 {
    (to_rad - from_rad + PI).rem_euclid(TAU) - PI
}

/// A flight from one state to another along an arc that rises with the way to go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flight {
    from: Orbit,
    to: Orbit,
    rise: f64,
    /// Time it takes, seconds.
    pub duration_s: f64,
    /// Time flown, seconds.
    pub flown_s: f64,
}

impl Flight {
    /// Plans a flight of 0.8 to 1.5 seconds.
    pub fn new(from: Orbit, to: Orbit) -> Self {
        let way = from.target.0.distance(to.target.0);
        // How many of the larger view's widths lie between the two targets.
        let widths = way / from.distance_m.max(to.distance_m).max(1.0);
        let turn = turn_between(from.heading_rad, to.heading_rad).abs() / PI;
        let zoom = (to.distance_m / from.distance_m).ln().abs() / 3.0;
        let effort = (widths * 0.5 + turn * 0.5 + zoom * 0.4).min(1.0);
        Self {
            from,
            to,
            rise: (widths * 0.35).min(1.5),
            duration_s: 0.8 + 0.7 * effort,
            flown_s: 0.0,
        }
    }

    /// The state now.
    pub fn at(&self) -> Orbit {
        let share = (self.flown_s / self.duration_s).clamp(0.0, 1.0);
        let eased = share * share * share * (share * (share * 6.0 - 15.0) + 10.0);
        let mut orbit = self.from.approach(&self.to, eased);
        orbit.distance_m *= 1.0 + self.rise * (eased * PI).sin();
        orbit
    }

    /// Whether it has arrived.
    pub fn has_arrived(&self) -> bool {
        self.flown_s >= self.duration_s
    }

    /// Where it goes.
    pub fn destination(&self) -> Orbit {
        self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orbit() -> Orbit {
        Orbit {
            target: SitePos(DVec3::new(5.0, 7.0, 1.0)),
            heading_rad: 0.3,
            pitch_rad: -0.6,
            distance_m: 250.0,
        }
    }

    #[test]
    fn the_eye_stands_behind_the_target() {
        let north = Orbit {
            target: SitePos(DVec3::ZERO),
            heading_rad: 0.0,
            pitch_rad: -PI / 4.0,
            distance_m: 100.0 * 2.0_f64.sqrt(),
        };
        assert!(north.eye().0.distance(DVec3::new(0.0, -100.0, 100.0)) < 1e-9);
    }

    #[test]
    fn turning_keeps_the_pivot_where_it_is_seen() {
        let mut o = orbit();
        let pivot = SitePos(DVec3::new(40.0, 90.0, 3.0));
        let seen = |o: &Orbit| {
            let (r, f, u) = axes(o.heading_rad, o.pitch_rad);
            let to = pivot.0 - o.eye().0;
            DVec3::new(to.dot(r), to.dot(f), to.dot(u))
        };
        let before = seen(&o);
        o.turn_around(pivot, 0.5, 0.2);
        assert!(before.distance(seen(&o)) < 1e-9, "{before} became {}", seen(&o));
        assert!((o.heading_rad - 0.8).abs() < 1e-12 && (o.pitch_rad + 0.4).abs() < 1e-12);
    }

    #[test]
    fn looking_around_keeps_the_eye() {
        let mut o = orbit();
        let eye = o.eye();
        o.look_around(1.2, 0.3);
        assert!(eye.0.distance(o.eye().0) < 1e-9);
    }

    #[test]
    fn zooming_keeps_the_point_under_the_cursor() {
        let mut o = orbit();
        let point = SitePos(DVec3::new(-30.0, 60.0, 0.0));
        let before = (point.0 - o.eye().0).normalize();
        o.zoom_to(point, 0.5);
        assert!((point.0 - o.eye().0).normalize().distance(before) < 1e-9);
        assert!((o.distance_m - 125.0).abs() < 1e-9);
        for _ in 0..100 {
            o.zoom_to(point, 0.5);
        }
        assert!((o.distance_m - DISTANCE_RANGE_M.0).abs() < 1e-9);
    }

    #[test]
    fn the_eye_never_goes_below_the_ground() {
        let mut o = Orbit {
            pitch_rad: 0.3,
            distance_m: 50.0,
            ..orbit()
        };
        o.keep_within(|_| 10.0);
        assert!(o.eye().0.z >= 10.0 + CLEARANCE_M - 1e-9);
        let mut broken = Orbit {
            distance_m: f64::NAN,
            target: SitePos(DVec3::NAN),
            ..orbit()
        };
        broken.keep_within(|_| 0.0);
        assert!(broken.eye().0.is_finite());
    }

    #[test]
    fn tilting_stops_at_the_limits() {
        let mut o = orbit();
        o.turn_around(o.target, 0.0, -5.0);
        assert!((o.pitch_rad - MIN_PITCH_RAD).abs() < 1e-12);
        o.turn_around(o.target, 0.0, 5.0);
        assert!((o.pitch_rad - MAX_PITCH_RAD).abs() < 1e-12);
    }

    #[test]
    fn sliding_goes_where_the_picture_points() {
        let mut o = Orbit {
            heading_rad: PI / 2.0,
            target: SitePos(DVec3::ZERO),
            ..orbit()
        };
        o.slide(0.0, 10.0);
        assert!(o.target.0.distance(DVec3::new(10.0, 0.0, 0.0)) < 1e-9);
        o.slide(5.0, 0.0);
        assert!(o.target.0.distance(DVec3::new(10.0, -5.0, 0.0)) < 1e-9);
    }

    #[test]
    fn a_flight_takes_its_time_turns_the_short_way_and_arrives() {
        let to = Orbit {
            target: SitePos(DVec3::new(3000.0, 0.0, 0.0)),
            heading_rad: TAU - 0.2,
            ..orbit()
        };
        let mut flight = Flight::new(orbit(), to);
        assert!((0.8..=1.5).contains(&flight.duration_s));
        assert!(flight.at().is_close_to(&orbit()));
        flight.flown_s = flight.duration_s / 2.0;
        let middle = flight.at();
        assert!(middle.distance_m > orbit().distance_m * 1.3, "it rises on a long way");
        assert!(turn_between(middle.heading_rad, 0.05).abs() < 0.01, "through north, not the long way round");
        flight.flown_s = flight.duration_s;
        assert!(flight.has_arrived() && flight.at().is_close_to(&to));
        assert!((Flight::new(orbit(), orbit()).duration_s - 0.8).abs() < 1e-9);
    }
}
