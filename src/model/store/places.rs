//! Where notes stand on the earth, so that they keep their place when the scenario's anchor moves.

use crate::georef::{LonLatH, RdNap, SiteFrame, SitePos};
use bevy::math::DVec3;

/// Since this step the coordinates of a row are those of its `frame`; rows from before stay in the site frame until they
/// are written again.
pub(super) const FRAMES: &str = "
ALTER TABLE notes ADD COLUMN frame TEXT NOT NULL DEFAULT 'site';
ALTER TABLE notes RENAME COLUMN x_m TO x;
ALTER TABLE notes RENAME COLUMN y_m TO y;
ALTER TABLE notes RENAME COLUMN z_m TO z;
ALTER TABLE notes RENAME COLUMN target_x_m TO target_x;
ALTER TABLE notes RENAME COLUMN target_y_m TO target_y;
ALTER TABLE notes RENAME COLUMN target_z_m TO target_z;";

/// What the three coordinates of a row are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlaceFrame {
    /// Metres from the scenario's anchor: data without a place, and rows of the first version.
    Site,
    /// RD New x and y, and NAP, metres.
    RdNap,
    /// Longitude and latitude, degrees, and height above the ellipsoid, metres.
    LonLatH,
}

impl PlaceFrame {
    /// The frame in which a scenario's notes are kept.
    pub(super) fn of(site: &SiteFrame) -> Self {
        match site {
            SiteFrame::RdNap { .. } => Self::RdNap,
            SiteFrame::Enu { .. } => Self::LonLatH,
            SiteFrame::Local => Self::Site,
        }
    }

    /// Its word in the database.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::RdNap => "rd_nap",
            Self::LonLatH => "lon_lat_h",
        }
    }

    /// The frame that the database calls `key`.
    pub(super) fn from_key(key: &str) -> Option<Self> {
        let all = [Self::Site, Self::RdNap, Self::LonLatH];
        all.into_iter().find(|frame| frame.key() == key)
    }

    /// A position as a row holds it; `None` where it has no coordinates in this frame.
    pub(super) fn row_from_site(self, site: &SiteFrame, at: SitePos) -> Option<DVec3> {
        match self {
            Self::Site => Some(at.0),
            Self::RdNap => {
                let place = site.rd_nap_from_site(at)?;
                Some(DVec3::new(place.x_m, place.y_m, place.nap_m))
            }
            Self::LonLatH => {
                let place = site.lon_lat_h_from_site(at).ok()?;
                Some(DVec3::new(place.lon_deg, place.lat_deg, place.h_m))
            }
        }
    }

    /// A row's coordinates as a position; `None` where that place is none in the scenario's frame.
    pub(super) fn site_from_row(self, site: &SiteFrame, row: DVec3) -> Option<SitePos> {
        let at = match self {
            Self::Site => Some(SitePos(row)),
            Self::RdNap => site
                .site_from_rd_nap(RdNap {
                    x_m: row.x,
                    y_m: row.y,
                    nap_m: row.z,
                })
                .ok(),
            Self::LonLatH => site
                .site_from_lon_lat_h(LonLatH {
                    lon_deg: row.x,
                    lat_deg: row.y,
                    h_m: row.z,
                })
                .ok(),
        };
        at.filter(|at| at.0.is_finite())
    }
}
