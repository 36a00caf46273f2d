//! Which columns a file has: one for every property, of the narrowest type that holds all its values.

use super::super::MAX_FIELDS;
use flatgeobuf::ColumnType;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Largest whole number that every double around it can tell from its neighbours.
const EXACT: u64 = 1 << 53;

/// Columns in the order in which their names came. Names past the most that a reader takes have none.
#[derive(Debug, Default)]
pub(super) struct Columns {
    columns: Vec<(String, ColumnType)>,
    known: HashMap<String, usize>,
}

impl Columns {
    /// Widens the columns to the values of a feature.
    pub(super) fn note(&mut self, properties: &Map<String, Value>) {
        for (name, value) in properties {
            let Some(found) = narrowest(value) else { continue };
            if let Some((_, type_)) = self.known.get(name).and_then(|at| self.columns.get_mut(*at)) {
                *type_ = joined(*type_, found);
            } else if self.columns.len() < MAX_FIELDS {
                self.known.insert(name.clone(), self.columns.len());
                self.columns.push((name.clone(), found));
            }
        }
    }

    /// Names and types.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, ColumnType)> {
        self.columns.iter().map(|(name, type_)| (name.as_str(), *type_))
    }

    /// Appends the values of a feature as the format wants them: number of the column, then the value.
    pub(super) fn encode(&self, properties: &Map<String, Value>, out: &mut Vec<u8>) {
        let values = properties.iter().filter(|(_, value)| !value.is_null());
        for (name, value) in values {
            let Some(at) = self.known.get(name) else { continue };
            let Some((_, type_)) = self.columns.get(*at) else {
                continue;
            };
            let Ok(number) = u16::try_from(*at) else { continue };
            out.extend(number.to_le_bytes());
            match *type_ {
                ColumnType::Bool => out.push(u8::from(value.as_bool().unwrap_or_default())),
                ColumnType::Int => {
                    let whole = value.as_i64().and_then(|whole| i32::try_from(whole).ok());
                    out.extend(whole.unwrap_or_default().to_le_bytes());
                }
                ColumnType::Long => out.extend(value.as_i64().unwrap_or_default().to_le_bytes()),
                ColumnType::Double => out.extend(value.as_f64().unwrap_or_default().to_le_bytes()),
                ColumnType::String => text(value.as_str().unwrap_or_default(), out),
                _ => text(&value.to_string(), out),
            }
        }
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    // A text of four gigabytes does not fit in the memory that it would have come through.
    out.extend(u32::try_from(text.len()).unwrap_or_default().to_le_bytes());
    out.extend(text.as_bytes());
}

/// The narrowest type of one value; `None` for none.
fn narrowest(value: &Value) -> Option<ColumnType> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(_) => ColumnType::Bool,
        Value::Number(number) if number.is_f64() => ColumnType::Double,
        Value::Number(number) => match number.as_i64() {
            Some(whole) if i32::try_from(whole).is_ok() => ColumnType::Int,
            // Beyond these a double beside it would take digits away.
            Some(whole) if whole.unsigned_abs() < EXACT => ColumnType::Long,
            _ => ColumnType::Json,
        },
        Value::String(_) => ColumnType::String,
        Value::Array(_) | Value::Object(_) => ColumnType::Json,
    })
}

fn joined(a: ColumnType, b: ColumnType) -> ColumnType {
    use ColumnType as T;
    match (a, b) {
        (a, b) if a == b => a,
        (T::Int, T::Long) | (T::Long, T::Int) => T::Long,
        (T::Double, T::Int | T::Long) | (T::Int | T::Long, T::Double) => T::Double,
        _ => T::Json,
    }
}
