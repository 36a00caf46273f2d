//! Files that lenses make: asked where to, written beside the picture, whole or not at all.
//!
//! Where the system shows no dialog, a field for the path comes up; the file that was asked for waits for its answer.

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

/// The save that is under way.
#[derive(Resource, Default)]
struct Saving {
    task: Option<Task<Ended>>,
    /// What was asked for last, for the field to say where.
    wish: Option<SaveFile>,
    /// The place was typed: one that will not do is typed anew.
    is_typed: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Saving>()
        .add_message::<SaveFile>()
        .add_message::<SaveFileTo>()
        .add_systems(
            Update,
            (start_saving, save_to_typed, tell_saved)
                .chain()
                .after(FrameSystems::Present),
        );
}

fn start_saving(mut wishes: MessageReader<SaveFile>, mut saving: ResMut<Saving>) {
    let Some(wish) = wishes.read().last() else {
        return;
    };
    // One dialog at a time: the one that is open is answered first.
    if saving.task.is_some() {
        return;
    }
    saving.wish = Some(wish.clone());
    saving.is_typed = false;
    let SaveFile { name, content } = wish.clone();
    saving.task = Some(IoTaskPool::get().spawn(async move {
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
    }));
}

/// Saves what waits under the path that was typed, unless something is there already.
fn save_to_typed(mut typed: MessageReader<SaveFileTo>, mut saving: ResMut<Saving>) {
    let Some(SaveFileTo(path)) = typed.read().last() else {
        return;
    };
    let Some(SaveFile { name, content }) = saving.wish.clone().filter(|_| saving.task.is_none()) else {
        return;
    };
    saving.is_typed = true;
    let path = whole_path(path, &name);
    saving.task = Some(IoTaskPool::get().spawn(async move {
        if path.exists() {
            return Ended::Taken(path);
        }
        write_whole(&path, &content())
    }));
}

fn ending_of(name: &str) -> String {
    let ending = Path::new(name).extension();
    ending
        .map(|ending| ending.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Where a typed path leads: a name alone goes to the documents, and one without an ending gets that of `name`.
fn whole_path(typed: &str, name: &str) -> PathBuf {
    let path = documents().join(typed.trim());
    let ending = ending_of(name);
    if path.extension().is_some() || ending.is_empty() {
        return path;
    }
    path.with_extension(ending)
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
    let Some(ended) = saving
        .bypass_change_detection()
        .task
        .as_mut()
        .and_then(|task| future::block_on(future::poll_once(task)))
    else {
        return;
    };
    saving.task = None;
    let language = &choices.language;
    let mut ask_in_field = |path: PathBuf, complaint: String| {
        let path = path.display().to_string();
        screen.0.save_place = SavePlaceState { path, complaint };
        screen.0.dialog = Some(Dialog::SavePlace);
    };
    let (kind, words) = match ended {
        Ended::NoDialog => {
            let name = saving.wish.as_ref().map(|wish| wish.name.as_str());
            ask_in_field(documents().join(name.unwrap_or_default()), String::new());
            return;
        }
        Ended::Taken(path) => {
            ask_in_field(path, tr(language, "save-taken"));
            return;
        }
        Ended::NoPlace => (ToastKind::Note, tr(language, "save-no-place")),
        Ended::Saved(path) => {
            let path = path.display().to_string();
            (ToastKind::Done, tr_args(language, "save-done", &[("path", &path)]))
        }
        Ended::Failed { path, source } => {
            let (path, reason) = (path.display().to_string(), source.to_string());
            let args = [("path", path.as_str()), ("reason", reason.as_str())];
            let words = tr_args(language, "save-failed", &args);
            if saving.is_typed {
                ask_in_field(path.into(), words);
                return;
            }
            (ToastKind::Problem, words)
        }
    };
    // Nothing waits any longer, and what it holds can go.
    saving.wish = None;
    screen.0.toasts.add(kind, words);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_name_goes_to_the_documents_and_gets_the_ending() {
        assert_eq!(whole_path(" lijst ", "werklijst.csv"), documents().join("lijst.csv"));
        assert_eq!(whole_path("/a/b.txt", "werklijst.csv"), PathBuf::from("/a/b.txt"));
        assert_eq!(whole_path("/a/b", "werklijst.csv"), PathBuf::from("/a/b.csv"));
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
