//! Numbers, quantities, dates and times as a language writes them.

use super::{Language, tr, tr_args};
use jiff::civil::{Date, Time};

/// Most decimals that a number is written with; more would be noise of the arithmetic.
const MAX_DECIMALS: usize = 9;

/// A number with a fixed count of decimals: `1.234,5` in Dutch, `1,234.5` in English.
///
/// Below zero it carries a true minus sign (`−0,8`); zero never does. What is not a number is a dash.
pub fn format_number(value: f64, decimals: usize, language: &Language) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let plain = format!("{:.*}", decimals.min(MAX_DECIMALS), value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::with_capacity(plain.len() + 8);
    if value < 0.0 && plain.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        text.push('−');
    }
    text.push_str(&grouped(whole, &tr(language, "number-group")));
    if !fraction.is_empty() {
        text.push_str(&tr(language, "number-decimal"));
        text.push_str(fraction);
    }
    text
}

/// A count of things: `1.234`.
pub fn format_count(count: usize, language: &Language) -> String {
    grouped(&count.to_string(), &tr(language, "number-group"))
}

/// A length given in metres: `17,2 m`, from ten kilometres on `12,3 km`.
pub fn format_length(length_m: f64, decimals: usize, language: &Language) -> String {
    if length_m.abs() >= 10_000.0 {
        format!("{} km", format_number(length_m / 1000.0, 1, language))
    } else {
        format!("{} m", format_number(length_m, decimals, language))
    }
}

/// An area given in square metres: `1.234 m²`.
pub fn format_area(area_m2: f64, decimals: usize, language: &Language) -> String {
    format!("{} m²", format_number(area_m2, decimals, language))
}

/// A date in words: `21 maart 2026`.
pub fn format_date(date: Date, language: &Language) -> String {
    let month = tr(language, &format!("month-{}", date.month()));
    tr_args(
        language,
        "date-long",
        &[
            ("day", &date.day().to_string()),
            ("month", &month),
            ("year", &date.year().to_string()),
        ],
    )
}

/// A time of day: `15:00`.
pub fn format_time(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// `digits` in groups of three from the right.
pub(super) fn grouped(digits: &str, separator: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}
