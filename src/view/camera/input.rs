//! Mouse, trackpad, keys and touch to camera motion. Dragging moves the picture directly; wheel and keys
//! glide.
//!
//! Left drag slides the ground, right or middle drag (or Ctrl + left) turns around the point under the
//! cursor, Shift + left looks around, the wheel zooms to the cursor. Arrows slide, Shift + arrows turn and
//! tilt, + and − zoom, Page up and down raise and lower. One finger turns, two slide, pinch and twist.
//! Plus and minus are known by their sign and not by their place, which differs from keyboard to keyboard.

mod drags;

pub use drags::{DragMotion, Drags};

use super::{MainCamera, Orbit, OrbitCamera};
use crate::georef::SitePos;
use crate::schedule::FrameSystems;
use crate::view::{ray_cast::SceneRay, site_view::SiteView};
use bevy::{
    input::{
        gestures::PinchGesture,
        keyboard::{Key, KeyboardFocusLost, KeyboardInput},
        mouse::{MouseScrollUnit, MouseWheel},
        touch::Touch,
    },
    math::DVec2,
    prelude::*,
    window::{PrimaryWindow, WindowEvent},
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

/// What a step of the wheel leaves of the distance.
const STEP_FACTOR: f64 = 0.84;
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
    /// Where the cursor was after the last event, physical pixels of the picture.
    cursor: Option<DVec2>,
    fingers: Vec<(u64, DVec2)>,
    /// The way fingers went since the first touched, logical points.
    finger_way: f64,
    /// The most fingers down in this gesture.
    most_fingers: usize,
    zoom_keys: Vec<ZoomKey>,
}

/// A key that zooms and is held, or was let go since the last frame.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ZoomKey {
    code: KeyCode,
    /// 1 nearer, −1 farther.
    way: f64,
    is_held: bool,
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<InputCapture>()
        .init_resource::<Drags>()
        .init_resource::<Gestures>()
        .add_message::<Clicked>()
        .configure_sets(Update, InputSystems.in_set(FrameSystems::Derive))
        .add_systems(
            Update,
            (
                drag_with_mouse,
                zoom_with_wheel,
                hold_zoom_keys,
                move_with_keys,
                move_with_fingers,
            )
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

/// Follows the mouse event by event, in the order in which they came: on a slow machine a whole drag can fall
/// between two frames, and must not be taken for a click.
fn drag_with_mouse(
    mut events: MessageReader<WindowEvent>,
    keys: Option<Res<ButtonInput<KeyCode>>>,
    windows: Query<&Window, With<PrimaryWindow>>,
    cameras: Query<&Camera, With<MainCamera>>,
    (capture, drags): (Res<InputCapture>, Res<Drags>),
    view: Res<SiteView>,
    scene: SceneRay,
    mut clicks: MessageWriter<Clicked>,
    mut gestures: ResMut<Gestures>,
    mut camera: ResMut<OrbitCamera>,
) {
    let pressed = |some: &[KeyCode]| keys.as_ref().is_some_and(|keys| keys.any_pressed(some.iter().copied()));
    let control = pressed(&[KeyCode::ControlLeft, KeyCode::ControlRight]);
    let shift = pressed(&[KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    let before = camera.current;
    let mut cursor = gestures.cursor.or_else(|| cursor_pixel(&windows, &cameras));
    for event in events.read() {
        match event {
            WindowEvent::CursorMoved(moved) => {
                cursor = pixel_of(moved.position, &cameras);
                if let (Some(drag), Some(cursor)) = (&mut gestures.drag, cursor) {
                    follow_drag(drag, cursor, &view, before, &mut camera);
                }
            }
            WindowEvent::CursorLeft(_) => cursor = None,
            WindowEvent::MouseButtonInput(input) if input.state.is_pressed() => {
                let is_ours = matches!(
                    input.button,
                    MouseButton::Left | MouseButton::Right | MouseButton::Middle
                );
                if let (Some(at), true) = (cursor, is_ours && gestures.drag.is_none() && !capture.pointer) {
                    let hit = under(&scene, &view, at, camera.current.target);
                    let is_left = input.button == MouseButton::Left;
                    let motion = if is_left && (shift || camera.is_walking) {
                        Motion::Look
                    } else {
                        match (drags.motion, is_left && !control) {
                            (DragMotion::Desk, true) | (DragMotion::Slide, _) => Motion::Slide { grab: hit },
                            (DragMotion::Desk, false) => Motion::Turn { pivot: hit },
                            (DragMotion::Turn, _) => Motion::Turn {
                                pivot: pivot_of(&drags, &view, camera.current.target),
                            },
                        }
                    };
                    let button = input.button;
                    gestures.drag = Some(Drag {
                        button,
                        motion,
                        start: at,
                        last: at,
                        has_moved: false,
                    });
                }
            }
            WindowEvent::MouseButtonInput(input) => {
                if let Some(drag) = gestures.drag.take_if(|drag| drag.button == input.button)
                    && !drag.has_moved
                    && drag.button == MouseButton::Left
                    && drags.motion == DragMotion::Desk
                {
                    clicks.write(Clicked { pixel: drag.start });
                }
            }
            _ => {}
        }
    }
    gestures.cursor = cursor;
}

/// Moves the camera with a drag that has come to `cursor`; `before` is the orbit that `view` shows.
fn follow_drag(drag: &mut Drag, cursor: DVec2, view: &SiteView, before: Orbit, camera: &mut OrbitCamera) {
    drag.has_moved |= cursor.distance(drag.start) > DRAG_POINTS * view.pixels_per_point;
    if drag.has_moved && cursor != drag.last {
        camera.take_in_hand();
        let moved = (cursor - drag.last) / view.size_px.y;
        let mut orbit = camera.current;
        match drag.motion {
            Motion::Slide { grab } => {
                // Where the cursor meets the ground is known for the view as it was shown, not for a later one.
                orbit.target = before.target;
                slide_so_that(&mut orbit, view, grab, cursor);
            }
            Motion::Turn { pivot } => orbit.turn_around(pivot, moved.x * PI, -moved.y * PI * 0.6),
            Motion::Look => orbit.look_around(-moved.x * view.fov_y_rad, moved.y * view.fov_y_rad),
        }
        camera.current = orbit;
        camera.goal = orbit;
        drag.last = cursor;
    }
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
pub(crate) fn on_level(view: &SiteView, pixel: DVec2, height_m: f64) -> Option<SitePos> {
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
        .map(|event| wheel_steps(event.unit, event.y, view.pixels_per_point))
        .sum::<f64>()
        + pinches.read().map(|pinch| pinch_steps(pinch.0)).sum::<f64>();
    if steps == 0.0 || capture.pointer {
        return;
    }
    let Some(cursor) = cursor_pixel(&windows, &cameras) else {
        return;
    };
    camera.take_in_hand();
    camera.is_walking = false;
    let point = under(&scene, &view, cursor, camera.current.target);
    camera.goal.zoom_to(point, STEP_FACTOR.powf(steps.clamp(-10.0, 10.0)));
}

/// Steps of a wheel; a trackpad tells pixels, many small ones, and as many of them as a notch has make one step.
fn wheel_steps(unit: MouseScrollUnit, y: f32, pixels_per_point: f64) -> f64 {
    const NOTCH_POINTS: f64 = 60.0;
    match unit {
        MouseScrollUnit::Line => f64::from(y),
        MouseScrollUnit::Pixel => f64::from(y) / (NOTCH_POINTS * pixels_per_point.max(0.1)),
    }
}

/// Steps of a pinch that enlarges by the share `delta`: the city grows as far as the fingers went apart.
fn pinch_steps(delta: f32) -> f64 {
    let grows = (1.0 + f64::from(delta)).clamp(0.25, 4.0);
    -grows.ln() / STEP_FACTOR.ln()
}

/// Notes which keys with a plus or a minus on them are held. A key that is let go is known by its place, since its sign
/// may have changed with Shift in between.
fn hold_zoom_keys(
    mut inputs: MessageReader<KeyboardInput>,
    mut lost: MessageReader<KeyboardFocusLost>,
    mut gestures: ResMut<Gestures>,
) {
    for input in inputs.read() {
        let code = input.key_code;
        if input.state.is_pressed() {
            if let Some(way) = zoom_way(input) {
                gestures.zoom_keys.retain(|key| key.code != code);
                gestures.zoom_keys.push(ZoomKey {
                    code,
                    way,
                    is_held: true,
                });
            }
        } else {
            for key in gestures.zoom_keys.iter_mut().filter(|key| key.code == code) {
                key.is_held = false;
            }
        }
    }
    if lost.read().last().is_some() {
        gestures.zoom_keys.clear();
    }
}

/// Which way a key zooms. The plus shares its key with the equals sign on many keyboards, and nobody wants to need Shift.
fn zoom_way(input: &KeyboardInput) -> Option<f64> {
    match &input.logical_key {
        Key::Character(sign) if matches!(sign.as_str(), "+" | "=") => Some(1.0),
        Key::Character(sign) if matches!(sign.as_str(), "-" | "−") => Some(-1.0),
        _ => None,
    }
}

fn move_with_keys(
    keys: Option<Res<ButtonInput<KeyCode>>>,
    time: Res<Time>,
    capture: Res<InputCapture>,
    mut gestures: ResMut<Gestures>,
    mut camera: ResMut<OrbitCamera>,
) {
    // On a slow machine a key can be pressed and let go between two frames: it counts for this one.
    let nearer: f64 = gestures.zoom_keys.iter().map(|key| key.way).sum();
    gestures.zoom_keys.retain(|key| key.is_held);
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
    let nearer = nearer.clamp(-1.0, 1.0);
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
        camera
            .goal
            .turn_around(pivot, -right * 1.3 * seconds, ahead * -0.8 * seconds);
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
    (capture, drags): (Res<InputCapture>, Res<Drags>),
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
            && drags.motion == DragMotion::Desk
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
        ([(_, from)], [(_, to)]) if drags.motion == DragMotion::Slide => {
            if let Some(grab) = on_level(&view, *from, orbit.target.0.z) {
                slide_so_that(&mut orbit, &view, grab, *to);
            }
        }
        ([(_, from)], [(_, to)]) => {
            let pivot = pivot_of(&drags, &view, orbit.target);
            one_finger(&mut orbit, &view, pivot, *to - *from, camera.is_walking);
        }
        ([(_, a0), (_, b0), ..], [(_, a1), (_, b1), ..]) => {
            two_fingers(&mut orbit, &view, [*a0, *b0], [*a1, *b1]);
        }
        _ => return,
    }
    camera.current = orbit;
    camera.goal = orbit;
}

/// Turns and tilts around what is looked at, or looks around for somebody who walks.
fn one_finger(orbit: &mut Orbit, view: &SiteView, pivot: SitePos, moved_px: DVec2, is_walking: bool) {
    let moved = moved_px / view.size_px.y;
    if is_walking {
        orbit.look_around(-moved.x * view.fov_y_rad, moved.y * view.fov_y_rad);
    } else {
        orbit.turn_around(pivot, moved.x * PI, -moved.y * PI * 0.6);
    }
}

/// What the city turns around.
fn pivot_of(drags: &Drags, view: &SiteView, target: SitePos) -> SitePos {
    let wished = drags.pivot_px.and_then(|pixel| on_level(view, pixel, target.0.z));
    wished.unwrap_or(target)
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
mod tests;
