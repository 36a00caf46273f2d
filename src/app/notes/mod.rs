//! Notes in every lens: the page is told what the scenario says, what it asks for becomes edits and flights, a key or the
//! card starts a new one, and a click on a pin opens the one that it stands for.

mod pins;

use super::choices::Choices;
use super::desk::Screen;
use super::keep::LastSavingSystems;
use super::open::OpenPath;
use crate::georef::SitePos;
use crate::model::edit::{EditSystems, ScenarioEdited};
use crate::model::note::next_number;
use crate::model::{
    ActiveScenario, AuthorRole, Edit, EditScenario, History, LocalText, Note, NoteAnchor, NoteKind, OpenScenario,
    Viewpoint,
};
use crate::panels::desk::Page;
use crate::panels::notes::{NotesPage, NotesState, NotesWish};
use crate::panels::rooms::{Rooms, SharedPage};
use crate::schedule::{FrameSystems, InterfaceSystems, Lens};
use crate::view::camera::{FlyTo, InputSystems, Orbit, OrbitCamera, ReducedMotion, orbit_of};
use crate::view::picking::{CitySelection, Picked, PickedThing};
use crate::view::scene::{ShowVariant, ShownScenario};
use bevy::{prelude::*, window::ExitSystems};
use bevy_egui::EguiPrimaryContextPass;
use jiff::civil::Date;
use std::sync::{Arc, MutexGuard, PoisonError};

/// Key of the page in the rooms.
const PAGE: &str = "notes";

/// Request: write a note on what is picked, or at the middle of the view.
#[derive(Message, Debug, Clone, Copy)]
pub(super) struct WriteNote;

/// The page of notes.
#[derive(Resource, Default)]
struct NotesDesk {
    page: SharedPage<NotesPage>,
}

impl NotesDesk {
    fn page(&self) -> MutexGuard<'_, NotesPage> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the page to every lens that is there already.
pub(super) fn plugin(app: &mut App) {
    let desk = NotesDesk::default();
    let mut rooms = app.world_mut().get_resource_or_init::<Rooms>();
    rooms.add_page(PAGE, &desk.page);
    rooms.add_to_all(Page::Own(PAGE));
    app.insert_resource(desk)
        .init_resource::<pins::ShownPins>()
        .add_message::<WriteNote>()
        .add_systems(
            Update,
            (
                (finish_words_when_opening, follow_wishes, write_note)
                    .chain()
                    .after(super::keys::press_keys)
                    .before(EditSystems)
                    .before(FrameSystems::ApplyEdits),
                tell_page.in_set(FrameSystems::Derive),
                // The city behind a pin is not picked with it.
                pins::open_clicked_pin.in_set(FrameSystems::Derive).after(InputSystems),
            ),
        )
        .add_systems(
            Last,
            finish_words_at_the_end.after(ExitSystems).before(LastSavingSystems),
        )
        // Over the names: a pin that a name hides is a note that nobody finds.
        .add_systems(
            EguiPrimaryContextPass,
            pins::paint_pins
                .after(super::names::paint_names)
                .before(InterfaceSystems),
        );
}

/// What was typed about one scenario becomes an edit before another one is shown.
fn finish_words_when_opening(mut wishes: MessageReader<OpenPath>, desk: Res<NotesDesk>) {
    if wishes.read().last().is_some() {
        desk.page().finish_typing();
    }
}

/// When the program ends nothing is edited any more, so words in the middle of a sentence become an edit here, in time for
/// the store.
fn finish_words_at_the_end(
    mut exits: MessageReader<AppExit>,
    desk: Res<NotesDesk>,
    active: Option<ResMut<ActiveScenario>>,
    mut history: ResMut<History>,
    mut edited: MessageWriter<ScenarioEdited>,
) -> Result {
    let (Some(_), Some(mut active)) = (exits.read().last(), active) else {
        return Ok(());
    };
    let mut page = desk.page();
    page.finish_typing();
    for wish in page.take_wishes() {
        if let NotesWish::Edit(request) = wish {
            history.perform(&mut Arc::make_mut(&mut active.0).scenario, &request)?;
            edited.write(ScenarioEdited);
        }
    }
    Ok(())
}

/// Does what was asked for on the page.
fn follow_wishes(
    shown: Option<Res<ShownScenario>>,
    desk: Res<NotesDesk>,
    motion: Res<ReducedMotion>,
    mut edits: MessageWriter<EditScenario>,
    mut fly: MessageWriter<FlyTo>,
    mut variant: MessageWriter<ShowVariant>,
    mut write: MessageWriter<WriteNote>,
) {
    let wishes = desk.page().take_wishes();
    let Some(shown) = shown else { return };
    for wish in wishes {
        match wish {
            NotesWish::Write => {
                write.write(WriteNote);
            }
            NotesWish::Edit(edit) => {
                edits.write(edit);
            }
            NotesWish::Show(id) => {
                let Some(note) = shown.open.scenario.note(&id) else {
                    continue;
                };
                fly.write(FlyTo {
                    to: orbit_of(&note.viewpoint),
                    at_once: motion.0,
                });
                variant.write_batch(note.viewpoint.variant.clone().map(ShowVariant));
            }
        }
    }
}

/// Adds an empty note and opens it.
fn write_note(
    mut wishes: MessageReader<WriteNote>,
    shown: Option<Res<ShownScenario>>,
    selection: Res<CitySelection>,
    camera: Res<OrbitCamera>,
    lens: Res<State<Lens>>,
    desk: Res<NotesDesk>,
    mut screen: ResMut<Screen>,
    mut edits: MessageWriter<EditScenario>,
) {
    let (Some(_), Some(shown)) = (wishes.read().last(), shown) else {
        return;
    };
    let role = match lens.get() {
        Lens::Design => AuthorRole::Planner,
        Lens::Participation => AuthorRole::Resident,
        Lens::Maintenance => AuthorRole::Maintainer,
    };
    let note = new_note(
        &shown.open,
        selection.picked.as_ref(),
        camera.goal(),
        shown.active_variant().map(|variant| variant.id.clone()),
        role,
        jiff::Zoned::now().date(),
    );
    desk.page().open(note.id.clone());
    screen.0.open_page(Page::Own(PAGE));
    edits.write(EditScenario::Apply(Edit::AddNote { note: Box::new(note) }));
}

/// A note without words on what is picked, or at the middle of the view.
fn new_note(
    open: &OpenScenario,
    picked: Option<&Picked>,
    view: Orbit,
    variant: Option<String>,
    role: AuthorRole,
    day: Date,
) -> Note {
    let id = Note::new_id();
    Note {
        number: next_number(&open.scenario.notes),
        text: String::new(),
        kind: NoteKind::Remark,
        role,
        anchor: NoteAnchor {
            position: picked.map_or(view.target, |picked| picked.position),
            object: picked.and_then(|picked| object_id(open, &picked.thing)),
        },
        viewpoint: Viewpoint {
            id: id.clone(),
            title: LocalText::default(),
            caption: LocalText::default(),
            target: SitePos(view.target.0),
            heading_deg: view.heading_rad.to_degrees().rem_euclid(360.0),
            pitch_deg: view.pitch_rad.to_degrees(),
            distance_m: view.distance_m,
            variant,
            lens: None,
            time: None,
        },
        day,
        id,
    }
}

/// The id of a picked thing in its data; a place on the ground has none.
fn object_id(open: &OpenScenario, thing: &PickedThing) -> Option<String> {
    match thing {
        PickedThing::Building { id, .. } => id.clone(),
        PickedThing::NewBuilding { id } | PickedThing::NewModel { id } | PickedThing::NewTree { id } => {
            Some(id.clone())
        }
        PickedThing::Asset { index } => Some(open.assets.get(*index)?.id.clone()),
        PickedThing::Report { index } => Some(open.reports.get(*index)?.id.clone()),
        PickedThing::Sensor { index } => Some(open.sensors.get(*index)?.id.clone()),
        PickedThing::Feature { layer, index } => {
            let layer = open.features.get(*layer)?;
            Some(layer.features.get(*index)?.id.clone()?)
        }
        PickedThing::Point(_) | PickedThing::Ground => None,
    }
}

/// Tells the page what the scenario says, when that or the language is another.
fn tell_page(
    shown: Option<Res<ShownScenario>>,
    history: Res<History>,
    choices: Res<Choices>,
    desk: Res<NotesDesk>,
    mut told: Local<Option<String>>,
) {
    let Some(shown) = shown else { return };
    let code = choices.language.code();
    if !shown.is_changed() && !history.is_changed() && told.as_ref() == Some(&code) {
        return;
    }
    let scenario = &shown.open.scenario;
    let titles = scenario.variants.iter();
    let state = NotesState {
        notes: scenario.notes.clone(),
        variants: titles
            .map(|variant| (variant.id.clone(), variant.title.get(&code).to_owned()))
            .collect(),
        can_undo: history.can_undo(),
        can_redo: history.can_redo(),
    };
    let mut page = desk.page();
    if *page.state() != state {
        page.set_state(state);
    }
    *told = Some(code);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keep::tests::{edit, end, notes, program};
    use crate::model::edit::tests::scenario;
    use crate::model::note::tests::note;
    use crate::panels::rooms::PageContent as _;
    use crate::sources::resource;
    use crate::text::Language;
    use bevy::math::DVec3;
    use bevy_egui::egui::vec2;
    use egui_kittest::{Harness, kittest::Queryable as _};
    use jiff::civil::date;
    use std::path::Path;

    fn view() -> Orbit {
        Orbit {
            target: SitePos(DVec3::new(3.0, 4.0, 5.0)),
            heading_rad: -std::f64::consts::FRAC_PI_2,
            pitch_rad: -0.5,
            distance_m: 80.0,
        }
    }

    #[test]
    fn a_note_stands_on_what_is_picked_and_else_in_the_middle_of_the_view() {
        let open = OpenScenario::without_data(scenario(), resource::folder(Path::new(".")));
        let day = date(2026, 11, 25);
        let variant = Some("A".to_owned());
        let free = new_note(&open, None, view(), variant.clone(), AuthorRole::Planner, day);
        assert_eq!((free.number, free.anchor.position), (5, view().target));
        assert_eq!(free.anchor.object, None);
        assert_eq!(free.variant(), Some("A"));
        assert!((free.viewpoint.heading_deg - 270.0).abs() < 1e-9);
        let seen = orbit_of(&free.viewpoint);
        assert!((seen.pitch_rad - view().pitch_rad).abs() < 1e-12 && seen.target == view().target);
        let picked = Picked {
            thing: PickedThing::NewTree { id: "tree 1".into() },
            position: SitePos(DVec3::ONE),
        };
        let pinned = new_note(&open, Some(&picked), view(), None, AuthorRole::Resident, day);
        assert_eq!(pinned.anchor.position, picked.position);
        assert_eq!(pinned.anchor.object.as_deref(), Some("tree 1"));
        assert_ne!(pinned.id, free.id);
    }

    #[test]
    fn words_in_the_middle_of_a_sentence_are_kept_when_the_program_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = program(folder.path());
        let first = note(2, "Een bankje");
        let add = Edit::AddNote {
            note: Box::new(first.clone()),
        };
        edit(&mut app, EditScenario::Apply(add));
        let desk = NotesDesk::default();
        let mut page = desk.page();
        page.set_state(NotesState {
            notes: notes(&app),
            ..NotesState::default()
        });
        page.open(first.id);
        drop(page);
        let language = Language::from_code("nl").unwrap();
        let shown = desk.page.clone();
        let mut harness = Harness::builder().with_size(vec2(300.0, 900.0)).build_ui(move |ui| {
            crate::ui::Theme::new(false, 1.0).install(ui.ctx());
            shown.lock().unwrap().show(ui, &language);
        });
        harness.step();
        harness.get_by_label("Tekst van notitie 2").type_text(" en een bo");
        harness.step();
        assert_eq!(desk.page().take_wishes(), [], "no sentence yet");
        app.insert_resource(desk).add_systems(
            Last,
            finish_words_at_the_end.after(ExitSystems).before(LastSavingSystems),
        );
        harness.step();
        end(&mut app);
        drop(app);
        let kept = notes(&program(folder.path()));
        let texts: Vec<&str> = kept.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(texts, ["Een bankje en een bo"]);
    }
}
