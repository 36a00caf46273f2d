//! `tilemapresource.xml` of a TMS folder, as `GDAL2Tiles` writes it: rows count from the south.

use super::address::TileAddress;
use super::description::{TileSet, in_folder};
use super::grid::{TileGrid, TileLevel};
use crate::georef::Crs;
use crate::sources::raster::whole;
use crate::sources::xml::Element;
use crate::sources::{crs_name, shortened};
use bevy::math::DVec2;

/// Most levels.
const MAX_LEVELS: usize = 30;
/// Half the equator of the Web Mercator sphere, metres.
const MERCATOR_EDGE_M: f64 = 20_037_508.342_789_244;

/// The set that the root element describes; the text says what is wrong.
pub(super) fn read(root: &Element, path: &str) -> Result<TileSet, String> {
    let child = |name: &str| root.children.iter().find(|child| child.name == name);
    let text = |name: &str| {
        child(name)
            .map(|child| child.text.trim().to_owned())
            .unwrap_or_default()
    };
    let sets = child("TileSets").ok_or("there are no `TileSets` in it")?;
    let profile = sets.attribute("profile").unwrap_or_default().to_ascii_lowercase();
    let srs = text("SRS");
    let crs = crs_name::of_code_name(&srs)
        .or_else(|| crs_name::of_wkt(&srs))
        .or(match profile.as_str() {
            "mercator" | "global-mercator" => Some(Crs(3857)),
            "geodetic" | "global-geodetic" => Some(Crs(4326)),
            _ => None,
        });
    let crs = match crs {
        Some(Crs(900_913 | 3785)) => Crs(3857),
        Some(crs) => crs,
        None => {
            return Err(format!(
                "its coordinate system (`{}`) is not known",
                shortened(&srs, 60)
            ));
        }
    };
    let format = child("TileFormat").ok_or("there is no `TileFormat` in it")?;
    let pixels = |name: &str| number(format, name).map_or(256, whole);
    let tile_px = [pixels("width"), pixels("height")];
    if tile_px.iter().any(|side| !(16..=4096).contains(side)) {
        return Err(format!("tiles of {} × {} pixels are not read", tile_px[0], tile_px[1]));
    }
    let ending = format.attribute("extension").unwrap_or("png");
    let is_global = crs == Crs(3857);
    // GDAL writes the box of Web Mercator in degrees, and older ones turned round.
    let (origin, far, stated) = if is_global {
        (DVec2::splat(-MERCATOR_EDGE_M), DVec2::splat(MERCATOR_EDGE_M), None)
    } else if crs == Crs(4326) {
        (DVec2::new(-180.0, -90.0), DVec2::new(180.0, 90.0), None)
    } else {
        let element = child("Origin").ok_or("there is no `Origin` in it")?;
        let origin = number(element, "x")
            .zip(number(element, "y"))
            .ok_or("its `Origin` is no place")?;
        let bounds = child("BoundingBox").ok_or("there is no `BoundingBox` in it")?;
        let corner = |x: &str, y: &str| Some(DVec2::new(number(bounds, x)?, number(bounds, y)?));
        let low = corner("minx", "miny").ok_or("its `BoundingBox` is no box")?;
        let high = corner("maxx", "maxy").ok_or("its `BoundingBox` is no box")?;
        (DVec2::from(origin), high, Some((low, high)))
    };
    let mut levels = levels(sets, tile_px, origin, far)?;
    if levels.is_empty() {
        return Err("there is no level in it that can be read".into());
    }
    levels.sort_by(|a, b| a.pixel.total_cmp(&b.pixel));
    let template = in_folder(path, &format!("{{z}}/{{x}}/{{y}}.{ending}"))?;
    let mut grid = TileGrid {
        crs,
        levels,
        extent: None,
    };
    if let Some((low, high)) = stated {
        grid.keep_within(low, high);
    }
    Ok(TileSet {
        grid,
        address: TileAddress::new(vec![template], true)?,
        name: shortened(&text("Title"), 200),
        attribution: String::new(),
    })
}

fn number(element: &Element, name: &str) -> Option<f64> {
    element
        .attribute(name)?
        .trim()
        .parse()
        .ok()
        .filter(|n: &f64| n.is_finite())
}

/// The levels of a set whose tiles fill the box from `origin` to `far`.
fn levels(sets: &Element, tile_px: [u32; 2], origin: DVec2, far: DVec2) -> Result<Vec<TileLevel>, String> {
    let mut levels = Vec::new();
    for set in sets
        .children
        .iter()
        .filter(|child| child.name == "TileSet")
        .take(MAX_LEVELS)
    {
        let pixel = number(set, "units-per-pixel").filter(|pixel| *pixel > 0.0);
        let pixel = pixel.ok_or("a `TileSet` does not say how large its pixels are")?;
        let href = set.attribute("href").unwrap_or_default().trim_end_matches('/');
        let name = href.rsplit('/').next().filter(|name| !name.is_empty());
        let name = name.or(set.attribute("order")).ok_or("a `TileSet` has no name")?;
        let is_plain = name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain {
            return Err(format!(
                "a `TileSet` is called `{}`; a number is read",
                shortened(name, 30)
            ));
        }
        let tile = DVec2::new(f64::from(tile_px[0]), f64::from(tile_px[1])) * pixel;
        let count = ((far - origin) / tile - 1e-6).ceil();
        if !(count.min_element() >= 1.0 && count.max_element() * f64::from(tile_px[0]) < f64::from(1_u32 << 31)) {
            continue;
        }
        let size = count.to_array().map(whole);
        levels.push(TileLevel {
            name: name.to_owned(),
            corner: DVec2::new(origin.x, origin.y + count.y * tile.y),
            pixel,
            tile_px,
            size,
            limits: [0, 0, size[0] - 1, size[1] - 1],
        });
    }
    Ok(levels)
}
