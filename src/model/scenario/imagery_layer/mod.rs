//! An imagery layer: pictures of the ground from any source, brought into squares of the site.

mod open;
mod sample;

pub(super) use open::{MAX_GEOTIFF_BYTES, open};
use sample::{Placing, SitePicture};
