//! Looks at a tile before it is decoded: reads its payloads, asks what they need, and sets that much aside.
//!
//! A tile for which there is no room goes back to whoever wished for it, with what it needs remembered; its bytes are
//! dropped. One that is larger than the ceiling by itself is refused until the ceiling is raised
//! ([`LoadedTile::refused_bytes`](super::LoadedTile::refused_bytes)). So no thread waits for memory.

use super::{DecodedContent, Job, Shared, State, at_hand::give};
use crate::sources::resource::{ResourceError, encode_percent, read_uri};
use crate::sources::tiles3d::{DecodeRequest, MemoryNeed};
use crate::sources::{Cause, Problem};
use crate::streaming::residency::TileKey;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes that are set aside for a payload whose size is not known.
const FIRST_BYTES: u64 = 8 << 20;
/// Largest payload that is looked at, bytes: of a larger one the decoder says what is wrong.
const MAX_PAYLOAD_BYTES: u64 = 1 << 30;

/// What came of a look.
pub(super) enum Looked {
    /// It can be decoded: what it needs is set aside.
    Ready(Job),
    /// There is no room.
    NoRoom,
    /// It never fits.
    Refused(Job, Vec<Problem>),
}

impl<C: DecodedContent> State<C> {
    /// Sets memory aside for a tile, all in all; false and nothing changed where there is none. Transfers under way take no
    /// more than what is left.
    pub(super) fn set_aside(&mut self, key: TileKey, bytes: u64) -> bool {
        let before = self.ledger.set_aside_for(key);
        let fetched = self.transfers.room_used();
        self.ledger.note_fetched(fetched);
        if !self.ledger.set_aside(key, bytes) {
            return false;
        }
        if self
            .transfers
            .limit_room(fetched.saturating_add(self.ledger.free_bytes()))
        {
            return true;
        }
        // More came in this very moment.
        self.ledger.give_back_to(key, before);
        false
    }

    /// Gives back what was set aside for a tile beyond `bytes`.
    pub(super) fn give_back_to(&mut self, key: TileKey, bytes: u64) {
        self.ledger.give_back_to(key, bytes);
        self.limit_transfers();
    }

    /// Corrects what is set aside and what is known of a tile to what came out; of one of which something failed nothing is
    /// measured. False where it holds more than there is room for: then it must go.
    pub(super) fn settle(&mut self, job: &Job, held: u64, is_whole: bool) -> bool {
        let key = job.wish.key();
        // Where less is held than was thought, what was beside it at the worst moment is still not known to be less.
        let under = held.saturating_sub(job.need.held_bytes);
        let bytes = job.bytes_in_all().saturating_add(under);
        if is_whole {
            self.ledger.measure(key, bytes);
        } else {
            self.ledger.at_least(key, bytes);
        }
        let fits = self.set_aside(key, held);
        self.limit_transfers();
        fits
    }

    /// Lets transfers take what nobody else has.
    pub(super) fn limit_transfers(&mut self) {
        // They may take more between the two looks.
        for _ in 0..8 {
            let fetched = self.transfers.room_used();
            self.ledger.note_fetched(fetched);
            if self
                .transfers
                .limit_room(fetched.saturating_add(self.ledger.free_bytes()))
            {
                return;
            }
        }
    }
}

impl<C: DecodedContent> Shared<C> {
    /// Looks at a tile that is to be decoded.
    pub(super) fn look(&self, mut job: Job) -> Looked {
        let key = job.wish.key();
        let mut is_whole = job.failed.iter().all(Option::is_none);
        if !job.is_fetched {
            let mut need = MemoryNeed::default();
            let mut payload_bytes = 0_u64;
            for request in &mut job.wish.requests {
                match self.payload(key, request, payload_bytes) {
                    Ok(Some(bytes)) => {
                        payload_bytes = payload_bytes.saturating_add(bytes.len() as u64);
                        need = need.then(self.need(request, &bytes));
                        give(request, bytes);
                    }
                    // The decoder will find the same and say it.
                    Ok(None) => is_whole = false,
                    Err(Short::NoRoom) => return Looked::NoRoom,
                    Err(Short::TooLarge(bytes)) => return self.refused(job, bytes),
                }
            }
            job.need = need;
            job.payload_bytes = payload_bytes;
        }
        let mut state = self.lock();
        let all = if is_whole {
            state.ledger.estimate(key, job.bytes_in_all())
        } else {
            let known = state.ledger.at_least(key, job.bytes_in_all());
            // What could not be fetched is not decoded; what could not be read is tried once more.
            if job.is_fetched { job.bytes_in_all() } else { known }
        };
        if state.ledger.exceeds_ceiling(all) {
            drop(state);
            return self.refused(job, all);
        }
        // What was fetched is counted by itself.
        let bytes = all.saturating_sub(if job.is_fetched { job.payload_bytes } else { 0 });
        let has_room = state.set_aside(key, bytes);
        drop(state);
        if has_room { Looked::Ready(job) } else { Looked::NoRoom }
    }

    fn refused(&self, mut job: Job, bytes: u64) -> Looked {
        job.refused_bytes = Some(bytes);
        let ceiling = self.lock().ledger.ceiling_bytes();
        let problems = job.wish.requests.iter().map(|request| refusal(request, bytes, ceiling));
        let problems = problems.collect();
        Looked::Refused(job, problems)
    }

    /// What a payload needs; asking may go wrong as decoding may.
    pub(super) fn need(&self, request: &DecodeRequest, payload: &[u8]) -> MemoryNeed {
        catch_unwind(AssertUnwindSafe(|| self.decoder.need(request, payload)))
            .unwrap_or_else(|_panic| MemoryNeed::unknown(payload.len() as u64))
    }

    /// Reads a payload within memory set aside for it, beside that of those `before` it. `None` where it cannot be read.
    fn payload(&self, key: TileKey, request: &DecodeRequest, before: u64) -> Result<Option<Vec<u8>>, Short> {
        let (mut limit, most) = {
            let state = self.lock();
            let most = state.ledger.ceiling_bytes().saturating_sub(before);
            (FIRST_BYTES.min(state.ledger.free_for(key).max(1)), most)
        };
        // A promise of a size is not yet a size.
        for time in 0..8 {
            let all = before.saturating_add(limit);
            let mut state = self.lock();
            if !state.set_aside(key, all) {
                // It needs that at least; nothing is known of it before it said a size, and somebody else was faster.
                let known = if time == 0 { before.saturating_add(1) } else { all };
                state.ledger.at_least(key, known);
                let never_fits = state.ledger.exceeds_ceiling(known);
                drop(state);
                return Err(if never_fits {
                    Short::TooLarge(known)
                } else {
                    Short::NoRoom
                });
            }
            drop(state);
            let uri = if request.path.starts_with("data:") {
                request.path.clone()
            } else {
                encode_percent(&request.path)
            };
            match read_uri(&*request.resources, "", &uri, limit) {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(ResourceError::TooLarge { bytes, .. }) if bytes <= MAX_PAYLOAD_BYTES => {
                    // Not more than there is for the sake of doubling: it would be refused for that alone.
                    limit = bytes.max(limit.saturating_mul(2).min(most));
                }
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// Why there is no memory for a payload.
enum Short {
    /// There is none now.
    NoRoom,
    /// It takes so many bytes, and never fits.
    TooLarge(u64),
}

fn refusal(request: &DecodeRequest, bytes: u64, ceiling: u64) -> Problem {
    let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let path = if request.path.starts_with("data:") {
        "data URI"
    } else {
        &request.path
    };
    let message = format!(
        "the tile takes {} MB of memory while it is read, more than the {} MB that all tiles may take; make smaller tiles",
        megabytes(bytes),
        megabytes(ceiling)
    );
    Problem::error(path, "", message).because(Cause::TooLarge)
}
