//! From a file's coordinates to the site frame, with the checks that catch swapped and foreign coordinates.

use crate::georef::{Crs, GeorefError, HeightReference, LonLatH, RdNap, SiteFrame, SitePos, Transformer};
pub(super) use crate::model::points::MAX_DISTANCE_M;
use crate::sources::crs_name;
use bevy::math::{DVec2, DVec3};

/// Where the x and y of a file go in the site frame.
pub(super) struct Projection {
    site: SiteFrame,
    kind: Kind,
    /// The CRS as messages name it.
    name: String,
}

enum Kind {
    /// RD New.
    Rd,
    /// Longitude and latitude, degrees.
    LonLat,
    /// Metres without a place, from this zero.
    Plain([f64; 2]),
    /// Any other CRS: to longitude and latitude and back, through PROJ.
    Other {
        to_lon_lat: Transformer,
        from_lon_lat: Transformer,
    },
}

impl Projection {
    /// A projection from the CRS called `name` (`EPSG:28992`, an OGC URN or URL, `CRS84`).
    pub(super) fn new(site: SiteFrame, name: &str) -> Result<Self, String> {
        let Some(Crs(code)) = crs_name::of_code_name(name) else {
            return Err(format!("the CRS `{name}` is not known: write it as `EPSG:28992`"));
        };
        let kind = match code {
            28992 | 7415 => Kind::Rd,
            4326 | 4258 | 4979 | 4937 => Kind::LonLat,
            _ => {
                let both = Transformer::new(Crs(code), Crs(LON_LAT))
                    .and_then(|to| Ok((to, Transformer::new(Crs(LON_LAT), Crs(code))?)));
                let (to_lon_lat, from_lon_lat) = both.map_err(|error| unusable(code, &error))?;
                Kind::Other {
                    to_lon_lat,
                    from_lon_lat,
                }
            }
        };
        Ok(Self {
            site,
            kind,
            name: format!("EPSG:{code}"),
        })
    }

    /// Longitude and latitude of `GeoJSON` without a `crs` (RFC 7946).
    pub(super) fn lon_lat(site: SiteFrame) -> Self {
        Self {
            site,
            kind: Kind::LonLat,
            name: "longitude, latitude".into(),
        }
    }

    /// Metres from `origin`, for a file and a site without a place.
    pub(super) fn plain(origin: [f64; 2]) -> Self {
        Self {
            site: SiteFrame::Local,
            kind: Kind::Plain(origin),
            name: "metres".into(),
        }
    }

    /// A file's point in the site frame; the text says what is wrong and what to check.
    pub(super) fn site_from_file(&self, point: [f64; 2]) -> Result<DVec2, String> {
        let [x, y] = point;
        if !x.is_finite() || !y.is_finite() {
            return Err(format!("the coordinate {x}, {y} is not a number"));
        }
        let distance = |p: DVec2| p.length();
        match self.project(point) {
            Ok(p) if p.is_finite() && distance(p) <= MAX_DISTANCE_M => Ok(p),
            result => {
                let swapped = self
                    .project([y, x])
                    .is_ok_and(|p| p.is_finite() && distance(p) <= MAX_DISTANCE_M);
                let advice = if swapped {
                    "x and y (longitude and latitude) seem to be swapped".into()
                } else {
                    format!("check the coordinate, and that it is written in {}", self.name)
                };
                Err(match result {
                    Ok(p) if p.is_finite() => format!(
                        "the point {x}, {y} lies {:.0} km from the anchor, more than {:.0} km: {advice}",
                        distance(p) / 1000.0,
                        MAX_DISTANCE_M / 1000.0
                    ),
                    Ok(_) => format!("the point {x}, {y} has no place here: {advice}"),
                    Err(error) => format!("{error}: {advice}"),
                })
            }
        }
    }

    /// The same without a look at how far it lies; `None` where the CRS or the site has no such place.
    pub(super) fn anywhere(&self, point: [f64; 2]) -> Option<DVec2> {
        self.project(point).ok().filter(|p| p.is_finite())
    }

    fn project(&self, [x, y]: [f64; 2]) -> Result<DVec2, GeorefError> {
        match (&self.kind, self.site) {
            // The common case needs no PROJ: both are RD.
            (Kind::Rd, SiteFrame::RdNap { anchor }) => Ok(DVec2::new(x - anchor.x_m, y - anchor.y_m)),
            (Kind::Rd, site) => {
                let position = RdNap {
                    x_m: x,
                    y_m: y,
                    nap_m: 0.0,
                };
                Ok(site.site_from_rd_nap(position)?.0.truncate())
            }
            (Kind::LonLat, _) => self.site_from_lon_lat(x, y),
            (Kind::Plain([zero_x, zero_y]), _) => Ok(DVec2::new(x - zero_x, y - zero_y)),
            (Kind::Other { to_lon_lat, .. }, _) => {
                let [lon, lat, _] = to_lon_lat.convert([x, y, 0.0])?;
                self.site_from_lon_lat(lon, lat)
            }
        }
    }

    fn site_from_lon_lat(&self, lon_deg: f64, lat_deg: f64) -> Result<DVec2, GeorefError> {
        let h_m = match self.site {
            SiteFrame::Enu { anchor } => anchor.h_m,
            _ => 0.0,
        };
        let site = self.site.site_from_lon_lat_h(LonLatH { lon_deg, lat_deg, h_m })?;
        Ok(site.0.truncate())
    }

    /// A site position in the file's coordinates.
    pub(super) fn file_from_site(&self, p: DVec2) -> Result<[f64; 2], GeorefError> {
        match (&self.kind, self.site) {
            (Kind::Rd, SiteFrame::RdNap { anchor }) => return Ok([p.x + anchor.x_m, p.y + anchor.y_m]),
            (Kind::Plain([x, y]), _) => return Ok([p.x + x, p.y + y]),
            _ => {}
        }
        let place = self.site.lon_lat_h_from_site(SitePos(p.extend(0.0)))?;
        match &self.kind {
            Kind::Rd => {
                let rd = self.site.rd_nap_from_site(SitePos(p.extend(0.0)));
                rd.map(|rd| [rd.x_m, rd.y_m]).ok_or(GeorefError::NoPlace)
            }
            Kind::LonLat | Kind::Plain(_) => Ok([place.lon_deg, place.lat_deg]),
            Kind::Other { from_lon_lat, .. } => {
                let [x, y, _] = from_lon_lat.convert([place.lon_deg, place.lat_deg, 0.0])?;
                Ok([x, y])
            }
        }
    }

    /// The CRS as messages name it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The site frame it leads to.
    pub(super) fn site(&self) -> &SiteFrame {
        &self.site
    }

    /// Whether x and y of the file run along those of the site frame at the same scale.
    pub(super) fn is_shift(&self) -> bool {
        matches!((&self.kind, self.site), (Kind::Rd, SiteFrame::RdNap { .. }))
    }
}

const LON_LAT: u32 = 4326;

/// What to say of a CRS whose number stands for nothing that coordinates on a map can be in.
pub(super) fn unusable(code: u32, error: &GeorefError) -> String {
    match error {
        GeorefError::Definition { .. } => format!(
            "EPSG:{code} is no CRS that is known here: check its number; in the Netherlands it is nearly always EPSG:28992"
        ),
        other => format!("the CRS EPSG:{code} cannot be used: {other}"),
    }
}

/// What a height of `reference` reads where the site frame's height is zero, at `p`, metres. Subtract it from a
/// height in a file to get the height in the site frame.
pub(super) fn height_at_site_zero_m(site: &SiteFrame, p: DVec2, reference: HeightReference) -> Result<f64, String> {
    let zero = SitePos(p.extend(0.0));
    match (site, reference) {
        (SiteFrame::Local, _) => Ok(0.0),
        (SiteFrame::RdNap { anchor }, HeightReference::Nap) => Ok(anchor.nap_m),
        (_, HeightReference::Ellipsoid) => {
            let place = site.lon_lat_h_from_site(zero).map_err(|error| error.to_string())?;
            Ok(place.h_m)
        }
        (SiteFrame::Enu { .. }, HeightReference::Nap) => site
            .rd_nap_from_site(zero)
            .map(|rd| rd.nap_m)
            .ok_or_else(|| "heights above NAP exist only in the Netherlands: use `ellipsoid`".into()),
    }
}

/// A site position from its parts.
pub(super) fn site_pos(p: DVec2, z_m: f64) -> SitePos {
    SitePos(DVec3::new(p.x, p.y, z_m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_no_crs_is_said_in_one_line() {
        let said = Projection::new(SiteFrame::Local, "EPSG:99999").err().unwrap();
        assert!(
            said.starts_with("EPSG:99999 is no CRS") && !said.contains("PROJ"),
            "{said}"
        );
    }

    fn lange_wemen() -> SiteFrame {
        SiteFrame::RdNap {
            anchor: RdNap {
                x_m: 251_000.0,
                y_m: 476_250.0,
                nap_m: 17.0,
            },
        }
    }

    #[test]
    fn rd_is_a_shift_and_far_points_say_what_to_check() {
        let rd = Projection::new(lange_wemen(), "EPSG:28992").unwrap();
        assert_eq!(rd.site_from_file([251_010.0, 476_240.0]), Ok(DVec2::new(10.0, -10.0)));
        let back = rd.file_from_site(DVec2::new(10.0, -10.0)).unwrap();
        assert_eq!(DVec2::from_array(back), DVec2::new(251_010.0, 476_240.0));
        let swapped = rd.site_from_file([476_240.0, 251_010.0]).unwrap_err();
        assert!(
            swapped.contains("319 km") && swapped.contains("seem to be swapped"),
            "{swapped}"
        );
        let far = rd.site_from_file([1.0, 2.0]).unwrap_err();
        assert!(far.contains("EPSG:28992"), "{far}");
        assert!(rd.site_from_file([f64::NAN, 0.0]).is_err());
    }
}
