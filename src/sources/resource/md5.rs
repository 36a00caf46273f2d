//! MD5 ([RFC 1321](https://www.rfc-editor.org/rfc/rfc1321)), which the index of a tile archive sorts names by. Nothing
//! here is kept secret or safe with it.

/// Shifts of the four rounds, each used four times in turn.
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The digest of `bytes`.
pub(super) fn md5(bytes: &[u8]) -> [u8; 16] {
    let sines = sine_table();
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((bytes.len() as u64).wrapping_mul(8).to_le_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.as_chunks::<64>().0 {
        let mut words = [0; 16];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64 {
            let (mixed, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let sum = a
                .wrapping_add(mixed)
                .wrapping_add(sines[step])
                .wrapping_add(words[word]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[step / 16][step % 4]));
        }
        for (part, change) in state.iter_mut().zip([a, b, c, d]) {
            *part = part.wrapping_add(change);
        }
    }
    let mut digest = [0; 16];
    for (bytes, part) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = part.to_le_bytes();
    }
    digest
}

/// The first 32 bits behind the point of |sin n| for n from 1.
fn sine_table() -> [u32; 64] {
    let mut table = [0; 64];
    for (number, entry) in (1_u32..).zip(&mut table) {
        let scaled = f64::from(number).sin().abs() * 4_294_967_296.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to below 2^32, and the specification cuts the rest off"
        )]
        {
            *entry = scaled as u32;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::hex;

    /// The test suite of RFC 1321, and a name in the index of a real archive.
    #[test]
    fn digests_are_those_of_the_specification() {
        for (text, digest) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
            ("tileset.json", "c09bdea7e745894f499a7517db9a7709"),
        ] {
            assert_eq!(hex(&md5(text.as_bytes())), digest, "{text}");
        }
    }
}
