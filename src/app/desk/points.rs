//! Measured points in words: their classes, how a layer of them is coloured, and the card of one of them.

use super::cards::{fact, format_top, unsure};
use super::state::fill;
use crate::georef::{SiteFrame, SitePos};
use crate::model::Layer;
use crate::panels::card::{CardState, Fact};
use crate::panels::coloring::{ClassRow, Coloring};
use crate::panels::layers::LegendEntry;
use crate::text::{Language, format_number, tr, tr_args};
use crate::ui::widgets::SwatchEdge;
use crate::view::palette::{self, Rgb};
use crate::view::points::{ColorBy, PickedPoint, PointLook};

/// A class of ASPRS LAS 1.4 R15 (table 17) in plain words; 26 is AHN's.
fn class_name(class: u8, language: &Language) -> String {
    match class {
        0 | 1 => tr(language, "points-class-none"),
        2 => tr(language, "points-class-ground"),
        3 => tr(language, "points-class-low"),
        4 => tr(language, "points-class-middle"),
        5 => tr(language, "points-class-high"),
        6 => tr(language, "points-class-building"),
        9 => tr(language, "points-class-water"),
        10 => tr(language, "points-class-rail"),
        11 => tr(language, "points-class-road"),
        13..=16 => tr(language, "points-class-wire"),
        17 => tr(language, "points-class-bridge"),
        20 => tr(language, "points-class-ignored"),
        26 => tr(language, "points-class-works"),
        other => tr_args(language, "points-class-other", &[("class", &other.to_string())]),
    }
}

fn color_name(by: ColorBy, language: &Language) -> String {
    match by {
        ColorBy::Rgb => tr(language, "points-by-rgb"),
        ColorBy::Class => tr(language, "points-by-class"),
        ColorBy::Height => tr(language, "points-by-height"),
        ColorBy::Intensity => tr(language, "points-by-intensity"),
    }
}

/// What can be chosen for a layer of points.
pub(super) fn coloring(look: &PointLook, language: &Language) -> Coloring {
    let choices = look.choices();
    let active = choices.iter().position(|by| *by == look.color_by).unwrap_or_default();
    let classes = look.traits.classes.iter().map(|class| ClassRow {
        class: *class,
        label: class_name(*class, language),
        fill: fill(palette::measured(*class)),
        visible: !look.hidden.contains(class),
    });
    Coloring {
        choices: choices.into_iter().map(|by| color_name(by, language)).collect(),
        active,
        classes: classes.collect(),
    }
}

/// What the colours of a layer of points mean; its classes say so themselves where there are several.
pub(super) fn legend(look: &PointLook, site: &SiteFrame, language: &Language) -> Vec<LegendEntry> {
    let entry = |label: String, color: Rgb| LegendEntry {
        label,
        fill: fill(color),
        edge: SwatchEdge::Solid,
    };
    match look.color_by {
        ColorBy::Rgb => Vec::new(),
        ColorBy::Class => match look.traits.classes.iter().collect::<Vec<_>>()[..] {
            [class] => vec![entry(class_name(*class, language), palette::measured(*class))],
            _ => Vec::new(),
        },
        ColorBy::Height => {
            let [low_m, high_m] = look.traits.heights_m;
            let steps = (0_u32..).zip(palette::HEIGHTS);
            let mut entries: Vec<LegendEntry> = steps
                .map(|(step, color)| {
                    let z_m = low_m + (high_m - low_m) * f64::from(step) / 4.0;
                    let at = SitePos(bevy::math::DVec3::Z * z_m);
                    entry(format_top(site, at, 2, language), color)
                })
                .collect();
            entries.reverse();
            entries
        }
        ColorBy::Intensity => vec![
            entry(tr(language, "points-strong"), palette::STRENGTHS[1]),
            entry(tr(language, "points-weak"), palette::STRENGTHS[0]),
        ],
    }
}

/// A measured point.
pub(super) fn point_card(
    point: &PickedPoint,
    at: SitePos,
    site: &SiteFrame,
    layer: Option<&Layer>,
    language: &Language,
) -> CardState {
    let facts_of = &point.facts;
    let class = class_name(facts_of.class, language);
    let mut facts: Vec<Fact> = Vec::new();
    let place = site.rd_nap_from_site(at);
    let exactly = |metres: f64| format!("{} m", format_number(metres, 2, language));
    if let Some(place) = place {
        facts.push(fact(tr(language, "points-x"), exactly(place.x_m)));
        facts.push(fact(tr(language, "points-y"), exactly(place.y_m)));
        let nap = format!("NAP {}", exactly(place.nap_m));
        facts.push(fact(tr(language, "points-height"), nap));
    } else {
        facts.push(fact(tr(language, "points-east"), exactly(at.0.x)));
        facts.push(fact(tr(language, "points-north"), exactly(at.0.y)));
        facts.push(fact(tr(language, "points-height"), exactly(at.0.z)));
    }
    facts.push(fact(tr(language, "points-intensity"), facts_of.intensity.to_string()));
    if facts_of.return_number > 0 {
        let number = facts_of.return_number.to_string();
        let returns = facts_of.returns.to_string();
        let echo = tr_args(
            language,
            "points-echo-of",
            &[("number", &number), ("returns", &returns)],
        );
        facts.push(fact(tr(language, "points-echo"), echo));
    }
    let [r, g, b] = facts_of.rgb;
    CardState {
        id: String::new(),
        kind: tr(language, "points-kind"),
        name: class,
        facts,
        certainty: unsure(layer),
        source: layer.map(|layer| layer.source.clone()).unwrap_or_default(),
        attributes: vec![
            fact(tr(language, "points-class"), facts_of.class.to_string()),
            fact(tr(language, "points-rgb"), format!("{r}, {g}, {b}")),
        ],
        expanded: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::RdNap;
    use crate::model::points::{CloudTraits, PointFacts};
    use bevy::math::DVec3;

    #[test]
    fn a_point_says_where_it_lies_and_on_what() {
        let language = Language::from_code("nl").unwrap();
        let site = SiteFrame::RdNap {
            anchor: RdNap {
                x_m: 85_000.0,
                y_m: 447_000.0,
                nap_m: -1.0,
            },
        };
        let point = PickedPoint {
            layer: "ahn".into(),
            facts: PointFacts {
                class: 6,
                intensity: 431,
                return_number: 1,
                returns: 3,
                ..PointFacts::default()
            },
        };
        let card = point_card(&point, SitePos(DVec3::new(12.34, 5.6, 0.75)), &site, None, &language);
        assert_eq!(card.name, "Gebouw");
        let values: Vec<&str> = card.facts.iter().map(|fact| fact.value.as_str()).collect();
        assert!(values[0].starts_with("85.012,34"), "{values:?}");
        assert!(values[2].contains("−0,25"), "{values:?}");
        assert_eq!((values[3], values[4]), ("431", "1 van 3"));
    }

    #[test]
    fn every_class_has_a_name_and_what_has_none_its_number() {
        let language = Language::from_code("nl").unwrap();
        for class in 0..=u8::MAX {
            assert!(!class_name(class, &language).is_empty());
        }
        assert!(class_name(77, &language).contains("77"));
        let traits = CloudTraits {
            classes: [2, 6].into(),
            heights_m: [0.0, 8.0],
            ..CloudTraits::default()
        };
        let look = PointLook::of(traits);
        let state = coloring(&look, &language);
        assert_eq!((state.choices.len(), state.active, state.classes.len()), (2, 0, 2));
        assert!(legend(&look, &SiteFrame::Local, &language).is_empty());
    }
}
