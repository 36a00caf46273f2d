//! Files that lenses make: asked where to, written beside the picture, whole or not at all.
//!
//! Where the system shows no dialog, a field for the path comes up. Files wait for one another: each is asked for, and
//! none is lost to the next.

use super::choices::Choices;
use super::desk::Screen;
use super::take_along::documents;
use crate::panels::desk::Dialog;
use crate::panels::save::{SaveFile, SavePlaceState};
use crate::schedule::FrameSystems;
use crate::text::{tr, tr_args};
use crate::ui::widgets::ToastKind;
use atomic_write_file::AtomicWriteFile;
use bevy::prelude::*;
use bevy::tasks::{IoTaskPool, Task, futures_lite::future};
use std::{
    collections::VecDeque,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A dialog that ends without an answer within this time was never there. Who is that fast with "cancel" gets the field
/// too, which does no harm.
const NO_DIALOG: Duration = Duration::from_secs(2);

/// Request: save the file that waits for a place under the path that was typed.
#[derive(Message, Debug, Clone)]
pub(super) struct SaveFileTo(pub(super) String);

/// How a wish to save ended.
#[derive(Debug)]
enum Ended {
    /// Nobody chose a place.
    NoPlace,
    /// There was no dialog to choose one in.
    NoDialog,
    /// A file of that name is there, and nobody was asked whether it may go.
    Taken(PathBuf),
    Saved(PathBuf),
    Failed {
        path: PathBuf,
        source: io::Error,
    },
}

/// Files that wait for a place, the one that is asked for first.
#[derive(Resource, Default)]
struct Saving {
    waiting: VecDeque<SaveFile>,
    stage: Stage,
}

/// What is done for the first file that waits.
#[derive(Default)]
enum Stage {
    #[default]
    Idle,
    /// The system's dialog is open, or the file is being written.
    Busy {
        task: Task<Ended>,
        /// The place was typed: one that will not do is typed anew.
        is_typed: bool,
    },
    /// The field for the path comes up once no other dialog is open.
    ToAsk(SavePlaceState),
    /// The field is open.
    Asking,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Saving>()
        .add_message::<SaveFile>()
        .add_message::<SaveFileTo>()
        .add_systems(
            Update,
            (take_wishes, save_to_typed, ask_in_field, tell_saved)
                .chain()
                .after(FrameSystems::Present),
        );
}

/// Every file waits its turn: one dialog at a time.
fn take_wishes(mut wishes: MessageReader<SaveFile>, mut saving: ResMut<Saving>) {
    let saving = saving.bypass_change_detection();
    saving.waiting.extend(wishes.read().cloned());
    let Some(SaveFile { name, content }) = saving.waiting.front().cloned() else {
        return;
    };
    if !matches!(saving.stage, Stage::Idle) {
        return;
    }
    let task = IoTaskPool::get().spawn(async move {
        let since = Instant::now();
        let ending = ending_of(&name);
        let asked = rfd::AsyncFileDialog::new()
            .set_file_name(&name)
            .add_filter(ending.to_uppercase(), &[&ending]);
        match asked.save_file().await {
            Some(handle) => write_whole(handle.path(), &content()),
            // The dialog's library does not tell "cancelled" from "there is no dialog".
            None if since.elapsed() < NO_DIALOG => Ended::NoDialog,
            None => Ended::NoPlace,
        }
    });
    saving.stage = Stage::Busy { task, is_typed: false };
}

/// Saves what waits under the path that was typed, unless something is there already.
fn save_to_typed(mut typed: MessageReader<SaveFileTo>, mut saving: ResMut<Saving>) {
    let Some(SaveFileTo(path)) = typed.read().last().cloned() else {
        return;
    };
    let saving = saving.bypass_change_detection();
    let Some(SaveFile { name, content }) = saving.waiting.front().cloned() else {
        return;
    };
    if !matches!(saving.stage, Stage::Asking) {
        return;
    }
    let task = IoTaskPool::get().spawn(async move {
        let path = whole_path(&path, &name);
        if path.exists() {
            return Ended::Taken(path);
        }
        write_whole(&path, &content())
    });
    saving.stage = Stage::Busy { task, is_typed: true };
}

/// Brings the field up, and notes that it was closed without an answer.
fn ask_in_field(mut saving: ResMut<Saving>, mut screen: ResMut<Screen>, choices: Res<Choices>) {
    let saving = saving.bypass_change_detection();
    match &saving.stage {
        Stage::ToAsk(field) if screen.0.dialog.is_none() => {
            screen.0.save_place = field.clone();
            screen.0.dialog = Some(Dialog::SavePlace);
            saving.stage = Stage::Asking;
        }
        Stage::Asking if screen.0.dialog != Some(Dialog::SavePlace) => {
            saving.waiting.pop_front();
            saving.stage = Stage::Idle;
            let words = tr(&choices.language, "save-no-place");
            screen.0.toasts.add(ToastKind::Note, words);
        }
        _ => {}
    }
}

fn ending_of(name: &str) -> String {
    let ending = Path::new(name).extension();
    ending
        .map(|ending| ending.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Where a typed path leads: a name alone goes to the documents, in a folder it gets the proposed `name`, and one
/// without the ending of `name` gets that.
fn whole_path(typed: &str, name: &str) -> PathBuf {
    let path = documents().join(typed.trim());
    if path.is_dir() {
        return path.join(name);
    }
    with_ending(path, &ending_of(name))
}

/// The path with an ending, which is added where it has another or none: what stands behind a point may be a date.
pub(super) fn with_ending(path: PathBuf, ending: &str) -> PathBuf {
    let has_it = path.extension().is_some_and(|known| known.eq_ignore_ascii_case(ending));
    if has_it || ending.is_empty() {
        return path;
    }
    let mut whole = path.into_os_string();
    whole.push(".");
    whole.push(ending);
    whole.into()
}

/// Writes `bytes` so that at every moment the old file or the new one is there, never half of either.
fn write_whole(path: &Path, bytes: &[u8]) -> Ended {
    let written = AtomicWriteFile::open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.commit()
    });
    match written {
        Ok(()) => Ended::Saved(path.to_path_buf()),
        Err(source) => Ended::Failed {
            path: path.to_path_buf(),
            source,
        },
    }
}

fn tell_saved(mut saving: ResMut<Saving>, mut screen: ResMut<Screen>, choices: Res<Choices>) {
    let saving = saving.bypass_change_detection();
    let Stage::Busy { task, is_typed } = &mut saving.stage else {
        return;
    };
    let Some(ended) = future::block_on(future::poll_once(task)) else {
        return;
    };
    let is_typed = *is_typed;
    let language = &choices.language;
    let field = |path: PathBuf, complaint: String| {
        let path = path.display().to_string();
        Stage::ToAsk(SavePlaceState { path, complaint })
    };
    let (kind, words) = match ended {
        Ended::NoDialog => {
            let name = saving.waiting.front().map(|wish| wish.name.as_str());
            saving.stage = field(documents().join(name.unwrap_or_default()), String::new());
            return;
        }
        Ended::Taken(path) => {
            saving.stage = field(path, tr(language, "save-taken"));
            return;
        }
        Ended::NoPlace => (ToastKind::Note, tr(language, "save-no-place")),
        Ended::Saved(path) => {
            let path = path.display().to_string();
            (ToastKind::Done, tr_args(language, "save-done", &[("path", &path)]))
        }
        Ended::Failed { path, source } => {
            let (shown, reason) = (path.display().to_string(), source.to_string());
            let args = [("path", shown.as_str()), ("reason", reason.as_str())];
            let words = tr_args(language, "save-failed", &args);
            if is_typed {
                saving.stage = field(path, words);
                return;
            }
            (ToastKind::Problem, words)
        }
    };
    saving.waiting.pop_front();
    saving.stage = Stage::Idle;
    screen.0.toasts.add(kind, words);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_name_goes_to_the_documents_and_gets_the_ending() {
        assert_eq!(whole_path(" lijst ", "werklijst.csv"), documents().join("lijst.csv"));
        assert_eq!(whole_path("/a/b", "werklijst.csv"), PathBuf::from("/a/b.csv"));
        assert_eq!(whole_path("/a/b.CSV", "werklijst.csv"), PathBuf::from("/a/b.CSV"));
        assert_eq!(
            whole_path("/a/lijst 21.5", "werklijst.csv"),
            PathBuf::from("/a/lijst 21.5.csv")
        );
        let folder = tempfile::tempdir().unwrap();
        let typed = format!("{}/", folder.path().display());
        assert_eq!(whole_path(&typed, "werklijst.csv"), folder.path().join("werklijst.csv"));
    }

    #[test]
    fn a_file_is_replaced_whole_and_a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("werklijst.csv");
        std::fs::write(&path, "something longer that stood here before").unwrap();
        assert!(matches!(write_whole(&path, b"new"), Ended::Saved(at) if at == path));
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing else is left behind"
        );
        let nowhere = folder.path().join("no such folder").join("a.csv");
        assert!(matches!(write_whole(&nowhere, b"x"), Ended::Failed { path, .. } if path == nowhere));
    }
}
