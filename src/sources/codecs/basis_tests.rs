use super::*;
use crate::sources::codecs::CodecErrorKind;
use proptest::prelude::*;

const PLENTY: u64 = 1 << 20;

/// A KTX2 file of UASTC blocks that each have one colour: level `n` is red `200 - 20 n`, half transparent.
fn uastc(width: u32, height: u32, levels: u32) -> Vec<u8> {
    let header = Header { width, height, levels };
    let mut bytes = MAGIC.to_vec();
    let description_at = 80 + 24 * levels;
    let words = [0, 1, width, height, 0, 0, 1, levels, 0, description_at, 44, 0, 0];
    bytes.extend(words.iter().flat_map(|word: &u32| word.to_le_bytes()));
    bytes.extend([0; 16]);
    let mut at = u64::from(description_at) + 44;
    let mut data = Vec::new();
    for level in 0..levels {
        let (width, height) = header.size_of(level);
        let size = TexelFormat::Bc7.level_bytes(width, height);
        bytes.extend([at, size, size].iter().flat_map(|long| long.to_le_bytes()));
        at += size;
        // Mode 8: five bits of the mode, then a byte each of red, green, blue and alpha.
        let block = 0x17 | u128::from(200 - 20 * level) << 5 | 100 << 13 | 50 << 21 | 128 << 29;
        data.extend(block.to_le_bytes().repeat(usize::try_from(size / 16).unwrap()));
    }
    // The one description: UASTC with alpha in sRGB, blocks of 4 by 4 in 16 bytes.
    let description = [
        44,
        0,
        2 | 40 << 16,
        0x0002_01a6,
        0x0303,
        16,
        0,
        127 << 16 | 3 << 24,
        0,
        0,
        u32::MAX,
    ];
    bytes.extend(description.iter().flat_map(|word: &u32| word.to_le_bytes()));
    bytes.extend(data);
    bytes
}

fn with_word(mut bytes: Vec<u8>, at: usize, word: u32) -> Vec<u8> {
    bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    bytes
}

fn with_long(mut bytes: Vec<u8>, at: usize, long: u64) -> Vec<u8> {
    bytes[at..at + 8].copy_from_slice(&long.to_le_bytes());
    bytes
}

fn plain(bytes: &[u8]) -> Result<Texture, CodecError> {
    decode(bytes, PLENTY, TextureSupport::default())
}

#[test]
fn all_levels_become_plain_texels() {
    let texture = plain(&uastc(8, 4, 4)).unwrap();
    assert_eq!((texture.width, texture.height, texture.levels), (8, 4, 4));
    assert_eq!((texture.format, texture.srgb), (TexelFormat::Rgba8, true));
    // 8 × 4, 4 × 2, 2 × 1 and 1 × 1.
    assert_eq!(texture.texels.len(), 4 * (32 + 8 + 2 + 1));
    for (texel, red) in [(0, 200), (31, 200), (32, 180), (40, 160), (42, 140)] {
        assert_eq!(
            texture.texels[4 * texel..4 * texel + 4],
            [red, 100, 50, 128],
            "texel {texel}"
        );
    }
}

#[test]
fn blocks_are_kept_where_the_card_takes_them_and_they_fill_the_picture() {
    let support = TextureSupport { bc7: true };
    let texture = decode(&uastc(8, 4, 4), PLENTY, support).unwrap();
    assert_eq!((texture.format, texture.levels), (TexelFormat::Bc7, 4));
    // Two blocks, then one for each smaller level. No block of BC7 begins with a zero byte.
    assert_eq!(texture.texels.len(), 16 * 5);
    assert!(texture.texels.chunks(16).all(|block| block[0] != 0));
    let odd = decode(&uastc(6, 5, 1), PLENTY, support).unwrap();
    assert_eq!((odd.format, odd.texels.len()), (TexelFormat::Rgba8, 6 * 5 * 4));
}

/// Each of these made the crate alone reserve gigabytes or end the program.
#[test]
fn sizes_that_lie_are_refused_before_anything_is_reserved() {
    let good = uastc(8, 8, 1);
    assert!(plain(&good).is_ok());
    let zstandard = with_word(good.clone(), 44, 2);
    for (name, bytes, kind) in [
        (
            "a terabyte",
            with_long(zstandard, 80 + 16, 1 << 40),
            CodecErrorKind::Damaged,
        ),
        (
            "a short level",
            with_long(good.clone(), 80 + 8, 16),
            CodecErrorKind::Damaged,
        ),
        (
            "a level outside",
            with_long(good.clone(), 80, 1 << 30),
            CodecErrorKind::Damaged,
        ),
        (
            "a level that wraps",
            with_long(good.clone(), 80, u64::MAX - 8),
            CodecErrorKind::Damaged,
        ),
        (
            "global data outside",
            with_long(good.clone(), 72, 1 << 30),
            CodecErrorKind::Damaged,
        ),
        (
            "description outside",
            with_word(good.clone(), 48, u32::MAX),
            CodecErrorKind::Damaged,
        ),
        (
            "keys outside",
            with_word(good.clone(), 60, u32::MAX),
            CodecErrorKind::Damaged,
        ),
        (
            "too many levels",
            with_word(good.clone(), 40, 5),
            CodecErrorKind::Damaged,
        ),
        ("no levels", with_word(good.clone(), 40, 0), CodecErrorKind::Damaged),
        ("no width", with_word(good.clone(), 20, 0), CodecErrorKind::Damaged),
        (
            "very wide",
            with_word(good.clone(), 20, u32::MAX),
            CodecErrorKind::TooLarge,
        ),
        ("a cube", with_word(good.clone(), 36, 6), CodecErrorKind::NotRead),
        ("an array", with_word(good.clone(), 32, 9), CodecErrorKind::NotRead),
        ("a volume", with_word(good.clone(), 28, 4), CodecErrorKind::NotRead),
        (
            "another format",
            with_word(good.clone(), 12, 145),
            CodecErrorKind::NotRead,
        ),
        ("zlib", with_word(good.clone(), 44, 3), CodecErrorKind::NotRead),
        ("a .basis file", b"sB\x13\0basis".to_vec(), CodecErrorKind::Damaged),
    ] {
        let error = plain(&bytes).unwrap_err();
        assert_eq!(error.kind, kind, "{name}: {}", error.message);
        assert!(!error.message.contains("did not expect"), "{name}");
    }
    for end in 0..good.len() {
        assert!(plain(&good[..end]).is_err(), "cut at {end}");
    }
    assert_eq!(
        decode(&good, 255, TextureSupport::default()).unwrap_err().kind,
        CodecErrorKind::TooLarge
    );
    assert!(decode(&good, 256, TextureSupport::default()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damage_is_an_error_or_a_picture_of_its_size(
        hits in prop::collection::vec((0_usize..400, any::<u8>()), 1..8),
        keep in 0_usize..400,
        bc7 in any::<bool>(),
    ) {
        let mut bytes = uastc(16, 8, 3);
        for (at, value) in hits {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(keep.max(100));
        if let Ok(texture) = decode(&bytes, PLENTY, TextureSupport { bc7 }) {
            prop_assert!(texture.texels.len() as u64 <= PLENTY);
        }
    }
}
