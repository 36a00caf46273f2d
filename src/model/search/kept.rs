//! The index of names in a file, so that a large scenario need not make it again.
//!
//! The file holds no places, only how to find the names, and the digest of all names in their order. An index of other
//! names, of another version or with a bit turned over is not used; then it is made anew, which takes three to five times
//! as long. Numbers are written in sevens of bits, of a list that rises the differences.
//!
//! ```text
//! 8 bytes  "SLNAMES" and the version
//! 32       SHA-256 of the names
//! 32       SHA-256 of what follows
//! n        number of names, length of the text, lengths of the names, the text,
//!          number of trigrams, number of all their places; of each trigram: difference to the one before, number of
//!          places, differences of the places
//! ```

use super::FoundPlace;
use super::index::NameIndex;
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"SLNAMES\x01";
/// Different trigrams: all names of the world have fewer.
const MOST_TRIGRAMS: usize = 4_000_000;
const HEAD_BYTES: usize = 8 + 32 + 32;

/// The bytes of a file.
pub(super) fn write(index: &NameIndex, places: &[FoundPlace]) -> Vec<u8> {
    let mut body = Vec::with_capacity(index.text.len() + index.places.len() + index.trigrams.len() * 4);
    push(&mut body, index.ends.len() as u64);
    push(&mut body, index.text.len() as u64);
    let mut before = 0;
    for end in &index.ends {
        push(&mut body, u64::from(end - before));
        before = *end;
    }
    body.extend_from_slice(index.text.as_bytes());
    push(&mut body, index.trigrams.len() as u64);
    push(&mut body, index.places.len() as u64);
    let mut before = 0;
    for (trigram, bounds) in index.trigrams.iter().zip(index.starts.windows(2)) {
        push(&mut body, trigram - before);
        before = *trigram;
        let having = index
            .places
            .get(bounds[0] as usize..bounds[1] as usize)
            .unwrap_or_default();
        push(&mut body, having.len() as u64);
        let mut before = 0;
        for place in having {
            push(&mut body, u64::from(place - before));
            before = *place;
        }
    }
    let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&digest_of(places));
    bytes.extend_from_slice(&Sha256::digest(&body));
    bytes.extend_from_slice(&body);
    bytes
}

/// The index in the bytes of a file; `None` where it is of other names or cannot be used.
pub(super) fn read(bytes: &[u8], places: &[FoundPlace]) -> Option<NameIndex> {
    let (head, body) = bytes.split_at_checked(HEAD_BYTES)?;
    let (magic, digests) = head.split_at_checked(MAGIC.len())?;
    let (names, sum) = digests.split_at_checked(32)?;
    if magic != MAGIC || names != digest_of(places) || sum != Sha256::digest(body).as_slice() {
        return None;
    }
    decode(body).filter(|index| index.ends.len() == places.len())
}

fn digest_of(places: &[FoundPlace]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for place in places {
        hash.update((place.name.len() as u64).to_le_bytes());
        hash.update(&place.name);
    }
    hash.finalize().into()
}

/// The index in the body of a file. Nothing in it is trusted: counts are held against the bytes that are there.
fn decode(body: &[u8]) -> Option<NameIndex> {
    let mut reader = Reader(body);
    let (count, length) = (reader.count()?, reader.count()?);
    let mut index = NameIndex {
        ends: reader.rising(count, u32::try_from(length).ok()?)?,
        text: String::new(),
        trigrams: Vec::new(),
        starts: Vec::new(),
        places: Vec::new(),
    };
    let (text, rest) = reader.0.split_at_checked(length)?;
    std::str::from_utf8(text).ok()?.clone_into(&mut index.text);
    if !index.ends.iter().all(|end| index.text.is_char_boundary(*end as usize)) {
        return None;
    }
    reader.0 = rest;
    let trigrams = reader.count().filter(|count| *count <= MOST_TRIGRAMS)?;
    index.trigrams.reserve_exact(trigrams);
    index.starts.reserve_exact(trigrams + 1);
    let all = reader.count()?;
    index.places.reserve_exact(all);
    let mut trigram = 0_u64;
    let most = u32::try_from(count).ok()?.checked_sub(1);
    for number in 0..trigrams {
        let step = reader.number()?;
        if number > 0 && step == 0 {
            return None;
        }
        trigram = trigram.checked_add(step)?;
        index.trigrams.push(trigram);
        index.starts.push(u32::try_from(index.places.len()).ok()?);
        let having = reader.count().filter(|having| *having <= all - index.places.len())?;
        reader.rising_into(having, most?, &mut index.places)?;
    }
    index.starts.push(u32::try_from(index.places.len()).ok()?);
    (reader.0.is_empty() && index.places.len() == all).then_some(index)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7F);
            number |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A count of things that take a byte each at least: never more than there can be.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    /// So many numbers that rise to `most` at most, from their differences.
    fn rising(&mut self, count: usize, most: u32) -> Option<Vec<u32>> {
        let mut numbers = Vec::with_capacity(count);
        self.rising_into(count, most, &mut numbers)?;
        Some(numbers)
    }

    fn rising_into(&mut self, count: usize, most: u32, numbers: &mut Vec<u32>) -> Option<()> {
        let mut last = 0_u32;
        for _ in 0..count {
            last = last.checked_add(u32::try_from(self.number()?).ok()?)?;
            if last > most {
                return None;
            }
            numbers.push(last);
        }
        Some(())
    }
}

fn push(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "seven bits")]
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::super::PlaceKind;
    use super::*;
    use bevy::math::DVec2;
    use proptest::prelude::*;

    fn places(names: &[&str]) -> Vec<FoundPlace> {
        let place = |name: &&str| FoundPlace {
            kind: PlaceKind::Street,
            name: (*name).to_owned(),
            position: DVec2::ZERO,
            top_m: None,
        };
        names.iter().map(place).collect()
    }

    fn index(places: &[FoundPlace]) -> NameIndex {
        NameIndex::new(places.iter().map(|place| place.name.as_str()))
    }

    const NAMES: [&str; 6] = ["Wemenstraat", "Wemenstraat 12", "", "Curaçaostraat 3", "Ĳsbaan", "日本"];

    #[test]
    fn an_index_is_read_as_it_was_written() {
        for names in [&NAMES[..], &NAMES[..1], &[], &["", "..."]] {
            let places = places(names);
            let index = index(&places);
            assert_eq!(read(&write(&index, &places), &places), Some(index), "{names:?}");
        }
    }

    #[test]
    fn an_index_of_other_names_or_of_another_version_is_not_used() {
        let all = places(&NAMES);
        let bytes = write(&index(&all), &all);
        let mut swapped = all.clone();
        swapped.swap(0, 1);
        assert_eq!(read(&bytes, &swapped), None);
        assert_eq!(read(&bytes, &all[..5]), None);
        let mut newer = bytes.clone();
        newer[7] += 1;
        assert_eq!(read(&newer, &all), None);
        for at in 0..bytes.len() {
            let mut turned = bytes.clone();
            turned[at] ^= 4;
            assert_eq!(read(&turned, &all), None, "byte {at}");
            assert_eq!(read(&bytes[..at], &all), None, "cut off at {at}");
        }
    }

    /// What a file of the right sums could make a reader do.
    fn is_sound(index: &NameIndex) {
        let places: Vec<(usize, f64)> = index.find("wemenstraat 12", 5);
        assert!(places.iter().all(|(place, _)| *place < index.ends.len()));
    }

    #[test]
    fn counts_without_bytes_take_no_memory() {
        for body in [
            [0xFF; 9].as_slice(),
            &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0],
            &[0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
            &[1, 0, 0, 1, 1, 32, 2, 0, 0],
            &[1, 0, 0, 1, 2, 32, 1, 0],
            &[1, 0, 0, 1, 1, 32, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
        ] {
            assert_eq!(decode(body), None, "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(body in proptest::collection::vec(prop_oneof![0_u8..8, any::<u8>()], 0..200)) {
            decode(&body).iter().for_each(is_sound);
        }

        #[test]
        fn a_damaged_body_is_refused_or_sound(at in 0_usize..400, to in any::<u8>()) {
            let all = places(&NAMES);
            let mut body = write(&index(&all), &all).split_off(HEAD_BYTES);
            let at = at % body.len();
            body[at] = to;
            decode(&body).iter().for_each(is_sound);
        }
    }
}
