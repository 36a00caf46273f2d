//! Stopping work on many points from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Points between two looks at whether to stop.
const EVERY: u64 = 4096;

/// Tells work under way to stop. Clones tell the same.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

/// Tells it to stop once this is dropped: whoever waits for the work keeps this.
#[derive(Debug, Default)]
pub struct StopOnDrop(Stop);

impl Stop {
    /// Stops it; there is no way back.
    pub fn tell(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is to stop.
    pub fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether it is to stop, looked at for some of the points only; `number` counts them.
    pub(super) fn is_told_at(&self, number: u64) -> bool {
        number.is_multiple_of(EVERY) && self.is_told()
    }
}

impl StopOnDrop {
    /// For the work.
    pub fn stop(&self) -> Stop {
        self.0.clone()
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.tell();
    }
}
