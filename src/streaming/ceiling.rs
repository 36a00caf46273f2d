//! Keeps what loaded tiles hold under a hard ceiling: how many may be asked for at once, and how much coarser than wanted
//! the picture is when a view alone needs more.
//!
//! Between the soft target of [`Residency`](super::Residency) and the ceiling nothing changes. At the ceiling the allowed
//! screen-space error rises step by step until what is drawn fits. It goes back when the view moves on, or when there is
//! room again before it was raised for this view: so a still view goes up and then settles, and never swings between
//! loading and letting go.

/// Factor of one step.
const STEP: f64 = 1.05;
/// Farthest from what was wanted: beyond that everything is one tile.
const MOST: f64 = 1e6;
/// Before the first tile is there, as many are taken to fill the memory.
const TILES_AT_FIRST: u64 = 8;

/// What the ceiling knows of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Bytes that loaded tiles hold, those included that wait to be uploaded.
    pub held_bytes: u64,
    /// The soft target, bytes.
    pub soft_bytes: u64,
    /// Tiles that are being loaded and will be held.
    pub in_flight: usize,
    /// The picture needs tiles that are neither there nor being loaded.
    pub is_waiting: bool,
    /// The view is another one than in the frame before.
    pub has_moved: bool,
}

/// The hard ceiling of what loaded tiles hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Ceiling {
    bytes: u64,
    largest_bytes: u64,
    factor: f64,
    has_risen: bool,
}

impl Ceiling {
    /// A ceiling of so many bytes.
    pub fn new(bytes: u64) -> Self {
        Self {
            bytes,
            largest_bytes: 0,
            factor: 1.0,
            has_risen: false,
        }
    }

    /// The ceiling, bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Changes it.
    pub fn set_bytes(&mut self, bytes: u64) {
        self.bytes = bytes;
    }

    /// What the allowed screen-space error is multiplied by, at least 1.
    pub fn error_factor(&self) -> f64 {
        self.factor
    }

    /// Notes how large a tile turned out to be: the next ones may be as large.
    pub fn loaded(&mut self, bytes: u64) {
        self.largest_bytes = self.largest_bytes.max(bytes);
    }

    /// How many tiles may be asked for besides those in flight, so that all of them fit. One always may where nothing is
    /// held.
    pub fn room(&self, held_bytes: u64, in_flight: usize) -> usize {
        let each = if self.largest_bytes == 0 {
            self.bytes / TILES_AT_FIRST
        } else {
            self.largest_bytes
        };
        let fits = self.bytes.saturating_sub(held_bytes) / each.max(1);
        let fits = usize::try_from(fits).unwrap_or(usize::MAX).saturating_sub(in_flight);
        if held_bytes == 0 && in_flight == 0 { fits.max(1) } else { fits }
    }

    /// Goes one frame on.
    pub fn step(&mut self, frame: Frame) {
        if frame.has_moved {
            self.has_risen = false;
        }
        let is_full = self.room(frame.held_bytes, frame.in_flight) == 0;
        if frame.is_waiting && is_full && frame.in_flight == 0 {
            self.factor = (self.factor * STEP).min(MOST);
            self.has_risen = true;
        } else if !self.has_risen && !frame.is_waiting && frame.in_flight == 0 && frame.held_bytes < frame.soft_bytes {
            self.factor = (self.factor / STEP).max(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(held_bytes: u64) -> Frame {
        Frame {
            held_bytes,
            soft_bytes: 60,
            in_flight: 0,
            is_waiting: true,
            has_moved: false,
        }
    }

    #[test]
    fn it_rises_when_full_holds_in_between_and_sinks_after_a_move() {
        let mut ceiling = Ceiling::new(100);
        ceiling.loaded(10);
        ceiling.step(frame(95));
        ceiling.step(frame(95));
        let raised = ceiling.error_factor();
        assert!((raised - STEP * STEP).abs() < 1e-12);
        let calm = Frame {
            is_waiting: false,
            ..frame(20)
        };
        ceiling.step(calm);
        assert_eq!(ceiling.error_factor(), raised, "a still view never goes back down");
        ceiling.step(Frame {
            held_bytes: 80,
            has_moved: true,
            ..calm
        });
        assert_eq!(ceiling.error_factor(), raised, "between target and ceiling nothing changes");
        ceiling.step(calm);
        ceiling.step(calm);
        assert_eq!(ceiling.error_factor(), 1.0);
    }

    #[test]
    fn no_more_is_asked_for_than_fits() {
        let mut ceiling = Ceiling::new(100);
        assert_eq!((ceiling.room(0, 0), ceiling.room(0, 3)), (8, 5));
        ceiling.loaded(30);
        assert_eq!((ceiling.room(0, 0), ceiling.room(50, 0), ceiling.room(50, 1)), (3, 1, 0));
        ceiling.loaded(400);
        assert_eq!((ceiling.room(0, 0), ceiling.room(0, 1), ceiling.room(1, 0)), (1, 0, 0));
        assert_eq!(Ceiling::new(0).room(0, 0), 1);
    }
}
