//! Sorts more records than memory holds: in runs that are sorted in memory, written out and merged.

use super::{read_into, read_u64};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Runs that are merged at once: each has a file open and a buffer.
const MOST_RUNS: usize = 128;
/// What a record costs beside its bytes, where many are small.
const RECORD_BYTES: usize = 24;

/// Takes records with their keys and gives them back in the order of these.
pub(super) struct RunSorter {
    folder: PathBuf,
    most_bytes: usize,
    bytes: Vec<u8>,
    /// Key, first byte and length of the records in `bytes`.
    records: Vec<(u64, usize, usize)>,
    runs: Vec<PathBuf>,
    made: usize,
}

impl RunSorter {
    /// Sorts in `folder`, with so many bytes of records in memory.
    pub(super) fn new(folder: &Path, most_bytes: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            most_bytes,
            bytes: Vec::new(),
            records: Vec::new(),
            runs: Vec::new(),
            made: 0,
        }
    }

    /// Adds a record. No key may come twice.
    pub(super) fn add(&mut self, key: u64, record: &[u8]) -> io::Result<()> {
        let has = self.bytes.len() + self.records.len() * RECORD_BYTES;
        if has + record.len() + RECORD_BYTES > self.most_bytes && !self.records.is_empty() {
            self.write_run()?;
        }
        self.records.push((key, self.bytes.len(), record.len()));
        self.bytes.extend_from_slice(record);
        Ok(())
    }

    fn next_run(&mut self) -> PathBuf {
        self.made += 1;
        self.folder.join(format!("run-{}", self.made))
    }

    fn write_run(&mut self) -> io::Result<()> {
        let path = self.next_run();
        let mut to = BufWriter::new(File::create(&path)?);
        self.records.sort_unstable();
        for (key, start, length) in &self.records {
            let record = self.bytes.get(*start..start + length).unwrap_or_default();
            write_record(&mut to, *key, record)?;
        }
        to.flush()?;
        self.records.clear();
        self.bytes.clear();
        self.runs.push(path);
        if self.runs.len() >= MOST_RUNS {
            let merged = self.next_run();
            let mut to = BufWriter::new(File::create(&merged)?);
            merge(std::mem::take(&mut self.runs), |key, record| {
                write_record(&mut to, key, record)
            })?;
            to.flush()?;
            self.runs.push(merged);
        }
        Ok(())
    }

    /// Gives every record, in the order of the keys.
    pub(super) fn for_each(mut self, mut give: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if self.runs.is_empty() {
            self.records.sort_unstable();
            let mut records = self.records.iter();
            return records
                .try_for_each(|(_, start, length)| give(self.bytes.get(*start..start + length).unwrap_or_default()));
        }
        self.write_run()?;
        self.bytes = Vec::new();
        self.records = Vec::new();
        merge(std::mem::take(&mut self.runs), |_, record| give(record))
    }
}

fn write_record(to: &mut impl Write, key: u64, record: &[u8]) -> io::Result<()> {
    to.write_all(&key.to_le_bytes())?;
    to.write_all(&(record.len() as u64).to_le_bytes())?;
    to.write_all(record)
}

/// A run that is read from its beginning.
struct Run {
    from: BufReader<File>,
    record: Vec<u8>,
}

impl Run {
    /// Reads the next record; its key.
    fn step(&mut self) -> io::Result<Option<u64>> {
        let Some(key) = read_u64(&mut self.from)? else {
            return Ok(None);
        };
        let length = read_u64(&mut self.from)?.and_then(|length| usize::try_from(length).ok());
        let length = length.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        read_into(&mut self.from, &mut self.record, length)?;
        Ok(Some(key))
    }
}

/// Gives the records of several runs in the order of their keys, and takes the runs away.
fn merge(paths: Vec<PathBuf>, mut give: impl FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut runs = Vec::with_capacity(paths.len());
    let mut next = BinaryHeap::new();
    for path in &paths {
        let mut run = Run {
            from: BufReader::with_capacity(1 << 17, File::open(path)?),
            record: Vec::new(),
        };
        next.extend(run.step()?.map(|key| Reverse((key, runs.len()))));
        runs.push(run);
    }
    while let Some(Reverse((key, place))) = next.pop() {
        let Some(run) = runs.get_mut(place) else { continue };
        give(key, &run.record)?;
        next.extend(run.step()?.map(|key| Reverse((key, place))));
    }
    drop(runs);
    paths.iter().try_for_each(fs::remove_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_in_order_whatever_memory_there_is() {
        for most_bytes in [1, 700, 1 << 20] {
            let folder = tempfile::tempdir().unwrap();
            let mut sorter = RunSorter::new(folder.path(), most_bytes);
            let keys = || (0..1_000_u64).map(|number| number * 7_919 % 1_009);
            let text = |key: u64| format!("{key};").repeat(usize::try_from(1 + key % 5).unwrap());
            for key in keys() {
                sorter.add(key, text(key).as_bytes()).unwrap();
            }
            let mut found = Vec::new();
            sorter
                .for_each(|record| {
                    found.push(String::from_utf8(record.to_vec()).unwrap());
                    Ok(())
                })
                .unwrap();
            let mut expected: Vec<u64> = keys().collect();
            expected.sort_unstable();
            let expected: Vec<String> = expected.into_iter().map(text).collect();
            assert_eq!(found, expected, "{most_bytes}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no run is left");
        }
    }
}
