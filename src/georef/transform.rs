//! Any CRS to any CRS (`stadslens transform`).
use super::GeorefError;
/// A CRS by EPSG code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crs(pub u32);
/// A transformation between two CRSs for one thread.
pub struct Transformer {}
impl Transformer {
    /// Makes it.
    pub fn new(from: Crs, to: Crs) -> Result<Self, GeorefError> {
        let _ = (from, to);
        todo!()
    }
    /// Transforms x, y, z (x = east or longitude first; metres or degrees).
    pub fn convert(&self, p: [f64; 3]) -> Result<[f64; 3], GeorefError> {
        let _ = p;
        todo!()
    }
}
