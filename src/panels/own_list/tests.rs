use super::*;
use crate::model::OwnList;
use crate::panels::page_harness::{self, pressed};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::sync::Arc;

type Shown = page_harness::Shown<OwnListPage>;

fn harness(page: OwnListPage, code: &str, text_scale: f32) -> Harness<'static, Shown> {
    page_harness::harness(page, code, [360.0, 1400.0], text_scale)
}

fn press(harness: &mut Harness<'_, Shown>, name: &str) -> Vec<OwnListWish> {
    pressed(harness, name).take_wishes()
}

fn preview() -> ListPreview {
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let named = [(Meaning::X, "X"), (Meaning::Y, "Y"), (Meaning::Id, "Nr")];
    ListPreview {
        name: "bomen.csv".into(),
        headers: texts(&["Nr", "X", "Y", "Boomsoort"]),
        columns: Columns {
            named: named.map(|(meaning, name)| (meaning, name.to_owned())).into(),
            crs: Some("EPSG:28992".into()),
            ..Columns::default()
        },
        samples: vec![
            texts(&["B-1", "250985,5", "476250", "linde"]),
            texts(&["B-2", "250987", "476251", "eik"]),
        ],
        rows: 1220,
        objects: 1214,
        problems: Vec::new(),
    }
}

fn with_preview() -> OwnListPage {
    let mut page = OwnListPage::default();
    let row = ProblemRow {
        serious: true,
        what: "De plaats klopt niet.".into(),
        finding: "x or y is empty".into(),
        place: "bomen.csv · line 7".into(),
        meaning: String::new(),
    };
    page.set_preview(preview(), vec![row.clone(), row]);
    page
}

#[test]
fn a_file_is_asked_for_by_dialog_or_by_path() {
    let mut harness = harness(OwnListPage::default(), "nl", 1.0);
    assert_eq!(press(&mut harness, "Bestand kiezen"), [OwnListWish::Browse]);
    assert_eq!(
        press(&mut harness, "Lezen"),
        [],
        "without a path there is nothing to read"
    );
    harness.get_by_role(bevy_egui::egui::accesskit::Role::TextInput).focus();
    harness.run();
    let field = harness.get_by_role(bevy_egui::egui::accesskit::Role::TextInput);
    field.type_text("/data/bomen.csv");
    harness.run();
    assert_eq!(
        press(&mut harness, "Lezen"),
        [OwnListWish::Read(PathBuf::from("/data/bomen.csv"))]
    );
}

#[test]
fn the_guess_is_shown_and_can_be_changed_and_added() {
    let mut harness = harness(with_preview(), "nl", 1.0);
    harness.get_by_label("1.214 van 1.220 rijen komen op de kaart");
    harness.get_by_label("250985,5 · 250987");
    harness.get_by_label("Objectnummer: Nr");
    harness.get_by_label("Stelsel van X en Y: gevonden: RD (EPSG:28992)");

    assert_eq!(press(&mut harness, "Soort: (geen)"), []);
    let wishes = press(&mut harness, "Boomsoort");
    let [OwnListWish::Try(columns)] = &wishes[..] else {
        panic!("{wishes:?}")
    };
    assert_eq!(columns.named.get(&Meaning::Kind).map(String::as_str), Some("Boomsoort"));
    assert_eq!(columns.crs, None, "a system that was only found is looked for again");
    assert_eq!(
        press(&mut harness, "Toevoegen"),
        [],
        "not before it is known what comes of it"
    );

    let mut tried = preview();
    tried.columns = columns.clone();
    tried.columns.crs = Some("EPSG:28992".into());
    let expected = tried.columns.clone();
    harness.state_mut().page.set_preview(tried, Vec::new());
    harness.run();
    assert_eq!(press(&mut harness, "Toevoegen"), [OwnListWish::Add(expected)]);
}

#[test]
fn without_a_place_nothing_can_be_added() {
    let mut page = with_preview();
    let mut nowhere = preview();
    nowhere.columns.named.remove(&Meaning::X);
    nowhere.objects = 0;
    page.set_preview(nowhere, Vec::new());
    let mut harness = harness(page, "nl", 1.0);
    assert_eq!(press(&mut harness, "Toevoegen"), []);
    assert_eq!(press(&mut harness, "Niet toevoegen"), [OwnListWish::Forget]);
}

#[test]
fn lists_that_were_added_can_be_taken_away() {
    let mut page = OwnListPage::default();
    let list = OwnList {
        id: "own-1".into(),
        name: "bomen.csv".into(),
        bytes: Arc::default(),
        columns: Columns::default(),
        day: jiff::civil::date(2026, 11, 25),
    };
    page.set_lists(vec![AddedList { list, objects: 1214 }]);
    let mut harness = harness(page, "nl", 1.0);
    harness.get_by_label("1.214 objecten, toegevoegd op 25 november 2026");
    assert_eq!(
        press(&mut harness, "bomen.csv weghalen"),
        [OwnListWish::Remove("own-1".into())]
    );
}

#[test]
fn large_letters_and_other_languages_fit() {
    for language in Language::available() {
        for scale in [1.0, 2.0] {
            let harness = harness(with_preview(), &language.code(), scale);
            for node in harness.root().children_recursive() {
                if let Some(bounds) = node.accesskit_node().raw_bounds() {
                    assert!(
                        bounds.x1 <= 360.5,
                        "{} {scale}: {:?}",
                        language.code(),
                        node.accesskit_node().label()
                    );
                }
            }
        }
    }
}
