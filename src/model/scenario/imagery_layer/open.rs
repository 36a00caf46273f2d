//! Opening what an imagery layer names.

use super::super::read::has_extension;
use super::asked::AskedPicture;
use super::{Placing, SitePicture};
use crate::georef::SiteFrame;
use crate::model::{GroundPicture, Layer};
use crate::sources::imagery::{
    GeoTiffPixels, MbTiles, PixelSource, ServerOptions, TiledPixels, asked_host, open_description, with_overview,
};
use crate::sources::raster::GeoTiff;
use crate::sources::resource::Resources;
use crate::sources::{Cause, Problem, crs_name};
use std::sync::Arc;

/// Largest `GeoTIFF` in a package, bytes; one in a folder is read in part and may have any size.
pub(in crate::model::scenario) const MAX_GEOTIFF_BYTES: u64 = 1 << 30;

/// The picture of a layer; what is wrong with it goes to `problems`.
pub(in crate::model::scenario) fn open(
    resources: &Arc<dyn Resources>,
    layer: &Layer,
    site: SiteFrame,
    problems: &mut Vec<Problem>,
) -> Option<Arc<dyn GroundPicture>> {
    let path = &layer.path;
    if has_extension(path, &["json", "xml"])
        && let Some(host) = asked_host(resources, path)
    {
        problems.push(asks(path, &host));
        return Some(Arc::new(AskedPicture::new(
            resources.clone(),
            layer.clone(),
            site,
            host,
        )));
    }
    match site_picture(resources, layer, site, problems) {
        Ok(picture) => Some(Arc::new(picture)),
        Err(problem) => {
            problems.push(problem);
            None
        }
    }
}

/// That a server is asked, for whoever wants to know before it is.
fn asks(path: &str, host: &str) -> Problem {
    Problem::warning(path, "", format!("this layer asks a server: {host}, once it is shown")).because(Cause::Server)
}

/// The picture of a layer, opened.
pub(super) fn site_picture(
    resources: &Arc<dyn Resources>,
    layer: &Layer,
    site: SiteFrame,
    problems: &mut Vec<Problem>,
) -> Result<SitePicture, Problem> {
    let path = &layer.path;
    let source = source(resources, path, problems)?;
    let misplaced = |message: String| Problem::error(path, "", message).because(Cause::Place);
    let stated = || layer.crs.as_deref().and_then(crs_name::of_code_name);
    let crs = source.crs().or_else(stated).ok_or_else(|| {
        misplaced(
            "the file names no coordinate system: give its layer one (`\"crs\": \"EPSG:28992\"`), or write it in, for \
             example with gdal_edit.py -a_srs EPSG:28992"
                .into(),
        )
    })?;
    SitePicture::new(&layer.id, path, source, Placing::Crs(site, crs)).map_err(misplaced)
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
    if has_extension(path, &["json", "xml"]) {
        let described = open_description(resources, path, &ServerOptions::of_machine())?;
        if let Some(host) = &described.host {
            problems.push(asks(path, host));
        }
        return Ok(with_overview(described.source));
    }
    let file = resources
        .open(path, MAX_GEOTIFF_BYTES)
        .map_err(|error| error.problem(path, ""))?;
    let tiff = Arc::new(GeoTiff::open(file, path)?);
    problems.extend(tiff.problems().iter().cloned());
    Ok(with_overview(Arc::new(GeoTiffPixels::new(tiff)?)))
}
