//! Keys that do something at the desk; the camera's own keys stand in [`crate::view::camera`].

use super::desk::Screen;
use super::dialog::AskForPath;
use crate::panels::desk::Dialog;
use crate::schedule::{Lens, SwitchLens};
use crate::view::camera::{CameraCommand, InputCapture};
use crate::view::picking::{CitySelection, Pick};
use crate::view::scene::{ShowVariant, ShownScenario};
use bevy::{
    input::keyboard::{Key, KeyboardInput},
    prelude::*,
};

/// Keys of the first nine variants.
const VARIANT_KEYS: [[KeyCode; 2]; 9] = [
    [KeyCode::Digit1, KeyCode::Numpad1],
    [KeyCode::Digit2, KeyCode::Numpad2],
    [KeyCode::Digit3, KeyCode::Numpad3],
    [KeyCode::Digit4, KeyCode::Numpad4],
    [KeyCode::Digit5, KeyCode::Numpad5],
    [KeyCode::Digit6, KeyCode::Numpad6],
    [KeyCode::Digit7, KeyCode::Numpad7],
    [KeyCode::Digit8, KeyCode::Numpad8],
    [KeyCode::Digit9, KeyCode::Numpad9],
];

/// Keys of the lenses, in the order of the switch.
const LENS_KEYS: [KeyCode; 3] = [KeyCode::F1, KeyCode::F2, KeyCode::F3];

pub(super) fn press_keys(
    keys: Res<ButtonInput<KeyCode>>,
    mut inputs: MessageReader<KeyboardInput>,
    capture: Res<InputCapture>,
    shown: Option<Res<ShownScenario>>,
    mut screen: ResMut<Screen>,
    selection: Res<CitySelection>,
    mut variant: MessageWriter<ShowVariant>,
    mut lens: MessageWriter<SwitchLens>,
    mut camera: MessageWriter<CameraCommand>,
    mut ask: MessageWriter<AskForPath>,
    mut pick: MessageWriter<Pick>,
    mut exit: MessageWriter<AppExit>,
) {
    // On a slow machine a whole chord can fall between two frames: held or just pressed is the same here.
    let held = |some: [KeyCode; 2]| keys.any_pressed(some) || keys.any_just_pressed(some);
    let mut typed = inputs.read();
    let control = held([KeyCode::ControlLeft, KeyCode::ControlRight]);
    let plain = !control && !held([KeyCode::AltLeft, KeyCode::AltRight]);
    // The lenses' keys type nothing, so they work everywhere.
    for (key, wanted) in LENS_KEYS.into_iter().zip(Lens::ALL) {
        if keys.just_pressed(key) {
            lens.write(SwitchLens(wanted));
        }
    }
    if capture.keyboard {
        return;
    }
    if control && keys.just_pressed(KeyCode::KeyO) {
        ask.write(AskForPath::File);
    }
    if control && keys.just_pressed(KeyCode::KeyQ) {
        exit.write(AppExit::Success);
    }
    if !plain {
        return;
    }
    if let Some(shown) = shown {
        let pressed = VARIANT_KEYS.iter().position(|pair| keys.any_just_pressed(*pair));
        if let Some(wanted) = pressed.and_then(|index| shown.open.scenario.variants.get(index)) {
            variant.write(ShowVariant(wanted.id.clone()));
        }
    }
    if keys.just_pressed(KeyCode::Space) {
        camera.write(CameraCommand::Home);
    }
    if keys.just_pressed(KeyCode::KeyN) {
        camera.write(CameraCommand::NorthUp);
    }
    if keys.just_pressed(KeyCode::KeyS) {
        screen.0.sun_open = !screen.0.sun_open;
    }
    // By its sign and not by its place: on many keyboards the question mark stands elsewhere.
    let is_question =
        |input: &KeyboardInput| input.state.is_pressed() && input.logical_key == Key::Character("?".into());
    if typed.any(is_question) {
        screen.0.dialog = Some(Dialog::Keys);
    }
    if keys.just_pressed(KeyCode::Escape) {
        step_back(&mut screen, &selection, &mut pick);
    }
}

/// One thing back: the start screen, the picked thing, the strip with the sun. A dialog takes Esc itself.
fn step_back(screen: &mut Screen, selection: &CitySelection, pick: &mut MessageWriter<Pick>) {
    let desk = &mut screen.0;
    if desk.dialog.is_some() {
    } else if desk.start.is_some() {
        desk.start = None;
    } else if selection.picked.is_some() {
        pick.write(Pick(None));
    } else {
        desk.sun_open = false;
    }
}
