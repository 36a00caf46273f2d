//! Files that were packed with gzip and do not say so: told by their first bytes, unpacked within a cap.

use super::{ResourceError, read_capped};
use flate2::read::MultiGzDecoder;
use std::io::ErrorKind;

/// What every gzip file begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// What unpacks to more than this must not have shrunk by more than [`MAX_RATIO`]: tiles and JSON never do.
pub(super) const RATIO_FREE_BYTES: u64 = 16 << 20;
/// Largest ratio of compression of a big file.
pub(super) const MAX_RATIO: u64 = 200;

/// The bytes of the file `uri`, unpacked where they are packed, to at most `limit` bytes.
///
/// # Errors
/// [`ResourceError::TooLarge`] when they unpack to more than that or to far more than honest data would,
/// [`ResourceError::Archive`] when they are damaged.
pub(crate) fn unzipped(bytes: Vec<u8>, limit: u64, uri: &str) -> Result<Vec<u8>, ResourceError> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(bytes);
    }
    let honest = RATIO_FREE_BYTES.max((bytes.len() as u64).saturating_mul(MAX_RATIO));
    let reader = MultiGzDecoder::new(&*bytes);
    read_capped(reader, 0, limit.min(honest), uri).map_err(|error| damaged_if_unreadable(error, "its gzip data"))
}

/// What a decoder calls unreadable is damage in the file, not a fault of the disk.
pub(super) fn damaged_if_unreadable(error: ResourceError, what: &str) -> ResourceError {
    match error {
        ResourceError::Io { source, uri }
            if matches!(
                source.kind(),
                ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof | ErrorKind::Other
            ) =>
        {
            ResourceError::Archive {
                reason: format!("{what}: {source}"),
                uri,
            }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn zip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn packed_bytes_are_unpacked_and_others_left() {
        let text = b"{\"asset\": {}}".to_vec();
        assert_eq!(unzipped(zip(&text), 100, "a").unwrap(), text);
        assert_eq!(unzipped(text.clone(), 3, "a").unwrap(), text);
        assert!(unzipped(Vec::new(), 3, "a").unwrap().is_empty());
        let both = [zip(b"{}"), zip(b"[]")].concat();
        assert_eq!(unzipped(both, 100, "a").unwrap(), b"{}[]");
    }

    #[test]
    fn bombs_and_damage_are_refused() {
        let zeros = zip(&vec![0; 20 << 20]);
        assert!(matches!(
            unzipped(zeros.clone(), 1 << 30, "a"),
            Err(ResourceError::TooLarge {
                limit: RATIO_FREE_BYTES,
                ..
            })
        ));
        assert!(matches!(
            unzipped(zip(&[0; 1000]), 999, "a"),
            Err(ResourceError::TooLarge { .. })
        ));
        let good = zip(b"some text that is worth packing");
        for end in 2..good.len() {
            assert!(
                matches!(
                    unzipped(good[..end].to_vec(), 100, "a"),
                    Err(ResourceError::Archive { .. })
                ),
                "{end}"
            );
        }
        let mut wrong = good;
        let last = wrong.len() - 5;
        wrong[last] ^= 1;
        assert!(unzipped(wrong, 100, "a").is_err(), "a wrong checksum");
    }
}
