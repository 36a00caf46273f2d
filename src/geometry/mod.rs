//! Meshes, feature tables, BVH and polygons: plain data, no ECS, no files.
//!
//! Meshes stand in render axes (x east, y up, z south) as `f32` offsets from an `f64` site position.

mod boxes;
mod bvh;
mod copies;
mod features;
mod marks;
mod mesh;
pub mod polygon;
mod region;
mod surface_values;
mod texels;
mod texture;
mod vertex_values;

pub use boxes::BoxIndex;
pub use bvh::{MeshBvh, Ray, RayHit};
pub use copies::{CopyPlace, ModelCopies};
pub use features::{Column, FeatureTable, Value};
pub use marks::{FeatureLines, FeatureMarks, FeaturePoints};
pub use mesh::{CreaseEdges, FeatureMesh};
pub use polygon::Polygon;
pub use region::Region;
pub use surface_values::{Surface, SurfaceSpan, SurfaceValues, nearest};
pub use texels::{ReadTexel, TexelProperty, Texels};
pub use texture::{TexelFormat, Texture, TextureSupport, Wrap};
pub use vertex_values::{OtherRows, ReadCorners, RowSource, VertexProperty};
