//! One camera in the site frame, in f64: rays through pixels, pixels of points, planes for selection.
//!
//! Deliberately apart from Bevy's camera: what decides which tiles load and what a click hits must not
//! depend on when transforms are propagated, nor on `f32`.

use crate::georef::SitePos;
use crate::streaming::View;
use bevy::{
    math::{DVec2, DVec3},
    prelude::*,
};

/// Vertical field of view, radians (45°).
pub const FOV_Y_RAD: f64 = std::f64::consts::FRAC_PI_4;

/// A camera in the site frame.
#[derive(Resource, Debug, Clone, PartialEq)]
pub struct SiteView {
    /// Eye.
    pub eye: SitePos,
    /// View direction, unit length.
    pub forward: DVec3,
    /// To the right of the picture, unit length.
    pub right: DVec3,
    /// Up in the picture, unit length.
    pub up: DVec3,
    /// Full vertical field of view, radians.
    pub fov_y_rad: f64,
    /// Picture size, physical pixels.
    pub size_px: DVec2,
    /// Physical pixels per logical point of the window.
    pub pixels_per_point: f64,
}

impl Default for SiteView {
    fn default() -> Self {
        Self {
            eye: SitePos(DVec3::new(0.0, -500.0, 300.0)),
            forward: DVec3::Y,
            right: DVec3::X,
            up: DVec3::Z,
            fov_y_rad: FOV_Y_RAD,
            size_px: DVec2::new(1280.0, 720.0),
            pixels_per_point: 1.0,
        }
    }
}

impl SiteView {
    /// A view from `eye` along a compass heading (radians from grid north) and a pitch above the horizon.
    pub fn looking(eye: SitePos, heading_rad: f64, pitch_rad: f64, size_px: DVec2) -> Self {
        let (right, forward, up) = axes(heading_rad, pitch_rad);
        Self {
            eye,
            forward,
            right,
            up,
            fov_y_rad: FOV_Y_RAD,
            size_px: size_px.max(DVec2::ONE),
            pixels_per_point: 1.0,
        }
    }

    fn tangents(&self) -> DVec2 {
        let y = (self.fov_y_rad * 0.5).tan();
        DVec2::new(y * self.size_px.x / self.size_px.y, y)
    }

    /// Direction through a pixel (from the upper left corner), unit length.
    pub fn ray(&self, pixel: DVec2) -> DVec3 {
        let ndc = pixel / self.size_px * 2.0 - DVec2::ONE;
        let t = self.tangents();
        (self.forward + self.right * (ndc.x * t.x) - self.up * (ndc.y * t.y)).normalize()
    }

    /// Pixel of a point and its distance along the view direction, metres; `None` behind the eye.
    pub fn pixel(&self, p: SitePos) -> Option<(DVec2, f64)> {
        let to = p.0 - self.eye.0;
        let depth = to.dot(self.forward);
        if depth < 0.1 {
            return None;
        }
        let t = self.tangents();
        let ndc = DVec2::new(to.dot(self.right) / (depth * t.x), -to.dot(self.up) / (depth * t.y));
        Some(((ndc + DVec2::ONE) * 0.5 * self.size_px, depth))
    }

    /// Metres that one pixel covers at a distance.
    pub fn metres_per_pixel(&self, distance_m: f64) -> f64 {
        2.0 * self.tangents().y * distance_m / self.size_px.y
    }

    /// This camera in the frame of a tileset. `place` brings a site position there; `None` where it cannot.
    /// The axes are brought over by their ends, so scale and the turn of the grid come along.
    pub fn in_frame(&self, place: impl Fn(SitePos) -> Option<DVec3>) -> Option<View> {
        /// Far enough that rounding does not turn the axis, near enough that the earth is flat.
        const REACH_M: f64 = 100.0;
        let eye = place(self.eye)?;
        let axis = |direction: DVec3| {
            place(SitePos(self.eye.0 + direction * REACH_M))
                .map(|end| end - eye)
                .and_then(DVec3::try_normalize)
        };
        let (forward, right, up) = (axis(self.forward)?, axis(self.right)?, axis(self.up)?);
        let t = self.tangents();
        let inward = |normal: DVec3| {
            let normal = normal.normalize();
            // A little room: the frame is curved and the plane is not.
            (normal, 2.0 - normal.dot(eye))
        };
        Some(View {
            position: eye,
            planes: vec![
                inward(forward * t.x + right),
                inward(forward * t.x - right),
                inward(forward * t.y + up),
                inward(forward * t.y - up),
            ],
            direction: forward,
            viewport_height_px: self.size_px.y,
            fov_y_rad: self.fov_y_rad,
        })
    }
}

/// Right, forward and up of a camera with a compass heading and a pitch above the horizon, radians.
pub(crate) fn axes(heading_rad: f64, pitch_rad: f64) -> (DVec3, DVec3, DVec3) {
    let (sin_h, cos_h) = heading_rad.sin_cos();
    let (sin_p, cos_p) = pitch_rad.sin_cos();
    let right = DVec3::new(cos_h, -sin_h, 0.0);
    let forward = DVec3::new(sin_h * cos_p, cos_h * cos_p, sin_p);
    (right, forward, right.cross(forward))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> SiteView {
        SiteView::looking(
            SitePos(DVec3::new(10.0, 20.0, 100.0)),
            0.7,
            -0.4,
            DVec2::new(1600.0, 900.0),
        )
    }

    #[test]
    fn axes_follow_the_compass() {
        let (right, forward, up) = axes(0.0, 0.0);
        assert!(right.distance(DVec3::X) < 1e-12 && forward.distance(DVec3::Y) < 1e-12 && up.distance(DVec3::Z) < 1e-12);
        let (_, east, _) = axes(std::f64::consts::FRAC_PI_2, 0.0);
        assert!(east.distance(DVec3::X) < 1e-12);
        let (_, down, _) = axes(1.0, -std::f64::consts::FRAC_PI_2);
        assert!(down.distance(DVec3::NEG_Z) < 1e-12);
    }

    #[test]
    fn a_pixel_and_its_ray_agree() {
        let view = view();
        for pixel in [DVec2::new(0.0, 0.0), DVec2::new(800.0, 450.0), DVec2::new(1234.0, 77.0)] {
            let p = SitePos(view.eye.0 + view.ray(pixel) * 321.0);
            let (back, _) = view.pixel(p).unwrap();
            assert!(back.distance(pixel) < 1e-6, "{pixel} came back as {back}");
        }
        assert!(view.pixel(SitePos(view.eye.0 - view.forward)).is_none());
    }

    #[test]
    fn planes_hold_what_the_picture_holds() {
        let view = view();
        let frame = view.in_frame(|p| Some(p.0 + DVec3::splat(1000.0))).unwrap();
        let inside = |pixel: DVec2| {
            let p = view.eye.0 + view.ray(pixel) * 500.0 + DVec3::splat(1000.0);
            frame.planes.iter().all(|(n, d)| n.dot(p) + d >= 0.0)
        };
        assert!(inside(DVec2::new(5.0, 5.0)) && inside(DVec2::new(1595.0, 895.0)));
        for outside in [
            DVec2::new(-40.0, 450.0),
            DVec2::new(1640.0, 450.0),
            DVec2::new(800.0, -40.0),
            DVec2::new(800.0, 940.0),
        ] {
            assert!(!inside(outside), "{outside} lies outside the picture");
        }
        assert!(view.in_frame(|_| None).is_none());
    }

    #[test]
    fn a_pixel_covers_more_further_away() {
        let view = view();
        let near = view.metres_per_pixel(100.0);
        assert!((view.metres_per_pixel(200.0) - 2.0 * near).abs() < 1e-12);
        assert!((near - 2.0 * 100.0 * (std::f64::consts::PI / 8.0).tan() / 900.0).abs() < 1e-12);
    }
}
