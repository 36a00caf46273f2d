//! What stands in a zip archive and where, read from any place with checked arithmetic.
//!
//! Our own beside the `zip` crate of [`super::archive`]: tile archives are found through their own index, without the
//! list of all files, and have extra fields that other readers stumble over. Names are only ever compared, never opened.
//!
//! Layout: [APPNOTE 6.3.10](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).

use super::RandomRead;
use std::{collections::HashMap, io};

/// Most files that are listed where there is no index.
const MAX_LISTED: u64 = 400_000;
/// Largest list of files that is read, bytes.
const MAX_LIST_BYTES: u64 = 128 << 20;
/// The end record and the longest comment behind it, bytes.
const LONGEST_END: u64 = 22 + 65_535;
/// The part of a local header that always has the same length.
const LOCAL_HEADER: usize = 30;
/// The part of an entry of the list that always has the same length.
pub(super) const LIST_HEADER: usize = 46;
/// Encrypted, among the flags.
const ENCRYPTED: u16 = 1;
/// Sizes stand behind the data, among the flags.
const SIZES_BEHIND: u16 = 8;

/// One file in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ZipEntry {
    /// Where its own header starts.
    pub(super) header_at: u64,
    pub(super) method: u16,
    pub(super) packed_bytes: u64,
    pub(super) bytes: u64,
    pub(super) crc: u32,
}

/// What a file's own header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocalHeader {
    pub(super) name: Vec<u8>,
    /// Where its data start.
    pub(super) data_at: u64,
    /// `None` where the sizes stand behind the data.
    pub(super) entry: Option<ZipEntry>,
}

/// Where the list of all files is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ZipEnd {
    pub(super) entries: u64,
    pub(super) list_at: u64,
    pub(super) list_bytes: u64,
}

impl ZipEnd {
    /// Finds the end record.
    pub(super) fn find(source: &dyn RandomRead) -> Result<Self, String> {
        let size = source.size_bytes();
        let tail_at = size.saturating_sub(LONGEST_END);
        let tail = read(source, tail_at, size - tail_at)?;
        let at = tail.windows(4).rposition(|four| four == b"PK\x05\x06");
        let at = at.ok_or("it has no end record: it is no zip archive, or is cut off")?;
        let cut_off = "its end record is cut off";
        let record = tail.get(at..).ok_or(cut_off)?;
        let mut end = Self {
            entries: short(record, 10).ok_or(cut_off)?.into(),
            list_bytes: word(record, 12).ok_or(cut_off)?.into(),
            list_at: word(record, 16).ok_or(cut_off)?.into(),
        };
        let is_large = end.entries == u64::from(u16::MAX)
            || end.list_bytes == u64::from(u32::MAX)
            || end.list_at == u64::from(u32::MAX);
        if is_large
            && let Some(before) = at.checked_sub(20).and_then(|start| tail.get(start..at))
            && before.starts_with(b"PK\x06\x07")
        {
            let wide = read(source, long(before, 8).ok_or(cut_off)?, 56)?;
            if !wide.starts_with(b"PK\x06\x06") {
                return Err("its large end record is not where it should be".to_owned());
            }
            end = Self {
                entries: long(&wide, 32).ok_or(cut_off)?,
                list_bytes: long(&wide, 40).ok_or(cut_off)?,
                list_at: long(&wide, 48).ok_or(cut_off)?,
            };
        }
        let is_inside = end
            .list_at
            .checked_add(end.list_bytes)
            .is_some_and(|list_end| list_end <= size);
        if is_inside {
            Ok(end)
        } else {
            Err("its list of files reaches past its end".to_owned())
        }
    }

    /// All files by name. Folders, links to elsewhere and encrypted files are as if they were not there.
    pub(super) fn list(&self, source: &dyn RandomRead) -> Result<HashMap<String, ZipEntry>, String> {
        if self.entries > MAX_LISTED || self.list_bytes > MAX_LIST_BYTES {
            return Err(format!(
                "{} files without an index are more than the {MAX_LISTED} that are listed",
                self.entries
            ));
        }
        let list = read(source, self.list_at, self.list_bytes)?;
        let (mut files, mut rest) = (HashMap::new(), &list[..]);
        for _ in 0..self.entries {
            let (listed, behind) = ListEntry::read(rest).ok_or("its list of files is damaged")?;
            rest = behind;
            if let (Some(entry), Ok(name)) = (listed.entry, str::from_utf8(listed.name))
                && !name.ends_with('/')
            {
                files.insert(name.to_owned(), entry);
            }
        }
        Ok(files)
    }

    /// The last file of the list, if it has this name.
    pub(super) fn last(&self, source: &dyn RandomRead, name: &str) -> Option<ZipEntry> {
        // Extra fields and a comment behind the name, of some length.
        let most = (LIST_HEADER + name.len() + (1 << 12)) as u64;
        let length = most.min(self.list_bytes);
        let tail = read(source, self.list_at + self.list_bytes - length, length).ok()?;
        let starts = tail.windows(4).enumerate().rev();
        starts.filter(|(_, four)| *four == b"PK\x01\x02").find_map(|(at, _)| {
            let (listed, behind) = ListEntry::read(&tail[at..])?;
            (listed.name == name.as_bytes() && behind.is_empty()).then_some(listed.entry)?
        })
    }
}

/// One entry of the list.
struct ListEntry<'a> {
    name: &'a [u8],
    /// `None` where the file is encrypted.
    entry: Option<ZipEntry>,
}

impl<'a> ListEntry<'a> {
    /// The first entry and what stands behind it.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        if !bytes.starts_with(b"PK\x01\x02") {
            return None;
        }
        let length = |at| short(bytes, at).map(usize::from);
        let (name_length, extra_length, comment_length) = (length(28)?, length(30)?, length(32)?);
        let (name, rest) = bytes.get(LIST_HEADER..)?.split_at_checked(name_length)?;
        let (extra, rest) = rest.split_at_checked(extra_length)?;
        let (_, rest) = rest.split_at_checked(comment_length)?;
        let mut wide = WideFields::of(extra);
        let [bytes_stated, packed, header] = [word(bytes, 24)?, word(bytes, 20)?, word(bytes, 42)?];
        let entry = ZipEntry {
            // In this order they stand in the extra field, those that are needed.
            bytes: wide.or(bytes_stated)?,
            packed_bytes: wide.or(packed)?,
            header_at: wide.or(header)?,
            method: short(bytes, 10)?,
            crc: word(bytes, 16)?,
        };
        let is_open = short(bytes, 8)? & ENCRYPTED == 0;
        Some((
            Self {
                name,
                entry: is_open.then_some(entry),
            },
            rest,
        ))
    }
}

impl LocalHeader {
    /// Reads the header at `at`.
    pub(super) fn read(source: &dyn RandomRead, at: u64) -> Result<Self, String> {
        let fixed = read(source, at, LOCAL_HEADER as u64)?;
        let cut_off = "the header of a file is cut off";
        if !fixed.starts_with(b"PK\x03\x04") {
            return Err("the header of a file is not where it should be".to_owned());
        }
        let length = |at| short(&fixed, at).map(u64::from).ok_or(cut_off);
        let (name_length, extra_length, flags) = (length(26)?, length(28)?, length(6)?);
        // A header that has been read cannot start near the end of what a number holds.
        let name_at = at + LOCAL_HEADER as u64;
        let mut name = read(source, name_at, name_length + extra_length)?;
        let extra = name.split_off(usize::try_from(name_length).unwrap_or(usize::MAX).min(name.len()));
        let mut wide = WideFields::of(&extra);
        let stated = |at| word(&fixed, at).ok_or(cut_off);
        let bytes = wide.or(stated(22)?);
        let packed = wide.or(stated(18)?);
        let (method, crc) = (short(&fixed, 8).ok_or(cut_off)?, stated(14)?);
        let is_known = flags & u64::from(ENCRYPTED | SIZES_BEHIND) == 0;
        let entry = bytes
            .zip(packed)
            .filter(|_| is_known)
            .map(|(bytes, packed_bytes)| ZipEntry {
                header_at: at,
                method,
                packed_bytes,
                bytes,
                crc,
            });
        Ok(Self {
            name,
            data_at: name_at + name_length + extra_length,
            entry,
        })
    }
}

/// The 64-bit numbers in an extra field, which stand for those that are all ones elsewhere.
struct WideFields<'a>(&'a [u8]);

impl<'a> WideFields<'a> {
    fn of(mut extra: &'a [u8]) -> Self {
        while let (Some(kind), Some(length)) = (short(extra, 0), short(extra, 2)) {
            let Some((field, behind)) = extra[4..].split_at_checked(length.into()) else {
                break;
            };
            if kind == 1 {
                return Self(field);
            }
            extra = behind;
        }
        Self(&[])
    }

    /// The number itself, or the next wide one where it is all ones.
    fn or(&mut self, stated: u32) -> Option<u64> {
        if stated != u32::MAX {
            return Some(stated.into());
        }
        let value = long(self.0, 0)?;
        self.0 = &self.0[8..];
        Some(value)
    }
}

/// Exactly `length` bytes from `at` on.
pub(super) fn read(source: &dyn RandomRead, at: u64, length: u64) -> Result<Vec<u8>, String> {
    let is_inside = at.checked_add(length).is_some_and(|end| end <= source.size_bytes());
    let length = usize::try_from(length).ok().filter(|_| is_inside);
    let mut bytes = vec![0; length.ok_or("it is cut off")?];
    let count = source
        .read_at(at, &mut bytes)
        .map_err(|error: io::Error| error.to_string())?;
    if count < bytes.len() {
        return Err("it is cut off".to_owned());
    }
    Ok(bytes)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

/// Eight bytes at `at`, if they are there.
pub(super) fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}
