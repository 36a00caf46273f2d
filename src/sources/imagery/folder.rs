//! Tiles as files beside their description.

use super::address::TileAddress;
use super::decode::MAX_TILE_BYTES;
use super::grid::TileLevel;
use super::tiles::TileStore;
use crate::sources::Problem;
use crate::sources::resource::{ResourceError, Resources};
use std::fmt;
use std::sync::Arc;

/// Tiles as files.
pub(super) struct TileFolder {
    pub(super) resources: Arc<dyn Resources>,
    pub(super) address: TileAddress,
    pub(super) levels: Vec<TileLevel>,
    pub(super) path: String,
}

impl fmt::Debug for TileFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TileFolder")
            .field("path", &self.path)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl TileStore for TileFolder {
    fn bytes(&self, level: usize, column: u32, row: u32) -> Result<Option<Vec<u8>>, Problem> {
        let Some(level) = self.levels.get(level) else {
            return Ok(None);
        };
        let path = self.address.of(level, column, row);
        match self.resources.read_at_most(&path, MAX_TILE_BYTES as u64) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ResourceError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.problem(path, "")),
        }
    }

    fn path(&self) -> &str {
        &self.path
    }
}
