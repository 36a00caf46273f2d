//! A preparation of which nothing comes: the folder is free for the next try, nothing of an earlier one is lost, and what is
//! wrong is told once.

#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

use crate::online::{Reply, Server};
use crate::prepare::{Town, errors, files_in, online, run, services};
use stadslens::model::scenario;
use stadslens::prepare::{Area, PrepareError, PrepareOptions};
use stadslens::sources::{Cause, Problem, Severity};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The town's files for an area in which nothing of them lies.
fn elsewhere(town: &Town) -> PrepareOptions {
    PrepareOptions {
        area: Area::from_box("240000,470000,240200,470200").unwrap(),
        ..town.options()
    }
}

fn refused(options: &PrepareOptions) -> Vec<Problem> {
    match run(options) {
        Err(PrepareError::Problems(problems)) => problems,
        other => panic!("{other:?}"),
    }
}

/// It asked for `--replace`, though there was nothing to be replaced.
#[test]
fn a_run_that_found_nothing_leaves_the_folder_to_the_next_one() {
    let town = Town::new();
    let problems = refused(&elsewhere(&town));
    assert_eq!(problems[0].cause, Cause::Place, "{problems:?}");
    assert!(!town.path("out").exists(), "a folder that was not there before");
    assert_eq!(run(&town.options()).unwrap().buildings, 25);

    // A folder that somebody made stays.
    fs::create_dir(town.path("made")).unwrap();
    let of_made = |options: PrepareOptions| PrepareOptions {
        folder: town.path("made"),
        ..options
    };
    refused(&of_made(elsewhere(&town)));
    assert_eq!(fs::read_dir(town.path("made")).unwrap().count(), 0);
    assert_eq!(run(&of_made(town.options())).unwrap().buildings, 25);
}

/// An area that an earlier run made, and that is told to lack something, is not given up where nothing more comes.
#[test]
fn a_run_that_found_nothing_takes_nothing_away_that_was_there() {
    let town = Town::new();
    let is_shut = Arc::new(AtomicBool::new(false));
    let (shut, answer) = (is_shut.clone(), services(&town, true));
    let server = Server::new(move |seen| {
        if shut.load(Ordering::Relaxed) {
            Reply::of(403, "")
        } else {
            answer(seen)
        }
    });
    let options = online(&town, &server);
    assert!(!errors(&run(&options).unwrap()).is_empty(), "the ground is missing");
    fs::remove_dir_all(town.path("out/.prepare/cache")).unwrap();
    let before = files_in(&town.path("out"));
    is_shut.store(true, Ordering::Relaxed);
    refused(&options);
    assert!(files_in(&town.path("out")) == before);
    assert_eq!(scenario::open(&town.path("out")).unwrap().register.buildings.len(), 25);
}

#[test]
fn a_run_that_stopped_before_its_first_step_blocks_no_other() {
    let town = Town::new();
    // As a run leaves it that was killed while it tiled its first model.
    fs::create_dir_all(town.path("out/.prepare/cache")).unwrap();
    fs::create_dir_all(town.path("out/buildings/tiles")).unwrap();
    fs::write(town.path("out/.prepare/cache/fetched"), "of every run").unwrap();
    fs::write(town.path("out/buildings/tiles/0.glb"), "half").unwrap();
    let journal = r#"{"wishes": "others", "is_finished": false, "is_clearing": false, "steps": {}}"#;
    fs::write(town.path("out/.prepare/journal.json"), journal).unwrap();
    refused(&elsewhere(&town));
    assert!(
        town.path("out/.prepare/cache/fetched").exists(),
        "what was fetched stays"
    );
    assert!(!town.path("out/buildings").exists() && !town.path("out/.prepare/journal.json").exists());
    assert_eq!(run(&town.options()).unwrap().buildings, 25);
}

/// There was a line for each tile and each map of it.
#[test]
fn a_service_that_cannot_be_asked_is_told_in_one_line() {
    let town = Town::new();
    let server = Server::new(|_| Reply::of(403, ""));
    let options = PrepareOptions {
        online_imagery: true,
        ..online(&town, &server)
    };
    let problems = refused(&options);
    let [nothing, host] = &problems[..] else {
        panic!("{problems:#?}")
    };
    assert_eq!((nothing.cause, host.cause), (Cause::Network, Cause::Network));
    assert_eq!(host.path, "127.0.0.1", "{host}");
    for words in [
        "the service refuses (status 403)",
        "3dbag",
        "ahn-dtm",
        "luchtfoto-hr (",
        " more",
        "run it again",
    ] {
        assert!(host.message.contains(words), "`{words}` is not in {host}");
    }
    assert!(!town.path("out").exists());
    // With files of one's own the rest is made, and the line is the same.
    let report = run(&PrepareOptions {
        buildings: town.options().buildings,
        ..options
    })
    .unwrap();
    assert_eq!(
        (report.buildings, errors(&report).len()),
        (25, 1),
        "{:?}",
        report.problems
    );
}

/// A layer that lies elsewhere is told; what the others hold is used.
#[test]
fn one_layer_outside_the_area_is_left_out_with_a_line() {
    let town = Town::new();
    let member = |kind: &str, place: &str| {
        format!(
            r#"<gml:featureMember><{kind}><plus_type>boom</plus_type><punt><gml:Point srsName="EPSG:28992"><gml:pos>{place}</gml:pos></gml:Point></punt></{kind}></gml:featureMember>"#
        )
    };
    let (here, there) = (member("Bomen", "251040 476040"), member("Verweg", "150000 400000"));
    let text = format!(r#"<c xmlns:gml="http://www.opengis.net/gml">{there}{here}</c>"#);
    fs::write(town.path("bomen.gml"), text).unwrap();
    let report = run(&PrepareOptions {
        buildings: Vec::new(),
        terrain: Vec::new(),
        vector: vec![town.path("bomen.gml")],
        ..town.options()
    })
    .unwrap();
    assert_eq!(report.features, 1, "{:?}", report.problems);
    let told: Vec<(Severity, Cause, &str)> = report
        .problems
        .iter()
        .map(|problem| (problem.severity, problem.cause, problem.place.as_str()))
        .collect();
    assert_eq!(
        told,
        [(Severity::Warning, Cause::Elsewhere, "Verweg")],
        "{:?}",
        report.problems
    );
    assert_eq!(scenario::open(&town.path("out")).unwrap().assets.len(), 1);
}
