//! Files that do not say in which coordinate system they are: what is asked, and what an answer changes.

use serde_json::{Value, json};
use stadslens::georef::{Crs, SitePos, Transformer};
use stadslens::model::scenario::{OpenWishes, open_any, open_with, takes_crs};
use stadslens::model::store::Store;
use stadslens::model::{AuthorRole, CrsAnswer, FilePlace, Note, NoteAnchor, NoteKind, OpenScenario};
use stadslens::sources::inspect::{inspect, tell_place};
use std::fs;
use std::path::{Path, PathBuf};

/// Hengelo, Brink, degrees.
const BRINK: [f64; 2] = [6.7936, 52.2659];

fn there(crs: Crs) -> [f64; 2] {
    let to = Transformer::new(Crs(4326), crs).expect("a system");
    to.convert_flat(BRINK).expect("a place")
}

/// A drawing of a square of 40 units whose corner lies at `[x, y]`.
fn drawing(folder: &Path, [x, y]: [f64; 2]) -> PathBuf {
    let (far_x, far_y) = (x + 40.0, y + 40.0);
    let line = |a: [f64; 2], b: [f64; 2]| {
        format!(
            "0\nLINE\n8\nA\n10\n{}\n20\n{}\n11\n{}\n21\n{}\n",
            a[0], a[1], b[0], b[1]
        )
    };
    let text = format!(
        "0\nSECTION\n2\nENTITIES\n{}{}0\nENDSEC\n0\nEOF\n",
        line([x, y], [far_x, y]),
        line([far_x, y], [far_x, far_y])
    );
    let path = folder.join("plan.dxf");
    fs::write(&path, text).expect("a drawing");
    path
}

fn answered(path: &Path, answer: CrsAnswer) -> OpenScenario {
    let wishes = OpenWishes {
        crs: Some(answer),
        ..OpenWishes::default()
    };
    open_with(path, wishes).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Where a scenario looks, degrees; `None` for one without a place on earth.
fn place_deg(open: &OpenScenario) -> Option<[f64; 2]> {
    let target = open.scenario.viewpoints.first()?.target;
    let place = open.scenario.area.site.lon_lat_h_from_site(target).ok()?;
    Some([place.lon_deg, place.lat_deg])
}

fn is_at_brink(open: &OpenScenario) -> bool {
    place_deg(open).is_some_and(|[lon, lat]| (lon - BRINK[0]).abs() < 2e-3 && (lat - BRINK[1]).abs() < 2e-3)
}

#[test]
fn a_drawing_in_any_usual_system_stands_at_its_place_when_it_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    for crs in [Crs::RD, Crs(25832), Crs(3857), Crs(31370)] {
        let path = drawing(folder.path(), there(crs));
        assert!(takes_crs(&path));
        let asked = open_any(&path).unwrap_or_else(|problems| panic!("{problems:?}"));
        let question = asked.crs_question.clone().expect("it says no system");
        assert_eq!(question.answer, None);
        assert!(
            question.likely.iter().any(|likely| likely.crs == crs),
            "{crs}: {question:?}"
        );
        // Until it is answered only RD is taken by itself.
        assert_eq!(question.taken.is_some(), question.taken == Some(Crs::RD));
        assert_eq!(is_at_brink(&asked), crs == Crs::RD, "{crs}");
        let open = answered(&path, CrsAnswer::In(crs));
        assert!(is_at_brink(&open), "{crs}: {:?}", open.scenario.area.site);
        let question = open.crs_question.expect("it can be answered otherwise");
        assert_eq!((question.answer, question.taken), (Some(CrsAnswer::In(crs)), Some(crs)));
        let nowhere = answered(&path, CrsAnswer::Nowhere);
        assert_eq!(place_deg(&nowhere), None);
        assert_eq!(nowhere.features[0].features.len(), 2);
    }
}

/// The corner where the two lines of a drawing meet, site frame.
fn corner(open: &OpenScenario) -> SitePos {
    let lines = open.features[0].features.iter().flat_map(|feature| &feature.lines);
    let end = lines.flatten().nth(1).expect("the end of the first line");
    SitePos(end.extend(1.5))
}

fn note_at(open: &OpenScenario, position: SitePos) -> Note {
    let mut viewpoint = open.scenario.viewpoints[0].clone();
    viewpoint.target = position;
    Note {
        id: "note-1".into(),
        number: 1,
        text: "this corner".into(),
        kind: NoteKind::Remark,
        role: AuthorRole::Planner,
        anchor: NoteAnchor { position, object: None },
        viewpoint,
        day: jiff::civil::date(2026, 11, 27),
    }
}

/// A note stood where the first answer had put the file.
#[test]
fn a_note_goes_with_its_file_when_the_system_is_answered_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = drawing(folder.path(), there(Crs::RD));
    let (mut store, _) = Store::open(&folder.path().join("notes.sqlite")).expect("a store");
    let follow = |store: &mut Store, open: &OpenScenario| {
        let place = FilePlace::of(open).expect("it is asked about");
        store.follow_file(&place).expect("the notes follow");
        let notes = store.notes(&open.scenario.area.site).expect("notes");
        assert_eq!(notes.unreadable, 0);
        notes.notes
    };
    let first = open_any(&path).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(follow(&mut store, &first), []);
    let written = note_at(&first, corner(&first));
    let site = first.scenario.area.site;
    store.save_notes(&site, &[written], &[]).expect("saved");
    // In the sea off Africa, without a place, by itself once more, and back.
    for answer in [
        Some(CrsAnswer::In(Crs(3857))),
        Some(CrsAnswer::Nowhere),
        Some(CrsAnswer::Nowhere),
        None,
    ] {
        let open = match answer {
            Some(answer) => answered(&path, answer),
            None => open_any(&path).unwrap_or_else(|problems| panic!("{problems:?}")),
        };
        let notes = follow(&mut store, &open);
        let expected = corner(&open).0;
        let [note] = &notes[..] else {
            panic!("{answer:?}: {notes:?}")
        };
        for stands in [note.anchor.position, note.viewpoint.target] {
            assert!(stands.0.distance(expected) < 0.01, "{answer:?}: {stands:?}, {expected}");
        }
    }
}

#[test]
fn an_answer_that_cannot_be_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    // Metres of RD are no degrees.
    let path = drawing(folder.path(), there(Crs::RD));
    let wishes = OpenWishes {
        crs: Some(CrsAnswer::In(Crs(4326))),
        ..OpenWishes::default()
    };
    let problems = open_with(&path, wishes).err().expect("no such place");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].message.contains("EPSG:4326"), "{problems:?}");
}

#[test]
fn a_city_model_without_a_system_is_asked_about_and_stands_where_it_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("huis.city.json");
    let [x, y] = there(Crs(25832));
    let corners: Vec<[f64; 3]> = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]
        .iter()
        .flat_map(|[east, north]| [[x + east, y + north, 20.0], [x + east, y + north, 26.0]])
        .collect();
    let model = json!({
        "type": "CityJSON", "version": "2.0",
        "transform": {"scale": [1.0, 1.0, 1.0], "translate": [0.0, 0.0, 0.0]},
        "CityObjects": {"huis": {"type": "Building", "geometry": [
            {"type": "MultiSurface", "lod": "1.2", "boundaries": [[[1, 3, 5, 7]], [[0, 1, 7, 6]]]}]}},
        "vertices": corners,
    });
    fs::write(&path, model.to_string()).expect("a model");
    let asked = open_any(&path).unwrap_or_else(|problems| panic!("{problems:?}"));
    let question = asked.crs_question.expect("it says no system");
    assert_eq!((question.taken, question.answer), (None, None));
    assert!(question.likely.iter().any(|likely| likely.crs == Crs(25832)));
    let open = answered(&path, CrsAnswer::In(Crs(25832)));
    assert!(is_at_brink(&open), "{:?}", open.scenario.area.site);
}

#[test]
fn inspect_tells_where_a_file_lies_or_may_lie() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = drawing(folder.path(), there(Crs::RD));
    let told = |crs: Option<Crs>| -> Value {
        let mut facts = inspect(&path).unwrap_or_else(|problem| panic!("{problem}"));
        tell_place(&mut facts, crs);
        facts["layers"][0].clone()
    };
    let unknown = told(None);
    assert_eq!(unknown["likely_crs"][0]["crs"], "EPSG:28992");
    assert!(
        unknown["likely_crs"][0]["near"]
            .as_str()
            .is_some_and(|near| near.starts_with("Hengelo"))
    );
    let known = told(Some(Crs::RD));
    assert_eq!(known["crs"], "EPSG:28992");
    let lon = known["center_lon_lat"][0].as_f64().expect("degrees");
    assert!((lon - BRINK[0]).abs() < 2e-3, "{known}");
    assert!(known.get("likely_crs").is_none());
}
