//! Point clouds: LAS 1.0 to 1.4, LAZ, and COPC, which is LAZ with an octree.
//!
//! [`PointFile`] reads a file's header and where its points stand, [`PointFile::thinned`] reads evenly spread ones of them
//! in one pass, [`PointTree`] gives them node by node, coarse ones first. Coordinates stay those of the file. The header and the records are read here (ASPRS LAS 1.4 R15; COPC
//! 1.0); only the decompression is the crate `laz`, which sees one chunk at a time after its sizes have been held against
//! the bytes that are there: the crate by itself takes memory by the numbers it finds.
//!
//! Nothing is reprojected, drawn or written. Waveforms and extra bytes are passed over.
//!
//! # Invariant
//! A file cannot make the reader panic or take more memory than `MAX_CHUNK_BYTES` for each chunk in work and what is
//! asked for.

mod chunks;
mod copc;
mod crs;
mod describe;
mod fields;
mod grow;
mod header;
mod laz_chunk;
mod point;
mod read;
mod stop;
#[cfg(test)]
mod stop_tests;
#[cfg(test)]
mod tests;
mod tree;

pub use describe::{describe, is_points};
pub use header::PointHeader;
pub use point::{Point, PointCloud};
pub use read::{PointFile, PointKind};
pub use stop::{Stop, StopOnDrop};
pub use tree::{NodeRead, PointNode, PointTraits, PointTree};

/// Most bytes of one chunk of points, as the file has it or unpacked.
const MAX_CHUNK_BYTES: u64 = 512 << 20;
