//! What the table of features of a file takes, counted from its schema and the lengths of what it is read from: at most so
//! many rows and columns, and bytes of texts and lists besides.

use super::{
    counted_ids::believed_rows,
    feature_ids::{MAX_FEATURES, feature_id_sets, other_tables, property_tables},
    file::Root,
    metadata::{defaults_of, schema},
    other_ids::MAX_TABLES,
    property_format::{Element, Number, PropertyFormat},
};
use crate::{geometry::Value, sources::resource::Resources};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

/// Bytes of one value in a list.
pub(crate) const VALUE_BYTES: u64 = size_of::<Value>() as u64;
/// Longest text that an enum or a default makes where no name is longer, bytes.
const SHORT_TEXT_BYTES: u64 = 64;

/// At most so much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TableSize {
    pub(super) rows: u64,
    /// Bytes of texts and of what stands in lists.
    pub(super) value_bytes: u64,
    /// The same for each row, however many there will be.
    pub(super) row_bytes: u64,
    /// Bytes of all tables beside it that are read for other sets of feature ids.
    pub(super) other_bytes: u64,
}

/// Counts the table of a file that draws so many `points`; `are_of_copies` where an instanced tile draws the whole file.
/// The names of its columns are added to `columns`.
pub(super) fn table_size(
    root: &Root,
    resources: &dyn Resources,
    path: &str,
    points: u64,
    are_of_copies: bool,
    columns: &mut BTreeSet<String>,
) -> TableSize {
    let mut size = TableSize::default();
    let sets = feature_id_sets(root);
    let counted = sets.iter().flatten().map(|set| set.counted().min(MAX_FEATURES));
    size.rows = counted.max().unwrap_or(0).into();
    if sets.iter().flatten().all(|set| set.property_table.is_none()) {
        // Ids may be greater than there are features.
        let first = sets.iter().filter_map(|sets| sets.first());
        let rows = first
            .filter(|set| set.counted() > 0)
            .map(|set| believed_rows(root, set));
        size.rows = size.rows.max(rows.max().unwrap_or(0).into());
    }
    let extension = root.extensions.get("EXT_structural_metadata");
    let attributes = extension.and_then(|extension| extension.get("propertyAttributes")?.as_array());
    let attributes = attributes.map_or(&[][..], Vec::as_slice);
    let tables = property_tables(root);
    if tables.is_empty() && attributes.is_empty() {
        return size;
    }
    let schema = schema(root, resources, path).unwrap_or_default();
    let others: Vec<usize> = other_tables(root, are_of_copies).into_iter().take(MAX_TABLES).collect();
    for (number, table) in tables.iter().enumerate() {
        let rows = table.get("count").and_then(Json::as_u64).unwrap_or(0);
        let rows = rows.min(MAX_FEATURES.into());
        let class = class_of(&schema, table);
        let (mut bytes, mut cells) = (0_u64, 0_u64);
        for (name, property) in properties_of(table) {
            columns.insert(name.clone());
            cells = cells.saturating_add(rows);
            if let Some(definition) = class.and_then(|class| class.get(name)) {
                bytes = bytes.saturating_add(property_bytes(root, &schema, definition, property, rows));
            }
        }
        let most_rows = usize::try_from(rows).unwrap_or(usize::MAX);
        for (name, default) in defaults_of(&schema, class, table, most_rows).0 {
            columns.insert(name.clone());
            cells = cells.saturating_add(rows);
            bytes = bytes.saturating_add(rows.saturating_mul(default.heap_bytes()));
        }
        if others.contains(&number) {
            let all = cells.saturating_mul(VALUE_BYTES).saturating_add(bytes);
            size.other_bytes = size.other_bytes.saturating_add(all);
        }
        // One of them is that of the features.
        size.rows = size.rows.max(rows);
        size.value_bytes = size.value_bytes.max(bytes);
    }
    for table in attributes {
        let name_of_class = table.get("class").and_then(Json::as_str).unwrap_or_default();
        let class = class_of(&schema, table);
        for (name, property) in properties_of(table) {
            columns.insert(format!("{name_of_class}.{name}"));
            let definition = class.and_then(|class| class.get(name)).unwrap_or(&Json::Null);
            if let Ok(format) = PropertyFormat::new(&schema, definition, property) {
                let each = element_bytes(&format.element).max(format.default.heap_bytes());
                size.row_bytes = size.row_bytes.saturating_add(each);
            }
        }
    }
    if !attributes.is_empty() && sets.is_empty() {
        // Points without features are one each.
        size.rows = size.rows.max(points.min(MAX_FEATURES.into()));
    }
    size
}

fn class_of<'a>(schema: &'a Json, table: &Json) -> Option<&'a Json> {
    let name = table.get("class")?.as_str()?;
    schema.get("classes")?.get(name)?.get("properties")
}

fn properties_of(table: &Json) -> impl Iterator<Item = (&String, &Json)> {
    let properties = table.get("properties").and_then(Json::as_object);
    properties.into_iter().flat_map(Map::iter)
}

/// What a value of this kind has besides itself; of texts, whose length differs, nothing.
fn element_bytes(element: &Element) -> u64 {
    match element {
        Element::Bool | Element::Text | Element::Numbers { components: 1, .. } => 0,
        Element::Enum { names, .. } => {
            let longest = names.iter().map(|(_, name)| name.len() as u64).max();
            longest.unwrap_or(0).max(SHORT_TEXT_BYTES)
        }
        Element::Numbers { components, .. } => VALUE_BYTES.saturating_mul(*components as u64),
    }
}

/// What the column of a property has besides its cells.
fn property_bytes(root: &Root, schema: &Json, definition: &Json, property: &Json, rows: u64) -> u64 {
    let Ok(format) = PropertyFormat::new(schema, definition, property) else {
        return 0;
    };
    let length = |key: &str| {
        let index = property.get(key).and_then(Json::as_u64);
        let view = index.and_then(|index| root.buffer_views.get(usize::try_from(index).ok()?));
        view.map_or(0, |view| view.byte_length.0)
    };
    let values = length("values");
    let most = match &format.element {
        Element::Bool => values.saturating_mul(8),
        Element::Text => {
            let kind = property.get("stringOffsetType").and_then(Json::as_str);
            let each = Number::parse(kind.unwrap_or("UINT32")).map_or(1, Number::bytes);
            length("stringOffsets") / each as u64
        }
        Element::Enum { number, .. } => values / number.bytes() as u64,
        Element::Numbers { number, components } => values / number.bytes().saturating_mul(*components).max(1) as u64,
    };
    let has_offsets = property.get("arrayOffsets").is_some();
    let elements = match (format.is_array, has_offsets) {
        (false, _) => most.min(rows),
        (true, false) => most.min(rows.saturating_mul(format.array_count as u64)),
        (true, true) => most,
    };
    let in_lists = if format.is_array { VALUE_BYTES } else { 0 };
    let each = element_bytes(&format.element).saturating_add(in_lists);
    let texts = if format.element == Element::Text { values } else { 0 };
    let defaults = elements.max(rows).saturating_mul(format.default.heap_bytes());
    elements
        .saturating_mul(each)
        .saturating_add(texts)
        .saturating_add(defaults)
}
