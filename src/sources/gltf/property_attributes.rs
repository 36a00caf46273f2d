//! Property attributes of `EXT_structural_metadata`: numbers at vertices to columns of the features that these belong to.
//!
//! A feature has one value of a property. Where its vertices have different numbers that is their mean; of vectors,
//! matrices and enums, which have none, it is the value of its first vertex. Points without features of their own become
//! one each, as those of point clouds do. Of surfaces without features the value is that of the place where somebody
//! points: between the corners, or that of the nearest corner where nothing lies between.

use super::{
    Fault,
    carried::VertexNumbers,
    data::PrimitiveData,
    feature_ids::{MAX_FEATURES, Rows},
    file::Primitive,
    merge::PlacedMesh,
    primitive::Shape,
    property_format::{Element, Number, PropertyFormat, Scalar},
};
use crate::geometry::{Column, FeatureTable, ReadCorners, Value, VertexProperty, nearest};
use serde_json::Value as Json;
use std::{collections::BTreeMap, sync::Arc};

/// Most cells that the attributes of one file fill.
const MAX_CELLS: usize = 16_000_000;

/// One property and the attribute that has its numbers.
#[derive(Debug)]
pub(super) struct AttributeProperty {
    name: String,
    class: String,
    attribute: String,
    format: PropertyFormat,
}

impl AttributeProperty {
    /// The property `name` that `definition` defines, whose numbers stand where `property` says.
    pub(super) fn new(
        schema: &Json,
        definition: &Json,
        property: &Json,
        name: &str,
        class: &str,
    ) -> Result<Self, String> {
        let attribute = property.get("attribute").and_then(Json::as_str);
        let format = PropertyFormat::new(schema, definition, property)?;
        if format.is_array || matches!(format.element, Element::Bool | Element::Text) {
            return Err("a value of this kind cannot stand in the attributes of vertices".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            class: class.to_owned(),
            attribute: attribute.ok_or("the property names no attribute")?.to_owned(),
            format,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether there is no value between these numbers of several vertices: neither between two kinds of wood or two whole
    /// numbers, nor beside "no data" is there anything.
    pub(super) fn has_nothing_between(&self, vertices: &[&[f32]], is_normalized: bool) -> bool {
        let is_missing = |numbers: &&[f32]| self.format.are_missing(&self.raw(numbers, is_normalized));
        self.is_category() || self.is_whole(is_normalized) || vertices.iter().any(is_missing)
    }

    fn is_category(&self) -> bool {
        matches!(self.format.element, Element::Enum { .. })
    }

    /// Whether its values are single numbers.
    fn is_number(&self) -> bool {
        self.width() == 1 && !self.is_category()
    }

    /// Numbers of one vertex.
    pub(super) fn width(&self) -> usize {
        match self.format.element {
            Element::Numbers { components, .. } => components,
            Element::Bool | Element::Text | Element::Enum { .. } => 1,
        }
    }

    /// Its numbers at `count` vertices of a primitive.
    pub(super) fn read(
        self: &Arc<Self>,
        data: &PrimitiveData<'_>,
        primitive: &Primitive,
        count: usize,
    ) -> Result<VertexNumbers, Fault> {
        let accessor = primitive.attributes.get(&self.attribute);
        let accessor = *accessor.ok_or_else(|| format!("the primitive has no attribute `{}`", self.attribute))?;
        let (components, width) = (data.components(accessor)?, self.width());
        if components != width {
            let attribute = &self.attribute;
            let message = format!("`{attribute}` has {components} numbers a vertex where the property has {width}");
            return Err(message.into());
        }
        let numbers = match width {
            1 => flat(data.vectors::<1>(accessor)?),
            2 => flat(data.vectors::<2>(accessor)?),
            3 => flat(data.vectors::<3>(accessor)?),
            4 => flat(data.vectors::<4>(accessor)?),
            9 => flat(data.vectors::<9>(accessor)?),
            _ => flat(data.vectors::<16>(accessor)?),
        };
        if numbers.len() < count * width {
            let message = format!("`{}` has fewer values than there are vertices", self.attribute);
            return Err(message.into());
        }
        Ok(VertexNumbers {
            property: self.clone(),
            width,
            is_normalized: data.accessor(accessor)?.normalized,
            numbers: numbers.into_iter().take(count * width).collect(),
        })
    }

    /// The value of one vertex.
    fn value(&self, numbers: &[f32], is_normalized: bool) -> Value {
        match self.format.element {
            Element::Enum { .. } => numbers.first().map_or(Value::Null, |n| self.format.of_enum(whole(*n))),
            Element::Numbers { .. } => self.format.of_numbers(&self.raw(numbers, is_normalized)),
            Element::Bool | Element::Text => Value::Null,
        }
    }

    /// Whether its numbers are whole ones.
    fn is_whole(&self, is_normalized: bool) -> bool {
        let number = match self.format.element {
            Element::Numbers { number, .. } | Element::Enum { number, .. } => number,
            Element::Bool | Element::Text => return true,
        };
        matches!(number, Number::Int { .. }) && !is_normalized
    }

    fn raw(&self, numbers: &[f32], is_normalized: bool) -> Vec<Scalar> {
        let is_whole = self.is_whole(is_normalized);
        let raw = |number: &f32| {
            if is_whole {
                Scalar::Int(whole(*number))
            } else {
                Scalar::Float(f64::from(*number))
            }
        };
        numbers.iter().map(raw).collect()
    }
}

/// Reads a property between corners.
#[derive(Debug)]
struct BetweenCorners {
    property: Arc<AttributeProperty>,
    is_normalized: bool,
}

impl ReadCorners for BetweenCorners {
    fn value(&self, corners: [&[f32]; 3], weights: [f32; 3]) -> Value {
        let (property, is_normalized) = (&*self.property, self.is_normalized);
        let near = corners[nearest(weights)];
        // Equal numbers are not rounded.
        let are_equal = corners.iter().all(|corner| *corner == near);
        if are_equal || property.has_nothing_between(&corners, is_normalized) {
            return property.value(near, is_normalized);
        }
        let part = |place: usize| -> f32 {
            let parts = corners.iter().zip(weights);
            parts.map(|(corner, weight)| corner[place] * weight).sum()
        };
        let mean: Vec<f32> = (0..near.len()).map(part).collect();
        property.value(&mean, is_normalized)
    }
}

impl VertexNumbers {
    /// The same as values where somebody points.
    pub(super) fn at_vertices(self) -> VertexProperty {
        VertexProperty {
            name: self.property.name.clone(),
            width: self.width,
            numbers: self.numbers,
            reader: Arc::new(BetweenCorners {
                property: self.property,
                is_normalized: self.is_normalized,
            }),
        }
    }
}

fn flat<const N: usize>(vectors: Vec<[f32; N]>) -> Vec<f32> {
    vectors.into_flattened()
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, and NaN becomes 0")]
fn whole(number: f32) -> i64 {
    number.round() as i64
}

/// What the vertices of the features have said of one property so far, by row.
enum Gathered {
    /// Sum, least, greatest and count of their numbers, and whether all are whole.
    Numbers(Vec<([f64; 3], u32)>, bool),
    /// The first value.
    Others(Vec<Value>),
}

impl Gathered {
    fn note(&mut self, row: usize, value: Value) {
        let number = match value {
            Value::Int(number) => Scalar::Int(number).as_f64(),
            Value::Float(number) if number.is_finite() => number,
            _ => f64::NAN,
        };
        let is_whole = matches!(value, Value::Int(_) | Value::Null);
        match self {
            Self::Numbers(rows, are_whole) => {
                *are_whole &= is_whole;
                if let Some(([sum, least, greatest], count)) = rows.get_mut(row).filter(|_| number.is_finite()) {
                    *least = if *count == 0 { number } else { least.min(number) };
                    *greatest = if *count == 0 { number } else { greatest.max(number) };
                    *sum += number;
                    *count = count.saturating_add(1);
                }
            }
            Self::Others(rows) => {
                if let Some(known) = rows.get_mut(row).filter(|known| **known == Value::Null) {
                    *known = value;
                }
            }
        }
    }

    fn column(self) -> Column {
        let (rows, are_whole) = match self {
            Self::Others(rows) => return Column::Mixed(rows),
            Self::Numbers(rows, are_whole) => (rows, are_whole),
        };
        let mean = |([sum, least, greatest], count): &([f64; 3], u32)| {
            // Not through the sum, which rounds.
            if *count > 0 && least.total_cmp(greatest).is_eq() {
                *least
            } else {
                sum / f64::from(*count)
            }
        };
        let means: Vec<f64> = rows.iter().map(mean).collect();
        let is_whole = |mean: &f64| mean.is_nan() || (mean.fract() == 0.0 && mean.abs() < 9e15);
        if are_whole && means.iter().all(is_whole) {
            #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
            let int = |mean: f64| if mean.is_nan() { i64::MIN } else { mean as i64 };
            return Column::Int(means.into_iter().map(int).collect());
        }
        Column::Float(means)
    }
}

/// Adds what the attributes say of the features to their table. A part keeps the numbers of which not all became cells:
/// where some of it belongs to no feature, and where there would be too many cells.
pub(super) fn add_columns(placed: &mut [PlacedMesh], table: &mut FeatureTable, faults: &mut Vec<Fault>) {
    let rows = table.rows as usize;
    let mut gathered: BTreeMap<(String, String), Gathered> = BTreeMap::new();
    let (mut cells_left, mut is_told) = (MAX_CELLS, false);
    for part in placed.iter_mut().flat_map(|mesh| &mut mesh.parts) {
        if !part.rows.iter().any(|row| (*row as usize) < rows) {
            continue;
        }
        let is_all_of_features = part.rows.iter().all(|row| (*row as usize) < rows);
        for numbers in std::mem::take(&mut part.carried.numbers) {
            let property = &*numbers.property;
            let key = (property.class.clone(), property.name.clone());
            if !gathered.contains_key(&key) {
                let Some(left) = cells_left.checked_sub(rows) else {
                    if !is_told {
                        is_told = true;
                        let message = format!(
                            "the attributes would fill more than {MAX_CELLS} cells; some are told of their places alone"
                        );
                        faults.push(Fault::too_large("EXT_structural_metadata.propertyAttributes", message));
                    }
                    // Those that have a column get the values of this part too.
                    part.carried.numbers.push(numbers);
                    continue;
                };
                cells_left = left;
            }
            let of = gathered.entry(key).or_insert_with(|| {
                if property.is_number() {
                    Gathered::Numbers(vec![([0.0; 3], 0); rows], true)
                } else {
                    Gathered::Others(vec![Value::Null; rows])
                }
            });
            for (row, of_vertex) in part.rows.iter().zip(numbers.numbers.chunks(numbers.width)) {
                if (*row as usize) < rows {
                    of.note(*row as usize, property.value(of_vertex, numbers.is_normalized));
                }
            }
            if !is_all_of_features {
                part.carried.numbers.push(numbers);
            }
        }
    }
    for ((class, name), of) in gathered {
        // The table has the first word.
        let name = if table.column(&name).is_some() {
            format!("{class}.{name}")
        } else {
            name
        };
        table.columns.push((name, of.column()));
    }
}

/// Makes every point a feature, where points have properties and nothing in the file has features. Returns the rows.
pub(super) fn make_rows_of_points(placed: &mut [PlacedMesh], faults: &mut Vec<Fault>) -> Option<Rows> {
    let is_alone =
        |mesh: &PlacedMesh| mesh.copies.is_none() && mesh.parts.iter().all(|part| part.shape == Shape::Points);
    let parts = || placed.iter().flat_map(|mesh| &mesh.parts);
    if !placed.iter().all(is_alone) || parts().all(|part| part.carried.numbers.is_empty()) {
        return None;
    }
    let points: usize = parts().map(|part| part.positions.len()).sum();
    let count = u32::try_from(points).unwrap_or(u32::MAX);
    if count > MAX_FEATURES {
        let message = format!("{points} points have properties, more than the {MAX_FEATURES} that are read");
        faults.push(Fault::too_large("EXT_structural_metadata.propertyAttributes", message));
        return None;
    }
    let mut next = 0..count;
    for part in placed.iter_mut().flat_map(|mesh| &mut mesh.parts) {
        part.rows = next.by_ref().take(part.positions.len()).collect();
    }
    Some(Rows {
        property_table: None,
        count,
        are_of_copies: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_has_the_mean_of_its_vertices_or_the_value_of_the_first() {
        let mut numbers = Gathered::Numbers(vec![([0.0; 3], 0); 4], true);
        for (row, value) in [
            (0, 0.1),
            (0, 0.1),
            (0, 0.1),
            (1, 2.0),
            (1, 3.0),
            (3, f64::NAN),
            (9, 1.0),
        ] {
            numbers.note(row, Value::Float(value));
        }
        let column = numbers.column();
        let told: Vec<Value> = (0..4).map(|row| column.value(row)).collect();
        assert_eq!(told, [Value::Float(0.1), Value::Float(2.5), Value::Null, Value::Null]);
        let mut whole = Gathered::Numbers(vec![([0.0; 3], 0); 2], true);
        whole.note(1, Value::Int(7));
        assert_eq!(whole.column(), Column::Int(vec![i64::MIN, 7]));
        let mut others = Gathered::Others(vec![Value::Null; 2]);
        for name in ["Oak", "Pine"] {
            others.note(1, Value::Text(name.to_owned()));
        }
        assert_eq!(others.column().value(1), Value::Text("Oak".to_owned()));
    }
}
