//! Eight bytes at a time: where texts end, how brackets nest among numbers, what number digits are.
//!
//! A byte is looked at without a branch of its own, since where numbers and brackets end nobody can foresee, least of all
//! a processor. Words are little-endian: their lowest byte is the first.

/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first and the fifth byte.
const EVERY_FOURTH: u64 = 0x0000_00FF_0000_00FF;

/// The highest bit of the first byte that is zero, and perhaps of some behind it.
#[inline]
fn first_zero(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Number of the first byte whose highest bit is set; 8 where none is.
#[inline]
fn first(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

/// Where the first quotation mark or backslash stands.
#[inline]
pub(super) fn end_of_text(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = first_zero(word ^ (ONES * u64::from(b'"'))) | first_zero(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(8 * number + first(found));
        }
    }
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    found.map(|n| bytes.len() - rest.len() + n)
}

/// The brackets in a word: in each byte how many there are up to it.
#[derive(Clone, Copy)]
pub(super) struct Brackets {
    opens: u64,
    closes: u64,
}

/// The brackets of lists in a word that has nothing else but digits, commas, points, signs and spaces; `None` for another
/// word.
#[inline]
pub(super) fn brackets_of_numbers(bytes: [u8; 8]) -> Option<Brackets> {
    let word = u64::from_le_bytes(bytes);
    // With ASCII alone none of the sums below passes over into the next byte.
    let equal = |byte: u8| {
        let differences = word ^ (ONES * u64::from(byte));
        !differences.wrapping_add(HIGHS - ONES) & HIGHS
    };
    let at_least = |byte: u8| word.wrapping_add(ONES * u64::from(0x80 - byte));
    let (opens, closes) = (equal(b'['), equal(b']'));
    // From the plus sign to the nine there is only the slash that no number has.
    let of_numbers = (at_least(b'+') & !at_least(b'9' + 1) & !equal(b'/') & HIGHS) | equal(b' ');
    let is_known = word & HIGHS == 0 && opens | closes | of_numbers == HIGHS;
    // A product with ones has in each byte the sum of all bytes up to it.
    let up_to_each = |bits: u64| (bits >> 7).wrapping_mul(ONES);
    is_known.then(|| Brackets {
        opens: up_to_each(opens),
        closes: up_to_each(closes),
    })
}

impl Brackets {
    #[inline]
    pub(super) fn opened(self) -> u32 {
        u32::from(self.opens.to_le_bytes()[7])
    }

    #[inline]
    pub(super) fn closed(self) -> u32 {
        u32::from(self.closes.to_le_bytes()[7])
    }

    /// Whether as many lists are closed as are open, `depth` before the word, at any place in it. `depth` is below 120.
    #[inline]
    pub(super) fn end_within(self, depth: u32) -> bool {
        // None is below zero before one is zero.
        let depths = (ONES * u64::from(depth))
            .wrapping_add(self.opens)
            .wrapping_sub(self.closes);
        first_zero(depths) != 0
    }
}

/// How many digits a word begins with, and the number that they are.
#[inline]
pub(super) fn digits(bytes: [u8; 8]) -> (usize, u32) {
    let word = u64::from_le_bytes(bytes) ^ (ONES * u64::from(b'0'));
    // From ten on a sum reaches the highest bit; what passes over into the next byte comes behind the first such byte.
    let others = (word.wrapping_add(ONES * (0x80 - 10)) | word) & HIGHS;
    let count = first(others);
    if count == 0 {
        return (0, 0);
    }
    // The last digit to the highest byte: zeros lead.
    let digits = word << (64 - 8 * count);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    // The pairs in the bytes 0, 2, 4 and 6 by the millions, ten thousands, hundreds and ones.
    let high = (pairs & EVERY_FOURTH).wrapping_mul(100 + (1_000_000 << 32));
    let low = ((pairs >> 16) & EVERY_FOURTH).wrapping_mul(1 + (10_000 << 32));
    let number = high.wrapping_add(low) >> 32;
    (count, u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_at_the_first_mark() {
        let marked = |length: usize, at: usize, mark: u8| {
            let mut text: Vec<u8> = (0..length)
                .map(|n| [b'a', 0xC3, 0xA4, b'!', b'#', b'['][n % 6])
                .collect();
            text[at] = mark;
            text
        };
        for length in 1..40 {
            assert_eq!(end_of_text(&marked(length, 0, b'x')[1..]), None);
            for at in 0..length {
                for mark in [b'"', b'\\'] {
                    let mut text = marked(length, at, mark);
                    assert_eq!(end_of_text(&text), Some(at));
                    text.extend(*b"\"\\\"");
                    assert_eq!(end_of_text(&text), Some(at), "the first of several");
                }
            }
        }
    }

    #[test]
    fn each_byte_is_known_for_what_it_is_at_each_place() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut word = *b"1,2,3,45";
                word[at] = byte;
                let brackets = brackets_of_numbers(word);
                let is_known = matches!(byte, b'0'..=b'9' | b',' | b'.' | b'+' | b'-' | b' ' | b'[' | b']');
                assert_eq!(brackets.is_some(), is_known, "{byte}");
                let counts = brackets.map_or((0, 0), |brackets| (brackets.opened(), brackets.closed()));
                assert_eq!(counts, (u32::from(byte == b'['), u32::from(byte == b']')));
                let mut word = *b"12345678";
                word[at] = byte;
                let (count, _) = digits(word);
                assert_eq!(count, if byte.is_ascii_digit() { 8 } else { at }, "{byte}");
            }
        }
    }

    #[test]
    fn the_end_is_found_where_a_count_byte_by_byte_finds_it() {
        for pattern in 0..3_u32.pow(8) {
            let mut left = pattern;
            let word: [u8; 8] = std::array::from_fn(|_| {
                let byte = b"[]7"[left as usize % 3];
                left /= 3;
                byte
            });
            let brackets = brackets_of_numbers(word).unwrap();
            for depth in [1, 2, 3, 7, 8, 92, 110] {
                let mut now = i64::from(depth);
                let ends = word.iter().any(|byte| {
                    now += i64::from(*byte == b'[') - i64::from(*byte == b']');
                    now == 0
                });
                assert_eq!(brackets.end_within(depth), ends, "{word:?} from {depth}");
            }
        }
    }

    #[test]
    fn digits_are_the_number_that_they_are() {
        for (text, expected) in [
            ("0,1,2,3]", (1, 0)),
            ("12345,67", (5, 12_345)),
            ("99999999", (8, 99_999_999)),
            ("00000012", (8, 12)),
            ("1234567]", (7, 1_234_567)),
            ("-1234567", (0, 0)),
            (",1234567", (0, 0)),
            ("1:999999", (1, 1)),
            ("1/999999", (1, 1)),
        ] {
            let bytes = text.as_bytes().first_chunk().unwrap();
            assert_eq!(digits(*bytes), expected, "{text}");
        }
        assert_eq!(digits([b'7', 0xFF, b'1', b'1', b'1', b'1', b'1', b'1']), (1, 7));
    }
}
