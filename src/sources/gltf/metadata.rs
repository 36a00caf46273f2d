//! `EXT_structural_metadata` property tables to columns.

use super::{Fault, accessor::Views, feature_ids::property_tables};
use crate::{
    geometry::{Column, FeatureTable, Value},
    sources::resource::{Resources, read_uri},
};
use serde_json::Value as Json;

/// Most values of one table, bytes of texts included: properties can share the same bytes.
const MAX_VALUES: usize = 64_000_000;
/// Where a schema in a file of its own is named.
const SCHEMA_URI: &str = "EXT_structural_metadata.schemaUri";
/// Most values of one array of one row.
const MAX_ARRAY: usize = 65_536;

/// Reads property table `table`; a property that cannot be read becomes a fault and the others stay.
pub(super) fn read_table(
    views: &Views<'_>,
    table: usize,
    rows: u32,
    resources: &dyn Resources,
    path: &str,
) -> (FeatureTable, Vec<Fault>) {
    let place = format!("EXT_structural_metadata.propertyTables[{table}]");
    let empty = |fault| {
        let table = FeatureTable {
            rows,
            ..FeatureTable::default()
        };
        (table, vec![fault])
    };
    let Some(json) = property_tables(views.root).get(table) else {
        return empty(Fault::new(place, "there is no such property table"));
    };
    match schema(views, resources, path) {
        Ok(schema) => read_properties(&schema, json, rows, &|index| views.view(index), &place),
        Err(fault) => {
            let class = class_name(json);
            let (table, faults) = empty(fault);
            (FeatureTable { class, ..table }, faults)
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
    let mut faults = Vec::new();
    let mut budget = MAX_VALUES;
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
            budget = budget
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
    (features, faults)
}

fn schema(views: &Views<'_>, resources: &dyn Resources, path: &str) -> Result<Json, Fault> {
    let extension = views.root.extensions.get("EXT_structural_metadata");
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

/// Number types of the metadata specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Int { bytes: usize, is_signed: bool },
    Float { bytes: usize },
}

impl Number {
    fn parse(name: &str) -> Option<Self> {
        let int = |bytes, is_signed| Some(Self::Int { bytes, is_signed });
        match name {
            "INT8" => int(1, true),
            "UINT8" => int(1, false),
            "INT16" => int(2, true),
            "UINT16" => int(2, false),
            "INT32" => int(4, true),
            "UINT32" => int(4, false),
            "INT64" => int(8, true),
            "UINT64" => int(8, false),
            "FLOAT32" => Some(Self::Float { bytes: 4 }),
            "FLOAT64" => Some(Self::Float { bytes: 8 }),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Int { bytes, .. } | Self::Float { bytes } => bytes,
        }
    }

    /// The number at place `index` of packed numbers.
    fn at(self, data: &[u8], index: usize) -> Option<Scalar> {
        let size = self.bytes();
        let start = index.checked_mul(size)?;
        let raw = data.get(start..start.checked_add(size)?)?;
        let mut wide = [0_u8; 8];
        wide[..size].copy_from_slice(raw);
        let bits = u64::from_le_bytes(wide);
        Some(match self {
            Self::Float { bytes: 4 } => Scalar::Float(f64::from(f32::from_le_bytes(raw.try_into().ok()?))),
            Self::Float { .. } => Scalar::Float(f64::from_bits(bits)),
            Self::Int { bytes, is_signed: true } => {
                let unused = 64 - 8 * u32::try_from(bytes).ok()?;
                Scalar::Int((bits << unused).cast_signed() >> unused)
            }
            Self::Int { .. } => i64::try_from(bits).map_or_else(|_| Scalar::Float(wide_float(bits)), Scalar::Int),
        })
    }

    /// What an integer is divided by when it is normalised.
    fn largest(self) -> f64 {
        match self {
            Self::Float { .. } => 1.0,
            Self::Int { bytes, is_signed } => {
                let bits = u32::try_from(bytes).unwrap_or(8) * 8 - u32::from(is_signed);
                wide_float(u64::MAX >> (64 - bits))
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Scalar {
    Int(i64),
    Float(f64),
}

impl Scalar {
    fn as_f64(self) -> f64 {
        match self {
            Self::Int(i) => signed_float(i),
            Self::Float(f) => f,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers beyond 2^53 have no exact float")]
fn wide_float(bits: u64) -> f64 {
    bits as f64
}

#[expect(clippy::cast_precision_loss, reason = "numbers beyond 2^53 have no exact float")]
fn signed_float(value: i64) -> f64 {
    value as f64
}

/// What one element is.
enum Element<'a> {
    Bool,
    Text,
    Enum {
        number: Number,
        names: Vec<(i64, &'a str)>,
    },
    /// Scalars, vectors and matrices.
    Numbers {
        number: Number,
        components: usize,
    },
}

/// One property of one table.
struct PropertyReader<'a> {
    element: Element<'a>,
    values: &'a [u8],
    string_offsets: Option<(&'a [u8], Number)>,
    array_offsets: Option<(&'a [u8], Number)>,
    is_array: bool,
    /// Elements per row of an array with a fixed length.
    array_count: usize,
    is_normalized: bool,
    offset: Option<&'a Json>,
    scale: Option<&'a Json>,
    no_data: Option<&'a Json>,
    rows: usize,
}

impl<'a> PropertyReader<'a> {
    fn new(
        view_of: &dyn Fn(usize) -> Result<&'a [u8], Fault>,
        schema: &'a Json,
        definition: &'a Json,
        property: &'a Json,
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
        let either = |key: &str| property.get(key).or_else(|| definition.get(key));
        Ok(Self {
            element: element(schema, definition)?,
            values: view("values")?.ok_or("the property has no values")?,
            string_offsets: offsets("stringOffsets", "stringOffsetType")?,
            array_offsets: offsets("arrayOffsets", "arrayOffsetType")?,
            is_array: definition.get("array").and_then(Json::as_bool).unwrap_or(false),
            array_count: definition
                .get("count")
                .and_then(Json::as_u64)
                .map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX).min(MAX_ARRAY)),
            is_normalized: definition.get("normalized").and_then(Json::as_bool).unwrap_or(false),
            offset: either("offset"),
            scale: either("scale"),
            no_data: definition.get("noData"),
            rows,
        })
    }

    /// Why the values cannot be what the schema says. Some exporters write four bytes a row under a type that has one
    /// bit a row: read as bits, "no data" would make every building a greenhouse.
    fn doubt(&self) -> Option<String> {
        // One bit a row, padded to eight bytes.
        let most = self.rows / 8 + 1 + 8;
        let is_doubtful = matches!(self.element, Element::Bool) && !self.is_array && self.values.len() > most;
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
            None if self.is_array => self.rows.saturating_mul(self.array_count),
            None => self.rows,
        };
        let each = match self.element {
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
        let is_scaled = self.is_normalized || self.offset.is_some() || self.scale.is_some();
        if self.is_array {
            let values: Option<Vec<Value>> = (0..self.rows).map(|row| self.array(row)).collect();
            return values.map(Column::Mixed).ok_or_else(short);
        }
        match &self.element {
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
                let no_data = self.no_data.and_then(Json::as_f64);
                let scalars: Option<Vec<Scalar>> = (0..self.rows).map(|row| number.at(self.values, row)).collect();
                let scalars = scalars.ok_or_else(short)?;
                let is_whole = !is_scaled && scalars.iter().all(|scalar| matches!(scalar, Scalar::Int(_)));
                let is_missing = |scalar: &Scalar| no_data.is_some_and(|no_data| same(scalar.as_f64(), no_data));
                Ok(if is_whole {
                    let int = |scalar: &Scalar| match scalar {
                        Scalar::Int(value) if !is_missing(scalar) => *value,
                        _ => i64::MIN,
                    };
                    Column::Int(scalars.iter().map(int).collect())
                } else {
                    let float = |scalar: &Scalar| {
                        if is_missing(scalar) {
                            f64::NAN
                        } else {
                            self.scaled(*scalar, *number, 0)
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
            let start = row.checked_mul(self.array_count)?;
            (start, start.checked_add(self.array_count)?)
        };
        if end < start || end - start > MAX_ARRAY {
            return None;
        }
        let items: Option<Vec<Value>> = (start..end).map(|index| self.value(index)).collect();
        Some(Value::List(items?))
    }

    /// Element `index`, counted through all rows and arrays.
    fn value(&self, index: usize) -> Option<Value> {
        Some(match &self.element {
            Element::Bool => Value::Bool(bit(self.values, index)?),
            Element::Text => {
                let (offsets, number) = self.string_offsets?;
                let range = place(offsets, number, index)?..place(offsets, number, index + 1)?;
                let text = String::from_utf8_lossy(self.values.get(range)?).into_owned();
                if self.no_data.and_then(Json::as_str) == Some(&text) {
                    Value::Null
                } else {
                    Value::Text(text)
                }
            }
            Element::Enum { number, names } => match number.at(self.values, index)? {
                Scalar::Int(value) => {
                    let name = names.iter().find(|(number, _)| *number == value).map(|(_, name)| *name);
                    match name {
                        Some(name) if self.no_data.and_then(Json::as_str) == Some(name) => Value::Null,
                        Some(name) => Value::Text(name.to_owned()),
                        None => Value::Text(value.to_string()),
                    }
                }
                Scalar::Float(_) => return None,
            },
            Element::Numbers { number, components } => {
                let is_plain = !self.is_normalized && self.offset.is_none() && self.scale.is_none();
                let mut items = Vec::with_capacity(*components);
                for component in 0..*components {
                    let scalar = number.at(self.values, index.checked_mul(*components)?.checked_add(component)?)?;
                    items.push(match scalar {
                        Scalar::Int(value) if is_plain => Value::Int(value),
                        scalar => Value::Float(self.scaled(scalar, *number, component)),
                    });
                }
                if *components == 1 {
                    items.pop()?
                } else {
                    Value::List(items)
                }
            }
        })
    }

    fn scaled(&self, scalar: Scalar, number: Number, component: usize) -> f64 {
        let raw = scalar.as_f64();
        let raw = if self.is_normalized {
            (raw / number.largest()).max(-1.0)
        } else {
            raw
        };
        let pick = |json: Option<&Json>| {
            let json = json?;
            json.as_f64().or_else(|| json.get(component)?.as_f64())
        };
        raw * pick(self.scale).unwrap_or(1.0) + pick(self.offset).unwrap_or(0.0)
    }
}

/// What one element of a property is.
fn element<'a>(schema: &'a Json, definition: &'a Json) -> Result<Element<'a>, String> {
    let text = |key: &str| definition.get(key).and_then(Json::as_str).unwrap_or_default();
    let components = match text("type") {
        "BOOLEAN" => return Ok(Element::Bool),
        "STRING" => return Ok(Element::Text),
        "ENUM" => {
            let kind = schema.get("enums").and_then(|enums| enums.get(text("enumType")));
            let kind = kind.ok_or_else(|| format!("the enum `{}` is not defined", text("enumType")))?;
            let number = kind.get("valueType").and_then(Json::as_str).unwrap_or("UINT16");
            let values = kind.get("values").and_then(Json::as_array).into_iter().flatten();
            let names = values
                .filter_map(|value| Some((value.get("value")?.as_i64()?, value.get("name")?.as_str()?)))
                .collect();
            return Ok(Element::Enum {
                number: Number::parse(number).ok_or("the enum's number type is unknown")?,
                names,
            });
        }
        "SCALAR" => 1,
        "VEC2" => 2,
        "VEC3" => 3,
        "VEC4" | "MAT2" => 4,
        "MAT3" => 9,
        "MAT4" => 16,
        other => return Err(format!("the property type `{other}` is unknown")),
    };
    let number = Number::parse(text("componentType"));
    Ok(Element::Numbers {
        number: number.ok_or_else(|| format!("the component type `{}` is unknown", text("componentType")))?,
        components,
    })
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

/// Equal, or so near that one is the other as `f32`: files write `noData` of a FLOAT32 with fewer digits.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= f64::from(f32::EPSILON) * b.abs() || (a.is_nan() && b.is_nan())
}
