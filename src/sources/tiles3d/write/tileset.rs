//! A tree of tiles as tileset.json.

use bevy::math::{DMat4, DVec3};
use serde_json::{Value, json};

/// One tile of the tree that is written.
#[derive(Debug, Clone)]
pub(crate) struct TileNode {
    /// Tile axes (x east, y north, z up around the tile's middle) to ECEF.
    pub(crate) ecef_from_tile: DMat4,
    /// Corners of the box around everything in the tile and below it, tile axes, metres.
    pub(crate) low: DVec3,
    pub(crate) high: DVec3,
    pub(crate) geometric_error_m: f64,
    /// Payload or external tileset.
    pub(crate) uri: String,
    pub(crate) children: Vec<TileNode>,
    /// Tiles in this document, this one included.
    pub(crate) tiles: usize,
}

impl TileNode {
    /// Length of the box's diagonal, metres.
    pub(crate) fn diagonal_m(&self) -> f64 {
        (self.high - self.low).length()
    }

    fn json(&self, parent_from_tile: Option<DMat4>) -> Value {
        let center = (self.low + self.high) / 2.0;
        let half = (self.high - self.low) / 2.0;
        let mut tile = json!({
            "boundingVolume": {"box": [
                center.x, center.y, center.z, half.x, 0.0, 0.0, 0.0, half.y, 0.0, 0.0, 0.0, half.z,
            ]},
            "geometricError": self.geometric_error_m,
            "refine": "REPLACE",
            "content": {"uri": self.uri},
        });
        if let Some(matrix) = parent_from_tile {
            tile["transform"] = json!(matrix.to_cols_array());
        }
        if !self.children.is_empty() {
            let tile_from_ecef = self.ecef_from_tile.inverse();
            let children = self.children.iter();
            tile["children"] = children
                .map(|child| child.json(Some(affine(tile_from_ecef * child.ecef_from_tile))))
                .collect();
        }
        tile
    }
}

/// The last row as it must be, whatever rounding made of it.
fn affine(mut matrix: DMat4) -> DMat4 {
    matrix.x_axis.w = 0.0;
    matrix.y_axis.w = 0.0;
    matrix.z_axis.w = 0.0;
    matrix.w_axis.w = 1.0;
    matrix
}

/// The document whose root is `root`. In an external one the tile that names it has the transform already.
pub(crate) fn tileset_json(root: &TileNode, is_external: bool) -> Vec<u8> {
    // What is missing where nothing of the set is drawn: all of it.
    let error_m = root.diagonal_m().max(root.geometric_error_m);
    let json = json!({
        "asset": {"version": "1.1", "generator": "Stadslens"},
        "geometricError": error_m,
        "root": root.json((!is_external).then_some(root.ecef_from_tile)),
    });
    json.to_string().into_bytes()
}
