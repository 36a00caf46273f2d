//! Languages: texts by key, and numbers, dates and places as people write them.
//!
//! A language is a folder under `assets/text` with Fluent files; they are compiled in. Adding one is adding a folder:
//! its name in its own words, its decimal sign, its months and its compass letters are texts like any other, so nothing
//! in the code counts languages or knows one by name. One with `language.ftl` and `kiosk.ftl` alone is a language of the
//! kiosk; the desk offers those that have everything. A leaf: imports nothing of ours.

mod facts;
mod number;
mod place;

pub use facts::plain_facts;
pub use number::{format_area, format_count, format_date, format_length, format_number, format_time};
pub use place::{format_lat_lon, format_nap, format_place, format_rd};

use bevy::prelude::Resource;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, static_loader};
use std::borrow::Cow;
use std::collections::HashMap;

static_loader! {
    static TEXTS = {
        locales: "./assets/text",
        fallback_language: "en",
        // Isolation marks guard mixed writing directions; ours are all left to right and the marks would be copied along.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A text that only languages of the whole program have.
const DESK_KEY: &str = "variants-none";

/// One of the languages that the program has texts for.
#[derive(Resource, Debug, Clone, PartialEq, Eq)]
pub struct Language(LanguageIdentifier);

impl Language {
    /// Every language that the whole program has texts for, in the order of their codes.
    pub fn available() -> Vec<Self> {
        // The words of the desk are the part that not every language has.
        let of_desk = |language: &Self| {
            TEXTS
                .lookup_no_default_fallback::<&str>(&language.0, DESK_KEY, None)
                .is_some()
        };
        Self::at_kiosk().into_iter().filter(of_desk).collect()
    }

    /// Every language that the kiosk has texts for, in the order of their codes.
    pub fn at_kiosk() -> Vec<Self> {
        let mut languages: Vec<Self> = TEXTS.locales().cloned().map(Self).collect();
        languages.sort_by_key(Self::code);
        languages
    }

    /// The language for a code such as `nl`, `nl-NL` or `nl_NL.UTF-8`, or `None` when there are no texts for it.
    pub fn from_code(code: &str) -> Option<Self> {
        let wanted = code.split(['-', '_', '.', '@']).next().unwrap_or_default();
        Self::available()
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(wanted))
    }

    /// The language of the system, else English; for the first start, before anyone has chosen.
    pub fn of_system() -> Self {
        Self::first_known(sys_locale::get_locales())
    }

    /// The first of `codes` that there are texts for, else English.
    fn first_known(codes: impl IntoIterator<Item = String>) -> Self {
        codes
            .into_iter()
            .find_map(|code| Self::from_code(&code))
            .unwrap_or_default()
    }

    /// The code, as scenario texts are keyed (`nl`).
    pub fn code(&self) -> String {
        self.0.language.to_string()
    }

    /// The name in the language itself (`Nederlands`).
    pub fn name(&self) -> String {
        tr(self, "language-name")
    }
}

impl Default for Language {
    /// English, which is complete by construction: it is what the loader falls back to.
    fn default() -> Self {
        Self(TEXTS.fallback().clone())
    }
}

/// The text for `key`; where a language lacks it, the English one, and the key itself when nobody has it.
pub fn tr(language: &Language, key: &str) -> String {
    TEXTS.try_lookup(&language.0, key).unwrap_or_else(|| key.to_owned())
}

/// The text for `key` with named texts filled in.
pub fn tr_args(language: &Language, key: &str, args: &[(&'static str, &str)]) -> String {
    let args = args
        .iter()
        .map(|&(name, text)| (Cow::Borrowed(name), FluentValue::from(text.to_owned())))
        .collect();
    with_args(language, key, &args)
}

/// The text for `key` in the grammatical number that fits `count`.
///
/// The text has `$count` to choose by and `$shown` to print (`1.234`).
pub fn tr_count(language: &Language, key: &str, count: usize) -> String {
    let shown = format_count(count, language);
    let args = HashMap::from([
        (Cow::Borrowed("count"), FluentValue::from(count)),
        (Cow::Borrowed("shown"), FluentValue::from(shown)),
    ]);
    with_args(language, key, &args)
}

fn with_args(language: &Language, key: &str, args: &HashMap<Cow<'static, str>, FluentValue<'_>>) -> String {
    TEXTS
        .try_lookup_with_args(&language.0, key, args)
        .unwrap_or_else(|| key.to_owned())
}

#[cfg(test)]
mod tests;
