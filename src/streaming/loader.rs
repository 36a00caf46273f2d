//! Decodes tiles on worker threads: the queue is replaced each frame, results are polled.

use crate::sources::{
    Problem,
    tiles3d::{DecodeRequest, TileContent, TileId},
};

/// A bounded pool of decode workers for any number of tilesets (`layer` tells them apart).
pub struct TileLoader {}

/// A finished load.
pub struct LoadedTile {
    /// Layer number given to [`TileLoader::replace_queue`].
    pub layer: u32,
    /// Tile.
    pub tile: TileId,
    /// Content or the one problem that stopped it.
    pub result: Result<TileContent, Problem>,
}

/// A wish with its request made only when a worker takes it.
pub struct LoadWish {
    /// Layer number.
    pub layer: u32,
    /// Tile.
    pub tile: TileId,
    /// What to decode, one per content of the tile.
    pub requests: Vec<DecodeRequest>,
}

impl TileLoader {
    /// Starts `workers` threads (at least one), at lower priority where the system allows.
    pub fn new(workers: usize) -> Self {
        let _ = workers;
        todo!()
    }
    /// Replaces what waits; what runs goes on. Returns the tiles that are now running or waiting.
    pub fn replace_queue(&self, wishes: Vec<LoadWish>) {
        let _ = wishes;
        todo!()
    }
    /// Takes what has finished.
    pub fn take_finished(&self) -> Vec<LoadedTile> {
        todo!()
    }
    /// Whether nothing waits and nothing runs.
    pub fn is_idle(&self) -> bool {
        todo!()
    }
}
