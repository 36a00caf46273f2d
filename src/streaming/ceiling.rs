//! Keeps what loaded tiles hold under a hard ceiling: how many may be asked for at once, and how much coarser than wanted
//! the picture is when a view alone needs more.
//!
//! Between the soft target of [`Residency`](super::Residency) and the ceiling nothing changes. At the ceiling the allowed
//! screen-space error rises step by step until what is drawn fits. It goes back when the view moves on, or when there is
//! room again before it was raised for this view: so a still view goes up and then settles, and never swings between
//! loading and letting go.
//!
//! Room for one tile is kept free until then: the coarser tile that takes over has to be loaded before the finer ones can
//! go, or there would be a hole. How large a tile is shows when it is decoded; the largest so far stands for the next, so
//! what is in flight when a larger one than ever comes can lie above the ceiling by the difference.

/// Factor of one step.
const STEP: f64 = 1.05;
/// Farthest from what was wanted: beyond that everything is one tile.
const MOST: f64 = 1e6;

/// What the ceiling knows of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Bytes of the tiles that are drawn.
    pub drawn_bytes: u64,
    /// The soft target, bytes.
    pub soft_bytes: u64,
    /// Tiles that are being loaded and will be held.
    pub in_flight: usize,
    /// The picture needs tiles that are not there.
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
    /// A ceiling of so many bytes. Until larger tiles come, one is taken to have `tile_bytes`.
    pub fn new(bytes: u64, tile_bytes: u64) -> Self {
        Self {
            bytes,
            largest_bytes: tile_bytes.max(1),
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

    /// Which of `wishes`, in their order, may be asked for besides what is in flight, so that all of it fits. `is_coarser`
    /// says of one whether finer tiles are drawn in its place and go when it comes: such a one may take the room that is
    /// kept free. One always may where nothing is held.
    pub fn admitted<T: Copy>(
        &self,
        wishes: &[T],
        is_coarser: impl Fn(T) -> bool,
        held_bytes: u64,
        in_flight: usize,
    ) -> Vec<T> {
        let free_bytes = self.bytes.saturating_sub(held_bytes);
        let fits = |bytes: u64| usize::try_from(bytes / self.largest_bytes).unwrap_or(usize::MAX);
        let room = fits(free_bytes.saturating_sub(self.largest_bytes)).saturating_sub(in_flight);
        if room > 0 {
            return wishes.iter().copied().take(room).collect();
        }
        if in_flight > 0 {
            return Vec::new();
        }
        let is_last = |wish: &T| held_bytes == 0 || fits(free_bytes) > 0 && is_coarser(*wish);
        wishes.iter().copied().find(is_last).into_iter().collect()
    }

    /// Goes one frame on, after `admitted` tiles were asked for.
    pub fn step(&mut self, frame: Frame, admitted: usize) {
        if frame.has_moved {
            self.has_risen = false;
        }
        if frame.in_flight + admitted > 0 {
            // What is on its way may change the picture.
        } else if frame.is_waiting {
            self.factor = (self.factor * STEP).min(MOST);
            self.has_risen = true;
        } else if !self.has_risen && frame.drawn_bytes < frame.soft_bytes {
            self.factor = (self.factor / STEP).max(1.0);
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what did not change is the same to the last bit")]
mod tests {
    use super::*;

    fn frame(drawn_bytes: u64) -> Frame {
        Frame {
            drawn_bytes,
            soft_bytes: 60,
            in_flight: 0,
            is_waiting: true,
            has_moved: false,
        }
    }

    #[test]
    fn it_rises_when_full_holds_in_between_and_sinks_after_a_move() {
        let mut ceiling = Ceiling::new(100, 10);
        ceiling.step(frame(95), 1);
        assert_eq!(ceiling.error_factor(), 1.0, "one more is on its way");
        ceiling.step(frame(95), 0);
        ceiling.step(frame(95), 0);
        let raised = ceiling.error_factor();
        assert!((raised - STEP * STEP).abs() < 1e-12);
        let calm = Frame {
            is_waiting: false,
            ..frame(20)
        };
        ceiling.step(calm, 0);
        assert_eq!(ceiling.error_factor(), raised, "a still view never goes back down");
        let moved = Frame {
            drawn_bytes: 80,
            has_moved: true,
            ..calm
        };
        ceiling.step(moved, 0);
        assert_eq!(
            ceiling.error_factor(),
            raised,
            "between target and ceiling nothing changes"
        );
        ceiling.step(calm, 0);
        ceiling.step(calm, 0);
        assert_eq!(ceiling.error_factor(), 1.0);
    }

    #[test]
    fn no_more_is_asked_for_than_fits_and_room_for_one_is_kept() {
        let admitted = |ceiling: &Ceiling, held: u64, in_flight: usize| {
            ceiling
                .admitted(&[1, 2, 3, 4, 5, 6, 7, 8, 9], |wish| wish == 5, held, in_flight)
                .len()
        };
        let mut ceiling = Ceiling::new(100, 12);
        assert_eq!((admitted(&ceiling, 0, 0), admitted(&ceiling, 0, 3)), (7, 4));
        ceiling.loaded(30);
        assert_eq!((admitted(&ceiling, 0, 0), admitted(&ceiling, 10, 1)), (2, 1));
        assert_eq!(
            ceiling.admitted(&[1, 5, 6], |wish| wish == 5, 60, 0),
            [5],
            "a coarser one"
        );
        assert_eq!(ceiling.admitted(&[1, 6], |wish| wish == 5, 60, 0), [0; 0]);
        assert_eq!((admitted(&ceiling, 60, 1), admitted(&ceiling, 80, 0)), (0, 0));
        let tiny = Ceiling::new(100, 400);
        assert_eq!(
            (admitted(&tiny, 0, 0), admitted(&tiny, 0, 1), admitted(&tiny, 1, 0)),
            (1, 0, 0)
        );
        assert_eq!(admitted(&Ceiling::new(0, 0), 0, 0), 1);
    }
}
