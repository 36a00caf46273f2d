//! Fetching the open data of an area from the services of a country: city models, heights, aerial pictures, maps.
//!
//! Where the services are, and whose data it is, stands in one file that can be edited ([`Endpoints`]; the one of the
//! Netherlands is compiled in). A [`Fetcher`] writes into a cache folder of its caller and gives back paths with a
//! [`SourceRecord`] each. Everything can be stopped and started again: a file in the cache is whole, and is not fetched
//! twice. One tile that fails costs that tile and one [`Problem`](crate::sources::Problem), a service that cannot be asked one
//! for all that was wanted of it ([`OutOfReach`]); the rest goes on.
//!
//! Nothing is read here beyond what fetching needs; what the files mean is for the other modules of `sources`. RD New
//! (EPSG:28992), metres.

mod area;
mod buildings;
mod endpoint_check;
mod endpoints;
mod features;
mod fetcher;
mod heights;
mod imagery;
mod jobs;
mod out_of_reach;
mod template;
mod tile_index;
mod tile_matrix;

pub use area::RdArea;
pub use endpoints::{About, BuildingsSource, Endpoints, FeaturesSource, HeightsSource, ImagerySource};
pub use fetcher::{Fetched, FetchedFile, Fetcher, SourceRecord, Step};
pub use out_of_reach::OutOfReach;
pub use tile_matrix::{TileMatrixSet, TileRange};
