//! Files to records: bytes come in through [`resource`], records and [`Problem`]s go out.
//!
//! Nothing here draws, and nothing is trusted: sizes, counts and depths are capped, and a path never
//! leads out of the folder or archive it was found in.

mod city_mesh;
pub mod cityjson;
mod codecs;
pub(crate) mod crs_name;
pub mod gltf;
mod hex;
pub mod http;
pub mod imagery;
pub mod inspect;
pub(crate) mod json_text;
pub mod obj;
pub mod online;
pub mod points;
mod problem;
pub mod raster;
pub mod refusal;
pub mod remote;
pub mod resource;
mod sqlite;
pub mod table;
pub mod tiles3d;
pub mod vector;
mod xml;

pub use city_mesh::{CityFeature, CityPart, CityTexture, SurfaceRole};
pub use hex::hex;
pub(crate) use problem::shortened;
pub use problem::{Cause, Problem, Severity};
