//! What the metadata of a subtree say of its tiles and contents, by the semantics of 3D Tiles: volumes, heights, errors
//! and addresses in the place of the computed ones.

use super::super::{
    BoundingVolume, Refine,
    metadata::{Metadata, Schema},
    s2::S2Cell,
    tile_file,
};
use super::subtree_file::SubtreeFile;
use crate::geometry::{Column, FeatureTable, Value};
use crate::sources::gltf::{Fault, read_properties};
use bevy::math::DMat4;
use serde_json::Value as Json;
use std::{collections::BTreeMap, sync::Arc};

/// One property table of a subtree.
pub(super) struct Rows {
    table: Arc<FeatureTable>,
    /// Semantic to column.
    semantics: BTreeMap<String, usize>,
    /// Numbers of S2 cells by semantic: they need all 64 bits.
    cells: BTreeMap<String, Vec<u64>>,
}

impl Rows {
    /// Reads table `number` of a subtree, which has a row for each of `rows` things.
    pub(super) fn read(file: &SubtreeFile, schema: &Schema, number: u64, rows: u32) -> (Option<Self>, Vec<Fault>) {
        let place = format!("propertyTables[{number}]");
        let json = usize::try_from(number)
            .ok()
            .and_then(|number| file.json.get("propertyTables")?.get(number));
        let Some(json) = json else {
            return (None, vec![Fault::new(place, "there is no such property table")]);
        };
        let (table, mut faults) = read_properties(&schema.0, json, rows, &|view| file.view(view), &place);
        if json.get("count").and_then(Json::as_u64) != Some(u64::from(rows)) {
            let message = format!("the table has not one row for each of {rows} that are there");
            faults.push(Fault::doubt(place, message));
        }
        let mut read = Self {
            table: Arc::new(table),
            semantics: BTreeMap::new(),
            cells: BTreeMap::new(),
        };
        let properties = class_properties(schema, read.table.class.as_deref());
        for (name, definition) in properties.into_iter().flatten() {
            let Some(semantic) = definition.get("semantic").and_then(Json::as_str) else {
                continue;
            };
            let column = read.table.columns.iter().position(|(column, _)| column == name);
            if let Some(column) = column {
                read.semantics.insert(semantic.to_owned(), column);
            }
            if semantic.ends_with("_BOUNDING_S2_CELL") {
                let view = json
                    .get("properties")
                    .and_then(|p| p.get(name)?.get("values")?.as_u64());
                let bytes = view
                    .and_then(|view| usize::try_from(view).ok())
                    .and_then(|view| file.view(view).ok());
                let numbers = bytes.into_iter().flat_map(|bytes| bytes.chunks_exact(8));
                let numbers = numbers.filter_map(|eight| eight.try_into().ok().map(u64::from_le_bytes));
                read.cells
                    .insert(semantic.to_owned(), numbers.take(rows as usize).collect());
            }
        }
        (Some(read), faults)
    }

    /// What is said of row `row`, for showing.
    pub(super) fn metadata(&self, row: u32) -> Metadata {
        Metadata::of_row(&self.table, row)
    }

    fn column(&self, semantic: &str) -> Option<&Column> {
        let column = self.semantics.get(semantic)?;
        Some(&self.table.columns.get(*column)?.1)
    }

    fn number(&self, semantic: &str, row: u32) -> Option<f64> {
        number(&self.column(semantic)?.value(row))
    }

    fn numbers<const N: usize>(&self, semantic: &str, row: u32) -> Option<[f64; N]> {
        let Value::List(items) = self.column(semantic)?.value(row) else {
            return None;
        };
        let numbers: Option<Vec<f64>> = items.iter().map(number).collect();
        numbers?.try_into().ok()
    }

    /// The volume of a tile (`prefix` is `TILE`) or content (`CONTENT`), root frame: its own, or `computed` between its
    /// own heights.
    pub(super) fn volume(
        &self,
        prefix: &str,
        row: u32,
        root_from_tile: &DMat4,
        computed: Option<BoundingVolume>,
    ) -> Option<BoundingVolume> {
        let name = |rest: &str| format!("{prefix}_{rest}");
        let given = self
            .numbers::<12>(&name("BOUNDING_BOX"), row)
            .map(|n| tile_file::box_of(&n))
            .or_else(|| tile_file::region_of(self.numbers(&name("BOUNDING_REGION"), row)?))
            .or_else(|| tile_file::sphere_of(self.numbers(&name("BOUNDING_SPHERE"), row)?))
            .map(|volume| volume.transformed(root_from_tile))
            .filter(BoundingVolume::is_finite);
        let heights = ["MINIMUM_HEIGHT", "MAXIMUM_HEIGHT"].map(|rest| self.number(&name(rest), row));
        let cell = self.cells.get(&name("BOUNDING_S2_CELL"));
        let cell = cell.and_then(|cells| S2Cell::from_id(*cells.get(row as usize)?));
        let base = given.or(computed);
        let Some(cell) = cell.filter(|_| given.is_none()) else {
            return base.map(|volume| between(volume, heights));
        };
        let old_heights = match computed {
            Some(BoundingVolume::S2 { heights, .. }) => heights,
            Some(BoundingVolume::Region { region, .. }) => [region[4], region[5]],
            _ => [0.0, 0.0],
        };
        Some(between(BoundingVolume::from_s2(cell, old_heights), heights))
    }

    /// The error of a tile, metres before scaling.
    pub(super) fn geometric_error_m(&self, row: u32) -> Option<f64> {
        self.number("TILE_GEOMETRIC_ERROR", row)
            .filter(|error| error.is_finite() && *error >= 0.0)
    }

    /// The refinement of a tile.
    pub(super) fn refine(&self, row: u32) -> Option<Refine> {
        match self.column("TILE_REFINE")?.value(row) {
            Value::Text(text) if text == "ADD" => Some(Refine::Add),
            Value::Text(text) if text == "REPLACE" => Some(Refine::Replace),
            Value::Int(0) => Some(Refine::Add),
            Value::Int(1) => Some(Refine::Replace),
            _ => None,
        }
    }

    /// The address of a content.
    pub(super) fn uri(&self, row: u32) -> Option<String> {
        match self.column("CONTENT_URI")?.value(row) {
            Value::Text(uri) => Some(uri),
            _ => None,
        }
    }

    /// The number of a content's group in its document.
    pub(super) fn group(&self, row: u32) -> Option<u32> {
        match self.column("CONTENT_GROUP_ID")?.value(row) {
            Value::Int(group) => u32::try_from(group).ok(),
            _ => None,
        }
    }
}

fn class_properties<'a>(schema: &'a Schema, class: Option<&str>) -> Option<&'a serde_json::Map<String, Json>> {
    schema.0.get("classes")?.get(class?)?.get("properties")?.as_object()
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number).filter(|number| number.is_finite()),
        #[expect(clippy::cast_precision_loss, reason = "heights and errors are far below 2^53")]
        Value::Int(number) => Some(*number as f64),
        _ => None,
    }
}

/// The volume with its own lowest and highest height where they are given and make sense.
fn between(volume: BoundingVolume, given: [Option<f64>; 2]) -> BoundingVolume {
    let new = |old: [f64; 2]| {
        let heights = [given[0].unwrap_or(old[0]), given[1].unwrap_or(old[1])];
        (given != [None, None] && heights[0] <= heights[1]).then_some(heights)
    };
    match volume {
        BoundingVolume::Region {
            region: [west, south, east, north, lowest, highest],
            ..
        } => new([lowest, highest]).map_or(volume, |[lowest, highest]| {
            BoundingVolume::from_region([west, south, east, north, lowest, highest])
        }),
        BoundingVolume::S2 { cell, heights, .. } => {
            new(heights).map_or(volume, |heights| BoundingVolume::from_s2(cell, heights))
        }
        BoundingVolume::Box { .. } | BoundingVolume::Sphere { .. } => volume,
    }
}
