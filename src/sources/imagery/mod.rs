//! Pictures of the ground from above, whatever they lie in: `GeoTIFF`, `MBTiles`, folders of tiles and tiles of a server.
//!
//! All of them are [`PixelSource`]s: levels of pixels with a place in one coordinate system, of which windows are read.
//! Coordinates stay those of the files; `model` brings them to the site frame.

mod address;
mod decode;
mod describe;
mod description;
mod folder;
mod geo_tiff;
mod grid;
mod map_resource;
mod mbtiles;
mod overview;
mod pixels;
mod server;
mod tiles;
mod wmts;

use super::online::TileMatrixSet;
pub use address::TileAddress;
pub use describe::{describe, describes_tiles, description_in};
pub use description::{DescribedTiles, asked_host, description_files, open_description, open_plain_folder};
pub use geo_tiff::GeoTiffPixels;
pub use grid::{TileGrid, TileLevel};
pub use mbtiles::{MAX_PACKED_MBTILES_BYTES, MbTiles, OpenedMbTiles};
pub use overview::with_overview;
pub use pixels::{PixelLevel, PixelSource, PixelWindow};
pub use server::ServerOptions;
pub use tiles::{TileStore, TiledPixels};
