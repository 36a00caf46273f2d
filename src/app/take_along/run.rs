//! One package being made: a process of the program's own, fed and listened to by a thread, so that no frame waits.

use super::{heights, lists, reactions};
use crate::model::scenario::notes_json;
use crate::model::{OpenScenario, TileHeights};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

/// More of what the process complains about is not kept, bytes.
const MAX_COMPLAINTS: u64 = 1 << 20;

/// What to take along and where to.
#[derive(Clone)]
pub(super) struct Order {
    /// The scenario as it is open, with its notes, reactions and lists.
    pub(super) open: Arc<OpenScenario>,
    /// What was chosen of the heights of its tile layers, by layer id.
    pub(super) heights: BTreeMap<String, TileHeights>,
    /// What it was opened from.
    pub(super) path: PathBuf,
    /// The package to write.
    pub(super) output: PathBuf,
    /// A file that is there already may go.
    pub(super) may_replace: bool,
}

/// What the thread tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// So many pictures of so many are made.
    Progress {
        /// Pictures that are made.
        done: usize,
        /// Pictures that there will be.
        total: usize,
    },
    /// It is over.
    Ended(Ending),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// The package is there.
    Made {
        /// Things that are wrong with it or did not go along.
        errors: usize,
    },
    /// There is a file of this name already.
    Taken,
    /// There is no package.
    Failed {
        /// What went wrong.
        reason: String,
    },
}

/// Starts making a package; what it tells comes out of the receiver.
pub(super) fn start(order: Order) -> Receiver<Event> {
    let (tell, told) = mpsc::channel();
    let failed = tell.clone();
    let work = move || {
        let ending = make(&order, &tell).unwrap_or_else(|reason| Ending::Failed { reason });
        // Nobody listens any more when the window closes.
        let _ = tell.send(Event::Ended(ending));
    };
    if let Err(error) = thread::Builder::new().name("stadslens take along".into()).spawn(work) {
        let reason = error.to_string();
        let _ = failed.send(Event::Ended(Ending::Failed { reason }));
    }
    told
}

fn make(order: &Order, tell: &Sender<Event>) -> Result<Ending, String> {
    if order.output.exists() && !order.may_replace {
        return Ok(Ending::Taken);
    }
    let notes = notes_json(&order.open).map_err(|problems| {
        let first = problems.first().map(ToString::to_string);
        first.unwrap_or_default()
    })?;
    let mut child = spawn(order).map_err(|error| error.to_string())?;
    // Held until the end: the process takes the end of its input for the end of the window.
    let mut input = child.stdin.take();
    if let Some(input) = &mut input {
        // A process that ended early says why below.
        let _ = writeln!(input, "{notes}")
            .and_then(|()| heights::write(&order.heights, input))
            .and_then(|()| reactions::write(&order.open.reactions, input))
            .and_then(|()| lists::write(&order.open.own_lists, input))
            .and_then(|()| input.flush());
    }
    let complaints = child.stderr.take().map(|stderr| {
        thread::spawn(move || {
            let mut all = Vec::new();
            let _ = stderr.take(MAX_COMPLAINTS).read_to_end(&mut all);
            String::from_utf8_lossy(&all).into_owned()
        })
    });
    let mut made = None;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            match heard(&line) {
                Some(event @ Event::Progress { .. }) => {
                    let _ = tell.send(event);
                }
                Some(Event::Ended(ending)) => made = Some(ending),
                None => {}
            }
        }
    }
    child.wait().map_err(|error| error.to_string())?;
    drop(input);
    made.ok_or_else(|| {
        let words = complaints.and_then(|thread| thread.join().ok()).unwrap_or_default();
        let last = words.lines().rev().find(|line| !line.trim().is_empty());
        last.unwrap_or("the export ended before its work was done").to_owned()
    })
}

fn spawn(order: &Order) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("export").arg(&order.path).arg("-o").arg(&order.output);
    command.arg("--attended");
    if order.may_replace {
        command.arg("--replace");
    }
    #[cfg(windows)]
    {
        use std::os::windows::process::CommandExt as _;
        /// No console window comes up.
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        command.creation_flags(CREATE_NO_WINDOW);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// What a line of the process means; nothing for one that is not its own.
fn heard(line: &str) -> Option<Event> {
    let value: Value = serde_json::from_str(line).ok()?;
    let number = |key: &str| usize::try_from(value.get(key)?.as_u64()?).ok();
    if let (Some(done), Some(total)) = (number("done"), number("total")) {
        return Some(Event::Progress { done, total });
    }
    number("bytes")?;
    let problems = value.get("problems")?.as_array()?;
    let errors = problems.iter().filter(|problem| problem["severity"] == "error").count();
    Some(Event::Ended(Ending::Made { errors }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_process_are_understood_and_others_passed_over() {
        assert_eq!(
            heard(r#"{"done":2,"total":8}"#),
            Some(Event::Progress { done: 2, total: 8 })
        );
        let made = r#"{"pictures":8,"bytes":123,"problems":[{"severity":"error"},{"severity":"warning"}]}"#;
        assert_eq!(heard(made), Some(Event::Ended(Ending::Made { errors: 1 })));
        for other in ["", "INFO something", "{}", r#"{"done":-1,"total":8}"#, "[1]"] {
            assert_eq!(heard(other), None, "{other}");
        }
    }
}
