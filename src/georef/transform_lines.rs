//! Lines of coordinates through a [`Transformer`], one out for one in (`stadslens transform`).
//!
//! Streams: memory does not grow with the input. Lengths have 4 decimals, degrees 10.

use std::io::{BufRead, Read, Write};

use thiserror::Error;

use super::{Crs, GeorefError, Transformer};

/// Longest line that can hold three numbers, generously.
const LINE_BYTES: u64 = 4096;

/// What ends [`transform_lines`] before its input does.
#[derive(Debug, Error)]
pub enum LinesError {
    /// The two CRSs cannot be connected.
    #[error(transparent)]
    Georef(#[from] GeorefError),
    /// The input broke off.
    #[error("cannot read the coordinates after line {line}")]
    Read {
        /// Number of the last line that was read.
        line: u64,
        /// The system's words.
        #[source]
        source: std::io::Error,
    },
    /// The output cannot be written.
    #[error("cannot write the result of line {line}")]
    Write {
        /// Number of the line.
        line: u64,
        /// The system's words.
        #[source]
        source: std::io::Error,
    },
}

/// Transforms lines `x y z` or `x y`, numbers parted by blanks or by commas, in the input's order. Gives the
/// number of lines that failed.
///
/// A line that cannot be transformed becomes `* * *`, and `report` gets one sentence `line N: …`; a blank
/// line stays blank. Two numbers in give two numbers out.
///
/// # Errors
/// When `from` and `to` cannot be connected, or on an input or output error; never for a bad line.
pub fn transform_lines(
    from: Crs,
    to: Crs,
    mut input: impl BufRead,
    mut output: impl Write,
    mut report: impl FnMut(&str),
) -> Result<u64, LinesError> {
    let transformer = Transformer::new(from, to)?;
    let (mut line, mut failed) = (0_u64, 0_u64);
    let mut bytes = Vec::new();
    loop {
        let result = match read_line(&mut input, &mut bytes).map_err(|source| LinesError::Read { line, source })? {
            Line::End => break,
            Line::TooLong => Err("longer than any line of three numbers".to_owned()),
            Line::Whole => transformed(&transformer, &bytes, line == 0),
        };
        line += 1;
        let text = result.unwrap_or_else(|reason| {
            failed += 1;
            report(&format!("line {line}: {reason}"));
            "* * *".to_owned()
        });
        writeln!(output, "{text}").map_err(|source| LinesError::Write { line, source })?;
    }
    output.flush().map_err(|source| LinesError::Write { line, source })?;
    Ok(failed)
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// One line without its end into `bytes`; what is too long is skipped, not kept.
fn read_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> std::io::Result<Line> {
    bytes.clear();
    if input.by_ref().take(LINE_BYTES).read_until(b'\n', bytes)? == 0 {
        return Ok(Line::End);
    }
    if bytes.pop_if(|b| *b == b'\n').is_some() {
        return Ok(Line::Whole);
    }
    let mut skipped = 0;
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        let (used, ended) = match buffer.iter().position(|b| *b == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        skipped += used;
        input.consume(used);
        if ended {
            // The last line of the input may lack its line end.
            return Ok(if skipped == 0 { Line::Whole } else { Line::TooLong });
        }
    }
}

fn transformed(transformer: &Transformer, bytes: &[u8], first: bool) -> Result<String, String> {
    let text = str::from_utf8(bytes).map_err(|_not_text| "not text".to_owned())?;
    let text = if first {
        text.trim_start_matches('\u{feff}')
    } else {
        text
    };
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let numbers = numbers(text)?;
    let decimals = if transformer.gives_angles() { 10 } else { 4 };
    match numbers[..] {
        [x, y] => {
            let [x, y] = transformer.convert_flat([x, y]).map_err(|e| e.to_string())?;
            Ok(format!("{} {}", fixed(x, decimals), fixed(y, decimals)))
        }
        [x, y, z] => {
            let [x, y, z] = transformer.convert([x, y, z]).map_err(|e| e.to_string())?;
            Ok(format!("{} {} {}", fixed(x, decimals), fixed(y, decimals), fixed(z, 4)))
        }
        _ => Err(format!("expected 2 or 3 numbers, found {}", numbers.len())),
    }
}

/// Parted by commas where the line has one, else by blanks: a mixture may be decimal commas, which would
/// turn into other numbers without anyone noticing.
fn numbers(text: &str) -> Result<Vec<f64>, String> {
    let number = |field: &str| {
        field.parse::<f64>().map_err(|_not_a_number| {
            let shown: String = field.chars().take(32).collect();
            format!("`{}` is not a number", shown.escape_debug())
        })
    };
    if text.contains(',') {
        text.split(',').map(|field| number(field.trim())).collect()
    } else {
        text.split_whitespace().map(number).collect()
    }
}

/// With that many decimals, and no minus sign before a zero.
fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| b == b'0' || b == b'.') => rest.to_owned(),
        _ => text,
    }
}
