//! What a resident said at the kiosk: a choice, a face, and if they liked a spot, a theme and a few words.
//!
//! Nobody is asked who they are. What is kept cannot lead back to them either: the spot is rounded to a metre, the time
//! to a part of the day, the order of the rows is chance, and words are shown to nobody but staff until one of them has
//! let them through. Not a [note](crate::model::Note): nobody edits a reaction.

mod tally;

pub use tally::{GroupTally, SMALLEST_GROUP, Tally, Told};

use crate::georef::{SiteFrame, SitePos};
use jiff::civil::{Date, Time};
use std::hash::{BuildHasher, RandomState};

/// What somebody thinks of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Smiley {
    /// Not nice.
    Sad,
    /// So so.
    Neutral,
    /// Nice.
    Glad,
}

impl Smiley {
    /// Every face, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Sad, Self::Neutral, Self::Glad];

    /// Its word in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Sad => "sad",
            Self::Neutral => "neutral",
            Self::Glad => "glad",
        }
    }

    /// The face that a file calls `key`.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|smiley| smiley.key() == key)
    }
}

/// What a reaction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Theme {
    /// Living there.
    Living,
    /// Shopping.
    Shopping,
    /// Trees, plants, water.
    Green,
    /// Being safe.
    Safety,
}

impl Theme {
    /// Every theme, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Living, Self::Shopping, Self::Green, Self::Safety];

    /// Its word in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Living => "living",
            Self::Shopping => "shopping",
            Self::Green => "green",
            Self::Safety => "safety",
        }
    }

    /// The theme that a file calls `key`.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.key() == key)
    }
}

/// The finest time that is kept of a reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DayPart {
    /// Before noon.
    Morning,
    /// From noon to six.
    Afternoon,
    /// From six on.
    Evening,
}

impl DayPart {
    /// Every part, in order.
    pub const ALL: [Self; 3] = [Self::Morning, Self::Afternoon, Self::Evening];

    /// The part of the day that a time belongs to.
    pub fn of(time: Time) -> Self {
        match time.hour() {
            ..12 => Self::Morning,
            12..18 => Self::Afternoon,
            _ => Self::Evening,
        }
    }

    /// Its word in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Afternoon => "afternoon",
            Self::Evening => "evening",
        }
    }

    /// The part that a file calls `key`.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.key() == key)
    }
}

/// What staff decided about somebody's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moderation {
    /// Nobody has read them yet.
    Waiting,
    /// They may be shown and taken along.
    Released,
    /// They are not shown to anybody.
    Withheld,
}

impl Moderation {
    /// Every decision.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Released, Self::Withheld];

    /// Its word in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Released => "released",
            Self::Withheld => "withheld",
        }
    }

    /// The decision that a file calls `key`.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// Words that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The words.
    pub text: String,
    /// What staff decided about them.
    pub moderation: Moderation,
}

/// A spot that somebody pointed out, rounded to whole metres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Spot {
    /// RD New, metres.
    Rd {
        /// East.
        x_m: i64,
        /// North.
        y_m: i64,
    },
    /// Metres east and north of the area's anchor, where there is no RD.
    Site {
        /// East.
        x_m: i64,
        /// North.
        y_m: i64,
    },
}

impl Spot {
    /// The whole metre that a position lies nearest to.
    pub fn rounded(position: SitePos, site: &SiteFrame) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "metres on the earth")]
        let whole = |metres: f64| metres.round() as i64;
        match site.rd_nap_from_site(position) {
            Some(rd) => Self::Rd {
                x_m: whole(rd.x_m),
                y_m: whole(rd.y_m),
            },
            None => Self::Site {
                x_m: whole(position.0.x),
                y_m: whole(position.0.y),
            },
        }
    }
}

/// One reaction.
///
/// # Invariant
/// Words are not empty and have at most [`Reaction::MAX_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// A number by chance, so that rows in its order say nothing about who came first.
    pub id: i64,
    /// Made while practising or about a made-up area: never counted with the others.
    pub is_trial: bool,
    /// Id of the variant that it is about.
    pub variant: String,
    /// What somebody thinks of it.
    pub smiley: Smiley,
    /// Where.
    pub spot: Option<Spot>,
    /// About what.
    pub theme: Option<Theme>,
    /// In their own words.
    pub words: Option<Words>,
    /// On which day.
    pub day: Date,
    /// In which part of it.
    pub part: DayPart,
}

impl Reaction {
    /// Most characters of the words: what a person reads at a glance.
    pub const MAX_CHARS: usize = 280;

    /// An id by chance.
    pub fn new_id() -> i64 {
        // The keys of a hasher are the system's random numbers; positive, so that it reads as a plain number.
        let random = RandomState::new().hash_one(std::process::id());
        i64::try_from(random >> 1).unwrap_or_default()
    }
}

/// Reactions made up for tests.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::georef::RdNap;
    use bevy::math::DVec3;
    use jiff::civil::{date, time};

    /// A reaction to variant `A` or `B`; those of other numbers differ in everything.
    pub(crate) fn reaction(number: u32) -> Reaction {
        let place = number as usize;
        Reaction {
            id: i64::from(number) * 7919 + 1,
            is_trial: number.is_multiple_of(5),
            variant: if number.is_multiple_of(2) { "A" } else { "B" }.to_owned(),
            smiley: Smiley::ALL[place % 3],
            spot: number.is_multiple_of(3).then(|| Spot::Rd {
                x_m: 251_000 + i64::from(number),
                y_m: 476_000,
            }),
            theme: Theme::ALL.get(place % 6).copied(),
            words: number.is_multiple_of(4).then(|| Words {
                text: format!("Meer bomen, number {number}"),
                moderation: Moderation::ALL[place % 3],
            }),
            day: date(2026, 11, 25),
            part: DayPart::ALL[place % 3],
        }
    }

    #[test]
    fn everything_is_found_by_its_word() {
        for smiley in Smiley::ALL {
            assert_eq!(Smiley::from_key(smiley.key()), Some(smiley));
        }
        for theme in Theme::ALL {
            assert_eq!(Theme::from_key(theme.key()), Some(theme));
        }
        for part in DayPart::ALL {
            assert_eq!(DayPart::from_key(part.key()), Some(part));
        }
        for state in Moderation::ALL {
            assert_eq!(Moderation::from_key(state.key()), Some(state));
        }
    }

    #[test]
    fn a_day_has_three_parts() {
        for (hour, part) in [
            (0, DayPart::Morning),
            (11, DayPart::Morning),
            (12, DayPart::Afternoon),
            (17, DayPart::Afternoon),
            (18, DayPart::Evening),
            (23, DayPart::Evening),
        ] {
            assert_eq!(DayPart::of(time(hour, 59, 59, 0)), part, "{hour}");
        }
    }

    #[test]
    fn a_spot_is_a_whole_metre_that_stays_when_the_anchor_moves() {
        let frame = |x_m: f64| SiteFrame::RdNap {
            anchor: RdNap {
                x_m,
                y_m: 476_250.0,
                nap_m: 17.0,
            },
        };
        let spot = Spot::rounded(SitePos(DVec3::new(12.51, -3.49, 4.2)), &frame(251_000.0));
        let expected = Spot::Rd {
            x_m: 251_013,
            y_m: 476_247,
        };
        assert_eq!(spot, expected);
        let moved = Spot::rounded(SitePos(DVec3::new(1012.51, -3.49, 4.2)), &frame(250_000.0));
        assert_eq!(moved, expected);
        let local = Spot::rounded(SitePos(DVec3::new(-0.4, 7.6, 1.0)), &SiteFrame::Local);
        assert_eq!(local, Spot::Site { x_m: 0, y_m: 8 });
    }

    #[test]
    fn ids_differ() {
        assert_ne!(Reaction::new_id(), Reaction::new_id());
        assert!(Reaction::new_id() >= 0);
    }
}
