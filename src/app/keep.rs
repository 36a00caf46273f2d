//! Keeps what people add to the open scenario: after each edit it goes to the store, off the main thread, and it is read
//! back when the scenario is opened again.
//!
//! Without a store (no data folder, another program has it, a newer version made it) the program goes on, and says once
//! that nothing is kept. Only a window keeps: pictures and measurements of a scenario leave no trace.

use super::choices::Choices;
use super::desk::{Screen, cause};
use super::open::{OpenSystems, PathOpened};
use crate::model::edit::{EditSystems, ScenarioEdited};
use crate::model::store::{self, Origin, Pending, StoreError, StoreHandle};
use crate::model::{ActiveScenario, FilePlace, Note, OpenScenario};
use crate::schedule::FrameSystems;
use crate::sources::{Cause, Problem};
use crate::text::tr_args;
use crate::ui::widgets::ToastKind;
use bevy::{prelude::*, window::ExitSystems};
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    path::{Path, PathBuf},
};

/// What opening needs to know to read back what was kept.
#[derive(Debug, Clone)]
pub(super) struct Keeper {
    folder: Option<PathBuf>,
    current: Option<StoreHandle>,
}

/// What is kept of the open scenario.
#[derive(Resource, Debug)]
pub(super) struct Keeping {
    keeper: Keeper,
    /// The notes as they were handed to the store last.
    handed: Vec<Note>,
    saving: VecDeque<Pending<()>>,
    /// Every id handed over since the scenario was opened: any may be there after a failed save.
    seen: BTreeSet<String>,
    /// A save failed: nobody knows what is there.
    is_unsure: bool,
    /// Why something is not kept, until it has been said.
    trouble: Option<Problem>,
}

impl Keeping {
    /// Keeps in a folder of its own per scenario below `folder`; nothing at all without one.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self {
            keeper: Keeper { folder, current: None },
            handed: Vec::new(),
            saving: VecDeque::new(),
            seen: BTreeSet::new(),
            is_unsure: false,
            trouble: None,
        }
    }

    /// Whether every edit is on the disk.
    #[cfg(feature = "automation")]
    pub(super) fn is_done(&self) -> bool {
        self.saving.is_empty() && !self.is_unsure
    }

    /// Where what people add to the open scenario is kept; `None` when nothing is.
    pub(super) fn store(&self) -> Option<StoreHandle> {
        self.keeper.current.clone()
    }

    /// A copy for the thread that opens.
    pub(super) fn keeper(&self) -> Keeper {
        self.keeper.clone()
    }
}

impl Keeper {
    /// Puts what was kept of the scenario from `path` into it, after taking over the notes of its own file that are new
    /// here, with a problem where that is not possible: then it has the notes of its file. Waits for the disk.
    pub(super) fn read_back(&self, path: &Path, open: &mut OpenScenario) -> Option<StoreHandle> {
        match self.read_all(path, open) {
            Ok(handle) => Some(handle),
            Err(error) => {
                open.problems.push(error.problem());
                None
            }
        }
    }

    fn read_all(&self, path: &Path, open: &mut OpenScenario) -> Result<StoreHandle, StoreError> {
        let data_folder = self.folder.clone().map_or_else(store::data_folder, Ok)?;
        let origin = Origin::of(path, open);
        let path = store::store_path(&data_folder, path);
        let (handle, problem) = match &self.current {
            // The scenario that is open is opened anew: its database is held already.
            Some(current) if current.path() == path => (current.clone(), None),
            _ => StoreHandle::open(&path)?,
        };
        open.problems.extend(problem);
        let (site, in_file) = (open.scenario.area.site, open.scenario.notes.clone());
        let place = FilePlace::of(open);
        let read = handle.submit(move |store| {
            place.iter().try_for_each(|place| store.follow_file(place))?;
            if let Some(origin) = origin {
                store.settle_in(&site, &origin)?;
            }
            store.take_over(&site, &in_file)?;
            store.notes(&site)
        });
        let stored = read.wait()?;
        open.problems.extend(stored.problem(&path));
        open.scenario.notes = stored.notes;
        let stored = handle.submit(|store| store.lists()).wait()?;
        open.problems.extend(stored.problem(&path));
        open.add_lists(&stored.lists);
        let stored = handle.submit(|store| store.reactions()).wait()?;
        open.problems.extend(stored.problem(&path));
        open.reactions = stored.counting();
        Ok(handle)
    }
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            take_store.after(OpenSystems).before(EditSystems),
            (hand_over, notice_kept).chain().in_set(FrameSystems::Derive),
        ),
    )
    // The window that is closed ends the program in its very last frame, at the end of it.
    .configure_sets(Last, LastSavingSystems.after(ExitSystems))
    .add_systems(Last, (hand_over, finish_saving).chain().in_set(LastSavingSystems));
}

/// The systems that put what was edited last on the disk when the program ends.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LastSavingSystems;

/// The store belongs to what was opened.
fn take_store(mut opened: MessageReader<PathOpened>, mut keeping: ResMut<Keeping>) {
    for opened in opened.read() {
        if let Ok(open) = &opened.outcome {
            keeping.handed.clone_from(&open.scenario.notes);
            keeping.keeper.current.clone_from(&opened.store);
            keeping.seen = open.scenario.notes.iter().map(|note| note.id.clone()).collect();
            keeping.is_unsure = false;
        }
    }
}

/// Hands what was changed to the store.
fn hand_over(
    mut edited: MessageReader<ScenarioEdited>,
    active: Option<Res<ActiveScenario>>,
    mut keeping: ResMut<Keeping>,
) {
    let (Some(_), Some(active)) = (edited.read().last(), active) else {
        return;
    };
    let notes = &active.0.scenario.notes;
    if keeping.handed == *notes && !keeping.is_unsure {
        return;
    }
    let Some(store) = keeping.keeper.current.clone() else {
        keeping.handed.clone_from(notes);
        keeping.trouble = Some(why_unkept(&active.0));
        return;
    };
    let (mut put, mut removed) = difference(&keeping.handed, notes);
    keeping.seen.extend(put.iter().map(|note| note.id.clone()));
    if std::mem::take(&mut keeping.is_unsure) {
        // Everything once more.
        put.clone_from(notes);
        let gone = keeping
            .seen
            .iter()
            .filter(|id| notes.iter().all(|note| note.id != **id));
        removed = gone.cloned().collect();
    }
    keeping.handed.clone_from(notes);
    let site = active.0.scenario.area.site;
    let pending = store.submit(move |store| store.save_notes(&site, &put, &removed));
    keeping.saving.push_back(pending);
}

/// Why nothing is kept of a scenario that has no store.
pub(super) fn why_unkept(open: &OpenScenario) -> Problem {
    let why = open.problems.iter().rev().find(|problem| is_about_keeping(problem));
    why.cloned()
        .unwrap_or_else(|| Problem::error("", "", "nothing is kept").because(Cause::Unwritable))
}

pub(super) fn is_about_keeping(problem: &Problem) -> bool {
    matches!(problem.cause, Cause::InUse | Cause::Unwritable | Cause::Newer)
}

/// Notes of `new` that `old` does not have like that, and ids of `old` that `new` does not have.
fn difference(old: &[Note], new: &[Note]) -> (Vec<Note>, Vec<String>) {
    let before: HashMap<&str, &Note> = old.iter().map(|note| (note.id.as_str(), note)).collect();
    let put = new.iter().filter(|note| before.get(note.id.as_str()) != Some(note));
    let still: BTreeSet<&str> = new.iter().map(|note| note.id.as_str()).collect();
    let removed = old.iter().filter(|note| !still.contains(note.id.as_str()));
    (put.cloned().collect(), removed.map(|note| note.id.clone()).collect())
}

/// Notices what is on the disk by now, and what failed.
fn notice_kept(mut keeping: ResMut<Keeping>) {
    let keeping = keeping.bypass_change_detection();
    while let Some(answer) = keeping.saving.front_mut().and_then(Pending::poll) {
        keeping.saving.pop_front();
        if let Err(error) = answer {
            keeping.is_unsure = true;
            keeping.trouble = Some(error.problem());
        }
    }
}

/// What was asked for before the program ended is on the disk when it does.
fn finish_saving(mut exits: MessageReader<AppExit>, mut keeping: ResMut<Keeping>) -> Result {
    if exits.read().last().is_some() {
        for pending in std::mem::take(&mut keeping.saving) {
            pending.wait()?;
        }
    }
    Ok(())
}

/// Says on the screen that something is not kept.
pub(super) fn tell_trouble(mut keeping: ResMut<Keeping>, mut screen: ResMut<Screen>, choices: Res<Choices>) {
    if let Some(problem) = keeping.bypass_change_detection().trouble.take() {
        let reason = cause(&problem, &choices.language);
        let words = tr_args(&choices.language, "notes-unkept", &[("reason", &reason)]);
        screen.0.toasts.add(ToastKind::Problem, words);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::app::open;
    use crate::model::note::tests::{assert_same_notes, note};
    use crate::model::scenario::Columns;
    use crate::model::{ActivateScenario, Edit, EditScenario, OwnList, edit};
    use crate::schedule;
    use serde_json::json;
    use std::time::{Duration, Instant};

    const KLEIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/klein");

    /// A program without a picture that keeps below `folder`, with a scenario open.
    pub(in crate::app) fn program(folder: &Path) -> App {
        program_with(folder, KLEIN.as_ref())
    }

    fn program_with(folder: &Path, scenario: &Path) -> App {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, schedule::plugin, edit::plugin, open::plugin, plugin))
            .insert_resource(Keeping::new(Some(folder.to_owned())))
            .add_systems(
                Update,
                (|mut opened: MessageReader<PathOpened>, mut show: MessageWriter<ActivateScenario>| {
                    for opened in opened.read() {
                        show.write_batch(opened.outcome.clone().ok().map(ActivateScenario));
                    }
                })
                .after(OpenSystems)
                .before(EditSystems),
            );
        app.world_mut().write_message(open::OpenPath(scenario.into()));
        until(&mut app, World::contains_resource::<ActiveScenario>);
        app
    }

    fn until(app: &mut App, is_so: impl Fn(&World) -> bool) {
        let start = Instant::now();
        while !is_so(app.world()) {
            assert!(start.elapsed() < Duration::from_secs(30), "waited too long");
            app.update();
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(in crate::app) fn edit(app: &mut App, request: EditScenario) {
        app.world_mut().write_message(request);
        app.update();
        until(app, |world| world.resource::<Keeping>().saving.is_empty());
    }

    /// Ends the program as its window does when it is closed.
    pub(in crate::app) fn end(app: &mut App) {
        let exit = |mut exits: MessageWriter<AppExit>| {
            exits.write(AppExit::Success);
        };
        app.add_systems(Last, exit.in_set(ExitSystems));
        app.update();
    }

    pub(in crate::app) fn notes(app: &App) -> Vec<Note> {
        app.world().resource::<ActiveScenario>().0.scenario.notes.clone()
    }

    fn trouble(app: &App) -> Option<Cause> {
        let keeping = app.world().resource::<Keeping>();
        keeping.trouble.as_ref().map(|problem| problem.cause)
    }

    #[test]
    fn every_edit_is_there_when_the_scenario_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = program(folder.path());
        assert_eq!(notes(&app), []);
        for number in 1..=3 {
            let note = Box::new(note(number, "written"));
            edit(&mut app, EditScenario::Apply(Edit::AddNote { note }));
        }
        let changed = note(2, "changed");
        edit(
            &mut app,
            EditScenario::Apply(Edit::ChangeNote {
                note: Box::new(changed.clone()),
            }),
        );
        edit(&mut app, EditScenario::Apply(Edit::RemoveNote { id: "note-1".into() }));
        edit(&mut app, EditScenario::Apply(Edit::RemoveNote { id: "note-3".into() }));
        edit(&mut app, EditScenario::Undo);
        let expected = [changed, note(3, "written")];
        assert_same_notes(&notes(&app), &expected);
        assert_eq!(trouble(&app), None);
        // Opened anew in the same program, and in the next one.
        app.world_mut().write_message(open::OpenPath(KLEIN.into()));
        app.world_mut().remove_resource::<ActiveScenario>();
        until(&mut app, World::contains_resource::<ActiveScenario>);
        assert_same_notes(&notes(&app), &expected);
        assert!(app.world().resource::<ActiveScenario>().0.problems.is_empty());
        drop(app);
        let next = program(folder.path());
        assert_same_notes(&notes(&next), &expected);
        assert!(
            !next.world().resource::<edit::History>().can_undo(),
            "what was read back is no edit"
        );
    }

    #[test]
    fn what_was_written_last_is_kept_when_the_program_ends_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = program(folder.path());
        let last = note(1, "last words");
        app.world_mut().write_message(EditScenario::Apply(Edit::AddNote {
            note: Box::new(last.clone()),
        }));
        end(&mut app);
        assert!(app.world().resource::<Keeping>().saving.is_empty());
        drop(app);
        assert_same_notes(&notes(&program(folder.path())), &[last]);
    }

    #[test]
    fn notes_of_the_file_are_there_and_what_was_done_to_them_here_stays_done() {
        let (folder, scenario) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let in_file = |number: u32, text: &str| {
            let camera =
                json!({"target": [251_000, 476_250, 17], "heading_deg": 1, "pitch_deg": -20, "distance_m": 90});
            json!({"id": format!("note-{number}"), "number": number, "text": text, "kind": "task", "role": "other",
                   "day": "2026-11-25", "position": [251_000, 476_250, 17], "viewpoint": {"camera": camera}})
        };
        let anchor = json!({"anchor": {"rd": [251_000, 476_250], "nap_m": 17}});
        let notes_in_file = [in_file(1, "one"), in_file(2, "two"), in_file(3, "three")];
        let document = json!({"version": 1, "title": {"nl": "x"}, "area": anchor, "annotations": notes_in_file});
        std::fs::write(scenario.path().join("scenario.json"), document.to_string()).unwrap();
        let texts = |app: &App| notes(app).iter().map(|note| note.text.clone()).collect::<Vec<_>>();

        let mut app = program_with(folder.path(), scenario.path());
        assert_eq!(texts(&app), ["one", "two", "three"]);
        let changed = Note {
            text: "other words".into(),
            ..notes(&app)[1].clone()
        };
        edit(&mut app, EditScenario::Apply(Edit::RemoveNote { id: "note-1".into() }));
        let change = Edit::ChangeNote {
            note: Box::new(changed),
        };
        edit(&mut app, EditScenario::Apply(change));
        // A program beside it keeps nothing and has what the file says.
        assert_eq!(
            texts(&program_with(folder.path(), scenario.path())),
            ["one", "two", "three"]
        );
        drop(app);
        assert_eq!(
            texts(&program_with(folder.path(), scenario.path())),
            ["other words", "three"]
        );
    }

    #[test]
    fn a_scenario_whose_folder_was_moved_keeps_its_notes_and_lists_and_a_copy_starts_without() {
        let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let [first, moved, copy, other] = ["first", "moved", "copy", "other"].map(|name| place.path().join(name));
        let put = |at: &Path, title: &str| {
            let anchor = json!({"anchor": {"rd": [251_000, 476_250], "nap_m": 17}});
            let document = json!({"version": 1, "title": {"nl": title}, "area": anchor});
            std::fs::create_dir_all(at).unwrap();
            std::fs::write(at.join("scenario.json"), document.to_string()).unwrap();
        };
        put(&first, "plan");
        let mut app = program_with(folder.path(), &first);
        let written = note(1, "here");
        let add = Edit::AddNote {
            note: Box::new(written.clone()),
        };
        edit(&mut app, EditScenario::Apply(add));
        let list = OwnList {
            id: OwnList::new_id(),
            name: "banken.csv".into(),
            bytes: b"X;Y\n251000;476250\n"[..].into(),
            columns: Columns::from_json(r#"{"x": "X", "y": "Y"}"#).unwrap(),
            day: jiff::civil::date(2026, 11, 25),
        };
        let (kept, store) = (list.clone(), app.world().resource::<Keeping>().store().unwrap());
        store.submit(move |store| store.add_list(&kept)).wait().unwrap();
        drop((store, app));
        let lists = |app: &App| {
            let lists = &app.world().resource::<ActiveScenario>().0.own_lists;
            lists.iter().map(|added| added.list.clone()).collect::<Vec<_>>()
        };
        put(&copy, "plan");
        let beside = program_with(folder.path(), &copy);
        assert_eq!(notes(&beside), [], "its original is still there");
        assert_eq!(lists(&beside), []);
        drop(beside);
        std::fs::rename(&first, &moved).unwrap();
        put(&other, "another plan");
        assert_eq!(notes(&program_with(folder.path(), &other)), []);
        let mut app = program_with(folder.path(), &moved);
        assert_same_notes(&notes(&app), std::slice::from_ref(&written));
        assert_eq!(lists(&app), [list]);
        // From now on it has notes of its own: what is removed here stays so, and is still where it was.
        edit(
            &mut app,
            EditScenario::Apply(Edit::RemoveNote { id: written.id.clone() }),
        );
        drop(app);
        assert_eq!(notes(&program_with(folder.path(), &moved)), []);
        put(&first, "plan");
        assert_same_notes(&notes(&program_with(folder.path(), &first)), &[written]);
    }

    #[test]
    fn a_second_program_goes_on_without_keeping_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = program(folder.path());
        let mut second = program(folder.path());
        let problems = &second.world().resource::<ActiveScenario>().0.problems;
        let causes: Vec<Cause> = problems.iter().map(|problem| problem.cause).collect();
        assert_eq!(causes, [Cause::InUse]);
        let lost = note(7, "lost");
        edit(
            &mut second,
            EditScenario::Apply(Edit::AddNote {
                note: Box::new(lost.clone()),
            }),
        );
        assert_eq!(notes(&second), [lost]);
        assert_eq!(trouble(&second), Some(Cause::InUse));
        let kept = note(1, "kept");
        edit(
            &mut first,
            EditScenario::Apply(Edit::AddNote {
                note: Box::new(kept.clone()),
            }),
        );
        drop((first, second));
        assert_same_notes(&notes(&program(folder.path())), &[kept]);
    }

    #[test]
    fn after_a_failed_save_the_next_one_makes_up_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = program(folder.path());
        for number in 1..=2 {
            let note = Box::new(note(number, "written"));
            edit(&mut app, EditScenario::Apply(Edit::AddNote { note }));
        }
        let mut wrong = note(2, "no place");
        // A number that is none: the database refuses it.
        wrong.viewpoint.distance_m = f64::NAN;
        app.world_mut()
            .write_message(EditScenario::Apply(Edit::RemoveNote { id: "note-1".into() }));
        edit(
            &mut app,
            EditScenario::Apply(Edit::ChangeNote { note: Box::new(wrong) }),
        );
        assert_eq!(trouble(&app), Some(Cause::Unwritable));
        edit(&mut app, EditScenario::Undo);
        assert_eq!(notes(&app), [note(2, "written")]);
        drop(app);
        assert_same_notes(&notes(&program(folder.path())), &[note(2, "written")]);
    }
}
