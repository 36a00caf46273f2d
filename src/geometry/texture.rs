//! Pictures on meshes, as they go to the graphics card.

/// How the texels of a [`Texture`] lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TexelFormat {
    /// Four bytes a texel: red, green, blue and straight alpha.
    #[default]
    Rgba8,
    /// BC7: 16 bytes for each block of 4 by 4 texels; width and height are multiples of 4.
    Bc7,
}

impl TexelFormat {
    /// Bytes of one level of `width` by `height` texels.
    pub fn level_bytes(self, width: u32, height: u32) -> u64 {
        match self {
            Self::Rgba8 => u64::from(width) * u64::from(height) * 4,
            Self::Bc7 => u64::from(width.div_ceil(4)) * u64::from(height.div_ceil(4)) * 16,
        }
    }
}

/// What the graphics card takes, which decides what compressed pictures are unpacked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextureSupport {
    /// BC7, a quarter of the memory of plain texels.
    pub bc7: bool,
}

/// What lies beyond the edge of a [`Texture`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Wrap {
    /// The same picture again.
    #[default]
    Repeat,
    /// The same picture, mirrored every other time.
    Mirror,
    /// The texels of the edge.
    Clamp,
}

/// A picture, straight alpha, row by row from the top.
#[derive(Debug, Clone, PartialEq)]
pub struct Texture {
    /// Width of the first level in texels.
    pub width: u32,
    /// Height of the first level in texels.
    pub height: u32,
    /// How the texels lie.
    pub format: TexelFormat,
    /// How many levels there are, each half as wide and high as the one before; at least 1.
    pub levels: u32,
    /// All levels, the largest first.
    pub texels: Vec<u8>,
    /// Whether colours are sRGB encoded.
    pub srgb: bool,
    /// What lies beyond its edges, to the sides and above and below.
    pub wrap: [Wrap; 2],
    /// Where alpha, times that of the vertex, is below this there is a hole; `None` for a picture without holes.
    pub cutoff: Option<f32>,
}

impl Texture {
    /// A picture in sRGB of one level without holes. `rgba` has four bytes a texel.
    pub fn plain(width: u32, height: u32, rgba: Vec<u8>) -> Self {
        Self {
            width,
            height,
            format: TexelFormat::Rgba8,
            levels: 1,
            texels: rgba,
            srgb: true,
            wrap: [Wrap::Repeat; 2],
            cutoff: None,
        }
    }
}
