//! Views that nobody chose, for files opened by themselves: all of what is there, in the part of the picture that no
//! panel covers.
//!
//! A view that somebody chose, a viewpoint of a scenario, is taken as it is: gone back to it has to give the same picture,
//! whichever panels were open when it was kept.

use super::{Orbit, OrbitCamera, ReducedMotion};
use crate::view::ground::GroundHeights;
use crate::view::site_view::{FOV_Y_RAD, SiteView};
use bevy::math::DVec2;
use bevy::prelude::*;

/// The part of the picture that nothing covers: its upper left and lower right corner as shares of the picture. `None` in
/// pictures without panels.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq)]
pub struct ClearPart(pub Option<[DVec2; 2]>);

/// What is seen of the subject of a made view at a distance of 1, half of it across and upright, with a margin.
const SUBJECT: DVec2 = DVec2::new(0.60, 0.40);
/// Least part of the picture that a view is fitted into; less is none.
const LEAST_PART: f64 = 0.1;
/// Looking down less steeply than this, the ground is nearly a line: then nothing is moved up or down in the picture.
const LEAST_SINE: f64 = 0.2;
/// Nor where the target would come near the horizon: least share of the distance that is left then.
const LEAST_STRETCH: f64 = 0.2;

/// `orbit` with its target in the middle of a part of a picture of this size, and as far away as its subject needs.
fn within(orbit: Orbit, part: [DVec2; 2], size_px: DVec2) -> Orbit {
    let [low, high] = part;
    let share = high - low;
    if !(share.min_element() >= LEAST_PART && share.is_finite() && size_px.min_element() >= 1.0) {
        return orbit;
    }
    let half_y = (FOV_Y_RAD * 0.5).tan();
    let half = DVec2::new(half_y * size_px.x / size_px.y, half_y);
    let farther = (SUBJECT / (half * share)).max_element().max(1.0);
    let mut fitted = Orbit {
        distance_m: orbit.distance_m * farther,
        ..orbit
    };
    // Where the target is to be seen, to the right of the middle of the picture and above it, at a distance of 1.
    let to = (low + high - DVec2::ONE) * half * DVec2::new(1.0, -1.0);
    let (sin, cos) = (-fitted.pitch_rad).sin_cos();
    // What is seen lower in the picture is nearer than its middle: the distance of the target is what was wanted of it.
    let stretch = (sin - to.y * cos) / sin;
    let ahead_m = if sin >= LEAST_SINE && stretch >= LEAST_STRETCH {
        fitted.distance_m *= stretch;
        fitted.distance_m * to.y / (to.y * cos - sin)
    } else {
        0.0
    };
    let depth_m = fitted.distance_m - ahead_m * cos;
    fitted.slide(-to.x * depth_m, ahead_m);
    fitted
}

/// Where a scenario starts, and how that came about.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Home {
    /// As it was chosen or made.
    pub(super) orbit: Orbit,
    /// Nobody chose it.
    pub(super) is_made: bool,
    /// So many frames until it is fitted into what panels leave free: those of the new scenario have to be there first.
    pub(super) frames_left: u8,
}

impl Home {
    /// Where it is looked at from, with these panels.
    pub(super) fn fitted(&self, clear: ClearPart, size_px: DVec2) -> Orbit {
        match clear.0 {
            Some(part) if self.is_made => within(self.orbit, part, size_px),
            _ => self.orbit,
        }
    }
}

/// Fits the first view of a scenario into what its panels leave free, unless it was left by then.
pub(super) fn fit_home(
    clear: Res<ClearPart>,
    view: Res<SiteView>,
    ground: Res<GroundHeights>,
    mut camera: ResMut<OrbitCamera>,
) {
    let home = camera.home;
    if home.frames_left == 0 {
        return;
    }
    camera.home.frames_left -= 1;
    // In the frame before, it was brought within bounds and above the ground: that is not leaving it.
    let mut unmoved = home.orbit;
    if let Some(bounds) = &camera.bounds {
        bounds.keep(&mut unmoved);
    }
    unmoved.keep_within(|p| ground.height_at(p));
    if home.frames_left == 1 && camera.is_still() && camera.goal().is_close_to(&unmoved) {
        let fitted = home.fitted(*clear, view.size_px);
        camera.jump(fitted);
    }
}

/// Back to where the scenario starts.
pub(super) fn go_home(camera: &mut OrbitCamera, clear: ClearPart, view: &SiteView, reduced: ReducedMotion) {
    let home = camera.home.fitted(clear, view.size_px);
    camera.fly(home, reduced.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::SitePos;
    use crate::view::camera::Bounds;
    use bevy::math::DVec3;

    const SIZE: DVec2 = DVec2::new(1280.0, 720.0);

    fn made(pitch_deg: f64) -> Orbit {
        Orbit {
            target: SitePos(DVec3::new(40.0, -20.0, 5.0)),
            heading_rad: 0.4,
            pitch_rad: pitch_deg.to_radians(),
            distance_m: 300.0,
        }
    }

    fn seen(orbit: &Orbit, at: DVec3) -> (DVec2, f64) {
        let view = SiteView::looking(orbit.eye(), orbit.heading_rad, orbit.pitch_rad, SIZE);
        view.pixel(SitePos(at)).unwrap()
    }

    #[test]
    fn the_subject_stands_whole_in_the_middle_of_what_is_free() {
        // A panel at the left, bars above and below; a tall strip; a wide one.
        for part in [
            [DVec2::new(0.33, 0.06), DVec2::new(1.0, 0.96)],
            [DVec2::new(0.4, 0.1), DVec2::new(0.7, 1.0)],
            [DVec2::new(0.0, 0.5), DVec2::new(1.0, 0.9)],
        ] {
            for pitch_deg in [-35.0, -60.0, -89.5] {
                let raw = made(pitch_deg);
                let fitted = within(raw, part, SIZE);
                let (at, depth) = seen(&fitted, raw.target.0);
                let middle = part[0].midpoint(part[1]) * SIZE;
                assert!(at.distance(middle) < 1e-6, "{part:?} {pitch_deg}: {at}");
                // Half of what is seen of the subject, as large as a made view may show it.
                let half = SUBJECT * raw.distance_m / depth * SIZE.y * 0.5 / (FOV_Y_RAD * 0.5).tan();
                let room = (part[1] - part[0]) * SIZE * 0.5;
                assert!(half.cmple(room * 1.001).all(), "{part:?} {pitch_deg}: {half} in {room}");
                assert!(
                    (fitted.target.0.z - raw.target.0.z).abs() < 1e-9,
                    "it stays on the ground"
                );
            }
        }
    }

    #[test]
    fn with_all_of_the_picture_free_or_next_to_none_a_view_stays_as_it_is() {
        let raw = made(-35.0);
        assert!(within(raw, [DVec2::ZERO, DVec2::ONE], SIZE).is_close_to(&raw));
        for part in [
            [DVec2::ONE, DVec2::ZERO],
            [DVec2::ZERO, DVec2::new(0.01, 1.0)],
            [DVec2::NAN; 2],
        ] {
            assert_eq!(within(raw, part, SIZE), raw);
        }
        // Nearly along the ground it is moved across alone.
        let flat = made(-3.0);
        let fitted = within(flat, [DVec2::new(0.3, 0.2), DVec2::ONE], SIZE);
        let (at, _) = seen(&fitted, flat.target.0);
        assert!(
            (at.x - 0.65 * SIZE.x).abs() < 1e-6 && (at.y - 0.5 * SIZE.y).abs() < 1e-6,
            "{at}"
        );
    }

    fn app(is_made: bool, clear: ClearPart) -> App {
        let mut app = App::new();
        app.insert_resource(clear)
            .init_resource::<SiteView>()
            .init_resource::<GroundHeights>()
            .init_resource::<OrbitCamera>()
            .add_systems(Update, fit_home);
        app.world_mut()
            .resource_mut::<OrbitCamera>()
            .place(made(-35.0), is_made);
        app
    }

    #[test]
    fn only_a_view_that_nobody_chose_and_nobody_left_is_fitted_and_once() {
        let part = ClearPart(Some([DVec2::new(0.3, 0.1), DVec2::ONE]));
        let goal = |app: &App| app.world().resource::<OrbitCamera>().goal();
        let raw = made(-35.0);

        let mut fits = app(true, part);
        fits.update();
        assert_eq!(goal(&fits), raw, "the panels of the new scenario are not there yet");
        fits.update();
        let fitted = within(raw, [DVec2::new(0.3, 0.1), DVec2::ONE], SIZE);
        assert_eq!(goal(&fits), fitted);
        fits.insert_resource(ClearPart::default());
        fits.update();
        assert_eq!(goal(&fits), fitted, "a panel that opens later moves nothing");

        for mut stays in [app(false, part), app(true, ClearPart::default())] {
            stays.update();
            stays.update();
            assert_eq!(goal(&stays), raw);
        }

        let mut left = app(true, part);
        left.update();
        let elsewhere = made(-50.0);
        left.world_mut().resource_mut::<OrbitCamera>().jump(elsewhere);
        left.update();
        assert_eq!(goal(&left), elsewhere);
    }

    #[test]
    fn a_view_that_was_brought_within_bounds_and_above_the_ground_is_fitted_all_the_same() {
        let part = [DVec2::new(0.3, 0.1), DVec2::ONE];
        let mut app = app(true, ClearPart(Some(part)));
        // Its eye is below the ground, and farther away than it may be.
        let mut raw = made(-20.0);
        raw.target.0.z = -150.0;
        let mut camera = app.world_mut().resource_mut::<OrbitCamera>();
        camera.place(raw, true);
        camera.set_bounds(Some(Bounds {
            center: DVec2::ZERO,
            reach_m: 1000.0,
            distance_m: 250.0,
        }));
        let advance = |mut camera: ResMut<OrbitCamera>| camera.advance(0.02, false, |_| 0.0);
        app.add_systems(Update, advance.after(fit_home));
        app.update();
        let kept = app.world().resource::<OrbitCamera>().goal();
        assert!(kept.target.0.z > -100.0 && kept.distance_m <= 250.0, "{kept:?}");
        app.update();
        let fitted = app.world().resource::<OrbitCamera>().goal();
        assert!(!fitted.is_close_to(&kept), "it was fitted");
    }
}
