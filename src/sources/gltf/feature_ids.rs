//! Which feature each vertex or each instance belongs to, and how many rows the table has.
//!
//! Of several feature id sets the first with a property table makes the features, or the first where none has one; the
//! others say more of the same places (`other_ids`). `_BATCHID` (or the older `BATCHID`) serves where there is none. Ids
//! of instances go before those of the vertices that they copy.

use super::{
    Fault,
    data::PrimitiveData,
    data_texture::TexelSource,
    file::{Primitive, Root},
};
use gltf::json::{mesh::Mode, validation::Checked};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the extension with the ids of vertices is called in a file.
pub(super) const MESH_FEATURES: &str = "EXT_mesh_features";
/// What the extension with the ids of instances is called in a file.
pub(super) const INSTANCE_FEATURES: &str = "EXT_instance_features";
/// Most feature id sets of one primitive or node.
pub(super) const MAX_SETS: usize = 8;
/// Longest name that is shown of a set or of a table, bytes.
const MAX_NAME: usize = 256;
/// Most features of one payload.
pub(super) const MAX_FEATURES: u32 = 4_000_000;

/// Where the ids of one primitive stand.
#[derive(Debug, Clone, Copy, PartialEq)]
enum IdSource {
    Accessor(usize),
    /// The number of the vertex, or of the instance, is the id.
    ElementNumber,
    /// In a texture.
    Texture(TexelSource),
    /// It does not say where.
    Unknown(&'static str),
}

/// One feature id set of a primitive or of the instances of a node.
#[derive(Debug, Clone)]
pub(super) struct FeatureIdSet {
    /// Its place in the list.
    pub(super) number: usize,
    pub(super) label: Option<String>,
    source: IdSource,
    /// This id means "no feature".
    null_id: Option<u32>,
    feature_count: u32,
    pub(super) property_table: Option<usize>,
}

impl FeatureIdSet {
    /// Those of a primitive, no more than [`MAX_SETS`].
    pub(super) fn all_of(primitive: &Primitive) -> Vec<Self> {
        let accessor = |name: &str| primitive.attributes.get(name).copied();
        let sets = Self::read_all(primitive.extensions.get(MESH_FEATURES), accessor);
        if !sets.is_empty() {
            return sets;
        }
        let batch_id = accessor("_BATCHID").or_else(|| accessor("BATCHID"));
        let batch = batch_id.map(|batch_id| Self {
            number: 0,
            label: None,
            source: IdSource::Accessor(batch_id),
            null_id: None,
            feature_count: 0,
            property_table: None,
        });
        batch.into_iter().collect()
    }

    /// Those of a node's instances: `EXT_instance_features`, beside `EXT_mesh_gpu_instancing` with the attributes.
    pub(super) fn all_of_instances(node_extensions: &Value) -> Vec<Self> {
        let Some(instancing) = node_extensions.get("EXT_mesh_gpu_instancing") else {
            return Vec::new();
        };
        let attributes = instancing.get("attributes");
        let accessor = |name: &str| usize::try_from(attributes?.get(name)?.as_u64()?).ok();
        Self::read_all(node_extensions.get(INSTANCE_FEATURES), accessor)
    }

    fn read_all(extension: Option<&Value>, accessor: impl Fn(&str) -> Option<usize>) -> Vec<Self> {
        let sets = list(extension).iter().take(MAX_SETS).enumerate();
        sets.map(|(number, set)| Self::read(number, set, &accessor)).collect()
    }

    fn read(number: usize, json: &Value, accessor: impl Fn(&str) -> Option<usize>) -> Self {
        let whole = |key: &str| json.get(key).and_then(Value::as_u64);
        let property_table = whole("propertyTable").and_then(|table| usize::try_from(table).ok());
        let attribute = |set: &Value| {
            let Some(set) = set.as_u64() else {
                return IdSource::Unknown("`attribute` is no whole number");
            };
            let found = accessor(&format!("_FEATURE_ID_{set}"));
            found.map_or(
                IdSource::Unknown("the attribute with the feature ids is not there"),
                IdSource::Accessor,
            )
        };
        let source = match (json.get("attribute"), json.get("texture")) {
            _ if property_table.is_none() && json.get("featureCount").is_some_and(|count| !count.is_u64()) => {
                IdSource::Unknown("`featureCount` is no whole number")
            }
            (Some(set), _) => attribute(set),
            (None, Some(texture)) => TexelSource::parse(texture).map_or_else(IdSource::Unknown, IdSource::Texture),
            (None, None) => IdSource::ElementNumber,
        };
        Self {
            number,
            label: named(json, "label"),
            source,
            null_id: whole("nullFeatureId").and_then(|id| u32::try_from(id).ok()),
            feature_count: whole("featureCount").map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX)),
            property_table,
        }
    }

    /// The texture that has the ids, where one has.
    pub(super) fn texture(&self) -> Option<TexelSource> {
        match self.source {
            IdSource::Texture(source) => Some(source),
            _ => None,
        }
    }

    /// The accessor that has the ids, where one has.
    pub(super) fn accessor(&self) -> Option<usize> {
        match self.source {
            IdSource::Accessor(index) => Some(index),
            _ => None,
        }
    }

    /// How many features it says it has, where no table does.
    pub(super) fn counted(&self) -> u32 {
        if self.property_table.is_some() {
            0
        } else {
            self.feature_count
        }
    }

    /// The id that means "no feature".
    pub(super) fn null_id(&self) -> Option<u32> {
        self.null_id
    }

    /// The row of each of `vertices` vertices (or instances); `rows` itself where there is none.
    pub(super) fn rows(&self, data: &PrimitiveData<'_>, vertices: usize, rows: u32) -> Result<Vec<u32>, Fault> {
        let row = |id: u32| {
            if id >= rows || Some(id) == self.null_id {
                rows
            } else {
                id
            }
        };
        match self.source {
            IdSource::Accessor(index) => {
                let mut ids = data.integers(index)?;
                ids.truncate(vertices);
                for id in &mut ids {
                    *id = row(*id);
                }
                ids.resize(vertices, rows);
                Ok(ids)
            }
            IdSource::ElementNumber => Ok((0_u32..).take(vertices).map(row).collect()),
            IdSource::Texture(_) => Err("only the surfaces of meshes have their feature ids in a texture".into()),
            IdSource::Unknown(message) => Err(message.into()),
        }
    }
}

/// Which table the rows mean, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) property_table: Option<usize>,
    pub(super) count: u32,
    /// Whether they are those of copies, so that no set of the vertices in them makes features.
    pub(super) are_of_copies: bool,
}

impl Rows {
    /// Takes the set out that makes the features; what is left says more of the same places.
    pub(super) fn take_own(self, sets: &mut Vec<FeatureIdSet>) -> Option<FeatureIdSet> {
        // One table serves the whole payload; the ids of another would name the wrong rows.
        let is_own = |set: &FeatureIdSet| !self.are_of_copies && set.property_table == self.property_table;
        let own = sets.iter().position(is_own)?;
        Some(sets.remove(own))
    }
}

/// The feature id sets that an extension lists.
fn list(extension: Option<&Value>) -> &[Value] {
    let sets = extension.and_then(|extension| extension.get("featureIds")?.as_array());
    sets.map_or(&[], Vec::as_slice)
}

/// A name that is neither empty nor endless.
fn named(json: &Value, key: &str) -> Option<String> {
    let name = json.get(key).and_then(Value::as_str);
    let name = name.filter(|name| !name.is_empty() && name.len() <= MAX_NAME);
    name.map(str::to_owned)
}

impl Fault {
    /// The same with what it costs, at `place` where it names none itself.
    pub(super) fn costs(self, what: &str, place: &str) -> Self {
        let message = format!("{}; {what}", self.message);
        let place = if self.place.is_empty() {
            place.to_owned()
        } else {
            self.place.clone()
        };
        Self { place, message, ..self }
    }
}

/// That there are more sets than are read, where there are.
pub(super) fn too_many_sets(extensions: &Value, name: &str) -> Option<Fault> {
    let count = list(extensions.get(name)).len();
    (count > MAX_SETS).then(|| {
        let message = format!("it has {count} feature id sets; the first {MAX_SETS} are read");
        Fault::too_large(name, message)
    })
}

/// The feature id sets of a file by the node or the primitive that has them, those of instances first.
pub(super) fn feature_id_sets(root: &Root) -> Vec<Vec<FeatureIdSet>> {
    let instances = root
        .nodes
        .iter()
        .map(|node| FeatureIdSet::all_of_instances(&node.extensions));
    let primitives = root.meshes.iter().flat_map(|mesh| &mesh.primitives);
    let all = instances.chain(primitives.map(FeatureIdSet::all_of));
    all.filter(|sets| !sets.is_empty()).collect()
}

/// Chooses the first table that a feature id set names, or counts ids where no table is named.
/// `batch` is the batch length of a batched tile.
pub(super) fn choose_rows(root: &Root, batch: Option<u32>) -> Rows {
    let sets = feature_id_sets(root);
    if let Some(table) = sets.iter().flatten().find_map(|set| set.property_table) {
        return Rows {
            property_table: Some(table),
            count: table_rows(root, table),
            are_of_copies: false,
        };
    }
    let first = sets.iter().filter_map(|sets| sets.first());
    let counted = first.map(|set| set.feature_count).max().unwrap_or(0);
    Rows {
        property_table: None,
        count: batch.unwrap_or(0).max(counted).min(MAX_FEATURES),
        are_of_copies: false,
    }
}

/// The tables of the sets that make no features; `are_of_copies` where an instanced tile draws the whole file.
pub(super) fn other_tables(root: &Root, are_of_copies: bool) -> BTreeSet<usize> {
    let rows = Rows {
        are_of_copies,
        ..choose_rows(root, None)
    };
    let mut others = BTreeSet::new();
    let mut note = |rows: Rows, mut sets: Vec<FeatureIdSet>| {
        let _own = rows.take_own(&mut sets);
        others.extend(sets.iter().filter_map(|set| set.property_table));
    };
    let mut have_copies_rows = false;
    for node in &root.nodes {
        let sets = FeatureIdSet::all_of_instances(&node.extensions);
        have_copies_rows |= !sets.is_empty();
        note(rows, sets);
    }
    let rows = Rows {
        are_of_copies: are_of_copies || have_copies_rows,
        ..rows
    };
    // Lines are never pointed at.
    let is_line = |primitive: &&Primitive| {
        matches!(
            primitive.mode,
            Checked::Valid(Mode::Lines | Mode::LineLoop | Mode::LineStrip)
        )
    };
    let primitives = root.meshes.iter().flat_map(|mesh| &mesh.primitives);
    for primitive in primitives.filter(|primitive| !is_line(primitive)) {
        note(rows, FeatureIdSet::all_of(primitive));
    }
    others
}

/// What a property table is called: by its own name, else by that of its class.
pub(super) fn table_name(root: &Root, table: usize) -> String {
    let json = property_tables(root).get(table).unwrap_or(&Value::Null);
    let name = named(json, "name").or_else(|| named(json, "class"));
    name.unwrap_or_else(|| format!("table {table}"))
}

/// `EXT_structural_metadata.propertyTables`.
pub(super) fn property_tables(root: &Root) -> &[Value] {
    let extension = root.extensions.get("EXT_structural_metadata");
    extension
        .and_then(|extension| extension.get("propertyTables"))
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// How many rows a property table has, or has no more than are read.
pub(super) fn table_rows(root: &Root, table: usize) -> u32 {
    let count = property_tables(root)
        .get(table)
        .and_then(|table| table.get("count")?.as_u64());
    count
        .map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX))
        .min(MAX_FEATURES)
}

/// Rows of all property tables together.
pub(super) fn property_table_rows(root: &Root) -> u64 {
    let counts = property_tables(root)
        .iter()
        .filter_map(|table| table.get("count")?.as_u64());
    counts.fold(0, u64::saturating_add)
}
