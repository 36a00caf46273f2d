//! Heights from a service whose answers break off: asked for again at once, or in the next run, and never taken for whole.
//! And heights of which a file does not say from where they are measured.

#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

use crate::geotiff_fixture::Fixture;
use crate::online::{Manner, Reply, Seen, Server};
use crate::prepare::{Town, errors, online, run, services};
use bevy::math::{DVec2, DVec3};
use serde_json::{Value, json};
use stadslens::georef::{Crs, SitePos, Transformer};
use stadslens::model::scenario;
use stadslens::model::{OpenScenario, scenario::open_any};
use stadslens::prepare::{Area, PrepareOptions};
use std::fs;
use std::path::PathBuf;

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
    // Broken the first time that it is asked for.
    let broken = server(&town, |west, before, _| {
        (west == BLOCKS[0] && before == 0).then_some(Manner::NoLength)
    });
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
    let report = run(&options(&town, &broken, "out")).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    assert_eq!(
        seen(&broken),
        [BLOCKS[0], BLOCKS[0], BLOCKS[1]],
        "what came whole is not asked for again"
    );
    assert!(grid(&town, "out") == grid(&town, "undisturbed"), "the same heights");
}

/// Heights above the ellipsoid were taken for NAP, 43 m too high; those above a neighbour's zero for ours.
#[test]
fn heights_above_another_zero_are_brought_to_nap_or_left_out() {
    let town = Town::new();
    let with = |vertical: u64, height: f32| {
        let mut ground = Fixture::rd(60, 60, [250_900.0, 476_300.0], 10.0, vec![height; 60 * 60]);
        ground.keys.push((4096, vertical));
        ground.bytes()
    };
    fs::write(town.path("ellipsoid.tif"), with(5030, 60.0)).unwrap();
    fs::write(town.path("belgian.tif"), with(5710, 19.0)).unwrap();
    let prepared = |name: &str| {
        run(&PrepareOptions {
            folder: town.path(&format!("of-{name}")),
            terrain: vec![town.path(name)],
            ..town.options()
        })
        .unwrap()
    };
    assert_eq!(errors(&prepared("ellipsoid.tif")), Vec::<String>::new());
    let open = scenario::open(&town.path("of-ellipsoid.tif")).unwrap();
    let zero = open.scenario.area.site.rd_nap_from_site(SitePos(DVec3::ZERO)).unwrap();
    let nap_m = open.terrain.height_at(DVec2::ZERO) + zero.nap_m;
    assert!((nap_m - 16.6).abs() < 0.2, "{nap_m}");
    let report = prepared("belgian.tif");
    let told = errors(&report);
    assert!(told.len() == 1 && told[0].contains("EPSG:5710"), "{told:?}");
    assert!(!scenario::open(&town.path("of-belgian.tif")).unwrap().has_terrain);
}

/// The houses of the town in UTM, their heights above NAP or above the ellipsoid: their file says neither.
fn in_utm(town: &Town, name: &str, above_ellipsoid: bool) -> PathBuf {
    /// Where the numbers of the file begin, metres east and north.
    const BEGIN: [f64; 2] = [349_000.0, 5_793_000.0];
    let to = if above_ellipsoid { Crs(4979) } else { Crs::RD };
    let to_heights = Transformer::new(Crs::RD_NAP, to).unwrap();
    let to_utm = Transformer::new(to, Crs(25832)).unwrap();
    let text = fs::read_to_string(town.path("town.city.jsonl")).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let translate = lines[0]["transform"]["translate"].clone();
    let millimetres = |metres: f64| json!((metres * 1000.0).round());
    for line in &mut lines[1..] {
        for vertex in line["vertices"].as_array_mut().unwrap() {
            let place =
                [0, 1, 2].map(|axis| vertex[axis].as_f64().unwrap() / 1000.0 + translate[axis].as_f64().unwrap());
            let [x, y, z] = to_utm.convert(to_heights.convert(place).unwrap()).unwrap();
            *vertex = json!([millimetres(x - BEGIN[0]), millimetres(y - BEGIN[1]), millimetres(z)]);
        }
    }
    lines[0]["transform"]["translate"] = json!([BEGIN[0], BEGIN[1], 0.0]);
    lines[0]["metadata"]["referenceSystem"] = json!("https://www.opengis.net/def/crs/EPSG/0/25832");
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(town.path(name), lines.join("\n")).unwrap();
    town.path(name)
}

/// Height above NAP of the roof of the eighth house, and what was said of heights.
fn roof_of(open: &OpenScenario, told: &[stadslens::sources::Problem]) -> (f64, Vec<String>) {
    let building = open.register.get("NL.IMBAG.Pand.0164100000000007").unwrap();
    let roof = SitePos(DVec3::new(0.0, 0.0, building.roof_m));
    let told = told.iter().map(ToString::to_string);
    (
        open.scenario.area.site.rd_nap_from_site(roof).unwrap().nap_m,
        told.filter(|line| line.contains("says nothing of heights")).collect(),
    )
}

/// The viewer took such heights for those above the ellipsoid, and preparing for NAP: 43 m apart.
#[test]
fn a_city_model_in_utm_stands_equally_high_in_the_viewer_and_in_a_prepared_area() {
    let town = Town::new();
    let model = in_utm(&town, "utm.city.jsonl", false);
    let open = open_any(&model).unwrap();
    let (roof_m, told) = roof_of(&open, &open.problems);
    assert!((roof_m - 26.0).abs() < 0.01, "{roof_m}");
    assert!(told.len() == 1 && told[0].contains("taken as NAP;"), "{told:?}");
    for (folder, terrain) in [("alone", Vec::new()), ("on-ground", vec![town.path("ground.tif")])] {
        let report = run(&PrepareOptions {
            folder: town.path(folder),
            buildings: vec![model.clone()],
            terrain,
            ..town.options()
        })
        .unwrap();
        assert_eq!(errors(&report), Vec::<String>::new());
        let open = scenario::open(&town.path(folder)).unwrap();
        let (prepared_m, said) = roof_of(&open, &report.problems);
        assert!((prepared_m - 26.0).abs() < 0.01, "{folder}: {prepared_m}");
        assert_eq!(said, told, "{folder}");
    }
}

#[test]
fn the_ground_of_a_prepared_area_shows_heights_above_the_ellipsoid() {
    let town = Town::new();
    let report = run(&PrepareOptions {
        buildings: vec![in_utm(&town, "utm.city.jsonl", true)],
        ..town.options()
    })
    .unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    let open = scenario::open(&town.path("out")).unwrap();
    let (roof_m, told) = roof_of(&open, &report.problems);
    assert!((roof_m - 26.0).abs() < 0.01, "{roof_m}");
    assert!(
        told.len() == 1 && told[0].contains("taken as heights above the ellipsoid, as the ground shows"),
        "{told:?}"
    );
}
