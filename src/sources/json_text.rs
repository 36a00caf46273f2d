//! From bytes to JSON that is safe to build: size and number of values capped, numbers JSON does not have named.
//!
//! Python and others write `NaN` and `Infinity` into JSON. The whole file must not be lost for it, so such a word
//! becomes a text, which the check of the structure then reports at its place.

use crate::sources::{Cause, Problem};
use serde::de::DeserializeSeed;
use serde_json::Value;
use std::borrow::Cow;

/// Largest JSON file that is read, bytes.
pub(crate) const MAX_BYTES: usize = 64 << 20;

/// Most values (numbers, texts, lists, …) in one file: what 64 MiB of real coordinates hold, twice over.
const MAX_VALUES: usize = 16_000_000;

/// Checks `bytes` and hands the text out. The problem names the file, the place and what to do.
pub(crate) fn text<'b>(bytes: &'b [u8], path: &str) -> Result<Cow<'b, str>, Problem> {
    text_at_most(bytes, path, MAX_BYTES, MAX_VALUES)
}

/// The same for a reader that never holds all values at once, and so may take more of them.
pub(crate) fn text_at_most<'b>(
    bytes: &'b [u8],
    path: &str,
    max_bytes: usize,
    max_values: usize,
) -> Result<Cow<'b, str>, Problem> {
    if bytes.len() > max_bytes {
        let mib = bytes.len() >> 20;
        return Err(Problem::error(
            path,
            "",
            format!("the file has {mib} MiB, more than the {} MiB allowed", max_bytes >> 20),
        )
        .because(Cause::TooLarge));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::error(
            path,
            format!("byte {}", error.valid_up_to()),
            "this is not UTF-8 text: save the file as UTF-8",
        )
        .because(Cause::Damaged)
    })?;
    let scan = scan(text);
    if scan.values > max_values {
        return Err(Problem::error(
            path,
            "",
            format!(
                "the file has {} values, more than the {max_values} allowed",
                scan.values
            ),
        )
        .because(Cause::TooLarge));
    }
    Ok(if scan.odd_numbers.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(quoted(text, &scan.odd_numbers))
    })
}

/// Parses `text` with `seed`; a problem has the line and column.
pub(crate) fn parse<'t, S: DeserializeSeed<'t>>(seed: S, text: &'t str, path: &str) -> Result<S::Value, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    seed.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| syntax_problem(&error, path))
}

/// What `serde_json` says, with the place apart.
pub(crate) fn syntax_problem(error: &serde_json::Error, path: &str) -> Problem {
    syntax_problem_at(error, (error.line(), error.column()), path)
}

/// The same for an error in a part of a text, of which the line and column in the whole are known.
pub(crate) fn syntax_problem_at(error: &serde_json::Error, (line, column): (usize, usize), path: &str) -> Problem {
    let words = error.to_string();
    let reason = words.split(" at line ").next().unwrap_or(&words);
    let place = format!("line {line}, column {column}");
    let message = match (error.is_eof(), (line, column)) {
        (true, (..=1, 0)) => "the file is empty".to_owned(),
        (true, _) => format!("it ends in the middle: it was cut off ({reason})"),
        (false, _) => format!("this is not JSON: {reason}"),
    };
    Problem::error(path, place, message).because(Cause::Damaged)
}

/// A value as a message names it, shortened.
pub(crate) fn display(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.chars().count() > 40 => {
            format!("`{}…`", text.chars().take(40).collect::<String>())
        }
        Value::String(text) => format!("`{text}`"),
        Value::Array(_) => "a list […]".into(),
        Value::Object(_) => "an object {…}".into(),
    }
}

struct Scan {
    values: usize,
    /// Byte ranges of numbers that JSON does not have.
    odd_numbers: Vec<std::ops::Range<usize>>,
}

fn scan(text: &str) -> Scan {
    let bytes = text.as_bytes();
    let mut found = Scan {
        values: 1,
        odd_numbers: Vec::new(),
    };
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_text(bytes, at),
            b',' | b'[' | b'{' => {
                found.values += 1;
                at += 1;
            }
            b'-' | b'+' | b'0'..=b'9' | b'N' | b'I' => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().take_while(|b| is_word_byte(**b)).count();
                let word = text.get(at..at + length).unwrap_or_default();
                // Numbers of up to 300 digits without an exponent are finite; only others are worth parsing.
                let may_overflow = length > 300 || word.contains(['e', 'E', 'N', 'I']);
                if may_overflow && word.parse::<f64>().is_ok_and(|number| !number.is_finite()) {
                    found.odd_numbers.push(at..at + length);
                }
                at += length.max(1);
            }
            _ => at += 1,
        }
    }
    found
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// The byte after the text that starts at `start`.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn quoted(text: &str, ranges: &[std::ops::Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len() + 2 * ranges.len());
    let mut done = 0;
    for range in ranges {
        out.push_str(text.get(done..range.start).unwrap_or_default());
        out.push('"');
        out.push_str(text.get(range.clone()).unwrap_or_default());
        out.push('"');
        done = range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::marker::PhantomData;

    fn read(source: &[u8]) -> Result<Value, String> {
        let text = text(source, "f.json").map_err(|p| p.to_string())?;
        parse(PhantomData::<Value>, &text, "f.json").map_err(|p| p.to_string())
    }

    #[test]
    fn numbers_that_json_does_not_have_become_texts() {
        assert_eq!(
            read(br#"{"a \"NaN": [NaN, -Infinity, 1e999, 1e9, "NaN"]}"#),
            Ok(json!({"a \"NaN": ["NaN", "-Infinity", "1e999", 1e9, "NaN"]}))
        );
    }

    #[test]
    fn damage_is_named_with_its_place() {
        for (source, expected) in [
            (
                &b"{\n \"a\": }"[..],
                "f.json: line 2, column 7: this is not JSON: expected value",
            ),
            (
                b"{\"a\": 1} x",
                "f.json: line 1, column 10: this is not JSON: trailing characters",
            ),
            (b"", "f.json: line 1, column 0: the file is empty"),
            (
                b"{\"a\": \"\xff\"}",
                "f.json: byte 7: this is not UTF-8 text: save the file as UTF-8",
            ),
        ] {
            assert_eq!(read(source), Err(expected.to_string()));
        }
        assert_eq!(read(b"\xEF\xBB\xBF[1]"), Ok(json!([1])));
    }

    #[test]
    fn depth_and_size_are_capped() {
        let deep = "[".repeat(100_000);
        assert!(read(deep.as_bytes()).is_err_and(|e| e.contains("recursion limit")));
        let many = format!("[{}1]", "1,".repeat(MAX_VALUES));
        assert!(read(many.as_bytes()).is_err_and(|e| e.contains("values, more than")));
        let big = vec![b' '; MAX_BYTES + 1];
        assert!(read(&big).is_err_and(|e| e.contains("64 MiB allowed")));
    }
}
