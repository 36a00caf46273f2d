//! Directories of a TIFF file and the values in them.

use crate::sources::{Cause, Problem, resource::RandomRead};
use std::{collections::BTreeMap, sync::Arc};

/// Most directories of a file: an image with its overviews and masks has a few dozen.
const MAX_DIRECTORIES: usize = 256;
/// Most entries of a directory.
const MAX_ENTRIES: u64 = 4096;
/// Most values of one entry, 8 MiB of offsets.
pub(super) const MAX_VALUES: u64 = 1 << 20;

/// Numbers of tags.
pub(in crate::sources::raster) mod tag {
    pub(in crate::sources::raster) const SUBFILE_KIND: u16 = 254;
    pub(in crate::sources::raster) const WIDTH: u16 = 256;
    pub(in crate::sources::raster) const HEIGHT: u16 = 257;
    pub(in crate::sources::raster) const BITS: u16 = 258;
    pub(in crate::sources::raster) const COMPRESSION: u16 = 259;
    pub(in crate::sources::raster) const PHOTOMETRIC: u16 = 262;
    pub(in crate::sources::raster) const STRIP_OFFSETS: u16 = 273;
    pub(in crate::sources::raster) const SAMPLES: u16 = 277;
    pub(in crate::sources::raster) const ROWS_PER_STRIP: u16 = 278;
    pub(in crate::sources::raster) const STRIP_SIZES: u16 = 279;
    pub(in crate::sources::raster) const PLANAR: u16 = 284;
    pub(in crate::sources::raster) const PREDICTOR: u16 = 317;
    pub(in crate::sources::raster) const COLOR_MAP: u16 = 320;
    pub(in crate::sources::raster) const TILE_WIDTH: u16 = 322;
    pub(in crate::sources::raster) const TILE_HEIGHT: u16 = 323;
    pub(in crate::sources::raster) const TILE_OFFSETS: u16 = 324;
    pub(in crate::sources::raster) const TILE_SIZES: u16 = 325;
    pub(in crate::sources::raster) const EXTRA_SAMPLES: u16 = 338;
    pub(in crate::sources::raster) const SAMPLE_FORMAT: u16 = 339;
    pub(in crate::sources::raster) const JPEG_TABLES: u16 = 347;
    pub(in crate::sources::raster) const PIXEL_SCALE: u16 = 33550;
    pub(in crate::sources::raster) const TIE_POINTS: u16 = 33922;
    pub(in crate::sources::raster) const TRANSFORMATION: u16 = 34264;
    pub(in crate::sources::raster) const GEO_KEYS: u16 = 34735;
    pub(in crate::sources::raster) const GEO_TEXTS: u16 = 34737;
    pub(in crate::sources::raster) const NO_DATA: u16 = 42113;
}

/// A TIFF file: its bytes and how numbers stand in it.
pub(in crate::sources::raster) struct TiffFile {
    source: Arc<dyn RandomRead>,
    path: String,
    is_big_endian: bool,
    /// `BigTIFF`, with 64-bit offsets.
    is_big: bool,
}

/// An entry of a directory: its values stand at `at`.
#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: u16,
    count: u64,
    at: u64,
}

/// A directory: tags and where their values stand.
#[derive(Debug, Clone, Default)]
pub(in crate::sources::raster) struct Directory {
    entries: BTreeMap<u16, Entry>,
}

impl Directory {
    /// Whether the tag is there.
    pub(in crate::sources::raster) fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }
}

impl TiffFile {
    /// Opens the file called `path` in problems and reads its directories, in file order.
    pub(in crate::sources::raster) fn open(
        source: Arc<dyn RandomRead>,
        path: &str,
    ) -> Result<(Self, Vec<Directory>, Vec<Problem>), Problem> {
        let mut head = [0; 16];
        let count = source
            .read_at(0, &mut head)
            .map_err(|error| Problem::error(path, "", format!("cannot read ({error})")).because(Cause::Unreadable))?;
        let (is_big_endian, is_big) = match &head[..4] {
            b"II*\0" => (false, false),
            b"MM\0*" => (true, false),
            b"II+\0" => (false, true),
            b"MM\0+" => (true, true),
            _ => {
                let message = if count == 0 {
                    "the file is empty"
                } else {
                    "this is no TIFF file"
                };
                return Err(Problem::error(path, "", message).because(Cause::WrongKind));
            }
        };
        let file = Self {
            source,
            path: path.to_owned(),
            is_big_endian,
            is_big,
        };
        let mut next = if is_big {
            file.unsigned(&head[8..16])
        } else {
            file.unsigned(&head[4..8])
        };
        let mut directories = Vec::new();
        let mut problems = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        while next != 0 {
            if directories.len() >= MAX_DIRECTORIES || !seen.insert(next) {
                problems.push(
                    file.problem("", "the list of images in it does not end; the rest is left out")
                        .because(Cause::Damaged),
                );
                break;
            }
            match file.directory(next) {
                Ok((directory, after)) => {
                    directories.push(directory);
                    next = after;
                }
                Err(problem) if directories.is_empty() => return Err(problem),
                Err(problem) => {
                    problems.push(problem);
                    break;
                }
            }
        }
        if directories.is_empty() {
            return Err(file.problem("", "there is no image in it").because(Cause::Damaged));
        }
        Ok((file, directories, problems))
    }

    /// Name of the file in problems.
    pub(in crate::sources::raster) fn path(&self) -> &str {
        &self.path
    }

    /// Bytes of the file.
    pub(in crate::sources::raster) fn size_bytes(&self) -> u64 {
        self.source.size_bytes()
    }

    /// Whether numbers of two bytes and more have their highest byte first.
    pub(in crate::sources::raster) fn is_big_endian(&self) -> bool {
        self.is_big_endian
    }

    /// A problem at a place in the file.
    pub(in crate::sources::raster) fn problem(&self, place: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem::error(&self.path, place, message)
    }

    fn directory(&self, at: u64) -> Result<(Directory, u64), Problem> {
        let (count_bytes, entry_bytes, offset_bytes) = if self.is_big { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.unsigned(&self.bytes(at, count_bytes)?);
        if count > MAX_ENTRIES {
            let message = format!("a directory of {count} entries; at most {MAX_ENTRIES} are read");
            return Err(self.problem(format!("byte {at}"), message).because(Cause::TooLarge));
        }
        let start = at + count_bytes;
        let table = self.bytes(start, count * entry_bytes + offset_bytes)?;
        let (rows, after) = table.split_at(table.len() - usize_of(offset_bytes));
        let mut directory = Directory::default();
        for (i, row) in rows.chunks_exact(usize_of(entry_bytes)).enumerate() {
            let (tag, kind) = (self.unsigned(&row[..2]), self.unsigned(&row[2..4]));
            let (count, value) = row[4..].split_at(usize_of(offset_bytes));
            let count = self.unsigned(count);
            let (Ok(tag), Ok(kind)) = (u16::try_from(tag), u16::try_from(kind)) else {
                continue;
            };
            let Some(size) = value_bytes(kind) else { continue };
            let inline = start + i as u64 * entry_bytes + 4 + offset_bytes;
            let at = if count.saturating_mul(size) <= offset_bytes {
                inline
            } else {
                self.unsigned(value)
            };
            directory.entries.insert(tag, Entry { kind, count, at });
        }
        Ok((directory, self.unsigned(after)))
    }

    /// Exactly `count` bytes at `at`; a place past the end is a problem before anything is reserved.
    pub(in crate::sources::raster) fn bytes(&self, at: u64, count: u64) -> Result<Vec<u8>, Problem> {
        let end = at.checked_add(count).filter(|end| *end <= self.size_bytes());
        let (Some(_), Ok(length)) = (end, usize::try_from(count)) else {
            let message = format!("the file breaks off: {count} bytes should stand here");
            return Err(self.problem(format!("byte {at}"), message).because(Cause::Damaged));
        };
        let mut bytes = vec![0; length];
        match self.source.read_at(at, &mut bytes) {
            Ok(read) if read == length => Ok(bytes),
            Ok(_) => Err(self
                .problem(format!("byte {at}"), "the file breaks off")
                .because(Cause::Damaged)),
            Err(error) => Err(self
                .problem(format!("byte {at}"), format!("cannot read ({error})"))
                .because(Cause::Unreadable)),
        }
    }

    /// A whole number of up to eight bytes.
    pub(in crate::sources::raster) fn unsigned(&self, bytes: &[u8]) -> u64 {
        let join = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        if self.is_big_endian {
            bytes.iter().fold(0, join)
        } else {
            bytes.iter().rev().fold(0, join)
        }
    }

    fn raw(&self, directory: &Directory, tag: u16) -> Result<Option<(u16, Vec<u8>)>, Problem> {
        let Some(entry) = directory.entries.get(&tag) else {
            return Ok(None);
        };
        if entry.count > MAX_VALUES {
            let message = format!("{} values; at most {MAX_VALUES} are read", entry.count);
            return Err(self.problem(format!("tag {tag}"), message).because(Cause::TooLarge));
        }
        let size = value_bytes(entry.kind).unwrap_or(1);
        let bytes = self.bytes(entry.at, entry.count * size).map_err(|problem| Problem {
            place: format!("tag {tag}"),
            ..problem
        })?;
        Ok(Some((entry.kind, bytes)))
    }

    /// Whole numbers of a tag; empty where it is not there.
    pub(in crate::sources::raster) fn numbers(&self, directory: &Directory, tag: u16) -> Result<Vec<u64>, Problem> {
        let Some((kind, bytes)) = self.raw(directory, tag)? else {
            return Ok(Vec::new());
        };
        if !matches!(kind, 1 | 3 | 4 | 13 | 16 | 18) {
            return Err(self
                .problem(format!("tag {tag}"), "a whole number is expected here")
                .because(Cause::Damaged));
        }
        let size = usize_of(value_bytes(kind).unwrap_or(1));
        Ok(bytes.chunks_exact(size).map(|value| self.unsigned(value)).collect())
    }

    /// The first whole number of a tag, if it is there.
    pub(in crate::sources::raster) fn number(&self, directory: &Directory, tag: u16) -> Result<Option<u64>, Problem> {
        Ok(self.numbers(directory, tag)?.first().copied())
    }

    /// Floating point numbers of a tag; empty where it is not there or holds others.
    pub(in crate::sources::raster) fn doubles(&self, directory: &Directory, tag: u16) -> Result<Vec<f64>, Problem> {
        Ok(match self.raw(directory, tag)? {
            Some((12, bytes)) => bytes
                .chunks_exact(8)
                .map(|b| f64::from_bits(self.unsigned(b)))
                .collect(),
            Some((11, bytes)) => {
                let single = |b: &[u8]| f64::from(f32::from_bits(u32::try_from(self.unsigned(b)).unwrap_or(0)));
                bytes.chunks_exact(4).map(single).collect()
            }
            _ => Vec::new(),
        })
    }

    /// Bytes of a tag.
    pub(in crate::sources::raster) fn blob(&self, directory: &Directory, tag: u16) -> Result<Option<Vec<u8>>, Problem> {
        Ok(self.raw(directory, tag)?.map(|(_, bytes)| bytes))
    }

    /// Text of a tag up to its first zero.
    pub(in crate::sources::raster) fn text(&self, directory: &Directory, tag: u16) -> Result<Option<String>, Problem> {
        let Some(bytes) = self.blob(directory, tag)? else {
            return Ok(None);
        };
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        Ok(Some(String::from_utf8_lossy(&bytes[..end]).trim().to_owned()))
    }
}

/// Bytes of one value of a type.
fn value_bytes(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}

/// Small sizes as this machine counts.
fn usize_of(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
