//! The file structs of `scenario.json`.
