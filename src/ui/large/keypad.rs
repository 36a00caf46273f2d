//! Ten figures, for a code.

use super::{Large, LargeButton, button, grid};
use bevy_egui::egui::{Rect, Ui};
use egui_phosphor::regular;

/// What a key of the pad does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PadKey {
    /// Adds a figure.
    Digit(char),
    /// Takes the last one away.
    Back,
    /// The code is complete.
    Done,
}

/// Shows the pad in `rect` and returns the key that was pressed. `back` and `done` are the names of those keys.
pub fn keypad(ui: &Ui, rect: Rect, back: &str, done: &str) -> Option<PadKey> {
    let large = Large::of(ui.ctx());
    let places = grid(rect, 12, 3, large.mm(2.0));
    let mut pressed = None;
    for (digit, place) in "123456789".chars().zip(&places) {
        if button(ui, *place, &LargeButton::plain("", &digit.to_string())).clicked() {
            pressed = Some(PadKey::Digit(digit));
        }
    }
    if button(ui, places[9], &LargeButton::plain(regular::BACKSPACE, back)).clicked() {
        pressed = Some(PadKey::Back);
    }
    if button(ui, places[10], &LargeButton::plain("", "0")).clicked() {
        pressed = Some(PadKey::Digit('0'));
    }
    if button(ui, places[11], &LargeButton::primary(regular::CHECK, done)).clicked() {
        pressed = Some(PadKey::Done);
    }
    pressed
}
