//! The run that makes a package for a window: a process of its own, since its pictures need an engine of their own.
//!
//! On its standard input it gets the notes as one line, the heights of tiles and the reactions as two more, then the lists ([`super::lists`]) and nothing more; when that input
//! ends, the window is gone, and so is the reason to go on. On its standard output it says in lines of JSON how far it is, and at last what it made.

use super::{heights, lists, reactions};
use crate::app::Stop;
use crate::model::scenario::notes_from_json;
use crate::model::{OpenScenario, OwnList, Reaction, TileHeights};
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// More bytes of notes are not read.
const MAX_BYTES: u64 = 256 << 20;
/// A run that is stuck when the window goes ends after this long, whatever it leaves behind.
const GRACE: Duration = Duration::from_secs(15);
/// The exit code of a run that cannot.
const EXIT_CODE: i32 = 3;

/// The window that waits for a package.
#[derive(Debug, Clone)]
pub struct Attended {
    notes: Arc<str>,
    heights: Arc<BTreeMap<String, TileHeights>>,
    reactions: Arc<[Reaction]>,
    lists: Arc<[OwnList]>,
    is_left: Arc<AtomicBool>,
}

impl Attended {
    /// Takes notes, heights of tiles, reactions and lists from standard input, and watches from then on whether the window is still there.
    pub fn start() -> Result<Self, Stop> {
        let mut input = BufReader::new(io::stdin());
        let mut notes = String::new();
        let read = (&mut input).take(MAX_BYTES).read_line(&mut notes);
        read.map_err(|error| Stop::Usage {
            message: format!("the notes cannot be read from standard input: {error}"),
        })?;
        let heights = heights::read(&mut input).map_err(|error| Stop::Usage {
            message: format!("the heights of tiles cannot be read from standard input: {error}"),
        })?;
        let reactions = reactions::read(&mut input).map_err(|error| Stop::Usage {
            message: format!("the reactions cannot be read from standard input: {error}"),
        })?;
        let lists = lists::read(&mut input).map_err(|error| Stop::Usage {
            message: format!("the lists cannot be read from standard input: {error}"),
        })?;
        let is_left = Arc::new(AtomicBool::new(false));
        let flag = is_left.clone();
        let watch = move || {
            // Nothing more is sent: an answer means that there is nobody.
            let mut rest = [0_u8; 64];
            while input.read(&mut rest).is_ok_and(|bytes| bytes > 0) {}
            flag.store(true, Ordering::Relaxed);
            thread::sleep(GRACE);
            process::exit(EXIT_CODE);
        };
        thread::Builder::new()
            .name("stadslens watch".into())
            .spawn(watch)
            .map_err(|error| Stop::Machine {
                message: format!("no thread can be started: {error}"),
            })?;
        Ok(Self {
            notes: notes.into(),
            heights: heights.into(),
            reactions: reactions.into(),
            lists: lists.into(),
            is_left,
        })
    }

    /// Whether the window is gone.
    pub(in crate::app) fn is_left(&self) -> bool {
        self.is_left.load(Ordering::Relaxed)
    }

    /// What was chosen in the window of the heights of tile layers, by layer id.
    pub(in crate::app) fn heights(&self) -> &BTreeMap<String, TileHeights> {
        &self.heights
    }

    /// Puts the notes of the window in the place of those of the file, and its reactions and lists in.
    pub(in crate::app) fn add_to(&self, open: &mut OpenScenario) -> Result<(), Stop> {
        let (notes, found) = notes_from_json(open, &self.notes).map_err(|problems| Stop::Problems { problems })?;
        open.scenario.notes = notes;
        open.problems.extend(found);
        open.reactions = self.reactions.clone();
        open.add_lists(&self.lists);
        Ok(())
    }

    /// Tells the window how far the pictures are.
    pub(in crate::app) fn say_progress(done: usize, total: usize) {
        // A window that does not listen is noticed at the other end.
        let _ = writeln!(io::stdout(), "{}", json!({"done": done, "total": total}));
    }
}
