//! What a raster or a file of terrain holds, for `inspect`.

use super::geo_tiff::GeoTiff;
use super::terrain::{MAX_LAYER_BYTES, MAX_MESH_BYTES, read_terrain_layer, read_terrain_mesh, unzip};
use crate::georef::lon_lat_h_from_ecef;
use crate::sources::{
    Cause, Problem,
    resource::{Resources, folder},
};
use bevy::math::DVec2;
use serde_json::{Value, json};
use std::path::Path;

/// Bytes of a tile of the older form: 65 by 65 heights.
const HEIGHTMAP_BYTES: usize = 65 * 65 * 2;

/// Describes a `GeoTIFF`, a tile of terrain or a `layer.json`; `None` for anything else.
pub fn describe(path: &Path) -> Option<Result<Value, Problem>> {
    let path = if path.join("layer.json").is_file() && !path.join("tileset.json").exists() {
        path.join("layer.json")
    } else {
        path.to_owned()
    };
    let name = path.file_name()?.to_str()?.to_owned();
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let resources = folder(parent.unwrap_or(Path::new(".")));
    match extension {
        "tif" | "tiff" | "gtiff" => Some(describe_tiff(&*resources, &name)),
        "terrain" => Some(describe_tile(&*resources, &name)),
        "json" if lower == "layer.json" || names_terrain(&*resources, &name) => {
            Some(describe_layer(&*resources, &name))
        }
        _ => is_mark(&head(&*resources, &name, 4)).then(|| describe_tiff(&*resources, &name)),
    }
}

/// Whether a file is a TIFF by its first bytes.
pub fn is_tiff(path: &Path) -> bool {
    crate::sources::resource::head(path, 4).is_some_and(|head| is_mark(&head))
}

/// Whether a file is a `layer.json` of terrain.
pub fn is_terrain_layer(path: &Path) -> bool {
    crate::sources::resource::head(path, 4096).is_some_and(|head| speaks_of_terrain(&head))
}

/// The first bytes of a file.
fn head(resources: &dyn Resources, name: &str, count: usize) -> Vec<u8> {
    let mut head = vec![0; count];
    let source = resources.open(name, MAX_LAYER_BYTES).ok();
    let count = source.and_then(|source| source.read_at(0, &mut head).ok()).unwrap_or(0);
    head.truncate(count);
    head
}

fn is_mark(head: &[u8]) -> bool {
    [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]
        .iter()
        .any(|mark| head == mark.as_slice())
}

/// Whether JSON speaks of a form of terrain in its beginning.
fn names_terrain(resources: &dyn Resources, name: &str) -> bool {
    speaks_of_terrain(&head(resources, name, 4096))
}

fn speaks_of_terrain(head: &[u8]) -> bool {
    let holds = |word: &[u8]| head.windows(word.len()).any(|part| part == word);
    holds(b"\"quantized-mesh-1.") || holds(b"\"heightmap-1.0\"")
}

fn describe_tiff(resources: &dyn Resources, name: &str) -> Result<Value, Problem> {
    let source = resources
        .open(name, u64::MAX)
        .map_err(|error| error.problem(name, ""))?;
    let tiff = GeoTiff::open(source, name)?;
    let mut problems = tiff.problems().to_vec();
    problems.extend(tiff.unread());
    let sizes = tiff.sizes();
    let (Some(full), Some(level)) = (sizes.first(), tiff.level(0)) else {
        return Err(Problem::error(name, "", "there is no image in it").because(Cause::Damaged));
    };
    let bbox = tiff.transform().map(|transform| {
        let far = DVec2::new(f64::from(full.width), f64::from(full.height));
        let corners = [DVec2::ZERO, DVec2::new(far.x, 0.0), far, DVec2::new(0.0, far.y)];
        let corners = corners.map(|pixel| transform.file_from_pixel(pixel));
        let low = corners.iter().fold(corners[0], |a, b| a.min(*b));
        let high = corners.iter().fold(corners[0], |a, b| a.max(*b));
        [low.x, low.y, high.x, high.y]
    });
    if bbox.is_some() && tiff.crs().is_none() {
        let message =
            "the file names no coordinate system: write it in, for example with gdal_edit.py -a_srs EPSG:28992";
        problems.push(Problem::warning(name, "", message).because(Cause::NoSystem));
    }
    let keys = tiff.keys();
    Ok(json!({
        "kind": if bbox.is_some() || keys.crs.is_some() { "geotiff" } else { "tiff" },
        "width": full.width,
        "height": full.height,
        "bands": level.samples,
        "holds": if tiff.is_picture() { "picture" } else { "heights" },
        "sample": level.sample.name(),
        "compression": level.coding.name(),
        "tiled": level.is_tiled,
        "tile_size": level.chunk,
        "overviews": sizes[1..].iter().map(|size| [size.width, size.height]).collect::<Vec<_>>(),
        "mask": tiff.has_mask(),
        "nodata": tiff.no_data().text(),
        "crs": keys.crs.map(|crs| crs.to_string()),
        "vertical_crs": keys.vertical.map(|code| format!("EPSG:{code}")),
        "citation": keys.citation,
        "pixel_is": if keys.is_point { "point" } else { "area" },
        "bbox": bbox,
        "pixel_size": tiff.transform().map(|transform| transform.pixel_size().to_array()),
        "problems": problems,
    }))
}

fn describe_tile(resources: &dyn Resources, name: &str) -> Result<Value, Problem> {
    let bytes = resources
        .read_at_most(name, MAX_MESH_BYTES)
        .map_err(|error| error.problem(name, ""))?;
    let unpacked = unzip(&bytes, MAX_MESH_BYTES, name)?;
    let is_gzip = unpacked.is_some();
    let bytes = unpacked.unwrap_or(bytes);
    if let Some(found) = describe_heightmap(&bytes, is_gzip, name) {
        return Ok(found);
    }
    let mesh = read_terrain_mesh(&bytes, name)?;
    let place = lon_lat_h_from_ecef(mesh.center).ok();
    Ok(json!({
        "kind": "quantized-mesh-1.0",
        "gzip": is_gzip,
        "vertices": mesh.u.len(),
        "triangles": mesh.triangles.len(),
        "min_height_m": mesh.min_height_m,
        "max_height_m": mesh.max_height_m,
        "center_lon_lat": place.map(|place| [place.lon_deg, place.lat_deg]),
        "center_height_m": place.map(|place| place.h_m),
        "edge_vertices": mesh.edges.each_ref().map(Vec::len),
        "extensions": mesh.extensions,
        "problems": mesh.problems,
    }))
}

/// Tiles of the form before quantized mesh: heights in fifths of a metre above -1000 m, which children there are, and
/// where it is water. They are told apart by their size alone.
fn describe_heightmap(bytes: &[u8], is_gzip: bool, name: &str) -> Option<Value> {
    let rest = bytes.len().checked_sub(HEIGHTMAP_BYTES)?;
    if ![1, 2, 1 + 256 * 256].contains(&rest) {
        return None;
    }
    let heights = bytes[..HEIGHTMAP_BYTES].chunks_exact(2);
    let heights = heights.map(|b| f64::from(u16::from_le_bytes([b[0], b[1]])) / 5.0 - 1000.0);
    let (low, high) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), h| {
        (low.min(h), high.max(h))
    });
    let message = "terrain of the form heightmap-1.0 is not read: quantized-mesh-1.0 is";
    Some(json!({
        "kind": "heightmap-1.0",
        "gzip": is_gzip,
        "min_height_m": low,
        "max_height_m": high,
        "problems": [Problem::error(name, "", message).because(Cause::NotRead)],
    }))
}

fn describe_layer(resources: &dyn Resources, name: &str) -> Result<Value, Problem> {
    let bytes = resources
        .read_at_most(name, MAX_LAYER_BYTES)
        .map_err(|error| error.problem(name, ""))?;
    let (layer, problems) = read_terrain_layer(&bytes, name)?;
    let count = |level: &Vec<super::terrain::Availability>| {
        level
            .iter()
            .map(super::terrain::Availability::count)
            .fold(0_u64, u64::saturating_add)
    };
    Ok(json!({
        "kind": "terrain",
        "format": layer.format,
        "version": layer.version,
        "scheme": if layer.is_north_first { "slippyMap" } else { "tms" },
        "min_zoom": layer.min_zoom,
        "max_zoom": layer.max_zoom,
        "available": layer.available.iter().map(count).collect::<Vec<_>>(),
        "metadata_levels": layer.metadata_levels,
        "bounds_deg": layer.bounds_deg,
        "extensions": layer.extensions,
        "attribution": layer.attribution,
        "problems": problems,
    }))
}
