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
            let convert = |point| transformer.convert_flat(point);
            let [x, y] = convert([x, y]).map_err(|e| with_hint(&e, convert([y, x]).is_ok()))?;
            Ok(format!("{} {}", fixed(x, decimals), fixed(y, decimals)))
        }
        [x, y, z] => {
            let convert = |point| transformer.convert(point);
            let [x, y, z] = convert([x, y, z]).map_err(|e| with_hint(&e, convert([y, x, z]).is_ok()))?;
            Ok(format!("{} {} {}", fixed(x, decimals), fixed(y, decimals), fixed(z, 4)))
        }
        _ => Err(format!("expected 2 or 3 numbers, found {}", numbers.len())),
    }
}

/// What is wrong, and that the axes may be swapped where that helps.
fn with_hint(error: &GeorefError, swapped_works: bool) -> String {
    if swapped_works {
        format!("{error}; are x and y swapped? x is east or longitude")
    } else {
        error.to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(from: u32, to: u32, input: &[u8]) -> (String, Vec<String>) {
        let (mut output, mut problems) = (Vec::new(), Vec::new());
        let failed = transform_lines(Crs(from), Crs(to), input, &mut output, |p| problems.push(p.to_owned())).unwrap();
        assert_eq!(failed, u64::try_from(problems.len()).unwrap());
        (String::from_utf8(output).unwrap(), problems)
    }

    #[test]
    fn lines_come_out_in_order_with_fixed_decimals() {
        let input = b"\xef\xbb\xbf250769.3940 475590.0514 16.5687\r\n\n250769.3940,\t475590.0514 , 16.5687\n250769.3940 475590.0514";
        let (output, problems) = run(7415, 4979, input);
        let lines: Vec<&str> = output.lines().collect();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[0]
                .split(' ')
                .map(|f| f.split_once('.').unwrap().1.len())
                .collect::<Vec<_>>(),
            [10, 10, 4]
        );
        assert!(
            lines[0].starts_with("6.79000000") || lines[0].starts_with("6.78999999"),
            "{}",
            lines[0]
        );
        assert!(lines[0].ends_with(" 60.0000"), "{}", lines[0]);
        assert_eq!((lines[1], lines[2]), ("", lines[0]));
        assert_eq!(lines[3], lines[0].rsplit_once(' ').unwrap().0);
        let (output, _) = run(4979, 7415, b"6.79 52.26 60");
        assert_eq!(output, "250769.3940 475590.0514 16.5687\n");
    }

    #[test]
    fn swapped_axes_are_pointed_out_and_other_faults_are_not() {
        let (output, problems) = run(4979, 7415, b"52.26 6.79 60\n0 -95 0");
        assert_eq!(output, "* * *\n* * *\n");
        assert!(problems[0].contains("swapped"), "{problems:?}");
        assert!(!problems[1].contains("swapped"), "{problems:?}");
    }

    #[test]
    fn a_bad_line_is_named_and_the_rest_goes_on() {
        let mut input =
            b"a b c\n1\n6.79 52.26 60\n1 2 3 4\n250769,4 475590,1\n250769,4 475590\nnan 52 0\n\xff\xfe\n".to_vec();
        input.extend(std::iter::repeat_n(b'7', 100_000));
        input.extend(b"\n-50 10 0\n6.79 52.26 60");
        let (output, problems) = run(4979, 7415, &input);
        let lines: Vec<&str> = output.lines().collect();
        assert_eq!(lines.len(), 11);
        for (i, line) in lines.iter().enumerate() {
            let good = i == 2 || i == 10;
            assert_eq!(
                *line,
                if good {
                    "250769.3940 475590.0514 16.5687"
                } else {
                    "* * *"
                },
                "line {}",
                i + 1
            );
        }
        let numbers: Vec<&str> = problems.iter().map(|p| p.split(':').next().unwrap()).collect();
        assert_eq!(
            numbers,
            [
                "line 1", "line 2", "line 4", "line 5", "line 6", "line 7", "line 8", "line 9", "line 10"
            ]
        );
        assert!(
            problems.iter().all(|p| p.len() < 200 && !p.contains('\n')),
            "{problems:?}"
        );
    }

    #[test]
    fn lines_as_long_as_the_limit_are_read_whole() {
        let mut line = b"6.79 52.26 60".to_vec();
        line.resize(usize::try_from(LINE_BYTES).unwrap(), b' ');
        let (output, problems) = run(4979, 7415, &line);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(output, "250769.3940 475590.0514 16.5687\n");
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(fixed(-0.000_01, 4), "0.0000");
        assert_eq!(fixed(-0.000_06, 4), "-0.0001");
        assert_eq!(fixed(12.345_67, 4), "12.3457");
    }

    #[test]
    fn pairs_that_do_not_connect_end_it() {
        let made = transform_lines(Crs(28992), Crs(7415), &b"1 2 3"[..], Vec::new(), |_| ());
        assert!(matches!(made, Err(LinesError::Georef(_))));
    }
}
