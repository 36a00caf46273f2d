//! Attributes of many features as columns. A word that comes back is kept once, because most attributes of most files
//! have few different values.

use crate::geometry::Value;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// Most columns of a table.
const MAX_COLUMNS: usize = 400;
/// Longest text that is kept, characters.
const MAX_CHARACTERS: usize = 2000;
/// Most bytes that the different texts of a table may take together.
const MAX_TEXT_BYTES: usize = 128 << 20;
/// Most values of a table.
const MAX_CELLS: usize = 30_000_000;
/// Whole numbers beyond this are kept as texts, because they may be numbers of things.
const MAX_EXACT: i64 = 1 << 53;
/// The same number as numbers are kept.
const MAX_EXACT_NUMBER: f64 = 9_007_199_254_740_992.0;
/// No word.
const NONE: u32 = u32::MAX;

/// Attributes of all features of a layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AttributeTable {
    columns: Vec<Column>,
}

/// One attribute of all features.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What the file calls it.
    pub name: String,
    values: Values,
}

#[derive(Debug, Clone, PartialEq)]
enum Values {
    /// NaN is no value.
    Numbers(Vec<f64>),
    /// Different words, and for each row which of them.
    Words(Vec<Box<str>>, Vec<u32>),
}

impl AttributeTable {
    /// The columns in file order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// All values of a row that there are, in file order.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (&str, Value)> {
        self.columns
            .iter()
            .map(move |column| (column.name.as_str(), column.value(row)))
            .filter(|(_, value)| *value != Value::Null)
    }
}

impl Column {
    /// Whether all its values are numbers.
    pub fn is_number(&self) -> bool {
        matches!(self.values, Values::Numbers(_))
    }

    /// The value in a row; `Null` where there is none.
    pub fn value(&self, row: usize) -> Value {
        match &self.values {
            Values::Numbers(numbers) => match numbers.get(row) {
                Some(number) if number.is_finite() => whole(*number).map_or(Value::Float(*number), Value::Int),
                _ => Value::Null,
            },
            Values::Words(..) => self.word(row).map_or(Value::Null, |word| Value::Text(word.to_owned())),
        }
    }

    /// The value in a row as text.
    pub fn text(&self, row: usize) -> Option<String> {
        match self.value(row) {
            Value::Int(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value in a row as a number; of a text that is written as one too.
    pub fn number(&self, row: usize) -> Option<f64> {
        match &self.values {
            Values::Numbers(numbers) => numbers.get(row).copied().filter(|number| number.is_finite()),
            Values::Words(..) => {
                let number: f64 = self.word(row)?.trim().replace(',', ".").parse().ok()?;
                number.is_finite().then_some(number)
            }
        }
    }

    /// Different words of a column of texts, each with how often it comes, the commonest first; empty for numbers.
    pub fn counted_words(&self) -> Vec<(&str, usize)> {
        let Values::Words(words, rows) = &self.values else {
            return Vec::new();
        };
        let mut counts = vec![0_usize; words.len()];
        for place in rows {
            if let Some(count) = counts.get_mut(*place as usize) {
                *count += 1;
            }
        }
        let counted = words.iter().map(|word| &**word).zip(counts);
        let mut counted: Vec<(&str, usize)> = counted.filter(|(_, count)| *count > 0).collect();
        counted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        counted
    }

    /// Numbers of a column of numbers, smallest first.
    pub fn sorted_numbers(&self) -> Vec<f64> {
        let Values::Numbers(numbers) = &self.values else {
            return Vec::new();
        };
        let mut numbers: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    }

    /// Something for every row, asked for once per different word.
    pub(super) fn by_word<T: Copy>(&self, of: impl Fn(&str) -> T, without: T) -> Vec<T> {
        match &self.values {
            Values::Numbers(numbers) => numbers
                .iter()
                .enumerate()
                .map(|(row, _)| self.text(row).map_or(without, |text| of(&text)))
                .collect(),
            Values::Words(words, rows) => {
                let found: Vec<T> = words.iter().map(|word| of(word)).collect();
                let of_row = |place: &u32| found.get(*place as usize).copied().unwrap_or(without);
                rows.iter().map(of_row).collect()
            }
        }
    }

    fn word(&self, row: usize) -> Option<&str> {
        match &self.values {
            Values::Words(words, rows) => words.get(*rows.get(row)? as usize).map(|word| &**word),
            Values::Numbers(_) => None,
        }
    }
}

/// The whole number that this is exactly.
fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "between the bounds on the same line")]
    let exact = (number.fract() == 0.0 && number.abs() < MAX_EXACT_NUMBER).then_some(number as i64);
    exact
}

/// Makes a table row by row.
#[derive(Debug, Default)]
pub struct TableBuilder {
    columns: Vec<Making>,
    places: HashMap<String, usize>,
    rows: usize,
    text_bytes: usize,
    is_full: bool,
}

#[derive(Debug)]
struct Making {
    name: String,
    values: Values,
    known: HashMap<Box<str>, u32>,
}

impl TableBuilder {
    /// Adds a row.
    pub fn push(&mut self, properties: &Map<String, Json>) {
        for (name, value) in properties {
            let place = match self.places.get(name) {
                Some(place) => *place,
                None if value.is_null() => continue,
                None if self.columns.len() >= MAX_COLUMNS => {
                    self.is_full = true;
                    continue;
                }
                None => {
                    self.places.insert(name.clone(), self.columns.len());
                    self.columns.push(Making::new(name, value, self.rows));
                    self.columns.len() - 1
                }
            };
            let is_full = self.text_bytes > MAX_TEXT_BYTES || self.rows * self.columns.len() > MAX_CELLS;
            self.is_full |= is_full;
            if let Some(column) = self.columns.get_mut(place).filter(|_| !is_full) {
                self.text_bytes += column.push(self.rows, value);
            }
        }
        self.rows += 1;
    }

    /// Whether something was left out because it was too much.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// The table.
    pub fn build(self) -> AttributeTable {
        let rows = self.rows;
        let finish = |mut making: Making| {
            making.fill(rows);
            Column {
                name: making.name,
                values: making.values,
            }
        };
        AttributeTable {
            columns: self.columns.into_iter().map(finish).collect(),
        }
    }
}

impl Making {
    fn new(name: &str, first: &Json, rows: usize) -> Self {
        let values = if number_of(first).is_some() {
            Values::Numbers(Vec::new())
        } else {
            Values::Words(Vec::new(), Vec::new())
        };
        let mut making = Self {
            name: name.to_owned(),
            values,
            known: HashMap::new(),
        };
        making.fill(rows);
        making
    }

    fn fill(&mut self, rows: usize) {
        match &mut self.values {
            Values::Numbers(numbers) => numbers.resize(rows, f64::NAN),
            Values::Words(_, places) => places.resize(rows, NONE),
        }
    }

    /// Puts a value into a row that is not there yet; returns the bytes of a new word.
    fn push(&mut self, row: usize, value: &Json) -> usize {
        self.fill(row);
        if let Values::Numbers(numbers) = &mut self.values {
            if let Some(number) = number_of(value) {
                numbers.push(number);
                return 0;
            }
            if value.is_null() {
                return 0;
            }
            self.turn_into_words();
        }
        let Some(text) = text_of(value) else { return 0 };
        let place = self.place_of(&text);
        if let Values::Words(_, rows) = &mut self.values {
            rows.push(place.0);
        }
        place.1
    }

    fn place_of(&mut self, text: &str) -> (u32, usize) {
        if let Some(place) = self.known.get(text) {
            return (*place, 0);
        }
        let Values::Words(words, _) = &mut self.values else {
            return (NONE, 0);
        };
        let place = u32::try_from(words.len()).unwrap_or(NONE);
        words.push(text.into());
        self.known.insert(text.into(), place);
        (place, text.len())
    }

    /// A text among numbers makes all of them texts.
    fn turn_into_words(&mut self) {
        let none = Values::Words(Vec::new(), Vec::new());
        let Values::Numbers(numbers) = std::mem::replace(&mut self.values, none) else {
            return;
        };
        for number in numbers {
            let place = if number.is_finite() {
                self.place_of(&number.to_string()).0
            } else {
                NONE
            };
            if let Values::Words(_, rows) = &mut self.values {
                rows.push(place);
            }
        }
    }
}

fn number_of(value: &Json) -> Option<f64> {
    let number = value.as_number()?;
    let is_exact = number.as_i64().is_none_or(|whole| whole.abs() < MAX_EXACT);
    number.as_f64().filter(|number| is_exact && number.is_finite())
}

fn text_of(value: &Json) -> Option<String> {
    let text = match value {
        Json::Null => return None,
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table(rows: &[Json]) -> AttributeTable {
        let mut builder = TableBuilder::default();
        for row in rows {
            builder.push(row.as_object().unwrap());
        }
        builder.build()
    }

    #[test]
    fn values_come_back_in_their_rows_whatever_comes_late_or_not_at_all() {
        let table = table(&[
            json!({"a": 1, "b": "x"}),
            json!({"b": null, "c": true}),
            json!({"a": 2.5, "b": "x", "c": false}),
        ]);
        let row = |row: usize| -> Vec<(String, Value)> {
            table.row(row).map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let text = |text: &str| Value::Text(text.into());
        assert_eq!(row(0), [("a".into(), Value::Int(1)), ("b".into(), text("x"))]);
        assert_eq!(row(1), [("c".into(), text("true"))]);
        assert_eq!(
            row(2),
            [
                ("a".into(), Value::Float(2.5)),
                ("b".into(), text("x")),
                ("c".into(), text("false"))
            ]
        );
        assert!(row(3).is_empty());
        assert_eq!(table.column("b").unwrap().counted_words(), [("x", 2)]);
    }

    #[test]
    fn a_text_among_numbers_makes_them_texts_and_long_numbers_keep_their_digits() {
        let table = table(&[
            json!({"a": 1, "bag": 9_007_199_254_740_993_i64}),
            json!({"a": null}),
            json!({"a": "1,5"}),
        ]);
        let column = table.column("a").unwrap();
        assert!(!column.is_number());
        assert_eq!([0, 1, 2].map(|row| column.number(row)), [Some(1.0), None, Some(1.5)]);
        assert_eq!(column.text(0).as_deref(), Some("1"));
        assert_eq!(
            table.column("bag").unwrap().text(0).as_deref(),
            Some("9007199254740993")
        );
    }
}
