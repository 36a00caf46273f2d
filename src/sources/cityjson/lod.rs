//! Levels of detail: as files write them, and which one to draw.

use std::{cmp::Ordering, fmt, str::FromStr};

/// A level of detail: `2`, or `2.2` by the refined levels of Biljecki et al. (2016),
/// <https://doi.org/10.1016/j.compenvurbsys.2016.04.005>. `2` and `2.0` are equal.
#[derive(Debug, Clone, Copy)]
pub struct Lod {
    major: u8,
    minor: Option<u8>,
}

impl Lod {
    fn rank(self) -> (u8, u8) {
        (self.major, self.minor.unwrap_or(0))
    }
}

impl PartialEq for Lod {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Lod {}

impl PartialOrd for Lod {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Lod {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl FromStr for Lod {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digit = |text: &str| match text.as_bytes() {
            [digit @ b'0'..=b'9'] => Ok(digit - b'0'),
            _ => Err(()),
        };
        match text.split_once('.') {
            None => Ok(Self {
                major: digit(text)?,
                minor: None,
            }),
            Some((major, minor)) => Ok(Self {
                major: digit(major)?,
                minor: Some(digit(minor)?),
            }),
        }
    }
}

impl fmt::Display for Lod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            None => write!(f, "{}", self.major),
            Some(minor) => write!(f, "{}.{minor}", self.major),
        }
    }
}

/// Which of the levels of an object is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LodChoice {
    /// The highest it has.
    #[default]
    Highest,
    /// The highest that is not above this one; where all are, the lowest.
    AtMost(Lod),
    /// This one alone: an object without it is not drawn.
    Exact(Lod),
}

impl LodChoice {
    /// The level to draw of `present`.
    pub(super) fn of(self, present: impl Iterator<Item = Lod> + Clone) -> Option<Lod> {
        match self {
            Self::Highest => present.max(),
            Self::AtMost(wanted) => {
                let below = present.clone().filter(|lod| *lod <= wanted).max();
                below.or_else(|| present.min())
            }
            Self::Exact(wanted) => present.into_iter().find(|lod| *lod == wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_ordered_and_chosen() {
        let lod = |text: &str| text.parse::<Lod>().unwrap();
        assert_eq!(lod("2"), lod("2.0"));
        assert_eq!(lod("2.0").to_string(), "2.0");
        assert!(lod("1.3") < lod("2") && lod("2") < lod("2.2"));
        for bad in ["", "foo", "2.", ".2", "2.22", "-1", "12"] {
            assert!(bad.parse::<Lod>().is_err(), "{bad}");
        }
        let present = ["1.2", "2.2", "0"].map(lod);
        let chosen = |choice: LodChoice| choice.of(present.into_iter()).map(|lod| lod.to_string());
        assert_eq!(chosen(LodChoice::Highest).as_deref(), Some("2.2"));
        assert_eq!(chosen(LodChoice::AtMost(lod("2"))).as_deref(), Some("1.2"));
        assert_eq!(chosen(LodChoice::Exact(lod("2"))), None);
        assert_eq!(chosen(LodChoice::Exact(lod("2.2"))).as_deref(), Some("2.2"));
        let high = LodChoice::AtMost(lod("1")).of(["2", "3"].map(lod).into_iter());
        assert_eq!(high, Some(lod("2")));
    }
}
