//! From glTF axes to the site frame: the y-up to z-up turn, the tile transform, the map to the site.

use crate::{
    georef::{Ecef, GeorefError, LocalBox, NearMap, SiteFrame, SitePos, TileMap, narrow, render_axes, turn_normals},
    sources::tiles3d::BoundingVolume,
};
use bevy::math::{Affine3A, DAffine3, DMat3, DMat4, DVec3, Mat3A, Vec3A};

/// Where a payload stands.
pub(crate) struct Placement<'a> {
    /// Root frame from tile frame.
    pub(crate) root_from_tile: DMat4,
    /// Where the tile frame's coordinates start (`RTC_CENTER` of a batched tile).
    pub(crate) rtc_center: DVec3,
    /// Whether the root frame is ECEF.
    pub(crate) is_geocentric: bool,
    /// Frame of the result.
    pub(crate) site: &'a SiteFrame,
    /// The tile's volume in the root frame.
    pub(crate) volume: Option<&'a BoundingVolume>,
    /// The tileset's up-axis hint.
    pub(crate) gltf_up_axis: char,
    /// Metres to add to every height.
    pub(crate) height_offset_m: f64,
}

/// A box that grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) low: DVec3,
    pub(super) high: DVec3,
}

impl Bounds {
    pub(super) const EMPTY: Self = Self {
        low: DVec3::INFINITY,
        high: DVec3::NEG_INFINITY,
    };

    pub(super) fn add(&mut self, point: DVec3) {
        self.low = self.low.min(point);
        self.high = self.high.max(point);
    }

    pub(super) fn corners(&self) -> [DVec3; 8] {
        std::array::from_fn(|i| {
            let pick = |bit: usize, low: f64, high: f64| if i & bit == 0 { low } else { high };
            DVec3::new(
                pick(1, self.low.x, self.high.x),
                pick(2, self.low.y, self.high.y),
                pick(4, self.low.z, self.high.z),
            )
        })
    }

    /// The same in `f32`, for a box around positions that are; `None` of an empty one.
    pub(super) fn local_box(&self) -> Option<LocalBox> {
        let (low, high) = (narrow(self.low), narrow(self.high));
        let is_sound = (0..3).all(|axis| low[axis] <= high[axis] && (high[axis] - low[axis]).is_finite());
        is_sound.then_some(LocalBox { low, high })
    }

    pub(super) fn center(&self) -> DVec3 {
        (self.low + self.high) / 2.0
    }

    pub(super) fn radius(&self) -> f64 {
        (self.high - self.low).length() / 2.0
    }
}

/// The turn from glTF's y-up axes to z-up: (x, y, z) becomes (x, −z, y).
fn z_up_from_y_up() -> DMat4 {
    DMat4::from_cols_array(&[
        1.0, 0.0, 0.0, 0.0, //
        0.0, 0.0, 1.0, 0.0, //
        0.0, -1.0, 0.0, 0.0, //
        0.0, 0.0, 0.0, 1.0,
    ])
}

impl Placement<'_> {
    /// Root frame from the frame that the content stands in, or that an instanced tile places its instances in.
    pub(crate) fn root_from_models(&self) -> DMat4 {
        self.root_from_tile * DMat4::from_translation(self.rtc_center)
    }

    /// The turn to z-up, moved to `rtc_center`, for content whose corners in the glTF frame are given and that stands
    /// in each of `models`, and whether a hint that the file is z-up already was found wrong.
    ///
    /// The specification knows only y-up; `gltfUpAxis` is a common but not a reliable addition. So where it
    /// says Z, the turn that brings the content nearer to the tile's volume is taken.
    pub(super) fn model_from_gltf(
        &self,
        rtc_center: Option<DVec3>,
        models: &[DAffine3],
        corners: &[DVec3],
    ) -> (DMat4, bool) {
        /// Instances asked at most: they agree with one another.
        const ASKED: usize = 256;
        let straight = DMat4::from_translation(rtc_center.unwrap_or(DVec3::ZERO));
        let turned = straight * z_up_from_y_up();
        if self.gltf_up_axis != 'Z' {
            return (turned, false);
        }
        let Some(volume) = self.volume else {
            return (straight, false);
        };
        let root_from_models = self.root_from_models();
        let distance = |model_from_gltf: &DMat4| -> f64 {
            let asked = models.iter().step_by(models.len().div_ceil(ASKED).max(1));
            let roots = asked.map(|model| root_from_models * DMat4::from(*model) * *model_from_gltf);
            let far = roots.flat_map(|root_from_gltf| {
                corners
                    .iter()
                    .map(move |c| volume.distance_to(root_from_gltf.transform_point3(*c)))
            });
            far.sum()
        };
        let (as_said, as_specified) = (distance(&straight), distance(&turned));
        if as_specified < as_said {
            (turned, true)
        } else {
            (straight, false)
        }
    }

    /// The map for content within a box of the root frame.
    pub(super) fn site_map(&self, bounds: &Bounds) -> Result<SiteMap, GeorefError> {
        let (map, center) = if self.is_geocentric {
            let center = Ecef(bounds.center());
            let map = self.site.tile_map_of_box(center, (bounds.high - bounds.low) / 2.0)?;
            let center = map.site_from_ecef(center)?;
            (Some(map), center)
        } else {
            (None, SitePos(bounds.center()))
        };
        // Whole metres keep the origin readable in logs; offsets stay as small as the content.
        let start = SitePos(center.0.round());
        Ok(SiteMap {
            map,
            start,
            origin: SitePos(start.0 + DVec3::Z * self.height_offset_m),
        })
    }
}

/// Root frame to render-axes offsets.
pub(super) struct SiteMap {
    /// `None` where root axes are site axes.
    map: Option<TileMap>,
    /// Where offsets start before heights are shifted.
    start: SitePos,
    /// Where they start in the site.
    pub(super) origin: SitePos,
}

impl SiteMap {
    /// `within` is the box around the positions.
    pub(super) fn positions(
        &self,
        root_from_local: DMat4,
        local: &[[f32; 3]],
        within: Option<LocalBox>,
        out: &mut Vec<[f32; 3]>,
    ) -> Result<(), GeorefError> {
        if let Some(map) = &self.map {
            return map.map_within(root_from_local, self.start, local, within, out);
        }
        let (linear, shift) = (
            DMat3::from_mat4(root_from_local),
            root_from_local.w_axis.truncate() - self.start.0,
        );
        out.clear();
        if let Some(near) = within.and_then(|within| NearMap::affine(linear, shift, &within)) {
            near.map(local, out);
        } else {
            out.extend(local.iter().map(|v| narrow(render_axes(linear * wide(*v) + shift))));
        }
        Ok(())
    }

    /// Render-axes offsets from a model's own axes, whose zero is put at `center` of the local ones: what
    /// [`SiteMap::positions`] does, as one linear map that holds near there.
    pub(super) fn affine(&self, root_from_local: DMat4, center: DVec3) -> Result<Affine3A, GeorefError> {
        let root = root_from_local.transform_point3(center);
        let local = DMat3::from_mat4(root_from_local);
        let (linear, at) = match &self.map {
            Some(map) => (map.jacobian() * local, map.site_from_ecef(Ecef(root))?.0),
            None => (local, root),
        };
        let column = |v: DVec3| Vec3A::from_array(narrow(render_axes(v)));
        Ok(Affine3A {
            matrix3: Mat3A::from_cols(column(linear.x_axis), column(linear.y_axis), column(linear.z_axis)),
            translation: column(at - self.start.0),
        })
    }

    pub(super) fn normals(&self, root_from_local: DMat4, local: &[[f32; 3]], out: &mut Vec<[f32; 3]>) {
        if let Some(map) = &self.map {
            map.map_local_normals(root_from_local, local, out);
            return;
        }
        let linear = DMat3::from_mat4(root_from_local);
        let sign = if linear.determinant() < 0.0 { -1.0 } else { 1.0 };
        // The cofactors are the inverse transpose up to a factor and exist for flattened nodes too.
        let cofactors = DMat3::from_cols(
            linear.y_axis.cross(linear.z_axis) * sign,
            linear.z_axis.cross(linear.x_axis) * sign,
            linear.x_axis.cross(linear.y_axis) * sign,
        );
        out.clear();
        turn_normals(cofactors, local, out);
    }
}

pub(super) fn wide(v: [f32; 3]) -> DVec3 {
    DVec3::new(f64::from(v[0]), f64::from(v[1]), f64::from(v[2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(volume: Option<&BoundingVolume>, gltf_up_axis: char) -> Placement<'_> {
        Placement {
            root_from_tile: DMat4::from_translation(DVec3::new(100.0, 0.0, 0.0)),
            rtc_center: DVec3::new(0.0, 0.0, 7.0),
            is_geocentric: false,
            site: &SiteFrame::Local,
            volume,
            gltf_up_axis,
            height_offset_m: 3.0,
        }
    }

    #[test]
    fn y_up_content_is_turned_and_then_moved() {
        let placement = placement(None, 'Y');
        let (turn, is_wrong) = placement.model_from_gltf(None, &[DAffine3::IDENTITY], &[]);
        assert!(!is_wrong);
        assert_eq!(
            (placement.root_from_models() * turn).transform_point3(DVec3::new(1.0, 2.0, 3.0)),
            DVec3::new(101.0, -3.0, 9.0)
        );
    }

    #[test]
    fn a_z_up_hint_holds_unless_the_volume_contradicts_it() {
        let corners = [DVec3::new(0.0, 50.0, 0.0), DVec3::new(1.0, 60.0, 1.0)];
        let upright = BoundingVolume::Sphere {
            center: DVec3::new(100.0, 0.0, 62.0),
            radius: 8.0,
        };
        let decide = |volume| {
            let placement = placement(Some(volume), 'Z');
            let (turn, is_wrong) = placement.model_from_gltf(None, &[DAffine3::IDENTITY], &corners);
            (placement.root_from_models() * turn, is_wrong)
        };
        let (turned, is_wrong) = decide(&upright);
        assert!(is_wrong);
        assert_eq!(turned.transform_point3(corners[0]), DVec3::new(100.0, 0.0, 57.0));
        let lying = BoundingVolume::Sphere {
            center: DVec3::new(100.0, 55.0, 7.0),
            radius: 8.0,
        };
        let (straight, is_wrong) = decide(&lying);
        assert!(!is_wrong);
        assert_eq!(straight.transform_point3(corners[0]), DVec3::new(100.0, 50.0, 7.0));
    }

    #[test]
    fn offsets_start_at_the_content_and_heights_are_shifted() {
        let mut bounds = Bounds::EMPTY;
        bounds.add(DVec3::new(1000.0, 2000.0, 10.0));
        bounds.add(DVec3::new(1010.0, 2020.0, 30.0));
        let map = placement(None, 'Y').site_map(&bounds).unwrap();
        assert_eq!(map.origin.0, DVec3::new(1005.0, 2010.0, 23.0));
        let mut out = Vec::new();
        let point = [[1010.0, 2010.0, 30.0]];
        map.positions(DMat4::IDENTITY, &point, LocalBox::of(&point), &mut out)
            .unwrap();
        assert_eq!(out, [[5.0, 10.0, 0.0]]);
        map.normals(
            DMat4::from_scale(DVec3::new(-1.0, 1.0, 1.0)),
            &[[1.0, 0.0, 0.0]],
            &mut out,
        );
        assert_eq!(out, [[-1.0, 0.0, 0.0]]);
    }
}
