//! One tile without a tileset, as a tileset of one tile: so it is drawn, picked and told of like any other.

use crate::sources::resource::{RandomRead, ResourceError, Resources, encode_percent};
use bevy::math::DVec3;
use serde_json::json;
use std::{path::PathBuf, sync::Arc};

/// What lies beside a tile, and a tileset around it that is on no disk.
pub(super) struct LoneTile {
    beside: Arc<dyn Resources>,
    tileset: String,
    text: Vec<u8>,
}

impl LoneTile {
    /// A tileset around the payload called `name`, which lies in the ball around `center` in its own frame, metres.
    pub(super) fn new(beside: Arc<dyn Resources>, name: &str, center: DVec3, radius_m: f64) -> Self {
        let tileset = json!({
            "asset": {"version": "1.1"},
            "geometricError": 2.0 * radius_m,
            "root": {
                "boundingVolume": {"sphere": [center.x, center.y, center.z, radius_m]},
                "geometricError": 0.0,
                "refine": "ADD",
                "content": {"uri": encode_percent(name)},
            },
        });
        Self {
            beside,
            tileset: format!("{name}.tileset.json"),
            text: tileset.to_string().into_bytes(),
        }
    }

    /// The path of the tileset.
    pub(super) fn tileset(&self) -> String {
        self.tileset.clone()
    }
}

impl Resources for LoneTile {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        if path == self.tileset {
            Ok(self.text.clone())
        } else {
            self.beside.read(path)
        }
    }
    fn read_at_most(&self, path: &str, limit: u64) -> Result<Vec<u8>, ResourceError> {
        if path == self.tileset {
            Ok(self.text.clone())
        } else {
            self.beside.read_at_most(path, limit)
        }
    }
    fn open(&self, path: &str, limit: u64) -> Result<Arc<dyn RandomRead>, ResourceError> {
        if path == self.tileset {
            Ok(Arc::new(self.text.clone()))
        } else {
            self.beside.open(path, limit)
        }
    }
    fn real_path(&self, path: &str) -> Option<PathBuf> {
        self.beside.real_path(path)
    }
    fn exists(&self, path: &str) -> bool {
        path == self.tileset || self.beside.exists(path)
    }
    fn name(&self) -> String {
        self.beside.name()
    }
    fn listed(&self) -> Vec<String> {
        self.beside.listed()
    }
    fn files_under(&self, folder: &str, most: usize) -> Vec<String> {
        self.beside.files_under(folder, most)
    }
    fn refused(&self) -> Vec<ResourceError> {
        self.beside.refused()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{resource::folder, tiles3d::read_tileset};

    #[test]
    fn the_tileset_holds_the_tile_and_what_lies_beside_it_stays() {
        let temporary = tempfile::tempdir().unwrap();
        for name in ["a tile #1.pnts", "beside.bin"] {
            std::fs::write(temporary.path().join(name), b"pnts").unwrap();
        }
        let lone = LoneTile::new(
            folder(temporary.path()),
            "a tile #1.pnts",
            DVec3::new(1.0, 2.0, 3.0),
            4.0,
        );
        let path = lone.tileset();
        let (tree, problems) = read_tileset(Arc::new(lone), &path).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            (tree.tiles.len(), &tree.tiles[0].contents[..]),
            (1, &["a tile #1.pnts".to_owned()][..])
        );
        assert_eq!(tree.tiles[0].bounding_volume.center(), DVec3::new(1.0, 2.0, 3.0));
        assert_eq!(tree.resources.read("beside.bin").unwrap(), b"pnts");
        assert!(tree.resources.read("none.bin").is_err());
    }
}
