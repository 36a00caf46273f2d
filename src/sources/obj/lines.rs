//! The lines of an OBJ or MTL: ended by LF, CRLF or CR, continued after a backslash, comments left off.

/// Longest line that is put together of continued ones, bytes.
const LONGEST: usize = 4 << 20;

/// Reads line by line.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    end: u8,
    number: usize,
    joined: Vec<u8>,
}

/// One line.
pub(super) struct Line<'a> {
    /// Of its beginning, the first is 1.
    pub(super) number: usize,
    keyword: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        Self {
            rest: bytes,
            end: if bytes.contains(&b'\n') { b'\n' } else { b'\r' },
            number: 0,
            joined: Vec::new(),
        }
    }

    /// The next line that says something.
    pub(super) fn next(&mut self) -> Option<Line<'_>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let (number, is_joined, whole) = self.read();
            let text = if is_joined { &self.joined[..] } else { whole };
            if !without_comment(text).is_empty() {
                // Asked for again, since a borrow that is handed out cannot be given up in a loop.
                let text = without_comment(if is_joined { &self.joined } else { whole });
                let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
                let (keyword, rest) = text.split_at(end);
                return Some(Line {
                    number,
                    keyword,
                    rest: rest.trim_ascii(),
                });
            }
        }
    }

    /// One line with those that continue it; whether it stands in `joined`.
    fn read(&mut self) -> (usize, bool, &'a [u8]) {
        let first = self.number + 1;
        let line = self.physical();
        let Some(start) = line.strip_suffix(b"\\") else {
            return (first, false, line);
        };
        self.joined.clear();
        self.joined.extend_from_slice(start);
        loop {
            let line = self.physical();
            let part = line.strip_suffix(b"\\");
            self.joined.push(b' ');
            if self.joined.len() < LONGEST {
                self.joined.extend_from_slice(part.unwrap_or(line));
            }
            if part.is_none() || self.rest.is_empty() {
                return (first, true, &[]);
            }
        }
    }

    fn physical(&mut self) -> &'a [u8] {
        self.number += 1;
        let end = self.rest.iter().position(|byte| *byte == self.end);
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        line.trim_ascii()
    }
}

fn without_comment(line: &[u8]) -> &[u8] {
    if line.first() == Some(&b'#') {
        &[]
    } else {
        line.trim_ascii()
    }
}

impl<'a> Line<'a> {
    /// Its first word.
    pub(super) fn keyword(&self) -> &'a [u8] {
        self.keyword
    }

    /// All behind the first word, as a name.
    pub(super) fn name(&self) -> String {
        String::from_utf8_lossy(self.rest).into_owned()
    }

    /// The words behind the first.
    pub(super) fn words(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
    }

    /// The first `N` numbers; `None` where there are fewer or one is none.
    pub(super) fn numbers<const N: usize>(&self) -> Option<[f64; N]> {
        let mut numbers = [0.0; N];
        let mut words = self.words();
        for number in &mut numbers {
            let word = std::str::from_utf8(words.next()?).ok()?;
            *number = word.parse::<f64>().ok().filter(|number| number.is_finite())?;
        }
        Some(numbers)
    }
}
