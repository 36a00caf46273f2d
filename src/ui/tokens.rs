//! The colours of the program, light and dark, as measured for contrast; see the tests of `contrast`.

use bevy_egui::egui::Color32;

/// Every colour that the interface may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// Panels.
    pub ground: Color32,
    /// Fields to write in and the knobs of controls: the paper, a shade nearer than the ground.
    pub field: Color32,
    /// What lies under the pointer.
    pub hover: Color32,
    /// Text.
    pub ink: Color32,
    /// Secondary text.
    pub muted: Color32,
    /// Outlines of controls.
    pub line: Color32,
    /// Separators only; too faint to carry meaning.
    pub hairline: Color32,
    /// Design lens.
    pub design: Color32,
    /// Participation lens.
    pub participation: Color32,
    /// Maintenance lens.
    pub maintenance: Color32,
    /// Text and icons on a lens colour.
    pub on_accent: Color32,
    /// Worth knowing; always with an icon and words.
    pub warning: Color32,
    /// Something is missing; always with an icon and words.
    pub error: Color32,
    /// The one shadow.
    pub shadow: Color32,
    /// Laid over the window behind a dialog.
    pub backdrop: Color32,
}

impl Tokens {
    /// Ink on paper.
    pub const LIGHT: Self = Self {
        ground: Color32::from_rgb(0xFB, 0xFA, 0xF7),
        field: Color32::from_rgb(0xFF, 0xFF, 0xFF),
        hover: Color32::from_rgb(0xF1, 0xEE, 0xE8),
        ink: Color32::from_rgb(0x1F, 0x27, 0x33),
        muted: Color32::from_rgb(0x5A, 0x64, 0x72),
        line: Color32::from_rgb(0x85, 0x8E, 0x99),
        hairline: Color32::from_rgb(0xDE, 0xDA, 0xD2),
        design: Color32::from_rgb(0x1D, 0x5C, 0x96),
        participation: Color32::from_rgb(0xB3, 0x46, 0x0F),
        maintenance: Color32::from_rgb(0x2E, 0x6B, 0x45),
        on_accent: Color32::from_rgb(0xFF, 0xFF, 0xFF),
        warning: Color32::from_rgb(0x9A, 0x5B, 0x00),
        error: Color32::from_rgb(0xB3, 0x26, 0x1E),
        shadow: Color32::from_black_alpha(28),
        backdrop: Color32::from_black_alpha(72),
    };

    /// The same room with the lamp low.
    pub const DARK: Self = Self {
        ground: Color32::from_rgb(0x1B, 0x20, 0x28),
        field: Color32::from_rgb(0x14, 0x18, 0x1F),
        hover: Color32::from_rgb(0x26, 0x2D, 0x37),
        ink: Color32::from_rgb(0xE8, 0xEC, 0xF2),
        muted: Color32::from_rgb(0xA7, 0xB0, 0xBD),
        line: Color32::from_rgb(0x66, 0x70, 0x80),
        hairline: Color32::from_rgb(0x2C, 0x33, 0x3E),
        design: Color32::from_rgb(0x7D, 0xB4, 0xEA),
        participation: Color32::from_rgb(0xF2, 0xA0, 0x6B),
        maintenance: Color32::from_rgb(0x7C, 0xC5, 0x96),
        on_accent: Color32::from_rgb(0x14, 0x18, 0x1F),
        warning: Color32::from_rgb(0xE5, 0xB1, 0x5C),
        error: Color32::from_rgb(0xF2, 0x8B, 0x82),
        shadow: Color32::from_black_alpha(110),
        backdrop: Color32::from_black_alpha(130),
    };

    /// The ground of a chosen row: a breath of the lens colour.
    pub fn tint(&self, accent: Color32) -> Color32 {
        blend(self.ground, accent, 0.10)
    }
}

/// `share` of `over` (0 to 1) mixed into `under`, both opaque.
pub fn blend(under: Color32, over: Color32, share: f32) -> Color32 {
    under.lerp_to_gamma(over, share.clamp(0.0, 1.0))
}
