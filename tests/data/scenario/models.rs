//! Models that are added to a variant and saved in `scenario.json`.

use super::{Copy, json, lines};
use bevy::math::{DVec2, DVec3};
use serde_json::{Value, json};
use stadslens::georef::SitePos;
use stadslens::model::scenario::{
    document_with_models, model_facts, model_request, open_any, proposed_model, used_files,
};
use stadslens::model::{Certainty, NewModel, OpenScenario, OwnPlace, Up};
use stadslens::sources::inspect::inspect;
use stadslens::sources::tiles3d::decode_meshes;
use std::fs;
use std::sync::Arc;

/// A shed of 10 by 5 m, 3 m high, that stands where its coordinates say (RD and NAP), with a door in a colour.
const SHED: &str = "mtllib shed.mtl\no Schuur\n\
    v 251020.125 476260.5 17.25\nv 251030.125 476260.5 17.25\nv 251030.125 476265.5 17.25\nv 251020.125 476265.5 17.25\n\
    v 251020.125 476260.5 20.25\nv 251030.125 476260.5 20.25\nv 251030.125 476265.5 20.25\nv 251020.125 476265.5 20.25\n\
    f 4 3 2 1\nf 5 6 7 8\nusemtl door\nf 1 2 6 5\nusemtl wall\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n";

fn with_shed() -> Copy {
    let copy = Copy::new();
    fs::create_dir_all(copy.path().join("models")).unwrap();
    fs::write(copy.path().join("models/shed.obj"), SHED).unwrap();
    fs::write(
        copy.path().join("models/shed.mtl"),
        "newmtl door\nKd 1 0 0\nnewmtl wall\nKd 1 1 1\n",
    )
    .unwrap();
    copy
}

fn proposed(open: &OpenScenario) -> NewModel {
    let (facts, problems) = model_facts(&open.resources, "models/shed.obj").unwrap();
    assert_eq!(lines(&problems), Vec::<String>::new());
    assert_eq!(facts.own_place, OwnPlace::Rd(Up::Z));
    let at = SitePos(DVec3::ZERO);
    proposed_model(open, &[], "models/shed.obj", &facts, at, Certainty::Open)
}

/// Puts the models of variant A into the file.
fn save(copy: &Copy, open: &OpenScenario) -> OpenScenario {
    let (bytes, problems) = document_with_models(open).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    assert_eq!(lines(&problems), Vec::<String>::new());
    fs::write(copy.path().join("scenario.json"), bytes).unwrap();
    copy.open()
}

fn models(open: &mut OpenScenario) -> &mut Vec<NewModel> {
    &mut open.scenario.variants[1].models
}

#[test]
fn a_model_is_saved_moved_and_removed_and_the_rest_of_the_file_stays() {
    let copy = with_shed();
    copy.replace(
        "scenario.json",
        r#""trees": [{"id": "A-T01""#,
        r#""mood": "blij", "trees": [{"id": "A-T01""#,
    );
    let before = json(&copy.path().join("scenario.json"));
    let mut open = copy.open();
    let bytes = fs::read(copy.path().join("scenario.json")).unwrap();
    assert_eq!(
        document_with_models(&open).unwrap().0,
        bytes,
        "nothing changed: letter for letter"
    );
    let model = proposed(&open);
    models(&mut open).push(model.clone());
    let mut open = save(&copy, &open);
    let [read] = &models(&mut open)[..] else {
        panic!("one model")
    };
    assert_close(read, &model);
    let placing = json!({"id": "shed", "path": "models/shed.obj", "title": {"nl": "shed"}, "up": "z", "foot_m": 17.25,
        "position": [251_025.125, 476_263.0], "origin": [251_025.125, 476_263.0, 17.25]});
    let saved = json(&copy.path().join("scenario.json"));
    assert_eq!(saved["variants"][1]["models"], json!([placing]));
    // A key of a later program stays when the model is moved.
    copy.replace("scenario.json", r#""up": "z""#, r#""up": "z", "paint": "green""#);
    let mut open = copy.open();
    models(&mut open)[0] = NewModel {
        position: DVec2::new(-3.0, 4.0),
        foot_m: None,
        heading_deg: 30.0,
        scale: 0.5,
        ..model.clone()
    };
    let mut open = save(&copy, &open);
    let moved = json(&copy.path().join("scenario.json"))["variants"][1]["models"][0].clone();
    let of = |key: &str| moved[key].clone();
    assert_eq!(
        (of("paint"), of("scale"), of("foot_m")),
        (json!("green"), json!(0.5), Value::Null)
    );
    assert_eq!(of("position"), json!([250_997.0, 476_254.0]));
    models(&mut open).clear();
    save(&copy, &open);
    assert_eq!(json(&copy.path().join("scenario.json")), before);
}

fn assert_close(read: &NewModel, model: &NewModel) {
    let position = (read.position - model.position).length();
    let foot = read.foot_m.unwrap() - model.foot_m.unwrap();
    assert!(position < 1e-6 && foot.abs() < 1e-6, "{read:?}");
    let read = NewModel {
        position: model.position,
        foot_m: model.foot_m,
        ..read.clone()
    };
    assert_eq!(read, *model);
}

#[test]
fn a_shed_stands_where_its_own_coordinates_say() {
    let copy = with_shed();
    let mut open = copy.open();
    let model = proposed(&open);
    let content = decode_meshes(&model_request(&open, &model)).unwrap();
    let corners = content.meshes.iter().flat_map(|mesh| {
        let origin = mesh.origin.0;
        let site = move |p: &[f32; 3]| origin + DVec3::new(f64::from(p[0]), -f64::from(p[2]), f64::from(p[1]));
        mesh.positions.iter().map(site)
    });
    let (low, high) = corners.fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), p| {
        (low.min(p), high.max(p))
    });
    // The anchor is 251000, 476250 and NAP + 17 m.
    assert!(low.distance(DVec3::new(20.125, 10.5, 0.25)) < 1e-4, "{low}");
    assert!(high.distance(DVec3::new(30.125, 15.5, 3.25)) < 1e-4, "{high}");
    let triangles: usize = content.meshes.iter().map(|mesh| mesh.indices.len() / 3).sum();
    assert_eq!(triangles, 12);
    // A package takes its materials along.
    models(&mut open).push(model);
    let used = used_files(&open);
    assert!(
        used.paths.contains("models/shed.obj") && used.paths.contains("models/shed.mtl"),
        "{used:?}"
    );
}

#[test]
fn an_obj_opens_by_itself_and_is_described() {
    let copy = with_shed();
    let path = copy.path().join("models/shed.obj");
    let facts = inspect(&path).unwrap();
    assert_eq!(
        (
            &facts["kind"],
            &facts["totals"]["triangles"],
            &facts["totals"]["features"],
            &facts["vertices"]
        ),
        (&json!("obj"), &json!(12), &json!(1), &json!(8))
    );
    assert_eq!(
        (&facts["own_place"], &facts["up"], &facts["problems"]),
        (&json!("EPSG:7415"), &json!("z"), &json!([]))
    );
    let open = open_any(&path).unwrap_or_else(|problems| panic!("{:?}", lines(&problems)));
    assert_eq!(lines(&open.problems), Vec::<String>::new());
    let target = open.scenario.viewpoints[0].target;
    let place = open.scenario.area.site.rd_nap_from_site(target).unwrap();
    assert!(
        (place.x_m - 251_025.1).abs() < 1.0 && (place.y_m - 476_263.0).abs() < 1.0,
        "{place:?}"
    );
    fs::write(&path, "v 0 0 0\nv 1 0 0\n").unwrap();
    let refused = open_any(&path).err().unwrap();
    assert!(
        refused[0].message.starts_with("there is no face in it"),
        "{:?}",
        lines(&refused)
    );
    let missing = Arc::clone(&copy.open().resources);
    assert!(model_facts(&missing, "models/shed.obj").is_err());
}
