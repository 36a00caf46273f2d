//! The one typeface, Source Sans 3, and the icons beside it.
//!
//! A humanist sans with figures of equal width, so columns of numbers align. The file is variable: weights are a
//! setting of the text, not a second file. It is unchanged, as its licence asks of a font that keeps its name.

use bevy_egui::egui::epaint::text::{FontTweak, VariationCoords};
use bevy_egui::egui::{FontData, FontDefinitions, FontFamily};
use egui_phosphor::Variant;
use std::sync::Arc;

/// Who made the typeface and under what licence, for the notice of what the program uses.
pub const FONT_CREDIT: &str = "Source Sans 3, © Adobe, SIL Open Font License 1.1";

/// Source Sans 3, version 3.052: the letters of the program, a variable font with a weight axis.
pub static SOURCE_SANS: &[u8] = include_bytes!("../../assets/fonts/SourceSans3-wght.ttf");

/// Name of the typeface among egui's fonts.
const NAME: &str = "source-sans";

/// Weight of running text.
const REGULAR: f32 = 400.0;

/// Weight of headings and of what is chosen.
pub(super) const SEMIBOLD: f32 = 600.0;

/// Letters of Source Sans are low for their size; with this its 14 points measure like those of other typefaces.
const OPTICAL_SCALE: f32 = 1.08;

/// The typeface first, then the icons, then what egui brings for everything else.
pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let face = FontData::from_static(SOURCE_SANS).tweak(FontTweak {
        scale: OPTICAL_SCALE,
        coords: VariationCoords::new([(b"wght", REGULAR)]),
        ..FontTweak::default()
    });
    fonts.font_data.insert(NAME.to_owned(), Arc::new(face));
    fonts
        .families
        .entry(FontFamily::Proportional)
        .or_default()
        .insert(0, NAME.to_owned());
    egui_phosphor::add_to_fonts(&mut fonts, Variant::Regular);
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui::FontId;
    use bevy_egui::egui::epaint::text::Fonts;
    use bevy_egui::egui::epaint::text::TextOptions;

    fn fonts() -> Fonts {
        Fonts::new(TextOptions::default(), definitions())
    }

    #[test]
    fn figures_are_equally_wide() {
        let mut fonts = fonts();
        let mut view = fonts.with_pixels_per_point(1.0);
        let font = FontId::proportional(14.0);
        let zero = view.glyph_width(&font, '0');
        assert!(zero > 4.0);
        for digit in '1'..='9' {
            assert!((view.glyph_width(&font, digit) - zero).abs() < 1e-4, "{digit}");
        }
    }

    #[test]
    fn letters_of_european_names_and_icons_are_there() {
        let mut fonts = fonts();
        let mut view = fonts.with_pixels_per_point(1.0);
        let font = FontId::proportional(14.0);
        for letter in "ĳÄéëïőșțğŁđßñ−°²³·×≥€“”‘’–…".chars() {
            assert!(view.has_glyph(&font, letter), "{letter}");
        }
        for icon in [egui_phosphor::regular::SUN, egui_phosphor::regular::STACK] {
            assert!(view.has_glyphs(&font, icon), "{icon:?}");
        }
    }
}
