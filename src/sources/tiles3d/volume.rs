//! Bounding volumes of 3D Tiles, in the tileset's root frame (ECEF for tiles with a place), f64.
//!
//! A region or an S2 cell is kept as given and, beside it, as the oriented box around it: selection asks the box,
//! which never lies farther away than the region or cell itself.

use super::s2::S2Cell;
use bevy::math::{DMat4, DVec3};
use std::f64::consts::{PI, TAU};

/// Equatorial radius of the WGS 84 ellipsoid, metres.
pub(crate) const EQUATORIAL_RADIUS_M: f64 = 6_378_137.0;
/// First eccentricity squared of the WGS 84 ellipsoid.
const ECCENTRICITY_SQUARED: f64 = 6.694_379_990_141_316_5e-3;
/// Samples along each side of a region when its box is made.
const REGION_SAMPLES: u32 = 8;

/// A bounding volume, tile transform already applied (regions and S2 cells are never transformed).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BoundingVolume {
    /// Oriented box.
    Box {
        /// Centre.
        center: DVec3,
        /// Half axes as vectors, metres; may be zero length.
        half_axes: [DVec3; 3],
    },
    /// Sphere.
    Sphere {
        /// Centre.
        center: DVec3,
        /// Radius, metres.
        radius: f64,
    },
    /// Geographic region in radians and metres above the ellipsoid, with the oriented box around it.
    Region {
        /// West, south, east, north (radians), lowest and highest height (metres).
        region: [f64; 6],
        /// Centre of the ECEF box around it.
        center: DVec3,
        /// Half axes of the ECEF box around it.
        half_axes: [DVec3; 3],
    },
    /// Cell of the S2 grid between two heights, with the oriented box around it.
    S2 {
        /// The cell.
        cell: S2Cell,
        /// Lowest and highest height above the ellipsoid, metres.
        heights: [f64; 2],
        /// Centre of the ECEF box around it.
        center: DVec3,
        /// Half axes of the ECEF box around it.
        half_axes: [DVec3; 3],
    },
}

impl BoundingVolume {
    /// The region `[west, south, east, north, lowest, highest]` (radians, metres) with the box around it.
    pub fn from_region(region: [f64; 6]) -> Self {
        let (center, half_axes) = box_around_region(region);
        Self::Region {
            region,
            center,
            half_axes,
        }
    }

    /// The cell of the S2 grid between the lowest and the highest height (metres) with the box around it.
    pub fn from_s2(cell: S2Cell, heights: [f64; 2]) -> Self {
        let (center, half_axes) = cell.box_around(heights);
        Self::S2 {
            cell,
            heights,
            center,
            half_axes,
        }
    }

    /// Whether it says by itself where on earth it lies.
    pub fn is_geographic(&self) -> bool {
        matches!(self, Self::Region { .. } | Self::S2 { .. })
    }

    /// Distance from `point` to the nearest point of the volume, metres; 0 inside.
    pub fn distance_to(&self, point: DVec3) -> f64 {
        match self {
            Self::Sphere { center, radius } => (point.distance(*center) - radius).max(0.0),
            Self::Box { center, half_axes }
            | Self::Region { center, half_axes, .. }
            | Self::S2 { center, half_axes, .. } => distance_to_box(point - *center, half_axes),
        }
    }

    /// Whether the whole volume lies where `normal · p + d < 0`. `normal` has unit length.
    pub fn is_outside_plane(&self, normal: DVec3, d: f64) -> bool {
        let reach = match self {
            Self::Sphere { radius, .. } => *radius,
            Self::Box { half_axes, .. } | Self::Region { half_axes, .. } | Self::S2 { half_axes, .. } => {
                half_axes.iter().map(|axis| normal.dot(*axis).abs()).sum()
            }
        };
        normal.dot(self.center()) + d + reach < 0.0
    }

    /// Centre.
    pub fn center(&self) -> DVec3 {
        match self {
            Self::Sphere { center, .. }
            | Self::Box { center, .. }
            | Self::Region { center, .. }
            | Self::S2 { center, .. } => *center,
        }
    }

    /// Radius of the sphere around the centre that holds the volume, metres.
    pub fn radius(&self) -> f64 {
        match self {
            Self::Sphere { radius, .. } => *radius,
            Self::Box {
                half_axes: [x, y, z], ..
            }
            | Self::Region {
                half_axes: [x, y, z], ..
            }
            | Self::S2 {
                half_axes: [x, y, z], ..
            } => [*x + *y + *z, *x + *y - *z, *x - *y + *z, *x - *y - *z]
                .iter()
                .map(|corner| corner.length())
                .fold(0.0, f64::max),
        }
    }

    /// The eight corners of the volume, or of the box around a sphere.
    pub fn corners(&self) -> [DVec3; 8] {
        let axes = match self {
            Self::Sphere { radius, .. } => [DVec3::X * *radius, DVec3::Y * *radius, DVec3::Z * *radius],
            Self::Box { half_axes, .. } | Self::Region { half_axes, .. } | Self::S2 { half_axes, .. } => *half_axes,
        };
        std::array::from_fn(|corner| {
            let sign = |bit: usize| if corner & bit == 0 { -1.0 } else { 1.0 };
            self.center() + axes[0] * sign(1) + axes[1] * sign(2) + axes[2] * sign(4)
        })
    }

    /// The volume under a tile transform; a region or S2 cell stays where it is and a sphere grows by the largest scale.
    #[must_use]
    pub fn transformed(&self, transform: &DMat4) -> Self {
        match self {
            Self::Box { center, half_axes } => Self::Box {
                center: transform.transform_point3(*center),
                half_axes: half_axes.map(|axis| transform.transform_vector3(axis)),
            },
            Self::Sphere { center, radius } => Self::Sphere {
                center: transform.transform_point3(*center),
                radius: radius * largest_scale(transform),
            },
            Self::Region { .. } | Self::S2 { .. } => *self,
        }
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        self.center().is_finite() && self.radius().is_finite()
    }
}

/// Largest factor by which `transform` stretches one of its axes.
pub(crate) fn largest_scale(transform: &DMat4) -> f64 {
    [transform.x_axis, transform.y_axis, transform.z_axis]
        .iter()
        .map(|axis| axis.truncate().length())
        .fold(0.0, f64::max)
}

/// ECEF of a geographic position in radians and metres above the WGS 84 ellipsoid.
pub(crate) fn ecef_from_radians(lon: f64, lat: f64, height_m: f64) -> DVec3 {
    let (sin_lat, cos_lat) = lat.sin_cos();
    let (sin_lon, cos_lon) = lon.sin_cos();
    let prime_vertical = EQUATORIAL_RADIUS_M / (1.0 - ECCENTRICITY_SQUARED * sin_lat * sin_lat).sqrt();
    DVec3::new(
        (prime_vertical + height_m) * cos_lat * cos_lon,
        (prime_vertical + height_m) * cos_lat * sin_lon,
        (prime_vertical * (1.0 - ECCENTRICITY_SQUARED) + height_m) * sin_lat,
    )
}

/// Distance from a point to the box around zero: the nearest point is found one axis at a time, which is
/// exact for axes at right angles in the first round and converges for the skewed boxes that
/// non-uniform transforms make.
fn distance_to_box(point: DVec3, half_axes: &[DVec3; 3]) -> f64 {
    const ROUNDS: u32 = 24;
    let mut along = [0.0_f64; 3];
    let mut rest = point;
    for _ in 0..ROUNDS {
        let mut moved = 0.0;
        for (axis, u) in half_axes.iter().zip(&mut along) {
            let length_squared = axis.length_squared();
            if length_squared > 0.0 {
                let wanted = (*u + rest.dot(*axis) / length_squared).clamp(-1.0, 1.0);
                let step = *axis * (wanted - *u);
                rest -= step;
                *u = wanted;
                moved += step.length_squared();
            }
        }
        if moved <= 1e-12 {
            break;
        }
    }
    rest.length()
}

/// The box around a region, with its axes east, north and up at the region's middle.
fn box_around_region([west, south, east, north, lowest, highest]: [f64; 6]) -> (DVec3, [DVec3; 3]) {
    // A region may cross the antimeridian; then its east is smaller than its west.
    let width = if east < west { east - west + TAU } else { east - west };
    let (lon, lat) = (west + width / 2.0, f64::midpoint(south, north));
    let (sin_lon, cos_lon) = lon.sin_cos();
    let (sin_lat, cos_lat) = lat.sin_cos();
    let axes = [
        DVec3::new(-sin_lon, cos_lon, 0.0),
        DVec3::new(-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat),
        DVec3::new(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat),
    ];
    let middle = ecef_from_radians(lon, lat, f64::midpoint(lowest, highest));
    let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
    for i in 0..=REGION_SAMPLES {
        for j in 0..=REGION_SAMPLES {
            let (u, v) = (
                f64::from(i) / f64::from(REGION_SAMPLES),
                f64::from(j) / f64::from(REGION_SAMPLES),
            );
            for height in [lowest, highest] {
                let p = ecef_from_radians(west + width * u, south + (north - south) * v, height) - middle;
                let p = DVec3::new(p.dot(axes[0]), p.dot(axes[1]), p.dot(axes[2]));
                low = low.min(p);
                high = high.max(p);
            }
        }
    }
    // Between two samples the surface can bulge by the sagitta of the arc between them.
    let half_step = (width.max(north - south) / f64::from(REGION_SAMPLES) / 2.0).clamp(0.0, PI);
    let bulge = 2.0 * (EQUATORIAL_RADIUS_M + highest.max(0.0)) * (1.0 - half_step.cos());
    low -= DVec3::splat(bulge);
    high += DVec3::splat(bulge);
    let offset = (low + high) / 2.0;
    let half = (high - low) / 2.0;
    let center = middle + axes[0] * offset.x + axes[1] * offset.y + axes[2] * offset.z;
    (center, [axes[0] * half.x, axes[1] * half.y, axes[2] * half.z])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit_box() -> BoundingVolume {
        BoundingVolume::Box {
            center: DVec3::new(10.0, 0.0, 0.0),
            half_axes: [DVec3::X, DVec3::Y * 2.0, DVec3::Z * 3.0],
        }
    }

    #[test]
    fn distance_is_measured_from_the_nearest_face_edge_and_corner() {
        let volume = unit_box();
        assert!(volume.distance_to(DVec3::new(10.5, 1.0, -2.0)) < 1e-12);
        assert!((volume.distance_to(DVec3::ZERO) - 9.0).abs() < 1e-12);
        assert!((volume.distance_to(DVec3::new(14.0, 6.0, 0.0)) - 5.0).abs() < 1e-12);
        let flat = BoundingVolume::Box {
            center: DVec3::ZERO,
            half_axes: [DVec3::X, DVec3::Y, DVec3::ZERO],
        };
        assert!((flat.distance_to(DVec3::new(0.5, 0.5, 4.0)) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn distance_holds_for_a_skewed_box() {
        let volume = BoundingVolume::Box {
            center: DVec3::ZERO,
            half_axes: [DVec3::X, DVec3::new(1.0, 1.0, 0.0), DVec3::Z],
        };
        // The corner (2, 1) is nearest to (5, 5).
        assert!((volume.distance_to(DVec3::new(5.0, 5.0, 0.0)) - 5.0).abs() < 1e-6);
        assert!((volume.radius() - (5.0_f64 + 1.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn planes_cut_off_only_what_is_wholly_behind_them() {
        let volume = unit_box();
        assert!(volume.is_outside_plane(DVec3::X, -11.5));
        assert!(!volume.is_outside_plane(DVec3::X, -10.5));
        let sphere = BoundingVolume::Sphere {
            center: DVec3::ZERO,
            radius: 2.0,
        };
        assert!(sphere.is_outside_plane(DVec3::Y, -2.1) && !sphere.is_outside_plane(DVec3::Y, -1.9));
        assert!((sphere.distance_to(DVec3::Y * 5.0) - 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_box_around_a_region_holds_the_region() {
        for region in [
            [0.0916, 0.909, 0.0917, 0.9091, -5.0, 100.0],
            [3.1, -0.2, -3.1, 0.3, 0.0, 10.0],
            [-PI, -PI / 2.0, PI, PI / 2.0, -100.0, 9000.0],
        ] {
            let volume = BoundingVolume::from_region(region);
            let [west, south, east, north, low, high] = region;
            let width = if east < west { east - west + TAU } else { east - west };
            for i in 0..=37 {
                for j in 0..=23 {
                    let lon = west + width * f64::from(i) / 37.0;
                    let lat = south + (north - south) * f64::from(j) / 23.0;
                    for h in [low, high] {
                        let p = ecef_from_radians(lon, lat, h);
                        assert!(volume.distance_to(p) < 1e-6, "{region:?} {lon} {lat} {h}");
                    }
                }
            }
        }
    }

    #[test]
    fn transforms_move_boxes_and_spheres_but_not_regions() {
        let transform = DMat4::from_scale_rotation_translation(
            DVec3::new(2.0, 3.0, 1.0),
            bevy::math::DQuat::IDENTITY,
            DVec3::new(0.0, 0.0, 5.0),
        );
        let sphere = BoundingVolume::Sphere {
            center: DVec3::X,
            radius: 1.0,
        };
        assert_eq!(
            sphere.transformed(&transform),
            BoundingVolume::Sphere {
                center: DVec3::new(2.0, 0.0, 5.0),
                radius: 3.0
            }
        );
        let region = BoundingVolume::from_region([0.0, 0.0, 0.1, 0.1, 0.0, 1.0]);
        assert_eq!(region.transformed(&transform), region);
    }
}
