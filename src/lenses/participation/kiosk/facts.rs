//! Two plain facts about today and each variant, from the same counting as the planners' table.

use crate::analysis::{Indicators, Key, Survey};
use crate::model::{OpenScenario, Variant};
use crate::text::{Language, tr_args, tr_count};

/// How many facts stand on a card.
const MOST: usize = 2;

/// One plain fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fact {
    about: About,
    today: i64,
    there: i64,
    is_today: bool,
}

/// What a fact is about, in the order of how much residents ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Homes,
    Trees,
    Parking,
    GreenM2,
}

impl About {
    const ALL: [Self; 4] = [Self::Homes, Self::Trees, Self::Parking, Self::GreenM2];

    fn key(self) -> Key {
        match self {
            Self::Homes => Key::Dwellings,
            Self::Trees => Key::Trees,
            Self::Parking => Key::ParkingPlaces,
            Self::GreenM2 => Key::Green,
        }
    }
}

/// The facts of every variant, in the scenario's order; none where nothing can be counted.
pub(super) fn of_variants(open: &OpenScenario) -> Vec<Vec<Fact>> {
    let Ok(survey) = Survey::new(open) else {
        return vec![Vec::new(); open.scenario.variants.len()];
    };
    let variants = open.scenario.variants.iter();
    variants
        .map(|variant| of_variant(survey.today(), &survey.indicators(variant, None), variant))
        .collect()
}

fn of_variant(today: &Indicators, there: &Indicators, variant: &Variant) -> Vec<Fact> {
    let whole = |numbers: &Indicators, key: Key| {
        // Residents get no number that is known to lack a part.
        let known = numbers.value(key).filter(|_| numbers.get(key).is_complete);
        #[expect(clippy::cast_possible_truncation, reason = "a count or square metres of an area")]
        known.map(|value| value.round() as i64)
    };
    let facts = About::ALL.into_iter().filter_map(|about| {
        Some(Fact {
            about,
            today: whole(today, about.key())?,
            there: whole(there, about.key())?,
            is_today: variant.is_today(),
        })
    });
    // Nothing there and nothing changed says nothing.
    facts
        .filter(|fact| fact.there != 0 || fact.today != 0)
        .take(MOST)
        .collect()
}

impl Fact {
    /// In plain words.
    pub(super) fn words(&self, language: &Language) -> String {
        let change = self.there - self.today;
        let count = usize::try_from(if self.is_today { self.there } else { change.abs() }).unwrap_or(0);
        if self.is_today {
            return match self.about {
                About::Homes => tr_count(language, "kiosk-homes-now", count),
                About::Trees => tr_count(language, "kiosk-trees-now", count),
                About::Parking => tr_count(language, "kiosk-parking-now", count),
                About::GreenM2 => tr_count(language, "kiosk-green-now", count),
            };
        }
        let shown = match self.about {
            About::Homes => tr_count(language, "kiosk-homes", count),
            About::Trees => tr_count(language, "kiosk-trees", count),
            About::Parking => tr_count(language, "kiosk-parking", count),
            About::GreenM2 => tr_count(language, "kiosk-green", count),
        };
        match change {
            0 => match self.about {
                About::Homes => tr_count(language, "kiosk-homes-same", count),
                About::Trees => tr_count(language, "kiosk-trees-same", count),
                About::Parking => tr_count(language, "kiosk-parking-same", count),
                About::GreenM2 => tr_count(language, "kiosk-green-same", count),
            },
            1.. => tr_args(language, "kiosk-more", &[("what", &shown)]),
            _ => tr_args(language, "kiosk-fewer", &[("what", &shown)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario;
    use std::path::Path;

    #[test]
    fn facts_of_the_shipped_scenario_are_those_of_the_planners() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
        let open = scenario::open(&path).expect("the shipped scenario opens");
        let survey = Survey::new(&open).expect("it can be counted");
        let facts = of_variants(&open);
        let nl = Language::from_code("nl").expect("Dutch");
        assert_eq!(facts.len(), open.scenario.variants.len());
        for (variant, facts) in open.scenario.variants.iter().zip(&facts) {
            assert!(facts.len() == 2, "{}: {facts:?}", variant.id);
            let homes = facts[0].words(&nl);
            let of = |numbers: &Indicators| numbers.value(Key::Dwellings).expect("dwellings");
            let there = of(&survey.indicators(variant, None));
            let number = if variant.is_today() {
                there
            } else {
                there - of(survey.today())
            };
            assert!(homes.starts_with(&format!("{number:.0} ")), "{}: {homes}", variant.id);
        }
        let words = |place: usize| facts[place][1].words(&nl);
        assert_eq!((words(0).as_str(), words(1).as_str()), ("70 bomen", "23 bomen meer"));
    }

    #[test]
    fn less_and_the_same_are_said_as_such() {
        let nl = Language::from_code("nl").expect("Dutch");
        let fact = |today, there| Fact {
            about: About::Parking,
            today,
            there,
            is_today: false,
        };
        assert_eq!(fact(750, 400).words(&nl), "350 parkeerplaatsen minder");
        assert_eq!(fact(750, 749).words(&nl), "1 parkeerplaats minder");
        assert_eq!(fact(7, 7).words(&nl), "evenveel parkeerplaatsen");
    }
}
