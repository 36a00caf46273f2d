//! What residents said, as tables: counts, words that staff let through, spots. Never a list of reactions: what one
//! person said together is in none of them, and what may be told of a group [`Tally`] decides.

use super::tables::{example_head, example_row, harmless, is_decimal_comma};
use crate::model::OpenScenario;
use crate::model::reaction::{GroupTally, Moderation, Reaction, Smiley, Spot, Tally, Theme, Told, Words};
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

/// The headings of a table of counts.
pub fn count_heads(language: &Language) -> Vec<String> {
    [tr(language, "reactions-variant"), tr(language, "reactions-total")]
        .into_iter()
        .chain(Smiley::ALL.map(|smiley| smiley_word(smiley, language)))
        .chain(Theme::ALL.map(|theme| theme_word(theme, language)))
        .chain([tr(language, "reactions-no-theme")])
        .collect()
}

/// The rows below them as they are read: one for each group, which `title` names, and one of sums.
pub fn count_rows(tally: &Tally, title: impl Fn(&str) -> String, language: &Language) -> Vec<Vec<String>> {
    let row = |name: String, total: usize, cells: [Told; 8]| {
        let cells = cells.map(|told| match told {
            Told::Count(count) => format_count(count, language),
            Told::Nobody => "–".to_owned(),
            Told::SmallGroup => "< 5".to_owned(),
            Told::SmallCount => "*".to_owned(),
        });
        [name, format_count(total, language)].into_iter().chain(cells).collect()
    };
    let groups = tally.groups.iter();
    groups
        .map(|group| row(title(&group.variant), group.total, group.cells()))
        .chain([row(tr(language, "reactions-all"), tally.total, tally.sums())])
        .collect()
}

/// What stands below those rows: what of them is not split, and why.
pub fn counts_remark(tally: &Tally, language: &Language) -> String {
    if tally.is_all_small() {
        return tr(language, "staff-all-small");
    }
    let groups = tr(language, "staff-small-groups");
    if tally.has_small_counts() {
        let counts = tr(language, "staff-small-counts");
        return format!("{counts} {groups}");
    }
    groups
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
        let title = |id: &str| {
            let variant = scenario.variant(id);
            variant.map_or_else(|| id.to_owned(), |variant| variant.title.get(&code).to_owned())
        };
        let released = |words: &&Words| words.moderation == Moderation::Released;
        let words = open
            .reactions
            .iter()
            .filter_map(|reaction| reaction.words.as_ref())
            .filter(released);
        Some(Self {
            total: tr_count(language, "kiosk-thanks-count", tally.total),
            head: count_heads(language),
            rows: count_rows(&tally, title, language),
            remark: counts_remark(&tally, language),
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

/// How many reacted to each variant, by face and by theme, with a last row of sums. `title` names a variant. Cells of
/// which nothing may be told are empty, and the sums are those of the groups that have the split.
pub fn counts_csv(tally: &Tally, title: impl Fn(&str) -> String, is_example: bool, language: &Language) -> Vec<u8> {
    let mut writer = table(language);
    let head = count_heads(language)
        .into_iter()
        .chain([tr(language, "reactions-remark"), example_head(language)]);
    // Writing into memory does not fail.
    let _ = writer.write_record(head.map(|cell| harmless(&cell)));
    let mut write = |name: String, total: usize, cells: [Told; 8], remark: String| {
        let cells = cells.map(|told| match told {
            Told::Count(count) => count.to_string(),
            Told::Nobody | Told::SmallGroup | Told::SmallCount => String::new(),
        });
        let row = [harmless(&name), total.to_string()]
            .into_iter()
            .chain(cells)
            .chain([remark, example_row(is_example, language)]);
        let _ = writer.write_record(row);
    };
    for group in &tally.groups {
        let (name, remark) = (title(&group.variant), group_remark(group, language));
        write(name, group.total, group.cells(), remark);
    }
    let remark = if tally.is_all_small() {
        tr(language, "reactions-all-small")
    } else if tally.in_small_groups > 0 || tally.has_small_counts() {
        tr(language, "reactions-without-small")
    } else {
        String::new()
    };
    write(tr(language, "reactions-all"), tally.total, tally.sums(), remark);
    writer.into_inner().unwrap_or_default()
}

/// Why a group lacks a split.
fn group_remark(group: &GroupTally, language: &Language) -> String {
    if group.is_small() {
        return tr(language, "reactions-too-few");
    }
    let of_faces = group.faces.is_none().then(|| tr(language, "reactions-few-faces"));
    let of_themes = group.themes.is_none().then(|| tr(language, "reactions-few-themes"));
    let remarks: Vec<String> = of_faces.into_iter().chain(of_themes).collect();
    remarks.join(", ")
}

/// The words that staff let through, in the order of the alphabet. Their variant stands beside them only where every group
/// is large enough: with one small group, the words without a variant would be its own.
pub fn words_csv<'a>(
    reactions: impl IntoIterator<Item = &'a Reaction>,
    tally: &Tally,
    title: impl Fn(&str) -> String,
    is_example: bool,
    language: &Language,
) -> Vec<u8> {
    let mut writer = table(language);
    let _ = writer.write_record([
        tr(language, "reactions-variant"),
        tr(language, "reactions-words"),
        example_head(language),
    ]);
    let mut rows: Vec<[String; 3]> = reactions
        .into_iter()
        .filter_map(|reaction| Some((reaction, reaction.words.as_ref()?)))
        .filter(|(_, words)| words.moderation == Moderation::Released)
        .map(|(reaction, words)| {
            let variant = if tally.in_small_groups == 0 {
                harmless(&title(&reaction.variant))
            } else {
                String::new()
            };
            [variant, harmless(&words.text), example_row(is_example, language)]
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
    is_example: bool,
    language: &Language,
) -> Vec<u8> {
    let mut writer = table(language);
    let _ = writer.write_record([
        tr(language, "reactions-variant"),
        tr(language, "reactions-frame"),
        "x (m)".to_owned(),
        "y (m)".to_owned(),
        example_head(language),
    ]);
    let of_large_groups = reactions
        .into_iter()
        .filter(|reaction| tally.is_large(&reaction.variant));
    let mut spots: Vec<(String, Spot)> = of_large_groups
        .filter_map(|reaction| Some((title(&reaction.variant), reaction.spot?)))
        .collect();
    spots.sort();
    for (variant, spot) in spots {
        let (frame, x_m, y_m) = match spot {
            Spot::Rd { x_m, y_m } => ("RD (EPSG:28992)".to_owned(), x_m, y_m),
            Spot::Site { x_m, y_m } => (tr(language, "reactions-site-frame"), x_m, y_m),
        };
        let _ = writer.write_record([
            harmless(&variant),
            frame,
            x_m.to_string(),
            y_m.to_string(),
            example_row(is_example, language),
        ]);
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
        let csv = text(counts_csv(&tally, str::to_owned, false, &nl()));
        let rows: Vec<&str> = csv.lines().collect();
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[1], "A;6;6;0;0;0;0;6;0;0;;");
        assert_eq!(rows[2], "B;1;;;;;;;;;minder dan 5: niet uitgesplitst;");
        assert_eq!(
            rows[3],
            "Alle plannen;7;6;0;0;0;0;6;0;0;zonder wat hierboven niet is uitgesplitst;"
        );
    }

    #[test]
    fn counts_of_a_few_leave_their_split_out_everywhere() {
        let mut reactions: Vec<Reaction> = (0..6).map(|_| with_words("A", "x", Moderation::Waiting)).collect();
        reactions.push(Reaction {
            smiley: Smiley::Glad,
            ..with_words("A", "x", Moderation::Waiting)
        });
        let tally = Tally::of(&reactions, ["A", "B"]);
        let csv = text(counts_csv(&tally, str::to_owned, false, &nl()));
        let rows: Vec<&str> = csv.lines().collect();
        assert_eq!(
            rows[1],
            "A;7;;;;0;0;7;0;0;gezichten niet uitgesplitst: een getal van 1 tot en met 4;"
        );
        assert_eq!(rows[2], "B;0;;;;;;;;;;");
        assert_eq!(
            rows[3],
            "Alle plannen;7;;;;0;0;7;0;0;zonder wat hierboven niet is uitgesplitst;"
        );
        let shown = count_rows(&tally, str::to_owned, &nl());
        assert_eq!(shown[0].join(" "), "A 7 * * * 0 0 7 0 0");
        assert_eq!(shown[1].join(" "), "B 0 – – – – – – – –");
        assert_eq!(shown[2].join(" "), "Alle plannen 7 – – – 0 0 7 0 0");
        assert!(counts_remark(&tally, &nl()).starts_with("* "));
    }

    #[test]
    fn where_every_group_is_small_the_sums_say_so() {
        let reactions: Vec<Reaction> = ["A", "A", "B"]
            .map(|variant| with_words(variant, "x", Moderation::Waiting))
            .into();
        let tally = Tally::of(&reactions, ["A", "B"]);
        let shown = count_rows(&tally, str::to_owned, &nl());
        assert_eq!(shown[2].join(" "), "Alle plannen 3 – – – – – – – –");
        let remark = "Elk plan heeft minder dan 5 reacties. Daarom is niets uitgesplitst.";
        assert_eq!(counts_remark(&tally, &nl()), remark);
        let csv = text(counts_csv(&tally, str::to_owned, false, &nl()));
        let last = csv.lines().last().expect("sums");
        assert_eq!(last, "Alle plannen;3;;;;;;;;;elk plan heeft minder dan 5 reacties;");
        assert!(!counts_remark(&Tally::default(), &nl()).contains("Elk plan"));
    }

    #[test]
    fn every_row_about_an_example_says_so() {
        let reactions: Vec<Reaction> = (0..6).map(|_| with_words("A", "x", Moderation::Released)).collect();
        let tally = Tally::of(&reactions, ["A"]);
        for (code, head, row) in [
            ("nl", "Voorbeeld", "voorbeeld, niet echt"),
            ("en", "Example", "\"example, not real\""),
        ] {
            let language = Language::from_code(code).expect("a language");
            let tables = |is_example: bool| {
                [
                    counts_csv(&tally, str::to_owned, is_example, &language),
                    words_csv(&reactions, &tally, str::to_owned, is_example, &language),
                    spots_csv(&reactions, &tally, str::to_owned, is_example, &language),
                ]
                .map(text)
            };
            for (example, real) in tables(true).into_iter().zip(tables(false)) {
                let mut lines = example.lines();
                assert!(lines.next().is_some_and(|line| line.ends_with(head)), "{example}");
                assert!(lines.all(|line| line.ends_with(row)), "{example}");
                assert!(!real.contains(row), "{real}");
            }
        }
    }

    #[test]
    fn only_words_that_were_let_through_are_told_and_none_is_a_formula() {
        let mut reactions: Vec<Reaction> = (0..5).map(|_| with_words("A", "=1+1", Moderation::Released)).collect();
        reactions.push(with_words("A", "geheim", Moderation::Waiting));
        reactions.push(with_words("A", "grof", Moderation::Withheld));
        reactions.push(with_words("B", "klein", Moderation::Released));
        let tally = Tally::of(&reactions, ["A", "B"]);
        let csv = text(words_csv(&reactions, &tally, str::to_owned, false, &nl()));
        assert!(!csv.contains("geheim") && !csv.contains("grof"));
        // One small group hides the variant of all words, or the rest would be its own.
        assert_eq!(csv.matches("\n;'=1+1").count(), 5);
        assert!(csv.contains("\n;klein") && !csv.contains("A;"), "{csv}");
        let large: Vec<Reaction> = reactions
            .into_iter()
            .filter(|reaction| reaction.variant == "A")
            .collect();
        let tally = Tally::of(&large, ["A", "B"]);
        let csv = text(words_csv(&large, &tally, str::to_owned, false, &nl()));
        assert_eq!(csv.matches("A;'=1+1").count(), 5);
    }

    #[test]
    fn spots_of_a_few_are_left_out() {
        let mut reactions: Vec<Reaction> = (0..5).map(|_| with_words("A", "x", Moderation::Waiting)).collect();
        reactions.push(with_words("B", "x", Moderation::Waiting));
        let tally = Tally::of(&reactions, ["A", "B"]);
        let csv = text(spots_csv(&reactions, &tally, str::to_owned, false, &nl()));
        assert_eq!(csv.matches("A;RD (EPSG:28992);251003;476000").count(), 5);
        assert!(!csv.contains("\nB;"));
    }
}
