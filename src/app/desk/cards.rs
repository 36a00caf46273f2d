//! What is known of a picked thing, put into its card. Pure functions, in the language of the interface.

use super::known_attributes::known;
use super::state::use_name;
use crate::geometry::Value;
use crate::georef::{SiteFrame, SitePos};
use crate::model::{
    Asset, AssetKind, Certainty, Layer, NewBuilding, NewModel, NewTree, OpenScenario, RegisteredBuilding, Report,
    Sensor, Source, Use, Variant, mass_mesh,
};
use crate::panels::card::{CardState, Fact};
use crate::panels::report_words::{category_words, has_theme, theme_of, theme_words};
use crate::text::{
    Language, format_area, format_count, format_date, format_length, format_nap, format_number, tr, tr_args,
};

pub(super) fn fact(name: String, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
    }
}

/// What something is for, where anybody said so.
fn told_use(used_for: Use, is_known: bool, language: &Language) -> Option<Fact> {
    is_known.then(|| fact(tr(language, "fact-use"), use_name(used_for, language)))
}

/// NAP in a Dutch frame; in others the height above the site's zero, with so many decimals.
pub(super) fn format_top(site: &SiteFrame, at: SitePos, decimals: usize, language: &Language) -> String {
    site.rd_nap_from_site(at).map_or_else(
        || format_length(at.0.z, decimals, language),
        |place| format_nap(place.nap_m, language),
    )
}

/// Attributes of a thing, behind what lies on its surface where it was clicked.
pub(super) fn with_values_here(
    attributes: &[(String, Value)],
    here: &[(String, Value)],
    language: &Language,
) -> Vec<(String, Value)> {
    let named = here.iter().map(|(name, value)| {
        let name = tr_args(language, "fact-here", &[("name", name)]);
        (name, value.clone())
    });
    named.chain(attributes.iter().cloned()).collect()
}

/// A building of the base: what the register knows, else the attributes of the tile.
pub(super) fn building_card(
    open: &OpenScenario,
    registered: Option<&RegisteredBuilding>,
    id: Option<&str>,
    attributes: &[(String, Value)],
    layer: Option<&Layer>,
    language: &Language,
) -> CardState {
    let mut facts = Vec::new();
    if let Some(building) = registered {
        facts.extend(told_use(building.main_use, building.is_use_known, language));
        facts.extend(
            building
                .storeys
                .map(|n| fact(tr(language, "fact-storeys"), n.to_string())),
        );
        facts.push(fact(
            tr(language, "fact-height"),
            format_length(building.roof_m - building.ground_m, 1, language),
        ));
        let top = SitePos(building.center().extend(building.roof_m));
        facts.push(fact(
            tr(language, "fact-top"),
            format_top(&open.scenario.area.site, top, 1, language),
        ));
        facts.extend(
            building
                .year
                .map(|year| fact(tr(language, "fact-year"), year.to_string())),
        );
        if let Some(dwellings) = building.dwellings.filter(|dwellings| *dwellings > 0) {
            facts.push(fact(tr(language, "fact-dwellings"), count(dwellings, language)));
        }
        let area: f64 = building.gfa_m2.iter().map(|(_, m2)| m2).sum();
        if area > 0.0 {
            facts.push(fact(tr(language, "fact-area"), format_area(area, 0, language)));
        }
    }
    let told = known(attributes, |value| format_value(value, language), language);
    if registered.is_none() {
        facts.extend(told.facts.into_iter().map(|(name, value)| fact(name, value)));
    }
    let name = registered
        .map(|building| building.name.as_str())
        .filter(|name| !name.is_empty())
        .or(id)
        .or(told.name.as_deref());
    let is_building = registered.is_some() || id.is_some() || told.is_building;
    let kind = tr(language, if is_building { "kind-building" } else { "kind-thing" });
    CardState {
        id: id.unwrap_or_default().to_owned(),
        name: name.map_or_else(|| kind.clone(), str::to_owned),
        kind,
        facts,
        certainty: unsure(layer),
        source: layer.map(|layer| layer.source.clone()).unwrap_or_default(),
        attributes: attributes
            .iter()
            .map(|(name, value)| fact(name.clone(), format_value(value, language)))
            .collect(),
        expanded: false,
    }
}

/// A card as residents need it: without ids, without the attributes of the file, without what only a planner measures.
pub(super) fn for_residents(mut card: CardState, language: &Language) -> CardState {
    let measured = [tr(language, "fact-top"), tr(language, "fact-area")];
    card.facts
        .retain(|fact| fact.value != card.id && !measured.contains(&fact.name));
    card.attributes.clear();
    card.name = match card.name.strip_suffix(card.id.as_str()).map(str::trim_end) {
        _ if card.id.is_empty() => card.name,
        Some("") => card.kind.clone(),
        Some(before) => before.to_owned(),
        None => card.name,
    };
    card
}

pub(super) fn format_value(value: &Value, language: &Language) -> String {
    match value {
        Value::Null => tr(language, "fact-no-data"),
        Value::Bool(truth) => truth.to_string(),
        // Years and identifiers are whole numbers too: no grouping.
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format_number(*number, if number.fract() == 0.0 { 0 } else { 3 }, language),
        Value::Text(text) => text.clone(),
        Value::List(values) => values
            .iter()
            .map(|value| format_value(value, language))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

fn count(number: u32, language: &Language) -> String {
    format_count(usize::try_from(number).unwrap_or(usize::MAX), language)
}

/// How sure a layer is, where it is not simply there.
pub(super) fn unsure(layer: Option<&Layer>) -> Option<Certainty> {
    layer
        .map(|layer| layer.certainty)
        .filter(|certainty| *certainty != Certainty::Decided)
}

/// Where a part of a plan comes from: what the plan says of itself, else the plan by its name.
fn plan_source(open: &OpenScenario, variant: &Variant, language: &Language) -> Source {
    let code = language.code();
    let mut source = variant.source.clone();
    if source.owner.is_empty() {
        let scenario = open.scenario.title.get(&code);
        source.owner = tr_args(
            language,
            "source-plan",
            &[("variant", variant.title.get(&code)), ("scenario", scenario)],
        );
    }
    source
}

/// A building that the variant adds.
pub(super) fn new_building_card(
    open: &OpenScenario,
    variant: &Variant,
    building: &NewBuilding,
    language: &Language,
) -> CardState {
    let code = language.code();
    let height_m = mass_mesh(building, 0.0).top_m;
    let mut used_for = use_name(building.main_use, language);
    if let Some(ground_use) = building
        .ground_use
        .filter(|ground_use| *ground_use != building.main_use)
    {
        used_for = format!("{} / {used_for}", use_name(ground_use, language));
    }
    let storeys = if building.are_storeys_known {
        count(building.storeys, language)
    } else {
        tr(language, "fact-no-data")
    };
    let mut facts = vec![
        fact(tr(language, "fact-use"), used_for),
        fact(tr(language, "fact-storeys"), storeys),
        fact(tr(language, "fact-height"), format_length(height_m, 1, language)),
    ];
    if let Some(dwellings) = building.dwellings.filter(|dwellings| *dwellings > 0) {
        facts.push(fact(tr(language, "fact-dwellings"), count(dwellings, language)));
    }
    if let Some(places) = building.parking_places.filter(|places| *places > 0) {
        facts.push(fact(tr(language, "fact-parking"), count(places, language)));
    }
    if building.underground_storeys > 0 {
        facts.push(fact(
            tr(language, "fact-underground"),
            count(building.underground_storeys, language),
        ));
    }
    if let Some(phase) = open.scenario.phases.iter().find(|phase| phase.id == building.phase) {
        facts.push(fact(tr(language, "fact-phase"), phase.title.get(&code)));
    }
    let name = building.name.get(&code);
    CardState {
        id: building.id.clone(),
        kind: tr(language, "kind-new-building"),
        name: if name.is_empty() {
            building.id.clone()
        } else {
            name.to_owned()
        },
        facts,
        certainty: Some(building.certainty),
        source: plan_source(open, variant, language),
        attributes: vec![fact(tr(language, "fact-id"), building.id.clone())],
        expanded: false,
    }
}

/// A model that the variant places. What it does not say of itself does not count, and the card says that.
pub(super) fn new_model_card(
    open: &OpenScenario,
    variant: &Variant,
    model: &NewModel,
    language: &Language,
) -> CardState {
    let code = language.code();
    let mut facts = Vec::from_iter(told_use(model.main_use, model.is_use_known, language));
    let area = model.gfa_m2.map(|area| format_area(area, 0, language));
    let unknown = || tr(language, "owndata-model-uncounted");
    facts.push(fact(tr(language, "fact-area"), area.unwrap_or_else(unknown)));
    if let Some(dwellings) = model.dwellings.filter(|dwellings| *dwellings > 0) {
        facts.push(fact(tr(language, "fact-dwellings"), count(dwellings, language)));
    }
    if let Some(places) = model.parking_places.filter(|places| *places > 0) {
        facts.push(fact(tr(language, "fact-parking"), count(places, language)));
    }
    facts.push(fact(tr(language, "owndata-model-form"), unknown()));
    if let Some(phase) = open.scenario.phases.iter().find(|phase| phase.id == model.phase) {
        facts.push(fact(tr(language, "fact-phase"), phase.title.get(&code)));
    }
    let name = model.title.get(&code);
    CardState {
        id: model.id.clone(),
        kind: tr(language, "kind-new-building"),
        name: if name.is_empty() {
            model.id.clone()
        } else {
            name.to_owned()
        },
        facts,
        certainty: Some(model.certainty),
        source: plan_source(open, variant, language),
        attributes: vec![
            fact(tr(language, "fact-id"), model.id.clone()),
            fact(tr(language, "owndata-model-file"), model.path.clone()),
        ],
        expanded: false,
    }
}

/// A tree that the variant adds.
pub(super) fn new_tree_card(open: &OpenScenario, variant: &Variant, tree: &NewTree, language: &Language) -> CardState {
    let mut facts = vec![
        fact(tr(language, "fact-height"), format_length(tree.height_m, 1, language)),
        fact(tr(language, "fact-crown"), format_length(tree.crown_m, 1, language)),
    ];
    if let Some(phase) = open.scenario.phases.iter().find(|phase| phase.id == tree.phase) {
        facts.push(fact(tr(language, "fact-phase"), phase.title.get(&language.code())));
    }
    CardState {
        id: tree.id.clone(),
        kind: tr(language, "kind-new-building"),
        name: format!("{} {}", tr(language, "asset-tree"), tree.species),
        facts,
        certainty: Some(variant.certainty),
        source: plan_source(open, variant, language),
        attributes: vec![fact(tr(language, "fact-id"), tree.id.clone())],
        ..CardState::default()
    }
}

/// A managed object.
pub(super) fn asset_card(asset: &Asset, layer: Option<&Layer>, language: &Language) -> CardState {
    let kind = match asset.kind {
        AssetKind::Tree => tr(language, "asset-tree"),
        AssetKind::Lamp => tr(language, "asset-lamp"),
        AssetKind::Bench => tr(language, "asset-bench"),
        AssetKind::Bin => tr(language, "asset-bin"),
        AssetKind::Manhole => tr(language, "asset-manhole"),
        AssetKind::Other => tr(language, "asset-other"),
    };
    let none = || tr(language, "fact-no-data");
    let date = |day: Option<jiff::civil::Date>| day.map_or_else(none, |day| format_date(day, language));
    let mut facts = vec![
        fact(
            tr(language, "fact-condition"),
            asset.condition.map_or_else(none, |score| score.to_string()),
        ),
        fact(tr(language, "fact-upkeep"), asset.upkeep.clone().unwrap_or_else(none)),
        fact(tr(language, "fact-inspected"), date(asset.inspected)),
        fact(tr(language, "fact-next-inspection"), date(asset.next_inspection)),
    ];
    if asset.height_m > 0.0 {
        facts.push(fact(
            tr(language, "fact-height"),
            format_length(asset.height_m, 1, language),
        ));
    }
    if asset.crown_m > 0.0 {
        facts.push(fact(
            tr(language, "fact-crown"),
            format_length(asset.crown_m, 1, language),
        ));
    }
    CardState {
        id: asset.id.clone(),
        name: format!("{kind} {}", asset.id),
        kind: tr(language, "kind-asset"),
        facts,
        certainty: unsure(layer),
        source: layer.map(|layer| layer.source.clone()).unwrap_or_default(),
        attributes: asset
            .attributes
            .iter()
            .map(|(name, value)| fact(name.clone(), value.clone()))
            .collect(),
        expanded: false,
    }
}

/// A public-space report.
pub(super) fn report_card(report: &Report, layer: Option<&Layer>, language: &Language) -> CardState {
    let created = report
        .created
        .map_or_else(|| tr(language, "fact-no-data"), |day| format_date(day, language));
    let words = |words: String| {
        if words.is_empty() {
            tr(language, "fact-no-data")
        } else {
            words
        }
    };
    let mut facts = vec![fact(
        tr(language, "fact-category"),
        words(category_words(&report.category, language)),
    )];
    if has_theme(&report.category) {
        let theme = words(theme_words(theme_of(&report.category), language));
        facts.push(fact(tr(language, "fact-theme"), theme));
    }
    facts.push(fact(tr(language, "fact-status"), report.status.clone()));
    facts.push(fact(tr(language, "fact-created"), created));
    CardState {
        id: report.id.clone(),
        kind: tr(language, "kind-report"),
        name: report.id.clone(),
        facts,
        certainty: unsure(layer),
        source: layer.map(|layer| layer.source.clone()).unwrap_or_default(),
        attributes: Vec::new(),
        expanded: false,
    }
}

/// A sensor.
pub(super) fn sensor_card(sensor: &Sensor, layer: Option<&Layer>, language: &Language) -> CardState {
    let value = sensor.value.map_or_else(
        || tr(language, "fact-no-data"),
        |value| format!("{} {}", format_number(value, 1, language), sensor.unit),
    );
    CardState {
        id: sensor.id.clone(),
        kind: tr(language, "kind-sensor"),
        name: sensor.name.clone(),
        facts: vec![
            fact(sensor.quantity.clone(), value),
            fact(tr(language, "fact-id"), sensor.id.clone()),
        ],
        certainty: unsure(layer),
        source: layer.map(|layer| layer.source.clone()).unwrap_or_default(),
        attributes: Vec::new(),
        expanded: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_at_the_place_stand_first_and_say_so() {
        let value = |name: &str, number| (name.to_owned(), Value::Int(number));
        let (here, rest) = ([value("damp", 7)], [value("id", 3), value("height", 4)]);
        for (code, name) in [("nl", "damp (hier)"), ("en", "damp (here)")] {
            let language = Language::from_code(code).unwrap();
            let told = with_values_here(&rest, &here, &language);
            assert_eq!(told, [value(name, 7), value("id", 3), value("height", 4)]);
        }
    }

    #[test]
    fn a_use_is_told_only_where_it_is_named() {
        let language = Language::from_code("nl").unwrap();
        let told = |is_known| told_use(Use::Other, is_known, &language).map(|fact| fact.value);
        assert_eq!(told(true), Some(tr(&language, "use-other")));
        assert_eq!(told(false), None);
    }

    #[test]
    fn a_report_has_a_theme_only_beside_its_category() {
        let language = Language::from_code("nl").unwrap();
        let told = |category: &str| {
            let report = Report {
                id: "M-1".into(),
                position: bevy::math::DVec2::ZERO,
                category: category.into(),
                status: "Gemeld".into(),
                created: None,
            };
            let facts = report_card(&report, None, &language).facts;
            facts.into_iter().take(2).map(|fact| fact.value).collect::<Vec<_>>()
        };
        assert_eq!(told("afval/grofvuil"), ["Grofvuil", "Afval"]);
        assert_eq!(told("grofvuil"), ["Grofvuil", "Gemeld"]);
        assert_eq!(told("civiele-constructies"), ["Bruggen, tunnels en kades", "Gemeld"]);
    }

    #[test]
    fn residents_see_neither_ids_nor_what_planners_measure() {
        let language = Language::from_code("nl").unwrap();
        let card = |name: &str| {
            let card = CardState {
                id: "LM-0042".into(),
                kind: "Beheerobject".into(),
                name: name.into(),
                facts: vec![
                    fact(tr(&language, "fact-top"), "NAP 31,6 m"),
                    fact(tr(&language, "fact-height"), "14,9 m"),
                    fact(tr(&language, "fact-id"), "LM-0042"),
                ],
                attributes: vec![fact("nummer".into(), "LM-0042")],
                ..CardState::default()
            };
            for_residents(card, &language)
        };
        let lamp = card("Lichtmast LM-0042");
        assert_eq!(
            (lamp.title(), lamp.facts.len(), lamp.attributes.len()),
            ("Lichtmast", 1, 0)
        );
        assert!(!format!("{} {:?}", lamp.title(), lamp.facts).contains("LM-0042"));
        assert_eq!(card("LM-0042").title(), "Beheerobject");
        assert_eq!(card("De Brink").title(), "De Brink");
        let nameless = for_residents(
            CardState {
                name: "Plek".into(),
                ..CardState::default()
            },
            &language,
        );
        assert_eq!(nameless.name, "Plek");
    }
}
