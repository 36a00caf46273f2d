//! Measured points as they are shown: in the site frame, in pieces that are drawn or not drawn together.

use crate::georef::SitePos;

/// A cloud of points in the site frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SitePoints {
    /// Square pieces of it.
    pub pieces: Vec<PointPiece>,
    /// How far its points lie apart on the ground, metres.
    pub spacing_m: f64,
    /// Whether they have colours of their own.
    pub has_colors: bool,
}

/// Points that lie in one square of ground.
///
/// # Invariant
/// `classes` has the length of `positions`; `colors` too, or is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct PointPiece {
    /// Where the offsets start.
    pub origin: SitePos,
    /// Offsets, metres, render axes.
    pub positions: Vec<[f32; 3]>,
    /// Straight sRGB, empty where the file has none.
    pub colors: Vec<[u8; 3]>,
    /// What they lie on, by the classes of ASPRS.
    pub classes: Vec<u8>,
}

impl SitePoints {
    /// How many points.
    pub fn count(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.positions.len() as u64).sum()
    }
}
