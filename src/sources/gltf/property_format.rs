//! What one property of a metadata class is, and values made of its numbers, wherever they stand: in the columns of a
//! table, in the texels of a picture or in the attributes of vertices.

use crate::geometry::{ReadTexel, Value};
use serde_json::Value as Json;

/// Most values of one array of one row.
pub(super) const MAX_ARRAY: usize = 65_536;

/// Longest text that stands for no data, bytes: it takes its room in every row.
const MAX_DEFAULT_TEXT: usize = 64;

/// Number types of the metadata specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Int { bytes: usize, is_signed: bool },
    Float { bytes: usize },
}

impl Number {
    pub(super) fn parse(name: &str) -> Option<Self> {
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

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Int { bytes, .. } | Self::Float { bytes } => bytes,
        }
    }

    /// The number at place `index` of packed numbers.
    pub(super) fn at(self, data: &[u8], index: usize) -> Option<Scalar> {
        let size = self.bytes();
        let start = index.checked_mul(size)?;
        let raw = data.get(start..start.checked_add(size)?)?;
        // Each size apart: a copy of as many bytes as a variable says is a call.
        let bits = match *raw {
            [a] => u64::from(a),
            [a, b] => u64::from(u16::from_le_bytes([a, b])),
            [a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
            _ => u64::from_le_bytes(raw.try_into().ok()?),
        };
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
pub(super) enum Scalar {
    Int(i64),
    Float(f64),
}

impl Scalar {
    pub(super) fn as_f64(self) -> f64 {
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
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Element {
    Bool,
    Text,
    Enum {
        number: Number,
        names: Vec<(i64, String)>,
    },
    /// Scalars, vectors and matrices.
    Numbers {
        number: Number,
        components: usize,
    },
}

/// One property of a class, with what the place of its values says otherwise than the class.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PropertyFormat {
    pub(super) element: Element,
    pub(super) is_array: bool,
    /// Elements of an array with a fixed length; 0 for others.
    pub(super) array_count: usize,
    pub(super) is_normalized: bool,
    offset: Option<Json>,
    scale: Option<Json>,
    no_data: Option<Json>,
    /// What stands for no data.
    pub(super) default: Value,
}

impl PropertyFormat {
    /// The property that `definition` defines in `schema`, whose values stand where `property` says.
    pub(super) fn new(schema: &Json, definition: &Json, property: &Json) -> Result<Self, String> {
        let either = |key: &str| property.get(key).or_else(|| definition.get(key)).cloned();
        let is = |key: &str| definition.get(key).and_then(Json::as_bool).unwrap_or(false);
        let count = definition.get("count").and_then(Json::as_u64);
        let element = element(schema, definition)?;
        let is_array = is("array");
        let array_count = count.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX).min(MAX_ARRAY));
        Ok(Self {
            default: default_value(definition, &element, is_array.then_some(array_count)),
            element,
            is_array,
            array_count,
            is_normalized: is("normalized"),
            offset: either("offset"),
            scale: either("scale"),
            no_data: definition.get("noData").cloned(),
        })
    }

    /// Whether the values are others than the numbers that are kept.
    pub(super) fn is_scaled(&self) -> bool {
        self.is_normalized || self.offset.is_some() || self.scale.is_some()
    }

    /// Bytes of one value; `None` where they differ or are no whole bytes.
    pub(super) fn fixed_bytes(&self) -> Option<usize> {
        let each = match &self.element {
            Element::Bool | Element::Text => return None,
            Element::Enum { number, .. } => number.bytes(),
            Element::Numbers { number, components } => number.bytes().checked_mul(*components)?,
        };
        if self.is_array {
            each.checked_mul(self.array_count).filter(|bytes| *bytes > 0)
        } else {
            Some(each)
        }
    }

    /// Whether a text stands for no data.
    pub(super) fn is_missing_text(&self, text: &str) -> bool {
        self.no_data.as_ref().and_then(Json::as_str) == Some(text)
    }

    /// Whether the number of a property of one number stands for no data.
    pub(super) fn is_missing(&self, raw: Scalar) -> bool {
        self.no_data
            .as_ref()
            .and_then(Json::as_f64)
            .is_some_and(|no_data| same(raw.as_f64(), no_data))
    }

    /// Whether all of these raw numbers, those of a vector, a matrix or an array, stand for no data.
    pub(super) fn are_missing(&self, raw: &[Scalar]) -> bool {
        let Some(no_data) = self.no_data.as_ref().and_then(Json::as_array) else {
            return raw.len() == 1 && raw.first().is_some_and(|raw| self.is_missing(*raw));
        };
        let flat = |json: &Json| match json {
            Json::Array(items) => items.iter().map(|item| item.as_f64().unwrap_or(f64::NAN)).collect(),
            other => vec![other.as_f64().unwrap_or(f64::NAN)],
        };
        let wanted: Vec<f64> = no_data.iter().flat_map(flat).collect();
        wanted.len() == raw.len() && wanted.iter().zip(raw).all(|(wanted, raw)| same(raw.as_f64(), *wanted))
    }

    /// The value of these raw numbers: as many as an element of numbers has, or several such elements for an array.
    pub(super) fn of_numbers(&self, raw: &[Scalar]) -> Value {
        let Element::Numbers { components, .. } = self.element else {
            return Value::Null;
        };
        if self.are_missing(raw) {
            return self.default.clone();
        }
        let mut elements = raw.chunks(components).enumerate();
        let each = |(item, raw): (usize, &[Scalar])| {
            let mut parts: Vec<Value> = (0..)
                .zip(raw)
                .map(|(component, raw)| match raw {
                    Scalar::Int(value) if !self.is_scaled() => Value::Int(*value),
                    raw => Value::Float(self.scaled(*raw, item, component)),
                })
                .collect();
            match (parts.len(), parts.pop()) {
                (1, Some(only)) => only,
                (_, Some(last)) => {
                    parts.push(last);
                    Value::List(parts)
                }
                (_, None) => Value::Null,
            }
        };
        if self.is_array {
            Value::List(elements.map(each).collect())
        } else {
            elements.next().map_or(Value::Null, each)
        }
    }

    /// The value of the number of an enum: its name, or the number where it has none.
    pub(super) fn of_enum(&self, value: i64) -> Value {
        let Element::Enum { names, .. } = &self.element else {
            return Value::Null;
        };
        match names.iter().find(|(number, _)| *number == value) {
            Some((_, name)) if self.is_missing_text(name) => self.default.clone(),
            Some((_, name)) => Value::Text(name.clone()),
            None => Value::Text(value.to_string()),
        }
    }

    /// A raw number of array item `item` with its offset and scale.
    pub(super) fn scaled(&self, raw: Scalar, item: usize, component: usize) -> f64 {
        let number = match self.element {
            Element::Numbers { number, .. } => number,
            _ => Number::Float { bytes: 8 },
        };
        let raw = match raw {
            Scalar::Int(_) if self.is_normalized => (raw.as_f64() / number.largest()).max(-1.0),
            // Beyond what fits an `i64`.
            Scalar::Float(raw) if self.is_normalized && matches!(number, Number::Int { .. }) && raw > 1.0 => {
                raw / number.largest()
            }
            raw => raw.as_f64(),
        };
        let pick = |json: Option<&Json>| {
            let json = json?;
            let of_item = if self.is_array {
                json.get(item).unwrap_or(json)
            } else {
                json
            };
            of_item.as_f64().or_else(|| of_item.get(component)?.as_f64())
        };
        raw * pick(self.scale.as_ref()).unwrap_or(1.0) + pick(self.offset.as_ref()).unwrap_or(0.0)
    }

    /// The value of packed bytes, as many as [`Self::fixed_bytes`] says; of an enum there may be fewer.
    fn of_bytes(&self, bytes: &[u8]) -> Option<Value> {
        match &self.element {
            Element::Bool | Element::Text => None,
            Element::Enum { number, .. } => {
                let mut whole = bytes.to_vec();
                whole.resize(whole.len().next_multiple_of(number.bytes()), 0);
                let numbers = 0..whole.len() / number.bytes();
                let mut values = numbers.map(|index| match number.at(&whole, index)? {
                    Scalar::Int(value) => Some(self.of_enum(value)),
                    Scalar::Float(_) => None,
                });
                if self.is_array {
                    values.collect::<Option<Vec<Value>>>().map(Value::List)
                } else {
                    values.next()?
                }
            }
            Element::Numbers { number, .. } => {
                let numbers = 0..bytes.len() / number.bytes();
                let raw: Option<Vec<Scalar>> = numbers.map(|index| number.at(bytes, index)).collect();
                Some(self.of_numbers(&raw?))
            }
        }
    }
}

impl ReadTexel for PropertyFormat {
    fn value(&self, bytes: &[u8]) -> Value {
        self.of_bytes(bytes).unwrap_or(Value::Null)
    }
}

/// What one element of a property is.
fn element(schema: &Json, definition: &Json) -> Result<Element, String> {
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
                .filter_map(|value| Some((value.get("value")?.as_i64()?, value.get("name")?.as_str()?.to_owned())))
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

/// The value that stands for no data; nothing where it is not of the property's form.
fn default_value(definition: &Json, element: &Element, array_count: Option<usize>) -> Value {
    let Some(json) = definition.get("default") else {
        return Value::Null;
    };
    let components = match element {
        Element::Numbers { components, .. } => *components,
        Element::Bool | Element::Text | Element::Enum { .. } => 1,
    };
    let numbers = |json: &Json, count: usize| -> Option<Value> {
        let items = json.as_array().filter(|items| items.len() == count)?;
        items.iter().map(number_of_json).collect::<Option<_>>().map(Value::List)
    };
    let each = |json: &Json| match element {
        Element::Bool => json.as_bool().map(Value::Bool),
        Element::Text | Element::Enum { .. } => {
            let text = json.as_str().filter(|text| text.len() <= MAX_DEFAULT_TEXT)?;
            Some(Value::Text(text.to_owned()))
        }
        Element::Numbers { .. } if components > 1 => numbers(json, components),
        Element::Numbers { .. } => number_of_json(json),
    };
    let found = match array_count {
        None => each(json),
        Some(count) => json
            .as_array()
            .filter(|items| items.len() == count)
            .and_then(|items| items.iter().map(each).collect::<Option<_>>().map(Value::List)),
    };
    found.unwrap_or(Value::Null)
}

fn number_of_json(json: &Json) -> Option<Value> {
    json.as_i64()
        .map(Value::Int)
        .or_else(|| json.as_f64().map(Value::Float))
}

/// Equal, or so near that one is the other as `f32`: files write `noData` of a FLOAT32 with fewer digits.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= f64::from(f32::EPSILON) * b.abs() || (a.is_nan() && b.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn format(definition: Json, property: Json) -> PropertyFormat {
        let schema = json!({"enums": {"wood": {"valueType": "INT16", "values":
            [{"name": "None", "value": -1}, {"name": "Oak", "value": 1}]}}});
        PropertyFormat::new(&schema, &definition, &property).unwrap()
    }

    #[test]
    fn bytes_become_the_value_that_the_class_says() {
        let none = json!({});
        let scalar = |kind: &str| json!({"type": "SCALAR", "componentType": kind});
        let read = |definition: Json, property: &Json, bytes: &[u8]| format(definition, property.clone()).value(bytes);
        assert_eq!(read(scalar("UINT16"), &none, &[1, 2]), Value::Int(513));
        assert_eq!(read(scalar("INT8"), &none, &[255]), Value::Int(-1));
        assert_eq!(
            read(scalar("FLOAT32"), &none, &1.5_f32.to_le_bytes()),
            Value::Float(1.5)
        );
        let half = json!({"type": "SCALAR", "componentType": "UINT8", "normalized": true});
        assert_eq!(read(half.clone(), &none, &[255]), Value::Float(1.0));
        // The place of the values has the last word over the class.
        let moved = json!({"offset": 10, "scale": 100});
        assert_eq!(read(half, &moved, &[51]), Value::Float(30.0));
        let pair = json!({"type": "VEC2", "componentType": "UINT8", "scale": [2, 3], "offset": [0, 1]});
        let list = |a: f64, b: f64| Value::List(vec![Value::Float(a), Value::Float(b)]);
        assert_eq!(read(pair, &none, &[5, 6]), list(10.0, 19.0));
        let array = json!({"type": "SCALAR", "componentType": "UINT8", "array": true, "count": 2, "scale": [1, 10]});
        assert_eq!(read(array, &none, &[5, 6]), list(5.0, 60.0));
        let wood = json!({"type": "ENUM", "enumType": "wood"});
        for (bytes, name) in [([1, 0], "Oak"), ([7, 0], "7"), ([255, 255], "None")] {
            assert_eq!(read(wood.clone(), &none, &bytes), Value::Text(name.to_owned()));
        }
        assert_eq!(read(wood, &none, &[1]), Value::Text("Oak".to_owned()));
    }

    #[test]
    fn no_data_is_told_by_the_raw_numbers_and_becomes_the_default() {
        let with = |mut definition: Json, no_data: Json, default: Option<Json>| {
            definition["noData"] = no_data;
            if let Some(default) = default {
                definition["default"] = default;
            }
            format(definition, json!({}))
        };
        let scalar = json!({"type": "SCALAR", "componentType": "UINT8", "offset": 100});
        assert_eq!(with(scalar.clone(), json!(0), None).value(&[0]), Value::Null);
        assert_eq!(
            with(scalar.clone(), json!(0), Some(json!(7))).value(&[0]),
            Value::Int(7)
        );
        assert_eq!(with(scalar, json!(100), None).value(&[0]), Value::Float(100.0));
        let pair = json!({"type": "VEC2", "componentType": "UINT8"});
        let missing = with(pair, json!([0, 255]), None);
        assert_eq!(missing.value(&[0, 255]), Value::Null);
        assert_eq!(
            missing.value(&[0, 254]),
            Value::List(vec![Value::Int(0), Value::Int(254)])
        );
        let wood = with(
            json!({"type": "ENUM", "enumType": "wood"}),
            json!("None"),
            Some(json!("Oak")),
        );
        assert_eq!(wood.value(&[255, 255]), Value::Text("Oak".to_owned()));
    }

    #[test]
    fn what_has_no_fixed_size_fits_no_texel() {
        let bytes = |definition: Json| format(definition, json!({})).fixed_bytes();
        assert_eq!(bytes(json!({"type": "VEC3", "componentType": "UINT8"})), Some(3));
        assert_eq!(bytes(json!({"type": "ENUM", "enumType": "wood"})), Some(2));
        let array = json!({"type": "SCALAR", "componentType": "UINT16", "array": true});
        assert_eq!(bytes(array.clone()), None);
        let mut fixed = array;
        fixed["count"] = 2.into();
        assert_eq!(bytes(fixed), Some(4));
        for kind in ["STRING", "BOOLEAN"] {
            assert_eq!(bytes(json!({"type": kind})), None);
        }
    }
}
