use super::*;
use bevy::{
    camera::{ComputedCameraValues, RenderTargetInfo},
    input::{
        ButtonState,
        touch::{TouchInput, TouchPhase, touch_screen_input_system},
    },
    math::DVec3,
};

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
    two_fingers(
        &mut orbit,
        &view,
        [middle - arm, middle + arm],
        [middle - arm * 2.0, middle + arm * 2.0],
    );
    assert!((orbit.distance_m - 300.0).abs() < 1e-6);
    let (pixel, _) = seen(&orbit).pixel(grab).unwrap();
    assert!(pixel.distance(middle) < 1e-6);

    let mut orbit = Orbit {
        pitch_rad: crate::view::camera::orbit::MIN_PITCH_RAD,
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

#[test]
fn many_small_pixels_zoom_as_far_as_one_notch_and_a_dense_screen_makes_no_difference() {
    let notch = wheel_steps(MouseScrollUnit::Line, 1.0, 1.0);
    for pixels_per_point in [1.0, 1.5, 2.0] {
        #[expect(clippy::cast_possible_truncation, reason = "pixels as a trackpad tells them")]
        let small = (60.0 * pixels_per_point / 200.0) as f32;
        let steps: f64 = (0..200)
            .map(|_| wheel_steps(MouseScrollUnit::Pixel, small, pixels_per_point))
            .sum();
        assert!((steps - notch).abs() < 1e-4, "{steps} at {pixels_per_point}");
    }
    assert!(
        wheel_steps(MouseScrollUnit::Pixel, 0.25, 1.0) > 0.0,
        "no small movement is lost"
    );
}

#[test]
fn a_pinch_to_twice_the_size_halves_the_distance_however_it_is_cut_up() {
    for parts in [1_u8, 10, 100] {
        let delta = 2.0_f64.powf(1.0 / f64::from(parts)) - 1.0;
        #[expect(clippy::cast_possible_truncation, reason = "as a trackpad tells it")]
        let steps: f64 = (0..parts).map(|_| pinch_steps(delta as f32)).sum();
        let factor = STEP_FACTOR.powf(steps);
        assert!((factor - 0.5).abs() < 1e-3, "{factor} in {parts} parts");
    }
    assert!(pinch_steps(-1.0).is_finite() && pinch_steps(f32::MAX).is_finite());
}

/// A program with a camera on 1280 × 720 pixels, two pixels to a point, and the systems that read keys and fingers.
fn hand_app() -> App {
    let mut app = App::new();
    app.add_plugins(MinimalPlugins)
        .init_resource::<InputCapture>()
        .init_resource::<Drags>()
        .init_resource::<Gestures>()
        .init_resource::<OrbitCamera>()
        .init_resource::<Touches>()
        .init_resource::<ButtonInput<KeyCode>>()
        .add_message::<Clicked>()
        .add_message::<TouchInput>()
        .add_message::<KeyboardInput>()
        .add_message::<KeyboardFocusLost>()
        .add_systems(PreUpdate, touch_screen_input_system)
        .add_systems(Update, (hold_zoom_keys, move_with_keys, move_with_fingers).chain());
    let orbit = app.world().resource::<OrbitCamera>().current;
    app.insert_resource(SiteView {
        pixels_per_point: 2.0,
        ..seen(&orbit)
    });
    let target_info = RenderTargetInfo {
        physical_size: UVec2::new(1280, 720),
        scale_factor: 2.0,
    };
    app.world_mut().spawn((
        MainCamera,
        Camera {
            computed: ComputedCameraValues {
                target_info: Some(target_info),
                ..default()
            },
            ..default()
        },
    ));
    app
}

/// Fingers at points of the window in one frame.
fn touch(app: &mut App, phase: TouchPhase, fingers: &[(u64, f32, f32)]) {
    for &(id, x, y) in fingers {
        app.world_mut().write_message(TouchInput {
            phase,
            position: Vec2::new(x, y),
            window: Entity::PLACEHOLDER,
            force: None,
            id,
        });
    }
    app.update();
}

fn shown(app: &App) -> Orbit {
    app.world().resource::<OrbitCamera>().current
}

fn clicks(app: &App) -> Vec<DVec2> {
    let messages = app.world().resource::<Messages<Clicked>>();
    messages
        .iter_current_update_messages()
        .map(|click| click.pixel)
        .collect()
}

#[test]
fn one_finger_turns_around_what_is_looked_at() {
    let mut app = hand_app();
    let before = shown(&app);
    touch(&mut app, TouchPhase::Started, &[(7, 300.0, 200.0)]);
    touch(&mut app, TouchPhase::Moved, &[(7, 330.0, 200.0)]);
    touch(&mut app, TouchPhase::Moved, &[(7, 366.0, 200.0)]);
    let after = shown(&app);
    let turned = crate::view::camera::orbit::turn_between(before.heading_rad, after.heading_rad);
    assert!(turned.abs() > 0.3, "{turned}");
    assert_eq!(after.target, before.target);
    assert!((after.distance_m - before.distance_m).abs() < 1e-9);
    touch(&mut app, TouchPhase::Ended, &[(7, 366.0, 200.0)]);
    assert_eq!(clicks(&app), [], "a turn is not a tap");
}

#[test]
fn at_a_kiosk_one_finger_slides_where_a_spot_is_put_and_picks_nothing() {
    let mut app = hand_app();
    app.insert_resource(Drags {
        motion: DragMotion::Slide,
        pivot_px: None,
    });
    let before = shown(&app);
    touch(&mut app, TouchPhase::Started, &[(7, 300.0, 200.0)]);
    touch(&mut app, TouchPhase::Moved, &[(7, 330.0, 200.0)]);
    touch(&mut app, TouchPhase::Moved, &[(7, 366.0, 200.0)]);
    let after = shown(&app);
    assert!((after.heading_rad - before.heading_rad).abs() < 1e-9);
    assert!(after.target.0.distance(before.target.0) > 1.0, "{after:?}");
    touch(&mut app, TouchPhase::Ended, &[(7, 366.0, 200.0)]);
    touch(&mut app, TouchPhase::Started, &[(8, 300.0, 200.0)]);
    touch(&mut app, TouchPhase::Ended, &[(8, 300.0, 200.0)]);
    assert_eq!(clicks(&app), []);
}

#[test]
fn at_a_kiosk_one_finger_turns_around_the_middle_of_what_is_seen() {
    let mut app = hand_app();
    app.insert_resource(Drags {
        motion: DragMotion::Turn,
        pivot_px: Some(DVec2::new(300.0, 120.0)),
    });
    let before = shown(&app);
    touch(&mut app, TouchPhase::Started, &[(7, 300.0, 200.0)]);
    touch(&mut app, TouchPhase::Moved, &[(7, 330.0, 200.0)]);
    touch(&mut app, TouchPhase::Moved, &[(7, 366.0, 200.0)]);
    let after = shown(&app);
    assert!((after.heading_rad - before.heading_rad).abs() > 0.3);
    assert!(
        after.target.0.distance(before.target.0) > 1.0,
        "another place was turned around"
    );
}

#[test]
fn two_fingers_slide_the_ground_and_a_pinch_comes_nearer() {
    let mut app = hand_app();
    let before = shown(&app);
    touch(&mut app, TouchPhase::Started, &[(1, 250.0, 220.0), (2, 350.0, 220.0)]);
    touch(&mut app, TouchPhase::Moved, &[(1, 290.0, 220.0), (2, 390.0, 220.0)]);
    let slid = shown(&app);
    assert!(
        slid.target.0.x < before.target.0.x - 5.0,
        "the city goes right: {:?}",
        slid.target
    );
    assert!((slid.distance_m - before.distance_m).abs() < 1e-6);
    assert!((slid.heading_rad - before.heading_rad).abs() < 1e-6);

    let mut app = hand_app();
    touch(&mut app, TouchPhase::Started, &[(1, 270.0, 220.0), (2, 370.0, 220.0)]);
    touch(&mut app, TouchPhase::Moved, &[(1, 220.0, 220.0), (2, 420.0, 220.0)]);
    let nearer = shown(&app);
    assert!(
        (nearer.distance_m - before.distance_m / 2.0).abs() < 1e-3,
        "{}",
        nearer.distance_m
    );
}

#[test]
fn a_finger_lifted_or_added_does_not_make_the_city_jump() {
    let mut app = hand_app();
    touch(&mut app, TouchPhase::Started, &[(1, 100.0, 100.0), (2, 500.0, 300.0)]);
    touch(&mut app, TouchPhase::Moved, &[(1, 120.0, 100.0), (2, 520.0, 300.0)]);
    let before = shown(&app);
    touch(&mut app, TouchPhase::Ended, &[(1, 120.0, 100.0)]);
    assert_eq!(shown(&app), before);
    touch(&mut app, TouchPhase::Started, &[(3, 130.0, 110.0)]);
    assert_eq!(shown(&app), before);
}

#[test]
fn a_tap_is_a_click_unless_a_panel_lies_there() {
    for pointer in [false, true] {
        let mut app = hand_app();
        app.insert_resource(InputCapture {
            pointer,
            keyboard: false,
        });
        touch(&mut app, TouchPhase::Started, &[(1, 200.0, 150.0)]);
        touch(&mut app, TouchPhase::Ended, &[(1, 200.0, 150.0)]);
        let expected = if pointer {
            vec![]
        } else {
            vec![DVec2::new(400.0, 300.0)]
        };
        assert_eq!(clicks(&app), expected);
    }
}

fn key(app: &mut App, code: KeyCode, sign: &str, state: ButtonState) {
    app.world_mut().write_message(KeyboardInput {
        key_code: code,
        logical_key: Key::Character(sign.into()),
        state,
        text: None,
        repeat: false,
        window: Entity::PLACEHOLDER,
    });
    app.update();
    // Time passes between frames; a little is enough for the camera to be told to move.
    std::thread::yield_now();
    app.update();
}

#[test]
fn plus_and_minus_are_known_by_their_sign_wherever_they_stand() {
    // US, German, French and the numeric pad.
    for (code, sign, is_nearer) in [
        (KeyCode::Equal, "=", true),
        (KeyCode::Equal, "+", true),
        (KeyCode::BracketRight, "+", true),
        (KeyCode::NumpadAdd, "+", true),
        (KeyCode::Minus, "-", false),
        (KeyCode::Slash, "-", false),
        (KeyCode::Digit6, "-", false),
        (KeyCode::NumpadSubtract, "-", false),
    ] {
        let mut app = hand_app();
        let before = app.world().resource::<OrbitCamera>().goal.distance_m;
        key(&mut app, code, sign, ButtonState::Pressed);
        let goal = app.world().resource::<OrbitCamera>().goal.distance_m;
        assert_eq!(goal < before, is_nearer, "{code:?} {sign}: {before} to {goal}");
        assert!((goal - before).abs() > 0.0, "{code:?} {sign}");
    }
    let mut app = hand_app();
    let before = shown(&app);
    key(&mut app, KeyCode::Minus, "ß", ButtonState::Pressed);
    assert_eq!(
        app.world().resource::<OrbitCamera>().goal,
        before,
        "where others have a minus"
    );
}

#[test]
fn a_key_let_go_after_shift_or_with_the_window_stops_zooming() {
    let mut app = hand_app();
    key(&mut app, KeyCode::Equal, "+", ButtonState::Pressed);
    key(&mut app, KeyCode::Equal, "=", ButtonState::Released);
    assert_eq!(app.world().resource::<Gestures>().zoom_keys, []);
    key(&mut app, KeyCode::Minus, "-", ButtonState::Pressed);
    app.world_mut().write_message(KeyboardFocusLost);
    app.update();
    assert_eq!(app.world().resource::<Gestures>().zoom_keys, []);
}
