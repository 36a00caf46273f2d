//! Heights from a service whose answers break off: asked for again at once, or in the next run, and never taken for whole.

#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

use crate::geotiff_fixture::Fixture;
use crate::online::{Manner, Reply, Seen, Server};
use crate::prepare::{Town, errors, online, run, services};
use stadslens::model::scenario;
use stadslens::prepare::{Area, PrepareOptions};
use std::fs;

/// West edge of the two blocks that the area touches.
const BLOCKS: [&str; 2] = ["250500", "251000"];

/// West edge of the block that is asked for.
fn asked(seen: &Seen) -> Option<&str> {
    let bounds = seen.query("BBOX").filter(|_| seen.path().ends_with("/wcs/v1_0"))?;
    bounds.split(',').next()
}

/// A block of heights that rise to the east, cells of 5 m.
fn block(west: &str) -> Vec<u8> {
    let west: f64 = west.parse().unwrap();
    let first = if west < 251_000.0 { 16.0_f32 } else { 17.0 };
    let heights = (0..100 * 100_u16).map(|at| first + f32::from(at % 100) * 0.01);
    Fixture::rd(100, 100, [west, 476_500.0], 5.0, heights.collect()).bytes()
}

/// The services of the town, with heights sent as `manner` says for the block west of `west` and how often it was asked.
fn server(town: &Town, manner: impl Fn(&str, usize, usize) -> Option<Manner> + Send + Sync + 'static) -> Server {
    let others = services(town, false);
    Server::new(move |seen| match asked(seen) {
        Some(west) => {
            let bytes = block(west);
            let half = bytes.len() / 2;
            match manner(west, seen.before, half) {
                // All there is, as far as the answer tells.
                Some(Manner::NoLength) => Reply::ok(&bytes[..half]).sent(Manner::NoLength),
                Some(manner) => Reply::ok(bytes).sent(manner),
                None => Reply::ok(bytes),
            }
        }
        None => others(seen),
    })
}

fn options(town: &Town, server: &Server, folder: &str) -> PrepareOptions {
    PrepareOptions {
        area: Area::from_box("250900,476000,251100,476200").unwrap(),
        folder: town.path(folder),
        ..online(town, server)
    }
}

/// The heights that were made of them.
fn grid(town: &Town, folder: &str) -> Vec<u8> {
    fs::read(town.path(folder).join("terrain.tif")).unwrap()
}

/// Which blocks were asked for.
fn seen(server: &Server) -> Vec<String> {
    let mut seen: Vec<String> = server.seen().iter().filter_map(asked).map(str::to_owned).collect();
    seen.sort();
    seen
}

#[test]
fn heights_that_break_off_on_the_way_are_asked_for_again() {
    let town = Town::new();
    let whole = server(&town, |_, _, _| None);
    assert_eq!(
        errors(&run(&options(&town, &whole, "undisturbed")).unwrap()),
        Vec::<String>::new()
    );
    assert_eq!(seen(&whole), BLOCKS);
    let broken = server(&town, |_, before, half| (before == 0).then_some(Manner::CutAfter(half)));
    let report = run(&options(&town, &broken, "out")).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    assert_eq!(seen(&broken), [BLOCKS[0], BLOCKS[0], BLOCKS[1], BLOCKS[1]]);
    assert!(grid(&town, "out") == grid(&town, "undisturbed"), "the same heights");
    assert!(scenario::open(&town.path("out")).unwrap().has_terrain);
}

#[test]
fn half_an_answer_that_looks_whole_is_told_and_asked_for_by_the_next_run() {
    let town = Town::new();
    let whole = server(&town, |_, _, _| None);
    run(&options(&town, &whole, "undisturbed")).unwrap();
    let broken = server(&town, |west, _, _| (west == BLOCKS[0]).then_some(Manner::NoLength));
    let report = run(&options(&town, &broken, "out")).unwrap();
    let told = errors(&report);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("ahn-dtm_250500_476000.tif") && told[0].contains("no whole TIFF"),
        "{told:?}"
    );
    // The other block serves meanwhile.
    assert!(scenario::open(&town.path("out")).unwrap().has_terrain);
    assert!(grid(&town, "out") != grid(&town, "undisturbed"));
    drop(broken);
    let back = server(&town, |_, _, _| None);
    let report = run(&options(&town, &back, "out")).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    assert_eq!(seen(&back), [BLOCKS[0]], "what came whole is not asked for again");
    assert!(grid(&town, "out") == grid(&town, "undisturbed"), "the same heights");
}
