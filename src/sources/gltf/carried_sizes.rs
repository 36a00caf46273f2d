//! What the corners of primitives take of properties and of other rows than those of their features, counted from the
//! JSON: at most so much.

use super::{
    carried::MAX_UV_SETS,
    data_texture::TexelSource,
    feature_ids::{FeatureIdSet, Rows},
    file::{Primitive, Root},
    file_metadata::{MAX_PROPERTIES, METADATA, named},
};
use crate::geometry::SurfaceSpan;
use gltf::json::validation::Checked;
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of one set of rows, or of one property, besides what it has at corners.
const SET_BYTES: u64 = 256;
/// Numbers of the largest property of one vertex, a matrix.
const LARGEST: u64 = 16;

/// What the property textures and attributes of a file ask for, by their numbers.
pub(super) struct CarriedSizes<'a> {
    root: &'a Root,
    textures: Vec<OfTexture>,
    /// How many properties want each attribute.
    attributes: Vec<BTreeMap<&'a str, u64>>,
}

/// Properties of one texture.
#[derive(Default)]
struct OfTexture {
    properties: u64,
    /// One for each way to find texels, no more than are read.
    sources: Vec<TexelSource>,
}

impl<'a> CarriedSizes<'a> {
    pub(super) fn of(root: &'a Root) -> Self {
        let properties = |list: &str| {
            let found = root.extensions.get(METADATA).and_then(|own| own.get(list));
            let found = found.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            found
                .iter()
                .map(|item| item.get("properties").and_then(Value::as_object))
        };
        let of_texture = |properties: Option<&'a serde_json::Map<String, Value>>| {
            let mut of = OfTexture::default();
            for property in properties.into_iter().flat_map(serde_json::Map::values) {
                of.properties += 1;
                add(&mut of.sources, TexelSource::parse(property).ok());
            }
            of
        };
        let of_attribute = |properties: Option<&'a serde_json::Map<String, Value>>| {
            let mut of = BTreeMap::new();
            let properties = properties.into_iter().flat_map(serde_json::Map::values);
            for name in properties.filter_map(|property| property.get("attribute")?.as_str()) {
                *of.entry(name).or_default() += 1;
            }
            of
        };
        Self {
            root,
            textures: properties("propertyTextures").map(of_texture).collect(),
            attributes: properties("propertyAttributes").map(of_attribute).collect(),
        }
    }

    /// Bytes of a primitive with so many corners that is drawn once and `more` times. So many sets say what its copies
    /// are; `rows` makes its features.
    pub(super) fn bytes(&self, primitive: &Primitive, corners: u64, more: u64, of_copies: u64, rows: Rows) -> u64 {
        let rows = Rows {
            are_of_copies: rows.are_of_copies || of_copies > 0,
            ..rows
        };
        let mut sets = FeatureIdSet::all_of(primitive);
        let _own = rows.take_own(&mut sets);
        if primitive.extensions.get(METADATA).is_none() && sets.is_empty() && of_copies == 0 {
            return 0;
        }
        let (mut properties, mut sources) = (0_u64, Vec::new());
        for texture in of_primitive(primitive, "propertyTextures", &self.textures) {
            properties = properties.saturating_add(texture.properties);
            for source in &texture.sources {
                add(&mut sources, Some(*source));
            }
        }
        for set in &sets {
            add(&mut sources, set.texture());
        }
        let (at_vertices, numbers) = self.numbers(primitive);
        properties = properties.min(MAX_PROPERTIES as u64).saturating_add(at_vertices);
        // Texture coordinates as they are read and as they stay, and so are the numbers.
        let each = sources.len() as u64 * 16 + numbers * 8;
        // The number of its vertex, and a row in each set, as it is read and as it stays.
        let of_rows = sets.len() as u64 * 8 + 4;
        let of_corners = corners.saturating_mul(each + of_rows);
        let of_copy = size_of::<SurfaceSpan>() as u64 + of_copies.saturating_mul(8);
        let of_copies = more.saturating_add(1).saturating_mul(of_copy);
        // What one set, property or surface has besides: their names are no longer than their JSON.
        let fixed = (properties + sets.len() as u64 + 4) * SET_BYTES;
        of_corners.saturating_add(of_copies).saturating_add(fixed)
    }

    /// How many properties stand at the vertices of a primitive, and how many numbers of theirs at each.
    fn numbers(&self, primitive: &Primitive) -> (u64, u64) {
        let (mut properties, mut numbers) = (0_u64, 0_u64);
        for attributes in of_primitive(primitive, "propertyAttributes", &self.attributes) {
            for (name, accessor) in &primitive.attributes {
                let wanted = attributes.get(name.as_str()).copied().unwrap_or(0);
                let kind = self.root.accessors.get(*accessor).map(|accessor| accessor.type_);
                let width = match kind {
                    Some(Checked::Valid(kind)) => kind.multiplicity() as u64,
                    _ => 0,
                };
                properties = properties.saturating_add(wanted);
                numbers = numbers.saturating_add(wanted.saturating_mul(width));
            }
        }
        let most = MAX_PROPERTIES as u64;
        (properties.min(most), numbers.min(most * LARGEST))
    }
}

/// Those of `all` that a primitive names in one of its lists.
fn of_primitive<'t, T>(primitive: &Primitive, list: &str, all: &'t [T]) -> impl Iterator<Item = &'t T> {
    named(primitive, list)
        .0
        .into_iter()
        .filter_map(|number| all.get(number))
}

/// Adds a way to find texels that is not there yet.
fn add(sources: &mut Vec<TexelSource>, source: Option<TexelSource>) {
    let Some(source) = source.filter(|_| sources.len() < MAX_UV_SETS) else {
        return;
    };
    if !sources.iter().any(|known| known.has_same_uvs(&source)) {
        sources.push(source);
    }
}
