//! The scenario: what is shown, what each variant changes, from where it is looked at.
//!
//! `file` holds the serde structs (versioned), `read` opens a folder or package and checks it against them
//! (`structure` the shape, `convert` the meaning, `layers` the data beside it), `domain` the checked types,
//! `scratch` a scenario around data that has none. Everything here stands in the site frame but `file`.

mod ascii_grid;
mod convert;
mod describe;
mod domain;
pub mod file;
mod files;
mod findings;
mod geojson;
mod json_text;
mod layers;
mod note_document;
mod place;
mod projection;
mod properties;
mod read;
mod scratch;
mod structure;
mod terrain_layer;
mod words;

pub use describe::{describe, is_scenario, unknown_id};
pub use domain::*;
pub use files::{UsedFiles, used_files};
pub use note_document::{document_with_notes, notes_from_json, notes_json};
pub use read::{DOCUMENT, OpenScenario, check, open};
pub use scratch::open_any;
