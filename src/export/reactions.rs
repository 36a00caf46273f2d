//! What residents said, as tables: counts, words that staff let through, spots. Never a list of reactions: what one
//! person said together is in none of them, and a group of fewer than five is not split.

use super::tables::{harmless, is_decimal_comma};
use crate::model::OpenScenario;
use crate::model::reaction::{Moderation, Reaction, Smiley, Split, Spot, Tally, Theme, Words};
use crate::text::{Language, format_count, tr, tr_count};
use csv::{Writer, WriterBuilder};
use serde::Serialize;

/// What a face is called.
pub fn smiley_word(smiley: Smiley, language: &Language) -> String {
    match smiley {
        Smiley::Sad => tr(language, "kiosk-sad"),
        Smiley::Neutral => tr(language, "kiosk-neutral"),
        Smiley::Glad => tr(language, "kiosk-glad"),
    }
}

/// What a theme is called.
pub fn theme_word(theme: Theme, language: &Language) -> String {
    match theme {
        Theme::Living => tr(language, "kiosk-living"),
        Theme::Shopping => tr(language, "kiosk-shopping"),
        Theme::Green => tr(language, "kiosk-green-theme"),
        Theme::Safety => tr(language, "kiosk-safety"),
    }
}

/// What the page of a package says of reactions.
#[derive(Debug, Clone, Serialize)]
pub struct ReactionsPart {
    /// How many there are, in words.
    total: String,
    /// Headings of the columns.
    head: Vec<String>,
    /// A row per variant and one for all, the name first.
    rows: Vec<Vec<String>>,
    /// What of it is not split.
    remark: String,
    /// The words that staff let through.
    words: Vec<String>,
}

impl ReactionsPart {
    /// What may be told; `None` where nobody said anything.
    pub(super) fn new(open: &OpenScenario, language: &Language) -> Option<Self> {
        if open.reactions.is_empty() {
            return None;
        }
        let scenario = &open.scenario;
        let code = language.code();
        let tally = Tally::of(&*open.reactions, scenario.variants.iter().map(|variant| &*variant.id));
        let cells = |split: &Split| {
            let counts = split.smileys.iter().chain(&split.themes).chain([&split.without_theme]);
            counts.map(|count| format_count(*count, language)).collect::<Vec<_>>()
        };
        let mut rows: Vec<Vec<String>> = tally
            .groups
            .iter()
            .map(|group| {
                let variant = scenario.variant(&group.variant);
                let title = variant.map_or(group.variant.as_str(), |variant| variant.title.get(&code));
                let counts = match &group.split {
                    Some(split) => cells(split),
                    None if group.total == 0 => vec!["–".to_owned(); 8],
                    None => vec!["< 5".to_owned(); 8],
                };
                let named = [title.to_owned(), format_count(group.total, language)];
                named.into_iter().chain(counts).collect()
            })
            .collect();
        let sums = [tr(language, "reactions-all"), format_count(tally.total, language)];
        let counts = if tally.total > tally.in_small_groups {
            cells(&tally.split)
        } else {
            vec!["–".to_owned(); 8]
        };
        rows.push(sums.into_iter().chain(counts).collect());
        let head = [tr(language, "reactions-variant"), tr(language, "reactions-total")]
            .into_iter()
            .chain(Smiley::ALL.map(|smiley| smiley_word(smiley, language)))
            .chain(Theme::ALL.map(|theme| theme_word(theme, language)))
            .chain([tr(language, "reactions-no-theme")]);
        let released = |words: &&Words| words.moderation == Moderation::Released;
        let words = open
            .reactions
            .iter()
            .filter_map(|reaction| reaction.words.as_ref())
            .filter(released);
        Some(Self {
            total: tr_count(language, "kiosk-thanks-count", tally.total),
            head: head.collect(),
            rows,
            remark: tr(language, "staff-small-groups"),
            words: {
                // In the order of the alphabet, so that their order tells nothing.
                let mut words: Vec<String> = words.map(|words| words.text.clone()).collect();
                words.sort();
                words
            },
        })
    }
}

fn table(language: &Language) -> Writer<Vec<u8>> {
    let delimiter = if is_decimal_comma(language) { b';' } else { b',' };
    WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer("\u{feff}".as_bytes().to_vec())
}

/// How many reacted to each variant, by face and by theme, with a last row of sums. `title` names a variant. Cells of a
/// group that is too small to be split are empty, and the sums are those of the groups that are split.
pub fn counts_csv(tally: &Tally, title: impl Fn(&str) -> String, language: &Language) -> Vec<u8> {
    let mut writer = table(language);
    let head = [tr(language, "reactions-variant"), tr(language, "reactions-total")]
        .into_iter()
        .chain(Smiley::ALL.map(|smiley| smiley_word(smiley, language)))
        .chain(Theme::ALL.map(|theme| theme_word(theme, language)))
        .chain([tr(language, "reactions-no-theme"), tr(language, "reactions-remark")]);
    // Writing into memory does not fail.
    let _ = writer.write_record(head.map(|cell| harmless(&cell)));
    for group in &tally.groups {
        let cells: Vec<String> = match &group.split {
            Some(split) => split
                .smileys
                .iter()
                .chain(&split.themes)
                .chain([&split.without_theme])
                .map(ToString::to_string)
                .collect(),
            None => vec![String::new(); 8],
        };
        let remark = if group.split.is_none() && group.total > 0 {
            tr(language, "reactions-too-few")
        } else {
            String::new()
        };
        let row = [harmless(&title(&group.variant)), group.total.to_string()]
            .into_iter()
            .chain(cells)
            .chain([remark]);
        let _ = writer.write_record(row);
    }
    let has_sums = tally.total > tally.in_small_groups;
    let sums = &tally.split;
    let row = [tr(language, "reactions-all"), tally.total.to_string()]
        .into_iter()
        .chain(
            sums.smileys
                .iter()
                .chain(&sums.themes)
                .chain([&sums.without_theme])
                .map(|count| if has_sums { count.to_string() } else { String::new() }),
        )
        .chain([if tally.in_small_groups > 0 {
            tr(language, "reactions-without-small")
        } else {
            String::new()
        }]);
    let _ = writer.write_record(row);
    writer.into_inner().unwrap_or_default()
}

/// The words that staff let through, in the order of the alphabet. Their variant stands beside them only where every group
/// is large enough: with one small group, the words without a variant would be its own.
pub fn words_csv<'a>(
    reactions: impl IntoIterator<Item = &'a Reaction>,
    tally: &Tally,
    title: impl Fn(&str) -> String,
    language: &Language,
) -> Vec<u8> {
    let mut writer = table(language);
    let _ = writer.write_record([tr(language, "reactions-variant"), tr(language, "reactions-words")]);
    let mut rows: Vec<[String; 2]> = reactions
        .into_iter()
        .filter_map(|reaction| Some((reaction, reaction.words.as_ref()?)))
        .filter(|(_, words)| words.moderation == Moderation::Released)
        .map(|(reaction, words)| {
            let variant = if tally.in_small_groups == 0 {
                harmless(&title(&reaction.variant))
            } else {
                String::new()
            };
            [variant, harmless(&words.text)]
        })
        .collect();
    rows.sort();
    for row in rows {
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}

/// The spots that were pointed out, in whole metres, by variant and place; those of groups that are too small are left out.
pub fn spots_csv<'a>(
    reactions: impl IntoIterator<Item = &'a Reaction>,
    tally: &Tally,
    title: impl Fn(&str) -> String,
    language: &Language,
) -> Vec<u8> {
    let mut writer = table(language);
    let _ = writer.write_record([
        tr(language, "reactions-variant"),
        tr(language, "reactions-frame"),
        "x (m)".to_owned(),
        "y (m)".to_owned(),
    ]);
    let of_large_groups = reactions
        .into_iter()
        .filter(|reaction| tally.is_split(&reaction.variant));
    let mut spots: Vec<(String, Spot)> = of_large_groups
        .filter_map(|reaction| Some((title(&reaction.variant), reaction.spot?)))
        .collect();
    spots.sort();
    for (variant, spot) in spots {
        let (frame, x_m, y_m) = match spot {
            Spot::Rd { x_m, y_m } => ("RD (EPSG:28992)".to_owned(), x_m, y_m),
            Spot::Site { x_m, y_m } => (tr(language, "reactions-site-frame"), x_m, y_m),
        };
        let _ = writer.write_record([harmless(&variant), frame, x_m.to_string(), y_m.to_string()]);
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reaction::tests::reaction;

    fn nl() -> Language {
        Language::from_code("nl").expect("Dutch")
    }

    fn with_words(variant: &str, text: &str, moderation: Moderation) -> Reaction {
        Reaction {
            variant: variant.into(),
            theme: Some(Theme::Green),
            words: Some(Words {
                text: text.into(),
                moderation,
            }),
            ..reaction(3)
        }
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes)
            .expect("UTF-8")
            .trim_start_matches('\u{feff}')
            .to_owned()
    }

    #[test]
    fn counts_leave_small_groups_whole() {
        let mut reactions: Vec<Reaction> = (0..6).map(|_| with_words("A", "x", Moderation::Waiting)).collect();
        reactions.push(with_words("B", "x", Moderation::Waiting));
        let tally = Tally::of(&reactions, ["A", "B"]);
        let csv = text(counts_csv(&tally, str::to_owned, &nl()));
        let rows: Vec<&str> = csv.lines().collect();
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[1], "A;6;6;0;0;0;0;6;0;0;");
        assert_eq!(rows[2], "B;1;;;;;;;;;minder dan 5: niet uitgesplitst");
        assert!(rows[3].starts_with("Alle plannen;7;6;0;0;0;0;6;0;0;"), "{}", rows[3]);
    }

    #[test]
    fn only_words_that_were_let_through_are_told_and_none_is_a_formula() {
        let mut reactions: Vec<Reaction> = (0..5).map(|_| with_words("A", "=1+1", Moderation::Released)).collect();
        reactions.push(with_words("A", "geheim", Moderation::Waiting));
        reactions.push(with_words("A", "grof", Moderation::Withheld));
        reactions.push(with_words("B", "klein", Moderation::Released));
        let tally = Tally::of(&reactions, ["A", "B"]);
        let csv = text(words_csv(&reactions, &tally, str::to_owned, &nl()));
        assert!(!csv.contains("geheim") && !csv.contains("grof"));
        // One small group hides the variant of all words, or the rest would be its own.
        assert_eq!(csv.matches("\n;'=1+1").count(), 5);
        assert!(csv.contains("\n;klein") && !csv.contains("A;"), "{csv}");
        let large: Vec<Reaction> = reactions
            .into_iter()
            .filter(|reaction| reaction.variant == "A")
            .collect();
        let tally = Tally::of(&large, ["A", "B"]);
        let csv = text(words_csv(&large, &tally, str::to_owned, &nl()));
        assert_eq!(csv.matches("A;'=1+1").count(), 5);
    }

    #[test]
    fn spots_of_a_few_are_left_out() {
        let mut reactions: Vec<Reaction> = (0..5).map(|_| with_words("A", "x", Moderation::Waiting)).collect();
        reactions.push(with_words("B", "x", Moderation::Waiting));
        let tally = Tally::of(&reactions, ["A", "B"]);
        let csv = text(spots_csv(&reactions, &tally, str::to_owned, &nl()));
        assert_eq!(csv.matches("A;RD (EPSG:28992);251003;476000").count(), 5);
        assert!(!csv.contains("\nB;"));
    }
}
