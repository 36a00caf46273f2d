//! Grids of pixels with a place: `GeoTIFF` and COG, and terrain as quantized mesh.
//!
//! - [`GeoTiff`] opens a file and reads windows of it, [`Sheet`] is such a window as heights; [`write_height_tiff`] writes one.
//! - [`HeightGrid`] answers how high it is, fills its holes, and has coarser versions in a [`HeightPyramid`].
//! - [`terrain`] reads and writes the tiles that `CesiumJS` draws.
//!
//! Coordinates stay those of the files here, heights those of their datum; `model` brings both to the site frame.

mod colors;
mod describe;
mod geo_keys;
mod geo_tiff;
mod height_grid;
mod height_tiff;
mod mask;
mod no_data;
mod pyramid;
mod sheet;
pub mod terrain;
mod tiff;

pub use describe::{describe, is_terrain_layer, is_tiff};
pub use geo_keys::{GeoKeys, GeoTransform};
pub use geo_tiff::{GeoTiff, LevelSize, Reading, Window};
pub use height_grid::HeightGrid;
pub use height_tiff::write_height_tiff;
pub use no_data::NoData;
pub use pyramid::{BLOCK_CELLS, HeightLevel, HeightPyramid};
pub use sheet::Sheet;

/// The whole part of a number of pixels, nodes or tiles; nothing below zero, and no more than a `u32` holds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a u32 holds; the fraction is meant to go"
)]
pub(crate) fn whole(count: f64) -> u32 {
    count.clamp(0.0, f64::from(u32::MAX)) as u32
}
