//! Batched 3D Models: header, feature table, batch table, and the glTF behind them.
//!
//! Two headers from before version 1.0 are read too, told apart as `CesiumJS` does: where a length should
//! stand, they have the first letters of JSON or of a glTF, which make a number beyond any length.

use super::hierarchy::hierarchy_columns;
use crate::{
    geometry::{Column, FeatureTable, Value},
    sources::gltf::{Fault, little_endian_u32},
};
use bevy::math::DVec3;
use serde_json::{Map, Value as Json};

/// Most values of all binary columns together: they can share the same bytes.
const MAX_VALUES: usize = 64_000_000;
/// Most features of one tile.
pub(super) const MAX_BATCH: u32 = 4_000_000;
/// `"` in the uppermost byte: no real length is so large, and JSON or `glTF` is never smaller.
const TEXT_NOT_LENGTH: u32 = 0x2200_0000;

/// Feature table and batch table of a tile, each as JSON and binary, by their sizes behind the `header`; and what follows.
pub(super) fn split_sections(tile: &[u8], header: usize, sizes: [u32; 4]) -> Result<([&[u8]; 4], &[u8]), Fault> {
    let mut rest = tile
        .get(header..)
        .ok_or_else(|| Fault::new("byte 8", "the tile is shorter than its header"))?;
    let mut sections: [&[u8]; 4] = [&[]; 4];
    for (number, (section, size)) in sections.iter_mut().zip(sizes).enumerate() {
        let name = if number < 2 { "feature table" } else { "batch table" };
        (*section, rest) = rest
            .split_at_checked(size as usize)
            .ok_or_else(|| Fault::new(name, format!("its {size} bytes reach past the end of the tile")))?;
    }
    Ok((sections, rest))
}

/// The parts of a tile.
pub(super) struct B3dm<'a> {
    pub(super) gltf: &'a [u8],
    /// Zero where the file gives none.
    pub(super) rtc_center: DVec3,
    pub(super) batch_length: u32,
    pub(super) batch_json: &'a [u8],
    batch_binary: &'a [u8],
}

impl<'a> B3dm<'a> {
    /// Splits a tile whose magic has been checked.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let field = |offset: usize| {
            little_endian_u32(bytes, offset).ok_or_else(|| Fault::new("", "the tile is cut off inside its header"))
        };
        let length = field(8)? as usize;
        let tile = bytes.get(..length).ok_or_else(|| {
            let message = format!("the tile is cut off: {length} bytes promised, {} there", bytes.len());
            Fault::new("byte 8", message)
        })?;
        let (a, b) = (field(12)?, field(16)?);
        let (c, d) = (field(20)?, little_endian_u32(bytes, 24).unwrap_or(0));
        // The sections: feature table JSON and binary, batch table JSON and binary.
        let (header, sections, old_batch_length) = if c >= TEXT_NOT_LENGTH {
            (20, [0, 0, b, 0], Some(a))
        } else if d >= TEXT_NOT_LENGTH {
            (24, [0, 0, a, b], Some(c))
        } else {
            (28, [a, b, c, d], None)
        };
        let (tables, rest) = split_sections(tile, header, sections)?;
        let [feature_json, feature_binary, batch_json, batch_binary] = tables;
        let features = object(feature_json, "feature table")?;
        let numbers = |key: &str, count: usize| feature_numbers(&features, feature_binary, key, count);
        let batch_length = match old_batch_length {
            Some(length) => length,
            None => match features.get("BATCH_LENGTH") {
                Some(Json::Number(length)) => length.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
                Some(Json::Object(place)) => byte_offset(place)
                    .and_then(|offset| little_endian_u32(feature_binary, offset))
                    .unwrap_or(0),
                _ => 0,
            },
        };
        Ok(Self {
            gltf: rest,
            rtc_center: numbers("RTC_CENTER", 3).map_or(DVec3::ZERO, |c| DVec3::new(c[0], c[1], c[2])),
            batch_length,
            batch_json,
            batch_binary,
        })
    }

    /// The batch table as columns, and what is wrong with it. Geometry can be shown without.
    pub(super) fn table(&self) -> (FeatureTable, Vec<Fault>) {
        batch_table(self.batch_json, self.batch_binary, self.batch_length)
    }
}

/// A batch table of `rows` features as columns, and what is wrong with it.
pub(super) fn batch_table(json: &[u8], binary: &[u8], rows: u32) -> (FeatureTable, Vec<Fault>) {
    if rows > MAX_BATCH {
        let message = format!("a batch of {rows} features is more than the {MAX_BATCH} that are read");
        return (
            FeatureTable::default(),
            vec![Fault::too_large("feature table", message)],
        );
    }
    match object(json, "batch table") {
        Ok(columns) => batch_columns(rows, columns, binary),
        Err(fault) => {
            let table = FeatureTable {
                rows,
                ..FeatureTable::default()
            };
            (table, vec![fault])
        }
    }
}

/// The columns of a batch table with `rows` rows, and what is wrong with some.
pub(super) fn batch_columns(rows: u32, columns: Map<String, Json>, binary: &[u8]) -> (FeatureTable, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut table = FeatureTable {
        rows,
        ..FeatureTable::default()
    };
    let mut budget = MAX_VALUES;
    let mut hierarchy = None;
    for (name, values) in columns {
        if matches!(name.as_str(), "extensions" | "extras" | "HIERARCHY") {
            // The key of its own is older than the extension.
            let found = if name == "HIERARCHY" {
                Some(values)
            } else {
                values.get("3DTILES_batch_table_hierarchy").cloned()
            };
            hierarchy = hierarchy.or(found);
            continue;
        }
        let column = match &values {
            Json::Array(items) => Ok(json_column(items, rows as usize)),
            Json::Object(place) => match budget.checked_sub(4 * rows as usize) {
                Some(rest) => {
                    budget = rest;
                    binary_column(place, binary, rows as usize).map_err(Fault::from)
                }
                None => Err(Fault::too_large("", "the batch table has too many values")),
            },
            _ => Err("the column is neither a list nor a place in the binary part".into()),
        };
        match column {
            Ok(column) => table.columns.push((name, column)),
            Err(fault) => faults.push(fault.moved_to(format!("batch table.{name}"))),
        }
    }
    match hierarchy.map(|hierarchy| hierarchy_columns(&hierarchy, binary, rows, budget)) {
        Some(Ok(columns)) => {
            // A plain column goes before one of the hierarchy.
            let new = columns.into_iter().filter(|(name, _)| table.column(name).is_none());
            let new: Vec<_> = new.collect();
            table.columns.extend(new);
        }
        Some(Err(fault)) => faults.push(fault.moved_to("batch table".to_owned())),
        None => {}
    }
    (table, faults)
}

/// A section of JSON; empty for no bytes.
pub(super) fn object(bytes: &[u8], section: &str) -> Result<Map<String, Json>, Fault> {
    // Padding is spaces by the specification, and zeros in practice.
    let end = bytes
        .iter()
        .rposition(|byte| !matches!(byte, 0 | b' '))
        .map_or(0, |last| last + 1);
    if end == 0 {
        return Ok(Map::new());
    }
    serde_json::from_slice(&bytes[..end])
        .map_err(|error| Fault::new(section, format!("it is not a valid JSON object: {error}")))
}

pub(super) fn byte_offset(place: &Map<String, Json>) -> Option<usize> {
    usize::try_from(place.get("byteOffset")?.as_u64()?).ok()
}

/// Numbers in the JSON itself or as 32-bit floats in the binary part.
pub(super) fn feature_numbers(
    features: &Map<String, Json>,
    binary: &[u8],
    key: &str,
    count: usize,
) -> Option<Vec<f64>> {
    let numbers: Option<Vec<f64>> = match features.get(key)? {
        Json::Array(items) => items.iter().take(count).map(Json::as_f64).collect(),
        Json::Object(place) => {
            let start = byte_offset(place)?;
            (0..count)
                .map(|i| {
                    let bits = little_endian_u32(binary, start.checked_add(4 * i)?)?;
                    Some(f64::from(f32::from_bits(bits)))
                })
                .collect()
        }
        _ => None,
    };
    numbers.filter(|numbers| numbers.len() == count && numbers.iter().all(|n| n.is_finite()))
}

/// The narrowest column that holds all values.
pub(super) fn json_column(items: &[Json], rows: usize) -> Column {
    let items = &items[..items.len().min(rows)];
    let all = |test: fn(&Json) -> bool| !items.is_empty() && items.iter().all(test);
    if all(Json::is_boolean) {
        Column::Bool(items.iter().map(|item| item.as_bool().unwrap_or(false)).collect())
    } else if all(|item| item.is_i64() || item.is_null()) && items.iter().any(Json::is_i64) {
        Column::Int(items.iter().map(|item| item.as_i64().unwrap_or(i64::MIN)).collect())
    } else if all(|item| item.is_number() || item.is_null()) && items.iter().any(Json::is_number) {
        Column::Float(items.iter().map(|item| item.as_f64().unwrap_or(f64::NAN)).collect())
    } else if all(|item| item.is_string() || item.is_null()) {
        Column::Text(items.iter().map(|item| item.as_str().map(str::to_owned)).collect())
    } else {
        Column::Mixed(items.iter().map(json_value).collect())
    }
}

/// Any JSON as a value; an object keeps its text.
fn json_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => number.as_f64().map_or(Value::Null, Value::Float),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(json_value).collect()),
        Json::Object(_) => Value::Text(json.to_string()),
    }
}

/// A column in the binary part.
pub(super) fn binary_column(place: &Map<String, Json>, binary: &[u8], rows: usize) -> Result<Column, &'static str> {
    let text = |key: &str| place.get(key).and_then(Json::as_str).unwrap_or_default();
    let (size, is_float) = match text("componentType") {
        "BYTE" | "UNSIGNED_BYTE" => (1, false),
        "SHORT" | "UNSIGNED_SHORT" => (2, false),
        "INT" | "UNSIGNED_INT" => (4, false),
        "FLOAT" => (4, true),
        "DOUBLE" => (8, true),
        _ => return Err("its component type is unknown"),
    };
    let is_signed = !text("componentType").starts_with("UNSIGNED");
    let components = match text("type") {
        "SCALAR" => 1,
        "VEC2" => 2,
        "VEC3" => 3,
        "VEC4" => 4,
        _ => return Err("its type is unknown"),
    };
    let start = byte_offset(place).ok_or("it has no byte offset")?;
    let data = rows
        .checked_mul(size * components)
        .and_then(|bytes| binary.get(start..start.checked_add(bytes)?))
        .ok_or("its values reach past the end of the batch table")?;
    let float = |raw: &[u8]| {
        let single = raw.try_into().map(|four| f64::from(f32::from_le_bytes(four)));
        single
            .or_else(|_| raw.try_into().map(f64::from_le_bytes))
            .unwrap_or(f64::NAN)
    };
    let int = |raw: &[u8]| {
        let is_negative = is_signed && raw.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = if is_negative { [0xff; 8] } else { [0; 8] };
        wide[..raw.len()].copy_from_slice(raw);
        i64::from_le_bytes(wide)
    };
    let numbers = data.chunks_exact(size);
    Ok(match (components, is_float) {
        (1, true) => Column::Float(numbers.map(float).collect()),
        (1, false) => Column::Int(numbers.map(int).collect()),
        _ => {
            let value = |raw: &[u8]| {
                if is_float {
                    Value::Float(float(raw))
                } else {
                    Value::Int(int(raw))
                }
            };
            let row = |raw: &[u8]| Value::List(raw.chunks_exact(size).map(value).collect());
            Column::Mixed(data.chunks_exact(size * components).map(row).collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tile with the given header fields behind magic, version and length.
    fn tile(fields: &[u32], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(12 + fields.len() * 4 + body.len()).unwrap();
        let mut bytes = b"b3dm".to_vec();
        for field in [1, length].iter().chain(fields) {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(body);
        bytes
    }

    #[test]
    fn the_current_header_gives_all_sections() {
        let features = br#"{"BATCH_LENGTH":2,"RTC_CENTER":{"byteOffset":0}}"#;
        let batch = br#"{"id":["a",null],"n":[1,2],"h":{"byteOffset":0,"componentType":"SHORT","type":"SCALAR"},
            "p":{"byteOffset":4,"componentType":"FLOAT","type":"VEC2"},"bad":{"byteOffset":99,"componentType":"FLOAT","type":"SCALAR"}}"#;
        let mut body = features.to_vec();
        body.extend([1.5_f32, -2.0, 3.0].iter().flat_map(|f| f.to_le_bytes()));
        body.extend(batch);
        body.extend([-3_i16, 7].iter().flat_map(|i| i.to_le_bytes()));
        body.extend([1.0_f32, 2.0, 3.0, 4.0].iter().flat_map(|f| f.to_le_bytes()));
        body.extend(b"glTF rest");
        let size = |n: usize| u32::try_from(n).unwrap();
        let bytes = tile(&[size(features.len()), 12, size(batch.len()), 20], &body);
        let b3dm = B3dm::parse(&bytes).unwrap();
        assert_eq!(b3dm.gltf, b"glTF rest");
        assert_eq!(b3dm.rtc_center, DVec3::new(1.5, -2.0, 3.0));
        let (table, faults) = b3dm.table();
        assert_eq!(table.rows, 2);
        assert_eq!(table.value(0, "id"), Some(Value::Text("a".to_owned())));
        assert_eq!(table.value(1, "id"), Some(Value::Null));
        assert_eq!(table.column("n"), Some(&Column::Int(vec![1, 2])));
        assert_eq!(table.column("h"), Some(&Column::Int(vec![-3, 7])));
        assert_eq!(
            table.value(1, "p"),
            Some(Value::List(vec![Value::Float(3.0), Value::Float(4.0)]))
        );
        assert_eq!(faults.len(), 1, "{faults:?}");
    }

    #[test]
    fn both_older_headers_are_told_apart() {
        let json = br#"{"id":[1,2,3]}  "#;
        let size = u32::try_from(json.len()).unwrap();
        let body = [&json[..], b"glTF...."].concat();
        for fields in [&[3, size][..], &[size, 0, 3][..]] {
            let bytes = tile(fields, &body);
            let b3dm = B3dm::parse(&bytes).unwrap();
            assert_eq!(b3dm.gltf, b"glTF....");
            assert_eq!(b3dm.batch_length, 3);
            assert_eq!(b3dm.table().0.column("id"), Some(&Column::Int(vec![1, 2, 3])));
        }
    }

    #[test]
    fn truncated_and_lying_tiles_are_faults() {
        let good = tile(&[0, 0, 0, 0], b"glTF");
        for end in 4..good.len() {
            assert!(B3dm::parse(&good[..end]).is_err(), "{end}");
        }
        assert!(B3dm::parse(&tile(&[5000, 0, 0, 0], b"glTF")).is_err());
        assert!(B3dm::parse(&tile(&[4, 0, 0, 0], b"{,,}glTF")).is_err());
        let huge = tile(&[25, 0, 0, 0], br#"{"BATCH_LENGTH":99999999}glTF"#);
        let (table, faults) = B3dm::parse(&huge).unwrap().table();
        assert_eq!((table.rows, faults.len()), (0, 1));
    }
}
