//! One uploadable mesh with a feature row per vertex.

use crate::georef::SitePos;

/// An RGBA8 image, straight alpha, row by row from the top.
#[derive(Debug, Clone, PartialEq)]
pub struct Texture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
    /// Whether colours are sRGB encoded.
    pub srgb: bool,
}

/// Triangles with a feature row per vertex, in render axes, as offsets from [`FeatureMesh::origin`].
///
/// # Invariant
/// All vertex arrays that are not empty have the length of `positions`; every index is below it; every
/// feature is at most the table's row count (that value itself means "no feature").
#[derive(Debug, Clone)]
pub struct FeatureMesh {
    /// Where the offsets start.
    pub origin: SitePos,
    /// Offsets, metres, render axes.
    pub positions: Vec<[f32; 3]>,
    /// Unit normals, render axes.
    pub normals: Vec<[f32; 3]>,
    /// Feature row per vertex; the table's row count where there is none.
    pub features: Vec<u32>,
    /// Straight sRGB colour per vertex, empty when the file gives none (the view then uses its palette).
    pub colors: Vec<[u8; 4]>,
    /// Texture coordinates, empty when the texture is `None`.
    pub uvs: Vec<[f32; 2]>,
    /// Triangles.
    pub indices: Vec<u32>,
    /// Base colour texture.
    pub texture: Option<Texture>,
    /// Drawn from both sides.
    pub double_sided: bool,
    /// Drawn with blending.
    pub translucent: bool,
    /// Drawn without light.
    pub unlit: bool,
}

/// Line segments where two faces meet at an angle, for drawing edges: offsets as in the mesh.
#[derive(Debug, Clone, Default)]
pub struct CreaseEdges {
    /// Ends, two per segment, render axes.
    pub positions: Vec<[f32; 3]>,
    /// Feature row per end.
    pub features: Vec<u32>,
}
