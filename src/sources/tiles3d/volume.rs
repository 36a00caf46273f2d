//! Bounding volumes of 3D Tiles, in the tileset's root frame (ECEF for tiles with a place), f64.

use bevy::math::DVec3;

/// A bounding volume, tile transform already applied (regions are never transformed).
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
}
