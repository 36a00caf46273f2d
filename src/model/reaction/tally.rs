//! How many said what, without saying what a few people said.
//!
//! Each group (a variant) is split twice: by face and by theme. A split is told whole or not at all, and only where each
//! of its counts is none or at least [`SMALLEST_GROUP`]. Who knows that somebody reacted to a plan can then not read
//! their face or theme from a count of a few: where one split pins down the other, it does so for five people or more.
//! A single count is never left out on its own, for it could be reckoned from the others and the total. For the same
//! reason the sums of a split leave out the groups that do not have it.
//!
//! What this does not hide: that everybody in a group said the same, and what came between two tables of different days.

use super::Reaction;

/// A smaller group is not split, and a split with a smaller count in it is not told.
pub const SMALLEST_GROUP: usize = 5;

/// Counts by face, in the order of [`Smiley::ALL`](super::Smiley::ALL).
type Faces = [usize; 3];
/// Counts by theme, in the order of [`Theme::ALL`](super::Theme::ALL), and last those without a theme.
type Themes = [usize; 5];

/// What may be told in one cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// So many.
    Count(usize),
    /// Nothing: there is nobody to tell of.
    Nobody,
    /// Nothing: the group is too small to be split.
    SmallGroup,
    /// Nothing: one of the counts beside it, or this one, is too small.
    SmallCount,
}

/// The reactions to one variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTally {
    /// Id of the variant.
    pub variant: String,
    /// How many.
    pub total: usize,
    /// By face; `None` where that would tell of a few.
    pub faces: Option<Faces>,
    /// By theme; `None` where that would tell of a few.
    pub themes: Option<Themes>,
}

impl GroupTally {
    /// Whether it has reactions, and fewer than may be split.
    pub fn is_small(&self) -> bool {
        (1..SMALLEST_GROUP).contains(&self.total)
    }

    /// Faces, themes, and without a theme: a row of the table.
    pub fn cells(&self) -> [Told; 8] {
        let untold = match self.total {
            0 => Told::Nobody,
            1..SMALLEST_GROUP => Told::SmallGroup,
            _ => Told::SmallCount,
        };
        // What nobody said is told by the total.
        let is_told = self.total > 0;
        cells(self.faces.filter(|_| is_told), self.themes.filter(|_| is_told), untold)
    }
}

/// The reactions to every variant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// One group per variant, in the order that was asked for.
    pub groups: Vec<GroupTally>,
    /// Every reaction.
    pub total: usize,
    /// By face, the sums of the groups that have that; `None` where none has.
    pub faces: Option<Faces>,
    /// By theme, the sums of the groups that have that; `None` where none has.
    pub themes: Option<Themes>,
    /// Reactions in groups that are too small to be split.
    pub in_small_groups: usize,
}

impl Tally {
    /// Counts `reactions` by the variants with these ids, in that order. Variants that only reactions know (the plan
    /// lost them since) come after, in the order of their ids.
    pub fn of<'a>(
        reactions: impl IntoIterator<Item = &'a Reaction>,
        variants: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut counted: Vec<(String, Faces, Themes)> = variants
            .into_iter()
            .map(|id| (id.to_owned(), Faces::default(), Themes::default()))
            .collect();
        let known = counted.len();
        for reaction in reactions {
            let found = counted.iter().position(|(id, ..)| *id == reaction.variant);
            let place = found.unwrap_or_else(|| {
                counted.push((reaction.variant.clone(), Faces::default(), Themes::default()));
                counted.len() - 1
            });
            let (_, faces, themes) = &mut counted[place];
            faces[reaction.smiley as usize] += 1;
            let without = themes.len() - 1;
            themes[reaction.theme.map_or(without, |theme| theme as usize)] += 1;
        }
        counted[known..].sort_by(|a, b| a.0.cmp(&b.0));
        let mut tally = Self::default();
        for (variant, faces, themes) in counted {
            let group = GroupTally {
                variant,
                total: faces.iter().sum(),
                faces: may_be_told(&faces).then_some(faces),
                themes: may_be_told(&themes).then_some(themes),
            };
            tally.total += group.total;
            if group.is_small() {
                tally.in_small_groups += group.total;
            }
            if group.total > 0 {
                tally.faces = added(tally.faces, group.faces);
                tally.themes = added(tally.themes, group.themes);
            }
            tally.groups.push(group);
        }
        tally
    }

    /// Whether there are enough reactions to this variant to tell more of one than that it was made.
    pub fn is_large(&self, variant: &str) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|group| group.variant == variant && group.total >= SMALLEST_GROUP)
    }

    /// Whether there are reactions, and no group that is large enough to be split.
    pub fn is_all_small(&self) -> bool {
        self.total > 0 && self.total == self.in_small_groups
    }

    /// Whether a group that is large enough lacks a split, because one of its counts is too small.
    pub fn has_small_counts(&self) -> bool {
        self.groups
            .iter()
            .any(|group| group.cells().contains(&Told::SmallCount))
    }

    /// The row of sums.
    pub fn sums(&self) -> [Told; 8] {
        cells(self.faces, self.themes, Told::Nobody)
    }
}

/// Whether each count is none or large enough.
fn may_be_told(counts: &[usize]) -> bool {
    counts.iter().all(|count| !(1..SMALLEST_GROUP).contains(count))
}

fn cells(faces: Option<Faces>, themes: Option<Themes>, untold: Told) -> [Told; 8] {
    let faces = faces.map_or([untold; 3], |faces| faces.map(Told::Count));
    let themes = themes.map_or([untold; 5], |themes| themes.map(Told::Count));
    std::array::from_fn(|place| match place.checked_sub(faces.len()) {
        None => faces[place],
        Some(place) => themes[place],
    })
}

fn added<const N: usize>(sum: Option<[usize; N]>, more: Option<[usize; N]>) -> Option<[usize; N]> {
    match (sum, more) {
        (Some(sum), Some(more)) => Some(std::array::from_fn(|place| sum[place] + more[place])),
        (sum, more) => sum.or(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reaction::tests::reaction;
    use crate::model::reaction::{Smiley, Theme};

    fn to(variant: &str, smiley: Smiley, theme: Option<Theme>) -> Reaction {
        Reaction {
            variant: variant.into(),
            smiley,
            theme,
            ..reaction(1)
        }
    }

    #[test]
    fn four_are_not_split_and_five_are() {
        let four = vec![to("A", Smiley::Sad, Some(Theme::Green)); 4];
        let tally = Tally::of(&four, ["0", "A"]);
        assert_eq!((tally.total, tally.in_small_groups), (4, 4));
        assert!(tally.is_all_small());
        assert_eq!(tally.groups[1].cells(), [Told::SmallGroup; 8]);
        assert_eq!(tally.groups[0].cells(), [Told::Nobody; 8]);
        assert_eq!(tally.sums(), [Told::Nobody; 8]);
        let five = vec![to("A", Smiley::Sad, Some(Theme::Green)); 5];
        let tally = Tally::of(&five, ["0", "A"]);
        assert_eq!(tally.groups[1].faces, Some([5, 0, 0]));
        assert_eq!(tally.groups[1].themes, Some([0, 0, 5, 0, 0]));
        assert_eq!(tally.in_small_groups, 0);
        assert!(tally.is_large("A") && !tally.is_large("0") && !tally.is_large("Z"));
        assert!(!tally.is_all_small() && !Tally::default().is_all_small());
    }

    #[test]
    fn a_split_with_a_small_count_is_not_told_and_the_other_is() {
        // Six glad and one sad: who knows that somebody was not glad knows the rest of them.
        let mut reactions = vec![to("A", Smiley::Glad, None); 6];
        reactions.push(to("A", Smiley::Sad, None));
        let tally = Tally::of(&reactions, ["A"]);
        assert_eq!(
            (tally.groups[0].faces, tally.groups[0].themes),
            (None, Some([0, 0, 0, 0, 7]))
        );
        let cells = tally.groups[0].cells();
        assert_eq!(
            cells[..4],
            [Told::SmallCount, Told::SmallCount, Told::SmallCount, Told::Count(0)]
        );
        assert!(tally.has_small_counts() && tally.is_large("A") && !tally.is_all_small());
        // With five of the few, all of it is told.
        reactions.extend(vec![to("A", Smiley::Sad, None); 4]);
        let tally = Tally::of(&reactions, ["A"]);
        assert_eq!(tally.groups[0].faces, Some([5, 0, 6]));
        assert!(!tally.has_small_counts());
        // A theme of a few hides the themes alone.
        reactions.push(to("A", Smiley::Sad, Some(Theme::Safety)));
        let group = &Tally::of(&reactions, ["A"]).groups[0];
        assert_eq!((group.faces, group.themes), (Some([6, 0, 6]), None));
    }

    #[test]
    fn what_is_not_told_cannot_be_reckoned_from_the_sums() {
        let mut reactions = vec![to("A", Smiley::Glad, None); 6];
        reactions.extend([to("B", Smiley::Sad, Some(Theme::Safety)), to("B", Smiley::Glad, None)]);
        reactions.extend(vec![to("C", Smiley::Glad, Some(Theme::Green)); 8]);
        reactions.push(to("C", Smiley::Neutral, Some(Theme::Green)));
        let tally = Tally::of(&reactions, ["A", "B", "C"]);
        assert_eq!((tally.total, tally.in_small_groups), (17, 2));
        // The sums are those of the groups that have the split, whatever the others said.
        assert_eq!(tally.faces, tally.groups[0].faces);
        assert_eq!(tally.faces, Some([0, 0, 6]));
        assert_eq!(tally.themes, Some([0, 0, 9, 0, 6]));
    }

    #[test]
    fn whatever_was_said_no_count_that_is_told_is_of_a_few() {
        // Every sort of group, from chance that is the same each time.
        let mut state = 7_u64;
        let mut chance = |most: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % most
        };
        for round in 0..400 {
            let size = 1 + chance(60);
            let (faces, themes) = (1 + chance(3), 1 + chance(6));
            let reactions: Vec<Reaction> = (0..size)
                .map(|_| {
                    let variant = ["A", "B", "C"][chance(3)];
                    to(
                        variant,
                        Smiley::ALL[chance(faces)],
                        Theme::ALL.get(chance(themes)).copied(),
                    )
                })
                .collect();
            let tally = Tally::of(&reactions, ["A", "B"]);
            let told = tally.groups.iter().flat_map(GroupTally::cells).chain(tally.sums());
            for cell in told {
                assert!(!matches!(cell, Told::Count(1..SMALLEST_GROUP)), "{round}: {tally:?}");
            }
            for group in &tally.groups {
                let sum = |counts: &[usize]| counts.iter().sum::<usize>() == group.total;
                assert!(group.faces.is_none_or(|counts| sum(&counts)));
                assert!(group.themes.is_none_or(|counts| sum(&counts)));
            }
        }
    }

    #[test]
    fn a_variant_that_the_plan_lost_keeps_its_votes() {
        let reactions = [to("weg", Smiley::Glad, None), to("A", Smiley::Glad, None)];
        let tally = Tally::of(&reactions, ["A"]);
        let ids: Vec<&str> = tally.groups.iter().map(|group| group.variant.as_str()).collect();
        assert_eq!(ids, ["A", "weg"]);
        assert_eq!(tally.total, 2);
    }
}
