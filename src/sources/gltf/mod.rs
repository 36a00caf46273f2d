//! glTF 2.0 and GLB to meshes in the site frame.
//!
//! The `gltf` crate splits the container and gives the types of accessors, buffer views, images, texture
//! references and named values. Ours are the rest of the document, with node transforms in `f64` (the crate
//! reads them as `f32`, up to 25 cm off at 4,000 km), and every access to data (the crate's readers unwrap,
//! and so panic on an index out of range). `file` says which is whose, and why.
//!
//! One payload becomes one [`FeatureMesh`](crate::geometry::FeatureMesh) per render class (base colour
//! texture, sides, blending, light), the points and lines beside them, all with the same origin, and one table of its features. All
//! transforms are composed in `f64`; vertices become `f32` offsets from the origin in the last step.
//!
//! Copies of a model (`EXT_mesh_gpu_instancing`, and those of instanced tiles) are drawn as triangles of the same
//! meshes, so that hiding, picking and edges are the same as for buildings; how many fit into a tile is capped.
//!
//! Animations and skins are passed over: tiles stand still.

mod accessor;
mod carried;
mod carried_sizes;
mod copies;
mod count;
mod counted_ids;
mod cut;
mod data;
mod data_texture;
mod document;
mod feature_ids;
mod file;
mod file_metadata;
mod layout;
mod marks;
mod material;
mod merge;
mod mesh;
mod meshopt;
mod metadata;
mod other_ids;
mod picture;
mod picture_size;
mod place;
mod primitive;
mod property_attributes;
mod property_format;
mod scene;
mod simpler;
mod sizes;
mod value_sizes;

pub(crate) use copies::{Budget, Copies};
pub(crate) use count::{Totals, count};
pub(crate) use document::{Document, json_of, little_endian_u32};
pub(crate) use marks::LocalPoints;
pub(crate) use mesh::{DecodedGltf, Wrapping, decode};
pub(crate) use metadata::read_properties;
pub(crate) use picture::decode_picture;
pub(crate) use place::Placement;
pub(crate) use sizes::{Sizes, sizes};
pub(crate) use value_sizes::VALUE_BYTES;

use crate::sources::{Cause, Problem, Severity, resource::ResourceError};

/// What is wrong inside a file whose path the caller knows.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    place: String,
    message: String,
    severity: Severity,
    cause: Cause,
}

impl Fault {
    pub(crate) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
            severity: Severity::Error,
            cause: Cause::Damaged,
        }
    }

    /// Something sound that this program does not read yet.
    pub(crate) fn not_read(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(place, message).because(Cause::NotRead)
    }

    /// More than is read.
    pub(crate) fn too_large(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(place, message).because(Cause::TooLarge)
    }

    /// A file that is named at `place` and cannot be had.
    fn of(place: impl Into<String>, error: &ResourceError) -> Self {
        Self::new(place, error.to_string()).because(error.cause())
    }

    /// The same with the cause told, where it is not [`Cause::Damaged`].
    fn because(self, cause: Cause) -> Self {
        Self { cause, ..self }
    }

    /// The same at another place.
    pub(crate) fn moved_to(self, place: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            ..self
        }
    }

    /// Something that is doubted and left as unknown, while everything is drawn.
    pub(crate) fn doubt(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            cause: Cause::Content,
            ..Self::new(place, message)
        }
    }

    /// The fault as a problem of the file at `path`.
    pub(crate) fn at(self, path: &str) -> Problem {
        Problem {
            severity: self.severity,
            cause: self.cause,
            path: path.to_owned(),
            place: self.place,
            message: self.message,
        }
    }
}

/// Damage whose place the caller knows and tells with [`Fault::moved_to`].
impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::new("", message)
    }
}

/// Damage whose place the caller knows and tells with [`Fault::moved_to`].
impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        Self::new("", message)
    }
}
