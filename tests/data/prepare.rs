//! Preparing an area from files: what comes of it opens and holds what the files say; what cannot be used is told in a
//! line; a run that stopped goes on; nothing of somebody else's is touched.

#![expect(clippy::unwrap_used, reason = "a test stops where its own set-up is wrong")]

use crate::geotiff_fixture::Fixture;
use crate::online::{Reply, Seen, Server, gzip, list_of_services, tile_index};
use serde_json::{Value, json};
use stadslens::model::{scenario, search::PlaceIndex};
use stadslens::prepare::{Area, PrepareError, PrepareOptions, PrepareReport, prepare};
use stadslens::sources::{Severity, cityjson::LodChoice};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// South-west corner of the made-up town, RD metres.
const CORNER: [f64; 2] = [251_000.0, 476_000.0];

/// A house of 10 by 8 m whose south-west corner lies so far from the town's.
fn house(number: usize, x: u32, y: u32) -> (Value, Vec<[i64; 3]>) {
    let at = |dx: u32, dy: u32, z: i64| [i64::from(x + dx) * 1000, i64::from(y + dy) * 1000, z];
    let ring = [(0, 0), (10, 0), (10, 8), (0, 8)];
    let mut vertices: Vec<[i64; 3]> = ring.iter().map(|(dx, dy)| at(*dx, *dy, 17_000)).collect();
    vertices.extend(ring.iter().map(|(dx, dy)| at(*dx, *dy, 26_000)));
    let faces = json!([
        [[0, 3, 2, 1]],
        [[4, 5, 6, 7]],
        [[0, 1, 5, 4]],
        [[1, 2, 6, 5]],
        [[2, 3, 7, 6]],
        [[3, 0, 4, 7]]
    ]);
    let geometry = json!([{"type": "Solid", "lod": "2.2", "boundaries": [faces],
        "semantics": {"surfaces": [{"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}],
            "values": [[0, 1, 2, 2, 2, 2]]}}]);
    let id = format!("NL.IMBAG.Pand.016410000000{number:04}");
    let objects = json!({
        id.clone(): {"type": "Building", "children": [format!("{id}-0")],
            "attributes": {"oorspronkelijkbouwjaar": 1900 + number, "b3_h_maaiveld": 17.0, "b3_bouwlagen": 3}},
        format!("{id}-0"): {"type": "BuildingPart", "parents": [id], "geometry": geometry},
    });
    (
        json!({"type": "CityJSONFeature", "id": id, "CityObjects": objects, "vertices": vertices}),
        vertices,
    )
}

/// A folder with the files of a town of 6 by 6 houses, 40 m apart.
pub(crate) struct Town {
    folder: tempfile::TempDir,
}

impl Town {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let head = json!({"type": "CityJSON", "version": "2.0", "CityObjects": {}, "vertices": [],
            "transform": {"scale": [0.001, 0.001, 0.001], "translate": [CORNER[0], CORNER[1], 0.0]},
            "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"}});
        let mut lines = vec![head.to_string()];
        for number in 0..36_u32 {
            lines.push(
                house(number as usize, 20 + number % 6 * 40, 20 + number / 6 * 40)
                    .0
                    .to_string(),
            );
        }
        fs::write(folder.path().join("town.city.jsonl"), lines.join("\n")).unwrap();
        // Ground that rises to the east, with a hole.
        let heights = (0..90 * 90_u16).map(|at| {
            if at == 4_000 {
                f32::NAN
            } else {
                16.0 + f32::from(at % 90) * 0.02
            }
        });
        let tiff = Fixture::rd(90, 90, [CORNER[0] - 50.0, CORNER[1] + 400.0], 5.0, heights.collect());
        fs::write(folder.path().join("ground.tif"), tiff.bytes()).unwrap();
        let point = |x: f64, y: f64| json!({"type": "Point", "coordinates": [CORNER[0] + x, CORNER[1] + y]});
        let square = [[0.0, 0.0], [60.0, 0.0], [60.0, 60.0], [0.0, 60.0], [0.0, 0.0]];
        let square: Vec<[f64; 2]> = square.iter().map(|[x, y]| [CORNER[0] + x, CORNER[1] + y]).collect();
        let feature = |geometry: Value, properties: Value| json!({"type": "Feature", "geometry": geometry, "properties": properties});
        let features = [
            feature(
                point(25.0, 24.0),
                json!({"openbare_ruimte": "Wemenstraat", "huisnummer": 12, "postcode": "7551ET", "woonplaats": "Hengelo"}),
            ),
            feature(
                point(25_000.0, 24.0),
                json!({"openbare_ruimte": "Verweg", "huisnummer": 1}),
            ),
            feature(point(40.0, 40.0), json!({"plus_type": "boom", "lokaal_id": "G0164.1"})),
            feature(
                point(44.0, 40.0),
                json!({"plus_type": "lichtmast", "lokaal_id": "G0164.2", "eind_registratie": "2020-01-01"}),
            ),
            feature(
                json!({"type": "Polygon", "coordinates": [square]}),
                json!({"bgt_fysiek_voorkomen": "groenvoorziening", "lokaal_id": "G0164.3"}),
            ),
            feature(point(50.0, 50.0), json!({"naam": "niets"})),
        ];
        let collection = json!({"type": "FeatureCollection", "features": features,
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}});
        fs::write(folder.path().join("bgt.geojson"), collection.to_string()).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn options(&self) -> PrepareOptions {
        PrepareOptions {
            area: Area::from_box("251000,476000,251200,476200").unwrap(),
            folder: self.path("out"),
            title: "Proefstad".into(),
            buildings: vec![self.path("town.city.jsonl")],
            terrain: vec![self.path("ground.tif")],
            terrain_tiles: true,
            imagery: Vec::new(),
            vector: vec![self.path("bgt.geojson")],
            online: None,
            online_imagery: false,
            endpoints: None,
            lod: LodChoice::Highest,
            replace: false,
        }
    }
}

pub(crate) fn run(options: &PrepareOptions) -> Result<PrepareReport, PrepareError> {
    prepare(options, &|_step| {})
}

pub(crate) fn errors(report: &PrepareReport) -> Vec<String> {
    let errors = report
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    errors.map(ToString::to_string).collect()
}

#[test]
fn a_prepared_area_opens_and_holds_what_the_files_say() {
    let town = Town::new();
    let report = run(&town.options()).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    // Five by five houses have their middle in the area.
    assert_eq!((report.buildings, report.city_objects), (25, 25), "{report:?}");
    assert_eq!(report.features, 3);
    let open = scenario::open(&town.path("out")).unwrap();
    assert!(open.problems.is_empty(), "{:?}", open.problems);
    assert_eq!(open.scenario.title.get("nl"), "Proefstad");
    assert_eq!(open.register.buildings.len(), 25);
    let building = open
        .register
        .get("NL.IMBAG.Pand.0164100000000007")
        .expect("the eighth house");
    assert_eq!((building.year, building.storeys), (Some(1907), Some(3)));
    let nap_m = |site_m: f64| {
        site_m
            + open
                .scenario
                .area
                .site
                .rd_nap_from_site(stadslens::georef::SitePos(bevy::math::DVec3::ZERO))
                .unwrap()
                .nap_m
    };
    assert!((nap_m(building.roof_m) - 26.0).abs() < 0.01 && (nap_m(building.ground_m) - 17.0).abs() < 0.01);
    assert!(open.has_terrain);
    let middle = open.terrain.height_at(bevy::math::DVec2::ZERO);
    // 150 m east of the west edge of the grid, whose pixels are 5 m and rise 2 cm each.
    assert!((nap_m(middle) - (16.0 + 29.5 * 0.02)).abs() < 0.03, "{}", nap_m(middle));
    assert_eq!(
        (open.surfaces.len(), open.assets.len(), open.addresses.len()),
        (1, 1, 1)
    );
    let index = PlaceIndex::of(&open);
    assert_eq!(
        index.find("wemenstraat 12", 1)[0].name,
        "Wemenstraat 12, 7551ET Hengelo"
    );
    // The index that is kept is that of these names, and another one is not taken for it.
    let kept = town.path("out/search.idx");
    assert_eq!(fs::read(&kept).unwrap(), index.kept());
    fs::write(&kept, "no index").unwrap();
    assert_eq!(PlaceIndex::of(&open).kept(), index.kept());
    let again = run(&town.options());
    assert!(
        matches!(&again, Err(PrepareError::Usage(message)) if message.contains("already")),
        "{again:?}"
    );
    let told: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(
        told.iter().any(|line| line.contains("1 features are no ground cover")),
        "{told:?}"
    );
}

#[test]
fn the_tiles_are_the_same_whoever_makes_them_again() {
    let town = Town::new();
    let bytes = |name: &str| {
        let options = PrepareOptions {
            folder: town.path(name),
            ..town.options()
        };
        run(&options).unwrap();
        let tiles = fs::read_dir(town.path(name).join("buildings/tiles")).unwrap();
        let mut files: Vec<(String, Vec<u8>)> = tiles
            .map(|entry| {
                let path = entry.unwrap().path();
                (
                    path.file_name().unwrap().to_string_lossy().into_owned(),
                    fs::read(path).unwrap(),
                )
            })
            .collect();
        files.sort();
        files
    };
    assert_eq!(bytes("one"), bytes("two"));
}

#[test]
fn a_file_that_cannot_be_used_costs_its_layer_and_the_next_run_goes_on() {
    let town = Town::new();
    fs::write(town.path("broken.gpkg"), "<html>404</html>").unwrap();
    let options = PrepareOptions {
        vector: vec![town.path("bgt.geojson"), town.path("broken.gpkg")],
        ..town.options()
    };
    let first = run(&options).unwrap();
    let told = errors(&first);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("broken.gpkg"), "{told:?}");
    assert_eq!((first.buildings, first.resumed), (25, 0));
    let tileset = fs::metadata(town.path("out/buildings/tileset.json"))
        .unwrap()
        .modified()
        .unwrap();
    let second = run(&options).unwrap();
    assert_eq!(
        second.resumed, 4,
        "ground, its tiles, buildings and the sound vector file were done"
    );
    let numbers = |report: &PrepareReport| {
        (
            (report.buildings, report.city_objects, report.tiles),
            (report.terrain_nodes, report.terrain_tiles, report.features),
        )
    };
    assert_eq!(numbers(&second), numbers(&first), "what an earlier run made counts too");
    let told_of = |report: &PrepareReport| {
        let mut lines: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
        lines.sort();
        lines
    };
    assert_eq!(told_of(&second), told_of(&first), "and what it found is told again");
    assert_eq!(errors(&second), told, "what is wrong is told until it is mended");
    let again = fs::metadata(town.path("out/buildings/tileset.json"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(tileset, again, "what is done is not done again");
}

#[test]
fn nothing_of_somebody_else_is_touched() {
    let town = Town::new();
    fs::create_dir(town.path("out")).unwrap();
    fs::write(town.path("out/thesis.txt"), "years of work").unwrap();
    let refused = run(&PrepareOptions {
        replace: true,
        ..town.options()
    });
    assert!(matches!(refused, Err(PrepareError::Usage(_))), "{refused:?}");
    assert_eq!(
        fs::read_to_string(town.path("out/thesis.txt")).unwrap(),
        "years of work"
    );
    // A scenario that somebody made by hand is not ours either.
    fs::write(town.path("out/scenario.json"), "{}").unwrap();
    let refused = run(&PrepareOptions {
        replace: true,
        ..town.options()
    });
    assert!(matches!(refused, Err(PrepareError::Usage(_))), "{refused:?}");
    assert_eq!(fs::read_to_string(town.path("out/scenario.json")).unwrap(), "{}");
    // Another area in a folder of ours needs a word for it.
    let there = |options: PrepareOptions| run(&options);
    let folder = town.path("ours");
    let ours = PrepareOptions {
        folder: folder.clone(),
        ..town.options()
    };
    there(ours.clone()).unwrap();
    let smaller = PrepareOptions {
        area: Area::from_box("251000,476000,251100,476100").unwrap(),
        ..ours
    };
    assert!(matches!(run(&smaller), Err(PrepareError::Usage(_))));
    let replaced = run(&PrepareOptions {
        replace: true,
        ..smaller
    });
    assert_eq!(replaced.unwrap().buildings, 4);
    assert_eq!(scenario::open(&folder).unwrap().register.buildings.len(), 4);
}

#[test]
fn an_area_without_anything_says_so() {
    let town = Town::new();
    let elsewhere = PrepareOptions {
        area: Area::from_box("120000,480000,120200,480200").unwrap(),
        ..town.options()
    };
    let Err(PrepareError::Problems(problems)) = run(&elsewhere) else {
        panic!("there is nothing there");
    };
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for name in ["town.city.jsonl", "ground.tif", "bgt.geojson"] {
        assert!(told.iter().any(|line| line.contains(name)), "{name}: {told:#?}");
    }
    assert!(!Path::new(&town.path("out/scenario.json")).exists());
}

/// Every file of a prepared folder but those of the journal.
pub(crate) fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for path in fs::read_dir(here).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && path.file_name().unwrap() != ".prepare" {
                folders.push(path);
            } else if path.is_file() {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

/// Answers as the services of the Netherlands do, with the files of the town.
pub(crate) fn services(town: &Town, is_down: bool) -> impl Fn(&Seen) -> Reply + Send + Sync + use<> {
    let model = gzip(&fs::read(town.path("town.city.jsonl")).unwrap());
    let bgt = fs::read(town.path("bgt.geojson")).unwrap();
    let ground = Fixture::rd(100, 100, [251_000.0, 476_500.0], 5.0, vec![16.5; 100 * 100]).bytes();
    let empty = json!({"type": "FeatureCollection", "features": []}).to_string();
    move |seen| match seen.path() {
        path if path.ends_with("/tile_index.fgb") => {
            Reply::ok(tile_index(&model, |number| format!("tiles/{number}.city.json.gz")))
        }
        path if path.ends_with(".city.json.gz") => Reply::file(seen, &model, "\"v1\""),
        path if path.ends_with("/wcs/v1_0") && is_down => Reply::of(404, ""),
        path if path.ends_with("/wcs/v1_0") => Reply::ok(ground.clone()).with("Content-Type", "image/tiff"),
        path if path.ends_with("/verblijfsobject/items") => Reply::ok(bgt.clone()),
        path if path.ends_with("/items") => Reply::ok(empty.clone()),
        _ => Reply::of(404, ""),
    }
}

/// The town's area with nothing but what the services give.
pub(crate) fn online(town: &Town, server: &Server) -> PrepareOptions {
    fs::write(town.path("services.json"), list_of_services(server)).unwrap();
    PrepareOptions {
        buildings: Vec::new(),
        terrain: Vec::new(),
        vector: Vec::new(),
        online: Some("nl".into()),
        endpoints: Some(town.path("services.json")),
        ..town.options()
    }
}

#[test]
fn open_data_of_the_area_is_fetched_with_whose_it_is() {
    let town = Town::new();
    let server = Server::new(services(&town, false));
    let options = online(&town, &server);
    let report = run(&options).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    assert_eq!(report.buildings, 25);
    let open = scenario::open(&town.path("out")).unwrap();
    assert!(open.has_terrain && open.problems.is_empty(), "{:?}", open.problems);
    assert_eq!(open.addresses.len(), 1);
    for layer in &open.scenario.layers {
        assert!(
            !layer.source.licence.is_empty() && !layer.source.owner.is_empty(),
            "{layer:?}"
        );
        assert!(layer.source.date.len() >= 10, "{layer:?}");
    }
    assert!(!town.path("out/.prepare/cache").exists(), "the cache is gone");
}

#[test]
fn a_service_that_does_not_answer_costs_its_layer() {
    let town = Town::new();
    let (is_back, up, down) = (
        Arc::new(AtomicBool::new(false)),
        services(&town, false),
        services(&town, true),
    );
    let asked = is_back.clone();
    let server = Server::new(move |seen| {
        if asked.load(Ordering::Relaxed) {
            up(seen)
        } else {
            down(seen)
        }
    });
    let options = online(&town, &server);
    let report = run(&options).unwrap();
    assert_eq!((report.buildings, report.terrain_nodes), (25, 0));
    // Steps that were made of half the data are not done, whatever becomes of the next run.
    let journal: Value = serde_json::from_slice(&fs::read(town.path("out/.prepare/journal.json")).unwrap()).unwrap();
    assert_eq!(journal["steps"], json!({}));
    let told: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|line| line.contains("404")), "{told:#?}");
    assert!(!scenario::open(&town.path("out")).unwrap().has_terrain);
    // The next day the service is back: the ground comes, and nothing else is lost or twice.
    is_back.store(true, Ordering::Relaxed);
    let report = run(&options).unwrap();
    assert_eq!(errors(&report), Vec::<String>::new());
    assert_eq!((report.buildings, report.features), (25, 3), "{report:?}");
    assert!(scenario::open(&town.path("out")).unwrap().has_terrain);
}

#[test]
fn another_list_of_services_is_another_wish() {
    let town = Town::new();
    let server = Server::new(services(&town, true));
    let options = online(&town, &server);
    run(&options).unwrap();
    let text = fs::read_to_string(town.path("services.json")).unwrap();
    fs::write(
        town.path("services.json"),
        text.replace("\"date\": \"2025-09-03\"", "\"date\": \"2026-01-01\""),
    )
    .unwrap();
    let again = run(&options);
    assert!(
        matches!(&again, Err(PrepareError::Usage(message)) if message.contains("services")),
        "{again:?}"
    );
}
