//! Numbers as people write them: `250985.25`, `250.985,25`, `250 985,25`.
//!
//! A lone sign before exactly three digits is doubtful (`250.985`): the other fields of the column decide. Where none
//! does, nobody knows, and the reader of the table has to decide by what the number stands for.

/// Which sign stands before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberStyle {
    /// `1.234,5`.
    Comma,
    /// `1,234.5`.
    Point,
}

impl NumberStyle {
    /// The style that the fields of a column have; `None` when none of them tells.
    pub fn of<'a>(fields: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        fields.into_iter().find_map(Self::told_by)
    }

    /// What one field tells.
    fn told_by(field: &str) -> Option<Self> {
        let field = field.trim();
        if field.is_empty() || !field.chars().all(|c| c.is_ascii_digit() || is_sign(c)) {
            return None;
        }
        match (field.rfind(','), field.rfind('.')) {
            (Some(comma), Some(point)) if comma > point => Some(Self::Comma),
            (Some(_), Some(_)) => Some(Self::Point),
            (Some(at), None) => Self::told_by_one(field, ',', at),
            (None, Some(at)) => Self::told_by_one(field, '.', at).map(Self::other),
            (None, None) => None,
        }
    }

    /// As if `sign` were a comma; of a point it is the other way round.
    fn told_by_one(field: &str, sign: char, at: usize) -> Option<Self> {
        if field.matches(sign).count() > 1 {
            return Some(Self::Point);
        }
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
        let (before, after) = (field.get(..at)?, field.get(at + 1..)?);
        // `0,125` and `1234,567` cannot have a mark of thousands there.
        let is_doubtful =
            digits(after) == 3 && (1..=3).contains(&digits(before)) && !before.trim_start().starts_with('0');
        (!is_doubtful).then_some(Self::Comma)
    }

    fn other(self) -> Self {
        match self {
            Self::Comma => Self::Point,
            Self::Point => Self::Comma,
        }
    }

    /// The number in a field; `None` when it is none. Never infinite.
    pub fn number(self, field: &str) -> Option<f64> {
        let (decimal, thousands) = match self {
            Self::Comma => (',', '.'),
            Self::Point => ('.', ','),
        };
        let field = field.trim();
        let (whole, decimals) = field.split_once(decimal).map_or((field, None), |(w, d)| (w, Some(d)));
        let groups: Vec<&str> = whole.split(|c| c == thousands || is_space(c)).collect();
        let (first, others) = groups.split_first()?;
        // Marks of thousands stand before three digits each, or they are something else.
        if !others.is_empty() {
            let is_three = |group: &&str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
            let is_start = (1..=3).contains(&first.trim_start_matches(['-', '+']).len());
            if !is_start || !others.iter().all(is_three) {
                return None;
            }
        }
        let mut plain = groups.concat();
        if let Some(decimals) = decimals {
            if decimals.contains(|c: char| c == thousands || is_space(c) || c == decimal) {
                return None;
            }
            plain.push('.');
            plain.push_str(decimals);
        }
        // `inf` and `nan` are words that the parser knows and no table means.
        let is_number = plain.contains(|c: char| c.is_ascii_digit())
            && plain
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'));
        plain
            .parse()
            .ok()
            .filter(|number: &f64| is_number && number.is_finite())
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’')
}

fn is_sign(c: char) -> bool {
    matches!(c, ',' | '.' | '-' | '+') || is_space(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use NumberStyle::{Comma, Point};

    #[test]
    fn a_column_tells_its_style() {
        for (fields, expected) in [
            (&["250.985", "250.985,5"][..], Some(Comma)),
            (&["250985,5"], Some(Comma)),
            (&["250.985.123"], Some(Comma)),
            (&["250985.5"], Some(Point)),
            (&["250,985.5"], Some(Point)),
            (&["6.793022"], Some(Point)),
            (&["0.125"], Some(Point)),
            (&["250.985", "12", "", "Boom 1,5"], None),
            (&[], None),
        ] {
            assert_eq!(NumberStyle::of(fields.iter().copied()), expected, "{fields:?}");
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (style, field, expected) in [
            (Comma, "250.985,25", Some(250_985.25)),
            (Comma, " 250985,25 ", Some(250_985.25)),
            (Comma, "250 985,25", Some(250_985.25)),
            (Comma, "-1\u{a0}234", Some(-1234.0)),
            (Comma, "6", Some(6.0)),
            (Comma, "250.98,5", None),
            (Comma, "1,2,3", None),
            (Comma, "25.09", None),
            (Point, "250,985.25", Some(250_985.25)),
            (Point, "2.5e5", Some(250_000.0)),
            (Point, "1.2.3", None),
            (Point, "inf", None),
            (Point, "1e999", None),
            (Point, "", None),
            (Point, "-", None),
            (Point, "12 m", None),
            (Point, "NaN", None),
        ] {
            assert_eq!(style.number(field), expected, "{style:?} {field:?}");
        }
    }
}
