//! What the indicators are called and how they are explained, by key of the texts.

use crate::analysis::{Indicator, Key, WindCheck};
use crate::model::{PlanScale, Use};
use crate::text::{Language, format_number, tr};

/// Its name in a table.
pub(crate) fn name(key: Key, language: &Language) -> String {
    let text = match key {
        Key::Fsi => "indicator-fsi",
        Key::Gsi => "indicator-gsi",
        Key::Osr => "indicator-osr",
        Key::L => "indicator-l",
        Key::Gfa => "indicator-gfa",
        Key::GfaOf(Use::Housing) => "indicator-gfa-housing",
        Key::GfaOf(Use::Shops) => "indicator-gfa-shops",
        Key::GfaOf(Use::Office) => "indicator-gfa-office",
        Key::GfaOf(Use::Public) => "indicator-gfa-public",
        Key::GfaOf(Use::Parking) => "indicator-gfa-parking",
        Key::GfaOf(Use::Other) => "indicator-gfa-other",
        Key::GfaUnderground => "indicator-gfa-underground",
        Key::Dwellings => "indicator-dwellings",
        Key::DwellingsPerHa => "indicator-dwellings-per-ha",
        Key::ParkingPlaces => "indicator-parking",
        Key::Built => "indicator-built",
        Key::Green => "indicator-green",
        Key::Paved => "indicator-paved",
        Key::Water => "indicator-water",
        Key::UnknownCover => "indicator-unknown-cover",
        Key::Trees => "indicator-trees",
        Key::GreatestHeight => "indicator-height",
        Key::GreatestNewHeight => "indicator-new-height",
    };
    tr(language, text)
}

/// How it follows from its inputs.
pub(crate) fn formula(key: Key, language: &Language) -> String {
    let text = match key {
        Key::Fsi => "formula-fsi",
        Key::Gsi => "formula-gsi",
        Key::Osr => "formula-osr",
        Key::L => "formula-l",
        Key::Gfa | Key::GfaOf(_) => "formula-gfa",
        Key::GfaUnderground => "formula-underground",
        Key::DwellingsPerHa => "formula-per-ha",
        Key::Built => "formula-built",
        Key::Green => "formula-green",
        Key::Paved => "formula-paved",
        Key::Water => "formula-water",
        Key::UnknownCover => "formula-unknown-cover",
        Key::Dwellings | Key::ParkingPlaces | Key::Trees => "formula-count",
        Key::GreatestHeight | Key::GreatestNewHeight => "formula-height",
    };
    tr(language, text)
}

/// What is counted and what is not.
pub(crate) fn rule(key: Key, language: &Language) -> String {
    let text = match key {
        Key::Fsi | Key::Gsi | Key::Osr | Key::L => "rule-density",
        Key::Gfa | Key::GfaOf(_) => "rule-gfa",
        Key::GfaUnderground => "rule-underground",
        Key::Dwellings => "rule-dwellings",
        Key::DwellingsPerHa => "rule-per-ha",
        Key::ParkingPlaces => "rule-parking",
        Key::Built => "rule-built",
        Key::Green | Key::Paved | Key::Water | Key::UnknownCover => "rule-cover",
        Key::Trees => "rule-trees",
        Key::GreatestHeight => "rule-height",
        Key::GreatestNewHeight => "rule-new-height",
    };
    tr(language, text)
}

/// What an input is called, by its name in files.
pub(crate) fn input(name: &str, language: &Language) -> String {
    if let Some(key) = Key::ALL.into_iter().find(|key| key.name() == name) {
        return self::name(key, language);
    }
    let text = match name {
        "plan_area_m2" => "input-plan-area",
        "overlap_m2" => "input-overlap",
        "grass_m2" => "input-grass",
        "planting_m2" => "input-planting",
        "asphalt_m2" => "input-asphalt",
        "paving_m2" => "input-paving",
        "clinkers_m2" => "input-clinkers",
        _ if name.starts_with("kept") => "input-kept",
        _ if name.starts_with("new") => "input-new",
        _ if name.starts_with("removed") => "input-removed",
        _ => return name.to_owned(),
    };
    tr(language, text)
}

/// How much belongs to an area of a scale.
pub(crate) fn scale(scale: PlanScale, language: &Language) -> String {
    let text = match scale {
        PlanScale::Plot => "plan-scale-plot",
        PlanScale::Island => "plan-scale-island",
        PlanScale::Fabric => "plan-scale-fabric",
        PlanScale::District => "plan-scale-district",
    };
    tr(language, text)
}

/// What NEN 8100 asks for; nothing below 15 m.
pub(crate) fn wind(check: Option<WindCheck>, language: &Language) -> Option<String> {
    match check? {
        WindCheck::Nothing => None,
        WindCheck::Expert => Some(tr(language, "wind-expert")),
        WindCheck::Study => Some(tr(language, "wind-study")),
    }
}

/// The unit as it is written behind a value; empty for counts and ratios.
pub(crate) fn unit(key: Key) -> &'static str {
    match key.unit() {
        "m2" => "m²",
        "m" => "m",
        _ => "",
    }
}

fn decimals(key: Key) -> usize {
    match key.unit() {
        "m2/m2" | "storeys" => 2,
        "m" | "1/ha" => 1,
        _ => 0,
    }
}

/// A value without its unit; a dash where there is none, a star where something that belongs in it is not known.
pub(crate) fn value(indicator: &Indicator, language: &Language) -> String {
    let star = if indicator.is_complete { "" } else { "*" };
    match indicator.value {
        Some(value) => format!("{}{star}", format_number(value, decimals(indicator.key), language)),
        None => "–".to_owned(),
    }
}

/// The difference to today with its sign; `=` for none, nothing where there is no difference to tell.
pub(crate) fn difference(indicator: &Indicator, language: &Language) -> Option<String> {
    let difference = indicator.difference?;
    let places = decimals(indicator.key);
    let text = format_number(difference, places, language);
    let zero = format_number(0.0, places, language);
    Some(match text {
        text if text == zero => "=".to_owned(),
        text if difference > 0.0 => format!("+{text}"),
        text => text,
    })
}

/// An amount of one object in the indicator's unit.
pub(crate) fn amount(amount: f64, key: Key, language: &Language) -> String {
    let text = format_number(amount, decimals(key), language);
    match unit(key) {
        "" => text,
        unit => format!("{text} {unit}"),
    }
}
