//! What separates the columns of a table: the sign that cuts its first rows into equally many fields.

/// In the order in which they win where they cut equally well: a semicolon is what a machine with a decimal comma writes.
const CANDIDATES: [u8; 3] = [b';', b'\t', b','];
/// Rows that are looked at.
const ROWS: usize = 30;

/// What separates the columns of `text`; `None` when nothing cuts its first row.
pub(super) fn delimiter_of(text: &str) -> Option<u8> {
    let score = |delimiter: u8| {
        let counts = field_counts(text, delimiter);
        let (first, others) = counts.split_first()?;
        let alike = others.iter().filter(|count| *count == first).count();
        (*first > 1).then_some((alike, *first))
    };
    let mut best: Option<(u8, (usize, usize))> = None;
    for candidate in CANDIDATES {
        let Some(found) = score(candidate) else { continue };
        if best.is_none_or(|(_, known)| found > known) {
            best = Some((candidate, found));
        }
    }
    best.map(|(delimiter, _)| delimiter)
}

/// Number of fields in each of the first rows that are not blank; separators within quotation marks do not count.
fn field_counts(text: &str, delimiter: u8) -> Vec<usize> {
    /// Enough for the first rows of any table; an unclosed quotation mark shall not cost the whole file.
    const BYTES: usize = 64 << 10;
    let mut counts = Vec::new();
    let (mut fields, mut is_quoted, mut is_blank) = (1, false, true);
    let bytes = text.as_bytes();
    for byte in bytes.iter().take(BYTES) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => {
                if !is_blank {
                    counts.push(fields);
                }
                if counts.len() == ROWS {
                    return counts;
                }
                (fields, is_blank) = (1, true);
                continue;
            }
            byte if *byte == delimiter && !is_quoted => fields += 1,
            _ => {}
        }
        is_blank &= byte.is_ascii_whitespace() && *byte != delimiter;
    }
    // The last row that was seen counts only where it is the last of the file, or the only one.
    if !is_blank && (bytes.len() <= BYTES || counts.is_empty()) {
        counts.push(fields);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_that_cuts_all_rows_alike_is_found() {
        for (text, expected) in [
            ("a;b;c\n1,5;2,5;3\n", Some(b';')),
            ("a,b,c\n1.5,2.5,3\n", Some(b',')),
            ("a\tb\n1,5\t2\n", Some(b'\t')),
            ("\"a;x\",b\n1,2\n", Some(b',')),
            ("id;naam\n1;\"twee\nregels\"\n", Some(b';')),
            ("alleen een kolom\n1\n", None),
            ("", None),
            ("a;b", Some(b';')),
        ] {
            assert_eq!(delimiter_of(text), expected, "{text:?}");
        }
    }
}
