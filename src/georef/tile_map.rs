//! ECEF to site for one tile: polynomials fitted to PROJ where that holds, PROJ per vertex where not.
//!
//! RD is not a rigid move away from ECEF: over 1 km the earth curves 8 cm away and the map's scale changes.
//! PROJ maps a million points a second; a polynomial a hundred times as many. Degree 2 in squares of 1.2 km stays
//! within 0.6 mm of PROJ. What remains are the kinks at the borders of the grids' cells; where they are strong, a square
//! has 4 or 16 polynomials. Squares lie on a grid over the country and are fitted once for all tiles ([`super::cells`]).
//! Larger tiles, and vertices outside the box they were promised in, go through PROJ one by one.
//!
//! An ENU frame is a rigid move, which holds everywhere.
//!
//! Rejected: one matrix per tile, which is 2.5 mm off at 125 m and 8 cm at 1 km; and one polynomial for a
//! large tile, which where the quasi-geoid is rough (Limburg) is 1.1 mm off at 2 km, with degree 3 still 0.9.

use bevy::math::{DMat3, DMat4, DVec3};

use super::cells::Cells;
use super::near::{NearMap, turn_normals};
use super::{Ecef, GeorefError, LocalBox, SiteFrame, SitePos, narrow, render_axes};

/// Half the distance of the central differences for the map's linear part, metres.
const GRADIENT_STEP_M: f64 = 1.0;

/// A map from ECEF to the site frame, made for one box. Points outside the box are mapped rightly too,
/// only slower. Cheap to share between threads.
#[derive(Debug, Clone)]
pub struct TileMap {
    frame: SiteFrame,
    jacobian: DMat3,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// `rotation * (ecef - zero)`.
    Rigid {
        rotation: DMat3,
        zero: DVec3,
    },
    Cells {
        cells: Cells,
        /// RD and NAP of the site's zero.
        zero: DVec3,
    },
    PerVertex,
}

impl TileMap {
    /// `reach_m` says from the linear part of the map at `center` how far what is to be mapped reaches around it, metres
    /// along the axes of the site.
    pub(super) fn new(
        frame: SiteFrame,
        center: Ecef,
        reach_m: impl FnOnce(&DMat3) -> DVec3,
    ) -> Result<Self, GeorefError> {
        if let Some((rotation, zero)) = frame.rigid_site_from_ecef()? {
            return Ok(Self {
                frame,
                jacobian: rotation,
                kind: Kind::Rigid { rotation, zero },
            });
        }
        let jacobian = difference_gradient(&frame, center)?;
        let SiteFrame::RdNap { anchor } = frame else {
            let kind = Kind::PerVertex;
            return Ok(Self { frame, jacobian, kind });
        };
        let zero = DVec3::new(anchor.x_m, anchor.y_m, anchor.nap_m);
        let at_center = frame.site_from_ecef(center)?.0 + zero;
        let cells = Cells::under(center, at_center, jacobian, reach_m(&jacobian));
        let kind = cells.map_or(Kind::PerVertex, |cells| Kind::Cells { cells, zero });
        Ok(Self { frame, jacobian, kind })
    }

    /// Maps one point.
    ///
    /// # Errors
    /// [`GeorefError::Outside`] where the site frame has no coordinates (outside the Dutch grids).
    pub fn site_from_ecef(&self, p: Ecef) -> Result<SitePos, GeorefError> {
        match &self.kind {
            Kind::Rigid { rotation, zero } => Ok(SitePos(*rotation * (p.0 - *zero))),
            Kind::Cells { cells, zero } => match cells.rd_nap(p.0) {
                Some(rd_nap) => Ok(SitePos(rd_nap - *zero)),
                None => self.frame.site_from_ecef(p),
            },
            Kind::PerVertex => self.frame.site_from_ecef(p),
        }
    }

    /// The linear part of the map at the centre, site from ECEF: a rotation but for RD's scale of about
    /// 0.9999. For normals prefer [`TileMap::map_local_normals`].
    pub fn jacobian(&self) -> DMat3 {
        self.jacobian
    }

    /// Maps vertices in bulk: from a tile's own axes to render axes (x east, y up, z south) as `f32`
    /// offsets in metres from `origin`. Replaces the contents of `out`, one for one.
    ///
    /// `ecef_from_local` must be affine (bottom row 0 0 0 1), as tile and node transforms are. What the
    /// rounding of `f32` adds is at most 0.2 mm and a step of `f32` at the distance from `origin`.
    ///
    /// # Errors
    /// [`GeorefError::Outside`] at the first vertex that has no site coordinates or is not finite; `out` is
    /// then empty.
    pub fn map_local(
        &self,
        ecef_from_local: DMat4,
        origin: SitePos,
        local: &[[f32; 3]],
        out: &mut Vec<[f32; 3]>,
    ) -> Result<(), GeorefError> {
        self.map_within(ecef_from_local, origin, local, LocalBox::of(local), out)
    }

    /// As [`TileMap::map_local`], where the box around the vertices is known; `None` where one is no finite number.
    pub(crate) fn map_within(
        &self,
        ecef_from_local: DMat4,
        origin: SitePos,
        local: &[[f32; 3]],
        within: Option<LocalBox>,
        out: &mut Vec<[f32; 3]>,
    ) -> Result<(), GeorefError> {
        out.clear();
        out.reserve(local.len());
        let linear = DMat3::from_mat4(ecef_from_local);
        let translation = ecef_from_local.w_axis.truncate();
        let exact = |v: DVec3| {
            self.frame
                .site_from_ecef(Ecef(linear * v + translation))
                .map(|s| s.0 - origin.0)
        };
        let mapped = match &self.kind {
            Kind::Rigid { rotation, zero } => {
                // Large numbers meet once, here, and not at every vertex.
                let (linear, shift) = (*rotation * linear, *rotation * (translation - *zero) - origin.0);
                if let Some(near) = within.and_then(|within| NearMap::affine(linear, shift, &within)) {
                    near.map(local, out);
                    return Ok(());
                }
                push_all(local, out, |v| finite(linear * v + shift, v))
            }
            Kind::Cells { cells, zero } => {
                let zero = *zero + origin.0;
                let near = |within| NearMap::over_cells(cells, (linear, translation), zero, &within);
                if let Some(near) = within.and_then(near) {
                    near.map(local, out);
                    return Ok(());
                }
                push_all(local, out, |v| match cells.rd_nap(linear * v + translation) {
                    Some(rd_nap) => Ok(rd_nap - zero),
                    None => exact(v),
                })
            }
            Kind::PerVertex => push_all(local, out, exact),
        };
        if mapped.is_err() {
            out.clear();
        }
        mapped
    }

    /// Turns normals from a tile's own axes to unit normals in render axes, with the map's linear part at
    /// the centre (its turn over a tile of 2 km is below 0.02°). A normal without a direction points up.
    pub fn map_local_normals(&self, ecef_from_local: DMat4, local: &[[f32; 3]], out: &mut Vec<[f32; 3]>) {
        out.clear();
        // Normals follow the inverse transpose, which the cofactors give up to a factor; its sign is that of
        // the determinant, and unlike the inverse it exists for flattened nodes too.
        let linear = self.jacobian * DMat3::from_mat4(ecef_from_local);
        let sign = if linear.determinant() < 0.0 { -1.0 } else { 1.0 };
        let normals = DMat3::from_cols(
            linear.y_axis.cross(linear.z_axis) * sign,
            linear.z_axis.cross(linear.x_axis) * sign,
            linear.x_axis.cross(linear.y_axis) * sign,
        );
        turn_normals(normals, local, out);
    }
}

fn wide(v: [f32; 3]) -> DVec3 {
    DVec3::new(f64::from(v[0]), f64::from(v[1]), f64::from(v[2]))
}

fn finite(site: DVec3, v: DVec3) -> Result<DVec3, GeorefError> {
    if site.is_finite() {
        Ok(site)
    } else {
        Err(GeorefError::Outside {
            x: v.x,
            y: v.y,
            z: v.z,
            reason: "not a finite number".into(),
        })
    }
}

/// Narrows what `site_offset` makes of each vertex, until the first error.
fn push_all(
    local: &[[f32; 3]],
    out: &mut Vec<[f32; 3]>,
    site_offset: impl Fn(DVec3) -> Result<DVec3, GeorefError>,
) -> Result<(), GeorefError> {
    for v in local {
        out.push(narrow(render_axes(site_offset(wide(*v))?)));
    }
    Ok(())
}

/// The linear part of the frame's own map at a point, by central differences.
fn difference_gradient(frame: &SiteFrame, center: Ecef) -> Result<DMat3, GeorefError> {
    let column = |axis: DVec3| {
        let step = axis * GRADIENT_STEP_M;
        let (ahead, behind) = (
            frame.site_from_ecef(Ecef(center.0 + step))?,
            frame.site_from_ecef(Ecef(center.0 - step))?,
        );
        Ok::<_, GeorefError>((ahead.0 - behind.0) / (2.0 * GRADIENT_STEP_M))
    };
    Ok(DMat3::from_cols(
        column(DVec3::X)?,
        column(DVec3::Y)?,
        column(DVec3::Z)?,
    ))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "outside its patches a map is PROJ to the bit")]
#[expect(clippy::print_stderr, reason = "the error found is worth reading")]
mod tests {
    use super::*;
    use crate::georef::frame::east_north_up;
    use crate::georef::{LonLatH, RdNap, ecef_from_lon_lat_h, lon_lat_h_from_rd_nap};

    /// Repeatable numbers in −1..1.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            f64::from(u32::try_from(self.0 >> 33).unwrap()) / f64::from(1_u32 << 30) - 1.0
        }

        /// In the ball of radius 1.
        fn in_ball(&mut self) -> DVec3 {
            loop {
                let v = DVec3::new(self.next(), self.next(), self.next());
                if v.length() <= 1.0 {
                    return v;
                }
            }
        }
    }

    fn rd(x_m: f64, y_m: f64) -> LonLatH {
        lon_lat_h_from_rd_nap(RdNap { x_m, y_m, nap_m: 10.0 }).unwrap()
    }

    fn worst_mm(map: &TileMap, frame: &SiteFrame, center: Ecef, radius_m: f64, random: &mut Random) -> f64 {
        (0..2_000).fold(0.0_f64, |worst, i| {
            let mut at = random.in_ball() * radius_m;
            if i % 4 == 0 {
                // On the ball's surface, where the error is largest.
                at = at.normalize_or(DVec3::X) * radius_m;
            }
            let p = Ecef(center.0 + at);
            let (fast, exact) = (map.site_from_ecef(p).unwrap(), frame.site_from_ecef(p).unwrap());
            worst.max((fast.0 - exact.0).length() * 1_000.0)
        })
    }

    #[test]
    fn a_tile_map_stays_within_0_6_mm_of_proj() {
        let mut random = Random(7);
        // The borders of the grids' cells decide, so at many places; the first are where the grids are roughest:
        // Limburg in height, Zeeland and the Hoeksche Waard in x and y.
        let mut places = vec![
            (190_000.0, 320_000.0),
            (191_839.0, 321_239.0),
            (59_842.0, 377_521.0),
            (61_214.0, 378_312.0),
            (100_528.0, 433_525.0),
        ];
        places.extend((0..20).map(|_| {
            (
                155_000.0 + 115_000.0 * random.next(),
                463_000.0 + 140_000.0 * random.next(),
            )
        }));
        for radius_m in [5.0, 125.0, 590.0, 1_000.0, 2_000.0, 5_000.0] {
            let (mut worst, mut fitted) = (0.0_f64, 0);
            for (x, y) in &places {
                let place = rd(*x, *y);
                let (frame, center) = (SiteFrame::around(place), ecef_from_lon_lat_h(place).unwrap());
                let map = frame.tile_map(center, radius_m).unwrap();
                fitted += usize::from(matches!(&map.kind, Kind::Cells { cells, .. } if cells.are_all_fitted()));
                worst = worst.max(worst_mm(&map, &frame, center, radius_m, &mut random));
            }
            eprintln!("radius {radius_m} m: {worst:.3} mm from PROJ");
            assert!(worst < 0.6, "radius {radius_m}: {worst} mm");
            // A few places are too rough for any patch and are rightly left to PROJ.
            assert!(
                fitted + 3 > places.len(),
                "radius {radius_m}: only {fitted} of {} fitted",
                places.len()
            );
        }
    }

    #[test]
    fn the_linear_part_is_that_of_the_map() {
        let place = rd(251_000.0, 476_250.0);
        let (frame, center) = (SiteFrame::around(place), ecef_from_lon_lat_h(place).unwrap());
        let map = frame.tile_map(center, 100.0).unwrap();
        for axis in [DVec3::X, DVec3::Y, DVec3::Z] {
            let ends = [5.0, -5.0].map(|step| map.site_from_ecef(Ecef(center.0 + axis * step)).unwrap().0);
            let slope = (ends[0] - ends[1]) / 10.0;
            assert!((map.jacobian() * axis - slope).length() < 1e-5, "{axis}: {slope}");
        }
        assert!((map.jacobian().determinant() - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_tile_too_large_to_fit_asks_proj() {
        let place = rd(251_000.0, 476_250.0);
        let (frame, center) = (SiteFrame::around(place), ecef_from_lon_lat_h(place).unwrap());
        let exact = frame.tile_map(center, 8_000.0).unwrap();
        assert!(matches!(exact.kind, Kind::PerVertex));
        assert_eq!(worst_mm(&exact, &frame, center, 20_000.0, &mut Random(3)), 0.0);
    }

    #[test]
    fn a_point_outside_the_promised_ball_is_right_too() {
        let place = rd(251_000.0, 476_250.0);
        let (frame, center) = (SiteFrame::around(place), ecef_from_lon_lat_h(place).unwrap());
        let map = frame.tile_map(center, 50.0).unwrap();
        let p = Ecef(center.0 + DVec3::new(3_000.0, -4_000.0, 2_000.0));
        assert_eq!(map.site_from_ecef(p).unwrap(), frame.site_from_ecef(p).unwrap());
        let mut out = vec![[1.0; 3]];
        map.map_local(
            DMat4::from_translation(center.0),
            SitePos(DVec3::ZERO),
            &[[3_000.0, -4_000.0, 2_000.0]],
            &mut out,
        )
        .unwrap();
        let want = narrow(render_axes(frame.site_from_ecef(p).unwrap().0));
        assert_eq!(out, [want]);
    }

    #[test]
    fn bulk_mapping_equals_point_by_point() {
        let mut random = Random(11);
        let dutch = rd(251_000.0, 476_250.0);
        let abroad = LonLatH {
            lon_deg: -75.5,
            lat_deg: 39.7,
            h_m: 10.0,
        };
        for (place, radius_m) in [(dutch, 300.0), (dutch, 3_000.0), (dutch, 9_000.0), (abroad, 300.0)] {
            let (frame, center) = (SiteFrame::around(place), ecef_from_lon_lat_h(place).unwrap());
            let map = frame.tile_map(center, radius_m).unwrap();
            // A node as tilers write it: turned, scaled by quantization, and off the tile's centre.
            let ecef_from_local = DMat4::from_translation(center.0 + DVec3::new(3.0, 5.0, -7.0))
                * DMat4::from_mat3(east_north_up(place.lon_deg, place.lat_deg))
                * DMat4::from_scale(DVec3::splat(0.01));
            let origin = frame.site_from_ecef(center).unwrap();
            let local: Vec<[f32; 3]> = (0..500).map(|_| narrow(random.in_ball() * radius_m * 80.0)).collect();
            let mut out = Vec::new();
            map.map_local(ecef_from_local, origin, &local, &mut out).unwrap();
            assert_eq!(out.len(), local.len());
            for (got, from) in out.iter().zip(&local) {
                let ecef = Ecef(ecef_from_local.transform_point3(wide(*from)));
                let want = render_axes(frame.site_from_ecef(ecef).unwrap().0 - origin.0);
                // That of the polynomials, and of single precision.
                let tolerance = 0.0006 + 0.0002 + 1.2e-7 * radius_m;
                assert!(
                    (wide(*got) - want).length() < tolerance,
                    "{radius_m}: {got:?} is not {want}"
                );
            }
        }
    }

    #[test]
    fn normals_follow_the_surface() {
        let place = rd(251_000.0, 476_250.0);
        let (frame, center) = (SiteFrame::around(place), ecef_from_lon_lat_h(place).unwrap());
        let map = frame.tile_map(center, 300.0).unwrap();
        let axes = DMat4::from_mat3(east_north_up(place.lon_deg, place.lat_deg));
        let mut out = Vec::new();
        let at = DMat4::from_translation(center.0) * axes;
        map.map_local_normals(at, &[[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0; 3]], &mut out);
        // Up stays up; true north turns by RD's convergence, west of grid north at Hengelo.
        let turn = -frame.grid_convergence_rad();
        for (got, want) in out
            .iter()
            .zip([DVec3::Y, DVec3::new(turn.sin(), 0.0, -turn.cos()), DVec3::Y])
        {
            assert!((wide(*got) - want).length() < 1e-4, "{got:?} is not {want}");
        }
        // A squeezed and mirrored node: a plane leaning in local axes keeps a normal that is square to it.
        let squeezed = at * DMat4::from_scale(DVec3::new(-4.0, 1.0, 1.0));
        map.map_local_normals(squeezed, &[[0.6, 0.0, 0.8]], &mut out);
        let mut edges = Vec::new();
        let origin = frame.site_from_ecef(center).unwrap();
        map.map_local(squeezed, origin, &[[0.8, 0.0, -0.6], [0.0, 1.0, 0.0]], &mut edges)
            .unwrap();
        for along in edges {
            assert!(wide(along).normalize().dot(wide(out[0])).abs() < 1e-4);
        }
        assert!(out[0][1] > 0.0, "still facing up: {:?}", out[0]);
        map.map_local_normals(DMat4::ZERO, &[[0.0, 1.0, 0.0]], &mut out);
        assert_eq!(out, [[0.0, 1.0, 0.0]]);
    }

    #[test]
    fn local_frames_keep_their_coordinates() {
        let map = SiteFrame::Local.tile_map(Ecef(DVec3::ZERO), 100.0).unwrap();
        let p = DVec3::new(1.0, 2.0, 3.0);
        assert_eq!(map.site_from_ecef(Ecef(p)).unwrap().0, p);
        assert_eq!(map.jacobian(), DMat3::IDENTITY);
    }

    #[test]
    fn vertices_without_a_place_are_refused() {
        let place = rd(251_000.0, 476_250.0);
        let (frame, center) = (SiteFrame::around(place), ecef_from_lon_lat_h(place).unwrap());
        let map = frame.tile_map(center, 100.0).unwrap();
        let mut out = Vec::new();
        for bad in [[f32::NAN, 0.0, 0.0], [f32::INFINITY, 0.0, 0.0], [9e5, 0.0, 0.0]] {
            let mapped = map.map_local(
                DMat4::from_translation(center.0),
                SitePos(DVec3::ZERO),
                &[[0.0; 3], bad],
                &mut out,
            );
            assert!(mapped.is_err() && out.is_empty(), "{bad:?}");
        }
        let abroad = ecef_from_lon_lat_h(LonLatH {
            lon_deg: -75.5,
            lat_deg: 39.7,
            h_m: 10.0,
        })
        .unwrap();
        assert!(frame.tile_map(abroad, 100.0).is_err());
        // NaN and nonsense as a radius cost speed, never correctness.
        for radius_m in [f64::NAN, -1.0, f64::INFINITY] {
            assert!(matches!(
                frame.tile_map(center, radius_m).unwrap().kind,
                Kind::PerVertex
            ));
        }
        // A ball over the edge of the grids: what lies inside is mapped, what lies outside refused.
        let edge = LonLatH {
            lon_deg: 7.999,
            lat_deg: 52.0,
            h_m: 60.0,
        };
        let map = frame.tile_map(ecef_from_lon_lat_h(edge).unwrap(), 1_000.0).unwrap();
        assert!(map.site_from_ecef(ecef_from_lon_lat_h(edge).unwrap()).is_ok());
        assert!(
            map.site_from_ecef(ecef_from_lon_lat_h(LonLatH { lon_deg: 8.001, ..edge }).unwrap())
                .is_err()
        );
    }
}
