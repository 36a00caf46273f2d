//! Where the kiosk looks from. Its controls cover the lower part of the screen, so what is looked at stands in the middle
//! of the part above them: the city turns and grows around that place, not around the middle of the screen.

use super::session::{Session, SetSpot, Step};
use super::{FreeView, Kiosk, Portraits, Wishes};
use crate::georef::{SitePos, narrow};
use crate::model::OpenScenario;
use crate::model::reaction::Spot;
use crate::view::camera::{
    CameraCommand, DragMotion, Drags, FlyTo, Orbit, OrbitCamera, ReducedMotion, on_level, orbit_of,
};
use crate::view::ray_cast::SceneRay;
use crate::view::site_view::{SiteView, axes};
use bevy::{
    math::{DVec2, DVec3},
    prelude::*,
};
use bevy_egui::egui::{Pos2, Rect};
use std::f64::consts::FRAC_PI_4;

/// How fast the city turns while nobody is there, radians per second.
const ATTRACT_RAD_PER_S: f64 = 0.03;
/// How much further away a step goes.
const ZOOM_STEP: f64 = 1.4;
/// A pin that is nearer than this share of the free part to its edge counts as hidden: its head would be.
const PIN_MARGIN: f32 = 0.15;
/// As far down as the kiosk looks, radians.
const LOWEST_PITCH_RAD: f64 = -1.5;

/// Turns the city slowly while nobody is there.
pub(super) fn turn_city(
    time: Res<Time>,
    kiosk: Res<Kiosk>,
    portraits: Res<Portraits>,
    motion: Res<ReducedMotion>,
    camera: Res<OrbitCamera>,
    (view, free): (Res<SiteView>, Res<FreeView>),
    mut drags: ResMut<Drags>,
    mut fly: MessageWriter<FlyTo>,
) {
    let motion_of_step = match kiosk.session.step {
        Step::Spot => DragMotion::Slide,
        _ => DragMotion::Turn,
    };
    let middle = middle_px(free.view, &view);
    drags.set_if_neq(Drags {
        motion: motion_of_step,
        pivot_px: Some(middle),
    });
    let is_alone = kiosk.session.step == Step::Attract && !kiosk.staff.is_open();
    if is_alone && portraits.is_done() && !motion.0 && camera.is_still() {
        let turn = ATTRACT_RAD_PER_S * time.delta_secs_f64().min(0.1);
        let mut to = camera.shown();
        to.turn_around(focus(&view, middle, &to), turn, 0.0);
        fly.write(FlyTo { to, at_once: true });
    }
}

/// The middle of the city's part of the screen, pixels.
fn middle_px(free: Option<Rect>, view: &SiteView) -> DVec2 {
    let middle = free.map(|free| free.center());
    middle.map_or(view.size_px / 2.0, |at| {
        DVec2::new(f64::from(at.x), f64::from(at.y)) * view.pixels_per_point
    })
}

/// What of the city stands at a pixel, on the level of what is looked at.
fn focus(view: &SiteView, pixel: DVec2, orbit: &Orbit) -> SitePos {
    on_level(view, pixel, orbit.target.0.z).unwrap_or(orbit.target)
}

/// The same eye, tilted so that what was in the middle of the picture stands at a pixel above it, where no control
/// covers it.
fn framed(orbit: Orbit, view: &SiteView, middle: DVec2) -> Orbit {
    let up = (0.5 - middle.y / view.size_px.y.max(1.0)) * 2.0;
    let tilt = (up * (view.fov_y_rad / 2.0).tan()).atan();
    let pitch_rad = (orbit.pitch_rad - tilt).max(LOWEST_PITCH_RAD);
    let (eye, level_m) = (orbit.eye().0, orbit.target.0.z);
    let down = -pitch_rad.sin();
    if down < 0.05 {
        return orbit;
    }
    let distance_m = (eye.z - level_m) / down;
    let (_, ahead, _) = axes(orbit.heading_rad, pitch_rad);
    Orbit {
        target: SitePos(eye + ahead * distance_m),
        pitch_rad,
        distance_m,
        ..orbit
    }
}

/// Flies to where the scenario starts, with what it looks at where no control covers it.
pub(super) fn go_home(wishes: &mut Wishes) {
    let Some(shown) = &wishes.shown else { return };
    let scenario = &shown.open.scenario;
    let start = scenario
        .start_viewpoint
        .as_deref()
        .and_then(|id| scenario.viewpoint(id));
    let Some(start) = start.or(scenario.viewpoints.first()) else {
        wishes.home.write(CameraCommand::Home);
        return;
    };
    // On the screens to come the controls reach about as high as they do now.
    let to = framed(orbit_of(start), &wishes.view, middle_px(wishes.free.view, &wishes.view));
    wishes.fly.write(FlyTo { to, at_once: false });
}

/// A step nearer (negative) or further.
pub(super) fn zoom(wishes: &mut Wishes, steps: i8) {
    let mut to = wishes.camera.goal();
    let focus = focus(&wishes.view, middle_px(wishes.free.view, &wishes.view), &to);
    to.zoom_to(focus, ZOOM_STEP.powi(i32::from(steps)));
    wishes.fly.write(FlyTo { to, at_once: false });
}

/// Eighths of a turn to the left (negative) or right.
pub(super) fn turn(wishes: &mut Wishes, parts: i8) {
    let mut to = wishes.camera.goal();
    let focus = focus(&wishes.view, middle_px(wishes.free.view, &wishes.view), &to);
    to.turn_around(focus, f64::from(parts) * FRAC_PI_4, 0.0);
    wishes.fly.write(FlyTo { to, at_once: false });
}

/// The spot of the city under a point of the screen.
pub(super) fn spot_under(
    at: Pos2,
    view: &SiteView,
    scene: &SceneRay,
    camera: &OrbitCamera,
    open: &OpenScenario,
) -> Option<SetSpot> {
    let pixel = DVec2::new(f64::from(at.x), f64::from(at.y)) * view.pixels_per_point;
    let hit = scene.cast(view.eye, view.ray(pixel)).map(|hit| hit.position);
    let at = hit.or_else(|| on_level(view, pixel, camera.shown().target.0.z))?;
    let spot = Spot::rounded(at, &open.scenario.area.site);
    Some(SetSpot { spot, at })
}

/// Where on the screen the pin of the spot stands that the visitor has set, points. On a roof of the plan it stands on
/// what is there today while that is looked at.
pub(super) fn pin_point(session: &Session, view: &SiteView, scene: &SceneRay) -> Option<Pos2> {
    let mut at = session.pin()?;
    if session.shows_today {
        let above = SitePos(at.0 + DVec3::Z);
        let below = scene.cast(above, DVec3::NEG_Z).map(|hit| hit.position.0.z);
        at.0.z = below.map_or(at.0.z, |z| z.min(at.0.z));
    }
    point_of(at, view)
}

/// A place of the city on the screen, points; `None` behind the eye.
fn point_of(at: SitePos, view: &SiteView) -> Option<Pos2> {
    let (pixel, _) = view.pixel(at)?;
    let [x, y, _] = narrow((pixel / view.pixels_per_point).extend(0.0));
    Some(Pos2::new(x, y))
}

/// Slides the city so that a spot that was just set stands where no control covers it: the next screen has more of them.
pub(super) fn show_new_pin(
    kiosk: Res<Kiosk>,
    camera: Res<OrbitCamera>,
    (view, free): (Res<SiteView>, Res<FreeView>),
    mut seen: Local<Option<SitePos>>,
    mut fly: MessageWriter<FlyTo>,
) {
    let pin = kiosk.session.pin();
    // What the controls of a screen cover is known when it was shown.
    if *seen == pin || kiosk.shown != Some(kiosk.session.step) {
        return;
    }
    *seen = pin;
    let (Some(at), Some(rect)) = (pin, free.view) else {
        return;
    };
    let room = rect.shrink2(rect.size() * PIN_MARGIN);
    if point_of(at, &view).is_some_and(|point| room.contains(point)) {
        return;
    }
    if let Some(to) = slid_to(camera.goal(), &view, middle_px(free.view, &view), at) {
        fly.write(FlyTo { to, at_once: false });
    }
}

/// The same look from an eye that is moved so that `at` stands at a pixel.
fn slid_to(orbit: Orbit, view: &SiteView, pixel: DVec2, at: SitePos) -> Option<Orbit> {
    let there = on_level(view, pixel, at.0.z)?;
    let by = (at.0 - there.0).truncate().extend(0.0);
    Some(Orbit {
        target: SitePos(orbit.target.0 + by),
        ..orbit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_in_the_middle_stands_above_the_controls_and_the_eye_stays() {
        let orbit = Orbit {
            target: SitePos(DVec3::new(30.0, -20.0, 4.0)),
            heading_rad: 0.4,
            pitch_rad: -0.6,
            distance_m: 500.0,
        };
        let size_px = DVec2::new(1920.0, 1080.0);
        let view = SiteView::looking(orbit.eye(), orbit.heading_rad, orbit.pitch_rad, size_px);
        let middle = DVec2::new(960.0, 300.0);
        let framed = framed(orbit, &view, middle);
        assert!(framed.eye().0.distance(orbit.eye().0) < 1e-6);
        assert!((framed.target.0.z - 4.0).abs() < 1e-6);
        let after = SiteView::looking(framed.eye(), framed.heading_rad, framed.pitch_rad, size_px);
        let (pixel, _) = after.pixel(orbit.target).expect("in sight");
        assert!(pixel.distance(middle) < 1.0, "{pixel}");
        // And that is what the city turns around.
        let focus = focus(&after, middle, &framed);
        assert!(focus.0.distance(orbit.target.0) < 2.0, "{focus:?}");
    }

    #[test]
    fn a_pin_stands_on_its_spot_and_comes_out_from_behind_the_controls() {
        let orbit = Orbit {
            target: SitePos(DVec3::new(30.0, -20.0, 4.0)),
            heading_rad: 0.4,
            pitch_rad: -0.6,
            distance_m: 500.0,
        };
        let mut view = SiteView::looking(
            orbit.eye(),
            orbit.heading_rad,
            orbit.pitch_rad,
            DVec2::new(1920.0, 1080.0),
        );
        view.pixels_per_point = 2.0;
        let under = |pixel: DVec2| on_level(&view, pixel, 9.0).expect("on the city");
        let low = under(DVec2::new(700.0, 900.0));
        let point = point_of(low, &view).expect("before the eye");
        assert!(point.distance(Pos2::new(350.0, 450.0)) < 0.1, "{point}");
        let middle = DVec2::new(960.0, 300.0);
        let slid = slid_to(orbit, &view, middle, low).expect("a level below the eye");
        let mut after = SiteView::looking(slid.eye(), slid.heading_rad, slid.pitch_rad, view.size_px);
        after.pixels_per_point = 2.0;
        let point = point_of(low, &after).expect("before the eye");
        assert!(point.distance(Pos2::new(480.0, 150.0)) < 0.1, "{point}");
        let behind = SitePos(orbit.eye().0 - (orbit.target.0 - orbit.eye().0));
        assert_eq!(point_of(behind, &view), None);
    }
}
