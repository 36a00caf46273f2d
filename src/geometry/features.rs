//! Feature attributes as columns: a feature id is a row, found in constant time.

use serde::Serialize;

/// One attribute value of one feature.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// No data.
    Null,
    /// Truth.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Number.
    Float(f64),
    /// Text.
    Text(String),
    /// Several values (arrays, vectors, matrices).
    List(Vec<Value>),
}

/// One attribute of every feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Truth values.
    Bool(Vec<bool>),
    /// Whole numbers; `i64::MIN` is no data.
    Int(Vec<i64>),
    /// Numbers; NaN is no data.
    Float(Vec<f64>),
    /// Texts; empty is kept, `None` is no data.
    Text(Vec<Option<String>>),
    /// Anything else.
    Mixed(Vec<Value>),
}

/// Attributes of the features of a tile, layer or register.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeatureTable {
    /// Number of features (rows).
    pub rows: u32,
    /// Class name from the file (`building`), if it has one.
    pub class: Option<String>,
    /// Name and values, in file order.
    pub columns: Vec<(String, Column)>,
}

impl Value {
    /// Bytes of its text, or of the values in its list and what those have.
    pub fn heap_bytes(&self) -> u64 {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => 0,
            Self::Text(text) => text.len() as u64,
            Self::List(items) => items
                .iter()
                .map(|item| size_of::<Self>() as u64 + item.heap_bytes())
                .sum(),
        }
    }
}

impl FeatureTable {
    /// Bytes of all its columns, texts and lists included.
    pub fn bytes(&self) -> u64 {
        self.columns.iter().map(|(_, column)| column.bytes()).sum()
    }

    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, c)| c)
    }

    /// The value of `name` in `row`; `None` when the column or the row does not exist.
    pub fn value(&self, row: u32, name: &str) -> Option<Value> {
        if row >= self.rows {
            return None;
        }
        self.column(name).map(|c| c.value(row))
    }

    /// All attributes of `row` in file order.
    pub fn attributes(&self, row: u32) -> Vec<(&str, Value)> {
        if row >= self.rows {
            return Vec::new();
        }
        self.columns.iter().map(|(n, c)| (n.as_str(), c.value(row))).collect()
    }
}

impl Column {
    /// Its bytes, texts and lists included.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Bool(v) => size_of_val(v.as_slice()) as u64,
            Self::Int(v) => size_of_val(v.as_slice()) as u64,
            Self::Float(v) => size_of_val(v.as_slice()) as u64,
            Self::Text(v) => {
                let texts = v.iter().flatten().map(|text| text.len() as u64);
                size_of_val(v.as_slice()) as u64 + texts.sum::<u64>()
            }
            Self::Mixed(v) => size_of_val(v.as_slice()) as u64 + v.iter().map(Value::heap_bytes).sum::<u64>(),
        }
    }

    /// The value in `row`, [`Value::Null`] past the end or where there is no data.
    pub fn value(&self, row: u32) -> Value {
        let row = row as usize;
        match self {
            Self::Bool(v) => v.get(row).map_or(Value::Null, |b| Value::Bool(*b)),
            Self::Int(v) => v
                .get(row)
                .filter(|i| **i != i64::MIN)
                .map_or(Value::Null, |i| Value::Int(*i)),
            Self::Float(v) => v
                .get(row)
                .filter(|f| !f.is_nan())
                .map_or(Value::Null, |f| Value::Float(*f)),
            Self::Text(v) => v.get(row).and_then(Clone::clone).map_or(Value::Null, Value::Text),
            Self::Mixed(v) => v.get(row).cloned().unwrap_or(Value::Null),
        }
    }
}
