//! The system's dialog for files and folders, and files dropped on the window.

use super::desk::Screen;
use super::desk::short_name;
use super::models::{AddModel, ModelsDesk, is_model};
use super::open::OpenPath;
use crate::panels::desk::Hovering;
use crate::schedule::Lens;
use crate::view::scene::ShownScenario;
use bevy::prelude::*;
use bevy::tasks::{IoTaskPool, Task, futures_lite::future};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Endings of files that open by themselves.
const ENDINGS: [&str; 29] = [
    "stadslens",
    "json",
    "jsonl",
    "gz",
    "glb",
    "gltf",
    "b3dm",
    "i3dm",
    "pnts",
    "cmpt",
    "3tz",
    "3dtiles",
    "obj",
    "las",
    "laz",
    "gpkg",
    "sqlite",
    "fgb",
    "geojson",
    "geojsonl",
    "ndjson",
    "shp",
    "dxf",
    "gml",
    "csv",
    "tif",
    "tiff",
    "mbtiles",
    "xml",
];

/// Asks the user for something to open.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskForPath {
    /// One file: a package, a tileset, a tile.
    File,
    /// A scenario folder.
    Folder,
}

/// A dialog that ends without an answer within this time was never there.
const NO_DIALOG: Duration = Duration::from_millis(600);

/// The dialog that is open.
#[derive(Resource, Default)]
pub(super) struct Dialog {
    task: Option<(Task<Option<PathBuf>>, Instant)>,
    /// Set when no dialog came at all; the path field is the way that always works.
    pub(super) did_not_come: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Dialog>()
        .add_message::<AskForPath>()
        .add_systems(Update, (ask_for_path, take_answer, take_dropped_files));
}

fn ask_for_path(mut wishes: MessageReader<AskForPath>, mut dialog: ResMut<Dialog>) {
    let Some(wish) = wishes.read().last().copied() else {
        return;
    };
    if dialog.task.is_some() {
        return;
    }
    dialog.did_not_come = false;
    let task = IoTaskPool::get().spawn(async move {
        let asked = rfd::AsyncFileDialog::new();
        let answer = match wish {
            AskForPath::File => asked.add_filter("Stadslens", &ENDINGS).pick_file().await,
            AskForPath::Folder => asked.pick_folder().await,
        };
        answer.map(|handle| handle.path().to_path_buf())
    });
    dialog.task = Some((task, Instant::now()));
}

fn take_answer(mut dialog: ResMut<Dialog>, mut open: MessageWriter<OpenPath>) {
    let Some((task, asked)) = dialog.task.as_mut() else {
        return;
    };
    let asked = *asked;
    if let Some(answer) = future::block_on(future::poll_once(task)) {
        dialog.task = None;
        // The dialog's library does not tell "cancelled" from "there is no dialog": nobody cancels this fast.
        dialog.did_not_come = answer.is_none() && asked.elapsed() < NO_DIALOG;
        if let Some(path) = answer {
            open.write(OpenPath(path));
        }
    }
}

/// Opens what is dropped, or adds a model to the plan that is designed, and says which while it still hangs over the
/// window.
pub(super) fn take_dropped_files(
    mut drops: MessageReader<FileDragAndDrop>,
    mut open: MessageWriter<OpenPath>,
    mut screen: ResMut<Screen>,
    mut add: MessageWriter<AddModel>,
    models: Option<Res<ModelsDesk>>,
    shown: Option<Res<ShownScenario>>,
    lens: Option<Res<State<Lens>>>,
) {
    let is_designing = lens.is_some_and(|lens| *lens.get() == Lens::Design);
    let can_add = is_designing && models.is_some_and(|models| models.can_add(shown.as_deref()));
    for drop in drops.read() {
        screen.0.hovering = match drop {
            FileDragAndDrop::HoveredFile { path_buf, .. } => Some(Hovering {
                name: short_name(path_buf),
                is_model: can_add && is_model(path_buf),
            }),
            FileDragAndDrop::HoveredFileCanceled { .. } => None,
            FileDragAndDrop::DroppedFile { path_buf, .. } if can_add && is_model(path_buf) => {
                add.write(AddModel(path_buf.clone()));
                None
            }
            FileDragAndDrop::DroppedFile { path_buf, .. } => {
                open.write(OpenPath(path_buf.clone()));
                None
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(app: &mut App, event: FileDragAndDrop) -> Vec<PathBuf> {
        app.world_mut().write_message(event);
        app.update();
        let messages = app.world().resource::<Messages<OpenPath>>();
        messages
            .iter_current_update_messages()
            .map(|OpenPath(path)| path.clone())
            .collect()
    }

    #[test]
    fn a_file_over_the_window_is_named_and_a_dropped_one_is_opened() {
        let mut app = App::new();
        app.add_plugins(MinimalPlugins)
            .init_resource::<Screen>()
            .add_message::<FileDragAndDrop>()
            .add_message::<OpenPath>()
            .add_message::<AddModel>()
            .add_systems(Update, take_dropped_files);
        let window = Entity::PLACEHOLDER;
        let path_buf = PathBuf::from("/data/plan/scenario.json");
        let hover = FileDragAndDrop::HoveredFile {
            window,
            path_buf: path_buf.clone(),
        };
        assert_eq!(opened(&mut app, hover.clone()), Vec::<PathBuf>::new());
        let hovering = |app: &App| app.world().resource::<Screen>().0.hovering.clone();
        assert!(hovering(&app).is_some_and(|file| file.name == "scenario.json" && !file.is_model));
        opened(&mut app, FileDragAndDrop::HoveredFileCanceled { window });
        assert_eq!(hovering(&app), None);
        opened(&mut app, hover);
        let drop = FileDragAndDrop::DroppedFile {
            window,
            path_buf: path_buf.clone(),
        };
        assert_eq!(opened(&mut app, drop), [path_buf]);
        assert_eq!(hovering(&app), None);
    }
}
