//! Terrain as Cesium has it: tiles of quantized mesh 1.0 with a `layer.json` that says which there are.
//!
//! Specification: <https://github.com/CesiumGS/quantized-mesh>. Heights are ellipsoidal, the tiles those of the global
//! geodetic profile of TMS: two at level 0, rows from south to north.

mod decode;
mod encode;
mod layer;
mod pyramid_grid;
mod pyramid_writer;
mod sheets;
mod tile_id;
mod triangulate;

pub(super) use decode::unzip;
pub use decode::{MAX_MESH_BYTES, TerrainMesh, WaterMask, read_terrain_mesh};
pub use encode::{MeshVertex, write_terrain_mesh};
pub use layer::{Availability, MAX_LAYER_BYTES, TerrainLayer, read_terrain_layer, write_terrain_layer};
pub use pyramid_writer::{PyramidError, PyramidProgress, PyramidRequest, PyramidSummary, write_terrain_pyramid};
pub use sheets::TerrainSheet;
pub use tile_id::TileId;
