//! The batch table: one row for each batch, or one for each point where there are no batches.

use super::{
    Pnts,
    attributes::{Unpacked, property_name},
};
use crate::{
    geometry::{Column, FeatureTable, Value},
    sources::{
        gltf::Fault,
        tiles3d::b3dm::{MAX_BATCH, batch_columns},
    },
};
use serde_json::{Map, Value as Json};

impl Pnts<'_> {
    /// The properties of batches or points, and what is wrong with them. Points can be shown without.
    pub(super) fn properties(&self, unpacked: &Unpacked, is_batched: bool) -> (FeatureTable, Vec<Fault>) {
        let mut columns = match &self.batch {
            Ok(columns) => columns.clone(),
            Err(fault) => return (FeatureTable::default(), vec![fault.clone()]),
        };
        let rows = if is_batched {
            self.whole("BATCH_LENGTH").unwrap_or(0)
        } else if columns
            .keys()
            .any(|name| !matches!(name.as_str(), "extensions" | "extras" | "HIERARCHY"))
        {
            self.count
        } else {
            0
        };
        if rows > MAX_BATCH {
            let message =
                format!("{rows} rows are more than the {MAX_BATCH} that are read; the points are shown without");
            return (FeatureTable::default(), vec![Fault::too_large("batch table", message)]);
        }
        // What the Draco stream holds has no place in the binary part.
        let mut from_stream = Vec::new();
        columns.retain(|name, column| {
            let numbers = unpacked.column(&property_name(name)).filter(|_| !is_batched);
            let found = numbers.and_then(|numbers| unpacked_column(column.as_object()?, numbers));
            let is_plain = found.is_none();
            from_stream.extend(found.map(|column| (name.clone(), column)));
            is_plain
        });
        let (mut table, faults) = batch_columns(rows, columns, self.batch_binary);
        table.columns.extend(from_stream);
        (table, faults)
    }
}

/// Numbers to a row by a column's `type`.
pub(super) fn components(place: &Map<String, Json>) -> Option<usize> {
    match place.get("type")?.as_str()? {
        "SCALAR" => Some(1),
        "VEC2" => Some(2),
        "VEC3" => Some(3),
        "VEC4" => Some(4),
        _ => None,
    }
}

/// A column of a Draco stream, whole where its component type is.
fn unpacked_column(place: &Map<String, Json>, numbers: &[f32]) -> Option<Column> {
    let is_float = matches!(place.get("componentType")?.as_str()?, "FLOAT" | "DOUBLE");
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and NaN becomes 0")]
    let whole = |number: &f32| number.round() as i64;
    Some(match components(place)? {
        1 if is_float => Column::Float(numbers.iter().copied().map(f64::from).collect()),
        1 => Column::Int(numbers.iter().map(whole).collect()),
        components => {
            let value = |number: &f32| {
                if is_float {
                    Value::Float(f64::from(*number))
                } else {
                    Value::Int(whole(number))
                }
            };
            let row = |row: &[f32]| Value::List(row.iter().map(value).collect());
            Column::Mixed(numbers.chunks_exact(components).map(row).collect())
        }
    })
}
