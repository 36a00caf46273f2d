//! Metadata of a tileset, of groups of contents, of tiles and of contents: a class of a schema and values of its
//! properties. Both spellings are read, that of 3D Tiles 1.1 and the older `3DTILES_metadata`. Statistics are passed
//! over: they say nothing that the data do not.

use super::TileId;
use crate::geometry::{Column, FeatureTable, Value};
use crate::sources::{
    Problem, Severity,
    resource::{Resources, read_uri},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::Arc};

/// Largest schema that is read, bytes.
const MAX_SCHEMA_BYTES: u64 = 16 << 20;
/// Most groups of one document.
const MAX_GROUPS: usize = 10_000;
/// Most properties of one thing.
const MAX_PROPERTIES: usize = 1_000;
/// Deepest list in a value: a list of matrices.
const MAX_LISTS: u32 = 3;
/// Name of the older spelling.
const OLDER: &str = "3DTILES_metadata";

/// What is said of one thing: a row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    table: Arc<FeatureTable>,
    row: u32,
}

impl Metadata {
    /// Row `row` of a table that many share.
    pub(super) fn of_row(table: &Arc<FeatureTable>, row: u32) -> Self {
        Self {
            table: table.clone(),
            row,
        }
    }

    /// The class, if the file names one.
    pub fn class(&self) -> Option<&str> {
        self.table.class.as_deref()
    }

    /// Names and values, in the order of the file.
    pub fn attributes(&self) -> Vec<(&str, Value)> {
        self.table.attributes(self.row)
    }

    /// For `inspect --json`.
    pub(crate) fn json(&self) -> Json {
        let properties: serde_json::Map<String, Json> = self
            .attributes()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        json!({"class": self.class(), "properties": properties})
    }
}

/// What is said of one content.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContentMetadata {
    /// Number of its group in [`TilesetMetadata::groups`].
    pub group: Option<u32>,
    /// What is said of this content alone.
    pub own: Option<Metadata>,
}

/// All metadata of a tileset and the external tilesets in it.
#[derive(Debug, Clone, Default)]
pub struct TilesetMetadata {
    /// Of the tileset itself.
    pub tileset: Option<Metadata>,
    /// Of groups of contents.
    pub groups: Vec<Metadata>,
    /// Of tiles.
    pub tiles: BTreeMap<TileId, Metadata>,
    /// Of subtrees, by their root.
    pub subtrees: BTreeMap<TileId, Metadata>,
    /// Of contents, in the order of [`Tile::contents`](super::Tile::contents); shorter where the last say nothing.
    pub contents: BTreeMap<TileId, Vec<ContentMetadata>>,
}

impl TilesetMetadata {
    /// Notes what is said of content `number` of a tile.
    pub(super) fn set_content(&mut self, tile: TileId, number: usize, metadata: ContentMetadata) {
        if metadata == ContentMetadata::default() {
            return;
        }
        let contents = self.contents.entry(tile).or_default();
        contents.resize(contents.len().max(number + 1), ContentMetadata::default());
        contents[number] = metadata;
    }

    /// Forgets a tile that is gone.
    pub(super) fn forget(&mut self, tile: TileId) {
        self.tiles.remove(&tile);
        self.subtrees.remove(&tile);
        self.contents.remove(&tile);
    }

    /// Forgets the contents of a tile but the first `kept`.
    pub(super) fn forget_contents(&mut self, tile: TileId, kept: usize) {
        if kept == 0 {
            self.contents.remove(&tile);
        } else if let Some(contents) = self.contents.get_mut(&tile) {
            contents.truncate(kept);
        }
    }

    /// What is said of a content of a tile, nearest first: the content's own, its group's, the tile's.
    pub fn of_content(&self, tile: TileId, number: usize) -> impl Iterator<Item = &Metadata> {
        let content = self.contents.get(&tile).and_then(|contents| contents.get(number));
        let group = content
            .and_then(|content| content.group)
            .and_then(|group| self.groups.get(group as usize));
        let own = content.and_then(|content| content.own.as_ref());
        own.into_iter().chain(group).chain(self.tiles.get(&tile))
    }

    /// For `inspect --json`: the tileset, the groups, and how many of the rest there are.
    pub(crate) fn json(&self) -> Json {
        let contents = self.contents.values().flatten();
        json!({
            "tileset": self.tileset.as_ref().map(Metadata::json),
            "groups": self.groups.iter().map(Metadata::json).collect::<Vec<_>>(),
            "tiles": self.tiles.len(),
            "subtrees": self.subtrees.len(),
            "contents": contents.clone().filter(|content| content.own.is_some()).count(),
            "grouped_contents": contents.filter(|content| content.group.is_some()).count(),
        })
    }
}

/// The schema of one document.
#[derive(Debug, Clone, Default)]
pub(super) struct Schema(pub(super) Json);

impl Schema {
    fn has_class(&self, name: &str) -> bool {
        self.0.get("classes").is_some_and(|classes| classes.get(name).is_some())
    }
}

/// What one tileset.json says of itself as a whole.
#[derive(Debug, Clone, Default)]
pub(super) struct DocumentMetadata {
    pub(super) schema: Option<Arc<Schema>>,
    pub(super) tileset: Option<Metadata>,
    pub(super) groups: Vec<Metadata>,
    /// Names of the groups, where they have any.
    names: Vec<String>,
}

impl DocumentMetadata {
    /// Reads it, the schema from its own file where it has one. `path` is the document's.
    pub(super) fn read(document: &Json, resources: &dyn Resources, path: &str) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let older = document.get("extensions").and_then(|extensions| extensions.get(OLDER));
        let either = |key: &str| document.get(key).or_else(|| older?.get(key));
        let mut read = Self::default();
        match (either("schema"), either("schemaUri").and_then(Json::as_str)) {
            (Some(schema), _) if schema.is_object() => read.schema = Some(Arc::new(Schema(schema.clone()))),
            (Some(_), _) => problems.push(Problem::error(path, "schema", "the schema is not a JSON object")),
            (None, Some(uri)) => match schema_at(resources, path, uri) {
                Ok(schema) => read.schema = Some(Arc::new(schema)),
                // Everything is drawn without.
                Err(problem) => problems.push(Problem {
                    severity: Severity::Warning,
                    ..problem
                }),
            },
            (None, None) => {}
        }
        let schema = read.schema.clone();
        let mut entity = |json: &Json, place: String| {
            let (entity, fault) = entity(json, schema.as_deref());
            problems.extend(fault.map(|message| Problem::warning(path, place, message)));
            entity
        };
        let own = document.get("metadata").or_else(|| older?.get("tileset"));
        read.tileset = own.map(|own| entity(own, "metadata".to_owned()));
        match either("groups") {
            Some(Json::Array(groups)) => {
                let groups = groups.iter().take(MAX_GROUPS).enumerate();
                read.groups = groups.map(|(n, group)| entity(group, format!("groups[{n}]"))).collect();
            }
            Some(Json::Object(groups)) => {
                for (name, group) in groups.iter().take(MAX_GROUPS) {
                    read.names.push(name.clone());
                    read.groups.push(entity(group, format!("groups.{name}")));
                }
            }
            _ => {}
        }
        (read, problems)
    }

    /// What a tile says of itself.
    pub(super) fn of_tile(&self, tile: &Json) -> Option<(Metadata, Option<String>)> {
        own(tile).map(|own| entity(own, self.schema.as_deref()))
    }

    /// What a content says of itself; `first_group` is the number of this document's first group in the tree's list.
    pub(super) fn of_content(&self, content: &Json, first_group: u32) -> (ContentMetadata, Option<String>) {
        let (entity, wrong) = own(content).map(|own| entity(own, self.schema.as_deref())).unzip();
        let mut fault = wrong.flatten();
        let older = content.get("extensions").and_then(|e| e.get(OLDER)?.get("group"));
        let group = content.get("group").or(older);
        let number = group.map(|group| match group {
            Json::String(name) => self.names.iter().position(|known| known == name),
            number => number
                .as_u64()
                .and_then(|number| usize::try_from(number).ok())
                .filter(|number| *number < self.groups.len()),
        });
        if let Some(None) = number {
            fault = Some("the tileset has no such group; the content is shown without".to_owned());
        }
        let group = number
            .flatten()
            .and_then(|number| u32::try_from(number).ok())
            .and_then(|number| number.checked_add(first_group));
        (ContentMetadata { group, own: entity }, fault)
    }
}

/// The metadata of a tile or content, in either spelling.
fn own(thing: &Json) -> Option<&Json> {
    let older = || {
        thing
            .get("extensions")?
            .get(OLDER)
            .filter(|older| older.get("class").is_some())
    };
    thing.get("metadata").or_else(older)
}

/// A class and values, and what is doubtful.
pub(super) fn entity(json: &Json, schema: Option<&Schema>) -> (Metadata, Option<String>) {
    let class = json.get("class").and_then(Json::as_str);
    let properties = json.get("properties").and_then(Json::as_object);
    let columns = properties
        .into_iter()
        .flatten()
        .take(MAX_PROPERTIES)
        .map(|(name, json)| (name.clone(), Column::Mixed(vec![value(json, MAX_LISTS)])))
        .collect();
    let table = FeatureTable {
        rows: 1,
        class: class.map(str::to_owned),
        columns,
    };
    let fault = match (class, schema) {
        (None, _) => Some("the metadata name no class".to_owned()),
        (Some(_), None) => Some("the metadata have no schema".to_owned()),
        (Some(class), Some(schema)) if !schema.has_class(class) => Some(format!("the schema has no class `{class}`")),
        _ => None,
    };
    (Metadata::of_row(&Arc::new(table), 0), fault)
}

fn value(json: &Json, lists: u32) -> Value {
    match json {
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => number
            .as_i64()
            .map(Value::Int)
            .or_else(|| number.as_f64().map(Value::Float))
            .unwrap_or(Value::Null),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) if lists > 0 => Value::List(items.iter().map(|item| value(item, lists - 1)).collect()),
        Json::Null | Json::Array(_) | Json::Object(_) => Value::Null,
    }
}

fn schema_at(resources: &dyn Resources, path: &str, uri: &str) -> Result<Schema, Problem> {
    let bytes = read_uri(resources, path, uri, MAX_SCHEMA_BYTES).map_err(|error| error.problem(path, "schemaUri"))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    serde_json::from_slice(bytes).map(Schema).map_err(|error| {
        let message = format!("the schema is not valid JSON: {error}");
        Problem::error(path, "schemaUri", message)
    })
}

#[cfg(test)]
#[path = "metadata_tests.rs"]
mod tests;
