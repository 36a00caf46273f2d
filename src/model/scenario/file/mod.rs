//! The file structs of `scenario.json`, version 1: what is written, not what it means.
//!
//! Every object keeps the keys it does not know in `extra`, so that loading and saving loses nothing. Optional
//! values are `Option`, never defaults: a key that was absent stays absent. The JSON Schema is made from these
//! structs ([`schema_json`]) and is the same one that the reader checks a file with (`structure`), so
//! the documentation, the check and the structs cannot drift apart. Coordinates are in the file's own `crs`,
//! angles in degrees.
//!
//! A list with a least length (a point, a ring, a polygon) is kept whole or left out; other lists lose only
//! their damaged entries.

mod columns;
mod masses;
mod note;
mod style;
mod variant;

pub use columns::{AssetKindFile, ColumnsFile};
pub use masses::{MassesFile, ModelFile, UpFile};
pub use note::{AuthorRoleFile, NoteFile, NoteKindFile, NoteViewFile};
pub use style::{ClassFile, StyleFile};
pub use variant::{
    BuildingFile, PurposeFile, RemovedFile, RemovedInPhaseFile, RemovedThingsFile, RoofFile, SurfaceFile,
    SurfaceKindFile, TreeFile, UseFile, VariantFile,
};

use crate::georef::HeightReference;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The version this program writes and the newest it reads.
pub const VERSION: u32 = 1;

/// Keys the program does not know, kept as they were.
pub type Extra = Map<String, Value>;

/// A text per language code (`nl`, `en`, `de`).
pub type Text = BTreeMap<String, String>;

/// x (east or longitude) and y (north or latitude) in the file's `crs`.
pub type Point = [f64; 2];

/// A closed ring, its last point not repeated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Ring(#[schemars(length(min = 3))] pub Vec<Point>);

/// An outer ring followed by its holes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Polygon(#[schemars(length(min = 1))] pub Vec<Ring>);

/// A scenario: one area, its data, its plan variants and where to look from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioFile {
    /// Address of this schema, for editors; not used by the program.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of this format.
    pub version: u32,
    /// Title per language.
    pub title: Text,
    /// True when the data is made up and does not show the real situation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<bool>,
    /// The piece of land.
    pub area: AreaFile,
    /// The land that the indicators are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_area: Option<PlanAreaFile>,
    /// CRS of every x and y in this file (`EPSG:28992` when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// Base layers. Where several of kind features lie on each other, the last is on top; of kind imagery the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<LayerFile>>,
    /// Steps of building, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases: Option<Vec<PhaseFile>>,
    /// Plan variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variants: Option<Vec<VariantFile>>,
    /// Places to look from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewpoints: Option<Vec<ViewpointFile>>,
    /// What each lens is for in this scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lenses: Option<LensesFile>,
    /// Notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Vec<NoteFile>>,
    /// What is shown first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartFile>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The piece of land.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AreaFile {
    /// Name per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// The municipality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<MunicipalityFile>,
    /// Zero of the site frame.
    pub anchor: AnchorFile,
    /// Outline of the area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outline: Option<Ring>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The land that the indicators are about: every number is counted within it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanAreaFile {
    /// What the area is called, per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// How much belongs to it; densities compare only between areas of the same scale.
    pub scale: PlanScaleFile,
    /// Its parts, each an outer ring and holes.
    #[schemars(length(min = 1))]
    pub polygons: Vec<Polygon>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How much belongs to a plan area (Spacematrix, Berghauser Pont and Haupt).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanScaleFile {
    /// One plot: a building and its own ground (kavel).
    Plot,
    /// Plots up to the streets around them, without those streets (eiland, bouwblok).
    Island,
    /// Islands with the streets between and around them, to the middle of the outer ones (weefsel).
    Fabric,
    /// Fabrics with what is shared by them: parks, water, sports fields, large roads (wijk).
    District,
}

/// A municipality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MunicipalityFile {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// CBS code (`GM0164`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Zero of the site frame: either `rd` with `nap_m`, or `lon_lat` with `height_m`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnchorFile {
    /// RD New x and y, metres: a Dutch area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rd: Option<Point>,
    /// Height above NAP of the zero, metres (0 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -500, max = 9000))]
    pub nap_m: Option<f64>,
    /// Longitude and latitude, degrees: an area anywhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon_lat: Option<Point>,
    /// Height above the ellipsoid of the zero, metres (0 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -500, max = 9000))]
    pub height_m: Option<f64>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a layer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LayerKindFile {
    /// 3D Tiles: a tileset.json or a single tile.
    Tiles3d,
    /// Height grid (ESRI ASCII or `GeoTIFF`), or a `layer.json` with tiles of quantized mesh.
    Terrain,
    /// Ground cover polygons (`GeoJSON` or another vector file).
    Surfaces,
    /// Managed objects (`GeoJSON`, another vector file, or a table as CSV).
    Assets,
    /// Public-space reports (`GeoJSON` or another vector file).
    Reports,
    /// Sensors (`GeoJSON` or another vector file).
    Sensors,
    /// Names on the map (`GeoJSON` or another vector file).
    Labels,
    /// Addresses to be found by searching (`GeoJSON` points with the attributes of the BAG: `openbare_ruimte`,
    /// `huisnummer`, `huisletter`, `toevoeging`, `postcode`, `woonplaats`).
    Addresses,
    /// Pictures of the ground from above: `GeoTIFF` in colour, `MBTiles`, or a file that describes tiles (`TileJSON`,
    /// `tilemapresource.xml`, the capabilities of a WMTS).
    Imagery,
    /// Points, lines and areas of any kind (`GeoJSON` or another vector file), drawn on the ground as `style` says.
    Features,
    /// Measured points (LAS, LAZ, COPC).
    Points,
}

/// How sure something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertaintyFile {
    /// Decided, or simply there.
    Decided,
    /// Not decided yet.
    Open,
    /// A sketch.
    Sketch,
}

/// Owner, date and licence of data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceFile {
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// ISO date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One base layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayerFile {
    /// Id, unique in the scenario.
    pub id: String,
    /// What it holds.
    pub kind: LayerKindFile,
    /// Path of its file, within the scenario's folder; of 3D Tiles also their address on a server (https).
    pub path: String,
    /// Title per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// What its heights are measured from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_reference: Option<HeightReference>,
    /// Metres by which 3D Tiles are moved up, or down where negative, as heights above the ellipsoid: for tiles that stand
    /// right by neither reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -10_000, max = 10_000))]
    pub height_shift_m: Option<f64>,
    /// Property of the tiles that names a building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_property: Option<String>,
    /// Path of the building register (`GeoJSON` or another vector file) of these tiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<String>,
    /// Which column holds what, of a layer of managed objects whose path ends in `.csv`; guessed when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<ColumnsFile>,
    /// How a layer of features looks; guessed when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<StyleFile>,
    /// CRS of a vector file or of imagery that does not say one itself (`EPSG:28992`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// Owner, date, licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceFile>,
    /// How sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<CertaintyFile>,
    /// Shown at first (yes when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// Made up, not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<bool>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A step of building.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseFile {
    /// Id, unique in the scenario.
    pub id: String,
    /// Title per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// Year it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1000, max = 3000))]
    pub year: Option<i32>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A camera looking at a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CameraFile {
    /// What is looked at: x, y in the file's `crs` and a height (NAP, or ellipsoidal with a `lon_lat` anchor).
    pub target: [f64; 3],
    /// Direction of view, degrees clockwise from grid north.
    #[schemars(range(min = -360, max = 360))]
    pub heading_deg: f64,
    /// Angle above the horizon, degrees; negative looks down.
    #[schemars(range(min = -90, max = 90))]
    pub pitch_deg: f64,
    /// Distance from target to eye, metres.
    #[schemars(range(min = 0.1, max = 100_000))]
    pub distance_m: f64,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A lens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LensNameFile {
    /// Ontwerp.
    Design,
    /// Participatie.
    Participation,
    /// Beheer.
    Maintenance,
}

/// A place to look from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ViewpointFile {
    /// Id, unique in the scenario.
    pub id: String,
    /// Title per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// Caption per language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<Text>,
    /// Where the camera stands.
    pub camera: CameraFile,
    /// Variant it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Lens it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lens: Option<LensNameFile>,
    /// Date and time of the sun (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What each lens is for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LensesFile {
    /// Ontwerp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design: Option<LensFile>,
    /// Participatie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participation: Option<LensFile>,
    /// Beheer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<LensFile>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Settings of one lens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LensFile {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charter: Option<CharterFile>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a lens is for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CharterFile {
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Text>,
    /// The one question it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Text>,
    /// Work process it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_process: Option<Text>,
    /// The old step it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Text>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What is shown first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StartFile {
    /// Id of a viewpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewpoint: Option<String>,
    /// Id of a variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Date and time of the sun (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The file as text: two spaces, keys in the order of the structs, unknown keys after them, a newline at the end.
///
/// # Panics
/// Never: the structs hold no map with keys that are not text, and JSON numbers are finite.
pub fn to_json(file: &ScenarioFile) -> String {
    let mut text = serde_json::to_string_pretty(file).expect("plain structs always become JSON");
    text.push('\n');
    text
}

/// The JSON Schema (draft 2020-12) of [`ScenarioFile`], the same text on every run.
///
/// # Panics
/// Never: a schema is plain JSON.
pub fn schema_json() -> String {
    let mut text = serde_json::to_string_pretty(&schema()).expect("a schema is plain JSON");
    text.push('\n');
    text
}

/// The JSON Schema as a value.
pub(super) fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<ScenarioFile>();
    schema.insert(
        "$id".into(),
        Value::from(format!("https://stadslens.nl/schema/scenario-{VERSION}.json")),
    );
    schema.to_value()
}
