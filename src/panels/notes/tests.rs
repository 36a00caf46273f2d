use super::*;
use crate::model::note::tests::note;
use crate::panels::page_harness::{self, pressed};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

type Shown = page_harness::Shown<NotesPage>;

/// Two notes, a question and an idea, at 272 points: the narrowest that the panel is by itself.
fn harness(code: &str, text_scale: f32) -> Harness<'static, Shown> {
    let mut page = NotesPage::default();
    page.set_state(NotesState {
        notes: vec![note(1, "Waarom hier?"), note(2, "Een bankje")],
        variants: BTreeMap::from([("A".to_owned(), "Pleinwand".to_owned())]),
        can_undo: true,
        can_redo: false,
    });
    page_harness::harness(page, code, [272.0, 900.0], text_scale)
}

/// Presses what is called so and hands out what was asked for.
fn press(harness: &mut Harness<'_, Shown>, name: &str) -> Vec<NotesWish> {
    pressed(harness, name).take_wishes()
}

fn numbers(harness: &Harness<'_, Shown>) -> Vec<u32> {
    harness.state().page.listed().map(|note| note.number).collect()
}

fn changed(wishes: &[NotesWish]) -> Note {
    match wishes {
        [NotesWish::Edit(EditScenario::Apply(Edit::ChangeNote { note }))] => (**note).clone(),
        other => panic!("not one change: {other:?}"),
    }
}

#[test]
fn kinds_filter_the_list_and_a_new_note_is_never_filtered_away() {
    let mut harness = harness("nl", 1.0);
    assert_eq!(numbers(&harness), [1, 2]);
    press(&mut harness, "Idee 1");
    assert_eq!(numbers(&harness), [2]);
    press(&mut harness, "Vraag 1");
    assert_eq!(numbers(&harness), [1, 2], "several kinds at once");
    press(&mut harness, "Vraag 1");
    harness.state_mut().page.open("note-1".into());
    assert_eq!(numbers(&harness), [1, 2]);
}

#[test]
fn a_row_leads_to_its_note_and_the_editor_changes_it() {
    let mut harness = harness("en", 1.0);
    let wishes = press(&mut harness, "1 · Waarom hier?");
    assert_eq!(wishes, [NotesWish::Show("note-1".into())]);
    assert_eq!(harness.state().page.opened(), Some("note-1"));
    let task = changed(&press(&mut harness, "Task"));
    let before = note(1, "Waarom hier?");
    assert_eq!(
        task,
        Note {
            kind: NoteKind::Task,
            ..before.clone()
        }
    );
    let other = changed(&press(&mut harness, "Somebody else"));
    assert_eq!(other.role, AuthorRole::Other);
    let removed = press(&mut harness, "Remove note");
    let edit = Edit::RemoveNote { id: before.id };
    assert_eq!(removed, [NotesWish::Edit(EditScenario::Apply(edit))]);
    assert_eq!(press(&mut harness, "Undo"), [NotesWish::Edit(EditScenario::Undo)]);
    assert_eq!(press(&mut harness, "Redo"), [], "nothing to do again");
}

#[test]
fn typed_words_become_an_edit_at_the_end_of_a_sentence_and_when_the_page_goes() {
    let mut harness = harness("nl", 1.0);
    harness.state_mut().page.open("note-2".into());
    harness.run();
    let field = "Tekst van notitie 2";
    harness.get_by_label(field).type_text(" hier");
    harness.step();
    assert_eq!(
        harness.state_mut().page.take_wishes(),
        [],
        "in the middle of a sentence"
    );
    harness.get_by_label(field).type_text(".");
    harness.step();
    let sentence = changed(&harness.state_mut().page.take_wishes());
    assert_eq!(sentence.text, "Een bankje hier.");
    // The scenario follows, and typing goes on until the page is no longer shown.
    let mut state = harness.state().page.state().clone();
    state.notes[1] = sentence;
    harness.state_mut().page.set_state(state);
    harness.step();
    harness.get_by_label(field).type_text(" Of");
    harness.step();
    assert_eq!(harness.state_mut().page.take_wishes(), []);
    let last = changed(&harness.state_mut().page.take_wishes());
    assert_eq!(last.text, "Een bankje hier. Of");
    assert_eq!(harness.state_mut().page.take_wishes(), [], "once");
}

#[test]
fn the_page_fits_the_narrow_panel_in_every_language_at_twice_the_size() {
    for language in Language::available() {
        for text_scale in [1.0, 2.0] {
            let code = language.code();
            let mut harness = harness(&code, text_scale);
            harness.state_mut().page.open("note-1".into());
            harness.run();
            let field = tr_args(&language, "notes-text", &[("number", "1")]);
            for name in [field, tr(&language, "notes-remove"), tr(&language, "notes-write")] {
                let rect = harness.get_by_label(&name).rect();
                assert!(
                    rect.left() >= 0.0 && rect.right() <= 272.0,
                    "{code} {text_scale} {name}: {rect}"
                );
            }
        }
    }
}
