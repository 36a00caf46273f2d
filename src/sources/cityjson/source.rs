//! Where the bytes come from: a file or memory, as they are or compressed with gzip, read as often as needed.

use super::scan::Stream;
use crate::sources::{Cause, Problem};
use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

/// Most bytes that come out of a compressed file: a small one can promise terabytes.
const MAX_UNPACKED_BYTES: u64 = 16 << 30;
/// Bytes fetched at once where ranges of a file are read.
const WINDOW_BYTES: usize = 1 << 20;

/// A file or bytes in memory.
#[derive(Debug, Clone)]
pub(super) struct Source {
    place: Place,
    is_compressed: bool,
    /// What to call it in problems.
    pub(super) shown: Arc<str>,
}

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    Memory(Arc<[u8]>),
}

impl Source {
    pub(super) fn file(path: PathBuf) -> Result<Self, Problem> {
        let shown: Arc<str> = path.display().to_string().into();
        let refused = |cause, message: String| Problem::error(&*shown, "", message).because(cause);
        let metadata = path.metadata().map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => refused(Cause::Missing, "the file is missing".into()),
            _ => refused(Cause::Unreadable, format!("cannot read ({error})")),
        })?;
        if !metadata.is_file() {
            // Reading a pipe or a device could wait for ever.
            return Err(refused(Cause::WrongKind, "it is not a file".into()));
        }
        let mut first = [0; 2];
        let read = File::open(&path).and_then(|mut file| file.read(&mut first));
        let read = read.map_err(|error| refused(Cause::Unreadable, format!("cannot read ({error})")))?;
        Ok(Self {
            place: Place::File(path),
            is_compressed: is_gzip(&first[..read]),
            shown,
        })
    }

    pub(super) fn memory(name: &str, bytes: Arc<[u8]>) -> Self {
        Self {
            is_compressed: is_gzip(&bytes),
            place: Place::Memory(bytes),
            shown: name.into(),
        }
    }

    /// Whether ranges can be read without reading all before them.
    pub(super) fn has_ranges(&self) -> bool {
        !self.is_compressed
    }

    /// The bytes from the beginning.
    fn read(&self) -> io::Result<Box<dyn Read + Send>> {
        let raw: Box<dyn Read + Send> = match &self.place {
            Place::File(path) => Box::new(File::open(path)?),
            Place::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        };
        if !self.is_compressed {
            return Ok(raw);
        }
        let unpacked = MultiGzDecoder::new(BufReader::with_capacity(1 << 16, raw));
        Ok(Box::new(unpacked.take(MAX_UNPACKED_BYTES)))
    }

    /// A scanner over the bytes from `start` on.
    pub(super) fn stream(&self, start: u64) -> io::Result<Stream> {
        let mut reader = self.read()?;
        if start > 0 {
            if let (Place::File(path), false) = (&self.place, self.is_compressed) {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(start))?;
                reader = Box::new(file);
            } else {
                io::copy(&mut (&mut reader).take(start), &mut io::sink())?;
            }
        }
        Ok(Stream::new(reader, start))
    }

    /// Line and column (in bytes) of a place, both from 1, as editors count them. Reads all before it again, which only
    /// a broken file asks for.
    pub(super) fn line_and_column(&self, at: u64) -> (u64, u64) {
        let (mut line, mut column) = (1, 1);
        let Ok(reader) = self.read() else { return (line, column) };
        let mut reader = BufReader::with_capacity(1 << 16, reader.take(at));
        while let Ok(piece) = io::BufRead::fill_buf(&mut reader) {
            if piece.is_empty() {
                break;
            }
            let taken = piece.len();
            for (number, part) in piece.split(|byte| *byte == b'\n').enumerate() {
                if number > 0 {
                    line += 1;
                    column = 1;
                }
                column += part.len() as u64;
            }
            io::BufRead::consume(&mut reader, taken);
        }
        (line, column)
    }

    /// A reader of ranges.
    pub(super) fn window(&self) -> io::Result<Window> {
        Ok(Window {
            bytes: match &self.place {
                Place::File(path) => Bytes::File(File::open(path)?),
                Place::Memory(bytes) => Bytes::Memory(bytes.clone()),
            },
            start: 0,
            held: Vec::new(),
        })
    }
}

fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Reads ranges of a file, cheaply where they follow each other.
pub(super) struct Window {
    bytes: Bytes,
    /// Where `held` stands in the file.
    start: u64,
    held: Vec<u8>,
}

enum Bytes {
    File(File),
    Memory(Arc<[u8]>),
}

impl Window {
    /// The bytes of a range; fails where the file has become shorter than it was.
    pub(super) fn range(&mut self, start: u64, length: usize) -> io::Result<&[u8]> {
        let cut_off = || io::Error::from(ErrorKind::UnexpectedEof);
        match &mut self.bytes {
            Bytes::Memory(bytes) => {
                let from = usize::try_from(start).map_err(|_error| cut_off())?;
                let end = from.checked_add(length).ok_or_else(cut_off)?;
                bytes.get(from..end).ok_or_else(cut_off)
            }
            Bytes::File(file) => {
                let is_held = start >= self.start && start + length as u64 <= self.start + self.held.len() as u64;
                if !is_held {
                    file.seek(SeekFrom::Start(start))?;
                    self.held.clear();
                    let wanted = length.max(WINDOW_BYTES) as u64;
                    file.take(wanted).read_to_end(&mut self.held)?;
                    self.start = start;
                    // One large object is no reason to keep its room for ever.
                    if self.held.capacity() > 4 * WINDOW_BYTES.max(length) {
                        self.held.shrink_to_fit();
                    }
                }
                let from = usize::try_from(start - self.start).map_err(|_error| cut_off())?;
                self.held.get(from..from + length).ok_or_else(cut_off)
            }
        }
    }
}
