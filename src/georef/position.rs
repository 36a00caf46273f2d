//! Positions, each with its frame in its type.

use std::str::FromStr;

use bevy::math::{DVec3, Vec3};
use serde::{Deserialize, Serialize};

use super::GeorefError;

/// Earth-centred, earth-fixed position (EPSG:4978), metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ecef(pub DVec3);

/// Position in the site frame: metres from the area's anchor, x grid east, y grid north, z up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SitePos(pub DVec3);

/// Geographic position: degrees (ETRS89, taken equal to WGS 84) and ellipsoidal height in metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LonLatH {
    /// Longitude, degrees east.
    pub lon_deg: f64,
    /// Latitude, degrees north.
    pub lat_deg: f64,
    /// Height above the ellipsoid, metres.
    pub h_m: f64,
}

/// RD New and NAP (EPSG:7415), metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RdNap {
    /// RD x, metres east.
    pub x_m: f64,
    /// RD y, metres north.
    pub y_m: f64,
    /// Height above NAP, metres.
    pub nap_m: f64,
}

/// What a height in a file is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeightReference {
    /// Normaal Amsterdams Peil (EPSG:5709), orthometric.
    Nap,
    /// The ETRS89 / WGS 84 ellipsoid.
    Ellipsoid,
}

impl FromStr for HeightReference {
    type Err = GeorefError;

    /// The word as scenario files write it; any other is refused, never guessed: the two lie 43 m apart.
    fn from_str(name: &str) -> Result<Self, GeorefError> {
        match name {
            "nap" => Ok(Self::Nap),
            "ellipsoid" => Ok(Self::Ellipsoid),
            _ => Err(GeorefError::HeightReference {
                name: name.chars().take(64).collect(),
            }),
        }
    }
}

/// Where the render frame's zero lies in the site frame. The only way from `f64` to `f32`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RenderOrigin(pub SitePos);

impl RenderOrigin {
    /// Site position to render position: x east, y up, z south.
    pub fn render_from_site(&self, site: SitePos) -> Vec3 {
        let d = site.0 - self.0.0;
        Vec3::from_array(narrow(DVec3::new(d.x, d.z, -d.y)))
    }

    /// Render position back to the site frame.
    pub fn site_from_render(&self, render: Vec3) -> SitePos {
        let r = render.as_dvec3();
        SitePos(self.0.0 + DVec3::new(r.x, -r.z, r.y))
    }
}

/// A site-frame offset or direction turned into render axes (x east, y up, z south).
pub fn render_axes(site: DVec3) -> DVec3 {
    DVec3::new(site.x, site.z, -site.y)
}

/// Render axes turned back into site axes.
pub fn site_axes(render: DVec3) -> DVec3 {
    DVec3::new(render.x, -render.z, render.y)
}

/// The one place where `f64` becomes `f32`: use on small offsets only, never on whole coordinates.
#[expect(clippy::cast_possible_truncation, reason = "the one narrowing of the program")]
pub fn narrow(v: DVec3) -> [f32; 3] {
    [v.x as f32, v.y as f32, v.z as f32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn height_references_are_known_or_refused() {
        assert_eq!("nap".parse::<HeightReference>().unwrap(), HeightReference::Nap);
        assert_eq!(
            "ellipsoid".parse::<HeightReference>().unwrap(),
            HeightReference::Ellipsoid
        );
        let e = "taw".parse::<HeightReference>().unwrap_err().to_string();
        assert!(e.contains("taw"), "{e}");
    }

    #[test]
    fn render_axes_are_east_up_south_and_return() {
        let site = DVec3::new(1.0, 2.0, 3.0);
        assert_eq!(render_axes(site), DVec3::new(1.0, 3.0, -2.0));
        assert_eq!(site_axes(render_axes(site)), site);
        let origin = RenderOrigin(SitePos(DVec3::new(250_000.0, 476_000.0, 17.0)));
        let position = SitePos(DVec3::new(250_001.0, 476_002.0, 20.0));
        assert_eq!(origin.render_from_site(position), Vec3::new(1.0, 3.0, -2.0));
        assert_eq!(origin.site_from_render(Vec3::new(1.0, 3.0, -2.0)), position);
    }
}
