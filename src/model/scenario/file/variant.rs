//! A plan variant in the file: what it takes away and what it adds.

use super::{CertaintyFile, Extra, MassesFile, ModelFile, Point, Polygon, Ring, SourceFile, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A plan variant: a list of differences to the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VariantFile {
    /// Id, unique in the scenario.
    pub id: String,
    /// Title per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// One or two sentences per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text>,
    /// How sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<CertaintyFile>,
    /// Whose plan it is, and of when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceFile>,
    /// What goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<RemovedFile>,
    /// Buildings that come, as masses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buildings: Option<Vec<BuildingFile>>,
    /// Buildings that come, from files of footprints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masses: Option<Vec<MassesFile>>,
    /// Models that come, each in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<ModelFile>>,
    /// Trees that come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trees: Option<Vec<TreeFile>>,
    /// Ground cover that comes, cut out of the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surfaces: Option<Vec<SurfaceFile>>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a variant removes from the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RemovedFile {
    /// Which things.
    #[serde(flatten)]
    pub things: RemovedThingsFile,
    /// What goes in a later phase; what stands above goes at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases: Option<Vec<RemovedInPhaseFile>>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Things that go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RemovedThingsFile {
    /// Ids of buildings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// Rings: buildings whose footprint's centre lies inside one, in the register or, of tiles without one, as drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polygons: Option<Vec<Ring>>,
    /// Ids of managed objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assets: Option<Vec<String>>,
}

/// What a variant removes in one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RemovedInPhaseFile {
    /// Phase in which it goes.
    pub phase: String,
    /// Which things.
    #[serde(flatten)]
    pub things: RemovedThingsFile,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Roof form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoofFile {
    /// Flat.
    Flat,
    /// Two slopes, the ridge along the long side.
    Gable,
    /// Slopes on all sides.
    Hip,
}

/// What a part of a building is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UseFile {
    /// Dwellings.
    Housing,
    /// Shops, cafés.
    Shops,
    /// Offices.
    Office,
    /// Public functions.
    Public,
    /// Parking.
    Parking,
    /// Anything else.
    Other,
}

/// What a building or a model is for, and when it comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PurposeFile {
    /// Main use.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub main_use: Option<UseFile>,
    /// Dwellings in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub dwellings: Option<u32>,
    /// Parking places in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub parking_places: Option<u32>,
    /// Phase it is built in; it always stands when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// How sure (as the variant when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<CertaintyFile>,
}

/// A building that a variant adds, as a mass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BuildingFile {
    /// Id, unique in the variant.
    pub id: String,
    /// Name per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Outer ring.
    pub footprint: Ring,
    /// Holes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holes: Option<Vec<Ring>>,
    /// Underside above the ground, metres (0 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 500))]
    pub base_m: Option<f64>,
    /// Storeys above the underside.
    #[schemars(range(min = 0, max = 200))]
    pub storeys: u32,
    /// Height of a storey, metres (3 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 30))]
    pub storey_height_m: Option<f64>,
    /// Height of the lowest storey, metres (as the others when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 30))]
    pub ground_storey_height_m: Option<f64>,
    /// Storeys below ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 20))]
    pub underground_storeys: Option<u32>,
    /// Roof form (flat when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roof: Option<RoofFile>,
    /// Height of the roof above the walls, metres (3 when absent and not flat).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 50))]
    pub roof_height_m: Option<f64>,
    /// Use of the lowest storey where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground_use: Option<UseFile>,
    /// What it is for, and when it comes.
    #[serde(flatten)]
    pub purpose: PurposeFile,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A tree that a variant adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TreeFile {
    /// Id, unique in the variant.
    pub id: String,
    /// Foot.
    pub position: Point,
    /// Height, metres (8 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 120))]
    pub height_m: Option<f64>,
    /// Crown diameter, metres (5 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 60))]
    pub crown_m: Option<f64>,
    /// Species.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub species: Option<String>,
    /// Phase it is planted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What the ground is covered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurfaceKindFile {
    /// Asphalt.
    Asphalt,
    /// Paving stones and slabs.
    Paving,
    /// Clinker bricks.
    Clinkers,
    /// Grass.
    Grass,
    /// Shrubs and perennials.
    Planting,
    /// Water.
    Water,
}

/// Ground cover that a variant lays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SurfaceFile {
    /// Id, unique in the variant.
    pub id: String,
    /// Cover.
    pub kind: SurfaceKindFile,
    /// Outer ring and holes.
    pub polygon: Polygon,
    /// Metres above the terrain (0 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -50, max = 50))]
    pub raise_m: Option<f64>,
    /// Parking places on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub parking_places: Option<u32>,
    /// Phase it is laid in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}
