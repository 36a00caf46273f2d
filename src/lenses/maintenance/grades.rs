//! The two scales on which the state of a managed object is given, each with marks of its own.
//!
//! NEN 2767 scores technical condition, 1 to 6; CROW's quality catalogue gives a level of upkeep, A+ to D. They measure
//! different things, so they are never put on one scale, averaged or shown in one colour range: a score is a digit in a
//! disc, a level a letter in a square. No data is a grade of its own with a mark of its own.

use crate::model::Asset;
use crate::view::palette::Rgb;

/// One of the two scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Scale {
    /// NEN 2767 condition score, 1 (excellent) to 6 (very poor).
    #[default]
    Nen2767,
    /// CROW level of upkeep, A+ to D.
    Crow,
}

/// Place on a scale from 1, the best; 0 is no data.
pub(super) type Grade = u8;

/// The grade of what nobody has data on.
pub(super) const NO_DATA: Grade = 0;

const LEVELS: [&str; 5] = ["A+", "A", "B", "C", "D"];

const SCORE_KEYS: [&str; 6] = [
    "maintenance-nen-1",
    "maintenance-nen-2",
    "maintenance-nen-3",
    "maintenance-nen-4",
    "maintenance-nen-5",
    "maintenance-nen-6",
];

const LEVEL_KEYS: [&str; 5] = [
    "maintenance-crow-1",
    "maintenance-crow-2",
    "maintenance-crow-3",
    "maintenance-crow-4",
    "maintenance-crow-5",
];

/// Blue to red; no two neighbours differ in hue alone.
const SCORE_COLORS: [Rgb; 6] = [
    [0x2B, 0x6C, 0xA8],
    [0x74, 0xAE, 0xD3],
    [0xD5, 0xCB, 0x8F],
    [0xF2, 0xA9, 0x4F],
    [0xDB, 0x66, 0x2F],
    [0xA3, 0x1A, 0x2C],
];

/// Green to purple, so that nobody takes one scale for the other.
const LEVEL_COLORS: [Rgb; 5] = [
    [0x1B, 0x6B, 0x45],
    [0x74, 0xB0, 0x84],
    [0xCF, 0xD3, 0xC0],
    [0xB3, 0x96, 0xC4],
    [0x6E, 0x2A, 0x7B],
];

/// What nobody has data on.
const NO_DATA_COLOR: Rgb = [0x9A, 0xA1, 0xA8];
/// What the filters leave out: still in its place, but hardly there.
pub(super) const PALE: Rgb = [0xE2, 0xDF, 0xD7];

impl Scale {
    /// Both scales.
    pub(super) const ALL: [Self; 2] = [Self::Nen2767, Self::Crow];

    /// Every grade, the best first and no data last.
    pub(super) fn grades(self) -> Vec<Grade> {
        let worst = match self {
            Self::Nen2767 => 6,
            Self::Crow => 5,
        };
        (1..=worst).chain([NO_DATA]).collect()
    }

    /// The grade of an object on this scale.
    pub(super) fn grade(self, asset: &Asset) -> Grade {
        match self {
            Self::Nen2767 => asset
                .condition
                .filter(|score| (1..=6).contains(score))
                .unwrap_or(NO_DATA),
            Self::Crow => asset.upkeep.as_deref().map_or(NO_DATA, |level| {
                let place = LEVELS.iter().position(|known| *known == level);
                place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(NO_DATA)
            }),
        }
    }

    /// What stands in the mark.
    pub(super) fn mark(self, grade: Grade) -> String {
        match self {
            _ if grade == NO_DATA => "?".to_owned(),
            Self::Nen2767 => grade.to_string(),
            Self::Crow => LEVELS.get(usize::from(grade) - 1).copied().unwrap_or("?").to_owned(),
        }
    }

    /// The colour of the mark and of the object in the view.
    pub(super) fn color(self, grade: Grade) -> Rgb {
        let colors: &[Rgb] = match self {
            Self::Nen2767 => &SCORE_COLORS,
            Self::Crow => &LEVEL_COLORS,
        };
        usize::from(grade)
            .checked_sub(1)
            .and_then(|place| colors.get(place))
            .copied()
            .unwrap_or(NO_DATA_COLOR)
    }

    /// Key of the text that names a grade.
    pub(super) fn text_key(self, grade: Grade) -> &'static str {
        let keys: &[&'static str] = match self {
            Self::Nen2767 => &SCORE_KEYS,
            Self::Crow => &LEVEL_KEYS,
        };
        usize::from(grade)
            .checked_sub(1)
            .and_then(|place| keys.get(place))
            .copied()
            .unwrap_or("maintenance-no-data")
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::tests::asset;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_scale_reads_its_own_field_only() {
        let mut bench = asset("B-1");
        bench.condition = Some(3);
        assert_eq!(Scale::Nen2767.grade(&bench), 3);
        assert_eq!(Scale::Crow.grade(&bench), NO_DATA);
        bench.condition = Some(9);
        bench.upkeep = Some("A+".into());
        assert_eq!(
            Scale::Nen2767.grade(&bench),
            NO_DATA,
            "a score off the scale is no score"
        );
        assert_eq!(Scale::Crow.grade(&bench), 1);
        bench.upkeep = Some("E".into());
        assert_eq!(Scale::Crow.grade(&bench), NO_DATA);
    }

    #[test]
    fn no_two_grades_share_a_colour_or_a_mark() {
        let mut colors = BTreeSet::new();
        for scale in Scale::ALL {
            let grades = scale.grades();
            let marks: BTreeSet<String> = grades.iter().map(|grade| scale.mark(*grade)).collect();
            assert_eq!(marks.len(), grades.len());
            colors.extend(grades.iter().map(|grade| scale.color(*grade)));
        }
        assert_eq!(colors.len(), 6 + 5 + 1, "no data looks the same on both");
        assert!(!colors.contains(&PALE));
    }
}
