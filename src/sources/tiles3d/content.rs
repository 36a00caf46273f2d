//! One tile payload to meshes in the site frame.

use super::BoundingVolume;
use crate::geometry::{CreaseEdges, FeatureMesh, FeatureTable, MeshBvh};
use crate::georef::SiteFrame;
use crate::sources::{Problem, resource::Resources};
use bevy::math::DMat4;
use std::sync::Arc;

/// What to decode and into which frame. Can be sent to a worker whole.
pub struct DecodeRequest {
    /// Where the payload and what it refers to are read from.
    pub resources: Arc<dyn Resources>,
    /// Path of the payload.
    pub path: String,
    /// Root frame from tile frame (f64).
    pub root_from_tile: DMat4,
    /// Whether the root frame is ECEF; else site axes (x east, y north, z up) around the site's zero.
    pub is_geocentric: bool,
    /// Frame of the result.
    pub site: SiteFrame,
    /// The tile's volume in the root frame, which decides when the up-axis hint contradicts the geometry.
    pub volume: Option<BoundingVolume>,
    /// The tileset's up-axis hint.
    pub gltf_up_axis: char,
    /// Metres to add to every height (a layer whose heights are NAP in an ellipsoidal file, say).
    pub height_offset_m: f64,
}

/// A decoded payload, ready for upload. One mesh per render class.
pub struct TileContent {
    /// Meshes, usually one.
    pub meshes: Vec<(FeatureMesh, CreaseEdges, MeshBvh)>,
    /// Attributes of the features in these meshes (row = feature).
    pub features: FeatureTable,
    /// Bytes read for it.
    pub bytes_read: u64,
    /// Bytes it will hold in memory (CPU + GPU).
    pub bytes_resident: u64,
    /// What went wrong while the rest was kept.
    pub problems: Vec<Problem>,
}

/// Reads and decodes one payload (glb, gltf or b3dm by magic bytes).
pub fn decode_content(request: &DecodeRequest) -> Result<TileContent, Problem> {
    let _ = request;
    todo!()
}
