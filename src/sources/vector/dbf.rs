//! The table beside a shapefile (dBASE III and its kin), row by row.
//!
//! Letters: what the `.cpg` says; else UTF-8 where a field is that, else Windows-1252, the way Dutch systems write it.

use super::MAX_FIELDS;
use super::cursor::Cursor;
use super::record::{Field, FieldKind};
use encoding_rs::{Encoding, WINDOWS_1252};
use serde_json::{Map, Value};

/// A table in memory.
pub(super) struct Dbf {
    bytes: Vec<u8>,
    header_bytes: usize,
    row_bytes: usize,
    rows: usize,
    columns: Vec<Column>,
    encoding: Option<&'static Encoding>,
}

struct Column {
    name: String,
    kind: u8,
    start: usize,
    length: usize,
    decimals: u8,
}

impl Dbf {
    /// Reads the header; the text says why it cannot be used. `code_page` is the text of the `.cpg`.
    pub(super) fn open(bytes: Vec<u8>, code_page: Option<&str>) -> Result<Self, String> {
        let mut cursor = Cursor::new(&bytes);
        cursor.take(4)?;
        let declared = cursor.u32()? as usize;
        let header_bytes = usize::from(cursor.u16()?);
        let row_bytes = usize::from(cursor.u16()?);
        cursor.take(20)?;
        if row_bytes < 2 || header_bytes < 33 {
            return Err("its header has no fields".into());
        }
        let encoding = code_page.and_then(encoding_of);
        let mut columns = Vec::new();
        let mut start = 1;
        while columns.len() < MAX_FIELDS {
            let Ok(field) = cursor.take(32) else { break };
            let [name @ .., _, _, _, _] = field.get(..15).unwrap_or_default() else {
                break;
            };
            if name.first().is_none_or(|byte| *byte == 0x0D) {
                break;
            }
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let kind = field.get(11).copied().unwrap_or(b'C');
            let (short, decimals) = (field.get(16).copied().unwrap_or(0), field.get(17).copied().unwrap_or(0));
            // Long text fields keep the upper byte of their length where numbers keep their decimals.
            let length = usize::from(short) + if kind == b'C' { usize::from(decimals) << 8 } else { 0 };
            columns.push(Column {
                name: decoded(name, encoding).trim().to_owned(),
                kind,
                start,
                length,
                decimals,
            });
            start += length;
        }
        if columns.is_empty() || start > row_bytes {
            return Err("its fields do not fit in its rows".into());
        }
        let rows = declared.min(bytes.len().saturating_sub(header_bytes) / row_bytes);
        Ok(Self {
            bytes,
            header_bytes,
            row_bytes,
            rows,
            columns,
            encoding,
        })
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let field = |column: &Column| Field {
            name: column.name.clone(),
            kind: match column.kind {
                b'L' => FieldKind::Boolean,
                b'I' | b'+' => FieldKind::Integer,
                b'N' if column.decimals == 0 => FieldKind::Integer,
                b'N' | b'F' | b'O' | b'B' | b'Y' => FieldKind::Number,
                b'M' | b'G' | b'P' => FieldKind::Other,
                _ => FieldKind::Text,
            },
        };
        self.columns.iter().map(field).collect()
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The values of a row; none of them past the end, `None` where the row is deleted.
    pub(super) fn row(&self, index: usize) -> Option<Map<String, Value>> {
        let mut row = Map::new();
        let start = self.header_bytes + index.saturating_mul(self.row_bytes);
        let bytes = self
            .bytes
            .get(start..start.saturating_add(self.row_bytes))
            .filter(|_| index < self.rows);
        let Some(bytes) = bytes else {
            return Some(row);
        };
        if bytes.first() == Some(&b'*') {
            return None;
        }
        for column in &self.columns {
            let field = bytes
                .get(column.start..column.start + column.length)
                .unwrap_or_default();
            row.insert(column.name.clone(), self.value(column, field));
        }
        Some(row)
    }

    fn value(&self, column: &Column, field: &[u8]) -> Value {
        let text = || decoded(field, self.encoding).trim_matches([' ', '\0']).to_owned();
        let float = |number: f64| serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number);
        match (column.kind, field) {
            (b'N' | b'F', _) => number_of(&text()),
            (b'L', _) => match text().as_str() {
                "T" | "t" | "Y" | "y" | "J" | "j" => Value::Bool(true),
                "F" | "f" | "N" | "n" => Value::Bool(false),
                _ => Value::Null,
            },
            (b'D', _) => {
                let day = text();
                match (day.get(..4), day.get(4..6), day.get(6..8)) {
                    (Some(y), Some(m), Some(d)) if day.len() == 8 => Value::String(format!("{y}-{m}-{d}")),
                    _ => Value::Null,
                }
            }
            (b'I' | b'+', [a, b, c, d]) => i32::from_le_bytes([*a, *b, *c, *d]).into(),
            (b'O' | b'B', _) if field.len() == 8 => Cursor::new(field).f64().map_or(Value::Null, float),
            (b'M' | b'G' | b'P' | b'B' | b'Y' | b'T' | b'@', _) => Value::Null,
            _ => Some(text())
                .filter(|text| !text.is_empty())
                .map_or(Value::Null, Value::String),
        }
    }
}

/// A number as a table writes it; stars and blanks are none.
fn number_of(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    let number = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
    number.map_or(Value::Null, Value::Number)
}

/// What a `.cpg` names: `UTF-8`, `65001`, `1252`, `ANSI 1252`, `ISO-8859-1`, `ISO 8859-15`.
fn encoding_of(code_page: &str) -> Option<&'static Encoding> {
    let name = code_page.trim().trim_start_matches('\u{feff}');
    if name == "65001" {
        return Some(encoding_rs::UTF_8);
    }
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let tries = [
        name.to_owned(),
        name.replace(' ', "-"),
        format!("windows-{digits}"),
        format!("ibm{digits}"),
    ];
    tries.iter().find_map(|label| Encoding::for_label(label.as_bytes()))
}

fn decoded(bytes: &[u8], encoding: Option<&'static Encoding>) -> String {
    match (encoding, std::str::from_utf8(bytes)) {
        (Some(encoding), _) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of one row with the given fields: name, kind, length, bytes.
    fn table(fields: &[(&str, u8, &[u8])]) -> Vec<u8> {
        let header = 32 + 32 * fields.len() + 1;
        let row = 1 + fields.iter().map(|(.., bytes)| bytes.len()).sum::<usize>();
        let mut out = vec![3, 124, 1, 1, 1, 0, 0, 0];
        out.extend(u16::try_from(header).unwrap().to_le_bytes());
        out.extend(u16::try_from(row).unwrap().to_le_bytes());
        out.resize(32, 0);
        for (name, kind, bytes) in fields {
            let mut field = name.as_bytes().to_vec();
            field.resize(11, 0);
            field.extend([*kind, 0, 0, 0, 0, u8::try_from(bytes.len()).unwrap(), 0]);
            field.resize(32, 0);
            out.extend(field);
        }
        out.push(0x0D);
        out.push(b' ');
        out.extend(fields.iter().flat_map(|(.., bytes)| bytes.iter().copied()));
        out
    }

    #[test]
    fn values_come_as_what_they_are() {
        let bytes = table(&[
            ("naam", b'C', b"Enschedesestraat \x80  "),
            ("jaar", b'N', b"  1975"),
            ("hoogte", b'N', b" 12.50"),
            ("leeg", b'N', b"******"),
            ("open", b'L', b"T"),
            ("dag", b'D', b"20240229"),
        ]);
        let row = Dbf::open(bytes.clone(), None).unwrap().row(0).unwrap();
        assert_eq!(
            Value::Object(row),
            serde_json::json!({"naam": "Enschedesestraat €", "jaar": 1975, "hoogte": 12.5, "leeg": null, "open": true,
                "dag": "2024-02-29"})
        );
        for cut in 0..bytes.len() {
            if let Ok(table) = Dbf::open(bytes[..cut].to_vec(), Some("1252")) {
                assert!(table.row(0).is_some() && table.row(7).is_some());
            }
        }
    }

    #[test]
    fn code_pages_are_found_under_every_name() {
        for (name, expected) in [
            ("UTF-8", encoding_rs::UTF_8),
            ("65001", encoding_rs::UTF_8),
            ("1252\r\n", WINDOWS_1252),
            ("ANSI 1252", WINDOWS_1252),
            ("ISO-8859-1", WINDOWS_1252),
            ("ISO 8859-15", encoding_rs::ISO_8859_15),
        ] {
            assert_eq!(encoding_of(name), Some(expected), "{name}");
        }
        assert_eq!(encoding_of("something"), None);
    }
}
