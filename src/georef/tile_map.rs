//! ECEF to site for one tile: a polynomial fitted to PROJ where that holds, PROJ per vertex where not.

use super::{Ecef, GeorefError, SitePos};

/// A map from ECEF to the site frame, valid in the ball it was made for.
#[derive(Debug, Clone)]
pub struct TileMap {}

impl TileMap {
    /// Maps one point.
    pub fn site_from_ecef(&self, p: Ecef) -> Result<SitePos, GeorefError> {
        let _ = p;
        todo!()
    }
}
