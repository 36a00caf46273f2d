//! Which columns the attributes of all features make, found while they are read in.
//!
//! One schema serves every tile: a column that is whole numbers here and text there would be two columns to whoever
//! filters by it. It takes the narrowest type that holds every value of the whole input exactly.

use crate::sources::tiles3d::write::{Property, PropertyValues};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Most columns; what comes later is left out, with a problem.
pub(super) const MAX_COLUMNS: usize = 512;
/// The column of ids, and the one of the features' own classes.
const ID: &str = "id";
const TYPE: &str = "type";

/// What one attribute was seen to be.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of what was seen, not states")]
struct Seen {
    rows: u64,
    has_bools: bool,
    has_numbers: bool,
    has_fractions: bool,
    has_others: bool,
    has_empty_text: bool,
    /// Whole numbers from here to there.
    low: i64,
    high: i64,
    /// Some number has no exact `f32`.
    needs_f64: bool,
}

/// The attributes seen so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Survey {
    place: HashMap<String, usize>,
    columns: Vec<(String, Seen)>,
    features: u64,
    /// Names that found no room.
    pub(super) left_out: BTreeSet<String>,
}

impl Survey {
    /// Takes in the attributes of one feature.
    pub(super) fn add(&mut self, attributes: &Map<String, Value>) {
        self.features += 1;
        for (name, value) in attributes {
            if value.is_null() {
                continue;
            }
            let place = match self.place.get(name) {
                Some(place) => *place,
                None if self.columns.len() < MAX_COLUMNS => {
                    self.place.insert(name.clone(), self.columns.len());
                    self.columns.push((name.clone(), Seen::default()));
                    self.columns.len() - 1
                }
                None => {
                    if self.left_out.len() < 16 {
                        self.left_out.insert(name.chars().take(64).collect());
                    }
                    continue;
                }
            };
            self.columns[place].1.add(value);
        }
    }

    /// The columns of the whole.
    pub(super) fn schema(self) -> Schema {
        let mut taken = BTreeSet::from([ID.to_owned(), TYPE.to_owned()]);
        let columns = self.columns.into_iter().map(|(key, seen)| {
            let id = free_id(&key, &mut taken);
            let kind = seen.kind(seen.rows < self.features);
            Column { key, id, kind }
        });
        Schema {
            columns: columns.collect(),
        }
    }
}

impl Seen {
    #[expect(clippy::cast_possible_truncation, reason = "to see whether anything is lost")]
    fn add(&mut self, value: &Value) {
        self.rows += 1;
        match value {
            Value::Bool(_) => self.has_bools = true,
            Value::Number(number) => {
                if let Some(whole) = number.as_i64() {
                    let is_first = !self.has_numbers;
                    self.low = if is_first { whole } else { self.low.min(whole) };
                    self.high = if is_first { whole } else { self.high.max(whole) };
                    self.needs_f64 |= whole.unsigned_abs() > 1 << 24;
                } else {
                    self.has_fractions = true;
                    let wide = number.as_f64().unwrap_or(f64::NAN);
                    self.needs_f64 |= (f64::from(wide as f32) - wide).abs() > 0.0;
                }
                self.has_numbers = true;
            }
            Value::String(text) => {
                self.has_others = true;
                self.has_empty_text |= text.is_empty();
            }
            _ => self.has_others = true,
        }
    }

    fn kind(&self, has_gaps: bool) -> Kind {
        let is_mixed = self.has_others || (self.has_bools && self.has_numbers);
        if is_mixed || self.rows == 0 {
            return Kind::Text {
                no_data: has_gaps.then_some(if self.has_empty_text { "\u{2205}" } else { "" }),
            };
        }
        if self.has_bools {
            return if has_gaps { Kind::MaybeBool } else { Kind::Bool };
        }
        if self.has_fractions {
            return if self.needs_f64 {
                Kind::Float64 { has_gaps }
            } else {
                Kind::Float32 { has_gaps }
            };
        }
        // The lowest number of all stands for no data.
        if self.low > i64::from(i32::MIN) && self.high <= i64::from(i32::MAX) {
            Kind::Int32 { has_gaps }
        } else {
            Kind::Int64 { has_gaps }
        }
    }
}

/// A name as an identifier that no other column has.
fn free_id(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut id: String = name
        .chars()
        .take(128)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        id.insert(0, '_');
    }
    let stem = id.clone();
    let mut number = 2;
    while !taken.insert(id.clone()) {
        id = format!("{stem}_{number}");
        number += 1;
    }
    id
}

/// Type of a column, and what stands for no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text { no_data: Option<&'static str> },
    Bool,
    MaybeBool,
    Int32 { has_gaps: bool },
    Int64 { has_gaps: bool },
    Float32 { has_gaps: bool },
    Float64 { has_gaps: bool },
}

#[derive(Debug, Clone)]
struct Column {
    key: String,
    id: String,
    kind: Kind,
}

/// The columns of every tile.
#[derive(Debug, Clone, Default)]
pub(super) struct Schema {
    columns: Vec<Column>,
}

impl Schema {
    /// The columns of the features of one tile: ids, classes, then attributes as long as these stay within
    /// `max_bytes`, else none of them. A column without any value in this tile is left out.
    pub(super) fn properties<'a>(
        &self,
        features: impl Iterator<Item = (&'a str, &'a str, &'a str)> + Clone,
        max_bytes: usize,
    ) -> Vec<Property> {
        let named = |id: &str, values| Property {
            id: id.to_owned(),
            name: None,
            values,
        };
        let ids = features.clone().map(|(id, ..)| id.to_owned()).collect();
        let classes = features.clone().map(|(_, class, _)| Some(class.to_owned())).collect();
        let mut properties = vec![
            named(ID, PropertyValues::Id(ids)),
            named(TYPE, PropertyValues::Text(classes, None)),
        ];
        // Of what was put down as JSON by ourselves.
        let rows: Vec<Map<String, Value>> = features
            .map(|(.., attributes)| serde_json::from_str(attributes).unwrap_or_default())
            .collect();
        let mut bytes = 0;
        for column in &self.columns {
            let cells = || {
                rows.iter()
                    .map(|row| row.get(&column.key).filter(|value| !value.is_null()))
            };
            if cells().all(|cell| cell.is_none()) {
                continue;
            }
            let values = column.kind.values(cells());
            bytes += values.bytes();
            if bytes > max_bytes {
                properties.truncate(2);
                break;
            }
            properties.push(Property {
                id: column.id.clone(),
                name: (column.id != column.key).then(|| column.key.clone()),
                values,
            });
        }
        properties
    }
}

impl Kind {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only where the survey found every value exact"
    )]
    fn values<'a>(self, cells: impl Iterator<Item = Option<&'a Value>>) -> PropertyValues {
        let whole = |cell: Option<&Value>| cell.and_then(Value::as_i64);
        let float = |cell: Option<&Value>| cell.and_then(Value::as_f64);
        match self {
            Self::Text { no_data } => {
                PropertyValues::Text(cells.map(|cell| cell.map(text)).collect(), no_data.map(str::to_owned))
            }
            Self::Bool => PropertyValues::Bool(cells.map(|cell| cell == Some(&Value::Bool(true))).collect()),
            Self::MaybeBool => PropertyValues::MaybeBool(cells.map(|cell| cell.and_then(Value::as_bool)).collect()),
            Self::Int32 { has_gaps } => PropertyValues::Int32(
                cells
                    .map(|cell| whole(cell).and_then(|n| i32::try_from(n).ok()).unwrap_or(i32::MIN))
                    .collect(),
                has_gaps.then_some(i32::MIN),
            ),
            Self::Int64 { has_gaps } => PropertyValues::Int64(
                cells.map(|cell| whole(cell).unwrap_or(i64::MIN)).collect(),
                has_gaps.then_some(i64::MIN),
            ),
            Self::Float32 { has_gaps } => PropertyValues::Float32(
                cells.map(|cell| float(cell).map_or(f32::MIN, |n| n as f32)).collect(),
                has_gaps.then_some(f32::MIN),
            ),
            Self::Float64 { has_gaps } => PropertyValues::Float64(
                cells.map(|cell| float(cell).unwrap_or(f64::MIN)).collect(),
                has_gaps.then_some(f64::MIN),
            ),
        }
    }
}

/// A text as it is, anything else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn columns(rows: &[Value]) -> Vec<Property> {
        let mut survey = Survey::default();
        let mut texts = Vec::new();
        for row in rows {
            survey.add(row.as_object().unwrap());
            texts.push(row.to_string());
        }
        let features = texts.iter().map(|row| ("x", "Building", row.as_str()));
        survey.schema().properties(features, 1 << 20)
    }

    #[test]
    fn columns_take_the_narrowest_type_that_holds_all() {
        let found = columns(&[
            json!({"a": 1, "b": true, "c": 0.5, "d": 0.1, "e": "x", "f": 1, "g": true, "h": 1e10, "i": 5_000_000_000_i64}),
            json!({"a": null, "b": false, "c": 2, "d": 1, "e": "", "f": "1", "g": null, "h": null, "i": 1, "j": [1]}),
        ]);
        let of = |id: &str| &found.iter().find(|p| p.id == id).unwrap().values;
        assert_eq!(*of("a"), PropertyValues::Int32(vec![1, i32::MIN], Some(i32::MIN)));
        assert_eq!(*of("b"), PropertyValues::Bool(vec![true, false]));
        assert_eq!(*of("c"), PropertyValues::Float32(vec![0.5, 2.0], None));
        assert_eq!(*of("d"), PropertyValues::Float64(vec![0.1, 1.0], None));
        assert_eq!(
            *of("f"),
            PropertyValues::Text(vec![Some("1".into()), Some("1".into())], None)
        );
        assert_eq!(*of("g"), PropertyValues::MaybeBool(vec![Some(true), None]));
        assert_eq!(*of("h"), PropertyValues::Float32(vec![1e10, f32::MIN], Some(f32::MIN)));
        assert_eq!(*of("i"), PropertyValues::Int64(vec![5_000_000_000, 1], None));
        assert_eq!(
            *of("j"),
            PropertyValues::Text(vec![None, Some("[1]".into())], Some(String::new()))
        );
    }

    #[test]
    fn odd_names_become_identifiers_of_their_own() {
        let found = columns(&[json!({"id": 1, "bouw jaar": 2, "bouw-jaar": 3, "3d": 4, "type": 5})]);
        let ids: Vec<&str> = found.iter().map(|p| p.id.as_str()).collect();
        assert_eq!(ids, ["id", "type", "id_2", "bouw_jaar", "bouw_jaar_2", "_3d", "type_2"]);
        assert_eq!(found[3].name.as_deref(), Some("bouw jaar"));
    }

    #[test]
    fn too_many_bytes_leave_ids_and_classes() {
        let mut survey = Survey::default();
        let row = json!({"a": "a long text"});
        survey.add(row.as_object().unwrap());
        let text = row.to_string();
        let left = survey
            .schema()
            .properties([("x", "Building", text.as_str())].into_iter(), 8);
        assert_eq!(left.len(), 2);
    }
}
