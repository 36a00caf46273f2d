//! Keys that do something at the desk; the camera's own keys stand in [`crate::view::camera`].
//!
//! Letters and digits are known by what stands on the key, since a Q stands elsewhere on a French keyboard; only where a
//! keyboard writes no Latin letters, or its digits need Shift, the place counts.

use super::desk::Screen;
use super::dialog::AskForPath;
use super::notes::WriteNote;
use super::picture::TakePicture;
use super::search::MarkedPlace;
use super::take_along::TakeAlong;
use crate::model::EditScenario;
use crate::panels::desk::Dialog;
use crate::schedule::{Lens, SwitchLens};
use crate::view::camera::{CameraCommand, InputCapture, OrbitCamera};
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

/// Where letters stand that do something, for keyboards that write others.
const LETTER_KEYS: [(KeyCode, char); 11] = [
    (KeyCode::KeyE, 'e'),
    (KeyCode::KeyF, 'f'),
    (KeyCode::KeyN, 'n'),
    (KeyCode::KeyO, 'o'),
    (KeyCode::KeyP, 'p'),
    (KeyCode::KeyQ, 'q'),
    (KeyCode::KeyS, 's'),
    (KeyCode::KeyT, 't'),
    (KeyCode::KeyW, 'w'),
    (KeyCode::KeyY, 'y'),
    (KeyCode::KeyZ, 'z'),
];

/// Keys of the lenses, in the order of the switch.
const LENS_KEYS: [KeyCode; 3] = [KeyCode::F1, KeyCode::F2, KeyCode::F3];

pub(super) fn press_keys(
    keys: Res<ButtonInput<KeyCode>>,
    mut inputs: MessageReader<KeyboardInput>,
    capture: Res<InputCapture>,
    shown: Option<Res<ShownScenario>>,
    (mut screen, mut marked): (ResMut<Screen>, ResMut<MarkedPlace>),
    selection: Res<CitySelection>,
    eye: Res<OrbitCamera>,
    mut variant: MessageWriter<ShowVariant>,
    mut lens: MessageWriter<SwitchLens>,
    mut camera: MessageWriter<CameraCommand>,
    mut ask: MessageWriter<AskForPath>,
    mut pick: MessageWriter<Pick>,
    mut note: MessageWriter<WriteNote>,
    (mut take_along, mut picture): (MessageWriter<TakeAlong>, MessageWriter<TakePicture>),
    mut change: MessageWriter<EditScenario>,
    mut exit: MessageWriter<AppExit>,
) {
    let pressed: Vec<KeyboardInput> = inputs
        .read()
        .filter(|input| input.state.is_pressed() && !input.repeat)
        .cloned()
        .collect();
    let typed = |wanted: char| pressed.iter().any(|input| letter(input) == Some(wanted));
    // On a slow machine a whole chord can fall between two frames: held or just pressed is the same here.
    let held = |some: [KeyCode; 2]| keys.any_pressed(some) || keys.any_just_pressed(some);
    let control = held([KeyCode::ControlLeft, KeyCode::ControlRight]);
    let plain = !control && !held([KeyCode::AltLeft, KeyCode::AltRight]);
    // The lenses' keys type nothing, so they work everywhere.
    for (key, wanted) in LENS_KEYS.into_iter().zip(Lens::ALL) {
        if keys.just_pressed(key) {
            lens.write(SwitchLens(wanted));
        }
    }
    if keys.just_pressed(KeyCode::F12) {
        screen.0.meters_open = !screen.0.meters_open;
    }
    if capture.keyboard {
        return;
    }
    if control && typed('o') {
        ask.write(AskForPath::File);
    }
    if control && typed('e') {
        take_along.write(TakeAlong);
    }
    if control && typed('p') {
        picture.write(TakePicture);
    }
    let slash = plain && pressed.iter().any(|input| sign(input) == Some('/'));
    if slash || control && typed('f') {
        open_search(&mut screen, shown.is_some());
    }
    if control && typed('q') {
        exit.write(AppExit::Success);
    }
    let shift = held([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    if control && typed('z') {
        change.write(if shift { EditScenario::Redo } else { EditScenario::Undo });
    }
    if control && typed('y') {
        change.write(EditScenario::Redo);
    }
    if !plain {
        return;
    }
    if typed('t') {
        note.write(WriteNote);
    }
    if let Some(shown) = shown {
        let wanted = pressed.iter().find_map(variant_place);
        if let Some(wanted) = wanted.and_then(|index| shown.open.scenario.variants.get(index)) {
            variant.write(ShowVariant(wanted.id.clone()));
        }
    }
    if keys.just_pressed(KeyCode::Space) {
        camera.write(CameraCommand::Home);
    }
    if typed('n') {
        camera.write(CameraCommand::NorthUp);
    }
    if typed('w') {
        camera.write(CameraCommand::Walk);
    }
    if typed('s') {
        screen.0.sun_open = !screen.0.sun_open;
    }
    if pressed.iter().any(|input| sign(input) == Some('?')) {
        screen.0.dialog = Some(Dialog::Keys);
    }
    if keys.just_pressed(KeyCode::Escape) {
        if screen.0.dialog.is_none() && marked.set_if_neq(MarkedPlace(None)) {
            return;
        }
        step_back(&mut screen, &selection, eye.is_walking(), &mut pick, &mut camera);
    }
}

/// Opens the search over a city, not over the start screen or another dialog.
fn open_search(screen: &mut Screen, has_city: bool) {
    let desk = &mut screen.0;
    if has_city && desk.start.is_none() && desk.dialog.is_none() {
        desk.open_search();
    }
}

/// The one sign that a key writes.
fn sign(input: &KeyboardInput) -> Option<char> {
    let Key::Character(text) = &input.logical_key else {
        return None;
    };
    let mut signs = text.chars();
    signs.next().filter(|_| signs.next().is_none())
}

/// The small Latin letter on a key, or at its place on a keyboard that writes other letters.
fn letter(input: &KeyboardInput) -> Option<char> {
    let at_place = || {
        LETTER_KEYS
            .iter()
            .find(|(code, _)| *code == input.key_code)
            .map(|(_, letter)| *letter)
    };
    match sign(input) {
        Some(sign) if sign.is_ascii_alphabetic() => Some(sign.to_ascii_lowercase()),
        Some(sign) if sign.is_ascii_graphic() => None,
        _ => at_place(),
    }
}

/// The place of the variant that a key chooses: by its digit, else by its place in the row of digits unless it writes a
/// sign that zooms.
fn variant_place(input: &KeyboardInput) -> Option<usize> {
    let written = sign(input);
    if let Some(digit) = written.and_then(|sign| sign.to_digit(10)) {
        return usize::try_from(digit).ok()?.checked_sub(1);
    }
    if matches!(written, Some('+' | '=' | '-' | '?')) {
        return None;
    }
    VARIANT_KEYS.iter().position(|pair| pair.contains(&input.key_code))
}

/// One thing back: the start screen, the tour, the picked thing, the strip with the sun. A dialog takes Esc itself.
fn step_back(
    screen: &mut Screen,
    selection: &CitySelection,
    is_walking: bool,
    pick: &mut MessageWriter<Pick>,
    camera: &mut MessageWriter<CameraCommand>,
) {
    let desk = &mut screen.0;
    if desk.dialog.is_some() {
    } else if desk.start.is_some() {
        desk.start = None;
    } else if desk.is_touring() {
        desk.end_tour();
    } else if selection.picked.is_some() {
        pick.write(Pick(None));
    } else if is_walking {
        camera.write(CameraCommand::Walk);
    } else {
        desk.sun_open = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::input::ButtonState;

    fn press(key_code: KeyCode, written: &str) -> KeyboardInput {
        KeyboardInput {
            key_code,
            logical_key: Key::Character(written.into()),
            state: ButtonState::Pressed,
            text: None,
            repeat: false,
            window: Entity::PLACEHOLDER,
        }
    }

    #[test]
    fn letters_go_by_what_stands_on_the_key_and_by_place_only_without_latin_ones() {
        for (code, written, expected) in [
            (KeyCode::KeyQ, "q", Some('q')),
            (KeyCode::KeyQ, "Q", Some('q')),
            // On a French keyboard the A and the Q have changed places: Ctrl+A must not quit.
            (KeyCode::KeyQ, "a", Some('a')),
            (KeyCode::KeyA, "q", Some('q')),
            // A Russian one writes й there.
            (KeyCode::KeyQ, "й", Some('q')),
            (KeyCode::KeyQ, "\u{11}", Some('q')),
            (KeyCode::Slash, "?", None),
        ] {
            assert_eq!(letter(&press(code, written)), expected, "{code:?} {written:?}");
        }
    }

    #[test]
    fn digits_choose_variants_and_signs_that_zoom_do_not() {
        for (code, written, expected) in [
            (KeyCode::Digit1, "1", Some(0)),
            (KeyCode::Numpad9, "9", Some(8)),
            (KeyCode::Digit0, "0", None),
            // French: digits need Shift, and the minus stands on the six.
            (KeyCode::Digit1, "&", Some(0)),
            (KeyCode::Digit6, "-", None),
            (KeyCode::Digit6, "6", Some(5)),
            // Czech: the plus stands on the one.
            (KeyCode::Digit1, "+", None),
            (KeyCode::KeyX, "x", None),
        ] {
            assert_eq!(variant_place(&press(code, written)), expected, "{code:?} {written:?}");
        }
    }
}
