//! Files that lenses make: asked where to, written beside the picture, whole or not at all.

use super::choices::Choices;
use super::desk::Screen;
use crate::panels::save::SaveFile;
use crate::schedule::FrameSystems;
use crate::text::{tr, tr_args};
use crate::ui::widgets::ToastKind;
use atomic_write_file::AtomicWriteFile;
use bevy::prelude::*;
use bevy::tasks::{IoTaskPool, Task, futures_lite::future};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// How a wish to save ended.
#[derive(Debug)]
enum Ended {
    /// Nobody chose a place, or no dialog came.
    NoPlace,
    Saved(PathBuf),
    Failed {
        path: PathBuf,
        source: io::Error,
    },
}

/// The save that is under way.
#[derive(Resource, Default)]
struct Saving(Option<Task<Ended>>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Saving>()
        .add_message::<SaveFile>()
        .add_systems(Update, (start_saving, tell_saved).chain().after(FrameSystems::Present));
}

fn start_saving(mut wishes: MessageReader<SaveFile>, mut saving: ResMut<Saving>) {
    let Some(wish) = wishes.read().last() else {
        return;
    };
    // One dialog at a time: the one that is open is answered first.
    if saving.0.is_some() {
        return;
    }
    let SaveFile { name, content } = wish.clone();
    saving.0 = Some(IoTaskPool::get().spawn(async move {
        let ending = Path::new(&name)
            .extension()
            .map(|ending| ending.to_string_lossy().into_owned())
            .unwrap_or_default();
        let asked = rfd::AsyncFileDialog::new()
            .set_file_name(&name)
            .add_filter(ending.to_uppercase(), &[&ending]);
        match asked.save_file().await {
            None => Ended::NoPlace,
            Some(handle) => write_whole(handle.path(), &content()),
        }
    }));
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
        .0
        .as_mut()
        .and_then(|task| future::block_on(future::poll_once(task)))
    else {
        return;
    };
    saving.0 = None;
    let language = &choices.language;
    let (kind, words) = match ended {
        Ended::NoPlace => (ToastKind::Note, tr(language, "save-no-place")),
        Ended::Saved(path) => {
            let path = path.display().to_string();
            (ToastKind::Done, tr_args(language, "save-done", &[("path", &path)]))
        }
        Ended::Failed { path, source } => {
            let (path, reason) = (path.display().to_string(), source.to_string());
            let args = [("path", path.as_str()), ("reason", reason.as_str())];
            (ToastKind::Problem, tr_args(language, "save-failed", &args))
        }
    };
    screen.0.toasts.add(kind, words);
}

#[cfg(test)]
mod tests {
    use super::*;

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
