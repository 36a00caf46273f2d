//! Which column of a table holds what, in the file.

use super::Extra;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kind of managed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetKindFile {
    /// Tree.
    Tree,
    /// Lamp post.
    Lamp,
    /// Bench.
    Bench,
    /// Litter bin.
    Bin,
    /// Sewer manhole.
    Manhole,
    /// Anything else.
    Other,
}

/// Which column of a table (CSV) holds what: the names that its first row gives. A column that is not named here is
/// shown with the object as it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnsFile {
    /// Column of x (east or longitude).
    pub x: String,
    /// Column of y (north or latitude).
    pub y: String,
    /// CRS of both (`EPSG:28992`, `EPSG:4326`); found out from the values when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// Column of the owner's own object number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Column that tells what kind of object it is.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What the words in the column of `type` mean, where they are not common ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<BTreeMap<String, AssetKindFile>>,
    /// What all objects are that the column of `type` does not tell of, as in a list of trees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_are: Option<AssetKindFile>,
    /// Column of the NEN 2767 condition score, 1 to 6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Column of the CROW upkeep level, `A+` to `D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Column of the day of the last inspection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspected: Option<String>,
    /// Column of the day on which the next inspection is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_inspection: Option<String>,
    /// Column of the height, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_m: Option<String>,
    /// Column of the crown's diameter, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crown_m: Option<String>,
    /// Column of the compass bearing that it faces, degrees from grid north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}
