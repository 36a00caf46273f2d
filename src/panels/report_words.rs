//! Categories of reports in plain words, for every lens that shows them.
//!
//! Reports carry the names that the software of their municipality gives its categories: a main one and one below it,
//! with a slash between them (`afval/grofvuil`). Those of Signalen, which Dutch municipalities share, are known here in
//! every language. Any other name is shown as it is, made readable.

use crate::text::{Language, tr};

/// Main categories of Signalen, in alphabetical order, and the keys of their texts.
static THEMES: [(&str, &str); 12] = [
    ("afval", "report-theme-waste"),
    ("civiele-constructies", "report-theme-structures"),
    ("openbaar-groen-en-water", "report-theme-green"),
    ("overig", "report-theme-other"),
    ("overlast-bedrijven-en-horeca", "report-theme-business"),
    ("overlast-in-de-openbare-ruimte", "report-theme-space"),
    ("overlast-op-het-water", "report-theme-water"),
    ("overlast-van-dieren", "report-theme-animals"),
    ("overlast-van-en-door-personen-of-groepen", "report-theme-people"),
    ("schoon", "report-theme-clean"),
    ("wegen-verkeer-straatmeubilair", "report-theme-roads"),
    ("wonen", "report-theme-housing"),
];

/// The categories below them, in alphabetical order. Two names for one thing have one text.
static CATEGORIES: [(&str, &str); 55] = [
    ("asbest-accu", "report-asbestos"),
    ("autowrak", "report-wreck"),
    ("beplanting", "report-planting"),
    ("boom", "report-tree"),
    ("boom-dood", "report-dead-tree"),
    ("boom-stormschade", "report-storm"),
    ("brug", "report-bridge"),
    ("bruin-en-witgoed", "report-appliances"),
    ("container-is-kapot", "report-bin-broken"),
    ("container-is-vol", "report-bin-full"),
    ("drijfvuil", "report-floating"),
    ("eikenprocessierups", "report-moth"),
    ("fietsrek-nietje", "report-rack"),
    ("fietswrak", "report-bike-wreck"),
    ("ganzen", "report-geese"),
    ("geluidsoverlast-muziek", "report-music"),
    ("gladheid", "report-slippery"),
    ("graffiti-wildplak", "report-graffiti"),
    ("graffitiwildplak", "report-graffiti"),
    ("grofvuil", "report-bulky"),
    ("hinderlijk-geplaatst-object", "report-obstacle"),
    ("hondenpoep", "report-dogs"),
    ("huisafval", "report-household"),
    ("jongerenoverlast", "report-youths"),
    ("lantaarnpaal-straatverlichting", "report-lighting"),
    ("maaien-snoeien", "report-mowing"),
    ("oever-kade-steiger", "report-quay"),
    ("omleiding", "report-diversion"),
    ("onderhoud-stoep-straat-en-fietspad", "report-paving"),
    ("onkruid", "report-weeds"),
    ("parkeeroverlast", "report-parking"),
    ("prullenbak-is-kapot", "report-litter-broken"),
    ("prullenbak-is-vol", "report-litter-full"),
    ("prullenbak-vol", "report-litter-full"),
    ("prullenbakkapot", "report-litter-broken"),
    ("puin-sloopafval", "report-rubble"),
    ("put-riolering-verstopt", "report-drain"),
    ("ratten", "report-rats"),
    ("riolering", "report-sewer"),
    ("rolcontainer-is-kapot", "report-wheelie-broken"),
    ("rolcontainer-is-vol", "report-wheelie-full"),
    ("snoeien", "report-pruning"),
    ("speelplaats", "report-playground"),
    ("sportvoorziening", "report-sports"),
    ("stank-op-straat", "report-smell"),
    ("straatmeubilair", "report-furniture"),
    ("straatverlichting", "report-lighting"),
    ("veeg-zwerfvuil", "report-litter"),
    ("veegzwerfvuil", "report-litter"),
    ("verkeersbord-verkeersafzetting", "report-signs"),
    ("verkeerslicht", "report-signal"),
    ("vuil", "report-dirt"),
    ("wateroverlast", "report-flooding"),
    ("wespen", "report-wasps"),
    ("wildplassen", "report-urinating"),
];

/// The main one of a category: what stands before the slash.
pub fn theme_of(category: &str) -> &str {
    category.split('/').next().unwrap_or_default()
}

/// A main category in words; empty where there is none.
pub fn theme_words(theme: &str, language: &Language) -> String {
    words(&THEMES, theme, language)
}

/// Whether a category is one below a main one.
pub fn has_theme(category: &str) -> bool {
    category.contains('/')
}

/// What a category is about in words: the part after the slash. Without one it may be a main category by itself.
pub fn category_words(category: &str, language: &Language) -> String {
    let name = category.rsplit('/').next().unwrap_or_default();
    if !has_theme(category) && key_of(&CATEGORIES, name).is_none() {
        return theme_words(name, language);
    }
    words(&CATEGORIES, name, language)
}

fn words(known: &[(&str, &str)], name: &str, language: &Language) -> String {
    key_of(known, name).map_or_else(|| readable(name), |key| tr(language, key))
}

fn key_of<'k>(known: &[(&str, &'k str)], name: &str) -> Option<&'k str> {
    let place = known.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    known.get(place).map(|(_, key)| *key)
}

/// A name from a file, readable: `boom-stormschade` as `Boom stormschade`, `report.lighting` as `Report lighting`. What
/// has spaces was written for people already, and only begins with a capital.
pub fn readable(name: &str) -> String {
    let name = name.trim();
    let mut words = if name.contains(char::is_whitespace) {
        name.to_owned()
    } else {
        let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    };
    if let Some(first) = words.chars().next() {
        let capital: String = first.to_uppercase().collect();
        words.replace_range(..first.len_utf8(), &capital);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_has_words_in_every_language_and_the_order_that_looking_up_needs() {
        for table in [&THEMES[..], &CATEGORIES[..]] {
            assert!(table.is_sorted_by(|(a, _), (b, _)| a < b));
            for language in Language::available() {
                for (name, key) in table {
                    let words = words(table, name, &language);
                    assert!(words != *key && !words.is_empty(), "{name}: {words}");
                }
            }
        }
        let words = |code| {
            let language = Language::from_code(code).unwrap();
            let category = "wegen-verkeer-straatmeubilair/lantaarnpaal-straatverlichting";
            (
                theme_words(theme_of(category), &language),
                category_words(category, &language),
            )
        };
        let both = |theme: &str, category: &str| (theme.to_owned(), category.to_owned());
        assert_eq!(
            words("nl"),
            both("Wegen, verkeer en straatmeubilair", "Lantaarnpaal of straatverlichting")
        );
        assert_eq!(
            words("en"),
            both("Roads, traffic and street furniture", "Lamp post or street lighting")
        );
    }

    #[test]
    fn what_is_not_known_stands_as_it_is_but_readable() {
        let nl = Language::from_code("nl").unwrap();
        for (category, words) in [
            ("report.lighting", "Report lighting"),
            ("OVL_STORING", "OVL STORING"),
            ("verkeer/losse_tegel", "Losse tegel"),
            ("éénrichting", "Éénrichting"),
            (
                "kapotte bank aan de A. Kuyperstraat",
                "Kapotte bank aan de A. Kuyperstraat",
            ),
            ("civiele-constructies", "Bruggen, tunnels en kades"),
            ("grofvuil", "Grofvuil"),
            ("--", ""),
            ("", ""),
        ] {
            assert_eq!(category_words(category, &nl), words);
        }
    }
}
