//! The indicators as a table in a file.

use super::{Counted, words};
use crate::analysis::{Indicator, Key};
use crate::text::{Language, tr};
use csv::WriterBuilder;

/// The indicators as CSV: a row each, today and every variant in columns, with the differences to today after them.
///
/// Headings and numbers are in `language`: Dutch with semicolons and decimal commas, English with commas and points, each
/// as the spreadsheets of that language read it. UTF-8 with a byte order mark, quoted as RFC 4180 says. A value that does
/// not exist is empty. The last column says whether it is about an example.
pub fn indicators_csv(counted: &Counted<'_>, is_example: bool, language: &Language) -> Vec<u8> {
    let has_commas = is_decimal_comma(language);
    let mut writer = WriterBuilder::new()
        .delimiter(if has_commas { b';' } else { b',' })
        .from_writer("\u{feff}".as_bytes().to_vec());
    let code = language.code();
    let titles = || {
        counted
            .variants
            .iter()
            .map(|(variant, _)| variant.title.get(&code).to_owned())
    };
    let difference = tr(language, "export-difference");
    let head = [
        tr(language, "design-indicator"),
        tr(language, "export-unit"),
        tr(language, "design-today"),
    ]
    .into_iter()
    .chain(titles())
    .chain(titles().map(|title| format!("{difference} {title}")))
    .chain([tr(language, "export-complete"), example_head(language)]);
    // Writing into memory does not fail.
    let _ = writer.write_record(head.map(|cell| harmless(&cell)));
    for key in Key::ALL {
        let states: Vec<&Indicator> = std::iter::once(&counted.today)
            .chain(counted.variants.iter().map(|(_, indicators)| indicators))
            .map(|indicators| indicators.get(key))
            .collect();
        let number = |value: Option<f64>| value.map(|value| plain(value, has_commas)).unwrap_or_default();
        let is_complete = states.iter().all(|indicator| indicator.is_complete);
        let row = [words::name(key, language), words::unit(key).to_owned()]
            .into_iter()
            .map(|cell| harmless(&cell))
            .chain(states.iter().map(|indicator| number(indicator.value)))
            .chain(states.iter().skip(1).map(|indicator| number(indicator.difference)))
            .chain([
                tr(language, if is_complete { "export-yes" } else { "export-no" }),
                example_row(is_example, language),
            ]);
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}

/// The heading of the last column.
pub(super) fn example_head(language: &Language) -> String {
    tr(language, "export-example")
}

/// What each row says there: one of an example must not pass for a real one once it is outside.
pub(super) fn example_row(is_example: bool, language: &Language) -> String {
    if is_example {
        tr(language, "export-example-row")
    } else {
        String::new()
    }
}

/// Whether spreadsheets of a language expect decimal commas, and semicolons between cells.
pub(super) fn is_decimal_comma(language: &Language) -> bool {
    tr(language, "number-decimal") == ","
}

/// A number with at most three decimals and no grouping, so that it stays a number.
fn plain(value: f64, has_commas: bool) -> String {
    let text = format!("{:.3}", (value * 1e3).round() / 1e3 + 0.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if has_commas {
        text.replace('.', ",")
    } else {
        text.to_owned()
    }
}

/// Text that no spreadsheet takes as a formula.
pub(super) fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_numbers_and_text_is_no_formula() {
        assert_eq!(plain(1234.5678, true), "1234,568");
        assert_eq!(plain(-0.00001, false), "0");
        assert_eq!(plain(12.0, false), "12");
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("Nu"), "Nu");
    }
}
