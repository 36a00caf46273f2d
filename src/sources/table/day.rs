//! Dates as people write them: `2026-03-21`, `21-03-2026`, `21/3/2026`, `20260321`.

use jiff::civil::Date;

/// The day in a field, with a time after it or not. The year has four digits: `21-03-26` could be either end. Of two
/// numbers before the year the first is the day, as everywhere in Europe.
pub fn day(field: &str) -> Option<Date> {
    let field = field.split([' ', 'T']).next().filter(|day| day.is_ascii())?;
    if field.len() == 8 && field.bytes().all(|b| b.is_ascii_digit()) {
        return date(field.get(..4)?, field.get(4..6)?, field.get(6..)?);
    }
    let parts: Vec<&str> = field.split(['-', '/', '.']).collect();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => date(year, month, day),
        [day, month, year] if year.len() == 4 => date(year, month, day),
        _ => None,
    }
}

/// Whether a field is a date whose year has two digits.
pub fn has_short_year(field: &str) -> bool {
    let field = field.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = field.split(['-', '/', '.']).collect();
    let is_number = |part: &&str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [_, _, _]) && parts.iter().all(is_number)
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    let is_short = |part: &str| (1..=2).contains(&part.len());
    if !is_short(month) || !is_short(day) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_of_two_digits_is_known_as_such() {
        for (field, expected) in [
            ("21-03-26", true),
            ("21/3/26 10:00", true),
            ("26.03.21", true),
            ("21-03-2026", false),
            ("1.5", false),
            ("21-maa-26", false),
            ("", false),
        ] {
            assert_eq!(has_short_year(field), expected, "{field}");
        }
    }

    #[test]
    fn days_are_read_as_they_are_written() {
        let expected = Date::new(2026, 3, 21).ok();
        for field in [
            "2026-03-21",
            "2026-03-21T10:00:00",
            "2026/3/21",
            "21-03-2026",
            "21-3-2026 00:00",
            "21/03/2026",
            "21.03.2026",
            "20260321",
        ] {
            assert_eq!(day(field), expected, "{field}");
        }
        for field in [
            "",
            "2026",
            "21-03-26",
            "3/21/2026",
            "32-01-2026",
            "2026-02-30",
            "gisteren",
            "éé-01-2026",
        ] {
            assert_eq!(day(field), None, "{field}");
        }
    }
}
