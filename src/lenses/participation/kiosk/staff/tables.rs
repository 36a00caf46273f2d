//! The tables that staff take along: made and written off the thread that draws, whichever page they look at meanwhile.

use crate::export::{counts_csv, spots_csv, words_csv};
use crate::model::reaction::{Reaction, Tally};
use crate::model::store::data_folder;
use crate::text::{Language, tr};
use bevy::tasks::{IoTaskPool, Task, block_on, poll_once};
use jiff::civil::Date;
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

/// How many files of one name and day are made.
const MAX_FILES: u32 = 99;

/// What is to be written.
pub(super) struct Order {
    /// The reactions that are told of.
    pub(super) reactions: Vec<Reaction>,
    /// Ids and titles of the variants, in order.
    pub(super) titles: Vec<(String, String)>,
    /// The scenario's name in plain letters.
    pub(super) name: String,
    /// Whether the reactions are trials.
    pub(super) are_trials: bool,
    /// Whether the area is made up.
    pub(super) is_example: bool,
    /// The language of the tables.
    pub(super) language: Language,
    /// Today.
    pub(super) day: Date,
}

/// The tables that are being written, and what came of the last ones.
#[derive(Default)]
pub(super) struct Tables {
    writing: Option<Task<io::Result<PathBuf>>>,
    written: Option<Result<PathBuf, String>>,
}

impl Tables {
    /// Writes tables; one set at a time.
    pub(super) fn write(&mut self, order: Order) {
        self.begin(move || write(&order));
    }

    pub(super) fn begin(&mut self, job: impl FnOnce() -> io::Result<PathBuf> + Send + 'static) {
        if self.writing.is_none() {
            self.written = None;
            self.writing = Some(IoTaskPool::get().spawn(async move { job() }));
        }
    }

    /// Notices what is on the disk by now.
    pub(super) fn follow(&mut self) {
        if let Some(done) = self.writing.as_mut().and_then(|task| block_on(poll_once(task))) {
            self.writing = None;
            self.written = Some(done.map_err(|error| error.to_string()));
        }
    }

    /// Whether some are on their way to the disk.
    pub(super) fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// Where the last ones are, or why they are nowhere.
    pub(super) fn written(&self) -> Option<&Result<PathBuf, String>> {
        self.written.as_ref()
    }

    /// What came of the last ones has been read.
    pub(super) fn forget_written(&mut self) {
        self.written = None;
    }
}

fn write(order: &Order) -> io::Result<PathBuf> {
    let language = &order.language;
    let kind = if order.are_trials {
        tr(language, "staff-file-trials")
    } else {
        tr(language, "staff-file-real")
    };
    let folder = data_folder()
        .map_err(io::Error::other)?
        .join(tr(language, "staff-file-folder"));
    write_all(
        &folder.join(format!("{kind}-{}-{}", order.name, order.day)),
        &files(order),
    )
}

/// The tables by their names.
fn files(order: &Order) -> [(String, Vec<u8>); 3] {
    let Order {
        reactions,
        titles,
        is_example,
        language,
        ..
    } = order;
    let tally = Tally::of(reactions, titles.iter().map(|(id, _)| id.as_str()));
    let title = |id: &str| {
        let found = titles.iter().find(|(known, _)| known == id);
        found.map_or_else(|| id.to_owned(), |(_, title)| title.clone())
    };
    [
        (
            tr(language, "staff-file-counts"),
            counts_csv(&tally, title, *is_example, language),
        ),
        (
            tr(language, "staff-file-words"),
            words_csv(reactions, &tally, title, *is_example, language),
        ),
        (
            tr(language, "staff-file-spots"),
            spots_csv(reactions, &tally, title, *is_example, language),
        ),
    ]
}

/// Writes the files into a folder of their own, never over others; returns that folder.
fn write_all(wanted: &Path, files: &[(String, Vec<u8>)]) -> io::Result<PathBuf> {
    let numbered = |number: u32| match number {
        1 => wanted.to_owned(),
        _ => PathBuf::from(format!("{}-{number}", wanted.display())),
    };
    fs::create_dir_all(wanted.parent().unwrap_or(wanted))?;
    for number in 1..=MAX_FILES {
        let folder = numbered(number);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => {
                for (name, bytes) in files {
                    let mut file = atomic_write_file::AtomicWriteFile::open(folder.join(format!("{name}.csv")))?;
                    file.write_all(bytes)?;
                    file.commit()?;
                }
                return Ok(folder);
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reaction::tests::reaction;

    #[test]
    fn files_are_never_written_over_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let wanted = folder.path().join("uit").join("reacties-plein-2026-11-25");
        let files = [
            ("aantallen".to_owned(), b"a".to_vec()),
            ("woorden".to_owned(), b"w".to_vec()),
        ];
        let first = write_all(&wanted, &files).expect("written");
        let second = write_all(&wanted, &files).expect("written");
        assert_eq!(first, wanted);
        assert_ne!(first, second);
        assert_eq!(fs::read(second.join("woorden.csv")).expect("a file"), b"w");
    }

    #[test]
    fn tables_of_an_example_say_so() {
        let order = |is_example: bool| Order {
            reactions: (0..24).map(reaction).collect(),
            titles: vec![("A".into(), "Groener".into()), ("B".into(), "Dichter".into())],
            name: "plein".into(),
            are_trials: false,
            is_example,
            language: Language::from_code("nl").expect("Dutch"),
            day: jiff::civil::date(2026, 11, 25),
        };
        for is_example in [true, false] {
            for (name, bytes) in files(&order(is_example)) {
                let text = String::from_utf8(bytes).expect("UTF-8");
                let rows = text.lines().count() - 1;
                let expected = if is_example { rows } else { 0 };
                assert!(
                    rows > 0 && text.matches("voorbeeld, niet echt").count() == expected,
                    "{name}: {text}"
                );
            }
        }
    }
}
