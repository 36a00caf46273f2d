//! How the coordinates of a point file become places of the site.
//!
//! Heights: those of RD with NAP and of systems that have heights of their own are theirs. Where a system has none, the
//! layer says what they are measured from, as it does for a terrain.

use super::MAX_DISTANCE_M;
use crate::georef::{self, Crs, GeorefError, HeightReference, LonLatH, RdNap, SiteFrame, SitePos, Transformer};
use crate::sources::{Cause, Problem};
use bevy::math::DVec3;

/// Systems with heights above the ellipsoid.
const ELLIPSOIDAL: [u32; 3] = [4978, 4979, 4937];

/// The way from a file to a site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placing {
    site: SiteFrame,
    way: Way,
    /// Taken off every height of the file, metres.
    down_m: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// RD and NAP as they are.
    RdNap,
    /// To RD and NAP through PROJ.
    ToRdNap(Crs),
    /// To RD through PROJ, heights as they are.
    ToRd(Crs),
    /// To longitude and latitude through PROJ, heights as they are.
    ToLonLat(Crs),
    /// To longitude, latitude and height above the ellipsoid through PROJ.
    ToLonLatH(Crs),
    /// Metres around this place.
    Local(DVec3),
}

/// Why a file's coordinates have no place.
#[derive(Debug, thiserror::Error)]
pub enum PlacingError {
    /// The file names no system, and its coordinates are not those of RD.
    #[error("{said}; write it in, for example with las2las -epsg 28992")]
    NoCrs {
        /// What the file says instead.
        said: String,
    },
    /// The system cannot be used.
    #[error("its CRS cannot be used: {source}")]
    Crs {
        /// What is the matter with it.
        #[source]
        source: GeorefError,
    },
    /// Heights above the ellipsoid cannot be had in this site.
    #[error("heights above the ellipsoid cannot be used here: {reason}")]
    Heights {
        /// What is the matter.
        reason: String,
    },
}

impl From<GeorefError> for PlacingError {
    fn from(source: GeorefError) -> Self {
        Self::Crs { source }
    }
}

impl PlacingError {
    /// The same as a problem of the file called `path`.
    pub fn problem(&self, path: &str) -> Problem {
        Problem::error(path, "crs", self.to_string()).because(Cause::Place)
    }
}

/// Places the points of one file, on one thread.
pub struct Placer<'a> {
    placing: &'a Placing,
    to: Option<Transformer>,
}

impl Placing {
    /// Metres around a place of the file, in a site without a place on earth.
    pub fn local(zero: DVec3) -> Self {
        Self::along(SiteFrame::Local, Way::Local(zero))
    }

    fn along(site: SiteFrame, way: Way) -> Self {
        Self { site, way, down_m: 0.0 }
    }

    /// The way into a site that is made for the file: its zero stands at `middle`, a place of the file. The text is what
    /// has to be said of its heights.
    pub fn around(crs: Crs, middle: DVec3) -> Result<(Self, SiteFrame, Option<String>), PlacingError> {
        if crs == Crs::RD || crs == Crs::RD_NAP {
            let site = at_height(around(Crs::RD, middle)?, middle.z);
            return Ok((Self::along(site, Way::RdNap), site, None));
        }
        let site = around(crs, middle)?;
        if !matches!(site, SiteFrame::RdNap { .. }) {
            let message = "its heights are taken as heights above the ellipsoid".to_owned();
            return Ok((Self::along(site, Way::ToLonLat(crs)), site, Some(message)));
        }
        if let Ok(to) = Transformer::new(crs, Crs::RD_NAP)
            && let Ok([_, _, nap_m]) = to.convert(middle.to_array())
        {
            let site = at_height(site, nap_m);
            return Ok((Self::along(site, Way::ToRdNap(crs)), site, None));
        }
        let site = at_height(site, middle.z);
        let message = format!("{crs} says nothing of heights; they are taken as NAP");
        Ok((Self::along(site, Way::ToRd(crs)), site, Some(message)))
    }

    /// The way into a site that is there. `at` is a place of the file, where an offset between heights is taken.
    pub fn into_site(site: SiteFrame, crs: Crs, reference: HeightReference, at: DVec3) -> Result<Self, PlacingError> {
        let has_heights = ELLIPSOIDAL.contains(&crs.0);
        let is_dutch = matches!(site, SiteFrame::RdNap { .. });
        if matches!(site, SiteFrame::Local) {
            return Ok(Self::local(DVec3::ZERO));
        }
        if crs == Crs::RD || crs == Crs::RD_NAP {
            let mut placing = Self::along(site, Way::RdNap);
            if crs == Crs::RD && reference == HeightReference::Ellipsoid {
                let place = site.site_from_rd_nap(RdNap {
                    x_m: at.x,
                    y_m: at.y,
                    nap_m: 0.0,
                })?;
                placing.down_m = site.lon_lat_h_from_site(place)?.h_m;
            }
            return Ok(placing);
        }
        let way = match (is_dutch, has_heights || reference == HeightReference::Ellipsoid) {
            (true, true) => Way::ToRdNap(crs),
            (true, false) => Way::ToRd(crs),
            (false, true) => Way::ToLonLatH(crs),
            (false, false) => {
                let reason = "outside the Netherlands they are not above NAP; say `ellipsoid` in `height_reference`";
                return Err(PlacingError::Heights { reason: reason.into() });
            }
        };
        let placing = Self::along(site, way);
        placing.placer()?;
        Ok(placing)
    }

    /// Where the points of a file go on this thread.
    ///
    /// # Errors
    /// Where PROJ does not know the way.
    pub fn placer(&self) -> Result<Placer<'_>, PlacingError> {
        let to = match self.way {
            Way::RdNap | Way::Local(_) => None,
            Way::ToRdNap(crs) => Some(Transformer::new(crs, Crs::RD_NAP)?),
            Way::ToRd(crs) => Some(Transformer::new(crs, Crs::RD)?),
            Way::ToLonLat(crs) => Some(Transformer::new(crs, Crs(4326))?),
            Way::ToLonLatH(crs) => Some(Transformer::new(crs, Crs(4979))?),
        };
        Ok(Placer { placing: self, to })
    }

    /// Whether a place of the file can lie in the site, as far as that is known without PROJ: strays far away would make
    /// a tree of empty space.
    pub fn may_hold(&self, p: DVec3) -> bool {
        let zero = match (self.way, self.site) {
            (Way::RdNap, SiteFrame::RdNap { anchor }) => DVec3::new(anchor.x_m, anchor.y_m, anchor.nap_m),
            (Way::Local(zero), _) => zero,
            _ => return true,
        };
        p.distance_squared(zero) <= MAX_DISTANCE_M * MAX_DISTANCE_M
    }
}

impl Placer<'_> {
    /// A place of the file in the site, metres; `None` where it has none.
    pub fn place(&self, p: DVec3) -> Option<DVec3> {
        let site = &self.placing.site;
        let p = p - DVec3::Z * self.placing.down_m;
        let rd = |[x_m, y_m]: [f64; 2], nap_m: f64| site.site_from_rd_nap(RdNap { x_m, y_m, nap_m }).ok();
        let lon_lat = |[lon_deg, lat_deg]: [f64; 2], h_m: f64| {
            let place = LonLatH { lon_deg, lat_deg, h_m };
            site.site_from_lon_lat_h(place).ok()
        };
        let to = self.to.as_ref();
        let placed = match self.placing.way {
            Way::RdNap => rd([p.x, p.y], p.z),
            Way::ToRdNap(_) => {
                let [x, y, nap_m] = to?.convert(p.to_array()).ok()?;
                rd([x, y], nap_m)
            }
            Way::ToRd(_) => rd(to?.convert_flat([p.x, p.y]).ok()?, p.z),
            Way::ToLonLat(_) => lon_lat(to?.convert_flat([p.x, p.y]).ok()?, p.z),
            Way::ToLonLatH(_) => {
                let [lon_deg, lat_deg, h_m] = to?.convert(p.to_array()).ok()?;
                lon_lat([lon_deg, lat_deg], h_m)
            }
            Way::Local(zero) => Some(SitePos(p - zero)),
        };
        placed.map(|p| p.0).filter(|p| p.is_finite())
    }
}

/// Whether places of a file that names no system can be RD.
pub fn fits_rd(mut places: impl Iterator<Item = DVec3>) -> bool {
    places.all(|p| georef::fits_rd(p.truncate(), p.truncate()))
}

fn around(crs: Crs, middle: DVec3) -> Result<SiteFrame, GeorefError> {
    let [lon_deg, lat_deg] = Transformer::new(crs, Crs(4326))?.convert_flat([middle.x, middle.y])?;
    Ok(SiteFrame::around(LonLatH {
        lon_deg,
        lat_deg,
        h_m: middle.z,
    }))
}

/// The frame with its zero at this height.
fn at_height(site: SiteFrame, height_m: f64) -> SiteFrame {
    match site {
        SiteFrame::RdNap { anchor } => SiteFrame::RdNap {
            anchor: RdNap {
                nap_m: height_m,
                ..anchor
            },
        },
        other => other,
    }
}
