//! Little-endian numbers at places in bytes.

/// The bytes at `at`, where they are there.
pub(super) fn bytes<const N: usize>(from: &[u8], at: usize) -> Option<[u8; N]> {
    from.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Two bytes.
pub(super) fn u16_at(from: &[u8], at: usize) -> Option<u16> {
    bytes(from, at).map(u16::from_le_bytes)
}

/// Four bytes.
pub(super) fn u32_at(from: &[u8], at: usize) -> Option<u32> {
    bytes(from, at).map(u32::from_le_bytes)
}

/// Four bytes with a sign.
pub(super) fn i32_at(from: &[u8], at: usize) -> Option<i32> {
    bytes(from, at).map(i32::from_le_bytes)
}

/// Eight bytes.
pub(super) fn u64_at(from: &[u8], at: usize) -> Option<u64> {
    bytes(from, at).map(u64::from_le_bytes)
}

/// Eight bytes, a number with a fraction.
pub(super) fn f64_at(from: &[u8], at: usize) -> Option<f64> {
    bytes(from, at).map(f64::from_le_bytes)
}
