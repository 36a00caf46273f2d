//! Masses and models of a variant that stand in files of their own.

use super::{CertaintyFile, Extra, Point, PurposeFile, Text, UseFile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An axis that points up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpFile {
    /// y.
    Y,
    /// z.
    Z,
}

/// Buildings that a variant adds, from a file of footprints (`GeoJSON`, Polygon and `MultiPolygon`). `height` or `storeys`
/// has to be there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MassesFile {
    /// Path of the file, within the scenario's folder.
    pub path: String,
    /// CRS of its coordinates, where it names none itself (longitude and latitude when absent, as `GeoJSON` has it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// Attribute with the building's own id (the id of the feature when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Attribute with its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Attribute with the height above its underside, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<String>,
    /// Attribute with the number of storeys. Without it floor areas are only estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storeys: Option<String>,
    /// Height of a storey where a building has no height, metres (3 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 30))]
    pub storey_height_m: Option<f64>,
    /// Attribute with the underside above the ground, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Attribute with the main use.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub main_use: Option<String>,
    /// What the words in the attribute of `use` mean, where they are not common ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<BTreeMap<String, UseFile>>,
    /// What all are for that the attribute of `use` does not tell of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_for: Option<UseFile>,
    /// Attribute with the number of dwellings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dwellings: Option<String>,
    /// Attribute with the number of parking places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parking_places: Option<String>,
    /// Phase in which they are built; they always stand when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// How sure (as the variant when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<CertaintyFile>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A model that a variant places: a glTF or GLB, in metres and with its y axis up as glTF has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelFile {
    /// Id, unique in the variant.
    pub id: String,
    /// Path of the file, within the scenario's folder.
    pub path: String,
    /// Name per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// The point of the model that is placed, in its own axes and units (its zero when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<[f64; 3]>,
    /// Which of its axes points up (`y` when absent, as in glTF; OBJ files often have `z`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<UpFile>,
    /// Its own coordinates are ECEF (EPSG:4978) and it stands where they say; `foot_m`, `heading_deg` and `scale` are not
    /// used then (false when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geocentric: Option<bool>,
    /// Where the model's origin stands.
    pub position: Point,
    /// Height of the model's origin (NAP, or ellipsoidal with a `lon_lat` anchor), metres; on the ground when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -500, max = 9000))]
    pub foot_m: Option<f64>,
    /// How far it is turned, degrees clockwise (0 when absent: its x axis runs grid east, and its z axis south or, where
    /// that points up, its y axis north).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -360, max = 360))]
    pub heading_deg: Option<f64>,
    /// Times how much larger it is drawn (1 when absent; 0.001 for a model in millimetres).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.000_001, max = 1_000_000))]
    pub scale: Option<f64>,
    /// Gross floor area above ground, m²; unknown to the indicators when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000_000))]
    pub gfa_m2: Option<f64>,
    /// What it is for, and when it comes.
    #[serde(flatten)]
    pub purpose: PurposeFile,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}
