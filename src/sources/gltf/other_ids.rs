//! Feature id sets beside the one that makes the features: rows of other tables, told where somebody points.
//!
//! Such a set hides, colours and selects nothing. A set without a table has nothing to tell but its ids, and those only
//! where it has a label that says what they are.

use super::{
    Fault,
    accessor::Views,
    carried::{Carried, Extent},
    data::PrimitiveData,
    feature_ids::{
        FeatureIdSet, INSTANCE_FEATURES, MESH_FEATURES, Rows, choose_rows, other_tables, table_name, table_rows,
    },
    file::Primitive,
    file_metadata::FileMetadata,
    metadata::{MAX_VALUES, read_table},
    primitive::Shape,
};
use crate::{
    geometry::{FeatureTable, OtherRows, RowSource},
    sources::resource::Resources,
};
use std::{collections::BTreeMap, sync::Arc};

/// Most tables beside that of the features that are read for one file.
pub(super) const MAX_TABLES: usize = 8;
/// What a set that cannot be read costs.
const COST: &str = "its properties are not shown";

/// The tables of such sets by their numbers, each with what it is called.
#[derive(Default)]
pub(super) struct OtherTables(BTreeMap<usize, (String, Arc<FeatureTable>)>);

impl OtherTables {
    /// Reads the tables that the sets of a file name; `are_of_copies` where an instanced tile draws the whole file.
    pub(super) fn load(
        views: &Views<'_>,
        are_of_copies: bool,
        resources: &dyn Resources,
        path: &str,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let root = views.root;
        let wanted = other_tables(root, are_of_copies);
        if wanted.len() > MAX_TABLES {
            let message = format!(
                "feature id sets name {} property tables beside that of the features; the first {MAX_TABLES} are read",
                wanted.len()
            );
            faults.push(Fault::too_large("EXT_structural_metadata.propertyTables", message));
        }
        let own = choose_rows(root, None).property_table.filter(|_| !are_of_copies);
        let mut budget = MAX_VALUES;
        let mut tables = BTreeMap::new();
        for table in wanted.into_iter().take(MAX_TABLES) {
            let mut found = Vec::new();
            let rows = table_rows(root, table);
            let read = read_table(views, table, rows, resources, path, &mut budget, &mut found);
            // What is wrong with the table of the features is told where that is read.
            if own != Some(table) {
                faults.append(&mut found);
            }
            tables.insert(table, (table_name(root, table), Arc::new(read)));
        }
        Self(tables)
    }

    /// What a set is called and its table; `None` where it has nothing to tell.
    fn of(&self, set: &FeatureIdSet) -> Option<(String, Option<Arc<FeatureTable>>)> {
        let label = set.label.clone();
        match set.property_table {
            None => Some((label?, None)),
            Some(table) => {
                let (name, table) = self.0.get(&table)?;
                Some((label.unwrap_or_else(|| name.clone()), Some(table.clone())))
            }
        }
    }
}

/// A name that none of the others has.
fn unlike(name: String, others: &[OtherRows]) -> String {
    let is_taken = |name: &str| others.iter().any(|other| other.name == name);
    let numbered = (2..).map(|number| format!("{name} {number}"));
    let mut all = std::iter::once(name.clone()).chain(numbered);
    all.find(|name| !is_taken(name)).unwrap_or(name)
}

/// The row of each vertex or copy, [`u32::MAX`] for none.
fn rows_of(
    set: &FeatureIdSet,
    data: &PrimitiveData<'_>,
    count: usize,
    table: Option<&FeatureTable>,
) -> Result<Vec<u32>, Fault> {
    let limit = table.map_or(u32::MAX, |table| table.rows);
    let mut rows = set.rows(data, count, limit)?;
    for row in &mut rows {
        if *row >= limit {
            *row = u32::MAX;
        }
    }
    Ok(rows)
}

impl FileMetadata {
    /// The other sets of the copies that a node draws.
    pub(super) fn rows_of_copies(
        &self,
        data: &PrimitiveData<'_>,
        sets: &[FeatureIdSet],
        count: usize,
        faults: &mut Vec<Fault>,
    ) -> Vec<OtherRows> {
        let mut others = Vec::new();
        for set in sets {
            let Some((name, table)) = self.other_tables.of(set) else {
                continue;
            };
            let rows = self
                .take_numbers(count)
                .and_then(|()| rows_of(set, data, count, table.as_deref()));
            match rows {
                Ok(rows) => others.push(OtherRows {
                    name: unlike(name, &others),
                    source: RowSource::Each(rows),
                    table,
                }),
                Err(fault) => {
                    let place = format!("{INSTANCE_FEATURES}.featureIds[{}]", set.number);
                    faults.push(fault.costs(COST, &place));
                }
            }
        }
        others
    }

    /// Adds the sets of a primitive that do not make its features.
    pub(super) fn add_other_rows(
        &self,
        data: &PrimitiveData<'_>,
        primitive: &Primitive,
        extent: Extent,
        rows: Rows,
        carried: &mut Carried,
        faults: &mut Vec<Fault>,
    ) {
        // Lines are never pointed at.
        if extent.shape == Shape::Lines {
            return;
        }
        let mut sets = FeatureIdSet::all_of(primitive);
        let _own = rows.take_own(&mut sets);
        for set in sets {
            let Some((name, table)) = self.other_tables.of(&set) else {
                continue;
            };
            let source = self.row_source(&set, data, primitive, extent, table.as_deref(), carried);
            match source {
                Ok(source) => {
                    let name = unlike(name, &carried.rows);
                    carried.rows.push(OtherRows { name, source, table });
                }
                Err(fault) => {
                    let place = format!("{MESH_FEATURES}.featureIds[{}]", set.number);
                    faults.push(fault.costs(COST, &place));
                }
            }
        }
    }

    fn row_source(
        &self,
        set: &FeatureIdSet,
        data: &PrimitiveData<'_>,
        primitive: &Primitive,
        extent: Extent,
        table: Option<&FeatureTable>,
        carried: &mut Carried,
    ) -> Result<RowSource, Fault> {
        let Some(source) = set.texture() else {
            self.take_numbers(extent.kept)?;
            return rows_of(set, data, extent.count, table).map(RowSource::Each);
        };
        let texture = self.exact_texture(source)?;
        let in_picture = |uv_set: usize| RowSource::Picture {
            texels: texture.texels.clone(),
            wrap: texture.wrap,
            channels: source.channels.as_slice().to_vec(),
            null: set.null_id(),
            uv_set,
        };
        if extent.shape == Shape::Faces {
            return self.uv_set(source, data, primitive, extent, carried).map(in_picture);
        }
        // A point lies in one texel.
        self.take_numbers(extent.kept)?;
        let uvs = super::file_metadata::texture_coordinates(data, primitive, source, extent.count)?;
        let picture = in_picture(0);
        let rows = uvs.into_iter().map(|uv| picture.at_uv(uv).unwrap_or(u32::MAX));
        Ok(RowSource::Each(rows.collect()))
    }
}
