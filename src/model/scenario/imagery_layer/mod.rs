//! An imagery layer: pictures of the ground from any source, brought into squares of the site.

mod asked;
mod open;
mod sample;

pub(super) use open::{MAX_GEOTIFF_BYTES, open, source};
pub(super) use sample::{Placing, SitePicture};
