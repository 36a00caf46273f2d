//! Finds where JSON values begin and end, over bytes that arrive in pieces.
//!
//! Values that are only passed over are checked for what a scanner needs (brackets in pairs, strings that end, no
//! byte that cannot stand in JSON, nesting below a cap), not for commas: what is used is parsed again in full.

use super::words;
use std::{
    io::{self, Read},
    ops::Range,
};

/// Deepest nesting that is read. Real files have 12.
pub(super) const MAX_DEPTH: u32 = 100;
/// Bytes read at once.
const PIECE_BYTES: usize = 1 << 20;
/// Longest key of a member, bytes.
pub(super) const MAX_KEY_BYTES: usize = 1 << 20;

/// What went wrong, and where in the file (bytes from its beginning).
#[derive(Debug)]
pub(super) enum ScanError {
    /// The system or the decompression refuses.
    Io(io::Error),
    /// Not JSON.
    Broken { at: u64, what: &'static str },
}

impl From<io::Error> for ScanError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) const CUT_OFF: &str = "the file ends in the middle";

const PLAIN: u8 = 0;
const SEPARATOR: u8 = 1;
const QUOTE: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const INVALID: u8 = 5;

/// What each byte outside of strings is. The letters are those of `true`, `false`, `null`, and of the `NaN` and
/// `Infinity` that some writers put where numbers should be: they cost a value, not the file.
const CLASS: [u8; 256] = {
    let mut class = [INVALID; 256];
    let plain = b"0123456789+-.eEtrufalsnNIiy";
    let mut i = 0;
    while i < plain.len() {
        class[plain[i] as usize] = PLAIN;
        i += 1;
    }
    let separators = b" \t\r\n,:";
    let mut i = 0;
    while i < separators.len() {
        class[separators[i] as usize] = SEPARATOR;
        i += 1;
    }
    class[b'"' as usize] = QUOTE;
    class[b'{' as usize] = OPEN;
    class[b'[' as usize] = OPEN;
    class[b'}' as usize] = CLOSE;
    class[b']' as usize] = CLOSE;
    class
};

/// Passes over one value.
pub(super) struct Skipper {
    depth: u32,
    /// Deepest that it may become.
    most: u32,
    /// Whether each open bracket is a brace, the innermost in the lowest bit.
    braces: u128,
    in_string: bool,
    is_escaped: bool,
    in_scalar: bool,
}

impl Default for Skipper {
    fn default() -> Self {
        Self::up_to(MAX_DEPTH)
    }
}

impl Skipper {
    /// For a value that is nested at most `most` deep.
    pub(super) fn up_to(most: u32) -> Self {
        Self {
            depth: 0,
            most: most.min(MAX_DEPTH),
            braces: 0,
            in_string: false,
            is_escaped: false,
            in_scalar: false,
        }
    }

    /// Takes more bytes of a value that begins without white space. `Some` with how many belong to it when it is at
    /// its end; `None` when it wants more.
    #[inline]
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Option<usize>, (usize, &'static str)> {
        let mut i = 0;
        while i < bytes.len() {
            if self.in_string {
                if self.is_escaped {
                    self.is_escaped = false;
                    i += 1;
                    continue;
                }
                match words::end_of_text(&bytes[i..]) {
                    None => return Ok(None),
                    Some(n) => {
                        i += n + 1;
                        if bytes[i - 1] == b'\\' {
                            self.is_escaped = true;
                            continue;
                        }
                        self.in_string = false;
                        if self.depth == 0 {
                            return Ok(Some(i));
                        }
                    }
                }
                continue;
            }
            if self.depth > 0 {
                if self.braces & 1 == 0 {
                    i += self.pass_numbers(&bytes[i..]);
                }
                while i < bytes.len() && CLASS[bytes[i] as usize] <= SEPARATOR {
                    i += 1;
                }
                if i == bytes.len() {
                    return Ok(None);
                }
            }
            let byte = bytes[i];
            match CLASS[byte as usize] {
                PLAIN => self.in_scalar = true,
                _ if self.in_scalar => return Ok(Some(i)),
                QUOTE => self.in_string = true,
                OPEN => {
                    if self.depth == self.most {
                        return Err((i, "it is nested deeper than any city model"));
                    }
                    self.depth += 1;
                    self.braces = (self.braces << 1) | u128::from(byte == b'{');
                }
                CLOSE if self.depth > 0 => {
                    if (self.braces & 1 == 1) != (byte == b'}') {
                        return Err((i, "a bracket is closed by one of another kind"));
                    }
                    self.depth -= 1;
                    self.braces >>= 1;
                    if self.depth == 0 {
                        return Ok(Some(i + 1));
                    }
                }
                _ => return Err((i, "this cannot stand here")),
            }
            i += 1;
        }
        Ok(None)
    }

    /// Passes over lists of numbers eight bytes at a time, which most of a city model is: how many bytes. Stops before
    /// anything else, and before the end of the value.
    #[inline]
    fn pass_numbers(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        for word in bytes.as_chunks().0 {
            let Some(brackets) = words::brackets_of_numbers(*word) else {
                break;
            };
            let (opened, closed) = (brackets.opened(), brackets.closed());
            if self.depth + 8 > self.most || brackets.end_within(self.depth) {
                break;
            }
            if self.braces != 0 {
                // What is closed was opened here or, at the latest, as one of the innermost that are open: all of those
                // must be lists.
                if self.braces & ((1 << closed) - 1) != 0 {
                    break;
                }
                self.braces = (self.braces << opened) >> closed;
            }
            self.depth = self.depth + opened - closed;
            passed += word.len();
        }
        passed
    }

    /// Whether the end of the input is the end of the value.
    pub(super) fn may_end(&self) -> bool {
        self.in_scalar && self.depth == 0
    }
}

/// What [`Stream::line`] finds.
pub(super) enum Line {
    /// Where its bytes are held.
    Held(Range<usize>),
    /// It has more bytes than asked for, and is passed over.
    TooLong,
    /// The file has no more.
    End,
}

/// Bytes that arrive in pieces, scanned from front to back.
pub(super) struct Stream {
    reader: Box<dyn Read + Send>,
    held: Vec<u8>,
    /// Next byte in `held`.
    at: usize,
    /// Where `held` stands in the file.
    start: u64,
    is_at_end: bool,
}

impl Stream {
    pub(super) fn new(reader: Box<dyn Read + Send>, start: u64) -> Self {
        Self {
            reader,
            held: Vec::new(),
            at: 0,
            start,
            is_at_end: false,
        }
    }

    /// Bytes from the beginning of the file to the next byte.
    pub(super) fn offset(&self) -> u64 {
        self.start + self.at as u64
    }

    /// The same for a place in what is held.
    pub(super) fn offset_of(&self, place: usize) -> u64 {
        self.start + place as u64
    }

    /// The bytes of a range that [`Self::value`] or [`Self::line`] gave last.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.held[range]
    }

    /// What is held from the next byte on.
    pub(super) fn rest(&self) -> &[u8] {
        &self.held[self.at..]
    }

    /// Passes over `count` held bytes.
    pub(super) fn advance(&mut self, count: usize) {
        self.at = (self.at + count).min(self.held.len());
    }

    /// Reads on; what lies before `keep` in `held` goes. `false` at the end of the file.
    fn fill(&mut self, keep: usize) -> io::Result<bool> {
        if self.is_at_end {
            return Ok(false);
        }
        if keep > 0 {
            self.held.drain(..keep);
            self.start += keep as u64;
            self.at -= keep;
        }
        if self.held.capacity() > 8 * PIECE_BYTES && self.held.len() < PIECE_BYTES {
            self.held.shrink_to(2 * PIECE_BYTES);
        }
        // Twice what is held, so that a large value is not copied once for every piece of it.
        let wanted = PIECE_BYTES.max(self.held.len());
        self.held.reserve(wanted);
        let read = self.reader.by_ref().take(wanted as u64).read_to_end(&mut self.held)?;
        self.is_at_end = read == 0;
        Ok(read > 0)
    }

    /// The next byte that is no white space, which stays the next; `None` at the end of the file.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, ScanError> {
        loop {
            if let Some(n) = self.rest().iter().position(|byte| !byte.is_ascii_whitespace()) {
                self.at += n;
                return Ok(Some(self.held[self.at]));
            }
            self.at = self.held.len();
            if !self.fill(self.at)? {
                return Ok(None);
            }
        }
    }

    /// Passes over the byte that must come next.
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), ScanError> {
        match self.peek()? {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.broken(what)),
            None => Err(self.broken(CUT_OFF)),
        }
    }

    pub(super) fn broken(&self, what: &'static str) -> ScanError {
        ScanError::Broken {
            at: self.offset(),
            what,
        }
    }

    /// Passes over the next value. Its bytes, when there are at most `limit`.
    pub(super) fn value(&mut self, limit: usize) -> Result<Option<Range<usize>>, ScanError> {
        if self.peek()?.is_none() {
            return Err(self.broken(CUT_OFF));
        }
        let mut skipper = Skipper::default();
        let mut kept = Some(self.at);
        loop {
            match skipper.feed(self.rest()) {
                Ok(Some(count)) => {
                    self.at += count;
                    break;
                }
                Ok(None) => self.at = self.held.len(),
                Err((n, what)) => {
                    self.at += n;
                    return Err(self.broken(what));
                }
            }
            if kept.is_some_and(|from| self.at - from > limit) {
                kept = None;
            }
            let keep = kept.unwrap_or(self.at);
            let before = self.is_at_end;
            if self.fill(keep)? {
                // What was kept stands at the front now.
                kept = kept.map(|_| 0);
            } else {
                // Nothing was moved when the end had been met before, else everything kept was.
                if !before {
                    kept = kept.map(|_| 0);
                }
                if skipper.may_end() {
                    break;
                }
                return Err(self.broken(CUT_OFF));
            }
        }
        Ok(kept.filter(|from| self.at - from <= limit).map(|from| from..self.at))
    }

    /// A range of the file that lies at or behind the next byte.
    pub(super) fn range(&mut self, start: u64, length: usize) -> io::Result<Range<usize>> {
        let cut_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
        while start > self.start + self.held.len() as u64 {
            self.at = self.held.len();
            if !self.fill(self.at)? {
                return Err(cut_off());
            }
        }
        let from = start.checked_sub(self.start).ok_or_else(cut_off)?;
        self.at = usize::try_from(from).map_err(|_error| cut_off())?;
        while self.held.len() - self.at < length {
            if !self.fill(self.at)? {
                return Err(cut_off());
            }
        }
        let from = self.at;
        self.at += length;
        Ok(from..self.at)
    }

    /// The next line without its end.
    pub(super) fn line(&mut self, limit: usize) -> Result<Line, ScanError> {
        let mut kept = Some(self.at);
        let mut searched = self.at;
        loop {
            if let Some(n) = self.held[searched..].iter().position(|byte| *byte == b'\n') {
                let end = searched + n;
                self.at = end + 1;
                let kept = kept.filter(|from| end - from <= limit);
                return Ok(kept.map_or(Line::TooLong, |from| Line::Held(from..end)));
            }
            self.at = self.held.len();
            if kept.is_some_and(|from| self.at - from > limit) {
                kept = None;
            }
            let was_at_end = self.is_at_end;
            let keep = kept.unwrap_or(self.at);
            let has_more = self.fill(keep)?;
            if !was_at_end {
                kept = kept.map(|_| 0);
            }
            searched = self.at;
            if !has_more {
                return Ok(match kept {
                    Some(from) if from == self.at => Line::End,
                    None => Line::TooLong,
                    Some(from) => Line::Held(from..self.at),
                });
            }
        }
    }
}
