//! Attributes of the features of one tile as a property table (`EXT_structural_metadata`).

use super::buffer::Buffers;
use serde_json::{Map, Value, json};

/// The one class of what is written.
pub(super) const CLASS: &str = "building";
/// Name of the enumeration for truth values that may be unknown.
const MAYBE: &str = "maybe";
const MAYBE_UNKNOWN: u8 = 2;

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Property {
    /// Name in the file: letters, digits, underscores.
    pub(crate) id: String,
    /// Name as the source has it, where that is another.
    pub(crate) name: Option<String>,
    pub(crate) values: PropertyValues,
}

/// Values of a column, one a feature; what stands for no data is given where there is none in some row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PropertyValues {
    /// Ids: never missing.
    Id(Vec<String>),
    Text(Vec<Option<String>>, Option<String>),
    Bool(Vec<bool>),
    /// Truth values that may be missing: an enumeration, since the standard knows no missing boolean.
    MaybeBool(Vec<Option<bool>>),
    Int32(Vec<i32>, Option<i32>),
    Int64(Vec<i64>, Option<i64>),
    Float32(Vec<f32>, Option<f32>),
    Float64(Vec<f64>, Option<f64>),
}

impl PropertyValues {
    /// Bytes that the column takes.
    pub(crate) fn bytes(&self) -> usize {
        let texts = |lengths: usize, count: usize| lengths + 4 * (count + 1);
        match self {
            Self::Id(v) => texts(v.iter().map(String::len).sum(), v.len()),
            Self::Text(v, _) => texts(v.iter().flatten().map(String::len).sum(), v.len()),
            Self::Bool(v) => v.len() / 8 + 1,
            Self::MaybeBool(v) => v.len(),
            Self::Int32(v, _) => 4 * v.len(),
            Self::Float32(v, _) => 4 * v.len(),
            Self::Int64(v, _) => 8 * v.len(),
            Self::Float64(v, _) => 8 * v.len(),
        }
    }

    fn definition(&self) -> Value {
        let number = |kind: &str, no_data: Option<Value>| {
            let mut definition = json!({"type": "SCALAR", "componentType": kind});
            if let Some(no_data) = no_data {
                definition["noData"] = no_data;
            }
            definition
        };
        match self {
            Self::Id(_) => json!({"type": "STRING", "semantic": "ID", "required": true}),
            Self::Text(_, None) => json!({"type": "STRING"}),
            Self::Text(_, Some(no_data)) => json!({"type": "STRING", "noData": no_data}),
            Self::Bool(_) => json!({"type": "BOOLEAN"}),
            Self::MaybeBool(_) => json!({"type": "ENUM", "enumType": MAYBE, "noData": "unknown"}),
            Self::Int32(_, no_data) => number("INT32", no_data.map(Value::from)),
            Self::Int64(_, no_data) => number("INT64", no_data.map(Value::from)),
            Self::Float32(_, no_data) => number("FLOAT32", no_data.map(|n| f64::from(n).into())),
            Self::Float64(_, no_data) => number("FLOAT64", no_data.map(Value::from)),
        }
    }

    fn write(&self, buffers: &mut Buffers) -> Value {
        let plain = |buffers: &mut Buffers, bytes: Vec<u8>| json!({"values": buffers.plain(&bytes)});
        match self {
            Self::Id(values) => texts(values.iter().map(String::as_str), buffers),
            Self::Text(values, no_data) => {
                let no_data = no_data.as_deref().unwrap_or_default();
                texts(values.iter().map(|text| text.as_deref().unwrap_or(no_data)), buffers)
            }
            Self::Bool(values) => {
                let mut bits = vec![0_u8; values.len().div_ceil(8)];
                for (row, value) in values.iter().enumerate() {
                    bits[row / 8] |= u8::from(*value) << (row % 8);
                }
                plain(buffers, bits)
            }
            Self::MaybeBool(values) => {
                let number = |value: &Option<bool>| value.map_or(MAYBE_UNKNOWN, u8::from);
                plain(buffers, values.iter().map(number).collect())
            }
            Self::Int32(values, _) => plain(buffers, values.iter().flat_map(|n| n.to_le_bytes()).collect()),
            Self::Int64(values, _) => plain(buffers, values.iter().flat_map(|n| n.to_le_bytes()).collect()),
            Self::Float32(values, _) => plain(buffers, values.iter().flat_map(|n| n.to_le_bytes()).collect()),
            Self::Float64(values, _) => plain(buffers, values.iter().flat_map(|n| n.to_le_bytes()).collect()),
        }
    }
}

/// Texts one behind the other, and where each begins.
fn texts<'a>(values: impl Iterator<Item = &'a str>, buffers: &mut Buffers) -> Value {
    let mut bytes = Vec::new();
    let mut offsets = vec![0_u8; 4];
    for text in values {
        bytes.extend_from_slice(text.as_bytes());
        offsets.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    }
    json!({"values": buffers.plain(&bytes), "stringOffsets": buffers.plain(&offsets)})
}

/// The extension for a table of `count` rows.
pub(super) fn structural_metadata(properties: &[Property], count: u32, buffers: &mut Buffers) -> Value {
    let mut definitions = Map::new();
    let mut columns = Map::new();
    let mut has_maybe = false;
    for property in properties {
        let mut definition = property.values.definition();
        if let Some(name) = &property.name {
            definition["name"] = name.as_str().into();
        }
        has_maybe |= matches!(property.values, PropertyValues::MaybeBool(_));
        definitions.insert(property.id.clone(), definition);
        columns.insert(property.id.clone(), property.values.write(buffers));
    }
    let mut schema = json!({"id": "stadslens", "classes": {CLASS: {"properties": definitions}}});
    if has_maybe {
        schema["enums"] = json!({MAYBE: {"valueType": "UINT8", "values": [
            {"name": "false", "value": 0}, {"name": "true", "value": 1}, {"name": "unknown", "value": MAYBE_UNKNOWN},
        ]}});
    }
    json!({
        "schema": schema,
        "propertyTables": [{"class": CLASS, "count": count, "properties": columns}],
    })
}
