//! Mouse, trackpad, keys and touch to camera motion. Dragging moves the picture directly; wheel and keys
//! glide.
//!
//! Left drag slides the ground, right or middle drag (or Ctrl + left) turns around the point under the
//! cursor, Shift + left looks around, the wheel zooms to the cursor. Arrows slide, Shift + arrows turn and
//! tilt, + and − zoom, Page up and down raise and lower. One finger turns, two slide, pinch and twist.

use super::{MainCamera, Orbit, OrbitCamera};
use crate::georef::SitePos;
use crate::schedule::FrameSystems;
use crate::view::{ray_cast::SceneRay, site_view::SiteView};
use bevy::{
    input::{
        gestures::PinchGesture,
        mouse::{MouseScrollUnit, MouseWheel},
        touch::Touch,
    },
    math::DVec2,
    prelude::*,
    window::PrimaryWindow,
};
use std::f64::consts::PI;

/// Who has pointer and keyboard: the interface sets this every frame.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InputCapture {
    /// The pointer is over a panel or drags one of its parts.
    pub pointer: bool,
    /// Text is being typed or a widget has the keys.
    pub keyboard: bool,
}

/// Fact: a click or tap on the city that was not a drag.
#[derive(Message, Debug, Clone, Copy, PartialEq)]
pub struct Clicked {
    /// Where in the picture, physical pixels from the upper left corner.
    pub pixel: DVec2,
}

/// The systems that read the devices.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct InputSystems;

/// A press becomes a drag after this way, logical points.
const DRAG_POINTS: f64 = 5.0;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Motion {
    Slide { grab: SitePos },
    Turn { pivot: SitePos },
    Look,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Drag {
    button: MouseButton,
    motion: Motion,
    start: DVec2,
    last: DVec2,
    has_moved: bool,
}

#[derive(Resource, Debug, Default)]
struct Gestures {
    drag: Option<Drag>,
    fingers: Vec<(u64, DVec2)>,
    /// The way fingers went since the first touched, logical points.
    finger_way: f64,
    /// The most fingers down in this gesture.
    most_fingers: usize,
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<InputCapture>()
        .init_resource::<Gestures>()
        .add_message::<Clicked>()
        .configure_sets(Update, InputSystems.in_set(FrameSystems::Derive))
        .add_systems(
            Update,
            (drag_with_mouse, zoom_with_wheel, move_with_keys, move_with_fingers)
                .chain()
                .in_set(InputSystems),
        );
}

/// The cursor in the camera's picture, physical pixels; `None` outside.
pub(crate) fn cursor_pixel(
    windows: &Query<&Window, With<PrimaryWindow>>,
    cameras: &Query<&Camera, With<MainCamera>>,
) -> Option<DVec2> {
    let cursor = windows.iter().next()?.cursor_position()?;
    pixel_of(cursor, cameras)
}

fn pixel_of(point: Vec2, cameras: &Query<&Camera, With<MainCamera>>) -> Option<DVec2> {
    let camera = cameras.iter().next()?;
    let corner = camera.logical_viewport_rect()?.min;
    let scale = camera.target_scaling_factor().unwrap_or(1.0);
    Some(((point - corner) * scale).as_dvec2())
}

fn drag_with_mouse(
    buttons: Option<Res<ButtonInput<MouseButton>>>,
    keys: Option<Res<ButtonInput<KeyCode>>>,
    windows: Query<&Window, With<PrimaryWindow>>,
    cameras: Query<&Camera, With<MainCamera>>,
    capture: Res<InputCapture>,
    view: Res<SiteView>,
    scene: SceneRay,
    mut clicks: MessageWriter<Clicked>,
    mut gestures: ResMut<Gestures>,
    mut camera: ResMut<OrbitCamera>,
) {
    let (Some(buttons), Some(keys)) = (buttons, keys) else {
        return;
    };
    let Some(cursor) = cursor_pixel(&windows, &cameras) else {
        return;
    };
    if gestures.drag.is_none() && !capture.pointer {
        let pressed = [MouseButton::Left, MouseButton::Right, MouseButton::Middle]
            .into_iter()
            .find(|button| buttons.just_pressed(*button));
        if let Some(button) = pressed {
            let hit = under(&scene, &view, cursor, camera.current.target);
            let control = keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight]);
            let shift = keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
            let motion = if button == MouseButton::Left && (shift || camera.is_walking) {
                Motion::Look
            } else if button == MouseButton::Left && !control {
                Motion::Slide { grab: hit }
            } else {
                Motion::Turn { pivot: hit }
            };
            gestures.drag = Some(Drag {
                button,
                motion,
                start: cursor,
                last: cursor,
                has_moved: false,
            });
        }
    }
    let Some(mut drag) = gestures.drag else {
        return;
    };
    if !buttons.pressed(drag.button) {
        gestures.drag = None;
        if !drag.has_moved && drag.button == MouseButton::Left {
            clicks.write(Clicked { pixel: cursor });
        }
        return;
    }
    drag.has_moved |= cursor.distance(drag.start) > DRAG_POINTS * view.pixels_per_point;
    if drag.has_moved && cursor != drag.last {
        camera.take_in_hand();
        let moved = (cursor - drag.last) / view.size_px.y;
        let mut orbit = camera.current;
        match drag.motion {
            Motion::Slide { grab } => slide_so_that(&mut orbit, &view, grab, cursor),
            Motion::Turn { pivot } => orbit.turn_around(pivot, moved.x * PI, -moved.y * PI * 0.6),
            Motion::Look => orbit.look_around(-moved.x * view.fov_y_rad, moved.y * view.fov_y_rad),
        }
        camera.current = orbit;
        camera.goal = orbit;
    }
    drag.last = cursor;
    gestures.drag = Some(drag);
}

/// The point of the city under a pixel, or of the level plane through `fallback` where there is none.
fn under(scene: &SceneRay, view: &SiteView, pixel: DVec2, fallback: SitePos) -> SitePos {
    let direction = view.ray(pixel);
    scene
        .cast(view.eye, direction)
        .map(|hit| hit.position)
        .or_else(|| on_level(view, pixel, fallback.0.z))
        .filter(|p| p.0.distance(view.eye.0) < 20_000.0)
        .unwrap_or(fallback)
}

/// Where the line of sight through a pixel meets the level at `height_m`; `None` at and above the horizon.
fn on_level(view: &SiteView, pixel: DVec2, height_m: f64) -> Option<SitePos> {
    let direction = view.ray(pixel);
    let along = (height_m - view.eye.0.z) / direction.z;
    (direction.z.abs() > 1e-3 && along > 0.0).then(|| SitePos(view.eye.0 + direction * along))
}

/// Slides so that the point grabbed stays under the cursor.
fn slide_so_that(orbit: &mut Orbit, view: &SiteView, grab: SitePos, cursor: DVec2) {
    let Some(now) = on_level(view, cursor, grab.0.z) else {
        return;
    };
    let by = (grab.0 - now.0).truncate();
    // Near the horizon a pixel covers a kilometre: a slide never goes further than the eye sees detail.
    let most = view.eye.0.distance(grab.0).max(10.0);
    orbit.target.0 += by.clamp_length_max(most).extend(0.0);
}

fn zoom_with_wheel(
    mut wheel: MessageReader<MouseWheel>,
    mut pinches: MessageReader<PinchGesture>,
    windows: Query<&Window, With<PrimaryWindow>>,
    cameras: Query<&Camera, With<MainCamera>>,
    capture: Res<InputCapture>,
    view: Res<SiteView>,
    scene: SceneRay,
    mut camera: ResMut<OrbitCamera>,
) {
    let steps: f64 = wheel
        .read()
        .map(|event| match event.unit {
            MouseScrollUnit::Line => f64::from(event.y),
            MouseScrollUnit::Pixel => f64::from(event.y) / 60.0,
        })
        .sum::<f64>()
        + pinches.read().map(|pinch| f64::from(pinch.0) * 5.0).sum::<f64>();
    if steps == 0.0 || capture.pointer {
        return;
    }
    let Some(cursor) = cursor_pixel(&windows, &cameras) else {
        return;
    };
    camera.take_in_hand();
    camera.is_walking = false;
    let point = under(&scene, &view, cursor, camera.current.target);
    camera.goal.zoom_to(point, 0.84_f64.powf(steps.clamp(-10.0, 10.0)));
}

fn move_with_keys(
    keys: Option<Res<ButtonInput<KeyCode>>>,
    time: Res<Time>,
    capture: Res<InputCapture>,
    mut camera: ResMut<OrbitCamera>,
) {
    let Some(keys) = keys.filter(|_| !capture.keyboard) else {
        return;
    };
    if keys.any_pressed([
        KeyCode::ControlLeft,
        KeyCode::ControlRight,
        KeyCode::AltLeft,
        KeyCode::AltRight,
    ]) {
        return;
    }
    let seconds = time.delta_secs_f64().min(0.1);
    let axis = |minus: &[KeyCode], plus: &[KeyCode]| {
        f64::from(i8::from(keys.any_pressed(plus.iter().copied())) - i8::from(keys.any_pressed(minus.iter().copied())))
    };
    let right = axis(&[KeyCode::ArrowLeft], &[KeyCode::ArrowRight]);
    let ahead = axis(&[KeyCode::ArrowDown], &[KeyCode::ArrowUp]);
    let nearer = axis(
        &[KeyCode::Minus, KeyCode::NumpadSubtract],
        &[KeyCode::Equal, KeyCode::NumpadAdd],
    );
    let higher = axis(&[KeyCode::PageDown], &[KeyCode::PageUp]);
    if right == 0.0 && ahead == 0.0 && nearer == 0.0 && higher == 0.0 {
        return;
    }
    camera.take_in_hand();
    let is_shifted = keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    let pivot = camera.goal.target;
    if camera.is_walking {
        const PACE_M_PER_S: f64 = 3.0;
        if is_shifted {
            camera.goal.slide(right * PACE_M_PER_S * seconds, 0.0);
            camera.goal.look_around(0.0, ahead * 0.6 * seconds);
        } else {
            camera.goal.slide(0.0, ahead * PACE_M_PER_S * seconds);
            camera.goal.look_around(right * 1.1 * seconds, 0.0);
        }
        if nearer < 0.0 {
            camera.is_walking = false;
        }
    } else if is_shifted {
        camera.goal.turn_around(pivot, -right * 1.3 * seconds, ahead * -0.8 * seconds);
    } else {
        let pace = camera.goal.distance_m * 0.7 * seconds;
        camera.goal.slide(right * pace, ahead * pace);
    }
    camera.goal.zoom_to(pivot, (-nearer * 1.6 * seconds).exp());
    camera.goal.target.0.z += higher * camera.goal.distance_m * 0.25 * seconds;
}

fn move_with_fingers(
    touches: Option<Res<Touches>>,
    cameras: Query<&Camera, With<MainCamera>>,
    capture: Res<InputCapture>,
    view: Res<SiteView>,
    mut clicks: MessageWriter<Clicked>,
    mut gestures: ResMut<Gestures>,
    mut camera: ResMut<OrbitCamera>,
) {
    let Some(touches) = touches else {
        return;
    };
    let pixel = |touch: &Touch| pixel_of(touch.position(), &cameras).map(|p| (touch.id(), p));
    let mut fingers: Vec<_> = touches.iter().filter_map(pixel).collect();
    fingers.sort_by_key(|(id, _)| *id);
    let before = std::mem::replace(&mut gestures.fingers, fingers.clone());
    if fingers.is_empty() {
        let way = gestures.finger_way;
        if gestures.most_fingers == 1
            && way <= DRAG_POINTS * 2.0
            && !capture.pointer
            && let Some((_, pixel)) = before.first()
        {
            clicks.write(Clicked { pixel: *pixel });
        }
        gestures.most_fingers = 0;
        gestures.finger_way = 0.0;
        return;
    }
    gestures.most_fingers = gestures.most_fingers.max(fingers.len());
    let is_same_hand = before.len() == fingers.len() && before.iter().zip(&fingers).all(|(a, b)| a.0 == b.0);
    if capture.pointer || !is_same_hand {
        return;
    }
    let way = before.iter().zip(&fingers).map(|(a, b)| a.1.distance(b.1)).sum::<f64>();
    if way == 0.0 {
        return;
    }
    gestures.finger_way += way / view.pixels_per_point;
    if gestures.finger_way <= DRAG_POINTS * 2.0 {
        return;
    }
    camera.take_in_hand();
    let mut orbit = camera.current;
    match (before.as_slice(), fingers.as_slice()) {
        ([(_, from)], [(_, to)]) => {
            let moved = (*to - *from) / view.size_px.y;
            if camera.is_walking {
                orbit.look_around(-moved.x * view.fov_y_rad, moved.y * view.fov_y_rad);
            } else {
                orbit.turn_around(orbit.target, moved.x * PI, -moved.y * PI * 0.6);
            }
        }
        ([(_, a0), (_, b0), ..], [(_, a1), (_, b1), ..]) => {
            two_fingers(&mut orbit, &view, [*a0, *b0], [*a1, *b1]);
        }
        _ => return,
    }
    camera.current = orbit;
    camera.goal = orbit;
}

/// Slides with the middle of two fingers, zooms with their distance, turns with their twist.
fn two_fingers(orbit: &mut Orbit, view: &SiteView, from: [DVec2; 2], to: [DVec2; 2]) {
    let level = orbit.target.0.z;
    let middle = |f: [DVec2; 2]| (f[0] + f[1]) * 0.5;
    let Some(grab) = on_level(view, middle(from), level) else {
        return;
    };
    slide_so_that(orbit, view, grab, middle(to));
    let (spread_from, spread_to) = (from[1] - from[0], to[1] - to[0]);
    if spread_from.length() > 1.0 && spread_to.length() > 1.0 {
        orbit.zoom_to(grab, (spread_from.length() / spread_to.length()).clamp(0.5, 2.0));
        let twist = spread_from.angle_to(spread_to);
        // Pixels count downwards, so a twist to the right is positive and turns the city to the right.
        orbit.turn_around(grab, -twist, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec3;

    fn seen(orbit: &Orbit) -> SiteView {
        SiteView::looking(
            orbit.eye(),
            orbit.heading_rad,
            orbit.pitch_rad,
            DVec2::new(1280.0, 720.0),
        )
    }

    #[test]
    fn what_is_grabbed_stays_under_the_cursor() {
        let mut orbit = Orbit::default();
        let view = seen(&orbit);
        let grab = on_level(&view, DVec2::new(500.0, 400.0), 0.0).unwrap();
        slide_so_that(&mut orbit, &view, grab, DVec2::new(800.0, 300.0));
        let (pixel, _) = seen(&orbit).pixel(grab).unwrap();
        assert!(pixel.distance(DVec2::new(800.0, 300.0)) < 1e-6, "{pixel}");
    }

    #[test]
    fn the_sky_cannot_be_grabbed() {
        let orbit = Orbit {
            pitch_rad: 0.1,
            ..Orbit::default()
        };
        assert!(on_level(&seen(&orbit), DVec2::new(640.0, 10.0), -1e4).is_none());
    }

    #[test]
    fn pinching_zooms_to_the_middle_and_a_twist_turns_the_city_with_the_fingers() {
        let mut orbit = Orbit::default();
        let view = seen(&orbit);
        let middle = DVec2::new(640.0, 420.0);
        let grab = on_level(&view, middle, 0.0).unwrap();
        let arm = DVec2::new(100.0, 0.0);
        two_fingers(&mut orbit, &view, [middle - arm, middle + arm], [middle - arm * 2.0, middle + arm * 2.0]);
        assert!((orbit.distance_m - 300.0).abs() < 1e-6);
        let (pixel, _) = seen(&orbit).pixel(grab).unwrap();
        assert!(pixel.distance(middle) < 1e-6);

        let mut orbit = Orbit {
            pitch_rad: super::super::orbit::MIN_PITCH_RAD,
            ..Orbit::default()
        };
        let view = seen(&orbit);
        let east = SitePos(DVec3::new(50.0, 0.0, 0.0));
        let (a, b) = (view.pixel(orbit.target).unwrap().0, view.pixel(east).unwrap().0);
        let turned = a + DVec2::from_angle(0.3).rotate(b - a);
        let around = |p: DVec2| a * 2.0 - p;
        two_fingers(&mut orbit, &view, [around(b), b], [around(turned), turned]);
        let (pixel, _) = seen(&orbit).pixel(east).unwrap();
        assert!(pixel.distance(turned) < 2.0, "{pixel} instead of {turned}");
    }
}
