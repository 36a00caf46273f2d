//! Whether things float above the ground or lie buried in it, by where their feet stand, and what their heights seem to be
//! measured from. One rule for tiles that are drawn and for city models of which nobody says it.

use super::TileHeights;
use crate::georef::HeightReference;

/// Nothing is judged by fewer places than this.
const LEAST_PLACES: usize = 24;
/// No more places are noted.
const MOST_PLACES: usize = 8192;
/// What stands off the ground by less than this may do so on purpose, metres.
const NOTABLE_M: f64 = 8.0;
/// The middle half of the places lies within so much of each other where all of it is off, metres.
const AGREED_M: f64 = 10.0;
/// A distance this near to that between the ellipsoid and NAP is that, metres.
const SAME_M: f64 = 6.0;
/// Farther off the ground than this, things are not moved, metres.
const FARTHEST_M: f64 = 5_000.0;
/// No street of the Netherlands lies lower, metres above NAP; the lowest land is at -6.8.
const LOWEST_NAP_M: f64 = -10.0;

/// That things stand off the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OffGround {
    /// How far above it, metres; negative where they lie below.
    pub above_m: f64,
    /// What their heights seem to be.
    pub mend: TileHeights,
}

/// The feet of a layer or a model, as they came.
#[derive(Debug, Default)]
pub struct FootSurvey {
    /// Heights above the measured ground, metres.
    above_m: Vec<f64>,
    /// Heights above NAP where no ground is measured, metres.
    nap_m: Vec<f64>,
    /// How many there were when it was judged last.
    judged: usize,
    /// What was found then.
    verdict: Option<OffGround>,
}

impl FootSurvey {
    /// Whether no more places are noted.
    pub fn is_full(&self) -> bool {
        self.above_m.len() + self.nap_m.len() >= MOST_PLACES
    }

    /// Notes a foot so many metres above the measured ground.
    pub fn note_above_ground(&mut self, above_m: f64) {
        if !self.is_full() {
            self.above_m.push(above_m);
        }
    }

    /// Notes a foot so many metres above NAP, where no ground is measured.
    pub fn note_above_nap(&mut self, nap_m: f64) {
        if !self.is_full() {
            self.nap_m.push(nap_m);
        }
    }

    /// Judges where there is enough that is new; gives whether it did. `offset_m` is what is added to heights above the
    /// ellipsoid, `apart_m` how far the ellipsoid lies below NAP, 0 where neither is their zero.
    pub fn judge(&mut self, offset_m: f64, apart_m: f64) -> bool {
        let count = self.above_m.len() + self.nap_m.len();
        if count < LEAST_PLACES.max(2 * self.judged) {
            return false;
        }
        self.judged = count;
        let above_m = if self.above_m.len() >= LEAST_PLACES {
            off_ground_m(&mut self.above_m)
        } else {
            too_deep_m(&mut self.nap_m, apart_m)
        };
        // What lies kilometres off is wrong in another way.
        let above_m = above_m.filter(|above_m| above_m.abs() < FARTHEST_M);
        self.verdict = above_m.map(|above_m| OffGround {
            above_m,
            mend: mend(offset_m, above_m, apart_m),
        });
        true
    }

    /// What was found when it was judged last.
    pub fn verdict(&self) -> Option<OffGround> {
        self.verdict
    }
}

/// How far all of it stands above the ground, by how far its places do.
fn off_ground_m(above_m: &mut [f64]) -> Option<f64> {
    let [low, quarter, middle, three_quarters, high] = spread(above_m)?;
    let is_off = low > NOTABLE_M || high < -NOTABLE_M;
    (is_off && three_quarters - quarter <= AGREED_M).then_some(middle)
}

/// The same without a ground: whether all of it lies deeper than any street, and not where NAP is taken for the ellipsoid.
fn too_deep_m(nap_m: &mut [f64], apart_m: f64) -> Option<f64> {
    let [low, .., high] = spread(nap_m)?;
    (apart_m > 0.0 && high < LOWEST_NAP_M && low + apart_m > LOWEST_NAP_M).then_some(-apart_m)
}

/// The tenth, quarter, middle, three quarters and nine tenths of some numbers.
fn spread(numbers: &mut [f64]) -> Option<[f64; 5]> {
    numbers.sort_by(f64::total_cmp);
    let last = numbers.len().checked_sub(1)?;
    Some([10, 25, 50, 75, 90].map(|percent| numbers[last * percent / 100]))
}

/// What puts it on the ground.
fn mend(offset_m: f64, above_m: f64, apart_m: f64) -> TileHeights {
    let wanted_m = offset_m - above_m;
    // The difference of the two references is known to the centimetre, that to the ground is not.
    if apart_m > 2.0 * SAME_M {
        if (wanted_m - apart_m).abs() <= SAME_M {
            return TileHeights::From(HeightReference::Nap);
        }
        if wanted_m.abs() <= SAME_M {
            return TileHeights::From(HeightReference::Ellipsoid);
        }
        if (wanted_m + apart_m).abs() <= SAME_M {
            return TileHeights::Moved((-100.0 * apart_m).round() / 100.0);
        }
    }
    TileHeights::Moved((100.0 * wanted_m).round() / 100.0)
}
