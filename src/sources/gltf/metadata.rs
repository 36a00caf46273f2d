//! `EXT_structural_metadata`: its schema, and property tables to columns.

use super::{
    Fault,
    accessor::Views,
    feature_ids::property_tables,
    file::Root,
    property_format::{Element, MAX_ARRAY, Number, PropertyFormat, Scalar},
};
use crate::{
    geometry::{Column, FeatureTable, Value},
    sources::resource::{Resources, read_uri},
};
use serde_json::Value as Json;

/// Most values of one table, bytes of texts included: properties can share the same bytes.
pub(super) const MAX_VALUES: usize = 64_000_000;
/// Most cells of one table that the defaults of its class fill: they take no bytes in the file.
const MAX_DEFAULTS: usize = 1_000_000;
/// Where a schema in a file of its own is named.
const SCHEMA_URI: &str = "EXT_structural_metadata.schemaUri";

/// Reads property table `table`; a property that cannot be read becomes a fault and the others stay. As many values as
/// it has at most are taken from `budget`.
pub(super) fn read_table(
    views: &Views<'_>,
    table: usize,
    rows: u32,
    resources: &dyn Resources,
    path: &str,
    budget: &mut usize,
    faults: &mut Vec<Fault>,
) -> FeatureTable {
    let place = format!("EXT_structural_metadata.propertyTables[{table}]");
    let empty = |class| FeatureTable {
        rows,
        class,
        ..FeatureTable::default()
    };
    let Some(json) = property_tables(views.root).get(table) else {
        faults.push(Fault::new(place, "there is no such property table"));
        return empty(None);
    };
    match schema(views.root, resources, path) {
        Ok(schema) => {
            let (features, found) = read_within(&schema, json, rows, &|index| views.view(index), &place, budget);
            faults.extend(found);
            features
        }
        Err(fault) => {
            faults.push(fault);
            empty(class_name(json))
        }
    }
}

fn class_name(table: &Json) -> Option<String> {
    let name = table.get("class").and_then(Json::as_str).unwrap_or_default();
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

/// Reads a property table of a schema, wherever its bytes are: `view_of` gives a buffer view by its number. `place`
/// is where the table stands, for the faults.
pub(crate) fn read_properties<'a>(
    schema: &'a Json,
    table: &'a Json,
    rows: u32,
    view_of: &dyn Fn(usize) -> Result<&'a [u8], Fault>,
    place: &str,
) -> (FeatureTable, Vec<Fault>) {
    read_within(schema, table, rows, view_of, place, &mut { MAX_VALUES })
}

fn read_within<'a>(
    schema: &'a Json,
    table: &'a Json,
    rows: u32,
    view_of: &dyn Fn(usize) -> Result<&'a [u8], Fault>,
    place: &str,
    budget: &mut usize,
) -> (FeatureTable, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut features = FeatureTable {
        rows,
        class: class_name(table),
        ..FeatureTable::default()
    };
    let class_name = features.class.as_deref().unwrap_or_default();
    let class = schema.get("classes").and_then(|classes| classes.get(class_name));
    let definitions = class.and_then(|class| class.get("properties"));
    for (name, property) in table.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let place = || format!("{place}.properties.{name}");
        let Some(definition) = definitions.and_then(|definitions| definitions.get(name)) else {
            faults.push(Fault::new(
                place(),
                format!("the class `{class_name}` has no such property"),
            ));
            continue;
        };
        let reader = PropertyReader::new(view_of, schema, definition, property, rows as usize);
        let column = reader.and_then(|reader| {
            *budget = budget
                .checked_sub(reader.cost())
                .ok_or_else(|| Fault::too_large("", format!("the table has more than {MAX_VALUES} values")))?;
            if let Some(message) = reader.doubt() {
                faults.push(Fault::doubt(place(), message));
                return Ok(Column::Mixed(vec![Value::Null; reader.rows]));
            }
            Ok(reader.column()?)
        });
        match column {
            Ok(column) => features.columns.push((name.clone(), column)),
            Err(fault) => faults.push(fault.moved_to(place())),
        }
    }
    faults.extend(add_defaults(schema, definitions, table, &mut features, place));
    (features, faults)
}

/// What a table leaves out has the default of its class in every row.
fn add_defaults(
    schema: &Json,
    definitions: Option<&Json>,
    table: &Json,
    features: &mut FeatureTable,
    place: &str,
) -> Option<Fault> {
    let rows = features.rows as usize;
    let (defaults, left_out) = defaults_of(schema, definitions, table, rows);
    for (name, default) in defaults {
        let column = match default {
            Value::Int(value) => Column::Int(vec![value; rows]),
            Value::Float(value) => Column::Float(vec![value; rows]),
            Value::Bool(value) => Column::Bool(vec![value; rows]),
            Value::Text(value) => Column::Text(vec![Some(value); rows]),
            other => Column::Mixed(vec![other; rows]),
        };
        features.columns.push((name.clone(), column));
    }
    let name = left_out?;
    let message = format!("the defaults of its class would fill more than {MAX_DEFAULTS} cells");
    Some(Fault::too_large(format!("{place}.properties.{name}"), message))
}

/// The properties of a class that a table of so many rows leaves out and that have a default, up to the cap on them; and
/// the first beyond that.
pub(super) fn defaults_of<'a>(
    schema: &Json,
    definitions: Option<&'a Json>,
    table: &Json,
    rows: usize,
) -> (Vec<(&'a String, Value)>, Option<&'a String>) {
    let given = table.get("properties").and_then(Json::as_object);
    let mut left_cells = MAX_DEFAULTS;
    let mut defaults = Vec::new();
    for (name, definition) in definitions.and_then(Json::as_object).into_iter().flatten() {
        if given.is_some_and(|given| given.contains_key(name)) {
            continue;
        }
        let format = PropertyFormat::new(schema, definition, &Json::Null);
        let Some(default) = format.ok().map(|format| format.default).filter(|d| *d != Value::Null) else {
            continue;
        };
        let Some(left) = left_cells.checked_sub(rows) else {
            return (defaults, Some(name));
        };
        left_cells = left;
        defaults.push((name, default));
    }
    (defaults, None)
}

/// The schema of a file, which may stand in a file of its own.
pub(super) fn schema(root: &Root, resources: &dyn Resources, path: &str) -> Result<Json, Fault> {
    let extension = root.extensions.get("EXT_structural_metadata");
    let extension = extension.unwrap_or(&Json::Null);
    if let Some(schema) = extension.get("schema") {
        return Ok(schema.clone());
    }
    let fault = |message: String| Fault::new(SCHEMA_URI, message);
    let uri = extension
        .get("schemaUri")
        .and_then(Json::as_str)
        .ok_or_else(|| fault("the metadata has no schema".to_owned()))?;
    let bytes = read_uri(resources, path, uri, MAX_SCHEMA_BYTES).map_err(|error| Fault::of(SCHEMA_URI, &error))?;
    serde_json::from_slice(&bytes).map_err(|error| fault(format!("the schema is not valid JSON: {error}")))
}

/// Largest schema that is read, bytes.
const MAX_SCHEMA_BYTES: u64 = 64 << 20;

/// One property of one table.
struct PropertyReader<'a> {
    format: PropertyFormat,
    values: &'a [u8],
    string_offsets: Option<(&'a [u8], Number)>,
    array_offsets: Option<(&'a [u8], Number)>,
    rows: usize,
}

impl<'a> PropertyReader<'a> {
    fn new(
        view_of: &dyn Fn(usize) -> Result<&'a [u8], Fault>,
        schema: &Json,
        definition: &Json,
        property: &Json,
        rows: usize,
    ) -> Result<Self, Fault> {
        let view = |key: &str| -> Result<Option<&'a [u8]>, Fault> {
            let Some(index) = property.get(key).and_then(Json::as_u64) else {
                return Ok(None);
            };
            let index = usize::try_from(index).map_err(|_error| format!("`{key}` is too large"))?;
            view_of(index).map(Some)
        };
        let offsets = |values: &str, kind: &str| -> Result<Option<(&'a [u8], Number)>, Fault> {
            let number = property.get(kind).and_then(Json::as_str).unwrap_or("UINT32");
            let number = Number::parse(number).ok_or_else(|| format!("`{kind}` is unknown"))?;
            Ok(view(values)?.map(|bytes| (bytes, number)))
        };
        Ok(Self {
            format: PropertyFormat::new(schema, definition, property)?,
            values: view("values")?.ok_or("the property has no values")?,
            string_offsets: offsets("stringOffsets", "stringOffsetType")?,
            array_offsets: offsets("arrayOffsets", "arrayOffsetType")?,
            rows,
        })
    }

    /// Why the values cannot be what the schema says. Some exporters write four bytes a row under a type that has one
    /// bit a row: read as bits, "no data" would make every building a greenhouse.
    fn doubt(&self) -> Option<String> {
        // One bit a row, padded to eight bytes.
        let most = self.rows / 8 + 1 + 8;
        let is_doubtful =
            matches!(self.format.element, Element::Bool) && !self.format.is_array && self.values.len() > most;
        is_doubtful.then(|| {
            format!(
                "{} bytes are not one bit for each of {} rows; nothing is known of this property",
                self.values.len(),
                self.rows
            )
        })
    }

    /// How many values, and bytes of texts, the column will hold at most.
    fn cost(&self) -> usize {
        let elements = match self.array_offsets {
            Some((offsets, number)) => place(offsets, number, self.rows).unwrap_or(0),
            None if self.format.is_array => self.rows.saturating_mul(self.format.array_count),
            None => self.rows,
        };
        let each = match self.format.element {
            Element::Numbers { components, .. } => components,
            Element::Bool | Element::Text | Element::Enum { .. } => 1,
        };
        let texts = if self.string_offsets.is_some() {
            self.values.len()
        } else {
            0
        };
        elements.saturating_mul(each).saturating_add(texts)
    }

    fn column(&self) -> Result<Column, String> {
        let short = || "the values end before the last row".to_owned();
        let format = &self.format;
        if format.is_array {
            let values: Option<Vec<Value>> = (0..self.rows).map(|row| self.array(row)).collect();
            return values.map(Column::Mixed).ok_or_else(short);
        }
        match &format.element {
            Element::Bool => {
                let values: Option<Vec<bool>> = (0..self.rows).map(|row| bit(self.values, row)).collect();
                values.map(Column::Bool).ok_or_else(short)
            }
            Element::Text | Element::Enum { .. } => {
                let values: Option<Vec<Option<String>>> = (0..self.rows)
                    .map(|row| match self.value(row)? {
                        Value::Text(text) => Some(Some(text)),
                        _ => Some(None),
                    })
                    .collect();
                values.map(Column::Text).ok_or_else(short)
            }
            Element::Numbers { number, components: 1 } => {
                let scalars: Option<Vec<Scalar>> = (0..self.rows).map(|row| number.at(self.values, row)).collect();
                let scalars = scalars.ok_or_else(short)?;
                let is_whole = !format.is_scaled()
                    && scalars.iter().all(|scalar| matches!(scalar, Scalar::Int(_)))
                    && matches!(format.default, Value::Null | Value::Int(_));
                Ok(if is_whole {
                    let missing = match format.default {
                        Value::Int(default) => default,
                        _ => i64::MIN,
                    };
                    let int = |scalar: &Scalar| match scalar {
                        Scalar::Int(value) if !format.is_missing(*scalar) => *value,
                        _ => missing,
                    };
                    Column::Int(scalars.iter().map(int).collect())
                } else {
                    let missing = match format.default {
                        Value::Int(default) => Scalar::Int(default).as_f64(),
                        Value::Float(default) => default,
                        _ => f64::NAN,
                    };
                    let float = |scalar: &Scalar| {
                        if format.is_missing(*scalar) {
                            missing
                        } else {
                            format.scaled(*scalar, 0, 0)
                        }
                    };
                    Column::Float(scalars.iter().map(float).collect())
                })
            }
            Element::Numbers { .. } => {
                let values: Option<Vec<Value>> = (0..self.rows).map(|row| self.value(row)).collect();
                values.map(Column::Mixed).ok_or_else(short)
            }
        }
    }

    /// The array of one row.
    fn array(&self, row: usize) -> Option<Value> {
        let (start, end) = if let Some((offsets, number)) = self.array_offsets {
            (place(offsets, number, row)?, place(offsets, number, row + 1)?)
        } else {
            let start = row.checked_mul(self.format.array_count)?;
            (start, start.checked_add(self.format.array_count)?)
        };
        if end < start || end - start > MAX_ARRAY {
            return None;
        }
        if let Element::Numbers { .. } = self.format.element {
            return Some(self.format.of_numbers(&self.scalars(start, end)?));
        }
        let items: Option<Vec<Value>> = (start..end).map(|index| self.value(index)).collect();
        Some(Value::List(items?))
    }

    /// The numbers of the elements from `start` to before `end`, counted through all rows and arrays.
    fn scalars(&self, start: usize, end: usize) -> Option<Vec<Scalar>> {
        let Element::Numbers { number, components } = self.format.element else {
            return None;
        };
        let numbers = start.checked_mul(components)?..end.checked_mul(components)?;
        numbers.map(|index| number.at(self.values, index)).collect()
    }

    /// Element `index`, counted through all rows and arrays.
    fn value(&self, index: usize) -> Option<Value> {
        Some(match &self.format.element {
            Element::Bool => Value::Bool(bit(self.values, index)?),
            Element::Text => {
                let (offsets, number) = self.string_offsets?;
                let range = place(offsets, number, index)?..place(offsets, number, index + 1)?;
                let text = String::from_utf8_lossy(self.values.get(range)?).into_owned();
                if self.format.is_missing_text(&text) {
                    self.format.default.clone()
                } else {
                    Value::Text(text)
                }
            }
            Element::Enum { number, .. } => match number.at(self.values, index)? {
                Scalar::Int(value) => self.format.of_enum(value),
                Scalar::Float(_) => return None,
            },
            Element::Numbers { .. } => self.format.of_numbers(&self.scalars(index, index + 1)?),
        })
    }
}

fn bit(data: &[u8], index: usize) -> Option<bool> {
    data.get(index / 8).map(|byte| byte >> (index % 8) & 1 == 1)
}

/// An entry of an offsets buffer.
fn place(offsets: &[u8], number: Number, index: usize) -> Option<usize> {
    match number.at(offsets, index)? {
        Scalar::Int(value) => usize::try_from(value).ok(),
        Scalar::Float(_) => None,
    }
}
