//! A note: what somebody wants to say of a place or a thing, and from where they looked at it.
//!
//! It carries the role of its author, never a name, and the day, never a time. Positions are in the site frame.

use super::scenario::Viewpoint;
use crate::georef::SitePos;
use jiff::civil::Date;
use std::hash::{BuildHasher, RandomState};

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoteKind {
    /// Something that was seen.
    Remark,
    /// Something that somebody wants to know.
    Question,
    /// A proposal.
    Idea,
    /// A worry.
    Concern,
    /// Something that has to be done.
    Task,
}

impl NoteKind {
    /// Every kind, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Remark, Self::Question, Self::Idea, Self::Concern, Self::Task];

    /// Its word in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Remark => "remark",
            Self::Question => "question",
            Self::Idea => "idea",
            Self::Concern => "concern",
            Self::Task => "task",
        }
    }

    /// The kind that a file calls `key`.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// In which role somebody wrote a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuthorRole {
    /// Makes plans.
    Planner,
    /// Lives or works there.
    Resident,
    /// Maintains what stands there.
    Maintainer,
    /// Somebody else.
    Other,
}

impl AuthorRole {
    /// Every role, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Planner, Self::Resident, Self::Maintainer, Self::Other];

    /// Its word in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Planner => "planner",
            Self::Resident => "resident",
            Self::Maintainer => "maintainer",
            Self::Other => "other",
        }
    }

    /// The role that a file calls `key`.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }
}

/// What a note is pinned to.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteAnchor {
    /// Where its pin stands.
    pub position: SitePos,
    /// Id of the building, tree or asset that it is about; `None` for a place.
    pub object: Option<String>,
}

/// One note.
///
/// # Invariant
/// Ids are unique in a scenario; the text has at most [`Note::MAX_CHARS`] characters.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Id, unique wherever notes of several machines come together.
    pub id: String,
    /// Number on its pin and in the list; notes stand in this order.
    pub number: u32,
    /// The words.
    pub text: String,
    /// What it is about.
    pub kind: NoteKind,
    /// In which role it was written.
    pub role: AuthorRole,
    /// What it is pinned to.
    pub anchor: NoteAnchor,
    /// From where its author looked; its variant is the one that the note is about, its id the note's own.
    pub viewpoint: Viewpoint,
    /// Day on which it was written.
    pub day: Date,
}

impl Note {
    /// Longest text, characters: a screen full of words.
    pub const MAX_CHARS: usize = 2000;

    /// An id that no other machine gives out.
    pub fn new_id() -> String {
        // The keys of a hasher are the system's random numbers: 64 bits are enough for notes.
        format!("note-{:016x}", RandomState::new().hash_one(std::process::id()))
    }

    /// Id of the variant that the note is about, if it is about one.
    pub fn variant(&self) -> Option<&str> {
        self.viewpoint.variant.as_deref()
    }
}

/// The number of the next note.
pub fn next_number(notes: &[Note]) -> u32 {
    notes
        .iter()
        .map(|note| note.number)
        .max()
        .unwrap_or_default()
        .saturating_add(1)
}

/// Notes made up for tests.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::LocalText;
    use bevy::math::DVec3;
    use jiff::civil::date;

    /// A note with this number; notes of other numbers differ in everything.
    pub(crate) fn note(number: u32, text: &str) -> Note {
        let id = format!("note-{number}");
        let at = DVec3::new(f64::from(number), -2.5, 0.1 + 0.2);
        Note {
            number,
            text: text.to_owned(),
            kind: NoteKind::ALL[number as usize % NoteKind::ALL.len()],
            role: AuthorRole::ALL[number as usize % AuthorRole::ALL.len()],
            anchor: NoteAnchor {
                position: SitePos(at),
                object: number.is_multiple_of(2).then(|| format!("lamp {number}")),
            },
            viewpoint: Viewpoint {
                id: id.clone(),
                title: LocalText::default(),
                caption: LocalText::default(),
                target: SitePos(at + 1.0),
                heading_deg: 359.9,
                pitch_deg: -35.0,
                distance_m: 123.456,
                variant: number.is_multiple_of(3).then(|| "A".to_owned()),
                lens: None,
                time: None,
            },
            day: date(2026, 11, 25),
            id,
        }
    }

    /// Compares notes whose places went to the earth and back: those to a thousandth of a millimetre, all else exactly.
    pub(crate) fn assert_same_notes(left: &[Note], right: &[Note]) {
        let without_places = |notes: &[Note]| {
            let mut notes = notes.to_vec();
            for note in &mut notes {
                note.anchor.position = SitePos(DVec3::ZERO);
                note.viewpoint.target = SitePos(DVec3::ZERO);
            }
            notes
        };
        assert_eq!(without_places(left), without_places(right));
        for (left, right) in left.iter().zip(right) {
            let off_m = left.anchor.position.0.distance(right.anchor.position.0);
            let target_off_m = left.viewpoint.target.0.distance(right.viewpoint.target.0);
            assert!(
                off_m < 1e-6 && target_off_m < 1e-6,
                "{left:?} is not where {right:?} is"
            );
        }
    }

    #[test]
    fn kinds_and_roles_are_found_by_their_words() {
        for kind in NoteKind::ALL {
            assert_eq!(NoteKind::from_key(kind.key()), Some(kind));
        }
        for role in AuthorRole::ALL {
            assert_eq!(AuthorRole::from_key(role.key()), Some(role));
        }
        assert_eq!((NoteKind::from_key("Remark"), AuthorRole::from_key("")), (None, None));
    }

    #[test]
    fn ids_differ_and_numbers_go_on_after_the_highest() {
        assert_ne!(Note::new_id(), Note::new_id());
        assert_eq!(next_number(&[]), 1);
        assert_eq!(next_number(&[note(7, "a"), note(2, "b")]), 8);
    }
}
