//! Area, scenario, variants, building register, assets and annotations; edits are commands with undo.
//!
//! Only [`edit`] changes an open scenario, [`store`] keeps what people add to it. Positions are in the site frame (metres
//! from the anchor).

pub mod asset;
mod city_detail;
mod city_entry;
pub mod city_heights;
mod crs_question;
pub mod edit;
pub mod features;
mod file_place;
mod foot_survey;
pub mod imagery;
pub mod mass;
pub mod note;
pub mod own_list;
pub mod points;
pub mod reaction;
pub mod register;
mod ring;
pub mod scenario;
pub mod search;
pub mod store;
pub mod terrain;
mod tile_heights;
mod variant;

pub use asset::{Asset, AssetKind, Report, ReportStage, Sensor};
pub use city_detail::CityDetail;
pub use city_entry::CityEntry;
pub use city_heights::CityHeights;
pub use crs_question::{CrsAnswer, CrsQuestion};
pub use edit::{ActivateScenario, ActiveScenario, Edit, EditError, EditScenario, History};
pub use features::{FeatureLayer, FeatureStyle};
pub use file_place::{FilePlace, FileWay};
pub use foot_survey::{FootSurvey, OffGround};
pub use imagery::{GroundPicture, PictureTile};
pub use mass::{MassMesh, MassSurface, mass_mesh};
pub use note::{AuthorRole, Note, NoteAnchor, NoteKind};
pub use own_list::{AddedList, OwnList};
pub use reaction::Reaction;
pub use register::{BuildingRegister, RegisteredBuilding};
pub use scenario::{
    Address, Area, Certainty, Charter, Label, Layer, LayerKind, LensName, LocalText, NewBuilding, NewModel, NewSurface,
    NewTree, OpenScenario, Phase, PlanArea, PlanScale, Removal, Roof, Scenario, Source, SurfaceKind, Use, Variant,
    Viewpoint,
};
pub use store::StoreHandle;
pub use terrain::Terrain;
pub use tile_heights::TileHeights;

/// The axis of a model that points up, and the place that its coordinates are taken for.
pub use crate::sources::obj::{OwnPlace, Up};
