//! What is read: coordinates, tiles, scenarios; held against the corpus where it lies beside the project.

mod bad_input;
mod corpus;
mod georef;
mod indicator_properties;
mod indicators;
mod scenario;
