//! Point clouds: header, feature table with the points, batch table. The tables are in `attributes` and `properties`.
//!
//! A point cloud stands in tile axes (z up) and is not turned as a glTF is. Not read: the styles that some writers put
//! into extensions of their own.

mod attributes;
mod properties;
#[cfg(test)]
mod tests;

use super::b3dm::{byte_offset, object, split_sections};
use super::content::{DecodeRequest, DecodedMeshes};
use crate::sources::{
    Problem,
    gltf::{Budget, Fault, little_endian_u32},
};
use bevy::math::DVec3;
use serde_json::{Map, Value as Json};

/// The name under which the tables speak of Draco.
const DRACO: &str = "3DTILES_draco_point_compression";

/// The parts of a tile.
pub(super) struct Pnts<'a> {
    features: Map<String, Json>,
    feature_binary: &'a [u8],
    pub(super) batch: Result<Map<String, Json>, Fault>,
    batch_binary: &'a [u8],
    /// How many points.
    pub(super) count: u32,
}

impl<'a> Pnts<'a> {
    /// Splits a tile whose magic has been checked.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let field = |offset: usize| {
            little_endian_u32(bytes, offset).ok_or_else(|| Fault::new("", "the tile is cut off inside its header"))
        };
        let version = field(4)?;
        if version != 1 {
            return Err(Fault::not_read(
                "byte 4",
                format!("version {version} of point clouds is unknown"),
            ));
        }
        let length = field(8)? as usize;
        let tile = bytes.get(..length).ok_or_else(|| {
            let message = format!("the tile is cut off: {length} bytes promised, {} there", bytes.len());
            Fault::new("byte 8", message)
        })?;
        let sizes = [field(12)?, field(16)?, field(20)?, field(24)?];
        let (tables, _) = split_sections(tile, 28, sizes)?;
        let [feature_json, feature_binary, batch_json, batch_binary] = tables;
        let mut tile = Self {
            features: object(feature_json, "feature table")?,
            feature_binary,
            batch: object(batch_json, "batch table"),
            batch_binary,
            count: 0,
        };
        tile.count = tile
            .whole("POINTS_LENGTH")
            .ok_or_else(|| Fault::new("feature table.POINTS_LENGTH", "the number of points is missing"))?;
        Ok(tile)
    }

    /// The extensions that the tables name.
    pub(super) fn extensions(&self) -> Vec<String> {
        let tables = std::iter::once(&self.features).chain(self.batch.as_ref());
        let objects = tables.filter_map(|table| table.get("extensions")?.as_object());
        let mut names: Vec<String> = objects.flat_map(Map::keys).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// How many batches the points are in.
    pub(super) fn batch_length(&self) -> u32 {
        self.whole("BATCH_LENGTH").unwrap_or(0)
    }

    /// A whole number for the tile, in the JSON or at a place of the binary part.
    fn whole(&self, key: &str) -> Option<u32> {
        match self.features.get(key)? {
            Json::Object(place) => little_endian_u32(self.feature_binary, byte_offset(place)?),
            number => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        }
    }
}

/// Decodes a tile whose magic has been checked, within the points that `budget` has left. Bytes of other files alone are
/// counted as read, and there are none.
///
/// # Errors
/// When no point can be drawn; what costs only attributes or properties is listed beside the points.
pub(super) fn decode(
    request: &DecodeRequest,
    bytes: &[u8],
    path: &str,
    budget: &mut Budget,
) -> Result<DecodedMeshes, Problem> {
    let tile = Pnts::parse(bytes).map_err(|fault| fault.at(path))?;
    let Some(left) = budget.points.checked_sub(u64::from(tile.count)) else {
        let message = format!(
            "{} points are more than the {} that are still read",
            tile.count, budget.points
        );
        return Err(Fault::too_large("feature table.POINTS_LENGTH", message).at(path));
    };
    let mut faults = Vec::new();
    let mut decoded = DecodedMeshes::default();
    if tile.count == 0 {
        return Ok(decoded);
    }
    let unpacked = tile.unpacked().map_err(|fault| fault.at(path))?;
    let mut points = tile.points(&unpacked, &mut faults).map_err(|fault| fault.at(path))?;
    let ids = tile.batch_ids(&unpacked, &mut faults);
    let (features, found) = tile.properties(&unpacked, ids.is_some());
    faults.extend(found);
    let rows = features.rows;
    let has_row_each = ids.is_none() && rows > 0;
    points.features = match ids {
        Some(ids) => ids.into_iter().map(|id| id.min(rows)).collect(),
        None if has_row_each => (0..tile.count).collect(),
        None => vec![rows; tile.count as usize],
    };
    let dropped = points.drop_endless();
    if dropped > 0 {
        let message = format!("{dropped} points stand at no finite place; they are left out");
        faults.push(Fault::new("feature table.POSITION", message));
    }
    if points.positions.is_empty() {
        return Err(Fault::new("feature table.POSITION", "no point stands at a finite place").at(path));
    }
    let placement = request.placement(DVec3::ZERO);
    let placed = placement.points(points, has_row_each).map_err(|fault| fault.at(path))?;
    budget.points = left;
    decoded.marks.points.push(placed);
    decoded.features = features;
    decoded.problems.extend(faults.into_iter().map(|fault| fault.at(path)));
    Ok(decoded)
}
