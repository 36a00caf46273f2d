//! How lenses and certainties are named and marked, the same everywhere.

use crate::model::Certainty;
use crate::schedule::Lens;
use crate::text::{Language, tr};
use crate::ui::Tokens;
use bevy_egui::egui::Color32;
use egui_phosphor::regular;

/// Name of a lens: Ontwerp, Participatie, Beheer.
pub fn lens_name(lens: Lens, language: &Language) -> String {
    match lens {
        Lens::Design => tr(language, "lens-design"),
        Lens::Participation => tr(language, "lens-participation"),
        Lens::Maintenance => tr(language, "lens-maintenance"),
    }
}

/// Icon of a lens.
pub fn lens_icon(lens: Lens) -> &'static str {
    match lens {
        Lens::Design => regular::COMPASS_TOOL,
        Lens::Participation => regular::CHATS_CIRCLE,
        Lens::Maintenance => regular::WRENCH,
    }
}

/// Key that switches to a lens.
pub fn lens_key(lens: Lens) -> &'static str {
    match lens {
        Lens::Design => "F1",
        Lens::Participation => "F2",
        Lens::Maintenance => "F3",
    }
}

/// Colour of a lens.
pub fn accent(lens: Lens, tokens: &Tokens) -> Color32 {
    match lens {
        Lens::Design => tokens.design,
        Lens::Participation => tokens.participation,
        Lens::Maintenance => tokens.maintenance,
    }
}

/// How sure something is, in a word or three: vastgesteld, nog niet besloten, schets.
pub fn certainty_word(certainty: Certainty, language: &Language) -> String {
    match certainty {
        Certainty::Decided => tr(language, "certainty-decided"),
        Certainty::Open => tr(language, "certainty-open"),
        Certainty::Sketch => tr(language, "certainty-sketch"),
    }
}
