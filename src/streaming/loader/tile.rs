//! What a loader is asked for, and what comes of it.

use super::transfers;
use crate::sources::{
    Problem,
    http::Transfer,
    tiles3d::{DecodeRequest, MemoryNeed, TileContent, TileId},
};
use crate::streaming::{residency::TileKey, selection::ContentState};
use std::sync::Arc;
use std::time::Duration;

/// What a decoder makes of one payload.
pub trait DecodedContent: Send + 'static {
    /// Bytes read for it.
    fn bytes_read(&self) -> u64;
    /// Bytes it will hold in memory (CPU + GPU).
    fn bytes_resident(&self) -> u64;
}

impl DecodedContent for TileContent {
    fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    fn bytes_resident(&self) -> u64 {
        self.bytes_resident
    }
}

/// How content is made of a request. Called on worker threads; may panic. A function of a request is one.
pub trait TileDecoder<C>: Send + Sync {
    /// Makes it.
    ///
    /// # Errors
    /// The one problem that leaves nothing of it.
    fn decode(&self, request: &DecodeRequest) -> Result<C, Problem>;

    /// What a payload takes at most while it is decoded and afterwards, known before that: a few times its own size where
    /// nothing better can be said.
    fn need(&self, _request: &DecodeRequest, payload: &[u8]) -> MemoryNeed {
        MemoryNeed::unknown(payload.len() as u64)
    }
}

impl<C, F: Fn(&DecodeRequest) -> Result<C, Problem> + Send + Sync> TileDecoder<C> for F {
    fn decode(&self, request: &DecodeRequest) -> Result<C, Problem> {
        self(request)
    }
}

/// A finished load.
pub struct LoadedTile<C = TileContent> {
    /// Layer number given to [`TileLoader::replace_queue`](super::TileLoader::replace_queue).
    pub layer: u32,
    /// Tile.
    pub tile: TileId,
    /// One per request, in order: content, or the one problem that stopped it.
    pub results: Vec<Result<C, Problem>>,
    /// Where it failed and may succeed later: after this time it may be wished for again.
    pub retry_after: Option<Duration>,
    /// Where it is larger than all may be: once there may be so many bytes it may be wished for again.
    pub refused_bytes: Option<u64>,
}

impl<C> LoadedTile<C> {
    /// What selection should hear: drawable when any content is, failed when there were only problems.
    pub fn state(&self) -> ContentState {
        if self.results.is_empty() || self.results.iter().any(Result::is_ok) {
            ContentState::Ready
        } else {
            ContentState::Failed
        }
    }

    pub(super) fn key(&self) -> TileKey {
        TileKey {
            layer: self.layer,
            tile: self.tile,
        }
    }
}

impl<C: DecodedContent> LoadedTile<C> {
    /// Bytes that the contents hold in memory.
    pub fn bytes_resident(&self) -> u64 {
        self.results.iter().flatten().map(C::bytes_resident).sum()
    }
}

/// A tile to load. Only those within [`TileLoader::queue_limit`](super::TileLoader::queue_limit) are worth making.
pub struct LoadWish {
    /// Layer number.
    pub layer: u32,
    /// Tile.
    pub tile: TileId,
    /// What to decode, one per content of the tile.
    pub requests: Vec<DecodeRequest>,
}

/// What a loader has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoaderStats {
    /// Tiles handed to [`TileLoader::take_finished`](super::TileLoader::take_finished), or waiting there.
    pub tiles_finished: u64,
    /// Contents that came out as problems.
    pub contents_failed: u64,
    /// Bytes read for the contents that came out well.
    pub bytes_read: u64,
    /// Bytes that came over a network, whatever became of them.
    pub bytes_received: u64,
    /// Tries of transfers that failed.
    pub transfers_failed: u64,
    /// Transfers that were stopped because their tile was not wanted any more.
    pub transfers_cancelled: u64,
    /// Bytes that had come of those.
    pub bytes_cancelled: u64,
}

impl LoadWish {
    pub(super) fn key(&self) -> TileKey {
        TileKey {
            layer: self.layer,
            tile: self.tile,
        }
    }

    /// Whether something of it comes over a network.
    pub(super) fn is_remote(&self) -> bool {
        self.requests.iter().any(transfers::is_remote)
    }
}

/// Something to decode.
pub(super) struct Job {
    pub(super) wish: LoadWish,
    /// One per request: why it could not be fetched.
    pub(super) failed: Vec<Option<Problem>>,
    /// Whether it came over a network.
    pub(super) is_fetched: bool,
    pub(super) retry_after: Option<Duration>,
    /// Bytes that there would have to be before it can be loaded, where there never are.
    pub(super) refused_bytes: Option<u64>,
    /// What its contents take, and the bytes of their payloads that were read for it.
    pub(super) need: MemoryNeed,
    pub(super) payload_bytes: u64,
    /// The memory of what was fetched; given back when dropped.
    pub(super) held: Option<Arc<Transfer>>,
}

impl Job {
    /// A wish whose contents are on this machine.
    pub(super) fn of(wish: LoadWish) -> Self {
        Self {
            failed: wish.requests.iter().map(|_| None).collect(),
            wish,
            is_fetched: false,
            retry_after: None,
            refused_bytes: None,
            need: MemoryNeed::default(),
            payload_bytes: 0,
            held: None,
        }
    }

    /// Bytes that it takes while it is decoded, those of its payloads included.
    pub(super) fn bytes_in_all(&self) -> u64 {
        self.need.peak_bytes.saturating_add(self.payload_bytes)
    }
}
