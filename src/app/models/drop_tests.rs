//! A model's file dropped on the window, by the message that the window sends: into the folder, the plan and its file.

use super::*;
use crate::app::dialog::take_dropped_files;
use crate::app::open::OpenPath;
use crate::model::scenario;
use crate::model::{ActivateScenario, ActiveScenario};
use bevy::state::state::State;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BLOCK: &str = "o Toren\nv -6 0 -4\nv 6 0 -4\nv 6 0 4\nv -6 0 4\nv -6 30 -4\nv 6 30 -4\nv 6 30 4\nv -6 30 4\n\
    f 1 2 3 4\nf 8 7 6 5\nf 5 6 2 1\nf 6 7 3 2\nf 7 8 4 3\nf 8 5 1 4\n";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A scenario in a folder of its own, shown in the lens of design with one of its variants.
struct Desk {
    app: App,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(variant: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("klein");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/klein"),
            &root,
        );
        let open = Arc::new(scenario::open(&root).unwrap());
        let mut shown = ShownScenario::new(open.clone());
        shown.variant = Some(variant);
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, crate::model::edit::plugin));
        let desk = ModelsDesk {
            root: root_of(&root, &open),
            ..ModelsDesk::default()
        };
        let mut saving = save::SavingModels::default();
        saving.begin(&open);
        app.insert_resource(desk)
            .insert_resource(saving)
            .insert_resource(shown)
            .insert_resource(State::new(Lens::Design))
            .insert_resource(Choices::load(Language::from_code("nl")))
            .init_resource::<Screen>()
            .init_resource::<OrbitCamera>()
            .init_resource::<ReducedMotion>()
            .add_message::<FileDragAndDrop>()
            .add_message::<OpenPath>()
            .add_message::<AddModel>()
            .add_message::<FlyTo>()
            .add_systems(
                Update,
                (
                    (take_dropped_files, start_adding, take_added)
                        .chain()
                        .before(EditSystems),
                    save::save_models.after(EditSystems),
                ),
            );
        app.world_mut().write_message(ActivateScenario(open));
        app.update();
        Self { app, folder }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Holds a file over the window; whether it is told to become a model.
    fn hover(&mut self, path_buf: &Path) -> bool {
        self.app.world_mut().write_message(FileDragAndDrop::HoveredFile {
            window: Entity::PLACEHOLDER,
            path_buf: path_buf.to_owned(),
        });
        self.app.update();
        let hovering = &self.app.world().resource::<Screen>().0.hovering;
        hovering.as_ref().is_some_and(|file| file.is_model)
    }

    /// Lets go of it; what is to be opened then.
    fn drop(&mut self, path_buf: &Path) -> Vec<PathBuf> {
        self.app.world_mut().write_message(FileDragAndDrop::DroppedFile {
            window: Entity::PLACEHOLDER,
            path_buf: path_buf.to_owned(),
        });
        self.app.update();
        let messages = self.app.world().resource::<Messages<OpenPath>>();
        messages
            .iter_current_update_messages()
            .map(|OpenPath(path)| path.clone())
            .collect()
    }

    fn wait(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begin = Instant::now();
        while !is_so(self) {
            assert!(begin.elapsed() < Duration::from_mins(1), "waited for {what}");
            std::thread::sleep(Duration::from_millis(5));
            self.app.update();
        }
    }

    fn is_adding(&self) -> bool {
        self.app.world().resource::<ModelsDesk>().adding.is_some()
    }

    /// The models of the plan.
    fn models(&self) -> Vec<NewModel> {
        let active = self.app.world().resource::<ActiveScenario>();
        active.0.scenario.variants[1].models.clone()
    }

    /// The models of the plan in its file.
    fn saved(&self) -> usize {
        let bytes = fs::read(self.folder.path().join("klein/scenario.json")).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        document["variants"][1]["models"].as_array().map_or(0, Vec::len)
    }
}

#[test]
fn a_model_that_is_dropped_on_a_plan_is_copied_placed_and_saved() {
    let mut desk = Desk::new(1);
    let file = desk.file("Toren.OBJ", BLOCK);
    assert!(desk.hover(&file), "it is told what becomes of it");
    assert_eq!(desk.drop(&file), Vec::<PathBuf>::new(), "it opens nothing");
    assert_eq!(desk.app.world().resource::<Screen>().0.hovering, None);
    desk.wait("the model in the plan", |desk| desk.models().len() == 1);
    let model = desk.models().remove(0);
    assert_eq!(model.path, "models/toren/Toren.OBJ");
    assert!(desk.folder.path().join("klein/models/toren/Toren.OBJ").is_file());
    desk.wait("the model in the file", |desk| desk.saved() == 1);
    // What cannot be read changes nothing and is said.
    let empty = desk.file("leeg.obj", "# nothing\n");
    assert_eq!(desk.drop(&empty), Vec::<PathBuf>::new());
    desk.wait("the answer", |desk| !desk.is_adding());
    assert_eq!((desk.models().len(), desk.saved()), (1, 1));
    assert!(!desk.folder.path().join("klein/models/leeg").exists());
}

#[test]
fn what_is_no_model_and_what_is_dropped_on_today_is_opened() {
    let mut desk = Desk::new(1);
    let list = desk.file("lijst.csv", "x;y\n");
    assert!(!desk.hover(&list));
    assert_eq!(desk.drop(&list), [list]);
    let mut today = Desk::new(0);
    let file = today.file("toren.obj", BLOCK);
    assert!(!today.hover(&file), "today stays as it is");
    assert_eq!(today.drop(&file), [file]);
    assert!(!today.is_adding() && today.models().is_empty());
}
