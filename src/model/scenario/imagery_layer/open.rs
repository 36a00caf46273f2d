//! Opening what an imagery layer names.

use super::super::read::has_extension;
use super::{Placing, SitePicture};
use crate::georef::SiteFrame;
use crate::model::GroundPicture;
use crate::sources::imagery::{GeoTiffPixels, MbTiles, PixelSource, TiledPixels, with_overview};
use crate::sources::raster::GeoTiff;
use crate::sources::resource::Resources;
use crate::sources::{Cause, Problem};
use std::sync::Arc;

/// Largest `GeoTIFF` in a package, bytes; one in a folder is read in part and may have any size.
pub(in crate::model::scenario) const MAX_GEOTIFF_BYTES: u64 = 1 << 30;

/// The picture of the layer `layer` at `path`, and what is wrong with it all the same.
pub(in crate::model::scenario) fn open(
    resources: &Arc<dyn Resources>,
    layer: &str,
    path: &str,
    site: SiteFrame,
    problems: &mut Vec<Problem>,
) -> Result<Arc<dyn GroundPicture>, Problem> {
    let source = source(resources, path, problems)?;
    let misplaced = |message: String| Problem::error(path, "", message).because(Cause::Place);
    let crs = source.crs().ok_or_else(|| {
        misplaced(
            "the file names no coordinate system: write it in, for example with gdal_edit.py -a_srs EPSG:28992".into(),
        )
    })?;
    let picture = SitePicture::new(layer, path, source, Placing::Crs(site, crs)).map_err(misplaced)?;
    Ok(Arc::new(picture))
}

/// The pixels of the file at `path`, whatever it is.
pub(in crate::model::scenario) fn source(
    resources: &Arc<dyn Resources>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Result<Arc<dyn PixelSource>, Problem> {
    if has_extension(path, &["mbtiles"]) {
        let opened = MbTiles::open(&**resources, path)?;
        problems.extend(opened.problems);
        return Ok(with_overview(Arc::new(TiledPixels::new(opened.store, opened.grid))));
    }
    let file = resources
        .open(path, MAX_GEOTIFF_BYTES)
        .map_err(|error| error.problem(path, ""))?;
    let tiff = Arc::new(GeoTiff::open(file, path)?);
    problems.extend(tiff.problems().iter().cloned());
    Ok(with_overview(Arc::new(GeoTiffPixels::new(tiff)?)))
}
