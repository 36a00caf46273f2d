//! What a tile says of a building by names that are in common use, where no register says it: 3DBAG and BAG in the
//! Netherlands, `CityGML` and `CityJSON` elsewhere. Case does not count.

use crate::geometry::Value;
use crate::text::{Language, format_length, tr};

/// Attributes that are shown as they are where none is known by name.
const MOST_UNKNOWN: usize = 4;

/// What is known of a building by its attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Its name or id, if any.
    pub(super) name: Option<String>,
    /// Facts in words, name and value.
    pub(super) facts: Vec<(String, String)>,
    /// Something only a building has is among them.
    pub(super) is_building: bool,
}

/// Reads the attributes.
pub(super) fn known(attributes: &[(String, Value)], format: impl Fn(&Value) -> String, language: &Language) -> Known {
    let find = |names: &[&str]| {
        let named = |wanted: &&str| attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let (_, value) = names.iter().find_map(named)?;
        (!is_empty(value)).then_some(value)
    };
    let year = find(&["oorspronkelijkbouwjaar", "bouwjaar", "yearOfConstruction", "year_built"]);
    // A year is no amount: no grouping, whatever type the file gives it.
    let year = year.map(|year| match year {
        Value::Float(year) => format!("{year:.0}"),
        other => format(other),
    });
    let storeys = find(&["b3_bouwlagen", "bouwlagen", "storeysAboveGround", "num_floors"]).map(&format);
    let height = find(&["measuredHeight", "hoogte", "height"]).map(|value| match value {
        Value::Float(metres) => format_length(*metres, 1, language),
        other => format(other),
    });
    let name = find(&["naam", "name", "identificatie", "gml:id", "gml_id", "id"]).map(&format);
    let of_a_building = ["b3_", "bag_"];
    let is_building = year.is_some()
        || storeys.is_some()
        || attributes
            .iter()
            .any(|(name, _)| of_a_building.iter().any(|start| name.starts_with(start)));
    let words = [
        (tr(language, "fact-storeys"), storeys),
        (tr(language, "fact-height"), height),
        (tr(language, "fact-year"), year),
    ];
    let mut facts: Vec<(String, String)> = words
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    if facts.is_empty() {
        let told = attributes.iter().filter(|(_, value)| !is_empty(value));
        facts.extend(
            told.take(MOST_UNKNOWN)
                .map(|(name, value)| (name.clone(), format(value))),
        );
    }
    Known {
        name: name.filter(|name| !name.is_empty()),
        facts,
        is_building,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::Float(number) => !number.is_finite(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &[(&str, Value)]) -> Known {
        let attributes: Vec<(String, Value)> = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let dutch = Language::from_code("nl").expect("a language we ship");
        let format = |value: &Value| match value {
            Value::Text(text) => text.clone(),
            Value::Int(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        known(&attributes, format, &dutch)
    }

    #[test]
    fn a_building_of_3dbag_and_one_of_citygml_tell_their_facts() {
        let found = read(&[
            ("b3_n_vlakken", Value::Int(9)),
            ("b3_bouwlagen", Value::Int(2)),
            ("oorspronkelijkbouwjaar", Value::Float(1965.0)),
        ]);
        assert!(found.is_building);
        let facts = [("Bouwlagen", "2"), ("Bouwjaar", "1965")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(found.facts, facts);
        let found = read(&[
            ("gml_id", Value::Text("B1".into())),
            ("measuredheight", Value::Float(12.34)),
        ]);
        assert_eq!(found.name.as_deref(), Some("B1"));
        assert_eq!(found.facts, [("Hoogte boven maaiveld".to_owned(), "12,3 m".to_owned())]);
    }

    #[test]
    fn what_nobody_knows_by_name_is_told_as_it_is_and_nothing_of_what_is_empty() {
        let found = read(&[
            ("a", Value::Null),
            ("b", Value::Text(" ".into())),
            ("c", Value::Int(3)),
            ("d", Value::Text("x".into())),
        ]);
        assert!(!found.is_building && found.name.is_none());
        let facts = [("c", "3"), ("d", "x")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(found.facts, facts);
    }
}
