//! Coordinates: CRS, PROJ, ECEF, site frames and the one place where `f64` becomes `f32`.
//!
//! Frames: files may use any CRS that PROJ knows; inside the program everything stands in the **site
//! frame** (metres from the area's anchor, x grid east, y grid north, z up); drawing uses Bevy's axes
//! (x east, y up, z south) around a movable [`RenderOrigin`]. Heights are NAP (orthometric) in a Dutch
//! site frame and ellipsoidal in an ENU one. This module knows nothing of the ECS.

mod cells;
mod frame;
mod likely;
mod local_box;
mod near;
mod patches;
mod position;
mod proj_context;
mod rdnap;
mod tile_map;
mod towns;
mod transform;
mod transform_lines;

pub use frame::{SiteFrame, east_north_up};
pub use likely::{LikelyCrs, fits_rd, likely_crs, placed_in};
pub(crate) use local_box::LocalBox;
pub(crate) use near::{NearMap, turn_normals};
pub use position::{Ecef, HeightReference, LonLatH, RdNap, RenderOrigin, SitePos, narrow, render_axes, site_axes};
pub use rdnap::{
    check_known_point, ecef_from_lon_lat_h, in_rdnap_grid, lon_lat_from_rd, lon_lat_h_from_ecef, lon_lat_h_from_rd_nap,
    rd_from_lon_lat, rd_nap_from_lon_lat_h,
};
pub use tile_map::TileMap;
pub use towns::nearest_town;
pub use transform::{Crs, Transformer};
pub use transform_lines::{LinesError, transform_lines};

use thiserror::Error;

/// What can go wrong with coordinates.
#[derive(Debug, Clone, Error)]
pub enum GeorefError {
    /// PROJ refused to make a transformation.
    #[error("PROJ cannot make the transformation ({reason}): {definition}")]
    Definition {
        /// PROJ's words.
        reason: String,
        /// The pipeline or pair of codes.
        definition: String,
    },
    /// A coordinate lies where the transformation is not defined.
    #[error("the point {x} {y} {z} lies outside the area of this transformation ({reason})")]
    Outside {
        /// First coordinate as given.
        x: f64,
        /// Second coordinate as given.
        y: f64,
        /// Third coordinate as given.
        z: f64,
        /// PROJ's words.
        reason: String,
    },
    /// A point of data without a place was asked for its coordinates on earth.
    #[error("this data has no place on earth")]
    NoPlace,
    /// The known point at start-up came out wrong: the grids are not those this program was built with.
    #[error("the RDNAPTRANS2018 check point is {error_m} m off: the built-in grids are damaged")]
    CheckPoint {
        /// Distance from the published value.
        error_m: f64,
    },
    /// Not the name of a CRS.
    #[error("unknown coordinate reference system `{name}`: use EPSG:n")]
    CrsName {
        /// The word as given, cut short.
        name: String,
    },
    /// Earth-centred coordinates without their third number.
    #[error("earth-centred coordinates need x, y and z")]
    NeedsHeight,
    /// A height reference the program does not know.
    #[error("unknown height reference `{name}`: use `nap` or `ellipsoid`")]
    HeightReference {
        /// The word in the file.
        name: String,
    },
}
