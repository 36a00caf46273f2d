//! How many said what, without saying what a few people said.
//!
//! A group of fewer than [`SMALLEST_GROUP`] is not split: its size is told and nothing more. The sums of the split
//! leave such groups out, or what they hide could be reckoned by taking away the others.

use super::Reaction;

/// A group of fewer reactions is not split.
pub const SMALLEST_GROUP: usize = 5;

/// Counts by face and by theme.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Split {
    /// In the order of [`Smiley::ALL`](super::Smiley::ALL).
    pub smileys: [usize; 3],
    /// In the order of [`Theme::ALL`](super::Theme::ALL).
    pub themes: [usize; 4],
    /// Reactions without a theme.
    pub without_theme: usize,
}

impl Split {
    fn add(&mut self, reaction: &Reaction) {
        self.smileys[reaction.smiley as usize] += 1;
        match reaction.theme {
            Some(theme) => self.themes[theme as usize] += 1,
            None => self.without_theme += 1,
        }
    }
}

/// The reactions to one variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTally {
    /// Id of the variant.
    pub variant: String,
    /// How many.
    pub total: usize,
    /// By face and theme; `None` for a group that is too small to be split.
    pub split: Option<Split>,
}

/// The reactions to every variant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// One group per variant, in the order that was asked for.
    pub groups: Vec<GroupTally>,
    /// Every reaction.
    pub total: usize,
    /// The sums of the groups that are split.
    pub split: Split,
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
        let mut counted: Vec<(String, Split)> = variants
            .into_iter()
            .map(|id| (id.to_owned(), Split::default()))
            .collect();
        let known = counted.len();
        for reaction in reactions {
            let found = counted.iter().position(|(id, _)| *id == reaction.variant);
            let place = found.unwrap_or_else(|| {
                counted.push((reaction.variant.clone(), Split::default()));
                counted.len() - 1
            });
            counted[place].1.add(reaction);
        }
        counted[known..].sort_by(|a, b| a.0.cmp(&b.0));
        let mut tally = Self::default();
        for (variant, split) in counted {
            let total = split.smileys.iter().sum();
            let is_split = total >= SMALLEST_GROUP;
            tally.total += total;
            if is_split {
                tally.split = sum(&tally.split, &split);
            } else {
                tally.in_small_groups += total;
            }
            tally.groups.push(GroupTally {
                variant,
                total,
                split: is_split.then_some(split),
            });
        }
        tally
    }

    /// Whether more may be told of a reaction to this variant than that it was made.
    pub fn is_split(&self, variant: &str) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|group| group.variant == variant && group.split.is_some())
    }
}

fn sum(a: &Split, b: &Split) -> Split {
    Split {
        smileys: std::array::from_fn(|i| a.smileys[i] + b.smileys[i]),
        themes: std::array::from_fn(|i| a.themes[i] + b.themes[i]),
        without_theme: a.without_theme + b.without_theme,
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
        assert_eq!(tally.groups[1].split, None);
        assert_eq!(tally.groups[0].total, 0);
        let five = vec![to("A", Smiley::Sad, Some(Theme::Green)); 5];
        let tally = Tally::of(&five, ["0", "A"]);
        let split = tally.groups[1].split.expect("a split");
        assert_eq!(
            (split.smileys[Smiley::Sad as usize], split.themes[Theme::Green as usize]),
            (5, 5)
        );
        assert_eq!(tally.in_small_groups, 0);
        assert!(tally.is_split("A") && !tally.is_split("0") && !tally.is_split("Z"));
    }

    #[test]
    fn a_small_group_cannot_be_reckoned_from_the_sums() {
        let mut reactions = vec![to("A", Smiley::Glad, None); 6];
        reactions.extend([to("B", Smiley::Sad, Some(Theme::Safety)), to("B", Smiley::Glad, None)]);
        let tally = Tally::of(&reactions, ["A", "B"]);
        assert_eq!((tally.total, tally.in_small_groups), (8, 2));
        // The sums are those of the groups that are split, whatever the small group said.
        assert_eq!(tally.split, tally.groups[0].split.expect("a split"));
        assert_eq!(
            (tally.split.smileys[Smiley::Sad as usize], tally.split.without_theme),
            (0, 6)
        );
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
