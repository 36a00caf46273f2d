//! Area, scenario, variants, building register, assets and annotations; edits are commands with undo.
//!
//! Only [`edit`] changes an open scenario. Positions are in the site frame (metres from the anchor).

pub mod asset;
pub mod edit;
pub mod register;
pub mod scenario;
pub mod terrain;

pub use asset::{Asset, AssetKind, Report, Sensor};
pub use register::{BuildingRegister, RegisteredBuilding};
pub use scenario::{
    Area, Certainty, Charter, Layer, LayerKind, LensName, LocalText, NewBuilding, NewSurface, NewTree, OpenScenario,
    Roof, Scenario, Source, SurfaceKind, Use, Variant, Viewpoint,
};
pub use terrain::Terrain;
