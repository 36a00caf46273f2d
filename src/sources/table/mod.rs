//! Tables as text (CSV), as spreadsheets and asset systems write them: what separates the columns and how the letters
//! are coded is found, not asked.
//!
//! Semicolon, comma or tab; UTF-8 with or without its mark, UTF-16 with its mark, else Windows-1252, the way Excel saves
//! on Dutch machines. The first row names the columns. A row that does not fit them is named with its line and left
//! out. What the columns mean is for whoever reads the table: [`NumberStyle`] and [`day`] read single fields.

mod day;
mod delimiter;
mod number;

pub use day::{day, has_short_year};
pub use number::NumberStyle;

use super::{Cause, Problem};
use csv::{ReaderBuilder, StringRecord};
use delimiter::delimiter_of;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// Largest table that is read, bytes.
pub const MAX_BYTES: usize = 64 << 20;
/// Most rows.
const MAX_ROWS: usize = 1_000_000;
/// Most columns.
const MAX_COLUMNS: usize = 500;
/// Most fields of all rows together: what they take in memory is many times what they take in the file.
const MAX_FIELDS: usize = 6_000_000;
/// Longest field of a list, bytes. A longer one is nearly always a quotation mark that is opened and never closed.
const MAX_FIELD_BYTES: usize = 20_000;
/// How often reading goes on after an unclosed quotation mark: each costs a walk to the end of the file.
const MAX_UNCLOSED: usize = 5;
/// Problems of one kind beyond this number are counted, not listed.
pub const MAX_LISTED: usize = 20;

/// A table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Names of the columns, each one unique and none empty.
    pub headers: Vec<String>,
    /// Rows in file order; each has a field per column.
    pub rows: Vec<Row>,
    /// What separates the columns.
    pub delimiter: char,
    /// How many rows do not fit the columns and are left out.
    pub unfit: usize,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Line in the file on which it starts, from 1.
    pub line: u64,
    fields: StringRecord,
}

impl Row {
    /// The field in `column`, without spaces around it; empty where there is none.
    pub fn field(&self, column: usize) -> &str {
        self.fields.get(column).unwrap_or_default().trim()
    }
}

/// Where in the file a problem of one line stands.
pub fn line_place(line: u64) -> String {
    format!("line {line}")
}

/// Reads `bytes`; the problems are rows that are left out.
///
/// # Errors
/// When nothing of it can be used.
pub fn read(bytes: &[u8], path: &str) -> Result<(Table, Vec<Problem>), Problem> {
    read_with(bytes, path, MAX_FIELD_BYTES)
}

/// The same for a table with fields of up to `max_field_bytes`: those with a geometry in them are long.
pub(crate) fn read_with(bytes: &[u8], path: &str, max_field_bytes: usize) -> Result<(Table, Vec<Problem>), Problem> {
    let refuse = |cause, message: String| Problem::error(path, "", message).because(cause);
    if bytes.len() > MAX_BYTES {
        let message = format!(
            "the table has {} MiB, more than the {} MiB allowed",
            bytes.len() >> 20,
            MAX_BYTES >> 20
        );
        return Err(refuse(Cause::TooLarge, message));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        let message = "this is a workbook and no table as text: save it as CSV (UTF-8) first";
        return Err(refuse(Cause::WrongKind, message.into()));
    }
    let text = decoded(bytes);
    if text.contains('\0') {
        return Err(refuse(
            Cause::WrongKind,
            "this is no text: save the table as CSV (UTF-8)".into(),
        ));
    }
    let (start, stated) = after_separator_line(&text);
    let body = text.get(start..).unwrap_or_default();
    let first_line = 1 + u64::from(stated.is_some());
    if body.trim().is_empty() {
        return Err(refuse(Cause::Empty, "the table is empty".into()));
    }
    let Some(delimiter) = stated.or_else(|| delimiter_of(body)) else {
        let message = "there is one column only: separate columns with a semicolon, a comma or a tab";
        return Err(refuse(Cause::WrongKind, message.into()));
    };
    let mut reader = Reader {
        path,
        body,
        delimiter,
        table: Table {
            delimiter: char::from(delimiter),
            ..Table::default()
        },
        problems: Vec::new(),
        fields: 0,
        max_field_bytes,
    };
    reader.read(first_line);
    if reader.table.headers.is_empty() {
        let first = reader.problems.into_iter().next();
        return Err(first.unwrap_or_else(|| refuse(Cause::Column, "the first row names no columns".into())));
    }
    if reader.table.unfit > MAX_LISTED {
        let message = format!(
            "{} more rows do not fit the columns and are left out",
            reader.table.unfit - MAX_LISTED
        );
        reader
            .problems
            .push(Problem::error(path, "", message).because(Cause::More));
    }
    Ok((reader.table, reader.problems))
}

/// The text of a file. Windows-1252 gives every byte a meaning, so this always succeeds.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling(bytes.get(mark..).unwrap_or_default())
            .0;
    }
    let (text, is_damaged) = UTF_8.decode_without_bom_handling(bytes);
    if is_damaged {
        WINDOWS_1252.decode_without_bom_handling(bytes).0
    } else {
        text
    }
}

/// Where the table begins, and what separates its columns where a first line `sep=;` says so, as Excel writes it.
fn after_separator_line(text: &str) -> (usize, Option<u8>) {
    let line = text.lines().next().unwrap_or_default();
    let stated = line.trim().strip_prefix("sep=").and_then(|rest| match rest {
        "" => Some(b'\t'),
        _ if rest.len() == 1 => rest.bytes().next(),
        _ => None,
    });
    let end = text.find('\n').map_or(text.len(), |end| end + 1);
    stated.map_or((0, None), |delimiter| (end, Some(delimiter)))
}

struct Reader<'a> {
    path: &'a str,
    body: &'a str,
    delimiter: u8,
    table: Table,
    problems: Vec<Problem>,
    fields: usize,
    max_field_bytes: usize,
}

/// Why reading stopped, and where to go on.
enum Stop {
    End,
    /// At this byte, on this line.
    Unclosed(usize, u64),
}

impl Reader<'_> {
    fn read(&mut self, first_line: u64) {
        let (mut start, mut line) = (0, first_line);
        for _ in 0..=MAX_UNCLOSED {
            match self.read_from(start, line) {
                Stop::End => return,
                Stop::Unclosed(next, next_line) => (start, line) = (next, next_line),
            }
        }
        let message = "too many quotation marks are opened and not closed; the rows from here on are left out";
        self.problems
            .push(Problem::error(self.path, line_place(line), message).because(Cause::Damaged));
    }

    fn read_from(&mut self, start: usize, first_line: u64) -> Stop {
        let body = self.body.get(start..).unwrap_or_default();
        let mut reader = ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(body.as_bytes());
        let mut record = StringRecord::new();
        loop {
            let before = reader.position().clone();
            // The text was decoded above, so the only failure left is the end.
            if !reader.read_record(&mut record).unwrap_or(false) {
                return Stop::End;
            }
            let at = record.position().cloned().unwrap_or(before);
            // Blank lines before a record count as its start.
            let begun = usize::try_from(at.byte()).ok().and_then(|byte| body.get(byte..));
            let blank = begun.map_or("", |rest| {
                &rest[..rest.len() - rest.trim_start_matches(['\r', '\n']).len()]
            });
            let breaks = blank.matches('\n').count() as u64;
            let line = first_line + at.line() - 1 + breaks;
            if record.iter().any(|field| field.len() > self.max_field_bytes) {
                let message = format!(
                    "a field here has more than {} letters; is a quotation mark opened and not closed? The row is left \
                     out",
                    self.max_field_bytes
                );
                self.leave_out(line, message, Cause::Row);
                let next = usize::try_from(at.byte()).ok().map(|byte| byte + blank.len());
                match next.and_then(|start| after_line(body, start)) {
                    Some(next) => return Stop::Unclosed(start + next, line + 1),
                    None => return Stop::End,
                }
            }
            if self.table.headers.is_empty() {
                if !self.take_headers(&record, line) {
                    return Stop::End;
                }
            } else if !self.take_row(&record, line) {
                return Stop::End;
            }
        }
    }

    fn take_headers(&mut self, record: &StringRecord, line: u64) -> bool {
        if record.len() > MAX_COLUMNS {
            let message = format!(
                "there are {} columns, more than the {MAX_COLUMNS} allowed",
                record.len()
            );
            self.problems
                .push(Problem::error(self.path, line_place(line), message).because(Cause::TooLarge));
            return false;
        }
        self.table.headers = unique_names(record.iter().map(str::trim));
        true
    }

    /// Whether there may be more after it.
    fn take_row(&mut self, record: &StringRecord, line: u64) -> bool {
        if record.iter().all(|field| field.trim().is_empty()) {
            return true;
        }
        let columns = self.table.headers.len();
        // Some programs end every row with a separator, or write no separators after the last value.
        let extra = record.iter().skip(columns).any(|field| !field.trim().is_empty());
        if extra || record.len() < columns {
            let message = format!(
                "the row has {} fields and the first row names {columns} columns; it is left out (is a text with a \
                 separator in it written without quotation marks?)",
                record.len()
            );
            self.leave_out(line, message, Cause::Row);
            return true;
        }
        self.fields += columns;
        if self.table.rows.len() >= MAX_ROWS || self.fields > MAX_FIELDS {
            let message = format!(
                "the table has more than {MAX_ROWS} rows or {MAX_FIELDS} fields; the rows from here on are left out"
            );
            self.problems
                .push(Problem::error(self.path, line_place(line), message).because(Cause::TooLarge));
            return false;
        }
        let mut fields = record.clone();
        fields.truncate(columns);
        self.table.rows.push(Row { line, fields });
        true
    }

    fn leave_out(&mut self, line: u64, message: String, cause: Cause) {
        self.table.unfit += 1;
        if self.table.unfit <= MAX_LISTED {
            self.problems
                .push(Problem::error(self.path, line_place(line), message).because(cause));
        }
    }
}

/// The byte after the line that `start` is on; `None` on the last one.
fn after_line(body: &str, start: usize) -> Option<usize> {
    Some(start + body.get(start..)?.find('\n')? + 1)
}

/// Names that are unique and not empty: `naam`, `naam (2)`, `column 3`.
fn unique_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for (number, name) in (1..).zip(names) {
        let mut wanted = if name.is_empty() {
            format!("column {number}")
        } else {
            name.to_owned()
        };
        let mut copy = 2;
        while unique.contains(&wanted) {
            wanted = format!("{name} ({copy})");
            copy += 1;
        }
        unique.push(wanted);
    }
    unique
}

#[cfg(test)]
mod tests;
