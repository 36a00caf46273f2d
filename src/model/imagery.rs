//! Pictures of the ground from above, asked for square by square in the site frame.

use crate::sources::Problem;
use bevy::math::DVec2;
use std::fmt::Debug;

/// A square piece of a picture of the ground.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureTile {
    /// Pixels along a side.
    pub side_px: u32,
    /// Straight sRGB and alpha, rows north to south, `side_px` squared of them; alpha 0 where there is no picture.
    pub pixels: Vec<[u8; 4]>,
    /// What is damaged or could not be had of it, the first of it; that stays clear.
    pub problem: Option<Problem>,
}

/// A layer of imagery that answers any square of the ground, whatever projection and tiling it has itself.
pub trait GroundPicture: Debug + Send + Sync {
    /// Id of its layer.
    fn layer(&self) -> &str;

    /// South-west and north-east corner of what it covers, site metres.
    fn bounds(&self) -> (DVec2, DVec2);

    /// Metres on the ground that its finest pixels cover.
    fn finest_m(&self) -> f64;

    /// The square with its south-west corner at `low`, `side_m` along each side, site metres. `None` where it has no
    /// picture at all. Reads and decodes: never on the main thread.
    ///
    /// # Errors
    /// What is damaged in its files; the caller says it once and draws the ground without a picture there.
    fn picture(&self, low: DVec2, side_m: f64, side_px: u32) -> Result<Option<PictureTile>, Problem>;

    /// The host that is asked once the layer is looked at; `None` where the pictures are here.
    fn host(&self) -> Option<&str> {
        None
    }

    /// Forgets that the host did not answer: somebody wants it asked again.
    fn try_again(&self) {}
}
