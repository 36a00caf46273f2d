//! The site frame: metres from an anchor, in RD and NAP for Dutch areas, ENU elsewhere.

use super::{Ecef, GeorefError, LonLatH, RdNap, SitePos, TileMap};

/// Where a site stands. Cheap to copy, usable from any thread (PROJ objects are per thread inside).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SiteFrame {
    /// Dutch: x, y RD minus the anchor's, z NAP minus the anchor's.
    RdNap {
        /// Zero of the frame.
        anchor: RdNap,
    },
    /// Anywhere else: the tangent plane at the anchor (x east, y true north, z up).
    Enu {
        /// Zero of the frame.
        anchor: LonLatH,
    },
    /// Data without a place: coordinates as they are, z up.
    Local,
}

impl SiteFrame {
    /// A frame for data around `center`: `RdNap` inside the Dutch grids over land, else `Enu`.
    pub fn around(center: LonLatH) -> Self {
        let _ = center;
        todo!()
    }
    /// ECEF to site.
    pub fn site_from_ecef(&self, p: Ecef) -> Result<SitePos, GeorefError> {
        let _ = p;
        todo!()
    }
    /// Site to ECEF.
    pub fn ecef_from_site(&self, p: SitePos) -> Result<Ecef, GeorefError> {
        let _ = p;
        todo!()
    }
    /// Geographic to site.
    pub fn site_from_lon_lat_h(&self, p: LonLatH) -> Result<SitePos, GeorefError> {
        let _ = p;
        todo!()
    }
    /// Site to geographic.
    pub fn lon_lat_h_from_site(&self, p: SitePos) -> Result<LonLatH, GeorefError> {
        let _ = p;
        todo!()
    }
    /// RD + NAP to site.
    pub fn site_from_rd_nap(&self, p: RdNap) -> Result<SitePos, GeorefError> {
        let _ = p;
        todo!()
    }
    /// Site to RD + NAP; `None` outside the Dutch grids.
    pub fn rd_nap_from_site(&self, p: SitePos) -> Option<RdNap> {
        let _ = p;
        todo!()
    }
    /// Grid bearing = true azimuth − this, radians (0 for ENU and local frames).
    pub fn grid_convergence_rad(&self) -> f64 {
        todo!()
    }
    /// A fast map from ECEF to site for the ball around `center`, exact to 0.6 mm up to 2 km.
    pub fn tile_map(&self, center: Ecef, radius_m: f64) -> Result<TileMap, GeorefError> {
        let _ = (center, radius_m);
        todo!()
    }
}
