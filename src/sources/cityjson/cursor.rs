//! Reads parts of JSON out of bytes in memory: members of objects, elements of arrays, numbers, nested lists of indices.
//!
//! Hand-written for the few shapes that fill city models, which a general parser would turn into millions of small
//! allocations. Everything else goes through `serde_json`.

use super::{
    scan::{CUT_OFF, MAX_DEPTH, Skipper},
    words,
};
use std::borrow::Cow;

/// What is wrong, and at which byte of the slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// Stands for `null` in lists of indices.
pub(super) const NULL: u32 = u32::MAX;
/// Stands for what is no index: a negative or fractional number, or one that is too large.
pub(super) const NO_INDEX: u32 = u32::MAX - 1;

/// A place in bytes.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How deep a value may be nested.
    deepest: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            deepest: MAX_DEPTH,
        }
    }

    /// For an object that is read while nobody knows yet whether it is sound: values in it are passed over only where
    /// the object as a whole is not nested too deep for sure.
    pub(super) fn of_unknown(bytes: &'a [u8]) -> Self {
        /// The object, its list of geometries, and a geometry.
        const AROUND: u32 = 3;
        Self {
            deepest: MAX_DEPTH - AROUND,
            ..Self::new(bytes)
        }
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn broken(&self, what: &'static str) -> Broken {
        Broken { at: self.at, what }
    }

    /// The next byte that is no white space, which stays the next.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Passes over `byte` when it is the next.
    #[inline]
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Broken> {
        if self.takes(byte) {
            Ok(())
        } else {
            Err(self.broken(if self.at == self.bytes.len() { CUT_OFF } else { what }))
        }
    }

    /// The bytes of the next value, and passes over it.
    pub(super) fn value(&mut self) -> Result<&'a [u8], Broken> {
        self.peek();
        let start = self.at;
        let mut skipper = Skipper::up_to(self.deepest);
        match skipper.feed(&self.bytes[start..]) {
            Ok(Some(count)) => self.at += count,
            Ok(None) if skipper.may_end() => self.at = self.bytes.len(),
            Ok(None) => {
                return Err(Broken {
                    at: self.bytes.len(),
                    what: CUT_OFF,
                });
            }
            Err((n, what)) => return Err(Broken { at: start + n, what }),
        }
        Ok(&self.bytes[start..self.at])
    }

    /// The string that comes next.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Broken> {
        self.peek();
        let at = self.at;
        text(self.value()?).ok_or(Broken {
            at,
            what: "a string should stand here",
        })
    }

    /// Calls `visit` with each key of the object that comes next, in place at its value, which `visit` must pass over.
    pub(super) fn each_member(
        &mut self,
        mut visit: impl FnMut(&str, &mut Self) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        self.expect(b'{', "an object should stand here")?;
        if self.takes(b'}') {
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.expect(b':', "a colon should stand here")?;
            visit(&key, self)?;
            if !self.takes(b',') {
                return self.expect(b'}', "a comma or the end of the object should stand here");
            }
        }
    }

    /// Calls `visit` with each key and value of the object that comes next.
    pub(super) fn members(
        &mut self,
        mut visit: impl FnMut(&str, &'a [u8]) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        self.each_member(|key, cursor| visit(key, cursor.value()?))
    }

    /// Calls `visit` in place at each element of the list that comes next, which `visit` must pass over. Anything but a
    /// list is passed over as if it were an empty one.
    pub(super) fn each_element(
        &mut self,
        mut visit: impl FnMut(&mut Self) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        if self.peek() != Some(b'[') {
            return self.value().map(|_| ());
        }
        self.at += 1;
        if self.takes(b']') {
            return Ok(());
        }
        loop {
            visit(self)?;
            if !self.takes(b',') {
                return self.expect(b']', "a comma or the end of the list should stand here");
            }
        }
    }

    /// Calls `visit` with each element of the list that comes next.
    pub(super) fn elements(&mut self, mut visit: impl FnMut(&'a [u8])) -> Result<(), Broken> {
        self.each_element(|cursor| {
            visit(cursor.value()?);
            Ok(())
        })
    }

    /// Reads what comes next; passes over it as a whole, with `None`, where that cannot be read but ends where it should.
    pub(super) fn attempt<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Broken>,
    ) -> Result<Option<T>, Broken> {
        let start = self.at;
        if let Ok(value) = read(self) {
            return Ok(Some(value));
        }
        self.at = start;
        self.value()?;
        Ok(None)
    }

    /// The number that comes next; `None` where something else stands, which stays there.
    #[inline]
    pub(super) fn number(&mut self) -> Option<Number> {
        self.peek()?;
        let start = self.at;
        let mut at = start;
        let is_negative = self.bytes.get(at) == Some(&b'-');
        at += usize::from(is_negative);
        if let Some(word) = self.bytes[at..].first_chunk::<8>() {
            let (count, value) = words::digits(*word);
            // What comes behind them is in the word too.
            if (1..8).contains(&count) && !matches!(word[count], b'.' | b'e' | b'E') {
                self.at = at + count;
                let value = i64::from(value);
                return Some(Number::Integer(if is_negative { -value } else { value }));
            }
        }
        let first_digit = at;
        let mut value: i64 = 0;
        while let Some(digit) = self.bytes.get(at).map(|byte| byte.wrapping_sub(b'0'))
            && digit < 10
            && at - first_digit < 18
        {
            value = value * 10 + i64::from(digit);
            at += 1;
        }
        if at > first_digit && !matches!(self.bytes.get(at), Some(b'0'..=b'9' | b'.' | b'e' | b'E')) {
            self.at = at;
            return Some(Number::Integer(if is_negative { -value } else { value }));
        }
        while matches!(self.bytes.get(at), Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
            at += 1;
        }
        let number = std::str::from_utf8(&self.bytes[start..at]).ok()?.parse().ok()?;
        self.at = at;
        Some(Number::Float(number))
    }

    /// Three numbers in a list, finite ones; `None` where something else stands, after which the place is undefined.
    #[inline]
    pub(super) fn triple(&mut self) -> Option<[Number; 3]> {
        if !self.takes(b'[') {
            return None;
        }
        let x = self.number()?;
        self.takes(b',').then_some(())?;
        let y = self.number()?;
        self.takes(b',').then_some(())?;
        let z = self.number()?;
        let numbers = [x, y, z];
        (self.takes(b']') && numbers.iter().all(|number| number.as_f64().is_finite())).then_some(numbers)
    }

    /// An index in a list: a whole number, or `null`.
    #[inline]
    fn index(&mut self) -> Option<u32> {
        if self.bytes[self.at..].starts_with(b"null") {
            self.at += 4;
            return Some(NULL);
        }
        Some(match self.number()? {
            Number::Integer(value) => u32::try_from(value).map_or(NO_INDEX, |value| value.min(NO_INDEX)),
            Number::Float(_) => NO_INDEX,
        })
    }

    /// Adds indices of one to nine digits as long as a comma follows them without white space, and the one before the
    /// end of the list. Whether it stopped there; else something else comes next. Nearly all are written like that.
    #[inline]
    fn run_of_indices(&mut self, values: &mut Vec<u32>) -> bool {
        let bytes = self.bytes;
        let mut at = self.at;
        while let Some(word) = bytes[at..].first_chunk::<8>() {
            let (count, value) = words::digits(*word);
            match word.get(count) {
                Some(b',') if count > 0 => values.push(value),
                Some(b']') if count > 0 => {
                    values.push(value);
                    self.at = at + count;
                    return true;
                }
                _ => break,
            }
            at += count + 1;
        }
        // Longer ones, and the last bytes of all.
        loop {
            let start = at;
            let mut value: u32 = 0;
            while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0'))
                && digit < 10
                && at - start < 9
            {
                value = value * 10 + u32::from(digit);
                at += 1;
            }
            match bytes.get(at) {
                Some(b',') if at > start => values.push(value),
                Some(b']') if at > start => {
                    values.push(value);
                    self.at = at;
                    return true;
                }
                _ => {
                    self.at = start;
                    return false;
                }
            }
            at += 1;
        }
    }

    /// Lists of lists of indices, `depth` levels of them. A `null` in place of a list is an empty list.
    pub(super) fn nested(&mut self, depth: usize) -> Result<Nested, Broken> {
        const NOT_NESTED: &str = "the lists of indices are not nested as the type of the geometry asks";
        let mut nested = Nested::default();
        // Three corners of a triangle take twenty bytes or so.
        nested.values.reserve(self.bytes.len() / 8);
        let mut level = 0;
        loop {
            // A value stands here.
            match self.peek() {
                Some(b'[') if level < depth => {
                    self.at += 1;
                    level += 1;
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                Some(_) if level == depth && level > 0 => {
                    if !self.run_of_indices(&mut nested.values) {
                        self.peek();
                        let index = self.index().ok_or(self.broken(NOT_NESTED))?;
                        nested.values.push(index);
                    }
                }
                Some(b'n') if self.bytes[self.at..].starts_with(b"null") => {
                    self.at += 4;
                    if level == 0 {
                        return Ok(nested);
                    }
                    nested.close(depth - level - 1);
                }
                Some(_) => return Err(self.broken(NOT_NESTED)),
                None => return Err(self.broken(CUT_OFF)),
            }
            // Then a comma, or the end of one list or more.
            loop {
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        break;
                    }
                    Some(b']') => {
                        self.at += 1;
                        level -= 1;
                        if level == 0 {
                            return Ok(nested);
                        }
                        nested.close(depth - level - 1);
                    }
                    Some(_) => return Err(self.broken("a comma or the end of the list should stand here")),
                    None => return Err(self.broken(CUT_OFF)),
                }
            }
        }
    }
}

/// A number as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// Whole, of at most 18 digits.
    Integer(i64),
    /// Another.
    Float(f64),
}

impl Number {
    #[inline]
    #[expect(
        clippy::cast_precision_loss,
        reason = "coordinates beyond 2^53 steps have no place on earth"
    )]
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

/// Lists of lists of indices, flat.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Nested {
    /// All indices.
    pub(super) values: Vec<u32>,
    /// Where the innermost lists end in `values`, then where lists of those end in that, and so on.
    pub(super) ends: [Vec<u32>; 4],
}

impl Nested {
    /// The end of a list `above` levels above the innermost.
    #[inline]
    fn close(&mut self, above: usize) {
        let end = match above {
            0 => self.values.len(),
            n => self.ends.get(n - 1).map_or(0, Vec::len),
        };
        if let Some(ends) = self.ends.get_mut(above) {
            ends.push(u32::try_from(end).unwrap_or(u32::MAX));
        }
    }

    /// The part of a list of ends, or of values, that the `index`th list above it covers.
    pub(super) fn range(ends: &[u32], index: usize) -> std::ops::Range<usize> {
        let start = if index == 0 { 0 } else { ends[index - 1] as usize };
        start..ends[index] as usize
    }
}

/// The text in the bytes of a JSON string.
pub(super) fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inner.contains(&b'\\') {
        return serde_json::from_slice(value).ok().map(Cow::Owned);
    }
    std::str::from_utf8(inner).ok().map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_lists_become_flat() {
        let nested = |text: &str, depth| Cursor::new(text.as_bytes()).nested(depth);
        let found = nested("[[[0,1 ,2],[3,4,5]],\n [[6,null,7]]]", 3).unwrap();
        assert_eq!(found.values, [0, 1, 2, 3, 4, 5, 6, NULL, 7]);
        assert_eq!(found.ends, [vec![3, 6, 9], vec![2, 3], vec![], vec![]]);
        let found = nested("[[[[0,1,2]],[[2,1,0]]],[[[0,1,2]]]]", 4).unwrap();
        assert_eq!(found.ends, [vec![3, 6, 9], vec![1, 2, 3], vec![2, 3], vec![]]);
        assert_eq!(nested("[]", 3).unwrap(), Nested::default());
        assert_eq!(
            nested("[[],[[]]]", 3).unwrap().ends,
            [vec![0], vec![0, 1], vec![], vec![]]
        );
        assert_eq!(
            nested("[null,[[null]]]", 3).unwrap().ends,
            [vec![1], vec![0, 1], vec![], vec![]]
        );
        let odd = nested("[-1, 1.5, 4294967295, 99999999999999999999, 3]", 1).unwrap();
        assert_eq!(odd.values, [NO_INDEX, NO_INDEX, NO_INDEX, NO_INDEX, 3]);
        for broken in [
            "[[0,1],[2]]",
            "[[[0,1]",
            "[[[[0]]]]",
            "0",
            "",
            "[[[0 1]]]",
            "[[[0,]]]",
            "[[[0,1}]]",
            "[,]",
        ] {
            assert!(nested(broken, 3).is_err(), "{broken}");
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        let number = |text: &str| Cursor::new(text.as_bytes()).number();
        assert_eq!(number("-12 "), Some(Number::Integer(-12)));
        assert_eq!(
            number("999999999999999999"),
            Some(Number::Integer(999_999_999_999_999_999))
        );
        assert_eq!(number("9999999999999999999"), Some(Number::Float(1e19)));
        assert_eq!(number("0.1e2,"), Some(Number::Float(10.0)));
        for none in ["NaN", "-", "", "x", "\"1\"", "1.2.3"] {
            assert_eq!(number(none), None, "{none}");
        }
        assert_eq!(Cursor::new(b"[1,2,1e999]").triple(), None);
        assert_eq!(Cursor::new(b"[1,2]").triple(), None);
        assert!(Cursor::new(b"[ 1 , 2.5 , -3 ]").triple().is_some());
    }

    #[test]
    fn members_and_elements_are_found() {
        let mut found = Vec::new();
        let text = r#" {"a": [1, "}"], "b\u0041" :{"c":null} } "#;
        let walk = Cursor::new(text.as_bytes()).members(|key, value| {
            found.push((key.to_owned(), std::str::from_utf8(value).unwrap().to_owned()));
            Ok(())
        });
        assert!(walk.is_ok());
        assert_eq!(found[0], ("a".to_owned(), r#"[1, "}"]"#.to_owned()));
        assert_eq!(found[1], ("bA".to_owned(), r#"{"c":null}"#.to_owned()));
        for broken in [
            r#"{"a" 1}"#,
            r#"{"a":1"#,
            r#"{"a":[1}"#,
            "{a:1}",
            r#"{"a":1,}"#,
            "[",
            r#"{"a"#,
        ] {
            let walk = Cursor::new(broken.as_bytes()).members(|_, _| Ok(()));
            assert!(walk.is_err(), "{broken}");
        }
    }
}
