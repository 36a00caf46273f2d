//! Features as a file hands them out: not more of them than are read, and no panic of a crate below.
//!
//! One place for all formats: a reader walks to the end of its file, and what a window leaves out does not count. `GeoJSON`
//! alone, which is held in memory whole, ends by itself after as many, in the window or not.

use super::VectorFile;
use super::record::{Features, VectorFeature};
use crate::sources::{Cause, Problem};
use std::panic::{AssertUnwindSafe, catch_unwind};

const UNEXPECTED: &str = "the file is damaged in a way the reader did not expect";

/// See the module.
pub(super) struct HandedOut<'a> {
    features: Features<'a>,
    path: &'a str,
    /// Most features, and most damaged ones beside them.
    most: usize,
    usable: usize,
    damaged: usize,
    is_done: bool,
}

impl<'a> HandedOut<'a> {
    pub(super) fn new(features: Features<'a>, path: &'a str, most: usize) -> Self {
        Self {
            features,
            path,
            most,
            usable: 0,
            damaged: 0,
            is_done: false,
        }
    }

    fn last(&mut self, cause: Cause, message: impl Into<String>) -> Problem {
        self.is_done = true;
        Problem::error(self.path, "", message).because(cause)
    }
}

impl Iterator for HandedOut<'_> {
    type Item = Result<VectorFeature, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let Ok(next) = catch_unwind(AssertUnwindSafe(|| self.features.next())) else {
            let message = format!("{UNEXPECTED}; the features from here on are left out");
            return Some(Err(self.last(Cause::Damaged, message)));
        };
        let most = self.most;
        match &next {
            Some(Ok(_)) if self.usable >= most => {
                let message = format!("more than {most} features; the rest is left out: split the layer");
                return Some(Err(self.last(Cause::TooLarge, message)));
            }
            Some(Err(_)) if self.damaged >= most => {
                let message = format!("more than {most} features are damaged; the rest is left out");
                return Some(Err(self.last(Cause::TooLarge, message)));
            }
            Some(Ok(_)) => self.usable += 1,
            Some(Err(_)) => self.damaged += 1,
            None => self.is_done = true,
        }
        next
    }
}

/// What `open` opens: a last net below crates that read what strangers wrote.
pub(super) fn guarded(path: &str, open: impl FnOnce() -> Result<VectorFile, Problem>) -> Result<VectorFile, Problem> {
    catch_unwind(AssertUnwindSafe(open))
        .unwrap_or_else(|_panic| Err(Problem::error(path, "", UNEXPECTED).because(Cause::Damaged)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    fn feature(index: usize) -> VectorFeature {
        VectorFeature {
            index,
            id: None,
            geometry: None,
            properties: Map::new(),
        }
    }

    fn damaged() -> Result<VectorFeature, Problem> {
        Err(Problem::error("a.fgb", "", "damaged"))
    }

    fn handed_out(found: Vec<Result<VectorFeature, Problem>>, most: usize) -> Vec<Result<VectorFeature, Problem>> {
        HandedOut::new(Box::new(found.into_iter()), "a.fgb", most).collect()
    }

    #[test]
    fn features_beyond_the_most_are_told_and_damaged_ones_take_no_place() {
        let whole = vec![Ok(feature(0)), damaged(), Ok(feature(2)), damaged(), Ok(feature(4))];
        assert_eq!(handed_out(whole.clone(), 3), whole);
        let cut = handed_out(whole.clone(), 2);
        assert_eq!(cut[..4], whole[..4]);
        let told = cut[4].as_ref().unwrap_err();
        assert_eq!((cut.len(), told.cause), (5, Cause::TooLarge), "{told}");
        let wrecked = handed_out(vec![damaged(), damaged(), damaged(), Ok(feature(3))], 2);
        assert!(wrecked.len() == 3 && wrecked[2].as_ref().is_err_and(|told| told.cause == Cause::TooLarge));
    }

    #[test]
    fn a_panic_in_the_middle_is_told_and_ends_the_features() {
        let mut number = 0;
        let features = std::iter::from_fn(move || {
            number += 1;
            assert!(number < 3, "as a crate below might");
            Some(Ok(feature(number)))
        });
        let read: Vec<_> = HandedOut::new(Box::new(features), "a.fgb", 9).collect();
        assert_eq!(read.len(), 3);
        let told = read[2].as_ref().unwrap_err();
        assert_eq!((told.cause, told.path.as_str()), (Cause::Damaged, "a.fgb"));
        assert!(guarded("a.fgb", || panic!("as a crate below might")).is_err());
    }
}
