//! Which feature each vertex or each instance belongs to, and how many rows the table has.
//!
//! Of several feature id sets the first is read; `_BATCHID` (or the older `BATCHID`) serves where there is
//! none. Ids of instances go before those of the vertices that they copy.

use super::{
    Fault,
    data::PrimitiveData,
    data_texture::TexelSource,
    file::{Primitive, Root},
};
use serde_json::Value;

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

/// The first feature id set of a primitive or of the instances of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct FeatureIdSet {
    source: IdSource,
    /// This id means "no feature".
    null_id: Option<u32>,
    feature_count: u32,
    pub(super) property_table: Option<usize>,
    /// Whether there are more sets, which are left out.
    pub(super) has_more: bool,
}

impl FeatureIdSet {
    pub(super) fn of(primitive: &Primitive) -> Option<Self> {
        if let Some(extension) = primitive.extensions.get("EXT_mesh_features")
            && let Some(first) = first_set(extension)
        {
            return Some(Self::read(extension, first, |name| {
                primitive.attributes.get(name).copied()
            }));
        }
        let batch_id = primitive
            .attributes
            .get("_BATCHID")
            .or_else(|| primitive.attributes.get("BATCHID"))?;
        Some(Self {
            source: IdSource::Accessor(*batch_id),
            null_id: None,
            feature_count: 0,
            property_table: None,
            has_more: false,
        })
    }

    /// The ids of a node's instances: `EXT_instance_features`, beside `EXT_mesh_gpu_instancing` with the attributes.
    pub(super) fn of_instances(node_extensions: &Value) -> Option<Self> {
        let attributes = node_extensions.get("EXT_mesh_gpu_instancing")?.get("attributes");
        let extension = node_extensions.get("EXT_instance_features")?;
        let accessor = |name: &str| usize::try_from(attributes?.get(name)?.as_u64()?).ok();
        Some(Self::read(extension, first_set(extension)?, accessor))
    }

    fn read(extension: &Value, first: &Value, accessor: impl Fn(&str) -> Option<usize>) -> Self {
        let number = |key: &str| first.get(key).and_then(Value::as_u64);
        let property_table = number("propertyTable").and_then(|table| usize::try_from(table).ok());
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
        let source = match (first.get("attribute"), first.get("texture")) {
            _ if property_table.is_none() && first.get("featureCount").is_some_and(|count| !count.is_u64()) => {
                IdSource::Unknown("`featureCount` is no whole number")
            }
            (Some(set), _) => attribute(set),
            (None, Some(texture)) => TexelSource::parse(texture).map_or_else(IdSource::Unknown, IdSource::Texture),
            (None, None) => IdSource::ElementNumber,
        };
        let sets = extension.get("featureIds").and_then(Value::as_array);
        Self {
            source,
            null_id: number("nullFeatureId").and_then(|id| u32::try_from(id).ok()),
            feature_count: number("featureCount").map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX)),
            property_table,
            has_more: sets.is_some_and(|sets| sets.len() > 1),
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
        let fault = |message: &str| {
            let message = format!("{message}; the geometry is shown without features");
            Fault::new("EXT_mesh_features", message)
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
            IdSource::Texture(_) => Err(fault("only the surfaces of meshes have their feature ids in a texture")),
            IdSource::Unknown(message) => Err(fault(message)),
        }
    }
}

/// Which table the rows mean, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) property_table: Option<usize>,
    pub(super) count: u32,
}

fn first_set(extension: &Value) -> Option<&Value> {
    extension.get("featureIds")?.as_array()?.first()
}

/// Every first feature id set of a file, those of instances before those of vertices.
pub(super) fn feature_id_sets(root: &Root) -> Vec<FeatureIdSet> {
    let nodes = root.nodes.iter().map(|node| &node.extensions);
    let primitives = root.meshes.iter().flat_map(|mesh| &mesh.primitives);
    nodes
        .filter_map(FeatureIdSet::of_instances)
        .chain(primitives.filter_map(FeatureIdSet::of))
        .collect()
}

/// Chooses the first table that a feature id set names, or counts ids where no table is named.
/// `batch` is the batch length of a batched tile.
pub(super) fn choose_rows(root: &Root, batch: Option<u32>) -> Rows {
    let sets = feature_id_sets(root);
    if let Some(table) = sets.iter().find_map(|set| set.property_table) {
        return Rows {
            property_table: Some(table),
            count: table_rows(root, table),
        };
    }
    let counted = sets.iter().map(|set| set.feature_count).max().unwrap_or(0);
    Rows {
        property_table: None,
        count: batch.unwrap_or(0).max(counted).min(MAX_FEATURES),
    }
}

/// `EXT_structural_metadata.propertyTables`.
pub(super) fn property_tables(root: &Root) -> &[Value] {
    let extension = root.extensions.get("EXT_structural_metadata");
    extension
        .and_then(|extension| extension.get("propertyTables"))
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn table_rows(root: &Root, table: usize) -> u32 {
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
