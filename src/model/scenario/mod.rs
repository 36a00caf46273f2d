//! The scenario: what is shown, what each variant changes, from where it is looked at.
//!
//! `file` holds the serde structs (versioned), `read` opens a folder or package and checks it against them
//! (`structure` the shape, `convert` the meaning, `layers` the data beside it), `domain` the checked types,
//! `scratch` a scenario around data that has none. Everything here stands in the site frame but `file`.

mod address_layer;
mod ascii_grid;
mod check;
mod city_ground;
mod columns;
mod convert;
mod data_layers;
mod describe;
mod domain;
mod feature_files;
mod feature_layer;
mod feature_style;
pub mod file;
mod files;
mod findings;
mod geojson;
mod geotiff_layer;
mod imagery_layer;
mod layers;
mod mass_layer;
mod mesh_layer;
mod model_document;
mod note_document;
mod own_lists;
mod place;
mod placing;
mod points_layer;
mod projection;
mod properties;
mod reach;
mod read;
mod scratch;
mod scratch_city;
mod scratch_focus;
mod scratch_obj;
mod scratch_points;
mod scratch_raster;
mod scratch_vector;
mod server_layer;
mod structure;
mod table_layer;
mod terrain_layer;
#[cfg(test)]
pub(crate) mod tests;
mod variant_files;
mod vector_layer;
mod words;

pub use check::check;
pub use columns::{Columns, Meaning};
pub use describe::{describe, describe_any, is_scenario, unknown_id};
pub use domain::*;
pub use feature_style::StyleWish;
pub use files::{UsedFiles, used_files};
pub use model_document::document_with_models;
pub use note_document::{document_with_notes, notes_from_json, notes_json};
pub use own_lists::{ListFile, ListPreview};
pub use placing::{ModelFacts, Unit, model_facts, proposed_model};
pub use read::{DOCUMENT, OpenScenario, open};
pub use scratch::{OpenWishes, open_any, open_city_model, open_with, takes_crs};
pub use variant_files::model_request;
