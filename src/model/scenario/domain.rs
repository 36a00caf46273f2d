//! Domain types of a scenario: checked, in the site frame, no serde.

use super::columns::Columns;
use super::feature_style::StyleWish;
pub use super::mass_layer::MassSource;
use crate::geometry::Polygon;
use crate::georef::{HeightReference, SiteFrame, SitePos};
use crate::model::TileHeights;
use crate::model::note::Note;
use crate::sources::obj::Up;
use bevy::math::{DVec2, DVec3};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A text in every language it was written in, keyed by language (`nl`, `en`, `de`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalText(pub BTreeMap<String, String>);

impl LocalText {
    /// The text in `language`, else in English, Dutch or whatever there is; empty when there is none.
    pub fn get(&self, language: &str) -> &str {
        [language, "en", "nl"]
            .iter()
            .find_map(|l| self.0.get(*l))
            .or_else(|| self.0.values().next())
            .map_or("", String::as_str)
    }
}

/// How sure something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Certainty {
    /// Decided by the council, or simply there.
    #[default]
    Decided,
    /// Not decided yet.
    Open,
    /// A sketch.
    Sketch,
}

/// What a part of a building is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Use {
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

/// Roof form of a mass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Roof {
    /// Flat.
    Flat,
    /// Two slopes, ridge along the longest side, height of the roof in metres.
    Gable(f64),
    /// Slopes on all sides, height of the roof in metres.
    Hip(f64),
}

/// What the ground is covered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SurfaceKind {
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

/// The piece of land.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Name.
    pub name: LocalText,
    /// Municipality name.
    pub municipality: String,
    /// CBS code (`GM0164`).
    pub municipality_code: String,
    /// Site frame (its anchor is the area's anchor).
    pub site: SiteFrame,
    /// Outline, site metres, closed ring without the repeated last point; may be empty.
    pub outline: Vec<DVec2>,
}

/// How much belongs to a plan area: densities compare only between areas of the same scale (Spacematrix,
/// Berghauser Pont and Haupt).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlanScale {
    /// One plot: a building and its own ground (kavel).
    Plot,
    /// Plots up to the streets around them, without those streets (eiland, bouwblok).
    Island,
    /// Islands with the streets between and around them (weefsel).
    Fabric,
    /// Fabrics with the parks, water and large roads that they share (wijk).
    District,
}

/// The land that the indicators are about.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanArea {
    /// What it is called.
    pub title: LocalText,
    /// How much belongs to it.
    pub scale: PlanScale,
    /// Its parts, site metres, at least one; where two overlap the ground counts once.
    pub parts: Vec<Polygon>,
}

/// Owner, date and licence of data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Who owns it.
    pub owner: String,
    /// Date as ISO text (`2026-11-22`), may be empty.
    pub date: String,
    /// Licence (`CC BY 4.0`).
    pub licence: String,
    /// Where it comes from, may be empty.
    pub url: String,
}

/// What a layer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LayerKind {
    /// 3D Tiles.
    Tiles3d,
    /// Height grid.
    Terrain,
    /// Ground cover polygons.
    Surfaces,
    /// Managed objects.
    Assets,
    /// Public-space reports.
    Reports,
    /// Sensors.
    Sensors,
    /// Names on the map.
    Labels,
    /// Addresses, which are found and not drawn.
    Addresses,
    /// Pictures of the ground from above.
    Imagery,
    /// Points, lines and areas of any kind, drawn on the ground.
    Features,
    /// Measured points.
    Points,
}

/// One base layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Id, unique in the scenario.
    pub id: String,
    /// Title.
    pub title: LocalText,
    /// Kind.
    pub kind: LayerKind,
    /// Path within the scenario's resources, checked to stay inside.
    pub path: String,
    /// What its heights are measured from.
    pub height_reference: HeightReference,
    /// Metres that its tiles are moved up from heights above the ellipsoid; 0 where `height_reference` says it all.
    pub height_shift_m: f64,
    /// Property that names a building in tiles (`identificatie`).
    pub id_property: Option<String>,
    /// Path of the building register beside it.
    pub register: Option<String>,
    /// Which column of its table holds what; `None` for other files, and where it has to be guessed.
    pub columns: Option<Columns>,
    /// How its features shall look; `None` where that is to be guessed.
    pub style: Option<StyleWish>,
    /// CRS of its file, where that does not say one itself.
    pub crs: Option<String>,
    /// Owner, date, licence.
    pub source: Source,
    /// How sure.
    pub certainty: Certainty,
    /// Shown at first.
    pub visible: bool,
    /// Made up, not measured.
    pub synthetic: bool,
}

impl Layer {
    /// What the heights of its tiles are, as the scenario says.
    pub fn tile_heights(&self) -> TileHeights {
        if self.height_shift_m == 0.0 {
            TileHeights::From(self.height_reference)
        } else {
            TileHeights::Moved(self.height_shift_m)
        }
    }
}

/// A building that a variant adds, as a mass.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBuilding {
    /// Id, unique in the variant.
    pub id: String,
    /// Name.
    pub name: LocalText,
    /// Outer ring, site metres, counter-clockwise, not repeated at the end.
    pub footprint: Vec<DVec2>,
    /// Holes, clockwise.
    pub holes: Vec<Vec<DVec2>>,
    /// Underside above the ground, metres (a block standing on another one).
    pub base_m: f64,
    /// Storeys above `base_m`.
    pub storeys: u32,
    /// Whether `storeys` is known; else it is estimated from the height, and so are floor areas.
    pub are_storeys_known: bool,
    /// Height of each storey, metres.
    pub storey_height_m: f64,
    /// Height of the lowest storey, metres.
    pub ground_storey_height_m: f64,
    /// Storeys below ground (not drawn, counted apart).
    pub underground_storeys: u32,
    /// Roof.
    pub roof: Roof,
    /// Main use, for the colour.
    pub main_use: Use,
    /// Use of the lowest storey where it differs.
    pub ground_use: Option<Use>,
    /// Dwellings in it, if known; none where it has no housing.
    pub dwellings: Option<u32>,
    /// Parking places in it, if known; none where nothing in it is for parking.
    pub parking_places: Option<u32>,
    /// Phase id, empty for none.
    pub phase: String,
    /// How sure.
    pub certainty: Certainty,
}

/// A model that a variant places: drawn as it is, counted by what the scenario says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewModel {
    /// Id, unique in the variant.
    pub id: String,
    /// Name.
    pub title: LocalText,
    /// Path within the scenario's resources, checked to stay inside.
    pub path: String,
    /// The point of it that is placed, in its own axes and units.
    pub origin: DVec3,
    /// Which of its axes points up.
    pub up: Up,
    /// Whether its coordinates are ECEF and it stands where they say: then nothing below moves, turns or scales it.
    pub is_geocentric: bool,
    /// Where its origin stands, site metres.
    pub position: DVec2,
    /// Site height of its origin, metres; on the ground when `None`.
    pub foot_m: Option<f64>,
    /// How far it is turned, degrees clockwise; at 0 its x axis runs grid east, and its z axis south or, where that points
    /// up, its y axis north.
    pub heading_deg: f64,
    /// Times how much larger it is drawn.
    pub scale: f64,
    /// Main use.
    pub main_use: Use,
    /// Whether `main_use` was named; else it counts as other and is not told.
    pub is_use_known: bool,
    /// Gross floor area above ground, m², if known.
    pub gfa_m2: Option<f64>,
    /// Dwellings in it, if known; none where it is not for housing.
    pub dwellings: Option<u32>,
    /// Parking places in it, if known; none where it is not for parking.
    pub parking_places: Option<u32>,
    /// Phase id, empty for none.
    pub phase: String,
    /// How sure.
    pub certainty: Certainty,
}

/// A tree that a variant adds.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTree {
    /// Id.
    pub id: String,
    /// Foot, site metres.
    pub position: DVec2,
    /// Height, metres.
    pub height_m: f64,
    /// Crown diameter, metres.
    pub crown_m: f64,
    /// Species.
    pub species: String,
    /// Phase id, empty for none.
    pub phase: String,
}

/// Ground cover, of the base or of a variant (which cuts it out of the base).
#[derive(Debug, Clone, PartialEq)]
pub struct NewSurface {
    /// Id.
    pub id: String,
    /// Cover.
    pub kind: SurfaceKind,
    /// Outer ring, site metres.
    pub outer: Vec<DVec2>,
    /// Holes.
    pub holes: Vec<Vec<DVec2>>,
    /// Metres above the terrain (a pavement 0.12, water −0.8).
    pub raise_m: f64,
    /// Parking places on it, where the data say.
    pub parking_places: Option<u32>,
    /// Phase id, empty for none.
    pub phase: String,
}

/// A step of building.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Id.
    pub id: String,
    /// Title.
    pub title: LocalText,
    /// Year it is ready, if known.
    pub year: Option<i32>,
}

/// What a variant takes away from the base at one time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Removal {
    /// Phase in which it goes; empty: from the first on.
    pub phase: String,
    /// Ids of buildings that go.
    pub ids: Vec<String>,
    /// Rings; a building whose footprint's centre lies inside one goes.
    pub polygons: Vec<Vec<DVec2>>,
    /// Ids of assets that go.
    pub assets: Vec<String>,
}

/// A plan variant: a list of differences to the base.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Id, unique.
    pub id: String,
    /// Title.
    pub title: LocalText,
    /// One or two sentences.
    pub summary: LocalText,
    /// How sure.
    pub certainty: Certainty,
    /// Whose plan it is, and of when.
    pub source: Source,
    /// What goes, in the order of the file.
    pub removals: Vec<Removal>,
    /// Files of footprints; their buildings stand in `buildings` once they are read.
    pub masses: Vec<MassSource>,
    /// Masses.
    pub buildings: Vec<NewBuilding>,
    /// Models.
    pub models: Vec<NewModel>,
    /// Trees.
    pub trees: Vec<NewTree>,
    /// Surfaces.
    pub surfaces: Vec<NewSurface>,
}

/// A place to look from.
#[derive(Debug, Clone, PartialEq)]
pub struct Viewpoint {
    /// Id.
    pub id: String,
    /// Title.
    pub title: LocalText,
    /// Caption.
    pub caption: LocalText,
    /// What is looked at.
    pub target: SitePos,
    /// Compass bearing of the view, degrees from grid north, clockwise.
    pub heading_deg: f64,
    /// Angle of the view above the horizon, degrees; looking down is negative.
    pub pitch_deg: f64,
    /// Distance from target to eye, metres.
    pub distance_m: f64,
    /// Variant it belongs to.
    pub variant: Option<String>,
    /// Lens it belongs to.
    pub lens: Option<LensName>,
    /// Date and time of the sun.
    pub time: Option<Timestamp>,
}

/// A lens by its name in the file: the lenses of the program.
pub use crate::schedule::Lens as LensName;

/// What a lens is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Charter {
    /// For whom.
    pub audience: LocalText,
    /// The one question it answers.
    pub question: LocalText,
    /// Work process it belongs to.
    pub work_process: LocalText,
    /// The old step it replaces.
    pub replaces: LocalText,
}

/// A name on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Text.
    pub text: String,
    /// Where, site metres (z is the height of the thing's top above the anchor, ground for streets).
    pub position: SitePos,
    /// Line along which a street name runs, site metres; empty for landmarks.
    pub line: Vec<DVec2>,
    /// Landmark (leader line) rather than street.
    pub landmark: bool,
}

/// An address: a street with a number at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    /// Street.
    pub street: String,
    /// Street and number with its letter: `Wemenstraat 12a`.
    pub street_and_number: String,
    /// Town; empty where it is not known.
    pub place: String,
    /// Postcode and town, what there is of them.
    pub town: String,
    /// Site metres.
    pub position: DVec2,
}

/// An open scenario, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Title.
    pub title: LocalText,
    /// Made up, not the real situation: said on screen and in every export.
    pub synthetic: bool,
    /// The area.
    pub area: Area,
    /// The land that the indicators are about; without one they fall back on the area's outline and say so.
    pub plan_area: Option<PlanArea>,
    /// Base layers in drawing order.
    pub layers: Vec<Layer>,
    /// Phases in order.
    pub phases: Vec<Phase>,
    /// Variants; the first is "today" where the file has one without differences.
    pub variants: Vec<Variant>,
    /// Viewpoints.
    pub viewpoints: Vec<Viewpoint>,
    /// Charters per lens.
    pub charters: BTreeMap<LensName, Charter>,
    /// Notes in the order of their numbers: those of the file, until a store has taken them over and keeps them.
    pub notes: Vec<Note>,
    /// Viewpoint shown first.
    pub start_viewpoint: Option<String>,
    /// Variant shown first.
    pub start_variant: Option<String>,
    /// Time of the sun at first.
    pub start_time: Option<Timestamp>,
}
