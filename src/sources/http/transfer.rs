//! One transfer under way: how to stop it, what came, and the memory that it takes.

use super::{Cancel, HttpError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memory that all transfers of one kind share, bytes.
#[derive(Debug)]
pub struct Room {
    /// What is taken and the most that can be, changed together.
    bytes: Mutex<(u64, u64)>,
}

impl Room {
    /// Room for `cap` bytes.
    pub fn new(cap: u64) -> Arc<Self> {
        Arc::new(Self {
            bytes: Mutex::new((0, cap)),
        })
    }

    fn bytes(&self) -> MutexGuard<'_, (u64, u64)> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that are taken now.
    pub fn used(&self) -> u64 {
        self.bytes().0
    }

    /// The most that can be taken.
    pub fn cap(&self) -> u64 {
        self.bytes().1
    }

    /// Changes the most that can be taken; false and nothing changed where more is taken already.
    #[must_use]
    pub fn resize(&self, cap: u64) -> bool {
        let mut bytes = self.bytes();
        let fits = bytes.0 <= cap;
        if fits {
            bytes.1 = cap;
        }
        fits
    }

    fn take(&self, more: u64) -> bool {
        let mut bytes = self.bytes();
        let used = bytes.0.checked_add(more).filter(|used| *used <= bytes.1);
        bytes.0 = used.unwrap_or(bytes.0);
        used.is_some()
    }

    fn give_back(&self, less: u64) {
        let mut bytes = self.bytes();
        bytes.0 = bytes.0.saturating_sub(less);
    }
}

/// See the module. Whoever keeps what came keeps this too: the room is given back when it is dropped.
pub struct Transfer {
    /// Stops it.
    pub cancel: Cancel,
    received: AtomicU64,
    charged: AtomicU64,
    room: Option<Arc<Room>>,
}

impl Transfer {
    /// One that takes its memory out of `room`.
    pub fn within(room: &Arc<Room>) -> Self {
        let mut transfer = Self::unbounded();
        transfer.room = Some(room.clone());
        transfer
    }

    /// One that is bounded by its own cap alone.
    pub fn unbounded() -> Self {
        Self::stopped_by(Cancel::new())
    }

    /// The same, stopped from elsewhere.
    pub fn stopped_by(cancel: Cancel) -> Self {
        Self {
            cancel,
            received: AtomicU64::new(0),
            charged: AtomicU64::new(0),
            room: None,
        }
    }

    /// Bytes that came over the network, unpacked, failed tries included.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }

    /// Takes room for bytes that are there.
    pub(in crate::sources) fn hold(&self, bytes: u64, url: &str) -> Result<(), HttpError> {
        if let Some(room) = &self.room {
            if !room.take(bytes) {
                return Err(HttpError::NoRoom { url: url.to_owned() });
            }
            self.charged.fetch_add(bytes, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Notes bytes that came, and takes room for them.
    pub(super) fn grows(&self, bytes: u64, url: &str) -> Result<(), HttpError> {
        self.received.fetch_add(bytes, Ordering::SeqCst);
        self.hold(bytes, url)
    }

    /// Bytes of the room that it holds.
    pub fn held(&self) -> u64 {
        self.charged.load(Ordering::SeqCst)
    }

    /// Gives the room back of what was thrown away, until it holds `held` bytes. One thread at a time uses a transfer.
    pub(in crate::sources) fn release_to(&self, held: u64) {
        let before = self.charged.fetch_min(held, Ordering::SeqCst);
        if let Some(room) = &self.room {
            room.give_back(before.saturating_sub(held));
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.release_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_shared_never_exceeded_and_given_back() {
        let room = Room::new(100);
        let (first, second) = (Transfer::within(&room), Transfer::within(&room));
        assert!(first.grows(60, "u").is_ok());
        assert!(matches!(second.grows(60, "u"), Err(HttpError::NoRoom { .. })));
        assert_eq!((room.used(), second.received()), (60, 60));
        drop(first);
        assert!(second.grows(60, "u").is_ok());
        assert!(!room.resize(59) && room.resize(60) && second.grows(1, "u").is_err());
        second.release_to(10);
        assert_eq!((room.used(), second.held()), (10, 10));
        second.release_to(0);
        assert_eq!(room.used(), 0);
        drop(second);
        assert_eq!(room.used(), 0);
    }
}
