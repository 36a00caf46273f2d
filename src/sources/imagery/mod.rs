//! Pictures of the ground from above, whatever they lie in: `GeoTIFF`, `MBTiles`, folders of tiles and tiles of a server.
//!
//! All of them are [`PixelSource`]s: levels of pixels with a place in one coordinate system, of which windows are read.
//! Coordinates stay those of the files; `model` brings them to the site frame.

mod decode;
mod geo_tiff;
mod grid;
mod mbtiles;
mod overview;
mod pixels;
mod tiles;

pub use geo_tiff::GeoTiffPixels;
pub use grid::{TileGrid, TileLevel};
pub use mbtiles::{MAX_PACKED_MBTILES_BYTES, MbTiles, OpenedMbTiles};
pub use overview::with_overview;
pub use pixels::{PixelLevel, PixelSource, PixelWindow};
pub use tiles::{TileStore, TiledPixels};
