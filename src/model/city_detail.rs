//! In which level of detail a city model is shown that was opened by itself.

use crate::sources::cityjson::{Lod, LodChoice};
use std::path::PathBuf;

/// The levels of detail of a city model and which of them is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityDetail {
    /// The file that was opened.
    pub path: PathBuf,
    /// Every level that something in it has, lowest first.
    pub levels: Vec<Lod>,
    /// What is shown of them.
    pub choice: LodChoice,
}

impl CityDetail {
    /// What can be chosen: no more than each of the levels, then the highest that each object has. Nothing where there
    /// is one level.
    pub fn choices(&self) -> Vec<LodChoice> {
        if self.levels.len() < 2 {
            return Vec::new();
        }
        let levels = self.levels.iter().copied().map(LodChoice::AtMost);
        levels.chain([LodChoice::Highest]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_level_there_is_nothing_to_choose() {
        let lod = |text: &str| text.parse::<Lod>().unwrap();
        let mut detail = CityDetail {
            path: PathBuf::new(),
            levels: vec![lod("1.2"), lod("2.2")],
            choice: LodChoice::Highest,
        };
        let choices = [
            LodChoice::AtMost(lod("1.2")),
            LodChoice::AtMost(lod("2.2")),
            LodChoice::Highest,
        ];
        assert_eq!(detail.choices(), choices);
        detail.levels.pop();
        assert_eq!(detail.choices(), []);
    }
}
