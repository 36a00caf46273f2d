//! RDNAPTRANS2018 with NSGI's grids, both ways.
use super::{GeorefError, LonLatH, RdNap};
/// RD and, inside the quasi-geoid model, NAP of a geographic position.
pub fn rd_nap_from_lon_lat_h(p: LonLatH) -> Result<RdNap, GeorefError> {
    let _ = p;
    todo!()
}
/// Geographic position of RD + NAP.
pub fn lon_lat_h_from_rd_nap(p: RdNap) -> Result<LonLatH, GeorefError> {
    let _ = p;
    todo!()
}
/// Whether a point lies inside both grids.
pub fn in_rdnap_grid(lon_deg: f64, lat_deg: f64) -> bool {
    let _ = (lon_deg, lat_deg);
    todo!()
}
/// Transforms a known point and compares.
pub fn check_known_point() -> Result<(), GeorefError> {
    todo!()
}
