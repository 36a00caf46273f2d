//! Controls for a screen that strangers touch: sizes in millimetres, so that a finger finds them on every screen.
//!
//! Everything is put into a rectangle that the screen's layout has worked out: nothing scrolls out of reach, nothing
//! moves while a finger comes down. Knows no domain type. Lengths in points, from millimetres by [`Large::mm`].

mod button;
mod face;
mod keyboard;
mod keypad;
mod layout;
mod sheet;
mod words;

pub use button::{LargeButton, LargeKind, button, stepper, surface};
pub use face::{Mood, face_button, paint_face};
pub use keyboard::{Key, KeyNames, keyboard, keyboard_height};
pub use keypad::{PadKey, keypad};
pub use layout::{columns_that_fit, fitting_grid, grid};
pub use sheet::sheet;
pub use words::{LargeRole, cell, label, label_height, named, paragraph};

use crate::ui::{TextRole, Theme, Tokens};
use bevy_egui::egui::{Color32, Context, Id, Vec2};

/// Screens are taken to be at least this wide and high for their lettering and targets; smaller ones get smaller ones,
/// but never under [`LEAST_SHARE`] of it. Millimetres, long and short side.
const ROOM_MM: (f32, f32) = (440.0, 250.0);
const LEAST_SHARE: f32 = 0.6;
/// Millimetres in an inch.
const INCH_MM: f32 = 25.4;

/// The look of large controls on one screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Large {
    /// Colours.
    pub tokens: Tokens,
    /// Colour of the lens.
    pub accent: Color32,
    /// Points in a millimetre.
    pub mm: f32,
    /// How much larger than usual running text is: 1 or 2.
    pub text: f32,
}

impl Large {
    /// Side of the smallest control, millimetres.
    pub const TARGET_MM: f32 = 20.0;
    /// Gap between controls and around blocks, millimetres.
    pub const GAP_MM: f32 = 4.0;

    /// For a screen of `size` points whose diagonal measures `diagonal_inch`.
    pub fn new(size: Vec2, diagonal_inch: f32, accent: Color32, text: f32) -> Self {
        let real_mm = size.length() / (diagonal_inch.clamp(5.0, 120.0) * INCH_MM);
        let (long, short) = (size.max_elem() / real_mm, size.min_elem() / real_mm);
        let share = (long / ROOM_MM.0).min(short / ROOM_MM.1).clamp(LEAST_SHARE, 1.0);
        Self {
            tokens: Tokens::LIGHT,
            accent,
            mm: (real_mm * share).max(0.1),
            text: text.clamp(1.0, 2.0),
        }
    }

    /// A length in millimetres as points.
    pub fn mm(&self, millimetres: f32) -> f32 {
        millimetres * self.mm
    }

    /// The gap between controls, points.
    pub fn gap(&self) -> f32 {
        self.mm(Self::GAP_MM)
    }

    /// Side of the smallest control, points.
    pub fn target(&self) -> f32 {
        self.mm(Self::TARGET_MM)
    }

    /// The look that was installed last.
    pub fn of(ctx: &Context) -> Self {
        ctx.data(|data| data.get_temp(Self::id()))
            .unwrap_or_else(|| Self::new(Vec2::new(1920.0, 1080.0), 24.0, Tokens::LIGHT.participation, 1.0))
    }

    /// Makes large controls look so from now on.
    pub fn install(&self, ctx: &Context) {
        // Names on the city are as large as the small letters of the kiosk.
        let desk = Theme::new(false, 1.0).size(TextRole::Body);
        let mut theme = Theme::new(false, LargeRole::Small.size(self) / desk);
        theme.accent = self.accent;
        theme.install(ctx);
        ctx.data_mut(|data| data.insert_temp(Self::id(), *self));
    }

    fn id() -> Id {
        Id::new("stadslens-large")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_millimetre_is_a_millimetre_on_a_24_inch_screen() {
        for size in [
            Vec2::new(1920.0, 1080.0),
            Vec2::new(1080.0, 1920.0),
            Vec2::new(1024.0, 600.0),
        ] {
            let large = Large::new(size, 24.0, Color32::RED, 1.0);
            let diagonal_mm = size.length() / large.mm;
            assert!((diagonal_mm - 24.0 * INCH_MM).abs() < 0.1, "{size}: {diagonal_mm}");
            assert!((large.target() / large.mm - 20.0).abs() < 1e-3);
        }
    }

    #[test]
    fn a_small_screen_gets_smaller_controls_and_a_mistyped_one_no_nonsense() {
        let size = Vec2::new(1280.0, 800.0);
        let real = |inch: f32| size.length() / (inch * INCH_MM);
        let ten = Large::new(size, 10.0, Color32::RED, 1.0);
        assert!((ten.mm / real(10.0) - LEAST_SHARE).abs() < 1e-3);
        for inch in [0.0, -3.0, 1e9] {
            let large = Large::new(size, inch, Color32::RED, 9.0);
            assert!(large.mm.is_finite() && large.mm > 0.0);
            assert!((large.text - 2.0).abs() < f32::EPSILON);
        }
    }
}
