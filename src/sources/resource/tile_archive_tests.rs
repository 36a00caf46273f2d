use super::*;
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Files for a test: name, bytes, packed or as they are.
type Files<'a> = &'a [(&'a str, &'a [u8], bool)];

const FILES: Files<'_> = &[
    ("tileset.json", b"{\"asset\": {\"version\": \"1.1\"}}", true),
    ("a/b.glb", b"glTF and more", false),
    ("a/c.glb", &[7; 5000], true),
    ("empty", b"", false),
];

/// A zip archive written by another hand.
fn zipped(files: Files<'_>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes, is_packed) in files {
        let method = if *is_packed {
            CompressionMethod::Deflated
        } else {
            CompressionMethod::Stored
        };
        writer
            .start_file(*name, SimpleFileOptions::default().compression_method(method))
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The index of an archive, by what another hand reads of it.
fn index_of(archive: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut entries: Vec<([u8; 16], u64)> = (0..archive.len())
        .map(|number| {
            let file = archive.by_index_raw(number).unwrap();
            (md5(file.name().unwrap().as_bytes()), file.header_start())
        })
        .collect();
    entries.sort_by_key(|(digest, _)| sort_key(digest));
    entries
        .iter()
        .flat_map(|(digest, at)| [&digest[..], &at.to_le_bytes()].concat())
        .collect()
}

fn with_file(archive: Vec<u8>, name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new_append(Cursor::new(archive)).unwrap();
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    writer.start_file(name, stored).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap().into_inner()
}

/// A tile archive with its index.
pub(in crate::sources::resource) fn indexed(files: Files<'_>) -> Vec<u8> {
    let archive = zipped(files);
    let index = index_of(&archive);
    with_file(archive, INDEX, &index)
}

fn open(bytes: &[u8]) -> Result<TileArchive, ResourceError> {
    TileArchive::open(Arc::new(bytes.to_vec()), "a.3tz")
}

fn assert_gives_all(archive: &TileArchive) {
    for (name, bytes, _) in FILES {
        assert!(archive.exists(name), "{name}");
        assert_eq!(archive.read(name).unwrap(), *bytes, "{name}");
        let opened = archive.open(name, 1 << 20).unwrap();
        let mut read = vec![0; 6000];
        let count = opened.read_at(0, &mut read).unwrap();
        assert_eq!(
            (&read[..count], opened.size_bytes()),
            (*bytes, bytes.len() as u64),
            "{name}"
        );
        assert_eq!(opened.read_at(bytes.len() as u64 + 1, &mut read).unwrap(), 0);
    }
    for name in ["none", "a", "", "a/b.glb/", "../a"] {
        assert!(
            matches!(archive.read(name), Err(ResourceError::Missing { .. })),
            "{name}"
        );
    }
    let mut names: Vec<&str> = FILES.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    assert_eq!(archive.listed(), names);
}

#[test]
fn files_are_found_through_the_index_and_without_it() {
    let with_index = open(&indexed(FILES)).unwrap();
    assert!(with_index.index.is_some());
    assert_gives_all(&with_index);
    let without = open(&zipped(FILES)).unwrap();
    assert!(without.index.is_none());
    assert_gives_all(&without);
}

#[test]
fn an_index_that_is_not_sound_is_not_believed() {
    let plain = zipped(FILES);
    let index = index_of(&plain);
    let mut turned = index.clone();
    turned.rotate_left(24);
    for (name, wrong) in [
        ("not sorted", turned),
        ("a file short", index[24..].to_vec()),
        ("cut off", index[..90].to_vec()),
        ("empty", Vec::new()),
    ] {
        let archive = open(&with_file(plain.clone(), INDEX, &wrong)).unwrap();
        assert!(archive.index.is_none(), "{name}");
        assert_gives_all(&archive);
    }
    // A place that leads to another file has a sound form; the name tells.
    let mut misled = index.clone();
    let (first, second) = (index[16..24].to_vec(), index[40..48].to_vec());
    misled[16..24].copy_from_slice(&second);
    misled[40..48].copy_from_slice(&first);
    let archive = open(&with_file(plain.clone(), INDEX, &misled)).unwrap();
    assert!(archive.index.is_some());
    assert_gives_all(&archive);
    // The checksum is looked at, too.
    let mut damaged = with_file(plain, INDEX, &index);
    let at = damaged.windows(24).position(|window| window == &index[..24]).unwrap();
    damaged[at + 16] ^= 1;
    assert!(open(&damaged).unwrap().index.is_none());
}

#[test]
fn what_is_packed_as_zstandard_is_read() {
    let text = b"town town town town town town town".to_vec();
    let packed = ruzstd::encoding::compress_to_vec(&*text, ruzstd::encoding::CompressionLevel::Fastest);
    let mut archive = zipped(&[("t", &packed, false)]);
    let mut crc = Crc::new();
    crc.update(&text);
    let list = archive.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    for (method, sum, size) in [(8, 14, 22), (list + 10, list + 16, list + 24)] {
        archive[method..method + 2].copy_from_slice(&ZSTANDARD.to_le_bytes());
        archive[sum..sum + 4].copy_from_slice(&crc.sum().to_le_bytes());
        archive[size..size + 4].copy_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
    }
    assert_eq!(open(&archive).unwrap().read("t").unwrap(), text);
    // A method that nobody knows is one clear line.
    for at in [8, list + 10] {
        archive[at] = 77;
    }
    let error = open(&archive).unwrap().read("t").unwrap_err().to_string();
    assert!(error.contains("method 77"), "{error}");
}

#[test]
fn bombs_caps_and_damage_are_one_clear_error() {
    let zeros = vec![0; 20 << 20];
    let bomb = open(&zipped(&[("bomb", &zeros, true), ("small", &zeros[..1000], true)])).unwrap();
    assert!(matches!(bomb.read("bomb"), Err(ResourceError::Archive { .. })));
    assert_eq!(bomb.read_at_most("small", 1000).unwrap().len(), 1000);
    assert!(matches!(
        bomb.read_at_most("small", 999),
        Err(ResourceError::TooLarge { .. })
    ));
    for bytes in [&b""[..], b"PK", b"PK\x03\x04", b"no zip at all", &vec![0; 70_000]] {
        let error = open(bytes).err().unwrap().to_string();
        assert!(error.contains("no zip archive") && error.ends_with("a.3tz"), "{error}");
    }
    let good = zipped(FILES);
    for end in (0..good.len()).step_by(7) {
        assert!(open(&good[..end]).is_err(), "cut at {end}");
    }
    let mut wrong = good;
    let at = wrong.windows(4).position(|four| four == b"glTF").unwrap();
    wrong[at] = b'x';
    let error = open(&wrong).unwrap().read("a/b.glb").unwrap_err().to_string();
    assert!(error.contains("checksum"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damage_never_gives_wrong_bytes(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        has_index in any::<bool>(),
    ) {
        let mut bytes = if has_index { indexed(FILES) } else { zipped(FILES) };
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(archive) = open(&bytes) {
            for (name, expected, _) in FILES {
                if let Ok(read) = archive.read_at_most(name, 1 << 16) {
                    // A checksum of four bytes is all that a file has.
                    prop_assert!(read == *expected || read.len() <= 1 << 16);
                }
                let _any = archive.open(name, 1 << 16).map(|opened| opened.size_bytes());
            }
            let _names = archive.listed();
        }
    }
}
