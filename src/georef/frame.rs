//! The site frame: metres from an anchor, in RD and NAP for Dutch areas, ENU elsewhere.

use bevy::math::{DMat3, DVec3};

use super::rdnap::{
    ecef_from_lon_lat_h, ecef_from_rd_nap, lon_lat_h_from_ecef, lon_lat_h_from_rd_nap, rd_from_lon_lat,
    rd_nap_from_ecef, rd_nap_from_lon_lat_h,
};
use super::{Ecef, GeorefError, LonLatH, RdNap, SitePos, TileMap, in_rdnap_grid};

/// RD x of the area in which RD is in use, metres: the country with its territorial sea, as EPSG bounds it.
const RD_X_M: [f64; 2] = [-7_000.0, 300_000.0];
/// RD y of the same area, metres.
const RD_Y_M: [f64; 2] = [289_000.0, 629_000.0];

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
    /// A frame for data around `center`: `RdNap` where RD is in use (x −7 to 300 km, y 289 to 629 km, and
    /// inside the grids), else `Enu`.
    ///
    /// The anchor of an `RdNap` frame is rounded to whole metres in x and y, so that differences from it read
    /// well; its height is the NAP of the centre. The bounds hold strips of Belgium and Germany too, where
    /// RD and NAP are defined all the same.
    pub fn around(center: LonLatH) -> Self {
        let within = |v: f64, [low, high]: [f64; 2]| v >= low && v <= high;
        match rd_nap_from_lon_lat_h(center) {
            Ok(rd)
                if in_rdnap_grid(center.lon_deg, center.lat_deg)
                    && within(rd.x_m, RD_X_M)
                    && within(rd.y_m, RD_Y_M) =>
            {
                Self::RdNap {
                    anchor: RdNap {
                        x_m: rd.x_m.round(),
                        y_m: rd.y_m.round(),
                        nap_m: rd.nap_m,
                    },
                }
            }
            // Outside the model, which is no fault here.
            _ => Self::Enu { anchor: center },
        }
    }

    /// ECEF to site.
    pub fn site_from_ecef(&self, p: Ecef) -> Result<SitePos, GeorefError> {
        match self {
            Self::RdNap { anchor } => Ok(from_anchor(*anchor, rd_nap_from_ecef(p)?)),
            Self::Enu { anchor } => {
                let (rotation, zero) = ecef_from_enu(*anchor)?;
                // The difference first: both terms are millions of metres, their rotation would lose digits.
                Ok(SitePos(rotation.transpose() * (p.0 - zero)))
            }
            Self::Local => Err(GeorefError::NoPlace),
        }
    }

    /// Site to ECEF.
    pub fn ecef_from_site(&self, p: SitePos) -> Result<Ecef, GeorefError> {
        match self {
            Self::RdNap { anchor } => ecef_from_rd_nap(to_anchor(*anchor, p)),
            Self::Enu { anchor } => {
                let (rotation, zero) = ecef_from_enu(*anchor)?;
                Ok(Ecef(zero + rotation * p.0))
            }
            Self::Local => Err(GeorefError::NoPlace),
        }
    }

    /// Geographic to site.
    pub fn site_from_lon_lat_h(&self, p: LonLatH) -> Result<SitePos, GeorefError> {
        match self {
            Self::RdNap { anchor } => Ok(from_anchor(*anchor, rd_nap_from_lon_lat_h(p)?)),
            Self::Enu { .. } => self.site_from_ecef(ecef_from_lon_lat_h(p)?),
            Self::Local => Err(GeorefError::NoPlace),
        }
    }

    /// Site to geographic.
    pub fn lon_lat_h_from_site(&self, p: SitePos) -> Result<LonLatH, GeorefError> {
        match self {
            Self::RdNap { anchor } => lon_lat_h_from_rd_nap(to_anchor(*anchor, p)),
            Self::Enu { .. } => lon_lat_h_from_ecef(self.ecef_from_site(p)?),
            Self::Local => Err(GeorefError::NoPlace),
        }
    }

    /// RD + NAP to site.
    pub fn site_from_rd_nap(&self, p: RdNap) -> Result<SitePos, GeorefError> {
        match self {
            Self::RdNap { anchor } => Ok(from_anchor(*anchor, p)),
            Self::Enu { .. } => self.site_from_lon_lat_h(lon_lat_h_from_rd_nap(p)?),
            Self::Local => Err(GeorefError::NoPlace),
        }
    }

    /// Site to RD + NAP; `None` outside the Dutch grids.
    pub fn rd_nap_from_site(&self, p: SitePos) -> Option<RdNap> {
        match self {
            Self::RdNap { anchor } => Some(to_anchor(*anchor, p)),
            Self::Enu { .. } => rd_nap_from_lon_lat_h(self.lon_lat_h_from_site(p).ok()?).ok(),
            Self::Local => None,
        }
    }

    /// Grid bearing = true azimuth − this, radians (0 for ENU and local frames).
    ///
    /// Some PROJ calls: keep the result instead of asking every frame. Taken at the anchor; it changes by
    /// 0.01° over 0.9 km east or west.
    pub fn grid_convergence_rad(&self) -> f64 {
        let Self::RdNap { anchor } = self else { return 0.0 };
        // True north as the grid sees it, between two points some 110 m north and south: far enough for
        // ten digits, near enough not to feel the meridian's curve or the grids' cells.
        let step_deg = 0.001;
        let north = lon_lat_h_from_rd_nap(*anchor).and_then(|p| {
            Ok(rd_from_lon_lat(p.lon_deg, p.lat_deg + step_deg)? - rd_from_lon_lat(p.lon_deg, p.lat_deg - step_deg)?)
        });
        // A frame whose own anchor cannot be transformed has no azimuths; every position asked of it says so.
        north.map_or(0.0, |n| -n.x.atan2(n.y))
    }

    /// A fast map from ECEF to site for the ball around `center`, within 0.6 mm of PROJ.
    ///
    /// In a [`SiteFrame::Local`] frame, whose tiles have no ECEF coordinates, the map is the identity.
    pub fn tile_map(&self, center: Ecef, radius_m: f64) -> Result<TileMap, GeorefError> {
        TileMap::new(*self, center, |_| DVec3::splat(radius_m))
    }

    /// As [`SiteFrame::tile_map`], for a box around `center` with these half sizes along the axes of ECEF.
    pub fn tile_map_of_box(&self, center: Ecef, half_m: DVec3) -> Result<TileMap, GeorefError> {
        TileMap::new(*self, center, |site_from_ecef| {
            let [x, y, z] = [site_from_ecef.x_axis, site_from_ecef.y_axis, site_from_ecef.z_axis];
            x.abs() * half_m.x + y.abs() * half_m.y + z.abs() * half_m.z
        })
    }

    /// Site from ECEF where that is one rigid move: ENU, and the identity of a local frame. As a rotation
    /// and the ECEF position of zero, to be subtracted first.
    pub(super) fn rigid_site_from_ecef(&self) -> Result<Option<(DMat3, DVec3)>, GeorefError> {
        match self {
            Self::RdNap { .. } => Ok(None),
            Self::Enu { anchor } => ecef_from_enu(*anchor).map(|(rotation, zero)| Some((rotation.transpose(), zero))),
            Self::Local => Ok(Some((DMat3::IDENTITY, DVec3::ZERO))),
        }
    }
}

/// Columns east, north and up at a longitude and latitude (degrees), in ECEF.
pub fn east_north_up(lon_deg: f64, lat_deg: f64) -> DMat3 {
    let (sin_lon, cos_lon) = lon_deg.to_radians().sin_cos();
    let (sin_lat, cos_lat) = lat_deg.to_radians().sin_cos();
    DMat3::from_cols(
        DVec3::new(-sin_lon, cos_lon, 0.0),
        DVec3::new(-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat),
        DVec3::new(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat),
    )
}

fn ecef_from_enu(anchor: LonLatH) -> Result<(DMat3, DVec3), GeorefError> {
    Ok((
        east_north_up(anchor.lon_deg, anchor.lat_deg),
        ecef_from_lon_lat_h(anchor)?.0,
    ))
}

fn from_anchor(anchor: RdNap, p: RdNap) -> SitePos {
    SitePos(DVec3::new(
        p.x_m - anchor.x_m,
        p.y_m - anchor.y_m,
        p.nap_m - anchor.nap_m,
    ))
}

fn to_anchor(anchor: RdNap, p: SitePos) -> RdNap {
    RdNap {
        x_m: anchor.x_m + p.0.x,
        y_m: anchor.y_m + p.0.y,
        nap_m: anchor.nap_m + p.0.z,
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "frames without convergence say exactly zero")]
mod tests {
    use super::*;

    const HENGELO: LonLatH = LonLatH {
        lon_deg: 6.793_564_4,
        lat_deg: 52.265_889_9,
        h_m: 60.417,
    };
    const DELAWARE: LonLatH = LonLatH {
        lon_deg: -75.5,
        lat_deg: 39.7,
        h_m: 10.0,
    };

    #[test]
    fn the_frame_is_dutch_where_rd_is_in_use_and_enu_elsewhere() {
        let SiteFrame::RdNap { anchor } = SiteFrame::around(HENGELO) else {
            panic!("Hengelo is Dutch")
        };
        assert_eq!((anchor.x_m, anchor.y_m), (251_000.0, 476_250.0));
        assert!((anchor.nap_m - 17.0).abs() < 0.001, "{anchor:?}");
        for (lon_deg, lat_deg, dutch) in [
            (4.9, 52.37, true),
            (5.69, 50.85, true),
            (-75.5, 39.7, false),
            // In the grids, but Paris' and Hamburg's side of them.
            (2.5, 50.1, false),
            (7.9, 55.9, false),
            (7.8, 52.2, false),
            (f64::NAN, 52.0, false),
        ] {
            let frame = SiteFrame::around(LonLatH {
                lon_deg,
                lat_deg,
                h_m: 40.0,
            });
            assert_eq!(
                matches!(frame, SiteFrame::RdNap { .. }),
                dutch,
                "{lon_deg} {lat_deg}: {frame:?}"
            );
        }
    }

    #[test]
    fn every_way_through_a_frame_returns() {
        for center in [HENGELO, DELAWARE] {
            let frame = SiteFrame::around(center);
            for offset in [
                DVec3::ZERO,
                DVec3::new(812.5, -431.25, 35.5),
                DVec3::new(-2_500.0, 4_000.0, -20.0),
            ] {
                let site = SitePos(offset);
                let ways = [
                    frame.site_from_ecef(frame.ecef_from_site(site).unwrap()).unwrap(),
                    frame
                        .site_from_lon_lat_h(frame.lon_lat_h_from_site(site).unwrap())
                        .unwrap(),
                ];
                for back in ways {
                    assert!(
                        (back.0 - offset).length() < 1e-4,
                        "{frame:?}: {offset} came back as {}",
                        back.0
                    );
                }
                let rd_nap = frame.rd_nap_from_site(site);
                assert_eq!(rd_nap.is_some(), center == HENGELO);
                if let Some(rd_nap) = rd_nap {
                    assert!((frame.site_from_rd_nap(rd_nap).unwrap().0 - offset).length() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn enu_stands_east_north_and_up() {
        let frame = SiteFrame::around(DELAWARE);
        let up = frame.site_from_lon_lat_h(LonLatH { h_m: 110.0, ..DELAWARE }).unwrap().0;
        assert!((up - DVec3::new(0.0, 0.0, 100.0)).length() < 1e-6, "{up}");
        let north = frame
            .site_from_lon_lat_h(LonLatH {
                lat_deg: 39.701,
                ..DELAWARE
            })
            .unwrap()
            .0;
        assert!(
            north.x.abs() < 1e-6 && (north.y - 111.03).abs() < 0.05 && north.z < 0.0,
            "{north}"
        );
        let east = frame
            .site_from_lon_lat_h(LonLatH {
                lon_deg: -75.499,
                ..DELAWARE
            })
            .unwrap()
            .0;
        assert!((east.x - 85.75).abs() < 0.1 && east.y.abs() < 0.01, "{east}");
        assert_eq!(frame.grid_convergence_rad(), 0.0);
    }

    /// In an ENU frame inside the Netherlands (a site that chose it), RD and NAP come out all the same.
    #[test]
    fn enu_inside_the_grids_still_knows_rd_and_nap() {
        let frame = SiteFrame::Enu { anchor: HENGELO };
        let rd = frame.rd_nap_from_site(SitePos(DVec3::ZERO)).unwrap();
        assert!(
            (rd.x_m - 251_000.0).abs() < 0.01 && (rd.nap_m - 17.0).abs() < 0.001,
            "{rd:?}"
        );
        assert!(frame.site_from_rd_nap(rd).unwrap().0.length() < 1e-4);
    }

    #[test]
    fn a_grid_bearing_at_hengelo_is_the_true_azimuth_less_1_111_degrees() {
        let frame = SiteFrame::around(HENGELO);
        let convergence_deg = frame.grid_convergence_rad().to_degrees();
        assert!((convergence_deg - 1.111).abs() < 0.001, "{convergence_deg}");
        // The same held against the definition: a point due true north of the anchor.
        let north = frame
            .site_from_lon_lat_h(LonLatH {
                lat_deg: HENGELO.lat_deg + 0.01,
                ..HENGELO
            })
            .unwrap()
            .0;
        let grid_bearing_deg = north.x.atan2(north.y).to_degrees();
        assert!(
            (grid_bearing_deg - (0.0 - convergence_deg)).abs() < 0.001,
            "{grid_bearing_deg}"
        );
    }

    #[test]
    fn local_data_has_no_place() {
        let p = SitePos(DVec3::ONE);
        let frame = SiteFrame::Local;
        assert!(matches!(frame.ecef_from_site(p), Err(GeorefError::NoPlace)));
        assert!(matches!(frame.lon_lat_h_from_site(p), Err(GeorefError::NoPlace)));
        assert!(matches!(
            frame.site_from_ecef(Ecef(DVec3::ONE)),
            Err(GeorefError::NoPlace)
        ));
        assert!(matches!(frame.site_from_lon_lat_h(HENGELO), Err(GeorefError::NoPlace)));
        assert_eq!(frame.rd_nap_from_site(p), None);
        assert_eq!(frame.grid_convergence_rad(), 0.0);
    }
}
