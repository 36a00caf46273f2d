//! Finding names that were typed with mistakes in them, among very many.
//!
//! Every name is cut into trigrams: the letters of each word by threes, the first two with a blank before them. A typing
//! mistake spoils three of them at most, so names that share most with what was typed are looked at closer, word by word
//! with the optimal string alignment distance of `strsim`. Memory is the names and four bytes for each of their trigrams,
//! in a few long lists: they are what is kept in a file (`kept`).

use super::words::words;
use bevy::platform::collections::HashMap;

/// At most this many names are compared word by word.
const LOOKED_AT: usize = 600;
/// Longest text that is looked for, words and letters.
const MOST_WORDS: usize = 8;
const LONGEST_WORD: usize = 40;
/// What a house number counts for, letters.
const NUMBER_WEIGHS: u16 = 4;

/// Three letters, each in 21 bits.
pub(super) type Trigram = u64;

/// Names, found by what is typed.
///
/// # Invariant
/// `ends` rise to the end of `text` and lie between letters; `trigrams` rise; `starts` has one more than these and rises to
/// the end of `places`, each of which is less than the number of names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct NameIndex {
    /// The words of all names one after the other, one blank between two words.
    pub(super) text: String,
    /// Where each name ends in it.
    pub(super) ends: Vec<u32>,
    /// All trigrams of all names, in order.
    pub(super) trigrams: Vec<Trigram>,
    /// Where the places of each of them begin.
    pub(super) starts: Vec<u32>,
    /// Places of the names that have it, in order.
    pub(super) places: Vec<u32>,
}

impl NameIndex {
    /// An index of names; what it finds are their places in this order. Names past the first four thousand million bytes or
    /// trigrams are not found.
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut index = Self::default();
        let mut numbers: HashMap<Trigram, u32> = HashMap::default();
        // Of each trigram how many names have it, and the last of them.
        let mut having: Vec<(u32, u32)> = Vec::new();
        // Numbers of the trigrams of all names, and how many each name has.
        let mut found: Vec<u32> = Vec::new();
        let mut founds: Vec<u32> = Vec::new();
        for (place, name) in (0_u32..).zip(names) {
            let (text, before) = (index.text.len(), found.len());
            for word in &words(name) {
                if index.text.len() > text {
                    index.text.push(' ');
                }
                index.text.push_str(word);
                for trigram in trigrams(word) {
                    let next = u32::try_from(having.len()).unwrap_or(u32::MAX);
                    let number = *numbers.entry(trigram).or_insert(next);
                    if number == next {
                        having.push((0, u32::MAX));
                    }
                    // A trigram that a name has twice counts once.
                    if let Some((count, last)) = having.get_mut(number as usize).filter(|(_, last)| *last != place) {
                        *count += 1;
                        *last = place;
                        found.push(number);
                    }
                }
            }
            let (Ok(end), Ok(_)) = (u32::try_from(index.text.len()), u32::try_from(found.len())) else {
                index.text.truncate(text);
                found.drain(before..).for_each(|number| having[number as usize].0 -= 1);
                break;
            };
            index.ends.push(end);
            founds.push(u32::try_from(found.len() - before).unwrap_or_default());
        }
        // Put by trigram: where the places of each begin, then every place where it belongs.
        let mut order: Vec<(Trigram, u32)> = numbers.into_iter().collect();
        order.sort_unstable();
        let mut next = vec![0_u32; having.len()];
        let mut start = 0;
        for (trigram, number) in order {
            index.trigrams.push(trigram);
            index.starts.push(start);
            next[number as usize] = start;
            start += having[number as usize].0;
        }
        index.starts.push(start);
        index.places = vec![0; found.len()];
        let mut found = found.into_iter();
        for (place, count) in (0_u32..).zip(founds) {
            for number in found.by_ref().take(count as usize) {
                let at = &mut next[number as usize];
                index.places[*at as usize] = place;
                *at += 1;
            }
        }
        index
    }

    /// The words of a name, one blank between two.
    fn name(&self, place: usize) -> &str {
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(place).copied().unwrap_or_default();
        self.text
            .get(start.unwrap_or_default() as usize..end as usize)
            .unwrap_or_default()
    }

    /// Places of the names that have a trigram.
    fn having(&self, trigram: Trigram) -> &[u32] {
        let Ok(at) = self.trigrams.binary_search(&trigram) else {
            return &[];
        };
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        let places = bounds.and_then(|(start, end)| self.places.get(*start as usize..*end as usize));
        places.unwrap_or_default()
    }

    /// Places of the names that fit best what was typed, with how well (1: as typed), the best first.
    pub(super) fn find(&self, typed: &str, most: usize) -> Vec<(usize, f64)> {
        let typed: Vec<String> = words(typed)
            .into_iter()
            .take(MOST_WORDS)
            .map(|word| word.chars().take(LONGEST_WORD).collect())
            .collect();
        if typed.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(usize, f64)> = self
            .candidates(&typed)
            .into_iter()
            .filter_map(|place| Some((place, fit(&typed, self.name(place))?)))
            .collect();
        let order = |a: &(usize, f64), b: &(usize, f64)| {
            let by_fit = b.1.total_cmp(&a.1);
            by_fit
                .then_with(|| natural_length(self.name(a.0)).cmp(&natural_length(self.name(b.0))))
                .then_with(|| self.name(a.0).cmp(self.name(b.0)))
                .then_with(|| a.0.cmp(&b.0))
        };
        found.sort_by(order);
        found.truncate(most);
        found
    }

    /// Places of the names that share most trigrams with what was typed.
    fn candidates(&self, typed: &[String]) -> Vec<usize> {
        let mut shared = vec![0_u16; self.ends.len()];
        for trigram in typed.iter().flat_map(|word| trigrams(word)) {
            for place in self.having(trigram) {
                let count = &mut shared[*place as usize];
                *count = count.saturating_add(1);
            }
        }
        // How many share how much tells from where on they are looked at; ties at the edge are cut in the order of names.
        let greatest = usize::from(shared.iter().copied().max().unwrap_or_default());
        let mut having = vec![0_usize; greatest + 1];
        for count in &shared {
            having[usize::from(*count)] += 1;
        }
        let mut least = greatest;
        let mut taken = having[greatest];
        while least > 1 && taken + having[least - 1] <= LOOKED_AT {
            least -= 1;
            taken += having[least];
        }
        let all = shared
            .iter()
            .enumerate()
            .filter(|(_, count)| usize::from(**count) >= least.max(1));
        // Of very many equals the shortest are looked at: `Straat 1` before a thousand longer numbers.
        let mut places: Vec<usize> = all.map(|(place, _)| place).collect();
        if places.len() > LOOKED_AT {
            places.select_nth_unstable_by_key(LOOKED_AT - 1, |place| {
                (std::cmp::Reverse(shared[*place]), self.name(*place).len(), *place)
            });
            places.truncate(LOOKED_AT);
        }
        places
    }
}

fn natural_length(name: &str) -> usize {
    name.chars().count()
}

/// The letters of a word by threes, the first two with blanks before them.
fn trigrams(word: &str) -> impl Iterator<Item = Trigram> {
    let blanks = u64::from(' ') << 21 | u64::from(' ');
    word.chars().scan(blanks, |before, letter| {
        let trigram = *before << 21 | u64::from(letter);
        *before = trigram & ((1 << 42) - 1);
        Some(trigram)
    })
}

/// How well a name fits what was typed; `None` when a typed word is in it in no form.
fn fit(typed: &[String], name: &str) -> Option<f64> {
    let words: Vec<&str> = name.split(' ').collect();
    let mut sum = 0.0;
    let mut weight = 0.0;
    let mut is_used = vec![false; words.len()];
    for (place, wanted) in typed.iter().enumerate() {
        let is_last = place + 1 == typed.len();
        let best = words
            .iter()
            .enumerate()
            .filter(|(at, _)| !is_used[*at])
            .map(|(at, word)| (at, likeness(wanted, word, is_last)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let (at, likeness) = best.filter(|(_, likeness)| *likeness > 0.0)?;
        is_used[at] = true;
        // Long words say more than short ones, and a house number as much as a word.
        let least = if is_number(wanted) { NUMBER_WEIGHS } else { 0 };
        let letters = f64::from(u16::try_from(wanted.chars().count()).unwrap_or(u16::MAX).max(least));
        sum += likeness * letters;
        weight += letters;
    }
    // A little less for every word that was not asked for, so that the street comes before its numbers.
    let left_over = is_used.iter().filter(|used| !**used).count();
    let left_over = f64::from(u8::try_from(left_over).unwrap_or(u8::MAX));
    Some(sum / weight - 0.01 * left_over)
}

fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// How much two words are alike, 0 to 1. Numbers are the same or not; the word that is being typed may go on.
fn likeness(wanted: &str, word: &str, is_last: bool) -> f64 {
    if wanted == word {
        return 1.0;
    }
    // Registers fill numbers up with zeros that nobody types.
    if is_number(wanted) && is_number(word) && wanted.trim_start_matches('0') == word.trim_start_matches('0') {
        return 0.95;
    }
    if let Some(rest) = word.strip_prefix(wanted) {
        // A house number is not the beginning of a postcode: `1` is not in `1013nj`.
        let is_in_code = is_number(wanted) && !is_number(word) && rest.starts_with(|c: char| c.is_ascii_digit());
        return match (is_in_code, is_last) {
            (true, _) => 0.4,
            (false, true) => 0.9,
            (false, false) => 0.8,
        };
    }
    // Words are often typed from their middle on: `plein` for `jansenplein`.
    let letters = wanted.chars().count();
    if letters >= 4 && word.contains(wanted) {
        return 0.7;
    }
    if is_number(wanted) || is_number(word) || letters < 3 {
        return 0.0;
    }
    let allowed = match letters {
        3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    // What is being typed is compared with as much of the word.
    let beginning: String = word.chars().take(letters).collect();
    let whole = strsim::osa_distance(wanted, word);
    let part = strsim::osa_distance(wanted, &beginning) + usize::from(!is_last);
    let mistakes = whole.min(part);
    let share = |mistakes: usize| f64::from(u8::try_from(mistakes).unwrap_or(u8::MAX));
    if mistakes > allowed || 2 * mistakes > letters {
        return 0.0;
    }
    0.85 - 0.15 * share(mistakes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 12] = [
        "Wemenstraat",
        "Wemenstraat 1",
        "Wemenstraat 12",
        "Wemenstraat 12 a",
        "Wemenstraat 120",
        "Langestraat 12",
        "Burgemeester Jansenplein",
        "Burgemeester Jansenplein 4",
        "Lambertusbasiliek",
        "NL.IMBAG.Pand.0164100000100100",
        "LM-0012",
        "Prins Bernhardplantsoen",
    ];

    fn found(typed: &str) -> Vec<&'static str> {
        let index = NameIndex::new(NAMES);
        index
            .find(typed, 5)
            .into_iter()
            .map(|(place, _)| NAMES[place])
            .collect()
    }

    #[test]
    fn a_street_comes_before_its_numbers_and_a_number_is_exact() {
        assert_eq!(found("wemenstraat")[0], "Wemenstraat");
        assert_eq!(found("Wemenstr. 12")[0], "Wemenstraat 12");
        assert_eq!(found("wemenstraat 12a")[0], "Wemenstraat 12 a");
        assert_eq!(found("12 langestraat")[0], "Langestraat 12");
        assert!(!found("wemenstraat 13").contains(&"Wemenstraat 12"));
    }

    #[test]
    fn a_number_with_an_addition_comes_before_another_number() {
        let names = [
            "Barentszplein 2, 1013 NJ Amsterdam",
            "Barentszplein 14, 1013NJ Amsterdam",
            "Barentszplein 1-H, 1013NJ Amsterdam",
            "Barentszplein 1-2, 1013NJ Amsterdam",
        ];
        let index = NameIndex::new(names);
        let found: Vec<&str> = index
            .find("barentszplein 1", 4)
            .into_iter()
            .map(|(place, _)| names[place])
            .collect();
        assert!(
            found[0].starts_with("Barentszplein 1-") && found[1].starts_with("Barentszplein 1-"),
            "{found:?}"
        );
    }

    #[test]
    fn mistakes_are_forgiven() {
        for (typed, meant) in [
            ("wemensraat", "Wemenstraat"),
            ("weemenstraat", "Wemenstraat"),
            ("wmeenstraat", "Wemenstraat"),
            ("vemenstraat 12", "Wemenstraat 12"),
            ("lambertus", "Lambertusbasiliek"),
            ("lambetrusbasilek", "Lambertusbasiliek"),
            ("basiliek", "Lambertusbasiliek"),
            ("burg jansenpln", "Burgemeester Jansenplein"),
            ("jansenplein 4", "Burgemeester Jansenplein 4"),
            ("plantsoen", "Prins Bernhardplantsoen"),
            ("lm 12", "LM-0012"),
            ("LM-0012", "LM-0012"),
            ("0164100000100100", "NL.IMBAG.Pand.0164100000100100"),
            ("wem", "Wemenstraat"),
            ("w", "Wemenstraat"),
        ] {
            assert_eq!(found(typed).first(), Some(&meant), "{typed}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for typed in ["", "   ", "xylofoon", "zzz 12", "????"] {
            assert_eq!(found(typed), Vec::<&str>::new(), "{typed}");
        }
        let long = "a".repeat(100_000);
        assert!(found(&long).is_empty());
    }
}
