//! The scenario: what is shown, what each variant changes, from where it is looked at.
//!
//! `file` holds the serde structs (versioned), `read` checks and converts them, this module the domain types.

mod domain;
pub mod file;
mod read;

pub use domain::*;
pub use read::{OpenScenario, open};
