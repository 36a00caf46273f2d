//! ESRI ASCII grids: a header of six lines and one height per node, rows from north to south.
//!
//! Places are line numbers. Heights stay in the file's datum here; [`super::layers`] brings them to the site
//! frame. Nodes without data take the height of the nearest node that has some, so that the ground has no holes.

use super::findings::Findings;
use crate::sources::{Cause, Problem};
use std::collections::VecDeque;

/// Most nodes of one grid: 4 by 4 km at one metre.
pub(super) const MAX_NODES: usize = 16_000_000;

/// No ground on earth lies farther from zero, metres; larger numbers are no-data marks that nobody declared.
const MAX_HEIGHT_M: f32 = 12_000.0;

/// A height grid in the coordinates of its file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AsciiGrid {
    /// West and south node.
    pub(super) origin: [f64; 2],
    /// Distance between nodes.
    pub(super) cell: f64,
    /// Nodes west to east.
    pub(super) columns: u32,
    /// Nodes south to north.
    pub(super) rows: u32,
    /// Heights, metres, rows south to north.
    pub(super) heights_m: Vec<f32>,
}

/// Reads a grid; `Err` when none of it can be used.
pub(super) fn read(bytes: &[u8], path: &str, findings: &mut Findings) -> Result<AsciiGrid, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let place = format!("byte {}", error.valid_up_to());
        Problem::error(path, place, "this is no text: an ESRI ASCII grid is expected").because(Cause::WrongKind)
    })?;
    let mut words = Words { rest: text, line: 1 };
    let header = header(&mut words, path)?;
    let count = header.columns as usize * header.rows as usize;
    let mut north_first: Vec<f32> = Vec::with_capacity(count);
    let mut bad_words = 0_usize;
    while north_first.len() < count {
        let Some((word, line)) = words.next() else { break };
        let height = word.parse::<f32>().unwrap_or_else(|_| {
            bad_words += 1;
            if bad_words == 1 {
                let shown: String = word.chars().take(20).collect();
                findings.error(
                    format!("line {line}"),
                    format!("expected a height, found `{shown}`; it counts as no data"),
                );
            }
            f32::NAN
        });
        let is_mark = header.no_data.is_some_and(|mark| height.total_cmp(&mark).is_eq());
        let no_data = is_mark || height.is_nan() || height.abs() > MAX_HEIGHT_M;
        north_first.push(if no_data { f32::NAN } else { height });
    }
    if bad_words > 1 {
        findings.error("", format!("{} more words are no heights either", bad_words - 1));
    }
    let given = north_first.len();
    if given < count {
        let message = format!("the file breaks off: {given} of {count} heights; the rest counts as no data");
        findings.error_because(Cause::Damaged, format!("line {}", words.line), message);
        north_first.resize(count, f32::NAN);
    } else if words.next().is_some() {
        let message = format!("more than the {count} heights of the header; the rest is left out");
        findings.warning(format!("line {}", words.line), message);
    }
    let columns = header.columns as usize;
    let mut heights_m: Vec<f32> = north_first.chunks(columns).rev().flatten().copied().collect();
    if !fill_gaps(&mut heights_m, columns) {
        return Err(Problem::error(path, "", "the grid has no heights, only no-data marks"));
    }
    Ok(AsciiGrid {
        origin: header.origin,
        cell: header.cell,
        columns: header.columns,
        rows: header.rows,
        heights_m,
    })
}

struct Header {
    origin: [f64; 2],
    cell: f64,
    columns: u32,
    rows: u32,
    no_data: Option<f32>,
}

fn header(words: &mut Words<'_>, path: &str) -> Result<Header, Problem> {
    let (mut columns, mut rows, mut cell, mut no_data) = (None, None, None, None);
    // Value, and whether it names the corner of a cell rather than its centre.
    let (mut west, mut south) = (None, None);
    while words.peek().is_some_and(|word| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() && !c.eq_ignore_ascii_case(&'n')) || is_n_key(word)
    }) {
        let Some((key, line)) = words.next() else { break };
        let place = format!("line {line}");
        let Some((value, _)) = words.next() else { break };
        let wrong = || Problem::error(path, place.clone(), format!("`{key}` needs a number, found `{value}`"));
        let number = || value.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(wrong);
        let nodes = || value.parse::<u32>().ok().filter(|n| *n > 0).ok_or_else(wrong);
        match key.to_ascii_lowercase().as_str() {
            "ncols" => columns = Some(nodes()?),
            "nrows" => rows = Some(nodes()?),
            "xllcorner" => west = Some((number()?, true)),
            "xllcenter" => west = Some((number()?, false)),
            "yllcorner" => south = Some((number()?, true)),
            "yllcenter" => south = Some((number()?, false)),
            "cellsize" => cell = Some(number()?).filter(|c| *c > 0.0),
            "nodata_value" => no_data = value.parse().ok(),
            _ => {
                return Err(
                    Problem::error(path, place, format!("`{key}` is no key of an ESRI ASCII grid"))
                        .because(Cause::WrongKind),
                );
            }
        }
    }
    let missing = |key: &str| {
        Problem::error(
            path,
            "",
            format!("the header lacks a usable `{key}`: an ESRI ASCII grid is expected"),
        )
        .because(Cause::WrongKind)
    };
    let columns = columns.ok_or_else(|| missing("ncols"))?;
    let rows = rows.ok_or_else(|| missing("nrows"))?;
    let cell = cell.ok_or_else(|| missing("cellsize"))?;
    let (west, by_west_corner) = west.ok_or_else(|| missing("xllcorner"))?;
    let (south, by_south_corner) = south.ok_or_else(|| missing("yllcorner"))?;
    if u64::from(columns) * u64::from(rows) > MAX_NODES as u64 {
        let message = format!("{columns} × {rows} heights are more than the {MAX_NODES} allowed: use larger cells");
        return Err(Problem::error(path, "", message).because(Cause::TooLarge));
    }
    let shift = |by_corner: bool| if by_corner { cell / 2.0 } else { 0.0 };
    Ok(Header {
        origin: [west + shift(by_west_corner), south + shift(by_south_corner)],
        cell,
        columns,
        rows,
        no_data,
    })
}

/// `nan` may be a height; these may not.
fn is_n_key(word: &str) -> bool {
    ["ncols", "nrows", "nodata_value"]
        .iter()
        .any(|key| word.eq_ignore_ascii_case(key))
}

/// Words with the line they stand in.
struct Words<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Words<'t> {
    fn skip_space(&mut self) {
        let trimmed = self.rest.trim_ascii_start();
        let skipped = &self.rest.as_bytes()[..self.rest.len() - trimmed.len()];
        self.line += skipped.split(|byte| *byte == b'\n').count() - 1;
        self.rest = trimmed;
    }

    fn peek(&mut self) -> Option<&'t str> {
        self.skip_space();
        self.rest.split_ascii_whitespace().next()
    }

    fn next(&mut self) -> Option<(&'t str, usize)> {
        let word = self.peek()?;
        self.rest = self.rest.get(word.len()..).unwrap_or_default();
        Some((word, self.line))
    }
}

/// Gives every NaN the height of the nearest node that has one (nearest by steps along rows and columns).
/// `false` when there is none.
fn fill_gaps(heights_m: &mut [f32], columns: usize) -> bool {
    let rows = heights_m.len() / columns.max(1);
    let mut front: VecDeque<usize> = VecDeque::new();
    let neighbours = |i: usize| {
        let (row, column) = (i / columns, i % columns);
        [
            (column > 0).then(|| i - 1),
            (column + 1 < columns).then(|| i + 1),
            (row > 0).then(|| i - columns),
            (row + 1 < rows).then(|| i + columns),
        ]
    };
    for i in 0..heights_m.len() {
        let is_rim = !heights_m[i].is_nan() && neighbours(i).into_iter().flatten().any(|n| heights_m[n].is_nan());
        if is_rim {
            front.push_back(i);
        }
    }
    while let Some(i) = front.pop_front() {
        for n in neighbours(i).into_iter().flatten() {
            if heights_m[n].is_nan() {
                heights_m[n] = heights_m[i];
                front.push_back(n);
            }
        }
    }
    heights_m.first().is_some_and(|height| !height.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "ncols 3\nNROWS 2\nxllcenter 100\nyllcenter 200\ncellsize 10\nNODATA_value -9999\n";

    fn run(text: &str) -> (Option<AsciiGrid>, Vec<String>) {
        let mut findings = Findings::new("t.asc");
        let result = read(text.as_bytes(), "t.asc", &mut findings);
        let mut lines: Vec<String> = findings.into_problems().iter().map(ToString::to_string).collect();
        lines.extend(result.as_ref().err().map(ToString::to_string));
        (result.ok(), lines)
    }

    #[test]
    fn rows_come_out_south_first_and_corners_become_centres() {
        let (grid, lines) = run(&format!("{HEADER}1 2 3\n4 5 6\n"));
        let grid = grid.unwrap();
        assert_eq!(lines, Vec::<String>::new());
        assert_eq!(grid.heights_m, [4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
        assert_eq!(format!("{:?}", grid.origin), "[100.0, 200.0]");
        let corner = run(&format!("{}1 2 3\n4 5 6", HEADER.replace("center", "corner")))
            .0
            .unwrap();
        assert_eq!(format!("{:?}", corner.origin), "[105.0, 205.0]");
    }

    #[test]
    fn gaps_take_the_nearest_height() {
        let (grid, _) = run(&format!("{HEADER}-9999 3.4e38 3\n4 nan -9999\n"));
        assert_eq!(grid.unwrap().heights_m, [4.0, 4.0, 3.0, 4.0, 3.0, 3.0]);
    }

    #[test]
    fn damage_is_named_with_its_line() {
        for (text, is_kept, expected) in [
            (
                format!("{HEADER}1 2 x\n4 y 6\n"),
                true,
                "t.asc: line 7: expected a height, found `x`; it counts as no data",
            ),
            (
                format!("{HEADER}1 2 3\n4"),
                true,
                "t.asc: line 8: the file breaks off: 4 of 6 heights; the rest counts as no data",
            ),
            (
                format!("{HEADER}1 2 3\n4 5 6 7"),
                true,
                "t.asc: line 8: more than the 6 heights of the header; the rest is left out",
            ),
            (
                format!("{HEADER}-9999 -9999 -9999 -9999 -9999 -9999"),
                false,
                "t.asc: the grid has no heights, only no-data marks",
            ),
            (
                "ncols x".into(),
                false,
                "t.asc: line 1: `ncols` needs a number, found `x`",
            ),
            (
                "{}".into(),
                false,
                "t.asc: the header lacks a usable `ncols`: an ESRI ASCII grid is expected",
            ),
            (
                HEADER
                    .replace("ncols 3", "ncols 4000000000")
                    .replace("NROWS 2", "NROWS 4000000000"),
                false,
                "t.asc: 4000000000 × 4000000000 heights are more than the 16000000 allowed: use larger cells",
            ),
        ] {
            let (grid, lines) = run(&text);
            assert_eq!(lines.first().map(String::as_str), Some(expected), "{lines:?}");
            assert_eq!(grid.is_some(), is_kept);
        }
    }
}
