//! What an indicator carries: its value, its inputs, the objects behind it and what is not known.

use super::Key;
use std::collections::BTreeMap;

/// From this height on an expert judges the wind (NEN 8100, sheltered), metres.
const EXPERT_FROM_M: f64 = 15.0;
/// From this height on the wind is studied (NEN 8100), metres.
const STUDY_FROM_M: f64 = 30.0;
/// Heights are sums of storeys: what is less than this below a limit is rounding, metres.
const HEIGHT_ROUNDING_M: f64 = 1e-6;

/// What kind of object was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A building of the register.
    RegisteredBuilding,
    /// A building of the plan.
    NewBuilding,
    /// A model of the plan.
    NewModel,
    /// A surface of today's ground.
    Surface,
    /// A surface of the plan.
    NewSurface,
    /// A managed object.
    Asset,
    /// A tree of the plan.
    NewTree,
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// It is there today and stays.
    Kept,
    /// The plan brings it.
    New,
    /// The plan takes it away: shown beside the value, not in it.
    Removed,
}

/// Where a floor area comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The register says so.
    Recorded,
    /// Footprint × storeys.
    Storeys,
}

/// An object that was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: ObjectKind,
    /// What happens to it.
    pub role: Role,
    /// The part of it that counts, 0 to 1.
    pub share: f64,
    /// What it adds, in the indicator's unit.
    pub amount: f64,
    /// Where its floor area comes from.
    pub basis: Option<Basis>,
}

/// An object of which something needed is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: ObjectKind,
    /// What is missing, as the key in its file.
    pub missing: &'static str,
    /// What it may add, where something else of it is known.
    pub estimate: Option<f64>,
}

/// What NEN 8100 asks for at a height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WindCheck {
    /// Below 15 m, sheltered: nothing.
    Nothing,
    /// From 15 m: the judgement of an expert.
    Expert,
    /// From 30 m: a wind tunnel or CFD.
    Study,
}

impl WindCheck {
    /// What a height asks for.
    pub fn at(height_m: f64) -> Self {
        let height_m = height_m + HEIGHT_ROUNDING_M;
        if height_m >= STUDY_FROM_M {
            Self::Study
        } else if height_m >= EXPERT_FROM_M {
            Self::Expert
        } else {
            Self::Nothing
        }
    }
}

/// Data of today that the scenario does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MissingData {
    /// No building register, or nothing in it.
    Register,
    /// No ground cover.
    Surfaces,
    /// No managed objects.
    Assets,
}

/// One number and all that stands behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Indicator {
    /// Which one.
    pub key: Key,
    /// What is known to be; `None` where the formula has no answer (a ratio over nothing) or outlines are too tangled.
    pub value: Option<f64>,
    /// The value less that of today.
    pub difference: Option<f64>,
    /// What goes into the formula, by name with its unit.
    pub inputs: Vec<(&'static str, f64)>,
    /// What was counted; empty where [`Key::made_of`] names the indicators to look in.
    pub objects: Vec<Counted>,
    /// What could not be counted, left out of the value.
    pub unknown: Vec<Unknown>,
    /// The value with estimates for what is unknown; `None` where there is nothing to estimate, or no way to.
    pub estimate: Option<f64>,
    /// Whether nothing that belongs in it is unknown.
    pub is_complete: bool,
    /// What NEN 8100 asks for, for heights.
    pub wind: Option<WindCheck>,
}

impl Indicator {
    /// A complete value without anything behind it yet.
    pub(super) fn new(key: Key, value: Option<f64>) -> Self {
        Self {
            key,
            value,
            difference: None,
            inputs: Vec::new(),
            objects: Vec::new(),
            unknown: Vec::new(),
            estimate: None,
            is_complete: true,
            wind: None,
        }
    }

    /// What could not be computed.
    pub(super) fn without_value(key: Key) -> Self {
        Self {
            is_complete: false,
            ..Self::new(key, None)
        }
    }
}

/// The indicators of one state: today, or a variant in a phase.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Indicators(BTreeMap<Key, Indicator>);

impl Indicators {
    pub(super) fn new(indicators: impl IntoIterator<Item = Indicator>) -> Self {
        Self(
            indicators
                .into_iter()
                .map(|indicator| (indicator.key, indicator))
                .collect(),
        )
    }

    /// One of them.
    ///
    /// # Panics
    /// Never: every key is always computed.
    pub fn get(&self, key: Key) -> &Indicator {
        self.0.get(&key).expect("every key is always computed")
    }

    /// The value of one of them.
    pub fn value(&self, key: Key) -> Option<f64> {
        self.get(key).value
    }

    /// All of them in the order of a table.
    pub fn iter(&self) -> impl Iterator<Item = &Indicator> {
        Key::ALL.iter().filter_map(|key| self.0.get(key))
    }

    /// The objects behind one of them, also where it is made of others, each with the indicator that counts it and in
    /// whose unit its amount is; those of the first part come first.
    pub fn objects_behind(&self, key: Key) -> Vec<(Key, &Counted)> {
        let parts = match key.made_of() {
            [] => &[key][..],
            parts => parts,
        };
        let objects = |part: &Key| {
            let part = *part;
            self.get(part).objects.iter().map(move |object| (part, object))
        };
        parts.iter().flat_map(objects).collect()
    }

    /// What could not be counted behind one of them, also where it is made of others; each thing that is missing once.
    pub fn unknown_behind(&self, key: Key) -> Vec<&Unknown> {
        let mut found: Vec<&Unknown> = Vec::new();
        for part in std::iter::once(&key).chain(key.made_of()) {
            for unknown in &self.get(*part).unknown {
                let is_same = |other: &&Unknown| (&other.id, other.missing) == (&unknown.id, unknown.missing);
                if !found.iter().any(is_same) {
                    found.push(unknown);
                }
            }
        }
        found
    }

    /// Fills in the difference to today.
    pub(super) fn since(mut self, today: &Self) -> Self {
        for (key, indicator) in &mut self.0 {
            indicator.difference = indicator.value.zip(today.value(*key)).map(|(now, then)| now - then);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wind_is_asked_for_at_the_heights_of_nen_8100() {
        for (height_m, expected) in [
            (14.99, WindCheck::Nothing),
            (15.0, WindCheck::Expert),
            (0.1 + 0.2 + 29.7 - 1e-12, WindCheck::Study),
            (29.99, WindCheck::Expert),
            (45.0, WindCheck::Study),
        ] {
            assert_eq!(WindCheck::at(height_m), expected, "{height_m}");
        }
    }
}
