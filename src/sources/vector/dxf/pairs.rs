//! Group codes and values of a DXF file, as text or binary.
//!
//! Letters: UTF-8, else Windows-1252, the code page that Dutch and German drawings from before 2007 have.

use super::super::cursor::Cursor;
use encoding_rs::WINDOWS_1252;

/// What a binary DXF begins with.
const BINARY: &[u8] = b"AutoCAD Binary DXF\r\n\x1a\0";
/// Most pairs of one file.
const MAX_PAIRS: usize = 20_000_000;

/// A group code with its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    pub(super) code: i32,
    pub(super) value: String,
}

impl Pair {
    pub(super) fn number(&self) -> Option<f64> {
        self.value
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    }

    pub(super) fn whole(&self) -> Option<i64> {
        self.value.trim().parse().ok()
    }
}

/// Whether a file begins as a DXF does: the first pair opens a section, after comments.
pub(in super::super) fn looks_like_dxf(head: &[u8]) -> bool {
    if head.starts_with(BINARY) {
        return true;
    }
    let text = String::from_utf8_lossy(head);
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    loop {
        match (lines.next(), lines.next()) {
            (Some("999"), Some(_)) => {}
            (Some("0"), Some(word)) => return word == "SECTION",
            _ => return false,
        }
    }
}

/// Every pair up to where the file ends or breaks off; with what is wrong there.
pub(super) fn read(bytes: &[u8]) -> (Vec<Pair>, Option<String>) {
    if bytes.starts_with(BINARY) {
        return read_binary(bytes);
    }
    let text = decoded(bytes);
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let mut pairs = Vec::new();
    let mut line = 0;
    while let Some(code) = lines.next() {
        line += 2;
        if code.trim().is_empty() && lines.clone().all(|line| line.trim().is_empty()) {
            break;
        }
        let Ok(code) = code.trim().parse() else {
            let code: String = code.chars().take(20).collect();
            return (pairs, Some(format!("line {}: `{code}` is no group code", line - 1)));
        };
        let Some(value) = lines.next() else {
            return (pairs, Some(format!("line {}: the file breaks off", line - 1)));
        };
        if pairs.len() >= MAX_PAIRS {
            return (
                pairs,
                Some(format!("line {line}: the file has more than {MAX_PAIRS} group codes")),
            );
        }
        let value = value.to_owned();
        let is_end = code == 0 && value.trim() == "EOF";
        pairs.push(Pair { code, value });
        if is_end {
            return (pairs, None);
        }
    }
    (pairs, Some("the file breaks off: its end mark is missing".into()))
}

fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

fn read_binary(bytes: &[u8]) -> (Vec<Pair>, Option<String>) {
    let body = bytes.get(BINARY.len()..).unwrap_or_default();
    // Before AutoCAD 13 a code takes one byte: then the name of the first section follows at once.
    let is_old = body.get(1) == Some(&b'S');
    let mut cursor = Cursor::new(body);
    let mut pairs = Vec::new();
    while pairs.len() < MAX_PAIRS {
        match binary_pair(&mut cursor, is_old) {
            Ok(pair) => {
                let is_end = pair.code == 0 && pair.value == "EOF";
                pairs.push(pair);
                if is_end {
                    return (pairs, None);
                }
            }
            Err(message) => {
                let at = body.len() - cursor.remaining() + BINARY.len();
                return (pairs, Some(format!("byte {at}: {message}")));
            }
        }
    }
    (pairs, Some(format!("the file has more than {MAX_PAIRS} group codes")))
}

fn binary_pair(cursor: &mut Cursor<'_>, is_old: bool) -> Result<Pair, String> {
    let code = if is_old {
        match cursor.u8()? {
            255 => i32::from(cursor.u16()?),
            code => i32::from(code),
        }
    } else {
        i32::from(cursor.u16()?)
    };
    let value = match code {
        10..=59 | 110..=149 | 210..=239 | 460..=469 | 1010..=1059 => cursor.f64()?.to_string(),
        60..=79 | 170..=179 | 270..=289 | 370..=389 | 400..=409 | 1060..=1070 => {
            i16::from_le_bytes(cursor.u16()?.to_le_bytes()).to_string()
        }
        90..=99 | 420..=429 | 440..=459 | 1071 => cursor.i32()?.to_string(),
        160..=169 => i64::from_le_bytes(cursor.u64()?.to_le_bytes()).to_string(),
        290..=299 => cursor.u8()?.to_string(),
        310..=319 | 1004 => {
            let length = usize::from(cursor.u8()?);
            cursor.take(length)?;
            String::new()
        }
        0..=9 | 100..=109 | 300..=309 | 320..=369 | 390..=399 | 410..=419 | 430..=439 | 470..=481 | 999..=1009 => {
            let mut text = Vec::new();
            loop {
                match cursor.u8()? {
                    0 => break,
                    byte => text.push(byte),
                }
            }
            decoded(&text)
        }
        other => return Err(format!("{other} is no group code")),
    };
    Ok(Pair { code, value })
}
