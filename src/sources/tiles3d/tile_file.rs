//! The fields of one tile in a tileset.json, read one by one so that a fault in one spares the others.

use super::{BoundingVolume, Refine, s2::S2Cell};
use crate::sources::{Cause, Problem};
use bevy::math::{DMat4, DVec3};
use serde_json::Value;

/// Tileset extensions that are read, or can be passed over without losing content.
pub(super) const EXTENSIONS_READ: [&str; 6] = [
    "3DTILES_bounding_volume_S2",
    "3DTILES_content_gltf",
    "3DTILES_implicit_tiling",
    "3DTILES_metadata",
    "3DTILES_multiple_contents",
    "MAXAR_content_3tz",
];
/// Most contents of one tile.
const MAX_CONTENTS: usize = 256;

/// What one tile says; `None` where it is silent or wrong.
pub(super) struct TileFields {
    pub(super) bounding_volume: Option<BoundingVolume>,
    pub(super) viewer_request_volume: Option<BoundingVolume>,
    pub(super) geometric_error: Option<f64>,
    pub(super) refine: Option<Refine>,
    pub(super) transform: Option<DMat4>,
    pub(super) contents: Vec<ContentFile>,
}

/// One content of a tile.
pub(super) struct ContentFile {
    pub(super) uri: String,
    pub(super) bounding_volume: Option<BoundingVolume>,
    /// Where it stands in the tile.
    pub(super) place: String,
    /// What else is said of it.
    pub(super) json: Value,
}

impl TileFields {
    /// The fields and what is wrong with them (`path` empty, `place` within the tile).
    pub(super) fn read(tile: &Value) -> (Self, Vec<Problem>) {
        let mut faults = Vec::new();
        let fields = Self {
            bounding_volume: required_volume(tile, &mut faults),
            viewer_request_volume: optional_volume(tile, "viewerRequestVolume", "viewerRequestVolume", &mut faults),
            geometric_error: geometric_error(tile, &mut faults),
            refine: refine(tile, &mut faults),
            transform: transform(tile, &mut faults),
            contents: contents(tile, &mut faults),
        };
        (fields, faults)
    }
}

/// `asset.version` (empty when it is missing) and `asset.gltfUpAxis` in upper case (`Y` when it is missing).
pub(super) fn asset(tileset: &Value) -> (String, char) {
    let text = |key: &str| {
        tileset
            .get("asset")
            .and_then(|asset| asset.get(key))
            .and_then(Value::as_str)
    };
    let up_axis = text("gltfUpAxis")
        .and_then(|axis| axis.chars().next())
        .map(|axis| axis.to_ascii_uppercase())
        .filter(|axis| matches!(axis, 'X' | 'Y' | 'Z'));
    (text("version").unwrap_or_default().to_owned(), up_axis.unwrap_or('Y'))
}

/// `extensionsRequired`.
pub(super) fn extensions_required(tileset: &Value) -> Vec<String> {
    texts(tileset.get("extensionsRequired"))
}

/// `extensionsUsed`.
pub(super) fn extensions_used(tileset: &Value) -> Vec<String> {
    texts(tileset.get("extensionsUsed"))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn geometric_error(tile: &Value, faults: &mut Vec<Problem>) -> Option<f64> {
    let message = match tile.get("geometricError") {
        None => "the geometric error is missing; half of the parent's is taken",
        Some(value) => match value.as_f64() {
            Some(error) if error >= 0.0 && error.is_finite() => return Some(error),
            _ => "the geometric error is not a number from 0 up; half of the parent's is taken",
        },
    };
    faults.push(Problem::error("", "geometricError", message));
    None
}

fn refine(tile: &Value, faults: &mut Vec<Problem>) -> Option<Refine> {
    let text = match tile.get("refine")? {
        Value::String(text) => text.as_str(),
        _ => "",
    };
    let refine = match text.to_ascii_uppercase().as_str() {
        "ADD" => Some(Refine::Add),
        "REPLACE" => Some(Refine::Replace),
        _ => None,
    };
    match refine {
        None => faults.push(Problem::error(
            "",
            "refine",
            "the refinement is neither ADD nor REPLACE; the parent's is taken",
        )),
        Some(_) if text != text.to_ascii_uppercase() => faults.push(Problem::warning(
            "",
            "refine",
            format!("`{text}` should be written in upper case"),
        )),
        Some(_) => {}
    }
    refine
}

fn transform(tile: &Value, faults: &mut Vec<Problem>) -> Option<DMat4> {
    let value = tile.get("transform")?;
    let matrix = numbers::<16>(value).map(|columns| DMat4::from_cols_array(&columns));
    if matrix.is_none() {
        let message = "the transform is not a list of 16 finite numbers; the tile is not moved";
        faults.push(Problem::error("", "transform", message));
    }
    matrix
}

fn contents(tile: &Value, faults: &mut Vec<Problem>) -> Vec<ContentFile> {
    let mut contents = Vec::new();
    if let Some(content) = tile.get("content").filter(|content| !content.is_null()) {
        contents.extend(content_file(content, "content".to_owned(), faults));
    }
    let several = tile
        .get("contents")
        .or_else(|| {
            tile.get("extensions")?
                .get("3DTILES_multiple_contents")?
                .get("contents")
        })
        .or_else(|| tile.get("extensions")?.get("3DTILES_multiple_contents")?.get("content"));
    match several {
        None => {}
        Some(Value::Array(items)) => {
            if items.len() > MAX_CONTENTS {
                let message = format!("more than {MAX_CONTENTS} contents; the rest is left out");
                faults.push(Problem::error("", "contents", message).because(Cause::TooLarge));
            }
            for (i, content) in items.iter().take(MAX_CONTENTS).enumerate() {
                contents.extend(content_file(content, format!("contents[{i}]"), faults));
            }
        }
        Some(_) => faults.push(Problem::error("", "contents", "the contents are not a list")),
    }
    contents
}

fn content_file(content: &Value, place: String, faults: &mut Vec<Problem>) -> Option<ContentFile> {
    let uri = content.get("uri").and_then(Value::as_str);
    // `url` is the name from before version 1.0.
    let Some(uri) = uri.or_else(|| content.get("url").and_then(Value::as_str)) else {
        faults.push(Problem::error("", place, "the content has no uri"));
        return None;
    };
    // Only the few keys of metadata are looked at later: what is large is not kept twice.
    let kept = ["metadata", "group", "extensions"].iter();
    let kept = kept.filter_map(|key| Some(((*key).to_owned(), content.get(*key)?.clone())));
    Some(ContentFile {
        json: Value::Object(kept.collect()),
        uri: uri.to_owned(),
        bounding_volume: optional_volume(content, "boundingVolume", &format!("{place}.boundingVolume"), faults),
        place,
    })
}

fn required_volume(tile: &Value, faults: &mut Vec<Problem>) -> Option<BoundingVolume> {
    if tile.get("boundingVolume").is_none() {
        let message = "the bounding volume is missing; the parent's is taken";
        faults.push(Problem::error("", "boundingVolume", message));
    }
    optional_volume(tile, "boundingVolume", "boundingVolume", faults)
}

fn optional_volume(owner: &Value, key: &str, place: &str, faults: &mut Vec<Problem>) -> Option<BoundingVolume> {
    let value = owner.get(key)?;
    match volume(value) {
        Ok(volume) => Some(volume),
        Err(message) => {
            faults.push(Problem::error("", place, message));
            None
        }
    }
}

/// A volume in the frame of its tile.
fn volume(value: &Value) -> Result<BoundingVolume, &'static str> {
    if let Some(numbers12) = value.get("box") {
        let numbers = numbers::<12>(numbers12).ok_or("the box is not a list of 12 finite numbers")?;
        return Ok(box_of(&numbers));
    }
    if let Some(numbers6) = value.get("region") {
        let region = numbers::<6>(numbers6).ok_or("the region is not a list of 6 finite numbers")?;
        return region_of(region)
            .ok_or("the region is not west, south, east, north in radians, then the lowest and the highest height");
    }
    if let Some(numbers4) = value.get("sphere") {
        let sphere = numbers::<4>(numbers4).ok_or("the sphere is not a list of 4 finite numbers")?;
        return sphere_of(sphere).ok_or("the sphere has a negative radius");
    }
    let extensions = value.get("extensions");
    if let Some(cell) = extensions.and_then(|extensions| extensions.get("3DTILES_bounding_volume_S2")) {
        let token = cell.get("token").and_then(Value::as_str);
        let height = |key: &str| {
            cell.get(key)
                .and_then(Value::as_f64)
                .filter(|height| height.is_finite())
        };
        return match (
            token.and_then(S2Cell::from_token),
            height("minimumHeight"),
            height("maximumHeight"),
        ) {
            (Some(cell), Some(lowest), Some(highest)) if lowest <= highest => {
                Ok(BoundingVolume::from_s2(cell, [lowest, highest]))
            }
            (None, ..) => Err("the token is not that of an S2 cell"),
            _ => Err("the S2 cell has no lowest height below a highest height"),
        };
    }
    if extensions.is_some() {
        return Err("bounding volumes of this extension (cylinders, say) are not read yet");
    }
    Err("the bounding volume is none of box, region and sphere")
}

/// A box of its centre and three half axes.
pub(super) fn box_of(n: &[f64; 12]) -> BoundingVolume {
    let axis = |i: usize| DVec3::new(n[i], n[i + 1], n[i + 2]);
    BoundingVolume::Box {
        center: axis(0),
        half_axes: [axis(3), axis(6), axis(9)],
    }
}

/// A region, if the numbers are those of one.
pub(super) fn region_of(region: [f64; 6]) -> Option<BoundingVolume> {
    let [west, south, east, north, lowest, highest] = region;
    let is_on_earth = [west, east].iter().all(|lon| lon.abs() <= 6.3)
        && [south, north].iter().all(|lat| lat.abs() <= 1.571)
        && south <= north
        && lowest <= highest;
    is_on_earth.then(|| BoundingVolume::from_region(region))
}

/// A sphere, if the radius is one.
pub(super) fn sphere_of([x, y, z, radius]: [f64; 4]) -> Option<BoundingVolume> {
    (radius >= 0.0).then(|| BoundingVolume::Sphere {
        center: DVec3::new(x, y, z),
        radius,
    })
}

fn numbers<const N: usize>(value: &Value) -> Option<[f64; N]> {
    let items = value.as_array().filter(|items| items.len() == N)?;
    let mut numbers = [0.0; N];
    for (number, item) in numbers.iter_mut().zip(items) {
        *number = item.as_f64().filter(|n| n.is_finite())?;
    }
    Some(numbers)
}
