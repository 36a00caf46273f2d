//! TIFF and `BigTIFF` files, read part by part: directories, tiles and strips, and the codings that maps come in.
//!
//! Not through the `tiff` crate: it reads no palettes, no tiles that were left out of a sparse file and no Zstandard
//! without C, and it stops the program by an assertion where a directory contradicts itself. Specification: TIFF 6.0
//! (Adobe, 1992), Technical Note 3 for the predictor of floating point numbers, and `BigTIFF`.
//!
//! A declared number is never trusted: what is reserved is bounded by what the file can hold.

mod coding;
mod directory;
mod level;

pub(super) use coding::Coding;
pub(super) use directory::{Directory, TiffFile, tag};
pub(super) use level::{Level, Role, SampleKind};
